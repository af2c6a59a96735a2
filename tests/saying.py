"""A small made-up catalogue and made-up findings for the tests of `say`."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from auditbot import period as periods
from auditbot.catalogue import Action, Audit, Catalogue, Metric
from auditbot.model import (
    Change,
    EarlyView,
    Finding,
    GradeCause,
    Peers,
    Period,
    Point,
    Result,
    Series,
    Service,
    Standard,
    Standing,
    Verdict,
)
from auditbot.say.choose import Pick
from auditbot.say.classify import classify
from auditbot.say.markup import plain
from auditbot.say.words import Words

MESSAGES = Path(__file__).resolve().parents[1] / "messages"
WORDS = Words(MESSAGES)
TODAY = date(2026, 11, 2)
FERNHILL = Service("fernhill-hospital", "Fernhill Hospital")
LEYBURN = Service("leyburn-infirmary", "Leyburn Infirmary")
REVIEW = date(2027, 1, 1)


def audit(id: str, topic: str, **more: Any) -> Audit:
    text = dict.fromkeys(
        (
            "name",
            "run_by",
            "commissioned_by",
            "covers",
            "why",
            "counted",
            "not_counted",
            "how_often",
        ),
        "made up",
    )
    return Audit.model_validate(
        {
            "id": id,
            "topic": topic,
            "kind": "clinical audit",
            "credit": "Source: a made-up audit.",
            "sources": ["https://example.org"],
            "review_by": REVIEW,
            **text,
            **more,
        }
    )


def metric(id: str, audit: str = "hip", **more: Any) -> Metric:
    return Metric.model_validate(
        {
            "id": id,
            "audit": audit,
            "name": id,
            "plain": "surgery by the next day",
            "kind": "proportion",
            "direction": "higher",
            "counted": "patients",
            "achieved": "had surgery by the next day",
            "numerator": "made up",
            "denominator": "made up",
            "why": "Waiting in bed with a broken hip hurts.",
            "disclosure": "as_published",
            "standard_note": "none",
            "standard_source": "made up",
            "verified": True,
            "verified_how": "made up",
            "review_by": REVIEW,
            **more,
        }
    )


def action(
    id: str, *metrics: str, words: str = "Hold the first trauma slot for hip fracture."
) -> Action:
    return Action.model_validate(
        {
            "id": id,
            "metrics": metrics,
            "barrier": "theatre slots",
            "try": words,
            "result": "made up",
            "where": "Westport General",
            "source": ["https://example.org/slot"],
            "in_control": "yes",
            "approval": "none",
            "kind": "case study",
            "confidence": "read",
            "review_by": REVIEW,
        }
    )


def goal(value: float) -> list[dict[str, Any]]:
    return [{"value": value, "status": "national", "scope": "England", "source": "made up"}]


LEVELS = {"A": "above 80", "B": "70 to 80", "C": "60 to 69.9", "D": "40 to 59.9", "E": "below 40"}
_AUDITS = (
    audit("hip", "Hip fracture"),
    audit("stroke", "Stroke", breaks=[{"after": date(2024, 9, 30), "why": "made up"}]),
    audit("ae", "A&E", contact_role="the audit's own helpdesk: help@example.org"),
)
_METRICS = (
    metric("hip_surgery", standards=goal(85), importance=1.4, minimum=30),
    metric("hip_ward", plain="reaching the ward in time", achieved="reached the ward in time"),
    metric(
        "hip_falls",
        plain="falls on the ward",
        achieved="fell on the ward",
        direction="lower",
        standards=goal(5),
    ),
    metric(
        "hip_waited",
        plain="surgery later than the next day",
        achieved="waited longer than the next day",
        direction="lower",
        standards=goal(15),
        importance=1.4,
        minimum=30,
    ),
    metric(
        "hip_late",
        plain="a long wait",
        achieved="waited longer than a day",
        direction="lower",
    ),
    metric(
        "hip_cases",
        plain="hip fractures",
        kind="count",
        direction="neutral",
        counted="patients",
        achieved="came in",
        importance=0.5,
    ),
    metric(
        "hip_stay",
        plain="length of stay",
        kind="mean",
        direction="lower",
        counted="days",
        achieved="in hospital, on average",
    ),
    metric("hip_rumour", verified=False, importance=3),
    metric(
        "level",
        "stroke",
        plain="stroke level",
        kind="level",
        score="score",
        cutpoints=LEVELS,
        importance=1.5,
        achieved="",
    ),
    metric("score", "stroke", plain="stroke score", kind="score", importance=1.5, achieved=""),
    metric("band", "stroke", plain="records sent in", kind="level", importance=0.7, achieved=""),
    metric(
        "scanning",
        "stroke",
        plain="scanning",
        kind="level",
        achieved="",
        cutpoints={"A": "95 or more"},
    ),
    metric("unit", "stroke", plain="the stroke unit", kind="level", achieved=""),
    metric(
        "stroke_tc_scan",
        "stroke",
        plain="team-centred scanning",
        kind="level",
        importance=0.6,
        achieved="",
    ),
    metric("stroke_scan", "stroke", plain="scanning", kind="level", achieved=""),
    metric(
        "ae_4h",
        "ae",
        plain="A&E four-hour standard",
        counted="A&E visits",
        season="month",
        importance=1.5,
        achieved="were finished within four hours (home, moved or admitted)",
        standards=[
            *goal(95),
            {"value": 78, "status": "interim", "scope": "England", "source": "made up"},
        ],
    ),
)
CATALOGUE = Catalogue(
    MappingProxyType({a.id: a for a in _AUDITS}),
    MappingProxyType({m.id: m for m in _METRICS}),
    (
        action("slot", "hip_surgery", "hip_ward", "hip_waited"),
        action(
            "notes",
            "level",
            "score",
            words="For every patient who missed the measure, note one reason from a short list, then fix the commonest.",
        ),
    ),
    (),
    Path(),
)


class Heard(Words):
    """Words that remember what each template said."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.said: dict[str, list[str]] = {}

    def render(self, template: str, block: str, facts: Mapping[str, Any]) -> str:
        text = super().render(template, block, facts)
        self.said.setdefault(template, []).append(plain(text))
        return text


