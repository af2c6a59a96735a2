"""What was asked? Text becomes a typed Question, or something to ask back; nothing is guessed.

Metric, service and period are found first and independently of word order; then one ranked decision
is made, and `why` lists what spoke for it. In a thread only what is said changes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from auditbot.ask import intents, periods, places, vocabulary, wording
from auditbot.ask.intents import Intent
from auditbot.ask.periods import Span
from auditbot.ask.places import Mention
from auditbot.ask.vocabulary import Match, Vocabulary
from auditbot.ask.wording import Wording
from auditbot.model import Period, Question

MOST_OPTIONS = 3
MAIN_GROUP = "type 1"  # of services that fit a name equally, the one with a major department is meant
NEEDS_SERVICE = ("card", "compare", "overview", "celebrate")
_CLOSE = 0.4  # two metrics nearer than this in score are not told apart by guessing
_NOT_THE = re.compile(r"[,;(-] ?(?:and |but )?not (?:the |our )?[a-z0-9 -]{2,40}?(?=[,.;:?!)]|$)")
_WHICH_UNIT = re.compile(r"\b(?:which|any|other|another|best|worst|top|bottom|every|all|these|those) (?:stroke )?(?:units?|wards?)\b")
_CAUSE_OF = re.compile(r"\b(?:because of|due to|caused by|down to|thanks to|did the|has the|is the new|did our new|result of|impact of|effect of)\b")
_SELF = re.compile(r"\b(?:we|us|our|ours|my)\b")
_AND = re.compile(r"\band\b|[,;?.]|\balso\b|\bplus\b")


@dataclass(frozen=True)
class Context:
    """What is known before a word is read."""

    words: Vocabulary
    today: date
    bound: tuple[str, ...] = ()  # the services the channel or person is bound to
    audits: tuple[str, ...] = ()  # the audits the channel is bound to; empty: all
    last: Question | None = None  # the thread's last question


@dataclass(frozen=True)
class Option:
    """One choice offered: its words are those of a service or metric, or a template's key."""

    question: Question
    service: str = ""
    metric: str = ""
    period: Period | None = None
    text: str = ""


@dataclass(frozen=True)
class Understanding:
    """One or two questions, or what must be asked back first."""

    questions: tuple[Question, ...]
    ask: str = ""  # "service", "metric", "period", "unknown_place", "unknown", "person"
    options: tuple[Option, ...] = ()
    named: str = ""  # the word that was not understood, as typed
    why: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _Seen:
    """Everything found in one text."""

    text: Wording
    spans: tuple[Span, ...]
    mentions: tuple[Mention, ...]
    metrics: tuple[Match, ...]  # the metrics named, in order of score
    audits: tuple[str, ...]
    unheld: str
    intent: Intent
    strange: str | None


def understand(text: str, context: Context) -> Understanding:
    """The question in a text. `Understanding.why` tells what was found, with scores."""
    seen = _look(text, context)
    why = _reasons(seen)
    made = _decide(seen, context)
    return replace(made, why=why)


def _look(text: str, context: Context) -> _Seen:
    words, typed = context.words, context.words.typed
    read = wording.read(text)
    spans = periods.find(read.clean, context.today)
    tokens = read.tokens
    timed = {
        i for i, t in enumerate(tokens) for s in spans if s.weight >= 1 and s.start <= t.start < s.end
    }
    named = places.mentions(read, words.names, timed, words.known)
    no_place = typed.generic | typed.filler
    placed = {i for m in named for i in m.tokens}
    content = {i for i in placed if tokens[i].text not in no_place} | timed
    hidden = {
        i
        for pattern in (_NOT_THE, _WHICH_UNIT)
        for m in pattern.finditer(read.clean)
        for i, t in enumerate(tokens)
        if m.start() <= t.start < m.end() and (pattern is _NOT_THE or t.text != "which")
    }
    found = vocabulary.matches(read, words, content | hidden)
    matched = {i for m in found for i in m.tokens}
    masked = _masked(read, named)
    alone = " ".join(t.text for i, t in enumerate(tokens) if i not in matched and i not in placed)
    real = [m for m in found if ":" not in m.means]
    intent = intents.read(read, masked, typed, named=bool(real), alone=alone)
    strange = places.strange(read, words.names, placed | matched | timed, words.known)
    unheld = next((m for m in found if m.means.startswith("unheld:")), None)
    best = real[0].score if real and not real[0].weak else 0.0
    return _Seen(
        read,
        spans,
        named,
        tuple(real),
        tuple(m.means[6:] for m in found if m.means.startswith("audit:")),
        unheld.means[7:] if unheld and unheld.score >= best - 0.3 else "",
        intent,
        strange,
    )


