import contextlib
import csv
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from auditbot import catalogue, layout
from auditbot.ingest import Refused, take_in
from auditbot.ingest.cell import read_cell
from auditbot.ingest.check import faults
from auditbot.model import Batch

BOT = Path(__file__).resolve().parents[1] / "bot" / "catalogue"
FILES = Path(__file__).parent / "files"
CATALOGUE = catalogue.load(BOT)
LAYOUTS = layout.load(BOT / "layouts", CATALOGUE)
AE, STROKE = "made_up_ae.csv", "made_up_stroke_AprJun2024.csv"


def rows_of(name: str) -> list[list[str]]:
    with (FILES / name).open(encoding="utf-8", newline="") as f:
        return list(csv.reader(f))


def loaded(tmp_path: Path, name: str, *changes: tuple[int, int, str]) -> Batch:
    """A made-up file with some cells changed: (spreadsheet row, column from 0, text)."""
    rows = rows_of(name)
    for row, column, text in changes:
        rows[row - 1][column] = text
    with (tmp_path / name).open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows(rows)
    return take_in(tmp_path / name, LAYOUTS, CATALOGUE)


def frame(batch: Batch) -> pd.DataFrame:
    return pd.concat(list(batch.frames)).set_index(["service", "metric"])


def workbook_rows() -> list[list[object]]:
    """A made-up workbook of the provider layout."""
    kinds = [
        "Type 1 Departments - Major A&E",
        "Type 2 Departments - Single Specialty",
        "Type 3 Departments - Other A&E/Minor Injury Unit",
    ]
    groups = [
        "A&E attendances",
        "A&E attendances less than 4 hours from arrival to admission, transfer or discharge",
        "A&E attendances greater than 4 hours from arrival to admission, transfer or discharge",
        "Percentage of attendances within 4 hours",
    ]
    header = ["", "Code", "Region", "Name"]
    group = ["", "", "", ""]
    for i, total in enumerate(
        ["Total attendances", "Total Attendances < 4 hours", "Total Attendances > 4 hours"]
    ):
        header += [*kinds, total]
        group += [groups[i], "", "", ""]
    header += [
        f"Percentage in 4 hours or less ({x})" for x in ("all", "type 1", "type 2", "type 3")
    ]
    group += [groups[3], "", "", ""]
    header += [
        "Emergency Admissions via Type 1 A&E",
        "Emergency Admissions via Type 2 A&E",
        "Emergency Admissions via Type 3 and 4 A&E",
        "Total Emergency Admissions via A&E",
        "Other Emergency admissions (i.e not via A&E)",
        "Total Emergency Admissions",
        "Number of patients spending >4 hours from decision to admit to admission",
        "Number of patients spending >12 hours from decision to admit to admission",
        "",
    ]
    group += ["Emergency Admissions"] + [""] * 8
    return [
        [""] * 3,
        ["", "Title:", "Made-up A&E figures of made-up trusts"],
        ["", "Period:", "April 2026"],
        ["", "Published:", "14th May 2026"],
        ["", "Revised:", "11th June 2026"],
        ["", "Contact:", "Jo Madeup - made.up@example.org"],
        group,
        header,
        ["", "-", "-", "England", 300, 0, 100, 400, 200, 0, 90, 290, 100, 0, 10, 110,
         0.725, 2 / 3, "-", 0.9, 70, 0, 0, 70, 30, 100, 20, 5, ""],
        [""] * 29,
        ["", "ZFH", "Westshire ", "Fernhill Trust", 300, 0, 60, 360, 200, 0, 55, 255, 100, 0, 5, 105,
         255 / 360, 2 / 3, "-", 55 / 60, 70, 0, 0, 70, 20, 90, 20, 5, "Westshire Board"],
        ["", "ZCU", "Westshire ", "Cedar Unit", 0, 0, 40, 40, 0, 0, 35, 35, 0, 0, 5, 5,
         0.875, "-", "-", 0.875, 0, 0, 0, 0, 0, 0, 0, 0, "Westshire Board"],
        ["", "ZCH", "Westshire ", "Leyburn Children's", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
         "-", "-", "-", "-", 0, 0, 0, 0, 10, 10, 0, 0, "Westshire Board"],
    ]  # fmt: skip


