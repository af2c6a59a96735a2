"""What came in, and is it answered? One row an event, written before Slack is told it arrived."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, exists, or_, select, update

from auditbot.store.engine import insert_new, reading, writing
from auditbot.store.tables import inbox

ATTEMPTS = 5  # an event whose worker died so often is given up and listed
AGAIN_AFTER = timedelta(seconds=5)  # times the attempt


@dataclass(frozen=True, slots=True)
class Incoming:
    """One event to be answered. `text` is None when a guard stopped it (`flag` says why)."""

    event_id: str
    kind: str
    channel: str
    channel_type: str
    user: str
    ts: str | None
    thread_ts: str | None
    text: str | None
    flag: str | None
    payload: dict[str, Any]
    received_at: datetime
    status: str
    attempts: int
    error: str | None


def receive(
    conn: Connection,
    *,
    event_id: str,
    kind: str,
    now: datetime,
    channel: str = "",
    channel_type: str = "",
    user: str = "",
    ts: str | None = None,
    thread_ts: str | None = None,
    text: str | None = None,
    flag: str | None = None,
    payload: Mapping[str, Any] | None = None,
) -> bool:
    """Write an event down; False when it is known, by its id or as the same message."""
    return insert_new(
        conn,
        inbox,
        {
            "event_id": event_id,
            "kind": kind,
            "channel": channel,
            "channel_type": channel_type,
            "user": user,
            "ts": ts,
            "thread_ts": thread_ts,
            "text": _storable(text),
            "flag": flag,
            "payload": payload or {},
            "received_at": now,
        },
    )


def take(engine: Engine, now: datetime, lease_seconds: float) -> Incoming | None:
    """Take the event that waits longest, for so many seconds; None when none waits.

    An event whose worker was not heard of within its lease is taken again. One question of a
    person at a time in each channel, so that a follow-up finds what went before.
    """
    due = _due(now)
    with reading(engine) as conn:
        if conn.execute(due).first() is None:
            return None
    with writing(engine) as conn:
        conn.execute(
            update(inbox)
            .where(
                inbox.c.status == "taken", inbox.c.lease_until <= now, inbox.c.attempts >= ATTEMPTS
            )
            .values(status="failed", error="its worker stopped each time it was tried")
        )
        found = conn.execute(due.with_for_update(skip_locked=True, of=inbox)).first()
        if found is None:
            return None
        row = conn.execute(
            update(inbox)
            .where(inbox.c.event_id == found.event_id)
            .values(
                status="taken",
                lease_until=now + timedelta(seconds=lease_seconds),
                next_attempt_at=None,
                attempts=inbox.c.attempts + 1,
            )
            .returning(inbox)
        ).one()
        return _incoming(row)


def done(conn: Connection, event_id: str, now: datetime) -> bool:
    """It is answered. Belongs in the transaction that queues the answer."""
    moved = conn.execute(
        update(inbox)
        .where(inbox.c.event_id == event_id, inbox.c.status != "done")
        .values(status="done", answered_at=now, lease_until=None, error=None)
    )
    return moved.rowcount == 1


def fail(engine: Engine, event_id: str, error: str, now: datetime, *, again: bool) -> bool:
    """It could not be answered: `again` tries once more a little later, else it is given up."""
    with writing(engine) as conn:
        mine = and_(inbox.c.event_id == event_id, inbox.c.status == "taken")
        attempts = conn.scalar(select(inbox.c.attempts).where(mine))
        if attempts is None:
            return False
        conn.execute(
            update(inbox)
            .where(mine)
            .values(
                status="new" if again else "failed",
                next_attempt_at=now + AGAIN_AFTER * attempts if again else None,
                lease_until=None,
                error=error,
            )
        )
        return True


def unanswered(conn: Connection) -> list[Incoming]:
    """Events that wait, are being answered, or were given up; oldest first."""
    rows = conn.execute(select(inbox).where(inbox.c.status != "done").order_by(inbox.c.received_at))
    return [_incoming(r) for r in rows]


def incoming(conn: Connection, event_id: str) -> Incoming | None:
    """One event by its id, answered or not."""
    row = conn.execute(select(inbox).where(inbox.c.event_id == event_id)).first()
    return _incoming(row) if row is not None else None


def ask_again(engine: Engine, event_id: str) -> bool:
    """A person asks for another try of an event that was given up."""
    with writing(engine) as conn:
        moved = conn.execute(
            update(inbox)
            .where(inbox.c.event_id == event_id, inbox.c.status == "failed")
            .values(status="new", attempts=0, next_attempt_at=None)
        )
        return moved.rowcount == 1


def free(now: datetime) -> ColumnElement[bool]:
    """Is nobody answering another event of the same person in the same channel?"""
    other = inbox.alias("other")
    busy = exists().where(
        other.c.channel == inbox.c.channel,
        other.c.user == inbox.c.user,
        other.c.status == "taken",
        other.c.lease_until > now,
        other.c.event_id != inbox.c.event_id,
    )
    return ~busy


def _due(now: datetime) -> Select[Any]:
    fresh = and_(
        inbox.c.status == "new",
        or_(inbox.c.next_attempt_at.is_(None), inbox.c.next_attempt_at <= now),
    )
    left = and_(inbox.c.status == "taken", inbox.c.lease_until <= now)
    return (
        select(inbox.c.event_id)
        .where(or_(fresh, left), free(now))
        .order_by(inbox.c.received_at, inbox.c.event_id)
        .limit(1)
    )


def _incoming(row: Any) -> Incoming:
    read = {f.name: getattr(row, f.name) for f in fields(Incoming)}
    return Incoming(**read | {"payload": read["payload"] or {}})


def _storable(text: str | None) -> str | None:
    """PostgreSQL takes no NUL, and neither database half a surrogate pair."""
    if text is None:
        return None
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
