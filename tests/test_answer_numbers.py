"""No figure comes from nowhere: every number of every answer is the store's, or made by a named rule.

Words, tables, charts with their alt texts, replies and fields are walked, over hundreds of made
questions. The rules work from the figures as the store gives them out, apart from the answers.
"""

import csv
import math
import random
import re
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from auditbot import catalogue, layout, period
from auditbot.analyse import change, peers, xmr
from auditbot.ask.answer import Answer, reply, text_of
from auditbot.catalogue import Metric
from auditbot.ingest import take_in
from auditbot.model import Message, Period, Result, Series
from auditbot.say.markup import plain
from auditbot.say.words import Words
from auditbot.store import engine as stores
from auditbot.store import load, save
from auditbot.viewer import Viewer
from tests.test_answer_language import QUOTED

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = catalogue.load(ROOT / "bot" / "catalogue")
LAYOUTS = layout.load(ROOT / "bot" / "catalogue" / "layouts", CATALOGUE)
WORDS = Words(ROOT / "messages")
TODAY, NOW = date(2026, 4, 20), datetime(2026, 4, 20, 9, tzinfo=UTC)
PLACES = {
    name.split()[0].casefold(): name
    for name in (
        "Fernhill Hospital",
        "Westport General",
        "Leyburn Infirmary",
        "Ashcombe Hospital",
        "Birkdale General",
        "Coldwell Infirmary",
        "Dunmere Hospital",
        "Elmstead General",
        "Farleigh Infirmary",
        "Garsdale Hospital",
    )
}
HEADER = [
    "service",
    "service_name",
    "metric",
    "period_start",
    "period_end",
    "numerator",
    "denominator",
    "value",
    "completeness",
]
NAMED = {  # what is typed for each measure
    "ae_4h": "4 hours",
    "ae_attendances": "attendances",
    "ae_12h_dta": "12 hour waits",
    "nhfd_kpi2": "prompt hip surgery",
    "nela_ct_reported": "CT reported before laparotomy",
    "ssnap_score": "ssnap score",
    "ssnap_level": "ssnap level",
    "ssnap_d1_scanning": "scanning level",
}
MONTHLY = ("ae_4h", "ae_attendances", "ae_12h_dta", "nhfd_kpi2")
GAP = period.month(2025, 11)
FORMS = (
    "{}?",
    "{} in May 2025",
    "{} in November 2025",
    "{} April to June 2025",
    "{} October to December 2025",
    "{} in 2024/25",
    "{} since April 2025",
    "{} over the last 12 months",
    "{} month by month",
    "{} by quarter since October 2024",
    "{} for each of the last six months",
    "chart of {}",
    "chart of {} since last summer",
    "{} compared with last year",
    "{} against the national average",
    "how do we compare with other teams on {}",
    "where do we rank for {}",
    "are we the worst for {}",
    "is Westport the worst for {}",
    "compare us with Westport on {}",
    "is the change in {} real",
    "why did our {} drop",
    "are we meeting the target for {}",
    "what was our lowest {}",
    "our highest {}",
    "{} last winter",
    "what does {} mean",
    "what could we try for {}",
    "who does {} really well",
    "where does {} come from",
    "when are the next {} due",
)
ALONE = (
    "how are we doing",
    "which of our domains is the weakest",
    "4 hours and attendances",
    "ssnap score and scanning level",
    "compare Westport and Leyburn",
    "anything to celebrate",
    "what can I ask",
    "who is the worst in the country for 4 hours",
    "what is the 95 about",
    "what's the 78 for",
    "how do I read the chart",
    "any events",
)


