"""The sandbox's own calendar: a written-out list and a walk from day to day, on purpose slow and simple.

It shares nothing with the monitor's calendar, so that two independent counts agreeing means something. Sources of the
days: Bộ luật Lao động 2019 Điều 112; for the swaps văn bản 12729/VPCP-KGVX (2026-01-02), TB 9441/TB-BNV (2026-08-31),
TB 6150/TB-BLĐTBXH (2025-05-02); Nghị quyết 28/2026/QH16 for 24 November.
"""

from datetime import date, datetime, time, timedelta, timezone

VN = timezone(timedelta(hours=7))

_OFF_2025 = """2025-01-01 2025-01-27 2025-01-28 2025-01-29 2025-01-30 2025-01-31 2025-04-07 2025-04-30 2025-05-01
2025-05-02 2025-09-01 2025-09-02"""
_OFF_2026 = """2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-04-27 2026-04-30
2026-05-01 2026-08-31 2026-09-01 2026-09-02 2026-11-24"""
_OFF_2027 = (
    "2027-01-01 2027-02-04 2027-02-05 2027-02-08 2027-02-09 2027-02-10"  # Tết 2027 is a guess: not announced yet
)
OFF = frozenset(map(date.fromisoformat, f"{_OFF_2025} {_OFF_2026} {_OFF_2027}".split()))
WORKED_SATURDAYS = frozenset({date(2025, 4, 26), date(2026, 1, 10), date(2026, 8, 22)})
DECREED_UNTIL = date(2026, 12, 31)  # days off after it are a guess
FIRST_DAY, LAST_DAY = date(2025, 1, 1), date(2027, 3, 31)


def works(day: date) -> bool:
    """Whether state offices work that day. ValueError outside the days that are written out."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"the sandbox knows no days off of {day.year}")
    if day in WORKED_SATURDAYS:
        return True
    return day.weekday() < 5 and day not in OFF


def walk(day: date, working_days: int) -> date:
    """That many working days on (or back, if negative); the day itself is never counted."""
    step = timedelta(days=1 if working_days > 0 else -1)
    left = abs(working_days)
    while left:
        day += step
        if works(day):
            left -= 1
    return day


def working_day_from(day: date) -> date:
    """That day, or the next one on which offices work."""
    while not works(day):
        day += timedelta(days=1)
    return day


def working_day_until(day: date) -> date:
    """That day, or the last one before it on which offices work."""
    while not works(day):
        day -= timedelta(days=1)
    return day


def last_day_for_letter(promised_on: date) -> date:
    """The last working day on or before the day before the promise (NĐ 118/2025 Điều 19 khoản 6)."""
    return working_day_until(promised_on - timedelta(days=1))


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """That hour of that day in Vietnam."""
    return datetime.combine(day, time(hour, minute), VN)


def local(instant: datetime) -> datetime:
    """The same instant on a clock in Vietnam."""
    return instant.astimezone(VN)
