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

    Returns what is now told in its new revision.
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
        if found is None or new is None or new.release == was.release or not _differs(was, new):
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
        key = f"correction|{was.key}|{new.release}"
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