def rows() -> Iterator[tuple[object, ...]]:
    chance = random.Random(20260420)
    for s, (place, name) in enumerate(PLACES.items()):
        for k in range(24):
            p = period.month(2024, 4 + k)
            if p == GAP:
                continue
            visits = 2000 + 60 * s + chance.randint(0, 200)
            share = 0.6 + 0.015 * s + 0.02 * chance.random() + (0.12 if s == 1 and k > 14 else 0)
            yield place, name, "ae_4h", p.start, p.end, round(share * visits), visits, "", 98
            yield place, name, "ae_attendances", p.start, p.end, "", "", visits, 98
            long = chance.randint(0, 40)
            yield place, name, "ae_12h_dta", p.start, p.end, "", "", long, 98
            hips = chance.randint(30, 44)
            yield place, name, "nhfd_kpi2", p.start, p.end, round(0.7 * hips), hips, "", 97
        for k in range(8):
            p = period.quarter(2024, 4 + 3 * k)
            few = chance.randint(2, 9) if s == 0 and k == 2 else chance.randint(30, 60)
            yield place, name, "nela_ct_reported", p.start, p.end, few, 75, "", 90
            score = 50 + 4 * chance.randint(0, 10) + 0.5 * s
            yield place, name, "ssnap_score", p.start, p.end, "", "", score, 95
            for m in ("ssnap_level", "ssnap_d1_scanning", "ssnap_case_ascertainment"):
                yield place, name, m, p.start, p.end, "", "", chance.choice("ABCD"), 95


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("numbers")
    path = folder / "fictional.csv"
    with path.open("w", newline="") as f:
        write = csv.writer(f)
        write.writerow(HEADER)
        write.writerows(rows())
    engine = stores.open_store(f"sqlite:///{folder / 'store.db'}")
    stores.migrate(engine)
    save.save(engine, take_in(path, LAYOUTS, CATALOGUE, "long"), now=NOW)
    yield engine
    engine.dispose()


# The rules


@dataclass(frozen=True)
class Asked:
    text: str
    own: str
    metrics: tuple[str, ...]  # those it is about


def questions() -> list[Asked]:
    every = tuple({*NAMED, "ssnap_case_ascertainment"})
    made = [
        Asked(form.format(said), own, (m, "ssnap_score", "ssnap_case_ascertainment"))
        for m, said in NAMED.items()
        for own, forms in (
            ("fernhill", FORMS),
            ("westport", FORMS[:20:2]),
            ("garsdale", FORMS[:18:3]),
        )
        for form in forms
    ]
    return made + [Asked(text, own, every) for text in ALONE for own in ("fernhill", "westport")]


def rules(
    held: dict[str, dict[str, Series]], metrics: Iterable[str], answer: Answer
) -> Iterator[tuple[str, float]]:
    """(rule, number) of everything an answer on these measures may tell."""
    fields = answer.fields
    told = _days(fields["period"])
    spans = [told, _days((fields["period"] or {}).get("asked"))]
    for m in metrics:
        metric, series = CATALOGUE.metrics[m], held[m]
        for goal in metric.standards:
            yield "standard", goal.value
        for cut in metric.cutpoints.values():
            yield from (("cutpoint", float(x)) for x in re.findall(r"\d+(?:\.\d+)?", cut))
        named = set(fields["services"]) | {"fernhill", "westport", "leyburn", "garsdale"}
        for s in sorted(named & series.keys()):
            yield from _own(metric, series[s], told, [p for p in spans if p])
        at = told or series["fernhill"].results[-1].period
        for p in {at, *(p for p in spans if p), series["fernhill"].results[-1].period}:
            yield from _together(metric, series, p)


def _days(raw: dict | None) -> Period | None:
    return Period(date.fromisoformat(raw["start"]), date.fromisoformat(raw["end"])) if raw else None


