"""What is said of how real it is, and of the standard."""

import re
from collections.abc import Iterable

from tests.oracle import sums
from tests.oracle.reader import Reader, amount, rule
from tests.oracle.truth import Truth, moved

ADJUSTED = ("ssnap_level", "ssnap_score")  # by the bands of the records sent in


@rule(
    r"(?:That|The score behind it) is within (?:your|the) usual ups and downs\.|You have not been closer in the past year, but this is within your usual ups and downs\."
)
def within(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    yield from reader.strength("none")
    truth = reader.truth
    if m[0].startswith("You have") and truth.standard is not None:
        year = [truth.cells[k] for k in truth.phase if truth.at - 12 <= k < truth.at]
        gaps = [abs(truth.standard - c.value) for c in (*year, truth.now) if c.value is not None]
        if gaps[-1] > min(gaps):
            yield "it has been closer"


@rule(
    r"(?:This|The score behind it) stands out from (?:your|the) usual ups and downs(?:, (?:in the (?P<way>right|wrong) direction|on the (?P<side>high|low) side))?\.(?: The next figures will show if it lasts\.)?"
)
def stands_out(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    yield from reader.strength("signal")
    told = {"right": "improvement", "wrong": "concern", None: m["side"]}[m["way"]]
    if told and told != reader.truth.direction:
        yield f"it is {reader.truth.direction}"
    if m[0].startswith("The score") and reader.truth.direction == "concern":
        yield "that is for the lead alone"


@rule(r"This is more than (?:your|the) usual ups and downs(?P<lasted>, and it has lasted)?\.")
def more_than_usual(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    yield from reader.strength("confirmed")
    if m["lasted"] and reader.truth.direction != "improvement":
        yield f"it is {reader.truth.direction}"


@rule(r"That is more than the usual ups and downs\.")
def more_between(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    return reader.strength("confirmed")


@rule(r"It is neither good nor bad by itself\.")
def neutral(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if reader.truth.metric["direction"] != "neutral":
        yield "one way is better"


@rule(
    r"(?:It is too early to tell a change from chance: (?:we|I) hold (?P<n>one|{N}) results? so far\.|With (?P<m>{N}) results it is too early to tell a change from chance\.)"
)
def too_early(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    n = m["n"] or m["m"]
    if (1 if n == "one" else int(n)) != reader.truth.results:
        yield f"there are {reader.truth.results}"
    yield from reader.strength("too_early")


@rule(
    r"(?:With so few (?:{counted}|cases) the true figure could be anywhere "
    r"(?:from about (?P<low>{N}) to (?P<high>{N})|up to about (?P<top>{N})|from about (?P<from>{N})) in (?P<of>10|100)(?: upwards)?\. )?That is too few to say more\."
)
def few(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    now = reader.truth.now
    if not reader.few(now):
        yield "it is not few"
    elif m["of"]:
        assert now.top is not None
        assert now.bottom is not None
        of = int(m["of"])
        low, high = (round(of * x) for x in sums.wilson(now.top, now.bottom))
        told = int(m["low"] or m["from"] or 0), int(m["high"] or m["top"] or of)
        if told != (low, high):
            yield f"the interval is {low} to {high} in {of}"


@rule(
    r"This figure is being checked, as it may be wrong\.|Some figures were corrected, and that changed this picture\."
)
def other_cautions(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    yield "the files say nothing of that"


@rule(
    r"Fewer of the expected records came in(?P<shares> \({N} in 100, was {N}\))?\.(?P<so> So it may not tell of care\.)?"
)
def fewer_records(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if m["shares"]:
        yield "the files hold bands of records sent in, and no shares"
    band = reader.truth.of("ssnap_case_ascertainment")
    if band is None or band.before is None or band.now.letter <= band.before.letter:
        yield "the band of records sent in has not fallen"
    truth = reader.truth
    worse = moved(truth) and truth.direction != "improvement" and not _rose(truth)
    if m["so"] and truth.id in ADJUSTED and worse and truth.with_old_bands() is not None:
        yield "whether care moved it is known"
    if m["so"] and not moved(reader.truth) and reader.truth.direction != "improvement":
        yield "nothing has moved"


def _rose(truth: Truth) -> bool:
    before = truth.before
    if before is None:
        return False
    return truth.now.letter < before.letter or (truth.now.value or 0) > (before.value or 0)


@rule(
    r"The national standard is (?P<n>{N})(?P<less> or less)?\.|Standard (?P<m>{N})(?P<most> or less)?\.|It does not meet the national standard of (?P<k>{N})\."
)
def the_standard(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    text = m["n"] or m["m"] or m["k"]
    if reader.truth.standard != amount(text):
        yield f"it is {reader.truth.standard}"
    if not m["k"] and bool(m["less"] or m["most"]) != reader.truth.lower:
        yield "the other way"
    if m["k"]:
        yield from reader.standing(False)


@rule(r"The goal on the way is (?P<n>{N})\.")
def interim(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if reader.truth.interim != amount(m["n"]):
        yield f"it is {reader.truth.interim}"


@rule(
    r"You meet (?:it|the standard)(?: now, after (?P<n>one|{N}) results? that did not|(?P<keep>, and on this pattern you will keep it)|(?P<once> this time))?\.(?P<cross> Your ups and downs cross it, so at times you will not\.)?|This figure meets it\."
)
def meets(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    asked = ("pass",) if m["keep"] else ("inconsistent",) if m["cross"] else ()
    yield from reader.standing(True, *asked or (("inconsistent", "fail") if m["once"] else ()))
    if m["n"]:
        n = 1 if m["n"] == "one" else int(m["n"])
        if n != reader.truth.missed_before:
            yield f"{reader.truth.missed_before} results in a row did not"


@rule(
    r"You do not meet (?:it|the standard) (?:yet|this time(?P<mostly>, though on this pattern you mostly will)?)\.(?P<cross> Your ups and downs cross it, so at times you will\.)?|This figure does not meet it\."
)
def misses(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    asked = ("pass",) if m["mostly"] else ("inconsistent",) if m["cross"] else ()
    return reader.standing(False, *asked)


@rule(r"On this pattern you will not reach (?:it|the standard) without a change\.")
def will_not_reach(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    yield from reader.standing(False, "fail")
    if reader.truth.verdict[0] == "signal" and reader.truth.direction == "improvement":
        yield "it is just getting better"
