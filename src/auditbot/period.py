"""Which days does a month, a quarter or a financial year cover? Parsing and parts; no words.

Words for periods are in messages/: this module hands over parts (kind, year, month), never text.
"""

import calendar
import itertools
import re
from datetime import date, timedelta
from typing import Literal, NamedTuple

from auditbot.model import Period

Shape = Literal["day", "month", "quarter", "half", "year", "financial_year", "span"]

MONTHS = {
    name.lower(): i
    for i in range(1, 13)
    for name in (calendar.month_name[i], calendar.month_abbr[i])
} | {"sept": 9}


class Parts(NamedTuple):
    """A period taken apart for messages/: months are 1-12; end parts equal start parts for one month."""

    shape: Shape
    start: date
    end: date


def month(year: int, number: int) -> Period:
    """The calendar month; numbers outside 1-12 run into the neighbouring years."""
    year, number = year + (number - 1) // 12, (number - 1) % 12 + 1
    return Period(date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1]))


def months(year: int, first: int, count: int) -> Period:
    """`count` whole months from month `first` of `year`."""
    return Period(month(year, first).start, month(year, first + count - 1).end)


def quarter(year: int, first: int) -> Period:
    """The three months from month `first`."""
    return months(year, first, 3)


def financial_year(start_year: int) -> Period:
    """April to March; named by the year in which it starts."""
    return months(start_year, 4, 12)


def length_in_months(period: Period) -> int | None:
    """How many whole calendar months it covers; None if it does not cover whole months."""
    s, e = period.start, period.end
    if s.day != 1 or (e + timedelta(days=1)).day != 1:
        return None
    return 12 * (e.year - s.year) + e.month - s.month + 1


def shape(period: Period) -> Shape:
    """What kind of period this is."""
    n = length_in_months(period)
    if period.start == period.end:
        return "day"
    if n == 1:
        return "month"
    if n == 3:
        return "quarter"
    if n == 6:
        return "half"
    if n == 12:
        return "financial_year" if period.start.month == 4 else "year"
    return "span"


def parts(period: Period) -> Parts:
    """The period taken apart, for words."""
    return Parts(shape(period), period.start, period.end)


def shift(period: Period, by_months: int) -> Period:
    """The period moved by whole months; periods of whole months stay so."""
    n = length_in_months(period)
    if n is not None:
        start = month(period.start.year, period.start.month + by_months).start
        return months(start.year, start.month, n)
    return Period(_moved(period.start, by_months), _moved(period.end, by_months))


def year_before(period: Period) -> Period:
    """The same days a year earlier."""
    return shift(period, -12)


def previous(period: Period) -> Period:
    """The period of the same length that ends the day before this one starts."""
    n = length_in_months(period)
    if n is not None:
        return shift(period, -n)
    days = period.end - period.start
    end = period.start - timedelta(days=1)
    return Period(end - days, end)


def following(period: Period) -> Period:
    """The period of the same length that starts the day after this one ends."""
    n = length_in_months(period)
    if n is not None:
        return shift(period, n)
    start = period.end + timedelta(days=1)
    return Period(start, start + (period.end - period.start))


def missing_between(periods: list[Period]) -> list[Period]:
    """Periods of the common length that lie between the first and last and are not in the list."""
    if len(periods) < 2:
        return []
    present = set(periods)
    gaps: list[Period] = []
    for a, b in itertools.pairwise(periods):
        step = following(a)
        while step.end < b.start and len(gaps) < 600:
            if step not in present:
                gaps.append(step)
            step = following(step)
    return gaps


_MONTH_YEAR = re.compile(r"([A-Za-z]{3,9})[\s\-_]*'?(\d{4}|\d{2})(?!\d)")
_MONTHS_YEAR = re.compile(
    r"([A-Za-z]{3,9})[\s\-_]*(?:to|-|–)?[\s\-_]*([A-Za-z]{3,9})[\s\-_]*(\d{4})(?!\d)"
)


def parse_months(text: str) -> Period | None:
    """Find "JulSep2024", "July-September 2024", "March 2025" or "MSitAE-OCTOBER-2025" in a label.

    Used for labels in files, not for what people type. None when nothing fits or it is in doubt.
    """
    for m in _MONTHS_YEAR.finditer(_split_run_together(text)):
        first, last = MONTHS.get(m[1].lower()), MONTHS.get(m[2].lower())
        if first and last:
            count = (last - first) % 12 + 1
            year = int(m[3]) - (1 if last < first else 0)
            return months(year, first, count)
    found = {
        month(_full_year(m[2]), MONTHS[m[1].lower()])
        for m in _MONTH_YEAR.finditer(text)
        if m[1].lower() in MONTHS
    }
    return found.pop() if len(found) == 1 else None


def _split_run_together(text: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)


def _full_year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _moved(day: date, by_months: int) -> date:
    there = month(day.year, day.month + by_months)
    return there.start.replace(day=min(day.day, there.end.day))
