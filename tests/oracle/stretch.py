"""What is true of several periods that are told as one, such as a winter or a year?"""

from functools import cached_property

from tests.oracle import sums
from tests.oracle.files import Cell
from tests.oracle.truth import Truth


class Stretch(Truth):
    """Several periods told as one: `months` from month `first`; rates are pooled, counts added up."""

    def __init__(self, one: Truth, first: int, months: int) -> None:
        super().__init__(one.book, one.metric, one.service, one.merged)
        self.series, self.first = one, first
        self.at, self.step = first, months

    def inside(self, back: int = 0) -> list[int]:
        start = self.first - back
        return [m for m in self.series.cells if start <= m < start + self.step]

    def whole(self, back: int = 0) -> bool:
        return len(self.inside(back)) * self.series.step == self.step

    def pooled(self, back: int = 0) -> Cell:
        cells = [c for m in self.inside(back) if (c := self.cells[m]).known]
        if self.kind == "count":
            return Cell(sum(c.value or 0 for c in cells))
        top, bottom = (sum(getattr(c, x) for c in cells) for x in ("top", "bottom"))
        return Cell(100 * top / bottom, top, bottom)

    @property
    def now(self) -> Cell:
        return self.pooled()

    @property
    def before(self) -> Cell | None:
        return self.pooled(12) if self.whole() and self.whole(12) else None

    @cached_property
    def verdict(self) -> tuple[str, str]:
        """The test of two named stretches; nothing where it cannot be made."""
        then, now = ([m for m in self.inside(b) if self.cells[m].bottom] for b in (12, 0))
        around = [
            m for m in self.series.phase if m < self.first + self.step and self.cells[m].bottom
        ]
        if min(len(then), len(now)) < 3 or len(around) < 12 or then[0] < self.series.phase[0]:
            return "untold", ""
        sides = [[(c.top, c.bottom) for m in s if (c := self.cells[m])] for s in (then, now)]
        z, _ = sums.changed(*sides, [(c.top, c.bottom) for m in around if (c := self.cells[m])])
        sure = abs(z) > 3.3 and sums.enough(*(sums.pooled(s) for s in sides))
        return ("confirmed", "high" if z > 0 else "low") if sure else ("none", "")

    def met(self, month: int) -> bool | None:
        value = self.now.value
        if value is None or self.standard is None:
            return None
        return value <= self.standard + 1e-10 if self.lower else value >= self.standard - 1e-10

    def last_figure(self) -> int:
        return max(self.inside())
