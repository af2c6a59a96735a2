"""Does a text tell which patient it is about: by number, date of birth, address or name?

Kept apart from the guard for its length alone; as pure as the guard, and read by nobody else.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from auditbot.ask import forenames
from auditbot.ask.wording import bag


def found(read: str, small: str) -> Iterator[str]:
    """The rules by which a text names a patient. `small`: `read` in small letters."""
    if _nhs_number(small):
        yield "nhs_number"
    for reason, pattern in _IDENTIFIERS:
        if pattern.search(small):
            yield reason
    if _birth_date(small):
        yield "birth_date"
    if _address(small):
        yield "address"
    if _named_in_small(small):
        yield "named_patient"
    for reason, pattern in _NAMED_PATIENT:
        if pattern.search(read):
            yield reason


# Numbers


_GROUP = re.compile(r"\d+")
_BETWEEN = re.compile(r"[ \-./,()|:·]{1,3}")
# "bleep", "ext" or a telephone's mark before a number that is never given out to a patient.
_RINGS = re.compile(
    r"\b(?:bleep|pager?|ext(?:ension)?|phone|tel(?:ephone)?|mob(?:ile)?|fax|ring|call|text|whatsapp|number's|ticket|job|order|invoice|isbn|ref(?:erence)?)"
    r"(?: (?:me|us|back|number|no|num|on|is|at|my|it's))*[ .:#=-]*$"
)
_WORDS = {
    w: str(i)
    for i, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )
} | {"oh": "0", "nought": "0"}
_DIGIT = "(?:" + "|".join(_WORDS) + ")"
_SPOKEN = re.compile(rf"\b(?:{_DIGIT}[ ,-]{{1,3}}){{9,}}{_DIGIT}\b")
_YEARS = re.compile(r"^(?:(?:19|20)\d\d[ \-./,]+)+")
_SPACED = ([10], [3, 3, 4], [6, 4], [3, 7], [1] * 10)
_MISTYPED = re.compile(
    r"\d{3}[ -]\d{3}[ -]\d{4}|\d(?:[ -]\d){9}"
)  # spaced as one, with a wrong check digit
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)")
_DAY_FIRST = re.compile(r"(?:\d{1,2}[/.-]){2}\d{4}[ ,].{1,30}")
_LABELLED = re.compile(
    r"\b(?:nhs|h ?(?:&|and)? ?c|chi|health and care)\s*(?:number|num|no\.?|nos?|#|id)?\s*(?:is|was|for|of|:|=|-|#)?\s*(?:\d[ \-./]{0,3}){8,10}"
)


def _nhs_number(small: str) -> bool:
    """Ten digits with a right check digit (modulus 11), however they are spaced or said.

    Health and Care numbers of Northern Ireland and Scotland's CHI numbers follow the same rule.
    """
    if _LABELLED.search(small):
        return True
    said = _SPOKEN.sub(lambda m: "".join(_WORDS[w] for w in re.findall(r"[a-z]+", m[0])), small)
    return any(_is_patients(*ten, said) for ten in _tens(said))


def _tens(said: str) -> Iterator[tuple[int, int]]:
    """Where ten digits stand together, in one piece or several: start and end of each.

    Among more digits (a row of figures) they must be spaced as such numbers are.
    """
    groups = list(_GROUP.finditer(said))
    joined = [False]
    joined += [bool(_BETWEEN.fullmatch(said, a.end(), b.start())) for a, b in pairwise(groups)]
    joined.append(False)
    for i in range(len(groups)):
        sizes: list[int] = []
        for j in range(i, min(i + 10, len(groups))):
            if sizes and not joined[j]:
                break
            sizes.append(len(groups[j][0]))
            if sum(sizes) >= 10:
                break
        alone = not joined[i] and not joined[i + len(sizes)]
        if sum(sizes) == 10 and (alone or sizes in _SPACED):
            yield groups[i].start(), groups[i + len(sizes) - 1].end()


def _is_patients(start: int, end: int, said: str) -> bool:
    """Are these ten digits a patient's number: by check digit, or by the way they are spaced?"""
    number = said[start:end]
    if said[max(0, start - 1) : start] == "." or re.match(r"[.,]\d", said[end : end + 2]):
        return False  # part of a decimal
    if _YEARS.match(number) or _DAY_FIRST.fullmatch(number) or _THOUSANDS.search(number):
        return False
    digits = [int(c) for c in number if c.isdigit()]
    rings = bool(_RINGS.search(said[max(0, start - 40) : start]))
    if valid_nhs_number(digits):
        return not rings or _given_out(digits)
    return bool(_MISTYPED.fullmatch(number)) and not rings


