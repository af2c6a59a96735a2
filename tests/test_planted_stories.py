"""Eighteen stories planted as files, and what people read of each: what is said and what is not.

Everything is made up. Chance is seeded, so that each story is the same every time.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditbot.analyse import peers
from auditbot.model import Roles
from bot import rehearsal
from bot.premises import Premises
from bot.settings import ChannelTable, Settings, Surroundings, instant
from tests.planted import (
    MONTHS,
    NOW,
    OURS,
    YEARS,
    ZONE,
    Line,
    Telling,
    asked,
    known,
    lines,
    others,
    place,
)

REAL = "more than your usual ups and downs"
PRAISE = ("it has lasted", "well done", "improve", "better", "right direction", "👏", "great")
BLAME = ("got worse", "wrong direction", "poor", "low", "bad", "concern", "fell", "dropped")
VERDICTS = re.compile(r"\b(outliers?|alerts?|alarms?|underperform\w*|failing|worst)\b", re.I)
SMALL = re.compile(r"\b(4|146|3|147|2\.7|97\.3|97|98|2)\b")


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    return known(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture
def house(sqlite_engine, read, tmp_path):
    return place(sqlite_engine, read, tmp_path)


@pytest.fixture
def at(sqlite_engine, read, tmp_path):
    """A house with other terms."""

    def placed(**terms: Any):
        return place(sqlite_engine, read, tmp_path, **terms)

    return placed


def without(text: str, *banned: str) -> None:
    assert [b for b in banned if b in text.lower()] == [], text
    assert not VERDICTS.search(text), text


def numbers_in(value: Any) -> Iterator[float]:
    """Every number of a document, however deep."""
    if isinstance(value, dict):
        for v in value.values():
            yield from numbers_in(v)
    elif isinstance(value, (list, tuple)):
        for v in value:
            yield from numbers_in(v)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield float(value)


def told_of(document: Any, names: tuple[str, ...]) -> list[Any]:
    """What stands under these names, however deep."""
    found = []
    if isinstance(document, dict):
        found = [v for k, v in document.items() if k in names]
        document = list(document.values())
    if isinstance(document, (list, tuple)):
        found += [f for d in document for f in told_of(d, names)]
    return found


def test_no_change_is_told_as_the_usual_ups_and_downs(house):
    house.load(lines("hip_surgery", [72] * 24) + others("hip_surgery", 75))
    text = house.turn().text("digest")
    assert "76 in 100 patients had surgery by the next day (151 of 200)" in text
    assert "That is within your usual ups and downs." in text
    without(text, REAL, "stands out", *PRAISE, *BLAME)


def test_a_true_rise_of_eight_points_is_told_as_real_and_lasting(house):
    house.load(lines("hip_surgery", [70] * 12 + [78] * 12, cases=480))
    told = house.turn()
    text = told.text("digest")
    assert "Before October 2025 it was 70." in text
    assert "Since then it has been 78 in 100 overall." in text
    assert f"This is {REAL}, and it has lasted." in text
    assert told.of("digest").trail["class"] == "improvement"
    without(text, "within your usual", *BLAME)
    assert re.search(r"\d\.\d", text) is None, "480 patients bear no decimals"


def test_a_lucky_year_that_drifts_back_is_neither_praised_nor_called_real(house):
    """The last three months are back where the service was, after nine lucky ones."""
    house.load(lines("hip_surgery", [70] * 12 + [79] * 9 + [70] * 3, cases=480))
    told = house.turn()
    assert told.kinds() == ["digest"]
    assert told.of("digest").trail["evidence"]["change"]["confirmed"] is True
    assert "That is within your usual ups and downs." in told.text()
    without(told.text(), REAL, *PRAISE, *BLAME)


def test_a_year_back_at_the_average_after_a_lucky_one_is_no_concern(house):
    house.load(lines("hip_surgery", [75] * 12 + [72] * 12, cases=100))
    told = house.turn()
    assert told.kinds() == ["digest"]
    assert "within your usual ups and downs" in told.text()
    without(told.text(), REAL, *PRAISE, *BLAME)


def test_six_of_six_is_few_patients_with_doubt_and_never_a_hundred(house):
    house.load(
        [
            *lines("hip_surgery", [72] * 23, cases=8, periods=MONTHS[:23]),
            Line(OURS, "hip_surgery", MONTHS[-1], 6, 6),
            *others("hip_surgery", 75, cases=10),
        ]
    )
    told, answer = house.turn(), house.ask("surgery by the next day?")
    for text in (told.text(), answer.fields["text"]):
        assert "6 of 6 patients had surgery by the next day" in text
        assert "the true figure could be anywhere from about 6 in 10 upwards" in text
        assert "too few to say more" in text
        assert "100 in 100" not in text
        assert "services of" not in text, "too few to be set beside anybody"
        without(text, REAL, *PRAISE, *BLAME)


def test_where_less_is_better_a_fall_is_good_news(house):
    house.load(lines("hip_waited", [30] * 12 + [21] * 12, cases=480))
    told = house.turn()
    assert told.of("digest").trail["class"] == "improvement"
    text = told.text()
    assert "Before October 2025 it was 29." in text
    assert f"This is {REAL}, and it has lasted." in text
    without(text, *BLAME)


def test_where_less_is_better_a_rise_goes_to_the_lead_first(house):
    house.load(lines("hip_waited", [21] * 12 + [30] * 12, cases=480))
    told = house.turn()
    assert told.kinds() == ["concern_lead"]
    assert told.of("concern_lead").channel == "U0LEAD"
    assert f"This is {REAL}." in told.text()
    without(told.text(), *PRAISE, "got worse", "poor", "bad")
    later = house.turn(NOW + timedelta(days=1))
    assert later.of("concern").channel == "C0HIP"
    without(later.text("concern"), *PRAISE, "got worse", "poor", "bad")


@pytest.mark.parametrize("rates", [[30] * 12 + [40] * 12, [40] * 12 + [30] * 12])
def test_a_neutral_measure_is_neither_good_nor_bad(house, rates):
    house.load(lines("hip_care_home", rates, cases=480) + others("hip_care_home", 35, cases=480))
    told = house.turn()
    assert told.kinds() == ["digest"]
    assert f"This is {REAL}. It is neither good nor bad by itself." in told.text()
    said = told.text().replace("neither good nor bad", "")
    without(said, *PRAISE, *BLAME, "services of", "one thing to try", "idea")
    answer = house.ask("how many come from care homes?").fields["text"]
    assert "neither good nor bad by itself" in answer
    without(answer.replace("neither good nor bad", ""), *PRAISE, *BLAME, "services of")


def outlying(house, rate: float) -> float:
    """Plant a service that always was where it is; how many standard deviations from its peers?"""
    planted = lines("hip_surgery", [rate] * 24) + others("hip_surgery", 73)
    house.load(planted)
    newest = [p for p in planted if p.period == MONTHS[-1]]
    funnel = peers.funnel(
        [float(p.numerator) for p in newest], [float(p.denominator) for p in newest]
    )
    assert funnel is not None
    return funnel.z[0]


def test_three_and_a_half_deviations_low_gets_an_ordinary_message(house):
    assert outlying(house, 58) < -3.5
    told, answer = house.turn(), house.ask("surgery by the next day?").fields["text"]
    assert told.kinds() == ["digest"], "nobody is told in private that it is an outlier"
    assert "The middle one of 12 services of similar size is at 73." in told.text()
    assert "That is within your usual ups and downs." in told.text()
    assert "One thing to try:" in told.text()
    for text in (told.text(), answer):
        without(text, *PRAISE, "got worse", "poor", "bad", "standard deviation", "3.5", "extreme")
    assert not VERDICTS.search(told.everything())


def test_far_above_its_peers_without_a_published_status_gets_an_ordinary_message(house):
    """No layout brings a publisher's own status yet, so nothing may sound like one."""
    assert outlying(house, 91) > 3.5
    told, answer = house.turn(), house.ask("surgery by the next day?").fields["text"]
    assert "This is level with the leading ones of 12 services of similar size." in told.text()
    assert "within your usual ups and downs" in told.text()
    for text in (told.text(), answer):
        without(text, *PRAISE, *BLAME, "published status", "positive", "exceptional")
    assert not VERDICTS.search(told.everything())


