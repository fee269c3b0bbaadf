"""Sixty days before the decreed days off end the Office hears of it, once; then again for the next end."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.calendar_end import tell_calendar_end
from monitor.domain.calendar import WorkingCalendar
from monitor.store.tables import Notice
from tests.alerts.test_planning import messages
from tests.alerts.world import CALENDAR, NOW, plan

Sessions = sessionmaker[Session]


def until(last: date) -> WorkingCalendar:
    return WorkingCalendar(CALENDAR.zone, CALENDAR.first, CALENDAR.last, CALENDAR.week, announced_until=last)


def tell(sessions: Sessions, calendar: WorkingCalendar, now: datetime = NOW, *roles: str) -> list[tuple[str, str]]:
    """What is owed after it, as (role, key)."""
    with sessions.begin() as session:
        tell_calendar_end(session, calendar, roles or ("admin",), now)
        return sorted((row.role, row.key) for row in session.execute(select(Notice.role, Notice.key)))


@pytest.mark.parametrize(("days", "owed"), [(61, 0), (60, 1), (0, 1)])
def test_it_is_told_from_the_sixtieth_day_on(sqlite_sessions: Sessions, days: int, owed: int) -> None:
    assert len(tell(sqlite_sessions, until(NOW.date() + timedelta(days=days)))) == owed


def test_once_for_each_end_and_each_role(sqlite_sessions: Sessions) -> None:
    first, second = date(2026, 12, 31), date(2027, 1, 15)
    for hour in range(3):
        found = tell(sqlite_sessions, until(first), NOW + timedelta(hours=hour), "admin", "provincial_office")
    assert [role for role, _ in found] == ["admin", "provincial_office"]
    assert len(tell(sqlite_sessions, until(second), NOW, "admin")) == 3


def test_the_message_says_until_when_and_what_to_do(sqlite_sessions: Sessions) -> None:
    calendar = until(date(2026, 12, 31))
    tell(sqlite_sessions, calendar)
    assert plan(sqlite_sessions, calendar=calendar).messages == 1
    (message,) = messages(sqlite_sessions)
    (line,) = message.payload["lines"]
    assert (line["section"], line["how"]) == ("calendar", "lịch nghỉ mới được công bố đến hết thứ Năm 31/12/2026")
    assert "tạm tính" in line["note"]


def test_a_message_planned_after_the_calendar_was_extended_says_how_far_it_reaches(sqlite_sessions: Sessions) -> None:
    tell(sqlite_sessions, until(date(2026, 12, 31)))
    plan(sqlite_sessions, calendar=until(date(2027, 12, 31)))
    (message,) = messages(sqlite_sessions)
    assert message.payload["lines"][0]["how"] == "đã công bố đến hết thứ Sáu 31/12/2027"
