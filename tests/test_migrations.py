import threading
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from auditbot.model import Batch
from auditbot.store import dispute, learn, load, queue, tables
from auditbot.store.engine import (
    StoreFault,
    downgrade,
    migrate,
    reading,
    schema_fault,
    writing,
)
from auditbot.store.save import save
from auditbot.viewer import Viewer
from tests.conftest import months_from, row

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def fill(engine: Engine, make_batch: Callable[..., Batch]) -> None:
    save(
        engine,
        make_batch([row("cedar-unit", "nhfd_kpi1", m, 10, 20) for m in months_from(2025, 1, 3)]),
        now=NOW,
    )
    with writing(engine) as conn:
        queue.put(conn, key="k", kind="digest", channel="C1", payload={}, not_before=NOW)
        queue.receive(conn, event_id="e", kind="mention", now=NOW)


def test_the_migrated_schema_is_that_of_the_tables(engine: Engine) -> None:
    with reading(engine) as conn:
        options = {"compare_type": True, "compare_server_default": False}
        context = MigrationContext.configure(conn, opts=options)
        assert compare_metadata(context, tables.metadata) == []


def test_sqlite_keeps_what_comparison_cannot_see(sqlite_engine: Engine) -> None:
    with reading(sqlite_engine) as conn:
        made = dict(
            conn.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all()
        )
    for table in tables.metadata.tables.values():
        options = table.dialect_options["sqlite"]
        assert ("WITHOUT ROWID" in made[table.name]) is (options["with_rowid"] is False)
        assert ("AUTOINCREMENT" in made[table.name]) is bool(options["autoincrement"])
        for check in (c for c in table.constraints if c.__visit_name__ == "check_constraint"):
            assert str(check.name) in made[table.name]


def test_up_down_and_up_again_with_data(
    bare_engine: Engine, make_batch: Callable[..., Batch]
) -> None:
    assert schema_fault(bare_engine) is None
    migrate(bare_engine)
    fill(bare_engine, make_batch)
    migrate(bare_engine)  # nothing to do, nothing lost
    with reading(bare_engine) as conn:
        assert list(load.services(conn, Viewer("open", NOW))) == ["cedar-unit"]
        assert len(queue.waiting(conn)) == 1
    downgrade(bare_engine, "base")
    with reading(bare_engine) as conn:
        assert set(inspect(conn).get_table_names()) <= {"alembic_version"}
    migrate(bare_engine)
    fill(bare_engine, make_batch)


def test_the_disputes_come_and_go_and_nothing_else_is_lost(
    bare_engine: Engine, make_batch: Callable[..., Batch]
) -> None:
    migrate(bare_engine)
    fill(bare_engine, make_batch)
    figure = {"service": "cedar-unit", "metric": "nhfd_kpi1", "period": months_from(2025, 1, 1)[0]}
    with writing(bare_engine) as conn:
        found, new = dispute.raise_dispute(
            conn,
            **figure,
            reason="coding",
            line="",
            by_role="service",
            user="U0NURSE",
            now=NOW,
            lapses_at=NOW,
        )
    assert (found.id, new) == (1, True)
    downgrade(bare_engine, "0001")
    fault = schema_fault(bare_engine)
    assert fault is not None
    assert "0001" in fault
    with reading(bare_engine) as conn:
        assert "dispute" not in inspect(conn).get_table_names()
    migrate(bare_engine)
    with reading(bare_engine) as conn:
        assert dispute.disputes(conn) == []
        assert list(load.services(conn, Viewer("open", NOW))) == ["cedar-unit"]
        assert len(queue.waiting(conn)) == 1


def test_what_was_learnt_comes_and_goes_and_nothing_else_is_lost(
    bare_engine: Engine, make_batch: Callable[..., Batch]
) -> None:
    migrate(bare_engine)
    fill(bare_engine, make_batch)
    with writing(bare_engine) as conn:
        learn.count(conn, learn.Shape(True, False), NOW.date())
        assert learn.keep_words(conn, "blorb", NOW.date())
        assert learn.teach(conn, learn.Taught("metric", "nhfd_kpi1", "blorb"), NOW.date())
    downgrade(bare_engine, "0002")
    with reading(bare_engine) as conn:
        gone = {"not_understood", "shown_words", "taught"}
        assert not gone & set(inspect(conn).get_table_names())
        assert dispute.disputes(conn) == []
    migrate(bare_engine)
    with reading(bare_engine) as conn:
        assert (learn.counts(conn), learn.kept_words(conn), learn.taught(conn)) == ([], [], [])
        assert list(load.services(conn, Viewer("open", NOW))) == ["cedar-unit"]
        assert len(queue.waiting(conn)) == 1


def test_a_newer_database_is_refused_in_a_sentence(engine: Engine) -> None:
    with writing(engine) as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    fault = schema_fault(engine)
    assert fault is not None
    assert "9999" in fault
    assert "newer version" in fault
    with pytest.raises(StoreFault, match="9999"):
        migrate(engine)


def test_two_bots_that_start_at_once_migrate_once(bare_engine: Engine) -> None:
    faults: list[BaseException] = []

    def start() -> None:
        try:
            migrate(bare_engine)
        except BaseException as e:
            faults.append(e)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert faults == []
    assert schema_fault(bare_engine) is None


def test_periods_before_1970_and_far_ahead_are_kept(
    engine: Engine, make_batch: Callable[..., Batch]
) -> None:
    long_ago = months_from(1948, 7, 2)
    save(engine, make_batch([row("s", "m", m, 1, 2) for m in long_ago]), now=NOW)
    with reading(engine) as conn:
        assert load.periods_of(conn, Viewer("open", NOW), "m") == long_ago
    assert long_ago[0].start == date(1948, 7, 1)
