"""The log of who did what: append-only, each row bound to the one before by its hash, so a changed byte shows.

Cutting off the newest rows leaves a whole chain: `head` is printed by `dunghen verify` to be kept elsewhere, and every
step of a letter must have its row here.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from monitor.store.tables import Audit
from monitor.store.writing import insert_many, one_writer

_BATCH = 500
# of the ORM: a page's narrowed session refuses what its criteria cannot reach, and pages write here too
_LAST = select(Audit.id, Audit.hash).order_by(Audit.id.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not hold: the table, the row and why. No content is quoted."""

    table: str
    row: int
    problem: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest row: how many there are and the hash that binds them all."""

    rows: int
    hash: str


def lock(session: Session) -> None:
    """Waits until no other transaction decides: the chain never forks, and judging never overwrites a person's step."""
    one_writer(session)


def append(session: Session, *, at: datetime, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
    """Adds one row in the caller's transaction. `detail` is JSON without personal data."""
    lock(session)
    last = session.execute(_LAST).one_or_none()
    row = {
        "id": (last.id if last else 0) + 1,  # counted here, not by the database: a missing row leaves a gap
        "at": at,
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": dict(detail),
        "previous_hash": last.hash if last else "",
    }
    insert_many(session, Audit, [row | {"hash": row_hash(row)}])


def row_hash(row: Mapping[str, Any]) -> str:
    """SHA-256 of the previous row's hash and this row in canonical JSON."""
    plain = {name: row[name] for name in ("id", "actor", "action", "subject", "detail")}
    plain["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
    canonical = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256((row["previous_hash"] + canonical).encode()).hexdigest()


def verify(session: Session) -> list[Fault]:
    """Every row that was altered, is missing or cannot be read any more."""
    faults: list[Fault] = []
    number, previous = 0, ""
    try:
        for row in rows(session):
            number += 1
            if row.id != number:
                faults.append(Fault("audit", number, "missing"))
                number = row.id
            if row.previous_hash != previous or row_hash(row._mapping) != row.hash:
                faults.append(Fault("audit", row.id, "altered"))
            previous = row.hash
    except (ValueError, TypeError, AttributeError, DBAPIError):
        # what no writer of ours wrote: a broken date or broken JSON
        faults.append(Fault("audit", number + 1, "unreadable"))
    return faults


def head(session: Session) -> Head:
    """What to write down elsewhere, so that even cutting off the end is seen."""
    count = session.scalar(select(func.count()).select_from(Audit)) or 0
    return Head(count, session.scalar(select(Audit.hash).order_by(Audit.id.desc()).limit(1)) or "")


def rows(session: Session) -> Iterator[Any]:
    """The log from its beginning, in pieces: memory stays flat."""
    after = -1
    columns = select(*Audit.__table__.c)
    while batch := session.execute(columns.where(Audit.id > after).order_by(Audit.id).limit(_BATCH)).all():
        yield from batch
        after = batch[-1].id
