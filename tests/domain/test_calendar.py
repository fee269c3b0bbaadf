"""The calendar's arithmetic, by tables with a line of meaning each."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from monitor.domain.calendar import Block, CalendarDay, CalendarExhausted, NotWorkingDay, WorkingCalendar
from tests.domain.calendars import HOURS, ZONE, at, november

CALENDAR = november()
MINUTE = timedelta(minutes=1)


def d(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("on", "n", "expected", "why"),
    [
        ("2026-11-20", 1, "2026-11-23", "over a weekend"),
        ("2026-11-23", 1, "2026-11-25", "over the holiday"),
        ("2026-11-21", 1, "2026-11-23", "from a day of rest the next working day is the first"),
        ("2026-11-21", 0, "2026-11-21", "nothing added stays, also on a day of rest"),
        ("2026-11-25", -1, "2026-11-23", "back over the holiday"),
        ("2026-11-24", -1, "2026-11-23", "back from a day of rest"),
        ("2026-08-20", 2, "2026-08-22", "a worked Saturday counts"),
    ],
)
def test_add_working_days(on: str, n: int, expected: str, why: str) -> None:
    assert CALENDAR.add_working_days(d(on), n) == d(expected), why


@pytest.mark.parametrize(
    ("after", "until", "days"),
    [
        ("2026-11-20", "2026-11-30", 5),
        ("2026-11-30", "2026-11-20", -5),
        ("2026-11-20", "2026-11-22", 0),
        ("2026-08-21", "2026-08-22", 1),
    ],
)
def test_working_days_between_leaves_out_the_first_day(after: str, until: str, days: int) -> None:
    assert CALENDAR.working_days_between(d(after), d(until)) == days


def test_nearest_working_days() -> None:
    assert CALENDAR.on_or_before(d("2026-11-24")) == d("2026-11-23")
    assert CALENDAR.on_or_after(d("2026-11-24")) == d("2026-11-25")
    assert CALENDAR.on_or_before(d("2026-11-25")) == CALENDAR.on_or_after(d("2026-11-25")) == d("2026-11-25")
    assert CALENDAR.is_working_day(d("2026-08-22"))
    assert not CALENDAR.is_working_day(d("2026-08-31"))


@pytest.mark.parametrize(
    ("start", "minutes", "expected", "why"),
    [
        ("2026-11-23 08:00", 60, "2026-11-23 09:00", "within a block"),
        ("2026-11-23 11:00", 60, "2026-11-23 13:30", "lunch does not count"),
        ("2026-11-23 16:00", 60, "2026-11-23 17:00", "used up at closing time: it ends there"),
        ("2026-11-23 16:30", 60, "2026-11-25 08:00", "over the holiday"),
        ("2026-11-21 09:00", 60, "2026-11-23 08:30", "a day of rest waits for the opening"),
        ("2026-11-23 12:00", 30, "2026-11-23 13:30", "from within lunch"),
        ("2026-11-23 12:00", 0, "2026-11-23 12:00", "nothing added stays, also while closed"),
        ("2026-11-25 08:00", -60, "2026-11-23 16:30", "back over the holiday"),
        ("2026-11-25 08:00", -30, "2026-11-25 07:30", "back to the very opening"),
        ("2026-11-25 07:30", -30, "2026-11-23 16:30", "back from the very opening"),
    ],
)
def test_add_open_time(start: str, minutes: int, expected: str, why: str) -> None:
    assert CALENDAR.add_open_time(at(start), minutes * MINUTE) == at(expected), why


def test_open_time_is_exact_to_the_second_and_below() -> None:
    start = at("2026-11-23 11:29:50")
    assert CALENDAR.add_open_time(start, timedelta(seconds=20)) == at("2026-11-23 13:00:10")
    assert CALENDAR.open_time_between(start, at("2026-11-23 13:00:10")) == timedelta(seconds=20)
    assert CALENDAR.add_open_time(start, timedelta(microseconds=1)) == start + timedelta(microseconds=1)


def test_open_time_between_is_signed() -> None:
    start, end = at("2026-11-20 16:00"), at("2026-11-25 09:00")
    assert CALENDAR.open_time_between(start, end) == timedelta(hours=1 + 8 + 1.5)
    assert CALENDAR.open_time_between(end, start) == -timedelta(hours=10.5)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-23 08:00", "2026-11-23 08:00"),
        ("2026-11-23 07:30", "2026-11-23 07:30"),
        ("2026-11-23 11:30", "2026-11-23 13:00"),
        ("2026-11-23 17:00", "2026-11-25 07:30"),
        ("2026-11-21 23:00", "2026-11-23 07:30"),
    ],
)
def test_next_open(now: str, expected: str) -> None:
    assert CALENDAR.next_open(at(now)) == at(expected)


def test_hours_of_a_day() -> None:
    assert CALENDAR.first_open(d("2026-11-23")) == at("2026-11-23 07:30")
    assert CALENDAR.last_open(d("2026-11-23")) == at("2026-11-23 17:00")
    assert CALENDAR.at_time(d("2026-11-23"), time(14, 5)) == at("2026-11-23 14:05")
    for ask in (CALENDAR.first_open, CALENDAR.last_open):
        with pytest.raises(NotWorkingDay, match="2026-11-24"):
            ask(d("2026-11-24"))


def test_local_day_of_an_instant_is_the_calendars_not_the_machines() -> None:
    instant = datetime(2026, 11, 22, 17, 0, tzinfo=UTC)
    assert CALENDAR.local_date(instant) == d("2026-11-23")
    assert CALENDAR.local(instant).hour == 0
    assert CALENDAR.midnight(d("2026-11-23")) == instant
    assert CALENDAR.midnight(d("2026-11-23")) is CALENDAR.midnight(d("2026-11-23")), "found once, kept"


@pytest.mark.parametrize("method", ["local", "next_open"])
def test_a_naive_instant_is_refused(method: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        getattr(CALENDAR, method)(datetime(2026, 11, 23, 8))


def test_a_day_that_is_open_without_counting() -> None:
    """A commune that receives on Saturday morning: open, but no working day (law.md §5.3)."""
    saturday = CalendarDay(d("2026-11-28"), HOURS[:1], "tiếp nhận sáng thứ Bảy", is_working=False)
    calendar = WorkingCalendar(ZONE, d("2026-01-01"), d("2026-12-31"), [HOURS] * 5 + [()] * 2, [saturday])
    assert calendar.day(saturday.on) == saturday
    assert calendar.add_working_days(d("2026-11-27"), 1) == d("2026-11-30")
    assert calendar.open_time_between(at("2026-11-28 00:00"), at("2026-11-29 00:00")) == timedelta(0)


def test_a_half_day_has_half_the_hours() -> None:
    """The short day before Tết (field-study.md: GLPI #467)."""
    short = CalendarDay(d("2026-02-13"), HOURS[:1], "nghỉ chiều")
    calendar = WorkingCalendar(ZONE, d("2026-01-01"), d("2026-12-31"), [HOURS] * 5 + [()] * 2, [short])
    assert calendar.last_open(short.on) == at("2026-02-13 11:30")
    assert calendar.open_time_between(at("2026-02-13 00:00"), at("2026-02-14 00:00")) == timedelta(hours=4)
    assert calendar.add_working_days(d("2026-02-12"), 1) == short.on


def test_days_say_what_is_known_of_them() -> None:
    calendar = WorkingCalendar(
        ZONE,
        d("2026-01-01"),
        d("2026-12-31"),
        [HOURS] * 5 + [()] * 2,
        [CalendarDay(d("2026-11-23"), HOURS, "chưa rõ", "unverified", provisional=True),
         CalendarDay(d("2026-12-24"), (), "nghỉ", "văn bản 1", is_working=False),
         CalendarDay(d("2031-01-01"), (), "ngoài lịch", is_working=False)],
        announced_until=d("2026-11-30"),
    )  # fmt: skip
    assert calendar.day(d("2026-11-20")) == CalendarDay(d("2026-11-20"), HOURS)
    assert calendar.day(d("2026-11-22")).is_working is False
    assert calendar.day(d("2026-11-23")).provisional
    assert calendar.day(d("2026-12-01")).provisional, "after the last announced day"
    later = calendar.day(d("2026-12-24"))
    assert (later.provisional, later.name, later.document) == (True, "nghỉ", "văn bản 1")
    assert calendar.is_provisional(d("2026-11-20"), d("2026-11-23"))
    assert not calendar.is_provisional(d("2026-11-23"), d("2026-11-30")), "the first day is left out"
    assert calendar.first_provisional(d("2026-11-20")).on == d("2026-11-23")
    assert calendar.first_provisional(d("2026-11-23")).on == d("2026-12-01")
    with pytest.raises(CalendarExhausted):
        november().first_provisional(d("2026-11-23"))


def test_nothing_is_announced_before_the_calendar_begins() -> None:
    calendar = WorkingCalendar(ZONE, d("2026-01-01"), d("2026-12-31"), [HOURS] * 7, announced_until=d("2020-12-31"))
    assert calendar.day(d("2026-01-01")).provisional
    assert calendar.is_provisional(d("2026-01-01"), d("2026-01-02"))


def test_the_version_names_every_day() -> None:
    base = november()
    assert base.version == november().version
    assert len(base.version) == 16
    week = [HOURS] * 5 + [()] * 2
    plain = WorkingCalendar(ZONE, d("2026-01-01"), d("2027-01-31"), week)
    day = d("2026-03-04")
    edits = [
        CalendarDay(day, (), is_working=False),
        CalendarDay(day, HOURS[:1]),
        CalendarDay(day, HOURS, "tên"),
        CalendarDay(day, HOURS, "", "văn bản"),
        CalendarDay(day, HOURS, provisional=True),
    ]
    versions = {WorkingCalendar(ZONE, d("2026-01-01"), d("2027-01-31"), week, [edit]).version for edit in edits}
    assert len(versions | {plain.version}) == len(edits) + 1
    same = WorkingCalendar(ZONE, d("2026-01-01"), d("2027-01-31"), week, {day: CalendarDay(day, HOURS)})
    assert same.version == plain.version, "a row that says nothing new is no change"


# --- calendars that end, or never open: an error that says so, never an endless walk (field-study.md: Frappe, OpenCPS)


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.add_working_days(d("2027-01-29"), 1),
        lambda c: c.add_working_days(d("2026-01-01"), -1),
        lambda c: c.add_working_days(d("2028-01-01"), 1),
        lambda c: c.add_working_days(d("2025-12-31"), 0),
        lambda c: c.on_or_after(d("2027-01-30")),
        lambda c: c.day(d("2025-12-31")),
        lambda c: c.is_working_day(d("2027-02-01")),
        lambda c: c.working_days_between(d("2026-01-01"), d("2027-02-01")),
        lambda c: c.midnight(d("2027-02-01")),
        lambda c: c.next_open(at("2027-01-29 17:00")),
        lambda c: c.add_open_time(at("2027-01-29 16:00"), timedelta(hours=2)),
        lambda c: c.add_open_time(at("2026-01-01 08:00"), -timedelta(hours=1)),
        lambda c: c.open_time_between(at("2025-12-31 23:59"), at("2026-01-02 08:00")),
        lambda c: c.open_time_between(at("2026-01-02 08:00"), at("2027-02-01 00:01")),
    ],
)
def test_leaving_the_loaded_years_is_an_error(ask) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CalendarExhausted, match="calendar"):
        ask(CALENDAR)


