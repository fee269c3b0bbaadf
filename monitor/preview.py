"""What a table would change, before it is applied: codes, states and dates, never a person. Nothing is written."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import BadRecord, Capability, Connector, DossierRecord, Page, Probe, Reach, Sweep
from connectors.canonical import canonical_all, hash_of
from monitor.domain.dossier import FINISHED
from monitor.store.tables import SourceDossier
from monitor.store.writing import in_batches, table_of

SHOWN = (
    "code", "status", "received_at", "promised_at", "extended_at", "finished_at", "returned_at", "procedure_code",
    "agency_code", "channel",
)  # fmt: skip
OTHER = "other"  # something that is not shown here changed: a name, a note


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of one dossier; "" for nothing, instants in UTC. `field` is "other" for what is not shown."""

    code: str
    field: str
    before: str
    after: str


@dataclass(slots=True)
class Preview:
    """`digest` names exactly this table against exactly this store: what was looked at is what is applied."""

    new: list[str] = field(default_factory=list)
    changes: list[FieldChange] = field(default_factory=list)
    changed: int = 0
    same: int = 0
    absent: list[str] = field(default_factory=list)  # open dossiers of this source that the table does not show
    bad: list[BadRecord] = field(default_factory=list)
    digest: str = ""


def preview(session: Session, source: str, connector: Connector, now: datetime) -> Preview:
    """Reads the whole table and compares it with what is held of `source`. Raises the `SourceError` tree."""
    found, seen, hashed = Preview(), set[str](), blake2b(digest_size=6)
    for page in connector.sweep(Sweep(Reach.FULL, now)):
        found.bad += page.bad
        _compare(session, source, page.records, found, hashed)
        seen.update(record.key for record in page.records)
        seen.update(bad.key for bad in page.bad)
    view = table_of(SourceDossier)
    is_open = view.c.status.not_in([status.value for status in FINISHED])
    for row in session.execute(select(view.c.key, view.c.code).where(view.c.source == source, is_open)):
        if row.key not in seen:
            found.absent.append(row.code or row.key)
    for bad in found.bad:
        hashed.update(f"{bad.key}|{bad.field}|{bad.problem}\n".encode())
    found.digest = hashed.hexdigest()
    return found


def _compare(session: Session, source: str, records: Sequence[DossierRecord], found: Preview, hashed: Any) -> None:
    view = table_of(SourceDossier)
    held: dict[str, Any] = {}
    for batch in in_batches([record.key for record in records]):
        rows = session.execute(select(view).where(view.c.source == source, view.c.key.in_(batch)))
        held |= {row.key: row for row in rows}
    for record, canonical in zip(records, canonical_all(records), strict=True):
        now_hash = hash_of(canonical)
        known = held.get(record.key)
        hashed.update(f"{record.key}|{now_hash}|{known.record_hash if known else ''}\n".encode())
        if known is None:
            found.new.append(record.code or record.key)
        elif known.record_hash == now_hash:
            found.same += 1
        else:
            found.changed += 1
            found.changes += _changes(known, record)


def _changes(known: Any, record: DossierRecord) -> Iterable[FieldChange]:
    said = [
        FieldChange(record.code or record.key, name, _text(getattr(known, name)), _text(getattr(record, name)))
        for name in SHOWN
        if _text(getattr(known, name)) != _text(getattr(record, name))
    ]
    return said or [FieldChange(record.code or record.key, OTHER, "", "")]


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return "" if value is None else str(value)


class ByHand:
    """A table applied once by hand: it says what its rows say, and nothing about the dossiers it does not have."""

    capabilities = frozenset({Capability.LIST})

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        return self._connector.sweep(plan)

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        return self._connector.lookup(codes)

    def probe(self) -> Probe:
        return self._connector.probe()
