"""Funnel, places and benchmark: against the reference funnels, and on made-up services."""

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot.analyse import peers

GOLDEN = Path(__file__).resolve().parents[2] / "shared" / "golden"
needs_golden = pytest.mark.skipif(
    not GOLDEN.exists(), reason="the shared data folder with reference results is not here"
)
MONTH = ["type", "period"]


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / name, keep_default_na=False, na_values=["NA"], dtype={"type": str})


@needs_golden
def test_funnels_equal_the_reference():
    points = read("funnel_points_open.csv.gz")
    months = read("funnel_months_open.csv").set_index(MONTH)
    tested = folded = 0
    for key, g in points.groupby(MONTH):
        f = peers.funnel(g.numerator.tolist(), g.denominator.tolist())
        expected = months.loc[key]
        assert f.target / 100 == pytest.approx(expected.target, rel=1e-9)
        assert f.phi == pytest.approx(expected.phi, rel=1e-9)
        assert f.tau2 == pytest.approx(expected.tau2, rel=1e-9, abs=1e-15)
        assert f.z == pytest.approx(g.z_od.tolist(), rel=1e-9, abs=1e-12)
        for row in g.itertuples():
            rate = 100 * row.numerator / row.denominator
            for c, label, name in ((peers.C95, "95", "95"), (peers.C998, "99", "998")):
                for adjusted, lcl, ucl, flag, artefact in (
                    (True, f"OD{label}LCL", f"OD{label}UCL", f"outlier{name}_od", "od"),
                    (False, f"LCL{label}", f"UCL{label}", f"outlier{name}_unadj", "unadj"),
                ):
                    low, high = f.limits(row.denominator, c, adjusted=adjusted)
                    if high == 100:  # past the end of the scale, where the reference folds back
                        folded += 1
                    else:
                        assert high / 100 == pytest.approx(getattr(row, ucl), rel=1e-9)
                    if getattr(row, f"lcl_artefact_{artefact}{label}"):
                        assert low == 0  # the reference clips the wrong row here
                        continue
                    assert low / 100 == pytest.approx(getattr(row, lcl), rel=1e-9, abs=1e-15)
                    assert (rate < low or rate > high) == bool(getattr(row, flag))
                    tested += 1
    assert (tested > 13_000, folded) == (True, 4)


def test_limits_stop_at_nought_and_a_hundred():
    f = peers.funnel([0, 1, 0, 2, 0, 1, 0, 1], [40] * 8)
    assert f.limits(5)[0] == 0
    g = peers.funnel([40, 39, 40, 38, 40, 39, 40, 39], [40] * 8)
    assert g.limits(5)[1] == 100


def test_chance_alone_needs_no_extra_spread():
    f = peers.funnel([72, 71, 73, 72, 72, 71, 73, 72], [100] * 8)
    assert f.tau2 == 0
    assert f.phi < 1
    assert f.limits(100) == pytest.approx(f.limits(100, adjusted=False))


@pytest.mark.parametrize("work", [peers.funnel, peers.benchmark, peers.places])
def test_fewer_than_eight_are_no_peers(work):
    assert work([5] * 7, [10] * 7) is None
    assert work([5] * 8, [10] * 8) is not None


@pytest.mark.parametrize("counts", [([1, 2], [3]), ([1], [0]), ([-1], [5]), ([6], [5])])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(ValueError, match="numerator between 0"):
        peers.benchmark(*counts)


def test_benchmark_by_hand():
    """Ten services of 100: nine at 70 in 100 and one at 90, so a tenth of patients is one service."""
    b = peers.benchmark([70] * 9 + [90], [100] * 10)
    m, chance = 0.72, 0.72 * 0.28 / 100
    tau2 = 0.0036 - chance  # the variance of the rates: (9 × 0.02² + 0.18²) / 10
    w = tau2 / (tau2 + chance)
    assert b.achievable == pytest.approx(100 * (m + w * 0.18))
    assert b.typical == pytest.approx(100 * (m - w * 0.02))
    assert b.top_quarter == pytest.approx(b.typical)
    assert b.peers == 10


def made_up(rng, spread, k=200):
    n = np.maximum(10, rng.lognormal(math.log(120), 0.6, k)).round()
    true = np.clip(rng.normal(0.72, spread, k), 0.01, 0.99)
    return rng.binomial(n.astype(int), true).astype(float), n


def test_benchmark_is_true_where_nothing_differs():
    """Within 2 points of the truth; the raw top tenth would promise about 9 points more."""
    rng = np.random.default_rng(1)
    found = [peers.benchmark(*made_up(rng, 0.0)).achievable for _ in range(60)]
    assert np.max(np.abs(np.array(found) - 72)) < 2


@pytest.mark.parametrize("units", [8, 20, 38])
def test_benchmark_of_few_services_promises_no_more(units):
    """Of few services one run may miss by its own chance; on average it is true all the same."""
    rng = np.random.default_rng(units)
    found = [peers.benchmark(*made_up(rng, 0.0, units)).achievable for _ in range(100)]
    assert abs(np.mean(found) - 72) < 1.2


def test_benchmark_finds_real_differences():
    rng = np.random.default_rng(2)
    found = np.mean([peers.benchmark(*made_up(rng, 0.08)).achievable for _ in range(30)])
    assert 82 < found < 87  # the truth is 85.6


