"""Runs migrations on the connection it is handed; `engine.migrate` calls it."""

from alembic import context

from auditbot.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
    transactional_ddl=True,  # BEGIN is sent by us, so SQLite too can take a migration back
)
with context.begin_transaction():
    context.run_migrations()
