"""One sign-in that several calls share: renewed before it ends, and once when the peer says that it has ended."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from connectors.base import AccessRefused
from monitor.clock import Clock

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a sign-in brought. `renew_at` is None where the peer does not say how long it holds."""

    token: str
    renew_at: datetime | None


class SharedSession:
    """Signs in by `sign_in` when it must, one at a time: a second sign-in may end the first one's session, so calls
    that find theirs ended at the same moment share the new one. For several threads."""

    def __init__(self, sign_in: Callable[[], Ticket], clock: Clock) -> None:
        self._sign_in = sign_in
        self._clock = clock
        self._turn = threading.Lock()
        self._held: Ticket | None = None

    def call(self, ask: Callable[[str], _T]) -> _T:
        """`ask(token)`. If it raises `AccessRefused` the session may have ended (connectors.md §11 case 9): one new
        sign-in and the same call again, never more. A session just made that is refused is a matter for a person."""
        ticket, is_new = self._current(None)
        try:
            return ask(ticket.token)
        except AccessRefused:
            if is_new:
                self._forget(ticket)
                raise
        ticket, _ = self._current(ticket)
        try:
            return ask(ticket.token)
        except AccessRefused:
            self._forget(ticket)
            raise

    def begin(self) -> None:
        """Signs in, whatever is held. Raises `AccessRefused` when the account is not accepted."""
        with self._turn:
            self._held = self._sign_in()

    def _current(self, ended: Ticket | None) -> tuple[Ticket, bool]:
        """(a session other than the one that ended, whether it was made for this call)."""
        with self._turn:
            held = self._held
            if held is not None and held is not ended and not self._is_over(held):
                return held, False
            self._held = None
            self._held = self._sign_in()
            return self._held, True

    def _is_over(self, ticket: Ticket) -> bool:
        return ticket.renew_at is not None and self._clock.now() >= ticket.renew_at

    def _forget(self, ticket: Ticket) -> None:
        with self._turn:
            if self._held is ticket:
                self._held = None


__all__ = ["SharedSession", "Ticket"]
