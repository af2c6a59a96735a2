"""Who is sending a message, and what became of it?

pending -> sending -> sent; or failed (it will not be sent), or unknown (nobody knows whether it
was). `sent` is written only with Slack's own `ts`, and an unknown row is never sent again by itself.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    exists,
    func,
    or_,
    select,
    update,
)

from auditbot.store.engine import insert_new, reading, writing
from auditbot.store.outbox import Outgoing, outgoing
from auditbot.store.tables import outbox, pace

LONGEST_PAUSE = timedelta(hours=1)  # nothing asks a channel to wait longer: see `_past`
ORPHANED = "the message it replies to was not sent"


def claim(
    engine: Engine, now: datetime, lease_seconds: float, *, without: Collection[str] = ()
) -> Outgoing | None:
    """Take the message that is due longest, for so many seconds; None when nothing is due.

    One message at a time in each channel, replies after their parent, and not before the channel's
    pace allows. `without` are kinds to leave where they are.
    """
    due = _due(now, without).order_by(outbox.c.not_before, outbox.c.id).limit(1)
    with reading(engine) as conn:  # looking takes no lock, and mostly there is nothing
        if conn.execute(due).first() is None:
            return None
    until = now + timedelta(seconds=lease_seconds)
    with writing(engine) as conn:
        # On PostgreSQL the channel's row is locked with the message: two workers never serve one
        # channel. SQLite leaves the clause out; there a writer is alone anyway.
        found = conn.execute(due.with_for_update(skip_locked=True, of=[outbox, pace])).first()
        if found is None:
            return None
        row = conn.execute(
            update(outbox)
            .where(outbox.c.id == found.id, outbox.c.status == "pending")
            .values(
                status="sending",
                claimed_at=now,
                lease_until=until,
                next_attempt_at=None,
                attempts=outbox.c.attempts + 1,
            )
            .returning(outbox)
        ).first()
        if row is None:
            return None
        conn.execute(
            update(pace)
            .where(pace.c.channel == row.channel)
            .values(busy_until=until, busy_with=row.id)
        )
        mine = outgoing(row)
        if mine.thread_key and not mine.thread_ts:
            parent = conn.scalar(select(outbox.c.ts).where(outbox.c.key == mine.thread_key))
            mine = replace(mine, thread_ts=parent)
        return mine


def held(engine: Engine, row: Outgoing, now: datetime) -> bool:
    """Is this claim still good? To be asked straight before posting: leases pass."""
    with reading(engine) as conn:
        return bool(
            conn.scalar(
                select(func.count()).where(
                    outbox.c.id == row.id,
                    outbox.c.status == "sending",
                    outbox.c.claimed_at == row.claimed_at,
                    outbox.c.lease_until > now,
                )
            )
        )


def mark_sent(
    engine: Engine,
    id: int,
    ts: str,
    now: datetime,
    sent_payload: Mapping[str, Any] | None = None,
    *,
    posted_in: str | None = None,
) -> bool:
    """It is out: Slack gave `ts`. Whatever was believed before, this is the truth."""
    known: dict[str, Any] = {"ts": ts, "sent_at": now, "error": None}
    if posted_in:
        known["posted_in"] = posted_in
    if sent_payload:
        known["sent_payload"] = sent_payload
    with writing(engine) as conn:
        return _moved(conn, id, None, None, "sent", **known)


def mark_failed(engine: Engine, id: int, error: str, *, claimed_at: datetime | None = None) -> bool:
    """It was not sent and will not be. Replies to it fall with it, and come back with `retry`."""
    with writing(engine) as conn:
        moved = _moved(
            conn, id, ("pending", "sending", "unknown"), claimed_at, "failed", error=error
        )
        if moved:
            key = conn.scalar(select(outbox.c.key).where(outbox.c.id == id))
            conn.execute(
                update(outbox)
                .where(outbox.c.thread_key == key, outbox.c.status == "pending")
                .values(status="cancelled", error=ORPHANED)
            )
        return moved


def mark_unknown(
    engine: Engine, id: int, error: str, *, claimed_at: datetime | None = None
) -> bool:
    """The answer was lost: nobody knows whether it is out. It is not sent again by itself."""
    # Whoever tried has given up, so the wait before settling counts from the try.
    tried = {"lease_until": outbox.c.claimed_at}
    with writing(engine) as conn:
        return _moved(conn, id, ("sending",), claimed_at, "unknown", error=error, **tried)


def retry_at(
    engine: Engine,
    id: int,
    when: datetime,
    error: str,
    *,
    counted: bool = True,
    claimed_at: datetime | None = None,
) -> bool:
    """It was certainly not sent: try again at `when`, within the hour.

    `counted` False: that it was not sent was no fault of the message.
    """
    undone = {} if counted else {"attempts": outbox.c.attempts - 1}
    again = {"next_attempt_at": when, "error": error, **undone}
    with writing(engine) as conn:
        return _moved(conn, id, ("sending", "unknown"), claimed_at, "pending", **again)


def retry(engine: Engine, id: int, now: datetime) -> bool:
    """A person asks to send a failed or unknown message again; False when it is neither."""
    fresh = {"attempts": 0, "not_before": now, "next_attempt_at": None}
    with writing(engine) as conn:
        moved = _moved(conn, id, ("failed", "unknown"), None, "pending", **fresh)
        if moved:
            key = conn.scalar(select(outbox.c.key).where(outbox.c.id == id))
            conn.execute(
                update(outbox)
                .where(
                    outbox.c.thread_key == key,
                    outbox.c.status == "cancelled",
                    outbox.c.error == ORPHANED,
                )
                .values(status="pending", error=None)
            )
        return moved


def expired(engine: Engine, now: datetime) -> list[int]:
    """Messages whose sender was not heard of within its lease become unknown; their ids."""
    gone = and_(outbox.c.status == "sending", _past(outbox.c.lease_until, now))
    with reading(engine) as conn:
        ids = conn.scalars(select(outbox.c.id).where(gone).order_by(outbox.c.id)).all()
    return [i for i in ids if _expire(engine, i, gone)]


def allow_after(engine: Engine, channel: str, when: datetime) -> None:
    """Let nothing go to a channel before `when`: its pace, or what Slack asked for."""
    with writing(engine) as conn:
        insert_new(conn, pace, {"channel": channel})
        too_far = when + LONGEST_PAUSE
        conn.execute(
            update(pace)
            .where(
                pace.c.channel == channel,
                or_(
                    pace.c.next_allowed_at.is_(None),
                    pace.c.next_allowed_at < when,
                    pace.c.next_allowed_at > too_far,
                ),
            )
            .values(next_allowed_at=when)
        )


def ready(without: Collection[str] = ()) -> Select[Any]:
    """Pending rows that wait for nothing but time, with their channel's pace."""
    parent = outbox.alias("parent")
    waits = exists().where(parent.c.key == outbox.c.thread_key, parent.c.status != "sent")
    return (
        select(
            outbox.c.id,
            outbox.c.not_before,
            outbox.c.next_attempt_at,
            pace.c.next_allowed_at,
            pace.c.busy_until,
        )
        .join_from(outbox, pace, pace.c.channel == outbox.c.channel)
        .where(
            outbox.c.status == "pending",
            or_(outbox.c.thread_key.is_(None), ~waits),
            outbox.c.kind.not_in(list(without)),
        )
    )