def _given_out(digits: list[int]) -> bool:
    """Does it begin as numbers of patients do?

    England and Wales 4, 6 and 7; Northern Ireland 32 to 39; 999 for tests (NHS Data Dictionary);
    in Scotland with a day and month of birth.
    """
    two, month = digits[0] * 10 + digits[1], digits[2] * 10 + digits[3]
    born = 1 <= two <= 31 and 1 <= month <= 12
    return digits[0] in (4, 6, 7) or 32 <= two <= 39 or digits[:3] == [9, 9, 9] or born


def valid_nhs_number(digits: list[int]) -> bool:
    """Is the tenth digit the check digit of the first nine? (NHS Data Dictionary, modulus 11.)"""
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    check = 11 - sum((10 - i) * d for i, d in enumerate(digits[:9])) % 11
    return check % 11 == digits[9] and check != 10


_NUMBER = r"[a-z]{0,3}[ -]?\d[\d -]{3,11}[a-z]?\b"
_IDENTIFIERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        (
            "hospital_number",
            r"\b(?:hosp(?:ital)?|patient|pat|pt|px|unit|district|case ?notes?|medical record|record|pas|crn|mrn|urn|ehr|epr|emis|attendance|episode|ed|cas(?:ualty)?|referral|accession|chi)"
            r"\s*(?:record |reference |ref |identification )?(?:number|num|no\.?|id|identifier|#|nr)\s*(?:is|was|of|for|:|=|-|#)?\s*"
            + _NUMBER,
        ),
        (
            "hospital_number",
            r"\b(?:mrn|urn|crn|hosp ?no|pas ?no|nhs ?no)\b\s*(?:is|was|:|=|-|#)?\s*" + _NUMBER,
        ),
        (
            "hospital_number",
            r"\b(?:patient|pt|lady|gentleman|man|woman|gent) (?:[a-z]{1,3}-?\d{5,8}|\d{6,10})\b",
        ),
        (
            "hospital_number",
            r"(?<![a-z0-9@#/.-])(?!(?:po|inc|req|chg|ref|wo|tkt|crq|cas|sr|pr|ver|iso|job|tel|bug|so|ng|cg|qs|ta|ph|ip|doi|ext|sc)\d)[a-z]{1,3}\d{6,8}(?![\da-z@/-])",
        ),
        (
            "national_insurance",
            r"\b(?!bg|gb|nk|kn|tn|nt|zz)[a-ceghj-prs-tw-z][a-ceghj-nprs-tw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d]\b",
        ),
    )
)

# Where somebody lives: a full postcode or a house, with a word that says somebody.
_POSTCODE = r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b(?! ?(?:hospital|trust))"
_STREET = (
    r"\d{1,4}[a-d]?,? (?:[a-z'-]+ ){1,3}?(?:road|rd|street|st|close|avenue|ave|lane|ln|drive|way|crescent|court|gardens|grove|"
    r"terrace|place|walk|mews|hill|row|rise|square|house)\b"
)
_HOME = re.compile(rf"\b{_POSTCODE}|\b{_STREET}")
_HOUSED = re.compile(rf"\b{_STREET}[ ,]+(?:[a-z'-]+[ ,]+){{0,3}}{_POSTCODE}")
_SOMEBODY = re.compile(
    r"\b(?:patient|pt|lives?|lived|living|address|resident|home|he|she|her|his|him|man|woman|lady|gent\w*|bloke|chap|someone|somebody|"
    r"mr|mrs|miss|ms|aged|who|waited|mum|dad|nan|neighbour|person)\b"
)


