"""The arithmetic that a message must agree with, from its published definitions and nothing else.

Charts: Making Data Count's XmR. Confirmed change: pooled stretches, z over the root of the series'
own spread. Peers: shrunken rates. Rounding: half away from nought, as people do it.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise
from math import sqrt

import numpy as np
from scipy import stats

Count = tuple[float, float]


def half_up(value: float, places: int) -> str:
    shown = Decimal(repr(round(value, 9))).quantize(Decimal(10) ** -places, ROUND_HALF_UP)
    return f"{shown:,}"


def wilson(top: float, bottom: float) -> tuple[float, float]:
    z2 = 1.959964**2
    roots = np.roots([1 + z2 / bottom, -(2 * top + z2) / bottom, (top / bottom) ** 2]).real
    return max(min(roots), 0.0), min(max(roots), 1.0)


class Chart:
    """Limits locked on the first 24 known points, or 12, and the label of the newest point."""

    def __init__(self, values: Sequence[float | None], *, lock: bool = True) -> None:
        self.values = list(values)
        known = [i for i, v in enumerate(values) if v is not None]
        self.n = len(known)
        self.mean = self.lower = self.upper = None
        if self.n < 12:
            return
        base = self.values[: known[(24 if self.n >= 24 else 12) - 1] + 1] if lock else self.values
        for stretch, screened in ((base, True), (base, False), (self.values, False)):
            present = [v for v in stretch if v is not None]
            self.mean = sum(present) / len(present)
            ranges = [abs(b - a) for a, b in pairwise(stretch) if a is not None and b is not None]
            if screened and ranges:
                cut = 3.267 * sum(ranges) / len(ranges)
                ranges = [r for r in ranges if r < cut]
            width = 2.66 * sum(ranges) / len(ranges) if ranges else 0.0
            if width > 1e-11:
                self.lower, self.upper = self.mean - width, self.mean + width
                return

    def label(self) -> str:
        """ "high", "low" or nothing: which way the newest point stands out, by the first rule."""
        kind, way = self.rule()
        if kind == "shift" and self.upper is not None:
            assert self.mean is not None
            assert self.values[-1] is not None
            if abs(self.values[-1] - self.mean) < (self.upper - self.mean) / 3:
                return ""  # as good as back
        return "" if kind == "shift" and self.upper is None else way

    def rule(self) -> tuple[str, str]:
        """The rule that takes in the newest point, and its side."""
        ys, mean = self.values, self.mean
        if mean is None or not ys or ys[-1] is None:
            return "", ""
        sides = [0 if y is None or abs(y - mean) <= 1e-10 else 1 if y > mean else -1 for y in ys]
        side = "high" if sides[-1] > 0 else "low"
        if self.lower is not None and not self.lower <= ys[-1] <= self.upper:
            return "beyond", side
        steps = [
            0 if a is None or b is None else int(np.sign(b - a))
            for a, b in zip(ys[-7:], ys[-6:], strict=False)
        ]
        if len(steps) == 6 and abs(sum(steps)) == 6:
            return "trend", "high" if steps[0] > 0 else "low"
        if self.lower is not None and len(ys) >= 3 and abs(sum(sides[-3:])) == 3:
            edge = 2 / 3 * (self.upper - mean)
            near = [abs(y - mean) > edge and self.lower <= y <= self.upper for y in ys[-3:]]
            if near[-1] and sum(near) >= 2:
                return "two of three", side
        if len(ys) >= 7 and abs(sum(sides[-7:])) == 7:
            return "shift", side
        return "", ""


def pooled(counts: Sequence[Count]) -> Count:
    return sum(x for x, _ in counts), sum(n for _, n in counts)


@cache
def _raised(freedom: float) -> float:
    """The tail of the normal beyond 3.3 lies further out in Student's t: squared, how far."""
    return float(stats.t.isf(stats.norm.sf(3.3), freedom) / 3.3) ** 2


def changed(
    before: Sequence[Count], after: Sequence[Count], around: Sequence[Count]
) -> tuple[float, float]:
    """z over the root of phi, and phi, of two pooled stretches within a series."""
    (x0, n0), (x1, n1) = pooled(before), pooled(after)
    p = (x0 + x1) / (n0 + n1)
    if p in (0, 1):
        return 0.0, 1.0
    squares = [
        (b[0] / b[1] - a[0] / a[1]) ** 2 / (p * (1 - p) * (1 / a[1] + 1 / b[1]))
        for a, b in pairwise(around)
    ]
    m = len(squares)
    # Neighbouring squares share a point (correlation 1/4): so many independent ones tell as much.
    by_steps = np.mean(squares) * _raised(2 * m * m / (3 * m - 1))
    free = len(before) + len(after) - 2
    scatter = sum(
        n * (x / n - pooled(side)[0] / pooled(side)[1]) ** 2
        for side in (before, after)
        for x, n in side
    )
    by_scatter = scatter / (p * (1 - p)) / free * _raised(free)
    phi = max(1.0, float(min(by_steps, by_scatter)))
    return (x1 / n1 - x0 / n0) / sqrt(p * (1 - p) * (1 / n0 + 1 / n1) * phi), phi


