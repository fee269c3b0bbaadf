"""A clock that jumps makes nothing late: judging waits until the clock can be believed again (field study R14)."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from monitor.clock import FixedClock
from monitor.daemon import plan_jobs
from monitor.settings import Settings
from monitor.steady import LONGEST_REST, PATIENCE, ClockJumped, ClockWatch
from monitor.store.tables import Job

NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Machine:
    """Time that passes, and a clock that somebody may turn."""

    def __init__(self, speed: float = 1.0) -> None:
        self.clock = FixedClock(NOON)
        self.lived_s = 0.0
        self.speed = speed
        self.watch = ClockWatch(self.clock, speed, lambda: self.lived_s)

    def live(self, span: timedelta) -> None:
        self.lived_s += span.total_seconds()
        self.clock.sleep(span.total_seconds() * self.speed)

    def turn(self, by: timedelta) -> None:
        self.clock.set(self.clock.now() + by)

    def believed(self) -> bool:
        try:
            self.watch.check()
        except ClockJumped:
            return False
        return True


@pytest.mark.parametrize(
    "by", [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1), timedelta(days=27_000)]
)
def test_a_jump_is_held_until_the_clock_is_right_again(by: timedelta) -> None:
    machine = Machine()
    machine.live(30 * MINUTE)
    assert machine.believed()
    machine.turn(by)
    for _ in range(59):
        machine.live(MINUTE)
        assert not machine.believed()
    machine.turn(-by)
    assert machine.believed()


def test_a_jump_that_holds_for_an_hour_is_the_new_time() -> None:
    machine = Machine()
    machine.turn(timedelta(hours=9))
    assert not machine.believed()
    machine.live(PATIENCE)
    assert machine.believed()
    machine.live(timedelta(days=30))
    assert machine.believed()


def test_another_jump_starts_the_hour_again() -> None:
    machine = Machine()
    machine.turn(timedelta(hours=9))
    assert not machine.believed()
    machine.live(PATIENCE - MINUTE)
    machine.turn(timedelta(hours=9))
    assert not machine.believed()
    machine.live(2 * MINUTE)
    assert not machine.believed()
    machine.live(PATIENCE)
    assert machine.believed()


def test_a_year_of_small_corrections_is_no_jump() -> None:
    machine = Machine()
    for _ in range(365):
        machine.live(timedelta(days=1))
        machine.turn(timedelta(seconds=40))
        assert machine.believed()


def test_a_demo_that_runs_fast_is_no_jump() -> None:
    machine = Machine(speed=600)
    machine.live(timedelta(minutes=10))
    assert machine.believed()


@pytest.mark.parametrize(
    ("rest", "goes_on"), [(timedelta(days=9), True), (LONGEST_REST, True), (timedelta(days=46), False)]
)
def test_after_nine_days_of_tet_it_goes_on_after_two_months_a_person_says_so(rest: timedelta, goes_on: bool) -> None:
    watch = ClockWatch(FixedClock(NOON), lived=lambda: 0.0)
    if goes_on:
        watch.check(NOON - rest)
    else:
        with pytest.raises(ClockJumped, match="46 days back"):
            watch.check(NOON - rest)


class Heard:
    """An engine that runs nothing by itself, and the words told to the service manager."""

    watchdog_s = None

    def __init__(self) -> None:
        self.jobs: dict[str, Any] = {}
        self.alive_said: list[str] = []

    def every(self, name: str, seconds: float, job: Any) -> None:
        self.jobs[name] = job

    def nudge(self, name: str) -> None: ...

    def alive(self, said: str) -> None:
        self.alive_said.append(said)


def test_the_daemons_jobs_wait_and_the_service_manager_does_not_restart_it(sessions: sessionmaker[Session]) -> None:
    done: list[str] = []
    with sessions.begin() as session:
        session.add(Job(name="judging", last_ok_at=NOON - timedelta(days=100)))
    program: Any = SimpleNamespace(
        settings=Settings.model_validate({"site": {"name": "x"}}),
        clock=FixedClock(NOON),
        sessions=sessions,
        judge=lambda: done.append("judge"),
        write_letters=lambda: done.append("letters"),
        plan_and_send=lambda: done.append("send"),
        back_up=lambda: done.append("backup"),
        let_go_of_raw=lambda: done.append("evidence"),
    )
    heard: Any = Heard()
    plan_jobs(heard, program, heard)
    for name in ("judge", "letters", "send"):
        with pytest.raises(ClockJumped):
            heard.jobs[name]()
    heard.jobs["backup"]()
    assert done == ["backup"]
    assert len(heard.alive_said) == 1
    with sessions.begin() as session:
        session.get_one(Job, "judging").last_ok_at = NOON  # a person ran `dunghen judge`
    for name in ("judge", "letters", "send"):
        heard.jobs[name]()
    assert done == ["backup", "judge", "letters", "send"]
