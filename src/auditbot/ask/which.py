"""Which metric is meant, of those whose words are in a text? And which, when none was named?"""

import re
from collections.abc import Collection

from auditbot.ask.seen import Context, Seen
from auditbot.ask.vocabulary import Match
from auditbot.ask.wording import stem
from auditbot.model import Question

_CAUSE_OF = re.compile(
    r"\b(?:because of|due to|caused by|down to|thanks to|did the|has the|is the new|did our new|result of|impact of|effect of)\b"
)


_AND = re.compile(r"\band\b|[,;?.]|\balso\b|\bplus\b")


def metrics(seen: Seen, context: Context) -> list[str]:
    """The metrics named, the first said first; two only when both were clearly asked for."""
    words = context.words
    meant = audits_meant(seen, context)
    strong = [m for m in seen.metrics if not m.weak and not _everyday(m, seen, context, meant)]
    weak = [m for m in seen.metrics if m.weak and words.catalogue.metrics[m.means].audit in meant]
    weak = [m for m in weak if not _said_of_last(m, context)]
    pool = strong or weak[:1]
    kept: list[Match] = []
    ordered = sorted(
        pool,
        key=lambda m: (
            not _tells(m, seen, context),
            -(m.score + _liking(m, seen, context, meant)),
        ),
    )
    for m in ordered:
        if all(m.means != k.means and not _telling(m, seen, context) & k.tokens for k in kept):
            kept.append(m)
    kept = _without_headlines(kept, seen, context)
    if "cause" in seen.intent.wants and len(kept) > 1:
        kept = _effects(kept, seen)
    if len(kept) > 1 and not _parted(kept[0], kept[1], seen):
        kept = kept[:1]
    kept = kept[:2]
    return [m.means for m in sorted(kept, key=lambda m: m.first)]


def variant(seen: Seen, context: Context) -> list[str]:
    """The other way of counting the thread's metric, where that alone is said ("team-centred?")."""
    last = context.last.metric if context.last else None
    said = set(seen.text.words.split())
    if last is None or "centred" not in said:
        return []
    for m in context.words.typed.metrics:
        if m.variant_of and last in (m.id, m.variant_of):
            marked = any(set(s.split()) <= said for s in m.said_with)
            return [m.id if marked else m.variant_of]
    return []


def _said_of_last(m: Match, context: Context) -> bool:
    """Is it a vague word that goes with the thread's metric as well ("and the target?")?"""
    last = context.last.metric if context.last else None
    if last is None or last == m.means:
        return False
    entries = context.words.entries
    return any(e.means == last and m.words <= e.words for w in m.words for e in entries.get(w, ()))


def _tells(m: Match, seen: Seen, context: Context) -> bool:
    """Has it a word of its own, or only such as go with any measure ("how many stroke patients")?"""
    words = context.words
    return any(w not in words.typed.vague and w not in words.topics for w in m.words)


def _telling(m: Match, seen: Seen, context: Context) -> frozenset[int]:
    """The words of a match that tell which metric it is: "level" may serve two ("OT and SLT levels")."""
    vague = context.words.typed.vague
    own = frozenset(i for i in m.tokens if stem(seen.text.tokens[i].text) not in vague)
    return own or m.tokens


def alike(seen: Seen, context: Context) -> list[str]:
    """Metrics that one and the same word fits equally ("therapy"): which is meant, is asked."""
    if any(not m.weak for m in seen.metrics):
        return []
    meant = audits_meant(seen, context)
    fit = [m for m in seen.metrics if context.words.catalogue.metrics[m.means].audit in meant]
    same = [m for m in fit if m.tokens == fit[0].tokens and abs(m.score - fit[0].score) < 0.01]
    return [m.means for m in same] if len(same) > 1 else []


def _everyday(m: Match, seen: Seen, context: Context, meant: frozenset[str]) -> bool:
    """Everyday words that happen to fit a metric of an audit that is neither meant nor loaded."""
    words = context.words
    if words.catalogue.metrics[m.means].audit in meant or words.newest(m.means):
        return False
    return all(seen.text.tokens[i].text in words.typed.ordinary for i in m.tokens)


def _liking(m: Match, seen: Seen, context: Context, meant: frozenset[str]) -> float:
    """How well a metric fits the place: its audit is meant here, its figures are loaded."""
    metric = context.words.catalogue.metrics[m.means]
    head = context.words.catalogue.audits[metric.audit].headline_metric == m.means
    liked = 0.6 if metric.audit in meant else 0.0
    return liked + (0.3 if context.words.newest(m.means) else 0.0) + (0.1 if head else 0.0)


