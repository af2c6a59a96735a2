import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import Engine, select

from auditbot.model import (
    Button,
    Chart,
    Finding,
    Message,
    Period,
    Question,
    Result,
    Series,
    Service,
    Verdict,
    message_from,
)
from auditbot.store import queue, tables
from auditbot.store.engine import open_store, reading, writing
from tests.conftest import months_from

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEASE = 60.0
JAN, FEB = months_from(2026, 1, 2)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def put(engine: Engine, key: str, channel: str = "C1", **more: Any) -> bool:
    asked: dict[str, Any] = {"kind": "digest", "payload": {"n": key}, "not_before": NOW} | more
    with writing(engine) as conn:
        return queue.put(conn, key=key, channel=channel, **asked)


def claim(engine: Engine, seconds: float = 0, **more: Any) -> queue.Outgoing | None:
    return queue.claim(engine, later(seconds), LEASE, **more)


def claimed(engine: Engine, seconds: float = 0) -> queue.Outgoing:
    row = claim(engine, seconds)
    assert row is not None
    return row


def status(engine: Engine) -> dict[str, str]:
    with reading(engine) as conn:
        return dict(conn.execute(select(tables.outbox.c.key, tables.outbox.c.status)).all())


# --- outbox -----------------------------------------------------------------------------------


def test_a_key_is_queued_once_whatever_became_of_it(engine: Engine) -> None:
    assert put(engine, "a")
    assert not put(engine, "a", payload={"n": "other"})
    row = claimed(engine)
    assert queue.mark_sent(engine, row.id, "1.1", NOW)
    assert not put(engine, "a")
    assert status(engine) == {"a": "sent"}


def test_a_message_goes_from_pending_to_sent_with_its_ts(engine: Engine) -> None:
    put(engine, "a", trail={"rule": "shift"}, approver="U0LEAD")
    row = claimed(engine)
    assert (row.key, row.channel, row.payload, row.attempts) == ("a", "C1", {"n": "a"}, 1)
    assert row.lease_until == later(LEASE)
    sent = {"channel": "C1", "text": "é", "blocks": [{"b": 1, "a": 2}]}
    assert queue.mark_sent(engine, row.id, "1.1", later(1), sent, posted_in="D9")
    assert not queue.mark_sent(engine, row.id, "1.2", later(2), {})
    with reading(engine) as conn:
        for found in (
            queue.by_ts(conn, "1.1"),
            queue.by_ts(conn, "1.1", "C1"),
            queue.by_ts(conn, "1.1", "D9"),
        ):
            assert found is not None
            assert (found.status, found.ts, found.sent_at) == ("sent", "1.1", later(1))
            assert list(found.sent_payload or {}) == list(sent)
            assert found.sent_payload == sent
            assert (found.trail, found.approver) == ({"rule": "shift"}, "U0LEAD")
            assert found.marker == row.marker
        assert queue.by_ts(conn, "1.1", "C2") is None
        assert queue.waiting(conn) == []
        assert [r.key for r in queue.sent_since(conn, later(1))] == ["a"]
        assert queue.sent_since(conn, later(2)) == []


def test_sent_needs_slacks_ts(engine: Engine) -> None:
    put(engine, "a")
    row = claimed(engine)
    with pytest.raises(Exception, match="sent_has_ts"):
        queue.mark_sent(engine, row.id, None, NOW)  # type: ignore[arg-type]
    assert status(engine) == {"a": "sending"}


def test_nothing_goes_before_its_time(engine: Engine) -> None:
    put(engine, "a", not_before=later(60))
    assert claim(engine, 59.999) is None
    assert claimed(engine, 60).key == "a"


def test_the_longest_due_goes_first(engine: Engine) -> None:
    for i, key in enumerate("cab"):
        put(engine, key, f"C{key}", not_before=later(-i))
    assert [claimed(engine).key for _ in range(3)] == ["b", "a", "c"]


