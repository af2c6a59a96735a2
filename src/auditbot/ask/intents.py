"""What kind of answer is wanted, and compared with what? Phrases weighed against each other.

Few shapes: a named metric gets its card, a service alone its overview. Only what is neither needs
words of its own, and those words are in the catalogue's folder `typed`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from auditbot.ask.typed import Typed, found
from auditbot.ask.wording import Wording

ACTIONS = (
    "explain",
    "source",
    "when",
    "contact",
    "improve",
    "exemplar",
    "celebrate",
    "list",
    "events",
    "subscribe",
    "mute",
)
REFUSED = ("rank", "predict", "unpublished")
FINER = ("cause", "real", "chart", "extreme_low", "extreme_high", "thanks")

_OWN = re.compile(r"\b(?:we|us|our|ours|my|am i|i am|i|here)\b")
_OTHERS = re.compile(
    r"^(?:who|which|name|list|rank|show|give|league|bottom|top|what (?:hospital|trust|unit|team)s?)\b|\b(?:trusts|hospitals|units|teams|everyone|offenders|league)\b"
)
_OF_TIME = re.compile(r"\b(?:month|quarter|year|period|ever|week|time|season|winter|summer)\b")
_TIMES = re.compile(
    r"\b(?:worst|best|lowest|highest|slowest|busiest|quietest|top|bottom) (?:ever )?(?:day|month|quarter|year|week|period|time|season|hour|shift)s?\b"
)
_PARTS = re.compile(
    r"\b(?:which|what) (?:domain|measure|metric|indicator|area|part|figure|thing)s?\b.*"
    r"\b(?:best|worst|weakest|strongest|lowest|highest|poorest|good|bad)\b"
)
_RELEASE = re.compile(
    r"\b(?:results?|figures?|data|numbers?|publication|report|release|update|batch|stats|round|scores?|next one|digest)\b"
)
_WHAT_IS = re.compile(
    r"^(?:so |and |ok |hi |hello |hey |please |sorry |but |morning )*(?:what is|what are|explain|define|describe) (?:an? |the |this |that )?(?!someplace)"
)
_FIGURE = re.compile(
    r"\b(?:our|we|us|my|figure|performance|rate|number|latest|current|now|today|percent\w*|share|how many|value|result|results|count|last|this month|position|status|doing|like|looking|level|score|grade|band|at|for)\b"
)


@dataclass(frozen=True)
class Intent:
    """What is wanted, how sure that is, and everything that pointed elsewhere."""

    kind: str  # a kind of the contract, or "card" where nothing speaks against it, or ""
    wants: tuple[str, ...]
    comparators: tuple[str, ...]
    weights: Mapping[str, float]


def read(wording: Wording, masked: str, typed: Typed, *, named: bool, alone: str) -> Intent:
    """The intent of a text whose place names are `masked`.

    `named`: a metric was found. `alone`: the words that are left when metric, place and period are
    taken away, to tell "what is case ascertainment" from "what is our case ascertainment".
    """
    weights: dict[str, float] = {}
    for phrase, _ in found(typed.intents, masked):
        weights[phrase.kind] = max(weights.get(phrase.kind, 0.0), phrase.weight)
    comparators = tuple(dict.fromkeys(p.kind for p, _ in found(typed.comparators, wording.words)))
    own = bool(_OWN.search(masked))
    if own and _PARTS.search(
        masked
    ):  # "which domain is our weakest": our own figures, side by side
        weights = {k: w for k, w in weights.items() if k not in ("rank", "exemplar", "celebrate")}
        weights["overview"] = 1.2
    if "rank" in weights and not _ranks(masked, own):
        del weights["rank"]
        if own and not {"extreme_low", "extreme_high"} & weights.keys():
            comparators = tuple(dict.fromkeys((*comparators, "peers")))
            weights["position"] = 1.0
    if named and _asks_what(masked, alone):
        weights["explain"] = max(weights.get("explain", 0.0), 1.6)
    if (
        "predict" in weights
        and ("when" in weights or "explain" in weights)
        and _RELEASE.search(masked)
    ):
        weights["predict"] = (
            1.0
            if re.search(r"\b(?:when|how often|due|out|published)\b", masked)
            else weights["predict"]
        )
    wants = tuple(k for k in (*FINER, "position") if k in weights)
    return Intent(_kind(weights, named), wants, comparators, weights)


def _kind(weights: Mapping[str, float], named: bool) -> str:
    refused = _best(weights, REFUSED)
    action = _best(weights, ACTIONS)
    if named and weights.keys() & {"extreme_low", "extreme_high"} and not refused:
        return "card"
    if refused and weights[refused] >= weights.get(action, 0.0):
        return refused
    if "subgroup" in weights and weights["subgroup"] >= weights.get(action, 0.0) - 0.1:
        return "subgroup"
    cause = weights.get("cause", 0.0)
    if action and weights[action] > cause:
        return action
    if named:
        return "card"
    if "overview" in weights:
        return "overview"
    return "help" if {"help", "thanks"} & weights.keys() else ""


def _best(weights: Mapping[str, float], kinds: Iterable[str]) -> str:
    return max((k for k in kinds if k in weights), key=lambda k: weights[k], default="")


def _ranks(words: str, own: bool) -> bool:
    """Does it ask to put others in order? "Our worst month" and "are we the worst" do not."""
    if _TIMES.search(words):
        return False
    if _OTHERS.search(words):
        return True
    return not own and not _OF_TIME.search(words)


def _asks_what(words: str, alone: str) -> bool:
    """Is it "what is X", with nothing that asks for X's figure?"""
    m = _WHAT_IS.match(words)
    return bool(m) and not _FIGURE.search(alone)
