"""What is looked at regularly: how the feeds do, for the metrics, and the daily line to the operators."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import datetime, timedelta

import structlog

from bot import metrics
from bot.errors import StoreError
from bot.poller import Poller
from bot.ports import Views

log = structlog.get_logger()

LEDGER_OF = timedelta(days=7)
DAY = timedelta(days=1)
AT_A_TIME = 50  # feeds looked at before others may run


async def count_feeds(poller: Poller, views: Views, now: datetime) -> None:
    """Into the metrics: feeds by how they do and in burst, and where their alerts' time goes."""
    sights, bursts = Counter[str](), 0
    for count, name in enumerate(list(poller.names())):
        each = poller.sight(name)
        sights[each.sight.value] += 1
        bursts += bool(each.faster)
        if count % AT_A_TIME == 0:
            await asyncio.sleep(0)
    metrics.seen(sights, bursts)
    try:
        delays = await views.delays_by_feed(now - LEDGER_OF)
    except StoreError as error:
        log.warning("ledger.unreadable", error=str(error))
        return
    metrics.ledger((each.feed, each.stages) for each in delays)


async def daily_line(poller: Poller, views: Views, now: datetime) -> str:
    """How many feeds answer, which do not and why. Raises StoreError."""
    return poller.all_eyes_open(sum(1 for _ in await views.decided(now - DAY)))
