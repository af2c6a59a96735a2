"""What does one full turn do from end to end? `auditbot once`: load, decide, queue, deliver, end."""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from rich.console import Console

from auditbot.model import message_from
from auditbot.say.markup import plain
from auditbot.store import queue
from auditbot.store.engine import reading
from bot import app, worker
from bot.premises import Premises, turn

LONGEST_WAIT = 90.0  # seconds a single run waits for Slack's own limit before it leaves the rest


def once(place: Premises, now: datetime, *, port: int = 0) -> dict[str, Any]:
    """One turn and its delivery. The result is the document of `once --json`."""
    done = turn(place, now, everyone=True)
    clock = _running_from(now)
    with app.slack(place, port=port) as (posting, asking, _):
        desk = app.desk(place, posting, asking, clock)
        ids = set(worker.work_through(desk, wait_for=LONGEST_WAIT))
    with reading(place.house.engine) as conn:
        sent = [row for row in queue.sent_since(conn, now) if row.id in ids]
    return {
        "now": now,
        "files": list(done.files),
        "posted": [_posted(row) for row in sent],
        "held": [{"channel": h.channel, "service": h.service, "why": h.why} for h in done.held],
    }


def needs_a_person(done: dict[str, Any]) -> bool:
    """Rows or files were refused."""
    return any(f["state"] in ("refused", "incomplete") for f in done["files"])


def show(done: dict[str, Any]) -> None:
    """Print each message and where it was posted."""
    out = Console(highlight=False, soft_wrap=True)
    for f in done["files"]:
        if f["state"] not in ("unchanged", "refused"):
            out.print(f"{f['path']}: {f['state']}.", markup=False)
    for p in done["posted"]:
        out.rule(f"{p['channel']} · {p['kind']}", align="left", characters="─")
        out.print(p["text"], markup=False)
        out.print()
    for h in done["held"]:
        where = " · ".join(x for x in (h["channel"], h["service"]) if x)
        out.print(f"{where}: {h['why']}", markup=False)
    out.print(f"{len(done['posted'])} messages posted.", markup=False)


def _posted(row: queue.Outgoing) -> dict[str, Any]:
    message = message_from(row.payload)
    trail = row.trail or {}
    lines = [*message.context[:1], message.headline, *message.body]
    lines += ["  ".join(cells) for cells in message.table]
    lines += [f"[picture: {message.chart.alt_text}]"] if message.chart else []
    lines += message.context[1:]
    lines += ["  ".join(f"[{b.text}]" for b in (*message.buttons, *message.more))]
    return {
        "channel": row.channel,
        "kind": row.kind,
        "service": trail.get("service"),
        "metric": trail.get("metric"),
        "period": {"start": trail["start"], "end": trail["end"]} if "start" in trail else None,
        "ts": row.ts,
        "text": _names("\n".join(plain(line) for line in lines if line)),
    }


def _names(text: str) -> str:
    """Mentions as a terminal can show them: by id."""
    return re.sub(
        r"\{\{(user|channel):(\w+)\}\}", lambda m: f"{'@#'[m[1] == 'channel']}{m[2]}", text
    )


def _running_from(start: datetime) -> Callable[[], datetime]:
    """A clock that starts at `start` and runs at the usual speed."""
    began = time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - began)