def workbook(tmp_path: Path, rows: list[list[object]]) -> Path:
    book = Workbook()
    book.active.append(["System", "Level", "Data"])
    for row in rows:
        sheet = (
            book["Provider Level Data"]
            if len(book.sheetnames) > 1
            else book.create_sheet("Provider Level Data")
        )
        sheet.append(row)
    book.save(tmp_path / "made_up.xlsx")
    book.close()
    return tmp_path / "made_up.xlsx"


# --- cells -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "holds", "number"),
    [
        ("120", "count", 120), (" 1,204 ", "count", 1204), (120.0, "count", 120), ("47.9", "number", 47.9),
        ("77%", "percent_or_fraction", 77), ("0.93", "percent_or_fraction", 93),
        ("1", "percent_or_fraction", 100), ("0", "percent_or_fraction", 0),
        (0.7825, "fraction", 78.25), ("77", "percent", 77), ("77 %", "percent", 77),
    ],
)  # fmt: skip
def test_numbers_are_read(cell, holds, number):
    assert read_cell(cell, holds, {}, ()).number == number


@pytest.mark.parametrize(
    ("cell", "holds"),
    [
        ("n/a", "count"), ("-3", "count"), ("1.5", "count"), (float("inf"), "number"), (True, "count"),
        ("1,20", "count"), ("١٢", "count"), ("1e5", "count"), ("0x1F", "count"), ("=1+1", "count"),
        ("77%", "count"), ("101%", "percent_or_fraction"), ("81", "percent_or_fraction"),
        ("-0.1", "fraction"), ("F", "letter"), (3, "letter"), ("AB", "letter"), ("NaN", "number"),
        ("1 2", "count"), ("12a", "count"), ("--", "count"), (pd.Timestamp("2026-04-01"), "count"),
    ],
)  # fmt: skip
def test_faulty_cells_are_faults(cell, holds):
    reading = read_cell(cell, holds, {}, tuple("ABCDE"))
    assert reading.fault
    assert reading.number is None


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=20), st.floats(), st.integers(), st.none(), st.booleans(), st.dates()
    ),
    st.sampled_from(["count", "number", "fraction", "percent", "percent_or_fraction", "letter"]),
)
def test_any_cell_is_a_number_a_letter_a_mark_nothing_or_a_fault(cell, holds):
    reading = read_cell(cell, holds, {"x": "too_few"}, tuple("ABCDE"))
    told = [
        reading.number is not None,
        bool(reading.letter),
        bool(reading.state),
        bool(reading.fault),
    ]
    assert sum(told) <= 1


# --- rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "d", "v", "broken"),
    [
        (86, 120, 71.7, None), (86, 120, 72, None), (86, 120, 71.67, None), (86, 120, 70, "value"),
        (86, 120, 71.6, "value"), (1, 8, 12, None), (1, 8, 13, None), (1, 8, 12.5, None),
        (121, 120, None, "numerator"), (-1, 120, None, "numerator"), (1, -120, None, "denominator"),
        (10.5, 12.5, 84, None), (10.25, 12.5, None, "numerator"), (None, None, 101, "value"),
        (None, None, -1, "value"), (1, 0, None, "numerator"), (0, 0, None, None),
    ],
)  # fmt: skip
def test_rules_for_proportions(n, d, v, broken):
    row = pd.DataFrame(
        [[n, d, v, np.nan]], columns=["numerator", "denominator", "value", "completeness"]
    )
    found = faults(row.astype(float), np.array([True]), np.array([False]))
    assert [part for _, part, _ in found] == ([broken] if broken else [])


# --- wide files ------------------------------------------------------------------------------


def test_the_csv_adds_booked_and_unbooked(tmp_path):
    figures = frame(loaded(tmp_path, AE))
    four = figures.loc[("ZFH", "ae_4h")]
    assert (four.numerator, four.denominator) == (1530 - 325, 1530)
    assert four.value == pytest.approx(100 * 1205 / 1530)
    one = figures.loc[("ZFH", "ae_4h_type1")]
    assert (one.numerator, one.denominator) == (1020 - 305, 1020)
    assert figures.loc[("ZFH", "ae_admissions")].value == 333
    assert figures.loc[("ZFH", "ae_4h_dta")].value == 80
    assert figures.loc[("ZFH", "ae_12h_dta")].value == 20


