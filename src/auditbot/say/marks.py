"""What stands inside the axes of a chart? Dots, lines and letters, each with a look of its own.

Colour never speaks alone: each kind of point has its own shape, each line its name.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import FuncFormatter, MaxNLocator

from auditbot.model import Chart
from auditbot.say.chart import LEGEND
from auditbot.say.lettering import LARGE, READABLE, lettering

Look = tuple[str, str, float]  # colour, shape, size

INK, QUIET, LINE = "#212b32", "#4c6272", "#768692"
BAND = "#eef1f3"  # behind the marks; nothing is to be read from it
LOOK: dict[str, Look] = {  # by kind of point
    "common_cause": (QUIET, "o", 10.5),
    "improvement": ("#005eb8", "D", 12.5),
    "concern": ("#b84700", "s", 13),
    "neutral_high": (INK, "^", 14.5),
    "neutral_low": (INK, "v", 14.5),
}
OWN: Look = (INK, "D", 18.0)  # in a funnel
OTHER: Look = (LINE, "o", 7.0)


@dataclass(frozen=True, slots=True)
class Named:
    """A line of the picture, to be named at its right end."""

    height: float  # as data
    words: str
    colour: str = QUIET


def _control(axes: Axes, chart: Chart) -> list[Named]:
    """Dots over time, their average, usual range and standard."""
    n = len(chart.values)
    x = range(n)
    values, means = _line(chart.values), _line(chart.means)
    lowers, uppers = _line(chart.lowers), _line(chart.uppers)
    axes.fill_between(x, lowers, uppers, step="mid", color=BAND, linewidth=0)
    for limit in (lowers, uppers):
        axes.plot(x, limit, color=QUIET, linewidth=1.8, dashes=(5, 4), drawstyle="steps-mid")
    axes.plot(x, means, color=QUIET, linewidth=2.2, drawstyle="steps-mid")
    axes.plot(x, values, color=LINE, linewidth=2.2)
    for kind, look in LOOK.items():
        at = [i for i, k in enumerate(chart.kinds) if k == kind and chart.values[i] is not None]
        if at:
            _dots(axes, at, [values[i] for i in at], look)
    low, high = _range(chart)
    _height_axis(axes, chart, low, high)
    _time_axis(axes, chart.labels)
    last = chart.values[-1]
    if last is not None and chart.words.get("last"):
        colour = LOOK.get(chart.kinds[-1], LOOK["common_cause"])[0]
        above = _above(chart, last, low, high)
        _figure_at(axes, chart.words["last"], n - 1, last, colour, above=above)
    if chart.since is not None:
        axes.axvline(chart.since - 0.5, color=QUIET, linewidth=2, dashes=(1, 2))
        side = "left" if chart.since < n / 3 else "right" if chart.since > 2 * n / 3 else "center"
        axes.annotate(
            chart.words.get("since", ""),
            (chart.since - 0.5, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 4),
            textcoords="offset points",
            ha=side,
            va="bottom",
            color=INK,
            fontproperties=lettering(READABLE),
        )
    named = _standard(axes, chart)
    if chart.means and chart.means[-1] is not None:
        named.append(Named(chart.means[-1], chart.words.get("mean", "")))
    if chart.uppers and chart.uppers[-1] is not None and chart.lowers[-1] is not None:
        ends = (chart.lowers[-1], chart.uppers[-1])
        named.append(
            Named(ends[_names_above(*ends, chart.standard)], chart.words.get("limits", ""))
        )
    return named


def _steps(axes: Axes, chart: Chart) -> list[Named]:
    """Letters over time, the newest larger."""
    heights = _line(chart.values)
    axes.plot(range(len(heights)), heights, color=LINE, linewidth=3, drawstyle="steps-mid")
    for i, height in enumerate(chart.values):
        if height is None:
            continue
        last = i == len(chart.values) - 1
        axes.plot(i, height, "o", markersize=40 if last else 33, color=INK if last else QUIET)
        axes.text(
            i,
            height,
            chart.levels[int(height) - 1],
            ha="center",
            va="center_baseline",
            color="white",
            fontproperties=lettering(24 if last else READABLE, bold=True),
        )
    axes.set_ylim(0.4, len(chart.levels) + 0.6)
    axes.set_yticks(range(1, len(chart.levels) + 1), chart.levels)
    _time_axis(axes, chart.labels)
    return []


def _funnel(axes: Axes, chart: Chart) -> list[Named]:
    """One service among others: per cent by cases, between curves that narrow with cases."""
    curve, own = chart.curve, chart.values[0]
    assert curve is not None
    assert own is not None
    axes.fill_between(curve.cases, curve.lower998, curve.upper998, color=BAND, linewidth=0)
    for limit in (curve.lower998, curve.upper998):
        axes.plot(curve.cases, limit, color=QUIET, linewidth=1.8, dashes=(5, 4))
    for limit in (curve.lower95, curve.upper95):
        axes.plot(curve.cases, limit, color=QUIET, linewidth=1.8, dashes=(1, 2))
    axes.plot(
        (curve.cases[0], curve.cases[-1]), (curve.target, curve.target), color=QUIET, linewidth=2.2
    )
    _dots(axes, chart.cases[1:], _line(chart.values[1:]), OTHER)
    _dots(axes, chart.cases[:1], [own], OWN)
    low, high = _range(chart)
    _height_axis(axes, chart, low, high)
    most = max(chart.cases)
    axes.set_xlim(-0.01 * most, 1.03 * most)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    above = own < high - 0.2 * (high - low)
    _figure_at(axes, chart.words.get("last", ""), chart.cases[0], own, INK, above=above)
    outer, inner = curve.lower998[-1], curve.upper95[-1]
    if _names_above(outer, curve.upper998[-1], chart.standard):
        outer, inner = curve.upper998[-1], curve.lower95[-1]
    return [
        *_standard(axes, chart),
        Named(curve.target, chart.words.get("mean", "")),
        Named(outer, chart.words.get("limits", "")),
        Named(inner, chart.words.get("inner", "")),
    ]


MARKS: Mapping[str, Callable[[Axes, Chart], list[Named]]] = {
    "control": _control,
    "steps": _steps,
    "funnel": _funnel,
}


def _dots(axes: Axes, x: Sequence[float], y: Sequence[float], look: Look) -> None:
    colour, shape, size = look
    axes.plot(
        x,
        y,
        linestyle="none",
        marker=shape,
        color=colour,
        markersize=size,
        markeredgecolor="white",
        markeredgewidth=0.1 * size,
        zorder=5,
    )


def _figure_at(axes: Axes, words: str, x: float, y: float, colour: str, *, above: bool) -> None:
    """The newest figure beside its point, on a white edge so that no line runs through it."""
    brief = len(words) < 4
    axes.annotate(
        words,
        (x, y),
        xytext=(0 if brief else 16, 15 if above else -15),
        textcoords="offset points",
        ha="center" if brief else "right",
        va="bottom" if above else "top",
        color=colour,
        fontproperties=lettering(LARGE, bold=True),
        path_effects=[withStroke(linewidth=6, foreground="white")],
        zorder=6,
    )


def _standard(axes: Axes, chart: Chart) -> list[Named]:
    if chart.standard is None:
        return []
    axes.axhline(chart.standard, color=INK, linewidth=2.8, zorder=3)
    return [Named(chart.standard, chart.words.get("standard", ""), INK)]


def _names_above(lower: float, upper: float, standard: float | None) -> bool:
    """Is there more room for a name at the upper of two limits, away from the standard?"""
    return standard is None or standard < (lower + upper) / 2


def _height_axis(axes: Axes, chart: Chart, low: float, high: float) -> None:
    axes.set_ylim(low, high)
    steps = [1, 2, 5, 10] if _whole(chart) else [1, 2, 2.5, 5, 10]
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=steps, integer=_whole(chart)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{round(y, 9):,.12g}"))


def _time_axis(axes: Axes, labels: Sequence[str]) -> None:
    """At most four labelled periods (three where labels are long), the first and last always."""
    n = len(labels)
    most = min(n, 3 if max(map(len, labels)) > 8 else 4)
    ticks = [round(i * (n - 1) / (most - 1)) for i in range(most)]
    axes.set_xticks(ticks, [labels[i] for i in ticks])
    margin = max(0.6, n / 40)
    axes.set_xlim(-margin, n - 1 + margin)


def _range(chart: Chart) -> tuple[float, float]:
    """The y axis: everything drawn, within 0 to 100 for rates, and room for the newest figure.

    It is at least 20 points high for rates, else a twentieth of the figures, and 2 where these are
    whole.
    """
    curve = (*chart.curve.lower998, *chart.curve.upper998) if chart.curve else ()
    drawn = (*chart.values, *chart.means, *chart.lowers, *chart.uppers, *curve, chart.standard)
    known = [v for v in drawn if v is not None]
    low, high = min(known), max(known)
    least = 20.0 if chart.unit == "percent" else abs(high) / 20
    least = max(least, 2.0 if _whole(chart) else 1e-9)
    pad = max(0.12 * (high - low), (least - (high - low)) / 2, 1e-9)
    bottom, top = low - pad, high + pad
    last = chart.values[-1]
    if chart.shape == "control" and last is not None:
        need = 0.22 * (top - bottom)  # what a large figure takes
        if _rose(chart, last):
            top = max(top, last + need)
        else:
            bottom = min(bottom, last - need)
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


def _rose(chart: Chart, last: float) -> bool:
    before = next((v for v in reversed(chart.values[:-1]) if v is not None), last)
    return before <= last


def _above(chart: Chart, last: float, low: float, high: float) -> bool:
    """Does the last figure stand better above its point than below?"""
    near_top = last > high - 0.17 * (high - low)
    near_bottom = last < low + 0.17 * (high - low)
    return (_rose(chart, last) or near_bottom) and not near_top


def _line(values: Sequence[float | None]) -> list[float]:
    return [math.nan if v is None else v for v in values]


def legend(chart: Chart) -> list[tuple[Look, str]]:
    """Each look in the picture and what it means."""
    if chart.shape == "funnel":
        return [(OWN, chart.words["service"]), (OTHER, chart.words["others"])]
    if chart.shape == "steps":
        return []
    there = {k for k, v in zip(chart.kinds, chart.values, strict=True) if v is not None}
    return [(look, chart.words.get(LEGEND[k], "")) for k, look in LOOK.items() if k in there]
