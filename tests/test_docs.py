"""The documents are held to the code: every key, mark, default and number is the real one, every example runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
import typer.main
from click import Group
from pydantic_core import PydanticUndefined
from typer.testing import CliRunner

from bot.cli.main import app
from bot.config import watch
from bot.config.languages import builtin_lists, load_languages
from bot.config.load import check_desk
from bot.config.schema import (
    RECEIVER_KINDS,
    ConfirmModel,
    FeedModel,
    Model,
    RouteModel,
    RuleModel,
    SingleRuleFile,
    WhenModel,
)
from bot.core import decide, scoring, terms
from bot.core.matching import RuleBook, headline
from bot.core.model import Direction, Evidence, Level, Place, Stance
from bot.core.rules import DEFAULT_LEVELS, DEFAULT_NEAR, STRENGTH_POINTS, Rule, TermSpec
from tests.shared import ROOT

REFERENCE = ROOT / "rules" / "README.md"
TEXT = REFERENCE.read_text("utf-8")


# ── reading Markdown ─────────────────────────────────────────────────────────────────────────────────
def tables() -> dict[str, list[list[str]]]:
    """First header cell → the rows of that table, cells as they stand."""
    found: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in TEXT.splitlines():
        if not line.startswith("|"):
            rows = []
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
        if not rows:
            rows = found[cells[0]] = []
            rows.append(cells)
        elif not set(cells[0]) <= set("-: "):
            rows.append(cells)
    return {name: rows[1:] for name, rows in found.items()}


TABLES = tables()


def key_tables() -> list[dict[str, str]]:
    """Every table of keys with defaults, in order: key → the default as it stands."""
    found: list[dict[str, str]] = []
    for block in re.split(r"\n\n", TEXT):
        lines = block.splitlines()
        if lines and lines[0].startswith("| key |"):
            cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
            found.append({row[0].strip(" `"): row[-1].strip() for row in cells})
    return found


def code(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def fenced(language: str) -> Iterator[tuple[int, str]]:
    """Fenced blocks of a language with the number of their first line."""
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        yield TEXT.count("\n", 0, found.start()) + 1, found[1]


YAML_BLOCKS = list(fenced("yaml"))


def folder(tmp_path: Path, block: str) -> Path:
    """A block written to the file it names in its first line."""
    first = block.splitlines()[0]
    assert first.startswith("# rules/"), f"a block of YAML says which file it is: {first}"
    (tmp_path / first.removeprefix("# rules/")).write_text(block, "utf-8")
    return tmp_path


def ask(term: str, text: str, lang: str = "en") -> tuple[Evidence, ...]:
    """What one strong term finds in a headline."""
    book = RuleBook([Rule("rule", "", (TermSpec(term, "strong"),))], {}, load_languages())
    return tuple(each for match in book.sheet(headline(text, lang)) for each in match.terms)


# ── examples run ─────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("line", "block"), YAML_BLOCKS, ids=[f"line {line}" for line, _ in YAML_BLOCKS])
def test_every_file_shown_loads_and_keeps_its_examples(line: int, block: str, tmp_path: Path) -> None:
    report = check_desk(folder(tmp_path, block))
    assert [str(problem) for problem in report.problems if problem.severity == "error"] == []


def test_the_sum_shown_is_the_sum_printed(tmp_path: Path) -> None:
    ((_, shown),) = fenced("console")
    command, *lines = shown.splitlines()
    question = re.fullmatch(r'\$ newsalert explain "(.+)"', command)
    assert question
    rules = folder(tmp_path, YAML_BLOCKS[0][1])
    printed = CliRunner().invoke(app, ["explain", question[1], "--rules", str(rules), "--lang", "en"]).stdout
    told = {" ".join(line.split()) for line in printed.splitlines()}
    for line in lines:
        assert " ".join(line.split()) in told, printed


@pytest.mark.parametrize("row", TABLES["write"], ids=lambda row: row[0])
def test_every_mark_finds_what_it_says_and_not_the_other(row: list[str]) -> None:
    (term,) = code(row[0].replace("\\|", "|"))
    assert ask(term, row[2]), f"{term} does not find: {row[2]}"
    assert not ask(term, row[3]), f"{term} finds: {row[3]}"
    if "`" in row[1]:  # another way of writing the same
        (other,) = code(row[1])
        assert ask(term.replace("+2", other), row[2])
        assert not ask(term.replace("+2", other), row[3])


@pytest.mark.parametrize(
    ("term", "finds", "leaves"),
    [
        ("withdraw", ("withdrew", "withdrawn"), "with drawings"),
        ("base", ("bases",), "based"),
        ("invade", ("invaded",), "invasive"),
        ("escalation", (), "de-escalation"),
    ],
)
def test_forms_are_grammar_and_not_letters(term: str, finds: tuple[str, ...], leaves: str) -> None:
    assert all(ask(term, f"Armies {word} today") for word in finds)
    assert not ask(term, f"Armies {leaves} today")


def test_german_verbs_are_found_apart() -> None:
    assert ask("abziehen", "Moskau zieht Truppen ab", "de")


@pytest.mark.parametrize("row", TABLES["stance"], ids=lambda row: row[0])
def test_every_stance_is_read_as_it_is_shown(row: list[str]) -> None:
    stance, worth, example = row
    (found,) = ask("attack", example)
    assert found.stance == Stance(stance)
    rule = Rule("rule", "", ())
    assert scoring.stance_factor(rule, Stance(stance)) == {"1": 1.0, "½": 0.5}[worth]


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────
def test_points_places_and_levels_are_the_real_ones() -> None:
    points = {row[0]: int(row[1].replace("−", "-")) for row in TABLES["strength"]}
    assert points == STRENGTH_POINTS
    assert [float(row[1]) for row in TABLES["it stands in"]] == [
        scoring.PLACE_FACTOR[place] for place in (Place.TITLE, Place.LEAD, Place.BODY)
    ]
    assert {Level.of(row[0]): int(row[1]) for row in TABLES["level"]} == DEFAULT_LEVELS


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        (r"at most (\d+) other words between", DEFAULT_NEAR),
        (r"up to (\d+) words between them", terms.PHRASE_GAP),
        (r"worth (\d+) points in a headline; one of them", STRENGTH_POINTS["strong"]),
        (r"A term may have (\d+) characters", terms.LONGEST_TERM),
        (r"distances of 1 to (\d+) words", terms.LONGEST_GAP),
        (r"lists may lie (\d+) deep", terms.DEEPEST_LIST),
        (r"hold (\d+) words in all", terms.LARGEST_LIST),
    ],
)
def test_numbers_in_sentences_are_the_real_ones(sentence: str, number: int) -> None:
    (said,) = re.findall(sentence, TEXT.replace("\n", " "))
    assert int(said) == number


@pytest.mark.parametrize(
    ("sentence", "number"),
    [
        (r"each further paragraph ([\d.]+) of the one before", scoring.BODY_DECAY),
        (r"but never less than ([\d.]+)", scoring.BODY_LEAST),
        (r"is worth ([\d.]+) of that", scoring.IN_PASSING),
        (r"of that, ([\d.]+) in all", scoring.IN_PASSING * scoring.DEMOTED),
    ],
)
def test_factors_in_sentences_are_the_real_ones(sentence: str, number: float) -> None:
    (said,) = re.findall(sentence, TEXT.replace("\n", " "))
    assert float(said) == pytest.approx(number)


def test_a_backdrop_is_worth_less_than_what_is_background() -> None:
    rule = Rule("rule", "", ())
    assert scoring.stance_factor(rule, Stance.BACKGROUND, passing=True) == pytest.approx(0.3)
    (found,) = ask("attack", "Bills rise after the attack")
    assert found.points == 18


def test_a_summary_does_not_make_loud_what_the_headline_doubts() -> None:
    rule = Rule("rule", "", (TermSpec("attack", "strong"), TermSpec("invade", "strong")))
    entry = replace(headline("Generals fear attack", "en"), summary="Tanks invade Chad. Rebels attack ports.")
    (match,) = RuleBook([rule], {}, load_languages()).match(entry)
    assert match.level is Level.LOW


def test_ignored_words_count_neither_for_nor_against() -> None:
    specs = (TermSpec("flood", "strong"), TermSpec("river bank", "ignore"), TermSpec("bank", "against"))
    book = RuleBook([Rule("rule", "", specs)], {}, load_languages())
    (match,) = book.match(headline("Flood breaks river bank", "en"))
    assert match.score == STRENGTH_POINTS["strong"]


def test_what_is_said_in_words_is_so_in_numbers() -> None:
    assert "a quarter of what each further publisher's report scores" in TEXT
    assert decide.CORROBORATION == 0.25
    assert "in force two seconds later" in TEXT
    assert watch.EVERY + 2 * watch.QUIET == 2


def test_weak_words_alone_ring_nothing_and_doubt_never_gets_past_low() -> None:
    rule = Rule("rule", "", (TermSpec("attack", "weak"),))
    assert RuleBook([rule], {}, load_languages()).match(headline("Attack begins", "en")) == ()
    doubts = Rule("rule", "", (TermSpec("attack", "strong"), TermSpec("invasion", "strong")))
    entry = headline("Generals fear attack and fear invasion", "en")
    (match,) = RuleBook([doubts], {}, load_languages()).match(entry)
    assert match.level is Level.LOW


# ── keys and defaults ────────────────────────────────────────────────────────────────────────────────
def shown(key: str, value: object) -> str:
    """A default as the reference writes it."""
    special: Mapping[str, str] = {
        "languages": "all",
        "stance": "½ for everything not asserted",
        "owner": "the host's name",
        "lang": "detected",
        "min_interval": "the setting",
        "max_interval": "the setting",
        "id": "made from the first keyword",
        "title": "the first keyword",
    }
    if value is PydanticUndefined:
        return "it must be there"
    if key in special and value in (None, (), ""):
        return special[key]
    if value in ((), "", None):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return f"{value.total_seconds() / 3600:g}h"
    if isinstance(value, Level):
        return value.word
    if isinstance(value, Direction):
        return value.value
    if isinstance(value, dict):
        return ", ".join(f"{level.word} {points}" for level, points in value.items())
    if isinstance(value, tuple):
        return ", ".join(str(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


KEYS = list(zip(key_tables(), (RuleModel, ConfirmModel, FeedModel), strict=True))


@pytest.mark.parametrize(("table", "model"), KEYS, ids=lambda each: getattr(each, "__name__", ""))
def test_every_key_is_there_with_its_real_default(table: dict[str, str], model: type[Model]) -> None:
    real = {key: shown(key, field.default) for key, field in model.model_fields.items()}
    assert table == real


def test_conditions_and_keys_of_routes_are_the_real_ones() -> None:
    assert {code(row[0])[0] for row in TABLES["condition"]} == set(WhenModel.model_fields)
    assert {code(row[0])[0] for row in TABLES["key of a route"]} == set(RouteModel.model_fields)


@pytest.mark.parametrize("row", TABLES["kind of receiver"], ids=lambda row: row[0])
def test_keys_of_receivers_are_the_real_ones(row: list[str]) -> None:
    model = RECEIVER_KINDS[code(row[0])[0]]
    keys = {key for key in model.model_fields if key not in ("name", "kind")}
    assert set(code(row[1])) == keys
    for key, default in re.findall(r"`(\w+)` \((no|yes|repeat)\b", row[1]):
        assert shown(key, model.model_fields[key].default) == default


def test_all_kinds_of_receivers_and_all_built_in_lists_are_told() -> None:
    assert {code(row[0])[0] for row in TABLES["kind of receiver"]} == set(RECEIVER_KINDS)
    assert {code(row[0])[0].removeprefix("$") for row in TABLES["list"]} == set(builtin_lists())


def test_the_files_of_the_folder_are_there() -> None:
    for row in TABLES["file"]:
        for name in code(row[0]):
            assert name == ".yaml" or (ROOT / "rules" / name).exists(), name
    assert "lists" in SingleRuleFile.model_fields


# ── slips ────────────────────────────────────────────────────────────────────────────────────────────
SLIPS = {
    "`- Ukraine: troops leave`": "keywords: a\nexamples:\n  match:\n    - Ukraine: troops leave\n",
    "`- *troops`": "keywords:\n  - *troops\n",
    "a tab": "keywords:\n\t- troops\n",
    "`keywrods:`": "keywrods: troops\n",
    "the same key twice": "keywords: a\nkeywords: b\n",
    "`- [truce + begins, holds]`": "keywords:\n  - b\nstrong: [truce + begins, holds]\n",
}


@pytest.mark.parametrize("row", TABLES["you write"], ids=lambda row: row[0])
def test_every_slip_is_told_as_it_says(row: list[str], tmp_path: Path) -> None:
    if row[0] not in SLIPS:
        assert row[2] == "the text you typed" or "in quotes" in row[2]
        return
    (tmp_path / "topic.yaml").write_text(SLIPS[row[0]], "utf-8")
    said = " ".join(f"{problem.message}; {problem.remedy}" for problem in check_desk(tmp_path).problems)
    for quoted in re.findall(r'"([^"]+)"', row[2]):
        for part in re.split(r"; | \(|\)$", quoted):
            assert part in said, said
    assert said


# ── commands ─────────────────────────────────────────────────────────────────────────────────────────
def documents() -> list[Path]:
    """Every document a person reads."""
    found = [*ROOT.glob("*.md"), *(ROOT / "rules").rglob("*.md"), *(ROOT / "deploy").rglob("*.md")]
    return sorted(path for path in found if ".venv" not in path.parts)


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_document_names_exists(path: Path) -> None:
    root = cast("Group", typer.main.get_command(app))
    quoted = re.findall(r"`newsalert ([a-z]+)((?: [a-z]+)?)", path.read_text("utf-8"))
    quoted += re.findall(r"^\$? ?newsalert ([a-z]+)((?: [a-z]+)?)", path.read_text("utf-8"), re.MULTILINE)
    for name, inner in quoted:
        command = root.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None, f"{path.name}: newsalert {name}"
        if isinstance(command, Group):
            assert command.get_command(None, inner.strip()), f"newsalert {name}{inner}"  # type: ignore[arg-type]
