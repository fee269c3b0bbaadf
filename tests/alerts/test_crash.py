"""R2: sent at least once, and twice only where the program says so, however it is killed (`kill -9`, real peers)."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts import planning, sending
from monitor.alerts.outgoing import Channel
from monitor.clock import FixedClock
from monitor.store.tables import Message, MessageNotice, Notice
from tests.alerts import crash
from tests.counts import PROOF
from tests.peers.bot_api import BotApi, bot_api
from tests.peers.smtp import MailServer, mail_server

Peers = tuple[BotApi, MailServer]
_STRIDE = 1 if PROOF else 23


@pytest.fixture
def peers() -> Iterator[Peers]:
    with bot_api() as bot, mail_server() as mail:
        yield bot, mail


def test_nothing_is_lost_and_doubles_are_marked(store_url: str, peers: Peers) -> None:
    found = crash.series(store_url, *peers, first=1 if PROOF else 5, stride=_STRIDE)
    assert found.violations == []
    assert found.points >= (100 if PROOF else 4), "the path has more steps than that: were they counted?"


def test_killed_between_the_answer_and_the_record_it_comes_twice_and_says_so(sqlite_url: str, peers: Peers) -> None:
    """The one window in which a double can't be avoided: reached on purpose."""

    def path(sessions: sessionmaker[Session], channels: dict[str, Channel], clock: FixedClock) -> None:
        sending._record = lambda *_: os.kill(os.getpid(), signal.SIGKILL)  # only in the forked process
        crash.whole_path(sessions, channels, clock)

    found = crash.series(sqlite_url, *peers, first=10**9, stride=1, path=path, only_once=True)
    assert (found.points, found.doubled, found.violations) == (1, 1, [])


def test_the_harness_catches_marking_before_sending(sqlite_url: str, peers: Peers) -> None:
    def path(sessions: sessionmaker[Session], channels: dict[str, Channel], clock: FixedClock) -> None:
        honest = sending._send

        def mark_first(channel: Any, outgoing: Any) -> Any:
            with sessions.begin() as session:
                told = select(Message.id).where(Message.key == outgoing.key)
                notices = select(MessageNotice.notice_id).where(MessageNotice.message_id.in_(told))
                session.execute(update(Notice).where(Notice.id.in_(notices)).values(state="told"))
                session.execute(update(Message).where(Message.key == outgoing.key).values(state="sent"))
            return honest(channel, outgoing)

        sending._send = mark_first  # only in the forked process
        crash.whole_path(sessions, channels, clock)

    # the fault shows for four steps from the 66th on: in steps of three none of it is missed, and it is soon reached
    first, stride = (1, 1) if PROOF else (57, 3)
    found = crash.series(sqlite_url, *peers, first=first, stride=stride, path=path, stop_at_violation=True)
    assert any("never heard" in line for line in found.violations), found


def test_the_harness_catches_an_outbox_written_after_the_commit(sqlite_url: str, peers: Peers) -> None:
    def path(sessions: sessionmaker[Session], channels: dict[str, Channel], clock: FixedClock) -> None:
        honest, kept = planning._store, []
        planning._store = lambda _session, messages: kept.extend(messages)
        crash.plan(sessions, clock.now(), channels=tuple(channels))
        with sessions.begin() as session:
            honest(session, kept)
        planning._store = honest
        crash.whole_path(sessions, channels, clock)

    first, stride = (1, 1) if PROOF else (18, 4)  # it shows for nine steps from the 22nd on
    found = crash.series(sqlite_url, *peers, first=first, stride=stride, path=path, stop_at_violation=True)
    assert any("never heard" in line for line in found.violations), found
