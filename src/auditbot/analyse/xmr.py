"""Is a point more than the usual ups and downs? Control charts (XmR) by Making Data Count's rules.

Profile `ptd` gives the labels and limits of NHSRplotthedots 0.2.2, point by point. Profile `mdc`
follows what NHS England has said of its own tools: moving ranges are not screened, and points
beyond a limit count as near it in the two-of-three rule (NHSRplotthedots issues 90 and 194).
Own rules stand where the reference must not be followed: limits without width, a missing last
value, a missing value inside a window.

A phase is judged as a string of zones, one letter a point, on which the rules are patterns.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import fsum, inf
from typing import Literal, NamedTuple

Direction = Literal["increase", "decrease", "neutral"]

FEWEST_POINTS = 12  # fewer: limits and labels are worked out, but nothing is said of them
LIMIT = 2.66  # limits lie this many mean moving ranges from the mean
NEAR = 2 * (LIMIT / 3)
SCREEN = 3.267  # moving ranges from this many means on are screened out, once
TIE = 1e-12  # closer to the mean than this (relative above 1) is on it, as in exact arithmetic

# Zones, upper case above the mean: Outside the limit, Near it, Inside; "." on the mean or missing.
_SHIFT = re.compile(r"[ONI]{7,}|[oni]{7,}")
_TREND = re.compile(r"U{6,}|D{6,}")  # of steps: seven points
_TWO_OF_THREE = {
    "ptd": re.compile(r"(?=NN[ONI]|N[ONI]N|[ONI]NN|nn[oni]|n[oni]n|[oni]nn)"),
    "mdc": re.compile(
        r"(?=[NO]{2}[ONI]|[NO][ONI][NO]|[ONI][NO]{2}|[no]{2}[oni]|[no][oni][no]|[oni][no]{2})"
    ),
}
_HIGH = ("above_upper", "trend_up", "two_of_three_high", "shift_high")
_LOW = ("below_lower", "trend_down", "two_of_three_low", "shift_low")


def _by_side(high: str, low: str) -> dict[str, str]:
    return {"common_cause": "common_cause"} | dict.fromkeys(_HIGH, high) | dict.fromkeys(_LOW, low)


_POINT_TYPES = {
    "increase": _by_side("improvement", "concern"),
    "decrease": _by_side("concern", "improvement"),
    "neutral": _by_side("neutral_high", "neutral_low"),
}
_VARIATIONS = {
    "increase": _by_side("improvement_high", "concern_low"),
    "decrease": _by_side("concern_high", "improvement_low"),
    "neutral": _by_side("neutral_high", "neutral_low"),
}


class SpcPoint(NamedTuple):
    """One point with the limits that judged it; None where there are none."""

    phase: int
    mean: float | None
    lower: float | None
    upper: float | None
    special_cause: str
    point_type: str


class Phase(NamedTuple):
    """A stretch of points with limits of its own, from index `start` to before `end`."""

    number: int
    start: int
    end: int
    n: int  # values present
    mean: float | None
    lower: float | None  # None, as upper: the values have no spread at all
    upper: float | None
    fallback: bool = False  # the usual limits have no width, so an own rule was used


@dataclass(frozen=True)
class SpcResult:
    """A judged series.

    `variation` tells the last point alone, within its phase; `assurance` sets the target against
    the limits of the last phase. `note` is "too_few" when the last phase has under 12 values.
    """

    direction: Direction
    phases: tuple[Phase, ...]
    special_causes: tuple[str, ...]
    variation: str
    assurance: str
    note: str

    @property
    def n(self) -> int:
        """Values present in the last phase, on which variation and assurance rest."""
        return self.phases[-1].n

    @cached_property
    def points(self) -> tuple[SpcPoint, ...]:
        """Every point, in the order of the values."""
        types, causes = _POINT_TYPES[self.direction], self.special_causes
        return tuple(
            [
                SpcPoint(p.number, p.mean, p.lower, p.upper, cause, types[cause])
                for p in self.phases
                for cause in causes[p.start : p.end]
            ]
        )

    @property
    def latest(self) -> SpcPoint:
        """The last point alone."""
        p, cause = self.phases[-1], self.special_causes[-1]
        kind = _POINT_TYPES[self.direction][cause]
        return SpcPoint(p.number, p.mean, p.lower, p.upper, cause, kind)


def chart(
    values: Sequence[float | None],
    *,
    profile: str = "ptd",
    direction: Direction = "increase",
    target: float | None = None,
    rebase: Sequence[int] = (),
    fix_after: int | None = None,
    screen: bool | None = None,
) -> SpcResult:
    """Judge the values of one series, in time order, None or NaN where missing.

    `rebase` holds the indexes at which a new phase starts; limits and runs start again there.
    Phases count from 0, and as in the reference from 1 when the very first point is rebased.
    `fix_after` locks the limits of each phase on its first so many points. `screen` drops outlying
    moving ranges (None: as the profile does). Limits are mean ± 2.66 mean moving ranges, never
    clipped, from two points on. Raises ValueError for an unknown profile or direction, an empty
    series, a rebase outside the series or a `fix_after` under 12.

    Variation is `no_result` when the last value is missing and `no_variation` when its phase has
    no spread; then the target is judged by the last value itself.
    """
    if profile not in _TWO_OF_THREE or direction not in _VARIATIONS:
        raise ValueError(f"no such profile or direction: {profile!r}, {direction!r}")
    if fix_after is not None and fix_after < FEWEST_POINTS:
        raise ValueError(f"limits are locked on {FEWEST_POINTS} points or more, not {fix_after}")
    ys = [None if y is None or y != y else y for y in values]
    starts = sorted({0, *rebase})
    if not 0 == starts[0] <= starts[-1] < len(ys):
        raise ValueError(f"a phase must start inside the series of {len(ys)}, not at {rebase}")
    screen = profile == "ptd" if screen is None else screen
    phases, causes = [], []
    for number, (start, end) in enumerate(pairwise([*starts, len(ys)]), int(0 in rebase)):
        part = ys[start:end] if len(starts) > 1 else ys
        n, limits, fallback = len(part) - part.count(None), *_limits(part, fix_after, screen)
        phase = Phase(number, start, end, n, *limits, fallback)
        phases.append(phase)
        causes += _special_causes(part, phase, profile)
    phase = phases[-1]
    if ys[-1] is None:
        variation = "no_result"
    elif phase.lower is None:
        variation = "no_variation"
    else:
        variation = _VARIATIONS[direction][causes[-1]]
    return SpcResult(
        direction,
        tuple(phases),
        tuple(causes),
        variation,
        _assurance(ys, phase, direction, target),
        "too_few" if phase.n < FEWEST_POINTS else "",
    )


def _limits(
    ys: Sequence[float | None], fix_after: int | None, screen: bool
) -> tuple[tuple[float | None, float | None, float | None], bool]:
    """Mean, lower and upper limit of one phase, and whether an own rule was needed for them.

    Where screening leaves no spread (every range was 0 but for a few that were screened out), the
    unscreened ranges serve; where a locked stretch has no spread at all, those of the whole phase.
    """
    locked = ys if fix_after is None else ys[:fix_after]
    bases = [(locked, True), (locked, False)] if screen else [(locked, False)]
    if len(locked) < len(ys):
        bases.append((ys, False))
    mean = None
    for attempt, (values, screened) in enumerate(bases):
        present = [y for y in values if y is not None]
        if not present:
            continue
        mean = fsum(present) / len(present)
        spread = _mean_range(values, screened)
        if spread > TIE * max(1.0, abs(mean)):
            width = LIMIT * spread
            return (mean, mean - width, mean + width), attempt > 0
    return (mean, None, None), True


def _mean_range(ys: Sequence[float | None], screened: bool) -> float:
    """The mean distance of neighbours; a missing value takes two distances with it."""
    ranges = [abs(b - a) for a, b in pairwise(ys) if a is not None and b is not None]
    if screened and ranges:
        cut = SCREEN * fsum(ranges) / len(ranges)
        ranges = [r for r in ranges if r < cut]
    return fsum(ranges) / len(ranges) if ranges else 0.0


def _special_causes(ys: Sequence[float | None], phase: Phase, profile: str) -> list[str]:
    """One label a point: outside, else trend, else two of three, else shift, else common cause."""
    causes = ["common_cause"] * len(ys)
    if phase.mean is None:
        return causes
    zones = _zones(ys, phase)
    for run in _SHIFT.finditer(zones):
        label = "shift_high" if run[0][0].isupper() else "shift_low"
        causes[run.start() : run.end()] = [label] * len(run[0])
    near = "NnOo" if profile == "mdc" else "Nn"
    for window in _TWO_OF_THREE[profile].finditer(zones):
        for k in range(window.start(), window.start() + 3):
            if zones[k] in near:
                causes[k] = "two_of_three_high" if zones[k].isupper() else "two_of_three_low"
    for k, label in _trends(ys):
        causes[k] = label
    if "O" in zones or "o" in zones:
        for k, zone in enumerate(zones):
            if zone in "Oo":
                causes[k] = "above_upper" if zone == "O" else "below_lower"
    return causes


def _zones(ys: Sequence[float | None], phase: Phase) -> str:
    """Each point's zone, as one string: strictly beyond a line, and on the mean within a tie."""
    mean, lower, upper = phase.mean or 0.0, phase.lower, phase.upper
    tie = TIE * max(1.0, abs(mean))
    on_low, on_high = mean - tie, mean + tie
    if lower is None or upper is None:  # no limits, so nothing is near or outside them
        lower, near_low, near_high, upper = -inf, -inf, inf, inf
    else:
        near = (upper - lower) / 2 * (NEAR / LIMIT)
        near_low, near_high = mean - near, mean + near
    return "".join(
        [
            "."
            if y is None or on_low <= y <= on_high
            else ("O" if y > upper else "N" if y > near_high else "I")
            if y > mean
            else ("o" if y < lower else "n" if y < near_low else "i")
            for y in ys
        ]
    )


