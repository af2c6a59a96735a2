"""Which service does a question name? An index of every name, and the search for one in a text.

Numbers and single letters must be the same ("ward 9" is not "Ward 7"); other words may be misspelt
a little. A name that fits several services is never settled by a guess.
"""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import pairwise

from auditbot.ask.gazetteer import Alias, Gazetteer, Through, corrected
from auditbot.ask.typed import Typed
from auditbot.ask.wording import Token, Wording, bag

_TRUST_IN = {"id": 0, "name": 0, "typed": 0, "short": 1, "site": 2, "trust": 3}
_NUMBERED = bag("ward unit bay team site block wing floor")
_UNITS = bag("hour month day week year quarter percent")
_COMPASS = bag("north south east west mid northern southern eastern western")
_VOWELS = frozenset("aeiou")
_SMALL = bag("and of the at upon nhs for in on")
ENOUGH = 0.75  # of the words of a mention that a name must explain


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service that a mention may mean."""

    service: str
    explained: float  # share of the mention that this name accounts for
    covered: float  # share of the name that was said
    whole: bool  # every word of the name that names a place was said
    through: Through
    sided: bool = False  # a point of the compass in the name was not said: "Kent" for "East Kent"


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
        own = [c for c in top if c.whole and c.through in ("id", "name", "typed", "short")]
        trust = [c for c in top if c.whole and c not in own]
        chosen = own if own and self.words > 1 else own + trust or top
        return tuple(dict.fromkeys(c.service for c in chosen))


def mentions(
    wording: Wording, names: Gazetteer, taken: Collection[int], known: Collection[str]
) -> tuple[Mention, ...]:
    """Every place the text names. `taken` are words already understood, `known` words of metrics."""
    read = [_reading(t, i, wording, names, taken, known) for i, t in enumerate(wording.tokens)]
    found: list[Mention] = []
    run: list[int] = []
    for i, words in enumerate([*read, ()]):
        if words and not (run and _apart(wording, run[-1], i)):
            run.append(i)
        elif words:
            found += _mention(wording, names, run, read, known)
            run = [i]
        elif run and not (i < len(read) and wording.tokens[i].text in _SMALL and i not in taken):
            found += _mention(wording, names, run, read, known)
            run = []
    return tuple(
        replace(m, text=whole, candidates=(), near=m.candidates[:3])
        if (whole := _with_unknown(m, wording, names, taken, known))
        else m
        for m in found
    )


def _apart(wording: Wording, before: int, after: int) -> bool:
    """Does a stroke stand between two names ("Westport/Leyburn")?"""
    return "/" in wording.clean[wording.tokens[before].end : wording.tokens[after].start]


def _with_unknown(
    m: Mention, wording: Wording, names: Gazetteer, taken: Collection[int], known: Collection[str]
) -> str:
    """The whole name, where an unknown word goes on with it ("Leighton Buzzard"); else nothing."""
    tokens, after = wording.tokens, m.tokens[-1] + 1
    if m.words > 1 or wording.shouts or after >= len(tokens) or after in taken:
        return ""
    last, t = tokens[after - 1], tokens[after]
    spoken = names.typed.ordinary | names.typed.known | names.typed.first_names
    unknown = t.text.isalpha() and len(t.text) > 3 and not (t.text in spoken or t.text in known)
    if not unknown or not t.capital or not last.capital or t.text in names.weight:
        return ""
    joined = wording.clean[last.end : t.start] == " "
    return wording.cased[last.start : t.end] if joined else ""


def strange(
    wording: Wording, names: Gazetteer, taken: Collection[int], known: Collection[str]
) -> str | None:
    """A word that stands where a name stands and is no word we know: better asked about."""
    for i, t in enumerate(wording.tokens[1:], 1):
        before = wording.tokens[i - 1].text
        if (
            i in taken
            or len(t.text) < 4
            or t.text in known
            or t.text.isdigit()
            or before in names.typed.first_names
        ):
            continue
        if (
            t.text in names.typed.ordinary
            or t.text in names.typed.known
            or t.text in names.typed.first_names
        ):
            continue
        placed = before in (
            "at",
            "for",
            "about",
            "vs",
            "versus",
            "against",
            "in",
            "is",
            "does",
            "did",
            "and",
            "from",
        )
        if placed and t.capital and not wording.shouts and names.weight.get(t.text) is None:
            return t.typed
    return None


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
    coded = t.typed.isupper() or any(map(str.isdigit, word)) or not set(word) & _VOWELS
    if word in names.ids and len(word) > 2 and coded:
        return ("#" + names.ids[word],)
    if word in names.short and word not in known and (t.typed.isupper() or len(word) > 3):
        return ("@" + word,)
    if word.isdigit() or len(word) == 1:
        following = wording.tokens[i + 1].text if i + 1 < len(wording.tokens) else ""
        article = t.typed in ("a", "i")  # "give the team a break"
        if not i or wording.tokens[i - 1].text not in _NUMBERED or following in _UNITS or article:
            return ()
        return (word,) if word in names.aliases else ("!" + word,)
    if word in names.weight:
        return (word,)
    if word in typed.ordinary or word in known or word in typed.known or not word.isalpha():
        return ()
    return corrected(word, names.weight) if len(word) > 4 else ()


Read = list[tuple[str, ...]]


def _mention(
    wording: Wording, names: Gazetteer, run: list[int], read: Read, known: Collection[str]
) -> list[Mention]:
    """One run of words of names, as one mention, or as several when no service has them all."""
    for k in run:
        if read[k][0][0] in "#@":
            sure = _by_letters(wording, names, k, read)
            parts = ([p for p in run if p < k], [p for p in run if p > k])
            return [
                sure,
                *(m for p in parts if p for m in _mention(wording, names, p, read, known)),
            ]
    if not _names_something(wording, names, run, read, known):
        return []
    ranked = _ranked(names, run, read)
    best = ranked[0].explained if ranked else 0.0
    if best < 0.97 and len(run) > 1:
        split = _split(wording, names, run, read, known)
        if split:
            return [m for part in split for m in _mention(wording, names, part, read, known)]
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


def _split(
    wording: Wording, names: Gazetteer, run: list[int], read: Read, known: Collection[str]
) -> list[list[int]]:
    """A run as several whole names ("Westport, Leyburn and Marlow"), the longest first; else none."""
    for cut in range(len(run) - 1, 0, -1):
        if _whole(wording, names, run[:cut], read, known):
            if _whole(wording, names, run[cut:], read, known):
                return [run[:cut], run[cut:]]
            rest = _split(wording, names, run[cut:], read, known)
            if rest:
                return [run[:cut], *rest]
    return []


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
    telling = [w for k in run for w in read[k] if weights[k] > 0.6] or [
        w for k in run for w in read[k]
    ]
    no_place = names.typed.generic | names.typed.filler
    best: dict[str, Candidate] = {}
    of_trust: dict[str, set[int]] = defaultdict(
        set
    )  # the words that a service's trust accounts for
    of_own: dict[str, set[int]] = {}
    for alias in {a for w in telling for a in names.aliases.get(w, ())}:
        hit = [k for k in run if any(w in alias.words for w in read[k])]
        if any(_strict(read[k]) and not _beside(alias, k, run, read) for k in run):
            continue
        words = {w for k in hit for w in read[k] if w in alias.words}
        made = Candidate(
            alias.service,
            sum(weights[k] for k in hit) / total,
            sum(names.weight[w] for w in words) / sum(names.weight[w] for w in alias.words),
            _all_said(alias, words, no_place, names.typed),
            alias.through,
            alias.through != "typed" and bool((alias.words & _COMPASS) - words),
        )
        if alias.through == "trust":
            of_trust[alias.service] |= set(hit)
        elif made.whole and alias.through in ("name", "typed"):
            of_own[alias.service] = of_own.get(alias.service, set()) | set(hit)
        held = best.get(alias.service)
        if held is None or _rank(made) < _rank(held):
            best[alias.service] = made
    for service, hits in of_own.items():  # "Westport Cedar Unit": the trust's word, and its own
        both = sum(weights[k] for k in hits | of_trust[service]) / total
        held = best[service]
        if hits - of_trust[service] and (both > held.explained or held.through == "trust"):
            best[service] = replace(held, explained=both, whole=True, through="name")
    return sorted(best.values(), key=_rank)


def _all_said(alias: Alias, words: set[str], no_place: frozenset[str], typed: Typed) -> bool:
    """Was every word said that tells this name from others?"""
    if alias.through == "typed":
        return alias.words - typed.filler <= words
    return alias.words - no_place <= words and bool(words - no_place or alias.words <= words)


def _rank(c: Candidate) -> tuple[float, bool, int, float, str]:
    return (
        -round(c.explained, 2),
        not c.whole,
        _TRUST_IN[c.through],
        -round(c.covered, 2),
        c.service,
    )


def _strict(words: tuple[str, ...]) -> bool:
    return any(w[0] == "!" or w.isdigit() or len(w) == 1 for w in words)


def _beside(alias: Alias, k: int, run: list[int], read: Read) -> bool:
    """Does the number stand after the same word in the name ("ward 7")?"""
    before = read[k - 1] if k - 1 in run else ()
    pairs = set(pairwise(alias.order))
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
    pairs = {
        p
        for w in content
        for a in names.aliases[w]
        for p in pairwise([x for x in a.order if x not in _SMALL])
    }
    if any((a, b) in pairs for a, b in pairwise(said) if {a, b} & set(content)):
        return True
    first, last = tokens[run[0]], run[-1] + 1
    timed = last < len(tokens) and _TIMED.match(wording.clean[tokens[last].start :])
    before = tokens[run[0] - 1].text if run[0] else ""
    after = tokens[last].text if last < len(tokens) else ""
    if not content and len(set(said) - typed.filler) > 1 and first.capital:
        spoken = set(said) - typed.filler
        if any(a.words - typed.filler == spoken for w in spoken for a in names.aliases[w]):
            return True
    if not content:
        return before == "the" and bool(set(said) & _THE) and after not in _GOES_ON
    if len(tokens) == len(run):
        return True
    if before == "how" and all(w in typed.ordinary for w in content):
        return False  # "how good is ..."
    if first.capital and not wording.shouts and run[0]:
        return after not in ("your", "my", "our")
    if all(w in typed.ordinary and w not in typed.doubtful for w in content):
        return False  # "sent home with support": a word like any other, without a capital
    if not before and (after.isdigit() or after in known):
        return True
    return before in _PLACING and (after not in _GOES_ON or bool(timed))


_TIMED = re.compile(
    r"(?:in|for|over|during|since|this|last) (?:the )?(?:last |this |past )?(?:jan|feb|mar|apr|may\b|jun|jul|aug|sep|oct|nov|dec|q[1-4]|20\d\d|winter|spring|summer|autumn|month|quarter|year)"
)
_THE = frozenset(["royal", "infirmary", "general"])  # "the Royal": a name, but whose?
_PLACING = bag("at for about vs versus against does did with like how and from is")
_GOES_ON = bag(
    "your my the a an our this these that to again through month months hour news and for up "
    "in picture idea practice advice medicine surgery health view public"
)
