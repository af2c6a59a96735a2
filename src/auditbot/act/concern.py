"""What becomes of a confirmed concern? The lead first, the channel a working day later.

The lead may add one signed line, or hold it for up to five working days with a reason, and cannot
drop it. It goes to the channel by itself when its time has come.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from auditbot.model import Binding, Finding, Message, Roles, message_from
from auditbot.say import digest
from auditbot.say.markup import mention
from auditbot.say.words import Words
from auditbot.store import queue
from auditbot.store.engine import reading, writing
from auditbot.store.queue import Concern

LONGEST_LINE = 200


def first_readers(roles: Roles | None) -> tuple[str, ...]:
    """Who hears first: the lead, else the deputy, else the audit team; nobody may be named."""
    if roles is None:
        return ()
    return roles.lead or roles.deputy or roles.audit_team


def begin(
    conn: Connection,
    binding: Binding,
    roles: Roles | None,
    found: Finding,
    for_lead: Message,
    for_channel: Message,
    now: datetime,
    due_at: datetime,
) -> bool:
    """Tell the lead in private now, and set the channel's turn. False when it was begun before."""
    readers = first_readers(roles)
    latest = found.latest
    key = f"concern-lead|{binding.channel}|{found.service.id}|{found.metric}|{latest.period.end}|{latest.release}"
    number = queue.raise_concern(
        conn,
        channel=binding.channel,
        service=found.service.id,
        metric=found.metric,
        period=found.latest.period,
        release=found.latest.release,
        message=asdict(for_channel),
        lead_key=key,
        due_at=due_at,
        now=now,
    )
    if number is None:
        return False
    value = json.dumps({"concern": number})
    own = tuple(
        replace(b, value=value) if b.action in ("add_line", "hold") else b for b in for_lead.buttons
    )
    for i, user in enumerate(readers):
        queue.put_message(
            conn,
            key=key if i == 0 else f"{key}|{user}",
            channel=user,
            message=replace(for_lead, buttons=own),
            not_before=now,
        )
    return True


def may_hold(engine: Engine, roles: Mapping[str, Roles], user: str, value: str) -> bool:
    """May this person hold, or add to, the concern a button names?"""
    with reading(engine) as conn:
        found = queue.concern(conn, _number(value))
    return found is not None and _may(roles, user, found)


def add_line(
    engine: Engine,
    words: Words,
    roles: Mapping[str, Roles],
    number: int,
    user: str,
    line: str,
    now: datetime,
    zone: ZoneInfo,
) -> Message:
    """One line of context, shown with the lead's name. Answers what became of it."""
    line = " ".join(line.split())
    with writing(engine) as conn:
        found = queue.concern(conn, number)
        if found is None or not _may(roles, user, found):
            return digest.notice(words, "not_for_you", {})
        if found.state not in ("waiting", "held"):
            return digest.notice(words, "line_late", {"channel": mention("channel", found.channel)})
        if not line or len(line) > LONGEST_LINE:
            return digest.notice(words, "line_too_long", {"limit": LONGEST_LINE})
        queue.set_line(conn, number, line, user, now)
    goes = (found.held_until or found.due_at).astimezone(zone)
    facts = {
        "channel": mention("channel", found.channel),
        "when": digest.when(words, goes, now.astimezone(zone).date()),
        "by": mention("user", user),
    }
    return digest.notice(words, "line_saved", facts)


def hold(
    engine: Engine,
    words: Words,
    roles: Mapping[str, Roles],
    number: int,
    user: str,
    reason: str,
    until: datetime,
    now: datetime,
) -> Message:
    """Hold it until an instant: five working days after it was due at most, says the form."""
    reason = " ".join(reason.split())
    with writing(engine) as conn:
        found = queue.concern(conn, number)
        if found is None or not _may(roles, user, found):
            return digest.notice(words, "not_for_you", {})
        if found.state not in ("waiting", "held"):
            return digest.notice(words, "line_late", {"channel": mention("channel", found.channel)})
        if not reason:
            return digest.notice(words, "hold_reason", {})
        queue.hold_concern(conn, number, until, reason, user, now)
    return digest.notice(
        words, "held", {"until": until.date(), "channel": mention("channel", found.channel)}
    )


def pass_on(conn: Connection, words: Words, found: Concern, now: datetime) -> None:
    """Give it to the channel, with the lead's line if there is one."""
    message = message_from(found.message)
    if found.line:
        said = words.render(
            "concern", "line", {"by": mention("user", found.line_by), "line": found.line}
        )
        message = replace(message, body=(*message.body, said))
    key = f"concern|{found.id}"
    queue.put_message(conn, key=key, channel=found.channel, message=message, not_before=now)
    queue.close_concern(conn, found.id, "posted", now)


def _may(roles: Mapping[str, Roles], user: str, found: Concern) -> bool:
    role = roles.get(found.service)
    return role is not None and user in (*role.lead, *role.deputy)


def _number(value: str) -> int:
    try:
        return int(json.loads(value)["concern"])
    except (ValueError, TypeError, KeyError):
        return -1
