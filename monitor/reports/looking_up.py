"""Finding dossiers by code, procedure or applicant, without accents. Each is a range of an index, never a scan.

A name is looked up from its beginning ("Nguyễn Văn") or from the given name back ("Văn An"): people are called by the
last word of their name.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from monitor.folding import after, folded, folded_back, plain_code
from monitor.store.tables import ApplicantRow, Dossier, ProcedureSeen, SourceDossier
from monitor.store.writing import in_batches

_WORST_FIRST = (
    "late", "due_today", "letter_due", "due_soon", "", "uncertain", "unknown", "no_promise", "in_time", "paused",
    "not_started", "finished_late", "finished_on_time", "finished_early",
)  # fmt: skip
SHORTEST = 2  # characters; fewer find everything


@dataclass(frozen=True, slots=True)
class FoundDossier:
    """A dossier found; `applicant` only where it was looked up by one."""

    dossier_id: int
    code: str
    procedure_name: str
    agency_code: str
    stage: str
    next_change_passed: bool
    applicant: str = ""


@dataclass(frozen=True, slots=True)
class FoundProcedure:
    code: str
    name: str


def by_code(session: Session, text: str, *, now: Any, limit: int) -> list[FoundDossier]:
    """Codes that begin or end like this, whatever the case."""
    plain = plain_code(text)
    if len(plain) < SHORTEST:
        return []
    found: dict[int, FoundDossier] = {}
    for column, start in ((Dossier.code_plain, plain), (Dossier.code_back, plain[::-1])):
        query = (
            _dossiers(now)
            .where(column >= start, column < after(start), Dossier.code != "")
            .order_by(column)
            .limit(limit)
        )
        found |= {row.id: _found(row) for row in session.execute(query)}
    return list(found.values())[:limit]


def by_procedure(session: Session, text: str, *, limit: int) -> list[FoundProcedure]:
    """Procedures whose code and name hold every word."""
    words = folded(text).split()
    if not words or len("".join(words)) < SHORTEST:
        return []
    query = select(ProcedureSeen.code, ProcedureSeen.name)
    for word in words:
        query = query.where(ProcedureSeen.folded.contains(word, autoescape=True))
    return [FoundProcedure(*row) for row in session.execute(query.order_by(ProcedureSeen.name).limit(limit))]


def of_procedure(session: Session, code: str, *, now: Any, limit: int) -> tuple[str, list[FoundDossier]]:
    """(its name, its dossiers): what is open first, the worst of it first."""
    name = session.scalar(select(ProcedureSeen.name).where(ProcedureSeen.code == code)) or ""
    found: list[FoundDossier] = []
    for stage in _WORST_FIRST:
        query = _dossiers(now).where(Dossier.procedure_code == code, Dossier.stage == stage)
        found += [_found(row) for row in session.execute(query.limit(limit - len(found)))]
        if len(found) >= limit:
            break
    return name, found


def by_applicant(
    session: Session, text: str, *, now: Any, agencies: Collection[str] | None, limit: int
) -> list[FoundDossier]:
    """Dossiers whose applicant's name begins like this, or ends like this. PERSONAL DATA: for entitled eyes."""
    start, back = folded(text), folded_back(text)
    if len(start) < SHORTEST:
        return []
    found: dict[int, FoundDossier] = {}
    for part in [None] if agencies is None else in_batches(sorted(agencies)):
        for column, begin in ((ApplicantRow.folded, start), (ApplicantRow.folded_back, back)):
            query = (
                _dossiers(now, ApplicantRow.name.label("applicant"))
                .join(SourceDossier, SourceDossier.dossier_id == Dossier.id)
                .join(ApplicantRow, ApplicantRow.view_id == SourceDossier.id)
                .where(_range(column, begin))
                .limit(limit)
            )
            if part is not None:
                query = query.where(ApplicantRow.agency_code.in_(part))
            found |= {row.id: _found(row) for row in session.execute(query)}
    return sorted(found.values(), key=lambda one: (folded_back(one.applicant), one.code))[:limit]


def _range(column: Any, begin: str) -> ColumnElement[bool]:
    # the whole name, or the name and then a further word: "an" is not "anh"
    whole_words = or_(column == begin, column.startswith(begin + " ", autoescape=True))
    return and_(column >= begin, column < after(begin), whole_words)


def _dossiers(now: Any, *more: Any) -> Any:
    passed = Dossier.next_change_at <= now
    columns = (
        Dossier.id,
        Dossier.code,
        Dossier.procedure_name,
        Dossier.agency_code,
        Dossier.stage,
        passed.label("passed"),
    )
    return select(*columns, *more)


def _found(row: Any) -> FoundDossier:
    return FoundDossier(
        row.id,
        row.code,
        row.procedure_name,
        row.agency_code,
        row.stage,
        bool(row.passed) or not row.stage,
        getattr(row, "applicant", ""),
    )
