from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditbot.model import Binding
from bot import clock

LONDON = ZoneInfo("Europe/London")
NINE = Binding("C0STROKE", ("fernhill-hospital",), hour=9)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        ("2026-11-23T08:59", False),  # a Monday
        ("2026-11-23T09:00", True),
        ("2026-11-23T18:59", True),
        ("2026-11-23T19:00", False),  # quiet hours
        ("2026-11-22T10:00", False),  # Sunday
        ("2026-12-25T10:00", False),  # Christmas Day
        ("2026-12-28T10:00", False),  # Boxing Day is moved to the Monday
        ("2026-03-30T09:00", True),  # the Monday after the clocks went forward
        ("2026-10-26T09:00", True),  # the Monday after they went back
    ],
)
def test_channels_hear_at_their_hour_on_working_days(moment, due):
    assert bool(clock.due_now([NINE], at(moment), LONDON)) is due


def test_a_channel_may_choose_its_days():
    only_tuesday = Binding("C0AE", ("x",), days="tue")
    assert not clock.due_now([only_tuesday], at("2026-11-23T10:00"), LONDON)
    assert clock.due_now([only_tuesday], at("2026-11-24T10:00"), LONDON)


def test_the_next_slot_is_a_working_day_later():
    friday_evening = at("2026-12-24T18:00")
    slot = clock.next_slot(NINE, friday_evening, LONDON).astimezone(LONDON)
    assert slot.date() == date(2026, 12, 29)  # past Christmas, the weekend and the moved holiday
    assert slot.hour == 9


def test_working_days_are_counted_past_weekends_and_holidays():
    assert clock.working_days_after(date(2026, 11, 20), 1) == date(2026, 11, 23)
    assert clock.working_days_after(date(2026, 12, 23), 5) == date(2027, 1, 4)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)), st.integers(7, 18))
@settings(deadline=None, max_examples=200)
def test_a_slot_is_always_ahead_within_quiet_limits_and_on_a_working_day(moment, hour):
    binding = Binding("C0", ("x",), hour=hour)
    now = moment.replace(tzinfo=UTC)
    slot = clock.next_slot(binding, now, LONDON)
    here = slot.astimezone(LONDON)
    assert slot > now
    assert here.hour == hour
    assert clock.working_day(here.date())
    assert clock.due_now([binding], slot, LONDON)
