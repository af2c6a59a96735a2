"""Where does a service lie among those of its kind? A funnel picture, and the figures in it.

The others are those of the same peer group with complete figures that are public by now. They stay
dots without a name, and nobody is ranked.
"""

from typing import Any, NamedTuple

from auditbot.analyse import peers
from auditbot.ask import beside, figures, told
from auditbot.ask.desk import Desk
from auditbot.catalogue import Metric
from auditbot.model import Chart, Curve, Result
from auditbot.say import chart, reading


class _Field(NamedTuple):
    others: tuple[Result, ...]
    curve: Curve
    beside: tuple[float, ...]


def funnel(desk: Desk, metric: Metric, result: Result, headline: str) -> Chart | None:
    """The picture of a service's result among its peers; `headline` is the plain sentence said.

    None for what is no proportion with counts, and for fewer than eight others.
    """
    field = _field(desk, metric, result)
    if field is None:
        return None
    small = told.small_facts(desk, metric, [result])
    return chart.funnel_chart(
        desk.service(result.service).name,
        metric,
        desk.words,
        own=result,
        others=field.others,
        curve=field.curve,
        headline=headline,
        credit=small["credit"],
        fictional=small["fictional"],
        peers=beside.members(desk, metric),
        beside=field.beside,
    )


def reading_of(desk: Desk, metric: Metric, result: Result) -> dict[str, Any] | None:
    """The figures of that picture in words; None where there is none."""
    field = _field(desk, metric, result)
    if field is None:
        return None
    return reading.of_funnel(
        desk.service(result.service).name,
        metric,
        desk.words,
        own=result,
        others=field.others,
        curve=field.curve,
        peers=beside.members(desk, metric),
        beside=field.beside,
    )


def _field(desk: Desk, metric: Metric, result: Result) -> _Field | None:
    """The peers of a result with the limits of all together, from cells as this viewer sees them."""
    if metric.kind != "proportion" or not _counted(result):
        return None
    every, services = desk.series(metric.id, None), desk.vocabulary.services
    kind, months = desk.service(result.service).peer_group, desk.vocabulary.months(metric.id)
    found = (
        figures.over(series, result.period, metric, months)
        for id, series in every.items()
        if id != result.service and id in services and services[id].peer_group == kind
    )
    others = tuple(r for r in found if r is not None and _counted(r) and _is_public(desk, r))
    shown = (result, *others)
    cases = [r.denominator or 0.0 for r in shown]
    made = peers.funnel([r.numerator or 0.0 for r in shown], cases)
    if made is None:
        return None
    curve = peers.curve(made, [min(cases), cases[0], max(cases)])
    series = every[result.service]
    single = figures.at(series, result.period)
    return _Field(
        others, curve, reading.beside_of(told.finding(desk, series, single)) if single else ()
    )


def _counted(result: Result) -> bool:
    """Does it have counts that make a rate? Rounded ones may not: then it is left out."""
    n, d = result.numerator, result.denominator
    return result.state == "ok" and n is not None and d is not None and 0 <= n <= d and d > 0


def _is_public(desk: Desk, result: Result) -> bool:
    """Is the figure from a complete release that everybody may know?"""
    release = desk.releases.get(result.release)
    return (
        release is not None
        and release.complete
        and release.publication == "public"
        and (release.publish_at is None or release.publish_at <= desk.viewer.now)
    )
