"""The stages as of another moment: `at` is the moment judged, `known_at` hides what was first heard after it.

Reads the observations, never the projection, and writes nothing: two axes of time, one answer that can be proven.
"""

import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.canonical import record_from_json
from monitor.domain.calendar import CalendarExhausted
from monitor.domain.dossier import Facts, Status
from monitor.domain.stage import Judgement, judge
from monitor.intake import Intake
from monitor.judge import Rules
from monitor.store.tables import Alias, Observation, SourceDossier
from monitor.store.writing import table_of
from monitor.views import SourceView, facts_of, known_at, speaking

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class AsOf:
    """One dossier as it stood at `at` by what was known at `known_at`. No personal data."""

    dossier_id: int
    code: str
    procedure_code: str
    procedure_name: str
    agency_code: str
    agency_name: str
    source: str
    stage: str
    reason: str
    since: datetime
    promise_at: datetime | None
    promise_number: int
    late_from_at: datetime | None
    letter_by_on: date | None
    late_vs_original: bool | None


def stages_as_of(
    session: Session,
    intake: Intake,
    rules: Rules,
    *,
    at: datetime,
    known_until: datetime,
    stages: Collection[str] | None = None,
) -> list[AsOf]:
    """Every dossier first heard of by `known_until`, judged at `at`; `stages` keeps only those."""
    groups = _groups(session, known_until)
    views: dict[int, list[SourceView]] = {}
    for view_id, view in _views(session, known_until):
        views.setdefault(groups[view_id], []).append(view)
    found = (_as_of(dossier_id, seen, intake, rules, at) for dossier_id, seen in sorted(views.items()))
    return [row for row in found if stages is None or row.stage in stages]


def _views(session: Session, known_until: datetime) -> Iterator[tuple[int, SourceView]]:
    """Each view folded from its observations in the order they were heard."""
    table, views = table_of(Observation), table_of(SourceDossier)
    statement = (
        select(table.c.source, table.c.key, table.c.record, table.c.heard_at, table.c.not_before_at, views.c.id)
        .join(views, (views.c.source == table.c.source) & (views.c.key == table.c.key))
        .where(table.c.heard_at <= known_until, table.c.record != b"")
        .order_by(table.c.source, table.c.key, table.c.heard_at, table.c.id)
    )
    rows = session.execute(statement.execution_options(yield_per=_CHUNK))
    for _, history in groupby(rows, key=lambda row: (row.source, row.key)):
        heard = list(history)
        view = known_at(
            (row.source, record_from_json(zlib.decompress(row.record)), row.heard_at, row.not_before_at)
            for row in heard
        )
        assert view is not None
        yield heard[0].id, view


def _groups(session: Session, known_until: datetime) -> Mapping[int, int]:
    """View -> a number of its group, by the links known then. A group carries its lowest view's number."""
    parent = {view_id: view_id for view_id in session.scalars(select(SourceDossier.id))}

    def root(view_id: int) -> int:
        while parent[view_id] != view_id:
            view_id = parent[view_id]
        return view_id

    links: Sequence[Any] = session.execute(
        select(Alias.view_id, Alias.other_view_id, Alias.undone)
        .where(Alias.linked_at <= known_until)
        .order_by(Alias.id)
    ).all()
    undone = {frozenset((a, b)) for a, b, is_undone in links if is_undone}
    for a, b, _ in links:
        if frozenset((a, b)) not in undone:
            parent[max(root(a), root(b))] = min(root(a), root(b))
    return {view_id: root(view_id) for view_id in parent}


def _as_of(dossier_id: int, views: Sequence[SourceView], intake: Intake, rules: Rules, at: datetime) -> AsOf:
    roles = dict(intake.roles)
    view = speaking(views, roles)
    term = intake.terms.find(view.procedure_code, view.channel) if view.procedure_code else None
    facts = facts_of(view, roles, payment_pauses=bool(term and term.rules.payment_pauses))
    judgement = _judged(facts, rules, at)
    own = intake.directory.canonical(view.source, view.agency_code) or view.agency_code
    agency = intake.directory.agency(own)
    return AsOf(
        dossier_id=dossier_id,
        code=view.code,
        procedure_code=view.procedure_code,
        procedure_name=view.procedure_name or (term.name if term else ""),
        agency_code=own,
        agency_name=agency.name if agency else view.agency_name,
        source=view.source,
        stage=judgement.stage.value,
        reason=judgement.reason.value,
        since=judgement.since,
        promise_at=judgement.promise.at if judgement.promise else None,
        promise_number=judgement.promise.number if judgement.promise else 1,
        late_from_at=judgement.late_from,
        letter_by_on=judgement.letter_by_on,
        late_vs_original=judgement.late_vs_original,
    )


def _judged(facts: Facts, rules: Rules, at: datetime) -> Judgement:
    try:
        return judge(facts, rules.calendar, rules.warning, at)
    except CalendarExhausted:
        return judge(Facts(Status.UNKNOWN), rules.calendar, rules.warning, at)
