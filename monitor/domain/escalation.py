"""The ladder: when each rung comes for a promise or a finding, and which rungs are owed at a moment. Pure."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.findings import FindingKind
from monitor.domain.stage import LATE_STAGES, RUNNING_STAGES, Stage

_AT = re.compile(r"^\s*(?:(?P<anchor>letter_by)|(?P<days>[+-]?\d{1,3})(?P<unit>wd|wh)?)\s*(?P<time>\d{1,2}:\d{2})?\s*$")


class Occasion(StrEnum):
    """What a rung is for."""

    DUE = "due"  # a running dossier approaches or has passed its promise
    LATE = "late"  # it is late
    NO_LETTER = "no_letter"  # it is late and no letter was issued
    LATE_AGAIN = "late_again"  # the one new date is missed too: told at once, whatever the ladder says
    SOURCE_SILENT = "source_silent"  # a source has not been read for too long
    MISMATCH = "mismatch"  # two systems disagree about it
    INTAKE_LATE = "intake_late"  # submitted, and not accepted within 8 working hours
    EXTENSION_NOT_ENTERED = "extension_not_entered"  # the letter's new date is not in the system yet
    PROMISE_BROKEN = "promise_broken"  # an official took it on, the day passed and it still runs
    PUT_OFF_OVER = "put_off_over"  # alerts were put off; this is what was held back


# Rungs on a missed step hang on the day its finding was made.
FINDING_OF = {
    Occasion.MISMATCH: FindingKind.STATE_MISMATCH,
    Occasion.INTAKE_LATE: FindingKind.INTAKE_LATE,
    Occasion.EXTENSION_NOT_ENTERED: FindingKind.EXTENSION_NOT_ENTERED,
}
ON_THE_PROMISE = frozenset({Occasion.DUE, Occasion.LATE, Occasion.NO_LETTER})


@dataclass(frozen=True, slots=True)
class RungTime:
    """`working_days` from the promise day (negative: before), or the letter's last day; at a local time.

    Or `working_hours` from the instant at which the promise is broken.
    """

    from_letter_day: bool
    working_days: int
    at: time
    working_hours: int = 0


@dataclass(frozen=True, slots=True)
class RungRule:
    """One rung as the rules see it. Told again every `repeat_days` working days, `repeat_times` times at most."""

    name: str
    occasion: Occasion
    when: RungTime
    roles: tuple[str, ...]
    agencies: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    severity: str = "normal"
    channels: tuple[str, ...] = ()  # in the order they are tried; none = every one
    repeat_days: int = 0
    repeat_times: int = 0

    def covers(self, agency_codes: Iterable[str], field_code: str) -> bool:
        """Whether it is meant for this agency (or one above it) and this field."""
        in_agency = not self.agencies or not self.agencies.isdisjoint(agency_codes)
        return in_agency and (not self.fields or field_code in self.fields)


@dataclass(frozen=True, slots=True)
class RungDue:
    """A rung that has come: truly at `at`. `folded` when a higher one came in the same pass and is sent instead.

    `repeat` is 0 the first time, then 1, 2 …
    """

    rung: RungRule
    at: datetime
    folded: bool
    repeat: int = 0


# A second miss is told up even by a ladder that has no rung for it (NĐ 118/2025 Điều 19 khoản 6: one extension).
FORCED = RungRule("late_again", Occasion.LATE_AGAIN, RungTime(False, 0, time(0)), ("chairman", "provincial_office"),
                  severity="urgent")  # fmt: skip


def with_forced(rungs: Sequence[RungRule]) -> tuple[RungRule, ...]:
    """The ladder, with our own rung for a second miss where it has none."""
    has_own = any(rung.occasion is Occasion.LATE_AGAIN for rung in rungs)
    return tuple(rungs) if has_own else (*rungs, FORCED)


def parse_rung_time(text: str) -> RungTime:
    """`"-3wd 08:00"`, `"letter_by 08:00"`, `"0 16:00"`, `"+1wd"`, `"-4wh"`. Raises `ValueError`: what to write."""
    found = _AT.match(text)
    wrong = f'{text!r}: write "-3wd 08:00", "letter_by 08:00", "0 16:00", "+1wd" or "-4wh"'
    if found is None or (found["unit"] is None and found["days"] not in (None, "0", "+0", "-0")):
        raise ValueError(wrong)
    try:
        at = time.fromisoformat(found["time"].zfill(5)) if found["time"] else time(0, 0)
    except ValueError as error:
        raise ValueError(f"{text!r}: {found['time']} is not a time of day") from error
    amount = int(found["days"] or 0)
    if found["unit"] != "wh":
        return RungTime(bool(found["anchor"]), amount, at)
    if found["time"] or not amount:
        raise ValueError(wrong)
    return RungTime(False, 0, at, working_hours=amount)


def rung_at(
    when: RungTime, promise_on: date, letter_by_on: date | None, limit: datetime, calendar: WorkingCalendar
) -> datetime | None:
    """The instant a rung comes, or None where it hangs on a letter day that the term does not have.

    `limit` is the first instant at which the promise is broken.
    """
    if when.from_letter_day:
        return calendar.at_time(letter_by_on, when.at) if letter_by_on is not None else None
    if when.working_hours:
        return calendar.add_open_time(limit, timedelta(hours=when.working_hours))
    day = calendar.add_working_days(promise_on, when.working_days) if when.working_days else promise_on
    return calendar.at_time(day, when.at)


def found_rung_at(when: RungTime, found_at: datetime, calendar: WorkingCalendar) -> datetime:
    """When a rung on a finding comes: so long after it was made, never before."""
    if when.working_hours:
        return max(found_at, calendar.add_open_time(found_at, timedelta(hours=when.working_hours)))
    found_on = calendar.local_date(found_at)
    day = calendar.add_working_days(found_on, when.working_days) if when.working_days else found_on
    return max(calendar.local(found_at), calendar.at_time(day, when.at))


def mark(rung: str, repeat: int = 0) -> str:
    """How the record names one coming of a rung."""
    return f"{rung}#{repeat}" if repeat else rung


def climb(
    rungs: Iterable[tuple[RungRule, datetime | None]],
    calendar: WorkingCalendar,
    now: datetime,
    already: Collection[str] = frozenset(),
    may_send: Callable[[RungRule], bool] = lambda _: True,
) -> tuple[list[RungDue], datetime | None]:
    """(rungs that have come by `now` and are not in `already`, the next instant at which one comes).

    Each rung comes with its first instant (None: never). A late tick catches up: of several that came since the last
    pass only the highest (the one that comes last) is to be sent, and of its repeats only the newest; the others are
    marked folded. One that `may_send` refuses folds nothing: the highest that is really sent does.
    """
    come: list[tuple[datetime, RungDue]] = []
    upcoming: datetime | None = None
    for rung, first in rungs:
        for repeat, at in enumerate(_comings(rung, first, calendar)):
            if at > now:
                upcoming = at if upcoming is None else min(upcoming, at)
                break
            if first is not None and mark(rung.name, repeat) not in already and may_send(rung):
                come.append((first, RungDue(rung, at, folded=False, repeat=repeat)))
    if not come:
        return [], upcoming
    highest = max(first for first, _ in come)
    newest = {due.rung.name: due.repeat for first, due in come if first == highest}  # repeats come in order
    come.sort(key=lambda pair: (pair[0], pair[1].repeat))
    return [replace(due, folded=newest.get(due.rung.name) != due.repeat) for _, due in come], upcoming


def _comings(rung: RungRule, first: datetime | None, calendar: WorkingCalendar) -> Iterator[datetime]:
    """The first instant of a rung and those of its repeats, at the same time of day."""
    if first is None:
        return
    yield first
    on, at = calendar.local_date(first), calendar.local(first).timetz().replace(tzinfo=None)
    for k in range(1, rung.repeat_times + 1 if rung.repeat_days else 0):
        yield calendar.at_time(calendar.add_working_days(on, k * rung.repeat_days), at)


def applies(occasion: Occasion, stage: Stage) -> bool:
    """Whether a dossier in `stage` can owe a rung of this occasion that hangs on its promise."""
    if occasion is Occasion.DUE:
        return stage in RUNNING_STAGES
    return occasion in (Occasion.LATE, Occasion.NO_LETTER) and stage in LATE_STAGES & RUNNING_STAGES
