"""The last lawful day for the apology letter (NĐ 118/2025/NĐ-CP Điều 19 khoản 6)."""

from datetime import date, timedelta

from monitor.domain.calendar import WorkingCalendar

_ONE_DAY = timedelta(days=1)


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
