"""Where does the house stand? Settings, store, catalogue and words, opened once; no Slack here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import structlog

from auditbot import catalogue, layout, pipeline
from auditbot.act import learn
from auditbot.catalogue import Catalogue
from auditbot.house import Held, House
from auditbot.layout import Layout
from auditbot.model import Binding, Roles, Service
from auditbot.pipeline import File
from auditbot.say.words import Words
from auditbot.store import load, queue
from auditbot.store.engine import migrate, open_store, reading, schema_fault, writing
from auditbot.store.leftovers import sweep
from auditbot.viewer import Viewer
from bot import clock, watch
from bot.settings import Settings, SettingsFault, Surroundings

log = structlog.get_logger()

ONCE_ALL_IS_OUT = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Turn:
    """What one turn did: a report a file, and the channels that hear nothing."""

    files: tuple[dict[str, Any], ...]
    held: tuple[Held, ...]


@dataclass(frozen=True)
class Premises:
    """The house with what surrounds it."""

    house: House
    settings: Settings
    around: Surroundings
    base: Path  # folders in the configuration are relative to this


def catalogue_folder() -> Path:
    """Where the catalogue is: part of the package `bot`."""
    return Path(str(resources.files("bot"))) / "catalogue"


def messages_folder() -> Path:
    """Where the words are: inside the installed package, else in the checkout."""
    packaged = Path(str(resources.files("auditbot"))) / "_messages"
    return packaged if packaged.is_dir() else Path(str(resources.files("bot"))).parent / "messages"


def unknown_names(settings: Settings, known: Catalogue, layouts: Mapping[str, Layout]) -> list[str]:
    """Sources and audits of the configuration that the catalogue does not know, as sentences."""
    return [
        f"source '{s.id}' is no layout of the catalogue; known are {', '.join(sorted(layouts))}."
        for s in settings.source
        if s.path and s.id not in layouts
    ] + [
        f"channel '{c.id}': '{a}' is no audit of the catalogue; known are {', '.join(sorted(known.audits))}."
        for c in settings.channel
        for a in c.audits
        if a not in known.audits
    ]


def open_premises(settings: Settings, around: Surroundings, base: Path) -> Premises:
    """Open the store, bring its schema up to date, load catalogue and words."""
    known = catalogue.load(catalogue_folder())
    layouts = layout.load(catalogue_folder() / "layouts", known)
    unknown = unknown_names(settings, known, layouts)
    if unknown:
        raise SettingsFault(unknown)
    engine = open_store(around.database_url)
    fault = schema_fault(engine)
    if fault:
        raise SettingsFault([fault])
    migrate(engine)
    sweep(engine)
    house = House(
        engine=engine,
        catalogue=known,
        layouts=layouts,
        words=Words(messages_folder()),
        zone=settings.zone,
        profile=settings.profile,
        prerelease={p.source: frozenset(p.users) for p in settings.prerelease},
        exact_own=bool(settings.disclosure.own_team.strip()),
        fictional=around.fictional,
    )
    return Premises(house, settings, around, base)


def bound(place: Premises, now: datetime) -> tuple[House, list[Held]]:
    """The house with its channels and roles tied to services, and what could not be tied yet.

    The configuration names services as people do; which service that is depends on what is loaded.
    What is to be private is looked up among all services, even those not published yet: at the
    instant of publication nothing may be open that should not be. Nothing else is told of them.
    """
    with reading(place.house.engine) as conn:
        services = load.services(conn, Viewer("private", now))
        ever = load.services(conn, Viewer("private", ONCE_ALL_IS_OUT))
    loose: list[Held] = []

    def tie(name: str, channel: str) -> tuple[str, ...]:
        ids = match(name, services)
        if len(ids) == 1:
            return (ids[0],)
        why = f"no results are loaded for a service called '{name}'"
        if ids:
            shown = ", ".join(f"{i} ({services[i].name})" for i in ids[:4])
            why = f"'{name}' fits several services: {shown}; write one of the ids"
        loose.append(Held(channel, name, why))
        return ()

    bindings = tuple(
        Binding(
            c.id,
            tuple(dict.fromkeys(i for name in c.services for i in tie(name, c.id))),
            c.audits,
            c.audience,
            c.hour,
            c.days,
            c.every_release,
            c.discreet,
        )
        for c in place.settings.channel
    )
    kept = {i for s in place.settings.service if s.kept_private for i in (s.id, *match(s.id, ever))}
    roles = {i: Roles(i, private=True) for i in sorted(kept)} | {
        i: Roles(i, i in kept, s.lead, s.deputy, s.audit_team, s.champion)
        for s in place.settings.service
        for i in tie(s.id, "")
    }
    return replace(place.house, bindings=bindings, roles=roles), loose


def match(name: str, services: dict[str, Service]) -> list[str]:
    """The ids of the services a configured name fits: the id itself, else any of its names."""
    if name in services:
        return [name]
    wanted = _letters(name)
    return sorted(
        s.id
        for s in services.values()
        if wanted in {_letters(s.id), _letters(s.name), *map(_letters, s.names)}
    )


@lru_cache(maxsize=16_384)  # the same names, again and again
def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


def files_due(place: Premises, now: datetime, *, settle: bool) -> list[File]:
    """New or changed files in the watched folders."""
    found = watch.arrivals(
        place.settings, place.around, place.base, now=now.timestamp() if settle else None
    )
    fresh = []
    with reading(place.house.engine) as conn:
        for f in found:
            stat = f.path.stat()
            if not queue.seen(conn, str(f.path), stat.st_mtime_ns, stat.st_size):
                fresh.append(File(f.path, f.source, f.publication))
    return fresh


def turn(place: Premises, now: datetime, *, everyone: bool, settle: bool = False) -> Turn:
    """One turn over new files and due channels. `everyone`: whatever the hour and the day."""
    reports = []
    for file in files_due(place, now, settle=settle):
        reports.append(pipeline.take(place.house, file, now))
        stat = file.path.stat()
        with writing(place.house.engine) as conn:
            queue.saw(
                conn,
                str(file.path),
                stat.st_mtime_ns,
                stat.st_size,
                reports[-1]["state"],
                reports[-1]["reason"],
                now,
            )
    for source in place.settings.source:
        if source.url:
            with watch.exported(source) as found:
                file = File(found.path, "long", found.publication)
                reports.append(pipeline.take(place.house, file, now))
    learn.forget(place.house, now)
    house, loose = bound(place, now)
    due = house.bindings if everyone else clock.due_now(house.bindings, now, house.zone)

    def slot(binding: Binding, at: datetime) -> datetime:
        return clock.next_slot(binding, at, house.zone)

    held = pipeline.turn(house, now, due, slot, once_a_day=not everyone)
    return Turn(tuple(reports), (*(h for h in loose if h.channel), *held))
