"""Rows that could not be read: kept once with a count, their dossiers not trusted, cleared when they are mended."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from connectors.base import BadRecord, DossierRecord
from monitor.domain.findings import FindingKind
from monitor.store.findings import Sync, open_kinds, sync_findings
from monitor.store.packing import packed
from monitor.store.tables import BadRecordRow, Dossier, Observation, SourceDossier
from monitor.store.writing import in_batches, insert_returning_ids, table_of


def set_aside(session: Session, source: str, bad: Sequence[BadRecord], now: datetime, pull_id: int) -> int:
    """Keeps each bad row once with a count; its bytes are evidence, so they go where evidence goes."""
    hashed = {(b.key, b.field, _fault_hash(b)): b for b in bad}
    if not hashed:
        return 0
    table = table_of(BadRecordRow)
    there: dict[tuple[str, str, str], int] = {}
    for batch in in_batches(sorted({key for key, _, _ in hashed})):
        for row in session.execute(select(table).where(table.c.source == source, table.c.key.in_(batch))):
            there[(row.key, row.field, row.fault_hash)] = row.id
    again = [there[k] for k in hashed if k in there]
    for ids in in_batches(again):
        session.execute(
            update(table)
            .where(table.c.id.in_(ids))
            .values(times_seen=table.c.times_seen + 1, last_seen_at=now, cleared_at=None)
        )
    fresh = [(k, b) for k, b in hashed.items() if k not in there]
    _distrust(session, source, {b.key for b in bad if b.key}, now)
    evidence = [
        {
            "source": source,
            "key": b.key,
            "heard_at": now,
            "not_before_at": None,
            "record_hash": fault_hash,
            "record": b"",
            "raw": packed(b.raw),
            "pull_id": pull_id,
        }
        for (_, _, fault_hash), b in fresh
    ]
    kept = insert_returning_ids(session, Observation, evidence)
    rows = [
        {
            "source": source,
            "key": b.key,
            "field": b.field[:64],
            "problem": b.problem,
            "fault_hash": fault_hash,
            "first_seen_at": now,
            "last_seen_at": now,
            "times_seen": 1,
            "observation_id": observation_id,
        }
        for ((_, _, fault_hash), b), observation_id in zip(fresh, kept, strict=True)
    ]
    if rows:
        session.execute(insert(table), rows)
    return len(hashed)


def _trust_again(session: Session, source: str, keys: set[str], now: datetime) -> None:
    view = table_of(SourceDossier)
    ids: set[int] = set()
    for batch in in_batches(sorted(keys)):
        mended = select(view.c.dossier_id).where(view.c.source == source, view.c.key.in_(batch))
        ids.update(session.scalars(mended))
    sync_findings(session, Sync(FindingKind.UNREADABLE_AT_SOURCE.value, {}, ids), now)
    wake(session, ids, now)


def _distrust(session: Session, source: str, keys: set[str], now: datetime) -> None:
    """Dossiers we hold whose present row cannot be read: their letters wait, for the matter may be over."""
    view = table_of(SourceDossier)
    ids: set[int] = set()
    for batch in in_batches(sorted(keys)):
        named = or_(view.c.key.in_(batch), view.c.code.in_(batch))
        ids.update(session.scalars(select(view.c.dossier_id).where(view.c.source == source, named)))
    known = {i for i, kinds in open_kinds(session, ids).items() if FindingKind.UNREADABLE_AT_SOURCE.value in kinds}
    sync_findings(session, Sync(FindingKind.UNREADABLE_AT_SOURCE.value, dict.fromkeys(ids, source), ids), now)
    wake(session, ids - known, now)


def wake(session: Session, dossier_ids: Iterable[int], now: datetime) -> None:
    """Marks dossiers to be judged again at once."""
    for batch in in_batches(sorted(dossier_ids)):
        session.execute(update(Dossier).where(Dossier.id.in_(batch)).values(next_change_at=now))


def unreadable_keys(session: Session, source: str) -> set[str]:
    """Keys whose last rows could not be read: no sweep since then has confirmed what we hold of them."""
    statement = select(BadRecordRow.key).where(BadRecordRow.source == source, BadRecordRow.cleared_at.is_(None))
    return set(session.scalars(statement))


def _fault_hash(bad: BadRecord) -> str:
    """What makes two bad rows the same: the same fault of the same dossier, whatever cosmetic else changed around it;
    the bytes themselves where not even the dossier could be told."""
    return blake2b(bad.problem.encode() if bad.key else bad.raw, digest_size=20).hexdigest()


def clear_mended(session: Session, source: str, records: Iterable[DossierRecord], now: datetime) -> None:
    """A row that could not be read and now can is no longer set aside. A broken row is known by whatever id could
    still be read in it: the whole key, its last part, or the code."""
    table = table_of(BadRecordRow)
    waiting = session.execute(
        select(table.c.id, table.c.key).where(table.c.source == source, table.c.cleared_at.is_(None))
    ).all()
    readable: set[str] = set()
    if waiting:
        for record in records:
            readable.update((record.key, record.key.rpartition(":")[2], record.code))
        readable.discard("")
    mended = [row.id for row in waiting if row.key in readable]
    if mended:
        names = {row.key for row in waiting if row.key in readable}
        whole = {r.key for r in records if names & {r.key, r.key.rpartition(":")[2], r.code}}
        _trust_again(session, source, whole, now)
    for ids in in_batches(mended):
        session.execute(update(table).where(table.c.id.in_(ids)).values(cleared_at=now))
