"""The demonstration data hold what was planted, and nothing else that looks real."""

import csv
import math
import statistics
import tomllib
from collections import defaultdict
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from auditbot import catalogue, layout, period
from auditbot.analyse import findings
from auditbot.ingest import take_in
from auditbot.model import Period, Result, Series, Service
from auditbot.viewer import Viewer, protect
from bot import demo, settings
from bot.demo import data, stories

CONTRACT = (
    "service,service_name,metric,period_start,period_end,numerator,denominator,value,completeness"
)
ROOM = Path(demo.__file__).parent
CATALOGUE = ROOM.parent / "catalogue"
BOUND = {data.slug(name) for name in stories.BOUND}
CONFIRMED = 3.3  # z over the square root of phi, twelve months against twelve
CLEAR = 4.5  # a planted change must not hang on the last digit
CALM = 3.0  # and nothing else may come near

Row = dict[str, str]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return data.write(tmp_path_factory.mktemp("incoming"))


@pytest.fixture(scope="module")
def rows(files: list[Path]) -> list[Row]:
    """All figures as they stand once every file was loaded in order: the later one counts."""
    newest: dict[tuple[str, str, str], Row] = {}
    for path in files:
        for row in read(path):
            newest[row["service"], row["metric"], row["period_start"]] = row
    return list(newest.values())


@pytest.fixture(scope="module")
def series(rows: list[Row]) -> dict[tuple[str, str], list[Row]]:
    found = defaultdict(list)
    for row in sorted(rows, key=lambda r: r["period_start"]):
        found[row["service"], row["metric"]].append(row)
    return found


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def pooled(rows: list[Row]) -> tuple[float, float, float]:
    """Mean of twelve months before, of the newest twelve, and z allowing for real-world spread."""
    assert len(rows) >= 24
    sides = rows[-24:-12], rows[-12:]
    if not rows[0]["numerator"]:  # days or a count without a denominator: spread of neighbours
        values = [[float(r["value"]) for r in side] for side in sides]
        before, after = map(statistics.fmean, values)
        steps = [abs(b - a) for side in values for a, b in pairwise(side)]
        sigma = statistics.fmean(steps) / 1.128
        return before, after, (after - before) / (sigma * math.sqrt(2 / 12))
    had = [[int(r["numerator"]) for r in side] for side in sides]
    of = [[int(r["denominator"]) for r in side] for side in sides]
    before, after = (sum(h) / sum(n) for h, n in zip(had, of, strict=True))
    both = (sum(had[0]) + sum(had[1])) / (sum(of[0]) + sum(of[1]))
    chance = math.sqrt(both * (1 - both) * (1 / sum(of[0]) + 1 / sum(of[1])))
    spreads = []
    for h, n, p in zip(had, of, (before, after), strict=True):
        for (h1, n1), (h2, n2) in pairwise(zip(h, n, strict=True)):
            spreads.append((h2 / n2 - h1 / n1) ** 2 / (p * (1 - p) * (1 / n1 + 1 / n2)))
    phi = max(1.0, statistics.fmean(spreads))
    return 100 * before, 100 * after, (after - before) / chance / math.sqrt(phi)


def test_same_bytes_every_time(files: list[Path], tmp_path: Path) -> None:
    again = data.write(tmp_path / "not" / "there" / "yet")
    assert [p.name for p in again] == [p.name for p in files]
    assert [p.read_bytes() for p in again] == [p.read_bytes() for p in files]


def test_header_is_the_contracts_and_names_say_fictional(files: list[Path]) -> None:
    assert len(files) == 5
    for path in files:
        assert path.read_text(encoding="utf-8").splitlines()[0] == CONTRACT
        assert path.name.startswith("fictional-")


def test_name_order_is_the_order_of_loading(files: list[Path]) -> None:
    assert files[-1].name.endswith("-corrected.csv")
    hip = [p for p in files if "hip-fracture" in p.name]
    assert sorted(hip) == hip


def test_moderate_in_size(rows: list[Row]) -> None:
    assert 30_000 < len(rows) < 60_000
    assert len({r["service"] for r in rows} - BOUND) == 40


def test_one_row_a_service_measure_and_period(files: list[Path]) -> None:
    for path in files:
        keys = [(r["service"], r["metric"], r["period_start"]) for r in read(path)]
        assert len(keys) == len(set(keys))


