"""One figure, one truth: the table of charts, the digest and the answer judge a series alike.

On real published files, read from the shared data folder beside the project and never part of it.
Three roads lead to a verdict: `auditbot spc` (`run_table` on bare values), the digest with its trail,
and the card that answers a question. They must give the same limits and say the same.
"""

import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from auditbot import catalogue, layout
from auditbot.analyse.spc import run_table
from auditbot.ask.answer import reply
from auditbot.ask.memory import value_of
from auditbot.house import House, company_of, findings_for, viewer_of
from auditbot.model import Binding, Button, Finding, Question
from auditbot.pipeline import File, take
from auditbot.say import digest
from auditbot.say.choose import Choice, Pick
from auditbot.say.classify import classify, last_break
from auditbot.say.words import Words
from auditbot.store import load
from auditbot.store.engine import migrate, open_store, reading

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
SAMPLED = 40  # services of each audit
DIRECTION = {"higher": "increase", "lower": "decrease", "neutral": "neutral"}
SAYS = {
    "confirmed": "more than the usual ups and downs",
    "signal": "stands out from the usual ups and downs",
    "none": "within the usual ups and downs",
}

pytestmark = pytest.mark.skipif(
    not (SHARED / "ae_xls").is_dir(), reason="the shared data folder (real files) is not here"
)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    known = catalogue.load(ROOT / "bot" / "catalogue")
    layouts = layout.load(ROOT / "bot" / "catalogue" / "layouts", known)
    engine = open_store(f"sqlite:///{folder / 'store.db'}")
    migrate(engine)
    made = House(engine, known, layouts, Words(ROOT / "messages"), ZoneInfo("Europe/London"))
    for path in sorted(p for f in ("ae_xls", "ae_csv", "ssnap") for p in (SHARED / f).iterdir()):
        assert take(made, File(path), NOW)["state"] != "refused", path.name
    yield made
    engine.dispose()


@pytest.fixture(scope="module")
def found(house) -> list[Finding]:
    """Every finding of a seeded sample of services of each audit."""
    chance, made = random.Random(20), []
    with reading(house.engine) as conn:
        viewer = viewer_of(house, Binding("C0", ()), NOW)
        beside = company_of(conn, house, NOW)
        for audit, head in (("ae", "ae_4h"), ("ssnap", "ssnap_level")):
            able = sorted(load.series(conn, house.catalogue, viewer, head))
            own = tuple(sorted(chance.sample(able, SAMPLED)))
            binding = Binding("C0", own, (audit,))
            made += findings_for(conn, house, binding, viewer_of(house, binding, NOW), beside)[0]
    return made


def charted(house: House, f: Finding) -> tuple[pd.DataFrame, str]:
    """The points of the table, and its assurance, on nothing but the values and the settings."""
    metric = house.catalogue.metrics[f.metric]
    values = [p.value for p in f.points]
    figures = [i for i, v in enumerate(values) if v is not None]
    locked = figures[23 if len(figures) >= 24 else 11] + 1
    judged = metric.direction != "neutral" and metric.kind != "level"
    standard = metric.standard_on(f.latest.period.end) if judged else None
    frame = pd.DataFrame(
        {
            "series": f.service.id,
            "period": [p.period.start.isoformat() for p in f.points],
            "value": values,
            "fix_after": locked,
            "direction": DIRECTION[metric.direction],
            "target": standard.value if standard else None,
        }
    )
    points, series = run_table(frame)
    return points, series.assurance[0]


def shown(house: House, f: Finding):
    """The digest that tells this finding."""
    kind = classify(f, house.catalogue.metrics[f.metric], last_break(f, house.catalogue))
    return digest.digest(
        house.words,
        house.catalogue,
        Choice(Pick(f, kind, 1.0, ("asked for",))),
        binding=Binding("C0", (f.service.id,)),
        roles=None,
        today=NOW.date(),
    )


def answered(house: House, conn, f: Finding):
    """The card of the same figure, with its chart."""
    asked = Question("card", f.metric, services=(f.service.id,), period=f.latest.period)
    binding = Binding("C0", (f.service.id,))
    button = Button("", "ask_chart", value_of(asked))
    return reply(
        conn,
        house.catalogue,
        house.words,
        viewer_of(house, binding, NOW),
        button=button,
        bound=binding.services,
        today=NOW.date(),
    )