def test_no_attendances_are_no_cases_and_a_count_of_none_is_nought(tmp_path):
    batch = loaded(tmp_path, AE)
    figures = frame(batch)
    assert figures.loc[("ZCH", "ae_4h")].state == "no_cases"
    assert figures.loc[("ZCU01", "ae_4h_type1")].state == "no_cases"
    assert figures.loc[("ZCH", "ae_attendances")].value == 0
    assert {s.service: s.peer_group for s in batch.services} == {
        "ZFH": "type 1", "ZWG": "type 1", "ZCU01": "no type 1", "ZCH": "no type 1",
    }  # fmt: skip


def test_a_mark_is_a_state_and_never_a_nought(tmp_path):
    batch = loaded(tmp_path, AE, (2, 16, "*"))
    waits = frame(batch).loc[("ZFH", "ae_4h_dta")]
    assert waits.state == "suppressed"
    assert np.isnan(waits.value)
    assert batch.not_numeric == 1
    assert not batch.refusals


def test_a_faulty_cell_is_refused_and_the_rest_loads(tmp_path):
    batch = loaded(tmp_path, AE, (2, 16, "n/a"))
    (refusal,) = batch.refusals
    assert refusal.row == 2
    assert refusal.column == "Patients who have waited 4-12 hs from DTA to admission"
    assert (refusal.value, refusal.service) == ("n/a", "ZFH")
    assert "not a number" in refusal.reason
    assert "list \"n/a\" as a mark of the layout 'ae_csv'" in refusal.reason
    figures = frame(batch)
    assert ("ZFH", "ae_4h_dta") not in figures.index
    assert figures.loc[("ZFH", "ae_12h_dta")].value == 20
    assert len(figures) == 23


def test_more_waits_than_attendances_refuse_the_result(tmp_path):
    batch = loaded(tmp_path, AE, (2, 10, "1300"), (6, 10, "2200"))
    assert {r.service for r in batch.refusals} == {"ZFH"}
    assert ("ZFH", "ae_4h_type1") not in frame(batch).index


@pytest.mark.parametrize("row", [2, 6])
def test_a_control_total_that_does_not_hold_refuses_the_file(tmp_path, row):
    with pytest.raises(Refused, match=r"row 6, the row of totals, has \d+ .* add up to \d+"):
        loaded(tmp_path, AE, (row, 4, "1001"))


def test_a_total_without_a_number_refuses_the_file(tmp_path):
    with pytest.raises(Refused, match="row 6, the row of totals, has no number"):
        loaded(tmp_path, AE, (6, 4, "many"))


def test_a_workbook_of_the_provider_layout(tmp_path):
    batch = take_in(workbook(tmp_path, workbook_rows()), LAYOUTS, CATALOGUE)
    figures = frame(batch)
    assert batch.source == "ae_workbook"
    assert str(batch.published) == "2026-06-11"
    assert [s.region for s in batch.services] == ["Westshire"] * 3
    assert figures.loc[("ZFH", "ae_4h")].numerator == 255
    assert figures.loc[("ZCH", "ae_4h")].state == "no_cases"
    assert batch.not_numeric == 7
    assert "Jo Madeup" not in repr(batch)


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (11, 7, 361, "row 11: types 1, 2 and 3 make up all attendances, but 360 is not 361"),
        (11, 11, 256, "row 11: attendances within and over four hours"),
        (9, 27, 6, "row 9, the row of totals, has 6"),
        (3, 2, "", "the row 'Period' names no period"),
        (3, 2, "April 2026 and May 2026", "names no period"),
        (3, 2, "AprJun2026", "has 1 months"),
    ],
)
def test_faults_of_a_workbook_refuse_it(tmp_path, row, column, value, said):
    rows = workbook_rows()
    rows[row - 1][column] = value
    with pytest.raises(Refused, match=said):
        take_in(workbook(tmp_path, rows), LAYOUTS, CATALOGUE)


