"""What was asked? Text becomes a typed Question, or something to ask back; nothing is guessed.

Metric, service and period are found first and independently of word order; then one ranked decision
is made, and `why` lists what spoke for it. In a thread only what is said changes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from auditbot.ask import intents, periods, which, whose
from auditbot.ask.seen import Context, Seen, look, names_a_person, reasons
from auditbot.model import Period, Question
from auditbot.period import previous, year_before

MOST_OPTIONS = 3
NEEDS_SERVICE = ("card", "compare", "overview", "celebrate")
_US = re.compile(r"\b(?:us|ours|ourselves)\b")


_WIDE = ("national", "region", "target")  # what one figure is set beside, not a whole overview
_ABOUT_A_FIGURE = {"real", "cause", "chart", "extreme_low", "extreme_high", "position"}
_READ_CHART = re.compile(
    r"\bhow (?:do|should|can|would|to)(?: (?:i|we|you|one))? (?:read|interpret) "
    r"(?:(?:this|that|it|these)\b(?! \w)|(?:\w+ ){0,4}?(?:chart|graph|plot|picture)s?\b)"
    r"|\bwhat (?:is|are|does|do)(?: (?:a|the|an))? (?:common cause|special cause|control limits?|spc|control charts?|run charts?|statistical process control|usual ups and downs)\b"
)
_POINTS = re.compile(
    r"\b(?:it|that|this|these|we|our|us|change|drop|rise|dip|improvement|trend|blip|noise|chart|graph)\b"
)


# "78?", "is it 78%", "so 78": a figure alone.
_BARE_FIGURE = re.compile(
    r"^(?:(?:is|was|so|it|only|just|really|that|are|we|at|about|and|still|why|what|how) ){0,4}(\d{1,3}(?:\.\d+)?) ?(?:%|percent|per cent)?(?: (?:then|now|right|really))?\W*$"
)


@dataclass(frozen=True)
class Option:
    """One choice offered: its words are those of a service, metric or audit, or a template's key."""

    question: Question
    service: str = ""
    metric: str = ""
    audit: str = ""
    period: Period | None = None
    text: str = ""


@dataclass(frozen=True)
class Understanding:
    """One or two questions, or what must be asked back first."""

    questions: tuple[Question, ...]
    ask: str = ""  # "service", "metric", "audit", "period", "unknown_place", "unknown", "person"
    options: tuple[Option, ...] = ()
    named: str = ""  # the word that was not understood, as typed
    why: tuple[str, ...] = field(default=())


def understand(text: str, context: Context) -> Understanding:
    """The question in a text. `Understanding.why` tells what was found, with scores."""
    seen = look(text, context)
    why = reasons(seen)
    made = _decide(seen, context)
    return replace(made, why=why)


