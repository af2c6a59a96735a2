"""Pictures: the same bytes for the same input, the same figures as the sentence, colour never alone."""

import struct
from dataclasses import replace

import pytest
from matplotlib.figure import Figure

from auditbot import period
from auditbot.model import Point, Result, Series
from auditbot.say import preview
from auditbot.say.chart import control_chart, picture, png, step_chart
from auditbot.say.drawing import LOOK, _draw_points
from tests.saying import CATALOGUE, FERNHILL, WORDS, finding, levels

FLAT = [70.0, 74, 71, 69, 73, 72, 70, 75, 71, 72, 68, 73, 71, 70]
SURGERY = CATALOGUE.metrics["hip_surgery"]
SAID = "70 in 100 patients had surgery by the next day (84 of 120)."


def drawn(made=None, metric=SURGERY, **more):  # type: ignore[no-untyped-def]
    made = made or finding("hip_surgery", FLAT)
    found = control_chart(made, metric, WORDS, headline=SAID, **more)
    assert found is not None
    return found


def test_the_same_input_gives_the_same_bytes() -> None:
    first = png(drawn())
    assert first == png(drawn())
    assert first != png(drawn(finding("hip_surgery", [*FLAT[:-1], 60])))


def test_the_picture_has_the_size_it_says() -> None:
    data = png(drawn())
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (1200, 675)
    assert b"Software" not in data


def test_alt_text_states_the_headline_first() -> None:
    alt = drawn().alt_text
    assert alt.startswith(SAID)
    assert "14 results, from August 2025 until September 2026" in alt
    assert "Average 72, usual range 63 to 81. Standard 85." in alt


def test_values_in_the_picture_are_those_of_the_finding() -> None:
    made = finding("hip_surgery", FLAT)
    chart = drawn(made)
    assert chart.values == tuple(r.value for r in made.series.results)
    assert chart.words["last"] == "70"
    assert chart.words["standard"] == "standard 85"
    assert chart.standard == 85
    assert (chart.labels[0], chart.labels[-1]) == ("Aug 25", "Sep 26")


def test_a_missing_period_is_a_gap_and_never_filled() -> None:
    made = finding("hip_surgery", FLAT)
    gone = made.points[5].period
    holed = replace(made, points=tuple(p for p in made.points if p.period != gone))
    chart = drawn(holed)
    assert len(chart.values) == 14
    assert chart.values[5] is None
    assert chart.labels[5] == "Jan 26"
    assert png(chart)


def test_each_kind_of_point_has_its_own_shape() -> None:
    shapes = {kind: shape for kind, (_, shape, _) in LOOK.items()}
    assert len(set(shapes.values())) == len(shapes)


def test_the_legend_names_the_kinds_that_are_there() -> None:
    plain = drawn()
    assert plain.words["usual"] == "usual ups and downs"
    assert "concern" not in plain.words
    made = finding("hip_surgery", FLAT, strength="signal", direction="concern")
    assert drawn(made).words["concern"] == "not as good as usual"


def test_before_there_are_limits_nothing_is_called_usual() -> None:
    made = finding("hip_surgery", FLAT[:5], strength="too_early")
    bare = tuple(replace(p, mean=None, lower=None, upper=None) for p in made.points)
    chart = drawn(replace(made, points=bare))
    assert chart.words["usual"] == "each result"
    assert "usual range" not in chart.alt_text
    assert png(chart)


def test_one_result_makes_no_picture() -> None:
    one = finding("hip_surgery", [70.0])
    assert picture(one, SURGERY, WORDS, headline=SAID) is None
    assert picture(levels("level", "B"), CATALOGUE.metrics["level"], WORDS, headline="x") is None


def test_letters_are_drawn_as_steps() -> None:
    chart = step_chart(levels("level", "CCBAB"), CATALOGUE.metrics["level"], WORDS, headline="B.")
    assert chart is not None
    assert chart.values == (3, 3, 4, 5, 4)
    assert chart.words["level:4"] == "B"
    assert chart.alt_text.startswith("B. Step chart of 5 results")
    assert png(chart) == png(chart)


def test_a_quarter_without_a_letter_is_a_gap() -> None:
    made = levels("level", "CCBAB")
    results = tuple(r for i, r in enumerate(made.series.results) if i != 2)
    chart = step_chart(
        replace(made, series=Series(FERNHILL.id, "level", results)),
        CATALOGUE.metrics["level"],
        WORDS,
        headline="B.",
    )
    assert chart is not None
    assert chart.values == (3, 3, None, 5, 4)
    assert png(chart)


