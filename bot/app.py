"""Wiring: the only place that knows which edge is in which seam. It reads from top to bottom as the bot starts.

::

    settings ─▶ editors' files ─▶ store ─▶ guarded client ─▶ notifiers ─▶ loops ─▶ web

          poller ──queue──▶ ingest ──outbox──▶ courier       watcher, pages, chat, scheduler, heartbeat

Stopping goes the other way: no new polls, what is queued is decided, messages under way may finish, the store closes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from functools import partial
from signal import Signals

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot import __version__, metrics
from bot.app_backfill import ways
from bot.app_desk import new_story_index, orders_of, places_of, proven_orders, warm
from bot.app_past import PastProcess
from bot.app_push import PATH as HUB_PATH
from bot.app_push import hubs_of
from bot.app_rounds import count_feeds, daily_line
from bot.app_web import client_of, read_entry
from bot.chat import LONG_POLL, ChatFront, Webhook
from bot.config.desk import Desk
from bot.config.settings import Settings, missing_secrets
from bot.config.watch import Watcher
from bot.core.matching import RuleBook
from bot.core.model import Entry, Receiver
from bot.core.notices import notice
from bot.core.pacing import Budget, Pacemaker
from bot.core.stories import WINDOW
from bot.core.turns import TurnLimits
from bot.core.urls import host_of
from bot.delivery import Courier, CourierOptions
from bot.errors import ConfigError, Problem, StoreError
from bot.heartbeat import Heartbeat
from bot.ingest import Ingest, Orders
from bot.notify import Console, Slack, SlackWebhook, Telegram, telegram_bot
from bot.notify import Webhook as WebhookNotifier
from bot.notify.posting import poster
from bot.pages import Pages
from bot.poller import Poller
from bot.poller_backfill import Backfill
from bot.poller_watched import PollerOptions
from bot.ports import Notifier, Polled, PollRecord
from bot.service import Service
from bot.service_board import Board
from bot.service_ground import Doors, Ground
from bot.service_trial import Trial, tried
from bot.slackapp import SlackFront
from bot.sources import SOURCES, PageSource
from bot.sources.discovery import Discovery, Found
from bot.sources.http import Client
from bot.sources.parsers import Parsers, parser_processes
from bot.store import Store, open_store
from bot.supervise import Supervisor
from bot.systemclock import SystemClock
from bot.web import Health, WebServer, create_app
from bot.web.console import console, keys_of
from bot.web.hook import telegram_hook
from bot.web.hubs import websub_hook

log = structlog.get_logger()

QUEUE = 64  # polls that wait for the decider at most; beyond it the poller waits
OWED_EVERY = 5.0  # seconds between two looks at what is owed, for the metrics
FEEDS_EVERY = 60.0  # … at how the feeds do

Observer = Callable[[Polled, PollRecord], None]


# ── what may be exchanged ────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Parts:
    """What the demonstration and tests put in: notifiers beside or instead of ours, an observer of every poll."""

    notifiers: Mapping[str, Notifier] = field(default_factory=dict)
    observe: Observer | None = None
    web: bool = True
    courier: CourierOptions | None = None
    parsers: Callable[[], AbstractAsyncContextManager[Parsers]] = parser_processes


class InForce:
    """The editors' orders in force, swapped whole; no entry ever sees half of them."""

    def __init__(self, desk: Desk, orders: Orders) -> None:
        self.desk = desk
        self.orders = orders

    async def change(self, desk: Desk, rulebook: RuleBook) -> None:
        """From the next poll on these hold."""
        self.desk, self.orders = desk, orders_of(desk, rulebook)
        log.info("orders.changed", rules=len(desk.rules), feeds=len(desk.feeds))


