"""Counts a dossier's due date by the procedure's time limit, and says how (law.md §4.1-4.2).

This is our own count (`due_at`). It checks the date the source promised; it never judges lateness by itself.
"""

import calendar as month_lengths
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil

from monitor.domain.apology import letter_by
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.limits import CountingRules, LimitUnit, TimeLimit
from monitor.domain.saying import say_day, say_instant

HOURS_PER_DAY = 8  # a working day is 8 working hours (law.md §4.2)
_HOUR = timedelta(hours=1)
_BLDS_147 = "Bộ luật Dân sự 2015 Điều 147"
_BLDS_148 = "Bộ luật Dân sự 2015 Điều 148"
_ND118_17 = "Nghị định 118/2025/NĐ-CP Điều 17 khoản 3"
_ND118_19 = "Nghị định 118/2025/NĐ-CP Điều 19 khoản 6"
_PROCEDURE = "quy định của thủ tục"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation, in Vietnamese: what was done, by which rule, from which text."""

    text_vi: str
    on: date | None
    rule: str
    document: str


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
    steps: tuple[Step, ...]


def count_due(received_at: datetime, limit: TimeLimit, rules: CountingRules, calendar: WorkingCalendar) -> Deadline:
    """The due date of a dossier received (complete and valid) at `received_at`.

    Raises `CalendarExhausted` where the span leaves the loaded years.
    """
    received = calendar.local(received_at)
    received_on = received.date()
    steps = [
        Step(f"Tiếp nhận lúc {say_instant(received)}.", received_on, "start", _ND118_17),
        Step(f"Thời hạn giải quyết: {limit.text_vi}.", None, "limit", _PROCEDURE),
    ]
    say = steps.append
    if rules.same_day_until is not None and _within_a_day(limit):
        due_on = _same_day(received, rules, calendar, say)
        due_at = calendar.last_open(due_on)
    else:
        start = _after_cut_off(received, rules, calendar, say)
        if limit.unit is LimitUnit.HOURS or (limit.unit is LimitUnit.WORKING_DAYS and rules.day_is_hours):
            due_at = _by_hours(start, limit, calendar, say)
            due_on = due_at.date()
        else:
            due_on = _by_days(start.date(), limit, rules, calendar, say)
            due_at = calendar.last_open(due_on)
    provisional = due_on > received_on and calendar.is_provisional(received_on, due_on)
    letter_on = letter_by(due_on, received_on, calendar)
    say(Step(f"Hạn trả kết quả: {say_instant(due_at)}.", due_on, "due", _BLDS_148))
    if provisional:
        say(Step("Có ngày chưa được công bố chính thức trong khoảng tính: hạn là tạm tính.", None, "provisional", ""))
    if letter_on is None:
        say(Step("Không có ngày làm việc nào để gửi văn bản xin lỗi trước hạn.", None, "no_lawful_day", _ND118_19))
    else:
        text = f"Nếu dự kiến quá hạn: gửi văn bản xin lỗi chậm nhất {say_day(letter_on)}."
        say(Step(text, letter_on, "letter_by", _ND118_19))
    return Deadline(due_at, due_on, letter_on, provisional, tuple(steps))


def _within_a_day(limit: TimeLimit) -> bool:
    most = {LimitUnit.HOURS: HOURS_PER_DAY, LimitUnit.WORKING_DAYS: 1, LimitUnit.CALENDAR_DAYS: 1}
    return limit.amount <= most.get(limit.unit, 0)


def _same_day(received: datetime, rules: CountingRules, calendar: WorkingCalendar, say: Callable[[Step], None]) -> date:
    """The 15:00 rule of procedures answered within the day (law.md §4.1)."""
    on = received.date()
    assert rules.same_day_until is not None
    until = f"{rules.same_day_until:%H:%M}"
    if not calendar.is_working_day(on):
        due_on = calendar.on_or_after(on)
        say(Step(f"Tiếp nhận vào ngày nghỉ: trả kết quả {say_day(due_on)}.", due_on, "same_day", _PROCEDURE))
    elif received.time() <= rules.same_day_until:
        due_on = on
        say(Step(f"Tiếp nhận không sau {until}: trả kết quả trong ngày.", due_on, "same_day", _PROCEDURE))
    else:
        due_on = calendar.add_working_days(on, 1)
        text = f"Tiếp nhận sau {until}: trả kết quả vào ngày làm việc tiếp theo, {say_day(due_on)}."
        say(Step(text, due_on, "same_day", _PROCEDURE))
    return due_on


def _after_cut_off(
    received: datetime, rules: CountingRules, calendar: WorkingCalendar, say: Callable[[Step], None]
) -> datetime:
    """What counts as the moment of reception: the next working day's opening, if received after the cut-off."""
    on = received.date()
    if rules.cut_off is None or received.time() <= rules.cut_off or not calendar.is_working_day(on):
        return received
    moved = calendar.first_open(calendar.add_working_days(on, 1))
    text = f"Tiếp nhận sau {rules.cut_off:%H:%M}: coi như tiếp nhận {say_day(moved.date())}."
    say(Step(text, moved.date(), "cut_off", _PROCEDURE))
    return moved


