"""The lists of a rule: terms with their languages and points, ``needs``, and the examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.config.values import (
    LANGUAGE_CODES,
    Slip,
    Slips,
    choice,
    gathered,
    language,
    looks_like_headline,
    nothing_here,
    number,
    suggestion,
    term_lines,
    text,
    wrong,
)
from bot.config.yamlfile import Items, Node, Table, Text, line_of
from bot.core.model import Level
from bot.core.rules import Example, TermSpec

MAX_POINTS = 100

LEVEL_WORDS: Mapping[str, Level] = {level.word: level for level in Level if level is not Level.NONE}
level = choice(LEVEL_WORDS, "level")
"""Reads low, medium, high or critical."""


def terms(strength: str) -> Callable[[object], tuple[TermSpec, ...]]:
    """A reader of one list of terms; ``strength`` is its key."""

    def read(value: object) -> tuple[TermSpec, ...]:
        return tuple(
            spec
            for specs in gathered(term_lines(value), lambda item: _item(item, strength))
            for spec in specs
        )

    return read


def _item(item: object, strength: str) -> tuple[TermSpec, ...]:
    """One item: a term, ``term: points``, ``language: terms``, or several of these in one table."""
    if isinstance(item, Items):
        raise wrong("a list inside the list of terms", "write one term a line", item)
    if not isinstance(item, Table):
        return (TermSpec(text(item), strength, line=line_of(item)),)
    return tuple(
        spec for specs in gathered(item.items(), lambda pair: _pair(pair, strength)) for spec in specs
    )


def _pair(pair: tuple[str, Node], strength: str) -> tuple[TermSpec, ...]:
    key, value = pair
    if key in LANGUAGE_CODES:
        specs = terms(strength)(value)
        if not specs:
            raise nothing_here(key)
        return tuple(replace(spec, languages=(str(key),)) for spec in specs)
    if isinstance(value, str) and value.lstrip("-").isdigit():
        points = int(number(-MAX_POINTS, MAX_POINTS)(value))
        return (TermSpec(text(key), strength, points, line=line_of(key)),)
    if isinstance(value, Text) and value.missing:
        raise wrong(f"a colon at the end of '{key}'", "remove it, or write points or a text behind it", key)
    raise looks_like_headline(key)


def needs(value: object) -> tuple[tuple[str, ...], ...]:
    """Every line must occur somewhere; within a line, commas or a list of its own mean *one of these*."""
    if isinstance(value, Text):
        return () if value.missing else ((text(value),),)
    return gathered(term_lines(value), _need)


def _need(item: object) -> tuple[str, ...]:
    if isinstance(item, Items):
        found = gathered(item, text)
        if not found:
            raise nothing_here(item)
        return found
    return (text(item),)


def named_lists(value: object) -> dict[str, tuple[str, ...]]:
    """``lists:``; name → its terms."""
    if isinstance(value, Text) and value.missing:
        return {}
    if not isinstance(value, Table):
        raise wrong("lists are written as name: [words]", "lists:\n  border: [border, frontier]", value)
    return dict(gathered(value.items(), _named_list))


def _named_list(pair: tuple[str, Node]) -> tuple[str, tuple[str, ...]]:
    name, items = pair
    if not name.replace("_", "").isalnum():
        raise wrong(f"'{name}' cannot name a list", "letters, digits and _ only", name)
    found = gathered(term_lines(items), text)
    if not found:
        raise wrong(f"the list '{name}' is empty", "write its words behind it, or remove it", name)
    return str(name), found


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────
_SIDES: Mapping[str, bool] = {"match": True, "no_match": False}
_FIELDS = ("text", "lang", "at_least", "at_most")


def examples(value: object) -> tuple[Example, ...]:
    """``match:`` and ``no_match:``, each a list of headlines."""
    if isinstance(value, Text) and value.missing:
        return ()
    if not isinstance(value, Table):
        raise wrong("examples are sorted under match: and no_match:", "write match: above them", value)
    return tuple(each for group in gathered(value.items(), _side) for each in group)


def _side(pair: tuple[str, Node]) -> tuple[Example, ...]:
    side, items = pair
    if side not in _SIDES:
        raise wrong(f"unknown key '{side}'", suggestion(side, _SIDES) or "match or no_match", side)
    if isinstance(items, Text) and items.missing:
        return ()
    lines = items if isinstance(items, Items) else [items]  # one headline; its commas are its own
    return gathered(lines, lambda item: _example(item, _SIDES[side]))


def _example(item: object, match: bool) -> Example:
    if not isinstance(item, Table):
        return Example(text(item), match, line=line_of(item))
    if "text" in item:
        return _long_example(item, match)
    if len(item) == 1 and (word := str(next(iter(item)))) in LEVEL_WORDS:
        if not match:
            raise wrong(
                "a headline that must not match has no level", f"write the headline without {word}:", item
            )
        return Example(text(item[word]), match, at_least=LEVEL_WORDS[word], line=item.line)
    raise looks_like_headline(next(iter(item), ""))


def _unknown_field(key: str) -> Slip:
    if " " in key:
        return Slip(f"a comma in {{ }} cut the text before '{key}'", "put the text in quotes", line_of(key))
    return Slip(
        f"unknown key '{key}'", suggestion(key, _FIELDS) or f"one of: {', '.join(_FIELDS)}", line_of(key)
    )


def _long_example(item: Table, match: bool) -> Example:
    slips = [_unknown_field(key) for key in item if key not in _FIELDS]
    if slips:
        raise Slips(*slips)
    lang = language(item["lang"]) if "lang" in item else ""
    least, most = (level(item[key]) if key in item else None for key in ("at_least", "at_most"))
    return Example(text(item["text"]), match, lang, least, most, line=item.line)
