"""Answers say what is in the store, and nothing else. A made-up trust, stroke team and their peers."""

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from auditbot import catalogue, layout, period
from auditbot.ask import figures, memory
from auditbot.ask.answer import MOST_WORDS, Answer, fitted, from_button, reply
from auditbot.ask.told import alike, runs
from auditbot.ingest import take_in
from auditbot.model import Button, Message, Question, Result, Series
from auditbot.say.markup import plain
from auditbot.say.numbers import Figure
from auditbot.say.words import Words
from auditbot.store import engine as stores
from auditbot.store import save
from auditbot.viewer import Viewer
from tests.conftest import row

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
GAP = period.month(2025, 11)


def rows():
    for s, (place, name) in enumerate(PLACES.items()):
        for k in range(24):
            month = period.month(2024, 4 + k)
            if month == GAP:
                continue
            visits = 1000 + 10 * k + 100 * s
            inside = 700 + (13 * k) % 17 + 7 * s
            yield place, name, "ae_4h", month, inside, visits, "", 100
            yield place, name, "ae_attendances", month, "", "", visits, 100
            yield place, name, "ae_12h_dta", month, "", "", (5 * k + s) % 9, 100
        for k in range(8):
            quarter = period.quarter(2024, 4 + 3 * k)
            yield place, name, "nela_ct_reported", quarter, 3 if s == 2 else 40 + k, 50, "", 90
            yield place, name, "ssnap_score", quarter, "", "", 60.0 + 2 * k + s, 90


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answers")
    path = folder / "fictional.csv"
    with path.open("w", newline="") as f:
        write = csv.writer(f)
        write.writerow(
            [
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
        )
        for place, name, metric, p, n, d, value, complete in rows():
            write.writerow([place, name, metric, p.start, p.end, n, d, value, complete])
    engine = stores.open_store(f"sqlite:///{folder / 'store.db'}")
    stores.migrate(engine)
    save.save(engine, take_in(path, LAYOUTS, CATALOGUE, "long"), now=NOW)
    yield engine
    engine.dispose()


@pytest.fixture
def ask(engine):
    def asked(text=None, bound=("fernhill",), **more) -> Answer:
        viewer = Viewer(more.pop("audience", "open"), NOW, frozenset(bound))
        with stores.reading(engine) as conn:
            return reply(
                conn, CATALOGUE, WORDS, viewer, text=text, bound=bound, today=TODAY, **more
            )

    return asked


def shown(answer):
    return {k: answer.fields[k] for k in ("state", "kind", "metric", "services", "value")}


# Figures


def test_two_winters_are_told_apart_by_the_same_test_as_a_change(ask):
    """Visits grow month by month, and those finished in time do not: the rate falls and falls."""
    text = ask("4 hour standard last winter").fields["text"]
    assert "The year before it was" in text
    assert "That is more than the usual ups and downs." in text
    in_part = ask("4 hour standard last autumn").fields["text"]  # a month of it is not loaded
    assert "ups and downs" not in in_part


def test_a_place_is_a_range_and_for_the_own_team_in_private_alone(ask):
    assert "I put no team in order" in ask("where do we rank for 4 hours").fields["text"]
    private = ask("where do we rank for 4 hours", audience="direct").fields["text"]
    assert "I put no team in order" in private  # two others are too few


def test_a_card_tells_the_newest_figure_with_its_counts(ask):
    made = ask("four hour performance?")
    inside, visits = 700 + (13 * 23) % 17, 1000 + 230
    assert made.fields["numerator"], made.fields["denominator"] == (inside, visits)
    assert made.fields["value"] == pytest.approx(100 * inside / visits)
    assert made.fields["period"] == {"start": "2026-03-01", "end": "2026-03-31"}
    assert f"{inside:,} of {visits:,}" in made.fields["text"]
    assert "national standard is 95" in made.fields["text"]
    assert made.message.kind == "card"
    assert made.fields["sources"] == [{"release": "fictional.csv", "published": None}]


def test_a_past_month_and_another_service(ask):
    made = ask("4hr at Westport in May 2025")
    k = 13
    assert made.fields["services"] == ["westport"]
    assert made.fields["numerator"] == 700 + (13 * k) % 17 + 7
    assert made.fields["denominator"] == 1000 + 10 * k + 100


def test_a_stretch_without_any_figure_has_no_first_one_to_tell(sqlite_engine, make_batch):
    months = [period.month(2025, 6 + i) for i in range(3)]
    batch = make_batch([row("fernhill", "ae_4h", m, state="no_cases") for m in months])
    save.save(sqlite_engine, batch, now=NOW)
    with stores.reading(sqlite_engine) as conn:
        viewer = Viewer("open", NOW, frozenset({"fernhill"}))
        text = "four hour standard June to August 2025"
        made = reply(conn, CATALOGUE, WORDS, viewer, text=text, bound=("fernhill",), today=TODAY)
    assert "no figure for August 2025" in made.fields["text"]
    assert "June 2025 it was" not in made.fields["text"]


def test_a_stretch_is_summed_and_a_rate_is_of_the_sums(ask):
    made = ask("4 hour performance April to June 2025")
    ks = (12, 13, 14)
    n, d = sum(700 + (13 * k) % 17 for k in ks), sum(1000 + 10 * k for k in ks)
    assert (made.fields["numerator"], made.fields["denominator"]) == (n, d)
    assert made.fields["value"] == pytest.approx(100 * n / d)
    assert ask("attendances April to June 2025").fields["value"] == d


def test_a_gap_is_named_and_never_a_silent_partial_total(ask):
    made = ask("attendances October to December 2025")
    assert made.fields["state"] == "answered"
    assert "Not loaded: November 2025. So this covers 2 of 3 months." in made.fields["text"]


def test_a_month_that_is_not_loaded_is_no_data(ask):
    made = ask("4 hours in November 2025")
    assert (made.fields["state"], made.fields["value"]) == ("no_data", None)
    assert "November 2025" in made.fields["text"]


def test_small_numbers_stay_hidden(ask):
    made = ask("CT reported before laparotomy at Leyburn")
    assert (made.fields["state"], made.fields["value"], made.fields["numerator"]) == (
        "no_data",
        None,
        None,
    )
    assert "someone might be recognised" in made.fields["text"]


def test_a_comparison_with_all_is_the_rate_of_the_sums(ask):
    made = ask("how does our 4 hour compare nationally")
    k = 23
    n = sum(700 + (13 * k) % 17 + 7 * s for s in range(3))
    d = sum(1000 + 10 * k + 100 * s for s in range(3))
    assert made.fields["comparator"] == "national"
    assert f"{n:,} of {d:,}" in made.fields["text"]
    assert made.fields["kind"] == "compare"


def test_two_services_are_told_in_the_order_asked(ask):
    made = ask("compare Westport and Leyburn on 4 hours", bound=())
    assert made.fields["services"] == ["westport", "leyburn"]
    assert made.fields["comparator"] == "service:leyburn"
    text = made.fields["text"]
    assert text.index("Westport General:") < text.index("Leyburn Infirmary:")


def test_two_questions_get_two_answers(ask):
    made = ask("four hour performance in March and how many attendances?")
    assert made.fields["metric"] == "ae_4h"
    assert "You also asked" in made.fields["text"]
    assert "1,230 visits" in made.fields["text"]


def test_the_worst_month_is_one_of_our_own(ask):
    made = ask("what was our worst month for attendances")
    assert made.fields["value"] == 1000
    assert "the lowest of the 23 results" in made.fields["text"]


def test_a_cause_is_never_given(ask):
    text = ask("why did our four hour performance drop").fields["text"]
    assert "I can't say why" in text
    assert not re.search(r"because|due to|caused", text)


def test_the_overview_is_a_table_with_its_words(ask):
    made = ask("how are we doing")
    assert made.fields["kind"] == "overview"
    assert made.message.table[0] == ("Measure", "Latest", "Before", "Is it real?")
    assert len(made.message.table) > 3
    for line in made.message.table[1:]:
        assert line[1] in made.fields["text"]


def test_a_chart_comes_on_request(ask):
    chart = ask("show me the chart for four hours").message.chart
    assert chart is not None
    assert len(chart.values) >= 23


QUESTIONS = [
    "four hour performance?",
    "attendances in 2024/25",
    "how are we doing",
    "compare us with Westport on 4 hours",
    "is the change in four hours real",
    "ssnap score?",
    "4 hours month by month",
]


# Answers without a figure


@pytest.mark.parametrize(
    ("text", "kind", "has"),
    [
        ("what does the four hour standard measure", "explain", "Why it matters"),
        ("what is the ssnap score", "explain", "Higher is better"),
        ("how do I read the chart", "explain", "usual ups and downs"),
        ("where is this from", "source", "fictional.csv"),
        ("when is the next release", "when", "newest I hold"),
        ("who can I talk to about our data", "contact", "audit team"),
        ("what could we try to reduce 12 hour waits", "improve", "audit team"),
        ("who does four hours really well", "exemplar", "Westport General"),
        ("what can I ask about", "list", "A&E"),
        ("any events coming up", "events", ""),
        ("send me this every month", "subscribe", "audit team"),
        ("stop these messages", "mute", "less often"),
        ("hello", "help", "never patients"),
        ("thanks", "help", "welcome"),
        ("anything to celebrate", "celebrate", "Fernhill Hospital"),
    ],
)
def test_a_kind_is_answered_from_the_catalogue(ask, text, kind, has):
    made = ask(text)
    assert made.fields["kind"] == kind
    assert has in made.fields["text"]


@pytest.mark.parametrize(
    "metric", [m.id for m in CATALOGUE.metrics.values() if m.audit in ("ae", "ssnap")]
)
@pytest.mark.parametrize("kind", ["explain", "improve", "contact", "when", "source", "exemplar"])
def test_every_shipped_metric_answers(ask, metric, kind):
    action = {"exemplar": "ask_explain"}.get(kind, f"ask_{kind}")
    value = json.dumps({"service": "fernhill", "metric": metric, "start": "", "end": ""})
    made = ask(button=Button("", action, value))
    assert made.fields["text"]
    assert made.fields["state"] in ("answered", "no_data")


def test_a_metric_without_a_sourced_idea_says_so(ask):
    bare = next(m for m in CATALOGUE.by_audit["ssnap"] if not CATALOGUE.actions_for(m.id))
    made = ask(button=Button("", "ask_improve", json.dumps({"metric": bare.id})))
    assert "no sourced idea" in made.fields["text"]


# A stretch of time


def test_month_by_month_since_a_time_keeps_the_whole_stretch(ask):
    made = ask("four hours month by month since April 2025")
    ks = [k for k in range(12, 24) if period.month(2024, 4 + k) != GAP]
    n, d = sum(700 + (13 * k) % 17 for k in ks), sum(1000 + 10 * k for k in ks)
    assert made.fields["period"] == {"start": "2025-04-01", "end": "2026-03-31"}
    assert (made.fields["numerator"], made.fields["denominator"]) == (n, d)
    head, *rows = made.message.table
    assert head == ("Time", "Figure", "Counts")
    assert [r[0] for r in rows] == [WORDS.period(period.month(2025, 4 + i)) for i in range(12)]
    assert rows[7] == ("November 2025", "not loaded", "")
    assert rows[0][2] == f"{700 + (13 * 12) % 17} of {1000 + 120:,}"
    chart = made.message.chart
    assert (len(chart.values), chart.values[0]) == (12, pytest.approx(100 * 703 / 1120))
    assert all(" | ".join(row) in made.fields["text"] for row in rows)


@pytest.mark.parametrize(
    "text", ["4h for each of the last six months", "4h in the last 6 months as a table"]
)
def test_each_of_several_months_is_a_table_and_a_chart(ask, text):
    made = ask(text)
    assert len(made.message.table) == 7
    assert made.message.chart is not None
    assert "Not loaded: November 2025. So this covers 5 of 6 months." in made.fields["text"]


def test_month_by_month_without_a_time_is_the_last_year(ask):
    made = ask("attendances month by month")
    assert made.fields["value"] == 1230
    assert made.fields["period"]["asked"] == {"start": "2025-04-01", "end": "2026-03-31"}
    assert len(made.message.table) == 13


def test_a_year_of_scores_says_what_was_asked_and_what_is_told(ask):
    made = ask("ssnap score 2024/25")
    told = {"start": "2025-01-01", "end": "2025-03-31"}
    asked = {"start": "2024-04-01", "end": "2025-03-31"}
    assert made.fields["period"] == told | {"asked": asked}
    assert made.fields["value"] == 66.0
    text = made.fields["text"]
    assert "You asked about April 2024 to March 2025." in text
    assert "cannot be added up" in text
    assert [row[1] for row in made.message.table[1:]] == ["60.0", "62.0", "64.0", "66.0"]


def test_a_thread_keeps_the_stretch_that_was_asked_for(ask):
    first = ask("ssnap score 2024/25")
    made = ask("and Westport?", before=json.loads(json.dumps(first.state)))
    assert made.fields["period"] == first.fields["period"]
    assert made.fields["services"] == ["westport"]
    chart = next(b for b in (*made.message.buttons, *made.message.more) if b.action == "ask_chart")
    assert len(ask(button=chart, before=made.state).message.table) == 5


def test_where_nothing_is_loaded_the_newest_is_one_press_away(ask):
    made = ask("four hours in May 2019")
    assert made.fields["state"] == "no_data"
    pressed = ask(button=made.message.buttons[0], before=made.state)
    assert pressed.fields["period"] == {"start": "2026-03-01", "end": "2026-03-31"}
    assert pressed.message.chart is not None


def test_all_the_parts_are_all_of_them(ask):
    few, every = ask("how are we doing"), ask("show me all our measures")
    assert every.fields["kind"] == "overview"
    assert len(every.message.table) >= len(few.message.table)


def test_gaps_that_touch_are_one():
    apart = [period.month(2025, m) for m in (3, 1, 2, 7)]
    assert runs(apart) == [period.months(2025, 1, 3), period.month(2025, 7)]


# Who is first or last


def test_is_our_own_team_the_worst_is_answered_with_its_own_figure(ask):
    for text in ("are we the worst in the country for four hours", "is Fernhill the worst?"):
        made = ask(text)
        assert (made.fields["state"], made.fields["metric"]) == ("answered", "ae_4h")
        assert made.fields["services"] == ["fernhill"]
        assert "I put no team in order" in made.fields["text"]
        assert not re.search("Westport|Leyburn", made.fields["text"])


@pytest.mark.parametrize(
    "text", ["is Westport the worst for four hours?", "who is the worst for four hours"]
)
def test_an_order_of_others_is_refused_with_the_own_figure(ask, text):
    made = ask(text)
    assert (made.fields["state"], made.fields["value"]) == ("refused", None)
    assert "710 of 1,230" in made.fields["text"]
    assert not re.search("Westport|Leyburn", made.fields["text"])
    assert "of 1,230" not in ask(text, bound=()).fields["text"]


def test_where_we_rank_is_no_place_in_a_channel(ask):
    for text in ("where do we rank", "what is our position", "where do we rank for four hours"):
        said = ask(text).fields["text"]
        assert said.count("I put no team in order") == 1


def test_counts_name_nobody_who_does_well(ask):
    made = ask("who does 12 hour waits really well")
    assert made.fields["state"] == "no_data"
    assert "counts grow with the size" in made.fields["text"]


def test_weeks_are_finer_than_what_is_held(ask):
    made = ask("four hours week by week")
    assert (made.fields["state"], made.fields["value"]) == ("no_data", None)
    assert "no figures by day or week" in made.fields["text"]


def test_who_uses_an_audit_is_told_of_the_audit(ask):
    assert "Parliament" in ask("who uses the A&E figures").fields["text"]


# What a bare figure stands for


def test_as_a_table_alone_is_said_of_the_last_figure(ask):
    first = ask("four hours over the last 6 months")
    made = ask("show it as a table", before=first.state)
    assert made.fields["period"] == first.fields["period"]
    assert len(made.message.table) == 7
    assert ask("show it as a table").fields["state"] == "unknown"


def test_a_part_of_a_time_is_not_compared_with(ask):
    said = ask("attendances in 2025 compared with 2024").fields["text"]
    assert "I hold a part of January to December 2024 and not all" in said


@pytest.mark.parametrize(
    "text",
    ["What's the 78 about?", "why is the target 78", "what is the 78", "who set the 78% goal"],
)
def test_a_goal_is_explained_and_not_the_audit(ask, text):
    made = ask(text, audits=("ae",))
    assert (made.fields["kind"], made.fields["metric"]) == ("explain", "ae_4h")
    assert "78 in 100 is a goal on the way" in made.fields["text"]
    assert "1 April 2024 to 31 March 2025" in made.fields["text"]


def test_a_standard_is_told_with_who_set_it(ask):
    text = ask("what is the 95 for").fields["text"]
    assert "95 in 100 is the national standard" in text
    assert "NHS Constitution" in text


def test_a_figure_that_is_no_goal_is_not_explained_as_one(ask):
    assert "a goal" not in ask("what is the 63 about").fields["text"]


# The form of answers


def test_a_long_answer_goes_on_in_the_thread_and_nothing_is_cut(ask):
    made = ask("which of our domains is the weakest")
    long = Message("x", "Head", tuple(f"{'word ' * 30}{i}." for i in range(9)), "Head")
    short = fitted(long)
    [under] = short.thread
    assert (*short.body, under.headline, *under.body) == long.body
    assert sum(len(p.split()) for p in short.body) <= MOST_WORDS
    assert fitted(replace(long, body=long.body[:2])).thread == ()
    headed = fitted(replace(long, body=(*long.body[:4], "*Made of:*", *long.body[4:])))
    assert headed.thread[0].headline == "*Made of:*"
    for paragraph in (p for m in made.message.thread for p in (m.headline, *m.body)):
        assert plain(paragraph) in made.fields["text"]


def test_a_link_is_written_out_in_plain_text(ask):
    assert re.search(r"publisher's page \(https://\S+\)", ask("where is this from").fields["text"])


def test_two_measures_stand_side_by_side_in_a_table(ask):
    made = ask("four hours and attendances")
    head, *rows = made.message.table
    assert head[0] == "Measure"
    assert [r[0] for r in rows] == ["A&E four-hour standard", "visits to A&E"]


def test_several_services_have_a_column_each(ask):
    made = ask("compare Westport and Leyburn", bound=())
    if made.fields["kind"] == "overview":
        assert made.message.table[0] == ("Measure", "Westport General", "Leyburn Infirmary")
    text = made.fields["text"]
    assert text.index("Westport General") < text.index("Leyburn Infirmary")


@pytest.mark.parametrize("text", ["four hours?", "how are we doing", "what does four hours mean"])
def test_two_buttons_at_most_and_the_rest_behind_the_dots(ask, text):
    made = ask(text)
    assert len(made.message.buttons) == 2
    assert made.message.more


# Asking back and going on


CHOICES = {
    "Sheffield Teaching Trust": Question("card", "ae_4h", services=("a",)),
    "Sheffield Children's Trust": Question("card", "ae_4h", services=("b",)),
}


@pytest.mark.parametrize(
    ("said", "picked"),
    [
        ("the childrens one", "b"),
        ("children's please", "b"),
        ("first one", "a"),
        ("2", "b"),
        ("the second", "b"),
        ("option 1", "a"),
        ("the last one", "b"),
        ("teaching", "a"),
        ("sheffield teaching trust", "a"),
        ("both", "ab"),
        ("all of them", "ab"),
        ("sheffield", ""),
        ("3", ""),
        ("leeds", ""),
        ("no", ""),
        ("", ""),
        ("how are the children", ""),
    ],
)
def test_words_that_fit_one_choice_pick_it(said, picked):
    found = memory.chosen(said, CHOICES)
    assert "".join(s for q in found for s in q.services) == picked


def test_a_month_is_no_choice_among_years():
    years = {
        "January to December 2025": Question("card", period=period.months(2025, 1, 12)),
        "April 2024 to March 2025": Question("card", period=period.financial_year(2024)),
    }
    assert memory.chosen("march", years) == ()
    assert memory.chosen("the second one", years) == (years["April 2024 to March 2025"],)


def test_an_ask_back_offers_choices_that_work_when_pressed_or_typed(ask):
    first = ask("attendances last year")
    assert (first.fields["state"], len(first.fields["options"])) == ("ask_back", 2)
    button = first.message.buttons[1]
    assert button.action == "ask_option"
    pressed = ask(button=button, before=first.state)
    typed = ask(first.fields["options"][1], before=json.loads(json.dumps(first.state)))
    assert pressed.fields["period"] == typed.fields["period"]
    assert pressed.fields["state"] == "answered"


def test_without_a_service_it_asks_and_gives_no_figure(ask):
    made = ask("how are we doing against the four hour target?", bound=())
    assert made.fields["state"] == "ask_back"
    assert not re.search(r"\d+(\.\d+)? in 100", made.fields["text"])


def test_a_conversation_goes_on(ask):
    first = ask("four hour performance in May 2025?")
    second = ask("and Westport?", before=first.state)
    third = ask("and the month before?", before=second.state)
    assert second.fields["services"] == ["westport"]
    assert third.fields["period"]["start"] == "2025-04-01"


def test_a_button_is_a_typed_question():
    value = memory.value_of(
        Question("card", "ae_4h", services=("fernhill",), period=period.month(2026, 3))
    )
    asked = from_button("ask_source", value)
    assert asked == Question(
        "source", "ae_4h", services=("fernhill",), period=period.month(2026, 3)
    )
    assert from_button("less_often", value) is None
    assert from_button("ask_source", "not json") == Question("source")


def test_buttons_and_options_of_answers_lead_somewhere(ask):
    for text in (*QUESTIONS, "what does four hours mean", "improve four hours", "gibberish xyzzy"):
        made = ask(text)
        for button in (*made.message.buttons, *made.message.more):
            again = ask(button=button, before=made.state)
            assert again.fields["text"], button


def test_a_button_never_shows_what_may_not_be_seen(ask):
    made = ask(button=Button("", "ask_chart", json.dumps({"service": "secret", "metric": "ae_4h"})))
    assert made.fields["services"] == ["fernhill"]


# Refusing


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("Was 999 041 2375 scanned in time", "please delete"),
        ("a patient died waiting last night", "incident system"),
        ("how is Dr Moss doing on four hours", "never for one person"),
        ("which patients breached", "never for one patient"),
        ("78 year old on apixaban, should we thrombolyse", "can't advise"),
        ("who is the worst for four hours", "no league table"),
        ("what will our attendances be next month", "can't tell what will be"),
        ("show me the unpublished figures", "before they are published"),
    ],
)
def test_no_is_said_with_a_reason_and_a_way(ask, text, has):
    made = ask(text)
    assert (made.fields["state"], made.fields["kind"]) == ("refused", "refuse")
    assert has in made.fields["text"]


