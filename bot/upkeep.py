"""What does an operator at night need? Queue, trail, pause, checks, doctor."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from auditbot import catalogue, layout
from auditbot.act import learn
from auditbot.act.dispute import readers
from auditbot.catalogue import CatalogueFault
from auditbot.say.words import Words, WordsFault
from auditbot.store import dispute, queue
from auditbot.store import learn as learned
from auditbot.store.engine import reading, schema_fault, writing
from bot.premises import (
    Premises,
    bound,
    catalogue_folder,
    messages_folder,
    unknown_names,
)
from bot.settings import SettingsFault, Surroundings, find, read, surroundings
from bot.slack import post

STALE_BEAT = timedelta(minutes=10)
STALE_WAIT = timedelta(minutes=15)


def faults(config: Path | None) -> list[str]:
    """Every fault of catalogue, configuration and words, as sentences."""
    found: list[str] = []
    settings = None
    try:
        settings = read(find(config))
    except SettingsFault as e:
        found += e.faults
    try:
        surroundings()
    except SettingsFault as e:
        found += e.faults
    try:
        known = catalogue.load(catalogue_folder())
        layouts = layout.load(catalogue_folder() / "layouts", known)
        found += unknown_names(settings, known, layouts) if settings else []
    except CatalogueFault as e:
        found += e.faults
    try:
        found += Words(messages_folder()).faults()
    except WordsFault as e:
        found.append(str(e))
    return found


def taught(place: Premises) -> str:
    """The words that were taught, in the form of the catalogue's own files."""
    entries = learn.for_review(place.house.engine)
    return entries or "# No word was taught."


def waiting(place: Premises) -> list[dict[str, Any]]:
    """What waits, failed or is unknown, oldest first."""
    with reading(place.house.engine) as conn:
        return [
            {
                "id": row.id,
                "kind": row.kind,
                "channel": row.channel,
                "status": row.status,
                "since": row.created_at,
                "not_before": row.not_before,
                "attempts": row.attempts,
                "error": row.error,
            }
            for row in queue.waiting(conn)
        ]


def show_queue(rows: list[dict[str, Any]]) -> None:
    """Print the queue as a table."""
    if not rows:
        print("Nothing waits, and nothing failed.")
        return
    table = Table("id", "kind", "channel", "status", "since", "tries", "why")
    for r in rows:
        since = r["since"].strftime("%d %b %H:%M")
        table.add_row(
            str(r["id"]),
            r["kind"],
            r["channel"],
            r["status"],
            since,
            str(r["attempts"]),
            r["error"],
        )
    Console().print(table)
    if any(r["status"] in ("failed", "unknown") for r in rows):
        print("Look in the channel first, then try one again with: auditbot queue --retry ID")


def retry(place: Premises, number: int, now: datetime) -> None:
    """Put one failed or unknown message back. Raises SettingsFault when there is none of that id."""
    if not queue.retry(place.house.engine, number, now):
        raise SettingsFault(
            [f"--retry {number}: no failed or unknown message has that id; see `auditbot queue`."]
        )


def trail(place: Premises, ts: str) -> dict[str, Any]:
    """What a post was made of, and the payload as sent."""
    with reading(place.house.engine) as conn:
        row = queue.by_ts(conn, ts)
    if row is None:
        raise SettingsFault(
            [f"{ts}: no post of this bot has that time stamp; copy it from its link."]
        )
    return {
        "ts": row.ts,
        "channel": row.channel,
        "kind": row.kind,
        "sent": row.sent_at,
        "approver": row.approver,
        "made_of": row.trail,
        "message": row.payload,
        "payload": row.sent_payload,
    }


def pause(place: Premises, reason: str, everything: bool, now: datetime) -> str:
    """Stop digests, and answers too with `everything`."""
    with writing(place.house.engine) as conn:
        queue.set_setting(conn, "pause", {"reason": reason, "all": everything}, now)
    what = "Digests and answers are" if everything else "Digests are"
    return f"{what} paused. Nothing is lost; go on with: auditbot resume"


def resume(place: Premises, now: datetime) -> str:
    """Go on after a pause."""
    with writing(place.house.engine) as conn:
        was = queue.setting(conn, "pause")
        queue.set_setting(conn, "pause", None, now)
    return "Going on." if was else "Nothing was paused."


def doctor_at_the_door(around: Surroundings, error: Exception) -> list[dict[str, Any]]:
    """What can be told when the database does not even open."""
    said = (
        f"does not answer or cannot be opened ({type(error).__name__}); see AUDITBOT_DATABASE_URL."
    )
    return [_line("database", False, said), _slack(around)]


def doctor(place: Premises, now: datetime) -> list[dict[str, Any]]:
    """One line for each thing that must work: what it is, whether it does, what to do."""
    return [
        _database(place),
        _slack(place.around),
        *_folders(place),
        _bindings(place, now),
        _beat(place, now),
        _queue(place, now),
        _disputes(place, now),
        _taught(place),
    ]


