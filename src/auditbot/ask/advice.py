"""Is advice wanted on one patient: what to give, whether to treat, how much, how late?

Kept apart from the guard for its length alone; as pure as the guard, and read by nobody else.
"""

import re

from auditbot.ask import harm

_AGED = re.compile(
    r"\b(?:\d{1,3}[ -]?(?:year|yr|y)s?[ /-]?o(?:ld)?\b|\d{2}[ -]?y/?o\b|\d{2} ?[mf]\b)"
)
_SHOULD = re.compile(
    r"\b(?:should|shall|can|could|do|must|may|would you|is it (?:safe|ok|okay|right|too late) to|when (?:to|should)|safe to|ok to|what (?:dose|do i give|should))\b(?: (?:i|we|you|he|she|they|it|be|a patient|patients|the patient|this patient|my patient|our patient|this (?:man|woman|lady|gentleman)|someone))*(?: still| just| also)?"
    r" (?:give|start|stop|thrombolys\w+|lyse|scan|treat|admit|discharge|transfer|prescrib\w*|hold|restart|anticoagulat\w*|intubat\w*|operate|refer|withhold|send|use|have|get|receive|be given|sit|feed|catheteri\w+|move|take|increase|bolus|sedate|ct|mri|call 999|do\b)"
)
_MEDICINE = re.compile(
    r"\b(?:aspirin|clopidogrel|apixaban|rivaroxaban|edoxaban|dabigatran|warfarin|heparin|alteplase|tenecteplase|tpa|insulin|morphine|paracetamol|labetalol|gtn|statins?|antibiotics?|fluids|oxygen|amlodipine|diazepam|lorazepam|doac|noac|anticoagula\w+|nihss|bp \d|blood pressure|inr|gcs|onset|chest pain|facial droop|hemiparesis|contraindicat\w+|dose|dosage|mg|mcg|mg/kg)\b"
)
_DRUG = r"(?:aspirin|clopidogrel|apixaban|rivaroxaban|edoxaban|dabigatran|warfarin|heparin|alteplase|tenecteplase|tpa|insulin|morphine|paracetamol|labetalol|gtn|statins?|antibiotics?|fluids|oxygen|amlodipine|diazepam|lorazepam|doac|noac|anticoagula\w+|gtn infusion|nimodipine|metoprolol|bisoprolol|ramipril|atorvastatin|enoxaparin|dalteparin|fentanyl|ketamine|paracetamol|ibuprofen|codeine|haloperidol|midazolam|mannitol|prothrombin complex|beriplex|vitamin k|idarucizumab|andexanet)"
# "labetalol or gtn?", "bp 190/110 before lysis": of one case, with nobody named.
_EITHER = re.compile(
    rf"\b{_DRUG}\b[^.?!]{{0,20}}\b(?:now\b|or (?:wait|hold|not|leave)\b)|\b{_DRUG},? (?:or|vs|versus|rather than|instead of) (?:\w+ )?{_DRUG}\b"
)
_READING = re.compile(
    r"\b(?:bp|blood pressure|inr|gcs|nihss|glucose|bm|platelets|sats|map|lactate|potassium|systolic|troponin|aspects|mrs)(?: is| was| of| now|:|=)* ?[<>]?\d"
)
_GIVE_IT = re.compile(
    r"\b(?:is it (?:safe|ok|okay|alright|right|too late|fine|wise)|safe|ok|okay|too late|when) to (?:give|start|stop|hold|withhold|restart|use|prescribe|continue)\b"
    r"|\b(?:should|can|could|do|must|may|shall) (?:i|we|they) (?:still |just |also |now )?(?:give|start|stop|hold|withhold|restart|use|prescribe|continue|omit) (?:(?!our|your|the data|data|figures?)\w+ ){0,4}?"
    rf"(?:{_DRUG}|a doac|thrombolysis)\b(?! (?:level|rate|figure|result|score|data|domain|audit|time))"
)
_TREATED = r"(?:thrombectomy|thrombolys\w+|lysis|lyse|alteplase|tenecteplase|aspirin|clopidogrel|apixaban|warfarin|heparin|surgery|intubat\w+|antibiotics?|anticoagulat\w+)"
_FOR_ONE = re.compile(
    rf"\b(?:should|can|could|must|may|would|shall)\b[^.?!]{{0,20}}\b(?:patient|pt|man|woman|lady|gentleman|he|she|him|her|(?:year|yr)s?[ -]old)\b[^.?!]{{0,30}}\b{_TREATED}\b"
)
_TO_ONE = re.compile(
    r"\b(?:should|can|could|do|must|may|shall) (?:i|we) (?:still |just )?(?:feed|treat|thrombolyse|lyse|scan|discharge|admit|transfer|move|intubate|operate on|anticoagulate|sit|mobilise|catheterise|sedate|refer) "
    r"(?:him|her|(?:a|an|this|that|my|the) (?:\w+ )?(?:patient|pt|man|woman|lady|gentleman))\b"
    r"|\b(?:dose|dosage) (?:of|for) (?:\w+ )?"
    + _TREATED
    + r"|\b"
    + _TREATED
    + r" (?:dose|dosage)\b"
)
_DO_IT = re.compile(
    r"\b(?:treat|lyse|thrombolyse|admit|scan|discharge|intubate|refer|operate|give|start|stop|transfer|ct|mri)\s*\?"
)
_LIMITS = re.compile(
    r"\b(?:too late|too early|too old|safe|ok|okay|worth|wise) (?:to|for) (?:\w+ )?(?:lyse|thrombolys\w+|lysis|thrombectomy|alteplase|tenecteplase)\b|"
    rf"\b(?:bp|blood pressure|inr|glucose|platelets?|nihss|gcs|time window|window)\b[^.?!]{{0,30}}\b(?:before|for|to|with|after) (?:\w+ )?{_TREATED}\b"
    rf"|\bis (?:it )?(?:\w+ )?{_TREATED} (?:ok|okay|safe|allowed|indicated|contraindicated)\b"
    rf"|\b(?:which|what) (?:drug|antibiotic|anticoagulant|treatment|medicine|medication|fluid)s? (?:is |are )?(?:best |right )?(?:for|in|after)\b"
)
_MAY_HAVE = re.compile(
    r"\b(?:can|could|should|may|would|is|when)\b.{0,160}\b(?:thrombectomy|thrombolys\w+|lyse|lysis|scan|surgery|operat\w+|anticoagulat\w+|discharge[d]?|admit(?:ted)?|treat(?:ed|ment)?|eligible)\b"
)
_A_PATIENT = re.compile(
    r"\b(?:a |my |this |the |our |one )?(?:patient|pt|man|woman|lady|gentleman|he|she|him|her|someone|somebody)\b|\bmy (?:mum|mother|dad|father|nan|gran\w*|wife|husband|partner|son|daughter|child|baby|brother|sister|aunt|uncle|friend|neighbour)\b"
)
_DOSE = re.compile(
    r"\b(?:what(?: is|'s)?|which|how much|how many mg|max(?:imum)?|right|correct)(?: the| is the)?(?: right| correct| maximum| usual)? (?:dose|dosage|(?:drug|antibiotic|treatment|medication)s? (?:should|do|shall|can) (?:i|we))\b(?! (?:rate|level|domain|target|standard|time))|\bhow (?:do|should) (?:i|we) (?:treat|manage) (?:a|an|this|my|the) (?:patient|stroke|bleed|pt|man|woman|lady)|\bwhat should i do (?:for|with|about) (?:a|my|this|the) (?:patient|pt|lady|man|woman)"
)