# How somebody in care is reached.
_REACHED = re.compile(
    r"\b(?:[\w+.-]{1,64}@(?!nhs|[a-z.-]{1,40}nhs)[a-z0-9-]{1,60}\.[a-z.]{2,20}|07\d{3} ?\d{3} ?\d{3})\b"
)
_IN_CARE = re.compile(
    r"\b(?:patient|pt|next of kin|nok|(?:she|he) (?:waited|was|had|came|is|has))\b"
)


def _address(small: str) -> bool:
    """A home: a house with its postcode, or either of them with a word for somebody."""
    if _HOUSED.search(small):
        return True
    if _REACHED.search(small) and _IN_CARE.search(small):
        return True
    return bool(_SOMEBODY.search(small)) and bool(_HOME.search(small))


_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_NTH = (
    r"(?:(?:twenty|thirty)[ -])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth|"
    r"thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
)
_DAY = rf"(?:\d{{1,2}}(?:st|nd|rd|th)?|{_NTH})"
_GAP = r"[ ,./\-]{1,2}"
_DATE = (
    rf"(?:\d{{1,2}}[ /.\-]\d{{1,2}}[ /.\-](?:19|20)?\d\d|{_DAY}(?: of)?(?:{_GAP})?{_MONTH}(?:(?:{_GAP})?'?(?:19|20)?\d\d)?"
    rf"|{_DAY} of (?:the )?{_DAY}(?:{_GAP}(?:of )?'?(?:19|20)?\d\d)?"
    rf"|{_MONTH} (?:the )?{_DAY}(?:{_GAP}(?:19|20)\d\d)?|(?:19|20)\d\d[/.\-]\d{{1,2}}[/.\-]\d{{1,2}}|\d{{6}}(?:\d\d)?)"
)
_OLD = r"(?:19\d\d|200\d)"
_BORN = re.compile(
    rf"\b(?:d\.? ?o\.? ?b\.?|d/o/b|date[s]? of birth|birth ?dates?|birthday|born|y\.?o\.?b\.?|year of birth)(?: (?:is|was|on|the|in|of|as|back|around))*\s*[:=\-]?\s*"
    rf"(?:{_DATE}|(?:{_MONTH} )?(?:{_OLD}|'\d\d)\b)"
)
_OLD_DATE = re.compile(
    rf"(?<!\d)(?:\d{{1,2}}[/.\-]\d{{1,2}}[/.\-]{_OLD}|\d{{1,2}}([/\-])\d{{1,2}}\1[3-9]\d|{_DAY}(?: of)?(?:{_GAP})?{_MONTH}(?:{_GAP})?{_OLD}"
    rf"|{_DAY} of the {_DAY}{_GAP}{_OLD}"
    rf"|{_MONTH} (?:the )?{_DAY}{_GAP}{_OLD}|{_OLD}[/.\-]\d{{1,2}}[/.\-]\d{{1,2}})(?![\d/-])"
)


def _birth_date(small: str) -> bool:
    """A date said to be of birth, or a whole date before 2010: no figures here are that old."""
    small = re.sub(r"\bi (?:was|am) born in (?:19|20)\d\d\b", " ", small)  # the year of who asks
    return bool(_BORN.search(small) or _OLD_DATE.search(small))


# Names of patients

