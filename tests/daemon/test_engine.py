"""The alarm clock over a real store: nothing fails or is missed in silence, nothing runs twice at once."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from monitor.clock import FixedClock
from monitor.engine import JobLog, LocalEngine
from monitor.store import database
from monitor.store.tables import Job

NOW = datetime(2026, 3, 5, 1, 15, tzinfo=UTC)
LONG = 3600.0  # an interval that never comes round in a test
WAIT_S = 20.0


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Engine]:
    opened = database.open_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def make(store: Engine) -> Iterator[Callable[[], LocalEngine]]:
    made: list[LocalEngine] = []

    def engine() -> LocalEngine:
        made.append(LocalEngine(FixedClock(NOW), JobLog(sessionmaker(store)), threads=4))
        return made[-1]

    yield engine
    for one in made:
        one.stop(WAIT_S)


def _job(store: Engine, name: str) -> Job | None:
    with Session(store) as session:
        return session.get(Job, name)


def test_a_job_runs_at_once_and_is_on_record_when_waited_for(make: Callable[[], LocalEngine], store: Engine) -> None:
    engine = make()
    runs: list[int] = []
    engine.every("judge", LONG, lambda: runs.append(1))
    engine.start()
    assert engine.wait_for_run("judge", WAIT_S)
    row = _job(store, "judge")
    assert row is not None
    assert (row.last_began_at, row.last_ended_at, row.last_ok_at, row.failures, row.last_error) == (
        NOW,
        NOW,
        NOW,
        0,
        "",
    )
    assert runs


def test_a_failing_job_is_told_without_its_message_and_goes_on(make: Callable[[], LocalEngine], store: Engine) -> None:
    engine = make()
    failed = threading.Semaphore(0)
    broken = [True, True]

    def job() -> None:
        if broken:
            broken.pop()
            failed.release()
            raise RuntimeError("Trần Thị Hư Cấu")

    engine.every("judge", LONG, job)
    engine.start()
    assert failed.acquire(timeout=WAIT_S)
    engine.nudge("judge")
    assert failed.acquire(timeout=WAIT_S)
    assert engine.wait_for_run("judge", WAIT_S)
    row = _job(store, "judge")
    assert row is not None
    assert row.failures == 0
    assert row.last_error.startswith("2026-03-05T01:15:00Z RuntimeError (test_engine.py:")
    assert "Hư Cấu" not in row.last_error


def test_failures_in_a_row_are_counted_over_a_restart(make: Callable[[], LocalEngine], store: Engine) -> None:
    def job() -> None:
        raise RuntimeError

    for _start in range(2):
        engine = make()
        engine.every("judge", LONG, job)
        engine.start()
        assert not engine.wait_for_run("judge", 0.5)
        engine.stop(WAIT_S)
    row = _job(store, "judge")
    assert row is not None
    assert row.failures >= 2
    assert row.last_ok_at is None


def test_a_run_that_was_due_while_the_process_was_down_is_missed(
    make: Callable[[], LocalEngine], store: Engine
) -> None:
    with Session(store) as session, session.begin():
        before = NOW - timedelta(hours=3)
        session.add(Job(name="judge", last_began_at=before, last_ended_at=before, last_ok_at=before))
    engine = make()
    engine.every("judge", 60, lambda: None)
    engine.every("fresh", 60, lambda: None)
    assert engine.health()["judge"].missed == 1
    assert engine.health()["fresh"].missed == 0
    engine.stop(WAIT_S)
    row = _job(store, "judge")
    assert row is not None
    assert row.last_error == "2026-03-05T01:15:00Z missed: was_down, 10740 s"


def test_a_job_that_outlasts_its_interval_is_missed_once_and_never_doubled(make: Callable[[], LocalEngine]) -> None:
    engine = make()
    inside, most = [0], [0]
    skipped, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        go_on.wait(WAIT_S)
        inside[0] -= 1

    def watch() -> None:
        if engine.health()["slow"].missed:
            skipped.set()

    engine.every("slow", 0.1, slow)
    engine.every("watch", 0.05, watch)
    engine.start()
    assert skipped.wait(WAIT_S)
    assert "missed: still_running" in engine.health()["slow"].last_error
    assert engine.health()["slow"].missed == 1
    go_on.set()
    assert engine.wait_for_run("slow", WAIT_S)
    assert most[0] == 1


def test_a_hanging_job_holds_up_no_other(make: Callable[[], LocalEngine]) -> None:
    engine = make()
    release, hangs = threading.Event(), threading.Event()

    def pull() -> None:
        hangs.set()
        release.wait(WAIT_S)

    engine.every("pull:a", LONG, pull)
    engine.every("judge", LONG, lambda: None)
    engine.start()
    assert hangs.wait(WAIT_S)
    assert engine.wait_for_run("judge", WAIT_S)
    assert engine.stop(0.1) == ["pull:a"]
    release.set()
    assert engine.stop(WAIT_S) == []


def test_a_nudge_while_running_means_once_more_and_health_waits_for_that_one(make: Callable[[], LocalEngine]) -> None:
    """Whoever waits must get a run that began after the question."""
    engine = make()
    began, release = threading.Event(), threading.Event()
    runs: list[int] = []

    def judge() -> None:
        runs.append(len(runs) + 1)
        began.set()
        release.wait(WAIT_S)

    engine.every("judge", LONG, judge)
    engine.start()
    assert began.wait(WAIT_S)
    assert not engine.wait_for_run("judge", 0.2)  # the run under way began before the question
    release.set()
    assert engine.wait_for_run("judge", WAIT_S)
    assert runs[:2] == [1, 2]


def test_after_stop_nothing_runs_and_nobody_waits(make: Callable[[], LocalEngine]) -> None:
    engine = make()
    runs: list[int] = []
    engine.every("judge", LONG, lambda: runs.append(1))
    engine.start()
    assert engine.wait_for_run("judge", WAIT_S)
    assert engine.stop(WAIT_S) == []
    before = list(runs)
    engine.nudge("judge")
    assert not engine.wait_for_run("judge", WAIT_S)
    assert runs == before


def test_an_unknown_job_is_never_waited_for(make: Callable[[], LocalEngine]) -> None:
    assert not make().wait_for_run("nonsense", WAIT_S)


def test_a_store_that_cannot_be_written_does_not_stop_the_job(make: Callable[[], LocalEngine], store: Engine) -> None:
    engine = make()
    engine.every("judge", LONG, lambda: None)
    with Session(store) as session, session.begin():
        session.connection().exec_driver_sql("DROP TABLE job")
    engine.start()
    assert engine.wait_for_run("judge", WAIT_S)


def test_a_faster_clock_means_shorter_intervals_for_the_machine(store: Engine) -> None:
    """An hour of the site at 36,000 times speed comes round every tenth of a second."""
    engine = LocalEngine(FixedClock(NOW), JobLog(sessionmaker(store)), speed=36_000)
    third = threading.Semaphore(0)
    engine.every("judge", 3600, third.release)
    engine.start()
    assert all(third.acquire(timeout=WAIT_S) for _ in range(3))
    assert engine.stop(WAIT_S) == []
