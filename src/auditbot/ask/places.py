"""Which service does a question name? An index of every name, and the search for one in a text.

Numbers and single letters must be the same ("ward 9" is not "Ward 7"); other words may be misspelt
a little. A name that fits several services is never settled by a guess.
"""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rapidfuzz.distance import OSA

from auditbot.ask.typed import Typed
from auditbot.ask.wording import Token, Wording, words_of
from auditbot.model import Service

Through = Literal["id", "name", "short", "site", "trust"]
_TRUST_IN = {"id": 0, "name": 0, "short": 1, "site": 2, "trust": 3}
_NUMBERED = frozenset("ward unit bay team site block wing floor theatre clinic department".split())
_SMALL = frozenset("and of the at upon nhs for in on".split())
ENOUGH = 0.75  # of the words of a mention that a name must explain


@dataclass(frozen=True, slots=True)
class Alias:
    """One name of a service, as words."""

    service: str
    words: frozenset[str]
    through: Through
    order: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service that a mention may mean."""

    service: str
    explained: float  # share of the mention that this name accounts for
    covered: float  # share of the name that was said
    whole: bool  # every word of the name that names a place was said
    through: Through


@dataclass(frozen=True, slots=True)
class Mention:
    """A stretch of the text that names a place. `tokens` are their numbers in the wording."""

    text: str
    tokens: tuple[int, ...]
    candidates: tuple[Candidate, ...]  # best first
    near: tuple[Candidate, ...] = ()  # what comes nearest, when nothing explains it
    exact: bool = True  # False: a spelling was corrected
    words: int = 1  # how many words of names it has

    def among(self, services: Collection[str] | None) -> tuple[str, ...]:
        """The services it means among these: one when it is clear, several when it is not."""
        able = [c for c in self.candidates if services is None or c.service in services]
        best = max((c.explained for c in able), default=0.0)
        top = [c for c in able if c.explained >= best - 0.02]
        own = [c for c in top if c.whole and c.through in ("id", "name", "short")]
        trust = [c for c in top if c.whole and c not in own]
        chosen = own if own and self.words > 1 else own + trust or top
        return tuple(dict.fromkeys(c.service for c in chosen))


@dataclass(frozen=True)
class Gazetteer:
    """Every name of every service, and the words they are made of."""

    aliases: Mapping[str, tuple[Alias, ...]]  # by word
    short: Mapping[str, tuple[str, ...]]  # initials -> services
    ids: Mapping[str, str]
    weight: Mapping[str, float]
    typed: Typed
    services: Mapping[str, Service]
    by_parent: Mapping[frozenset[str], tuple[str, ...]] = field(default_factory=dict)

    def kin(self, service: str) -> tuple[str, ...]:
        """The teams of this trust, or the trust of this team, as far as they are services too."""
        known = self.services[service]
        keys = {self._key(n) for n in (known.name, *known.names)}
        teams = [s for k in keys for s in self.by_parent.get(k, ())]
        parents = {self._key(p) for p in (known.parent, *known.parents) if p}
        trusts = [
            s.id for s in self.services.values() if {self._key(n) for n in (s.name, *s.names)} & parents
        ] if parents else []
        return tuple(dict.fromkeys(s for s in (*teams, *trusts) if s != service))

    def _key(self, name: str) -> frozenset[str]:
        return frozenset(words_of(name)) - self.typed.filler

    def named(self, name: str) -> tuple[str, ...]:
        """The services that an id or a whole name means: one when it is clear."""
        if name in self.services:
            return (name,)
        if name.casefold() in self.ids:
            return (self.ids[name.casefold()],)
        words = words_of(name)
        exact = {
            a.service
            for w in words
            for a in self.aliases.get(w, ())
            if a.order == words and a.through == "name"
        }
        newest = {s for s in exact if words_of(self.services[s].name) == words}
        return tuple(sorted(newest or exact))


def gazetteer(services: Mapping[str, Service], typed: Typed) -> Gazetteer:
    """The index of all names. Built once for a set of services."""
    aliases: list[Alias] = []
    by_parent: dict[frozenset[str], list[str]] = defaultdict(list)
    for s in services.values():
        for name in dict.fromkeys((s.name, *s.names)):
            aliases += _aliases(s.id, name, "name")
        for parent in dict.fromkeys((s.parent, *s.parents)):
            if parent:
                aliases += _aliases(s.id, parent, "trust")
                by_parent[frozenset(words_of(parent)) - typed.filler].append(s.id)
    own = {frozenset(words_of(n)) - typed.filler: s.id for s in services.values() for n in (*s.names, s.name)}
    for key, teams in by_parent.items():
        trust = own.get(key)
        for team in teams:
            if trust and trust != team:
                aliases += _aliases(trust, services[team].name, "site")
    aliases += _typed_names(aliases, typed)
    index: dict[str, list[Alias]] = defaultdict(list)
    for alias in dict.fromkeys(aliases):
        for word in alias.words:
            index[word].append(alias)
    short: dict[str, set[str]] = defaultdict(set)
    for alias in aliases:
        if alias.through == "name":
            for letters in initials(alias.order):
                short[letters].add(alias.service)
    number = max(len(services), 2)
    return Gazetteer(
        {w: tuple(a) for w, a in index.items()},
        {k: tuple(sorted(v)) for k, v in short.items() if k not in typed.ordinary},
        {s.casefold(): s for s in services},
        {w: _weight(w, len({a.service for a in a_}), number, typed) for w, a_ in index.items()},
        typed,
        services,
        {k: tuple(dict.fromkeys(v)) for k, v in by_parent.items()},
    )


def initials(words: tuple[str, ...]) -> frozenset[str]:
    """What people make of a name's first letters: UCLH, GSTT, NUTH, SaTH, ESNEFT."""
    plain = [w for w in words if w not in ("nhs", "su", "hasu")]
    while plain and plain[-1] in ("trust", "foundation"):
        plain.pop()
    if len(plain) < 2:
        return frozenset()
    small = ("of", "and", "the", "on", "for")
    bases = {
        "".join(w[0] for w in kept)
        for drop in ((), ("university",), ("teaching",), ("university", "teaching"), ("hospitals", "hospital"))
        for some in (small, ("of", "the"), ())
        if (kept := [w for w in plain if w not in drop and w not in some])
    }
    bases |= {b[:3] for b in bases if len(b) == 4 and b[2] in "hi"}
    return frozenset(b + end for b in bases for end in ("", "t", "ft") if len(b + end) >= 3)


