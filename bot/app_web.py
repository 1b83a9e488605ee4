"""What commands and the bot need of the web: the guarded client, and a page as an entry."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.config.settings import Settings
from bot.core.model import Entry, Feed
from bot.core.normalise import normalise
from bot.core.urls import host_of
from bot.errors import FetchError, InputError, ParseError
from bot.sources.http import Client, ClientOptions, guarded_client
from bot.sources.item import read_item
from bot.systemclock import SystemClock


def client_options(settings: Settings) -> ClientOptions:
    """How we behave on the web."""
    return ClientOptions(
        user_agent=settings.agent,
        connect_timeout=settings.connect_timeout.total_seconds(),
        total_timeout=settings.fetch_timeout.total_seconds(),
        body_limit=settings.body_limit,
        concurrency=settings.fetch_concurrency,
        host_concurrency=settings.host_concurrency,
        host_gap=settings.host_gap.total_seconds(),
        allow_loopback=settings.allow_loopback,
    )


@asynccontextmanager
async def client_of(settings: Settings) -> AsyncIterator[Client]:
    """The guarded client as this deployment wants it."""
    async with guarded_client(client_options(settings)) as client:
        yield client


async def page_entry(settings: Settings, url: str) -> Entry:
    """A web page as an entry: its headline and its paragraphs. Raises InputError when it cannot be read."""
    async with client_of(settings) as client:
        return await read_entry(client, url)


async def read_entry(client: Client, url: str) -> Entry:
    """The same over a client that is open already."""
    try:
        page = await read_item(client, url)
    except (FetchError, ParseError) as error:
        raise InputError(str(error)) from None
    feed = Feed("page", url, owner=host_of(url))
    return normalise(page, feed, first_seen=SystemClock().now(), base_url=url)
