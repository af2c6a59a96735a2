"""Charts as data: the same figures as the sentence, gaps never filled, nobody ranked or declared."""

import json
import random
import re
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot import period
from auditbot.model import Chart, Message, Result, Series, message_from
from auditbot.say import digest, preview, reading
from auditbot.say.chart import picture, png, step_chart
from auditbot.say.choose import Choice
from auditbot.say.markup import plain
from tests.charts import FLAT, GALLERY, SAID, SURGERY, drawn, field, funnel, judged, stepped
from tests.saying import CATALOGUE, FERNHILL, TODAY, WORDS, any_finding, finding, levels, pick


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
    assert (chart.shape, chart.levels[3]) == ("steps", "B")
    assert chart.alt_text.startswith("B. Step chart of 5 results")
    assert png(chart) == png(chart)


def test_letters_from_before_a_break_are_not_in_the_picture() -> None:
    made = levels("level", "CCBCBCCB")
    later = replace(made, since=made.series.results[4].period.start)
    chart = picture(later, CATALOGUE.metrics["level"], WORDS, headline="Said.")
    assert chart is not None
    assert len(chart.values) == 4


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


@pytest.mark.parametrize(("n", "named"), [(1, 1), (3, 3), (4, 3), (7, 3)])
def test_gaps_are_named_up_to_three(n: int, named: int) -> None:
    rates: list[float | None] = list(FLAT)
    rates[3 : 3 + n] = [None] * n
    chart = drawn(judged("hip_surgery", rates))
    assert [i for i, v in enumerate(chart.values) if v is None] == list(range(3, 3 + n))
    gap = chart.alt_text.rpartition("No figure for ")[2]
    assert [
        m for m in ("November 2025", "December 2025", "January 2026", "February 2026") if m in gap
    ] == [
        "November 2025",
        "December 2025",
        "January 2026",
    ][:named]
    assert (f"and {n - 3} more." in gap) == (n > 3)
    assert "No figure" not in drawn().alt_text


def test_a_period_that_is_not_loaded_is_named_as_well() -> None:
    made = finding("hip_surgery", FLAT)
    points = made.points[:5] + made.points[6:]
    holed = replace(made, points=points, missing=(made.points[5].period,))
    assert drawn(holed).alt_text.endswith("No figure for January 2026.")


def test_the_picture_marks_where_a_confirmed_change_begins() -> None:
    made = judged("hip_surgery", [62.0, 64, 61, 63] * 3 + [84.0, 82, 85, 83] * 3, cases=300)
    assert (made.verdict.strength, made.change and made.change.after[0]) == (
        "confirmed",
        period.month(2025, 10),
    )
    chart = drawn(made)
    assert chart.since is not None
    assert chart.labels[chart.since] == "Oct 25"
    assert chart.words["since"] == "since Oct 25"
    assert "Changed since October 2025." in chart.alt_text
    for strength in ("signal", "none"):
        plainer = drawn(replace(made, verdict=replace(made.verdict, strength=strength)))
        assert (plainer.since, "since" in plainer.words) == (None, False)
        assert "Changed" not in plainer.alt_text


def test_a_standard_not_to_be_passed_is_told_as_one() -> None:
    chart = drawn(finding("hip_falls", [9.0] * 14), CATALOGUE.metrics["hip_falls"])
    assert chart.words["standard"] == "standard 5 or less"
    assert "Standard 5 or less." in chart.alt_text


def test_few_patients_need_no_decimals_of_the_average() -> None:
    chart = GALLERY["few patients"]
    assert chart.words["last"] == "15 of 23"
    assert re.fullmatch(r"average \d+", chart.words["mean"])


# Among peers


def test_a_funnel_places_one_service_and_names_no_other() -> None:
    own, others, curve = field(20)
    chart = funnel(20)
    assert chart is not None
    assert (chart.shape, chart.values[0], chart.cases[0]) == ("funnel", own.value, own.denominator)
    assert chart.values[1:] == tuple(r.value for r in others)
    assert chart.words["service"] == "Fernhill Hospital"
    assert chart.words["others"] == "20 other teams"
    assert "other-" not in json.dumps(asdict(chart))
    assert chart.alt_text.startswith(SAID)
    assert "among 20 other teams, for September 2026" in chart.alt_text
    at = curve.cases.index(own.denominator)
    low, high = round(curve.lower998[at]), round(curve.upper998[at])
    said = f"Overall {round(curve.target)}, usual range for {own.denominator} patients {low} to {high}."
    assert said in chart.alt_text
    assert chart.alt_text.endswith("Standard 85.")


