"""What does each form ask? Forms as modal views and back; their words are in messages/forms.j2."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from auditbot.act.concern import LONGEST_LINE
from auditbot.act.dispute import OUTCOMES, REASONS
from auditbot.model import Message
from auditbot.say.words import Words
from bot.slack.blocks import blocks

LONGEST_HOLD = 5  # working days


@dataclass(frozen=True, slots=True)
class Line:
    """A field to write in. What is written in them all is the one text that the guard reads."""

    name: str = "words"
    tall: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few; `preset`: the first is chosen until somebody chooses another."""

    name: str
    options: tuple[str, ...]
    preset: bool = False


FORMS: Mapping[str, tuple[Line | Choice, ...]] = MappingProxyType(
    {
        "hold": (
            Line(tall=True),
            Choice("days", tuple(str(n) for n in range(1, LONGEST_HOLD + 1)), preset=True),
        ),
        "add_line": (Line(),),
        "dispute": (Choice("reason", REASONS), Line(optional=True)),
        "answer_dispute": (Choice("outcome", OUTCOMES), Line()),
        "teach": (Line(), Line("means")),
    }
)


def view(
    words: Words, form: str, about: Mapping[str, Any], reading: Message | None = None
) -> dict[str, Any]:
    """The form as a modal view. `about` comes back with it: JSON that says what it is about.

    `reading` stands above the fields. It is shown and kept nowhere.
    """
    return {
        "type": "modal",
        "callback_id": form,
        "private_metadata": json.dumps(dict(about)),
        **{name: _text(words, f"{form}_{name}") for name in ("title", "submit", "close")},
        "blocks": [
            *(blocks(reading) if reading else ()),
            *(_input(words, form, field) for field in FORMS[form]),
        ],
    }


def written(filled: Mapping[str, Any]) -> str:
    """What was typed into a submitted form, a line for each field to write in."""
    typed = [
        str(_state(filled, field.name).get("value") or "").strip()
        for field in FORMS.get(filled["callback_id"], ())
        if isinstance(field, Line)
    ]
    return "\n".join(typed)


def chosen(filled: Mapping[str, Any]) -> dict[str, str]:
    """What was chosen in a submitted form, by field; an option that it does not have is left out."""
    found = {}
    for field in FORMS.get(filled["callback_id"], ()):
        if isinstance(field, Choice):
            option = (_state(filled, field.name).get("selected_option") or {}).get("value")
            if option in field.options:
                found[field.name] = str(option)
    return found


def _input(words: Words, form: str, field: Line | Choice) -> dict[str, Any]:
    if isinstance(field, Line):
        asked = form if field.name == "words" else f"{form}_{field.name}"
        return {
            "type": "input",
            "block_id": field.name,
            "optional": field.optional,
            "label": _text(words, f"{asked}_label"),
            "hint": _text(words, f"{asked}_hint"),
            "element": {
                "type": "plain_text_input",
                "action_id": field.name,
                "multiline": field.tall,
                "max_length": LONGEST_LINE,
            },
        }
    asked = f"{form}_{field.name}"
    options = [
        {"text": _text(words, f"{asked}_option", option=o), "value": o} for o in field.options
    ]
    return {
        "type": "input",
        "block_id": field.name,
        "label": _text(words, f"{asked}_label"),
        "element": {
            "type": "static_select",
            "action_id": field.name,
            "options": options,
            **({"initial_option": options[0]} if field.preset else {}),
        },
    }


def _text(words: Words, block: str, **facts: Any) -> dict[str, Any]:
    return {"type": "plain_text", "text": words.render("forms", block, facts)}


def _state(filled: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    values: Mapping[str, Any] = filled["state"]["values"]
    return values.get(name, {}).get(name, {})  # type: ignore[no-any-return]