def test_ids_are_slugs_of_names(rows: list[Row]) -> None:
    for service, name in {(r["service"], r["service_name"]) for r in rows}:
        assert service == data.slug(name)


def test_counts_and_percentages_are_possible(rows: list[Row]) -> None:
    for r in rows:
        if r["numerator"]:
            assert 0 <= int(r["numerator"]) <= int(r["denominator"])
            assert r["value"] == ""
        if r["completeness"]:
            assert 0 <= int(r["completeness"]) <= 100
        p = Period(date.fromisoformat(r["period_start"]), date.fromisoformat(r["period_end"]))
        assert period.shape(p) == ("quarter" if r["metric"].startswith("ssnap") else "month")


def test_every_metric_is_in_the_catalogue(rows: list[Row]) -> None:
    known = catalogue.load(CATALOGUE).metrics
    assert {r["metric"] for r in rows} <= set(known)
    for r in rows:
        kind = known[r["metric"]].kind
        assert bool(r["numerator"]) == (kind == "proportion")
        assert (r["value"] in set("ABCDE")) == (kind == "level")


def test_every_row_is_taken_in(files: list[Path]) -> None:
    known = catalogue.load(CATALOGUE)
    layouts = layout.load(CATALOGUE / "layouts", known)
    for path in files:
        batch = take_in(path, layouts, known)
        assert batch.source == "long"
        assert batch.refusals == ()
        assert sum(map(len, batch.frames)) == len(read(path))


def test_corrected_file_differs_in_one_cell(files: list[Path]) -> None:
    story = stories.planted("corrected")
    assert story.since
    first = {
        (r["service"], r["metric"], r["period_start"]): r for path in files[:-1] for r in read(path)
    }
    right = read(files[-1])
    assert {r["period_start"] for r in right} == {story.since.isoformat()}
    differing = [
        (r["service"], r["metric"], column)
        for r in right
        for column in r
        if r[column] != first[r["service"], r["metric"], r["period_start"]][column]
    ]
    assert differing == [(story.service, story.metric, "numerator")]


def test_stroke_letters_agree_with_their_scores(rows: list[Row]) -> None:
    letters = {"ssnap_score": "ssnap_level", "ssnap_ki_score": "ssnap_ki_level"}
    cells = {(r["service"], r["metric"], r["period_start"]): r["value"] for r in rows}
    seen = 0
    for (service, metric, start), value in cells.items():
        if metric not in letters:
            continue
        seen += 1
        score, letter = float(value), cells[service, letters[metric], start]
        assert letter == next(
            mark
            for mark, fits in {
                "A": score > 80,
                "B": 70 <= score <= 80,
                "C": 60 <= score <= 69.9,
                "D": 40 <= score <= 59.9,
                "E": score < 40,
            }.items()
            if fits
        )
    assert seen == 2 * 8 * 43


def test_stroke_scores_follow_from_domains_and_bands(rows: list[Row]) -> None:
    worth = {"A": 100, "B": 80, "C": 60, "D": 40, "E": 20}
    cases = {"A": 1, "B": 0.95, "C": 0.85, "D": 0.70, "E": 0.60}
    records = {"A": 1, "B": 0.95, "C": 0.90, "D": 0.85, "E": 0.80}
    teams: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for r in rows:
        if r["metric"].startswith("ssnap"):
            teams[r["service"], r["period_start"]][r["metric"]] = r["value"]
    for cells in teams.values():
        own = [worth[v] for m, v in cells.items() if m.startswith("ssnap_d")]
        team = [worth[v] for m, v in cells.items() if m.startswith("ssnap_tc_d")]
        assert len(own) == len(team) == 10
        combined = (statistics.fmean(own) + statistics.fmean(team)) / 2
        factor = cases[cells["ssnap_case_ascertainment"]] * records[cells["ssnap_audit_compliance"]]
        assert float(cells["ssnap_ki_score"]) == pytest.approx(combined)
        assert float(cells["ssnap_score"]) == pytest.approx(combined * factor, abs=0.0501)


def test_stroke_lies_after_the_change_of_scoring(rows: list[Row]) -> None:
    starts = {r["period_start"] for r in rows if r["metric"].startswith("ssnap")}
    assert len(starts) == 8
    assert min(starts) > "2024-09-30"


