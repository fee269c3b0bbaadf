"""What is late, what is about to be, what letters are needed. Read-only; no personal data in any row.

Every row also says how far its stage can be trusted (`Shown`): neither what is being judged again nor what a silent
source said is ever shown as fine.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    false,
    func,
    literal,
    or_,
    select,
    text,
    true,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from monitor.domain.letter import OPEN
from monitor.reports.census import (
    FINISHED_STAGES,
    URGENT_STAGES,
    AgencyTree,
    Shown,
    census,
    is_silent,
    names_of,
    of_agency,
)
from monitor.store.tables import Dossier, Letter
from monitor.store.tables.dossiers import RUNNING

_RANK = (*URGENT_STAGES, "being_judged_again", "uncertain", "due_soon", "source_silent", "unknown", "no_promise")


@dataclass(frozen=True, slots=True)
class LateRow:
    """One dossier in a list. `shown` is the stage, or a word of `Shown`; instants are aware UTC."""

    dossier_id: int
    code: str
    procedure_code: str
    procedure_name: str
    agency_code: str
    agency_name: str
    stage: str
    shown: str
    reason: str
    source: str
    received_at: datetime | None
    promise_at: datetime | None
    promise_number: int
    late_from_at: datetime | None
    letter_by_on: date | None
    confirmed_at: datetime
    precision: str
    letter_id: int | None
    letter_state: str
    letter_suspended_for: str
    letter_provisional: bool = False  # the letter's day hangs on a day not officially announced
    due_on: date | None = None  # our own count
    due_provisional: bool = False
    late_vs_promise: bool | None = None  # against the promise in force; None: not known, or none
    late_vs_original: bool | None = None  # against the first one

    def late_seconds(self, now: datetime) -> int:
        """Seconds since the promise was broken; 0 while it is not."""
        if self.late_from_at is None or now <= self.late_from_at:
            return 0
        return int((now - self.late_from_at).total_seconds())


@dataclass(frozen=True, slots=True)
class LetterRow:
    """One letter that is owed or drafted and not yet closed."""

    letter_id: int
    dossier_id: int
    code: str
    procedure_name: str
    agency_code: str
    agency_name: str
    promise_number: int
    promise_at: datetime | None
    state: str
    letter_by_on: date | None
    is_late: bool
    suspended_for: str
    owed_at: datetime
    drafted_at: datetime | None
    has_content: bool
    letter_provisional: bool = False  # its last day hangs on a day not officially announced
    is_overtaken: bool = False  # its dossier is being judged again: what stands here may be past


def late_dossiers(
    session: Session,
    *,
    now: datetime,
    agency: str | None = None,
    stages: Collection[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
    directory: AgencyTree | None = None,
    stale_sources: Collection[str] = (),
    counted: Mapping[str, int] | None = None,
) -> list[LateRow]:
    """Dossiers worst first (those of one instant as they came). `stages` takes stage names and the words of `Shown`;
    without it: what asks for action.

    `agency` is a canonical code; with a `directory` its subtree is included. A dossier of a silent source is found
    under its last known stage too, but shown as silent. `counted`: what `Counts.listed` says of the same names, where
    it was asked already.
    """
    names = names_of(stages)
    if counted is None and (limit is not None or offset):
        counted = census(session, now, stale_sources, agency, directory, names).listed(names)
    here = of_agency(Dossier.agency_code, agency, directory)
    ranked = sorted(names | {Shown.SOURCE_SILENT.value}, key=_rank)
    parts: list[Select[int, int]] = []
    for place, most, left_out in _parts(ranked, counted, limit, offset):
        of_name = _of_name(ranked[place], names, now, stale_sources)
        if of_name is not None:
            # of the index alone, in its order: what a later page leaves out is never read, nor is a long list sorted
            part = select(literal(place).label("place"), Dossier.id.label("id")).where(of_name, here)
            parts.append(part.order_by(Dossier.late_from_at, Dossier.id).limit(most).offset(left_out or None))
    if not parts:
        return []
    chosen = _together(parts)
    # outwards from what was chosen, which an outer join says to SQLite
    query = _rows(_shown(now, stale_sources), chosen).order_by(chosen.c.place, Dossier.late_from_at, Dossier.id)
    return [LateRow(*_cells(row)) for row in session.execute(query.limit(limit))]


def _parts(
    ranked: Sequence[str], counted: Mapping[str, int] | None, limit: int | None, offset: int
) -> Iterator[tuple[int, int | None, int]]:
    """(place, how many at most, how many are left out) of each name that the wanted rows can come from."""
    left = limit
    for place, name in enumerate(ranked):
        number = 0 if counted is None else counted.get(name, 0)
        if offset and offset >= number:
            offset -= number
            continue
        yield place, left, offset
        if left is not None:
            left -= number - offset
            if left <= 0:
                return
        offset = 0


def _of_name(
    name: str, names: Collection[str], now: datetime, stale_sources: Collection[str]
) -> ColumnElement[bool] | None:
    """What is shown under a name; None where nothing can be."""
    if name == Shown.BEING_JUDGED_AGAIN:
        # each by its own index: as one condition SQLite would read all dossiers of a commune for the few
        again = aliased(Dossier)
        ways = (again.stage == "", again.next_change_at <= now)
        return Dossier.id.in_(union_all(*(select(again.id).where(way) for way in ways)))
    holds = and_(Dossier.stage != "", or_(Dossier.next_change_at.is_(None), Dossier.next_change_at > now))
    if name == Shown.SOURCE_SILENT:
        if not stale_sources:
            return None
        stored = true() if name in names else Dossier.stage.in_(sorted(names))
        return and_(holds, is_silent(stale_sources), text(f"dossier.{RUNNING}"), stored)
    return and_(Dossier.stage == name, holds, true() if name in FINISHED_STAGES else ~is_silent(stale_sources))


def _together(parts: Sequence[Select[int, int]]) -> Subquery:
    """One statement for all parts. SQLite sorts and cuts no part of a union, but a table in it."""
    several = [part.subquery() for part in parts]
    if len(several) == 1:
        return several[0]
    return union_all(*(select(part.c.place, part.c.id) for part in several)).subquery()


def rows_of(
    session: Session, ids: Sequence[int], *, now: datetime, stale_sources: Collection[str] = ()
) -> list[LateRow]:
    """The rows of these dossiers (at most a few hundred), whatever their stage."""
    chosen = select(Dossier.id).where(Dossier.id.in_(ids)).subquery()
    query = _rows(_shown(now, stale_sources), chosen).order_by(Dossier.id)
    return [LateRow(*_cells(row)) for row in session.execute(query)]


def letters_needed(
    session: Session,
    *,
    now: datetime,
    agency: str | None = None,
    directory: AgencyTree | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[LetterRow]:
    """Letters that somebody still has to do something about: those past their last lawful day first, then by that day.

    `now` leaves out duties that had not yet arisen at that moment.
    """
    urgency = (Letter.suspended_for != "", Letter.is_late.desc(), Letter.letter_by_on, Letter.id)
    # chosen from the letters alone: the dossiers of a long list are not read to be left out
    chosen = (
        select(Letter.id)
        # the state as an expression, or SQLite would seek it in an index that holds the closed ones too
        .where(func.coalesce(Letter.state, "").in_(sorted(OPEN)), Letter.closed_at.is_(None), Letter.owed_at <= now)
        .where(of_agency(Letter.agency_code, agency, directory))
        .order_by(*urgency)
        .limit(limit)
        .offset(offset or None)
        .subquery()
    )
    query = (
        select(
            Letter.id,
            Letter.dossier_id,
            Dossier.code,
            Dossier.procedure_name,
            Letter.agency_code,
            Dossier.agency_name,
            Letter.promise_number,
            Dossier.promise_at,
            Letter.state,
            Letter.letter_by_on,
            Letter.is_late,
            Letter.suspended_for,
            Letter.owed_at,
            Letter.drafted_at,
            Letter.content_hash != "",
            Dossier.letter_provisional,
            func.coalesce(Dossier.next_change_at <= now, False),
        )
        .select_from(chosen)
        .outerjoin(Letter, Letter.id == chosen.c.id)
        .outerjoin(Dossier, Dossier.id == Letter.dossier_id)
        .order_by(*urgency)
    )
    # a letter whose dossier another agency took over since is that agency's to follow
    return [LetterRow(*_cells(row)) for row in session.execute(query) if row.code is not None]


def _rows(shown: ColumnElement[str], chosen: Subquery) -> Select[*tuple[Any, ...]]:
    """The columns of `LateRow`, in its order, of the dossiers whose ids were chosen."""
    letter_of = and_(Letter.dossier_id == Dossier.id, Letter.promise_number == Dossier.promise_number)
    columns = (
        Dossier.id,
        Dossier.code,
        Dossier.procedure_code,
        Dossier.procedure_name,
        Dossier.agency_code,
        Dossier.agency_name,
        Dossier.stage,
        shown,
        Dossier.stage_reason,
        Dossier.speaking_source,
        Dossier.received_at,
        Dossier.promise_at,
        Dossier.promise_number,
        Dossier.late_from_at,
        Dossier.letter_by_on,
        Dossier.confirmed_at,
        Dossier.precision,
        Letter.id,
        func.coalesce(Letter.state, ""),
        func.coalesce(Letter.suspended_for, ""),
        Dossier.letter_provisional,
        Dossier.due_on,
        Dossier.due_provisional,
        Dossier.late_vs_promise,
        Dossier.late_vs_original,
    )
    rows = select(*columns).select_from(chosen).outerjoin(Dossier, Dossier.id == chosen.c.id)
    return rows.outerjoin(Letter, letter_of)


def _shown(now: datetime, stale_sources: Collection[str]) -> ColumnElement[str]:
    """The stage as it may be shown at `now`. What is finished stays so, however long its source is silent."""
    overtaken = or_(Dossier.stage == "", Dossier.next_change_at <= now)
    silent = (
        and_(Dossier.speaking_source.in_(sorted(stale_sources)), Dossier.stage.not_in(FINISHED_STAGES))
        if stale_sources
        else false()
    )
    return case((overtaken, Shown.BEING_JUDGED_AGAIN.value), (silent, Shown.SOURCE_SILENT.value), else_=Dossier.stage)


def _rank(name: str) -> tuple[int, str]:
    return (_RANK.index(name) if name in _RANK else len(_RANK), name)


def _cells(row: Sequence[Any]) -> Sequence[Any]:
    return row  # the columns are chosen in the order of the row's fields
