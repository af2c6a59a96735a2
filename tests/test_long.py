from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from openpyxl import Workbook

from auditbot import catalogue, layout
from auditbot.ingest import Refused, long, read, take_in
from auditbot.model import Batch, Period

BOT = Path(__file__).resolve().parents[1] / "bot" / "catalogue"
PLAIN = Path(__file__).parent / "files" / "made_up_long.csv"
CATALOGUE = catalogue.load(BOT)
LAYOUTS = layout.load(BOT / "layouts", CATALOGUE)
HEADER = (
    "service,service_name,metric,period_start,period_end,numerator,denominator,value,completeness"
)
GOOD = "fernhill,Fernhill Hospital,nhfd_kpi1,2026-04-01,2026-04-30,86,120,,"


def loaded(tmp_path: Path, *rows: str, header: str = HEADER) -> Batch:
    path = tmp_path / "made_up.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return take_in(path, LAYOUTS, CATALOGUE)


def frame(batch: Batch) -> pd.DataFrame:
    return pd.concat(list(batch.frames), ignore_index=True)


def test_the_plain_layout(tmp_path):
    batch = take_in(PLAIN, LAYOUTS, CATALOGUE)
    figures = frame(batch)
    assert (batch.source, batch.audit) == ("long", "")  # several audits
    assert not batch.refusals
    assert figures["state"].value_counts().to_dict() == {
        "ok": 6, "no_cases": 1, "missing": 1, "suppressed": 1,
    }  # fmt: skip
    first = figures.iloc[0]
    assert (first.numerator, first.denominator, first.completeness) == (86, 120, 95)
    assert first.value == pytest.approx(100 * 86 / 120)
    assert figures["level"].dropna().tolist() == ["B"]  # written "b"
    assert batch.not_numeric == 3
    assert {s.service: s.name for s in batch.services}["cedar"] == "Cedar Unit"
    assert figures.dtypes["start"] == figures.dtypes["end"] == "datetime64[us]"
    assert [len(f) for f in batch.frames] == [
        len(f) for f in batch.frames
    ]  # may be gone through again


def test_one_audit_is_told(tmp_path):
    assert loaded(tmp_path, GOOD).audit == "nhfd"


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (GOOD.replace("86", "121"), "numerator", "larger than the denominator"),
        (GOOD.replace("86", "-1"), "numerator", "below nought"),
        (GOOD.replace("86", "8.3"), "numerator", "whole number"),
        (GOOD.replace("120", "n/a"), "denominator", "not a number"),
        (GOOD.replace("120", ""), "numerator", "no figure can be worked out"),
        (GOOD.replace("120", "0"), "numerator", "larger than the denominator"),
        (GOOD.replace(",,", ",75,"), "value", "not numerator divided by denominator"),
        (GOOD.replace("86,120,,", ",,101,"), "value", "between 0 and 100"),
        (GOOD.replace("86,120,,", ",,inf,"), "value", "not a number"),
        (GOOD.replace("86,120,,", ",,nan,"), "value", "not a number"),
        (GOOD.replace("86,120,,", ",,A,"), "value", "not a number"),
        (GOOD + "140", "completeness", "between 0 and 100"),
        (GOOD.replace("nhfd_kpi1", "nhfd_kpi99"), "metric", "not in the catalogue"),
        (GOOD.replace("nhfd_kpi1", ""), "metric", "not in the catalogue"),
        (GOOD.replace("fernhill,", ","), "service", "no id of a service"),
        (GOOD.replace("fernhill,", "//,"), "service", "no id of a service"),
        (GOOD.replace("2026-04-01", "2026-05-01"), "period_start", "starts after its end"),
        (GOOD.replace("2026-04-01", "01/04/2026"), "period_start", "not a date"),
        (GOOD.replace("2026-04-01", "46113"), "period_start", "not a date"),
        (GOOD.replace("2026-04-30", "2026-04-31"), "period_end", "not a date"),
        (GOOD.replace("nhfd_kpi1", "ssnap_level"), "value", "none of the levels"),
        (
            GOOD.replace("nhfd_kpi1", "ssnap_level").replace("86,120,,", ",,F,"),
            "value",
            "none of the levels",
        ),
    ],
)
def test_a_faulty_row_is_refused_and_the_rest_loads(tmp_path, row, column, said):
    if "ssnap_level" in row and "120" in row:
        row = row.replace("86,120,,", ",,3,")
    sound = GOOD.replace("fernhill", "westport").replace("Fernhill Hospital", "Westport General")
    batch = loaded(tmp_path, sound, "", row)
    (refusal,) = batch.refusals
    assert (refusal.row, refusal.column) == (4, column)
    assert said in refusal.reason
    assert refusal.service == (None if column == "service" else "fernhill")
    assert frame(batch)["service"].tolist() == ["westport"]


