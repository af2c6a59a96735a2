"""The nouns of the house, frozen. What is a result, a service, a finding, a message?

Names are the field's. Nothing here computes; nothing here imports another room.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

Direction = Literal["higher", "lower", "neutral"]
Kind = Literal["proportion", "count", "rate", "mean", "median", "score", "level"]
State = Literal[
    "ok",  # a figure
    "no_cases",  # nobody counted, so no rate: neither zero nor missing
    "too_few",  # the publisher counted too few people to report
    "insufficient_records",  # too few of the expected records were sent in
    "not_entered",  # the team sent nothing
    "not_applicable",  # the measure does not apply to this kind of team
    "suppressed",  # hidden for privacy, by the publisher or by us
    "missing",  # expected and not there
]
Publication = Literal["public", "internal"]
Audience = Literal["open", "private", "direct", "guest"]
Strength = Literal["none", "signal", "confirmed", "too_early"]
Caution = Literal[
    "disputed",  # the service or its audit team says that the figure looks wrong
    "completeness_fell",  # fewer of the expected records came in than before
    "revised",  # corrected figures changed what the series says
]
Doubt = Literal["coding", "patients", "pathway", "other"]  # why a figure looks wrong to somebody


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A stretch of days; both ends are included."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Service:
    """A team, hospital or trust that an audit reports on."""

    id: str  # A&E: ODS code; SSNAP: slug of the team name
    name: str  # the name in the newest period
    names: tuple[str, ...] = ()  # every name it has had, newest first
    parent: str = ""  # the trust, in the newest period
    parents: tuple[str, ...] = ()  # every trust it has belonged to, newest first
    region: str = ""
    peer_group: str = ""  # services of one group may be compared
    reviewed: bool = False  # a person has looked at this service


@dataclass(frozen=True, slots=True)
class Result:
    """What an audit published on one service, metric and period, as a viewer may see it."""

    service: str
    metric: str
    period: Period
    state: State
    value: float | None = None  # percent 0-100 for proportions, else the number
    level: str | None = None  # the letter of a level or band
    numerator: float | None = None
    denominator: float | None = None
    completeness: float | None = None  # percent of expected records
    release: int = 0  # the release this figure came from


@dataclass(frozen=True, slots=True)
class Release:
    """One loaded file or query."""

    id: int
    source: str  # layout id
    audit: str
    name: str  # the file's name
    sha256: str
    received: datetime
    publication: Publication = "public"
    publish_at: datetime | None = None  # before this instant only pre-release readers see it
    published: date | None = None  # the later of the publisher's published and revised dates
    complete: bool = True  # False: some rows were refused


@dataclass(frozen=True, slots=True)
class Series:
    """All results of one service on one metric, in time order, one a period."""

    service: str
    metric: str
    results: tuple[Result, ...]
    replaced: tuple[Result, ...] = ()  # what the newest revisions in `results` said before, if else


@dataclass(frozen=True, slots=True)
class Refusal:
    """One bad cell of a sound file. `value` is masked when it looks personal."""

    row: int  # counted from 1 as a spreadsheet shows it
    column: str
    value: str
    reason: str  # a whole sentence
    service: str | None = None


@dataclass(frozen=True)
class Batch:
    """What one sound file holds, ready to be saved.

    `frames` yields tables in chunks with the columns service, metric (ids), start, end
    (datetime64), numerator, denominator, value (float), level, state (str), completeness (float).
    """

    source: str
    audit: str
    name: str
    sha256: str
    published: date | None
    services: tuple["Sighting", ...]
    periods: tuple[Period, ...]
    frames: Iterable["pd.DataFrame"]
    refusals: tuple[Refusal, ...] = ()
    not_numeric: int = 0  # cells that hold a mark ("X", "TFP", "-") and no figure


@dataclass(frozen=True, slots=True)
class Sighting:
    """A service as one file names it in one period."""

    service: str
    name: str
    period: Period
    parent: str = ""
    region: str = ""
    peer_group: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a control chart, with the limits that judged it (None: no limits)."""

    period: Period
    value: float | None
    mean: float | None
    lower: float | None
    upper: float | None
    special_cause: str  # as `auditbot spc` names them
    point_type: str
    phase: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """How strong the evidence is that something changed, and by which rule."""

    strength: Strength
    direction: Literal["improvement", "concern", "high", "low", ""]  # high, low: neutral metrics
    rule: str  # "" when none fired
    profile: str  # "ptd" or "mdc"
    n: int  # points judged
    mean: float | None = None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A pooled before-and-after comparison, with every figure behind it."""

    before: tuple[Period, ...]
    after: tuple[Period, ...]
    before_numerator: float
    before_denominator: float
    after_numerator: float
    after_denominator: float
    phi: float  # real-world spread relative to chance, at least 1
    z: float  # of the difference after - before, divided by sqrt(phi)
    confirmed: bool


@dataclass(frozen=True, slots=True)
class EarlyView:
    """Two single periods compared, of a series too short for more: never a confirmed change."""

    answer: Literal["more_than_usual", "within_usual", "too_few"]
    difference: float  # after - before, in points
    half_width: float  # of its 95% interval, in points
    z: float
    phi: float  # spread of such changes among peers relative to chance, at least 1
    direction: Literal["improvement", "concern", "high", "low", ""] = ""  # of more than usual


@dataclass(frozen=True, slots=True)
class Peers:
    """Other services of the same kind in the same period, and the steps to look up to.

    All from public figures; the service itself is not among them. Rates are percent.
    """

    count: int  # other services with a figure
    alike: bool  # they are of similar size too: half to twice as many cases
    typical: float  # what the middle one reaches
    top_quarter: float  # what the best quarter reach
    achievable: float | None  # of the best, who treat a tenth of all patients; None without counts


@dataclass(frozen=True, slots=True)
class GradeCause:
    """Did a grade that is adjusted for its data move because of the data, or because of care?"""

    by: Literal["data", "not_data"]  # data: with the bands of before it would not have moved
    bands: tuple[str, ...]  # metric ids of the data bands that changed
    with_old_bands: str  # the grade that care would have with the bands of before


@dataclass(frozen=True, slots=True)
class Standard:
    """What the figure is asked to reach. An interim goal is mentioned, never judged."""

    value: float
    status: Literal["national", "interim"]
    scope: str
    source: str
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """A figure beside its national standard, judged on unrounded protected values."""

    standard: Standard
    met: bool
    assurance: Literal["pass", "fail", "inconsistent", ""]
    kept: int = 0  # periods in a row, up to the latest, at or beyond the standard


@dataclass(frozen=True)
class Finding:
    """What the figures of one service on one metric say, with all evidence."""

    service: Service
    metric: str
    latest: Result
    series: Series
    comparable: Result | None  # the previous period, or the same one a year before (season)
    verdict: Verdict
    standing: Standing | None = None
    change: Change | None = None
    points: Sequence[Point] = ()
    missing: tuple[Period, ...] = ()  # periods inside the series with no result loaded
    companions: Mapping[str, Result] = field(
        default_factory=dict
    )  # the score behind a level, bands
    cautions: tuple[Caution, ...] = ()  # reasons to hold praise back, and to say so
    cause: GradeCause | None = None
    since: date | None = None  # the first day of the stretch whose results may be compared
    peers: Peers | None = None
    early: EarlyView | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """The limits of a funnel plot in per cent, at rising numbers of cases."""

    target: float  # the rate of all services together
    cases: tuple[float, ...]
    lower95: tuple[float, ...]
    upper95: tuple[float, ...]
    lower998: tuple[float, ...]
    upper998: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture as data: figures over time, letters over time, or a service among its peers.

    `say/chart` makes it, `say/drawing` draws it. The values of steps are heights in `levels`,
    counted from 1. The first value of a funnel is the service's own.
    """

    title: str
    alt_text: str  # states the headline
    unit: Literal["percent", "number"]
    labels: tuple[str, ...]  # periods in words; none in a funnel
    values: tuple[float | None, ...]
    kinds: tuple[str, ...]  # point_type of each point
    means: tuple[float | None, ...]
    lowers: tuple[float | None, ...]
    uppers: tuple[float | None, ...]
    standard: float | None = None
    caption: str = ""  # the source line
    words: Mapping[str, str] = field(default_factory=dict)  # legend words, from messages/
    shape: Literal["control", "steps", "funnel"] = "control"
    since: int | None = None  # control: the first point after a confirmed change
    levels: tuple[str, ...] = ()  # steps: letters from the lowest up
    cases: tuple[float, ...] = ()  # funnel: of each value
    curve: Curve | None = None  # funnel


