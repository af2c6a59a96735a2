"""Is it a story of something gone wrong with somebody's care, in whatever words it is told?

A report of harm seldom keeps to set phrases. What it has is somebody or something of care, something
bad, and nothing that is asked of figures. Pure, as the guard that reads it.
"""

import re

# Bad whoever tells of it.
_GRAVE = re.compile(
    r"\b(?:died|killed|lost (?:his|her|their) li\w+|anaphyla\w+|overdos\w+|arrest(?:ed)?|mix(?:ed)?[ -]?ups?|unresponsive|unconscious|collaps\w+|aspirated|chok\w+|bled|haemorrhaged|"
    r"deteriorat\w*|perforat\w+|near[ -]miss\w*|dka|extravas\w+|tissued|pressure (?:sore|ulcer)s?|scald\w+|burn(?:t|ed)|assault\w*|abus\w+|neglect\w*|restrain\w+|swallowed|strang\w+|hanging|hanged|"
    r"suicid\w+|self[- ]?harm\w*|(?:her|his|their) own (?:urine|faeces|vomit|blood|mess|filth|wee|poo)|soiled|(?:poor|bad|unsafe|terrible|shocking|appalling|awful|dangerous|negligent|rough) (?:care|treatment|practice|handling)|unsafe|"
    r"dangerous\w*|harmed|injur\w+|unresuscitated|misdiagnos\w+|maladminist\w+|misread|mislabel\w+|wrong(?:ly)? (?:\w+ )?(?:person|patient|drug|dose|blood|side|arm|leg|tablets?|meds?|medicine|notes|label|bag|sample|line|route|rate|strength|lady|man|baby)|"
    r"too (?:much|many|little) (?!time|data|detail|noise|information)\w+|given twice|double(?:d)? (?:the )?dos\w+|(?:passing|vomiting|coughing(?: up)?|losing|lost|pool of|covered in) (?:\w+ )?blood|for (?:the )?(?:bed|chair|bay|cubicle) \d+|(?:didn't|did not|failed to|forgot to|should have|should've|never) (?:spot|notice|pick(?:ed)? up|act|escalate|call|check|recognise|treat|scan|refer|review|monitor|give|gave)\w*|(?:arm|leg|hand|foot|fingers?|skin|toes?|limb) (?:is|was|went|has gone|gone|turned|now) (?:black|blue|cold|white|purple|numb|dead)|hemiplegi\w+|paralys\w+|blinded|spoilt|unlabelled|(?:o|a|b|ab) ?(?:pos|neg|\+|-)\w* (?:\w+ ){0,3}?(?:in)?to (?:an? )?(?:o|a|b|ab) ?(?:pos|neg)\w*|(?:another|further|second) (?:stroke|bleed|fit|fall|arrest|heart attack|seizure)|waited so long|life support|dying (?:in|on|here|tonight|outside)|trapped|\w+'s (?:pills|tablets|meds|medication|drugs|insulin|blood|medicine)|brain dead|in a coma|before anyone (?:noticed|spotted|realised)|(?:ten|10|100) ?(?:x|times|fold)|no (?:pulse|airway|oxygen|obs|suction|output|heartbeat)|blue light|dangling|fractured (?:his|her|their)|broke (?:his|her|their))\b"
)
# Bad if somebody in care is told of.
_BAD = re.compile(
    r"\b(?:missed|omitted|forg[eo]t\w*|refused|ignored|wrong\w*|errors?|mistakes?|delay\w*|left|alone|lost|scared|frightened|complain\w*|unattended|nobody|no ?one|no 1|none|worse|freezing|pain|agony|blue|grey|"
    r"allerg\w+|reactions?|infect\w+|fell|fallen|fall|slip\w*|trip\w*|dropped|not (?:been )?(?:given|seen|checked|fed|turned|told|washed|escalated|reviewed|examined|scanned|treated|believed|helped|monitored)|never (?:given|seen|checked|came|got|had|told)|without|absconded|missing|"
    r"another patient\w*|(?:someone|somebody) else'?s|crying|screaming|shout\w*|hit|punched|bitten|stuck|blocked|disconnected|failed|broken|leaking|expired|out of date|contaminated|swapped|confused|turned away|sent home|let go|dying|fitting|seizing|septic|bleed\w*|vomit\w*|stopped|ran out|run out|dehydrated|starv\w+|hungry|sectioned|nearly|almost|close call|meant for|intended for|too tight|broke down|switched off|turned off|unplugged|still in(?:side)?|empty|twice|(?:2|two|3|three) (?:lots|doses|times)|for (?:over |more than |nearly |about )?\d+ ?(?:hours|hrs)|luckily|fortunately|spotted|realised|noticed|not acted on|dead|hurt)\b"
)
_SOMEBODY = re.compile(
    r"\b(?:(?:a|an|one|our|the|my|this|that|another|some|elderly|young|old|known|her|his) (?:[a-z-]+ ){0,3}?(?:patient|pt|ptnt|man|woman|lady|gentleman|gent|chap|bloke|child|baby|boy|girl|resident|inpatient|pensioner|teenager|mother|mum|father|dad|nan|wife|husband|son|daughter|year[ -]old)|"
    r"dad|mum|nan|grandad|grandma|pt|ptnt|toddler|baby|infant|gentleman|lady|pensioner|newborn|neonate|someone(?:'s)?|somebody(?:'s)?|another patient\w*|(?:\d{2} ?(?:yr|y)s?[ /-]?o|\d{2} ?[mf]))\b(?! (?:from|in charge|who runs|at the|on the (?:board|phone)|numbers?|flow|survey|experience|safety|pathway|group|centred|else to|else in|to (?:ring|ask|call|speak|talk)))"
)
_OF_CARE = re.compile(
    r"\b(?:patients?|pts?|residents?|ward|trolle?y|corridor|bay|theatre|resus|itu|icu|bank nurse|nurse|nurses|surgeon|anaesthetist|hca|midwife|drugs?|meds?|medications?|doses?|tablets|insulin|midaz\w*|morphine|heparin|warfarin|abx|"
    r"antibiotics?|penicillin|potassium|lysis|tpa|blood bags?|transfusion|oxygen|drip|infusion|cannula|catheter|sutures?|stitches|wound|bed next door|enoxaparin|pacemaker|iv|fluids|subcut|vaccines?|units of|ct|mri|bleed|clot|stroke team|fridge|bld|chest pain|consent|pump|chest drain|ng tube|xray|x-ray|obs|resp|airway|surgery|care|handover|crash (?:team|call)|staff|shift|tonight)\b"
)
# What is asked of figures, of the audit, or of the bot: no story.
_ASKED = re.compile(
    r"\b(?:how many|how often|how (?:are|do|did|is|has|have) (?:we|our|the|it)|numbers? of|number|rates?|percent\w*|per cent|proportion|share|count\w*|includ\w+|exclud\w+|denominator|numerator|defin\w+|means?|meaning|measure[sd]?|metrics?|indicators?|"
    r"figures?|audit\w*|data|dataset|stat(?:istic)?s|scores?|scored|levels?|grades?|trends?|average|median|compar\w+|standards?|targets?|mortality|ssnap|nhfd|nela|attendances|admissions|breach\w*|charts?|graphs?|months?|quarters?|years?|results?|performance|waits|domains?|"
    r"four[ -]hours?|4[ -]?h(?:ou)?rs?|12[ -]?h(?:ou)?rs?|twelve[ -]hours?|records?|recorded|entered|upload\w*|submitted|submission|spreadsheet|slides?|publish\w*|publication|in the report|ideas?|improve|improving|webinar|meeting|bot|channel|message|button|link|print\w*|"
    r"clock|eligible|exempt|cod(?:ed|ing)|stops?|what if|does a|do patients|are patients|patients who|those who|people who|is that (?:so|right|true)|screening|ascertainment|compliance|we doing|are we(?! (?:supposed|meant|allowed|required|obliged|to tell))|have we (?:hit|got|met)|national\w*|region\w*|peers?)\b"
)
_NOW = re.compile(
    r"\b(?:last night|yesterday|this morning|this am|just now|tonight|this afternoon|this evening|earlier today|right now|overnight|at the weekend|an hour ago|moments? ago|today)\b"
)
_OPENS_A_QUESTION = re.compile(
    r"^\W*(?:(?:so|and|but|ok|hi|hello|hey|please|pls|just|sorry) )*(?:what|which|how|who|where|when|why|is|are|was|were|do|does|did|has|have|can|could|will|would|should|show|tell|give|send|get|list|remind|explain|find|compare|any)\b"
)
# Somebody who cannot go on, or fears for those in care.
_DISTRESS = re.compile(
    r"\b(?:can(?:'?t|not| not) (?:cope|go on|do this|take (?:it|this))(?: \w+){0,2} (?:any ?more|much longer|longer)|don'?t want to (?:be here|live|be alive|wake up|go on)|needle ?-?stick|stuck (?:myself|me|himself|herself)|sharps injury|cover(?:ing|ed)?[ -]up|hush(?:ed|ing)? (?:it )?up|(?:jump|jumping) (?:off|from|in front of)|no point (?:in )?(?:living|going on|being here)|better off (?:without me|dead)|"
    r"(?:not enough|too few|no|short of|only (?:one|two)|one|two) (?:staff|nurses?|doctors?|qualified|hands)\b[^.?!]{0,60}\b(?:scared|frightened|unsafe|something (?:will|is going to|bad)|going to happen|for (?:\d{2}|thirty|twenty|forty)|patients at|can'?t cope|struggling to keep)|"
    r"(?:report|raise|flag|complain about|tell someone about|speak up about) (?:\w+ ){0,3}(?:care|treatment|neglect|abuse|safety|harm|mistreatment|bullying|concerns?|accident|mistake)(?! (?:data|figures?|score|level|audit|results?)))\b"
)
_SPEECH = re.compile(
    r"\b(?:said|says|told|asked|asks|reckons|thinks|wants|mentioned|suggested|wrote|e-?mailed)\b"
)


