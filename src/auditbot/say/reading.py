"""Which figures does a picture tell, and how are they written?

Picture, alt text and explanation take their figures from here, so that they cannot differ. Each
reading is facts for a template; its `shape` says which.
"""

from collections.abc import Sequence
from itertools import dropwhile
from typing import Any

from auditbot import period as periods
from auditbot.catalogue import Metric
from auditbot.model import Curve, Finding, Period, Point, Result
from auditbot.say import numbers
from auditbot.say.classify import as_long
from auditbot.say.compared import rates_of
from auditbot.say.markup import Marked
from auditbot.say.words import Words, thousands

MOST_SHOWN = 48  # periods; older ones stay in the figures behind the limits
MOST_LETTERS = 16
MOST_NAMED = 3  # gaps by name
FEWEST_OTHERS = 8  # among fewer a service is not placed
ALIKE = 0.05  # per cent: nearer lines need no decimals to be told apart
LEVELS = "EDCBA"  # drawn at heights 1 to 5

Slot = tuple[Period, Point | None]


def of_finding(finding: Finding, metric: Metric, words: Words) -> dict[str, Any] | None:
    """The figures of the chart that `picture` makes, in words; None where it makes none."""
    if metric.kind == "level":
        letters = heights(finding)
        known = [h for _, h in letters if h is not None]
        return of_letters(letters, words) if len(known) > 1 else None
    shown = slots(finding)
    return of_points(finding, metric, words, shown) if enough(shown) else None


def of_funnel(
    service_name: str,
    metric: Metric,
    words: Words,
    *,
    own: Result,
    others: Sequence[Result],
    curve: Curve,
    peers: str,
    beside: Sequence[float] = (),
) -> dict[str, Any] | None:
    """The figures of a funnel in words; None for fewer than eight others with cases.

    `curve` holds the own number of cases, `peers` is what the others are called ("teams"), `beside`
    are figures that the headline sets the own one beside, so that both round it alike.
    """
    mine, around = counted([own]), counted(others)
    if metric.kind != "proportion" or not mine or len(around) < FEWEST_OTHERS:
        return None
    [(rate, cases)] = mine
    at = curve.cases.index(cases)
    standard = goal(metric, own)
    low, high = curve.lower998[at], curve.upper998[at]
    total = cases + sum(n for _, n in around)
    shown = numbers.figure(own, metric, standard=standard, beside=beside)
    return {
        "shape": "funnel",
        "service": service_name,
        "peers": peers,
        "counted": metric.counted,
        "n": len(around),
        "cases": thousands(cases),
        "last": numbers.short(shown, words),
        "last_period": own.period,
        "mean": _number(curve.target, metric, words, standard=standard, beside=[rate], cases=total),
        "lower": _number(
            low, metric, words, standard=standard, beside=[high, curve.target], cases=numbers.MANY
        ),
        "upper": _number(
            high, metric, words, standard=standard, beside=[low, curve.target], cases=numbers.MANY
        ),
        **_goal_facts(standard, metric),
    }


def beside_of(finding: Finding) -> tuple[float, ...]:
    """The figures that a message about the finding sets its own one beside.

    They decide how many decimals its words need, and so those of the picture.
    """
    was = finding.comparable
    value = was.value if was is not None and was.state == "ok" else None
    return rates_of(finding) or (() if value is None else (value,))


def of_points(
    finding: Finding, metric: Metric, words: Words, shown: Sequence[Slot]
) -> dict[str, Any]:
    """The figures of a control chart in words."""
    values = [p.value if p else None for _, p in shown]
    known = [v for v in values if v is not None]
    end = shown[-1][1]
    standard = finding.standing.standard.value if finding.standing else None
    floor = min(0.0, *known)

    def number(value: float | None, beside: Sequence[float | None], cases: float = 0) -> Marked:
        if value is None:
            return Marked()
        value = max(value, floor)  # no figure lies below nothing, whatever a limit does
        others = [b for b in beside if b is not None]
        return _number(value, metric, words, standard=standard, beside=others, cases=cases)

    mean, lower, upper = (end.mean, end.lower, end.upper) if end else (None,) * 3
    latest = numbers.figure(finding.latest, metric, standard=standard, beside=beside_of(finding))
    begins = since(finding, shown)
    return {
        "shape": "control",
        "n": len(known),
        "first_period": shown[0][0],
        "last": numbers.short(latest, words) if values[-1] is not None else Marked(),
        "last_period": shown[-1][0],
        "label": end.special_cause if end else "common_cause",
        "mean": number(mean, [] if latest.form == "few" else [values[-1]]),
        "lower": number(lower, [mean, upper], numbers.MANY),
        "upper": number(upper, [mean, lower], numbers.MANY),
        "since": words.month(shown[begins][0]) if begins is not None else Marked(),
        "gaps": _gaps([p for (p, _), v in zip(shown, values, strict=True) if v is None], words),
        **_goal_facts(standard, metric),
    }


