"""Which new return date to propose, from what the procedure still needs. Pure; the officer decides.

Finished dossiers of the same procedure that were still open at this dossier's age tell how much longer it takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate

from monitor.domain.calendar import WorkingCalendar

SHARE = Fraction(4, 5)  # of those dossiers, so many were finished by the proposed day
AT_LEAST = 5  # fewer prove nothing

DaysTaken = Mapping[int, int]  # working days from reception to result -> how many dossiers took so long


class Basis(StrEnum):
    """Whose history a proposal rests on."""

    SAME_AGENCY = "same_agency"
    ALL_AGENCIES = "all_agencies"


@dataclass(frozen=True, slots=True)
class Proposal:
    """`on` is a working day after today and after the promise; `needs` and `elapsed` are working days."""

    on: date
    elapsed: int
    needs: int
    basis: Basis
    dossiers: int  # that were still open at this age


def propose(
    *,
    today: date,
    received_on: date,
    promised_on: date,
    same_agency: DaysTaken,
    all_agencies: DaysTaken,
    calendar: WorkingCalendar,
) -> Proposal | None:
    """The day by which four of five such dossiers had their result; None where too few were ever this old.

    Raises `CalendarExhausted`.
    """
    elapsed = max(0, calendar.working_days_between(received_on, today))
    for basis, taken in ((Basis.SAME_AGENCY, same_agency), (Basis.ALL_AGENCIES, all_agencies)):
        older = {days - elapsed: number for days, number in taken.items() if days > elapsed}
        dossiers = sum(older.values())
        if dossiers < AT_LEAST:
            continue
        needs = _quantile(older, dossiers)
        earliest = calendar.add_working_days(max(promised_on, today), 1)
        return Proposal(max(calendar.add_working_days(today, needs), earliest), elapsed, needs, basis, dossiers)
    return None


def _quantile(counts: DaysTaken, total: int) -> int:
    """The smallest number of days within which the share was done (nearest rank)."""
    days = sorted(counts)
    done = accumulate(counts[day] for day in days)
    return next(day for day, number in zip(days, done, strict=True) if number >= SHARE * total)
