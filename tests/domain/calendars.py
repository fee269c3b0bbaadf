"""A calendar for the rules' tests: office hours of a week, the days off around November 2026."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from monitor.domain.calendar import Block, CalendarDay, WorkingCalendar

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOURS = (Block(27_000, 41_400), Block(46_800, 61_200))  # 07:30-11:30, 13:00-17:00


def november() -> WorkingCalendar:
    """2026, with Tue 24/11 off and Sat 22/8 worked for Mon 31/8."""
    week = [HOURS] * 5 + [()] * 2
    special = [
        CalendarDay(date(2026, 11, 24), (), "Ngày Văn hóa Việt Nam", "28/2026/QH16", is_working=False),
        CalendarDay(date(2026, 8, 31), (), "nghỉ hoán đổi", "TB 9441/TB-BNV", is_working=False),
        CalendarDay(date(2026, 8, 22), HOURS, "làm bù", "TB 9441/TB-BNV"),
    ]
    return WorkingCalendar(ZONE, date(2026, 1, 1), date(2027, 1, 31), week, special)


def at(text: str) -> datetime:
    """`2026-11-23 08:00` in Việt Nam."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)