def test_a_channel_gets_one_message_at_a_time_at_its_pace(engine: Engine) -> None:
    put(engine, "a")
    put(engine, "b")
    put(engine, "other", "C2")
    first = claimed(engine)
    assert [claimed(engine).key, claim(engine)] == ["other", None]
    # In whatever order the two are told, the pace holds.
    queue.allow_after(engine, "C1", later(1.1))
    queue.mark_sent(engine, first.id, "1.1", NOW)
    assert claim(engine, 1.0) is None
    assert claimed(engine, 1.1).key == "b"


def test_a_pause_is_never_shortened_and_one_of_another_clock_not_obeyed(engine: Engine) -> None:
    put(engine, "a")
    queue.allow_after(engine, "C1", later(30))
    queue.allow_after(engine, "C1", later(1))
    assert claim(engine, 29) is None
    with reading(engine) as conn:
        assert queue.next_due(conn, NOW) == later(30)
    queue.allow_after(engine, "C1", NOW + timedelta(days=900))  # somebody tried a date ahead
    with reading(engine) as conn:
        assert queue.next_due(conn, NOW) == NOW
    queue.allow_after(engine, "C1", later(5))
    assert claim(engine, 4) is None
    assert claimed(engine, 5).key == "a"


def test_replies_wait_for_their_parent_and_go_under_it(engine: Engine) -> None:
    message = Message(
        kind="digest",
        headline="Up",
        body=("One.", "Two."),
        fallback="Up",
        chart=Chart(
            "t", "a", "percent", ("Jan",), (1.0,), ("common_cause",), (1.0,), (None,), (2.0,)
        ),
        buttons=(Button("Why", "why", "x"),),
        thread=(
            Message("digest", "First", (), "First", trail={"n": 1}),
            Message("digest", "Second", (), "Second"),
        ),
        trail=MappingProxyType({"finding": Period(date(2026, 1, 1), date(2026, 1, 31))}),
    )
    with writing(engine) as conn:
        assert queue.put_message(conn, key="k", channel="C1", message=message, not_before=NOW)
        assert not queue.put_message(conn, key="k", channel="C1", message=message, not_before=NOW)
    parent = claimed(engine)
    assert parent.key == "k"
    assert parent.trail == {"finding": {"start": "2026-01-01", "end": "2026-01-31"}}
    back = message_from(parent.payload)
    assert (back.headline, back.body, back.chart, back.buttons) == (
        message.headline,
        message.body,
        message.chart,
        message.buttons,
    )
    assert claim(engine) is None
    queue.mark_sent(engine, parent.id, "7.7", NOW)
    first = claimed(engine)
    assert (first.key, first.thread_ts, first.trail) == ("k|1", "7.7", {"n": 1})
    queue.mark_sent(engine, first.id, "7.8", NOW)
    assert (claimed(engine).thread_ts, message_from(first.payload).headline) == ("7.7", "First")


def test_an_answer_in_a_thread_keeps_its_replies_there(engine: Engine) -> None:
    message = Message("card", "A", (), "A", thread=(Message("card", "B", (), "B"),))
    with writing(engine) as conn:
        queue.put_message(
            conn, key="k", channel="C1", message=message, not_before=NOW, thread_ts="5.5"
        )
    parent = claimed(engine)
    queue.mark_sent(engine, parent.id, "7.7", NOW)
    assert (parent.thread_ts, claimed(engine).thread_ts) == ("5.5", "5.5")


def test_replies_fall_with_their_parent_and_come_back_with_it(engine: Engine) -> None:
    put(engine, "a")
    put(engine, "a|1", thread_key="a")
    row = claimed(engine)
    queue.mark_failed(engine, row.id, "channel_not_found")
    assert status(engine) == {"a": "failed", "a|1": "cancelled"}
    assert claim(engine) is None
    with reading(engine) as conn:
        assert [(r.key, r.error) for r in queue.waiting(conn)] == [("a", "channel_not_found")]
    assert queue.retry(engine, row.id, NOW)
    assert status(engine) == {"a": "pending", "a|1": "pending"}
    again = claimed(engine)
    assert (again.key, again.attempts, again.marker) == ("a", 1, row.marker)
    assert not queue.retry(engine, row.id, NOW)