def test_a_flagged_text_is_not_needed_and_never_repeated(ask):
    before = ask("four hours?").state
    made = ask(None, flag="identifier", before=before)
    assert made.fields["state"] == "refused"
    assert made.state == before
    made = ask("DOB 14/03/1951 was late", before=before)
    assert "1951" not in json.dumps(made.fields) + json.dumps(made.state)


@pytest.mark.parametrize(
    "text",
    [
        "<!channel> four hours?",
        "{{7*7777}} four hours",
        "**four hours** [x](http://y)",
        "four hours'; DROP TABLE result;--",
    ],
)
def test_what_is_typed_is_never_markup(ask, text):
    said = ask(text).fields["text"]
    assert not re.search(r"<!|54439|DROP|\{\{", said)


def test_a_strange_place_is_repeated_as_plain_words(ask):
    made = ask("four hours at Hog*warts*[x](http://y)")
    assert "http" not in " ".join([made.message.headline, *made.message.body])


# Audits that are not loaded, and figures beside each other


@pytest.mark.parametrize("audit", sorted(CATALOGUE.audits))
def test_every_audit_is_explained_loaded_or_not(ask, audit):
    entry = CATALOGUE.audits[audit]
    made = ask(f"what is {entry.name}?")
    assert (made.fields["state"], made.fields["kind"]) == ("answered", "explain")
    text = made.fields["text"].casefold()
    for part in (entry.name, entry.why, entry.counted, entry.not_counted, entry.how_often):
        assert part.rstrip(".").casefold() in text


