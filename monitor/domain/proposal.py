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
    LATE_ONES = "late_ones"  # of any procedure: how long those that were this late stayed so


@dataclass(frozen=True, slots=True)
class Proposal:
    """`on` is a working day after today and after the promise. Working days: `elapsed` is the dossier's age, or with
    `LATE_ONES` the days since its promise; `needs` is what is added, there to the promise if that is still ahead."""

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
    late_ones: DaysTaken,
    calendar: WorkingCalendar,
) -> Proposal | None:
    """The day by which four of five such dossiers had their result. A file later than any of its procedure ever was is
    compared with all late files, by the days since the promise; None where too few were even that late.

    `late_ones`: working days from the promise to the result of dossiers that were finished late. Raises
    `CalendarExhausted`.
    """
    elapsed = max(0, calendar.working_days_between(received_on, today))
    overdue = max(0, calendar.working_days_between(promised_on, today))
    latest = max(today, promised_on)
    for basis, taken, so_far, counted_from in (
        (Basis.SAME_AGENCY, same_agency, elapsed, today),
        (Basis.ALL_AGENCIES, all_agencies, elapsed, today),
        (Basis.LATE_ONES, late_ones, overdue, latest),
    ):
        longer = {days - so_far: number for days, number in taken.items() if days > so_far}
        dossiers = sum(longer.values())
        if dossiers < AT_LEAST:
            continue
        needs = _quantile(longer, dossiers)
        on = max(calendar.add_working_days(counted_from, needs), calendar.add_working_days(latest, 1))
        return Proposal(on, so_far, needs, basis, dossiers)
    return None


def _quantile(counts: DaysTaken, total: int) -> int:
    """The smallest number of days within which the share was done (nearest rank)."""
    days = sorted(counts)
    done = accumulate(counts[day] for day in days)
    return next(day for day, number in zip(days, done, strict=True) if number >= SHARE * total)
