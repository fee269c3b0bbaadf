"""What others got wrong with time, a test a bug (field-study.md, "Anchors' bugs"): the pure rules."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from monitor.domain.calendar import Block, CalendarDay, CalendarExhausted, WorkingCalendar
from monitor.domain.deadline import count_due, elapsed
from monitor.domain.dossier import Facts, Pause, Precision, Status
from monitor.domain.escalation import parse_rung_time, rung_at
from monitor.domain.limits import CountingRules, parse_limit
from monitor.domain.pauses import Seen, pauses_seen, reckon
from monitor.domain.spans import Span, merged
from monitor.domain.stage import Stage, Warning, judge
from tests.domain.calendars import HOURS, ZONE, at, november

CALENDAR = november()
PLAIN = CountingRules()
WEEK = [HOURS] * 5 + [()] * 2
RUNNING = Facts(Status.PROCESSING, at("2026-11-09 08:00"), at("2026-11-25 17:00"))


@pytest.mark.parametrize(
    ("rung", "comes"),
    [("-2wh", "2026-11-23 15:30"), ("-6wh", "2026-11-23 10:00"), ("-1wd 08:00", "2026-11-23 08:00")],
)
def test_glpi_22678_a_level_before_a_due_time_in_the_morning_lands_in_working_hours(rung: str, comes: str) -> None:
    """Due at 08:00 on Wednesday, after a holiday: not at midnight, nor on the holiday, nor in the lunch break."""
    due = at("2026-11-25 08:00")
    found = rung_at(parse_rung_time(rung), date(2026, 11, 25), date(2026, 11, 23), due, CALENDAR)
    assert found == at(comes)
    assert CALENDAR.next_open(at(comes)) == at(comes)


def test_glpi_10594_a_pause_over_a_weekend_is_not_counted_around_the_clock() -> None:
    """Friday 16:00 to Monday 09:00 are two working hours and a half; of a term in days one day, not three."""
    pause = [Span(at("2026-11-13 16:00"), at("2026-11-16 09:00"))]
    hours = parse_limit("40 giờ")
    without, with_it = (count_due(at("2026-11-09 08:00"), hours, PLAIN, CALENDAR, p).due_at for p in ([], pause))
    assert CALENDAR.open_time_between(without, with_it) == timedelta(hours=2, minutes=30)
    days = parse_limit("7 ngày làm việc")
    assert count_due(at("2026-11-09 08:00"), days, PLAIN, CALENDAR, pause).due_on == date(2026, 11, 19)


def test_glpi_6902_a_policy_that_changes_while_paused_keeps_the_earlier_pause() -> None:
    """Supplement from the 10th to the 12th, paused again on the 13th; then the term becomes eight days instead of five."""
    first = Pause(Status.SUSPENDED, None, at("2026-11-10 08:00"), at("2026-11-12 08:00"), at("2026-11-12 08:00"))
    second = Pause(Status.SUSPENDED, None, at("2026-11-13 08:00"))
    ended = replace(second, ended_after=at("2026-11-16 08:00"), ended_by=at("2026-11-16 08:00"))
    for days, due in (("5 ngày làm việc", "2026-11-19"), ("8 ngày làm việc", "2026-11-25")):
        standing = reckon(
            RUNNING.received_at or at("2026-11-09 08:00"), parse_limit(days), PLAIN, CALENDAR, [first, second]
        )
        assert standing.is_standing
        after = reckon(at("2026-11-09 08:00"), parse_limit(days), PLAIN, CALENDAR, [first, ended])
        assert after.subtract is not None
        assert after.subtract.latest.due_on == date.fromisoformat(due)


def test_erpnext_47029_a_pause_is_added_once_not_to_the_start_and_to_the_budget() -> None:
    start, pause = at("2026-11-09 08:00"), Span(at("2026-11-10 08:00"), at("2026-11-10 16:00"))
    limit = parse_limit("16 giờ")
    due = count_due(start, limit, PLAIN, CALENDAR, [pause]).due_at
    assert CALENDAR.open_time_between(start, due) == timedelta(hours=16) + timedelta(hours=6, minutes=30)
    assert elapsed(start, due, limit, PLAIN, CALENDAR, [pause]) == limit.amount
    again = count_due(start, limit, PLAIN, CALENDAR, merged([pause, pause, Span(pause.start, pause.start)]))
    assert again.due_at == due, "however often it is reported"


def test_frappe_and_opencps_no_hours_or_holidays_to_the_end_is_an_error_and_no_endless_walk() -> None:
    year = date(2026, 1, 1), date(2026, 12, 31)
    never = WorkingCalendar(ZONE, *year, [()] * 7)
    off = [CalendarDay(date(2026, 11, 10) + timedelta(days=n), (), is_working=False) for n in range(52)]
    closing = WorkingCalendar(ZONE, *year, WEEK, off)
    for calendar in (never, closing):
        for term in ("1 giờ", "1 ngày làm việc", "1 ngày", "1 tháng"):
            with pytest.raises(CalendarExhausted):
                count_due(at("2026-11-09 18:00"), parse_limit(term), PLAIN, calendar)


def test_zammad_two_pauses_in_one_minute_and_one_of_twenty_seconds_are_counted_to_the_second() -> None:
    spans = merged(
        [
            Span(at("2026-11-10 09:00:05"), at("2026-11-10 09:00:15")),
            Span(at("2026-11-10 09:00:30"), at("2026-11-10 09:00:40")),
            Span(at("2026-11-10 14:00:00"), at("2026-11-10 14:00:20")),
        ]
    )
    assert count_due(at("2026-11-10 08:00"), parse_limit("8 giờ"), PLAIN, CALENDAR, spans).due_at == at(
        "2026-11-11 08:00:40"
    )
    history = [
        Seen(Status.PROCESSING, at("2026-11-10 09:00:00")),
        Seen(Status.SUPPLEMENT, at("2026-11-10 09:00:05"), at("2026-11-10 09:00:00")),
        Seen(Status.PROCESSING, at("2026-11-10 09:00:15"), at("2026-11-10 09:00:05")),
        Seen(Status.SUPPLEMENT, at("2026-11-10 09:00:30"), at("2026-11-10 09:00:15")),
    ]
    assert len(pauses_seen(history)) == 2


def test_biz_103_a_make_up_saturday_counts_with_its_own_hours_and_a_short_day_before_tet_is_short() -> None:
    morning = (Block(27_000, 41_400),)
    days = [
        CalendarDay(date(2026, 2, 9), (), "đổi", is_working=False),
        CalendarDay(date(2026, 2, 14), HOURS, "làm bù"),
        CalendarDay(date(2026, 2, 13), morning, "nghỉ sớm trước Tết"),
        *(CalendarDay(date(2026, 2, 16) + timedelta(days=n), (), "Tết", is_working=False) for n in range(5)),
    ]
    calendar = WorkingCalendar(ZONE, date(2026, 1, 1), date(2026, 12, 31), WEEK, days)
    assert calendar.add_working_days(date(2026, 2, 12), 2) == date(2026, 2, 14)
    assert calendar.add_working_days(date(2026, 2, 6), 1) == date(2026, 2, 10)
    assert calendar.last_open(date(2026, 2, 13)) == at("2026-02-13 11:30")
    start, term = at("2026-02-12 13:00"), timedelta(hours=12)
    assert calendar.add_open_time(start, term) == at("2026-02-14 11:30"), "4 on Thursday, 4 on Friday, 4 on Saturday"


def test_opencps_a_warning_window_before_a_due_date_ahead_is_not_empty() -> None:
    """Its query asked for due < now - N and then due > now: nobody was ever warned."""
    warned = [
        hour
        for hour in range(17 * 24)
        if judge(RUNNING, CALENDAR, Warning(3), at("2026-11-09 08:00") + timedelta(hours=hour)).stage is Stage.DUE_SOON
    ]
    assert warned
    first, last = (at("2026-11-09 08:00") + timedelta(hours=hours) for hours in (warned[0], warned[-1]))
    assert RUNNING.promised_at is not None
    assert first < last < RUNNING.promised_at


def test_frappe_1598_a_dossier_without_a_deadline_is_a_class_of_its_own() -> None:
    judged = judge(replace(RUNNING, promised_at=None), CALENDAR, Warning(), at("2026-12-24 08:00"))
    assert (judged.stage, judged.late_vs_promise, judged.late_vs_original) == (Stage.NO_PROMISE, None, None)


def test_opencps_1254_a_supplement_asked_for_four_times_counts_each_time_once() -> None:
    asked = [
        Pause(Status.SUPPLEMENT, start, start, end, end)
        for start, end in ((at(f"2026-11-{day} 08:00"), at(f"2026-11-{day} 16:00")) for day in ("10", "11", "12", "13"))
    ]
    ledger = reckon(at("2026-11-09 08:00"), parse_limit("16 giờ"), PLAIN, CALENDAR, asked)
    assert ledger.subtract is not None
    assert ledger.restart is not None
    open_time = CALENDAR.open_time_between(at("2026-11-09 08:00"), ledger.subtract.latest.due_at)
    assert open_time == timedelta(hours=16) + 4 * timedelta(hours=6, minutes=30)
    assert ledger.restart.latest.due_at == CALENDAR.add_open_time(at("2026-11-13 16:00"), timedelta(hours=16))


@pytest.mark.parametrize("now", ["2026-11-25T16:30:00+00:00", "2026-11-25T23:30:00+07:00"])
def test_oncall_2781_the_office_zone_decides_the_day_whatever_zone_an_instant_comes_in(now: str) -> None:
    """Half past four in the afternoon in UTC is still the promised day in Việt Nam; half an hour later is not."""
    moment = datetime.fromisoformat(now)
    assert judge(RUNNING, CALENDAR, Warning(), moment).stage is Stage.DUE_TODAY
    assert judge(RUNNING, CALENDAR, Warning(), moment + timedelta(minutes=30)).stage is Stage.LATE


def test_a_promise_to_the_second_does_not_wait_for_midnight() -> None:
    exact = replace(RUNNING, precision=Precision.INSTANT)
    assert judge(exact, CALENDAR, Warning(), at("2026-11-25 17:00:01")).stage is Stage.LATE
