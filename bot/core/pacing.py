"""When to poll a feed next, so that a fixed number of requests sees the news as soon as it can.

The law
    A feed with λ items a second that is polled r times a second lets each item wait 1/2r seconds on average. To make
    the sum of all waits least for a given sum of all r, poll at ``r = c · sqrt(λ)``: a feed with four times the news
    deserves twice the polls. Polls in proportion to the news, as most readers do it, are no better than polling all
    alike. The same law holds from hour to hour of one feed. *c* follows from the budget in closed form.

Within the hour
    editors schedule, and the law is too slow: :mod:`bot.core.lookahead` places the polls.

The week
    The budget is kept on average over a week, not on every day: the law holds from day to day as well, so weekends
    lend polls to working days. On the traces we measure with that is 2 % of the mean delay, for nothing.

Fairness
    The law serves items, so it starves rare feeds. The rarest therefore get most of an even share
    (:mod:`bot.core.sharing`): their news comes no later than if all were polled alike, and the others pay for it. On
    the traces, at a poll in five minutes, the mean delay is .57 of polling all alike and the ten rarest feeds wait .98
    times as long; without these floors it would be three times. ``benchmarks/pacing_traces.py --unfair`` shows what
    they cost.

Burst
    A rule that fired says more than any volume: its feed and what is related to it (a shared tag, else the language)
    are polled faster for a while. All bursts together may cost :data:`BURST_SHARE` of the budget, the least related
    go without.

What is not done: the intervals publishers declare (``ttl``, ``sy:updatePeriod``) are not believed, they are true in one
of ten feeds; bursts on volume do not lower the mean delay; a controller is not needed, but for the few percent by
which looking ahead polls less than the law, learnt as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import nlargest
from math import sqrt
from operator import itemgetter

from bot.core.lookahead import Expected
from bot.core.model import Feed
from bot.core.rhythm import DAY, GRACE, HOUR, KNOWN, PARTS, Rhythm
from bot.core.sharing import Claim, fair_parts, share_out

BURST_SHARE = 0.5
"""Of the budget, what all bursts together may cost at most."""
HIT_FASTER, PEER_FASTER = 3.0, 1.0
"""How many times more polls at the moment of a hit: the feed itself, and its peers."""
MOST_PEERS = 200
"""A hit makes so many others go faster, the most related: one hit among ten thousand feeds is soon dealt with."""
BURST_HALF_LIFE = timedelta(minutes=15)
BURST_ENDS = timedelta(hours=1)

_EVEN_DAY = (1.0,) * 24
_EVEN_HOUR = (1 / 60,) * 60
_FEW = 20  # new ones among so many are not weighed at once
_LEARNING = 1 / 500  # how much one poll tells of what looking ahead saves


@dataclass(frozen=True, slots=True)
class Budget:
    """One request a feed per ``interval`` on average; never less than ``shortest`` nor more than ``longest`` apart.

    A feed's own ``min_interval`` and ``max_interval`` go before the last two. What a feed's ``max_interval`` asks for
    beyond its share comes on top of the budget.
    """

    interval: timedelta = timedelta(minutes=5)
    shortest: timedelta = timedelta(minutes=1)
    longest: timedelta = timedelta(hours=1)

    def bounds(self, feed: Feed) -> tuple[float, float]:
        """The shortest and the longest time between two polls of this feed, in seconds."""
        shortest = self.shortest if feed.min_interval is None else feed.min_interval
        longest = self.longest if feed.max_interval is None else feed.max_interval
        return min(shortest, longest).total_seconds(), longest.total_seconds()

    def share(self, feed: Feed) -> float:
        """Polls a day this feed adds to the budget."""
        longest = self.bounds(feed)[1]
        return DAY / max(min(self.interval.total_seconds(), longest), 1.0)


@dataclass(frozen=True, slots=True)
class PaceView:
    """A feed's pace for people: seconds between two polls at this hour, and why it is as it is."""

    feed: str
    interval: float
    items_a_day: float
    prompt: (
        bool  # its items can be seen soon after their date, so polls are aimed at the moments it publishes
    )
    newest: datetime | None = None  # when its newest item was published
    faster: float = 1.0  # in burst: so many times as often
    why: str = ""  # … because of this …
    until: datetime | None = None  # … and this long, fading


