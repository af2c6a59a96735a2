"""Several figures at once: how a service is doing, two services side by side, what to celebrate."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from auditbot.ask import figures
from auditbot.ask.card import TEMPLATE, card, without_figure
from auditbot.ask.desk import Desk, Part
from auditbot.ask.memory import value_of
from auditbot.ask.told import alike, button_text, finding, finding_facts, small_facts
from auditbot.catalogue import Metric
from auditbot.model import Button, Finding, Message, Question, Result
from auditbot.say import facts, numbers
from auditbot.say.markup import Marked, plain

Row = tuple[Metric, Finding, dict[str, Any]]
Table = tuple[tuple[str, ...], ...]

MOST = 6  # metrics of one audit in an overview
EVERY = 16  # where it was asked for each part
MOST_SERVICES = 3
MOST_WINS = 3


def overview(desk: Desk, q: Question) -> Part:
    """How a service is doing: its headline figures as a table, with the same in words."""
    rows: list[Row] = []
    audits: list[str] = []
    for service in q.services[:MOST_SERVICES]:
        for audit in _audits(desk, q, service):
            found = list(_findings(desk, audit, service, q))
            rows += found
            audits += [audit] if found else []
    if not rows:
        names = [desk.service(s).name for s in q.services[:1]]
        known = {"metric": "", "service": names[0] if names else "", "topics": []}
        about = [q.audit] if q.audit else list(desk.audits) or list(desk.catalogue.audits)[:1]
        topics = [desk.catalogue.audits[a].topic for a in about]
        if q.period is not None and any(desk.vocabulary.held(s) for s in q.services):
            return _none_then(desk, q)
        return without_figure(desk, q, "not_held", known | {"metric": desk.words.listed(topics)})
    first = rows[0]
    names = [desk.service(s).name for s in q.services[:MOST_SERVICES]]
    known = {
        "service": desk.words.listed(names),
        "topics": list(dict.fromkeys(desk.catalogue.audits[a].topic for a in audits)),
        "periods_shown": list(
            dict.fromkeys(desk.words.period(f.latest.period) for _, f, _ in rows)
        ),
    }
    held = list(dict.fromkeys(f.service.id for _, f, _ in rows))
    table = _beside(desk, rows, held) if len(held) > 1 else _measures(desk, rows)
    asked = replace(q, metric=None)
    said = [desk.say(TEMPLATE, "overview", known)]
    if q.assumed:
        said.insert(0, desk.say(TEMPLATE, "understood_overview", known))
    message = Message(
        kind="overview",
        headline=said[0],
        body=(*said[1:], *_lines(desk, rows, held)),
        fallback=plain(desk.say(TEMPLATE, "overview", known)),
        context=tuple(
            dict.fromkeys(
                line
                for m, f, _ in rows
                for line in desk.words.lines(TEMPLATE, "small", small_facts(desk, m, [f.latest]))[
                    :1
                ]
            )
        ),
        table=table,
        buttons=tuple(
            _buttons(desk, replace(asked, metric=first[0].id), ("ask_chart", "ask_source"))
        ),
        more=tuple(
            _buttons(
                desk, replace(asked, metric=first[0].id), ("ask_explain", "ask_contact", "ask_list")
            )
        ),
        trail={
            "kind": "overview",
            "services": list(q.services),
            "template": desk.words.hash(TEMPLATE),
        },
    )
    latest = first[1].latest
    return Part(
        message,
        asked,
        "answered" if any(f.latest.state == "ok" for _, f, _ in rows) else "no_data",
        "overview",
        latest,
        latest.period,
        services=q.services,
        sources=tuple(sorted({f.latest.release for _, f, _ in rows})),
    )


def _lines(desk: Desk, rows: Sequence[Row], services: Sequence[str]) -> Iterable[str]:
    """The figures in words: of one service the first in full, of several under each one's name."""
    for service in services:
        own = [row for _, f, row in rows if f.service.id == service]
        if len(services) > 1:
            yield desk.say(TEMPLATE, "overview_service", own[0])
        else:
            yield desk.say(TEMPLATE, "overview_headline", own[0])
        for row in own[len(services) == 1 :]:
            yield desk.say(TEMPLATE, "overview_row", row)


