"""The new date the clock proposes, from the store's own history. One query for a whole list, never one a dossier."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.proposal import Proposal, propose
from monitor.pace import LATE, TAKEN
from monitor.store.pairs import asked_pairs
from monitor.store.tables import Pace
from monitor.store.writing import in_batches

LOOKS_BACK_YEARS = 2  # this year's results and those of the two before: what took long earlier says little of today
_PAIRS_AT_ONCE = 1000  # more than a page's list has, so that it asks once
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


def history_of(session: Session, dossiers: Collection[Subject], today: date) -> History:
    """What is known of the procedures of these dossiers, and of their agencies' own way with them."""
    of_agency: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    of_procedure: dict[str, dict[int, int]] = defaultdict(dict)
    recent = Pace.year.between(today.year - LOOKS_BACK_YEARS, today.year)
    columns = (Pace.procedure_code, Pace.agency_code, Pace.days)
    pairs = {(one.procedure_code, one.agency_code) for one in dossiers if one.procedure_code}
    wanted = pairs | {(procedure, "") for procedure, _ in pairs}
    for batch in in_batches(sorted(wanted), _PAIRS_AT_ONCE):
        # joined outwards from the pairs: SQLite seeks no list of pairs in an index
        asked = asked_pairs(session, batch)
        same = and_(
            Pace.kind == TAKEN, Pace.procedure_code == asked.c.first, Pace.agency_code == asked.c.second, recent
        )
        counted = select(*columns, func.sum(Pace.number)).select_from(asked).outerjoin(Pace, same).group_by(*columns)
        for procedure, agency, days, number in session.execute(counted):
            if not number:
                continue  # of this pair nothing is known, or all of it was taken back
            place = of_agency[procedure, agency] if agency else of_procedure[procedure]
            place[days] = int(number)
    late = select(Pace.days, func.sum(Pace.number)).where(
        Pace.kind == LATE, Pace.procedure_code == "", Pace.agency_code == "", recent
    )
    late_ones = {days: int(number) for days, number in session.execute(late.group_by(Pace.days))}
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
    today = calendar.local_date(now)
    history = history_of(session, dossiers, today)
    found = {one.id: proposal_for(one, history, calendar.of(one.agency_code), today) for one in dossiers}
    return {dossier_id: proposal for dossier_id, proposal in found.items() if proposal is not None}