def mentions(
    wording: Wording, names: Gazetteer, taken: Collection[int], known: Collection[str]
) -> tuple[Mention, ...]:
    """Every place the text names. `taken` are words already understood, `known` words of metrics."""
    read = [_reading(t, i, wording, names, taken, known) for i, t in enumerate(wording.tokens)]
    found: list[Mention] = []
    run: list[int] = []
    for i, words in enumerate([*read, ()]):
        if words:
            run.append(i)
        elif run and not (i < len(read) and wording.tokens[i].text in _SMALL and i not in taken):
            found += _mention(wording, names, run, read, known)
            run = []
    return tuple(found)


def strange(
    wording: Wording, names: Gazetteer, taken: Collection[int], known: Collection[str]
) -> str | None:
    """A word that stands where a name stands and is no word we know: better asked about."""
    for i, t in enumerate(wording.tokens[1:], 1):
        before = wording.tokens[i - 1].text
        if i in taken or len(t.text) < 4 or t.text in known or t.text.isdigit() or before in names.typed.first_names:
            continue
        if t.text in names.typed.ordinary or t.text in names.typed.known or t.text in names.typed.first_names:
            continue
        placed = before in ("at", "for", "about", "vs", "versus", "against", "in", "is", "does", "did", "and", "from")
        if placed and t.capital and not wording.shouts and names.weight.get(t.text) is None:
            return t.typed
    return None


def _aliases(service: str, name: str, through: Through) -> list[Alias]:
    words = words_of(name)
    made = [Alias(service, frozenset(words), through, words)]
    for part in re.split(r"\s[-–]\s|,", name):
        piece = words_of(part)
        if piece != words and len(piece) > 1:
            made.append(Alias(service, frozenset(piece), through, piece))
    return [a for a in made if a.words]


