"""What would every kind of message look like? Example facts for those who edit the words.

Services and figures are made up; measures are those of the catalogue.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from auditbot import period as periods
from auditbot.catalogue import Catalogue, Metric
from auditbot.model import (
    Binding,
    Caution,
    Change,
    EarlyView,
    Finding,
    GradeCause,
    Message,
    Peers,
    Period,
    Point,
    Result,
    Roles,
    Series,
    Service,
    Standing,
    State,
    Verdict,
)
from auditbot.say import digest
from auditbot.say.choose import Choice, Pick
from auditbot.say.classify import classify
from auditbot.say.words import Words

TODAY = date(2026, 11, 2)
SERVICE = Service("fernhill-hospital", "Fernhill Hospital", reviewed=True)
BINDING = Binding("C0EXAMPLE", (SERVICE.id,), audits=("ssnap", "nhfd"))
ROLES = Roles(SERVICE.id)
CASES = 120
Told = Literal["improvement", "concern", "high", "low", ""]


@dataclass(frozen=True, slots=True)
class Example:
    """A made-up course of a proportion: rates in per cent, and what analysis would say of it."""

    rates: tuple[float, ...]
    strength: Literal["none", "signal", "confirmed", "too_early"] = "none"
    direction: Told = ""
    cases: int = CASES
    state: State = "ok"
    peers: Peers | None = None
    early: EarlyView | None = None
    cautions: tuple[Caution, ...] = ()


def _peers(typical: float, top_quarter: float, achievable: float) -> Peers:
    return Peers(38, True, typical, top_quarter, achievable)


_FLAT = (70.0, 74, 71, 69, 73, 72, 70, 75, 71, 72, 68, 73, 71, 70, 74, 72, 69, 73)
_RISEN = (70.0, 72, 69, 71, 70, 73, 68, 71, 72, 79, 81, 80, 83, 80, 82, 81, 84, 82)
EXAMPLES: dict[str, Example] = {
    "Digest: a confirmed improvement": Example(_RISEN, "confirmed", "improvement"),
    "Digest: steady": Example(_FLAT),
    "Digest: stands out once": Example((*_FLAT[:-1], 84), "signal", "improvement"),
    "Digest: too early to say": Example(_FLAT[:7], "too_early"),
    "Digest: an early view": Example(
        (62.0, 64, 76),
        "too_early",
        early=EarlyView("more_than_usual", 12.0, 5.0, 3.6, 1.2),
    ),
    "Digest: beside the middle one of its peers": Example(_FLAT, peers=_peers(76, 82, 88)),
    "Digest: beside the top quarter": Example(_FLAT, peers=_peers(70, 78, 88)),
    "Digest: beside the leading few": Example(_FLAT, peers=_peers(66, 71, 79)),
    "Digest: level with the leading few": Example(_FLAT, peers=_peers(60, 66, 70)),
    "Digest: better, and disputed": Example(
        _RISEN, "confirmed", "improvement", cautions=("disputed",)
    ),
    "Digest: better, of fewer records": Example(
        _RISEN, "confirmed", "improvement", cautions=("completeness_fell",)
    ),
    "Digest: better, by corrected figures": Example(
        _RISEN, "confirmed", "improvement", cautions=("revised",)
    ),
    "Digest: few patients": Example(_FLAT, cases=23),
    "Digest: no figure": Example(_FLAT, state="too_few"),
    "Digest: every patient": Example((*_FLAT[:-1], 100)),
}


def preview(words: Words, catalogue: Catalogue) -> list[tuple[str, Message]]:
    """Every form of digest, concern, introduction, correction and notice, with a heading each."""
    shown: list[tuple[str, Message]] = []
    rates = [m for m in catalogue.metrics.values() if m.kind == "proportion" and m.verified]
    higher = _weightiest(m for m in rates if m.direction == "higher" and not m.standards)
    goal = _weightiest(m for m in rates if m.standard_on(TODAY) is not None)
    lower = _weightiest(m for m in rates if m.direction == "lower")
    shown += [
        (f"{heading} ({metric.id})", _digest(words, catalogue, metric, example))
        for metric in (higher, goal)
        if metric is not None
        for heading, example in EXAMPLES.items()
    ]
    if lower is not None:
        few_is_better = Example(tuple(r / 10 for r in _FLAT), cases=2400)
        shown.append(
            (
                f"Digest: less is better ({lower.id})",
                _digest(words, catalogue, lower, few_is_better),
            )
        )
    for kind in ("count", "rate", "mean", "level"):
        metric = _weightiest(m for m in catalogue.metrics.values() if m.verified and m.kind == kind)
        if metric is not None:
            finding = _levels(metric) if kind == "level" else _numbers(metric)
            shown.append((f"Digest: {kind} ({metric.id})", _said(words, catalogue, finding)))
            if metric.score:
                moved = _said(words, catalogue, _levels(metric, "data"))
                shown.append((f"Digest: a level that its records moved ({metric.id})", moved))
    if higher is not None:
        shown += _concerns(words, catalogue, higher)
        shown.append(("Correction", _corrected(words, catalogue, higher)))
    shown.append(("On joining a channel", digest.intro(words, catalogue, BINDING)))
    shown.append(("On joining, with no service set", digest.intro(words, catalogue, None)))
    shown += [
        (f"Notice: {code}", digest.notice(words, code, NOTICE)) for code in words.blocks("notice")
    ]
    return shown


# What the notices may name; each uses what it needs.
NOTICE: dict[str, object] = {
    "due": date(2026, 11, 2),
    "until": date(2026, 11, 9),
    "channel": "#stroke-fernhill",
    "when": "tomorrow at 9",
    "by": "Sam Jones, stroke lead",
    "limit": 200,
    "weeks": 4,
    "metric": "surgery by the next day",
    "reason": "the file has no column for the hospital",
    "file": "stroke-q2.csv",
    "refused": 4,
    "cells": [
        {"row": 14, "column": "Denominator", "reason": '"n/a" is not a number'},
        {"row": 15, "column": "Denominator", "reason": '"n/a" is not a number'},
    ],
    "services": 3,
    "service": SERVICE.name,
    "period": periods.month(2026, 9),
    "doubt": "coding",
    "role": "service",
    "line": "Ward transfers are coded as admissions since May.",
    "outcome": "corrected",
    "days": 10,
    "day": date(2026, 11, 2),
    "shapes": [
        {
            "n": 12,
            "metric": False,
            "service": True,
            "time": True,
            "intent": "card",
            "from_words": 3,
            "to_words": 5,
        },
    ],
    "others": 7,
    "said": ["how long to theatre for nofs?"],
    "more": 2,
    "phrase": "time to theatre",
    "means": "surgery by the next day",
}


def finding_of(metric: Metric, example: Example) -> Finding:
    """The finding of an example on a proportion: months up to September 2026."""
    months = [periods.month(2026, 10 - n) for n in range(len(example.rates), 0, -1)]
    results = [
        _result(metric, p, r, example.cases) for p, r in zip(months, example.rates, strict=True)
    ]
    if example.state != "ok":
        results[-1] = Result(SERVICE.id, metric.id, months[-1], example.state)
    latest = results[-1]
    values = [r.value for r in results if r.value is not None]
    mean, spread = sum(values[:12]) / len(values[:12]), 9.0
    early = len(values) < 12
    standard = metric.standard_on(latest.period.end)
    met = (
        standard is not None
        and latest.value is not None
        and _met(latest.value, standard.value, metric)
    )
    fails = standard is not None and not _met(
        mean + (-spread if metric.direction == "lower" else spread), standard.value, metric
    )
    return Finding(
        service=SERVICE,
        metric=metric.id,
        latest=latest,
        series=Series(SERVICE.id, metric.id, tuple(results)),
        comparable=_before(results, metric),
        verdict=Verdict(
            example.strength,
            example.direction,
            "",
            "ptd",
            len(values),
            mean,
            mean - spread,
            mean + spread,
        ),
        standing=Standing(
            standard, met, "" if early else "fail" if fails else "inconsistent", int(met)
        )
        if standard is not None and latest.state == "ok"
        else None,
        change=_change(results) if example.strength == "confirmed" else None,
        points=tuple(
            _point(r, i, mean, spread, example, early=early) for i, r in enumerate(results)
        ),
        peers=example.peers,
        early=example.early,
        cautions=example.cautions,
    )


def _before(results: Sequence[Result], metric: Metric) -> Result | None:
    latest = results[-1].period
    wanted = periods.year_before(latest) if metric.season != "none" else periods.previous(latest)
    return next((r for r in results if r.period == wanted), None)


def _point(
    r: Result, i: int, mean: float, spread: float, example: Example, *, early: bool
) -> Point:
    told = {
        "improvement": "improvement",
        "concern": "concern",
        "high": "neutral_high",
        "low": "neutral_low",
    }
    special = (
        example.strength in ("signal", "confirmed")
        and r.value is not None
        and abs(r.value - mean) > spread
    )
    kind = told.get(example.direction, "common_cause") if special else "common_cause"
    if early:
        return Point(r.period, r.value, None, None, None, "common_cause", "common_cause")
    return Point(r.period, r.value, mean, mean - spread, mean + spread, "common_cause", kind)


def _change(results: Sequence[Result]) -> Change:
    before, after = results[:9], results[9:]

    def pooled(rs: Sequence[Result]) -> tuple[float, float]:
        return sum(r.numerator or 0 for r in rs), sum(r.denominator or 0 for r in rs)

    return Change(
        tuple(r.period for r in before),
        tuple(r.period for r in after),
        *pooled(before),
        *pooled(after),
        phi=1.1,
        z=5.0,
        confirmed=True,
    )


def _levels(metric: Metric, by: Literal["data", "not_data"] | None = None) -> Finding:
    """A level that rose from C to B; `by` tells whether the records or care moved it."""
    quarters = [
        periods.quarter(2026 + (7 - 3 * n) // 12, (7 - 3 * n - 1) % 12 + 1)
        for n in range(7, -1, -1)
    ]
    letters = "CCBCCBCB"
    results = tuple(
        Result(SERVICE.id, metric.id, q, "ok", level=letter)
        for q, letter in zip(quarters, letters, strict=True)
    )
    score = {
        metric.score: Result(SERVICE.id, metric.score, quarters[-1], "ok", value=72.0),
        f"{metric.score}@previous": Result(
            SERVICE.id, metric.score, quarters[-2], "ok", value=66.5
        ),
    }
    return Finding(
        service=SERVICE,
        metric=metric.id,
        latest=results[-1],
        series=Series(SERVICE.id, metric.id, results),
        comparable=results[-2],
        verdict=Verdict("too_early", "", "", "ptd", 8),
        companions=score if metric.score else {},
        cause=GradeCause(by, (), "C") if by else None,
    )


def _numbers(metric: Metric) -> Finding:
    """A count, rate or mean that does nothing unusual."""
    scale = {"count": 1.0, "rate": 0.004, "mean": 0.01}.get(metric.kind, 1.0)
    months = [periods.month(2026, 10 - n) for n in range(len(_FLAT), 0, -1)]
    values = [round(v * scale * 10, 2) if metric.kind != "count" else v * 100 for v in _FLAT]
    results = tuple(
        Result(SERVICE.id, metric.id, p, "ok", value=v) for p, v in zip(months, values, strict=True)
    )
    mean = sum(values) / len(values)
    return Finding(
        service=SERVICE,
        metric=metric.id,
        latest=results[-1],
        series=Series(SERVICE.id, metric.id, results),
        comparable=_before(results, metric),
        verdict=Verdict("none", "", "", "ptd", len(values), mean, mean * 0.9, mean * 1.1),
        points=tuple(
            Point(r.period, r.value, mean, mean * 0.9, mean * 1.1, "common_cause", "common_cause")
            for r in results
        ),
    )


def _digest(words: Words, catalogue: Catalogue, metric: Metric, example: Example) -> Message:
    return _said(words, catalogue, finding_of(metric, example))


def _said(words: Words, catalogue: Catalogue, finding: Finding) -> Message:
    choice = Choice(_pick(catalogue, finding), explain=True)
    return digest.digest(
        words, catalogue, choice, binding=BINDING, roles=ROLES, today=TODAY, fictional=True
    )


def _pick(catalogue: Catalogue, finding: Finding) -> Pick:
    return Pick(finding, classify(finding, catalogue.metrics[finding.metric]), 0.0, ("an example",))


def _concerns(words: Words, catalogue: Catalogue, metric: Metric) -> list[tuple[str, Message]]:
    fallen = Example(tuple(150 - r for r in _RISEN), "confirmed", "concern")
    pick = _pick(catalogue, finding_of(metric, fallen))
    dipped = Example((*_FLAT[:-1], 58), "signal", "concern")
    goes = datetime(TODAY.year, TODAY.month, TODAY.day, 9) + timedelta(days=1)  # noqa: DTZ001  a local time
    lead = digest.concern_for_lead(
        words,
        catalogue,
        pick,
        channel="#stroke-fernhill",
        goes=goes,
        binding=BINDING,
        roles=ROLES,
        today=TODAY,
        fictional=True,
    )

    def channel(line: str | None, by: str | None) -> Message:
        return digest.concern_for_channel(
            words,
            catalogue,
            pick,
            binding=BINDING,
            roles=ROLES,
            today=TODAY,
            line=line,
            line_by=by,
            fictional=True,
        )

    signal = digest.signal_for_lead(
        words,
        catalogue,
        _pick(catalogue, finding_of(metric, dipped)),
        roles=ROLES,
        today=TODAY,
        fictional=True,
    )
    line = "the scanner was down for most of May."
    return [
        ("Concern: first to the lead", lead),
        ("Concern: in the channel", channel(None, None)),
        ("Concern: in the channel, with the lead's line", channel(line, "Sam Jones, stroke lead")),
        ("Signal: to the lead alone", signal),
    ]


def _corrected(words: Words, catalogue: Catalogue, metric: Metric) -> Message:
    old = _result(metric, periods.month(2026, 9), 73, CASES)
    new = replace(old, value=100 * 81 / CASES, numerator=81.0)
    return digest.correction(
        words, catalogue, SERVICE, old, new, binding=BINDING, roles=ROLES, today=TODAY, stands=True
    )


def _result(metric: Metric, period: Period, rate: float, cases: int) -> Result:
    n = round(rate * cases / 100)
    return Result(
        SERVICE.id, metric.id, period, "ok", value=100 * n / cases, numerator=n, denominator=cases
    )


def _met(value: float, goal: float, metric: Metric) -> bool:
    return value <= goal if metric.direction == "lower" else value >= goal


def _weightiest(metrics: Iterable[Metric]) -> Metric | None:
    """The weightiest of these metrics; the first of those in the catalogue's order."""
    return max(metrics, key=lambda m: m.importance, default=None)
