"""What the buttons under an alert carry: an action, the story, and the rule it rang for, in Telegram's 64 bytes.

::

    why:st-0123456789abcdef            why did I get this
    more:st-0123456789abcdef           the rest of it
    story:st-0123456789abcdef          mute the story here
    rule:st-0123456789abcdef:1a2b3c4d  mute the rule here for six hours; the rule by its mark
    wrong:st-0123456789abcdef:1a2b3c4d this should not have rung
    ack:st-0123456789abcdef            seen to, quiet everywhere

Nothing is signed, because nothing here gives a right: the service asks who pressed, and in which chat, and a forged
button can do only what its sender might do by typing. What does not read as one of these, or names a story or rule
that is gone, is answered with "too old".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

LIMIT = 64
"""Bytes of ``callback_data``."""

WHY, MORE, MUTE_STORY, MUTE_RULE, WRONG, ACK = "why", "more", "story", "rule", "wrong", "ack"
ACTIONS = (WHY, MORE, MUTE_STORY, MUTE_RULE, WRONG, ACK)

LABELS = {
    WHY: "Why",
    MORE: "More",
    MUTE_STORY: "Mute story",
    MUTE_RULE: "Mute rule 6 h",
    WRONG: "Wrong",
    ACK: "Seen to",
}
"""What stands on them; keys of the message catalogues."""

_SHAPE = re.compile(r"([a-z]{1,8}):([\w~.-]{1,40})(?::([0-9a-f]{8}))?")


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button as read back. ``rule`` is a mark, see :func:`rule_marked`; "" where the action needs none."""

    action: str
    story: str
    rule: str = ""


def encode(action: str, story: str, rule: str = "") -> str:
    """The data of a button under an alert of ``story`` that rang for ``rule``. ValueError if it would not read back."""
    data = f"{action}:{story}" + (f":{mark(rule)}" if rule else "")
    if action not in ACTIONS or len(data.encode()) > LIMIT or decode(data) is None:
        raise ValueError(data)
    return data


def decode(data: str) -> Pressed | None:
    """What was pressed; None for anything that no :func:`encode` made."""
    found = _SHAPE.fullmatch(data) if len(data.encode("utf-8", "replace")) <= LIMIT else None
    if found is None or found[1] not in ACTIONS or not found[2].isascii():
        return None
    return Pressed(found[1], found[2], found[3] or "")


def mark(rule: str) -> str:
    """Eight hexadecimal digits that stand for a rule's id, however long it is."""
    return blake2b(rule.encode(), digest_size=4).hexdigest()


def rule_marked(wanted: str, rules: Iterable[str]) -> str:
    """The rule with this mark among ``rules``; "" if it is gone."""
    return next((rule for rule in rules if mark(rule) == wanted), "") if wanted else ""
