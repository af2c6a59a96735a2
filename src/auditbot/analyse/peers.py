"""Where does a service stand among its peers, and what do the best of them really reach?

Everything is worked out from numerators and denominators of proportions, one pair a service; rates
that leave here are percent. Real services differ by more than chance, so funnel limits allow for
that spread: unadjusted, nine in ten A&E departments would lie outside. These figures place a
service; they never declare it an outlier.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import asin, exp, pi, sin, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from auditbot.model import Curve

FEWEST_PEERS = 8  # services handed in; among fewer nobody is placed
WINSORISED = 0.1  # at each end
C95 = 1.959964  # digits as the reference has them
C998 = 3.090232
BEST_HOLD = 0.1  # share of patients whom the best services treat
STEPS = 48  # of a drawn curve
DRAWS = 4000  # of places; the interval of a place moves by less than one in a hundred peers
SEED = 20  # fixed, so that the same figures give the same places

Better = Literal["higher", "lower"]
Counts = tuple[float, float]  # numerator, denominator
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Funnel:
    """A funnel plot on the arcsine scale, with the spread between services in it."""

    target: float  # the rate of all services together, percent
    phi: float  # winsorised spread relative to chance
    tau2: float  # variance between services, arcsine scale; 0 when chance explains everything
    z: tuple[float, ...]  # of each service, allowing for tau2: 2 and 3 are the usual thresholds

    def limits(
        self, cases: float, c: float = C998, *, adjusted: bool = True
    ) -> tuple[float, float]:
        """Lower and upper limit in percent for a service with so many cases.

        `c` is 1.96 for 95% and 3.09 for 99.8%. Not adjusted: chance alone. The lower one is 0, the
        upper one 100, where the curve leaves the scale.
        """
        centre = asin(sqrt(self.target / 100))
        reach = c * sqrt(1 / (4 * cases) + (self.tau2 if adjusted else 0.0))
        return 100 * sin(max(0.0, centre - reach)) ** 2, 100 * sin(min(pi / 2, centre + reach)) ** 2


@dataclass(frozen=True, slots=True)
class Place:
    """One service's place among its peers, 1 the best, and how sure it is."""

    rank: int  # by shrunken rate
    best: int  # 95% interval of the place
    worst: int
    of: int


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Steps a service can look up to, in percent, from shrunken rates."""

    typical: float  # the middle service
    top_quarter: float  # the rate that the best quarter of services reach
    achievable: float  # of the best services that treat a tenth of all patients
    peers: int


def funnel(numerators: Sequence[float], denominators: Sequence[float]) -> Funnel | None:
    """The funnel of one period; None for fewer than 8 services. All denominators are positive.

    Spiegelhalter 2005 (Stat Med 24:1185), as FunnelPlotR 0.6.0 does it for proportions: arcsine
    scale, z winsorised at its 10% and 90% quantiles, phi their mean square, additive tau².
    """
    x, n = _checked(numerators, denominators)
    k = len(n)
    if k < FEWEST_PEERS:
        return None
    target = float(x.sum() / n.sum())
    angle = np.arcsin(np.sqrt(x / n)) - asin(sqrt(target))
    variance = 1 / (4 * n)
    z = angle / np.sqrt(variance)
    low, high = np.quantile(z, [WINSORISED, 1 - WINSORISED])
    phi = float(np.mean(np.clip(z, low, high) ** 2))
    w = 1 / variance
    excess = k * phi - (k - 1)
    tau2 = max(0.0, excess / float(w.sum() - (w**2).sum() / w.sum()))
    return Funnel(100 * target, phi, tau2, tuple((angle / np.sqrt(variance + tau2)).tolist()))


def curve(funnel: Funnel, cases: Sequence[float]) -> Curve:
    """The limits to draw, from the least to the most of these numbers of cases, all of them met.

    Between them the curve has 48 steps, closer together where there are few cases and it bends.
    Raises ValueError when there is no number of cases, or one that is not positive.
    """
    if not cases or min(cases) <= 0:
        raise ValueError("a curve needs numbers of cases, all of them positive")
    even = np.geomspace(min(cases), max(cases), STEPS)[1:-1].tolist()
    rising = sorted({*map(float, cases), *even})
    inner = [funnel.limits(n, C95) for n in rising]
    outer = [funnel.limits(n, C998) for n in rising]
    return Curve(
        target=funnel.target,
        cases=tuple(rising),
        lower95=tuple(low for low, _ in inner),
        upper95=tuple(high for _, high in inner),
        lower998=tuple(low for low, _ in outer),
        upper998=tuple(high for _, high in outer),
    )


def shrunken(numerators: Sequence[float], denominators: Sequence[float]) -> tuple[float, ...]:
    """Each service's rate drawn towards the overall one as far as chance may have moved it, percent.

    Empirical Bayes by moments: s = m + w(p - m), w = tau²/(tau² + m(1-m)/n), tau² the variance of
    the rates, weighted by n, less what chance gives them.
    """
    x, n = _checked(numerators, denominators)
    return tuple((100 * _shrink(x, n)[0]).tolist())


def benchmark(
    numerators: Sequence[float] | Floats,
    denominators: Sequence[float] | Floats,
    better: Better = "higher",
) -> Benchmark | None:
    """Typical, top quarter and achievable benchmark; None for fewer than 8 services.

    Achievable: services ranked on shrunken rates, best first, until they hold a tenth of all
    patients; their shrunken rates averaged by cases. Ranked on raw rates small services win by
    luck, and the benchmark is too high by 6 points or more where nothing differs.
    """
    x, n = _checked(numerators, denominators)
    if len(n) < FEWEST_PEERS:
        return None
    s, _ = _shrink(x, n)
    order = np.argsort(-s if better == "higher" else s, kind="stable")
    s, n = s[order], n[order]
    held = np.cumsum(n)
    best = int(np.searchsorted(held, BEST_HOLD * held[-1])) + 1
    typical, top_quarter = _middle_and_best(s[::-1] if better == "higher" else s, better)
    return Benchmark(
        typical=100 * typical,
        top_quarter=100 * top_quarter,
        achievable=100 * _mean(s[:best], n[:best]),
        peers=len(n),
    )


def steps(
    values: Sequence[float] | Floats, better: Better = "higher"
) -> tuple[float, float] | None:
    """What the middle one and the best quarter reach, of figures that have no counts behind them.

    For scores, means and medians; None for fewer than 8 services.
    """
    if len(values) < FEWEST_PEERS:
        return None
    return _middle_and_best(np.sort(np.asarray(values, float)), better)


def places(
    numerators: Sequence[float], denominators: Sequence[float], better: Better = "higher"
) -> tuple[Place, ...] | None:
    """The place of every service with its 95% interval; None for fewer than 8 services.

    The true rate of each is drawn many times from what is known of it (the shrunken rate and its
    variance) and all are ranked each time; the interval holds the middle 95% of its ranks
    (Marshall & Spiegelhalter 1998, BMJ 316:1701). Where services do not differ it is as wide as
    the list: then a place says nothing.
    """
    x, n = _checked(numerators, denominators)
    if len(n) < FEWEST_PEERS:
        return None
    s, variance = _shrink(x, n)
    if not variance.any():  # all at 0 or all at 100
        return (Place(1, 1, len(n), len(n)),) * len(n)
    sign = -1 if better == "higher" else 1
    noise = np.random.default_rng(SEED).standard_normal((DRAWS, len(n)))
    ranks = 1 + np.argsort(np.argsort(sign * (s + noise * np.sqrt(variance)), axis=1), axis=1)
    low, high = np.quantile(ranks, [0.025, 0.975], axis=0, method="inverted_cdf")
    own = 1 + (sign * s[:, None] > sign * s[None, :]).sum(axis=1)  # equal rates share a place
    return tuple(
        Place(int(r), min(int(b), int(r)), max(int(w), int(r)), len(n))
        for r, b, w in zip(own, low, high, strict=True)
    )


def spread_of_changes(before: Sequence[Counts], after: Sequence[Counts]) -> float | None:
    """How much more services change from one period to the next than chance lets them; at least 1.

    `before` and `after` hold (numerator, denominator) of the same services in two periods. z of
    each service's change, less that of all together, is winsorised at the 10% and 90% quantiles, so
    that the few that really changed weigh little; phi is its mean square, as in the funnel
    (Spiegelhalter 2005), over what winsorising leaves of a normal one. None for fewer than 8.
    """
    if len(before) < FEWEST_PEERS:
        return None
    (x0, n0), (x1, n1) = _checked(*zip(*before, strict=True)), _checked(*zip(*after, strict=True))
    p = (x0.sum() + x1.sum()) / (n0.sum() + n1.sum())
    if p in (0, 1):
        return 1.0
    change = x1 / n1 - x0 / n0 - (x1.sum() / n1.sum() - x0.sum() / n0.sum())
    z = change / np.sqrt(p * (1 - p) * (1 / n0 + 1 / n1))
    low, high = np.quantile(z, [WINSORISED, 1 - WINSORISED])
    return max(1.0, float(np.mean(np.clip(z, low, high) ** 2)) / _left())


@cache
def _left() -> float:
    """The mean square of a standard normal, winsorised as the z are: 1 without winsorising."""
    from scipy.special import ndtri  # is long to open, and few answers need it

    cut = float(ndtri(1 - WINSORISED))
    tails = 2 * cut * exp(-(cut**2) / 2) / sqrt(2 * pi)
    return 1 - 2 * WINSORISED - tails + 2 * WINSORISED * cut**2


def _shrink(x: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Shrunken rates as fractions and the variance that remains of each."""
    m = x.sum() / n.sum()
    p = x / n
    chance = m * (1 - m) / n
    if m in (0, 1):
        return p, np.zeros_like(p)
    tau2 = max(_mean((p - m) ** 2, n) - _mean(chance, n), 1e-9)  # just above 0
    w = tau2 / (tau2 + chance)
    return m + w * (p - m), w * chance


def _mean(values: Floats, weights: Floats) -> float:
    """Weighted; numpy's own `average` takes five times as long for so few."""
    return float((values * weights).sum() / weights.sum())


def _middle_and_best(rising: Floats, better: Better) -> tuple[float, float]:
    """The median and what the best quarter reach, of sorted values, as numpy works them out.

    Every finding asks for both, and numpy would sort the values again for each.
    """
    half, odd = divmod(len(rising), 2)
    middle = float(rising[half]) if odd else float(rising[half - 1] + rising[half]) / 2
    below, share = divmod((len(rising) - 1) * (0.75 if better == "higher" else 0.25), 1)
    a, b = rising[int(below) : int(below) + 2].tolist()
    # From the nearer of the two, so that neither is overshot.
    return middle, b - (b - a) * (1 - share) if share >= 0.5 else a + (b - a) * share


def _checked(
    numerators: Sequence[float] | Floats, denominators: Sequence[float] | Floats
) -> tuple[Floats, Floats]:
    x, n = np.asarray(numerators, float), np.asarray(denominators, float)
    if x.shape != n.shape or ((n <= 0) | (x < 0) | (x > n)).any():
        raise ValueError("each service needs a numerator between 0 and its positive denominator")
    return x, n
