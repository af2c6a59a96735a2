"""Does somebody tell of harm done, or of danger now? A report, not a question about how many.

Kept apart from the guard for its length alone; as pure as the guard, and read by nobody else.
"""

import re

_WHO = (
    r"(?:a|an|one|our|my|the|that|this|another|some|two|three|\d|one of (?:our|the|my)) (?:\w+ ){0,3}?(?:patients?|pts?|lady|ladies|gentleman|gent|man|woman|person|people|child|baby|resident|relative|mother|father|mum|dad|nan|gran\w*|wife|husband|son|daughter|girl|boy|infant|toddler|chap|bloke|fella|fellow|guy|lad|lass|octogenarian|mum-to-be|pensioner|visitor|colleague|nurse|year[ -]old|inpatient|outpatient)"
    r"|someone|somebody|patients?|pts?|lady|gentleman|gent|woman|baby|child|chap|bloke|fella|old boy|\d{2} ?(?:yr|year|y)s?[ /-]?o(?:ld)?|\d{2} ?[mf]\b|relative|resident|he|she|they|him|her|them|i|we|my (?:mum|mother|dad|father|nan|gran\w*|wife|husband|son|daughter|brother|sister|aunt|uncle|partner|friend|relative)"
)


_DIED = r"(?:died|dead|passed away|has passed|is dying|deceased|expired|lost (?:their|his|her) life|been killed|was killed|killed|arrested|cardiac arrest\w*|had an arrest|took (?:his|her|their) own life|self[- ]?harm\w*|hang\w* (?:him|her|them)sel\w+|overdosed?|suicid\w*)"


_HURT = (
    r"(?:fell\b(?! (?:short|behind|below|to \d|from \d|by))|fallen (?:over|out|from|on|down|off|in)|falling (?:over|out of|from|off|down|on|in)|has fallen|(?:hit|hits|hitting|banged|cracked|bumped|knocked|split|cut) (?:his|her|their|its) (?:head|face|hip|skull|arm|chin)|had (?:a|another) (?:bad |nasty |serious |unwitnessed )?fall|slipped (?:over|on|in)|tripped|collapsed|hurt|harmed|injured|injury|burn(?:t|ed)|scalded|assaulted|abused|neglected|attacked|choked|choking|aspirated|"
    r"bleeding|bled|a (?:big |massive |brain |head |further )?bleed\b|haemorrhaged|deteriorat\w+|unconscious|unresponsive|seizing|fitting|in pain|distressed|septic|arrested|blue|not breathing|stopped breathing|anaphyla\w+|allergic reaction|"
    r"broke (?:a |an |his |her |their )|broken (?:his|her|their|hip after)|pressure (?:sore|ulcer)|absconded|wandered off|went walkabout|punched|kicked|slapped|stabbed|spat at|groped|threatened|gone missing|went missing|left (?:lying|alone|unattended|on the floor|on a trolley|(?:in|on) (?:the |a |our )?(?:corridor|trolley|soiled|wet|pain|chair|waiting room)|without (?:oxygen|food|water|pain relief|treatment|monitoring|help|care|fluids|medication))|on the floor|in danger|at risk of|coded|crashed|came to harm|come to harm|was dropped|were dropped|been dropped|suffered|got worse|much worse|paralysed|lost (?:his|her|their) (?:sight|leg|arm|baby|speech))"
)


