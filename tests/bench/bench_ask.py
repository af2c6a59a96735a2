"""How long does a question wait? Reading, understanding and answering one, over a full store.

200 made-up services, every proportion of the shipped catalogue, 36 months. Each question is asked as
somebody in a channel would, on a connection of its own. The floor is the SELECT of one such series
by plain sqlite3. Medians of 20; a Slack user waits gladly for a second at most.
"""

import sqlite3
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from auditbot import catalogue, period
from auditbot.ask.answer import reply
from auditbot.model import Batch, Sighting
from auditbot.say.words import Words
from auditbot.store.engine import migrate, open_store, reading
from auditbot.store.save import save
from auditbot.viewer import Viewer

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
SERVICES, MONTHS, RUNS, SEED = 200, 36, 20, 20265
PERIODS = tuple(period.month(2023, 10 + i) for i in range(MONTHS))
QUESTIONS = (
    "What is our 4 hour performance?",
    "What was our 4 hour performance in March 2026?",
    "Is our 4 hour performance better than others?",
    "How are we doing?",
)


def figures(ids: list[str], metric: str, random: np.random.Generator) -> pd.DataFrame:
    """One metric's results of all services."""
    rows = len(ids) * MONTHS
    denominator = random.integers(200, 4000, rows).astype(float)
    numerator = random.binomial(denominator.astype(int), 0.72).astype(float)
    return pd.DataFrame(
        {
            "service": np.repeat(ids, MONTHS),
            "metric": metric,
            "start": np.tile([np.datetime64(p.start, "s") for p in PERIODS], len(ids)),
            "end": np.tile([np.datetime64(p.end, "s") for p in PERIODS], len(ids)),
            "numerator": numerator,
            "denominator": denominator,
            "value": 100 * numerator / denominator,
            "level": None,
            "state": "ok",
            "completeness": np.nan,
        }
    )


def main() -> None:
    """Fill a store, ask."""
    known, words = catalogue.load(ROOT / "bot" / "catalogue"), Words(ROOT / "messages")
    ids = [f"made-up-hospital-{n:03}" for n in range(SERVICES)]
    named = tuple(
        Sighting(s, s.replace("-", " ").title(), p, peer_group="made-up")
        for s in ids
        for p in PERIODS
    )
    metrics = [m.id for m in known.metrics.values() if m.kind == "proportion"]
    random = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made up.db"
        engine = open_store(f"sqlite:///{path}")
        migrate(engine)
        frames = (figures(ids, m, random) for m in metrics)
        batch = Batch("long", "ae", "a.csv", f"{0:064}", None, named, PERIODS, frames)
        save(engine, batch, now=NOW - timedelta(days=1))
        viewer = Viewer("open", NOW, frozenset(ids[:1]))

        def ask(text: str) -> str:
            with reading(engine) as conn:
                answer = reply(
                    conn, known, words, viewer, text=text, bound=ids[:1], today=NOW.date()
                )
            return str(answer.fields["state"])

        def bare() -> None:
            with sqlite3.connect(path) as conn:
                conn.execute(
                    "SELECT * FROM result WHERE service = 1 AND metric = "
                    "(SELECT key FROM metric WHERE id = 'ae_4h')"
                ).fetchall()

        floors: list[float] = []
        for text in QUESTIONS:
            state = ask(text)  # the first question reads the catalogue's words
            if state != "answered":
                raise SystemExit(f"'{text}' was answered with '{state}'; nothing can be said.")
            times = []
            for _ in range(RUNS):
                began = time.perf_counter()
                bare()
                then = time.perf_counter()
                ask(text)
                times.append(1000 * (time.perf_counter() - then))
                floors.append(1000 * (then - began))
            print(
                f"ask: {median(times):.0f} ms, min {min(times):.0f}, max {max(times):.0f}; "
                f"{median(times) / median(floors):.0f} times a bare SELECT: {text}"
            )
        engine.dispose()


if __name__ == "__main__":
    main()
