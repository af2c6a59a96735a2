"""What was it month by month, or quarter by quarter? A table of a stretch of time, and its picture."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from auditbot import period as periods
from auditbot.ask import figures, told
from auditbot.ask.desk import Desk
from auditbot.ask.figures import Stretch
from auditbot.catalogue import Metric
from auditbot.model import Chart, Period, Result, Series
from auditbot.say import chart, numbers
from auditbot.say.markup import plain

TEMPLATE = "answer_card"
USUAL = {1: 12, 3: 8}  # steps shown where no time was named, by the months of a step
MOST_ROWS = 48
FEWEST_DRAWN = 4  # figures that make a picture of a stretch worth a look

Rows = tuple[tuple[str, ...], ...]


def usual(series: Series, months: int) -> Period:
    """The stretch that is shown where none was named: a year of months, two years of quarters."""
    end = series.results[-1].period.end
    length = months * USUAL.get(months, 6)
    return periods.months(end.year, end.month - length + 1, length)


def table(desk: Desk, metric: Metric, found: Stretch) -> Rows:
    """A row for each result in order of time, what is not loaded among them; the header first.

    Empty for fewer than two results. Neighbours that are not loaded share a row.
    """
    if len(found.results) < 2:
        return ()
    known: dict[Period, Result | None] = {r.period: r for r in found.results}
    known |= dict.fromkeys(told.runs(found.missing))
    rows = list(_rows(desk, metric, sorted(known.items(), key=lambda row: row[0].start)))
    rows = rows[-MOST_ROWS:]
    counted = any(row[2] for row in rows)
    head = [plain(x) for x in desk.words.lines(TEMPLATE, "step_head", {"counted": counted})]
    return (tuple(head), *(row if counted else row[:2] for row in rows))


def _rows(
    desk: Desk, metric: Metric, known: Iterable[tuple[Period, Result | None]]
) -> Iterator[tuple[str, str, str]]:
    every = list(known)
    # One more decimal in every row or in none: a column is read downwards.
    fine = all(r is None or (r.denominator or 0) >= numbers.MANY for _, r in every)
    for period, r in every:
        label = plain(desk.words.period(period))
        if r is None:
            yield label, plain(desk.say(TEMPLATE, "not_loaded_cell", {})), ""
            continue
        standard = None if metric.direction == "neutral" else metric.standard_on(period.end)
        near = [r.value - 0.1, r.value + 0.1] if fine and r.value is not None else []
        shown = numbers.figure(
            r, metric, standard=standard.value if standard else None, beside=near
        )
        if shown.form == "none":
            yield label, plain(desk.words.say(f"state.{r.state}")), ""
            continue
        in_100 = shown.form in ("in_100", "in_100_under", "in_100_over")
        counts = "" if shown.form == "few" else plain(numbers.counts(shown, desk.words))
        known_cell: dict[str, Any] = {"short": numbers.short(shown, desk.words), "in_100": in_100}
        yield label, plain(desk.say(TEMPLATE, "step_cell", known_cell)), counts


def picture(
    desk: Desk, metric: Metric, series: Series, found: Stretch, headline: str
) -> Chart | None:
    """The picture of a stretch, with the limits that judged its newest result; None for few figures."""
    if len(found.figures) < FEWEST_DRAWN:
        return None
    finding = told.finding(desk, series, found.results[-1])
    inside = tuple(p for p in finding.points if found.period.start <= p.period.start)
    shown = replace(figures.until(series, found.results[-1].period), results=found.results)
    small = told.small_facts(desk, metric, list(found.results))
    return chart.picture(
        replace(finding, points=inside, series=shown),
        metric,
        desk.words,
        headline=headline,
        credit=small["credit"],
        fictional=small["fictional"],
    )
