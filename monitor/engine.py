"""The alarm clock. Use cases know only `Engine`; that the work is right never depends on it, only on the tables.

A tick asks "what is due and not yet done?", so a missed or doubled tick costs delay and nothing else. It is still
said aloud: every failed or missed run is logged as an error and kept in the table `job`.
"""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor as RecorderThread
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_MAX_INSTANCES, EVENT_JOB_MISSED, EVENT_JOB_SUBMITTED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor import logs
from monitor.clock import Clock, SystemClock
from monitor.store.tables import Job

_SHORTEST_S = 0.05  # of a live demo: faster than this the machine only hands out ticks
_LATE_BY_S = 5.0  # a tick later than this and than its own interval was missed

log = logs.get("engine")


@dataclass(frozen=True, slots=True)
class JobState:
    """What one job last did. `every_s` is seconds of the site's clock; instants are of that clock too."""

    name: str
    every_s: float
    is_running: bool = False
    began: int = 0  # runs begun since the start
    ok_run: int = 0  # number of the last run that ended well
    last_began_at: datetime | None = None
    last_ended_at: datetime | None = None
    last_ok_at: datetime | None = None
    last_error: str = ""  # the last trouble, its instant in front; stays readable after the next good run
    failures: int = 0  # in a row; 0 = the last run ended well
    missed: int = 0  # runs that did not come in time since the start


class Engine(Protocol):
    """All that use cases and pages know of scheduling."""

    def every(self, name: str, seconds: float, job: Callable[[], object]) -> None:
        """Runs `job` every so many seconds of the site's clock, first at once, never twice at the same time."""

    def nudge(self, name: str) -> None:
        """Runs it now; if it is running, once more right after."""

    def wait_for_run(self, name: str, timeout_s: float) -> bool:
        """Nudges and waits (seconds of the machine) for a run that began after this call and ended well."""
        ...

    def health(self) -> dict[str, JobState]: ...


