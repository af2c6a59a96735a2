"""Has something really changed? Before and after, pooled, allowing for real-world spread.

Real services vary more than chance alone, so plain z cries wolf (in simulations a z above 3 on the
last month is wrong in 61 of 1,000 unchanged series of 1,000 cases a month). Here the periods of a
side are pooled and z is divided by the square root of phi, the spread of this very series relative
to chance, never under 1. Only proportions with counts can be compared so.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from math import ceil, sqrt
from typing import Literal, TypeAlias

from auditbot.catalogue import Metric
from auditbot.model import Change, EarlyView, Period, Result, Series
from auditbot.period import shift

BEYOND_CHANCE = 3.3  # |z| above this is confirmed: about one in a thousand by chance
PERIODS = 12  # on each side, by choice
FEWEST_PERIODS = 6  # on each side, at least
FEWEST_NAMED = 3  # on each side where somebody names both stretches, a winter for one
LATELY = 3  # last periods that must have kept a change
FEWEST_FOR_SPREAD = 12  # periods from which the spread of a series can be told
FEWEST_EXPECTED = 5  # people expected with and without the achievement, on each side
LONGEST_HOLE = timedelta(days=366)  # without results; a longer one starts a new series
WIDE = 10.0  # points; a 95% interval reaching further by chance alone means few patients

Counts: TypeAlias = list[tuple[float, float]]  # numerators and denominators


def since_break(results: Sequence[Result], breaks: Iterable[date]) -> tuple[Result, ...]:
    """The results that may be compared with the newest one: those wholly after the last break.

    A break is the last day of an old definition, scheme or organisation. A newest result that
    straddles one stands alone. A hole of more than a year, and more than two periods, breaks a
    series as well: what came before it is another time, and neighbours across it are none.
    """
    if not results:
        return ()
    return tuple(results[first_since([r.period for r in results], breaks) :])


def first_since(periods: Sequence[Period], breaks: Iterable[date]) -> int:
    """The place in a series, in time order, at which its last break or hole is past."""
    newest = periods[-1]
    holes = (a.end for a, b in pairwise(periods) if _hole(a, b))
    last = max((b for b in (*breaks, *holes) if b < newest.end), default=None)
    if last is None:
        return 0
    return next((i for i, p in enumerate(periods) if p.start > last), len(periods) - 1)


def _hole(before: Period, after: Period) -> bool:
    gap = after.start - before.end
    return gap > LONGEST_HOLE and gap > 2 * (after.end - after.start)


def compare(
    series: Series, metric: Metric, *, breaks: Sequence[date] = (), periods: int = PERIODS
) -> Change | None:
    """The latest periods against comparable ones before, pooled; None where that cannot be made.

    Season none: against the periods before them. Season month or quarter: against the same
    periods one year before, or as many years as keep the two stretches apart; only periods with a
    partner count. Each side has `periods` where the series has them, at least 6, all after the
    last break. Source of the rule: facts on control charts, "Confirmed change"; see `_phi`.
    """
    return compare_phase(since_break(series.results, breaks), metric, periods)


def compare_phase(phase: Sequence[Result], metric: Metric, periods: int = PERIODS) -> Change | None:
    """The same for results that are known to lie after the last break."""
    usable = _counted(phase, metric)
    if metric.season == "none":
        k = min(periods, len(usable) // 2)
        pairs = list(zip(usable[-2 * k : -k], usable[-k:], strict=True)) if k else []
    else:
        pairs = _years_apart(usable, periods)
    if len(pairs) < FEWEST_PERIODS:
        return None
    return _pooled([b for b, _ in pairs], [a for _, a in pairs], usable)


def lasts(found: Change, series: Series, metric: Metric) -> bool:
    """Does a change made by `compare` still hold at the newest result?

    Two things are asked: the last three periods, pooled, kept more than half of it, and the newest
    result by itself is still on its side. With a season each is seen beside its own partner of the
    years before, else beside the whole stretch before. So a change that has gone back is not news,
    while one noisy month does not undo it.
    """
    by_period = {r.period: r for r in series.results}
    if series.results[-1].period != found.after[-1]:
        return False

    def moved(count: int) -> float:
        before = found.before if metric.season == "none" else found.before[-count:]
        (x0, n0) = _total(by_period[p] for p in before)
        (x1, n1) = _total(by_period[p] for p in found.after[-count:])
        return (x1 / n1 - x0 / n0) * (1 if found.z > 0 else -1)

    return moved(LATELY) > moved(len(found.after)) / 2 and moved(1) > 0


def between(
    series: Series,
    metric: Metric,
    first: Iterable[Period],
    second: Iterable[Period],
    *,
    breaks: Sequence[date] = (),
) -> Change | None:
    """The same test for two named stretches, such as the winter before last and last winter.

    z is of the difference second - first. None where it cannot be made: no counts, fewer than 3 periods a side or
    12 in the series (so its spread cannot be told), a break between the two, or, for a metric with
    a season, stretches of different months. Then the two figures stand without a verdict.
    """
    one, two = set(first), set(second)
    before = [r for r in _counted(series.results, metric) if r.period in one]
    after = [r for r in _counted(series.results, metric) if r.period in two]
    if min(len(before), len(after)) < FEWEST_NAMED or one & two:
        return None
    stretch = sorted(r.period for r in (*before, *after))
    if any(stretch[0].start <= b < stretch[-1].end for b in breaks):
        return None
    if metric.season != "none" and _months(before) != _months(after):
        return None
    known = [r for r in series.results if r.period <= stretch[-1]]
    around = _counted(since_break(known, breaks), metric)
    return _pooled(before, after, around) if len(around) >= FEWEST_FOR_SPREAD else None


def two_proportions(before: Result, after: Result, phi: float) -> EarlyView | None:
    """An early view of two single results, for series under 12 periods; to be labelled as such.

    `phi` is the spread relative to chance, at least 1, from peers or a longer series. "too_few"
    when fewer than 5 people are expected on a side with or without the achievement, or when by
    chance alone the 95% interval reaches over 10 points. None without counts.
    """
    if phi < 1:
        raise ValueError(f"phi is at least 1, not {phi}")
    if not (_has_counts(before) and _has_counts(after)):
        return None
    (x0, n0), (x1, n1) = _total([before]), _total([after])
    p0, p1, p = x0 / n0, x1 / n1, (x0 + x1) / (n0 + n1)
    error = sqrt(phi) * _standard_error(p, n0, n1)
    z = (p1 - p0) / error if error else 0.0
    by_chance = 196 * sqrt(p0 * (1 - p0) / n0 + p1 * (1 - p1) / n1)
    answer: Literal["more_than_usual", "within_usual", "too_few"] = "within_usual"
    if not _enough(p, n0, n1):
        answer = "too_few"
    elif abs(z) > BEYOND_CHANCE:
        answer = "more_than_usual"
    elif by_chance > WIDE:
        answer = "too_few"
    half_width = sqrt(phi) * by_chance
    return EarlyView(answer, 100 * (p1 - p0), half_width, z, phi)


def _counted(results: Iterable[Result], metric: Metric) -> list[Result]:
    if metric.kind != "proportion":
        return []
    return [r for r in results if r.state == "ok" and r.numerator is not None and r.denominator]


def _has_counts(r: Result) -> bool:
    return r.state == "ok" and r.numerator is not None and bool(r.denominator)


def _years_apart(usable: Sequence[Result], periods: int) -> list[tuple[Result, Result]]:
    """Before and after of the same months."""
    pairs = _partners(tuple([r.period for r in usable]), periods)
    return [(usable[before], usable[after]) for before, after in pairs]


@lru_cache(maxsize=1024)  # the services of one audit share their periods
def _partners(known: tuple[Period, ...], most: int) -> tuple[tuple[int, int], ...]:
    """Places of the same months, years apart: as many pairs as can be had, as near as can be."""
    place = {p: i for i, p in enumerate(known)}
    best: tuple[tuple[int, int], ...] = ()
    for k in range(min(most, len(known)), FEWEST_PERIODS - 1, -1):
        if len(best) >= k:
            break
        after = known[-k:]
        days = (after[-1].end - after[0].start).days
        back = -12 * max(1, ceil((days - 6) / 366))  # a stretch of whole years fits into them
        partners = ((place.get(shift(p, back)), place[p]) for p in after)
        pairs = tuple((b, a) for b, a in partners if b is not None)
        best = max(pairs, best, key=len)  # of equal ones the nearer
    return best


def _months(results: Iterable[Result]) -> list[tuple[int, int]]:
    return sorted((r.period.start.month, r.period.end.month) for r in results)


def _pooled(before: Sequence[Result], after: Sequence[Result], around: Sequence[Result]) -> Change:
    old, new = _counts(before), _counts(after)
    (x0, n0), (x1, n1) = _sum(old), _sum(new)
    p = (x0 + x1) / (n0 + n1)
    phi = _phi(old, new, _counts(around), p)
    error = _standard_error(p, n0, n1)
    z = (x1 / n1 - x0 / n0) / (error * sqrt(phi)) if error else 0.0
    return Change(
        before=tuple(r.period for r in before),
        after=tuple(r.period for r in after),
        before_numerator=x0,
        before_denominator=n0,
        after_numerator=x1,
        after_denominator=n1,
        phi=phi,
        z=z,
        confirmed=abs(z) > BEYOND_CHANCE and _enough(p, n0, n1),
    )


def _phi(before: Counts, after: Counts, around: Counts, p: float) -> float:
    """Spread of the series relative to chance: 1 where chance explains it, never less.

    Two fair estimates, of which the smaller serves: the squared differences of neighbours in the
    whole series (von Neumann), on which seasons, drift and steps weigh little, and the scatter
    about the mean of each side, which is the steadier where both sides are level. The change under
    test is one difference of many in the first and not in the second at all, so it does not hide
    itself. An estimate from few points may be too small by luck: each is raised as far as
    Student's t is wider than the normal curve, so that |z| > 3.3 stays as rare as it should be.
    """
    chance = p * (1 - p)
    if chance == 0:
        return 1.0
    rates = [(x / n, 1 / n) for x, n in around]
    steps = [(r1 - r0) ** 2 / (chance * (u0 + u1)) for (r0, u0), (r1, u1) in pairwise(rates)]
    scatter = 0.0
    for side in (before, after):
        x, n = _sum(side)
        mean = x / n
        scatter += sum([n * (x / n - mean) ** 2 for x, n in side])
    m, free = len(steps), len(before) + len(after) - 2
    # m squared differences of neighbours tell as much as this many independent ones
    worth = 8 * m**2 / (12 * m - 4)
    by_steps = sum(steps) / m * _for_few(worth)
    by_scatter = scatter / (chance * free) * _for_few(free)
    return max(1.0, min(by_steps, by_scatter))


@lru_cache
def _for_few(freedom: float) -> float:
    """By how much a spread estimated with so many degrees of freedom is to be raised."""
    from scipy.special import ndtr, stdtrit  # is long to open: not before it is needed

    t = float(stdtrit(freedom, ndtr(BEYOND_CHANCE)))
    return (t / BEYOND_CHANCE) ** 2


def _standard_error(p: float, n0: float, n1: float) -> float:
    return sqrt(p * (1 - p) * (1 / n0 + 1 / n1))


def _enough(p: float, n0: float, n1: float) -> bool:
    return min(p, 1 - p) * min(n0, n1) >= FEWEST_EXPECTED


def _counts(results: Iterable[Result]) -> Counts:
    """Numerators and denominators of results that have them."""
    return [
        (r.numerator, r.denominator) for r in results if r.numerator is not None and r.denominator
    ]


def _total(results: Iterable[Result]) -> tuple[float, float]:
    return _sum(_counts(results))


def _sum(counts: Counts) -> tuple[float, float]:
    return float(sum([x for x, _ in counts])), float(sum([n for _, n in counts]))