def _by_hours(start: datetime, limit: TimeLimit, calendar: WorkingCalendar, say: Callable[[Step], None]) -> datetime:
    hours = limit.amount if limit.unit is LimitUnit.HOURS else limit.amount * HOURS_PER_DAY
    opened = calendar.next_open(start)
    if opened != start:
        text = f"Ngoài giờ làm việc: bắt đầu tính từ {say_instant(opened)}."
        say(Step(text, opened.date(), "opening", "lịch làm việc"))
    if limit.unit is not LimitUnit.HOURS:
        say(Step(f"1 ngày làm việc = {HOURS_PER_DAY} giờ làm việc.", None, "day_is_hours", _PROCEDURE))
    text = "Giờ làm việc tính ngay từ lúc bắt đầu, không tính giờ nghỉ trưa, ngày nghỉ."
    say(Step(text, None, "hours", f"{_BLDS_147} khoản 1"))
    return calendar.add_open_time(opened, _exact(hours))


def _exact(hours: Fraction) -> timedelta:
    """Working hours as a duration, rounded up to the microsecond so that a limit is never cut short."""
    return timedelta(microseconds=ceil(hours * 3_600_000_000))


def _by_days(
    on: date, limit: TimeLimit, rules: CountingRules, calendar: WorkingCalendar, say: Callable[[Step], None]
) -> date:
    if rules.first_day_counted:
        say(Step("Ngày tiếp nhận được tính là ngày thứ nhất.", on, "first_day", _PROCEDURE))
    else:
        text = f"Ngày tiếp nhận không tính; tính từ {say_day(on + timedelta(days=1))}."
        say(Step(text, on + timedelta(days=1), "first_day", f"{_BLDS_147} khoản 2"))
    if limit.unit is LimitUnit.WORKING_DAYS:
        return _working_days(on, limit, rules, calendar, say)
    if limit.unit is LimitUnit.MONTHS:
        end = _months_later(on, int(limit.amount))
        document = f"{_BLDS_148} khoản 3"
    else:
        end = on + timedelta(days=ceil(limit.amount))
        document = f"{_BLDS_148} khoản 2"
    if rules.first_day_counted:
        end -= timedelta(days=1)
    say(Step(f"Ngày cuối của thời hạn: {say_day(end)}.", end, "last_day", document))
    rolled = calendar.on_or_after(end)
    if rolled != end:
        text = f"{say_day(end)} là ngày nghỉ: kết thúc vào ngày làm việc tiếp theo, {say_day(rolled)}."
        say(Step(text[0].upper() + text[1:], rolled, "roll", f"{_BLDS_148} khoản 5"))
    return rolled


def _working_days(
    on: date, limit: TimeLimit, rules: CountingRules, calendar: WorkingCalendar, say: Callable[[Step], None]
) -> date:
    days = ceil(limit.amount)
    if days != limit.amount:
        say(Step(f"Phần lẻ của ngày tính tròn thành {days} ngày làm việc.", None, "whole_days", _PROCEDURE))
    if rules.first_day_counted and calendar.is_working_day(on):
        due_on = calendar.add_working_days(on, days - 1)
    else:
        due_on = calendar.add_working_days(on, days)
    for step in _days_off(on, due_on, calendar):
        say(step)
    return due_on


def _days_off(after: date, until: date, calendar: WorkingCalendar) -> list[Step]:
    """A line for each day in the span that a plain Monday-to-Friday count would get wrong."""
    lines = []
    for n in range(1, (until - after).days + 1):
        day = calendar.day(after + timedelta(days=n))
        if day.is_working == (day.on.weekday() < 5):
            continue
        name = f" ({day.name})" if day.name else ""
        what = "ngày làm bù, được tính" if day.is_working else "ngày nghỉ, không tính"
        text = f"{say_day(day.on)}: {what}{name}."
        lines.append(Step(text[0].upper() + text[1:], day.on, "worked" if day.is_working else "off", day.document))
    return lines


def _months_later(on: date, months: int) -> date:
    """The same date so many months later, or that month's last day where it has no such date (BLDS 148 khoản 3)."""
    year, month = divmod(on.month - 1 + months, 12)
    year, month = on.year + year, month + 1
    return date(year, month, min(on.day, month_lengths.monthrange(year, month)[1]))