def test_halves_are_real(tmp_path):
    row = GOOD.replace("nhfd_kpi1", "cancer_62d").replace("86,120", "10.5,12.5")
    assert frame(loaded(tmp_path, row)).value[0] == 84


def test_a_count_may_stand_as_numerator_or_value(tmp_path):
    row = GOOD.replace("nhfd_kpi1", "ae_attendances")
    for figures in ("210,,,", ",,210,"):
        assert frame(loaded(tmp_path, row.replace("86,120,,", figures))).value[0] == 210


def test_one_bad_cell_leaves_the_numbers_of_its_column_alone(tmp_path):
    rows = [GOOD.replace("fernhill", f"unit-{i}") for i in range(50)]
    rows[20] = rows[20].replace("86", "many")
    batch = loaded(tmp_path, *rows)
    assert [r.row for r in batch.refusals] == [22]
    assert frame(batch)["numerator"].tolist() == [86.0] * 49


def test_repeated_rows(tmp_path):
    assert len(frame(loaded(tmp_path, GOOD, GOOD))) == 1
    with pytest.raises(Refused, match="rows 2 and 4 give different figures for 'fernhill'"):
        loaded(
            tmp_path,
            GOOD,
            GOOD.replace("-04-", "-05-").replace("05-30", "05-31"),
            GOOD.replace("86", "87"),
        )


def test_repeats_are_seen_across_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "CHUNK_ROWS", 2)
    rows = [GOOD.replace("fernhill", f"unit-{i}") for i in range(5)]
    batch = loaded(tmp_path, *rows, rows[0])
    assert [len(f) for f in batch.frames] == [2, 2, 1]
    assert len(batch.services) == 5
    with pytest.raises(Refused, match="rows 2 and 7"):
        loaded(tmp_path, *rows, rows[0].replace("86", "85"))


def test_pieces_make_no_difference(tmp_path, monkeypatch):
    whole = take_in(PLAIN, LAYOUTS, CATALOGUE)
    monkeypatch.setattr(read, "CHUNK_ROWS", 1)
    pieces = take_in(PLAIN, LAYOUTS, CATALOGUE)
    pd.testing.assert_frame_equal(frame(whole), frame(pieces))
    assert whole.services == pieces.services
    assert whole.periods == pieces.periods


@pytest.mark.parametrize("part", ["service", "metric", "period_start", "period_end"])
def test_a_missing_column_refuses_the_file(tmp_path, part):
    path = tmp_path / "made_up.csv"
    path.write_text(f"{HEADER.replace(part, 'colour')}\n{GOOD}\n", encoding="utf-8")
    with pytest.raises(Refused, match="fits no known layout"):
        take_in(path, LAYOUTS, CATALOGUE)
    opened = read.open_file(path)
    with pytest.raises(Refused, match=f"'{part}' is missing"):
        long.take_in(opened, read.TEXT, LAYOUTS["long"], CATALOGUE)


