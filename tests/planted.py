"""Stories planted as files: a small catalogue, made-up services, and what people would read of them.

A file in the plain layout goes in at one end; one turn is run; every message that would be posted
comes out as a reader would see it, with all that a machine would be handed beside it.
"""

import json
import random
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from auditbot import catalogue, layout, period
from auditbot.ask.answer import Answer, reply
from auditbot.house import House, viewer_of
from auditbot.model import Binding, Period, Roles
from auditbot.pipeline import File, take, turn
from auditbot.say.markup import plain
from auditbot.say.words import Words
from auditbot.store import queue
from auditbot.store.engine import reading

ROOT = Path(__file__).resolve().parents[1]
ZONE = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
OURS = "fernhill-hospital"
HEADER = (
    "service,service_name,metric,period_start,period_end,numerator,denominator,value,completeness"
)
MONTHS = tuple(period.month(2024, 10 + i) for i in range(24))  # to September 2026
YEARS = tuple(period.financial_year(y) for y in (2023, 2024, 2025))
TOWNS = (
    *("westport", "leyburn", "cedar", "ashby", "marston", "holt"),
    *("redmire", "seaton", "thorne", "wick", "yarm", "elmley"),
)
EVERYBODY = Roles(OURS, lead=("U0LEAD",), audit_team=("U0AUDIT",))

AUDIT = """
[audit]
id = "{id}"
name = "{name}"
topic = "{topic}"
kind = "clinical audit"
run_by = "a made-up college"
commissioned_by = "nobody"
covers = "made-up hospitals"
why = "Teams use it to see how their care goes."
counted = "made-up patients"
not_counted = "nobody else"
how_often = "every month"
credit = "Source: a made-up audit."
headline_metric = "{head}"
synonyms = {synonyms}
sources = ["https://example.org"]
review_by = 2027-06-30
"""
METRIC = """
[[metric]]
id = "{id}"
name = "{plain}"
plain = "{plain}"
kind = "proportion"
direction = "{direction}"
counted = "patients"
achieved = "{achieved}"
numerator = "made up"
denominator = "made up"
why = "Waiting in bed with a broken hip hurts."
disclosure = "{disclosure}"
standards = {standards}
standard_note = "There is no national standard."
standard_source = "made up"
minimum = {minimum}
synonyms = {synonyms}
verified = true
verified_how = "made up"
review_by = 2027-06-30
"""
ACTION = """
[[action]]
id = "slot"
metrics = {metrics}
barrier = "theatre slots"
try = "Hold the first trauma slot for hip fracture."
result = "made up"
where = "Westport General"
source = ["https://example.org/slot"]
in_control = "yes"
approval = "none"
kind = "case study"
confidence = "read"
review_by = 2027-06-30
"""
STANDARD = '[{{ value = {0}, status = "national", scope = "England", source = "made up" }}]'


def audit(id: str, topic: str, head: str, name: str = "A made-up audit", *called: str) -> str:
    """An audit as a team would write it down."""
    return AUDIT.format(id=id, topic=topic, head=head, name=name, synonyms=json.dumps(called))


def metric(
    id: str,
    plain: str,
    achieved: str,
    *,
    direction: str = "higher",
    disclosure: str = "as_published",
    standard: float | None = None,
    minimum: int = 0,
    called: Sequence[str] = (),
) -> str:
    """A proportion as a team would write it down."""
    return METRIC.format(
        id=id,
        plain=plain,
        achieved=achieved,
        direction=direction,
        disclosure=disclosure,
        standards=STANDARD.format(standard) if standard is not None else "[]",
        minimum=minimum,
        synonyms=json.dumps(list(called)),
    )