def _typed_names(aliases: list[Alias], typed: Typed) -> list[Alias]:
    """The names of `typed/places.toml`, for the services they stand for."""
    more: list[Alias] = []
    for place in typed.places:
        for meaning in place.means:
            wanted = frozenset(words_of(meaning)) - typed.filler
            fitting = {
                a.service for a in aliases if a.through == "name" and wanted and wanted <= a.words
            }
            more += [
                Alias(service, frozenset(words), "name", words)
                for service in sorted(fitting)
                for short in place.typed
                if (words := words_of(short))
            ]
    return more


def _weight(word: str, services: int, number: int, typed: Typed) -> float:
    if word in typed.filler:
        return 0.05
    if word in typed.generic:
        return 0.5
    return 1 + math.log(number / services) / math.log(number)


def _reading(
    t: Token,
    i: int,
    wording: Wording,
    names: Gazetteer,
    taken: Collection[int],
    known: Collection[str],
) -> tuple[str, ...]:
    """The words of names this word may be: itself, or what it was meant to be; none if it is none.

    "#" marks an id, "@" initials, "!" a number that no name has.
    """
    word, typed = t.text, names.typed
    if i in taken or word in _SMALL:
        return ()
    if word in names.ids and len(word) > 2 and (t.typed.isupper() or any(map(str.isdigit, word))):
        return ("#" + names.ids[word],)
    if word in names.short and (t.typed.isupper() or len(word) > 3):
        return ("@" + word,)
    if word.isdigit() or len(word) == 1:
        if not i or wording.tokens[i - 1].text not in _NUMBERED:
            return ()
        return (word,) if word in names.aliases else ("!" + word,)
    if word in names.weight:
        return (word,)
    if word in typed.ordinary or word in known or word in typed.known or not word.isalpha():
        return ()
    return corrected(word, names.weight) if len(word) > 4 else ()


def corrected(word: str, words: Iterable[str]) -> tuple[str, ...]:
    """The words one slip away (two in a long word), if any; the nearest only."""
    allowed = 1 if len(word) < 8 else 2
    near = [
        (d, w)
        for w in words
        if abs(len(w) - len(word)) <= allowed
        and len(w) > 3
        and w[0] == word[0]
        and (d := OSA.distance(word, w, score_cutoff=allowed)) <= allowed
    ]
    least = min((d for d, _ in near), default=0)
    return tuple(w for d, w in near if d == least)


Read = list[tuple[str, ...]]


def _mention(
    wording: Wording, names: Gazetteer, run: list[int], read: Read, known: Collection[str]
) -> list[Mention]:
    """One run of words of names, as one mention, or as several when no service has them all."""
    for k in run:
        if read[k][0][0] in "#@":
            sure = _by_letters(wording, names, k, read)
            parts = ([p for p in run if p < k], [p for p in run if p > k])
            return [sure, *(m for p in parts if p for m in _mention(wording, names, p, read, known))]
    if not _names_something(wording, names, run, read, known):
        return []
    ranked = _ranked(names, run, read)
    best = ranked[0].explained if ranked else 0.0
    if best < 0.97 and len(run) > 1:
        for cut in range(1, len(run)):
            halves = (run[:cut], run[cut:])
            if all(_whole(wording, names, half, read, known) for half in halves):
                return [m for half in halves for m in _mention(wording, names, half, read, known)]
    tokens = wording.tokens
    text = wording.cased[tokens[run[0]].start : tokens[run[-1]].end]
    exact = all(tokens[k].text in read[k] for k in run)
    able = tuple(c for c in ranked if c.explained >= ENOUGH)
    said = sum(w not in names.typed.filler for k in run for w in read[k][:1])
    return [Mention(text, tuple(run), able, () if able else tuple(ranked[:3]), exact, said)]


