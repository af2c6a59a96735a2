"""Who may see what: every audience beside every kind of figure. What is not allowed is denied.

The whole table is written out, so that a change of any cell is a change of this page. Everything
here is made up.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from auditbot import period
from auditbot.model import Binding, Message, Roles
from auditbot.store import load, queue
from auditbot.store.engine import reading, writing
from auditbot.viewer import Viewer, sees_release, sees_service
from bot import premises, questions, worker
from bot.premises import Premises
from bot.settings import SettingsFault, read
from bot.slack.listeners import Arrival
from bot.worker import Desk
from tests import exits

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
JAN = period.month(2026, 1)
SETTINGS = """
[[channel]]
id = "C0OPEN"
services = ["own", "kept"]
[[channel]]
id = "C0BOUND"
services = ["own", "kept"]
audience = "private"
[[channel]]
id = "C0OTHER"
services = ["other"]
audience = "private"
[[service]]
id = "own"
lead = ["U0LEAD"]
[[service]]
id = "kept"
consultants = 1
lead = ["U0LEAD"]
[[service]]
id = "other"
[[prerelease]]
source = "long"
users = ["U0EARLY", "U0GUEST"]
[disclosure]
own_team = "Caldicott guardian, 2 November 2026"
"""
# what each is: (service, metric); all but the first two and the last are whole releases
FIGURES = {
    "public": ("own", "ae_attendances"),
    "of another service": ("other", "ae_attendances"),
    "internal": ("own", "ae_admissions"),
    "embargoed": ("own", "ae_4h_dta"),
    "of a private service": ("kept", "ae_attendances"),
    "exact own": ("own", "nela_ct_reported"),  # 3 of 40: others see that something is hidden
}
SEES: dict[str, set[str]] = {
    "open channel": {"public", "of another service"},
    "open channel bound to nothing": {"public", "of another service"},
    "private channel, bound": {
        "public",
        "of another service",
        "internal",
        "of a private service",
        "exact own",
    },
    "private channel of others": {"public", "of another service", "internal"},
    "private channel bound to nothing": {"public", "of another service"},
    "direct, the lead": {"public", "of another service", "internal", "of a private service"},
    "direct, a stranger": {"public", "of another service", "internal"},
    "direct, a named early reader": {"public", "of another service", "internal", "embargoed"},
    "guest in an open channel": {"public", "of another service"},
    "guest in a bound private channel": {"public", "of another service"},
    "guest, named as early reader": {"public", "of another service"},
    "guest in a direct message": {"public", "of another service"},
    "somebody Slack does not tell of": {"public", "of another service"},
    "a shared channel": {"public", "of another service"},
}
WHO = {  # channel, its type, user, shared
    "open channel": ("C0OPEN", "channel", "U0NURSE", False),
    "open channel bound to nothing": ("C0NONE", "channel", "U0LEAD", False),
    "private channel, bound": ("C0BOUND", "group", "U0NURSE", False),
    "private channel of others": ("C0OTHER", "group", "U0LEAD", False),
    "private channel bound to nothing": ("G0NONE", "group", "U0LEAD", False),
    "direct, the lead": ("D0LEAD", "im", "U0LEAD", False),
    "direct, a stranger": ("D0NURSE", "im", "U0NURSE", False),
    "direct, a named early reader": ("D0EARLY", "im", "U0EARLY", False),
    "guest in an open channel": ("C0OPEN", "channel", "U0GUEST", False),
    "guest in a bound private channel": ("C0BOUND", "group", "U0GUEST", False),
    "guest, named as early reader": ("D0GUEST", "im", "U0GUEST", False),
    "guest in a direct message": ("D0OTHER", "im", "U0VISITOR", False),
    "somebody Slack does not tell of": ("D0WHO", "im", "U0UNKNOWN", False),
    "a shared channel": ("C0BOUND", "group", "U0LEAD", True),
}


class Slack:
    """As much of Slack as says who somebody is."""

    def users_info(self, *, user: str) -> dict[str, Any]:
        if user == "U0UNKNOWN":
            from slack_sdk.errors import SlackApiError

            raise SlackApiError("no", {"error": "user_not_found"})
        return {"user": {"is_restricted": user in ("U0GUEST", "U0VISITOR")}}

    def conversations_info(self, *, channel: str) -> dict[str, Any]:
        return {"channel": {}}


@pytest.fixture
def place(tmp_path: Path, sqlite_engine: Engine) -> Premises:
    made = exits.place(tmp_path, sqlite_engine, SETTINGS)

    def line(what: str, figures: str) -> str:
        service, metric = FIGURES[what]
        return f"{service},{service.title()} Unit,{metric},{JAN.start},{JAN.end},{figures},"

    public = [
        *(line(w, ",,4321") for w in ("public", "of another service", "of a private service")),
        line("exact own", "3,40,"),
    ]
    for rows, name, terms in (
        (public, "public.csv", {}),
        ([line("internal", ",,4322")], "internal.csv", {"publication": "internal"}),
        ([line("embargoed", ",,4323")], "early.csv", {"publish_at": LATER}),
    ):
        assert exits.load_rows(made, rows, name, NOW, **terms)["state"] == "loaded"
    return made


def desk(place: Premises) -> Desk:
    house, _ = premises.bound(place, NOW)
    slack: Any = Slack()
    return Desk(house, slack, slack, lambda: NOW)


def arrival(desk: Desk, who: str, text: str = "what can I ask?") -> Any:
    channel, kind, user, shared = WHO[who]
    came = Arrival(
        f"Ev{who}", "mention", channel, kind, user, "1.0", None, text, {"shared": shared}
    )
    worker.keep(desk.house, came, NOW)
    row = queue.take(desk.house.engine, NOW, 60)
    assert row is not None
    return row


def seen_by(place: Premises, viewer: Viewer) -> set[str]:
    found = set()
    with reading(place.house.engine) as conn:
        for what, (service, metric) in FIGURES.items():
            held = load.series(conn, place.house.catalogue, viewer, metric, {service})
            figures = [r for s in held.values() for r in s.results]
            assert service in load.services(conn, viewer) or not figures
            found |= {what for r in figures if r.state == "ok"}
    return found


@pytest.mark.parametrize("who", WHO)
def test_each_audience_sees_what_the_table_says_and_nothing_more(place: Premises, who: str) -> None:
    at_desk = desk(place)
    row = arrival(at_desk, who)
    binding = next((b for b in at_desk.house.bindings if b.channel == row.channel), None)
    viewer = worker._viewer(at_desk, row, binding)
    assert seen_by(place, viewer) == SEES[who]
    # and so it is in words
    asked = ("attendances of Own Unit in January 2026", "attendances of Kept Unit in January 2026")
    told = "".join(exits.answers(place, viewer, (), asked).values())
    assert "4,321" in told
    assert ("Kept Unit" in told) == ("of a private service" in SEES[who])


@pytest.mark.parametrize("audience", ["", "public", "OPEN", "everyone", None])
def test_an_unknown_audience_is_denied_everything(place: Premises, audience: Any) -> None:
    every = frozenset({"own", "kept", "other"})
    viewer = Viewer(audience, NOW, every, frozenset({"kept"}), frozenset({"long"}), exact_own=True)
    assert seen_by(place, viewer) == set()
    assert not sees_release(viewer, "long", "public", None)
    assert not sees_release(viewer, "long", "public", LATER)
    assert not sees_service(viewer, "own")
    with reading(place.house.engine) as conn:
        assert load.releases(conn, viewer) == {}
        assert load.services(conn, viewer) == {}


def test_an_unknown_publication_is_nobodys() -> None:
    unknown: Any = "restricted"
    for audience in ("open", "private", "direct", "guest"):
        viewer = Viewer(audience, NOW, prerelease=frozenset({"long"}))  # type: ignore[arg-type]
        assert not sees_release(viewer, "long", unknown, None)


def test_the_hour_that_happens_twice_is_told_apart() -> None:
    london = ZoneInfo("Europe/London")
    second = datetime(2026, 10, 25, 1, 15, tzinfo=london, fold=1)  # 01:15 UTC
    first = datetime(2026, 10, 25, 1, 45, tzinfo=london, fold=0)  # 00:45 UTC
    assert not sees_release(Viewer("open", first), "long", "public", second)
    assert sees_release(Viewer("open", second), "long", "public", first)


@pytest.mark.parametrize(
    ("said", "private"),
    [
        ("", False),
        ("private = true", True),
        ("private = false", False),
        ("consultants = 1", True),
        ("consultants = 2", True),
        ("consultants = 3", False),
        ("consultants = 2\nprivate = false", False),
        ("consultants = 9\nprivate = true", True),
    ],
)
def test_a_service_of_one_or_two_consultants_is_private_unless_it_is_said(
    tmp_path: Path, sqlite_engine: Engine, said: str, private: bool
) -> None:
    place = exits.place(tmp_path, sqlite_engine, f'[[service]]\nid = "own"\n{said}\n')
    house, _ = premises.bound(place, NOW)
    assert [s for s, r in house.roles.items() if r.private] == ["own"] * private


@pytest.mark.parametrize("number", ["0", "-1", "1.5", "true", '"two"'])
def test_a_number_of_consultants_is_a_whole_number_from_1(tmp_path: Path, number: str) -> None:
    path = tmp_path / "auditbot.toml"
    path.write_text(f'[[service]]\nid = "own"\nconsultants = {number}\n', encoding="utf-8")
    with pytest.raises(SettingsFault) as e:
        read(path)
    (fault,) = e.value.faults
    assert "service 'own', consultants" in fault
    assert "Traceback" not in fault


def test_a_name_that_fits_several_services_keeps_all_of_them_private(
    tmp_path: Path, sqlite_engine: Engine
) -> None:
    settings = '[[service]]\nid = "St Mary\'s"\nprivate = true\nlead = ["U0LEAD"]\n'
    place = exits.place(tmp_path, sqlite_engine, settings)
    rows = [
        f"{s},St Mary's,ae_attendances,{JAN.start},{JAN.end},,,4321," for s in ("west", "leyburn")
    ]
    exits.load_rows(place, rows, "a.csv", NOW)
    house, _ = premises.bound(place, NOW)
    assert {s for s, r in house.roles.items() if r.private} >= {"west", "leyburn"}
    assert not any(r.lead for r in house.roles.values())  # whose lead it is nobody can tell


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"audience": "private"}, True),
        ({"private": True, "user": "U0LEAD"}, True),
        ({"private": True, "user": "U0NURSE"}, False),
        ({"audience": "direct", "user": "U0EARLY"}, False),
        ({"audience": "open", "user": "U0LEAD"}, False),
        ({"audience": "guest", "user": "U0LEAD"}, False),
    ],
)
def test_the_terminal_shows_a_private_service_to_whom_it_belongs(
    place: Premises, row: dict[str, Any], told: bool
) -> None:
    asked = {"id": 1, "text": "attendances in January 2026", "service": "kept"} | row
    (found,) = questions.answers(place, [asked], NOW)
    assert ("4,321" in found["text"]) is told


# A queued message is looked at again when it is sent


CHANGES: dict[str, Callable[[Any], Any]] = {
    "opened to everybody": lambda h: replace(
        h, bindings=tuple(replace(b, audience="open") for b in h.bindings)
    ),
    "bound to another service": lambda h: replace(
        h, bindings=(Binding("C0BOUND", ("other",), (), "private"),)
    ),
    "no longer approved for exact figures": lambda h: replace(h, exact_own=False),
}


@pytest.mark.parametrize("change", [None, *CHANGES])
@pytest.mark.parametrize("kind", ["digest", "concern", "further", "correction"])
def test_a_queued_message_is_not_sent_to_a_channel_that_may_not_see_it_any_more(
    place: Premises, change: str | None, kind: str
) -> None:
    at_desk = desk(place)
    house = at_desk.house
    viewer = worker.viewer_of(house, next(b for b in house.bindings if b.channel == "C0BOUND"), NOW)
    with reading(house.engine) as conn:
        held = load.series(conn, house.catalogue, viewer, "nela_ct_reported", {"own"})
    latest = held["own"].results[0]
    assert latest.numerator == 3
    figure = {
        k: getattr(latest, k)
        for k in ("release", "state", "value", "level", "numerator", "denominator")
    }
    trail = {
        "service": "own",
        "metric": "nela_ct_reported",
        "start": JAN.start.isoformat(),
        "end": JAN.end.isoformat(),
        "evidence": {"latest": figure},
    }
    with writing(house.engine) as conn:
        queue.put_message(
            conn,
            key="one",
            channel="C0BOUND",
            message=Message(kind, "3 of 40", (), "3 of 40", trail=trail),
            not_before=NOW,
        )
        (row,) = queue.waiting(conn)
    now = CHANGES[change](house) if change else house
    why = worker._still_bound(now, row, NOW)
    assert bool(why) is (change is not None)
    made_private = replace(
        house,
        roles=dict(house.roles) | {"own": Roles("own", private=True)},
        bindings=tuple(replace(b, audience="open") for b in house.bindings),
    )
    assert "any more" in worker._still_bound(made_private, row, NOW)
