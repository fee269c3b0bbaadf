"""Says how a due date was counted: a line a step, in Vietnamese, each with its rule and its text of law.

Nothing is decided here: the lines are read off a `Trail`, the record of what the count decided.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from monitor.domain.limits import HOURS_PER_DAY, LimitUnit
from monitor.domain.saying import capital, say_day, say_instant
from monitor.domain.tally import spans_told
from monitor.domain.trail import (
    BLDS_147,
    BLDS_148,
    CALENDAR,
    ND118_17,
    ND118_19,
    ND118_PAUSE,
    PROCEDURE,
    PROVISIONAL,
    Step,
    Trail,
    ground,
)

_ONE_DAY = timedelta(days=1)


def steps_of(
    trail: Trail, due_at: datetime, due_on: date, letter_on: date | None, provisional: bool
) -> tuple[Step, ...]:
    """The whole explanation, ending in the due date and the letter's last day."""
    return (
        *_beginning(trail),
        *_middle(trail),
        *_pauses(trail, due_at),
        *(() if trail.is_same_day else spans_told(trail, due_at)),
        *_roll(trail, due_on),
        Step(f"Hạn trả kết quả: {say_instant(due_at)}.", due_on, "due", _due_document(trail)),
        *_ending(trail, due_on, letter_on, provisional),
    )


def _beginning(trail: Trail) -> Iterator[Step]:
    received, start = trail.received, trail.start
    yield Step(f"Tiếp nhận lúc {say_instant(received)}.", received.date(), "start", ND118_17)
    yield Step(f"Thời hạn giải quyết: {trail.limit.text_vi}.", None, "limit", PROCEDURE)
    if trail.rules.cut_off is not None and start.date() > received.date() and received.time() > trail.rules.cut_off:
        text = f"Tiếp nhận sau {trail.rules.cut_off:%H:%M}: coi như tiếp nhận {say_day(start.date())}."
        yield Step(text, start.date(), "cut_off", PROCEDURE)
    elif start != received:
        text = f"Ngoài giờ làm việc: bắt đầu tính từ {say_instant(start)}."
        yield Step(text, start.date(), "opening", CALENDAR)


def _middle(trail: Trail) -> Iterator[Step]:
    if trail.is_same_day:
        yield _same_day(trail)
    elif trail.is_by_hours:
        if trail.limit.unit is LimitUnit.WORKING_DAYS:
            yield Step(f"1 ngày làm việc = {HOURS_PER_DAY} giờ làm việc.", None, "day_is_hours", PROCEDURE)
        text = "Giờ làm việc tính ngay từ lúc bắt đầu; không tính giờ nghỉ trưa và ngày nghỉ."
        yield Step(text, None, "hours", f"{BLDS_147} khoản 1")
    else:
        yield _first_day(trail)
        whole = -(-trail.limit.amount // 1)
        if whole != trail.limit.amount:
            text = f"Phần lẻ của ngày tính tròn thành ngày: {whole} ngày."
            yield Step(text, None, "whole_days", PROCEDURE)


def _same_day(trail: Trail) -> Step:
    until = f"{trail.rules.same_day_until:%H:%M}"
    on = trail.start.date()
    if not trail.calendar.is_working_day(on):
        text = "Tiếp nhận vào ngày nghỉ: trả kết quả vào ngày làm việc tiếp theo."
    elif trail.last_day == on:
        text = f"Tiếp nhận không sau {until}: trả kết quả trong ngày."
    else:
        text = f"Tiếp nhận sau {until}: trả kết quả vào ngày làm việc tiếp theo."
    return Step(text, trail.last_day, "same_day", PROCEDURE)


def _first_day(trail: Trail) -> Step:
    on = trail.start.date()
    if not trail.rules.first_day_counted:
        text = f"Không tính ngày tiếp nhận; tính từ {say_day(on + _ONE_DAY)}."
        return Step(text, on + _ONE_DAY, "first_day", f"{BLDS_147} khoản 2")
    if trail.limit.unit is LimitUnit.WORKING_DAYS and not trail.calendar.is_working_day(on):
        text = "Ngày tiếp nhận là ngày nghỉ, không tính."
        return Step(text, on, "first_day", PROCEDURE)
    return Step("Ngày tiếp nhận được tính là ngày thứ nhất.", on, "first_day", PROCEDURE)


def _pauses(trail: Trail, due_at: datetime) -> Iterator[Step]:
    for span in trail.paused:
        if trail.start < span.end and span.start < due_at:
            start, end = trail.calendar.local(span.start), trail.calendar.local(span.end)
            text = f"Tạm dừng từ {say_instant(start)} đến {say_instant(end)}: không tính vào thời hạn."
            yield Step(text, start.date(), "pause", ND118_PAUSE)


def _roll(trail: Trail, due_on: date) -> Iterator[Step]:
    if trail.is_by_hours or trail.is_same_day or trail.limit.unit is LimitUnit.WORKING_DAYS:
        return
    last = trail.last_day
    yield Step(f"Ngày cuối của thời hạn: {say_day(last)}.", last, "last_day", _due_document(trail))
    if last != due_on:
        text = capital(f"{say_day(last)} là ngày nghỉ: kết thúc vào ngày làm việc tiếp theo, {say_day(due_on)}.")
        yield Step(text, due_on, "roll", f"{BLDS_148} khoản 5")


def _due_document(trail: Trail) -> str:
    if trail.is_by_hours:
        return f"{BLDS_147} khoản 1"
    return f"{BLDS_148} khoản {3 if trail.limit.unit is LimitUnit.MONTHS else 2}"


def _ending(trail: Trail, due_on: date, letter_on: date | None, provisional: bool) -> Iterator[Step]:
    if provisional:
        first = trail.calendar.first_provisional(trail.received.date())
        name = f" ({first.name})" if first.name else ""
        text = (
            f"Hạn là tạm tính: {say_day(first.on)} chưa được công bố chính thức là ngày làm việc hay ngày nghỉ{name}."
        )
        yield Step(text, first.on, "provisional", ground(first.document))
    if letter_on is None:
        yield Step("Không có ngày làm việc nào để gửi văn bản xin lỗi trước hạn.", None, "no_lawful_day", ND118_19)
    else:
        unsure = trail.calendar.is_provisional(letter_on - _ONE_DAY, due_on - _ONE_DAY)
        text = (
            f"Nếu dự kiến quá hạn: gửi văn bản xin lỗi chậm nhất {say_day(letter_on)}{PROVISIONAL if unsure else ''}."
        )
        yield Step(text, letter_on, "letter_by", ND118_19)
