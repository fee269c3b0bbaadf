"""What the clock costs, as ratios in one run: `python -m bench.clock [dossiers]`. A line says its aim and figure.

Whole days against numpy's `busday_offset`, hours against the same (the harder task against the easier one), both
against `businesstimedelta` on a sample; a full judgement one by one. Time is the process's own processor time, so that
neighbours on the machine disturb little; the best of three runs stands, for every side. Answers are compared too: numpy
knows no make-up days.
"""

import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import businesstimedelta
import numpy as np

from monitor.calendars import load_calendar
from monitor.domain.bulk import due_days, due_ticks
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.deadline import count_due
from monitor.domain.dossier import Facts, Status
from monitor.domain.limits import CountingRules, LimitUnit, TimeLimit
from monitor.domain.stage import Warning, judge
from monitor.settings import CalendarSettings

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 22, tzinfo=UTC)
SAMPLE = 2_000
HOUR = 3_600_000_000
_PYTZ = businesstimedelta.pytz.timezone(ZONE.key)  # the library takes no other kind of zone
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cost(work: Callable[[], object], items: int, times: int = 3) -> float:
    """Microseconds an item: the best of so many runs."""
    best = float("inf")
    for _ in range(times):
        began = time.process_time()
        work()
        best = min(best, (time.process_time() - began) / items * 1e6)
    return best


def said(what: str, measured: str, aim: str = "", met: bool | None = None) -> None:
    verdict = "" if met is None else "met" if met else "NOT MET"
    print(f"{what:<58} {measured:>24}   {aim:<16} {verdict}")


