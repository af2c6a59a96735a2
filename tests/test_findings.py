"""What a series says about its newest result: latest, comparable, verdict, standard, companions."""

from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot import period
from auditbot.analyse.findings import find
from auditbot.analyse.spc import chart, run_table
from auditbot.catalogue import Metric
from auditbot.model import Result, Series, Service

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "spc_reference"
CEDAR = Service("cedar-unit", "Cedar Unit")
GOAL = {"value": 80, "status": "national", "scope": "all", "source": "made up"}


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


def counted(counts, cases=100, first=1, name="prompt_surgery") -> Series:
    """Monthly counts from month `first` of 2023; None is a month nobody sent in."""
    results = []
    for i, x in enumerate(counts):
        p = period.month(2023, first + i)
        state = "not_entered" if x is None else "ok"
        value = None if x is None else 100 * x / cases
        x, n = (None, None) if x is None else (float(x), float(cases))
        results.append(Result(CEDAR.id, name, p, state, value, numerator=x, denominator=n))
    return Series(CEDAR.id, name, tuple(results))


def plain(values, name="prompt_surgery") -> Series:
    """Monthly figures without counts; letters become levels."""
    return Series(
        CEDAR.id,
        name,
        tuple(
            Result(CEDAR.id, name, period.month(2023, 1 + i), "ok", level=v)
            if isinstance(v, str)
            else Result(CEDAR.id, name, period.month(2023, 1 + i), "ok", float(v))
            for i, v in enumerate(values)
        ),
    )


LEVEL = [70, 72, 71, 69, 70, 73, 68, 70, 71, 72, 70, 69]
RISEN = [x + 12 for x in LEVEL]


def verdict(series, m=None, **settings):
    return find(CEDAR, m or metric(), series, **settings).verdict


def test_a_finding_knows_where_its_comparable_results_begin():
    made = counted([80] * 6)
    assert find(CEDAR, metric(), made).since == date(2023, 1, 1)
    assert find(CEDAR, metric(), made, breaks=[date(2023, 2, 28)]).since == date(2023, 3, 1)
    late = replace(made.results[-1], period=period.month(2025, 1))
    holed = replace(made, results=(*made.results[:-1], late))
    assert find(CEDAR, metric(), holed).since == date(2025, 1, 1)


def test_no_result_no_finding():
    assert find(CEDAR, metric(), Series(CEDAR.id, "prompt_surgery", ())) is None


def test_a_lasting_rise_is_confirmed():
    found = find(CEDAR, metric(), counted([*LEVEL, *RISEN]))
    assert (found.verdict.strength, found.verdict.direction) == ("confirmed", "improvement")
    assert found.verdict.n == 24
    assert found.change.confirmed
    assert found.latest.period == period.month(2024, 12)


def test_a_lasting_fall_is_a_concern_or_not_by_direction():
    fall = counted([*RISEN, *LEVEL])
    assert verdict(fall).direction == "concern"
    assert verdict(fall, metric(direction="lower")).direction == "improvement"
    assert verdict(fall, metric(direction="neutral")).direction == "low"


def test_noise_says_nothing():
    told = verdict(counted(LEVEL * 2))
    assert (told.strength, told.direction, told.rule) == ("none", "", "")
    assert told.lower < told.mean < told.upper


def test_a_rule_on_the_latest_point_is_a_signal():
    told = verdict(counted([*LEVEL * 2, 45]))
    assert (told.strength, told.direction, told.rule) == ("signal", "concern", "below_lower")
    assert verdict(counted([*LEVEL, 45, *LEVEL])).strength == "none"  # old news


def test_limits_are_locked_and_the_rule_is_the_charts():
    values = [*LEVEL * 2, *RISEN]
    found = find(CEDAR, metric(), counted(values))
    locked = chart([float(v) for v in values], fix_after=24)
    assert found.verdict.upper == locked.points[-1].upper
    assert found.verdict.rule == locked.points[-1].special_cause
    assert [p.special_cause for p in found.points] == [p.special_cause for p in locked.points]
    few = find(CEDAR, metric(), counted(values[:20]))
    assert few.verdict.upper == chart([float(v) for v in values[:20]], fix_after=12).points[0].upper


def test_limits_are_locked_on_figures_not_on_gaps():
    values = [*LEVEL[:6], None, None, *LEVEL[6:], *LEVEL]
    found = find(CEDAR, metric(), counted(values))
    floats = [None if v is None else float(v) for v in values]
    assert found.verdict.upper == chart(floats, fix_after=26).points[0].upper
    assert found.verdict.n == 24
    assert found.points[6].value is None


