"""A service among its peers, from a store: who is shown, whose figures, and how it is explained."""

import csv
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from auditbot import catalogue, period
from auditbot.ask import figures, held, memory
from auditbot.ask.answer import reply
from auditbot.ask.desk import Desk
from auditbot.ask.funnel import funnel, reading_of
from auditbot.ingest import take_in
from auditbot.model import Button, Question
from auditbot.say.words import Words
from auditbot.store import engine as stores
from auditbot.store import load, save
from auditbot.viewer import Viewer

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = catalogue.load(ROOT / "bot" / "catalogue")
WORDS = Words(ROOT / "messages")
TODAY, NOW = date(2026, 4, 20), datetime(2026, 4, 20, 9, tzinfo=UTC)
OURS = "fernhill"
SMALL = next(
    m.id
    for m in CATALOGUE.metrics.values()
    if m.kind == "proportion" and m.disclosure == "small_numbers" and m.verified
)
HEADER = (
    "service",
    "service_name",
    "metric",
    "period_start",
    "period_end",
    "numerator",
    "denominator",
    "value",
    "completeness",
)
MARCH, QUARTER = period.month(2026, 3), period.quarter(2026, 1)


def others(n: int) -> list[tuple[str, str]]:
    return [(f"place-{i}", f"Place Number {i} Hospital") for i in range(n)]


def rows(services):  # type: ignore[no-untyped-def]
    for i, (place, name) in enumerate(services):
        for m in (1, 2, 3):
            yield place, name, "ae_4h", period.month(2026, m), 700 + 9 * i + m, 1001 + 7 * i
        yield place, name, SMALL, MARCH, 3 if i == 5 else 63 + i, 121 + i


@pytest.fixture(scope="module")
def folder(tmp_path_factory):  # type: ignore[no-untyped-def]
    return tmp_path_factory.mktemp("funnel")


def loaded(folder, name, *batches):  # type: ignore[no-untyped-def]
    """A store with files, each of rows and the terms it is loaded on."""
    engine = stores.open_store(f"sqlite:///{folder / name}.db")
    stores.migrate(engine)
    for k, (made, terms) in enumerate(batches):
        path = folder / f"{name}-{k}.csv"
        with path.open("w", newline="") as f:
            write = csv.writer(f)
            write.writerow(HEADER)
            for place, called, metric, p, n, d in made:
                write.writerow([place, called, metric, p.start, p.end, n, d, "", 100])
        save.save(engine, take_in(path, {}, CATALOGUE, "long"), now=NOW, **terms)
    return engine


@pytest.fixture(scope="module")
def engine(folder):  # type: ignore[no-untyped-def]
    engine = loaded(folder, "public", (list(rows([(OURS, "Fernhill Hospital"), *others(11)])), {}))
    yield engine
    engine.dispose()


def desk(conn, audience="open", **more):  # type: ignore[no-untyped-def]
    viewer = Viewer(audience, NOW, frozenset({OURS}), **more)
    releases = load.releases(conn, viewer)
    vocabulary = held.vocabulary_of(conn, CATALOGUE, viewer, releases)
    return Desk(conn, CATALOGUE, WORDS, viewer, vocabulary, releases, TODAY)


def placed(desk, metric="ae_4h", when=MARCH):  # type: ignore[no-untyped-def]
    own = figures.at(desk.series(metric, [OURS])[OURS], when)
    return funnel(desk, CATALOGUE.metrics[metric], own, "Said."), own


def test_the_peers_of_a_result_are_around_it(engine) -> None:  # type: ignore[no-untyped-def]
    with stores.reading(engine) as conn:
        chart, own = placed(desk(conn))
    rates = [100 * (703 + 9 * i) / (1001 + 7 * i) for i in range(12)]
    assert chart.values[0] == own.value == rates[0]
    assert sorted(chart.values[1:]) == sorted(rates[1:])
    assert chart.cases[0] == own.denominator == 1001
    assert "Funnel chart of Fernhill Hospital among 11 other A&E services" in chart.alt_text
    assert "Place Number" not in chart.alt_text + json.dumps(dict(chart.words))
    assert chart.standard == 95
    assert "NHS England" in chart.caption


def test_months_together_are_set_beside_the_same_months(engine) -> None:  # type: ignore[no-untyped-def]
    metric = CATALOGUE.metrics["ae_4h"]
    with stores.reading(engine) as conn:
        here = desk(conn)
        own = figures.over(here.series("ae_4h", [OURS])[OURS], QUARTER, metric, 1)
        chart = funnel(here, metric, own, "Said.")
    assert sorted(chart.cases) == [3 * (1001 + 7 * i) for i in range(12)]
    assert "January to March 2026" in chart.alt_text