def fewer_records(house) -> Telling:
    house.load(
        lines(
            "hip_surgery",
            [70] * 12 + [79] * 12,
            cases=480,
            completeness=[95] * 12 + [60] * 12,
        )
        + others("hip_surgery", 75, cases=480)
    )
    return house.turn()


def test_an_improvement_of_fewer_records_is_told_with_its_doubt_and_not_praised(house):
    told = fewer_records(house)
    digest = told.of("digest")
    assert digest.trail["class"] == "unsure"
    doubt = "Fewer of the expected records came in (60 in 100, was 95). So it may not tell of care."
    assert doubt in told.text()
    assert doubt in digest.payload["fallback"], "a screen reader hears the doubt too"
    without(told.text(), *PRAISE, "leading", *BLAME)
    answer = house.ask("surgery by the next day?").fields["text"]
    assert doubt in answer
    without(answer, "it has lasted", "well done")


def test_an_early_view_of_fewer_records_is_told_with_its_doubt(house):
    years = others("hip_surgery", 72, cases=900, periods=YEARS)
    shares = [95.0, 95.0, 60.0]
    own = lines("hip_surgery", [62, 65, 74], cases=900, periods=YEARS, completeness=shares)
    house.load(own + years)
    text = house.turn().text()
    assert "more than the usual ups and downs" in text
    assert "(60 in 100, was 95). So it may not tell of care." in text
    without(text, *PRAISE, "leading")


