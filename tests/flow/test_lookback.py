"""The quick comparison of a draft with what is saved says what the plain one says, whatever the edit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config.drafts import load_draft
from bot.core.lexicon import Lexicon
from bot.core.matching import headline
from bot.core.model import Decision, Entry, Outcome
from bot.core.shelf import Shelf
from bot.core.terms import Word
from bot.errors import InputError
from bot.ports import StoredDecision
from bot.service_drafts import Past, rules_of, side_of
from bot.service_lookback import Comparison, counted, fired
from tests.fakes.clock import FakeClock
from tests.fakes.wishes import MemoryViews

NOW = FakeClock().now()
SINCE = NOW - timedelta(days=7)
WORDS = """\
lists:
  river: [Alma, Borea, Cenis]
  waters: [$river, lake]
"""
RULES = """\
rules:
  - id: flood
    title: Floods
    strong:
      - flood + $waters
      - de: Hochwasser
      - ru: наводнение
    keywords: [dam burst, /(?i)level \\d+ cm/, "Deich"]
    weak: [rain]
    against: [drill]
    never: [museum]
    ignore: [flood of letters]
    examples: {match: [The Alma floods two towns]}
  - id: fire
    title: Fires
    strong: [wildfire, =FIRE, blaz*]
    keywords: [Feuer]
    examples: {match: [Wildfire near the lake]}
