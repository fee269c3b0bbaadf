"""The ladder: when rungs come, which are owed, what a late tick folds in."""

from datetime import date, time

import pytest

from monitor.domain.escalation import (
    FORCED,
    Occasion,
    RungDue,
    RungRule,
    RungTime,
    applies,
    parse_rung_time,
    rung_at,
    rungs_due,
    with_forced,
)
from monitor.domain.stage import Stage
from tests.domain.calendars import at, november

CALENDAR = november()
PROMISE, LETTER = date(2026, 11, 25), date(2026, 11, 23)


def rung(name: str, when: str, occasion: Occasion = Occasion.DUE, **rest: frozenset[str]) -> RungRule:
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
    ],
)
def test_rung_times_are_read_as_written(text: str, when: RungTime) -> None:
    assert parse_rung_time(text) == when


@pytest.mark.parametrize("text", ["", "tomorrow", "+1d", "+1", "0 25:00", "letter_by 8", "1.5wd"])
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
    assert rung_at(when, PROMISE, LETTER, CALENDAR) == at(expected)


def test_a_rung_on_a_letter_day_that_does_not_exist_never_comes() -> None:
    assert rung_at(parse_rung_time("letter_by 08:00"), PROMISE, None, CALENDAR) is None
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
