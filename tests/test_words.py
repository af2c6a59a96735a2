"""Markup, templates, words for dates, and figures written so that nobody is misled."""

from datetime import date
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from auditbot import period
from auditbot.model import Period, Result
from auditbot.say import numbers
from auditbot.say.markup import Marked, Span, escape, link, mention, plain, spans
from auditbot.say.words import Words, WordsFault, capital, sentence, thousands
from tests.saying import CATALOGUE, MESSAGES, WORDS, metric

QUICK = settings(deadline=None, max_examples=150)
SEPTEMBER = period.month(2026, 9)


# Markup


def test_the_three_marks_are_read() -> None:
    assert spans("**82 in 100** *at once* [source](https://example.org/a)") == [
        Span("82 in 100", bold=True),
        Span(" "),
        Span("at once", italic=True),
        Span(" "),
        Span("source", link="https://example.org/a"),
    ]


def test_a_mark_that_is_never_closed_is_shown() -> None:
    assert spans("2 * 3 is six") == [Span("2 * 3 is six")]
    assert plain("a **b") == "a **b"


@QUICK
@given(st.text())
def test_data_never_becomes_markup(text: str) -> None:
    found = spans(escape(text))
    assert all(s == Span(s.text) for s in found)
    assert len(found) <= 1


@QUICK
@given(st.text(alphabet="ab*_[]()\\<>!@#{}:~`|&/ \n"))
def test_escaped_data_reads_as_it_was_written(text: str) -> None:
    assume("{{" not in text)
    assert plain(escape(text)) == " ".join(text.split())
    assert plain(WORDS.say("figure.number", n=text)) == " ".join(text.split())


def test_data_cannot_mention_anybody() -> None:
    assert "{{user:" not in plain(escape("{{user:U0LEAD}}"))
    assert plain(mention("user", "U0LEAD")) == "{{user:U0LEAD}}"
    with pytest.raises(ValueError, match="give a user or channel id"):
        mention("user", "U0}} <!here>")


def test_links_lead_to_the_web_or_a_mailbox_and_hold_together() -> None:
    assert spans(link("a [b]", "https://example.org/x-(1)?a=b c")) == [
        Span("a [b]", link="https://example.org/x-%281%29?a=b%20c")
    ]
    assert spans(link("here", "javascript:alert(1)")) == [Span("here")]


def test_invisible_characters_are_dropped() -> None:
    assert plain(escape("Ward\u202e 6\u200b\x07")) == "Ward 6"


# Templates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(copytree(MESSAGES, tmp_path / "messages"))


def template(folder: Path, text: str) -> Words:
    (folder / "try.j2").write_text(text, encoding="utf-8")
    return Words(folder)


def test_values_are_escaped_and_paragraphs_kept(folder: Path) -> None:
    words = template(
        folder,
        "{% block b %}\n**{{ name }}** came\n{% if more %}\nand went\n{% endif %}\n.\n\nNext\n- one\n- two\n{% endblock %}",
    )
    assert words.lines("try", "b", {"name": "Ward *6*", "more": True}) == (
        "**Ward \\*6\\*** came and went.",
        "Next\n- one\n- two",
    )
    assert words.lines("try", "b", {"name": "x", "more": False})[0] == "**x** came."


@pytest.mark.parametrize(
    ("text", "facts", "says"),
    [
        ("{% block b %}{{ missing }}{% endblock %}", {}, "'missing' is undefined"),
        ("{% block b %}{{ n }}{% endblock %}", {"n": 72.345}, "not words"),
        ("{% block b %}{{ n }}{% endblock %}", {"n": None}, "not words"),
        ("{% block other %}{% endblock %}", {}, "block 'b' is missing"),
        ("{% block b %}{{ say('few.nothing') }}{% endblock %}", {}, "'few.nothing' is missing"),
        ("{% block b %}{{ say('figure.in_100', n=1) }}{% endblock %}", {}, "'counted'"),
    ],
)
def test_a_template_that_cannot_speak_says_why(
    folder: Path, text: str, facts: dict[str, object], says: str
) -> None:
    with pytest.raises(WordsFault, match=says.replace("(", r"\(")):
        template(folder, text).render("try", "b", facts)


def test_a_fault_names_file_and_line(folder: Path) -> None:
    words = template(folder, "{% block b %}\n{% if x %}\nwords\n{% endblock %}\n")
    assert [f for f in words.faults() if f.startswith("try.j2, line 4")]
    assert not WORDS.faults()