@pytest.mark.parametrize("own", [0.05, 0.4, 0.99])
def test_a_funnel_declares_nothing_wherever_the_service_lies(own: float) -> None:
    chart = funnel(30, own=own)
    assert chart is not None
    known = " ".join([chart.alt_text, *chart.words.values()])
    assert not re.search(r"outlier|alert|alarm|worst|best|rank|outside|stands out", known)
    middle = funnel(30, own=0.72)
    assert middle is not None
    digits = re.compile(r"[\d,.]+")
    assert digits.sub("", chart.alt_text) == digits.sub("", middle.alt_text)


def test_among_fewer_than_eight_others_there_is_no_funnel() -> None:
    assert funnel(8) is not None
    own, others, curve = field(8)
    few = [*others[:7], replace(others[7], state="suppressed", value=None)]
    known = {"own": own, "curve": curve, "peers": "teams"}
    assert reading.of_funnel("x", SURGERY, WORDS, others=others, **known) is not None
    assert reading.of_funnel("x", SURGERY, WORDS, others=few, **known) is None
    blank = replace(own, state="too_few", value=None)
    assert reading.of_funnel("x", SURGERY, WORDS, others=others, **known | {"own": blank}) is None
    stay = CATALOGUE.metrics["hip_stay"]
    assert reading.of_funnel("x", stay, WORDS, others=others, **known) is None


# Stored charts


def stored(chart: Chart) -> dict[str, object]:
    message = Message("digest", "h", (), "f", chart=chart)
    return json.loads(json.dumps(asdict(message), default=str))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", GALLERY)
def test_a_chart_comes_back_from_the_store_as_it_was(name: str) -> None:
    assert message_from(stored(GALLERY[name])).chart == GALLERY[name]


def test_charts_stored_before_they_had_a_shape_are_still_drawn() -> None:
    new = ("shape", "since", "levels", "cases", "curve")
    old = stored(stepped())
    old["chart"] = {k: v for k, v in old["chart"].items() if k not in new}  # type: ignore[attr-defined]
    old["chart"]["words"] = {f"level:{i}": c for i, c in enumerate("EDCBA", 1)}
    back = message_from(old).chart
    assert back is not None
    assert (back.shape, back.levels, back.words) == ("steps", ("E", "D", "C", "B", "A"), {})
    assert png(back)
    older = stored(drawn())
    older["chart"] = {k: v for k, v in older["chart"].items() if k not in new}  # type: ignore[attr-defined]
    assert message_from(older).chart == drawn()


# The same figures everywhere

DATE = re.compile(r"\b(?:\d{1,2} )?[A-Z][a-z]+ \d{4}\b")
NUMBER = re.compile(r"(more than |fewer than )?(\d[\d,]*(?:\.\d+)?)")


def numbers_in(text: str) -> list[tuple[str, str]]:
    found = NUMBER.findall(DATE.sub("", text))
    return [(bound.strip(), digits.replace(",", "")) for bound, digits in found]


def is_rounded_from(bound: str, digits: str, data: list[float]) -> bool:
    """Do the digits write one of the figures, rounded to as many places as they have?

    A bare 100 or 0 may be its publisher's rounding, so it too is told by its bound.
    """
    written, places = float(digits), len(digits.partition(".")[2])
    if bound == "more than":
        return any(written < x <= 100 for x in data)
    if bound == "fewer than":
        return any(0 <= x < written for x in data)
    return any(abs(x - written) <= 0.5 * 10**-places + 1e-9 for x in data)


def data_of(chart: Chart) -> list[float]:
    """What the picture is drawn from, inside what its measure can be, and how many results it has."""
    own = (*chart.means[-1:], *chart.lowers[-1:], *chart.uppers[-1:], chart.standard)
    known = [v for v in own if v is not None]
    shown = [v for v in chart.values if v is not None]
    floor = min(0.0, *shown)
    top = 100.0 if chart.unit == "percent" else float("inf")
    gaps = chart.values.count(None) - 3
    return [*(min(max(v, floor), top) for v in known), len(shown), gaps]


