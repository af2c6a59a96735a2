"""Pictures as drawn: the same bytes for the same input, readable on a phone, colour never alone."""

import hashlib
import os
import struct
import subprocess
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text

from auditbot.model import Chart, Point
from auditbot.say import drawing, lettering, marks
from auditbot.say.drawing import png
from tests.charts import FLAT, GALLERY, drawn
from tests.saying import CATALOGUE, FERNHILL, finding

ROOT = Path(__file__).resolve().parents[1]
each_chart = pytest.mark.parametrize("name", GALLERY)


def test_the_same_input_gives_the_same_bytes() -> None:
    first = png(drawn())
    assert first == png(drawn())
    assert first != png(drawn(finding("hip_surgery", [*FLAT[:-1], 60])))


THREE = ("typical", "steps", "funnel")


def digests() -> list[str]:
    return [hashlib.sha256(png(GALLERY[name])).hexdigest() for name in THREE]


def test_every_shape_has_the_same_bytes_in_another_process() -> None:
    code = "from tests.test_drawing import digests; print(*digests())"
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT)])
    again = subprocess.run(  # with another order of sets
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "77"},
    )
    assert again.stdout.split() == digests() == digests()


def texts(chart: Chart) -> list[Text]:
    """The words in the picture, laid out."""
    figure = drawing.drawn(chart)
    figure.canvas.draw()
    found = [t for t in figure.findobj(Text) if t.get_text() and t.get_visible()]
    [axes] = figure.axes
    return [t for t in found if t not in off_scale(axes)]


def off_scale(axes) -> set[Text]:  # type: ignore[no-untyped-def]
    """Labels of ticks that lie beyond the axis: they are not drawn."""
    out = set()
    for axis, (low, high) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        for tick in axis.get_major_ticks():
            if not low <= tick.get_loc() <= high:
                out |= {tick.label1, tick.label2}
    return out


@each_chart
def test_a_phone_shows_every_word_large_enough(name: str) -> None:
    """It shows 1200 pixels as 375, so a word of 29 pixels has 9 there. The source may be smaller."""
    for text in texts(GALLERY[name]):
        on_phone = text.get_fontsize() * lettering.DPI / 72 * 375 / lettering.WIDTH
        assert on_phone > 9 or text.get_gid() == "source", text.get_text()


@each_chart
def test_words_stay_in_the_picture_and_apart(name: str) -> None:
    boxes = [(t, t.get_window_extent()) for t in texts(GALLERY[name])]
    for text, box in boxes:
        assert box.x0 >= 0, text.get_text()
        edge = drawing.EDGE - 8 if text.get_gid() == "source" else 0
        assert box.x1 <= lettering.WIDTH - edge, text.get_text()
        assert box.y0 >= 0, text.get_text()
        assert box.y1 <= lettering.HEIGHT, text.get_text()
    for (a, box_a), (b, box_b) in combinations(boxes, 2):
        wide = min(box_a.x1, box_b.x1) - max(box_a.x0, box_b.x0)
        tall = min(box_a.y1, box_b.y1) - max(box_a.y0, box_b.y0)
        assert wide <= 0 or tall <= 3, (a.get_text(), b.get_text())  # the boxes hold some air


def ratio(colour: object, ground: object) -> float:
    """Contrast as WCAG 2.2 defines it, from 1 to 21."""

    def luminance(c: object) -> float:
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in to_rgb(c)]  # type: ignore[arg-type]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_contrast_of_black_and_white_is_that_of_the_guideline() -> None:
    assert ratio("black", "white") == pytest.approx(21)
    assert ratio("#767676", "white") == pytest.approx(4.54, abs=0.01)


