"""Who must do what about which letter, and by when: the worklists of the resolving agency and of the counter.

Read-only, a few statements however long the list; no personal data in any row.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, true
from sqlalchemy.orm import Session

from monitor.domain.calendar import NotWorkingDay, WorkingCalendar
from monitor.domain.letter import LetterState
from monitor.domain.proposal import Proposal
from monitor.domain.stage import LETTER_STAGES
from monitor.letter_duty import last_day_to_enter
from monitor.letters.draft import promise_of
from monitor.letters.office import Office
from monitor.letters.steps import STALE
from monitor.letters.telling import APPLICANT, COUNTER, mails_of
from monitor.proposing import proposals
from monitor.store.tables import Dossier, Letter, LetterStep
from monitor.store.writing import in_batches


class Task(StrEnum):
    """What waits for a person. The first eight are the resolving agency's, the others the counter's."""

    CONFIRM = "confirm"  # held back by a doubt
    WORD = "word"  # not drafted yet: the program does it within a minute
    DECIDE = "decide"  # reason and new date
    APPROVE = "approve"
    SIGN = "sign"
    REGISTER = "register"  # văn thư
    TELL_COUNTER = "tell_counter"
    REISSUE = "reissue"  # taken back, and its duty still stands
    CHANGE_DATE = "change_date"
    TELL_APPLICANT = "tell_applicant"


_TASKS: Mapping[str, Task] = {
    LetterState.OWED: Task.WORD,
    LetterState.DRAFTED: Task.DECIDE,
    LetterState.DECIDED: Task.APPROVE,
    LetterState.APPROVED: Task.SIGN,
    LetterState.SIGNED: Task.REGISTER,
    LetterState.REGISTERED: Task.TELL_COUNTER,
    LetterState.VOID: Task.REISSUE,
    LetterState.COUNTER_TOLD: Task.CHANGE_DATE,
    LetterState.DATE_CHANGED: Task.TELL_APPLICANT,
}
AGENCY_STATES = (
    LetterState.OWED, LetterState.DRAFTED, LetterState.DECIDED, LetterState.APPROVED, LetterState.SIGNED,
    LetterState.REGISTERED, LetterState.VOID,
)  # fmt: skip
COUNTER_STATES = (LetterState.COUNTER_TOLD, LetterState.DATE_CHANGED)
_MAIL_TO = {
    LetterState.REGISTERED: COUNTER,
    LetterState.COUNTER_TOLD: APPLICANT,
    LetterState.DATE_CHANGED: APPLICANT,
}
_BEFORE_SIGNING = frozenset({LetterState.OWED, LetterState.DRAFTED, LetterState.DECIDED, LetterState.APPROVED})


@dataclass(frozen=True, slots=True)
class Due:
    """One letter and what waits to be done. `by` is the hour by which it must be: of the letter, when the office closes
    on its last lawful day; of the date in the system, when the counter's working day ends. None = as soon as can be.
    """

    letter_id: int
    dossier_id: int
    code: str
    procedure_code: str
    procedure_name: str
    agency_code: str
    agency_name: str
    promise_number: int  # 2: the one extension is used up, an apology without a new date
    promised_at: datetime | None
    received_at: datetime | None
    state: str
    task: Task
    by: datetime | None
    letter_by_on: date | None
    is_late: bool
    is_over: bool  # `by` has passed, or the letter is late
    held_for: str
    new_date_on: date | None
    mail: str  # of the mail this step may be taken by: "" | "under_way" | "failed"
    proposal: Proposal | None


def letters_due(
    session: Session,
    office: Office,
    calendar: WorkingCalendar,
    now: datetime,
    *,
    agencies: Collection[str] | None = None,
    limit: int | None = None,
    first: Collection[str] = (),
    proposes: bool = True,
) -> list[Due]:
    """The resolving agency's worklist: letters that are not yet with the counter. What is late first, then by the hour
    each must be out. `agencies` are canonical codes (None = all); what still has no date carries the one the clock
    proposes, if it `proposes`. A list that is cut holds those in the states `first` before all others."""
    return _listed(session, office, calendar, now, AGENCY_STATES, agencies, limit, first, proposes=proposes)


def counter_due(
    session: Session,
    office: Office,
    calendar: WorkingCalendar,
    now: datetime,
    *,
    agencies: Collection[str] | None = None,
    limit: int | None = None,
) -> list[Due]:
    """The counter's worklist: dates to change in the system, applicants to tell."""
    return _listed(session, office, calendar, now, COUNTER_STATES, agencies, limit)


