"""What is looked at regularly: how the feeds do, for the metrics, and the daily line to the operators."""

from __future__ import annotations

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


async def count_feeds(poller: Poller, views: Views, now: datetime) -> None:
    """Into the metrics: feeds by how they do and in burst, and where their alerts' time goes."""
    sights = poller.sights()
    metrics.seen(Counter(each.sight.value for each in sights), sum(bool(each.faster) for each in sights))
    try:
        delays = await views.delays_by_feed(now - LEDGER_OF)
    except StoreError as error:
        log.warning("ledger.unreadable", error=str(error))
        return
    metrics.ledger((each.feed, each.stages) for each in delays)


async def daily_line(poller: Poller, views: Views, now: datetime) -> str:
    """How many feeds answer, which do not and why. Raises StoreError."""
    return poller.all_eyes_open(sum(1 for _ in await views.decided(now - DAY)))
