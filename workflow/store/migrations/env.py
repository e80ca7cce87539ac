"""Alembic's environment: the connection is handed in by `workflow.store.migrating`."""

from alembic import context

from workflow.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite"
)
with context.begin_transaction():
    context.run_migrations()
