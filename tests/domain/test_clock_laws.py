"""Laws of the clock over random calendars (field-study.md R6): inverse, monotone, additive, pauses, locality."""

from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.domain.calendar import CalendarDay, CalendarExhausted, WorkingCalendar
from monitor.domain.deadline import Deadline, count_due, elapsed
from monitor.domain.limits import CountingRules, LimitUnit, TimeLimit
from monitor.domain.spans import Span, merged
from tests.counts import proof_examples
from tests.domain.random_calendars import CALENDARS, DAYS, EDITS, INSTANTS, PLANS, Plan, built

pytestmark = pytest.mark.no_cover  # thousands of random calendars: watched line by line they would take twice as long

MANY = settings(max_examples=proof_examples(200, 10_000), deadline=None)
AMOUNTS = st.integers(-40 * 3600 * 10**6, 40 * 3600 * 10**6).map(lambda us: timedelta(microseconds=us))
POSITIVE = st.integers(1, 40 * 3600 * 10**6).map(lambda us: timedelta(microseconds=us))
NUMBERS = st.integers(-20, 20)
TIMES = st.times(time(6), time(20)).map(lambda t: t.replace(microsecond=0))
RULES = st.builds(
    CountingRules,
    first_day_counted=st.booleans(),
    cut_off=st.none() | TIMES,
    same_day_until=st.none() | TIMES,
    day_is_hours=st.booleans(),
)
LIMITS = st.builds(
    TimeLimit, st.integers(1, 20).map(Fraction), st.sampled_from([u for u in LimitUnit if u is not LimitUnit.MONTHS])
) | st.builds(TimeLimit, st.integers(1, 4).map(Fraction), st.just(LimitUnit.MONTHS))


def due_or_skip(
    received: datetime,
    limit: TimeLimit,
    rules: CountingRules,
    calendar: WorkingCalendar,
    paused: tuple[Span, ...] = (),
) -> Deadline:
    """The deadline; a calendar with seconds of opening a week may run out, which is an error, not a law."""
    try:
        return count_due(received, limit, rules, calendar, paused)
    except CalendarExhausted:
        assume(False)
        raise


def add_or_skip(calendar: WorkingCalendar, at: datetime, amount: timedelta) -> datetime:
    try:
        return calendar.add_open_time(at, amount)
    except CalendarExhausted:
        assume(False)
        raise


@MANY
@given(CALENDARS, INSTANTS, AMOUNTS)
def test_open_time_added_is_the_open_time_between(calendar: WorkingCalendar, at: datetime, amount: timedelta) -> None:
    assert calendar.open_time_between(at, add_or_skip(calendar, at, amount)) == amount


@MANY
@given(CALENDARS, INSTANTS, POSITIVE, POSITIVE)
def test_open_time_adds_up_across_a_split(
    calendar: WorkingCalendar, at: datetime, first: timedelta, second: timedelta
) -> None:
    whole = add_or_skip(calendar, at, first + second)
    assert add_or_skip(calendar, add_or_skip(calendar, at, first), second) == whole


@MANY
@given(CALENDARS, INSTANTS, INSTANTS, INSTANTS)
def test_open_time_between_adds_up(calendar: WorkingCalendar, a: datetime, b: datetime, c: datetime) -> None:
    between = calendar.open_time_between
    assert between(a, b) + between(b, c) == between(a, c)
    assert between(a, b) == -between(b, a)


@MANY
@given(CALENDARS, INSTANTS, INSTANTS, POSITIVE, POSITIVE)
def test_open_time_is_monotone(
    calendar: WorkingCalendar, a: datetime, b: datetime, first: timedelta, second: timedelta
) -> None:
    a, b = min(a, b), max(a, b)
    assert timedelta(0) <= calendar.open_time_between(a, b) <= b - a
    assert add_or_skip(calendar, a, first) <= add_or_skip(calendar, b, first)
    less, more = min(first, second), max(first, second)
    assert add_or_skip(calendar, a, less) <= add_or_skip(calendar, a, more)