# Errors that are made with people alone, whoever is named besides.
_GRAVE_ERROR = (
    r"(?:wrong (?:drug|dose|dosage|blood|medication|medicine|tablets?|antibiotic|side(?! of)|leg|hip|limb|eye|kidney|implant|infusion|person)\b|double dose|twice the dose|medication error|drug error|prescri\w+ error|never event"
    r"|(?:swab|instrument|needle|guide ?wire|clamp|sponge|pack|blade|tourniquet|cannula|catheter|line)s? (?:(?:was|were|got|had|has|been|accidentally|is|are) ){0,3}(?:left|retained|forgotten|found|still) (?:in(?:side)?|behind)\b(?! the (?:rota|team))"
    r"|(?:nearly|almost|came close to|about to|just about to|stopped (?:me|us|them|him|her) from) (?:gave|give|giving|given|lysed|lysing|thrombolys\w+|operat\w+|inject\w+|transfus\w+|administer\w+|infus\w+|discharg(?:ed|ing) (?:a|an|the|him|her|someone|them))(?! up| in| the (?:talk|presentation|wrong (?:figure|number|impression)))"
    r"|(?:left|missed|given|gave|put) (?:in|out|up|on|to) (?:the )?wrong (?:person|patient|arm|side|leg|lady|man)\b)"
)
# The wrong thing given or done, whatever it was, where it was no figure or file.
_WRONG_GIVEN = re.compile(
    r"\b(?:gave|given|give|giving|got|had|having|received|administered|prescribed|put|hung|connected|injected|dispensed|took|taken|sent|done|did|marked|operated on|drew|up|on|to|in|into)(?: \w+){0,4}? (?:the |a )?wrong "
    r"(?!(?:figures?|numbers?|impression|report|data|idea|months?|scores?|levels?|end|answers?|charts?|hospitals?|trusts?|dates?|files?|links?|password|e-?mails?|address|names?|channels?|service|audit|metrics?|targets?|periods?|quarters?|years?|bot|info\w*|results?|thing|way|one|place|column|row|team|unit|code|page|version|tab|sheet|side of|standard|stick|time|foot|person to|people|question|denominator|numerator|form|template|date)\b)\w+"
)
# One patient of whom something is told, in the past: a case, and no count.
_CASE = re.compile(
    r"\b(?:a|an|one|our|the|this|that|another|some|elderly|young|old) (?:\w+ ){0,3}?(?:patient|pt|man|woman|lady|gentleman|gent|chap|bloke|child|baby|boy|girl|toddler|resident|inpatient|pensioner|teenager|mother|son|daughter|year[ -]old)"
    r"(?! (?:from|in charge|who runs|told|asked|says|said|on the (?:board|phone)|numbers?|flow|survey|experience|safety|pathway|group|centred))\b"
    r"[^?]{0,60}?\b(?:was|were|wasn't|had|hadn't|got|went|came|didn't|couldn't|never|ended up|turned out|has been|have been|'d been)\b"
)
_ILL_DONE = re.compile(
    r"\b(?:restrain\w+|against (?:his|her|their) (?:will|wishes)|(?:missed|omitted|forgotten|skipped|doubled|delayed) (?:for|by|his|her|their|the|and)|ran out|not (?:been )?(?:given|done|checked|noticed|escalated|told|fed|turned|seen|reviewed|monitored|reversed|prescribed)|never (?:given|checked|seen|reviewed|got|had|told|escalated)|without|"
    r"back (?:in|with|on) (?:an? )?(?:arrest|sepsis|shock|stroke|itu|icu|bleed\w*|blue light)|in (?:arrest|agony|distress|tears|shock|respiratory failure)|went into|dka|itu|icu|crash(?:ed| call)|resus\w*|blue|cold|blood everywhere|screaming|crying|ignored|forgot\w*|neglect\w*|soiled|starved|dehydrat\w+|bruis\w+|burn\w*|cut|injur\w+|perforat\w+|wrong\w*|too (?:late|much|fast|early)|"
    r"mistake\w*|accident\w*|found (?:dead|collapsed|unresponsive|on|in a|cold|hanging)|died|dead|worse|sectioned|groped|touched|assault\w*|hit|lost (?:consciousness|his|her|their)|coned|code|extravasat\w+|tissued|infect\w+|necro\w+|amputat\w+|paralys\w+|disabled|sent home|let (?:a|an|him|her|them)\b.{0,40}home|by accident)\b"
)
_DOSE_MISSED = re.compile(
    r"\b(?:doses?|insulin|medications?|meds|tablets|warfarin|anticoagula\w+|antibiotics|antiepileptics?|levodopa|feed|fluids|oxygen)\b[^.?!]{0,30}\b(?:(?:was|were|got|been|being) (?:missed|omitted|forgotten|skipped|doubled|given twice|not given|mixed up)|ran out|not given|given twice)\b"
)
# With no subject, as things are told in haste: "gave tpa, inr was 3.2. bled."
_TERSE = re.compile(
    r"\bbled\b|\b(?:choked|aspirated|choking) on\b|\b(?:stopped|not) breathing\b|\bunresponsive\b|\bwent into (?:vf|vt|arrest|shock|cardiac|anaphyla\w+)|\bhad a (?:cardiac )?arrest\b|\bself[- ]?harmed\b"
    r"|\b(?:tpa|lysis|thrombolys\w+|lysed|alteplase|tenecteplase|heparin|warfarin|apixaban|insulin|morphine|potassium|penicillin|antibiotics?|aspirin|contrast|sedation|surgery|operation|feed|ng tube)\b[^?!]{0,80}\b"
    r"(?:(?:had|has|having|got|a|massive|big) (?:bleed|rash|reaction|hypo|seizure|arrest|perforation)|arrested|died|collapsed|reacted|anaphyla\w+|haemorrhaged|deteriorated|went (?:blue|grey|flat|off)|nobody (?:noticed|checked))\b"
)
_STAFF = r"(?:colleague|nurse|doctor|consultant|surgeon|reg|registrar|sho|hca|porter|anaesthetist|midwife|paramedic|staff|someone|somebody|he|she|radiographer|carer|locum|junior)"
# Somebody unfit to look after people, or who does them wrong.
_UNFIT = re.compile(
    rf"\b{_STAFF}\b[^.?!]{{0,40}}\b(?:drunk|intoxicated|hung ?over|smell\w* (?:strongly )?of (?:alcohol|drink|booze|weed|cannabis)|under the influence|asleep (?:on|at) (?:shift|duty|work|the desk)|(?:stealing|stole|took|taking) (?:the )?(?:drugs|morphine|opiates|medication|controlled)|rough with|shouting at (?:a|the|our) (?:patient|lady|man|woman)|falsif\w+|forged|faked|faking)\b"
)


