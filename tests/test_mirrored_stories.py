"""The same patients counted the other way round: mirrored figures, and the very same words.

"72 in 100 had surgery in time" where more is better and "28 in 100 had it late" where less is better
are one story. Each is planted as a file and taken through a turn and a question.
"""

import re

import pytest

from auditbot.say.markup import plain
from tests.planted import MONTHS, NOW, YEARS, Telling, known, lines, mirrored, others, place

SPREAD = (60, 62, 64, 66, 68, 70, 72, 74, 76, 78, 80, 84)
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
RANGE = re.compile(r"usual range ([\d.]*\d) to ([\d.]*\d)")
OTHER_SIDE = {
    "had surgery later than the next day": "had surgery by the next day",
    "surgery later than the next day": "surgery by the next day",
    "stood up late": "stood up in time",
    "late help to stand up": "help to stand up",
    r"(standard (?:is )?[\d.]+) or less": r"\1",  # a standard to reach needs no "or more"
    " or less": " or more",
}
PLAIN, GOAL = ("hip_surgery", "hip_waited"), ("hip_goal", "hip_not_up")
FLAT = [72] * 24
# name: measures, true rates of the service, those of its peers, what must be said of both
STORIES = {
    "steady": (PLAIN, FLAT, None, "That is within your usual ups and downs."),
    "below the middle one": (PLAIN, [64] * 24, SPREAD, "The middle one of"),
    "below the top quarter": (PLAIN, [74] * 24, SPREAD, "A quarter of"),
    "below the leading few": (PLAIN, [79] * 24, SPREAD, "The leading few of"),
    "level with the leading": (PLAIN, [93] * 24, SPREAD, "level with the leading ones"),
    "a confirmed rise": (PLAIN, [70] * 12 + [78] * 12, SPREAD, "and it has lasted"),
    "a confirmed fall": (PLAIN, [78] * 12 + [70] * 12, SPREAD, "more than your usual ups and"),
    "a signal up": (PLAIN, [*FLAT[:-1], 92], None, "in the right direction"),
    "a signal down": (PLAIN, [*FLAT[:-1], 52], None, "in the wrong direction"),
    "a standard met": (GOAL, FLAT, None, "on this pattern you will keep it"),
    "a standard missed": (GOAL, [45] * 24, None, "will not reach the standard without a change"),
    "a standard at times": (GOAL, [60] * 24, None, "Your ups and downs cross it"),
    "a standard reached": (GOAL, [*([50] * 23), 65], None, "You meet the standard now"),
    "a standard neared": (GOAL, [*([54] * 23), 60], None, "not been closer in the past year"),
    "an early view of more": (PLAIN, [62, 65, 82], SPREAD, "more than the usual ups and downs"),
    "an early view of less": (PLAIN, [76, 76, 57], SPREAD, "more than the usual ups and downs"),
    "an early view of nothing": (PLAIN, [72, 72, 73], SPREAD, "within the usual ups and downs"),
}


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    return known(tmp_path_factory.mktemp("catalogue"))


@pytest.fixture
def house(sqlite_engine, read, tmp_path):
    return place(sqlite_engine, read, tmp_path)


def turned(text: str) -> str:
    """The words of the other side in the words of the first; the usual range the same way up."""
    for theirs, ours in OTHER_SIDE.items():
        text = re.sub(theirs, ours, text, flags=re.I)
    return RANGE.sub(r"usual range \2 to \1", text)


def blanked(text: str) -> str:
    """Words without figures, all in small letters: a figure may begin a sentence on one side."""
    return NUMBER.sub("#", text).lower()


def figures(text: str) -> list[float]:
    return [float(n.replace(",", "")) for n in NUMBER.findall(text)]


def same_story(one: str, other: str, cases: int) -> None:
    """The same words, and each figure the same or its complement of 100, or of those counted."""
    other = turned(other)
    assert blanked(one) == blanked(other)
    for a, b in zip(figures(one), figures(other), strict=True):
        alike = a == b or abs(a + b - 100) <= 1 or a + b == cases
        assert alike, (a, b, one, other)


def one_side(told: Telling) -> list[dict[str, object]]:
    """What is told and why, without what a button holds."""
    return [
        {
            "kind": o.kind,
            "channel": o.channel,
            "class": o.trail["class"],
            "score": o.trail["score"],
            "comparator": o.trail["comparator"],
            "rule": o.trail["rule"],
            "buttons": [b["text"] for b in (*o.payload["buttons"], *o.payload["more"])],
        }
        for o in told.rows
    ]


def planted(metric: str, rates: list[int], beside: tuple[int, ...] | None) -> tuple[list, int]:
    yearly = len(rates) < 12
    cases, slots = (900, YEARS) if yearly else (480, MONTHS)
    found = lines(metric, rates, cases=cases, periods=slots)
    if beside:
        found += others(metric, beside, cases=cases, periods=slots[-2:] if yearly else slots[-1:])
    return found, cases


@pytest.mark.parametrize("story", STORIES)
def test_mirrored_data_tell_the_same_story(house, story):
    (ours, theirs), rates, beside, must = STORIES[story]
    found, cases = planted(ours, rates, beside)
    house.load(found)
    one = house.turn()
    assert must in one.text(), one.text()
    asked = house.ask(f"{house.house.catalogue.metrics[ours].plain}?")
    house.load(mirrored(found, theirs))
    both = house.turn(NOW.replace(day=20))
    other = Telling([o for o in both.rows if o.trail["metric"] == theirs])
    same_story(one.text(), other.text(), cases)
    for a, b in zip(one_side(one), one_side(other), strict=True):
        assert {**a, "rule": ""} == {**b, "rule": ""}
        assert mirror_rule(a["rule"]) == b["rule"]
    answer = house.ask(f"{house.house.catalogue.metrics[theirs].plain}?")
    assert answer.fields["metric"] == theirs
    texts = [a.fields["text"].split("File:")[0] for a in (asked, answer)]
    same_story(*texts, cases)
    assert asked.fields["value"] + answer.fields["value"] == pytest.approx(100)
    assert [plain(b.text) for b in asked.message.buttons] == [
        plain(b.text) for b in answer.message.buttons
    ]


def mirror_rule(rule: str) -> str:
    """The rule that fires where the chart hangs upside down."""
    pairs = (("_high", "_low"), ("_up", "_down"), ("above_upper", "below_lower"))
    for up, down in pairs:
        for one, other in ((up, down), (down, up)):
            if rule.endswith(one):
                return rule.removesuffix(one) + other
    return rule


def test_few_patients_mirror_into_few_patients(house):
    found = [
        *lines("hip_surgery", [72] * 23, cases=20, periods=MONTHS[:23]),
        *lines("hip_surgery", [100], cases=6, periods=MONTHS[-1:]),
    ]
    house.load(found)
    assert "6 of 6 patients had surgery by the next day" in house.turn().text()
    house.load(mirrored(found, "hip_waited"))
    text = house.turn(NOW.replace(day=20)).text()
    assert "0 of 6 patients had surgery later than the next day" in text
    assert "anywhere up to about 4 in 10" in text
