from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from auditbot.catalogue import Catalogue, Metric
from auditbot.model import Audience, Period, Publication, Sighting, State
from auditbot.store import load, tables
from auditbot.store.engine import insert_all_new, reading, writing
from auditbot.store.save import save
from auditbot.viewer import Viewer
from tests.conftest import batch_of, months_from, row

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OPEN = Viewer("open", NOW)
JAN, FEB, MARCH = months_from(2026, 1, 3)
AUDIENCES: tuple[Audience, ...] = ("open", "private", "direct", "guest")


def metric(
    id: str,
    disclosure: Literal["as_published", "small_numbers"],
    kind: Literal["proportion", "count"] = "proportion",
) -> Metric:
    return Metric(
        id=id,
        audit="nhfd",
        name=id,
        plain=id,
        kind=kind,
        direction="higher",
        achieved="were seen",
        numerator="seen",
        denominator="all",
        why="made up",
        disclosure=disclosure,
        standard_note="none",
        standard_source="none",
        verified=True,
        verified_how="made up",
        review_by=date(2027, 1, 1),
    )


METRICS = (
    metric("wait", "as_published"),
    metric("small", "small_numbers"),
    metric("visits", "small_numbers", "count"),
)
CATALOGUE = Catalogue(
    MappingProxyType({}), MappingProxyType({m.id: m for m in METRICS}), (), (), Path()
)


def keep(
    engine: Engine,
    rows: Sequence[dict[str, Any]],
    *,
    publication: Publication = "public",
    publish_at: datetime | None = None,
    **more: Any,
) -> int:
    batch = batch_of(rows, **more)
    return save(engine, batch, now=NOW, publication=publication, publish_at=publish_at).release


def numerators(
    engine: Engine, viewer: Viewer, of: str = "wait", services: Sequence[str] | None = None
) -> dict[str, list[float | None]]:
    with reading(engine) as conn:
        found = load.series(conn, CATALOGUE, viewer, of, services)
    return {s: [r.numerator for r in x.results] for s, x in found.items()}


def test_before_its_instant_a_release_does_not_exist(engine: Engine) -> None:
    at = NOW + timedelta(hours=3)
    old = keep(engine, [row("a-unit", "wait", JAN, 70, 100)], names={"a-unit": "Old Name"})
    new = keep(
        engine,
        [
            row("a-unit", "wait", JAN, 75, 100),
            row("a-unit", "wait", FEB, 80, 100),
            row("new-unit", "visits", MARCH, 60, 100),
        ],
        names={"a-unit": "New Name"},
        publish_at=at,
    )
    just_before = replace(OPEN, now=at - timedelta(microseconds=1))
    with reading(engine) as conn:
        assert list(load.releases(conn, just_before)) == [old]
        assert {s.id: s.name for s in load.services(conn, just_before).values()} == {
            "a-unit": "Old Name"
        }
        assert load.metrics_of(conn, just_before, "a-unit") == ["wait"]
        assert load.metrics_of(conn, just_before, "new-unit") == []
        assert load.periods_of(conn, just_before, "wait") == [JAN]
        assert load.periods_of(conn, just_before, "visits") == []
    assert numerators(engine, just_before) == {"a-unit": [70]}
    then = replace(OPEN, now=at)
    with reading(engine) as conn:
        assert list(load.releases(conn, then)) == [old, new]
        assert load.services(conn, then)["a-unit"].names == ("New Name", "Old Name")
        assert list(load.services(conn, then)) == ["a-unit", "new-unit"]
        assert load.periods_of(conn, then, "visits") == [MARCH]
    assert numerators(engine, then) == {"a-unit": [75, 80]}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_only_named_readers_see_ahead_and_only_in_private(
    engine: Engine, audience: Audience
) -> None:
    keep(engine, [row("a-unit", "wait", JAN, 70, 100)], publish_at=NOW + timedelta(days=1))
    private = audience in ("private", "direct")
    named = Viewer(audience, NOW, prerelease=frozenset({"long"}))
    of_another_source = Viewer(audience, NOW, prerelease=frozenset({"ae_csv"}))
    assert numerators(engine, named) == ({"a-unit": [70]} if private else {})
    assert numerators(engine, of_another_source) == {}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_internal_figures_stay_in_private(engine: Engine, audience: Audience) -> None:
    keep(engine, [row("a-unit", "wait", JAN, 70, 100)], publication="internal")
    private = audience in ("private", "direct")
    assert bool(numerators(engine, Viewer(audience, NOW))) is private
    with reading(engine) as conn:
        assert bool(load.services(conn, Viewer(audience, NOW))) is private


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("bound", [True, False])
def test_a_private_service_is_seen_only_in_its_own_private_channels(
    engine: Engine, audience: Audience, bound: bool
) -> None:
    keep(engine, [row("a-unit", "wait", JAN, 70, 100), row("b-unit", "wait", FEB, 60, 100)])
    viewer = Viewer(
        audience,
        NOW,
        services=frozenset({"a-unit"} if bound else {"b-unit"}),
        private_services=frozenset({"a-unit"}),
    )
    sees = bound and audience in ("private", "direct")
    expected = ["a-unit", "b-unit"] if sees else ["b-unit"]
    assert list(numerators(engine, viewer)) == expected
    assert list(numerators(engine, viewer, services=["a-unit"])) == ["a-unit"] * sees
    with reading(engine) as conn:
        assert list(load.services(conn, viewer)) == expected
        assert load.metrics_of(conn, viewer, "a-unit") == ["wait"] * sees
        assert load.periods_of(conn, viewer, "wait") == ([JAN, FEB] if sees else [FEB])