_ERROR = (
    r"(?:wrong (?:drug|dose|dosage|patient|man|woman|lady|gentleman|child|baby|side|site|leg|hip|blood|medication|medicine|tablets?|antibiotic|route|treatment|person|operation|implant|scan|notes|label|infusion|rate of|procedure|limb|eye|kidney)|double dose|twice the dose|ten times|(?:10|5|2|3) times the|over ?dos\w*|under ?dos\w*|too much (?:heparin|insulin|alteplase|morphine|warfarin|potassium|oxygen|fluid|sedation)|"
    r"medication error|drug error|medication mistake|prescri\w+ error|should(?: not|n'?t) have (?:had|been|got|received|gone)|should never have (?:had|been|got|received)|missed (?:a|the|his|her|an) (?:stroke|bleed|fracture|sepsis|diagnosis|clot|mi|heart attack|scan result|cancer|dose|pe|infarct|dissection|haemorrhage|tumour|aneurysm)|"
    r"misdiagnos\w+|mis-?read|sent home (?:with|and|then|after|by mistake|a|an|him|her|them|the|someone|somebody)\b|sent (?:a|an|him|her|them|the|someone|somebody)\b[^.?!]{0,30}\bhome\b|discharged (?:home )?(?:too early|and then|with a missed|by mistake|unsafely)|gave (?:him|her|them|it to) |given (?:the )?(?:wrong|twice|double|penicillin)|mixed up|mix-?up|wrongly|by mistake|in error|never event|retained swab|left (?:a|an) (?:swab|instrument)|contraindicated|despite (?:\w+ ){0,3}(?:allerg|anticoag|bleed|haemorrhage|warfarin|doac|contraindic|refus|consent|dnacpr)|allergic to|forgot to (?:give|check|scan|monitor|take|anticoag|escalate|refer)|nobody (?:checked|noticed|came|saw|looked|answered|escalated)|no ?one (?:checked|noticed|came|saw|escalated|looked|answered)|"
    r"not been (?:fed|given|checked|turned|seen|reviewed|washed)|without (?:consent|checking|being checked)|delayed treatment|delay(?:ed)? (?:led|caused|meant))"
)


