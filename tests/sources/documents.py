"""Feeds in our own words, in every dialect we read."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.core.model import Feed, Fetched

MORNING = datetime(2022, 2, 15, 8, 1, tzinfo=UTC)  # when item 1 was published
ITEM = (
    "<item><guid>g{n}</guid><title>Headline {n}</title><link>https://example.org/{n}</link>"
    "<description>&lt;p&gt;Words of item {n}.&lt;/p&gt;</description>"
    "<pubDate>Tue, 15 Feb 2022 08:{n:02}:00 GMT</pubDate></item>"
)
RSS20 = (
    '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Paper</title>'
    "<link>https://example.org/</link>{items}</channel></rss>"
)
ATOM = (
    '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de">'
    "<title>Paper</title><entry><id>g1</id><title>Headline 1</title>"
    '<link rel="alternate" href="https://example.org/1"/><summary>Words of item 1.</summary>'
    "<published>2022-02-15T09:01:00+01:00</published><updated>2022-02-15T09:30:00+01:00</updated>"
    "<author><name>A. Writer</name></author><category term='world'/></entry></feed>"
)
RDF = (
    '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    '<channel rdf:about="https://example.org/"><title>Paper</title></channel>'
    '<item rdf:about="https://example.org/1"><title>Headline 1</title><link>https://example.org/1</link>'
    "<dc:date>2022-02-15T08:01:00Z</dc:date></item></rdf:RDF>"
)
RSS091 = (
    '<?xml version="1.0"?><rss version="0.91"><channel><title>Paper</title><item><title>Headline 1</title>'
    "<link>https://example.org/1</link><description>Words of item 1.</description></item></channel></rss>"
)
JSON10 = (
    '{"version": "https://jsonfeed.org/version/1", "title": "Paper", "items": [{"id": 1, "url": '
    '"https://example.org/1", "title": "Headline 1", "content_html": "<p>Words of item 1.</p>", '
    '"date_published": "2022-02-15T08:01:00Z", "author": {"name": "A. Writer"}, "tags": ["world", null]}]}'
)
JSON11 = (
    '{"version": "https://jsonfeed.org/version/1.1", "title": "Paper", "language": "de", "authors": '
    '[{"name": "A. Writer"}], "items": [{"id": "g1", "external_url": "https://example.org/1", "title": '
    '"1 < 2 & 3", "content_text": "Words <of> item 1.", "date_modified": "2022-02-15T09:01:00+01:00"}]}'
)
LOGIN = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Wi-Fi</form></body></html>"


def rss(*numbers: int) -> bytes:
    """An RSS 2.0 feed with these items, in this order."""
    return RSS20.format(items="".join(ITEM.format(n=number) for number in numbers)).encode()


def feed_at(url: str, name: str = "paper") -> Feed:
    return Feed(name, url, "paper")


def served(
    body: bytes | str, content_type: str = "text/xml", url: str = "https://example.org/feed"
) -> Fetched:
    """As if it had been fetched."""
    return Fetched(url, 200, body.encode() if isinstance(body, str) else body, content_type)
