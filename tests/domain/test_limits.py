"""Time limits as real procedures write them; a number without a unit is never guessed."""

from datetime import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.domain.limits import (
    CountingRules,
    LimitUnclear,
    LimitUnit,
    TimeLimit,
    is_by_hours,
    is_same_day,
    parse_limit,
)
from tests.counts import proof_examples


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("05 ngày làm việc", 5, LimitUnit.WORKING_DAYS),
        ("8 giờ làm việc", 8, LimitUnit.HOURS),
        ("8 Giờ", 8, LimitUnit.HOURS),
        ("1,5 ngày", Fraction(3, 2), LimitUnit.CALENDAR_DAYS),
        ("1.5 Ngày làm việc", Fraction(3, 2), LimitUnit.WORKING_DAYS),
        ("20 ngày", 20, LimitUnit.CALENDAR_DAYS),
        ("3 tháng", 3, LimitUnit.MONTHS),
        ("3 Tháng", 3, LimitUnit.MONTHS),
        ("15 (mười lăm) ngày làm việc", 15, LimitUnit.WORKING_DAYS),
        ("Không quá 07 ngày làm việc.", 7, LimitUnit.WORKING_DAYS),
        ("trong thời hạn tối đa 10 ngày", 10, LimitUnit.CALENDAR_DAYS),
        ("  5\u00a0 ngày \n làm  việc ", 5, LimitUnit.WORKING_DAYS),
        ("5 ngày làm việc".replace("à", "a\u0300"), 5, LimitUnit.WORKING_DAYS),  # decomposed letters
    ],
)
def test_what_can_be_counted(text: str, amount: Fraction | int, unit: LimitUnit) -> None:
    assert parse_limit(text) == TimeLimit(Fraction(amount), unit)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no_time"),
        (" . ", "no_time"),
        ("3", "no_unit"),  # 1.004873 really says so; law-forms-channels.md §7.2
        ("3.", "no_unit"),
        ("30 (ba mươi)", "no_unit"),
        ("0 ngày làm việc", "zero"),
        ("0,0 ngày", "zero"),
        ("1,5 tháng", "part_of_month"),
        ("2 tuần", "unknown_unit"),
        ("1 năm", "unknown_unit"),
        ("5 ngày kể từ ngày nhận đủ hồ sơ", "unknown_unit"),
        ("từ 3 đến 5 ngày", "unreadable"),
        ("3-5 ngày làm việc", "unreadable"),
        ("ngày làm việc", "unreadable"),
        ("giờ", "unreadable"),
        ("-5 ngày", "unreadable"),
        ("120,000 VNĐ", "unreadable"),  # cells glued by a crawl
        ("10 (ngày làm việc)", "no_unit"),
        ("10 (ngày làm việc) ngày", "unreadable"),  # dropping the brackets would change the unit
        ("5 ngày làm việc 3 giờ", "unreadable"),
    ],
)
def test_what_cannot_be_counted_says_why(text: str, reason: str) -> None:
    with pytest.raises(LimitUnclear) as caught:
        parse_limit(text)
    assert caught.value.reason == reason
    assert str(caught.value)


def test_an_unclear_limit_says_what_to_write() -> None:
    with pytest.raises(LimitUnclear, match="hãy ghi như") as caught:
        parse_limit("3")
    assert "không có đơn vị" in str(caught.value)


@settings(max_examples=proof_examples(200, 5000), deadline=None)
@given(st.fractions(min_value=Fraction(1, 100), max_value=9999, max_denominator=100), st.sampled_from(LimitUnit))
def test_a_limit_reads_its_own_text(amount: Fraction, unit: LimitUnit) -> None:
    amount = Fraction(round(amount * 100), 100) or Fraction(1)
    if unit is LimitUnit.MONTHS:
        amount = Fraction(max(1, int(amount)))
    limit = TimeLimit(amount, unit)
    assert parse_limit(limit.text_vi) == limit


@settings(max_examples=proof_examples(200, 20_000), deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_a_limit_or_unclear(text: str) -> None:
    try:
        told = parse_limit(text).text_vi
    except LimitUnclear as unclear:
        told = unclear.reason
    assert told


@pytest.mark.parametrize(
    ("text", "within"),
    [
        ("8 giờ", True),
        ("9 giờ", False),
        ("1 ngày làm việc", True),
        ("1 ngày", True),
        ("2 ngày", False),
        ("1 tháng", False),
    ],
)
def test_which_limits_the_same_day_rule_can_go_with(text: str, within: bool) -> None:
    assert parse_limit(text).is_within_a_day is within


def test_what_runs_by_the_hour() -> None:
    day, hours, calendar_day = parse_limit("1 ngày làm việc"), parse_limit("4 giờ"), parse_limit("1 ngày")
    same_day = CountingRules(same_day_until=time(15))
    by_hours = CountingRules(day_is_hours=True)
    assert [is_by_hours(limit, CountingRules()) for limit in (day, hours, calendar_day)] == [False, True, False]
    assert [is_by_hours(limit, by_hours) for limit in (day, hours, calendar_day)] == [True, True, False]
    assert [is_by_hours(limit, same_day) for limit in (day, hours, calendar_day)] == [False, False, False]
    assert is_same_day(day, same_day)
    assert not is_same_day(parse_limit("2 ngày"), same_day)