_UNSAFE = (
    r"(?:(?:is|are|was|were|feels?|felt|it'?s|ward|unit|department|staffing|tonight|today|now|here|place|shift|care|really|so|completely|very|totally|getting) (?:is |are |feels? |so |really |very |just |totally |completely |not |currently |absolutely )*(?:unsafe|not safe|dangerous|isn'?t safe|aren'?t safe|an accident waiting)"
    r"|(?:unsafe|dangerous) (?:staffing|ward|care|now|tonight|levels|discharge|practice|conditions|here|situation|doctor|nurse|equipment|tonight|today)|not safe (?:tonight|today|here|now|on|at|for|any)|someone (?:is going to|will|could|may|might) (?:die|get hurt|be harmed|come to harm|be hurt|be killed)|going to (?:die|get hurt|kill someone)|patients? (?:may|might|could|will|are going to|going to) (?:die|be harmed|come to harm|get hurt|be hurt|suffer)"
    r"|near[- ]miss|serious incident|safeguarding|patient safety (?:incident|concern|issue|event)|safety (?:incident|concern)|whistle ?blow\w*|raise a concern|raising a concern|clinical incident|adverse (?:event|incident)|harmed (?:a|the|our|my|him|her|them|someone|somebody)|(?:we|i) (?:(?:have|'ve|may have|might have|think (?:i|we)(?:'ve| have)?) )?(?:harmed|hurt|killed|injured) (?:a|an|the|him|her|them|someone|somebody|our|one of|my (?:patient|pt))\b|may have (?:been )?(?:harmed|hurt|caused)|might have (?:been )?(?:harmed|hurt|caused)|could have (?:been )?(?:died|killed|harmed)|(?:nearly|almost) (?:died(?! (?:laughing|of (?:boredom|embarrassment|shame|laughter|shock)))|killed (?:a|the|him|her|them|someone|somebody|my|our))|put (?:patients?|people|them) at risk|(?:log|file|fill in|submit|raise|do|write|report|complete) (?:a |an |the |this )?(?:datix|incident)|duty of candour|want to (?:die|end (?:it|my life))|kill(?:ing)? myself|end(?:ing)? my (?:own )?life|suicidal)"
)


_REPORT = re.compile(rf"\b(?:{_WHO})\b[^.?!\n]{{0,60}}?\b(?:{_DIED}|{_HURT})")


_MISTAKE = re.compile(rf"\b{_ERROR}")
_GRAVE_MISTAKE = re.compile(rf"\b{_GRAVE_ERROR}")


_UNSAFE_NOW = re.compile(rf"\b{_UNSAFE}")


_LOST = re.compile(
    r"\b(?:lost|losing) (?:a|another|our|two|three|one|that|this) (?:\w+ )?(?:patient|pt|lady|gentleman|baby|child)\b|\b(?:death|died|dies|fall|arrest|bleed|overdose|collapse) (?:on|in) (?:the|our|my) (?:ward|unit|corridor|department|waiting room|car park|bay|ambulance|toilet|ed|a&e) (?:last night|today|yesterday|this morning|just now|tonight|earlier|at the weekend|on \w+day)"
)


_WRONG_SIDE = re.compile(
    r"\b(?:consent\w*|opened|operated|marked|injected|prepped|draped|blocked|drained|listed|booked|scanned|amputat\w+|removed|took out)\b[^?!]{0,60}\bleft\b[^?!]{0,60}\bright\b|\b(?:consent\w*|opened|operated|marked|injected|prepped|draped|blocked|drained|listed|booked|amputat\w+|removed|took out)\b[^?!]{0,60}\bright\b[^?!]{0,60}\bleft\b|"
    r"\bwrong (?:side|site|leg|hip|limb|eye|kidney|level|tooth|implant) (?:burr hole|surgery|operation|op\b|procedure|block|drain|tap|line|incision|injection|biopsy|nephrectomy|amputation|replacement|anaesthetic|laparotomy)"
)


