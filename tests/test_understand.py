"""Questions become typed, whatever their order, spelling and small words. All places are made up."""

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot import catalogue, period
from auditbot.ask import guard, spans, typed, vocabulary, wording
from auditbot.ask.periods import fitted, main_span, resolve
from auditbot.ask.seen import Context
from auditbot.ask.understand import understand
from auditbot.model import Period, Question, Service

FOLDER = Path(__file__).resolve().parents[1] / "bot" / "catalogue"
CATALOGUE = catalogue.load(FOLDER)
TODAY = date(2026, 4, 20)
MARCH = period.month(2026, 3)
AE, STROKE = "type 1", "Routinely admitting team"


def service(id, *names, parent="", region="North", group=AE):
    return Service(id, names[0], names, parent, (parent,) if parent else (), region, group)


SERVICES = {
    s.id: s
    for s in (
        service("XA1", "Fernhill Teaching Hospitals NHS Trust", "Fernhill Hospital NHS Trust"),
        service("XB2", "Westport General NHS Foundation Trust"),
        service("XC3", "Leyburn and Marlow Hospitals NHS Trust"),
        service("XD4", "St Oswin's Westport NHS Trust"),
        service("XE5", "Kelsey Walk In Centre", group="no type 1"),
        service("XF6", "Kelsey University Hospitals NHS Trust"),
        service(
            "fernhill-infirmary",
            "Fernhill Infirmary",
            parent="Fernhill Teaching Hospitals NHS Trust",
            group=STROKE,
        ),
        service(
            "cedar-unit",
            "Cedar Unit",
            parent="Leyburn and Marlow Hospitals NHS Trust",
            group=STROKE,
        ),
        service(
            "marlow-hospital",
            "Marlow Hospital",
            parent="Leyburn and Marlow Hospitals NHS Trust",
            group=STROKE,
        ),
        service(
            "st-oswins-stroke",
            "St Oswin's Hospital",
            parent="Westport Community NHS Trust",
            group=STROKE,
        ),
        service("ward-7", "Brook Hospital Ward 7", group=STROKE),
    )
}
AE_METRICS = frozenset(m.id for m in CATALOGUE.by_audit["ae"])
STROKE_METRICS = frozenset(m.id for m in CATALOGUE.by_audit["ssnap"])
QUARTER = period.quarter(2026, 1)


def held(id):
    return AE_METRICS if id.isupper() else STROKE_METRICS


def newest(metric):
    return MARCH if metric in AE_METRICS else QUARTER if metric in STROKE_METRICS else None


WORDS = vocabulary.build(CATALOGUE, typed.load(FOLDER / "typed"), SERVICES, held, newest)


def ask(text, *bound, last=None, today=TODAY):
    return understand(text, Context(WORDS, today, bound, (), last))


def one(text, *bound, last=None) -> Question:
    made = ask(text, *bound, last=last)
    assert not made.ask, made
    return made.questions[0]


# Metrics


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("four hour performance?", "ae_4h"),
        ("4hr", "ae_4h"),
        ("what % were seen in 4 hours", "ae_4h"),
        ("type 1 figure pls", "ae_4h_type1"),
        ("majors performance", "ae_4h_type1"),
        ("attendences last month", "ae_attendances"),
        ("how busy were we", "ae_attendances"),
        ("footfall in A&E", "ae_attendances"),
        ("emergency admissions", "ae_admissions"),
        ("people stuck on trolleys over 12 hrs", "ae_12h_dta"),
        ("HOW MANY WAITED MORE THAN 12 HOURS FOR A BED", "ae_12h_dta"),
        ("waits of over four hours for a bed", "ae_4h_dta"),
        ("trolley waits", "ae_4h_dta"),
    ],
)
def test_a_metric_is_found_by_everyday_words(text, metric):
    assert one(text, "XA1").metric == metric


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("our level", "ssnap_level"),
        ("what did we score", "ssnap_score"),
        ("how quick are people scanned", "ssnap_d1_scanning"),
        ("onto the stroke unit within 4 hours", "ssnap_d2_stroke_unit"),
        ("clot busting level", "ssnap_d3_thrombolysis"),
        ("trombolysis", "ssnap_d3_thrombolysis"),
        ("SALT please", "ssnap_d7_speech_language_therapy"),
        ("team-centred physio", "ssnap_tc_d6_physiotherapy"),
        ("patient centred OT level, not the team centred one", "ssnap_d5_occupational_therapy"),
        ("six month reviews", "ssnap_6m_assessed"),
        ("are we sending in enough data", "ssnap_case_ascertainment"),
    ],
)
def test_the_words_of_a_stroke_team(text, metric):
    assert one(text, "fernhill-infirmary").metric == metric