def of_letters(heights: Sequence[tuple[Period, float | None]], words: Words) -> dict[str, Any]:
    """The letters of a step chart in words."""
    known = [h for _, h in heights if h is not None]

    def letter(height: float | None) -> str:
        return LEVELS[int(height) - 1] if height else ""

    return {
        "shape": "steps",
        "n": len(known),
        "first": letter(known[0]),
        "first_period": heights[0][0],
        "last": letter(heights[-1][1]),
        "last_period": heights[-1][0],
        "highest": letter(max(known)),
        "lowest": letter(min(known)),
        "gaps": _gaps([p for p, h in heights if h is None], words),
    }


def _number(
    value: float,
    metric: Metric,
    words: Words,
    *,
    standard: float | None,
    beside: Sequence[float],
    cases: float = 0,
) -> Marked:
    """A line of the picture in digits, inside what its measure can be."""
    lower = metric.direction == "lower"
    if metric.kind == "proportion":
        value = min(max(value, 0.0), 100.0)
        proven = value in (0, 100)
        beside = [b for b in beside if abs(b - value) >= ALIKE]
        shown = numbers.percent(
            value, cases=cases, proven=proven, lower=lower, standard=standard, beside=beside
        )
        return numbers.short(shown, words)
    if metric.kind == "count" and numbers.whole(value) not in beside:  # nobody counts halves
        value = numbers.whole(value)
    return Marked(
        numbers.plain_number(value, metric.kind, lower=lower, standard=standard, beside=beside)
    )


def _gaps(missing: Sequence[Period], words: Words) -> list[str]:
    """The periods without a figure: up to three by name, then how many more."""
    named: list[str] = [words.period(p) for p in missing[:MOST_NAMED]]
    more = len(missing) - MOST_NAMED
    return [*named, words.say("chart.more", n=more)] if more > 0 else named


def _goal_facts(standard: float | None, metric: Metric) -> dict[str, Any]:
    return {
        "standard": numbers.goal(standard) if standard is not None else Marked(),
        "at_most": metric.direction == "lower",
    }


def goal(metric: Metric, result: Result) -> float | None:
    """The national standard that a result is set beside."""
    standard = metric.standard_on(result.period.end)
    return standard.value if standard and metric.direction != "neutral" else None


def counted(results: Sequence[Result]) -> list[tuple[float, float]]:
    """Per cent and cases of those that have both."""
    return [
        (r.value, float(r.denominator))
        for r in results
        if r.state == "ok" and r.value is not None and r.denominator
    ]


def slots(finding: Finding) -> list[Slot]:
    """Every period from the first figure to the newest with its point; None: no result is loaded."""
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
            for r in _comparable(finding)
        }
    slots = [(p, by_period.get(p)) for p in _periods(list(by_period))][-MOST_SHOWN:]
    return list(dropwhile(lambda slot: slot[1] is None or slot[1].value is None, slots))


def enough(shown: Sequence[Slot]) -> bool:
    """Are there two figures to draw?"""
    return sum(p is not None and p.value is not None for _, p in shown) > 1


def heights(finding: Finding) -> list[tuple[Period, float | None]]:
    """Every period with the height of its letter, beginning with one that has a letter."""
    results = _comparable(finding)
    levels = {r.period: r.level for r in results if r.state == "ok" and r.level}
    slots = [(p, _height(levels.get(p))) for p in _periods([r.period for r in results])]
    return list(dropwhile(lambda slot: slot[1] is None, slots[-MOST_LETTERS:]))


def _comparable(finding: Finding) -> list[Result]:
    """The results that belong in one picture with the latest: nothing from before a break."""
    return [r for r in as_long(finding) if finding.since is None or r.period.start >= finding.since]


def _height(level: str | None) -> float | None:
    return float(LEVELS.index(level) + 1) if level and level in LEVELS else None


def _periods(known: list[Period]) -> list[Period]:
    return sorted({*known, *periods.missing_between(sorted(known))})


def since(finding: Finding, shown: Sequence[Slot]) -> int | None:
    """Where in the picture a confirmed change begins; None where none does."""
    change = finding.change
    if finding.verdict.strength != "confirmed" or change is None or not change.after:
        return None
    at = next((i for i, (p, _) in enumerate(shown) if p == change.after[0]), 0)
    return at or None
