"""One sign-in for several calls, whatever happens to it meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from connectors.base import AccessRefused
from connectors.kit.session import SharedSession, Ticket
from monitor.clock import FixedClock

NOW = datetime(2025, 11, 20, 2, 0, tzinfo=UTC)


class Peer:
    """Knows its newest token only, and counts sign-ins."""

    def __init__(self, *, life_s: int | None = None) -> None:
        self.sign_ins = 0
        self.clock = FixedClock(NOW)
        self.life = None if life_s is None else timedelta(seconds=life_s)
        self.shuts_out = False

    def sign_in(self) -> Ticket:
        self.sign_ins += 1
        return Ticket(f"token-{self.sign_ins}", None if self.life is None else self.clock.now() + self.life)

    def answer(self, token: str) -> str:
        if self.shuts_out or token != f"token-{self.sign_ins}":
            raise AccessRefused("?")
        return token


def test_one_sign_in_serves_until_its_time_is_over() -> None:
    peer = Peer(life_s=60)
    session = SharedSession(peer.sign_in, peer.clock)
    assert [session.call(peer.answer) for _ in range(3)] == ["token-1"] * 3
    peer.clock.sleep(60)
    assert session.call(peer.answer) == "token-2"


def test_09_a_session_that_the_peer_forgot_is_made_anew_once() -> None:
    peer = Peer()
    session = SharedSession(peer.sign_in, peer.clock)
    session.call(peer.answer)
    peer.sign_ins += 1  # somebody else signed in with the account: ours is over
    assert session.call(peer.answer) == "token-3"
    peer.shuts_out = True
    with pytest.raises(AccessRefused):
        session.call(peer.answer)
    assert peer.sign_ins == 4, "one more try, then a person must act"


def test_a_new_session_that_is_refused_is_not_tried_again() -> None:
    peer = Peer()
    peer.shuts_out = True
    with pytest.raises(AccessRefused):
        SharedSession(peer.sign_in, peer.clock).call(peer.answer)
    assert peer.sign_ins == 1


def test_calls_that_find_it_ended_together_share_the_new_one() -> None:
    """Else each would end the session of the one before it."""
    peer, meeting = Peer(), threading.Barrier(4)
    session = SharedSession(peer.sign_in, peer.clock)
    session.call(peer.answer)
    peer.sign_ins += 1

    def ask(token: str) -> str:
        if token == "token-1":
            meeting.wait(20)
        return peer.answer(token)

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: session.call(ask), range(4)))
    assert told == ["token-3"] * 4
    assert peer.sign_ins == 3
