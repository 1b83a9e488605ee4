"""A chat's own keywords: terms of the same grammar as the editors', heard by that chat alone.

A watch is a rule of one strong term whose id names its chat: ``watch:telegram:4711:1``. Watches are kept out of the
editors' book on purpose. An entry they meet is placed among the same stories, but what was told of it is remembered
apart, in a story record of the chat's own (``st-…~8a1f…``): one person's keyword must not decide how loud others are
told, what they read as the reason, or whether they count as told.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from bot.core.decide import Decided, Situation, decide, facets_of
from bot.core.hours import due
from bot.core.matching import RuleBook
from bot.core.model import Entry, Level, Match, StoryRecord, Subscription
from bot.core.routing import OWN, Routed, muted_for, muting, place_of, receiver_of
from bot.core.rules import Rule, TermSpec
from bot.core.stories import Placement
from bot.core.terms import TermProblem, term_warnings

PREFIX = "watch:"
MOST_WATCHES = 20  # a chat
LONGEST_WATCH = 200  # characters
_APART = "~"


def rules_of(wish: Subscription) -> tuple[Rule, ...]:
    """The chat's watches as rules. They ring from low; nobody's own keyword is critical."""
    return tuple(
        Rule(
            id=f"{PREFIX}{wish.receiver}:{number}",
            title=text,
            terms=(TermSpec(text, "strong"),),
            severity=Level.HIGH,
        )
        for number, text in enumerate(wish.watches, 1)
    )


def is_watch(rule: str) -> bool:
    """Is this the id of somebody's own rule?"""
    return rule.startswith(PREFIX)


def own_book(wish: Subscription, book: RuleBook) -> RuleBook:
    """The chat's own rules over the editors' lists; watches that do not parse any more are left out."""
    return book.with_rules(_sound(rules_of(wish), book))


def problem_of(text: str, book: RuleBook) -> tuple[str, str]:
    """Why this cannot be watched, and what would do; two empty texts if it can."""
    try:
        book.with_rules([Rule(PREFIX, text, (TermSpec(text, "strong"),))])
    except TermProblem as problem:
        return problem.message, problem.remedy
    return "", ""


def warnings_of(text: str, book: RuleBook) -> list[str]:
    """What is probably not meant, in the words an editor would read."""
    return term_warnings(text, lists=book.lists)


def _sound(rules: Iterable[Rule], book: RuleBook) -> list[Rule]:
    """A list an editor removed must not silence everybody's watches."""
    return [rule for rule in rules if not problem_of(rule.title, book)[0]]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some chats' watches in one book."""

    made_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # receiver → its watches
    book: RuleBook | None = None


@dataclass(frozen=True, slots=True)
class Watches:
    """All chats' watches, compiled. Make one with :func:`compiled`; keep it until they change.

    Compiling thousands takes seconds, so chats that changed since are kept in a small book beside the large one, until
    they are :data:`MOST_FRESH`. A chat's watches count in the book that holds them as they are now.
    """

    made_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    editors: RuleBook | None = None  # whose lists they use
    settled: _Part = _Part()
    fresh: _Part = _Part()

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Rule id → rule."""
        books = [part.book for part in (self.settled, self.fresh) if part.book is not None]
        return {name: rule for book in books for name, rule in book.rules.items()}

    def match(self, entry: Entry) -> Mapping[str, Sequence[Match]]:
        """Receiver → what of its own keywords the entry meets, loudest first; receivers without a hit are absent."""
        found: dict[str, list[Match]] = {}
        for part in (self.settled, self.fresh):
            for match in part.book.match(entry) if part.book is not None else ():
                owner = match.rule.removeprefix(PREFIX).rpartition(":")[0]
                if self.made_of.get(owner) == part.made_of[owner]:
                    found.setdefault(owner, []).append(match)
        return found


MOST_FRESH = 50  # chats


def compiled(subscriptions: Iterable[Subscription], book: RuleBook, before: Watches) -> Watches:
    """The watches of the active among them; ``before`` itself where nothing changed."""
    keen = {each.receiver: each for each in subscriptions if each.active and each.watches}
    made_of = {name: wish.watches for name, wish in keen.items()}
    if made_of == before.made_of and before.editors is book:
        return before
    settled = before.settled if before.editors is book else _Part()
    fresh = [wish for name, wish in keen.items() if settled.made_of.get(name) != wish.watches]
    if len(fresh) > MOST_FRESH:
        settled, fresh = _part(keen.values(), book), []
    return Watches(made_of, book, settled, _part(fresh, book))


def _part(wishes: Collection[Subscription], book: RuleBook) -> _Part:
    if not wishes:
        return _Part()
    rules = _sound((rule for wish in wishes for rule in rules_of(wish)), book)
    return _Part({wish.receiver: wish.watches for wish in wishes}, book.with_rules(rules))


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────
def own_placement(placement: Placement, receiver: str) -> Placement:
    """The same place, among what this receiver was told of its own keywords."""
    mark = blake2b(receiver.encode(), digest_size=4).hexdigest()
    return replace(placement, story=f"{placement.story}{_APART}{mark}", contradicts="")


def common_story(story: str) -> str:
    """The story that a chat's own record of it belongs to; any other id is left as it is."""
    return story.partition(_APART)[0]


def decide_own(
    entry: Entry,
    wish: Subscription,
    matches: Sequence[Match],
    placement: Placement,
    story: StoryRecord | None,
    situation: Situation,
) -> tuple[Decided, Routed | None]:
    """The chat's own decision about an entry that met its keywords, and when it is told, if it is.

    ``placement`` and ``story`` are the chat's own (:func:`own_placement`), ``situation.rules`` the watches'. Silences
    speak of the common story, so they are asked after the decision and not within it.
    """
    decided = decide(entry, matches, placement, story, replace(situation, silences=(), against=None))
    alert = decided.decision.alert
    if alert is None:
        return decided, None
    common = replace(decided.stories[0], id=common_story(placement.story))
    facets = facets_of(entry, matches, common, situation.rules)
    receiver = receiver_of(wish)
    everybody = [silence for silence in situation.silences if OWN not in silence.labels]
    if muting(everybody, facets, situation.now) or muted_for(
        place_of(receiver), situation.silences, facets, situation.now
    ):
        return decided, None
    return decided, Routed(receiver, None, "own keyword", due(wish, alert.level, situation.now))
