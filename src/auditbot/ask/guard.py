"""Must this text be kept out of everything? Patients' details, harm, and questions about one person.

Pure: no file, no catalogue, so that nothing that is edited can weaken it. A text with an identifier
or a report of harm is never stored, logged or repeated; a question about one person is refused.
Ordinary questions with alarming words ("30-day mortality", "inpatient falls") must pass.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from auditbot.ask import advice, harm

FlagKind = Literal["identifier", "harm", "person"]
NEVER_KEPT: frozenset[str] = frozenset({"identifier", "harm"})


@dataclass(frozen=True, slots=True)
class Flag:
    """Why a text is stopped. `reason` names the rule, never the text."""

    kind: FlagKind
    reason: str


def check(text: str) -> Flag | None:
    """The gravest reason to stop a text, or None. Takes time in proportion to its length."""
    read = _plain(text)
    small = read.lower()
    for kind, reason in _found(read, small):
        return Flag(kind, reason)
    return None


def _found(read: str, small: str) -> Iterator[tuple[FlagKind, str]]:
    if _nhs_number(small):
        yield "identifier", "nhs_number"
    for reason, pattern in _IDENTIFIERS:
        if pattern.search(small):
            yield "identifier", reason
    if _birth_date(small):
        yield "identifier", "birth_date"
    for reason, pattern in _NAMED_PATIENT:
        if pattern.search(read):
            yield "identifier", reason
    if harm.told(small):
        yield "harm", "harm"
    if advice.asked(small):
        yield "person", "advice"
    if _BED.search(small) or _ONE_PATIENT.search(small) or _RELATIVE.search(small):
        yield "person", "patient"
    if _clinician(read, small):
        yield "person", "clinician"


def _plain(text: str) -> str:
    """One form of digits, quotes, dashes and spaces; Slack's own links opened."""
    plain = unicodedata.normalize("NFKC", text)
    plain = "".join(
        str(unicodedata.digit(c))
        if c.isdigit() and not c.isascii() and unicodedata.digit(c, None) is not None
        else c
        for c in plain
        if unicodedata.category(c) != "Cf"
    )
    plain = re.sub(r"<(?:tel|mailto|https?):[^|>]{0,300}\|([^>]{0,300})>", r" \1 ", plain)
    plain = re.sub(r"[‘’‛`´ʼ]", "'", plain)
    plain = re.sub(r"[‐‑‒–—−]", "-", plain)
    plain = re.sub(r"[*_~]", " ", plain)
    return re.sub(r"\s+", " ", plain)


# Numbers


_DIGITS = re.compile(r"(?<![\d.])\d(?:[ \-./,()|:·]{0,3}\d){9}(?![\d]|[.,]\d)")
_WORDS = {
    w: str(i)
    for i, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    )
} | {"oh": "0", "nought": "0"}
_DIGIT = "(?:" + "|".join(_WORDS) + ")"
_SPOKEN = re.compile(rf"\b(?:{_DIGIT}[ ,-]{{1,3}}){{9,}}{_DIGIT}\b")
_YEARS = re.compile(r"^(?:(?:19|20)\d\d[ \-./,]+)+")
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
    for m in _DIGITS.finditer(said):
        digits = [int(c) for c in m[0] if c.isdigit()]
        dates = _YEARS.match(m[0]) or re.fullmatch(r"(?:\d{1,2}[/.-]){2}\d{4}[ ,].*", m[0])
        if valid_nhs_number(digits) and not dates:
            return True
    return False


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
            r"\b(?:hosp(?:ital)?|patient|pt|unit|district|case ?notes?|medical record|record|pas|crn|mrn|urn|ehr|epr|emis|attendance|episode|ed|cas(?:ualty)?|referral|accession|chi)"
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
            r"(?<![a-z0-9@#/.-])(?!(?:po|inc|req|chg|ref|wo|tkt|crq|ritm|so|ng|cg|qs|ta|ph|ip|doi|pmid|ext|sc)\d)[a-z]{1,2}\d{6,8}(?![\da-z@/-])",
        ),
        (
            "postcode",
            r"\b(?:patient|lives|living|address|resident|home|from|pt|her|his)\b.{0,40}\b[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}\b(?! ?(?:hospital|trust))",
        ),
        (
            "national_insurance",
            r"\b(?!bg|gb|nk|kn|tn|nt|zz)[a-ceghj-prs-tw-z][a-ceghj-nprs-tw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d]\b",
        ),
    )
)

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = rf"(?:\d{{1,2}}[ /.\-]\d{{1,2}}[ /.\-](?:19|20)?\d\d|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\.?,?(?: '?(?:19|20)?\d\d)?|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,?(?: (?:19|20)\d\d)?|(?:19|20)\d\d[/.\-]\d{{1,2}}[/.\-]\d{{1,2}}|\d{{6}}(?:\d\d)?)"
_BORN = re.compile(
    rf"\b(?:d\.? ?o\.? ?b\.?|date[s]? of birth|birth ?date|birthday|born)\b(?: (?:is|was|on|the|in|of|as))*\s*[:=\-]?\s*(?:{_DATE}|(?:19[0-9]\d|200\d)\b)"
)
_OLD_DATE = re.compile(
    rf"(?<!\d)(?:\d{{1,2}}[/.\-]\d{{1,2}}[/.\-]((?:19)\d\d|200\d)|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}\.?,? (19\d\d|200\d)|(19\d\d|200\d)[/.\-]\d{{1,2}}[/.\-]\d{{1,2}})(?!\d)"
)