def test_small_numbers_are_protected_as_they_leave(engine: Engine) -> None:
    rows = [
        row("a-unit", "small", JAN, 3, 40),
        row("a-unit", "small", FEB, 38, 40),
        row("a-unit", "small", MARCH, 22, 43),
        row("a-unit", "visits", JAN, value=4.0),
        row("a-unit", "visits", FEB, value=48.0),
        row("a-unit", "wait", JAN, 3, 40),
    ]
    keep(engine, rows)
    with reading(engine) as conn:
        small, visits, wait = (
            load.series(conn, CATALOGUE, OPEN, m)["a-unit"].results
            for m in ("small", "visits", "wait")
        )
    assert [r.state for r in small] == ["suppressed", "suppressed", "ok"]
    assert [(r.numerator, r.denominator, r.value) for r in small] == [
        (None, None, None),
        (None, None, None),
        (20, 45, 44),
    ]
    assert [r.value for r in visits] == [None, 50]
    assert (wait[0].numerator, wait[0].value) == (3, 7.5)


def test_exact_own_figures_need_an_approval_a_private_channel_and_the_binding(
    engine: Engine,
) -> None:
    keep(engine, [row("a-unit", "small", JAN, 3, 40), row("b-unit", "small", JAN, 4, 40)])
    bound = frozenset({"a-unit"})
    approved = Viewer("private", NOW, services=bound, exact_own=True)
    assert numerators(engine, approved, "small") == {"a-unit": [3], "b-unit": [None]}
    for other in ("open", "direct", "guest"):
        viewer = replace(approved, audience=other)
        assert numerators(engine, viewer, "small") == {"a-unit": [None], "b-unit": [None]}
    assert numerators(engine, replace(approved, exact_own=False), "small")["a-unit"] == [None]


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8))
def test_no_small_count_ever_leaves(sqlite_engine: Engine, counts: list[tuple[int, int]]) -> None:
    months = months_from(2020, 1, len(counts))
    unit = f"unit-{next(_numbers)}"
    rows = [
        row(unit, "small", m, min(a, b), max(a, b))
        for m, (a, b) in zip(months, counts, strict=True)
    ]
    keep(sqlite_engine, rows)
    with reading(sqlite_engine) as conn:
        found = load.series(conn, CATALOGUE, OPEN, "small", {unit})[unit].results
    assert [r.period for r in found] == months
    for r in found:
        shown = [c for c in (r.numerator, r.denominator) if c is not None]
        assert all(c % 5 == 0 for c in shown)
        if shown:
            n, d = r.numerator, r.denominator
            assert n is not None
            assert d is not None
            assert d - n >= 0


_numbers = iter(range(1_000_000))


def test_the_newest_name_is_that_of_the_newest_period(engine: Engine) -> None:
    def named(name: str, when: Period, **more: str) -> Any:
        return replace(
            batch_of([row("a-unit", "wait", when, 50, 100)]),
            services=(Sighting("a-unit", name, when, **more),),
        )

    for name, when, more in (
        ("Newest", MARCH, {"parent": "North Trust", "region": "North"}),
        ("Oldest", JAN, {"parent": "Old Trust", "region": "Far North", "peer_group": "small"}),
        ("Middle", FEB, {"parent": "Old Trust"}),
    ):
        save(engine, named(name, when, **more), now=NOW)
    with reading(engine) as conn:
        unit = load.services(conn, OPEN)["a-unit"]
    assert (unit.name, unit.names) == ("Newest", ("Newest", "Middle", "Oldest"))
    assert (unit.parent, unit.parents) == ("North Trust", ("North Trust", "Old Trust"))
    assert (unit.region, unit.peer_group) == ("North", "small")
    assert unit.reviewed is False


def test_of_two_names_in_one_period_the_later_published_stands(engine: Engine) -> None:
    rows = [row("a-unit", "wait", MARCH, 50, 100)]
    keep(engine, rows, names={"a-unit": "Right"}, published=date(2026, 2, 20))
    keep(engine, rows, names={"a-unit": "Before"}, published=date(2026, 2, 1))
    with reading(engine) as conn:
        assert load.services(conn, OPEN)["a-unit"].names == ("Right", "Before")


def test_a_service_is_unreviewed_until_somebody_looked(engine: Engine) -> None:
    keep(engine, [row("a-unit", "wait", JAN, 50, 100)])
    with writing(engine) as conn:
        conn.execute(update(tables.service).values(reviewed=True))
    with reading(engine) as conn:
        assert load.services(conn, OPEN)["a-unit"].reviewed is True