def test_thanks_do_not_end_a_subject(ask):
    state = ask("12 hour waits in May 2025").state
    state = ask("thanks", before=state).state
    made = ask("and the month before?", before=state)
    assert made.fields["metric"] == "ae_12h_dta"
    assert made.fields["period"]["start"] == "2025-04-01"


def test_figures_beside_each_other_have_one_form():
    few, many = Figure("few", "29", "29", "35"), Figure("in_100", "92", "35", "38")
    bare = Figure("in_100", "92")
    assert [f and f.form for f in alike(few, many)] == ["few", "few"]
    assert [f and f.form for f in alike(many, few)] == ["few", "few"]
    assert alike(few, bare) == (few, None)
    assert alike(many, bare) == (many, bare)


def test_what_could_we_try_without_a_measure_offers_some(ask):
    made = ask("what could we try")
    assert (made.fields["state"], made.fields["kind"]) == ("ask_back", "improve")
    chosen = ask(made.fields["options"][0], before=made.state)
    assert (chosen.fields["state"], chosen.fields["kind"]) == ("answered", "improve")


# A channel that keeps to some audits

TOPICS = {a: CATALOGUE.audits[a].topic for a in ("ae", "nela", "ssnap")}


@pytest.mark.parametrize(
    "text",
    [
        "how are we doing",
        "when is the next data",
        "what can I ask",
        "where is your data from",
        "who can I talk to about our data",
        "thrombectomy",
        "what could we try",
        "anything to celebrate",
        "any events coming up",
        "hello",
    ],
)
def test_a_channel_keeps_to_its_audits(ask, text):
    made = ask(text, audits=("ssnap",))
    said = made.fields["text"] + " ".join(made.fields["options"])
    for other in ("A&E", "four hour", "attendances", "aparotomy", "NELA"):
        assert other not in said, said
    assert {m for m in (made.fields["metric"],) if m} <= {m.id for m in CATALOGUE.by_audit["ssnap"]}