def test_no_figures_no_rows_and_no_good_rows_refuse_the_file(tmp_path):
    with pytest.raises(Refused, match="there are no figures"):
        loaded(tmp_path, GOOD, header=HEADER.replace("numerator", "n").replace(",value", ",v"))
    with pytest.raises(Refused, match="there are no rows"):
        loaded(tmp_path)
    with pytest.raises(Refused, match="not one usable row; the first is at row 2"):
        loaded(tmp_path, GOOD.replace("86", "many"))


def test_too_many_faults_refuse_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(long, "MOST_REFUSALS", 3)
    with pytest.raises(Refused, match="more than 3 rows are faulty"):
        loaded(tmp_path, GOOD, *[GOOD.replace("86", "many")] * 4)


def test_columns_in_another_order_case_and_number(tmp_path):
    batch = loaded(
        tmp_path,
        "note,nhfd_kpi1,86,120,fernhill,2026-04-01,2026-04-30",
        header="Comment,METRIC,Numerator,Denominator,Service,Period start,Period end",
    )
    assert frame(batch).value[0] == pytest.approx(100 * 86 / 120)
    assert batch.services[0].name == "fernhill"


def test_a_name_in_place_of_an_id_becomes_its_slug(tmp_path):
    batch = loaded(tmp_path, GOOD.replace("fernhill,", "St Osyth's & Quay,"))
    assert batch.services[0].service == "st-osyths-and-quay"


def test_a_workbook_may_hold_dates_and_day_numbers(tmp_path):
    book = Workbook()
    book.active.append(HEADER.split(","))
    book.active.append(["fernhill", "Fernhill Hospital", "nhfd_kpi1", 46113, 46142, 86, 120])
    book.active.append(
        [
            "fernhill",
            "Fernhill Hospital",
            "nhfd_kpi1",
            pd.Timestamp("2026-05-01"),
            "2026-05-31",
            "n/a",
            9,
        ]
    )
    book.active.append(
        [
            "fernhill",
            "Fernhill Hospital",
            "ssnap_level",
            "2026-04-01",
            "2026-06-30",
            None,
            None,
            "A",
        ]
    )
    book.save(tmp_path / "made_up.xlsx")
    book.close()
    batch = take_in(tmp_path / "made_up.xlsx", LAYOUTS, CATALOGUE)
    assert batch.periods[0] == Period(
        pd.Timestamp("2026-04-01").date(), pd.Timestamp("2026-04-30").date()
    )
    assert [(r.row, r.value) for r in batch.refusals] == [(3, "n/a")]
    assert frame(batch)["level"].dropna().tolist() == ["A"]


def test_people_as_services_or_numbers_in_texts_refuse_the_file(tmp_path):
    rows = [GOOD.replace("Fernhill Hospital", n) for n in ("Jane Cedar", "John Leyburn")]
    with pytest.raises(Refused, match="looks like names"):
        loaded(tmp_path, rows[0], rows[1].replace("fernhill", "other"))
    with pytest.raises(Refused, match="looks like names"):
        loaded(tmp_path, GOOD.replace("fernhill", "9991234578"))


def test_nothing_is_left_of_refused_figures(tmp_path):
    figures = frame(loaded(tmp_path, GOOD.replace("86,120,,", "*,120,,")))
    assert figures.loc[0, ["numerator", "denominator", "value"]].isna().all()
    assert figures["state"].tolist() == ["suppressed"]
    assert np.isnan(figures["completeness"][0])


def test_people_in_a_column_of_no_use_refuse_the_file_however_far_down(tmp_path):
    rows = [GOOD.replace("fernhill", f"unit-{i}") for i in range(200)]
    for bad in ("seen with 9991234578 on the ward", "9991234578"):
        told = [f"{row},{bad if i == 150 else ''}" for i, row in enumerate(rows)]
        with pytest.raises(Refused, match="looks like names, numbers") as caught:
            loaded(tmp_path, *told, header=HEADER + ",note")
        assert "9991234578" not in str(caught.value)
    assert len(frame(loaded(tmp_path, *[f"{row},fine" for row in rows], header=HEADER + ",note")))


