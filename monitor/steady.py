"""Whether the machine's clock can be believed: a clock that jumps would make every dossier late at once.

The wall clock is held against the time that the process itself has lived, which no time server moves.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from monitor.clock import Clock, stopwatch

SLACK = timedelta(minutes=10)  # what a time server may correct without anybody being called
PATIENCE = timedelta(hours=1)  # a jump that holds so long is the new time: a machine that slept, a clock put right
LONGEST_REST = timedelta(days=45)  # longer than any stop of an office: judging after it is a person's decision


class ClockJumped(Exception):
    """The clock cannot be believed: nothing is judged, worded or sent. Readings and pages go on."""


class ClockWatch:
    """Watches one clock from the start of the process. `speed`: seconds of that clock in a second of the machine's."""

    def __init__(self, clock: Clock, speed: float = 1.0, lived: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._speed = speed
        self._lived = lived or stopwatch()
        self._began = clock.now()
        self._jumped: tuple[timedelta, float] | None = None  # how far, and when it was first seen (seconds lived)

    def check(self, last_judged: datetime | None = None) -> None:
        """Raises `ClockJumped` while the clock is off by more than `SLACK` from what it was and the time since, for
        as long as `PATIENCE`; and where the last judging (`last_judged`) lies further back than `LONGEST_REST`."""
        lived, now = self._lived(), self._clock.now()
        drift = now - self._began - timedelta(seconds=lived * self._speed)
        if abs(drift) <= SLACK:
            self._began += drift  # small corrections add up over a year
            self._jumped = None
        elif self._jumped is None or abs(drift - self._jumped[0]) > SLACK:
            self._jumped = drift, lived
        if self._jumped is not None:
            if lived - self._jumped[1] < PATIENCE.total_seconds():
                raise ClockJumped(f"the machine's clock jumped by {_said(self._jumped[0])}")
            self._began += self._jumped[0]
            self._jumped = None
        if last_judged is not None and now - last_judged > LONGEST_REST:
            raise ClockJumped(
                f"the last judging lies {_said(now - last_judged)} back: look at the clock, then run `dunghen judge`"
            )


def _said(span: timedelta) -> str:
    seconds = abs(span.total_seconds())
    sign = "-" if span < timedelta(0) else ""
    return f"{sign}{seconds / 86_400:.0f} days" if seconds >= 2 * 86_400 else f"{sign}{seconds / 60:.0f} minutes"


__all__ = ["LONGEST_REST", "PATIENCE", "SLACK", "ClockJumped", "ClockWatch"]
