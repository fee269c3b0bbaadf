"""A peer is asked so often and no oftener, by one reader at a time."""

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Page, Probe, Sweep, UnexpectedAnswer
from connectors.kit.budget import Budget
from monitor.adapters import source_rules
from monitor.clock import FixedClock
from monitor.settings import Database, Settings, Site
from monitor.wiring import Program
from tests.conformance import test_dvcqg, test_igate, test_opencps, test_td
from tests.conformance.harness import seen
from tests.conformance.suite import Conformance
from tests.peers.opencps import OpencpsPeer, row
from tests.peers.scripted import Asked, Reply, json_reply

NOW = datetime(2025, 11, 20, 2, tzinfo=UTC)


def test_so_many_calls_at_once_then_evenly_over_the_minute() -> None:
    clock = FixedClock(NOW)
    budget = Budget(6, clock)
    for _ in range(6):
        budget.spend()
    assert clock.now() == NOW, "what was saved up may go at once"
    for _ in range(3):
        budget.spend()
    assert clock.now() == NOW + timedelta(seconds=30)
    clock.sleep(3600)
    for _ in range(6):
        budget.spend()
    assert clock.now() == NOW + timedelta(seconds=3630), "an hour saves up a minute's worth, not an hour's"


def test_a_clock_set_back_gives_nothing_back() -> None:
    clock = FixedClock(NOW)
    budget = Budget(2, clock)
    budget.spend(), budget.spend()
    clock.set(NOW - timedelta(hours=1))
    budget.spend()
    assert clock.now() == NOW - timedelta(hours=1) + timedelta(seconds=30)


def test_a_source_is_never_asked_oftener_than_its_budget() -> None:
    suite = test_opencps.TestOpencps()
    with suite.under(OpencpsPeer([row(n) for n in range(1, 101)]), page_size=10, calls_per_minute=5) as it:
        assert (
            len({r.key for r in seen(it.connector.lookup([f"H99.14-251103-{n:04d}" for n in range(1, 21)])).records})
            == 20
        )
        calls = len(it.server.asked)
        assert (it.clock.now() - NOW).total_seconds() == (calls - 5) * 12


def test_what_the_budget_does_not_allow_before_the_next_reading_waits_for_it() -> None:
    settings = test_opencps.TestOpencps().settings("http://x", calls_per_minute=30, every=300, lookups_per_pull=5000)
    assert source_rules(settings).lookups_per_pull == 150


class Slow:
    """A source that is being read until it is let go."""

    capabilities: frozenset[Any] = frozenset({"list"})

    def __init__(self) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()

    def sweep(self, plan: Sweep) -> Any:
        self.began.set()
        assert self.go_on.wait(30)
        yield Page((), ())

    def lookup(self, codes: Any) -> Any:
        return iter(())

    def probe(self) -> Probe:
        return Probe("")


def test_one_reader_at_a_time_whoever_asks(sqlite_url: str) -> None:
    source, slow = test_opencps.TestOpencps().settings("http://x"), Slow()
    settings = Settings(site=Site(name="Mẫu"), database=Database(url=sqlite_url), sources=(source,))
    with Program(settings, FixedClock(NOW), connect=lambda *_: slow) as program:
        first = threading.Thread(target=program.pull)
        first.start()
        assert slow.began.wait(30)
        (second,) = program.pull()
        slow.go_on.set()
        first.join(30)
        assert (second.result, second.said) == ("waiting", "is being read right now")
        (third,) = program.pull()
        assert third.result == "ok"


class Meeting:
    """Lets a peer's calls wait for each other, and counts how many were there at once."""

    def __init__(self, peer: OpencpsPeer, expected: int) -> None:
        self._peer, self._barrier, self._lock = peer, threading.Barrier(expected), threading.Lock()
        self.here = self.most = self.calls = 0
        self.fails_at = ""

    def __call__(self, asked: Asked) -> Reply:
        with self._lock:
            self.here, self.calls = self.here + 1, self.calls + 1
            self.most = max(self.most, self.here)
        with suppress(threading.BrokenBarrierError):
            self._barrier.wait(20)
        with self._lock:
            self.here -= 1
        if self.fails_at and asked.query.get("dossierNo") == self.fails_at:
            return json_reply({"message": "broken"}, 200)
        return self._peer(asked)


@pytest.mark.parametrize("at_once", [1, 3])
@pytest.mark.parametrize("kind", [test_igate.TestIgate, test_td.TestTd, test_dvcqg.TestByCode])
def test_kinds_that_sign_in_do_so_once_for_all_that_is_under_way(kind: type[Conformance], at_once: int) -> None:
    """Re-reading by code is most of a night's calls."""
    it, codes = kind(), [f"H99.14-251103-{n:04d}" for n in (5, 2, 6, 1, 4, 3)]
    peer, barrier, lock = it.peer([it.row(n) for n in range(1, 7)]), threading.Barrier(at_once), threading.Lock()
    here, most = [0], [0]

    def meeting(asked: Asked) -> Reply:
        if it.is_data(asked):
            with lock:
                here[0] += 1
                most[0] = max(most[0], here[0])
            with suppress(threading.BrokenBarrierError):
                barrier.wait(20)
            with lock:
                here[0] -= 1
        return peer(asked)

    with it.under(meeting, concurrency=at_once) as under:
        assert seen(under.connector.lookup(codes)).codes == codes
        assert len([asked for asked in under.server.asked if not it.is_data(asked)]) == 1
    assert most == [at_once], "they met, and no more of them than that"


@pytest.mark.parametrize("at_once", [1, 3])
def test_as_many_calls_are_under_way_as_the_settings_say_and_the_order_stays(at_once: int) -> None:
    codes = [f"H99.14-251103-{n:04d}" for n in (5, 2, 6, 1, 4, 3)]
    meeting = Meeting(OpencpsPeer([row(n) for n in range(1, 7)]), at_once)
    with test_opencps.TestOpencps().under(meeting, concurrency=at_once) as it:
        assert seen(it.connector.lookup(codes)).codes == codes
    assert meeting.most == at_once, "they met, and no more of them than that"


def test_a_trouble_amid_several_calls_is_the_first_one_and_ends_the_asking() -> None:
    codes = [f"H99.14-251103-{n:04d}" for n in range(1, 41)]
    meeting = Meeting(OpencpsPeer([row(n) for n in range(1, 41)]), 1)
    meeting.fails_at = codes[4]
    with (
        test_opencps.TestOpencps().under(meeting, concurrency=4) as it,
        pytest.raises(UnexpectedAnswer),
    ):
        seen(it.connector.lookup(codes))
    assert meeting.calls <= 5 + 3, "what was not begun never is"


def test_calls_at_once_share_one_budget() -> None:
    meeting = Meeting(OpencpsPeer([row(n) for n in range(1, 13)]), 1)
    with test_opencps.TestOpencps().under(meeting, concurrency=4, calls_per_minute=6) as it:
        seen(it.connector.lookup([f"H99.14-251103-{n:04d}" for n in range(1, 13)]))
        assert it.clock.now() - NOW == timedelta(seconds=60), "six at once, then one in ten seconds"
