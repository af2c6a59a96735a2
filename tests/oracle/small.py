"""What is said of the picture, and in small print."""

import re
from calendar import monthrange
from collections.abc import Iterable

from tests.oracle.files import MONTHS
from tests.oracle.reader import Reader, rule
from tests.oracle.truth import period_words


@rule(
    r"(?P<kind>Step chart|Chart) of (?P<n>{N}) results, from (?P<first>[A-Z][a-zA-Z0-9 ]+) until (?P<last>[A-Z][a-zA-Z0-9 ]+)\."
)
def picture(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    most, held = 48, truth.phase
    if m["kind"] == "Step chart":
        most, held = 16, list(truth.cells)
    held = [k for k in held if k > truth.at - most * truth.step]
    known = [k for k in held if truth.cells[k].known]
    first = known[0] if m["kind"] == "Step chart" else held[0]
    if (m["kind"] == "Step chart") != (truth.kind == "level"):
        yield "it is another kind of chart"
    if int(m["n"]) != len(known):
        yield f"there are {len(known)}"
    if (m["first"], m["last"]) != tuple(period_words(k, truth.step) for k in (first, truth.at)):
        yield f"they are from {period_words(first, truth.step)} to {period_words(truth.at, truth.step)}"


@rule(r"Average (?P<mean>{R})(?:, usual range (?P<low>{R}) to (?P<high>{R}))?\.")
def usual_range(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    chart = reader.truth.chart
    if chart.mean is None:
        yield "it is too early for an average"
        return
    yield from reader.line(m["mean"], chart.mean)
    if (chart.lower is None) != (m["low"] is None):
        yield f"the limits are {chart.lower} and {chart.upper}"
    elif chart.lower is not None and chart.upper is not None:
        yield from reader.line(m["low"], chart.lower)
        yield from reader.line(m["high"], chart.upper)


@rule(r"These figures are about {counted} from (?:(?P<a>{N}) to )?(?P<b>{N}) months ago\.")
def age(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth, today = reader.truth, reader.today
    now = 12 * today.year + today.month - 1
    end = truth.at + truth.step - 1
    first = now - truth.at
    last = now - end - (today.day < monthrange(end // 12, end % 12 + 1)[1])
    if (int(m["a"] or m["b"]), int(m["b"])) != (last, first):
        yield f"they are {last} to {first} months old"


@rule(
    r"No results are loaded for (?P<gaps>[A-Z][A-Za-z0-9, ]*?)(?:, and for (?P<more>{N}) more)?\."
)
def gaps(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    names = [period_words(k, reader.truth.step) for k in reader.truth.missing]
    named, more = names[:3], len(names[3:])
    told = ", ".join(named[:-1]) + (" and " if named[:-1] else "") + "".join(named[-1:])
    if m["gaps"] != told or int(m["more"] or 0) != more:
        yield f"not loaded: {names}"


@rule(r"File: (?P<name>[^,]+?)(?:, published (?P<day>\d+ [A-Z][a-z]+ \d{4}))?\.")
def file(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    name, day = reader.truth.book.files[reader.truth.last_figure()]
    told = f"{day[2]} {MONTHS[day[1] - 1]} {day[0]}" if day else None
    if (m["name"], m["day"]) != (name, told):
        yield f"it is {name} of {told}"


@rule(
    r"{credit}|{help}\.|Why it matters: {why}|One thing to try: (?:{try})|No sourced idea is listed for this yet\.|Your audit team can help\."
)
def catalogue(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    return ()  # the catalogue's own words, as they stand there
