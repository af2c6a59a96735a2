"""Real published files: every one loads, and the publisher's own arithmetic holds.

The files are read from the shared data folder beside the project and are never part of it. The
oracles read them in their own plain way and compare with what was taken in.
"""

import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from auditbot import catalogue, layout
from auditbot.ingest import take_in
from auditbot.model import Batch

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
BOT = Path(__file__).resolve().parents[1] / "bot" / "catalogue"

pytestmark = pytest.mark.skipif(
    not (SHARED / "ssnap").is_dir(), reason="the shared data folder (real files) is not here"
)

POINTS = {"A": 100, "B": 80, "C": 60, "D": 40, "E": 20}
ASCERTAINED = {"A": 1, "B": 0.95, "C": 0.85, "D": 0.70, "E": 0.60}
COMPLIED = {"A": 1, "B": 0.95, "C": 0.90, "D": 0.85, "E": 0.80}
SIX_NOT_SHOWN = 6  # team-quarters in which the publisher counted a domain that is not shown


@cache
def taken(folder: str) -> tuple[Batch, ...]:
    known = catalogue.load(BOT)
    layouts = layout.load(BOT / "layouts", known)
    return tuple(take_in(path, layouts, known) for path in sorted((SHARED / folder).iterdir()))


def figures(batch: Batch) -> pd.DataFrame:
    return pd.concat(list(batch.frames)).set_index(["service", "metric"])


def ssnap_files() -> dict[str, dict[str, list[str]]]:
    """Each file as label -> cells, by the name of the file."""
    found = {}
    for path in sorted((SHARED / "ssnap").iterdir()):
        with path.open(encoding="utf-8", newline="") as f:
            found[path.name] = {" ".join(r[0].split()): r[1:] for r in csv.reader(f)}
    return found


@pytest.mark.parametrize(
    ("folder", "source", "files", "rows"),
    [("ae_xls", "ae_workbook", 22, 4363), ("ae_csv", "ae_csv", 4, 790), ("ssnap", "ssnap_summary", 16, None)],
)  # fmt: skip
def test_every_file_loads_with_nothing_refused(folder, source, files, rows):
    batches = taken(folder)
    assert len(batches) == files
    assert {b.source for b in batches} == {source}
    assert [b.name for b in batches if b.refusals] == []
    assert len({b.periods for b in batches}) == files
    if rows:
        assert sum(len(b.services) for b in batches) == rows


def test_workbooks_are_as_the_publisher_counts_them():
    batches = taken("ae_xls")
    services = {s.service for b in batches for s in b.services}
    assert len(services) == 207
    assert {len(b.services) for b in batches} <= set(range(197, 202))
    grouped = Counter(s.peer_group for b in batches for s in b.services)
    assert grouped == {"type 1": 4363 - 1693, "no type 1": 1693}
    states = Counter(s for b in batches for s in figures(b).xs("ae_4h", level=1)["state"])
    assert states == {"ok": 4148, "no_cases": 215}
    assert all(b.published is not None for b in batches)
    revised = [b for b in batches if b.published and (b.published - b.periods[0].end).days > 40]
    assert len(revised) == 14
    assert not {"-", "TOTAL", ""} & services
    assert not any(s.region != s.region.strip() for b in batches for s in b.services)


def test_nobody_named_in_a_workbook_is_kept():
    assert "@" not in repr([(b.services, b.refusals, b.periods) for b in taken("ae_xls")])


def test_within_and_over_four_hours_make_the_total_on_every_row():
    """Read in its own way: the columns by their places, as the data notes give them."""
    rows = 0
    for path, batch in zip(sorted((SHARED / "ae_xls").iterdir()), taken("ae_xls"), strict=True):
        table = pd.read_excel(
            path, sheet_name="Provider Level Data", header=None, engine="calamine", dtype=object,
            keep_default_na=False,
        )  # fmt: skip
        stored = figures(batch)
        for row in table.itertuples(index=False):
            if isinstance(row[7], int) and row[1] != "-" and isinstance(row[1], str) and row[1]:
                rows += 1
                assert row[11] + row[15] == row[7]
                assert row[4] + row[5] + row[6] == row[7]
                four = stored.loc[(row[1], "ae_4h")]
                if row[7]:
                    assert (four.numerator, four.denominator) == (row[11], row[7])
                    assert four.value == pytest.approx(100 * row[16], abs=1e-9)
                assert stored.loc[(row[1], "ae_attendances")].value == row[7]
    assert rows == 4363


