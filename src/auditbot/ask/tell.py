"""Answers without a figure: meanings, sources, dates, people, ideas, lists. All from the catalogue."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from auditbot import period as periods
from auditbot.ask import figures, funnel, told
from auditbot.ask.desk import Desk, Part
from auditbot.ask.memory import among_peers, value_of
from auditbot.ask.told import button_text
from auditbot.catalogue import Audit, Metric
from auditbot.model import Button, Message, Period, Question
from auditbot.say import facts, numbers, reading
from auditbot.say.markup import plain

TEMPLATE = "answer_tell"
MOST_IDEAS = 3
MOST_PLACES = 3
_OF_AUDITS = ("ask_source", "ask_when", "ask_contact", "ask_list")  # need no metric


def explain(desk: Desk, q: Question) -> Part:
    """What a metric or an audit is, or how a chart is read."""
    if "chart_help" in q.wants or ("chart" in q.wants and q.metric is None):
        return _chart_help(desk, q)
    audits = _audits(desk, q)
    if q.metric is None and len(audits) != 1:
        every = [a for a in desk.catalogue.audits.values() if desk.keeps_to(a.id)]
        topics = [a.topic for a in audits or every]
        return _part(desk, q, "explain_what", {"topics": topics})
    if q.metric is None or "audit" in q.wants:
        buttons = ("ask_source", "ask_when", "ask_contact")
        return _part(desk, q, "explain_audit", _audit_facts(audits[0]), buttons=buttons)
    metric = desk.metric(q.metric)
    if "standard" in q.wants:
        return _standard(desk, q, metric)
    known = _audit_facts(desk.audit(metric.id)) | {
        "name": metric.name,
        "kind": metric.kind,
        "counted": metric.counted,
        "achieved": metric.achieved,
        "numerator": metric.numerator,
        "out_of": "" if metric.denominator.startswith("none") else metric.denominator,
        "direction": metric.direction,
        "why": metric.why,
        "cutpoints": [{"level": k, "cut": v} for k, v in sorted(metric.cutpoints.items())],
        "made_of": list(metric.made_of),
        "standard_note": metric.standard_note,
        "caution": metric.caution,
    }
    known["breaks"] = known["breaks"] if metric.kind in ("score", "level") else []
    return _part(
        desk,
        q,
        "explain_metric",
        known,
        buttons=_next(metric, "ask_chart", "ask_improve", "ask_source", "ask_contact"),
        context=(desk.audit(metric.id).credit,),
    )


def _standard(desk: Desk, q: Question, metric: Metric) -> Part:
    """What a figure that services are asked to reach is: whose it is, since when, and why."""
    figure = next((float(w) for w in q.wants if w.replace(".", "", 1).isdigit()), None)
    goal = next((s for s in metric.standards if s.value == figure), None)
    if goal is None:
        return explain(desk, replace(q, wants=()))
    known = {
        "metric": metric.plain,
        "goal": numbers.goal(goal.value),
        "interim": goal.status == "interim",
        "in_100": metric.kind == "proportion",
        "lower": metric.direction == "lower",
        "counted": metric.counted,
        "achieved": metric.achieved,
        "scope": goal.scope,
        "set_by": goal.source,
        "start": goal.start,
        "end": goal.end,
        "standard_note": metric.standard_note,
        "why": metric.why,
    }
    buttons = _next(metric, "ask_chart", "ask_improve", "ask_explain", "ask_source")
    return _part(desk, q, "explain_standard", known, buttons=buttons)


def _next(metric: Metric, *names: str) -> tuple[str, ...]:
    """What may be asked next; nothing is to be tried where neither more nor less is better."""
    return tuple(n for n in names if n != "ask_improve" or metric.direction != "neutral")


def _chart_help(desk: Desk, q: Question) -> Part:
    """The chart that was shown, by its own figures; how any is read where none was."""
    if not q.metric:
        return _part(desk, q, "explain_chart", {})
    known = _reading(desk, q, desk.metric(q.metric))
    if known is None:
        letters = desk.metric(q.metric).kind == "level"
        block = "explain_chart_level" if letters else "explain_chart"
    else:
        block = f"read_{known['shape']}"
    return _part(desk, q, block, known or {}, buttons=("ask_chart",))


def _reading(desk: Desk, q: Question, metric: Metric) -> Mapping[str, Any] | None:
    """The figures of the chart that a question or a digest showed, in words."""
    service = q.services[0] if q.services else ""
    series = desk.series(metric.id, [service]).get(service)
    if series is None:
        return None
    period, months = q.period or series.results[-1].period, desk.vocabulary.months(metric.id)
    if among_peers(q):
        whole = figures.over(series, period, metric, months)
        placed = funnel.reading_of(desk, metric, whole) if whole else None
        if placed is not None:
            return placed
    inside = figures.stretch(series, period, months).results
    shown = figures.at(series, period) or (inside or series.results)[-1]
    return reading.of_finding(told.finding(desk, series, shown), metric, desk.words)


def source(desk: Desk, q: Question) -> Part:
    """Which file the figures are from, when it was published, how old they are."""
    rows, used = [], set()
    for audit in _audits(desk, q):
        named = (
            [q.metric]
            if q.metric and desk.metric(q.metric).audit == audit.id
            else [audit.headline_metric, *(m.id for m in desk.catalogue.by_audit[audit.id])]
        )
        metric = next((m for m in named if m and desk.vocabulary.newest(m)), None)
        newest = desk.vocabulary.newest(metric) if metric else None
        if metric is None or newest is None:
            continue
        period = q.period or newest
        results = [
            r
            for s in desk.series(metric, q.services or None).values()
            for r in s.results
            if r.period == period
        ] or [
            r for s in desk.series(metric, None).values() for r in s.results if r.period == newest
        ]
        release = desk.releases.get(max((r.release for r in results), default=0))
        if release is None:
            continue
        used.add(release.id)
        rows.append(
            {
                "topic": audit.topic,
                "metric": desk.metric(metric).plain if q.metric else "",
                "credit": audit.credit,
                "period": results[0].period,
                "release": release.name,
                "published": release.published,
                "counted": desk.metric(metric).counted,
                "age": facts.age(desk.words, results[0].period, desk.today),
                "ago": desk.words.age(release.published, desk.today) if release.published else "",
                "link_to": audit.public_results if audit.public_results.startswith("http") else "",
                "methods": audit.methods if audit.methods.startswith("http") else "",
            }
        )
    if not rows:
        return _part(desk, q, "source_none", {}, state="no_data")
    made = _part(
        desk,
        q,
        "source",
        {"sources": rows, "fictional": desk.fictional, "profile": desk.profile},
        buttons=("ask_explain", "ask_when"),
    )
    return replace(made, sources=tuple(sorted(used)))


def when(desk: Desk, q: Question) -> Part:
    """How often results come, and which are next. Nothing unpublished is spoken of."""
    rows = []
    for audit in _audits(desk, q):
        metric = next(
            (m.id for m in desk.catalogue.by_audit[audit.id] if desk.vocabulary.newest(m.id)), None
        )
        newest = desk.vocabulary.newest(metric) if metric else None
        if newest is None:
            continue
        ended = next((b.why for b in audit.breaks if b.after == newest.end), "")
        rows.append(
            {
                "topic": audit.topic,
                "how_often": audit.how_often,
                "period": newest,
                "next": periods.following(newest),
                "ended": ended,
            }
        )
    if not rows:
        return _part(desk, q, "when_none", {}, state="no_data")
    return _part(desk, q, "when", {"sources": rows}, buttons=("ask_source",))


def contact(desk: Desk, q: Question) -> Part:
    """Who to ask, by role."""
    known = [
        {
            "topic": a.topic,
            "role": a.contact_role if "@" in a.contact_role else "",
            "page": a.contact_page if a.contact_page.startswith("http") else "",
        }
        for a in _audits(desk, q)
    ]
    return _part(desk, q, "contact", {"audits": known}, buttons=("ask_when", "ask_source"))


def improve(desk: Desk, q: Question) -> Part:
    """Sourced ideas for a metric, or that there is none and where to look."""
    if q.metric is None:
        return _which_one(desk, q)
    metric, audit = desk.metric(q.metric), desk.audit(q.metric)
    ideas = [
        {
            "words": a.try_,
            "where": a.where.split(";")[0],
            "source": next(iter(a.source), ""),
            "part": a.in_control != "yes",
        }
        for a in desk.catalogue.actions_for(q.metric)[:MOST_IDEAS]
    ]
    page = audit.public_results if audit.public_results.startswith("http") else ""
    known = {
        "metric": metric.plain,
        "ideas": ideas,
        "link_to": page,
        "neutral": metric.direction == "neutral",
    }
    return _part(desk, q, "improve", known, buttons=("ask_contact", "ask_chart"))


def exemplar(desk: Desk, q: Question) -> Part:
    """Up to three who do well, in order of the alphabet, and how to reach them."""
    if q.metric is None:
        return _which_one(desk, q)
    metric, newest = desk.metric(q.metric), desk.vocabulary.newest(q.metric)
    places: list[str] = []
    if newest is not None and metric.kind != "count":  # counts grow with the size of a service
        every = desk.series(metric.id, None)
        services = desk.vocabulary.services
        able = {
            s: services[s]
            for s in _of_kind(desk, metric, q.services[:1], newest)
            if s in services and s not in q.services
        }
        places = [
            services[s].name for s in figures.exemplars(every, able, metric, newest, MOST_PLACES)
        ]
    role = desk.audit(metric.id).contact_role
    known = {
        "metric": metric.plain,
        "places": places,
        "period": newest,
        "role": role if "@" in role else "",
        "count": metric.kind == "count",
    }
    return _part(
        desk,
        q,
        "exemplar",
        known,
        state="answered" if places else "no_data",
        buttons=("ask_improve", "ask_contact"),
    )


def _of_kind(desk: Desk, metric: Metric, own: Sequence[str], period: Period) -> list[str]:
    """Those whose public figures may stand beside the own service's; without one, the commonest kind."""
    if own:
        kind = desk.company.of_kind(metric, desk.service(own[0]), period)
        return [r.service for r in kind]
    services = desk.vocabulary.services
    held = [s for s in desk.company.figures(metric.id, period) if s in services]
    groups = [services[s].peer_group for s in held]
    usual = max(sorted(set(groups)), key=groups.count, default="")
    return [s for s in held if services[s].peer_group == usual]


