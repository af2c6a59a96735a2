"""The catalogue that ships: is it whole, true to its sources, plain, and are its faults told well?"""

import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from auditbot.catalogue import Action, Audit, Catalogue, CatalogueFault, Event, Metric, load

FOLDER = Path(__file__).resolve().parents[1] / "bot" / "catalogue"
REVIEW = date(2027, 6, 30)

METRICS = {
    "ae": 6,
    "cancer_62d": 1,
    "dm01": 1,
    "nela": 11,
    "nhfd": 8,
    "rtt": 1,
    "scotland": 21,
    "ssnap": 29,
}
# ideas known for each metric, and how many of them were read in the source itself
COVERAGE = {
    "nhfd_kpi0": (3, 3),
    "nhfd_kpi1": (3, 3),
    "nhfd_kpi2": (3, 3),
    "nhfd_kpi3": (1, 1),
    "nhfd_kpi4": (3, 3),
    "nhfd_kpi5": (3, 3),
    "nhfd_kpi6": (4, 4),
    "nhfd_kpi7": (4, 4),
    "ssnap_score": (2, 2),
    "ssnap_level": (2, 2),
    "ssnap_audit_compliance": (2, 2),
    "ssnap_ki_level": (1, 1),
    "ssnap_ki_score": (1, 1),
    "ssnap_6m_assessed": (2, 2),
    "nela_case_ascertainment": (1, 1),
    "nela_ct_reported": (2, 2),
    "nela_risk_documented": (1, 1),
    "nela_theatre_on_time": (3, 3),
    "nela_consultants": (1, 1),
    "nela_critical_care": (3, 2),
    "nela_geriatrician": (3, 3),
    "nela_mortality_30d": (2, 2),
    "nela_length_of_stay": (3, 3),
    "ae_4h": (6, 5),
    "ae_4h_type1": (3, 3),
    "ae_4h_dta": (5, 2),
    "ae_12h_dta": (5, 2),
    "cancer_62d": (5, 5),
    "scot_ae_4h": (1, 0),
} | {
    f"ssnap_{centre}{domain}": counts
    for centre in ("", "tc_")
    for domain, counts in {
        "d1_scanning": (3, 3),
        "d2_stroke_unit": (3, 3),
        "d3_thrombolysis": (3, 3),
        "d4_specialist_assessments": (3, 2),
        "d5_occupational_therapy": (3, 3),
        "d6_physiotherapy": (3, 3),
        "d7_speech_language_therapy": (4, 4),
        "d8_mdt": (2, 2),
        "d9_standards_by_discharge": (2, 2),
        "d10_discharge": (2, 1),
    }.items()
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(FOLDER)


def bare(text: str) -> str:
    """How words are matched: without case and punctuation."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()


# --- whole ----------------------------------------------------------------------------------


def test_every_audit_has_all_its_metrics(catalogue: Catalogue) -> None:
    assert {audit: len(ms) for audit, ms in catalogue.by_audit.items()} == METRICS
    assert len(catalogue.events) == 13
    assert sum(len(a.cautions) for a in catalogue.audits.values()) == 23


def test_metrics_stand_in_the_order_of_the_audit(catalogue: Catalogue) -> None:
    assert [m.id for m in catalogue.by_audit["nhfd"]] == [f"nhfd_kpi{n}" for n in range(8)]
    ssnap = [m.id for m in catalogue.by_audit["ssnap"]]
    assert ssnap[:2] == ["ssnap_score", "ssnap_level"]
    assert ssnap[-2:] == ["ssnap_6m_applicable", "ssnap_6m_assessed"]
    for number in range(1, 11):
        [own] = [i for i in ssnap if i.startswith(f"ssnap_d{number}_")]
        assert own.replace("ssnap_", "ssnap_tc_") in ssnap


def test_seventy_one_actions_with_their_kinds_and_confidence(catalogue: Catalogue) -> None:
    assert len(catalogue.actions) == 71
    kinds = Counter(a.kind for a in catalogue.actions)
    assert kinds == {"case study": 48, "guideline": 13, "study": 10}
    assert Counter(a.confidence for a in catalogue.actions) == {"read": 64, "second hand": 7}


def test_each_metric_has_the_ideas_that_were_found_for_it(catalogue: Catalogue) -> None:
    found = {}
    for metric in catalogue.metrics:
        ideas = [a for a in catalogue.actions if metric in a.metrics]
        if ideas:
            found[metric] = (len(ideas), sum(a.confidence == "read" for a in ideas))
    assert found == COVERAGE


def test_every_entry_has_an_owner_and_a_date_of_review(catalogue: Catalogue) -> None:
    entries: list[Audit | Metric] = [*catalogue.audits.values(), *catalogue.metrics.values()]
    assert {e.owner for e in entries} == {"audit team"}
    assert {a.reviewer for a in catalogue.actions} == {"audit team"}
    ideas: list[Action | Event] = [*catalogue.actions, *catalogue.events]
    assert {e.review_by for e in entries} == {e.review_by for e in ideas} == {REVIEW}


def test_headlines_and_scores_point_into_the_same_audit(catalogue: Catalogue) -> None:
    assert {a.id: a.headline_metric for a in catalogue.audits.values()} == {
        "ae": "ae_4h",
        "cancer_62d": "cancer_62d",
        "dm01": "dm01_6w",
        "nela": "nela_theatre_on_time",
        "nhfd": "nhfd_kpi2",
        "rtt": "rtt_18w",
        "scotland": "scot_ae_4h",
        "ssnap": "ssnap_score",
    }
    for audit in catalogue.audits.values():
        headline = catalogue.metrics[audit.headline_metric]
        assert headline.audit == audit.id
        assert headline.importance > 1
    assert {m.id: m.score for m in catalogue.metrics.values() if m.score} == {
        "ssnap_level": "ssnap_score",
        "ssnap_ki_level": "ssnap_ki_score",
    }


# --- true to its sources ----------------------------------------------------------------------


def test_kinds_follow_the_units(catalogue: Catalogue) -> None:
    kinds = {i: m.kind for i, m in catalogue.metrics.items()}
    assert {i for i, k in kinds.items() if k == "rate"} == {"scot_cdi_rate", "scot_sab_rate"}
    assert {i for i, k in kinds.items() if k == "mean"} == {"nela_length_of_stay"}
    assert {i for i, k in kinds.items() if k == "score"} == {"ssnap_score", "ssnap_ki_score"}
    assert {i for i, k in kinds.items() if k == "count"} == {
        "ae_attendances",
        "ae_admissions",
        "ae_4h_dta",
        "ae_12h_dta",
        "ssnap_records",
        "scot_alcohol_brief_interventions",
        "scot_smoking_cessation",
    }
    assert Counter(kinds.values())["level"] == 24


def test_directions_that_are_easily_got_wrong(catalogue: Catalogue) -> None:
    by_direction = defaultdict(set)
    for m in catalogue.metrics.values():
        by_direction[m.direction].add(m.id)
    assert by_direction["neutral"] == {
        "ae_attendances",
        "ae_admissions",
        "ssnap_records",
        "ssnap_6m_applicable",
    }
    assert by_direction["lower"] == {
        "ae_4h_dta",
        "ae_12h_dta",
        "nela_mortality_30d",
        "nela_length_of_stay",
        "nela_return_to_theatre",
        "nela_unplanned_critical_care",
        "scot_cdi_rate",
        "scot_sab_rate",
        "scot_sickness_absence",
    }


@pytest.mark.parametrize(
    ("metric", "day", "national", "interim"),
    [
        ("ae_4h", date(2023, 3, 31), 95, None),
        ("ae_4h", date(2023, 4, 1), 95, 76),
        ("ae_4h", date(2024, 3, 31), 95, 76),
        ("ae_4h", date(2024, 4, 1), 95, 78),
        ("ae_4h", date(2025, 3, 31), 95, 78),
        ("ae_4h", date(2025, 4, 1), 95, None),
        ("ae_4h_type1", date(2024, 6, 1), None, None),
        ("cancer_62d", date(2024, 3, 31), 85, None),
        ("cancer_62d", date(2025, 3, 31), 85, 70),
        ("cancer_62d", date(2025, 9, 30), 85, None),
        ("rtt_18w", date(2025, 1, 1), 92, None),
        ("dm01_6w", date(2025, 1, 1), 99, None),
        ("scot_ae_4h", date(2025, 8, 31), 95, None),
        ("scot_cdi_rate", date(2025, 3, 31), 0.32, None),
        ("scot_sab_rate", date(2025, 3, 31), 0.24, None),
        ("scot_sickness_absence", date(2025, 3, 31), 4, None),
        ("scot_ttg_12w", date(2025, 3, 31), 100, None),
        ("ssnap_score", date(2024, 9, 30), None, None),
        ("nhfd_kpi2", date(2026, 9, 30), None, None),
        ("nela_theatre_on_time", date(2026, 9, 30), None, None),
    ],
)
def test_standards_hold_from_their_first_to_their_last_day(
    catalogue: Catalogue, metric: str, day: date, national: float | None, interim: float | None
) -> None:
    m = catalogue.metrics[metric]
    standard, goal = m.standard_on(day), m.interim_on(day)
    assert (standard and standard.value) == national
    assert (goal and goal.value) == interim
    assert standard is None or (standard.status == "national" and standard.scope)
    assert goal is None or goal.status == "interim"


def test_the_four_hour_standard_is_for_all_department_types(catalogue: Catalogue) -> None:
    standard = catalogue.metrics["ae_4h"].standard_on(date(2025, 1, 1))
    assert standard is not None
    assert standard.scope == "all department types"


def test_where_no_standard_is_judged_the_note_says_so_in_words(catalogue: Catalogue) -> None:
    clinical = [m for a in ("nhfd", "ssnap", "nela") for m in catalogue.by_audit[a]]
    for m in clinical:
        assert m.standards == ()
        assert re.match(r"no national (standard|target)", m.standard_note), m.id
    differing = {
        "scot_antenatal_12w",
        "scot_detect_cancer_early",
        "scot_alcohol_brief_interventions",
        "scot_smoking_cessation",
    }
    assert {m.id for m in catalogue.by_audit["scotland"] if not m.standards} == differing
    assert all("each" in m or "differs" in m for m in _notes(catalogue, differing))


def _notes(catalogue: Catalogue, ids: set[str]) -> list[str]:
    return [catalogue.metrics[i].standard_note for i in ids]


def test_standards_of_proportions_are_percentages(catalogue: Catalogue) -> None:
    for m in catalogue.metrics.values():
        for goal in m.standards:
            assert goal.source
            if m.kind == "proportion":
                assert 1 < goal.value <= 100, m.id


def test_levels_say_what_each_letter_means_where_that_is_known(catalogue: Catalogue) -> None:
    unknown = {
        "ssnap_case_ascertainment",
        "ssnap_audit_compliance",
        "ssnap_d9_standards_by_discharge",
        "ssnap_tc_d9_standards_by_discharge",
        "ssnap_d10_discharge",
        "ssnap_tc_d10_discharge",
    }
    for m in catalogue.metrics.values():
        if m.kind == "level":
            assert list(m.cutpoints) == ([] if m.id in unknown else list("ABCDE")), m.id
        else:
            assert not m.cutpoints
    assert catalogue.metrics["ssnap_level"].cutpoints["B"] == "70 to 80"


def test_a_domain_is_made_of_the_same_indicators_in_both_views(catalogue: Catalogue) -> None:
    own = [m for m in catalogue.by_audit["ssnap"] if re.match(r"ssnap_d\d", m.id)]
    assert len(own) == 10
    for m in own:
        twin = catalogue.metrics[m.id.replace("ssnap_", "ssnap_tc_")]
        number = m.id.split("_")[1].removeprefix("d")
        assert m.made_of
        assert m.made_of == twin.made_of
        assert m.cutpoints == twin.cutpoints
        assert all(i.startswith(f"{number}.") for i in m.made_of)
        assert twin.importance < m.importance
        assert m.plain in twin.plain


def test_marks_of_the_publishers_are_explained(catalogue: Catalogue) -> None:
    assert set(catalogue.audits["ssnap"].marks) == {
        "TFP",
        "Too few to report",
        "X",
        "Insufficient records",
        "None entered",
        "None completed",
        "No records",
        "Not included in scoring",
        ".",
    }
    assert set(catalogue.audits["ae"].marks) == {"-"}


def test_breaks_stand_where_a_scheme_ended(catalogue: Catalogue) -> None:
    breaks = {a.id: [b.after for b in a.breaks] for a in catalogue.audits.values() if a.breaks}
    assert breaks == {"ssnap": [date(2024, 9, 30)], "cancer_62d": [date(2023, 9, 30)]}


def test_disclosure_is_protective_unless_the_publisher_protects(catalogue: Catalogue) -> None:
    protected = {m.audit for m in catalogue.metrics.values() if m.disclosure == "small_numbers"}
    published = {m.audit for m in catalogue.metrics.values() if m.disclosure == "as_published"}
    assert protected == {"nela", "rtt", "dm01"}
    assert published == {"ae", "ssnap", "cancer_62d", "scotland", "nhfd"}


def test_seasons(catalogue: Catalogue) -> None:
    assert {m.season for a in ("ssnap", "nhfd", "nela") for m in catalogue.by_audit[a]} == {"none"}
    assert {m.season for m in catalogue.by_audit["ae"]} == {"month"}
    assert catalogue.metrics["scot_ae_4h"].season == "month"
    assert catalogue.metrics["scot_outpatient_12w"].season == "quarter"


def test_small_groups_and_weights(catalogue: Catalogue) -> None:
    for m in catalogue.metrics.values():
        assert m.minimum == (30 if m.kind in ("proportion", "mean") else 0), m.id
    weight = {i: m.importance for i, m in catalogue.metrics.items()}
    assert weight["ssnap_score"] == weight["ssnap_level"] == weight["ae_4h"] == 1.5
    assert weight["ae_4h"] > weight["ae_4h_type1"] > 1
    assert max(weight["ssnap_case_ascertainment"], weight["ssnap_audit_compliance"]) < 1
    for m in catalogue.metrics.values():
        if m.direction == "neutral":
            assert m.importance == 0.5, m.id
        if not m.verified:
            assert m.importance < 1, m.id


def test_what_was_not_checked_is_not_called_verified(catalogue: Catalogue) -> None:
    unverified = {m.id for m in catalogue.metrics.values() if not m.verified}
    assert unverified == {
        "nela_consultants",
        "nela_critical_care",
        "nela_geriatrician",
        "nela_mortality_30d",
        "nela_return_to_theatre",
        "nela_unplanned_critical_care",
    }
    for i in unverified:
        assert "not yet been checked" in catalogue.metrics[i].caution


def test_every_idea_caution_and_event_has_an_address(catalogue: Catalogue) -> None:
    addresses = [
        *(s for a in catalogue.actions for s in a.source),
        *(s for a in catalogue.audits.values() for s in a.sources),
        *(c.source for a in catalogue.audits.values() for c in a.cautions),
        *(e.page for e in catalogue.events),
    ]
    assert all(re.fullmatch(r"https?://\S+", a) for a in addresses)
    assert all(a.source for a in catalogue.actions)
    for audit in catalogue.audits.values():
        for page in (audit.own_results, audit.public_results):
            assert page.startswith("https://"), audit.id
        for page in (audit.contact_page, audit.methods, audit.patients, audit.outlier_policy):
            assert page == "" or re.fullmatch(r"https?://\S+", page), audit.id


def test_licensed_data_is_credited(catalogue: Catalogue) -> None:
    for audit in catalogue.audits.values():
        assert "Source: " in audit.credit
        if audit.kind != "clinical audit":
            assert "Open Government Licence v3.0" in audit.credit
    assert "King's College London" in catalogue.audits["ssnap"].credit


# --- ideas and events -----------------------------------------------------------------------


def test_ideas_that_change_treatment_wait_for_a_local_agreement(catalogue: Catalogue) -> None:
    clinical = [a for a in catalogue.actions if a.approval == "clinical"]
    assert clinical
    assert not any(a.agreed_by or a.offered for a in clinical)
    offered = {a.id for m in catalogue.metrics for a in catalogue.actions_for(m)}
    assert offered.isdisjoint(a.id for a in clinical)
    assert catalogue.actions_for("nhfd_kpi3") == ()  # its one idea is clinical


def test_an_agreed_clinical_idea_is_offered(tmp_path: Path) -> None:
    text = (FOLDER / "nhfd.toml").read_text(encoding="utf-8")
    head, tail = text.split('id = "hip_right_operation"')
    agreed = tail.replace('agreed_by = ""', 'agreed_by = "hip fracture clinical lead"', 1)
    (tmp_path / "nhfd.toml").write_text(
        head + 'id = "hip_right_operation"' + agreed, encoding="utf-8"
    )
    [idea] = load(tmp_path).actions_for("nhfd_kpi3")
    assert (idea.id, idea.agreed_by) == ("hip_right_operation", "hip fracture clinical lead")


def test_ideas_in_the_teams_control_come_first_then_those_read(catalogue: Catalogue) -> None:
    order = {"yes": 0, "partly": 1, "no": 2}

    def rank(a: Action) -> tuple[int, bool]:
        return order[a.in_control], a.confidence != "read"

    for metric in catalogue.metrics:
        ranks = [rank(a) for a in catalogue.actions_for(metric)]
        assert ranks == sorted(ranks), metric
    assert [a.id for a in catalogue.actions_for("ae_4h")] == [
        "ae_fast_track",
        "ae_rapid_assessment",
        "ae_safer_board_round",
        "ae_early_trigger",
        "ae_frailty_in_the_morning",
        "ae_frailty_same_day",
    ]


def test_a_metric_without_an_idea_has_none(catalogue: Catalogue) -> None:
    for metric in ("ssnap_case_ascertainment", "rtt_18w", "dm01_6w", "ae_attendances"):
        assert catalogue.actions_for(metric) == ()


def test_a_trial_without_a_gain_is_told_with_the_bundle(catalogue: Catalogue) -> None:
    for idea in catalogue.actions:
        if idea.id in ("nela_bundle", "nela_bundle_again"):
            assert "EPOCH" in idea.caution
            assert len(idea.source) == 2


def test_events_of_an_audit_come_before_those_for_all(catalogue: Catalogue) -> None:
    def ids(events: tuple[Event, ...]) -> list[str]:
        return [e.id for e in events]

    for_all = ["caaw", "nqican", "hqip_bulletin", "making_data_count"]
    assert ids(catalogue.events_for("rtt")) == for_all
    assert ids(catalogue.events_for("nhfd")) == ["hip_sprint", "ffn_uk", "hipen", *for_all]
    assert ids(catalogue.events_for("ae"))[0] == "nhs_impact_uec"


# --- plain ------------------------------------------------------------------------------------

SENTENCES = {"why", "caution", "try", "says"}  # whole sentences; the rest are parts of one


def shown(catalogue: Catalogue) -> Iterator[tuple[str, str, str]]:
    """Every text of the catalogue that a reader may see, with its entry and key."""
    for a in catalogue.audits.values():
        for key in ("name", "topic", "covers", "why", "counted", "not_counted", "how_often"):
            yield a.id, key, getattr(a, key)
        yield a.id, "contact_role", a.contact_role
        for caution in a.cautions:
            yield a.id, "says", caution.says
            yield a.id, "note", caution.note
        for b in a.breaks:
            yield a.id, "why", b.why
        for mark in a.marks.values():
            yield a.id, "mark", mark
    for m in catalogue.metrics.values():
        for key in ("name", "plain", "counted", "achieved", "numerator", "denominator", "why"):
            yield m.id, key, getattr(m, key)
        for key in ("caution", "standard_note", "verified_how"):
            yield m.id, key, getattr(m, key)
        for text in (*m.cutpoints.values(), *m.made_of):
            yield m.id, "part", text
    for x in catalogue.actions:
        for key in ("barrier", "result", "where", "caution"):
            yield x.id, key, getattr(x, key)
        yield x.id, "try", x.try_
    for e in catalogue.events:
        for key in ("name", "by", "what", "note"):
            yield e.id, key, getattr(e, key)


def test_sentences_are_short(catalogue: Catalogue) -> None:
    long = [
        (entry, key, sentence)
        for entry, key, text in shown(catalogue)
        for sentence in re.split(r"(?<=[.!?])\s+", text)
        if len(sentence.split()) > 20
    ]
    assert long == []


def test_nobody_is_blamed_or_ranked(catalogue: Catalogue) -> None:
    blame = re.compile(
        r"underperform|\bfail|\bworst\b|\bpoor|\boutlier|\bonly\b|\bblame|\bleague|!", re.I
    )
    assert [t for t in shown(catalogue) if blame.search(t[2])] == []


def test_texts_hold_no_machine_hints_addresses_or_line_breaks(catalogue: Catalogue) -> None:
    hint = re.compile(r"https?://|link:|not read|check before|TODO|\n|\s{2}|\{|\}|`", re.I)
    assert [t for t in shown(catalogue) if hint.search(t[2])] == []


def test_sentences_end_with_a_stop_and_parts_of_sentences_do_not(catalogue: Catalogue) -> None:
    """Templates may go on after a part of a sentence, and put the stop themselves."""
    for entry, key, text in shown(catalogue):
        if text:
            assert text.endswith(".") == (key in SENTENCES), (entry, key, text)
            assert not (key in SENTENCES and text[0].islower()), (entry, key, text)


def test_ideas_are_one_short_instruction(catalogue: Catalogue) -> None:
    for a in catalogue.actions:
        assert len(a.try_.split()) <= 20, a.id
        assert ";" not in a.try_ + a.result, a.id


def test_counted_and_achieved_finish_the_sentence(catalogue: Catalogue) -> None:
    for m in catalogue.metrics.values():
        if m.kind in ("proportion", "count", "rate", "mean"):
            assert m.achieved, m.id
            assert m.achieved[0].islower(), m.id
            assert not m.counted.endswith("."), m.id
        else:
            assert m.achieved == "", m.id
    sentences = {i: f"{m.counted} {m.achieved}" for i, m in catalogue.metrics.items()}
    assert sentences["ae_4h"] == (
        "A&E visits were finished within four hours (home, moved or admitted)"
    )
    assert sentences["nhfd_kpi2"] == "patients had surgery by the next day"
    assert sentences["ae_12h_dta"] == (
        "patients waited over 12 hours for a bed after the decision to admit"
    )
    assert sentences["ae_attendances"] == "visits were made to A&E"


def test_plain_names_are_short_and_differ_within_an_audit(catalogue: Catalogue) -> None:
    for metrics in catalogue.by_audit.values():
        assert len({m.plain for m in metrics}) == len(metrics)
        assert all(len(m.plain.split()) <= 9 for m in metrics)


def test_no_word_means_two_metrics_of_one_audit(catalogue: Catalogue) -> None:
    for audit, metrics in catalogue.by_audit.items():
        owners = defaultdict(set)
        for m in metrics:
            for word in (*m.synonyms, m.name, m.plain):
                owners[bare(word)].add(m.id)
        assert {w: ids for w, ids in owners.items() if len(ids) > 1} == {}, audit


def test_no_word_means_two_audits(catalogue: Catalogue) -> None:
    owners = defaultdict(set)
    for a in catalogue.audits.values():
        for word in a.synonyms:
            owners[bare(word)].add(a.id)
    assert {w: ids for w, ids in owners.items() if len(ids) > 1} == {}


def test_synonyms_are_lower_case_and_not_repeated(catalogue: Catalogue) -> None:
    entries: list[Audit | Metric] = [*catalogue.audits.values(), *catalogue.metrics.values()]
    for entry in entries:
        assert entry.synonyms, entry.id
        assert all(s == s.lower() for s in entry.synonyms), entry.id
        assert len({bare(s) for s in entry.synonyms}) == len(entry.synonyms), entry.id


@pytest.mark.parametrize(
    ("audit", "typed", "metric"),
    [
        ("ae", "4hr", "ae_4h"),
        ("ae", "majors", "ae_4h_type1"),
        ("ae", "footfall", "ae_attendances"),
        ("ae", "12 hour trolley waits", "ae_12h_dta"),
        ("ssnap", "clot-busting", "ssnap_d3_thrombolysis"),
        ("ssnap", "SALT", "ssnap_d7_speech_language_therapy"),
        ("ssnap", "scanned", "ssnap_d1_scanning"),
        ("ssnap", "six month review", "ssnap_6m_assessed"),
        ("nhfd", "out of bed", "nhfd_kpi4"),
        ("nela", "Predicted risk documented", "nela_risk_documented"),
    ],
)
def test_everyday_words_find_their_metric(
    catalogue: Catalogue, audit: str, typed: str, metric: str
) -> None:
    found = [
        m.id
        for m in catalogue.by_audit[audit]
        if bare(typed) in {bare(w) for w in (*m.synonyms, m.name, m.plain)}
    ]
    assert found == [metric]


# --- faults -----------------------------------------------------------------------------------

AUDIT = """
[audit]
id = "made_up"
name = "Made-up audit"
topic = "Made up"
kind = "clinical audit"
run_by = "Fernhill Hospital"
commissioned_by = "Fernhill Hospital"
covers = "Fernhill"
why = "It shows how a file is written."
counted = "people who do not exist"
not_counted = "everybody else"
how_often = "never"
credit = "Source: made up."
sources = ["https://example.org/audit"]
review_by = 2027-06-30
"""
METRIC = """
[[metric]]
id = "made_up_metric"
name = "Made-up measure"
plain = "made-up measure"
kind = "proportion"
direction = "higher"
counted = "patients"
achieved = "were made up"
numerator = "made-up patients"
denominator = "all patients"
why = "It is an example."
disclosure = "small_numbers"
standard_note = "no national standard"
standard_source = "none"
verified = true
verified_how = "by hand"
review_by = 2027-06-30
"""
ACTION = """
[[action]]
id = "made_up_action"
metrics = ["made_up_metric"]
barrier = "nobody tried"
try = "Try it."
result = "it was tried"
where = "Fernhill Hospital"
source = ["https://example.org/action"]
in_control = "yes"
approval = "none"
kind = "case study"
confidence = "read"
review_by = 2027-06-30
"""
EVENT = """
[[event]]
id = "made_up_event"
name = "Made-up meeting"
audits = ["made_up"]
by = "Fernhill Hospital"
what = "a meeting"
page = "https://example.org/event"
confidence = "read"
review_by = 2027-06-30
"""
SOUND = AUDIT + METRIC + ACTION + EVENT


def faults_of(folder: Path, text: str) -> tuple[str, ...]:
    (folder / "made_up.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueFault) as fault:
        load(folder)
    return fault.value.faults


def test_a_sound_file_loads(tmp_path: Path) -> None:
    (tmp_path / "made_up.toml").write_text(SOUND, encoding="utf-8")
    small = load(tmp_path)
    assert small.metrics["made_up_metric"].audit == "made_up"
    assert [a.id for a in small.actions_for("made_up_metric")] == ["made_up_action"]
    assert [e.id for e in small.events_for("made_up")] == ["made_up_event"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        # a value that is not one of those allowed, of the wrong type, missing, misspelt
        (
            'direction = "higher"',
            'direction = "up"',
            "made_up.toml: [[metric]] made_up_metric, key 'direction': Input should be 'higher', "
            "'lower' or 'neutral' (found 'up').",
        ),
        (
            "verified = true",
            'verified = "perhaps"',
            "made_up.toml: [[metric]] made_up_metric, key 'verified'",
        ),
        (
            'try = "Try it."\n',
            "",
            "made_up.toml: [[action]] made_up_action, key 'try': Field required.",
        ),
        (
            'barrier = "nobody tried"',
            'barrier = "nobody tried"\nbarier = "nobody tried"',
            "made_up.toml: [[action]] made_up_action, key 'barier': Extra inputs are not permitted "
            "(found 'nobody tried').",
        ),
        (
            'topic = "Made up"\n',
            "",
            "made_up.toml: [[audit]] made_up, key 'topic': Field required.",
        ),
        (
            'confidence = "read"\nreview_by = 2027-06-30\n\n[[event]]',
            'confidence = "heard"\nreview_by = 2027-06-30\n\n[[event]]',
            "made_up.toml: [[action]] made_up_action, key 'confidence': Input should be 'read' or "
            "'second hand' (found 'heard').",
        ),
        (
            'page = "https://example.org/event"',
            "page = 7",
            "made_up.toml: [[event]] made_up_event, key 'page'",
        ),
        (
            'id = "made_up_metric"\n',
            "",
            "made_up.toml: [[metric]] number 1, key 'id': Field required.",
        ),
        (
            'verified_how = "by hand"',
            'verified_how = "by hand"\nstandards = [{ value = 90, scope = "all", source = "x" }]',
            "made_up.toml: [[metric]] made_up_metric, key 'standards.0.status': Field required.",
        ),
        # tables that the catalogue does not have, ids used twice, text that is not TOML
        (
            "[[event]]",
            "[[meeting]]",
            "made_up.toml: 'meeting' is not a table of the catalogue; remove it.",
        ),
        (
            EVENT,
            EVENT + METRIC,
            "made_up.toml: the id 'made_up_metric' is used twice; give one of them another.",
        ),
        (
            EVENT,
            EVENT + ACTION,
            "made_up.toml: the id 'made_up_action' is used twice; give one of them another.",
        ),
        ('"Made-up audit"', '"Made-up audit', "made_up.toml: not readable as TOML ("),
        # names that point at nothing
        (
            'metrics = ["made_up_metric"]',
            'metrics = ["made_up_metrc"]',
            "action 'made_up_action': 'made_up_metrc' is not a metric of the catalogue.",
        ),
        (
            'audits = ["made_up"]',
            'audits = ["madeup"]',
            "event 'made_up_event': 'madeup' is not an audit of the catalogue.",
        ),
        (
            'name = "Made-up measure"',
            'name = "Made-up measure"\naudit = "other"',
            "metric 'made_up_metric': its audit 'other' is not in the catalogue.",
        ),
        (
            'name = "Made-up measure"',
            'name = "Made-up measure"\nscore = "other_score"',
            "metric 'made_up_metric': its score 'other_score' is not a metric of the catalogue.",
        ),
        (
            'how_often = "never"',
            'how_often = "never"\nheadline_metric = "other"',
            "audit 'made_up': headline_metric 'other' is not a metric.",
        ),
        (
            'achieved = "were made up"\n',
            "",
            "metric 'made_up_metric': a proportion needs 'achieved', the words after "
            "'72 in 100 patients'.",
        ),
    ],
)
def test_a_fault_is_one_sentence_with_place_and_key(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    assert old in SOUND
    [fault] = faults_of(tmp_path, SOUND.replace(old, new, 1))
    assert fault.startswith(says)
    assert fault.endswith(".")
    assert "\n" not in fault


def test_bytes_that_are_not_text_are_a_fault(tmp_path: Path) -> None:
    (tmp_path / "made_up.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CatalogueFault, match=r"made_up\.toml: not readable as TOML"):
        load(tmp_path)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "second.toml").write_text("[[event]]\nid = 'x'\n", encoding="utf-8")
    broken = SOUND.replace('direction = "higher"', 'direction = "up"').replace("barrier", "barier")
    faults = faults_of(tmp_path, broken)
    assert len([f for f in faults if f.startswith("made_up.toml")]) == 3
    assert {f.split(":")[0] for f in faults} == {"made_up.toml", "second.toml"}


def test_a_folder_without_an_audit_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(CatalogueFault, match=r"no audit found; the catalogue needs at least one"):
        load(tmp_path)


# --- the page for the people who edit it ----------------------------------------------------


def test_the_readme_examples_can_be_copied_in(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, ignore=shutil.ignore_patterns("layouts"), dirs_exist_ok=True)
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    metric, standard, action = re.findall(r"```toml\n(.*?)```", readme, re.S)
    nhfd = tmp_path / "nhfd.toml"
    text = "\n".join([nhfd.read_text(encoding="utf-8"), metric, standard, action])
    nhfd.write_text(text, encoding="utf-8")
    extended = load(tmp_path)
    added = extended.metrics["nhfd_pain_first"]
    assert added.audit == "nhfd"
    assert added.standard_on(date(2027, 3, 31)) is None
    assert added.standard_on(date(2027, 4, 1)) is not None
    assert [a.id for a in extended.actions_for(added.id)] == ["hip_pain_first_tray"]

    [message] = re.findall(r"```text\n(.*?)\n```", readme, re.S)
    head, tail = text.split('id = "nhfd_pain_first"')
    slip = tail.replace('direction = "higher"', 'direction = "up"', 1)
    nhfd.write_text(head + 'id = "nhfd_pain_first"' + slip, encoding="utf-8")
    with pytest.raises(CatalogueFault) as fault:
        load(tmp_path)
    assert fault.value.faults == (message,)


@pytest.mark.parametrize("slip", ["[[audit]]\nid = 'x'", "[metric]\nid = 'x'", "action = 'x'"])
def test_a_bracket_too_many_or_too_few_is_a_sentence(tmp_path, slip):
    (tmp_path / "x.toml").write_text(slip, encoding="utf-8")
    with pytest.raises(CatalogueFault, match=r"x\.toml: '\w+' is not written as a table; write \["):
        load(tmp_path)