def test_the_very_ends_of_the_calendar_are_inside() -> None:
    whole = CALENDAR.open_time_between(at("2026-01-01 00:00"), at("2027-02-01 00:00"))
    assert whole == timedelta(hours=8) * CALENDAR.working_days_between(d("2026-01-01"), d("2027-01-31")) + timedelta(
        hours=8
    ), "1 January 2026 is a working day of this bare calendar and is left out by working_days_between"


def test_a_calendar_without_any_open_hour_says_so() -> None:
    closed = WorkingCalendar(ZONE, d("2026-01-01"), d("2026-12-31"), [()] * 7)
    for ask in (
        lambda: closed.add_working_days(d("2026-05-01"), 1),
        lambda: closed.on_or_before(d("2026-05-01")),
        lambda: closed.next_open(at("2026-05-01 08:00")),
        lambda: closed.add_open_time(at("2026-05-01 08:00"), timedelta(hours=1)),
        lambda: closed.add_open_time(at("2026-05-01 08:00"), -timedelta(hours=1)),
    ):
        with pytest.raises(CalendarExhausted):
            ask()
    assert closed.open_time_between(at("2026-05-01 08:00"), at("2026-06-01 08:00")) == timedelta(0)


def test_holidays_to_the_end_of_the_list_are_an_error() -> None:
    days = [CalendarDay(d("2026-12-01") + timedelta(days=n), (), "nghỉ", is_working=False) for n in range(31)]
    calendar = WorkingCalendar(ZONE, d("2026-01-01"), d("2026-12-31"), [HOURS] * 7, days)
    with pytest.raises(CalendarExhausted, match="2026-11-30"):
        calendar.add_working_days(d("2026-11-30"), 1)
    with pytest.raises(CalendarExhausted):
        calendar.next_open(at("2026-12-01 08:00"))


