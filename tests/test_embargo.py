"""Before its instant a release is not there: at no exit, on neither side of a change of clocks.

A world in which an embargoed release was loaded gives the same, byte for byte, as one in which it
never was, except to the reader who is named and in private. Everything here is made up.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from auditbot import period
from auditbot.store import queue, tables
from auditbot.store.engine import open_store, reading, writing
from auditbot.viewer import Viewer
from bot import premises
from bot.premises import Premises
from tests import exits

SETTINGS = """
pace_seconds = 0.05
[[channel]]
id = "C0NORTH"
services = ["North Hospital"]
every_release = true
[[channel]]
id = "C0OWN"
services = ["north", "New Unit"]
audience = "private"
[[service]]
id = "north"
lead = ["U0LEAD"]
[[service]]
id = "New Unit"
consultants = 2
lead = ["U0NEW"]
[[prerelease]]
source = "long"
users = ["U0EARLY"]
"""
SECOND = timedelta(seconds=1)
LOADED = datetime(2026, 3, 2, 12, tzinfo=UTC)
SPRING, AUTUMN = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)
INSTANTS = [
    day + timedelta(hours=h, minutes=m, seconds=s)
    for day in (SPRING, AUTUMN)
    for h, m, s in ((0, 0, 0), (0, 59, 59), (1, 0, 0), (1, 0, 1), (1, 30, 0), (2, 0, 0), (2, 1, 0))
]
ASKED = (
    "how are we doing?",
    "four hour performance?",
    "chart of four hour performance since January 2025",
    "when is the next data?",
    "what can I ask?",
    "where is the four hour figure from?",
    "four hour performance in March 2026",
    "four hour performance against the national average",
    "how is New Unit doing?",
    "stroke score of New Unit",
    "who does well on four hour?",
    "attendances in 2026",
    "zzz?",
)


def line(service: str, name: str, metric: str, when: Any, n: Any, d: Any, value: Any = "") -> str:
    return f"{service},{name},{metric},{when.start},{when.end},{n},{d},{value},"


def published() -> list[str]:
    months = [period.month(2025, 1 + k) for k in range(14)]
    return [
        row
        for k, m in enumerate(months)
        for row in (
            line("north", "North Hospital", "ae_4h", m, 2800 + k % 5, 4000),
            line("south", "South Hospital", "ae_4h", m, 2700 + k % 7, 4000),
        )
    ]


def embargoed() -> list[str]:
    """A further month, a correction, another name, another metric, and a service nobody knew."""
    feb, march = period.month(2026, 2), period.month(2026, 3)
    return [
        line("north", "North and Hill Hospital", "ae_4h", march, 2804, 4000),
        line("north", "North and Hill Hospital", "ae_4h", feb, 2500, 4000),
        line("south", "South Hospital", "ae_attendances", march, "", "", 4321),
        line("new-unit", "New Unit", "ssnap_score", period.quarter(2026, 1), "", "", 71.5),
        line("new-unit", "New Unit", "ae_4h", march, 3900, 4000),
    ]


def world(
    folder: Path, store: Path, publish_at: datetime | None, *, early: bool = False
) -> Premises:
    """Public results and, with `publish_at`, embargoed ones; `early`: these were loaded first."""
    folder.mkdir()
    copy(store, folder / "store.db")
    made = exits.place(folder, open_store(f"sqlite:///{folder / 'store.db'}"), SETTINGS)
    loads: list[Any] = [(published(), "public.csv", {})]
    if publish_at is not None:
        loads.insert(0 if early else 1, (embargoed(), "early.csv", {"publish_at": publish_at}))
    for rows, name, terms in loads:
        assert exits.load_rows(made, rows, name, LOADED, **terms)["state"] in ("loaded", "revised")
    return made


def viewers(now: datetime) -> dict[str, tuple[Viewer, tuple[str, ...]]]:
    north = frozenset({"north"})
    early = frozenset({"long"})
    return {
        "open": (Viewer("open", now, north, prerelease=early), ("north",)),
        "private": (Viewer("private", now, frozenset({"north", "new-unit"})), ("north",)),
        "direct": (Viewer("direct", now, north), ("north",)),
        "guest named": (Viewer("guest", now, prerelease=early), ()),
    }


def out_of(place: Premises, now: datetime) -> dict[str, str]:
    services = ("North Hospital", "New Unit", "north")
    return exits.everything(place, now, viewers(now), ASKED, services)


@contextmanager
def open_worlds(*places: Premises) -> Iterator[tuple[Premises, ...]]:
    try:
        yield places
    finally:
        for p in places:
            p.house.engine.dispose()


def told_apart(a: dict[str, str], b: dict[str, str]) -> set[str]:
    """The exits at which two worlds differ.

    The number of a release stands in the trail alone, which is the operator's, who loaded it.
    """
    assert a.keys() == b.keys()
    return {way for way in a if _unnumbered(a[way]) != _unnumbered(b[way])}


def _unnumbered(text: str) -> str:
    return re.sub(r'(\\?"release\\?": )\d+', r"\1N", text)


@pytest.mark.parametrize(
    ("at", "early"), [(SPRING + timedelta(hours=1), True), (AUTUMN + timedelta(hours=1), False)]
)
def test_before_its_instant_no_exit_tells_that_a_release_is_there(
    tmp_path: Path, migrated_file: Path, at: datetime, early: bool
) -> None:
    with open_worlds(
        world(tmp_path / "a", migrated_file, at, early=early),
        world(tmp_path / "b", migrated_file, None),
    ) as (with_it, without):
        never = out_of(without, at - SECOND)
        assert told_apart(out_of(with_it, at - SECOND), never) == set()
        differ = told_apart(out_of(with_it, at), never)
    assert {"turn", "digest north", "digest New Unit", "ask --batch"} <= differ
    assert {"open: counts", "guest named: counts", "private: counts"} <= differ
    assert {f"open: {q}" for q in ASKED[:4]} <= differ


def few(place: Premises, now: datetime, audience: Any, **more: Any) -> dict[str, str]:
    """A few exits that cost little, for many instants."""
    viewer = Viewer(audience, now, frozenset({"north"}), **more)
    told = exits.answers(place, viewer, ("north",), ("four hour performance?", "when is next?"))
    return told | {"counts": exits.counts(place, viewer)}


def test_a_second_before_it_is_hidden_and_at_its_instant_it_is_there(
    tmp_path: Path, migrated_file: Path
) -> None:
    """On both sides of both changes of clocks, and inside the hour that happens twice."""
    london = ZoneInfo("Europe/London")
    with open_worlds(
        world(tmp_path / "a", migrated_file, INSTANTS[0], early=True),
        world(tmp_path / "b", migrated_file, None),
    ) as (it, without):
        for at in INSTANTS:
            with writing(it.house.engine) as conn:
                held = tables.release.c.publish_at.is_not(None)
                conn.execute(update(tables.release).where(held).values(publish_at=at))
            for audience in ("open", "private", "direct", "guest"):
                never = few(without, at - SECOND, audience)
                assert told_apart(few(it, at - SECOND, audience), never) == set(), (at, audience)
                then = few(it, at.astimezone(london), audience)
                assert {"counts", "four hour performance?"} <= told_apart(then, never)
            never = few(without, at - SECOND, "open")
            before = few(it, (at - SECOND).astimezone(london), "open")
            assert told_apart(before, never) == set(), at


def test_a_named_reader_sees_it_before_in_private_alone(
    tmp_path: Path, migrated_file: Path
) -> None:
    at = AUTUMN + timedelta(hours=1)
    early = frozenset({"long"})
    with open_worlds(
        world(tmp_path / "a", migrated_file, at), world(tmp_path / "b", migrated_file, None)
    ) as (with_it, without):
        for audience in ("direct", "private"):
            seen = few(with_it, at - SECOND, audience, prerelease=early)
            assert "counts" in told_apart(seen, few(without, at - SECOND, audience))
            other = few(with_it, at - SECOND, audience, prerelease=frozenset({"ae_csv"}))
            assert told_apart(other, few(without, at - SECOND, audience)) == set()
        for audience in ("open", "guest"):
            seen = few(with_it, at - SECOND, audience, prerelease=early)
            assert told_apart(seen, few(without, at - SECOND, audience)) == set()


def test_a_service_to_be_private_is_so_from_its_first_instant(
    tmp_path: Path, migrated_file: Path
) -> None:
    """Configured by its name, and published between two ticks: nobody has bound it again yet."""
    at = AUTUMN + timedelta(hours=9)
    with open_worlds(world(tmp_path / "a", migrated_file, at)) as (place,):
        house, loose = premises.bound(place, at - SECOND)
        assert any("New Unit" in h.service for h in loose)
        kept = frozenset(s for s, r in house.roles.items() if r.private)
        assert "new-unit" in kept
        told = exits.answers(
            place, Viewer("open", at, private_services=kept), (), ("how is New Unit doing?",)
        )
        assert "71.5" not in "".join(told.values())


def test_it_is_told_when_its_time_has_come_although_no_file_arrives(
    tmp_path: Path, migrated_file: Path
) -> None:
    monday = datetime(
        2026, 3, 30, 9, 30, tzinfo=ZoneInfo("Europe/London")
    )  # clocks changed yesterday

    def posts(place: Premises) -> list[tuple[str, Any]]:
        with reading(place.house.engine) as conn:
            rows = queue.waiting(conn)
        return [(r.kind, (r.trail or {}).get("end")) for r in rows if r.channel == "C0NORTH"]

    with open_worlds(world(tmp_path / "a", migrated_file, monday)) as (place,):
        first = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
        premises.turn(place, first, everyone=False)
        assert ("digest", "2026-02-28") in posts(place)
        for row in queued(place):
            queue.mark_sent(
                place.house.engine, row.id, f"{first.timestamp():.0f}.{row.id:06}", first, {}
            )
        for early in (monday - timedelta(minutes=30), monday - SECOND):
            premises.turn(place, early, everyone=False)
            assert posts(place) == []
        premises.turn(place, monday, everyone=False)  # this channel was considered today
        assert posts(place) == []
        premises.turn(place, monday + timedelta(days=1), everyone=False)
        told = posts(place)
        assert ("correction", "2026-02-28") in told
        assert ("digest", "2026-03-31") in told


def queued(place: Premises) -> list[Any]:
    with reading(place.house.engine) as conn:
        return list(queue.waiting(conn))


def test_internal_results_are_at_no_exit_that_others_can_read(
    tmp_path: Path, migrated_file: Path
) -> None:
    without = world(tmp_path / "b", migrated_file, None)
    inside = world(tmp_path / "a", migrated_file, None)
    report = exits.load_rows(inside, embargoed(), "inside.csv", LOADED, publication="internal")
    assert report["state"] in ("loaded", "revised")
    now = SPRING + timedelta(hours=9)
    with open_worlds(inside, without):
        for audience in ("open", "guest"):
            a, b = few(inside, now, audience), few(without, now, audience)
            assert told_apart(a, b) == set()
        for audience in ("private", "direct"):
            a, b = few(inside, now, audience), few(without, now, audience)
            assert "counts" in told_apart(a, b)
