"""What does one cell say: a number, a letter, a mark that there is no figure, nothing, or a fault?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from auditbot.ingest.label import one_line
from auditbot.model import State

SLACK = 1e-6  # for figures that went through binary fractions
NEGATIVE = "a count cannot be below nought"
MOST_COUNTED = 1e9  # people there are in no country's hospitals
MOST = 1e12  # any figure
TOO_LARGE = "this is far too large for a count"
NO_PERCENT = "a percentage lies between 0 and 100"

_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?|[+-]?\.\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one cell says: a number, a letter, a mark (a state), nothing, or a fault."""

    number: float | None = None
    letter: str | None = None
    state: State | None = None
    fault: str | None = None


BLANK = Reading()


def read_cell(
    cell: Any, holds: str, marks: Mapping[str, State], letters: tuple[str, ...]
) -> Reading:
    """What a cell of a column says. `marks` has keys as `mark_key` makes them.

    Percentages come as 0-100 whether written "77%", 0.77 or 77, as the column `holds` them.
    """
    if isinstance(cell, (bool, datetime, np.bool_)):
        return Reading(fault="this is not a figure")
    if isinstance(cell, (int, float, np.number)):
        text, number = "", float(cell)
    else:
        text = one_line(cell)
        if not text:
            return BLANK
        if (state := marks.get(mark_key(text))) is not None:
            return Reading(state=state)
        if holds == "letter":
            if text.upper() in letters:
                return Reading(letter=text.upper())
            return Reading(fault=f"this is none of the levels {', '.join(letters)}")
        signed = text.endswith("%") and holds in ("percent", "percent_or_fraction")
        digits = text.removesuffix("%").strip() if signed else text
        if not _NUMBER.fullmatch(digits):
            return Reading(fault="this is not a number")
        number = float(digits.replace(",", ""))
        if signed:
            return _percent(number)
    if holds == "letter":
        return Reading(fault=f"this is none of the levels {', '.join(letters)}")
    if not np.isfinite(number):
        return BLANK if np.isnan(number) else Reading(fault="this is not a number")
    if holds == "count" and number < 0:
        return Reading(fault=NEGATIVE)
    if (holds == "count" and number > MOST_COUNTED) or (holds != "number" and number > MOST):
        return Reading(fault=TOO_LARGE)
    if holds == "count" and number != int(number):
        return Reading(fault="a count is a whole number")
    if holds in ("fraction", "percent_or_fraction"):
        if not 0 <= number <= 1 + SLACK:
            return Reading(fault="a proportion without a % sign lies between 0 and 1 here")
        # 0.93 times 100 is 93.00000000000001 in binary.
        return Reading(number=round(number * 100, 10))
    return _percent(number) if holds == "percent" else Reading(number=number)


def _percent(number: float) -> Reading:
    if not 0 <= number <= 100:
        return Reading(fault=NO_PERCENT)
    return Reading(number=number)


def mark_key(text: str) -> str:
    """A mark without case, with single spaces and plain dashes; its other signs stay."""
    return " ".join(re.sub("[–—−‐]", "-", text).casefold().split())
