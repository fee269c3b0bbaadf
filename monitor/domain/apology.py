"""The apology letter's last lawful day, and what its new date does (NĐ 118/2025/NĐ-CP Điều 19 khoản 6)."""

from dataclasses import replace
from datetime import date, time, timedelta

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.dossier import Facts, Precision

_ONE_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_USUAL_CLOSE = time(17, 0)


def letter_by(due_on: date, received_on: date | None, calendar: WorkingCalendar) -> date | None:
    """The last working day on or before the day before `due_on`: "chậm nhất 01 ngày trước ngày hết hạn".

    The decree says "ngày", not "ngày làm việc"; where the day before is a day off, the last working day before
    it is the last practical chance. None = the dossier was received after that day (same-day terms): there
    was no lawful day, which is not a breach.
    """
    day = calendar.on_or_before(due_on - _ONE_DAY)
    if received_on is not None and day < received_on:
        return None
    return day


def as_letters_say(facts: Facts, new_on: date | None, taken_back_on: date | None, calendar: WorkingCalendar) -> Facts:
    """The facts with a letter's new date in force (`new_on`), and without that of a letter taken back."""
    if taken_back_on is not None:
        facts = without_taken_back(facts, taken_back_on, calendar)
    return facts if new_on is None else with_new_date(facts, new_on, calendar)


def with_new_date(facts: Facts, new_on: date, calendar: WorkingCalendar) -> Facts:
    """The facts with a letter's new date in force, once the counter has it in the system.

    Many systems show no extension: some keep the old date for good (connectors.md §1.10, §3.4, §5.7), some write the
    new one over it, which would pass for the date on the slip. Either way it is the one extension, and the next miss
    is the second. The letter gives a day without an hour: the whole day counts (BLDS 2015 Điều 148 khoản 6).
    """
    promise = facts.promise
    if promise is None or promise.number > 1:
        return facts
    if calendar.local_date(promise.at) < new_on:
        at = calendar.at_time(new_on + _ONE_DAY, time.min) - _TICK
        if promise.precision is Precision.DATE:
            at = calendar.at_time(new_on, _USUAL_CLOSE)  # how such systems write a day
        return replace(facts, extended_at=at)
    first = facts.original_promised_at
    if first is None or first >= promise.at:
        return facts
    return replace(facts, promised_at=first, extended_at=promise.at)


def without_taken_back(facts: Facts, taken_back_on: date, calendar: WorkingCalendar) -> Facts:
    """The facts where a letter was taken back after the counter had put its new date into the system.

    The counter changes the date "căn cứ Phiếu đề nghị gia hạn": without that letter the date has no ground, whether
    the source shows it in a field of its own or over the date on the slip. The promise on the slip is in force again,
    and it is the one that the letter issued anew has to name.
    """
    extended, promised, first = facts.extended_at, facts.promised_at, facts.original_promised_at
    if extended is not None and calendar.local_date(extended) == taken_back_on:
        facts = replace(facts, extended_at=None)
    if promised is None or first is None or first >= promised or calendar.local_date(promised) != taken_back_on:
        return facts
    return replace(facts, promised_at=first)