@dataclass(frozen=True, slots=True)
class Button:
    """Something a reader can press. `action` names the handler, `value` is handed to it."""

    text: str
    action: str
    value: str = ""


@dataclass(frozen=True)
class Message:
    """Words ready for a reader, knowing no Slack.

    Text is plain with **bold**, *italic* and [words](address) alone; data in it is escaped.
    """

    kind: str
    headline: str
    body: tuple[str, ...]  # paragraphs
    fallback: str  # what a lock screen or a screen reader gets
    context: tuple[str, ...] = ()  # small print: source, dates
    chart: Chart | None = None
    table: tuple[tuple[str, ...], ...] = ()  # the first row is the header
    buttons: tuple[Button, ...] = ()  # two at most
    more: tuple[Button, ...] = ()  # behind the dots
    thread: tuple["Message", ...] = ()  # replies under it
    trail: Mapping[str, Any] = field(default_factory=dict)  # findings, rule, score, template hash


@dataclass(frozen=True, slots=True)
class Binding:
    """A channel and what it is for."""

    channel: str
    services: tuple[str, ...]  # ids
    audits: tuple[str, ...] = ()  # empty: all of the service's
    audience: Literal["open", "private"] = "open"
    hour: int = 9
    days: str = "mon-fri"
    every_release: bool = False
    discreet: bool = False


