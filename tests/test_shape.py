import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot import catalogue, layout, period
from auditbot.ingest import shape
from auditbot.ingest.dates import published_on
from auditbot.ingest.label import alike, find, key, slug
from auditbot.ingest.read import TEXT, open_file, table
from auditbot.ingest.refusal import Refused

BOT = Path(__file__).resolve().parents[1] / "bot" / "catalogue"
FILES = Path(__file__).parent / "files"
LAYOUTS = layout.load(BOT / "layouts", catalogue.load(BOT))
STROKE = "made_up_stroke_AprJun2024.csv"


def stroke(tmp_path: Path, name: str = STROKE, change=lambda rows: rows) -> shape.Grid:
    with (FILES / STROKE).open(encoding="utf-8", newline="") as f:
        rows = change(list(csv.reader(f)))
    with (tmp_path / name).open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows(rows)
    read = table(open_file(tmp_path / name), TEXT)
    return shape.transposed(name, read, LAYOUTS["ssnap_summary"])


def ae(tmp_path: Path, change=lambda rows: rows) -> shape.Grid:
    with (FILES / "made_up_ae.csv").open(encoding="utf-8", newline="") as f:
        rows = change(list(csv.reader(f)))
    with (tmp_path / "ae.csv").open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows(rows)
    return shape.wide("ae.csv", table(open_file(tmp_path / "ae.csv"), TEXT), LAYOUTS["ae_csv"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Team-centred  SSNAP level \n(after adjustments)",
            "team centred SSNAP level after adjustments",
        ),
        ("A&E attendances Type 1", "A & E Attendances – Type1"),
        ("Attendances over 4hrs", "attendances over 4 hours"),
        ("St Mary’s", "St Mary's"),
    ],
)
def test_a_label_is_found_however_it_is_spelt(one, other):
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Total Attendances < 4 hours", "Total Attendances > 4 hours"),
        ("Type 1", "Type 2"),
        ("waited 4-12 hs", "waited 12+ hrs"),
        ("ref B12.1", "ref B12.3"),
        ("Patient-centred level", "Team-centred level"),
        ("SSNAP level", "SSNAP score"),
        ("booked appointments", "unbooked appointments"),
    ],
)
def test_numbers_signs_and_other_words_keep_labels_apart(one, other):
    assert not alike(key(one), key(other))


def test_a_slip_of_spelling_passes_and_an_exact_label_wins():
    assert find(["Single Specialty"], [{"single speciality"}], "f") == 0
    assert find(["Admissions"], [{"admission"}, {"admissions"}], "f") == 1
    assert find(["Admissions"], [{"attendances"}], "f") is None
    with pytest.raises(Refused, match="stands 2 times"):
        find(["Code"], [{"code"}, {"code"}], "f")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Fernhill Hospital", "fernhill-hospital"),
        ("St Osyth's Hospital (Acute)", "st-osyths-hospital-acute"),
        ("St Osyth’s  Hospital - Acute", "st-osyths-hospital-acute"),
        ("Harbour & Quay Unit", "harbour-and-quay-unit"),
        ("Ysbyty Dôl", "ysbyty-dol"),
    ],
)
def test_slugs(name, expected):
    assert slug(name) == expected


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_a_slug_is_plain_and_its_own_slug(name):
    once = slug(name)
    assert slug(once) == once
    assert all(c.isascii() and (c.isalnum() or c == "-") for c in once)
    assert "--" not in once


@pytest.mark.parametrize(
    ("shouted", "calm"),
    [
        ("FERNHILL AND LEYBURN NHS FOUNDATION TRUST", "Fernhill And Leyburn NHS Foundation Trust"),
        ("LEYBURN CHILDREN'S NHS TRUST", "Leyburn Children's NHS Trust"),
        ("CEDAR WALK-IN-CENTRE", "Cedar Walk-In-Centre"),
        ("QUAY MED.CTR (GP LED)", "Quay Med.Ctr (GP Led)"),
        ("Kept As It Is NHS Trust", "Kept As It Is NHS Trust"),
        ("UCC", "UCC"),
    ],
)
def test_a_shouted_name_is_calmed(shouted, calm):
    assert shape.calmed(shouted, ["NHS", "GP"]) == calm
    assert shape.calmed(shouted, []) == shouted


def test_a_transposed_file_becomes_a_grid(tmp_path):
    grid = stroke(tmp_path)
    assert grid.period == period.quarter(2024, 4)
    first, last = grid.services[0], grid.services[-1]
    assert (first.service, first.name) == ("fernhill-hospital", "Fernhill Hospital")
    assert first.parent == "Fernhill and Leyburn NHS Foundation Trust"
    assert (first.region, first.peer_group) == ("Westshire", "Routinely admitting team")
    assert last.peer_group == "Non-acute inpatient team"  # ".1" is gone
    assert grid.cells["score"] == ["72.0", "46.1", "60.5", ".", ".", "."]
    assert grid.spot(1, "score") == (6, "Westport General")
    assert not grid.refusals  # footers are no metrics


def test_the_oldest_layout_tells_the_region_in_its_first_row():
    name = "made_up_stroke_old_JulSep2013.csv"
    grid = shape.transposed(name, table(open_file(FILES / name), TEXT), LAYOUTS["ssnap_summary"])
    assert {(s.region, s.peer_group) for s in grid.services} == {
        ("Westshire SCN", ""),
        ("Eastshire SCN", ""),
    }
    assert "records" not in grid.cells