def test_the_hash_follows_the_template_and_the_small_words(folder: Path) -> None:
    before = Words(folder)
    assert before.hash("digest") == WORDS.hash("digest") != WORDS.hash("concern")
    toml = folder / "words.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert Words(folder).hash("digest") != before.hash("digest")


def test_words_toml_with_a_fault_is_refused(folder: Path) -> None:
    (folder / "words.toml").write_text("months = [", encoding="utf-8")
    with pytest.raises(WordsFault, match=r"words\.toml cannot be read"):
        Words(folder)


def test_has_and_blocks() -> None:
    assert WORDS.has("digest", "headline")
    assert not WORDS.has("digest", "nothing")
    assert not WORDS.has("nothing", "headline")
    assert "less_often" in WORDS.blocks("notice")


# Dates, lists, capitals


@pytest.mark.parametrize(
    ("found", "words", "short"),
    [
        (period.month(2026, 3), "March 2026", "Mar 26"),
        (period.quarter(2026, 7), "July to September 2026", "Jul–Sep 26"),
        (period.financial_year(2025), "April 2025 to March 2026", "2025/26"),
        (period.months(2025, 1, 12), "January to December 2025", "2025"),
        (Period(date(2026, 3, 5), date(2026, 3, 5)), "5 March 2026", "5 Mar 26"),
        (
            Period(date(2025, 12, 5), date(2026, 1, 3)),
            "5 December 2025 to 3 January 2026",
            "2025/26",
        ),
    ],
)
def test_periods_in_words(found: Period, words: str, short: str) -> None:
    assert WORDS.period(found) == words
    assert WORDS.short_period(found) == short


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 2), "today"),
        (date(2026, 11, 9), "today"),
        (date(2026, 11, 1), "yesterday"),
        (date(2026, 10, 25), "8 days ago"),
        (date(2026, 10, 10), "3 weeks ago"),
        (date(2026, 3, 1), "8 months ago"),
        (date(2023, 3, 1), "3 years ago"),
    ],
)
def test_age_in_words(day: date, words: str) -> None:
    assert WORDS.age(day, date(2026, 11, 2)) == words


def test_lists_and_capitals() -> None:
    assert WORDS.listed(["A", "B", "C"]) == "A, B and C"
    assert WORDS.alternatives(["C", "B"]) == "C or B"
    assert WORDS.listed(["A*"]) == "A\\*"
    assert WORDS.listed([]) == ""
    assert capital("a&E") == "A&E"
    assert sentence(" time is brain ") == "Time is brain."
    assert isinstance(sentence(Marked("x")), Marked)
    assert thousands(1173) == "1,173"
    assert thousands(45.5) == "45.5"


# Figures


def result(n: float | None, d: float | None, value: float | None = None) -> Result:
    value = 100 * n / d if n is not None and d else value
    return Result("fernhill-hospital", "hip_ward", SEPTEMBER, "ok", value, None, n, d)


def said(n: float | None, d: float | None, value: float | None = None, **more: float) -> str:
    shown = numbers.figure(result(n, d, value), CATALOGUE.metrics["hip_ward"], **more)  # type: ignore[arg-type]
    counts = numbers.counts(shown, WORDS)
    return numbers.words(shown, WORDS, "patients") + (f" ({counts})" if counts else "")


def test_counts_stand_behind_a_rate() -> None:
    assert said(86, 120) == "72 in 100 patients (86 of 120)"
    assert said(31204, 42110) == "74 in 100 patients (31,204 of 42,110)"
    assert said(None, None, 72.0) == "72 in 100 patients"


def test_all_and_none_are_said_of_all_and_none_alone() -> None:
    assert said(120, 120) == "100 in 100 patients (120 of 120)"
    assert said(0, 120) == "0 in 100 patients (0 of 120)"
    assert said(598, 600) == "more than 99 in 100 patients (598 of 600)"
    assert said(2, 600) == "fewer than 1 in 100 patients (2 of 600)"
    assert said(1997, 2000) == "99.9 in 100 patients (1,997 of 2,000)"
    assert said(19999, 20000) == "more than 99 in 100 patients (19,999 of 20,000)"
    assert said(None, None, 100.0) == "more than 99 in 100 patients"


def test_rounding_does_not_reach_a_standard_that_was_missed() -> None:
    assert said(169, 200, standard=85).startswith("84.5 in 100")
    assert said(9499, 10000, standard=95).startswith("94.99 in 100")
    assert said(170, 200, standard=85).startswith("85 in 100")
    less = metric("less", direction="lower")
    assert numbers.figure(result(26, 500), less, standard=5).n == "5.2"
    assert numbers.figure(result(24, 500), less, standard=5).n == "5"