def _masked(read: Wording, named: Sequence[Mention]) -> str:
    places_at = {m.tokens[0]: m for m in named}
    inside = {i for m in named for i in range(m.tokens[0], m.tokens[-1] + 1)}
    return " ".join(
        "someplace" if i in places_at else t.text
        for i, t in enumerate(read.tokens)
        if i in places_at or i not in inside
    )


def _decide(seen: _Seen, context: Context) -> Understanding:
    last, intent = context.last, seen.intent
    kind = intent.kind
    person = _person(seen, context)
    if person:
        return Understanding((Question("refuse", wants=("person",)),))
    if kind in intents.REFUSED:
        return _refused(kind, seen, context)
    if kind == "subgroup":
        metric = _metrics(seen, context)[:1]
        return Understanding((Question("card", metric[0] if metric else None, wants=("subgroup",), services=context.bound),))
    if seen.unheld and kind in ("card", "", "overview", "source", "improve", "list", "explain"):
        return Understanding((Question("unknown", wants=("unheld", seen.unheld)),), ask="unheld")
    metrics = _metrics(seen, context)
    if last is not None and not metrics and kind in ("", "help", "overview") and _follows(seen, kind):
        kind = last.kind if last.kind in ("card", "compare", "overview", "explain", "improve", "source") else "card"
        if kind in ("explain", "source", "improve") and (seen.spans or seen.mentions or intent.wants):
            kind = "card"
    kind = kind or _by_what_was_found(seen, metrics, context)
    if kind in ("help", "thanks") and (seen.mentions or seen.spans) and not metrics:
        kind = "overview" if seen.mentions else kind
    if not kind:
        return Understanding((Question("unknown"),), ask="unknown")
    if kind in ("help", "thanks", "list", "mute", "subscribe", "events"):
        audit = next(iter(seen.audits), None)
        return Understanding((Question(kind, audit=audit, services=context.bound),))
    return _with_services(kind, metrics, seen, context)


def _by_what_was_found(seen: _Seen, metrics: Sequence[str], context: Context) -> str:
    """The kind where no phrase tells it: a metric's card, a service's overview, or nothing."""
    if metrics:
        return "card"
    wishes = seen.intent.wants or set(seen.intent.comparators) - {"average"}
    if seen.mentions or seen.audits:
        return "card" if wishes else "overview"
    if wishes and (context.bound or context.last) and seen.intent.weights.keys() & {"real", "cause", "chart", "extreme_low", "extreme_high", "position"}:
        return "card"
    if seen.strange or (seen.spans and (context.bound or context.last)):
        return "overview"
    if seen.intent.comparators and _SELF.search(seen.text.words) and context.bound:
        return "card"
    return ""


def _follows(seen: _Seen, kind: str) -> bool:
    """Does a text without a metric of its own go on about the last question?"""
    return bool(
        seen.spans or seen.mentions or seen.intent.comparators or seen.intent.wants or seen.audits
    ) and not (kind == "overview" and not seen.spans and not seen.mentions and not seen.intent.comparators)


def _metrics(seen: _Seen, context: Context) -> list[str]:
    """The metrics named, the first said first; two only when both were clearly asked for."""
    words = context.words
    meant = _audits_meant(seen, context)
    strong = [m for m in seen.metrics if not m.weak]
    weak = [m for m in seen.metrics if m.weak and words.catalogue.metrics[m.means].audit in meant]
    pool = strong or weak[:1]
    kept: list[Match] = []
    ordered = sorted(pool, key=lambda m: -(m.score + _liking(m, seen, context, meant)))
    for m in ordered:
        if all(m.means != k.means and not m.tokens & k.tokens for k in kept):
            kept.append(m)
    kept = _without_headlines(kept, seen, context)
    if "cause" in seen.intent.wants and len(kept) > 1:
        kept = _effects(kept, seen)
    if len(kept) > 1 and not _parted(kept[0], kept[1], seen):
        kept = kept[:1]
    kept = kept[:2]
    return [m.means for m in sorted(kept, key=lambda m: m.first)]