def show_doctor(checks: list[dict[str, Any]]) -> None:
    """Print the checks; words, not colours, say which is which."""
    for c in checks:
        print(f"{'works' if c['ok'] else 'LOOK AT THIS'}  {c['what']}: {c['says']}")


def _line(what: str, ok: bool, says: str) -> dict[str, Any]:
    return {"what": what, "ok": ok, "says": says}


def _database(place: Premises) -> dict[str, Any]:
    try:
        fault = schema_fault(place.house.engine)
    except SQLAlchemyError as e:
        return _line(
            "database", False, f"does not answer ({type(e).__name__}); see AUDITBOT_DATABASE_URL."
        )
    return _line(
        "database", fault is None, fault or f"{place.house.engine.dialect.name}, schema up to date."
    )


def _slack(around: Surroundings) -> dict[str, Any]:
    if around.practice:
        return _line(
            "Slack", True, "no tokens are set, so the bot talks to its practice workspace."
        )
    _, asking = post.clients(around.bot_token, around.api_url, timeout=10)
    fault = post.reach(asking, around.app_token)
    return _line("Slack", not fault, fault or "both tokens work and Socket Mode opens.")


def _folders(place: Premises) -> list[dict[str, Any]]:
    checks = []
    for source in place.settings.source:
        if source.path:
            folder = place.base / source.path
            there = folder.is_dir()
            says = (
                f"{folder} is there."
                if there
                else f"{folder} is not there; make it or mend the path."
            )
            checks.append(_line(f"folder of {source.id}", there, says))
    if place.around.incoming:
        there = place.around.incoming.is_dir()
        checks.append(
            _line(
                "AUDITBOT_INCOMING",
                there,
                f"{place.around.incoming} is {'' if there else 'not '}there.",
            )
        )
    return checks


def _bindings(place: Premises, now: datetime) -> dict[str, Any]:
    house, loose = bound(place, now)
    if loose:
        return _line(
            "channels", False, " ".join(f"{h.channel or 'service'}: {h.why}." for h in loose)
        )
    unled = [
        s
        for b in house.bindings
        for s in b.services
        if s not in house.roles or not house.roles[s].lead
    ]
    if unled:
        names = ", ".join(dict.fromkeys(unled))
        return _line(
            "channels", False, f"no lead is named for {names}; concerns have nobody to go to first."
        )
    return _line("channels", True, f"{len(house.bindings)} are bound to services.")


def _beat(place: Premises, now: datetime) -> dict[str, Any]:
    with reading(place.house.engine) as conn:
        last = queue.last_beat(conn, "tick")
    if last is None:
        return _line("clock", True, "the bot has not run yet on this database.")
    old = now - last > STALE_BEAT
    says = f"last tick {last:%d %b %H:%M} UTC" + ("; is `auditbot run` running?" if old else ".")
    return _line("clock", not old, says)


def _queue(place: Premises, now: datetime) -> dict[str, Any]:
    rows = waiting(place)
    wrong = [r for r in rows if r["status"] in ("failed", "unknown")]
    late = [r for r in rows if r["status"] == "pending" and now - r["not_before"] > STALE_WAIT]
    if wrong:
        return _line(
            "queue", False, f"{len(wrong)} messages failed or are unknown; see `auditbot queue`."
        )
    if late:
        return _line(
            "queue",
            False,
            f"{len(late)} messages wait longer than they should; is the bot running?",
        )
    return _line("queue", True, f"{len(rows)} waiting, none failed.")


def _disputes(place: Premises, now: datetime) -> dict[str, Any]:
    """Figures that look wrong to somebody: who has them, and what is overdue."""
    house, _ = bound(place, now)
    with reading(house.engine) as conn:
        waiting = dispute.disputes(conn)
        overdue = dispute.disputes(conn, lapsed_by=now)
    unread = [d for d in waiting if not readers(house.roles.get(d.service))]
    if unread:
        names = ", ".join(dict.fromkeys(d.service for d in unread))
        return _line(
            "disputes",
            False,
            f"no audit team, deputy or lead is named for {names}; what looks wrong there has nobody "
            "to answer it.",
        )
    if overdue:
        names = ", ".join(
            f"{d.metric} of {d.service} ({d.period.start} to {d.period.end})" for d in overdue
        )
        return _line(
            "disputes",
            False,
            f"the audit team's answer is overdue on {names}; the button is in their messages.",
        )
    return _line("disputes", True, f"{len(waiting)} figures are being checked, none overdue.")


def _taught(place: Premises) -> dict[str, Any]:
    """Words that the audit team taught: they wait for somebody to put them in the catalogue."""
    with reading(place.house.engine) as conn:
        words = learned.taught(conn)
    said = f"{len(words)} were taught; `auditbot check --taught` prints them for the catalogue."
    return _line("words", True, said if words else "none was taught.")
