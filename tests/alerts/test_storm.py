"""The storm cap: many messages within an hour become one, nobody else waits for it, and nothing is lost or doubled."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.people import Agency, Directory, Person, Post
from monitor.store.tables import MessageNotice, Notice
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
