"""Which days does a question speak of? An ordered table of patterns; nothing is guessed.

A pattern finds a Span, which may wait for what only the figures can tell (the newest period of the
measure). `resolve` turns a Span into days. A financial year is named by where it starts.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from auditbot import period as periods
from auditbot.model import Period

SpanKind = Literal[
    "exact",  # the days are known
    "latest",  # the newest there is
    "year_ago",  # the newest, so many years earlier (n)
    "previous",  # the one before the newest, or before the one just spoken of
    "rolling",  # n months up to the newest
    "since",  # from a day to the newest
    "last_year",  # may be a calendar year, a financial year or the same time last year
    "short",  # days or weeks: finer than any audit tells
    "future",  # not yet
]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time as said, where it was said, and how sure the reading is."""

    kind: SpanKind
    start: int
    end: int
    period: Period | None = None
    n: int = 0
    assumed: str = ""  # what had to be filled in: "year", "financial_quarter", "season"
    weight: float = 1.0  # of two spans the heavier is meant
    compared: bool = False  # said after "compared with", "than", "vs"


Maker = Callable[[re.Match[str], date], Span | None]

_MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_YEAR = r"(?:of )?(?:fy ?)?'?(20[0-3]\d|[1-3]\d(?! ?(?:hour|month|day|week|quarter|year|%|percent|st\b|nd\b|rd\b|th\b|in \d|[/:.]\d)))(?!\d)"
_FY = r"(?:fy ?)?(20[0-3]\d|[12]\d) ?(?:/|-|to) ?(20[0-3]\d|[1-3]\d)(?!\d)"
_TO = r" ?(?:-|to|until|till|through|thru|/) ?"
_ORDINALS = {"1": 1, "2": 2, "3": 3, "4": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}
_NTH = r"([1-4])(?:st|nd|rd|th)?|(first|second|third|fourth)"
_SEASONS = {"winter": (12, 3), "spring": (3, 3), "summer": (6, 3), "autumn": (9, 3)}
_PLACES_IN_TIME = r"(in|for|of|during|last|this|since|until|from|to|by|back in|and|vs|versus|with|than|was|late|early|mid)"
_COMPARED = re.compile(
    r"(?:compar\w+ (?:to|with|against)|\bvs?\.?|versus|against|than|(?:up|down|change\w*|different) (?:on|from)) (?:\w+ )?$"
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


def main_span(spans: tuple[Span, ...]) -> Span | None:
    """The span a question is about: the most exact, and of equals the last said."""
    own = [s for s in spans if not (s.compared and s.kind in ("year_ago", "previous", "last_year"))]
    best = max((s.weight for s in own), default=0.0)
    return next((s for s in reversed(own) if s.weight == best), None)


def resolve(span: Span, today: date, months: int, newest: Period | None) -> Period | None:
    """The days of a span for figures that come every `months`; None: it names no days by itself."""
    reference = newest or _last_whole(today, months)
    if span.kind == "exact":
        return span.period
    if span.kind == "latest":
        return newest
    if span.kind == "year_ago":
        return periods.shift(reference, -12 * span.n)
    if span.kind == "previous":
        return periods.previous(reference)
    if span.kind == "rolling":
        end = reference.end
        return periods.months(end.year, end.month - span.n + 1, span.n)
    if span.kind == "since" and span.period is not None:
        start = span.period.start
        return Period(start, max(reference.end, periods.month(start.year, start.month).end))
    return None


def fitted(period: Period, months: int) -> Period:
    """The period widened to whole steps of the figures: for quarters, August means July to September."""
    if months != 3:
        return period
    first = periods.month(period.start.year, period.start.month - (period.start.month - 1) % 3)
    last = periods.month(period.end.year, period.end.month + (-period.end.month) % 3)
    return Period(first.start, last.end)


def readings_of_last_year(today: date) -> tuple[Period, Period]:
    """What "last year" may mean: the calendar year, or the financial year that ended last."""
    return periods.months(today.year - 1, 1, 12), periods.financial_year(_financial(today) - 1)


def _at(span: Span, m: re.Match[str], compared: bool) -> Span:
    return Span(
        span.kind, m.start(), m.end(), span.period, span.n, span.assumed, span.weight, compared
    )


def _span(kind: SpanKind, period: Period | None = None, **more: object) -> Span:
    return Span(kind, 0, 0, period, **more)  # type: ignore[arg-type]


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _month(name: str) -> int:
    return periods.MONTHS[name[:3]]


def _financial(today: date) -> int:
    return today.year if today.month >= 4 else today.year - 1


def _newest(today: date, first: int, count: int) -> Period:
    """The newest such stretch that is over."""
    p = periods.months(today.year, first, count)
    while p.end >= today:
        p = periods.shift(p, -12)
    return p


def _last_whole(today: date, months: int) -> Period:
    back = 3 + (today.month - 1) % 3 if months == 3 else 1
    return periods.months(today.year, today.month - back, months if months in (1, 3) else 1)


def _two_years(first: str, second: str) -> int | None:
    """The start of a financial year written with both its years; None when it is none."""
    a, b = _year(first), _year(second)
    return a if b == a + 1 else None


def _range(m: re.Match[str], today: date) -> Span | None:
    first, y1, last, y2 = _month(m[1]), m[2], _month(m[3]), m[4]
    count = (last - first) % 12 + 1
    if y1 and y2:
        span = (12 * _year(y2) + last) - (12 * _year(y1) + first) + 1
        return _span("exact", periods.months(_year(y1), first, span), weight=3) if span > 0 else None
    if y2:
        return _span("exact", periods.months(_year(y2) - (last < first), first, count), weight=3)
    if y1:
        return _span("exact", periods.months(_year(y1), first, count), weight=3)
    return _span("exact", _newest(today, first, count), assumed="year", weight=2)


def _quarter_of_year(m: re.Match[str], today: date) -> Span | None:
    start = _two_years(m["a"], m["b"])
    q = _ORDINALS[m["q"] or m["w"]]
    return None if start is None else _span("exact", periods.quarter(start, 1 + 3 * q), weight=3)


def _quarter_named(m: re.Match[str], today: date) -> Span:
    q = _ORDINALS[m["q"] or m["w"]]
    if m["y"]:
        p = periods.quarter(_year(m["y"]), 1 + 3 * q)
        return _span("exact", p, assumed="financial_quarter", weight=3)
    return _span("exact", _newest(today, 1 + 3 * q, 3), assumed="financial_quarter", weight=2)


def _half(m: re.Match[str], today: date) -> Span | None:
    first = 4 if m["h"] in ("1", "first") else 10
    if m["a"] and m["b"]:
        start = _two_years(m["a"], m["b"])
        return None if start is None else _span("exact", periods.months(start, first, 6), weight=3)
    if m["a"]:
        return _span("exact", periods.months(_year(m["a"]), first, 6), assumed="financial_quarter", weight=3)
    return _span("exact", _newest(today, first, 6), assumed="financial_quarter", weight=2)


def _season(m: re.Match[str], today: date) -> Span:
    name = "autumn" if m["s"] == "fall" else m["s"]
    first, count = _SEASONS[name]
    if m["y"]:
        p = periods.months(_year(m["y"]), first, count)
        return _span("exact", p, assumed="season", weight=3)
    p = _newest(today, first, count)
    if m["which"] == "this" and periods.shift(p, 12).start <= today:
        p = periods.shift(p, 12)
    if m["before"]:
        p = periods.shift(p, -12)
    return _span("exact", p, assumed="season", weight=2)


def _financial_year(m: re.Match[str], today: date) -> Span | None:
    a, b = m[1], m[2]
    start = _two_years(a, b)
    if start is not None:
        return _span("exact", periods.financial_year(start), weight=3)
    if len(a) == 4 and len(b) == 2 and 1 <= int(b) <= 12 and "-" in m[0]:
        return _span("exact", periods.month(int(a), int(b)), weight=3)
    return None


def _which_financial(m: re.Match[str], today: date) -> Span:
    start = _financial(today) - (m[1] in ("last", "previous"))
    if m[1] in ("last", "previous"):
        return _span("exact", periods.financial_year(start), weight=2)
    return _span("since", Period(date(start, 4, 1), date(start, 4, 1)), weight=2)


def _day(m: re.Match[str], today: date) -> Span | None:
    year = _year(m["y"]) if m["y"] else None
    number = _month(m["m"])
    p = periods.month(year, number) if year else _newest(today, number, 1)
    if not 1 <= int(m["d"]) <= p.end.day:
        return None
    day = p.start.replace(day=int(m["d"]))
    if m["since"]:
        return _span("since", Period(day, day), weight=2.5, assumed="" if year else "year")
    return _span("short", Period(day, day), weight=1.5)


def _since_month(m: re.Match[str], today: date) -> Span:
    p = periods.month(_year(m["y"]), _month(m["m"])) if m["y"] else _newest(today, _month(m["m"]), 1)
    if m["edge"] == "end":
        p = periods.following(p)
    return _span("since", p, assumed="" if m["y"] else "year", weight=2.5)


def _since_year(m: re.Match[str], today: date) -> Span | None:
    if m["b"]:
        start = _two_years(m["a"], m["b"])
        return None if start is None else _span("since", periods.financial_year(start), weight=2.5)
    return _span("since", periods.months(_year(m["a"]), 1, 12), weight=2.5)


def _month_year(m: re.Match[str], today: date) -> Span:
    return _span("exact", periods.month(_year(m[2]), _month(m[1])), weight=3)


def _month_number(m: re.Match[str], today: date) -> Span:
    return _span("exact", periods.month(int(m[2]), int(m[1])), weight=3)


def _bare_month(m: re.Match[str], today: date) -> Span:
    return _span("exact", _newest(today, _month(m["m"]), 1), assumed="year", weight=2)


def _rolling(m: re.Match[str], today: date) -> Span:
    n = {"few": 3, "couple of": 2, "several": 6}.get(m["n"] or "", 0) or int(m["n"] or 1)
    unit = m["unit"]
    if unit in ("week", "day", "fortnight"):
        return _span("short", weight=1.5)
    return _span("rolling", n=n * {"month": 1, "quarter": 3, "year": 12}[unit], weight=2)


def _ago(m: re.Match[str], today: date) -> Span:
    n, unit = int(m[1]) if m[1].isdigit() else 1, m[2]
    if unit == "year" or (unit == "month" and n % 12 == 0):
        return _span("year_ago", n=n if unit == "year" else n // 12, weight=2)
    if unit == "month":
        return _span("exact", periods.month(today.year, today.month - n), weight=2)
    if unit == "quarter":
        return _span("exact", periods.shift(_last_whole(today, 3), -3 * (n - 1)), weight=2)
    return _span("short", weight=1.5)


def _last_unit(m: re.Match[str], today: date) -> Span:
    back = 2 if m["twice"] else 1
    if m["unit"] == "month":
        return _span("exact", periods.month(today.year, today.month - back), weight=2)
    return _span("exact", periods.shift(_last_whole(today, 3), -3 * (back - 1)), weight=2)


def _just(kind: SpanKind, weight: float = 1.0, n: int = 0) -> Maker:
    return lambda m, today: _span(kind, n=n, weight=weight)


def _this_year(m: re.Match[str], today: date) -> Span:
    return _span("since", Period(date(today.year, 1, 1), date(today.year, 1, 1)), assumed="calendar_year", weight=2)


def _calendar_year(m: re.Match[str], today: date) -> Span:
    return _span("exact", periods.months(int(m[1]), 1, 12), assumed="calendar_year", weight=1.8)


def _rows() -> Iterator[tuple[str, Maker]]:
    q = r"(?P<q>[1-4])"
    word = r"(?P<w>first|second|third|fourth)"
    nth = rf"(?:q ?{q}|quarter {q.replace('<q>', '<q2>')}|(?:{q.replace('<q>', '<q3>')}(?:st|nd|rd|th)|{word}) quarter)"
    del nth
    quarter = rf"(?:\b(?:q|quarter|qtr) ?{q}|\b{word} quarter)"
    both = r"(?P<a>20[0-3]\d|[12]\d) ?[/-] ?(?P<b>20[0-3]\d|[1-3]\d)(?!\d)"
    season = r"(?P<s>winter|spring|summer|autumn|fall)"
    yield rf"\b{_MONTH}\.?,? ?(?:{_YEAR})?{_TO}{_MONTH}\b\.?,?(?: ?{_YEAR})?", _range
    yield rf"\bbetween {_MONTH} ?(?:{_YEAR})? and {_MONTH}\b(?: ?{_YEAR})?", _range
    yield rf"{quarter},? ?(?:of |in |for )?(?:fy ?|financial year )?{both}", _quarter_of_year
    yield rf"(?:fy ?)?\b{both},? {quarter.replace(chr(92) + 'b', '')}", _quarter_of_year
    yield rf"{quarter}\b,? ?(?:of |in |for )?(?:fy ?|financial year )?(?:'?(?P<y>20[0-3]\d|[12]\d(?! ?hour)))?(?!\d)", _quarter_named
    yield (
        r"\b(?:h(?=[12])|(?=first half|second half))(?P<h>[12]|first|second)(?: half)?(?: of)?(?: the)?(?: year| financial year)?"
        r",? ?(?:fy ?)?(?P<a>20[0-3]\d|[12]\d(?= ?/))?(?: ?[/-] ?(?P<b>20[0-3]\d|[1-3]\d))?(?!\d)",
        _half,
    )
    yield rf"\b(?P<which>last|this|previous|the)? ?{season}(?: of)?,? '?(?P<y>20[0-3]\d|[12]\d)(?: ?[/-] ?(?:20)?\d\d| to (?:20)?\d\d)?(?!\d)(?P<before>)", _season
    yield rf"\b(?P<which>last|this|previous|the|over|during|in)? ?\b{season}\b(?P<before> before(?: last)?)?(?P<y>)(?! (?:school|ward|pressure))", _season
    yield r"\bsame (?:time|month|quarter|period|point)s? (?:last|the previous|previous|a|in the previous|of last|the) year(?: before| earlier)?\b", _just("year_ago", 2.2, 1)
    yield r"\bthis (?:time|month|quarter|period|point) (?:last|the previous|a) year(?: ago)?\b", _just("year_ago", 2.2, 1)
    yield r"\b(?:a|an|1|\d+) (?:years?) (?:before|earlier)\b", _just("year_ago", 2, 1)
    yield r"\b(a|an|1|\d+) (month|quarter|year|week|day)s? ago\b", _ago
    yield rf"\b(?P<since>since|after|from)?(?: the)? ?\b(?P<d>\d\d?)(?:st|nd|rd|th)?(?: of)? (?P<m>{_MONTH[1:-1]})\b,?(?: (?P<y>20[0-3]\d))?(?! \d)", _day
    yield rf"\b(?:since|from|after|starting|ever since)(?: the)? ?(?P<edge>start|beginning|end)?(?: of)? ?(?:last )?(?P<m>{_MONTH[1:-1]})\b(?: ?'?(?P<y>20[0-3]\d|[12]\d(?! ?hour)))?(?: (?:to|until|till) (?:now|date|today|present))?(?! ?{_TO})", _since_month
    yield r"\b(?:since|from)(?: the)?(?: start of| beginning of)? (?P<a>20[0-3]\d)(?: ?/ ?(?P<b>\d\d|20\d\d))?(?: (?:onwards?|to (?:now|date)))?(?!\d)", _since_year
    yield rf"\b{_FY}", _financial_year
    yield r"\b(?:fy ?|financial year |fiscal year )(20[0-3]\d|[12]\d)(?!\d)", lambda m, today: _span("exact", periods.financial_year(_year(m[1])), weight=3)
    yield r"\b(last|previous|this|current) (?:financial|fiscal) year\b", _which_financial
    yield rf"\b(?:month of )?{_MONTH}\.?,?[ -]?{_YEAR}", _month_year
    yield r"\b(0?[1-9]|1[0-2])/(20[0-3]\d)\b", _month_number
    yield r"\b(?:last|past|previous|latest|preceding|recent|most recent) (?P<n>\d\d?|few|couple of|several)(?: full| whole| calendar)? (?P<unit>month|quarter|year|week|day|fortnight)s?\b", _rolling
    yield r"\b(?:over|in|during|for|across|throughout) the (?P<n>)(?:last|past) (?P<unit>year)\b|\bpast (?P<n2>)(?:12 month|year)\b", lambda m, today: _span("rolling", n=12, weight=2)
    yield r"\b(?:last|previous|prior|past) (?P<unit>month|quarter)\b(?P<twice>(?!))?", _last_unit
    yield r"\bthe (?P<unit>month|quarter) before (?P<twice>last)\b", _last_unit
    yield r"\b(?:ytd|year to date|so far this year|this year(?: so far)?)\b", _this_year
    yield r"\b(?:month|quarter|year|period|time|one|result|figure)s? before(?: that| this)?\b(?! \w)", _before
    yield r"\b(?:the )?(?:previous|preceding|prior) (?:one|period|results?|figures?|time|data)\b|\blast time\b|\bbefore that\b|\btime before\b", _just("previous", 1.6)
    yield r"\blast year\b|\bprevious year\b", _just("last_year", 1.7)
    yield r"\b(?:yesterday|last night|last week|this week|past week|last weekend|the weekend)\b", _just("short", 1.2)
    yield r"\b(?:next|coming|upcoming|following) (?:month|quarter|year|winter|spring|summer|autumn|week|time)\b|\btomorrow\b|\bin the future\b", _just("future", 1.9)
    yield r"\b(?:in|during|for|of|over|throughout|calendar year|whole of|all of|back in) (20[0-3]\d)\b(?![/-]\d)", _calendar_year
    yield rf"\b{_PLACES_IN_TIME} (?P<m>may)\b(?! (?:i|we|you|be|have|it|he|she|they|not|help)\b)", _bare_month
    yield rf"(?<!\d )\b(?P<m>{_MONTH[1:-1].replace('|may|', '|')})\b(?! (?:asked|said|says|wants|told|here)\b)", _bare_month
    yield r"\b(20[12]\d)\b", _calendar_year
    yield r"\b(?:latest|most recent|newest|last|current)(?: (?:month|quarter|period|figures?|results?|data|numbers?|available))?\b|\b(?:currently|now|today|at the moment|these days|this (?:month|quarter|time)|right now|lately|recently)\b", _just("latest", 0.5)


def _before(m: re.Match[str], today: date) -> Span:
    if m[0].startswith("year"):
        return _span("year_ago", n=1, weight=2)
    return _span("previous", weight=2)


_TABLE: tuple[tuple[re.Pattern[str], Maker], ...] = tuple(
    (re.compile(pattern), make) for pattern, make in _rows()
)
