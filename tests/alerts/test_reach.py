"""The daily reach check: gaps are a finding and a notice before they matter, and are told once."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.forecast import Gap
from monitor.alerts.reach import check_reach, is_due
from monitor.people import Directory, Leave
from monitor.store.tables import FindingRow, Notice
from tests.alerts.test_planning import messages
from tests.alerts.world import CALENDAR, DIRECTORY, NOW, RUNGS, add_dossiers, plan

Sessions = sessionmaker[Session]


def check(sessions: Sessions, now: datetime = NOW, **changes: Any) -> list[Gap]:
    arguments: dict[str, Any] = {
        "calendar": CALENDAR,
        "directory": DIRECTORY,
        "rungs": RUNGS[1:2],
        "channels": ("telegram", "email"),
        "tell": ("admin",),
    }
    with sessions.begin() as session:
        return check_reach(session, now=now, **(arguments | changes))


def open_findings(sessions: Sessions) -> list[str]:
    with sessions() as session:
        asked = select(FindingRow.detail).where(FindingRow.kind == "reach_gap", FindingRow.closed_at.is_(None))
        return list(session.scalars(asked))


def test_a_gap_of_next_week_is_said_today(sqlite_sessions: Sessions) -> None:
    """The chairman too is away from Thursday: then nobody up the ladder hears what the head should."""
    add_dossiers(sqlite_sessions, {"stage": "late"})
    thursday = (NOW + timedelta(days=3)).date()
    people = [DIRECTORY.person(code) for code in ("head1", "chair", "admin")]
    posts = [post for post in DIRECTORY.posts() if post.person in ("head1", "chair")]
    away = [Leave(code, thursday, thursday) for code in ("head1", "chair")]
    directory = Directory(DIRECTORY.agencies(), [p for p in people if p], posts, away)
    gaps = check(sqlite_sessions, directory=directory)
    assert {(gap.on, gap.role) for gap in gaps} == {(thursday, "agency_head"), (thursday, "one_stop_head")}
    assert "đang nghỉ, chưa ủy quyền" in gaps[0].reason
    assert open_findings(sqlite_sessions) == [
        "trong 7 ngày tới không báo được cho: agency_head H19.1, one_stop_head H19.1"
    ]


def test_the_same_gaps_are_told_once_and_others_again(sqlite_sessions: Sessions) -> None:
    add_dossiers(sqlite_sessions, {"stage": "late"})
    for day in range(3):
        check(sqlite_sessions, NOW + timedelta(days=day), directory=Directory())
    with sqlite_sessions() as session:
        assert len(session.scalars(select(Notice)).all()) == 1
    check(sqlite_sessions, NOW + timedelta(days=3), directory=Directory(), rungs=RUNGS[:2])
    with sqlite_sessions() as session:
        assert len(session.scalars(select(Notice)).all()) == 2
    plan(sqlite_sessions)
    (message,) = messages(sqlite_sessions)
    assert message.person == "admin"
    assert {line["section"] for line in message.payload["lines"]} == {"reach"}
    check(sqlite_sessions, NOW + timedelta(days=4))
    assert open_findings(sqlite_sessions) == []


def test_it_is_due_once_a_day(sqlite_sessions: Sessions) -> None:
    def due(now: datetime) -> bool:
        with sqlite_sessions() as session:
            return is_due(session, now, CALENDAR)

    assert due(NOW)
    check(sqlite_sessions)
    assert not due(NOW + timedelta(hours=9))
    assert due(NOW + timedelta(days=1))