@pytest.mark.parametrize("text", ["how are we doing", "when is the next data", "what can I ask"])
def test_a_channel_without_audits_of_its_own_has_all(ask, text):
    said = ask(text).fields["text"]
    assert all(topic in said for topic in TOPICS.values())


def test_another_audit_that_is_named_is_answered(ask):
    assert ask("four hours?", audits=("ssnap",)).fields["metric"] == "ae_4h"
    made = ask("how are we doing in A&E", audits=("ssnap",))
    assert "visits" in made.fields["text"]
    assert TOPICS["ae"] in ask("when is the next A&E data", audits=("ssnap",)).fields["text"]


def test_two_audits_are_kept_to(ask):
    said = ask("how are we doing", audits=("ssnap", "nela")).fields["text"]
    assert TOPICS["ssnap"] in said
    assert TOPICS["nela"] in said
    assert TOPICS["ae"] not in said


def test_a_channel_whose_audit_is_not_loaded_says_so(ask):
    made = ask("how are we doing", audits=("rtt",))
    assert made.fields["state"] == "no_data"
    assert CATALOGUE.audits["rtt"].topic in made.fields["text"]
    assert TOPICS["ae"] not in made.fields["text"]


# Words for each kind of measure


@pytest.mark.parametrize(
    ("metric", "has"),
    [
        ("nela_length_of_stay", "It is an average"),
        ("scot_cdi_rate", "It is a rate. It tells how many"),
        ("ae_attendances", "It is a count."),
        ("ssnap_score", "It is a score"),
        ("ssnap_level", "It is a letter from A to E"),
        ("ae_4h", "It tells how many in 100"),
    ],
)
def test_a_measure_is_explained_by_its_kind(ask, metric, has):
    text = ask(button=Button("", "ask_explain", json.dumps({"metric": metric}))).fields["text"]
    assert has in text
    assert ("It is a count." in text) == (CATALOGUE.metrics[metric].kind == "count")


