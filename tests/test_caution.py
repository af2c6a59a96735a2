"""What casts doubt on good news: fewer records, corrected figures."""

from dataclasses import replace

import pytest

from auditbot import period
from auditbot.analyse.findings import find
from auditbot.model import Result, Series
from tests.test_findings import CEDAR, LEVEL, RISEN, counted, metric, plain

STANDARD = {"value": 80, "status": "national", "scope": "all", "source": "made up"}


def with_completeness(series, percents):
    results = zip(series.results, percents, strict=True)
    return replace(series, results=tuple(replace(r, completeness=p) for r, p in results))


@pytest.mark.parametrize(
    ("before", "now", "told"), [(95.0, 60.0, True), (95.0, 90.0, False), (95.0, 89.9, True)]
)
def test_fewer_records_than_a_month_ago_are_told(before, now, told):
    series = with_completeness(counted(LEVEL), [before] * 11 + [now])
    assert ("completeness_fell" in find(CEDAR, metric(), series).cautions) == told


def test_fewer_records_since_a_change_are_told_however_slowly_they_went():
    fading = [95.0] * 12 + [94.0 - i for i in range(12)]
    series = with_completeness(counted([*LEVEL, *RISEN]), fading)
    found = find(CEDAR, metric(), series)
    assert found.verdict.strength == "confirmed"
    assert found.cautions == ("completeness_fell",)


def test_what_is_not_known_is_no_caution():
    series = with_completeness(counted(LEVEL), [95.0] * 11 + [None])
    assert find(CEDAR, metric(), series).cautions == ()


def test_a_lower_band_of_records_is_a_caution():
    m = metric(id="level", kind="level", achieved="")
    for letters, expected in (("AC", ("completeness_fell",)), ("CA", ()), ("BB", ())):
        beside = {"x_case_ascertainment": plain(letters, "x_case_ascertainment")}
        assert find(CEDAR, m, plain("BA", "level"), companions=beside).cautions == expected


def revised(series: Series, at: int, was: float, release: int) -> Series:
    """The same, one figure of which came in a later release and was another before."""
    r = series.results[at]
    old = replace(r, numerator=was, value=was)
    now = replace(r, release=release)
    results = (*series.results[:at], now, *series.results[at + 1 :])
    return replace(series, results=results, replaced=(old,))


def test_corrected_figures_that_change_the_verdict_are_a_caution():
    m = metric(standards=[STANDARD])
    series = counted([*LEVEL, 85])
    assert find(CEDAR, m, revised(series, 12, 70, 2)).cautions == ("revised",)
    assert find(CEDAR, m, revised(series, 12, 86, 2)).cautions == ()  # it says the same
    newest = series.results[-1]
    later = replace(series, results=(*series.results[:-1], replace(newest, release=3)))
    assert find(CEDAR, m, revised(later, 5, 99, 2)).cautions == ()  # old news


def test_a_corrected_letter_is_a_caution():
    m = metric(id="level", kind="level", achieved="")
    results = tuple(
        Result(CEDAR.id, "level", period.quarter(2024, 1 + 3 * i), "ok", level=x, release=1)
        for i, x in enumerate("BBA")
    )
    corrected = Series(
        CEDAR.id,
        "level",
        (*results[:-1], replace(results[-1], release=2)),
        (replace(results[-1], level="B"),),
    )
    assert find(CEDAR, m, corrected).cautions == ("revised",)
