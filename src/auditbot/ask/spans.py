"""Which stretches of time does a question name? An ordered table of patterns; nothing is guessed.

A pattern finds a Span, which may wait for what the figures alone can tell (the newest period of the
measure). A financial year is named by where it starts.
"""

import re
from collections.abc import Iterator
from datetime import date

from auditbot import period as periods
from auditbot.ask import dates
from auditbot.ask.dates import Maker
from auditbot.ask.dates import Span as Span

_FY = r"(?:fy ?)?(20[0-3]\d|[12]\d) ?(?:/|-|to) ?(20[0-3]\d|[1-3]\d)(?!\d)"
_TO = r" ?(?:-|to|until|till|through|thru|/) ?"
_PLACES_IN_TIME = r"(in|for|of|during|last|this|since|until|from|to|by|back in|and|vs|versus|with|than|was|late|early|mid)"
_COMPARED = re.compile(
    r"(?:compar\w+ (?:\w+ ){0,4}(?:to|with|against)|\bvs?\.?|versus|against|than|(?:up|down|change\w*|different) (?:on|from)) (?:\w+ )?$"
)


def find(text: str, today: date) -> tuple[Span, ...]:
    """Every stretch of time in the text (`Wording.clean`), none overlapping another, in order."""
    found: list[Span] = []
    rest = text
    for pattern, make in _TABLE:
        for m in list(pattern.finditer(rest)):
            span = make(m, today)
            if span is None:
                continue
            compared = bool(_COMPARED.search(text[: m.start()]))
            found.append(_at(span, m, compared))
            rest = rest[: m.start()] + "#" * (m.end() - m.start()) + rest[m.end() :]
    return tuple(sorted(found, key=lambda s: s.start))


def _at(span: Span, m: re.Match[str], compared: bool) -> Span:
    return Span(
        span.kind, m.start(), m.end(), span.period, span.n, span.assumed, span.weight, compared
    )