def _which_one(desk: Desk, q: Question) -> Part:
    """Which measure is it about? The headline one of each audit is offered."""
    heads = [a.headline_metric for a in _audits(desk, q) if a.headline_metric][:MOST_PLACES]
    options = tuple((desk.metric(m).plain, replace(q, metric=m)) for m in heads)
    buttons = tuple(Button(t[:75], "ask_option", json.dumps({"text": t})) for t, _ in options)
    made = _part(desk, q, "which_one", {"topics": [t for t, _ in options]}, state="ask_back")
    return replace(made, options=options, message=replace(made.message, buttons=buttons))


def listing(desk: Desk, q: Question) -> Part:
    """What can be asked about: what is loaded for these services, else all that is loaded."""
    held = {m for s in q.services for m in desk.vocabulary.held(s)}
    rows = []
    for audit in _audits(desk, q):
        metrics = [
            m
            for m in desk.catalogue.by_audit[audit.id]
            if (m.id in held if held else desk.vocabulary.newest(m.id)) and m.importance >= 1
        ]
        if metrics:
            rows.append({"topic": audit.topic, "metrics": [m.plain for m in metrics]})
    if not rows:
        rows = [
            {"topic": a.topic, "metrics": [m.plain for m in desk.catalogue.by_audit[a.id][:4]]}
            for a in desk.catalogue.audits.values()
            if desk.catalogue.by_audit[a.id] and desk.keeps_to(a.id)
        ]
    return _part(desk, q, "list", {"audits": rows}, buttons=("ask_source", "ask_when"))


