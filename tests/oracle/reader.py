"""Is a text true by the files? The whole of it is read, nothing is skipped.

A text is taken apart, sentence by sentence, by patterns that know what each number in it claims. A
sentence that no pattern knows is a fault, as is one whose number, or whose word that a number
decides, the files do not bear out.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from functools import cache
from typing import Any, ClassVar

from tests.oracle import sums
from tests.oracle.files import MONTHS, Cell
from tests.oracle.truth import Truth, period_words

N = r"\d+(?:,\d{3})*(?:\.\d+)?"
RATE = rf"(?:fewer than |more than )?{N}(?: of {N})?"
Check = Callable[["Reader", re.Match[str]], Iterable[str]]
RULES: list[tuple[str, Check]] = []


def plain(text: str) -> str:
    """The text as it is read: without stars, with the words of a link alone."""
    text = re.sub(r"(?<!\\)\[((?:\\.|[^\]])*)\]\([^()\s]*\)", r"\1", text)
    return re.sub(r"\\(.)", r"\1", re.sub(r"(?<!\\)\*", "", text))


def rule(pattern: str) -> Callable[[Check], Check]:
    """A kind of sentence; {plain} and the like stand for the catalogue's own words."""

    def keep(check: Check) -> Check:
        RULES.append((pattern, check))
        return check

    return keep


