"""How often does the bot cry wolf? Digests about services in which nothing has changed.

Beta-binomial counts with real-world spread (precision 400), 24 months, a true rate of 72 in 100, 28
metrics a service; 120, 480 and 1,000 cases a month; without a standard, and with one of 73. The
findings and the choice are the bot's own, as for a channel's second digest, of which it must be
worth speaking at all. Beside it, what simpler rules would have made of the same figures.

Bars: at most 2 false confirmed concerns in 1,000 service-metrics, and a false "real change"
(class improvement or changed) at the head of at most 5 in 100 digests. A row whose rates remember
the month before (autocorrelation 0.3) and the power for a rise of 8 points held for 12 months are
reported without a bar. Ends with 1 when a bar is missed.
Run: python tests/bench/bench_null.py [services in a row]
"""

import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from auditbot import period
from auditbot.analyse.findings import find
from auditbot.catalogue import Audit, Catalogue, Metric
from auditbot.model import Finding, Result, Series, Service
from auditbot.say.choose import choose

ROOT = Path(__file__).resolve().parents[2]
RATE, PRECISION, MONTHS, METRICS, SEED = 0.72, 400.0, 24, 28, 20263
SERVICES = 750  # in a row: 21,000 service-metrics
CASES = (120, 480, 1000)
STANDARD = 73.0  # near the mean
MOST_CONCERNS, MOST_HEADLINES = 2.0, 5.0  # in 1,000 service-metrics, in 100 digests
REAL = ("improvement", "changed")  # the classes whose headline says that a change is real
PERIODS = tuple(period.month(2024, 10 + i) for i in range(MONTHS))


@dataclass(frozen=True)
class Row:
    """What was said about unchanged services, counted."""

    metrics: int  # service-metrics
    services: int
    concerns: int  # confirmed
    improvements: int  # confirmed
    digests: int  # services to which a second digest would have gone
    real: int  # of these with a false real change at their head
    first: int  # of all first digests, with a false real change at their head
    heads: Counter[str]  # the classes of the heads of second digests

    @property
    def concerns_in_1000(self) -> float:
        """False confirmed concerns in 1,000 service-metrics."""
        return 1000 * self.concerns / self.metrics

    @property
    def improvements_in_1000(self) -> float:
        """False confirmed improvements in 1,000 service-metrics."""
        return 1000 * self.improvements / self.metrics

    @property
    def real_in_100(self) -> float:
        """False real changes at the head, in 100 services, the worse of first and later digests."""
        return 100 * max(self.real, self.first) / self.services


def made_up(metrics: int = METRICS, standard: float | None = None) -> Catalogue:
    """One made-up audit of proportions."""
    audit = Audit(
        id="a",
        name="Made-up Audit",
        topic="Made up",
        kind="clinical audit",
        run_by="a made-up college",
        commissioned_by="nobody",
        covers="made-up care",
        why="It is made up.",
        counted="patients",
        not_counted="nobody",
        how_often="every month",
        credit="Source: made up",
        sources=("https://example.org",),
        review_by=date(2030, 1, 1),
    )
    goal = {"value": standard, "status": "national", "scope": "all", "source": "made up"}
    found = {
        f"m{i:02}": Metric.model_validate(
            {
                "id": f"m{i:02}",
                "audit": "a",
                "name": f"Made-up measure {i}",
                "plain": f"made-up measure {i}",
                "kind": "proportion",
                "direction": "higher",
                "achieved": "were seen in time",
                "numerator": "patients seen in time",
                "denominator": "patients",
                "why": "Waiting hurts.",
                "disclosure": "as_published",
                "standards": [goal] if standard else [],
                "standard_note": "made up",
                "standard_source": "made up",
                "verified": True,
                "verified_how": "made up",
                "review_by": date(2030, 1, 1),
            }
        )
        for i in range(metrics)
    }
    return Catalogue(MappingProxyType({"a": audit}), MappingProxyType(found), (), (), ROOT)


def unchanged(
    random: np.random.Generator, services: int, cases: int, *, memory: float = 0.0
) -> NDArray[np.int64]:
    """Numerators by service, metric and month. `memory`: autocorrelation of the monthly rates.

    With memory the rates move on the logit scale, with the same spread as without.
    """
    shape = (services, METRICS, MONTHS)
    if not memory:
        rates = random.beta(RATE * PRECISION, (1 - RATE) * PRECISION, shape)
        return random.binomial(cases, rates)
    spread = 1 / np.sqrt((PRECISION + 1) * RATE * (1 - RATE))  # of a beta, on the logit scale
    steps = random.normal(0, 1, shape)
    moved = np.empty(shape)
    moved[..., 0] = steps[..., 0]
    for t in range(1, MONTHS):
        moved[..., t] = memory * moved[..., t - 1] + np.sqrt(1 - memory**2) * steps[..., t]
    return random.binomial(cases, 1 / (1 + np.exp(-np.log(RATE / (1 - RATE)) - spread * moved)))