def events(desk: Desk, q: Question) -> Part:
    """Meetings and training of the audits in question."""
    found = {e.id: e for a in _audits(desk, q) for e in desk.catalogue.events_for(a.id)}
    known = [
        {
            "name": e.name,
            "page": e.page if e.page.startswith("http") else "",
            "by": e.by,
            "what": e.what,
        }
        for e in list(found.values())[:4]
    ]
    return _part(desk, q, "events", {"events": known}, state="answered" if known else "no_data")


def subscribe(desk: Desk, q: Question) -> Part:
    """How results come by themselves."""
    return _part(desk, q, "subscribe", {})


def mute(desk: Desk, q: Question) -> Part:
    """How to hear from the bot less, or not at all."""
    made = _part(desk, q, "mute", {})
    button = Button(desk.words.get("button.less_often"), "less_often")
    return replace(made, message=replace(made.message, buttons=(button,)))


def _audits(desk: Desk, q: Question) -> list[Audit]:
    """The audits in question: of the metric, named, of the services, else all with results."""
    audits = desk.catalogue.audits
    if q.metric:
        return [desk.audit(q.metric)]
    if q.audit in audits:
        return [audits[q.audit]] if q.audit else []
    held = set(desk.audits_of(q.services))
    if not held:
        held = {
            a.id
            for a in audits.values()
            if desk.keeps_to(a.id)
            and any(desk.vocabulary.newest(m.id) for m in desk.catalogue.by_audit[a.id][:3])
        }
    return [a for a in audits.values() if a.id in held]


def _audit_facts(audit: Audit) -> dict[str, Any]:
    return {
        "audit": audit.name,
        "topic": audit.topic,
        "audit_why": audit.why,
        "audit_counted": audit.counted,
        "not_counted": audit.not_counted,
        "run_by": audit.run_by,
        "commissioned_by": audit.commissioned_by,
        "covers": audit.covers,
        "how_often": audit.how_often,
        "breaks": [{"after": b.after, "why": b.why} for b in audit.breaks],
        "cautions": [c.says for c in audit.cautions[:1]],
        "link_to": audit.public_results if audit.public_results.startswith("http") else "",
    }


def _part(
    desk: Desk,
    q: Question,
    block: str,
    known: Mapping[str, Any],
    *,
    state: str = "answered",
    buttons: Iterable[str] = (),
    context: tuple[str, ...] = (),
) -> Part:
    headline, *body = desk.words.lines(TEMPLATE, block, known)
    metric: Metric | None = desk.metric(q.metric) if q.metric else None
    made = tuple(
        Button(button_text(desk, n), n, value_of(q)) for n in buttons if metric or n in _OF_AUDITS
    )
    message = Message(
        kind=q.kind,
        headline=headline,
        body=tuple(body),
        fallback=plain(headline),
        context=context,
        buttons=made[:2],
        more=made[2:],
        trail={"kind": q.kind, "metric": q.metric, "template": desk.words.hash(TEMPLATE)},
    )
    return Part(message, q, state, q.kind, services=q.services, period=q.period)
