"""What was a channel told already? Decides whether there is anything to say."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, or_, select

from auditbot.model import Finding, Period
from auditbot.store import tables
from auditbot.store.engine import insert_all_new, insert_new

# (service, metric, period, release): a corrected figure has another release, so it is news again
Told: TypeAlias = tuple[str, str, Period, int]
HEADS = ("headline", "concern")
SAID = ("headline", "thread", "concern", "corrected")  # roles whose figure stood in a post


def told(conn: Connection, channel: str) -> dict[Told, str]:
    """All that a channel was told, each with its role: headline, thread, covered or concern."""
    t = tables.told
    return {
        (r.service, r.metric, Period(r.start, r.end), r.release): r.role
        for r in conn.execute(select(t).where(t.c.channel == channel))
    }


def tell(
    conn: Connection,
    channel: str,
    rows: Iterable[tuple[Finding, str]],
    role: str,
    key: str,
    now: datetime,
) -> int:
    """Write down findings, each with its class of news, as told; returns how many were new.

    Belongs in the transaction that queues the message (`key` is its key in the outbox).
    """
    return insert_all_new(
        conn,
        tables.told,
        [
            {
                "channel": channel,
                "service": found.service.id,
                "metric": found.metric,
                "start": found.latest.period.start,
                "end": found.latest.period.end,
                "release": found.latest.release,
                "role": role,
                "kind": kind,
                "outbox_key": key,
                "at": now,
            }
            for found, kind in rows
        ],
    )


def recent(conn: Connection, channel: str, each: int = 3) -> list[tuple[str, str, str]]:
    """(service, metric, class of news) of past headlines and concerns, newest first.

    At most `each` for one service.
    """
    t = tables.told
    rows = conn.execute(
        select(t.c.service, t.c.metric, t.c.kind)
        .where(t.c.channel == channel, t.c.role.in_(HEADS))
        .order_by(t.c.at.desc(), t.c.release.desc(), t.c.service, t.c.metric)
    )
    past: list[tuple[str, str, str]] = []
    count: dict[str, int] = {}
    for service, metric, kind in rows:
        count[service] = count.get(service, 0) + 1
        if count[service] <= each:
            past.append((service, metric, kind))
    return past


def explained(conn: Connection, channel: str) -> set[str]:
    """The metrics of which a channel was told why they matter."""
    t = tables.explained
    return set(conn.scalars(select(t.c.metric).where(t.c.channel == channel)))


def explain(conn: Connection, channel: str, metric: str, now: datetime) -> bool:
    """Write down that a channel was told why a metric matters; False when it was before."""
    return insert_new(conn, tables.explained, {"channel": channel, "metric": metric, "at": now})


def considered(conn: Connection, channel: str, day: date) -> bool:
    """Was a channel considered on this local day?"""
    t = tables.considered
    return conn.scalar(select(t.c.at).where(t.c.channel == channel, t.c.day == day)) is not None


def consider(conn: Connection, channel: str, day: date, why: str, now: datetime) -> bool:
    """Write down that a channel was considered, and why it hears nothing; False when it was before."""
    return insert_new(
        conn, tables.considered, {"channel": channel, "day": day, "at": now, "why": why}
    )


@dataclass(frozen=True, slots=True)
class Said:
    """A figure that a channel has read, and the post it stood in."""

    service: str
    metric: str
    period: Period
    release: int
    figure: dict[str, Any]  # state, value, level, numerator, denominator as they were said
    key: str  # of the post in the outbox; replies go under `thread_key` if it was one itself
    thread_key: str | None
    verdict: dict[str, Any] = field(default_factory=dict)  # strength, direction as they were said


def said(conn: Connection, channel: str) -> list[Said]:
    """The figures this channel has read in posts that were sent, in their newest revision each."""
    t, o = tables.told, tables.outbox
    rows = conn.execute(
        select(
            t.c.service,
            t.c.metric,
            t.c.start,
            t.c.end,
            t.c.release,
            o.c.key,
            o.c.thread_key,
            o.c.trail,
        )
        .join(o, or_(o.c.key == t.c.outbox_key, o.c.thread_key == t.c.outbox_key))
        .where(t.c.channel == channel, t.c.role.in_(SAID), o.c.status == "sent")
        .order_by(t.c.at, o.c.id)
    )
    newest: dict[tuple[str, str, Period], Said] = {}
    for r in rows:
        trail = r.trail or {}
        evidence = trail.get("evidence") or {}
        figure = trail.get("figure") or evidence.get("latest")
        if figure and (trail.get("service"), trail.get("metric")) == (r.service, r.metric):
            period = Period(r.start, r.end)
            newest[r.service, r.metric, period] = Said(
                r.service,
                r.metric,
                period,
                r.release,
                figure,
                r.key,
                r.thread_key,
                trail.get("verdict") or evidence.get("verdict") or {},
            )
    return list(newest.values())
