"""What is known about audits, metrics, standards, actions and events? Loads and checks the catalogue.

The catalogue is a folder of TOML files that an audit team edits. Every fault is one sentence with
file and key, and all faults are told at once.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from auditbot.model import Direction, Kind, Standard


class CatalogueFault(Exception):
    """The catalogue cannot be used; `faults` holds one sentence for each thing to mend."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(faults))


class Entry(BaseModel):
    """A checked table of the catalogue: unknown keys are refused, so a typing slip is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


E = TypeVar("E", bound=Entry)
TABLES = ("audit", "metric", "action", "event", "merger")


class Break(Entry):
    """A date across which figures must not be compared, and why."""

    after: date  # the last day of the old scheme
    why: str


class Audit(Entry):
    """One audit or official statistic: what it is for, who is counted, who runs it."""

    id: str
    name: str
    topic: str  # one or two words for headings: "Stroke", "A&E"
    kind: Literal["clinical audit", "official statistics", "national standards"]
    run_by: str
    commissioned_by: str
    covers: str
    why: str
    counted: str
    not_counted: str
    how_often: str
    credit: str  # the line to show wherever figures are shown
    own_results: str = ""
    public_results: str = ""
    contact_page: str = ""
    contact_role: str = ""
    methods: str = ""
    patients: str = ""
    upcare: str = ""
    outlier_policy: str = ""
    synonyms: tuple[str, ...] = ()
    sources: tuple[str, ...]
    cautions: tuple["Caution", ...] = ()
    breaks: tuple[Break, ...] = ()
    marks: dict[str, str] = Field(default_factory=dict)  # what the audit's own marks mean
    headline_metric: str = ""  # the metric "how are we doing" starts with
    members: str = "services"  # what its services are called when several are spoken of
    owner: str = "audit team"
    review_by: date


class Caution(Entry):
    """How to read an audit's figures, with the source of that advice."""

    says: str
    source: str
    note: str = ""


class Goal(Entry):
    """A standard or an interim goal as the catalogue writes it."""

    value: float
    status: Literal["national", "interim"]
    scope: str
    source: str
    start: date | None = None
    end: date | None = None


class Adjustment(Entry):
    """How an audit turns a score of care into its own score: by factors for the data it rests on."""

    care: str  # the metric id of the score before the adjustment
    factors: dict[str, dict[str, float]]  # data band (metric id) -> letter -> factor
    floors: dict[str, float]  # the lowest score of each level, to one decimal
    source: str

    def level(self, score: float) -> str:
        """The level of a score, which counts to one decimal as it is published."""
        shown = round(score, 1)
        return next((x for x, floor in sorted(self.floors.items()) if shown >= floor), "")


class Merger(Entry):
    """Two organisations that became one: figures before and after are of different services."""

    service: str  # id of the service that goes on
    after: date  # the last day before they were one
    with_: str = Field(alias="with")  # who joined
    source: str
    review_by: date

    @property
    def id(self) -> str:
        """What tells one merger from another."""
        return f"{self.service} after {self.after.isoformat()}"


class Metric(Entry):
    """One measure: what is counted, which way is better, what it should reach."""

    id: str
    audit: str
    name: str
    plain: str  # short name for sentences and headings, no jargon
    kind: Kind
    direction: Direction
    counted: str = "patients"  # who or what is counted: "patients", "A&E visits"
    achieved: str = ""  # completes "72 in 100 patients ...": "had a scan within an hour"
    numerator: str
    denominator: str
    why: str
    caution: str = ""
    season: Literal["none", "month", "quarter"] = "none"
    disclosure: Literal["as_published", "small_numbers"]
    standards: tuple[Goal, ...] = ()
    standard_note: str  # the standard in words, or that there is none
    standard_source: str
    cutpoints: dict[str, str] = Field(default_factory=dict)  # what each level means, in words
    made_of: tuple[str, ...] = ()
    score: str = ""  # the metric id of the score behind a level
    adjusted: Adjustment | None = None  # of a score that rests on data bands too
    kind_of: str = (
        ""  # metric id: peers are those who, as this service does or not, have a figure on it
    )
    minimum: float = 0  # fewer cases than this are "few patients"
    importance: float = 1.0  # weight in choosing what to tell; headline measures above 1
    synonyms: tuple[str, ...] = ()
    verified: bool
    verified_how: str
    owner: str = "audit team"
    review_by: date

    def standard_on(self, day: date) -> Standard | None:
        """The national standard in force on a day; interim goals are never judged."""
        return next(iter(self._goals("national", day)), None)

    def interim_on(self, day: date) -> Standard | None:
        """The interim goal in force on a day."""
        return next(iter(self._goals("interim", day)), None)

    def _goals(self, status: str, day: date) -> Iterator[Standard]:
        for g in self.standards:
            if g.status == status and (g.start or day) <= day <= (g.end or day):
                yield Standard(g.value, g.status, g.scope, g.source, g.start, g.end)


