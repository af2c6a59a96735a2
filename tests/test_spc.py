"""Control charts: every open reference point, own rules where there is no reference, the table."""

import math
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot.analyse.spc import SpcInputFault, chart, run_table

GOLDEN = Path(__file__).resolve().parents[2] / "shared" / "golden"
needs_golden = pytest.mark.skipif(
    not GOLDEN.exists(), reason="the shared data folder with reference results is not here"
)
CAUSES = {
    "Common Cause": "common_cause",
    "Above UCL": "above_upper",
    "Below LCL": "below_lower",
    "7 Point Trend (Increasing)": "trend_up",
    "7 Point Trend (Decreasing)": "trend_down",
    "2 in 3 Above CL": "two_of_three_high",
    "2 in 3 Below CL": "two_of_three_low",
    "7 Points Above CL": "shift_high",
    "7 Points Below CL": "shift_low",
}


def read(name: str) -> pd.DataFrame:
    return pd.read_csv(GOLDEN / name, keep_default_na=False, na_values=["NA"])


def or_none(x):
    return None if x == "" or pd.isna(x) else x


def differences(result, expected: pd.DataFrame) -> tuple[list, int]:
    """Points that differ in label, type, phase or a limit; and how many had limits to compare."""
    found, compared = [], 0
    for i, (p, row) in enumerate(zip(result.points, expected.itertuples(), strict=True)):
        if pd.isna(row.lpl) or row.lpl == row.upl:
            continue  # degenerate: an own rule, tested on its own
        compared += 1
        told = (p.special_cause, p.point_type, p.phase)
        kind = row.point_type.removeprefix("special_cause_")
        if told != (CAUSES[row.special_cause_type], kind, row.rebase_group):
            found.append((i, told))
        for ours, theirs in ((p.mean, row.mean), (p.lower, row.lpl), (p.upper, row.upl)):
            if not math.isclose(ours, theirs, rel_tol=1e-9):
                found.append((i, ours, theirs))
    return found, compared


@needs_golden
@pytest.mark.parametrize(
    ("profile", "points", "series", "configs", "expected"),
    [
        ("ptd", "ptd_points_open.csv.gz", "ptd_series_open.csv", 10, (31_874, 967)),
        ("mdc", "ptd_mdc2023_points_open.csv.gz", "ptd_mdc2023_series_open.csv", 3, (9_667, 291)),
    ],
)
def test_real_series_equal_the_reference(profile, points, series, configs, expected):
    data = read("input_ae_open.csv")
    data["performance"] = 1 - data.breaches / data.attendances  # from whole numbers, not from text
    by_series = dict(iter(data.groupby("series_id")))
    config = read("ptd_configs.csv").set_index("config")
    icons = read(series).set_index(["config", "series_id"])
    wrong, compared, icons_compared = [], 0, 0
    groups = read(points).groupby(["config", "series_id"], sort=False)
    assert len(groups) == configs * 120
    for (name, of), g in groups:
        c, rows = config.loc[name], by_series[of]
        starts = c.rebase.split(";") if str(c.rebase)[:2] == "20" else []
        if starts and " " in starts[0]:  # only listed series are rebased: those with two phases
            starts = [starts[0][:10]] if g.rebase_group.max() else []
        periods = rows.period.tolist()
        result = chart(
            rows[c.value].astype(float).tolist(),
            profile=profile,
            direction=c.improvement_direction,
            target=or_none(g.target.iloc[0]),
            rebase=[periods.index(s) for s in starts if s in periods],
            fix_after=int(c.fix_after_n_points) if c.fix_after_n_points else None,
            screen=bool(c.screen_outliers),
        )
        found, n = differences(result, g)
        wrong += [(name, of, f) for f in found]
        compared += n
        icon = icons.loc[(name, of)]
        if not icon.degenerate_limits:
            icons_compared += 1
            if (result.variation, result.assurance) != (
                icon.variation_icon,
                or_none(icon.assurance_icon) or "",
            ):
                wrong.append((name, of, result.variation, result.assurance))
    assert not wrong, wrong[:10]
    assert (compared, icons_compared) == expected


