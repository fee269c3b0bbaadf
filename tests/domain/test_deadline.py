"""Due dates by every unit and counting rule, and the lines that explain them."""

from datetime import date, datetime, time, timedelta
from fractions import Fraction

import pytest

from monitor.domain.calendar import CalendarExhausted
from monitor.domain.deadline import count_due, elapsed, months_later
from monitor.domain.limits import CountingRules, parse_limit
from monitor.domain.spans import Span
from tests.domain.calendars import at, november

CALENDAR = november()
PLAIN = CountingRules()
FIRST = CountingRules(first_day_counted=True)
CUT_OFF = CountingRules(cut_off=time(16))
SAME_DAY = CountingRules(same_day_until=time(15))
BY_HOURS = CountingRules(day_is_hours=True)


@pytest.mark.parametrize(
    ("received", "term", "rules", "due_at", "why"),
    [
        ("2026-11-20 10:00", "5 ngày làm việc", PLAIN, "2026-11-30 17:00", "BLDS 147: the first day is not counted"),
        ("2026-11-20 10:00", "5 ngày làm việc", FIRST, "2026-11-27 17:00", "the day of reception is the first"),
        ("2026-11-21 10:00", "1 ngày làm việc", FIRST, "2026-11-23 17:00", "a day of rest cannot be the first"),
        ("2026-11-20 10:00", "1 ngày làm việc", FIRST, "2026-11-20 17:00", "one day, counted from today"),
        ("2026-11-20 10:00", "1,5 ngày làm việc", PLAIN, "2026-11-25 17:00", "a part of a day is a day"),
        ("2026-11-20 16:00", "1 ngày làm việc", CUT_OFF, "2026-11-23 17:00", "at the cut-off is not after it"),
        ("2026-11-20 16:01", "1 ngày làm việc", CUT_OFF, "2026-11-25 17:00", "counts as received on Monday"),
        ("2026-11-21 16:01", "1 ngày làm việc", CUT_OFF, "2026-11-23 17:00", "a day of rest has no cut-off"),
        ("2026-11-20 16:01", "4 giờ", CUT_OFF, "2026-11-23 11:30", "counts from Monday's opening"),
        ("2026-11-20 10:00", "8 giờ làm việc", PLAIN, "2026-11-23 10:00", "lunch and the weekend left out"),
        ("2026-11-20 18:00", "8 giờ làm việc", PLAIN, "2026-11-23 17:00", "after hours counts from the opening"),
        ("2026-11-20 10:00", "1 ngày làm việc", BY_HOURS, "2026-11-23 10:00", "8 working hours, law.md §4.2"),
        ("2026-11-20 10:00", "1,5 ngày làm việc", BY_HOURS, "2026-11-23 15:30", "12 working hours"),
        ("2026-11-20 14:59", "1 ngày làm việc", SAME_DAY, "2026-11-20 17:00", "the 15:00 rule: the same day"),
        ("2026-11-20 15:00", "8 giờ", SAME_DAY, "2026-11-20 17:00", "at 15:00 is not after it"),
        ("2026-11-20 15:01", "1 ngày", SAME_DAY, "2026-11-23 17:00", "after 15:00: the next working day"),
        ("2026-11-21 09:00", "8 giờ", SAME_DAY, "2026-11-23 17:00", "received on a day of rest"),
        ("2026-11-20 15:01", "2 ngày làm việc", SAME_DAY, "2026-11-25 17:00", "no same-day procedure: plain count"),
        ("2026-11-01 10:00", "20 ngày", PLAIN, "2026-11-23 17:00", "Sat 21/11 rolls on: BLDS 148 khoản 5"),
        ("2026-11-04 10:00", "20 ngày", PLAIN, "2026-11-25 17:00", "Tue 24/11 is a holiday: rolls on"),
        ("2026-11-05 10:00", "20 ngày", PLAIN, "2026-11-25 17:00", "no roll"),
        ("2026-11-05 10:00", "20 ngày", FIRST, "2026-11-25 17:00", "ends on the holiday, rolls to the same day"),
        ("2026-11-20 10:00", "1,5 ngày", PLAIN, "2026-11-23 17:00", "a part of a day is a day, then it rolls"),
        ("2026-08-31 10:00", "3 tháng", PLAIN, "2026-11-30 17:00", "November has no 31st: BLDS 148 khoản 3"),
        ("2026-08-28 10:00", "3 tháng", PLAIN, "2026-11-30 17:00", "Sat 28/11 rolls on"),
        ("2026-08-26 10:00", "3 tháng", FIRST, "2026-11-25 17:00", "counted from the day itself"),
        ("2026-12-15 10:00", "1 tháng", PLAIN, "2027-01-15 17:00", "over the year's end"),
        ("2026-08-20 10:00", "3 ngày làm việc", PLAIN, "2026-08-24 17:00", "Sat 22/8 is worked"),
    ],
)  # fmt: skip
def test_due(received: str, term: str, rules: CountingRules, due_at: str, why: str) -> None:
    deadline = count_due(at(received), parse_limit(term), rules, CALENDAR)
    assert deadline.due_at == at(due_at), why
    assert deadline.due_on == at(due_at).date()