def _birth_date(small: str) -> bool:
    """A date said to be of birth, or a whole date before 2010: no figures here are that old."""
    small = re.sub(r"\bi (?:was|am) born in (?:19|20)\d\d\b", " ", small)  # the year of who asks
    return bool(_BORN.search(small) or _OLD_DATE.search(small))


# Names of patients

_TITLE = r"(?:[Mm]rs|MRS|[Mm]iss|MISS|[Mm]s|MS|[Mm]r|MR|[Mm]aster|[Bb]aby)\.?"
_NAME = r"(?!(?:Chapter|Page|Table|Figure|Ward|Type|Level|Domain|Bay|Room|Section|Week|Day|Part|Version|Question|Slide|Line|Row|Unit|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|[A-Z][a-z]+uary|March|April|June|July|August|[A-Z][a-z]+ber)\b)[A-Z][a-z'’-]+(?: [A-Z][a-z'’-]+)?"
_CARE = (
    r"(?:bed \d|bay \d|ward|scan|stroke|bleed|fall|fell|fracture|waited|waiting|admitted|admission|discharged|thrombolys|treated|seen|swallow|aphasia|sepsis|died|"
    r"daughter|son|wife|husband|family|diagnos|CT\b|obs|NEWS|symptom|review|theatre|operation|surgery|nurse|resus|notes|\b(?:her|his|him|she|he)\b)"
)
_COND = (
    r"(?:aphasia|dysphasia|dementia|stroke|diabet\w*|af|atrial fibrillation|sepsis|copd|cancer|fracture|hip|bleed|haemorrhage|tia|mi|epilepsy|parkinson\w*|delirium|hemi\w*|"
    r"facial droop|weakness|seizures?|hiv|pneumonia|a (?:stroke|fall|bleed|fracture|heart attack|tia|seizure)|chest pain)"
)
_AGE = r"(?:aged? )?(?:[1-9]\d|10\d)"
_NAMED_PATIENT: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        ("named_patient", rf"\b(?:[Mm]rs|MRS|[Mm]iss|MISS|[Bb]aby|[Mm]aster)\.? {_NAME}"),
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
        ("named_patient", r"\b[Pp]atient(?:'s)? (?:name|initials?)(?: is| are|:)? ?[A-Z]"),
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
            rf"\b[A-Z][a-z'’-]+ [A-Z][a-z'’-]+ (?:has|had|with|who has|who had|is having) (?i:{_COND})\b",
        ),
        (
            "name_and_condition",
            r"\b(?:[Ll]ook up|[Ff]ind|[Cc]heck|[Ss]earch for|[Pp]ull up) [A-Z]\.? ?[A-Z]\b\.?,",
        ),
    )
)

# Harm: somebody was, or may be, hurt. A report, not a question about how many.


# One person: a patient to be treated, a patient in a bed, a clinician to be measured.

