"""What is said of the figure itself, and of the one that it is set beside."""

import re
from collections.abc import Iterable

from tests.oracle import sums
from tests.oracle.files import REASONS, Cell
from tests.oracle.reader import Reader, rule
from tests.oracle.truth import BEHIND, period_words


@rule(
    r"{topic}, {name}, {period}:|{topic} · {name} · {period}|Understood as: {plain}, {name}, {period}\."
)
def title(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    return ()


@rule(
    r"(?:(?P<rate>(?:[Ff]ewer than |[Mm]ore than )?{N}) in 100|(?P<few>{N} of {N})) {counted} {main}"
    r"(?: {aside})?(?:(?:: | \(|\. That is )(?P<top>{N}) of (?P<bottom>{N})\)?)?\."
)
def share(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    text = m["few"] or m["rate"][:1].lower() + m["rate"][1:]
    reader.said = text  # type: ignore[attr-defined]
    yield from reader.figure(text, reader.truth.now, bound=reader.truth.standard)
    if m["top"]:
        yield from reader.counts(m["top"], m["bottom"], reader.truth.now)
    elif not m["few"] and reader.truth.now.bottom:
        yield "the counts are left out"


@rule(r"(?P<n>{N}) {counted} {main}(?: {aside})?\.|{plain}: (?P<m>{N})\.")
def number(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    text = m["n"] or m["m"]
    reader.said = text  # type: ignore[attr-defined]
    return reader.figure(text, reader.truth.now)


@rule(
    r"{plain}(?:: level|:)? (?P<now>[A-E])(?:, (?P<way>up|down) from (?P<was>[A-E]))?"
    r"(?: \(score (?P<score>{N})(?:, was (?P<before>{N}))?\))?\."
)
def level(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    before = truth.before.letter if truth.before else ""
    if m["now"] != truth.now.letter:
        yield f"the level is {truth.now.letter}"
    moved = before and before != truth.now.letter
    if (m["was"] or "") != (before if moved else ""):
        yield f"the level before is {before or 'not known'}"
    if m["way"] and (m["way"] == "up") != (m["now"] < m["was"]):
        yield "the other way"
    score = truth.of(BEHIND.get(truth.id, ""))
    for text, cell in ((m["score"], score and score.now), (m["before"], score and score.before)):
        if text:
            yield from reader.figure(text, cell or None)
        elif cell and cell.known and truth.id in BEHIND:
            yield "a score is left out"


@rule(r"{plain}: no figure (?:this time|for {period})\. The reason given: (?P<why>[a-z ,]+)\.")
def no_figure(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    mark = reader.truth.now.mark
    if mark is None or m["why"] != REASONS[mark]:
        yield f"the file says {mark!r}"


@rule(r"The newest figure (?:we|I) hold is for (?P<when>{day}|[A-Z][a-z]+ to {day})\.")
def newest(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    held = [k for k, c in reader.truth.cells.items() if c.known]
    if not held or m["when"] != period_words(max(held), reader.truth.step):
        yield "another one is"


@rule(
    r"(?P<when>The year|The quarter|The month) before it was (?P<was>the same|{R})(?: \((?P<top>{N}) of (?P<bottom>{N})\))?\."
)
def what_it_was(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth, before = reader.truth, reader.truth.before
    right = "The year" if truth.season else {1: "The month", 3: "The quarter"}[truth.step]
    if m["when"] != right:
        yield f"the comparable figure is of {right}"
    if before is None:
        yield "there is no comparable figure"
    elif m["was"] == "the same":
        if before.value != truth.now.value:
            yield f"it was {before.value} and is {truth.now.value}"
    else:
        yield from reader.figure(m["was"], before, few=False if reader.few(truth.now) else None)
        if m["top"]:
            yield from reader.counts(m["top"], m["bottom"], before)
        if before.value is not None:
            yield from reader.apart(m["was"], before.value)


@rule(
    r"Early view, from (?P<n>{N}) results(?:: the (?P<when>year|quarter|month) before it was (?P<was>{R}))?\.(?: That| The change) is (?P<how>more than|within) (?:the|your) usual ups and downs\."
)
def early_view(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    if int(m["n"]) != truth.results:
        yield f"there are {truth.results}"
    if m["was"]:
        yield from reader.figure(m["was"], truth.before)
        if m["when"] != ("year" if truth.season else "quarter"):
            yield "another period came before"
    if truth.early != m["how"]:
        yield f"the early view is {truth.early!r}"


@rule(
    r"Early view: too few {counted} to tell a change from chance\.|Early view: too few cases to tell a change from chance\."
)
def early_few(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if reader.truth.early != "too few":
        yield f"the early view is {reader.truth.early!r}"


@rule(
    r"Before (?P<since>{day}) it was (?P<was>{R})(?: in 100)?(?: \((?P<top>{N}) of (?P<bottom>{N})\))?\."
)
def before_change(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    yield from reader.strength("confirmed")
    if len(truth.stretches[1]) < 6:
        yield "there are no two stretches to compare"
        return
    if m["since"] != period_words(truth.stretches[1][0], 1):
        yield f"the later stretch begins in {period_words(truth.stretches[1][0], 1)}"
    yield from _pooled(reader, m["was"], m["top"], m["bottom"], 0)


@rule(
    r"Since then it has been (?P<is>{R})(?: in 100)? overall(?: \((?P<top>{N}) of (?P<bottom>{N})\))?\."
)
def since_change(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    yield from reader.strength("confirmed")
    if len(reader.truth.stretches[1]) >= 6:
        yield from _pooled(reader, m["is"], m["top"], m["bottom"], 1)


def _pooled(reader: Reader, rate: str, top: str, bottom: str, side: int) -> Iterable[str]:
    truth = reader.truth
    yield from reader.number(rate, truth.rates[side], proven=False)
    if top:
        sides = [sums.pooled([truth.counted[m] for m in s]) for s in truth.stretches]
        yield from reader.counts(top, bottom, Cell(truth.rates[side], *sides[side]))


@rule(r"Your usual average is (?P<mean>{R})\.")
def average(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    mean = reader.truth.chart.mean
    if mean is None:
        yield "there is no average yet"
    else:
        yield from reader.line(m["mean"], mean)


WHO = r"(?P<n{i}>{N}) {members} (?P<who{i}>of similar size|of the same kind)"
LEVEL = "about the same level"


@rule(
    rf"The middle one of {WHO.replace('{i}', '1')} is at (?P<typical>{{R}}|{LEVEL})\."
    rf"|(?:(?P<next>The next step: a|A) quarter of (?:them|{WHO.replace('{i}', '2')})) are at (?:(?P<quarter>{{R}}|{LEVEL})(?: or (?P<more>more|less))?)\."
    rf"|The leading few(?: of {WHO.replace('{i}', '3')})? are at (?P<leading>{{R}}|{LEVEL})(?P<together> together)?\."
    rf"|This is level with the leading ones of {WHO.replace('{i}', '4')}\."
)
def peers(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    if truth.steps is None:
        yield "there are no eight peers to compare with"
        return
    named = next((i for i in "1234" if m[f"n{i}"]), "")
    who = "of similar size" if truth.alike else "of the same kind"
    if named and (int(m[f"n{named}"]), m[f"who{named}"]) != (len(truth.peers), who):
        yield f"peers are {len(truth.peers)}, {who}"
    told = next((name for name in ("typical", "quarter", "leading") if m[name]), "own")
    if named and not reader.card and told != truth.next_step:
        yield f"the next step up is {truth.next_step}"
    if told == "own":
        if truth.next_step != "own":
            yield f"the next step up is {truth.next_step}"
        return
    steps = dict(zip(("typical", "quarter", "leading"), truth.steps, strict=True))
    if (
        told == "quarter"
        and not named
        and _shown(reader, steps["quarter"]) == _shown(reader, steps["typical"])
    ):
        yield "the quarter and the middle one read the same"
    yield from _step(reader, m[told], steps[told])
    bare = m[told] == LEVEL or m[told].startswith(("more than", "fewer than"))
    edge = "" if bare else "less" if truth.lower else "more"
    if told == "quarter" and (m["more"] or "") != edge:
        yield f"{m['more']} where {edge!r} is meant"
    if told == "leading" and bool(m["together"]) == bare:
        yield "together is said of a figure alone"


def _step(reader: Reader, text: str, step: float | None) -> Iterable[str]:
    now = reader.truth.now.value
    if step is None or now is None:
        yield "there is no such step"
        return
    told = LEVEL if _shown(reader, step) == _shown(reader, now) else _shown(reader, step)
    if text != told:
        yield f"{step} beside {now} is {told}"


def _shown(reader: Reader, value: float | None) -> str:
    """A step as it is written: a whole number, and a tenth where it would be none or all."""
    if value is None:
        return ""
    if reader.truth.kind != "proportion":
        places = 2 if reader.truth.kind == "rate" and abs(value) < 10 else 1
        return sums.half_up(value, places)
    counted = reader.truth.steps is not None and reader.truth.steps[2] is not None
    if counted and value in (0, 100):
        return f"{value:.0f}"
    for places in (0, 1):
        shown = sums.half_up(value, places)
        if float(shown) not in (0, 100):
            return shown
    return "fewer than 1" if value < 50 else "more than 99"
