"""What an official may answer to an alert, how long the answer holds, and what it comes to. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from monitor.domain.calendar import WorkingCalendar

_ONE_DAY = timedelta(days=1)


class AnswerKind(StrEnum):
    """What is answered."""

    TAKEN = "taken"  # nhận việc: it will be done by a promised day
    PUT_OFF = "put_off"  # hoãn nhắc: no alerts until then
    SOLVED = "solved"  # it is solved already, the source is behind


class AnswerEnd(StrEnum):
    """What became of an answer."""

    KEPT = "kept"  # the source showed the end in time
    BROKEN = "broken"  # the day passed and the dossier still runs: one rung higher
    OVER = "over"  # a put-off ended
    REPLACED = "replaced"  # the same person answered anew
    MOOT = "moot"  # another promise is in force, or the dossier stands still


class Refusal(StrEnum):
    """Why an answer is not taken."""

    NO_REASON = "no_reason"
    PERSON_IN_REASON = "person_in_reason"
    IN_THE_PAST = "in_the_past"
    TOO_LONG = "too_long"
    NOT_A_WORKING_DAY = "not_a_working_day"


class AnswerRefused(Exception):
    """An answer that breaks a rule. `longest_on` is the last day that would do, where that is the matter."""

    def __init__(self, refusal: Refusal, longest_on: date | None = None) -> None:
        super().__init__(refusal.value)
        self.refusal, self.longest_on = refusal, longest_on


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """How many working days ahead an answer may reach: a promise, a put-off by role, and how long "solved" is believed.

    A role that is not named may not put off at all.
    """

    promise_days: int = 10
    solved_days: int = 2
    put_off_days: Mapping[str, int] = field(
        default_factory=lambda: {
            "officer": 1,
            "section_head": 2,
            "one_stop_head": 2,
            "agency_head": 3,
            "chairman": 5,
            "director": 5,
        }
    )


def holds_until(
    kind: AnswerKind,
    asked_on: date | None,
    roles: Collection[str],
    since: datetime,
    now: datetime,
    calendar: WorkingCalendar,
    limits: AnswerLimits,
) -> tuple[date, datetime]:
    """(the last day an answer holds, the instant from which it holds no more: the start of the day after).

    `since` is when the person first answered for this promise: dates moved again and again count from there.
    Raises `AnswerRefused`, and `CalendarExhausted` where the calendar does not reach.
    """
    today = calendar.local_date(now)
    days = _longest(kind, roles, limits)
    longest_on = calendar.add_working_days(calendar.local_date(since), days) if days else today
    on = longest_on if asked_on is None else asked_on
    if on < today:
        raise AnswerRefused(Refusal.IN_THE_PAST, longest_on)
    if not days or on > longest_on:
        raise AnswerRefused(Refusal.TOO_LONG, longest_on if days else None)
    if not calendar.is_working_day(on):
        raise AnswerRefused(Refusal.NOT_A_WORKING_DAY, longest_on)
    return on, calendar.begins(on + _ONE_DAY)


def check_reason(reason: str) -> str:
    """The reason, trimmed. Raises `AnswerRefused` for none, or one with what looks like a person's number."""
    text = " ".join(reason.split())
    if not text:
        raise AnswerRefused(Refusal.NO_REASON)
    digits = 0
    for character in text.replace(" ", "").replace(".", ""):
        digits = digits + 1 if character.isdigit() else 0
        if digits >= 9:  # a telephone number has ten digits, an identity number nine or twelve
            raise AnswerRefused(Refusal.PERSON_IN_REASON)
    return text


def _longest(kind: AnswerKind, roles: Collection[str], limits: AnswerLimits) -> int:
    if kind is AnswerKind.TAKEN:
        return limits.promise_days
    if kind is AnswerKind.SOLVED:
        return limits.solved_days
    return max((limits.put_off_days.get(role, 0) for role in roles), default=0)
