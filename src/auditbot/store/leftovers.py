"""What do loads that died leave behind, and how is it taken out again?"""

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, select, type_coerce, update

from auditbot.store import tables
from auditbot.store.engine import StoreFault, writing

LEASE = timedelta(seconds=60)  # a load that was not heard of for so long has died


def sweep(engine: Engine, *, lease: timedelta = LEASE) -> int:
    """Take out what loads that died have left behind; returns how many there were."""
    with writing(engine) as conn:
        dead = conn.scalars(select(tables.release.c.id).where(_dead(conn, lease))).all()
    for release in dead:
        discard(engine, release)
    return len(dead)


def touch(conn: Connection, mine: int, name: str) -> None:
    """Keep the lease; a load that was taken for dead must not go on."""
    t = tables.release
    alive = conn.execute(
        update(t)
        .where(t.c.id == mine, t.c.state == "loading")
        .values(touched_at=func.current_timestamp())
    )
    if alive.rowcount != 1:
        raise StoreFault(
            f"{name} took longer than {LEASE.seconds} seconds over one part and was taken for "
            "dead; load it again."
        )


def _dead(conn: Connection, lease: timedelta) -> Any:
    clock = conn.scalar(select(type_coerce(func.current_timestamp(), tables.Instant())))
    assert clock is not None
    t = tables.release
    return and_(t.c.state == "loading", t.c.touched_at <= clock - lease)


def clear_dead(conn: Connection, source: str, sha256: str) -> None:
    """Take out what a dead load of this very file has left."""
    t = tables.release
    same = and_(t.c.source == source, t.c.sha256 == sha256)
    for release in conn.scalars(select(t.c.id).where(same, _dead(conn, LEASE))).all():
        _empty(conn, release)
        remove(conn, release)


def discard(engine: Engine, release: int) -> None:
    """Take out a release that is loading, with all that it holds."""
    t = tables.release
    with writing(engine) as conn:
        if conn.scalar(select(t.c.state).where(t.c.id == release)) != "loading":
            return  # it was completed after all, or swept
        _empty(conn, release)
        remove(conn, release)


def _empty(conn: Connection, release: int) -> None:
    for metric in metrics_of(conn, release):
        for t in (tables.result, tables.echo):
            conn.execute(delete(t).where(t.c.metric == metric, t.c.release == release))


def remove(conn: Connection, release: int) -> None:
    """The row itself, if it is still loading; names, refusals and coverage go with it."""
    t = tables.release
    conn.execute(delete(t).where(t.c.id == release, t.c.state == "loading"))


def metrics_of(conn: Connection, release: int) -> list[int]:
    """Keys of the metrics that a release speaks of."""
    c = tables.coverage
    return list(conn.scalars(select(c.c.metric).where(c.c.release == release).distinct()))
