"""What is true of one service, metric and period, by the files alone? Everything a message may say."""

from functools import cached_property
from itertools import pairwise
from math import ceil
from typing import Any

from tests.oracle import sums
from tests.oracle.files import MONTHS, Book, Cell

FACTOR = {  # how SSNAP weighs its scores by its data bands: the data notes
    "ssnap_case_ascertainment": {"A": 1, "B": 0.95, "C": 0.85, "D": 0.70, "E": 0.60},
    "ssnap_audit_compliance": {"A": 1, "B": 0.95, "C": 0.90, "D": 0.85, "E": 0.80},
}
BEHIND = {"ssnap_level": "ssnap_score", "ssnap_ki_level": "ssnap_ki_score"}


class Truth:
    """The figures of one service on one metric up to a period (the newest, unless another is given)."""

    def __init__(
        self,
        book: Book,
        metric: dict[str, Any],
        service: str,
        merged: list[int],
        at: int | None = None,
    ) -> None:
        self.book, self.metric, self.service, self.merged = book, metric, service, merged
        self.id = short_id(metric["id"])
        every = book.cells[self.id][service]
        self.at = max(every) if at is None else at
        self.cells = {m: c for m, c in sorted(every.items()) if m <= self.at}
        self.kind, self.lower = metric["kind"], metric["direction"] == "lower"
        self.season = metric["season"] != "none"
        self.step = book.step

    def of(self, metric: str) -> "Truth | None":
        """Another metric of this service in this period, where there is one."""
        held = self.book.cells.get(metric, {}).get(self.service, {})
        if self.at not in held:
            return None
        return Truth(self.book, self.metric | {"id": metric}, self.service, self.merged, self.at)

    @property
    def now(self) -> Cell:
        return self.cells[self.at]

    @cached_property
    def phase(self) -> list[int]:
        """The periods that may be compared: since the last merger, and no hole of over a year."""
        start = max([m for m in self.merged if m <= self.at], default=0)
        months = list(self.cells)
        for a, b in pairwise(months):
            if b - (a + self.step) > max(12, 2 * self.step):
                start = max(start, b)
        return [m for m in months if m >= start] or [self.at]

    @cached_property
    def missing(self) -> list[int]:
        return [m for m in range(self.phase[0], self.at, self.step) if m not in self.cells]

    def last_figure(self) -> int:
        """The period whose file the figure came in last."""
        return self.at

    @property
    def ago(self) -> int:
        return self.at - (12 if self.season else self.step)

    @property
    def before(self) -> Cell | None:
        """The comparable figure: nothing else takes its place."""
        found = self.cells[self.ago] if self.ago in self.phase else None
        return found if found and found.known else None

    # Charts and tests

    @cached_property
    def chart(self) -> sums.Chart:
        """Of a level with a score behind it, the chart of the score."""
        score = self.of(BEHIND[self.id]) if self.id in BEHIND else None
        if score is not None:
            return score.chart
        cells = [self.cells[m] for m in self.phase]
        return sums.Chart([c.value if c.known else None for c in cells])

    @property
    def results(self) -> int:
        """How many results stand behind the verdict: letters count where no score does."""
        letters = sum(self.cells[m].known for m in self.phase) if self.kind == "level" else 0
        return self.chart.n if self.chart.n >= 12 else max(self.chart.n, letters)

    @cached_property
    def counted(self) -> dict[int, sums.Count]:
        if self.kind != "proportion":
            return {}
        return {
            m: (c.top, c.bottom)
            for m in self.phase
            if (c := self.cells[m]).top is not None and c.bottom
        }

    @cached_property
    def stretches(self) -> tuple[list[int], list[int]]:
        """Before and after: up to 12 periods a side, 6 at least; with a season of the same months."""
        usable, best = list(self.counted), ([], [])
        if not self.season:
            k = min(12, len(usable) // 2)
            return (usable[-2 * k : -k], usable[-k:]) if k >= 6 else best
        for k in range(min(12, len(usable)), 5, -1):
            after = usable[-k:]
            back = 12 * ceil((after[-1] + self.step - after[0]) / 12)
            kept = [m for m in after if m - back in self.counted]
            if len(kept) >= max(len(best[1]), 6):
                best = [m - back for m in kept], kept
        return best

    @cached_property
    def rates(self) -> tuple[float, float]:
        return tuple(  # type: ignore[return-value]
            100 * x / n
            for x, n in (sums.pooled([self.counted[m] for m in s]) for s in self.stretches)
        )

    @cached_property
    def z(self) -> float:
        before, after = ([self.counted[m] for m in s] for s in self.stretches)
        return sums.changed(before, after, list(self.counted.values()))[0]

    @cached_property
    def way_changed(self) -> str:
        """ "high" or "low" where a change is confirmed and still holds, and the chart agrees."""
        before, after = self.stretches
        if len(after) < 6:
            return ""
        sides = [sums.pooled([self.counted[m] for m in s]) for s in self.stretches]
        if abs(self.z) <= 3.3 or not sums.enough(*sides):
            return ""
        up = self.z > 0
        if after[-1] != self.at or not self._lasts(before, after, up=up):
            return ""
        seen = self.chart.rule()[1]
        return ("high" if up else "low") if seen in ("", "high" if up else "low") else ""

    def _lasts(self, before: list[int], after: list[int], *, up: bool) -> bool:
        def moved(count: int) -> float:
            partners = before[-count:] if self.season else before
            (x0, n0), (x1, n1) = (
                sums.pooled([self.counted[m] for m in s]) for s in (partners, after[-count:])
            )
            return (x1 / n1 - x0 / n0) * (1 if up else -1)

        return moved(3) > moved(len(after)) / 2 and moved(1) > 0

    @cached_property
    def verdict(self) -> tuple[str, str]:
        """Strength, and "high" or "low" of the figure itself."""
        if self.chart.n < 12:
            return ("too_early" if self.results < 12 else "none"), ""
        if self.way_changed:
            return "confirmed", self.way_changed
        label = self.chart.label()
        return ("signal", label) if label else ("none", "")

    @property
    def direction(self) -> str:
        """Better or worse, or the side itself where neither is meant."""
        way = self.verdict[1]
        if not way or self.metric["direction"] == "neutral":
            return way
        return "improvement" if (way == "high") != self.lower else "concern"

    # The standard

    @cached_property
    def standard(self) -> float | None:
        if self.kind == "level" or self.metric["direction"] == "neutral":
            return None
        return self._goal("national")

    @property
    def interim(self) -> float | None:
        return self._goal("interim")

    def _goal(self, status: str) -> float | None:
        last = self.at + self.step - 1
        for goal in self.metric.get("standards", ()):
            start, end = (
                12 * d.year + d.month - 1 if (d := goal.get(k)) else None for k in ("start", "end")
            )
            if goal["status"] == status and (start or last) <= last <= (end or last):
                return float(goal["value"])
        return None

    def met(self, month: int) -> bool | None:
        value = self.cells[month].value
        if value is None or self.standard is None:
            return None
        short = value - self.standard if self.lower else self.standard - value
        return short <= 1e-10

    @property
    def missed_before(self) -> int:
        """Results in a row just before this one, of those comparable, that did not meet it."""
        run = 0
        for month in reversed(self.phase[:-1]):
            if self.met(month):
                break
            run += self.met(month) is False
        return run

    @cached_property
    def assurance(self) -> str:
        """Will the standard be met on the pattern that holds now: pass, fail, either or unknown."""
        chart = self.chart
        if self.verdict[0] == "confirmed":
            since = [
                c.value
                for m in self.phase
                if m >= self.stretches[1][0] and (c := self.cells[m]).known
            ]
            chart = sums.Chart(since, lock=False)
        if self.standard is None or chart.mean is None:
            return ""
        if chart.lower is None or chart.upper is None:
            known = [v for v in chart.values if v is not None]
            return (
                "pass"
                if (known[-1] <= self.standard if self.lower else known[-1] >= self.standard)
                else "fail"
            )
        if chart.lower <= self.standard <= chart.upper:
            return "inconsistent"
        return "pass" if (self.standard < chart.lower) != self.lower else "fail"

    # Peers

    @cached_property
    def peers(self) -> list[str]:
        """Others of the same kind with a figure, of similar size where eight or more are."""
        similar = [s for s in self._others if self._similar(s)]
        self.alike = len(similar) >= 8
        return similar if self.alike else self._others

    @cached_property
    def _others(self) -> list[str]:
        mine = self.book.group(self.service)
        return [
            s
            for s, cells in self.book.cells[self.id].items()
            if s != self.service and self.at in cells and cells[self.at].known
            and self.book.group(s) == mine and self._of_kind(s) == self._of_kind(self.service)
        ]  # fmt: skip

    @property
    def of_kind(self) -> list[Cell]:
        """The figures of all others of the kind, whatever their size."""
        return [self.book.cells[self.id][s][self.at] for s in self._others]

    def _of_kind(self, service: str) -> bool:
        held = self.book.cells.get(self.metric.get("kind_of", ""), {}).get(service, {}).get(self.at)
        return bool(held and held.known)

    def _similar(self, service: str) -> bool:
        mine, theirs = self.now.bottom, self.book.cells[self.id][service][self.at].bottom
        return bool(mine and theirs and mine / 2 <= theirs <= 2 * mine)

    @cached_property
    def steps(self) -> tuple[float, float, float | None] | None:
        """Typical, best quarter and achievable among eight peers or more."""
        cells = [self.book.cells[self.id][s][self.at] for s in self.peers]
        if (
            len(cells) < 8
            or self.kind in ("level", "count")
            or self.metric["direction"] == "neutral"
        ):
            return None
        if self.now.bottom and all(c.bottom for c in cells):
            return sums.steps_among([(c.top, c.bottom) for c in cells], lower=self.lower)  # type: ignore[misc]
        return *sums.quarters(
            [c.value for c in cells if c.value is not None], lower=self.lower
        ), None

    @cached_property
    def next_step(self) -> str:
        """The first step that the figure does not reach."""
        if self.steps is None or self.now.value is None:
            return ""
        for name, step in zip(("typical", "quarter", "leading"), self.steps, strict=True):
            if (
                step is not None
                and (self.now.value - step if self.lower else step - self.now.value) > 0
            ):
                return name
        return "own"

    @cached_property
    def early(self) -> str:
        if self.verdict[0] != "too_early" or self.before is None or not self.before.bottom:
            return ""
        pairs = [
            ((a.top, a.bottom), (b.top, b.bottom))
            for s in self.peers
            if (a := self.book.cells[self.id][s].get(self.ago)) and a.bottom
            and (b := self.book.cells[self.id][s][self.at]).bottom
        ]  # fmt: skip
        if len(pairs) < 8:
            return ""
        then, now = zip(*pairs, strict=True)
        own = (self.before.top, self.before.bottom), (self.now.top, self.now.bottom)
        return sums.early(*own, then, now)  # type: ignore[arg-type]

    @property
    def doubtful_fall(self) -> bool:
        """Not as good as usual, and not sure: a rule on the newest point, or an early view."""
        if self.kind == "level":
            return False  # the audit's own grade; the score behind it is a measure of its own
        if self.verdict[0] == "signal":
            return self.direction == "concern"
        if self.early != "more than" or self.before is None:
            return False
        assert self.before.value is not None
        assert self.now.value is not None
        return (self.now.value > self.before.value) == self.lower

    # Levels

    def letters(self, most: int) -> list[str]:
        """The last letters among the periods that may be compared, oldest first."""
        return [self.cells[m].letter for m in self.phase if self.cells[m].letter][-most:]

    def with_old_bands(self) -> float | None:
        """The score that care alone would have with the data bands of the period before."""
        care, score = self.of("ssnap_ki_score"), 1.0
        if care is None or care.now.value is None:
            return None
        for band, factors in FACTOR.items():
            held = self.of(band)
            if held is None or held.before is None:
                return None
            score *= factors[held.before.letter]
        return round(care.now.value * score, 1)


def level_of(score: float) -> str:
    """A above 80, B from 70, C from 60, D from 40."""
    return (
        "A"
        if score > 80
        else "B"
        if score >= 70
        else "C"
        if score >= 60
        else "D"
        if score >= 40
        else "E"
    )


def short_id(metric: str) -> str:
    """Domains are known by their number: ssnap_tc_d3."""
    head, _, tail = metric.partition("_d")
    number = tail.split("_")[0]
    return f"{head}_d{number}" if number.isdigit() else metric


def period_words(month: int, step: int) -> str:
    last = month + step - 1
    if step == 1:
        return f"{MONTHS[month % 12]} {month // 12}"
    if month // 12 == last // 12:
        return f"{MONTHS[month % 12]} to {MONTHS[last % 12]} {month // 12}"
    return f"{MONTHS[month % 12]} {month // 12} to {MONTHS[last % 12]} {last // 12}"


def moved(truth: Truth) -> bool:
    before = truth.before
    if before is None:
        return False
    return (truth.now.letter, truth.now.value) != (before.letter, before.value)
