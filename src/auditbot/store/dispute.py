"""Which figures look wrong to somebody, and what became of it?

open -> closed. Who may do what is `act/dispute`'s affair. Who raised one, and what they wrote, are
kept until they are answered and no longer.
"""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select, update

from auditbot.model import Dispute, Doubt, Period
from auditbot.store.engine import insert_new
from auditbot.store.tables import dispute as t

SILENCING = ("service", "audit_team")  # whose word silences praise: no stranger's does


def raise_dispute(
    conn: Connection,
    *,
    service: str,
    metric: str,
    period: Period,
    reason: Doubt,
    line: str,
    by_role: Literal["service", "audit_team", "reader"],
    user: str,
    now: datetime,
    lapses_at: datetime,
) -> tuple[Dispute, bool]:
    """The person's open dispute on this figure, and whether it is new or was raised before."""
    figure = {"service": service, "metric": metric, "start": period.start, "end": period.end}
    mine = figure | {"raised_by": user, "state": "open"}
    row = mine | {
        "reason": reason,
        "line": line or None,
        "by_role": by_role,
        "raised_at": now,
        "lapses_at": lapses_at,
    }
    new = insert_new(conn, t, row)
    found = conn.execute(select(t).where(*(t.c[k] == v for k, v in mine.items()))).one()
    return _dispute(found), new


def close_dispute(
    conn: Connection,
    number: int,
    *,
    answer: Literal["right", "corrected"],
    line: str,
    now: datetime,
) -> str | None:
    """Answer an open dispute and forget who raised it and what they wrote.

    Returns the user to be told; None when it was answered before: of two at once, one is first.
    """
    user: str | None = conn.scalar(select(t.c.raised_by).where(t.c.id == number))
    closed = conn.execute(
        update(t)
        .where(t.c.id == number, t.c.state == "open")
        .values(
            state="closed",
            answer=answer,
            answer_line=line,
            closed_at=now,
            raised_by=None,
            line=None,
        )
    )
    return user if closed.rowcount == 1 else None


def dispute(conn: Connection, number: int) -> Dispute | None:
    """One dispute by its number."""
    row = conn.execute(select(t).where(t.c.id == number)).first()
    return _dispute(row) if row is not None else None


def disputes(
    conn: Connection,
    *,
    state: Literal["open", "closed"] = "open",
    lapsed_by: datetime | None = None,
) -> list[Dispute]:
    """Disputes of one state, oldest first; `lapsed_by` narrows it to those overdue at that instant."""
    query = select(t).where(t.c.state == state).order_by(t.c.id)
    if lapsed_by is not None:
        query = query.where(t.c.lapses_at <= lapsed_by)
    return [_dispute(r) for r in conn.execute(query)]


def open_disputes(conn: Connection, now: datetime) -> set[tuple[str, str]]:
    """(service, metric) of which no praise may be said now.

    Disputed by the service itself or its audit team, unanswered and not yet overdue: a dispute that
    nobody looks at must not silence for ever.
    """
    rows = conn.execute(
        select(t.c.service, t.c.metric).where(
            t.c.state == "open", t.c.by_role.in_(SILENCING), t.c.lapses_at > now
        )
    )
    return {(r.service, r.metric) for r in rows}


def _dispute(row: Any) -> Dispute:
    return Dispute(
        row.id,
        row.service,
        row.metric,
        Period(row.start, row.end),
        row.reason,
        row.by_role,
        row.raised_at,
        row.lapses_at,
        row.line or "",
        row.state,
        row.answer or "",
        row.answer_line or "",
        row.closed_at,
    )
