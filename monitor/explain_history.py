"""What was heard of a dossier, read back from the evidence for its explanation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import DossierRecord
from connectors.canonical import NotCanonical, record_from_json
from monitor.store.packing import NotPacked, unpacked
from monitor.store.tables import Observation, SourceDossier
from monitor.store.writing import in_batches


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing a source said, and between which readings it came true."""

    source: str
    key: str
    heard_at: datetime
    not_before: datetime | None
    record: DossierRecord


def histories(session: Session, dossier_ids: Sequence[int], known: datetime) -> dict[int, list[Heard]]:
    """What was heard of each dossier up to `known`, oldest first."""
    found: dict[int, list[Heard]] = {}
    for batch in in_batches(dossier_ids):
        statement = (
            select(SourceDossier.dossier_id, Observation)
            .join(Observation, (Observation.source == SourceDossier.source) & (Observation.key == SourceDossier.key))
            .where(SourceDossier.dossier_id.in_(batch), Observation.heard_at <= known)
            .order_by(Observation.heard_at, Observation.id)
        )
        for dossier_id, row in session.execute(statement):
            record = _record(row.record)
            if record is not None:
                heard = Heard(row.source, row.key, row.heard_at, row.not_before_at, record)
                found.setdefault(dossier_id, []).append(heard)
    return found


def _record(data: bytes) -> DossierRecord | None:
    """The record of an observation; None for a row that was set aside unread."""
    try:
        return record_from_json(unpacked(data)) if data else None
    except (NotPacked, NotCanonical):
        return None


def of_each(session: Session, table: Any, ids: Sequence[int], condition: Any) -> dict[int, list[Any]]:
    """The rows of `table` about each dossier, oldest first."""
    rows: dict[int, list[Any]] = {}
    for batch in in_batches(ids):
        for row in session.scalars(select(table).where(table.dossier_id.in_(batch), condition).order_by(table.id)):
            rows.setdefault(row.dossier_id, []).append(row)
    return rows