@pytest.mark.parametrize(
    ("received", "term", "rules", "letter_by"),
    [
        ("2026-11-20 10:00", "5 ngày làm việc", PLAIN, "2026-11-27"),
        ("2026-11-23 10:00", "1 ngày làm việc", PLAIN, "2026-11-23"),  # the day of reception is still a lawful day
        ("2026-11-20 10:00", "4 giờ", PLAIN, None),  # within the day: no lawful day, which is no breach
        ("2026-11-21 10:00", "4 giờ", PLAIN, None),  # received on a day of rest, due on Monday
        ("2026-11-20 10:00", "1 ngày làm việc", SAME_DAY, None),
    ],
)
def test_letter_day_of_a_count(received: str, term: str, rules: CountingRules, letter_by: str | None) -> None:
    deadline = count_due(at(received), parse_limit(term), rules, CALENDAR)
    assert deadline.letter_by == (date.fromisoformat(letter_by) if letter_by else None)
    assert deadline.steps[-1].rule == ("letter_by" if letter_by else "no_lawful_day")


def rules_told(received: str, term: str, rules: CountingRules = PLAIN, paused: tuple[Span, ...] = ()) -> list[str]:
    return [s.rule for s in count_due(at(received), parse_limit(term), rules, CALENDAR, paused).steps]


@pytest.mark.parametrize(
    ("received", "term", "rules", "told"),
    [
        (
            "2026-11-20 10:00",
            "5 ngày làm việc",
            PLAIN,
            ["first_day", "weekend", "counted", "off", "counted", "weekend", "counted"],
        ),
        (
            "2026-11-20 10:00",
            "1,5 ngày làm việc",
            PLAIN,
            ["first_day", "whole_days", "weekend", "counted", "off", "counted"],
        ),
        ("2026-11-20 10:00", "1 ngày làm việc", FIRST, ["first_day", "counted"]),
        ("2026-11-21 10:00", "1 ngày làm việc", FIRST, ["first_day", "weekend", "counted"]),
        ("2026-08-20 10:00", "3 ngày làm việc", PLAIN, ["first_day", "counted", "worked", "weekend", "counted"]),
        ("2026-11-20 16:01", "1 ngày làm việc", CUT_OFF, ["cut_off", "first_day", "off", "counted"]),
        ("2026-11-20 18:00", "1 giờ", PLAIN, ["opening", "hours", "counted"]),
        ("2026-11-20 10:00", "1 ngày làm việc", BY_HOURS, ["day_is_hours", "hours", "counted", "weekend", "counted"]),
        ("2026-11-20 10:00", "1 ngày", SAME_DAY, ["same_day"]),
        ("2026-11-20 15:30", "1 ngày", SAME_DAY, ["same_day"]),
        ("2026-11-21 15:30", "1 ngày", SAME_DAY, ["same_day"]),
        ("2026-11-01 10:00", "20 ngày", PLAIN, ["first_day", "counted", "last_day", "roll"]),
        ("2026-12-15 10:00", "1 tháng", PLAIN, ["first_day", "counted", "last_day"]),
    ],
)
def test_steps_tell_every_rule_that_moved_the_date(
    received: str, term: str, rules: CountingRules, told: list[str]
) -> None:
    steps = rules_told(received, term, rules)
    assert steps[:2] == ["start", "limit"]
    assert steps[2:-2] == told
    assert steps[-2] == "due"