def _decide(seen: Seen, context: Context) -> Understanding:
    last, intent = context.last, seen.intent
    kind = intent.kind
    person = names_a_person(seen, context)
    if person:
        return Understanding((Question("refuse", wants=("person",)),))
    if kind in intents.REFUSED:
        return _refused(kind, seen, context)
    if kind == "subgroup":
        metric = which.metrics(seen, context)[:1]
        return Understanding(
            (
                Question(
                    "card",
                    metric[0] if metric else None,
                    wants=("subgroup",),
                    services=context.bound,
                ),
            )
        )
    caused = "cause" in intent.wants and seen.intent.comparators == ()
    if (
        seen.unheld
        and not (seen.metrics and (caused or kind == "explain"))
        and kind in ("card", "", "overview", "source", "improve", "list", "explain", "exemplar")
    ):
        return Understanding((Question("unknown", wants=("unheld", seen.unheld)),), ask="unheld")
    metrics = which.metrics(seen, context) or which.variant(seen, context)
    if seen.unclear and not metrics:
        return _ask_audit(seen, context)
    if (
        last is not None
        and last.kind == "overview"
        and not metrics
        and kind in ("", "card")
        and "chart" in intent.wants
    ):
        first = which.shown_first(last, context)  # of an overview, the first has a picture
        kind, metrics = ("card", [first]) if first else (kind, metrics)
    if (
        last is not None
        and not metrics
        and kind in ("", "help", "overview")
        and _follows(seen, kind)
    ):
        kind = (
            last.kind
            if last.kind in ("card", "compare", "overview", "explain", "improve", "source")
            else "card"
        )
        if kind in ("explain", "source", "improve") and (
            seen.spans or seen.mentions or intent.wants
        ):
            kind = "card"
    if _BARE_FIGURE.match(seen.text.clean) and not metrics and kind in ("", "help"):
        return _bare_figure(seen, context)
    kind = kind or _by_what_was_found(seen, metrics, context)
    if kind == "help" and (seen.mentions or seen.spans) and not metrics:
        kind = "overview" if seen.mentions else kind
    if not kind and not metrics:
        kind = intents.by_cues(seen.text.words, context.words.typed)
    if not kind:
        return Understanding((Question("unknown"),), ask="unknown")
    if kind in ("help", "list", "mute", "subscribe", "events"):
        audit = next(iter(seen.audits), None)
        wants = tuple(w for w in intent.wants if w == "thanks")
        return Understanding((Question(kind, audit=audit, services=context.bound, wants=wants),))
    drawn = kind == "explain" and bool(_READ_CHART.search(seen.text.words))
    if drawn:
        seen = replace(seen, intent=replace(intent, wants=(*intent.wants, "chart_help")))
    if kind == "explain" and not drawn and (seen.audit_alone or (seen.audits and not metrics)):
        audit = next(iter(seen.audits))
        head = context.words.catalogue.audits[audit].headline_metric or None
        return Understanding((Question("explain", head, audit, context.bound, wants=("audit",)),))
    several = which.alike(seen, context) if kind in (*NEEDS_SERVICE, "improve", "exemplar") else []
    if several:
        return _ask_metric(kind, several, seen, context)
    return _with_services(kind, metrics, seen, context)


def _bare_figure(seen: Seen, context: Context) -> Understanding:
    """A figure alone: the thread's figure again, a standard of the channel's audit, or which measure is meant."""
    last = context.last
    if last is not None and last.metric and last.services:
        return Understanding((replace(last, kind="card", wants=("real",)),))
    m = _BARE_FIGURE.match(seen.text.clean)
    stated = which.with_standard(float(m[1]), context) if m else []
    if stated:
        seen = replace(seen, intent=replace(seen.intent, comparators=("target",)))
        return _with_services("card", stated[:1], seen, context)
    several = which.shown_often(context)
    if not several or not context.bound:
        return Understanding((Question("unknown"),), ask="unknown")
    return _ask_metric("card", several, seen, context)


def _by_what_was_found(seen: Seen, metrics: Sequence[str], context: Context) -> str:
    """The kind where no phrase tells it: a metric's card, a service's overview, or nothing."""
    if metrics:
        return "card"
    if seen.audits and not seen.mentions:  # "stroke forum dates"
        kind = intents.by_cues(seen.text.words, context.words.typed)
        if kind:
            return kind
    wishes = seen.intent.wants or set(seen.intent.comparators) - {"average"}
    if seen.mentions or seen.audits:
        return "card" if wishes else "overview"
    pointed = context.last is not None or (context.bound and _POINTS.search(seen.text.words))
    if pointed and wishes and seen.intent.weights.keys() & _ABOUT_A_FIGURE:
        return "card"
    if len(seen.spans) > 1 and any(s.compared for s in seen.spans) and context.bound:
        return "card"
    if seen.strange or (seen.spans and (context.bound or context.last)):
        return "overview"
    own = whose.OWN.search(seen.text.words) or len(seen.text.tokens) < 8
    if seen.intent.comparators and own and context.bound:
        return "card"
    return (
        "card" if pointed and "chart" in seen.intent.weights and len(seen.text.tokens) < 9 else ""
    )


def _follows(seen: Seen, kind: str) -> bool:
    """Does a text without a metric of its own go on about the last question?"""
    return bool(
        seen.spans
        or seen.mentions
        or seen.intent.comparators
        or set(seen.intent.wants) - {"thanks"}
        or seen.audits
        or (_US.search(seen.text.words) and len(seen.text.tokens) < 6)
    ) and not (
        kind == "overview" and not seen.spans and not seen.mentions and not seen.intent.comparators
    )


