"""What do the figures of one service on one metric say, and how sure is it?

Two strengths of truth. A *signal* is a control-chart rule on the latest point. A *confirmed*
change has the pooled before-and-after test behind it (`change`) and still holds in the latest
result. Fewer than 12 results are too early for either. Results that are no figure (too few, not
entered, suppressed) stay missing and are never counted as zero.

A rule may take in the latest point while the point itself is nothing to speak of: a run below the
mean that ends just under it. Such a rule is drawn in the chart and not told, see `_tells`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property, lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Literal, overload

from auditbot.analyse import caution, change, grade, xmr
from auditbot.analyse.grade import DATA_BANDS
from auditbot.catalogue import Adjustment, Metric
from auditbot.model import (
    Change,
    Finding,
    Period,
    Point,
    Result,
    Series,
    Service,
    Standard,
    Standing,
    Strength,
    Verdict,
)
from auditbot.period import following, length_in_months, missing_between, previous, year_before

LOCKED_ON = 24  # points that set the limits of a phase, or
LOCKED_ON_FEW = 12  # where it has fewer
VISIBLE = 1 / 3  # of the way from the mean to the limit: as far as the end of a run must lie
MONTH = 30.44  # days on average
NEARLY = 3  # days that a stretch may differ from so many average months and still be as long
POOLED = "pooled_change"  # the rule where the test is all there is and no chart rule fired

Told = Literal["improvement", "concern", "high", "low", ""]
_CHART_DIRECTION: dict[str, xmr.Direction] = {
    "higher": "increase",
    "lower": "decrease",
    "neutral": "neutral",
}
_TOLD: dict[str, Told] = {
    "common_cause": "",
    "improvement": "improvement",
    "concern": "concern",
    "neutral_high": "high",
    "neutral_low": "low",
}
_NO_COMPANIONS: Mapping[str, Series] = MappingProxyType({})


def find(
    service: Service,
    metric: Metric,
    series: Series,
    *,
    profile: str = "ptd",
    companions: Mapping[str, Series] = _NO_COMPANIONS,
    breaks: Sequence[date] = (),
    adjustment: Adjustment | None = None,
) -> Finding | None:
    """Everything the series says about its newest result; None when it holds no result.

    `companions` are other series of the same service and audit by metric id; those that help to
    read a level are handed on. `breaks` are the last days of old definitions or schemes: nothing
    is compared across one. `adjustment` is how the grade, or the score behind it, rests on data
    bands. `latest` is the newest period's result whatever its state; where it is
    no figure the verdict says nothing. A confirmed test in `change` may yet have no part in the
    verdict, namely when the latest result has gone back or speaks against it.

    A series keeps to one length of period, the commonest since the last break: results of another
    length (a quarter among months) have no part in anything but `series`, which stays as given.
    """
    if not series.results:
        return None
    found = _found(service, metric, series, profile, companions, breaks, adjustment)
    cautions = tuple(caution.of(found))
    if caution.newly_revised(series, found.latest):
        before = caution.as_before(series)
        was = _found(service, metric, before, profile, companions, breaks, adjustment)
        cautions += ("revised",) if caution.says(was) != caution.says(found) else ()
    return replace(found, cautions=cautions) if cautions else found


def _found(
    service: Service,
    metric: Metric,
    series: Series,
    profile: str,
    companions: Mapping[str, Series],
    breaks: Sequence[date],
    adjustment: Adjustment | None,
) -> Finding:
    kept = _calendar(tuple([r.period for r in series.results]), tuple(breaks), metric.season)
    phase = _kept(series, kept)
    alike = series if kept.kept is None else replace(series, results=phase)
    latest = phase[-1]
    beside = phase[kept.beside] if kept.beside is not None else None
    comparable = beside if beside is not None and beside.state == "ok" else None
    standard = _standard(latest, metric)
    judged = _judge(_behind(phase, metric, companions, breaks), metric, standard, profile)
    pooled = change.compare_phase(phase, metric)
    verdict = _verdict(judged, pooled, alike, metric, profile)
    near = _companions(metric, companions, latest, comparable, adjustment)
    return Finding(
        service=service,
        metric=metric.id,
        latest=latest,
        series=series,
        comparable=comparable,
        verdict=verdict,
        standing=_standing(
            phase, metric, standard, _assurance(phase, metric, standard, judged, verdict, pooled)
        ),
        change=pooled,
        points=() if metric.kind == "level" else _Points(phase, judged.chart),
        missing=kept.missing,
        companions=near,
        cause=grade.cause(latest, comparable, near, adjustment),
        since=phase[0].period.start,
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """The chart behind a finding; None where there are under 12 figures, or letters alone."""

    n: int
    chart: xmr.SpcResult | None
    latest: float | None = None  # the newest charted figure


@dataclass(frozen=True, slots=True)
class _Calendar:
    """What the periods of a series alone decide."""

    kept: tuple[int, ...] | None  # places of the results that belong together; None: all of them
    beside: int | None  # place among these of the period that the latest is set beside
    missing: tuple[Period, ...]  # among these


@lru_cache(maxsize=1024)  # the services of one audit share their periods
def _calendar(periods: tuple[Period, ...], breaks: tuple[date, ...], season: str) -> _Calendar:
    """The results since the last break whose periods are of one length, of ties the newest's.

    The latest is set beside the period before, or with a season the same one a year before: if it
    is there and stands on this side of every break. Nothing else takes its place.
    """
    first = change.first_since(periods, breaks)
    lengths = [_length(p) for p in periods[first:]]
    counts = Counter(reversed(lengths))  # of equal counts the first met, so the newest, comes first
    [(commonest, _)] = counts.most_common(1)
    kept = [i for i, length in enumerate(lengths, first) if length == commonest]
    kept = kept[change.first_since([periods[i] for i in kept], breaks) :]
    phase = [periods[i] for i in kept]
    wanted = previous(phase[-1]) if season == "none" else year_before(phase[-1])
    return _Calendar(
        None if len(kept) == len(periods) else tuple(kept),
        phase.index(wanted) if wanted in phase else None,
        tuple(missing_between(phase)),
    )


def _kept(series: Series, calendar: _Calendar) -> tuple[Result, ...]:
    if calendar.kept is None:
        return series.results
    return tuple([series.results[i] for i in calendar.kept])


@lru_cache(maxsize=4096)
def _length(period: Period) -> tuple[str, int]:
    """In calendar months; of other stretches in whole months where nearly so long, or in days."""
    months = length_in_months(period)
    if months is not None:
        return "calendar", months
    days = (period.end - period.start).days + 1
    about = round(days / MONTH)
    return ("months", about) if about and abs(days - about * MONTH) <= NEARLY else ("days", days)


def _behind(
    phase: Sequence[Result],
    metric: Metric,
    companions: Mapping[str, Series],
    breaks: Sequence[date],
) -> Sequence[Result]:
    """The results that are charted: a level is judged through the score behind it, if any."""
    if metric.kind != "level" or metric.score not in companions:
        return phase
    scores = companions[metric.score]
    if not scores.results:
        return phase
    known = tuple([r.period for r in scores.results])
    score = _kept(scores, _calendar(known, tuple(breaks), metric.season))
    return score if score[-1].period == phase[-1].period else phase


def _judge(
    results: Sequence[Result], metric: Metric, standard: Standard | None, profile: str
) -> _Judged:
    """Chart the figures with limits locked on the first 24 of them, or 12 where there are fewer.

    Locked, not rolling, so that a lasting change does not become its own yardstick (Making Data
    Count; vignette "number of points required" of NHSRplotthedots).
    """
    values = [r.value if r.state == "ok" else None for r in results]
    known = [i for i, v in enumerate(values) if v is not None]
    if len(known) < xmr.FEWEST_POINTS:
        letters = sum(r.state == "ok" for r in results) if metric.kind == "level" else 0
        return _Judged(max(len(known), letters), None)
    locked = LOCKED_ON if len(known) >= LOCKED_ON else LOCKED_ON_FEW
    chart = xmr.chart(
        values,
        profile=profile,
        direction=_CHART_DIRECTION[metric.direction],
        target=standard.value if standard else None,
        fix_after=known[locked - 1] + 1,
    )
    return _Judged(len(known), chart, values[-1])


def _figure(r: Result) -> float | None:
    return r.value if r.state == "ok" else None


def _verdict(
    judged: _Judged,
    pooled: Change | None,
    series: Series,
    metric: Metric,
    profile: str,
) -> Verdict:
    """How strong the evidence is, and by which rule.

    The rule is the chart's label of the latest point where that tells something (`_tells`), or
    `pooled_change`. A confirmed change that the latest point's own label contradicts is told as
    that signal.
    """
    if judged.chart is None:
        strength: Strength = "too_early" if judged.n < xmr.FEWEST_POINTS else "none"
        return Verdict(strength, "", "", profile, judged.n)
    end, point = judged.chart.phases[-1], judged.chart.latest
    label = "" if point.special_cause == "common_cause" else point.special_cause
    side = _TOLD[point.point_type]
    if pooled and pooled.confirmed:
        changed = _direction(pooled, metric)
        if side in ("", changed) and change.lasts(pooled, series, metric):
            rule = label or POOLED
            return Verdict(
                "confirmed", changed, rule, profile, judged.n, end.mean, end.lower, end.upper
            )
    told: Told = ""
    if label and _tells(label, judged.latest, point):
        told, strength = side, "signal"
    else:
        label, strength = "", "none"
    return Verdict(strength, told, label, profile, judged.n, end.mean, end.lower, end.upper)


def _tells(label: str, latest: float | None, point: xmr.SpcPoint) -> bool:
    """Is a rule that takes in the latest point about this point?

    Beyond a limit, two of three near it, and a trend (whose last step leads to the point) are. A
    shift is one of many points; it is told while the latest lies at least a third of the way from
    the mean to the limit. Nearer, it is as good as back.
    """
    if not label.startswith("shift_"):
        return True
    if latest is None or point.mean is None or point.upper is None:
        return False
    return abs(latest - point.mean) >= VISIBLE * (point.upper - point.mean)


def _direction(pooled: Change, metric: Metric) -> Told:
    if metric.direction == "neutral":
        return "high" if pooled.z > 0 else "low"
    return "improvement" if (pooled.z > 0) == (metric.direction == "higher") else "concern"


def _standard(latest: Result, metric: Metric) -> Standard | None:
    """The national standard in force on the last day of the latest period."""
    if metric.direction == "neutral" or metric.kind == "level":
        return None
    return metric.standard_on(latest.period.end)


def _standing(
    phase: Sequence[Result], metric: Metric, standard: Standard | None, assurance: str
) -> Standing | None:
    """The latest figure beside the standard, unrounded, and for how many periods in a row it met it.

    A gap, a period without a figure and the start of the standard end the row.
    """
    if standard is None or _figure(phase[-1]) is None:
        return None
    kept = int(_met(phase[-1], metric, standard))
    if kept:
        for later, earlier in pairwise(phase[::-1]):
            adjacent = _following(earlier.period) == later.period
            started = standard.start is None or standard.start <= earlier.period.end
            if not (adjacent and started and _met(earlier, metric, standard)):
                break
            kept += 1
    return Standing(standard, kept > 0, assurance, kept)  # type: ignore[arg-type]


def _assurance(
    phase: Sequence[Result],
    metric: Metric,
    standard: Standard | None,
    judged: _Judged,
    verdict: Verdict,
    pooled: Change | None,
) -> str:
    """Will the standard be met on this pattern? By the limits of the pattern that holds now.

    A confirmed change has replaced the limits of before: the figures since its first period are
    judged by limits of their own, and under 12 of them say nothing yet.
    """
    if judged.chart is None or verdict.strength != "confirmed" or pooled is None:
        return judged.chart.assurance if judged.chart else ""
    since = [v for r in phase if r.period >= pooled.after[0] and (v := _figure(r)) is not None]
    if standard is None or len(since) < xmr.FEWEST_POINTS:
        return ""
    rebased = xmr.chart(
        since,
        profile=verdict.profile,
        direction=_CHART_DIRECTION[metric.direction],
        target=standard.value,
    )
    return rebased.assurance


def _met(r: Result, metric: Metric, standard: Standard) -> bool:
    value = _figure(r)
    if value is None:
        return False
    short = standard.value - value if metric.direction == "higher" else value - standard.value
    return short <= xmr.TIE * max(1.0, abs(standard.value))  # 95.0 in floating point meets 95


@lru_cache(maxsize=4096)
def _following(period: Period) -> Period:
    return following(period)


@dataclass(frozen=True)
class _Points(Sequence[Point]):
    """One point a result for the chart; without limits while it is too early for them.

    They are made when somebody looks: of all that is found, little is ever drawn.
    """

    phase: Sequence[Result]
    chart: xmr.SpcResult | None

    @cached_property
    def _made(self) -> tuple[Point, ...]:
        if self.chart is None:
            early = "common_cause"
            return tuple(
                Point(r.period, _figure(r), None, None, None, early, early) for r in self.phase
            )
        return tuple(
            Point(
                r.period,
                _figure(r),
                p.mean,
                p.lower,
                p.upper,
                p.special_cause,
                p.point_type,
                p.phase,
            )
            for r, p in zip(self.phase, self.chart.points, strict=True)
        )

    @overload
    def __getitem__(self, at: int) -> Point: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Point, ...]: ...
    def __getitem__(self, at: int | slice) -> Point | tuple[Point, ...]:
        return self._made[at]

    def __len__(self) -> int:
        return len(self.phase)


def _companions(
    metric: Metric,
    companions: Mapping[str, Series],
    latest: Result,
    comparable: Result | None,
    adjustment: Adjustment | None,
) -> dict[str, Result]:
    """The score behind a level, the score of care and the audit's data bands, now and before.

    Keys are metric ids, with "@previous" for the comparable period.
    """
    if metric.kind not in ("level", "score") or metric.id.endswith(DATA_BANDS):
        return {}
    found = {}
    for name, series in companions.items():
        care = adjustment is not None and name == adjustment.care
        if name == metric.id or not (care or name == metric.score or name.endswith(DATA_BANDS)):
            continue
        by_period = {r.period: r for r in series.results}
        for suffix, beside in (("", latest), ("@previous", comparable)):
            if beside is not None and beside.period in by_period:
                found[name + suffix] = by_period[beside.period]
    return found
