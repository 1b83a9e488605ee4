"""``newsalert feeds discover | test | import | export``: what could be watched, and lists in and out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from bot.app import budget_of
from bot.app_desk import load_orders
from bot.app_web import client_of
from bot.cli import output
from bot.cli.output import JsonOption, RulesOption
from bot.config.feedfile import add_feeds
from bot.config.settings import Settings
from bot.core.model import Feed
from bot.core.urls import clean, redacted
from bot.errors import FetchError, InputError, ParseError
from bot.service_feedlist import Fresh, fresh_feeds
from bot.service_trial import Trial, tried
from bot.sources.discovery import Discovery, Found
from bot.sources.opml import read_opml, write_opml
from bot.sources.parsers import parser_processes
from bot.systemclock import SystemClock
from bot.web.record import found_json, trial_json

NOTHING_FOUND = output.PARTLY

AddressArgument = Annotated[str, typer.Argument(metavar="URL", help="https:// may be left out.")]


def _address(typed: str) -> str:
    url = clean(typed.strip() if "://" in typed else f"https://{typed.strip()}")
    if not url:
        raise InputError(f"{typed} is not an http or https address")
    return url


# ── one address ──────────────────────────────────────────────────────────────────────────────────────
def discover(url: AddressArgument, rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """Find the feeds of a site: of its address, of any of its pages, or of a feed's own address.

    Looks at what stands there, at what the page announces, at links that look like feeds, at the news sitemaps
    robots.txt names and, when nothing was found, at the usual places. Each is read once before it is shown; not more
    than twelve requests are made.

    [bold]Exit codes:[/bold] 0 found; 1 nothing found; 2 the address cannot be read.

    [bold]Examples:[/bold]

      newsalert feeds discover example.org

      newsalert feeds discover https://example.org/news --json | jq -r .url
    """
    with output.told_plainly():
        found = asyncio.run(_discovered(output.settings_with(rules), _address(url)))
        if as_json:
            for each in found:
                output.print_json(found_json(each))
        else:
            _show_found(found)
        if not found:
            output.err.print(Text(f"no feed was found at {url}; another page of the site may name one"))
            raise typer.Exit(NOTHING_FOUND)


async def _discovered(settings: Settings, url: str) -> Sequence[Found]:
    async with client_of(settings) as client, parser_processes() as parsers:
        try:
            return await Discovery(client, parsers).feeds_of(url)
        except (FetchError, ParseError) as error:
            raise InputError(str(error)) from None


def _show_found(found: Sequence[Found]) -> None:
    if not found:
        return
    shown = output.table("url", "kind", "items", "newest, UTC", "hub", "found", "title")
    for each in found:
        newest = f"{each.newest:%Y-%m-%d %H:%M}" if each.newest else ""
        row = (redacted(each.url), each.kind, str(each.items), newest, "yes" if each.hub else "")
        shown.add_row(*row, each.found, Text(each.title))
    output.out.print(shown)


def try_out(url: AddressArgument, rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """What would we get? Read one feed and tell its kind, character set, items, dates, hub and pace.

    Nothing is stored. The pace is what such a feed would get at first; it is learnt from then on.

    [bold]Exit codes:[/bold] 0 it is a feed; 2 it cannot be read, or is none.

    [bold]Examples:[/bold]

      newsalert feeds test https://example.org/rss.xml

      newsalert feeds test example.org/feed --json
    """
    with output.told_plainly():
        trial = asyncio.run(_tried(output.settings_with(rules), _address(url)))
        if as_json:
            output.print_json(trial_json(trial))
        else:
            _show_trial(trial)


async def _tried(settings: Settings, url: str) -> Trial:
    async with client_of(settings) as client, parser_processes() as parsers:
        try:
            return await tried(client, parsers, url, SystemClock().now(), budget_of(settings))
        except (FetchError, ParseError) as error:
            raise InputError(str(error)) from None


def _show_trial(trial: Trial) -> None:
    shown = output.table("", "")
    shown.show_header = False
    for name, words in _told(trial):
        shown.add_row(name, Text(words))
    output.out.print(shown)
    for entry in trial.entries:
        output.out.print(Text(f"  {entry.published:%Y-%m-%d %H:%M}  {entry.title}"), soft_wrap=True)


def _told(trial: Trial) -> list[tuple[str, str]]:
    moved = ", moved here for good" if trial.moved_to else ""
    charset = f"{trial.charset}{', not as it declares' if trial.overridden else ''}"
    newest = f"; the newest of {trial.newest:%Y-%m-%d %H:%M} UTC" if trial.newest else ""
    fresh = f"; asks for {trial.fresh_for.total_seconds():.0f} s between two" if trial.fresh_for else ""
    quiet = f"; not in hours {', '.join(map(str, trial.quiet_hours))} UTC" if trial.quiet_hours else ""
    every = f"every {trial.interval.total_seconds():.0f} s at first, for {trial.items_a_day:.3g} items a day"
    return [
        ("address", f"{redacted(trial.url)}{moved}"),
        ("kind", f"{trial.form}, {trial.size:,} bytes (kind: {trial.kind})"),
        ("characters", charset),
        ("items", f"{trial.items}, {trial.dated} with a date{newest}"),
        ("language", trial.language or "not told"),
        ("unchanged", "it can say so (304)" if trial.conditional else "the whole comes every time"),
        ("pace", f"{every}{fresh}{quiet}"),
        ("hub", f"{trial.hub.url} pushes it" if trial.hub else "none: it is polled"),
    ]


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────
def take(
    opml: Annotated[Path, typer.Argument(metavar="OPML", help="The list; - reads it from stdin.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be added.")] = False,
    rules: RulesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the feeds of an OPML list to feeds.yaml; comments and layout of the file stay.

    Feeds that are watched already are left out. Names are made from titles, tags from folders. The file is changed
    only if the whole folder still loads afterwards: all feeds of the list are added, or none. Nothing is read from the
    web; a feed that does not answer is told by the bot when it polls.

    [bold]Exit codes:[/bold] 0 done; 1 the list is longer than 500 new feeds, import it again for the rest; 2 no list,
    or it would not load.

    [bold]Examples:[/bold]

      newsalert feeds import subscriptions.opml --dry-run

      newsalert feeds import - < subscriptions.opml
    """
    with output.told_plainly():
        settings = output.settings_with(rules)
        outlines = read_opml(_document(opml))
        fresh = fresh_feeds(outlines, load_orders(settings.rules_dir).feeds)
        if fresh.feeds and not dry_run:
            add_feeds(settings.rules_dir, fresh.feeds)
        _show_fresh(fresh, dry_run=dry_run, as_json=as_json)
        if fresh.left:
            raise typer.Exit(output.PARTLY)


