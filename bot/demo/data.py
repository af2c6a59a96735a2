"""What would a trust's audit files look like? Makes made-up ones for the demonstration.

Everything here is fictional: the trust, its neighbours, every figure. The same seed gives the
same bytes. Each series has its own stream of chance, so that adding one changes no other.

Counts are beta-binomial with precision 400: a month's true rate wanders by about two points round
the service's own, as real audits do. Into that a few stories are planted; they stand in stories.py.
SEED is the sixth one tried, counting up from 202609: with each of the five before it, chance alone
made some measure of a channel stand out (two of them confirmed or nearly so), a story that nobody
planted. No figure was touched afterwards. tests/test_demo_data.py says what is asked of a seed.
"""

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np

from auditbot import period
from auditbot.model import Period
from bot.demo.stories import BOUND, END, MISCOUNTED, MISSING_MONTHS, PEERS, STORIES, Story, planted

__all__ = ["END", "HEADER", "NAMES", "STORIES", "Story", "level", "slug", "write"]

SEED = 202614
MONTHS = 36
QUARTERS = 8  # all after September 2024, when the scoring of the stroke audit changed
PRECISION = 400.0  # of the beta-binomial: bigger is calmer
HEADER = (
    "service",
    "service_name",
    "metric",
    "period_start",
    "period_end",
    "numerator",
    "denominator",
    "value",
    "completeness",
)

# Typical rates in per cent. They are made up, not national results.
HIP = {
    "nhfd_kpi0": 42.0,
    "nhfd_kpi1": 88.0,
    "nhfd_kpi2": 71.0,
    "nhfd_kpi3": 74.0,
    "nhfd_kpi4": 79.0,
    "nhfd_kpi5": 65.0,
    "nhfd_kpi6": 68.0,
    "nhfd_kpi7": 47.0,
}
LATE = {"nhfd_kpi6": 4, "nhfd_kpi7": 4}  # looked at after 120 days, so the newest months lack them
LAPAROTOMY = {"nela_ct_reported": 68.0, "nela_risk_documented": 64.0, "nela_theatre_on_time": 66.0}
HIP_SIZE = {"fernhill-hospital": 40, "westport-general": 34, "cedar-unit": 11}
LAPAROTOMY_SIZE = {"fernhill-hospital": 60, "westport-general": 28}
DOMAINS = (
    "d1_scanning",
    "d2_stroke_unit",
    "d3_thrombolysis",
    "d4_specialist_assessments",
    "d5_occupational_therapy",
    "d6_physiotherapy",
    "d7_speech_language_therapy",
    "d8_mdt",
    "d9_standards_by_discharge",
    "d10_discharge",
)
POINTS = {"A": 100, "B": 80, "C": 60, "D": 40, "E": 20}
CASES_FACTOR = {"A": 1.0, "B": 0.95, "C": 0.85, "D": 0.70, "E": 0.60}
RECORDS_FACTOR = {"A": 1.0, "B": 0.95, "C": 0.90, "D": 0.85, "E": 0.80}
# Fernhill's stroke domains when it is at C and at B (patient-centred, then team-centred).
STROKE_AT_C = ("ADCCAABDCB", "ADCCABCCCC")
STROKE_AT_B = ("ADCBAABCBB", "ADCBABCCBB")
STROKE_GRADES = "CBCCBCCB"


class Cell(NamedTuple):
    """One row of a file, before it is written."""

    service: str
    metric: str
    period: Period
    numerator: int | None = None
    denominator: int | None = None
    value: float | str | None = None
    completeness: int | None = None


def write(folder: Path, *, end: tuple[int, int] = END) -> list[Path]:
    """Write the files into `folder` and return them in the order in which they are to be loaded.

    `end` is the newest month as (year, month); the stories move with it. Quarters end with the
    last quarter that is complete by then. The same `end` gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    first = period.month(end[0], end[1] - MONTHS + 1).start
    span = f"{first:%Y-%m}-to-{end[0]}-{end[1]:02d}"
    hip = list(_hip_fracture(end))
    wrong = _moved(planted("corrected"), end)
    paths = [
        _file(folder / f"fictional-a-and-e-{span}.csv", _emergency(end)),
        _file(folder / f"fictional-hip-fracture-{span}.csv", (_miscounted(c, wrong) for c in hip)),
        _file(folder / f"fictional-laparotomy-{span}.csv", _laparotomy(end)),
        _file(folder / f"fictional-stroke-{span}.csv", _stroke(end)),
    ]
    right = [c for c in hip if c.period.start == wrong]
    # Named so that it sorts after the file it corrects.
    paths.append(_file(folder / f"fictional-hip-fracture-{wrong:%Y-%m}-corrected.csv", right))
    return paths


def slug(name: str) -> str:
    """The id of a service: lower case, words joined by hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-")