@pytest.mark.parametrize(
    ("week", "special", "message"),
    [
        ([HOURS] * 6, [], "seven days"),
        ([HOURS[::-1]] + [()] * 6, [], "without overlap"),
        ([HOURS] * 7, [CalendarDay(d("2026-05-01"), ())], "2026-05-01 is a working day without any hours"),
        ([HOURS] * 7, [CalendarDay(d("2026-05-01"), (HOURS[0], HOURS[0]))], "2026-05-01"),
    ],
)
def test_an_impossible_calendar_is_refused(
    week: list[tuple[Block, ...]], special: list[CalendarDay], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        WorkingCalendar(ZONE, d("2026-01-01"), d("2026-12-31"), week, special)


def test_a_calendar_cannot_end_before_it_begins() -> None:
    with pytest.raises(ValueError, match="before it begins"):
        WorkingCalendar(ZONE, d("2026-12-31"), d("2026-01-01"), [HOURS] * 7)


@pytest.mark.parametrize(("start", "end"), [(3600, 3600), (7200, 3600), (-1, 60), (60, 86_401)])
def test_an_impossible_block_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="begin before it ends"):
        Block(start, end)


# --- zones whose clocks change (Việt Nam's do not, but the code must not depend on it)


def test_a_night_shift_over_a_clock_change_has_its_true_length() -> None:
    amsterdam = ZoneInfo("Europe/Amsterdam")
    night = (Block(0, 6 * 3600),)
    calendar = WorkingCalendar(amsterdam, d("2026-01-01"), d("2026-12-31"), [night] * 7)
    spring, autumn = d("2026-03-29"), d("2026-10-25")
    for on, hours in ((spring, 5), (autumn, 7), (d("2026-05-01"), 6)):
        start, end = calendar.midnight(on), calendar.midnight(on + timedelta(days=1))
        assert calendar.open_time_between(start, end) == timedelta(hours=hours)
        assert calendar.add_open_time(start, timedelta(hours=hours)) == calendar.last_open(on)


