"""A dossier's course as the reports count it: one class a day, from its receipt on (law.md §4.4, §6.3). Pure.

The Office asks how things stood at the end of a past day. What had happened by then counts on the day on which it truly
happened, however late it was heard; a promise counts from the day we heard it, so that moving a date never improves
the days before. The class of a day is the one in force at its end.
"""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.dossier import Facts
from monitor.domain.letter import ISSUED, UNSIGNED, LetterState
from monitor.domain.stage import FINISHED_STAGES, Judgement, Stage, late_from


class Measure(StrEnum):
    """What is counted. The first nine hold each dossier exactly once; the others stand beside them."""

    WAITING = "waiting"  # chờ tiếp nhận: not yet among the received
    IN_TIME = "in_time"  # đang giải quyết, trong hạn
    LATE = "late"  # đang giải quyết, quá hạn
    PAUSED = "paused"  # tạm dừng
    FINISHED_EARLY = "finished_early"  # trước hạn
    FINISHED_ON_TIME = "finished_on_time"  # đúng hạn
    FINISHED_LATE = "finished_late"  # đã giải quyết, quá hạn
    UNCERTAIN = "uncertain"  # không xác định được
    UNKNOWN = "unknown"  # dữ liệu chưa rõ, hoặc không có ngày hẹn trả
    RECEIVED_ONLINE = "received_online"  # tiếp nhận trực tuyến
    RECEIVED_OTHERWISE = "received_otherwise"  # tiếp nhận trực tiếp, qua bưu chính, hoặc không rõ
    LETTER_OPEN = "letter_open"  # phải gửi, còn trong hạn gửi
    LETTER_MISSING = "letter_missing"  # quá ngày cuối mà chưa ký, hoặc trả quá hạn mà không có
    LETTER_ON_TIME = "letter_on_time"  # đã ký đúng hạn
    LETTER_LATE = "letter_late"  # đã ký sau ngày cuối


CLASSES = (
    Measure.WAITING,
    Measure.IN_TIME,
    Measure.LATE,
    Measure.PAUSED,
    Measure.FINISHED_EARLY,
    Measure.FINISHED_ON_TIME,
    Measure.FINISHED_LATE,
    Measure.UNCERTAIN,
    Measure.UNKNOWN,
)
LETTERS = (Measure.LETTER_OPEN, Measure.LETTER_MISSING, Measure.LETTER_ON_TIME, Measure.LETTER_LATE)
RESOLVED = (Measure.FINISHED_EARLY, Measure.FINISHED_ON_TIME, Measure.FINISHED_LATE)
# Received, and not resolved: what a period hands on to the next.
UNRESOLVED = (Measure.IN_TIME, Measure.LATE, Measure.PAUSED, Measure.UNCERTAIN, Measure.UNKNOWN)

_OF_STAGE = {
    Stage.NOT_STARTED: Measure.WAITING,
    Stage.IN_TIME: Measure.IN_TIME,
    Stage.DUE_SOON: Measure.IN_TIME,
    Stage.LETTER_DUE: Measure.IN_TIME,
    Stage.DUE_TODAY: Measure.IN_TIME,
    Stage.LATE: Measure.LATE,
    Stage.FINISHED_EARLY: Measure.FINISHED_EARLY,
    Stage.FINISHED_ON_TIME: Measure.FINISHED_ON_TIME,
    Stage.FINISHED_LATE: Measure.FINISHED_LATE,
    Stage.PAUSED: Measure.PAUSED,
    Stage.NO_PROMISE: Measure.UNKNOWN,
    Stage.UNCERTAIN: Measure.UNCERTAIN,
    Stage.UNKNOWN: Measure.UNKNOWN,
}


class Step(NamedTuple):
    """From this day on (until the next step) the dossier counts as `measure`."""

    on: date
    measure: Measure


def class_of(stage: Stage) -> Measure:
    """The reporting class of a stage. A dossier without a return date is unknown, never in time."""
    return _OF_STAGE[stage]


