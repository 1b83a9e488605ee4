"""The sample day: Tuesday 15 February 2022 as five invented outlets might have told it, second by second.

One story deserves to ring: some of the troops are going home. Three publishers tell it in their own words, so it rings
once and is then confirmed twice. A cyber-attack rings beside it. Everything else is a trap that careless watching falls
into; what each one is made of stands in ``trap``. The words are our own.

:data:`EXPECTED` is what an editor would want told, and :func:`differences` what the bot did otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.model import Alert, AlertKind, Level

HOUR = 3600
DAY = 24 * HOUR
YEAR = 365 * DAY


# ── what an outlet is ────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Outlet:
    """An invented publisher's feed. ``validators`` are what it answers conditional requests by."""

    name: str
    title: str
    owner: str
    form: str  # rss | rdf | atom | json: how its feed is written
    validators: tuple[str, ...] = ("etag", "last-modified")
    shared_guid: str = ""  # what this outlet's software calls every single item


OUTLETS = (
    Outlet("harbour-world", "Harbour Post: World", "harbour", "rss"),
    Outlet("harbour-top", "Harbour Post: Top stories", "harbour", "rss"),
    Outlet("meridian", "Meridian Wire", "meridian", "atom", ("etag",)),
    Outlet("lantern", "Lantern Live", "lantern", "json", ("last-modified",), shared_guid="lantern-live"),
    Outlet("touchline", "Touchline", "touchline", "rss", ()),
    Outlet("ledger", "The Daily Ledger", "ledger", "rdf"),
)


