"""How is the database opened, written to, and brought up to date? SQLite and PostgreSQL differ here.

SQLite: one writer at a time, which waits its turn from the first statement on (`BEGIN IMMEDIATE`),
so that no transaction fails half way for having read before it wrote. A local disk only.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext, make_url

BUSY_SECONDS = 30  # how long a writer waits for another one
# Pages a connection keeps. A large load wants its index in memory; who reads does it once, and the
# system keeps the file.
WRITING_KIBIBYTES, READING_KIBIBYTES = 65_536, 8_192
MIGRATION_LOCK = 7_236_545  # any number, the same in every process

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}


class StoreFault(Exception):
    """The store cannot be used as asked; the sentence says why and what to do."""


def open_store(url: str) -> Engine:
    """An engine for a SQLite or PostgreSQL address; the folder of a SQLite file is made.

    Raises StoreFault for any other kind of database. Nothing is created in it: see `migrate`.
    """
    try:
        address = make_url(url)
    except Exception:
        raise StoreFault(
            "the database address cannot be read; write it as sqlite:///var/auditbot.db or "
            "postgresql://user:password@host/name."
        ) from None
    kind = address.drivername.split("+")[0]
    if kind not in _DRIVERS:
        raise StoreFault(
            f"the database address begins with '{address.drivername}'; only sqlite and postgresql "
            "are supported."
        )
    address = address.set(drivername=_DRIVERS[kind])
    # hide_parameters: an error must not carry the words or figures of a row into a log.
    options: dict[str, Any] = {"json_serializer": _as_json, "hide_parameters": True}
    if kind != "sqlite":
        engine = create_engine(address, pool_pre_ping=True, **options)
        event.listen(engine, "handle_error", _hide_details)
        return engine
    if address.database and address.database != ":memory:":
        Path(address.database).expanduser().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes; committed at the end, rolled back on an exception."""
    with engine.connect().execution_options(writing=True) as conn, conn.begin():
        yield conn


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that reads: everything in it is seen as at one moment."""
    with engine.connect() as conn:
        if engine.dialect.name == "postgresql":
            conn.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with conn.begin():
            yield conn


def insert_new(conn: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless one of its keys is taken. True when it was inserted."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    key = next(iter(table.primary_key))
    new = insert(table).values(row).on_conflict_do_nothing().returning(key)
    return conn.execute(new).first() is not None


def insert_all_new(conn: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert many rows, those of which a key is taken excepted; how many were inserted."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    if not rows:
        return 0
    key = next(iter(table.primary_key))
    new = insert(table).on_conflict_do_nothing().returning(key)
    return len(conn.execute(new, rows).all())


def put_row(conn: Connection, table: Table, row: Mapping[str, Any]) -> None:
    """Insert a row, or change the one that has its primary key."""
    insert = postgresql.insert if conn.dialect.name == "postgresql" else sqlite.insert
    key = [c.name for c in table.primary_key]
    rest = {name: value for name, value in row.items() if name not in key}
    conn.execute(insert(table).values(row).on_conflict_do_update(index_elements=key, set_=rest))


def migrate(engine: Engine) -> None:
    """Bring the schema up to date; an empty database gets every table.

    All or nothing, and one process at a time. Raises StoreFault when the database is newer than
    this code.
    """
    with writing(engine) as conn:
        if engine.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": MIGRATION_LOCK})
        revision, script = _revision(conn), ScriptDirectory.from_config(_config())
        if revision == script.get_current_head():
            return
        if revision is not None and revision not in _known(script):
            raise StoreFault(_newer(engine, revision))
        command.upgrade(_config(conn), "head")


def downgrade(engine: Engine, revision: str) -> None:
    """Take the schema back to a revision ("base": no tables), with what data it can hold."""
    with writing(engine) as conn:
        command.downgrade(_config(conn), revision)


def schema_fault(engine: Engine) -> str | None:
    """One sentence when the database is newer or older than this code; None when they fit.

    An empty database fits: `migrate` fills it.
    """
    script = ScriptDirectory.from_config(_config())
    with reading(engine) as conn:
        revision = _revision(conn)
    head = script.get_current_head()
    if revision is None or revision == head:
        return None
    if revision not in _known(script):
        return _newer(engine, revision)
    return (
        f"The database {_place(engine)} is at schema {revision} and this version of auditbot needs "
        f"{head}; stop every bot, back the database up and run 'auditbot migrate'."
    )


def _newer(engine: Engine, revision: str) -> str:
    return (
        f"The database {_place(engine)} is at schema {revision}, which this version of auditbot "
        "does not know; install the newer version that last used it."
    )


def _place(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def _known(script: ScriptDirectory) -> set[str]:
    return {s.revision for s in script.walk_revisions()}


def _revision(conn: Connection) -> str | None:
    if not inspect(conn).has_table("alembic_version"):
        return None
    return MigrationContext.configure(conn).get_current_revision()


def _config(conn: Connection | None = None) -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = conn
    return config


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # BEGIN is ours: see `_begin_sqlite`
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(conn: Connection) -> None:
    write = conn.get_execution_options().get("writing", False)
    kept = WRITING_KIBIBYTES if write else READING_KIBIBYTES
    conn.exec_driver_sql(f"PRAGMA cache_size = -{kept}")
    conn.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _hide_details(context: ExceptionContext) -> None:
    """PostgreSQL tells a refused row in the lines under its message; only the message is kept."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args and isinstance(error.args[0], str):
            error.args = (error.args[0].partition("\n")[0], *error.args[1:])


def _as_json(value: Any) -> str:
    """JSON of anything the house keeps: dataclasses, dates, tuples; what is no number is null."""
    # Escaped to ASCII: no stray character of somebody's text can then be refused by a database.
    return json.dumps(to_jsonable_python(value, fallback=_plain, inf_nan_mode="null"))


def _plain(value: Any) -> Any:
    return dict(value) if isinstance(value, Mapping) else str(value)