seeds = st.integers(0, 10**6)


@settings(max_examples=300, deadline=None)
@given(
    seeds, st.sampled_from(["hip_surgery", "hip_falls", "hip_cases", "hip_stay", "ae_4h", "level"])
)
def test_every_number_of_the_alt_text_is_one_of_the_picture(seed: int, metric: str) -> None:
    chance = random.Random(seed)
    made = any_finding(chance)
    if metric != "level" and chance.random() < 0.5:  # limits as analysis finds them
        middle, spread = chance.uniform(0, 100), chance.choice([0, 0.1, 2, 15])
        rates: list[float | None] = [
            None if chance.random() < 0.1 else min(100, max(0, chance.gauss(middle, spread)))
            for _ in range(chance.choice([3, 14, 30]))
        ]
        made = judged(metric, rates, cases=chance.choice([23, 120, 30000]))
    chart = picture(made, CATALOGUE.metrics[made.metric], WORDS, headline="Said.")
    known = reading.of_finding(made, CATALOGUE.metrics[made.metric], WORDS)
    assert (chart is None) == (known is None)
    if chart is None:
        return
    data = data_of(chart)
    for bound, digits in numbers_in(chart.alt_text):
        assert is_rounded_from(bound, digits, data), (chart.alt_text, digits, data)
    for name in ("mean", "standard"):
        for bound, digits in numbers_in(chart.words.get(name, "")):
            assert (bound, digits) in numbers_in(chart.alt_text) or chart.means[-1] is None
    if chart.values[-1] is not None and made.latest.numerator is None and chart.shape == "control":
        [(bound, digits)] = numbers_in(chart.words["last"])
        assert is_rounded_from(bound, digits, [chart.values[-1]])


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_the_figure_in_the_picture_is_that_of_the_headline(seed: int) -> None:
    made = pick(any_finding(random.Random(seed)))
    if made.kind == "concern":
        message = digest.concern_for_channel(
            WORDS, CATALOGUE, made, binding=preview.BINDING, roles=None, today=TODAY
        )
    else:
        message = digest.digest(
            WORDS, CATALOGUE, Choice(made, ()), binding=preview.BINDING, roles=None, today=TODAY
        )
    chart = message.chart
    if chart is None:
        return
    assert chart.alt_text.startswith(plain(message.headline))
    if chart.shape == "control" and chart.words["last"]:
        last = re.escape(chart.words["last"])
        assert re.search(rf"(?<![\d.,]){last}(?![\d.,]*\d)", plain(message.headline))


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 40), st.floats(0, 1), seeds, st.sampled_from([60, 400, 20000]))
def test_every_number_of_a_funnel_is_one_of_the_picture(
    n: int, own: float, seed: int, most: int
) -> None:
    chart = funnel(n, own=own, seed=seed, most=most)
    assert chart is not None
    curve = chart.curve
    assert curve is not None
    at = curve.cases.index(chart.cases[0])
    data = [curve.target, curve.lower998[at], curve.upper998[at], chart.cases[0], n, 85]
    said = chart.alt_text.removeprefix(SAID)
    for bound, digits in numbers_in(said):
        assert is_rounded_from(bound, digits, data), (said, digits, data)
    assert numbers_in(chart.words["mean"])[0] in numbers_in(said)


# How it is read


def read(known) -> list[str]:  # type: ignore[no-untyped-def]
    """The sentences that explain a chart."""
    _, text = WORDS.lines("answer_tell", f"read_{known['shape']}", known)
    return re.split(r"(?<=[.])\s+(?=[A-Z])", plain(text))


