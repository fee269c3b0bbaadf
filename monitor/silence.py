"""Sources that fell silent: one finding and one notice about the source, instead of alarms about its dossiers."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from connectors.base import SourceTerms
from monitor.domain.escalation import Occasion, RungRule
from monitor.domain.findings import FindingKind
from monitor.store.tables import FindingRow, Notice, Source
from monitor.store.writing import insert_many, insert_new

KIND = FindingKind.SOURCE_SILENT.value


def judge_sources(session: Session, sources: Sequence[SourceTerms], rungs: Sequence[RungRule], now: datetime) -> int:
    """Opens and closes the finding `source_silent` and owes one notice a role for each silence; returns how many.

    A silence is named by the reading it began after, so a source that stays silent is told once, and one that comes
    back and falls silent again is told again.
    """
    known = {row.name: row for row in session.scalars(select(Source))}
    open_now = {
        row.source: row.id
        for row in session.scalars(select(FindingRow).where(FindingRow.kind == KIND, FindingRow.closed_at.is_(None)))
    }
    silent: dict[str, datetime] = {}
    for source in sources:
        row = known.get(source.name)
        if row is None:
            continue  # never tried yet: nothing is known of it, and nothing is judged by it
        limit = timedelta(seconds=source.stale_after)
        heard = row.last_good_at
        if heard is None or now - heard > limit:
            silent[source.name] = heard + limit if heard is not None else (row.last_try_at or now)
    back = [finding for name, finding in open_now.items() if name not in silent]
    if back:
        session.execute(update(FindingRow).where(FindingRow.id.in_(back)).values(closed_at=now))
        names = [name for name in open_now if name not in silent]
        session.execute(
            update(Notice)
            .where(Notice.source.in_(names), Notice.state.in_(("owed", "planned")))
            .values(state="cancelled", reason="the source is read again", closed_at=now)
        )
    insert_many(
        session,
        FindingRow,
        [
            {"dossier_id": None, "source": name, "kind": KIND, "detail": "", "found_at": now, "confirmed_by": ""}
            for name in silent
            if name not in open_now
        ],
    )
    notices = [
        _notice(name, since, rung, role, now)
        for name, since in silent.items()
        if name not in open_now
        for rung in rungs
        if rung.occasion is Occasion.SOURCE_SILENT
        for role in rung.roles
    ]
    insert_new(session, Notice, notices)
    return len(notices)


def _notice(name: str, since: datetime, rung: RungRule, role: str, now: datetime) -> dict[str, Any]:
    return {
        "dossier_id": None,
        "source": name,
        "promise_number": 0,
        "rung": rung.name,
        "role": role,
        "agency_code": "",
        "severity": rung.severity,
        "occasion": rung.occasion.value,
        "rung_at": since,
        "owed_at": now,
        "state": "owed",
        "reason": "",
        "key": f"source:{name}:{since.isoformat()}:{rung.name}:{role}",
    }
