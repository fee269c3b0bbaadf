"""One official who stands in for every vacant post hears of a matter once, however far up it is passed meanwhile."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.current import Office
from monitor.alerts.outcomes import pass_up, settle
from monitor.alerts.outgoing import Outcome, Result
from monitor.alerts.rereading import Finder, People, read_again
from monitor.people import Directory, Post
from monitor.store.tables import Message, Notice
from monitor.withdrawing import withdraw_where
from tests.alerts.world import BASE_URL, CALENDAR, DIRECTORY, NOW, PEOPLE, RUNGS, add_dossiers, owe, plan

# In the tests' province nobody holds the posts above the chairman: the administrator stands in for them.
LATE = {"occasion": "late", "severity": "urgent", "channels": "telegram"}


@pytest.fixture
def waiting(sessions: sessionmaker[Session]) -> int:
    """The administrator's message about a late dossier, which did not get through yet."""
    (dossier,) = add_dossiers(sessions, {"code": "tre-1"})
    owe(sessions, dossier, "very-late", "provincial_centre", **LATE)
    plan(sessions)
    with sessions.begin() as session:
        (message,) = session.scalars(select(Message))
        assert message.person == "admin"
        settle(session, message, Outcome(Result.UNKNOWN, detail="502"), NOW, ["telegram"])
        pass_up(session, message, NOW)
        return message.id


def _states(sessions: sessionmaker[Session]) -> list[tuple[str, str]]:
    with sessions() as session:
        return [(n.role, n.state) for n in session.scalars(select(Notice).order_by(Notice.id))]


def test_what_is_passed_up_to_the_same_person_joins_the_message_that_waits(
    sessions: sessionmaker[Session], waiting: int
) -> None:
    assert plan(sessions).messages == 0
    assert _states(sessions) == [("provincial_centre", "planned"), ("provincial_office", "planned")]
    with sessions.begin() as session:
        (message,) = session.scalars(select(Message))
        (line,) = message.payload["lines"]
        assert line["notices"] == list(session.scalars(select(Notice.id).order_by(Notice.id)))
        settle(session, message, Outcome(Result.SENT), NOW, ["telegram"])
    assert _states(sessions) == [("provincial_centre", "told"), ("provincial_office", "told")]


def test_what_is_passed_up_after_the_message_arrived_is_a_reminder(
    sessions: sessionmaker[Session], waiting: int
) -> None:
    """It was sent while the matter went up: the office hears that it is told again."""
    with sessions.begin() as session:
        settle(session, session.get_one(Message, waiting), Outcome(Result.SENT), NOW, ["telegram"])
    assert plan(sessions).messages == 1


def test_another_matter_of_the_same_dossier_is_a_message_of_its_own(
    sessions: sessionmaker[Session], waiting: int
) -> None:
    plan(sessions)
    owe(sessions, 1, "mismatch", "admin", **LATE | {"occasion": "mismatch"})
    assert plan(sessions).messages == 1


def test_when_the_message_is_given_up_what_joined_it_goes_further_up(
    sessions: sessionmaker[Session], waiting: int
) -> None:
    plan(sessions)
    with sessions.begin() as session:
        message = session.get_one(Message, waiting)
        settle(session, message, Outcome(Result.REFUSED, detail="chặn"), NOW, ["telegram"])
        assert message.state == "failed"
    states = _states(sessions)
    assert [role for role, _ in states] == ["provincial_centre", "provincial_office", "admin"]
    assert states[2] == ("admin", "owed")


def test_what_was_taken_from_a_message_joins_it_again(sessions: sessionmaker[Session], waiting: int) -> None:
    """For an hour somebody else held the office's post; nobody was told meanwhile."""
    plan(sessions)
    posts = [Post("admin", "provincial_centre", "H19"), Post("chair", "provincial_office", "H19")]
    people = [person for code in ("admin", "chair") if (person := DIRECTORY.person(code))]
    filled = Directory(DIRECTORY.agencies(), people, posts)
    with sessions.begin() as session:
        finder = Finder(People(Office(CALENDAR, filled, BASE_URL), RUNGS), ["telegram"])
        told = read_again(session, session.get_one(Message, waiting), finder, NOW).told
        assert len(told) == 1
    assert _states(sessions)[1] == ("provincial_office", "owed")
    assert plan(sessions).messages == 0
    with sessions.begin() as session:
        message = session.get_one(Message, waiting)
        both = sorted(session.scalars(select(Notice.id)))
        assert message.payload["lines"][0]["notices"] == both
        assert sorted(read_again(session, message, Finder(PEOPLE, ["telegram"]), NOW).told) == both


def test_a_matter_that_stood_still_and_runs_again_is_passed_up_again(
    sessions: sessionmaker[Session], waiting: int
) -> None:
    plan(sessions)
    later = NOW + timedelta(days=1)
    with sessions.begin() as session:
        assert withdraw_where(session, Notice.dossier_id == 1, "not running", NOW) == 1
        (first, _) = session.scalars(select(Notice).order_by(Notice.id))
        first.state, first.owed_at, first.closed_at = "owed", later, None  # as `monitor.climbing` owes it again
    assert plan(sessions, later).messages == 1
    with sessions.begin() as session:
        message = session.scalars(select(Message).where(Message.state == "pending")).one()
        settle(session, message, Outcome(Result.REFUSED, detail="chặn"), later, ["telegram"])
    assert _states(sessions) == [("provincial_centre", "unreachable"), ("provincial_office", "owed")]
    assert plan(sessions, later).messages == 1
