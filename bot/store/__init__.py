"""What is remembered: SQLAlchemy Core over SQLite (the default) or PostgreSQL, the same statements on both.

``store`` opens it and ``reading_store`` opens it for questions beside a running bot. One file a seam of
:mod:`bot.ports`: ``news``, ``feeds``, ``outbox`` (what goes next is chosen in ``claim``), ``wishes``, ``views``;
``retention`` forgets. Below them ``tables`` names what is kept, ``codec`` writes the nouns as JSON, ``statements`` are
those each database spells differently, ``engine`` hands out transactions, ``address`` reads the configured one,
``schema`` and ``migrations`` keep the tables up to date, ``lock`` keeps a second instance from a file and ``fleet``
lets several share a server.
"""

from bot.store.store import Store, open_store, reading_store

__all__ = ["Store", "open_store", "reading_store"]
