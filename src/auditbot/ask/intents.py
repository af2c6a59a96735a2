"""What kind of answer is wanted, and compared with what? Phrases weighed against each other.

Few shapes: a named metric gets its card, a service alone its overview. Only what is neither needs
words of its own, and those words are in the catalogue's folder `typed`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from auditbot.ask.typed import Typed, found
from auditbot.ask.wording import bag, stem

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
_OF_TIME = re.compile(
    r"\b(?:months?|quarters?|years?|periods?|ever|weeks?|time|seasons?|winters?|summers?)\b"
)
_TIMES = re.compile(
    r"\b(?:worst|best|lowest|highest|slowest|busiest|quietest|top|bottom) (?:ever )?(?:day|month|quarter|year|week|period|time|season|hour|shift)s?\b"
)
_PARTS = re.compile(
    r"\b(?:which|what)(?: of)?(?: our| the| my| these| those| all)? (?:domain|measure|metric|indicator|area|part|figure|thing)s?\b.*"
    r"\b(?:best|worst|weakest|strongest|lowest|highest|poorest|low|high|poor|weak|strong|struggling|good|bad|better|worse|dropped|fell|at a|at b|at c|at d|at e|"
    r"fallen|slipped|improved|changed|moved|risen|rose|down|up)\b"
    r"|\b(?:best|worst|weakest|strongest|lowest|highest|poorest) "
    r"(?:domain|measure|metric|indicator|area)s?\b"
    r"|\b(?:each|every|by|per|across) (?:the |all )?(?:domain|measure|metric|indicator|area)s?\b"
)
_OTHERS_PLACES = re.compile(
    r"\b(?:trusts?|hospitals?|everyone|country|england|nationally|units|teams|who)\b"
)
_HOW_ARE_YOU = re.compile(
    r"^(?:\w+ ){0,2}how are you(?: (?:doing|today|keeping|getting on|then))*$"
)
_VALUED = re.compile(r"\b(?:worst|poorest|best)\b")
_RELEASE = re.compile(
    r"\b(?:results?|figures?|data|numbers?|publication|report|release|update|batch|stats|round|scores?|next one|digest)\b"
)
_WHAT_IS = re.compile(
    r"^(?:so |and |ok |hi |hello |hey |please |sorry |but |morning )*(?:what is|what are|explain|define|describe) (?:an? |the |this |that )?(?!someplace)"
)
_TELL_ABOUT = re.compile(
    r"\b(?:tell|teach|talk to) (?:me|us)(?: \w+)? about\b|\b(?:know|learn|hear)(?: \w+)? about\b"
)
_GET_ON = re.compile(r"\b(?:get|gets|got|getting|gotten|going|been) on\b")
_MONTHS_MEAN = re.compile(r"(?<=month )(?:rolling )?(?:average|mean)\b")
# "are we over 80" is of a figure, "for over 80s" of people.
_OF_A_FIGURE = re.compile(
    r"\b(?:is|are|was|were|we|us|it|be|get|gets|got|gone|go|went|still|score|scored|performance|figure|someplace|stay|stayed|"
    r"consistently|always|ever|drop|dropped|fall|fell|rise|rose|climb|climbed|creep|crept) (?:over|under|above|below) \d+(?!s\b)\b"
    r"(?!.*\b(?:patients|people|aged|years?|women|men|adults|strokes)\b)"
)
_EVENT = re.compile(
    r"\b(?:events?|webinars?|conferences?|workshops?|seminars?|study days?|training|courses?|masterclass\w*|forums?)\b"
)
# What somebody plans to do with figures is no prediction of them.
_PLANNED = re.compile(
    r"\b(?:will|going to) (?:\w+ ){0,3}?(?:be (?:in|on|at|sent|shown|posted|discussed|published|updated|shared|presented|available|there)|post|send|show|share|present)\b"
)
_COUNTED = re.compile(
    r"\b(?:counted|included|excluded|left out|in scope|covered|eligible|still count|(?:do|does) .* count)\b"
)
_WHY = re.compile(r"^(?:so |and |but |ok |hi |hello )*why\b")
_SMALL = bag(
    "so and but ok hi hello why is it the a an do does we have at all just not rather than instead of"
)
_FIGURE = re.compile(
    r"\b(?:our|we|us|my|figure|performance|rate|number|latest|current|now|today|percent\w*|share|how many|value|result|results|count|last|this month|position|status|doing|like|looking|happening|going|up with|story|news|level|score|grade|band|at|for)\b"
)


@dataclass(frozen=True)
class Intent:
    """What is wanted, how sure that is, and everything that pointed elsewhere."""

    kind: str  # a kind of the contract, or "card" where nothing speaks against it, or ""
    wants: tuple[str, ...]
    comparators: tuple[str, ...]
    weights: Mapping[str, float]


def read(words: str, masked: str, typed: Typed, *, named: bool, topic: bool, alone: str) -> Intent:
    """The intent of a text, given as `words`, and `masked` where its place names are hidden.

    `named`: a metric was found, `topic`: an audit. `alone`: the words that are left when metric,
    place and period are taken away, to tell "what is case ascertainment" from "what is our case
    ascertainment".
    """
    weights: dict[str, float] = {}
    for phrase, _ in found(typed.intents, masked):
        weights[phrase.kind] = max(weights.get(phrase.kind, 0.0), phrase.weight)
    compared = found(typed.comparators, _MONTHS_MEAN.sub("sum", _GET_ON.sub("fare", words)))
    comparators = tuple(dict.fromkeys(p.kind for p, _ in compared))
    if _PLANNED.search(masked):
        weights.pop("predict", None)
    if "events" in weights and _EVENT.search(masked) and not _RELEASE.search(masked):
        weights.pop("when", None)
    if "explain" in weights and _COUNTED.search(masked):
        weights.pop("subgroup", None)  # "are children counted": of the definition, not of children
    if "difference between someplace" in masked:
        weights.pop("explain", None)
    if "subgroup" in weights and _OF_A_FIGURE.search(masked):
        del weights["subgroup"]
    own = bool(_OWN.search(masked))
    if _PARTS.search(masked) and (own or not _OTHERS_PLACES.search(masked)):
        # "which domain is our weakest": our own figures, side by side
        apart = ("rank", "exemplar", "celebrate", "extreme_low", "extreme_high", "list", "cause")
        weights = {k: w for k, w in weights.items() if k not in apart}
        comparators = tuple(c for c in comparators if c != "peers")
        weights["overview"] = 1.2
    if "rank" in weights and not _ranks(masked, own):
        del weights["rank"]
        if own and not {"extreme_low", "extreme_high"} & weights.keys():
            comparators = tuple(dict.fromkeys((*comparators, "peers")))
            weights["position"] = 1.0
    told = bool(_TELL_ABOUT.search(masked)) and not own and "someplace" not in masked
    if (named or topic) and _asks_why(masked, alone):
        told = bool(weights.pop("cause", 1.0))
    beside = {"national", "region", "peers", "last_year"} & set(comparators)
    if (named or topic) and (told or (_asks_what(masked, alone) and not beside)):
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
    if _HOW_ARE_YOU.match(masked):
        weights = {"help": 0.5}
    wants = tuple(k for k in (*FINER, "position") if k in weights)
    wants += ("parts",) if weights.get("overview") == 1.2 else ()
    if {"extreme_low", "extreme_high"} & weights.keys() and (valued := _VALUED.search(masked)):
        wants += ("worst",) if valued[0] in ("worst", "poorest") else ("best",)
    return Intent(_kind(weights, named), wants, comparators, weights)


def by_cues(words: str, typed: Typed) -> str:
    """The kind that most single words point to, where no phrase told it; "" when two are as near.

    One word is enough in a short text, in a longer one it takes two. Kinds with figures are not among them.
    """
    said = {stem(w) for w in words.split()}
    points = {kind: len(cues & said) for kind, cues in typed.cues.items()}
    most = max(points.values(), default=0)
    best = [kind for kind, n in points.items() if n == most]
    enough = 1 if len(words.split()) < 7 else 2
    return best[0] if most >= enough and len(best) == 1 else ""


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
    if _TIMES.search(words) or (
        own and _OF_TIME.search(words) and not _OTHERS_PLACES.search(words)
    ):
        return False
    if _OTHERS.search(words):
        return True
    return not own and not _OF_TIME.search(words)


def _asks_why(words: str, alone: str) -> bool:
    """Is it "why X" alone ("why four hours")? With a verb it asks for a cause."""
    asked = _WHY.match(words) and not re.search(r"\b[a-e]$", words)  # "why is it E": a cause
    return bool(asked) and not set(alone.split()) - _SMALL


def _asks_what(words: str, alone: str) -> bool:
    """Is it "what is X", with nothing that asks for X's figure?"""
    m = _WHAT_IS.match(words)
    return bool(m) and not _FIGURE.search(alone)
