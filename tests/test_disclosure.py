"""Small numbers never leave: not as a count, not by a sum, not by what else is said beside them.

Two worlds that differ in nothing but what protection hides must give the same at every exit, byte
for byte. Everything here is made up.
"""

import math
import random
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copy
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from auditbot import period
from auditbot.catalogue import Catalogue, Metric
from auditbot.model import Period, Result
from auditbot.store import load
from auditbot.store.engine import open_store, reading
from auditbot.store.save import save
from auditbot.viewer import Viewer, protect
from tests import exits
from tests.conftest import batch_of, months_from, row

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
OPEN = Viewer("open", NOW)
JAN, FEB, MARCH = months_from(2026, 1, 3)
KINDS = ("proportion", "count", "rate", "mean", "median", "score")


def metric(kind: Any, id: str = "made_up") -> Metric:
    return Metric(
        id=id,
        audit="nhfd",
        name=id,
        plain=id,
        kind=kind,
        direction="higher",
        numerator="seen",
        denominator="all",
        why="made up",
        disclosure="small_numbers",
        standard_note="none",
        standard_source="none",
        verified=True,
        verified_how="made up",
        review_by=date(2027, 1, 1),
    )


def cell(**figures: Any) -> Result:
    return Result("a-unit", "made_up", JAN, figures.pop("state", "ok"), **figures)


def shown(kind: str, **figures: Any) -> Result:
    return protect(cell(**figures), metric(kind), OPEN)


def figures_of(r: Result) -> tuple[Any, ...]:
    return r.state, r.value, r.numerator, r.denominator, r.level, r.completeness


HIDDEN = ("suppressed", None, None, None, None, None)


# One cell


@pytest.mark.parametrize(
    ("kind", "figures"),
    [
        ("proportion", {"numerator": 4, "denominator": 150}),
        ("proportion", {"numerator": 147, "denominator": 150}),
        ("proportion", {"numerator": 0, "denominator": 7}),
        ("proportion", {"numerator": 0.5, "denominator": 40}),
        ("proportion", {"numerator": 7.5, "denominator": 40}),
        ("proportion", {"numerator": 39.5, "denominator": 40}),
        # what is not given, and follows
        ("proportion", {"value": 2.6667, "denominator": 150}),
        ("proportion", {"value": 98.0, "denominator": 150}),
        ("proportion", {"value": 60.0, "numerator": 3}),
        ("proportion", {"value": 75.0, "numerator": 9}),
        ("mean", {"value": 20.0, "numerator": 100}),
        ("count", {"value": 4}),
        ("count", {"numerator": 4, "value": 4}),
        ("count", {"numerator": 40, "value": 4}),
        ("rate", {"numerator": 3, "denominator": 4000, "value": 0.75}),
        ("mean", {"denominator": 5, "value": 12.4}),
        ("median", {"denominator": 5, "value": 12.0}),
        ("level", {"numerator": 4, "denominator": 5, "level": "A"}),
        # no numbers, so nobody can say that they are not small
        ("proportion", {"numerator": float("nan"), "denominator": 40}),
        ("proportion", {"numerator": 20, "denominator": float("inf")}),
        ("score", {"value": float("nan")}),
        ("count", {"value": float("inf")}),
        ("proportion", {"numerator": -3, "denominator": 40}),
    ],
)
def test_a_small_count_hides_its_whole_cell(kind: str, figures: dict[str, Any]) -> None:
    assert figures_of(shown(kind, **{"level": "B", "completeness": 97.3} | figures)) == HIDDEN