@needs_golden
@pytest.mark.parametrize(("kind", "least"), [("edge", 450), ("fuzz", 4_000)])
def test_made_up_series_equal_the_reference(kind, least):
    cases = read(f"ptd_{kind}_cases_open.csv").set_index("case")
    points = dict(iter(read(f"ptd_{kind}_points_open.csv").groupby("case")))
    wrong, compared = [], 0
    for name, rows in read(f"ptd_{kind}_input_open.csv").groupby("case", sort=False):
        c = cases.loc[name]
        result = chart(
            [or_none(v) for v in rows.value],
            direction=c.improvement_direction,
            target=or_none(c.target),
            rebase=[int(i) - 1 for i in str(or_none(c.rebase_at) or "").split(";") if i],
            fix_after=None if pd.isna(c.fix_after_n_points) else int(c.fix_after_n_points),
            screen=bool(c.screen_outliers),
        )
        if c.status != "ok":
            assert len(result.points) == len(rows)  # the reference stops here; we do not
            continue
        found, n = differences(result, points[name])
        wrong += [(name, f) for f in found]
        compared += n
        last = points[name].iloc[-1]
        if pd.isna(rows.value.iloc[-1]) or pd.isna(last.lpl) or last.lpl == last.upl:
            continue
        if (result.variation, result.assurance) != (
            c.variation_icon,
            or_none(c.assurance_icon) or "",
        ):
            wrong.append((name, result.variation, result.assurance))
    assert not wrong, wrong[:10]
    assert compared > least


WOBBLE = [50, 52, 49, 51, 48, 50, 52, 49, 51, 48, 50, 52]


def labels(values, **settings):
    return [p.special_cause for p in chart(values, **settings).points]


def test_a_constant_series_has_no_variation_and_is_judged_by_its_value():
    result = chart([100.0] * 36, target=95)
    assert (result.variation, result.assurance) == ("no_variation", "pass")
    assert result.points[0][1:4] == (100, None, None)
    assert chart([100.0] * 36, target=100).assurance == "pass"
    assert chart([90.0] * 36, target=95).assurance == "fail"
    assert chart([90.0] * 36, target=95, direction="decrease").assurance == "pass"
    assert chart([90.0] * 36, target=95, direction="neutral").assurance == ""
    assert set(labels([100.0] * 36)) == {"common_cause"}


def test_one_blip_in_a_constant_series_leaves_the_other_points_alone():
    """Screening would drop the only ranges there are and call 35 points improvement."""
    values = [100.0] * 20 + [90.0] + [100.0] * 15
    result = chart(values, target=95)
    spread = 20 / 35
    assert result.phases[-1].upper == pytest.approx(sum(values) / 36 + 2.66 * spread)
    assert result.phases[-1].fallback
    assert labels(values)[20] == "below_lower"
    assert "above_upper" not in labels(values)


def test_a_locked_stretch_without_spread_gives_way_to_the_whole_phase():
    values = [100.0] * 24 + [90.0, 91.0, 89.0, 90.0]
    result = chart(values, fix_after=24)
    assert result.phases[0].fallback
    assert result.phases[0].lower == chart(values, screen=False).phases[0].lower
    assert result.variation == "concern_low"


def test_rounding_noise_is_no_spread():
    values = [0.1 + 0.2, 0.3] * 10
    assert chart(values, target=0.25).variation == "no_variation"


def test_a_missing_last_value_is_no_result():
    assert chart([*WOBBLE, None]).variation == "no_result"
    assert chart([*WOBBLE, math.nan], target=10).assurance == "pass"
    nothing = chart([None] * 14, target=5)
    assert (nothing.variation, nothing.assurance, nothing.n) == ("no_result", "", 0)


def test_a_missing_value_breaks_a_run():
    base = [42.0, 40] * 8
    shifted, rising = [43.0, 44, 43, 44, 43, 44, 43], [38.0, 39, 40, 41, 42, 43, 44]
    for run, label in ((shifted, "shift_high"), (rising, "trend_up")):
        assert label in labels([*base, *run], fix_after=16)
        broken = [*base, *run[:4], None, *run[4:]]
        assert label not in labels(broken, fix_after=16)
    assert "two_of_three_high" in labels([42.0, 38] * 8 + [48, 48, 41], fix_after=16)
    assert "two_of_three_high" not in labels([42.0, 38] * 8 + [48, None, 48], fix_after=16)


def test_a_missing_value_takes_two_ranges_with_it():
    limits = chart([10, 12, None, 20, 18], screen=False).phases[0]
    assert limits.mean == 15
    assert limits.upper == pytest.approx(15 + 2.66 * 2)


def test_on_the_mean_breaks_a_run():
    """0.95 × 14 is on its mean, although its floating-point mean is not 0.95."""
    assert set(labels([0.95] * 14)) == {"common_cause"}
    values = [4, 6, 4, 6, 4, 6, 5, 6, 6, 6, 4, 4, 4, 5]
    assert sum(values) / len(values) == 5
    assert "shift_high" not in labels(values)


