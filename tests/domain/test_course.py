"""A dossier's course by days: what happened counts on its own day, a promise from the day it was heard."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from monitor.domain.course import (
    CLASSES,
    Measure,
    Step,
    class_of,
    continued,
    holds_from,
    letter_measure,
    limit_of,
    received_measure,
    told,
)
from monitor.domain.dossier import Facts, Status
from monitor.domain.letter import LetterState
from monitor.domain.stage import Stage, Warning, judge
from tests.domain.calendars import ZONE, november

CALENDAR = november()
M = Measure


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=ZONE)


def on(day: int) -> date:
    return date(2026, 3, day)


RUNNING = Facts(Status.PROCESSING, received_at=at(2), promised_at=at(10, 17))


@pytest.mark.parametrize(
    ("what", "facts", "day", "course"),
    [
        ("just received", RUNNING, 3, [(2, M.IN_TIME)]),
        ("due soon is in time", RUNNING, 9, [(2, M.IN_TIME)]),
        ("past its promise", RUNNING, 12, [(2, M.IN_TIME), (11, M.LATE)]),
        ("submitted only", Facts(Status.SUBMITTED, submitted_at=at(2)), 3, [(2, M.WAITING)]),
        (
            "ended late",
            replace(RUNNING, status=Status.READY, finished_at=at(12)),
            20,
            [(2, M.IN_TIME), (11, M.LATE), (12, M.FINISHED_LATE)],
        ),
        (
            "ended on its day",
            replace(RUNNING, status=Status.READY, finished_at=at(10)),
            20,
            [(2, M.IN_TIME), (10, M.FINISHED_ON_TIME)],
        ),
        ("ended at once", replace(RUNNING, status=Status.READY, finished_at=at(2, 11)), 20, [(2, M.FINISHED_EARLY)]),
        (
            "ended somewhere around the promise",
            replace(RUNNING, status=Status.READY, finished_after=at(9), finished_by=at(13)),
            20,
            [(2, M.IN_TIME), (11, M.UNCERTAIN)],
        ),
        (
            "paused after the promise was broken",
            replace(RUNNING, status=Status.SUPPLEMENT, paused_since=at(13)),
            20,
            [(2, M.IN_TIME), (11, M.LATE), (13, M.PAUSED)],
        ),
        (
            "paused without a promise",
            replace(RUNNING, status=Status.SUPPLEMENT, promised_at=None, paused_since=at(4)),
            20,
            [(2, M.UNKNOWN), (4, M.PAUSED)],
        ),
        ("an unknown state", replace(RUNNING, status=Status.UNKNOWN), 20, [(2, M.UNKNOWN)]),
        ("no promise", replace(RUNNING, promised_at=None), 20, [(2, M.UNKNOWN)]),
    ],
)
def test_what_the_present_facts_tell(what: str, facts: Facts, day: int, course: list[tuple[int, Measure]]) -> None:
    judgement = judge(facts, CALENDAR, Warning(), at(day))
    steps = told(facts, judgement, limit_of(facts, judgement, CALENDAR), CALENDAR)
    assert steps == tuple(Step(on(day), measure) for day, measure in course), what


BEFORE = (Step(on(2), M.IN_TIME), Step(on(11), M.LATE))


@pytest.mark.parametrize(
    ("what", "previous", "own", "start", "late_on", "course"),
    [
        ("nothing before", (), (Step(on(2), M.IN_TIME),), on(5), None, (Step(on(2), M.IN_TIME),)),
        (
            "a date moved keeps the days before late",
            BEFORE,
            (Step(on(2), M.IN_TIME),),
            on(16),
            on(11),
            (*BEFORE, Step(on(16), M.IN_TIME)),
        ),
        ("an ending on the day of receipt", BEFORE, (Step(on(2), M.FINISHED_EARLY),), on(2), None, (Step(on(2), M.FINISHED_EARLY),)),
        (
            "late while nobody judged",
            BEFORE[:1],
            (Step(on(2), M.IN_TIME), Step(on(14), M.PAUSED)),
            on(14),
            on(11),
            (*BEFORE, Step(on(14), M.PAUSED)),
        ),
        (
            "an ending before the promise undoes what was thought late after it",
            BEFORE,
            (Step(on(2), M.IN_TIME), Step(on(9), M.FINISHED_EARLY)),
            on(9),
            on(11),
            (Step(on(2), M.IN_TIME), Step(on(9), M.FINISHED_EARLY)),
        ),
        (
            "what stays as it is gains no step",
            BEFORE,
            (Step(on(15), M.LATE),),
            on(13),
            None,
            BEFORE,
        ),
        (
            "a later step of the new facts follows",
            BEFORE[:1],
            (Step(on(2), M.IN_TIME), Step(on(12), M.LATE)),
            on(10),
            None,
            (Step(on(2), M.IN_TIME), Step(on(12), M.LATE)),
        ),
    ],
)  # fmt: skip
def test_the_past_is_kept_up_to_the_day_the_facts_hold_from(
    what: str,
    previous: tuple[Step, ...],
    own: tuple[Step, ...],
    start: date,
    late_on: date | None,
    course: tuple[Step, ...],
) -> None:
    assert continued(previous, own, start, late_on) == course, what


def test_an_ending_and_a_pause_hold_from_their_day_and_a_promise_from_the_day_it_was_heard() -> None:
    ended = judge(replace(RUNNING, status=Status.READY, finished_at=at(5)), CALENDAR, Warning(), at(20))
    paused = judge(replace(RUNNING, status=Status.SUPPLEMENT, paused_since=at(6)), CALENDAR, Warning(), at(20))
    moved = judge(replace(RUNNING, promised_at=at(25)), CALENDAR, Warning(), at(20))
    around = judge(
        replace(RUNNING, status=Status.READY, finished_after=at(9), finished_by=at(13)), CALENDAR, Warning(), at(20)
    )
    assert holds_from(around, on(13), on(12), True, CALENDAR) == on(11)
    assert holds_from(ended, on(19), on(18), True, CALENDAR) == on(5)
    assert holds_from(paused, on(19), on(18), True, CALENDAR) == on(6)
    assert holds_from(moved, on(19), on(18), True, CALENDAR) == on(19)
    assert holds_from(moved, on(19), None, False, CALENDAR) == on(19)
    assert holds_from(moved, on(12), on(18), False, CALENDAR) == on(18)


def test_a_promise_beyond_the_loaded_years_has_no_known_limit() -> None:
    far = replace(RUNNING, status=Status.SUPPLEMENT, promised_at=datetime(9998, 1, 1, tzinfo=ZONE), paused_since=at(3))
    paused = judge(replace(RUNNING, status=Status.SUPPLEMENT, paused_since=at(3)), CALENDAR, Warning(), at(4))
    assert limit_of(far, paused, CALENDAR) is None
    assert limit_of(replace(far, promised_at=None), paused, CALENDAR) is None


def test_every_stage_has_one_class_and_what_is_unsure_is_never_in_time() -> None:
    assert {class_of(stage) for stage in Stage} == set(CLASSES)
    assert class_of(Stage.NO_PROMISE) is class_of(Stage.UNKNOWN) is Measure.UNKNOWN


@pytest.mark.parametrize(
    ("state", "is_late", "measure"),
    [
        (LetterState.OWED, False, M.LETTER_OPEN),
        (LetterState.APPROVED, True, M.LETTER_MISSING),
        (LetterState.MISSED, False, M.LETTER_MISSING),
        (LetterState.SIGNED, False, M.LETTER_ON_TIME),
        (LetterState.CLOSED, True, M.LETTER_LATE),
        (LetterState.NOT_NEEDED, False, None),
        (LetterState.VOID, True, None),
    ],
)
def test_where_a_letter_counts(state: str, is_late: bool, measure: Measure | None) -> None:
    assert letter_measure(state, is_late) is measure


def test_online_is_told_apart_from_every_other_way_in() -> None:
    assert received_measure("online") is M.RECEIVED_ONLINE
    assert {received_measure(way) for way in ("counter", "post", "")} == {M.RECEIVED_OTHERWISE}
