"""Another calendar, or other time limits, for dossiers already open: what would move, said before it moves; the move.

`survey` is the only place that compares, and `apply` does what a survey in its own transaction says, so the two cannot
disagree. Only open dossiers are looked at: what is finished was judged by the rules of its day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session, sessionmaker

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.dossier import OPEN, Facts, Status
from monitor.domain.stage import LATE_STAGES, Judgement, Warning, judge
from monitor.judge import facts_from_row
from monitor.procedures import Terms
from monitor.projection import own_count
from monitor.store import audit
from monitor.store.tables import Dossier, Letter
from monitor.store.writing import one_writer, table_of, update_many
from monitor.whole_files import write_whole

CALENDAR_APPLIED = "calendar_applied"
LIMITS_APPLIED = "limits_applied"
RECOUNTED = "recounted"  # the file was edited past `apply`
# Letters in these states are no paper yet, or no longer one.
_NO_PAPER = ("owed", "void", "missed", "not_needed")
_OPEN = sorted({status.value for status in OPEN} | {Status.UNKNOWN.value})
_NEEDED = (
    "id", "code", "agency_code", "procedure_code", "channel", "status", "received_at", "promised_at", "extended_at",
    "original_promised_at", "finished_at", "finished_after_at", "finished_by_at", "paused_since_at", "submitted_at",
    "precision", "payment_pauses", "pauses", "due_on", "calendar_version", "term_version", "extended_by_letter_on",
    "taken_back_on",
)  # fmt: skip


class NothingToSay(ValueError):
    """Neither a calendar nor limits are applied without a reason."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What dates are counted with."""

    calendar: WorkingCalendar
    terms: Terms

    @property
    def version(self) -> str:
        return f"{self.calendar.version}/{self.terms.version}"

    def counted(self, row: Any) -> bool:
        """Whether the dates of a dossier's row were counted with this."""
        return bool(
            row.calendar_version == self.calendar.of(row.agency_code).version
            and row.term_version == self.terms.version_for(row.procedure_code, row.channel)
        )

    def payment_pauses(self, row: Any) -> bool:
        """Whether waiting for payment stops a dossier's clock."""
        term = self.terms.find(row.procedure_code, row.channel)
        return term is not None and term.rules.payment_pauses


@dataclass(frozen=True, slots=True)
class Change:
    """One open dossier, before and after. `letter_state` is "" where no letter is on paper.

    Late is late by the promise. `over_*`: our own count has run out, which is a check and no verdict (law.md §4.4).
    """

    code: str
    agency_code: str
    due_before: date | None
    due_after: date | None
    letter_before: date | None
    letter_after: date | None
    stage_before: str
    stage_after: str
    letter_state: str = ""
    over_before: bool = False
    over_after: bool = False

    @property
    def moves_due(self) -> bool:
        return self.due_before != self.due_after

    @property
    def moves_letter(self) -> bool:
        return self.letter_before != self.letter_after

    @property
    def becomes_late(self) -> bool:
        return self.stage_after in LATE_STAGES and self.stage_before not in LATE_STAGES

    @property
    def stops_being_late(self) -> bool:
        return self.stage_before in LATE_STAGES and self.stage_after not in LATE_STAGES

    @property
    def is_any(self) -> bool:
        return self.moves_due or self.moves_letter or self.stage_before != self.stage_after


@dataclass(frozen=True, slots=True)
class Survey:
    """What another basis does to the open dossiers at one moment. `changes` leaves out what stays as it is."""

    old_version: str
    new_version: str
    at: datetime
    open_dossiers: int
    changes: tuple[Change, ...]
    projected: tuple[dict[str, Any], ...] = field(repr=False, compare=False, default=())

    @property
    def letters_on_old_day(self) -> list[Change]:
        """Letters that were worded, signed or sent for a day that is another one now."""
        return [change for change in self.changes if change.letter_state and change.moves_letter]

    def numbers(self) -> dict[str, int]:
        """The figures, by name."""
        return {
            "open": self.open_dossiers,
            "due_moves": sum(change.moves_due for change in self.changes),
            "letter_day_moves": sum(change.moves_letter for change in self.changes),
            "become_late": sum(change.becomes_late for change in self.changes),
            "stop_being_late": sum(change.stops_being_late for change in self.changes),
            "run_over_count": sum(change.over_after and not change.over_before for change in self.changes),
            "stop_running_over": sum(change.over_before and not change.over_after for change in self.changes),
            "letters_on_old_day": len(self.letters_on_old_day),
        }