_BED = re.compile(
    r"\b(?:in|from|bed|side room) (?:bed|bay|cubicle|side ?room|resus) ?(?:number |no\.? ?)?\d{1,2}[a-d]?\b|\bbed (?:number |no\.? ?)?\d{1,2}'?s?\b(?! ?(?:hours?|hrs?|months?|weeks?|days?|%|in|to|per|beds|percent))"
)
_ONE_PATIENT = re.compile(
    r"\b(?:my|this|that|the|a certain|one particular|one specific|a particular|a specific|an individual|one) (?:patient|pt)(?:'s)? (?:notes|records?|scan|results?|name|details|history|waited|who waited|was|wait|been|journey|outcome|last night|today|yesterday|on ward|from|we saw)\b|\b(?:which|what) (?:individual |specific |actual )?patients? (?:was|were|did|had|waited|breached|died|failed|missed|have|has)\b|\b(?:list|name|names of|show me|give me|identify|export|download|see|look up|find|pull) (?:me )?(?:the |all |our |every |each |individual |a |list of )*(?:patients?(?! (?:numbers?|volumes?|counts?|experience|flow|safety|pathways?|surveys?|reviews?|centred|groups?|activity))|patient names|patient list|patient[- ]level (?:data|records?|details|list))\b|\b(?:spreadsheet|list|export|extract|download|file|table|record|names?|details) (?:of|with|for) (?:(?:all|the|every|each|our|those|any|individual|single) ){0,3}patients?\b|\b(?:every|each) (?:single |individual )?patient who\b|\bpatient[- ]level (?:data|records?|details|list|breakdown)\b|\bnames? of (?:the )?patients?\b|\bwho (?:was|were|is|are) the (?:\d+ |one |two |three )?patients?\b"
)


# The care of a relative: "my nan has been on a trolley for 20 hours".
_RELATIVE = re.compile(
    r"\bmy (?:\w+ )?(?:mum|mother|dad|father|nan|nana|gran\w*|grandad|wife|husband|partner|son|daughter|child|baby|brother|sister|aunt\w*|uncle|friend|neighbour)\b[^.?!]{0,120}\b"
    r"(?:waited|waiting|wait|trolley|corridor|scan\w*|admitted|discharged|had a stroke|been seen|treated|in a&e|in ed|bed|thrombolys\w+|operat\w+)\b"
)