def test_an_nhs_number_among_the_figures_refuses_the_file(tmp_path):
    rows = [GOOD.replace("fernhill", f"unit-{i}") for i in range(200)]
    with pytest.raises(Refused, match="column 'numerator'"):
        loaded(tmp_path, *rows, GOOD.replace("86", "9991234578"))
    with pytest.raises(Refused, match="column 'numerator'"):
        loaded(tmp_path, *rows, GOOD.replace("86", "999 123 4578"), GOOD.replace("86", "x"))


def test_a_row_a_patient_is_refused_by_its_denominators(tmp_path):
    one = GOOD.replace("86,120", "1,1")
    rows = [one.replace("fernhill", f"unit-{i}") for i in range(12)]
    with pytest.raises(Refused, match="12 of 12 denominators are 1"):
        loaded(tmp_path, *rows)
    assert len(frame(loaded(tmp_path, one)))


@pytest.mark.parametrize("total", ["TOTAL", "National", "England", "All trusts"])
def test_a_total_or_national_row_is_no_service(tmp_path, total):
    batch = loaded(tmp_path, GOOD, GOOD.replace("fernhill", total, 1))
    assert frame(batch)["service"].tolist() == ["fernhill"]
    (refused,) = batch.refusals
    assert refused.row == 3
    assert "is a total or national row and no service; leave it out" in refused.reason


def test_a_row_with_a_comma_in_its_number_is_refused_and_never_read(tmp_path, capfd):
    sound = GOOD.replace("nhfd_kpi1", "ae_attendances").replace("86,120,,", ",,210,")
    shifted = sound.replace("fernhill", "thornby").replace(",,210,", ",,12,050,")
    for rows in ([shifted, sound], [sound, shifted], [sound, "", shifted, '"cedar"' + sound[8:]]):
        batch = loaded(tmp_path, *rows)
        (refusal,) = batch.refusals
        assert refusal.row == 2 + rows.index(shifted)
        assert "This row has 10 cells where the header has 9; put the number" in refusal.reason
        assert "thornby" not in frame(batch)["service"].tolist()
        assert 12 not in frame(batch)["value"].tolist()
    quoted = shifted.replace("12,050", '"12,050"')
    assert frame(loaded(tmp_path, quoted)).value[0] == 12050
    assert capfd.readouterr().err == ""


