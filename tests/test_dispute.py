"""What becomes of "this looks wrong", from the button to the answer. Everything is made up."""

import json
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from auditbot import catalogue, layout, period
from auditbot.act import dispute as act
from auditbot.house import House
from auditbot.model import Binding, Message, Period, Roles, message_from
from auditbot.say.markup import plain
from auditbot.say.words import Words
from auditbot.store import dispute as store
from auditbot.store import queue, tables
from auditbot.store.engine import reading, writing
from auditbot.store.save import save
from auditbot.viewer import Viewer, in_person
from bot import forms, worker
from bot.slack.blocks import blocks
from bot.slack.listeners import Arrival
from bot.worker import Desk
from tests.conftest import batch_of, months_from, row

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 12, 14, 10, 0, tzinfo=UTC)
DUE = datetime(2026, 12, 30, 18, 0, tzinfo=UTC)  # ten working days on, two bank holidays between
SEPTEMBER = period.month(2026, 9)
AE = Binding("C0AE", ("fernhill",), ("ae",))
OTHER = Binding("C0OTHER", ("westport",), ("ae",))
ROLES = Roles(
    "fernhill",
    lead=("U0LEAD",),
    deputy=("U0DEPUTY",),
    audit_team=("U0AUDIT", "U0AUDIT2"),
    champion="U0CHAMP",
)
FIGURE = ("fernhill", "ae_4h", SEPTEMBER)
OPEN = Viewer("open", NOW)


@pytest.fixture(scope="module")
def known():
    folder = ROOT / "bot" / "catalogue"
    found = catalogue.load(folder)
    return found, layout.load(folder / "layouts", found), Words(ROOT / "messages")


@pytest.fixture
def house(known, engine):
    found, layouts, words = known
    rows = [row("fernhill", "ae_4h", m, 2900, 4000) for m in months_from(2026, 7, 3)]
    save(engine, batch_of(rows, names={"fernhill": "Fernhill Hospital"}), now=NOW)
    return House(
        engine,
        found,
        layouts,
        words,
        ZoneInfo("Europe/London"),
        bindings=(AE, OTHER),
        roles={"fernhill": ROLES},
    )


def raised(house, user="U0NURSE", *, viewer=OPEN, own=True, figure=FIGURE, **more):
    told = {"reason": "coding", "line": "", "now": NOW, "lapses_at": DUE} | more
    return act.raise_dispute(house, viewer, figure, user=user, in_own_channel=own, **told)


def closed(house, number=1, user="U0AUDIT", **more):
    told = {"outcome": "right", "line": "We looked at 20 records.", "now": NOW} | more
    return act.close(house, number, user=user, **told)


def code(message):
    return message.trail["code"]


def waiting(house):
    with reading(house.engine) as conn:
        return store.disputes(conn)


def silenced(house, now=NOW):
    with reading(house.engine) as conn:
        return store.open_disputes(conn, now)


def queued(house, user):
    with reading(house.engine) as conn:
        return [message_from(o.payload) for o in queue.waiting(conn) if o.channel == user]


def everything(engine):
    """Every word in the database."""
    with reading(engine) as conn:
        return str([list(conn.execute(select(t))) for t in tables.metadata.sorted_tables])


def said(message):
    return plain("\n".join((message.headline, *message.body)))


# Raising


def test_the_audit_team_gets_which_figure_the_reason_and_the_line_but_not_the_person(house):
    thanks = raised(house, line="Transfers  are coded as admissions.")
    assert code(thanks) == "dispute_raised"
    assert "within 10 working days, by 30 December 2026" in said(thanks)
    for user in ("U0AUDIT", "U0AUDIT2"):
        (message,) = queued(house, user)
        assert "A&E four-hour standard, Fernhill Hospital, September 2026" in said(message)
        assert "the coding" in said(message)
        assert "Transfers are coded as admissions." in said(message)
        assert "U0NURSE" not in str(message)
        (button,) = message.buttons
        assert (button.action, json.loads(button.value)) == ("answer_dispute", {"dispute": 1})
    assert queued(house, "U0LEAD") == queued(house, "U0DEPUTY") == []


