"""Is one clinician to be measured? Who asks, or whom somebody speaks for, is no matter.

Kept apart from the guard for its length alone; as pure as the guard, and read by nobody else.
"""

import re

from auditbot.ask import forenames
from auditbot.ask.wording import bag

_CALLED = re.compile(
    r"\b(?P<title>[Dd]rs?|DR|[Dd]octor|[Pp]rof(?:essor)?|[Nn]urse|[Ss]ister|[Mm]atron|[Cc]onsultant|[Ss]urgeon|[Rr]egistrar|[Mm]r|[Mm]s|[Mm]atron|[Cc]onsultant [Dd]r|[Pp]hysio|[Tt]herapist)\.? (?P<initials>(?:[A-Za-z]\.? ){0,2})(?P<name>[A-Za-z][A-Za-z'-]+)"
)
_A_FIRM = re.compile(
    r"^[Ff]oster(?:'?s? (?:report|guide|intelligence|hospital guide)\b|\W*$)"
)  # Dr Foster
_NO_NAME = bag(
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
_IMAGING = bag(  # MR, magnetic resonance
    "scan scans scanner scanning imaging angiogram angiography perfusion brain head spine venogram "
    "diffusion slot slots list capacity suite access protocol safe sequence sequences"
)
_A_SITE = re.compile(
    r"(?:'s)? (?:hospital|infirmary|surgery|practice|health|medical|ward|unit|house)\b"
)
_SPEAKS = re.compile(
    r"^'?s? ?,? ?(?:here|speaking|left|retired|has (?:left|retired|moved)|moved|leads|chairs|runs|is (?:speaking|presenting|talking|giving|chairing|covering|coming|visiting|new|our)|both|all|want|need|ask|(?:&|and) (?:dr|prof|mr|mrs|ms)\.? [\w'-]+ (?:both |all )?(?:want|need|ask|said|say|told)|asked|asks|asking|wants|wanted|needs|needed|said|says|told|would like|is asking|has asked|mentioned|suggested|reckons|thinks|will|and i|wondered|was asking|was wondering|is wondering|requested|(?:talk|presentation|e-?mail|paper|lecture|webinar|slides|message|question|request|secretary|teaching|book|office|pa|registrar|sho|project|work|idea|audit|meeting|slide)\b(?! (?:numbers|figures|results|data|scores?|rates?|performance|times))|sent me|from|on leave|is off|is away|is on|off today|around|available|in today|, (?:new|the|your|our|locum|clinical|stroke|ed))\b"
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
    r"(?:i'?m|i am|this is|it'?s|it is|my name is|asked by|asked for by|behalf of|told by|hi|hello|hey|thanks|thank you|cheers|morning|dear|afternoon|regards|colleague|boss|predecessor|manager|mentor|supervisor|from|ask(?:ed|ing)? for|need (?:it|this|them|that|these) for|want (?:it|this|that) for|presentation for|report for|slides? for|email (?:from|to|for)|cc|copy|and|&|with|tell|told|show|send (?:it |this |that )?to|meeting with|letter (?:to|from)),? $"
)
_BY_PERSON = re.compile(
    r"\b(?:by|(?<!patients )(?<!beds )per|for each|for every|each|every|individual|split by|broken down by|which(?: of)?|what|compare|rank|rate|judge|grade|score|appraise|name|named|identify|list) (?:individual |named |single |our |the |different )*(?:consultants?|doctors?|clinicians?|nurses?|surgeons?|registrars?|physicians?|anaesthetists?|therapists?|physios?|gps?|person|staff members?|members? of staff|individuals?|juniors?|colleagues?|operators?)\b(?! (?:present|led|review|should|do i|can i|could|would|may|told|asked|help|within|assessment|count|are counted|seen|to talk|to speak|to contact|runs|leads|looks|handles|cover))"
    r"|\b(?:consultant|clinician|surgeon|doctor|nurse|operator|individual|person)[- ](?:level|specific|by[- ](?:consultant|clinician|surgeon|doctor|nurse))\b|\b(?:individual|personal) (?:performance|results?|figures?|rates?|outcomes?|scores?)\b|\b(?:performance|results|figures|rates?|outcomes|scores|breaches) (?:of|for) (?:our|individual|each|every|all|my) (?:consultants?|doctors?|clinicians?|nurses|surgeons?|registrars?|physicians?|juniors?|colleagues)\b|\bmy (?:own |personal |individual )(?:results?|figures?|performance|data|rate|outcomes?|numbers|practice|score)\b|\bmy (?:own |personal )?(?:thrombolysis|mortality|complication|surgical|scanning|lysis|door[- ]to[- ]needle|needle) (?:rate|figures?|outcomes?|times?)\b|\bhow am i (?:doing|performing) (?:personally|compared|as a|individually)\b|\bhow (?:am|do|did) i (?:personally|individually|compare|perform|rank)\b"
    r"|\b(?:who|which (?:doctor|nurse|consultant|surgeon|person|clinician|registrar|one of us))(?: (?:in|on|at) (?:the |our )?\w+)? (?:is (?:dragging|letting|pulling|holding|bringing|slowing)\b|is causing|is to blame|is responsible for the (?:drop|delay|breach\w*)|caused|missed|keeps|made the mistake|messed up|is letting|is dragging|is slowing|was on (?:call|shift|duty))\b|\bwhose fault\b"
)


# By role, where that is one person: "the new reg's numbers", "is our matron any good".
_ROLE = (
    r"(?:reg|registrar|sho|consultant|prof|professor|locum|fy?[12]|house officer|junior(?: doctor)?|acp|anp|physio(?:therapist)?|surgeon|"
    r"(?:clinical|stroke|ed|a&e|medical|nursing|trauma|ward|unit|department|theatre|cancer|night|ortho|specialist|charge) (?:director|lead|manager|sister|nurse|coordinator|doctor|sho|reg)|"
    r"matron|sister|intensivist|radiologist|anaesthetist|geriatrician|neurologist|nurse|doctor|doc|medic|trainee|colleague|radiographer|paramedic|ot|dietitian)"
)
_A_ROLE = rf"(?:the|our|that|this|my|your|their|one) (?:[a-z-]+ ){{0,2}}?{_ROLE}"
_OUTCOMES = r"(?:figures|numbers|stats|statistics|rates?|results|performance|outcomes|scores?|times|breaches|mortality|track record|(?:thrombolysis|lysis|breach|mortality|complication|scan\w*|infection|length|waiting|door[ -]to[ -]needle) (?:rates?|times?|figures?|numbers|results))"
_JUDGED = (
    r"(?:slow\w*|rubbish|useless|bad|good|poor|dangerous|crap|terrible|incompetent|hopeless|fast\w*|quick\w*|breach\w*|lazy|weak|better|worse|"
    r"the (?:worst|best|slowest|problem)|behind|struggling|underperform\w*|any good|up to (?:it|the job|scratch)|pulling (?:his|her|their) weight|missing|performing|causing)"
)
_TEAMWORK = r"(?!s?(?:-led| (?:cover|review|presence|assess|led|input|rota|team|staff|service|vacan|contact|access|ratio|numbers|level|domain|time|within|target|standard|specialist|seen|hours|availab))|s\b)"
_SAINT = re.compile(
    r"\b(?:st|saint|royal|queen|king|prince|princess|lord|lady|sir|our lady|hospital|from)\.? $"
)
_BY_ROLE = re.compile(
    rf"\b{_A_ROLE}'s (?:own |personal |individual |latest |average )?{_OUTCOMES}\b(?! (?:request|question|query|report|meeting))"
    rf"|\b(?:the|our|that|your|their) (?:[a-z&-]+ ){{1,2}}lead's (?:own |personal )?(?:\w+ )?{_OUTCOMES}\b(?! (?:request|question|query|report|meeting))"
    rf"|\b{_OUTCOMES} (?:(?:for|of|from) (?:our|the|my) (?:one|only|single|sole|new)|of (?:our|the)) (?:[a-z-]+ ){{0,1}}?{_ROLE}\b{_TEAMWORK}"
    rf"|\b{_A_ROLE}{_TEAMWORK} (?:(?:is|was|seems|looks|has been|keeps|always|just|really|so|too|far|a bit|very|quite|such a|being|getting) ){{1,3}}{_JUDGED}\b"
    rf"|\b(?:did|does|has|is|was) {_A_ROLE}{_TEAMWORK} (?:\w+ )?(?:caus\w+|miss\w*|breach\w*|slow\w*|drag\w*|letting|make|made|making) "
    r"|\b(?:has|did|is|was|does) (?:he|she) (?:made|make|making) (?:things|it|us|(?:our|the) \w+) (?:worse|better|slower|faster|quicker)\b"
    rf"|\b(?:which|who) of (?:our|the|your|these|my) (?:\w+ ){{0,3}}?(?:consultants|doctors|nurses|surgeons|registrars|clinicians|physicians|anaesthetists|neurologists|juniors|therapists|staff|team members|colleagues)\b"
    rf"|\b(?:is|was|isn't|are) {_A_ROLE}{_TEAMWORK}(?: practitioner| specialist)?(?: (?:on|from|at|in) (?:the )?\w+)? (?:(?:really|so|too|a bit|very|quite|being|getting) ){{0,2}}{_JUDGED}\b"
    rf"|\bhow (?:quick|quickly|fast|slow|good|bad|well|safe) (?:is|was|does|did|has) (?:[a-z'-]+,? )?{_A_ROLE}\b{_TEAMWORK}"
    rf"|\bhow (?:is|was) {_A_ROLE}\b{_TEAMWORK} (?:doing|performing|getting on)"
    rf"|\bhow many (?:\w+ ){{1,3}}(?:did|has|does) {_A_ROLE}\b"
    r"|\b(?:pull|show|get|give|see|check|what (?:are|is|were|was)|look at|run|find|compare|how are)(?: \w+){0,2} (?:his|her) (?:own |personal |individual )?"
    rf"{_OUTCOMES}\b"
)


# By first name ("sarah's door to needle", "is dave the reason"), where no hospital is called so.
_FIRST_NAMED = re.compile(
    rf"\b(?P<whose>[a-z]{{2,12}})'s (?:(?:own |latest |average )?(?:\w+ )?{_OUTCOMES}|fault|mistake|error|doing\b(?! (?:on|with|for)))\b"
    rf"|\b(?:is|was|isn't|wasn't) (?:\w+ )?(?P<who>[a-z]{{2,12}})(?: (?:on|from|in) \w+)? (?:the (?:reason|cause|problem|worst|best|slowest)|to blame|at fault|slow\w*|causing|any good|{_JUDGED})\b"
    r"|\b(?:because of|down to|blame|thanks to|fault of) (?P<blamed>[a-z]{2,12})\b(?! (?:hospital|ward|unit|house|and))"
    r"|\b(?:has|have|does|did|had) (?P<has>[a-z]{2,12})(?: (?:on|from|in) \w+)? (?:got|get|have|had|hit|meet|met|breach\w*|miss\w*|see|take|reach)\b"
    rf"|\bhow (?:quick|quickly|fast|slow|good|bad|well) (?:is|was|does|did) (?P<how>[a-z]{{2,12}})\b"
)
_ALSO_PLACES = bag(
    "mary george james thomas john peter paul luke mark ann anne michael andrew helen david margaret richard "
    "victoria alexandra elizabeth charles charlotte florence grace hope jude ives helens neots pat georgia sandra "
    "elisabeth william edward chelsea preston royal stanley leonard lawrence martin lee ray rob ross kent jo gill"
)
# With letters for names: "Consultant A against Consultant B".
_LETTERED = re.compile(
    r"\b(?:[Cc]onsultant|[Dd]r|[Pp]rof(?:essor)?|M[rs]|Mrs|[Dd]octor|[Ss]urgeon|[Nn]urse|[Rr]egistrar|[Cc]linician) (?:[A-HJ-Z]|\d)\b(?! (?:level|grade|to|or more|in))"
)


def measured(read: str, small: str) -> bool:
    """Is one clinician to be measured? Who asks, or whom somebody speaks for, is no matter."""
    for m in _FIRST_NAMED.finditer(small):
        name = m["whose"] or m["who"] or m["blamed"] or m["has"] or m["how"]
        before = small[max(0, m.start(m.lastgroup or 0) - 12) : m.start(m.lastgroup or 0)]
        if name in forenames.NAMES - _ALSO_PLACES and not _SAINT.search(before):
            return True
    if _LETTERED.search(read):
        return True
    if _BY_PERSON.search(small) or _BY_ROLE.search(small):
        return True
    for m in _CALLED.finditer(read):
        title, name = m["title"].lower(), m["name"]
        base = name.removesuffix("'s").removesuffix("s'")
        if base.lower() in _NO_NAME or len(base) < 2 or _A_FIRM.match(read[m.start("name") :]):
            continue
        if (
            title
            in (
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
        ) or (title == "mr" and base.lower() in _IMAGING):
            continue
        before, after = small[: m.start()][-60:], small[m.end() :]
        if name.lower().endswith(("'s", "s'")):
            after = "'s" + after
        if _SPEAKS.match(after) or _A_SITE.match(after):
            continue
        measured = _MEASURED.match(after) or _AGAINST.search(before)
        if _SPOKEN_OF.search(before[-40:]) and not measured:
            continue
        if name.isupper() and read.isupper() is False and len(name) > 3 and title != "dr":
            continue
        return True
    return False