def _own(
    metric: Metric, series: Series, told: Period | None, spans: list[Period]
) -> Iterator[tuple[str, float]]:
    """Of one service: its cells, sums and rates of stretches, averages and limits, doubt, counts."""
    results = [r for r in series.results if r.state == "ok"]
    yield "counted", len(results)
    for r in results:
        yield from _cell(r)
    newest = told or series.results[-1].period
    upto = [r for r in series.results if r.period.end <= newest.end]
    for p in [*spans, *(period.year_before(p) for p in spans)]:
        inside = [r for r in series.results if p.start <= r.period.start and r.period.end <= p.end]
        step = period.length_in_months(series.results[-1].period) or 1
        yield "counted", (period.length_in_months(p) or 0) // step
        yield "counted", sum(r.state == "ok" for r in inside)
        yield from _pooled(inside)
    breaks = [b.after for b in CATALOGUE.audits[metric.audit].breaks]
    since = [r for r in upto if not any(r.period.start <= b < newest.start for b in breaks)]
    for known in (upto, since):  # of letters the last eight are told of
        n = sum(r.state == "ok" for r in known)
        yield "counted", n
        yield "counted", min(8, n)
    for last in {newest.end, series.results[-1].period.end}:
        until = tuple(r for r in series.results if r.period.end <= last)
        found = change.compare(Series(series.service, series.metric, until), metric)
        if found is not None:
            yield "sum", found.before_numerator
            yield "sum", found.before_denominator
            yield "sum", found.after_numerator
            yield "sum", found.after_denominator
            yield "rate", 100 * found.before_numerator / found.before_denominator
            yield "rate", 100 * found.after_numerator / found.after_denominator
        values = [r.value for r in until if r.state == "ok"]
        if metric.kind != "level" and len(values) >= 12:
            locked = 24 if len(values) >= 24 else 12
            judged = xmr.chart(
                [r.value for r in until], profile="ptd", fix_after=_nth(until, locked)
            )
            mean, low, high = judged.latest.mean, judged.latest.lower, judged.latest.upper
            yield "average", mean
            top = 100.0 if metric.kind == "proportion" else math.inf
            for limit in (low, high):
                yield "limits", limit
                yield "limits", min(max(limit, 0.0), top)


def _nth(results: tuple[Result, ...], n: int) -> int:
    return [i for i, r in enumerate(results) if r.value is not None][n - 1] + 1


def _cell(r: Result) -> Iterator[tuple[str, float]]:
    for x in (r.numerator, r.denominator, r.value, r.completeness):
        if x is not None:
            yield "stored", x
    if r.numerator is not None and r.denominator:
        n, d, z = r.numerator, r.denominator, 1.959964
        yield "rate", 100 * n / d
        middle, half = n / d + z * z / (2 * d), z * math.sqrt(n * (d - n) / d**3 + (z / d) ** 2 / 4)
        for bound in ((middle - half) / (1 + z * z / d), (middle + half) / (1 + z * z / d)):
            yield "doubt", 10 * bound


def _pooled(results: Iterable[Result]) -> Iterator[tuple[str, float]]:
    known = [r for r in results if r.state == "ok"]
    if known and all(r.denominator for r in known):
        n, d = (sum(getattr(r, f) for r in known) for f in ("numerator", "denominator"))
        yield "sum", n
        yield "sum", d
        yield "rate", 100 * n / d
    elif known and all(r.level is None for r in known):
        yield "sum", sum(r.value for r in known)