def test_a_published_percentage_that_contradicts_its_counts_is_refused(tmp_path):
    rows = workbook_rows()
    rows[10][16] = 0.9
    batch = take_in(workbook(tmp_path, rows), LAYOUTS, CATALOGUE)
    (refusal,) = batch.refusals
    assert (refusal.row, refusal.service) == (11, "ZFH")
    assert "not numerator divided by denominator" in refusal.reason


# --- transposed files ------------------------------------------------------------------------


def test_marks_become_states(tmp_path):
    figures = frame(loaded(tmp_path, STROKE))
    states = figures["state"]
    assert states["cedar-unit", "ssnap_level"] == "too_few"
    assert states["cedar-unit", "ssnap_score"] == "too_few"  # ".", explained by the level
    assert states["st-osyths-hospital", "ssnap_score"] == "insufficient_records"
    assert states["harbour-and-quay-unit", "ssnap_score"] == "missing"
    assert states["st-osyths-hospital", "ssnap_d1_scanning"] == "not_applicable"
    assert states["cedar-unit", "ssnap_d1_scanning"] == "not_applicable"  # blank, by team type
    assert states["leyburn-infirmary", "ssnap_tc_d8_mdt"] == "not_applicable"
    assert states["cedar-unit", "ssnap_case_ascertainment"] == "missing"  # blank
    assert states["harbour-and-quay-unit", "ssnap_records"] == "not_entered"
    assert states["leyburn-infirmary", "ssnap_6m_assessed"] == "no_cases"
    marked = figures[states != "ok"]
    assert marked[["numerator", "denominator", "value"]].isna().all(axis=None)
    assert marked["level"].isna().all()


def test_a_blank_domain_of_an_admitting_team_is_missing(tmp_path):
    batch = loaded(tmp_path, STROKE, (12, 1, ""))
    assert frame(batch)["state"]["fernhill-hospital", "ssnap_d1_scanning"] == "missing"


def test_six_month_figures(tmp_path):
    figures = frame(loaded(tmp_path, STROKE))
    assessed = figures.loc[("fernhill-hospital", "ssnap_6m_assessed")]
    assert (assessed.numerator, assessed.denominator) == (40, 120)
    assert assessed.value == pytest.approx(100 / 3)
    applicable = figures.loc[("fernhill-hospital", "ssnap_6m_applicable")]
    assert (applicable.numerator, applicable.value) == (120, 91)
    assert np.isnan(applicable.denominator)


@pytest.mark.parametrize(
    ("row", "value", "said"),
    [
        (6, "640", "above 100"),
        (5, "F", "none of the levels"),
        (6, "n/a", "not a number"),
        (11, "13.5", "whole number"),
        (43, "91", "between 0 and 1"),
        (43, "44%", "divided by denominator"),
    ],
)
def test_a_faulty_cell_of_a_transposed_file(tmp_path, row, value, said):
    batch = loaded(tmp_path, STROKE, (row, 1, value))
    (refusal,) = batch.refusals
    assert (refusal.row, refusal.column) == (row, "Fernhill Hospital")
    assert refusal.service == "fernhill-hospital"
    assert said in refusal.reason


def test_a_personal_value_is_masked(tmp_path):
    for value in ("Jane Cedar", "12/03/1956", "ZZ99 9ZZ", "H1234567"):
        (refusal,) = loaded(tmp_path, AE, (2, 16, value)).refusals
        assert refusal.value == "[masked]"
        assert value not in refusal.reason


# --- what is refused whole -------------------------------------------------------------------


@pytest.mark.parametrize("heading", ["NHS Number", "Consultant", "Date of birth", "Surname"])
@pytest.mark.parametrize("name", [AE, STROKE, "made_up_long.csv"])
def test_a_column_of_people_refuses_any_layout(tmp_path, name, heading):
    rows = rows_of(name)
    if name == STROKE:
        rows.insert(10, [heading] + ["x"] * (len(rows[0]) - 1))
    else:
        rows = [[*row, heading if i == 0 else "x"] for i, row in enumerate(rows)]
    with (tmp_path / name).open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows(rows)
    with pytest.raises(Refused, match="remove it, so that only counts of whole teams are left"):
        take_in(tmp_path / name, LAYOUTS, CATALOGUE)


