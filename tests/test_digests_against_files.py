"""Does every number of a digest, and of an answer's card, stand in the published files?

Real files go through the whole program. What comes out is read, sentence by sentence, by
`tests.oracle`, which reads the same files its own way, works everything out anew and shares no code
with the program. The files are in the shared data folder beside the project, never part of it.
"""

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from auditbot import catalogue, layout
from auditbot.ask import answer
from auditbot.house import House, company_of, findings_for, viewer_of
from auditbot.model import Binding, Finding, Message, Result
from auditbot.pipeline import File, take
from auditbot.say import digest
from auditbot.say.choose import Pick, choose
from auditbot.say.words import Words
from auditbot.store import load
from auditbot.store.engine import migrate, open_store, reading
from auditbot.viewer import Viewer
from tests.oracle import files
from tests.oracle.files import Cell
from tests.oracle.sentences import RULES, N, Reader, beside, plain
from tests.oracle.stretch import Stretch
from tests.oracle.trail import faults_of_audience, faults_of_json, faults_of_trail
from tests.oracle.truth import Truth

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
CATALOGUE = ROOT / "bot" / "catalogue"
FOLDERS = {"ae": "ae_xls", "ssnap": "ssnap"}
NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
TODAY = NOW.date()
TOMORROW_AT_9 = datetime(2026, 6, 16, 9)
SEED = 7

pytestmark = pytest.mark.skipif(
    not all((SHARED / f).is_dir() for f in FOLDERS.values()),
    reason="the shared data folder (real files) is not here",
)

# Kinds of sentences that cards have alone, or that wait for what these files do not hold.
NOT_OF_DIGESTS = {"file", "more_between", "neutral", "other_cautions", "funnel"}
OF_CORRECTIONS = {"corrected", "corrected_before", "out_of_date"}
PLACE, GOES = "#audits", "#audits tomorrow at 9"

QUESTIONS = {
    "ae": (
        "What is our four hour standard?",
        "How does our type 1 performance compare with similar services?",
        "How do we compare nationally on the four hour standard?",
        "How do we compare with our region on 12 hour waits?",
        "four hour standard compared with last year",
        "four hour standard last summer",
        "four hour standard in March 2025",
        "our best month for the four hour standard",
        "visits in 2025",
        "where do we stand among our peers on the four hour standard?",
        "are we the best in the country on the four hour standard?",
    ),
    "ssnap": (
        "What is our SSNAP level?",
        "show me a chart of our ssnap score",
        "how does our SSNAP level compare nationally?",
        "How do our six month reviews compare with similar teams?",
        "ssnap score compared with last year",
        "six month reviews in 2023",
        "our level in January to March 2023",
        "What is our scanning level?",
    ),
}


@dataclass(frozen=True)
class Told:
    """A message on a finding, ready to be read against the files."""

    message: Message
    finding: Finding
    data: dict[str, Any] | None = None  # as `digest --json` has it
    further: bool = False  # a line under another message

    @property
    def texts(self) -> list[str]:
        m = self.message
        return [
            *m.context,
            m.headline,
            *m.body,
            m.fallback,
            *([m.chart.alt_text] if m.chart else []),
        ]