@pytest.mark.parametrize(
    ("kind", "figures", "value", "numerator", "denominator"),
    [
        ("proportion", {"numerator": 22, "denominator": 43, "value": 51.1628}, 44, 20, 45),
        ("proportion", {"denominator": 43, "value": 51.1628}, 44, None, 45),
        ("proportion", {"numerator": 22, "value": 51.1628}, 44, 20, None),
        ("proportion", {"numerator": 22}, None, 20, None),
        ("proportion", {"denominator": 43}, None, None, 45),
        ("proportion", {"value": 51.1628}, 51, None, None),
        ("proportion", {"numerator": 0, "denominator": 43, "value": 0.0}, 0, 0, 45),
        ("proportion", {"numerator": 43, "denominator": 43, "value": 100.0}, 100, 45, 45),
        ("proportion", {"numerator": 0, "denominator": 0}, None, 0, 0),
        ("count", {"value": 48.0}, 50, None, None),
        ("count", {"numerator": 48}, None, 50, None),
        ("count", {"numerator": 48, "denominator": 61, "value": 48.0}, 50, 50, 60),
        # a rate is made again of its rounded counts
        ("rate", {"numerator": 9, "denominator": 4013, "value": 2.24271}, 2.490660025, 10, 4015),
        ("rate", {"numerator": 9, "denominator": 4013, "value": 2.2}, 2.490660025, 10, 4015),
        ("rate", {"numerator": 9, "denominator": 400, "value": 2250.0}, 2500, 10, 400),
        ("rate", {"numerator": 0, "denominator": 400, "value": 0.0}, 0, 0, 400),
        ("mean", {"numerator": 248, "denominator": 21, "value": 11.8095}, 12.5, 250, 20),
        # and not where it is no rate of them
        ("rate", {"numerator": 90, "denominator": 400, "value": 31.4}, 31, 90, 400),
        ("mean", {"denominator": 21, "value": 11.8095}, 12, None, 20),
        ("median", {"denominator": 21, "value": 11.8}, 12, None, 20),
        ("score", {"value": 71.3}, 71, None, None),
        # one count and the rate give the other
        ("rate", {"denominator": 400, "value": 12.5}, 12, None, None),
        ("rate", {"numerator": 9, "value": 12.5}, 12, None, None),
    ],
)
def test_other_counts_go_to_the_nearest_5_and_the_value_follows_them(
    kind: str, figures: dict[str, Any], value: Any, numerator: Any, denominator: Any
) -> None:
    found = shown(kind, **figures, completeness=97.3)
    expected = ("ok", pytest.approx(value) if value is not None else None, numerator, denominator)
    assert figures_of(found) == (*expected, None, 97.0)


@pytest.mark.parametrize(
    ("state", "completeness"),
    [("too_few", None), ("suppressed", None), ("not_entered", 12.0), ("no_cases", 12.0)],
)
def test_a_cell_that_is_no_figure_holds_none(state: Any, completeness: Any) -> None:
    found = shown(
        "proportion",
        state=state,
        value=60.0,
        level="A",
        numerator=3,
        denominator=5,
        completeness=12.2,
    )
    assert figures_of(found) == (state, None, None, None, None, completeness)


def test_figures_that_their_publisher_controls_pass_as_they_are() -> None:
    given_ = cell(numerator=3, denominator=40, value=7.5, completeness=97.3)
    as_published = metric("proportion").model_copy(update={"disclosure": "as_published"})
    assert protect(given_, as_published, OPEN) is given_


@st.composite
def like_cells(draw: st.DrawFn) -> tuple[str, Result, Result]:
    """Two cells that differ inside what protection hides, or inside one rounding."""
    kind = draw(st.sampled_from(["proportion", "count", "rate", "mean"]))
    half = draw(st.booleans())
    counts = st.integers(0, 400).map(lambda c: c / 2 if half else float(c))
    d = draw(counts.filter(bool))
    n = min(draw(counts), d)
    near = [
        (n + i / 2, d + j / 2)
        for i in range(-9, 10)
        for j in range(-9, 10)
        if 0 <= n + i / 2 <= d + j / 2 and class_of(n + i / 2, d + j / 2) == class_of(n, d)
    ]
    n2, d2 = draw(st.sampled_from(near))
    assume((n, d) != (n2, d2))
    missing = draw(st.sampled_from(["", "numerator", "denominator"]))
    assume(kind == "proportion" or not missing)
    assume(missing != "denominator" or (n and n2))
    each = {"proportion": 100, "mean": 1, "count": 1}.get(kind) or 10 ** draw(st.integers(0, 5))

    def made(n: float, d: float) -> Result:
        value = n if kind == "count" else each * n / d
        figures = {"value": value, "numerator": n, "denominator": d, "completeness": 96.4}
        return cell(**figures | ({missing: None} if missing else {}))

    return kind, made(n, d), made(n2, d2)


def class_of(n: float, d: float) -> Any:
    """What a reader may know of two counts: that one is small, or both to the nearest 5."""
    if any(0 < c < 8 for c in (n, d, d - n)):
        return "hidden"
    return 5 * round(n / 5), 5 * round(d / 5)


