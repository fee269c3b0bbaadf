"""Absent is not finished: who was not shown by a reading that should have shown them, since when, and how often.

Only exceptions are written: a view that every reading repeats costs nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from monitor.domain.dossier import FINISHED
from monitor.domain.findings import FindingKind
from monitor.seen import Seen
from monitor.set_aside import wake
from monitor.store.findings import Sync, sync_findings
from monitor.store.tables import FindingRow, SourceDossier
from monitor.store.writing import in_batches, table_of

_AT_ONCE = 5000
_MISSING = FindingKind.MISSING_AT_SOURCE.value


def note_absences(
    session: Session,
    source: str,
    seen: Seen,
    now: datetime,
    *,
    last_evidence_at: datetime | None,
    missing_after: int | None,
) -> None:
    """Marks the views this reading did not show with the instant their word dates from, and takes the mark off those it
    did. With `missing_after` the reading was a whole listing: absences are counted, and so many make a finding, aloud.
    """
    missing: dict[int, str] = {}
    everybody_is_there = missing_after is not None and _is_each_shown(session, source, seen)
    for views in () if everybody_is_there else _batches(session, source, everything=missing_after is not None):
        shown = seen.among([view.key for view in views])
        absent = [view for view in views if view.key not in shown]
        back = [view for view in views if view.key in shown and _is_marked(view)]
        _mark(session, absent, last_evidence_at, count=missing_after is not None)
        _unmark(session, back)
        if missing_after is not None:
            missing |= {v.dossier_id: source for v in absent if v.missing_sweeps + 1 >= missing_after}
    if missing_after is None:
        return
    said = select(FindingRow.dossier_id).where(
        FindingRow.kind == _MISSING, FindingRow.detail == source, FindingRow.closed_at.is_(None)
    )
    said_missing = {dossier_id for dossier_id in session.scalars(said) if dossier_id is not None}
    changed = set(missing) ^ said_missing
    sync_findings(session, Sync(_MISSING, missing, [*missing, *changed]), now)
    wake(session, changed, now)  # a letter may have to wait now, or may go again


def _is_each_shown(session: Session, source: str, seen: Seen) -> bool:
    """Whether a whole listing showed every view we hold, and none was marked before: nearly every night. Every readable
    row has its view by now, so equal numbers are the same ones, and a million keys need not be compared."""
    if seen.has_unreadable:
        return False
    view = table_of(SourceDossier)
    of_source = view.c.source == source
    marked = select(view.c.id).where(of_source, view.c.unseen_since_at.is_not(None)).limit(1)
    held = select(func.count()).where(of_source)
    return session.scalar(marked) is None and session.scalar(held) == len(seen)


def _batches(session: Session, source: str, *, everything: bool) -> Any:
    """This source's views in batches: all of them, or those that are open or marked."""
    view = table_of(SourceDossier)
    columns = (
        view.c.id,
        view.c.key,
        view.c.dossier_id,
        view.c.confirmed_at,
        view.c.missing_sweeps,
        view.c.unseen_since_at,
    )
    wanted = select(*columns).where(view.c.source == source)
    if not everything:
        is_open = view.c.status.not_in([status.value for status in FINISHED])
        wanted = wanted.where(or_(is_open, view.c.unseen_since_at.is_not(None)))
    last = 0
    while True:
        rows = session.execute(wanted.where(view.c.id > last).order_by(view.c.id).limit(_AT_ONCE)).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _is_marked(view: Any) -> bool:
    return view.missing_sweeps > 0 or view.unseen_since_at is not None


def _mark(session: Session, absent: Sequence[Any], last_evidence_at: datetime | None, *, count: bool) -> None:
    table = table_of(SourceDossier)
    fresh = [view for view in absent if view.unseen_since_at is None]
    by_age: dict[datetime, list[int]] = {}
    for view in fresh:
        age = max(view.confirmed_at, last_evidence_at) if last_evidence_at is not None else view.confirmed_at
        by_age.setdefault(age, []).append(view.id)
    for since, ids in by_age.items():
        for batch in in_batches(ids):
            session.execute(update(table).where(table.c.id.in_(batch)).values(unseen_since_at=since))
    if count:
        for batch in in_batches([view.id for view in absent]):
            session.execute(
                update(table).where(table.c.id.in_(batch)).values(missing_sweeps=table.c.missing_sweeps + 1)
            )


def _unmark(session: Session, back: Sequence[Any]) -> None:
    table = table_of(SourceDossier)
    for batch in in_batches([view.id for view in back]):
        session.execute(update(table).where(table.c.id.in_(batch)).values(missing_sweeps=0, unseen_since_at=None))