def _together(metric: Metric, series: dict[str, Series], at: Period) -> Iterator[tuple[str, float]]:
    """Of all services in one period: together, their middle, and the steps among the others."""
    now = {s: r for s, x in series.items() for r in x.results if r.period == at and r.state == "ok"}
    yield "counted", len(now)
    yield "counted", len(now) - 1
    for n in Counter(r.level for r in now.values() if r.level).values():
        yield "counted", n
    for rule, x in _pooled(now.values()):
        yield f"group {rule}", x
    values = [r.value for r in now.values() if r.value is not None]
    if values and metric.kind != "proportion":
        yield "middle", statistics.median(values)
    inside = {
        s: [r for r in x.results if at.start <= r.period.start and r.period.end <= at.end]
        for s, x in series.items()
    }
    yield from (
        (f"group {rule}", x) for rule, x in _pooled(r for rs in inside.values() for r in rs)
    )
    better = "lower" if metric.direction == "lower" else "higher"
    for own in ("fernhill", "westport", "garsdale"):
        others = [r for s, r in now.items() if s != own]
        if len(others) < 8 or own not in now:
            continue
        if metric.kind == "proportion":
            counts = [[r.numerator for r in others], [r.denominator for r in others]]
            found = peers.benchmark(*counts, better)
            yield "middle", found.typical
            yield "quarter", found.top_quarter
            yield "benchmark", found.achievable
            mine = now[own]
            *_, place = peers.places(
                [*counts[0], mine.numerator], [*counts[1], mine.denominator], better
            )
            yield "place", place.best
            yield "place", place.worst
            yield "place", place.of
            funnel = peers.funnel([*counts[0], mine.numerator], [*counts[1], mine.denominator])
            yield "average", funnel.target
            for limit in funnel.limits(mine.denominator):
                yield "limits", limit
        elif metric.kind == "score":
            typical, quarter = peers.steps([r.value for r in others], better)
            yield "middle", typical
            yield "quarter", quarter


# The walk

_MONTH = "|".join(m for m in WORDS.table["months"])
_SHORT = "|".join(m for m in WORDS.table["months_short"])
_DATED = re.compile(
    rf"\b(?:\d{{1,2}} )?(?:{_MONTH}|{_SHORT}) \d{{4}}\b|\b(?:{_SHORT})–(?:{_SHORT}) \d{{4}}\b"
)
_SCALE = re.compile(
    r"\bin 100?\b|\bof every 100\b|^19 in 20$|\b(?:fewer than 1|more than 99)\b(?= in 100)", re.M
)
_NAMES = re.compile(
    "|".join(re.escape(q) for q in (*QUOTED, *PLACES.values()) if re.search(r"\d", q)),
    re.IGNORECASE,
)
_AGE = re.compile(r"\b(\d+)(?: to (\d+))? months ago\b")
_NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w])")


def spoken(message: Message) -> str:
    """Everything of a message that can be read, seen or heard, apart from names, facts and dates."""
    chart = message.chart
    parts = [text_of(message), message.fallback]
    parts += [chart.title, chart.alt_text, chart.caption, *chart.words.values()] if chart else []
    text = _NAMES.sub("this", "\n".join(plain(p) for p in parts))
    text = re.sub(r"https?://\S+|\S+@\S+|mailto:\S+", "", text)
    return _SCALE.sub("", _AGE.sub("", _DATED.sub("then", text)))


def rule_of(token: str, allowed: list[tuple[str, float]]) -> str:
    """The rule that makes this number; "" for none."""
    digits = token.rstrip(",").replace(",", "")
    places = len(digits.partition(".")[2])
    wanted = Decimal(digits)
    for rule, x in allowed:
        exact = Decimal(repr(round(x, 9)))
        if exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) == wanted:
            return rule
    return ""


def charted(
    answer: Answer, held: dict[str, dict[str, Series]], allowed: list[tuple[str, float]]
) -> Iterator[float]:
    """The numbers of a picture that no rule makes."""
    chart = answer.message.chart
    if chart is None:
        return
    known = [x for _, x in allowed]
    cells = [r.value for x in held[answer.fields["metric"]].values() for r in x.results]
    letters = [
        float("EDCBA".index(r.level) + 1) for x in held["ssnap_level"].values() for r in x.results
    ]
    for v in chart.values:
        among = letters if chart.shape == "steps" else cells
        if v is not None and not any(c is not None and math.isclose(v, c) for c in among):
            yield v
    for v in (*chart.means, *chart.lowers, *chart.uppers, chart.standard):
        if v is not None and not any(math.isclose(v, x, abs_tol=1e-9) for x in known):
            yield v
    cases = [r.denominator for x in held[answer.fields["metric"]].values() for r in x.results]
    yield from (c for c in chart.cases if c not in cases)
    if chart.curve is not None:
        at = _days(answer.fields["period"])
        now = [
            r for x in held[answer.fields["metric"]].values() for r in x.results if r.period == at
        ]
        funnel = peers.funnel([r.numerator for r in now], [r.denominator for r in now])
        for n, low, high in zip(
            chart.curve.cases, chart.curve.lower998, chart.curve.upper998, strict=True
        ):
            wanted = funnel.limits(n)
            if not (math.isclose(low, wanted[0]) and math.isclose(high, wanted[1])):
                yield n