class Desk:
    """The program with every file loaded, and the files beside it."""

    def __init__(self, engine: Engine) -> None:
        known = catalogue.load(CATALOGUE)
        layouts = layout.load(CATALOGUE / "layouts", known)
        words = Words(ROOT / "messages")
        self.house = House(engine, known, layouts, words, ZoneInfo("Europe/London"))
        for folder in FOLDERS.values():
            for path in sorted((SHARED / folder).iterdir()):
                assert take(self.house, File(path), NOW)["state"] == "loaded"
        self.books = {"ae": files.ae(SHARED / "ae_xls"), "ssnap": files.ssnap(SHARED / "ssnap")}
        self.words = {a: files.words(CATALOGUE, a) for a in self.books}
        self.merged = files.mergers(CATALOGUE)
        viewer = Viewer("open", NOW)
        self.by_service: dict[str, list[Finding]] = {}
        with reading(engine) as conn:
            self.releases = load.releases(conn, viewer)
            services = tuple(load.services(conn, viewer))
            peers = company_of(conn, self.house, NOW)
            for audit in self.books:
                binding = Binding("all", services, (audit,))
                seen_by = viewer_of(self.house, binding, NOW)
                found, _ = findings_for(conn, self.house, binding, seen_by, peers)
                for f in found:
                    self.by_service.setdefault(f.service.id, []).append(f)

    def audit(self, finding: Finding) -> str:
        return self.house.catalogue.metrics[finding.metric].audit

    def truth(self, finding: Finding, at: int | None = None) -> Truth:
        audit = self.audit(finding)
        known = finding.service.id if audit == "ae" else finding.service.name
        merged = self.merged.get(finding.service.id, []) if audit == "ae" else []
        metric = self.words[audit]["metric"][finding.metric]
        return Truth(self.books[audit], metric, known, merged, at)

    def reader(self, finding: Finding, truth: Truth | None = None, **more: Any) -> Reader:
        words = self.words[self.audit(finding)]
        name = finding.service.name
        return Reader(truth or self.truth(finding), words, TODAY, name, **more)

    def reader_of(self, told: Told) -> Reader:
        """Who reads this message knows whether it is the lead's, and where it goes next."""
        kind = told.message.kind
        goes = GOES if kind == "concern_lead" else ""
        return self.reader(told.finding, goes=goes, lead=kind == "signal")

    def faults(self, told: Told) -> list[str]:
        """What the files do not bear out, in words, trail and JSON."""
        reader = self.reader_of(told)
        name = reader.truth.book.name(reader.truth.service)
        if told.finding.service.name.casefold() != " ".join(name.split()).casefold():
            return [f"{told.finding.service.name} is {name!r} in the newest file"]
        found = [f for text in told.texts for f in reader.faults(text)]
        found += faults_of_audience(told.message.kind, reader.truth)
        found += faults_of_trail(told.message.trail, reader.truth)
        if told.data is not None:
            found += faults_of_json(told.data, reader.truth, told.texts)
        return [f"{told.finding.service.name}, {told.finding.metric}: {f}" for f in found]

    def messages(self, findings: Sequence[Finding]) -> Iterator[Told]:
        """The digest of these findings with its further lines, and concerns as each hears them."""
        choice = choose(findings, catalogue=self.house.catalogue, first=True)
        if choice is None:
            return
        words, known = self.house.words, self.house.catalogue
        own: dict[str, Any] = {"roles": None, "today": TODAY}
        more = own | {"binding": Binding("all", (findings[0].service.id,)), "now": NOW}
        more["releases"] = self.releases
        for pick in choice.concerns:
            said = digest.concern_for_channel(words, known, pick, **more)
            yield Told(said, pick.finding, self._json(said, pick))
            lead = digest.concern_for_lead(
                words, known, pick, channel=PLACE, goes=TOMORROW_AT_9, **more
            )
            yield Told(lead, pick.finding, self._json(lead, pick))
        for pick in choice.signals:
            said = digest.signal_for_lead(words, known, pick, **own)
            yield Told(said, pick.finding, self._json(said, pick))
        if choice.pick is not None:
            said = digest.digest(words, known, choice, **more)
            yield Told(said, choice.pick.finding, self._json(said, choice.pick))
            for pick, line in zip(choice.others, said.thread, strict=True):
                yield Told(line, pick.finding, further=True)

    def correction(self, finding: Finding, was: Result) -> Message:
        """What a channel reads that was told `was` in place of the latest result."""
        new = finding.latest
        old = replace(was, period=new.period)
        return digest.correction(
            self.house.words, self.house.catalogue, finding.service, old, new,
            binding=Binding("all", (finding.service.id,)), roles=None, today=TODAY, stands=False,
        )  # fmt: skip

    def _json(self, message: Message, pick: Pick) -> dict[str, Any]:
        return digest.as_json(message, pick.finding, state="would_send", releases=self.releases)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    engine = open_store(f"sqlite:///{tmp_path_factory.mktemp('files')}/store.db")
    try:
        migrate(engine)
        yield Desk(engine)
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def digests(desk: Desk) -> list[Told]:
    """What a first digest of every service says, with further lines and concerns."""
    return [told for own in desk.by_service.values() for told in desk.messages(own)]


@pytest.fixture(scope="module")
def alone(desk: Desk) -> list[Told]:
    """Messages of single findings, so that every measure has its turn, and every confirmed change."""
    chance = random.Random(SEED)
    by_metric: dict[str, list[Finding]] = {}
    for f in (f for own in desk.by_service.values() for f in own):
        by_metric.setdefault(f.metric, []).append(f)
    some = [f for fs in by_metric.values() for f in chance.sample(fs, min(40, len(fs)))]
    changed = [f for fs in by_metric.values() for f in fs if f.verdict.strength == "confirmed"]
    some += [f for f in changed if f not in some]
    return [told for f in some for told in desk.messages([f])]