def test_a_locked_screen_shows_no_measure_and_no_service(house):
    thanks = raised(house)
    (to_check,) = queued(house, "U0AUDIT")
    closed(house)
    (answer,) = queued(house, "U0NURSE")
    for message in (thanks, to_check, answer):
        assert message.fallback == "auditbot has a message for you."


def test_the_same_person_and_figure_twice_is_one_dispute(house):
    raised(house)
    assert code(raised(house, reason="other", line="Again.")) == "dispute_again"
    (found,) = waiting(house)
    assert (found.reason, found.line) == ("coding", "")
    assert len(queued(house, "U0AUDIT")) == 1
    raised(house, "U0CHAMP")
    raised(house, figure=("fernhill", "ae_4h", period.month(2026, 8)))
    assert len(waiting(house)) == 3


def test_two_presses_at_once_are_one_dispute(house):
    _both(lambda: raised(house), lambda: raised(house))
    assert len(waiting(house)) == 1
    assert len(queued(house, "U0AUDIT")) == 1


def test_after_its_answer_a_figure_may_be_disputed_again(house):
    raised(house)
    closed(house)
    assert code(raised(house)) == "dispute_raised"
    assert [d.id for d in waiting(house)] == [2]


@pytest.mark.parametrize(
    ("user", "own", "audience", "role"),
    [
        ("U0NURSE", True, "open", "service"),
        ("U0NURSE", True, "private", "service"),
        ("U0NURSE", False, "open", "reader"),
        ("U0NURSE", False, "direct", "reader"),
        ("U0NURSE", True, "guest", "reader"),
        ("U0LEAD", False, "direct", "service"),
        ("U0DEPUTY", False, "open", "service"),
        ("U0CHAMP", False, "direct", "service"),
        ("U0AUDIT", False, "direct", "audit_team"),
        ("U0AUDIT", True, "open", "audit_team"),
    ],
)
def test_as_whom_somebody_speaks_and_whose_word_silences_praise(house, user, own, audience, role):
    raised(house, user, own=own, viewer=replace(OPEN, audience=audience))
    (found,) = waiting(house)
    assert found.by_role == role
    assert silenced(house) == (set() if role == "reader" else {("fernhill", "ae_4h")})


@pytest.mark.parametrize(
    ("audience", "services", "may"),
    [
        ("open", (), False),
        ("guest", (), False),
        ("direct", (), False),
        ("direct", ("fernhill",), True),
        ("private", ("fernhill",), True),
    ],
)
def test_a_private_services_figure_is_for_its_own_people_to_dispute(house, audience, services, may):
    house = replace(house, roles={"fernhill": replace(ROLES, private=True)})
    viewer = Viewer(audience, NOW, frozenset(services), frozenset({"fernhill"}))
    told = raised(house, viewer=viewer)
    assert (code(told), len(waiting(house))) == (
        ("dispute_raised", 1) if may else ("old_button", 0)
    )


@pytest.mark.parametrize(
    "figure",
    [
        None,
        ("westport", "ae_4h", SEPTEMBER),
        ("fernhill", "ae_type1_4h", SEPTEMBER),
        ("fernhill", "no_such_measure", SEPTEMBER),
        ("fernhill", "ae_4h", period.month(2026, 10)),
    ],
)
def test_what_nobody_holds_cannot_be_disputed(house, figure):
    assert code(raised(house, figure=figure)) == "old_button"
    assert waiting(house) == []


def test_a_stretch_of_months_may_be_disputed(house):
    quarter = Period(date(2026, 7, 1), date(2026, 9, 30))
    assert code(raised(house, figure=("fernhill", "ae_4h", quarter))) == "dispute_raised"
    (message,) = queued(house, "U0AUDIT")
    assert "July to September 2026" in said(message)


def test_a_reason_that_is_none_and_a_line_too_long_are_refused(house):
    assert code(raised(house, reason="blame")) == "old_button"
    assert code(raised(house, line="x" * 201)) == "line_too_long"
    assert waiting(house) == []
    assert code(raised(house, line="x" * 200)) == "dispute_raised"


