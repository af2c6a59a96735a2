"""The way of a question: guard, understand, answer. The one door of this room.

A text goes in, or a pressed button; a Message comes out, with the fields of `auditbot ask --json` and
what the conversation remembers. Each kind of question has its function; none makes up a figure.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import accumulate
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from auditbot.ask import asked, guard, held, memory, survey, tell, wording
from auditbot.ask.card import card
from auditbot.ask.desk import Desk, Part
from auditbot.ask.memory import from_button as from_button
from auditbot.ask.seen import Context
from auditbot.ask.understand import Option, Understanding, understand
from auditbot.catalogue import Catalogue, Metric
from auditbot.model import Button, Message, Period, Question, Roles
from auditbot.say.markup import plain, spans
from auditbot.say.words import Words
from auditbot.store import load
from auditbot.viewer import Viewer

TEMPLATE = "answer_ask"
MOST_WORDS = 130  # of an answer; the rest is a reply under it
FEWEST_UNDER = 30  # words that are worth a reply of their own
_UNITS = MappingProxyType(
    {"proportion": "percent", "count": "count", "score": "score", "level": "level"}
)
PASSING = ("help", "unknown", "refuse", "list", "mute", "subscribe", "events")  # no new subject
_NO_ROLES: Mapping[str, Roles] = MappingProxyType({})
_KINDS: Mapping[str, Callable[[Desk, Question], Part]] = {
    "card": card,
    "compare": lambda desk, q: survey.compare(desk, q) if len(q.services) > 1 else card(desk, q),
    "overview": survey.overview,
    "celebrate": survey.celebrate,
    "explain": tell.explain,
    "source": tell.source,
    "when": tell.when,
    "contact": tell.contact,
    "improve": tell.improve,
    "exemplar": tell.exemplar,
    "list": tell.listing,
    "events": tell.events,
    "subscribe": tell.subscribe,
    "mute": tell.mute,
}


@dataclass(frozen=True)
class Answer:
    """What goes back: the message, the contract's fields, and what the conversation remembers."""

    message: Message
    fields: dict[str, Any]
    state: dict[str, Any] | None
    question: Question
    explain: tuple[str, ...] = field(default=())


def reply(
    conn: Connection,
    catalogue: Catalogue,
    words: Words,
    viewer: Viewer,
    *,
    text: str | None = None,
    flag: str | None = None,
    button: Button | None = None,
    bound: Sequence[str] = (),
    audits: Sequence[str] = (),
    roles: Mapping[str, Roles] = _NO_ROLES,
    before: Any = None,
    today: date,
    profile: str = "ptd",
    fictional: bool = False,
) -> Answer:
    """Answer a text or a pressed button.

    `flag` is what the guard said when the text came in (the text itself is then not kept), `bound`
    the services "we" means, `audits` those
    the channel keeps to where a question names none (empty: all), `before` what an earlier Answer of the conversation left in `state`.
    """
    releases = load.releases(conn, viewer)
    vocabulary = held.vocabulary_of(conn, catalogue, viewer, releases)
    known = tuple(s for s in bound if s in vocabulary.services)
    desk = Desk(
        conn,
        catalogue,
        words,
        viewer,
        vocabulary,
        releases,
        today,
        profile,
        known,
        tuple(a for a in audits if a in catalogue.audits),
        roles,
        fictional,
    )
    last, choices = memory.recalled(before)
    pressed = memory.option_text(button) if button else None
    if button is not None and pressed is None:
        meant = from_button(button.action, button.value)
        understood = Understanding((_allowed(desk, meant),) if meant else (Question("unknown"),))
        return _answered(desk, understood)
    said = pressed if pressed is not None else text or ""
    stopped = guard.check(said)
    if stopped is not None or flag in ("identifier", "harm"):
        reason = stopped.reason if stopped else ""
        kind = stopped.kind if stopped else str(flag)
        return _stopped(desk, kind, reason, before)
    chosen = memory.chosen(said, choices)
    if chosen:
        return _answered(desk, Understanding(chosen))
    if _only_calls(said):
        understood = Understanding((Question("help", services=known),))
    else:
        understood = understand(said, Context(vocabulary, today, known, desk.audits, last))
        finer = asked.finer(desk, understood.questions, said, last)
        understood = replace(understood, questions=finer)
    made = _answered(desk, understood)
    if last is not None and made.question.kind in PASSING:
        return replace(made, state=memory.remembered(last, memory.recalled(made.state)[1]))
    return made


