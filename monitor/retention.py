"""How long the sources' own bytes are kept. What a source said stays for ever in canonical form, with its hash and its
instant; the raw answer around it, which holds more of a person than any finding needs, goes when its time is over."""

from datetime import datetime, timedelta

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.domain.dossier import FINISHED
from monitor.store.tables import Observation, SourceDossier
from monitor.store.writing import one_writer

_AT_ONCE = 1000


def let_go_of_raw(sessions: sessionmaker[Session], keep_s: int, now: datetime) -> int:
    """Empties the raw bytes of observations older than `keep_s` seconds, of dossiers that are over at their source and
    of rows that belong to none. Returns how many. In batches, each a transaction, so that nobody waits for long."""
    before, total, last = now - timedelta(seconds=keep_s), 0, 0
    ended = [status.value for status in FINISHED]
    still_open = (
        select(SourceDossier.id)
        .where(
            and_(SourceDossier.source == Observation.source, SourceDossier.key == Observation.key),
            SourceDossier.status.not_in(ended),
        )
        .exists()
    )
    old = (Observation.heard_at < before, func.length(Observation.raw) > 0, ~still_open)
    while True:
        with sessions.begin() as session:
            one_writer(session)
            found = select(Observation.id).where(Observation.id > last, *old).order_by(Observation.id).limit(_AT_ONCE)
            ids = list(session.scalars(found))
            if not ids:
                return total
            session.execute(update(Observation).where(Observation.id.in_(ids)).values(raw=b""))
        total, last = total + len(ids), ids[-1]
