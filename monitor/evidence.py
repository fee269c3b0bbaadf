"""How old our word on a single dossier is, and whether that is too old to say anything by it.

A source may be read every five minutes and still not show a dossier any more, or not again since its deadline. Joined
when letters and alerts are about to go out; it is no state of a dossier.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from monitor.store.tables import Dossier, Source, SourceDossier
from monitor.store.writing import in_batches


def evidence_at(
    confirmed_at: datetime, unseen_since_at: datetime | None, source_evidence_at: datetime | None
) -> datetime:
    """When a source last repeated what a view says: its readings' own instant, unless they no longer showed it."""
    if unseen_since_at is not None:
        return unseen_since_at
    return confirmed_at if source_evidence_at is None else max(confirmed_at, source_evidence_at)


def not_read_again(
    session: Session, dossier_ids: Collection[int], stale_after_s: Mapping[str, int], now: datetime
) -> set[int]:
    """Dossiers nothing may be said about now: not shown for longer than their source may be silent, or not read again
    since the deadline that is held against them. `stale_after_s`: source -> seconds."""
    newest: dict[int, datetime] = {}
    facts: dict[int, tuple[str, datetime | None, bool]] = {}
    for batch in in_batches(sorted(dossier_ids)):
        statement = (
            select(
                Dossier.id,
                Dossier.speaking_source,
                Dossier.late_from_at,
                SourceDossier.confirmed_at,
                SourceDossier.unseen_since_at,
                Source.evidence_at,
            )
            .join(
                SourceDossier,
                and_(SourceDossier.dossier_id == Dossier.id, SourceDossier.source == Dossier.speaking_source),
            )
            .join(Source, Source.name == Dossier.speaking_source)
            .where(Dossier.id.in_(batch))
        )
        for id_, source, late_from, confirmed, unseen, of_source in session.execute(statement):
            age = evidence_at(confirmed, unseen, of_source)
            if id_ not in newest or age > newest[id_]:
                newest[id_] = age
                facts[id_] = (source, late_from, unseen is not None)
    held: set[int] = set()
    for id_, at in newest.items():
        source, late_from, is_unseen = facts[id_]
        too_old = is_unseen and now - at > timedelta(seconds=stale_after_s.get(source, 0))
        before_deadline = late_from is not None and late_from <= now and at < late_from
        if too_old or before_deadline:
            held.add(id_)
    return held
