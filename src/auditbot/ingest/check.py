"""Is every figure what it should be? Good results go on; bad cells go back with row and reason.

A control total that does not hold refuses the whole file (Refused). A faulty figure refuses the
results made from it (Refusal), and the rest loads.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa

from auditbot.catalogue import Catalogue, Metric
from auditbot.ingest.cell import (
    BLANK,
    MOST,
    NEGATIVE,
    NO_PERCENT,
    TOO_LARGE,
    Reading,
    mark_key,
    read_cell,
)
from auditbot.ingest.refusal import MASKED, Refused, masked, shown_figure
from auditbot.ingest.shape import Grid
from auditbot.layout import Layout, Measure, Sum
from auditbot.model import Refusal, Sighting, State

SLACK = 1e-6  # for figures that went through binary fractions

COLUMNS = ("service", "metric", "start", "end", "numerator", "denominator", "value")

#: Why a figure is refused, by the rule it breaks. Each is a whole sentence with its remedy.
REASONS = {
    "whole": "a count is a whole number (or ends in .5 where two teams share a patient)",
    "negative": NEGATIVE,
    "finite": "this is not a number",
    "percent": NO_PERCENT,
    "over": "the numerator is larger than the denominator",
    "contradicts": "the published value is not numerator divided by denominator, however rounded",
}


def _rule(name: str, test: Any) -> pa.Check:
    return pa.Check(test, error=name, name=name)


def _figures(*rules: pa.Check) -> pa.Column:
    return pa.Column(float, list(rules), nullable=True)


_FINITE = _rule("finite", lambda s: np.isfinite(s))
_COUNT = (
    _FINITE,
    _rule("negative", lambda s: s >= 0),
    _rule("whole", lambda s: np.mod(s * 2, 1) == 0),
)
_PERCENT = _rule("percent", lambda s: (s >= 0) & (s <= 100 + SLACK))

#: The rules for a long frame of results; `percent`, `counted`, `excess` and `gap` come from
#: `faults`, which works them out for the kinds of metric they are meant for.
RULES = pa.DataFrameSchema(
    {
        "numerator": _figures(*_COUNT),
        "denominator": _figures(*_COUNT),
        "value": _figures(_FINITE),
        "completeness": _figures(_PERCENT),
        "percent": _figures(_PERCENT),
        "counted": _figures(*_COUNT[1:]),
        "excess": _figures(_rule("over", lambda s: s <= 0)),
        "gap": _figures(_rule("contradicts", lambda s: s <= 0)),
    }
)
#: In which column of the file a fault of a worked-out column is told.
_TOLD_AT = {"percent": "value", "counted": "value", "excess": "numerator", "gap": "value"}


def faults(frame: pd.DataFrame, proportion: Any, count: Any) -> list[tuple[int, str, str]]:
    """Rules broken by a frame of candidate results: (position, part, rule), one for a position.

    `frame` has numerator, denominator, value (percent for proportions) and completeness as floats;
    `proportion` and `count` are boolean arrays telling the kind of metric of each row.
    """
    n, d, v = (frame[c].to_numpy(dtype=float) for c in ("numerator", "denominator", "value"))
    both = proportion & ~np.isnan(n) & ~np.isnan(d)
    with np.errstate(all="ignore"):
        exact = np.where(both & (d > 0), 100 * n / d, np.nan)
        candidate = pd.DataFrame(
            {
                "numerator": n,
                "denominator": d,
                "value": v,
                "completeness": frame["completeness"].to_numpy(dtype=float),
                "percent": np.where(proportion, v, np.nan),
                "counted": np.where(count, v, np.nan),
                "excess": np.where(both, n - d, np.nan),
                "gap": np.abs(v - exact) - _rounding(v) - SLACK,
            }
        )
    try:
        RULES.validate(candidate, lazy=True)
    except pa.errors.SchemaErrors as e:
        broken = e.failure_cases.dropna(subset=["index"])
        broken = broken.sort_values(["index", "column"]).drop_duplicates("index")
        return [
            (int(i), _TOLD_AT.get(c, c), str(rule))
            for i, c, rule in zip(broken["index"], broken["column"], broken["check"], strict=True)
        ]
    return []


def _rounding(value: Any) -> Any:
    """How far off a figure may be by its own rounding: half a unit of its last decimal."""
    slack = np.full(value.shape, 0.5e-6)
    for decimals in (5, 4, 3, 2, 1, 0):
        shown = np.abs(np.round(value, decimals) - value) < 1e-9
        slack = np.where(shown, 0.5 * 10.0**-decimals, slack)
    return slack


def readings(grid: Grid, layout: Layout) -> tuple[dict[str, list[Reading]], list[Refusal], int]:
    """Every cell read, the faulty ones refused, and how many cells hold a mark."""
    marks = {mark_key(mark): state for mark, state in layout.marks.items()}
    read: dict[str, list[Reading]] = {}
    refusals: list[Refusal] = []
    for name, cells in grid.cells.items():
        column = layout.columns[name]
        read[name] = []
        for i, cell in enumerate(cells):
            reading = read_cell(cell, column.holds, marks, layout.letters)
            if column.holds == "number" and (reading.number or 0) > MOST:
                reading = Reading(fault=TOO_LARGE)
            least, most = column.least, column.most
            if reading.number is not None and not (
                (least is None or least <= reading.number)
                and (most is None or reading.number <= most)
            ):
                reading = Reading(fault=_outside(least, most))
            if reading.fault:
                refusals.append(_refusal(grid, layout, i, name, cell, reading.fault))
            read[name].append(reading)
    marked = sum(r.state is not None for column in read.values() for r in column)
    return read, refusals, marked


def _outside(least: float | None, most: float | None) -> str:
    limits = [f"below {least:g}" if least is not None else "", f"above {most:g}" if most else ""]
    return f"this may not be {' or '.join(filter(None, limits))}"


def _refusal(
    grid: Grid, layout: Layout, service: int, column: str, cell: Any, fault: str
) -> Refusal:
    row, heading = grid.spot(service, column)
    shown = shown_figure(cell) if fault == TOO_LARGE else masked(cell)
    remedy = "correct the cell"
    if fault.startswith("this is no") and shown != MASKED:
        remedy += f", or list \"{shown}\" as a mark of the layout '{layout.id}'"
    return Refusal(
        row,
        heading,
        shown,
        f'"{shown}": {fault}; {remedy}, and load the file again.',
        grid.services[service].service,
    )


def balance(file: str, grid: Grid, read: Mapping[str, list[Reading]], layout: Layout) -> None:
    """Control totals: Refused names the row and both numbers where one does not hold.

    Rows with a faulty or empty cell are left out: that cell is refused by itself.
    """
    marks = {mark_key(mark): state for mark, state in layout.marks.items()}
    counts = [n for n in grid.cells if layout.columns[n].holds == "count"]
    for i in range(len(grid.services)):
        numbers = {n: read[n][i].number for n in grid.cells}
        _balance_row(file, grid.spot(i, next(iter(grid.cells)))[0], numbers, layout)
    for row, cells in grid.totals:
        stated = {
            n: read_cell(c, layout.columns[n].holds, marks, layout.letters).number
            for n, c in cells.items()
        }
        _balance_row(file, row, stated, layout)
        for name in counts:
            figures = [r.number for r in read[name]]
            total = stated[name]
            if total is None:
                raise Refused(
                    f"{file}: row {row}, the row of totals, has no number under "
                    f"'{layout.columns[name].label}'; fetch the file again."
                )
            if None not in figures and abs(sum(f for f in figures if f) - total) > SLACK:
                raise Refused(
                    f"{file}: row {row}, the row of totals, has {total:.12g} under "
                    f"'{layout.columns[name].label}', and the services add up to "
                    f"{sum(f for f in figures if f):.12g}; fetch the file again, or ask its publisher."
                )


def _balance_row(file: str, row: int, numbers: Mapping[str, float | None], layout: Layout) -> None:
    for rule in layout.balance:
        left, right = _sum(rule.left, numbers), _sum(rule.right, numbers)
        if left is not None and right is not None and abs(left - right) > SLACK:
            raise Refused(
                f"{file}: row {row}: {rule.says}, but {left:.12g} is not {right:.12g}; "
                "fetch the file again, or ask its publisher."
            )


def _sum(parts: Sum, numbers: Mapping[str, float | None]) -> float | None:
    """The sum of some columns on one row; None when one of them has no number."""
    added = [numbers.get(name) for name in parts.add]
    taken = [numbers.get(name) for name in parts.take]
    if None in added or None in taken:
        return None
    return sum(a for a in added if a is not None) - sum(t for t in taken if t is not None)


def results(
    grid: Grid, read: Mapping[str, list[Reading]], layout: Layout, catalogue: Catalogue
) -> tuple[pd.DataFrame, list[Refusal]]:
    """One row for each service and metric, in the columns of `model.Batch.frames`.

    A result with a faulty cell in it is left out; so is one that breaks a rule, which is refused at
    the cell of the part that the rule names.
    """
    rows, made = [], []
    for measure in layout.metric:
        if any(c not in grid.cells for c in measure.columns):
            continue  # this file of the series does not have it
        metric = catalogue.metrics[measure.id]
        for i, sighting in enumerate(grid.services):
            cells = {c: read[c][i] for c in (*measure.columns, *_explaining(measure, grid))}
            if not any(cells[c].fault for c in measure.columns):
                rows.append(_result(measure, metric, cells, sighting, layout))
                made.append((measure, i))
    frame = pd.DataFrame(
        rows,
        columns=[*COLUMNS[:2], *COLUMNS[4:], "level", "state"],
    )
    for part in COLUMNS[4:]:
        frame[part] = frame[part].astype(float)
    frame["completeness"] = np.nan
    frame[["level", "state"]] = frame[["level", "state"]].astype("str")
    kind = frame["metric"].map(lambda m: catalogue.metrics[m].kind)
    bad = faults(frame, (kind == "proportion").to_numpy(), (kind == "count").to_numpy())
    refusals = [
        _refusal(grid, layout, made[at][1], column, grid.cells[column][made[at][1]], REASONS[rule])
        for at, part, rule in bad
        for column in [_told_at(made[at][0], part)]
    ]
    frame = finished(frame, kind == "proportion")
    frame.insert(2, "start", pd.Timestamp(grid.period.start).as_unit("us"))
    frame.insert(3, "end", pd.Timestamp(grid.period.end).as_unit("us"))
    return frame.drop(index=[at for at, _, _ in bad]).reset_index(drop=True), refusals


def finished(frame: pd.DataFrame, proportion: Any) -> pd.DataFrame:
    """Proportions worked out exactly from their counts; no figure beside a mark."""
    n, d = frame["numerator"], frame["denominator"]
    exact = proportion & n.notna() & (d > 0)
    frame["value"] = frame["value"].where(~exact, 100 * n / d.where(d > 0))
    marked = frame["state"] != "ok"
    frame.loc[marked, ["numerator", "denominator", "value"]] = np.nan
    return frame


def _explaining(measure: Measure, grid: Grid) -> Iterator[str]:
    if measure.explained_by in grid.cells:
        yield measure.explained_by


def _told_at(measure: Measure, part: str) -> str:
    """The column at which a fault of one part is told."""
    given = {"value": measure.value, "denominator": measure.denominator}.get(part)
    return (given or measure.numerator or measure.value or Sum(add=measure.columns)).names[0]


def _result(
    measure: Measure,
    metric: Metric,
    cells: Mapping[str, Reading],
    sighting: Sighting,
    layout: Layout,
) -> tuple[str, str, float | None, float | None, float | None, str | None, State]:
    """One result from its cells: service, metric, numerator, denominator, value, level, state."""
    figures = {
        part: _figure(given, cells, sighting, layout)
        for part, given in (
            ("numerator", measure.numerator),
            ("denominator", measure.denominator),
            ("value", measure.value),
            ("level", Sum(add=(measure.level,)) if measure.level else None),
        )
    }
    n, d, v = (figures[p].number for p in ("numerator", "denominator", "value"))
    letter = figures["level"].letter
    both = metric.kind == "proportion" and None not in (measure.numerator, measure.denominator)
    state: State = "ok"
    if both:
        if n is None or d is None:
            state = figures["numerator"].state or figures["denominator"].state or "missing"
        elif n == d == 0:
            state = "no_cases"
    elif letter is None and v is None:
        state = figures["level"].state or figures["value"].state or "missing"
    explained = cells.get(measure.explained_by)
    if state == "missing" and explained is not None and explained.state:
        state = explained.state
    return sighting.service, measure.id, n, d, v, letter, state


def _figure(
    given: Sum | None, cells: Mapping[str, Reading], sighting: Sighting, layout: Layout
) -> Reading:
    """The sum of some cells, or the first mark among them, or what their emptiness means."""
    if given is None:
        return BLANK
    for name in given.names:
        if cells[name].state:
            return cells[name]
        if cells[name].number is None and cells[name].letter is None:
            return Reading(state=_blank(name, sighting.peer_group, layout))
    if given.names[0] in cells and cells[given.names[0]].letter:
        return cells[given.names[0]]
    return Reading(number=_sum(given, {name: r.number for name, r in cells.items()}))


def _blank(column: str, peer_group: str, layout: Layout) -> State:
    """What an empty cell means for a service of this kind."""
    for rule in layout.blank:
        if column in rule.columns and peer_group in rule.peer_groups:
            return rule.state
    return "missing"
