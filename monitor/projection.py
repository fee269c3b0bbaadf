"""From its views to the dossier itself: its facts, our own count of its date, and what its views disagree on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.deadline import Deadline, count_due
from monitor.domain.dossier import Status
from monitor.domain.findings import FindingKind, finish_doubt
from monitor.folding import folded, plain_code
from monitor.pace import take_back
from monitor.people import Directory
from monitor.procedures import Term, Terms
from monitor.store.findings import Sync, sync_findings
from monitor.store.tables import Dossier, ProcedureSeen, SourceDossier
from monitor.store.writing import (
    AT_ONCE,
    Columns,
    among,
    grouped,
    in_batches,
    insert_columns_returning_ids,
    insert_new,
    rows_of_columns,
    table_of,
    update_many,
)
from monitor.views import SourceRole, SourceView, disagreements, precision_of, speaking

_NOT_TRUSTED = FindingKind.FINISH_NOT_TRUSTED.value
_AS_SAID = (
    *("code", "procedure_code", "field_code", "channel", "submitted_at", "received_at", "promised_at", "extended_at"),
    *("finished_at", "finished_after_at", "finished_by_at", "returned_at", "paused_since_at", "pauses"),
)


@dataclass(frozen=True, slots=True)
class Intake:
    """What storing needs to know besides the page: agencies, terms, the calendar, whose word counts."""

    directory: Directory
    terms: Terms
    calendar: WorkingCalendar
    roles: Mapping[str, SourceRole]

    def unit(self, source: str, agency_code: str) -> str:
        """Our code of the agency that the source calls so; its own where nobody answers to it."""
        return self.directory.canonical(source, agency_code) or agency_code


def view_from_row(row: Any) -> SourceView:
    """A view from a row of `source_dossier`."""
    return SourceView(**{name: row[name] for name in SourceView._fields} | {"status": Status(row["status"])})


def begin(session: Session, views: Sequence[SourceView], intake: Intake, now: datetime) -> list[int]:
    """A dossier for each of these views, which have none: the new ids, in their order."""
    if not views:
        return []
    columns = _columns([[view] for view in views], intake, now)
    note_procedures(session, columns)
    begun = insert_columns_returning_ids(session, Dossier, columns)
    doubts = {id_: text for view, id_ in zip(views, begun, strict=True) if (text := _finish_doubt([view], intake))}
    if doubts:
        sync_findings(session, Sync(_NOT_TRUSTED, doubts, ()), now)
    return begun


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
    take_back(session, wanted)
    if views_of:
        columns = _columns(list(views_of.values()), intake, now)
        note_procedures(session, columns)
        update_many(session, Dossier, rows_of_columns({"id": list(views_of), **columns}))
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


def note_procedures(session: Session, columns: Columns) -> None:
    """Keeps the name of every procedure seen among these dossiers, so that people find its dossiers by it."""
    named = zip(columns["procedure_name"], columns["field_code"], strict=True)
    seen = dict(zip(columns["procedure_code"], named, strict=True))
    seen.pop("", None)
    table = table_of(ProcedureSeen)
    for batch in in_batches(list(seen), AT_ONCE):
        for code in session.scalars(select(table.c.code).where(among(session, table.c.code, batch))):
            del seen[code]
    rows = [
        {"code": code, "name": name, "field_code": field_code, "folded": folded(f"{code} {name}")}
        for code, (name, field_code) in sorted(seen.items())
    ]
    insert_new(session, ProcedureSeen, rows)


class _Unit(NamedTuple):
    """Who resolves a dossier, and by which calendar its days count."""

    code: str
    name: str | None  # None: nobody we know, who goes by the name that the source gives
    calendar: WorkingCalendar
    calendar_version: str


def _units(intake: Intake) -> Callable[[str, str], _Unit]:
    """(source, agency code) -> the unit: thousands of rows name a hundred of them."""

    @cache
    def unit(source: str, agency_code: str) -> _Unit:
        own_code = intake.directory.canonical(source, agency_code)
        agency = intake.directory.agency(own_code) if own_code else None
        calendar = intake.calendar.of(own_code or agency_code)
        return _Unit(own_code or agency_code, agency.name if agency else None, calendar, calendar.version)

    return unit


class _Rule(NamedTuple):
    """By what a dossier's time is counted."""

    term: Term | None
    version: str
    payment_pauses: bool


def _rules(terms: Terms) -> Callable[[str, str], _Rule]:
    """(procedure code, channel) -> the rule."""

    @cache
    def rule(procedure_code: str, channel: str) -> _Rule:
        term = terms.find(procedure_code, channel) if procedure_code else None
        return _Rule(term, terms.version_for(procedure_code, channel), bool(term and term.rules.payment_pauses))

    return rule


def _columns(groups: Sequence[Sequence[SourceView]], intake: Intake, now: datetime) -> dict[str, Sequence[Any]]:
    """The columns of `dossier` for the views of each dossier."""
    views = [speaking(group, intake.roles) for group in groups]
    said = dict(zip(SourceView._fields, zip(*views, strict=True), strict=True))
    units = list(map(_units(intake), said["source"], said["agency_code"]))
    rules = list(map(_rules(intake.terms), said["procedure_code"], said["channel"]))
    dues = [
        own_count(rule.term, view.received_at, unit.calendar) if rule.term else None
        for view, unit, rule in zip(views, units, rules, strict=True)
    ]
    plain = list(map(plain_code, said["code"]))
    return {name: said[name] for name in _AS_SAID} | {
        "code_plain": plain,
        "code_back": [code[::-1] for code in plain],
        "procedure_name": [
            name or (rule.term.name if rule.term else "")
            for name, rule in zip(said["procedure_name"], rules, strict=True)
        ],
        "agency_code": [unit.code for unit in units],
        "agency_name": [
            name if unit.name is None else unit.name for name, unit in zip(said["agency_name"], units, strict=True)
        ],
        "status": [status._value_ for status in said["status"]],  # `.value` is a call of its own
        "speaking_source": said["source"],
        "precision": [precision_of(view, intake.roles)._value_ for view in views],
        "payment_pauses": [rule.payment_pauses for rule in rules],
        "original_promised_at": [
            view.original_promised_at or _first_promise(group) for view, group in zip(views, groups, strict=True)
        ],
        "due_at": [due and due.due_at for due in dues],
        "due_on": [due and due.due_on for due in dues],
        "due_provisional": [due is not None and due.provisional for due in dues],
        "calendar_version": [unit.calendar_version for unit in units],
        "term_version": [rule.version for rule in rules],
        **dict.fromkeys(("facts_at", "confirmed_at", "next_change_at"), [now] * len(views)),
    }


def _first_promise(views: Sequence[SourceView]) -> datetime | None:
    """A finding may hang on the first promise any system ever made."""
    return min((view.original_promised_at for view in views if view.original_promised_at), default=None)


def own_count(term: Term | None, received_at: datetime | None, calendar: WorkingCalendar) -> Deadline | None:
    """Our own count of a dossier, by its procedure's term; None where there is nothing to count by. It only raises
    findings: without it the promise still judges."""
    if term is None or term.limit is None or received_at is None:
        return None
    try:
        return count_due(received_at, term.limit, term.rules, calendar)
    except (CalendarExhausted, ValueError, OverflowError):
        return None


__all__ = ["Intake", "begin", "own_count", "project", "view_from_row"]
