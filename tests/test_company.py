"""In whose company a service is: its kind, its size, and from public, complete rows alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditbot import catalogue, layout, period
from auditbot.analyse.findings import find
from auditbot.company import company, in_company, place
from auditbot.pipeline import File, take
from auditbot.store import load
from auditbot.store.engine import reading
from auditbot.viewer import Viewer
from tests.test_pipeline import HEADER

ROOT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
YEARS = [period.financial_year(y) for y in (2023, 2024, 2025)]
OWN = "fernhill-hospital"


def line(service, metric, when, n, d):
    return f"{service},{service.title()},{metric},{when.start},{when.end},{n},{d},,"


def put(house, tmp_path, rows, name="a.csv", **terms):
    path = tmp_path / name
    path.write_text("\n".join([HEADER, *rows]), encoding="utf-8")
    report = take(house, File(path, "long", **terms), NOW)
    assert report["state"] in ("loaded", "incomplete", "revised"), report
    return report


def services(rate_of, cases=200, metric="nhfd_prompt_surgery", when=YEARS[2], count=12):
    """Made-up units, each at its own rate."""
    names = [OWN, *(f"unit-{i:02}" for i in range(count))]
    return [
        line(s, metric, when, round(rate_of(i) * cases / 100), cases) for i, s in enumerate(names)
    ]


def found(house, metric="nhfd_prompt_surgery", now=NOW, private=frozenset()):
    with reading(house.engine) as conn:
        viewer = Viewer("private", now, frozenset({OWN}), private)
        series = load.series(conn, house.catalogue, viewer, metric, [OWN])[OWN]
        service = load.services(conn, viewer)[OWN]
        made = find(service, house.catalogue.metrics[metric], series)
        peers = company(conn, house.catalogue, now, private)
        return in_company(peers, made), place(peers, made)


@pytest.fixture
def hip(house):
    """A metric that is there in the catalogue: a proportion without a standard or a season."""
    m = next(m for m in house.catalogue.by_audit["nhfd"] if m.direction == "higher")
    return m.id


def test_the_steps_are_those_of_the_others(house, tmp_path, hip):
    put(house, tmp_path, services(lambda i: 50 if i == 0 else 60 + 2 * i, metric=hip))
    made, placed = found(house, hip)
    peers = made.peers
    assert (peers.count, peers.alike) == (12, True)
    assert peers.typical < peers.top_quarter < peers.achievable < 84
    assert peers.typical == pytest.approx(73, abs=1)
    assert (placed.best, placed.worst, placed.of) == (13, 13, 13)


def test_fewer_than_eight_others_are_no_peers(house, tmp_path, hip):
    put(house, tmp_path, services(lambda i: 70, metric=hip, count=7))
    made, placed = found(house, hip)
    assert made.peers is None
    assert placed is None


def test_peers_are_of_similar_size_where_there_are_enough(house, tmp_path, hip):
    small = services(lambda i: 60, metric=hip, count=9)
    large = [line(f"giant-{i}", hip, YEARS[2], 9000, 10000) for i in range(9)]
    put(house, tmp_path, [*small, *large])
    assert (found(house, hip)[0].peers.count, found(house, hip)[0].peers.alike) == (9, True)


def test_without_enough_of_similar_size_all_of_the_kind_are_told(house, tmp_path, hip):
    put(
        house,
        tmp_path,
        [
            *services(lambda i: 60, metric=hip, count=5),
            *(line(f"giant-{i}", hip, YEARS[2], 9000, 10000) for i in range(9)),
        ],
    )
    peers = found(house, hip)[0].peers
    assert (peers.count, peers.alike) == (14, False)


def test_a_major_department_is_not_set_beside_walk_in_centres(house, tmp_path):
    month = period.month(2026, 9)
    majors = services(lambda i: 70, metric="ae_4h", when=month, count=8)
    type_1 = services(lambda i: 60, metric="ae_4h_type1", when=month, count=8)
    walk_in = [line(f"walk-in-{i}", "ae_4h", month, 199, 200) for i in range(20)]
    put(house, tmp_path, [*majors, *type_1, *walk_in])
    peers = found(house, "ae_4h")[0].peers
    assert peers.count == 8
    assert peers.achievable == pytest.approx(70, abs=1)


def test_peers_are_public_and_complete(house, tmp_path, hip):
    rows = services(lambda i: 70, metric=hip, count=12)
    bad = line("unit-20", hip, YEARS[1], "many", 200)
    good = line("unit-20", hip, YEARS[2], 140, 200)
    put(house, tmp_path, [*rows[:10], good, bad])  # nine others, and one with a refused row
    put(house, tmp_path, rows[10:12], "inner.csv", publication="internal")
    later = NOW + timedelta(days=3)
    put(house, tmp_path, rows[12:], "later.csv", publish_at=later)
    assert found(house, hip)[0].peers.count == 9
    assert found(house, hip, now=later)[0].peers.count == 10
    assert found(house, hip, private=frozenset({"unit-03"}))[0].peers.count == 8


def test_an_early_view_allows_for_how_much_such_services_change(house, tmp_path, hip):
    def rows(wild):
        for year in (1, 2):
            for i, s in enumerate([OWN, *(f"unit-{i:02}" for i in range(12))]):
                swing = wild * (1 if (i + year) % 2 else -1)
                rate = 60 + 15 * (year - 1) if s == OWN else 70 + swing
                yield line(s, hip, YEARS[year], rate * 10, 1000)

    put(house, tmp_path, rows(0))
    early = found(house, hip)[0].early
    assert (early.answer, early.phi) == ("more_than_usual", 1.0)
    put(house, tmp_path, rows(12), "wild.csv")
    early = found(house, hip)[0].early
    assert early.answer == "within_usual"
    assert early.phi > 20


def test_counts_and_neutral_measures_have_no_peers(house, tmp_path):
    month = period.month(2026, 9)
    put(house, tmp_path, services(lambda i: 70, metric="ae_4h", when=month))
    made, _ = found(house, "ae_4h")
    with reading(house.engine) as conn:
        peers = company(conn, house.catalogue, NOW, frozenset())
        bare = replace(made, metric="ae_attendances", peers=None)
        assert in_company(peers, bare).peers is None


def test_nothing_is_compared_across_a_merger():
    found = catalogue.load(ROOT / "bot" / "catalogue")
    assert layout.load(ROOT / "bot" / "catalogue" / "layouts", found)
    breaks = found.breaks_of("ae", "RAL")
    series = [period.month(2024, 11), period.month(2024, 12), period.month(2025, 1)]
    assert [p for p in series if p.start > max(breaks)] == series[2:]
    assert found.breaks_of("ae", "RJ1") == ()
    assert found.breaks_of("ssnap", "RJ1") == found.breaks_of("ssnap", "anybody")
