"""Every way out of the house: what a reader, an operator or a script could see, as text.

`everything` asks, rehearses, previews, queues and delivers in one made-up world and gives what came
out of each exit. Two worlds that must not be told apart give the same, byte for byte.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from structlog.testing import capture_logs

from auditbot import catalogue, layout
from auditbot.ask import answer
from auditbot.catalogue import Catalogue
from auditbot.house import House
from auditbot.model import Chart, Message
from auditbot.pipeline import File, take, turn
from auditbot.say import chart
from auditbot.say.words import Words
from auditbot.store import load, queue
from auditbot.store.engine import reading
from auditbot.viewer import Viewer
from bot import premises, questions, rehearsal, turnover, upkeep
from bot.premises import Premises
from bot.settings import SettingsFault, Surroundings, read

ROOT = Path(__file__).resolve().parents[1]
HEADER = (
    "service,service_name,metric,period_start,period_end,numerator,denominator,value,completeness"
)
OF_ITS_OWN = ("metadata", "slack_file", "id", "thread_ts", "ts")


@cache
def known(small: bool = False) -> tuple[Catalogue, Any, Words]:
    """Catalogue, layouts and words; `small`: every metric protected as small numbers are."""
    folder = ROOT / "bot" / "catalogue"
    found = catalogue.load(folder)
    layouts = layout.load(folder / "layouts", found)
    if small:
        metrics = {
            i: m.model_copy(update={"disclosure": "small_numbers"})
            for i, m in found.metrics.items()
        }
        found = replace(found, metrics=MappingProxyType(metrics))
    return found, layouts, Words(ROOT / "messages")


def place(folder: Path, engine: Any, settings: str, *, small: bool = False) -> Premises:
    """The premises of one world, with its own store and practice workspace."""
    path = folder / "auditbot.toml"
    path.write_text(settings, encoding="utf-8")
    found, layouts, words = known(small)
    read_in = read(path)
    house = House(
        engine,
        found,
        layouts,
        words,
        ZoneInfo("Europe/London"),
        prerelease={p.source: frozenset(p.users) for p in read_in.prerelease},
        exact_own=bool(read_in.disclosure.own_team),
    )
    around = Surroundings(str(engine.url), workspace=folder / "workspace.db")
    return Premises(house, read_in, around, folder)


def load_rows(
    world: Premises, rows: Iterable[str], name: str, now: datetime, **terms: Any
) -> dict[str, Any]:
    """Load one file of the plain layout; gives the report of `ingest --json`."""
    path = world.base / name
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    return take(world.house, File(path, "long", **terms), now)


def everything(
    world: Premises,
    now: datetime,
    viewers: dict[str, tuple[Viewer, tuple[str, ...]]],
    asked: Sequence[str],
    services: Sequence[str],
    *,
    deliver: bool = False,
) -> dict[str, str]:
    """What comes out of each exit, by its name. `viewers`: who asks, and what "we" means."""
    out: dict[str, str] = {}
    with capture_logs() as logs:
        for i, (name, (viewer, own)) in enumerate(viewers.items()):
            some = asked if i == 0 else asked[:5]  # the first asks everything
            out |= {f"{name}: {k}": v for k, v in answers(world, viewer, own, some).items()}
            out[f"{name}: counts"] = counts(world, viewer)
        rows = [{"id": t, "text": t, "service": services[0], "now": str(now)} for t in asked[:2]]
        out["ask --batch"] = said(questions.answers, world, rows, now)
        for service in services:
            would = None
            try:
                would = rehearsal.digest(world, service, now)
            except SettingsFault as e:
                out[f"digest {service}"] = str(e)
            if would is not None:
                out[f"digest {service}"] = text([would.data, would.text, drawn(would.message)])
                if service == services[0]:
                    out[f"digest {service} --html"] = rehearsal.page(world, would)
        out["turn"] = turned(world, now, deliver=deliver)
    out["log"] = text(logs)
    return out


def answers(
    world: Premises, viewer: Viewer, own: tuple[str, ...], asked: Sequence[str]
) -> dict[str, str]:
    """Each answer: message, picture, fields, and what the conversation remembers."""
    out = {}
    house, _ = premises.bound(world, viewer.now)
    viewer = replace(
        viewer,
        private_services=viewer.private_services | {s for s, r in house.roles.items() if r.private},
    )
    with reading(house.engine) as conn:
        for question in asked:
            made = answer.reply(
                conn,
                house.catalogue,
                house.words,
                viewer,
                text=question,
                bound=own,
                roles=house.roles,
                today=viewer.now.date(),
            )
            out[question] = text([drawn(made.message), made.fields, made.state, made.explain])
    return out


def counts(world: Premises, viewer: Viewer) -> str:
    """Which releases, services, metrics and periods there are for this viewer."""
    house = world.house
    with reading(house.engine) as conn:
        services = load.services(conn, viewer)
        metrics = {s: load.metrics_of(conn, viewer, s) for s in services}
        held = sorted({m for ms in metrics.values() for m in ms})
        return text(
            [
                [r.name for r in load.releases(conn, viewer).values()],
                {s: asdict(found) for s, found in services.items()},
                metrics,
                {m: load.periods_of(conn, viewer, m) for m in house.catalogue.metrics},
                {m: len(load.series(conn, house.catalogue, viewer, m)) for m in held},
            ]
        )


def turned(world: Premises, now: datetime, *, deliver: bool) -> str:
    """One turn: what was held back, what is queued, what was posted, and the trail of it."""
    if deliver:
        done = turnover.once(world, now)
        for _ in range(5):  # what its pace made wait is delivered by the next run
            if upkeep.waiting(world):
                done["posted"] += turnover.once(world, now)["posted"]
        trails = [upkeep.trail(world, p["ts"]) for p in done["posted"]]
        posted = [
            [p["channel"], p["kind"], p["service"], p["metric"], p["text"]] for p in done["posted"]
        ]
        sent = [[t["made_of"], t["message"], _picked(t["payload"])] for t in trails]
        # channels take turns as their pace allows, so only what went where is the same
        return text([sorted(map(text, posted)), done["held"], sorted(map(text, sent))])
    house, loose = premises.bound(world, now)
    held = turn(house, now, house.bindings, lambda _, at: at, once_a_day=False)
    with reading(house.engine) as conn:
        rows = [[o.kind, o.channel, o.payload, o.trail] for o in queue.waiting(conn)]
    return text([loose, held, rows, pictures(rows)])


def pictures(rows: Sequence[Any]) -> list[str]:
    """The charts of queued messages, drawn."""
    charts = [row[2].get("chart") for row in rows]
    return [
        _digest(
            chart.png(Chart(**{k: tuple(v) if isinstance(v, list) else v for k, v in c.items()}))
        )
        for c in charts
        if c
    ]


def drawn(message: Message | None) -> Any:
    """A message with its pictures as a reader would see them."""
    if message is None:
        return None
    picture = _digest(chart.png(message.chart)) if message.chart else ""
    return [asdict(message), picture, [drawn(m) for m in message.thread]]


def said(ask: Any, *args: Any) -> str:
    """What a command of the terminal answers, or the sentence it stops with."""
    try:
        return text([{k: v for k, v in a.items() if k != "ms"} for a in ask(*args)])
    except SettingsFault as e:
        return str(e)


def text(value: Any) -> str:
    """Anything as text that two worlds can be compared by."""
    return json.dumps(value, default=str, sort_keys=False, indent=0, ensure_ascii=False)


def _picked(payload: Any) -> Any:
    """A payload as sent, without what every post has of its own: ids, times, the marker."""
    if isinstance(payload, dict):
        return {k: _picked(v) for k, v in payload.items() if k not in OF_ITS_OWN}
    return [_picked(v) for v in payload] if isinstance(payload, list) else payload


def _digest(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()
