"""A second opinion that shares no code with the product: Việt Nam's days typed by hand, time counted minute by
minute through one long list of open minutes."""

from datetime import date, datetime, timedelta

BEGIN = date(2022, 1, 1)
END = date(2026, 12, 31)
FIRST_MINUTE = datetime(2022, 1, 1)

# law.md §5.2 and the announcements of 2022 and 2023, weekends included where they belong to a run
OFF = """
2022-01-01 2022-01-03
2022-01-31 2022-02-04
2022-04-10 2022-04-11
2022-04-30 2022-05-03
2022-09-01 2022-09-02
2023-01-01 2023-01-02
2023-01-20 2023-01-26
2023-04-29 2023-05-03
2023-09-01 2023-09-04
2024-01-01 2024-01-01
2024-02-08 2024-02-14
2024-04-18 2024-04-18
2024-04-29 2024-05-01
2024-09-02 2024-09-03
2025-01-01 2025-01-01
2025-01-25 2025-02-02
2025-04-07 2025-04-07
2025-04-30 2025-05-02
2025-09-01 2025-09-02
2026-01-01 2026-01-02
2026-02-14 2026-02-22
2026-04-26 2026-04-27
2026-04-30 2026-05-01
2026-08-31 2026-09-02
2026-11-24 2026-11-24
"""
WORKED = {date(2024, 5, 4), date(2025, 4, 26), date(2026, 1, 10), date(2026, 8, 22)}


def _days_off() -> set[date]:
    days = set()
    for line in OFF.split("\n"):
        if line:
            on, last = (date.fromisoformat(text) for text in line.split())
            while on <= last:
                days.add(on)
                on += timedelta(days=1)
    return days


DAYS_OFF = _days_off()


def works(on: date) -> bool:
    return on in WORKED or (on.isoweekday() < 6 and on not in DAYS_OFF)


def open_minutes() -> list[int]:
    """Every open minute of the five years, counted from FIRST_MINUTE, found by asking each minute of each day."""
    found = []
    minute = 0
    on = BEGIN
    while on <= END:
        today = works(on)
        for of_day in range(1440):
            if today and (450 <= of_day < 690 or 780 <= of_day < 1020):
                found.append(minute)
            minute += 1
        on += timedelta(days=1)
    return found


def due_day(on: date, days: int) -> date:
    """Walks day by day; the first one does not count."""
    while days:
        on += timedelta(days=1)
        if works(on):
            days -= 1
    return on