def _rows() -> Iterator[tuple[str, Maker]]:
    q = r"(?P<q>[1-4])"
    word = r"(?P<w>first|second|third|fourth)"
    quarter = rf"(?:\b(?:q|quarter|qtr) ?{q}|\b{word} quarter)"
    yield r"\b20[0-3]\d-\d\d-\d\d\b|\b\d{1,2}[/.]\d{1,2}[/.]20[0-3]\d\b", dates.just("short", 1.5)
    both = r"(?P<a>20[0-3]\d|[12]\d) ?[/-] ?(?P<b>20[0-3]\d|[1-3]\d)(?!\d)"
    season = r"(?:mid-?)?(?P<s>winter|spring|summer|autumn|(?<=last )fall|(?<=in the )fall|fall(?= (?:of )?20\d\d))(?! in\b)"
    yield (
        rf"\b{dates.MONTH}\.?,? ?(?:{dates.YEAR})?{_TO}{dates.MONTH}\b\.?,?(?: ?{dates.YEAR})?",
        dates.range_of,
    )
    yield (
        rf"\bbetween {dates.MONTH} ?(?:{dates.YEAR})? and {dates.MONTH}\b(?: ?{dates.YEAR})?",
        dates.range_of,
    )
    yield rf"{quarter},? ?(?:of |in |for )?(?:fy ?|financial year )?{both}", dates.quarter_of_year
    yield rf"(?:fy ?)?\b{both},? {quarter.replace(chr(92) + 'b', '')}", dates.quarter_of_year
    yield (
        r"\b(?:last|final) (?:quarter|3 month) of (?:the year )?(20[0-3]\d)(?! ?/)",
        lambda m, today: dates.span_of("exact", periods.months(int(m[1]), 10, 3), weight=3),
    )
    yield (
        rf"{quarter}\b,? ?(?:of |in |for )?(?:fy ?|financial year )?(?:'?(?P<y>20[0-3]\d|[12]\d(?! ?hour)))?(?!\d)",
        dates.quarter_named,
    )
    yield (
        r"\b(?:h(?=[12])|(?=first half|second half))(?P<h>[12]|first|second)(?: half)?(?: of)?(?: the)?(?: year| financial year)?"
        r",? ?(?:fy ?)?(?P<a>20[0-3]\d|[12]\d(?= ?/))?(?: ?[/-] ?(?P<b>20[0-3]\d|[1-3]\d))?(?!\d)",
        dates.half,
    )
    yield (
        rf"\b(?P<since>(?:ever )?since )?(?:the )?(?P<which>last|this|previous|the)? ?{season}(?: of)?,? '?(?P<y>20[0-3]\d|[12]\d)(?: ?[/-] ?(?:20)?\d\d| to (?:20)?\d\d)?(?!\d)(?P<before>)",
        dates.season,
    )
    yield (
        rf"\b(?P<since>(?:ever )?since )?(?P<which>last|this|previous|the|over|during|in)? ?\b{season}\b(?P<before> before(?: last)?)?(?P<y>)(?! (?:school|ward|pressure))",
        dates.season,
    )
    yield (
        r"\bsame (?:time|month|quarter|period|point)s? (?:last|the previous|previous|a|in the previous|of last|the) year(?: before| earlier)?\b",
        dates.just("year_ago", 2.2, 1),
    )
    yield (
        r"\bthis (?:time|month|quarter|period|point) (?:last|the previous|a) year(?: ago)?\b",
        dates.just("year_ago", 2.2, 1),
    )
    yield r"\b(?:a|an|1|\d+) (?:years?) (?:before|earlier)\b", dates.just("year_ago", 2, 1)
    yield r"\b(a|an|1|\d+) (month|quarter|year|week|day)s? ago\b", dates.ago
    yield (
        rf"\b(?P<since>since|after|from)?(?: the)? ?\b(?P<d>\d\d?)(?:st|nd|rd|th)?(?: of)? (?P<m>{dates.MONTH[1:-1]})\b,?(?: (?P<y>20[0-3]\d))?(?! \d)",
        dates.day,
    )
    yield (
        rf"\b(?:since|(?<!figure )(?<!figures )(?<!number )(?<!numbers )(?<!result )(?<!results )(?<!data )(?<!score )(?<!level )(?<!performance )(?<!one )(?<!that )(?<!those )(?<!stats )from|after|starting|ever since)(?: the)? ?(?P<edge>start|beginning|end)?(?: of)? ?(?:last )?(?P<m>{dates.MONTH[1:-1]})\b(?: ?'?(?P<y>20[0-3]\d|[12]\d(?! ?hour)))?(?: (?:to|until|till) (?:now|date|today|present))?(?! ?{_TO})",
        dates.since_month,
    )
    yield (
        rf"\b(?P<edge>(?!))?(?P<m>{dates.MONTH[1:-1]})\b(?: ?'?(?P<y>20[0-3]\d|[12]\d(?! ?hour)))? (?:to (?:now|date|today|present)|onwards?|till now|until now)\b",
        dates.since_month,
    )
    yield (
        r"\b(?:since|from)(?: the)? new year\b",
        lambda m, today: dates.this_year(m, today),
    )
    yield (
        r"\b(?:since|from)(?: the)?(?: start of| beginning of)? (?P<a>20[0-3]\d)(?: ?/ ?(?P<b>\d\d|20\d\d))?(?: (?:onwards?|to (?:now|date)))?(?!\d)",
        dates.since_year,
    )
    yield rf"\b{_FY}", dates.financial_year
    yield (
        r"\b(?:fy ?|financial year |fiscal year )(20[0-3]\d|[12]\d)(?!\d)",
        lambda m, today: dates.span_of("exact", periods.financial_year(dates.year(m[1])), weight=3),
    )
    yield r"\b(last|previous|this|current) (?:financial|fiscal) year\b", dates.which_financial
    yield (
        rf"\b(?P<m>{dates.MONTH[1:-1]}),? (?:of )?(?P<which>last|this|the previous) year\b",
        dates.month_of_year,
    )
    yield (
        r"^(?:the |for the )?(?P<which>financial|fiscal|calendar) (?:year|one)(?: please| pls)?\W*$",
        dates.kind_of_year,
    )
    yield rf"\b(?:month of )?{dates.MONTH}\.?,?[ -]?{dates.YEAR}", dates.month_year
    yield r"\b(0?[1-9]|1[0-2])/(20[0-3]\d)\b", dates.month_number
    yield (
        r"\b(?:last|past|previous|latest|preceding|recent|most recent) (?P<n>\d\d?|few|couple of|several)(?: full| whole| calendar)? (?P<unit>month|quarter|year|week|day|fortnight)s?\b",
        dates.rolling,
    )
    yield (
        r"\brolling (?P<n>\d\d?) (?P<unit>month|quarter|year)\b|\b(?P<n2>\d\d?) (?P<unit2>month) (?:rolling )?(?:average|mean|total|sum|running)\b",
        dates.rolling_of,
    )
    yield (
        r"\b(?:over|in|during|for|across|throughout) the (?P<n>)(?:last|past) (?P<unit>year)\b|\bpast (?P<n2>)(?:12 month|year)\b",
        lambda m, today: dates.span_of("rolling", n=12, weight=2),
    )
    yield (
        r"\b(?:last|previous|prior|past) (?P<unit>month|quarter)\b(?P<twice>(?!))?",
        dates.last_unit,
    )
    yield r"\bthe (?P<unit>month|quarter) before (?P<twice>last)\b", dates.last_unit
    yield r"\b(?:ytd|year to date|so far this year|this year(?: so far)?)\b", dates.this_year
    yield (
        r"\b(?:month|quarter|year|period|time|one|result|figure)s? before(?: that| this)?\b(?! \w)",
        dates.before,
    )
    yield (
        r"\b(?:the )?(?:previous|preceding|prior) (?:one|period|results?|figures?|time|data)\b|\blast time\b|\bbefore that\b|\btime before\b",
        dates.just("previous", 1.6),
    )
    yield r"\blast year\b|\bprevious year\b", dates.just("last_year", 1.7)
    yield (
        r"\b(?P<since>since |after )?(?:(?P<which>last|this|previous) )?(?:christmas|xmas|festive (?:period|season))(?: and (?:the )?new year)?(?: (?:period|break|holidays?|time))?(?:,? (?:of |in )?'?(?P<y>20[0-3]\d|[12]\d(?! ?hour)))?(?!\d)(?! (?:card|party|do\b|dinner|eve|day|rota|cover))",
        dates.christmas,
    )
    yield (
        r"\b(?:over |at |in |during |since )(?:the )?(?:last |this )?(?:easter|half[ -]term|(?:(?:may |august |early |late )*bank holiday))(?: (?:weekend|holidays?|break|period))?\b",
        dates.just("short", 1.3),
    )
    yield (
        r"\b(?:yesterday|last night|last week|this week|past week|last weekend|the weekend)\b",
        dates.just("short", 1.2),
    )
    yield (
        r"\b(?:next|coming|upcoming|following) (?:month|quarter|year|winter|spring|summer|autumn|week|time)s?\b|\btomorrow\b|\bin the future\b",
        dates.just("future", 1.9),
    )
    yield (
        r"\b(?:in|during|for|of|over|throughout|calendar year|whole of|all of|back in) (20[0-3]\d)\b(?![/-]\d)",
        dates.calendar_year,
    )
    yield (
        rf"\b{_PLACES_IN_TIME} (?P<m>may)\b(?! (?:i|we|you|be|have|it|he|she|they|not|help)\b)",
        dates.bare_month,
    )
    yield (
        rf"(?<!\d )\b(?P<m>{dates.MONTH[1:-1].replace('|may|', '|')})\b(?! (?:asked|said|says|wants|told|here)\b)",
        dates.bare_month,
    )
    yield r"\b(20[12]\d)\b", dates.calendar_year
    yield (
        r"\b(?:latest|most recent|newest|last|current)(?: (?:month|quarter|period|figures?|results?|data|numbers?|available))?\b|\b(?:currently|now|today|at the moment|these days|this (?:month|quarter|time)|right now|lately|recently)\b",
        dates.just("latest", 0.5),
    )


_TABLE: tuple[tuple[re.Pattern[str], Maker], ...] = tuple(
    (re.compile(pattern), make) for pattern, make in _rows()
)
