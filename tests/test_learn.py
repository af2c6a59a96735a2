"""What was not understood is counted by shape; words are kept by consent and taught for review."""

import json
import tomllib
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditbot.act import learn
from auditbot.ask.answer import reply
from auditbot.model import Message, Roles, Service
from auditbot.say.markup import plain
from auditbot.store import learn as store
from auditbot.store.engine import reading
from auditbot.store.learn import Shape, Taught
from auditbot.store.save import save
from auditbot.viewer import Viewer
from bot import forms
from bot.slack import modals
from bot.workspace.check import view_faults
from tests.conftest import months_from, row

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
TODAY = date(2026, 11, 2)
UNKNOWN = Message("unknown", "I did not understand that.", (), "I did not understand that.")
AUDITOR = "U0AUDIT"


@pytest.fixture
def place(house, make_batch):
    """A house with one service and its audit team."""
    rows = [row("cedar-unit", "nhfd_kpi1", m, 10, 20) for m in months_from(2025, 1, 3)]
    save(house.engine, make_batch(rows), now=NOW)
    return replace(house, roles={"cedar-unit": Roles("cedar-unit", audit_team=(AUDITOR,))})


def counted(house):
    with reading(house.engine) as conn:
        return store.counts(conn)


def kept(house):
    with reading(house.engine) as conn:
        return store.kept_words(conn)


def taught(house):
    with reading(house.engine) as conn:
        return store.taught(conn)


def said(message):
    return plain("\n".join((message.headline, *message.body)))


@pytest.mark.parametrize(
    ("found", "shape"),
    [
        ((), Shape(False, False, "", "", 3)),
        (("metric ae_4h 1.20 weak", "service x explained 1.00"), Shape(True, True, "", "", 3)),
        (("audit ssnap",), Shape(True, False, "", "", 3)),
        (("period last_year  weight 1.7",), Shape(False, False, "last_year", "", 3)),
        (("intent when 1.50", "intent card 0.20"), Shape(False, False, "", "when", 3)),
        (("not known: Mrs Jones", "not held: deaths"), Shape(False, False, "", "", 3)),
    ],
)
def test_a_shape_tells_which_parts_were_recognised(found, shape):
    assert learn.shape_of(found, "what about this") == shape


@pytest.mark.parametrize(
    ("words", "least"), [(0, 0), (1, 1), (2, 2), (3, 3), (5, 3), (6, 6), (20, 11), (500, 21)]
)
def test_the_number_of_words_is_told_by_its_class(words, least):
    assert learn.shape_of((), "x " * words).words == least


@given(st.lists(st.text(), max_size=6), st.text())
def test_no_word_that_was_typed_comes_into_a_shape(strange, text):
    shape = learn.shape_of([f"not known: {s}" for s in strange], text)
    assert shape == Shape(False, False, "", "", shape.words)
    assert shape.words in learn.CLASSES


def test_what_the_answers_say_of_themselves_has_the_parts_that_shapes_are_made_of(place):
    def shape(text):
        with reading(place.engine) as conn:
            found = reply(
                conn,
                place.catalogue,
                place.words,
                Viewer("open", NOW),
                text=text,
                bound=("cedar-unit",),
                today=TODAY,
            )
        return learn.shape_of(found.explain, text)

    assert shape("blorb the frobnicator") == Shape(False, False, "", "", 3)
    whole = shape("prompt surgery at cedar unit in january 2025")
    assert (whole.metric, whole.service, bool(whole.period)) == (True, True, True)
    assert shape("when are the next figures published?").intent == "when"


def test_shapes_are_counted_by_the_day_without_anybody_or_any_word(place):
    for n in range(3):
        learn.not_understood(
            place, UNKNOWN, (), text="blorb the frobnicator", event_id=f"Ev{n}", now=NOW
        )
    learn.not_understood(place, UNKNOWN, (), text="blorb", event_id="Ev9", now=NOW)
    assert counted(place) == [(Shape(False, False, words=3), 3), (Shape(False, False, words=1), 1)]
    assert {f.name for f in fields(Shape)} == {"metric", "service", "period", "intent", "words"}