@each_chart
def test_words_and_marks_stand_out_from_their_ground(name: str) -> None:
    figure = drawing.drawn(GALLERY[name])
    [axes] = figure.axes
    grounds = ("white", marks.BAND)
    for text in figure.findobj(Text):
        if not text.get_text():
            continue
        on = ("white",) if text.get_color() != "white" else (marks.QUIET, marks.INK)
        on = grounds if text.axes is axes and on == ("white",) else on
        assert all(ratio(text.get_color(), ground) >= 4.5 for ground in on), text.get_text()
    grid = {*axes.get_xgridlines(), *axes.get_ygridlines()}
    ticks = {t for axis in (axes.xaxis, axes.yaxis) for t in axis.get_ticklines()}
    drawn_marks = [m for m in figure.findobj(Line2D) if m not in grid | ticks]
    assert len(drawn_marks) >= 2
    for mark in drawn_marks:
        assert all(ratio(mark.get_color(), ground) >= 3 for ground in grounds)


def test_the_picture_has_the_size_it_says() -> None:
    data = png(drawn())
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (1200, 675)
    assert b"Software" not in data


@pytest.mark.parametrize(
    "values",
    [
        [0.0] * 14,
        [100.0] * 14,
        [0.0, 100.0] * 7,
        [1e6 + i for i in range(14)],
        [0.001 * i for i in range(14)],
        [-5.0, 5.0] * 7,
    ],
)
def test_any_range_of_values_is_drawn(values: list[float]) -> None:
    stay = CATALOGUE.metrics["hip_stay"]
    made = finding("hip_stay", list(values))
    points = tuple(
        Point(p.period, p.value, values[0], values[0] - 1, values[0] + 1, "common_cause", "concern")
        for p in made.points
    )
    assert png(drawn(replace(made, points=points), stay))


def test_long_names_and_long_series_are_drawn() -> None:
    made = finding("hip_surgery", [70 + i % 7 for i in range(80)])
    long = replace(made, service=replace(FERNHILL, name="Very Long Hospital Name $x_{$ " * 6))
    chart = drawn(long, credit="A $x_{$ long credit line. " * 20)
    assert len(chart.values) == 48
    assert png(chart)


def axis(chart):  # type: ignore[no-untyped-def]
    """The range and the numbers beside the upright axis, as drawn."""
    [axes] = drawing.drawn(chart).axes
    low, high = axes.get_ylim()
    return low, high, [t for t in axes.get_yticks() if low <= t <= high]


@pytest.mark.parametrize("values", [[0.0] * 14, [1.0] * 14, [0.0, 1] * 7, [0.0, 0, 3] * 5])
def test_counts_have_whole_numbers_beside_the_axis(values: list[float]) -> None:
    made = finding("hip_cases", values)  # type: ignore[arg-type]
    bare = tuple(replace(p, mean=None, lower=None, upper=None) for p in made.points)
    low, high, ticks = axis(drawn(replace(made, points=bare), CATALOGUE.metrics["hip_cases"]))
    assert -0.2 <= low <= 0
    assert max(values) < high <= 10
    assert len(ticks) >= 2
    assert all(t == round(t) for t in ticks)


def test_each_kind_of_point_has_its_own_shape() -> None:
    shapes = {kind: shape for kind, (_, shape, _) in marks.LOOK.items()}
    assert len(set(shapes.values())) == len(shapes)


def test_the_service_has_a_shape_and_a_colour_of_its_own() -> None:
    (colour, shape, size), (other_colour, other_shape, other_size) = marks.OWN, marks.OTHER
    assert colour != other_colour
    assert shape != other_shape
    assert size > 2 * other_size


def test_large_counts_are_written_out() -> None:
    found = [t.get_text() for t in texts(GALLERY["counts"])]
    assert "20,000,000" in found
    assert not [t for t in found if "e+" in t]


def test_no_two_names_of_lines_touch_however_near_the_lines() -> None:
    made = finding("hip_surgery", [84.9, 85.1] * 7)
    points = tuple(replace(p, mean=85.0, lower=84.8, upper=85.2) for p in made.points)
    boxes = [
        t.get_window_extent()
        for t in texts(drawn(replace(made, points=points)))
        if t.get_text().startswith(("average", "usual range", "standard"))
    ]
    assert len(boxes) == 3
    lowest, middle, top = sorted(boxes, key=lambda box: box.y0)
    assert lowest.y1 <= middle.y0 + 3
    assert middle.y1 <= top.y0 + 3