def _liking(m: Match, seen: _Seen, context: Context, meant: frozenset[str]) -> float:
    """How well a metric fits the place: its audit is meant here, its figures are loaded."""
    metric = context.words.catalogue.metrics[m.means]
    return (0.6 if metric.audit in meant else 0.0) + (0.3 if context.words.newest(m.means) else 0.0)


def _audits_meant(seen: _Seen, context: Context) -> frozenset[str]:
    """The audits of what was named, else of the thread, else of the channel."""
    words = context.words
    if seen.audits:
        return frozenset(seen.audits)
    services = [c.service for m in seen.mentions for c in m.candidates[:6]] or list(context.bound)
    if context.last and context.last.metric in words.catalogue.metrics and not seen.mentions:
        return frozenset({words.catalogue.metrics[context.last.metric].audit})
    audits = frozenset(a for s in services for a in words.audits(s))
    return audits & frozenset(context.audits) if context.audits and audits & set(context.audits) else audits


def _without_headlines(kept: list[Match], seen: _Seen, context: Context) -> list[Match]:
    """Beside a part of an audit, its bare name ("our SSNAP physio level") is no second question."""
    catalogue = context.words.catalogue
    main = {a.headline_metric for a in catalogue.audits.values()}
    main |= {m.id for m in catalogue.metrics.values() if m.score in main}
    parts = [m for m in kept if m.means not in main]
    return [
        m
        for m in kept
        if m.means not in main or not parts or all(_parted(m, p, seen) for p in parts)
    ]


def _effects(kept: list[Match], seen: _Seen) -> list[Match]:
    """Of "did our level drop because of data quality", the level."""
    cut = _CAUSE_OF.search(seen.text.clean)
    tokens = seen.text.tokens
    before = [m for m in kept if cut and tokens[m.first].start < cut.start()]
    return before or kept[:1]


def _parted(a: Match, b: Match, seen: _Seen) -> bool:
    """Does "and", a comma or a full stop stand between two metrics?"""
    first, second = sorted((a, b), key=lambda m: m.first)
    tokens = seen.text.tokens
    start, end = tokens[max(t for t in first.tokens if t <= max(second.tokens))].end, tokens[second.first].start
    if start > end:
        start = tokens[first.first].end
    return bool(_AND.search(seen.text.clean[start:end]))


def _with_services(
    kind: str, metrics: list[str], seen: _Seen, context: Context
) -> Understanding:
    """The question with its services; several that fit are asked about."""
    words, last = context.words, context.last
    assumed: list[str] = []
    comparator = _comparator(kind, seen, last if not metrics else None)
    if not metrics:
        metrics = _default_metric(kind, seen, context, assumed)
    audit = words.catalogue.metrics[metrics[0]].audit if metrics else next(iter(seen.audits), None)
    draft = Question(kind, metrics[0] if metrics else None, audit, comparator=comparator, wants=seen.intent.wants)
    if last is not None and not metrics:
        draft = replace(draft, metric=last.metric, audit=audit or last.audit)
    chosen: list[str] = []
    unclear: tuple[str, ...] = ()
    for m in seen.mentions:
        if not m.candidates:
            near = tuple(dict.fromkeys(c.service for c in m.near))
            return _ask_service(draft, near, seen, context, "unknown_place", m.text)
        fits = _fitting(m, draft, context)
        if len(fits) > 1:
            unclear = unclear or fits
        elif fits:
            chosen += fits
            if not _plainly(m, fits[0], words):
                assumed.append("service")
    if unclear and kind not in ("when", "list"):
        return _ask_service(draft, unclear, seen, context, "service", "")
    if seen.strange and not chosen and kind in NEEDS_SERVICE:
        return _ask_service(draft, (), seen, context, "unknown_place", seen.strange)
    if not chosen:
        chosen, more = _usual_services(draft, seen, context)
        if more and kind in NEEDS_SERVICE:
            return _ask_service(draft, tuple(chosen), seen, context, "service", "")
    chosen = list(dict.fromkeys(chosen))
    if seen.mentions and len(chosen) == 1 and _also_own(seen, context, chosen[0]):
        draft = replace(draft, comparator=f"service:{chosen[0]}")
        chosen, _ = _usual_services(draft, seen, context)
    if len(chosen) > 1:
        kind = "compare" if kind in ("card", "overview") else kind
    if not chosen and kind in NEEDS_SERVICE:
        return _ask_service(draft, (), seen, context, "service", "")
    return _with_period(replace(draft, kind=kind, services=tuple(chosen)), metrics, seen, context, assumed)


