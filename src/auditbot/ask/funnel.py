"""Where does a service lie among those of its kind? A funnel picture, and the figures in it.

The others are those of its kind with public, complete figures. They stay dots without a name, and
nobody is ranked.
"""

from typing import Any, NamedTuple

from auditbot.analyse import peers
from auditbot.ask import figures, told
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
        peers=desk.audit(metric.id).members,
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
        peers=desk.audit(metric.id).members,
        beside=field.beside,
    )


def _field(desk: Desk, metric: Metric, result: Result) -> _Field | None:
    """The peers of a result with the limits of all together, from cells as everybody sees them."""
    if metric.kind != "proportion" or not _counted(result):
        return None
    series = desk.series(metric.id, [result.service])[result.service]
    if figures.at(series, result.period) is None:
        return None  # put together from several: what its peers had is not
    kind = desk.company.of_kind(metric, desk.service(result.service), result.period)
    others = tuple(r for r in kind if r.service != result.service and _counted(r))
    shown = (result, *others)
    cases = [r.denominator or 0.0 for r in shown]
    made = peers.funnel([r.numerator or 0.0 for r in shown], cases)
    if made is None or len(others) < peers.FEWEST_PEERS:
        return None
    curve = peers.curve(made, [min(cases), cases[0], max(cases)])
    return _Field(others, curve, reading.beside_of(told.finding(desk, series, result)))


def _counted(result: Result) -> bool:
    """Does it have counts that make a rate? Rounded ones may not: then it is left out."""
    n, d = result.numerator, result.denominator
    return result.state == "ok" and n is not None and d is not None and 0 <= n <= d and d > 0
