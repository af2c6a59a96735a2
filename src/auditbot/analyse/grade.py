"""Did a grade move because of care, or because of the data it rests on?

Some audits multiply the score of care by factors for how many of the cases, and how much of each,
came in. What the grade would be with the data bands of before tells the two apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Literal

from auditbot.catalogue import Adjustment
from auditbot.model import GradeCause, Result

# A level or score of an audit is read beside how many of its cases, and how much of each, came in.
DATA_BANDS = ("case_ascertainment", "audit_compliance")
BEFORE = "@previous"  # after a companion's metric id: its result in the comparable period


@dataclass(frozen=True, slots=True)
class _Grade:
    """A score of care and the letters of its data bands."""

    care: float
    bands: Mapping[str, str]


def cause(
    latest: Result,
    comparable: Result | None,
    companions: Mapping[str, Result],
    adjustment: Adjustment | None,
) -> GradeCause | None:
    """Why a level, or an adjusted score, moved; None where it did not or that cannot be told.

    With the bands of before it would be: score of care now times the factors of before. If that
    has not moved the way the grade did, the data alone moved it; else care did, whatever the bands
    did besides. Scores count to one decimal, as they are published.
    """
    if adjustment is None or comparable is None:
        return None
    now, was = (_grade(companions, adjustment, suffix) for suffix in ("", BEFORE))
    if now is None or was is None:
        return None
    changed = tuple(b for b in adjustment.factors if now.bands[b] != was.bands[b])
    with_old_bands = round(now.care * _factor(was, adjustment), 1)
    moved: bool
    stayed: bool
    if latest.level and comparable.level:
        level = adjustment.level(with_old_bands)
        moved = latest.level != comparable.level
        fell = latest.level > comparable.level
        stayed = level <= comparable.level if fell else level >= comparable.level
    elif latest.value is not None and comparable.value is not None:
        level = ""
        moved = latest.value != comparable.value
        fell = latest.value < comparable.value
        before = round(comparable.value, 1)
        stayed = with_old_bands >= before if fell else with_old_bands <= before
    else:
        return None
    if not moved:
        return None
    by: Literal["data", "not_data"] = "data" if stayed and changed else "not_data"
    return GradeCause(by, changed, level)


def _grade(companions: Mapping[str, Result], adjustment: Adjustment, suffix: str) -> _Grade | None:
    """The parts of one period's grade; None unless all of them are there."""
    care = companions.get(adjustment.care + suffix)
    bands = {b: companions.get(b + suffix) for b in adjustment.factors}
    letters = {b: r.level for b, r in bands.items() if r is not None and r.level}
    if care is None or care.value is None or len(letters) < len(bands):
        return None
    if any(letter not in adjustment.factors[b] for b, letter in letters.items()):
        return None
    return _Grade(care.value, letters)


def _factor(grade: _Grade, adjustment: Adjustment) -> float:
    return prod(adjustment.factors[b][letter] for b, letter in grade.bands.items())
