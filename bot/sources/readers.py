"""What can be read, by name: a parser process is told which."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.sources.reading import Reading, Seen, read_feed
from bot.sources.sitemap import read_sitemap

READERS: Mapping[str, Callable[[bytes, str, str, Seen], Reading]] = {
    "feed": read_feed,
    "sitemap": read_sitemap,
}
"""``reader(body, content_type, url, seen)``; raises NotAFeedError."""
