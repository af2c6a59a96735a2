"""What do the published files say? Read by their own labels, with nothing of the program's.

Months count from the year nought (12 * year + month - 1), a period is known by its first one.
"""

import csv
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December"]  # fmt: skip
REASONS = {
    "X": "too few of the expected records were sent in",
    "Insufficient records": "too few of the expected records were sent in",
    "TFP": "the audit counted too few people to report",
    "Too few to report": "the audit counted too few people to report",
    "None entered": "no records were sent in",
    "None completed": "no records were sent in",
    "No records": "no records were sent in",
    "Not included in scoring": "this measure does not apply to your kind of team",
    ".": "the file held no result",
    "": "the file held no result",
    "n/a": "this measure does not apply to your kind of team",
    "-": "nobody was counted, so there is nothing to work out",
}
VISITS = "A&E attendances"
WITHIN = "A&E attendances less than 4 hours from arrival to admission, transfer or discharge"
TYPE_1 = "Type 1 Departments - Major A&E"
COUNTS = {
    "ae_attendances": (VISITS, "Total attendances"),
    "ae_admissions": ("Emergency Admissions", "Total Emergency Admissions"),
    "ae_4h_dta": (
        "Emergency Admissions",
        "Number of patients spending >4 hours from decision to admit to admission",
    ),
    "ae_12h_dta": (
        "Emergency Admissions",
        "Number of patients spending >12 hours from decision to admit to admission",
    ),
}
SHARES = {
    "ae_4h": ((WITHIN, "Total Attendances < 4 hours"), (VISITS, "Total attendances")),
    "ae_4h_type1": ((WITHIN, TYPE_1), (VISITS, TYPE_1)),
}
ROWS = {
    "ssnap_level": "SSNAP level",
    "ssnap_score": "SSNAP score",
    "ssnap_case_ascertainment": "Case ascertainment band",
    "ssnap_audit_compliance": "Audit compliance band",
    "ssnap_ki_level": "Combined Total Key Indicator level",
    "ssnap_ki_score": "Combined Total Key Indicator score",
    "ssnap_records": "Number of records completed: Team-centred post-72h all teams cohort",
    "ssnap_6m_applicable": "(ref B12.3)",
    "ssnap_6m_assessed": "(ref B13.3)",
}
ADMITTING = "Routinely admitting team"
WHERE_ADMITTED = {f"ssnap_{d}" for d in ("d1", "d3", "d4", "tc_d1", "tc_d3", "tc_d4", "tc_d8")}
EXPLAINED = {"ssnap_score": "ssnap_level", "ssnap_ki_score": "ssnap_ki_level"}


@dataclass(frozen=True)
class Cell:
    """One figure of a file, or the mark that stands in its place."""

    value: float | None = None  # per cent for shares
    top: float | None = None
    bottom: float | None = None
    letter: str = ""
    mark: str | None = None  # what the file has instead of a figure

    @property
    def known(self) -> bool:
        return self.mark is None


@dataclass
class Book:
    """All files of one audit."""

    step: int  # months a period
    cells: dict[str, dict[str, dict[int, Cell]]] = field(default_factory=dict)  # metric, service
    files: dict[int, tuple[str, tuple[int, int, int] | None]] = field(default_factory=dict)
    names: dict[str, dict[int, str]] = field(default_factory=dict)
    groups: dict[str, dict[int, str]] = field(default_factory=dict)
    regions: dict[str, dict[int, str]] = field(default_factory=dict)

    def put(self, service: str, metric: str, month: int, cell: Cell) -> None:
        self.cells.setdefault(metric, {}).setdefault(service, {})[month] = cell

    def meet(self, service: str, month: int, name: str, group: str, region: str) -> None:
        self.names.setdefault(service, {})[month] = name
        self.groups.setdefault(service, {})[month] = group
        self.regions.setdefault(service, {})[month] = region

    def name(self, service: str) -> str:
        return self.names[service][max(self.names[service])]

    def group(self, service: str) -> str:
        """The kind of service that the newest file which tells it tells."""
        return _newest(self.groups[service])

    def region(self, service: str) -> str:
        return _newest(self.regions[service])


def _newest(told: dict[int, str]) -> str:
    held = {m: text for m, text in told.items() if text}
    return held[max(held)] if held else ""


def month_number(text: str) -> int:
    name, year = text.split()
    return 12 * int(year) + MONTHS.index(name)


def ae(folder: Path) -> Book:
    book = Book(1)
    for path in sorted(folder.glob("*.xls")):
        table = pd.read_excel(
            path, sheet_name="Provider Level Data", header=None, engine="calamine", dtype=object,
            keep_default_na=False,
        ).values.tolist()  # fmt: skip
        month = month_number(next(str(r[2]) for r in table if r[1] == "Period:"))
        book.files[month] = path.name, max(filter(None, (_day(r) for r in table)), default=None)
        head = next(i for i, r in enumerate(table) if "Code" in r)
        at = _columns(table[head - 1], table[head])
        code, region, name = (table[head].index(x) for x in ("Code", "Region", "Name"))
        for row in table[head + 1 :]:
            if str(row[code]) in ("", "-"):
                continue
            service = str(row[code])
            group = "type 1" if row[at[VISITS, TYPE_1]] else "no type 1"
            book.meet(service, month, str(row[name]), group, str(row[region]).strip())
            for metric, where in COUNTS.items():
                book.put(service, metric, month, Cell(float(row[at[where]])))
            for metric, (over, under) in SHARES.items():
                book.put(service, metric, month, _share(row[at[over]], row[at[under]]))
    return book