def test_the_pooled_test_is_named_where_no_chart_rule_fired():
    """A rise that both charts' own limits swallow, as they were drawn over both years."""
    rng = np.random.default_rng(4)
    names = set()
    for _ in range(60):
        counts = [*rng.binomial(300, 0.70, 12), *rng.binomial(300, 0.78, 12)]
        told = verdict(counted([int(c) for c in counts], 300))
        if told.strength == "confirmed":
            names.add(told.rule)
    assert "pooled_change" in names


def test_a_change_that_went_back_is_not_told_as_lasting():
    """A lucky year and then the old level again."""
    gone = counted([*LEVEL, *RISEN[:9], 70, 71, 69])
    found = find(CEDAR, metric(), gone)
    assert found.change.confirmed
    assert found.verdict.strength in ("none", "signal")
    assert found.verdict.direction != "improvement"


def test_a_contrary_signal_outranks_an_old_rise():
    """Risen for a year and now falling seven months in a row: that is what is told."""
    counts = [*LEVEL, 86, 88, 87, 89, 88, 95, 93, 91, 89, 87, 85, 83]
    told = verdict(counted(counts))
    assert (told.strength, told.direction, told.rule) == ("signal", "concern", "trend_down")


@pytest.mark.parametrize("n", [1, 2, 11])
def test_fewer_than_twelve_figures_are_too_early(n):
    found = find(CEDAR, metric(standards=(GOAL,)), counted(LEVEL[:n]))
    assert (found.verdict.strength, found.verdict.n) == ("too_early", n)
    assert found.verdict.mean is None
    assert found.standing.assurance == ""
    assert [p.value for p in found.points] == LEVEL[:n]
    assert {(p.mean, p.special_cause) for p in found.points} == {(None, "common_cause")}


def test_gaps_do_not_count_towards_twelve():
    assert verdict(counted([*LEVEL[:11], None, None])).strength == "too_early"
    assert verdict(counted([*LEVEL[:11], None, None])).n == 11


def test_the_latest_is_the_newest_whatever_its_state():
    found = find(CEDAR, metric(standards=(GOAL,)), counted([*LEVEL, *RISEN, None]))
    assert found.latest.state == "not_entered"
    assert (found.verdict.strength, found.verdict.direction) == ("none", "")
    assert found.standing is None
    assert found.points[-1].value is None


@pytest.mark.parametrize("state", ["suppressed", "too_few", "no_cases", "insufficient_records"])
def test_what_is_no_figure_is_never_a_nought(state):
    """A value left beside such a state is not used either."""
    s = counted(LEVEL * 3)
    hidden = replace(s.results[20], state=state, value=0.0, numerator=0.0, denominator=100.0)
    with_it = replace(s, results=(*s.results[:20], hidden, *s.results[21:]))
    found = find(CEDAR, metric(), with_it)
    assert found.points[20].value is None
    first_24 = [*LEVEL, *LEVEL[:8], *LEVEL[9:], LEVEL[0]]
    assert found.verdict.mean == pytest.approx(sum(first_24) / 24)
    assert hidden.period not in found.change.before
    assert len(found.change.before) == 12


def test_the_comparable_result():
    s = counted([*LEVEL, *LEVEL])
    assert find(CEDAR, metric(), s).comparable == s.results[-2]
    assert find(CEDAR, metric(season="month"), s).comparable == s.results[-13]
    short = counted(LEVEL)
    assert find(CEDAR, metric(season="month"), short).comparable is None
    gone = counted([*LEVEL, None, 70])
    assert find(CEDAR, metric(), gone).comparable is None
    gap = replace(s, results=(*s.results[:-2], s.results[-1]))
    assert find(CEDAR, metric(), gap).comparable is None  # the one before that will not do


def test_gaps_are_named_and_never_filled():
    s = counted(LEVEL * 2)
    gap = replace(s, results=(*s.results[:4], *s.results[6:]))
    found = find(CEDAR, metric(), gap)
    assert found.missing == (period.month(2023, 5), period.month(2023, 6))
    assert len(found.points) == found.verdict.n == 22


def test_nothing_is_told_across_a_break():
    s = counted([*LEVEL, *RISEN])
    found = find(CEDAR, metric(season="month"), s, breaks=[date(2023, 12, 31)])
    assert found.comparable is None
    assert found.change is None
    assert found.verdict.n == 12
    assert found.verdict.mean == pytest.approx(sum(RISEN) / 12)
    assert len(found.points) == 12
    early = find(CEDAR, metric(), s, breaks=[date(2024, 6, 30)])
    assert (early.verdict.strength, early.verdict.n) == ("too_early", 6)
    one = find(CEDAR, metric(), s, breaks=[date(2024, 11, 30)])
    assert (one.comparable, one.verdict.n) == (None, 1)


