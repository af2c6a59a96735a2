"""What does a whole column say? Each different text is looked at once, numbers all together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from auditbot.ingest.cell import Reading, read_cell
from auditbot.model import State

EARLIEST, LATEST = date(1970, 1, 2), date(2100, 12, 31)  # clinical audit is younger
_DAY_NOUGHT = date(1899, 12, 30)  # Excel counts days from here

STATES: tuple[State, ...] = (
    "ok",
    "no_cases",
    "too_few",
    "insufficient_records",
    "not_entered",
    "not_applicable",
    "suppressed",
    "missing",
)
CODES = {state: code for code, state in enumerate(STATES)}


@dataclass(frozen=True)
class Texts:
    """A column as its different values and, for each row, the place of its own among them."""

    values: list[Any]  # the last one is "", for rows without a value
    codes: Any

    def each(self, say: Callable[[Any], Any], kind: Any) -> Any:
        """What `say` makes of each row's value, as an array of `kind`."""
        return np.array([say(v) for v in self.values], dtype=kind)[self.codes]

    def at(self, row: int) -> Any:
        """The value of one row."""
        return self.values[self.codes[row]]


def texts(column: "pd.Series[Any]") -> Texts:
    """A column taken apart into different values."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        # pandas sorts categories; here the first to stand in the file comes first.
        sorted_codes = column.cat.codes.to_numpy()
        codes, met = pd.factorize(sorted_codes)
        codes = np.where(sorted_codes < 0, -1, codes)
        values = [column.cat.categories[i] if i >= 0 else "" for i in met.tolist()]
    else:
        codes, different = pd.factorize(column.astype(object))
        values = list(different)
    return Texts([*values, ""], codes)


@dataclass(frozen=True)
class Figures:
    """A column of figures read: numbers, states (codes) and letters (places) for each row."""

    numbers: Any
    states: Any
    letters: Any  # 0: none, else one more than the place in `letters`
    source: Texts | None  # None: every cell was a number or empty

    def told(self, row: int) -> Any:
        """The cell of one row, to show what is wrong with it."""
        return self.numbers[row] if self.source is None else self.source.at(row)


def figures(
    column: "pd.Series[Any]", marks: Mapping[str, State], letters: tuple[str, ...]
) -> Figures:
    """Numbers, marks and letters of a column; what is none of these is inf (no file holds one)."""
    none = np.zeros(len(column), dtype=np.int8)
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        return Figures(column.to_numpy(dtype=float), none, none, None)
    source = texts(column)
    read = [_read(v, marks, letters) for v in source.values]
    numbers = [np.inf if r.fault else np.nan if r.number is None else r.number for r in read]
    return Figures(
        np.array(numbers, dtype=float)[source.codes],
        np.array([CODES[r.state] if r.state else 0 for r in read], dtype=np.int8)[source.codes],
        np.array([1 + letters.index(r.letter) if r.letter else 0 for r in read], dtype=np.int8)[
            source.codes
        ],
        source,
    )


def _read(cell: Any, marks: Mapping[str, State], letters: tuple[str, ...]) -> Reading:
    if letters and isinstance(cell, str):
        reading = read_cell(cell, "letter", marks, letters)
        if not reading.fault:
            return reading
    return read_cell(cell, "number", marks, letters)


def day(cell: Any, serial: bool) -> int:
    """A date as days since 1970-01-01, from ISO text, a date, or Excel's day number; -1: none.

    `serial` allows day numbers, which only workbooks hold.
    """
    found: date | None = None
    if isinstance(cell, datetime):
        found = cell.date()
    elif isinstance(cell, date):
        found = cell
    elif serial and isinstance(cell, (int, float)) and not isinstance(cell, bool):
        if float(cell).is_integer() and 0 < cell < 80_000:
            found = _DAY_NOUGHT + timedelta(days=int(cell))
    elif isinstance(cell, str):
        text = cell.strip().removesuffix(" 00:00:00").removesuffix("T00:00:00")
        if len(text) == 10 and text[4] == text[7] == "-":
            try:
                found = date.fromisoformat(text)
            except ValueError:
                return -1
    if found is None or not EARLIEST <= found <= LATEST:
        return -1
    return (found - date(1970, 1, 1)).days
