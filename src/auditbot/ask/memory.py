"""What does a conversation remember, and what does a button mean? Questions as JSON and back."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from auditbot.ask import wording
from auditbot.model import Button, Period, Question

# What a pressed button asks; the value names service, metric and period.
_BUTTONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "ask_improve": ("improve", ()),
    "ask_chart_help": ("explain", ("chart_help",)),
    "ask_source": ("source", ()),
    "ask_explain": ("explain", ()),
    "ask_contact": ("contact", ()),
    "ask_list": ("list", ()),
    "ask_when": ("when", ()),
    "ask_chart": ("card", ("chart",)),
}

# Which of the offered choices: by their order, or said around the words that tell it.
_NTH = {
    "1": 0,
    "first": 0,
    "1st": 0,
    "one": 0,
    "a": 0,
    "2": 1,
    "second": 1,
    "2nd": 1,
    "two": 1,
    "b": 1,
}
_NTH |= {"3": 2, "third": 2, "3rd": 2, "three": 2, "c": 2, "last": -1, "bottom": -1, "top": 0}
_AROUND = wording.bag(
    "the a an one ones option number choice please pls thanks thank you i we me mean meant want wanted would "
    "like it s is that this ok okay yes yeah yep sorry oh no of those them these our ours my for at in go with "
    "pick choose just"
)
_EVERY = frozenset(
    ["both", "both of them", "both please", "all", "all of them", "all three", "all please"]
)
_FEWEST_LETTERS = 4  # of a word that may be cut short ("physio")


def from_button(action: str, value: str) -> Question | None:
    """The question a button asks; None for a button that asks none, or whose value is not ours."""
    if action not in _BUTTONS:
        return None
    kind, wants = _BUTTONS[action]
    known = _object(value)
    service, metric = known.get("service"), known.get("metric")
    among = action == "ask_chart_help" and known.get("among") == "peers"
    return Question(
        kind,
        metric if isinstance(metric, str) and metric else None,
        services=(service,) if isinstance(service, str) and service else (),
        period=_period(known),
        comparator="peers" if among else None,
        wants=wants,
    )


def option_text(button: Button) -> str | None:
    """The words of a pressed choice, to be read like a typed line; None for any other button."""
    if button.action != "ask_option":
        return None
    text = _object(button.value).get("text")
    return text if isinstance(text, str) else ""


def value_of(question: Question) -> str:
    """What a button of an answer hands to its handler."""
    p = question.period
    return json.dumps(
        {
            "service": question.services[0] if question.services else "",
            "metric": question.metric or "",
            "start": p.start.isoformat() if p else "",
            "end": p.end.isoformat() if p else "",
        }
        | ({"among": "peers"} if among_peers(question) else {})
    )


def among_peers(question: Question) -> bool:
    """Does it ask where a service lies among others? Then its picture is a funnel."""
    return question.comparator in ("peers", "national") or "position" in question.wants


def remembered(question: Question, choices: Mapping[str, Question]) -> dict[str, Any]:
    """A conversation's state, ready for JSON: the last question and the choices offered."""
    return {
        "question": _plain(question),
        "choices": {text: _plain(q) for text, q in choices.items()},
    }


def recalled(state: Any) -> tuple[Question | None, dict[str, Question]]:
    """The last question and the choices offered, from a conversation's state."""
    if not isinstance(state, Mapping):
        return None, {}
    choices = state.get("choices")
    choices = choices if isinstance(choices, Mapping) else {}
    last = _question(state.get("question"))
    return last, {t: q for t, raw in choices.items() if (q := _question(raw)) is not None}


def chosen(said: str, choices: Mapping[str, Question]) -> tuple[Question, ...]:
    """The choices that a reply picks: the one it names, counts or alone fits; empty when in doubt.

    Words pick a choice when all that tell something are in it and in no other. Of choices that
    differ in their time they do not: "March" is then a month, and not the year it is a part of.
    """
    exact = [q for t, q in choices.items() if _letters(t) == _letters(said)]
    if exact:
        return tuple(exact[:1])
    words = _letters(said).split()
    if " ".join(words) in _EVERY and (len(choices) == 2 or "all" in words):
        return tuple(choices.values())
    telling = [w for w in words if w not in _AROUND]
    counted = telling or [w for w in words if w in _NTH]
    offered = list(choices.values())
    if len(counted) == 1 and counted[0] in _NTH:
        at = _NTH[counted[0]]
        return (offered[at],) if at < len(offered) else ()
    if not telling or len({q.period for q in offered}) > 1:
        return ()
    fits = [q for t, q in choices.items() if _fits(telling, _letters(t).split())]
    return tuple(fits) if len(fits) == 1 else ()


def _fits(said: list[str], offered: list[str]) -> bool:
    return all(any(_same_word(w, o) for o in offered) for w in said)


def _same_word(said: str, offered: str) -> bool:
    begins = len(said) >= _FEWEST_LETTERS and offered.startswith(said)
    return begins or wording.stem(said) == wording.stem(offered)


def _letters(text: str) -> str:
    """Small letters and figures with one space between; "Children's" as it is typed on a phone."""
    return re.sub(r"[\W_]+", " ", re.sub(r"['’]", "", text.casefold())).strip()


def _plain(q: Question) -> dict[str, Any]:
    return {
        "kind": q.kind,
        "metric": q.metric,
        "audit": q.audit,
        "services": list(q.services),
        "start": q.period.start.isoformat() if q.period else None,
        "end": q.period.end.isoformat() if q.period else None,
        "comparator": q.comparator,
        "wants": list(q.wants),
    }


def _question(raw: Any) -> Question | None:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("kind"), str):
        return None
    asked = Question(raw["kind"], raw.get("metric"), raw.get("audit"))
    return replace(
        asked,
        services=tuple(raw.get("services") or ()),
        period=_period(raw),
        comparator=raw.get("comparator"),
        wants=tuple(raw.get("wants") or ()),
    )


def _period(raw: Mapping[str, Any]) -> Period | None:
    try:
        return Period(date.fromisoformat(raw["start"]), date.fromisoformat(raw["end"]))
    except (KeyError, TypeError, ValueError):
        return None


def _object(value: str) -> Mapping[str, Any]:
    try:
        read = json.loads(value)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
