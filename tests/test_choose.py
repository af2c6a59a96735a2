"""What is worth saying, in which order, and when silence is right."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot import period as periods
from auditbot.model import EarlyView, Finding
from auditbot.say.choose import Choice, Past, choose
from auditbot.say.classify import Class, classify, last_break, missed_before
from tests.saying import CATALOGUE, FERNHILL, LEYBURN, any_finding, beside, finding, levels

FLAT = [70.0, 74, 71, 69, 73, 72, 70, 75, 71, 72, 68, 73, 71, 70]
STEADY = finding("hip_ward", [*FLAT])
RISEN = finding("hip_ward", [*FLAT, 82], strength="confirmed", direction="improvement")
FALLEN = finding("hip_surgery", [*FLAT], strength="confirmed", direction="concern")
COUNT = finding("hip_cases", [120.0, 130, 125])


def told(*findings: Finding, **more: object) -> Choice | None:
    return choose(findings, catalogue=CATALOGUE, **more)  # type: ignore[arg-type]


def key(f: Finding) -> tuple[str, str, object]:
    return f.service.id, f.metric, f.latest.period


def kind(f: Finding) -> Class:
    return classify(f, CATALOGUE.metrics[f.metric], last_break(f, CATALOGUE))


def head(choice: Choice | None) -> str | None:
    return choice.pick.finding.metric if choice and choice.pick else None


@pytest.mark.parametrize(
    ("expected", "made"),
    [
        ("steady", STEADY),
        ("improvement", RISEN),
        ("concern", FALLEN),
        ("too_early", finding("hip_ward", [70.0, 71], strength="too_early")),
        ("no_figure", finding("hip_ward", FLAT, state="too_few")),
        ("signal", finding("hip_ward", FLAT, strength="signal", direction="improvement")),
        ("room", finding("hip_surgery", FLAT, assurance="fail")),
        ("changed", finding("hip_cases", FLAT, strength="confirmed", direction="high")),
        ("standard_reached", finding("hip_surgery", [*FLAT, 86])),
        ("standard_reached", finding("hip_falls", [7.0, 8, 6, 9, 6, 4])),
        ("steady", finding("hip_surgery", [*FLAT, 86, 86])),  # met before: nothing new
        ("steady", finding("hip_surgery", [86.0, 71, 86])),  # met within the year
        ("steady", finding("hip_surgery", [86.0])),  # nothing to compare with
        ("nearing", finding("hip_surgery", [*FLAT, 81])),
        ("room", finding("hip_surgery", [*FLAT, 79])),  # more than five points away
        ("room", finding("hip_surgery", [*FLAT, 82, 81])),  # it was nearer
        ("nearing", finding("hip_falls", [17.0, 18, 16, 15, 14, 9])),
        ("grade_up", levels("level", "CCBCCB")),
        ("grade_down", levels("level", "CCBCBC")),
        ("room", levels("level", "BBB")),
        ("steady", levels("level", "AAA")),
        ("room", levels("level", "B")),
        ("part_up", levels("scanning", "CCCCB")),
        ("part_down", levels("scanning", "CBBCD")),
        ("room", levels("scanning", "BCCCB")),  # it was B within the year
        ("steady", levels("scanning", "AAAAA")),
        ("room", levels("scanning", "CB")),  # one result before is no year
    ],
)
def test_each_finding_has_one_class(expected: str, made: Finding) -> None:
    assert kind(made) == expected


def test_nothing_is_compared_across_a_break() -> None:
    """Results of an old scheme make no standard newly reached."""
    made = levels("level", "CB")
    assert last_break(made, CATALOGUE) is not None
    reached = finding("hip_surgery", [71.0, 70, 86])
    breaks = reached.series.results[1].period.end
    assert classify(reached, CATALOGUE.metrics["hip_surgery"], breaks) == "steady"
    assert missed_before(reached, CATALOGUE.metrics["hip_surgery"]) == 2
    assert missed_before(reached, CATALOGUE.metrics["hip_surgery"], breaks) == 0


def test_nothing_is_compared_across_a_merger_or_a_hole_of_years() -> None:
    """The finding knows where its comparable results begin; what came before makes no news."""
    reached = finding("hip_surgery", [71.0, 70, 86])
    alone = replace(reached, since=reached.latest.period.start)
    assert kind(reached) == "standard_reached"
    assert kind(alone) == "steady"
    since = last_break(alone, CATALOGUE)
    assert missed_before(alone, CATALOGUE.metrics["hip_surgery"], since) == 0


def test_the_first_digest_always_says_something() -> None:
    assert head(told(STEADY, first=True)) == "hip_ward"
    assert head(told(finding("hip_ward", FLAT, state="too_few"), first=True)) == "hip_ward"


def test_later_digests_keep_silent_without_news() -> None:
    assert told(STEADY, COUNT) is None
    assert head(told(STEADY, COUNT, every_release=True)) == "hip_ward"
    assert head(told(RISEN, STEADY)) == "hip_ward"


def test_what_was_told_is_not_told_again() -> None:
    assert told(RISEN, told={key(RISEN)}) is None
    assert told(RISEN, told={key(RISEN)}, every_release=True) is None
    past = [Past(FERNHILL.id, "hip_ward", "improvement")]
    assert told(RISEN, recent=past) is None, "the same class again is no news"
    again = [Past(FERNHILL.id, "hip_ward", "steady")]
    assert head(told(RISEN, recent=again)) == "hip_ward", "a new class is"


def test_a_confirmed_concern_goes_its_own_way() -> None:
    choice = told(FALLEN, RISEN, STEADY, first=True)
    assert choice is not None
    assert head(choice) == "hip_ward"
    assert [p.finding.metric for p in choice.concerns] == ["hip_surgery"]
    assert "hip_surgery" not in [p.finding.metric for p in choice.others]


def test_a_concern_is_never_left_out_for_silence() -> None:
    choice = told(FALLEN, STEADY)
    assert choice is not None
    assert choice.pick is None
    assert len(choice.concerns) == 1


def test_with_concerns_alone_a_neutral_metric_is_the_first_headline() -> None:
    choice = told(FALLEN, COUNT, first=True)
    assert head(choice) == "hip_cases"


def test_a_concern_that_was_told_waits_for_something_new() -> None:
    past = [Past(FERNHILL.id, "hip_surgery", "concern")]
    assert told(FALLEN, recent=past) is None
    assert told(FALLEN, told={key(FALLEN)}) is None


def test_a_concern_that_is_a_signal_goes_to_the_lead_alone() -> None:
    signal = finding("hip_surgery", FLAT, strength="signal", direction="concern")
    choice = told(signal, STEADY, first=True)
    assert choice is not None
    assert head(choice) == "hip_ward"
    assert [p.finding.metric for p in choice.signals] == ["hip_surgery"]
    assert not choice.others
    alone = told(signal, first=True)
    assert alone is not None
    assert alone.pick is None, "not news for a channel, not even for want of all else"
    assert [p.finding.metric for p in alone.signals] == ["hip_surgery"]


def test_an_early_fall_is_for_the_lead_and_an_early_rise_is_not() -> None:
    for direction, head_of in (("concern", None), ("improvement", "hip_ward")):
        early = EarlyView("more_than_usual", 9.0, 4.0, 4.0, 1.5, direction)
        made = finding("hip_ward", FLAT[:3], strength="too_early", early=early)
        choice = told(made, first=True)
        assert choice is not None
        assert head(choice) == head_of
        assert len(choice.signals) == (direction == "concern")


def test_unverified_metrics_and_ones_that_do_not_apply_are_never_told() -> None:
    rumour = finding("hip_rumour", FLAT, strength="confirmed", direction="improvement")
    absent = finding("hip_ward", FLAT, state="not_applicable")
    assert told(rumour, absent, first=True) is None


def test_no_figure_leads_only_when_there_is_nothing_else() -> None:
    gone = finding("hip_surgery", FLAT, state="not_entered")
    choice = told(gone, COUNT, first=True)
    assert head(choice) == "hip_cases"
    assert choice is not None
    assert not choice.others


def test_the_order_of_classes() -> None:
    near = finding("hip_surgery", [*FLAT, 81])
    reached = finding("hip_surgery", [*FLAT, 86])
    assert head(told(reached, RISEN)) == "hip_surgery"
    assert told(near, RISEN, first=True).pick.kind == "nearing"  # type: ignore[union-attr]
    plain = replace(near, metric="hip_surgery")
    assert told(plain, STEADY, first=True).pick.kind == "nearing"  # type: ignore[union-attr]


def test_an_older_period_loses_against_the_newest_of_its_audit() -> None:
    old = finding("hip_surgery", [*FLAT, 86], last=(2026, 6))
    assert head(told(old, STEADY, first=True)) == "hip_ward"
    assert head(told(old, STEADY)) == "hip_surgery", "yet it is news when nothing newer is"


def test_a_level_is_told_once_with_its_score() -> None:
    level = levels(
        "level", "CCBCCB", companions=beside("score", 72.0, 66.5) | beside("band", "A", "A")
    )
    score = finding("score", FLAT, cases=None)
    band = levels("band", "AAAAAA")
    choice = told(
        level, replace(score, latest=replace(score.latest, period=level.latest.period)), band
    )
    assert choice is not None
    assert head(choice) == "level"
    assert not choice.others


def test_a_twin_and_a_band_speak_when_they_alone_changed() -> None:
    companions = beside("band", "B", "A")
    level = levels("level", "BBBBBB", companions=companions | beside("score", 72.0, 71.0))
    band = levels("band", "AAAAAB")
    assert head(told(level, band)) == "band"
    twin, other = levels("stroke_tc_scan", "BBBBBA"), levels("stroke_scan", "BBBBBB")
    assert head(told(other, twin)) == "stroke_tc_scan"
    assert head(told(levels("stroke_scan", "BBBBBA"), twin)) == "stroke_scan"


def test_further_lines_are_two_at_most_and_of_the_same_service() -> None:
    other = finding("hip_stay", [10.0] * 14, service=LEYBURN)
    falls = finding("hip_falls", [4.0] * 14)
    stay = finding("hip_stay", [10.0] * 14)
    choice = told(RISEN, COUNT, falls, stay, other)
    assert choice is not None
    assert len(choice.others) == 2
    assert {p.finding.service for p in choice.others} == {FERNHILL}
    assert {key(p.finding) for p in choice.covered} == {
        key(f) for f in (RISEN, COUNT, falls, stay, other)
    } - {key(p.finding) for p in (choice.pick, *choice.others) if p}


def test_why_it_matters_is_for_the_first_time() -> None:
    assert told(RISEN).explain  # type: ignore[union-attr]
    assert not told(RISEN, explained={"hip_ward"}).explain  # type: ignore[union-attr]


def test_two_measures_of_the_same_counts_are_told_once() -> None:
    same = finding("hip_surgery", [90.0] * 14)
    also = finding("hip_ward", [90.0] * 14)
    choice = told(same, also, COUNT, first=True)
    assert choice is not None
    assert [p.finding.metric for p in choice.others] == ["hip_cases"]


def test_the_score_says_how_it_came_about() -> None:
    pick = told(RISEN, recent=[Past(FERNHILL.id, "hip_ward", "steady")]).pick  # type: ignore[union-attr]
    assert pick is not None
    assert pick.score == 80 - 15
    assert pick.reasons == ("class improvement 80 × importance 1", "−15 told as steady, 1 ago")


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.booleans())
def test_the_same_input_gives_the_same_choice_in_any_order(seed: int, first: bool) -> None:
    chance = random.Random(seed)
    found = {f.metric: f for f in (any_finding(chance) for _ in range(8))}
    findings = list(found.values())
    choice = told(*findings, first=first)
    chance.shuffle(findings)
    assert told(*findings, first=first) == choice
    if choice is None:
        return
    concerns = {p.finding.metric for p in choice.concerns}
    said = {p.finding.metric for p in (choice.pick, *choice.others) if p}
    assert not concerns & said
    assert concerns == {m for m, f in found.items() if kind(f) == "concern"}
    if first and any(kind(f) != "concern" for f in findings):
        assert choice.pick is not None


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 10**6), st.booleans(), st.booleans())
def test_a_confirmed_concern_is_always_among_what_is_told(
    seed: int, first: bool, every: bool
) -> None:
    """Whatever else there is, was told or casts doubt; once, in any order of the findings."""
    chance = random.Random(seed)
    found = {
        (f.service.id, f.metric): f
        for f in (
            replace(any_finding(chance), service=chance.choice([FERNHILL, LEYBURN]))
            for _ in range(9)
        )
    }
    sure = [f for f in found.values() if chance.random() < 0.5]
    for f in sure:
        metric = CATALOGUE.metrics[f.metric]
        if metric.direction != "neutral" and metric.kind != "level" and f.verdict.n >= 12:
            verdict = replace(f.verdict, strength="confirmed", direction="concern")
            found[f.service.id, f.metric] = replace(f, verdict=verdict)
    findings = list(found.values())
    before = {key(f) for f in findings if chance.random() < 0.2}
    recent = [
        Past(f.service.id, f.metric, chance.choice(["concern", "steady"]))
        for f in findings
        if chance.random() < 0.2
    ]
    given = {"first": first, "every_release": every, "told": before, "recent": recent}
    choice = told(*findings, **given)
    chance.shuffle(findings)
    assert told(*findings, **given) == choice
    wanted = {
        key(f)
        for f in findings
        if f.verdict.strength == "confirmed"
        and f.verdict.direction == "concern"
        and f.latest.state == "ok"
        and key(f) not in before
        and not any(_told_as_concern(f, p) for p in _last_three(f, recent))
    }
    assert {key(p.finding) for p in (choice.concerns if choice else ())} == wanted
    praised = {key(p.finding) for p in (choice.pick, *choice.others) if p} if choice else set()
    assert not praised & wanted


def _last_three(f: Finding, recent: list[Past]) -> list[Past]:
    return [p for p in recent if p.service == f.service.id][:3]


def _told_as_concern(f: Finding, past: Past) -> bool:
    return (past.metric, past.kind) == (f.metric, "concern")


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 10**6))
def test_a_caution_takes_good_news_from_the_headlines_and_nothing_from_concerns(seed: int) -> None:
    chance = random.Random(seed)
    made = any_finding(chance)
    plain, doubted = (replace(made, cautions=c) for c in ((), ("completeness_fell",)))
    good = ("standard_reached", "improvement", "grade_up", "part_up", "nearing")
    if kind(plain) in good:
        assert kind(doubted) == "unsure"
    elif kind(plain) != "signal":
        assert kind(doubted) == kind(plain)


def test_results_of_another_length_are_not_earlier_results() -> None:
    """A year's figure that met the standard does not hide that the months did not."""
    made = finding("hip_surgery", [80.0] * 13 + [86])
    year = replace(made.latest, period=periods.months(2025, 9, 12), value=90.0)
    results = tuple(sorted((*made.series.results, year), key=lambda r: r.period))
    mixed = replace(made, series=replace(made.series, results=results))
    surgery = CATALOGUE.metrics["hip_surgery"]
    assert classify(mixed, surgery) == classify(made, surgery) == "standard_reached"
    assert missed_before(mixed, surgery) == missed_before(made, surgery) == 13
