"""Answers in words that a tired nurse can read: real answers of a made-up store, kind by kind.

Names (measures, services, audits), credits and sources are taken out before words are counted. So are
the facts that the catalogue quotes (why, who is counted, cautions, ideas): they are checked there.
"""

import csv
import random
import re
import warnings
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from auditbot import catalogue, layout, period
from auditbot.ask.answer import reply
from auditbot.ingest import take_in
from auditbot.model import Button, Message
from auditbot.say.markup import plain
from auditbot.say.words import Words
from auditbot.store import engine as stores
from auditbot.store import save
from auditbot.viewer import Viewer
from tests.saying import Heard

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import textstat

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = catalogue.load(ROOT / "bot" / "catalogue")
LAYOUTS = layout.load(ROOT / "bot" / "catalogue" / "layouts", CATALOGUE)
WORDS = Words(ROOT / "messages")
TODAY = date(2026, 4, 20)
NOW = datetime(2026, 4, 20, 9, tzinfo=UTC)
PLACES = {
    "fernhill": "Fernhill Hospital",
    "westport": "Westport General",
    "leyburn": "Leyburn Infirmary",
}
HEADER = [
    "service",
    "service_name",
    "metric",
    "period_start",
    "period_end",
    "numerator",
    "denominator",
    "value",
    "completeness",
]
BANNED = re.compile(
    r"\b(underperform\w*|failing|worst|RAG|outliers?|only|alerts?|alarms?)\b|nearly there|@channel|@here"
)
MONTHLY = ("ae_4h", "ae_attendances", "ae_12h_dta", "nhfd_kpi2")
QUARTERLY = (
    "ssnap_score",
    "ssnap_level",
    "ssnap_d1_scanning",
    "ssnap_case_ascertainment",
    "ssnap_6m_assessed",
)
ASKED = (
    "{} ?",
    "{} in May 2025",
    "{} since April 2025",
    "{} over the last 12 months",
    "{} compared with last year",
    "{} against the national average",
    "how do we compare with other teams on {}",
    "is the change in {} real",
    "why did {} change",
    "are we meeting the target for {}",
    "what was our lowest {}",
    "what does {} mean",
    "what could we try for {}",
    "who does {} really well",
    "where does {} come from",
    "{} in January 2019",
    "{} last week",
    "{} for women over 80",
    "compare us with Westport on {}",
    "will {} improve next month",
    "{} month by month since last summer",
    "{} for each of the last six months",
    "chart of {} since April 2024",
    "are we the worst in the region for {}",
    "is Westport the worst for {}",
    "why is the target for {} 95",
)
ASKED_ALONE = (
    "how are we doing",
    "how are we doing in A&E",
    "what is the stroke audit",
    "what's NELA",
    "what is the national hip fracture database",
    "explain the A&E stats to me",
    "tell me about RTT",
    "what is DM01",
    "who is in the cancer waits data",
    "tell me about the Scottish standards",
    "how do I read the chart",
    "where is this from",
    "when is the next release",
    "who can I talk to",
    "what could we try",
    "anything to celebrate",
    "what can I ask",
    "any events",
    "send me this every month",
    "stop these messages",
    "hello",
    "thanks",
    "blue monkeys",
    "thrombectomy",
    "four hours at Hogthorpe",
    "SSNAP last year",
    "how is therapy",
    "what is the 95 about",
    "are we the worst in the country",
    "SSNAP score 2024/25",
    "SSNAP level by quarter",
    "compare Westport and Leyburn",
    "our four hours and attendances",
    "who is the worst for four hours",
    "show me the unpublished figures",
    "which patients breached",
    "how is Dr Moss doing on four hours",
    "999 041 2375",
    "a patient died waiting last night",
    "should we thrombolyse a 78 year old",
)


def rows() -> Any:
    chance = random.Random(20260420)
    for s, (place, name) in enumerate(PLACES.items()):
        for metric in (*MONTHLY, *QUARTERLY):
            kind = CATALOGUE.metrics[metric].kind
            for k in range(8 if metric in QUARTERLY else 24):
                p = (
                    period.quarter(2024, 4 + 3 * k)
                    if metric in QUARTERLY
                    else period.month(2024, 4 + k)
                )
                if k == 5 and metric == "ae_4h":
                    continue
                n = d = value = ""
                if kind == "proportion":
                    cases = 36 if metric == "nhfd_kpi2" or s == 2 else 1200
                    share = 0.6 + 0.02 * s + 0.1 * chance.random() + (0.15 if k > 16 else 0)
                    n, d = str(round(share * cases)), str(cases)
                elif kind == "level":
                    value = chance.choice("ABCD")
                else:
                    value = str(chance.randint(50, 90))
                yield place, name, metric, p.start, p.end, n, d, value, 95


