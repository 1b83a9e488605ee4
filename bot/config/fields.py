"""The types of the keys: each is the reader of :mod:`bot.config.values` that makes the value, and the JSON Schema
an editor's program checks with.

The schema is laxer in one respect: such a program sees YAML's own types, so ``near: 6`` is a number there and
text here, and ``cooldown: 0`` is both.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeAlias
from urllib.parse import urlsplit

from pydantic import PlainValidator, WithJsonSchema

from bot.config import terms
from bot.config.values import (
    DURATION_PATTERN,
    choice,
    duration,
    gathered,
    language,
    number,
    several,
    text,
    whole,
    wrong,
    yes_or_no,
)
from bot.config.yamlfile import Table, Text
from bot.core.model import Direction, Level, Place, Stance
from bot.core.rules import DEFAULT_LEVELS, Example, TermSpec

Json: TypeAlias = dict[str, Any]

# ── JSON Schemas ─────────────────────────────────────────────────────────────────────────────────────
_TEXT: Json = {"type": ["string", "number", "boolean"]}
_LEVEL: Json = {"enum": list(terms.LEVEL_WORDS)}
_LANGUAGE: Json = {"type": "string", "pattern": "^[a-z]{2}$"}
_DURATION: Json = {"anyOf": [{"type": "string", "pattern": DURATION_PATTERN}, {"const": 0}]}
_ANYTHING: Json = {"anyOf": [_TEXT, {"type": "array"}, {"type": "object"}]}
_TERM: Json = {"anyOf": [_TEXT, {"type": "object", "additionalProperties": _ANYTHING}]}
_TERMS: Json = {
    "anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": _TERM}, {"type": "object"}]
}
_NEEDS: Json = {
    "anyOf": [
        {"type": ["string", "null"]},
        {"type": "array", "items": {"anyOf": [_TEXT, {"type": "array", "items": _TEXT}]}},
    ]
}
_LONG_EXAMPLE: Json = {
    "type": "object",
    "properties": {"text": _TEXT, "lang": _LANGUAGE, "at_least": _LEVEL, "at_most": _LEVEL},
    "required": ["text"],
    "additionalProperties": False,
}
_LEVEL_EXAMPLE: Json = {
    "type": "object",
    "properties": dict.fromkeys(terms.LEVEL_WORDS, _TEXT),
    "additionalProperties": False,
    "maxProperties": 1,
}


def _many(item: Json) -> Json:
    """A list, one item, or several in one text with commas, which no schema can look into."""
    listed = {"type": "array", "items": item}
    return {"anyOf": [item, listed, {"type": "null"}, {"type": "string", "pattern": ","}]}


def _headlines(*forms: Json) -> Json:
    return {"anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": {"anyOf": [_TEXT, *forms]}}]}


_EXAMPLES: Json = {
    "type": ["object", "null"],
    "properties": {"match": _headlines(_LONG_EXAMPLE, _LEVEL_EXAMPLE), "no_match": _headlines(_LONG_EXAMPLE)},
    "additionalProperties": False,
}


def _range(least: float, most: float, kind: str = "number") -> Json:
    return {"type": kind, "minimum": least, "maximum": most}


# ── readers of more than one word ────────────────────────────────────────────────────────────────────
DIRECTIONS: Mapping[str, Direction] = {each.value: each for each in Direction}
PLACES: Mapping[str, Place] = {each.value: each for each in Place}
STANCES: Mapping[str, Stance] = {each.value: each for each in Stance}
DEFAULT_DEMOTION = 0.5


def _levels(value: object) -> dict[Level, int]:
    """Own thresholds over the default ones; they must rise."""
    if not isinstance(value, Table):
        raise wrong("levels are written as level: points", "levels: {medium: 45, high: 70}", value)
    read = whole(1, 100)
    own = dict(gathered(value.items(), lambda pair: (terms.level(pair[0]), read(pair[1]))))
    found = {**DEFAULT_LEVELS, **own}
    if sorted(found.values()) != [found[each] for each in sorted(found)]:
        shown = ", ".join(f"{each.word} {points}" for each, points in found.items())
        raise wrong(f"a louder level needs more points: {shown}", "give the other levels points, too", value)
    return found


def _stance(value: object) -> dict[Stance, float]:
    """``any``, or a factor for each stance named; the others keep theirs."""
    if isinstance(value, Table):
        read, name = number(0, 1), choice(STANCES, "stance")
        own = dict(gathered(value.items(), lambda pair: (name(_spaced(pair[0])), read(pair[1]))))
        return {each: 1.0 if each is Stance.ASSERTED else DEFAULT_DEMOTION for each in Stance} | own
    if text(value) != "any":
        raise wrong(f"'{value}' is no stance", "any, or factors such as {feared: 1}", value)
    return dict.fromkeys(Stance, 1.0)


def _spaced(word: str) -> str:
    return word.replace("_", " ").replace("-", " ")


def _id(value: object) -> str:
    word = text(value)
    if not word.replace("-", "a").replace("_", "a").isalnum():
        raise wrong(f"'{word}' cannot be a name here", "letters, digits, - and _ only", value)
    return word


def _url(value: object) -> str:
    """A feed's address: http or https, with a host, without a password."""
    url = text(value)
    try:
        parts = urlsplit(url)
        host, scheme = parts.hostname, parts.scheme
    except ValueError:
        host, scheme = None, ""
    if scheme not in ("http", "https") or not host or any(sign.isspace() or ord(sign) < 32 for sign in url):
        raise wrong("this is not a web address", "it begins with https:// and has no spaces", value)
    if "@" in parts.netloc:
        raise wrong(
            "a name or password stands in the address", "remove it; this file is no place for secrets", value
        )
    return url