def test_a_reply_waits_while_its_parent_is_unknown(engine: Engine) -> None:
    put(engine, "a")
    put(engine, "a|1", thread_key="a")
    row = claimed(engine)
    queue.mark_unknown(engine, row.id, "timeout")
    assert claim(engine, 3000) is None
    queue.mark_sent(engine, row.id, "1.1", later(70))
    assert claimed(engine, 70).thread_ts == "1.1"


def test_a_lease_that_passes_leaves_the_outcome_unknown_and_nothing_is_sent_again(
    engine: Engine,
) -> None:
    put(engine, "a")
    row = claimed(engine)
    assert queue.expired(engine, later(LEASE - 1)) == []
    assert queue.held(engine, row, later(LEASE - 1))
    assert not queue.held(engine, row, later(LEASE))
    assert queue.expired(engine, later(LEASE)) == [row.id]
    assert queue.expired(engine, later(LEASE)) == []
    assert status(engine) == {"a": "unknown"}
    assert claim(engine, 3600) is None
    with reading(engine) as conn:
        # To be settled a whole lease after the lease.
        assert queue.unknown(conn, before=later(LEASE - 1)) == []
        assert [r.id for r in queue.unknown(conn, before=later(LEASE))] == [row.id]
        assert queue.next_due(conn, NOW) is None


def test_an_unknown_outcome_is_settled_either_way(engine: Engine) -> None:
    for key in ("found", "absent"):
        put(engine, key, f"C{key}")
    found, absent = claimed(engine), claimed(engine)
    for row in (found, absent):
        assert queue.mark_unknown(engine, row.id, "timeout")
    with reading(engine) as conn:
        assert len(queue.unknown(conn, before=NOW)) == 2
    assert queue.mark_sent(engine, found.id, "1.1", later(61))
    assert queue.retry_at(engine, absent.id, later(61), "not found in the channel's history")
    assert status(engine) == {"found": "sent", "absent": "pending"}
    again = claimed(engine, 61)
    assert (again.id, again.attempts, again.marker) == (absent.id, 2, absent.marker)


def test_a_lease_of_another_clock_does_not_hold_for_years(engine: Engine) -> None:
    put(engine, "a", not_before=NOW)
    ahead = NOW + timedelta(days=1500)
    row = queue.claim(engine, ahead, LEASE)
    assert row is not None
    assert queue.expired(engine, NOW) == [row.id]
    with reading(engine) as conn:
        assert [r.id for r in queue.unknown(conn, before=NOW)] == [row.id]


def test_the_truth_wins_over_an_earlier_doubt(engine: Engine) -> None:
    put(engine, "a")
    row = claimed(engine)
    queue.expired(engine, later(LEASE))
    assert queue.mark_sent(engine, row.id, "1.1", later(LEASE + 5))
    assert status(engine) == {"a": "sent"}


def test_slacks_limit_puts_a_message_back_without_counting_the_try(engine: Engine) -> None:
    put(engine, "a")
    row = claimed(engine)
    queue.allow_after(engine, "C1", later(30))
    assert queue.retry_at(engine, row.id, later(30), "ratelimited", counted=False)
    with reading(engine) as conn:
        assert queue.next_due(conn, NOW) == later(30)
    assert claim(engine, 29.9) is None
    assert claimed(engine, 30).attempts == 1


def test_a_late_word_of_an_earlier_try_is_not_heard(engine: Engine) -> None:
    put(engine, "a")
    slow = claimed(engine)
    queue.expired(engine, later(LEASE))
    queue.retry(engine, slow.id, later(200))
    quick = claimed(engine, 200)
    assert not queue.held(engine, slow, later(201))
    late = {"claimed_at": slow.claimed_at}
    assert not queue.mark_failed(engine, slow.id, "late", **late)
    assert not queue.mark_unknown(engine, slow.id, "late", **late)
    assert not queue.retry_at(engine, slow.id, later(1), "late", **late)
    assert queue.held(engine, quick, later(201))