def test_all_states_come_back(engine: Engine) -> None:
    states: list[State] = list(load._STATE_OF.values())
    months = months_from(2025, 1, len(states))
    keep(
        engine,
        [row("a-unit", "wait", m, state=s) for m, s in zip(months, states, strict=True)],
    )
    with reading(engine) as conn:
        found = load.series(conn, CATALOGUE, OPEN, "wait")["a-unit"].results
    assert [r.state for r in found] == states


def test_periods_are_in_time_order_however_they_came(engine: Engine) -> None:
    months = months_from(2024, 1, 24)
    for m in (*months[12:], *reversed(months[:12])):
        keep(engine, [row("a-unit", "wait", m, 50, 100)])
    with reading(engine) as conn:
        assert load.periods_of(conn, OPEN, "wait") == months
        found = load.series(conn, CATALOGUE, OPEN, "wait")["a-unit"].results
    assert [r.period for r in found] == months


def test_many_metrics_are_read_as_each_alone_for_every_audience(engine: Engine) -> None:
    months = months_from(2024, 1, 6)
    units = ("a-unit", "b-unit", "c-unit")
    rows = [
        row(u, m, p, 3 + 7 * i, 60)
        for u in units
        for m in ("wait", "small")
        for i, p in enumerate(months)
    ]
    keep(engine, rows)
    keep(engine, [row("a-unit", "wait", months[1], 11, 60)], sha256="b" * 64)  # a revision
    keep(
        engine, [row("a-unit", "visits", JAN, value=48.0)], sha256="c" * 64, publication="internal"
    )
    keep(engine, [row("b-unit", "unknown", JAN, 5, 60)], sha256="d" * 64)
    asked = ("wait", "small", "visits", "unknown", "never heard of")
    for audience in AUDIENCES:
        viewer = Viewer(
            audience, NOW, frozenset({"a-unit"}), frozenset({"a-unit", "c-unit"}), exact_own=True
        )
        for wanted in (None, ("a-unit", "b-unit"), ("c-unit",), ()):
            with reading(engine) as conn:
                alone = {m: load.series(conn, CATALOGUE, viewer, m, wanted) for m in asked}
                found = load.series_of(conn, CATALOGUE, viewer, asked, wanted)
            assert found == {m: by_service for m, by_service in alone.items() if by_service}
    with reading(engine) as conn:
        found = load.series_of(conn, CATALOGUE, OPEN, asked)
    assert [r.numerator for r in found["wait"]["a-unit"].results] == [3, 11, 17, 24, 31, 38]
    assert found["small"]["a-unit"].results[0].state == "suppressed"
    assert "visits" not in found


def test_a_narrowed_list_of_services_tells_the_same_of_each(engine: Engine) -> None:
    keep(engine, [row(u, "wait", JAN, 50, 100) for u in ("a-unit", "b-unit", "c-unit")])
    viewer = Viewer("open", NOW, private_services=frozenset({"c-unit"}))
    with reading(engine) as conn:
        everyone = load.services(conn, viewer)
        assert set(everyone) == {"a-unit", "b-unit"}
        some = load.services(conn, viewer, ("b-unit", "c-unit", "never-heard-of"))
        assert some == {"b-unit": everyone["b-unit"]}
        assert load.services(conn, viewer, ()) == {}


def test_what_is_not_there_is_empty(engine: Engine) -> None:
    keep(engine, [row("a-unit", "not_in_catalogue", JAN, 5, 100)])
    with reading(engine) as conn:
        for of in ("wait", "not_in_catalogue", "never heard of"):
            assert load.series(conn, CATALOGUE, OPEN, of) == {}
        assert load.series(conn, CATALOGUE, OPEN, "wait", set()) == {}
        assert load.metrics_of(conn, OPEN, "never-heard-of") == []
        assert load.periods_of(conn, OPEN, "never heard of") == []
        assert load.refused_services(conn) == set()


def test_release_rows_come_back_whole(engine: Engine) -> None:
    at = NOW - timedelta(days=1)
    id = keep(
        engine,
        [row("a-unit", "wait", JAN, 5, 100)],
        sha256="a" * 64,
        published=date(2026, 2, 12),
        publish_at=at,
    )
    with reading(engine) as conn:
        (found,) = load.releases(conn, OPEN).values()
        assert load.latest_release_id(conn) == id == found.id
    assert (found.source, found.audit, found.name) == ("long", "nhfd", "made up.csv")
    assert (found.sha256, found.received, found.publish_at) == ("a" * 64, NOW, at)
    assert (found.publication, found.published, found.complete) == (
        "public",
        date(2026, 2, 12),
        True,
    )


def test_many_services_are_no_burden_to_the_statement(engine: Engine) -> None:
    keep(engine, [row("unit-1", "wait", JAN, 50, 100)])
    wanted = [f"unit-{i}" for i in range(70_000)]  # more than a statement takes parameters
    with writing(engine) as conn:
        insert_all_new(conn, tables.service, [{"id": i} for i in wanted])
    assert numerators(engine, OPEN, services=wanted) == {"unit-1": [50]}
    with reading(engine) as conn:
        assert load.periods_of(conn, OPEN, "wait") == [JAN]
