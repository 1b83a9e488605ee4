"""How Alembic reaches the database: over the connection the store hands it, never over an address of its own."""

from alembic import context

from bot.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    render_as_batch=True,
)
context.run_migrations()
