"""When may the bot speak? Hours, working days and bank holidays; the only room that knows `now`."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from auditbot.model import Binding
from bot.settings import days_of, local


def now() -> datetime:
    """The instant it is, in UTC."""
    return datetime.now(UTC)


@lru_cache
def _bank_holidays() -> holidays.HolidayBase:
    return holidays.country_holidays("GB", subdiv="ENG")


def working_day(day: date) -> bool:
    """Monday to Friday and no bank holiday in England."""
    return day.weekday() < 5 and day not in _bank_holidays()


def working_days_after(day: date, count: int) -> date:
    """The day that lies `count` working days after `day`."""
    while count > 0:
        day += timedelta(days=1)
        count -= working_day(day)
    return day


def speaking_day(binding: Binding, day: date) -> bool:
    """A working day on which this channel wants to hear."""
    return working_day(day) and day.weekday() in days_of(binding.days)


def due_now(bindings: Sequence[Binding], at: datetime, zone: ZoneInfo) -> list[Binding]:
    """The channels whose hour has come today: from that hour until quiet hours begin at 19:00."""
    here = at.astimezone(zone)
    return [b for b in bindings if speaking_day(b, here.date()) and b.hour <= here.hour < 19]


def next_slot(binding: Binding, at: datetime, zone: ZoneInfo) -> datetime:
    """The channel's hour on its next speaking day after today: one working day's notice."""
    day = at.astimezone(zone).date() + timedelta(days=1)
    for _ in range(60):
        if speaking_day(binding, day):
            return local(day, binding.hour, zone).astimezone(UTC)
        day += timedelta(days=1)
    raise ValueError(
        f"Channel {binding.channel}: no working day falls on '{binding.days}'; name a weekday."
    )
