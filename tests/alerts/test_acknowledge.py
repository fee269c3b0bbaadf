"""Answers to alerts: who may, what they take back, and how they end. On both stores where a race could matter."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.acknowledge import (
    AnswerNotTaken,
    AnswerRules,
    Taken,
    acknowledge,
    already_solved,
    open_answers,
    snooze,
)
from monitor.alerts.outgoing import Outcome, Outgoing, Result
from monitor.alerts.sending import send_pending
from monitor.clock import FixedClock
from monitor.people import Agency, Directory, Person, Post
from monitor.store.tables import Acknowledgement, Audit, Dossier, Message, Notice
from tests.alerts.world import CALENDAR, DIRECTORY, NOW, ZONE, add_dossiers, owe, plan

Sessions = sessionmaker[Session]
RULES = AnswerRules(CALENDAR, DIRECTORY)
WEDNESDAY = date(2026, 11, 25)


def take(sessions: Sessions, dossier_id: int, person: str = "head1", **changes: Any) -> Taken:
    values: dict[str, Any] = {
        "reason": "đang chờ văn bản phối hợp",
        "promised_on": WEDNESDAY,
        "now": NOW,
        "rules": RULES,
        "where_from": "cli",
    }
    with sessions.begin() as session:
        return acknowledge(session, dossier_id, person, **{**values, **changes})


class Told:
    """A channel that keeps what it was given."""

    name = "telegram"

    def __init__(self) -> None:
        self.lines: list[tuple[str, list[str]]] = []

    def send(self, message: Outgoing) -> Outcome:
        self.lines.append((message.address, [line["code"] for line in message.view["lines"]]))
        return Outcome(Result.SENT, receipt="1")

    def check(self) -> str:
        return self.name

    def close(self) -> None:
        return


def send(sessions: Sessions) -> list[tuple[str, list[str]]]:
    told = Told()
    send_pending(sessions, {"telegram": told, "email": told}, clock=FixedClock(NOW))
    return told.lines


def test_an_answer_takes_back_what_waits_in_the_same_transaction(sessions: Sessions) -> None:
    """R8, OnCall #4654: acknowledged between "due" and "send" is not sent; the other dossier's line still is."""
    mine, other = add_dossiers(sessions, {"code": "mine"}, {"code": "other"})
    for dossier_id in (mine, other):
        owe(sessions, dossier_id, "late", "agency_head")
    waiting = owe(sessions, mine, "very-late", "chairman")
    plan(sessions)
    done = take(sessions, mine)
    assert done.until_at == datetime(2026, 11, 26, tzinfo=ZONE)
    assert send(sessions) == [("101", ["other"])]
    with sessions() as session:
        states = {notice.id: (notice.state, notice.reason) for notice in session.scalars(select(Notice))}
        assert states[waiting] == ("cancelled", f"taken:{done.id}")
        assert [m.state for m in session.scalars(select(Message).order_by(Message.id))].count("cancelled") == 1


def test_what_one_was_told_is_not_told_to_the_next_after_an_answer(sessions: Sessions) -> None:
    two = Directory(
        [Agency("H19.1", "UBND xã Một")],
        [Person("a", "A", telegram="1"), Person("b", "B", telegram="2")],
        [Post("a", "agency_head", "H19.1"), Post("b", "agency_head", "H19.1")],
    )
    (dossier_id,) = add_dossiers(sessions, {})
    owe(sessions, dossier_id, "late", "agency_head")
    plan(sessions, directory=two)
    told = Told()
    send_pending(sessions, {"telegram": told}, clock=FixedClock(NOW), limit=1)
    take(sessions, dossier_id, "a", rules=AnswerRules(CALENDAR, two))
    assert told.lines + send(sessions) == [("1", ["H19.1-261101-0001"])]


def test_judging_looks_again_when_the_answer_ends(sessions: Sessions) -> None:
    late, never = add_dossiers(sessions, {"next_change_at": NOW + timedelta(days=9)}, {"code": "x"})
    for dossier_id in (late, never):
        done = take(sessions, dossier_id)
        with sessions() as session:
            assert session.get_one(Dossier, dossier_id).next_change_at == done.until_at


