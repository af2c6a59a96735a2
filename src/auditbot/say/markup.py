"""What does the light markup of a message mean? **bold**, *italic*, [words](address), nothing else.

Templates may use it; data may not. `escape` puts a backslash before each character with a meaning,
so that a name such as "Ward *6* [East]" stays a name; `Marked` text is trusted and left alone.
Rooms that show messages (Slack, pages, terminals) read `spans` and never the raw text.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

_TOKEN = re.compile(
    r"\\(?P<literal>.)"
    r"|(?P<bold>\*\*)"
    r"|(?P<italic>\*)"
    r"|\[(?P<label>(?:\\.|[^\\\]\n])*)\]\((?P<address>[^()\s]*)\)",
    re.DOTALL,
)
_MEANING = re.compile(r"([\\*\[\]])")
_SCHEMES = ("https", "http", "mailto")


class Marked(str):
    """Text whose markup is meant: it comes from messages/, or its data has been escaped."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text in one style; `link` is an address or empty."""

    text: str
    bold: bool = False
    italic: bool = False
    link: str = ""


def escape(text: str) -> Marked:
    """Data as plain words: characters with a meaning lose it, white space becomes one space.

    Invisible control characters (line breaks, direction changes) are dropped: they could make a
    name look like something else. "{{" is parted, since rooms may read {{user:…}} as a mention.
    """
    spaced = " ".join(text.split()).replace("{{", "{ {")
    seen = "".join(
        c for c in spaced if unicodedata.category(c) not in ("Cc", "Cs") and not _turns(c)
    )
    return Marked(_MEANING.sub(r"\\\1", seen))


def link(words: str, address: str) -> Marked:
    """The words leading to an address; the words alone when the address is not of the web or mail."""
    label = words if isinstance(words, Marked) else escape(words)
    if urlsplit(address).scheme not in _SCHEMES:
        return Marked(label)
    return Marked(f"[{label}]({quote(address, safe=_SAFE)})")


# Everything an address may hold, apart from brackets, spaces, quotes and angle brackets.
_SAFE = "!#$%&*+,-./:;=?@_~'"


def spans(text: str) -> list[Span]:
    """The text in stretches of one style, in order. A marker that is never closed is shown."""
    return _joined(_read(text))


def plain(text: str) -> str:
    """The text without markup, as a screen reader or a terminal gets it."""
    return "".join(s.text for s in spans(text))


def _read(text: str) -> list[Span]:
    found: list[Span] = []
    bold = italic = False
    open_bold = open_italic = -1  # where in `found` the open marker stands
    at = 0
    for m in _TOKEN.finditer(text):
        found.append(Span(text[at : m.start()], bold, italic))
        at = m.end()
        if m["literal"] is not None:
            found.append(Span(m["literal"], bold, italic))
        elif m["bold"]:
            open_bold = -1 if bold else len(found)
            bold = not bold
            found.append(Span(""))
        elif m["italic"]:
            open_italic = -1 if italic else len(found)
            italic = not italic
            found.append(Span(""))
        else:
            found += [
                replace(s, bold=s.bold or bold, italic=s.italic or italic, link=m["address"])
                for s in _read(m["label"])
            ]
    found.append(Span(text[at:], bold, italic))
    if bold:
        found[open_bold] = Span("**")
        found[open_bold + 1 :] = [replace(s, bold=False) for s in found[open_bold + 1 :]]
    if italic:
        found[open_italic] = Span("*")
        found[open_italic + 1 :] = [replace(s, italic=False) for s in found[open_italic + 1 :]]
    return found


def _joined(found: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for s in found:
        if not s.text:
            continue
        if joined and replace(joined[-1], text="") == replace(s, text=""):
            joined[-1] = replace(s, text=joined[-1].text + s.text)
        else:
            joined.append(s)
    return joined


def _turns(c: str) -> bool:
    return "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069" or c in "\u200b\u2028\u2029\ufeff"


def mention(what: str, id: str) -> Marked:
    """A person ("user") or place ("channel") by id, as rooms that can name them read it."""
    if what not in ("user", "channel") or not id.isalnum():
        raise ValueError(
            f"'{what}:{id}' names no person and no channel; give a user or channel id."
        )
    return Marked(f"{{{{{what}:{id}}}}}")
