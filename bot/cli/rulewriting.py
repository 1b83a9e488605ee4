"""``newsalert rules suggest | new | feedback``: help for people who write rules."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bot.app_desk import load_orders, new_story_index
from bot.cli import output
from bot.cli.archive import archive_lines
from bot.cli.output import JsonOption, RulesOption
from bot.cli.stream import Lines
from bot.config.languages import builtin_lists, load_languages
from bot.config.lint import word_shares
from bot.config.load import load_desk
from bot.core.draft import Draft, draft
from bot.core.language import detect
from bot.core.matching import RuleBook, headline
from bot.core.model import Feedback
from bot.core.normalise import entry_of_item
from bot.core.suggest import Suggester, Suggestion
from bot.errors import InputError, StoreError
from bot.store import reading_store

RuleOption = Annotated[str, typer.Option("--rule", help="The rule's id.")]


# ── suggest ──────────────────────────────────────────────────────────────────────────────────────────
def suggest(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help="The rule's id.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A dated archive, JSONL; - for stdin.")],
    rules: RulesOption = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="At most so many terms.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Words a rule lacks: they stand in headlines on its topic that it missed, and hardly anywhere else.

    On the topic are headlines that tell the same story as one the rule met, and those in which it saw something but
    not enough.
    """
    with output.told_plainly():
        rules_dir = output.settings_with(rules).rules_dir
        suggester, stream = _read(rules_dir, rule_id, file)
        found = suggester.suggestions(limit)
        if as_json:
            output.print_json(
                {"rule": rule_id, "missed": suggester.missed, "terms": [_json(each) for each in found]}
            )
        else:
            _show(rule_id, found, suggester.missed)
        stream.finish()


def _read(rules_dir: Path, rule_id: str, file: Path) -> tuple[Suggester, Lines]:
    rulebook = load_orders(rules_dir).rulebook
    if rule_id not in rulebook.rules:
        raise InputError(f"there is no rule {rule_id!r}; newsalert rules list shows them")
    lists = {**builtin_lists(), **load_desk(rules_dir).lists}
    suggester = Suggester(rulebook.rules[rule_id], lists, word_shares())
    index = new_story_index(rules_dir)
    stream = Lines(archive_lines(file))
    for item in stream:
        entry = entry_of_item(item)
        placement = index.place(entry, (), entry.first_seen)
        index.absorb(entry, (), placement)
        met = next((match for match in rulebook.sheet(entry) if match.rule == rule_id), None)
        hit = met is not None and met.level > 0
        suggester.add(entry, hit=hit, near=met is not None and met.score > 0, story=placement.story)
    return suggester, stream


def _json(each: Suggestion) -> dict[str, object]:
    return {
        "term": each.term,
        "lang": each.lang,
        "missed": each.missed,
        "elsewhere": each.elsewhere,
        "examples": list(each.examples),
    }


def _show(rule_id: str, found: Sequence[Suggestion], missed: Sequence[str]) -> None:
    output.out.print(
        f"{len(missed)} headlines on the topic that {rule_id} does not tell; words that would find them:\n"
    )
    shown = output.table("adds", "others", "lang", "term", "for example")
    for each in found:
        shown.add_row(
            str(each.missed), str(each.elsewhere), each.lang, Text(each.term), Text(each.examples[0])
        )
    output.out.print(shown)
    if not found:
        output.out.print("None that is not as common elsewhere. The headlines themselves:")
        for title in missed[:20]:
            output.out.print(Text(f"  {title}"), soft_wrap=True)


# ── new ──────────────────────────────────────────────────────────────────────────────────────────────
def new(
    text: Annotated[str, typer.Argument(metavar="HEADLINE", help="A headline you wish to be told of.")],
    lang: Annotated[str, typer.Option(help="Language of the headline; detected without it.")] = "",
) -> None:
    """Draft a rule from one headline: YAML on stdout, what it would do with the headline on stderr.

    newsalert rules new "Volcano erupts near Icelandic fishing town" > rules/volcano.yaml
    """
    with output.told_plainly():
        spoken = lang or detect(text) or "en"
        made = draft(text, spoken, builtin_lists(), word_shares(), load_languages().cues_of(spoken))
        if made is None:
            raise InputError("no word of this headline carries meaning; try a longer one")
        typer.echo(made.yaml(), nl=False)
        output.err.print(Text(_verdict(made), style="dim"))


def _verdict(made: Draft) -> str:
    met = RuleBook([made.rule()], {}, load_languages()).match(headline(made.headline, made.lang))
    if not met:
        return "It does not ring on its own headline; newsalert explain says why."
    return f"On its own headline: {met[0].score} points, {met[0].level.word}. Now add headlines it must not ring on."


# ── feedback ─────────────────────────────────────────────────────────────────────────────────────────
def feedback(
    rule: RuleOption = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 100,
    as_json: JsonOption = False,
) -> None:
    """Headlines of alerts that people called wrong, as no_match examples to paste into the rule."""
    with output.told_plainly():
        database_url = output.settings_with(None).database_url
        found = asyncio.run(_feedback(database_url, rule, limit))
        if as_json:
            for each in found:
                output.print_json(_feedback_json(each))
        else:
            _show_feedback(_by_rule(found))


async def _feedback(database_url: str, rule: str, limit: int) -> Sequence[Feedback]:
    try:
        async with reading_store(database_url) as store:
            return await store.wishes.feedback(rule=rule, limit=limit)
    except StoreError:  # before the first run there is nothing
        return ()


def _feedback_json(each: Feedback) -> dict[str, object]:
    terms = [{"term": term.term, "evidence": term.words, "points": term.points} for term in each.terms]
    return {
        "id": each.id,
        "rule": each.rule,
        "title": each.title,
        "lang": each.lang,
        "link": each.link,
        "score": each.score,
        "terms": terms,
        "by": each.by,
        "at": each.at.isoformat(),
    }


def _by_rule(found: Sequence[Feedback]) -> Mapping[str, Mapping[str, list[Feedback]]]:
    """Rule → headline → who said it."""
    rules: dict[str, dict[str, list[Feedback]]] = {}
    for each in found:
        rules.setdefault(each.rule, {}).setdefault(each.title, []).append(each)
    return rules


def _show_feedback(rules: Mapping[str, Mapping[str, list[Feedback]]]) -> None:
    if not rules:
        output.out.print("Nobody has called an alert wrong.")
    for rule, titles in rules.items():
        output.out.print(Text(f"{rule}\n      no_match:", style="bold"))
        for title, said in titles.items():
            text = json.dumps(title, ensure_ascii=False)
            output.out.print(
                Text(f"        - {{text: {text}, lang: {said[0].lang or 'en'}}}"), soft_wrap=True
            )
            because = ", ".join(f"{term.points:+d} {term.words!r}" for term in said[0].terms)
            note = f"          # {len(said)} × wrong, {said[0].score} points: {because}"
            output.out.print(Text(note, style="dim"), soft_wrap=True)