def _plainly(m: Mention, service: str, words: Vocabulary) -> bool:
    """Was the service called by a name of its own, rightly spelt?"""
    through = next((c.through for c in m.candidates if c.service == service), "trust")
    return m.exact and through in ("id", "name")


def _fitting(m: Mention, draft: Question, context: Context) -> tuple[str, ...]:
    """The services a mention may mean, given what is asked of them."""
    words = context.words
    audit = draft.audit
    if audit is None:
        own = [s for s in m.among(None) if s in context.bound]
        if own:
            return tuple(own)
        able = {c.service for c in m.candidates if words.held(c.service)}
        fits = m.among(able) or m.among(None)
        return fits if len(fits) == 1 or draft.kind not in ("overview", "card") else _main_of(fits, context)
    able = {c.service for c in m.candidates if audit in words.audits(c.service)}
    fits = m.among(able)
    if not fits:
        every = m.among(None)
        kin = tuple(
            dict.fromkeys(k for s in every for k in words.names.kin(s) if audit in words.audits(k))
        )
        fits = kin or every
    return _main_of(fits, context)


def _main_of(fits: tuple[str, ...], context: Context) -> tuple[str, ...]:
    """Of several that fit, those that still report; then one department among walk-in centres."""
    if len(fits) > 1:
        fits = tuple(s for s in fits if context.words.current(s)) or fits
    if len(fits) < 2:
        return fits
    groups = {s: context.words.services[s].peer_group for s in fits}
    main = [s for s in fits if groups[s] == MAIN_GROUP]
    return tuple(main) if len(main) == 1 else fits


def _usual_services(draft: Question, seen: _Seen, context: Context) -> tuple[list[str], bool]:
    """The thread's services, else the channel's; True: several, of which one must be chosen."""
    words, last = context.words, context.last
    said_own = bool(_SELF.search(seen.text.words))
    if last is not None and last.services and not (said_own and seen.metrics and context.bound):
        return list(last.services), False
    bound = [s for s in context.bound if s in words.services]
    if draft.audit:
        able = [s for s in bound if draft.audit in words.audits(s)]
        if not able:
            able = [k for s in bound for k in words.names.kin(s) if draft.audit in words.audits(k)]
        bound = list(dict.fromkeys(able)) or bound
    return bound, len(bound) > 1 and draft.kind in ("card", "compare")


def _also_own(seen: _Seen, context: Context, service: str) -> bool:
    """Is the named service what we are to be compared with? ("how do we compare with Leeds")"""
    if service in context.bound or not (context.bound or (context.last and context.last.services)):
        return False
    first = min(i for m in seen.mentions for i in m.tokens)
    before = " ".join(t.text for t in seen.text.tokens[:first])
    compared = re.search(r"\b(?:vs|v|versus|against|than|compar\w+(?: \w+)? (?:with|to|against)|next to|alongside|relative to)(?: the)?$", before)
    return bool(compared)


def _comparator(kind: str, seen: _Seen, last: Question | None) -> str | None:
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


def _default_metric(kind: str, seen: _Seen, context: Context, assumed: list[str]) -> list[str]:
    """The metric meant when none is named: the thread's, or the headline one of the audit."""
    last, words = context.last, context.words
    if last is not None and last.metric and kind not in ("overview", "celebrate", "when", "contact"):
        return [last.metric]
    if kind not in ("card", "compare", "improve", "exemplar"):
        return []
    audits = _audits_meant(seen, context)
    heads = [
        a.headline_metric for a in words.catalogue.audits.values() if a.id in audits and a.headline_metric
    ]
    if len(heads) == 1:
        assumed.append("metric")
        return heads
    return []