@pytest.fixture(scope="module")
def kinds(desk: Desk, digests: list[Told], alone: list[Told]) -> Counter[str]:
    """How often each kind of sentence was read, in messages that are true by the files."""
    Reader.seen.clear()
    assert [fault for told in digests for fault in desk.faults(told)] == []
    assert [fault for told in alone for fault in desk.faults(told)] == []
    return Counter(Reader.seen)


def test_every_digest_of_every_service_is_true_by_the_files(
    desk: Desk, digests: list[Told], kinds: Counter[str]
) -> None:
    told = {(desk.audit(t.finding), t.finding.service.id) for t in digests if _headline(t)}
    assert Counter(audit for audit, _ in told) == {"ae": 207, "ssnap": 288}
    assert kinds["numbers"] > 30_000


def _headline(told: Told) -> bool:
    return told.message.kind == "digest" and not told.further


def test_every_doubtful_fall_is_told_to_the_lead(desk: Desk, digests: list[Told]) -> None:
    told = {(t.finding.service.id, t.finding.metric) for t in digests if t.message.kind == "signal"}
    fell = {
        (service, f.metric)
        for service, own in desk.by_service.items()
        for f in own
        if f.latest.state == "ok" and desk.truth(f).doubtful_fall
    }
    assert told
    assert told == fell


def test_every_measure_told_alone_is_true_by_the_files(
    desk: Desk, alone: list[Told], kinds: Counter[str]
) -> None:
    every = {m for a in desk.words.values() for m in a["metric"]}
    assert {t.finding.metric for t in alone} == every
    assert {t.message.kind for t in alone} >= {"digest", "concern"}


def test_every_kind_of_sentence_was_there_to_be_read(kinds: Counter[str]) -> None:
    """The checks above are worth as much as what they met."""
    wanted = {check.__name__ for _, check in RULES if check.__module__ != beside.__name__}
    assert wanted - kinds.keys() == NOT_OF_DIGESTS | OF_CORRECTIONS


def test_every_correction_is_true_by_the_files(desk: Desk) -> None:
    """The figure of the period before is taken for the newest, then put right; or it stays."""
    chance = random.Random(SEED)
    every = [f for own in desk.by_service.values() for f in own]
    Reader.seen.clear()
    wrong: list[str] = []
    for f in chance.sample(every, 400):
        earlier = [r for r in f.series.results if r.state == "ok" and r.period < f.latest.period]
        if f.latest.state != "ok" or not earlier:
            continue
        for was in (earlier[-1], f.latest):
            truth = desk.truth(f)
            told = truth.cells[12 * was.period.start.year + was.period.start.month - 1]
            if was is not f.latest and _known(told) == _known(truth.now):
                continue
            said = desk.correction(f, was)
            texts = (*said.context, said.headline, *said.body, said.fallback)
            wrong += [w for t in texts for w in desk.reader(f, told=told).faults(t)]
            other = desk.reader(f, told=truth.now if was is not f.latest else Cell(1.0, 1, 7))
            assert other.faults(said.headline)
    assert wrong == []
    assert Reader.seen.keys() >= OF_CORRECTIONS


def _known(cell: Cell) -> tuple[float | None, str]:
    return cell.value, cell.letter


def test_every_card_of_an_answer_is_true_by_the_files(desk: Desk) -> None:
    chance = random.Random(SEED)
    Reader.seen.clear()
    wrong: list[str] = []
    cards: Counter[str] = Counter()
    with reading(desk.house.engine) as conn:
        for audit, questions in QUESTIONS.items():
            able = sorted(
                s for s, own in desk.by_service.items() if any(desk.audit(f) == audit for f in own)
            )
            for service in chance.sample(able, 16):
                for text in questions:
                    found = answer.reply(
                        conn, desk.house.catalogue, desk.house.words,
                        Viewer("direct", NOW, frozenset((service,))),
                        text=text, bound=(service,), today=TODAY,
                    )  # fmt: skip
                    if found.message.kind == "card":
                        cards[audit] += 1
                        wrong += [f"{text} {w}" for w in _card_faults(desk, service, found)]
    assert min(cards.values()) >= 100
    assert Reader.seen.keys() >= {"funnel", "place"}
    assert wrong == []