def risen(
    random: np.random.Generator, services: int, cases: int, points: float = 8
) -> NDArray[np.int64]:
    """As `unchanged`, with every rate higher by so many points in the last 12 months."""
    rates = np.repeat([RATE, RATE + points / 100], MONTHS // 2)
    drawn = random.beta(rates * PRECISION, (1 - rates) * PRECISION, (services, METRICS, MONTHS))
    return random.binomial(cases, drawn)


def findings_of(counts: NDArray[np.int64], cases: int, catalogue: Catalogue) -> list[Finding]:
    """What the bot finds in the figures of one service (by metric and month)."""
    service = Service("made-up-hospital", "Made-up Hospital")
    found = []
    for metric, row in zip(catalogue.metrics.values(), counts.tolist(), strict=True):
        results = tuple(
            Result(service.id, metric.id, p, "ok", 100 * x / cases, None, float(x), float(cases))
            for p, x in zip(PERIODS, row, strict=True)
        )
        finding = find(service, metric, Series(service.id, metric.id, results))
        assert finding is not None
        found.append(finding)
    return found


def judged(counts: NDArray[np.int64], cases: int, catalogue: Catalogue) -> Row:
    """Every finding of every service, and the head of its first and of a later digest."""
    said: Counter[str] = Counter()
    heads: Counter[str] = Counter()
    first = 0
    for service in counts:
        found = findings_of(service, cases, catalogue)
        said.update(f.verdict.direction for f in found if f.verdict.strength == "confirmed")
        opening = choose(found, catalogue=catalogue, first=True)
        first += bool(opening and opening.pick and opening.pick.kind in REAL)
        later = choose(found, catalogue=catalogue)
        if later is not None and later.pick is not None:
            heads[later.pick.kind] += 1
    return Row(
        metrics=counts.shape[0] * counts.shape[1],
        services=len(counts),
        concerns=said["concern"],
        improvements=said["improvement"],
        digests=heads.total(),
        real=sum(heads[k] for k in REAL),
        first=first,
        heads=heads,
    )


def simple_rules(counts: NDArray[np.int64], cases: int) -> dict[str, float]:
    """Of 1,000 service-metrics, how many would simpler rules call better (or, the last two, changed)?"""
    rates = counts.reshape(-1, MONTHS) / cases
    last, before = rates[:, -1], rates[:, -2]
    pooled = (last + before) / 2
    z = (last - before) / np.sqrt(2 * pooled * (1 - pooled) / cases)
    # The last month against all before it, as if chance were all there is.
    mean = rates[:, :-1].mean(axis=1)
    far = (last - mean) / np.sqrt(mean * (1 - mean) / cases * (1 + 1 / (MONTHS - 1)))
    side = np.sign(rates - rates.mean(axis=1, keepdims=True))[:, -7:]
    run = np.abs(side.sum(axis=1)) == 7
    return {
        "went up": 1000 * float((last > before).mean()),
        "up 5 points": 1000 * float((last - before >= 0.05 - 1e-12).mean()),
        "z > 1.96": 1000 * float((z > 1.96).mean()),
        "|z| > 3, last month": 1000 * float((np.abs(far) > 3).mean()),
        "run of 7": 1000 * float(run.mean()),
    }


def tell(label: str, row: Row, rules: dict[str, float] | None = None) -> None:
    """One row in words and figures."""
    heads = ", ".join(f"{kind} {n}" for kind, n in row.heads.most_common())
    print(
        f"{label}: {row.metrics:,} service-metrics; in 1,000 false confirmed concerns "
        f"{row.concerns_in_1000:.2f}, improvements {row.improvements_in_1000:.2f}; in 100 services "
        f"a false real change heads {100 * row.first / row.services:.1f} first and "
        f"{100 * row.real / row.services:.1f} later digests ({row.digests} later ones: {heads})"
    )
    if rules:
        print("    simpler rules: " + ", ".join(f"{k} {v:.0f}" for k, v in rules.items()))


def main() -> int:
    """All rows; 1 when a bar is missed."""
    services = int(sys.argv[1]) if len(sys.argv) > 1 else SERVICES
    random = np.random.default_rng(SEED)
    began = time.perf_counter()
    missed = []
    for standard in (None, STANDARD):
        catalogue = made_up(standard=standard)
        for cases in CASES:
            counts = unchanged(random, services, cases)
            row = judged(counts, cases, catalogue)
            label = f"null: {cases} cases a month, " + (
                f"standard {standard:g}" if standard else "none"
            )
            tell(label, row, simple_rules(counts, cases))
            if row.concerns_in_1000 > MOST_CONCERNS:
                missed.append(f"{label}: {row.concerns_in_1000:.2f} false concerns in 1,000")
            if row.real_in_100 > MOST_HEADLINES:
                missed.append(f"{label}: {row.real_in_100:.1f} false heads in 100")
    catalogue = made_up()
    for cases in CASES:
        counts = unchanged(random, services, cases, memory=0.3)
        tell(f"memory 0.3 (no bar): {cases} cases", judged(counts, cases, catalogue))
    for cases in CASES:
        row = judged(risen(random, services // 10, cases), cases, catalogue)
        print(
            f"power: +8 points for 12 months, {cases} cases: {row.improvements_in_1000 / 10:.1f}%"
        )
    print(f"null: {time.perf_counter() - began:.0f} s; bars missed: {'; '.join(missed) or 'none'}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
