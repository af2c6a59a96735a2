"""Which days does a span of a question mean, given what is loaded? Nothing is guessed."""

from datetime import date

from auditbot import period as periods
from auditbot.ask.dates import Span, financial, last_whole
from auditbot.model import Period


def main_span(spans: tuple[Span, ...]) -> Span | None:
    """The span a question is about: the most exact, and of equals the last said."""
    own = [s for s in spans if not (s.compared and s.kind in ("year_ago", "previous", "last_year"))]
    own = [s for s in own if not (s.compared and s.kind == "exact")] or own
    best = max((s.weight for s in own), default=0.0)
    return next((s for s in reversed(own) if s.weight == best), None)


def resolve(span: Span, today: date, months: int, newest: Period | None) -> Period | None:
    """The days of a span for figures that come every `months`; None: it names no days by itself."""
    reference = newest or last_whole(today, months)
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
    return periods.months(today.year - 1, 1, 12), periods.financial_year(financial(today) - 1)
