"""Seals of letters: one hash over every column of a row, kept in the log whenever the program writes the row.

The row can be changed and its own hash with it; the log cannot, for it is a chain. `dunghen verify` compares.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.store import audit
from monitor.store.tables import Letter
from monitor.store.writing import in_batches, one_of, rows_of, table_of

COLUMNS = tuple(column.name for column in table_of(Letter).columns)
_LETTERS = select(table_of(Letter)).where(one_of(table_of(Letter).c.id))
_DIGITS = 32  # 128 bits: nobody finds a second row with the same seal


def seal_of(row: Mapping[str, Any]) -> str:
    """Changes when a byte of any column changes. An empty cell adds nothing, so that a column which comes with a later
    version (nullable: see `docs/letters.md`) leaves the seals of older rows as they are."""
    plain = {name: _plain(row[name]) for name in COLUMNS if row[name] is not None}
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def seal_of_letter(letter: Letter) -> str:
    """The seal of a letter in hand, flushed or not."""
    return seal_of({name: getattr(letter, name) for name in COLUMNS})


def seal_letters(session: Session, ids: Collection[int], *, at: datetime, actor: str, action: str) -> None:
    """One row in the log for all of these letters as they stand now. The caller has flushed what it wrote."""
    seals: dict[str, str] = {}
    for batch in in_batches(sorted(set(ids))):
        for row in rows_of(session, _LETTERS, ids=batch):
            seals[str(row.id)] = seal_of(row._mapping)
    if seals:
        audit.append(session, at=at, actor=actor, action=action, subject="letters", detail={"seals": seals})


def seal_unsealed(session: Session, at: datetime) -> None:
    """For a store from before there were seals: every letter as it stands now."""
    ids = session.scalars(select(Letter.id)).all()
    seal_letters(session, ids, at=at, actor="dunghen", action="letters.adopted")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