def _due(now: datetime, without: Collection[str]) -> Select[Any]:
    return ready(without).where(
        outbox.c.not_before <= now,
        or_(outbox.c.next_attempt_at.is_(None), _past(outbox.c.next_attempt_at, now)),
        or_(pace.c.next_allowed_at.is_(None), _past(pace.c.next_allowed_at, now)),
        or_(pace.c.busy_until.is_(None), _past(pace.c.busy_until, now)),
    )


def _past(column: ColumnElement[Any], now: datetime) -> ColumnElement[bool]:
    """Has this instant passed? One absurdly far ahead was set under another clock and counts not."""
    return or_(column <= now, column > now + LONGEST_PAUSE)


def _expire(engine: Engine, id: int, gone: ColumnElement[bool]) -> bool:
    with writing(engine) as conn:
        if conn.scalar(select(outbox.c.id).where(outbox.c.id == id, gone)) is None:
            return False
        error = "the process that was sending it stopped before it knew the outcome"
        return _moved(conn, id, ("sending",), None, "unknown", error=error)


def _moved(
    conn: Connection,
    id: int,
    states: Collection[str] | None,
    claimed_at: datetime | None,
    status: str,
    **values: Any,
) -> bool:
    """Change the status if it is one of `states` (None: any but `status`), and free the channel.

    `claimed_at` tells which try speaks: a late word of an earlier one is not heard.
    """
    allowed = outbox.c.status.in_(states) if states else outbox.c.status != status
    mine = and_(outbox.c.id == id, allowed)
    if claimed_at is not None:
        mine = and_(mine, outbox.c.claimed_at == claimed_at)
    moved = conn.execute(update(outbox).where(mine).values(status=status, **values)).rowcount == 1
    if moved:
        conn.execute(
            update(pace).where(pace.c.busy_with == id).values(busy_until=None, busy_with=None)
        )
    return moved
