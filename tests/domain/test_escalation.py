"""The ladder: when rungs come, which are owed, what a late tick folds in."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.domain.apology import letter_by
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.dossier import Precision, Promise
from monitor.domain.escalation import (
    FORCED,
    Occasion,
    RungDue,
    RungRule,
    RungTime,
    applies,
    climb,
    found_rung_at,
    mark,
    parse_rung_time,
    rung_at,
    with_forced,
)
from monitor.domain.stage import Stage, late_from
from tests.counts import proof_examples
from tests.domain.calendars import at, november
from tests.domain.random_calendars import CALENDARS

CALENDAR = november()
PROMISE, LETTER = date(2026, 11, 25), date(2026, 11, 23)
LIMIT = at("2026-11-26 00:00")


def rungs_due(
    rungs: Sequence[RungRule],
    promise_on: date,
    letter_on: date | None,
    calendar: WorkingCalendar,
    now: datetime,
    already: frozenset[str] = frozenset(),
    may_send: Callable[[RungRule], bool] = lambda _: True,
) -> tuple[list[RungDue], datetime | None]:
    """A ladder on a promise by the day, climbed to `now`."""
    limit = calendar.begins(promise_on + timedelta(days=1))
    timed = [(one, rung_at(one.when, promise_on, letter_on, limit, calendar)) for one in rungs]
    return climb(timed, calendar, now, already, may_send)


def rung(name: str, when: str, occasion: Occasion = Occasion.DUE, **rest: Any) -> RungRule:
    return RungRule(name, occasion, parse_rung_time(when), ("officer",), **rest)


LADDER = [rung("soon", "-3wd 08:00"), rung("letter", "letter_by 08:00"), rung("today", "0 14:00"), rung("late", "+1wd")]


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("-3wd 08:00", RungTime(False, -3, time(8))),
        ("letter_by 08:00", RungTime(True, 0, time(8))),
        ("0 16:00", RungTime(False, 0, time(16))),
        ("+1wd", RungTime(False, 1, time(0))),
        ("+0", RungTime(False, 0, time(0))),
        ("0wd 7:30", RungTime(False, 0, time(7, 30))),
        ("-4wh", RungTime(False, 0, time(0), working_hours=-4)),
        ("+12wh", RungTime(False, 0, time(0), working_hours=12)),
    ],
)
def test_rung_times_are_read_as_written(text: str, when: RungTime) -> None:
    assert parse_rung_time(text) == when


@pytest.mark.parametrize("text", ["", "tomorrow", "+1d", "+1", "0 25:00", "letter_by 8", "1.5wd", "0wh", "-4wh 08:00"])
def test_a_rung_time_that_is_not_understood_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|time of day"):
        parse_rung_time(text)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("soon", "2026-11-19 08:00"),  # 3 working days before Wed 25/11, over the weekend and Tue 24/11 off
        ("letter", "2026-11-23 08:00"),
        ("today", "2026-11-25 14:00"),
        ("late", "2026-11-26 00:00"),
    ],
)
def test_rungs_hang_on_the_promise_day_in_working_days(name: str, expected: str) -> None:
    when = next(r.when for r in LADDER if r.name == name)
    assert rung_at(when, PROMISE, LETTER, LIMIT, CALENDAR) == at(expected)


def test_a_rung_on_a_letter_day_that_does_not_exist_never_comes() -> None:
    assert rung_at(parse_rung_time("letter_by 08:00"), PROMISE, None, LIMIT, CALENDAR) is None
    due, upcoming = rungs_due([rung("letter", "letter_by 08:00")], PROMISE, None, CALENDAR, at("2026-12-01 08:00"))
    assert (due, upcoming) == ([], None)


def test_each_rung_is_owed_when_it_comes_and_once() -> None:
    due, upcoming = rungs_due(LADDER, PROMISE, LETTER, CALENDAR, at("2026-11-19 08:00"))
    assert due == [RungDue(LADDER[0], at("2026-11-19 08:00"), folded=False)]
    assert upcoming == at("2026-11-23 08:00")
    again, _ = rungs_due(LADDER, PROMISE, LETTER, CALENDAR, at("2026-11-19 09:00"), frozenset({"soon"}))
    assert again == []


def test_a_late_tick_sends_the_highest_and_folds_the_rest() -> None:
    """After nine days of silence three rungs have come: one message, two on record (froide loses them, others storm)."""
    due, upcoming = rungs_due(LADDER, PROMISE, LETTER, CALENDAR, at("2026-11-25 15:00"))
    assert [(d.rung.name, d.folded) for d in due] == [("soon", True), ("letter", True), ("today", False)]
    assert upcoming == at("2026-11-26 00:00")


def test_a_rung_that_is_not_sent_folds_no_other() -> None:
    """The letter is out already: "no letter" says nothing, and "late" must still be heard."""
    pair = [rung("late", "+1wd 08:00"), rung("no_letter", "+3wd 08:00", Occasion.NO_LETTER)]
    now = at("2026-12-01 09:00")
    due, _ = rungs_due(pair, PROMISE, LETTER, CALENDAR, now, may_send=lambda r: r.occasion is not Occasion.NO_LETTER)
    assert [(d.rung.name, d.folded) for d in due] == [("late", False)]


def test_two_rungs_of_one_moment_are_both_sent() -> None:
    pair = [rung("a", "0 14:00"), rung("b", "0 14:00")]
    due, _ = rungs_due(pair, PROMISE, LETTER, CALENDAR, at("2026-11-25 15:00"))
    assert [d.folded for d in due] == [False, False]


@pytest.mark.parametrize(
    ("agencies", "fields", "covered"),
    [
        (frozenset(), frozenset(), True),
        (frozenset({"H19.7"}), frozenset(), True),  # an agency above counts
        (frozenset({"H19.8"}), frozenset(), False),
        (frozenset(), frozenset({"land"}), True),
        (frozenset({"H19.7"}), frozenset({"civil"}), False),
    ],
)
def test_a_rung_can_be_for_some_agencies_and_fields(
    agencies: frozenset[str], fields: frozenset[str], covered: bool
) -> None:
    rule = rung("r", "0", agencies=agencies, fields=fields)
    assert rule.covers(["H19.7.1", "H19.7"], "land") is covered


@pytest.mark.parametrize(
    ("occasion", "stage", "expected"),
    [
        (Occasion.DUE, Stage.DUE_SOON, True),
        (Occasion.DUE, Stage.LATE, True),
        (Occasion.DUE, Stage.FINISHED_LATE, False),
        (Occasion.LATE, Stage.LATE, True),
        (Occasion.LATE, Stage.DUE_TODAY, False),
        (Occasion.NO_LETTER, Stage.LATE, True),
        (Occasion.SOURCE_SILENT, Stage.LATE, False),
    ],
)
def test_what_a_stage_can_owe(occasion: Occasion, stage: Stage, expected: bool) -> None:
    assert applies(occasion, stage) is expected


def test_a_ladder_without_a_rung_for_a_second_miss_gets_ours() -> None:
    """Nobody can configure the second miss away; whoever has a rung for it keeps their own."""
    own = RungRule("again", Occasion.LATE_AGAIN, parse_rung_time("0"), ("director",))
    assert with_forced([]) == (FORCED,)
    assert with_forced([own]) == (own,)


@pytest.mark.parametrize(
    ("when", "limit", "expected", "meaning"),
    [
        ("-4wh", "2026-11-26 00:00", "2026-11-25 13:00", "half a day before the day ends"),
        ("-4wh", "2026-11-26 10:00", "2026-11-25 15:30", "due next morning: inside office hours, not 00:00"),
        ("-10wh", "2026-11-25 10:00", "2026-11-23 08:00", "over a day off"),
        ("+2wh", "2026-11-26 00:00", "2026-11-26 09:30", "two hours late"),
    ],
)
def test_a_rung_in_working_hours_lands_inside_them(when: str, limit: str, expected: str, meaning: str) -> None:
    """GLPI PR 22678: an early level with two blocks a day ran at 00:00."""
    assert rung_at(parse_rung_time(when), PROMISE, LETTER, at(limit), CALENDAR) == at(expected), meaning


@pytest.mark.parametrize(
    ("when", "expected", "meaning"),
    [
        ("0", "2026-11-20 10:00", "at once"),
        ("0 08:00", "2026-11-20 10:00", "that hour has passed already: at once"),
        ("0 14:00", "2026-11-20 14:00", "the same afternoon"),
        ("+1wd 08:00", "2026-11-23 08:00", "over the weekend"),
        ("+4wh", "2026-11-20 15:30", "in working hours, lunch left out"),
        ("-1wd", "2026-11-20 10:00", "never before it was found"),
    ],
)
def test_a_rung_on_a_finding_hangs_on_when_it_was_found(when: str, expected: str, meaning: str) -> None:
    assert found_rung_at(parse_rung_time(when), at("2026-11-20 10:00"), CALENDAR) == at(expected), meaning


REPEATED = rung("late", "+1wd 08:00", repeat_days=2, repeat_times=2)


def test_a_rung_is_told_again_until_its_repeats_are_used_up() -> None:
    """Promised Thu 12/11: told Fri 13/11, again Tue 17/11 and Thu 19/11, and no more."""
    told, already, now = [], set[str](), at("2026-11-12 00:00")
    while True:
        due, upcoming = rungs_due([REPEATED], date(2026, 11, 12), None, CALENDAR, now, frozenset(already))
        told += [(one.at, one.repeat, one.folded) for one in due]
        already |= {mark(one.rung.name, one.repeat) for one in due}
        if upcoming is None:
            break
        now = upcoming
    days = (at("2026-11-13 08:00"), at("2026-11-17 08:00"), at("2026-11-19 08:00"))
    assert told == [(day, k, False) for k, day in enumerate(days)]


def test_of_missed_repeats_the_newest_is_sent() -> None:
    due, _ = rungs_due([REPEATED], date(2026, 11, 12), None, CALENDAR, at("2026-11-18 08:00"))
    assert [(one.repeat, one.folded) for one in due] == [(0, True), (1, False)]


def test_a_reminder_folds_no_higher_rung() -> None:
    """The officer's third reminder comes after the chairman's rung: the chairman must hear."""
    pair = [REPEATED, rung("boss", "+3wd 08:00")]
    due, _ = rungs_due(pair, date(2026, 11, 12), None, CALENDAR, at("2026-11-20 09:00"))
    assert [(one.rung.name, one.repeat) for one in due if not one.folded] == [("boss", 0)]
    assert {mark(one.rung.name, one.repeat) for one in due} == {"late", "late#1", "late#2", "boss"}


EARLY = st.one_of(
    st.builds(lambda days, hour: f"-{days}wd {hour:02}:30", st.integers(1, 15), st.integers(0, 23)),
    st.builds(lambda hours: f"-{hours}wh", st.integers(1, 60)),
    st.builds(lambda hour: f"letter_by {hour:02}:00", st.integers(0, 23)),
)


@settings(max_examples=proof_examples(150, 20_000), deadline=None)
@given(CALENDARS, st.integers(0, 330), st.integers(0, 86_399), st.sampled_from(list(Precision)), EARLY)
def test_an_early_warning_always_precedes_lateness(
    calendar: WorkingCalendar, day: int, second: int, precision: Precision, when: str
) -> None:
    """R7: OpenCPS's warned never, GLPI's after the fact. Where its hour is an office hour it is also heard before."""
    promise_on = date(2026, 1, 15) + timedelta(days=day)
    promised_at = calendar.at_time(promise_on, time(second // 3600, second // 60 % 60, second % 60))
    limit = late_from(Promise(1, promised_at, precision), calendar)
    try:
        comes = rung_at(parse_rung_time(when), promise_on, letter_by(promise_on, None, calendar), limit, calendar)
        assert comes is not None
        assert comes < limit
        if calendar.next_open(comes) == comes:
            due, upcoming = climb([(rung("early", when), comes)], calendar, comes)
            assert [one.at for one in due] == [comes]
            assert upcoming is None
    except CalendarExhausted:
        assume(False)