# Things that lives hang on, and that fail.
# What is done to a body, or given to one.
_DONE_TO = re.compile(
    r"\b(?:(?:ng )?feed|lungs?|brain|bowel|bladder|artery|vein|needle|pills|tablets|lysed|thrombolysed|ventilated|intubated|sedated|anticoagulated|catheteri[sz]ed|cannulated|transfused|injected|inserted|plts|platelets|inr|allergy|insulin|heparin|warfarin|morphine|"
    r"alteplase|tenecteplase|tpa|enoxaparin|apixaban|midaz\w*|fentanyl|ketamine|potassium|penicillin|abx|antibiotics?|oxygen|drip|infusion|cannula|chest drain|ng tube|blood bags?|sutures?|airway|pulse|haemorrhage|seizure|fits?)\b"
)
_MISSED = re.compile(
    r"\b(?:we|i|they|he|she|somebody|someone|doctor|consultant|registrar|reg|nurse|team|gp|radiologist|paramedics?|crew)(?:'ve| have| has| had| also| nearly| almost)? missed (?:a|an|the|her|his|their|another|that) "
    r"(?!(?:\w+ )?(?:targets?|standards?|deadlines?|meetings?|webinars?|points?|updates?|calls?|e-?mails?|tricks?|sessions?|bits?|steps?|rows?|columns?|slots?|trains?|bus|messages?|grades?|few|lot|boat|mark|link|chance|party|news|post|talk|window)\b)\w+"
)
_ONE = re.compile(r"\b(?:he|she|him|her|his)\b")