def test_planted_changes_are_real_and_nothing_else_is(
    series: dict[tuple[str, str], list[Row]],
) -> None:
    planted = {
        (s.service, s.metric): s for s in stories.STORIES if s.kind in ("rise", "fall", "less")
    }
    assert len(planted) == 4
    judged = 0
    for (service, metric), rows in series.items():
        if service not in BOUND or metric.startswith("ssnap"):
            continue
        judged += 1
        before, after, z = pooled(rows)
        story = planted.get((service, metric))
        if story is None:
            assert abs(z) < CALM, (service, metric, z)
            continue
        assert rows[-12]["period_start"] == str(story.since)
        assert (after > before) == (story.kind == "rise")
        assert abs(z) > CLEAR > CONFIRMED
        if story.after:
            assert before == pytest.approx(story.before, abs=4)
            assert after == pytest.approx(story.after, abs=4)
    assert judged == 4 * 8 + 3 * 5 + 2 * 5


def test_the_bot_finds_what_was_planted_and_nothing_else(
    series: dict[tuple[str, str], list[Row]],
) -> None:
    """Of all measures that a channel of the demonstration is about, as an open channel sees them."""
    known = catalogue.load(CATALOGUE)
    viewer = Viewer("open", datetime(2026, 11, 23, tzinfo=UTC))
    channels = settings.read(ROOM / "auditbot.toml").channel
    found = {}
    for (service, metric_id), rows in series.items():
        metric = known.metrics[metric_id]
        if not any(
            service in c.services and metric.audit in (c.audits or known.audits) for c in channels
        ):
            continue
        finding = findings.find(
            Service(service, rows[0]["service_name"]),
            metric,
            Series(service, metric_id, tuple(protect(as_result(r), metric, viewer) for r in rows)),
            breaks=[b.after for b in known.audits[metric.audit].breaks],
        )
        assert finding
        if finding.verdict.strength in ("signal", "confirmed"):
            found[service, metric_id] = (finding.verdict.strength, finding.verdict.direction)
    assert found == {
        ("fernhill-hospital", "nhfd_kpi2"): ("confirmed", "improvement"),
        ("fernhill-hospital", "ae_4h"): ("confirmed", "concern"),
        ("fernhill-hospital", "ae_4h_type1"): ("confirmed", "concern"),
        # Days have no counts behind them, so no pooled test: the chart alone can speak.
        ("fernhill-hospital", "nela_length_of_stay"): ("signal", "improvement"),
    }


def as_result(row: Row) -> Result:
    had, of, said = row["numerator"], row["denominator"], row["value"]
    letter = said if said in set("ABCDE") else None
    value = 100 * int(had) / int(of) if had else None if letter else float(said)
    return Result(
        row["service"],
        row["metric"],
        Period(date.fromisoformat(row["period_start"]), date.fromisoformat(row["period_end"])),
        "ok",
        value,
        letter,
        float(had) if had else None,
        float(of) if of else None,
    )


def test_an_old_file_keeps_its_time(files: list[Path]) -> None:
    before = [p.stat().st_mtime_ns for p in files]
    data.write(files[0].parent)
    assert [p.stat().st_mtime_ns for p in files] == before


def test_noise_shows_no_rule_at_its_newest_month(
    series: dict[tuple[str, str], list[Row]],
) -> None:
    story = stories.planted("noise")
    values = [
        100 * int(r["numerator"]) / int(r["denominator"])
        for r in series[story.service, story.metric]
    ]
    mean = statistics.fmean(values[:24])
    steps = [abs(b - a) for a, b in pairwise(values[:24])]
    kept = [s for s in steps if s < 3.267 * statistics.fmean(steps)]
    reach = 2.66 * statistics.fmean(kept)
    off = [v - mean for v in values]
    assert abs(off[-1]) < reach
    assert len({o > 0 for o in off[-7:]}) == 2
    assert sum(abs(o) > reach * 2 / 3 for o in off[-3:]) < 2


def test_small_unit_stays_small(series: dict[tuple[str, str], list[Row]]) -> None:
    story = stories.planted("small")
    patients = [int(r["denominator"]) for r in series[story.service, story.metric]]
    assert len(patients) == 36
    assert all(8 <= n <= 15 for n in patients)
    others = [
        int(r["denominator"])
        for (service, metric), rows in series.items()
        if metric.startswith("nhfd") and service != story.service
        for r in rows
    ]
    assert min(others) >= 15
    assert max(others) <= 45