def _by_letters(wording: Wording, names: Gazetteer, k: int, read: Read) -> Mention:
    mark, key = read[k][0][0], read[k][0][1:]
    through: Through = "id" if mark == "#" else "short"
    fitting = (key,) if mark == "#" else names.short[key]
    every = tuple(Candidate(s, 1.0, 1.0, True, through) for s in fitting)
    return Mention(wording.tokens[k].typed, (k,), every)


def _whole(
    wording: Wording, names: Gazetteer, run: list[int], read: Read, known: Collection[str]
) -> bool:
    ranked = _ranked(names, run, read)
    return (
        bool(ranked)
        and ranked[0].explained >= 0.97
        and _names_something(wording, names, run, read, known)
    )


def _ranked(names: Gazetteer, run: list[int], read: Read) -> list[Candidate]:
    """The services whose names have these words, those that explain most first."""
    weights = {k: max(names.weight.get(w, 2.0) for w in read[k]) for k in run}
    total = sum(weights.values())
    telling = [w for k in run for w in read[k] if weights[k] > 0.6] or [w for k in run for w in read[k]]
    no_place = names.typed.generic | names.typed.filler
    best: dict[str, Candidate] = {}
    for alias in {a for w in telling for a in names.aliases.get(w, ())}:
        hit = [k for k in run if any(w in alias.words for w in read[k])]
        if any(_strict(read[k]) and not _beside(alias, k, run, read) for k in run):
            continue
        words = {w for k in hit for w in read[k] if w in alias.words}
        made = Candidate(
            alias.service,
            sum(weights[k] for k in hit) / total,
            sum(names.weight[w] for w in words) / sum(names.weight[w] for w in alias.words),
            alias.words - no_place <= words and bool(words - no_place or alias.words <= words),
            alias.through,
        )
        held = best.get(alias.service)
        if held is None or _rank(made) < _rank(held):
            best[alias.service] = made
    return sorted(best.values(), key=_rank)


def _rank(c: Candidate) -> tuple[float, bool, int, float, str]:
    return (-round(c.explained, 2), not c.whole, _TRUST_IN[c.through], -round(c.covered, 2), c.service)


def _strict(words: tuple[str, ...]) -> bool:
    return any(w[0] == "!" or w.isdigit() or len(w) == 1 for w in words)


def _beside(alias: Alias, k: int, run: list[int], read: Read) -> bool:
    """Does the number stand after the same word in the name ("ward 7")?"""
    before = read[k - 1] if k - 1 in run else ()
    pairs = set(zip(alias.order, alias.order[1:], strict=False))
    return any((b, w) in pairs for b in before for w in read[k])


def _names_something(
    wording: Wording, names: Gazetteer, run: list[int], read: Read, known: Collection[str]
) -> bool:
    """Is this run a name, or ordinary words that happen to be in names too?"""
    typed, tokens = names.typed, wording.tokens
    said = [w for k in run for w in read[k]]
    if any(_strict(read[k]) for k in run):
        return True
    content = [w for w in said if w not in typed.generic and w not in typed.filler]
    if any(w not in typed.doubtful and w not in typed.ordinary for w in content):
        return True
    pairs = {p for w in content for a in names.aliases[w] for p in zip(a.order, a.order[1:], strict=False)}
    if any((a, b) in pairs for a, b in zip(said, said[1:], strict=False) if {a, b} & set(content)):
        return True
    first, last = tokens[run[0]], run[-1] + 1
    before = tokens[run[0] - 1].text if run[0] else ""
    after = tokens[last].text if last < len(tokens) else ""
    if not content:
        return before == "the" and bool(set(said) & _THE) and after not in _GOES_ON
    if len(tokens) == len(run):
        return True
    if first.capital and not wording.shouts and run[0]:
        return after not in ("your", "my", "our")
    if not before and (after.isdigit() or after in known):
        return True
    return before in _PLACING and after not in _GOES_ON


_THE = frozenset("royal infirmary general".split())  # "the Royal": a name, but whose?
_PLACING = frozenset("at for about vs versus against does did with like how and from is".split())
_GOES_ON = frozenset(
    "your my the a an our this these that to again through month months hour news and for up in "
    "picture idea practice advice medicine surgery health view public".split()
)
