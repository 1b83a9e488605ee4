"""The nouns, as frozen values. Times are aware datetimes in UTC; points are whole numbers, 0…100 summed.

Nothing here decides anything; a class that grows a verb belongs into the module of that verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.core.words import (
    AlertKind,
    DeliveryState,
    Direction,
    FeedStatus,
    Level,
    MessageKind,
    Outcome,
    Place,
    Stance,
    StoryState,
)

__all__ = [
    "Alert",
    "AlertKind",
    "Contradiction",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Direction",
    "Entry",
    "Evidence",
    "Feed",
    "FeedState",
    "FeedStatus",
    "Feedback",
    "Fetched",
    "KnownEntry",
    "Level",
    "Link",
    "Match",
    "Message",
    "MessageKind",
    "Outcome",
    "Place",
    "RawEntry",
    "Receipt",
    "Receiver",
    "Report",
    "Silence",
    "Stance",
    "Step",
    "StoryRecord",
    "StoryState",
    "Subscription",
]


# ── what an editor configures ────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Feed:
    """One configured address.

    ``name`` is unique and is what people type; ``owner`` is the publisher family (two feeds of one owner
    never confirm each other); ``trust`` 0…1 multiplies every score; ``kind`` names the source that reads it.
    """

    name: str
    url: str
    owner: str
    kind: str = "feed"
    trust: float = 1.0
    lang: str = ""  # "" = detect
    tags: tuple[str, ...] = ()
    full_text: bool = False
    min_interval: timedelta | None = None
    max_interval: timedelta | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Receiver:
    """A configured place. ``kind`` names the notifier; ``address`` is its chat, channel or URL.

    ``options`` are the notifier's own (``thread``, ``silent``, …), already validated by the configuration.
    Secrets never stand here: a webhook receiver's address is the *name* of the setting that holds the URL.
    """

    name: str
    kind: str
    address: str
    options: Mapping[str, str] = field(default_factory=dict)


# ── what is read ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class FeedState:
    """What we remember of a feed between two polls. Everything in it is written with the poll it came from."""

    feed: str
    status: FeedStatus = FeedStatus.NEW
    reason: str = ""  # why it is not ok, for people
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    moved_to: str = ""  # the address in force after repeated agreement, "" = the configured one
    moved_hint: str = ""  # where the last permanent redirect pointed …
    moved_count: int = 0  # … and how often in a row
    failures: int = 0  # in a row
    polls: int = 0
    baseline_done: bool = False
    last_poll: datetime | None = None
    last_success: datetime | None = None
    last_full_fetch: datetime | None = None  # without If-None-Match, against lying ETags
    next_poll: datetime | None = None
    interval: timedelta | None = None  # the pace in force
    url: str = ""  # the configured address all this is about, "" = not written down
    faster: str = ""  # in burst because of this …
    faster_until: datetime | None = None  # … until then
    carried: bool = False  # what was new last came from a hub


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer of a publisher. ``body`` is None when it says (304) or shows (same hash) that nothing changed."""

    url: str  # after redirects
    status: int
    body: bytes | None
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    moved_to: str = ""  # target when *every* hop was permanent (301/308), else ""
    max_age: timedelta | None = None  # Cache-Control max-age minus Age
    elapsed: timedelta = timedelta()
    pushed: bool = False  # a hub brought it, nobody was asked


@dataclass(frozen=True, slots=True)
class RawEntry:
    """What the publisher wrote, after parsing and before any judgement. Markup is still in it."""

    guid: str = ""
    link: str = ""
    title: str = ""
    summary: str = ""
    content: str = ""
    author: str = ""
    lang: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A raw entry, normalised: plain text, absolute canonical link, sane time, known language, known identity.

    ``key`` is the identity that is stored; ``aliases`` are all identities under which the same item may come
    back (guid, canonical link, title within the feed, content), ``key`` among them. ``fingerprint`` changes
    when the publisher edits the words.
    """

    key: str
    aliases: tuple[str, ...]
    feed: str
    owner: str
    title: str
    summary: str
    body: str  # paragraphs separated by "\n\n"; "" where we have only the feed's words
    link: str  # as to be shown and clicked, tracking parameters removed
    lang: str
    published: datetime  # never later than first_seen
    first_seen: datetime
    fingerprint: str
    trust: float = 1.0
    tags: tuple[str, ...] = ()
    author: str = ""
    dated: bool = True  # False: the publisher gave no usable date, ``published`` is ``first_seen``


# ── what a rule finds ────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of the sum: the words that prove a term, where they stand, and what they are worth.

    ``span`` counts characters of the *original* text of the place (title; summary; that body paragraph), end
    exclusive, so that a front can highlight it. ``points`` are final: strength × place × stance, rounded.
    """

    term: str  # as the editor wrote it
    strength: str  # strong | keywords | weak | against | never
    place: Place
    paragraph: int  # 0 for title and lead, 1… in the body
    stance: Stance
    points: int
    words: str  # the matched stretch of text, as it stands there
    span: tuple[int, int]
    cue: str = ""  # the word that decided the stance, for the reader
    said_by: str = ""  # attribution ("Russia says"): shown, never demoted


@dataclass(frozen=True, slots=True)
class Match:
    """A rule met an entry: the sum (0…100, trust included) and its lines. ``level`` NONE = it did not reach low."""

    rule: str
    score: int
    level: Level
    direction: Direction
    terms: tuple[Evidence, ...]
    vetoed_by: str = ""  # the `never` term or the missing `needs` list that silenced it


