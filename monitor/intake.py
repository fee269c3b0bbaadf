"""Stores one page of a source: what was said (append-only), the views, and the dossiers projected from them.

Everything here runs inside the caller's transaction, in a fixed number of statements per page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from connectors.base import Applicant, DossierRecord, Page
from connectors.canonical import canonical_json, hash_of
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.deadline import Deadline, count_due
from monitor.domain.dossier import Status
from monitor.domain.findings import FindingKind, finish_doubt
from monitor.folding import folded, folded_back, plain_code
from monitor.identity import Bearer, Link, proven_links, record_links, relink
from monitor.pace import take_back
from monitor.people import Directory
from monitor.procedures import Term, Terms
from monitor.set_aside import clear_mended, set_aside, unreadable_keys
from monitor.store.findings import Sync, sync_findings
from monitor.store.packing import packed
from monitor.store.tables import ApplicantRow, DeclaredId, Dossier, Observation, ProcedureSeen, Source, SourceDossier
from monitor.store.writing import (
    AT_ONCE,
    among,
    grouped,
    in_batches,
    insert_many,
    insert_new,
    insert_returning_ids,
    table_of,
    update_many,
)
from monitor.views import SourceRole, SourceView, disagreements, fold, precision_of, speaking

_NOT_TRUSTED = FindingKind.FINISH_NOT_TRUSTED.value
_VIEW_FIELDS = tuple(f.name for f in fields(SourceView))
_PERSON_FIELDS = tuple(f.name for f in fields(Applicant))
_person = attrgetter(*_PERSON_FIELDS)


@dataclass(frozen=True, slots=True)
class Intake:
    """What storing needs to know besides the page: agencies, terms, the calendar, whose word counts."""

    directory: Directory
    terms: Terms
    calendar: WorkingCalendar
    roles: Mapping[str, SourceRole]


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


@dataclass(frozen=True, slots=True)
class _Heard:
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
    known = _known_views(session, source, [new.record.key for new in news])
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
        held.update((key, record_hash) for key, record_hash in session.execute(statement))
    news = []
    for record in records:
        canonical = canonical_json(record)
        if held.get(record.key) != (hashed := hash_of(canonical)):
            news.append(_New(record, canonical, hashed))
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


def view_from_row(row: Any) -> SourceView:
    """A view from a row of `source_dossier`."""
    values = {name: row[name] for name in _VIEW_FIELDS}
    return SourceView(**(values | {"status": Status(row["status"])}))


def _append(session: Session, source: str, heard: Sequence[_Heard], now: datetime, pull_id: int) -> None:
    rows = [
        {
            "source": source,
            "key": item.record.key,
            "heard_at": now,
            "not_before_at": item.not_before,
            "record_hash": item.hash,
            "record": packed(item.canonical),
            "raw": packed(item.raw),
            "pull_id": pull_id,
        }
        for item in heard
    ]
    insert_many(session, Observation, rows)


def _store_views(session: Session, source: str, heard: Sequence[_Heard], intake: Intake, now: datetime) -> set[int]:
    """Writes the views, the people behind them and their declared ids; returns the dossiers to project anew."""
    links = proven_links(session, source, [_bearer(item) for item in heard], intake.directory)
    old = [(item.known, item) for item in heard if item.known is not None]
    update_many(
        session,
        SourceDossier,
        [{"id": known.id, **_columns(item, now), "missing_sweeps": 0, "unseen_since_at": None} for known, item in old],
    )
    moved = {known.id: (known.dossier_id, links[known.view.key]) for known, item in old if known.view.key in links}
    touched = {known.dossier_id for known, _ in old} | relink(session, moved, now)
    new = [item for item in heard if item.known is None]
    new_ids, gained = _add_views(session, source, new, links, intake, now)
    ids = {known.id: item for known, item in old} | dict(zip(new_ids, new, strict=True))
    _store_people(session, ids, intake, known_ids=[known.id for known, _ in old])
    declared = [
        {"view_id": view_id, "code": code}
        for view_id, item in ids.items()
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
) -> tuple[list[int], set[int]]:
    """(ids of the new views, dossiers that gained one). A view without a proven link begins a dossier of its own."""
    alone = [item for item in new if item.record.key not in links]
    rows = [_dossier_row([item.view], intake, now) for item in alone]
    note_procedures(session, rows)
    begun = insert_returning_ids(session, Dossier, rows)
    doubts = {id_: text for item, id_ in zip(alone, begun, strict=True) if (text := _finish_doubt([item.view], intake))}
    if doubts:
        sync_findings(session, Sync(_NOT_TRUSTED, doubts, ()), now)
    dossier_of = {item.record.key: dossier_id for item, dossier_id in zip(alone, begun, strict=True)}
    dossier_of |= {key: link.dossier_id for key, link in links.items() if key not in dossier_of}
    rows = [_columns(item, now) for item in new]
    for row in rows:
        row["dossier_id"], row["first_heard_at"], row["missing_sweeps"] = dossier_of[row["key"]], now, 0
    ids = insert_returning_ids(session, SourceDossier, rows)
    if ids:
        counted = update(Source).where(Source.name == source).values(dossiers=Source.dossiers + len(ids))
        session.execute(counted, execution_options={"synchronize_session": False})
    linked = [
        (view_id, links[item.record.key]) for view_id, item in zip(ids, new, strict=True) if item.record.key in links
    ]
    record_links(session, linked, now)
    return ids, {link.dossier_id for _, link in linked}


def _bearer(item: _Heard) -> Bearer:
    record = item.record
    return Bearer(record.key, record.code, record.alternates, record.agency_code)


def _columns(item: _Heard, now: datetime) -> dict[str, Any]:
    columns = item.view.columns()
    columns["record_hash"], columns["confirmed_at"] = item.hash, now
    return columns


def _store_people(session: Session, ids: Mapping[int, _Heard], intake: Intake, known_ids: Sequence[int]) -> None:
    """Nearly every change is one of the matter: people who stay as they are, and their indexes, are left alone."""
    table = table_of(ApplicantRow)
    held: dict[int, dict[str, Any]] = {}
    for batch in in_batches(known_ids, AT_ONCE):
        found = session.execute(select(table).where(among(session, table.c.view_id, batch))).mappings()
        held.update((row["view_id"], dict(row)) for row in found)
    rows = []
    for view_id, item in ids.items():
        person, view = item.record.applicant, item.view
        row = dict(zip(_PERSON_FIELDS, _person(person), strict=True))
        row["view_id"] = view_id
        row["agency_code"] = intake.directory.canonical(view.source, view.agency_code) or view.agency_code
        row["folded"], row["folded_back"] = folded(person.name), folded_back(person.name)
        if held.get(view_id) != row:
            rows.append(row)
    for batch in in_batches([row["view_id"] for row in rows if row["view_id"] in held]):
        session.execute(delete(table).where(table.c.view_id.in_(batch)))
    insert_many(session, ApplicantRow, rows)


def project(session: Session, dossier_ids: Iterable[int], intake: Intake, now: datetime) -> None:
    """Projects these dossiers from their views and marks them to be judged at once. A dossier left without a view
    (its views were linked to another) is emptied of meaning by `monitor.identity`, not here."""
    wanted = sorted(dossier_ids)
    table = table_of(SourceDossier)
    pairs: list[tuple[int, SourceView]] = []
    for batch in in_batches(wanted):
        for row in session.execute(select(table).where(table.c.dossier_id.in_(batch))).mappings():
            pairs.append((row["dossier_id"], view_from_row(row)))
    views_of = grouped(pairs)
    projected = [{"id": dossier_id, **_dossier_row(views, intake, now)} for dossier_id, views in views_of.items()]
    note_procedures(session, projected)
    take_back(session, wanted)
    update_many(session, Dossier, projected)
    said = {
        dossier_id: text
        for dossier_id, views in views_of.items()
        if len(views) > 1 and (text := disagreements(views, intake.roles, intake.calendar.zone))
    }
    sync_findings(session, Sync("state_mismatch", said, wanted), now)
    doubts = {id_: text for id_, views in views_of.items() if (text := _finish_doubt(views, intake))}
    sync_findings(session, Sync(_NOT_TRUSTED, doubts, wanted), now)


def _finish_doubt(views: Sequence[SourceView], intake: Intake) -> str:
    view = speaking(views, intake.roles)
    if view.finished_at is None:  # nearly all
        return ""
    return finish_doubt(view.finished_at, view.promised_at, view.promised_date_only, intake.calendar.zone)


def note_procedures(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keeps the name of every procedure seen, so that people find its dossiers by it."""
    seen = {row["procedure_code"]: row for row in rows if row["procedure_code"]}
    table = table_of(ProcedureSeen)
    for batch in in_batches(list(seen), AT_ONCE):
        for code in session.scalars(select(table.c.code).where(among(session, table.c.code, batch))):
            del seen[code]
    named = [
        {
            "code": code,
            "name": row["procedure_name"],
            "field_code": row["field_code"],
            "folded": folded(f"{code} {row['procedure_name']}"),
        }
        for code, row in sorted(seen.items())
    ]
    insert_new(session, ProcedureSeen, named)