def as_numbers(column) -> list[float | None]:
    return [None if pd.isna(v) else float(v) for v in column]


def test_the_table_the_digest_and_the_answer_judge_a_series_alike(house, found):
    told: Counter[str] = Counter()
    with reading(house.engine) as conn:
        for f in found:
            metric = house.catalogue.metrics[f.metric]
            if metric.kind == "level" or f.verdict.strength == "too_early":
                continue
            stored = {r.period: r for r in f.series.results}
            assert all(
                p.value == (stored[p.period].value if stored[p.period].state == "ok" else None)
                for p in f.points
            )
            points, assurance = charted(house, f)
            last = points.iloc[-1]
            message = shown(house, f)
            verdict = message.trail["evidence"]["verdict"]
            assert [verdict[k] for k in ("mean", "lower", "upper")] == [
                last["mean"],
                last["lower"],
                last["upper"],
            ]
            assert [p.special_cause for p in f.points] == points.special_cause.tolist()
            strength, rule = verdict["strength"], verdict["rule"]
            if strength == "signal":
                assert rule == last.special_cause
            if strength == "none":
                assert last.special_cause == "common_cause" or "shift" in last.special_cause
            standing = message.trail["evidence"]["standing"]
            if standing and strength != "confirmed":
                assert standing["assurance"] == assurance
            answer = answered(house, conn, f)
            card = answer.message
            assert answer.fields["metric"] == f.metric
            for picture in (message.chart, card.chart):
                if picture is None:
                    assert sum(p.value is not None for p in f.points) < 2
                    continue
                known = len(picture.means) and [m for m in picture.means if m is not None]
                assert known == as_numbers(points["mean"])[-len(known) :]
                assert [v for v in picture.values if v is not None] == [
                    v for v in as_numbers(points.value) if v is not None
                ][-sum(v is not None for v in picture.values) :]
            assert (message.chart is None) == (card.chart is None)
            if message.chart and card.chart:
                for part in ("values", "means", "lowers", "uppers", "kinds", "standard"):
                    assert getattr(message.chart, part) == getattr(card.chart, part)
            if f.latest.state == "ok":
                says_the_same(strength, " ".join(message.body), answer.fields["text"])
            told[strength] += 1
    assert sum(told.values()) > 300
    assert set(told) == {"none", "signal", "confirmed"}


def says_the_same(strength: str, digest_says: str, answer_says: str) -> None:
    """The same verdict in the words of both; few cases are told as too few instead."""
    ours, theirs = (t.replace("your usual", "the usual") for t in (digest_says, answer_says))
    for each, words in SAYS.items():
        few = "too few to say more" in theirs
        if each == strength and not few:
            assert words in ours or "not been closer" in ours
            assert words in theirs
        else:
            assert words not in theirs
            assert words not in ours
    assert ("too few to say more" in ours) == ("too few to say more" in theirs)


def test_too_early_is_too_early_for_all(house, found):
    early = [f for f in found if f.verdict.strength == "too_early" and f.latest.state == "ok"]
    charts = [f for f in early if house.catalogue.metrics[f.metric].kind != "level"]
    assert len(charts) > 20
    with reading(house.engine) as conn:
        for f in random.Random(3).sample(charts, 20):
            card, message = answered(house, conn, f), shown(house, f)
            for text in (card.fields["text"], " ".join(message.body)):
                assert "usual range" not in text
                assert "stands out" not in text
            for picture in (card.message.chart, message.chart):
                assert picture is None or set(picture.means) == {None}


def test_a_level_is_judged_as_the_score_behind_it(house, found):
    scores = {(f.service.id, f.metric): f for f in found}
    levels = [f for f in found if house.catalogue.metrics[f.metric].score]
    pairs = [
        (f, scores[key])
        for f in levels
        if (key := (f.service.id, house.catalogue.metrics[f.metric].score)) in scores
    ]
    assert len(pairs) > 20
    for level, score in pairs:
        if level.latest.period == score.latest.period:
            assert level.verdict.strength == score.verdict.strength
            assert (level.verdict.mean, level.verdict.upper) == (
                score.verdict.mean,
                score.verdict.upper,
            )