@settings(deadline=None, max_examples=400)
@given(like_cells())
def test_cells_that_differ_inside_what_is_hidden_look_the_same(
    pair: tuple[str, Result, Result],
) -> None:
    kind, one, other = pair
    assert protect(one, metric(kind), OPEN) == protect(other, metric(kind), OPEN)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from([*KINDS, "level"]),
    st.fixed_dictionaries(
        dict.fromkeys(
            ("value", "numerator", "denominator", "completeness"),
            st.none() | st.floats(allow_nan=True, allow_infinity=True) | st.integers(0, 60),
        )
    ),
    st.sampled_from(["ok", "suppressed", "too_few", "missing"]),
)
def test_nothing_shown_is_ever_in_finer_detail_than_the_rule(
    kind: str, figures: dict[str, Any], state: Any
) -> None:
    found = shown(kind, **figures, state=state, level="B")
    for count in (found.numerator, found.denominator, found.value if kind == "count" else None):
        assert count is None or (count % 5 == 0 and not 0 < count < 8)
    for whole in (found.completeness, found.value if kind not in ("rate", "mean") else None):
        assert whole is None or whole == int(whole)
    if found.state != "ok":
        assert figures_of(found)[1:5] == (None,) * 4


# A revision that shows no difference is none


CATALOGUE = Catalogue(
    MappingProxyType({}), MappingProxyType({"small": metric("proportion", "small")}), (), (), Path()
)


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        ((3, 40), (4, 40), 0),
        ((22, 43), (21, 44), 0),
        ((22, 43), (30, 43), 1),
        ((3, 40), (9, 40), 1),
    ],
)
def test_a_revision_inside_what_is_hidden_leaves_no_trace(
    sqlite_engine: Any, first: Any, second: Any, stands: int
) -> None:
    releases = [
        save(sqlite_engine, batch_of([row("a-unit", "small", JAN, *counts)]), now=NOW).release
        for counts in (first, second)
    ]
    with reading(sqlite_engine) as conn:
        (found,) = load.series(conn, CATALOGUE, OPEN, "small")["a-unit"].results
    assert found.release == releases[stands]


def test_an_approved_team_sees_its_own_revisions(sqlite_engine: Any) -> None:
    for n in (3, 4):
        last = save(sqlite_engine, batch_of([row("a-unit", "small", JAN, n, 40)]), now=NOW).release
    viewer = Viewer("private", NOW, frozenset({"a-unit"}), exact_own=True)
    with reading(sqlite_engine) as conn:
        (found,) = load.series(conn, CATALOGUE, viewer, "small")["a-unit"].results
    assert (found.numerator, found.release) == (4, last)


# Every exit


SETTINGS = """
pace_seconds = 0.05
[[channel]]
id = "C0NORTH"
services = ["north"]
every_release = true
[[channel]]
id = "C0SOUTH"
services = ["south"]
audience = "private"
every_release = true
[[channel]]
id = "C0TRUST"
services = ["trust"]
every_release = true
[[service]]
id = "north"
lead = ["U0LEAD"]
"""
NAMES = {"north": "North Hospital", "south": "South Hospital", "trust": "Fernhill Trust"}
ASKED = (
    "how are we doing?",
    "four hour performance?",
    "four hour performance in May 2025",
    "four hour performance in 2025",
    "chart of four hour performance since January 2025",
    "compare four hour performance of North Hospital and South Hospital",
    "four hour performance against the national average",
    "four hour performance compared with last year",
    "attendances April to June 2025",
    "which month was worst for four hour?",
    "where is the four hour figure from?",
    "who does well on four hour?",
    "what is the four hour standard?",
)
MONTHS = 15
NEW = (
    "south,South Hospital,ae_12h_dta,2026-01-01,2026-01-31,,,50,"  # so that each second file is one
)
World = dict[tuple[str, int], tuple[int, int]]  # (site, month) -> (treated, all)


@st.composite
def like_worlds(draw: st.DrawFn) -> tuple[World, World]:
    """Two worlds of two sites and a trust, months and a year, told apart by nothing that shows."""
    size = draw(st.sampled_from([9, 16, 40, 120]))
    then = draw(st.sampled_from([0.0, 0.4, 0.9]))
    dice = random.Random(draw(st.integers(0, 10**9)))
    one: World = {}
    for site in ("north", "south"):
        for m in range(MONTHS):
            d = dice.randint(0, size)
            share = 0.9 if m < MONTHS // 2 else then
            one[site, m] = (sum(dice.random() < share for _ in range(d)), d)
    other = dict(one)
    looks = look(one)
    for _ in range(400):
        m = dice.randrange(MONTHS)
        trial = dict(other)
        for site in dice.sample(("north", "south"), dice.randint(1, 2)):
            n, d = trial[site, m]
            trial[site, m] = (n + dice.randint(-3, 3), d + dice.randint(-3, 3))
        if all(0 <= n <= d for n, d in trial.values()) and look(trial) == looks:
            other = trial
    assume(other != one)
    return one, other


