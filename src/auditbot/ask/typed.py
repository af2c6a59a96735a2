"""Which words do people type? Loads and checks the folder `typed` of the catalogue.

An audit team edits these files. A phrase is words in order; `|` parts alternatives, `..` stands for
up to six words, `?` after a word makes it optional, `^` and `$` are the ends of the question.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from auditbot.ask import forenames, wording
from auditbot.catalogue import CatalogueFault, Entry, entry_faults

GAP = r"(?:\S+ ){0,6}?"


class MetricWords(Entry):
    """What people call a metric, beside its name and synonyms. `weak` words need its audit near."""

    id: str
    phrases: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    variant_of: str = ""  # the metric whose words it takes over ...
    said_with: tuple[str, ...] = ()  # ... with one of these before or near them


class AuditWords(Entry):
    """What people call an audit or its topic."""

    id: str
    phrases: tuple[str, ...]


class Unheld(Entry):
    """Something people ask for that no loaded metric tells, and that resembles one that does."""

    name: str
    phrases: tuple[str, ...]
    first: bool = False  # it is what is asked for, whatever metric is named besides


class IntentWords(Entry):
    """How people ask for one kind of answer. `weight` decides between two that both fit."""

    kind: str
    phrases: tuple[str, ...]
    weight: float = 1.0


class CueWords(Entry):
    """Single words that point to a kind of answer, where no phrase tells it."""

    kind: str
    words: tuple[str, ...]


class PlaceWords(Entry):
    """A short or old name, and the name in the files it stands for (one of them must be loaded)."""

    typed: tuple[str, ...]
    means: tuple[str, ...]


@dataclass(frozen=True)
class Phrase:
    """A phrase ready to be looked for. `weight` grows with its words."""

    pattern: re.Pattern[str]
    weight: float
    kind: str


@dataclass(frozen=True)
class Typed:
    """Everything in the folder."""

    metrics: tuple[MetricWords, ...] = ()
    audits: tuple[AuditWords, ...] = ()
    unheld: tuple[Unheld, ...] = ()
    intents: tuple[Phrase, ...] = ()
    comparators: tuple[Phrase, ...] = ()
    places: tuple[PlaceWords, ...] = ()
    cues: Mapping[str, frozenset[str]] = field(default_factory=dict)  # stems, by kind
    ordinary: frozenset[str] = frozenset()  # words that are no name, however near they come
    doubtful: frozenset[str] = frozenset()  # place names that are ordinary words as well
    generic: frozenset[str] = frozenset()  # words of names that name no place
    filler: frozenset[str] = frozenset()  # words of names that add nothing
    first_names: frozenset[str] = frozenset()
    named_after: frozenset[str] = frozenset()  # hospitals called after people: "james_cook"
    vague: frozenset[str] = frozenset()  # words that say little of which metric is meant
    known: frozenset[str] = field(default_factory=frozenset)  # every literal word of the phrases


_LISTS = ("ordinary", "doubtful", "generic", "filler", "named_after", "vague")
_TABLES: dict[str, type[Entry]] = {
    "metric": MetricWords,
    "audit": AuditWords,
    "unheld": Unheld,
    "intent": IntentWords,
    "comparator": IntentWords,
    "place": PlaceWords,
    "cue": CueWords,
}


@lru_cache(maxsize=8)
def load(folder: Path) -> Typed:
    """Read every `*.toml` in the folder. Raises CatalogueFault with all faults at once."""
    faults: list[str] = []
    found: dict[str, list[Any]] = {name: [] for name in _TABLES}
    lists: dict[str, set[str]] = {name: set() for name in _LISTS}
    for path in sorted(folder.glob("*.toml")):
        try:
            raw = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
            faults.append(f"{path.name}: not readable as TOML ({e}); mend the line it names.")
            continue
        for name in _LISTS:
            lists[name] |= {w for line in raw.pop(name, []) for w in str(line).split()}
        for name, model in _TABLES.items():
            for i, row in enumerate(raw.pop(name, []), 1):
                try:
                    found[name].append(model.model_validate(row))
                except ValidationError as e:
                    faults += entry_faults(path, f"[[{name}]] number {i}", e)
        faults += [f"{path.name}: '{key}' is not a table of this folder; remove it." for key in raw]
    if faults:
        raise CatalogueFault(faults)
    return Typed(
        metrics=tuple(found["metric"]),
        audits=tuple(found["audit"]),
        unheld=tuple(found["unheld"]),
        intents=tuple(p for entry in found["intent"] for p in _phrases(entry)),
        comparators=tuple(p for entry in found["comparator"] for p in _phrases(entry)),
        places=tuple(found["place"]),
        cues={
            c.kind: frozenset(wording.stem(w) for line in c.words for w in line.split())
            for c in found["cue"]
        },
        ordinary=frozenset(lists["ordinary"]),
        doubtful=frozenset(lists["doubtful"]),
        generic=frozenset(lists["generic"]),
        filler=frozenset(lists["filler"]),
        first_names=forenames.NAMES,
        named_after=frozenset(lists["named_after"]),
        vague=frozenset(wording.stem(w) for w in lists["vague"]),
        known=frozenset(
            word
            for entry in (*found["intent"], *found["comparator"])
            for phrase in entry.phrases
            for word in re.findall(r"[a-z]+", phrase)
        ),
    )


def _phrases(entry: IntentWords) -> list[Phrase]:
    return [compiled(p, entry.kind, entry.weight) for p in entry.phrases]


def compiled(phrase: str, kind: str = "", weight: float = 1.0) -> Phrase:
    """A phrase as a pattern over `Wording.words` with a space at both ends."""
    parts, said = [], 0
    for part in phrase.split():
        if part.startswith(".."):
            parts.append(GAP)
        elif part in ("^", "$"):
            parts.append("^ " if part == "^" else "$")
        else:
            options = [" ".join(wording.words_of(o.replace("_", " "))) for o in part.split("|")]
            options = sorted({re.escape(o) for o in options if o}, key=len, reverse=True)
            either = "(?:" + "|".join(options) + ") "
            optional = part.endswith(("?", "|"))
            parts.append(f"(?:{either})?" if optional else either)
            said += not optional
    pattern = "".join(parts)
    if not pattern.startswith("^"):
        pattern = r"(?<= )" + pattern
    return Phrase(re.compile(pattern), weight * (1 + 0.25 * said), kind)


def found(phrases: tuple[Phrase, ...], words: str) -> list[tuple[Phrase, re.Match[str]]]:
    """The phrases that occur in the words (`Wording.words`), each once, heaviest first."""
    padded = f" {words} "
    hits = [(p, m) for p in phrases if (m := p.pattern.search(padded))]
    return sorted(hits, key=lambda hit: -hit[0].weight)