def test_a_step_names_the_day_the_rule_and_the_document() -> None:
    steps = {
        s.rule: s for s in count_due(at("2026-11-20 10:00"), parse_limit("5 ngày làm việc"), PLAIN, CALENDAR).steps
    }
    assert steps["off"].text_vi == "Thứ Ba 24/11/2026: ngày nghỉ, không tính (Ngày Văn hóa Việt Nam)."
    assert (steps["off"].on, steps["off"].document) == (date(2026, 11, 24), "28/2026/QH16")
    assert steps["due"].text_vi == "Hạn trả kết quả: 17:00 thứ Hai 30/11/2026."
    assert steps["weekend"].text_vi == "Từ thứ Bảy 28/11/2026 đến Chủ nhật 29/11/2026: nghỉ hằng tuần, không tính."
    assert steps["counted"].text_vi == "Thứ Hai 30/11/2026: tính 1 ngày làm việc (cộng dồn 5/5)."
    assert "Điều 147 khoản 2" in steps["first_day"].document
    assert "Điều 19 khoản 6" in steps["letter_by"].document
    roll = {s.rule: s for s in count_due(at("2026-11-01 10:00"), parse_limit("20 ngày"), PLAIN, CALENDAR).steps}["roll"]
    assert roll.text_vi == (
        "Thứ Bảy 21/11/2026 là ngày nghỉ: kết thúc vào ngày làm việc tiếp theo, thứ Hai 23/11/2026."
    )
    assert "Điều 148 khoản 5" in roll.document


def test_two_counts_of_the_same_are_equal_and_a_print_stays_short() -> None:
    first, again = (count_due(at("2026-11-20 10:00"), parse_limit("5 ngày"), PLAIN, CALENDAR) for _ in range(2))
    assert first == again
    assert "trail" not in repr(first)


def test_a_term_beyond_the_loaded_years_is_an_error() -> None:
    with pytest.raises(CalendarExhausted):
        count_due(at("2026-11-20 10:00"), parse_limit("300 ngày"), PLAIN, CALENDAR)


# --- pauses


@pytest.mark.parametrize(
    ("term", "pause", "due_at", "why"),
    [
        ("5 ngày làm việc", ("2026-11-10 09:00", "2026-11-12 15:00"), "2026-11-18 17:00", "2 working days later"),
        (
            "5 ngày làm việc",
            ("2026-11-13 09:00", "2026-11-16 08:00"),
            "2026-11-17 17:00",
            "a weekend is no working day",
        ),
        ("5 ngày làm việc", ("2026-11-10 09:00", "2026-11-10 15:00"), "2026-11-16 17:00", "within a day: none"),
        ("5 ngày làm việc", ("2026-11-17 09:00", "2026-11-19 15:00"), "2026-11-16 17:00", "after the due date: none"),
        ("5 ngày làm việc", ("2026-11-01 09:00", "2026-11-10 15:00"), "2026-11-17 17:00", "only what follows receipt"),
        ("8 giờ", ("2026-11-09 09:00", "2026-11-09 15:00"), "2026-11-10 14:00", "lunch inside a pause is no pause"),
        ("8 giờ", ("2026-11-09 09:00:10", "2026-11-09 09:00:30"), "2026-11-10 08:00:20", "a pause of 20 s is 20 s"),
        ("8 giờ", ("2026-11-10 08:00", "2026-11-10 09:00"), "2026-11-10 08:00", "begins when it is due: none"),
        ("8 giờ", ("2026-11-01 08:00", "2026-11-02 09:00"), "2026-11-10 08:00", "before reception: none"),
        ("20 ngày", ("2026-11-10 09:00", "2026-11-12 15:00"), "2026-12-01 17:00", "2 days on, no roll"),
        ("1 tháng", ("2026-11-10 09:00", "2026-11-12 15:00"), "2026-12-11 17:00", "2 days on from 9/12"),
    ],
)
def test_a_pause_moves_the_due_date_by_its_working_overlap(
    term: str, pause: tuple[str, str], due_at: str, why: str
) -> None:
    span = Span(at(pause[0]), at(pause[1]))
    assert count_due(at("2026-11-09 08:00"), parse_limit(term), PLAIN, CALENDAR, [span]).due_at == at(due_at), why