def _answered(desk: Desk, understood: Understanding) -> Answer:
    """The answer to what was understood; two questions get two answers in one message."""
    if understood.ask in ("service", "unknown_place", "period", "metric", "audit"):
        return _done(desk, [_ask_back(desk, understood)], understood)
    parts = [_one(desk, q, understood) for q in understood.questions]
    return _done(desk, parts, understood)


def _one(desk: Desk, q: Question, understood: Understanding) -> Part:
    if q.kind == "refuse":
        refused = _refusal(desk, q.wants[0] if q.wants else "person", q)
        return _with_own(desk, refused) if "rank" in q.wants else refused
    if "order" in q.wants and q.services:
        return _without_order(desk, q)
    if q.kind == "help":
        thanks = "thanks" in q.wants
        made = _short(desk, q, "thanks" if thanks else "hello", "answered", "help")
        return made if thanks else _with_choices(desk, made)
    if q.kind == "unknown" or q.kind not in _KINDS:
        return _unknown(desk, q)
    if (
        q.kind in ("card", "compare", "overview", "celebrate")
        and not q.services
        and "subgroup" not in q.wants
    ):
        return _ask_back(desk, Understanding((q,), "service"))
    if q.kind in ("card", "compare") and q.metric is None and "subgroup" not in q.wants:
        return survey.overview(desk, replace(q, kind="overview"))
    return _KINDS[q.kind](desk, q)


def _without_order(desk: Desk, q: Question) -> Part:
    """Is somebody first or last? The own team is told how it does; of others that is refused."""
    if desk.bound and not set(q.services) <= set(desk.bound):
        return _with_own(
            desk, _refusal(desk, "rank", replace(q, kind="refuse", services=desk.bound))
        )
    if q.metric is None:
        audits = [q.audit] if q.audit else desk.audits_of(q.services)
        heads = [h for a in audits if (h := desk.catalogue.audits[a].headline_metric)]
        if not heads:
            return survey.overview(desk, replace(q, kind="overview"))
        q = replace(q, metric=heads[0], assumed=(*q.assumed, "metric"))
    return card(desk, replace(q, kind="card", services=q.services[:1]))


def _with_own(desk: Desk, refused: Part) -> Part:
    """The refusal with the own team's figure, where the channel has a team and a figure."""
    audits = desk.audits_of(desk.bound)
    heads = [h for a in audits if (h := desk.catalogue.audits[a].headline_metric)]
    metric = refused.question.metric or next(iter(heads), None)
    if metric is None or not desk.bound:
        return refused
    own = card(desk, Question("card", metric, services=desk.bound[:1]))
    if own.state != "answered":
        return refused
    shown = desk.say(TEMPLATE, "own_instead", {})
    body = (*refused.message.body, shown, own.message.headline)
    message = replace(
        refused.message,
        body=body,
        context=own.message.context[1:],
        buttons=own.message.buttons,
        more=own.message.more,
    )
    return replace(refused, message=message, sources=own.sources)


def _allowed(desk: Desk, q: Question) -> Question:
    """A button's question with what this viewer may see of it."""
    services = tuple(s for s in q.services if s in desk.vocabulary.services) or desk.bound
    metric = q.metric if q.metric in desk.catalogue.metrics else None
    return replace(q, services=services, metric=metric)


