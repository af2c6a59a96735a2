import itertools
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select, update

from auditbot.catalogue import Catalogue, Metric
from auditbot.model import Batch, Period, Publication, Refusal
from auditbot.store import load, tables
from auditbot.store import save as saving
from auditbot.store.engine import StoreFault, reading, writing
from auditbot.store.save import BeingLoaded, Saved, save, sweep
from auditbot.viewer import Viewer, sees_release
from tests.conftest import batch_of, frame_of, months_from, row

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OPEN = Viewer("open", NOW)
JAN, FEB = months_from(2026, 1, 2)
CATALOGUE = Catalogue(
    MappingProxyType({}),
    MappingProxyType(
        {
            "wait": Metric(
                id="wait",
                audit="nhfd",
                name="Seen in time",
                plain="seen in time",
                kind="proportion",
                direction="higher",
                achieved="were seen in time",
                numerator="seen in time",
                denominator="all",
                why="made up",
                disclosure="as_published",
                standard_note="none",
                standard_source="none",
                verified=True,
                verified_how="made up",
                review_by=date(2027, 1, 1),
            )
        }
    ),
    (),
    (),
    Path(),
)


def held(engine: Engine) -> dict[str, int]:
    """How many rows each table of loaded things holds."""
    loaded = (
        tables.release,
        tables.result,
        tables.coverage,
        tables.sighting,
        tables.refusal,
    )
    with reading(engine) as conn:
        return {t.name: conn.scalar(select(func.count()).select_from(t)) or 0 for t in loaded}


def figure(engine: Engine, viewer: Viewer = OPEN, when: Period = JAN) -> float | None:
    """The numerator of Cedar Unit that a viewer sees."""
    with reading(engine) as conn:
        found = load.series(conn, CATALOGUE, viewer, "wait")
    results = [r for s in found.values() for r in s.results if r.period == when]
    return results[0].numerator if results else None


def one(numerator: float, **more: Any) -> Batch:
    return batch_of([row("cedar-unit", "wait", JAN, numerator, 100)], **more)


def test_a_file_is_saved_with_its_names_and_periods(engine: Engine) -> None:
    rows = [row(s, "wait", m, 80, 100) for s in ("b-unit", "a-unit") for m in (FEB, JAN)]
    heard: list[int] = []
    saved = save(engine, batch_of(rows), now=NOW, progress=heard.append)
    assert saved == Saved("loaded", saved.release, 4, 2, (JAN, FEB), 4)
    assert heard == [4]
    with reading(engine) as conn:
        found = load.series(conn, CATALOGUE, OPEN, "wait")
        assert [s.name for s in load.services(conn, OPEN).values()] == ["A Unit", "B Unit"]
    assert {s: [r.period for r in x.results] for s, x in found.items()} == {
        "a-unit": [JAN, FEB],
        "b-unit": [JAN, FEB],
    }
    assert {r.release for x in found.values() for r in x.results} == {saved.release}


def test_every_part_of_a_cell_comes_back(engine: Engine) -> None:
    rows = [
        row("s", "wait", JAN, 0.5, 3.25, completeness=91.5),
        row("s", "wait", FEB, level="B", value=None, state="too_few"),
    ]
    save(engine, batch_of(rows), now=NOW)
    with reading(engine) as conn:
        a, b = load.series(conn, CATALOGUE, OPEN, "wait")["s"].results
    assert (a.numerator, a.denominator, a.value, a.completeness) == (0.5, 3.25, 50 / 3.25, 91.5)
    assert (a.state, a.level) == ("ok", None)
    assert (b.state, b.level, b.value, b.numerator, b.completeness) == (
        "too_few",
        "B",
        None,
        None,
        None,
    )


def test_the_same_file_again_changes_nothing(engine: Engine) -> None:
    batch = one(80, sha256="a" * 64)
    first = save(engine, batch, now=NOW)
    before = held(engine)

    def never() -> Iterator[pd.DataFrame]:
        raise AssertionError("the file was read again")
        yield

    again = batch_of([], sha256="a" * 64, frames=never())
    saved = save(engine, again, now=NOW + timedelta(days=1))
    assert saved == Saved("unchanged", first.release, 1, 1, (JAN,))
    assert held(engine) == before


