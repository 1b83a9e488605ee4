"""A budget shared out: each claim gets its part of what is there, within its own bounds.

Parts are in proportion to what is deserved. Who would get less than the least or more than the most gets exactly that,
and the others share what is left, until all fit. A feed's least is a matter of fairness (:func:`fair_parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

FAIR = 0.71
"""Of an even share, what the rarest feeds get: their news is then seen no later than if all were polled alike."""
SOME = 0.2
"""… and what every feed gets."""
RAREST, RAREST_PART = 10, 0.1
"""How many count as the rarest: so many, or this part of all."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What one may get; ``deserved`` in any unit, bounds in that of the budget."""

    deserved: float
    least: float
    most: float

    def bounded(self, part: float) -> float:
        """This part, within the bounds."""
        return min(max(part, self.least), self.most)


def share_out(budget: float, claims: Sequence[Claim]) -> list[float]:
    """Everyone's part. They add up to the budget where the bounds allow it.

    The least are granted first: those who are lifted leave less to all others, so more may have to be lifted.
    """
    parts = [0.0] * len(claims)
    free = list(range(len(claims)))
    while free:
        deserved = sum(claims[each].deserved for each in free)
        rate = max(budget, 0.0) / deserved if deserved > 0 else 0.0
        wanted = {each: rate * claims[each].deserved for each in free}
        bound = [each for each in free if wanted[each] < claims[each].least]
        bound = bound or [each for each in free if wanted[each] > claims[each].most]
        for each in bound or free:
            parts[each] = claims[each].bounded(wanted[each])
            budget -= parts[each]
        taken = set(bound or free)
        free = [each for each in free if each not in taken]
    return parts


def fair_parts(rates: Sequence[float]) -> list[float]:
    """Of an even share, the least each one gets. ``rates`` is how much each publishes.

    The rarest get :data:`FAIR`; over a third as many more it falls to :data:`SOME`: nobody gains much by being rarer.
    """
    count = max(RAREST, int(len(rates) * RAREST_PART))
    order = sorted(range(len(rates)), key=rates.__getitem__)
    parts = [0.0] * len(rates)
    for rank, each in enumerate(order):
        above = 3 * max(0, rank + 1 - count) / count
        parts[each] = max(SOME, FAIR - (FAIR - SOME) * above)
    return parts