def one_due(session: Session, office: Office, calendar: WorkingCalendar, now: datetime, letter_id: int) -> Due | None:
    """The same for one letter, whatever waits for it; None where nothing does."""
    rows = session.execute(_query(tuple(_TASKS)).where(Letter.id == letter_id)).all()
    return next(iter(_dues(session, rows, office, calendar, now, proposes=True)), None)


def _listed(
    session: Session,
    office: Office,
    calendar: WorkingCalendar,
    now: datetime,
    states: Collection[str],
    agencies: Collection[str] | None,
    limit: int | None,
    first: Collection[str] = (),
    *,
    proposes: bool = False,
) -> list[Due]:
    rows: list[Any] = []
    for part in [None] if agencies is None else in_batches(sorted(agencies)):
        here = true() if part is None else Letter.agency_code.in_(part)
        if limit is None:
            rows += session.execute(_query(states).where(here))
            continue
        urgent = _most_urgent(states, office, calendar.local_date(now), now, first).where(here).limit(limit).subquery()
        # outwards from those that were chosen, which an outer join says to both databases
        query = _COLUMNS.select_from(urgent).outerjoin(Letter, Letter.id == urgent.c.id)
        found = session.execute(query.outerjoin(Dossier, Dossier.id == Letter.dossier_id))
        rows += [row for row in found if row.id is not None]  # another agency's by now: that one's to follow
    dues = _dues(session, rows, office, calendar, now, proposes=proposes)
    dues.sort(key=lambda due: (bool(due.held_for), not due.is_over, due.by or now, due.code, due.letter_id))
    if limit is None:
        return dues
    return sorted(dues, key=lambda due: due.state not in first)[:limit]


def _most_urgent(
    states: Collection[str], office: Office, today: date, now: datetime, first: Collection[str]
) -> Select[Any]:
    """The letters in the order of the list as far as they tell it themselves, so that a long list is cut before it is
    read. Within one day offices may close at different hours: only there can the cut differ from the list."""
    own = Dossier.id == Letter.dossier_id
    unsigned = Letter.state.in_(sorted(_BEFORE_SIGNING))
    held = Letter.suspended_for != ""
    if office.stale:
        silent = exists().where(own, Dossier.speaking_source.in_(sorted(office.stale)))
        held = or_(held, and_(Letter.confirmed_for != STALE, silent))
    over = or_(and_(unsigned, Letter.is_late.is_(True)), Letter.letter_by_on < today)
    with_counter = Letter.state.in_(sorted(COUNTER_STATES))
    runs = exists().where(own, Letter.promise_number == Dossier.promise_number, _runs())
    return (
        select(Letter.id)
        .where(Letter.state.in_(sorted(states)), or_(Letter.state != LetterState.VOID, and_(_by_hand(), runs)))
        .order_by(
            *([case((Letter.state.in_(sorted(first)), 0), else_=1)] if first else []),
            case((and_(unsigned, held), 1), else_=0),
            case((with_counter, 0), (over, 0), else_=1),
            case((with_counter, func.coalesce(Letter.counter_told_at, now)), else_=None),
            func.coalesce(Letter.letter_by_on, today),
            Letter.id,
        )
    )


