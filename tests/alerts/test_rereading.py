"""The last look before sending: posts change hands and matters are settled while a message waits for its channel."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.current import Office
from monitor.alerts.outcomes import give_up
from monitor.alerts.rereading import NOT_THEIRS, People
from monitor.alerts.sending import SendCount, send_pending
from monitor.clock import FixedClock
from monitor.people import Directory, Leave, Person, Post
from monitor.store.tables import Dossier, Message, Notice
from tests.alerts.audit import audit
from tests.alerts.test_digests import lists
from tests.alerts.test_sending import DOWN, Scripted, message, notice_states
from tests.alerts.world import BASE_URL, CALENDAR, DIRECTORY, NOW, RUNGS, add_dossiers, owe, plan
from tests.peers.bot_api import BotApi, Taken

Sessions = sessionmaker[Session]
TOMORROW = NOW + timedelta(days=1)
MONDAY = NOW.date()
HEAD = Post("head1", "agency_head", "H19.1")
NEXT = Post("new1", "agency_head", "H19.1", held_from=MONDAY + timedelta(days=1))


def office(posts: Sequence[Post], leaves: Sequence[Leave] = ()) -> Directory:
    """The commune of these heads, under the same chairman."""
    others = [post for post in DIRECTORY.posts() if post.person in ("chair", "admin")]
    people = [*DIRECTORY.people(), Person("new1", "Người Sáu", telegram="601")]
    return Directory(DIRECTORY.agencies(), people, [*posts, *others], leaves)


def send(sessions: Sessions, directory: Directory, *channels: Scripted, at: object = TOMORROW) -> SendCount:
    people = People(Office(CALENDAR, directory, BASE_URL), RUNGS)
    by_name = {channel.name: channel for channel in channels}
    return send_pending(sessions, by_name, clock=FixedClock(at), people=people)  # type: ignore[arg-type]


MOVES: list[tuple[str, Directory, list[str]]] = [
    ("the post changed hands", office([Post("head1", "agency_head", "H19.1", held_to=MONDAY), NEXT]), ["601"]),
    ("on leave, nobody in their place: the role above", office([HEAD], [Leave("head1", MONDAY + timedelta(days=1), date(2026, 12, 1))]), ["400"]),
    ("a second head came: who had the message keeps it", office([HEAD, NEXT]), ["101"]),
    ("the post stands empty: the role above", office([Post("head1", "agency_head", "H19.1", held_to=MONDAY)]), ["400"]),
]  # fmt: skip


@pytest.mark.parametrize(("meaning", "directory", "hear"), MOVES, ids=[one[0] for one in MOVES])
def test_who_holds_the_post_when_it_goes_hears_it(
    sessions: Sessions, meaning: str, directory: Directory, hear: list[str]
) -> None:
    """Planned on Monday with Telegram down, tried again on Tuesday."""
    (dossier_id,) = add_dossiers(sessions, {"code": "tre-1"})
    owe(sessions, dossier_id, "late", "agency_head")
    plan(sessions, directory=office([HEAD]), channels=("telegram",))
    telegram = Scripted(script=[DOWN])
    send(sessions, office([HEAD]), telegram, at=NOW)
    telegram.got.clear()
    bot = BotApi()
    for minutes in (0, 1, 2):
        at = TOMORROW + timedelta(minutes=minutes)
        send(sessions, directory, telegram, at=at)
        plan(sessions, at, directory=directory, channels=("telegram",))
    assert [one.address for one in telegram.got] == hear, meaning
    assert notice_states(sessions) == ["told"]
    bot.taken += [Taken("sendMessage", one.address, one.view["lines"][0]["code"]) for one in telegram.got]
    assert audit(sessions, bot) == []


def test_of_two_on_a_rung_one_was_told_and_the_other_left(sessions: Sessions) -> None:
    """Nobody new is to hear it: the message of who left is cancelled with its cause, the notice stays told."""
    both = office([HEAD, Post("new1", "agency_head", "H19.1", held_to=MONDAY)])
    (dossier_id,) = add_dossiers(sessions, {"code": "tre-1"})
    owe(sessions, dossier_id, "late", "agency_head")
    plan(sessions, directory=both, channels=("telegram",))
    telegram = Scripted()
    first = send_pending(sessions, {"telegram": telegram}, clock=FixedClock(NOW), limit=1)
    assert (first.sent, telegram.got[0].address) == (1, "101")
    assert send(sessions, both, telegram).cancelled == 1
    assert plan(sessions, TOMORROW, directory=both, channels=("telegram",)).messages == 0
    assert notice_states(sessions) == ["told"]
    with sessions() as session:
        assert session.scalars(select(Message.last_error).where(Message.person == "new1")).one() == NOT_THEIRS


def finished(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(update(Dossier).values(stage="finished_late"))


def extended(sessions: Sessions) -> None:
    with sessions.begin() as session:
        session.execute(update(Dossier).values(stage="in_time", promise_number=2))


@pytest.mark.parametrize("settled", [finished, extended])
def test_a_mail_in_the_place_of_a_message_tells_of_nothing_that_is_settled(
    sessions: Sessions, settled: Callable[[Sessions], None]
) -> None:
    """Taken by the first channel, so told; settled; then found not to have arrived: the next channel reads again."""
    (dossier_id,) = add_dossiers(sessions, {"code": "tre-1", "stage": "late"})
    owe(sessions, dossier_id, "late", "agency_head")
    plan(sessions)
    telegram, email = Scripted(), Scripted("email")
    assert send(sessions, DIRECTORY, telegram, email, at=NOW).sent == 1
    settled(sessions)
    with sessions.begin() as session:
        taken = session.scalars(select(Message)).one()
        assert give_up(session, taken, "không đến máy", NOW, ("telegram", "email")) == 1
    assert send(sessions, DIRECTORY, telegram, email) == SendCount(cancelled=1)
    assert email.got == []


def test_what_stands_goes_on_by_the_next_channel(sessions: Sessions) -> None:
    """The same story without an end: the mail goes, and its lines say how late it is by then."""
    (dossier_id,) = add_dossiers(sessions, {"code": "tre-1", "stage": "late", "late_by": 3})
    owe(sessions, dossier_id, "late", "agency_head")
    plan(sessions)
    telegram, email = Scripted(script=[DOWN]), Scripted("email")
    send(sessions, DIRECTORY, telegram, email, at=NOW)
    telegram.script.append(DOWN)
    send(sessions, DIRECTORY, telegram, email, at=TOMORROW)
    assert send(sessions, DIRECTORY, telegram, email, at=TOMORROW).sent == 1
    (before,), (after,) = message(sessions).payload["lines"], email.got[0].view["lines"]
    assert (before["how"], after["how"]) == ("quá hạn 01 ngày làm việc", "quá hạn 02 ngày làm việc")
    assert email.got[0].view["at_text"] == "08:00 ngày 24/11/2026"


def test_a_list_for_one_who_holds_no_post_any_more_is_not_sent(sessions: Sessions) -> None:
    add_dossiers(sessions, {"code": "a", "stage": "late", "late_from_at": NOW - timedelta(days=2)})
    lists(sessions)
    telegram = Scripted()
    gone = office([NEXT])
    assert send(sessions, gone, telegram) == SendCount(cancelled=1)
    with sessions() as session:
        assert session.scalars(select(Message.last_error)).one() == NOT_THEIRS
        assert session.scalars(select(Notice)).all() == []
