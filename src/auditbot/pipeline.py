"""THE PAGE TO READ FIRST: one turn, top to bottom.

    files -> ingest -> store -> analyse -> say -> outbox

Load and check what is new; work out findings; choose what is worth saying to each channel; put it
into words; queue it. Sending is the door's business, and so is knowing what time it is.
"""

import gc
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from auditbot.act import concern, dispute
from auditbot.act.correct import correct
from auditbot.company import Company
from auditbot.house import Held, House, company_of, findings_for, viewer_of
from auditbot.model import Binding, Finding, Message, Period, Publication
from auditbot.say import digest
from auditbot.say.choose import Choice, Past, choose
from auditbot.store import load, queue
from auditbot.store.engine import StoreFault, reading, writing
from auditbot.store.queue import Told

log = structlog.get_logger()

FORTNIGHT = 14  # days between two digests of one channel, unless it asked for fewer


@dataclass(frozen=True, slots=True)
class File:
    """A file to load, and on what terms."""

    path: Path
    source: str | None = None
    publication: Publication = "public"
    publish_at: datetime | None = None


def take(
    house: House, file: File, now: datetime, progress: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Load one file; the report is that of `ingest --json`. A refused file leaves nothing behind."""
    # What reads files is long to open, and whoever asks a question loads none.
    from auditbot.ingest import Refused, take_in
    from auditbot.ingest.personal import without_numbers
    from auditbot.store import save

    report: dict[str, Any] = {
        "path": str(file.path.with_name(without_numbers(file.path.name))),
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
    except (Refused, StoreFault) as e:
        log.info("file_refused", source=file.source)
        return report | {"reason": str(e)}
    return report | {
        "source": batch.source,
        "state": saved.state,
        "periods": [{"start": str(p.start), "end": str(p.end)} for p in saved.periods],
        "services": saved.services,
        "results": saved.results,
        "not_numeric": saved.not_numeric,
        "refused_rows": [
            {"row": r.row, "column": r.column, "value": r.value, "reason": r.reason}
            for r in batch.refusals
        ],
    }


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
    with reading(house.engine) as public:
        peers = company_of(public, house, now)
        for binding in channels:
            if not binding.services:  # said already: none of its names fits a service
                continue
            with reading(house.engine) as conn:
                if once_a_day and queue.considered(conn, binding.channel, day):
                    continue
            try:
                with _uninterrupted():
                    why = tell(house, binding, now, next_slot(binding, now), peers)
            except Exception as e:
                log.exception("channel_failed", channel=binding.channel)
                why = [Held(binding.channel, "", f"could not be worked out ({type(e).__name__})")]
            with writing(house.engine) as conn:
                queue.consider(conn, binding.channel, day, "; ".join(h.why for h in why), now)
            held += why
    held += concern.pass_on_due(house, now, {b.channel for b in channels})
    held += dispute.hand_over(house, now)
    return tuple(held)


def tell(
    house: House, binding: Binding, now: datetime, next_slot: datetime, peers: Company
) -> list[Held]:
    """Decide what one channel hears, and queue it. Returns why it hears nothing, if so.

    A confirmed concern goes its own way, to the service's lead first, whatever the digest says.
    """
    channel = binding.channel
    viewer = viewer_of(house, binding, now)
    with reading(house.engine) as conn:
        paused = queue.setting(conn, "pause")
        findings, held = findings_for(conn, house, binding, viewer, peers)
        releases = load.releases(conn, viewer)
        told = set(queue.told(conn, channel))
        recent = [Past(*p) for p in queue.recent(conn, channel)]
        explained = queue.explained(conn, channel)
        cadence = queue.cadence(conn, channel)
        last = queue.last_queued(conn, channel, "digest")
        said = queue.said(conn, channel)
    if paused:
        return [Held(channel, "", f"paused: {paused.get('reason') or 'no reason given'}")]
    told |= correct(house, binding, findings, said, releases, now)
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
    held += concern.lead_first(house, binding, choice.concerns, releases, now, next_slot)
    concern.signals_to_lead(house, binding, choice.signals, now)
    if choice.pick is None:
        return [*held, Held(channel, "", "nothing to say beside what is for the lead")]
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


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """One channel's work without Python's search for cycles, which runs after it.

    A channel's figures are many and refer to each other in no ring; searching them again and again
    takes a third of a turn.
    """
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()


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
