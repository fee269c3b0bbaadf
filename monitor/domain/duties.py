"""Duties of the office beside the promise: each holds from an instant that can be told in advance. Pure.

What is late here is no lateness of the dossier; each is a finding of its own (NĐ 118/2025 Điều 17, Điều 19 khoản 5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.dossier import PAUSED, Facts, Pause, Status
from monitor.domain.findings import FindingKind
from monitor.domain.pauses import intake_by, supplement_closes_on, supplement_request_by
from monitor.domain.saying import say_day, say_instant

# A promise this many working days from our own count is no finding yet: one day is how systems count the first day.
COUNT_TOLERANCE = 1
CALENDAR_NOTICE_DAYS = 60
_TICK = timedelta(microseconds=1)
_ONE_DAY = timedelta(days=1)
_RUNNING = frozenset({Status.PROCESSING, Status.PAYMENT}) | PAUSED


@dataclass(slots=True)
class Duties:
    """What holds at a moment, by kind and in words; `next_at` is when the next one begins to hold, None: never."""

    holding: dict[FindingKind, str] = field(default_factory=dict)
    next_at: datetime | None = None


def duties(
    facts: Facts, due_on: date | None, calendar: WorkingCalendar, now: datetime, tolerance: int = COUNT_TOLERANCE
) -> Duties:
    """The findings about one dossier at `now`. `due_on` is our own count. Raises `CalendarExhausted`."""
    found = Duties()
    if facts.status is Status.SUBMITTED and facts.submitted_at is not None:
        _intake(facts.submitted_at, calendar, now, found)
    if facts.status is Status.SUPPLEMENT and facts.paused_since is not None:
        _supplement(facts, facts.paused_since, calendar, now, found)
    if facts.status in _RUNNING:
        _repeated(facts.pauses, calendar, found)
    if facts.status in _RUNNING and facts.promised_at is not None and due_on is not None:
        _compare(facts.promised_at, facts.original_promised_at, due_on, calendar, tolerance, found)
    return found


def calendar_runs_out(calendar: WorkingCalendar, now: datetime) -> str:
    """In words, that days off are decreed for fewer than 60 more days; "" while they reach further."""
    left = (calendar.announced_until - calendar.local_date(now)).days
    if left > CALENDAR_NOTICE_DAYS:
        return ""
    return f"lịch nghỉ mới được công bố đến hết {say_day(calendar.announced_until)}"


def _intake(submitted_at: datetime, calendar: WorkingCalendar, now: datetime, found: Duties) -> None:
    until = intake_by(submitted_at, calendar)
    if now > until:
        found.holding[FindingKind.INTAKE_LATE] = f"phải trả lời tiếp nhận trước {say_instant(until)}"
    else:
        found.next_at = until + _TICK


def _supplement(facts: Facts, seen_at: datetime, calendar: WorkingCalendar, now: datetime, found: Duties) -> None:
    """A poll sees the request after it was made: the words say between which readings, and whether that settles it."""
    seen_on = calendar.local_date(seen_at)
    if facts.received_at is not None and seen_on > (by := supplement_request_by(facts.received_at, calendar)):
        after = next((p.began_after for p in reversed(facts.pauses) if p.is_open), None)
        text = f"thấy yêu cầu lần đầu {say_day(seen_on)}, hạn yêu cầu {say_day(by)}"
        if after is None:
            text += "; chưa chắc chắn: không biết yêu cầu từ ngày nào"
        elif calendar.local_date(after) <= by:
            text += f"; chưa chắc chắn: lần đọc trước đó là {say_day(calendar.local_date(after))}"
        found.holding[FindingKind.SUPPLEMENT_LATE] = text
    closes_on = supplement_closes_on(seen_at, calendar)
    over_at = calendar.midnight(closes_on + _ONE_DAY)
    if now >= over_at:
        found.holding[FindingKind.SUPPLEMENT_UNANSWERED] = f"hạn bổ sung {say_day(closes_on)}"
    else:
        found.next_at = over_at


def _repeated(pauses: Sequence[Pause], calendar: WorkingCalendar, found: Duties) -> None:
    asked = [say_day(calendar.local_date(pause.began_by)) for pause in pauses if pause.kind is Status.SUPPLEMENT]
    if len(asked) > 1:
        text = f"đã yêu cầu bổ sung {len(asked)} lần: thấy {', '.join(asked)}"
        found.holding[FindingKind.SUPPLEMENT_REPEATED] = text


def _compare(
    promised_at: datetime,
    original: datetime | None,
    due_on: date,
    calendar: WorkingCalendar,
    tolerance: int,
    found: Duties,
) -> None:
    """The slip's date against our count. After a supplement the term restarts and the source writes a new date: it is
    enough that one of the two dates it gave is the one we count."""
    promised_on = calendar.local_date(promised_at)
    try:
        days = calendar.working_days_between(due_on, promised_on)
        first = days if original is None else calendar.working_days_between(due_on, calendar.local_date(original))
    except CalendarExhausted:
        return  # a date beyond the loaded years is a finding already, and no number of days
    if min(abs(days), abs(first)) <= tolerance:
        return
    where = "muộn hơn" if days > 0 else "sớm hơn"
    found.holding[FindingKind.DATE_MISMATCH_WITH_COUNT] = (
        f"hẹn trả {say_day(promised_on)}, tự tính {say_day(due_on)}: hẹn {where} {abs(days)} ngày làm việc"
    )