"""
HEADLINES = {
    "en": (
        "The Alma floods two towns",
        "Floods along the Cenis feared",
        "Flood drill at the Borea",
        "A flood of letters reaches a town by the lake",
        "Museum shows the flood of the Alma",
        "Dam burst after rain",
        "Rain and more rain",
        "River level 412 cm",
        "Wildfire near the lake",
        "FIRE",
        "Blazing heat, blazes feared",
        "A quiet day in the harbour",
        "A storm surge and a flood of the Dorna",
        "Firefighters rest",
        "A dam burst is feared",
        "Nothing happens at sea",
        "All is well in the hills",
    ),
    "de": (
        "Hochwasser an der Alma",
        "Winterdeich gebrochen",
        "Lagerfeuer am See",
        "Waldfeuer wütet",
        "Briefflut im Museum",
    ),
    "ru": ("Наводнение на реке", "Тихий день"),
}
EDITS = {
    "nothing": (RULES, WORDS),
    "a term more": (RULES.replace("[dam burst,", "[dam burst, storm surge,"), WORDS),
    "a term other": (RULES.replace("dam burst", "quiet + harbour"), WORDS),
    "a term less": (RULES.replace("wildfire, ", ""), WORDS),
    "an order": (RULES.replace("wildfire, =FIRE", "=FIRE, wildfire"), WORDS),
    "own points": (RULES.replace("[dam burst,", "[{dam burst: 1},"), WORDS),
    "a pattern": (RULES.replace("level", "lake"), WORDS),
    "a beginning": (RULES.replace("blaz*", "fire*"), WORDS),
    "a veto less": (RULES.replace("    never: [museum]\n", ""), WORDS),
    "a veto more": (RULES.replace("never: [museum]", "never: [museum, towns]"), WORDS),
    "nothing ignored": (RULES.replace("    ignore: [flood of letters]\n", ""), WORDS),
    "nothing against": (RULES.replace("    against: [drill]\n", ""), WORDS),
    "levels": (RULES.replace("title: Floods", "title: Floods\n    levels: {low: 39}"), WORDS),
    "lower levels": (RULES.replace("title: Floods", "title: Floods\n    levels: {low: 5, medium: 9}"), WORDS),
    "levels and a term": (
        RULES.replace("title: Floods", "title: Floods\n    levels: {low: 39}").replace("[dam burst,", "[storm surge,"),
        WORDS,
    ),
    "a severity": (RULES.replace("title: Floods", "title: Floods\n    severity: low"), WORDS),
    "a tag": (RULES.replace("title: Floods", "title: Floods\n    tags: [water]"), WORDS),
    "stances": (RULES.replace("title: Floods", "title: Floods\n    stance: any"), WORDS),
    "headlines only": (RULES.replace("title: Fires", "title: Fires\n    where: [title]"), WORDS),
    "a need": (RULES.replace("title: Floods", "title: Floods\n    needs: [[towns, $river]]"), WORDS),
    "a title": (RULES.replace("title: Fires", "title: Great fires"), WORDS),
    "a rule less": (RULES[: RULES.index("  - id: fire")], WORDS),
    "a German word that hid another": (RULES.replace("Feuer]", "Feuer]\n    weak: [Waldfeuer]"), WORDS),
    "a list": (RULES, WORDS.replace("Cenis", "Dorna")),
}  # fmt: skip


def stored(entry: Entry) -> StoredDecision:
    return StoredDecision(entry, Decision(entry.key, Outcome.NO_MATCH, ()), NOW)


def archive() -> MemoryViews:
    entries = [
        replace(
            headline(text, lang),
            lang=lang,
            key=f"{lang}{number}",
            fingerprint=f"{lang}{number}",
            summary=texts[(number * 3 + 3) % len(texts)],
            first_seen=NOW - timedelta(hours=3 * number),
        )
        for lang, texts in HEADLINES.items()
        for number, text in enumerate(texts)
    ]
    return MemoryViews(*map(stored, entries))


def folder_with(path: Path, rules: str, words: str) -> Path:
    path.mkdir(exist_ok=True)
    (path / "nature.yaml").write_text(rules, "utf-8")
    (path / "words.yaml").write_text(words, "utf-8")
    return path


def plainly(folder: Path, name: str, text: str, entries: Iterable[Entry]) -> Comparison:
    """Every entry under both texts."""
    saved, edited = (
        load_draft(folder, name, (folder / name).read_text("utf-8")),
        load_draft(folder, name, text),
    )
    before, after = (side_of(each, rules_of(each, name)) for each in (saved, edited))
    rules, found = counted(before, after), Comparison(7)
    for entry in entries:
        if entry.first_seen >= SINCE:
            found.entries += 1
            old, new = (
                [each for each in fired(side.book.match(entry)) if each.rule in rules]
                for side in (before, after)
            )
            found.add(entry.title, old, new)
    return found


@pytest.mark.parametrize("edit", EDITS)
async def test_it_says_what_reading_everything_says(edit: str, tmp_path: Path) -> None:
    folder, views = folder_with(tmp_path / "rules", RULES, WORDS), archive()
    rules, words = EDITS[edit]
    name, text = ("nature.yaml", rules) if words == WORDS else ("words.yaml", words)
    entries = [each.entry for each in views.decisions]
    past = Past(folder, views)
    expected = plainly(folder, name, text, entries)
    assert await past.compare(name, text, SINCE, 7) == expected
    assert await past.compare(name, text, SINCE, 7) == expected  # with what was kept
    assert expected.before.total() > 0


async def test_most_edits_change_something_or_the_table_proves_nothing(tmp_path: Path) -> None:
    folder, views = folder_with(tmp_path / "rules", RULES, WORDS), archive()
    found = {
        edit: await Past(folder, views).compare("nature.yaml", rules, SINCE, 7)
        for edit, (rules, words) in EDITS.items()
        if words == WORDS
    }
    silent = {edit for edit, each in found.items() if not each.gained_count + each.lost_count}
    assert silent <= {"nothing", "a title", "an order", "a severity", "a tag", "stances"}


async def test_news_and_edited_articles_are_seen_by_the_next_question(tmp_path: Path) -> None:
    folder, views = folder_with(tmp_path / "rules", RULES, WORDS), archive()
    past = Past(folder, views)
    text = EDITS["a term more"][0]
    await past.compare("nature.yaml", text, SINCE, 7)
    calm = next(at for at, each in enumerate(views.decisions) if "quiet day" in each.entry.title)
    changed = replace(
        views.decisions[calm].entry, title="Storm surge reaches the harbour", fingerprint="other"
    )
    views.decisions[calm] = stored(changed)
    views.decisions.append(stored(replace(changed, key="new", title="Wildfire and a storm surge")))
    found = await past.compare("nature.yaml", text, SINCE, 7)
    assert found == plainly(folder, "nature.yaml", text, [each.entry for each in views.decisions])
    assert "Storm surge reaches the harbour" in [change.title for change in found.gained]


async def test_a_saved_file_is_the_one_compared_with(tmp_path: Path) -> None:
    folder, views = folder_with(tmp_path / "rules", RULES, WORDS), archive()
    past = Past(folder, views)
    await past.get_ready("nature.yaml", SINCE)
    text = EDITS["a rule less"][0]
    assert (await past.compare("nature.yaml", text, SINCE, 7)).lost_count > 0
    folder_with(folder, text, WORDS)
    assert (await past.compare("nature.yaml", text, SINCE, 7)).lost_count == 0


@pytest.mark.parametrize("saved", [edit for edit, (_, words) in EDITS.items() if words == WORDS])
async def test_after_an_edit_was_saved_only_what_it_touches_is_weighed_again(
    saved: str, tmp_path: Path
) -> None:
    folder, views = folder_with(tmp_path / "rules", RULES, WORDS), archive()
    past = Past(folder, views)
    await past.get_ready("nature.yaml", SINCE)
    folder_with(folder, EDITS[saved][0], WORDS)
    entries = [each.entry for each in views.decisions]
    assert await past.compare("nature.yaml", RULES, SINCE, 7) == plainly(
        folder, "nature.yaml", RULES, entries
    )


async def test_other_levels_read_no_article_but_those_that_are_shown(tmp_path: Path) -> None:
    folder, views = folder_with(tmp_path / "rules", RULES, WORDS), archive()
    past = Past(folder, views)
    await past.get_ready("nature.yaml", SINCE)
    asked = views.read
    found = await past.compare("nature.yaml", EDITS["levels"][0], SINCE, 7)
    assert found.lost_count > 0
    assert views.read - asked == found.lost_count


async def test_a_draft_that_does_not_load_is_refused(tmp_path: Path) -> None:
    folder = folder_with(tmp_path / "rules", RULES, WORDS)
    with pytest.raises(InputError):
        await Past(folder, archive()).compare("nature.yaml", "rules: [", SINCE, 7)


KEYED = (
    ("en", "de-escalation of the cease-fire in the U.S. on 24-hour notice; troops' attacks"),
    ("de", "Luftangriffe und Waldbrände: Truppen ziehen sich zurück, 300 Verletzte"),
    ("ru", "Войска отошли от границы, 12-й день; кое-где стреляли"),
    ("zh", "軍隊越過邊界 2024"),
)


@pytest.mark.parametrize(("lang", "text"), KEYED)
def test_a_shelf_knows_every_key_a_lexicon_may_find(lang: str, text: str) -> None:
    lexicon = Lexicon(lang)
    words = ("escalation", "ceasefire", "us", "hour", "attack", "angriff", "brand", "ziehen", "граница", "軍")
    for word in words:
        lexicon.register(Word(word))
        lexicon.register(Word(word, "exact"))
        lexicon.register(Word(word[:3], "prefix"))
    lexicon.register(Word("#", "number"))
    found = lexicon.keys_in(text)
    shelf = Shelf(lang)
    shelf.put(7, replace(headline(text, lang), lang=lang))
    assert found
    assert {key for key in found if shelf.with_any([key])} == found
