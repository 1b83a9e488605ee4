"""Alerts held for a digest and told together.

A route with ``digest: 30m`` owes each alert as a delivery of its own, due at the end of the running half hour, so
that nothing new has to be durable. When the first of them is about to be sent the others that are due are folded
into it: one message, one receipt, and the folded ones say where they were told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.core.model import Delivery, MessageKind


def may_fold(delivery: Delivery) -> bool:
    """A digest that was never tried: what may have arrived must not change its words."""
    return delivery.message.kind is MessageKind.DIGEST and not delivery.attempts and not delivery.receipts


def folded(digest: Delivery, others: Iterable[Delivery]) -> Delivery:
    """The digest with the others' alerts in it: of one story only the newest, in order of decision.

    It then belongs to no single story: an update of one of them must not edit it.
    """
    newest = {alert.story: alert for alert in digest.message.alerts}
    priority = digest.priority
    for other in others:
        priority = max(priority, other.priority)
        for alert in other.message.alerts:
            if alert.story not in newest or newest[alert.story].revision < alert.revision:
                newest[alert.story] = alert
    alerts = tuple(sorted(newest.values(), key=lambda alert: (alert.decided, alert.story)))
    return replace(digest, story="", priority=priority, message=replace(digest.message, alerts=alerts))
