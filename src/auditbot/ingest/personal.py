"""Is this about people one by one? Such a file is refused whole, and nothing of it is repeated.

The bot holds counts of whole teams. A column that looks like a person's name, number, date of birth
or address, or headings of single patients, stop the file before any of it is shaped or kept.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from auditbot.ingest.label import key
from auditbot.ingest.refusal import FORENAMES, Refused

FEWEST_TELLING = 2  # different values that look like people before a column is held to hold them

_NUMBER_WORD = r"(no|num|nr|number|nos|numbers|id|ids|identifier|code|ref|reference|key)"
_ROLE = (
    r"(consultant|surgeon|anaesthetist|anesthetist|clinician|doctor|dr|physician|geriatrician|"
    r"radiologist|registrar|midwife|nurse|therapist|gp|practitioner|prescriber|operator|"
    r"assistant surgeon|staff member|employee|person|trainee|key worker)"
)
_WHICH = (
    r"(named|lead|responsible|admitting|discharging|treating|operating|referring|attending|first|"
    r"second|main|on call|supervising|primary|assessing|caring|entered by|seen by|reviewed by)"
)
#: Headings that name a person or a person's number, wherever in the heading they stand.
_PERSONAL_WORDS = re.compile(
    rf"\b(nhs ?(no|num|number|id)|gmc|gmcno|gmcnumber|nmc pin|pas ?{_NUMBER_WORD}|"
    rf"chi ?{_NUMBER_WORD}|hospital ?(no|num|number|id)|hosp ?(no|num|number|id)|mrn|"
    rf"crn|medical record ?{_NUMBER_WORD}|dob|d o b|date ?of ?birth|birth ?date|dateofbirth|"
    r"fore ?names?|sur ?names?|first names?|last names?|given names?|family names?|middle names?|"
    r"maiden name|full name|firstname|lastname|post ?codes?|home address|"
    rf"patients? ?{_NUMBER_WORD}|patients? ?names?|patients? initials|patients? address|"
    r"patients? dob|patients? email|patients? phone|next of kin|national insurance (no|number)|"
    r"ni number|staff (names?|id|no|number)|telephone (no|number)|mobile (no|number)|phone (no|number)|e ?mail address)\b"
)
#: Headings that are a person by themselves: "Consultant", "Named surgeon", "Patient".
_PERSONAL_HEADING = re.compile(
    rf"(patients?|pts?|initials|address|e ?mail|telephone|mobile|phone|chi|"
    rf"({_WHICH} )?{_ROLE}( (in charge|of care))?"
    rf"( (names?|initials|gmc|surname|email|{_NUMBER_WORD[1:-1]}))?|"
    rf"(names? of|name of the) {_ROLE}|(spell|episode|case|record|admission) (id|uid)|"
    r"(entered|completed|submitted|reported|operated|seen) by)"
)
#: Headings of single patients; two of them make a row a patient.
_ONE_PATIENT = re.compile(
    r"(age( at (admission|event|surgery|operation|arrival|discharge|diagnosis))?|age years|sex|"
    r"gender|ethnicity|ethnic (group|category)|(primary |main )?diagnosis|icd( 10)?( code)?|"
    r"(primary )?procedure|opcs( 4)?( code)?|asa( grade)?|clinical frailty score|"
    r"(date( and time)?|time|datetime) of (admission|discharge|arrival|death|surgery|operation|"
    r"onset|scan|stroke|referral|assessment|clock start)|"
    r"(admission|discharge|arrival|death|surgery|operation|onset|scan|clock start|procedure) "
    r"(date|time|datetime|date time|date and time)|died|deceased|discharge destination|"
    r"length of stay days|los|nhfd number|fracture type|comorbidit(y|ies)|ward at discharge)"
)
#: "Number of patients with a hospital number" is about a team.
_COUNTED = re.compile(r"(number of|total|percent|proportion|count of|rate|median|mean)\b")
_NHS = re.compile(r"(?<![\d.])\d{3}[ -]?\d{3}[ -]?\d{4}(?!\d|[.,]\d)")
_CONSULTANT_CODE = re.compile(r"[CD]\d{7}")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE)
_TITLED = re.compile(
    r"(dr|mr|mrs|ms|miss|mx|prof|professor|sister|matron|nurse)\.?\s+[A-Za-z][\w'’.-]*"
    r"(\s+[\w'’.-]+){0,3}",
    re.IGNORECASE,
)
_SURNAME_FIRST = re.compile(r"[A-Z][A-Za-z'’-]+, ?[A-Z][a-z.]*( [A-Z][a-z.]*)?")
_BIRTH = re.compile(r"(\d{1,2}[/. -]\d{1,2}[/. -](18|19)\d\d|(18|19)\d\d-\d\d-\d\d)( 00:00:00)?")
_PLACE = re.compile(
    r"\b(hospitals?|unit|ward|team|centre|center|clinic|surgery|practice|trust|infirmary|nhs|"
    r"health|healthcare|care|medical|group|service|services|board|house|hall|general|royal|"
    r"community|college|school|department|dept|hub|partners|foundation|site|view|lodge|court|"
    r"street|road|lane|park|university|institute|ltd|limited|cic|region)\b",
    re.IGNORECASE,
)


def refuse_people(file: str, rows: Iterable[tuple[int, Sequence[Any]]]) -> None:
    """Raise Refused when rows of a table hold, or name, people one by one.

    `rows` are (spreadsheet row, cells); headings are looked for in every cell, since a preamble may
    stand above them and some tables have them down the first column.
    """
    people: dict[int, set[str]] = defaultdict(set)
    places: dict[int, set[str]] = defaultdict(set)
    known: dict[str, tuple[bool, bool]] = {}  # a text: (a heading of one patient, a person)
    for number, cells in rows:
        patients: set[str] = set()
        for at, cell in enumerate(cells):
            if cell is None or cell == "" or isinstance(cell, bool):
                continue
            text = str(cell)
            if text not in known:
                known[text] = (
                    _is_patient_heading(file, number, at, text),
                    looks_like_person(text),
                )
            heading, person = known[text]
            if heading:
                patients.add(key(text))
            if not isinstance(cell, (int, float)):
                (people if person else places)[at].add(text)
        if len(patients) >= 2:
            raise Refused(
                f"{file}: row {number} has headings of single patients "
                f"({', '.join(sorted(patients)[:3])}); count the patients of each team and period, "
                "and load the counts. Nothing of it was kept."
            )
    for at, found in people.items():
        if len(found) >= FEWEST_TELLING and len(found) >= len(places[at]):
            raise _people(file, f"column {_letters(at)}")


def refuse_heading(file: str, row: int, text: str) -> None:
    """Raise Refused when a heading names people or their numbers."""
    words = key(text)
    found = _PERSONAL_HEADING.fullmatch(words)
    if not found and not _COUNTED.match(words):
        found = _PERSONAL_WORDS.search(words)
    if found:
        raise _people(file, f"row {row}, column '{found[0]}'")


def refuse_names(file: str, column: str, values: Iterable[str]) -> None:
    """Raise Refused when a column's different values are people, or one is an NHS number."""
    people = others = 0
    for value in filter(None, values):
        if has_nhs_number(value):
            raise _people(file, f"column '{column}'")
        if looks_like_person(value):
            people += 1
        else:
            others += 1
    if people > others:
        raise _people(file, f"column '{column}'")