_COLUMNS = select(
    Letter.id.label("letter_id"), Letter.agency_code.label("writes"), Letter.promise_number, Letter.state,
    Letter.letter_by_on, Letter.is_late, Letter.suspended_for, Letter.confirmed_for, Letter.new_date_on,
    Letter.counter_told_at, Letter.slip_promised_at,
    Dossier.id, Dossier.code, Dossier.procedure_code, Dossier.procedure_name, Dossier.agency_code, Dossier.agency_name,
    Dossier.received_at, Dossier.promise_at, Dossier.promised_at, Dossier.extended_at, Dossier.original_promised_at,
    Dossier.taken_back_on, Dossier.speaking_source,
)  # fmt: skip


def _query(states: Collection[str]) -> Select[*tuple[Any, ...]]:
    return (
        _COLUMNS.join_from(Letter, Dossier, Dossier.id == Letter.dossier_id)
        .where(Letter.state.in_(sorted(states)), or_(Letter.state != LetterState.VOID, _owed_anew()))
        .order_by(Letter.id)
    )


def _owed_anew() -> ColumnElement[bool]:
    """Of a voided letter: a person took it back, and its promise is still the one that is missed."""
    return and_(_runs(), Letter.promise_number == Dossier.promise_number, _by_hand())


def _runs() -> ColumnElement[bool]:
    return Dossier.stage.in_(sorted(LETTER_STAGES))


def _by_hand() -> ColumnElement[bool]:
    return select(LetterStep.id).where(LetterStep.letter_id == Letter.id, LetterStep.step == "void").exists()


def _dues(
    session: Session, rows: Collection[Any], office: Office, calendar: WorkingCalendar, now: datetime, *, proposes: bool
) -> list[Due]:
    undated = [row for row in rows if proposes and row.state in _BEFORE_SIGNING and row.promise_number == 1]
    proposed = proposals(session, undated, calendar, now)
    mails = mails_of(session, [row.letter_id for row in rows if row.state not in _BEFORE_SIGNING])
    return [
        _due(
            row,
            office,
            calendar,
            now,
            proposed.get(row.id),
            mails.get((row.letter_id, _MAIL_TO.get(row.state, "")), ""),
        )
        for row in rows
    ]


def _due(
    row: Any, office: Office, calendar: WorkingCalendar, now: datetime, proposal: Proposal | None, mail: str
) -> Due:
    held = row.suspended_for
    if not held and row.speaking_source in office.stale and row.confirmed_for != STALE:
        held = STALE
    held = held if row.state in _BEFORE_SIGNING else ""
    task = Task.CONFIRM if held else _TASKS[row.state]
    if task is Task.CHANGE_DATE and row.new_date_on is None:
        task = Task.TELL_APPLICANT  # an apology without a new appointment changes no date
    by = _by(row, calendar.of(row.writes))
    return Due(
        letter_id=row.letter_id,
        dossier_id=row.id,
        code=row.code,
        procedure_code=row.procedure_code,
        procedure_name=row.procedure_name,
        agency_code=row.writes,
        agency_name=row.agency_name,
        promise_number=row.promise_number,
        promised_at=promise_of(row, row, calendar.local),
        received_at=row.received_at,
        state=row.state,
        task=task,
        by=by,
        letter_by_on=row.letter_by_on,
        is_late=row.is_late,
        is_over=bool(row.is_late and row.state in _BEFORE_SIGNING) or (by is not None and by < now),
        held_for=held,
        # the date of a letter taken back binds nobody
        new_date_on=None if row.state == LetterState.VOID else row.new_date_on,
        mail=mail,
        proposal=proposal,
    )


def _by(row: Any, calendar: WorkingCalendar) -> datetime | None:
    if row.state in AGENCY_STATES:
        return closing_of(row.letter_by_on, calendar) if row.letter_by_on is not None else None
    if row.counter_told_at is None:
        return None
    return closing_of(last_day_to_enter(calendar.local_date(row.counter_told_at), calendar), calendar)


def closing_of(on: date, calendar: WorkingCalendar) -> datetime:
    """When the office closes on that day; the end of the usual day where the calendar has made it a day off since."""
    try:
        return calendar.last_open(on)
    except NotWorkingDay:
        return calendar.midnight(on)
