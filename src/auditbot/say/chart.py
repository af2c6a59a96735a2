"""What does the picture of a finding show? A control chart, or a step chart of letters.

`control_chart` and `step_chart` hold the picture as data with its words; `png` (say/drawing) draws
it.
"""

from collections.abc import Mapping, Sequence
from itertools import dropwhile
from typing import Any

from auditbot import period as periods
from auditbot.catalogue import Metric
from auditbot.model import Chart, Finding, Period, Point
from auditbot.say import numbers
from auditbot.say.classify import as_long
from auditbot.say.drawing import LEGEND
from auditbot.say.drawing import png as png
from auditbot.say.markup import plain
from auditbot.say.words import Words

MOST_SHOWN = 48  # periods; older ones stay in the figures behind the limits
MOST_LETTERS = 16
LEVELS = "EDCBA"  # drawn at heights 1 to 5


def picture(
    finding: Finding,
    metric: Metric,
    words: Words,
    *,
    headline: str,
    credit: str = "",
    fictional: bool = False,
) -> Chart | None:
    """The chart that fits the metric; None when fewer than two results are figures.

    `headline` is the plain sentence that the message states: the alt text begins with it.
    """
    make = step_chart if metric.kind == "level" else control_chart
    return make(finding, metric, words, headline=headline, credit=credit, fictional=fictional)


def control_chart(
    finding: Finding,
    metric: Metric,
    words: Words,
    *,
    headline: str,
    credit: str = "",
    fictional: bool = False,
) -> Chart | None:
    """Dots, average, usual range and standard. Periods without a figure are gaps in the line."""
    shown = _slots(finding)
    values = [p.value if p else None for _, p in shown]
    if sum(v is not None for v in values) < 2:
        return None
    kinds = tuple(p.point_type if p else "common_cause" for _, p in shown)
    standard = finding.standing.standard.value if finding.standing else None
    percent = metric.kind == "proportion"
    last = numbers.short(numbers.figure(finding.latest, metric, standard=standard), words)
    drawn = {LEGEND.get(k, "usual") for k, v in zip(kinds, values, strict=True) if v is not None}
    own = {name: words.get(f"chart.{name}") for name in sorted(drawn)}
    own |= {"mean": words.get("chart.mean"), "limits": words.get("chart.limits")}
    if not any(p and p.mean is not None for _, p in shown):
        own["usual"] = words.get("chart.early")  # nothing is usual yet
    own["axis"] = plain(
        words.say("chart.axis_percent", counted=metric.counted)
        if percent
        else words.say(f"chart.axis_{metric.kind}", counted=metric.counted)
    )
    own["last"] = plain(last) if values[-1] is not None else ""
    if standard is not None:
        at_most = metric.direction == "lower"
        goal = numbers.goal(standard)
        own["standard"] = plain(
            words.say("chart.standard_lower" if at_most else "chart.standard", n=goal)
        )
    return Chart(
        title=_title(finding, metric, words),
        alt_text=_alt(finding, metric, words, headline, values, shown, standard),
        unit="percent" if percent else "number",
        labels=tuple(words.short_period(p) for p, _ in shown),
        values=tuple(values),
        kinds=kinds,
        means=tuple(p.mean if p else None for _, p in shown),
        lowers=tuple(p.lower if p else None for _, p in shown),
        uppers=tuple(p.upper if p else None for _, p in shown),
        standard=standard,
        caption=_caption(words, credit, fictional=fictional),
        words=own,
    )


def step_chart(
    finding: Finding,
    metric: Metric,
    words: Words,
    *,
    headline: str,
    credit: str = "",
    fictional: bool = False,
) -> Chart | None:
    """Letters as steps, A on top. Values are 1 (E) to 5 (A)."""
    results = as_long(finding)
    levels = {r.period: r.level for r in results if r.state == "ok" and r.level}
    slots = _periods([r.period for r in results])[-MOST_LETTERS:]
    slots = list(dropwhile(lambda p: p not in levels, slots))  # it starts with a letter
    heights = [_height(levels.get(p)) for p in slots]
    if sum(h is not None for h in heights) < 2:
        return None
    empty = (None,) * len(slots)
    shown: list[tuple[Period, Point | None]] = [(p, None) for p in slots]
    return Chart(
        title=_title(finding, metric, words),
        alt_text=_alt(finding, metric, words, headline, heights, shown, None),
        unit="number",
        labels=tuple(words.short_period(p) for p in slots),
        values=tuple(heights),
        kinds=("common_cause",) * len(slots),
        means=empty,
        lowers=empty,
        uppers=empty,
        caption=_caption(words, credit, fictional=fictional),
        words={f"level:{i}": letter for i, letter in enumerate(LEVELS, 1)},
    )


def _slots(finding: Finding) -> list[tuple[Period, Point | None]]:
    """Every period from first to last with its point; None where no result is loaded."""
    by_period = {p.period: p for p in finding.points}
    if not by_period:
        by_period = {
            r.period: Point(
                r.period,
                r.value if r.state == "ok" else None,
                None,
                None,
                None,
                "common_cause",
                "common_cause",
            )
            for r in as_long(finding)
        }
    slots = [(p, by_period.get(p)) for p in _periods(list(by_period))][-MOST_SHOWN:]
    return list(dropwhile(lambda slot: slot[1] is None, slots))


def _periods(known: list[Period]) -> list[Period]:
    return sorted({*known, *periods.missing_between(sorted(known))})


def _alt(
    finding: Finding,
    metric: Metric,
    words: Words,
    headline: str,
    values: Sequence[float | None],
    shown: Sequence[tuple[Period, Point | None]],
    standard: float | None,
) -> str:
    point = shown[-1][1]
    level = metric.kind == "level"

    def number(value: float | None) -> str:
        if value is None:
            return ""
        if metric.kind == "proportion":
            value = min(max(value, 0.0), 100.0)
            return str(numbers.short(numbers.percent(value, proven=True), words))
        if metric.kind == "count":  # nobody counts halves, or fewer than none
            value = numbers.whole(max(value, 0.0))
        return numbers.plain_number(value, metric.kind)

    facts: Mapping[str, Any] = {
        "said": headline,
        "level": level,
        "n": sum(v is not None for v in values),
        "first": words.period(shown[0][0]),
        "last": words.period(shown[-1][0]),
        "mean": number(point.mean if point else None),
        "lower": number(point.lower if point else None),
        "upper": number(point.upper if point else None),
        "standard": numbers.goal(standard) if standard is not None else "",
    }
    return plain(words.render("chart", "alt", facts))


def _title(finding: Finding, metric: Metric, words: Words) -> str:
    facts = {"metric": metric.plain, "service": finding.service.name}
    return plain(words.render("chart", "title", facts))


def _caption(words: Words, credit: str, *, fictional: bool) -> str:
    facts = {"credit": credit, "fictional": fictional}
    return plain(words.render("chart", "caption", facts))


def _height(level: str | None) -> float | None:
    return float(LEVELS.index(level) + 1) if level and level in LEVELS else None