@dataclass(slots=True)
class _Burst:
    extra: float
    at: datetime
    why: str

    def faster(self, now: datetime) -> float:
        age = now - self.at
        if not timedelta() <= age < BURST_ENDS:
            return 1.0
        return 1.0 + self.extra * float(0.5 ** (age / BURST_HALF_LIFE))


@dataclass(slots=True)
class _Tempo:
    """One feed's part: what it is expected to publish, and the polls a day that it gets of the budget."""

    feed: Feed
    rhythm: Rhythm = field(default_factory=Rhythm)
    day: int = 0  # whose midnight ``expected`` counts from
    expected: Expected | None = None  # None: nothing is known yet
    prompt: bool = False
    unevenness: float = 1.0  # the mean root of the hour's minutes: 1 when all are alike, else less
    a_day: float = 0.0  # items
    deserved: float = 0.0  # polls a day by the law with c = 1
    polls: float = 0.0  # a day, as the budget gives
    last: float = 0.0  # when it was polled …
    before: float | None = None  # … and the time before that
    burst: _Burst | None = None
    quiet: frozenset[int] = frozenset()  # hours (UTC) in which the publisher wants no polls

    def faster(self, now: datetime) -> float:
        """How many times more polls it gets for a burst."""
        return self.burst.faster(now) if self.burst else 1.0