class Reader:
    """Reads what is said of one service, metric and period against what the files hold."""

    seen: ClassVar[Counter[str]] = Counter()  # sentences and numbers that were read, by all readers

    def __init__(
        self,
        truth: Truth,
        words: dict[str, Any],
        today: date,
        name: str,
        *,
        card: bool = False,
        goes: str = "",
        lead: bool = False,
        told: Cell | None = None,
    ) -> None:
        """`goes`: "#place tomorrow at 9", where a message for a lead goes next; `lead`: it goes
        nowhere; `told`: the figure that a correction takes back.
        """
        self.truth, self.words, self.today, self.name, self.card = truth, words, today, name, card
        self.lead, self.told = lead, told
        metric, audit = truth.metric, words["audit"]
        main, _, aside = metric.get("achieved", "").partition(" (")
        known = {
            "plain": metric["plain"],
            "counted": metric.get("counted", "patients"),
            "main": main,
            "aside": f"({aside}" if aside else "",
            "members": audit["members"],
            "credit": " ".join(audit["credit"].split()),
            "help": audit["contact_role"],
            "why": _ended(metric["why"]),
            "topic": audit["topic"],
            "name": name,
            "period": period_words(truth.at, truth.step),
            "region": truth.book.region(truth.service),
            "goes": goes,
            "to": goes.split(" ")[0],
        }
        filled = {k: _any_case(re.escape(v)) for k, v in known.items()} | {"N": N, "R": RATE}
        ideas = [a for a in words["action"] if metric["id"] in a["metrics"]]
        filled["try"] = "|".join(map(_idea, ideas)) or "(?!)"
        if not goes:
            filled |= {"goes": "(?!)", "to": "(?!)"}
        filled["day"] = "(?:" + "|".join(MONTHS) + r") \d{4}"
        self.rules = [
            (_compiled(re.sub(r"\{([A-Za-z]\w*)\}", lambda m: filled[m[1]], p)), check)
            for p, check in RULES
        ]

    def faults(self, text: str) -> list[str]:
        """Every sentence that is not true, with what is wrong about it."""
        rest, found = plain(text).strip(), []
        while rest:
            hits = [(m, check) for p, check in self.rules if (m := p.match(rest))]
            if not hits:
                return [*found, f"nothing accounts for: {rest!r}"]
            m, check = max(hits, key=lambda hit: hit[0].end())
            self.seen["sentences"] += 1
            self.seen[check.__name__] += 1
            self.seen["numbers"] += len(re.findall(N, m[0]))
            found += [f"{m[0]!r}: {fault}" for fault in check(self, m)]
            rest = rest[m.end() :].strip()
        return found

    # How a figure is written

    def figure(
        self, text: str, cell: Cell | None, *, bound: float | None = None, few: bool | None = None
    ) -> Iterable[str]:
        """A figure in words against a cell. `bound`: a standard that rounding may not reach."""
        if cell is None or not cell.known:
            yield f"the files hold no figure, so not {text}"
            return
        if m := re.fullmatch(rf"({N}) of ({N})", text):
            yield from self.counts(m[1], m[2], cell)
            if few is not False and not self.few(cell) and not self.card:
                yield "it is written as few patients, and is not"
            return
        if self.few(cell) and not self.card:
            yield f"{cell.top:g} of {cell.bottom:g} is too few for a rate"
        assert cell.value is not None
        proven = cell.bottom is not None and cell.top in (0, cell.bottom)
        yield from self.number(text, cell.value, bound=bound, proven=proven)

    def number(
        self, text: str, value: float, *, bound: float | None = None, proven: bool = True
    ) -> Iterable[str]:
        share = self.truth.kind == "proportion"
        if text.startswith("fewer than "):
            if text != "fewer than 1" or value >= 0.5 or proven:
                yield f"it is {value}"
        elif text.startswith("more than "):
            if text != "more than 99" or value < 99 or proven:
                yield f"it is {value}"
        else:
            shown = float(text.replace(",", ""))
            places = len(text.partition(".")[2])
            if text != sums.half_up(value, places):
                yield f"it is {value}"
            if share and shown in (0, 100) and not proven:
                yield f"{value} is written as none or all"
            if bound is not None and self._meets(shown, bound) != self._meets(value, bound):
                yield f"rounding takes {value} across the standard of {bound:g}"

    def _meets(self, value: float, bound: float) -> bool:
        return value <= bound + 1e-10 if self.truth.lower else value >= bound - 1e-10

    def counts(self, top: str, bottom: str, cell: Cell) -> Iterable[str]:
        if cell.top is None or cell.bottom is None or not cell.bottom:
            yield "the files hold no counts"
        elif (top, bottom) != (f"{cell.top:,.0f}", f"{cell.bottom:,.0f}"):
            yield f"it is {cell.top:,.0f} of {cell.bottom:,.0f}"

    def few(self, cell: Cell) -> bool:
        if self.truth.kind != "proportion" or not cell.bottom or cell.top is None:
            return False
        low, high = sums.wilson(cell.top, cell.bottom)
        return cell.bottom < self.truth.metric.get("minimum", 0) or (high - low) / 2 > 0.1

    def apart(self, text: str, value: float) -> Iterable[str]:
        """A figure beside another may not read the same, when a tenth would tell them apart."""
        now = self.truth.now.value
        if now is not None and text == getattr(self, "said", None) and abs(now - value) >= 0.1:
            yield f"{now} and {value} read the same"

    def line(self, text: str, value: float) -> Iterable[str]:
        """A line of the chart: none lies under nought, and those of shares not over 100."""
        value = max(value, 0.0)
        if self.truth.kind == "proportion":
            value = min(value, 100.0)
        bound = self.truth.standard
        yield from self.number(text, value, bound=bound, proven=value in (0, 100))

    def strength(self, *wanted: str) -> Iterable[str]:
        if self.truth.verdict[0] not in wanted:
            yield f"the verdict by the files is {self.truth.verdict}, z {self._z()}"

    def _z(self) -> str:
        return f"{self.truth.z:.2f}" if len(self.truth.stretches[0]) >= 6 else "none"

    def standing(self, met: bool, *assurance: str) -> Iterable[str]:
        truth = self.truth
        if truth.met(truth.at) is not met:
            yield f"{truth.now.value} against {truth.standard}"
        if assurance and truth.assurance not in assurance:
            yield f"the limits say {truth.assurance!r}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{pattern})(?=\s|$)")


def _idea(action: dict[str, Any]) -> str:
    """An idea as the catalogue has it, with where it comes from."""
    where = re.escape(" ".join(action["where"].split(";")[0].split()))
    return rf"{re.escape(_ended(action['try']))} \((?:{where}|source)\)"


def _ended(text: str) -> str:
    text = " ".join(text.split())
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _any_case(pattern: str) -> str:
    """The first letter may be large, as at the start of a sentence."""
    first = pattern[:1]
    return f"[{first.upper()}{first.lower()}]{pattern[1:]}" if first.isalpha() else pattern


def amount(text: str) -> float:
    return float(text.replace(",", ""))