def _ask_back(desk: Desk, understood: Understanding) -> Part:
    draft = understood.questions[0]
    options = tuple((_option_text(desk, o), o.question) for o in understood.options)
    own = understood.ask in ("period", "metric", "audit")
    block = f"ask_{understood.ask}" if own else "ask_service"
    known = {
        "named": understood.named,
        "choices": [t for t, _ in options],
        "more": len(options) > 2,
    }
    headline, *body = desk.words.lines(TEMPLATE, block, known)
    message = Message(
        "ask_back",
        headline,
        tuple(body),
        plain(headline),
        buttons=tuple(_option_buttons([t for t, _ in options])),
        trail={"kind": "ask_back"},
    )
    return Part(message, draft, "ask_back", draft.kind, options=options)


def _option_text(desk: Desk, option: Option) -> str:
    if option.service:
        return desk.service(option.service).name
    if option.metric:
        return desk.metric(option.metric).plain
    if option.audit:
        return desk.catalogue.audits[option.audit].topic
    if option.period is not None:
        return str(plain(desk.words.period(option.period)))
    return option.text


def _option_buttons(texts: Sequence[str]) -> list[Button]:
    return [Button(t[:75], "ask_option", json.dumps({"text": t})) for t in texts]


def _unknown(desk: Desk, q: Question) -> Part:
    """It was not understood, or is not held: say so and offer what can be asked."""
    if "unheld" in q.wants:
        name = next((w for w in q.wants if w != "unheld"), "")
        topics = [desk.catalogue.audits[a].topic for a in desk.audits_here()]
        made = _short(desk, q, "unheld", "unknown", "unknown", {"name": name, "topics": topics})
    else:
        made = _short(desk, q, "unknown", "unknown", "unknown")
    return _with_choices(desk, made)


def _with_choices(desk: Desk, made: Part) -> Part:
    """The same with buttons for what can always be asked."""
    names = ("choice_overview", "choice_list") if desk.bound else ("choice_list", "choice_source")
    texts = [plain(desk.say(TEMPLATE, n, {})) for n in names]
    buttons = tuple(_option_buttons(texts))
    return replace(
        made,
        message=replace(made.message, buttons=buttons),
        options=tuple(
            (
                t,
                Question(
                    "overview" if n == "choice_overview" else n.removeprefix("choice_"),
                    services=desk.bound,
                ),
            )
            for t, n in zip(texts, names, strict=True)
        ),
    )


def _stopped(desk: Desk, kind: str, reason: str, before: Any) -> Answer:
    """A text the guard stopped. The conversation goes on from where it was before."""
    block = (
        kind
        if kind in ("identifier", "harm")
        else {"clinician": "person"}.get(reason, reason or "person")
    )
    part = _refusal(desk, block, Question("refuse", wants=(block,)))
    made = _done(desk, [part], Understanding((part.question,), why=(f"guard {kind} {reason}",)))
    return replace(made, state=before if isinstance(before, dict) else None)


def _refusal(desk: Desk, block: str, q: Question) -> Part:
    made = _short(desk, q, block, "refused", "refuse")
    quiet = plain(desk.say(TEMPLATE, "refusal_fallback", {}))
    person = block in ("identifier", "harm", "person", "patient", "advice")
    return replace(
        made, message=replace(made.message, fallback=quiet if person else made.message.fallback)
    )


def _short(
    desk: Desk,
    q: Question,
    block: str,
    state: str,
    kind: str,
    more: Mapping[str, Any] | None = None,
) -> Part:
    known = {"examples": _examples(desk)} | dict(more or {})
    headline, *body = desk.words.lines(TEMPLATE, block, known)
    message = Message(
        kind, headline, tuple(body), plain(headline), trail={"kind": kind, "block": block}
    )
    return Part(message, q, state, kind, services=q.services)


def _examples(desk: Desk) -> list[str]:
    """Measures to name in a greeting: those of the channel's services, else of what is loaded."""
    here = [desk.catalogue.audits[a] for a in desk.audits_here()]
    every = [a for a in desk.catalogue.audits.values() if desk.keeps_to(a.id)]
    heads = [a.headline_metric for a in here or every if a.headline_metric]
    return [desk.metric(m).plain for m in heads[:2]]


