"""How are questions asked in a terminal? `auditbot ask`: the same answers as in chat."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from auditbot.ask import answer
from auditbot.ask.guard import check
from auditbot.house import House
from auditbot.model import Audience, Service
from auditbot.store import load
from auditbot.store.engine import reading
from auditbot.viewer import Viewer, services_of
from bot.premises import Premises, bound, match
from bot.settings import SettingsFault, instant

AUDIENCES = ("open", "private", "direct", "guest")


def read_batch(path: Path) -> list[dict[str, Any]]:
    """The questions of a file: one JSON object a line, with at least `id` and `text`."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise SettingsFault(
            [f"--batch {path}: cannot be read ({type(e).__name__}); check the path."]
        ) from None
    rows, faults = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str) or "id" not in row:
            faults.append(f'{path.name} line {number}: not a JSON object with "id" and "text".')
        else:
            rows.append(row)
    if faults:
        raise SettingsFault(faults[:5])
    return rows


def answers(
    place: Premises, rows: Sequence[Mapping[str, Any]], now: datetime, *, explain: bool = False
) -> Iterator[dict[str, Any]]:
    """One answer a question, in order; questions of one `thread` follow on from each other."""
    house, _ = bound(place, now)
    threads: dict[str, Any] = {}
    known: dict[datetime, dict[str, Service]] = {}  # names alone, to tell whose channel it is
    for row in rows:
        with reading(house.engine) as conn:
            began = time.perf_counter()
            at = instant(str(row["now"]), house.zone) if row.get("now") else now
            if at not in known and row.get("service"):
                known[at] = load.services(conn, Viewer("private", at))
            viewer, own = _asker(house, known.get(at, {}), row, at)
            thread = str(row.get("thread") or "")
            flag = check(row["text"])
            found = answer.reply(
                conn,
                house.catalogue,
                house.words,
                viewer,
                text=row["text"],
                flag=flag.kind if flag else None,
                bound=own,
                roles=house.roles,
                before=threads.get(thread) if thread else None,
                today=_day(row, at, house),
                profile=house.profile,
                fictional=house.fictional,
            )
        if thread:
            threads[thread] = found.state
        told = {
            "id": row["id"],
            **found.fields,
            "ms": round(1000 * (time.perf_counter() - began), 1),
        }
        yield told | ({"explain": list(found.explain)} if explain else {})


def _asker(
    house: House, services: dict[str, Service], row: Mapping[str, Any], at: datetime
) -> tuple[Viewer, tuple[str, ...]]:
    """Who is taken to ask, and the services "we" means."""
    own: tuple[str, ...] = ()
    if row.get("service"):
        name = str(row["service"])
        own = tuple(match(name, services))
        if len(own) != 1:
            problem = f"fits {', '.join(own[:4])}" if own else "is not loaded"
            raise SettingsFault(
                [f"question {row['id']}: the service '{name}' {problem}; give an id."]
            )
    audience: Audience = row.get("audience") or ("direct" if row.get("private") else "open")
    if audience not in AUDIENCES:
        raise SettingsFault(
            [f"question {row['id']}: audience '{audience}' is not one of: {', '.join(AUDIENCES)}."]
        )
    user = str(row.get("user") or "")
    early = frozenset(s for s, users in house.prerelease.items() if user in users)
    private = frozenset(s for s, r in house.roles.items() if r.private)
    # In private a person who is named sees what is theirs by role, whatever "we" means.
    theirs = services_of(house.roles, user) if audience == "direct" and user else frozenset(own)
    return Viewer(audience, at, theirs, private, early, house.exact_own), own


def _day(row: Mapping[str, Any], at: datetime, house: House) -> date:
    try:
        return (
            date.fromisoformat(str(row["today"]))
            if row.get("today")
            else at.astimezone(house.zone).date()
        )
    except ValueError:
        raise SettingsFault(
            [f"question {row['id']}: today '{row['today']}' is no date; write it as 2026-04-20."]
        ) from None
