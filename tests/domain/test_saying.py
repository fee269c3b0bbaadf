"""How days, instants and amounts are said."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from monitor.domain.saying import capital, say_amount, say_day, say_duration, say_instant
from tests.domain.calendars import at


def test_days_and_instants() -> None:
    assert say_day(date(2026, 11, 25)) == "thứ Tư 25/11/2026"
    assert say_day(date(2026, 11, 1)) == "Chủ nhật 01/11/2026"
    assert say_instant(at("2026-11-25 17:00")) == "17:00 thứ Tư 25/11/2026"
    assert say_instant(at("2026-11-25 17:00:05")) == "17:00:05 thứ Tư 25/11/2026"
    assert capital("thứ Tư 25/11/2026") == "Thứ Tư 25/11/2026"
    assert capital("") == ""


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        (Fraction(5), "5"),
        (Fraction(3, 2), "1,5"),
        (Fraction(5, 4), "1,25"),
        (Fraction(1, 3), "1/3"),
        (Fraction(100), "100"),
    ],
)
def test_amounts(amount: Fraction, said: str) -> None:
    assert say_amount(amount) == said


def test_durations_name_what_is_not_zero() -> None:
    said = {timedelta(hours=8): "8 giờ", timedelta(minutes=83): "1 giờ 23 phút", timedelta(seconds=20): "20 giây",
            timedelta(0): "0 phút"}  # fmt: skip
    assert {length: say_duration(length) for length in said} == said
