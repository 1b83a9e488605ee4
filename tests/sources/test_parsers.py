"""Documents that would keep a parser busy for ever or fill the memory cost one process, and nobody else waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.core.model import FeedState
from bot.errors import ParseError
from bot.sources import parsers as module
from bot.sources.feed import FeedSource
from bot.sources.http import Client
from bot.sources.parsers import ParserOptions, Parsers, parser_processes
from bot.sources.reading import Reading, Seen, read_feed
from bot.sources.wire import Job, pack_job, pack_result, unpack_job, unpack_result
from tests.fakes.clock import FakeClock
from tests.fakes.hostile import hostile_server
from tests.fakes.publisher import FakeSource
from tests.sources import documents
from tests.sources.documents import feed_at, rss, served

LIMITS = ParserOptions(processes=1, cpu=1, deadline=20.0, memory=400_000_000)
SLOW = (
    b'<rss version="2.0" xml:lang="en"><channel><item><author>'  # the attribute makes it one for feedparser
    + b"a" * 300_000
    + b"</author></item></channel></rss>"
)
FEED = feed_at("https://example.org/feed")


@pytest.fixture
async def parsers() -> AsyncIterator[Parsers]:
    async with parser_processes(LIMITS) as parsers:
        yield parsers


@pytest.mark.parametrize(
    "document", [rss(3, 2, 1), documents.ATOM, documents.RDF, documents.JSON10, documents.JSON11, rss()]
)
async def test_a_process_reads_what_we_would_read(
    parsers: Parsers, client: Client, document: bytes | str
) -> None:
    got = served(document)
    assert list(await parsers.parse(FeedSource(client), FEED, got)) == list(
        FeedSource(client).parse(FEED, got)
    )


async def test_what_is_no_feed_is_said_from_afar_too(parsers: Parsers, client: Client) -> None:
    with pytest.raises(ParseError, match="paper: not a feed: a web page"):
        await parsers.parse(FeedSource(client), FEED, served(documents.LOGIN))
    assert parsers.killed == 0


async def test_fault_068_a_document_that_takes_too_long_costs_its_process_and_the_next_is_read(
    parsers: Parsers, client: Client
) -> None:
    source = FeedSource(client)
    bad = asyncio.ensure_future(parsers.parse(source, FEED, served(SLOW)))
    good = asyncio.ensure_future(parsers.parse(source, replace(FEED, name="good"), served(rss(1))))
    with pytest.raises(ParseError, match="limits"):
        await bad
    assert len(await good) == 1
    assert parsers.killed == 1


async def test_feeds_that_were_slow_leave_a_process_to_the_others(client: Client) -> None:
    async with parser_processes(replace(LIMITS, processes=2)) as parsers:
        source = FeedSource(client)
        slow = replace(FEED, name="slow")
        with pytest.raises(ParseError):
            await parsers.parse(source, slow, served(SLOW))
        waiting = [asyncio.ensure_future(parsers.parse(source, slow, served(SLOW))) for _ in range(4)]
        await asyncio.sleep(0)
        assert len(await parsers.parse(source, FEED, served(rss(1)))) == 1
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_process_past_its_deadline_is_killed(client: Client) -> None:
    async with parser_processes(replace(LIMITS, cpu=60, deadline=1.5)) as parsers:
        with pytest.raises(ParseError, match="too long"):
            await parsers.parse(FeedSource(client), FEED, served(SLOW))
        assert parsers.killed == 1


async def test_fault_011_a_process_that_was_killed_is_replaced(parsers: Parsers, client: Client) -> None:
    source = FeedSource(client)
    await parsers.parse(source, FEED, served(rss(1)))
    process = parsers._free.get_nowait()
    parsers._free.put_nowait(process)
    assert process._child is not None
    process._child.kill()
    await process._child.wait()
    assert len(await parsers.parse(source, FEED, served(rss(2, 1)))) == 2


async def test_fault_014_a_document_that_needs_too_much_memory_is_contained(client: Client) -> None:
    async with parser_processes(replace(LIMITS, cpu=20, memory=150_000_000)) as parsers:
        source = FeedSource(client)
        huge = '{"items": [' + ",".join(['{"id": 1, "title": "x"}'] * 1_000_000) + "]}"
        with pytest.raises(ParseError, match=r"limits|failed"):
            await parsers.parse(source, FEED, served(huge))
        assert len(await parsers.parse(source, FEED, served(rss(1)))) == 1


async def test_a_process_that_keeps_too_much_memory_goes_by_itself_and_is_no_failure(client: Client) -> None:
    async with parser_processes(replace(LIMITS, growth=-1)) as parsers:
        source, processes = FeedSource(client), set()
        for number in range(3):
            assert len(await parsers.parse(source, FEED, served(rss(number)))) == 1
            process = parsers._free.get_nowait()
            processes.add(process._child)
            parsers._free.put_nowait(process)
        assert parsers.killed == 0
        assert processes == {None}


async def test_no_more_items_are_read_than_anybody_could_follow(client: Client) -> None:
    document = '{"items": [' + ",".join(['{"id": 1, "title": "x"}'] * 12_000) + "]}"
    assert len(FeedSource(client).parse(FEED, served(document))) == 10_000


async def test_a_cancelled_reading_leaves_no_answer_for_the_next(parsers: Parsers, client: Client) -> None:
    source = FeedSource(client)
    await parsers.parse(source, FEED, served(rss(1)))
    task = asyncio.ensure_future(parsers.parse(source, FEED, served(SLOW)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    entries = await parsers.parse(source, FEED, served(rss(7)))
    assert [entry.title for entry in entries] == ["Headline 7"]


async def test_a_new_item_of_a_known_feed_needs_no_process(
    parsers: Parsers, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = FeedSource(client)
    first = replace(served(rss(2, 1)), body_hash="first")
    source._memory.begin("paper", "")
    await parsers.parse(source, FEED, first)
    source._memory.begin("paper", "first")

    async def no_process(self: Parsers, job: Job, feed: str) -> Reading:
        raise AssertionError("a process was asked")

    monkeypatch.setattr(module.Parsers, "_elsewhere", no_process)
    entries = await parsers.parse(source, FEED, served(rss(3, 2, 1)))
    assert [entry.title for entry in entries] == ["Headline 3"]


async def test_other_sources_parse_as_they_do(parsers: Parsers) -> None:
    source = FakeSource(FakeClock())
    source.sites[FEED.url].publish("news")
    assert [raw.title for raw in await parsers.parse(source, FEED, served(b""))] == ["news"]


# ── the wire ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_job_and_its_result_survive_the_wire() -> None:
    job = Job("feed", rss(1), "text/xml", "https://example.org/", Seen(b"12345678", b"x" * 32, True))
    sent = b"".join(pack_job(job))
    pieces = iter([sent])

    def read(size: int, rest: list[bytes] = [b""]) -> bytes:  # noqa: B006 — the rest is what it remembers
        rest[0] += next(pieces, b"")
        taken, rest[0] = rest[0][:size], rest[0][size:]
        return taken

    assert unpack_job(read) == job
    assert unpack_job(read) is None
    reading = read_feed(documents.ATOM.replace("Headline", "Sch\u00f6n \U0001f600").encode())
    arrived = unpack_result(pack_result(reading)[4:])
    assert arrived.reading(arrived.entries(0, 9)) == Reading(
        list(reading.entries), reading.seen, reading.overridden, reading.unsure
    )
    refused = unpack_result(pack_result("not a feed", is_last=True)[4:])
    assert (refused.error, refused.is_last, refused.lines) == ("not a feed", True, [])


@pytest.mark.parametrize("answer", [b"", b"{", b"{}", b"[]", b'{"error": "", "items": 7}', b"\xff"])
def test_an_answer_that_makes_no_sense_is_a_broken_connection(answer: bytes) -> None:
    with pytest.raises(ConnectionError):
        unpack_result(answer)


@pytest.mark.parametrize("line", [b"", b"{", b"7", b"[]", b"[1, 2]", b"\xff"])
def test_an_entry_that_makes_no_sense_is_a_broken_connection(line: bytes) -> None:
    with pytest.raises(ConnectionError):
        unpack_result(pack_result(Reading(()))[4:] + b"\n" + line).entries(0, 1)


async def test_the_state_says_what_was_written(parsers: Parsers, client: Client) -> None:
    """The poller's way: fetch with the written state, parse elsewhere, and again."""
    async with hostile_server() as server:
        source = FeedSource(client)
        state = FeedState("paper")
        brought = []
        for numbers in ((1,), (2, 1), (3, 2)):
            feed = feed_at(server.reply("/feed", rss(*numbers)))
            got = await source.fetch(feed, state, now=documents.MORNING)
            brought.append([raw.title for raw in await parsers.parse(source, feed, got)])
            state = replace(state, body_hash=got.body_hash)
        assert brought == [["Headline 1"], ["Headline 2"], ["Headline 3"]]