HIP = (
    audit("hip", "Hip fracture", "hip_surgery")
    + metric("hip_surgery", "surgery by the next day", "had surgery by the next day")
    + metric(
        "hip_waited",
        "surgery later than the next day",
        "had surgery later than the next day",
        direction="lower",
    )
    + metric("hip_goal", "help to stand up", "stood up in time", standard=60)
    + metric("hip_not_up", "late help to stand up", "stood up late", direction="lower", standard=40)
    + metric("hip_care_home", "care homes", "came from a care home", direction="neutral")
    + metric("hip_delirium", "delirium checks", "had a delirium check", disclosure="small_numbers")
    + metric("hip_bone", "bone medicine", "went home with bone medicine")
    + ACTION.format(
        metrics=json.dumps(["hip_surgery", "hip_waited", "hip_goal", "hip_not_up", "hip_delirium"])
    )
)
NCAP = {
    "ncap_heart": audit(
        "ncap_heart",
        "Heart attack",
        "heart_stent",
        "National Cardiac Audit Programme (NCAP)",
        "ncap",
        "heart attack audit",
    )
    + metric("heart_stent", "a stent in time", "had a stent in time", called=["stent"]),
    "ncap_mind": audit(
        "ncap_mind",
        "Psychosis",
        "mind_therapy",
        "National Clinical Audit of Psychosis (NCAP)",
        "ncap",
        "psychosis audit",
    )
    + metric("mind_therapy", "talking therapy", "were offered talking therapy", called=["therapy"]),
}


def known(folder: Path) -> tuple[catalogue.Catalogue, Mapping[str, layout.Layout]]:
    """The test catalogue, written as files and read as any other; with the words people type."""
    for name, text in {"hip": HIP, **NCAP}.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "bot" / "catalogue" / "typed", folder / "typed")
    (folder / "layouts").mkdir()
    found = catalogue.load(folder)
    return found, layout.load(folder / "layouts", found)


def binomial(chance: random.Random, n: int, rate: float) -> int:
    """How many of n, each by the same chance (rate in per cent)."""
    return sum(chance.random() < rate / 100 for _ in range(n))


@dataclass(frozen=True)
class Line:
    """One row of a file."""

    service: str
    metric: str
    period: Period
    numerator: int | str
    denominator: int | str
    completeness: float | str = ""

    def text(self) -> str:
        name = self.service.replace("-", " ").title()
        p, counts = self.period, f"{self.numerator},{self.denominator}"
        return (
            f"{self.service},{name},{self.metric},{p.start},{p.end},{counts},,{self.completeness}"
        )


def lines(
    metric: str,
    rates: Sequence[float],
    *,
    cases: int = 200,
    service: str = OURS,
    periods: Sequence[Period] = MONTHS,
    seed: int = 7,
    completeness: Sequence[float] = (),
) -> list[Line]:
    """A service whose true rate is given for each period, up to the newest; chance does the rest."""
    chance = random.Random(f"{seed}{service}{metric}")
    slots = periods[-len(rates) :]
    shares: Sequence[float | str] = completeness or [""] * len(rates)
    return [
        Line(service, metric, p, binomial(chance, cases, rate), cases, share)
        for p, rate, share in zip(slots, rates, shares, strict=True)
    ]


def others(
    metric: str,
    rate: float | Sequence[float],
    *,
    count: int = 12,
    cases: int = 200,
    periods: Sequence[Period] = MONTHS[-2:],
    seed: int = 7,
) -> list[Line]:
    """Other services of the same kind, all of one true rate or each of its own."""
    rates = [rate] * count if isinstance(rate, (int, float)) else rate
    found: list[Line] = []
    for town, own in zip(TOWNS, rates, strict=False):
        found += lines(
            metric,
            [own] * len(periods),
            cases=cases,
            service=f"{town}-hospital",
            periods=periods,
            seed=seed,
        )
    return found


def mirrored(planted: Iterable[Line], metric: str) -> list[Line]:
    """The same patients counted the other way round, under another measure."""
    return [
        replace(line, metric=metric, numerator=int(line.denominator) - int(line.numerator))
        for line in planted
    ]