@pytest.fixture(scope="module")
def walked(engine):
    """Each question with its answer, the rules that made its numbers, and the numbers that none did."""
    found = []
    for audience in ("open", "direct"):
        with stores.reading(engine) as conn:
            for asked in questions() if audience == "open" else questions()[::3]:
                viewer = Viewer(audience, NOW, frozenset([asked.own]))
                held = {
                    m: load.series(conn, CATALOGUE, viewer, m) for m in {*asked.metrics, *NAMED}
                }
                answer = reply(
                    conn, CATALOGUE, WORDS, viewer, text=asked.text, bound=(asked.own,), today=TODAY
                )
                allowed = list(rules(held, asked.metrics, answer))
                tokens = _NUMBER.findall(spoken(answer.message))
                used = [(t, rule_of(t, allowed)) for t in tokens]
                strange = [t for t, rule in used if not rule]
                strange += [str(v) for v in charted(answer, held, allowed)]
                strange += [
                    f"{f}={x}"
                    for f in ("value", "numerator", "denominator")
                    if isinstance(x := answer.fields[f], float)
                    and not any(math.isclose(x, y) for _, y in allowed)
                ]
                found.append((asked, answer, [rule for _, rule in used if rule], strange))
    return found


def test_no_number_comes_from_nowhere(walked):
    assert len({a.text + a.own for a, *_ in walked}) >= 150
    strange = [(a.text, a.own, odd, x.fields["text"]) for a, x, _, odd in walked if odd]
    assert not strange, strange[:5]


def test_every_rule_and_every_kind_of_answer_was_walked(walked):
    used = Counter(rule for _, _, made, _ in walked for rule in made)
    wanted = {
        "stored", "sum", "rate", "group sum", "group rate", "middle", "quarter", "benchmark",
        "average", "limits", "place", "standard", "counted", "doubt",
    }  # fmt: skip
    assert wanted <= used.keys(), wanted - used.keys()
    kinds = {x.fields["kind"] for _, x, *_ in walked}
    assert {
        "card",
        "compare",
        "overview",
        "explain",
        "source",
        "when",
        "improve",
        "exemplar",
    } <= kinds
    assert {"refuse", "celebrate", "list", "events"} <= kinds
    messages = [x.message for _, x, *_ in walked]
    assert sum(bool(m.table) for m in messages) > 30
    assert {m.chart.shape for m in messages if m.chart} == {"control", "steps", "funnel"}


def test_the_walk_finds_a_number_that_was_made_up(walked):
    _, answer, *_ = walked[0]
    allowed = [("stored", 61.2), ("rate", 70.45)]
    assert rule_of("61", allowed) == "stored"
    assert rule_of("70.5", allowed) == "rate"
    assert rule_of("62", allowed) == ""
    assert rule_of("1,061", allowed) == ""
    assert "4 hours" not in spoken(answer.message)


def test_an_age_is_counted_in_months(walked):
    for _, answer, *_ in walked:
        p = answer.fields["period"]
        for first, last in _AGE.findall(answer.fields["text"]):
            if p is None:
                continue
            ages = [
                12 * (TODAY.year - d.year) + TODAY.month - d.month - (TODAY.day < d.day)
                for d in (date.fromisoformat(p["end"]), date.fromisoformat(p["start"]))
            ]
            assert [int(first), int(last or first)] == ages
