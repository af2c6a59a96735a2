"""THE PAGE TO READ FIRST: one turn, top to bottom.

    files -> ingest -> store -> analyse -> say -> outbox

Load and check what is new; work out findings; choose what is worth saying to each channel; put it
into words; queue it. Sending is the door's business, and so is knowing what time it is.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection, Engine

from auditbot.act import concern
from auditbot.analyse.findings import find
from auditbot.catalogue import Catalogue
from auditbot.ingest import Refused, take_in
from auditbot.layout import Layout
from auditbot.model import Binding, Finding, Message, Period, Publication, Release, Roles
from auditbot.say import digest
from auditbot.say.choose import Choice, Past, Pick, choose
from auditbot.say.markup import mention
from auditbot.say.words import Words
from auditbot.store import load, queue, save
from auditbot.store.engine import reading, writing
from auditbot.store.queue import Concern, Told
from auditbot.viewer import Viewer

log = structlog.get_logger()

FORTNIGHT = 14  # days between two digests of one channel, unless it asked for fewer


@dataclass(frozen=True)
class House:
    """Everything a turn needs, put together once by the door."""

    engine: Engine
    catalogue: Catalogue
    layouts: Mapping[str, Layout]
    words: Words
    zone: ZoneInfo
    profile: str = "ptd"
    bindings: tuple[Binding, ...] = ()
    roles: Mapping[str, Roles] = field(default_factory=dict)  # by service id
    prerelease: Mapping[str, frozenset[str]] = field(default_factory=dict)  # source -> user ids
    exact_own: bool = False
    fictional: bool = False  # a demonstration: every message says that its figures are made up


@dataclass(frozen=True, slots=True)
class File:
    """A file to load, and on what terms."""

    path: Path
    source: str | None = None
    publication: Publication = "public"
    publish_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A channel that hears nothing this time, and why."""

    channel: str
    service: str
    why: str


def turn(
    house: House,
    now: datetime,
    channels: Sequence[Binding],
    next_slot: Callable[[Binding, datetime], datetime],
    *,
    once_a_day: bool,
) -> tuple[Held, ...]:
    """Decide for each channel what it hears, queue it, and pass on concerns whose time has come.

    `next_slot(channel, now)` is the channel's hour on its next working day. With `once_a_day` a
    channel that was considered today is left alone. One bad channel never stops the others.
    Returns the channels that hear nothing, and why.
    """
    day = now.astimezone(house.zone).date()
    held: list[Held] = []
    for binding in channels:
        with reading(house.engine) as conn:
            if once_a_day and queue.considered(conn, binding.channel, day):
                continue
        try:
            why = tell(house, binding, now, next_slot(binding, now))
        except Exception as e:
            log.exception("channel_failed", channel=binding.channel)
            why = [Held(binding.channel, "", f"could not be worked out ({type(e).__name__})")]
        with writing(house.engine) as conn:
            queue.consider(conn, binding.channel, day, "; ".join(h.why for h in why), now)
        held += why
    held += pass_on_concerns(house, now, {b.channel for b in channels})
    return tuple(held)