def test_a_line_stays_text_whatever_is_typed(house):
    raised(house, line="*bold* [link](http://x) {{user:U0LEAD}} <!channel>")
    (message,) = queued(house, "U0AUDIT")
    assert "*bold* [link](http://x)" in said(message)
    shown = str(blocks(message))
    for alive in ("<@U0LEAD>", "<!channel>", "<http", "{{user:"):
        assert alive not in shown


# Who gets it


@pytest.mark.parametrize(
    ("roles", "named"),
    [
        (ROLES, ("U0AUDIT", "U0AUDIT2")),
        (replace(ROLES, audit_team=()), ("U0DEPUTY", "U0LEAD")),
        (replace(ROLES, audit_team=(), deputy=()), ("U0LEAD",)),
        (Roles("fernhill", lead=("U0LEAD",), deputy=("U0LEAD",)), ("U0LEAD",)),
        (Roles("fernhill", champion="U0CHAMP"), ()),
        (None, ()),
    ],
)
def test_the_audit_team_hears_of_it_else_deputy_and_lead(house, roles, named):
    assert act.readers(roles) == named


def test_where_nobody_is_named_that_is_said_and_it_is_passed_on_once_somebody_is(house):
    unnamed = replace(house, roles={})
    told = raised(unnamed)
    assert code(told) == "dispute_unread"
    assert silenced(house) == {("fernhill", "ae_4h")}
    (held,) = act.hand_over(unnamed, NOW)
    assert held.service == "fernhill"
    assert "no audit team, deputy or lead is named" in held.why
    later = NOW + timedelta(days=1)
    for _ in range(2):
        assert act.hand_over(house, later) == []
    assert len(queued(house, "U0AUDIT")) == 1


def test_before_publication_it_reaches_those_alone_who_may_know_of_the_figure(house):
    early, out = replace(house, prerelease={"long": frozenset({"U0AUDIT2"})}), NOW + timedelta(1)
    october = period.month(2026, 10)
    save(
        house.engine,
        batch_of([row("fernhill", "ae_4h", october, 2900, 4000)]),
        now=NOW,
        publish_at=out,
    )
    figure = ("fernhill", "ae_4h", october)
    assert code(raised(early, figure=figure)) == "old_button"
    reader = in_person("U0AUDIT2", early.roles, early.prerelease, NOW)
    assert code(raised(early, "U0AUDIT2", viewer=reader, figure=figure)) == "dispute_raised"
    assert len(queued(house, "U0AUDIT2")) == 1
    assert queued(house, "U0AUDIT") == []
    assert code(closed(early, user="U0AUDIT")) == "old_button"
    act.hand_over(early, out)
    assert len(queued(house, "U0AUDIT")) == 1


# Answering


@pytest.mark.parametrize("outcome", act.OUTCOMES)
def test_the_person_hears_in_private_what_was_found(house, outcome):
    raised(house, line="Transfers are coded as admissions.")
    assert code(closed(house, outcome=outcome)) == "dispute_done"
    (answer,) = queued(house, "U0NURSE")
    assert "A&E four-hour standard, Fernhill Hospital, September 2026" in said(answer)
    assert ("will be corrected" in said(answer)) is (outcome == "corrected")
    assert ("right as published" in said(answer)) is (outcome == "right")
    assert "We looked at 20 records." in said(answer)
    assert (waiting(house), silenced(house)) == ([], set())
    with reading(house.engine) as conn:
        (found,) = store.disputes(conn, state="closed")
        sent = [o for o in queue.waiting(conn) if o.kind == "dispute_answer"]
    assert (found.answer, found.answer_line) == (outcome, "We looked at 20 records.")
    assert [o.approver for o in sent] == ["U0AUDIT"]