# ── the bot ──────────────────────────────────────────────────────────────────────────────────────────
class Bot:
    """Everything that runs, by name. Made by :func:`running_bot`."""

    def __init__(
        self,
        settings: Settings,
        in_force: InForce,
        store: Store,
        client: Client,
        parsers: Parsers,
        parts: Parts,
    ) -> None:
        self.settings = settings
        self.in_force = in_force
        self.store = store
        self.clock = SystemClock()
        self.supervisor = Supervisor(self.clock)
        self.owed = asyncio.Event()
        self.queue: asyncio.Queue[Polled] = asyncio.Queue(QUEUE)
        self.notifiers = notifiers_of(settings, client) | dict(parts.notifiers)
        self.ingest = Ingest(
            store.news,
            store.wishes,
            orders=lambda: in_force.orders,
            new_index=partial(new_story_index, settings.rules_dir),
            wake=self.owed,
            observe=self._observed,
        )
        self.pages = Pages(PageSource(client).read, self.ingest.handle, self.clock)
        self.poller = self._poller(client, parsers)
        self.courier = Courier(
            store.outbox,
            self.notifiers,
            clock=self.clock,
            wake=self.owed,
            admins=self.admins,
            digests=store.digests,
            options=parts.courier,
        )
        self.watcher = Watcher(
            settings.rules_dir, in_force.desk, in_force.change, self._rules_problem, self.clock
        )
        self.board = Board()
        self.past = PastProcess(settings.database_url, settings.rules_dir)
        self.service = Service(self._ground(client, parsers))
        self.chat = chat_of(settings, self.service)
        self.slack = slack_front_of(settings, self.service)
        self.heartbeat = Heartbeat(self.clock)
        self.scheduler = AsyncIOScheduler(timezone=UTC)
        self._observer = parts.observe
        self._trouble = ""  # of the store, as the operators know it
        self.broken = asyncio.Event()  # the store must not be trusted any more: only a new start helps
        store.on_owed(self.owed.set)
        self.web_url = ""  # where the web front answers, if it does

    def _poller(self, client: Client, parsers: Parsers) -> Poller:
        sources = {kind: make(client) for kind, make in SOURCES.items()}
        self.hubs = hubs_of(self.settings, client, sources, lambda: self.poller, self.clock)
        filling = ways(
            client,
            parsers,
            sources.values(),
            decide=self.ingest.handle,
            poll_now=lambda name: self.poller.poll_now(name),
            feeds=lambda: [feed for feed in self.in_force.orders.feeds if feed.enabled],
        )
        self.backfill = Backfill(filling, self.clock)
        return Poller(
            sources,
            self.store.feeds,
            self.queue,
            feeds=lambda: self.in_force.orders.feeds,
            clock=self.clock,
            pace=Pacemaker(budget_of(self.settings)),
            notice=self.tell_admins,
            parse=parsers.parse,
            history=self.store.views.publications,
            gap=self.backfill.offer,
            hub_calls=self.hubs.calls if self.hubs else lambda _feed: False,
            options=poller_options(self.settings),
        )

    def _ground(self, client: Client, parsers: Parsers) -> Ground:
        store, settings = self.store, self.settings

        async def page(url: str) -> Entry | None:
            return await read_entry(client, url)

        async def discover(url: str) -> Sequence[Found]:
            return await Discovery(client, parsers).feeds_of(url)

        async def try_out(url: str) -> Trial:
            return await tried(client, parsers, url, self.clock.now(), budget_of(settings))

        return Ground(
            wishes=store.wishes,
            views=store.views,
            feeds=store.feeds,
            outbox=store.outbox,
            dead=store.outbox,
            orders=lambda: self.in_force.orders,
            clock=self.clock,
            doors=Doors(
                settings.telegram_admins,
                settings.may_subscribe,
                lambda: places_of(self.in_force.orders, "slack"),
                lambda: places_of(self.in_force.orders, "telegram"),
            ),
            wake=self.owed,
            page=page,
            reload=self._reload,
            rules_dir=settings.rules_dir,
            board=self.board,
            hands=self.poller,
            discover=discover,
            try_out=try_out,
            past=self.past,
        )

    # ── hooks ────────────────────────────────────────────────────────────────────────────────────────
    def _observed(self, polled: Polled, record: PollRecord) -> None:
        self.pages.offer(polled, record)
        self.poller.decided(polled, record)
        self.board.offer(record)
        self.service.shadows.offer(record)
        if self._observer is not None:
            self._observer(polled, record)

    def admins(self) -> Sequence[Receiver]:
        """The receivers that are told when something needs a person."""
        wanted = self.settings.admin_receiver
        return [each for each in self.in_force.orders.receivers if each.name == wanted]

    async def tell_admins(self, topic: str, text: str) -> None:
        """A word to the operators; without a receiver the log has it."""
        log.warning("notice", topic=topic, text=text)
        await self.store.outbox.owe(
            [notice(road, topic, text, self.clock.now()) for road in self.admins()[:1]]
        )
        self.owed.set()

    async def _reload(self) -> Sequence[Problem]:
        await self.watcher.once()
        return self.watcher.problems

    async def _rules_problem(self, text: str) -> None:
        metrics.rules_loaded(ok=not self.watcher.problems)
        await self.tell_admins("rules", text)

    # ── life ─────────────────────────────────────────────────────────────────────────────────────────
    def start(self) -> None:
        """Start every loop; each is restarted when it fails."""
        metrics.running(__version__)
        metrics.rules_loaded(ok=True)
        loops: dict[str, Callable[[], Awaitable[None]]] = {
            "decide": lambda: self.ingest.run(self.queue, self.poller.settled),
            "deliver": self.courier.run,
            "poll": self.poller.run,
            "pages": self.pages.run,
            "backfill": self.backfill.run,
            "rules": self.watcher.run,
            "heartbeat": self.heartbeat.run,
        }
        if self.hubs is not None:
            loops["hubs"] = self.hubs.run
        if self.chat is not None:
            loops["chat"] = self.chat.run
        if self.slack is not None:
            loops["slack"] = self.slack.run
        for name, run in loops.items():
            self.supervisor.start(name, run)
        self._schedule()

    def _schedule(self) -> None:
        add = self.scheduler.add_job  # of coroutine functions: what a lambda returns, nobody awaits
        add(self.forget, "cron", hour=3, minute=10, id="forget")
        add(self._count_owed, "interval", seconds=OWED_EVERY, id="owed")
        add(self._count_feeds, "interval", seconds=FEEDS_EVERY, id="feeds")
        add(self.tell_daily, "cron", hour=self.settings.daily_hour, id="daily")
        self.scheduler.start()

    async def forget(self) -> None:
        """Every night: what is older than anybody asks for."""
        now = self.clock.now()
        await self.store.purge(now - timedelta(days=self.settings.retention_days))
        await self.store.forget_readings(now - WINDOW)

    async def _count_feeds(self) -> None:
        self.service.newsroom.pulse.beat(self.clock.now())
        await count_feeds(self.poller, self.store.views, self.clock.now())

    async def tell_daily(self) -> None:
        """The daily line: silence means peace only while the eyes are open."""
        await self.tell_admins("eyes", await daily_line(self.poller, self.store.views, self.clock.now()))

    async def _count_owed(self) -> None:
        if self.store.failed:
            self.broken.set()
            return
        metrics.owed(await self.store.views.owed())
        trouble = self.store.trouble()
        if trouble and trouble != self._trouble:
            await self.tell_admins("store", trouble)
        self._trouble = trouble

    def health(self) -> Health:
        """For /healthz and /readyz."""
        return Health(
            failing=tuple(self.supervisor.unhealthy()),
            store_open=not self.store.trouble(),
            rules_loaded=bool(self.in_force.orders.rulebook.rules),
            first_round=self.poller.met_everyone,
        )

    async def stop(self) -> None:
        """No new polls; messages under way may finish. What is left is polled or sent after the next start."""
        self.scheduler.shutdown(wait=False)
        await self.past.stop()
        await self.supervisor.stop("poll", "hubs", "backfill", "pages", "rules", "chat", "slack", "heartbeat")
        await self.queue.join()
        await self.courier.stop()
        await self.supervisor.stop()
        for notifier in self.notifiers.values():
            await notifier.close()