@MANY
@given(CALENDARS, INSTANTS)
def test_the_next_opening_is_the_first_instant_at_which_time_runs(calendar: WorkingCalendar, at: datetime) -> None:
    opens = calendar.next_open(at)
    assert opens >= at
    assert calendar.open_time_between(at, opens) == timedelta(0)
    assert calendar.open_time_between(opens, opens + timedelta(microseconds=1)) == timedelta(microseconds=1)


@MANY
@given(CALENDARS, DAYS, NUMBERS)
def test_working_days_added_are_the_working_days_between(calendar: WorkingCalendar, on: date, n: int) -> None:
    moved = calendar.add_working_days(on, n)
    if n > 0:
        assert calendar.working_days_between(on, moved) == n
    elif n < 0:
        # (moved, on] leaves out `moved` and holds `on`, which a backward count does not count
        assert calendar.working_days_between(moved, on) == -n - 1 + calendar.is_working_day(on)
    assert n == 0 or calendar.is_working_day(moved)


@MANY
@given(CALENDARS, DAYS, st.integers(1, 20), st.integers(1, 20))
def test_working_days_add_up_across_a_split(calendar: WorkingCalendar, on: date, a: int, b: int) -> None:
    assert calendar.add_working_days(calendar.add_working_days(on, a), b) == calendar.add_working_days(on, a + b)
    assert calendar.add_working_days(calendar.add_working_days(on, -a), -b) == calendar.add_working_days(on, -a - b)


@MANY
@given(CALENDARS, DAYS)
def test_the_nearest_working_days_enclose_the_day(calendar: WorkingCalendar, on: date) -> None:
    before, after = calendar.on_or_before(on), calendar.on_or_after(on)
    assert before <= on <= after
    assert (before == on) == (after == on) == calendar.is_working_day(on)
    assert calendar.working_days_between(before, after) == (before != after)


@MANY
@given(CALENDARS, DAYS)
def test_a_local_day_begins_at_its_midnight(calendar: WorkingCalendar, on: date) -> None:
    begins = calendar.midnight(on)
    assert calendar.local_date(begins) == on
    # in UTC: taking time from a zoned value moves its wall clock, which a change of clocks at midnight makes unreal
    assert calendar.local_date(begins.astimezone(UTC) - timedelta(microseconds=1)) == on - timedelta(days=1)


@MANY
@given(CALENDARS, INSTANTS, LIMITS, RULES)
def test_elapsed_at_the_due_date_is_the_limit(
    calendar: WorkingCalendar, received: datetime, limit: TimeLimit, rules: CountingRules
) -> None:
    """elapsed(start, due(start, n)) = n. A roll off a day of rest or a shorter month can only use up more."""
    deadline = due_or_skip(received, limit, rules, calendar)
    used = elapsed(received, deadline.due_at, limit, rules, calendar)
    if deadline.due_at <= deadline.trail.start:
        assert used == 0, "received after the last opening of the day it is due"
    elif limit.unit in (LimitUnit.HOURS, LimitUnit.WORKING_DAYS):
        assert used == limit.amount
    else:
        assert used >= limit.amount
        assert used == limit.amount or deadline.due_on > deadline.trail.last_day or limit.unit is LimitUnit.MONTHS


@MANY
@given(CALENDARS, INSTANTS, INSTANTS, LIMITS, RULES)
def test_due_is_monotone_in_the_start(
    calendar: WorkingCalendar, a: datetime, b: datetime, limit: TimeLimit, rules: CountingRules
) -> None:
    first = due_or_skip(min(a, b), limit, rules, calendar)
    assert first.due_at <= due_or_skip(max(a, b), limit, rules, calendar).due_at


@MANY
@given(CALENDARS, INSTANTS, LIMITS, st.integers(1, 5), RULES)
def test_due_is_monotone_in_the_limit(
    calendar: WorkingCalendar, received: datetime, limit: TimeLimit, more: int, rules: CountingRules
) -> None:
    longer = TimeLimit(limit.amount + more, limit.unit)
    assume(rules.same_day_until is None)  # the same-day rule is for limits of a day: no law ties it to longer ones
    first = due_or_skip(received, limit, rules, calendar)
    assert first.due_at <= due_or_skip(received, longer, rules, calendar).due_at