def test_with_the_answer_it_is_forgotten_who_asked_and_what_they_wrote(house):
    raised(house, line="Transfers are coded as admissions.")
    with reading(house.engine) as conn:
        assert "U0NURSE" in str(conn.execute(select(tables.dispute)).all())
    closed(house)
    with reading(house.engine) as conn:
        kept = str(conn.execute(select(tables.dispute)).all())
    assert "U0NURSE" not in kept
    assert "Transfers" not in kept


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(
    "user", ["U0AUDIT", "U0LEAD", "U0DEPUTY", "U0CHAMP", "U0NURSE", "U0STRANGER"]
)
def test_the_audit_team_alone_answers_and_lead_and_deputy_where_none_is_named(house, user, named):
    if not named:
        house = replace(house, roles={"fernhill": replace(ROLES, audit_team=())})
    raised(house)
    may = user in (("U0AUDIT",) if named else ("U0LEAD", "U0DEPUTY"))
    assert act.may_close(house, user, 1) is may
    assert code(closed(house, user=user)) == ("dispute_done" if may else "dispute_not_yours")
    assert len(waiting(house)) == (0 if may else 1)


def test_an_answer_needs_a_finding_and_a_line(house):
    raised(house)
    assert code(closed(house, line=" ")) == "dispute_line"
    assert code(closed(house, line="x" * 201)) == "line_too_long"
    assert code(closed(house, outcome="wrong")) == "old_button"
    assert code(closed(house, number=7)) == "dispute_not_yours"
    assert len(waiting(house)) == 1


def test_a_second_answer_changes_nothing(house):
    raised(house)
    closed(house)
    late = closed(house, user="U0AUDIT2", outcome="corrected")
    assert code(late) == "dispute_closed"
    assert "on 14 December 2026" in said(late)
    assert len(queued(house, "U0NURSE")) == 1


def test_of_two_who_answer_at_once_one_is_first_and_the_person_hears_once(house):
    for number in range(1, 6):
        figure = ("fernhill", "ae_4h", period.month(2026, 7 + number % 3))
        raised(house, f"U0N{number}", figure=figure)
        told = _both(
            lambda n=number: closed(house, n, "U0AUDIT"),
            lambda n=number: closed(house, n, "U0AUDIT2", outcome="corrected"),
        )
        assert sorted(map(code, told)) == ["dispute_closed", "dispute_done"]
        assert len(queued(house, f"U0N{number}")) == 1
    assert waiting(house) == []


# Silence


def test_a_dispute_silences_for_ten_working_days_and_then_is_overdue(house):
    raised(house)
    assert silenced(house, DUE - timedelta(seconds=1)) == {("fernhill", "ae_4h")}
    assert silenced(house, DUE) == set()
    with reading(house.engine) as conn:
        assert store.disputes(conn, lapsed_by=DUE - timedelta(seconds=1)) == []
        (overdue,) = store.disputes(conn, lapsed_by=DUE)
    assert overdue.lapses_at == DUE
    assert code(closed(house, now=DUE + timedelta(days=1))) == "dispute_done"


# Through the bot: the press, the form, the guard


@pytest.fixture
def desk(house, monkeypatch):
    """A desk without Slack, where nobody is a guest but U0GUEST."""
    monkeypatch.setattr(
        worker.audience,
        "of",
        lambda _client, channel, kind, user, _shared: (
            "guest"
            if user == "U0GUEST"
            else "direct"
            if kind == "im" or channel.startswith("D") or not channel
            else "open"
        ),
    )
    return Desk(house, None, None, lambda: NOW)


def pressed(desk, action, value, user="U0NURSE", channel="C0AE", **payload):
    told = {"action": action, "value": json.dumps(value), "place": None} | payload
    press = Arrival("action:1", "action", channel, "channel", user, "5.5", payload=told)
    return forms.about(desk.house, press, NOW)


def submitted(desk, form, about, words="", user="U0NURSE", event="view:1"):
    """Fill in a form; what the person is told."""
    arrival = Arrival(
        event, "submit", "", "im", user, "", text=words, payload=about | {"form": form}
    )
    worker.keep(desk.house, arrival, NOW)
    assert worker.answer_next(desk)
    with reading(desk.house.engine) as conn:
        (answer,) = [o for o in queue.waiting(conn) if o.key == f"answer|{event}"]
    assert answer.channel == user
    return message_from(answer.payload)


ABOUT = {"service": "fernhill", "metric": "ae_4h", "start": "2026-09-01", "end": "2026-09-30"}


