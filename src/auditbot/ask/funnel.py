"""Where does a service lie among those of its kind? A funnel picture, and the figures in it.

The others are those of its kind with public, complete figures. They stay dots without a name, and
nobody is ranked.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from auditbot.analyse import peers
from auditbot.ask import figures, told
from auditbot.ask.desk import Desk
from auditbot.catalogue import Metric
from auditbot.model import Chart, Curve, Period, Result
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
    single = figures.at(series, result.period) is not None
    kind = _of_kind(desk, metric, result, [result.period] if single else _steps(desk, result))
    others = tuple(r for r in kind if r.service != result.service and _counted(r))
    shown = (result, *others)
    cases = [r.denominator or 0.0 for r in shown]
    made = peers.funnel([r.numerator or 0.0 for r in shown], cases)
    if made is None or len(others) < peers.FEWEST_PEERS:
        return None
    curve = peers.curve(made, [min(cases), cases[0], max(cases)])
    beside = reading.beside_of(told.finding(desk, series, result)) if single else ()
    return _Field(others, curve, beside)


def _steps(desk: Desk, result: Result) -> list[Period]:
    """The periods that a figure was put together from; none where one of them is not loaded."""
    series = desk.series(result.metric, [result.service])[result.service]
    found = figures.stretch(series, result.period, desk.vocabulary.months(result.metric))
    return [] if found.missing else [r.period for r in found.figures]


def _of_kind(
    desk: Desk, metric: Metric, result: Result, steps: Sequence[Period]
) -> Iterator[Result]:
    """The figures of its kind; over several periods, of those that have every one of them."""
    service = desk.service(result.service)
    held = [{r.service: r for r in desk.company.of_kind(metric, service, p)} for p in steps]
    if len(held) == 1:
        yield from held[0].values()
        return
    for name in sorted(set.intersection(*map(set, held))) if held else ():
        parts = tuple(h[name] for h in held)
        whole = figures.together(figures.Stretch(result.period, parts, (), len(steps)), metric)
        if whole is not None:
            yield whole


def _counted(result: Result) -> bool:
    """Does it have counts that make a rate? Rounded ones may not: then it is left out."""
    n, d = result.numerator, result.denominator
    return result.state == "ok" and n is not None and d is not None and 0 <= n <= d and d > 0
