"""Where in a publisher's file does each figure stand? Loads and checks the source layouts.

A layout is one TOML file in the catalogue's folder `layouts`. It holds lists and names, no
expressions; what is really odd about a source is a named function in `ingest/shape.py`.
"""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from auditbot.catalogue import Catalogue, CatalogueFault, Entry, entry_faults
from auditbot.model import State

Holds = Literal["count", "number", "fraction", "percent", "percent_or_fraction", "letter"]
Odd = Literal["team_type_in_first_row"]


class Column(Entry):
    """One column of figures (in a transposed file: one row), found by its label."""

    label: str  # may begin with the words of the group header above it
    also: tuple[str, ...] = ()  # other labels it has had
    holds: Holds = "count"
    optional: bool = False  # not in every file of the series
    least: float | None = None
    most: float | None = None


class Sum(Entry):
    """Columns to add and columns to take away."""

    add: tuple[str, ...]
    take: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All columns in it."""
        return self.add + self.take


class Measure(Entry):
    """How one metric of the catalogue is made from columns."""

    id: str
    numerator: Sum | None = None
    denominator: Sum | None = None
    value: Sum | None = None  # the published figure; checked where both counts exist
    level: str = ""  # the column that holds the letter
    explained_by: str = ""  # the column whose mark says why there is no figure here

    @field_validator("numerator", "denominator", "value", mode="before")
    @classmethod
    def _short(cls, given: Any) -> Any:
        """A single name or a list of names is a sum of these columns."""
        if isinstance(given, str):
            return {"add": [given]}
        return {"add": given} if isinstance(given, list) else given

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column it reads."""
        sums = [s.names for s in (self.numerator, self.denominator, self.value) if s]
        single = [c for c in (self.level,) if c]
        return tuple(dict.fromkeys([c for s in sums for c in s] + single))


class Group(Entry):
    """Peer groups told apart by whether a sum of columns is above nought."""

    by: tuple[str, ...]
    some: str
    none: str


class ServiceSpot(Entry):
    """Where a service's code, name, trust, region and peer group stand."""

    id: str = ""  # label of the code; without one the id is the slug of the name
    id_like: str = ""  # a pattern every code fits
    name: str
    parent: str = ""
    region: tuple[str, ...] = ()  # labels it has had
    peer_group: str = ""
    group: Group | None = None
    capitals: tuple[str, ...] = ()  # words that stay in capitals when a shouted name is calmed
    totals: tuple[str, ...] = ()  # what stands in the code or name of a national row
    total_needed: bool = False  # every file has one, so a file without it was cut short


class PeriodSpot(Entry):
    """Where the period stands, and how many months it has."""

    stands_in: Literal["file_name", "preamble", "column"]
    label: str = ""
    months: int = Field(ge=1, le=12)


class Blank(Entry):
    """What an empty cell means in some columns for some peer groups."""

    columns: tuple[str, ...]
    peer_groups: tuple[str, ...]  # "" is a service whose group the file does not tell
    state: State


class Balance(Entry):
    """A control total: two sums of columns that are equal on every row."""

    says: str
    left: Sum
    right: Sum


class LongColumns(Entry):
    """The labels of a file with one figure a row. Only the first four must be there."""

    service: str = "service"
    metric: str = "metric"
    start: str = "period_start"
    end: str = "period_end"
    name: str = "service_name"
    numerator: str = "numerator"
    denominator: str = "denominator"
    value: str = "value"
    completeness: str = "completeness"


class Layout(Entry):
    """One kind of file: how it is recognised, and where everything in it stands."""

    id: str
    name: str
    audit: str = ""  # a long file may hold several audits
    shape: Literal["long", "wide", "transposed"]
    sheet: str = ""  # of a workbook; empty: whichever sheet fits
    recognised_by: tuple[str, ...]
    grouped: bool = False  # a header of groups stands above the header
    published: tuple[str, ...] = ()  # labels in the preamble; the latest date counts
    service: ServiceSpot | None = None
    period: PeriodSpot | None = None
    columns: dict[str, Column] = Field(default_factory=dict)
    ignored: tuple[str, ...] = ()  # labels that are known and hold no metric
    marks: dict[str, State] = Field(default_factory=dict)
    letters: tuple[str, ...] = ("A", "B", "C", "D", "E")
    blank: tuple[Blank, ...] = ()
    balance: tuple[Balance, ...] = ()
    metric: tuple[Measure, ...] = ()
    metrics: dict[str, str] = Field(default_factory=dict)  # long: the file's word -> metric id
    long: LongColumns = LongColumns()
    odd: tuple[Odd, ...] = ()

    @field_validator("marks", mode="after")
    @classmethod
    def _no_figure(cls, marks: dict[str, State]) -> dict[str, State]:
        if any(state == "ok" for state in marks.values()):
            raise ValueError("a mark stands where there is no figure, so its state cannot be 'ok'")
        return marks


