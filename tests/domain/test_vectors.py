"""The rows of law.md §4.6 and §5.2 on the shipped calendar, whatever the machine's own zone and language are."""

import locale
import time as machine_time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, time, timedelta

import pytest

from monitor.domain.apology import letter_by
from monitor.domain.calendar import CalendarDay, WorkingCalendar
from monitor.domain.deadline import Deadline, count_due
from monitor.domain.limits import CountingRules, parse_limit
from tests.domain.shipped import vietnam


@pytest.fixture(params=["UTC", "Asia/Ho_Chi_Minh", "America/New_York"], autouse=True)
def machine_zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The zone and the language of the server must not matter (field-study.md: OnCall #2781)."""
    before = locale.setlocale(locale.LC_ALL)
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        machine_time.tzset()
        with suppress(locale.Error):
            locale.setlocale(locale.LC_ALL, "vi_VN.UTF-8" if request.param == "UTC" else "C")
        yield
    machine_time.tzset()
    locale.setlocale(locale.LC_ALL, before)


def due(accepted: str, term: str, calendar: WorkingCalendar | None = None, hour: int = 10) -> Deadline:
    on = calendar or vietnam()
    received = on.at_time(date.fromisoformat(accepted), time(hour))
    return count_due(received, parse_limit(term), CountingRules(), on)


@pytest.mark.parametrize(
    ("accepted", "days", "expected", "why"),
    [
        ("2026-11-20", 5, "2026-11-30", "skips Tue 24/11, Ngày Văn hóa Việt Nam"),
        ("2026-11-23", 1, "2026-11-25", "the next day is the holiday"),
        ("2025-12-31", 3, "2026-01-07", "2/1 is off by 12729/VPCP-KGVX; the library alone says 6/1"),
        ("2026-01-07", 3, "2026-01-10", "Sat 10/1 is worked for Fri 2/1"),
        ("2026-08-20", 3, "2026-08-24", "Sat 22/8 is worked; Monday to Friday would say 25/8"),
        ("2026-08-28", 1, "2026-09-03", "31/8 to 2/9 off"),
        ("2026-02-13", 2, "2026-02-24", "Tết"),
        ("2026-04-24", 3, "2026-05-04", "27/4 in lieu, 30/4, 1/5"),
    ],
)
def test_due_dates_of_law_4_6(accepted: str, days: int, expected: str, why: str) -> None:
    assert due(accepted, f"{days} ngày làm việc").due_on == date.fromisoformat(expected), why


def test_a_source_that_ignores_make_up_days_has_its_own_rule_set() -> None:
    """The second answer of the row "accept both": without the worked Saturday, Mon 12/1."""
    shipped = vietnam()
    saturday_off = [CalendarDay(date(2026, 1, 10), (), is_working=False)]
    week = [shipped.day(date(2026, 3, 2) + timedelta(days=n)).blocks for n in range(7)]
    ignoring = WorkingCalendar(shipped.zone, date(2026, 1, 1), date(2026, 12, 31), week, saturday_off)
    assert due("2026-01-07", "3 ngày làm việc", ignoring).due_on == date(2026, 1, 12)


@pytest.mark.parametrize(
    ("due_on", "expected"),
    [
        ("2026-11-25", "2026-11-23"),  # the day before is the holiday
        ("2026-11-30", "2026-11-27"),  # over a weekend
        ("2026-02-23", "2026-02-13"),  # over Tết
    ],
)
def test_last_day_of_the_letter_of_law_4_6(due_on: str, expected: str) -> None:
    assert letter_by(date.fromisoformat(due_on), None, vietnam()) == date.fromisoformat(expected)


OFF = [
    ("2024-02-08", "2024-02-14", "Tết 2024"),
    ("2024-09-02", "2024-09-03", "Quốc khánh 2024"),
    ("2024-04-29", "2024-04-29", "hoán đổi 2024"),
    ("2025-01-25", "2025-02-02", "Tết 2025 with its weekends"),
    ("2025-09-01", "2025-09-02", "Quốc khánh 2025"),
    ("2025-05-02", "2025-05-02", "hoán đổi 2025"),
    ("2026-02-14", "2026-02-22", "Tết 2026 with its weekends"),
    ("2026-08-31", "2026-09-02", "Quốc khánh 2026 with its swap"),
    ("2026-04-27", "2026-04-27", "Giỗ Tổ in lieu"),
    ("2026-01-02", "2026-01-02", "the swap the library misses"),
    ("2026-11-24", "2026-11-24", "Ngày Văn hóa Việt Nam"),
    ("2027-05-03", "2027-05-03", "1/5/2027 is a Saturday"),
    ("2027-04-16", "2027-04-16", "Giỗ Tổ 2027"),
    ("2027-09-02", "2027-09-02", "Quốc khánh 2027"),
    ("2027-11-24", "2027-11-24", "Ngày Văn hóa Việt Nam 2027"),
]


@pytest.mark.parametrize(("first", "last", "why"), OFF)
def test_days_off_of_law_5_2(first: str, last: str, why: str) -> None:
    on, end = date.fromisoformat(first), date.fromisoformat(last)
    while on <= end:
        assert not vietnam().is_working_day(on), f"{on}: {why}"
        on += timedelta(days=1)


@pytest.mark.parametrize(
    ("on", "instead_of", "document"),
    [
        ("2024-05-04", "2024-04-29", "2450/VPCP-KGVX"),
        ("2025-04-26", "2025-05-02", "6150/TB-BLĐTBXH"),
        ("2026-01-10", "2026-01-02", "12729/VPCP-KGVX"),
        ("2026-08-22", "2026-08-31", "9441/TB-BNV"),
    ],
)
def test_swapped_saturdays_of_law_5_2_are_worked_and_name_their_decision(
    on: str, instead_of: str, document: str
) -> None:
    worked, off = vietnam().day(date.fromisoformat(on)), vietnam().day(date.fromisoformat(instead_of))
    assert worked.is_working
    assert not off.is_working
    assert document in worked.document
    assert document in off.document
    assert worked.blocks == vietnam().day(off.on - timedelta(days=7)).blocks, "by the hours of the day it replaces"


@pytest.mark.parametrize(
    ("on", "works"),
    [
        ("2026-11-23", True),  # whether it is swapped for the 24th was never settled
        ("2027-02-04", False),
        ("2027-02-10", False),
        ("2027-02-11", True),
        ("2027-09-01", True),
        ("2027-09-03", False),
    ],
)
def test_what_is_not_announced_is_provisional_and_unverified(on: str, works: bool) -> None:
    day = vietnam().day(date.fromisoformat(on))
    assert (day.is_working, day.provisional, day.document) == (works, True, "unverified")


def test_a_deadline_over_an_unconfirmed_day_says_so() -> None:
    assert due("2026-11-20", "5 ngày làm việc").provisional
    assert not due("2026-11-24", "5 ngày làm việc").provisional
    assert due("2026-12-31", "1 ngày làm việc").provisional, "2027 is not announced"
    told = [s for s in due("2026-11-20", "5 ngày làm việc").steps if s.rule == "provisional"]
    assert [s.on for s in told] == [date(2026, 11, 23)]