def test_the_standing_beside_the_standard():
    m = metric(standards=(GOAL,))
    found = find(CEDAR, m, counted([*LEVEL, *RISEN[:9], 79, 80, 81]))
    assert (found.standing.met, found.standing.kept) == (True, 2)
    assert found.standing.assurance == "inconsistent"
    below = find(CEDAR, m, counted(LEVEL * 2)).standing
    assert (below.met, below.kept, below.assurance) == (False, 0, "fail")
    lower = find(CEDAR, metric(standards=(GOAL,), direction="lower"), counted(LEVEL * 2)).standing
    assert (lower.met, lower.kept, lower.assurance) == (True, 24, "pass")
    assert find(CEDAR, metric(), counted(LEVEL)).standing is None


def test_a_standard_is_judged_unrounded():
    m = metric(standards=({**GOAL, "value": 95},))
    near = counted([9499], 10_000)
    assert not find(CEDAR, m, near).standing.met
    assert find(CEDAR, m, counted([9500], 10_000)).standing.met
    floating = replace(near.results[0], value=100 * (1 - 0.05))
    assert find(CEDAR, m, replace(near, results=(floating,))).standing.met


def test_only_the_national_standard_in_force_is_judged():
    goals = (
        {**GOAL, "value": 60, "end": date(2024, 3, 31)},
        {**GOAL, "value": 70, "start": date(2024, 4, 1)},
        {**GOAL, "value": 10, "status": "interim"},
    )
    m = metric(standards=goals)
    assert find(CEDAR, m, counted([75] * 13)).standing.standard.value == 60
    later = find(CEDAR, m, counted([75] * 24)).standing
    assert (later.standard.value, later.kept) == (70, 9)  # the new one began in April
    interim = metric(standards=(goals[2],))
    assert find(CEDAR, interim, counted(LEVEL)).standing is None


def test_a_gap_ends_a_row_of_kept_standards():
    m = metric(standards=({**GOAL, "value": 60},))
    s = counted(LEVEL)
    gap = replace(s, results=(*s.results[:6], *s.results[7:]))
    assert find(CEDAR, m, gap).standing.kept == 5
    assert find(CEDAR, m, counted([*LEVEL, None, 70, 70])).standing.kept == 2


def test_a_score_is_charted_and_never_confirmed():
    scores = metric(id="team_score", kind="score", achieved="")
    told = verdict(plain([*LEVEL, *LEVEL, *RISEN], "team_score"), scores)
    assert (told.strength, told.direction) == ("signal", "improvement")
    counts = metric(id="waits", kind="count", direction="lower", achieved="")
    assert verdict(plain([*LEVEL, *LEVEL, *RISEN], "waits"), counts).strength == "signal"


LETTERS = metric(id="team_level", kind="level", achieved="", score="team_score", standards=(GOAL,))


def test_a_level_is_the_audits_own_grade():
    found = find(CEDAR, LETTERS, plain("CCB", "team_level"))
    assert found.latest.level == "B"
    assert found.comparable.level == "C"
    assert (found.verdict.strength, found.verdict.n) == ("too_early", 3)
    assert (found.points, found.standing, found.change) == ((), None, None)
    assert verdict(plain("CBCB" * 4, "team_level"), LETTERS).strength == "none"


def test_a_level_is_judged_through_its_score():
    level = plain("C" * 24 + "A" * 12, "team_level")
    scores = plain([*LEVEL, *LEVEL, *RISEN], "team_score")
    found = find(CEDAR, LETTERS, level, companions={"team_score": scores, "team_level": level})
    assert (found.verdict.strength, found.verdict.direction) == ("signal", "improvement")
    assert found.points == ()
    old = replace(scores, results=scores.results[:-1])
    assert find(CEDAR, LETTERS, level, companions={"team_score": old}).verdict.rule == ""


