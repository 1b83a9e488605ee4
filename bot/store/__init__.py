"""What is remembered: SQLAlchemy Core over SQLite (the default) or PostgreSQL, the same statements on both.

``tables`` names what is kept, ``codec`` writes the nouns as JSON, ``engine`` opens a database and hands out
transactions, ``lock`` keeps a second instance away; the rest is one file a seam of :mod:`bot.ports`.
"""

from bot.store.store import Store, open_store, reading_store

__all__ = ["Store", "open_store", "reading_store"]
