"""The one place that reads the machine's clock. Everything else is handed a `Clock` or an instant."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time as the program sees it. `now` is aware, in UTC."""

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class FixedClock:
    """Stands at one instant (CLI `--at`, tests); sleeping moves it, so nothing ever waits."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        self._at = at.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._at

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._at += timedelta(seconds=seconds)

    def set(self, at: datetime) -> None:
        with self._lock:
            self._at = at.astimezone(UTC)


class RunningClock:
    """Starts at a chosen instant and runs `speed` times as fast as the machine's clock (`demo-live`)."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        self._start = start.astimezone(UTC)
        self._began = time.monotonic()
        self._speed = speed

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * self._speed)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / self._speed)


def stopwatch() -> Callable[[], float]:
    """A function that gives the seconds of real time since this call. For limits on peers only: a clock that stands
    or runs fast must neither keep a connection for ever nor cut an answer short."""
    began = time.monotonic()
    return lambda: time.monotonic() - began