def test_seven_points_and_six_steps():
    low = [42.0, 40] * 6
    assert "shift_high" not in labels([*low, *[44, 43] * 3], fix_after=12)
    assert labels([*low, *[44, 43] * 3, 44], fix_after=12)[-7:] == ["shift_high"] * 7
    rising = [38.0, 39, 40, 41, 42, 43, 44]
    assert labels([*low, *rising], fix_after=12)[-7:] == ["trend_up"] * 7
    assert "trend_up" not in labels([*low, *rising[1:]], fix_after=12)
    tie = [38.0, 39, 40, 40, 41, 42, 43]
    assert "trend_up" not in labels([*low, *tie], fix_after=12)


def test_a_falling_run_above_the_mean_is_a_concern():
    low = [40.0, 42] * 8
    result = chart([*low, 46, 45.5, 45, 44.5, 44, 43.5, 43], fix_after=16, screen=False)
    assert result.points[-1].special_cause == "trend_down"
    assert result.variation == "concern_low"


def test_two_of_three_needs_one_side():
    base = [40.0, 44] * 8  # mean 42, limits ±10.64, near beyond ±7.09
    assert labels([*base, 50, 43, 50], fix_after=16)[-3:] == [
        "two_of_three_high",
        "common_cause",
        "two_of_three_high",
    ]
    assert labels([*base, 50, 34, 50], fix_after=16)[-3:] == ["common_cause"] * 3


def test_the_profiles_differ_as_told():
    base = [40.0, 44] * 8
    values = [*base, 50, 60]  # near, then outside
    assert labels(values, fix_after=16)[-2:] == ["common_cause", "above_upper"]
    assert labels([*values, 43], fix_after=16, profile="mdc")[-3] == "two_of_three_high"
    outlier = [*WOBBLE, 90, *WOBBLE]
    assert chart(outlier).phases[0].upper < chart(outlier, profile="mdc").phases[0].upper
    assert chart(outlier, screen=False).phases == chart(outlier, profile="mdc").phases


def test_nothing_crosses_a_rebase():
    values = [40.0, 42] * 8 + [50.0, 52] * 8
    assert labels(values)[-1] != "common_cause"
    result = chart(values, rebase=[16])
    assert {p.special_cause for p in result.points} == {"common_cause"}
    assert [p.phase for p in result.points] == [0] * 16 + [1] * 16
    assert (
        chart(values, rebase=[16], target=46).assurance == chart(values[16:], target=46).assurance
    )


def test_a_target_on_a_limit_is_hit_and_miss():
    limits = chart(WOBBLE).phases[0]
    assert chart(WOBBLE, target=limits.upper).assurance == "inconsistent"
    assert chart(WOBBLE, target=limits.upper * (1 + 1e-9)).assurance == "fail"
    assert chart(WOBBLE, target=limits.lower * (1 - 1e-9)).assurance == "pass"
    assert chart(WOBBLE, target=limits.upper + 1, direction="decrease").assurance == "pass"


def test_few_points_are_noted_by_phase():
    assert chart(WOBBLE[:11]).note == "too_few"
    assert chart(WOBBLE).note == ""
    assert chart([*WOBBLE, *WOBBLE[:3]], rebase=[12]).note == "too_few"
    assert chart([*WOBBLE[:11], None]).note == "too_few"


@pytest.mark.parametrize(
    ("values", "settings"),
    [
        ([], {}),
        (WOBBLE, {"rebase": [12]}),
        (WOBBLE, {"rebase": [-1]}),
        (WOBBLE, {"fix_after": 11}),
        (WOBBLE, {"profile": "house"}),
        (WOBBLE, {"direction": "up"}),
    ],
)
def test_impossible_settings_are_refused(values, settings):
    with pytest.raises(ValueError, match=r"\w"):
        chart(values, **settings)


numbers = st.one_of(st.none(), st.integers(0, 30).map(float))


@settings(deadline=None, max_examples=150)
@given(
    st.lists(numbers, min_size=1, max_size=50),
    st.sampled_from(["ptd", "mdc"]),
    st.sampled_from([None, 12, 24]),
)
def test_a_mirrored_series_gives_a_mirrored_chart(values, profile, fix_after):
    """The last point, that is: where two trends meet, the reference itself is not symmetrical."""
    mirrored = [None if v is None else 100 - v for v in values]
    one = chart(values, profile=profile, fix_after=fix_after, target=20)
    other = chart(mirrored, profile=profile, fix_after=fix_after, direction="decrease", target=80)
    assert one.points[-1].point_type == other.points[-1].point_type
    assert one.assurance == other.assurance
    swapped = one.variation.replace("high", "HIGH").replace("low", "high").replace("HIGH", "low")
    assert other.variation == swapped
    for a, b in zip(one.phases, other.phases, strict=True):
        assert (a.lower is None) == (b.upper is None)
        if a.lower is not None:
            assert b.upper == pytest.approx(100 - a.lower)


def table(*rows, columns="series,period,value"):
    return pd.DataFrame([r.split(",") for r in rows], columns=columns.split(","), dtype=str)


