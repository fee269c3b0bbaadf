"""Dates as NĐ 30/2020 writes them."""

from datetime import date, datetime

import pytest

from monitor.letters.dates import capital, day, hour_and_day


@pytest.mark.parametrize(
    ("on", "words"),
    [
        (date(2026, 2, 5), "ngày 05 tháng 02 năm 2026"),  # a 0 before days under 10 and months 1, 2
        (date(2026, 3, 10), "ngày 10 tháng 3 năm 2026"),
        (date(2026, 12, 31), "ngày 31 tháng 12 năm 2026"),
    ],
)
def test_a_day(on: date, words: str) -> None:
    assert day(on) == words


def test_an_hour_and_a_day() -> None:
    assert hour_and_day(datetime(2026, 1, 9, 7, 5)) == "07 giờ 05 phút, ngày 09 tháng 01 năm 2026"
    assert capital("ngày 10") == "Ngày 10"
