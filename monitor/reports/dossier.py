"""Everything we know of one dossier, for its page. No personal data: what a source said of the person stays out."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.reports.late import LateRow, rows_of
from monitor.store.tables import (
    Acknowledgement,
    ApplicantRow,
    CrossingRow,
    Dossier,
    FindingRow,
    Letter,
    LetterStep,
    Message,
    MessageNotice,
    Notice,
    Observation,
    SourceDossier,
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline; `known_at` is when we learned of it.

    `kind`: heard | stage | letter | step | notice | message | answer | answer_end | finding | finding_end.
    """

    at: datetime
    kind: str
    word: str
    detail: str = ""  # the reason of a stage, the role a notice is for, who took a step
    rung: str = ""
    text: str = ""  # more in the words of a person or a finding; nothing of the applicant
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
    events = [*_heard(session, views), *_stages(session, ids), *_told(session, ids), *_messages(session, ids)]
    events += [*_steps(session, ids), *_answers(session, ids), *_found(session, ids)]
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


def applicants(session: Session, ids: Sequence[int]) -> dict[int, list[ApplicantRow]]:
    """Who handed in these dossiers, as each system writes them; none where the session may not see persons.
    PERSONAL DATA."""
    query = (
        select(SourceDossier.dossier_id, ApplicantRow)
        .join(ApplicantRow, ApplicantRow.view_id == SourceDossier.id)
        .where(SourceDossier.dossier_id.in_(ids))
        .order_by(SourceDossier.id)
    )
    found: dict[int, list[ApplicantRow]] = {}
    for dossier_id, person in session.execute(query):
        same = [(one.name, one.address, one.phone) for one in found.get(dossier_id, [])]
        if person.name and (person.name, person.address, person.phone) not in same:
            found.setdefault(dossier_id, []).append(person)
    return found


def _steps(session: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    """Each step of the letters, with who took it."""
    query = (
        select(Letter.dossier_id, LetterStep.at, LetterStep.step, LetterStep.actor)
        .join(Letter, Letter.id == LetterStep.letter_id)
        .where(Letter.dossier_id.in_(ids))
        .order_by(LetterStep.id)
    )
    return [(owner, Event(at, "step", step, actor)) for owner, at, step, actor in session.execute(query)]


def _answers(session: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    events: list[tuple[int, Event]] = []
    answers = select(Acknowledgement).where(Acknowledgement.dossier_id.in_(ids)).order_by(Acknowledgement.id)
    for one in session.scalars(answers):
        until = f"{one.promised_on:%d/%m/%Y}" if one.promised_on else ""
        events.append((one.dossier_id, Event(one.made_at, "answer", one.kind, one.person, until, text=one.reason)))
        if one.ended_at is not None:
            events.append((one.dossier_id, Event(one.ended_at, "answer_end", one.ended_as, one.person)))
    return events


def _found(session: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    events: list[tuple[int, Event]] = []
    for one in session.scalars(select(FindingRow).where(FindingRow.dossier_id.in_(ids)).order_by(FindingRow.id)):
        if one.dossier_id is None:
            continue
        events.append((one.dossier_id, Event(one.found_at, "finding", one.kind, text=one.detail)))
        if one.closed_at is not None:
            events.append((one.dossier_id, Event(one.closed_at, "finding_end", one.kind)))
    return events


def _messages(session: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    """Alerts that went out: to whom, by which way."""
    query = (
        select(Notice.dossier_id, Message.sent_at, Message.channel, Message.person)
        .join(MessageNotice, MessageNotice.notice_id == Notice.id)
        .join(Message, Message.id == MessageNotice.message_id)
        .where(Notice.dossier_id.in_(ids), Message.sent_at.is_not(None))
        .distinct()
    )
    return [
        (owner, Event(at, "message", channel, person))
        for owner, at, channel, person in session.execute(query)
        if owner is not None and at is not None
    ]


def _heard(session: Session, views: Sequence[SourceDossier]) -> list[tuple[int, Event]]:
    """When each source said something new. The record itself holds the person and is not read."""
    owner = {(view.source, view.key): view.dossier_id for view in views}
    found = session.execute(
        select(Observation.source, Observation.key, Observation.heard_at).where(
            Observation.source.in_({view.source for view in views}), Observation.key.in_({view.key for view in views})
        )
    )
    heard = [(owner[source, key], Event(at, "heard", source)) for source, key, at in found if (source, key) in owner]
    if heard:
        return heard
    # who may not see the evidence, which holds the person, is told when it was first and last heard
    moments = {(view.dossier_id, view.source, at) for view in views for at in (view.first_heard_at, view.changed_at)}
    return [(dossier_id, Event(at, "heard", source)) for dossier_id, source, at in sorted(moments)]


def _stages(session: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    crossings = session.scalars(select(CrossingRow).where(CrossingRow.dossier_id.in_(ids)).order_by(CrossingRow.id))
    return [(row.dossier_id, Event(row.at, "stage", row.stage, row.reason, known_at=row.found_at)) for row in crossings]


def _told(session: Session, ids: Sequence[int]) -> list[tuple[int, Event]]:
    notices = session.scalars(select(Notice).where(Notice.dossier_id.in_(ids)).order_by(Notice.id))
    return [
        (row.dossier_id, Event(row.rung_at, "notice", row.state, row.role, row.rung, known_at=row.closed_at))
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
