"""Which views are the same dossier. By proof only: an id that a source itself declares, or the same code at the
same unit; never by name and date. Links are appended, so every one can be shown and undone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, aliased

from monitor.people import Directory
from monitor.store.tables import Alias, CrossingRow, DeclaredId, Dossier, FindingRow, Letter, Notice, SourceDossier
from monitor.store.writing import in_batches, insert_many, update_many


@dataclass(frozen=True, slots=True)
class _Candidate:
    view_id: int
    source: str
    dossier_id: int
    agency_code: str
    other_id: int
    other_source: str
    other_dossier_id: int
    other_agency_code: str
    rule: str
    evidence: str


def link_new_views(session: Session, view_ids: Collection[int], directory: Directory, now: datetime) -> set[int]:
    """Links these views to other systems' views of the same dossier; returns the dossiers that gained a view."""
    gained: set[int] = set()
    moves: list[dict[str, int]] = []
    links: list[dict[str, object]] = []
    emptied: dict[int, int] = {}
    undone = _undone(session, view_ids)
    for candidate in _candidates(session, view_ids):
        pair = frozenset((candidate.view_id, candidate.other_id))
        own = emptied.get(candidate.dossier_id, candidate.dossier_id)
        target = emptied.get(candidate.other_dossier_id, candidate.other_dossier_id)
        if own == target or pair in undone or not _proven(candidate, directory):
            continue
        moves.append({"id": candidate.view_id, "dossier_id": target})
        emptied[own] = target
        gained.add(target)
        links.append(
            {
                "view_id": candidate.view_id,
                "other_view_id": candidate.other_id,
                "rule": candidate.rule,
                "evidence": candidate.evidence,
                "linked_at": now,
                "undone": False,
            }
        )
    update_many(session, SourceDossier, moves)
    insert_many(session, Alias, links)
    _merge(session, emptied, now)
    return gained


def _candidates(session: Session, view_ids: Collection[int]) -> list[_Candidate]:
    """Pairs of views of different systems that share a code or a declared id; the proof is checked afterwards."""
    mine, other = aliased(SourceDossier), aliased(SourceDossier)
    declared, theirs = aliased(DeclaredId), aliased(DeclaredId)
    columns = (
        mine.id,
        mine.source,
        mine.dossier_id,
        mine.agency_code,
        other.id,
        other.source,
        other.dossier_id,
        other.agency_code,
    )
    found: list[_Candidate] = []
    for batch in in_batches(sorted(view_ids)):
        here = mine.id.in_(batch)
        elsewhere = (other.source != mine.source) & (mine.dossier_id != other.dossier_id)
        same_code = select(*columns, mine.code).where(here, elsewhere, mine.code == other.code, mine.code != "")
        we_say = (
            select(*columns, declared.code)
            .join(declared, declared.view_id == mine.id)
            .where(here, elsewhere, other.code == declared.code)
        )
        they_say = (
            select(*columns, theirs.code)
            .join(theirs, theirs.code == mine.code)
            .where(here, elsewhere, mine.code != "", other.id == theirs.view_id)
        )
        for rule, statement in (("declared_id", we_say), ("declared_id", they_say), ("same_code_and_unit", same_code)):
            for row in session.execute(statement):
                found.append(_Candidate(*row[:8], rule=rule, evidence=row[8]))
    return found


def _proven(candidate: _Candidate, directory: Directory) -> bool:
    if candidate.rule == "declared_id":
        return True
    ours = directory.canonical(candidate.source, candidate.agency_code) or candidate.agency_code
    theirs = directory.canonical(candidate.other_source, candidate.other_agency_code) or candidate.other_agency_code
    return ours == theirs


def _undone(session: Session, view_ids: Collection[int]) -> set[frozenset[int]]:
    """Links a person has undone: not to be made again by themselves."""
    pairs: set[frozenset[int]] = set()
    for batch in in_batches(sorted(view_ids)):
        statement = select(Alias.view_id, Alias.other_view_id).where(
            Alias.undone.is_(True), or_(Alias.view_id.in_(batch), Alias.other_view_id.in_(batch))
        )
        pairs.update(frozenset((a, b)) for a, b in session.execute(statement))
    return pairs


def _merge(session: Session, emptied: Mapping[int, int], now: datetime) -> None:
    """Dossiers that lost their last view. One that nothing was ever decided about is removed; one with a history
    keeps it, and its open duties are voided: the dossier that took its views owes them."""
    ids = sorted(emptied)
    for batch in in_batches(ids):
        with_history = set(session.scalars(select(CrossingRow.dossier_id).where(CrossingRow.dossier_id.in_(batch))))
        session.execute(
            delete(FindingRow).where(FindingRow.dossier_id.in_(batch), FindingRow.dossier_id.not_in(with_history))
        )
        session.execute(delete(Dossier).where(Dossier.id.in_(batch), Dossier.id.not_in(with_history)))
        if not with_history:
            continue
        session.execute(
            update(Letter)
            .where(Letter.dossier_id.in_(with_history), Letter.state.in_(("owed", "drafted")))
            .values(state="void", closed_at=now)
        )
        session.execute(
            update(Notice)
            .where(Notice.dossier_id.in_(with_history), Notice.state.in_(("owed", "planned")))
            .values(state="cancelled", reason="linked to another view of the same dossier", closed_at=now)
        )
        session.execute(
            update(Dossier)
            .where(Dossier.id.in_(with_history))
            .values(stage="", status="unknown", next_change_at=None, code="")
        )
