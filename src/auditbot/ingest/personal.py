"""Is this about people one by one? Such a file is refused whole, and nothing of it is repeated.

The bot holds counts of whole teams. A column that looks like a person's name, number, date of birth
or address, or headings of single patients, stop the file before any of it is shaped or kept.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from auditbot.ingest.label import key
from auditbot.ingest.refusal import FORENAMES, MASKED, Refused

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
_NHS_IN_NAME = re.compile(r"(?<!\d)\d{3}[ ._-]?\d{3}[ ._-]?\d{4}(?!\d)")
_CONSULTANT_CODE = re.compile(r"[CD]\d{7}")
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE)
_TITLED = re.compile(
    r"(dr|mr|mrs|ms|miss|mx|prof|professor|sister|matron|nurse)\.?\s+[A-Za-z][\w'’.-]*"
    r"(\s+[\w'’.-]+){0,3}",
    re.IGNORECASE,
)
#: A title and a name anywhere in a name. "MS" is left out: it is an illness too.
_TITLE_AND_NAME = re.compile(
    r"\b(Dr|DR|Mr|MR|Mrs|MRS|Ms|Miss|MISS|Prof|PROF|Professor|PROFESSOR)\b\.?\s*"
    r"(?P<name>[A-Z][\w'’-]*)"
)
_GP_PRACTICE = re.compile(r"\b(surgery|practice|partners|medical|health centre)\b", re.IGNORECASE)
_SURNAME_INITIAL = re.compile(r"(?P<surname>[A-Z][A-Za-z'’-]+),? [A-Z]\.?([ ]?[A-Z]\.?)?")
_GMC = re.compile(r"\d{7}(\.0)?")
_SURNAME_FIRST = re.compile(r"[A-Z][A-Za-z'’-]+, ?[A-Z][a-z.]*( [A-Z][a-z.]*)?")
_BIRTH = re.compile(r"(\d{1,2}[/. -]\d{1,2}[/. -](18|19)\d\d|(18|19)\d\d-\d\d-\d\d)( 00:00:00)?")
_PLACE = re.compile(
    r"\b(hospitals?|unit|ward|team|centre|center|clinic|surgery|practice|trust|infirmary|nhs|"
    r"health|healthcare|care|medical|group|service|services|board|house|hall|general|royal|"
    r"community|college|school|department|dept|hub|partners|foundation|site|view|lodge|court|"
    r"street|road|lane|park|university|institute|ltd|limited|cic|region|area|zone|block|theatre|"
    r"bay|floor|wing|suite|pod|cohort|provider|org|organisation|network|cluster|locality|branch|"
    r"division|sector|directorate|stroke|hasu|icu|a&e|ed|type|band|grade|class|level|phase|stage)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Headings:
    """Which cells of a table are headings: every row down to one, or the first column."""

    last_row: int  # of the spreadsheet; a preamble may stand above the header
    first_column: bool = False


def refuse_people(
    file: str, rows: Iterable[tuple[int, Sequence[Any]]], headings: Headings = Headings(1)
) -> None:
    """Raise Refused when rows of a table hold, or name, people one by one.

    `rows` are (spreadsheet row, cells). Words that name a person's column are looked for in the
    headings alone: a service may well be called "pt".
    """
    people: dict[int, set[str]] = defaultdict(set)
    places: dict[int, set[str]] = defaultdict(set)
    known: dict[str, bool] = {}  # a text: is it a person?
    for number, cells in rows:
        patients: set[str] = set()
        for at, cell in enumerate(cells):
            if cell is None or cell == "" or isinstance(cell, bool):
                continue
            text = str(cell)
            if text not in known:
                if has_nhs_number(text):
                    raise _people(file, f"row {number}, column {_letters(at)}")
                known[text] = looks_like_person(text)
            if (
                number <= headings.last_row or (headings.first_column and not at)
            ) and _is_patient_heading(file, number, text):
                patients.add(key(text))
            if not isinstance(cell, (int, float)):
                (people if known[text] else places)[at].add(text)
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


def refuse_services(file: str, column: str, values: Collection[str]) -> None:
    """Raise Refused when names or ids of services are people.

    One title with a name is enough. Surnames with an initial ("Cedar J") and numbers as the GMC
    gives them are told from wards ("Cedar A", "Cedar B") by their being different; two of them, or
    one that stands alone, are enough.
    """
    refuse_names(file, column, values)
    like: list[str] = []
    others = 0
    for value in filter(None, values):
        named = _TITLE_AND_NAME.search(value)
        if named and not _PLACE.fullmatch(named["name"]) and not _GP_PRACTICE.search(value):
            raise _people(file, f"column '{column}'")
        surname = None if _PLACE.search(value) else _SURNAME_INITIAL.fullmatch(value.strip())
        if surname:
            like.append(surname["surname"])
        elif _GMC.fullmatch(value):
            like.append(value)
        else:
            others += 1
    once = [name for name, times in Counter(like).items() if times == 1]
    if len(once) >= FEWEST_TELLING or (once and len(once) == len(like) and not others):
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
    return any(map(_is_nhs_number, _NHS.findall(text)))


def _is_nhs_number(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    check = 11 - sum(d * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
    return digits[9] == check % 11 and check != 10 and len(set(digits)) > 1


def without_numbers(name: str) -> str:
    """A file's name as it may be told and kept: NHS numbers in it are masked."""
    return _NHS_IN_NAME.sub(lambda m: MASKED if _is_nhs_number(m[0]) else m[0], name)


def _is_patient_heading(file: str, row: int, text: str) -> bool:
    """Is it a heading of one patient? Raises Refused when it names a person by itself."""
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
