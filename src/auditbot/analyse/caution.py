"""Is there a reason not to trust what looks better? Fewer records, or figures corrected since.

A caution holds praise back and is told. Whether somebody disputes the figure is not known here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from auditbot.analyse.grade import BEFORE, DATA_BANDS
from auditbot.model import Caution, Finding, Result, Series

CASES_BAND = DATA_BANDS[0]
FEWER_RECORDS = 5.0  # points of completeness; a greater fall casts doubt on what looks better


def of(found: Finding) -> Iterable[Caution]:
    """Did fewer of the expected records come in, by over 5 points or by a band of the audit?

    A figure of fewer records may be better for what was left out. It is set beside the comparable
    result, and beside the whole stretch before a confirmed change.
    """
    now = found.latest.completeness
    before = [found.comparable.completeness] if found.comparable is not None else []
    if found.verdict.strength == "confirmed" and found.change is not None:
        by_period = {r.period: r.completeness for r in found.series.results}
        after = _mean(_known(by_period[p] for p in found.change.after))
        before.append(_mean(_known(by_period[p] for p in found.change.before)))
        now = min(_known([now, after]), default=None)
    fell = now is not None and max(_known(before), default=0.0) - now > FEWER_RECORDS
    if fell or _lower_band(found):
        yield "completeness_fell"


def _lower_band(found: Finding) -> bool:
    for name, now in found.companions.items():
        was = found.companions.get(f"{name}{BEFORE}")
        if name.endswith(CASES_BAND) and was is not None and was.level and now.level:
            return now.level > was.level
    return False


def newly_revised(series: Series, latest: Result) -> bool:
    """Did corrected figures come with, or after, the newest one? Older news is no caution."""
    if not series.replaced:
        return False
    by_period = {r.period: r.release for r in series.results}
    return any(by_period[r.period] >= latest.release for r in series.replaced)


def as_before(series: Series) -> Series:
    """The series with each corrected figure as it was."""
    was = {r.period: r for r in series.replaced}
    return replace(series, results=tuple(was.get(r.period, r) for r in series.results), replaced=())


def says(found: Finding) -> tuple[object, ...]:
    """What a reader would be told: sure or not, which way, the standard met or not, the letter."""
    v, met = found.verdict, found.standing.met if found.standing else None
    return v.strength, v.direction, met, found.latest.level


def _known(values: Iterable[float | None]) -> list[float]:
    return [v for v in values if v is not None]


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