def enough(before: Count, after: Count) -> bool:
    """Five or more people expected with and without the achievement on each side."""
    p = (before[0] + after[0]) / (before[1] + after[1])
    return min(p, 1 - p) * min(before[1], after[1]) >= 5


def steps_among(counts: Sequence[Count], *, lower: bool) -> tuple[float, float, float]:
    """Middle one, best quarter and achievable, per cent, of shrunken rates."""
    n = np.array(counts, dtype=float).T[1]
    s, _ = _drawn_together(counts)
    held, best = 0.0, []
    for i in sorted(range(len(s)), key=lambda i: s[i] if lower else -s[i]):
        best.append(i)
        held += n[i]
        if held >= n.sum() / 10:
            break
    top = np.sum(s[best] * n[best]) / n[best].sum()
    return 100 * float(np.median(s)), 100 * _quarter(s, lower=lower), 100 * float(top)


def _drawn_together(counts: Sequence[Count]) -> tuple[np.ndarray, np.ndarray]:
    """Shrunken rates as fractions, and the root of what remains unknown of each."""
    x, n = np.array(counts, dtype=float).T
    m, p = x.sum() / n.sum(), x / n
    if m in (0, 1):
        return p, np.zeros(len(n))
    noise = m * (1 - m) / n
    spread = np.sum(n * (p - m) ** 2) / n.sum() - len(n) * m * (1 - m) / n.sum()
    w = max(spread, 1e-9) / (max(spread, 1e-9) + noise)
    return m + w * (p - m), np.sqrt(w * noise)


def place(own: Count, others: Sequence[Count], *, lower: bool) -> tuple[float, float]:
    """Between which places one lies in 95 of 100 draws of the true rates; a draw of its own."""
    s, root = _drawn_together([own, *others])
    drawn = np.random.default_rng(4).normal(s, np.maximum(root, 1e-12), (4000, len(s)))
    before = drawn < drawn[:, :1] if lower else drawn > drawn[:, :1]
    low, high = np.percentile(1 + before.sum(axis=1), [2.5, 97.5])
    return float(low), float(high)


def funnel(counts: Sequence[Count], cases: float) -> tuple[float, float, float]:
    """Overall rate and the 99.8% limits at so many cases, per cent: Spiegelhalter 2005, arcsine."""
    x, n = np.array(counts, dtype=float).T
    overall = x.sum() / n.sum()
    centre = np.arcsin(np.sqrt(overall))
    z = 2 * np.sqrt(n) * (np.arcsin(np.sqrt(x / n)) - centre)
    phi = np.mean(np.clip(z, *np.percentile(z, [10, 90])) ** 2)
    w, k = 4 * n, len(n)
    between = max(0.0, (k * phi - (k - 1)) / (w.sum() - (w**2).sum() / w.sum()))
    reach = 3.090232 * sqrt(1 / (4 * cases) + between)
    low, high = max(0.0, centre - reach), min(np.pi / 2, centre + reach)
    return tuple(100 * float(v) for v in (overall, np.sin(low) ** 2, np.sin(high) ** 2))  # type: ignore[return-value]


def quarters(values: Sequence[float], *, lower: bool) -> tuple[float, float]:
    """Middle one and best quarter of figures without counts."""
    return float(np.median(values)), _quarter(values, lower=lower)


def _quarter(values: Sequence[float] | np.ndarray, *, lower: bool) -> float:
    return float(np.percentile(values, 25 if lower else 75))


def early(before: Count, after: Count, then: Sequence[Count], now: Sequence[Count]) -> str:
    """More than the usual, within it, or too few to say, by the spread of changes among peers."""
    (x0, n0), (x1, n1) = np.array(then, dtype=float).T, np.array(now, dtype=float).T
    p = (x0.sum() + x1.sum()) / (n0.sum() + n1.sum())
    phi = 1.0
    if p not in (0, 1):
        all_moved = x1.sum() / n1.sum() - x0.sum() / n0.sum()
        z = (x1 / n1 - x0 / n0 - all_moved) / np.sqrt(p * (1 - p) * (1 / n0 + 1 / n1))
        phi = max(1.0, float(np.mean(np.clip(z, *np.percentile(z, [10, 90])) ** 2)))
    if not enough(before, after):
        return "too few"
    a, b = before[0] / before[1], after[0] / after[1]
    p = (before[0] + after[0]) / (before[1] + after[1])
    z_own = (b - a) / sqrt(phi * p * (1 - p) * (1 / before[1] + 1 / after[1]))
    if abs(z_own) > 3.3:
        return "more than"
    reach = 1.96 * sqrt(a * (1 - a) / before[1] + b * (1 - b) / after[1])
    return "too few" if reach > 0.1 else "within"