def test_behind_the_dots_the_message_knows_which_figure_is_meant(desk):
    button = {"text": "This looks wrong", "action": "dispute", "value": json.dumps(ABOUT)}
    message = {"kind": "digest", "headline": "72", "body": (), "fallback": "72"}
    with writing(desk.house.engine) as conn:
        queue.put(
            conn,
            key="d",
            kind="digest",
            channel="C0AE",
            payload=message | {"more": [button, button | {"action": "ask_source"}]},
            not_before=NOW,
        )
    row = queue.claim(desk.house.engine, NOW, 60)
    queue.mark_sent(desk.house.engine, row.id, "5.5", NOW, {}, posted_in="C0AE")
    assert pressed(desk, "dispute", "", place="0") == ABOUT | {"channel": "C0AE"}
    assert pressed(desk, "dispute", "", place="1") is None
    (told,) = queued(desk.house, "U0NURSE")
    assert "out of date" in said(told)


def test_a_form_that_is_not_for_somebody_is_not_opened_and_they_are_told(desk):
    raised(desk.house)
    assert pressed(desk, "answer_dispute", {"dispute": 1}, user="U0AUDIT") == {"dispute": 1}
    assert pressed(desk, "answer_dispute", {"dispute": 1}, user="U0LEAD") is None
    (told,) = queued(desk.house, "U0LEAD")
    assert "audit team" in said(told)


def test_a_filled_form_becomes_a_dispute_of_ten_working_days(desk):
    about = ABOUT | {"channel": "C0AE", "reason": "pathway"}
    told = submitted(desk, "dispute", about, "We changed in May.")
    assert "by 30 December 2026" in said(told)
    (found,) = waiting(desk.house)
    assert (found.reason, found.line, found.by_role) == ("pathway", "We changed in May.", "service")
    assert found.lapses_at == DUE


@pytest.mark.parametrize(
    ("user", "channel", "role"),
    [
        ("U0NURSE", "C0OTHER", "reader"),
        ("U0NURSE", "D0NURSE", "reader"),
        ("U0GUEST", "C0AE", "reader"),
        ("U0LEAD", "D0LEAD", "service"),
        ("U0AUDIT", "C0OTHER", "audit_team"),
    ],
)
def test_the_place_of_the_press_decides_for_whom_somebody_speaks(desk, user, channel, role):
    about = ABOUT | {"channel": channel, "reason": "other"}
    submitted(desk, "dispute", about, user=user)
    (found,) = waiting(desk.house)
    assert found.by_role == role


@pytest.mark.parametrize(
    ("words", "secret"),
    [
        ("Patient 943 476 5919 was seen in time.", "943 476"),
        ("Dr Hawthorne codes these wrong.", "Hawthorne"),
        ("A patient fell from the trolley and was hurt because of us.", "trolley"),
    ],
)
@pytest.mark.parametrize("form", ["dispute", "answer_dispute"])
def test_words_that_the_guard_flags_are_refused_and_never_written(desk, form, words, secret):
    if form == "answer_dispute":
        raised(desk.house)
        about, user = {"dispute": 1, "outcome": "right"}, "U0AUDIT"
    else:
        about, user = ABOUT | {"channel": "C0AE", "reason": "coding"}, "U0NURSE"
    told = submitted(desk, form, about, words, user)
    assert "I have not kept what you wrote" in said(told)
    assert ("incident system" in said(told)) is (secret == "trolley")
    assert secret not in everything(desk.house.engine)
    assert len(waiting(desk.house)) == (form == "answer_dispute")


def test_an_answer_comes_back_through_the_form(desk):
    raised(desk.house)
    about = {"dispute": 1, "outcome": "corrected"}
    told = submitted(desk, "answer_dispute", about, "We found 14.", "U0AUDIT")
    assert "hears it in private" in said(told)
    (answer,) = queued(desk.house, "U0NURSE")
    assert "We found 14." in said(answer)


def _both(*deeds) -> list[Message]:
    """Do things at once; what each gave."""
    start, gave, faults = threading.Barrier(len(deeds)), [], []

    def run(deed):
        start.wait(10)
        try:
            gave.append(deed())
        except BaseException as e:
            faults.append(e)

    threads = [threading.Thread(target=run, args=(d,)) for d in deeds]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert faults == []
    return gave
