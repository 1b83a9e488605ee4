"""Code that reads the outside world: one source for each *kind* of thing, over one guarded client.

A new source is one new file and one line here.
"""

from bot.sources.feed import FeedSource, SitemapSource
from bot.sources.page import PageSource

SOURCES: dict[str, type[FeedSource]] = {"feed": FeedSource, "sitemap": SitemapSource}
"""A feed's ``kind`` → the class that reads it, made with the guarded client."""

__all__ = ["SOURCES", "FeedSource", "PageSource", "SitemapSource"]