def test_word_order_does_not_matter():
    texts = [
        "4hr oct 24 Westport General",
        "Westport General oct 24 4hr",
        "oct 24: 4hr at Westport General",
    ]
    asked = {(q.metric, q.services, q.period) for q in map(one, texts)}
    assert asked == {("ae_4h", ("XB2",), period.month(2024, 10))}


def test_two_metrics_joined_by_and_are_two_questions():
    made = ask("four hour performance in March and how many 12 hour waits?", "XA1")
    assert [q.metric for q in made.questions] == ["ae_4h", "ae_12h_dta"]
    assert {q.period for q in made.questions} == {MARCH}


def test_what_is_not_held_is_said_and_not_answered_with_something_near():
    made = ask("what are our ambulance handover times", "XA1")
    assert made.questions[0].kind == "unknown"
    assert ask("type 1 attendances", "XA1").questions[0].kind == "unknown"


# Services


@pytest.mark.parametrize(
    ("text", "id"),
    [
        ("4 hours at Fernhill", "XA1"),
        ("fernhil 4 hours", "XA1"),
        ("Fernhill Hospital NHS Trust four hours", "XA1"),
        ("FTH 4hr", "XA1"),
        ("XB2 4hr", "XB2"),
        ("4hr at Leyburn & Marlow", "XC3"),
        ("Kelsey 4 hours", "XF6"),
        ("Kelsey Walk In Centre 4 hours", "XE5"),
        ("stroke level at Fernhill", "fernhill-infirmary"),
        ("Fernhill Teaching Hospitals NHS Trust ssnap level", "fernhill-infirmary"),
        ("ssnap score for the Cedar Unit", "cedar-unit"),
        ("Brook Ward 7 ssnap score", "ward-7"),
    ],
)
def test_a_service_is_found_by_any_of_its_names(text, id):
    assert one(text).services == (id,)


def test_a_channel_means_its_own_service_unless_another_is_named():
    assert one("4 hours?", "XA1").services == ("XA1",)
    assert one("4 hours at Westport General?", "XA1").services == ("XB2",)


def test_a_channel_of_a_trust_finds_its_stroke_team():
    assert one("ssnap level", "XA1").services == ("fernhill-infirmary",)


@pytest.mark.parametrize(
    "text",
    ["4 hours at Westport", "ssnap level of Leyburn and Marlow Hospitals", "how are the 4 hours?"],
)
def test_what_may_be_several_is_asked_back_with_at_most_three_choices(text):
    made = ask(text)
    assert made.ask == "service"
    assert len(made.options) <= 3


def test_a_number_is_never_nearly_right():
    made = ask("how is ward 9 doing on ssnap", "cedar-unit")
    assert made.ask == "unknown_place"


def test_an_unknown_place_is_not_taken_for_the_channels_own():
    assert ask("4 hours at Hogwarts", "XA1").ask == "unknown_place"


def test_words_that_are_also_names_are_not_taken_for_places():
    assert one("Killing time before clinic: 4 hours?", "XA1").services == ("XA1",)


def test_a_named_clinicians_figures_are_refused():
    assert one("how is Sarah Jones doing on four hours", "XA1").kind == "refuse"


