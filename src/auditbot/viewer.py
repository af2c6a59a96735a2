"""Who is looking, when, and what may they see? Publication, audience and small numbers.

Cells are protected here as they leave the store, before any arithmetic, so that nothing can be
subtracted back. Anything not allowed in so many words is denied.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isfinite, log10

from auditbot.catalogue import Metric
from auditbot.model import Audience, Publication, Result, Roles

SMALLEST_SHOWN = 8  # counts 1 to 7 are hidden, as for Hospital Episode Statistics
ROUNDED_TO = 5
CRUDE = 0.005  # relative: a rate nearer to that of its counts is taken to be made of them
PRIVATE = ("private", "direct")
KNOWN = ("open", "guest", *PRIVATE)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Someone, or some channel, asking to see figures at an instant."""

    audience: Audience
    now: datetime  # aware; decides what is published
    services: frozenset[str] = frozenset()  # what this channel or person is bound to
    private_services: frozenset[str] = frozenset()  # services kept to their own private channels
    prerelease: frozenset[str] = frozenset()  # sources this person may see before publication
    exact_own: bool = False  # an approver is on record for exact own figures in private channels


def services_of(roles: Mapping[str, Roles], user: str) -> frozenset[str]:
    """The services that a person has a role in: in private, these are their own."""
    return frozenset(
        s
        for s, r in roles.items()
        if user and user in (*r.lead, *r.deputy, *r.audit_team, r.champion)
    )


def in_person(
    user: str,
    roles: Mapping[str, Roles],
    prerelease: Mapping[str, Collection[str]],
    now: datetime,
) -> Viewer:
    """Somebody of the house in private: their own services, and what they may see early."""
    return Viewer(
        "direct",
        now,
        services_of(roles, user),
        frozenset(s for s, r in roles.items() if r.private),
        frozenset(s for s, users in prerelease.items() if user in users),
    )


def sees_release(
    viewer: Viewer, source: str, publication: Publication, publish_at: datetime | None
) -> bool:
    """May the viewer know that this release exists?

    Before its time only named readers, in private. Internal data only in private.
    """
    private = viewer.audience in PRIVATE
    # In UTC: two local times of one zone compare as clocks show them, an hour out in autumn.
    if publish_at is not None and viewer.now.astimezone(UTC) < publish_at.astimezone(UTC):
        return private and source in viewer.prerelease
    if publication == "public":
        return viewer.audience in KNOWN
    return publication == "internal" and private


def sees_service(viewer: Viewer, service: str) -> bool:
    """May the viewer see this service at all?"""
    if service not in viewer.private_services:
        return viewer.audience in KNOWN
    return viewer.audience in PRIVATE and service in viewer.services


def protect(result: Result, metric: Metric, viewer: Viewer) -> Result:
    """The cell as this viewer may see it.

    `as_published` figures are the publisher's own and pass. Of the rest (NHS Digital, Hospital
    Episode Statistics: methodology of small numbers):

    - A count of 1 to 7 is hidden with the whole cell, and so is a complement (denominator less
      numerator) of 1 to 7; halves of shared patients too. Zero may show. A count that is not given
      and follows from the others (numerator = value x denominator) is judged as if it were.
    - Other counts go to the nearest 5.
    - A proportion is the whole per cent of its rounded counts. A rate or mean made of its counts
      is made again of the rounded ones, times the same power of ten. What no counts give (a
      median, a score, an adjusted rate) is a whole number.
    - A rate beside one of its two counts loses that count: times what is not said, so the other
      could not be judged. Completeness is a whole per cent, and hidden with its cell.
    - A cell in any state but `ok` holds no figure; one that is no finite number is hidden.

    A bound team's private channel sees exact own figures once that was approved.
    """
    if metric.disclosure == "as_published":
        return result
    if viewer.exact_own and viewer.audience == "private" and result.service in viewer.services:
        return result
    if result.state != "ok":
        return _without_figures(result)
    n, d = _counts(result, metric)
    small = n is not None and d is not None and 0 < d - n < SMALLEST_SHOWN
    if small or not (_may_show(n) and _may_show(d) and isfinite(result.value or 0)):
        return replace(_without_figures(result), state="suppressed", completeness=None)
    shown = Result(  # by its fields, in their order: these are made by the hundred thousand
        result.service,
        result.metric,
        result.period,
        result.state,
        _value(result, metric, n, d),
        result.level,
        _rounded(result.numerator),
        _rounded(result.denominator),
        _whole(result.completeness),
        result.release,
    )
    if metric.kind == "rate" and (n is None or d is None):
        return replace(shown, numerator=None, denominator=None)
    return shown


def _without_figures(result: Result) -> Result:
    """Nobody can tell from a cell without a figure how many there were."""
    told = None if result.state in ("too_few", "suppressed") else _whole(result.completeness)
    return replace(
        result, value=None, level=None, numerator=None, denominator=None, completeness=told
    )


def _counts(result: Result, metric: Metric) -> tuple[float | None, float | None]:
    """Numerator and denominator, given or as they follow from each other and the value."""
    n, d, value = result.numerator, result.denominator, result.value
    if value is None or not isfinite(value):
        return n, d
    if metric.kind == "count":
        return (value if n is None or 0 < value < SMALLEST_SHOWN else n), d
    each = {"proportion": 100.0, "mean": 1.0}.get(metric.kind)
    if each is None:
        return n, d
    if n is None and d is not None:
        return round(value * d / each, 6), d
    if d is None and n is not None and value:
        return n, round(each * n / value, 6)
    return n, d


def _value(result: Result, metric: Metric, n: float | None, d: float | None) -> float | None:
    """The value in no more detail than the counts beside it."""
    value = result.value
    if metric.kind == "count":
        return _rounded(value)
    if metric.kind == "proportion" and n is not None and d is not None:
        fives = round(d / ROUNDED_TO)
        return float(round(100 * round(n / ROUNDED_TO) / fives)) if fives else None
    given = result.numerator is not None and result.denominator is not None
    if value is None or metric.kind not in ("rate", "mean") or not (given and n and d):
        return _whole(value)
    power = round(log10(value) + log10(d) - log10(n)) if value > 0 else 0
    times = 10.0 ** min(power, 15)
    if abs(times * n / d - value) <= max(CRUDE * value, _half_digit(value)):
        return round(times * round(n / ROUNDED_TO) / round(d / ROUNDED_TO), 9)
    return _whole(value)


def _half_digit(value: float) -> float:
    """How far a value may lie from what its publisher rounded: half of its last digit."""
    _, _, decimals = f"{value:.9f}".rstrip("0").partition(".")
    return 0.5 * 10.0 ** -len(decimals) * (1 + CRUDE)


def _may_show(count: float | None) -> bool:
    return count is None or count == 0 or (isfinite(count) and count >= SMALLEST_SHOWN)


def _rounded(count: float | None) -> float | None:
    return None if count is None else ROUNDED_TO * round(count / ROUNDED_TO)


def _whole(value: float | None) -> float | None:
    return float(round(value)) if value is not None and isfinite(value) else None