def audits_meant(seen: Seen, context: Context) -> frozenset[str]:
    """The audits of what was named, else of the thread, else of the channel."""
    words = context.words
    if seen.audits:
        return frozenset(seen.audits)
    services = [c.service for m in seen.mentions for c in m.candidates[:6]] or list(context.bound)
    spoken = words.catalogue.metrics.get(context.last.metric or "") if context.last else None
    if spoken is not None and not seen.mentions:
        return frozenset({spoken.audit})
    audits = frozenset(a for s in services for a in words.audits(s))
    return (
        audits & frozenset(context.audits)
        if context.audits and audits & set(context.audits)
        else audits
    )


def _without_headlines(kept: list[Match], seen: Seen, context: Context) -> list[Match]:
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


def _effects(kept: list[Match], seen: Seen) -> list[Match]:
    """Of "did our level drop because of data quality", the level."""
    cut = _CAUSE_OF.search(seen.text.clean)
    tokens = seen.text.tokens
    before = [m for m in kept if cut and tokens[m.first].start < cut.start()]
    return before or kept[:1]


def _parted(a: Match, b: Match, seen: Seen) -> bool:
    """Does "and", a comma or a full stop stand between two metrics?"""
    first, second = sorted((a, b), key=lambda m: m.first)
    tokens = seen.text.tokens
    start, end = (
        tokens[max(t for t in first.tokens if t <= max(second.tokens))].end,
        tokens[second.first].start,
    )
    if start > end:
        start = tokens[first.first].end
    return bool(_AND.search(seen.text.clean[start:end]))


def default_metric(kind: str, seen: Seen, context: Context, assumed: list[str]) -> list[str]:
    """The metric meant when none is named: the thread's, or the headline one of the audit."""
    last, words = context.last, context.words
    if (
        last is not None
        and last.metric
        and kind not in ("overview", "celebrate", "when", "contact")
    ):
        return [last.metric]
    if kind not in ("card", "compare", "improve", "exemplar"):
        return []
    audits = audits_meant(seen, context)
    heads = [
        a.headline_metric
        for a in words.catalogue.audits.values()
        if a.id in audits and a.headline_metric
    ]
    if len(heads) == 1:
        assumed.append("metric")
        return heads
    return []


def own_headline(context: Context) -> str | None:
    """The headline metric of the channel's own audit, where that is one."""
    audits = {a for s in context.bound for a in context.words.audits(s)}
    audits = audits & set(context.audits) or audits
    heads = [context.words.catalogue.audits[a].headline_metric for a in audits]
    return next((h for h in heads if h), None) if len(heads) == 1 else None


def with_standard(figure: float, context: Context) -> list[str]:
    """The headline metrics of the channel's audits that have this figure for a standard."""
    catalogue = context.words.catalogue
    heads = [catalogue.audits[a].headline_metric for a in _kept(context.bound, context)]
    return [h for h in heads if h and figure in {s.value for s in catalogue.metrics[h].standards}]


def shown_often(context: Context) -> list[str]:
    """The metrics of the channel's audits that are told first, most important first."""
    catalogue = context.words.catalogue
    audits = _kept(context.bound, context)
    able = [m for a in audits for m in catalogue.by_audit[a] if context.words.newest(m.id)]
    heads = {catalogue.audits[a].headline_metric for a in audits}
    return [m.id for m in sorted(able, key=lambda m: (m.id not in heads, -m.importance))]


def headline(draft: Question, context: Context) -> str | None:
    """The headline metric of the audits a question may be about."""
    words = context.words
    audits = [draft.audit] if draft.audit else _kept(draft.services, context)
    return next(
        (
            words.catalogue.audits[a].headline_metric
            for a in audits
            if words.catalogue.audits[a].headline_metric
        ),
        None,
    )


def shown_first(asked: Question, context: Context) -> str | None:
    """The metric that an overview begins with."""
    words = context.words
    held = {m for s in asked.services for m in words.held(s)}
    for audit in [asked.audit] if asked.audit else _kept(asked.services, context):
        able = [m for m in words.catalogue.by_audit[audit] if m.id in held]
        head = words.catalogue.audits[audit].headline_metric
        if able:
            return min(able, key=lambda m: (m.id != head, -m.importance)).id
    return None


def _kept(services: Collection[str], context: Context) -> list[str]:
    """The audits of services, of those the channel keeps to, in the catalogue's order."""
    held = {a for s in services for a in context.words.audits(s)}
    kept = held & set(context.audits) if context.audits else held
    return [a for a in context.words.catalogue.audits if a in kept]