# Times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in October 2024", period.month(2024, 10)),
        ("oct 24", period.month(2024, 10)),
        ("in November", period.month(2025, 11)),
        ("last month", MARCH),
        ("month of May 2025", period.month(2025, 5)),
        ("jan-mar 2025", period.quarter(2025, 1)),
        ("July to September 2025", period.quarter(2025, 7)),
        ("between april and june 2025", period.quarter(2025, 4)),
        ("Q2 2025/26", period.quarter(2025, 7)),
        ("2025/26 Q2", period.quarter(2025, 7)),
        ("the second quarter of 2025/26", period.quarter(2025, 7)),
        ("last quarter", period.quarter(2026, 1)),
        ("2024/25", period.financial_year(2024)),
        ("financial year 2024", period.financial_year(2024)),
        ("H1 2024/25", period.months(2024, 4, 6)),
        ("over winter 2024/25", period.months(2024, 12, 3)),
        ("last winter", period.months(2025, 12, 3)),
        ("winter before last", period.months(2024, 12, 3)),
        ("this time last year", period.month(2025, 3)),
        ("a year ago", period.month(2025, 3)),
        ("last 12 months", period.months(2025, 4, 12)),
        ("the last two years", period.months(2024, 4, 24)),
        ("since April", period.months(2025, 4, 12)),
        ("since last March", period.months(2025, 3, 13)),
        ("since 1 April 2025", period.months(2025, 4, 12)),
        ("since spring 2025", period.months(2025, 3, 13)),
        ("since last winter", period.months(2025, 12, 4)),
        ("03/2026", MARCH),
        ("2025-11", period.month(2025, 11)),
        ("in 2025", period.months(2025, 1, 12)),
    ],
)
def test_a_time_is_read(text, expected):
    span = main_span(spans.find(wording.read(f"4 hours {text} please").clean, TODAY))
    assert span is not None
    assert resolve(span, TODAY, 1, MARCH) == expected


@pytest.mark.parametrize(
    "text", ["who may help", "May I ask", "march on", "12 hour waits", "in 4 hours"]
)
def test_no_time_is_read_where_there_is_none(text):
    found = [s for s in spans.find(wording.read(text).clean, TODAY) if s.kind == "exact"]
    assert not found or text == "march on"


def test_a_month_of_a_quarterly_measure_is_its_quarter():
    assert fitted(period.month(2024, 8), 3) == period.quarter(2024, 7)
    asked = one("level in august 2025", "cedar-unit")
    assert asked.period == period.quarter(2025, 7)
    assert "quarter" in asked.assumed


def test_last_year_alone_is_asked_about():
    made = ask("attendances last year", "XA1")
    assert made.ask == "period"
    assert [o.period for o in made.options] == [
        period.months(2025, 1, 12),
        period.financial_year(2025),
    ]


# Kinds and comparisons


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("how are we doing", "overview"),
        ("give me the overall picture", "overview"),
        ("what does the four hour standard measure", "explain"),
        ("what is case ascertainment", "explain"),
        ("how do I read the chart", "explain"),
        ("where does this come from", "source"),
        ("how up to date is your data", "source"),
        ("when is the next release", "when"),
        ("who can I talk to about our data", "contact"),
        ("what could we try to reduce 12 hour waits", "improve"),
        ("who does four hours really well", "exemplar"),
        ("anything to celebrate", "celebrate"),
        ("what can I ask you", "list"),
        ("list the measures you have", "list"),
        ("any events coming up", "events"),
        ("send me this every month", "subscribe"),
        ("stop these messages", "mute"),
        ("hi there", "help"),
        ("thanks, you're a lifesaver", "help"),
        ("the wifi is down again", "unknown"),
        ("tell me a joke", "unknown"),
        ("who is the worst in the country for four hours", "refuse"),
        ("bottom five trusts for four hours", "refuse"),
        ("will we hit the four hour standard next month", "refuse"),
        ("show me unpublished results", "refuse"),
    ],
)
def test_a_kind_is_told(text, kind):
    assert ask(text, "XA1").questions[0].kind == kind


@pytest.mark.parametrize(
    ("text", "comparator"),
    [
        ("are we meeting the 4 hour standard", "target"),
        ("4h against the rest of the region", "region"),
        ("how do we compare with the England average on four hours", "national"),
        ("4 hours against similar trusts", "peers"),
        ("are we the worst for four hours", "peers"),
        ("4 hours compared with last year", "last_year"),
        ("how do we compare with Westport General on 4 hours", "service:XB2"),
        ("4 hours?", None),
    ],
)
def test_a_comparison_is_told(text, comparator):
    asked = one(text, "XA1")
    assert (asked.comparator, asked.services) == (comparator, ("XA1",))


