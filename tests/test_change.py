"""Before and after: what is compared with what, how spread is allowed for, what is confirmed."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot import period
from auditbot.analyse import change
from auditbot.catalogue import Metric
from auditbot.model import Result, Series


def metric(**parts) -> Metric:
    """A made-up proportion."""
    return Metric.model_validate(
        {
            "id": "prompt_surgery",
            "audit": "nhfd",
            "name": "Prompt surgery",
            "plain": "prompt surgery",
            "kind": "proportion",
            "direction": "higher",
            "achieved": "had surgery by the next day",
            "numerator": "patients operated on by the next day",
            "denominator": "patients who have surgery",
            "why": "Waiting in bed hurts.",
            "disclosure": "as_published",
            "standard_note": "none",
            "standard_source": "made up",
            "verified": True,
            "verified_how": "made up",
            "review_by": date(2027, 1, 1),
        }
        | parts
    )


def series(counts, cases=100, periods=None) -> Series:
    periods = periods or [period.month(2024, 1 + i) for i in range(len(counts))]
    return Series(
        "cedar-unit",
        "prompt_surgery",
        tuple(
            Result("cedar-unit", "prompt_surgery", p, "missing")
            if x is None
            else Result(
                "cedar-unit",
                "prompt_surgery",
                p,
                "ok",
                100 * x / cases,
                numerator=float(x),
                denominator=float(cases),
            )
            for p, x in zip(periods, counts, strict=True)
        ),
    )


LEVEL = [70, 72, 71, 69, 70, 73, 68, 70, 71, 72, 70, 69]
RISEN = [x + 12 for x in LEVEL]
QUARTERS = [period.quarter(2019, 1 + 3 * i) for i in range(40)]


def test_figures_behind_a_change_add_up():
    found = change.compare(series([*LEVEL, *RISEN]), metric())
    assert (found.before_numerator, found.after_numerator) == (sum(LEVEL), sum(RISEN))
    assert found.before_denominator == found.after_denominator == 1200
    assert found.before[0] == period.month(2024, 1)
    assert found.after[-1] == period.month(2025, 12)
    p = (sum(LEVEL) + sum(RISEN)) / 2400
    plain = 144 / 1200 / math.sqrt(p * (1 - p) * 2 / 1200)
    assert found.z == pytest.approx(plain / math.sqrt(found.phi))
    assert found.phi == 1  # less scattered than chance, which is never rewarded
    assert found.confirmed


def test_a_fall_is_as_sure_as_a_rise():
    rise = change.compare(series([*LEVEL, *RISEN]), metric())
    fall = change.compare(series([*RISEN, *LEVEL]), metric())
    assert fall.z == pytest.approx(-rise.z)
    assert fall.confirmed


def test_spread_beyond_chance_is_allowed_for():
    wild = [x + 15 * (-1) ** i for i, x in enumerate(LEVEL)]
    risen = [x + 6 for x in wild]
    found = change.compare(series([*wild, *risen]), metric())
    assert found.phi > 5
    assert not found.confirmed


def test_one_step_does_not_hide_itself():
    """However large the numbers, a step is one difference of many; it is confirmed early on."""
    flat = [7_000, 7_200, 7_100, 6_900] * 3
    for at in (12, 16, 20):
        stepped = [x + (2_000 if i >= at else 0) for i, x in enumerate(flat * 2)]
        assert change.compare(series(stepped, 10_000), metric()).confirmed, at


def test_seasons_do_not_hide_a_change():
    wave = [round(700 + 60 * math.sin(2 * math.pi * i / 12)) for i in range(12)]
    found = change.compare(series([*wave, *[x + 50 for x in wave]], 1000), metric(season="month"))
    assert found.confirmed
    assert not change.compare(series(wave * 2, 1000), metric(season="month")).confirmed


def test_a_season_is_compared_with_the_same_months():
    """Twenty months: only the eight with a partner a year before are pooled."""
    found = change.compare(series((LEVEL * 2)[:20]), metric(season="month"))
    assert len(found.after) == 8
    assert found.before == tuple(period.year_before(p) for p in found.after)


def test_a_missing_month_takes_its_partner_out():
    counts = [*LEVEL, *RISEN]
    counts[3] = None
    found = change.compare(series(counts), metric(season="month"))
    assert len(found.after) == 11
    assert period.month(2025, 4) not in found.after
    assert found.before_denominator == 1100


@pytest.mark.parametrize(
    ("quarters", "pairs", "years"), [(24, 12, 3), (17, 8, 2), (14, 6, 2), (13, 0, 0)]
)
def test_quarters_reach_back_by_whole_years(quarters, pairs, years):
    counts = (LEVEL * 3)[:quarters]
    found = change.compare(series(counts, periods=QUARTERS[:quarters]), metric(season="quarter"))
    if not pairs:
        assert found is None
        return
    assert len(found.after) == pairs
    assert found.before == tuple(period.shift(p, -12 * years) for p in found.after)
    assert not set(found.before) & set(found.after)


@pytest.mark.parametrize(("n", "side"), [(11, None), (12, 6), (17, 8), (24, 12), (40, 12)])
def test_at_least_six_a_side_and_twelve_by_choice(n, side):
    found = change.compare(series((LEVEL * 4)[:n]), metric())
    assert (len(found.after) if found else None) == side


def test_nothing_is_compared_across_a_break():
    counts = [*LEVEL, *RISEN]
    assert change.compare(series(counts), metric(), breaks=[date(2025, 3, 31)]) is None
    after = change.compare(series(counts), metric(), breaks=[date(2024, 6, 30)])
    assert after.before[0] == period.month(2024, 7)
    future = change.compare(series(counts), metric(), breaks=[date(2026, 3, 31)])
    assert future == change.compare(series(counts), metric())


def test_a_result_that_straddles_a_break_stands_alone():
    results = series([70, 71, 72]).results
    assert change.since_break(results, [date(2024, 3, 15)]) == results[-1:]
    assert change.since_break(results, [date(2024, 2, 15)]) == results[-1:]
    assert change.since_break(results, [date(2024, 1, 31)]) == results[1:]
    assert change.since_break((), [date(2024, 1, 31)]) == ()


def test_only_proportions_with_counts_are_compared():
    counted = series([*LEVEL, *RISEN])
    assert change.compare(counted, metric(kind="score")) is None
    bare = Series(
        counted.service,
        counted.metric,
        tuple(Result(r.service, r.metric, r.period, "ok", r.value) for r in counted.results),
    )
    assert change.compare(bare, metric()) is None


@pytest.mark.parametrize("counts", [[100] * 24, [0] * 24])
def test_all_or_none_is_no_change(counts):
    found = change.compare(series(counts), metric())
    assert (found.z, found.phi, found.confirmed) == (0, 1, False)


def test_very_few_events_confirm_nothing():
    found = change.compare(series([100] * 12 + [100] * 8 + [99] * 4), metric())
    assert not found.confirmed


def winter(year, first=12, count=3):
    return [period.month(year, first + i) for i in range(count)]


def test_last_winter_against_the_winter_before():
    counts = [*LEVEL, *RISEN]
    found = change.between(series(counts), metric(season="month"), winter(2024, 1), winter(2025, 1))
    assert found.before == tuple(winter(2024, 1))
    assert (found.before_numerator, found.after_numerator) == (213, 249)
    assert found.z > 0
    back = change.between(series(counts), metric(season="month"), winter(2025, 1), winter(2024, 1))
    assert back.z == pytest.approx(-found.z)


def test_where_two_stretches_cannot_be_tested():
    s, seasonal = series([*LEVEL, *RISEN]), metric(season="month")
    two, other = winter(2025, 1, 2), winter(2025, 6)
    assert change.between(s, seasonal, winter(2024, 1, 2), two) is None  # too short
    assert change.between(s, seasonal, winter(2024, 1), other) is None  # other months
    assert change.between(s, metric(), winter(2024, 1), other) is not None  # no season
    assert change.between(s, metric(), winter(2024, 1), winter(2024, 2)) is None  # overlap
    assert change.between(s, metric(kind="count"), winter(2024, 1), winter(2025, 1)) is None
    cut = [date(2024, 9, 30)]
    assert change.between(s, seasonal, winter(2024, 1), winter(2025, 1), breaks=cut) is None
    assert change.between(series(LEVEL[:11]), metric(), winter(2024, 1), winter(2024, 6)) is None
    earlier = [date(2023, 12, 31)]
    assert change.between(s, seasonal, winter(2024, 1), winter(2025, 1), breaks=earlier)


def test_a_change_lasts_while_its_latest_periods_keep_it():
    m = metric()
    lasting = series([*LEVEL, *RISEN])
    assert change.lasts(change.compare(lasting, m), lasting, m)
    gone = series([*LEVEL, *RISEN[:9], 70, 71, 69])
    assert change.compare(gone, m).confirmed
    assert not change.lasts(change.compare(gone, m), gone, m)
    dip = series([*LEVEL, *RISEN[:11], 65])  # one month below the old level
    assert not change.lasts(change.compare(dip, m), dip, m)
    noisy = series([*LEVEL, *RISEN[:11], 75])  # one month nearer the old level than the new
    assert change.lasts(change.compare(noisy, m), noisy, m)
    silent = series([*LEVEL, *RISEN, None])
    assert not change.lasts(change.compare(silent, m), silent, m)


@pytest.mark.parametrize(
    ("x0", "n0", "x1", "n1", "phi", "answer"),
    [
        (700, 1000, 820, 1000, 1, "more_than_usual"),
        (700, 1000, 820, 1000, 8, "within_usual"),
        (70, 100, 82, 100, 1, "too_few"),
        (700, 1000, 702, 1000, 1, "within_usual"),
        (0, 8, 8, 8, 1, "too_few"),
        (20, 20, 20, 20, 1, "too_few"),
    ],
)
def test_the_early_view_of_two_years(x0, n0, x1, n1, phi, answer):
    years = [period.financial_year(2023), period.financial_year(2024)]
    a, b = (
        Result("s", "m", p, "ok", 100 * x / n, numerator=x, denominator=n)
        for p, x, n in zip(years, (x0, x1), (n0, n1), strict=True)
    )
    found = change.two_proportions(a, b, phi)
    assert found.answer == answer
    assert found.difference == pytest.approx(100 * (x1 / n1 - x0 / n0))


def test_the_early_view_needs_counts_and_a_fair_spread():
    a = Result("s", "m", period.financial_year(2023), "ok", 70.0)
    assert change.two_proportions(a, a, 1) is None
    with pytest.raises(ValueError, match="at least 1"):
        change.two_proportions(a, a, 0.5)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.integers(0, 40), min_size=12, max_size=30), st.sampled_from(["none", "month"]))
def test_mirrored_counts_give_a_mirrored_change(counts, season):
    m = metric(season=season)
    one, other = series(counts, 40), series([40 - x for x in counts], 40)
    a, b = change.compare(one, m), change.compare(other, m)
    assert (a is None) == (b is None)
    if a is not None:
        assert b.z == pytest.approx(-a.z, abs=1e-9)
        assert b.phi == pytest.approx(a.phi)
        assert a.confirmed == b.confirmed or abs(abs(a.z) - change.BEYOND_CHANCE) < 1e-6
        assert change.lasts(a, one, m) == change.lasts(b, other, m) or abs(a.z) < 1e-9


@pytest.mark.parametrize("cases", [120, 1000])
def test_false_alarms_and_power_with_real_world_spread(cases):
    """Beta-binomial, precision 400, 24 months: at most 2 in 1,000 unchanged series are called real.

    Power for a lasting rise of 8 points: about 73 in 100 at 120 cases a month, 99 at 1,000.
    """
    rng = np.random.default_rng(11)
    m = metric()
    unchanged = rng.binomial(cases, rng.beta(288, 112, (2000, 24)))
    false = sum(change.compare(series(row.tolist(), cases), m).confirmed for row in unchanged)
    assert false <= 4
    rate = np.repeat([0.72, 0.80], 12)
    risen = rng.binomial(cases, rng.beta(400 * rate, 400 * (1 - rate), (200, 24)))
    found = sum(change.compare(series(row.tolist(), cases), m).confirmed for row in risen)
    assert found >= (125 if cases == 120 else 195)


def test_a_hole_of_years_starts_a_new_series_and_a_missing_quarter_does_not():
    def quarter(year, first):
        return Result("fernhill-hospital", "m", period.quarter(year, first), "ok", value=70.0)

    old = [quarter(2018, 10)]
    new = [quarter(2021, 4), quarter(2021, 7), quarter(2022, 1)]  # October to December is missing
    assert change.since_break(old + new, ()) == tuple(new)
    yearly = [Result("s", "m", period.financial_year(y), "ok", value=70.0) for y in (2018, 2020)]
    assert change.since_break(yearly, ()) == tuple(yearly)
