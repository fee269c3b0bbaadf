"""What is not urgent waits for the working hours of the agency at which it is heard, not for the site's."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.forecast import plan_for
from monitor.domain.calendar import Block, CalendarDay, WorkingCalendar
from monitor.settings import Rung
from monitor.store.tables import Message
from tests.alerts.world import CALENDAR, DIRECTORY, NOW, ZONE, add_dossiers, owe, plan

SATURDAY = NOW + timedelta(days=5)
_DAY = (Block(27_000, 41_400), Block(46_800, 61_200))
_FLOODED = WorkingCalendar(
    ZONE, CALENDAR.first, CALENDAR.last, [_DAY] * 5 + [()] * 2,
    [CalendarDay(NOW.date(), (), "Bão", is_working=False), CalendarDay(SATURDAY.date(), _DAY, "Làm bù")],
)  # fmt: skip
_SITE = WorkingCalendar(ZONE, CALENDAR.first, CALENDAR.last, [_DAY] * 5 + [()] * 2)
_SITE.with_agencies(lambda code: _FLOODED if code == "H19.1" else _SITE)


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    """Nothing here depends on the kind of store."""
    return sqlite_url


@pytest.mark.parametrize(
    ("now", "told", "meaning"),
    [
        (NOW, ["chair", "head2"], "commune one is shut by the storm; commune two and the city are at work"),
        (NOW.replace(hour=3), [], "at night nobody"),
        (SATURDAY, ["head1"], "commune one makes the day up while all others rest"),
        (NOW + timedelta(days=1), ["chair", "head1", "head2"], "an ordinary day: everybody"),
    ],
)
def test_each_hears_at_their_own_offices_hours(
    sessions: sessionmaker[Session], now: datetime, told: Sequence[str], meaning: str
) -> None:
    one, two = add_dossiers(sessions, {"code": "c1"}, {"code": "c2", "agency_code": "H19.2"})
    owe(sessions, one, "late", "agency_head")
    owe(sessions, one, "late", "chairman")
    owe(sessions, two, "late", "agency_head", agency_code="H19.2")
    count = plan(sessions, now, calendar=_SITE)
    with sessions() as session:
        people = sorted(session.scalars(select(Message.person)))
    assert (people, count.waiting) == (told, 3 - len(told)), meaning
    plan(sessions, now, calendar=_SITE)
    plan(sessions, NOW + timedelta(days=8), calendar=_SITE)
    with sessions() as session:
        assert sorted(session.scalars(select(Message.person))) == ["chair", "head1", "head2"], "none lost, none twice"


def test_the_forecast_says_those_hours(sessions: sessionmaker[Session]) -> None:
    """On Friday evening all have gone home: the commune is back on the Saturday it makes up, the city on Monday."""
    add_dossiers(sessions, {"code": "c", "late_by": -3})
    rungs = [Rung(name="evening", at="+1wd 18:00", tell=("agency_head", "chairman"))]
    with sessions() as session:
        steps = plan_for(
            session, "c", now=NOW, calendar=_SITE, directory=DIRECTORY, rungs=rungs, channels=("telegram",)
        )
    opening = SATURDAY.replace(hour=7, minute=30)
    assert {step.role: step.told_at for step in steps} == {
        "agency_head": opening,
        "chairman": opening + timedelta(days=2),
    }