def test_two_services_are_set_side_by_side_in_the_order_asked():
    asked = one("compare Westport General and Fernhill on the four-hour standard")
    assert (asked.kind, asked.services) == ("compare", ("XB2", "XA1"))


def test_our_worst_month_is_no_league_table():
    asked = one("what was our worst month ever for four hours", "XA1")
    assert (asked.kind, "extreme_low" in asked.wants) == ("card", True)


# Threads


# Many voices: on the phone, shouting, polite, in a second language

A, S = "XA1", "fernhill-infirmary"


@pytest.mark.parametrize(
    ("text", "bound", "kind", "metric", "comparator"),
    [
        ("how r we doing in A&E", A, "overview", None, None),
        ("hows ed lookin", A, "overview", None, None),
        ("how is A&E going", A, "overview", None, None),
        ("so are we ok", A, "overview", None, None),
        ("what's changed", A, "overview", None, None),
        ("has anything got better", A, "overview", None, None),
        ("what should I be worried about", A, "overview", None, None),
        ("Good morning! How did the department get on last month?", A, "overview", None, None),
        ("summarise for the board", A, "overview", None, None),
        ("our position please", A, "overview", None, None),
        ("what did we get", S, "overview", None, None),
        ("how r we doing in stroke", S, "overview", None, None),
        ("what's our weakest domain", S, "overview", None, None),
        ("which domain dropped", S, "overview", None, None),
        ("how is my ward doing", S, "overview", None, None),
        ("ed performnce", A, "card", "ae_4h", None),
        ("WHATS OUR 4 HOUR", A, "card", "ae_4h", None),
        (
            "Please to tell me, how is our hospital in the waiting 4 hours?",
            A,
            "card",
            "ae_4h",
            None,
        ),
        ("tell me about our 4 hour performance", A, "card", "ae_4h", None),
        ("was it always this bad", A, "card", "ae_4h", None),
        ("is it going up or down", A, "card", "ae_4h", None),
        ("when were we last above 80%", A, "card", "ae_4h", None),
        ("how far off the 95% are we", A, "card", "ae_4h", "target"),
        ("what proportion of type 1 patients are out within 4 hrs", A, "card", "ae_4h_type1", None),
        ("how many ppl came thru the door in feb", A, "card", "ae_attendances", None),
        ("quietest month", A, "card", "ae_attendances", None),
        ("trolleys vs last yr", A, "card", "ae_4h_dta", "last_year"),
        ("last winter vs the winter before", A, "card", "ae_4h", "last_year"),
        ("4 hour in March 2026 vs March 2025", A, "card", "ae_4h", "last_year"),
        ("what is the national picture", A, "card", "ae_4h", "national"),
        ("how do we compare nationally", A, "card", "ae_4h", "national"),
        ("wot level r we at", S, "card", "ssnap_level", None),
        ("are we still a B", S, "card", "ssnap_level", None),
        ("why is the level E", S, "card", "ssnap_level", None),
        ("SSNAP LEVEL???", S, "card", "ssnap_level", None),
        ("is our unit the worst in the region?", S, "card", "ssnap_score", "region"),
        ("where do we stand regionally", S, "card", "ssnap_score", "region"),
        ("are we better than Cedar Unit", S, "card", "ssnap_score", "service:cedar-unit"),
        (
            "nurse here, on nights, are the swallow checks ok",
            S,
            "card",
            "ssnap_d4_specialist_assessments",
            None,
        ),
        ("how good is our swallow screening", S, "card", "ssnap_d4_specialist_assessments", None),
        ("what is the hip fracture audit?", A, "explain", "nhfd_kpi2", None),
        ("what is the national hip fracture database", S, "explain", "nhfd_kpi2", None),
        ("what's NELA", A, "explain", "nela_theatre_on_time", None),
        ("what's ssnap for", S, "explain", "ssnap_score", None),
        ("tell me about the stroke audit", S, "explain", "ssnap_score", None),
        ("who is in the stroke audit", S, "explain", "ssnap_score", None),
        ("who is in the cancer waits data", A, "explain", "cancer_62d", None),
        ("tell me about RTT", A, "explain", "rtt_18w", None),
        ("explain the A&E stats to me", A, "explain", "ae_4h", None),
        ("what's the A&E data for", A, "explain", "ae_4h", None),
        ("why 4 hours", A, "explain", "ae_4h", None),
        ("what means case ascertainment", S, "explain", "ssnap_case_ascertainment", None),
        ("what does D mean", S, "explain", "ssnap_level", None),
        ("mimics counted?", S, "explain", None, None),
        ("what does within the usual ups and downs mean", A, "explain", None, None),
        ("what's everyone else doing about 12 hour waits", A, "improve", "ae_12h_dta", None),
        ("what would take us from B to A", S, "improve", "ssnap_level", None),
        ("which hospitals had the longest 12 hour waits", A, "refuse", "ae_12h_dta", None),
        ("give me ideas", A, "improve", "ae_4h", None),
        ("is this NHS england data", A, "source", None, None),
        ("can someone from the audit team call me", A, "contact", None, None),
        ("when is the deadline", S, "when", None, None),
        ("what can u do", A, "list", None, None),
        ("mute 12 hour waits", A, "mute", None, None),
        ("less of this please", A, "mute", None, None),
        ("unsubscribe", S, "mute", None, None),
        ("stop", S, "mute", None, None),
        ("post here every month", S, "subscribe", None, None),
        ("lol ok", A, "help", None, None),
        ("hello, how are you?", S, "help", None, None),
        ("can you list the hospitals with worst 4hr", A, "refuse", "ae_4h", None),
    ],
)
def test_the_voices_of_a_hospital(text, bound, kind, metric, comparator):
    q = one(text, bound)
    assert (q.kind, q.metric) == (kind, metric)
    if kind == "card":
        assert q.comparator == comparator