class Case:
    """Dossiers received in 2026, each with a term of 1 to 30 days (or hours)."""

    def __init__(self, calendar: WorkingCalendar, dossiers: int) -> None:
        dice = random.Random(20261122)
        start = datetime(2026, 1, 5, tzinfo=UTC)
        self.instants = [start + timedelta(seconds=dice.randrange(300 * 86_400)) for _ in range(dossiers)]
        self.days = [calendar.local_date(at) for at in self.instants]
        self.terms = [dice.randrange(1, 31) for _ in range(dossiers)]
        self.ticks = [(at - _EPOCH) // timedelta(microseconds=1) for at in self.instants]
        self.amounts = [n * HOUR for n in self.terms]


def naive_day(calendar: WorkingCalendar, on: date, days: int) -> date:
    """The usual loop: a day at a time."""
    while days:
        on += timedelta(days=1)
        days -= calendar.is_working_day(on)
    return on


def numpy_days(calendar: WorkingCalendar, case: Case) -> tuple[Callable[[], object], "np.ndarray"]:
    """What numpy is asked, prepared beforehand; and our answers as it would write them."""
    every = [date(2025, 1, 1) + timedelta(days=n) for n in range(3 * 365)]
    off = np.array([on for on in every if on.weekday() < 5 and not calendar.is_working_day(on)], dtype="M8[D]")
    rules = np.busdaycalendar(holidays=off)
    starts, terms = np.array(case.days, dtype="M8[D]"), np.array(case.terms)
    ours = np.array(due_days(calendar, case.days, case.terms), dtype="M8[D]")
    return lambda: np.busday_offset(starts, terms, roll="backward", busdaycal=rules), ours


def by_library(calendar: WorkingCalendar) -> businesstimedelta.Rules:
    """Our week and days off in `businesstimedelta`, which knows no make-up days either."""
    every = [date(2025, 1, 1) + timedelta(days=n) for n in range(3 * 365)]
    off = [on for on in every if on.weekday() < 5 and not calendar.is_working_day(on)]
    at = [datetime.min.time().replace(hour=h, minute=m) for h, m in ((7, 30), (17, 0), (11, 30), (13, 0))]
    work = businesstimedelta.WorkDayRule(at[0], at[1], [0, 1, 2, 3, 4], tz=_PYTZ)
    lunch = businesstimedelta.LunchTimeRule(at[2], at[3], [0, 1, 2, 3, 4], tz=_PYTZ)
    return businesstimedelta.Rules([work, lunch, businesstimedelta.HolidayRule(off, tz=_PYTZ)])


def library_cost(rules: businesstimedelta.Rules, case: Case, hours: int) -> tuple[float, list[datetime]]:
    """Microseconds a dossier of the sample, a term's unit being so many working hours; and the answers."""
    sample = list(zip(case.instants[:SAMPLE], case.terms, strict=False))
    found: list[datetime] = []

    def work() -> None:
        found[:] = [at + businesstimedelta.BusinessTimeDelta(rules, hours=n * hours) for at, n in sample]

    return cost(work, len(sample), times=1), found


def whole_days(calendar: WorkingCalendar, case: Case, rules: businesstimedelta.Rules) -> float:
    """Prints; returns numpy's cost, the measure for what follows."""
    number = len(case.days)
    ask_numpy, ours = numpy_days(calendar, case)
    theirs = cost(ask_numpy, number)
    bulk = cost(lambda: due_days(calendar, case.days, case.terms), number)
    single = cost(
        lambda: [calendar.add_working_days(on, n) for on, n in zip(case.days, case.terms, strict=True)], number
    )
    wrong = int((ours != ask_numpy()).sum())
    said("numpy busday_offset", f"{theirs:.3f} µs")
    said("whole days, all at once", f"{bulk:.3f} µs, {bulk / theirs:.2f}x numpy", "within 2x", bulk <= 2 * theirs)
    said("whole days, one call a dossier", f"{single:.3f} µs, {single / theirs:.1f}x numpy")
    plain = [naive_day(calendar, on, n) for on, n in zip(case.days[:SAMPLE], case.terms, strict=False)]
    unlike = int((np.array(plain, dtype="M8[D]") != ours[:SAMPLE]).sum())
    said("  ours unlike a plain loop over days (sample)", f"{unlike} of {len(plain)}", "0", unlike == 0)
    said("  numpy wrong (make-up days it does not know)", f"{wrong} of {number}", "we are exact", wrong > 0)
    library, _ = library_cost(rules, case, 8)
    said(
        "businesstimedelta, days of 8 hours (sample)",
        f"{library:.0f} µs, {library / bulk:,.0f}x ours",
        "over 1000x",
        library > 1000 * bulk,
    )
    return theirs


def by_hours(calendar: WorkingCalendar, case: Case, rules: businesstimedelta.Rules, theirs: float) -> None:
    number = len(case.ticks)
    bulk = cost(lambda: due_ticks(calendar, case.ticks, case.amounts), number)
    pairs = [(at, timedelta(hours=n)) for at, n in zip(case.instants, case.terms, strict=True)]
    single = cost(lambda: [calendar.add_open_time(at, amount) for at, amount in pairs], number, times=1)
    said("to the second, all at once", f"{bulk:.3f} µs, {bulk / theirs:.1f}x numpy", "within 20x", bulk <= 20 * theirs)
    said("to the second, one call a dossier", f"{single:.3f} µs, {single / theirs:.1f}x numpy")
    library, answers = library_cost(rules, case, 1)
    said(
        "businesstimedelta, hours (sample)",
        f"{library:.0f} µs, {library / bulk:,.0f}x ours",
        "over 1000x",
        library > 1000 * bulk,
    )
    plain = WorkingCalendar(ZONE, date(2026, 1, 1), date(2027, 12, 31), calendar.week, _days_off(calendar))
    pairs = pairs[:SAMPLE]
    agree = sum(plain.add_open_time(at, amount) == answer for (at, amount), answer in zip(pairs, answers, strict=True))
    said("  same answers where nothing is made up (sample)", f"{agree} of {len(pairs)}", "all", agree == len(pairs))


def _days_off(calendar: WorkingCalendar) -> list[object]:
    every = [date(2026, 1, 1) + timedelta(days=n) for n in range(2 * 365)]
    return [calendar.day(on) for on in every if on.weekday() < 5 and not calendar.is_working_day(on)]


def judgements(calendar: WorkingCalendar, case: Case) -> None:
    limits = {n: TimeLimit(Fraction(n), LimitUnit.WORKING_DAYS) for n in range(1, 31)}
    some = [(at, limits[n]) for at, n in zip(case.instants[:100_000], case.terms, strict=False)]
    counted = cost(lambda: [count_due(at, limit, CountingRules(), calendar) for at, limit in some], len(some))
    said("our own count with the letter's day", f"{counted:.2f} µs")
    promises = [calendar.midnight(on) for on in due_days(calendar, case.days, case.terms)]
    facts = [
        Facts(Status.PROCESSING, received_at=at, promised_at=promised.astimezone(UTC))
        for at, promised in zip(case.instants, promises, strict=True)
        if at <= NOW
    ]
    for name, warning in (("3 days", Warning()), ("3 days or 20 %", Warning(3, Fraction(1, 5)))):
        began = time.process_time()
        for one in facts:
            judge(one, calendar, warning, NOW)
        took = (time.process_time() - began) / len(facts) * 1e6
        said(f"a full judgement, warned by {name}", f"{took:.2f} µs", "under 20 µs", took < 20)
        said("  a million of them, one core", f"{took:.1f} s", "under 20 s", took < 20)


def main(dossiers: int) -> None:
    calendar = load_calendar(CalendarSettings(), "Asia/Ho_Chi_Minh", Path())
    case = Case(calendar, dossiers)
    due_days(calendar, case.days[:1], case.terms[:1])  # the tables are laid out once, on first use
    due_ticks(calendar, case.ticks[:1], case.amounts[:1])
    print(f"{dossiers} dossiers, Python {sys.version.split()[0]}, numpy {np.__version__}, processor time a dossier")
    rules = by_library(calendar)
    theirs = whole_days(calendar, case, rules)
    by_hours(calendar, case, rules, theirs)
    judgements(calendar, case)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
