"""The ladder: when each rung comes for a promise, and which rungs are owed at a moment. Pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.stage import LATE_STAGES, RUNNING_STAGES, Stage

_AT = re.compile(r"^\s*(?:(?P<anchor>letter_by)|(?P<days>[+-]?\d{1,3})(?P<unit>wd)?)\s*(?P<time>\d{1,2}:\d{2})?\s*$")


class Occasion(StrEnum):
    """What a rung is for."""

    DUE = "due"  # a running dossier approaches or has passed its promise
    LATE = "late"  # it is late
    NO_LETTER = "no_letter"  # it is late and no letter was issued
    LATE_AGAIN = "late_again"  # the one new date is missed too: told at once, whatever the ladder says
    SOURCE_SILENT = "source_silent"  # a source has not been read for too long
    MISMATCH = "mismatch"  # two systems disagree about it


@dataclass(frozen=True, slots=True)
class RungTime:
    """`working_days` from the promise day (negative: before), or the letter's last day; at a local time."""

    from_letter_day: bool
    working_days: int
    at: time


@dataclass(frozen=True, slots=True)
class RungRule:
    """One rung as the rules see it."""

    name: str
    occasion: Occasion
    when: RungTime
    roles: tuple[str, ...]
    agencies: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    severity: str = "normal"

    def covers(self, agency_codes: Iterable[str], field_code: str) -> bool:
        """Whether it is meant for this agency (or one above it) and this field."""
        in_agency = not self.agencies or not self.agencies.isdisjoint(agency_codes)
        return in_agency and (not self.fields or field_code in self.fields)


@dataclass(frozen=True, slots=True)
class RungDue:
    """A rung that has come: truly at `at`. `folded` when a later one came in the same pass and is sent instead."""

    rung: RungRule
    at: datetime
    folded: bool


# A second miss is told up even by a ladder that has no rung for it (NĐ 118/2025 Điều 19 khoản 6: one extension).
FORCED = RungRule("late_again", Occasion.LATE_AGAIN, RungTime(False, 0, time(0)), ("chairman", "provincial_office"),
                  severity="urgent")  # fmt: skip


def with_forced(rungs: Sequence[RungRule]) -> tuple[RungRule, ...]:
    """The ladder, with our own rung for a second miss where it has none."""
    has_own = any(rung.occasion is Occasion.LATE_AGAIN for rung in rungs)
    return tuple(rungs) if has_own else (*rungs, FORCED)


def parse_rung_time(text: str) -> RungTime:
    """`"-3wd 08:00"`, `"letter_by 08:00"`, `"0 16:00"`, `"+1wd"`. Raises `ValueError` saying what to write."""
    found = _AT.match(text)
    if found is None or (found["unit"] is None and found["days"] not in (None, "0", "+0", "-0")):
        raise ValueError(f'{text!r}: write "-3wd 08:00", "letter_by 08:00", "0 16:00" or "+1wd"')
    try:
        at = time.fromisoformat(found["time"].zfill(5)) if found["time"] else time(0, 0)
    except ValueError as error:
        raise ValueError(f"{text!r}: {found['time']} is not a time of day") from error
    return RungTime(bool(found["anchor"]), int(found["days"] or 0), at)


def rung_at(when: RungTime, promise_on: date, letter_by_on: date | None, calendar: WorkingCalendar) -> datetime | None:
    """The instant a rung comes, or None where it hangs on a letter day that the term does not have."""
    if when.from_letter_day:
        return calendar.at_time(letter_by_on, when.at) if letter_by_on is not None else None
    day = calendar.add_working_days(promise_on, when.working_days) if when.working_days else promise_on
    return calendar.at_time(day, when.at)


def rungs_due(
    rungs: Sequence[RungRule],
    promise_on: date,
    letter_by_on: date | None,
    calendar: WorkingCalendar,
    now: datetime,
    already: frozenset[str] = frozenset(),
    may_send: Callable[[RungRule], bool] = lambda _: True,
) -> tuple[list[RungDue], datetime | None]:
    """(rungs that have come by `now` and are not in `already`, the next instant at which one comes).

    A late tick catches up: of several that came since the last pass only the highest (the latest) is to be sent,
    the others are marked folded. One that `may_send` refuses folds nothing: the highest that is really sent does.
    """
    come: list[tuple[datetime, RungRule]] = []
    upcoming: datetime | None = None
    for rung in rungs:
        at = rung_at(rung.when, promise_on, letter_by_on, calendar)
        if at is None:
            continue
        if at > now:
            upcoming = at if upcoming is None else min(upcoming, at)
        elif rung.name not in already and may_send(rung):
            come.append((at, rung))
    come.sort(key=lambda pair: pair[0])
    highest = come[-1][0] if come else None
    return [RungDue(rung, at, folded=at != highest) for at, rung in come], upcoming


def applies(occasion: Occasion, stage: Stage) -> bool:
    """Whether a dossier in `stage` can owe a rung of this occasion that hangs on its promise."""
    if occasion is Occasion.DUE:
        return stage in RUNNING_STAGES
    return occasion in (Occasion.LATE, Occasion.NO_LETTER) and stage in LATE_STAGES & RUNNING_STAGES