def test_small_numbers_are_protected_in_the_picture_too(engine) -> None:  # type: ignore[no-untyped-def]
    with stores.reading(engine) as conn:
        chart, own = placed(desk(conn), SMALL)
    assert len(chart.values) == 11  # a count of three is hidden, and so is its dot
    assert all(n % 5 == 0 for n in chart.cases)
    assert all(v == round(v) for v in chart.values)
    assert (own.numerator, own.denominator) == (65, 120)


def test_fewer_than_eight_others_make_no_funnel(folder) -> None:  # type: ignore[no-untyped-def]
    for n in (7, 8):
        engine = loaded(folder, f"few{n}", (list(rows([(OURS, "Fernhill"), *others(n)])), {}))
        with stores.reading(engine) as conn:
            assert (placed(desk(conn))[0] is None) == (n < 8)
        engine.dispose()


def test_peers_are_public_and_published_for_whoever_looks(folder) -> None:  # type: ignore[no-untyped-def]
    own, around = list(rows([(OURS, "Fernhill")])), list(rows([("x", "x"), *others(12)]))[4:]
    terms = (
        {"publication": "internal"},
        {"publish_at": NOW + timedelta(days=1)},
        {"publish_at": NOW - timedelta(days=1)},
    )
    for k, term in enumerate(terms):
        engine = loaded(folder, f"terms{k}", (own, {}), (around, term))
        with stores.reading(engine) as conn:
            here = desk(conn, "private", prerelease=frozenset({"long"}))
            assert len(here.series("ae_4h", None)) == 13
            assert (placed(here)[0] is None) == (k < 2)
        engine.dispose()


@pytest.mark.parametrize("metric", ["ae_attendances", "ssnap_level"])
def test_what_is_no_rate_has_no_funnel(engine, metric) -> None:  # type: ignore[no-untyped-def]
    with stores.reading(engine) as conn:
        here = desk(conn)
        _, own = placed(here)
        assert funnel(here, CATALOGUE.metrics[metric], own, "Said.") is None
        assert reading_of(here, CATALOGUE.metrics[metric], own) is None


def explained(engine, **more):  # type: ignore[no-untyped-def]
    with stores.reading(engine) as conn:
        viewer = Viewer("open", NOW, frozenset({OURS}))
        made = reply(conn, CATALOGUE, WORDS, viewer, bound=(OURS,), today=TODAY, **more)
    headline, text = made.message.headline, made.message.body[0]
    assert "How to read" in headline
    return re.split(r"(?<=[.])\s+(?=[A-Z])", text)


@pytest.mark.parametrize(
    "asked",
    [{"comparator": "peers"}, {"comparator": "national"}, {"wants": ("position",)}],
)
def test_the_button_under_a_funnel_explains_that_funnel(engine, asked) -> None:  # type: ignore[no-untyped-def]
    with stores.reading(engine) as conn:
        chart, _ = placed(desk(conn))
    q = Question("card", "ae_4h", services=(OURS,), period=MARCH, **asked)
    found = explained(engine, button=Button("", "ask_chart_help", memory.value_of(q)))
    assert len(found) == 3
    assert "one of 11 other A&E services" in found[0]
    assert f"Fernhill Hospital, at {chart.words['last']}." in found[0]
    low, high = re.search(r"1,001 A&E visits (\d+) to (\d+)\.", chart.alt_text).groups()
    assert f"between {low} and {high}" in found[2]


def test_the_button_under_a_control_chart_explains_that_chart(engine) -> None:  # type: ignore[no-untyped-def]
    q = Question("card", "ae_4h", services=(OURS,), period=MARCH)
    found = explained(engine, button=Button("", "ask_chart_help", memory.value_of(q)))
    assert found == [
        "There are 3 results so far, too few for an average or a usual range.",
        "The newest dot, for March 2026, is 70.",
        "The bold line is the standard of 95, which services are asked to meet.",
    ]
    february = Question("card", "ae_4h", services=(OURS,), period=period.month(2026, 2))
    found = explained(engine, button=Button("", "ask_chart_help", memory.value_of(february)))
    assert "There are 2 results" in found[0]
    assert "February 2026" in found[1]


def test_among_peers_goes_into_the_button_of_the_chart_alone() -> None:
    q = Question("card", "ae_4h", services=(OURS,), period=MARCH, comparator="national")
    assert memory.from_button("ask_chart_help", memory.value_of(q)).comparator == "peers"  # type: ignore[union-attr]
    assert memory.from_button("ask_source", memory.value_of(q)).comparator is None  # type: ignore[union-attr]
    plain = Question("card", "ae_4h", services=(OURS,), comparator="last_year")
    assert memory.from_button("ask_chart_help", memory.value_of(plain)).comparator is None  # type: ignore[union-attr]
