"""How does a Message look in Slack? The only module that knows Block Kit.

Limits are Slack's (smaller of the published ones); whatever would break one is cut at a sentence
or goes to a further block, never refused for its length.
"""

import re
from typing import Any

from auditbot.model import Button, Message
from auditbot.say.markup import Span, plain, spans

SECTION = 3000
CONTEXT_ELEMENTS = 10
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
OPTIONS = 5
ALT = 2000
TABLE_ROWS = 100
Block = dict[str, Any]

_NAMED = re.compile(r"\{\{(user|channel):([A-Z0-9]+)\}\}")
_SIGN = {"user": "@", "channel": "#"}


def escape(text: str) -> str:
    """Data made inert: no link, no channel-wide call, no mention can come out of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mrkdwn(text: str) -> str:
    """Our plain markup as Slack's own. `{{user:U0…}}` and `{{channel:C0…}}` become mentions."""
    return _NAMED.sub(lambda m: f"<{_SIGN[m[1]]}{m[2]}>", "".join(_span(s) for s in spans(text)))


def _span(span: Span) -> str:
    text = escape(span.text)
    if span.link:
        text = f"<{span.link.replace('|', '%7C').replace('>', '%3E')}|{text}>"
    # Slack wants the marks close to the words they hold
    for on, mark in ((span.bold, "*"), (span.italic, "_")):
        core = text.strip()
        if on and core:
            text = text.replace(core, f"{mark}{core}{mark}", 1)
    return text


def blocks(message: Message, picture: str | None = None) -> list[Block]:
    """The message as blocks. `picture` is the id of its uploaded chart; None leaves it out."""
    out: list[Block] = []
    out += _context(message.context[:1])
    out += _sections(message.headline)
    for paragraph in message.body:
        out += _sections(paragraph)
    if message.table:
        out.append(table(message.table))
    if picture and message.chart:
        out.append(
            {
                "type": "image",
                "slack_file": {"id": picture},
                "alt_text": message.chart.alt_text[:ALT],
            }
        )
    out += _context(message.context[1:])
    if message.buttons or message.more:
        out.append(actions(message))
    return out


def plain_blocks(message: Message) -> list[Block]:
    """The same words in the plainest blocks: what is sent when the first form was refused."""
    text = "\n".join(
        [*message.context[:1], message.headline, *message.body]
        + [" · ".join(row) for row in message.table]
        + list(message.context[1:])
    )
    return _sections(text)


def actions(message: Message) -> Block:
    """At most two buttons, the rest behind the dots.

    An option's value is its place in the message, since Slack allows it 150 characters: the
    handler looks the message up again.
    """
    elements: list[Block] = [
        {
            "type": "button",
            "action_id": f"{b.action}#{i}",
            "text": _label(b),
            **({"value": b.value[:BUTTON_VALUE]} if b.value.strip() else {}),
        }
        for i, b in enumerate(message.buttons)
    ]
    more = message.more[:OPTIONS]
    if len(more) == 1:  # Slack wants two options or more behind the dots
        elements.append(
            {
                "type": "button",
                "action_id": f"{more[0].action}#more",
                "text": _label(more[0]),
                **({"value": more[0].value[:BUTTON_VALUE]} if more[0].value.strip() else {}),
            }
        )
    elif more:
        elements.append(
            {
                "type": "overflow",
                "action_id": "more",
                "options": [
                    {"text": _label(b), "value": f"{b.action}#{i}"} for i, b in enumerate(more)
                ],
            }
        )
    return {"type": "actions", "elements": elements}


def table(rows: tuple[tuple[str, ...], ...]) -> Block:
    """A table; the first row is the header."""
    return {
        "type": "table",
        "rows": [
            [{"type": "raw_text", "text": plain(cell).strip() or "–"} for cell in row]
            for row in rows[:TABLE_ROWS]
        ],
    }


def fallback(message: Message) -> str:
    """The notification text: read on lock screens and by screen readers."""
    return _NAMED.sub(lambda m: f"<{_SIGN[m[1]]}{m[2]}>", escape(message.fallback))[:SECTION]


def _label(button: Button) -> Block:
    return {
        "type": "plain_text",
        "text": plain(button.text).strip()[:BUTTON_TEXT] or "…",
        "emoji": True,
    }


def _context(lines: tuple[str, ...]) -> list[Block]:
    shown = [t for t in (mrkdwn(line).strip()[:SECTION] for line in lines) if t]
    elements = [{"type": "mrkdwn", "text": t} for t in shown[:CONTEXT_ELEMENTS]]
    return [{"type": "context", "elements": elements}] if elements else []


def _sections(text: str) -> list[Block]:
    """Sections of at most 3,000 characters, cut between sentences."""
    rest, out = mrkdwn(text).strip(), []
    while rest:
        piece = rest
        if len(rest) > SECTION:
            ends = (rest.rfind(end, 0, SECTION) for end in (". ", "\n", " "))
            cut = next((e for e in ends if e > 0), SECTION - 1)
            piece = rest[: cut + 1]
        out.append({"type": "section", "text": {"type": "mrkdwn", "text": piece.strip()}})
        rest = rest[len(piece) :].strip()
    return out
