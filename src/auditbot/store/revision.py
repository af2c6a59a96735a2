"""Is a figure new, the same, or a revision of one that is stored?

Equal values change nothing. Of different values the later published or revised date wins, then the
later load; the older is kept. A figure that a release merely says again is not stored but noted as
its echo: should a figure of a date between the two be loaded later, the echo is written out, so that
the order in which files come decides nothing that their dates decide.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    Row,
    Table,
    and_,
    bindparam,
    column,
    select,
    table,
)

from auditbot.store import tables
from auditbot.store.cells import FIGURES, Cells, bulk_insert
from auditbot.store.load import rank

KEY = ["metric", "service", "period"]
WANTED = table("wanted", *(column(name, Integer) for name in KEY))  # of one transaction
SAME = 1e-9  # relative: figures that differ by less differ only in how a file writes them


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be done with each cell.

    `equal`: nothing to store; `echoes`: of these, those to be noted; `revises`: it takes the place
    of another figure. `restored`: figures that newer releases said again, now to be written out
    (columns of `result`).
    """

    equal: NDArray[np.bool_]
    echoes: NDArray[np.bool_]
    revises: NDArray[np.bool_]
    restored: pd.DataFrame


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


def compared(
    conn: Connection, cells: Cells, mine: int, instead: int | None, now: datetime
) -> Verdict:
    """Compare cells of release `mine`, still loading, with what is stored.

    `instead` is an earlier load of the same file, whose place this one will take. At hardly any
    cost when no other release speaks of these metrics in these periods.
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
    if not shared.any():
        return Verdict(equal, equal, equal, pd.DataFrame())
    met = set(np.asarray([r for _, _, r in pairs])[np.isin(known, own)].tolist())
    ranks = {
        r: rank(row.published, row.received_at, r)
        for r, row in releases.items()
        if r != mine or instead is None
    }
    place = {r: i for i, r in enumerate(sorted(ranks, key=lambda r: ranks[r]))}
    place[mine] = place[instead or mine]
    some = cells.take(shared)
    _want(conn, some)
    verdict = judge(
        some,
        _held(conn, tables.result, met),
        _held(conn, tables.echo, {r for r in met if place[r] > place[mine]}),
        place,
        [r for r in met if covers(releases[r], releases[mine], now)],
        mine,
    )

    def spread(part: NDArray[np.bool_]) -> NDArray[np.bool_]:
        whole = np.zeros(len(cells), dtype=bool)
        whole[shared] = part
        return whole

    return Verdict(
        spread(verdict.equal), spread(verdict.echoes), spread(verdict.revises), verdict.restored
    )


def judge(
    cells: Cells,
    old: pd.DataFrame,
    echoes: pd.DataFrame,
    place: Mapping[int, int],
    covering: Collection[int],
    mine: int,
) -> Verdict:
    """Compare cells of release `mine` with stored ones and with the echoes of newer releases.

    `place` orders the releases; one that stands where `mine` stands is the same file. A cell is
    equal when a release that everybody who sees this one sees too (`covering`) holds the same
    figure and no release between the two holds another: storing it would change nothing for
    anybody. It revises when it differs from an older figure and no newer one is there.
    """
    own = pd.DataFrame({name: getattr(cells, name) for name in KEY})
    own["i"] = np.arange(len(own))
    both = old.merge(own, on=KEY, how="inner")
    both["place"] = both["release"].map(place).astype("int64")
    both = both.sort_values(["i", "place"], ascending=[True, False], ignore_index=True)
    i = both["i"].to_numpy()
    both["same"] = same = _same(both, cells.take(i))
    seen = both["release"].isin(covering).to_numpy()
    newer = (both["place"] > place[mine]).to_numpy()
    older = (both["place"] < place[mine]).to_numpy()
    itself = ~newer & ~older
    # Downwards from this release: has another figure come up yet?
    other = pd.Series(~same & older).groupby(i).cumsum().to_numpy() > 0

    def of(rows: NDArray[np.bool_]) -> NDArray[np.bool_]:
        cell = np.zeros(len(cells), dtype=bool)
        cell[i[rows]] = True
        return cell

    below, above = of(same & seen & older & ~other), of(same & seen & newer)
    kept, mended = of(same & itself), of(~same & itself)
    equal = kept | ((below | above) & ~mended)
    restored = _restored(both, echoes.merge(own, on=KEY, how="inner"), ~equal, place)
    beaten = of(newer)
    if len(restored):
        beaten[restored["i"].to_numpy()] = True
    revises = of(~same & ~newer) & ~beaten & ~equal
    return Verdict(equal, below & equal & ~kept, revises, restored)


def _restored(
    both: pd.DataFrame, echoes: pd.DataFrame, new: NDArray[np.bool_], place: Mapping[int, int]
) -> pd.DataFrame:
    """Figures that newer releases said again of cells which now get another one below them."""
    echoes = echoes[new[echoes["i"].to_numpy(dtype=np.int64)]]
    if echoes.empty:
        return pd.DataFrame()
    said = echoes[["i", "release"]].assign(at=echoes["release"].map(place))
    found = both.merge(said, on="i", suffixes=("_below", ""))
    written = found[found["release_below"] == found["release"]][["i", "release"]]
    found = found[found["place"] < found["at"]].sort_values("place")
    found = found.groupby(["i", "release"]).tail(1)
    gone = found.merge(written, on=["i", "release"], how="left", indicator=True)
    found = found[(gone["_merge"] == "left_only").to_numpy()]
    return found[~found["same"]]


def _want(conn: Connection, cells: Cells) -> None:
    """Name some cells, in a table: lists in a statement would match every combination."""
    conn.exec_driver_sql(
        "CREATE TEMPORARY TABLE IF NOT EXISTS wanted "
        "(metric INTEGER, service INTEGER, period INTEGER)"
    )
    conn.exec_driver_sql("DELETE FROM wanted")
    bulk_insert(conn, "wanted", {name: getattr(cells, name).tolist() for name in KEY})
    conn.exec_driver_sql("ANALYZE wanted")


def _held(conn: Connection, t: Table, releases: Collection[int]) -> pd.DataFrame:
    """What these releases hold of the wanted cells, in `result` or `echo`.

    Read for comparison alone; nothing of it leaves the store.
    """
    rows: list[tuple[Any, ...]] = []
    if releases:
        found = conn.execute(
            select(t)
            .join_from(WANTED, t, and_(*(WANTED.c[name] == t.c[name] for name in KEY)))
            .where(t.c.release.in_(_given("release", np.array(sorted(releases)))))
        )
        rows = [tuple(row) for row in found]
    kinds = {name: "float64" if name in FIGURES else "int64" for name in t.c.keys()}  # noqa: SIM118
    frame = pd.DataFrame.from_records(rows, columns=list(kinds))
    return frame.astype({name: kind for name, kind in kinds.items() if name != "level"})


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
