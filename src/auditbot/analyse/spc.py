"""The control-chart analysis of any long table, as `auditbot spc` gives it.

The charts themselves, `chart` and its kin, stand in `xmr` and may be had from here.
"""

import re
from itertools import pairwise
from math import inf, isfinite
from typing import Any, get_args

import pandas as pd

from auditbot.analyse.xmr import (
    FEWEST_POINTS,
    Direction,
    Phase,
    SpcPoint,
    SpcResult,
    chart,
)

__all__ = [
    "FEWEST_POINTS",
    "Direction",
    "Phase",
    "SpcInputFault",
    "SpcPoint",
    "SpcResult",
    "chart",
    "run_table",
]

COLUMNS = ("series", "period", "value", "target", "direction", "rebase", "fix_after", "screen")
_ISO = re.compile(r"\d{4}-\d{2}(-\d{2})?")


class SpcInputFault(Exception):
    """A table cannot be charted; the message is one sentence with row, column, value, remedy."""


def run_table(frame: pd.DataFrame, profile: str = "ptd") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Chart every series of a long table; gives its points and its series as tables.

    Columns `series`, `period`, `value`, and where wanted `target`, `direction`, `rebase`,
    `fix_after`, `screen`, as `auditbot spc` has them. Empty cells, and R's "NA", are missing.
    Points keep the order of the rows; series stand as they first appear. A setting of a series
    may stand on any of its rows. Raises SpcInputFault.
    """
    absent = [c for c in ("series", "period", "value") if c not in frame.columns]
    if absent:
        raise SpcInputFault(
            f"The table has no column '{absent[0]}'; it needs series, period and value."
        )
    if frame.empty:
        raise SpcInputFault("The table has a header and no rows; give it at least one row.")
    cells = {c: [_cell(x) for x in frame[c].tolist()] for c in COLUMNS if c in frame.columns}
    rows_of: dict[str, list[int]] = {}
    for row, name in enumerate(cells["series"]):
        if not name:
            raise _fault(row, "series", name, "is empty", "give every row the name of its series")
        rows_of.setdefault(name, []).append(row)
    points: list[Any] = [None] * len(frame)
    series = []
    for name, rows in rows_of.items():
        _check_periods(name, rows, cells["period"])
        values = [_number(row, "value", cells["value"][row]) for row in rows]
        result = _chart_rows(name, rows, values, cells, profile)
        for row, value, point in zip(rows, values, result.points, strict=True):
            points[row] = (name, cells["period"][row], value, *point)
        series.append((name, result.n, result.variation, result.assurance, result.note))
    return (
        pd.DataFrame(points, columns=["series", "period", "value", *SpcPoint._fields]),
        pd.DataFrame(series, columns=["series", "n", "variation", "assurance", "note"]),
    )


def _chart_rows(
    name: str,
    rows: list[int],
    values: list[float | None],
    cells: dict[str, list[str]],
    profile: str,
) -> SpcResult:
    """Chart one series with the settings that stand on its rows."""
    row, text = _setting(name, rows, cells, "target")
    target = _number(row, "target", text)
    row, text = _setting(name, rows, cells, "direction")
    if text not in ("", *get_args(Direction)):
        remedy = "write increase, decrease or neutral"
        raise _fault(row, "direction", text, "is no direction", remedy)
    direction = text or "increase"
    row, text = _setting(name, rows, cells, "fix_after")
    fix_after = _number(row, "fix_after", text)
    if fix_after is not None and (fix_after < FEWEST_POINTS or fix_after % 1):
        remedy = f"write a whole number from {FEWEST_POINTS} on, or leave it empty"
        raise _fault(row, "fix_after", text, "cannot lock limits", remedy)
    row, text = _setting(name, rows, cells, "screen")
    if text.lower() not in ("", "true", "false"):
        remedy = "write true or false, or leave it empty"
        raise _fault(row, "screen", text, "is neither true nor false", remedy)
    rebase = []
    for k, row in enumerate(rows):
        flag = cells["rebase"][row] if "rebase" in cells else ""
        if flag and _number(row, "rebase", flag) not in (0, 1):
            remedy = "write 1 on the first row of a new phase and leave the others empty"
            raise _fault(row, "rebase", flag, "is neither 1 nor empty", remedy)
        if flag and float(flag) == 1:
            rebase.append(k)
    return chart(
        values,
        profile=profile,
        direction=direction,  # type: ignore[arg-type]  # one of the three, checked above
        target=target,
        rebase=rebase,
        fix_after=None if fix_after is None else int(fix_after),
        screen=None if not text else text.lower() == "true",
    )


def _check_periods(name: str, rows: list[int], periods: list[str]) -> None:
    """One row a period, in time order; order is checked where both periods are ISO dates."""
    seen: dict[str, int] = {}
    for row in rows:
        period = periods[row]
        if not period:
            raise _fault(row, "period", period, "is empty", "give every row its period")
        if period in seen:
            why = f"stands twice in series '{name}' (first in row {seen[period] + 2})"
            raise _fault(row, "period", period, why, "keep one row for each period")
        seen[period] = row
    for before, row in pairwise(rows):
        a, b = periods[before], periods[row]
        if b < a and len(a) == len(b) and _ISO.fullmatch(a) and _ISO.fullmatch(b):
            why = f"comes after {a} in series '{name}'"
            raise _fault(row, "period", b, why, "sort the rows of each series by time")


def _setting(
    name: str, rows: list[int], cells: dict[str, list[str]], column: str
) -> tuple[int, str]:
    """The one setting of a series and a row on which it stands; "" where it is not set."""
    found = [(row, cells[column][row]) for row in rows if column in cells and cells[column][row]]
    for row, text in found:
        if text != found[0][1]:
            why = f"differs from '{found[0][1]}' in row {found[0][0] + 2} of series '{name}'"
            raise _fault(row, column, text, why, f"give each series one {column}")
    return found[0] if found else (rows[0], "")


def _cell(x: object) -> str:
    """A cell as text, "" where it is missing; tables may come typed or as text."""
    if x is None or x is pd.NA or x is pd.NaT or x != x:
        return ""
    text = str(x).strip()
    return "" if text == "NA" else text


def _number(row: int, column: str, text: str) -> float | None:
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = inf
    if not isfinite(number) or "_" in text:
        remedy = "write digits with a decimal point, or leave it empty where it is missing"
        raise _fault(row, column, text, "is not a number", remedy)
    return number


def _fault(row: int, column: str, value: str, why: str, remedy: str) -> SpcInputFault:
    """`row` is counted from 0 below the header; people count from 1 with the header."""
    return SpcInputFault(f"Row {row + 2}, column '{column}': '{value}' {why}; {remedy}.")
