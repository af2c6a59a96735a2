"""Every template, with many facts, in words that a tired nurse can read."""

import random
import re
import warnings
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from auditbot.catalogue import Catalogue, load
from auditbot.model import Binding, Finding, Message
from auditbot.say import digest, preview
from auditbot.say.choose import Choice
from auditbot.say.markup import plain
from auditbot.say.message import count_words
from auditbot.say.words import Words
from tests.saying import CATALOGUE, TODAY, WORDS, Heard, any_finding, pick

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import textstat

TIMES = 200
SHARED = Path(__file__).resolve().parents[2] / "shared"
REAL = Path(__file__).resolve().parents[1] / "bot" / "catalogue"
BANNED = re.compile(
    r"\b(underperform\w*|failing|worst|RAG|outliers?|only|alerts?|alarms?)\b|nearly there|@channel|@here",
)
BINDING = Binding("C0X", ("fernhill-hospital",))


def sentences(text: str) -> list[str]:
    """Sentences as a reader sees them; a full stop inside a number or before a bracket is none."""
    parts = re.split(r"(?<=[.!?])[\"”’)]*\s+(?=[A-Z0-9\"“(*@])|\n+", text)
    return [p.strip() for p in parts if re.search(r"[A-Za-z]", p)]


def named_out(text: str, catalogue: Catalogue) -> str:
    """The text without the names that catalogue and services bring along."""
    names = {"Fernhill Hospital"}
    for m in catalogue.metrics.values():
        main, _, aside = m.achieved.partition(" (")
        names |= {
            m.plain,
            main,
            f"({aside}",
            m.plain[:1].upper() + m.plain[1:],
            m.why,
            m.why.rstrip("."),
        }
        names |= {m.counted} if m.counted not in ("patients", "people", "visits", "days") else set()
    for a in catalogue.actions:
        names |= {a.try_, a.try_.rstrip("."), a.where.split(";")[0]}
    for a in catalogue.audits.values():
        names |= {
            a.credit,
            a.contact_role,
            a.contact_role[:1].upper() + a.contact_role[1:],
            a.topic,
        }
    for name in sorted(names - {"", "("}, key=len, reverse=True):
        text = text.replace(name, "this" if len(name.split()) < 3 else "this one here")
    return text


def smog(found: list[str]) -> float:
    assert len(found) >= 30, "SMOG needs 30 sentences"
    return float(textstat.smog_index(" ".join(s if s[-1] in ".!?" else f"{s}." for s in found)))


def messages(catalogue: Catalogue, words: Words = WORDS) -> list[Message]:
    """Digests, concerns and corrections of many findings, the same ones each time."""
    chance = random.Random(20261102)
    known: dict[str, Any] = {"binding": BINDING, "roles": None, "today": TODAY}
    lead = {"channel": "#stroke-fernhill", "goes": datetime(2026, 11, 3, 9)}
    made = []
    for i in range(TIMES):
        found = any_finding(chance, catalogue)
        picked = pick(found, catalogue)
        others = tuple(pick(any_finding(chance, catalogue), catalogue) for _ in range(2))
        if picked.kind == "concern":
            made.append(digest.concern_for_channel(words, catalogue, picked, **known))
            made.append(digest.concern_for_lead(words, catalogue, picked, **lead, **known))
        else:
            choice = Choice(picked, others)
            more = {"explain": bool(i % 2), "fictional": bool(i % 3)}
            made.append(digest.digest(words, catalogue, choice, **known, **more))
        made.append(corrected(chance, words, catalogue, found))
    return made


def corrected(chance: random.Random, words: Words, catalogue: Catalogue, found: Finding) -> Message:
    """The latest figure of a finding was the one before it, and is put right."""
    new = found.latest
    old = replace(found.series.results[-2], period=new.period)
    stands = chance.choice([True, False, None])
    return digest.correction(
        words,
        catalogue,
        found.service,
        old,
        new,
        binding=BINDING,
        roles=None,
        today=TODAY,
        stands=stands,
    )


