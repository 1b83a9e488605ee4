"""A news site on loopback: a page that announces its feed, and a feed that grows while the test runs."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from xml.sax.saxutils import escape


class Site:
    """Serves from a thread until left; ``publish`` may be called at any time."""

    def __init__(self) -> None:
        self.asked = 0
        self._items: dict[str, list[str]] = {"/feed": [], "/second": []}
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content_type, body = site.answer(self.path)
                self.send_response(200 if body else 404)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def publish(
        self,
        title: str,
        summary: str = "",
        *,
        feed: str = "/feed",
        link: str = "",
        author: str = "",
        tag: str = "",
    ) -> None:
        """One more item, at the top."""
        number = sum(map(len, self._items.values()))
        now = format_datetime(datetime.now(UTC))
        self._items[feed].insert(
            0,
            f"<item><title>{escape(title)}</title><description>{escape(summary)}</description>"
            f"<link>{escape(link or f'{self.url}/item/{number}')}</link><guid>{number}</guid>"
            f"<author>{escape(author)}</author><category>{escape(tag)}</category><pubDate>{now}</pubDate></item>",
        )

    def answer(self, path: str) -> tuple[str, bytes]:
        """What stands there."""
        self.asked += 1
        if path in self._items:
            items = "".join(self._items[path])
            channel = f"<channel><title>Harbour{path}</title>{items}</channel>"
            return "application/rss+xml", f'<?xml version="1.0"?><rss version="2.0">{channel}</rss>'.encode()
        if path == "/":
            page = (
                '<html><head><title>Harbour</title><link rel="alternate" type="application/rss+xml" '
                'title="Second desk" href="/second"></head><body>News</body></html>'
            )
            return "text/html", page.encode()
        return "text/plain", b""

    def __enter__(self) -> Site:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