def tables(world: World) -> dict[tuple[str, Period], tuple[int, int]]:
    """All cells: of the sites and the trust, by month and for the year."""
    cells = {(s, period.month(2025, 1 + m)): c for (s, m), c in world.items()}
    for m in range(MONTHS):
        both = [world[s, m] for s in ("north", "south")]
        cells["trust", period.month(2025, 1 + m)] = (
            sum(n for n, _ in both),
            sum(d for _, d in both),
        )
    for s in NAMES:
        year = [c for (x, p), c in cells.items() if x == s and p.start.year == 2025]
        cells[s, period.months(2025, 1, 12)] = (sum(n for n, _ in year), sum(d for _, d in year))
    return cells


def look(world: World) -> Any:
    return {
        k: (class_of(n, d), class_of(d - n, d), "hidden" if 0 < d < 8 else 5 * round(d / 5))
        for k, (n, d) in tables(world).items()
    }


def lines(world: World) -> list[str]:
    """Treated and not treated of the same, and how many there were, as a file has them."""
    rows = []
    for (s, p), (n, d) in tables(world).items():
        about = f"{s},{NAMES[s]},{{}},{p.start},{p.end}"
        if d:
            rows.append(f"{about.format('ae_4h')},{n},{d},,{97.3}")
            rows.append(f"{about.format('ae_4h_type1')},{d - n},{d},,")
        rows.append(f"{about.format('ae_attendances')},,,{d},")
        rows.append(f"{about.format('ae_admissions')},,,{n},") if class_of(n, d) != "hidden" else 0
    return rows


def out_of(world: World, before: World, folder: Path, store: Path, *, deliver: bool) -> Any:
    folder.mkdir()
    copy(store, folder / "store.db")
    engine = open_store(f"sqlite:///{folder / 'store.db'}")
    try:
        place = exits.place(folder, engine, SETTINGS, small=True)
        exits.load_rows(place, lines(before), "first.csv", NOW)
        exits.load_rows(place, [*lines(world), NEW], "second.csv", NOW)
        viewers = {
            "open": (Viewer("open", NOW, frozenset({"north"})), ("north",)),
            "private": (Viewer("private", NOW, frozenset({"south"})), ("south",)),
            "guest": (Viewer("guest", NOW), ()),
        }
        return exits.everything(place, NOW, viewers, ASKED, ("north", "trust"), deliver=deliver)
    finally:
        engine.dispose()


DEAR = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
UNSHRUNK = [Phase.explicit, Phase.generate]  # each example is two worlds: too dear to shrink


@settings(deadline=None, max_examples=2, phases=UNSHRUNK, suppress_health_check=DEAR)
@given(worlds=like_worlds())
def test_worlds_that_differ_inside_what_is_hidden_give_the_same_at_every_exit(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, worlds: tuple[World, World]
) -> None:
    one, other = worlds
    folder = tmp_path_factory.mktemp("worlds")
    a = out_of(one, one, folder / "a", migrated_file, deliver=False)
    b = out_of(other, other, folder / "b", migrated_file, deliver=False)
    the_same(a, b)


@settings(deadline=None, max_examples=1, phases=UNSHRUNK, suppress_health_check=DEAR)
@given(worlds=like_worlds())
def test_a_file_that_corrects_what_is_hidden_gives_the_same_as_one_that_repeats_it(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, worlds: tuple[World, World]
) -> None:
    one, other = worlds
    folder = tmp_path_factory.mktemp("worlds")
    a = out_of(one, one, folder / "a", migrated_file, deliver=True)
    b = out_of(other, one, folder / "b", migrated_file, deliver=True)
    the_same(a, b)


def the_same(a: dict[str, str], b: dict[str, str]) -> None:
    assert a.keys() == b.keys()
    for way in a:
        assert a[way] == b[way], way