@dataclass(frozen=True, slots=True)
class Roles:
    """The people behind one service, as Slack user ids."""

    service: str
    private: bool = False  # never outside its own private channels
    lead: tuple[str, ...] = ()
    deputy: tuple[str, ...] = ()
    audit_team: tuple[str, ...] = ()
    champion: str = ""


@dataclass(frozen=True, slots=True)
class Dispute:
    """Somebody's word that a figure looks wrong, and what its audit team found.

    Who said so is no part of it: the store knows that until they are answered.
    """

    id: int
    service: str
    metric: str
    period: Period
    reason: Doubt
    by_role: Literal["service", "audit_team", "reader"]  # reader: neither of the two
    raised_at: datetime
    lapses_at: datetime  # from then on it is overdue
    line: str = ""  # what they added; forgotten once they are answered
    state: Literal["open", "closed"] = "open"
    answer: Literal["", "right", "corrected"] = ""
    answer_line: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asked, typed. Unset parts are None or empty."""

    kind: str  # a kind of the contract: card, overview, explain, source, ...
    metric: str | None = None
    audit: str | None = None
    services: tuple[str, ...] = ()
    period: Period | None = None
    comparator: str | None = None
    assumed: tuple[str, ...] = ()  # what was filled in, told above the answer
    text: str = ""
    wants: tuple[str, ...] = ()  # finer wishes: "cause", "real", "chart", "lowest", "rank", ...


def message_from(data: Mapping[str, Any]) -> Message:
    """A Message from its stored form (`dataclasses.asdict`, through JSON)."""
    return Message(
        kind=data["kind"],
        headline=data["headline"],
        body=tuple(data["body"]),
        fallback=data["fallback"],
        context=tuple(data.get("context", ())),
        chart=_chart_from(data["chart"]) if data.get("chart") else None,
        table=tuple(tuple(row) for row in data.get("table", ())),
        buttons=tuple(Button(**b) for b in data.get("buttons", ())),
        more=tuple(Button(**b) for b in data.get("more", ())),
        thread=tuple(message_from(m) for m in data.get("thread", ())),
        trail=dict(data.get("trail", {})),
    )


def _chart_from(data: Mapping[str, Any]) -> Chart:
    """A Chart from its stored form. Before charts had a shape, steps kept their letters in `words`."""
    chart = _tuples(data)
    chart["curve"] = Curve(**_tuples(chart["curve"])) if chart.get("curve") else None
    words = dict(chart.get("words", {}))
    letters = sorted(k for k in words if k.startswith("level:"))
    if letters:
        chart |= {"shape": "steps", "levels": tuple(words.pop(k) for k in letters)}
    return Chart(**chart | {"words": words})


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
