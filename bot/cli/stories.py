"""``newsalert stories …``: what telling stories apart learns from the editors' own archive."""

from __future__ import annotations

from pathlib import Path

import typer

from bot.app_desk import LEARNED
from bot.cli import output
from bot.cli.archive import ArchiveArgument, archive_lines
from bot.cli.output import JsonOption, RulesOption
from bot.cli.stream import Lines
from bot.config.storydata import DATA, LANGUAGES, background_file, read_background, write_background
from bot.core.background import FEWEST_WORDS, ArchiveWords, learned
from bot.core.normalise import entry_of_item
from bot.errors import InputError

app = typer.Typer(help="How stories are told apart: learn from your own archive.", no_args_is_help=True)


@app.callback()
def stories() -> None:
    """How stories are told apart."""


@app.command()
def learn(file: ArchiveArgument, rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """Learn from an archive how common words are in what you read, so that what everybody writes identifies nothing.

    Writes background/words.LANG.tsv.gz in the rules folder, one for each of en, de, ru and uk of which the archive
    holds 20,000 words or more; it goes before the shipped table from the next start. Remove the file to go back.
    The archive is that of replay: items as JSONL, in any order.
    """
    with output.told_plainly():
        folder = output.settings_with(rules).rules_dir / LEARNED
        read = ArchiveWords()
        stream = Lines(archive_lines(file))
        for item in stream:
            read.add(entry_of_item(item))
        rows = [_learn(read, lang, folder) for lang in read.languages]
        _show(rows, as_json=as_json)
        if not any(row["file"] for row in rows):
            raise InputError(f"{file}: nothing was learned; that takes {FEWEST_WORDS:,} words of a language")
        stream.finish()


def _learn(read: ArchiveWords, lang: str, folder: Path) -> dict[str, object]:
    words = read.words(lang)
    row: dict[str, object] = {"lang": lang, "articles": read.articles[lang], "words": words, "stems": 0}
    if lang not in LANGUAGES or words < FEWEST_WORDS:
        return row | {"file": ""}
    shipped, ordinary = read_background(DATA, lang)
    shares = learned(read.counts[lang], shipped)
    write_background(folder, lang, shares, ordinary)
    return row | {"stems": len(shares), "file": str(background_file(folder, lang))}


def _show(rows: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        for row in rows:
            output.print_json(row)
        return
    shown = output.table("lang", "articles", "words", "stems", "written")
    for row in rows:
        shown.add_row(*(str(row[key]) or "too few words: as shipped" for key in row))
    output.out.print(shown)