_TITLE = r"(?:[Mm]rs|MRS|[Mm]iss|MISS|[Mm]s|MS|[Mm]r|MR|[Mm]aster|[Bb]aby)\.?"
_NAME = r"(?:(?:de|van|von|der|den|da|di|la|le|al|el|bin|ap)[ -]){0,2}(?!(?:Chapter|Page|Table|Figure|Ward|Type|Level|Domain|Bay|Room|Section|Week|Day|Part|Version|Question|Slide|Line|Row|Unit|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|[A-Z][a-z]+uary|March|April|June|July|August|[A-Z][a-z]+ber)\b)[A-Z][a-z'’-]+(?: [A-Z][a-z'’-]+)?"
_CARE = (
    r"(?:bed \d|bay \d|ward|scan|stroke|bleed|fall|fell|fracture|waited|waiting|admitted|admission|discharged|thrombolys|treated|seen|swallow|aphasia|sepsis|died|"
    r"daughter|son|wife|husband|family|diagnos|CT\b|obs|NEWS|symptom|review|theatre|operation|surgery|nurse|resus|notes|\b(?:her|his|him|she|he)\b)"
)
_COND = (
    r"(?:aphasia|dysphasia|dementia|stroke|diabet\w*|af|atrial fibrillation|sepsis|copd|cancer|fracture|hip|bleed|haemorrhage|tia|mi|epilepsy|parkinson\w*|delirium|hemi\w*|"
    r"facial droop|weakness|seizures?|hiv|pneumonia|a (?:stroke|fall|bleed|fracture|heart attack|tia|seizure)|chest pain)"
)
_AGE = r"(?:aged? )?(?:[1-9]\d|10\d|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?)"
_ILL = (
    r"(?:strokes?|tia|mi|heart attack|seizures?|fits?|bleeds?|falls?|fractures?|broken \w+|hip fracture|sepsis|pneumonia|dementia|aphasia|dysphasia|delirium|cancer|af|atrial fibrillation|"
    r"copd|epilepsy|parkinson\w*|diabetes|hiv|haemorrhage|weakness|chest pain|facial droop|clot|pe|overdose|arrest|thrombolysis|laparotomy)"
    r"(?! (?:unit|team|level|score|ward|service|rate|audit|nurse|consultant|data|figures?|domain|care|lead|results?|performance|patients|beds|target|standard|mortality|s\b))"
)
# In small letters a first name tells: "joan pickering had a stroke", "mohammed khan 71".
_TWO_NAMES = re.compile(
    rf"\b(?:{'|'.join(sorted(forenames.NAMES))}) (?P<last>[a-z'-]{{2,20}})(?:"
    rf",? \(?{_AGE} ?(?:,|\)| ?y/?o\b| ?yrs?\b| years? old| ?[mf]\b| with | who | has | had )"
    r"|,? (?:(?:has|had|with|who had|having|suffered|is having|has had|came in with|in with|diagnosed with) (?:(?:a|an|the|his|her|bad|big|massive|left|right|acute|suspected|possible|known|another) ){0,4}"
    rf"{_ILL}\b|(?:came in|was admitted|was brought in|is in|was in) (?:with|bed|bay|resus|on (?:sunday|monday|tuesday|wednesday|thursday|friday|saturday)|last night|yesterday)"
    r"|.{0,40}\b(?:he|she)'?s? (?:is |was )?\d{2}\b(?! ?%)|(?:died|fell|collapsed|breached|passed away|arrested|bled)\b|(?:was|got|has been|been|wasn't|not) (?:thrombolysed|lysed|scanned|admitted|discharged)\b|(?:waited|waiting) (?:\d+|all|for hours|over|nearly)\b))"
)
_A_PLACE = bag(
    "hospital hospitals infirmary unit ward house centre trust road street court general "
    "royal lodge wing clinic cook radcliffe paget hope memorial who has had have is was with "
    "and team "
)


def _named_in_small(small: str) -> bool:
    """Is somebody named by first and last name, and what happened to them?"""
    return any(m["last"] not in _A_PLACE for m in _TWO_NAMES.finditer(small))