def test_all_of_them_are_a_hundred_beside_nearly_all(house):
    house.load(lines("hip_surgery", [*([99.5] * 23), 100], cases=480) + others("hip_surgery", 99))
    text = house.turn().text()
    assert "100 in 100 patients had surgery by the next day (480 of 480)" in text
    assert "Your usual average is 99.5." in text


def test_a_second_measure_of_fewer_records_is_told_with_its_doubt_too(house):
    house.load(lines("hip_waited", [30] * 12 + [20] * 12, cases=480))
    told = fewer_records(house)
    (line,) = [o for o in told.rows if o.kind == "further"]
    assert line.trail["metric"] == "hip_surgery"
    assert "So it may not tell of care." in line.payload["headline"]
    without(line.payload["headline"], "it has lasted")


def test_a_revised_figure_is_corrected_under_its_post_and_the_praise_falls_silent(house):
    house.load(lines("hip_surgery", [70] * 12 + [78] * 12, cases=480))
    assert "it has lasted" in house.turn().text()
    house.send()
    house.load(lines("hip_surgery", [70] * 12, cases=480, seed=8), NOW + timedelta(hours=1))
    told = house.turn(NOW + timedelta(days=15))
    correction = told.of("correction")
    assert correction.thread_key == f"digest|C0HIP|{NOW.date()}"
    assert "corrected" in correction.payload["headline"]
    for counts in ("(377 of 480)", "(331 of 480)"):
        assert counts in correction.payload["headline"]
    assert "What we said about ups and downs no longer holds." in correction.payload["body"][0]
    without(told.text(), REAL, *PRAISE)
    without(house.ask("surgery by the next day?").fields["text"], "it has lasted", "more than the")


def test_corrected_figures_of_before_undo_the_rise_that_was_told(house):
    """The newest figure stays; what it was praised beside was wrong."""
    house.load(lines("hip_surgery", [70] * 12 + [78] * 12, cases=480))
    assert "it has lasted" in house.turn().text()
    house.send()
    before = lines("hip_surgery", [78] * 12, cases=480, periods=MONTHS[:12], seed=8)
    house.load(before, NOW + timedelta(hours=1))
    told = house.turn(NOW + timedelta(days=1))
    correction = told.of("correction")
    assert correction.thread_key == f"digest|C0HIP|{NOW.date()}"
    headline = correction.payload["headline"]
    assert headline.startswith("**Surgery by the next day: earlier figures were corrected.** ")
    assert "The newest stays at 79" in headline
    assert headline.endswith("(377 of 480).")
    assert "What we said about ups and downs no longer holds." in told.text()
    without(told.text(), REAL, *PRAISE)
    assert [o.key for o in house.turn(NOW + timedelta(days=2)).rows] == [correction.key]
    house.send()
    assert house.turn(NOW + timedelta(days=3)).rows == []


def test_a_rise_that_corrected_figures_made_is_told_with_its_doubt(house):
    house.load(lines("hip_surgery", [70] * 24, cases=480))
    house.load(lines("hip_surgery", [79] * 12, cases=480, seed=8), NOW)
    told = house.turn()
    assert told.of("digest").trail["class"] == "unsure"
    assert "Some figures were corrected, and that changed this picture." in told.text()
    without(told.text(), *PRAISE)


