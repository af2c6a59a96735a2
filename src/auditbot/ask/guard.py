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

from auditbot.ask import advice, clinicians, harm, identifiers, misspelt, narrated

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
    for reason in identifiers.found(read, small):
        yield "identifier", reason
    small = misspelt.mended(_NOT.sub(r"\1n't", _IS.sub(r"\1 is", small)))
    if harm.told(small) or narrated.gone_wrong(small):
        yield "harm", "harm"
    if advice.asked(small):
        yield "person", "advice"
    if any(p.search(small) for p in (_BED, _ONE_PATIENT, _ALL_OF_THEM, _RELATIVE)):
        yield "person", "patient"
    if clinicians.measured(read, small):
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


_IS = re.compile(r"\b(who|what|how|where|there)'?s\b")

_NOT = re.compile(r"\b(did|does|do|was|were|is|are|has|have|had|would|could|should|wo|ca)nt\b")

# One patient: in a bed, on a list, or somebody's relative.

_BED = re.compile(
    r"\b(?:in|from|bed|side room) (?:bed|bay|cubicle|side ?room|resus) ?(?:number |no\.? ?)?\d{1,2}[a-d]?\b|\bbed (?:number |no\.? ?)?\d{1,2}'?s?\b(?! ?(?:hours?|hrs?|months?|weeks?|days?|%|in|to|per|beds|percent))"
)
_ONE_PATIENT = re.compile(
    r"(?<!if )(?<!when )(?<!whether )(?<!where )(?<!once )\b(?:my|this|that|the|a certain|one particular|one specific|a particular|a specific|an individual|one) (?:patient|pt)(?:'s)? (?:notes|records?|scan|results?|name|details|history|waited|who waited|was|wait|been|journey|outcome|last night|today|yesterday|on ward|from|we saw)\b|\b(?:which|what) (?:individual |specific |actual )?patients? (?:was|were|did|had|waited|breached|died|failed|missed|have|has)\b|\b(?:list|name|names of|send|send me|email me|e-mail me|share|print|forward|show me|give me|identify|export|download|see|look up|find|pull) (?:me )?(?:the |all |our |every |each |individual |a |list of )*(?:patients?(?! (?:numbers?|volumes?|counts?|experience|flow|safety|pathways?|surveys?|reviews?|centred|groups?|activity))|patient names|patient list|patient[- ]level (?:data|records?|details|list))\b|\b(?:spreadsheet|list|export|extract|download|file|table|record|names?|details) (?:of|with|for) (?:(?:all|the|every|each|our|those|any|individual|single) ){0,3}patients?\b|\b(?:every|each) (?:single |individual )?patient who\b|\bpatient[- ]level (?:data|records?|details|list|breakdown)\b|\bnames? of (?:the )?patients?\b|\bwho (?:was|were|is|are) the (?:\d+ |one |two |three )?patients?\b|\b(?:row|record|case|person|individual|line)[- ]level (?:data|records?|extract|file|list|details|breakdown)\b|\bwho (?:is|was|are|were) the (?:other|only|one|two|three|\d+)(?: (?:one|person|people|patients?|man|woman|lady))?(?=\W*$|[?.!,]| (?:who (?:was|had|did|died|waited|got|fell|missed)|in bed))|\b(?:initials|nhs numbers|hospital numbers|mrns|dobs|dates of birth|home addresses|addresses|postcodes) (?:of|for) (?:the|our|all|those|every|any|each|these|last|anyone|everyone)\b"
    r"|\b(?:did|has|was|is) (?:he|she) (?:\w+ ){0,2}?(?:breach\w*|wait\w*|seen|scanned|admitted|thrombolysed|lysed|counted|included|one of (?:the|our|your|them)|in (?:the|our|your|that|q\d) ?(?:figures|data|numbers|audit|count|denominator)?|entered|a breach|treated|die\w*|fail\w*)\b"
    r"|\bthe (?:only|single|oldest|youngest) (?:\w+ )?(?:patient|pt|man|woman|person|lady|child)\b(?! (?:group|survey|level|audit|measure))|^(?:\w+ ){0,3}?who (?:exactly |actually |else |all )?(?:waited|breached)\b|\b(?:\w{1,30}\W{1,3}){5}who is (?:that|it)(?: one| person)?(?=\W*$)|\bwho (?:(?:were|are) (?:they|those|these (?:people|patients))|was (?:it|she|he))\b"
)


# Everyone who ...: a list of people, whatever they are called.
_ALL_OF_THEM = re.compile(
    r"\b(?:list|names?|email|send|give|show|tell|pull|export|get|identify|who are|find|print)(?: \w+){0,3}? "
    r"(?:everyone|everybody|anyone|anybody|all (?:the )?(?:people|ones|those)|each person|the people|those|the ones|people) "
    r"(?:\w+ ){0,4}?(?:who|that|whose) (?:\w+ ){0,2}?(?:breached|waited|died|missed|fell|was|were|had|did|got|came|stayed|failed|left|didn't|wasn't|weren't)\b"
)


# The care of a relative: "my nan has been on a trolley for 20 hours".
_RELATIVE = re.compile(
    r"\bmy (?:\w+ )?(?:mum|mother|dad|father|nan|nana|gran\w*|grandad|wife|husband|partner|son|daughter|child|baby|brother|sister|aunt\w*|uncle|friend|neighbour)\b[^.?!]{0,120}\b"
    r"(?:waited|waiting|wait|trolley|corridor|scan\w*|admitted|discharged|had a stroke|been seen|treated|in (?:your |the |our |my |an )?(?:a&e|ed|hospital|ward|resus|corridor)|bed|thrombolys\w+|operat\w+)\b"
)
