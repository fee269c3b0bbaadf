"""Which letters may be worded now: those whose evidence is fresh, or that a person confirmed in spite of it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from monitor.evidence import not_read_again
from monitor.letters.steps import STALE
from monitor.store.tables import Dossier, Letter


def letters_on_fresh_evidence(
    session: Session, stale: Collection[str], stale_after_s: Mapping[str, int], now: datetime
) -> list[int]:
    """The ids, in order. Staleness is joined here, at claiming; it is no state of a dossier, and a person may confirm a
    letter in spite of it. One that waits to be judged again waits."""
    statement = (
        select(Letter.id, Letter.dossier_id, Letter.confirmed_for)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(
            Letter.state.in_(("owed", "drafted")),
            Letter.suspended_for == "",
            or_(Dossier.next_change_at.is_(None), Dossier.next_change_at > now),
        )
    )
    if stale:
        statement = statement.where(or_(Dossier.speaking_source.not_in(stale), Letter.confirmed_for == STALE))
    found = session.execute(statement.order_by(Letter.id)).all()
    unread = not_read_again(session, {row.dossier_id for row in found}, stale_after_s, now)
    return [row.id for row in found if row.dossier_id not in unread or row.confirmed_for == STALE]