_TREAT_THEM = re.compile(
    r"\bwhat (?:tablets?|pills?|medicines?|medications?|drugs?|treatments?|painkillers?|dose|antibiotics?) (?:should|can|could|do|does|must|would) (?:i|we|she|he|they|you|my \w+|mum|dad|nan|a patient|the patient)\b|"
    r"\b(?:can|should|could|may|do|shall|must|would) (?:i|we|you|they|he|she|someone)(?: still| just| ever)? "
    r"(?:thrombolyse|lyse|anticoagulate|intubate|reverse|transfuse|sedate|cardiovert|extubate|cannulate|catheterise|drain)\b(?! (?:more|faster|sooner|quicker|better|enough|earlier|within|as many|fewer))"
)
_ASKS = re.compile(r"\?|\b(?:should|can|could|do i|do we|what|which|ok to|safe)\b")
_BOLD = re.compile(r"\b(?:thrombolys\w+|lyse|intubat\w+|anticoagulat\w+|prescrib\w+)\b")
# Of what is measured, not of what to do: "is the alteplase dose recorded in the audit".
_OF_DATA = re.compile(
    r"\b(?:count\w*|included|excluded|audit\w*|data|figures?|record\w*|levels?|rates?|scores?|domains?|percent\w*|measure[sd]?)\b"
)


def asked(small: str) -> bool:
    """Is advice wanted on one patient? `small`: the text in small letters, as the guard reads it."""
    aged, one = bool(_AGED.search(small)), bool(_A_PATIENT.search(small))
    medicine = bool(_MEDICINE.search(f"{small} "))
    if _DOSE.search(small) or (_GIVE_IT.search(small) and medicine):
        return True
    if (_TO_ONE.search(small) or _LIMITS.search(small)) and not _OF_DATA.search(small):
        return True
    if _TREAT_THEM.search(small) and not _OF_DATA.search(small):
        return True
    if _EITHER.search(small) and not _OF_DATA.search(small):
        return True
    if _READING.search(small) and (medicine or _BOLD.search(small)) and _ASKS.search(small):
        return not _OF_DATA.search(small)
    if aged and _DO_IT.search(small):
        return True
    told = (aged and (medicine or bool(_MAY_HAVE.search(small)))) or bool(_FOR_ONE.search(small))
    if told and not harm.asks_only(small):
        return True
    if _SHOULD.search(small) and (
        aged or (medicine and (one or _BOLD.search(small))) or (one and _BOLD.search(small))
    ):
        return True
    return aged and one and (medicine or bool(harm.JUST_NOW.search(small)))