def small_talk(words: Words, catalogue: Catalogue) -> list[Message]:
    """Notices, greetings, a concern's own words and forms, with facts that vary."""
    chance = random.Random(20261103)
    made = []
    for _ in range(TIMES):
        n = chance.choice([1, 2, 7, 40])
        facts = preview.NOTICE | {
            "due": TODAY,
            "weeks": n,
            "refused": n,
            "services": chance.choice([0, 1, 3]),
            "reason": chance.choice(["", "the file has no column for the hospital"]),
            "metric": chance.choice(list(catalogue.metrics.values())).plain,
        }
        code = chance.choice(words.blocks("notice"))
        made.append(digest.notice(words, code, facts))
        bound = chance.choice([BINDING, None, replace(BINDING, audits=())])
        made.append(digest.intro(words, catalogue, bound))
        words.render(
            "concern",
            "line",
            {"by": chance.choice(["Sam", "Sam Jones, lead"]), "line": "We moved."},
        )
        words.render("concern", chance.choice(["choices", "signal"]), {})
        for block in words.blocks("forms"):
            words.render("forms", block, {"option": chance.choice(["1", "2", "coding", "other"])})
    return made


def words_of(message: Message) -> list[str]:
    texts = [message.headline, *message.body, *(m.headline for m in message.thread)]
    return [plain(t) for t in texts]


@pytest.fixture(scope="module", params=["made up", "real"])
def catalogue(request: pytest.FixtureRequest) -> Catalogue:
    if request.param == "real" and not list(REAL.glob("*.toml")):
        pytest.skip("there is no catalogue in bot/catalogue")
    return CATALOGUE if request.param == "made up" else load(REAL)


@pytest.fixture(scope="module")
def heard(catalogue: Catalogue) -> tuple[list[Message], dict[str, list[str]]]:
    """The messages, and all that each template said for them."""
    words = Heard(WORDS.folder)
    made = messages(catalogue, words)
    small_talk(words, catalogue)
    return made, words.said


@pytest.fixture(scope="module")
def said(heard: tuple[list[Message], dict[str, list[str]]]) -> list[Message]:
    return heard[0]


# Those of answers are measured in test_answer_language.py, where there is something to ask.
UNASKED = ("chart", "concern", "correction", "digest", "forms", "intro", "notice")


def test_every_template_is_measured_somewhere() -> None:
    asked = {t for t in WORDS.templates() if t.startswith("answer_")}
    assert {*UNASKED, *asked} == set(WORDS.templates())


@pytest.mark.parametrize("template", UNASKED)
def test_a_template_reads_at_grade_nine(
    template: str, heard: tuple[list[Message], dict[str, list[str]]], catalogue: Catalogue
) -> None:
    """SMOG is a school grade; nine is about age 14. Every template with 200 facts and more."""
    texts = heard[1][template]
    assert len(texts) >= TIMES
    found = [s for t in texts for s in sentences(named_out(t, catalogue))]
    assert smog(found) <= 9
    assert not {s for s in found if len(s.split()) > 20}
    assert not {s for s in found if BANNED.search(s)}


def test_sentences_have_at_most_twenty_words(said: list[Message], catalogue: Catalogue) -> None:
    texts = [t for m in said for t in (*words_of(m), m.fallback.partition(": ")[2])]
    long = {s for t in texts for s in sentences(named_out(t, catalogue)) if len(s.split()) > 20}
    assert not long


def test_bodies_have_at_most_ninety_words(said: list[Message]) -> None:
    assert max(count_words(m.body) for m in said) <= 90


def test_no_banned_word_reaches_a_reader(said: list[Message], catalogue: Catalogue) -> None:
    for m in said:
        text = named_out(" ".join((*words_of(m), m.fallback)), catalogue)
        assert not BANNED.search(text), text
        if m.kind.startswith("concern"):
            assert "!" not in text


@pytest.mark.parametrize("template", WORDS.templates())
def test_every_template_file_holds_no_banned_word(template: str) -> None:
    source = (WORDS.folder / f"{template}.j2").read_text(encoding="utf-8")
    words = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", source, flags=re.DOTALL)
    assert not BANNED.search(words)


def test_words_toml_holds_no_banned_word() -> None:
    assert not BANNED.search((WORDS.folder / "words.toml").read_text(encoding="utf-8"))


def test_the_examples_of_the_voice_pass() -> None:
    path = SHARED / "voice.md"
    if not path.exists():
        pytest.skip("the shared data folder is not here")
    quoted = [
        plain(re.sub(r"`([^`]*)`", "", line[1:])).replace("⋯", "").strip()
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith(">")
    ]
    # where a colon or a semicolon stands between two statements, a reader takes a breath;
    # its greeting alone has 22 words, which ours has not
    found = [s for q in quoted for part in re.split(r"[:;] ", q) for s in sentences(part)]
    long = [s for s in found if len(s.split()) > 20]
    assert [len(s.split()) for s in long] == [22]
    assert smog(found) <= 9
    assert not [s for s in found if BANNED.search(s.replace("only when", "when"))]