NAMES = {slug(name): name for name in (*BOUND, *PEERS)}


def _hip_fracture(end: tuple[int, int]) -> Iterator[Cell]:
    for service in NAMES:
        rng = _stream("hip", service)
        size = HIP_SIZE.get(service) or int(rng.integers(20, 39))
        low, high = (8, 15) if service == "cedar-unit" else (15, 45)
        patients = np.clip(rng.poisson(size, MONTHS), low, high)
        sent = rng.integers(95, 101, MONTHS)
        for metric, typical in HIP.items():
            stream = _stream(metric, service)
            rates = _rates(stream, service, metric, typical, end)
            seen = _beta_binomial(stream, patients, rates)
            for i, month in enumerate(_months(end)[: MONTHS - LATE.get(metric, 0)]):
                yield Cell(
                    service, metric, month, int(seen[i]), int(patients[i]), None, int(sent[i])
                )


def _laparotomy(end: tuple[int, int]) -> Iterator[Cell]:
    for service in NAMES:
        if service in ("cedar-unit", "leyburn-infirmary"):
            continue  # they do no emergency bowel surgery
        rng = _stream("laparotomy", service)
        expected = rng.poisson(LAPAROTOMY_SIZE.get(service) or rng.integers(14, 34), MONTHS) + 8
        recorded = _beta_binomial(rng, expected, np.full(MONTHS, 76.0))
        recorded = np.maximum(recorded, 1)
        tables = {"nela_case_ascertainment": (recorded, expected)}
        for metric, typical in LAPAROTOMY.items():
            stream = _stream(metric, service)
            rates = _rates(stream, service, metric, typical, end)
            tables[metric] = (_beta_binomial(stream, recorded, rates), recorded)
        for metric, (had, of) in tables.items():
            for i, month in enumerate(_months(end)):
                yield Cell(service, metric, month, int(had[i]), int(of[i]))
        stream = _stream("nela_length_of_stay", service)
        usual = np.full(MONTHS, stream.normal(16.5, 1.5))
        mean = _planted(service, "nela_length_of_stay", usual, end)
        stays = stream.gamma(2.0 * recorded, mean / (2.0 * recorded))  # of gamma(2) single stays
        for i, month in enumerate(_months(end)):
            days = round(float(stays[i]), 1)
            yield Cell(service, "nela_length_of_stay", month, None, int(recorded[i]), days)


def _emergency(end: tuple[int, int]) -> Iterator[Cell]:
    gap = _moved(planted("missing"), end)
    missing = [period.month(gap.year, gap.month + i) for i in range(MISSING_MONTHS)]
    months = _months(end)
    # Winter is slower: January is the bottom of the year, July the top.
    season = np.array([-math.cos(2 * math.pi * (m.start.month - 1) / 12) for m in months])
    for service in NAMES:
        if service == "cedar-unit":
            continue  # it has no A&E
        rng = _stream("a-and-e", service)
        size = rng.uniform(6_000, 14_000)
        visits = rng.poisson(size * (1 + 0.04 * season) * rng.normal(1, 0.02, MONTHS))
        major = rng.binomial(visits, rng.uniform(0.55, 0.68))
        minor = visits - major
        rates = _rates(rng, service, "ae_4h_type1", 60.0, end) + 2.0 * season
        within = _beta_binomial(rng, major, rates)
        every = within + _beta_binomial(rng, minor, np.full(MONTHS, 96.0))
        waits = rng.poisson(major * 0.055 * _wander(rng, 0.12))
        longest = rng.binomial(waits, rng.uniform(0.12, 0.3))
        for i, month in enumerate(months):
            if service == planted("missing").service and month in missing:
                continue
            yield Cell(service, "ae_4h", month, int(every[i]), int(visits[i]))
            yield Cell(service, "ae_4h_type1", month, int(within[i]), int(major[i]))
            yield Cell(service, "ae_attendances", month, value=int(visits[i]))
            yield Cell(service, "ae_4h_dta", month, value=int(waits[i]))
            yield Cell(service, "ae_12h_dta", month, value=int(longest[i]))