def test_a_median_has_words_of_its_own():
    known = dict.fromkeys(
        ("counted", "achieved", "direction", "why", "numerator", "out_of", "standard_note"), "x"
    )
    known |= dict.fromkeys(("caution", "audit", "run_by", "not_counted"), "x")
    known |= {"name": "wait", "kind": "median", "cutpoints": [], "made_of": [], "breaks": []}
    assert "middle value" in " ".join(WORDS.lines("answer_tell", "explain_metric", known))


@pytest.mark.parametrize(
    ("metric", "has", "hasnt"),
    [("ssnap_level", "letters at the side", "average"), ("ae_4h", "average", "letters")],
)
def test_a_chart_is_explained_as_it_is_drawn(ask, metric, has, hasnt):
    text = ask(button=Button("", "ask_chart_help", json.dumps({"metric": metric}))).fields["text"]
    assert has in text
    assert hasnt not in text
    last = {"question": {"kind": "card", "metric": metric, "services": ["fernhill"]}}
    for asked in ("how do I read this", "how do I read the chart"):
        assert has in ask(asked, before=last).fields["text"]


# Small ways in


@pytest.mark.parametrize("text", ["", "<@U012AB3CD>", " @auditbot ", "<@U012AB3CD> :wave:"])
def test_a_bare_mention_gets_help(ask, text):
    made = ask(text)
    assert (made.fields["state"], made.fields["kind"]) == ("answered", "help")
    assert "Name a measure" in made.fields["text"]


