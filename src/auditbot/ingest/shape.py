"""Which cell is which service's which figure? Three shapes become one grid.

Wide files have services down and figures across, transposed files the other way round; long files
have a figure a row and are read in `long.py`. What a grid knows about each cell is where it stands
in the spreadsheet, so that a fault can be named there.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from auditbot.ingest.dates import file_period, preamble_of, published_on
from auditbot.ingest.label import find, key, one_line, slug
from auditbot.ingest.personal import Headings
from auditbot.ingest.refusal import Refused
from auditbot.layout import Layout, ServiceSpot
from auditbot.model import Period, Refusal, Sighting


@dataclass(frozen=True)
class Grid:
    """The figures of one file: a row for each service, a column for each column of the layout."""

    period: Period
    published: date | None
    services: tuple[Sighting, ...]
    cells: dict[str, list[Any]]  # column of the layout -> one cell for each service
    spots: tuple[tuple[int, str], ...]  # (row, column) of each service; "" or 0: the figure's own
    labels: dict[str, tuple[int, str]]  # column of the layout -> (row, column) where it stands
    totals: tuple[tuple[int, dict[str, Any]], ...] = ()  # national rows: spreadsheet row, cells
    refusals: tuple[Refusal, ...] = ()

    def spot(self, service: int, column: str) -> tuple[int, str]:
        """Spreadsheet row and column heading of one figure."""
        row, heading = self.spots[service]
        own_row, own_heading = self.labels[column]
        return row or own_row, heading or own_heading


def header_row(rows: Sequence[Sequence[Any]], layout: Layout) -> int | None:
    """The first row that has every label the layout is recognised by; None if there is none."""
    wanted = {key(label) for label in layout.recognised_by}
    for at, row in enumerate(rows):
        if wanted <= {key(cell) for cell in row if isinstance(cell, str)}:
            return at
    return None


def fits(rows: Sequence[Sequence[Any]], layout: Layout) -> bool:
    """Do the first rows of a table look like this layout?"""
    if layout.shape == "transposed":
        wanted = {key(label) for label in layout.recognised_by}
        return wanted <= {key(row[0]) for row in rows if row}
    return header_row(rows, layout) is not None


def lacking(rows: Sequence[Sequence[Any]], layout: Layout) -> tuple[str, ...]:
    """The labels the layout is recognised by that the best fitting row (or column) lacks."""
    found = [{key(cell) for cell in row if isinstance(cell, str)} for row in rows]
    if layout.shape == "transposed":
        found = [{key(row[0]) for row in rows if row}]
    missing = [
        tuple(label for label in layout.recognised_by if key(label) not in keys) for keys in found
    ]
    return min(missing, key=len, default=layout.recognised_by)


def headings(rows: Sequence[Sequence[Any]], layouts: Iterable[Layout]) -> Headings:
    """Which of the first rows of a table name what stands in the others.

    Where no layout fits it is the first row with the most texts, and everything above it.
    """
    for layout in layouts:
        if fits(rows, layout):
            if layout.shape == "transposed":
                return Headings(0, True)
            return Headings((header_row(rows, layout) or 0) + 1)
    texts = [sum(isinstance(c, str) and any(map(str.isalpha, c)) for c in row) for row in rows]
    return Headings(1 + texts.index(max(texts))) if texts else Headings(1)


def wide(file: str, table: pd.DataFrame, layout: Layout) -> Grid:
    """Services down, figures across, below a preamble and a header of one or two rows."""
    spot, rows = _spot(layout), table.to_numpy(dtype=object).tolist()
    header = header_row(rows, layout)
    if header is None:
        raise Refused(f"{file}: the header of {layout.name} was not found; fetch the file again.")
    names = _joined(rows[header], rows[header - 1] if layout.grouped and header else [])
    columns = _columns(file, layout, names, "column")
    at_id = _needed(file, spot.id or spot.name, names)
    at_name = _needed(file, spot.name, names)
    at_parent = _needed(file, spot.parent, names) if spot.parent else None
    at_region = find(spot.region, names, file) if spot.region else None
    preamble = preamble_of(rows[:header])
    at_period = None
    if layout.period and layout.period.stands_in == "column":
        at_period = _needed(file, layout.period.label, names)
    found: list[tuple[int, Sighting, dict[str, Any]]] = []
    totals, stated = [], []
    whole = Period(date.min, date.max)  # until the file's own period is known
    for number, row in enumerate(rows[header + 1 :], header + 2):
        filled = [i for i, cell in enumerate(row) if one_line(cell)]
        cells = {name: row[i] for name, i in columns.items()}
        if len(filled) < 2 and not (filled and filled[0] in columns.values()):
            continue  # empty, or a note under the table
        code, name = one_line(row[at_id]), one_line(row[at_name])
        if _is_total(spot, code, name):
            totals.append((number, cells))
            continue
        if not code:
            raise Refused(
                f"{file}: row {number} has figures and no '{spot.id or spot.name}'; "
                "say whose they are, or remove the row, and load the file again."
            )
        if at_period is not None:
            stated.append((number, row[at_period]))
        sighting = _sighting(
            spot,
            code,
            name,
            "" if at_parent is None else one_line(row[at_parent]),
            "" if at_region is None else one_line(row[at_region]),
            whole,
        )
        if spot.id_like and not re.fullmatch(spot.id_like, sighting.service):
            raise Refused(
                f"{file}: row {number}, column '{spot.id}' holds something that is no code of a "
                "service; correct it, or remove the row, and load the file again."
            )
        found.append((number, sighting, cells))
    if spot.total_needed and not totals:
        raise Refused(
            f"{file}: the row of totals ({' or '.join(spot.totals)}) is missing, so the file may "
            "have been cut short; fetch it again."
        )
    period = file_period(file, layout, preamble, stated)
    kept = _distinct(file, found, "row")
    return Grid(
        period,
        published_on(layout, preamble),
        tuple(replace(s, period=period) for _, s, _ in kept),
        {name: [cells[name] for _, _, cells in kept] for name in columns},
        tuple((number, "") for number, _, _ in kept),
        {name: (0, one_line(rows[header][i])) for name, i in columns.items()},
        tuple(totals),
    )


def transposed(file: str, table: pd.DataFrame, layout: Layout) -> Grid:
    """Figures down, services across; labels in the first column, rows without figures are notes."""
    spot, rows = _spot(layout), table.to_numpy(dtype=object).tolist()
    names = [{key(row[0])} for row in rows]
    columns = _columns(file, layout, names, "row")
    heads = {
        "name": _needed(file, spot.name, names),
        "parent": _needed(file, spot.parent, names) if spot.parent else None,
        "region": find(spot.region, names, file) if spot.region else None,
        "peer_group": _needed(file, spot.peer_group, names) if spot.peer_group else None,
    }
    period = file_period(file, layout, {}, [])
    known = {key(label) for label in layout.ignored}
    used = set(columns.values()) | {at for at in heads.values() if at is not None}
    refusals = [
        Refusal(
            number + 1,
            one_line(row[0])[:80] or "the first column",
            "",
            "this row is not known: add it to the layout "
            f"'{layout.id}', or to the layout's list of ignored rows, and load the file again.",
        )
        for number, row in enumerate(rows)
        if number not in used and key(row[0]) not in known and any(map(one_line, row[1:]))
    ]
    odd = [ODD[name] for name in layout.odd]
    found: list[tuple[int, Sighting, dict[str, Any]]] = []
    for at in range(1, table.shape[1]):
        cells = {name: rows[i][at] for name, i in columns.items()}
        head = {k: "" if i is None else one_line(rows[i][at]) for k, i in heads.items()}
        for function in odd:
            head = function(head, heads["region"] is not None)
        if not head["name"]:
            if any(map(one_line, cells.values())):
                raise Refused(
                    f"{file}: column {at + 1} has figures and no '{spot.name}'; "
                    "say whose they are, or remove the column, and load the file again."
                )
            continue
        sighting = _sighting(spot, "", head["name"], head["parent"], head["region"], period)
        found.append((at + 1, replace(sighting, peer_group=head["peer_group"]), cells))
    kept = _distinct(file, found, "column")
    return Grid(
        period,
        None,
        tuple(s for _, s, _ in kept),
        {name: [cells[name] for _, _, cells in kept] for name in columns},
        tuple((0, s.name) for _, s, _ in kept),
        {name: (i + 1, "") for name, i in columns.items()},
        (),
        tuple(refusals),
    )


def team_type_in_first_row(head: dict[str, str], has_region_row: bool) -> dict[str, str]:
    """SSNAP: the first row tells the team type, with a number added to repeats ("… team.17").

    The files of 2013 have no row for the region; there the first row tells the region instead.
    """
    first = re.sub(r"\.\d+$", "", head["peer_group"])
    return head | ({"peer_group": first} if has_region_row else {"region": first, "peer_group": ""})


ODD: dict[str, Callable[[dict[str, str], bool], dict[str, str]]] = {
    "team_type_in_first_row": team_type_in_first_row
}


def calmed(text: str, capitals: Sequence[str]) -> str:
    """A name written in capitals, in title case as NHS England's workbooks write it.

    "FERNHILL AND LEYBURN NHS TRUST" → "Fernhill And Leyburn NHS Trust". Names that
    have a small letter, or one short word alone, stay as they are; words in `capitals` stay too.
    """
    if not capitals or text != text.upper() or sum(map(str.isalpha, text)) < 5:
        return text
    kept = {word.upper(): word for word in capitals}

    def calm(found: re.Match[str]) -> str:
        return kept.get(found[0].upper(), found[0].capitalize())

    return re.sub(r"[^\W\d_]+(?:['’][^\W\d_]+)*", calm, text)


def _spot(layout: Layout) -> ServiceSpot:
    if layout.service is None:  # `layout.load` refuses such a layout
        raise Refused(f"layout '{layout.id}' does not say where a service stands.")
    return layout.service


def _joined(header: Sequence[Any], groups: Sequence[Any]) -> list[set[str]]:
    """Each column's keys: its own label, and its group's label before it (groups are merged)."""
    names, group = [], ""
    for i, cell in enumerate(header):
        group = key(groups[i]) if i < len(groups) and one_line(groups[i]) else group
        own = key(cell)
        names.append({own, f"{group} {own}".strip()} if own else set())
    return names


def _columns(file: str, layout: Layout, names: Sequence[set[str]], what: str) -> dict[str, int]:
    """Where each column of the layout stands. Raises Refused when one that is needed is missing."""
    found: dict[str, int] = {}
    for name, column in layout.columns.items():
        at = find((column.label, *column.also), names, file)
        if at is not None and at in found.values():
            at = None
        if at is not None:
            found[name] = at
        elif not column.optional:
            raise Refused(
                f"{file}: the {what} '{' '.join(column.label.split())}' of {layout.name} is "
                "missing; fetch the file again, or add its new label to the layout."
            )
    return found


def _needed(file: str, label: str, names: Sequence[set[str]]) -> int:
    at = find((label,), names, file)
    if at is None:
        raise Refused(f"{file}: '{label}' is missing; fetch the file again.")
    return at


def _is_total(spot: ServiceSpot, code: str, name: str) -> bool:
    totals = {t.casefold() for t in spot.totals}
    return code.casefold() in totals or name.casefold() in totals


def _sighting(
    spot: ServiceSpot, code: str, name: str, parent: str, region: str, period: Period
) -> Sighting:
    name = calmed(name, spot.capitals) or code
    return Sighting(
        service=code.upper() if spot.id else slug(name),
        name=name,
        period=period,
        parent=calmed(parent, spot.capitals),
        region=calmed(region, spot.capitals),
    )


def _distinct(
    file: str, found: list[tuple[int, Sighting, dict[str, Any]]], what: str
) -> list[tuple[int, Sighting, dict[str, Any]]]:
    """Each service once. Raises Refused when two rows or columns of one service differ."""
    first: dict[str, tuple[int, Sighting, dict[str, Any]]] = {}
    for number, sighting, cells in found:
        number_before, before, cells_before = first.setdefault(
            sighting.service, (number, sighting, cells)
        )
        if (before, [*map(one_line, cells_before.values())]) != (
            sighting,
            [*map(one_line, cells.values())],
        ):
            raise Refused(
                f"{file}: the service '{sighting.service}' stands in {what} {number_before} "
                f"and in {what} {number} with different names or figures; keep the one that is right and load "
                "the file again."
            )
    if not first:
        raise Refused(f"{file}: no service was found below the header; fetch the file again.")
    return list(first.values())
