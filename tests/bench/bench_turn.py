"""How long is a turn over 3.6 million results, and does memory grow with the services?

200 services with a channel each, 500 made-up metrics in 10 audits, 36 months: the figures are saved
as ten files would be, then one turn works out every finding, chooses and queues 200 first digests.
Charts are data in the queue; pictures are drawn when a message is sent, and none is drawn here.
The floor is the least that Python must do: read the same rows with one statement a service and add
up what each series pooled over its last and its earlier year.

The same with a tenth of the services shows what memory does as services grow. Each turn has a
process of its own, so that the peak of memory is its own. Ends with 1 when memory is at or above
1 GB or grows by more than half; 20 s are the aim.
Run: python tests/bench/bench_turn.py [services]
"""

import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from auditbot import period
from auditbot.catalogue import Audit, Catalogue, Metric

ROOT = Path(__file__).resolve().parents[2]
AUDITS, METRICS, MONTHS, SEED = 10, 50, 36, 20262
AIM_SECONDS, MOST_MEGABYTES, MOST_GROWTH = 20, 1_024, 1.5
NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
PERIODS = tuple(period.month(2023, 10 + i) for i in range(MONTHS))


def made_up() -> Catalogue:
    """Ten audits of fifty proportions: a fifth protected, half with a season, a third with a standard."""
    audits, metrics = {}, {}
    for a in range(AUDITS):
        audits[f"audit{a}"] = Audit(
            id=f"audit{a}",
            name=f"Made-up Audit {a}",
            topic=f"Topic {a}",
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
        for m in range(METRICS):
            goal = {"value": 90.0, "status": "national", "scope": "all", "source": "made up"}
            metrics[f"audit{a}_m{m:02}"] = Metric.model_validate(
                {
                    "id": f"audit{a}_m{m:02}",
                    "audit": f"audit{a}",
                    "name": f"Made-up measure {m}",
                    "plain": f"made-up measure {m}",
                    "kind": "proportion",
                    "direction": "higher",
                    "achieved": "were seen in time",
                    "numerator": "patients seen in time",
                    "denominator": "patients",
                    "why": "Waiting hurts.",
                    "season": ("none", "month")[m % 2],
                    "disclosure": "small_numbers" if a % 5 == 4 else "as_published",
                    "standards": [goal] if m % 3 == 0 else [],
                    "standard_note": "made up",
                    "standard_source": "made up",
                    "verified": True,
                    "verified_how": "made up",
                    "review_by": date(2030, 1, 1),
                }
            )
    return Catalogue(MappingProxyType(audits), MappingProxyType(metrics), (), (), ROOT)


def names(services: int) -> list[str]:
    """Ids of the services."""
    return [f"made-up-hospital-{n:03}" for n in range(services)]


def frames(audit: str, services: list[str], random: np.random.Generator) -> Iterator[pd.DataFrame]:
    """The figures of one audit, five metrics at a time; two in a hundred months are no figure."""
    starts = np.array([p.start for p in PERIODS], dtype="datetime64[s]")
    ends = np.array([p.end for p in PERIODS], dtype="datetime64[s]")
    series = len(services)
    for first in range(0, METRICS, 5):
        ids = [f"{audit}_m{m:02}" for m in range(first, first + 5)]
        rows = 5 * series * MONTHS
        rate = np.repeat(random.beta(14, 6, 5 * series), MONTHS)
        denominator = random.integers(20, 400, rows).astype(float)
        numerator = random.binomial(denominator.astype(int), rate).astype(float)
        entered = random.random(rows) > 0.02
        yield pd.DataFrame(
            {
                "service": np.tile(np.repeat(services, MONTHS), 5),
                "metric": np.repeat(ids, series * MONTHS),
                "start": np.tile(starts, 5 * series),
                "end": np.tile(ends, 5 * series),
                "numerator": np.where(entered, numerator, np.nan),
                "denominator": np.where(entered, denominator, np.nan),
                "value": np.where(entered, 100 * numerator / denominator, np.nan),
                "level": None,
                "state": np.where(entered, "ok", "not_entered"),
                "completeness": np.nan,
            }
        )


def fill(address: str, services: int) -> None:
    """Save the files of all audits by the road that every file takes."""
    from auditbot.model import Batch, Sighting
    from auditbot.store.engine import migrate, open_store
    from auditbot.store.save import save

    engine = open_store(address)
    migrate(engine)
    ids, random = names(services), np.random.default_rng(SEED)
    sightings = tuple(
        Sighting(s, s.replace("-", " ").title(), p, peer_group="made-up")
        for s in ids
        for p in PERIODS
    )
    stored = 0
    began = time.perf_counter()
    for audit in (f"audit{a}" for a in range(AUDITS)):
        batch = Batch(
            "long",
            audit,
            f"{audit}.csv",
            f"{audit:0>64}",
            None,
            sightings,
            PERIODS,
            frames(audit, ids, random),
        )
        stored += save(engine, batch, now=NOW - timedelta(days=1)).stored
    engine.dispose()
    expected = services * AUDITS * METRICS * MONTHS
    if stored != expected:
        raise SystemExit(f"{stored:,} of {expected:,} results were stored; nothing can be said.")
    print(time.perf_counter() - began, stored)


def run_turn(address: str, services: int) -> None:
    """One turn to as many channels as there are services."""
    from auditbot.house import House
    from auditbot.model import Binding
    from auditbot.pipeline import turn
    from auditbot.say import chart
    from auditbot.say.words import Words
    from auditbot.store import queue
    from auditbot.store.engine import open_store, reading

    bindings = tuple(Binding(f"C{n:04}", (s,)) for n, s in enumerate(names(services)))
    house = House(
        open_store(address), made_up(), {}, Words(ROOT / "messages"), ZoneInfo("Europe/London"),
        bindings=bindings,
    )  # fmt: skip
    pictures: list[object] = []
    chart.png = pictures.append  # type: ignore[assignment]
    began, worked = time.perf_counter(), time.process_time()
    held = turn(house, NOW, bindings, lambda _, at: at + timedelta(days=1), once_a_day=True)
    seconds, worked = time.perf_counter() - began, time.process_time() - worked
    with reading(house.engine) as conn:
        digests = sum(o.kind == "digest" for o in queue.waiting(conn))
    if digests != services or pictures or any("could not" in h.why for h in held):
        raise SystemExit(f"{digests} digests, {len(pictures)} pictures; {held[:3]}")
    print(seconds, worked, peak())


def floor(address: str, _services: int) -> None:
    """The rows of one service after the other, pooled in plain Python."""
    conn = sqlite3.connect(address.removeprefix("sqlite:///"))
    began, worked = time.perf_counter(), time.process_time()
    query = (
        "SELECT metric, period, release, state, numerator, denominator, value FROM result "
        "WHERE service = ? AND metric IN (SELECT key FROM metric) ORDER BY metric, period"
    )
    risen = 0
    for (key,) in conn.execute("SELECT key FROM service").fetchall():
        series = defaultdict(list)
        for row in conn.execute(query, (key,)):
            if row[3] == 0:
                series[row[0]].append(row)
        for rows in series.values():
            before, after = rows[-24:-12], rows[-12:]
            old, new = (sum(r[4] for r in s) / sum(r[5] for r in s) for s in (before, after))
            risen += new > old
    print(time.perf_counter() - began, time.process_time() - worked, peak())


def peak() -> float:
    """Megabytes this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(part: str, address: str, services: int) -> list[float]:
    """Run one part in a process of its own; the numbers it prints: seconds, then what else it says."""
    command = [sys.executable, __file__, "--part", part, address, str(services)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    return [float(word) for word in run.stdout.split()]


def main() -> int:
    """The whole and a tenth of it, beside the floor."""
    whole = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    memory = {}
    for services in (max(1, whole // 10), whole):
        with tempfile.TemporaryDirectory() as folder:
            address = f"sqlite:///{folder}/made up.db"
            saving, results = measure("fill", address, services)
            bare, bare_worked, _ = measure("floor", address, services)
            seconds, worked, memory[services] = measure("turn", address, services)
        print(
            f"turn: {results:,.0f} results, {services} channels: {seconds:.1f} s, {worked:.1f} s of "
            f"processor ({results / seconds:,.0f} results/s); floor {bare:.1f} s, {bare_worked:.1f} s "
            f"of processor; ratios {seconds / bare:.1f} and {worked / bare_worked:.1f}; "
            f"{memory[services]:.0f} MB peak; saving them took {saving:.0f} s"
        )
    growth = memory[whole] / min(memory.values())
    print(
        f"turn: aim {AIM_SECONDS} s: {seconds / AIM_SECONDS:.2f} of it; memory at most "
        f"{MOST_MEGABYTES} MB: {memory[whole]:.0f}; ten times the services take {growth:.2f} times "
        f"the memory (at most {MOST_GROWTH})"
    )
    return int(memory[whole] >= MOST_MEGABYTES or growth > MOST_GROWTH)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        {"fill": fill, "turn": run_turn, "floor": floor}[sys.argv[2]](sys.argv[3], int(sys.argv[4]))
    else:
        sys.exit(main())
