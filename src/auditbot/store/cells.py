"""How does a table of results become rows of compact keys?

Ids are looked up once for each different id, not once a row; new ones get a key.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import BindParameter, Connection, Engine, Table, bindparam, select
from sqlalchemy.exc import IntegrityError

from auditbot.store import tables
from auditbot.store.engine import insert_all_new, writing

EPOCH = date(1970, 1, 1)
FIGURES = ("numerator", "denominator", "value", "completeness")


@dataclass(frozen=True)
class Keys:
    """Ids already looked up: metric and service by id, period by its first and last day."""

    metric: dict[Any, int] = field(default_factory=dict)
    service: dict[Any, int] = field(default_factory=dict)
    period: dict[Any, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Cells:
    """Results as columns of equal length; figures that are absent are NaN, levels None."""

    metric: NDArray[np.int64]
    service: NDArray[np.int64]
    period: NDArray[np.int64]
    state: NDArray[np.int64]  # codes of tables.STATES
    numerator: NDArray[np.float64]
    denominator: NDArray[np.float64]
    value: NDArray[np.float64]
    level: NDArray[np.object_]
    completeness: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.metric)

    def pairs(self) -> NDArray[np.int64]:
        """Metric and period of each cell as one whole number."""
        return (self.metric << 32) | self.period

    def take(self, rows: Any) -> "Cells":
        """Some of the rows: a slice, a mask or their numbers."""
        return Cells(*(getattr(self, f.name)[rows] for f in fields(self)))


def encode(engine: Engine, frame: pd.DataFrame, keys: Keys) -> Cells:
    """The rows of a frame (columns as model.Batch describes them), sorted as `result` is.

    New ids are given keys, in a transaction of their own. Raises ValueError for a state that is
    not one of model.State, and for a row without service, metric or period.
    """
    metric = _looked_up(engine, tables.metric, frame["metric"], keys.metric)
    service = _looked_up(engine, tables.service, frame["service"], keys.service)
    period = _periods(engine, frame, keys.period)
    order = np.lexsort((period, service, metric))
    figures = {
        name: frame[name].to_numpy(dtype=np.float64, na_value=np.nan)[order] for name in FIGURES
    }
    return Cells(
        metric=metric[order],
        service=service[order],
        period=period[order],
        state=_states(frame["state"])[order],
        level=_levels(frame["level"])[order],
        **figures,
    )


def cells_of(frame: pd.DataFrame) -> Cells:
    """Cells from rows that were read from `result`."""
    return Cells(
        **{f.name: frame[f.name].to_numpy() for f in fields(Cells) if f.name != "level"},
        level=_levels(frame["level"]),
    )


def insert_cells(conn: Connection, cells: Cells, releases: list[int]) -> None:
    """Store cells, which come sorted by the key of `result`, each under its release.

    Raises IntegrityError when the release holds one of these cells already.
    """
    if not len(cells):
        return
    figures = {name: getattr(cells, name) for name in FIGURES}
    columns: dict[str, list[Any]] = {
        "metric": cells.metric.tolist(),
        "service": cells.service.tolist(),
        "period": cells.period.tolist(),
        "release": releases,
        "state": cells.state.tolist(),
        "level": cells.level.tolist(),
    }
    for name, numbers in figures.items():
        absent = np.isnan(numbers)
        if absent.any():
            boxed = numbers.astype(object)
            boxed[absent] = None
            columns[name] = boxed.tolist()
        else:
            columns[name] = numbers.tolist()
    try:
        bulk_insert(conn, "result", columns)
    except conn.dialect.loaded_dbapi.IntegrityError as e:
        raise IntegrityError(None, None, e) from None


def bulk_insert(conn: Connection, table: str, columns: Mapping[str, list[Any]]) -> None:
    """The fast road into a table of either database: columns of equal length, by name.

    Errors are the driver's own.
    """
    rows = zip(*columns.values(), strict=True)
    names = ", ".join(columns)
    cursor: Any = conn.connection.cursor()
    try:
        if conn.dialect.name == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608
    finally:
        cursor.close()


def learn(engine: Engine, table: Table, ids: Collection[str], known: dict[Any, int]) -> None:
    """Make sure that `known` holds the key of each id, giving keys to new ones."""
    unknown = sorted(set(ids) - known.keys())
    if not unknown:
        return
    with writing(engine) as conn:
        wanted: BindParameter[Any] = bindparam("ids", expanding=True)
        look_up = select(table.c.id, table.c.key).where(table.c.id.in_(wanted))
        for few in _by(5_000, unknown):
            there = {i for i, _ in conn.execute(look_up, {"ids": few})}
            # In order, so that two loads never wait for each other in a ring.
            insert_all_new(conn, table, [{"id": i} for i in few if i not in there])
            known.update((i, k) for i, k in conn.execute(look_up, {"ids": few}))


def learn_periods(
    engine: Engine, periods: Iterable[tuple[date, date]], known: dict[Any, int]
) -> None:
    """Make sure that `known` holds the key of each (first day, last day)."""
    unknown = sorted(set(periods) - known.keys())
    if not unknown:
        return
    t = tables.period
    with writing(engine) as conn:
        there = {(s, e) for s, e in conn.execute(select(t.c.start, t.c.end))}
        new = [{"start": s, "end": e} for s, e in unknown if (s, e) not in there]
        insert_all_new(conn, t, new)
        known.update(((s, e), k) for k, s, e in conn.execute(select(t.c.key, t.c.start, t.c.end)))


def _looked_up(
    engine: Engine, table: Table, column: "pd.Series[Any]", known: dict[Any, int]
) -> NDArray[np.int64]:
    codes, found = pd.factorize(column)
    if (codes < 0).any():
        raise ValueError(f"a row has no {table.name}; every row of a batch names one.")
    ids = [str(i) for i in found]
    learn(engine, table, ids, known)
    keys = np.array([known[i] for i in ids], dtype=np.int64)
    return keys[codes] if len(keys) else np.zeros(0, np.int64)


def _periods(engine: Engine, frame: pd.DataFrame, known: dict[Any, int]) -> NDArray[np.int64]:
    if frame["start"].isna().any() or frame["end"].isna().any():
        raise ValueError("a row has no period; every row of a batch has a first and a last day.")
    start = frame["start"].to_numpy(dtype="datetime64[D]").astype(np.int64)
    end = frame["end"].to_numpy(dtype="datetime64[D]").astype(np.int64)
    # One whole number for both days; a period is shorter than a million days.
    both, codes = np.unique(start * 1_000_000 + (end - start), return_inverse=True)
    days = [
        (EPOCH + timedelta(days=int(n) // 1_000_000), int(n) % 1_000_000) for n in both.tolist()
    ]
    spans = [(first, first + timedelta(days=length)) for first, length in days]
    learn_periods(engine, spans, known)
    keys = np.array([known[s] for s in spans], dtype=np.int64)
    return keys[codes] if len(keys) else np.zeros(0, np.int64)


def _states(column: "pd.Series[Any]") -> NDArray[np.int64]:
    codes, found = pd.factorize(column)
    strange = [s for s in found if s not in tables.STATES]
    if strange or (codes < 0).any():
        raise ValueError(f"'{strange[0] if strange else ''}' is not a state of a result.")
    return np.array([tables.STATES[s] for s in found], dtype=np.int64)[codes]


def _levels(column: "pd.Series[Any]") -> NDArray[np.object_]:
    levels = np.full(len(column), None, dtype=object)
    there = column.notna().to_numpy()
    if there.any():
        levels[there] = column[there].astype(object).to_numpy()
        levels[levels == ""] = None
    return levels


def _by(size: int, items: list[str]) -> Iterator[list[str]]:
    for i in range(0, len(items), size):
        yield items[i : i + size]
