"""How is a figure written so that nobody is misled? Digits and forms; the words are in words.toml.

Rounding may never claim more than the figure: not a standard that was missed, not "all" or "none"
that is not so, not sameness of figures that differ. Few patients are told as counts and a range.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from auditbot.catalogue import Metric
from auditbot.model import Result
from auditbot.say.markup import Marked
from auditbot.say.words import Words, thousands

Form = Literal["in_100", "in_100_under", "in_100_over", "few", "number", "level", "none"]

WIDE = 10.0  # points: a wider half of the 95% interval forces the few-patients form
MANY = 1000  # cases from which a decimal says something (facts: no decimals under 1,000 cases)


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as it will be written.

    `n` holds digits or a letter; `low` and `high` bound the true figure in `out_of` (few only),
    empty where the bound would read as none or all.
    """

    form: Form
    n: str = ""
    numerator: str = ""
    denominator: str = ""
    low: str = ""
    high: str = ""
    out_of: str = ""


def figure(
    result: Result, metric: Metric, *, standard: float | None = None, beside: Iterable[float] = ()
) -> Figure:
    """How to write a result. `standard` and `beside` are figures that the reader compares it with.

    Proportions are percent 0-100. A result that is not `ok` has the form "none".
    """
    if result.state != "ok":
        return Figure("none")
    if metric.kind == "level":
        return Figure("level", result.level or "") if result.level else Figure("none")
    if result.value is None:
        return Figure("none")
    lower = metric.direction == "lower"
    if metric.kind != "proportion":
        number = plain_number(
            result.value, metric.kind, lower=lower, standard=standard, beside=beside
        )
        return Figure("number", number)
    n, d = result.numerator, result.denominator
    if n is None or not d:
        return percent(result.value, lower=lower, standard=standard, beside=beside)
    counts = thousands(n), thousands(d)
    if is_few(n, d, metric.minimum):
        return Figure("few", counts[0], *counts, *_bounds(n, d))
    shown = percent(
        result.value, cases=d, proven=n in (0, d), lower=lower, standard=standard, beside=beside
    )
    return Figure(shown.form, shown.n, *counts)


def percent(
    value: float,
    *,
    cases: float = 0,
    proven: bool = False,
    lower: bool = False,
    standard: float | None = None,
    beside: Iterable[float] = (),
) -> Figure:
    """A percentage as "n in 100", with as few decimals as keep it true.

    More are used when a whole number would reach a standard that the value misses (`lower`: less
    is better) or would equal a different figure `beside` it. "100 in 100" and "0 in 100" are
    written when counts have `proven` them; a publisher's own rounding proves nothing.
    """
    value = round(value, 9)
    all_or_none = proven and value in (0, 100)  # what is beside it bears the decimal
    others = [] if all_or_none else [o for o in beside if abs(o - value) > 1e-9]
    for places in range(4):
        shown = _rounded(value, places)
        if standard is not None and _met(value, standard, lower) != _met(
            float(shown), standard, lower
        ):
            continue
        if places < 2 and any(shown == _rounded(o, places) for o in others):
            continue
        if shown in (0, 100) and not proven:
            if places == 0 and cases >= MANY and _rounded(value, 1) not in (0, 100):
                continue
            return Figure("in_100_under", "1") if shown == 0 else Figure("in_100_over", "99")
        break
    return Figure("in_100", f"{shown}")


def plain_number(
    value: float,
    kind: str,
    *,
    lower: bool = False,
    standard: float | None = None,
    beside: Iterable[float] = (),
) -> str:
    """A count with commas; a score with one decimal; means, medians and small rates with what they
    need. More decimals where the figure would else reach a standard it misses, or equal another.
    """
    if kind == "count":
        return thousands(value)
    others = [o for o in beside if abs(o - value) > 1e-9]
    fewest = 2 if kind == "rate" and abs(value) < 10 else 1
    for places in range(fewest, fewest + 3):
        shown = _rounded(value, places)
        alike = places == fewest and any(shown == _rounded(o, places) for o in others)
        if not alike and (
            standard is None or _met(value, standard, lower) == _met(float(shown), standard, lower)
        ):
            break
    whole = kind != "score" and shown == shown.to_integral()
    return f"{shown:,.0f}" if whole else f"{shown:,}"


def whole(value: float) -> float:
    """The nearest whole number, halves upwards as everywhere here: `round` takes them to even."""
    return float(_rounded(value, 0))


def is_few(numerator: float, denominator: float, minimum: float) -> bool:
    """Too few cases for "n in 100": under the metric's minimum, or a wide interval."""
    low, high = wilson(numerator, denominator)
    return denominator < minimum or 100 * (high - low) / 2 > WIDE


def wilson(numerator: float, denominator: float, z: float = 1.959964) -> tuple[float, float]:
    """The 95% interval of a proportion, as fractions 0-1. Wilson, JASA 1927;22:209-12."""
    p, n = numerator / denominator, denominator
    middle = p + z * z / (2 * n)
    half = z * math.sqrt(max(p * (1 - p), 0) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)


def goal(value: float) -> Marked:
    """A standard as a number, without "in 100"."""
    return Marked(f"{value:,.0f}" if float(value).is_integer() else f"{value:g}")


def words(shown: Figure, say: Words, counted: str) -> Marked:
    """The figure with who was counted: "72 in 100 patients", "14 of 23 patients", "1,173"."""
    return say.say(
        f"figure.{shown.form}",
        n=Marked(shown.n),
        numerator=Marked(shown.numerator),
        denominator=Marked(shown.denominator),
        counted=counted,
    )


def short(shown: Figure, say: Words) -> Marked:
    """The figure alone, where "in 100 patients" has just been said: "72", "14 of 23", "B"."""
    return say.say(
        f"figure.short_{shown.form}",
        n=Marked(shown.n),
        numerator=Marked(shown.numerator),
        denominator=Marked(shown.denominator),
    )


def counts(shown: Figure, say: Words) -> Marked:
    """For example "86 of 120", or nothing where no counts stand behind the figure or it is written as such."""
    if not shown.denominator or shown.form == "few":
        return Marked()
    return say.say(
        "figure.counts", numerator=Marked(shown.numerator), denominator=Marked(shown.denominator)
    )


def doubt(shown: Figure, say: Words) -> Marked:
    """How far the true figure may lie from a few-patients figure, in words."""
    bounds = "range" if shown.low and shown.high else "up_to" if shown.high else "from"
    return say.say(
        f"few.{bounds}",
        low=Marked(shown.low),
        high=Marked(shown.high),
        out_of=Marked(shown.out_of),
    )


def _bounds(n: float, d: float) -> tuple[str, str, str]:
    """The interval in tenths, or in hundredths where tenths would be equal."""
    low, high = wilson(n, d)
    out_of = 10 if round(10 * low) != round(10 * high) else 100
    a, b = round(out_of * low), round(out_of * high)
    return str(a) if a else "", str(b) if b < out_of else "", str(out_of)


def _rounded(value: float, places: int) -> Decimal:
    return Decimal(repr(round(value, 9))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _met(value: float, standard: float, lower: bool) -> bool:
    return value <= standard if lower else value >= standard
