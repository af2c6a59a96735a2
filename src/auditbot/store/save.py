"""How does a file enter the store? By chunks under a release that nobody sees until it is whole."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    Table,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from auditbot.model import Batch, Period, Publication
from auditbot.store import tables
from auditbot.store.cells import (
    Cells,
    Keys,
    bulk_insert,
    cells_of,
    encode,
    insert_cells,
    learn,
    learn_periods,
)
from auditbot.store.engine import StoreFault, insert_all_new, insert_new, writing
from auditbot.store.leftovers import clear_dead, discard, metrics_of, remove, sweep, touch
from auditbot.store.revision import KEY, compared

__all__ = ["BeingLoaded", "Saved", "save", "sweep"]

CHUNK = 50_000  # rows in one transaction: others wait for the lock some tenths of a second


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a batch. `results` counts the file's cells, `stored` those that were new."""

    state: Literal["loaded", "incomplete", "unchanged", "revised"]
    release: int
    results: int
    services: int
    periods: tuple[Period, ...]
    stored: int = 0
    not_numeric: int = 0


class BeingLoaded(StoreFault):
    """Another process is loading this very file."""


def save(
    engine: Engine,
    batch: Batch,
    *,
    now: datetime,
    publication: Publication = "public",
    publish_at: datetime | None = None,
    progress: Callable[[int], None] | None = None,
) -> Saved:
    """Save a batch whole or not at all; `progress` hears how many rows are done.

    The same file on the same terms again changes nothing. Whatever `batch.frames` raises is raised
    again, after everything of the file was taken out. Raises BeingLoaded, and StoreFault when a
    file holds one cell twice.
    """
    with writing(engine) as conn:
        clear_dead(conn, batch.source, batch.sha256)
        mine, earlier = _begin(conn, batch, now, publication, publish_at)
        if earlier is not None and earlier.state == "complete":
            return _unchanged(conn, earlier)
    try:
        instead = earlier.id if earlier is not None else None
        count, new, revised = _fill(engine, batch, mine, instead, now, progress)
        keys = Keys()
        learn(engine, tables.service, {s.service for s in batch.services}, keys.service)
        learn_periods(engine, {(s.period.start, s.period.end) for s in batch.services}, keys.period)
        with writing(engine) as conn:
            return _finish(conn, batch, mine, earlier, keys, count, new, revised)
    except BaseException:
        discard(engine, mine)
        raise


def _begin(
    conn: Connection,
    batch: Batch,
    now: datetime,
    publication: Publication,
    publish_at: datetime | None,
) -> tuple[int, Row[Any] | None]:
    """A release in state `loading`, and an earlier load of the same file on the same terms."""
    t = tables.release
    same_file = and_(t.c.source == batch.source, t.c.sha256 == batch.sha256)
    opened = insert_new(
        conn,
        t,
        {
            "source": batch.source,
            "audit": batch.audit,
            "name": batch.name,
            "sha256": batch.sha256,
            "received_at": now,
            "publication": publication,
            "publish_at": publish_at,
            "published": batch.published,
            "state": "loading",
            "touched_at": func.current_timestamp(),
        },
    )
    if not opened:
        raise BeingLoaded(
            f"{batch.name} is being loaded by another process; wait a minute and look again."
        )
    mine = conn.scalar(select(t.c.id).where(same_file, t.c.state == "loading"))
    assert mine is not None
    # Asked only after the row above was taken: of two processes, the second sees the first's.
    # An embargo that has passed is none: the same file without it is on the same terms.
    passed = publish_at is None or publish_at <= now
    out = or_(t.c.publish_at.is_(None), t.c.publish_at <= now)
    terms = (t.c.publication == publication, out if passed else t.c.publish_at == publish_at)
    earlier = conn.execute(
        select(t)
        .where(same_file, *terms, t.c.state.in_(tables.LOADED))
        .order_by(t.c.state, t.c.id.desc())  # "complete" sorts before "incomplete"
        .limit(1)
    ).first()
    if earlier is not None and earlier.state == "complete":
        conn.execute(delete(t).where(t.c.id == mine))
    return mine, earlier


def _fill(
    engine: Engine,
    batch: Batch,
    mine: int,
    instead: int | None,
    now: datetime,
    progress: Callable[[int], None] | None,
) -> tuple[int, int, int]:
    """Store the cells: how many the file has, how many were new, how many revise another."""
    keys = Keys()
    covered: set[int] = set()
    count = new = revised = 0
    for frame in _blocks(batch.frames):
        block = encode(engine, frame, keys)
        for i in range(0, len(block), CHUNK):
            cells = block.take(slice(i, i + CHUNK))
            with writing(engine) as conn:
                touch(conn, mine, batch.name)
                verdict = compared(conn, cells, mine, instead, now)
                _cover(conn, cells, mine, covered)
                fresh = cells.take(~verdict.equal) if verdict.equal.any() else cells
                try:
                    insert_cells(conn, fresh, [mine] * len(fresh))
                except IntegrityError:
                    raise StoreFault(
                        f"{batch.name} holds a figure of the same service, metric and period "
                        "twice; remove one of the two."
                    ) from None
                _echo(conn, cells.take(verdict.echoes), mine)
                again = verdict.restored
                if len(again):
                    insert_cells(conn, cells_of(again), again["release"].tolist())
            count += len(cells)
            new += len(fresh)
            revised += int(verdict.revises.sum())
            if progress:
                progress(count)
    return count, new, revised