def test_figures_that_differ_look_different() -> None:
    assert said(None, None, 72.4, beside=[71.6]).startswith("72.4 in 100")
    assert said(None, None, 72.4, beside=[72.4]).startswith("72 in 100")
    assert numbers.percent(99.6, beside=[99.8]).n == "99.6"


def test_few_patients_are_told_with_their_doubt() -> None:
    shown = numbers.figure(result(14, 23), CATALOGUE.metrics["hip_ward"])
    assert numbers.words(shown, WORDS, "patients") == "14 of 23 patients"
    assert numbers.doubt(shown, WORDS) == "anywhere from about 4 to 8 in 10"
    assert numbers.counts(shown, WORDS) == ""
    none = numbers.figure(result(0, 9), CATALOGUE.metrics["hip_ward"])
    assert numbers.doubt(none, WORDS) == "anywhere up to about 3 in 10"
    every = numbers.figure(result(9, 9), CATALOGUE.metrics["hip_ward"])
    assert numbers.doubt(every, WORDS) == "anywhere from about 7 in 10 upwards"


def test_under_the_minimum_of_a_metric_cases_are_few() -> None:
    few = numbers.figure(result(97, 98), metric("m", minimum=100))
    assert few.form == "few"


def test_other_kinds() -> None:
    assert numbers.plain_number(1173, "count") == "1,173"
    assert numbers.plain_number(72, "score") == "72.0"
    assert numbers.plain_number(45, "median") == "45"
    assert numbers.plain_number(0.324, "rate", standard=0.32, lower=True) == "0.324"
    assert numbers.plain_number(0.32, "rate", standard=0.32, lower=True) == "0.32"
    level = Result("s", "level", SEPTEMBER, "ok", level="B")
    assert numbers.figure(level, CATALOGUE.metrics["level"]).n == "B"
    gone = Result("s", "hip_ward", SEPTEMBER, "too_few")
    assert numbers.figure(gone, CATALOGUE.metrics["hip_ward"]).form == "none"


@QUICK
@given(
    st.integers(1, 40000).flatmap(lambda d: st.tuples(st.integers(0, d), st.just(d))),
    st.sampled_from([None, 5.0, 50.0, 85.0, 92.5, 95.0, 99.0]),
    st.booleans(),
)
def test_a_rate_is_true_within_its_rounding(
    counts: tuple[int, int], standard: float | None, lower: bool
) -> None:
    n, d = counts
    m = metric("m", direction="lower" if lower else "higher")
    shown = numbers.figure(result(n, d), m, standard=standard)
    value = 100 * n / d
    if shown.form == "few":
        assert (shown.numerator, shown.denominator) == (f"{n:,}", f"{d:,}")
        return
    if shown.form == "in_100_over":
        assert 99 < value < 100
        return
    if shown.form == "in_100_under":
        assert 0 < value < 1
        return
    places = len(shown.n.partition(".")[2])
    assert abs(float(shown.n) - value) <= 0.5 * 10**-places + 1e-9
    if float(shown.n) in (0, 100):
        assert value in (0, 100)
    if standard is not None and places < 3:
        met = value <= standard if lower else value >= standard
        assert met == (float(shown.n) <= standard if lower else float(shown.n) >= standard)


@QUICK
@given(st.integers(1, 2000).flatmap(lambda d: st.tuples(st.integers(0, d), st.just(d))))
def test_the_wilson_interval_holds_the_rate(counts: tuple[int, int]) -> None:
    n, d = counts
    low, high = numbers.wilson(n, d)
    assert 0 <= low <= n / d + 1e-12
    assert n / d - 1e-12 <= high <= 1


def test_a_line_that_prints_nothing_is_no_empty_line(tmp_path: Path) -> None:
    """Only an empty line of the template parts paragraphs, not one that a fact left empty."""
    (tmp_path / "words.toml").write_text("")
    (tmp_path / "x.j2").write_text(
        "{% block a %}\nOne.\n{% if no %}Two.{% endif %}\n{{ nil }}\nThree.\n"
        "{% if yes %}\n\nFour.\n{% endif %}\n{% if no %}\n\nFive.\n{% endif %}\nSix.\n{% endblock %}"
    )
    facts = {"no": False, "yes": True, "nil": "", "text": ""}
    assert Words(tmp_path).lines("x", "a", facts) == ("One. Three.", "Four. Six.")