@pytest.fixture(scope="module")
def heard(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[list[tuple[str, str]], dict[str, list[str]]]:
    """Question and answer, of every kind, and all that each template said for them."""
    words = Heard(WORDS.folder)
    folder = tmp_path_factory.mktemp("language")
    path = folder / "fictional.csv"
    with path.open("w", newline="") as f:
        write = csv.writer(f)
        write.writerow(HEADER)
        write.writerows(rows())
    engine = stores.open_store(f"sqlite:///{folder / 'store.db'}")
    stores.migrate(engine)
    save.save(engine, take_in(path, LAYOUTS, CATALOGUE, "long"), now=NOW)
    texts = [a.format(CATALOGUE.metrics[m].plain) for m in (*MONTHLY, *QUARTERLY) for a in ASKED]
    made = []
    with stores.reading(engine) as conn:
        for text in (*texts, *ASKED_ALONE):
            viewer = Viewer("open", NOW, frozenset(["fernhill"]))
            answer = reply(
                conn, CATALOGUE, words, viewer, text=text, bound=("fernhill",), today=TODAY
            )
            made.append((text, "\n".join(shown(answer.message))))
        pressed = ("ask_chart", "ask_chart_help", "ask_explain", "ask_source", "ask_when")
        metrics = ("ae_4h", "ssnap_level", "nela_length_of_stay", "scot_cdi_rate")
        for action, metric in ((a, m) for a in pressed for m in metrics):
            button = Button("", action, f'{{"service": "fernhill", "metric": "{metric}"}}')
            answer = reply(
                conn, CATALOGUE, words, viewer, button=button, bound=("fernhill",), today=TODAY
            )
            made.append((action, "\n".join(shown(answer.message))))
        every = [m.id for m in CATALOGUE.metrics.values() if m.verified]
        for action, metric in ((a, m) for a in ("ask_explain", "ask_improve") for m in every):
            button = Button("", action, f'{{"service": "fernhill", "metric": "{metric}"}}')
            reply(conn, CATALOGUE, words, viewer, button=button, bound=("fernhill",), today=TODAY)
        for service, text in ((s, t) for s in PLACES for t in ASKED_ALONE):
            viewer = Viewer("direct", NOW, frozenset([service]))
            reply(conn, CATALOGUE, words, viewer, text=text, bound=(service,), today=TODAY)
    engine.dispose()
    return made, words.said


@pytest.fixture(scope="module")
def said(heard: tuple[list[tuple[str, str]], dict[str, list[str]]]) -> list[tuple[str, str]]:
    return heard[0]


def shown(message: Message) -> list[str]:
    """Every paragraph, those of the replies under it too."""
    under = [line for reply in message.thread for line in (reply.headline, *reply.body)]
    return [plain(line) for line in (message.headline, *message.body, *under)]


def _quoted() -> list[str]:
    """What an answer takes from the catalogue as it stands there: names and facts."""
    found: set[str] = set(PLACES.values())
    for m in CATALOGUE.metrics.values():
        main, _, aside = m.achieved.partition(" (")
        found |= {m.name, m.plain, main, f"({aside}" if aside else "", m.why, m.standard_note}
        found |= {m.numerator, m.denominator, m.caution, *m.made_of, *m.cutpoints.values()}
        found |= {m.counted} if len(m.counted.split()) > 1 else set()
    for a in CATALOGUE.audits.values():
        found |= {a.name, a.topic, a.why, a.counted, a.not_counted, a.run_by, a.commissioned_by}
        found |= {a.covers, a.how_often, a.credit, a.contact_role, *(c.says for c in a.cautions)}
        found |= {b.why for b in a.breaks}
    for i in CATALOGUE.actions:
        found |= {i.try_, i.where.split(";")[0]}
    for e in CATALOGUE.events:
        found |= {e.name, e.by, e.what}
    return sorted({plain(x).rstrip(".") for x in found} - {"", "("}, key=len, reverse=True)


QUOTED = _quoted()
_QUOTE = re.compile("|".join(re.escape(q) for q in QUOTED if len(q) > 2), re.IGNORECASE)
# a list of names is no sentence to be counted: "A, B, C and D" reads as one name
_NAMES = re.compile(r"\bthis(?:(?:, | and | or )this)+\b")


def sentences(text: str) -> list[str]:
    """Sentences without quoted names and facts. A full stop in a number or a bracket is none."""
    text = _NAMES.sub("this", _QUOTE.sub("this", text))
    parts = re.split(r"(?<=[.!?])[\"”’)]*\s+(?=[A-Z0-9\"“(*@t])|\n+", text)
    return [p.strip() for p in parts if re.search(r"[A-Za-z]", p)]


def test_sentences_have_at_most_twenty_words(said: list[tuple[str, str]]) -> None:
    long = {s for _, text in said for s in sentences(text) if len(s.split()) > 20}
    assert not long


def test_no_banned_word_reaches_a_reader(said: list[tuple[str, str]]) -> None:
    found = {s for _, text in said for s in sentences(text) if BANNED.search(s)}
    assert not found


def test_answers_read_at_grade_nine(said: list[tuple[str, str]]) -> None:
    """SMOG, a school grade (nine is about age 14), over every different sentence once."""
    every = sorted({s for _, text in said for s in sentences(text)})
    assert len(every) >= 100
    pooled = " ".join(s if s[-1] in ".!?" else f"{s}." for s in every)
    assert float(textstat.smog_index(pooled)) <= 9


@pytest.mark.parametrize("template", [t for t in WORDS.templates() if t.startswith("answer_")])
def test_a_template_reads_at_grade_nine(
    template: str, heard: tuple[list[tuple[str, str]], dict[str, list[str]]]
) -> None:
    """Of every template by itself, over 200 answers and more."""
    texts = heard[1][template]
    assert len(texts) >= 200
    every = [s for t in texts for s in sentences(t)]
    assert len(every) >= 30
    pooled = " ".join(s if s[-1] in ".!?" else f"{s}." for s in every)
    assert float(textstat.smog_index(pooled)) <= 9


def test_every_kind_of_answer_is_among_them_and_whole(said: list[tuple[str, str]]) -> None:
    text = "\n".join(s for _, t in said for s in sentences(t))
    for part in (
        "league table",
        "How to read the chart",
        "usual ups and downs",
        "What others tried",
    ):
        assert part in text
    assert not re.search(r"\{\{|\bNone\b|  |\(\)| \.|\.\.", text)
