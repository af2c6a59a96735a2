"""What is said around a figure: to a lead, who hears first or alone, and when one is put right."""

import re
from collections.abc import Iterable

from tests.oracle.reader import Reader, rule


@rule(
    r"This goes to {goes}\. You see it first\.|Before it goes to {to}:"
    r"|You can add one line of context, or hold it for up to five working days with a reason\."
)
def lead_first(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    yield from reader.strength("confirmed")
    if reader.lead or reader.truth.direction != "concern":
        yield f"it is {reader.truth.direction}"


@rule(
    r"This is for you alone\. It is not in the channel, as one result is not enough to call it a change\."
)
def lead_alone(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if not reader.lead or not reader.truth.doubtful_fall:
        yield f"it is {reader.truth.verdict}, early {reader.truth.early!r}"


@rule(
    r"{plain}: corrected to (?:(?P<new>{R})(?: in 100)?(?: {counted})?|(?P<letter>[A-E]))(?: \((?P<top>{N}) of (?P<bottom>{N})\))?\."
    r" We told you (?P<old>{R}|[A-E])(?: \((?P<x>{N}) of (?P<n>{N})\))?\."
)
def corrected(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    now, told = reader.truth.now, reader.told
    if told is None:
        yield "nothing was told"
        return
    if m["letter"]:
        if (m["letter"], m["old"]) != (now.letter, told.letter):
            yield f"{told.letter} was told, and it is {now.letter}"
        return
    for text, cell, top, bottom in ((m["new"], now, "top", "bottom"), (m["old"], told, "x", "n")):
        yield from reader.figure(text, cell)
        if m[top]:
            yield from reader.counts(m[top], m[bottom], cell)
    if m["new"] == m["old"]:
        yield "both read the same"


@rule(
    r"{plain}: earlier figures were corrected\. The newest stays at (?:(?P<new>{R})(?: in 100)?(?: {counted})?|(?P<letter>[A-E]))(?: \((?P<top>{N}) of (?P<bottom>{N})\))?\."
)
def corrected_before(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    now = reader.truth.now
    told = reader.told
    if told is None or (told.value, told.letter) != (now.value, now.letter):
        yield f"{reader.told} was told"
    if m["letter"]:
        if m["letter"] != now.letter:
            yield f"it is {now.letter}"
        return
    yield from reader.figure(m["new"], now)
    if m["top"]:
        yield from reader.counts(m["top"], m["bottom"], now)


@rule(
    r"The earlier message is out of date\. We keep both figures on record\."
    r"(?: What we said about ups and downs (?:still holds|no longer holds)\.)?"
)
def out_of_date(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if reader.told is None:
        yield "nothing was told"