def test_csv_and_workbook_agree_on_all_rows_of_each_metric():
    workbooks = {b.periods: b for b in taken("ae_xls")}
    rows = 0
    for batch in taken("ae_csv"):
        ours, theirs = figures(batch), figures(workbooks[batch.periods])
        pd.testing.assert_frame_equal(ours.sort_index(), theirs.sort_index(), check_exact=False)
        rows += len(batch.services)
        names = {s.service: s.name for s in workbooks[batch.periods].services}
        differing = [s.service for s in batch.services if names[s.service] != s.name]
        assert differing in ([], ["RRF"])  # one trust has another name in one of the two
        regions = {s.service: s.region for s in workbooks[batch.periods].services}
        assert all(regions[s.service] == s.region for s in batch.services)
    assert rows == 790


def test_ssnap_teams_and_trusts():
    batches = taken("ssnap")
    sightings = [s for b in batches for s in b.services]
    assert len({s.name for s in sightings}) == 288
    assert len({s.service for s in sightings}) == 288
    assert len({s.parent for s in sightings}) == 226
    assert {s.peer_group for s in sightings} == {
        "", "Routinely admitting team", "Non-routinely admitting acute team",
        "Non-acute inpatient team",
    }  # fmt: skip
    latest = next(b for b in batches if b.name == "JulSep2024.csv")
    assert Counter(s.peer_group for s in latest.services) == {
        "Routinely admitting team": 122,
        "Non-routinely admitting acute team": 58,
        "Non-acute inpatient team": 43,
    }
    assert all(s.region and s.parent for s in sightings)


def test_ssnap_totals_scores_and_levels_from_the_letters():
    quarters = patient_right = team_right = 0
    files = ssnap_files()
    for batch in taken("ssnap"):
        raw = files[batch.name]
        stored = figures(batch)
        domains = [m for m in stored.index.unique("metric") if re.match(r"ssnap_(tc_)?d\d", m)]
        for i, sighting in enumerate(batch.services):
            team = stored.loc[sighting.service]
            if team.state["ssnap_ki_score"] != "ok":
                continue
            quarters += 1
            for part, label in (("ssnap_d", "Patient"), ("ssnap_tc_d", "Team")):
                letters = [team.level[m] for m in domains if m.startswith(part)]
                points = [POINTS[x] for x in letters if isinstance(x, str)]
                total = float(raw[f"{label}-centred KI level {label}-centred Total KI score"][i])
                right = abs(sum(points) / len(points) - total) < 0.051
                patient_right += right and label == "Patient"
                team_right += right and label == "Team"
            totals = [
                float(raw[f"{x}-centred KI level {x}-centred Total KI score"][i])
                for x in ("Patient", "Team")
            ]
            assert team.value["ssnap_ki_score"] == pytest.approx(sum(totals) / 2, abs=0.101)
            factor = (
                ASCERTAINED[team.level["ssnap_case_ascertainment"]]
                * COMPLIED[team.level["ssnap_audit_compliance"]]
            )
            score = team.value["ssnap_score"]
            assert score == pytest.approx(team.value["ssnap_ki_score"] * factor, abs=0.101)
            expected = next(
                letter
                for letter, above in (("A", score > 80), ("B", score >= 70), ("C", score >= 60),
                                      ("D", score >= 40), ("E", True))
                if above
            )  # fmt: skip
            assert team.level["ssnap_level"] == expected
    assert quarters == 3339
    assert patient_right == 3339
    assert team_right == 3339 - SIX_NOT_SHOWN


