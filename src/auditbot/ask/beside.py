"""What is a figure set beside? All services, the region, services of its kind, another one, before."""

from collections.abc import Iterable
from typing import Any

from auditbot import period as periods
from auditbot.ask import figures
from auditbot.ask.desk import Desk
from auditbot.catalogue import Metric
from auditbot.model import Question, Result
from auditbot.say import numbers
from auditbot.say.markup import Marked

TEMPLATE = "answer_card"
GROUPS = ("national", "region", "peers")


def lines(desk: Desk, q: Question, metric: Metric, result: Result) -> list[str]:
    """The comparison that was asked for, as a line; none for a standard, which has its own words."""
    against = q.comparator or ""
    if not against or against == "target" or result.state != "ok":
        return []
    known = _known(desk, against, metric, result)
    return [desk.say(TEMPLATE, "beside", known)]


def _known(desk: Desk, against: str, metric: Metric, result: Result) -> dict[str, Any]:
    known: dict[str, Any] = {
        "against": against.split(":")[0],
        "count": 0,
        "members": members(desk, metric),
        "region": desk.service(result.service).region,
        "other": Marked(),
        "other_counts": Marked(),
        "other_service": "",
        "other_period": result.period,
        "in_100": metric.kind == "proportion",
        "levels": [],
        "middle": False,
        "partly": False,
    }
    if against in GROUPS:
        return known | _group(desk, against, metric, result)
    if against.startswith("service:"):
        other = against.removeprefix("service:")
        series = desk.series(metric.id, [other]).get(other)
        beside = _over(desk, series, metric, result) if series else None
        return (
            known
            | {"other_service": desk.service(other).name}
            | _shown(desk, metric, beside, result)
        )
    then = (
        periods.year_before(result.period)
        if against == "last_year"
        else periods.previous(result.period)
    )
    series = desk.series(metric.id, [result.service]).get(result.service)
    held = figures.at(series, then) if series else None
    if held is None and series is not None:
        found = figures.stretch(series, then, desk.vocabulary.months(metric.id))
        held = figures.together(found, metric) if not found.partial else None
        known["partly"] = bool(found.figures)
    return known | {"other_period": then} | _shown(desk, metric, held, result)


def _group(desk: Desk, against: str, metric: Metric, result: Result) -> dict[str, Any]:
    own = desk.service(result.service)
    every = desk.series(metric.id, None)
    services = desk.vocabulary.services
    if against == "region":
        members: Iterable[str] = [
            s for s in every if own.region and s in services and services[s].region == own.region
        ]
    elif against == "peers":
        members = [s for s in every if s in services and services[s].peer_group == own.peer_group]
    else:
        members = list(every)
    made = figures.group(every, members, result.period, metric, desk.vocabulary.months(metric.id))
    if made is None:
        return {}
    if made.result is None:
        return {
            "count": made.count,
            "levels": [{"level": level, "n": n} for level, n in sorted(made.levels.items())],
        }
    return {"count": made.count, "middle": metric.kind not in ("proportion",)} | _shown(
        desk, metric, made.result, result
    )


def _over(desk: Desk, series: Any, metric: Metric, result: Result) -> Result | None:
    one = figures.at(series, result.period)
    if one is not None:
        return one
    found = figures.stretch(series, result.period, desk.vocabulary.months(metric.id))
    return figures.together(found, metric) if not found.partial else None


def _shown(desk: Desk, metric: Metric, other: Result | None, result: Result) -> dict[str, Any]:
    if other is None or other.state != "ok":
        return {}
    own = [result.value] if result.value is not None else []
    shown = numbers.figure(other, metric, beside=own)
    return {
        "other": numbers.short(shown, desk.words),
        "other_counts": numbers.counts(shown, desk.words),
        "in_100": shown.form in ("in_100", "in_100_under", "in_100_over"),
    }


def members(desk: Desk, metric: Metric) -> str:
    """What the services of an audit are called together."""
    kind = "teams" if desk.catalogue.audits[metric.audit].kind == "clinical audit" else "services"
    return str(desk.words.render("answer_ask", f"members_{kind}", {}))
