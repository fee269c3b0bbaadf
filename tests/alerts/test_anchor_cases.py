"""What others lost between two ticks, two zones or two people: a named test a case, over what the store keeps."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.digests import DigestRule, period_of
from monitor.alerts.email import build, checked_bytes
from monitor.alerts.outgoing import Outcome, Outgoing, Result
from monitor.alerts.planning import PlanCount
from monitor.alerts.sending import release_leases, send_pending
from monitor.alerts.telegram import compose
from monitor.clock import FixedClock
from monitor.people import Directory, Person, Post
from monitor.store import database
from tests.alerts.test_planning import messages, states
from tests.alerts.world import CALENDAR, DIRECTORY, NOW, ZONE, add_dossiers, owe, plan

Sessions = sessionmaker[Session]
SUNDAY_EVENING = datetime(2026, 11, 22, 20, 0, tzinfo=ZONE)
OPENING = datetime(2026, 11, 23, 7, 30, tzinfo=ZONE)


class Restarts:
    """A store that outlives the processes: each use of it is a process of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> Sessions:
        self._engine = database.open_engine(self._url)
        sessions = database.session_factory(self._engine)
        with sessions.begin() as session:
            release_leases(session, NOW)
        return sessions

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def plan_at(self, moment: datetime) -> PlanCount:
        with self as sessions:
            return plan(sessions, moment)


@pytest.mark.parametrize(
    ("starts", "told_at", "meaning"),
    [
        ([SUNDAY_EVENING, OPENING - timedelta(minutes=1), OPENING], OPENING, "restarted twice while it waited"),
        ([SUNDAY_EVENING, OPENING + timedelta(hours=2)], OPENING + timedelta(hours=2), "the opening passed while down"),
        ([SUNDAY_EVENING, OPENING - timedelta(hours=1)], None, "not before the opening, however often it starts"),
    ],
)
def test_oncall_1206_what_waits_for_office_hours_wakes_after_a_restart(
    store_url: str, starts: list[datetime], told_at: datetime | None, meaning: str
) -> None:
    """A chain parked by a time window never woke again, because the wake-up lived in the process."""
    store = Restarts(store_url)
    with store as sessions:
        (dossier_id,) = add_dossiers(sessions, {"code": "tre-1"})
        owe(sessions, dossier_id, "late", "agency_head", owed_at=SUNDAY_EVENING, rung_at=SUNDAY_EVENING)
    counts = [store.plan_at(moment) for moment in starts]
    assert all(count.waiting == 1 for count in counts[: -1 if told_at else None]), meaning
    with store as sessions:
        assert [message.made_at for message in messages(sessions)] == ([told_at] if told_at else []), meaning


class Flooded:
    """Asks for an hour of silence once, then takes everything."""

    name = "telegram"

    def __init__(self) -> None:
        self.calls = 0

    def send(self, message: Outgoing) -> Outcome:
        self.calls += 1
        return Outcome(Result.FLOOD, retry_after_s=3600) if self.calls == 1 else Outcome(Result.SENT)

    def check(self) -> str:
        return "here"

    def close(self) -> None: ...


def test_oncall_1206_a_wait_that_the_peer_asked_for_is_kept_and_ended_across_restarts(sqlite_url: str) -> None:
    store, peer = Restarts(sqlite_url), Flooded()
    with store as sessions:
        (dossier_id,) = add_dossiers(sessions, {"code": "tre-1"})
        owe(sessions, dossier_id, "late", "agency_head")
        plan(sessions, channels=("telegram",))
    calls = []
    for minutes in (0, 1, 59, 61):
        with store as sessions:
            send_pending(sessions, {"telegram": peer}, clock=FixedClock(NOW + timedelta(minutes=minutes)))
        calls.append(peer.calls)
    assert calls == [1, 1, 1, 2], "silent for the hour, though the process is a new one each time; then told"


# zone of a server, and how far its clock is from UTC on that day, in seconds
SERVERS = {"UTC": 0, "Asia/Ho_Chi_Minh": 25_200, "America/Los_Angeles": -28_800, "Pacific/Kiritimati": 50_400}