@dataclass
class Telling:
    """Everything that waits to be posted, as people and as machines would get it."""

    rows: list[queue.Outgoing]
    held: list[str] = field(default_factory=list)

    def of(self, kind: str) -> queue.Outgoing:
        """The one message of a kind."""
        found = [o for o in self.rows if o.kind == kind]
        assert len(found) == 1, (kind, [o.kind for o in self.rows], self.held)
        return found[0]

    def kinds(self) -> list[str]:
        return sorted(o.kind for o in self.rows)

    def text(self, kind: str = "") -> str:
        """What a reader sees of the messages of a kind, or of all: small print and picture too."""
        return "\n\n".join(read_aloud(o) for o in self.rows if kind in ("", o.kind))

    def everything(self) -> str:
        """All that leaves the house, trail and chart data included, as JSON."""
        return json.dumps([[o.payload, o.trail] for o in self.rows], default=str)


def read_aloud(o: queue.Outgoing) -> str:
    """One message as a reader sees it."""
    p = o.payload
    said = [*p["context"][:1], p["headline"], *p["body"], *p["context"][1:]]
    chart = p.get("chart")
    said += [f"[picture: {chart['alt_text']}]"] if chart else []
    said += [f"({p['fallback']})"]
    return "\n".join(plain(s) for s in said if s)


@dataclass
class Place:
    """A house with one channel, into which stories are planted."""

    house: House
    folder: Path
    binding: Binding

    def load(self, planted: Iterable[Line], now: datetime = NOW, **terms: Any) -> dict[str, Any]:
        path = self.folder / f"made-up-{len(list(self.folder.glob('*.csv')))}.csv"
        text = "\n".join([HEADER, *(line.text() for line in planted)])
        path.write_text(text, encoding="utf-8")
        report = take(self.house, File(path, "long", **terms), now)
        assert report["state"] in ("loaded", "revised"), report
        return report

    def turn(self, now: datetime = NOW, binding: Binding | None = None) -> Telling:
        """One turn; what waits to be posted after it."""

        def slot(_: Binding, at: datetime) -> datetime:
            return at + timedelta(days=1)

        held = turn(self.house, now, [binding or self.binding], slot, once_a_day=False)
        with reading(self.house.engine) as conn:
            return Telling(queue.waiting(conn), [h.why for h in held])

    def send(self, now: datetime = NOW) -> None:
        """As if Slack had taken everything that waits."""
        with reading(self.house.engine) as conn:
            waiting = queue.waiting(conn)
        for i, o in enumerate(waiting):
            queue.mark_sent(self.house.engine, o.id, f"{now.timestamp():.0f}.{o.id:06}{i}", now, {})

    def ask(
        self, text: str, now: datetime = NOW, binding: Binding | None = None, before: Any = None
    ) -> Answer:
        """A question typed in the channel."""
        own = binding or self.binding
        with reading(self.house.engine) as conn:
            return reply(
                conn,
                self.house.catalogue,
                self.house.words,
                viewer_of(self.house, own, now),
                text=text,
                before=before,
                bound=own.services,
                audits=own.audits,
                roles=self.house.roles,
                today=now.astimezone(ZONE).date(),
            )


def place(
    engine: Engine,
    known: tuple[catalogue.Catalogue, Mapping[str, layout.Layout]],
    folder: Path,
    *,
    roles: Roles = EVERYBODY,
    **binding: Any,
) -> Place:
    """A house on this store with one channel of Fernhill Hospital."""
    found, layouts = known
    own = replace(Binding("C0HIP", (OURS,), ("hip",), every_release=True), **binding)
    house = House(
        engine,
        found,
        layouts,
        Words(ROOT / "messages"),
        ZONE,
        bindings=(own,),
        roles={roles.service: roles},
    )
    return Place(house, folder, own)


def asked(found: Answer) -> str:
    """Everything an answer hands on: words, fields, picture, trail."""
    return json.dumps([asdict(found.message), found.fields], default=str)