def refuse_long_numbers(file: str, column: str, values: "pd.Series[Any]") -> None:
    """Raise Refused when a column of figures holds an NHS number."""
    if pd.api.types.is_numeric_dtype(values.dtype):
        values = values[(values >= 10**9) & (values < 10**10)]
    if any(has_nhs_number(str(v).removesuffix(".0")) for v in values.dropna().unique()):
        raise _people(file, f"column '{column}'")


def looks_like_person(text: str) -> bool:
    """Does a whole cell look like a name, a date of birth, a postcode or a doctor's code?"""
    text = text.strip()
    if _CONSULTANT_CODE.fullmatch(text) or _POSTCODE.fullmatch(text) or _BIRTH.fullmatch(text):
        return True
    if _PLACE.search(text) or len(text) > 60:
        return False
    if _TITLED.fullmatch(text) or _SURNAME_FIRST.fullmatch(text):
        return True
    words = text.replace(".", " ").split()
    return (
        2 <= len(words) <= 3
        and words[0].lower() in FORENAMES
        and all(w.replace("'", "").replace("-", "").isalpha() for w in words)
    )


def has_nhs_number(text: str) -> bool:
    """Does a text hold ten digits whose last is the check digit of an NHS number?"""
    for found in _NHS.findall(text):
        digits = [int(c) for c in found if c.isdigit()]
        check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
        if digits[9] == check % 11 and check != 10 and len(set(digits)) > 1:
            return True
    return False


def _is_patient_heading(file: str, row: int, at: int, text: str) -> bool:
    """One text of a table, looked at once. Raises Refused when it names a person by itself."""
    if has_nhs_number(text):
        raise _people(file, f"row {row}, column {_letters(at)}")
    if not any(c.isalpha() for c in text):
        return False
    refuse_heading(file, row, text)
    return bool(_ONE_PATIENT.fullmatch(key(text)))


def _letters(at: int) -> str:
    """A column as a spreadsheet names it; its heading might be a person, so it is not repeated."""
    letters, at = "", at + 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _people(file: str, where: str) -> Refused:
    return Refused(
        f"{file}: {where} looks like names, numbers, dates of birth or addresses of people; remove "
        "it, so that only counts of whole teams are left, and load the file again. "
        "Nothing of it was kept."
    )