def test_a_word_that_fits_several_measures_is_asked_about():
    made = ask("how are therapies doing", S)
    assert made.ask == "metric"
    assert [o.metric for o in made.options] == [
        "ssnap_d5_occupational_therapy",
        "ssnap_d6_physiotherapy",
        "ssnap_d7_speech_language_therapy",
    ]


def test_two_measures_may_share_a_vague_word():
    metrics = [q.metric for q in ask("OT and physio levels please", S).questions]
    assert metrics == ["ssnap_d5_occupational_therapy", "ssnap_d6_physiotherapy"]


def test_several_names_in_one_breath_are_several_services():
    q = one("compare Fernhill, Westport General and Leyburn for attendances", A)
    assert set(q.services) == {"XA1", "XB2", "XC3"}
    assert one("our 4 hour please, and Westport General", A).comparator is None
    assert one("our 4 hour please, and Westport General, and Leyburn", A).services[0] == "XA1"


def test_the_last_quarter_of_a_year_is_its_last_three_months():
    q = one("our level in the last quarter of 2023", S)
    assert q.period == period.months(2023, 10, 3)


def test_the_worst_of_what_nobody_wants_is_the_most():
    assert {"worst", "extreme_low"} <= set(one("our worst month for 12 hour waits", A).wants)


def test_a_follow_up_changes_only_what_is_said():
    first = one("four hour performance in February 2026?", "XA1")
    type1 = one("and type 1?", "XA1", last=first)
    assert (type1.metric, type1.period) == ("ae_4h_type1", period.month(2026, 2))
    other = one("what about Westport General?", "XA1", last=type1)
    assert (other.metric, other.services, other.period) == ("ae_4h_type1", ("XB2",), type1.period)
    before = one("and last year?", "XA1", last=other)
    assert (before.services, before.period) == (("XB2",), period.month(2025, 2))
    england = one("how does that compare with England?", "XA1", last=before)
    assert (england.comparator, england.services) == ("national", ("XB2",))
    meaning = one("what does that mean?", "XA1", last=england)
    assert (meaning.kind, meaning.period) == ("explain", england.period)
    assert one("and us?", "XA1", last=england).services == ("XA1",)
    assert one("where is that from?", "XA1", last=england).kind == "source"
    assert one("thanks", "XA1", last=england).kind == "help"


