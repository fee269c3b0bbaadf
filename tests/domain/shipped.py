"""Vietnam's calendar as the product ships it, loaded once."""

from functools import cache
from pathlib import Path

from monitor.calendars import load_calendar
from monitor.domain.calendar import WorkingCalendar
from monitor.settings import CalendarSettings


@cache
def vietnam() -> WorkingCalendar:
    return load_calendar(CalendarSettings(), "Asia/Ho_Chi_Minh", Path())