def _done(desk: Desk, parts: list[Part], understood: Understanding) -> Answer:
    first = parts[0]
    message = first.message
    if len(parts) > 1:
        also = [desk.say(TEMPLATE, "and_also", {})]
        for p in parts[1:]:
            also += [p.message.headline, *p.message.body]
        table = survey.side_by_side(desk, parts)
        message = replace(
            message,
            body=(*message.body, *also),
            table=message.table or table or parts[1].message.table,
        )
    choices = dict(first.options)
    return Answer(
        fitted(message),
        _fields(desk, first, message),
        memory.remembered(first.question, choices),
        first.question,
        understood.why,
    )


def fitted(message: Message) -> Message:
    """The message with what does not fit a small screen as a reply under it: nothing is cut.

    Whole paragraphs go, and a heading goes with its list.
    """
    lengths = [len(plain(p).split()) for p in (message.headline, *message.body)]
    if sum(lengths) <= MOST_WORDS + FEWEST_UNDER:
        return message
    kept = sum(upto <= MOST_WORDS for upto in accumulate(lengths)) - 1
    kept = max(kept, 1)
    while 0 < kept < len(message.body) and _leads(message.body[kept - 1]):
        kept -= 1
    rest = message.body[kept:]
    if not rest:
        return message
    under = Message(message.kind, rest[0], rest[1:], plain(rest[0]), trail=message.trail)
    return replace(message, body=message.body[:kept], thread=(under, *message.thread))


def _leads(paragraph: str) -> bool:
    """Is it a heading to what follows?"""
    return plain(paragraph).rstrip().endswith(":")


def _fields(desk: Desk, part: Part, message: Message) -> dict[str, Any]:
    """The contract's fields, apart from `id` and `ms`."""
    result, q = part.result, part.question
    metric: Metric | None = desk.metric(q.metric) if q.metric else None
    told = result is not None and result.state == "ok" and part.kind in ("card", "compare")
    value: float | str | None = None
    if told and result is not None:
        value = result.level if result.level is not None else result.value
    return {
        "state": part.state,
        "kind": part.kind or q.kind,
        "metric": q.metric,
        "services": list(part.services),
        "service_names": [desk.service(s).name for s in part.services],
        "period": _days(part.period) | _days_asked(part.asked) if part.period else None,
        "comparator": part.comparator,
        "value": value,
        "unit": _UNITS.get(metric.kind, "number") if metric and told else None,
        "numerator": result.numerator if told and result else None,
        "denominator": result.denominator if told and result else None,
        "options": [t for t, _ in part.options],
        "text": text_of(message),
        "sources": [
            {"release": r.name, "published": r.published.isoformat() if r.published else None}
            for i in part.sources
            if (r := desk.releases.get(i))
        ],
    }


def _days(period: Period) -> dict[str, Any]:
    return {"start": period.start.isoformat(), "end": period.end.isoformat()}


def _days_asked(asked: Period | None) -> dict[str, Any]:
    """What was asked for, where the figure told is of another time."""
    return {"asked": _days(asked)} if asked is not None else {}


def text_of(message: Message) -> str:
    """The whole message as plain text, with tables, addresses and replies: to read aloud or copy."""
    title = [c for c in message.context[:1] if c.startswith("**")]
    lines = [message.headline, *message.body]
    for reply in message.thread:
        lines += [reply.headline, *reply.body]
    lines = [*title, *lines, *message.context[len(title) :]]
    table = [" | ".join(plain(cell) for cell in row) for row in message.table]
    return "\n\n".join([_written(line) for line in lines] + (["\n".join(table)] if table else []))


def _written(line: str) -> str:
    """A paragraph without marks; a link has its address behind it."""
    return "".join(f"{s.text} ({s.link})" if s.link else s.text for s in spans(line))


def _only_calls(text: str) -> bool:
    """Is nothing said but the bot's name, or nothing at all?"""
    return {t.text for t in wording.read(text).tokens} <= {"auditbot"}