def test_what_was_not_begun_can_be_taken_back(engine: Engine) -> None:
    put(engine, "a")
    put(engine, "a|1", thread_key="a")
    put(engine, "b", "C2", not_before=later(-1))
    claimed(engine)
    with writing(engine) as conn:
        assert queue.cancel(conn, "a", "withdrawn")
        assert not queue.cancel(conn, "b", "it is being sent")
        assert not queue.cancel(conn, "never", "")
    assert status(engine) == {"a": "cancelled", "a|1": "cancelled", "b": "sending"}


def test_a_pause_leaves_kinds_where_they_are(engine: Engine) -> None:
    put(engine, "a", kind="digest")
    put(engine, "b", kind="card", channel="C2")
    row = claim(engine, without=("digest", "concern"))
    assert row is not None
    assert row.key == "b"
    assert claim(engine, without=("digest",)) is None
    with reading(engine) as conn:
        assert queue.next_due(conn, NOW, without=("digest",)) is None
        assert queue.next_due(conn, NOW) == NOW


def test_when_a_channel_last_heard_a_kind(engine: Engine) -> None:
    with reading(engine) as conn:
        assert queue.last_queued(conn, "C1", "digest") is None
    put(engine, "a", not_before=later(-500))
    put(engine, "a|1", thread_key="a", not_before=later(900))
    put(engine, "b", kind="card", not_before=later(5))
    with reading(engine) as conn:
        assert queue.last_queued(conn, "C1", "digest") == later(-500)
        assert queue.exists(conn, "a")
        assert not queue.exists(conn, "z")
    row = claimed(engine)
    queue.mark_sent(engine, row.id, "1.1", later(3))
    with reading(engine) as conn:
        assert queue.last_queued(conn, "C1", "digest") == later(3)
    put(engine, "c", "C9", not_before=NOW)
    failed = claim(engine, 0)
    assert failed is not None
    queue.mark_failed(engine, failed.id, "no")
    with reading(engine) as conn:
        assert queue.last_queued(conn, "C9", "digest") is None


SENDER = """
import sys
from datetime import UTC, datetime, timedelta
from auditbot.store import queue
from auditbot.store.engine import open_store
now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
engine = open_store(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
while True:
    row = queue.claim(engine, now, 60.0)
    if row is None:
        break
    print(row.key, flush=True)
    queue.mark_sent(engine, row.id, f"{row.id}.0", now)
    now += timedelta(microseconds=1)
engine.dispose()
"""


def test_three_processes_send_two_hundred_messages_once_each(engine: Engine) -> None:
    with writing(engine) as conn:
        for i in range(200):
            queue.put(
                conn,
                key=f"k{i}",
                kind="digest",
                channel=f"C{i % 40}",
                payload={},
                not_before=NOW,
            )
    url = engine.url.render_as_string(hide_password=False)
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", SENDER, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for s in senders:  # all are up before the first begins
        assert s.stdout is not None
        assert s.stdout.readline() == "ready\n"
    outputs: list[str] = []

    def run(sender: "subprocess.Popen[str]") -> None:
        outputs.append(sender.communicate("\n", timeout=60)[0])

    threads = [threading.Thread(target=run, args=(s,)) for s in senders]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [s.returncode for s in senders] == [0, 0, 0]
    keys = [key for out in outputs for key in out.split()]
    # A sender that finds every waiting channel served by another ends early: the rest is ours.
    while (row := queue.claim(engine, later(1), LEASE)) is not None:
        keys.append(row.key)
        queue.mark_sent(engine, row.id, f"{row.id}.0", later(1))
    assert sorted(keys) == sorted(f"k{i}" for i in range(200))
    assert set(status(engine).values()) == {"sent"}


def test_workers_never_serve_one_channel_together(engine: Engine) -> None:
    for i in range(12):
        put(engine, f"k{i}")
    got: list[str] = []
    start = threading.Barrier(4)

    def run() -> None:
        start.wait()
        row = claim(engine)
        if row is not None:
            got.append(row.key)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert got == ["k0"]


# --- inbox ------------------------------------------------------------------------------------


