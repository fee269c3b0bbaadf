"""Findings in the store: opened when they begin to hold, closed when they no longer do, never edited."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from monitor.store.tables import FindingRow
from monitor.store.writing import in_batches, insert_many, one_of, rows_of, table_of

_TABLE = table_of(FindingRow)
_OPEN = select(_TABLE.c.kind, _TABLE.c.dossier_id, _TABLE.c.id, _TABLE.c.detail).where(
    one_of(_TABLE.c.dossier_id), _TABLE.c.closed_at.is_(None)
)

_OPEN_OF_SITE = select(_TABLE.c.id, _TABLE.c.detail).where(
    _TABLE.c.kind == bindparam("kind"), _TABLE.c.dossier_id.is_(None), _TABLE.c.source.is_(None),
    _TABLE.c.closed_at.is_(None),
)  # fmt: skip
_CLOSED = update(_TABLE).where(one_of(_TABLE.c.id))
_UNCONFIRMED = _OPEN.where(_TABLE.c.confirmed_by == "")


@dataclass(frozen=True, slots=True)
class Sync:
    """The whole truth about one kind for the dossiers in `touched`: `holding` maps a dossier to its detail."""

    kind: str
    holding: Mapping[int, str]
    touched: Collection[int]


def sync_findings(session: Session, sync: Sync, now: datetime) -> None:
    """Opens what holds and is not open, closes what is open and no longer holds; a changed detail is a new row."""
    sync_kinds(session, {sync.kind: sync.holding}, sync.touched, now)


def sync_kinds(
    session: Session, kinds: Mapping[str, Mapping[int, str]], touched: Collection[int], now: datetime
) -> None:
    """The same for several kinds that were looked at together, in one read and two writes."""
    ids = sorted(set(touched).union(*kinds.values()))
    open_rows: dict[tuple[str, int], tuple[int, str]] = {}
    for batch in in_batches(ids):
        for kind, dossier_id, row_id, detail in rows_of(session, _OPEN, ids=batch):
            if kind in kinds:
                open_rows[kind, dossier_id] = (row_id, detail)
    ended = [
        row_id for (kind, dossier_id), (row_id, detail) in open_rows.items() if kinds[kind].get(dossier_id) != detail
    ]
    for batch in in_batches(ended):
        session.execute(_CLOSED.values(closed_at=now), {"ids": batch})
    begun = [
        {
            "dossier_id": dossier_id,
            "source": None,
            "kind": kind,
            "detail": detail,
            "found_at": now,
            "confirmed_by": "",
        }
        for kind, holding in kinds.items()
        for dossier_id, detail in holding.items()
        if open_rows.get((kind, dossier_id), (0, None))[1] != detail
    ]
    insert_many(session, FindingRow, begun)


def sync_site_finding(session: Session, kind: str, detail: str, now: datetime) -> None:
    """The same for what concerns no dossier and no source: it holds while `detail` says something."""
    told = rows_of(session, _OPEN_OF_SITE, kind=kind)
    ended = [row.id for row in told if row.detail != detail]
    for batch in in_batches(ended):
        session.execute(_CLOSED.values(closed_at=now), {"ids": batch})
    if detail and len(ended) == len(told):
        row = {"dossier_id": None, "source": None, "kind": kind, "detail": detail, "found_at": now, "confirmed_by": ""}
        insert_many(session, FindingRow, [row])


def open_kinds(
    session: Session, dossier_ids: Collection[int], *, unconfirmed_only: bool = False
) -> dict[int, set[str]]:
    """The kinds of open findings of each dossier; `unconfirmed_only` leaves out those a person has looked at."""
    kinds: dict[int, set[str]] = {}
    for batch in in_batches(sorted(dossier_ids)):
        for kind, dossier_id, *_ in rows_of(session, _UNCONFIRMED if unconfirmed_only else _OPEN, ids=batch):
            if dossier_id is not None:
                kinds.setdefault(dossier_id, set()).add(kind)
    return kinds