@MANY
@given(CALENDARS, INSTANTS, LIMITS, RULES)
def test_a_due_date_lies_on_a_working_day_after_its_letter(
    calendar: WorkingCalendar, received: datetime, limit: TimeLimit, rules: CountingRules
) -> None:
    deadline = due_or_skip(received, limit, rules, calendar)
    assert deadline.steps[0].rule == "start"
    if deadline.letter_by is None:
        last = calendar.on_or_before(deadline.due_on - timedelta(days=1))
        assert last < calendar.local_date(received), "there was no working day between receipt and due"
    else:
        assert calendar.is_working_day(deadline.letter_by)
        assert calendar.local_date(received) <= deadline.letter_by < deadline.due_on
        between = calendar.working_days_between(deadline.letter_by, deadline.due_on - timedelta(days=1))
        assert between == 0, "no later working day would do"


@MANY
@given(CALENDARS, INSTANTS, st.integers(1, 60), st.lists(st.tuples(INSTANTS, POSITIVE), max_size=4))
def test_pauses_shift_an_hour_limit_by_exactly_their_working_overlap(
    calendar: WorkingCalendar, received: datetime, hours: int, pauses: list[tuple[datetime, timedelta]]
) -> None:
    limit = TimeLimit(Fraction(hours), LimitUnit.HOURS)
    spans = merged(Span(start, start + length) for start, length in pauses)
    due = due_or_skip(received, limit, CountingRules(), calendar, spans).due_at
    opened = calendar.open_time_between(received, due)
    stood = sum(
        (calendar.open_time_between(min(max(s.start, received), due), min(max(s.end, received), due)) for s in spans),
        timedelta(0),
    )
    assert opened - stood == timedelta(hours=hours)
    assert elapsed(received, due, limit, CountingRules(), calendar, spans) == hours


@MANY
@given(CALENDARS, INSTANTS, st.integers(1, 15), st.lists(st.tuples(INSTANTS, POSITIVE), max_size=4))
def test_pauses_shift_a_day_limit_by_exactly_their_working_days(
    calendar: WorkingCalendar, received: datetime, days: int, pauses: list[tuple[datetime, timedelta]]
) -> None:
    limit = TimeLimit(Fraction(days), LimitUnit.WORKING_DAYS)
    spans = merged(Span(start, start + length) for start, length in pauses)
    deadline = due_or_skip(received, limit, CountingRules(), calendar, spans)
    on = calendar.local_date(received)
    stood = 0
    for span in spans:
        first, last = (min(max(calendar.local_date(t), on), deadline.due_on) for t in (span.start, span.end))
        stood += calendar.working_days_between(first, last)
    assert calendar.working_days_between(on, deadline.due_on) - stood == days
    assert elapsed(received, deadline.due_at, limit, CountingRules(), calendar, spans) == days


@MANY
@given(PLANS, INSTANTS, LIMITS, RULES, EDITS)
def test_a_calendar_edit_moves_only_spans_that_contain_the_day(
    plan: Plan, received: datetime, limit: TimeLimit, rules: CountingRules, edit: CalendarDay
) -> None:
    calendar = built(plan)
    before = due_or_skip(received, limit, rules, calendar)
    after = due_or_skip(received, limit, rules, built(plan.edited(edit)))
    if after != before:
        assert calendar.local_date(received) <= edit.on <= max(before.due_on, after.due_on)


def test_a_wrong_zone_would_be_seen() -> None:
    """The laws hold for any calendar, so one row pins the zone itself: 01:00 here is still yesterday in UTC."""
    from tests.domain.calendars import at, november

    assert november().local_date(at("2026-11-23 01:00")) == date(2026, 11, 23)
    with pytest.raises(ValueError, match="time zone"):
        november().local_date(datetime(2026, 11, 23, 1))
