"""A budget shared out: in proportion, within bounds, and all of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.sharing import FAIR, RAREST, SOME, Claim, fair_parts, share_out

FREE = (0.0, 1e9)


@pytest.mark.parametrize(
    ("budget", "claims", "parts"),
    [
        (10, [], []),
        (10, [(1, *FREE), (4, *FREE)], [2, 8]),
        (10, [(1, 5, 1e9), (9, *FREE)], [5, 5]),  # who is lifted leaves less to the others
        (10, [(1, *FREE), (9, 0, 4)], [6, 4]),  # … who is held down leaves more
        (10, [(1, 3, 1e9), (1, 3, 1e9), (8, *FREE)], [3, 3, 4]),
        (10, [(1, 2, 1e9), (2, 2, 1e9), (7, *FREE)], [2, 2, 6]),  # lifting one takes the next below its least
        (2, [(1, 5, 9), (1, 5, 9)], [5, 5]),  # the least are granted even where the budget does not reach
        (100, [(1, 0, 5), (1, 0, 7)], [5, 7]),  # … and the most are not passed where it would
        (10, [(0, 0, 9), (0, 0, 9)], [0, 0]),  # nothing is deserved
        (10, [(0, 1, 9), (5, 0, 9)], [1, 9]),
        (0, [(1, 0, 9)], [0]),
        (-3, [(1, 0, 9)], [0]),
    ],
)
def test_everyone_gets_a_part(
    budget: float, claims: Sequence[tuple[float, float, float]], parts: Sequence[float]
) -> None:
    assert share_out(budget, [Claim(*claim) for claim in claims]) == pytest.approx(list(parts))


CLAIMS = st.lists(
    st.tuples(st.floats(0.001, 1e4), st.floats(0, 50), st.floats(0, 500)).map(
        lambda drawn: Claim(drawn[0], drawn[1], drawn[1] + drawn[2])
    ),
    min_size=1,
    max_size=40,
)


@given(CLAIMS, st.floats(0, 10_000))
def test_bounds_hold_and_where_they_allow_it_the_budget_is_spent(claims: list[Claim], budget: float) -> None:
    parts = share_out(budget, claims)
    assert all(
        claim.least - 1e-6 <= part <= claim.most + 1e-6 for claim, part in zip(claims, parts, strict=True)
    )
    reach = min(max(budget, sum(claim.least for claim in claims)), sum(claim.most for claim in claims))
    assert sum(parts) <= reach * (1 + 1e-6) + 1e-6


@given(CLAIMS, st.floats(1, 10_000))
def test_who_deserves_more_never_gets_less_under_the_same_bounds(claims: list[Claim], budget: float) -> None:
    alike = [Claim(claim.deserved, 1.0, 100.0) for claim in claims]
    parts = share_out(budget, alike)
    ordered = sorted(zip((claim.deserved for claim in alike), parts, strict=True))
    assert all(low <= high + 1e-6 for (_, low), (_, high) in pairwise(ordered))


def test_the_rarest_get_most_of_an_even_share_and_nobody_less_than_some() -> None:
    parts = fair_parts([float(rate) for rate in range(100)])
    assert parts[:RAREST] == [FAIR] * RAREST
    assert parts[-1] == SOME
    assert all(rarer >= busier for rarer, busier in pairwise(parts))
    assert min(parts) == SOME


@pytest.mark.parametrize("count", [1, 3, 10])
def test_in_a_small_house_all_are_rare(count: int) -> None:
    assert fair_parts([1.0] * count) == [FAIR] * count


def test_in_a_large_house_a_tenth_is() -> None:
    parts = fair_parts([float(rate) for rate in range(1000)])
    assert parts.count(FAIR) == 100