def _bag(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CALLED = re.compile(
    r"\b(?P<title>[Dd]r|DR|[Dd]octor|[Pp]rof(?:essor)?|[Nn]urse|[Ss]ister|[Mm]atron|[Cc]onsultant|[Ss]urgeon|[Rr]egistrar|[Mm]r|[Mm]s|[Mm]atron|[Cc]onsultant [Dd]r|[Pp]hysio|[Tt]herapist)\.? (?P<name>[A-Za-z][A-Za-z'-]+)"
)
_A_FIRM = re.compile(r"^[Ff]oster'?s? (?:report|guide|intelligence|hospital guide)\b")  # Dr Foster
_NO_NAME = _bag(
    "in on at who or and of for the a an to is was has had will can could should here there "
    "asked asks said says wants wanted needs told team teams led lead leads review reviews "
    "reviewed within present presence assessment assessments assessed specialist practitioner "
    "practitioners station rota rotas ratio ratios staffing numbers cover level levels "
    "minutes minute time times domain score scores results rate rates unit ward did does do "
    "this that it from with by about time specific delivered anaesthetist anaesthetists "
    "surgeon surgeons physician physicians connect stroke emergency our my your their his her "
    "please thanks grade vacancies vacancy shift shifts day days hours input seen sees saw "
    "led-care association college who's what which when where how why looking figure figures "
    "data per therapy therapist therapists service services targets target standard standards "
    "intensity performance waiting"
)
_SPEAKS = re.compile(
    r"^'?s? ?,? ?(?:here|speaking|asked|asks|asking|wants|wanted|needs|needed|said|says|told|would like|is asking|has asked|mentioned|suggested|reckons|thinks|will|and i|wondered|was asking|was wondering|is wondering|requested|(?:talk|presentation|e-?mail|paper|lecture|webinar|slides|message|question|request|secretary|teaching|book|office|pa|registrar|sho|project|work|idea|audit|meeting|slide)\b|sent me|from|on leave|is off|is away|is on|off today|around|available|in today|, (?:new|the|your|our|locum|clinical|stroke|ed))\b"
)
# Somebody spoken of in passing is measured after all: "my colleague Dr X's rate", "is good at ...".
_MEASURED = re.compile(
    r"^'s?(?=[ ?!.]|$)|^ (?:is|was|has|have|does|did|do|are|good|bad|better|worse|doing|perform\w*)\b[^.,?!;:]{0,80}\b"
    r"(?:rates?|figures?|results?|performance|outcomes?|good|bad|better|worse|best|worst|slow\w*|fast\w*|doing|perform\w*|compare\w*|breach\w*|lys\w+|thrombolys\w*|scor\w+|numbers)\b"
)
_AGAINST = re.compile(
    r"\b(?:compar\w+|versus|vs|against|next to|better than|worse than)(?: \w+){0,2} (?:with |to )?$"
)
_SPOKEN_OF = re.compile(
    r"(?:i'?m|i am|this is|it'?s|it is|my name is|asked by|asked for by|behalf of|told by|hi|hello|hey|thanks|thank you|cheers|morning|dear|afternoon|regards|colleague|boss|predecessor|manager|mentor|supervisor|from|ask(?:ed|ing)? for|need (?:it|this|them|that|these) for|want (?:it|this|that) for|presentation for|report for|slides? for|email (?:from|to|for)|cc|copy|and|with|tell|told|show|send (?:it |this |that )?to|meeting with|letter (?:to|from)),? $"
)
_BY_PERSON = re.compile(
    r"\b(?:by|(?<!patients )(?<!beds )per|for each|for every|each|every|individual|split by|broken down by|which(?: of)?|what|compare|rank|name|named|identify|list) (?:individual |named |single |our |the |different )*(?:consultants?|doctors?|clinicians?|nurses?|surgeons?|registrars?|physicians?|anaesthetists?|therapists?|physios?|gps?|person|staff members?|members? of staff|individuals?|juniors?|colleagues?|operators?)\b(?! (?:present|led|review|should|do i|can i|could|would|may|told|asked|help|within|assessment|count|are counted|seen|to talk|to speak|to contact|runs|leads|looks|handles|cover))"
    r"|\b(?:consultant|clinician|surgeon|doctor|nurse|operator|individual|person)[- ](?:level|specific|by[- ](?:consultant|clinician|surgeon|doctor|nurse))\b|\b(?:individual|personal) (?:performance|results?|figures?|rates?|outcomes?|scores?)\b|\b(?:performance|results|figures|rates?|outcomes|scores|breaches) (?:of|for) (?:our|individual|each|every|all|my) (?:consultants?|doctors?|clinicians?|nurses|surgeons?|registrars?|physicians?|juniors?|colleagues)\b|\bmy (?:own |personal |individual )(?:results?|figures?|performance|data|rate|outcomes?|numbers|practice|score)\b|\bmy (?:own |personal )?(?:thrombolysis|mortality|complication|surgical|scanning|lysis|door[- ]to[- ]needle|needle) (?:rate|figures?|outcomes?|times?)\b|\bhow am i (?:doing|performing) (?:personally|compared|as a|individually)\b|\bhow (?:am|do|did) i (?:personally|individually|compare|perform|rank)\b"
    r"|\b(?:who|which (?:doctor|nurse|consultant|surgeon|person|clinician|registrar|one of us))(?: (?:in|on|at) (?:the |our )?\w+)? (?:is causing|is to blame|is responsible for the (?:drop|delay|breach\w*)|caused|missed|keeps|made the mistake|messed up|is letting|is dragging|is slowing|was on (?:call|shift|duty))\b|\bwhose fault\b"
)


def _clinician(read: str, small: str) -> bool:
    """Is one clinician to be measured? Who asks, or whom somebody speaks for, is no matter."""
    if _BY_PERSON.search(small):
        return True
    for m in _CALLED.finditer(read):
        title, name = m["title"].lower(), m["name"]
        base = name.removesuffix("'s").removesuffix("s'")
        if base.lower() in _NO_NAME or len(base) < 2 or _A_FIRM.match(read[m.start("name") :]):
            continue
        if title not in ("dr", "prof", "professor") and not name[0].isupper():
            continue
        if (
            title
            in (
                "mr",
                "ms",
                "consultant",
                "surgeon",
                "nurse",
                "sister",
                "matron",
                "registrar",
                "physio",
                "therapist",
                "doctor",
            )
            and not name[0].isupper()
        ):
            continue
        before, after = small[: m.start()][-60:], small[m.end() :]
        if name.lower().endswith(("'s", "s'")):
            after = "'s" + after
        if _SPEAKS.match(after):
            continue
        measured = _MEASURED.match(after) or _AGAINST.search(before)
        if _SPOKEN_OF.search(before[-40:]) and not measured:
            continue
        if name.isupper() and read.isupper() is False and len(name) > 3 and title != "dr":
            continue
        return True
    return False
