"""What only the whole folder shows: names given twice, routes to nobody, terms that cannot be understood."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TypeVar

from bot.config.desk import Placed, Reading
from bot.config.values import suggestion
from bot.core.model import Feed, Receiver
from bot.core.routing import Route
from bot.core.rules import DEFAULT_NEAR, Rule, TermSpec
from bot.core.terms import TermParser, TermProblem, term_warnings
from bot.errors import Problem

T = TypeVar("T")
Lists = Mapping[str, tuple[str, ...]]


def crosscheck(reading: Reading, built_in: Lists) -> Iterator[Problem]:
    """Everything that is wrong between the parts; ``built_in`` are the word lists that come with the languages."""
    yield from doubles(reading.names, str, "the rule")
    yield from doubles(reading.lists, lambda pair: pair[0], "the list")
    yield from doubles(reading.feeds, lambda feed: feed.name, "the feed")
    yield from doubles(reading.feeds, _address, "the address")
    yield from doubles(reading.receivers, lambda receiver: receiver.name, "the receiver")
    lists = {**built_in, **dict(placed.value for placed in reading.lists)}
    parser = TermParser(lists)
    yield from list_problems(reading.lists, parser)
    for rule in reading.rules:
        yield from rule_problems(rule, parser)
        yield from _rule_warnings(rule, lists)
    for term in reading.loose:
        yield from _term_problems(term, parser, DEFAULT_NEAR)
    for route in reading.routes:
        yield from route_problems(route, reading.promised)
        yield from _route_warnings(route, reading.rules, reading.feeds)
    yield from _idle_receivers(reading.receivers, reading.routes)


def doubles(found: Iterable[Placed[T]], name_of: Callable[[T], str], what: str) -> Iterator[Problem]:
    """Names given twice, each told at its second place with the first."""
    first: dict[str, Placed[T]] = {}
    for placed in found:
        earlier = first.setdefault(name_of(placed.value), placed)
        if earlier is not placed:
            message = f"{what} '{name_of(placed.value)}' stands also in {earlier.file}:{earlier.line}"
            yield placed.problem(message, "rename or remove one of the two")


def _address(feed: Feed) -> str:
    """One address however it is written: scheme, www, case of the host and a final slash do not matter."""
    bare = feed.url.split("://", 1)[1].removeprefix("www.").rstrip("/")
    host, slash, path = bare.partition("/")
    return host.lower() + slash + path


# ── terms ────────────────────────────────────────────────────────────────────────────────────────────
def list_problems(
    lists: Iterable[Placed[tuple[str, tuple[str, ...]]]], parser: TermParser
) -> Iterator[Problem]:
    """Lists that name unknown lists, hold themselves, or hold what no list can."""
    for placed in lists:
        try:
            parser.parse(f"${placed.value[0]}")
        except TermProblem as error:
            yield placed.problem(error.message, error.remedy)


def rule_problems(placed: Placed[Rule], parser: TermParser) -> Iterator[Problem]:
    """Terms of a rule that cannot be understood."""
    rule = placed.value
    terms = [*rule.terms, *(TermSpec(text, "needs") for group in rule.needs for text in group)]
    for term in terms:
        place = _at(placed, term.strength, term.line)
        yield from _term_problems(Placed(term, place.file, place.line, place.key), parser, rule.near)


def _term_problems(placed: Placed[TermSpec], parser: TermParser, near: int) -> Iterator[Problem]:
    try:
        parser.parse(placed.value.text, near)
    except TermProblem as error:
        yield placed.problem(error.message, error.remedy)


def _rule_warnings(placed: Placed[Rule], lists: Lists) -> Iterator[Problem]:
    for term in placed.value.terms:
        for warning in term_warnings(term.text, lists=lists):
            yield _at(placed, term.strength, term.line).problem(warning, severity="warning")


def _at(placed: Placed[Rule], key: str, line: int) -> Placed[Rule]:
    return Placed(placed.value, placed.file, line or placed.line, f"{placed.value.id}.{key}")


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────
def route_problems(placed: Placed[Route], known: Collection[str]) -> Iterator[Problem]:
    """Receivers that do not exist."""
    for name in placed.value.to:
        if name not in known:
            remedy = suggestion(name, known) or f"known receivers: {', '.join(sorted(known)) or 'none'}"
            yield placed.problem(f"there is no receiver '{name}'", remedy)


def _route_warnings(
    placed: Placed[Route], rules: Iterable[Placed[Rule]], feeds: Iterable[Placed[Feed]]
) -> Iterator[Problem]:
    """Conditions no rule or feed can meet: the line would never fire."""
    labels = _labels(rules, feeds)
    for label, wanted in placed.value.when.items():
        for word in wanted:
            if label in labels and word not in labels[label]:
                remedy = suggestion(word, labels[label])
                yield placed.problem(f"no {label} '{word}' anywhere", remedy, severity="warning")


def _labels(rules: Iterable[Placed[Rule]], feeds: Iterable[Placed[Feed]]) -> Mapping[str, set[str]]:
    """The words each label can carry."""
    labels: dict[str, set[str]] = {key: set() for key in ("rule", "category", "tag", "feed", "owner")}
    for rule in rules:
        labels["rule"].add(rule.value.id)
        labels["category"].add(rule.value.category)
        labels["tag"].update(rule.value.tags)
    for feed in feeds:
        labels["feed"].update((feed.value.name, *feed.value.tags))
        labels["owner"].add(feed.value.owner)
    return labels


def _idle_receivers(
    receivers: Iterable[Placed[Receiver]], routes: Iterable[Placed[Route]]
) -> Iterator[Problem]:
    named = {name for route in routes for name in route.value.to}
    for receiver in receivers:
        if named and receiver.value.name not in named:
            yield receiver.problem("no route leads to this receiver", "name it under to:", severity="warning")