def told(facts: Facts, judgement: Judgement, limit: datetime | None, calendar: WorkingCalendar) -> tuple[Step, ...]:
    """The whole course as the present facts alone tell it, oldest first, nothing after the judgement's moment.

    `limit` is the first instant at which the promise in force is broken, where there is a promise.
    """
    entries: list[tuple[datetime, Measure]] = []
    ended = judgement.since
    began = facts.received_at
    if began is not None and began < ended and class_of(judgement.stage) is not Measure.WAITING:
        if facts.promise is not None and judgement.stage is not Stage.UNKNOWN:
            entries.append((began, Measure.IN_TIME))
            if limit is not None and began < limit < ended:
                # it ended somewhere around the promise: what lies between is as uncertain as the end
                uncertain = judgement.stage is Stage.UNCERTAIN
                entries.append((limit, Measure.UNCERTAIN if uncertain else Measure.LATE))
        else:
            entries.append((began, Measure.UNKNOWN))
    entries.append((ended, class_of(judgement.stage)))
    return _by_day([(calendar.local_date(at), measure) for at, measure in entries])


def continued(
    previous: Sequence[Step], own: Sequence[Step], holds_from: date, late_on: date | None = None
) -> tuple[Step, ...]:
    """`previous` before the day from which the present facts hold, and what they tell from that day on.

    `late_on`: the day on which, by what was known before, a dossier in time would have become late; it did, also where
    nobody was judging on that day.
    """
    if previous and late_on is not None and previous[-1].measure is Measure.IN_TIME and late_on >= previous[-1].on:
        previous = [*previous, Step(late_on, Measure.LATE)]
    start = max(holds_from, own[0].on)
    kept = [step for step in previous if step.on < start]
    if not kept:
        return tuple(own)
    in_force = [step for step in own if step.on <= start][-1]
    return _by_day([*kept, Step(start, in_force.measure), *(step for step in own if step.on > start)])


def holds_from(
    judgement: Judgement, facts_on: date, judged_on: date | None, facts_are_new: bool, calendar: WorkingCalendar
) -> date:
    """The day from which a new judgement replaces what was counted before.

    An ending or a pause holds from the day it happened, and a doubt from the day it is about; anything else a source
    says (another promise, a pause lifted) from the day it was heard; a stage entered by time alone from the day last
    judged, behind which nothing changes.
    """
    if not facts_are_new and judged_on is not None:
        return judged_on
    if judgement.stage in FINISHED_STAGES or judgement.stage is Stage.PAUSED:
        return min(facts_on, calendar.local_date(judgement.since))
    if judgement.stage is Stage.UNCERTAIN:
        return min(facts_on, calendar.local_date(judgement.late_from or judgement.since))
    return facts_on


def limit_of(facts: Facts, judgement: Judgement, calendar: WorkingCalendar) -> datetime | None:
    """When the promise in force is broken: as judged, or counted for a stage that does not say (paused, uncertain)."""
    if judgement.late_from is not None or facts.promise is None:
        return judgement.late_from
    try:
        return late_from(facts.promise, calendar)
    except CalendarExhausted:
        return None  # beyond the loaded years, which a finding says


def letter_measure(state: str, is_late: bool) -> Measure | None:
    """Where a letter counts; None where the duty went away (not needed, voided)."""
    if state == LetterState.MISSED:
        return Measure.LETTER_MISSING
    if state in ISSUED:
        return Measure.LETTER_LATE if is_late else Measure.LETTER_ON_TIME
    if state in UNSIGNED:
        return Measure.LETTER_MISSING if is_late else Measure.LETTER_OPEN
    return None


def received_measure(channel: str) -> Measure:
    """The reporting table splits what was received by the way it came (law.md §6.3, columns 4 and 5)."""
    return Measure.RECEIVED_ONLINE if channel == "online" else Measure.RECEIVED_OTHERWISE


def _by_day(steps: Sequence[tuple[date, Measure]]) -> tuple[Step, ...]:
    """In order; of one day the last stands; what changes nothing is left out."""
    found: list[Step] = []
    for on, measure in steps:
        if found and found[-1].on == on:
            found.pop()
        if not found or found[-1].measure is not measure:
            found.append(Step(on, measure))
    return tuple(found)


__all__ = [
    "CLASSES",
    "LETTERS",
    "RESOLVED",
    "UNRESOLVED",
    "Measure",
    "Step",
    "class_of",
    "continued",
    "holds_from",
    "letter_measure",
    "limit_of",
    "received_measure",
    "told",
]
