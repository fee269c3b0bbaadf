"""What counted and what did not: a line a span, each with its rule and its ground, the sum so far in brackets."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import groupby
from math import ceil
from typing import NamedTuple

from monitor.domain.calendar import CalendarDay
from monitor.domain.limits import HOURS_PER_DAY, LimitUnit
from monitor.domain.saying import capital, say_amount, say_day, say_duration
from monitor.domain.trail import BLDS_147, CALENDAR, ND118_PAUSE, Step, Trail, ground

_ONE_DAY = timedelta(days=1)


class _Mark(NamedTuple):
    """How one day was treated. Days that follow one another with the same mark are one span."""

    rule: str  # counted | worked | off | weekend | paused
    name: str = ""
    document: str = CALENDAR
    hours: timedelta | None = None  # of a limit by the hour: what counted on this day
    part: tuple[datetime, datetime] | None = None  # from when to when, if not the whole day


def spans_told(trail: Trail, due_at: datetime) -> Iterator[Step]:
    """Every span from reception to the due date, oldest first."""
    if trail.is_by_hours:
        yield from _by_hours(trail, due_at)
    elif trail.limit.unit is LimitUnit.WORKING_DAYS:
        yield from _by_working_days(trail, due_at.date())
    else:
        yield from _by_plain_days(trail)


def _days(first: date, last: date) -> Iterator[date]:
    for n in range((last - first).days + 1):
        yield first + n * _ONE_DAY


def _by_working_days(trail: Trail, due_on: date) -> Iterator[Step]:
    whole, total = ceil(trail.limit.amount), 0
    marked = [(on, _mark(trail, on)) for on in _days(_first_day(trail), due_on)]
    for mark, group in groupby(marked, key=lambda pair: pair[1]):
        days = [on for on, _ in group]
        counts = mark.rule in ("counted", "worked")
        total += len(days) * counts
        sum_so_far = f"tính {len(days)} ngày làm việc (cộng dồn {total}/{whole})"
        yield _step(days[0], days[-1], mark, sum_so_far)


def _by_plain_days(trail: Trail) -> Iterator[Step]:
    """Days in a row, days of rest among them; only a pause stands out."""
    total = 0
    marked = [(on, _is_paused(trail, on)) for on in _days(_first_day(trail), trail.last_day)]
    for paused, group in groupby(marked, key=lambda pair: pair[1]):
        days = [on for on, _ in group]
        total += 0 if paused else len(days)
        said = f"tính {len(days)} ngày liên tục, kể cả ngày nghỉ"
        if trail.limit.unit is LimitUnit.CALENDAR_DAYS:
            said += f" (cộng dồn {total}/{ceil(trail.limit.amount)})"
        mark = _Mark("paused", document=ND118_PAUSE) if paused else _Mark("counted", document=f"{BLDS_147} khoản 2")
        yield _step(days[0], days[-1], mark, said)


def _by_hours(trail: Trail, due_at: datetime) -> Iterator[Step]:
    hours = trail.limit.amount * (1 if trail.limit.unit is LimitUnit.HOURS else HOURS_PER_DAY)
    total = timedelta(0)
    marked = [(on, _hour_mark(trail, on, due_at)) for on in _days(trail.start.date(), due_at.date())]
    for mark, group in groupby(marked, key=lambda pair: pair[1]):
        days = [on for on, _ in group]
        counted = (mark.hours or timedelta(0)) * len(days)
        total += counted
        sum_so_far = f"tính {say_duration(counted)} (cộng dồn {say_duration(total)}/{say_amount(Fraction(hours))} giờ)"
        yield _step(days[0], days[-1], mark, sum_so_far)


def _hour_mark(trail: Trail, on: date, due_at: datetime) -> _Mark:
    """What of one day counted by the hour."""
    calendar, mark = trail.calendar, _mark(trail, on, pauses=False)
    if mark.rule not in ("counted", "worked"):
        return mark
    opens, closes = calendar.first_open(on), calendar.last_open(on)
    start, end = max(opens, trail.start), min(closes, due_at)
    counted = calendar.open_time_between(start, end)
    for span in trail.paused:
        counted -= calendar.open_time_between(min(max(span.start, start), end), min(max(span.end, start), end))
    if not counted:
        return _Mark("paused", document=ND118_PAUSE)
    return mark._replace(hours=counted, part=None if (start, end) == (opens, closes) else (start, end))


def _first_day(trail: Trail) -> date:
    """The first day that can count."""
    on = trail.start.date()
    counts = trail.limit.unit is not LimitUnit.WORKING_DAYS or trail.calendar.is_working_day(on)
    return on if trail.rules.first_day_counted and counts else on + _ONE_DAY


def _is_paused(trail: Trail, on: date) -> bool:
    """As days are counted: from the day after a pause began to the day it ended."""
    first = trail.start.date()
    local = trail.calendar.local_date
    return any(max(local(span.start), first) < on <= local(span.end) for span in trail.paused)


def _mark(trail: Trail, on: date, *, pauses: bool = True) -> _Mark:
    if pauses and _is_paused(trail, on):
        return _Mark("paused", document=ND118_PAUSE)
    day: CalendarDay = trail.calendar.day(on)
    document = ground(day.document)
    if not day.is_working:
        plain = not day.name and not trail.calendar.week[on.weekday()]
        return _Mark("weekend") if plain else _Mark("off", day.name, document)
    return _Mark("worked", day.name, document) if day.name or on.weekday() > 4 else _Mark("counted")


def _step(first: date, last: date, mark: _Mark, counted: str) -> Step:
    """One line. `counted` is what a span that counts adds."""
    if mark.part is not None:
        start, end = mark.part
        span = f"từ {start:%H:%M} đến {end:%H:%M} {say_day(first)}"
    else:
        span = say_day(first) if first == last else f"từ {say_day(first)} đến {say_day(last)}"
    name = f" ({mark.name})" if mark.name else ""
    if mark.rule == "worked":
        span, name = span + name, ""
    made_up = "ngày làm bù, " if first.weekday() > 4 else ""
    said = {
        "counted": counted,
        "worked": made_up + counted,
        "off": f"ngày nghỉ, không tính{name}",
        "weekend": "nghỉ hằng tuần, không tính",
        "paused": "tạm dừng, không tính",
    }[mark.rule]
    return Step(capital(f"{span}: {said}."), last, mark.rule, mark.document)


__all__ = ["spans_told"]