def _setting(value: object) -> str:
    """The name of a secret kept elsewhere; never the secret."""
    word = text(value).lower()
    if "/" in word or ":" in word:
        remedy = "keep it in the setting NEWSALERT_SECRET_<NAME> and write only the <name> here"
        raise wrong("a webhook's address is a secret", remedy, value)
    return _id(Text.at(word, getattr(value, "line", 0)))


def _level_condition(value: object) -> str:
    """``high`` is exactly high, ``high+`` at least."""
    word = text(value).lower()
    plain = word.removesuffix("+")
    terms.level(Text.at(plain, getattr(value, "line", 0)))
    return word


# ── the types ────────────────────────────────────────────────────────────────────────────────────────
String = Annotated[str, PlainValidator(text), WithJsonSchema(_TEXT)]
Id = Annotated[str, PlainValidator(_id), WithJsonSchema(_TEXT)]
Words = Annotated[tuple[str, ...], PlainValidator(several(text)), WithJsonSchema(_many(_TEXT))]
YesNo = Annotated[
    bool, PlainValidator(yes_or_no), WithJsonSchema({"enum": [True, False, "yes", "no", "on", "off"]})
]
Duration = Annotated[timedelta, PlainValidator(duration), WithJsonSchema(_DURATION)]
Url = Annotated[str, PlainValidator(_url), WithJsonSchema({"type": "string", "pattern": "^https?://"})]
SettingName = Annotated[
    str, PlainValidator(_setting), WithJsonSchema({"type": "string", "pattern": "^[^:/]+$"})
]
Language = Annotated[str, PlainValidator(language), WithJsonSchema(_LANGUAGE)]
Languages = Annotated[tuple[str, ...], PlainValidator(several(language)), WithJsonSchema(_many(_LANGUAGE))]
LevelWord = Annotated[Level, PlainValidator(terms.level), WithJsonSchema(_LEVEL)]
Levels = Annotated[
    dict[Level, int],
    PlainValidator(_levels),
    WithJsonSchema(
        {"type": "object", "propertyNames": _LEVEL, "additionalProperties": _range(1, 100, "integer")}
    ),
]
LevelConditions = Annotated[
    tuple[str, ...],
    PlainValidator(several(_level_condition)),
    WithJsonSchema(_many({"type": "string", "pattern": r"^(low|medium|high|critical)\+?$"})),
]
DirectionWord = Annotated[
    Direction, PlainValidator(choice(DIRECTIONS, "direction")), WithJsonSchema({"enum": list(DIRECTIONS)})
]
DirectionConditions = Annotated[
    tuple[str, ...],
    PlainValidator(several(lambda value: choice(DIRECTIONS, "direction")(value).value)),
    WithJsonSchema(_many({"enum": list(DIRECTIONS)})),
]
Places = Annotated[
    tuple[Place, ...],
    PlainValidator(several(choice(PLACES, "place"))),
    WithJsonSchema(_many({"enum": list(PLACES)})),
]
StanceFactors = Annotated[
    dict[Stance, float],
    PlainValidator(_stance),
    WithJsonSchema({"anyOf": [{"const": "any"}, {"type": "object", "additionalProperties": _range(0, 1)}]}),
]
Trust = Annotated[float, PlainValidator(number(0, 1)), WithJsonSchema(_range(0, 1))]
Near = Annotated[int, PlainValidator(whole(0, 50)), WithJsonSchema(_range(0, 50, "integer"))]
Outlets = Annotated[int, PlainValidator(whole(2, 20)), WithJsonSchema(_range(2, 20, "integer"))]
Then = Annotated[
    str,
    PlainValidator(choice({"raise": "raise", "release": "release"}, "choice")),
    WithJsonSchema({"enum": ["raise", "release"]}),
]
Policy = Annotated[
    str,
    PlainValidator(
        choice({"repeat": "repeat", "at_least_once": "repeat", "at_most_once": "at_most_once"}, "policy")
    ),
    WithJsonSchema({"enum": ["repeat", "at_least_once", "at_most_once"]}),
]
Needs = Annotated[tuple[tuple[str, ...], ...], PlainValidator(terms.needs), WithJsonSchema(_NEEDS)]
Examples = Annotated[tuple[Example, ...], PlainValidator(terms.examples), WithJsonSchema(_EXAMPLES)]
NamedLists = Annotated[
    dict[str, tuple[str, ...]],
    PlainValidator(terms.named_lists),
    WithJsonSchema({"type": ["object", "null"], "additionalProperties": _many(_TEXT)}),
]

Strong = Annotated[tuple[TermSpec, ...], PlainValidator(terms.terms("strong")), WithJsonSchema(_TERMS)]
Keywords = Annotated[tuple[TermSpec, ...], PlainValidator(terms.terms("keywords")), WithJsonSchema(_TERMS)]
Weak = Annotated[tuple[TermSpec, ...], PlainValidator(terms.terms("weak")), WithJsonSchema(_TERMS)]
Against = Annotated[tuple[TermSpec, ...], PlainValidator(terms.terms("against")), WithJsonSchema(_TERMS)]
Ignore = Annotated[tuple[TermSpec, ...], PlainValidator(terms.terms("ignore")), WithJsonSchema(_TERMS)]
Never = Annotated[tuple[TermSpec, ...], PlainValidator(terms.terms("never")), WithJsonSchema(_TERMS)]