@settings(max_examples=200, deadline=None)
@given(seeds)
def test_three_plain_sentences_explain_the_chart_with_its_own_figures(seed: int) -> None:
    chance = random.Random(seed)
    made = any_finding(chance)
    metric = CATALOGUE.metrics[made.metric]
    known = reading.of_finding(made, metric, WORDS)
    chart = picture(made, metric, WORDS, headline="Said.")
    if known is None or chart is None:
        return
    found = read(known)
    assert len(found) == 3, found
    assert max(len(s.split()) for s in found) <= 20, found
    if chart.shape == "steps":
        assert chart.levels[int(chart.values[-1] or 0) - 1] in found[1]
        assert str(known["n"]) in found[2]
        return
    assert f"average, {known['mean']}," in found[0]
    assert f"{known['lower']} to {known['upper']}" in found[0]
    assert (
        f"Average {known['mean']}, usual range {known['lower']} to {known['upper']}."
        in chart.alt_text
    )
    if chart.values[-1] is not None:
        assert f"The newest dot, {chart.words['last']} for " in found[1]
    if chart.standard is not None:
        assert str(known["standard"]) in found[2]
        assert f"Standard {known['standard']}" in chart.alt_text


@pytest.mark.parametrize("n", [8, 121])
@pytest.mark.parametrize("metric", ["hip_surgery", "hip_waited", "hip_ward"])
def test_three_plain_sentences_explain_a_funnel(n: int, metric: str) -> None:
    own, others, curve = field(n, metric=metric)
    chart = funnel(n, metric=metric)
    known = reading.of_funnel(
        "Fernhill Hospital",
        CATALOGUE.metrics[metric],
        WORDS,
        own=own,
        others=others,
        curve=curve,
        peers="teams",
    )
    assert known is not None
    assert chart is not None
    found = read(known)
    assert len(found) == 3
    assert max(len(s.split()) for s in found) <= 20, found
    assert f"one of {n} other teams" in found[0]
    assert f"Fernhill Hospital, at {chart.words['last']}." in found[0]
    assert f"the overall figure, {known['mean']}," in found[1]
    assert ("standard is drawn" in found[1]) == (chart.standard is None)
    assert f"between {known['lower']} and {known['upper']}" in found[2]
    assert f"{known['lower']} to {known['upper']}" in chart.alt_text


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        ([*FLAT, 71], "is one of the usual ups and downs"),
        ([*FLAT, 95], "lies above that range"),
        ([*FLAT, 40], "lies below that range"),
        ([*FLAT, 68.0, 69, 70, 71, 72, 73, 74], "ends a row of seven or more that rise"),
        ([*FLAT, 75.0, 74, 73, 72, 71, 70, 69], "ends a row of seven or more that fall"),
        ([*FLAT, *[73.0, 74] * 5], "ends a row of seven or more above the average"),
        ([*FLAT, *[70.0, 69] * 5], "ends a row of seven or more below the average"),
        ([*FLAT, 74, 79, 79], "near the top of that range"),
        ([*FLAT, 70, 64, 64], "near the foot of that range"),
        ([*FLAT, None], "There is no dot for September 2026"),
        ([100.0] * 14, "is 100"),
        ([70.0, 66, 75], "is 75"),
    ],
)
def test_the_newest_dot_is_told_for_what_it_is(rates: list[float | None], said: str) -> None:
    known = reading.of_finding(judged("hip_surgery", rates, cases=1000), SURGERY, WORDS)
    assert known is not None
    found = read(known)
    assert len(found) == 3
    assert said in found[1], found
    assert max(len(s.split()) for s in found) <= 20, found


def test_without_limits_no_usual_range_is_explained() -> None:
    early = reading.of_finding(judged("hip_surgery", [70.0, 66, 75]), SURGERY, WORDS)
    alike = reading.of_finding(judged("hip_surgery", [100.0] * 14), SURGERY, WORDS)
    assert read(early)[0] == (
        "There are 3 results so far, too few for an average or a usual range."
    )
    assert "average, 100, and there is no usual range" in read(alike)[0]


@pytest.mark.parametrize(("mean", "shown"), [(4.5, "5"), (5.5, "6"), (5.4, "5"), (3776.5, "3,777")])
def test_halves_of_a_count_are_rounded_up_as_everywhere(mean: float, shown: str) -> None:
    made = finding("hip_cases", [5.0, 4, 5, 2])
    points = tuple(replace(p, mean=mean, lower=None, upper=None) for p in made.points)
    alt = drawn(replace(made, points=points), CATALOGUE.metrics["hip_cases"]).alt_text
    assert f"Average {shown}." in alt