def _measures(desk: Desk, rows: Sequence[Row]) -> Table:
    """A row a measure of one service: the latest, what it was, how real that is."""
    return (_head(desk), *(_cells(desk, row, False) for _, _, row in rows))


def _beside(desk: Desk, rows: Sequence[Row], services: Sequence[str]) -> Table:
    """A row a measure and a column a service, in the order asked."""
    shown = {(m.id, f.service.id): plain(row["shown"]) for m, f, row in rows}
    names = {m.id: str(row["metric"]) for m, _, row in rows}
    head = (_head(desk)[0], *(desk.service(s).name for s in services))
    return (
        head,
        *((name, *(shown.get((m, s), "") for s in services)) for m, name in names.items()),
    )


def compare(desk: Desk, q: Question) -> Part:
    """Two or more named services on one metric, in the order asked, which is no ranking."""
    if q.metric is None or len(q.services) < 2:
        return overview(desk, q) if q.metric is None else card(desk, q)
    parts = [
        card(desk, replace(q, kind="card", services=(s,), comparator=None, wants=()))
        for s in q.services
    ]
    metric = desk.metric(q.metric)
    figured = [p for p in parts if p.result is not None and p.result.state == "ok"]
    if not figured:
        return replace(parts[0], services=q.services)
    lines = [
        _compare_line(desk, metric, p, [x.result for x in figured if x is not p and x.result])
        for p in parts
    ]
    first = figured[0]
    assert first.result is not None
    known = {"metric": metric.plain, "period": first.result.period}
    above = "understood_compare" if q.assumed else "compare_headline"
    message = Message(
        kind="compare",
        headline=desk.say(TEMPLATE, above, known),
        body=tuple(lines),
        fallback=plain(f"{lines[0]}"),
        context=first.message.context[1:],
        buttons=first.message.buttons,
        more=first.message.more,
        trail={"kind": "compare", "services": list(q.services), "metric": metric.id},
    )
    return replace(
        first,
        message=message,
        question=replace(q, period=first.period),
        kind="compare",
        services=q.services,
        comparator=f"service:{q.services[1]}",
        sources=tuple(sorted({s for p in figured for s in p.sources})),
    )


def side_by_side(desk: Desk, parts: Sequence[Part]) -> Table:
    """Two measures that were asked for together, as a table; empty where one has no row of its own."""
    rows: list[tuple[str, ...]] = []
    places = {s for p in parts for s in p.services}
    for p in parts:
        if p.result is None or p.question.metric is None or p.kind not in ("card", "compare"):
            return ()
        series = desk.series(p.question.metric, [p.result.service]).get(p.result.service)
        if series is None or figures.at(series, p.result.period) != p.result:
            return ()
        metric = desk.metric(p.question.metric)
        row = _row(desk, metric, finding(desk, series, p.result))
        rows.append(_cells(desk, row, len(places) > 1))
    return (_head(desk), *rows)


def _head(desk: Desk) -> tuple[str, ...]:
    return tuple(plain(x) for x in desk.words.lines(TEMPLATE, "table_head", {}))


def celebrate(desk: Desk, q: Question) -> Part:
    """What the figures of a service allow to be proud of: three at most, by rules."""
    service = q.services[0]
    wins: list[str] = []
    for audit in _audits(desk, q, service):
        for m in desk.catalogue.by_audit[audit]:
            if m.direction == "neutral" or not m.verified or len(wins) >= MOST_WINS:
                continue
            series = desk.series(m.id, [service]).get(service)
            if series is None or series.results[-1].period != desk.vocabulary.newest(m.id):
                continue
            line = _win(desk, m, finding(desk, series, series.results[-1]))
            wins += [line] if line else []
    known = {"service": desk.service(service).name, "wins": wins}
    headline, *body = desk.words.lines("answer_tell", "celebrate", known)
    message = Message(
        "celebrate", headline, tuple(body), plain(headline), trail={"kind": "celebrate"}
    )
    return Part(message, q, "answered", "celebrate", services=q.services)


