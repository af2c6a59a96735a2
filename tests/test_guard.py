"""Nothing about a patient gets through, and ordinary questions do."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot.ask import advice, clinicians, guard, harm, identifiers, misspelt, narrated

SHARED = Path(__file__).resolve().parents[2] / "shared" / "questions"
OWN = Path(__file__).with_name("questions")

HARM = [
    "someone got the wrong dose of alteplase",
    "we missed a bleed on the scan and the patient got worse",
    "my nan was left on a trolley for 14 hours and nobody checked on her",
    "wrong side surgery just happened",
    "the ward is unsafe tonight",
    "it's not safe here, two nurses for thirty patients",
    "I think we have harmed a patient",
    "there was a never event in theatre yesterday",
    "near miss on the unit this morning, who do I tell",
    "a lady collapsed in the waiting room",
    "safeguarding concern about a patient",
    "someone is going to die in that corridor",
    "he was given double the dose",
    "patient bled after thrombolysis and is now in ITU",
    "we sent home a man who then had a massive stroke",
    "a patient aspirated because nobody did the swallow screen",
    "one of our patients has absconded",
    "I want to report an incident",
    "how do I fill in a datix",
    "we lost a patient in the corridor last night",
    "patient given penicillin despite being allergic",
    "our patient had a cardiac arrest in the ambulance queue",
    "gentleman fell out of bed and broke his hip",
    "A man waited 13 hours on a trolley and deteriorated",
    "I made a drug error",
    "She had a stroke while waiting in our corridor and nobody noticed",
    "a patient has come to harm on our ward",
    "A baby was dropped",
    "I feel like ending my life",
    "we operated on the wrong hip",
    "staffing is dangerous tonight",
    "An elderly woman was found dead on a trolley this morning",
    "we gave a patient the wrong blood",
    "someone died because we were late scanning",
]
IDENTIFIERS = [
    "NHS number 999 100 2421",
    "Was 9990412375 thrombolysed",
    "9 9 9 0 4 1 2 3 7 5",
    "999.041.2375 scan?",
    "９９９０４１２３７５",
    "nine nine nine zero four one two three seven five",
    "DOB 14/03/1951, did he get his scan within the hour?",
    "born on 3 May 1948, waited 9 hours",
    "her dob is 12th June 1944",
    "MRN 4821733 had a long wait",
    "hospital number K123456",
    "check hosp no 00123456",
    "patient R123456 was late for a scan",
    "Can you look up J.T., 82, with aphasia, on the stroke unit?",
    "Mrs Bell in bed 4 waited 12 hours",
    "Edna Moss, 79, came in with a stroke",
    "patient lives at LS9 7TF",
    "What happened to Doris in bay 3?",
    "nhs no: 1234567890",
]
PERSONS = [
    "What is Dr Hughes's thrombolysis rate?",
    "how is dr patel doing on four hour waits",
    "show me our results split by consultant",
    "which consultant is slowest",
    "78 year old, 5 hours since onset, on apixaban - should we thrombolyse?",
    "what dose of alteplase should I give?",
    "which patients breached yesterday",
    "give me a list of patients who waited 12 hours",
    "who is in bed 7",
    "what is my own thrombolysis rate",
    "Should I start heparin for a patient with AF and stroke?",
]
HARMLESS = [
    "My consultant asked me for our level, what is it?",
    "what is our 30-day mortality",
    "how many inpatient falls did we have",
    "what was our worst month",
    "ring me on 07700 900123",
    "my bleep is 2345678901",
    "How many patients died within 30 days?",
    "does a patient who died count in the denominator",
    "If a patient falls on the ward does it count?",
    "are patients who died before the scan counted?",
    "dying for a brew",
    "you gave me the wrong figure",
    "we missed the target again",
    "our score fell last quarter",
    "our level has dropped, are we in danger of a D",
    "the printer died",
    "they fell behind",
    "I'm dead tired, just tell me the level",
    "Dr Moss here, new registrar. What's our level?",
    "I'm Dr Reed, what is our four hour performance",
    "Dr Shah asked me for the latest scanning level",
    "who is the nurse in charge of stroke",
    "What percentage were seen by a stroke consultant within 24 hours",
    "4 hour performance 14/03/2025",
    "Q2 2025/26 vs Q2 2024/25",
    "Killing time before clinic - how many attendances",
    "how many patients fell last year",
    "what is a near miss for level B",
    "unsafe to compare across October 2024?",
    "what's our wrong site surgery rate",
    "ticket INC0012345 about your chart",
    "room B12 at 2pm",
    "should we use the score or the level",
    "how many people over 80 had a scan",
    "is depression screening in the six month review",
    "our figures took a hit, blame the weather",
    "what does X mean in the table",
    "Victoria said the level went up, is that so?",
    "can I get the attendances for Christmas day",
    "who died on the hill of the four hour standard, ha",
]


@pytest.mark.parametrize("text", HARM)
def test_a_report_of_harm_is_caught(text):
    assert guard.check(text).kind == "harm"


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_an_identifier_is_caught(text):
    assert guard.check(text).kind == "identifier"


@pytest.mark.parametrize("text", PERSONS)
def test_a_question_about_one_person_is_refused(text):
    assert guard.check(text).kind == "person"


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_question_passes(text):
    assert guard.check(text) is None


def test_a_flag_holds_nothing_of_the_text():
    flag = guard.check("Was 999 041 2375 thrombolysed in time?")
    assert flag == guard.Flag("identifier", "nhs_number")


def test_identifiers_and_harm_are_never_kept_and_persons_may_be():
    assert {"identifier", "harm"} == guard.NEVER_KEPT


def nhs_number(nine: str) -> str | None:
    check = 11 - sum((10 - i) * int(d) for i, d in enumerate(nine)) % 11
    return None if check == 10 else nine + str(check % 11)


@settings(deadline=None, max_examples=150)
@given(
    st.text("0123456789", min_size=9, max_size=9).filter(
        lambda d: d[0] not in "0129" or d[0] == "9"
    ),
    st.sampled_from(["", " ", "-", ".", " - ", "/"]),
    st.sampled_from([(3, 6), (5,), (), tuple(range(1, 10))]),
)
def test_every_valid_number_is_caught_however_it_is_spaced(nine, gap, cuts):
    number = nhs_number(nine)
    if number is None or len(set(number)) == 1:
        return
    parts = [number[a:b] for a, b in zip((0, *cuts), (*cuts, 10), strict=True)]
    assert guard.check(f"was {gap.join(parts)} seen in time").kind == "identifier"


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=3000))
def test_any_text_is_read_without_an_error(text):
    guard.check(text)


@pytest.mark.parametrize("piece", ["a patient ", "9", "Dr ", "9 ", "(((", "should we ", "J.T., "])
def test_long_texts_of_one_piece_are_read(piece):
    guard.check(piece * (10_000 // len(piece)))


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data folder is not here")
def test_sample_questions_are_sorted_rightly():
    for line in (SHARED / "harmless.jsonl").read_text("utf-8").splitlines():
        assert guard.check(json.loads(line)["text"]) is None, line
    for line in (SHARED / "ssnap.jsonl").read_text("utf-8").splitlines():
        assert guard.check(json.loads(line)["text"]) is None, line


def test_our_own_unsafe_questions_are_flagged_for_what_they_are():
    rows = [json.loads(line) for line in (OWN / "safety.jsonl").read_text("utf-8").splitlines()]
    marked = [q for q in rows if "flag" in q]
    assert len(marked) > 140
    found = {q["text"]: guard.check(q["text"]) for q in marked}
    assert [q for q in marked if getattr(found[q["text"]], "kind", None) != q["flag"]] == []


@pytest.mark.parametrize(
    ("text", "stopped"),
    [
        ("bleep 0123456789 if anything changes", False),  # the check digit fits, by chance
        ("bleep 4505577104", True),
        ("pt 485-777-3456 breached", True),  # mistyped, yet spaced as such numbers are
        ("attendances 12660 17359 15210, which is March", False),
        ("is 1,234,567 / 4505577104 right", True),
        ("on 3 450 557 7104 was scanned", True),
        ("14 Beech Road LE2 6QT waited 16 hours", True),
        ("Ipswich Hospital, IP4 5PD: four hour performance", False),
        ("what is our mrs score at six months", False),
        ("john radcliffe has stroke level B, is that so", False),
        ("joan pickering had a stroke on the 4th", True),
        ("pateint colapsed in the waitng room", True),
        ("how does the pattern collapse into one figure", False),
    ],
)
def test_numbers_homes_names_and_slips_of_the_hand(text, stopped):
    assert (guard.check(text) is not None) is stopped


def test_hardly_any_of_our_harmless_questions_is_stopped():
    lines = (OWN / "harmless.jsonl").read_text("utf-8").splitlines()
    stopped = [text for line in lines if guard.check(text := json.loads(line)["text"])]
    assert len(lines) >= 200
    assert len(stopped) <= len(lines) // 100, stopped


@pytest.mark.parametrize(
    "text",
    [
        "my colleague Dr Patel's thrombolysis rate",
        "is my colleague Dr Patel good at lysis",
        "Compare me with Dr Patel",
        "and Dr Patel's?",
        "my nan has been on a trolley for 20 hours",
        "what is the right alteplase dose",
        "what is the BP limit before lysis",
        "70F wake-up stroke, treat?",
        "a nurse gave double the morphine",
        "we've had a patient fall and break her hip today",
        "we lysed a patient with a recent bleed",
        "an inpatient had a stroke and nobody called the team",
    ],
)
def test_the_shape_of_a_sentence_tells_and_not_one_word_of_it(text):
    assert guard.check(text)


@pytest.mark.parametrize(
    "text",
    [
        "my mentor Dr Patel is off today, what is our level",
        "Dr Patel's secretary needs the score",
        "my mum died last month so I've been off, what did I miss on four hours",
        "is a missed swallow screen a serious incident",
        "Chapter 12, page 78 of the report: where is that from?",
        "should we be worried about thrombolysis",
        "can you give us alteplase levels for 2023",
    ],
)
def test_what_only_sounds_like_it_passes(text):
    assert guard.check(text) is None


@settings(deadline=None, max_examples=60)
@given(st.text(min_size=1, max_size=40))
def test_any_piece_repeated_to_ten_thousand_characters_is_read(piece):
    guard.check((piece * 10_000)[:10_000])


@pytest.mark.parametrize("room", [guard, identifiers, harm, narrated, advice, clinicians, misspelt])
def test_no_pattern_looks_ahead_without_end(room):
    """What reaches on without limit, from every place it may begin at, takes time in the square."""
    patterns = [v for v in vars(room).values() if isinstance(v, re.Pattern)]
    patterns += [p for v in vars(room).values() if isinstance(v, tuple) for p in _patterns_in(v)]
    assert patterns
    endless = re.compile(r"(?<!\\)(?:\.|\[\^[^\]]*\])[*+]")
    assert [p.pattern for p in patterns if endless.search(p.pattern)] == []


def _patterns_in(row):
    for item in row:
        if isinstance(item, re.Pattern):
            yield item
        elif isinstance(item, tuple):
            yield from _patterns_in(item)
