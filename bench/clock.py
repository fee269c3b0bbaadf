"""What the clock costs, as ratios in one run: `python bench/clock.py [dossiers]`.

Whole days against numpy's `busday_offset` where numpy is installed, else against a plain loop over days. Hours per
dossier. The naive loop is a sample, scaled by the number it did. Figures are of this machine and this run only.
"""

import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from monitor.calendars import load_calendar
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.deadline import count_due
from monitor.domain.dossier import Facts, Status
from monitor.domain.limits import CountingRules, LimitUnit, TimeLimit
from monitor.domain.stage import Warning, judge
from monitor.settings import CalendarSettings

PLAIN = CountingRules()
SAMPLE = 2_000


def per_item(work: Callable[[], object], items: int) -> float:
    """Microseconds an item, by the machine's clock."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) / items * 1e6


def naive_day(calendar: WorkingCalendar, on: date, days: int) -> date:
    """The usual loop: a day at a time."""
    while days:
        on += timedelta(days=1)
        days -= calendar.is_working_day(on)
    return on


def naive_minute(calendar: WorkingCalendar, at: datetime, minutes: int) -> datetime:
    """The usual loop: a minute at a time."""
    while minutes:
        minutes -= calendar.next_open(at) == at
        at += timedelta(minutes=1)
    return at


def numpy_days(calendar: WorkingCalendar, days: list[date], terms: list[int]) -> tuple[float, int] | None:
    """numpy's microseconds a dossier and how many of its answers are wrong; None without numpy."""
    try:
        import numpy as np  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    every = [date(2025, 1, 1) + timedelta(days=n) for n in range(3 * 365)]
    off = np.array([on for on in every if on.weekday() < 5 and not calendar.is_working_day(on)], dtype="M8[D]")
    rules = np.busdaycalendar(holidays=off)
    starts, offsets = np.array(days, dtype="M8[D]"), np.array(terms)
    found: list[object] = []
    cost = per_item(
        lambda: found.append(np.busday_offset(starts, offsets, roll="backward", busdaycal=rules)), len(days)
    )
    ours = [calendar.add_working_days(on, n) for on, n in zip(days, terms, strict=True)]
    return cost, int((np.array(ours, dtype="M8[D]") != found[0]).sum())


def main(dossiers: int) -> None:
    calendar = load_calendar(CalendarSettings(), "Asia/Ho_Chi_Minh", Path())
    random.seed(20261122)
    instants = [
        datetime(2026, 1, 5, tzinfo=UTC) + timedelta(seconds=random.randrange(300 * 86_400)) for _ in range(dossiers)
    ]
    days = [calendar.local_date(at) for at in instants]
    terms = [random.randrange(1, 31) for _ in range(dossiers)]
    pairs = list(zip(days, terms, strict=True))
    calendar.add_open_time(instants[0], timedelta(hours=1))  # the segments are laid out once, on first use

    print(f"{dossiers} dossiers, Python {sys.version.split()[0]}")
    ours = per_item(lambda: [calendar.add_working_days(on, n) for on, n in pairs], dossiers)
    print(f"whole days, due date        {ours:8.3f} µs a dossier")
    against = numpy_days(calendar, days, terms)
    if against is None:
        print("numpy is not installed: compared with a plain loop over days only")
    else:
        cost, wrong = against
        print(f"  numpy busday_offset       {cost:8.3f} µs; ours costs {ours / cost:.1f}x; numpy wrong for {wrong}")
    loop = per_item(lambda: [naive_day(calendar, on, n) for on, n in pairs[:SAMPLE]], min(SAMPLE, dossiers))
    print(f"  plain loop over days      {loop:8.3f} µs; ours is {loop / ours:.0f}x as fast")

    hours = [timedelta(hours=n) for n in terms]
    both = list(zip(instants, hours, strict=True))
    by_hour = per_item(lambda: [calendar.add_open_time(at, h) for at, h in both], dossiers)
    print(f"to the second, due instant  {by_hour:8.3f} µs; {by_hour / ours:.1f}x the whole days")
    few = [(at, n) for at, n in zip(instants, terms, strict=True) if n <= 8][:20]
    minutes = per_item(lambda: [naive_minute(calendar, at, n * 60) for at, n in few], len(few))
    print(f"  plain loop over minutes   {minutes:8.0f} µs; ours is {minutes / by_hour:.0f}x as fast")

    limits = {n: TimeLimit(Fraction(n), LimitUnit.WORKING_DAYS) for n in range(1, 31)}
    cases = [(at, limits[n]) for at, n in zip(instants, terms, strict=True)]
    counted = per_item(lambda: [count_due(at, limit, PLAIN, calendar) for at, limit in cases], dossiers)
    print(f"counted deadline and letter {counted:8.3f} µs")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    facts = [
        Facts(Status.PROCESSING, received_at=at, promised_at=calendar.midnight(calendar.add_working_days(on, n)))
        for at, on, n in zip(instants, days, terms, strict=True)
        if at <= now
    ]
    warning = Warning()
    judged = per_item(lambda: [judge(f, calendar, warning, now) for f in facts], len(facts))
    print(f"a full judgement            {judged:8.3f} µs; a million: {judged:.1f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