class Action(Entry):
    """Something a team could try, with where it comes from."""

    id: str
    metrics: tuple[str, ...]
    barrier: str
    try_: str = Field(alias="try")
    result: str
    where: str
    source: tuple[str, ...]
    in_control: Literal["yes", "partly", "no"]
    approval: Literal["none", "clinical"]
    agreed_by: str = ""  # the role that agreed to a clinical idea; without it, it is not offered
    kind: Literal["guideline", "case study", "study", "trial"]
    confidence: Literal["read", "second hand"]
    caution: str = ""
    check_link: bool = False
    reviewer: str = "audit team"
    review_by: date

    @property
    def offered(self) -> bool:
        """May the bot show it? Ideas that change treatment wait for a local lead's agreement."""
        return self.approval == "none" or bool(self.agreed_by)


class Event(Entry):
    """A meeting, network or training programme."""

    id: str
    name: str
    audits: tuple[str, ...]  # ("all",) for every audit
    by: str
    what: str
    page: str
    also: str = ""
    note: str = ""
    confidence: Literal["read", "second hand"]
    review_by: date


@dataclass(frozen=True)
class Catalogue:
    """Everything the catalogue says, looked up by id."""

    audits: MappingProxyType[str, Audit]
    metrics: MappingProxyType[str, Metric]
    actions: tuple[Action, ...]
    events: tuple[Event, ...]
    folder: Path
    mergers: tuple[Merger, ...] = ()

    @cached_property
    def by_audit(self) -> MappingProxyType[str, tuple[Metric, ...]]:
        """The metrics of each audit, in the order of its file."""
        found: dict[str, list[Metric]] = {a: [] for a in self.audits}
        for m in self.metrics.values():
            found[m.audit].append(m)
        return MappingProxyType({a: tuple(ms) for a, ms in found.items()})

    @cached_property
    def merged(self) -> MappingProxyType[str, tuple[date, ...]]:
        """The last days before the mergers of each service that has any."""
        found: dict[str, list[date]] = {}
        for m in self.mergers:
            found.setdefault(m.service, []).append(m.after)
        return MappingProxyType({s: tuple(days) for s, days in found.items()})

    def breaks_of(self, audit: str, service: str) -> tuple[date, ...]:
        """The last days of old definitions, schemes or organisations: nothing is compared across."""
        own = self.merged.get(service, ())
        return (*(b.after for b in self.audits[audit].breaks), *own)

    def adjustment_of(self, metric: Metric) -> Adjustment | None:
        """How a score, or the score behind a level, is adjusted for its data; None if it is not."""
        behind = self.metrics.get(metric.score) if metric.score else None
        return metric.adjusted or (behind.adjusted if behind else None)

    def actions_for(self, metric: str) -> tuple[Action, ...]:
        """What may be offered for a metric: within the team's control first, then the best read."""
        order = {"yes": 0, "partly": 1, "no": 2}
        fitting = [a for a in self.actions if metric in a.metrics and a.offered]
        return tuple(sorted(fitting, key=lambda a: (order[a.in_control], a.confidence != "read")))

    def events_for(self, audit: str) -> tuple[Event, ...]:
        """Events of one audit, its own before those for all."""
        own = [e for e in self.events if audit in e.audits]
        return tuple(own + [e for e in self.events if "all" in e.audits])


