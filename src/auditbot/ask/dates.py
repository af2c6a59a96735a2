"""What does each way of naming a time say? One maker a way: what a pattern matched becomes a Span."""

import re
from collections.abc import Callable
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


MONTH = (
    r"(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)


YEAR = r"(?:of )?(?:fy ?)?'?(20[0-3]\d|[1-3]\d(?! ?(?:hour|month|day|week|quarter|year|%|percent|st\b|nd\b|rd\b|th\b|in \d|[/:.]\d)))(?!\d)"


_ORDINALS = {"1": 1, "2": 2, "3": 3, "4": 4, "first": 1, "second": 2, "third": 3, "fourth": 4}


_NTH = r"([1-4])(?:st|nd|rd|th)?|(first|second|third|fourth)"


_SEASONS = {"winter": (12, 3), "spring": (3, 3), "summer": (6, 3), "autumn": (9, 3)}


def span_of(kind: SpanKind, period: Period | None = None, **more: object) -> Span:
    """A span that has no place in the text yet."""
    return Span(kind, 0, 0, period, **more)  # type: ignore[arg-type]


def year(digits: str) -> int:
    """Such as "25" and "2025" alike."""
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _month(name: str) -> int:
    return periods.MONTHS[name[:3]]


def financial(today: date) -> int:
    """The financial year a day is in, by where it starts."""
    return today.year if today.month >= 4 else today.year - 1


def _newest(today: date, first: int, count: int) -> Period:
    """The newest such stretch that is over."""
    p = periods.months(today.year, first, count)
    while p.end >= today:
        p = periods.shift(p, -12)
    return p


def last_whole(today: date, months: int) -> Period:
    """The newest month or quarter that is over."""
    back = 3 + (today.month - 1) % 3 if months == 3 else 1
    return periods.months(today.year, today.month - back, months if months in (1, 3) else 1)


def _two_years(first: str, second: str) -> int | None:
    """The start of a financial year written with both its years; None when it is none."""
    a, b = year(first), year(second)
    return a if b == a + 1 else None


def range_of(m: re.Match[str], today: date) -> Span | None:
    """Such as "January to March 2022", with a year at one end, at both or at none."""
    first, y1, last, y2 = _month(m[1]), m[2], _month(m[3]), m[4]
    count = (last - first) % 12 + 1
    if y1 and y2:
        span = (12 * year(y2) + last) - (12 * year(y1) + first) + 1
        return (
            span_of("exact", periods.months(year(y1), first, span), weight=3) if span > 0 else None
        )
    if y2:
        return span_of("exact", periods.months(year(y2) - (last < first), first, count), weight=3)
    if y1:
        return span_of("exact", periods.months(year(y1), first, count), weight=3)
    return span_of("exact", _newest(today, first, count), assumed="year", weight=2)


def quarter_of_year(m: re.Match[str], today: date) -> Span | None:
    """Such as "Q2 2025/26": quarters count from April."""
    start = _two_years(m["a"], m["b"])
    q = _ORDINALS[m["q"] or m["w"]]
    return None if start is None else span_of("exact", periods.quarter(start, 1 + 3 * q), weight=3)


def quarter_named(m: re.Match[str], today: date) -> Span:
    """Such as "Q2 2025", "the second quarter": read as of the financial year, and said so."""
    q = _ORDINALS[m["q"] or m["w"]]
    if m["y"]:
        p = periods.quarter(year(m["y"]), 1 + 3 * q)
        return span_of("exact", p, assumed="financial_quarter", weight=3)
    return span_of("exact", _newest(today, 1 + 3 * q, 3), assumed="financial_quarter", weight=2)


def half(m: re.Match[str], today: date) -> Span | None:
    """Such as "H1 2024/25", "first half of 2024"."""
    first = 4 if m["h"] in ("1", "first") else 10
    if m["a"] and m["b"]:
        start = _two_years(m["a"], m["b"])
        return (
            None if start is None else span_of("exact", periods.months(start, first, 6), weight=3)
        )
    if m["a"]:
        return span_of(
            "exact", periods.months(year(m["a"]), first, 6), assumed="financial_quarter", weight=3
        )
    return span_of("exact", _newest(today, first, 6), assumed="financial_quarter", weight=2)


def season(m: re.Match[str], today: date) -> Span:
    """Such as "last winter", "since spring 2023", "winter 2024/25": December to February, by the year it starts in."""
    name = "autumn" if m["s"] == "fall" else m["s"]
    first, count = _SEASONS[name]
    kind: SpanKind = "since" if m["since"] else "exact"
    if m["y"]:
        p = periods.months(year(m["y"]), first, count)
        return span_of(kind, p, assumed="season", weight=3)
    p = _newest(today, first, count)
    if m["which"] == "this" and periods.shift(p, 12).start <= today:
        p = periods.shift(p, 12)
    if m["before"]:
        p = periods.shift(p, -12)
    return span_of(kind, p, assumed="season", weight=2)


def christmas(m: re.Match[str], today: date) -> Span:
    """Such as "over Christmas", "since xmas": December, by the newest that is over."""
    p = periods.month(year(m["y"]), 12) if m["y"] else _newest(today, 12, 1)
    if m["since"]:
        return span_of("since", p, assumed="" if m["y"] else "year", weight=2.5)
    return span_of("exact", p, assumed="" if m["y"] else "year", weight=2)


def financial_year(m: re.Match[str], today: date) -> Span | None:
    """Such as "2024/25", "2024 to 2025"; "2025-11" is a month."""
    a, b = m[1], m[2]
    start = _two_years(a, b)
    if start is not None:
        return span_of("exact", periods.financial_year(start), weight=3)
    if len(a) == 4 and len(b) == 2 and 1 <= int(b) <= 12 and "-" in m[0]:
        return span_of("exact", periods.month(int(a), int(b)), weight=3)
    return None


def which_financial(m: re.Match[str], today: date) -> Span:
    """Such as "last financial year", "this financial year"."""
    start = financial(today) - (m[1] in ("last", "previous"))
    if m[1] in ("last", "previous"):
        return span_of("exact", periods.financial_year(start), weight=2)
    return span_of("since", Period(date(start, 4, 1), date(start, 4, 1)), weight=2)


def day(m: re.Match[str], today: date) -> Span | None:
    """Such as "since 1 April 2023"; a day alone is finer than any audit tells."""
    said = year(m["y"]) if m["y"] else None
    number = _month(m["m"])
    p = periods.month(said, number) if said else _newest(today, number, 1)
    if not 1 <= int(m["d"]) <= p.end.day:
        return None
    day = p.start.replace(day=int(m["d"]))
    if m["since"]:
        return span_of("since", Period(day, day), weight=2.5, assumed="" if said else "year")
    return span_of("short", Period(day, day), weight=1.5)


def since_month(m: re.Match[str], today: date) -> Span:
    """Such as "since last March", "from April 2025 to now"."""
    p = periods.month(year(m["y"]), _month(m["m"])) if m["y"] else _newest(today, _month(m["m"]), 1)
    if m["edge"] == "end":
        p = periods.following(p)
    if not m["y"] and p.end >= last_whole(today, 1).start:
        p = periods.shift(p, -12)  # "since last March", asked in April, is of the year before
    return span_of("since", p, assumed="" if m["y"] else "year", weight=2.5)


def since_year(m: re.Match[str], today: date) -> Span | None:
    """Such as "since 2024", "since 2024/25"."""
    if m["b"]:
        start = _two_years(m["a"], m["b"])
        return (
            None if start is None else span_of("since", periods.financial_year(start), weight=2.5)
        )
    return span_of("since", periods.months(year(m["a"]), 1, 12), weight=2.5)


def month_year(m: re.Match[str], today: date) -> Span:
    """Such as "oct 24", "October 2024"."""
    return span_of("exact", periods.month(year(m[2]), _month(m[1])), weight=3)


def month_of_year(m: re.Match[str], today: date) -> Span:
    """Such as "march last year"."""
    said = today.year - (m["which"] != "this")
    return span_of("exact", periods.month(said, _month(m["m"])), weight=3)


def kind_of_year(m: re.Match[str], today: date) -> Span:
    """The financial or the calendar year, as an answer to which year was meant: the last that is over."""
    if m["which"] == "calendar":
        return span_of("exact", periods.months(today.year - 1, 1, 12), weight=2)
    return span_of("exact", periods.financial_year(financial(today) - 1), weight=2)


def month_number(m: re.Match[str], today: date) -> Span:
    """Such as "03/2026"."""
    return span_of("exact", periods.month(int(m[2]), int(m[1])), weight=3)


def bare_month(m: re.Match[str], today: date) -> Span:
    """Such as "in November": the newest that is over."""
    return span_of("exact", _newest(today, _month(m["m"]), 1), assumed="year", weight=2)


def rolling(m: re.Match[str], today: date) -> Span:
    """Such as "the last 6 months", up to the newest figure."""
    n = {"few": 3, "couple of": 2, "several": 6}.get(m["n"] or "", 0) or int(m["n"] or 1)
    unit = m["unit"]
    if unit in ("week", "day", "fortnight"):
        return span_of("short", weight=1.5)
    return span_of("rolling", n=n * {"month": 1, "quarter": 3, "year": 12}[unit], weight=2)


def rolling_of(m: re.Match[str], today: date) -> Span:
    """Such as "rolling 12 months", "12 month average"."""
    months = {"month": 1, "quarter": 3, "year": 12}[m["unit"] or m["unit2"]]
    return span_of("rolling", n=int(m["n"] or m["n2"]) * months, weight=2)


def ago(m: re.Match[str], today: date) -> Span:
    """Such as "3 months ago", "a year ago"."""
    n, unit = int(m[1]) if m[1].isdigit() else 1, m[2]
    if unit == "year" or (unit == "month" and n % 12 == 0):
        return span_of("year_ago", n=n if unit == "year" else n // 12, weight=2)
    if unit == "month":
        return span_of("exact", periods.month(today.year, today.month - n), weight=2)
    if unit == "quarter":
        return span_of("exact", periods.shift(last_whole(today, 3), -3 * (n - 1)), weight=2)
    return span_of("short", weight=1.5)


def last_unit(m: re.Match[str], today: date) -> Span:
    """Such as "last month", "the quarter before last"."""
    back = 2 if m["twice"] else 1
    if m["unit"] == "month":
        p = periods.month(today.year, today.month - back)
    else:
        p = periods.shift(last_whole(today, 3), -3 * (back - 1))
    # In a conversation "the previous quarter" is the one before that spoken of.
    kind: SpanKind = "previous" if m[0].startswith(("previous", "prior")) else "exact"
    return span_of(kind, p, weight=2)


def just(kind: SpanKind, weight: float = 1.0, n: int = 0) -> Maker:
    """A span that says no more than its kind."""
    return lambda m, today: span_of(kind, n=n, weight=weight)


def this_year(m: re.Match[str], today: date) -> Span:
    """Such as "this year", "year to date": from January."""
    return span_of(
        "since",
        Period(date(today.year, 1, 1), date(today.year, 1, 1)),
        assumed="calendar_year",
        weight=2,
    )


def calendar_year(m: re.Match[str], today: date) -> Span:
    """Such as "in 2024"."""
    return span_of("exact", periods.months(int(m[1]), 1, 12), assumed="calendar_year", weight=1.8)


def before(m: re.Match[str], today: date) -> Span:
    """Such as "the month before": of what was last spoken of."""
    if m[0].startswith("year"):
        return span_of("year_ago", n=1, weight=2)
    return span_of("previous", weight=2)
