"""What is said of a level: what it rests on, how it was, and what is next."""

import re
from collections.abc import Iterable

from tests.oracle.reader import Reader, rule
from tests.oracle.truth import BEHIND, Truth, level_of, moved, short_id


@rule(r"This is the audit's own grade\.")
def own_grade(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if reader.truth.kind != "level":
        yield "it is no grade"


@rule(r"(?:Your|The) data bands did not change(?P<why>, so the records are not why it moved)?\.")
def bands_same(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if _bands(reader):
        yield f"they did: {_bands(reader)}"
    if m["why"] and not moved(reader.truth):
        yield "it did not move"


@rule(r"The records alone moved it, not the care\.")
def by_records(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if not moved(reader.truth) or not _bands(reader) or _moves_anyway(reader.truth):
        yield f"with the bands of before: {reader.truth.with_old_bands()}"


@rule(r"Without that it would have moved the same way\.")
def not_by_records(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    if not moved(reader.truth) or not _bands(reader) or not _moves_anyway(reader.truth):
        yield f"with the bands of before: {reader.truth.with_old_bands()}"
    score = reader.truth.with_old_bands()
    if reader.truth.kind == "level" and score and level_of(score) != reader.truth.now.letter:
        yield f"with the bands of before it would be at {level_of(score)}"


@rule(r"Records and care both moved it: with the old bands it would be (?P<level>[A-E])\.")
def by_both(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth, score = reader.truth, reader.truth.with_old_bands()
    if not moved(truth) or not _bands(reader) or not _moves_anyway(truth):
        yield f"with the bands of before: {score}"
    elif score is None or level_of(score) != m["level"] or m["level"] == truth.now.letter:
        yield f"the score would be {score}, and is now at {truth.now.letter}"


@rule(r"With the old bands it would be (?P<level>[A-E])\.")
def with_old_bands(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    score = reader.truth.with_old_bands()
    if score is None or level_of(score) != m["level"]:
        yield f"the score would be {score}"


@rule(
    r"(?P<band>Records sent in \(case ascertainment\)|Record quality \(audit compliance\)): (?:band )?(?P<now>[A-E])(?:, was (?P<was>[A-E])|(?P<same>, unchanged))?\."
)
def band(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    held = reader.truth.of(
        "ssnap_case_ascertainment" if "sent in" in m["band"] else "ssnap_audit_compliance"
    )
    was = held.before.letter if held and held.before else ""
    if held is None or held.now.letter != m["now"]:
        yield f"it is {held and held.now.letter}"
    if (m["was"] and m["was"] != was) or (m["same"] and was != m["now"]):
        yield f"it was {was}"


@rule(
    r"It has (?:moved between (?P<a>[A-E]) and (?P<z>[A-E]) over|been (?P<two>[A-E] or [A-E]) over|been (?P<one>[A-E]) for) (?P<n>{N}) results(?P<lasts>, so whether this lasts is not yet known)?\."
)
def history(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    held = reader.truth.letters(8)
    kinds = sorted(set(held))
    told = [m["a"], m["z"]] if m["a"] else m["two"].split(" or ") if m["two"] else [m["one"]]
    if len(held) != int(m["n"]) or [kinds[0], kinds[-1]] != [told[0], told[-1]]:
        yield f"it was {held}"
    if (len(kinds) > 2) != bool(m["a"]):
        yield f"it was {kinds}"
    if m["lasts"] and not moved(reader.truth):
        yield "it did not move"


@rule(r"The step to (?P<level>[A-D]): a score (?:of )?(?P<cut>above 80|{N} or more)\.")
def step_up(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    truth = reader.truth
    if ord(m["level"]) != ord(truth.now.letter or " ") - 1:
        yield f"the level is {truth.now.letter}"
    cut = {"A": "above 80", "B": "70 or more", "C": "60 or more", "D": "40 or more"}
    if truth.id not in BEHIND:
        cut = truth.metric["cutpoints"]
    if m["cut"] != cut[m["level"]]:
        yield f"it is {cut[m['level']]}"


@rule(r"At A now: (?P<names>[^.:]+)\.")
def at_top(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    letters = _parts(reader)
    rest = m["names"]
    for name in sorted(letters, key=len, reverse=True):
        if name in rest:
            rest = rest.replace(name, "")
            if letters[name] != "A":
                yield f"{name} is at {letters[name]}"
    if rest.replace(" and ", "").strip(", "):
        yield f"{rest!r} is no part"


@rule(r"Most room: (?P<name>[^.:]+), at (?P<level>[B-E])\.")
def most_room(reader: Reader, m: re.Match[str]) -> Iterable[str]:
    letters = _parts(reader)
    if letters.get(m["name"]) != m["level"] or m["level"] != max(letters.values()):
        yield f"the parts are {letters}"


def _parts(reader: Reader) -> dict[str, str]:
    """The patient-centred domains by their plain names."""
    found = {}
    for metric in reader.words["metric"].values():
        part = reader.truth.of(short_id(metric["id"]))
        if re.match(r"ssnap_d\d", metric["id"]) and part and part.now.letter:
            found[metric["plain"]] = part.now.letter
    return found


def _bands(reader: Reader) -> dict[str, tuple[str, str]]:
    """The data bands that differ from those of the period before; all must be known."""
    found = {}
    for name in ("ssnap_case_ascertainment", "ssnap_audit_compliance"):
        held = reader.truth.of(name)
        if held is None or held.before is None:
            found[name] = "not", "known"
        elif held.now.letter != held.before.letter:
            found[name] = held.before.letter, held.now.letter
    return found


def _moves_anyway(truth: Truth) -> bool:
    """Would it have moved, the same way, with the data bands of before?"""
    score, before = truth.with_old_bands(), truth.before
    assert score is not None
    assert before is not None
    if truth.kind == "level":
        level, was, now = level_of(score), before.letter, truth.now.letter
        return level > was if now > was else level < was
    assert truth.now.value is not None
    assert before.value is not None
    return score < before.value if truth.now.value < before.value else score > before.value