def receive(engine: Engine, event_id: str, **more: Any) -> bool:
    with writing(engine) as conn:
        return queue.receive(conn, **{"event_id": event_id, "kind": "mention", "now": NOW} | more)


def test_an_event_is_taken_in_once(engine: Engine) -> None:
    asked: dict[str, Any] = {"channel": "C1", "user": "U1", "ts": "1.1", "text": "how are we?"}
    assert receive(engine, "E1", **asked)
    assert not receive(engine, "E1", **asked)
    assert not receive(engine, "E2", **asked | {"kind": "message"})  # the same message
    assert receive(engine, "E3", **asked | {"kind": "action"})  # a button under it
    assert receive(engine, "E4", **asked | {"kind": "action"})
    row = queue.take(engine, NOW, LEASE)
    assert row is not None
    assert (row.event_id, row.text, row.user, row.payload) == ("E1", "how are we?", "U1", {})


def test_text_that_no_database_takes_is_made_storable(engine: Engine) -> None:
    receive(engine, "E1", text="a\x00b\ud800c", payload={"value": "\x00\ud800"})
    row = queue.take(engine, NOW, LEASE)
    assert row is not None
    assert row.text == "ab?c"


def test_a_question_whose_worker_died_is_taken_again_and_at_last_given_up(
    engine: Engine,
) -> None:
    receive(engine, "E1")
    for i in range(5):
        row = queue.take(engine, later(i * LEASE), LEASE)
        assert row is not None
        assert row.attempts == i + 1
        assert queue.take(engine, later((i + 1) * LEASE - 1), LEASE) is None
    assert queue.take(engine, later(5 * LEASE), LEASE) is None
    with reading(engine) as conn:
        assert [r.status for r in queue.unanswered(conn)] == ["failed"]
    assert queue.ask_again(engine, "E1")
    assert queue.take(engine, later(5 * LEASE), LEASE) is not None


def test_a_question_that_failed_is_tried_a_little_later(engine: Engine) -> None:
    receive(engine, "E1")
    assert queue.take(engine, NOW, LEASE) is not None
    assert queue.fail(engine, "E1", "KeyError", NOW, again=True)
    assert queue.take(engine, later(1), LEASE) is None
    with reading(engine) as conn:
        due = queue.next_due(conn, NOW)
    assert due is not None
    assert due > NOW
    assert queue.take(engine, due, LEASE) is not None
    assert queue.fail(engine, "E1", "KeyError", due, again=False)
    assert not queue.fail(engine, "E1", "KeyError", due, again=False)
    assert queue.take(engine, later(9_000), LEASE) is None


def test_answering_and_its_answer_are_one_transaction(engine: Engine) -> None:
    receive(engine, "E1")
    row = queue.take(engine, NOW, LEASE)
    assert row is not None

    def answer(fail: bool) -> None:
        with writing(engine) as conn:
            queue.put(conn, key="answer|E1", kind="card", channel="C1", payload={}, not_before=NOW)
            queue.done(conn, "E1", NOW)
            if fail:
                raise RuntimeError

    with pytest.raises(RuntimeError):
        answer(True)
    assert status(engine) == {}
    answer(False)
    with reading(engine) as conn:
        assert queue.unanswered(conn) == []
    assert queue.take(engine, later(9_000), LEASE) is None


def test_one_question_of_a_person_at_a_time(engine: Engine) -> None:
    for i, (channel, user) in enumerate([("C1", "U1"), ("C1", "U1"), ("C1", "U2"), ("C2", "U1")]):
        receive(engine, f"E{i}", channel=channel, user=user, now=later(i))
    taken = [queue.take(engine, later(9), LEASE) for _ in range(4)]
    assert [row.event_id if row else None for row in taken] == ["E0", "E2", "E3", None]
    with reading(engine) as conn:
        assert queue.next_due(conn, later(9)) is None
    with writing(engine) as conn:
        queue.done(conn, "E0", later(9))
    row = queue.take(engine, later(9), LEASE)
    assert row is not None
    assert row.event_id == "E1"