def test_the_answer_offers_to_let_the_audit_team_see_the_words(place):
    made = learn.not_understood(place, UNKNOWN, (), text="blorb", event_id="Ev1", now=NOW)
    assert [(b.action, learn.question_of(b.value)) for b in made.more] == [("show_words", "Ev1")]
    assert kept(place) == []  # nothing is kept before they agree
    assert len(made.more[0].text) <= 75


@pytest.mark.parametrize("value", ["", "{", "[]", "null", '{"question": 3}', '{"other": "x"}'])
def test_a_button_that_names_no_question_shows_nothing(value):
    assert learn.question_of(value) == ""


def test_words_are_kept_once_and_only_for_the_one_who_wrote_them(place):
    for own, flagged in ((False, False), (True, True), (True, False), (True, False)):
        told = learn.show_words(place, "theatre  for nofs?", own=own, flagged=flagged, now=NOW)
        assert said(told)
        assert kept(place) == (["theatre for nofs?"] if own and not flagged else [])
    assert "90 days" in said(told)


@pytest.mark.parametrize("words", [None, "", "  "])
def test_words_that_were_not_kept_cannot_be_shown(place, words):
    learn.show_words(place, words, own=True, flagged=False, now=NOW)
    assert kept(place) == []


def test_after_ninety_days_counts_and_words_are_gone_and_what_was_taught_stays(place):
    learn.not_understood(place, UNKNOWN, (), text="blorb", event_id="Ev1", now=NOW)
    learn.show_words(place, "blorb", own=True, flagged=False, now=NOW)
    learn.teach(place, phrase="blorb", means="nhfd_kpi1", user=AUDITOR, now=NOW)
    assert learn.forget(place, NOW + timedelta(days=learn.KEPT_DAYS)) == 0
    assert (len(counted(place)), kept(place)) == (1, ["blorb"])
    assert learn.forget(place, NOW + timedelta(days=learn.KEPT_DAYS + 1)) == 2
    assert (counted(place), kept(place), len(taught(place))) == ([], [], 1)


def test_the_overview_tells_frequent_shapes_and_lumps_the_rare_ones(place):
    for n in range(6):
        text = "how is that measure then"
        found = ("service x", "period exact")
        learn.not_understood(place, UNKNOWN, found, text=text, event_id=f"Ev{n}", now=NOW)
    for n in range(4):
        learn.not_understood(place, UNKNOWN, (), text="blorb", event_id=f"Ev1{n}", now=NOW)
    learn.show_words(place, "*theatre* for <nofs>", own=True, flagged=False, now=NOW)
    told = said(learn.overview(place))
    assert "6 times" in told
    assert "4 more" in told
    assert "*theatre* for <nofs>" in told  # as it was typed, and never as markup


def test_an_overview_of_nothing_says_so(place):
    assert "Nobody" in said(learn.overview(place))


def test_the_form_with_the_longest_overview_is_one_that_slack_takes(place):
    for n in range(learn.SHOWN_WORDS + 3):
        learn.show_words(place, f"{n} <!channel> & " * 60, own=True, flagged=False, now=NOW)
    for n in range(40):
        found = (f"intent {'abcdefgh'[n % 8]}",)
        learn.not_understood(place, UNKNOWN, found, text="x " * 30, event_id=f"E{n}", now=NOW)
    view = modals.view(place.words, "teach", {}, learn.overview(place))
    assert view_faults(view) == []
    assert "<!channel>" not in str(view)
    assert view["private_metadata"] == "{}"  # the words are not in what comes back


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("nhfd_kpi1", Taught("metric", "nhfd_kpi1", "blorb")),
        ("nhfd", Taught("audit", "nhfd", "blorb")),
        ("Hip fracture", Taught("audit", "nhfd", "blorb")),
        ("cedar-unit", Taught("place", "Cedar Unit", "blorb")),
        ("CEDAR UNIT", Taught("place", "Cedar Unit", "blorb")),
        ("nothing of the kind", None),
        ("", None),
        ("!", None),
    ],
)
def test_a_meaning_is_an_id_or_a_name(known, typed, word):
    services = {"cedar-unit": Service("cedar-unit", "Cedar Unit")}
    assert learn.meaning(known[0], services, typed, "blorb") == word