def _with_services(kind: str, metrics: list[str], seen: Seen, context: Context) -> Understanding:
    """The question with its services; several that fit are asked about."""
    words, last = context.words, context.last
    assumed: list[str] = []
    comparator = _comparator(kind, seen, last if not metrics else None)
    beside = (
        whose.also_own(seen, context, "") and not (last and last.metric)
        if seen.mentions
        else comparator in _WIDE and last is None
    )
    if not metrics and kind in ("overview", "card") and beside:
        head = which.own_headline(context)
        if head:  # "are we better than Leeds": on what the channel is about
            kind, metrics = "card", [head]
            assumed.append("metric")
    if not metrics:
        metrics = which.default_metric(kind, seen, context, assumed)
    audit = words.catalogue.metrics[metrics[0]].audit if metrics else next(iter(seen.audits), None)
    if audit is None and len(context.audits) == 1 and not (last and last.audit):
        audit = context.audits[0]  # the channel's own
    draft = Question(
        kind, metrics[0] if metrics else None, audit, comparator=comparator, wants=seen.intent.wants
    )
    if last is not None and not metrics:
        draft = replace(draft, metric=last.metric, audit=audit or last.audit)
    chosen: list[str] = []
    unclear: tuple[str, ...] = ()
    for m in seen.mentions:
        if not m.candidates:
            near = tuple(dict.fromkeys(c.service for c in m.near))
            return _ask_service(draft, near, seen, context, "unknown_place", m.text)
        fits = whose.fitting(m, draft, context)
        if len(fits) > 1 or (fits and fits[0] not in context.bound and whose.loosely(m, fits[0])):
            unclear = unclear or fits
        elif fits:
            chosen += fits
            if not whose.plainly(m, fits[0], words):
                assumed.append("service")
    if unclear and kind in NEEDS_SERVICE:
        return _ask_service(draft, unclear, seen, context, "service", "")
    if seen.strange and not chosen and kind in NEEDS_SERVICE:
        return _ask_service(draft, (), seen, context, "unknown_place", seen.strange)
    if not chosen:
        chosen, more = whose.usual_services(draft, seen, context)
        if more and kind in NEEDS_SERVICE:
            return _ask_service(draft, tuple(chosen), seen, context, "service", "")
    chosen = list(dict.fromkeys(chosen))
    if seen.mentions and len(chosen) == 1 and whose.also_own(seen, context, chosen[0]):
        draft = replace(draft, comparator=f"service:{chosen[0]}")
        chosen, _ = whose.usual_services(draft, seen, context)
    if chosen and whose.with_own(seen, context, chosen):
        chosen = [*context.bound, *chosen]
    if len(chosen) > 1:
        kind = "compare" if kind in ("card", "overview") else kind
    if not chosen and kind in NEEDS_SERVICE:
        return _ask_service(draft, (), seen, context, "service", "")
    return _with_period(
        replace(draft, kind=kind, services=tuple(chosen)), metrics, seen, context, assumed
    )


def _comparator(kind: str, seen: Seen, last: Question | None) -> str | None:
    said = seen.intent.comparators
    order = ("region", "target", "national", "peers", "last_year", "previous")
    spans = [s for s in seen.spans if s.compared]
    if any(s.kind in ("year_ago", "last_year") for s in spans):
        return "last_year"
    if any(s.kind == "previous" for s in spans):
        return "previous"
    chosen = next((c for c in order if c in said), None)
    if chosen == "target" and kind == "explain":
        return None
    return chosen or (last.comparator if last else None)


