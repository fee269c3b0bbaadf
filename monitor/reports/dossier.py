"""Everything we know of one dossier, for its page. No personal data: what a source said of the person stays out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.reports.late import LateRow, rows_of
from monitor.store.tables import CrossingRow, Dossier, FindingRow, Letter, Notice, Observation, SourceDossier


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline: `kind` is heard | stage | letter | notice; `known_at` when we learned of it."""

    at: datetime
    kind: str
    word: str
    detail: str = ""  # the reason of a stage, the role a notice is for
    rung: str = ""
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LetterSteps:
    """The letter for one promise, without its words."""

    letter_id: int
    promise_number: int
    state: str
    suspended_for: str
    is_late: bool
    has_content: bool
    letter_by_on: Any


@dataclass(frozen=True, slots=True)
class DossierPage:
    """`row` and `dossier` are what we hold; `views` what each source says."""

    row: LateRow
    dossier: Dossier
    views: Sequence[SourceDossier]
    letters: Sequence[LetterSteps]
    findings: Sequence[FindingRow]
    events: Sequence[Event]


def dossier_pages(
    session: Session, code: str, *, now: datetime, stale_sources: Collection[str] = (), at_most: int = 5
) -> list[DossierPage]:
    """The dossiers with this code: usually one, two where two agencies use the same code."""
    dossiers = session.scalars(select(Dossier).where(Dossier.code == code).order_by(Dossier.id).limit(at_most)).all()
    ids = [dossier.id for dossier in dossiers]
    rows = {row.dossier_id: row for row in rows_of(session, ids, now=now, stale_sources=stale_sources)}
    views = session.scalars(
        select(SourceDossier).where(SourceDossier.dossier_id.in_(ids)).order_by(SourceDossier.source, SourceDossier.id)
    ).all()
    letters = _letters(session, ids)
    findings = session.scalars(
        select(FindingRow).where(FindingRow.dossier_id.in_(ids), FindingRow.closed_at.is_(None)).order_by(FindingRow.id)
    ).all()
    events = [*_heard(session, views), *_stages(session, ids), *_told(session, ids)]
    return [
        DossierPage(
            row=rows[dossier.id],
            dossier=dossier,
            views=[view for view in views if view.dossier_id == dossier.id],
            letters=[steps for owner, steps, _ in letters if owner == dossier.id],
            findings=[finding for finding in findings if finding.dossier_id == dossier.id],
            events=sorted(
                [event for owner, event in events if owner == dossier.id]
                + [event for owner, _, steps in letters if owner == dossier.id for event in steps],
                key=lambda event: event.at,
            ),
        )
        for dossier in dossiers
    ]


def _heard(session: Session, views: Sequence[SourceDossier]) -> list[tuple[int, Event]]:
    """When each source said something new. The record itself holds the person and is not read."""
    owner = {(view.source, view.key): view.dossier_id for view in views}
    found = session.execute(
        select(Observation.source, Observation.key, Observation.heard_at).where(
            Observation.source.in_({view.source for view in views}), Observation.key.in_({view.key for view in views})
        )
    )
    return [(owner[source, key], Event(at, "heard", source)) for source, key, at in found if (source, key) in owner]


def _stages(session: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    crossings = session.scalars(select(CrossingRow).where(CrossingRow.dossier_id.in_(ids)).order_by(CrossingRow.id))
    return [(row.dossier_id, Event(row.at, "stage", row.stage, row.reason, known_at=row.found_at)) for row in crossings]


def _told(session: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    notices = session.scalars(select(Notice).where(Notice.dossier_id.in_(ids)).order_by(Notice.id))
    return [
        (row.dossier_id, Event(row.rung_at, "notice", row.state, row.role, row.rung, row.closed_at))
        for row in notices
        if row.dossier_id is not None
    ]


def _letters(session: Session, ids: Sequence[int]) -> list[tuple[int, LetterSteps, list[Event]]]:
    found = session.execute(
        select(
            Letter.dossier_id,
            Letter.id,
            Letter.promise_number,
            Letter.state,
            Letter.suspended_for,
            Letter.is_late,
            Letter.content_hash != "",
            Letter.letter_by_on,
            Letter.owed_at,
            Letter.drafted_at,
            Letter.closed_at,
        )
        .where(Letter.dossier_id.in_(ids))
        .order_by(Letter.id)
    )
    letters: list[tuple[int, LetterSteps, list[Event]]] = []
    for owner, *steps, owed_at, drafted_at, closed_at in found:
        moments = (("owed", owed_at), ("drafted", drafted_at), ("closed", closed_at))
        events = [Event(at, "letter", word) for word, at in moments if at is not None]
        letters.append((owner, LetterSteps(*steps), events))
    return letters