def _dossier_row(views: Sequence[SourceView], intake: Intake, now: datetime) -> dict[str, Any]:
    view = speaking(views, intake.roles)
    term = intake.terms.find(view.procedure_code, view.channel) if view.procedure_code else None
    # a finding may hang on the first promise any system ever made
    first = min((v.original_promised_at for v in views if v.original_promised_at), default=None)
    original = view.original_promised_at or first
    own_code = intake.directory.canonical(view.source, view.agency_code)
    agency = intake.directory.agency(own_code) if own_code else None
    calendar = intake.calendar.of(own_code or view.agency_code)
    due = own_count(term, view.received_at, calendar)
    plain = plain_code(view.code)
    return {
        "code": view.code,
        "code_plain": plain,
        "code_back": plain[::-1],
        "procedure_code": view.procedure_code,
        "procedure_name": view.procedure_name or (term.name if term else ""),
        "field_code": view.field_code,
        "agency_code": own_code or view.agency_code,
        "agency_name": agency.name if agency else view.agency_name,
        "channel": view.channel,
        "status": view.status._value_,  # `.value` is a call of its own
        "speaking_source": view.source,
        "precision": precision_of(view, intake.roles)._value_,
        "payment_pauses": bool(term and term.rules.payment_pauses),
        "submitted_at": view.submitted_at,
        "received_at": view.received_at,
        "promised_at": view.promised_at,
        "original_promised_at": original,
        "extended_at": view.extended_at,
        "finished_at": view.finished_at,
        "finished_after_at": view.finished_after_at,
        "finished_by_at": view.finished_by_at,
        "returned_at": view.returned_at,
        "paused_since_at": view.paused_since_at,
        "due_at": due.due_at if due else None,
        "due_on": due.due_on if due else None,
        "due_provisional": due is not None and due.provisional,
        "pauses": view.pauses,
        "calendar_version": calendar.version,
        "term_version": intake.terms.version_for(view.procedure_code, view.channel),
        "facts_at": now,
        "confirmed_at": now,
        "next_change_at": now,
    }


def own_count(term: Term | None, received_at: datetime | None, calendar: WorkingCalendar) -> Deadline | None:
    """Our own count of a dossier, by its procedure's term; None where there is nothing to count by. It only raises
    findings: without it the promise still judges."""
    if term is None or term.limit is None or received_at is None:
        return None
    try:
        return count_due(received_at, term.limit, term.rules, calendar)
    except (CalendarExhausted, ValueError, OverflowError):
        return None


__all__ = ["Intake", "PageCount", "joined", "own_count", "project", "store_page", "view_from_row"]