def _with_period(
    draft: Question, metrics: list[str], seen: Seen, context: Context, assumed: list[str]
) -> Understanding:
    """The question with its days. "Last year" alone may be two things and is asked about."""
    words, last = context.words, context.last
    span = periods.main_span(seen.spans)
    metric = draft.metric or which.headline(draft, context)
    months, newest = words.months(metric), words.newest(metric) if metric else None
    period: Period | None = None
    wants = list(draft.wants)
    if span is not None and span.kind == "last_year":
        if last is not None and last.period:
            span = replace(span, kind="year_ago", n=1)
        elif draft.kind in ("card", "overview", "compare"):
            return _ask_period(draft, periods.readings_of_last_year(context.today))
    if span is not None:
        base = (
            last.period
            if last and last.period and span.kind in ("previous", "year_ago")
            else newest
        )
        alone = span.kind == "previous" and last is None and span.period is not None
        period = span.period if alone else periods.resolve(span, context.today, months, base)
        if period is not None and months == 3 and span.kind in ("exact", "since"):
            wider = periods.fitted(period, months)
            assumed += ["quarter"] if wider != period and span.kind == "exact" else []
            period = wider
        assumed += [f"period_{span.assumed}"] if span.assumed else []
        wants += (
            [span.kind] if span.kind in ("since", "rolling", "short", "future", "latest") else []
        )
    elif (
        last is not None
        and last.period
        and not (seen.metrics and months != words.months(last.metric))
    ):
        period = last.period
    against = next((s.period for s in seen.spans if s.compared and s.kind == "exact"), None)
    told = period or newest
    if told is not None and against is not None and draft.comparator is None:
        before = {year_before(told): "last_year", previous(told): "previous"}
        draft = replace(draft, comparator=before.get(against))
    made = replace(
        draft,
        period=period,
        assumed=tuple(dict.fromkeys(assumed)),
        wants=tuple(dict.fromkeys(wants)),
    )
    questions = [made]
    questions += [
        replace(made, metric=m, audit=words.catalogue.metrics[m].audit) for m in metrics[1:]
    ]
    return Understanding(tuple(questions))


def _ask_service(
    draft: Question,
    fits: tuple[str, ...],
    seen: Seen,
    context: Context,
    ask: str,
    named: str,
) -> Understanding:
    """Which one do you mean? Three at most, those with most figures first, then by name."""
    words = context.words
    order = {s: i for i, s in enumerate(fits)}
    ranked = sorted(
        fits, key=lambda s: (words.services[s].peer_group != whose.MAIN_GROUP, order[s])
    )
    main = [s for s in ranked if words.services[s].peer_group == whose.MAIN_GROUP]
    ranked = (main if len(main) > 1 else ranked)[:MOST_OPTIONS]
    span = periods.main_span(seen.spans)
    period = (
        periods.resolve(
            span,
            context.today,
            words.months(draft.metric),
            words.newest(draft.metric) if draft.metric else None,
        )
        if span
        else None
    )
    draft = replace(draft, period=period)
    options = tuple(
        Option(replace(draft, services=(s,)), service=s)
        for s in sorted(ranked, key=lambda s: words.services[s].name)
    )
    return Understanding((draft,), ask, options, named)


def _ask_metric(kind: str, several: Sequence[str], seen: Seen, context: Context) -> Understanding:
    """Which measure do you mean? Each choice is the whole question with that measure."""
    words = context.words
    options: list[Option] = []
    for m in several[:MOST_OPTIONS]:
        made = _with_services(kind, [m], seen, context)
        if made.ask:
            return made
        options.append(Option(made.questions[0], metric=m))
    audit = words.catalogue.metrics[several[0]].audit
    draft = Question(kind, audit=audit, services=options[0].question.services)
    return Understanding((draft,), "metric", tuple(options))


def _ask_audit(seen: Seen, context: Context) -> Understanding:
    """Two audits have the name that was typed: which is meant? Each choice is the whole question."""
    options = []
    for audit in seen.unclear[:MOST_OPTIONS]:
        made = _decide(replace(seen, audits=(audit,), unclear=()), context)
        options.append(Option(replace(made.questions[0], audit=audit), audit=audit))
    draft = replace(options[0].question, metric=None, audit=None)
    return Understanding((draft,), "audit", tuple(options))


def _ask_period(draft: Question, readings: Sequence[Period]) -> Understanding:
    options = tuple(Option(replace(draft, period=p), period=p) for p in readings)
    return Understanding((draft,), "period", options)


def _refused(kind: str, seen: Seen, context: Context) -> Understanding:
    metrics = which.metrics(seen, context)
    return Understanding(
        (
            Question(
                "refuse", metrics[0] if metrics else None, services=context.bound, wants=(kind,)
            ),
        )
    )