@pytest.mark.parametrize("bound", [("fernhill",), ()])
def test_help_offers_buttons_that_lead_somewhere(ask, bound):
    made = ask("hello", bound=bound, audience="direct")
    assert made.message.buttons
    for button in made.message.buttons:
        again = ask(button=button, bound=bound, audience="direct", before=made.state)
        assert again.fields["state"] == "answered"


def test_the_chart_after_an_overview_is_of_its_first_measure(ask):
    first = ask("how are we doing")
    made = ask("show me the chart", before=json.loads(json.dumps(first.state)))
    assert (made.fields["kind"], made.fields["metric"]) == ("card", "ae_4h")
    assert made.message.chart is not None
    first = ask("how are we doing", audits=("ssnap",))
    made = ask("show me the chart", audits=("ssnap",), before=first.state)
    assert made.fields["metric"] == "ssnap_score"


# A level that was not given says why

MARKS = {"X": "too few of the expected records", "TFP": "too few people"}


@pytest.fixture(scope="module", params=sorted(MARKS))
def ungraded(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ungraded")
    path = folder / "fictional_levels.csv"
    with path.open("w", newline="") as f:
        write = csv.writer(f)
        write.writerow(["service", "service_name", "metric", "period_start", "period_end", "value"])
        for k in range(3):
            p = period.quarter(2025, 4 + 3 * k)
            for metric in ("ssnap_level", "ssnap_d1_scanning"):
                value = request.param if k == 2 else "B"
                write.writerow(["cedar", "Cedar Unit", metric, p.start, p.end, value])
    engine = stores.open_store(f"sqlite:///{folder / 'store.db'}")
    stores.migrate(engine)
    save.save(engine, take_in(path, LAYOUTS, CATALOGUE, "long"), now=NOW)
    yield engine, MARKS[request.param]
    engine.dispose()


@pytest.mark.parametrize("text", ["how are we doing", "our ssnap level", "scanning level"])
def test_a_level_that_was_not_given_says_why(ungraded, text):
    engine, why = ungraded
    with stores.reading(engine) as conn:
        viewer = Viewer("open", NOW, frozenset({"cedar"}))
        made = reply(conn, CATALOGUE, WORDS, viewer, text=text, bound=("cedar",), today=TODAY)
    assert made.fields["value"] is None
    assert why in made.fields["text"]
    assert not re.search(r"\b(TFP|X)\b", made.fields["text"])
    if made.message.table:
        assert all(why in row[1] and not row[3] for row in made.message.table[1:])


def test_a_hidden_month_is_named_and_never_a_silent_partial_total():
    months = [period.month(2026, n) for n in (1, 2, 3)]
    states = ("ok", "suppressed", "no_cases")
    results = tuple(
        Result("fernhill", "ae_attendances", p, state, 90.0 if state == "ok" else None)
        for p, state in zip(months, states, strict=True)
    )
    found = figures.stretch(
        Series("fernhill", "ae_attendances", results), period.quarter(2026, 1), 1
    )
    assert (found.silent, found.partial) == ((months[1],), True)
    known = {"gaps": [], "silent": ["February 2026"], "held": 2, "steps": 3, "months": 1}
    said = WORDS.render("answer_card", "gap", known)
    assert said == "No figure for February 2026. So this covers 2 of 3 months."