class JobLog:
    """Keeps the table `job`, so that what failed or was missed is seen after a restart too."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions

    def load(self) -> dict[str, Job]:
        with self._sessions() as session:
            return {row.name: row for row in session.scalars(select(Job))}

    def save(self, state: JobState) -> None:
        with self._sessions.begin() as session:
            row = session.get(Job, state.name)
            if row is None:
                row = Job(name=state.name)
                session.add(row)
            row.last_began_at = state.last_began_at
            row.last_ended_at = state.last_ended_at
            row.last_ok_at = state.last_ok_at
            row.last_error = state.last_error
            row.failures = state.failures


class LocalEngine:
    """APScheduler in this process, its jobs in memory only: they are derived from the configuration at every start.

    `speed` is how much faster the site's clock runs than the machine's (`demo-live`).
    """

    def __init__(self, clock: Clock, jobs: JobLog, *, threads: int = 12, speed: float = 1.0) -> None:
        self._clock = clock
        self._machine = SystemClock()
        self._jobs = jobs
        self._speed = speed
        self._known = jobs.load()
        self._states: dict[str, JobState] = {}
        self._again: set[str] = set()  # nudged while running
        self._nudged: set[str] = set()  # nudged, not yet handed to a thread
        self._skip_said: set[str] = set()  # running jobs whose skipped tick was logged already
        self._began_at: dict[str, datetime] = {}  # of the machine
        self._recorder = RecorderThread(max_workers=1, thread_name_prefix="job-log")
        self._changed = threading.Condition()
        self._stopping = False
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(threads)},
            # the library's own default drops a run that is one second late
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
            timezone="UTC",
        )
        self._scheduler.add_listener(
            self._heard, EVENT_JOB_MISSED | EVENT_JOB_ERROR | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_SUBMITTED
        )

    def every(self, name: str, seconds: float, job: Callable[[], object]) -> None:
        """See `Engine.every`. Logs a run that was due while the process was down."""
        state = JobState(name, seconds)
        before = self._known.get(name)
        if before is not None:
            state = replace(
                state,
                last_began_at=before.last_began_at,
                last_ended_at=before.last_ended_at,
                last_ok_at=before.last_ok_at,
                last_error=before.last_error,
                failures=before.failures,
            )
        self._states[name] = state
        last = state.last_began_at
        if last is not None and self._clock.now() - last > timedelta(seconds=max(2 * seconds, _LATE_BY_S)):
            self._missed(name, "was_down", (self._clock.now() - last).total_seconds() - seconds)
        interval = max(_SHORTEST_S, seconds / self._speed)
        self._scheduler.add_job(
            self._run,
            IntervalTrigger(seconds=interval, timezone="UTC"),
            args=(name, job),
            id=name,
            next_run_time=self._machine.now(),
        )

    def start(self) -> None:
        """Begins to tick in threads of its own."""
        self._scheduler.start()

    def stop(self, timeout_s: float) -> list[str]:
        """No new run; waits at most so long for those under way. Returns the names of those still running."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        with self._changed:
            self._changed.wait_for(lambda: not self._running(), timeout_s)
            running = self._running()
        if not running:
            self._recorder.shutdown()
        return running

    def nudge(self, name: str) -> None:
        """See `Engine.nudge`."""
        with self._changed:
            if self._stopping:
                return
            if self._states[name].is_running:
                self._again.add(name)
                return
            self._nudged.add(name)
        with contextlib.suppress(JobLookupError):  # the scheduler was shut down in between
            self._scheduler.modify_job(name, next_run_time=self._machine.now())

    def wait_for_run(self, name: str, timeout_s: float) -> bool:
        """See `Engine.wait_for_run`. False at once for a job that does not exist."""
        with self._changed:
            if name not in self._states:
                return False
            wanted = self._states[name].began + 1
        self.nudge(name)
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._states[name].ok_run >= wanted, timeout_s)
            return self._states[name].ok_run >= wanted

    def health(self) -> dict[str, JobState]:
        """What every job last did, by name."""
        with self._changed:
            return dict(self._states)

    def _run(self, name: str, job: Callable[[], object]) -> None:
        number = self._begin(name)
        if number is None:
            return
        error = ""
        try:
            job()
        except Exception as wrong:  # a job's failure is that job's: it is told, kept and tried again at the next tick
            error = f"{type(wrong).__name__} ({logs.place_of(wrong.__traceback__, 1)})"
            log.error("job_failed", job=name, exc_info=wrong)
        finally:
            self._end(name, number, error)

    def _begin(self, name: str) -> int | None:
        with self._changed:
            if self._stopping:
                return None
            state = self._states[name]
            state = replace(state, is_running=True, began=state.began + 1, last_began_at=self._clock.now())
            self._states[name] = state
            self._nudged.discard(name)  # whoever nudged before this moment has what they asked for
            self._began_at[name] = self._machine.now()
            return state.began

    def _end(self, name: str, number: int, error: str) -> None:
        now = self._clock.now()
        with self._changed:
            state = replace(self._states[name], last_ended_at=now)
            if error:
                said = f"{now:%Y-%m-%dT%H:%M:%SZ} {error}"
                state = replace(state, failures=state.failures + 1, last_error=said)
            else:
                state = replace(state, failures=0, last_ok_at=now)
            self._states[name] = state
            recorded = self._record(state)
        # a run has ended only when it is on record, so that whoever waited for it can read it
        recorded.result()
        with self._changed:
            ended = replace(self._states[name], is_running=False)
            self._states[name] = ended if error else replace(ended, ok_run=number)
            self._skip_said.discard(name)
            again = name in self._again
            self._again.discard(name)
            self._changed.notify_all()
        if again:
            self.nudge(name)

    def _heard(self, event: Any) -> None:
        name = str(event.job_id)
        if name not in self._states:
            return
        if event.code == EVENT_JOB_SUBMITTED:
            late_s = (self._machine.now() - min(event.scheduled_run_times)).total_seconds()
            if late_s > max(_LATE_BY_S, self._states[name].every_s / self._speed):
                self._missed(name, "machine_was_busy", late_s)
        elif event.code == EVENT_JOB_MAX_INSTANCES:
            self._skipped(name)
        elif event.code == EVENT_JOB_MISSED:
            self._missed(name, "too_late", 0)
        else:
            # _run catches what a job raises, so this is the scheduler's own trouble
            log.error("job_failed", job=name, exc_info=event.exception)

    def _skipped(self, name: str) -> None:
        with self._changed:
            was_nudge = name in self._nudged
            interval_s = self._states[name].every_s / self._speed
            began_at = self._began_at.get(name)
            outlasts = began_at is not None and (self._machine.now() - began_at).total_seconds() >= interval_s
            say = outlasts and name not in self._skip_said
            if say:
                self._skip_said.add(name)
        if say:
            self._missed(name, "still_running", self._states[name].every_s)
        if was_nudge:
            # the run before it is just ending: ask again
            self.nudge(name)

    def _missed(self, name: str, reason: str, seconds: float) -> None:
        log.error("job_missed", job=name, reason=reason, seconds=round(seconds))
        with self._changed:
            state = self._states[name]
            said = f"{self._clock.now():%Y-%m-%dT%H:%M:%SZ} missed: {reason}, {round(seconds)} s"
            state = replace(state, missed=state.missed + 1, last_error=said)
            self._states[name] = state
            self._record(state)

    def _record(self, state: JobState) -> "Future[None]":
        """Saves in the order of asking, in a thread of its own: a busy store must not hold up the alarm clock."""
        return self._recorder.submit(self._save, state)

    def _save(self, state: JobState) -> None:
        try:
            self._jobs.save(state)
        except Exception as wrong:  # the record of a run must not cost the next run
            log.error("job_not_recorded", job=state.name, exc_info=wrong)

    def _running(self) -> list[str]:
        return sorted(name for name, state in self._states.items() if state.is_running)
