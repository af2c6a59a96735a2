"""How does a channel want to be spoken to, and what is each of its conversations about?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from auditbot.store import tables
from auditbot.store.engine import put_row


@dataclass(frozen=True, slots=True)
class Cadence:
    """What people of a channel asked for: digests at least so many days apart, metrics unheard."""

    min_days: int = 0
    muted: frozenset[str] = frozenset()
    by: str = ""


def cadence(conn: Connection, channel: str) -> Cadence:
    """What was asked for in a channel; nothing by default."""
    t = tables.cadence
    row = conn.execute(select(t).where(t.c.channel == channel)).first()
    return Cadence(row.min_days, frozenset(row.muted), row.updated_by) if row else Cadence()


def set_cadence(
    conn: Connection, channel: str, *, min_days: int, user: str, now: datetime
) -> Cadence:
    """Ask for at least `min_days` days between digests."""
    return _keep(conn, channel, min_days, cadence(conn, channel).muted, user, now)


def mute(conn: Connection, channel: str, metric: str, user: str, now: datetime) -> Cadence:
    """Ask not to hear of a metric."""
    was = cadence(conn, channel)
    return _keep(conn, channel, was.min_days, was.muted | {metric}, user, now)


def unmute(conn: Connection, channel: str, metric: str, user: str, now: datetime) -> Cadence:
    """Ask to hear of a metric again."""
    was = cadence(conn, channel)
    return _keep(conn, channel, was.min_days, was.muted - {metric}, user, now)


def thread_state(conn: Connection, channel: str, thread_ts: str | None) -> Any:
    """What a conversation was about, as JSON reads it back; None for a new one."""
    t = tables.thread_state
    return conn.scalar(
        select(t.c.state).where(t.c.channel == channel, t.c.thread_ts == (thread_ts or ""))
    )


def remember_thread(
    conn: Connection, channel: str, thread_ts: str | None, state: Any, now: datetime
) -> None:
    """Keep what a conversation is about: anything that JSON, a dataclass or a date can hold."""
    put_row(
        conn,
        tables.thread_state,
        {"channel": channel, "thread_ts": thread_ts or "", "state": state, "at": now},
    )


def _keep(
    conn: Connection,
    channel: str,
    min_days: int,
    muted: frozenset[str],
    user: str,
    now: datetime,
) -> Cadence:
    put_row(
        conn,
        tables.cadence,
        {
            "channel": channel,
            "min_days": min_days,
            "muted": sorted(muted),
            "updated_by": user,
            "at": now,
        },
    )
    return Cadence(min_days, muted, user)
