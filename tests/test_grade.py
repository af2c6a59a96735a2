"""Why a grade moved: the data it rests on, or care."""

from pathlib import Path

import pytest

from auditbot import catalogue, period
from auditbot.analyse import grade
from auditbot.model import GradeCause, Result

KNOWN = catalogue.load(Path(__file__).resolve().parents[1] / "bot" / "catalogue")
SSNAP = KNOWN.metrics["ssnap_score"].adjusted
NOW, BEFORE = period.quarter(2024, 7), period.quarter(2024, 4)
CASES, QUALITY = "ssnap_case_ascertainment", "ssnap_audit_compliance"


def level(letter, when=NOW, metric="ssnap_level"):
    return Result("fernhill", metric, when, "ok", level=letter)


def companions(care, cases, quality):
    """(before, now) of the score of care and of the two data bands."""
    found = {}
    for suffix, when, i in (("@previous", BEFORE, 0), ("", NOW, 1)):
        if care[i] is not None:
            found[f"ssnap_ki_score{suffix}"] = Result(
                "fernhill", "ssnap_ki_score", when, "ok", care[i]
            )
        for band, letters in ((CASES, cases), (QUALITY, quality)):
            found[f"{band}{suffix}"] = level(letters[i], when, band)
    return found


@pytest.mark.parametrize(
    ("grades", "care", "cases", "quality", "expected"),
    [
        # 82 × 1 × 1 is A; 82 × 0.95 = 77.9 is B
        ("AB", (82, 82), "AB", "AA", GradeCause("data", (CASES,), "A")),
        ("AB", (82, 83), "AA", "AB", GradeCause("data", (QUALITY,), "A")),
        ("AC", (82, 82), "AC", "AB", GradeCause("data", (CASES, QUALITY), "A")),
        # care fell from 82 to 78, which is B with the old bands too
        ("AB", (82, 78), "AA", "AA", GradeCause("not_data", (), "B")),
        ("AC", (82, 74), "AB", "AA", GradeCause("not_data", (CASES,), "B")),
        # a rise that the records alone made, and one that they did not
        ("BA", (84, 84), "BA", "AA", GradeCause("data", (CASES,), "B")),
        ("BA", (84, 89), "AA", "AA", GradeCause("not_data", (), "A")),
        ("BB", (74, 73), "AA", "AA", None),  # it has not moved
    ],
)
def test_what_moved_a_level(grades, care, cases, quality, expected):
    before, now = grades
    beside = companions(care, cases, quality)
    assert grade.cause(level(now), level(before, BEFORE), beside, SSNAP) == expected


def test_the_edge_between_two_levels_is_that_of_the_scores_as_published():
    assert [SSNAP.level(s) for s in (80.1, 80.04, 80.0, 70.0, 69.96, 69.9, 40, 39.9)] == list(
        "ABBBBCDE"
    )


def test_a_score_is_told_apart_as_a_level_is():
    def score(value, when=NOW):
        return Result("fernhill", "ssnap_score", when, "ok", value)

    data = companions((80, 80), "AB", "AA")
    assert grade.cause(score(76.0), score(80.0, BEFORE), data, SSNAP).by == "data"
    care = companions((80, 70), "AB", "AA")
    assert grade.cause(score(66.5), score(80.0, BEFORE), care, SSNAP).by == "not_data"
    assert grade.cause(score(80.0), score(80.0, BEFORE), data, SSNAP) is None


def test_nothing_is_claimed_where_a_part_is_not_known():
    whole = companions((82, 82), "AB", "AA")
    assert grade.cause(level("B"), level("A", BEFORE), whole, None) is None
    assert grade.cause(level("B"), None, whole, SSNAP) is None
    for name in whole:
        part = {k: v for k, v in whole.items() if k != name}
        assert grade.cause(level("B"), level("A", BEFORE), part, SSNAP) is None
    strange = companions((82, 82), "AX", "AA")
    assert grade.cause(level("B"), level("A", BEFORE), strange, SSNAP) is None
