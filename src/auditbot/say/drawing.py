"""How is a chart drawn? matplotlib without pyplot: no shared state, the same bytes each time.

Colour never speaks alone: each kind of point has its own shape. Type is large enough for a
picture that a phone shows at a third of its size.
"""

import io
import math
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import FuncFormatter, MaxNLocator

from auditbot.model import Chart

WIDTH, HEIGHT, DPI = 12.0, 6.75, 100

INK, QUIET, PALE = "#212b32", "#4c6272", "#aeb7bd"
# kind of point: colour, shape, size
LOOK: dict[str, tuple[str, str, float]] = {
    "common_cause": (QUIET, "o", 10.5),
    "improvement": ("#005eb8", "D", 12.5),
    "concern": ("#b84700", "s", 12.5),
    "neutral_high": ("#6b3fa0", "^", 14),
    "neutral_low": ("#6b3fa0", "v", 14),
}
LEGEND = {
    "common_cause": "usual",
    "improvement": "improvement",
    "concern": "concern",
    "neutral_high": "high",
    "neutral_low": "low",
}


def png(chart: Chart) -> bytes:
    """The chart as a PNG of 1200 × 675 pixels; the same input gives the same bytes."""
    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DPI, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    stepped = any(key.startswith("level:") for key in chart.words)
    axes = figure.add_axes((0.095, 0.285, 0.87 if stepped else 0.675, 0.515))
    (_draw_steps if stepped else _draw_points)(axes, chart)
    _dress(figure, axes, chart)
    _make_room(axes)
    out = io.BytesIO()
    canvas.print_figure(out, format="png", dpi=DPI, metadata={"Software": None})
    return out.getvalue()


def _draw_points(axes: Axes, chart: Chart) -> None:
    x = range(len(chart.values))
    values, means = _line(chart.values), _line(chart.means)
    lowers, uppers = _line(chart.lowers), _line(chart.uppers)
    axes.fill_between(x, lowers, uppers, step="mid", color="#eef1f3", linewidth=0)
    for limit in (lowers, uppers):
        axes.plot(x, limit, color=QUIET, linewidth=1.6, dashes=(5, 4), drawstyle="steps-mid")
    axes.plot(x, means, color=QUIET, linewidth=2, drawstyle="steps-mid")
    axes.plot(x, values, color=PALE, linewidth=2.2)
    for kind, (colour, shape, size) in LOOK.items():
        at = [i for i, k in enumerate(chart.kinds) if k == kind and chart.values[i] is not None]
        if at:
            axes.plot(
                at,
                [values[i] for i in at],
                linestyle="none",
                marker=shape,
                color=colour,
                markersize=size,
                markeredgecolor="white",
                markeredgewidth=1.2,
                label=chart.words.get(LEGEND[kind], ""),
                zorder=5,
            )
    ends: list[tuple[float, str, str]] = []
    if chart.standard is not None:
        axes.axhline(chart.standard, color=INK, linewidth=2.6, zorder=3)
        ends.append((chart.standard, chart.words.get("standard", ""), INK))
    if chart.means and chart.means[-1] is not None:
        ends.append((chart.means[-1], chart.words.get("mean", ""), QUIET))
    if chart.uppers and chart.uppers[-1] is not None and chart.lowers[-1] is not None:
        ends.append((chart.uppers[-1], chart.words.get("limits", ""), QUIET))
    low, high = _range(chart)
    axes.set_ylim(low, high)
    steps = [1, 2, 5, 10] if _whole(chart) else [1, 2, 2.5, 5, 10]
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=steps, integer=_whole(chart)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{round(y, 9):,g}"))
    _name_lines(axes, ends, low, high)
    last = chart.values[-1]
    if last is not None and chart.words.get("last"):
        colour = LOOK.get(chart.kinds[-1], LOOK["common_cause"])[0]
        above = _room_above(chart, last, low, high)
        axes.annotate(
            chart.words["last"],
            (len(chart.values) - 1, last),
            xytext=(0 if len(chart.words["last"]) < 4 else 14, 15 if above else -15),
            textcoords="offset points",
            ha="center" if len(chart.words["last"]) < 4 else "right",
            va="bottom" if above else "top",
            color=colour,
            fontproperties=_font(28, bold=True),
            zorder=6,
        )


def _draw_steps(axes: Axes, chart: Chart) -> None:
    heights = _line(chart.values)
    axes.plot(range(len(heights)), heights, color=PALE, linewidth=3, drawstyle="steps-mid")
    for i, height in enumerate(chart.values):
        if height is None:
            continue
        last = i == len(chart.values) - 1
        axes.plot(i, height, "o", markersize=34 if last else 28, color=INK if last else QUIET)
        axes.text(
            i,
            height,
            chart.words.get(f"level:{height:g}", ""),
            ha="center",
            va="center_baseline",
            color="white",
            fontproperties=_font(20 if last else 17, bold=True),
        )
    axes.set_ylim(0.4, 5.6)
    axes.set_yticks(range(1, 6), [chart.words.get(f"level:{i}", "") for i in range(1, 6)])


