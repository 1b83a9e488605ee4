"""A day of news on this machine: outlets that publish an item a second, and what of it deserves to be told.

``day`` holds the items and what is expected, ``documents`` writes them as feeds, ``server`` publishes them, ``desk``
is the editors' folder, ``summary`` the table at the end. The bot that reads them is the real one, wired elsewhere.
"""

from bot.demo.day import EXPECTED, ITEMS, differences
from bot.demo.desk import LEAST, RECEIVER, SETTINGS, write_desk
from bot.demo.server import DemoServer, demo_server
from bot.demo.summary import Summary, summary_lines

__all__ = [
    "EXPECTED",
    "ITEMS",
    "LEAST",
    "RECEIVER",
    "SETTINGS",
    "DemoServer",
    "Summary",
    "demo_server",
    "differences",
    "summary_lines",
    "write_desk",
]
