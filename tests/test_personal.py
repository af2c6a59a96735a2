import pytest

from auditbot.ingest.personal import (
    Headings,
    has_nhs_number,
    looks_like_person,
    refuse_heading,
    refuse_names,
    refuse_people,
    refuse_services,
)
from auditbot.ingest.refusal import MASKED, Refused, masked


def checked(nine: str) -> str:
    """A number with a right check digit that the NHS never gives out (they begin with 999)."""
    digit = 11 - sum(int(c) * w for c, w in zip(nine, range(10, 1, -1), strict=True)) % 11
    return nine + str(digit % 11)


@pytest.mark.parametrize(
    "heading",
    [
        "NHS Number", "NHS No.", "nhs_no", "NHSNumber", "GMC", "GMC no", "Consultant GMC number",
        "Patient", "Patient ID", "patient_name", "PatientID", "Hospital Number", "Hosp No", "MRN",
        "CHI number", "DOB", "D.O.B.", "Date of birth", "DateOfBirth", "Birth date", "Forename",
        "Surname", "First name", "Family Name", "Full name", "Consultant", "Consultant name",
        "Named consultant", "Responsible clinician", "Lead surgeon", "Surgeon", "Doctor",
        "Anaesthetist", "Postcode", "Post code", "Home address", "Nurse name", "Entered by",
        "Name of consultant", "Staff name", "NI number", "E-mail address",
    ],
)  # fmt: skip
def test_headings_that_name_people_are_refused(heading):
    with pytest.raises(Refused, match="remove it"):
        refuse_heading("a.csv", 1, heading)


@pytest.mark.parametrize(
    "heading",
    [
        "Name", "Org name", "Trust", "Team", "Code", "Region", "Parent Org", "service_name",
        "Number of records completed: Team-centred post-72h all teams cohort",
        "Patient-centred Domain levels: 8) MDT working",
        "Patients who have waited 12+ hrs from DTA to admission",
        "Number of patients spending >4 hours from decision to admit to admission",
        "Number of patients with a hospital number", "NHS North West", "NHS England London",
        "Seen by a stroke consultant within 24 hours", "Hospital", "Numerator", "Total",
        "Percentage in 4 hours or less (all)", "Other Emergency admissions (i.e not via A&E)",
        "Contact:", "Staffordshire", "Age group", "period_start", "completeness", "Summary:",
    ],
)  # fmt: skip
def test_headings_of_teams_are_let_through(heading):
    refuse_heading("a.csv", 1, heading)


@pytest.mark.parametrize("nine", ["999123457", "999555001"])
def test_nhs_numbers_are_known_by_their_check_digit(nine):
    right = checked(nine)
    wrong = nine + str((int(right[-1]) + 1) % 10)
    spaced = f"{right[:3]} {right[3:6]} {right[6:]}"
    assert has_nhs_number(right)
    assert has_nhs_number(spaced)
    assert has_nhs_number(f"seen on the ward, {spaced}.")
    assert not has_nhs_number(wrong)
    assert not has_nhs_number("1" + right)
    assert not has_nhs_number("0000000000")


@pytest.mark.parametrize(
    "text",
    ["Dr A Fernhill", "Mr John Cedar", "Cedar, John", "CEDAR, John A", "Jane Leyburn", "C1234567",
     "ZZ99 9ZZ", "12/03/1956", "1956-03-12"],
)  # fmt: skip
def test_people_are_seen(text):
    assert looks_like_person(text)


@pytest.mark.parametrize(
    "text",
    ["Fernhill Hospital", "George Leyburn Hospital NHS Trust", "St Mary's", "Cedar Unit", "London",
     "Dr Cedar's Surgery", "Queens Hospital Westport HASU", "RXX", "C00009", "2026-04-01",
     "Victoria Infirmary", "47.9", "Too few to report", "Westport, Leyburn and Fernhill NHS Trust"],
)  # fmt: skip
def test_places_are_not_people(text):
    assert not looks_like_person(text)


def test_a_row_a_patient_is_refused_by_its_headings():
    with pytest.raises(Refused, match="headings of single patients"):
        refuse_people("a.csv", [(1, ["Ward", "Age", "Sex", "Admission date", "Outcome"])])
    refuse_people("a.csv", [(1, ["Team", "Age group", "Discharged"])])


def test_what_is_refused_is_never_repeated():
    number = checked("999123457")
    for rows in (
        [(1, ["a", "b"]), (7, ["x", number])],
        [(1, ["a", "b"]), (7, ["x", int(number)])],
        [(1, ["a", "note"]), (2, [1, "Jane Cedar"]), (3, [2, "John Leyburn"])],
    ):
        with pytest.raises(Refused) as caught:
            refuse_people("a.csv", rows)
        said = str(caught.value)
        assert "column B" in said
        assert number not in said
        assert "Cedar" not in said


def test_services_that_are_people_are_refused():
    with pytest.raises(Refused, match="column 'service_name'"):
        refuse_names("a.csv", "service_name", ["Jane Cedar", "John Leyburn", "Priya Westport"])
    refuse_names("a.csv", "service_name", ["Jane Cedar", "Fernhill Hospital", "Cedar Unit"])


@pytest.mark.parametrize(
    "value",
    ["Jane Cedar", "jane cedar", "CEDAR", "O'Leyburn", "ZZ99 9ZZ", "999 123 4560", "1234567",
     "12/03/1956", "1956-03-12", "12.3.56", "C1234567", "H123456", "a b c d e", "Dr Cedar"],
)  # fmt: skip
def test_what_may_be_personal_is_masked(value):
    assert masked(value) == MASKED


@pytest.mark.parametrize(
    "value",
    ["n/a", "-3", "120.5", "F", "TFP", "Pending", "abc", "ae_4hr", "#DIV/0!", "Not published yet",
     "=1+1", "", "110%"],
)  # fmt: skip
def test_what_is_harmless_is_shown(value):
    assert masked(value) == value


def test_what_is_shown_is_short_and_on_one_line():
    assert masked("x\n\x00y") == "x y"
    assert len(masked("9." * 100)) <= 40


@pytest.mark.parametrize(
    "names",
    [["Ward A", "Unit B", "Block C"], ["Cedar A", "Cedar B"], ["Queens Hospital Westport HASU"],
     ["Dr Cedar's Surgery", "Drs Leyburn and Fernhill"], ["MS Rehabilitation", "Ms Unit"],
     ["St Mary's", "Leyburn E"], ["1234567", "RXX", "RYY"]],
)  # fmt: skip
def test_services_that_sound_like_people_and_are_none(names):
    refuse_services("a.csv", "service_name", names)


@pytest.mark.parametrize(
    "names", [["Cedar J"], ["Cedar J", "Leyburn A", "Fernhill"], ["Fernhill Hospital", "Mrs Cedar"]]
)
def test_services_with_a_title_or_initials_are_people(names):
    with pytest.raises(Refused, match="looks like names"):
        refuse_services("a.csv", "service_name", names)


def test_only_headings_are_read_as_headings():
    refuse_people("a.csv", [(1, ["Team", "Age group"]), (2, ["pt", "surgeon"])])
    with pytest.raises(Refused):
        refuse_people("a.csv", [(1, ["", "a"]), (2, ["pt", 1])], Headings(1, first_column=True))
