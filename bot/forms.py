"""Which form does a button open, and what becomes of one that was filled in?

A form is opened by the listener, since Slack waits three seconds for it. A filled one comes through
the inbox like a question, and its answer goes to the person in private.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from auditbot.act import concern, dispute, learn
from auditbot.ask import guard
from auditbot.house import House
from auditbot.model import Button, Message, message_from
from auditbot.say import digest
from auditbot.store import queue
from auditbot.store.engine import reading, writing
from auditbot.store.queue import Incoming
from auditbot.viewer import Viewer
from bot.clock import working_days_after
from bot.settings import local
from bot.slack.listeners import Arrival

DAY_ENDS = 18  # o'clock: an answer that is due on a day is due by then


def pressed(house: House, press: Arrival | Incoming) -> Button | None:
    """The button somebody pressed. Behind the dots, the message itself knows its value."""
    payload: Mapping[str, Any] = press.payload
    if payload.get("place") is None:
        return Button("", payload["action"], payload.get("value", ""))
    with reading(house.engine) as conn:
        sent = queue.by_ts(conn, press.ts or "", press.channel)
    if sent is None:
        return Button("", payload["action"], "")
    more = message_from(sent.payload).more
    place = int(payload["place"])
    return more[place] if place < len(more) and more[place].action == payload["action"] else None


def about(house: House, press: Arrival, now: datetime) -> dict[str, Any] | None:
    """What the form that a press opens is about; None when it is not for them, which they are told."""
    button = pressed(house, press)
    known = _object(button.value) if button else {}
    action, user = press.payload["action"], press.user
    refused = ""
    if action == "teach":
        refused = "" if learn.may_teach(house.roles, user) else "teach_not_yours"
        known["reading"] = learn.overview(house) if not refused else None
    elif action == "dispute":
        refused = "" if dispute.figure_of(known) else "old_button"
        known["channel"] = press.channel
    elif action == "answer_dispute":
        may = dispute.may_close(house, user, _number(known, "dispute"))
        refused = "" if may else "dispute_not_yours"
    elif not concern.may_hold(house.engine, house.roles, user, _number(known, "concern")):
        refused = "not_for_you"
    if not refused:
        return known
    with writing(house.engine) as conn:
        queue.put_message(
            conn,
            key=f"answer|{press.event_id}",
            channel=user,
            message=digest.notice(house.words, refused),
            not_before=now,
        )
    return None


def submitted(
    house: House, row: Incoming, seen_in: Callable[[str], Viewer], now: datetime
) -> Message:
    """What becomes of a filled form, and what to tell the person.

    `seen_in` gives the viewer that the person is in a channel. Words that the guard flagged are
    refused with all that came with them.
    """
    form, text, known = row.payload["form"], row.text or "", row.payload
    if row.flag is not None:
        code = "harm_not_taken" if row.flag == "harm" else "words_not_taken"
        return digest.notice(house.words, code)
    if form == "dispute":
        return _disputed(house, row, seen_in, now)
    if form == "answer_dispute":
        return dispute.close(
            house,
            _number(known, "dispute"),
            outcome=str(known.get("outcome")),
            line=text,
            user=row.user,
            now=now,
        )
    if form == "teach":
        phrase, _, means = text.partition("\n")
        return learn.teach(house, phrase=phrase, means=means, user=row.user, now=now)
    number = _number(known, "concern")
    if form == "add_line":
        return concern.add_line(
            house.engine, house.words, house.roles, number, row.user, text, now, house.zone
        )
    return _held(house, row, number, now)


def words_shown(house: House, row: Incoming, now: datetime) -> Message:
    """Somebody lets the audit team see what they asked: the words are looked up and guarded again."""
    with reading(house.engine) as conn:
        asked = queue.incoming(conn, learn.question_of(row.payload.get("value", "")))
    words = asked.text if asked is not None else None
    return learn.show_words(
        house,
        words,
        own=asked is not None and asked.user == row.user,
        flagged=words is not None and guard.check(words) is not None,
        now=now,
    )


def _disputed(
    house: House, row: Incoming, seen_in: Callable[[str], Viewer], now: datetime
) -> Message:
    figure = dispute.figure_of(row.payload)
    channel = str(row.payload.get("channel", ""))
    own = {s for b in house.bindings if b.channel == channel for s in b.services}
    today = now.astimezone(house.zone).date()
    return dispute.raise_dispute(
        house,
        seen_in(channel),
        figure,
        reason=str(row.payload.get("reason")),
        line=row.text or "",
        user=row.user,
        in_own_channel=figure is not None and figure[0] in own,
        now=now,
        lapses_at=local(working_days_after(today, dispute.WORKING_DAYS), DAY_ENDS, house.zone),
    )


def _held(house: House, row: Incoming, number: int, now: datetime) -> Message:
    with reading(house.engine) as conn:
        found = queue.concern(conn, number)
    due = (found.due_at if found else now).astimezone(house.zone)
    day = working_days_after(due.date(), int(row.payload.get("days", 1)))
    return concern.hold(
        house.engine,
        house.words,
        house.roles,
        number,
        row.user,
        row.text or "",
        local(day, due.hour, house.zone),
        now,
    )


def _object(value: str) -> dict[str, Any]:
    try:
        read = json.loads(value)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def _number(known: Mapping[str, Any], name: str) -> int:
    """The number of what a button or form is about; -1, which nothing has, where there is none."""
    found = known.get(name)
    return found if isinstance(found, int) else -1