_ONE = r"(?:a|an|the|one|our|this|that|my) (?:\w+ ){0,3}?(?:inpatient|patient|pt|man|woman|lady|gentleman|person|child|baby|resident|year[ -]old)"
# What is told of one case: given wrongly, done in spite of, nobody came, somebody else's.
_HAPPENED = tuple(
    re.compile(pattern)
    for pattern in (
        r"\b(?:nurse|doctor|hca|porter|paramedic|staff|colleague|guard|receptionist|relative)s? (?:was |were |has been |have been |been |got |being )?(?:stabbed|punched|kicked|slapped|assaulted|attacked|injured|bitten|spat at|threatened)\b",
        r"\b(?:had|have|have had|'ve had|having|saw|seen) (?:a|an|another|one|two|our) (?:\w+ ){0,2}(?:inpatient|patient|pt|lady|gentleman|man|woman|visitor|child|resident)s? (?:fall|collapse|die|arrest|aspirate|choke|bleed|deteriorate|abscond|break|go missing|have an? |slip|trip|seize|fit)\b",
        r"\b(?:gave|given|administered|received|got|had|was prescribed|injected)\b(?: \w+){0,4} (?:double|twice|triple|(?:two|three|four|five|ten|\d+) times|too much|an extra dose|the wrong|wrong) (?:the |of |as )*(?:\w+ )?(?:dose|drug|amount|morphine|insulin|heparin|alteplase|warfarin|potassium|antibiotics?|blood|fluids?|medication|medicine|patient|infusion|much)\b",
        r"\bmissed (?:the |a |an )?(?:sepsis|bleed|fracture|diagnosis|mi|pe|cancer|haemorrhage|dissection|meningitis|stroke) (?:in|on|of) (?:a|an|the|one|our|my|this)\b",
        rf"\b(?:we|i|they|someone|somebody|(?:a|the|our|my) (?:nurse|doctor|colleague|registrar|team|consultant))\b(?: \w+){{0,2}} (?:lysed|thrombolysed|operated on|discharged|transferred|intubated|anticoagulated|treated|sent) {_ONE} (?:with|who|despite|on|after|and|when|while|without|by)\b",
        rf"\b{_ONE}\b[^.?!]{{0,120}}\b(?:nobody|no ?one|no (?:doctor|nurse|staff)) (?:called|came|helped|responded|escalated|acted|scanned|reviewed|turned up|picked|did|was there|available)\b",
        r"\b(?:another|someone else's|somebody else's|the wrong) (?:patient's|person's)? ?(?:blood|drugs|medication|medicines|tablets|notes|scan|insulin)\b.{0,160}|\b(?:got|given|gave|had|received) (?:another patient's|someone else's|somebody else's)\b",
    )
)


_CARED = re.compile(
    r"\b(?:patients?|pts?|someone|somebody|he|she|him|her|them|lady|gentleman|gent|man|woman|child|baby|relative|mum|mother|dad|father|nan|gran\w*|wife|husband|son|daughter|we gave|we missed|i gave|i missed|was given|were given|been given|nobody|no ?one)\b|\b(?:dose|drug|medication|swab|never event|error|operat\w+|happened|surgery (?:on|today|just|this|yesterday))\b"
)


JUST_NOW = re.compile(
    r"\b(?:last night|yesterday|this morning|just now|tonight|this afternoon|this evening|earlier today|right now|overnight|at the weekend|an hour ago|moments? ago|today)\b"
)


# A question about counts, definitions or data is no report, unless it tells when it happened.
_STATISTIC = re.compile(
    r"\b(?:how many|how often|number of|numbers of|rates?|percent\w*|per cent|proportion|share of|count(?:s|ed|ing)?|includ\w+|exclud\w+|denominator|numerator|defin\w+|what (?:does|do|is|are|counts)|measure[sd]?|metric|indicator|figures?|audit(?:ed)?|data|statistic\w*|score|trend|average|mean|median|compare[ds]?|per 1,?000|standard|target|level|mortality|in the year|since \w+ \d{4}|dataset|record(?:ed|s)? (?:as|in)|when a|if a|if the|where a|whether a|does a|do patients|are patients|patients who|those who|people who|what happens)\b"
)


# A question of counts or of records: "what happens if" alone is none, where an error was made.
_OF_RECORDS = re.compile(
    r"\b(?:how many|how often|numbers? of|rates?|percent\w*|per cent|proportion|count(?:s|ed|ing)?|includ\w+|exclud\w+|denominator|numerator|defin\w+|what (?:does|do|counts)|measure[sd]?|metric|indicator|figures?|audit(?:ed)?|data|statistic\w*|score|trend|average|compare[ds]?|standard|target|mortality|dataset|record(?:s|ed)?|entered|entry|entries|submitted|uploaded|portal|proforma|form|spreadsheet|chart|graph)\b"
)


