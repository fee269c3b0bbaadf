"""The calendar of due dates: a real iCalendar, of one post's agencies, for whoever has the secret, while it is held."""

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from icalendar import Calendar
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.current import Office
from monitor.alerts.feeds import end_feeds, feed_of, make_feed
from monitor.clock import FixedClock
from monitor.people import Directory
from monitor.web.ical import route
from tests.alerts.world import BASE_URL, CALENDAR, DIRECTORY, NOW, add_dossiers

Sessions = sessionmaker[Session]
OFFICE = Office(CALENDAR, DIRECTORY, BASE_URL)


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    return sqlite_url


def fetch(engine: Engine, secret: str, directory: Directory = DIRECTORY) -> httpx.Response:
    settings = SimpleNamespace(site=SimpleNamespace(base_url=BASE_URL))
    program = SimpleNamespace(
        engine=engine, clock=FixedClock(NOW), calendar=CALENDAR, directory=directory, settings=settings
    )
    app = FastAPI()
    app.router.routes.insert(0, route(program))  # type: ignore[arg-type]

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://site") as client:
            return await client.get(f"/ical/{secret}.ics")

    return asyncio.run(ask())


def made(sessions: Sessions, person: str = "head1", role: str = "agency_head", agency: str = "H19.1") -> str:
    with sessions.begin() as session:
        return make_feed(session, person, role, agency, "admin", NOW)


def test_a_day_has_one_entry_with_its_codes_and_nothing_of_other_agencies(engine: Engine, sessions: Sessions) -> None:
    add_dossiers(
        sessions,
        {"code": "tre-1", "late_by": 3},
        {"code": "toi-1", "late_by": -2},
        {"code": "toi-2", "late_by": -2, "letter_by_on": CALENDAR.local_date(NOW)},
        {"code": "xong", "stage": "finished_on_time", "late_by": -2},
        {"code": "khac", "agency_code": "H19.2", "late_by": -2},
    )
    answer = fetch(engine, made(sessions))
    assert answer.headers["content-type"].startswith("text/calendar")
    told = {
        (f"{event['dtstart'].dt:%d/%m}", str(event["summary"])): str(event["description"])
        for event in Calendar.from_ical(answer.content).walk("VEVENT")
    }
    assert told == {
        ("20/11", "1 hồ sơ quá hạn chưa có kết quả"): "tre-1",
        ("23/11", "1 hồ sơ: ngày cuối gửi văn bản xin lỗi nếu không kịp hạn"): "toi-2",
        ("25/11", "2 hồ sơ đến hạn trả kết quả"): "toi-1\ntoi-2",
    }
    above = Calendar.from_ical(fetch(engine, made(sessions, "chair", "chairman", "H19")).content)
    assert any("khac" in str(event["description"]) for event in above.walk("VEVENT"))


@pytest.mark.parametrize("secret", ["", "x", "a" * 43, "../etc", "%00", "é"])
def test_a_guess_gets_nothing(engine: Engine, sessions: Sessions, secret: str) -> None:
    made(sessions)
    assert fetch(engine, secret).status_code == 404


def test_a_feed_ends_with_the_post_with_a_new_one_and_by_hand(engine: Engine, sessions: Sessions) -> None:
    first, other = made(sessions), made(sessions, "chair", "chairman", "H19")
    second = made(sessions)
    assert [fetch(engine, secret).status_code for secret in (first, second, other)] == [404, 200, 200]
    assert fetch(engine, second, Directory(DIRECTORY.agencies(), DIRECTORY.people())).status_code == 404
    with sessions.begin() as session:
        assert end_feeds(session, "head1", "admin", NOW) == 1
        assert feed_of(session, second, OFFICE, NOW) is None
    assert fetch(engine, second).status_code == 404