def test_another_file_that_says_the_same_changes_no_figure(engine: Engine) -> None:
    save(engine, one(80, published=date(2026, 2, 1)), now=NOW)
    saved = save(engine, one(80, published=date(2026, 3, 1)), now=NOW)
    assert (saved.state, saved.results, saved.stored) == ("unchanged", 1, 0)
    assert held(engine)["result"] == 1


def test_a_file_that_says_less_of_the_same_figure_changes_nothing(engine: Engine) -> None:
    save(engine, batch_of([row("s", "wait", JAN, 80, 100, completeness=95)]), now=NOW)
    rows = [row("s", "wait", JAN, value=80.0)]
    assert save(engine, batch_of(rows), now=NOW).state == "unchanged"
    # The other way round something is learnt.
    assert save(engine, batch_of([row("t", "wait", JAN, value=80.0)]), now=NOW).state == "loaded"
    assert save(engine, batch_of([row("t", "wait", JAN, 80, 100)]), now=NOW).state == "revised"


def test_a_corrected_file_revises_and_the_old_figure_is_kept(engine: Engine) -> None:
    save(engine, one(80, published=date(2026, 2, 1)), now=NOW)
    saved = save(engine, one(82, published=date(2026, 2, 20)), now=NOW)
    assert (saved.state, saved.stored) == ("revised", 1)
    assert figure(engine) == 82
    assert held(engine)["result"] == 2


def test_an_older_file_that_comes_later_does_not_win(engine: Engine) -> None:
    save(engine, one(82, published=date(2026, 2, 20)), now=NOW)
    saved = save(engine, one(80, published=date(2026, 2, 1)), now=NOW)
    assert (saved.state, saved.stored) == ("loaded", 1)
    assert figure(engine) == 82


def test_of_equal_dates_the_later_load_wins(engine: Engine) -> None:
    for n in (80, 82, 81):
        save(engine, one(n, published=date(2026, 2, 1)), now=NOW)
    assert figure(engine) == 81


def test_a_file_without_a_date_counts_from_the_day_it_came(engine: Engine) -> None:
    save(engine, one(80), now=NOW)
    save(engine, one(81, published=NOW.date() - timedelta(days=1)), now=NOW)
    assert figure(engine) == 80
    save(engine, one(82, published=NOW.date()), now=NOW)
    assert figure(engine) == 82


def test_a_figure_can_be_corrected_back(engine: Engine) -> None:
    for n in (80, 82, 80):
        assert save(engine, one(n), now=NOW).state in ("loaded", "revised")
    assert figure(engine) == 80
    assert held(engine)["result"] == 3


def test_a_published_figure_does_not_hang_on_an_embargoed_one(engine: Engine) -> None:
    later = NOW + timedelta(days=9)
    save(engine, one(80, sha256="a" * 64), now=NOW, publish_at=later)
    assert figure(engine) is None
    saved = save(engine, one(80, sha256="a" * 64), now=NOW)
    assert (saved.state, saved.stored) == ("loaded", 1)
    assert figure(engine) == 80


def test_an_internal_figure_does_not_stand_for_a_public_one(engine: Engine) -> None:
    save(engine, one(80), now=NOW, publication="internal")
    save(engine, one(80), now=NOW)
    assert figure(engine) == 80


def test_a_file_that_is_refused_half_way_leaves_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "CHUNK", 10)
    months = months_from(2020, 1, 36)

    class Fault(Exception):
        pass

    def frames() -> Iterator[pd.DataFrame]:
        yield frame_of(row("s", "wait", m, 1, 2) for m in months)
        yield frame_of(row("t", "other", m, 1, 2) for m in months)
        raise Fault

    with pytest.raises(Fault):
        save(engine, batch_of([], sha256="f" * 64, frames=frames()), now=NOW)
    assert set(held(engine).values()) == {0}
    rows = [row("s", "wait", m, 1, 2) for m in months]
    assert save(engine, batch_of(rows, sha256="f" * 64), now=NOW).state == "loaded"