def _document(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None


def _show_fresh(fresh: Fresh, *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        for feed in fresh.feeds:
            output.print_json(
                {
                    "name": feed.name,
                    "url": feed.url,
                    "owner": feed.owner,
                    "lang": feed.lang,
                    "tags": feed.tags,
                }
            )
        return
    shown = output.table("name", "owner", "lang", "tags", "url")
    for feed in fresh.feeds:
        shown.add_row(feed.name, feed.owner, feed.lang, " ".join(feed.tags), redacted(feed.url))
    if fresh.feeds:
        output.out.print(shown)
    done = "would be added" if dry_run else "added"
    left = f"; {fresh.left} more are left for the next time" if fresh.left else ""
    output.out.print(f"{len(fresh.feeds)} {done}, {fresh.known} watched already{left}")


def export(
    out: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write there instead of stdout.")
    ] = None,
    tag: Annotated[str, typer.Option(help="Only feeds with this tag.")] = "",
    rules: RulesOption = None,
) -> None:
    """Print the watched feeds as OPML, for other readers; user names and passwords in addresses are left out.

    [bold]Examples:[/bold]

      newsalert feeds export > newsalert.opml

      newsalert feeds export --tag baltics -o baltics.opml
    """
    with output.told_plainly():
        document = write_opml(
            _chosen(load_orders(output.settings_with(rules).rules_dir).feeds, tag),
            "newsalert",
            SystemClock().now(),
        )
        if out is None:
            sys.stdout.buffer.write(document)
            sys.stdout.flush()
            return
        try:
            out.write_bytes(document)
        except OSError as error:
            raise InputError(f"{out}: {(error.strerror or 'cannot be written').lower()}") from None


def _chosen(feeds: Sequence[Feed], tag: str) -> list[Feed]:
    chosen = [feed for feed in feeds if not tag or tag in feed.tags]
    if tag and not chosen:
        raise InputError(f"no feed has the tag {tag!r}")
    return chosen
