"""The daily reach check: every rung of the next days has somebody who can be told, or it is said now."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.alerts.forecast import Gap, reach_gaps
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.findings import FindingKind
from monitor.people import Directory
from monitor.settings import Rung
from monitor.store.findings import sync_site_finding
from monitor.store.tables import Job, Notice
from monitor.store.writing import insert_new

JOB = "reach"
OCCASION = "reach_gap"
_SHOWN = 5


def check_reach(
    session: Session,
    *,
    now: datetime,
    calendar: WorkingCalendar,
    directory: Directory,
    rungs: Sequence[Rung],
    channels: Collection[str],
    tell: Sequence[str],
) -> list[Gap]:
    """Looks 7 days ahead, keeps the finding `reach_gap`, and owes one notice for each role of `tell` when the gaps are
    others than those told last. The caller commits."""
    gaps = reach_gaps(session, now=now, calendar=calendar, directory=directory, rungs=rungs, channels=channels)
    nobody = [gap for gap in gaps if not gap.stood_in]
    said = _said(nobody)
    sync_site_finding(session, FindingKind.REACH_GAP, said, now)
    if nobody:
        insert_new(session, Notice, [_notice(nobody, said, role, now) for role in tell])
    _note_run(session, now)
    return gaps


def is_due(session: Session, now: datetime, calendar: WorkingCalendar) -> bool:
    """Whether today's check is still to be made."""
    job = session.scalar(select(Job.last_ok_at).where(Job.name == JOB))
    return job is None or calendar.local_date(job) < calendar.local_date(now)


def _said(gaps: Sequence[Gap]) -> str:
    """In words; no name of a person."""
    if not gaps:
        return ""
    places = list(dict.fromkeys(f"{gap.role} {gap.agency}".rstrip() for gap in gaps))
    more = f" và {len(places) - _SHOWN} vai trò khác" if len(places) > _SHOWN else ""
    return f"trong 7 ngày tới không báo được cho: {', '.join(places[:_SHOWN])}{more}"


def _notice(gaps: Sequence[Gap], said: str, role: str, now: datetime) -> dict[str, Any]:
    which = "\n".join(sorted({f"{gap.agency}:{gap.role}:{gap.rung}" for gap in gaps}))
    return {
        "dossier_id": None,
        "source": "",
        "promise_number": 0,
        "rung": OCCASION,
        "role": role,
        "agency_code": "",
        "severity": "high",
        "occasion": OCCASION,
        "channels": "",
        "repeat": 0,
        "rung_at": now,
        "owed_at": now,
        "state": "owed",
        "reason": said,
        "closed_at": None,
        "key": f"reach:{hashlib.blake2b(which.encode(), digest_size=12).hexdigest()}:{role}",
    }


def _note_run(session: Session, now: datetime) -> None:
    job = session.get(Job, JOB) or Job(name=JOB, last_error="", failures=0)
    job.last_began_at = job.last_ended_at = job.last_ok_at = now
    session.add(job)
