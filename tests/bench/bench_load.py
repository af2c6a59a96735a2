"""How long does a million rows take, beside the least that any program must do?

The floor is pandas.read_csv and sqlite3.executemany of the same rows into a bare table. Ours reads
and checks the same file and saves it. Prints both, their ratio and our peak memory; ends with 1
when the ratio is above 3 or memory at or above 1.2 GB. Run: python tests/bench/bench_load.py [rows]
"""

import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

MOST_RATIO, MOST_MEGABYTES = 3.0, 1_200
SERVICES, METRICS, MONTHS = 200, 140, 36
COLUMNS = [
    *("service", "service_name", "metric", "period_start", "period_end"),
    *("numerator", "denominator", "value", "completeness"),
]


def make_csv(path: Path, rows: int) -> None:
    """Made-up services and figures in the plain layout, in no order that would help anybody."""
    from auditbot import catalogue

    known = catalogue.load(ROOT / "bot" / "catalogue")
    ids = [m.id for m in known.metrics.values() if m.kind == "proportion"]
    # A catalogue has fewer metrics than the bar asks for: the rest of the rows are older months.
    months = -(-SERVICES * METRICS * MONTHS // (SERVICES * len(ids)))
    starts = pd.date_range(end="2026-01-01", periods=months, freq="MS")
    index = pd.MultiIndex.from_product([range(SERVICES), starts, ids]).to_frame(index=False)
    index.columns = ["n", "period_start", "metric"]
    frame = index.iloc[:rows].sample(frac=1, random_state=7)
    random = np.random.default_rng(7)
    denominator = random.integers(20, 400, len(frame))
    numerator = random.binomial(denominator, 0.72)
    name = frame["n"].map(lambda n: f"Made-up Hospital {n:03}")
    pd.DataFrame(
        {
            "service": frame["n"].map(lambda n: f"made-up-hospital-{n:03}"),
            "service_name": name,
            "metric": frame["metric"],
            "period_start": frame["period_start"].dt.strftime("%Y-%m-%d"),
            "period_end": (frame["period_start"] + pd.offsets.MonthEnd(0)).dt.strftime("%Y-%m-%d"),
            "numerator": numerator,
            "denominator": denominator,
            "value": np.round(100 * numerator / denominator, 4),
            "completeness": random.integers(80, 101, len(frame)),
        },
        columns=COLUMNS,
    ).to_csv(path, index=False)


def floor(csv: Path, folder: Path) -> float:
    """Seconds for the least that must be done."""
    began = time.perf_counter()
    frame = pd.read_csv(csv)
    conn = sqlite3.connect(folder / "floor.db")
    conn.execute(f"CREATE TABLE result ({', '.join(COLUMNS)})")
    marks = ", ".join("?" * len(COLUMNS))
    rows = frame.itertuples(index=False, name=None)
    conn.executemany(f"INSERT INTO result VALUES ({marks})", rows)
    conn.commit()
    conn.close()
    return time.perf_counter() - began


def ours(csv: Path, folder: Path) -> float:
    """Seconds to read, check and save the file."""
    from auditbot import catalogue, layout
    from auditbot.ingest import take_in
    from auditbot.store.engine import migrate, open_store
    from auditbot.store.save import save

    known = catalogue.load(ROOT / "bot" / "catalogue")
    layouts = layout.load(ROOT / "bot" / "catalogue" / "layouts", known)
    engine = open_store(f"sqlite:///{folder}/ours.db")
    migrate(engine)
    began = time.perf_counter()
    batch = take_in(csv, layouts, known, "long")
    saved = save(engine, batch, now=datetime(2026, 3, 2, tzinfo=UTC))
    seconds = time.perf_counter() - began
    engine.dispose()
    lines = sum(1 for _ in csv.open()) - 1
    if (saved.state, saved.results, saved.stored) != ("loaded", lines, lines):
        raise SystemExit(f"of {lines} rows {saved} was saved; nothing can be said of its speed.")
    return seconds


def main() -> int:
    """Each part in a process of its own, so that the peak of memory is its own."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        csv = folder / "made up.csv"
        make_csv(csv, rows)
        found = {}
        for part in ("floor", "ours"):
            run = subprocess.run(
                [sys.executable, __file__, "--part", part, str(csv)],
                check=True,
                capture_output=True,
                text=True,
            )
            found[part] = tuple(map(float, run.stdout.split()))
    ratio = found["ours"][0] / found["floor"][0]
    memory = found["ours"][1]
    print(f"load: {rows:,} rows, floor {found['floor'][0]:.1f} s, ours {found['ours'][0]:.1f} s")
    print(f"load: ratio {ratio:.2f} (at most {MOST_RATIO:g}), {memory:.0f} MB peak")
    return int(ratio > MOST_RATIO or memory >= MOST_MEGABYTES)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        file = Path(sys.argv[3])
        took = {"floor": floor, "ours": ours}[sys.argv[2]](file, file.parent)
        print(took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        sys.exit(main())