@pytest.mark.parametrize(
    ("typed", "utc"),
    [
        ("2026-10-25T09:30", datetime(2026, 10, 25, 9, 30, tzinfo=UTC)),  # clocks went back
        ("2027-03-28T09:30", datetime(2027, 3, 28, 8, 30, tzinfo=UTC)),  # clocks went forward
    ],
)
def test_until_half_past_nine_on_a_day_the_clocks_change_the_data_are_not_there(house, typed, utc):
    out = instant(typed, ZONE)
    assert out == utc
    before = out - timedelta(days=3)
    house.load(lines("hip_surgery", [72] * 24), before, publish_at=out)
    early = out - timedelta(seconds=1)
    told = house.turn(early)
    assert told.rows == []
    assert told.held == ["no results that this channel may see are loaded for this service"]
    for text in ("surgery by the next day?", "how are we doing?", "when is new data out?"):
        answer = house.ask(text, early)
        assert answer.fields["value"] is None
        assert answer.fields["sources"] == []
        assert "September 2026" not in asked(answer)
        assert "made-up-0" not in asked(answer)
    assert house.turn(out).kinds() == ["digest"]
    assert house.ask("surgery by the next day?", out).fields["value"] == pytest.approx(75.5)


def test_a_service_of_two_consultants_is_kept_to_its_own_private_channel(at):
    roles = Roles(OURS, private=True, lead=("U0LEAD",))
    open_place = at(roles=roles)
    open_place.load(lines("hip_surgery", [72] * 24) + others("hip_surgery", 75, count=8))
    told = open_place.turn()
    assert told.rows == []
    assert told.held == ["it is private, and this channel is not one of its own private channels"]
    answer = open_place.ask("surgery by the next day at Fernhill Hospital?")
    assert answer.fields["value"] is None
    assert "Fernhill Hospital" not in asked(answer)
    elsewhere = replace(open_place.binding, channel="C0WEST", services=("westport-hospital",))
    beside = open_place.turn(binding=elsewhere)
    assert beside.of("digest").channel == "C0WEST"
    without(beside.text(), "fernhill", "services of", "leading", "middle one")
    own = replace(open_place.binding, channel="G0OWN", audience="private")
    private = [o for o in open_place.turn(binding=own).rows if o.channel == "G0OWN"]
    assert [o.kind for o in private] == ["digest"]
    assert "76 in 100 patients" in private[0].payload["headline"]
    assert private[0].payload["fallback"] == "New audit update for your service."


NCAP = ("ncap_heart", "ncap_mind")


def test_two_audits_of_one_acronym_are_never_taken_for_each_other(at):
    both = at(audits=NCAP)
    both.load(lines("heart_stent", [72] * 24) + lines("mind_therapy", [40] * 24))
    told = both.turn()
    assert {o.trail["metric"] for o in told.rows} == {"heart_stent", "mind_therapy"}
    for question in ("How are we doing on NCAP?", "what is ncap?", "NCAP"):
        answer = both.ask(question)
        assert answer.fields["state"] == "ask_back"
        assert answer.fields["options"] == ["Heart attack", "Psychosis"]
        assert answer.fields["value"] is None
        assert not any(c.isdigit() for c in answer.fields["text"])


def test_the_choice_between_two_audits_leads_to_the_one_chosen(at):
    both = at(audits=NCAP)
    both.load(lines("heart_stent", [72] * 24) + lines("mind_therapy", [40] * 24))
    first = both.ask("How are we doing on NCAP?")
    for choice, plain in (("Heart attack", "a stent in time"), ("Psychosis", "talking therapy")):
        answer = both.ask(choice, before=first.state)
        assert answer.fields["state"] == "answered"
        assert plain in answer.fields["text"].lower()
        other = {"a stent in time", "talking therapy"} - {plain}
        without(answer.fields["text"], *other)


@pytest.mark.parametrize(
    ("question", "audits", "plain"),
    [
        ("how is the psychosis audit, NCAP, going?", NCAP, "talking therapy"),
        ("how are we doing on NCAP?", ("ncap_mind",), "talking therapy"),
        ("how are we doing on NCAP?", ("ncap_heart",), "a stent in time"),
        ("NCAP stent in time", NCAP, "a stent in time"),
    ],
)
def test_an_acronym_is_clear_where_something_else_tells_the_audit(at, question, audits, plain):
    both = at(audits=audits)
    both.load(lines("heart_stent", [72] * 24) + lines("mind_therapy", [40] * 24))
    answer = both.ask(question)
    assert answer.fields["state"] == "answered"
    assert plain in answer.fields["text"].lower()