def _blocks(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Small frames put together, so that a transaction is worth its while."""
    waiting: list[pd.DataFrame] = []
    rows = 0
    for frame in frames:
        if len(frame):
            waiting.append(frame)
            rows += len(frame)
        if rows >= CHUNK:
            yield waiting[0] if len(waiting) == 1 else pd.concat(waiting, ignore_index=True)
            waiting, rows = [], 0
    if waiting:
        yield pd.concat(waiting, ignore_index=True)


def _cover(conn: Connection, cells: Cells, mine: int, covered: set[int]) -> None:
    new = set(np.unique(cells.pairs()).tolist()) - covered
    if new:
        rows = [{"release": mine, "metric": n >> 32, "period": n & 0xFFFFFFFF} for n in sorted(new)]
        conn.execute(insert(tables.coverage), rows)
        covered |= new


def _echo(conn: Connection, cells: Cells, mine: int) -> None:
    """Note what this release says again."""
    keys = {name: getattr(cells, name).tolist() for name in KEY}
    bulk_insert(conn, "echo", keys | {"release": [mine] * len(cells)})


def _finish(
    conn: Connection,
    batch: Batch,
    mine: int,
    earlier: Row[Any] | None,
    keys: Keys,
    count: int,
    new: int,
    revised: int,
) -> Saved:
    """Make the release complete, or put it into the earlier incomplete load of the same file."""
    touch(conn, mine, batch.name)
    state = "incomplete" if batch.refusals else "complete"
    release = mine
    if earlier is not None:
        release = earlier.id
        _merge(conn, mine, release)
        remove(conn, mine)
    _describe(conn, batch, release, keys)
    conn.execute(
        update(tables.release)
        .where(tables.release.c.id == release)
        .values(state=state, results=count, not_numeric=batch.not_numeric)
    )
    told: Literal["loaded", "incomplete", "unchanged", "revised"] = "loaded"
    if batch.refusals:
        told = "incomplete"
    elif revised:
        told = "revised"
    elif count and not new and earlier is None:
        told = "unchanged"
    services = {s.service for s in batch.services}
    return Saved(told, release, count, len(services), tuple(batch.periods), new, batch.not_numeric)


def _describe(conn: Connection, batch: Batch, release: int, keys: Keys) -> None:
    """What the file calls its services, and which of its cells were refused."""
    sightings = {
        (keys.service[s.service], keys.period[s.period.start, s.period.end]): s
        for s in batch.services
    }
    if sightings:
        conn.execute(
            insert(tables.sighting),
            [
                {
                    "release": release,
                    "service": service,
                    "period": period,
                    "name": s.name,
                    "parent": s.parent,
                    "region": s.region,
                    "peer_group": s.peer_group,
                }
                for (service, period), s in sightings.items()
            ],
        )
    if batch.refusals:
        conn.execute(
            insert(tables.refusal),
            [
                {
                    "release": release,
                    "row": r.row,
                    "column": r.column,
                    "value": r.value,
                    "reason": r.reason,
                    "service": r.service,
                }
                for r in batch.refusals
            ],
        )


def _merge(conn: Connection, mine: int, release: int) -> None:
    """Move the cells of `mine` to an earlier load of the same file, in place of its own.

    One file stays one release, so what was told of it stays told.
    """
    c = tables.coverage
    for metric in metrics_of(conn, mine):
        _replace(conn, tables.result, tables.result, metric, mine, release)
        _replace(conn, tables.echo, tables.result, metric, mine, release)
        _replace(conn, tables.echo, tables.echo, metric, mine, release)
        for t in (tables.result, tables.echo):
            moved = update(t).where(t.c.metric == metric, t.c.release == mine)
            conn.execute(moved.values(release=release))
    pairs = conn.execute(select(c.c.metric, c.c.period).where(c.c.release == mine)).all()
    insert_all_new(conn, c, [{"release": release, "metric": m, "period": p} for m, p in pairs])
    conn.execute(delete(tables.sighting).where(tables.sighting.c.release == release))
    conn.execute(delete(tables.refusal).where(tables.refusal.c.release == release))


def _replace(conn: Connection, t: Table, by: Table, metric: int, mine: int, release: int) -> None:
    """Take a release's rows out of `t` where `mine` has one in `by`."""
    n = by.alias("n")
    replaced = exists().where(
        n.c.metric == t.c.metric,
        n.c.service == t.c.service,
        n.c.period == t.c.period,
        n.c.release == mine,
    )
    conn.execute(delete(t).where(t.c.metric == metric, t.c.release == release, replaced))


def _unchanged(conn: Connection, earlier: Row[Any]) -> Saved:
    s, p = tables.sighting, tables.period
    services = conn.scalar(
        select(func.count(s.c.service.distinct())).where(s.c.release == earlier.id)
    )
    periods = conn.execute(
        select(p.c.start, p.c.end)
        .where(p.c.key.in_(select(s.c.period).where(s.c.release == earlier.id)))
        .order_by(p.c.start, p.c.end)
    )
    return Saved(
        "unchanged",
        earlier.id,
        earlier.results,
        services or 0,
        tuple(Period(start, end) for start, end in periods),
        0,
        earlier.not_numeric,
    )
