"""Alembic's entry: migrations run on the connection that monitor.store.migrate hands over."""

from alembic import context

from monitor.store.tables import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    user_module_prefix="types.",
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