def test_the_companions_of_a_level():
    level = plain("CCB", "team_level")
    own = {
        "team_level": level,
        "team_score": plain([66, 66.5, 72], "team_score"),
        "team_case_ascertainment": plain("AAA", "team_case_ascertainment"),
        "team_audit_compliance": plain("AB", "team_audit_compliance"),
        "team_scanning": plain("DDD", "team_scanning"),
    }
    found = find(CEDAR, LETTERS, level, companions=own).companions
    assert set(found) == {
        "team_score",
        "team_score@previous",
        "team_case_ascertainment",
        "team_case_ascertainment@previous",
        "team_audit_compliance@previous",
    }
    assert (found["team_score"].value, found["team_score@previous"].value) == (72, 66.5)
    assert find(CEDAR, metric(), counted(LEVEL), companions=own).companions == {}
    band = metric(id="team_case_ascertainment", kind="level", achieved="")
    series = own["team_case_ascertainment"]
    assert find(CEDAR, band, series, companions=own).companions == {}


@settings(deadline=None, max_examples=80)
@given(
    st.lists(st.one_of(st.none(), st.integers(20, 60)), min_size=1, max_size=40),
    st.sampled_from(["none", "month"]),
    st.booleans(),
)
def test_mirrored_data_give_mirrored_verdicts(counts, season, risen):
    """100 - x with the direction flipped is the same news."""
    if risen:
        counts = [c if c is None or 2 * i < len(counts) else c + 17 for i, c in enumerate(counts)]
    other = [None if c is None else 77 - c for c in counts]
    a = find(CEDAR, metric(season=season, standards=(GOAL,)), counted(counts, 77))
    goal = ({**GOAL, "value": 20},)
    m = metric(season=season, standards=goal, direction="lower")
    b = find(CEDAR, m, counted(other, 77))
    assert b.verdict.strength == a.verdict.strength
    assert b.verdict.direction == a.verdict.direction
    assert (b.comparable is None) == (a.comparable is None)
    assert (b.standing is None) == (a.standing is None)
    if a.standing is not None:
        assert (b.standing.met, b.standing.kept, b.standing.assurance) == (
            a.standing.met,
            a.standing.kept,
            a.standing.assurance,
        )


def test_unchanged_services_are_left_in_peace():
    """2,000 unchanged series with real-world spread (beta-binomial, precision 400).

    Confirmed ones are at most 2 in 1,000 in the long run. Signals are frequent, which is why they
    are not called real.
    """
    rng = np.random.default_rng(21)
    m, told = metric(), {"none": 0, "signal": 0, "confirmed": 0}
    for row in rng.binomial(480, rng.beta(288, 112, (2000, 24))):
        told[verdict(counted(row.tolist(), 480), m).strength] += 1
    assert told["confirmed"] <= 4
    assert 10 <= told["signal"] <= 60


@pytest.mark.skipif(not REAL.exists(), reason="the shared data folder is not here")
def test_real_series_are_judged_as_the_table_judges_them():
    """Every A&E department with three years of months; the same news told as breaches."""
    data = pd.read_csv(REAL / "ae_attendances.csv", dtype={"type": str})
    data = data[(data.type == "1") & (data.attendances > 0)].sort_values("period")
    four_hours = metric(id="ae_4h_type1", season="month", standards=({**GOAL, "value": 95},))
    breaches = metric(
        id="breaches", season="month", standards=({**GOAL, "value": 5},), direction="lower"
    )
    strengths: dict[str, int] = {}
    for org, rows in data.groupby("org_code"):
        if len(rows) < 36:
            continue
        starts = [date.fromisoformat(d) for d in rows.period]
        n, late = rows.attendances.tolist(), rows.breaches.tolist()
        within, over = (
            Series(
                org,
                name,
                tuple(
                    Result(
                        org,
                        name,
                        period.month(d.year, d.month),
                        "ok",
                        100 * x / cases,
                        numerator=x,
                        denominator=cases,
                    )
                    for d, x, cases in zip(starts, xs, n, strict=True)
                ),
            )
            for name, xs in (
                ("ae_4h_type1", [a - b for a, b in zip(n, late, strict=True)]),
                ("breaches", late),
            )
        )
        found = find(Service(org, org), four_hours, within)
        table = pd.DataFrame(
            {
                "series": org,
                "period": rows.period,
                "value": [r.value for r in within.results],
                "fix_after": 24,
                "target": 95,
            }
        )
        points, series = run_table(table)
        last = points.iloc[-1]
        told = found.verdict
        assert (told.mean, told.lower, told.upper) == (last["mean"], last.lower, last.upper)
        assert found.points[-1].special_cause == last.special_cause
        if told.strength != "confirmed":
            assert found.standing.assurance == series.assurance[0]
        assert found.missing == ()
        other = find(Service(org, org), breaches, over).verdict
        assert (other.strength, other.direction) == (told.strength, told.direction)
        strengths[told.strength] = strengths.get(told.strength, 0) + 1
    assert sum(strengths.values()) == 130
    assert set(strengths) <= {"none", "signal", "confirmed"}