def test_three_workers_take_each_event_once(engine: Engine) -> None:
    for i in range(60):
        receive(engine, f"E{i}", channel=f"C{i}", user="U1", ts=f"{i}.0")
    got: list[str] = []

    def run() -> None:
        own = open_store(engine.url.render_as_string(hide_password=False))
        misses = 0
        while misses < 3:
            row = queue.take(own, NOW, LEASE)
            if row is None:
                misses += 1
            else:
                got.append(row.event_id)
        own.dispose()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(60)
    assert sorted(got) == sorted(f"E{i}" for i in range(60))


# --- what was told, asked for and seen ---------------------------------------------------------


def finding(metric: str, when: Period, release: int) -> Finding:
    latest = Result("cedar-unit", metric, when, "ok", 80.0, release=release)
    return Finding(
        service=Service("cedar-unit", "Cedar Unit"),
        metric=metric,
        latest=latest,
        series=Series("cedar-unit", metric, (latest,)),
        comparable=None,
        verdict=Verdict("none", "", "", "ptd", 1),
    )


def test_what_was_told_is_told_by_revision(engine: Engine) -> None:
    first, corrected = finding("wait", JAN, 1), finding("wait", JAN, 2)
    with writing(engine) as conn:
        assert queue.tell(conn, "C1", [(first, "improvement")], "headline", "k", NOW) == 1
        assert queue.tell(conn, "C1", [(first, "improvement")], "covered", "k", NOW) == 0
        told = queue.told(conn, "C1")
        assert told == {("cedar-unit", "wait", JAN, 1): "headline"}
        assert queue.told(conn, "C2") == {}
        assert queue.tell(conn, "C1", [(corrected, "signal")], "headline", "k2", NOW) == 1
        assert len(queue.told(conn, "C1")) == 2


def test_recent_headlines_are_newest_first_and_some_for_each_service(engine: Engine) -> None:
    with writing(engine) as conn:
        for i, kind in enumerate(["a", "b", "c", "d"]):
            role = "concern" if kind == "c" else "headline"
            queue.tell(conn, "C1", [(finding("wait", FEB, i), kind)], role, "k", later(i))
        queue.tell(conn, "C1", [(finding("wait", JAN, 9), "x")], "thread", "k", later(9))
        assert [k for _, _, k in queue.recent(conn, "C1")] == ["d", "c", "b"]
        assert queue.recent(conn, "C1", 1) == [("cedar-unit", "wait", "d")]


def test_why_it_matters_is_told_once_and_a_channel_considered_once_a_day(
    engine: Engine,
) -> None:
    with writing(engine) as conn:
        assert queue.explain(conn, "C1", "wait", NOW)
        assert not queue.explain(conn, "C1", "wait", later(1))
        assert queue.explained(conn, "C1") == {"wait"}
        assert not queue.considered(conn, "C1", NOW.date())
        assert queue.consider(conn, "C1", NOW.date(), "nothing new", NOW)
        assert not queue.consider(conn, "C1", NOW.date(), "again", NOW)
        assert queue.considered(conn, "C1", NOW.date())
        assert not queue.considered(conn, "C1", NOW.date() + timedelta(days=1))


