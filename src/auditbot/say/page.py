"""How do messages look on one page to print, mail or paste? One HTML file that needs no other."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from auditbot.model import Chart, Message
from auditbot.say.drawing import png
from auditbot.say.markup import spans
from auditbot.say.words import Words


def html(words: Words, messages: Sequence[tuple[str, Message]], *, title: str) -> str:
    """One self-contained page with each message under its heading ("" for none).

    Charts are drawn and put in as data; buttons are shown as what could be pressed elsewhere.
    """
    shown = [
        {"heading": heading, "id": f"m{i}", **_shown(message)}
        for i, (heading, message) in enumerate(messages, 1)
    ]
    return words.page("page", {"title": title, "messages": shown, "say": words.under("page")})


def _shown(message: Message) -> dict[str, Any]:
    return {
        "kind": message.kind,
        "title": _spans(message.context[0]) if message.context else [],
        "headline": _spans(message.headline),
        "body": [_lines(p) for p in message.body],
        "table": [[_spans(cell) for cell in row] for row in message.table],
        "chart": _chart(message.chart) if message.chart else None,
        "small": [_spans(c) for c in message.context[1:]],
        "thread": [_shown(m) for m in message.thread],
        "buttons": [b.text for b in message.buttons],
        "more": [b.text for b in message.more],
        "fallback": _spans(message.fallback),
    }


def _chart(chart: Chart) -> dict[str, str]:
    return {"data": b64encode(png(chart)).decode("ascii"), "alt": chart.alt_text}


def _lines(paragraph: str) -> list[list[dict[str, Any]]]:
    return [_spans(line) for line in paragraph.split("\n")]


def _spans(text: str) -> list[dict[str, Any]]:
    return [
        {"text": s.text, "bold": s.bold, "italic": s.italic, "link": s.link} for s in spans(text)
    ]
