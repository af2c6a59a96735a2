"""What is to be sent? One row a message, queued once for each key."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, update

from auditbot.model import Message
from auditbot.store.engine import insert_new
from auditbot.store.tables import outbox, pace


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way. `payload` is the Message without its trail and replies."""

    id: int
    key: str
    kind: str
    channel: str
    thread_key: str | None
    thread_ts: str | None
    payload: dict[str, Any]
    trail: dict[str, Any] | None
    marker: str
    approver: str
    not_before: datetime
    status: str
    attempts: int
    claimed_at: datetime | None
    lease_until: datetime | None
    next_attempt_at: datetime | None
    error: str | None
    created_at: datetime
    ts: str | None
    posted_in: str | None
    sent_at: datetime | None
    sent_payload: dict[str, Any] | None


def put(
    conn: Connection,
    *,
    key: str,
    kind: str,
    channel: str,
    payload: Message | Mapping[str, Any],
    not_before: datetime,
    trail: Mapping[str, Any] | None = None,
    thread_key: str | None = None,
    thread_ts: str | None = None,
    approver: str = "",
) -> bool:
    """Queue one message; False when its key was queued before, whatever became of it.

    With `thread_key` it replies to that row's post and waits for it; with `thread_ts` to a post.
    """
    insert_new(conn, pace, {"channel": channel})
    return insert_new(
        conn,
        outbox,
        {
            "key": key,
            "kind": kind,
            "channel": channel,
            "thread_key": thread_key,
            "thread_ts": thread_ts,
            "payload": payload,
            "trail": trail,
            "marker": uuid.uuid4().hex,
            "approver": approver,
            "not_before": not_before,
            "created_at": not_before,
        },
    )


def put_message(
    conn: Connection,
    *,
    key: str,
    channel: str,
    message: Message,
    not_before: datetime,
    thread_ts: str | None = None,
    approver: str = "",
) -> bool:
    """Queue a message and the replies under it (keys `key|1`, `key|2`, ...); False as for `put`."""
    bare = replace(message, trail={}, thread=())
    if not put(
        conn,
        key=key,
        kind=message.kind,
        channel=channel,
        payload=bare,
        trail=message.trail,
        not_before=not_before,
        thread_ts=thread_ts,
        approver=approver,
    ):
        return False
    for i, reply in enumerate(message.thread, 1):
        put(
            conn,
            key=f"{key}|{i}",
            kind=reply.kind,
            channel=channel,
            payload=replace(reply, trail={}, thread=()),
            trail=reply.trail,
            not_before=not_before,
            thread_key=key,
            thread_ts=thread_ts,
            approver=approver,
        )
    return True


def cancel(conn: Connection, key: str, reason: str) -> bool:
    """Take back a message that nobody has begun to send, and its replies."""
    moved = conn.execute(
        update(outbox)
        .where(or_(outbox.c.key == key, outbox.c.thread_key == key), outbox.c.status == "pending")
        .values(status="cancelled", error=reason)
    )
    return moved.rowcount > 0


def outgoing(row: Any) -> Outgoing:
    """A row of the table as a noun."""
    return Outgoing(*(getattr(row, f.name) for f in fields(Outgoing)))
