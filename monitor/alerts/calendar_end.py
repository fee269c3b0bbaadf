"""Tells the Office that days off are decreed for fewer than 60 more days: deadlines beyond them are provisional."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.duties import calendar_runs_out
from monitor.store.tables import Notice
from monitor.store.writing import insert_new

OCCASION = "calendar_runs_out"
PLACE = "lịch"  # stands where a notice names its source: it concerns neither a dossier nor a source


def tell_calendar_end(session: Session, calendar: WorkingCalendar, tell: Sequence[str], now: datetime) -> None:
    """Owes one notice to each role of `tell`, once for each day on which the known days off end. The caller commits."""
    said = calendar_runs_out(calendar, now)
    if said:
        insert_new(session, Notice, [_notice(said, calendar, role, now) for role in tell])


def _notice(said: str, calendar: WorkingCalendar, role: str, now: datetime) -> dict[str, Any]:
    return {
        "dossier_id": None,
        "source": PLACE,
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
        "key": f"calendar:{calendar.announced_until.isoformat()}:{role}",
    }