def test_made_up_data_says_so_in_the_picture() -> None:
    assert drawn(fictional=True).caption == "Fictional data, for demonstration"
    assert drawn(credit="Source: a [made-up] audit.").caption == "Source: a [made-up] audit."


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 14,
        [100.0] * 14,
        [0.0, 100.0] * 7,
        [1e6 + i for i in range(14)],
        [0.001 * i for i in range(14)],
        [-5.0, 5.0] * 7,
    ],
)
def test_any_range_of_values_is_drawn(values: list[float]) -> None:
    stay = CATALOGUE.metrics["hip_stay"]
    made = finding("hip_stay", list(values))
    points = tuple(
        Point(p.period, p.value, values[0], values[0] - 1, values[0] + 1, "common_cause", "concern")
        for p in made.points
    )
    assert png(drawn(replace(made, points=points), stay))


def test_long_names_and_long_series_are_drawn() -> None:
    made = finding("hip_surgery", [70 + i % 7 for i in range(80)])
    long = replace(made, service=replace(FERNHILL, name="Very Long Hospital Name $x_{$ " * 6))
    chart = drawn(long, credit="A $x_{$ long credit line. " * 20)
    assert len(chart.values) == 48
    assert png(chart)


def test_a_series_without_points_is_drawn_from_its_results() -> None:
    p = [period.month(2026, m) for m in (7, 8, 9)]
    results = tuple(Result(FERNHILL.id, "hip_surgery", q, "ok", 70.0 + i) for i, q in enumerate(p))
    made = replace(
        finding("hip_surgery", [70.0, 71, 72]),
        points=(),
        series=Series(FERNHILL.id, "hip_surgery", results),
    )
    assert drawn(made).values == (70, 71, 72)


def test_the_preview_shows_every_form() -> None:
    shown = preview.preview(WORDS, CATALOGUE)
    assert len({heading for heading, _ in shown}) == len(shown) > 40
    kinds = {m.kind for _, m in shown}
    assert kinds >= {"digest", "concern", "concern_lead", "signal", "intro", "correction", "notice"}


def axis(chart):  # type: ignore[no-untyped-def]
    """The range and the numbers beside the upright axis, as drawn."""
    axes = Figure(figsize=(12, 6.75)).add_axes((0.1, 0.3, 0.7, 0.5))
    _draw_points(axes, chart)
    low, high = axes.get_ylim()
    return low, high, [t for t in axes.get_yticks() if low <= t <= high]


@pytest.mark.parametrize("values", [[0.0] * 14, [1.0] * 14, [0.0, 1] * 7, [0.0, 0, 3] * 5])
def test_counts_have_whole_numbers_beside_the_axis(values: list[float]) -> None:
    made = finding("hip_cases", values)  # type: ignore[arg-type]
    bare = tuple(replace(p, mean=None, lower=None, upper=None) for p in made.points)
    low, high, ticks = axis(drawn(replace(made, points=bare), CATALOGUE.metrics["hip_cases"]))
    assert -0.2 <= low <= 0
    assert max(values) < high <= 10
    assert len(ticks) >= 2
    assert all(t == round(t) for t in ticks)


def test_a_step_chart_keeps_to_the_length_of_the_latest() -> None:
    made = levels("level", "CCBB")
    year = replace(made.latest, period=period.months(2025, 10, 12), level="E")
    results = tuple(sorted((*made.series.results, year), key=lambda r: r.period))
    mixed = replace(made, series=replace(made.series, results=results))
    level = CATALOGUE.metrics["level"]
    assert step_chart(mixed, level, WORDS, headline=SAID) == step_chart(
        made, level, WORDS, headline=SAID
    )


def test_the_alt_text_is_one_paragraph() -> None:
    bare = finding("hip_surgery", FLAT[:5], strength="too_early")
    made = replace(
        bare, points=tuple(replace(p, mean=None, lower=None, upper=None) for p in bare.points)
    )
    assert "\n" not in drawn(made).alt_text


@pytest.mark.parametrize(("mean", "shown"), [(4.5, "5"), (5.5, "6"), (5.4, "5"), (3776.5, "3,777")])
def test_halves_of_a_count_are_rounded_up_as_everywhere(mean: float, shown: str) -> None:
    made = finding("hip_cases", [5.0, 4, 5, 6])
    points = tuple(replace(p, mean=mean, lower=None, upper=None) for p in made.points)
    alt = drawn(replace(made, points=points), CATALOGUE.metrics["hip_cases"]).alt_text
    assert f"Average {shown}." in alt
