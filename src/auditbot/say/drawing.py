"""How is a chart drawn? matplotlib without pyplot: no shared state, the same bytes each time.

The marks are put inside the axes (say/marks), then words around them; last the axes get the room
that the words leave.
"""

import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import IdentityTransform

from auditbot.model import Chart
from auditbot.say.lettering import (
    DPI,
    HEIGHT,
    LARGE,
    READABLE,
    WIDTH,
    lettering,
    pixels,
    width,
    wrapped,
    write,
)
from auditbot.say.marks import INK, LINE, MARKS, QUIET, Look, Named, legend

EDGE = 36  # pixels left free at the sides
GRID = "#e3e7ea"


def png(chart: Chart) -> bytes:
    """The chart as a PNG of 1200 × 675 pixels; the same input gives the same bytes."""
    figure = drawn(chart)
    out = io.BytesIO()
    figure.canvas.print_figure(out, format="png", dpi=DPI, metadata={"Software": None})
    return out.getvalue()


def drawn(chart: Chart) -> Figure:
    """The picture before it becomes pixels: marks first, then the words around them."""
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    named = MARKS[chart.shape](axes, chart)
    top = _head(figure, chart)
    bottom = _foot(figure, chart)
    _frame(figure, axes, named, bottom, top)
    return figure


def _head(figure: Figure, chart: Chart) -> float:
    """Title and what the upright axis counts; gives the height in pixels that is left below."""
    room = WIDTH - 2 * EDGE
    large = lettering(LARGE, bold=True)
    lines = [chart.title]
    if width(chart.title, large) > room:
        large = lettering(23, bold=True)
        lines = wrapped(chart.title, large, room, most=2)
    y = HEIGHT - 22.0
    for line in lines:
        write(figure, line, EDGE, y, INK, large)
        y -= 1.3 * pixels(large)
    quiet = lettering(READABLE)
    for line in wrapped(chart.words.get("axis", ""), quiet, room, most=1):
        write(figure, line, EDGE, y - 6, QUIET, quiet)
        y -= 6 + 1.3 * pixels(quiet)
    return y - (1.5 * pixels(quiet) if chart.since is not None else 14)


def _foot(figure: Figure, chart: Chart) -> float:
    """Source and legend; gives the height in pixels from which the picture may stand."""
    y = 16.0
    room = WIDTH - 2 * EDGE
    long = width(chart.caption, lettering(READABLE)) / READABLE
    sizes = (READABLE, 17, 14.5, 12.5)  # the source stands in the message too
    size = next((s for s in sizes if long * s < room * (1 if s == READABLE else 1.9)), sizes[-1])
    font = lettering(size)
    lines = wrapped(chart.caption, font, room, most=2)
    for line in reversed(lines):
        write(figure, line, EDGE, y, QUIET, font, va="bottom", gid="source")
        y += 1.3 * pixels(font)
    rows = _rows(legend(chart), room)
    for row in reversed(rows):
        y += 12
        for x, (colour, shape, size), words in row:
            middle = y + 0.6 * pixels(lettering(READABLE))
            figure.add_artist(
                Line2D(
                    [x + 12],
                    [middle],
                    linestyle="none",
                    marker=shape,
                    color=colour,
                    markersize=min(size, 14),
                    markeredgecolor="white",
                    markeredgewidth=1,
                    transform=IdentityTransform(),
                )
            )
            write(figure, words, x + 34, middle, INK, lettering(READABLE), va="center_baseline")
        y += 1.15 * pixels(lettering(READABLE))
    across = chart.words.get("axis_cases", "")
    if across:
        y += 6
        line = wrapped(across, lettering(READABLE), room, most=1)[0]
        write(figure, line, WIDTH / 2, y, QUIET, lettering(READABLE), va="bottom", ha="center")
        y += 1.2 * pixels(lettering(READABLE))
    return y + 62  # the labels of the axis


def _rows(named: Sequence[tuple[Look, str]], room: float) -> list[list[tuple[float, Look, str]]]:
    """The legend in as few rows as hold it: x in pixels, look and words."""
    rows: list[list[tuple[float, Look, str]]] = []
    x = room
    for look, full in named:
        words = wrapped(full, lettering(READABLE), room - 40, most=1)[0]
        wide = 34 + width(words, lettering(READABLE))
        if x + wide > room:
            rows.append([])
            x = 0
        rows[-1].append((EDGE + x, look, words))
        x += wide + 44
    return rows


def _frame(figure: Figure, axes: Axes, named: Sequence[Named], bottom: float, top: float) -> None:
    """Put the axes where numbers and names at their sides leave room, without a frame."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LINE)
    axes.grid(axis="y", color=GRID, linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=9)
    font = lettering(22.5)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font)
        label.set_color(INK)
    low, high = axes.get_ylim()
    heights = [t for t in axes.get_yticks() if low <= t <= high]
    numbers = axes.yaxis.get_major_formatter().format_ticks(heights)
    left = EDGE + 14 + max(width(t, font) for t in numbers)
    lines = [
        (n, _in_two(n.words), lettering(READABLE, bold=n.colour == INK)) for n in named if n.words
    ]
    wide = max((width(w, f) for _, ws, f in lines for w in ws), default=30.0)
    right = WIDTH - EDGE - wide - 12
    axes.set_position(
        (left / WIDTH, bottom / HEIGHT, (right - left) / WIDTH, (top - bottom) / HEIGHT)
    )
    line = 1.2 * pixels(lettering(READABLE))
    wanted = sorted(
        (bottom + (top - bottom) * (min(max(n.height, low), high) - low) / (high - low), i)
        for i, (n, _, _) in enumerate(lines)
    )
    tall = [line * len(lines[i][1]) for _, i in wanted]
    for (_, i), y in zip(
        wanted, _apart([y for y, _ in wanted], tall, bottom - 20, top + 20), strict=True
    ):
        name, words, bold = lines[i]
        for k, part in enumerate(words):
            middle = y + line * ((len(words) - 1) / 2 - k)
            write(figure, part, right + 12, middle, name.colour, bold, va="center_baseline")


def _apart(wanted: Sequence[float], tall: Sequence[float], low: float, high: float) -> list[float]:
    """Rising heights moved as little upwards, then down from the top, as keeps them from touching."""
    placed: list[float] = []
    for i, (y, h) in enumerate(zip(wanted, tall, strict=True)):
        under = placed[-1] + (tall[i - 1] + h) / 2 if placed else low + h / 2
        placed.append(max(y, under))
    ceiling = high
    for i in range(len(placed) - 1, -1, -1):
        placed[i] = min(placed[i], ceiling - tall[i] / 2)
        ceiling = placed[i] - tall[i] / 2
    return placed


def _in_two(words: str) -> list[str]:
    """A name in two lines where it is long."""
    parts = words.split()
    if len(words) <= 13 or len(parts) < 2:
        return [words]
    at = min(range(1, len(parts)), key=lambda k: abs(len(" ".join(parts[:k])) - len(words) / 2))
    return [" ".join(parts[:at]), " ".join(parts[at:])]