def test_a_concern_on_its_way(engine: Engine) -> None:
    raised: dict[str, Any] = {
        "channel": "C1",
        "service": "cedar-unit",
        "metric": "wait",
        "period": JAN,
        "release": 1,
        "message": Message("concern", "h", ("b",), "f"),
        "lead_key": "lead|1",
        "due_at": later(100),
        "now": NOW,
    }
    with writing(engine) as conn:
        number = queue.raise_concern(conn, **raised)
        assert number is not None
        assert queue.raise_concern(conn, **raised) is None
        assert queue.concerns_due(conn, later(99)) == []
        assert [c.id for c in queue.concerns_due(conn, later(100))] == [number]
        assert queue.set_line(conn, number, "We know why.", "U0LEAD", NOW)
        assert queue.hold_concern(conn, number, later(500), "a rota is changing", "U0LEAD", NOW)
        assert queue.concerns_due(conn, later(499)) == []
        (found,) = queue.concerns_due(conn, later(500))
        assert message_from(found.message).headline == "h"
        assert (found.line, found.line_by, found.hold_reason, found.held_by) == (
            "We know why.",
            "U0LEAD",
            "a rota is changing",
            "U0LEAD",
        )
        assert (found.start, found.end, found.goes_at) == (JAN.start, JAN.end, later(500))
        assert [c.id for c in queue.open_concerns(conn, "C1")] == [number]
        assert queue.close_concern(conn, number, "posted", later(500))
        assert not queue.close_concern(conn, number, "withdrawn", later(501))
        assert not queue.set_line(conn, number, "too late", "U0LEAD", NOW)
        assert not queue.hold_concern(conn, number, later(999), "too late", "U0LEAD", NOW)
        closed = queue.concern(conn, number)
        assert closed is not None
        assert closed.state == "posted"
        assert queue.concerns_due(conn, later(9_000)) == queue.open_concerns(conn) == []
        assert queue.concern(conn, -1) is None


def test_what_a_channel_asked_for(engine: Engine) -> None:
    with writing(engine) as conn:
        assert queue.cadence(conn, "C1") == queue.Cadence()
        queue.set_cadence(conn, "C1", min_days=28, user="U1", now=NOW)
        queue.mute(conn, "C1", "wait", "U2", NOW)
        queue.mute(conn, "C1", "small", "U2", NOW)
        queue.unmute(conn, "C1", "wait", "U3", NOW)
        assert queue.cadence(conn, "C1") == queue.Cadence(28, frozenset({"small"}), "U3")
        assert queue.cadence(conn, "C2") == queue.Cadence()


def test_what_a_conversation_was_about(engine: Engine) -> None:
    with writing(engine) as conn:
        assert queue.thread_state(conn, "C1", "1.1") is None
        asked = Question("card", "wait", services=("cedar-unit",), period=JAN)
        queue.remember_thread(conn, "C1", "1.1", asked, NOW)
        queue.remember_thread(conn, "C1", None, {"options": ["a"]}, NOW)
        assert queue.thread_state(conn, "C1", "1.1")["period"] == {
            "start": "2026-01-01",
            "end": "2026-01-31",
        }
        queue.remember_thread(conn, "C1", "1.1", {"metric": "small"}, NOW)
        assert queue.thread_state(conn, "C1", "1.1") == {"metric": "small"}
        assert queue.thread_state(conn, "C1", None) == {"options": ["a"]}


def test_settings_heartbeats_and_files(engine: Engine) -> None:
    with writing(engine) as conn:
        assert queue.setting(conn, "pause") is None
        queue.set_setting(conn, "pause", {"reason": "moving house"}, NOW)
        assert queue.setting(conn, "pause") == {"reason": "moving house"}
        queue.set_setting(conn, "pause", None, NOW)
        assert queue.setting(conn, "pause") is None
        assert queue.last_beat(conn, "tick") is None
        queue.beat(conn, "tick", NOW)
        queue.beat(conn, "tick", later(30), "2 files")
        assert queue.last_beat(conn, "tick") == later(30)
        stamp = 1_790_000_000_123_456_789
        assert not queue.seen(conn, "in/a.csv", stamp, 10)
        queue.saw(conn, "in/a.csv", stamp, 10, "refused", "It has no header.", NOW)
        assert queue.seen(conn, "in/a.csv", stamp, 10)
        assert not queue.seen(conn, "in/a.csv", stamp + 1, 10)
        assert not queue.seen(conn, "in/a.csv", stamp, 11)


@pytest.mark.parametrize("do", [queue.mark_failed, queue.mark_unknown])
def test_marking_what_is_not_there_changes_nothing(
    sqlite_engine: Engine, do: Callable[..., bool]
) -> None:
    assert not do(sqlite_engine, 99, "no")
    assert not queue.retry_at(sqlite_engine, 99, NOW, "no")
    assert not queue.mark_sent(sqlite_engine, 99, "1.1", NOW)
