"""Which metric or audit does a question name? All words for all metrics, and the search for them.

A phrase is found when all its words stand near each other, in any order; numbers go with their unit
("4 hour" is never "12 hour"). A match inside a longer match says nothing of its own.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from auditbot.ask.gazetteer import Gazetteer, corrected, gazetteer
from auditbot.ask.typed import Typed
from auditbot.ask.wording import Wording, bag, stem, words_of
from auditbot.catalogue import Catalogue
from auditbot.model import Period, Service
from auditbot.period import length_in_months

_DROPPED = bag(
    "the a an of to in on at for our we did us within by is and as from with before over more "
    "than into onto i my you your it its are was were be been do does how what's per via get "
    "got them what which whats it get gets got their his her they he she have has had after "
    "than through up"
)
_UNITS = frozenset(["hour", "month", "day", "week", "percent", "quarter", "year"])
_NUMBERED = frozenset(["type", "kpi", "domain"])
_SLACK = 4  # words that may stand between those of a phrase
_WEAK = 0.4


@dataclass(frozen=True, slots=True)
class Entry:
    """One phrase for a metric, an audit ("audit:ssnap") or something not held ("unheld:…")."""

    means: str
    words: frozenset[str]
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """A phrase found in a text: what it means, its score, and the numbers of its words."""

    means: str
    score: float
    tokens: frozenset[int]
    weak: bool
    first: int
    words: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Vocabulary:
    """All that questions are understood with: words of metrics, names of services, and what is held."""

    catalogue: Catalogue
    typed: Typed
    names: Gazetteer
    entries: Mapping[str, tuple[Entry, ...]]  # by word
    known: frozenset[str]  # every word of every phrase, as typed
    held: Callable[[str], Collection[str]]  # the metrics of a service
    newest: Callable[[str], Period | None]  # the newest period of a metric
    current: Callable[[str], bool]  # does a service still report?
    topics: frozenset[str] = frozenset()  # the words that name an audit by themselves

    @property
    def services(self) -> Mapping[str, Service]:
        """The services whose names are known."""
        return self.names.services

    def audits(self, service: str) -> frozenset[str]:
        """The audits that a service has results in."""
        metrics = self.catalogue.metrics
        return frozenset(metrics[m].audit for m in self.held(service) if m in metrics)

    def months(self, metric: str | None) -> int:
        """How many months one figure of the metric covers, by its newest period; 1 when unknown."""
        newest = self.newest(metric) if metric else None
        return (newest and length_in_months(newest)) or 1


def build(
    catalogue: Catalogue,
    typed: Typed,
    services: Mapping[str, Service],
    held: Callable[[str], Collection[str]],
    newest: Callable[[str], Period | None],
    current: Callable[[str], bool] = lambda service: True,
) -> Vocabulary:
    """Everything looked up while understanding, built once for a catalogue and a set of services."""
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in dict.fromkeys(_weighed(e, typed) for e in _entries(catalogue, typed)):
        for word in entry.words:
            entries[word].append(entry)
    known = {
        w
        for phrase in _phrases(catalogue, typed)
        for w in words_of(phrase)
        if len(w) > 2 and w not in _DROPPED
    }
    return Vocabulary(
        catalogue,
        typed,
        gazetteer(services, typed),
        {w: tuple(e) for w, e in entries.items()},
        frozenset(known),
        held,
        newest,
        current,
        frozenset(
            w for w, e in entries.items() for x in e if x.means[:6] == "audit:" and x.words == {w}
        ),
    )


def matches(wording: Wording, words: Vocabulary, taken: Collection[int] = ()) -> tuple[Match, ...]:
    """Every phrase found that no longer one contains, best first. `taken` words are passed over."""
    at: dict[str, list[tuple[int, ...]]] = defaultdict(list)
    for word, tokens in _units(wording, words, taken):
        at[word].append(tokens)
    found: dict[tuple[str, frozenset[int]], Match] = {}
    for entry in {e for w in at for e in words.entries.get(w, ()) if e.words <= at.keys()}:
        near = _nearest(entry, at)
        if near is not None and not (
            entry.means.startswith("unheld:") and _stops(wording, min(near), max(near))
        ):
            apart = max(near) - min(near) + 1 - len(near)
            telling = sum(0.5 if w in words.typed.vague else 1.0 for w in entry.words)
            telling += 0.5 * any(
                w[-1].isdigit() and w[0].isalpha() for w in entry.words
            )  # "type 1"
            score = telling + 0.02 * sum(map(len, entry.words)) - 0.06 * apart
            made = Match(
                entry.means,
                score * (_WEAK if entry.weak else 1),
                near,
                entry.weak,
                min(near),
                entry.words,
            )
            held = found.get((made.means, near))
            if held is None or made.score > held.score:
                found[made.means, near] = made
    ranked = sorted(found.values(), key=lambda m: (-m.score, m.first, m.means))
    return tuple(m for m in ranked if not _inside(m, ranked))


def _stops(wording: Wording, first: int, last: int) -> bool:
    """Does a sentence or a part of it end between two words?"""
    tokens = wording.tokens
    return any(c in wording.clean[tokens[first].end : tokens[last].start] for c in ".,;:?!")


def _inside(m: Match, others: Iterable[Match]) -> bool:
    """Is it a part of a longer match, or a weak one beside a strong one of the same kind?"""
    return any(
        (m.tokens < o.tokens or (m.words < o.words and o.score > m.score))
        and not (o.weak and not m.weak)
        for o in others
        if o.means != m.means or len(o.tokens) > len(m.tokens)
    )


def _units(
    wording: Wording, words: Vocabulary, taken: Collection[int]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The words of a text as phrases have them: stems, numbers with their unit, slips mended."""
    tokens = wording.tokens
    skip = -1
    for i, t in enumerate(tokens):
        if i <= skip or i in taken or t.text in _DROPPED:
            continue
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if t.text.isdigit() and following in _UNITS:
            skip = i + 1
            yield t.text + following, (i, i + 1)
        elif t.text in _NUMBERED and following.isdigit():
            skip = i + 1
            yield t.text + following, (i, i + 1)
            yield stem(t.text), (i,)
        elif t.text in ("team", "patient") and following == "centred":
            skip = i + 1
            yield t.text + following, (i, i + 1)
        else:
            yield stem(_mended(t.text, words)), (i,)


