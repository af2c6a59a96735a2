"""How large, how wide and where are the words of a picture? All in pixels but the size of type.

A phone shows the picture 375 pixels wide; what must be read is written so large that it can be read
there.
"""

from functools import lru_cache

from matplotlib.backends.backend_agg import get_hinting_flag
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.transforms import IdentityTransform

WIDTH, HEIGHT, DPI = 1200, 675, 100  # pixels, and pixels an inch
READABLE = 21.0  # points: 29 pixels, so 9 where 1200 are shown as 375
LARGE = 28.0


@lru_cache(maxsize=64)
def lettering(size: float, *, bold: bool = False) -> FontProperties:
    """The one face of all pictures, in so many points. It comes with matplotlib."""
    return FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")


def pixels(font: FontProperties) -> float:
    """How high its type is."""
    return float(font.get_size_in_points()) * DPI / 72


def width(text: str, font: FontProperties) -> float:
    """How wide a text will be: its words and the spaces between them."""
    words = text.split(" ")
    return sum(_advance(w, font) for w in words) + (len(words) - 1) * _advance(" ", font)


@lru_cache(maxsize=4096)
def _advance(text: str, font: FontProperties) -> float:
    """The room it takes in a line, with the air around its first and last letter."""
    return _box(f"|{text}|", font) - _box("||", font)


def _box(text: str, font: FontProperties) -> float:
    face = get_font(findfont(font))
    face.set_size(font.get_size_in_points(), DPI)
    face.set_text(text, 0.0, flags=get_hinting_flag())  # type: ignore[no-untyped-call]
    return float(face.get_width_height()[0]) / 64


def wrapped(text: str, font: FontProperties, room: float, *, most: int) -> list[str]:
    """The text in lines of so many pixels; what does not fit into `most` of them ends in "…"."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and (len(lines) == most or width(longer, font) <= room):
            lines[-1] = longer
        else:
            lines.append(word)
    return [_cut(line, font, room) for line in lines]


def _cut(line: str, font: FontProperties, room: float) -> str:
    if width(line, font) <= room:
        return line
    fits = int(len(line) * room / width(line, font)) + 2
    while width(line[:fits].rstrip() + "…", font) > room:
        fits -= 1
    return line[:fits].rstrip() + "…"


def write(
    figure: Figure,
    text: str,
    x: float,
    y: float,
    colour: str,
    font: FontProperties,
    *,
    va: str = "top",
    ha: str = "left",
    gid: str = "",
) -> None:
    """Words at a place in pixels from the lower left; a name is never a formula."""
    figure.text(
        x,
        y,
        text,
        transform=IdentityTransform(),
        va=va,
        ha=ha,
        color=colour,
        fontproperties=font,
        parse_math=False,
        gid=gid,
    )