_NAMED_PATIENT: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        (
            "named_patient",
            rf"\b[Mm]y (?:mum|mother|dad|father|nan|nana|gran|grandad|wife|husband|partner|son|daughter|brother|sister|aunt|auntie|uncle|friend|neighbour) {_NAME}.{{0,80}}(?:{_CARE}|was in|is in|came|A&E|\bED\b)",
        ),
        (
            "named_patient",
            r"\bmrs\.? (?![a-z]+ (?:house|ward|unit)\b|(?:scores?|scale|grades?|rankin|and|data|before|after|discharge|recorded|outcomes?|completion|completeness|rates?|levels?|figures?|numbers?|for|from|was|are|between|under|over|follow)\b)[a-z]{3,}",
        ),
        (
            "named_patient",
            rf"\b(?:[Mm]rs|MRS|[Mm]iss|MISS|[Bb]aby|[Mm]aster)\.? (?![A-Z][a-z]+ (?:House|Ward|Unit|Wing|Lodge|Centre|Court)\b){_NAME}",
        ),
        (
            "named_patient",
            rf"\b{_TITLE} {_NAME}.{{0,80}}{_CARE}|{_CARE}.{{0,40}}\b{_TITLE} {_NAME}",
        ),
        (
            "named_patient",
            rf"\b[A-Z]\.? ?[A-Z]\.?,? ?\(?{_AGE} ?(?:,|\)|y/?o|yrs?|years?|[MF]\b|male|female|with |who |has |had )",
        ),
        ("named_patient", r"\b[A-Z]\. ?[A-Z]\.(?:,| \(| who| with| had| in bed| on ward)"),
        (
            "named_patient",
            rf"\b{_NAME},? \(?{_AGE} ?(?:,|\)| y/?o|yo\b| yrs?| years? old|[MF]\b| with | who | has | had | in bed| on ward| male| female|\.$)",
        ),
        (
            "named_patient",
            r"\b(?:[Pp]atient|[Pp]t|PATIENT)(?:'s name is| name is| name:| named| called|,| is called|:)? ?[A-Z][a-z'’-]+ [A-Z][a-z'’-]+",
        ),
        (
            "named_patient",
            rf"\b{_NAME} (?:came in|came to us|presented|arrived|attended|was admitted|was brought in|brought in|turned up|got admitted) (?:with|after|following|having) ",
        ),
        (
            "named_patient",
            r"\b[Tt]he [A-Z][a-z]+s?'s? (?:lad|lass|boy|girl|son|daughter|baby|mum|dad|wife|husband|mother|father)\b",
        ),
        (
            "named_patient",
            r"\b[Pp](?:atient|t)s? [A-Z][a-z'’-]+(?:, [A-Z][a-z'’-]+)*,? (?:and|&) [A-Z][a-z'’-]+",
        ),
        (
            "named_patient",
            r"\b(?:[Ll]ook up|[Ff]ind|[Cc]heck|[Ss]earch for|[Pp]ull up|[Oo]pen|[Gg]et|[Ss]ee) [A-Z][a-z'’-]+ [A-Z][a-z'’-]+?(?:(?:'s|s'|') (?:records?|notes|details|scan|results|file|letter)|(?:'s|s)? (?:record|notes))\b",
        ),
        ("named_patient", r"\b[Pp]atient(?:'s)? (?:name|initials?)(?: is| are|:)? ?[A-Z]"),
        ("named_patient", rf"\b{_NAME},? \(?(?:[MF]|[Mm]ale|[Ff]emale),? {_AGE}\b"),
        ("named_patient", rf"\b(?:named|called) {_NAME}.{{0,40}}{_CARE}"),
        (
            "named_patient",
            r"\b[A-Z][a-z'’-]{2,}(?: [A-Z][a-z'’-]+)? (?:in|from) (?:bed|bay|room|side room|cubicle|resus)\b",
        ),
        (
            "named_patient",
            r"\b(?:[Ww]hy|[Ww]as|[Ii]s|[Dd]id|[Hh]as|[Ww]hen did|[Hh]ow long did) [A-Z][a-z'’-]+(?: [A-Z][a-z'’-]+) .{0,40}\b(?:wait|waited|waiting|get (?:his|her|a|their) |have (?:his|her|a) |thrombolysed|scanned|admitted|die|fall|fell|his|her)\b",
        ),
        (
            "name_and_condition",
            rf"\b(?:[A-Z]\.? |[A-Z][a-z'’-]+ )[A-Z][a-z'’-]+,? (?:has|had|with|who has|who had|is having|has had|suffered|having|diagnosed with|(?:came|come|coming|went|is|was) in with) (?:(?:a|an|the|his|her|bad|big|massive|left|right|acute|suspected|possible|known|query) ){{0,4}}(?i:{_COND})\b",
        ),
        (
            "name_and_condition",
            r"\b(?:[Ll]ook up|[Ff]ind|[Cc]heck|[Ss]earch for|[Pp]ull up) [A-Z]\.? ?[A-Z]\b\.?,",
        ),
    )
)