def _mended(word: str, words: Vocabulary) -> str:
    typed = words.typed
    if (
        len(word) < 4
        or not word.isalpha()
        or word in words.known
        or word in typed.ordinary
        or word in typed.known
        or word in words.names.weight
        or stem(word) in words.entries
    ):
        return word
    near = corrected(word, words.known)
    if len(word) == 4:  # of so short a word, a letter that was left out
        near = tuple(w for w in near if len(w) == 5)
    return near[0] if len({stem(w) for w in near}) == 1 else word


def _nearest(entry: Entry, at: Mapping[str, list[tuple[int, ...]]]) -> frozenset[int] | None:
    """The words of the phrase where they stand closest; None when they are scattered."""
    best: tuple[int, frozenset[int]] | None = None
    rarest = min(entry.words, key=lambda w: len(at[w]))
    for anchor in at[rarest][:8]:
        tokens = set(anchor)
        for word in entry.words - {rarest}:
            tokens |= set(min(at[word], key=partial(_distance, anchor[0])))
        spread = max(tokens) - min(tokens)
        if best is None or spread < best[0]:
            best = spread, frozenset(tokens)
    if best is None or best[0] > len(best[1]) + _SLACK:
        return None
    return best[1]


def _distance(place: int, tokens: tuple[int, ...]) -> int:
    return abs(tokens[0] - place)


def _parts(phrase: str) -> frozenset[str]:
    """The words of a phrase as they are looked for."""
    made: list[str] = []
    for word in words_of(phrase):
        joined = made and (
            (made[-1].isdigit() and word in _UNITS)
            or (made[-1] in _NUMBERED and word.isdigit())
            or (made[-1] in ("team", "patient") and word == "centred")
        )
        if joined:
            made[-1] += word
        elif word not in _DROPPED:
            made.append(word)
    return frozenset(stem(w) if w.isalpha() and not w.endswith("centred") else w for w in made)


def _entries(catalogue: Catalogue, typed: Typed) -> Iterable[Entry]:
    more = {m.id: m for m in typed.metrics}
    for metric in catalogue.metrics.values():
        own = more.get(metric.id)
        phrases = [
            metric.name,
            metric.plain,
            metric.id,
            *metric.synonyms,
            *(own.phrases if own else ()),
        ]
        weak = list(own.weak) if own else []
        if own and own.variant_of in catalogue.metrics:
            base = catalogue.metrics[own.variant_of]
            theirs = more.get(base.id)
            for word in own.said_with:
                phrases += [
                    f"{word} {p}" for p in (*base.synonyms, *(theirs.phrases if theirs else ()))
                ]
        for phrase in phrases:
            if parts := _parts(phrase):
                yield Entry(metric.id, parts)
        for phrase in weak:
            if parts := _parts(phrase):
                yield Entry(metric.id, parts, weak=True)
    for audit in catalogue.audits.values():
        for phrase in (audit.name, audit.topic, *audit.synonyms):
            yield Entry(f"audit:{audit.id}", _parts(phrase))
    for called in typed.audits:
        if called.id in catalogue.audits:
            for phrase in called.phrases:
                yield Entry(f"audit:{called.id}", _parts(phrase))
    for unheld in typed.unheld:
        for phrase in unheld.phrases:
            yield Entry(f"unheld:{unheld.name}", _parts(phrase))


def _weighed(entry: Entry, typed: Typed) -> Entry:
    """A phrase of vague words alone is weak, wherever it comes from."""
    return replace(entry, weak=entry.weak or entry.words <= typed.vague)


def _phrases(catalogue: Catalogue, typed: Typed) -> Iterable[str]:
    for metric in catalogue.metrics.values():
        yield from (metric.name, metric.plain, *metric.synonyms)
    for m in typed.metrics:
        yield from (*m.phrases, *m.weak)
    for audit in catalogue.audits.values():
        yield from (audit.name, audit.topic, *audit.synonyms)
    for a in typed.audits:
        yield from a.phrases
    for u in typed.unheld:
        yield from u.phrases
