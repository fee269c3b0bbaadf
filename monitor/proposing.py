"""The new date the clock proposes, from the store's own history. One query for a whole list, never one a dossier."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.proposal import Proposal, propose
from monitor.store.tables import Dossier
from monitor.store.writing import in_batches

LOOKS_BACK = timedelta(days=2 * 365)  # what took long years ago says little of today
Taken = Mapping[int, int]


class Subject(Protocol):
    """What a proposal asks of a dossier: a row of `dossier`, or anything with these columns."""

    @property
    def id(self) -> int: ...
    @property
    def procedure_code(self) -> str: ...
    @property
    def agency_code(self) -> str: ...
    @property
    def received_at(self) -> datetime | None: ...
    @property
    def promise_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class History:
    """Working days finished dossiers took, by (procedure, agency) and by procedure; and how late the late ones were."""

    of_agency: Mapping[tuple[str, str], Taken]
    of_procedure: Mapping[str, Taken]
    late_ones: Taken


def history_of(session: Session, procedures: Collection[str], now: datetime) -> History:
    """What is known of these procedures, from results of the last two years."""
    of_agency: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    of_procedure: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    columns = (Dossier.procedure_code, Dossier.agency_code, Dossier.taken_days)
    for batch in in_batches(sorted(set(procedures) - {""})):
        counted = (
            select(*columns, func.count())
            .where(
                Dossier.procedure_code.in_(batch),
                Dossier.taken_days.is_not(None),
                Dossier.finished_at.between(now - LOOKS_BACK, now),
            )
            .group_by(*columns)
        )
        for procedure, agency, days, number in session.execute(counted):
            assert days is not None
            of_agency[procedure, agency][days] = number
            of_procedure[procedure][days] += number
    recent = Dossier.finished_at.between(now - LOOKS_BACK, now)
    late = select(Dossier.late_days, func.count()).where(Dossier.late_days.is_not(None), recent)
    late_ones = {days: number for days, number in session.execute(late.group_by(Dossier.late_days)) if days is not None}
    return History(of_agency, of_procedure, late_ones)


def proposal_for(one: Subject, history: History, calendar: WorkingCalendar, today: date) -> Proposal | None:
    """The proposal for one dossier, by its agency's `calendar`; None where its dates or history allow none."""
    if one.received_at is None or one.promise_at is None:
        return None
    try:
        return propose(
            today=today,
            received_on=calendar.local_date(one.received_at),
            promised_on=calendar.local_date(one.promise_at),
            same_agency=history.of_agency.get((one.procedure_code, one.agency_code), {}),
            all_agencies=history.of_procedure.get(one.procedure_code, {}),
            late_ones=history.late_ones,
            calendar=calendar,
        )
    except CalendarExhausted:
        return None


def proposals(
    session: Session, dossiers: Collection[Subject], calendar: WorkingCalendar, now: datetime
) -> dict[int, Proposal]:
    """By dossier id, for all of these at once."""
    if not dossiers:
        return {}
    history = history_of(session, {one.procedure_code for one in dossiers}, now)
    today = calendar.local_date(now)
    found = {one.id: proposal_for(one, history, calendar.of(one.agency_code), today) for one in dossiers}
    return {dossier_id: proposal for dossier_id, proposal in found.items() if proposal is not None}
