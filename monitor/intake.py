"""Stores one page of a source: what was said (append-only), the views, and the dossiers projected from them.

Everything here runs inside the caller's transaction, in a fixed number of statements per page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from connectors.base import Applicant, DossierRecord, Page
from connectors.canonical import canonical_all, hash_of
from monitor.folding import folded_all, turned
from monitor.identity import Bearer, Link, proven_links, record_links, relink
from monitor.projection import Intake, begin, project, view_from_row
from monitor.set_aside import clear_mended, set_aside, unreadable_keys
from monitor.store.packing import packed_all
from monitor.store.tables import ApplicantRow, DeclaredId, Observation, Source, SourceDossier
from monitor.store.writing import (
    AT_ONCE,
    among,
    in_batches,
    insert_columns,
    insert_columns_returning_ids,
    insert_many,
    insert_new,
    rows_of_columns,
    table_of,
    update_many,
)
from monitor.views import SourceView, fold

_PERSON_FIELDS = tuple(f.name for f in fields(Applicant))
_person = attrgetter(*_PERSON_FIELDS)


@dataclass(frozen=True, slots=True)
class PageCount:
    """Rows of one page (or several, added up)."""

    seen: int = 0
    changed: int = 0
    set_aside: int = 0
    drifted: int = 0  # changed before the last readings, which did not show it

    def __add__(self, other: "PageCount") -> "PageCount":
        return PageCount(
            self.seen + other.seen,
            self.changed + other.changed,
            self.set_aside + other.set_aside,
            self.drifted + other.drifted,
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """A view we hold: where it is, what it says, when it was last confirmed."""

    id: int
    dossier_id: int
    confirmed_at: datetime
    is_unseen: bool
    view: SourceView


class _New(NamedTuple):
    """A record that is not as we hold it."""

    record: DossierRecord
    canonical: bytes
    hash: str
    is_held: bool  # in another state


class _Heard(NamedTuple):
    """A record that says something new."""

    record: DossierRecord
    canonical: bytes
    raw: bytes
    hash: str
    known: _Known | None
    not_before: datetime | None
    view: SourceView


def joined(pages: Sequence[Page]) -> Page:
    """Several pages as one, in their order; of a key that comes twice the later record stands."""
    return Page(
        records=tuple(record for page in pages for record in page.records),
        raws=tuple(raw for page in pages for raw in page.raws),
        bad=tuple(bad for page in pages for bad in page.bad),
        total=pages[-1].total,
        resume=pages[-1].resume,
    )


def store_page(
    session: Session,
    source: str,
    page: Page,
    intake: Intake,
    now: datetime,
    sweep_confirmed_at: datetime | None,
    pull_id: int,
    *,
    drift_before: datetime | None = None,
) -> PageCount:
    """Appends what is new, updates the views and projects their dossiers. An unchanged row costs no write.

    `sweep_confirmed_at`: when the last complete reading began; a view was the same until then at least. What changed
    before `drift_before`, by the source's own stamp, counts as drift: earlier readings should have shown it.
    """
    latest = {record.key: (record, raw) for record, raw in zip(page.records, page.raws, strict=True)}
    news = _news(session, source, [record for record, _ in latest.values()])
    known = _known_views(session, source, [new.record.key for new in news if new.is_held])
    unreadable = unreadable_keys(session, source)
    heard: list[_Heard] = []
    for new in news:
        key = new.record.key
        confirmed = None if key in unreadable else sweep_confirmed_at
        heard.append(_heard(source, new, latest[key][1], known.get(key), now, confirmed))
    aside = set_aside(session, source, page.bad, now, pull_id)
    if page.records:
        clear_mended(session, source, page.records, now)
    if heard:
        _append(session, source, heard, now, pull_id)
        dossier_ids = _store_views(session, source, heard, intake, now)
        project(session, dossier_ids, intake, now)
    drifted = sum(_is_drift(item.record, drift_before) for item in heard) if drift_before is not None else 0
    return PageCount(len(latest) + len(page.bad), len(heard), aside, drifted)


def _is_drift(record: DossierRecord, before: datetime) -> bool:
    return record.source_updated_at is not None and record.source_updated_at < before


def _heard(
    source: str, new: _New, raw: bytes, known: _Known | None, now: datetime, sweep_at: datetime | None
) -> _Heard:
    not_before = known.confirmed_at if known else None
    if known and sweep_at is not None and not known.is_unseen:
        not_before = max(known.confirmed_at, sweep_at)
    view = fold(known.view if known else None, source, new.record, now, not_before)
    return _Heard(new.record, new.canonical, raw, new.hash, known, not_before, view)


def _news(session: Session, source: str, records: Sequence[DossierRecord]) -> list[_New]:
    """The records that say something new. Hashes are compared before anything else is read: nearly every row of nearly
    every page is unchanged."""
    table = table_of(SourceDossier)
    held: dict[str, str] = {}
    for batch in in_batches([record.key for record in records], AT_ONCE):
        is_asked = among(session, table.c.key, batch)
        statement = select(table.c.key, table.c.record_hash).where(table.c.source == source, is_asked)
        held |= dict(session.execute(statement).all())
    news = []
    for record, canonical in zip(records, canonical_all(records), strict=True):
        if (before := held.get(record.key)) != (hashed := hash_of(canonical)):
            news.append(_New(record, canonical, hashed, before is not None))
    return news


def _known_views(session: Session, source: str, keys: Sequence[str]) -> dict[str, _Known]:
    table = table_of(SourceDossier)
    known: dict[str, _Known] = {}
    for batch in in_batches(keys, AT_ONCE):
        is_asked = among(session, table.c.key, batch)
        rows = session.execute(select(table).where(table.c.source == source, is_asked)).mappings()
        for row in rows:
            known[row["key"]] = _Known(
                row["id"],
                row["dossier_id"],
                row["confirmed_at"],
                row["missing_sweeps"] > 0 or row["unseen_since_at"] is not None,
                view_from_row(row),
            )
    return known


def _append(session: Session, source: str, heard: Sequence[_Heard], now: datetime, pull_id: int) -> None:
    number = len(heard)
    columns: dict[str, Sequence[Any]] = {
        "source": [source] * number,
        "key": [item.record.key for item in heard],
        "heard_at": [now] * number,
        "not_before_at": [item.not_before for item in heard],
        "record_hash": [item.hash for item in heard],
        "record": packed_all([item.canonical for item in heard]),
        "raw": packed_all([item.raw for item in heard]),
        "pull_id": [pull_id] * number,
    }
    insert_columns(session, Observation, columns)


def _store_views(session: Session, source: str, heard: Sequence[_Heard], intake: Intake, now: datetime) -> set[int]:
    """Writes the views, the people behind them and their declared ids; returns the dossiers to project anew."""
    links = proven_links(session, source, map(_bearer, heard), intake.directory)
    old = {item.known.id: item for item in heard if item.known is not None}
    held_by = {item.known.id: item.known.dossier_id for item in heard if item.known is not None}
    if old:
        changed = {"id": list(old), **_view_columns(list(old.values()), now), "unseen_since_at": [None] * len(old)}
        update_many(session, SourceDossier, rows_of_columns(changed))
    moved = {id_: (held_by[id_], links[item.view.key]) for id_, item in old.items() if item.view.key in links}
    touched = set(held_by.values()) | relink(session, moved, now)
    new, gained = _add_views(session, source, [item for item in heard if item.known is None], links, intake, now)
    _store_people(session, new, old, intake)
    declared = [
        {"view_id": view_id, "code": code}
        for view_id, item in (old | new).items()
        for code in sorted(set(item.record.alternates))
    ]
    insert_new(session, DeclaredId, declared)
    return touched | gained


def _add_views(
    session: Session,
    source: str,
    new: Sequence[_Heard],
    links: Mapping[str, Link],
    intake: Intake,
    now: datetime,
) -> tuple[dict[int, _Heard], set[int]]:
    """(the new views by their ids, dossiers that gained one). A view without a proven link begins a dossier of its
    own."""
    if not new:
        return {}, set()
    alone = [item.view for item in new if item.view.key not in links]
    dossier_of = dict(zip([view.key for view in alone], begin(session, alone, intake, now), strict=True))
    dossier_of |= {key: link.dossier_id for key, link in links.items() if key not in dossier_of}
    columns = _view_columns(new, now)
    columns["dossier_id"] = [dossier_of[key] for key in columns["key"]]
    columns["first_heard_at"] = columns["confirmed_at"]
    ids = insert_columns_returning_ids(session, SourceDossier, columns)
    counted = update(Source).where(Source.name == source).values(dossiers=Source.dossiers + len(ids))
    session.execute(counted, execution_options={"synchronize_session": False})
    linked = [(view_id, links[item.view.key]) for view_id, item in zip(ids, new, strict=True) if item.view.key in links]
    record_links(session, linked, now)
    return dict(zip(ids, new, strict=True)), {link.dossier_id for _, link in linked}


def _bearer(item: _Heard) -> Bearer:
    record = item.record
    return Bearer(record.key, record.code, record.alternates, record.agency_code)


def _view_columns(heard: Sequence[_Heard], now: datetime) -> dict[str, Sequence[Any]]:
    """The columns of `source_dossier`, but for those of its dossier."""
    said = dict(zip(SourceView._fields, zip(*(item.view for item in heard), strict=True), strict=True))
    return said | {
        "status": [status._value_ for status in said["status"]],  # `.value` is a call of its own
        "record_hash": [item.hash for item in heard],
        "confirmed_at": [now] * len(heard),
        "missing_sweeps": [0] * len(heard),
    }


def _store_people(session: Session, new: Mapping[int, _Heard], old: Mapping[int, _Heard], intake: Intake) -> None:
    """Nearly every change is one of the matter: people who stay as they are, and their indexes, are left alone."""
    if new:
        insert_columns(session, ApplicantRow, _people_columns(new, intake))
    if not old:
        return
    table = table_of(ApplicantRow)
    held: dict[int, dict[str, Any]] = {}
    for batch in in_batches(list(old), AT_ONCE):
        found = session.execute(select(table).where(among(session, table.c.view_id, batch))).mappings()
        held.update((row["view_id"], dict(row)) for row in found)
    rows = [row for row in rows_of_columns(_people_columns(old, intake)) if held.get(row["view_id"]) != row]
    for batch in in_batches([row["view_id"] for row in rows if row["view_id"] in held]):
        session.execute(delete(table).where(table.c.view_id.in_(batch)))
    insert_many(session, ApplicantRow, rows)


def _people_columns(heard: Mapping[int, _Heard], intake: Intake) -> dict[str, Sequence[Any]]:
    """The columns of `applicant`."""
    persons = [_person(item.record.applicant) for item in heard.values()]
    said = dict(zip(_PERSON_FIELDS, zip(*persons, strict=True), strict=True))
    names = folded_all(said["name"])
    return said | {
        "view_id": list(heard),
        "agency_code": [intake.unit(item.view.source, item.view.agency_code) for item in heard.values()],
        "folded": names,
        "folded_back": list(map(turned, names)),
    }


__all__ = ["Intake", "PageCount", "joined", "store_page"]
