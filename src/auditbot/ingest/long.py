"""One figure a row: the plain layout, by the million rows.

Each different text is checked once, numbers as whole columns, piece by piece. Ids of services that
differ only by case are one: the spelling that stands first in the file wins.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from auditbot.catalogue import Catalogue
from auditbot.ingest import check, personal, raw, read
from auditbot.ingest.cell import MOST, MOST_COUNTED, TOO_LARGE, mark_key
from auditbot.ingest.column import CODES, Figures, Texts, day, figures, texts
from auditbot.ingest.far import refuse_far
from auditbot.ingest.kept import Frames, Seen, distinct, periods_of, sightings
from auditbot.ingest.label import find, key, one_line, slug
from auditbot.ingest.refusal import Refused, masked, shown_date, shown_figure
from auditbot.layout import Layout
from auditbot.model import Batch, Refusal

MOST_REFUSALS = 10_000  # beyond that a file is not sound, and nobody corrects cell by cell
FEWEST_JUDGED = 10  # rows, before a file is held to have one for each patient
SINGLE_SHARE = 0.9
NUMBERS = ("numerator", "denominator", "value", "completeness")
TEXTS = ("service", "metric", "start", "end", "name")

_PLAIN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")

_NO_ID = "this is no id of a service; write its code"
_TOTAL = "this is a total or national row and no service; leave it out"
TOTALS = frozenset(
    (
        *("total", "totals", "grand total", "all", "all services", "all trusts", "all hospitals"),
        *("national", "national total", "national average", "england", "wales", "scotland"),
        *("northern ireland", "great britain", "united kingdom", "uk"),
    )
)
_NO_METRIC = "this metric is not in the catalogue; correct its id, or add it to the catalogue"
_NO_DAY = "this is not a date as year-month-day (2026-04-01) between 1970 and 2100"
_BACKWARDS = "the period starts after its end"
_NO_FIGURE = "this is not a number"
_NO_LEVEL = "this is none of the levels"
_LONELY = "no figure can be worked out from what is given; add the denominator or the value"


def take_in(opened: read.Opened, sheet: str, layout: Layout, catalogue: Catalogue) -> Batch:
    """Read and check a long file whole. Raises Refused; faulty rows are in `refusals`."""
    places = _places(opened, sheet, layout)
    seen = Seen()
    pieces = []
    width = len(opened.heads[sheet][0])
    too_long = raw.long_rows(opened, sheet)
    longest = max(too_long.values(), default=0)
    if longest > width + raw.MOST_SPARE:
        row = next(row for row, cells in too_long.items() if cells == longest)
        raise Refused(f"{opened.name}: row {row}: {raw.too_long(longest, width)}.")
    for row, frame in read.chunks(
        opened,
        sheet,
        {at: part for part, at in places.items() if part in TEXTS},
        {at: part for part, at in places.items() if part in NUMBERS},
        longest,
    ):
        frame = frame.reset_index(drop=True)
        cells = _cells(opened, row, frame, layout, seen, places)
        shifted = {r: n for r, n in too_long.items() if row <= r < row + len(frame)}
        seen.refusals += [raw.refusal(at, many, width) for at, many in shifted.items()]
        unread = np.isin(np.arange(row, row + len(frame)), [*shifted])
        pieces.append(_piece(cells, unread, layout, catalogue, seen))
        if len(seen.refusals) > MOST_REFUSALS:
            raise Refused(
                f"{opened.name}: more than {MOST_REFUSALS:,} rows are faulty; {_first(seen)}"
            )
    if not any(map(len, pieces)):
        raise Refused(f"{opened.name}: not one usable row; {_first(seen)}")
    refuse_far(pieces, layout.long.end, seen)
    _refuse_single_patients(opened.name, pieces)
    distinct(opened.name, pieces, seen)
    audits = {catalogue.metrics[m].audit for m in seen.metrics}
    return Batch(
        source=layout.id,
        audit=layout.audit or (audits.pop() if len(audits) == 1 else ""),
        name=opened.name,
        sha256=opened.sha256,
        published=None,
        services=sightings(pieces, seen),
        periods=periods_of(pieces, seen),
        frames=Frames(pieces, seen, layout.letters),
        refusals=tuple(sorted(seen.refusals, key=lambda r: r.row)),
        not_numeric=seen.marked,
    )


def _places(opened: read.Opened, sheet: str, layout: Layout) -> dict[str, int]:
    """Which column of the file is which part. Raises Refused for a faulty header."""
    header = opened.heads[sheet][0] if opened.heads[sheet] else []
    keys = [{key(cell)} for cell in header]
    labels = layout.long.model_dump()
    found = {part: find((label,), keys, opened.name) for part, label in labels.items()}
    for part in ("service", "metric", "start", "end"):
        if found[part] is None:
            raise Refused(
                f"{opened.name}: the column '{labels[part]}' is missing from the header in row 1; "
                "add it and load the file again."
            )
    if found["value"] is None and found["numerator"] is None:
        raise Refused(
            f"{opened.name}: the header in row 1 has neither '{labels['value']}' nor "
            f"'{labels['numerator']}', so there are no figures; add them and load the file again."
        )
    return {part: at for part, at in found.items() if at is not None}


@dataclass(frozen=True)
class Cells:
    """The columns of one piece, read; a column that the file does not have is empty."""

    first_row: int  # of the spreadsheet
    serial: bool  # dates may be day numbers
    text: dict[str, Texts]
    figures: dict[str, Figures]
    own: dict[tuple[str, int], str]  # what stands in cells whose number is beyond measure

    def at(self, row: int, part: str) -> str:
        """One cell as it may be shown."""
        if part in self.figures:
            own = self.own.get((part, row))
            return shown_figure(self.figures[part].told(row) if own is None else own)
        cell = self.text[part].at(row)
        if part in ("start", "end"):
            return shown_date(cell)
        return one_line(cell) if key(cell) in TOTALS else masked(cell)


def _piece(
    cells: Cells,
    unread: Any,
    layout: Layout,
    catalogue: Catalogue,
    seen: Seen,
) -> pd.DataFrame:
    """The good rows of one piece as codes and numbers; the faulty ones go to `seen.refusals`."""
    used = ~_empty(cells) & ~unread
    text, given, size, first_row = cells.text, cells.figures, len(unread), cells.first_row
    service = text["service"].each(lambda v: _number(_service_id(v, seen), seen.services), np.int64)
    metric = text["metric"].each(
        lambda v: _number(_metric_id(v, layout, catalogue), seen.metrics), np.int64
    )
    starts, ends = (
        text[part].each(lambda v: day(v, cells.serial), np.int64) for part in ("start", "end")
    )
    kinds = [catalogue.metrics[m].kind for m in seen.metrics] + [""]
    is_level, is_proportion, is_count = (
        np.array([k == kind for k in kinds])[metric] for kind in ("level", "proportion", "count")
    )
    n, d, v = (given[part].numbers for part in ("numerator", "denominator", "value"))
    v = np.where(is_count & np.isnan(v) & np.isnan(d), n, v)  # a count may stand as a numerator
    numbers = pd.DataFrame(
        {
            "numerator": n,
            "denominator": d,
            "value": v,
            "completeness": given["completeness"].numbers,
        }
    )
    level = np.where(is_level, given["value"].letters, 0)
    state = np.zeros(size, dtype=np.int8)
    for part in ("value", "denominator", "numerator"):  # the numerator's mark counts most
        state = np.where(given[part].states > 0, given[part].states, state)
    both = is_proportion & ~np.isnan(n) & ~np.isnan(d)
    nothing = np.isnan(v) & ~both & (level == 0) & (state == 0)
    faults: list[tuple[Any, str, str]] = [
        (service < 0, "service", _NO_ID),
        (text["service"].each(lambda v: key(v) in TOTALS, bool), "service", _TOTAL),
        (metric < 0, "metric", _NO_METRIC),
        (starts < 0, "start", _NO_DAY),
        (ends < 0, "end", _NO_DAY),
        (starts > ends, "start", _BACKWARDS),
        (is_level & ~np.isnan(v), "value", f"{_NO_LEVEL} {', '.join(layout.letters)}"),
        (~is_level & (given["value"].letters > 0), "value", _NO_FIGURE),
        *((np.isinf(given[part].numbers), part, _NO_FIGURE) for part in NUMBERS),
        (n > MOST_COUNTED, "numerator", TOO_LARGE),
        (d > MOST_COUNTED, "denominator", TOO_LARGE),
        (v > np.where(is_count, MOST_COUNTED, MOST), "value", TOO_LARGE),
        (nothing & ~np.isnan(n), "numerator", _LONELY),
    ]
    rules = check.faults(numbers, is_proportion, is_count)
    good = _refuse(
        cells,
        used,
        [(np.flatnonzero(bad), part, reason) for bad, part, reason in faults]
        + [(np.array([at]), part, check.REASONS[rule]) for at, part, rule in rules],
        service,
        layout,
        seen,
    )
    state = np.where(nothing, CODES["missing"], state)
    state = np.where((state == 0) & both & (n == 0) & (d == 0), CODES["no_cases"], state)
    seen.marked += sum(int((given[part].states[good] > 0).sum()) for part in NUMBERS)
    with np.errstate(all="ignore"):
        v = np.where(both & (d > 0), 100 * n / d, v)
    name = np.full(size, -1)
    if "name" in text:
        name = text["name"].each(lambda v: _number(one_line(v), seen.names), np.int64)
    kept: dict[str, Any] = {
        "row": np.arange(first_row, first_row + size, dtype=np.int32),
        "service": service.astype(np.int32),
        "metric": metric.astype(np.int16),
        "period": _periods(good, starts, ends, seen).astype(np.int32),
        "name": name.astype(np.int32),
        "state": state.astype(np.int8),
        "level": level.astype(np.int8),
        **{
            part: np.where(state == 0, x, np.nan)
            for part, x in zip(NUMBERS[:3], (n, d, v), strict=True)
        },
        "completeness": given["completeness"].numbers,
    }
    return pd.DataFrame({part: column[good] for part, column in kept.items()})


def _cells(
    opened: read.Opened,
    first_row: int,
    frame: pd.DataFrame,
    layout: Layout,
    seen: Seen,
    places: Mapping[str, int],
) -> Cells:
    """Every column read. Raises Refused when one holds people, also one that is of no use."""
    for column in frame:
        if column not in (*TEXTS, *NUMBERS):
            different = {str(v).removesuffix(".0") for v in frame[column].dropna().unique()}
            personal.refuse_names(opened.name, str(column), different)
        elif column in NUMBERS:
            personal.refuse_long_numbers(opened.name, str(column), frame[column])
    text = {part: texts(frame[part]) for part in TEXTS if part in frame}
    for part in ("service", "name"):
        if part in text:
            label, known = layout.long.model_dump()[part], seen.looked_at[part]
            if not known.issuperset(new := {str(v) for v in text[part].values}):
                known |= new
                personal.refuse_services(opened.name, label, known)
    marks = {mark_key(mark): state for mark, state in layout.marks.items()}
    absent = pd.Series(np.full(len(frame), np.nan))
    given = {
        part: figures(frame.get(part, absent), marks, layout.letters if part == "value" else ())
        for part in NUMBERS
    }
    own: dict[tuple[str, int], str] = {}
    for part, told in given.items():
        vast = np.flatnonzero(told.numbers > MOST_COUNTED) if told.source is None else ()
        if len(vast):
            texts_of = raw.own_texts(opened, [first_row + int(at) for at in vast], places[part])
            own |= {(part, row - first_row): cell for row, cell in texts_of.items()}
    return Cells(first_row, opened.kind == "workbook", text, given, own)


def _empty(cells: Cells) -> Any:
    """Rows without anything in them, as spreadsheets leave below a table."""
    empty = np.ones(len(cells.figures["value"].numbers), dtype=bool)
    for column in cells.text.values():
        empty &= column.each(lambda v: not str(v).strip(), bool)
    for part in cells.figures.values():
        empty &= np.isnan(part.numbers) & (part.states == 0) & (part.letters == 0)
    return empty


def _number(thing: str, among: dict[str, int]) -> int:
    """The number of a thing, a new one if it is new; -1 for nothing."""
    return among.setdefault(thing, len(among)) if thing else -1


def _service_id(cell: Any, seen: Seen) -> str:
    """An id as first spelt ("rxx" is "RXX"); a name in its place becomes its slug."""
    text = one_line(cell)
    found = text if _PLAIN_ID.fullmatch(text) else slug(text)[:80]
    return seen.spellings.setdefault(found.casefold(), found)


def _metric_id(cell: Any, layout: Layout, catalogue: Catalogue) -> str:
    text = one_line(cell)
    found = layout.metrics.get(text, text)
    return found if found in catalogue.metrics else ""


def _periods(good: Any, starts: Any, ends: Any, seen: Seen) -> Any:
    """The number of each row's period; -1 where it has none."""
    period = np.full(len(starts), -1, dtype=np.int64)
    pairs, where = np.unique(starts[good] * 100_000 + ends[good], return_inverse=True)
    numbers = [
        seen.periods.setdefault(divmod(pair, 100_000), len(seen.periods)) for pair in pairs.tolist()
    ]
    period[good] = np.array(numbers, dtype=np.int64)[where]
    return period