def test_ssnap_levels_are_as_many_as_the_footers_say():
    differing = []
    for batch in taken("ssnap"):
        levels = Counter(figures(batch).xs("ssnap_level", level=1)["level"].dropna())
        raw = list(ssnap_files()[batch.name])
        start = next((i for i, label in enumerate(raw) if label.startswith("SSNAP levels:")), None)
        if start is None:
            assert batch.name == "JulSep2013.csv"
            continue
        for label in raw[start + 1 : start + 6]:
            found = re.match(r"([A-E]) - (\d+) teams", label)
            assert found
            if levels[found[1]] != int(found[2]):
                differing.append((batch.name, found[1], int(found[2]) - levels[found[1]]))
    # In three quarters the publisher's footer counts one team that its columns do not show.
    assert [name for name, _, _ in differing][:2] == ["JulSep2022.csv", "JulSep2023.csv"]
    assert [more for _, _, more in differing] == [1, 1, 1]


def test_six_month_proportions_agree_with_their_counts():
    rows = 0
    for batch in taken("ssnap"):
        raw = ssnap_files()[batch.name]
        shown = next((cells for label, cells in raw.items() if label.endswith("(ref B13.3)")), None)
        if shown is None:
            continue
        stored = figures(batch).xs("ssnap_6m_assessed", level=1)
        for sighting, cell in zip(batch.services, shown, strict=True):
            result = stored.loc[sighting.service]
            assert (result.state == "ok") == (cell != ".")
            if result.state == "ok":
                rows += 1
                percent = float(cell.rstrip("%")) * (1 if cell.endswith("%") else 100)
                assert abs(result.value - percent) <= 0.5 + 1e-9
    assert rows == 3320


def test_every_mark_is_a_state_and_never_a_nought():
    marks = {
        "X": {"insufficient_records"}, "Insufficient records": {"insufficient_records"},
        "TFP": {"too_few"}, "Too few to report": {"too_few"}, "None entered": {"not_entered"},
        "None completed": {"not_entered"}, "Not included in scoring": {"not_applicable"},
        ".": {"missing", "too_few", "insufficient_records"}, "": {"missing", "not_applicable"},
    }  # fmt: skip
    rows = {
        "SSNAP level": "ssnap_level", "SSNAP score": "ssnap_score",
        "Case ascertainment band": "ssnap_case_ascertainment",
        "Audit compliance band": "ssnap_audit_compliance",
        "Patient-centred Domain levels: 1) Scanning": "ssnap_d1_scanning",
        "Team-centred Domain levels: 3) Thrombolysis": "ssnap_tc_d3_thrombolysis",
        "Number of records completed: Team-centred post-72h all teams cohort": "ssnap_records",
    }  # fmt: skip
    seen: Counter[str] = Counter()
    for batch in taken("ssnap"):
        stored, raw = figures(batch), ssnap_files()[batch.name]
        hidden = stored[stored["state"] != "ok"]
        assert hidden[["numerator", "denominator", "value"]].isna().all(axis=None)
        assert hidden["level"].isna().all()
        for label, metric in rows.items():
            for sighting, cell in zip(batch.services, raw.get(label, []), strict=False):
                state = stored.loc[(sighting.service, metric)].state
                assert state in marks.get(cell, {"ok"}), (batch.name, label, cell)
                seen[cell] += cell in marks
    assert seen["."] == 197 + 39
    assert seen["X"] == 74 + 18 + 76


def test_the_national_files_that_are_no_layout_are_refused_in_a_sentence():
    known = catalogue.load(BOT)
    layouts = layout.load(BOT / "layouts", known)
    for name in ("org_reference/trusts.csv", "spc_reference/ae_attendances.csv",
                 "cancer_62d/gold_62d_trust_month.csv"):  # fmt: skip
        with pytest.raises(Exception, match="fits no known layout") as caught:
            take_in(SHARED / name, layouts, known)
        assert type(caught.value).__name__ == "Refused"