# ── settings → options ───────────────────────────────────────────────────────────────────────────────
def budget_of(settings: Settings) -> Budget:
    """The pace this deployment wants."""
    return Budget(settings.poll_interval, settings.poll_min_interval, settings.poll_max_interval)


def poller_options(settings: Settings) -> PollerOptions:
    """The poller's share of the settings."""
    return PollerOptions(
        TurnLimits(
            places=settings.fetch_concurrency,
            host_places=settings.host_concurrency,
            host_gap=settings.host_gap.total_seconds(),
        )
    )


def notifiers_of(settings: Settings, client: Client) -> dict[str, Notifier]:
    """A notifier for every kind of place whose credentials are here."""
    post = poster(client.session)
    found: dict[str, Notifier] = {
        "console": Console(),
        "webhook": WebhookNotifier(post, settings.secret),
        "slack-webhook": SlackWebhook(post, settings.secret),
    }
    if settings.slack_bot_token is not None:
        token = settings.slack_bot_token.get_secret_value()
        base_url, buttons = f"{settings.slack_api_base}/", settings.slack_app_token is not None
        found["slack"] = Slack(token, session=client.session, base_url=base_url, buttons=buttons)
    if settings.telegram_token is not None:
        bot = telegram_bot(settings.telegram_token.get_secret_value(), settings.telegram_api_base)
        found["telegram"] = Telegram(bot)
    return found


