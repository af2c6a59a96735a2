"""Who is looking, when, and what may they see? Publication, audience and small numbers.

Cells are protected here as they leave the store, before any arithmetic, so that nothing can be
subtracted back. Anything not allowed in so many words is denied.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from auditbot.catalogue import Metric
from auditbot.model import Audience, Publication, Result, Roles

SMALLEST_SHOWN = 8  # counts 1 to 7 are hidden, as for Hospital Episode Statistics
ROUNDED_TO = 5


@dataclass(frozen=True, slots=True)
class Viewer:
    """Someone, or some channel, asking to see figures at an instant."""

    audience: Audience
    now: datetime  # aware; decides what is published
    services: frozenset[str] = frozenset()  # what this channel or person is bound to
    private_services: frozenset[str] = frozenset()  # services kept to their own private channels
    prerelease: frozenset[str] = frozenset()  # sources this person may see before publication
    exact_own: bool = False  # an approver is on record for exact own figures in private channels


def in_person(
    user: str,
    roles: Mapping[str, Roles],
    prerelease: Mapping[str, Collection[str]],
    now: datetime,
) -> Viewer:
    """Somebody of the house in private: their own services, and what they may see early."""
    own = (s for s, r in roles.items() if user in (*r.lead, *r.deputy, *r.audit_team, r.champion))
    return Viewer(
        "direct",
        now,
        frozenset(own),
        frozenset(s for s, r in roles.items() if r.private),
        frozenset(s for s, users in prerelease.items() if user in users),
    )


def sees_release(
    viewer: Viewer, source: str, publication: Publication, publish_at: datetime | None
) -> bool:
    """May the viewer know that this release exists?

    Before its time only named readers, in private. Internal data only in private.
    """
    private = viewer.audience in ("private", "direct")
    if publish_at is not None and viewer.now < publish_at:
        return private and source in viewer.prerelease
    return publication == "public" or private


def sees_service(viewer: Viewer, service: str) -> bool:
    """May the viewer see this service at all?"""
    if service not in viewer.private_services:
        return True
    return viewer.audience in ("private", "direct") and service in viewer.services


def protect(result: Result, metric: Metric, viewer: Viewer) -> Result:
    """The cell as this viewer may see it.

    `as_published` figures are the publisher's own and pass. Of the rest, counts 1 to 7 and their
    complements are hidden, other counts go to the nearest 5 and rates are whole per cents of the
    rounded counts. A bound team's private channel sees exact own figures once that was approved.
    """
    if metric.disclosure == "as_published" or result.state != "ok":
        return result
    if viewer.exact_own and viewer.audience == "private" and result.service in viewer.services:
        return result
    n, d = result.numerator, result.denominator
    counts = [c for c in (n, d, None if n is None or d is None else d - n) if c is not None]
    if metric.kind == "count" and n is None and result.value is not None:
        counts = [result.value]
    if any(0 < c < SMALLEST_SHOWN for c in counts):
        return replace(
            result, state="suppressed", value=None, numerator=None, denominator=None, level=None
        )
    if n is not None and d is not None:
        n, d = _rounded(n), _rounded(d)
        value = float(round(100 * n / d)) if d and metric.kind == "proportion" else result.value
        return replace(result, numerator=n, denominator=d, value=value)
    if metric.kind == "count" and result.value is not None:
        return replace(result, value=_rounded(result.value))
    return replace(result, value=None if result.value is None else float(round(result.value)))


def _rounded(count: float) -> float:
    return ROUNDED_TO * round(count / ROUNDED_TO)
