"""Which figures answer a question? One result, or several put together, and what stands beside them.

Everything is made from cells as the store protected them. Three rules make new figures: `sum` (counts
and cases added up), `rate` (sum of numerators over sum of denominators) and `middle` (the median of
scores); nothing else is worked out here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from auditbot import period as periods
from auditbot.catalogue import Metric
from auditbot.model import Period, Result, Series, Service

POOLED = ("proportion", "count")  # kinds that can be put together over time
FEWEST = 2  # services of a group that is told as a group


@dataclass(frozen=True, slots=True)
class Stretch:
    """The results inside a stretch of time, and the steps of it that no result is loaded for."""

    period: Period
    results: tuple[Result, ...]
    missing: tuple[Period, ...]
    steps: int  # how many results there would be

    @property
    def figures(self) -> tuple[Result, ...]:
        """Those that are figures."""
        return tuple(r for r in self.results if r.state == "ok")

    @property
    def silent(self) -> tuple[Period, ...]:
        """The periods of those that might have a figure and show none: hidden, too few, not sent in."""
        return tuple(r.period for r in self.results if r.state not in ("ok", "no_cases"))

    @property
    def partial(self) -> bool:
        """Is a part of it not loaded, or without a figure? Then a total is of the rest alone."""
        return bool(self.missing or self.silent)


@dataclass(frozen=True, slots=True)
class Group:
    """Many services on one metric in one period, taken together."""

    count: int  # services with a figure
    result: Result | None  # sum, rate or middle; None for levels
    levels: Mapping[str, int]  # how many stand at each letter


def stretch(series: Series, period: Period, months: int) -> Stretch:
    """What a series holds of a period whose steps are `months` long."""
    inside = tuple(
        r for r in series.results if period.start <= r.period.start and r.period.end <= period.end
    )
    expected = list(_steps(period, months))
    loaded = {r.period for r in inside}
    return Stretch(period, inside, tuple(p for p in expected if p not in loaded), len(expected))


def together(found: Stretch, metric: Metric) -> Result | None:
    """The results of a stretch as one, by `sum` or `rate`; None where they cannot be added."""
    figures = found.figures
    if not figures or metric.kind not in POOLED:
        return None
    whole = replace(figures[-1], period=found.period, completeness=None)
    if metric.kind == "count":
        if any(r.value is None for r in figures):
            return None
        return replace(
            whole, value=sum(r.value or 0.0 for r in figures), numerator=None, denominator=None
        )
    if any(r.numerator is None or r.denominator is None for r in figures):
        return None
    n = sum(r.numerator or 0.0 for r in figures)
    d = sum(r.denominator or 0.0 for r in figures)
    return replace(whole, numerator=n, denominator=d, value=100 * n / d) if d else None


def group(
    series: Mapping[str, Series],
    members: Iterable[str],
    period: Period,
    metric: Metric,
    months: int,
) -> Group | None:
    """All members together in a period; None when fewer than two have a figure."""
    results = [r for s in members if s in series if (r := over(series[s], period, metric, months))]
    if len(results) < FEWEST:
        return None
    if metric.kind == "level":
        return Group(len(results), None, Counter(r.level for r in results if r.level))
    whole = replace(results[0], service="", period=period)
    if metric.kind == "proportion":
        if any(r.numerator is None or not r.denominator for r in results):
            return None
        n, d = sum(r.numerator or 0 for r in results), sum(r.denominator or 0 for r in results)
        whole = replace(whole, numerator=n, denominator=d, value=100 * n / d)
    else:
        values = [r.value for r in results if r.value is not None]
        if len(values) < FEWEST:
            return None
        whole = replace(whole, value=float(median(values)), numerator=None, denominator=None)
    return Group(len(results), whole, {})


def at(series: Series, period: Period) -> Result | None:
    """The result of exactly this period."""
    return next((r for r in series.results if r.period == period), None)


def over(series: Series, period: Period, metric: Metric, months: int) -> Result | None:
    """The figure of exactly this period, or put together from every step of it; None if there is none."""
    one = at(series, period)
    if one is not None:
        return one if one.state == "ok" else None
    found = stretch(series, period, months)
    return together(found, metric) if not found.partial else None


def until(series: Series, period: Period) -> Series:
    """The series as it was when this period was the newest."""
    return replace(series, results=tuple(r for r in series.results if r.period <= period))


def extreme(series: Series, metric: Metric, *, least: bool) -> Result | None:
    """The least or greatest figure of a series, the latest of equals; letters count A highest."""
    figures = [r for r in series.results if r.state == "ok"]
    if metric.kind == "level":
        letters = [r for r in figures if r.level]
        pick = max if least else min
        return pick(reversed(letters), key=lambda r: r.level or "", default=None)
    known = [r for r in figures if r.value is not None]
    pick = min if least else max
    return pick(reversed(known), key=lambda r: r.value or 0.0, default=None)


def exemplars(
    series: Mapping[str, Series],
    services: Mapping[str, Service],
    metric: Metric,
    period: Period,
    most: int,
) -> list[str]:
    """Up to `most` services that do well in a period, in order of name: no ranking.

    The top level, or the best figures on at least 30 cases or the metric's minimum.
    """
    if metric.direction == "neutral":
        return []
    now = {
        s: r for s in services if s in series if (r := at(series[s], period)) and r.state == "ok"
    }
    if metric.kind == "level":
        good = [s for s, r in now.items() if r.level == "A"]
        held = {s: sum(r.level == "A" for r in series[s].results[-4:]) for s in good}
        good = sorted(good, key=lambda s: (-held[s], services[s].name))[:most]
    else:
        fewest = max(30.0, metric.minimum)
        fit = {
            s: r.value
            for s, r in now.items()
            if r.value is not None and (r.denominator is None or r.denominator >= fewest)
        }
        sign = -1 if metric.direction == "higher" else 1
        good = sorted(fit, key=lambda s: (sign * fit[s], services[s].name))[:most]
    return sorted(good, key=lambda s: services[s].name)


def _steps(period: Period, months: int) -> Sequence[Period]:
    step = periods.months(period.start.year, period.start.month, months)
    steps: list[Period] = []
    while step.start <= period.end and len(steps) < 600:
        steps.append(step)
        step = periods.following(step)
    return steps