def _refuse(
    cells: Cells,
    used: Any,
    faults: list[tuple[Any, str, str]],
    service: Any,
    layout: Layout,
    seen: Seen,
) -> Any:
    """Refuse rows, each for the first of its faults; the mask of the rows that are left."""
    good, labels, ids = used.copy(), layout.long.model_dump(), [*seen.services]
    for rows, part, reason in faults:
        for at in rows[good[rows]].tolist():
            shown = cells.at(at, part)
            seen.refusals.append(
                Refusal(
                    cells.first_row + at,
                    labels[part],
                    shown,
                    f'"{shown}": {reason}; correct the cell and load the file again.',
                    ids[service[at]] if service[at] >= 0 else None,
                )
            )
        good[rows] = False
    return good


def _refuse_single_patients(file: str, pieces: list[pd.DataFrame]) -> None:
    """Raise Refused when nearly every denominator is 1: then each row is one patient."""
    counted = sum(int(p["denominator"].notna().sum()) for p in pieces)
    single = sum(int((p["denominator"] == 1).sum()) for p in pieces)
    if counted >= FEWEST_JUDGED and single >= SINGLE_SHARE * counted:
        raise Refused(
            f"{file}: {single:,} of {counted:,} denominators are 1, so each row looks like one "
            "patient; remove these rows, count the patients of each team and period, and load the "
            "counts. Nothing of it was kept."
        )


def _first(seen: Seen) -> str:
    """The first fault in words, for a file that is refused whole."""
    if not seen.refusals:
        return "there are no rows under the header; fetch the file again."
    first = min(seen.refusals, key=lambda r: r.row)
    return f"the first is at row {first.row}, column '{first.column}': {first.reason}"