def _card_faults(desk: Desk, service: str, found: answer.Answer) -> list[str]:
    metric, period = found.fields["metric"], found.fields["period"]
    finding = next(f for f in desk.by_service[service] if f.metric == metric)
    first, last = (12 * d.year + d.month - 1 for d in _days(period))
    step = desk.books[desk.audit(finding)].step
    if last - first + 1 == step:
        truth = desk.truth(finding, first)
    else:
        truth = Stretch(desk.truth(finding), first, last - first + 1)
    reader = desk.reader(finding, truth, card=True)
    wrong = [f for text in Told(found.message, finding).texts for f in reader.faults(text)]
    told = found.fields["value"], found.fields["numerator"], found.fields["denominator"]
    if told != pytest.approx(
        (truth.now.letter or truth.now.value, truth.now.top, truth.now.bottom)
    ):
        wrong.append(f"the fields are {told}, the files have {truth.now}")
    return wrong


def _days(period: dict[str, str]) -> tuple[date, date]:
    return date.fromisoformat(period["start"]), date.fromisoformat(period["end"])


# A check that cannot fail is worth nothing: what follows is the same reading of false messages.
def test_each_number_that_is_off_by_one_is_seen(
    desk: Desk, digests: list[Told], alone: list[Told]
) -> None:
    chance = random.Random(SEED)
    numbers = unseen = 0
    for told in chance.sample([*digests, *alone], 250):
        reader = desk.reader_of(told)
        for text in map(plain, told.texts):
            for m in re.finditer(N, text.replace(GOES, "#audits tomorrow at nine")):
                numbers += 1
                unseen += not reader.faults(text[: m.start()] + _off(m[0]) + text[m.end() :])
    assert numbers > 3000
    assert unseen == 0


def _off(number: str) -> str:
    """The number with its last digit one up, and the rest as it was."""
    whole, dot, part = number.replace(",", "").partition(".")
    if dot:
        return f"{float(number.replace(',', '')) + 10 ** -len(part):,.{len(part)}f}"
    return f"{int(whole) + 1:,}" if "," in number else f"{int(whole) + 1}"


THEM, AT = r"(\d+ [A-Za-z& ]+)", r"([\d.]+|about the same level)"
FALSE = [
    (r"This is more than your usual ups and downs(?:, and it has lasted)?\.", "That is within your usual ups and downs."),
    (r"That is within your usual ups and downs\.", "This is more than your usual ups and downs."),
    (r"That is within your usual ups and downs\.", "This stands out from your usual ups and downs, in the right direction. The next figures will show if it lasts."),
    (r"in the right direction", "in the wrong direction"),
    (r"in the wrong direction", "in the right direction"),
    (r"on the high side", "on the low side"),
    (r"You meet (it|the standard)\b[^.]*\.", r"You do not meet \1 yet."),
    (r"You do not meet (it|the standard)\b[^.]*\.", r"You meet \1."),
    (r"On this pattern you will not reach (it|the standard) without a change\.", r"You do not meet \1 this time, though on this pattern you mostly will."),
    (r"and on this pattern you will keep it\. *", "this time. Your ups and downs cross it, so at times you will not. "),
    (r"The records alone moved it, not the care\.", "Without that it would have moved the same way."),
    (r"Without that it would have moved the same way\.", "The records alone moved it, not the care."),
    (r"did not change, so the records are not why it moved\.", "did not change. The records alone moved it, not the care."),
    (r"data bands did not change\.", "data bands did not change. The records alone moved it, not the care."),
    (r"of similar size", "of the same kind"),
    (r"of the same kind", "of similar size"),
    (rf"The middle one of {THEM} is at {AT}\.", r"A quarter of \1 are at \2."),
    (rf"The middle one of {THEM} is at {AT}\.", r"The middle one of \1 is at about the same level."),
    (rf"A quarter of {THEM} are at {AT} or (?:more|less)\.", r"The middle one of \1 is at \2."),
    (r"(A quarter of [^.]* are at [\d.]+) or (?:more|less)\.", r"\1."),
    (rf"The leading few of {THEM} are at {AT} together\.", r"This is level with the leading ones of \1."),
    (r"(The leading few [^.]*are at [\d.]+) together\.", r"\1."),
    (r"is at about the same level\.", "is at 41."),
    (rf"This is level with the leading ones of {THEM}\.", r"The leading few of \1 are at 99 together."),
    (r"Changed since", "Changed since May 2013. Changed since"),
    (r"Changed since [^.]*\. ", ""),
    (r"No figure for [^.]*\.", ""),
    (r"No figure for [A-Z][a-z]+", "No figure for August"),
    (r" and (\d) more\.", "."),
    (r"Standard ([\d.]+)\.", r"Standard \1 or less."),
    (r"Records and care both moved it: with", "Without that it would have moved the same way. With"),
    (r"Without that it would have moved the same way\.", "Records and care both moved it: with the old bands it would be A."),
    (r"$", " This figure is being checked, as it may be wrong."),
    (r"$", " Some figures were corrected, and that changed this picture."),
    (r"(Fewer of the expected records came in)\.", r"\1 (60 in 100, was 95)."),
    (r"$", " This is for you alone. It is not in the channel, as one result is not enough to call it a change."),
    (r"$", " You can add one line of context, or hold it for up to five working days with a reason."),
    (r"You do not meet it yet\.", "You do not meet it this time, though on this pattern you mostly will."),
    (r"tomorrow at 9", "today at 9"),
    (r"#audits", "#others"),
    (r"or more\.", "or less."),
    (r", up from", ", down from"),
    (r"level ([B-E])\b", "level A"),
    (r"The year before", "The month before"),
    (r"it was the same\.", "it was 41."),
    (r"Early view: too few [a-z ]+ to tell a change from chance\.", "Early view, from 2 results. That is within the usual ups and downs."),
]  # fmt: skip