def test_people_on_another_sheet_refuse_the_workbook(tmp_path):
    book = Workbook()
    book.active.title = "Provider Level Data"
    for row in workbook_rows():
        book.active.append(row)
    book.create_sheet("Working").append(["Surname", "Date of birth"])
    book.save(tmp_path / "made_up.xlsx")
    book.close()
    with pytest.raises(Refused, match="Nothing of it was kept"):
        take_in(tmp_path / "made_up.xlsx", LAYOUTS, CATALOGUE)


def test_an_unknown_file_is_told_what_was_looked_for(tmp_path):
    (tmp_path / "a.csv").write_text("colour,size\nred,3\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"fits no known layout .*ae_csv, .*ssnap_summary"):
        take_in(tmp_path / "a.csv", LAYOUTS, CATALOGUE)
    with pytest.raises(Refused, match="looked for ssnap_summary"):
        take_in(FILES / AE, LAYOUTS, CATALOGUE, source="ssnap_summary")
    with pytest.raises(Refused, match="'ssnap' is not known; name one of ae_csv"):
        take_in(FILES / AE, LAYOUTS, CATALOGUE, source="ssnap")


def test_two_layouts_that_fit_are_not_guessed_between(tmp_path):
    twin = LAYOUTS["ae_csv"].model_copy(update={"id": "twin"})
    with pytest.raises(Refused, match="several layouts or sheets fit"):
        take_in(FILES / AE, {**LAYOUTS, "twin": twin}, CATALOGUE)
    assert take_in(FILES / AE, {**LAYOUTS, "twin": twin}, CATALOGUE, "twin").source == "twin"


def test_the_source_is_known_by_content_and_not_by_name(tmp_path):
    (tmp_path / "ssnap_JulSep2024.csv").write_bytes((FILES / AE).read_bytes())
    assert take_in(tmp_path / "ssnap_JulSep2024.csv", LAYOUTS, CATALOGUE).source == "ae_csv"


# --- whatever stands in a file ---------------------------------------------------------------

CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", "-", "*", ".", "X", "TFP", "n/a", "1e9", "-1", "0.5", "101%", "A", "TOTAL", "=1+1", "∞",
         "Jane Cedar", "12/03/1956", "9" * 40, "\n", '"', "<b>", "NaN", "inf", "1,000", "\ufeff"]
    ),
    st.integers(-5, 10**9).map(str),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_random_cells_in_random_places_never_crash(tmp_path_factory, data):
    name = data.draw(st.sampled_from([AE, STROKE, "made_up_long.csv"]))
    rows = rows_of(name)
    for _ in range(data.draw(st.integers(1, 8))):
        row = rows[data.draw(st.integers(0, len(rows) - 1))]
        row[data.draw(st.integers(0, len(row) - 1))] = data.draw(CELLS)
    path = tmp_path_factory.mktemp("fuzz") / name
    with path.open("w", encoding="utf-8", newline="", errors="replace") as f:
        csv.writer(f).writerows(rows)
    try:
        batch = take_in(path, LAYOUTS, CATALOGUE)
    except Refused:
        return
    figures = frame(batch)
    assert (
        not figures[figures["state"] != "ok"][["numerator", "denominator", "value"]]
        .notna()
        .any(axis=None)
    )
    assert all(r.row >= 1 and r.column and r.reason.endswith(".") for r in batch.refusals)


@pytest.mark.parametrize("name", [AE, STROKE, "made_up_long.csv"])
def test_random_bytes_never_crash(tmp_path, name):
    chance = random.Random(4)
    whole = (FILES / name).read_bytes()
    for _ in range(60):
        content = bytearray(whole[: chance.randrange(1, len(whole))])
        for _ in range(chance.randrange(6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        (tmp_path / name).write_bytes(content)
        with contextlib.suppress(Refused):
            take_in(tmp_path / name, LAYOUTS, CATALOGUE)
