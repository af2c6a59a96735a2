"""How do facts become words? Templates with named blocks, and words.toml, both in messages/.

A template gets facts and prints them; whatever is printed and not `Marked` is escaped, so data
never becomes markup. A missing fact, a bare decimal or an empty value is an error, never a gap.
"""

import hashlib
import re
import string
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
    pass_context,
)
from jinja2.ext import Extension
from jinja2.runtime import Context

from auditbot import period as periods
from auditbot.model import Period
from auditbot.say import markup
from auditbot.say.markup import Marked

_SPACE_BEFORE = re.compile(r"[ \t]+([.,;:!?])(?=\s|$)")
_GAP = re.compile(r"[ \t]+")
_PARTS = "\f"  # stands for an empty line of a template
_EMPTY = re.compile(r"^[ \t]*\n", re.M)
_TAGS_ALONE = re.compile(r"^[ \t]*((?:\{%(?:(?!%\}).)*%\}|\{#(?:(?!#\}).)*#\})+)[ \t]*\n", re.M)


class _TagLines(Extension):
    """An empty line of the template parts paragraphs; a line that prints nothing does not.

    A line of tags alone prints nothing, not even its end: that moves into a comment, which keeps
    the line numbers of faults right.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return _TAGS_ALONE.sub(r"\1{#\n#}", _EMPTY.sub(f"{_PARTS}\n", source))


class WordsFault(Exception):
    """A template or words.toml cannot be used; the message is a sentence for who edits it."""


class Words:
    """Everything a reader may read, from one folder: `<name>.j2` templates and `words.toml`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            raw = (folder / "words.toml").read_bytes()
            self.table: dict[str, Any] = tomllib.loads(raw.decode("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as e:
            raise WordsFault(
                f"{folder / 'words.toml'} cannot be read ({e}); mend the line it names."
            ) from None
        self._toml = raw
        self._text = self._environment(autoescape=False)
        self._page = self._environment(autoescape=True)

    def _environment(self, *, autoescape: bool) -> Environment:
        env = Environment(
            loader=FileSystemLoader(self.folder),
            undefined=StrictUndefined,
            autoescape=autoescape,  # noqa: S701  messages are no HTML: `_printed` escapes
            finalize=None if autoescape else _printed,
            extensions=[] if autoescape else [_TagLines],
            trim_blocks=autoescape,
            lstrip_blocks=autoescape,
        )
        env.globals |= {"say": self.say, "link": markup.link, "part": part}
        env.filters |= {
            "period": self.period,
            "day": self.day,
            "month": self.month,
            "number": thousands,
            "capital": capital,
            "plain": markup.plain,
            "listed": self.listed,
            "alternatives": self.alternatives,
            "sentence": sentence,
        }
        return env

    # Templates

    def render(self, template: str, block: str, facts: Mapping[str, Any]) -> str:
        """One block of a template in words: paragraphs are parted by an empty line.

        Raises WordsFault, naming template, block and what is wrong.
        """
        found = self._template(template)
        if block not in found.blocks:
            raise WordsFault(f"{_file(template)}: the block '{block}' is missing; put it back.")
        try:
            printed = "".join(found.blocks[block](found.new_context(dict(facts))))
        except (UndefinedError, TypeError, KeyError) as e:
            raise WordsFault(f"{_file(template)}, block '{block}': {e}.") from e
        return Marked("\n\n".join(_paragraphs(printed)))

    def lines(self, template: str, block: str, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """The paragraphs of a block; none when it prints nothing."""
        text = self.render(template, block, facts)
        return tuple(Marked(p) for p in text.split("\n\n") if p)

    def has(self, template: str, block: str) -> bool:
        """Is there such a block?"""
        try:
            return block in self._template(template).blocks
        except WordsFault:
            return False

    def blocks(self, template: str) -> tuple[str, ...]:
        """The names of the blocks of a template."""
        return tuple(self._template(template).blocks)

    def templates(self) -> tuple[str, ...]:
        """The names of all templates of messages, pages left out."""
        return tuple(sorted(p.stem for p in self.folder.glob("*.j2") if ".html" not in p.name))

    def page(self, template: str, facts: Mapping[str, Any]) -> str:
        """A whole HTML page from `<template>.html.j2`; values are escaped for HTML."""
        return self._page.get_template(f"{template}.html.j2").render(dict(facts))

    def hash(self, template: str) -> str:
        """SHA-256 of the template and words.toml, for the trail of a message."""
        source = (self.folder / _file(template)).read_bytes()
        return hashlib.sha256(source + b"\0" + self._toml).hexdigest()

    def faults(self) -> tuple[str, ...]:
        """Every template that does not read, one sentence each with file and line."""
        return tuple(f for name in self.templates() for f in self._fault(name))

    def _fault(self, name: str) -> Iterable[str]:
        try:
            self._template(name)
        except WordsFault as e:
            yield str(e)

    def _template(self, template: str) -> Template:
        try:
            return self._text.get_template(_file(template))
        except TemplateNotFound:
            raise WordsFault(
                f"{self.folder / _file(template)} is missing; put the template back."
            ) from None
        except TemplateSyntaxError as e:
            raise WordsFault(f"{e.name}, line {e.lineno}: {e.message}.") from None

    # words.toml

    def say(self, key: str, /, **facts: object) -> Marked:
        """A phrase of words.toml ("table.key") with its {places} filled; values are escaped."""
        pattern = self.get(key)
        try:
            return Marked(_Filler().format(pattern, **facts))
        except (KeyError, IndexError, ValueError) as e:
            raise WordsFault(f"words.toml, '{key}': the place {e} is not filled here.") from None

    def get(self, key: str) -> str:
        """The phrase of words.toml as it stands."""
        found: Any = self.table
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                raise WordsFault(f"words.toml: '{key}' is missing; put it back.")
            found = found[part]
        if not isinstance(found, str):
            raise WordsFault(f"words.toml: '{key}' is not a phrase in quotes; put it back.")
        return found

    def under(self, table: str) -> dict[str, str]:
        """All phrases of one table of words.toml."""
        found = self.table.get(table, {})
        return {k: v for k, v in found.items() if isinstance(v, str)}

    # Dates and lists

    def period(self, period: Period) -> Marked:
        """For example "March 2026", "July to September 2026", "April 2025 to March 2026", or days."""
        s, e = period.start, period.end
        if periods.shape(period) == "day":
            return self.day(s)
        months = periods.length_in_months(period)
        if months is None:
            return self.say("period.days", start=self.day(s), end=self.day(e))
        if months == 1:
            return self.month(s)
        if s.year == e.year:
            names = self._month_name(s), self._month_name(e)
            return self.say("period.one_year", first=names[0], last=names[1], year=str(s.year))
        return self.say("period.two_years", first=self.month(s), last=self.month(e))

    def day(self, day: date) -> Marked:
        """For example "5 October 2026"."""
        return self.say(
            "period.day", day=str(day.day), month=self._month_name(day), year=str(day.year)
        )

    def month(self, day: date | Period) -> Marked:
        """For example "October 2026", the month of the day (of a period: of its first day)."""
        day = day.start if isinstance(day, Period) else day
        return self.say("period.month", month=self._month_name(day), year=str(day.year))

    def weekday(self, day: date) -> str:
        """For example "Monday"."""
        return str(self.table["weekdays"][day.weekday()])

    def short_period(self, period: Period) -> str:
        """A period as short as a chart axis needs it: "Mar 26", "Jul-Sep 26", "2025/26"."""
        s, e = period.start, period.end
        first, last = (str(self.table["months_short"][d.month - 1]) for d in (s, e))
        year, end_year = f"{s.year % 100:02}", f"{e.year % 100:02}"
        shape = periods.shape(period)
        if shape == "day":
            return self.get("period.axis_day").format(day=s.day, month=first, year=year)
        if shape == "financial_year" or (shape == "span" and s.year != e.year):
            return self.get("period.axis_two_years").format(year=s.year, end_year=end_year)
        if shape == "month":
            return self.get("period.axis_month").format(month=first, year=year)
        if shape == "year":
            return str(e.year)
        return self.get("period.axis_months").format(first=first, last=last, year=end_year)

    def age(self, day: date, today: date) -> Marked:
        """How long ago a day was: "8 months ago". A day to come counts as today."""
        days = max((today - day).days, 0)
        months = 12 * (today.year - day.year) + today.month - day.month - (today.day < day.day)
        if days == 0:
            return self.say("age.today")
        if days < 14:
            return self.say("age.days" if days > 1 else "age.yesterday", n=days)
        if months < 2:
            return self.say("age.weeks", n=days // 7)
        if months < 24:
            return self.say("age.months", n=months)
        return self.say("age.years", n=months // 12)

    def listed(self, items: Iterable[str]) -> Marked:
        """For example "A, B and C"."""
        return self._series(items, "list.and")

    def alternatives(self, items: Iterable[str]) -> Marked:
        """For example "A, B or C"."""
        return self._series(items, "list.or")

    def _series(self, items: Iterable[str], last: str) -> Marked:
        *most, end = [i if isinstance(i, Marked) else markup.escape(i) for i in items] or [Marked()]
        if not most:
            return Marked(end)
        return self.say(last, most=Marked(self.get("list.comma").join(most)), last=end)

    def _month_name(self, day: date) -> str:
        return str(self.table["months"][day.month - 1])


class _Filler(string.Formatter):
    """Fills {places}; what is put in is escaped unless Marked, and may not be computed upon."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        return kwargs[field_name], field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        return _printed(value)


@pass_context
def part(context: Context, block: str) -> Marked:
    """Another block of the same template, to stand inside this one."""
    return Marked(" ".join("".join(context.blocks[block][0](context)).split()))


def thousands(number: float) -> Marked:
    """A count with commas: 1173 → "1,173". Halves, which some publishers share out, keep theirs."""
    return Marked(f"{number:,.0f}" if float(number).is_integer() else f"{number:,.1f}")


def capital(text: str) -> str:
    """The text with its first letter large and the rest untouched ("A&E visits" stays)."""
    grown = text[:1].upper() + text[1:]
    return Marked(grown) if isinstance(text, Marked) else grown


def sentence(text: str) -> str:
    """The text with a capital and a full stop, whether or not it had them."""
    bare = text.strip()
    whole = capital(bare if bare.endswith((".", "!", "?")) else f"{bare}.")
    return Marked(whole) if isinstance(text, Marked) else whole


def _printed(value: object) -> str:
    """What a template prints: trusted text as it is, data escaped; decimals must be worded first."""
    if isinstance(value, Marked):
        return value
    if isinstance(value, str):
        return markup.escape(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return thousands(value)
    str(value)  # an undefined fact says here by name that it is missing
    raise TypeError(f"{value!r} is not words; give the template a phrase or a whole number")


def _paragraphs(printed: str) -> Iterable[str]:
    """Lines of one paragraph are joined; lines that start a list stay lines."""
    for chunk in printed.split(_PARTS):
        lines = [_GAP.sub(" ", line).strip() for line in chunk.splitlines()]
        text = ""
        for line in filter(None, lines):
            new_line = line.startswith(("• ", "- "))
            text += ("\n" if new_line else " ") * bool(text) + line
        if text:
            yield _SPACE_BEFORE.sub(r"\1", text)


def _file(template: str) -> str:
    return template if template.endswith(".j2") else f"{template}.j2"
