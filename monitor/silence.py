"""Sources that fell silent: one finding and one notice about the source, instead of alarms about its dossiers."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from connectors.base import SourceTerms
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.escalation import Occasion, RungDue, RungRule, climb, found_rung_at, mark
from monitor.domain.findings import FindingKind
from monitor.domain.letter import UNSIGNED
from monitor.store.tables import Dossier, FindingRow, Letter, Notice, Source
from monitor.store.writing import in_batches, insert_many, insert_new

KIND = FindingKind.SOURCE_SILENT.value


def judge_sources(
    session: Session,
    sources: Sequence[SourceTerms],
    rungs: Sequence[RungRule],
    calendar: WorkingCalendar,
    now: datetime,
) -> int:
    """Opens and closes the finding `source_silent` and owes each rung of a silence as it comes; returns how many.

    A silence is named by the reading it began after, so a rung is told once for it, and one that comes back and falls
    silent again is told again.
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
    ladder = [rung for rung in rungs if rung.occasion is Occasion.SOURCE_SILENT]
    notices = [one for name, since in silent.items() for one in _come(name, since, ladder, calendar, now)]
    noted = _noted(session, [notice["key"] for notice in notices])
    fresh = [notice for notice in notices if notice["key"] not in noted]
    insert_new(session, Notice, fresh)
    _suspend_letters(session, silent)
    return len(fresh)


def _come(
    name: str, since: datetime, ladder: Sequence[RungRule], calendar: WorkingCalendar, now: datetime
) -> Iterator[dict[str, Any]]:
    """The notices of every rung that has come for one silence; told and untold alike."""
    timed = [(rung, found_rung_at(rung.when, since, calendar)) for rung in ladder]
    for due in climb(timed, calendar, now)[0]:
        for role in due.rung.roles:
            yield _notice(name, since, due, role, now)


def _noted(session: Session, keys: Sequence[str]) -> set[str]:
    noted: set[str] = set()
    for batch in in_batches(keys):
        noted.update(session.scalars(select(Notice.key).where(Notice.key.in_(batch))))
    return noted


def _suspend_letters(session: Session, silent: Collection[str]) -> None:
    """The duty to apologise waits, by name, while the source that grounds it is silent; then it goes on."""
    whose = select(Dossier.id).where(Dossier.speaking_source.in_(sorted(silent)))
    unsigned = Letter.state.in_(sorted(UNSIGNED))
    if silent:
        session.execute(
            update(Letter)
            .where(unsigned, Letter.suspended_for == "", Letter.dossier_id.in_(whose))
            .values(suspended_for=KIND)
        )
    session.execute(
        update(Letter)
        .where(unsigned, Letter.suspended_for == KIND, Letter.dossier_id.not_in(whose))
        .values(suspended_for="")
    )


def _notice(name: str, since: datetime, due: RungDue, role: str, now: datetime) -> dict[str, Any]:
    return {
        "dossier_id": None,
        "source": name,
        "promise_number": 0,
        "rung": due.rung.name,
        "role": role,
        "agency_code": "",
        "severity": due.rung.severity,
        "occasion": due.rung.occasion.value,
        "channels": ",".join(due.rung.channels),
        "repeat": due.repeat,
        "rung_at": due.at,
        "owed_at": now,
        "state": "owed",
        "reason": "",
        "key": f"source:{name}:{since.isoformat()}:{mark(due.rung.name, due.repeat)}:{role}",
    }
