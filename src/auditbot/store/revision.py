"""Is a figure new, the same, or a revision of one that is stored?

Equal values change nothing. Of different values the later published or revised date wins, then the
later load; the older is kept.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import BindParameter, Connection, Row, bindparam, select

from auditbot.store import tables
from auditbot.store.cells import FIGURES, Cells

KEY = ["metric", "service", "period"]
SAME = 1e-9  # relative: figures that differ by less differ only in how a file writes them


@dataclass(frozen=True, slots=True)
class Verdict:
    """For each cell: is there nothing to store, and does it take the place of another figure?"""

    equal: NDArray[np.bool_]
    revises: NDArray[np.bool_]


def rank(published: date | None, received_at: datetime, release: int) -> tuple[date, int]:
    """What decides between two figures of one cell: the greater wins.

    A file that bears no date counts as published on the day it was received.
    """
    return (published or received_at.date(), release)


def covers(old: Row[Any], new: Row[Any], now: datetime) -> bool:
    """Does everybody who may see `new` also see `old`, now and at any later time?"""
    if old.publication != "public" and new.publication == "public":
        return False
    if old.publish_at is None or old.publish_at <= now:
        return True
    return (
        new.publish_at is not None
        and old.publish_at <= new.publish_at
        and old.source == new.source  # pre-release readers are named by source
    )


def compared(conn: Connection, cells: Cells, mine: int, now: datetime) -> Verdict:
    """Compare cells of release `mine`, still loading, with what is stored.

    At hardly any cost when no other release speaks of these metrics in these periods.
    """
    c, t = tables.coverage, tables.release
    releases = {
        r.id: r
        for r in conn.execute(select(t).where(t.c.state.in_(tables.LOADED) | (t.c.id == mine)))
    }
    pairs = conn.execute(
        select(c.c.metric, c.c.period, c.c.release)
        .join(t, t.c.id == c.c.release)
        .where(
            t.c.state.in_(tables.LOADED),
            c.c.metric.in_(_given("metric", cells.metric)),
            c.c.period.in_(_given("period", cells.period)),
        )
    ).all()
    known = np.array([(m << 32) | p for m, p, _ in pairs], dtype=np.int64)
    own = cells.pairs()
    shared = np.isin(own, known)
    equal = np.zeros(len(cells), dtype=bool)
    revises = equal.copy()
    if not shared.any():
        return Verdict(equal, revises)
    met = set(np.asarray([r for _, _, r in pairs])[np.isin(known, own)].tolist())
    some = cells.take(shared)
    verdict = judge(
        some,
        stored(conn, some, met),
        {r: rank(row.published, row.received_at, r) for r, row in releases.items()},
        [r for r in met if covers(releases[r], releases[mine], now)],
        mine,
    )
    equal[shared], revises[shared] = verdict.equal, verdict.revises
    return Verdict(equal, revises)


def stored(conn: Connection, cells: Cells, releases: Collection[int]) -> pd.DataFrame:
    """What these releases hold on the metrics, services and periods of some cells.

    Read for comparison alone; nothing of it leaves the store.
    """
    t = tables.result
    wanted = {
        "metric": np.unique(cells.metric).tolist(),
        "service": np.unique(cells.service).tolist(),
        "period": np.unique(cells.period).tolist(),
        "release": sorted(releases),
    }
    found = conn.execute(
        select(t).where(
            *(
                t.c[name].in_(bindparam(name, v, expanding=True, literal_execute=True))
                for name, v in wanted.items()
            )
        )
    )
    frame = pd.DataFrame.from_records([tuple(row) for row in found], columns=list(t.c.keys()))
    return frame.astype(dict.fromkeys(FIGURES, "float64"))


def judge(
    cells: Cells,
    old: pd.DataFrame,
    ranks: Mapping[int, tuple[date, int]],
    covering: Collection[int],
    mine: int,
) -> Verdict:
    """Compare cells of release `mine` with the `stored` ones.

    A cell is equal when a release that everybody who sees this one sees too (`covering`) holds the
    same figure, and no release between the two holds another: storing it would change nothing for
    anybody. It revises when it differs from an older figure and no newer one is there.
    """
    nothing = np.zeros(len(cells), dtype=bool)
    if old.empty:
        return Verdict(nothing, nothing.copy())
    place = {r: i for i, r in enumerate(sorted(ranks, key=lambda r: ranks[r]))}
    own = pd.DataFrame({name: getattr(cells, name) for name in KEY})
    own["i"] = np.arange(len(own))
    both = old.merge(own, on=KEY, how="inner")
    both["place"] = both["release"].map(place)
    both = both.sort_values(["i", "place"], ascending=[True, False], ignore_index=True)
    i = both["i"].to_numpy()
    same = _same(both, cells.take(i))
    seen = both["release"].isin(covering).to_numpy()
    newer = (both["place"] > place[mine]).to_numpy()
    # Downwards from this release: has another figure come up yet?
    other = pd.Series(~same & ~newer).groupby(i).cumsum().to_numpy() > 0
    equal, differs, beaten = nothing.copy(), nothing.copy(), nothing.copy()
    equal[i[same & seen & (newer | ~other)]] = True
    differs[i[~same & ~newer]] = True
    beaten[i[newer]] = True
    return Verdict(equal, differs & ~beaten & ~equal)


def _same(old: pd.DataFrame, new: Cells) -> NDArray[np.bool_]:
    """A file that says less about the same figure (no counts, no completeness) says the same."""
    same: NDArray[np.bool_] = (old["state"].to_numpy() == new.state) & (
        old["level"].fillna("").to_numpy() == np.where(new.level == None, "", new.level)  # noqa: E711
    )
    for name in FIGURES:
        a, b = old[name].to_numpy(), getattr(new, name)
        same &= np.isclose(a, b, rtol=SAME, atol=0, equal_nan=True) | (
            np.isnan(b) if name != "value" else False
        )
    return same


def _given(name: str, keys: NDArray[np.int64]) -> BindParameter[Any]:
    """Keys for an IN, written into the statement: a database takes only so many parameters."""
    return bindparam(name, np.unique(keys).tolist(), expanding=True, literal_execute=True)
