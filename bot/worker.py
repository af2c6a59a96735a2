"""Who does the work that was written down? Answers questions, sends messages, settles doubts.

Any number of workers may run: each claims one row at a time, under a lease, from the inbox or the
outbox. Nothing is kept in memory that a crash would lose.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from auditbot.act import follow, learn
from auditbot.ask import answer, guard
from auditbot.house import House, viewer_of
from auditbot.model import Binding, Button, Message, message_from
from auditbot.say import digest
from auditbot.store import load, queue
from auditbot.store.engine import reading, writing
from auditbot.store.queue import Incoming, Outgoing
from auditbot.viewer import Viewer, in_person
from bot import forms
from bot.slack import audience, post
from bot.slack.listeners import Arrival
from bot.slack.post import Client

log = structlog.get_logger()

ATTEMPTS = 5  # then a person is told
BACKOFF = 20.0  # seconds, times the attempt
UNASKED = ("digest", "further", "concern", "concern_lead", "signal")  # what a pause stops
FOR_CHANNELS = ("digest", "further", "concern", "correction")  # what only a bound channel gets
DIRECT = "direct"  # the talk of a person with us in private
FIGURE = ("state", "value", "level", "numerator", "denominator")


@dataclass(frozen=True)
class Desk:
    """What a worker has in front of it."""

    house: House
    posting: Client  # never repeats a post
    asking: Client  # for everything else
    now: Callable[[], datetime]
    lease_seconds: float = 60.0
    pace_seconds: float = 1.1


def keep(house: House, arrival: Arrival, now: datetime) -> None:
    """Write one event to the inbox. Text that a guard flags is never written.

    In a form that goes for a person's name too: it is for other people to read.
    """
    flag = guard.check(arrival.text) if arrival.text else None
    silent = flag is not None and (flag.kind in guard.NEVER_KEPT or arrival.kind == "submit")
    with writing(house.engine) as conn:
        queue.receive(
            conn,
            event_id=arrival.event_id,
            kind=arrival.kind,
            channel=arrival.channel,
            channel_type=arrival.channel_type,
            user=arrival.user,
            ts=arrival.ts,
            thread_ts=arrival.thread_ts,
            text=None if silent else arrival.text,
            flag=flag.kind if flag else None,
            payload=dict(arrival.payload),
            now=now,
        )


def work_through(desk: Desk, *, wait_for: float = 0.0) -> list[int]:
    """Do everything that is due; returns the outbox ids of the messages it sent.

    With `wait_for`, a queue that merely waits for its pace or for Slack's own limit is waited for,
    at most that many seconds at a time.
    """
    sent: list[int] = []
    while True:
        began = desk.now()
        if answer_next(desk):
            continue
        done = send_next(desk)
        if done is not None:
            sent += [done] if done else []
            continue
        with reading(desk.house.engine) as conn:
            without = UNASKED if queue.setting(conn, "pause") else ()
            due = queue.next_due(conn, began, without=without)
        if due is None or due <= began:
            return sent  # nothing, or due before we asked and yet not ours to take
        pause = (due - desk.now()).total_seconds()
        if pause > wait_for:
            return sent
        time.sleep(max(pause, 0.02))


def send_next(desk: Desk) -> int | None:
    """Claim and send one message. Its id when it was sent, 0 when not, None when nothing is due."""
    engine, now = desk.house.engine, desk.now()
    paused = _paused(desk)
    if paused.get("all"):
        return None
    row = queue.claim(engine, now, desk.lease_seconds, without=UNASKED if paused else ())
    if row is None:
        return None
    bound = _still_bound(desk.house, row, now)
    if bound:
        queue.mark_failed(engine, row.id, bound)
        return 0
    if not queue.held(engine, row, desk.now()):
        return 0  # too slow: the lease has passed, and somebody else settles it
    outcome = post.post(
        desk.posting,
        message_from(row.payload),
        channel=row.channel,
        marker=row.marker,
        thread_ts=row.thread_ts,
    )
    now = desk.now()
    queue.allow_after(engine, row.channel, now + timedelta(seconds=desk.pace_seconds))
    if outcome.state == "sent":
        queue.mark_sent(
            engine, row.id, outcome.ts, now, outcome.payload or {}, posted_in=outcome.channel
        )
        log.info("sent", kind=row.kind, channel=row.channel, ts=outcome.ts)
        return row.id
    log.warning(
        "not_sent", kind=row.kind, channel=row.channel, state=outcome.state, error=outcome.error
    )
    if outcome.state == "wait":
        until = now + timedelta(seconds=outcome.wait)
        queue.allow_after(engine, row.channel, until)
        queue.retry_at(engine, row.id, until, outcome.error, counted=False)
    elif outcome.state == "unknown":
        queue.mark_unknown(engine, row.id, outcome.error)
    elif outcome.state == "unreached" and row.attempts < ATTEMPTS:
        queue.retry_at(
            engine, row.id, now + timedelta(seconds=BACKOFF * row.attempts), outcome.error
        )
    else:
        queue.mark_failed(engine, row.id, outcome.error)
    return 0


def settle(desk: Desk) -> None:
    """Sort out posts whose answer was lost, at least one lease after they were tried.

    With the history scope the channel itself tells. Without it they stay listed for a person: to
    post again blindly is how others come to post twice.
    """
    engine, now = desk.house.engine, desk.now()
    queue.expired(engine, now)
    with reading(engine) as conn:
        doubtful = queue.unknown(conn, before=now - timedelta(seconds=desk.lease_seconds))
    for row in doubtful:
        found, ts = post.settle(
            desk.asking,
            channel=row.posted_in or row.channel,
            marker=row.marker,
            since=row.created_at - timedelta(minutes=1),
        )
        if found == "found":
            queue.mark_sent(engine, row.id, ts, now, {}, posted_in=row.posted_in)
        elif found == "absent":
            queue.retry_at(engine, row.id, now, "not found in the channel's history")


def answer_next(desk: Desk) -> bool:
    """Take one event from the inbox and answer it. False when none is waiting."""
    engine = desk.house.engine
    if _paused(desk).get("all"):
        return False
    row = queue.take(engine, desk.now(), desk.lease_seconds)
    if row is None:
        return False
    asked = row.kind in ("mention", "message") and bool(row.channel and row.ts)
    if asked:  # seen within a second, however long the answer takes
        post.mark(desk.posting, row.channel, row.ts or "", on=True)
    try:
        message = _answer(desk, row)
        with writing(engine) as conn:
            if message is not None:
                queue.put_message(
                    conn,
                    key=f"answer|{row.event_id}",
                    channel=row.channel or row.user,
                    message=message,
                    not_before=desk.now(),
                    thread_ts=_thread_of(row),
                )
            queue.done(conn, row.event_id, desk.now())
    except Exception as e:
        log.exception("answer_failed", kind=row.kind, id=row.event_id)
        if row.attempts < ATTEMPTS:
            queue.fail(engine, row.event_id, type(e).__name__, desk.now(), again=True)
        else:
            queue.fail(engine, row.event_id, type(e).__name__, desk.now(), again=False)
            with writing(engine) as conn:
                queue.put_message(
                    conn,
                    key=f"sorry|{row.event_id}",
                    channel=row.channel or row.user,
                    message=digest.notice(desk.house.words, "failed", {}),
                    not_before=desk.now(),
                    thread_ts=_thread_of(row),
                )
    finally:
        if asked:
            post.mark(desk.posting, row.channel, row.ts or "", on=False)
    return True


def _paused(desk: Desk) -> dict[str, Any]:
    """What an operator paused: nothing, what is sent unasked, or all."""
    with reading(desk.house.engine) as conn:
        return queue.setting(conn, "pause") or {}


def _talks(row: Incoming) -> tuple[str, ...]:
    """What a follow-up follows: the thread, and in direct messages, where few thread, the last talk."""
    thread = row.thread_ts or row.ts or ""
    if row.channel_type == "im" or row.channel.startswith("D"):
        return (thread, DIRECT) if thread else (DIRECT,)
    return (thread,)


def _thread_of(row: Incoming) -> str | None:
    if row.kind in ("mention", "message", "action"):
        return row.thread_ts or row.ts or None
    return None


def _answer(desk: Desk, row: Incoming) -> Message | None:
    house, now = desk.house, desk.now()
    if row.kind == "joined":
        return _introduction(house, row, now)
    if row.kind == "submit":
        return forms.submitted(house, row, lambda channel: _viewer_in(desk, row, channel), now)
    if row.kind == "command":
        return _commanded(desk, row)
    binding = _binding(house, row.channel)
    viewer = _viewer(desk, row, binding)
    if row.kind == "action":
        button = forms.pressed(house, row)
        if button is None:
            return None
        if button.action == "show_words":
            told = forms.words_shown(house, row, now)
            with writing(house.engine) as conn:  # in private: it is between them and the audit team
                key = f"answer|{row.event_id}"
                queue.put_message(conn, key=key, channel=row.user, message=told, not_before=now)
            return None
        if button.action == "less_often":
            return follow.less_often(house.engine, house.words, row.channel, row.user, now)
        return _reply(desk, row, binding, viewer, button=button)
    return _reply(desk, row, binding, viewer)


def _commanded(desk: Desk, row: Incoming) -> Message:
    """A slash command: what its place is bound to is meant by "we", what the person may see is shown.

    The answer is a direct message. One shown in passing to the asker alone has no time stamp, is
    gone with the next start of Slack and cannot be followed up; in the channel it would be everybody's.
    """
    binding = _binding(desk.house, str(row.payload.get("typed_in", "")))
    row = replace(row, channel=audience.room_of(desk.asking, row.user), channel_type="im")
    helped = None if row.text or row.flag else Button("", "ask_list")
    return _reply(desk, row, binding, _viewer(desk, row, None), button=helped)


def _reply(
    desk: Desk,
    row: Incoming,
    binding: Binding | None,
    viewer: Viewer,
    button: Button | None = None,
) -> Message:
    house, now = desk.house, desk.now()
    with reading(house.engine) as conn:
        left = (queue.thread_state(conn, row.channel, talk) for talk in _talks(row))
        before = next((state for state in left if state is not None), None)
        reply = answer.reply(
            conn,
            house.catalogue,
            house.words,
            viewer,
            text=row.text,
            flag=row.flag,
            button=button,
            bound=binding.services if binding else tuple(sorted(viewer.services)),
            audits=binding.audits if binding else (),
            roles=house.roles,
            before=before,
            today=now.astimezone(house.zone).date(),
            profile=house.profile,
            fictional=house.fictional,
        )
    with writing(house.engine) as conn:
        for talk in _talks(row):
            queue.remember_thread(conn, row.channel, talk, reply.state, now)
    if reply.fields["state"] != "unknown" or not row.text or viewer.audience == "guest":
        return reply.message
    return learn.not_understood(
        house, reply.message, reply.explain, text=row.text, event_id=row.event_id, now=now
    )


def _binding(house: House, channel: str) -> Binding | None:
    return next((b for b in house.bindings if b.channel == channel), None)


def _viewer_in(desk: Desk, row: Incoming, channel: str) -> Viewer:
    """The viewer that a person is in a channel where they pressed the button of a form."""
    there = replace(row, channel=channel, channel_type="")
    return _viewer(desk, there, _binding(desk.house, channel))


def _viewer(desk: Desk, row: Incoming, binding: Binding | None) -> Viewer:
    """Who sees the answer: the channel with everybody in it, or one person in private."""
    house, now = desk.house, desk.now()
    private_services = frozenset(s for s, r in house.roles.items() if r.private)
    kind = audience.of(
        desk.asking, row.channel, row.channel_type, row.user, bool(row.payload.get("shared"))
    )
    if kind == "direct":
        return in_person(row.user, house.roles, house.prerelease, now)
    if kind == "guest":
        return Viewer("guest", now, frozenset(), private_services)
    if binding is None:
        return Viewer("open", now, frozenset(), private_services)
    return Viewer(
        binding.audience,
        now,
        frozenset(binding.services),
        private_services,
        exact_own=house.exact_own,
    )


def _introduction(house: House, row: Incoming, now: datetime) -> Message | None:
    """Once a channel, whoever invites the bot again."""
    with writing(house.engine) as conn:
        if queue.exists(conn, f"intro|{row.channel}"):
            return None
        binding = _binding(house, row.channel)
        message = digest.intro(house.words, house.catalogue, binding, house.roles)
        queue.put_message(
            conn, key=f"intro|{row.channel}", channel=row.channel, message=message, not_before=now
        )
    return None


def _still_bound(house: House, row: Outgoing, now: datetime) -> str:
    """A reason not to send a queued message of figures any more, or nothing.

    Since it was queued the channel may have been bound to something else or opened to everybody,
    the service made private, or the approval of exact figures withdrawn.
    """
    if row.kind not in FOR_CHANNELS:
        return ""
    trail = row.trail or {}
    service = trail.get("service")
    bindings = [
        b
        for b in house.bindings
        if b.channel == row.channel and (service is None or service in b.services)
    ]
    if not bindings:
        return f"channel {row.channel} is no longer bound to {service}; it was not sent"
    if not _still_shown(house, viewer_of(house, bindings[0], now), trail):
        return f"channel {row.channel} may not see these figures of {service} any more; it was not sent"
    return ""


def _still_shown(house: House, viewer: Viewer, trail: dict[str, Any]) -> bool:
    """Does this viewer see the figure a message tells, in no less detail? A corrected one is another."""
    latest = (trail.get("evidence") or {}).get("latest")
    if latest is None:
        return True
    service = trail["service"]
    with reading(house.engine) as conn:
        series = load.series(conn, house.catalogue, viewer, trail["metric"], {service})
    when = (trail["start"], trail["end"])
    seen = [
        r
        for s in series.values()
        for r in s.results
        if (r.period.start.isoformat(), r.period.end.isoformat()) == when
    ]
    return any(
        r.release != latest["release"] or all(getattr(r, k) == latest[k] for k in FIGURE)
        for r in seen
    )