def _trends(ys: Sequence[float | None]) -> list[tuple[int, str]]:
    """Index and label of every point in a run of six steps one way; a tie or a gap breaks it.

    Where two trends meet, a point is told by the step to the next one, as the reference does.
    """
    steps = "".join(
        [
            "=" if a is None or b is None or a == b else "U" if a < b else "D"
            for a, b in pairwise(ys)
        ]
    )
    runs = [range(run.start(), run.end() + 1) for run in _TREND.finditer(steps)]
    points = {k for run in runs for k in run}
    return [
        (k, "trend_up" if steps[k if k + 1 in points else k - 1] == "U" else "trend_down")
        for k in sorted(points)
    ]


def _assurance(
    ys: Sequence[float | None], phase: Phase, direction: Direction, target: float | None
) -> str:
    """Will the target be met on this pattern? Strictly beyond a limit; without limits, by value."""
    if target is None or direction == "neutral":
        return ""
    if phase.lower is None or phase.upper is None:
        present = [y for y in ys[phase.start :] if y is not None]
        if not present:
            return ""
        met = target - present[-1] if direction == "increase" else present[-1] - target
        return "pass" if met <= TIE * max(1.0, abs(target)) else "fail"
    tie = TIE * max(1.0, abs(target))
    if target > phase.upper + tie:
        return "fail" if direction == "increase" else "pass"
    if target < phase.lower - tie:
        return "pass" if direction == "increase" else "fail"
    return "inconsistent"
