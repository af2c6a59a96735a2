"""Are the figures that a message leaves in its trail, and hands out as JSON, those of the files?"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.oracle import sums
from tests.oracle.reader import plain
from tests.oracle.truth import Truth

CLOSE = 1e-6


def faults_of_json(data: Mapping[str, Any], truth: Truth, texts: Sequence[str]) -> list[str]:
    """The fields of `digest --json` that the files, or the message itself, do not bear out."""
    now, chart = truth.now, truth.chart
    found = [
        f"{name} is {data[name]}, by the files {true}"
        for name, true in (
            ("value", now.letter or now.value),
            ("numerator", now.top),
            ("denominator", now.bottom),
        )
        if not _same(data[name], true)
    ]
    if _month(data["period"]["start"]) != truth.at:
        found.append(f"period is {data['period']}")
    verdict = data["verdict"]
    wanted: dict[str, Any] = {"n": truth.results, "mean": None, "lower": None, "upper": None}
    if chart.n >= 12:
        wanted |= {"mean": chart.mean, "lower": chart.lower, "upper": chart.upper}
    wanted |= {"strength": truth.verdict[0], "direction": truth.direction}
    found += [
        f"verdict {k} is {verdict[k]}, by the files {v}"
        for k, v in wanted.items()
        if not _same(verdict[k], v)
    ]
    body = data["body"].split("\n\n") if data["body"] else []
    said = [plain(t) for t in texts]
    found += [f"not said: {t!r}" for t in (data["headline"], *body) if t not in said]
    if data["words"] != sum(len(p.split()) for p in body) or data["words"] > 90:
        found.append(f"{data['words']} words")
    return found


def faults_of_audience(kind: str, truth: Truth) -> list[str]:
    """A confirmed concern is no digest, and what is but a doubtful fall is the lead's alone."""
    sure = truth.verdict[0] == "confirmed" and truth.direction == "concern"
    wanted = "concern" if sure else "signal" if truth.doubtful_fall else "digest"
    heard = {"concern": {"concern", "concern_lead"}, "signal": {"signal"}}
    if kind in heard.get(wanted, {"digest", "further"}):
        return []
    return [f"it is told as {kind}, by the files it is a {wanted}"]


def faults_of_trail(trail: Mapping[str, Any], truth: Truth) -> list[str]:
    """The evidence in a trail that the files do not bear out."""
    evidence = trail["evidence"]
    return [
        *_figure("latest", evidence["latest"], truth, truth.at),
        *(_figure("comparable", evidence["comparable"], truth, truth.ago)),
        *_change(evidence["change"], truth),
        *_peers(evidence["peers"], truth),
        *_gaps(evidence["missing"], truth),
    ]


def _figure(name: str, told: Mapping[str, Any] | None, truth: Truth, month: int) -> Iterable[str]:
    if told is None:
        if name == "comparable" and truth.before is not None:
            yield "the comparable figure is left out"
        return
    cell = truth.cells[_month(told["period"]["start"])]
    figures = told["value"], told["numerator"], told["denominator"], told["level"] or ""
    true = cell.value, cell.top, cell.bottom, cell.letter
    if _month(told["period"]["start"]) != month or not all(map(_same, figures, true)):
        yield f"{name} is {figures}, by the files {true}"


def _change(told: Mapping[str, Any] | None, truth: Truth) -> Iterable[str]:
    """Sums over the stretches that the trail names, their z and phi, and whether that confirms it."""
    if told is None:
        if len(truth.stretches[0]) >= 6:
            yield "two stretches could be compared"
        return
    before, after = ([_month(p["start"]) for p in told[side]] for side in ("before", "after"))
    if (before, after) != truth.stretches:
        yield f"the stretches are {truth.stretches}"
    sides = [[truth.counted[m] for m in stretch] for stretch in (before, after)]
    z, phi = sums.changed(*sides, list(truth.counted.values()))
    (x0, n0), (x1, n1) = map(sums.pooled, sides)
    sure = abs(z) > 3.3 and sums.enough((x0, n0), (x1, n1))
    true = {"before_numerator": x0, "before_denominator": n0, "after_numerator": x1,
            "after_denominator": n1, "z": z, "phi": phi, "confirmed": sure}  # fmt: skip
    for key, value in true.items():
        if not _same(told[key], value):
            yield f"change {key} is {told[key]}, by the files {value}"


def _peers(told: Mapping[str, Any] | None, truth: Truth) -> Iterable[str]:
    if told is None or truth.steps is None:
        if (told is None) != (truth.steps is None) and truth.now.known:
            yield f"peers are {told}, by the files {truth.steps}"
        return
    true = len(truth.peers), truth.alike, *truth.steps
    figures = [told[k] for k in ("count", "alike", "typical", "top_quarter", "achievable")]
    if not all(map(_same, figures, true)):
        yield f"peers are {figures}, by the files {true}"


def _gaps(told: Sequence[Mapping[str, str]], truth: Truth) -> Iterable[str]:
    if [_month(p["start"]) for p in told] != truth.missing:
        yield f"missing are {told}, by the files {truth.missing}"


def _month(day: str) -> int:
    return 12 * int(day[:4]) + int(day[5:7]) - 1


def _same(told: Any, true: Any) -> bool:
    if isinstance(told, (int, float)) and isinstance(true, (int, float)):
        return abs(told - true) <= CLOSE * max(1.0, abs(true))
    return bool(told == true)