def _day(row: list[Any]) -> tuple[int, int, int] | None:
    """Year, month and day of a line such as "Revised: 14th November 2024"."""
    if row[1] not in ("Published:", "Revised:"):
        return None
    m = re.match(r"(\d+)[a-z]* ([A-Z][a-z]+) (\d{4})", str(row[2]))
    return (int(m[3]), MONTHS.index(m[2]) + 1, int(m[1])) if m else None


def _columns(groups: list[Any], labels: list[Any]) -> dict[tuple[str, str], int]:
    found, group = {}, ""
    for i, label in enumerate(labels):
        group = str(groups[i]) or group
        found[group, str(label)] = i
    return found


def _share(top: float, bottom: float) -> Cell:
    return Cell(100 * top / bottom, top, bottom) if bottom else Cell(mark="-")


def ssnap(folder: Path) -> Book:
    book = Book(3)
    for path in sorted(folder.glob("*.csv")):
        first, year = re.fullmatch(r"([A-Z][a-z]{2})[A-Z][a-z]{2}(\d{4})", path.stem).groups()  # type: ignore[union-attr]
        month = 12 * int(year) + [m[:3] for m in MONTHS].index(first)
        book.files[month] = path.name, None
        rows: dict[str, list[str]] = {}
        with path.open(encoding="utf-8", newline="") as f:
            for label, *cells in csv.reader(f):
                rows.setdefault(" ".join(label.split()), [c.strip() for c in cells])
        kinds = next(iter(rows.values()))
        for i, team in enumerate(rows["Team"]):
            service = " ".join(team.split())
            kind = re.sub(r"\.\d+$", "", kinds[i])
            region = next((rows[x][i] for x in ("ISDN", "SCN") if x in rows), kind)
            book.meet(service, month, service, kind if kind.endswith("team") else "", region)
            for metric, cells in _rows_of(rows).items():
                cell = _cell(metric, cells, rows, i)
                if metric in WHERE_ADMITTED and not cell.mark and kind != ADMITTING:
                    cell = cell if cell.known else Cell(mark="n/a")
                book.put(service, metric, month, cell)
    return book


def _rows_of(rows: dict[str, list[str]]) -> dict[str, list[str]]:
    found = {}
    for label, cells in rows.items():
        for metric, wanted in ROWS.items():
            if label == wanted or (wanted.startswith("(ref") and label.endswith(wanted)):
                found[metric] = cells
        m = re.match(r"(Patient|Team)-centred Domain levels: (\d+)\)", label)
        if m:
            found[f"ssnap_{'tc_' if m[1] == 'Team' else ''}d{m[2]}"] = cells
    return found


def _cell(metric: str, cells: list[str], rows: dict[str, list[str]], i: int) -> Cell:
    text = cells[i]
    if re.fullmatch("[A-E]", text):
        return Cell(letter=text)
    if not re.fullmatch(r"[\d.]*\d%?", text):
        if text == "." and metric in EXPLAINED:  # a score says why it is missing by its level
            text = rows[ROWS[EXPLAINED[metric]]][i]
        if metric == "ssnap_6m_assessed" and _ending(rows, "(ref B12.1)")[i] == "0":
            text = "-"  # nobody to review
        return Cell(mark=text)
    number = float(text.rstrip("%"))
    if not metric.startswith("ssnap_6m"):
        return Cell(number)
    number *= 1 if text.endswith("%") else 100
    if metric == "ssnap_6m_applicable":
        return Cell(number, float(_ending(rows, "(ref B12.1)")[i]))
    top, bottom = (float(_ending(rows, end)[i]) for end in ("(ref B13.1)", "(ref B12.1)"))
    return Cell(100 * top / bottom, top, bottom)


def _ending(rows: dict[str, list[str]], end: str) -> list[str]:
    return next(cells for label, cells in rows.items() if label.endswith(end))


def words(catalogue: Path, audit: str) -> dict[str, Any]:
    """The catalogue's own words on an audit: {"audit": …, "metric": {id: …}, "action": […]}."""
    raw = tomllib.loads((catalogue / f"{audit}.toml").read_text(encoding="utf-8"))
    return raw | {"metric": {m["id"]: m for m in raw["metric"]}}


def mergers(catalogue: Path) -> dict[str, list[int]]:
    """The months with which a merged service starts anew, by code."""
    found: dict[str, list[int]] = {}
    for m in tomllib.loads((catalogue / "mergers.toml").read_text(encoding="utf-8"))["merger"]:
        found.setdefault(m["service"], []).append(12 * m["after"].year + m["after"].month)
    return found
