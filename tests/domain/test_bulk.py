"""Many at once and one at a time are the same answers, on any calendar."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.bulk import due_days, due_ticks
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from tests.counts import proof_examples
from tests.domain.calendars import at, november
from tests.domain.random_calendars import CALENDARS, DAYS, INSTANTS

MANY = settings(max_examples=proof_examples(100, 10_000), deadline=None)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
AMOUNTS = st.integers(1, 30 * 3600 * 10**6)


def ticks(instant: datetime) -> int:
    return (instant - EPOCH) // TICK


@MANY
@given(CALENDARS, st.lists(st.tuples(DAYS, st.integers(1, 20)), max_size=20))
def test_days(calendar: WorkingCalendar, cases: list[tuple[date, int]]) -> None:
    ours = due_days(calendar, [on for on, _ in cases], [n for _, n in cases])
    assert ours == [calendar.add_working_days(on, n) for on, n in cases]


@MANY
@given(CALENDARS, st.lists(st.tuples(INSTANTS, AMOUNTS), max_size=20))
def test_hours(calendar: WorkingCalendar, cases: list[tuple[datetime, int]]) -> None:
    try:
        one_by_one = [ticks(calendar.add_open_time(start, amount * TICK)) for start, amount in cases]
    except CalendarExhausted:
        with pytest.raises(CalendarExhausted):
            due_ticks(calendar, [ticks(start) for start, _ in cases], [amount for _, amount in cases])
        return
    assert due_ticks(calendar, [ticks(start) for start, _ in cases], [amount for _, amount in cases]) == one_by_one


@MANY
@given(CALENDARS, INSTANTS, INSTANTS, st.fractions(0, 1, max_denominator=100))
def test_a_part_of_the_open_time(calendar: WorkingCalendar, a: datetime, b: datetime, part: Fraction) -> None:
    """The seconds before it are that part of all, rounded down; it is the first such instant."""
    start, end = min(a, b), max(a, b)
    found = calendar.part_of_open_time(start, end, part.numerator, part.denominator)
    seconds = calendar.open_time_between(start, end) // timedelta(seconds=1)
    wanted = timedelta(seconds=seconds * part.numerator // part.denominator)
    assert calendar.open_time_between(start, found) == wanted
    assert found == start or calendar.open_time_between(start, found - TICK) < wanted


HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("day", "n"), [("2026-11-20", 400), ("2028-01-01", 1), ("2025-12-31", 1)], ids=["too long", "after", "before"]
)
def test_a_day_that_leaves_the_calendar_is_an_error(day: str, n: int) -> None:
    with pytest.raises(CalendarExhausted):
        due_days(november(), [date(2026, 11, 20), date.fromisoformat(day)], [1, n])


@pytest.mark.parametrize(
    ("start", "hours"), [("2026-11-20 08:00", 4000), ("2028-01-01 08:00", 1), ("2025-12-31 08:00", 1)]
)
def test_an_hour_that_leaves_the_calendar_is_an_error(start: str, hours: int) -> None:
    with pytest.raises(CalendarExhausted):
        due_ticks(november(), [ticks(at(start))], [hours * HOUR])


def test_before_the_first_opening_time_runs_from_it() -> None:
    assert due_ticks(november(), [ticks(at("2026-01-01 00:00"))], [HOUR]) == [ticks(at("2026-01-01 08:30"))]


@pytest.mark.parametrize(("many", "terms"), [(1, [0]), (1, [-1]), (2, [1])])
def test_a_term_of_nothing_or_none_at_all_is_refused(many: int, terms: list[int]) -> None:
    with pytest.raises(ValueError, match="each day needs a term"):
        due_days(november(), [date(2026, 11, 20)] * many, terms)
    with pytest.raises(ValueError, match="each instant needs an amount"):
        due_ticks(november(), [ticks(at("2026-11-20 08:00"))] * many, terms)


def test_nothing_asked_is_nothing_answered() -> None:
    assert (due_days(november(), [], []), due_ticks(november(), [], [])) == ([], [])
