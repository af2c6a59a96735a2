"""What does a text hold? Times, places, metrics and wishes, each found apart from word order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from auditbot.ask import intents, places, spans, vocabulary, wording
from auditbot.ask.dates import Span
from auditbot.ask.intents import Intent
from auditbot.ask.places import Mention
from auditbot.ask.vocabulary import Match, Vocabulary
from auditbot.ask.wording import Token, Wording
from auditbot.model import Question

_NOT_THE = re.compile(
    r"^not (?:the |our )?[a-z0-9 -]{2,25}?(?=,)|"
    r"[,;(-] ?(?:and |but )?not (?:the |our )?[a-z0-9 -]{2,40}?(?=[,.;:?!)]|$)"
)


_WHICH_UNIT = re.compile(
    r"\b(?:which|any|other|another|best|worst|top|bottom|every|all|these|those) (?:stroke )?(?:units?|wards?)\b"
    r"|\b(?:our|my|your) (?:units?|wards?)\b"
)


_AVERAGE = re.compile(
    r"\b(?:national|england|english|regional|region|uk|nhs|trust|peer|overall|country) (?:average|mean|median)\b"
)


_REGION_FILLER = wording.bag("nhs england commissioning region scn the")
_BESIDE_REGION = (
    r"\b(?:vs|v|versus|against|than|with|to|in|within|across|for) (?:the )?"
    r"(?:(?:rest|others|other trusts|other hospitals|whole|average) (?:of|in|for) )?(?:the )?"
)
_DIARY = re.compile(
    r"\b(?:meetings?|board|committee|presentations?|presenting|present (?:it|this|them)|deadline|appointment|interview|holiday|annual leave|on leave|"
    r"back on|away|visit(?:ing)?|inspection|study day|teaching|(?:need|want)\w* (?:it|this|them|that) (?:for|by|before)|by the|sharp|noon|o'?clock|\d{1,2} ?[ap]m|(?:for|by|before) (?:tomorrow|next week|monday|tuesday|wednesday|thursday|friday))\b"
)


@dataclass(frozen=True)
class Context:
    """What is known before a word is read."""

    words: Vocabulary
    today: date
    bound: tuple[str, ...] = ()  # the services the channel or person is bound to
    audits: tuple[str, ...] = ()  # the audits the channel is bound to; empty: all
    last: Question | None = None  # the thread's last question


@dataclass(frozen=True)
class Seen:
    """Everything found in one text."""

    text: Wording
    spans: tuple[Span, ...]
    mentions: tuple[Mention, ...]
    metrics: tuple[Match, ...]  # the metrics named, in order of score
    audits: tuple[str, ...]
    audit_alone: bool  # the only metric named is an audit's bare name
    unheld: str
    intent: Intent
    strange: str | None
    unclear: tuple[str, ...] = ()  # audits that share the one name that was typed


def look(text: str, context: Context) -> Seen:
    """Everything found in a text. What one finder has taken, the next passes over."""
    words, typed = context.words, context.words.typed
    read = wording.read(text)
    timed_words = _of_the_figures(spans.find(read.clean, context.today), read)
    tokens = read.tokens
    timed = {
        i
        for i, t in enumerate(tokens)
        for s in timed_words
        if s.weight >= 1 and s.start <= t.start < s.end
    }
    around = _own_region(read, context)
    named = places.mentions(read, words.names, timed | around, words.known)
    no_place = typed.generic | typed.filler
    placed = {i for m in named for i in m.tokens}
    content = {i for i in placed if tokens[i].text not in no_place} | timed
    content |= {
        i
        for m in named
        if m.candidates and m.candidates[0].covered >= 0.9
        for i in m.tokens
        if tokens[i].text not in words.topics
    }
    hidden = {
        i
        for pattern in (_NOT_THE, _WHICH_UNIT, _AVERAGE)
        for m in pattern.finditer(read.clean)
        for i, t in enumerate(tokens)
        if m.start() <= t.start < m.end()
        and (pattern is _NOT_THE or t.text not in ("which", "our", "my"))
    }
    found = vocabulary.matches(read, words, content | hidden)
    matched = {i for m in found for i in m.tokens}
    masked = _masked(read, named)
    alone = " ".join(t.text for i, t in enumerate(tokens) if i not in matched and i not in placed)
    topics = [m for m in found if m.means.startswith("audit:")]
    real = _in_place([m for m in found if ":" not in m.means], topics, named, context)
    compared = " ".join(t.text for i, t in enumerate(tokens) if not _named_in(i, topics))
    intent = intents.read(
        compared, masked, typed, named=bool(real), topic=bool(topics), alone=alone
    )
    if around:
        intent = replace(intent, comparators=tuple(dict.fromkeys(("region", *intent.comparators))))
    strange = places.strange(read, words.names, placed | matched | timed | around, words.known)
    unheld = next((m for m in found if m.means.startswith("unheld:")), None)
    first = {f"unheld:{u.name}" for u in typed.unheld if u.first}
    asked_first = next((m for m in found if m.means in first), None)
    unheld = asked_first or unheld
    best = real[0].score if real and not real[0].weak else 0.0
    shared = _sharing(topics)
    meant = _meant(shared, topics, real, named, context)
    audits = dict.fromkeys(m.means[6:] for m in topics)
    return Seen(
        read,
        timed_words,
        named,
        tuple(real),
        tuple(a for a in audits if a in meant or a not in shared),
        bool(real) and any(m.tokens >= real[0].tokens for m in topics),
        unheld.means[7:]
        if unheld
        and (asked_first or (unheld.score >= best - 0.3 and not _more_exact(real, unheld)))
        else "",
        intent,
        strange,
        meant if len(meant) > 1 else (),
    )


def _sharing(topics: Sequence[Match]) -> tuple[str, ...]:
    """Audits that one and the same name in the text fits: an acronym may stand for two."""
    fits: dict[frozenset[int], list[str]] = {}
    for m in topics:
        fits.setdefault(m.tokens, []).append(m.means[6:])
    return next((tuple(dict.fromkeys(f)) for f in fits.values() if len(set(f)) > 1), ())


def _meant(
    shared: tuple[str, ...],
    topics: Sequence[Match],
    real: Sequence[Match],
    named: Sequence[Mention],
    context: Context,
) -> tuple[str, ...]:
    """Of audits that share a name, those that may be meant.

    By what else was said, then by the conversation, the channel's audits and what the services
    have results in.
    """
    words, last = context.words, context.last
    alone = [m.means[6:] for m in topics]
    spoken = words.catalogue.metrics.get(last.metric or "") if last and not named else None
    services = [c.service for m in named for c in m.candidates[:6]] or context.bound
    for told in (
        {a for a in shared if alone.count(a) > 1},
        {words.catalogue.metrics[m.means].audit for m in real if not m.weak},
        {spoken.audit if spoken else last.audit if last and not named else None},
        set(context.audits),
        {a for s in services for a in words.audits(s)},
    ):
        shared = tuple(a for a in shared if a in told) or shared
    return shared


def _own_region(read: Wording, context: Context) -> set[int]:
    """The words that name the region of the channel's service, as something to be set beside."""
    services = context.words.services
    for region in {services[s].region for s in context.bound if s in services}:
        for part in (region, *re.split(r"\s+and\s+", region, flags=re.IGNORECASE)):
            named = [w for w in wording.words_of(part) if w not in _REGION_FILLER]
            if named and (m := re.search(_BESIDE_REGION + " ".join(named) + r"\b", read.clean)):
                return {i for i, t in enumerate(read.tokens) if m.start() <= t.start < m.end()}
    return set()


