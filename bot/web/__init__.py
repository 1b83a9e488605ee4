"""The one HTTP front: health, readiness and metrics, served inside the bot's own event loop."""

from bot.web.app import Health, create_app
from bot.web.server import WebServer

__all__ = ["Health", "WebServer", "create_app"]
