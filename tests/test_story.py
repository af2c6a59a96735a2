"""The demonstration from end to end: real files in at one end, what people read out at the other."""

from datetime import UTC, datetime, timedelta

import pytest

from auditbot.store import queue
from auditbot.store.engine import reading, writing
from bot import turnover
from bot.demo.__main__ import prepare
from bot.demo.stories import planted
from bot.premises import bound

MONDAY = datetime(2026, 10, 12, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    found = prepare(tmp_path_factory.mktemp("demo"))
    yield found
    found.house.engine.dispose()


@pytest.fixture(scope="module")
def first(place):
    return turnover.once(place, MONDAY)


def posts(done, channel, kind=None):
    return [p for p in done["posted"] if p["channel"] == channel and kind in (None, p["kind"])]


def test_every_file_loads_and_the_corrected_one_is_a_revision(first):
    states = {f["path"].rsplit("/")[-1]: f["state"] for f in first["files"]}
    assert set(states.values()) == {"loaded", "revised"}
    assert states["fictional-hip-fracture-2026-03-corrected.csv"] == "revised"
    assert not any(f["refused_rows"] for f in first["files"])


def test_every_channel_gets_one_digest(first, place):
    channels = [p["channel"] for p in first["posted"] if p["kind"] == "digest"]
    assert sorted(channels) == sorted(c.id for c in place.settings.channel)


def test_the_lasting_rise_is_told_as_real(first):
    story = planted("rise")
    (post,) = posts(first, "C0HIP", "digest")
    assert (post["service"], post["metric"]) == (story.service, story.metric)
    assert "more than your usual ups and downs, and it has lasted" in post["text"]
    assert "Before October 2025" in post["text"]


def test_the_lasting_fall_goes_to_the_lead_first_and_not_to_the_channel(first):
    told = posts(first, "U0LEAD", "concern_lead")
    assert {p["metric"] for p in told} & {"ae_4h", "ae_4h_type1"}
    assert all("This is more than your usual ups and downs" in p["text"] for p in told)
    assert all("Add a line" in p["text"] and "Hold" in p["text"] for p in told)
    for post in posts(first, "C0AE"):
        assert post["metric"] not in ("ae_4h", "ae_4h_type1")
        assert "more than your usual" not in post["text"]


def test_noise_is_told_as_noise_and_below_the_standard_is_not_fine(first):
    (post,) = posts(first, "C0WESTPORT", "digest")
    assert "within your usual ups and downs" in post["text"]
    assert "will not reach the standard without a change" in post["text"]
    assert "more than" not in post["text"]


def test_a_small_unit_is_told_that_it_is_too_few_to_say(first):
    (post,) = posts(first, "C0CEDAR", "digest")
    assert "too few to say more" in post["text"]


def test_everything_says_that_it_is_made_up(first):
    for post in first["posted"]:
        if post["kind"] in ("digest", "concern_lead"):
            assert "fictional" in post["text"].lower() or "made up" in post["text"].lower(), post


def test_a_second_run_posts_nothing(first, place):
    again = turnover.once(place, MONDAY + timedelta(minutes=5))
    assert again["posted"] == []
    assert again["files"] == []


def test_the_next_working_day_the_channel_hears_with_the_leads_line(first, place):
    house, _ = bound(place, MONDAY)
    with reading(house.engine) as conn:
        waiting = queue.open_concerns(conn, "C0AE")
    assert waiting
    with writing(house.engine) as conn:
        queue.set_line(
            conn, waiting[0].id, "The new triage desk opened in March.", "U0LEAD", MONDAY
        )
    done = turnover.once(place, MONDAY + timedelta(days=1, hours=1))
    told = posts(done, "C0AE", "concern")
    assert len(told) == len(waiting)
    assert "more than your usual ups and downs" in told[0]["text"]
    assert any("@U0LEAD adds: The new triage desk opened in March." in p["text"] for p in told)
    assert turnover.once(place, MONDAY + timedelta(days=1, hours=2))["posted"] == []


def test_words_reach_people_in_plain_sentences(first):
    for post in first["posted"]:
        assert "{{" not in post["text"]
        assert "None" not in post["text"]
        assert "nan" not in post["text"].split()
