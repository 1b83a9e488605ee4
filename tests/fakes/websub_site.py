"""A news site with a WebSub hub that nobody here wrote: Flask-WebSub over Celery's in-memory broker.

    python -m tests.fakes.websub_site FOLDER

Prints its address. ``/feed`` is the feed, ``POST /publish?title=…`` adds an item and lets the hub tell its subscribers,
``/subscribers`` names their callbacks, ``/readers`` who has asked for the feed.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape


def site(folder: Path) -> tuple[Any, Any]:
    """The Flask app and the Celery app behind its hub."""
    flask, hubs = import_module("flask"), import_module("flask_websub.hub")
    celery = import_module("celery").Celery("hub", broker="memory://")
    celery.conf.update(task_always_eager=False, worker_hijack_root_logger=False)
    app = flask.Flask(__name__)
    storage = hubs.SQLite3HubStorage(str(folder / "hub.sqlite3"))
    hub = hubs.Hub(storage, celery, REQUEST_TIMEOUT=30, BACKOFF_BASE=0.1)
    app.register_blueprint(hub.build_blueprint(url_prefix="/hub"))
    items: list[str] = []
    readers: list[str] = []

    def feed() -> Any:
        readers.append(flask.request.headers.get("User-Agent", ""))
        root = flask.request.host_url
        body = f"<rss version='2.0'><channel><title>Harbour Post</title>{''.join(items)}</channel></rss>"
        links = f'<{root}hub>; rel="hub", <{root}feed>; rel="self"'
        return flask.Response(body, mimetype="application/rss+xml", headers={"Link": links})

    def publish() -> str:
        title, date = escape(flask.request.args["title"]), format_datetime(datetime.now(UTC), usegmt=True)
        items.insert(
            0, f"<item><title>{title}</title><guid>{len(items)}</guid><pubDate>{date}</pubDate></item>"
        )
        hub.send_change_notification.delay(f"{flask.request.host_url}feed")
        return "published"

    def subscribers() -> Any:
        topic = f"{flask.request.host_url}feed"
        return flask.jsonify([callback for callback, _ in storage.get_callbacks(topic)])

    def read_by() -> Any:
        return flask.jsonify(readers)

    for path, view in (("/feed", feed), ("/subscribers", subscribers), ("/readers", read_by)):
        app.add_url_rule(path, view_func=view)
    app.add_url_rule("/publish", view_func=publish, methods=["POST"])
    return app, celery


def main(folder: Path) -> None:
    """Serve until killed."""
    app, celery = site(folder)
    server = import_module("werkzeug.serving").make_server("127.0.0.1", 0, app, threaded=True)
    worker = import_module("celery.contrib.testing.worker")
    with worker.start_worker(celery, pool="solo", perform_ping_check=False, shutdown_timeout=5):
        print(f"http://127.0.0.1:{server.port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