def test_chunks_make_one_file_and_nobody_sees_half_of_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "CHUNK", 10)
    rows = [row(s, "wait", m, 1, 2) for m in months_from(2020, 1, 12) for s in "cab"]
    frames = [frame_of(rows[i : i + 7]) for i in range(0, len(rows), 7)]
    heard: list[int] = []

    def look(count: int) -> None:
        heard.append(count)
        with reading(engine) as conn:
            assert load.releases(conn, OPEN) == {}
            assert load.services(conn, OPEN) == {}
            assert load.series(conn, CATALOGUE, OPEN, "wait") == {}
            assert load.latest_release_id(conn) == 0

    saved = save(engine, batch_of(rows, frames=frames), now=NOW, progress=look)
    assert heard[-1] == saved.results == saved.stored == 36
    assert len(heard) > 3
    with reading(engine) as conn:
        found = load.series(conn, CATALOGUE, OPEN, "wait")
    assert {s: len(x.results) for s, x in found.items()} == {"a": 12, "b": 12, "c": 12}


def test_a_cell_that_comes_twice_is_refused_in_a_sentence(engine: Engine) -> None:
    rows = [row("s", "wait", JAN, 1, 2), row("s", "wait", JAN, 2, 2)]
    with pytest.raises(StoreFault, match="twice"):
        save(engine, batch_of(rows), now=NOW)
    assert set(held(engine).values()) == {0}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"metric": None}, "no metric"),
        ({"service": None}, "no service"),
        ({"start": None}, "no period"),
        ({"state": "fine"}, "'fine' is not a state"),
    ],
)
def test_rows_that_are_no_results_are_refused(
    sqlite_engine: Engine, change: dict[str, Any], what: str
) -> None:
    rows = [row("s", "wait", JAN, 1, 2), row("s", "wait", FEB, 1, 2) | change]
    batch = batch_of([], frames=[frame_of(rows)])
    with pytest.raises(ValueError, match=what):
        save(sqlite_engine, batch, now=NOW)
    assert set(held(sqlite_engine).values()) == {0}


