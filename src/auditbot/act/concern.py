"""What becomes of a concern? Confirmed, it goes to the lead first and to the channel a working day
later; one that is but a signal goes to the lead alone.

The lead may add one signed line, or hold it for up to five working days with a reason, and cannot
drop it. It goes to the channel by itself when its time has come.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine

from auditbot.catalogue import Catalogue
from auditbot.house import Held, House, viewer_of
from auditbot.model import Binding, Finding, Message, Release, Roles, message_from
from auditbot.say import digest
from auditbot.say.choose import Pick
from auditbot.say.markup import mention
from auditbot.say.words import Words
from auditbot.store import load, queue
from auditbot.store.engine import reading, writing
from auditbot.store.queue import Concern

LONGEST_LINE = 200
MOST_LINES = 3  # further signals under the first


def lead_first(
    house: House,
    binding: Binding,
    concerns: Sequence[Pick],
    releases: Mapping[int, Release],
    now: datetime,
    due_at: datetime,
) -> list[Held]:
    """Confirmed concerns: to the lead in private now, to the channel at its next slot (`due_at`)."""
    held: list[Held] = []
    for picks in _together(house.catalogue, concerns):
        held += _tell_lead(house, binding, picks, releases, now, due_at)
    return held


def _tell_lead(
    house: House,
    binding: Binding,
    picks: Sequence[Pick],
    releases: Mapping[int, Release],
    now: datetime,
    due_at: datetime,
) -> list[Held]:
    pick, *also = picks
    found = pick.finding
    roles = house.roles.get(found.service.id)
    today = now.astimezone(house.zone).date()
    for_lead = digest.concern_for_lead(
        house.words,
        house.catalogue,
        pick,
        channel=mention("channel", binding.channel),
        goes=due_at.astimezone(house.zone),
        also=also,
        binding=binding,
        roles=roles,
        today=today,
        releases=releases,
        now=now,
        fictional=house.fictional,
    )
    for_channel = digest.concern_for_channel(
        house.words,
        house.catalogue,
        pick,
        also=also,
        binding=binding,
        roles=roles,
        today=due_at.astimezone(house.zone).date(),
        releases=releases,
        now=now,
        fictional=house.fictional,
    )
    with writing(house.engine) as conn:
        begun = _begin(conn, binding, roles, found, for_lead, for_channel, now, due_at)
        if begun:
            key = f"concern|{found.service.id}|{found.metric}"
            told = [(p.finding, p.kind) for p in picks]
            queue.tell(conn, binding.channel, told, "concern", key, now)
    if begun and not first_readers(roles):
        why = f"nobody is named to hear of {found.metric} first; it goes to the channel next"
        return [Held(binding.channel, found.service.id, why)]
    return []


def signals_to_lead(house: House, binding: Binding, signals: Sequence[Pick], now: datetime) -> None:
    """Concerns that are but signals: to the lead in private, once each, and nowhere else."""
    for picks in _together(house.catalogue, signals):
        found = picks[0].finding
        roles = house.roles.get(found.service.id)
        readers = first_readers(roles)
        if not readers:
            continue
        message = digest.signal_for_lead(
            house.words,
            house.catalogue,
            picks[0],
            roles=roles,
            today=now.astimezone(house.zone).date(),
            also=picks[1 : 1 + MOST_LINES],
            fictional=house.fictional,
        )
        latest = found.latest
        key = f"signal|{found.service.id}|{found.metric}|{latest.period.end}|{latest.release}"
        told = [(p.finding, p.kind) for p in picks]
        with writing(house.engine) as conn:
            for user in readers:
                queue.put_message(
                    conn, key=f"{key}|{user}", channel=user, message=message, not_before=now
                )
            queue.tell(conn, binding.channel, told, "signal", key, now)


def pass_on_due(house: House, now: datetime, speaking: Collection[str]) -> list[Held]:
    """Concerns whose time has come go to their channels, if the figures still say so.

    `speaking`: the channels that may hear something now; the others' wait for their hour.

    A figure corrected since the lead was told withdraws the concern: the corrected figure is new,
    and is judged afresh.
    """
    held: list[Held] = []
    by_channel = {b.channel: b for b in house.bindings}
    with reading(house.engine) as conn:
        due = [] if queue.setting(conn, "pause") else queue.concerns_due(conn, now)
    for c in due:
        if c.channel in by_channel and c.channel not in speaking:
            continue
        binding = by_channel.get(c.channel)
        if binding is None or c.service not in binding.services:
            why = "the channel is no longer bound to this service"
        else:
            why = _changed_since(house, binding, c, now)
        with writing(house.engine) as conn:
            if why:
                queue.close_concern(conn, c.id, "withdrawn", now)
                held.append(Held(c.channel, c.service, f"{why}; the concern was withdrawn"))
            else:
                _pass_on(conn, house.words, c, now)
    return held


def _changed_since(house: House, binding: Binding, c: Concern, now: datetime) -> str:
    viewer = viewer_of(house, binding, now)
    with reading(house.engine) as conn:
        series = load.series(conn, house.catalogue, viewer, c.metric, {c.service})
    of_period = [
        r
        for s in series.values()
        for r in s.results
        if (r.period.start, r.period.end) == (c.start, c.end)
    ]
    if of_period and of_period[0].release == c.release:
        return ""
    return f"the figure of {c.metric} was corrected meanwhile"


def _together(catalogue: Catalogue, picks: Sequence[Pick]) -> list[list[Pick]]:
    """Concerns of one service and audit are one message: the gravest, and a line for each other."""
    found: dict[tuple[str, str], list[Pick]] = {}
    for p in picks:
        audit = catalogue.metrics[p.finding.metric].audit
        found.setdefault((p.finding.service.id, audit), []).append(p)
    return list(found.values())


def first_readers(roles: Roles | None) -> tuple[str, ...]:
    """Who hears first: the lead, else the deputy, else the audit team; nobody may be named."""
    if roles is None:
        return ()
    return roles.lead or roles.deputy or roles.audit_team


def _begin(
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


def may_hold(engine: Engine, roles: Mapping[str, Roles], user: str, number: int) -> bool:
    """May this person hold, or add to, the concern of this number?"""
    with reading(engine) as conn:
        found = queue.concern(conn, number)
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
        found = _still_open(conn, words, roles, number, user)
        if isinstance(found, Message):
            return found
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
        found = _still_open(conn, words, roles, number, user)
        if isinstance(found, Message):
            return found
        if not reason:
            return digest.notice(words, "hold_reason", {})
        queue.hold_concern(conn, number, until, reason, user, now)
    return digest.notice(
        words, "held", {"until": until.date(), "channel": mention("channel", found.channel)}
    )


def _still_open(
    conn: Connection, words: Words, roles: Mapping[str, Roles], number: int, user: str
) -> Concern | Message:
    """The concern, if this person may act on it and it has not gone; else what to tell them."""
    found = queue.concern(conn, number)
    if found is None or not _may(roles, user, found):
        return digest.notice(words, "not_for_you", {})
    if found.state not in ("waiting", "held"):
        return digest.notice(words, "line_late", {"channel": mention("channel", found.channel)})
    return found


def _pass_on(conn: Connection, words: Words, found: Concern, now: datetime) -> None:
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
