"""The switchboard of things that go wrong at a peer, on demand and counted."""

import threading
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What can be made to happen. The upper group spoils an answer, the lower one a row or the sign-in."""

    HTML = "html"  # a login page with status 200 where JSON is expected
    REDIRECT = "redirect"  # 302 to a sign-on page
    ERROR_500 = "error_500"
    ERROR_502 = "error_502"
    TOO_MANY = "too_many"  # 429 with Retry-After (Bot API: parameters.retry_after)
    TIMEOUT = "timeout"  # the answer never comes
    CUT = "cut"  # the work is done, then the connection breaks before the answer
    HALF_BODY = "half_body"  # the connection breaks in the middle of the answer
    NULL = "null"  # the body is `null`
    OLD_SESSION = "old_session"  # the portal has forgotten the session

    HALF_RECORD = "half_record"  # the first row of a page lacks most of its keys
    BAD_DATE = "bad_date"  # the first row of a page has a promise nobody can read
    UNKNOWN_STATUS = "unknown_status"  # every row has a code from no list
    NO_PROMISE = "no_promise"  # every row lacks its promised date
    WRONG_PASSWORD = "wrong_password"  # noqa: S105 - the account is not known any more


@dataclass(slots=True)
class _Armed:
    fault: Fault
    after: int
    times: int | None


class Faults:
    """Which faults are armed at which peer ("one_stop", "portal", "bot", "mail"). Safe from any thread."""

    def __init__(self) -> None:
        self._armed: dict[str, list[_Armed]] = {}
        self._lock = threading.Lock()
        self.met: list[tuple[str, Fault]] = []  # every one that really happened, in order

    def put(self, peer: str, fault: Fault | str, *, times: int | None = None, after: int = 0) -> None:
        """Arms `fault` for `times` calls (None: until cleared), beginning after `after` good ones."""
        with self._lock:
            self._armed.setdefault(peer, []).append(_Armed(Fault(fault), after, times))

    def clear(self, peer: str | None = None) -> None:
        """Everything works again, at one peer or at all."""
        with self._lock:
            if peer is None:
                self._armed.clear()
            else:
                self._armed.pop(peer, None)

    def on(self, peer: str, fault: Fault) -> bool:
        """Whether this fault is armed; asking neither uses it up nor counts it down."""
        with self._lock:
            return any(one.fault is fault and one.times != 0 for one in self._armed.get(peer, ()))

    def take(self, peer: str, *among: Fault) -> Fault | None:
        """The fault that hits this call, if any; counts it."""
        with self._lock:
            for one in self._armed.get(peer, ()):
                if one.fault not in among or one.times == 0:
                    continue
                if one.after > 0:
                    one.after -= 1
                    continue
                if one.times is not None:
                    one.times -= 1
                self.met.append((peer, one.fault))
                return one.fault
        return None


ANSWERS = (
    Fault.HTML,
    Fault.REDIRECT,
    Fault.ERROR_500,
    Fault.ERROR_502,
    Fault.TOO_MANY,
    Fault.TIMEOUT,
    Fault.CUT,
    Fault.HALF_BODY,
    Fault.NULL,
)