@pytest.mark.parametrize(("true", "false"), FALSE)
def test_a_false_word_is_seen(
    desk: Desk, digests: list[Told], alone: list[Told], true: str, false: str
) -> None:
    tried = unseen = 0
    for told in [*digests, *alone]:
        for text in map(plain, told.texts):
            if tried < 25 and re.search(true, text) and "*" not in text:
                tried += 1
                unseen += not desk.reader_of(told).faults(re.sub(true, false, text, count=1))
    assert tried > 0
    assert unseen == 0


def test_a_swap_of_before_and_after_a_change_is_seen(desk: Desk, digests: list[Told]) -> None:
    swapped = 0
    for told in digests:
        text = " ".join(map(plain, (told.message.headline, *told.message.body)))
        m = re.search(r"Before [^.]* it was ([\d.]+)( in 100)?\.", text)
        n = re.search(r"Since then it has been ([\d.]+) in 100 overall\.", text)
        if m and n and m[1] != n[1]:
            swapped += 1
            turned = (
                text[: m.start(1)] + n[1] + text[m.end(1) : n.start(1)] + m[1] + text[n.end(1) :]
            )
            assert len(desk.reader(told.finding).faults(turned)) == 2
    assert swapped > 20


def test_rounding_up_to_a_standard_is_seen(desk: Desk) -> None:
    near = [
        f for own in desk.by_service.values() for f in own
        if f.metric == "ae_4h" and f.latest.value is not None and 94.5 <= f.latest.value < 95
    ]  # fmt: skip
    assert near
    for f in near:
        counts = f"{f.latest.numerator:,.0f} of {f.latest.denominator:,.0f}"
        said = "95 in 100 A&E visits were finished within four hours (home, moved or admitted)"
        faults = desk.reader(f).faults(f"{said}: {counts}.")
        assert any("across the standard" in fault for fault in faults)


def test_a_sentence_that_nothing_accounts_for_is_seen(desk: Desk, digests: list[Told]) -> None:
    reader = desk.reader(digests[0].finding)
    for text in ("72 in 100 were happy.", "It may rise by 3.", "Source: nobody.", "All is well."):
        assert reader.faults(text) == [f"nothing accounts for: {text!r}"]


def test_false_fields_are_seen(desk: Desk, digests: list[Told]) -> None:
    told = next(t for t in digests if t.data and t.data["numerator"] and t.data["verdict"]["upper"])
    assert told.data is not None
    truth = desk.truth(told.finding)
    for key in ("value", "numerator", "denominator", "words"):
        assert faults_of_json(told.data | {key: told.data[key] + 1}, truth, told.texts)
    for key in ("mean", "lower", "upper", "n"):
        verdict = told.data["verdict"] | {key: told.data["verdict"][key] + 1}
        assert faults_of_json(told.data | {"verdict": verdict}, truth, told.texts)
    changed = next(t for t in digests if t.message.trail["evidence"]["change"])
    evidence = changed.message.trail["evidence"]
    for key in ("z", "phi", "before_numerator", "after_denominator"):
        false = evidence | {"change": evidence["change"] | {key: evidence["change"][key] + 0.5}}
        assert faults_of_trail({"evidence": false}, desk.truth(changed.finding))
