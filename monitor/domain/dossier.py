"""What is known of a dossier (hồ sơ) at one moment: values only, no personal data."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from monitor.domain.spans import Span


class Status(StrEnum):
    """The state a source reports, in one vocabulary for every system."""

    SUBMITTED = "submitted"  # mới nộp, chờ tiếp nhận: the clock has not started
    REFUSED = "refused"  # không được tiếp nhận
    PROCESSING = "processing"  # đang xử lý: the clock runs
    SUPPLEMENT = "supplement"  # chờ bổ sung: the clock stands
    PAYMENT = "payment"  # chờ thực hiện nghĩa vụ tài chính: stands only where the procedure says so
    SUSPENDED = "suspended"  # tạm dừng
    READY = "ready"  # đã có kết quả
    RETURNED = "returned"  # đã trả kết quả
    WITHDRAWN = "withdrawn"  # công dân rút hồ sơ
    UNRESOLVED = "unresolved"  # không giải quyết được, trả lại
    UNKNOWN = "unknown"  # a code we were not told about: never judged


PAUSED = frozenset({Status.SUPPLEMENT, Status.SUSPENDED})
FINISHED = frozenset({Status.READY, Status.RETURNED, Status.UNRESOLVED, Status.REFUSED, Status.WITHDRAWN})
OPEN = frozenset({Status.SUBMITTED, Status.PROCESSING, Status.PAYMENT}) | PAUSED


class Precision(StrEnum):
    """How exactly a source's promise is meant (law.md §4.2): by the day, or to the second."""

    DATE = "date"
    INSTANT = "instant"


class Promise(NamedTuple):
    """A return date given to the citizen (hẹn trả).

    `number` is 1 for the date on the slip, however often the source moves it, and 2 once the one lawful
    extension (NĐ 118/2025 Điều 19 khoản 6) is in force. Letters and notices are keyed by it.
    """

    number: int
    at: datetime
    precision: Precision


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that stood still: began in (began_after, began_by], ended in (ended_after, ended_by].

    `ended_by` None = it still stands. `began_after` None = from the first we heard.
    """

    kind: Status
    began_after: datetime | None
    began_by: datetime
    ended_after: datetime | None = None
    ended_by: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.ended_by is None

    def shortest(self) -> Span | None:
        """The least it can have been; None while it stands."""
        if self.ended_by is None:
            return None
        return Span(self.began_by, max(self.began_by, self.ended_after or self.began_by))

    def longest(self) -> Span | None:
        """The most it can have been; None while it stands."""
        if self.ended_by is None:
            return None
        return Span(self.began_after or self.began_by, self.ended_by)

    def has_bound_around(self, at: datetime) -> bool:
        """Whether it may have begun, or ended, on either side of `at`: two polls saw the states, none the moment."""
        if self.began_after is not None and self.began_after < at <= self.began_by:
            return True
        return self.ended_by is not None and self.ended_after is not None and self.ended_after < at <= self.ended_by


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the rules may look at. Every instant is aware.

    A poll sees states, not events: where the source states no instant, what happened is an interval
    (last seen before, first seen after], kept in `*_after` and `*_by`.
    """

    status: Status
    received_at: datetime | None = None
    promised_at: datetime | None = None
    extended_at: datetime | None = None
    original_promised_at: datetime | None = None
    finished_at: datetime | None = None
    finished_after: datetime | None = None
    finished_by: datetime | None = None
    paused_since: datetime | None = None
    submitted_at: datetime | None = None
    precision: Precision = Precision.DATE
    payment_pauses: bool = False
    pauses: tuple[Pause, ...] = ()  # oldest first, a financial duty's among them

    @property
    def promise(self) -> Promise | None:
        """The promised date in force: the extended one if it really is later, else the one on the slip."""
        if self.promised_at is None:
            return None
        if self.extended_at is not None and self.extended_at > self.promised_at:
            return Promise(2, self.extended_at, self.precision)
        return Promise(1, self.promised_at, self.precision)

    @property
    def is_paused(self) -> bool:
        return self.status in PAUSED or (self.status is Status.PAYMENT and self.payment_pauses)

    @property
    def counted_pauses(self) -> tuple[Pause, ...]:
        """The pauses that stop this procedure's clock."""
        if self.payment_pauses:
            return self.pauses
        return tuple(pause for pause in self.pauses if pause.kind is not Status.PAYMENT)


# A promise further away than this is a typing error at the source, not a term (the longest real one is 300 days).
LONGEST_TERM = timedelta(days=5 * 366)