# ── what it publishes ────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Edit:
    """What the publisher does to an item ``at`` that second: other words, or only another date."""

    at: int
    title: str = ""
    redated: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One article. ``at`` is its second of the day; negative = it stood in the feed before the day began.

    ``dated`` is the age it claims, in seconds, where that is not its true one. ``article`` is its page, a paragraph
    a line, carried by the feed too where the outlet's form allows it.
    """

    id: str
    outlet: str
    at: int
    title: str
    summary: str
    story: str = ""  # items that tell the same news
    article: str = ""
    edits: tuple[Edit, ...] = ()
    dated: int = 0
    trap: str = ""


_RETURN = """
Some of the troops stationed near Ukraine are returning to their bases, Russia's defence ministry said on Tuesday.
Your support helps us to tell the story.
The presidential election is on a knife edge, and your support lets us follow both candidates from rally to rally.
We keep our reporting open to every reader. Quality journalism still has to be paid for.
Trains and lorries are being loaded, a spokesman said; other units will march. Larger exercises elsewhere go on.
More than a hundred thousand soldiers have gathered near the border since the autumn, which raised fears of war.
Western capitals reacted with caution and asked to see the withdrawal with their own eyes.
Comments
Join our commenting forum and say what you think of the election.
"""

_BEFORE = (
    Item(
        "harbour-buildup", "harbour-world", -5 * HOUR,
        "Russia masses more troops on Ukraine border",
        "New pictures show tents and armour in three more places.",
        trap="stands in the feed when it is read for the first time",
    ),
    Item(
        "harbour-choir", "harbour-top", -3 * HOUR,
        "Harbour choir sings for the old lighthouse",
        "Four hundred voices and one foghorn.",
    ),
    Item(
        "meridian-talks", "meridian", -4 * HOUR,
        "Envoys shuttle between capitals as talks drag on",
        "A fourth round is set for Thursday.",
    ),
    Item(
        "lantern-briefing", "lantern", -6 * HOUR,
        "What to know this Tuesday", "Snow in the north, votes in the south.",
    ),
    Item(
        "touchline-draw", "touchline", -2 * HOUR,
        "Cup draw sends the holders north", "A long way in February.",
    ),
    Item(
        "ledger-open", "ledger", -1 * HOUR,
        "Shares open lower as gas prices climb", "Traders wait for news from the east.",
    ),
)  # fmt: skip

_DAY = (
    Item(
        "pitch", "touchline", 1,
        "Pitch invasion halts cup tie for ten minutes",
        "Fans ran on after the late equaliser; nobody was hurt.",
        trap="an invasion of a football pitch",
    ),
    Item(
        "pull-out", "ledger", 2,
        "Sportswear company pulls out of Moscow trade fair",
        "The firm will withdraw its stand and its sponsorship.",
        trap="a company that pulls out",
    ),
    Item(
        "feared", "harbour-world", 3,
        "Fears grow of a Russian invasion of Ukraine within days",
        "Officials in three capitals warn that an attack is possible before the weekend.",
        edits=(Edit(12, redated=True),),
        trap="feared, not happening; later the same item with a fresh date",
    ),
    Item(
        "denied", "meridian", 4,
        "Kremlin denies it plans to invade Ukraine",
        "A spokesman calls the warnings hysteria.",
        trap="denied",
    ),
    Item(
        "feud", "touchline", 5,
        "Singers agree on de-escalation in their celebrity feud",
        "The two will share a stage again.",
        trap="a de-escalation between celebrities",
    ),
    Item(
        "return-harbour", "harbour-world", 6,
        "Russia returns some troops from Ukraine border to bases after drills",
        "Units of two military districts have completed their exercises and load trains, the defence ministry says.",
        story="return", article=_RETURN,
        edits=(Edit(15, title="Russia returns some troops from Ukraine border to bases as drills end"),),
        trap="an appeal for donations that talks of an election stands in the middle of the article",
    ),
    Item(
        "privacy", "lantern", 7,
        "Phone update is an invasion of privacy, say campaigners",
        "The maker calls the new sensor harmless.",
        trap="an invasion of privacy",
    ),
    Item(
        "return-lantern", "lantern", 8,
        "Russia pulls some troops back from Ukraine border to bases",
        "Units of two military districts have completed exercises and return to bases, the defence ministry says.",
        story="return",
        trap="carries the same GUID as every other item of its feed",
    ),
    Item(
        "rouble", "ledger", 9,
        "Rouble rises as investors breathe out",
        "The currency won back what it had lost in a week.",
    ),
    Item(
        "return-meridian", "meridian", 10,
        "Some Russian troops near Ukraine border return to bases, ministry says",
        "The defence ministry in Moscow says units of two military districts have completed drills and load trains.",
        story="return",
    ),
    Item(
        "return-copy", "harbour-top", 11,
        "Russia returns some troops from Ukraine border to bases after drills",
        "Units of two military districts have completed their exercises and load trains, the defence ministry says.",
        story="return",
        trap="a second feed of a publisher that has told it already: not one more source",
    ),
    Item(
        "no-sign", "meridian", 13,
        "Alliance sees no sign of de-escalation on the ground yet",
        "Its secretary general wants to see proof.",
        trap="not happening, says the headline",
    ),
    Item(
        "referee", "touchline", 14,
        "Coach launches attack on referee after derby defeat",
        "He called the penalty a joke.",
        trap="an attack in words, by a coach",
    ),
    Item(
        "cyber", "lantern", 16,
        "Cyber-attack takes Ukrainian ministry and two banks offline",
        "Customers could not see their accounts for hours.",
        story="cyber",
        trap="an attack that is no invasion, and news for another rule",
    ),
    Item(
        "archive", "harbour-top", 17,
        "Russian troops enter Crimea",
        "From our archive: how the peninsula was taken in 2014.",
        dated=8 * YEAR, trap="an old piece that comes up again",
    ),
    Item(
        "ants", "lantern", 18,
        "Ant invasion keeps library closed",
        "Ten thousand books, rather more ants.",
        trap="an invasion of ants",
    ),
)  # fmt: skip

ITEMS: Sequence[Item] = (*_BEFORE, *_DAY)
"""All of the day, in order of appearance."""

LENGTH = timedelta(
    seconds=max(moment for item in _DAY for moment in (item.at, *(edit.at for edit in item.edits))) + 1
)
"""From the start of publication until nothing changes any more."""


# ── what is deserved ─────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Expected:
    """One message the day deserves. ``story`` is the one of :class:`Item`."""

    story: str
    rule: str
    kind: AlertKind
    at_least: Level

    def __str__(self) -> str:
        return f"{self.kind.value} · {self.rule} · {self.at_least.word} or louder · story “{self.story}”"


EXPECTED = (
    Expected("return", "troop-withdrawal", AlertKind.NEW, Level.HIGH),
    Expected("return", "troop-withdrawal", AlertKind.CORROBORATED, Level.HIGH),
    Expected("return", "troop-withdrawal", AlertKind.SOURCE, Level.HIGH),
    Expected("cyber", "cyber-attack", AlertKind.NEW, Level.MEDIUM),
)
"""What must be told on the demo's screen, no more and no less."""

_STORY_OF_TITLE = {
    title: item.story or item.id
    for item in ITEMS
    for title in (item.title, *(edit.title for edit in item.edits))
}


def differences(told: Iterable[Alert]) -> list[str]:
    """What was told against what the day deserves, one line a difference; empty = just as it should be."""
    wanted = Counter((each.story, each.rule, each.kind) for each in EXPECTED)
    least = {(each.story, each.rule, each.kind): each.at_least for each in EXPECTED}
    found: list[str] = []
    for alert in told:
        key = (_STORY_OF_TITLE.get(alert.title, alert.title), alert.rule, alert.kind)
        line = f"{alert.kind.value} · {alert.rule} · {alert.level.word} · {alert.title}"
        if wanted[key] == 0:
            found.append(f"told, but not deserved: {line}")
        elif alert.level < least[key]:
            found.append(f"told too quietly: {line}")
        wanted[key] -= wanted[key] > 0
    missing = (
        each for each in dict.fromkeys(EXPECTED) for _ in range(wanted[each.story, each.rule, each.kind])
    )
    return [*found, *(f"not told: {each}" for each in missing)]