def months(n: int, last: tuple[int, int] = (2026, 9)) -> list[Period]:
    return [periods.month(last[0], last[1] - i) for i in range(n - 1, -1, -1)]


def quarters(n: int, last: tuple[int, int] = (2026, 7)) -> list[Period]:
    return [periods.shift(periods.quarter(*last), -3 * i) for i in range(n - 1, -1, -1)]


def finding(
    metric: str,
    rates: list[float | None],
    *,
    strength: str = "none",
    direction: str = "",
    cases: int | None = 120,
    state: str = "ok",
    assurance: str = "",
    change: tuple[float, float] | None = None,
    service: Service = FERNHILL,
    last: tuple[int, int] = (2026, 9),
    companions: dict[str, Result] | None = None,
    catalogue: Catalogue = CATALOGUE,
    **more: Any,
) -> Finding:
    """A finding with one result a month; `change` is the pooled rates before and after."""
    m = catalogue.metrics[metric]
    slots = months(len(rates), last)
    results = []
    for p, r in zip(slots, rates, strict=True):
        counted = m.kind == "proportion" and cases
        n = round(r * cases / 100) if counted and r is not None else None  # type: ignore[operator]
        value = 100 * n / cases if counted and n is not None else r  # type: ignore[operator]
        results.append(
            Result(
                service.id,
                metric,
                p,
                "ok" if r is not None else "missing",
                value,
                None,
                n,
                cases if counted else None,
            )
        )
    if state != "ok":
        results[-1] = Result(service.id, metric, slots[-1], state)  # type: ignore[arg-type]
    latest = results[-1]
    standard = m.standard_on(latest.period.end)
    wanted = (
        periods.year_before(latest.period)
        if m.season != "none"
        else periods.previous(latest.period)
    )
    return Finding(
        service,
        metric,
        latest,
        Series(service.id, metric, tuple(results)),
        next((r for r in results if r.period == wanted and r.state == "ok"), None),
        Verdict(
            strength,
            direction,
            "shift_high" if strength == "signal" else "",
            "ptd",
            len(rates),
            72.0,
            63.0,
            81.0,
        ),  # type: ignore[arg-type]
        _standing(m, standard, results, assurance),
        _change(change, slots) if change else None,
        tuple(
            Point(
                r.period, r.value, 72.0, 63.0, 81.0, "common_cause", _kind(direction, r is latest)
            )
            for r in results
        ),
        companions=companions or {},
        **more,
    )


def levels(
    metric: str, letters: str, *, companions: dict[str, Result] | None = None, **more: Any
) -> Finding:
    """A level by quarters; the previous quarter is the comparable one."""
    service = more.pop("service", FERNHILL)
    last = {"last": more.pop("last")} if "last" in more else {}
    slots = quarters(len(letters), **last)
    results = tuple(
        Result(service.id, metric, p, "ok", level=letter)
        for p, letter in zip(slots, letters, strict=True)
    )
    return Finding(
        service,
        metric,
        results[-1],
        Series(service.id, metric, results),
        results[-2] if len(results) > 1 else None,
        Verdict("too_early" if len(letters) < 12 else "none", "", "", "ptd", len(letters)),
        companions=companions or {},
        **more,
    )


def peers(own: float | None, place: str, *, lower: bool = False, counted: bool = True) -> Peers:
    """Peers among whom `place` is the next step up for a figure `own`: typical, top_quarter, ..."""
    middle = own if own is not None else 50.0
    first = {"typical": 3.0, "top_quarter": -3.0, "achievable": -7.0, "own": -11.0}[place]
    steps = [middle + first + 4.0 * i + (2.0 if first + 4.0 * i > 0 else 0.0) for i in range(3)]
    if lower:
        steps = [2 * middle - s for s in steps]
    typical, quarter, best = (min(max(s, 0.0), 100.0) for s in steps)
    return Peers(38, counted, typical, quarter, best if counted else None)