_JOKING = re.compile(
    r"\b(?:dying (?:for|to)|killing (?:time|me|it)|to die for|dead (?:tired|on|easy|simple|line|end|chuffed|good|quick|keen|beat)|brew|coffee|lunch|wi-?fi|printer|laptop|computer|excel|powerpoint|teams call|system|server|my (?:head|brain|feet|back|eyes)|ego|pride|our (?:score|figures?|level|performance|numbers|rate|ranking) (?:has |have )?(?:fell|fallen|dropped|died|collapsed|suffered|hurt|crashed|deteriorated|got worse)|hurts? (?:our|my|the) (?:score|level|figures?|head|brain|feelings)|budget|bored|boredom|laughing|laughed|hungry|starving|curious|wondering|headlines?)\b"
)


# Whoever mourns at home reports no harm done here.
_MOURNS = re.compile(
    r"\bmy (?:mum|mother|dad|father|nan|gran\w*|wife|husband|brother|sister|aunt|uncle|partner|friend) (?:died|passed away|has (?:died|passed)|was dying|is dying)\b"
    r"(?!.{0,160}\b(?:trolley|corridor|waiting|ward|ambulance|wait|your|ed|a&e|unit|hospital)\b).{0,160}\b(?:been (?:off|away)|on leave|compassionate|bereave\w*|funeral|back at work|first day back)\b"
)
_AT_HOME = re.compile(
    r"\bi(?:'m| am| was) (?:injured|hurt|in pain|unwell)\b.{0,60}\b(?:from home|at home|off (?:sick|work)|on leave)\b"
)
_DEFINES = re.compile(r"^(?:so |and |but )?(?:is|are|does|do|would) (?:a|an|any|every|all) ")


def _defines(small: str) -> bool:
    """Does it ask what a word covers ("is a missed screen a serious incident"), of nobody?"""
    asked = _DEFINES.match(small)
    return bool(asked) and not _CARED.search(small) and not JUST_NOW.search(small)


def told(small: str) -> bool:
    """Does somebody tell of harm done, or of danger now?"""
    if _UNSAFE_NOW.search(small) and not asks_only(small) and not _defines(small):
        return True
    if _LOST.search(small):
        return True
    if any(p.search(small) for p in _HAPPENED) and not asks_only(small):
        return True
    if _WRONG_SIDE.search(small) and not asks_only(small):
        return True
    if _MISTAKE.search(small) and _CARED.search(small) and not asks_only(small):
        return True
    if _GRAVE_MISTAKE.search(small) and (JUST_NOW.search(small) or not _OF_RECORDS.search(small)):
        return True
    if (_WRONG_GIVEN.search(small) or _DOSE_MISSED.search(small)) and not asks_only(small):
        return True
    if _CASE.search(small) and _ILL_DONE.search(small) and not asks_only(small):
        return True
    if (_TERSE.search(small) or _UNFIT.search(small)) and not asks_only(small):
        return True
    joking, now = bool(_JOKING.search(small)), bool(JUST_NOW.search(small))
    for m in _REPORT.finditer(small):
        in_care = bool(_CARED.search(m[0]))
        if (
            ((_MOURNS.search(small) or _AT_HOME.search(small)) and not now)
            or _harmless_subject(m[0])
            or asks_only(m[0])
            or (joking and not in_care)
        ):
            continue
        if now or not asks_only(small):
            return True
    return False


def asks_only(words: str) -> bool:
    """Is it a question about counts, definitions or data, with nothing that happened just now?"""
    return bool(_STATISTIC.search(words)) and not JUST_NOW.search(words)


def _harmless_subject(words: str) -> bool:
    """Figures and teams, not people in care: "we fell behind", "they are dropping"."""
    teams = re.match(r"(?:we|they|i)\b", words)
    return bool(teams) and not re.search(
        r"\b(?:patient|lady|gentleman|man|woman|child|relative|someone|somebody|him|her)\b|\b(?:harmed|injured|killed|overdos\w*|self[- ]?harm\w*|suicid\w*|choked|assaulted|attacked)\b",
        words,
    )
