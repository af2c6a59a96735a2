import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from auditbot.store import tables
from auditbot.store.engine import (
    StoreFault,
    insert_new,
    open_store,
    put_row,
    reading,
    writing,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_sqlite_is_prepared_for_several_processes(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as conn:
        assert conn.scalar(text("PRAGMA journal_mode")) == "wal"
        assert conn.scalar(text("PRAGMA foreign_keys")) == 1
        assert conn.scalar(text("PRAGMA synchronous")) == 1
        assert conn.scalar(text("PRAGMA busy_timeout")) == 30_000


def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    engine = open_store(f"sqlite:///{tmp_path}/a/b/store.db")
    with reading(engine) as conn:
        conn.execute(text("SELECT 1"))
    engine.dispose()
    assert (tmp_path / "a" / "b" / "store.db").exists()


@pytest.mark.parametrize("url", ["mysql://host/db", "nonsense", "oracle+oracledb://x"])
def test_other_databases_are_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(StoreFault, match="database address"):
        open_store(url)


def test_a_writer_that_fails_leaves_nothing(engine: Engine) -> None:
    def fail() -> None:
        with writing(engine) as conn:
            insert_new(conn, tables.metric, {"id": "m"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with reading(engine) as conn:
        assert conn.execute(select(tables.metric)).all() == []


def test_reading_sees_one_moment(engine: Engine) -> None:
    with reading(engine) as conn:
        before = conn.execute(select(tables.metric)).all()
        with writing(engine) as other:
            insert_new(other, tables.metric, {"id": "m"})
        assert conn.execute(select(tables.metric)).all() == before
    with reading(engine) as conn:
        assert len(conn.execute(select(tables.metric)).all()) == 1


def test_a_sqlite_writer_holds_the_lock_from_its_first_moment(sqlite_engine: Engine) -> None:
    order: list[str] = []
    begun = threading.Event()

    def second() -> None:
        begun.wait(5)
        with writing(sqlite_engine):
            order.append("second")

    thread = threading.Thread(target=second)
    thread.start()
    with writing(sqlite_engine) as conn:
        conn.execute(text("SELECT 1"))
        begun.set()
        thread.join(0.3)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_instants_are_aware_utc_in_and_out(engine: Engine) -> None:
    summer = datetime(2026, 7, 1, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    with writing(engine) as conn:
        put_row(conn, tables.heartbeat, {"name": "a", "at": summer, "detail": ""})
        read = conn.scalar(select(tables.heartbeat.c.at))
    assert read == summer
    assert read is not None
    assert read.utcoffset() == timedelta(0)


def test_an_instant_without_zone_is_refused(engine: Engine) -> None:
    naive = datetime(2026, 7, 1)
    with pytest.raises(StatementError, match="time zone"), writing(engine) as conn:
        put_row(conn, tables.heartbeat, {"name": "a", "at": naive, "detail": ""})


def test_rows_go_in_once_or_replace_each_other(engine: Engine) -> None:
    with writing(engine) as conn:
        assert insert_new(conn, tables.metric, {"id": "m"})
        assert not insert_new(conn, tables.metric, {"id": "m"})
        for value in ({"a": 1}, None, [1, "ß"]):
            put_row(conn, tables.setting, {"key": "k", "value": value, "at": NOON})
        assert conn.scalar(select(tables.setting.c.value)) == [1, "ß"]


def test_odd_values_become_plain_json(engine: Engine) -> None:
    odd = {"n": float("nan"), "day": NOON.date(), "t": (1, 2), "s": "\x00\ud800 é"}
    with writing(engine) as conn:
        put_row(conn, tables.setting, {"key": "k", "value": odd, "at": NOON})
        read = conn.scalar(select(tables.setting.c.value))
    assert read == {"n": None, "day": "2026-03-02", "t": [1, 2], "s": "\x00\ud800 é"}


def test_errors_do_not_carry_the_words_of_a_row(engine: Engine) -> None:
    with pytest.raises(DBAPIError) as caught, writing(engine) as conn:
        conn.execute(tables.inbox.insert(), {"event_id": None, "text": "something private"})
    assert "something private" not in str(caught.value)


def test_the_store_opens_without_alembic_ini_or_checkout(tmp_path: Path) -> None:
    code = (
        "from auditbot.store.engine import open_store, migrate, schema_fault\n"
        "e = open_store('sqlite:///x.db'); migrate(e); assert schema_fault(e) is None\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