def test_three_years_are_an_early_view_and_no_change(house):
    years = others("hip_surgery", 72, cases=900, periods=YEARS)
    house.load(lines("hip_surgery", [62, 65, 74], cases=900, periods=YEARS) + years)
    told, answer = house.turn(), house.ask("surgery by the next day?").fields["text"]
    assert told.kinds() == ["digest"]
    for text in (told.text(), answer):
        assert "Early view, from 3 results." in text
        assert "more than the usual ups and downs" in text
        without(text, "your usual ups and downs", "usual range", *PRAISE, *BLAME)
    assert told.of("digest").trail["evidence"]["verdict"]["strength"] == "too_early"
    assert set(told.of("digest").payload["chart"]["means"]) == {None}


def test_three_years_within_the_usual_are_told_as_such(house):
    years = others("hip_surgery", 72, cases=900, periods=YEARS)
    house.load(lines("hip_surgery", [71, 72, 73], cases=900, periods=YEARS) + years)
    assert "within the usual ups and downs" in house.turn().text()


@pytest.mark.parametrize("few", [4, 147], ids=["4 of 150", "all but 3 of 150"])
@pytest.mark.parametrize("always", [False, True], ids=["once", "always"])
def test_small_numbers_and_their_complements_are_hidden_everywhere(house, few, always):
    """In the digest, the picture and its words, the trail, the answer and both kinds of JSON."""
    hidden = [Line(OURS, "hip_delirium", m, few, 150) for m in MONTHS]
    if not always:
        hidden = lines("hip_delirium", [60] * 23, cases=150, periods=MONTHS[:23]) + hidden[-1:]
    house.load(hidden + others("hip_delirium", 60, cases=150))
    told, answer = house.turn(), house.ask("delirium checks?")
    digest = told.of("digest")
    for text in (told.text(), answer.fields["text"]):
        assert "fewer than eight people, so someone might be recognised" in text
        assert not SMALL.search(re.sub(r"\b\d{4}\b|Chart of \d+ results|24", "", text)), text
    chart = digest.payload["chart"]
    if always:
        assert chart is None
    else:
        assert chart["values"][-1] is None
        assert all(v is None or v == round(v) for v in chart["values"])
    json_of_answer = json.loads(asked(answer))
    would = as_the_command_says(house)
    assert would["value"] is would["numerator"] is would["denominator"] is None
    for document in (json.loads(told.everything()), json_of_answer, would):
        shown = told_of(document, ("numerator", "denominator", "value"))
        shown += told_of(document, ("before_numerator", "after_numerator", "before_denominator"))
        assert {float(few), 150.0 - few, round(100 * few / 150, 9)}.isdisjoint(
            n for n in numbers_in([v for v in shown if not isinstance(v, str)])
        )
    assert answer.fields["numerator"] is answer.fields["denominator"] is None


def as_the_command_says(house) -> dict[str, Any]:
    """`auditbot digest --json`."""
    own = ChannelTable(id="C0HIP", services=(OURS,), audits=("hip",))
    around = Surroundings(database_url="", bot_token="", app_token="")
    would = rehearsal.digest(
        Premises(house.house, Settings(channel=(own,)), around, Path()), OURS, NOW
    )
    return would.data


def test_among_fewer_than_eight_peers_there_is_no_line_on_peers(house):
    house.load(lines("hip_surgery", [72] * 24) + others("hip_surgery", 75, count=7))
    told, answer = house.turn(), house.ask("surgery by the next day?").fields["text"]
    assert told.of("digest").trail["evidence"]["peers"] is None
    for text in (told.text(), answer):
        without(text, "services", "middle one", "quarter of", "leading", "peers")


def test_among_eight_peers_there_is_one(house):
    house.load(lines("hip_surgery", [68] * 24) + others("hip_surgery", 80, count=8))
    assert "The middle one of 8 services of similar size is at" in house.turn().text()


def test_without_a_sourced_idea_it_says_so_and_points_to_the_audit_team(house):
    house.load(lines("hip_bone", [70] * 24) + others("hip_bone", 80))
    text = house.turn().text()
    assert "No sourced idea is listed for this yet. Your audit team can help." in text
    without(text, "one thing to try", "what could we try")
    answer = house.ask("what could we try for bone medicine?").fields["text"]
    assert "No sourced idea" in answer or "no sourced idea" in answer
    assert "audit team" in answer.lower()


def test_what_is_chosen_keeps_its_score_and_reasons_in_the_outbox(house):
    house.load(lines("hip_surgery", [72] * 24) + lines("hip_bone", [60] * 24))
    told = house.turn()
    for row in told.rows:
        assert isinstance(row.trail["score"], float)
        assert row.trail["reasons"][0].startswith(f"class {row.trail['class']} ")
        again = [o for o in house.turn().rows if o.key == row.key]
        assert [o.trail for o in again] == [row.trail]
