"""The two forms of a lead: hold a concern, or add one line to it. Words are in messages/forms.j2."""

import json
from collections.abc import Mapping
from typing import Any

from auditbot.say.words import Words

LONGEST_HOLD = 5  # working days
LONGEST_LINE = 200  # letters: one sentence


def view(words: Words, form: str, value: str) -> dict[str, Any]:
    """The form as a modal view. `value` is the button's: it names the concern."""

    def text(name: str, facts: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {"type": "plain_text", "text": words.render("forms", name, facts or {})}

    inputs: list[dict[str, Any]] = [
        {
            "type": "input",
            "block_id": "words",
            "label": text(f"{form}_label"),
            "hint": text(f"{form}_hint"),
            "element": {
                "type": "plain_text_input",
                "action_id": "words",
                "multiline": form == "hold",
                "max_length": LONGEST_LINE,
            },
        }
    ]
    if form == "hold":
        options = [
            {"text": text("hold_day", {"count": n}), "value": str(n)}
            for n in range(1, LONGEST_HOLD + 1)
        ]
        inputs.append(
            {
                "type": "input",
                "block_id": "days",
                "label": text("hold_days_label"),
                "element": {
                    "type": "static_select",
                    "action_id": "days",
                    "options": options,
                    "initial_option": options[0],
                },
            }
        )
    return {
        "type": "modal",
        "callback_id": form,
        "private_metadata": json.dumps({"concern": value}),
        "title": text(f"{form}_title"),
        "submit": text(f"{form}_submit"),
        "close": text(f"{form}_close"),
        "blocks": inputs,
    }


def written(filled: Mapping[str, Any]) -> str:
    """What was typed into a submitted form."""
    return str(_state(filled, "words").get("value") or "").strip()


def chosen(filled: Mapping[str, Any]) -> dict[str, int]:
    """{"days": n} of a submitted hold; empty for the other form."""
    option = _state(filled, "days").get("selected_option") or {}
    return {"days": min(int(option["value"]), LONGEST_HOLD)} if option else {}


def _state(filled: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    values: Mapping[str, Any] = filled["state"]["values"]
    return values.get(name, {}).get(name, {})  # type: ignore[no-any-return]