def _of_the_figures(found: tuple[Span, ...], read: Wording) -> tuple[Span, ...]:
    """Without the days on which somebody meets, presents or is away: they are of no figure."""
    return tuple(s for s in found if s.kind not in ("short", "future") or not _diary(s, read.clean))


def _diary(span: Span, text: str) -> bool:
    """Is it a date of somebody's diary, by the words of its own part of the sentence?"""
    start = max(text.rfind(mark, 0, span.start) for mark in ".?!;\n") + 1
    ends = [e for mark in ".?!;," if (e := text.find(mark, span.end)) >= 0]
    return bool(_DIARY.search(text[start : min(ends, default=len(text))]))


def _in_place(
    real: Sequence[Match], topics: Sequence[Match], named: Sequence[Mention], context: Context
) -> list[Match]:
    """The metrics without those that nothing is held of, where the same words fit what is held."""
    words = context.words
    services = [c.service for m in named for c in m.candidates[:6]] or context.bound
    own = frozenset(a for s in services for a in words.audits(s))

    def fits(audit: str) -> bool:
        return audit in own if own else any(map(words.newest, _metrics_of(audit, words)))

    held = [m for m in topics if fits(m.means[6:])]
    held += [m for m in real if fits(words.catalogue.metrics[m.means].audit)]
    return [
        m
        for m in real
        if fits(words.catalogue.metrics[m.means].audit)
        or not any(m.tokens & h.tokens >= min(m.tokens, h.tokens, key=len) for h in held)
    ]


