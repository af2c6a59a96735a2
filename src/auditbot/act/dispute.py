"""What becomes of "this looks wrong"? The audit team checks it and answers, in private.

Anybody may dispute a figure that they may see. The audit team of the service answers it; where none
is named, deputy and lead do. Who raised it is told to nobody.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection

from auditbot.act.concern import LONGEST_LINE
from auditbot.house import Held, House
from auditbot.model import Button, Dispute, Doubt, Message, Period, Roles
from auditbot.say import digest
from auditbot.say.markup import mention, plain
from auditbot.store import dispute as store
from auditbot.store import load, queue
from auditbot.store.engine import reading, writing
from auditbot.viewer import Viewer, in_person

REASONS: tuple[Doubt, ...] = get_args(Doubt)
Outcome = Literal["right", "corrected"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
WORKING_DAYS = 10  # to answer in; the door knows which days those are


def raise_dispute(
    house: House,
    viewer: Viewer,
    figure: tuple[str, str, Period] | None,
    *,
    reason: str,
    line: str,
    user: str,
    in_own_channel: bool,
    now: datetime,
    lapses_at: datetime,
) -> Message:
    """Write down that a figure looks wrong and hand it to the audit team; what to tell the person.

    `figure` is (service, metric, period) as `figure_of` reads it off a button, `viewer` the person
    where they pressed it, `in_own_channel` whether that is a channel bound to the service. The same
    person and figure twice is one dispute. Nothing is kept of a figure the viewer may not see.
    """
    line = " ".join(line.split())
    if figure is None or reason not in REASONS:
        return digest.notice(house.words, "old_button")
    if len(line) > LONGEST_LINE:
        return digest.notice(house.words, "line_too_long", {"limit": LONGEST_LINE})
    service, metric, period = figure
    roles = house.roles.get(service)
    with writing(house.engine) as conn:
        name = _name_seen(conn, house, viewer, service, metric, period)
        if name is None:
            return digest.notice(house.words, "old_button")
        found, new = store.raise_dispute(
            conn,
            service=service,
            metric=metric,
            period=period,
            reason=reason,
            line=line,
            by_role=_role(roles, user, in_own_channel and viewer.audience != "guest"),
            user=user,
            now=now,
            lapses_at=lapses_at,
        )
        read = _hand(conn, house, found, now)
    code = ("dispute_raised" if new else "dispute_again") if read else "dispute_unread"
    due = found.lapses_at.astimezone(house.zone).date()
    facts = {"service": name, "due": due, "days": WORKING_DAYS}
    return _discreet(house, digest.notice(house.words, code, facts))


def hand_over(house: House, now: datetime) -> list[Held]:
    """See that everybody who may answer an open dispute has it; why some are with nobody yet.

    So a dispute raised while nobody was named, or before its readers might see the figure, reaches
    them in the end. A person is told of one once.
    """
    held: list[Held] = []
    with reading(house.engine) as conn:
        waiting = store.disputes(conn)
    for found in waiting:
        with writing(house.engine) as conn:
            told = _hand(conn, house, found, now)
        if not told:
            named = readers(house.roles.get(found.service))
            why = (
                "nobody who is named to answer it may see the figure yet"
                if named
                else "no audit team, deputy or lead is named to answer it"
            )
            held.append(
                Held("", found.service, f"{found.metric} looks wrong to somebody, and {why}")
            )
    return held


def close(
    house: House, number: int, *, outcome: str, line: str, user: str, now: datetime
) -> Message:
    """The audit team's answer, passed on to the person who asked; what to tell the one who answered.

    `outcome` is one of OUTCOMES. Of two who answer at once, the first one's answer stands.
    """
    line = " ".join(line.split())
    with writing(house.engine) as conn:
        found = store.dispute(conn, number)
        if found is None or not _may_close(house.roles, user, found):
            return digest.notice(house.words, "dispute_not_yours")
        facts = _facts(conn, house, user, found, now)
        if facts is None or outcome not in OUTCOMES:
            return digest.notice(house.words, "old_button")
        if not line:
            return digest.notice(house.words, "dispute_line")
        if len(line) > LONGEST_LINE:
            return digest.notice(house.words, "line_too_long", {"limit": LONGEST_LINE})
        asked = store.close_dispute(conn, number, answer=outcome, line=line, now=now)
        if asked is None:
            closed = store.dispute(conn, number)
            at = closed.closed_at if closed and closed.closed_at else now
            day = at.astimezone(house.zone).date()
            return digest.notice(house.words, "dispute_closed", {"day": day})
        said = facts | {"outcome": outcome, "line": line, "by": mention("user", user)}
        answer = _discreet(house, digest.notice(house.words, "dispute_answer", said))
        queue.put_message(
            conn,
            key=f"dispute-answer|{number}",
            channel=asked,
            message=replace(answer, kind="dispute_answer"),
            not_before=now,
            approver=user,
        )
    return digest.notice(house.words, "dispute_done")


def may_close(house: House, user: str, number: int) -> bool:
    """May this person answer the dispute of this number?"""
    with reading(house.engine) as conn:
        found = store.dispute(conn, number)
    return found is not None and _may_close(house.roles, user, found)


def readers(roles: Roles | None) -> tuple[str, ...]:
    """Who hears of a dispute and may answer it: the audit team, else deputy and lead."""
    if roles is None:
        return ()
    return roles.audit_team or tuple(dict.fromkeys((*roles.deputy, *roles.lead)))


def figure_of(about: Mapping[str, Any]) -> tuple[str, str, Period] | None:
    """(service, metric, period) that a button is about; None when it names no single figure."""
    try:
        period = Period(date.fromisoformat(about["start"]), date.fromisoformat(about["end"]))
        service, metric = about["service"], about["metric"]
    except (KeyError, TypeError, ValueError):
        return None
    return (service, metric, period) if service and metric else None


def _hand(conn: Connection, house: House, found: Dispute, now: datetime) -> bool:
    """Queue it for each reader who may see the figure; whether there is any. Nobody hears twice."""
    told = False
    for user in readers(house.roles.get(found.service)):
        key = f"dispute|{found.id}|{user}"
        if queue.exists(conn, key):
            told = True
            continue
        facts = _facts(conn, house, user, found, now)
        if facts is None:
            continue
        told = True
        message = _discreet(house, digest.notice(house.words, "dispute_to_check", facts))
        button = Button(
            house.words.get("button.answer_dispute"),
            "answer_dispute",
            json.dumps({"dispute": found.id}),
        )
        queue.put_message(
            conn,
            key=key,
            channel=user,
            message=replace(message, kind="dispute", buttons=(button,)),
            not_before=now,
        )
    return told


def _facts(
    conn: Connection, house: House, user: str, found: Dispute, now: datetime
) -> dict[str, Any] | None:
    """What may be said of a dispute to one of its readers; None when they may not see the figure."""
    viewer = in_person(user, house.roles, house.prerelease, now)
    name = _name_seen(conn, house, viewer, found.service, found.metric, found.period)
    if name is None:
        return None
    return {
        "metric": house.catalogue.metrics[found.metric].plain,
        "service": name,
        "period": found.period,
        "doubt": found.reason,
        "role": found.by_role,
        "line": found.line,
        "due": found.lapses_at.astimezone(house.zone).date(),
    }


def _name_seen(
    conn: Connection, house: House, viewer: Viewer, service: str, metric: str, period: Period
) -> str | None:
    """The service's name, if this viewer may see a result of it that ends with this period."""
    known = load.services(conn, viewer).get(service)
    series = load.series(conn, house.catalogue, viewer, metric, {service}).get(service)
    if known is None or series is None:
        return None
    shown = any(
        period.start <= r.period.start and r.period.end == period.end for r in series.results
    )
    return known.name if shown else None


def _role(
    roles: Roles | None, user: str, in_own_channel: bool
) -> Literal["service", "audit_team", "reader"]:
    """As whom they speak: the team's own word and the audit team's silence praise, others' do not."""
    if roles is not None and user in roles.audit_team:
        return "audit_team"
    if in_own_channel or (
        roles is not None and user in (*roles.lead, *roles.deputy, roles.champion)
    ):
        return "service"
    return "reader"


def _may_close(roles: Mapping[str, Roles], user: str, found: Dispute) -> bool:
    return user in readers(roles.get(found.service))


def _discreet(house: House, message: Message) -> Message:
    """The same with nothing on a lock screen that names a service, a measure or a finding."""
    quiet = house.words.render("notice", "dispute_quiet", {})
    return replace(message, fallback=plain(quiet))
