"""The storm cap: many messages within an hour become one, nobody else waits for it, and nothing is lost or doubled."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.people import Agency, Directory, Person, Post
from monitor.store.tables import MessageNotice, Notice
from monitor.withdrawing import withdraw
from tests.alerts.test_planning import messages, states
from tests.alerts.world import NOW, add_dossiers, owe, plan

Sessions = sessionmaker[Session]


def minute(n: int) -> datetime:
    return NOW + timedelta(minutes=n)


def cross(sessions: Sessions, at: datetime, rung: str = "late", role: str = "agency_head", **row: str) -> int:
    (dossier_id,) = add_dossiers(sessions, {"code": f"c{at:%H%M}{role}", **row})
    return owe(sessions, dossier_id, rung, role, owed_at=at, rung_at=at)


def test_after_so_many_messages_the_next_ones_come_together(sqlite_sessions: Sessions) -> None:
    made = []
    for n in range(0, 65, 5):
        cross(sqlite_sessions, minute(n))
        made.append(plan(sqlite_sessions, minute(n), most_an_hour=3).messages)
    assert made == [1, 1, 1] + [0] * 9 + [1], "the first three at once, the rest together when the hour is over"
    last = messages(sqlite_sessions)[-1]
    assert len(last.payload["lines"]) == 10
    assert set(states(sqlite_sessions).values()) == {"planned"}


def test_nothing_waits_for_more_than_an_hour(sqlite_sessions: Sessions) -> None:
    waited = []
    for n in range(180):
        cross(sqlite_sessions, minute(n))
        plan(sqlite_sessions, minute(n), most_an_hour=2)
    with sqlite_sessions() as session:
        planned = select(Notice.owed_at, MessageNotice.message_id).join(
            MessageNotice, MessageNotice.notice_id == Notice.id
        )
        by_id = {message.id: message.made_at for message in messages(sqlite_sessions)}
        waited = [by_id[message_id] - owed_at for owed_at, message_id in session.execute(planned)]
    assert max(waited) <= timedelta(hours=1)
    assert len(by_id) <= 3 * (2 + 2), "never many more than the cap an hour"


def test_urgent_news_breaks_the_cap(sqlite_sessions: Sessions) -> None:
    for n in range(3):
        cross(sqlite_sessions, minute(n))
        plan(sqlite_sessions, minute(n), most_an_hour=1)
    (dossier_id,) = add_dossiers(sqlite_sessions, {"code": "worst"})
    owe(sqlite_sessions, dossier_id, "late", "agency_head", severity="urgent", owed_at=minute(5))
    assert plan(sqlite_sessions, minute(5), most_an_hour=1).messages == 1
    assert {line["code"] for line in messages(sqlite_sessions)[-1].payload["lines"]} >= {"worst"}
    assert set(states(sqlite_sessions).values()) == {"planned"}, "and takes along what waited"


def test_of_two_on_a_rung_the_one_under_the_cap_hears_at_once_and_each_hears_once(sqlite_sessions: Sessions) -> None:
    two = Directory(
        [Agency("H19.1", "UBND xã Một")],
        [Person("a", "A", telegram="1"), Person("b", "B", telegram="2")],
        [Post("a", "agency_head", "H19.1"), Post("a", "one_stop_head", "H19.1"), Post("b", "agency_head", "H19.1")],
    )
    cross(sqlite_sessions, minute(0), role="one_stop_head")
    plan(sqlite_sessions, minute(0), directory=two, most_an_hour=1)
    notice = cross(sqlite_sessions, minute(1))
    plan(sqlite_sessions, minute(1), directory=two, most_an_hour=1)
    assert [message.person for message in messages(sqlite_sessions)] == ["a", "b"]
    assert states(sqlite_sessions)[notice] == "owed", "one of its people has not heard yet"
    for n in (2, 30, 61, 62):
        plan(sqlite_sessions, minute(n), directory=two, most_an_hour=1)
    assert [message.person for message in messages(sqlite_sessions)] == ["a", "b", "a"]
    assert states(sqlite_sessions)[notice] == "planned"


@pytest.mark.parametrize("most", [0, 5])
def test_a_quiet_day_is_not_touched_by_it(sqlite_sessions: Sessions, most: int) -> None:
    for n in (0, 20, 40):
        cross(sqlite_sessions, minute(n))
        assert plan(sqlite_sessions, minute(n), most_an_hour=most).messages == 1


SUNDAY_NIGHT = datetime(2026, 11, 22, 3, 0, tzinfo=NOW.tzinfo)
RETURNS = [
    (NOW + timedelta(hours=1), [("chair", 5)], "in office hours: one message with all that is due"),
    (SUNDAY_NIGHT, [("chair", 2), ("chair", 2)], "at night: what is urgent at once, the rest in one at the opening"),
]


@pytest.mark.parametrize(("back_at", "told", "meaning"), RETURNS)
def test_a_source_that_comes_back_is_no_storm(
    sqlite_sessions: Sessions, back_at: datetime, told: list[tuple[str, int]], meaning: str
) -> None:
    """Only severity breaks the window: the others stay till the opening, and what is settled by then is not told."""
    ids = add_dossiers(sqlite_sessions, *({"code": f"c{n}"} for n in range(5)))
    for n, dossier_id in enumerate(ids):
        severity = "urgent" if n < 2 else "high"
        owe(sqlite_sessions, dossier_id, f"late-{n}", "chairman", severity=severity, owed_at=back_at, rung_at=back_at)
    for hours in (3, 2, 1):
        silent = plan(sqlite_sessions, back_at - timedelta(hours=hours), stale_sources={"motcua"})
        assert silent.messages == 0
    at = back_at
    while at <= back_at + timedelta(hours=30):
        plan(sqlite_sessions, at)
        if at == SUNDAY_NIGHT + timedelta(hours=5):  # one of the three that wait is finished on Sunday
            withdraw_settled(sqlite_sessions, ids[-1])
        at += timedelta(minutes=30)
    made = messages(sqlite_sessions)
    assert [(message.person, len(message.payload["lines"])) for message in made] == told, meaning
    codes = [line["code"] for message in made for line in message.payload["lines"]]
    assert len(set(codes)) == len(codes), "no line twice"


def withdraw_settled(sessions: Sessions, dossier_id: int) -> None:
    """As judging takes back what ended."""
    with sessions.begin() as session:
        withdraw(session, session.scalars(select(Notice.id).where(Notice.dossier_id == dossier_id)).all(), "x", NOW)
