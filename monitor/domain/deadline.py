"""Counts a dossier's due date by the procedure's time limit (law.md §4.1-4.2).

This is our own count (`due_at`). It checks the date the source promised; it never judges lateness by itself.
"""

import calendar as month_lengths
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil

from monitor.domain.apology import letter_by
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.limits import HOURS_PER_DAY, CountingRules, LimitUnit, TimeLimit, is_by_hours, is_same_day
from monitor.domain.spans import Span
from monitor.domain.trace import steps_of
from monitor.domain.trail import Step, Trail

__all__ = ["Deadline", "Step", "count_due", "elapsed"]

_ONE_DAY = timedelta(days=1)
_TICKS_PER_HOUR = 3_600_000_000  # microseconds


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a result is due. For limits in days `due_on` decides and `due_at` is the last open instant of that day.

    `letter_by` is None where the term leaves no lawful day for a letter. `provisional`: the span touches a day
    that is not officially announced.
    """

    due_at: datetime
    due_on: date
    letter_by: date | None
    provisional: bool
    trail: Trail = field(repr=False, compare=False)

    @property
    def steps(self) -> tuple[Step, ...]:
        """How it was counted, line by line in Vietnamese, each with its rule and its text of law."""
        return steps_of(self.trail, self.due_at, self.due_on, self.letter_by, self.provisional)


def count_due(
    received_at: datetime,
    limit: TimeLimit,
    rules: CountingRules,
    calendar: WorkingCalendar,
    paused: Sequence[Span] = (),
) -> Deadline:
    """The due date of a dossier received (complete and valid) at `received_at`.

    `paused` is time that does not count, merged (`spans.merged`); a pause that begins after the due date it finds
    changes nothing. Raises `CalendarExhausted` where the span leaves the loaded years.
    """
    received = calendar.local(received_at)
    start = counted_from(received, limit, rules, calendar)
    if is_by_hours(limit, rules):
        due_at = calendar.add_open_time(start, _working_time(limit))
        for span in paused:
            if span.start >= due_at:
                break
            overlap = calendar.open_time_between(max(span.start, start), max(span.end, start))
            due_at = calendar.add_open_time(due_at, overlap)
        last_day = due_on = due_at.date()
    else:
        last_day = _last_day(start, limit, rules, calendar)
        due_on = calendar.on_or_after(last_day)
        for span in paused:
            first = max(calendar.local_date(span.start), start.date())
            if first > due_on:
                break
            last_day = _moved(last_day, first, calendar.local_date(span.end), limit, calendar)
            due_on = calendar.on_or_after(last_day)
        due_at = calendar.last_open(due_on)
    received_on = received.date()
    provisional = due_on > received_on and calendar.is_provisional(received_on, due_on)
    trail = Trail(received, start, last_day, limit, rules, calendar, tuple(paused))
    return Deadline(due_at, due_on, letter_by(due_on, received_on, calendar), provisional, trail)


def counted_from(received: datetime, limit: TimeLimit, rules: CountingRules, calendar: WorkingCalendar) -> datetime:
    """From when a limit is counted: local reception; by the hour the next opening; after a cut-off the next
    working day's opening."""
    cut_off = rules.cut_off
    if cut_off is not None and received.time() > cut_off and calendar.is_working_day(received.date()):
        return calendar.first_open(calendar.add_working_days(received.date(), 1))
    return calendar.next_open(received) if is_by_hours(limit, rules) else received


