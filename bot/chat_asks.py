"""Questions as commands: /why, /whynot, /latest, /search, /silences, /stats."""

from __future__ import annotations

from bot.chat_articles import explanation, fitting, hits, latest, silence, utc
from bot.chat_menu import button
from bot.chat_reply import Reply, Request, bold, safe
from bot.core.model import FeedStatus
from bot.errors import InputError
from bot.service_questions import MOST_SHOWN


async def why(request: Request) -> Reply:
    """``/why <link>``; without one the newest alert."""
    subject = request.argument
    if not subject:
        newest = await request.service.questions.latest(request.actor, 1)
        if not newest:
            raise InputError("Write the link of an alert after the command.")
        subject = newest[0].entry.key
    found = await request.service.questions.why(request.actor, subject)
    return Reply(explanation(request.t, found, request.wish.zone))


async def whynot(request: Request) -> Reply:
    """``/whynot <link or headline>``."""
    found = await request.service.questions.whynot(request.actor, request.argument)
    return Reply(explanation(request.t, found, request.wish.zone))


async def newest(request: Request) -> Reply:
    """``/latest``, ``/latest 10``."""
    limit = int(request.argument) if request.argument.isdecimal() and len(request.argument) < 4 else 5
    found = await request.service.questions.latest(request.actor, min(limit, MOST_SHOWN))
    return Reply(latest(request.t, found, request.wish.zone))


async def search(request: Request) -> Reply:
    """``/search troops + border``: by the grammar of rules."""
    found = await request.service.questions.search(request.actor, request.argument)
    return Reply(hits(request.t, found, request.wish.zone))


async def silences(request: Request) -> Reply:
    """What is muted, each with a button that ends it."""
    t, found = request.t, await request.service.silences.listed(request.actor)
    if not found:
        return Reply(t("Nothing is muted."))
    lines = [f"{number}. {silence(t, each, request.wish.zone)}" for number, each in enumerate(found, 1)]
    rows = [[button(f"✖ {number}", "unmute", each.id)] for number, each in enumerate(found[:20], 1)]
    return Reply(fitting(lines, "\n"), rows)


async def unmute(request: Request) -> Reply:
    """``/unmute <id>``: by its number in /silences, or its id."""
    which = request.argument
    if which.isdecimal() and len(which) < 3:
        found = await request.service.silences.listed(request.actor)
        which = found[int(which) - 1].id if 0 < int(which) <= len(found) else which
    await request.service.silences.drop(request.actor, which)
    return await silences(request)


async def stats(request: Request) -> Reply:
    """What the bot read and decided, and whether it can see."""
    t, status = request.t, await request.service.questions.status(request.actor)
    blind = sum(number for state, number in status.feeds.items() if state in _BLIND)
    lines = [
        (t("Feeds that answer"), f"{sum(status.feeds.values()) - blind} / {sum(status.feeds.values())}"),
        (t("Last answer"), utc(status.last_success)),
        (t("Articles read"), f"{status.counts.entries}"),
        (t("Stories"), f"{status.counts.stories}"),
        (t("Alerts"), f"{status.counts.outcomes.get('alert', 0)}"),
        (t("Messages sent"), f"{status.counts.deliveries.get('sent', 0)}"),
        (t("Subscribers"), f"{status.counts.subscriptions}"),
    ]
    return Reply(
        "\n".join([bold(t("What I saw so far")), *(f"{name}: {safe(value)}" for name, value in lines)])
    )


_BLIND = (FeedStatus.FAILING, FeedStatus.BLOCKED, FeedStatus.GONE)
