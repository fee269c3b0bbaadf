"""Random calendars and instants for the laws: any hours, any days off and make-up days, zones with and without
clock changes. A calendar follows from its number, so that a few dozen are built once and used again."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from monitor.domain.calendar import Block, CalendarDay, WorkingCalendar
from tests.counts import proof_examples

ZONES = ("Asia/Ho_Chi_Minh", "Europe/Amsterdam", "Asia/Beirut", "UTC")


@dataclass(frozen=True)
class Plan:
    """What a calendar is built from, so that a law can edit it."""

    zone: str
    week: tuple[tuple[Block, ...], ...]
    special: tuple[CalendarDay, ...]

    def edited(self, day: CalendarDay) -> "Plan":
        return replace(self, special=(*self.special, day))


@lru_cache(maxsize=64)
def built(plan: Plan) -> WorkingCalendar:
    """Two years, so that what a law adds up stays inside."""
    days = {day.on: day for day in plan.special}
    return WorkingCalendar(ZoneInfo(plan.zone), date(2025, 7, 1), date(2027, 6, 30), plan.week, days)


def _blocks(random: Random) -> tuple[Block, ...]:
    """One to three blocks, a quarter of an hour or longer, to the second."""
    marks = sorted(random.sample(range(96), random.choice((2, 4, 6))))
    seconds = [mark * 900 + random.choice((0, 0, 1, 899)) for mark in marks]
    return tuple(Block(seconds[i], seconds[i + 1]) for i in range(0, len(seconds), 2))


def _special(random: Random, on: date) -> CalendarDay:
    hours = _blocks(random) if random.random() < 0.5 else ()
    return CalendarDay(on, hours, is_working=bool(hours))


def plan_of(number: int) -> Plan:
    """The plan with this number. Every week has hours on some day."""
    random = Random(number)
    week = [_blocks(random) if random.random() < 0.6 else () for _ in range(7)]
    week[random.randrange(7)] = _blocks(random)
    days = [date(2026, 1, 1) + timedelta(days=random.randrange(300)) for _ in range(random.randrange(40))]
    special = tuple(_special(random, on) for on in sorted(set(days)))
    return Plan(random.choice(ZONES), tuple(week), special)


PLANS = st.integers(0, proof_examples(40, 1_000_000)).map(plan_of)
CALENDARS = PLANS.map(built)
INSTANTS = st.integers(0, 200 * 86_400_000_000).map(
    lambda us: datetime(2026, 1, 15, tzinfo=UTC) + timedelta(microseconds=us)
)
DAYS = st.dates(date(2026, 1, 15), date(2026, 8, 31))
EDITS = st.builds(lambda number, on: _special(Random(number), on), st.integers(0, 1000), DAYS)