def _metrics_of(audit: str, words: Vocabulary) -> list[str]:
    return [m.id for m in words.catalogue.by_audit.get(audit, ())]


def _more_exact(real: Sequence[Match], unheld: Match) -> bool:
    """Does a metric share words with what is not held, and have a number besides ("4 hour")?"""
    return any(
        m.tokens & unheld.tokens
        and any(w[0].isdigit() for w in m.words - unheld.words)
        and not any(w[0].isdigit() for w in unheld.words - m.words)
        for m in real
    )


def _named_in(token: int, topics: Sequence[Match]) -> bool:
    """Is it a word of an audit's long name? "National" in one compares nothing with the nation."""
    return any(token in m.tokens and len(m.tokens) > 2 for m in topics)


def _masked(read: Wording, named: Sequence[Mention]) -> str:
    places_at = {m.tokens[0]: m for m in named}
    inside = {i for m in named for i in range(m.tokens[0], m.tokens[-1] + 1)}
    return " ".join(
        "someplace" if i in places_at else _said(read, t)
        for i, t in enumerate(read.tokens)
        if i in places_at or i not in inside
    )


def _said(read: Wording, t: Token) -> str:
    """A percentage is no age: "above 80%" asks for nobody over 80."""
    after = read.clean[t.end :].lstrip()
    return f"{t.text}percent" if t.text[0].isdigit() and after.startswith("%") else t.text


_ASKED_OF = re.compile(
    r"\b(?:is|are|did|does|do|for|of|by|has|have|was|were|about|with|how|if|whether|why|when)$"
)
_SPEAKING = re.compile(r"\b(?:it is|this is|i am|name is|thanks to|behalf of)$")


def names_a_person(seen: Seen, context: Context) -> bool:
    """Is somebody asked about by first and last name ("how is jane smith doing on waits")?

    The names of services and of hospitals that are called after people go first.
    """
    tokens = seen.text.tokens
    for i, (first, last) in enumerate(pairwise(tokens)):
        if not _forename_and_surname(i, seen, context) or _part_of_a_name(i, seen, context):
            continue
        before = " ".join(t.text for t in tokens[max(0, i - 2) : i])
        apart = seen.text.clean[first.end : last.start].strip()
        if not apart and _ASKED_OF.search(before) and not _SPEAKING.search(before):
            return True
    return False


def _forename_and_surname(i: int, seen: Seen, context: Context) -> bool:
    """May these two words be a person? In small letters, ordinary words are none."""
    typed, (first, last) = context.words.typed, seen.text.tokens[i : i + 2]
    if first.text not in typed.first_names or not last.text.isalpha() or len(last.text) < 2:
        return False
    if last.text in typed.ordinary:
        return False
    if first.capital and last.capital and not seen.text.shouts:
        return True
    words = typed.ordinary | typed.known | typed.generic | typed.filler | context.words.known
    timed = any(s.weight >= 1 and s.start <= last.start < s.end for s in seen.spans)
    return first.text not in typed.ordinary and last.text not in words and not timed


def _part_of_a_name(i: int, seen: Seen, context: Context) -> bool:
    """Do the two words stand together in the name of a service, or of a hospital we know of?"""
    names, typed = context.words.names, context.words.typed
    first, last = (t.text for t in seen.text.tokens[i : i + 2])
    if f"{first}_{last}" in typed.named_after:
        return True
    if any((first, last) in pairwise(a.order) for a in names.aliases.get(first, ())):
        return True
    return any(
        m.candidates and {i, i + 1} <= set(m.tokens) and m.candidates[0].explained >= 0.97
        for m in seen.mentions
    )


def reasons(seen: Seen) -> tuple[str, ...]:
    """What was found, one line each, with scores: for `--explain`."""
    lines = [f"metric {m.means} {m.score:.2f}{' weak' if m.weak else ''}" for m in seen.metrics]
    lines += [f"audit {a}" for a in seen.audits]
    lines += [
        f"service {c.service} explained {c.explained:.2f} covered {c.covered:.2f} by {c.through}"
        for m in seen.mentions
        for c in m.candidates[:5]
    ]
    lines += [f"period {s.kind} {s.period or s.n or ''} weight {s.weight}" for s in seen.spans]
    lines += [
        f"intent {k} {w:.2f}" for k, w in sorted(seen.intent.weights.items(), key=lambda x: -x[1])
    ]
    lines += [f"comparator {c}" for c in seen.intent.comparators]
    lines += [f"not held: {seen.unheld}"] if seen.unheld else []
    lines += [f"not known: {seen.strange}"] if seen.strange else []
    return tuple(lines)