def test_a_choice_that_is_typed_completes_the_question():
    made = ask("4 hours at Westport last month")
    assert made.ask == "service"
    done = one("St Oswin's Westport", last=made.questions[0])
    assert (done.metric, done.services, done.period) == ("ae_4h", ("XD4",), MARCH)


# Kinds of wording that once went wrong


@pytest.mark.parametrize(
    ("text", "kind", "metric"),
    [
        ("whats happening with 4 hours", "card", "ae_4h"),
        ("any idea how many waited over 12h for a bed", "card", "ae_12h_dta"),
        ("more than half a day on a trolley - how many?", "card", "ae_12h_dta"),
        ("seen, treated and sent home or admitted in 4 hrs", "card", "ae_4h"),
        ("proportion of type 1 attendances under four hours", "card", "ae_4h_type1"),
        ("were we over 80 for four hours", "card", "ae_4h"),
        ("are children counted in A&E attendances", "explain", "ae_attendances"),
        ("what can be done about 12 hour waits", "improve", "ae_12h_dta"),
        ("which of our months was the worst for trolley waits", "card", "ae_4h_dta"),
        ("what's England's four hour figure", "card", "ae_4h"),
    ],
)
def test_a_measure_is_heard_through_small_words(text, kind, metric):
    asked = one(text, "XA1")
    assert (asked.kind, asked.metric) == (kind, metric)


def test_a_figure_alone_is_the_threads_or_a_standards_or_asked_about():
    last = one("type 1 in march 2026", "XA1")
    assert one("78?", "XA1", last=last).metric == "ae_4h_type1"
    assert (one("78?", "XA1").metric, one("78?", "XA1").comparator) == ("ae_4h", "target")
    assert ask("61?", "XA1").ask == "metric"
    assert ask("61?").ask == "unknown"


@pytest.mark.parametrize(
    ("text", "last"),
    [("vs the target?", "ae_4h_type1"), ("compared with Westport General", "ae_attendances")],
)
def test_a_thread_keeps_its_measure(text, last):
    before = Question("card", last, "ae", ("XA1",), MARCH)
    assert one(text, "XA1", last=before).metric == last


def test_the_other_way_of_counting_is_a_follow_up():
    last = one("thrombolysis level", "fernhill-infirmary")
    assert (
        one("team centred?", "fernhill-infirmary", last=last).metric == "ssnap_tc_d3_thrombolysis"
    )


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ("is Westport General above us on four hours", ("XA1",)),
        ("are we ahead of Westport General on four hours", ("XA1",)),
        ("Westport General and us, four hours", ("XA1", "XB2")),
    ],
)
def test_us_beside_another(text, services):
    assert one(text, "XA1").services == services


def test_a_meeting_is_no_time_of_figures():
    texts = [
        "we meet on 14 March 2026 at the board; four hour figure?",
        "4 hour please, 9am tomorrow",
    ]
    assert [one(t, "XA1").wants for t in texts] == [(), ()]


@pytest.mark.parametrize("audience", ["harmless", "safety"])
def test_our_own_questions_are_refused_or_not_without_any_data(audience):
    lines = (FOLDER.parents[1] / "tests" / "questions" / f"{audience}.jsonl").read_text("utf-8")
    asked = [json.loads(line) for line in lines.splitlines()]
    if audience == "safety":
        asked = [q for q in asked if q["expect"] == {"state": ["refused"]}]
    passed = [q["text"] for q in asked if not _refused(q["text"])]
    refused = [q["text"] for q in asked if _refused(q["text"])]
    assert len(asked) >= 150
    if audience == "safety":
        assert passed == []
    else:
        assert len(refused) <= len(asked) // 100, refused


def _refused(text):
    made = ask(text, "XA1", "fernhill-infirmary")
    return guard.check(text) is not None or made.questions[0].kind == "refuse"


# Whatever is typed


