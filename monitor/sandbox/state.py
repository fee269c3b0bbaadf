"""What a system shows of a dossier at an instant, before it is written in that system's own words."""

import threading
from datetime import datetime
from random import Random

from monitor.sandbox import calendar as days
from monitor.sandbox.values import Dossier, Province

FINISHED = frozenset({"done", "releasing", "unresolved", "cancelled", "denied"})


def status_at(one: Dossier, now: datetime) -> str:
    """The one-stop's status code at `now`; "" before the dossier was handed in."""
    if one.submitted_at > now:
        return ""
    if one.received_at is None or one.received_at > now:
        return "new" if one.number % 2 else "receiving"
    if one.released_at is not None and one.released_at <= now:
        if one.ending != "done":
            return one.ending
        return "done" if one.returned_at is not None and one.returned_at <= now else "releasing"
    if one.paused_at is not None and one.paused_at <= now:
        return one.pause
    return one.running_as


class World:
    """The province at the sandbox's present instant, shared by the servers. Safe from any thread.

    `shuffle` 0 writes every answer one way; another number changes what is cosmetic and nothing else.
    """

    def __init__(self, province: Province, now: datetime) -> None:
        self.province = province
        self._lock = threading.Lock()
        self._now = days.local(now)
        self._shown: list[tuple[Dossier, str]] | None = None
        self.shuffle = 0

    @property
    def now(self) -> datetime:
        return self._now

    def set_now(self, at: datetime) -> None:
        """Moves the sandbox's clock; what the systems say follows."""
        with self._lock:
            self._now, self._shown = days.local(at), None

    def shown(self) -> list[tuple[Dossier, str]]:
        """Every dossier that has been handed in, with its status, oldest first."""
        with self._lock:
            if self._shown is None:
                states = ((one, status_at(one, self._now)) for one in self.province.dossiers)
                self._shown = sorted(((one, status) for one, status in states if status), key=_age)
            return self._shown

    def dice(self, salt: object) -> Random:
        """Chance that depends on `shuffle` and `salt` only, for what is cosmetic."""
        return Random(f"{self.shuffle}/{salt}")


def _age(pair: tuple[Dossier, str]) -> tuple[datetime, int]:
    return pair[0].submitted_at.replace(second=0), pair[0].number
