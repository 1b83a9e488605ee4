"""How Alembic reaches the database: over the connection the store hands it, never over an address of its own.

The store has begun a transaction on it, and commits it when all steps are done: an older database is brought up to
date whole or stays what it was, whatever stops us in between. Both databases roll back what makes tables, too.
"""

from alembic import context

from bot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
