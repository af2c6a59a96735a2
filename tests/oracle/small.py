"""What is said of the picture, and in small print."""

import re
from calendar import monthrange
from collections.abc import Iterable

from tests.oracle import sums
from tests.oracle.files import MONTHS
from tests.oracle.reader import Reader, rule
from tests.oracle.stretch import Stretch
from tests.oracle.truth import Truth, period_words


@rule(
    r"(?P<kind>Step chart|Chart) of (?P<n>{N}) results, from (?P<first>[A-Z][a-zA-Z0-9 ]+) until (?P<last>[A-Z][a-zA-Z0-9 ]+)\."
)
def picture(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    most = 16 if m["kind"] == "Step chart" else 48
    held = [k for k in truth.phase if k > truth.at - most * truth.step]
    known = [k for k in held if truth.cells[k].known]
    first = known[0]
    if (m["kind"] == "Step chart") != (truth.kind == "level"):
        yield "it is another kind of chart"
    if int(m["n"]) != len(known):
        yield f"there are {len(known)}"
    if (m["first"], m["last"]) != tuple(period_words(k, truth.step) for k in (first, truth.at)):
        yield f"they are from {period_words(first, truth.step)} to {period_words(truth.at, truth.step)}"
    rest = m.string[m.end() :]
    for words, there in (
        ("Changed since", _changed_since(truth) is not None),
        ("No figure for", _without_figure(truth)),
        ("Average", truth.kind != "level" and truth.chart.mean is not None),
        ("Standard", truth.now.known and truth.standard is not None),
    ):
        if (f" {words} " in rest) != bool(there):
            yield f"{words!r} is {'left out' if there else 'not so'}"


def _drawn(truth: Truth) -> list[int]:
    """The periods of the picture: as many as have room, from the first that is a figure."""
    most = 16 if truth.kind == "level" else 48
    held = [k for k in truth.phase if k > truth.at - most * truth.step and truth.cells[k].known]
    return list(range(held[0], truth.at + 1, truth.step)) if held else []


def _without_figure(truth: Truth) -> list[int]:
    return [k for k in _drawn(truth) if k not in truth.cells or not truth.cells[k].known]


def _changed_since(truth: Truth) -> int | None:
    """The period at which a confirmed change begins, where that is inside the picture."""
    if truth.kind == "level" or truth.verdict[0] != "confirmed":
        return None
    began = truth.stretches[1][0]
    return began if began in _drawn(truth)[1:] else None


@rule(r"Changed since (?P<since>{day})\.")
def changed_since(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    began = _changed_since(reader.truth)
    if began is None or m["since"] != period_words(began, 1):
        yield f"it began at {began and period_words(began, 1)}"


@rule(r"No figure for (?P<gaps>[A-Z][A-Za-z0-9, ]*?)(?: and (?P<more>{N}) more)?\.")
def without_figure(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    names = [period_words(k, reader.truth.step) for k in _without_figure(reader.truth)]
    named, more = names[:3], len(names[3:])
    last = "" if more else " and ".join(named[-2:])
    told = ", ".join(named if more else [*named[:-2], last])
    if (m["gaps"], int(m["more"] or 0)) != (told, more):
        yield f"there is none for {names}"


@rule(
    r"Funnel chart of {name} among (?P<n>{N}) other {members}, for {period}\. "
    r"Overall (?P<mean>{R}), usual range for (?P<cases>{N}) {counted} (?P<low>{R}) to (?P<high>{R})\."
)
def funnel(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    own, others = truth.now, [(c.top, c.bottom) for c in truth.of_kind if c.bottom]
    if own.bottom is None or own.top is None or int(m["n"]) != len(others) or len(others) < 8:
        yield f"there are {len(others)} others"
        return
    mean, low, high = sums.funnel([(own.top, own.bottom), *others], own.bottom)  # type: ignore[list-item]
    for text, value in ((m["mean"], mean), (m["low"], low), (m["high"], high)):
        yield from reader.line(text, value)
    if m["cases"] != f"{own.bottom:,.0f}":
        yield f"it counts {own.bottom:,.0f}"
    if (" Standard " in m.string[m.end() :]) != (truth.standard is not None):
        yield f"the standard is {truth.standard}"


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
    begin, end = truth.at, truth.at + truth.step - 1
    if isinstance(truth, Stretch):  # as old as what is held of it
        held = truth.inside()
        begin, end = held[0], held[-1] + truth.series.step - 1
    first = now - begin
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


@rule(
    r"File: (?P<name>[^,]+?)(?:, published (?P<day>\d+ [A-Z][a-z]+ \d{4}))?(?:, and (?P<more>{N}) earlier files?)?\."
)
def file(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    name, day = reader.truth.book.files[reader.truth.last_figure()]
    told = f"{day[2]} {MONTHS[day[1] - 1]} {day[0]}" if day else None
    if (m["name"], m["day"]) != (name, told):
        yield f"it is {name} of {told}"
    truth = reader.truth
    periods = truth.inside() if isinstance(truth, Stretch) else [truth.at]
    earlier = len({truth.book.files[k] for k in periods}) - 1
    if int(m["more"] or 0) != earlier:
        yield f"there are {earlier} earlier files"


@rule(
    r"{credit}|{help}\.|Why it matters: {why}|One thing to try: (?:{try})|No sourced idea is listed for this yet\.|Your audit team can help\."
)
def catalogue(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    return ()  # the catalogue's own words, as they stand there