def _with_period(
    draft: Question, metrics: list[str], seen: _Seen, context: Context, assumed: list[str]
) -> Understanding:
    """The question with its days. "Last year" alone may be two things and is asked about."""
    words, last = context.words, context.last
    span = periods.main_span(seen.spans)
    metric = draft.metric or _headline(draft, context)
    months, newest = words.months(metric), words.newest(metric) if metric else None
    period: Period | None = None
    wants = list(draft.wants)
    if span is not None and span.kind == "last_year":
        if last is not None and last.period:
            span = replace(span, kind="year_ago", n=1)
        elif draft.kind in ("card", "overview", "compare"):
            return _ask_period(draft, periods.readings_of_last_year(context.today))
    if span is not None:
        base = last.period if last and last.period and span.kind in ("previous", "year_ago") else newest
        period = periods.resolve(span, context.today, months, base)
        if period is not None and months == 3 and span.kind in ("exact", "since"):
            wider = periods.fitted(period, months)
            assumed += ["quarter"] if wider != period and span.kind == "exact" else []
            period = wider
        assumed += [f"period_{span.assumed}"] if span.assumed else []
        wants += [span.kind] if span.kind in ("since", "rolling", "short", "future", "latest") else []
    elif last is not None and last.period and draft.kind in ("card", "compare", "overview", "source", "improve") and not (seen.metrics and months != words.months(last.metric)):
        period = last.period
    made = replace(draft, period=period, assumed=tuple(dict.fromkeys(assumed)), wants=tuple(dict.fromkeys(wants)))
    questions = [made]
    for other in metrics[1:]:
        questions.append(replace(made, metric=other, audit=words.catalogue.metrics[other].audit))
    return Understanding(tuple(questions))


def _headline(draft: Question, context: Context) -> str | None:
    words = context.words
    audits = [draft.audit] if draft.audit else sorted(a for s in draft.services for a in words.audits(s))
    return next((words.catalogue.audits[a].headline_metric for a in audits if words.catalogue.audits[a].headline_metric), None)


def _ask_service(
    draft: Question,
    fits: tuple[str, ...],
    seen: _Seen,
    context: Context,
    ask: str,
    named: str,
) -> Understanding:
    """Which one do you mean? Three at most, those with most figures first, then by name."""
    words = context.words
    ranked = sorted(fits, key=lambda s: (-len(words.held(s)), words.services[s].name))[:MOST_OPTIONS]
    span = periods.main_span(seen.spans)
    period = periods.resolve(span, context.today, words.months(draft.metric), words.newest(draft.metric) if draft.metric else None) if span else None
    draft = replace(draft, period=period)
    options = tuple(Option(replace(draft, services=(s,)), service=s) for s in sorted(ranked, key=lambda s: words.services[s].name))
    return Understanding((draft,), ask, options, named)


def _ask_period(draft: Question, readings: Sequence[Period]) -> Understanding:
    options = tuple(Option(replace(draft, period=p), period=p) for p in readings)
    return Understanding((draft,), "period", options)


def _refused(kind: str, seen: _Seen, context: Context) -> Understanding:
    metrics = _metrics(seen, context)
    return Understanding(
        (Question("refuse", metrics[0] if metrics else None, services=context.bound, wants=(kind,)),)
    )


def _person(seen: _Seen, context: Context) -> bool:
    """Is somebody asked about by first and last name ("how is Jane Smith doing on waits")?"""
    tokens, typed = seen.text.tokens, context.words.typed
    if seen.text.shouts:
        return False
    placed = {i for m in seen.mentions if m.candidates for i in m.tokens}
    for i, t in enumerate(tokens[:-1]):
        after = tokens[i + 1]
        if i in placed or i + 1 in placed or not (t.capital and after.capital):
            continue
        if t.text in typed.first_names and after.text not in typed.ordinary and after.text.isalpha() and len(after.text) > 1:
            before = " ".join(x.text for x in tokens[max(0, i - 2) : i])
            if re.search(r"\b(?:is|did|does|for|of|by|has|was|about|with|how)$", before) and not re.search(r"\b(?:it is|this is|i am|name is)$", before):
                return True
    return False


def _reasons(seen: _Seen) -> tuple[str, ...]:
    lines = [f"metric {m.means} {m.score:.2f}{' weak' if m.weak else ''}" for m in seen.metrics]
    lines += [f"audit {a}" for a in seen.audits]
    lines += [
        f"service {c.service} explained {c.explained:.2f} covered {c.covered:.2f} by {c.through}"
        for m in seen.mentions
        for c in m.candidates[:5]
    ]
    lines += [f"period {s.kind} {s.period or s.n or ''} weight {s.weight}" for s in seen.spans]
    lines += [f"intent {k} {w:.2f}" for k, w in sorted(seen.intent.weights.items(), key=lambda x: -x[1])]
    lines += [f"comparator {c}" for c in seen.intent.comparators]
    lines += [f"not held: {seen.unheld}"] if seen.unheld else []
    lines += [f"not known: {seen.strange}"] if seen.strange else []
    return tuple(lines)