def die_half_way(engine: Engine, sha256: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed takes nothing out."""

    def frames() -> Iterator[pd.DataFrame]:
        yield frame_of(row("s", "wait", m, 1, 2) for m in months_from(2020, 1, 60))
        raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(saving, "discard", lambda *_: None)
        m.setattr(saving, "CHUNK", 10)
        with pytest.raises(KeyboardInterrupt):
            save(engine, batch_of([], sha256=sha256, frames=frames()), now=NOW)
    assert held(engine)["result"] > 0


def grow_old(engine: Engine) -> None:
    with writing(engine) as conn:
        conn.execute(update(tables.release).values(touched_at=datetime(2020, 1, 1, tzinfo=UTC)))


def test_what_a_dead_load_left_is_unseen_and_swept(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_half_way(engine, "d" * 64, monkeypatch)
    assert figure(engine, when=months_from(2020, 1, 1)[0]) is None
    assert sweep(engine) == 0  # it may still be alive
    grow_old(engine)
    assert sweep(engine) == 1
    assert set(held(engine).values()) == {0}


def test_a_dead_load_does_not_keep_its_file_out(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    die_half_way(engine, "d" * 64, monkeypatch)
    with pytest.raises(BeingLoaded, match="another process"):
        save(engine, one(80, sha256="d" * 64), now=NOW)
    grow_old(engine)
    assert save(engine, one(80, sha256="d" * 64), now=NOW).state == "loaded"
    assert held(engine)["result"] == 1


def test_a_load_that_was_taken_for_dead_does_not_go_on(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "CHUNK", 1)

    def frames() -> Iterator[pd.DataFrame]:
        yield frame_of([row("s", "wait", JAN, 1, 2)])
        grow_old(engine)
        assert sweep(engine) == 1
        yield frame_of([row("s", "wait", FEB, 1, 2)])

    with pytest.raises(StoreFault, match="taken for dead"):
        save(engine, batch_of([], frames=frames()), now=NOW)
    assert set(held(engine).values()) == {0}


def test_one_file_in_two_bots_is_loaded_once(engine: Engine) -> None:
    rows = [row(s, "wait", m, 1, 2) for m in months_from(2020, 1, 36) for s in "abcd"]
    ends: list[str] = []

    def run() -> None:
        try:
            ends.append(save(engine, batch_of(rows, sha256="e" * 64), now=NOW).state)
        except BeingLoaded:
            ends.append("busy")

    threads = [threading.Thread(target=run) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(30)
    assert ends.count("loaded") == 1
    assert set(ends) <= {"loaded", "busy", "unchanged"}
    assert held(engine)["release"] == 1
    assert held(engine)["result"] == len(rows)


BAD = Refusal(3, "numerator", "seven", "The value is not a number.", "cedar-unit")


def test_an_incomplete_file_loads_the_rest_and_says_so(engine: Engine) -> None:
    rows = [row("b-unit", "wait", JAN, 1, 2)]
    saved = save(engine, batch_of(rows, refusals=(BAD,)), now=NOW)
    assert saved.state == "incomplete"
    with reading(engine) as conn:
        assert [r.complete for r in load.releases(conn, OPEN).values()] == [False]
        assert load.refused_services(conn) == {(saved.release, "cedar-unit")}


def test_an_incomplete_file_again_changes_nothing(engine: Engine) -> None:
    rows = [row("b-unit", "wait", JAN, 1, 2)]
    first = save(engine, batch_of(rows, refusals=(BAD,), sha256="a" * 64), now=NOW)
    before = held(engine)
    again = save(engine, batch_of(rows, refusals=(BAD,), sha256="a" * 64), now=NOW)
    assert (again.state, again.release, again.stored) == ("incomplete", first.release, 0)
    assert held(engine) == before


def test_an_incomplete_file_that_can_be_read_now_stays_one_release(engine: Engine) -> None:
    first = save(
        engine,
        batch_of(
            [row("b-unit", "wait", JAN, 1, 2), row("c-unit", "wait", JAN, 5, 100)],
            refusals=(BAD,),
            sha256="a" * 64,
        ),
        now=NOW,
    )
    rows = [
        row("b-unit", "wait", JAN, 1, 2),
        row("c-unit", "wait", JAN, 50, 100),  # a fault in reading was mended
        row("cedar-unit", "wait", JAN, 80, 100),
    ]
    saved = save(engine, batch_of(rows, sha256="a" * 64), now=NOW)
    assert saved.release == first.release
    assert saved.results == 3
    with reading(engine) as conn:
        assert [r.complete for r in load.releases(conn, OPEN).values()] == [True]
        assert load.refused_services(conn) == set()
        found = load.series(conn, CATALOGUE, OPEN, "wait")
        assert sorted(load.services(conn, OPEN)) == ["b-unit", "c-unit", "cedar-unit"]
    assert {s: x.results[0].numerator for s, x in found.items()} == {
        "b-unit": 1,
        "c-unit": 50,
        "cedar-unit": 80,
    }
    assert {r.release for x in found.values() for r in x.results} == {first.release}
    assert held(engine) == {
        "release": 1,
        "result": 3,
        "coverage": 1,
        "sighting": 3,
        "refusal": 0,
    }
    assert save(engine, batch_of(rows, sha256="a" * 64), now=NOW).state == "unchanged"


def test_an_echo_of_an_incomplete_file_is_kept(engine: Engine) -> None:
    """Two files of one day: the second says the same; then the first is read again, mended."""
    other = row("b-unit", "wait", FEB, 1, 2)
    first = [row("cedar-unit", "wait", JAN, 1, 100), other]
    save(engine, batch_of(first, sha256="a" * 64, refusals=(BAD,)), now=NOW)
    save(engine, batch_of([other], sha256="b" * 64, refusals=(BAD,)), now=NOW)
    rows = [row("cedar-unit", "wait", JAN, 1, 100), other]
    save(engine, batch_of(rows, sha256="b" * 64, refusals=(BAD,)), now=NOW)
    assert figure(engine) == 1
    mended = [row("cedar-unit", "wait", JAN, 2, 100), other]
    save(engine, batch_of(mended, sha256="a" * 64), now=NOW)
    assert figure(engine) == 1  # the second file, which stands above the first, says so


VIEWERS = [
    Viewer("open", NOW),
    Viewer("private", NOW),
    Viewer("direct", NOW, prerelease=frozenset({"a"})),
    Viewer("direct", NOW, prerelease=frozenset({"b"})),
]
TERMS = st.tuples(
    st.sampled_from(["public", "internal"]),
    st.sampled_from([None, 0, 1, 2]),  # published, days ago
    st.sampled_from([None, -1, 1, 2]),  # publish_at, days ahead
    st.sampled_from(["a", "b"]),  # source
)


@settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(TERMS, min_size=1, max_size=6),
    # (which file, its figure, whether another row of it is refused, whether this one is)
    st.lists(
        st.tuples(st.integers(0, 5), st.integers(1, 2), st.booleans(), st.booleans()),
        max_size=9,
    ),
)
def test_leaving_equal_cells_out_is_never_seen(
    sqlite_engine: Engine,
    files: list[tuple[Publication, int | None, int | None, str]],
    loads: list[tuple[int, int, bool, bool]],
) -> None:
    """Whoever looks, whenever, in whatever order files came: as if every cell had been stored."""
    unit, number = f"unit-{load_number()}", load_number()
    place: dict[int, int] = {}  # by first load
    complete: set[int] = set()
    figures: dict[int, int] = {}
    for which, n, incomplete, gone in loads:
        i = which % len(files)
        publication, ago, ahead, source = files[i]
        published = None if ago is None else (NOW - timedelta(days=ago)).date()
        rows = [] if gone else [row(unit, "wait", JAN, n, 100)]
        batch = batch_of(
            [*rows, row(f"other-{unit}", "wait", FEB, 1, 100)],
            sha256=f"{number:032}{i:032}",
            source=source,
            published=published,
            refusals=(BAD,) if incomplete or gone else (),
        )
        publish_at = None if ahead is None else NOW + timedelta(days=ahead)
        save(sqlite_engine, batch, now=NOW, publication=publication, publish_at=publish_at)
        place.setdefault(i, len(place))
        if i not in complete and not gone:
            figures[i] = n
        if not (incomplete or gone):
            complete.add(i)
    for viewer in VIEWERS:
        for days in range(4):
            at = Viewer(viewer.audience, NOW + timedelta(days=days), prerelease=viewer.prerelease)
            ranked = [
                (NOW.date() - timedelta(days=ago or 0), place[i], figures[i])
                for i, (publication, ago, ahead, source) in enumerate(files)
                if i in figures
                and sees_release(
                    at,
                    source,
                    publication,
                    None if ahead is None else NOW + timedelta(days=ahead),
                )
            ]
            with reading(sqlite_engine) as conn:
                found = load.series(conn, CATALOGUE, at, "wait", {unit})
            seen = found[unit].results[0].numerator if found else None
            assert seen == (max(ranked)[2] if ranked else None)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_dates_decide_in_whatever_order_files_come(
    sqlite_engine: Engine, order: tuple[int, ...]
) -> None:
    """First 80, revised to 82, revised back to 80: 80 stands, however they are loaded."""
    files = [one(80, published=date(2026, 1, 5)), one(82, published=date(2026, 2, 5))]
    files.append(one(80, published=date(2026, 3, 1)))
    for i in order:
        save(sqlite_engine, files[i], now=NOW)
    assert figure(sqlite_engine) == 80


_numbers = iter(range(1_000_000))


def load_number() -> int:
    return next(_numbers)


def test_the_file_of_a_past_embargo_loaded_again_undoes_no_correction(engine: Engine) -> None:
    """An embargo that has passed is none, so without it the file is the same file."""
    first = batch_of([row("unit", "wait", JAN, 90, 100)], sha256="1" * 64)
    corrected = batch_of([row("unit", "wait", JAN, 60, 100)], sha256="2" * 64)
    save(engine, first, now=NOW, publish_at=NOW - timedelta(days=1))
    save(engine, corrected, now=NOW)
    assert save(engine, first, now=NOW).state == "unchanged"
    with reading(engine) as conn:
        (result,) = load.series(conn, CATALOGUE, OPEN, "wait", {"unit"})["unit"].results
    assert result.numerator == 60