_KIT_FAILS = re.compile(
    r"\b(?:(?:alarms?|monitors?|telemetry|ventilators?|oxygen|suction|defib\w*|crash (?:trolley|bleep|phone)|resus trolley|call bells?|buzzers?|emergency (?:drugs|bell|phone|buzzer)|infusion pumps?|pumps|blood fridge|drug (?:fridge|cupboard)s?|controlled drugs|medicine cupboard|cds|bipap|cpap|fire (?:doors?|alarm))\b"
    r"[^.?!]{0,40}\b(?:off|empty|broken|broke|not working|isn't working|aren't working|failed|failing|fails|ran out|run out|out of date|expired|missing|unplugged|faulty|disconnected|locked|unlocked|stolen|tampered|forced|gone|down|kept)|"
    r"(?:run|ran|running|are|were|all) out of (?:\w+ )?(?:ventilators?|oxygen|blood|beds? space|insulin|morphine|alteplase|tenecteplase|antibiotics|adrenaline|drugs|monitors|masks|staff|nurses|fluids)|(?:tamper\w+|interfered|broke(?:n)? in\w*|stole\w*|steal\w*|helping (?:himself|herself|themselves)) (?:with|into|from|to)? ?(?:the |a |our )?(?:drugs?|medic\w+|controlled|cds|fridge|morphine|pump|oxygen))\b"
)


def gone_wrong(small: str) -> bool:
    """Is something told that went wrong with somebody's care, with no figure asked for?"""
    asked = _ASKED.search(small)
    if _DISTRESS.search(small) and (not asked or _NOW.search(small)):
        return True
    if _KIT_FAILS.search(small) and not asked:
        return True
    somebody, care = _SOMEBODY.search(small), _OF_CARE.search(small)
    if asked and not (_NOW.search(small) and somebody):
        return False
    if _GRAVE.search(small) and (somebody or care):
        return True
    if _MISSED.search(small) and not asked:
        return True
    opens = _OPENS_A_QUESTION.match(small)
    if _DONE_TO.search(small) and (somebody or _ONE.search(small)) and not asked and not opens:
        return True
    if not _BAD.search(small) or (asked and not care):
        return False
    told_of = somebody and (care or not _SPEECH.search(small))
    if told_of or (care and len(set(_BAD.findall(small))) > 1):
        return True
    several = len(set(_OF_CARE.findall(small))) > 1
    return several and "?" not in small and not opens
