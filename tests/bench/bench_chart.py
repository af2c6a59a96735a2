"""How long does a picture take? Ours beside the least that matplotlib can do, in one run.

A control chart of 36 months and a step chart of letters, from a finding to a PNG. The floor is a bare
figure of the same size with one line of 36 points. Medians of 20, taken in turn; 80 ms are the aim.
"""

import io
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from auditbot import catalogue, period
from auditbot.analyse.findings import find
from auditbot.model import Finding, Result, Series, Service
from auditbot.say import chart
from auditbot.say.words import Words

ROOT = Path(__file__).resolve().parents[2]
RUNS, MONTHS, AIM, SEED = 20, 36, 80, 20264
PROPORTION, LEVEL = "ae_4h", "ssnap_level"


def finding_of(known: catalogue.Catalogue, metric: str) -> Finding:
    """What is found in 36 made-up results of one metric: counts, or letters."""
    entry, random = known.metrics[metric], np.random.default_rng(SEED)
    level = entry.kind == "level"
    results = []
    for i in range(MONTHS):
        when = period.quarter(2017, 1 + 3 * i) if level else period.month(2023, 10 + i)
        x = float(random.binomial(4000, 0.72 if i < 24 else 0.78))
        letter = "ABCDE"[int(random.integers(0, 5))] if level else None
        counts = (None, None) if level else (x, 4000.0)
        results.append(Result("s", metric, when, "ok", None if level else x / 40, letter, *counts))
    found = find(Service("s", "Made-up Hospital"), entry, Series("s", metric, tuple(results)))
    assert found is not None
    return found


def bare(width: int, height: int) -> bytes:
    """The floor."""
    figure = Figure(figsize=(width / 100, height / 100), dpi=100)
    canvas = FigureCanvasAgg(figure)
    figure.add_subplot().plot(range(MONTHS), range(MONTHS))
    out = io.BytesIO()
    canvas.print_figure(out, format="png", dpi=100)
    return out.getvalue()


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height of a PNG in pixels."""
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def main() -> None:
    """All three in turn."""
    known, words = catalogue.load(ROOT / "bot" / "catalogue"), Words(ROOT / "messages")

    def drawn(metric: str) -> Callable[[], bytes]:
        finding = finding_of(known, metric)

        def draw() -> bytes:
            picture = chart.picture(finding, known.metrics[metric], words, headline="Made up.")
            assert picture is not None
            return chart.png(picture)

        return draw

    kinds = {"control chart": drawn(PROPORTION), "step chart": drawn(LEVEL)}
    width, height = size_of(kinds["control chart"]())
    if size_of(kinds["step chart"]()) != (width, height):
        raise SystemExit("the two charts are of different sizes; the floor would not be fair.")
    kinds["floor"] = lambda: bare(width, height)
    kinds["floor"]()  # the first figure finds its fonts
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(RUNS):
        for kind, draw in kinds.items():
            began = time.perf_counter()
            draw()
            took[kind].append(1000 * (time.perf_counter() - began))
    floor = median(took.pop("floor"))
    for kind, times in took.items():
        print(
            f"{kind}: median {median(times):.0f} ms (aim {AIM}), min {min(times):.0f}, max "
            f"{max(times):.0f}; {median(times) / floor:.1f} times a bare figure of {floor:.0f} ms"
        )


if __name__ == "__main__":
    main()
