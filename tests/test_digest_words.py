"""How digests, concerns and all that is said unasked read. One readable file a message: tests/golden."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot import period
from auditbot.analyse.findings import find
from auditbot.model import (
    Binding,
    EarlyView,
    Finding,
    GradeCause,
    Message,
    Release,
    Result,
    Roles,
    Verdict,
)
from auditbot.say import digest, message
from auditbot.say.choose import Choice
from auditbot.say.facts import about
from auditbot.say.markup import plain, spans
from bot.slack.blocks import OPTIONS
from tests.saying import (
    CATALOGUE,
    FERNHILL,
    TODAY,
    WORDS,
    beside,
    finding,
    levels,
    peers,
    pick,
)

FLAT = [70.0, 74, 71, 69, 73, 72, 70, 75, 71, 72, 68, 73, 71, 70]


def fewer_records(f: Finding) -> Finding:
    """The same, with 60 of every 100 expected records, and 95 the time before."""
    assert f.comparable is not None
    return replace(
        f,
        latest=replace(f.latest, completeness=60.0),
        comparable=replace(f.comparable, completeness=95.0),
    )


BINDING = Binding("C0HIP", (FERNHILL.id,), audits=("hip", "stroke"))
ROLES = Roles(FERNHILL.id)


GOLDEN = Path(__file__).parent / "golden"


def shown(m: Message) -> str:
    """The message as a reader of the file sees it."""
    parts = [f"<!-- {m.kind} -->", *m.context[:1], m.headline, *m.body]
    parts += [f"↳ {t.headline}" for t in m.thread]
    if m.buttons or m.more:
        behind = [f"({b.text})" for b in m.more]
        parts.append(" ".join([f"[{b.text}]" for b in m.buttons] + behind))
    parts += [f"_{plain(c)}_" for c in m.context[1:]]
    parts.append(f"Notification: {m.fallback}")
    if m.chart:
        parts.append(f"Picture: {m.chart.alt_text}")
    return "\n\n".join(parts) + "\n"


def said(
    f: Finding,
    *others: Finding,
    explain: bool = False,
    beside_it: tuple[Finding, ...] = (),
    **more: object,
) -> Message:
    choice = Choice(pick(f, beside=beside_it), tuple(map(pick, others)))
    parts = {"binding": BINDING, "roles": ROLES, "today": TODAY, "explain": explain} | more
    return digest.digest(WORDS, CATALOGUE, choice, **parts)  # type: ignore[arg-type]


RISEN = finding(
    "hip_surgery",
    [*FLAT, 82],
    strength="confirmed",
    direction="improvement",
    change=(71.2, 80.4),
    assurance="inconsistent",
)
FALLEN = finding(
    "hip_surgery",
    [*FLAT, 61],
    strength="confirmed",
    direction="concern",
    change=(71.2, 63.4),
    assurance="fail",
)
LEVEL = levels(
    "level",
    "CCBCBCCB",
    companions=beside("score", 72.0, 66.5) | beside("band", "A", "A"),
)

CASES: dict[str, Message] = {
    "confirmed improvement": said(RISEN, explain=True),
    "steady below the standard": said(finding("hip_surgery", FLAT, assurance="fail"), explain=True),
    "steady without a standard": said(finding("hip_ward", FLAT)),
    "standard reached": said(finding("hip_surgery", [*FLAT, 86], assurance="inconsistent")),
    "standard kept": said(finding("hip_surgery", [90.0] * 14, assurance="pass")),
    "nearing": said(finding("hip_surgery", [*FLAT, 81], assurance="fail")),
    "missed this time": said(finding("hip_surgery", [*([88.0] * 13), 84], assurance="pass")),
    "signal": said(finding("hip_ward", [*FLAT, 84], strength="signal", direction="improvement")),
    "too early": said(finding("hip_surgery", FLAT[:5], strength="too_early")),
    "few patients": said(finding("hip_surgery", FLAT, cases=23)),
    "few patients, yet confirmed": said(
        finding(
            "hip_surgery",
            FLAT,
            cases=23,
            strength="confirmed",
            direction="improvement",
            change=(61.0, 72.0),
        )
    ),
    "less is better": said(finding("hip_falls", [7.0] * 14, cases=2000, assurance="fail")),
    "count": said(finding("hip_cases", [120.0, 130, 125], strength="too_early")),
    "mean": said(finding("hip_stay", [10.2] * 13 + [9.8])),
    "visits with two goals": said(
        finding("ae_4h", [72.0] * 14, cases=42110, assurance="fail"), explain=True
    ),
    "no figure": said(finding("hip_surgery", FLAT, state="too_few")),
    "level up": said(
        LEVEL, explain=True, beside_it=(levels("scanning", "BA"), levels("unit", "CD"))
    ),
    "level the same": said(
        levels("level", "BBBBBB", companions=beside("score", 74.0, 73.1) | beside("band", "B", "A"))
    ),
    "old data": said(finding("hip_ward", FLAT, last=(2025, 6))),
    "with two further lines": said(
        RISEN, finding("hip_ward", FLAT), levels("scanning", "BA"), fictional=True
    ),
    "discreet": said(
        RISEN, finding("hip_ward", FLAT), binding=Binding("C0", (FERNHILL.id,), discreet=True)
    ),
    "concern, first to the lead": digest.concern_for_lead(
        WORDS,
        CATALOGUE,
        pick(FALLEN),
        channel="#hip-fernhill",
        goes=datetime(2026, 11, 3, 9),
        value='{"concern": 7}',
        binding=BINDING,
        roles=ROLES,
        today=TODAY,
    ),
    "concern, in the channel": digest.concern_for_channel(
        WORDS,
        CATALOGUE,
        pick(FALLEN),
        binding=BINDING,
        roles=ROLES,
        today=TODAY,
        line="the *second* theatre was shut <!channel>.",
        line_by="Sam Jones, hip fracture lead",
    ),
    "signal, to the lead alone": digest.signal_for_lead(
        WORDS,
        CATALOGUE,
        pick(finding("hip_ward", [*FLAT, 52], strength="signal", direction="concern")),
        roles=ROLES,
        today=TODAY,
    ),
    "beside the middle one of its peers": said(
        finding("hip_ward", FLAT, peers=peers(70.0, "typical"))
    ),
    "beside the top quarter": said(finding("hip_ward", FLAT, peers=peers(70.0, "top_quarter"))),
    "beside the leading few": said(finding("hip_ward", FLAT, peers=peers(70.0, "achievable"))),
    "level with the leading few": said(finding("hip_ward", FLAT, peers=peers(70.0, "own"))),
    "less is better beside peers": said(
        finding(
            "hip_late",
            [30.0] * 14,
            cases=2000,
            peers=peers(30.0, "typical", lower=True),
        )
    ),
    "early view": said(
        finding(
            "hip_ward",
            [62.0, 64.0, 76.0],
            strength="too_early",
            peers=peers(76.0, "top_quarter"),
            early=EarlyView("more_than_usual", 12.0, 5.0, 3.6, 1.2),
        )
    ),
    "better, of fewer records": said(
        fewer_records(
            finding(
                "hip_ward",
                [*FLAT, 82],
                strength="confirmed",
                direction="improvement",
                change=(71.2, 80.4),
                cautions=("completeness_fell",),
            )
        )
    ),
    "better, and disputed": said(
        finding(
            "hip_ward",
            [*FLAT, 84],
            strength="signal",
            direction="improvement",
            cautions=("disputed",),
        )
    ),
    "better, by corrected figures": said(
        finding(
            "hip_ward",
            [*FLAT, 84],
            strength="signal",
            direction="improvement",
            cautions=("revised",),
        )
    ),
    "level down by records alone": said(
        levels(
            "level",
            "BBBBBC",
            companions=beside("score", 68.4, 72.0) | beside("band", "C", "A"),
            cautions=("completeness_fell",),
            cause=GradeCause("data", ("band",), "B"),
        )
    ),
    "level down, by records and care": said(
        levels(
            "level",
            "BBBBAC",
            companions=beside("score", 68.1, 82.7) | beside("band", "B", "A"),
            cause=GradeCause("not_data", ("band",), "B"),
        )
    ),
    "level down, and not by records": said(
        levels(
            "level",
            "BBBBBC",
            companions=beside("score", 66.0, 72.0) | beside("band", "A", "A"),
            cause=GradeCause("not_data", (), "C"),
        )
    ),
    "with months missing": said(
        finding("hip_ward", FLAT, missing=tuple(period.month(2026, n) for n in (1, 2, 4, 6)))
    ),
    "introduction": digest.intro(WORDS, CATALOGUE, BINDING),
    "introduction without a service": digest.intro(WORDS, CATALOGUE, None),
    "correction": digest.correction(
        WORDS,
        CATALOGUE,
        FERNHILL,
        Result(
            FERNHILL.id, "hip_surgery", period.month(2026, 9), "ok", 100 * 88 / 120, None, 88, 120
        ),
        Result(
            FERNHILL.id, "hip_surgery", period.month(2026, 9), "ok", 100 * 81 / 120, None, 81, 120
        ),
        binding=BINDING,
        roles=ROLES,
        today=TODAY,
        stands=False,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_messages_read_as_they_should(case: str, request: pytest.FixtureRequest) -> None:
    """One file a message. After a wanted change: pytest --snapshot-update, then read the difference."""
    path = GOLDEN / f"{case.replace(',', '').replace(' ', '_')}.md"
    if request.config.getoption("update_snapshots"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown(CASES[case]), encoding="utf-8")
    assert shown(CASES[case]) == path.read_text(encoding="utf-8")


def test_the_headline_has_one_number_and_one_comparison() -> None:
    assert plain(CASES["confirmed improvement"].headline) == (
        "82 in 100 patients had surgery by the next day (98 of 120). Before February 2026 it was 71."
    )
    assert "71" not in " ".join(CASES["steady below the standard"].body)


def test_below_the_standard_nothing_is_called_fine() -> None:
    body = " ".join(CASES["steady below the standard"].body)
    assert "you will not reach the standard without a change" in body
    for name in ("steady below the standard", "missed this time", "nearing", "less is better"):
        assert "You meet" not in " ".join(CASES[name].body), name


def test_a_signal_is_not_called_real() -> None:
    for name in ("signal", "steady without a standard", "too early", "few patients"):
        assert "more than your usual" not in " ".join(CASES[name].body), name


def test_buttons_name_what_they_are_about() -> None:
    m = CASES["confirmed improvement"]
    assert [b.action for b in m.buttons] == ["ask_improve", "ask_chart_help"]
    assert [b.action for b in m.more] == [
        "dispute",
        "ask_source",
        "ask_explain",
        "ask_contact",
        "less_often",
    ]
    assert json.loads(m.buttons[0].value) == {
        "service": "fernhill-hospital",
        "metric": "hip_surgery",
        "start": "2026-09-01",
        "end": "2026-09-30",
    }
    lead = CASES["concern, first to the lead"]
    assert [(b.action, b.value) for b in lead.buttons] == [
        ("add_line", '{"concern": 7}'),
        ("hold", '{"concern": 7}'),
    ]


def test_behind_the_dots_nothing_is_cut_and_every_figure_can_be_called_wrong() -> None:
    for name, m in CASES.items():
        for told in (m, *m.thread):
            if told.kind in ("intro", "correction", "notice"):
                continue
            assert len(told.more) <= OPTIONS, name
            assert "dispute" in [b.action for b in told.more], name


def test_the_trail_holds_every_figure_and_is_json() -> None:
    trail = CASES["confirmed improvement"].trail
    assert json.loads(json.dumps(trail)) == trail
    assert trail["template"] == WORDS.hash("digest")
    assert trail["evidence"]["change"]["before_numerator"] == pytest.approx(1200 * 0.712)
    assert trail["comparator"] == "previous"


@pytest.mark.parametrize("case", ["discreet", "private", "internal", "before its time"])
def test_discreet_notifications_name_no_measure_and_no_figure(case: str) -> None:
    now = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    at = datetime(2026, 11, 2, 9, 31, tzinfo=UTC)
    release = Release(
        0,
        "long",
        "hip",
        "a.csv",
        "0" * 64,
        now,
        "internal" if case == "internal" else "public",
        at if case == "before its time" else None,
    )
    m = said(
        RISEN,
        finding("hip_ward", FLAT),
        binding=Binding("C0", (FERNHILL.id,), discreet=case == "discreet"),
        roles=Roles(FERNHILL.id, private=case == "private"),
        releases={0: release},
        now=now,
    )
    for text in (m.fallback, *(t.fallback for t in m.thread)):
        assert text == "New audit update for your service."


def test_once_published_the_notification_says_it() -> None:
    now = datetime(2026, 11, 2, 9, 31, tzinfo=UTC)
    release = Release(0, "long", "hip", "a.csv", "0" * 64, now, "public", now)
    assert "82 in 100" in said(RISEN, releases={0: release}, now=now).fallback
    assert "82 in 100" not in said(RISEN, releases={0: release}).fallback, (
        "the day alone is no proof"
    )
    assert "82 in 100" in said(RISEN, releases={0: release}, today=date(2026, 11, 3)).fallback


def test_made_up_data_is_marked_by_the_name_of_its_file() -> None:
    now = datetime(2026, 11, 2, 9, 31, tzinfo=UTC)
    release = Release(0, "long", "hip", "fictional-hip.csv", "0" * 64, now)
    m = said(RISEN, releases={0: release})
    assert m.context[1].startswith("Fictional data")
    assert m.chart is not None
    assert m.chart.caption.startswith("Fictional data")


def test_data_in_a_message_cannot_become_markup() -> None:
    wild = finding("hip_ward", FLAT)
    name = "St *M* [x](http://y.example) {{user:U1}} <!channel>"
    m = said(replace(wild, service=replace(FERNHILL, name=name)))
    title = spans(m.context[0])
    assert [s.bold for s in title] == [True]
    assert not title[0].link
    assert "{{user:" not in title[0].text
    assert "[x](http://y.example)" in title[0].text


def test_digest_json_has_the_fields_of_the_contract() -> None:
    m = CASES["confirmed improvement"]
    known = digest.as_json(m, RISEN, state="would_send")
    assert json.loads(json.dumps(known)) == known
    assert known["value"] == pytest.approx(100 * 98 / 120)
    assert (known["numerator"], known["denominator"]) == (98, 120)
    assert known["period"] == {"start": "2026-09-01", "end": "2026-09-30"}
    assert known["verdict"]["strength"] == "confirmed"
    assert known["words"] <= 90
    empty = digest.as_json(None, None, state="nothing_to_say", reason="no news", service="x")
    assert set(empty) == set(known)
    assert empty["service"] == "x"
    assert digest.as_json(CASES["level up"], LEVEL, state="would_send")["value"] == "B"


def test_without_a_headline_there_is_no_digest() -> None:
    with pytest.raises(ValueError, match="send its concerns"):
        digest.digest(WORDS, CATALOGUE, Choice(None), binding=BINDING, roles=None, today=TODAY)


def test_when_it_goes_in_words() -> None:
    def at(day: int, hour: int, minute: int = 0) -> str:
        return digest.when(WORDS, datetime(2026, 11, day, hour, minute), TODAY)

    assert at(2, 9) == "today at 9"
    assert at(3, 9) == "tomorrow at 9"
    assert at(5, 9, 5) == "on Thursday 5 November 2026 at 9:05"


def test_mirrored_data_gives_mirrored_words() -> None:
    """1 − x with the direction flipped: the same sentences, the other figures."""
    for strength, direction in (("none", ""), ("signal", "improvement"), ("too_early", "")):
        for last in (60.0, 84.0, 86.0):
            rates = [*FLAT, last]
            plus, minus = (
                said(finding(metric, r, assurance="fail", strength=strength, direction=direction))
                for metric, r in (("hip_surgery", rates), ("hip_waited", [100 - r for r in rates]))
            )
            assert plus.body[0] == minus.body[0]
            assert plus.trail["class"] == minus.trail["class"]


def test_a_long_body_loses_what_a_button_can_tell() -> None:
    for m in CASES.values():
        assert digest.count_words(m.body) <= 90


def test_an_idea_too_gives_way_where_nothing_else_is_left_to_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long = said(RISING)
    assert long.trail["idea"]
    monkeypatch.setattr(message, "MOST_WORDS", 30)
    short = said(RISING)
    assert "One thing to try" not in plain(" ".join(short.body))
    assert short.trail["idea"] is None
    assert "ask_improve" in [b.action for b in short.buttons]


def test_a_score_that_but_signals_a_fall_is_not_told_with_its_level() -> None:
    def level(direction: str) -> str:
        made = levels("level", "BBBBBC", companions=beside("score", 66.0, 72.0))
        return body(replace(made, verdict=Verdict("signal", direction, "shift", "ptd", 14)))

    assert "The score behind it" not in level("concern")
    assert "The score behind it stands out" in level("improvement")


def test_fewer_records_do_not_hide_a_fall_that_care_had_a_part_in() -> None:
    def fell(**more: object) -> str:
        cautions = ("completeness_fell",)
        was = beside("score", 68.1, 82.7) | beside("band", "B", "A")
        return body(levels("level", "BBBBAC", companions=was, cautions=cautions, **more))

    doubt = "So it may not tell of care."
    assert doubt in fell()
    known = fell(cause=GradeCause("not_data", ("band",), "B"))
    assert "Fewer of the expected records came in." in known
    assert doubt not in known


def body(f: Finding, **more: object) -> str:
    return plain("\n\n".join(said(f, **more).body))


RISING = finding("hip_ward", [*FLAT, 84], strength="signal", direction="improvement")


def beside_it(f: Finding, before: float, mean: float = 72.0) -> Finding:
    """The same finding beside another figure before, and another average."""
    was = replace(f.comparable, value=before, numerator=None, denominator=None)  # type: ignore[type-var]
    return replace(f, comparable=was, verdict=replace(f.verdict, mean=mean))


def test_a_signal_is_not_told_beside_a_figure_that_says_otherwise() -> None:
    agreeing = said(beside_it(RISING, 80))
    assert "The month before it was 80." in plain(agreeing.headline)
    for before in (88.0, RISING.latest.value):
        message = said(beside_it(RISING, before))  # type: ignore[arg-type]
        assert plain(message.headline).endswith("Your usual average is 72.")
        assert "in the right direction" in plain(message.body[0])
        assert message.trail["comparator"] is None


def test_where_the_average_says_otherwise_too_no_direction_is_told() -> None:
    """A trend that has not crossed the average yet."""
    message = said(beside_it(RISING, 88, mean=86.0))
    assert plain(message.headline).endswith("The month before it was 88.")
    assert plain(message.body[0]).startswith("This stands out from your usual ups and downs. The")
    same = said(beside_it(RISING, RISING.latest.value, mean=86.0))  # type: ignore[arg-type]
    assert plain(same.headline).endswith("The month before it was the same.")
    assert "direction" not in plain(same.body[0])


def test_a_signal_of_a_score_is_not_told_beside_a_letter_that_says_otherwise() -> None:
    def told(letters: str, now: float, before: float) -> str:
        made = levels("level", letters, companions=beside("score", now, before))
        return body(
            replace(made, verdict=replace(made.verdict, strength="signal", direction="improvement"))
        )

    assert "ups and downs, in the right direction." in told("BBBB", 74.0, 71.0)
    for letters, now, before in (("BBBB", 71.0, 74.0), ("BBBB", 74.0, 74.0), ("BBAB", 74.0, 71.0)):
        assert "stands out from your usual ups and downs. " in told(letters, now, before)


def test_the_history_of_a_level_keeps_to_results_that_may_be_compared() -> None:
    made = levels("level", "EABABABB")
    assert "It has moved between A and E over 8 results" in body(made)
    since = made.series.results[1].period.start
    assert "It has been A or B over 7 results" in body(replace(made, since=since))


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.integers(0, 40), min_size=13, max_size=40),
    st.sampled_from(["hip_ward", "hip_cases", "hip_stay"]),
    st.integers(-12, 12),
)
def test_no_signal_contradicts_its_comparison(values: list[int], name: str, step: int) -> None:
    """Whatever the figures: a direction is told beside a comparison that bears it out, or not."""
    m = CATALOGUE.metrics[name]
    numbers = [v + 40 + (step if 3 * i > 2 * len(values) else 0) for i, v in enumerate(values)]
    made = finding(name, numbers, cases=None)  # type: ignore[arg-type]
    found = find(FERNHILL, m, made.series)
    assert found is not None
    known = about(WORDS, CATALOGUE, pick(found), today=TODAY)
    if known["strength"] != "signal" or not known["direction"]:
        return
    other = found.verdict.mean if known["against"] == "average" else found.comparable.value  # type: ignore[union-attr]
    up = known["direction"] == "high" or (
        (known["direction"] == "improvement") == (m.direction == "higher")
        and m.direction != "neutral"
    )
    assert (found.latest.value > other) if up else (found.latest.value < other)  # type: ignore[operator]


def test_changed_bands_are_sentences_of_their_own() -> None:
    bands = beside("band", "C", "A") | beside("stroke_scan", "B", "A")
    told = body(levels("level", "BBBBBB", companions=beside("score", 74.0, 73.1) | bands))
    assert "Records sent in: band C, was A. Scanning: band B, was A." in told


def test_a_level_without_bands_is_told_in_one_paragraph() -> None:
    told = said(levels("level", "BBBBBB", companions=beside("score", 74.0, 73.1)))
    assert plain(told.body[0]) == "This is the audit's own grade. It has been B for 6 results."


def test_one_result_is_one_result() -> None:
    told = body(finding("hip_ward", [72.0], strength="too_early"))
    assert "we hold one result so far." in told


def test_an_idea_follows_a_colon_however_long_it_is() -> None:
    assert "One thing to try: For every patient" in body(LEVEL)
    assert "One thing to try: Hold" in body(finding("hip_surgery", FLAT))


def test_a_confirmed_change_says_nothing_of_a_pattern_it_has_not_yet() -> None:
    assert "pattern" not in body(replace(RISEN, standing=replace(RISEN.standing, assurance="")))  # type: ignore[type-var]


def actions(m: Message) -> set[str]:
    return {b.action for b in (*m.buttons, *m.more)}


def test_how_to_read_is_offered_for_what_is_drawn() -> None:
    assert "ask_chart_help" in actions(said(RISEN))
    assert "ask_chart_help" in actions(said(LEVEL))
    bare = said(finding("hip_ward", [70.0], strength="too_early"))
    assert bare.chart is None
    assert "ask_chart_help" not in actions(bare)


def test_how_often_is_for_the_channel_to_say() -> None:
    assert "less_often" not in actions(CASES["concern, first to the lead"])
    assert "less_often" not in actions(CASES["signal, to the lead alone"])
    assert "less_often" in actions(CASES["concern, in the channel"])
    assert "less_often" in actions(said(RISEN))