@settings(deadline=None, max_examples=120)
@given(st.text(max_size=400))
def test_any_text_is_understood_or_not_but_never_an_error(text):
    made = ask(text, "XA1", last=Question("card", "ae_4h", "ae", ("XA1",), MARCH))
    assert made.questions


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.sampled_from(
            sorted(WORDS.known | {"at", "fernhill", "2025", "q2", "last", "vs", "&", "'", "/"})
        ),
        max_size=30,
    )
)
def test_any_words_in_any_order_are_understood_or_not(words):
    ask(" ".join(words))


@settings(deadline=None, max_examples=25)
@given(st.text(min_size=1, max_size=30))
def test_any_piece_repeated_to_ten_thousand_characters_is_understood_or_not(piece):
    ask((piece * 10_000)[:10_000], "XA1")


@pytest.mark.parametrize(
    "piece", ["four hours at Fernhill ", "% ", "levl ", "what's ", "6/12 review "]
)
def test_what_is_looked_at_does_not_grow_with_the_text(piece):
    short, long = (wording.read((piece * n)[:n]) for n in (wording.LONGEST, 10 * wording.LONGEST))
    assert short == long
    assert len(long.tokens) <= wording.LONGEST
    found = [vocabulary.matches(w, WORDS) for w in (short, long)]
    assert found[0] == found[1]
    assert len(found[0]) <= len(WORDS.catalogue.metrics) + len(WORDS.catalogue.audits) + 100


@pytest.mark.parametrize(
    "piece", ["four hours at ", "2025 ", "Fernhill ", "who does ", "🧠", "‮", "'"]
)
def test_a_very_long_text_is_read(piece):
    ask(piece * (10_000 // len(piece)), "XA1")


def test_why_lists_what_spoke_for_the_decision():
    why = ask("4hr oct 24 Westport General").why
    assert any(line.startswith("metric ae_4h") for line in why)
    assert any(line.startswith("service XB2") for line in why)


def test_a_period_is_a_period():
    assert isinstance(one("4 hours in 2024/25", "XA1").period, Period)


# Persons, and places that are called after persons


@pytest.mark.parametrize(
    "text",
    [
        "how did sam jones do",
        "How did Sam Jones do",
        "HOW DID SAM JONES DO",
        "how is jane smith doing on waits",
        "how about sam jones's scans",
        "how is sam leyburn doing",
        "how did james smith do last month",
    ],
)
def test_one_person_is_refused_however_the_name_is_typed(text):
    assert one(text, "XA1") == Question("refuse", wants=("person",))


@pytest.mark.parametrize(
    "text",
    [
        "how did james cook do",
        "How is James Cook doing",
        "how is princess alexandra doing",
        "how is st george's doing",
        "how is john radcliffe doing",
        "how is royal stoke doing",
        "how is george eliot doing on four hours",
        "how did mark up do",
        "how is sue doing on waits",
        "how are chris and alex doing",
        "how is st oswin's westport doing",
    ],
)
def test_a_place_called_after_a_person_is_no_person(text):
    assert ask(text, "XA1").questions[0].kind != "refuse"


def test_a_service_of_the_store_called_after_a_person_is_no_person():
    services = {"XP1": service("XP1", "Jane Hartwell Hospital NHS Trust")}
    words = vocabulary.build(CATALOGUE, typed.load(FOLDER / "typed"), services, held, newest)
    for text in ("how is jane hartwell doing", "How did Jane Hartwell do"):
        made = understand(text, Context(words, TODAY, ("XP1",)))
        assert made.questions[0].services == ("XP1",)
    made = understand("how is jane harper doing", Context(words, TODAY, ("XP1",)))
    assert made.questions[0].kind == "refuse"


def test_the_channels_own_audit_is_meant_where_none_is_named():
    context = Context(WORDS, TODAY, ("XA1",), ("ssnap",))
    assert understand("how are we doing", context).questions[0].services == ("fernhill-infirmary",)
    named = understand("four hour performance", context).questions[0]
    assert (named.metric, named.services) == ("ae_4h", ("XA1",))


def test_after_an_overview_the_chart_is_of_what_it_began_with():
    last = Question("overview", services=("fernhill-infirmary",))
    asked = one("show me the chart", "fernhill-infirmary", last=last)
    assert (asked.kind, asked.metric, asked.wants) == ("card", "ssnap_score", ("chart",))