def _dress(figure: Figure, axes: Axes, chart: Chart) -> None:
    """Title, axes, legend and caption: large type, few labels, no frame."""
    title = _fit(chart.title, 70)
    large = _font(min(28, 28 * 46 / max(len(title), 1)), bold=True)
    figure.text(0.03, 0.965, title, va="top", color=INK, fontproperties=large, parse_math=False)
    axis = _fit(chart.words.get("axis", ""), 60)
    figure.text(
        0.03, 0.875, axis, va="top", color=QUIET, fontproperties=_font(21), parse_math=False
    )
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    axes.grid(axis="y", color="#e3e7ea", linewidth=1)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=9)
    n = len(chart.labels)
    ticks = _ticks(n, chart.labels)
    axes.set_xticks(ticks, [chart.labels[i] for i in ticks])
    margin = max(0.6, n / 40)
    axes.set_xlim(-margin, n - 1 + margin)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(_font(22.5))
        label.set_color(INK)
    named = axes.get_legend_handles_labels()[1]
    if named:
        legend = axes.legend(
            loc="upper left",
            bbox_to_anchor=(-0.1, -0.19),
            ncols=3,
            frameon=False,
            prop=_font(21.5 if len(named) < 3 else 18),
            handletextpad=0.3,
            columnspacing=1.6,
            borderaxespad=0,
        )
        for text in legend.get_texts():
            text.set_color(INK)
    caption = "\n".join(textwrap.wrap(_fit(chart.caption, 220), 112))
    figure.text(
        0.03,
        0.022,
        caption,
        color=QUIET,
        fontproperties=_font(12.5),
        linespacing=1.3,
        parse_math=False,  # a name is never a formula
    )


def _make_room(axes: Axes) -> None:
    """Move the left edge so that the longest number beside the axis fits."""
    low, high = axes.get_ylim()
    ticks = [t for t in axes.get_yticks() if low <= t <= high]
    longest = max((len(f"{round(t, 9):,g}") for t in ticks), default=0)
    left, bottom, width, height = axes.get_position().bounds
    wanted = max(left, 0.045 + 0.0168 * longest)
    axes.set_position((wanted, bottom, width - (wanted - left), height))


def _name_lines(
    axes: Axes, ends: Sequence[tuple[float, str, str]], low: float, high: float
) -> None:
    """The names of the lines at their right ends, moved apart where they would touch."""
    apart = 0.115 * (high - low)
    placed: list[float] = []
    for value, name, colour in sorted(ends):
        y = max(value, placed[-1] + apart) if placed else value
        placed.append(y)
        axes.annotate(
            name,
            (1.012, min(max(y, low), high)),
            xycoords=("axes fraction", "data"),
            va="center",
            color=colour,
            fontproperties=_font(20.5, bold=colour == INK),
            annotation_clip=False,
        )


def _range(chart: Chart) -> tuple[float, float]:
    """The y axis: everything drawn, within 0 to 100 for rates.

    It is at least 20 points high for rates, else a twentieth of the figures, and 2 where these are
    whole.
    """
    drawn = (*chart.values, *chart.means, *chart.lowers, *chart.uppers, chart.standard)
    known = [v for v in drawn if v is not None]
    low, high = min(known), max(known)
    least = 20.0 if chart.unit == "percent" else abs(high) / 20
    least = max(least, 2.0 if _whole(chart) else 1e-9)
    pad = max(0.12 * (high - low), (least - (high - low)) / 2, 1e-9)
    bottom, top = low - pad, high + pad
    if low >= 0:
        bottom = max(bottom, -0.02 * (top - bottom) if low < pad else bottom)
    if chart.unit == "percent":
        # limits may lie beyond what a percentage can be: the picture ends where figures do
        top = min(top, 100 + 0.03 * (top - bottom))
        bottom = max(bottom, -0.03 * (top - bottom))
    elif all(v is None or v >= 0 for v in chart.values):
        bottom = max(bottom, -0.03 * top)  # so for counts and days: none of them is below nothing
    return bottom, top


def _whole(chart: Chart) -> bool:
    """Are all figures whole, as counts are?"""
    return chart.unit == "number" and all(v is None or v == round(v) for v in chart.values)


def _room_above(chart: Chart, last: float, low: float, high: float) -> bool:
    """Does the last figure stand better above its point than below?"""
    before = next((v for v in reversed(chart.values[:-1]) if v is not None), last)
    above = before <= last
    near_top = last > high - 0.13 * (high - low)
    near_bottom = last < low + 0.13 * (high - low)
    return (above or near_bottom) and not near_top


def _line(values: Sequence[float | None]) -> list[float]:
    return [math.nan if v is None else v for v in values]


def _ticks(n: int, labels: Sequence[str]) -> list[int]:
    """At most four labelled periods (three where labels are long), the last one always."""
    most = 3 if max(map(len, labels)) > 8 else 4
    step = max(1, math.ceil((n - 1) / (most - 1))) if n > most else 1
    return sorted(range(n - 1, -1, -step))


def _fit(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _font(size: float, *, bold: bool = False) -> FontProperties:
    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