def chat_of(settings: Settings, service: Service) -> ChatFront | None:
    """The Telegram front, where there is a token."""
    if settings.telegram_token is None:
        return None
    token, base = settings.telegram_token.get_secret_value(), settings.telegram_api_base
    bot = telegram_bot(token, base, long_poll=LONG_POLL)
    secret = settings.telegram_webhook_secret
    webhook = Webhook(secret.get_secret_value(), settings.telegram_webhook_url) if secret else None
    return ChatFront(service, bot, webhook=webhook)


def slack_front_of(settings: Settings, service: Service) -> SlackFront | None:
    """The Slack front, where both tokens are set."""
    if settings.slack_bot_token is None or settings.slack_app_token is None:
        return None
    return SlackFront(
        service,
        app_token=settings.slack_app_token.get_secret_value(),
        bot_token=settings.slack_bot_token.get_secret_value(),
        base_url=f"{settings.slack_api_base}/",
    )


# ── running ──────────────────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def running_bot(settings: Settings, parts: Parts | None = None) -> AsyncIterator[Bot]:
    """The bot, from a start in earnest to an orderly end. Raises ConfigError, StoreError before anything runs."""
    parts = parts or Parts()
    desk, orders = proven_orders(settings.rules_dir)
    missing = missing_secrets(settings, desk.receivers)
    if missing:
        raise ConfigError(missing)
    await asyncio.to_thread(warm, orders.rulebook, settings.rules_dir)
    async with AsyncExitStack() as stack:
        store = await open_store(settings.database_url)
        stack.push_async_callback(store.close)
        client = await stack.enter_async_context(client_of(settings))
        parsers = await stack.enter_async_context(parts.parsers())
        bot = Bot(settings, InForce(desk, orders), store, client, parsers, parts)
        stack.push_async_callback(bot.stop)
        bot.start()
        if parts.web:
            web = await stack.enter_async_context(serving(bot))
            bot.web_url = web.url
        yield bot


@asynccontextmanager
async def serving(bot: Bot) -> AsyncIterator[WebServer]:
    """The web front, from its open port to its last answer. Raises ConfigError."""
    settings = bot.settings
    keys = keys_of(settings, bot.clock.monotonic) if settings.web_console else None
    names = (*settings.web_names, *filter(None, [host_of(settings.public_url)]))
    app = create_app(bot.health, metrics.REGISTRY, hosts=names, keys=keys)
    if bot.chat is not None and settings.telegram_webhook_secret is not None:
        app.include_router(telegram_hook(bot.chat.accept))
    if bot.hubs is not None:
        app.include_router(websub_hook(bot.hubs, HUB_PATH, settings.body_limit))
    async with AsyncExitStack() as stack:
        if keys is not None:
            await stack.enter_async_context(console(app, bot.service, keys))
        web = WebServer(app, settings.web_host, settings.web_port)
        await web.start()
        stack.push_async_callback(web.stop)
        yield web


async def run_until_told(settings: Settings, parts: Parts | None = None) -> None:
    """Run until SIGTERM or SIGINT. Raises ConfigError, StoreError, the latter also when the store broke meanwhile."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal in (Signals.SIGTERM, Signals.SIGINT):
        loop.add_signal_handler(signal, ended.set)
    async with running_bot(settings, parts) as bot:
        log.info("bot.started", version=__version__)
        waits = [asyncio.ensure_future(each.wait()) for each in (ended, bot.broken)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        log.info("bot.stopping", reason=bot.store.failed)
        for wait in waits:
            wait.cancel()
    if bot.store.failed:
        raise StoreError(bot.store.failed)
