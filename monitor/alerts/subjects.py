"""Reads in bulk what the lines of messages say: dossiers, their letters, sources, names of agencies."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.alerts.lines import Subject
from monitor.people import Directory
from monitor.store.tables import Dossier, Letter, Notice, Source
from monitor.store.writing import in_batches, one_of, rows_of, table_of

_FIELDS = (
    *("id", "code", "procedure_code", "procedure_name", "agency_code", "agency_name", "precision", "speaking_source"),
    *("stage", "promise_number", "promise_at", "late_from_at", "letter_by_on", "letter_provisional", "finished_at"),
    "next_change_at",
)
_DOSSIERS = select(*(table_of(Dossier).c[name] for name in _FIELDS)).where(one_of(table_of(Dossier).c.id))
_L = table_of(Letter).c
_LETTERS = select(_L.dossier_id, _L.promise_number, _L.state).where(one_of(_L.dossier_id))


def dossiers_by_id(session: Session, ids: Collection[int]) -> dict[int, Dossier]:
    """What alerts say of these dossiers, in a few reads: rows with these fields of a dossier, and no others."""
    found: dict[int, Dossier] = {}
    for batch in in_batches(sorted(ids)):
        found.update({row.id: cast("Dossier", row) for row in rows_of(session, _DOSSIERS, ids=batch)})
    return found


def subjects_of(
    session: Session,
    notices: Sequence[Notice],
    dossiers: Mapping[int, Dossier],
    directory: Directory,
) -> dict[tuple[int | None, str], Subject]:
    """Everything the lines of these notices need, by (dossier or None, source), in a few reads."""
    letters: dict[tuple[int, int], str] = {}
    for batch in in_batches(sorted(dossiers)):
        states = rows_of(session, _LETTERS, ids=batch)
        letters.update({(dossier_id, number): state for dossier_id, number, state in states})
    of_sources = any(notice.source for notice in notices)  # rare
    sources = {source.name: source for source in session.scalars(select(Source))} if of_sources else {}
    found: dict[tuple[int | None, str], Subject] = {}
    for notice in notices:
        key = (notice.dossier_id, notice.source)
        if key in found:
            found[key] = replace(found[key], held=found[key].held or held_back(notice))
            continue
        dossier = dossiers.get(notice.dossier_id) if notice.dossier_id is not None else None
        if dossier is None and not notice.source:
            found[key] = Subject(said=notice.reason)
            continue
        if dossier is None:
            found[key] = Subject(source=sources.get(notice.source), source_name=notice.source)
            continue
        agency = directory.agency(dossier.agency_code)
        found[key] = Subject(
            dossier=dossier,
            held=held_back(notice),
            letter_state=letters.get((dossier.id, dossier.promise_number)),
            agency_name=agency.name if agency is not None else dossier.agency_name or dossier.agency_code,
        )
    return found


def held_back(notice: Notice) -> int:
    """How many alerts were held back by a put-off, of the notice that reports its end; 0 for every other."""
    count = (notice.reason or "").removeprefix("held:")
    return int(count) if count.isdigit() and count != notice.reason else 0