def any_extras(chance: random.Random, found: Finding, m: Metric) -> Finding:
    """The same with peers, cautions, gaps and an early view, as analysis could hand them over."""
    cautions = [c for c in ("disputed", "completeness_fell", "revised") if chance.random() < 0.1]
    more: dict[str, Any] = {"cautions": tuple(cautions)}
    if chance.random() < 0.3:
        more["missing"] = tuple(months(8, (2026, 3))[: chance.choice([1, 2, 6])])
    if m.kind not in ("count", "level") and m.direction != "neutral" and chance.random() < 0.7:
        where = chance.choice(["typical", "top_quarter", "achievable", "own"])
        counted = m.kind == "proportion" and chance.random() < 0.8
        lower = m.direction == "lower"
        more["peers"] = peers(found.latest.value, where, lower=lower, counted=counted)
    if found.verdict.strength == "too_early" and m.kind == "proportion":
        answers = ("more_than_usual", "within_usual", "too_few")
        more["early"] = EarlyView(chance.choice(answers), 4.0, 3.0, 1.0, 1.5)
    if m.score and chance.random() < 0.7:
        by = chance.choice(["data", "not_data"])
        more["cause"] = GradeCause(by, (), chance.choice("ABCDE"))
    return replace(found, **more)


def beside(metric: str, now: float | str, before: float | str) -> dict[str, Result]:
    """A companion in the latest and the comparable quarter."""
    q = quarters(2)
    made = {}
    for suffix, p, v in (("", q[1], now), ("@previous", q[0], before)):
        is_level = isinstance(v, str)
        made[metric + suffix] = Result(
            FERNHILL.id,
            metric,
            p,
            "ok",
            None if is_level else v,
            v if is_level else None,  # type: ignore[arg-type]
        )
    return made


def pick(f: Finding, catalogue: Catalogue = CATALOGUE, **more: Any) -> Pick:
    return Pick(f, classify(f, catalogue.metrics[f.metric]), 1.0, ("made up",), **more)


def any_finding(chance: random.Random, catalogue: Catalogue = CATALOGUE) -> Finding:
    """Any finding that analysis could hand over, of any metric of the catalogue."""
    m = chance.choice([m for m in catalogue.metrics.values() if m.verified])
    return any_extras(chance, _any_finding(chance, catalogue, m), m)


def _any_finding(chance: random.Random, catalogue: Catalogue, m: Metric) -> Finding:
    n = chance.choice([2, 5, 13, 24, 36])
    if m.kind == "level":
        letters = "".join(chance.choice("ABCDE") for _ in range(min(n, 13)))
        extra = beside(m.score, chance.uniform(20, 99), chance.uniform(20, 99)) if m.score else {}
        return (
            levels(m.id, letters, companions=extra)
            if catalogue is not CATALOGUE
            else levels(
                m.id,
                letters,
                companions=extra | beside("band", chance.choice("AB"), chance.choice("AB")),
            )
        )
    strength = chance.choice(["none", "signal", "confirmed"]) if n >= 12 else "too_early"
    direction = (
        chance.choice(["improvement", "concern"]) if strength in ("signal", "confirmed") else ""
    )
    if direction and m.direction == "neutral":
        direction = chance.choice(["high", "low"])
    middle = chance.uniform(1, 99)
    scale = {"proportion": 1.0, "score": 1.0, "count": 300.0, "rate": 0.01, "mean": 0.2}.get(
        m.kind, 1.0
    )
    rates: list[float | None] = [
        min(max(chance.gauss(middle, 4), 0), 100) * scale for _ in range(n)
    ]
    if m.kind == "count":
        rates = [float(round(r or 0)) for r in rates]
    return finding(
        m.id,
        rates,
        strength=strength,
        direction=direction,
        cases=chance.choice([None, 9, 23, 120, 1400, 30000]),
        state=chance.choice(
            ["ok"] * 9
            + ["too_few", "not_entered", "no_cases", "suppressed", "insufficient_records"]
        ),
        assurance=chance.choice(["pass", "fail", "inconsistent", ""]) if n >= 12 else "",
        change=(chance.uniform(1, 99), chance.uniform(1, 99))
        if strength == "confirmed" and m.kind == "proportion"
        else None,
        last=chance.choice([(2026, 9), (2025, 3)]),
        catalogue=catalogue,
    )


def _kind(direction: str, latest: bool) -> str:
    told = {"high": "neutral_high", "low": "neutral_low", "": "common_cause"}
    return told.get(direction, direction) if latest else "common_cause"


def _standing(
    m: Metric, standard: Standard | None, results: list[Result], assurance: str
) -> Standing | None:
    if standard is None or results[-1].value is None:
        return None
    kept = 0
    for r in reversed(results):
        if r.value is None or (
            r.value > standard.value if m.direction == "lower" else r.value < standard.value
        ):
            break
        kept += 1
    return Standing(standard, kept > 0, assurance, kept)  # type: ignore[arg-type]


def _change(rates: tuple[float, float], slots: list[Period]) -> Change:
    half = len(slots) // 2
    before, after = tuple(slots[:half]), tuple(slots[half:])
    d = 1200.0
    return Change(before, after, d * rates[0] / 100, d, d * rates[1] / 100, d, 1.1, 5.0, True)