class Pacemaker:
    """The pace of every feed in force. Not thread-safe; nothing here waits."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget()
        self._tempi: dict[str, _Tempo] = {}
        self._rhythms: dict[str, Rhythm] = {}  # of feeds that are not in force (yet, or any more)
        self._common_day: Sequence[float] = _EVEN_DAY
        self._common_hour: Sequence[float] = _EVEN_HOUR
        self._late: float | None = None  # the share of items that could not be seen soon after their date
        self._saving = 1.0  # the law's polls by those of looking ahead
        self._unsettled = 0  # feeds whose part of the budget is not weighed against the others'
        self._day = -1

    # ── which feeds ──────────────────────────────────────────────────────────────────────────────────
    def arrange(self, feeds: Iterable[Feed]) -> None:
        """From now on these feeds share the budget; what was learnt of others is kept."""
        wanted = {feed.name: feed for feed in feeds}
        for name in self._tempi.keys() - wanted.keys():
            self._rhythms[name] = self._tempi.pop(name).rhythm
        for feed in wanted.values():
            self._tempo(feed).feed = feed
        self._unsettled = len(self._tempi)

    def _tempo(self, feed: Feed) -> _Tempo:
        if feed.name not in self._tempi:
            self._tempi[feed.name] = _Tempo(feed, self._rhythms.pop(feed.name, Rhythm()))
            self._unsettled += 1
        return self._tempi[feed.name]

    # ── learning ─────────────────────────────────────────────────────────────────────────────────────
    def read(self, feed: Feed, published: Iterable[datetime], now: datetime) -> None:
        """What a feed's first response told. Until its first midnight passes this is all that is known of it."""
        tempo = self._tempo(feed)
        if tempo.rhythm.items:
            return
        tempo.rhythm.read((time.timestamp() for time in published), now.timestamp())
        self._expect(tempo, int(now.timestamp()) // DAY)
        tempo.polls = self._budget.share(feed)
        self._unsettled += 1

    def saw(self, name: str, published: datetime, first_seen: datetime, *, live: bool = True) -> None:
        """A new item; not ``live`` when it comes from the archive or a first poll, and its age says nothing."""
        tempo = self._tempi.get(name)
        rhythm = tempo.rhythm if tempo else self._rhythms.setdefault(name, Rhythm())
        before = tempo.before if tempo and live else None
        rhythm.saw(published.timestamp(), first_seen.timestamp(), before)

    def expected_since_last(self, name: str) -> float:
        """How many items were due between the feed's last two polls; 0 while that is unknown."""
        tempo = self._tempi.get(name)
        if tempo is None or tempo.before is None:
            return 0.0
        return (tempo.last - tempo.before) * tempo.rhythm.level(int(tempo.last) // DAY) / HOUR

    def quiet(self, feed: Feed, hours: Iterable[int]) -> None:
        """In these hours (UTC) the publisher wants no polls: RSS's ``skipHours``."""
        self._tempo(feed).quiet = frozenset(hour % 24 for hour in hours)

    def stale(self, now: datetime) -> bool:
        """Whether a new day has begun since the last rebuild."""
        return int(now.timestamp()) // DAY != self._day

    def rebuild(self, now: datetime) -> None:
        """Learn from the days that are over; for every midnight.."""
        for _ in self.rebuilding(now):
            pass

    def rebuilding(self, now: datetime) -> Iterator[None]:
        """The same in small steps, so that a loop can do other things between them."""
        self._day = today = int(now.timestamp()) // DAY
        tempi = list(self._tempi.values())
        days, hours = [], []
        for tempo in tempi:
            tempo.rhythm.end_day(today)
            days.append(tempo.rhythm.shape(today))
            hours.append(tempo.rhythm.minutes())
            yield
        self._common_day = _mean(days) or _EVEN_DAY
        self._common_hour = _mean(hours) or _EVEN_HOUR
        self._late = _late_share(tempo.rhythm for tempo in tempi)
        for tempo in tempi:
            self._expect(tempo, today)
            yield
        self._balance()

    def _expect(self, tempo: _Tempo, today: int) -> None:
        """What this feed is expected to publish today and tomorrow."""
        rhythm = tempo.rhythm
        if not rhythm.level(today) > 0:
            tempo.expected = None
            return
        week = [rhythm.hours(today, self._common_day, ahead) for ahead in range(7 if rhythm.items else 1)]
        tempo.prompt = rhythm.prompt(self._late)
        moments = rhythm.moments(self._common_hour) if tempo.prompt else ()
        tempo.day, tempo.expected = today, Expected(week[0] + week[min(1, len(week) - 1)], moments)
        tempo.unevenness = (
            sum(sqrt(60 * sum(moments[at : at + PARTS])) for at in range(0, 60 * PARTS, PARTS)) / 60
            if tempo.prompt
            else 1.0
        )
        tempo.a_day = sum(map(sum, week)) / len(week)
        tempo.deserved = sum(sqrt(hour * HOUR) for day in week for hour in day) / len(week) * tempo.unevenness

    # ── sharing the budget ───────────────────────────────────────────────────────────────────────────
    def settle(self) -> None:
        """Weigh feeds met since the last time against all others; until then each has an even share."""
        if self._unsettled:
            self._balance()

    def _settle(self) -> None:
        """The same while few feeds are known: to weigh ten thousand after every first answer takes an hour."""
        if self._unsettled * _FEW > len(self._tempi):
            self._balance()

    def _balance(self) -> None:
        """Give every feed its polls a day: by the law, within its bounds, and together what the budget allows."""
        self._unsettled = 0
        known = [tempo for tempo in self._tempi.values() if tempo.expected is not None]
        shares = [self._budget.share(tempo.feed) for tempo in known]
        fair = fair_parts([tempo.a_day for tempo in known])
        claims = [
            self._claim(tempo, part * share) for tempo, part, share in zip(known, fair, shares, strict=True)
        ]
        for tempo, polls in zip(known, share_out(sum(shares), claims), strict=True):
            tempo.polls = polls

    def _claim(self, tempo: _Tempo, least: float) -> Claim:
        shortest, longest = self._budget.bounds(tempo.feed)
        most = DAY / max(shortest, 1.0)
        return Claim(tempo.deserved, min(max(least, DAY / max(longest, 1.0)), most), most)

    # ── the next poll ────────────────────────────────────────────────────────────────────────────────
    def wait(
        self,
        feed: Feed,
        now: datetime,
        *,
        not_before: timedelta = timedelta(),
        share: float = 1.0,
        rarely: bool = False,
    ) -> timedelta:
        """From a good poll at ``now`` until the next, ``not_before`` at least if the bounds allow.

        ``share`` < 1 shortens it, to part feeds that started together. ``rarely``: a hub brings the news, and polls are
        made in case it dies without a word.
        """
        tempo = self._tempo(feed)
        tempo.before, tempo.last = tempo.last or None, now.timestamp()
        shortest, longest = self._budget.bounds(feed)
        seconds = longest if rarely else self._until_next(tempo, now) * share
        seconds = min(max(seconds, shortest, not_before.total_seconds()), longest)
        return timedelta(seconds=_past_quiet(now.timestamp(), seconds, tempo.quiet))

    def usual(self, feed: Feed, now: datetime) -> timedelta:
        """The mean time between two polls of this feed at this hour."""
        shortest, longest = self._budget.bounds(feed)
        return timedelta(seconds=min(max(self._interval(self._tempo(feed), now), shortest), longest))

    def _until_next(self, tempo: _Tempo, now: datetime) -> float:
        self._settle()
        expected = tempo.expected
        if expected is None:
            return self._interval(tempo, now)
        pace = self._pace(tempo, now)
        start = self._moment(tempo, now)
        if not tempo.prompt:
            return even_poll(expected, start, pace)
        shortest, longest = self._budget.bounds(tempo.feed)
        wait = expected.next_poll(start, pace * self._saving, shortest)
        if shortest < wait < longest:
            by_law = wait * pace * sqrt(expected.rate(start)) * tempo.unevenness
            self._saving += _LEARNING * (by_law - self._saving)
            self._saving = min(max(self._saving, 0.8), 1.25)
        return wait

    def _interval(self, tempo: _Tempo, now: datetime) -> float:
        """By the law alone, within the hour."""
        self._settle()
        if tempo.expected is None:
            return DAY / self._budget.share(tempo.feed) / tempo.faster(now)
        pace, rate = self._pace(tempo, now), tempo.expected.rate(self._moment(tempo, now))
        return 1 / (pace * sqrt(rate) * tempo.unevenness)

    def _pace(self, tempo: _Tempo, now: datetime) -> float:
        return max(tempo.faster(now) * tempo.polls / max(tempo.deserved, 1e-9), 1e-9)

    def _moment(self, tempo: _Tempo, now: datetime) -> float:
        """Seconds since midnight of what can be seen now; a day that was never rebuilt is taken for the last one."""
        time = now.timestamp() - GRACE - (tempo.rhythm.lag() if tempo.prompt else 0.0) - tempo.day * DAY
        return time if 0 <= time < 2 * DAY else time % DAY

    # ── burst ────────────────────────────────────────────────────────────────────────────────────────
    def burst(self, name: str, now: datetime, why: str) -> Sequence[str]:
        """A rule fired on this feed: it and its peers go faster. Returns those that do, the most related first."""
        hit = self._tempi.get(name)
        if hit is None:
            return ()
        self._settle()
        bursts = (each for each in self._tempi.values() if each.burst)
        spent = sum(self._polls(each) * (each.faster(now) - 1) for each in bursts)
        left = BURST_SHARE * sum(self._budget.share(each.feed) for each in self._tempi.values()) - spent
        chosen = []
        for tempo in (hit, *self._peers(hit)):
            extra = HIT_FASTER if tempo is hit else PEER_FASTER
            cost = (1 + extra - tempo.faster(now)) * self._polls(tempo)
            if cost <= 0:
                continue
            left -= cost
            if left < 0 and tempo is not hit:
                break
            tempo.burst = _Burst(extra, now, why if tempo is hit else f"{why} in {name}")
            chosen.append(tempo.feed.name)
        return chosen

    def _polls(self, tempo: _Tempo) -> float:
        """A day; of a feed of which nothing is known, an even share."""
        return tempo.polls or self._budget.share(tempo.feed)

    def hurry(self, name: str, now: datetime, why: str) -> None:
        """Poll this feed twice as often for a while."""
        tempo = self._tempi.get(name)
        if tempo is not None:
            tempo.burst = _Burst(PEER_FASTER, now, why)

    def _peers(self, hit: _Tempo) -> Sequence[_Tempo]:
        """What is related to it, the most related first: by tags they share, then by language."""
        tags, language = set(hit.feed.tags), hit.feed.lang
        kin = [
            (len(tags.intersection(each.feed.tags)), bool(language) and each.feed.lang == language, each)
            for each in self._tempi.values()
            if each is not hit
        ]
        related = (each for each in kin if each[0] or each[1])
        return [each for *_, each in nlargest(MOST_PEERS, related, key=itemgetter(0, 1))]

    # ── for people ───────────────────────────────────────────────────────────────────────────────────
    def view(self, name: str, now: datetime) -> PaceView | None:
        """This feed's pace; None when it is not in force."""
        tempo = self._tempi.get(name)
        if tempo is None:
            return None
        level = tempo.rhythm.level(int(now.timestamp()) // DAY)
        faster = tempo.faster(now)
        interval = self.usual(tempo.feed, now).total_seconds()
        why = tempo.burst.why if tempo.burst and faster > 1 else ""
        newest = datetime.fromtimestamp(tempo.rhythm.newest, UTC) if tempo.rhythm.items else None
        until = tempo.burst.at + BURST_ENDS if tempo.burst and why else None
        return PaceView(name, interval, 24 * level, tempo.prompt, newest, faster, why, until)


def even_poll(expected: Expected, start: float, pace: float) -> float:
    """Seconds until the next poll by the law alone, when within an hour all moments are alike."""
    need, elapsed = 1.0, 0.0
    while elapsed < 2 * DAY:
        rate = pace * sqrt(expected.rate(start + elapsed))
        left = HOUR - (start + elapsed) % HOUR
        if rate * left >= need:
            return elapsed + need / rate
        need -= rate * left
        elapsed += left
    return elapsed


def skipped_hours(document: bytes) -> frozenset[int]:
    """The hours (UTC) in which an RSS document asks not to be polled."""
    begin = document.find(b"<skipHours>")
    end = document.find(b"</skipHours>", begin) if begin >= 0 else -1
    if end < 0:
        return frozenset()
    found = re.findall(rb"<hour>\s*(\d{1,2})\s*</hour>", document[begin : min(end, begin + 2000)])
    return frozenset(int(hour) % 24 for hour in found if int(hour) <= 24)


def _past_quiet(now: float, seconds: float, quiet: frozenset[int]) -> float:
    """The wait prolonged to the end of the publisher's quiet hours; a whole day of them means nothing."""
    if not quiet or len(quiet) == 24:
        return seconds
    while int((now + seconds) % DAY // HOUR) in quiet:
        seconds += HOUR - (now + seconds) % HOUR + 1
    return seconds


def _late_share(rhythms: Iterable[Rhythm]) -> float | None:
    """Of the items of all feeds that could tell, the share that was late; None while they are too few."""
    seen, late = (
        sum(column) for column in zip((0, 0), *(rhythm.sights() for rhythm in rhythms), strict=True)
    )
    return late / seen if seen >= KNOWN else None


def _mean(shapes: Sequence[Sequence[float] | None]) -> Sequence[float] | None:
    known = [shape for shape in shapes if shape is not None]
    return [sum(column) / len(known) for column in zip(*known, strict=True)] if known else None
