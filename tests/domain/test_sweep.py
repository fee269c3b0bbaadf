"""Five years, day by day, against a naive counter of minutes that shares no code (field-study.md R6)."""

from bisect import bisect_left
from datetime import date, datetime, time, timedelta

import pytest

from monitor.domain.deadline import count_due
from monitor.domain.limits import CountingRules, parse_limit
from tests.domain import naive
from tests.domain.shipped import vietnam

pytestmark = pytest.mark.no_cover  # five years, minute by minute: watched line by line they would take twice as long

CALENDAR = vietnam()
DAYS = [naive.BEGIN + timedelta(days=n) for n in range((naive.END - naive.BEGIN).days + 1)]
TERMS = (1, 2, 3, 5, 10, 20, 30)
PLAIN = CountingRules()


def test_every_day_is_worked_or_off_as_typed_by_hand() -> None:
    assert [on for on in DAYS if CALENDAR.is_working_day(on) != naive.works(on)] == []


def test_due_days_of_every_day_of_five_years() -> None:
    wrong = []
    for on in DAYS[:-50]:
        for days in TERMS:
            expected = naive.due_day(on, days)
            if CALENDAR.add_working_days(on, days) != expected or CALENDAR.working_days_between(on, expected) != days:
                wrong.append((on, days))
    assert wrong == []


def test_counted_deadlines_of_every_day_of_five_years() -> None:
    limits = [(days, parse_limit(f"{days} ngày làm việc")) for days in (1, 5, 15)]
    wrong = [
        (on, days)
        for on in DAYS[:-30]
        for days, limit in limits
        if count_due(CALENDAR.at_time(on, time(9)), limit, PLAIN, CALENDAR).due_on != naive.due_day(on, days)
    ]
    assert wrong == []


def test_open_minutes_of_every_day_of_five_years() -> None:
    minutes = naive.open_minutes()
    hours = [1, 4, 7.5, 8, 20, 80]
    wrong = []
    for n, on in enumerate(DAYS[:-30]):
        of_day = (n * 97) % 1440  # another minute of the day each day, closed ones too
        start = CALENDAR.at_time(on, time(of_day // 60, of_day % 60))
        reached = bisect_left(minutes, n * 1440 + of_day)
        for amount in hours:
            last = minutes[reached + int(amount * 60) - 1] + 1  # the end of the last open minute used
            expected = naive.FIRST_MINUTE + timedelta(minutes=last)
            got = CALENDAR.add_open_time(start, timedelta(hours=amount))
            used = CALENDAR.open_time_between(start, got)
            if got.replace(tzinfo=None) != expected or used != timedelta(hours=amount):
                wrong.append((start, amount, got, expected))
    assert wrong == []


def test_backward_minutes_of_every_day_of_five_years() -> None:
    minutes = naive.open_minutes()
    wrong = []
    for n, on in list(enumerate(DAYS))[30:]:
        of_day = (n * 89) % 1440
        start = CALENDAR.at_time(on, time(of_day // 60, of_day % 60))
        reached = bisect_left(minutes, n * 1440 + of_day)
        for amount in (1, 8, 30):
            expected = naive.FIRST_MINUTE + timedelta(minutes=minutes[reached - amount * 60])
            got = CALENDAR.add_open_time(start, -timedelta(hours=amount)).replace(tzinfo=None)
            if got != expected:
                wrong.append((start, amount, got, expected))
    assert wrong == []


def test_the_sweep_can_see_a_wrong_day() -> None:
    """The second opinion is worth something only if it would object: one holiday dropped is found."""
    holiday = date(2026, 11, 24)
    naive.DAYS_OFF.discard(holiday)
    try:
        assert naive.works(holiday)
        assert not CALENDAR.is_working_day(holiday)
        assert naive.due_day(date(2026, 11, 23), 1) != CALENDAR.add_working_days(date(2026, 11, 23), 1)
    finally:
        naive.DAYS_OFF.add(holiday)
    assert datetime(2022, 1, 1) == naive.FIRST_MINUTE