#: The plain layout of the command line: one figure a row, ISO dates, ids of the catalogue.
LONG = Layout(
    id="long",
    name="The plain layout (one figure a row)",
    shape="long",
    recognised_by=("service", "metric", "period_start", "period_end"),
    marks={
        "*": "suppressed",
        "-": "no_cases",
        ".": "missing",
        "TFP": "too_few",
        "Too few to report": "too_few",
        "X": "insufficient_records",
        "Insufficient records": "insufficient_records",
        "None entered": "not_entered",
        "None completed": "not_entered",
        "No records": "not_entered",
        "Not included in scoring": "not_applicable",
    },
)


def load(folder: Path, catalogue: Catalogue) -> dict[str, Layout]:
    """Read every `*.toml` in `folder` and check it, also against the catalogue's metrics.

    The plain layout `long` is always among the layouts. Raises CatalogueFault with one sentence
    for each fault, all at once.
    """
    faults: list[str] = []
    layouts = {LONG.id: LONG}
    for path in sorted(folder.glob("*.toml")):
        try:
            layout = Layout.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            faults.append(f"{path.name}: not readable as TOML ({e}); mend the line it names.")
            continue
        except ValidationError as e:
            faults += entry_faults(path, "layout", e)
            continue
        if layout.id in layouts:
            faults.append(
                f"{path.name}: key 'id': '{layout.id}' is used by another layout; choose another."
            )
        layouts[layout.id] = layout
        faults += [f"{path.name}: {fault}" for fault in _faults(layout, catalogue)]
    if faults:
        raise CatalogueFault(faults)
    return layouts


def _faults(layout: Layout, catalogue: Catalogue) -> Iterator[str]:
    """What points at nothing, and what is left out."""
    if layout.audit and layout.audit not in catalogue.audits:
        yield f"key 'audit': '{layout.audit}' is not an audit of the catalogue."
    if layout.shape == "long":
        for word, metric in layout.metrics.items():
            if metric not in catalogue.metrics:
                yield f"key 'metrics.{word}': '{metric}' is not a metric of the catalogue."
        return
    for name, there in (
        ("audit", layout.audit),
        ("service", layout.service),
        ("period", layout.period),
        ("metric", layout.metric),
    ):
        if not there:
            yield f"key '{name}' is missing; a {layout.shape} layout needs it."
    if layout.period and layout.period.stands_in != "file_name" and not layout.period.label:
        yield "key 'period.label' is missing; say beside which label the period stands."
    for where, columns in _mentions(layout):
        for column in columns:
            if column not in layout.columns:
                yield f"key '{where}': '{column}' is not in [columns]; add it or mend the name."
    for measure in layout.metric:
        yield from _measure_faults(measure, layout.columns, catalogue)


def _mentions(layout: Layout) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each place of a layout that names columns."""
    for m in layout.metric:
        yield f"metric.{m.id}", m.columns + ((m.explained_by,) if m.explained_by else ())
    for b in layout.balance:
        yield "balance", b.left.names + b.right.names
    for blank in layout.blank:
        yield "blank", blank.columns
    if layout.service and layout.service.group:
        yield "service.group", layout.service.group.by


def _measure_faults(
    measure: Measure, columns: Mapping[str, Column], catalogue: Catalogue
) -> Iterator[str]:
    """Does the measure give what its kind of metric needs?"""
    where = f"key 'metric.{measure.id}'"
    metric = catalogue.metrics.get(measure.id)
    if metric is None:
        yield f"{where}: '{measure.id}' is not a metric of the catalogue."
        return
    if metric.kind == "level":
        held = columns.get(measure.level)
        if held is None or held.holds != "letter":
            yield f"{where}: a level needs 'level', a column that holds letters."
    elif metric.kind == "proportion":
        if measure.value is None and not (measure.numerator and measure.denominator):
            yield f"{where}: a proportion needs 'numerator' and 'denominator', or 'value'."
    elif measure.value is None:
        yield f"{where}: a {metric.kind} needs 'value'."
    sums = (measure.numerator, measure.denominator, measure.value)
    for name in (c for s in sums if s for c in s.names):
        if name in columns and columns[name].holds == "letter":
            yield f"{where}: '{name}' holds letters and cannot be added up."
