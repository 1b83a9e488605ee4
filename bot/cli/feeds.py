"""``newsalert feeds …``: what is watched."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

import typer
from rich.text import Text

from bot.app_desk import load_orders
from bot.app_web import client_of
from bot.cli import catalogue, feedlists, output
from bot.cli.output import LEVEL_STYLE, JsonOption, RulesOption
from bot.config.feedfile import add_feed
from bot.config.settings import Settings
from bot.core.items import publisher
from bot.core.model import Entry, Feed, FeedState, Level, Match
from bot.core.normalise import normalise_all
from bot.errors import FetchError, InputError, ParseError, StoreError
from bot.service_feedlist import described
from bot.sources import SOURCES
from bot.store import reading_store
from bot.systemclock import SystemClock

app = typer.Typer(
    help="What is watched: list, choose, find, try, add, poll once; lists in and out.", no_args_is_help=True
)


@app.command("list")
def list_feeds(rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """List the configured feeds with their owner, language, trust, tags and how they answer."""
    with output.told_plainly():
        settings = output.settings_with(rules)
        feeds = load_orders(settings.rules_dir).feeds
        states = asyncio.run(_states(settings.database_url))
        if as_json:
            for feed in feeds:
                output.print_json(_feed_json(feed, states.get(feed.name)))
            return
        shown = output.table("name", "owner", "lang", "trust", "tags", "status", "url")
        for feed in feeds:
            state = states.get(feed.name)
            status = (state.status.value if state else "new") if feed.enabled else "off"
            shown.add_row(
                feed.name, feed.owner, feed.lang, f"{feed.trust:g}", " ".join(feed.tags), status, feed.url
            )
        output.out.print(shown)


def _feed_json(feed: Feed, state: FeedState | None) -> dict[str, object]:
    return {
        "name": feed.name,
        "url": feed.url,
        "owner": feed.owner,
        "lang": feed.lang,
        "trust": feed.trust,
        "tags": list(feed.tags),
        "enabled": feed.enabled,
        "status": state.status.value if state else "new",
        "reason": state.reason if state else "",
        "next_poll": state.next_poll.isoformat() if state and state.next_poll else None,
    }


async def _states(database_url: str) -> dict[str, FeedState]:
    """What the store remembers; nothing before the first run."""
    try:
        async with reading_store(database_url) as store:
            return dict(await store.feeds.states())
    except StoreError:
        return {}


@app.command("add")
def add(
    url: Annotated[str, typer.Argument(help="Address of an RSS, Atom or JSON feed.")] = "",
    from_catalogue: Annotated[
        str, typer.Option("--from-catalogue", metavar="NAME", help="Take this outlet of feeds catalogue.")
    ] = "",
    name: Annotated[str, typer.Option(help="Short name; made from the host without it.")] = "",
    owner: Annotated[str, typer.Option(help="Publisher family; the host without it.")] = "",
    lang: Annotated[str, typer.Option(help="Language code, e.g. en.")] = "",
    trust: Annotated[float, typer.Option(min=0.0, max=1.0, help="0 to 1.")] = 1.0,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="May be given more than once.")] = None,
    untried: Annotated[bool, typer.Option("--untried", help="Add it without reading it first.")] = False,
    rules: RulesOption = None,
) -> None:
    """Read a feed once and, if it is one, add it to feeds.yaml; comments and layout of the file stay."""
    with output.told_plainly():
        settings = output.settings_with(rules)
        if bool(url) == bool(from_catalogue):
            raise InputError("give an address, or --from-catalogue NAME")
        if from_catalogue:
            feed = catalogue.chosen(settings.rules_dir, from_catalogue)
        else:
            feed = _described(settings, Feed(name, url, owner, trust=trust, lang=lang, tags=tuple(tag or ())))
        if not untried:
            entries = asyncio.run(_read(settings, feed))
            output.out.print(f"{len(entries)} entries; the newest: {entries[0].title if entries else 'none'}")
        place = add_feed(settings.rules_dir, feed)
        output.out.print(f"added {feed.name} to {place}")


def _described(settings: Settings, feed: Feed) -> Feed:
    """The feed with a name and an owner made from its host where none was given. Raises InputError."""
    return described(feed, {each.name for each in load_orders(settings.rules_dir).feeds})


@app.command("poll")
def poll(
    name: Annotated[str, typer.Argument(help="A configured feed's name, or any feed's URL.")],
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read one feed now and show what the rules say of every entry; nothing is stored and nothing is sent."""
    with output.told_plainly():
        settings = output.settings_with(rules)
        orders = load_orders(settings.rules_dir)
        feed = next((each for each in orders.feeds if each.name == name), None)
        if feed is None and "://" not in name:
            raise InputError(f"there is no feed {name!r}; newsalert feeds list shows them")
        entries = asyncio.run(_read(settings, feed or Feed(name, name, publisher(name))))
        for entry in entries:
            _show_entry(entry, orders.rulebook.match(entry), as_json=as_json)


async def _read(settings: Settings, feed: Feed) -> list[Entry]:
    now = SystemClock().now()
    async with client_of(settings) as client:
        source = SOURCES[feed.kind](client)
        try:
            fetched = await source.fetch(feed, FeedState(feed.name), now=now)
            raws = source.parse(feed, fetched)
        except (FetchError, ParseError) as error:
            raise InputError(str(error)) from error
    entries = normalise_all(raws, feed, first_seen=now, base_url=fetched.url)
    return sorted((replace(entry) for entry in entries), key=lambda entry: entry.published, reverse=True)


def _show_entry(entry: Entry, matches: tuple[Match, ...], *, as_json: bool) -> None:
    level = matches[0].level if matches else Level.NONE
    if as_json:
        hits = [{"rule": match.rule, "score": match.score, "level": match.level.word} for match in matches]
        output.print_json(
            {
                "title": entry.title,
                "link": entry.link,
                "published": entry.published.isoformat(),
                "matches": hits,
            }
        )
        return
    words = ", ".join(f"{match.rule} {match.score}" for match in matches)
    mark = (f"{level.word if matches else '':8}", LEVEL_STYLE[level])
    line = Text.assemble(f"{entry.published:%m-%d %H:%M} ", mark, f" {entry.title}", (f"  {words}", "dim"))
    output.out.print(line, soft_wrap=True)


app.command("catalogue")(catalogue.catalogue)
app.command("discover")(feedlists.discover)
app.command("test")(feedlists.try_out)
app.command("import")(feedlists.take)
app.command("export")(feedlists.export)