def elapsed(
    received_at: datetime,
    until: datetime,
    limit: TimeLimit,
    rules: CountingRules,
    calendar: WorkingCalendar,
    paused: Sequence[Span] = (),
) -> Fraction:
    """How much of a limit is used up at `until`, in the limit's own unit and by the same rules as `count_due`.

    At the due date it is exactly the limit for hours and whole working days; a roll, a fraction rounded up or a
    shorter month can only make it more. Never negative. Months are whole months.
    """
    received = calendar.local(received_at)
    start = counted_from(received, limit, rules, calendar)
    if until <= start:
        return Fraction(0)
    if is_by_hours(limit, rules):
        used = calendar.open_time_between(start, until)
        for span in paused:
            used -= calendar.open_time_between(_within(span.start, start, until), _within(span.end, start, until))
        hours = Fraction(used // timedelta(microseconds=1), _TICKS_PER_HOUR)
        return hours if limit.unit is LimitUnit.HOURS else hours / HOURS_PER_DAY
    on, until_on = start.date(), calendar.local_date(until)
    if is_same_day(limit, rules):
        return limit.amount if until_on >= _same_day(start, rules, calendar) else Fraction(0)
    stood = sum(
        _days(max(calendar.local_date(span.start), on), min(calendar.local_date(span.end), until_on), limit, calendar)
        for span in paused
    )
    if limit.unit is LimitUnit.MONTHS:
        return Fraction(_whole_months(on, until_on - timedelta(days=stood - _first_day(on, limit, rules, calendar))))
    return Fraction(_days(on, until_on, limit, calendar) - stood + _first_day(on, limit, rules, calendar))


def _within(at: datetime, start: datetime, end: datetime) -> datetime:
    return min(max(at, start), end)


def _working_time(limit: TimeLimit) -> timedelta:
    """Working hours as a duration, rounded up to the microsecond so that a limit is never cut short."""
    hours = limit.amount if limit.unit is LimitUnit.HOURS else limit.amount * HOURS_PER_DAY
    return timedelta(microseconds=ceil(hours * _TICKS_PER_HOUR))


def _first_day(on: date, limit: TimeLimit, rules: CountingRules, calendar: WorkingCalendar) -> int:
    """1 where the day of reception is the first day of the limit, else 0 (BLDS 2015 Điều 147 khoản 2)."""
    if not rules.first_day_counted:
        return 0
    return 1 if limit.unit is not LimitUnit.WORKING_DAYS or calendar.is_working_day(on) else 0


def _last_day(start: datetime, limit: TimeLimit, rules: CountingRules, calendar: WorkingCalendar) -> date:
    """The last day of a limit in days or months, before it is rolled to a working day."""
    if is_same_day(limit, rules):
        return _same_day(start, rules, calendar)
    on = start.date()
    first = _first_day(on, limit, rules, calendar)
    if limit.unit is LimitUnit.WORKING_DAYS:
        return calendar.add_working_days(on, ceil(limit.amount) - first)
    if limit.unit is LimitUnit.MONTHS:
        return months_later(on, int(limit.amount)) - first * _ONE_DAY
    return on + timedelta(days=ceil(limit.amount) - first)


def _same_day(start: datetime, rules: CountingRules, calendar: WorkingCalendar) -> date:
    """Received in time: the same day. Later, or on a day off: the next working day."""
    on = start.date()
    if calendar.is_working_day(on) and rules.same_day_until is not None and start.time() <= rules.same_day_until:
        return on
    return calendar.add_working_days(on, 1)


def _moved(last_day: date, first: date, until: date, limit: TimeLimit, calendar: WorkingCalendar) -> date:
    """`last_day` moved by the days of a pause: those after the day it began, up to the day it ended."""
    days = _days(first, until, limit, calendar)
    if limit.unit in (LimitUnit.CALENDAR_DAYS, LimitUnit.MONTHS):
        return last_day + timedelta(days=days)
    return calendar.add_working_days(last_day, days)


def _days(after: date, until: date, limit: TimeLimit, calendar: WorkingCalendar) -> int:
    """Days in (after, until] as the limit counts them; 0 when there are none."""
    if until <= after:
        return 0
    if limit.unit in (LimitUnit.CALENDAR_DAYS, LimitUnit.MONTHS):
        return (until - after).days
    return calendar.working_days_between(after, until)


def _whole_months(on: date, until: date) -> int:
    months = max(0, (until.year - on.year) * 12 + until.month - on.month)
    return months if months_later(on, months) <= until else months - 1


def months_later(on: date, months: int) -> date:
    """The same date so many months later, or that month's last day where it has no such date (BLDS 148 khoản 3)."""
    year, month = divmod(on.month - 1 + months, 12)
    year, month = on.year + year, month + 1
    return date(year, month, min(on.day, month_lengths.monthrange(year, month)[1]))