def test_midnight_where_the_clock_skips_it_is_the_first_instant_that_exists() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # springs forward at 00:00
    calendar = WorkingCalendar(beirut, d("2026-01-01"), d("2026-12-31"), [HOURS] * 7)
    begins = calendar.midnight(d("2026-03-29"))
    assert (begins.hour, begins.astimezone(UTC)) == (1, datetime(2026, 3, 28, 22, tzinfo=UTC))


def test_a_block_may_last_till_midnight() -> None:
    calendar = WorkingCalendar(ZONE, d("2026-01-01"), d("2026-12-31"), [(Block(0, 86_400),)] * 7)
    assert calendar.last_open(d("2026-05-01")) == at("2026-05-02 00:00")
    assert calendar.open_time_between(at("2026-05-01 00:00"), at("2026-05-03 00:00")) == timedelta(hours=48)
    assert calendar.next_open(at("2026-05-01 23:59:59")) == at("2026-05-01 23:59:59")


def test_the_usual_week_is_told_without_its_exceptions() -> None:
    calendar = november()
    assert calendar.week == (HOURS,) * 5 + ((),) * 2
    assert calendar.day(date(2026, 11, 24)).blocks == (), "Tuesday the 24th is off, Tuesdays are not"


def test_a_weekday_may_be_open_to_receive_without_counting() -> None:
    """A commune's Saturday morning: on the page of the month, in no term."""
    morning = ((),) * 5 + ((Block(27_000, 41_400),), ())
    calendar = WorkingCalendar(ZONE, date(2026, 11, 1), date(2026, 11, 30), [HOURS] * 5 + [()] * 2, reception=morning)
    saturday, plain = date(2026, 11, 7), WorkingCalendar(ZONE, date(2026, 11, 1), date(2026, 11, 30), calendar.week)
    assert (calendar.day(saturday).is_working, calendar.day(saturday).blocks) == (False, morning[5])
    assert calendar.working_days_between(date(2026, 11, 6), saturday) == 0
    assert calendar.next_open(at("2026-11-07 08:00")) == at("2026-11-09 07:30")
    assert calendar.version != plain.version


def test_agencies_of_their_own_ways_are_found_by_code() -> None:
    week = [HOURS] * 5 + [()] * 2
    site, own = (WorkingCalendar(ZONE, date(2026, 11, 1), date(2026, 11, 30), week) for _ in range(2))
    assert site.of("H19.1") is site, "nobody has rows of their own"
    site.with_agencies({"H19.1": own}.__getitem__)
    assert site.of("H19.1") is own
