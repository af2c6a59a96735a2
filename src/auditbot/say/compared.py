"""What is a figure set beside, and which way may it be said to have gone?

A reader sees one comparison and one verdict, and they must not speak against each other.
"""

from typing import Any

from auditbot import period as periods
from auditbot.catalogue import Catalogue, Metric
from auditbot.model import Finding, Result
from auditbot.say import numbers
from auditbot.say.classify import step_up
from auditbot.say.markup import Marked
from auditbot.say.numbers import Figure
from auditbot.say.words import Words

BEFORE = "@previous"  # after a companion's metric id: its result in the comparable period


def against(
    shown: Figure,
    metric: Metric,
    finding: Finding,
    rates: tuple[float, ...],
    compared: Result | None,
) -> str:
    """The one comparison of the headline: a confirmed change, the standard, the next step among
    peers, or what came before. A service that is level with the leading ones is set beside itself.

    A signal is never set beside a figure that says otherwise: where the figure before is the same
    or lies on the other side, the average of the chart, against which the signal was found, takes
    its place. Where that says otherwise too (a trend that has not crossed it yet), the figure
    before stays and no direction is told.
    """
    if rates and shown.form != "none":
        return "change"
    if shown.form in ("none", "few", "level"):
        return ""
    if finding.standing is not None:
        return "standard"
    step = step_up(finding, metric)
    if step not in ("", "own"):
        return step
    mean, strength = finding.verdict.mean, finding.verdict.strength
    on_its_side = mean is not None and _agrees(metric, finding, mean)
    if step == "own" and on_its_side and strength in ("none", "signal"):
        return "average"
    if compared is None:
        return ""
    if strength == "signal" and on_its_side and not _agrees(metric, finding, compared.value):
        return "average"
    if compared.value == finding.latest.value:
        return "same"
    before_a_year = periods.year_before(finding.latest.period)
    return "last_year" if compared.period == before_a_year else "previous"


def _agrees(metric: Metric, finding: Finding, before: float | None) -> bool:
    """Does the latest figure lie on the side of `before` that the verdict's direction tells?"""
    now, direction = finding.latest.value, finding.verdict.direction
    if now is None or before is None or not direction:
        return True
    up = direction == "high"
    if direction in ("improvement", "concern"):
        up = (direction == "improvement") == (metric.direction == "higher")
    return now > before if up else now < before


def way(metric: Metric, finding: Finding, against: str) -> str:
    """The direction that may be told beside the comparison of the headline; empty for none."""
    direction = finding.verdict.direction
    if finding.verdict.strength != "signal":
        return direction
    if metric.kind == "level":
        return direction if _grade_agrees(metric, finding) else ""
    if against == "same":
        return ""
    if against in ("last_year", "previous") and finding.comparable is not None:
        return direction if _agrees(metric, finding, finding.comparable.value) else ""
    return direction


def _grade_agrees(metric: Metric, finding: Finding) -> bool:
    """Do letter and score, as told beside those before, move the way the score's signal tells?"""
    better = finding.verdict.direction == "improvement"
    score = finding.companions.get(metric.score)
    was = finding.companions.get(f"{metric.score}{BEFORE}")
    if score and was and score.value is not None and was.value is not None:
        same = score.value == was.value
        if same or (score.value > was.value) != better:
            return False
    now, before = finding.latest.level, finding.comparable.level if finding.comparable else None
    return not now or not before or now == before or (now < before) == better


def average(words: Words, metric: Metric, finding: Finding) -> Marked:
    """The average of the chart, written as the figure beside it."""
    mean, latest = finding.verdict.mean, finding.latest.value
    beside = [latest] if latest is not None else []
    assert mean is not None
    if metric.kind == "proportion":
        return numbers.short(numbers.percent(mean, beside=beside), words)
    if metric.kind == "count" and numbers.whole(mean) != latest:
        mean = numbers.whole(mean)
    return Marked(numbers.plain_number(mean, metric.kind, beside=beside))


def peers(words: Words, catalogue: Catalogue, metric: Metric, finding: Finding) -> dict[str, Any]:
    """Who the peers are and the steps among them, rounded as rates are; empty for none.

    A step that differs by less than rounding shows is told as about the same. "100" is said where
    every patient of every peer is one of them.

    `step` is the next one up: "typical", "top_quarter", "achievable" or "own". `apart` tells whether
    the best quarter shows another figure than the middle one.
    """
    found, own = finding.peers, finding.latest.value
    if found is None or own is None:
        return {}
    lower, counted = metric.direction == "lower", found.achievable is not None

    def figure(value: float) -> Figure:
        if metric.kind != "proportion":
            return Figure("number", numbers.plain_number(value, metric.kind))
        all_or_none = counted and value in (0, 100)
        return numbers.percent(value, cases=numbers.MANY, proven=all_or_none)

    def step(value: float | None, phrase: str = "") -> Marked:
        if value is None:
            return Marked()
        shown = figure(value)
        if shown == figure(own):
            return words.say("peers.same")
        told = numbers.short(shown, words)
        bounded = shown.form in ("in_100_over", "in_100_under")  # says "more than" by itself
        return told if bounded or not phrase else words.say(f"peers.{phrase}", n=told)

    members = catalogue.audits[metric.audit].members
    return {
        "who": words.say(
            "peers.alike" if found.alike else "peers.kind", n=found.count, members=members
        ),
        "typical": step(found.typical),
        "top_quarter": step(found.top_quarter, "or_less" if lower else "or_more"),
        "achievable": step(found.achievable, "together"),
        "apart": figure(found.typical) != figure(found.top_quarter),
        "step": step_up(finding, metric),
    }


def rates_of(finding: Finding) -> tuple[float, ...]:
    """The pooled rates before and after a confirmed change, in per cent."""
    c = finding.change
    if finding.verdict.strength != "confirmed" or c is None or not c.confirmed:
        return ()
    if not (c.before_denominator and c.after_denominator and c.after):
        return ()
    return (
        100 * c.before_numerator / c.before_denominator,
        100 * c.after_numerator / c.after_denominator,
    )