def take(
    house: House, file: File, now: datetime, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Load one file; the report is that of `ingest --json`. A refused file leaves nothing behind."""
    report: dict[str, Any] = {
        "path": str(file.path),
        "source": file.source,
        "state": "refused",
        "periods": [],
        "services": 0,
        "results": 0,
        "not_numeric": 0,
        "refused_rows": [],
        "reason": "",
    }
    try:
        batch = take_in(file.path, house.layouts, house.catalogue, file.source)
        saved = save.save(
            house.engine,
            batch,
            now=now,
            publication=file.publication,
            publish_at=file.publish_at,
            progress=progress,
        )
    except Refused as e:
        log.warning("file_refused", file=file.path.name)
        return report | {"reason": str(e)}
    return report | {
        "source": batch.source,
        "state": saved.state,
        "periods": [{"start": str(p.start), "end": str(p.end)} for p in batch.periods],
        "services": len({s.service for s in batch.services}),
        "results": saved.results,
        "not_numeric": batch.not_numeric,
        "refused_rows": [
            {"row": r.row, "column": r.column, "value": r.value, "reason": r.reason}
            for r in batch.refusals
        ],
    }


def viewer_of(house: House, binding: Binding, now: datetime) -> Viewer:
    """A channel as the store sees it."""
    return Viewer(
        audience=binding.audience,
        now=now,
        services=frozenset(binding.services),
        private_services=frozenset(s for s, r in house.roles.items() if r.private),
        exact_own=house.exact_own,
    )


def findings_for(
    conn: Connection, house: House, binding: Binding, viewer: Viewer
) -> tuple[list[Finding], list[Held]]:
    """What the figures of a channel's services say, and whose figures must wait.

    A service with refused rows in its newest file gets no digest from it.
    """
    services = load.services(conn, viewer)
    refused = load.refused_services(conn)
    findings: list[Finding] = []
    held: list[Held] = []
    wanted = {s for s in binding.services if s in services}
    held += [
        Held(binding.channel, s, "no results are loaded for this service")
        for s in binding.services
        if s not in services
    ]
    for audit in binding.audits or tuple(house.catalogue.audits):
        metrics = house.catalogue.by_audit.get(audit, ())
        series = {m.id: load.series(conn, house.catalogue, viewer, m.id, wanted) for m in metrics}
        breaks = tuple(b.after for b in house.catalogue.audits[audit].breaks)
        for service in sorted(wanted):
            own = {
                m: by_service[service] for m, by_service in series.items() if service in by_service
            }
            for metric in metrics:
                if metric.id not in own or not metric.verified:
                    continue
                found = find(
                    services[service],
                    metric,
                    own[metric.id],
                    profile=house.profile,
                    companions=own,
                    breaks=breaks,
                )
                if found is None:
                    continue
                if (found.latest.release, service) in refused:
                    held.append(
                        Held(
                            binding.channel,
                            service,
                            f"some rows of its newest file were refused ({metric.id})",
                        )
                    )
                    continue
                findings.append(found)
    return findings, list(dict.fromkeys(held))


def tell(house: House, binding: Binding, now: datetime, next_slot: datetime) -> list[Held]:
    """Decide what one channel hears, and queue it. Returns why it hears nothing, if so.

    A confirmed concern goes its own way, to the service's lead first, whatever the digest says.
    """
    channel = binding.channel
    viewer = viewer_of(house, binding, now)
    with reading(house.engine) as conn:
        paused = queue.setting(conn, "pause")
        findings, held = findings_for(conn, house, binding, viewer)
        releases = load.releases(conn, viewer)
        told = queue.told(conn, channel)
        recent = [Past(*p) for p in queue.recent(conn, channel)]
        explained = queue.explained(conn, channel)
        cadence = queue.cadence(conn, channel)
        last = queue.last_queued(conn, channel, "digest")
    if paused:
        return [Held(channel, "", f"paused: {paused.get('reason') or 'no reason given'}")]
    findings = [f for f in findings if f.metric not in cadence.muted]
    if not findings:
        return held or [Held(channel, "", "no results are loaded for its services and audits")]
    choice = choose(
        findings,
        catalogue=house.catalogue,
        told=_told_now(findings, told),
        explained=explained,
        every_release=binding.every_release,
        first=last is None,
        recent=recent,
    )
    if choice is None:
        return [*held, Held(channel, "", "nothing new to say")]
    for picks in _together(house.catalogue, choice.concerns):
        held += lead_first(house, binding, picks, releases, now, next_slot)
    if choice.pick is None:
        return [*held, Held(channel, "", "nothing to say beside what the lead hears first")]
    days = max(FORTNIGHT, cadence.min_days)
    if last is not None and now - last < timedelta(days=days):
        return [
            *held,
            Held(channel, "", f"its last digest was less than {days} days ago; rolled up"),
        ]
    message = digest.digest(
        house.words,
        house.catalogue,
        choice,
        binding=binding,
        roles=house.roles.get(choice.pick.finding.service.id),
        today=now.astimezone(house.zone).date(),
        releases=releases,
        now=now,
        fictional=house.fictional,
    )
    queue_digest(house, binding, choice, message, now)
    return held


def _together(catalogue: Catalogue, picks: Sequence[Pick]) -> list[list[Pick]]:
    """Concerns of one service and audit are one message: the gravest, and a line for each other."""
    found: dict[tuple[str, str], list[Pick]] = {}
    for p in picks:
        audit = catalogue.metrics[p.finding.metric].audit
        found.setdefault((p.finding.service.id, audit), []).append(p)
    return list(found.values())


def _told_now(findings: Sequence[Finding], told: Collection[Told]) -> set[tuple[str, str, Period]]:
    """What the channel was told in its present revision: a corrected figure is news again."""
    return {
        (f.service.id, f.metric, f.latest.period)
        for f in findings
        if (f.service.id, f.metric, f.latest.period, f.latest.release) in told
    }


def queue_digest(
    house: House, binding: Binding, choice: Choice, message: Message, now: datetime
) -> None:
    """Put the digest and its replies in the outbox and write down what was told, in one go."""
    assert choice.pick is not None
    channel = binding.channel
    key = f"digest|{channel}|{now.astimezone(house.zone).date().isoformat()}"
    with writing(house.engine) as conn:
        if not queue.put_message(conn, key=key, channel=channel, message=message, not_before=now):
            return
        for picks, role in (
            ((choice.pick,), "headline"),
            (choice.others, "thread"),
            (choice.covered, "covered"),
        ):
            queue.tell(conn, channel, [(p.finding, p.kind) for p in picks], role, key, now)
        queue.explain(conn, channel, choice.pick.finding.metric, now)


def lead_first(
    house: House,
    binding: Binding,
    picks: Sequence[Pick],
    releases: Mapping[int, Release],
    now: datetime,
    due_at: datetime,
) -> list[Held]:
    """Confirmed concerns of one audit: to the lead in private now, to the channel at its next slot."""
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
        begun = concern.begin(conn, binding, roles, found, for_lead, for_channel, now, due_at)
        if begun:
            key = f"concern|{found.service.id}|{found.metric}"
            told = [(p.finding, p.kind) for p in picks]
            queue.tell(conn, binding.channel, told, "concern", key, now)
    if begun and not concern.first_readers(roles):
        why = f"nobody is named to hear of {found.metric} first; it goes to the channel next"
        return [Held(binding.channel, found.service.id, why)]
    return []


def pass_on_concerns(house: House, now: datetime, speaking: Collection[str]) -> list[Held]:
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
                concern.pass_on(conn, house.words, c, now)
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