# ── what is decided ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Step:
    """One stage's word on an entry: ``Step("story", "joined", "0.53 with 'Troops leave border'")``."""

    stage: str
    verdict: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The told story that a new one speaks against, and how: ``denies`` or ``reverses``."""

    story: str
    title: str
    how: str


@dataclass(frozen=True, slots=True)
class Link:
    """The same news as told in another language, as far as one rule and the places show: a link, not a merge."""

    story: str
    lang: str
    owner: str
    title: str


@dataclass(frozen=True, slots=True)
class Report:
    """One publisher telling the story: who, where, when."""

    owner: str
    feed: str
    title: str
    link: str
    published: datetime
    first_seen: datetime
    family: str = ""  # whose word it is: the wire it is copied from, else the owner

    @property
    def voice(self) -> str:
        """The independent publisher family this report counts for."""
        return self.family or self.owner


@dataclass(frozen=True, slots=True)
class Alert:
    """A story worth telling, complete: a notifier needs nothing else to write its message.

    ``story`` + ``revision`` identify it; the revision counts up from 1 with every update of the story.
    """

    story: str
    revision: int
    kind: AlertKind
    rule: str
    rule_title: str
    category: str
    tags: tuple[str, ...]
    level: Level
    score: int
    direction: Direction
    title: str
    summary: str
    link: str
    lang: str
    feed: str
    owner: str
    published: datetime
    first_seen: datetime
    decided: datetime
    terms: tuple[Evidence, ...]
    reports: tuple[Report, ...]  # every publisher so far, first one first
    reason: str  # one line for people: why now
    differs_from: str = ""  # headline of a look-alike story this one must not be taken for
    state: StoryState = StoryState.REPORTED
    contradicts: Contradiction | None = None  # then it is told as a reply in that story's thread
    linked: tuple[Link, ...] = ()  # who tells it in other languages, one for each

    @property
    def newest(self) -> datetime:
        """Publication of the newest report: what the delay of telling is counted from."""
        return max((report.published for report in self.reports), default=self.published)

    also: tuple[tuple[str, int], ...] = ()  # other rules that fired on the entry, with their scores


@dataclass(frozen=True, slots=True)
class KnownEntry:
    """What is remembered of an entry seen before."""

    key: str
    fingerprint: str
    story: str
    first_seen: datetime


@dataclass(frozen=True, slots=True)
class StoryRecord:
    """A story as remembered between two entries; :func:`bot.core.decide.decide` makes the next one from it.

    ``told`` maps rule id → the loudest level told so far (as int); ``scores`` maps rule id → owner → best score.
    """

    id: str
    title: str
    opened: datetime
    updated: datetime
    revision: int  # of the last alert; 0 = never told
    told: Mapping[str, int] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # rule → owner → best score
    last_told: datetime | None = None
    reports: tuple[Report, ...] = ()
    state: StoryState = StoryState.REPORTED
    alert: Alert | None = None  # as it was told last: what an edit in place starts from


@dataclass(frozen=True, slots=True)
class Decision:
    """Outcome and steps; ``alert`` is set for ALERT and UPDATE only."""

    entry: str  # key
    outcome: Outcome
    steps: tuple[Step, ...]
    story: str = ""
    matches: tuple[Match, ...] = ()
    alert: Alert | None = None
    told_too: Alert | None = None  # the update of the story that this one contradicts


# ── wishes made while running ────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Subscription:
    """A chat's own wish. ``topics`` are rule ids, categories, tags or directions; empty means everything.

    A topic may carry its own level, ``conflict@critical``: several subscriptions in one. ``kind`` + ``address`` say
    where (``telegram``, chat id, ``chat id/thread`` for a forum topic); ``active`` False keeps the settings of
    someone who left, so that coming back finds them. ``quiet``, ``zone`` and ``digest`` are read by
    :mod:`bot.core.hours`, ``watches`` by :mod:`bot.core.watches`.
    """

    kind: str
    address: str
    topics: tuple[str, ...] = ()
    level: Level = Level.MEDIUM
    active: bool = True
    name: str = ""  # for admins' lists only
    language: str = "en"  # of the interface
    created: datetime | None = None
    zone: str = "UTC"  # IANA name; quiet hours and daily digests are meant in it
    quiet: str = ""  # "22:00-07:00": held until the end of it, told together; critical passes
    digest: str = ""  # "08:00" daily, or "30m"; "" = at once
    watches: tuple[str, ...] = ()  # own keywords, in the grammar of rules

    @property
    def receiver(self) -> str:
        """The receiver name deliveries to this chat carry."""
        return f"{self.kind}:{self.address}"


@dataclass(frozen=True, slots=True)
class Silence:
    """Labels muted until a time. Every label given must match; ``story`` may be one of them."""

    id: str
    labels: Mapping[str, str]
    until: datetime
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Feedback:
    """Someone said that an alert was wrong: a candidate ``no_match`` example for the editor, with its evidence."""

    id: str  # one for each rule, story and person
    rule: str
    story: str
    title: str
    lang: str
    link: str
    score: int
    terms: tuple[Evidence, ...]
    by: str
    at: datetime


# ── what is owed ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Message:
    """What a notifier renders. ``repeat`` marks a message that may have arrived before and says so."""

    delivery: str  # id, unique: ``story/receiver/revision``
    kind: MessageKind
    alerts: tuple[Alert, ...] = ()
    notice: str = ""
    repeat: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform called our message, enough to edit it or to reply to it later."""

    channel: str  # the id the platform uses, which may differ from the configured address
    message: str  # message id or timestamp; "" where the platform gives none
    sent: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message owed to one receiver, as stored. ``receipts`` has one for each part already sent."""

    id: str
    story: str  # "" for notices and digests
    revision: int
    receiver: Receiver
    message: Message
    state: DeliveryState
    priority: int  # larger first; the level of the loudest alert
    not_before: datetime
    created: datetime
    attempts: int = 0
    reason: str = ""
    receipts: tuple[Receipt, ...] = ()
