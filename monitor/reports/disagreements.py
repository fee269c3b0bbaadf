"""Where a source's promised date is not the date we count: by agency and procedure, by how much and, as far as another
way of counting gives the source's date, why. Read-only; nobody is judged by it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.deadline import count_due
from monitor.domain.dossier import OPEN
from monitor.domain.limits import LimitUnit, TimeLimit
from monitor.procedures import Term, Terms
from monitor.store.tables import Dossier

UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One agency, one procedure. `compared` counts its open dossiers that have both dates; `by_days` maps working days
    (positive: the source promises later than we count) to dossiers, `by_reason` maps why to dossiers."""

    agency_code: str
    agency_name: str
    procedure_code: str
    procedure_name: str
    compared: int
    differing: int
    by_days: dict[int, int]
    by_reason: dict[str, int]
    example: str


def disagreements(
    session: Session, *, calendar: WorkingCalendar, terms: Terms, any_difference: int = 1
) -> list[Disagreement]:
    """Groups with at least one open dossier whose slip differs by `any_difference` working days or more; most first.

    The date of the slip is compared, as first heard: later ones follow pauses that our count of the slip leaves out.
    """
    weekdays = _weekdays_only(calendar)
    groups: defaultdict[tuple[str, str], _Group] = defaultdict(_Group)
    for row in _rows(session):
        own = calendar.of(row.agency_code)
        slip_on = own.local_date(row.original_promised_at or row.promised_at)
        group = groups[row.agency_code, row.procedure_code]
        days = _days(own, row.due_on, slip_on)
        group.compared += 1
        group.names = (row.agency_name, row.procedure_name)
        if abs(days) < any_difference:
            continue
        term = terms.find(row.procedure_code, row.channel)
        group.by_days[days] += 1
        group.by_reason[_why(term, row.received_at, slip_on, own, weekdays)] += 1
        group.example = group.example or row.code
    found = [
        Disagreement(
            agency, group.names[0], procedure, group.names[1], group.compared, sum(group.by_days.values()),
            dict(sorted(group.by_days.items())), dict(group.by_reason.most_common()), group.example,
        )
        for (agency, procedure), group in groups.items()
        if group.by_days
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.differing, one.agency_code, one.procedure_code))


class _Group:
    """What is added up for one agency and procedure."""

    def __init__(self) -> None:
        self.compared = 0
        self.names = ("", "")
        self.by_days: Counter[int] = Counter()
        self.by_reason: Counter[str] = Counter()
        self.example = ""


def _rows(session: Session) -> Iterator[Any]:
    columns = (
        Dossier.code, Dossier.agency_code, Dossier.agency_name, Dossier.procedure_code, Dossier.procedure_name,
        Dossier.channel, Dossier.received_at, Dossier.promised_at, Dossier.original_promised_at, Dossier.due_on,
    )  # fmt: skip
    statement = (
        select(*columns)
        .where(Dossier.status.in_(sorted(s.value for s in OPEN)), Dossier.due_on.is_not(None))
        .where(Dossier.promised_at.is_not(None), Dossier.received_at.is_not(None))
        .order_by(Dossier.id)
    )
    yield from session.execute(statement.execution_options(yield_per=2000))


def _days(calendar: WorkingCalendar, due_on: date, slip_on: date) -> int:
    """Working days from our date to the source's; plain days where the calendar does not reach, at least one where two
    different dates have no working day between them."""
    try:
        days = calendar.working_days_between(due_on, slip_on)
    except CalendarExhausted:
        days = (slip_on - due_on).days
    return days or (slip_on > due_on) - (slip_on < due_on)


def _why(
    term: Term | None, received_at: datetime, slip_on: date, calendar: WorkingCalendar, weekdays: WorkingCalendar
) -> str:
    """The first other way of counting that gives the source's date."""
    if term is None or term.limit is None:
        return UNEXPLAINED
    limit, rules = term.limit, term.rules
    by_days = replace(limit, unit=LimitUnit.CALENDAR_DAYS)
    ways = {}
    if rules.cut_off is not None or rules.same_day_until is not None:
        ways["cut_off_ignored"] = (limit, replace(rules, cut_off=None, same_day_until=None), calendar)
    ways |= {
        "holidays_ignored": (limit, rules, weekdays),
        "first_day": (limit, replace(rules, first_day_counted=not rules.first_day_counted), calendar),
        "calendar_days": (by_days, rules, calendar),
    }
    if limit.unit is LimitUnit.MONTHS:
        # a month has no fixed number of days (BLDS 2015 Điều 148 khoản 3); systems that add days say 30 or 31
        ways |= {f"month_as_{n}_days": (TimeLimit(limit.amount * n, by_days.unit), rules, calendar) for n in (30, 31)}
    for name, (other_limit, other_rules, other_calendar) in ways.items():
        try:
            if count_due(received_at, other_limit, other_rules, other_calendar).due_on == slip_on:
                return name
        except (CalendarExhausted, ValueError, OverflowError):
            continue
    return UNEXPLAINED


def _weekdays_only(calendar: WorkingCalendar) -> WorkingCalendar:
    """The same week without a single day off or made up: how a system counts that has no list of holidays."""
    return WorkingCalendar(calendar.zone, calendar.first, calendar.last, calendar.week)