def test_two_months_are_absent_and_only_there(series: dict[tuple[str, str], list[Row]]) -> None:
    story = stories.planted("missing")
    for (service, metric), rows in series.items():
        got = [date.fromisoformat(r["period_start"]) for r in rows]
        step = 3 if metric.startswith("ssnap") else 1
        gaps = period.missing_between([period.months(d.year, d.month, step) for d in got])
        if service == story.service and metric.startswith("ae_"):
            assert gaps == [period.month(2026, 1), period.month(2026, 2)]
            assert gaps[0].start == story.since
        else:
            assert gaps == []


def test_grade_goes_up_while_the_bands_stay(series: dict[tuple[str, str], list[Row]]) -> None:
    story = stories.planted("grade")
    letters = [r["value"] for r in series[story.service, story.metric]]
    assert letters[-2:] == ["C", "B"]
    assert set(letters) == {"B", "C"}
    assert series[story.service, story.metric][-1]["period_start"] == str(story.since)
    for band in ("ssnap_case_ascertainment", "ssnap_audit_compliance"):
        assert len({r["value"] for r in series[story.service, band]}) == 1


def test_parts_of_a_and_e_fit_the_whole(rows: list[Row]) -> None:
    cells = {(r["service"], r["metric"], r["period_start"]): r for r in rows}
    for (service, metric, start), r in cells.items():
        if metric != "ae_4h":
            continue
        major = cells[service, "ae_4h_type1", start]
        assert int(major["numerator"]) <= int(r["numerator"])
        assert int(major["denominator"]) <= int(r["denominator"])
        assert cells[service, "ae_attendances", start]["value"] == r["denominator"]
        longest, waits = (
            int(cells[service, m, start]["value"]) for m in ("ae_12h_dta", "ae_4h_dta")
        )
        assert longest <= waits


@pytest.mark.parametrize("end", [(2026, 10), (2027, 1), (2026, 12)])
def test_stories_move_with_the_newest_month(end: tuple[int, int], tmp_path: Path) -> None:
    paths = data.write(tmp_path, end=end)
    last = period.month(*end)
    for path in paths[:-1]:
        ends = {date.fromisoformat(r["period_end"]) for r in read(path)}
        quarters = [period.quarter(end[0], first).end for first in (-2, 1, 4, 7, 10)]
        newest = max(q for q in quarters if q <= last.end) if "stroke" in path.name else last.end
        assert max(ends) == newest
    hip = [
        r
        for r in read(paths[1])
        if (r["service"], r["metric"]) == ("fernhill-hospital", "nhfd_kpi2")
    ]
    before, after, z = pooled(hip)
    assert after - before > 10
    assert z > CONFIRMED


def test_configuration_binds_what_the_stories_need() -> None:
    wanted = settings.read(ROOM / "auditbot.toml")
    audits = {"nhfd": "nhfd", "ae": "ae", "nela": "nela", "ssnap": "ssnap"}
    for story in stories.STORIES:
        audit = audits[story.metric.split("_")[0]]
        assert any(
            story.service in c.services and (not c.audits or audit in c.audits)
            for c in wanted.channel
        )
    assert [(s.id, s.path, s.publication) for s in wanted.source] == [
        ("long", "incoming/", "public")
    ]
    assert {s for c in wanted.channel for s in c.services} == {s.id for s in wanted.service}


def test_people_of_the_practice_workspace_are_those_of_the_configuration() -> None:
    wanted = settings.read(ROOM / "auditbot.toml")
    people = tomllib.loads((ROOM / "people.toml").read_text(encoding="utf-8"))
    assert {c["id"] for c in people["channel"]} == {c.id for c in wanted.channel}
    users = {u["id"] for u in people["user"]}
    assert len(users) == len(people["user"])
    for s in wanted.service:
        assert {*s.lead, *s.deputy, *s.audit_team, s.champion} <= users
    assert all("(fictional)" in u["title"] for u in people["user"])


def test_readme_counts_the_rows(files: list[Path]) -> None:
    count = sum(len(read(p)) for p in files)
    assert f"About {count // 1000:,},000 rows" in (ROOM / "README.md").read_text(encoding="utf-8")
