"""What an office's steps go by: its calendar, its settings, and what the rest of the program knows. Plain data."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from monitor.settings import Letters


class OfficeDays(Protocol):
    """What the steps ask of the calendar."""

    def local(self, at: datetime) -> datetime: ...
    def midnight(self, on: date) -> datetime: ...
    def last_open(self, on: date) -> datetime: ...
    def add_working_days(self, on: date, n: int) -> date: ...
    def is_working_day(self, on: date) -> bool: ...
    def working_days_between(self, after: date, until: date) -> int: ...
    def of(self, agency_code: str) -> "OfficeDays": ...


def _nobody(_: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Office:
    """`stale`: sources nothing may be concluded from now. `show_dates`: sources that show a new date by themselves.
    `officials`: names no letter may blame. `counter_mailbox`: the one-stop unit's mailbox by agency, "" =
    none. `mails`: whether mail goes out at all (switched on, and no trial run)."""

    calendar: OfficeDays
    settings: Letters
    stale: Collection[str] = ()
    show_dates: Collection[str] = ()
    officials: Collection[str] = ()
    counter_mailbox: Callable[[str], str] = _nobody
    mails: bool = True

    def days_of(self, agency_code: str) -> OfficeDays:
        """The calendar of the agency a letter is from: its own days off, where it has any."""
        return self.calendar.of(agency_code)

    def today(self, at: datetime) -> date:
        return self.calendar.local(at).date()
