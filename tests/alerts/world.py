"""A small province for the alert tests: invented agencies, officials, dossiers and what is owed to whom."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.orm import Session, sessionmaker

from monitor import figures
from monitor.alerts.current import Office
from monitor.alerts.planning import PlanCount, plan_messages
from monitor.alerts.rereading import People
from monitor.domain.calendar import Block, WorkingCalendar
from monitor.domain.course import class_of
from monitor.domain.stage import Stage
from monitor.people import Agency, Directory, Person, Post
from monitor.settings import Rung
from monitor.store.tables import Dossier, Notice

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_DAY = (Block(27_000, 41_400), Block(46_800, 61_200))  # 07:30-11:30, 13:00-17:00
CALENDAR = WorkingCalendar(ZONE, date(2026, 1, 1), date(2027, 12, 31), [_DAY] * 5 + [()] * 2)
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=ZONE)  # a Monday, open
BASE_URL = "https://dunghen.example.vn"

DIRECTORY = Directory(
    [
        Agency("H19", "UBND thành phố", kind="province"),
        Agency("H19.1", "UBND xã Một", parent="H19", kind="commune"),
        Agency("H19.2", "UBND xã Hai", parent="H19", kind="commune"),
    ],
    [
        Person("head1", "Người Một", telegram="101", email="head1@xa1.example.vn"),
        Person("head2", "Người Hai", email="head2@xa2.example.vn"),
        Person("mute", "Người Ba"),
        Person("chair", "Người Bốn", telegram="400", email="chair@tp.example.vn"),
        Person("admin", "Người Năm", telegram="500"),
    ],
    [
        Post("head1", "agency_head", "H19.1"),
        Post("head1", "one_stop_head", "H19.1"),
        Post("head2", "agency_head", "H19.2"),
        Post("mute", "officer", "H19.2"),
        Post("chair", "chairman", "H19"),
        Post("admin", "admin", "H19"),
    ],
)
RUNGS = (
    Rung(name="soon", at="-3wd 08:00", when="due", tell=("officer", "agency_head")),
    Rung(name="late", at="+1wd 08:00", when="late", tell=("agency_head", "one_stop_head"), severity="high"),
    Rung(name="very-late", at="+3wd 08:00", when="late", tell=("chairman",), severity="urgent"),
    Rung(name="by-mail", at="0 08:00", when="due", tell=("agency_head",), channels=("email",)),
    Rung(name="silent", at="0", when="source_silent", tell=("admin",)),
    Rung(name="mismatch", at="0", when="mismatch", tell=("agency_head",)),
)
PEOPLE = People(Office(CALENDAR, DIRECTORY, BASE_URL), RUNGS)
_SINCE = NOW.date() - timedelta(days=1)
_OCCASION = {rung.name: rung.when for rung in RUNGS}
_SEVERITY = {rung.name: rung.severity for rung in RUNGS}
_CHANNELS = {rung.name: ",".join(rung.channels) for rung in RUNGS}


def add_dossiers(sessions: sessionmaker[Session], *rows: dict[str, Any]) -> list[int]:
    """Dossiers with the given fields; `late_by` (calendar days, negative = still to come) sets the promise."""
    return [_add_dossier(sessions, dict(row)) for row in rows]


def _add_dossier(sessions: sessionmaker[Session], row: dict[str, Any]) -> int:
    promise = NOW.replace(hour=0) - timedelta(days=row.pop("late_by", 3))
    values: dict[str, Any] = {
        "code": "H19.1-261101-0001",
        "procedure_name": "Cấp giấy phép xây dựng nhà ở riêng lẻ",
        "agency_code": "H19.1",
        "status": "processing",
        "speaking_source": "motcua",
        "precision": "date",
        "promise_at": promise,
        "late_from_at": promise + timedelta(days=1),
        "facts_at": NOW,
        "confirmed_at": NOW,
    }
    with sessions.begin() as session:
        dossier = Dossier(**{**values, **row})
        session.add(dossier)
        session.flush()
        if dossier.stage in [stage.value for stage in Stage]:  # what judging keeps beside it, and numbers are read from
            group = figures.Group(dossier.agency_code, dossier.procedure_code, "", dossier.speaking_source, "")
            counted = class_of(Stage(dossier.stage)).value
            figures._replace(session, [], [figures.Row(dossier.id, counted, 0, _SINCE, None, group)])
        return dossier.id


def owe(sessions: sessionmaker[Session], dossier_id: int | None, rung: str, role: str, **more: Any) -> int:
    """A notice as judging writes it."""
    values: dict[str, Any] = {
        "dossier_id": dossier_id,
        "rung": rung,
        "role": role,
        "agency_code": "H19.1" if dossier_id is not None else "",
        "occasion": _OCCASION.get(rung, "due"),
        "severity": _SEVERITY.get(rung, "normal"),
        "channels": _CHANNELS.get(rung, ""),
        "rung_at": NOW,
        "owed_at": NOW,
        "state": "owed",
        "key": f"{dossier_id}:{more.get('source', '')}:1:{rung}:{role}",
    }
    with sessions.begin() as session:
        return session.scalars(insert(Notice).values(**{**values, **more}).returning(Notice.id)).one()


def plan(sessions: sessionmaker[Session], now: datetime = NOW, **changes: Any) -> PlanCount:
    """One planning pass in a transaction of its own."""
    arguments: dict[str, Any] = {
        "calendar": CALENDAR,
        "directory": DIRECTORY,
        "rungs": RUNGS,
        "base_url": BASE_URL,
        "channels": ("telegram", "email"),
        "shadow": False,
        "stale_sources": (),
    }
    with sessions.begin() as session:
        return plan_messages(session, now=now, **{**arguments, **changes})


def line(**changes: Any) -> dict[str, Any]:
    """One line of a message's payload."""
    values: dict[str, Any] = {
        "section": "late",
        "code": "H19.1-261101-0001",
        "notices": [1],
        "procedure": "Cấp giấy phép xây dựng nhà ở riêng lẻ",
        "agency": "UBND xã Một",
        "promised": "20/11/2026",
        "days": 1,
        "how": "quá hạn 01 ngày làm việc",
        "letter": "chưa gửi thư xin lỗi",
        "note": "",
        "link": f"{BASE_URL}/hoso/H19.1-261101-0001",
        "order": "",
    }
    return {**values, **changes}


def view(lines: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A message's payload."""
    return {"at": NOW.isoformat(), "at_text": "08:00 ngày 23/11/2026", "lines": list(lines), "others": []}