def _win(desk: Desk, metric: Metric, found: Finding) -> str:
    now, was = found.latest, found.comparable
    if now.state != "ok":
        return ""
    why = ""
    if metric.kind == "level":
        if was and was.level and now.level and now.level < was.level:
            why = "grade_up"
        elif now.level == "A" and metric.importance >= 1:
            why = "top"
    elif found.verdict.strength == "confirmed" and found.verdict.direction == "improvement":
        why = "improvement"
    elif found.standing is not None and found.standing.met:
        why = "standard"
    if not why:
        return ""
    goal = found.standing.standard.value if found.standing else None
    shown = numbers.figure(now, metric, standard=goal)
    known = {
        "why": why,
        "metric": metric.plain,
        "shown": numbers.words(shown, desk.words, metric.counted),
        "was": was.level if was and was.level else "",
        "standard": numbers.goal(goal) if goal is not None else Marked(),
    }
    return desk.say("answer_tell", "win", known)


def _audits(desk: Desk, q: Question, service: str) -> list[str]:
    if q.audit in desk.vocabulary.audits(service):
        return [q.audit] if q.audit else []
    return desk.audits_of([service])


def _findings(desk: Desk, audit: str, service: str, q: Question) -> Iterable[Row]:
    entry = desk.catalogue.audits[audit]
    held = desk.vocabulary.held(service)
    able = [m for m in desk.catalogue.by_audit[audit] if m.id in held]
    able.sort(key=lambda m: (m.id != entry.headline_metric, -m.importance))
    for metric in able[: EVERY if "parts" in q.wants else MOST]:
        series = desk.series(metric.id, [service])[service]
        result = series.results[-1] if q.period is None else figures.at(series, q.period)
        if result is None:
            continue
        found = finding(desk, series, result)
        yield metric, found, _row(desk, metric, found)


def _row(desk: Desk, metric: Metric, found: Finding) -> dict[str, Any]:
    known = finding_facts(desk, found)
    was = found.comparable if found.comparable and found.comparable.state == "ok" else None
    goal = found.standing.standard.value if found.standing else None
    beside = [was.value] if was is not None and was.value is not None else []
    own = [found.latest.value] if found.latest.value is not None else []
    shown = numbers.figure(found.latest, metric, standard=goal, beside=beside)
    other = numbers.figure(was, metric, beside=own) if was is not None else None
    shown, other = alike(shown, other)
    text = numbers.words(shown, desk.words, metric.counted)
    return known | {
        "shown": text if shown.form != "none" else desk.words.say(f"state.{found.latest.state}"),
        "was": numbers.short(other, desk.words) if other else Marked(),
        "was_when": facts.before_when(desk.words, found),
        "form": shown.form,
    }


def _cells(desk: Desk, row: dict[str, Any], several: bool) -> tuple[str, ...]:
    label = f"{row['service']}: {row['metric']}" if several else str(row["metric"])
    real = plain(desk.say(TEMPLATE, "short_real", row))
    return label, plain(row["shown"]), plain(row["was"]), real


def _compare_line(desk: Desk, metric: Metric, p: Part, others: list[Result]) -> str:
    values = [r.value for r in others if r.value is not None]
    service = desk.service(p.services[0]).name
    if p.result is None:
        return Marked(
            desk.say(TEMPLATE, "compare_line", _blank(service) | {"figure": p.message.headline})
        )
    shown = numbers.figure(p.result, metric, beside=values)
    if any(numbers.figure(r, metric).form == "few" for r in others):
        shown = replace(shown, form="few") if shown.denominator else shown
    return desk.say(
        TEMPLATE,
        "compare_line",
        {
            "service": service,
            "figure": numbers.words(shown, desk.words, metric.counted),
            "counts": numbers.counts(shown, desk.words),
            "form": shown.form,
            "state": desk.words.say(f"state.{p.result.state}"),
        },
    )


def _blank(service: str) -> dict[str, Any]:
    return {"service": service, "counts": Marked(), "form": "", "state": ""}


def _buttons(desk: Desk, q: Question, names: Iterable[str]) -> Iterable[Button]:
    return (Button(button_text(desk, n), n, value_of(q)) for n in names)


def _none_then(desk: Desk, q: Question) -> Part:
    """The service is known, but nothing of the asked period is loaded."""
    for service in q.services:
        for audit in _audits(desk, q, service):
            head = desk.catalogue.audits[audit].headline_metric
            if head in desk.vocabulary.held(service):
                return card(
                    desk, replace(q, metric=head, kind="card", services=(service,), wants=())
                )
    return without_figure(desk, q, "not_held", {"metric": "", "service": "", "topics": []})