def test_every_measure_and_audit_can_be_taught_by_its_id(known):
    found = known[0]
    for id in (*found.metrics, *found.audits):
        word = learn.meaning(found, {}, id, "blorb")
        assert word is not None
        assert word.means == id


def test_a_taught_word_waits_for_review_and_changes_no_answer(place):
    def asked():
        with reading(place.engine) as conn:
            return reply(
                conn,
                place.catalogue,
                place.words,
                Viewer("open", NOW),
                text="blorb?",
                bound=("cedar-unit",),
                today=TODAY,
            ).fields

    before = asked()
    learn.teach(place, phrase=" Blorb\x7f ", means="nhfd_kpi1", user=AUDITOR, now=NOW)
    assert taught(place) == [Taught("metric", "nhfd_kpi1", "blorb")]
    assert asked() == before
    again = learn.teach(place, phrase="BLORB", means="nhfd_kpi1", user=AUDITOR, now=NOW)
    assert "before" in said(again)
    assert len(taught(place)) == 1


@pytest.mark.parametrize(
    ("phrase", "means", "user"),
    [
        ("blorb", "nhfd_kpi1", "U0NURSE"),
        ("blorb", "nhfd_kpi1", ""),
        ("", "nhfd_kpi1", AUDITOR),
        ("b" * 61, "nhfd_kpi1", AUDITOR),
        ("blorb", "nothing of the kind", AUDITOR),
    ],
)
def test_what_cannot_be_taught_is_told_and_not_kept(place, phrase, means, user):
    assert said(learn.teach(place, phrase=phrase, means=means, user=user, now=NOW))
    assert taught(place) == []


def test_a_private_service_can_be_taught_by_those_alone_who_may_see_it(place):
    closed = Roles("cedar-unit", private=True, audit_team=("U0OWN",))
    house = replace(
        place, roles={"cedar-unit": closed, "other": Roles("other", audit_team=(AUDITOR,))}
    )
    learn.teach(house, phrase="cu", means="Cedar Unit", user=AUDITOR, now=NOW)
    assert taught(house) == []
    learn.teach(house, phrase="cu", means="Cedar Unit", user="U0OWN", now=NOW)
    assert len(taught(house)) == 1


@given(phrases=st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=4, unique=True))
def test_what_is_printed_for_review_is_toml_that_says_what_was_taught(phrases):
    clean = [p for p in ("".join(c for c in p if c.isprintable()) for p in phrases) if p]
    for kind, key in (("metric", "phrases"), ("audit", "phrases"), ("place", "typed")):
        (entry,) = tomllib.loads(learn.entry(kind, "x", clean))[kind]
        assert entry[key] == clean
        assert entry.get("id", "x") == "x"
        assert entry.get("means", ["x"]) == ["x"]


def test_words_of_one_meaning_stand_in_one_entry(place):
    for phrase, means in (
        ("a", "nhfd_kpi1"),
        ("b", "nhfd_kpi1"),
        ("c", "nhfd"),
        ("d", "cedar-unit"),
    ):
        learn.teach(place, phrase=phrase, means=means, user=AUDITOR, now=NOW)
    read = tomllib.loads(learn.for_review(place.engine))
    assert read == {
        "audit": [{"id": "nhfd", "phrases": ["c"]}],
        "metric": [{"id": "nhfd_kpi1", "phrases": ["a", "b"]}],
        "place": [{"typed": ["d"], "means": ["Cedar Unit"]}],
    }


def test_a_lines_of_the_form_come_back_as_phrase_and_meaning():
    state = {"values": {n: {n: {"value": f" {n} "}} for n in ("words", "means")}}
    assert modals.written({"callback_id": "teach", "state": state}) == "words\nmeans"


def test_the_form_is_for_the_audit_team(place):
    from bot.slack.listeners import Arrival

    press = Arrival("command:1", "action", "", "im", AUDITOR, "", payload={"action": "teach"})
    known = forms.about(place, press, NOW)
    assert known is not None
    assert known["reading"].headline
    assert forms.about(place, replace(press, user="U0NURSE"), NOW) is None
    assert json.dumps({k: v for k, v in known.items() if k != "reading"}) == "{}"
