"""How often a peer may be asked: so many calls a minute, however fast it answers."""

import threading
from datetime import datetime

from monitor.clock import Clock

_MINUTE_S = 60.0


class Budget:
    """Calls that may be made at once; spent ones come back evenly over a minute. Who must wait makes others wait."""

    def __init__(self, calls_per_minute: int, clock: Clock) -> None:
        self._most = float(calls_per_minute)
        self._left = self._most
        self._clock = clock
        self._counted_at: datetime | None = None
        self._turn = threading.Lock()

    def spend(self) -> None:
        """Takes one call, waiting until there is one."""
        with self._turn:
            self._spend()

    def _spend(self) -> None:
        now = self._clock.now()
        if self._counted_at is not None:
            passed_s = max((now - self._counted_at).total_seconds(), 0.0)  # a clock set back gives nothing back
            self._left = min(self._most, self._left + passed_s * self._most / _MINUTE_S)
        self._counted_at = now
        if self._left < 1:
            wait_s = (1 - self._left) * _MINUTE_S / self._most
            self._clock.sleep(wait_s)
            self._left, self._counted_at = 1.0, self._clock.now()
        self._left -= 1
