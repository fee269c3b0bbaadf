"""What a leader asks: what is late or about to be, since when, who holds it, who took it on, what was I told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.letter import LetterState
from monitor.reports.late import LateRow
from monitor.store.tables import Acknowledgement, Dossier, Letter, Message, SourceDossier
from monitor.store.writing import in_batches

ASKS = ("late", "due_today", "letter_due", "due_soon")


@dataclass(frozen=True, slots=True)
class Answered:
    """Who took a dossier on, and by which day."""

    person: str
    kind: str
    promised_on: date | None
    until_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """A dossier in a leader's list: `officer` as its source names them, "" where it names nobody."""

    row: LateRow
    officer: str
    answered: Answered | None


@dataclass(frozen=True, slots=True)
class ToApprove:
    """A letter whose reason and date wait for approval."""

    letter_id: int
    code: str
    procedure_name: str
    agency_code: str
    letter_by_on: date | None
    is_late: bool
    new_date_on: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """A message that went to a person, or is about to."""

    made_at: datetime
    sent_at: datetime | None
    state: str
    channel: str
    severity: str
    named: Mapping[str, Sequence[str]]  # section of the message, the worst first -> codes of what it is about


def held(session: Session, rows: Sequence[LateRow]) -> list[Held]:
    """The rows with who holds and who answered for each, in two queries."""
    ids = [row.dossier_id for row in rows]
    officers: dict[int, str] = {}
    answers: dict[int, Answered] = {}
    for batch in in_batches(ids):
        views = select(SourceDossier.dossier_id, SourceDossier.officer).where(
            SourceDossier.dossier_id.in_(batch), SourceDossier.officer != ""
        )
        officers.update((dossier_id, officer) for dossier_id, officer in session.execute(views))
        open_answers = select(Acknowledgement).where(
            Acknowledgement.dossier_id.in_(batch), Acknowledgement.ended_at.is_(None)
        )
        for answer in session.scalars(open_answers.order_by(Acknowledgement.id)):
            answers[answer.dossier_id] = Answered(
                answer.person, answer.kind, answer.promised_on, answer.until_at, answer.reason
            )
    return [Held(row, officers.get(row.dossier_id, ""), answers.get(row.dossier_id)) for row in rows]


def to_approve(session: Session, *, limit: int) -> list[ToApprove]:
    """Letters that wait for the leader's approval, the most urgent first."""
    query = (
        select(
            Letter.id,
            Dossier.code,
            Dossier.procedure_name,
            Letter.agency_code,
            Letter.letter_by_on,
            Letter.is_late,
            Letter.new_date_on,
            Letter.content,
        )
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(Letter.state == LetterState.DECIDED, Letter.suspended_for == "")
        .order_by(Letter.is_late.desc(), Letter.letter_by_on, Letter.id)
        .limit(limit)
    )
    return [
        ToApprove(
            row.id,
            row.code,
            row.procedure_name,
            row.agency_code,
            row.letter_by_on,
            row.is_late,
            row.new_date_on,
            _reason(row.content),
        )
        for row in session.execute(query)
    ]


def told(session: Session, person: str, *, limit: int) -> list[Told]:
    """The newest messages to one person."""
    query = select(Message).where(Message.person == person).order_by(Message.made_at.desc(), Message.id.desc())
    return [
        Told(m.made_at, m.sent_at, m.state, m.channel, m.severity, _named(m.payload))
        for m in session.scalars(query.limit(limit))
    ]


def _named(payload: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (payload or {}).get("lines") or ():
        found.setdefault(str(line.get("section", "")), []).append(str(line.get("code", "")))
    return found


def _reason(content: Any) -> str:
    return str((content or {}).get("values", {}).get("ly_do", ""))
