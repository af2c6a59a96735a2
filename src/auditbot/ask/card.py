"""The card of one metric: the figure, what it was, how real that is, its standard, what was asked beside."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from auditbot import period as periods
from auditbot.ask import beside, figures, steps, told
from auditbot.ask.desk import Desk, Part
from auditbot.ask.figures import Stretch
from auditbot.ask.funnel import funnel
from auditbot.ask.memory import among_peers
from auditbot.catalogue import Metric
from auditbot.model import (
    Chart,
    Finding,
    Message,
    Period,
    Question,
    Result,
    Series,
    Service,
)
from auditbot.say import chart, facts, numbers
from auditbot.say.markup import Marked, plain

TEMPLATE = "answer_card"
TRENDS = ("since", "rolling", "chart", "real")


def card(desk: Desk, q: Question) -> Part:
    """One metric of one service: newest, of a past period, or of a stretch of time."""
    if "subgroup" in q.wants:
        return without_figure(desk, q, "no_split", {})
    assert q.metric is not None
    metric, service = desk.metric(q.metric), desk.service(q.services[0])
    series = desk.series(q.metric, [service.id]).get(service.id)
    if series is None:
        return _not_held(desk, q, metric, service)
    if "short" in q.wants or "future" in q.wants:
        known = {"metric": metric.plain, "months": desk.vocabulary.months(q.metric)}
        known["newest"] = series.results[-1].period
        return without_figure(desk, q, "too_fine" if "short" in q.wants else "to_come", known)
    for wish, least in (("extreme_low", True), ("extreme_high", False)):
        if wish in q.wants:
            if {"worst", "best"} & set(q.wants) and metric.direction == "lower":
                least = not least  # the worst of what nobody wants is the most
            found = figures.extreme(series, metric, least=least)
            if found is not None:
                extra = {"least": least, "n_results": sum(r.state == "ok" for r in series.results)}
                return _single(desk, q, series, found, lines=[("extreme", extra)], judged=False)
    if q.period is None or "latest" in q.wants:
        around = None
        if "each" in q.wants:
            months = desk.vocabulary.months(q.metric)
            around = figures.stretch(series, steps.usual(series, months), months)
        return _single(desk, q, series, series.results[-1], around=around)
    one = figures.at(series, q.period)
    if one is not None:
        return _single(desk, q, series, one)
    return _stretch(desk, q, metric, series, q.period)


def _stretch(desk: Desk, q: Question, metric: Metric, series: Series, period: Period) -> Part:
    """A period that is no single result: put together, or told by its ends."""
    months = desk.vocabulary.months(metric.id)
    found = figures.stretch(series, period, months)
    if not found.results:
        return _not_loaded(desk, q, metric, series, period)
    moving = {"since", "rolling"} & set(q.wants) and {"real", "cause"} & set(q.wants)
    whole = None if moving else figures.together(found, metric)
    gap = ("gap", told.gap(desk, found, months))
    if whole is None:
        first = next((r for r in found.results if r.state == "ok"), None)
        last = found.results[-1]
        known = told.ends(desk, metric, first or last, last) | {"asked": period, "months": months}
        known["added"] = metric.kind in figures.POOLED
        lines = [("from_to", known)] + ([gap] if found.missing and not moving else [])
        return _single(desk, q, series, last, lines=lines, around=found)
    known = told.figure_facts(desk, metric, series, whole)
    ago = figures.stretch(series, periods.year_before(period), months)
    if not ago.partial and not found.partial and (was := figures.together(ago, metric)):
        known |= told.before(desk, metric, whole, was, desk.words.say("before.last_year"))
        known["before_period"] = was.period
        known["between"] = told.between(desk, series, ago, found)
    lines = [gap] if found.partial else []
    if {"each", "chart"} & set(q.wants) and len(found.figures) > 1:
        newest = found.figures[-1]
        lines.append(("newest_in", told.finding_facts(desk, told.finding(desk, series, newest))))
    return _part(desk, q, metric, whole, known, lines, series, None, found)


def _single(
    desk: Desk,
    q: Question,
    series: Series,
    result: Result,
    lines: Sequence[tuple[str, Mapping[str, Any]]] = (),
    *,
    judged: bool = True,
    around: Stretch | None = None,
) -> Part:
    """One result as its publisher gave it, judged as on the day it was the newest."""
    metric = desk.metric(series.metric)
    found = told.finding(desk, series, result)
    known = told.finding_facts(desk, found)
    rests = metric.kind == "score" or metric.score  # a level of one part rests on no data band
    if rests and not known["bands_same"] and not known["bands_changed"]:
        known["bands_now"] = told.bands(desk, found)
    if (
        known["strength"] == "confirmed"
        and (c := found.change)
        and c.before_denominator
        and c.after_denominator
    ):
        rates = [
            100 * c.before_numerator / c.before_denominator,
            100 * c.after_numerator / c.after_denominator,
        ]
        known["rate_before"] = numbers.short(
            numbers.percent(rates[0], beside=rates[1:]), desk.words
        )
        known["rate_after"] = numbers.short(numbers.percent(rates[1], beside=rates[:1]), desk.words)
        sums = [
            numbers.figure(replace(result, numerator=n, denominator=d, value=rate), metric)
            for n, d, rate in (
                (c.before_numerator, c.before_denominator, rates[0]),
                (c.after_numerator, c.after_denominator, rates[1]),
            )
        ]
        known["counts_before"] = numbers.counts(sums[0], desk.words)
        known["counts_after"] = numbers.counts(sums[1], desk.words)
        known["since"] = desk.words.month(c.after[0])
    if found.comparable is not None and result.state == "ok":
        known |= told.before(
            desk, metric, result, found.comparable, facts.before_when(desk.words, found)
        )
        known["before_period"] = found.comparable.period
    return _part(desk, q, metric, result, known, lines, series, found if judged else None, around)


def _part(
    desk: Desk,
    q: Question,
    metric: Metric,
    result: Result,
    known: dict[str, Any],
    lines: Sequence[tuple[str, Mapping[str, Any]]],
    series: Series,
    found: Finding | None,
    around: Stretch | None = None,
) -> Part:
    """The whole message of a card. `around` is the stretch of time that was asked for, if one was."""
    used = [
        r
        for r in series.results
        if result.period.start <= r.period.start and r.period.end <= result.period.end
    ]
    known = (
        known
        | {"asked_standard": q.comparator == "target", "service": desk.service(series.service).name}
        | told.small_facts(desk, metric, used or [result])
    )
    say = desk.words
    body: list[str] = []
    if "cause" in q.wants:
        body.append(desk.say(TEMPLATE, "cause", known))
    body += [desk.say(TEMPLATE, block, known | dict(more)) for block, more in lines]
    # of peers the card tells in words of its own, where there are enough of them
    told_of_peers = q.comparator == "peers" and known["peers"]
    beside_lines = [] if told_of_peers else beside.lines(desk, q, metric, result)
    body += beside_lines
    told_beside = beside_lines and (known.get("before_period") == _against(q, result.period))
    judged = ["" if told_beside else desk.say(TEMPLATE, "change", known)]
    judged.append(desk.say(TEMPLATE, "between", known))
    if found is not None:
        judged.append(desk.say(TEMPLATE, "real", known))
        judged.append(desk.say(TEMPLATE, "bands", known) if known["form"] == "number" else "")
        judged.append(desk.say(TEMPLATE, "caution", known))
    judged.append(desk.say(TEMPLATE, "standard", known))
    body.append(Marked(" ".join(filter(None, judged))))
    if found is not None:
        body.append(desk.say(TEMPLATE, "peers", known))
    place = told.place(desk, found) if "position" in q.wants else {}
    unordered = "order" in q.wants and not place
    if "position" in q.wants and not unordered:
        body.append(desk.say(TEMPLATE, "place", known | {"place": place}))
    headline = desk.say(TEMPLATE, "headline", known)
    above = ["no_order"] if unordered else []
    above += ["understood"] if q.assumed else []
    first_line, *said = [*(desk.say(TEMPLATE, block, known) for block in above), headline]
    body = [*said, *body]
    picture = None
    if among_peers(q):
        picture = funnel(desk, metric, result, plain(headline))
    elif around is not None and set(q.wants) & {*TRENDS, "each"}:
        picture = steps.picture(desk, metric, series, around, plain(headline))
    picture = picture or _picture(desk, q, metric, found, headline, known)
    # a thread goes on about the time that was asked for, though its newest figure was told
    spoken_of = q.period if around is not None and q.period == around.period else result.period
    asked = replace(q, period=spoken_of, services=(series.service,), metric=metric.id)
    pressed = replace(asked, period=around.period) if around is not None else asked
    first, more = told.buttons(desk, pressed, metric, found, charted=picture is not None)
    message = Message(
        kind="card",
        headline=first_line,
        body=tuple(b for b in body if b),
        fallback=plain(desk.say(TEMPLATE, "fallback", known)),
        context=(desk.say(TEMPLATE, "title", known), *say.lines(TEMPLATE, "small", known)),
        chart=picture,
        table=_table(desk, q, metric, result, around),
        buttons=first,
        more=more,
        trail={
            "kind": "card",
            "service": series.service,
            "metric": metric.id,
            "template": say.hash(TEMPLATE),
        },
    )
    compared = q.comparator in ("national", "region", "peers") or (q.comparator or "").startswith(
        "service:"
    )
    return Part(
        message,
        asked,
        "answered" if result.state == "ok" else "no_data",
        "compare" if compared else "card",
        result,
        result.period,
        q.comparator,
        services=(series.service,),
        sources=tuple(sorted({r.release for r in used})),
        asked=around.period if around is not None and around.period != result.period else None,
    )


def _table(
    desk: Desk, q: Question, metric: Metric, result: Result, around: Stretch | None
) -> tuple[tuple[str, ...], ...]:
    """Every step of a stretch, where each was asked for, or where they cannot be told as one."""
    if around is None:
        return ()
    one = result.period == around.period
    return steps.table(desk, metric, around) if {"each", "chart"} & set(q.wants) or not one else ()


def _against(q: Question, period: Period) -> Period | None:
    """The period that the question asks to compare with, if it names one."""
    if q.comparator == "last_year":
        return periods.year_before(period)
    return periods.previous(period) if q.comparator == "previous" else None


def _picture(
    desk: Desk,
    q: Question,
    metric: Metric,
    found: Finding | None,
    headline: str,
    known: Mapping[str, Any],
) -> Chart | None:
    if found is None or not set(q.wants) & {*TRENDS, "cause"}:
        return None
    return chart.picture(
        found,
        metric,
        desk.words,
        headline=plain(headline),
        credit=known["credit"],
        fictional=known["fictional"],
    )


def without_figure(desk: Desk, q: Question, block: str, known: Mapping[str, Any]) -> Part:
    """An answer that has no figure to give, and says why."""
    headline, *body = desk.words.lines(TEMPLATE, block, known)
    message = Message("no_data", headline, tuple(body), plain(headline), trail={"kind": "no_data"})
    return Part(message, q, "no_data", "card", services=q.services, period=q.period)


def _not_held(desk: Desk, q: Question, metric: Metric, service: Service) -> Part:
    audits = desk.audits_of([service.id])
    known = {
        "metric": metric.plain,
        "service": service.name,
        "topics": [desk.catalogue.audits[a].topic for a in audits],
    }
    return without_figure(
        desk, q, "not_held" if desk.vocabulary.newest(metric.id) else "nothing_loaded", known
    )


def _not_loaded(desk: Desk, q: Question, metric: Metric, series: Series, period: Period) -> Part:
    held = [r.period for r in series.results]
    holes = [
        p for p in periods.missing_between(held) if period.start <= p.end and p.start <= period.end
    ]
    known = {
        "asked": period,
        "metric": metric.plain,
        "service": desk.service(series.service).name,
        "oldest": held[0],
        "newest": held[-1],
        "holes": [desk.words.period(p) for p in told.runs(holes)[: told.MOST_GAPS]],
    }
    made = without_figure(desk, q, "not_loaded", known)
    newest = replace(q, period=held[-1], services=(series.service,), metric=metric.id)
    offered = told.offered(desk, newest, ("ask_chart", "ask_when"))
    return replace(made, message=replace(made.message, buttons=offered))
