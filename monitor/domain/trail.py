"""What a count decided, and the lines in which it is told: the values that counting and telling share."""

from dataclasses import dataclass
from datetime import date, datetime

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.limits import CountingRules, TimeLimit, is_by_hours, is_same_day
from monitor.domain.spans import Span

BLDS_147 = "Bộ luật Dân sự 2015 Điều 147"
BLDS_148 = "Bộ luật Dân sự 2015 Điều 148"
ND118_17 = "Nghị định 118/2025/NĐ-CP Điều 17 khoản 3"
ND118_19 = "Nghị định 118/2025/NĐ-CP Điều 19 khoản 6"
ND118_PAUSE = "Nghị định 118/2025/NĐ-CP Điều 19 khoản 5"
PROCEDURE = "quy định của thủ tục"
CALENDAR = "lịch làm việc"
PROVISIONAL = " (tạm tính)"  # behind a day that hangs on one not officially announced
_UNVERIFIED = "unverified"  # what calendar files write where the decision behind a row is not known


def ground(document: str) -> str:
    """The document behind a day of the calendar, as people read it."""
    if document == _UNVERIFIED:
        return "chưa có văn bản xác nhận"
    return document or CALENDAR


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an explanation, in Vietnamese: what was done, by which rule, from which text."""

    text_vi: str
    on: date | None
    rule: str
    document: str


@dataclass(frozen=True, slots=True)
class Trail:
    """What a count decided: reception by the local clock, from when it counted, the last day before any roll."""

    received: datetime
    start: datetime
    last_day: date
    limit: TimeLimit
    rules: CountingRules
    calendar: WorkingCalendar
    paused: tuple[Span, ...] = ()

    @property
    def is_same_day(self) -> bool:
        return is_same_day(self.limit, self.rules)

    @property
    def is_by_hours(self) -> bool:
        return is_by_hours(self.limit, self.rules)