def test_long_rows_are_seen_in_every_piece_and_beyond_measure_refuse_the_file(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(read, "CHUNK_ROWS", 2)
    rows = [GOOD.replace("fernhill", f"unit-{i}") + ("," if i % 3 == 0 else "") for i in range(9)]
    batch = loaded(tmp_path, *rows)
    assert [r.row for r in batch.refusals] == [2, 5, 8]
    assert len(frame(batch)) == 6
    with pytest.raises(Refused, match="row 3: this row has 109 cells where the header has 9"):
        loaded(tmp_path, GOOD, GOOD + "," * 100)


@pytest.mark.parametrize("name", ["Mr T Leyburn", "Dr Cedar", "Clinic of Prof. Ann Westport"])
def test_one_title_and_name_refuses_the_file(tmp_path, name):
    rows = [GOOD.replace("fernhill", f"unit-{i}") for i in range(9)]
    with pytest.raises(Refused, match="'service_name' looks like names"):
        loaded(tmp_path, *rows, GOOD.replace("Fernhill Hospital", name))


def test_surnames_with_initials_and_doctors_numbers_refuse_the_file(tmp_path):
    names = ("Cedar J", "Leyburn A", "Westport T")
    rows = [GOOD.replace("fernhill,Fernhill Hospital", f"u{i},{n}") for i, n in enumerate(names)]
    with pytest.raises(Refused, match="'service_name' looks like names"):
        loaded(tmp_path, GOOD, *rows)
    numbers = [GOOD.replace("fernhill", f"990000{i}") for i in range(3)]
    with pytest.raises(Refused, match="'service' looks like names") as caught:
        loaded(tmp_path, *numbers)
    assert "990000" not in str(caught.value)


def test_a_service_called_as_a_heading_loads(tmp_path):
    batch = loaded(tmp_path, GOOD.replace("fernhill,", "pt,"))
    assert batch.services[0].service == "pt"


def test_a_period_years_after_the_others_is_refused(tmp_path):
    late = GOOD.replace("2026", "2036").replace("fernhill", "cedar")
    batch = loaded(tmp_path, GOOD, late)
    (refusal,) = batch.refusals
    assert (refusal.row, refusal.column, refusal.value) == (3, "period_end", "2036-04-30")
    assert "lies years after the others; check the year" in refusal.reason
    assert refusal.service == "cedar"
    assert [p.end.year for p in batch.periods] == [2026]
    years = [GOOD.replace("2026", str(year)) for year in range(2004, 2027)]
    assert not loaded(tmp_path, *years).refusals


@pytest.mark.parametrize(
    ("told", "shown", "said"),
    [
        ("2000000000", "[masked]", "far too large for a count"),
        ("1234567890123456", "12345678901…", "far too large for a count"),
        ("1e300", "1e300", "far too large for a count"),
        ("1e999", "1e999", "not a number"),
    ],
)
def test_figures_beyond_measure(tmp_path, told, shown, said):
    row = GOOD.replace("nhfd_kpi1", "ae_attendances")
    huge = row.replace("fernhill", "cedar").replace("86,120,,", f",,{told},")
    (refusal,) = loaded(tmp_path, row.replace("86,120,,", ",,210,"), huge).refusals
    assert refusal.value == shown
    assert said in refusal.reason
    assert "inf" not in refusal.reason


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "01/02/2026", "April 2026"])
def test_a_wrong_date_of_a_period_is_shown(tmp_path, day):
    (refusal,) = loaded(tmp_path, GOOD, GOOD.replace("2026-04-01", day)).refusals
    assert refusal.value == day


def test_the_name_of_a_total_is_shown_and_a_number_among_dates_is_not(tmp_path):
    (refusal,) = loaded(tmp_path, GOOD, GOOD.replace("fernhill", "TOTAL", 1)).refusals
    assert refusal.value == "TOTAL"
    (refusal,) = loaded(tmp_path, GOOD, GOOD.replace("2026-04-01", "999-123-4570")).refusals
    assert refusal.value == "[masked]"


def test_a_persons_number_in_the_name_of_a_file_is_masked(tmp_path):
    for name in ("audit_9991234578.csv", "999 123 4578.csv"):
        path = tmp_path / name
        path.write_text(f"{HEADER}\n{GOOD}\n", encoding="utf-8")
        assert take_in(path, LAYOUTS, CATALOGUE).name == name.replace(
            "9991234578", "[masked]"
        ).replace("999 123 4578", "[masked]")
        path.write_text("colour,size\nred,3\n", encoding="utf-8")
        with pytest.raises(Refused) as caught:
            take_in(path, LAYOUTS, CATALOGUE)
        assert "4578" not in str(caught.value)


def test_ids_that_differ_by_case_are_one(tmp_path):
    later = GOOD.replace("-04-", "-05-").replace("05-30", "05-31").replace("fernhill,", "rxx,")
    batch = loaded(tmp_path, later, GOOD.replace("fernhill,", "RXX,"))
    assert {s.service for s in batch.services} == {"rxx"}
    with pytest.raises(Refused, match="rows 2 and 3 give different figures for 'rxx'"):
        loaded(tmp_path, later, later.replace("rxx", "RXX").replace("86", "87"))


def test_the_layout_a_file_nearly_fits_is_named_with_what_is_missing(tmp_path):
    with pytest.raises(Refused) as caught:
        loaded(tmp_path, GOOD, header=HEADER.replace("metric", "measure"))
    said = str(caught.value)
    assert "it comes nearest to long, and lacks the column 'metric'; add it" in said
    assert "ssnap" not in said
