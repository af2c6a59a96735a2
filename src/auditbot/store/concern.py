"""What is known of a confirmed concern on its way from the lead to the channel?

waiting or held -> posted or withdrawn. Who may do what, and until when, is `act/concern`'s affair.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, and_, or_, select, update

from auditbot.model import Message, Period
from auditbot.store.engine import insert_new
from auditbot.store.tables import concern as t

OPEN = ("waiting", "held")


@dataclass(frozen=True, slots=True)
class Concern:
    """One concern: the figure it is about, the channel's message, and what the lead did."""

    id: int
    channel: str
    service: str
    metric: str
    start: date
    end: date
    release: int
    message: dict[str, Any]
    lead_key: str
    due_at: datetime
    state: str
    held_until: datetime | None
    hold_reason: str
    held_by: str
    line: str
    line_by: str
    raised_at: datetime
    updated_at: datetime

    @property
    def goes_at(self) -> datetime:
        """When it goes to the channel."""
        return max(self.due_at, self.held_until or self.due_at)


def raise_concern(
    conn: Connection,
    *,
    channel: str,
    service: str,
    metric: str,
    period: Period,
    release: int,
    message: Message | Mapping[str, Any],
    lead_key: str,
    due_at: datetime,
    now: datetime,
) -> int | None:
    """Open a concern and return its number; None when this figure's was opened before."""
    figure = {
        "channel": channel,
        "service": service,
        "metric": metric,
        "start": period.start,
        "end": period.end,
        "release": release,
    }
    row = figure | {
        "message": message,
        "lead_key": lead_key,
        "due_at": due_at,
        "raised_at": now,
        "updated_at": now,
    }
    if not insert_new(conn, t, row):
        return None
    return conn.scalar(select(t.c.id).where(*(t.c[name] == v for name, v in figure.items())))


def concern(conn: Connection, number: int) -> Concern | None:
    """One concern by its number."""
    row = conn.execute(select(t).where(t.c.id == number)).first()
    return _concern(row) if row is not None else None


def concerns_due(conn: Connection, now: datetime) -> list[Concern]:
    """Open concerns whose time has come, in the order of their time."""
    rows = conn.execute(
        select(t).where(
            t.c.state.in_(OPEN),
            t.c.due_at <= now,
            or_(t.c.held_until.is_(None), t.c.held_until <= now),
        )
    )
    return sorted(map(_concern, rows), key=lambda c: (c.goes_at, c.id))


def open_concerns(conn: Connection, channel: str | None = None) -> list[Concern]:
    """Concerns that have not reached their channel yet, oldest first."""
    query = select(t).where(t.c.state.in_(OPEN)).order_by(t.c.id)
    if channel is not None:
        query = query.where(t.c.channel == channel)
    return [_concern(r) for r in conn.execute(query)]


def set_line(conn: Connection, number: int, line: str, by: str, now: datetime) -> bool:
    """Keep the lead's line, in place of an earlier one; False when the concern is closed."""
    return _change(conn, number, line=line, line_by=by, updated_at=now)


def hold_concern(
    conn: Connection, number: int, until: datetime, reason: str, by: str, now: datetime
) -> bool:
    """Hold an open concern until an instant; False when it is closed."""
    return _change(
        conn,
        number,
        state="held",
        held_until=until,
        hold_reason=reason,
        held_by=by,
        updated_at=now,
    )


def close_concern(
    conn: Connection,
    number: int,
    state: Literal["posted", "withdrawn"],
    now: datetime,
    *,
    channel_key: str | None = None,
) -> bool:
    """It was passed on (under `channel_key` in the outbox) or withdrawn; False when closed before."""
    return _change(conn, number, state=state, channel_key=channel_key, updated_at=now)


def _change(conn: Connection, number: int, **values: Any) -> bool:
    mine = and_(t.c.id == number, t.c.state.in_(OPEN))
    return conn.execute(update(t).where(mine).values(**values)).rowcount == 1


def _concern(row: Any) -> Concern:
    read = {f.name: getattr(row, f.name) for f in fields(Concern)}
    for name in ("hold_reason", "held_by", "line", "line_by"):
        read[name] = read[name] or ""
    return Concern(**read)