def months(name="A", n=14):
    return [f"{name},{2023 + i // 12}-{i % 12 + 1:02d},{50 + i % 3}" for i in range(n)]


def test_the_table_has_the_columns_of_the_contract():
    points, series = run_table(table(*months("A"), *months("B", 5)))
    assert ",".join(points.columns) == (
        "series,period,value,phase,mean,lower,upper,special_cause,point_type"
    )
    assert list(series.columns) == ["series", "n", "variation", "assurance", "note"]
    assert series.to_dict("records")[1] == {
        "series": "B",
        "n": 5,
        "variation": "common_cause",
        "assurance": "",
        "note": "too_few",
    }
    assert points.series.tolist() == ["A"] * 14 + ["B"] * 5


def test_the_table_obeys_its_optional_columns():
    columns = "series,period,value,target,direction,rebase,fix_after,screen"
    rows = [f"{r},45,decrease,{1 if i == 13 else ''},12,false" for i, r in enumerate(months(n=26))]
    points, series = run_table(table(*rows, columns=columns))
    values = [float(r.split(",")[2]) for r in months(n=26)]
    expected = chart(
        values, direction="decrease", target=45, rebase=[13], fix_after=12, screen=False
    )
    assert points.phase.tolist() == [0] * 13 + [1] * 13
    assert points.lower.tolist() == [p.lower for p in expected.points]
    assert series.assurance.tolist() == [expected.assurance]
    assert series.variation.tolist() == [expected.variation]


def test_typed_and_mixed_tables_do_as_well_as_text():
    text = table(*months())
    typed = text.assign(value=text.value.astype(float), target=[45.0] + [math.nan] * 13)
    again = text.assign(target=["45"] + [""] * 13)
    assert run_table(typed)[0].equals(run_table(again)[0])
    assert run_table(typed)[1].equals(run_table(again)[1])


def test_rows_of_several_series_may_alternate():
    a, b = months("A"), months("B")
    mixed = [row for pair in zip(a, b, strict=True) for row in pair]
    points, _ = run_table(table(*mixed))
    alone, _ = run_table(table(*a))
    assert points.series.tolist() == ["A", "B"] * 14
    assert (
        points[points.series == "A"].mean(numeric_only=True).equals(alone.mean(numeric_only=True))
    )


def test_missing_values_stay_in_the_table_as_missing():
    rows = [*months(n=13), "A,2024-02,", "A,2024-03,NA"]
    points, series = run_table(table(*rows))
    assert points.value.isna().tolist() == [False] * 13 + [True] * 2
    assert series.variation.tolist() == ["no_result"]
    assert series.n.tolist() == [13]


@pytest.mark.parametrize(
    ("rows", "extra", "says"),
    [
        (["A,2024-01,x"], "", "Row 2, column 'value': 'x' is not a number"),
        (["A,2024-01,inf"], "", "'inf' is not a number"),
        (["A,2024-01,4%"], "", "'4%' is not a number"),
        (["A,2024-01,1", "A,2024-01,2"], "", "Row 3, column 'period': '2024-01' stands twice"),
        (["A,2024-02,1", "A,2024-01,2"], "", "comes after 2024-02"),
        (["A,,1"], "", "column 'period': '' is empty"),
        ([",2024-01,1"], "", "column 'series': '' is empty"),
        (["A,2024-01,1,up"], ",direction", "'up' is no direction"),
        (["A,2024-01,1,yes"], ",rebase", "'yes' is not a number"),
        (["A,2024-01,1,2"], ",rebase", "'2' is neither 1 nor empty"),
        (["A,2024-01,1,6"], ",fix_after", "'6' cannot lock limits"),
        (["A,2024-01,1,12.5"], ",fix_after", "'12.5' cannot lock limits"),
        (["A,2024-01,1,maybe"], ",screen", "'maybe' is neither true nor false"),
        (["A,2024-01,1,5", "A,2024-02,1,6"], ",target", "'6' differs from '5' in row 2"),
    ],
)
def test_bad_input_is_told_with_row_column_value_and_remedy(rows, extra, says):
    with pytest.raises(SpcInputFault) as told:
        run_table(table(*rows, columns="series,period,value" + extra))
    assert says in str(told.value)
    assert str(told.value).endswith(".")
    assert ";" in str(told.value)


def test_a_table_without_its_columns_or_rows_is_refused():
    with pytest.raises(SpcInputFault, match="no column 'value'"):
        run_table(pd.DataFrame({"series": ["A"], "period": ["2024-01"]}))
    with pytest.raises(SpcInputFault, match="no rows"):
        run_table(pd.DataFrame(columns=["series", "period", "value"]))