def survey(session: Session, old: Basis, new: Basis, warning: Warning, now: datetime) -> Survey:
    """Compares what is stored and judged by `old` with what `new` gives, for every open dossier, in one query."""
    changes: list[Change] = []
    projected: list[dict[str, Any]] = []
    for row in _open_rows(session):
        calendar = new.calendar.of(row.agency_code)
        today = calendar.local_date(now)
        before = _judged(row, row.payment_pauses, old.calendar.of(row.agency_code), warning, now)
        row_after = _projected(row, new, now)
        after = _judged(row, row_after["payment_pauses"], calendar, warning, now)
        due_on = row_after["due_on"]
        change = Change(
            code=row.code,
            agency_code=row.agency_code,
            due_before=row.due_on,
            due_after=due_on,
            letter_before=before.letter_by_on,
            letter_after=after.letter_by_on,
            stage_before=before.stage.value,
            stage_after=after.stage.value,
            letter_state="" if row.letter_state in (None, *_NO_PAPER) else row.letter_state,
            over_before=row.due_on is not None and row.due_on < today,
            over_after=due_on is not None and due_on < today,
        )
        if change.is_any:
            changes.append(change)
        projected.append(row_after)
    return Survey(old.version, new.version, now, len(projected), tuple(changes), tuple(projected))


def apply(
    sessions: sessionmaker[Session],
    old: Basis,
    new: Basis,
    warning: Warning,
    now: datetime,
    *,
    action: str,
    file: Path,
    target: Path,
    reason: str,
    actor: str,
) -> Survey:
    """Does what `survey` says, and puts `file` in the place of `target`; both or neither. Every open dossier is judged
    again at the next judging. `action` names it in the log. Raises `NothingToSay` without a reason."""
    if not reason.strip():
        raise NothingToSay("nothing is changed without a reason")
    with _put_in_place(file, target), sessions.begin() as session:
        one_writer(session)
        found = survey(session, old, new, warning, now)
        update_many(session, Dossier, list(found.projected))
        audit.append(
            session,
            at=now,
            actor=actor,
            action=action,
            subject=target.name,
            detail={"reason": reason.strip(), "from": old.version, "to": new.version, **found.numbers()},
        )
    return found


def recount(sessions: sessionmaker[Session], basis: Basis, now: datetime) -> int:
    """Counts anew every open dossier that was counted with another calendar than `basis` has for its agency, or with
    another time limit than it has for its procedure, and returns how many: after an edit of a file that went past
    `apply`. They are judged again at the next judging."""
    with sessions.begin() as session:
        one_writer(session)
        dossier = table_of(Dossier)
        names = ("agency_code", "procedure_code", "channel", "calendar_version", "term_version")
        counted = select(*(dossier.c[name] for name in names)).where(dossier.c.status.in_(_OPEN)).distinct()
        if all(basis.counted(row) for row in session.execute(counted)):
            return 0  # the usual case
        rows = [_projected(row, basis, now) for row in _open_rows(session) if not basis.counted(row)]
        update_many(session, Dossier, rows)
        if rows:
            detail = {"to": basis.version, "open": len(rows)}
            audit.append(session, at=now, actor="program", action=RECOUNTED, subject="basis", detail=detail)
    return len(rows)


def _projected(row: Any, basis: Basis, now: datetime) -> dict[str, Any]:
    """The row of an open dossier as `basis` counts it, to be judged again."""
    calendar = basis.calendar.of(row.agency_code)
    due = own_count(basis.terms.find(row.procedure_code, row.channel), row.received_at, calendar)
    return {
        "id": row.id,
        "due_at": due.due_at if due else None,
        "due_on": due.due_on if due else None,
        "due_provisional": due is not None and due.provisional,
        "payment_pauses": basis.payment_pauses(row),
        "calendar_version": calendar.version,
        "term_version": basis.terms.version_for(row.procedure_code, row.channel),
        "next_change_at": now,
    }


def _open_rows(session: Session) -> Iterator[Any]:
    dossier, letter = table_of(Dossier), table_of(Letter)
    columns = [dossier.c[name] for name in _NEEDED]
    of_promise = and_(letter.c.dossier_id == dossier.c.id, letter.c.promise_number == dossier.c.promise_number)
    statement = (
        select(*columns, letter.c.state.label("letter_state"))
        .select_from(dossier.outerjoin(letter, of_promise))
        .where(dossier.c.status.in_(_OPEN))
        .order_by(dossier.c.id)
    )
    yield from session.execute(statement.execution_options(yield_per=2000))


def _judged(row: Any, payment_pauses: bool, calendar: WorkingCalendar, warning: Warning, now: datetime) -> Judgement:
    """As judging does it: what lies beyond the loaded years is unknown."""
    try:
        facts = replace(facts_from_row(row, calendar), payment_pauses=payment_pauses)
        return judge(facts, calendar, warning, now)
    except CalendarExhausted:
        return judge(Facts(Status.UNKNOWN), calendar, warning, now)


@contextmanager
def _put_in_place(file: Path, target: Path) -> Iterator[None]:
    """`target` holds what `file` held, whole, once the block has ended well; as before if it did not."""
    data = file.read_bytes()
    former = target.read_bytes() if target.exists() else None
    try:
        write_whole(target, data)
        yield
    except BaseException:
        if former is None:
            target.unlink(missing_ok=True)
        else:
            write_whole(target, former)
        raise


__all__ = [
    "CALENDAR_APPLIED",
    "LIMITS_APPLIED",
    "Basis",
    "Change",
    "NothingToSay",
    "Survey",
    "apply",
    "recount",
    "survey",
]