def test_a_pause_that_counts_is_told_and_one_after_the_end_is_not() -> None:
    counted = Span(at("2026-11-10 09:00"), at("2026-11-12 15:00"))
    later = Span(at("2026-12-10 09:00"), at("2026-12-12 15:00"))
    assert rules_told("2026-11-09 08:00", "5 ngày làm việc", paused=(counted, later)).count("pause") == 1


# --- elapsed


@pytest.mark.parametrize(
    ("term", "rules", "until", "used"),
    [
        ("8 giờ", PLAIN, "2026-11-09 09:00", Fraction(1)),
        ("8 giờ", PLAIN, "2026-11-09 07:00", Fraction(0)),
        ("2 ngày làm việc", BY_HOURS, "2026-11-09 12:00", Fraction(7, 16)),
        ("5 ngày làm việc", PLAIN, "2026-11-09 16:00", Fraction(0)),
        ("5 ngày làm việc", FIRST, "2026-11-09 16:00", Fraction(1)),
        ("5 ngày làm việc", PLAIN, "2026-11-16 16:00", Fraction(5)),
        ("20 ngày", PLAIN, "2026-11-16 16:00", Fraction(7)),
        ("2 tháng", PLAIN, "2026-12-08 16:00", Fraction(0)),
        ("2 tháng", PLAIN, "2026-12-09 16:00", Fraction(1)),
        ("2 tháng", FIRST, "2026-12-08 16:00", Fraction(1)),
        ("1 ngày", SAME_DAY, "2026-11-09 16:00", Fraction(1)),
    ],
)
def test_elapsed(term: str, rules: CountingRules, until: str, used: Fraction) -> None:
    assert elapsed(at("2026-11-09 08:00"), at(until), parse_limit(term), rules, CALENDAR) == used


def test_a_same_day_term_uses_nothing_before_its_day() -> None:
    late_in_the_day = at("2026-11-09 16:00")
    assert elapsed(late_in_the_day, at("2026-11-09 17:00"), parse_limit("1 ngày"), SAME_DAY, CALENDAR) == 0


def test_elapsed_leaves_pauses_out() -> None:
    pause = [Span(at("2026-11-10 09:00"), at("2026-11-12 15:00"))]
    start, until = at("2026-11-09 08:00"), at("2026-11-16 16:00")
    assert elapsed(start, until, parse_limit("5 ngày làm việc"), PLAIN, CALENDAR, pause) == 3
    assert elapsed(start, until, parse_limit("20 ngày"), PLAIN, CALENDAR, pause) == 5
    hours = elapsed(start, until, parse_limit("80 giờ"), PLAIN, CALENDAR)
    assert elapsed(start, until, parse_limit("80 giờ"), PLAIN, CALENDAR, pause) == hours - Fraction(41, 2)


def test_months_later_keeps_to_the_month() -> None:
    assert months_later(date(2024, 1, 31), 1) == date(2024, 2, 29)
    assert months_later(date(2026, 11, 30), 3) == date(2027, 2, 28)


def test_an_instant_in_another_zone_counts_by_the_local_day() -> None:
    received = datetime.fromisoformat("2026-11-19T18:00:00+00:00")  # 01:00 on the 20th here
    assert count_due(received, parse_limit("1 ngày làm việc"), PLAIN, CALENDAR).due_on == date(2026, 11, 23)
    assert received + timedelta(0) == at("2026-11-20 01:00")