def test_a_place_says_nothing_where_nothing_differs():
    rng = np.random.default_rng(3)
    placed = peers.places(*made_up(rng, 0.0, 40))
    assert np.mean([p.worst - p.best for p in placed]) > 25


def test_a_clear_leader_is_placed_first():
    placed = peers.places([950] + [700 + i for i in range(9)], [1000] * 10)
    assert (placed[0].rank, placed[0].best, placed[0].worst) == (1, 1, 1)
    lower = peers.places([950] + [700 + i for i in range(9)], [1000] * 10, better="lower")
    assert (lower[0].rank, lower[0].best, lower[0].worst, lower[0].of) == (10, 10, 10, 10)


def test_all_alike_share_the_first_place():
    assert set(peers.places([10] * 8, [10] * 8)) == {peers.Place(1, 1, 8, 8)}


counts = st.lists(
    st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=8,
    max_size=30,
)


@settings(deadline=None, max_examples=60)
@given(counts)
def test_mirrored_rates_give_mirrored_results(units):
    x, n = [float(a) for a, _ in units], [float(b) for _, b in units]
    y = [b - a for a, b in zip(x, n, strict=True)]
    one, other = peers.benchmark(x, n, "higher"), peers.benchmark(y, n, "lower")
    assert one.typical == pytest.approx(100 - other.typical, abs=1e-6)
    assert one.top_quarter == pytest.approx(100 - other.top_quarter, abs=1e-6)
    assert all(0 <= r <= 100 for r in peers.shrunken(x, n))
    f, g = peers.funnel(x, n), peers.funnel(y, n)
    assert f.phi == pytest.approx(g.phi, rel=1e-6, abs=1e-9)
    low, high = f.limits(50)
    assert g.limits(50) == pytest.approx((100 - high, 100 - low), abs=1e-6)
    for p in peers.places(x, n):
        assert 1 <= p.best <= p.rank <= p.worst <= p.of == len(units)


def test_steps_of_figures_without_counts():
    assert peers.steps([float(n) for n in range(1, 10)]) == (5.0, 7.0)
    assert peers.steps([float(n) for n in range(1, 10)], "lower") == (5.0, 3.0)
    assert peers.steps([1.0] * 7) is None


@pytest.mark.parametrize("cases", [120, 1000])
def test_the_spread_of_changes_is_that_between_periods_not_between_services(cases):
    """Services differ greatly, and each is as level as real-world spread lets it: precision 400."""
    rng = np.random.default_rng(cases)
    true = np.clip(rng.normal(0.7, 0.08, 300), 0.3, 0.95)

    def year():
        rates = rng.beta(400 * true, 400 * (1 - true))
        return [(float(x), float(cases)) for x in rng.binomial(cases, rates)]

    phi = peers.spread_of_changes(year(), year())
    expected = 1 + (cases - 1) / 401  # of a beta-binomial
    assert phi == pytest.approx(expected, rel=0.2)


def test_the_spread_of_changes_needs_eight_services_and_is_never_under_one():
    level = [(70.0, 100.0)] * 8
    assert peers.spread_of_changes(level, level) == 1
    assert peers.spread_of_changes(level[:7], level[:7]) is None
    every = [(100.0, 100.0)] * 8
    assert peers.spread_of_changes(every, every) == 1
    all_rose = [(80.0, 100.0)] * 8  # together: that is no spread
    assert peers.spread_of_changes(level, all_rose) == 1


@pytest.mark.parametrize("spread", [0.0, 0.08])
def test_a_curve_holds_the_limits_at_the_cases_asked_for_and_between(spread: float) -> None:
    chance = np.random.default_rng(5)
    n = chance.integers(30, 4000, 60).astype(float)
    x = chance.binomial(n.astype(int), np.clip(chance.normal(0.7, spread, 60), 0, 1)).astype(float)
    f = peers.funnel(x.tolist(), n.tolist())
    assert f is not None
    own = float(n[7])
    made = peers.curve(f, [float(n.min()), own, float(n.max())])
    assert (made.cases[0], made.cases[-1], made.target) == (n.min(), n.max(), f.target)
    assert list(made.cases) == sorted(set(made.cases))
    at = made.cases.index(own)
    assert (made.lower95[at], made.upper95[at]) == f.limits(own, peers.C95)
    assert (made.lower998[at], made.upper998[at]) == f.limits(own, peers.C998)
    inside = zip(made.lower998, made.lower95, made.upper95, made.upper998, strict=True)
    assert all(a < b < f.target < c < d for a, b, c, d in inside)
    assert all(a >= b for a, b in itertools.pairwise(made.upper998))


def test_a_curve_of_one_size_is_one_point() -> None:
    f = peers.funnel([7.0] * 9, [10.0] * 9)
    assert f is not None
    assert peers.curve(f, [10.0, 10.0]).cases == (10.0,)


@pytest.mark.parametrize("cases", [[], [0.0, 5.0], [-1.0]])
def test_a_curve_needs_positive_cases(cases: list[float]) -> None:
    f = peers.funnel([7.0] * 9, [10.0] * 9)
    assert f is not None
    with pytest.raises(ValueError, match="positive"):
        peers.curve(f, cases)
