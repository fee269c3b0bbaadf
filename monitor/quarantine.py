"""Readings that were not believed: kept with their reason and their evidence until one passes or a person accepts."""

from datetime import datetime
from hashlib import blake2b

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from connectors.base import Gate
from monitor.store.packing import packed
from monitor.store.tables import Observation, Quarantine, Source
from monitor.store.writing import insert_returning_ids

ACCEPTABLE = frozenset({Gate.COUNT_DROP, Gate.SCHEMA_CHANGED})  # what a person may declare to be the new normal


def quarantine(
    session: Session, source: str, pull_id: int, gate: str, said: str, evidence: bytes, now: datetime
) -> None:
    """One open row a gate: the same trouble again counts on it. Evidence goes where evidence goes, once."""
    there = session.scalar(
        select(Quarantine).where(Quarantine.source == source, Quarantine.gate == gate, Quarantine.settled_at.is_(None))
    )
    if there is not None:
        there.times_seen += 1
        there.last_seen_at, there.said, there.pull_id = now, said, pull_id
        return
    kept = None
    if evidence:
        row = {
            "source": source,
            "key": "",
            "heard_at": now,
            "not_before_at": None,
            "record_hash": blake2b(evidence, digest_size=20).hexdigest(),
            "record": b"",
            "raw": packed(evidence),
            "pull_id": pull_id,
        }
        (kept,) = insert_returning_ids(session, Observation, [row])
    session.add(
        Quarantine(
            source=source,
            pull_id=pull_id,
            gate=gate,
            said=said,
            found_at=now,
            times_seen=1,
            last_seen_at=now,
            observation_id=kept,
            settled_at=None,
            settled_by="",
        )
    )


def settle(session: Session, source: str, now: datetime, *, by: str) -> None:
    """A reading passed every gate, or `by` (a person) accepted what the source says now."""
    session.execute(
        update(Quarantine)
        .where(Quarantine.source == source, Quarantine.settled_at.is_(None))
        .values(settled_at=now, settled_by=by)
    )


def accept(session: Session, source: str, rows_seen: int, now: datetime, *, by: str) -> list[str]:
    """Takes what the source says now as the new normal: its number of dossiers and the fields of its rows. Returns the
    gates that were opened; the others cannot be accepted away, only mended."""
    row = session.get_one(Source, source)
    open_gates = set(
        session.scalars(select(Quarantine.gate).where(Quarantine.source == source, Quarantine.settled_at.is_(None)))
    )
    accepted = sorted(gate for gate in open_gates if gate in ACCEPTABLE)
    if Gate.COUNT_DROP in accepted:
        row.accepted_rows = rows_seen
    if Gate.SCHEMA_CHANGED in accepted:
        row.row_keys = ""
    if accepted:
        row.retry_not_before_at = None
        session.execute(
            update(Quarantine)
            .where(Quarantine.source == source, Quarantine.gate.in_(accepted), Quarantine.settled_at.is_(None))
            .values(settled_at=now, settled_by=by)
        )
    return accepted
