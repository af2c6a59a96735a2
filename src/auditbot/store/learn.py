"""What was not understood, and what was taught? Shapes by the day, words by consent, nobody's name."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Connection, delete, func, select, update

from auditbot.store import tables
from auditbot.store.engine import insert_new

Kind = Literal["metric", "audit", "place"]


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """Which parts of a question were recognised; none of its words."""

    metric: bool  # a measure or an audit was named
    service: bool
    period: str = ""  # how a time was named: exact, last_year, ...
    intent: str = ""  # the kind of answer that was wanted most
    words: int = 0  # the least number of words of its class


@dataclass(frozen=True, slots=True, order=True)
class Taught:
    """A word and what it means: a metric or an audit by its id, a place by its name in the files."""

    kind: Kind
    means: str
    phrase: str


def count(conn: Connection, shape: Shape, day: date) -> None:
    """One more question of this shape was not understood on this day."""
    t = tables.not_understood
    key = {
        "day": day,
        "metric": shape.metric,
        "service": shape.service,
        "period": shape.period,
        "intent": shape.intent,
        "words": shape.words,
    }
    insert_new(conn, t, key)
    conn.execute(update(t).where(*(t.c[k] == v for k, v in key.items())).values(n=t.c.n + 1))


def counts(conn: Connection) -> list[tuple[Shape, int]]:
    """How often each shape was not understood, over the days that are kept; the most frequent first."""
    t = tables.not_understood
    parts = (t.c.metric, t.c.service, t.c.period, t.c.intent, t.c.words)
    rows = conn.execute(select(*parts, func.sum(t.c.n).label("n")).group_by(*parts))
    found = [(Shape(r.metric, r.service, r.period, r.intent, r.words), int(r.n)) for r in rows]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def keep_words(conn: Connection, words: str, day: date) -> bool:
    """Keep words that their writer let the audit team see; False when the same are kept already."""
    return insert_new(conn, tables.shown_words, {"words": words, "day": day})


def kept_words(conn: Connection) -> list[str]:
    """The words that the audit team may see, the newest day first."""
    t = tables.shown_words
    return list(conn.scalars(select(t.c.words).order_by(t.c.day.desc(), t.c.words)))


def teach(conn: Connection, word: Taught, day: date) -> bool:
    """Write down what a word means; False when it was taught before."""
    row = {"phrase": word.phrase, "kind": word.kind, "means": word.means, "day": day}
    return insert_new(conn, tables.taught, row)


def taught(conn: Connection) -> list[Taught]:
    """Every word that was taught, by what it means."""
    t = tables.taught
    rows = conn.execute(select(t.c.kind, t.c.means, t.c.phrase))
    return sorted(Taught(r.kind, r.means, r.phrase) for r in rows)


def forget(conn: Connection, before: date) -> int:
    """Remove counts and words of the days before this one; how many rows that were."""
    return sum(
        conn.execute(delete(t).where(t.c.day < before)).rowcount
        for t in (tables.not_understood, tables.shown_words)
    )


def oldest(conn: Connection) -> date | None:
    """The earliest day of which a count or words are kept."""
    days = [
        conn.scalar(select(func.min(t.c.day))) for t in (tables.not_understood, tables.shown_words)
    ]
    return min((d for d in days if d is not None), default=None)