@pytest.fixture(params=SERVERS)
def zone_of_the_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def test_oncall_2781_the_servers_zone_changes_no_hour_that_anybody_reads(
    sqlite_sessions: Sessions, zone_of_the_server: str
) -> None:
    """Hours of rungs, windows, lists and texts are the site's; the server's zone stands nowhere."""
    assert time.localtime(NOW.timestamp()).tm_gmtoff == SERVERS[zone_of_the_server], "the server really is there"
    now = NOW.astimezone(UTC)
    (dossier_id,) = add_dossiers(sqlite_sessions, {"code": "tre-1", "late_by": 3})
    owe(sqlite_sessions, dossier_id, "late", "agency_head")
    assert plan(sqlite_sessions, OPENING.astimezone(UTC) - timedelta(seconds=1)).waiting == 1
    assert plan(sqlite_sessions, now).messages == 1
    (message,) = messages(sqlite_sessions)
    outgoing = Outgoing(message.key, "a@xa.example.vn", message.payload, now)
    text = compose(outgoing, "codes")[0][0]
    assert "08:00 ngày 23/11/2026" in text
    assert "quá hạn 01 ngày làm việc</b> (hẹn 20/11/2026)" in text
    mail = checked_bytes(build(outgoing, "Đúng Hẹn <a@b.vn>")).decode()
    assert "\nDate: Mon, 23 Nov 2026 " in mail
    assert period_of(DigestRule("morning", OPENING.time(), ("x",)), now, CALENDAR) == "2026-11-23"
    before_opening = datetime(2026, 11, 23, 0, 29, tzinfo=UTC)
    assert period_of(DigestRule("morning", OPENING.time(), ("x",)), before_opening, CALENDAR) == ""


def without(*gone: str, **more: Any) -> Directory:
    """The people file after somebody was taken out of it, with whoever came instead."""
    people = [person for person in DIRECTORY.people() if person.code not in gone]
    posts = [post for post in DIRECTORY.posts() if post.person not in gone]
    return Directory(DIRECTORY.agencies(), [*people, *more.get("people", ())], [*posts, *more.get("posts", ())])


NEW_HEAD = {"people": [Person("new", "Người Mới", telegram="900")], "posts": [Post("new", "agency_head", "H19.1")]}


@pytest.mark.parametrize(
    ("directory", "told", "meaning"),
    [
        (without("head1"), "chair", "nobody came: the role above"),
        (without("head1", **NEW_HEAD), "new", "whoever holds the post now"),
        (without("head1", "chair"), "admin", "and up to the one who answers for the system"),
        (without("head1", "chair", "admin"), "", "nobody at all: kept, with the reason"),
    ],
)
def test_goalert_a_person_deleted_mid_ladder_loses_nothing(
    sqlite_sessions: Sessions, directory: Directory, told: str, meaning: str
) -> None:
    """A notice names a role: the first rung went to the one who held it, the next to whoever is there then."""
    (dossier_id,) = add_dossiers(sqlite_sessions, {"code": "tre-1"})
    owe(sqlite_sessions, dossier_id, "soon", "agency_head")
    plan(sqlite_sessions)
    second = owe(sqlite_sessions, dossier_id, "late", "agency_head")
    later = NOW + timedelta(hours=1)
    plan(sqlite_sessions, later, directory=directory)
    assert [m.person for m in messages(sqlite_sessions) if m.made_at == later] == ([told] if told else []), meaning
    assert states(sqlite_sessions)[second] == ("planned" if told else "unreachable"), meaning
    if not told:
        plan(sqlite_sessions, later + timedelta(minutes=1), directory=without("head1", **NEW_HEAD))
        assert states(sqlite_sessions)[second] == "planned", "as soon as somebody is there"


def test_frappe_1598_a_dossier_without_a_promise_is_told_without_a_lateness(sqlite_sessions: Sessions) -> None:
    """No deadline is a state, not a year from now: a mismatch about it is told, and nothing of days."""
    (dossier_id,) = add_dossiers(sqlite_sessions, {"code": "no-date", "promise_at": None, "late_from_at": None})
    owe(sqlite_sessions, dossier_id, "mismatch", "agency_head")
    plan(sqlite_sessions)
    ((line,),) = [message.payload["lines"] for message in messages(sqlite_sessions)]
    assert (line["section"], line["promised"], line["days"]) == ("mismatch", "", None)
    assert "hạn" not in line["how"]
