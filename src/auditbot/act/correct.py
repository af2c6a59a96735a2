"""What becomes of a figure that was told and corrected since? It is put right under its own post."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from auditbot.house import House
from auditbot.model import Binding, Finding, Release, Result
from auditbot.say import digest
from auditbot.store import queue
from auditbot.store.engine import writing
from auditbot.store.queue import Said, Told

FIGURE = ("state", "value", "level", "numerator", "denominator")
VERDICT = ("strength", "direction")


def correct(
    house: House,
    binding: Binding,
    findings: Sequence[Finding],
    said: Sequence[Said],
    releases: Mapping[int, Release],
    now: datetime,
) -> set[Told]:
    """A figure the channel has read and that was corrected since is put right under its own post.

    So is a change it was told of, where corrected figures of before have undone it. Returns what is
    now told in its new revision.
    """
    done: set[Told] = set()
    wanted = {(was.service, was.metric) for was in said}
    current = {
        (f.service.id, f.metric, r.period): (f, r)
        for f in findings
        if (f.service.id, f.metric) in wanted
        for r in f.series.results
    }
    for was in said:
        found, new = current.get((was.service, was.metric, was.period), (None, None))
        if found is None or new is None:
            continue
        differs = new.release != was.release and _differs(was, new)
        correcting = new.release if differs else _undone_by(was, found)
        if not correcting:
            continue
        figure: dict[str, Any] = {k: was.figure.get(k) for k in FIGURE}
        old = Result(
            new.service,
            new.metric,
            new.period,
            release=was.release,
            **figure,
        )
        message = digest.correction(
            house.words,
            house.catalogue,
            found.service,
            old,
            new,
            binding=binding,
            roles=house.roles.get(was.service),
            today=now.astimezone(house.zone).date(),
            stands=_stands(was, found),
            release=releases.get(new.release),
            now=now,
        )
        key = f"correction|{was.key}|{correcting}"
        with writing(house.engine) as conn:
            queue.put(
                conn,
                key=key,
                kind=message.kind,
                channel=binding.channel,
                payload=replace(message, trail={}),
                trail={
                    **message.trail,
                    "figure": {k: getattr(new, k) for k in FIGURE},
                    "verdict": {k: getattr(found.verdict, k) for k in VERDICT},
                },
                not_before=now,
                thread_key=was.thread_key or was.key,
            )
            queue.tell(
                conn, binding.channel, [(replace(found, latest=new), "")], "corrected", key, now
            )
        done.add((was.service, was.metric, was.period, new.release))
    return done


def _stands(was: Said, found: Finding) -> bool | None:
    """Does what was said about a change still hold? None when nothing was, or of an older period."""
    if not was.verdict.get("direction") or found.latest.period != was.period:
        return None
    return all(was.verdict.get(k) == getattr(found.verdict, k) for k in VERDICT)


def _differs(was: Said, new: Result) -> bool:
    return any(was.figure.get(k) != getattr(new, k) for k in FIGURE)


def _undone_by(was: Said, found: Finding) -> int:
    """The release that undid a confirmed change by correcting other figures of the series; else 0."""
    if was.verdict.get("strength") != "confirmed" or _stands(was, found) is not False:
        return 0
    corrected = {r.period for r in found.series.replaced}
    by = [r.release for r in found.series.results if r.period in corrected]
    return max((release for release in by if release > was.release), default=0)
