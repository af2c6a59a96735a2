"""What an answer sets beside a figure when it is asked to."""

import re
from collections import Counter
from collections.abc import Iterable
from statistics import median

from tests.oracle import sums
from tests.oracle.files import Cell
from tests.oracle.reader import Reader, rule
from tests.oracle.stretch import Stretch
from tests.oracle.truth import period_words


@rule(
    r"(?P<who>All (?P<all>{N}) (?:services|teams) in the figures together|{region}, (?P<near>{N}) (?:services|teams) together"
    r"|The (?P<kind>{N}) (?:services|teams) of the same kind together): "
    r"(?:half had (?P<half>{N}) or less|(?P<rate>{R})(?: in 100)?(?: \((?P<top>{N}) of (?P<bottom>{N})\))?|(?P<levels>(?:{N} at [A-E](?:, )?)+))\."
)
def group(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth, book = reader.truth, reader.truth.book
    cells = {s: c[truth.at] for s, c in book.cells[truth.id].items() if truth.at in c}
    if m["near"]:
        cells = {s: c for s, c in cells.items() if book.region(s) == book.region(truth.service)}
    if m["kind"]:
        cells = {s: c for s, c in cells.items() if book.group(s) == book.group(truth.service)}
    known = [c for c in cells.values() if c.known]
    if int(m["all"] or m["near"] or m["kind"]) != len(known):
        yield f"they are {len(known)}"
    if m["levels"]:
        counts = Counter(c.letter for c in known)
        if m["levels"] != ", ".join(f"{n} at {letter}" for letter, n in sorted(counts.items())):
            yield f"they are {counts}"
    elif m["half"]:
        yield from reader.number(m["half"], median(c.value for c in known if c.value is not None))
    else:
        top, bottom = (sum(getattr(c, x) for c in known) for x in ("top", "bottom"))
        yield from reader.figure(m["rate"], Cell(100 * top / bottom, top, bottom))
        yield from reader.counts(m["top"], m["bottom"], Cell(0, top, bottom))


@rule(
    r"(?P<when>{day}|[A-Z][a-z]+ to {day}|[A-Z][a-z]+ \d{4} to {day}): (?P<was>{R}|level [A-E]|[A-E])(?: in 100)?(?: \((?P<top>{N}) of (?P<bottom>{N})\))?\."
)
def another_time(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    then = next((k for k in truth.cells if period_words(k, truth.step) == m["when"]), None)
    if then not in (truth.at - 12, truth.at - truth.step):
        yield "that is neither the year before nor the period before"
        return
    cell = truth.cells[then]
    if cell.letter or m["was"][-1].isalpha():
        if cell.letter != m["was"][-1]:
            yield f"it was {cell.letter}"
        return
    yield from reader.figure(m["was"], cell)
    if m["top"]:
        yield from reader.counts(m["top"], m["bottom"], cell)


@rule(
    r"I hold (?:no figure for (?P<when>[A-Za-z0-9 ]+) to compare with|too few other figures for that to compare with)\."
)
def nothing_beside(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    for k, c in truth.cells.items():
        if period_words(k, truth.step) == m["when"] and c.known:
            yield "there is one"


@rule(
    r"Not loaded: (?P<gaps>[A-Za-z0-9, ]+)\. So this covers (?P<held>{N}) of (?P<of>{N}) (?:months|quarters|periods)\."
)
def covers(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    one = reader.truth.series if isinstance(reader.truth, Stretch) else reader.truth
    loaded = {period_words(k, one.step) for k in one.cells}
    named = re.split(", | and ", m["gaps"])
    if loaded & set(named):
        yield f"loaded: {loaded & set(named)}"
    inside, steps = int(m["held"]), int(m["of"])
    if isinstance(reader.truth, Stretch):
        known = sum(one.cells[k].known for k in reader.truth.inside())
        if (inside, steps) != (known, reader.truth.step // one.step):
            yield f"{known} of {reader.truth.step // one.step}"
    elif inside + len(named) > steps:
        yield "more than there are"


@rule(r"That is the (?P<which>lowest|highest) of the (?P<n>{N}) results I hold\.")
def extreme(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    every = [c for c in truth.book.cells[truth.id][truth.service].values() if c.known]
    if int(m["n"]) != len(every):
        yield f"there are {len(every)}"
    values = [c.value if c.value is not None else -ord(c.letter) for c in every]
    now = truth.now.value if truth.now.value is not None else -ord(truth.now.letter)
    if now != (min(values) if m["which"] == "lowest" else max(values)):
        yield f"they run from {min(values)} to {max(values)}"


@rule(
    r"In (?P<when>[A-Z][A-Za-z0-9 ]+?) it was (?P<was>{R}|[A-E])\. The newest in that time is {period}\."
)
def from_to(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    then = next((k for k in truth.cells if period_words(k, truth.step) == m["when"]), None)
    cell = truth.cells.get(then) if then is not None else None
    if m["was"].isalpha():
        if cell is None or cell.letter != m["was"]:
            yield f"it was {cell}"
    else:
        yield from reader.figure(m["was"], cell)


@rule(
    r"Allowing for chance, your place is between (?P<best>{N}) and (?P<worst>{N}) of (?P<of>{N}), where 1 is the (?P<first>lowest|highest)\. A place in that range says little by itself\."
)
def place(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    cells = [truth.book.cells[truth.id][s][truth.at] for s in truth.peers]
    others = [(c.top, c.bottom) for c in cells if c.bottom]
    best, worst, of = int(m["best"]), int(m["worst"]), int(m["of"])
    if of != len(others) + 1:
        yield f"there are {len(others) + 1}"
    if (m["first"] == "lowest") != truth.lower:
        yield "the other end"
    own = truth.now.top, truth.now.bottom
    low, high = sums.place(own, others, lower=truth.lower)  # type: ignore[arg-type]
    near = max(1.0, of / 50)  # two sets of draws do not end at the very same place
    if not 1 <= best <= worst <= of or abs(best - low) > near or abs(worst - high) > near:
        yield f"it is between {low:g} and {high:g}"


@rule(
    r"I can't say why\. What changed at the time, and who might know\?"
    r"|I put no team in order\. This shows where the group as a whole is\."
)
def no_number(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    return ()
