"""What a figure is set beside is never rounded into more than it is, and few patients are told as few."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot.model import Binding, Peers, Verdict
from auditbot.say import compared, digest, numbers
from auditbot.say.choose import Choice
from auditbot.say.classify import step_up
from auditbot.say.markup import plain
from tests.planted import MONTHS, Line, known, lines, place
from tests.saying import CATALOGUE, TODAY, WORDS, finding, pick

BARE_ALL = re.compile(r"(?<![\d.])(?:100|0)(?![\d.]| in 100)")
BINDING = Binding("C0X", ("fernhill-hospital",))
rate = st.one_of(
    st.floats(0, 100),
    st.floats(99, 100),
    st.floats(0, 1),
    st.sampled_from([0.0, 99.7, 99.97, 100.0]),
)


def said(f) -> str:
    """The digest of a finding, its picture's words too."""
    choice = Choice(pick(f))
    message = digest.digest(WORDS, CATALOGUE, choice, binding=BINDING, roles=None, today=TODAY)
    alt = message.chart.alt_text if message.chart else ""
    alt = re.sub(r"usual range \S+ to \S+", "", alt)  # limits may reach either end
    return "\n".join(plain(t) for t in (message.headline, *message.body, message.fallback, alt))


@settings(deadline=None, max_examples=300)
@given(
    st.lists(rate, min_size=3, max_size=3),
    rate,
    st.sampled_from(["hip_ward", "hip_late"]),
    st.booleans(),
)
def test_steps_among_peers_are_all_or_none_for_all_or_none_alone(found, own, name, counted):
    lower = name == "hip_late"
    typical, quarter, achievable = sorted(found, reverse=lower)
    made = finding(name, [own] * 14, cases=None)
    made = replace(made, peers=Peers(9, True, typical, quarter, achievable if counted else None))
    told = compared.peers(WORDS, CATALOGUE, CATALOGUE.metrics[name], made)
    steps = {"typical": typical, "top_quarter": quarter}
    steps |= {"achievable": achievable} if counted else {}
    for step, value in steps.items():
        if BARE_ALL.search(plain(told[step])):
            assert counted, "a publisher's own rounding proves nothing"
            assert value in (0, 100), (value, told[step])
    assert "than 99 or" not in plain(told["top_quarter"])
    assert "than 1 or" not in plain(told["top_quarter"])


@pytest.mark.parametrize(
    ("value", "shown"),
    [(99.7, "99.7 or more"), (99.97, "more than 99"), (99.4, "99 or more"), (100.0, "100 or more")],
)
def test_a_best_quarter_near_all_is_told_as_near(value, shown):
    made = finding("hip_ward", [72.0] * 14, cases=None)
    made = replace(made, peers=Peers(9, True, 80.0, value, value))
    told = compared.peers(WORDS, CATALOGUE, CATALOGUE.metrics["hip_ward"], made)
    assert plain(told["top_quarter"]) == shown


@settings(deadline=None, max_examples=200)
@given(rate, rate)
def test_an_average_is_all_or_none_for_all_or_none_alone(mean, own):
    made = finding("hip_ward", [own] * 14, cases=None)
    limits = Verdict("none", "", "", "ptd", 14, mean, 0.0, 100.0)
    shown = plain(
        compared.average(WORDS, CATALOGUE.metrics["hip_ward"], replace(made, verdict=limits))
    )
    assert not BARE_ALL.search(shown), (mean, shown)
    points = tuple(replace(p, mean=mean) for p in made.points)
    text = said(replace(made, points=points))
    if 0 < mean < 100:
        assert not re.search(r"Average (?:100|0)(?![\d.])", text), (mean, text)


@settings(deadline=None, max_examples=200)
@given(st.data(), st.integers(1, 400))
def test_a_wide_interval_forces_few_patients(data, cases):
    """Half a 95% interval of over ten points: as counts, with doubt, and never "in 100"."""
    n = data.draw(st.integers(0, cases))
    made = finding("hip_ward", [100 * n / cases] * 14, cases=cases)
    low, high = numbers.wilson(n, cases)
    text = said(made)
    if 100 * (high - low) / 2 > 10:
        assert f"{n} of {cases} patients" in text
        assert "That is too few to say more." in text
        assert "in 100 patients" not in text
    else:
        assert "too few to say more" not in text
    if n < cases:
        assert "100 in 100" not in text
    if n:
        assert not re.search(r"(?<!\d)0 in 100", text)


WIDE = [(6, 6), (0, 9), (14, 23), (40, 80), (45, 85)]
NARROW = [(150, 200), (12, 120), (99, 100), (300, 300)]


def test_an_answer_tells_few_patients_as_few_too(sqlite_engine, tmp_path_factory, tmp_path):
    house = place(sqlite_engine, known(tmp_path_factory.mktemp("catalogue")), tmp_path)
    planted = []
    for i, (n, d) in enumerate(WIDE + NARROW):
        planted += [Line(f"town{i}-hospital", "hip_bone", m, n, d) for m in MONTHS]
    house.load(planted + lines("hip_bone", [70] * 24))
    for i, (n, d) in enumerate(WIDE + NARROW):
        own = replace(house.binding, services=(f"town{i}-hospital",))
        text = house.ask("bone medicine?", binding=own).fields["text"]
        few = (n, d) in WIDE
        assert ("too few to say more" in text) is few, text
        assert (f"{n} of {d} patients went home" in text) is few, text
        assert ("100 in 100" in text) is ((n, d) == (300, 300)), text


@pytest.mark.parametrize(
    ("own", "step"),
    [
        (69.999, "typical"),
        (70.0, "top_quarter"),
        (79.999, "top_quarter"),
        (80.0, "achievable"),
        (86.999, "achievable"),
        (87.0, "own"),
        (100.0, "own"),
    ],
)
def test_the_next_step_is_the_first_that_is_not_reached(own, step):
    """Judged unrounded; of a measure where less is better the mirror image."""
    made = finding("hip_ward", [own] * 14, cases=None, peers=Peers(9, True, 70.0, 80.0, 87.0))
    assert step_up(made, CATALOGUE.metrics["hip_ward"]) == step
    steps = Peers(9, True, 30.0, 20.0, 13.0)
    mirrored = finding("hip_late", [100 - own] * 14, cases=None, peers=steps)
    assert step_up(mirrored, CATALOGUE.metrics["hip_late"]) == step


def test_without_counts_the_steps_end_at_the_top_quarter():
    made = finding("hip_ward", [81.0] * 14, cases=None, peers=Peers(9, False, 70.0, 80.0, None))
    assert step_up(made, CATALOGUE.metrics["hip_ward"]) == "own"
    alone = finding("hip_ward", [81.0] * 14, cases=None)
    assert step_up(alone, CATALOGUE.metrics["hip_ward"]) == ""


def test_the_national_standard_comes_before_any_peer():
    made = finding("hip_surgery", [70.0] * 14, peers=Peers(9, True, 75.0, 80.0, 87.0))
    assert "The national standard is 85." in said(made)
    assert "middle one" not in said(made)