def test_an_unknown_row_is_told_and_the_rest_loads(tmp_path):
    grid = stroke(tmp_path, change=lambda rows: [*rows, ["New score", "1", "", "", "", "", ""]])
    (refusal,) = grid.refusals
    assert (refusal.row, refusal.column) == (47, "New score")
    assert "list of ignored rows" in refusal.reason


def test_two_teams_with_one_slug_are_refused(tmp_path):
    def twins(rows):
        rows[3][2] = "Fernhill-Hospital"
        return rows

    with pytest.raises(Refused, match="'fernhill-hospital' stands in column 2 and in column 3"):
        stroke(tmp_path, change=twins)


def test_figures_without_a_team_are_refused(tmp_path):
    def nameless(rows):
        rows[3][2] = " "
        return rows

    with pytest.raises(Refused, match="column 3 has figures and no 'Team'"):
        stroke(tmp_path, change=nameless)


def test_a_missing_and_a_repeated_row_are_refused(tmp_path):
    with pytest.raises(Refused, match=r"'Case ascertainment band' .* is missing"):
        stroke(tmp_path, change=lambda rows: rows[:6] + rows[7:])
    with pytest.raises(Refused, match="'Case ascertainment band' stands 2 times"):
        stroke(tmp_path, change=lambda rows: rows[:7] + rows[6:])


@pytest.mark.parametrize("name", ["stroke.csv", "stroke_2024.csv", "AprJun.csv"])
def test_a_file_name_without_a_period_is_refused(tmp_path, name):
    with pytest.raises(Refused, match="its name names no period"):
        stroke(tmp_path, name)


def test_a_file_name_in_doubt_is_refused(tmp_path):
    with pytest.raises(Refused, match="different periods"):
        stroke(tmp_path, "AprJun2024_JulSep2024.csv")
    for name in ("May2024.csv", "FebApr2024.csv", "AprSep2024.csv"):
        with pytest.raises(Refused, match="has 3 months"):
            stroke(tmp_path, name)


@pytest.mark.parametrize("name", ["x-apr-jun-2024 (2).csv", "SSNAP April-June 2024 v2.csv"])
def test_a_period_is_found_in_a_file_name_however_written(tmp_path, name):
    assert stroke(tmp_path, name).period == period.quarter(2024, 4)


def test_a_wide_file_becomes_a_grid(tmp_path):
    grid = ae(tmp_path)
    assert [s.service for s in grid.services] == ["ZFH", "ZWG", "ZCU01", "ZCH"]
    assert grid.services[0].region == "NHS England Westshire"
    assert grid.period == period.month(2026, 4)
    assert [row for row, _ in grid.totals] == [6]
    assert grid.spot(0, "dta_12") == (2, "Patients who have waited 12+ hrs from DTA to admission")


def test_the_total_is_found_by_code_or_name_and_must_be_there(tmp_path):
    def renamed(rows):
        rows[-1][:4] = ["MSitAE-APRIL-2026", "", "", "Total"]
        return rows

    assert len(ae(tmp_path, renamed).services) == 4
    with pytest.raises(Refused, match="cut short"):
        ae(tmp_path, lambda rows: rows[:-1])


def test_repeated_services(tmp_path):
    assert len(ae(tmp_path, lambda rows: [*rows[:2], *rows[1:]]).services) == 4

    def differing(rows):
        return [*rows[:2], [*rows[1][:-1], "81"], *rows[2:]]

    with pytest.raises(Refused, match="'ZFH' stands in row 2 and in row 3"):
        ae(tmp_path, differing)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        (0, "", "row 3, column 'Period' names no period"),
        (0, "MSitAE-MAY-2026", "different periods"),
        (1, "", "row 3 has figures and no 'Org Code'"),
        (1, "Note: £3", "no code of a service"),
    ],
)
def test_faulty_key_columns_refuse_the_file(tmp_path, column, value, said):
    def change(rows):
        rows[2][column] = value
        return rows

    with pytest.raises(Refused, match=said):
        ae(tmp_path, change)


def test_a_missing_column_refuses_the_file_and_is_named(tmp_path):
    with pytest.raises(Refused, match=r"'A&E attendances Type 2' of .* is missing"):
        ae(tmp_path, lambda rows: [row[:5] + row[6:] for row in rows])


def test_the_header_may_be_spelt_a_little_differently(tmp_path):
    def respelt(rows):
        rows[0] = [h.upper().replace("4HRS", "4 hours").replace("-", "–") + " " for h in rows[0]]
        return rows

    assert ae(tmp_path, respelt).cells == ae(tmp_path).cells


def test_blank_rows_and_notes_below_the_table_are_no_services(tmp_path):
    notes = [[""] * 22, ["Note: made up", *[""] * 21]]
    assert len(ae(tmp_path, lambda rows: rows + notes).services) == 4


def test_a_revision_wins_over_the_first_publication():
    workbook = LAYOUTS["ae_workbook"]
    assert published_on(workbook, {"published": "9th May 2024", "revised": ""}) == date(2024, 5, 9)
    both = {"published": "9th May 2024", "revised": "14th November 2024"}
    assert published_on(workbook, both) == date(2024, 11, 14)
    assert published_on(workbook, {"published": "soon"}) is None
