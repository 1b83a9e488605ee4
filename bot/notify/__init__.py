"""Notifiers: each speaks to one kind of place and implements :class:`bot.ports.Notifier`.

Every one has a pure half, ``render``, and an I/O half, ``send`` and ``find``. A new notifier is one new file and
one line here.
"""

from __future__ import annotations

from bot.notify.console import Console
from bot.notify.slack import Slack
from bot.notify.slack_webhook import SlackWebhook
from bot.notify.telegram import Telegram
from bot.notify.telegram_client import telegram_bot
from bot.notify.webhook import Webhook

NOTIFIERS = {
    "telegram": Telegram,
    "slack": Slack,
    "slack-webhook": SlackWebhook,
    "webhook": Webhook,
    "console": Console,
}
"""A receiver's kind → the class that speaks to it."""

__all__ = ["NOTIFIERS", "Console", "Slack", "SlackWebhook", "Telegram", "Webhook", "telegram_bot"]
