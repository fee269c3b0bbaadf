"""Which stage a dossier is in: the judgement everything else hangs on. Pure: `now` is an argument.

For a running dossier all future stages are known in advance from its promise, so the rule is one timeline
(`_timeline`): the stage is its last entry that has passed, the next change its first that has not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from monitor.domain.apology import letter_by
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.dossier import FINISHED, LONGEST_TERM, Facts, Precision, Promise, Status

# The smallest step of time the store keeps: "late when now > promised" begins this long after the promise.
TICK = timedelta(microseconds=1)
_ONE_DAY = timedelta(days=1)


class Stage(StrEnum):
    """Where a dossier stands against the promise in force (law.md §4.4, §11)."""

    NOT_STARTED = "not_started"  # chưa tiếp nhận
    IN_TIME = "in_time"  # trong hạn
    DUE_SOON = "due_soon"  # sắp đến hạn
    LETTER_DUE = "letter_due"  # hạn cuối gửi văn bản xin lỗi
    DUE_TODAY = "due_today"  # đến hạn hôm nay
    LATE = "late"  # quá hạn chưa giải quyết
    FINISHED_EARLY = "finished_early"  # trước hạn
    FINISHED_ON_TIME = "finished_on_time"  # đúng hạn
    FINISHED_LATE = "finished_late"  # quá hạn
    PAUSED = "paused"  # tạm dừng
    NO_PROMISE = "no_promise"  # không có ngày hẹn trả
    UNCERTAIN = "uncertain"  # không xác định được
    UNKNOWN = "unknown"  # trạng thái lạ hoặc dữ liệu vô lý


class Reason(StrEnum):
    """Why, by name: what the explanation, the findings and the tests refer to."""

    BEFORE_PROMISE = "before_promise"
    WARNING_WINDOW = "warning_window"
    LAST_DAY_FOR_LETTER = "last_day_for_letter"
    PROMISE_DAY = "promise_day"
    AFTER_PROMISE = "after_promise"
    NOT_ACCEPTED = "not_accepted"
    PAUSED_BY_SOURCE = "paused_by_source"
    FINISHED_BEFORE_PROMISE_DAY = "finished_before_promise_day"
    FINISHED_WITHIN_PROMISE = "finished_within_promise"
    FINISHED_AFTER_PROMISE = "finished_after_promise"
    FINISH_AROUND_PROMISE = "finish_around_promise"
    PAUSE_AROUND_PROMISE = "pause_around_promise"
    NO_PROMISED_DATE = "no_promised_date"
    UNKNOWN_STATUS = "unknown_status"
    NO_RECEIPT = "no_receipt"
    RECEIVED_IN_FUTURE = "received_in_future"
    PROMISE_BEFORE_RECEIPT = "promise_before_receipt"
    PROMISE_TOO_FAR = "promise_too_far"
    FINISH_BEFORE_RECEIPT = "finish_before_receipt"


LATE_STAGES = frozenset({Stage.LATE, Stage.FINISHED_LATE})
LETTER_STAGES = frozenset({Stage.LETTER_DUE, Stage.DUE_TODAY, Stage.LATE})
RUNNING_STAGES = frozenset({Stage.IN_TIME, Stage.DUE_SOON, Stage.LETTER_DUE, Stage.DUE_TODAY, Stage.LATE})
FINISHED_STAGES = frozenset({Stage.FINISHED_EARLY, Stage.FINISHED_ON_TIME, Stage.FINISHED_LATE})
# Nothing in these may ever be shown as fine.
UNSURE_STAGES = frozenset({Stage.NO_PROMISE, Stage.UNCERTAIN, Stage.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Warning:
    """When "due soon" begins: the earliest of so many working days before the promise day, or the instant
    at which no more than this share of the working time from receipt to promise is left."""

    working_days: int | None = 3
    share_left: Fraction | None = None


class Crossing(NamedTuple):
    """A stage entered, and when that truly happened."""

    at: datetime
    stage: Stage
    reason: Reason


class Judgement(NamedTuple):
    """The answer for one dossier at one moment.

    `next_change_at` is the first instant at which this judgement can change though no fact does; None: never.
    `late_vs_promise` and `late_vs_original` are the two answers of law.md §4.4: against the promise in force, and
    against the date first promised, whatever came after; None: not known, or nothing to hold it against.
    `letter_provisional`: the letter's day hangs on a day that is not officially announced.
    """

    stage: Stage
    reason: Reason
    since: datetime
    promise: Promise | None
    letter_by_on: date | None
    late_from: datetime | None
    next_change_at: datetime | None
    timeline: tuple[Crossing, ...]
    late_vs_promise: bool | None
    late_vs_original: bool | None
    letter_provisional: bool = False

    def crossed_after(self, after: datetime | None, now: datetime) -> tuple[Crossing, ...]:
        """What was crossed in (after, now]; without `after` only the entry into the present stage."""
        if after is None:
            return tuple(c for c in self.timeline if c.at == self.since and c.stage is self.stage)
        return tuple(c for c in self.timeline if after < c.at <= now)


def late_from(promise: Promise, calendar: WorkingCalendar) -> datetime:
    """The first instant at which an unfinished dossier is late.

    By the day (the default: provincial reports compare dates, law.md §4.2): 00:00 of the day after. To the second:
    just after the promised instant.
    """
    return _late_from(promise, calendar.local_date(promise.at), calendar)


def _late_from(promise: Promise, promise_on: date, calendar: WorkingCalendar) -> datetime:
    if promise.precision is Precision.DATE:
        return calendar.begins(promise_on + _ONE_DAY)
    return promise.at + TICK


def judge(facts: Facts, calendar: WorkingCalendar, warning: Warning, now: datetime) -> Judgement:
    """Judges one dossier at `now` (aware). Raises `CalendarExhausted` where the calendar does not reach.

    Lateness is judged by the promised date in force (NĐ 118/2025 Điều 17 khoản 3: the slip's date is the legal
    reference; Điều 19 khoản 6: one extension), never by our own count.
    """
    if facts.status is Status.UNKNOWN:
        return _still(facts, now, Stage.UNKNOWN, Reason.UNKNOWN_STATUS)
    if facts.status in FINISHED:
        return _judge_finished(facts, calendar, now)
    if facts.status is Status.SUBMITTED:
        return _still(facts, now, Stage.NOT_STARTED, Reason.NOT_ACCEPTED, since=facts.submitted_at)
    nonsense = _nonsense(facts, calendar, now)
    if nonsense is not None:
        wakes = facts.received_at if nonsense is Reason.RECEIVED_IN_FUTURE else None
        return _still(facts, now, Stage.UNKNOWN, nonsense, next_change_at=wakes)
    promise = facts.promise
    if facts.is_paused:
        return _judge_paused(facts, promise, calendar, now)
    if promise is None:
        return _still(facts, now, Stage.NO_PROMISE, Reason.NO_PROMISED_DATE, since=facts.received_at)
    return _judge_running(facts, promise, calendar, warning, now)


class _Days(NamedTuple):
    """What hangs on the day of a promise alone, in UTC: begun together for all dossiers promised for that day."""

    soon: datetime | None
    letter_on: date
    letter: datetime
    promise: datetime
    after: datetime
    letter_provisional: bool


@lru_cache(maxsize=8192)  # a calendar never changes; an edited one is another
def _days_of(promise_on: date, working_days: int | None, calendar: WorkingCalendar) -> _Days:
    soon = None if working_days is None else calendar.begins(calendar.add_working_days(promise_on, -working_days))
    letter_on = letter_by(promise_on, None, calendar)
    assert letter_on is not None
    return _Days(
        soon,
        letter_on,
        calendar.begins(letter_on),
        calendar.begins(promise_on),
        calendar.begins(promise_on + _ONE_DAY),
        # some day from the letter's up to the one before the promise is not officially announced
        calendar.is_provisional(letter_on - _ONE_DAY, promise_on - _ONE_DAY),
    )


def _timeline(
    received_at: datetime,
    promise: Promise,
    promise_on: date,
    letter_on: date | None,
    calendar: WorkingCalendar,
    warning: Warning,
) -> tuple[Crossing, ...]:
    """Every stage a running dossier will pass, in order, each with the instant it begins.

    An entry that would begin before receipt begins at receipt; of several at one instant the last one stands.
    """
    days = _days_of(promise_on, warning.working_days, calendar)
    limit = days.after if promise.precision is Precision.DATE else promise.at + TICK
    soon = days.soon
    if warning.share_left is not None and promise.at > received_at:
        end = promise.at if promise.precision is Precision.INSTANT else limit
        left = warning.share_left
        by_share = calendar.part_of_open_time(received_at, end, left.denominator - left.numerator, left.denominator)
        soon = by_share if soon is None else min(soon, by_share)
    entries = (
        (soon, Stage.DUE_SOON, Reason.WARNING_WINDOW),
        (days.letter if letter_on else None, Stage.LETTER_DUE, Reason.LAST_DAY_FOR_LETTER),
        (days.promise, Stage.DUE_TODAY, Reason.PROMISE_DAY),
        (limit, Stage.LATE, Reason.AFTER_PROMISE),
    )
    timeline = [Crossing(received_at, Stage.IN_TIME, Reason.BEFORE_PROMISE)]
    latest = received_at
    for at, stage, reason in entries:
        if at is None:
            continue
        if at > latest:
            latest = at
            timeline.append(Crossing(at, stage, reason))
        else:  # it began before, or at the same instant: the last of several stands
            timeline[-1] = Crossing(latest, stage, reason)
    return tuple(timeline)


def _judge_running(
    facts: Facts, promise: Promise, calendar: WorkingCalendar, warning: Warning, now: datetime
) -> Judgement:
    assert facts.received_at is not None
    promise_on = calendar.local_date(promise.at)
    days = _days_of(promise_on, warning.working_days, calendar)
    letter_on = days.letter_on if calendar.local_date(facts.received_at) <= days.letter_on else None
    timeline = _timeline(facts.received_at, promise, promise_on, letter_on, calendar, warning)
    limit = timeline[-1].at
    if _is_doubtful(facts, limit):  # by no means late for sure, by no means in time
        timeline = (*timeline[:-1], Crossing(limit, Stage.UNCERTAIN, Reason.PAUSE_AROUND_PROMISE))
    current, upcoming = timeline[0], None
    for crossing in timeline:
        if crossing.at > now:
            upcoming = crossing.at
            break
        current = crossing
    original = _original_limit(facts, calendar, promise, limit)
    if now < original:  # the second answer changes by itself too
        upcoming = original if upcoming is None else min(upcoming, original)
    return Judgement(
        stage=current.stage,
        reason=current.reason,
        since=current.at,
        promise=promise,
        letter_by_on=letter_on,
        late_from=limit,
        next_change_at=upcoming,
        timeline=timeline,
        late_vs_promise=_late_against(facts, limit, now, now),
        late_vs_original=_late_against(facts, original, now, now),
        letter_provisional=letter_on is not None and days.letter_provisional,
    )


def _judge_paused(facts: Facts, promise: Promise | None, calendar: WorkingCalendar, now: datetime) -> Judgement:
    """It stands still. Where the promise ran out about when it was stopped, nobody saw which came first."""
    still = _still(facts, now, Stage.PAUSED, Reason.PAUSED_BY_SOURCE, since=facts.paused_since)
    pause = next((pause for pause in reversed(facts.counted_pauses) if pause.is_open), None)
    if promise is None or pause is None:
        return still
    limit = late_from(promise, calendar)
    original = _original_limit(facts, calendar, promise, limit)
    still = still._replace(
        late_vs_promise=_late_against(facts, limit, pause.began_after, pause.began_by),
        late_vs_original=_late_against(facts, original, pause.began_after, pause.began_by),
    )
    if not _is_doubtful(facts, limit):
        return still
    doubt = Crossing(limit, Stage.UNCERTAIN, Reason.PAUSE_AROUND_PROMISE)
    return still._replace(stage=doubt.stage, reason=doubt.reason, since=doubt.at, timeline=(doubt,))


def _is_doubtful(facts: Facts, limit: datetime) -> bool:
    """Whether a pause may have begun or ended on either side of the instant at which the promise breaks. What two
    polls left open is never decided by when they came."""
    return bool(facts.pauses) and any(pause.has_bound_around(limit) for pause in facts.counted_pauses)


def _judge_finished(facts: Facts, calendar: WorkingCalendar, now: datetime) -> Judgement:
    """Finished, refused or withdrawn: by when it ended. Known only to an interval around the promise: uncertain."""
    earliest, latest = _ended_between(facts)
    since = latest or now
    if facts.received_at is None:
        # refused or withdrawn before anything began: no promise was ever made
        return _still(facts, now, Stage.NOT_STARTED, Reason.NO_RECEIPT, since=since)
    # by the day: many systems give an ending without an hour, which then reads as that day's midnight
    if latest is not None and calendar.local_date(latest) < calendar.local_date(facts.received_at):
        return _still(facts, now, Stage.UNKNOWN, Reason.FINISH_BEFORE_RECEIPT, since=since)
    promise = facts.promise
    if promise is None:
        return _still(facts, now, Stage.NO_PROMISE, Reason.NO_PROMISED_DATE, since=since)
    promise_on = calendar.local_date(promise.at)
    limit = _late_from(promise, promise_on, calendar)
    if latest is None or (latest >= limit and (earliest is None or earliest < limit)):
        stage, reason = Stage.UNCERTAIN, Reason.FINISH_AROUND_PROMISE
    elif latest >= limit and _is_doubtful(facts, limit):
        stage, reason = Stage.UNCERTAIN, Reason.PAUSE_AROUND_PROMISE
    elif latest >= limit:
        stage, reason = Stage.FINISHED_LATE, Reason.FINISHED_AFTER_PROMISE
    elif calendar.local_date(latest) < promise_on:
        stage, reason = Stage.FINISHED_EARLY, Reason.FINISHED_BEFORE_PROMISE_DAY
    else:
        stage, reason = Stage.FINISHED_ON_TIME, Reason.FINISHED_WITHIN_PROMISE
    return Judgement(
        stage=stage,
        reason=reason,
        since=since,
        promise=promise,
        letter_by_on=letter_by(promise_on, calendar.local_date(facts.received_at), calendar),
        late_from=limit,
        next_change_at=None,
        timeline=(Crossing(since, stage, reason),),
        late_vs_promise=_late_against(facts, limit, earliest, latest),
        late_vs_original=_late_against(facts, _original_limit(facts, calendar, promise, limit), earliest, latest),
    )


def _ended_between(facts: Facts) -> tuple[datetime | None, datetime | None]:
    """(not before, not after): the stated instant twice, or what the polls saw around it."""
    if facts.finished_at is not None:
        return facts.finished_at, facts.finished_at
    return facts.finished_after or facts.received_at, facts.finished_by


def _original_limit(facts: Facts, calendar: WorkingCalendar, promise: Promise, limit: datetime) -> datetime:
    """When the date first promised is broken; `limit` is that of the promise in force, the same unless re-dated."""
    original = facts.original_promised_at or facts.promised_at
    if original is None or original == promise.at:
        return limit
    return late_from(Promise(1, original, facts.precision), calendar)


def _late_against(facts: Facts, limit: datetime, earliest: datetime | None, latest: datetime | None) -> bool | None:
    """Whether the clock still ran at `limit`, of a dossier that stopped in (earliest, latest]; None: not sure."""
    if latest is None or latest < limit:
        return None if latest is None else False
    if earliest is None or earliest < limit or _is_doubtful(facts, limit):
        return None
    return True


def _nonsense(facts: Facts, calendar: WorkingCalendar, now: datetime) -> Reason | None:
    """Dates that cannot be (connectors.md §11 case 31): shown as unknown, never judged."""
    received, promised = facts.received_at, facts.promised_at
    if received is None:
        return Reason.NO_RECEIPT
    if received > now:
        return Reason.RECEIVED_IN_FUTURE
    # by the day: a promise without an hour reads as midnight, before the hour of reception
    if promised is not None and promised < received and calendar.local_date(promised) < calendar.local_date(received):
        return Reason.PROMISE_BEFORE_RECEIPT
    if promised is not None and promised - received > LONGEST_TERM:
        return Reason.PROMISE_TOO_FAR
    return None


def _still(
    facts: Facts,
    now: datetime,
    stage: Stage,
    reason: Reason,
    *,
    since: datetime | None = None,
    next_change_at: datetime | None = None,
) -> Judgement:
    """A judgement that time alone does not change (or only at `next_change_at`)."""
    begun = since or facts.received_at or now
    begun = min(begun, now)
    return Judgement(
        stage=stage,
        reason=reason,
        since=begun,
        promise=facts.promise,
        letter_by_on=None,
        late_from=None,
        next_change_at=next_change_at,
        timeline=(Crossing(begun, stage, reason),),
        late_vs_promise=None,
        late_vs_original=None,
    )


def parse_warning(texts: Sequence[str]) -> Warning:
    """`["3wd", "20%"]` as a `Warning`. Raises `ValueError` naming the text."""
    days: int | None = None
    share: Fraction | None = None
    for text in texts:
        number = text[:-2] if text.endswith("wd") else text[:-1]
        if not number.isdigit() or not text.endswith(("wd", "%")):
            raise ValueError(f'{text!r}: write working days as "3wd" or a share of the term as "20%"')
        if text.endswith("wd"):
            days = int(number)
        elif 0 < int(number) < 100:
            share = Fraction(int(number), 100)
        else:
            raise ValueError(f"{text!r}: a share lies between 1% and 99%")
    return Warning(days, share)


__all__ = [
    "FINISHED_STAGES",
    "LATE_STAGES",
    "LETTER_STAGES",
    "RUNNING_STAGES",
    "UNSURE_STAGES",
    "Crossing",
    "Judgement",
    "Reason",
    "Stage",
    "Warning",
    "judge",
    "late_from",
    "parse_warning",
]
