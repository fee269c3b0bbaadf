"""The sandbox's own calendar against the vectors of law.md §4.6 and §5.2."""

from datetime import date, timedelta

import pytest

from monitor.sandbox import calendar as days

D = date.fromisoformat

DUE = [
    ("2026-11-20", 5, "2026-11-30", "skips Tuesday 24/11, the new day off"),
    ("2026-11-23", 1, "2026-11-25", "the day after is a day off"),
    ("2025-12-31", 3, "2026-01-07", "2/1 was swapped away"),
    ("2026-01-07", 3, "2026-01-10", "the Saturday worked instead counts"),
    ("2026-08-20", 3, "2026-08-24", "Saturday 22/8 is worked"),
    ("2026-08-28", 1, "2026-09-03", "31/8 to 2/9 are off"),
    ("2026-02-13", 2, "2026-02-24", "over Tết"),
    ("2026-04-24", 3, "2026-05-04", "27/4 in lieu of Giỗ Tổ, 30/4, 1/5"),
]


@pytest.mark.parametrize(("start", "count", "end", "why"), DUE, ids=[why for *_, why in DUE])
def test_a_term_ends_on_the_day_the_law_says(start: str, count: int, end: str, why: str) -> None:
    assert days.walk(D(start), count) == D(end), why


@pytest.mark.parametrize(
    ("promised", "letter"),
    [("2026-11-25", "2026-11-23"), ("2026-11-30", "2026-11-27"), ("2026-02-23", "2026-02-13")],
)
def test_the_letter_goes_on_the_last_working_day_before(promised: str, letter: str) -> None:
    assert days.last_day_for_letter(D(promised)) == D(letter)


@pytest.mark.parametrize(
    ("day", "works", "why"),
    [
        ("2025-04-26", True, "a Saturday worked for 2/5"),
        ("2025-05-02", False, "the Friday it bought"),
        ("2026-01-02", False, "swapped for 10/1"),
        ("2026-01-10", True, "worked for 2/1"),
        ("2026-08-31", False, "swapped for 22/8"),
        ("2026-08-22", True, "worked for 31/8"),
        ("2026-11-24", False, "Ngày Văn hóa Việt Nam"),
        ("2026-11-23", True, "an ordinary Monday"),
        ("2026-11-22", False, "a Sunday"),
    ],
)
def test_each_named_day(day: str, works: bool, why: str) -> None:
    assert days.works(D(day)) is works, why


def test_walking_back_undoes_walking_on() -> None:
    start = D("2025-06-02")
    for offset in range(0, 300, 7):
        day = days.working_day_from(start + timedelta(days=offset))
        assert days.walk(days.walk(day, 9), -9) == day


def test_a_day_nobody_wrote_down_is_refused_instead_of_guessed() -> None:
    with pytest.raises(ValueError, match="2024"):
        days.works(D("2024-12-31"))


def test_the_monitors_calendar_agrees_on_every_day_of_both_years(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two lists, typed in twice from the same documents."""
    from monitor.calendars import load_calendar
    from monitor.settings import CalendarSettings

    theirs = load_calendar(CalendarSettings(), "Asia/Ho_Chi_Minh", tmp_path_factory.mktemp("empty"))
    day = D("2025-01-01")
    while day <= D("2026-12-31"):
        assert theirs.is_working_day(day) == days.works(day), day
        day += timedelta(days=1)