def test_it_is_on_record_who_answered_what_from_where(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    done = take(sessions, dossier_id, where_from="telegram")
    with sessions() as session:
        (answer,) = open_answers(session, dossier_id)
        (row,) = session.scalars(select(Audit))
    assert (answer.person, answer.role, answer.agency_code) == ("head1", "agency_head", "H19.1")
    assert (answer.promised_on, answer.reason) == (WEDNESDAY, "đang chờ văn bản phối hợp")
    assert (row.actor, row.action, row.detail["from"]) == ("head1", "alert.taken", "telegram")
    assert row.detail["answer"] == done.id
    assert "phối hợp" not in str(row.detail), "an official's words stay behind sign-in"


def test_joint_handling_each_has_an_answer_of_their_own(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    take(sessions, dossier_id, "head1")
    take(sessions, dossier_id, "chair", promised_on=WEDNESDAY + timedelta(days=1))
    with sessions() as session:
        assert [a.person for a in open_answers(session, dossier_id)] == ["head1", "chair"]


def test_answering_anew_replaces_ones_own_answer(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    first = take(sessions, dossier_id)
    second = take(sessions, dossier_id, promised_on=WEDNESDAY + timedelta(days=1))
    with sessions() as session:
        assert [a.id for a in open_answers(session, dossier_id)] == [second.id]
        assert session.get_one(Acknowledgement, first.id).ended_as == "replaced"


def test_a_date_moved_again_and_again_ends_somewhere(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    take(sessions, dossier_id, promised_on=date(2026, 12, 4))
    with pytest.raises(AnswerNotTaken) as caught:
        take(sessions, dossier_id, now=NOW + timedelta(days=4), promised_on=date(2026, 12, 10))
    assert caught.value.name == "too_long"
    assert "07/12/2026" in caught.value.words.vi


@pytest.mark.parametrize(
    ("person", "row", "changes", "name", "meaning"),
    [
        ("head2", {}, {}, "not_theirs", "of the neighbouring commune"),
        ("nobody", {}, {}, "not_theirs", "not in the people file"),
        ("head1", {"stage": "finished_late"}, {}, "finished", "nothing left to do"),
        ("head1", {}, {"reason": " "}, "no_reason", "silence is no reason"),
        ("head1", {}, {"promised_on": date(2026, 11, 20)}, "in_the_past", "a day gone"),
        ("head1", {}, {"promised_on": date(2026, 11, 28)}, "not_a_working_day", "a Saturday"),
        ("head1", {}, {"promised_on": date(2035, 1, 5)}, "too_long", "in nine years"),
        ("head1", {}, {"now": datetime(2027, 12, 30, 9, tzinfo=ZONE)}, "calendar", "the calendar ends"),
    ],
)
def test_what_is_refused(
    sessions: Sessions, person: str, row: dict[str, Any], changes: dict[str, Any], name: str, meaning: str
) -> None:
    (dossier_id,) = add_dossiers(sessions, row)
    with pytest.raises(AnswerNotTaken) as caught:
        take(sessions, dossier_id, person, **changes)
    assert caught.value.name == name, meaning
    assert all(caught.value.words)


def test_no_dossier(sessions: Sessions) -> None:
    with pytest.raises(AnswerNotTaken, match="no such dossier"):
        take(sessions, 77)


def test_a_put_off_has_no_promised_day_and_the_limit_of_the_post(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    common: dict[str, Any] = {"reason": "họp", "now": NOW, "rules": RULES, "where_from": "web"}
    with sessions.begin() as session:
        done = snooze(session, dossier_id, "head1", until_on=None, **common)
        assert done.until_on == date(2026, 11, 26), "an agency head: three working days"
        assert open_answers(session, dossier_id)[0].promised_on is None
    with sessions.begin() as session:
        solved = already_solved(session, dossier_id, "head1", **common)
        assert (solved.kind.value, solved.until_on) == ("solved", date(2026, 11, 25))


class AnswersMeanwhile(Told):
    """While it sends the first message, the leader whose message comes next answers on another device."""

    def __init__(self, answer: Callable[[str], None]) -> None:
        super().__init__()
        self._answer = answer

    def send(self, message: Outgoing) -> Outcome:
        if not self.lines:
            self._answer(message.address)
        return super().send(message)


def test_an_answer_given_while_the_round_is_under_way_is_read_at_the_moment_of_sending(sessions: Sessions) -> None:
    """R8 at the barrier: both messages were chosen for this round, the second is cancelled before its turn."""
    one, two = add_dossiers(sessions, {"code": "one"}, {"code": "two", "agency_code": "H19.2"})
    owe(sessions, one, "late", "agency_head")
    owe(sessions, two, "late", "agency_head", agency_code="H19.2")
    assert plan(sessions).messages == 2
    theirs = {"101": (two, "head2"), "head2@xa2.example.vn": (one, "head1")}

    def answer(address: str) -> None:
        take(sessions, theirs[address][0], theirs[address][1])

    channel = AnswersMeanwhile(answer)
    count = send_pending(sessions, {"telegram": channel, "email": channel}, clock=FixedClock(NOW))
    assert len(channel.lines) == 1
    assert count.sent == 1
    with sessions() as session:
        cancelled = session.scalars(select(Message).where(Message.state == "cancelled")).all()
    assert [message.last_error.partition(":")[0] for message in cancelled] == ["taken"], "and the reason is on record"
