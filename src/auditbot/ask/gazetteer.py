"""What is every service called? An index of names: own, old, of the trust, of its sites, and short ones."""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rapidfuzz.distance import OSA

from auditbot.ask.typed import Typed
from auditbot.ask.wording import words_of
from auditbot.model import Service

Through = Literal["id", "name", "typed", "short", "site", "trust"]


@dataclass(frozen=True, slots=True)
class Alias:
    """One name of a service, as words."""

    service: str
    words: frozenset[str]
    through: Through
    order: tuple[str, ...] = ()
    piece: bool = False  # a part of the name, before or after a comma or dash


_NO_MARK = frozenset(["the", "of", "and", "at", "hospital", "hospitals", "nhs", "trust"])


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
        trusts = (
            [
                s.id
                for s in self.services.values()
                if {self._key(n) for n in (s.name, *s.names)} & parents
            ]
            if parents
            else []
        )
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
    own = {
        frozenset(words_of(n)) - typed.filler: s.id
        for s in services.values()
        for n in (*s.names, s.name)
    }
    for key, teams in by_parent.items():
        trust = own.get(key)
        for team in teams:
            if trust and trust != team:
                aliases += _aliases(trust, services[team].name, "site")
    aliases = _without_shared_pieces(aliases)
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
        for drop in (
            (),
            ("university",),
            ("teaching",),
            ("university", "teaching"),
            ("hospitals", "hospital"),
        )
        for some in (small, ("of", "the"), ())
        if (kept := [w for w in plain if w not in drop and w not in some])
    }
    bases |= {b[:3] for b in bases if len(b) == 4 and b[2] in "hi"}
    return frozenset(b + end for b in bases for end in ("", "t", "ft") if len(b + end) >= 3)


def _aliases(service: str, name: str, through: Through) -> list[Alias]:
    words = words_of(name)
    made = [Alias(service, frozenset(words), through, words)]
    for part in re.split(r"\s[-–]\s|,", name):
        piece = words_of(part)
        if piece != words and len(piece) > 1:
            made.append(Alias(service, frozenset(piece), through, piece, True))
    return [a for a in made if a.words]


def _without_shared_pieces(aliases: list[Alias]) -> list[Alias]:
    """No piece of a name ("The Queen Elizabeth Hospital, Westport") that others have in theirs too."""
    whole = {(a.service, a.order) for a in aliases if not a.piece}
    by_word: dict[str, list[Alias]] = defaultdict(list)
    for a in aliases:
        if not a.piece:
            for w in a.words:
                by_word[w].append(a)
    kept = []
    for a in aliases:
        telling = a.words - _NO_MARK
        rarest = min(telling, key=lambda w: len(by_word[w]), default="")
        shared = a.piece and any(
            o.service != a.service and telling <= o.words for o in by_word[rarest]
        )
        if not shared or (a.service, a.order) in whole:
            kept.append(a)
    return kept


def _typed_names(aliases: list[Alias], typed: Typed) -> list[Alias]:
    """The names of `typed/places.toml`, for the services they stand for."""
    more: list[Alias] = []
    for place in typed.places:
        for meaning in place.means:
            wanted = frozenset(words_of(meaning)) - typed.filler
            fitting = {
                a.service for a in aliases if a.through == "name" and wanted and wanted <= a.words
            }
            exact = {
                a.service
                for a in aliases
                if a.service in fitting and a.words - typed.filler == wanted
            }
            more += [
                Alias(service, frozenset(words), "typed", words)
                for service in sorted(exact or fitting)
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


def corrected(word: str, words: Iterable[str]) -> tuple[str, ...]:
    """The words one slip away (two in a very long word), if any; the nearest only."""
    allowed = 1 if len(word) < 10 else 2
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