def load(folder: Path) -> Catalogue:
    """Read every `*.toml` directly in `folder` (source layouts stand in its folder `layouts`).

    A file may hold one [audit], and lists of [[metric]], [[action]], [[event]] and [[merger]]. Raises
    CatalogueFault with all faults at once.
    """
    faults: list[str] = []
    audits: dict[str, Audit] = {}
    metrics: dict[str, Metric] = {}
    actions: dict[str, Action] = {}
    events: dict[str, Event] = {}
    mergers: dict[str, Merger] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            faults.append(f"{path.name}: not readable as TOML ({e}); mend the line it names.")
            continue
        rows = {what: _rows(path, what, raw.pop(what, None), faults) for what in TABLES}
        audit = _entries(path, "audit", Audit, rows["audit"], faults)
        for row in rows["metric"]:
            row.setdefault("audit", audit[0].id if audit else "")
        _keep(path, audits, audit, faults)
        _keep(path, metrics, _entries(path, "metric", Metric, rows["metric"], faults), faults)
        _keep(path, actions, _entries(path, "action", Action, rows["action"], faults), faults)
        _keep(path, events, _entries(path, "event", Event, rows["event"], faults), faults)
        _keep(path, mergers, _entries(path, "merger", Merger, rows["merger"], faults), faults)
        faults += [
            f"{path.name}: '{key}' is not a table of the catalogue; remove it." for key in raw
        ]
    if not faults:
        faults = list(_dangling(audits, metrics, actions, events))
    if not audits and not faults:
        faults.append(f"{folder}: no audit found; the catalogue needs at least one *.toml file.")
    if faults:
        raise CatalogueFault(faults)
    return Catalogue(
        MappingProxyType(audits),
        MappingProxyType(metrics),
        tuple(actions.values()),
        tuple(events.values()),
        folder,
        tuple(mergers.values()),
    )


def _rows(path: Path, what: str, found: Any, faults: list[str]) -> list[dict[str, Any]]:
    """The tables of one kind; slips such as one bracket for two are told, not stumbled over."""
    one = what == "audit"
    if found is None:
        return []
    if one and isinstance(found, dict):
        return [found]
    if not one and isinstance(found, list) and all(isinstance(row, dict) for row in found):
        return found
    right = "[audit], once, with one bracket" if one else f"[[{what}]] with two brackets"
    faults.append(f"{path.name}: '{what}' is not written as a table; write {right}.")
    return []


def entry_faults(path: Path, label: str, error: ValidationError) -> list[str]:
    """One sentence for each fault pydantic found in one table."""
    return [
        f"{path.name}: {label}, key '{'.'.join(map(str, f['loc']))}': {f['msg']}"
        + (f" (found {f['input']!r})" if f["type"] != "missing" else "")
        + "."
        for f in error.errors()
    ]


def _entries(
    path: Path, what: str, model: type[E], rows: list[dict[str, Any]], faults: list[str]
) -> list[E]:
    entries = []
    for i, row in enumerate(rows, 1):
        label = f"[[{what}]] {row.get('id', f'number {i}')}"
        try:
            entries.append(model.model_validate(row))
        except ValidationError as e:
            faults += entry_faults(path, label, e)
    return entries


def _keep(path: Path, into: dict[str, Any], entries: list[Any], faults: list[str]) -> None:
    for e in entries:
        if e.id in into:
            faults.append(f"{path.name}: the id '{e.id}' is used twice; give one of them another.")
        into[e.id] = e


def _dangling(
    audits: dict[str, Audit],
    metrics: dict[str, Metric],
    actions: dict[str, Action],
    events: dict[str, Event],
) -> Iterator[str]:
    """Names that point at nothing."""
    for m in metrics.values():
        if m.audit not in audits:
            yield f"metric '{m.id}': its audit '{m.audit}' is not in the catalogue."
        if m.score and m.score not in metrics:
            yield f"metric '{m.id}': its score '{m.score}' is not a metric of the catalogue."
        if m.kind_of and m.kind_of not in metrics:
            yield f"metric '{m.id}': its kind_of '{m.kind_of}' is not a metric of the catalogue."
        for name in (m.adjusted.care, *m.adjusted.factors) if m.adjusted else ():
            if name not in metrics:
                yield f"metric '{m.id}': its adjustment names '{name}', which is not a metric of the catalogue."
        if m.kind == "proportion" and not m.achieved:
            yield f"metric '{m.id}': a proportion needs 'achieved', the words after '72 in 100 {m.counted}'."
    for a in actions.values():
        for name in a.metrics:
            if name not in metrics:
                yield f"action '{a.id}': '{name}' is not a metric of the catalogue."
    for e in events.values():
        for name in e.audits:
            if name != "all" and name not in audits:
                yield f"event '{e.id}': '{name}' is not an audit of the catalogue."
    for audit in audits.values():
        if audit.headline_metric and audit.headline_metric not in metrics:
            yield f"audit '{audit.id}': headline_metric '{audit.headline_metric}' is not a metric."