def test_the_exits_do_tell_worlds_apart_that_show_a_difference(
    tmp_path: Path, migrated_file: Path
) -> None:
    one = {(s, m): (30 + m, 60) for s in ("north", "south") for m in range(MONTHS)}
    other = one | {("north", MONTHS - 1): (20, 60)}
    a = out_of(one, one, tmp_path / "a", migrated_file, deliver=False)
    b = out_of(other, other, tmp_path / "b", migrated_file, deliver=False)
    differ = {way for way in a if a[way] != b[way]}
    assert {"turn", "digest north", "digest north --html", "ask --batch"} <= differ
    assert {f"open: {q}" for q in ASKED[:2]} <= differ
    assert "log" not in differ


# By subtraction


def poisson(dice: random.Random, mean: float) -> int:
    most, product, n = math.exp(-mean), dice.random(), 0
    while product > most:
        product, n = product * dice.random(), n + 1
    return n


def bounds(count: int) -> tuple[float, float]:
    """What a reader knows of one count from how it is shown."""
    found = shown("count", value=count)
    if found.state == "suppressed":
        return 1, 7
    assert found.value is not None
    return (max(found.value - 2, 8), found.value + 2) if found.value else (0, 0)


def pinned(counts: dict[Any, int], sums: list[tuple[Any, list[Any]]]) -> list[Any]:
    """The hidden counts of which one value alone remains, by interval arithmetic over all sums."""
    know = {k: bounds(c) for k, c in counts.items()}
    hidden = [k for k, b in know.items() if b == (1, 7)]
    before = None
    while before != know:
        before = dict(know)
        for whole, parts in sums:
            low, high = (sum(know[p][i] for p in parts) for i in (0, 1))
            know[whole] = (max(know[whole][0], low), min(know[whole][1], high))
            for p in parts:
                others = low - know[p][0], high - know[p][1]
                narrow = (know[whole][0] - others[1], know[whole][1] - others[0])
                know[p] = (max(know[p][0], narrow[0]), min(know[p][1], narrow[1]))
                low, high = others[0] + know[p][0], others[1] + know[p][1]
    return [k for k in hidden if know[k][0] == know[k][1]]


@pytest.mark.parametrize("first", range(21))
def test_of_a_whole_and_its_two_parts_no_hidden_count_can_be_worked_out(first: int) -> None:
    for second in range(41):
        counts = {"a": first, "b": second, "both": first + second}
        assert pinned(counts, [("both", ["a", "b"])]) == []


@pytest.mark.parametrize(("sites", "months"), [(1, 12), (2, 3), (2, 12), (4, 12)])
def test_of_sites_and_months_with_all_their_sums_hardly_a_hidden_count_can_be_worked_out(
    sites: int, months: int
) -> None:
    """Rounded sums meet their own edges now and then (GOVERNANCE.md, 4): under 1 in 100 hidden cells.

    Twelve months of one patient each are a year of 10 as shown, which is no more than 12. To hide
    such years alone would say as much; to hide every year with a hidden month would leave nothing.
    """
    dice = random.Random(20)
    hidden = found = 0
    for _ in range(60):
        for mean in (1, 3, 6, 10):
            rows = range(sites + (sites > 1))  # the last row is the trust, the last column the year
            counts = {(s, m): poisson(dice, mean) for s in range(sites) for m in range(months)}
            sums: list[tuple[Any, list[Any]]] = []
            if sites > 1:
                sums += [((sites, m), [(s, m) for s in range(sites)]) for m in range(months)]
            sums += [((r, months), [(r, m) for m in range(months)]) for r in rows]
            for whole, parts in sums:
                counts[whole] = sum(counts[p] for p in parts)
            hidden += sum(0 < c < 8 for c in counts.values())
            found += len(pinned(counts, sums))
    assert hidden > 1000
    assert found < hidden / 100


# What an operator is told stays with the operator


def test_cells_of_a_refused_row_are_at_no_exit_but_the_report(
    tmp_path: Path, sqlite_engine: Any
) -> None:
    place = exits.place(tmp_path, sqlite_engine, SETTINGS, small=True)
    good = lines({(s, m): (30, 60) for s in ("north", "south") for m in range(MONTHS)})
    bad = "north,North Hospital,ae_12h_dta,2026-03-01,2026-03-31,,,7 (was 6),"
    report = exits.load_rows(place, [*good, bad], "first.csv", NOW)
    assert report["state"] == "incomplete"
    assert [r["value"] for r in report["refused_rows"]] == ["7 (was 6)"]
    viewers = {"open": (Viewer("open", NOW, frozenset({"north"})), ("north",))}
    out = exits.everything(place, NOW, viewers, ASKED, ("north",))
    assert "was 6" not in "".join(out.values())
