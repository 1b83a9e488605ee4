"""``newsalert feeds catalogue``: outlets to choose from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli import output
from bot.cli.output import JsonOption, RulesOption
from bot.config.catalogue import country, is_country, load_catalogue, search
from bot.config.load import load_desk
from bot.config.values import suggestion
from bot.core.model import Feed
from bot.errors import InputError


def catalogue(
    text: Annotated[str, typer.Argument(help="Part of a name, an owner or an address.")] = "",
    countries: Annotated[
        list[str] | None, typer.Option("--country", help="ISO code, e.g. UA; may be given more than once.")
    ] = None,
    lang: Annotated[str, typer.Option(help="Language code, e.g. uk.")] = "",
    tag: Annotated[str, typer.Option(help="A tag: public, wire, state, official, conflict, cyber …")] = "",
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Outlets to choose from, those that are watched already marked; take one with feeds add --from-catalogue NAME."""
    with output.told_plainly():
        rules_dir = output.settings_with(rules).rules_dir
        watched = load_desk(rules_dir).feeds
        names = {feed.name for feed in watched}
        others = [feed for feed in load_catalogue(rules_dir) if feed.name not in names]
        found = list(search([*watched, *others], text=text, countries=countries or (), lang=lang, tag=tag))
        for feed in found if as_json else ():
            output.print_json(_json(feed, watched=feed.name in names))
        if not as_json:
            _show(found, names, len(watched) + len(others))


def _json(feed: Feed, *, watched: bool) -> dict[str, object]:
    return {
        "name": feed.name,
        "url": feed.url,
        "owner": feed.owner,
        "country": country(feed).split(),
        "lang": feed.lang,
        "trust": feed.trust,
        "tags": [tag for tag in feed.tags if not is_country(tag)],
        "watched": watched,
    }


def _show(found: list[Feed], watched: set[str], total: int) -> None:
    shown = output.table("", "name", "owner", "country", "lang", "trust", "tags", "url")
    shown.columns[1].no_wrap = True  # it is what one types
    for feed in found:
        mark = "✓" if feed.name in watched else ""
        tags = " ".join(tag for tag in feed.tags if not is_country(tag))
        row = (feed.name, feed.owner, country(feed), feed.lang, f"{feed.trust:g}", tags, feed.url)
        shown.add_row(mark, *row)
    output.out.print(shown)
    output.out.print(f"{len(found)} of {total}; ✓ is watched already")


def chosen(rules_dir: Path, name: str) -> Feed:
    """The outlet of this name. Raises InputError with the nearest one."""
    feeds = {feed.name: feed for feed in load_catalogue(rules_dir)}
    if name not in feeds:
        near = suggestion(name, feeds) or "newsalert feeds catalogue shows them"
        raise InputError(f"the catalogue has no {name!r}; {near}")
    return feeds[name]
