"""What workers do with what was written down, and what they never do. Everything is made up."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from auditbot import catalogue, layout
from auditbot.ask import answer
from auditbot.house import House
from auditbot.model import Binding, Message
from auditbot.say.words import Words
from auditbot.store import learn, queue
from auditbot.store.engine import reading, writing
from bot import worker
from bot.slack import post
from bot.slack.listeners import Arrival
from bot.worker import Desk
from bot.workspace import Rules, serve

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
HELLO = Message(
    "digest", "**72 in 100** had a scan.", (), "72 in 100", trail={"service": "fernhill"}
)


class Clock:
    """A clock the test moves."""

    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def move(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def known():
    folder = ROOT / "bot" / "catalogue"
    found = catalogue.load(folder)
    return found, layout.load(folder / "layouts", found), Words(ROOT / "messages")


@pytest.fixture
def workspace(tmp_path):
    users = [{"id": "U0NURSE", "name": "lee"}, {"id": "U0GUEST", "name": "guest", "is_guest": True}]
    channels = [{"id": "C0AE", "name": "ae", "members": ["U0NURSE", "U0GUEST", "U0AUDITBOT"]}]
    with serve(
        tmp_path / "w.db", port=0, users=users, channels=channels, rules=Rules(pace=0)
    ) as running:
        yield running


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(known, engine, workspace, clock):
    found, layouts, words = known
    bindings = (Binding("C0AE", ("fernhill",), ("ae",)),)
    house = House(engine, found, layouts, words, ZoneInfo("Europe/London"), bindings=bindings)
    posting, asking = post.clients(workspace.bot_token, workspace.api_url, timeout=5)
    return Desk(house, posting, asking, clock, lease_seconds=60, pace_seconds=1.1)


def put(desk, key="digest|1", message=HELLO, channel="C0AE"):
    with writing(desk.house.engine) as conn:
        queue.put_message(conn, key=key, channel=channel, message=message, not_before=START)


def waiting(desk):
    with reading(desk.house.engine) as conn:
        return queue.waiting(conn)


@pytest.fixture
def asked(workspace):
    """A message somebody wrote: its time stamp."""
    return workspace.act("say", user="U0NURSE", channel="C0AE", text="<@U0AUDITBOT> help")["ts"]


def arrive(desk, text="help", event="Ev1", user="U0NURSE", ts="", **more):
    arrival = Arrival(event, "mention", "C0AE", "channel", user, ts or f"{event[2:]}.1", text=text)
    worker.keep(desk.house, replace(arrival, **more), START)


def shown(workspace, **more):
    """What the bot posted."""
    found = workspace.look("messages", channel="C0AE", **more)
    return [m for m in found if m["user"] == "U0AUDITBOT"]


def test_one_message_a_second_in_a_channel(desk, workspace, clock):
    put(desk, "digest|1")
    put(desk, "digest|2")
    assert len(worker.work_through(desk)) == 1
    assert len(waiting(desk)) == 1
    clock.move(1.2)
    assert len(worker.work_through(desk)) == 1
    assert len(shown(workspace)) == 2


def test_slacks_own_limit_is_obeyed_and_nothing_is_lost(desk, workspace, clock):
    workspace.act("fault", kind="ratelimited", method="chat.postMessage", seconds=30)
    put(desk)
    assert worker.work_through(desk) == []
    clock.move(29)
    assert worker.work_through(desk) == []
    clock.move(2)
    assert len(worker.work_through(desk)) == 1
    assert len(shown(workspace)) == 1


def test_a_lost_answer_is_listed_and_never_posted_again(desk, workspace, clock):
    workspace.act("fault", kind="drop_after", method="chat.postMessage")
    put(desk)
    assert worker.work_through(desk) == []
    clock.move(3600)
    worker.settle(desk)
    worker.work_through(desk)
    (row,) = waiting(desk)
    assert row.status == "unknown"
    assert len(shown(workspace)) == 1


def test_with_history_a_lost_answer_is_settled(desk, workspace, clock):
    workspace.act("rules", scopes=[*Rules().scopes, "channels:history"])
    clock.now = datetime.now(UTC)
    with writing(desk.house.engine) as conn:
        queue.put_message(conn, key="digest|1", channel="C0AE", message=HELLO, not_before=clock.now)
    workspace.act("fault", kind="drop_after", method="chat.postMessage")
    worker.work_through(desk)
    clock.move(61)
    worker.settle(desk)
    assert waiting(desk) == []
    assert len(shown(workspace)) == 1


def test_an_outage_is_waited_out_and_then_told_to_a_person(desk, workspace, clock):
    broken = replace(desk, posting=post.clients("xoxb-x", "http://127.0.0.1:9/api/", timeout=1)[0])
    put(desk)
    for _ in range(worker.ATTEMPTS):
        worker.work_through(broken)
        clock.move(1000)
    (row,) = waiting(desk)
    assert row.status == "failed"
    assert queue.retry(desk.house.engine, row.id, clock())
    assert len(worker.work_through(desk)) == 1


def test_a_channel_no_longer_bound_is_not_sent_to(desk, workspace):
    put(replace(desk), message=replace(HELLO, trail={"service": "westport"}))
    worker.work_through(desk)
    (row,) = waiting(desk)
    assert (row.status, shown(workspace)) == ("failed", [])
    assert "no longer bound" in row.error


@pytest.mark.parametrize("looks", range(1, 8))
def test_what_becomes_due_between_two_looks_is_sent_and_not_left(desk, clock, looks):
    def moving():
        clock.move(0.01)  # time goes on whenever somebody looks
        return clock()

    with writing(desk.house.engine) as conn:
        due = clock() + timedelta(seconds=0.01 * looks - 0.005)
        queue.put_message(conn, key="soon", channel="C0AE", message=HELLO, not_before=due)
    assert len(worker.work_through(replace(desk, now=moving), wait_for=1)) == 1


def test_a_question_is_answered_once_however_often_it_is_delivered(desk, workspace, asked):
    arrive(desk, event="Ev7", ts=asked)
    arrive(desk, event="Ev7", ts=asked)
    worker.work_through(desk)
    assert len(shown(workspace, thread_ts=asked)) == 1


def test_a_flagged_text_is_never_written(desk):
    arrive(desk, "was 943 476 5919 scanned in time?")
    with reading(desk.house.engine) as conn:
        (row,) = queue.unanswered(conn)
    assert (row.text, row.flag) == (None, "identifier")


def test_an_answer_that_fails_is_tried_again_and_then_owned_up_to(
    desk, workspace, clock, asked, monkeypatch, capsys
):
    def broken(*_args, **_kwargs):
        raise RuntimeError("what somebody asked")

    monkeypatch.setattr(answer, "reply", broken)
    arrive(desk, ts=asked)
    for _ in range(worker.ATTEMPTS + 1):
        worker.work_through(desk)
        clock.move(1000)
    (message,) = shown(workspace, thread_ts=asked)
    assert "It is not you" in str(message["blocks"])
    assert "what somebody asked" not in "".join(capsys.readouterr())
    with reading(desk.house.engine) as conn:
        (row,) = queue.unanswered(conn) or [None]
    assert row is None or "what somebody asked" not in (row.error or "")


def test_a_pause_stops_what_is_unasked_and_with_all_the_answers_too(desk, workspace, asked):
    put(desk)
    arrive(desk, ts=asked)

    def pause(everything):
        with writing(desk.house.engine) as conn:
            queue.set_setting(conn, "pause", {"reason": "", "all": everything}, START)

    pause(True)
    assert worker.work_through(desk) == []
    pause(False)
    (sent,) = worker.work_through(desk)
    with writing(desk.house.engine) as conn:
        queue.set_setting(conn, "pause", None, START)
    desk.now.move(2)
    (later,) = worker.work_through(desk)
    assert sent != later
    assert len(shown(workspace)) + len(shown(workspace, thread_ts=asked)) == 2


def test_a_guest_is_answered_as_a_guest(desk, workspace, monkeypatch):
    seen = []
    real = answer.reply

    def watched(conn, known, words, viewer, **more):
        seen.append(viewer.audience)
        return real(conn, known, words, viewer, **more)

    monkeypatch.setattr(answer, "reply", watched)
    arrive(desk, event="Ev1")
    arrive(desk, event="Ev2", user="U0GUEST")
    arrive(desk, event="Ev3", payload={"shared": True})
    arrive(desk, event="Ev4", user="U0NOBODY")
    arrive(desk, event="Ev5", channel_type="im", kind="message")
    while worker.answer_next(desk):
        pass
    assert seen == ["open", "guest", "guest", "guest", "direct"]


def signs(workspace, method="reactions"):
    """What was done with the sign of work, in order."""
    return [
        (c["method"], c["error"]) for c in workspace.look("calls") if c["method"].startswith(method)
    ]


def test_a_question_bears_a_sign_while_it_is_worked_on_and_none_afterwards(
    desk, workspace, asked, monkeypatch
):
    during = []
    real = answer.reply

    def watched(*args, **more):
        (question,) = [m for m in workspace.look("messages", channel="C0AE") if m["ts"] == asked]
        during.append([r["name"] for r in question.get("reactions", ())])
        return real(*args, **more)

    monkeypatch.setattr(answer, "reply", watched)
    arrive(desk, ts=asked)
    worker.work_through(desk)
    assert during == [["eyes"]]
    (question,) = [m for m in workspace.look("messages", channel="C0AE") if m["ts"] == asked]
    assert not question.get("reactions")
    assert len(shown(workspace, thread_ts=asked)) == 1  # and no second post


def test_the_sign_is_taken_away_when_the_answer_fails(desk, workspace, asked, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError

    monkeypatch.setattr(answer, "reply", broken)
    arrive(desk, ts=asked)
    worker.work_through(desk)
    assert [m for m, _ in signs(workspace)] == ["reactions.add", "reactions.remove"]
    (question,) = [m for m in workspace.look("messages", channel="C0AE") if m["ts"] == asked]
    assert not question.get("reactions")


def test_an_answer_does_not_hang_on_its_sign(desk, workspace, asked):
    workspace.act("fault", kind="refuse", method="reactions", times=9, error="missing_scope")
    arrive(desk, ts=asked)
    assert len(worker.work_through(desk)) == 1
    assert signs(workspace) == [
        ("reactions.add", "missing_scope"),
        ("reactions.remove", "missing_scope"),
    ]


def talked(desk, monkeypatch):
    """What the room of questions is asked from now on: (audience, bound, before)."""
    seen = []
    real = answer.reply

    def watched(conn, known, words, viewer, **more):
        seen.append((viewer.audience, more["bound"], more["before"] is not None))
        return real(conn, known, words, viewer, **more)

    monkeypatch.setattr(answer, "reply", watched)
    return seen


def commanded(desk, text, event="command:1", user="U0NURSE", typed_in="C0AE"):
    worker.keep(
        desk.house,
        Arrival(event, "command", "", "im", user, "", text=text, payload={"typed_in": typed_in}),
        START,
    )


def private(workspace, user="U0NURSE"):
    """What the bot told somebody in private."""
    rooms = [c["id"] for c in workspace.look("channels", user=user) if c["kind"] == "im"]
    return [
        m
        for room in rooms
        for m in workspace.look("messages", channel=room)
        if m["user"] == "U0AUDITBOT"
    ]


def test_a_command_is_answered_once_and_to_the_asker_alone(desk, workspace):
    commanded(desk, "how are we doing?")
    commanded(desk, "how are we doing?")  # delivered again
    worker.work_through(desk)
    assert len(private(workspace)) == 1
    assert shown(workspace) == []


def test_a_command_sees_what_the_person_may_see_and_means_the_place_it_was_typed_in(
    desk, monkeypatch
):
    seen = talked(desk, monkeypatch)
    commanded(desk, "how are we doing?", "command:1")
    commanded(desk, "how are we doing?", "command:2", typed_in="C0ELSE")
    commanded(desk, "how are we doing?", "command:3", user="U0GUEST")
    while worker.answer_next(desk):
        pass
    audiences = [(a, bound) for a, bound, _ in seen]
    assert audiences == [("direct", ("fernhill",)), ("direct", ()), ("guest", ("fernhill",))]


def test_a_flagged_command_is_never_written(desk):
    commanded(desk, "was 943 476 5919 scanned in time?")
    with reading(desk.house.engine) as conn:
        (row,) = queue.unanswered(conn)
    assert (row.text, row.flag) == (None, "identifier")


def test_help_tells_what_can_be_asked(desk, workspace):
    commanded(desk, "")
    worker.work_through(desk)
    (told,) = private(workspace)
    assert told["blocks"]
    with reading(desk.house.engine) as conn:
        assert queue.unanswered(conn) == []


def test_in_private_a_talk_goes_on_after_a_command_in_its_thread_and_beside_it(
    desk, workspace, monkeypatch
):
    seen = talked(desk, monkeypatch)
    commanded(desk, "how are we doing?")
    worker.work_through(desk)
    (told,) = private(workspace)
    room = next(c["id"] for c in workspace.look("channels", user="U0NURSE") if c["kind"] == "im")
    free = {"kind": "message", "channel": room, "channel_type": "im"}
    arrive(desk, "and last year?", "Ev2", **free)
    arrive(desk, "and last year?", "Ev3", thread_ts=told["ts"], **free)
    press = {"action": "ask_list", "value": "", "place": None}
    arrive(desk, "", "Ev4", **free | {"kind": "action", "payload": press}, ts=told["ts"])
    while worker.answer_next(desk):
        pass
    assert [before for _, _, before in seen] == [False, True, True, True]


def test_in_private_the_threads_own_talk_comes_before_the_last_one(desk, monkeypatch):
    states = []
    real = answer.reply

    def watched(*args, before, **more):
        states.append((before or {}).get("mark"))
        found = real(*args, before=before, **more)
        return replace(found, state={"mark": more["text"]})

    monkeypatch.setattr(answer, "reply", watched)
    free = {"kind": "message", "channel": "D0NURSE", "channel_type": "im"}
    arrive(desk, "one", "Ev1", **free)
    arrive(desk, "two", "Ev2", **free)
    arrive(desk, "of one", "Ev3", thread_ts="1.1", **free)
    arrive(desk, "of the last", "Ev4", **free)
    while worker.answer_next(desk):
        pass
    assert states == [None, "one", "one", "of one"]


def test_words_with_a_name_or_number_are_not_shown_even_with_consent(desk, workspace):
    for n, text in enumerate(("blorb for Mrs Edith Jones", "was 943 476 5919 blorbed?")):
        arrive(desk, text, f"Ev{n}")
        worker.work_through(desk)
        value = json.dumps({"question": f"Ev{n}"})
        press = {"action": "show_words", "value": value, "place": None}
        arrive(desk, "", f"Ev1{n}", kind="action", payload=press)
        worker.work_through(desk)
        desk.now.move(5)
    with reading(desk.house.engine) as conn:
        assert learn.kept_words(conn) == []
    assert len(private(workspace)) == 2


def test_a_question_that_is_understood_is_not_counted(desk):
    arrive(desk, "what is the hip fracture audit?", "Ev1")
    arrive(desk, "blorb the frobnicator", "Ev2")
    arrive(desk, "blorb the frobnicator", "Ev3", user="U0GUEST")
    while worker.answer_next(desk):
        pass
    with reading(desk.house.engine) as conn:
        ((shape, n),) = learn.counts(conn)
    assert (shape, n) == (learn.Shape(False, False, words=3), 1)