def _stroke(end: tuple[int, int]) -> Iterator[Cell]:
    last = end[1] - end[1] % 3  # the last month of the newest complete quarter; 0 is December
    quarters = [period.quarter(end[0], last - 2 - 3 * back) for back in range(QUARTERS)][::-1]
    for service in NAMES:
        if service == "cedar-unit":
            continue  # it has no stroke beds
        rng = _stream("stroke", service)
        records = rng.poisson(rng.integers(90, 240), QUARTERS)
        left = rng.binomial(records, 0.6)
        reviewed = _beta_binomial(rng, left, np.full(QUARTERS, rng.uniform(45, 80)))
        quality = rng.normal(1.3, 0.6) + rng.normal(0, 0.5, 10)  # 0 is A, 4 is E
        cases, compliance = "AAAB"[rng.integers(4)], "AABBC"[rng.integers(5)]
        if service == "fernhill-hospital":
            cases, compliance = "A", "B"
        for i, quarter in enumerate(quarters):
            halves = [
                "".join("ABCDE"[k] for k in _whole(quality + rng.normal(0, 0.4, 10)))
                for _ in range(2)
            ]
            if service == "fernhill-hospital":
                halves = list(STROKE_AT_B if STROKE_GRADES[i] == "B" else STROKE_AT_C)
            yield from _stroke_team(service, quarter, halves, cases, compliance)
            yield Cell(service, "ssnap_records", quarter, value=int(records[i]))
            yield Cell(service, "ssnap_6m_assessed", quarter, int(reviewed[i]), int(left[i]))


def _stroke_team(
    service: str, quarter: Period, halves: list[str], cases: str, compliance: str
) -> Iterator[Cell]:
    """One team in one quarter, worked out as the audit did until September 2024."""
    for prefix, letters in zip(("ssnap_", "ssnap_tc_"), halves, strict=True):
        for domain, letter in zip(DOMAINS, letters, strict=True):
            yield Cell(service, prefix + domain, quarter, value=letter)
    combined = sum(POINTS[letter] for half in halves for letter in half) / 20
    score = round(combined * CASES_FACTOR[cases] * RECORDS_FACTOR[compliance], 1)
    yield Cell(service, "ssnap_ki_score", quarter, value=combined)
    yield Cell(service, "ssnap_ki_level", quarter, value=level(combined))
    yield Cell(service, "ssnap_case_ascertainment", quarter, value=cases)
    yield Cell(service, "ssnap_audit_compliance", quarter, value=compliance)
    yield Cell(service, "ssnap_score", quarter, value=score)
    yield Cell(service, "ssnap_level", quarter, value=level(score))


def level(score: float) -> str:
    """The letter of a stroke score: A above 80, B from 70, C from 60, D from 40, else E."""
    if score > 80:
        return "A"
    return next(
        (letter for letter, least in (("B", 70), ("C", 60), ("D", 40)) if score >= least), "E"
    )


def _moved(story: Story, end: tuple[int, int]) -> date:
    """The first day of the story, for data up to `end`."""
    assert story.since is not None
    by = 12 * (end[0] - END[0]) + end[1] - END[1]
    return period.month(story.since.year, story.since.month + by).start


def _rates(
    rng: np.random.Generator, service: str, metric: str, typical: float, end: tuple[int, int]
) -> np.ndarray:
    """The true rate of each month in per cent: the service's own, and its story if it has one."""
    odds = math.log(typical / (100 - typical)) + rng.normal(0, 0.3)
    own = np.full(MONTHS, 100 / (1 + math.exp(-odds)))
    return _planted(service, metric, own, end)


def _planted(service: str, metric: str, usual: np.ndarray, end: tuple[int, int]) -> np.ndarray:
    for story in STORIES:
        if story.service == service and story.metric == metric and story.after:
            began = _moved(story, end)
            return np.array(
                [story.after if m.start >= began else story.before for m in _months(end)]
            )
    return usual


def _beta_binomial(rng: np.random.Generator, cases: np.ndarray, percent: np.ndarray) -> np.ndarray:
    rate = np.clip(percent / 100, 0.02, 0.98)
    return rng.binomial(cases, rng.beta(rate * PRECISION, (1 - rate) * PRECISION))


def _wander(rng: np.random.Generator, spread: float) -> np.ndarray:
    return np.exp(rng.normal(0, spread, MONTHS))


def _whole(grades: np.ndarray) -> list[int]:
    return [int(g) for g in np.clip(np.rint(grades), 0, 4)]


def _months(end: tuple[int, int]) -> list[Period]:
    return [period.month(end[0], end[1] - back) for back in range(MONTHS)][::-1]


def _stream(*parts: str) -> np.random.Generator:
    """The stream of chance of one series, from its names."""
    return np.random.default_rng([SEED, *"|".join(parts).encode()])


def _miscounted(cell: Cell, month: date) -> Cell:
    story = planted("corrected")
    if (cell.service, cell.metric, cell.period.start) != (story.service, story.metric, month):
        return cell
    assert cell.numerator is not None
    return cell._replace(numerator=max(0, cell.numerator - MISCOUNTED))


def _file(path: Path, cells: Iterable[Cell]) -> Path:
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(HEADER)
    for c in cells:
        cell = ("" if x is None else x for x in c[3:])
        start, end = c.period.start, c.period.end
        out.writerow((c.service, NAMES[c.service], c.metric, start, end, *cell))
    content = text.getvalue().encode()
    if not path.exists() or path.read_bytes() != content:  # an old file keeps its time
        path.write_bytes(content)
    return path