def test_a_run_that_ends_beside_the_mean_is_not_told():
    """Eleven results below the mean, the last of them a hair below: the chart shows the run."""
    back = find(CEDAR, metric(), plain([*LEVEL * 2, *[69.2] * 10, 70.2]))
    told = back.verdict
    assert back.points[-1].special_cause == "shift_low"
    assert told.mean - (told.mean - told.lower) / 3 < 70.2 < told.mean
    assert (told.strength, told.direction, told.rule) == ("none", "", "")
    away = verdict(plain([*LEVEL * 2, *[69.2] * 10, 67.5]))
    assert (away.strength, away.direction, away.rule) == ("signal", "concern", "shift_low")


def test_a_trend_is_told_while_its_last_step_goes_on():
    falling = [95, 93, 91, 89, 87, 85, 83]
    assert verdict(plain([*LEVEL * 2, *falling])).strength == "signal"  # far beyond the limit
    gentle = [74.0, 73.5, 73.0, 72.5, 72.0, 71.5, 71.0]
    told = verdict(plain([*LEVEL * 2, *gentle]))
    assert (told.strength, told.rule) == ("signal", "trend_down")
    assert verdict(plain([*LEVEL * 2, *gentle, 71.2])).strength == "none"


def with_others(s: Series, *others: Result) -> Series:
    return replace(s, results=tuple(sorted((*s.results, *others), key=lambda r: r.period)))


def single(p, value=50.0) -> Result:
    return Result(CEDAR.id, "prompt_surgery", p, "ok", value, numerator=value, denominator=100.0)


def test_a_series_keeps_to_its_commonest_length_of_period():
    months = counted(LEVEL * 2)
    quarters = [single(period.quarter(2024, m)) for m in (4, 7, 10)]
    year = single(period.months(2024, 1, 12))
    odd = single(period.Period(date(2024, 1, 15), date(2024, 2, 15)))
    later = single(period.quarter(2025, 1))
    mixed = with_others(months, *quarters, year, odd, later)
    alone, found = find(CEDAR, metric(), months), find(CEDAR, metric(), mixed)
    assert found.series == mixed
    assert replace(found, series=months) == alone
    assert found.latest.period == period.month(2024, 12)
    assert found.missing == ()


def test_of_two_lengths_as_common_the_newest_is_kept():
    months, quarters = counted(LEVEL[:3]).results, [period.quarter(2023, m) for m in (4, 7, 10)]
    mixed = Series(CEDAR.id, "prompt_surgery", (*months, *map(single, quarters)))
    found = find(CEDAR, metric(), mixed)
    assert (found.latest.period, found.comparable.period) == (quarters[2], quarters[1])
    assert (found.verdict.n, found.missing) == (3, ())


def test_months_that_begin_in_the_middle_are_of_one_length():
    starts = [date(2023 + i // 12, i % 12 + 1, 15) for i in range(14)]
    slots = [period.Period(a, date.fromordinal(b.toordinal() - 1)) for a, b in pairwise(starts)]
    found = find(CEDAR, metric(), Series(CEDAR.id, "prompt_surgery", tuple(map(single, slots))))
    assert (found.latest.period, found.verdict.n) == (slots[-1], 13)


def test_the_length_of_periods_is_that_since_the_last_break():
    """Quarters under the old scheme, fewer months under the new one."""
    old = [single(period.quarter(2020 + i // 4, 1 + i % 4 * 3)) for i in range(12)]
    months = counted(LEVEL[:5]).results
    mixed = Series(CEDAR.id, "prompt_surgery", (*old, *months))
    found = find(CEDAR, metric(), mixed, breaks=[date(2022, 12, 31)])
    assert (found.latest, found.verdict.n) == (months[-1], 5)


def test_a_confirmed_change_has_limits_of_its_own_to_be_assured_by():
    m = metric(standards=({**GOAL, "value": 80},))
    twelve = find(CEDAR, m, counted([*LEVEL * 2, *[x + 18 for x in LEVEL]]))
    assert twelve.verdict.strength == "confirmed"
    assert twelve.verdict.upper < 80  # the limits of before, which the chart shows
    assert twelve.standing.assurance == "pass"
    few = find(CEDAR, m, counted([*LEVEL[:10], *[x + 18 for x in LEVEL[:10]]]))
    assert few.verdict.strength == "confirmed"
    assert (few.standing.met, few.standing.assurance) == (True, "")
