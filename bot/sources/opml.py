"""OPML: lists of feeds as other readers export and import them. Pure.

A list is as hostile as a feed: it comes from strangers. Entities are not resolved, nothing is opened, and only http
and https addresses come out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import urlsplit, urlunsplit

from lxml import etree

from bot.core import urls
from bot.core.model import Feed
from bot.errors import InputError

LARGEST = 5_000_000  # bytes
MOST_FEEDS = 20_000
DEEPEST = 20  # folders within folders
_LONGEST = 200  # characters of a title or a folder's name


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list. ``folders`` are the names of the folders it stands in, outermost first."""

    url: str
    title: str = ""
    site: str = ""
    lang: str = ""
    folders: tuple[str, ...] = ()


def read_opml(document: bytes) -> list[Outline]:
    """The feeds of a list, each address once. Raises InputError for what is no list."""
    if len(document) > LARGEST:
        raise InputError("the list is larger than {most} bytes", most=LARGEST)
    parser = etree.XMLParser(recover=True, resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None or str(root.tag).lower() != "opml":
        raise InputError("this is not an OPML file")
    found: dict[str, Outline] = {}
    for outline in _outlines(root, ()):
        found.setdefault(urls.canonical(outline.url), outline)
        if len(found) > MOST_FEEDS:
            raise InputError("the list has more than {most} feeds", most=MOST_FEEDS)
    return list(found.values())


def _outlines(element: etree._Element, folders: tuple[str, ...]) -> Iterator[Outline]:
    for child in element:
        name = str(child.tag).lower() if isinstance(child.tag, str) else ""
        if name == "body":
            yield from _outlines(child, ())
        elif name == "outline":
            yield from _outline(child, folders)


def _outline(child: etree._Element, folders: tuple[str, ...]) -> Iterator[Outline]:
    told = {str(name).lower(): " ".join(str(value).split()) for name, value in child.attrib.items()}
    title = (told.get("text") or told.get("title") or "")[:_LONGEST]
    url = told.get("xmlurl", "")
    if url and urls.split(url):
        site = told.get("htmlurl", "")
        yield Outline(url, title, site if urls.split(site) else "", told.get("language", "")[:10], folders)
    if len(child) and len(folders) < DEEPEST:
        yield from _outlines(child, (*folders, title) if title and not url else folders)


def write_opml(feeds: Iterable[Feed], title: str, now: datetime) -> bytes:
    """These feeds as a list, one folder for each first tag; addresses without user names and passwords."""
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = title
    etree.SubElement(head, "dateCreated").text = format_datetime(now)
    body = etree.SubElement(root, "body")
    folders: dict[str, etree._Element] = {"": body}
    for feed in feeds:
        folder = feed.tags[0] if feed.tags else ""
        if folder not in folders:
            folders[folder] = etree.SubElement(body, "outline", text=folder, title=folder)
        told = {"type": "rss", "text": feed.name, "title": feed.name, "xmlUrl": _open(feed.url)}
        etree.SubElement(
            folders[folder], "outline", {**told, **({"language": feed.lang} if feed.lang else {})}
        )
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _open(url: str) -> str:
    """Without user name and password: lists are passed on."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
