"""What waits, what was sent, and what was a post made of? Reading the outbox."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from auditbot.store.delivery import LONGEST_PAUSE, ready
from auditbot.store.inbox import free
from auditbot.store.outbox import Outgoing, outgoing
from auditbot.store.tables import inbox, outbox

OPEN = ("pending", "sending", "unknown", "failed")


def exists(conn: Connection, key: str) -> bool:
    """Was a message with this key ever queued?"""
    return conn.scalar(select(outbox.c.id).where(outbox.c.key == key)) is not None


def waiting(conn: Connection) -> list[Outgoing]:
    """Everything that is not sent: what waits, is being sent, is unknown or failed; oldest first."""
    rows = conn.execute(
        select(outbox).where(outbox.c.status.in_(OPEN)).order_by(outbox.c.not_before, outbox.c.id)
    )
    return [outgoing(r) for r in rows]


def unknown(conn: Connection, before: datetime) -> list[Outgoing]:
    """Messages of unknown outcome whose try, or the lease of it, ended at or before an instant."""
    rows = conn.execute(
        select(outbox)
        .where(
            outbox.c.status == "unknown",
            # A lease absurdly far ahead was given under another clock.
            (outbox.c.lease_until <= before) | (outbox.c.lease_until > before + 2 * LONGEST_PAUSE),
        )
        .order_by(outbox.c.id)
    )
    return [outgoing(r) for r in rows]


def by_ts(conn: Connection, ts: str, channel: str | None = None) -> Outgoing | None:
    """The row behind a post. A `ts` is unique in its channel; without one, the newest is meant."""
    query = select(outbox).where(outbox.c.ts == ts, outbox.c.status == "sent")
    if channel is not None:
        query = query.where((outbox.c.channel == channel) | (outbox.c.posted_in == channel))
    row = conn.execute(query.order_by(outbox.c.id.desc()).limit(1)).first()
    return outgoing(row) if row is not None else None


def sent_since(conn: Connection, when: datetime) -> list[Outgoing]:
    """What was sent at or after an instant, in the order of sending."""
    rows = conn.execute(
        select(outbox)
        .where(outbox.c.status == "sent", outbox.c.sent_at >= when)
        .order_by(outbox.c.sent_at, outbox.c.id)
    )
    return [outgoing(r) for r in rows]


def last_queued(conn: Connection, channel: str, kind: str) -> datetime | None:
    """When a channel last got a message of a kind; one that is on its way counts."""
    at = func.coalesce(outbox.c.sent_at, outbox.c.not_before, type_=outbox.c.sent_at.type)
    return conn.scalar(
        select(func.max(at, type_=outbox.c.sent_at.type)).where(
            outbox.c.channel == channel,
            outbox.c.kind == kind,
            outbox.c.thread_key.is_(None),
            outbox.c.status.not_in(("failed", "cancelled")),
        )
    )


def next_due(conn: Connection, now: datetime, *, without: Collection[str] = ()) -> datetime | None:
    """When there is something to do next, not before `now`; None when nothing waits.

    Counts what waits for its time, for the pace of its channel or for another try; `without` as
    for `claim`.
    """
    rows = conn.execute(ready(without)).all()
    times = [
        max(t for t in row[1:] if t is not None and (t <= now + LONGEST_PAUSE or t == row[1]))
        for row in rows
    ]
    i = inbox.c
    arrivals = conn.execute(
        select(i.received_at, i.next_attempt_at).where(i.status == "new", free(now))
    ).all()
    times += [again or received for received, again in arrivals]
    return max(min(times), now) if times else None
