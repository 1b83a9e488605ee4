"""What the loader takes and refuses, and how it says so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.load import check_desk, load_desk
from bot.core.model import Direction, Level, Place, Stance
from tests.config.folders import FEEDS, only, problems_of, write


# ── every scalar is text until the schema wants something else ───────────────────────────────────────
@pytest.mark.parametrize(
    "typed", ["no", "on", "off", "yes", "22:30", "3.10", "1e3", "0o17", "0x1F", "2022-02-24", "null", "1_000"]
)
def test_a_word_stays_the_word_that_was_typed(tmp_path: Path, typed: str) -> None:
    write(tmp_path, topic=f"keywords:\n  - {typed}\n")
    (rule,) = load_desk(tmp_path).rules
    assert rule.terms[0].text == typed


def test_norway_is_a_country_and_no_answer(tmp_path: Path) -> None:
    write(tmp_path, feeds="feeds:\n  - {name: nrk, url: https://nrk.example/rss, lang: no, tags: [NO, no]}\n")
    (feed,) = load_desk(tmp_path).feeds
    assert (feed.lang, feed.tags) == ("no", ("NO", "no"))


@pytest.mark.parametrize(("typed", "meant"), [("yes", True), ("on", True), ("no", False), ("off", False)])
def test_where_yes_or_no_is_wanted_every_spelling_will_do(tmp_path: Path, typed: str, meant: bool) -> None:
    write(tmp_path, topic=f"keywords: invasion\nenabled: {typed}\n")
    (rule,) = load_desk(tmp_path).rules
    assert rule.enabled is meant


def test_a_file_with_every_key_becomes_the_rule_that_was_meant(tmp_path: Path) -> None:
    write(
        tmp_path,
        topic="""
        id: pull-back
        title: Pulling back
        description: A note
        category: conflict
        tags: [army, border]
        direction: de-escalation
        severity: high
        levels: {medium: 45}
        languages: en, de
        where: [title, lead]
        near: 4
        stance: {feared: 1, called for: 0.2}
        needs: [[border, frontier], troops]
        confirm: {outlets: 3, within: 1h30m, then: release}
        cooldown: 90s
        max_age: 2d
        enabled: yes
        strong: [troops + return]
        keywords:
          - withdrawal: 45
          - de: [Abzug, Rückzug]
        weak: drill
        against: parade
        ignore: left behind
        never: chess
        examples:
          match:
            - high: Troops return from the border
            - {text: Abzug von der Grenze der Truppen, lang: de, at_least: low, at_most: high}
          no_match: ["Chess: troops return to the border"]
        """,
    )
    (rule,) = load_desk(tmp_path).rules
    assert (rule.id, rule.title, rule.category, rule.tags) == (
        "pull-back",
        "Pulling back",
        "conflict",
        ("army", "border"),
    )
    assert (rule.direction, rule.severity) == (Direction.DEESCALATION, Level.HIGH)
    assert rule.levels == {Level.LOW: 20, Level.MEDIUM: 45, Level.HIGH: 60, Level.CRITICAL: 85}
    assert (rule.languages, rule.where, rule.near) == (("en", "de"), (Place.TITLE, Place.LEAD), 4)
    assert rule.stance is not None
    assert (rule.stance[Stance.FEARED], rule.stance[Stance.CALLED_FOR]) == (1, 0.2)
    assert (rule.stance[Stance.ASSERTED], rule.stance[Stance.DENIED]) == (1, 0.5)
    assert rule.needs == (("border", "frontier"), ("troops",))
    assert rule.confirm is not None
    assert (rule.confirm.outlets, rule.confirm.within, rule.confirm.then) == (
        3,
        timedelta(minutes=90),
        "release",
    )
    assert (rule.cooldown, rule.max_age) == (timedelta(seconds=90), timedelta(days=2))
    terms = [(term.strength, term.text, term.points, term.languages, term.line) for term in rule.terms]
    assert terms == [
        ("strong", "troops + return", None, (), 19),
        ("keywords", "withdrawal", 45, (), 21),
        ("keywords", "Abzug", None, ("de",), 22),
        ("keywords", "Rückzug", None, ("de",), 22),
        ("weak", "drill", None, (), 23),
        ("against", "parade", None, (), 24),
        ("ignore", "left behind", None, (), 25),
        ("never", "chess", None, (), 26),
    ]
    matching, german, silent = rule.examples
    assert (matching.match, matching.at_least) == (True, Level.HIGH)
    assert (german.lang, german.at_least, german.at_most) == ("de", Level.LOW, Level.HIGH)
    assert (silent.match, silent.text) == (False, "Chess: troops return to the border")


def test_keys_left_out_have_the_defaults_of_the_reference(tmp_path: Path) -> None:
    write(tmp_path, topic="keywords: troops returning, invasion")
    (rule,) = load_desk(tmp_path).rules
    assert [term.text for term in rule.terms] == ["troops returning", "invasion"]
    assert (rule.id, rule.title, rule.near, rule.severity) == (
        "troops-returning",
        "troops returning",
        6,
        Level.CRITICAL,
    )
    assert (rule.cooldown, rule.max_age) == (timedelta(hours=2), timedelta(days=1))
    assert (rule.direction, rule.stance, rule.confirm, rule.languages) == (Direction.NONE, None, None, ())


def test_lists_are_shared_by_all_files(tmp_path: Path) -> None:
    write(tmp_path, a="lists: {soldiers: [troops, army]}", b="keywords: $soldiers + leave")
    assert load_desk(tmp_path).rules[0].terms[0].text == "$soldiers + leave"
    assert check_desk(tmp_path).ok


# ── what is refused, where, and what to do instead ───────────────────────────────────────────────────
REFUSED = [
    # what stands in the file; line; what is said; the remedy
    ("keywrods: invasion", 1, "unknown key 'keywrods'", "did you mean 'keywords'?"),
    ("keywords: invasion\nexclude: pitch", 2, "unknown key 'exclude'", "did you mean 'ignore'?"),
    (
        "keywords: invasion\nkeywords: truce",
        2,
        "'keywords' stands here a second time; first in line 1",
        "merge",
    ),
    ("keywords:\n  - *troops", 2, "a text cannot begin with a star: *troops", "troops*"),
    ("keywords: &all [invasion]", 1, "a text cannot begin with &: &all", "quotes"),
    ("keywords: !!python/object:os.system [ls]", 1, "exclamation mark: !!python", "quotes"),
    ("keywords: invasion\n---\nkeywords: truce", 2, "a second document begins here", "remove the line"),
    ("keywords:\n\t- invasion", 2, "a tab where spaces are expected", "indent with spaces"),
    ("keywords: ['invasion", 1, "a quotation mark is opened here and never closed", "close it"),
    ("keywords: [invasion", 1, "the list in [ ] is not closed", "close it with ]"),
    (
        "keywords: invasion\nexamples:\n  match:\n    - Ukraine: troops return",
        4,
        "this looks like a headline with a colon",
        'put it in quotes: "Ukraine: …"',
    ),
    (
        "keywords:\n  - a\n    - b",
        3,
        "this item is indented deeper than the one above it",
        "align the dashes",
    ),
    ("keywords: invasion\ncooldown: 30", 2, "30 of what?", "write 30m for minutes"),
    ("keywords: invasion\nnear: six", 2, "'six' is not a number", "a number from 0 to 50"),
    ("keywords: invasion\nseverity: loud", 2, "'loud' is no level", "one of: low, medium, high, critical"),
    (
        "keywords: invasion\nlevels: {high: 30}",
        2,
        "a louder level needs more points",
        "give the other levels",
    ),
    ("keywords: invasion\nlanguages: english", 2, "'english' is not a language code", "en"),
    ("keywords: invasion\nstance: {fared: 1}", 2, "'fared' is no stance", "did you mean 'feared'?"),
    ("keywords: $solders + leave", 1, "there is no list $solders", ""),
    ("keywords: ceasefire +", 1, "nothing after a + or ... mark", "words on both sides"),
    ("keywords: /(/", 1, "a bad regular expression", "RE2 syntax"),
    ("keywords: invasion\nconfirm: {outlets: 2}", 2, "'within' is missing", "add within"),
    ("direction: escalation", 1, "this rule has neither strong terms nor keywords", "keywords:"),
    ("- invasion", 1, "a list stands where keys are expected", "write rules: above it"),
    ("invasion", 1, "this is one text and not keys and values", "space after the colon"),
]


@pytest.mark.parametrize(("written", "line", "message", "remedy"), REFUSED)
def test_a_mistake_has_its_line_and_a_remedy(
    tmp_path: Path, written: str, line: int, message: str, remedy: str
) -> None:
    write(tmp_path, topic=written)
    problem = only(tmp_path)
    assert problem.file == str(tmp_path / "topic.yaml")
    assert (problem.line, message in problem.message) == (line, True), problem
    assert remedy in problem.remedy, problem


TWENTY = """\
rules:
  - id: one
    keywrods: [troops]  # wrong
  - id: two
    keywords: [troops]
    near: many  # wrong
  - id: three
    keywords: [troops]
    severity: loud  # wrong
  - id: four
    keywords: [troops]
    cooldown: 30  # wrong
  - id: five
    keywords: [troops]
    direction: up  # wrong
  - id: six
    keywords: ["$nowhere"]  # wrong
  - id: seven
    keywords: ["ceasefire +"]  # wrong
  - id: eight
    strong: [/(/]  # wrong
  - id: nine
    keywords: [troops]
    languages: [klingon]  # wrong
  - id: ten
    keywords: [troops]
    where: [headline]  # wrong
  - id: eleven
    keywords: [troops]
    stance: {fared: 1}  # wrong
  - id: twelve
    keywords: [troops]
    confirm: {outlets: 1, within: 30m}  # wrong
  - id: thirteen
    keywords: [troops]
    examples: {matches: [Troops leave]}  # wrong
  - id: fourteen
    keywords: [troops]
    examples:
      match:
        - Ukraine: troops leave  # wrong
  - id: fifteen
    keywords: [troops]
    levels: {high: 30}  # wrong
  - id: two  # wrong
    keywords: [troops]
  - id: seventeen  # wrong
    title: Nothing to look for
  - id: eighteen
    keywords: [troops]
    enabled: perhaps  # wrong
  - id: nineteen
    keywords: [""]  # wrong
  - id: twenty
    keywords: [troops: 500]  # wrong
"""
TWENTY_LINES = [number for number, line in enumerate(TWENTY.splitlines(), 1) if line.endswith("# wrong")]


def test_twenty_mistakes_are_told_at_once_each_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, topic=TWENTY)
    found = problems_of(tmp_path)
    assert len(TWENTY_LINES) == 20
    assert [problem.line for problem in found if problem.severity == "error"] == TWENTY_LINES
    assert len({problem.message for problem in found}) == 20


def test_mistakes_of_all_files_are_told_together(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="keywrods: troops",
        b="keywords: [$nowhere]",
        feeds="feeds:\n  - {name: wire, url: ftp://news.example}\n",
        routes="routes:\n  - {to: desk}\n",
    )
    assert [Path(problem.file).name for problem in problems_of(tmp_path)] == [
        "a.yaml",
        "b.yaml",
        "feeds.yaml",
        "routes.yaml",
    ]


# ── between the files ────────────────────────────────────────────────────────────────────────────────
def test_two_rules_of_one_name_are_refused_wherever_they_stand(tmp_path: Path) -> None:
    write(tmp_path, a="keywords: invasion", b="id: invasion\nkeywords: troops")
    assert "the rule 'invasion' stands also in" in only(tmp_path).message


@pytest.mark.parametrize(
    "other", ["http://news.example/rss", "https://www.news.example/rss/", "https://NEWS.example/rss"]
)
def test_one_address_under_two_names_would_confirm_itself(tmp_path: Path, other: str) -> None:
    write(tmp_path, feeds=FEEDS + f"  - {{name: again, url: '{other}'}}\n")
    assert "the address" in only(tmp_path).message


def test_a_route_to_nobody_is_refused_with_the_name_that_was_meant(tmp_path: Path) -> None:
    write(
        tmp_path,
        routes='receivers:\n  - {name: desk, kind: slack, channel: "#desk"}\nroutes:\n  - {to: [dekc]}\n',
    )
    (problem,) = (problem for problem in problems_of(tmp_path) if problem.severity == "error")
    assert (problem.line, problem.remedy) == (4, "did you mean 'desk'?")


def test_a_route_no_rule_can_meet_and_a_receiver_no_route_names_are_warned_of(tmp_path: Path) -> None:
    write(
        tmp_path,
        topic="keywords: invasion\ncategory: conflict",
        routes="""
        receivers:
          - {name: desk, kind: console}
          - {name: idle, kind: console}
        routes:
          - {when: {category: conflct}, to: [desk]}
        """,
    )
    warnings = load_desk(tmp_path).warnings
    assert [problem.message for problem in warnings] == [
        "no route leads to this receiver",
        "no category 'conflct' anywhere",
    ]


def test_a_webhooks_address_is_a_secret_and_refused_in_the_file(tmp_path: Path) -> None:
    write(
        tmp_path,
        routes="receivers:\n  - {name: x, kind: slack-webhook, url_setting: 'https://hooks.example/T0/B0/xyz'}\n",
    )
    problem = only(tmp_path)
    assert problem.message == "a webhook's address is a secret"
    assert "xyz" not in str(problem)


def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    write(tmp_path, feeds="feeds:\n  - {name: a, url: 'https://me:hunter2@news.example/rss'}\n")
    assert "hunter2" not in str(only(tmp_path))


# ── examples ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("examples", "complaint"),
    [
        ("match: [Nothing of the kind]", "must reach low, but scores 0 (none)"),
        ("match: [{high: Fans fear an invasion}]", "must reach high, but scores"),
        ("match: [{text: Invasion begins, at_most: low}]", "must stay at low or below, but scores"),
        ("no_match: [Invasion begins]", "must not match, but scores"),
    ],
)
def test_a_rule_that_fails_its_own_example_is_told_with_the_score(
    tmp_path: Path, examples: str, complaint: str
) -> None:
    write(tmp_path, topic=f"keywords: invasion\nexamples:\n  {examples}\n")
    (problem,) = check_desk(tmp_path).problems
    assert complaint in problem.message
    assert problem.line == 3
    assert "newsalert explain" in problem.remedy


def test_a_rule_at_rest_need_not_keep_its_examples(tmp_path: Path) -> None:
    write(tmp_path, topic="keywords: invasion\nenabled: no\nexamples: {match: [Nothing of the kind]}\n")
    assert check_desk(tmp_path).ok


# ── warnings ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("written", "warning"),
    [
        ("keywords: [truce + begins, holds]", "the commas in [ ] cut this list"),
        ("keywords: ['ceasefire, truce and, armistice']", "looks cut at a comma"),
        ("keywords: ['truce, truce']", "stands twice"),
        ("keywords: [troops AND tanks]", "AND is read as a word"),
        ("keywords: ['\"special operation\"']", "quotes mean nothing here"),
    ],
)
def test_what_is_probably_not_meant_is_warned_of_and_loads(
    tmp_path: Path, written: str, warning: str
) -> None:
    write(tmp_path, topic=written)
    report = check_desk(tmp_path)
    assert report.ok
    assert any(warning in problem.message for problem in report.problems), report.problems
