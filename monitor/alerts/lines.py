"""One line for each dossier or source that a leader hears of: what it is, how late, by when. Nothing of a citizen.

Only fields named here ever reach a message (law.md §8: code, procedure, agency, dates, link behind login).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from monitor.alerts.calendar_end import PLACE
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.duties import calendar_runs_out
from monitor.domain.letter import ISSUED, LetterState
from monitor.domain.saying import say_day
from monitor.store.tables import Dossier, Source

# The worst first; a dossier stands in one section only.
SECTIONS = ("late", "due_today", "due_soon", "intake", "mismatch", "source", "calendar", "reach", "done")
_PROCEDURE_LENGTH = 90
# What a line says beside the time, by the occasion of a rung.
_NOTES = {
    "promise_broken": "đã có người nhận xử lý nhưng không xong đúng ngày đã hẹn",
    "put_off_over": "hết hạn hoãn nhắc",
    "mismatch": "hai hệ thống ghi khác nhau, cần xác nhận",
    "intake_late": "quá 8 giờ làm việc chưa tiếp nhận",
    "extension_not_entered": "ngày hẹn mới chưa được nhập vào hệ thống",
}
_ANSWERED = ISSUED | {LetterState.NOT_NEEDED}


@dataclass(frozen=True, slots=True)
class Line:
    """What a message says of one dossier or source. Days are working days; dates are already written out."""

    section: str
    code: str
    notices: tuple[int, ...]
    procedure: str = ""
    agency: str = ""
    promised: str = ""
    days: int | None = None  # late by, or left; None where the calendar can't say
    how: str = ""
    letter: str = ""
    note: str = ""
    link: str = ""
    order: str = ""  # among lines equally late: the older promise first

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Subject:
    """A dossier or a source with everything its line may need, read in bulk beforehand."""

    dossier: Dossier | None = None
    source: Source | None = None
    source_name: str = ""
    said: str = ""  # of what concerns neither, in words
    held: int = 0  # alerts held back by a put-off that is over
    letter_state: str | None = None
    agency_name: str = ""
    occasions: frozenset[str] = field(default_factory=frozenset)

    def seen_as(self, occasions: frozenset[str]) -> "Subject":
        """The same subject, told for these reasons (rung occasions: due, late, no_letter, mismatch …)."""
        return replace(self, occasions=occasions)


def line_for(
    subject: Subject, notices: tuple[int, ...], calendar: WorkingCalendar, at: datetime, base_url: str
) -> Line:
    """The line about `subject`, telling these notices, as it will be read at `at`."""
    if subject.said:
        link = f"{base_url.rstrip('/')}/nguoi"
        return Line(section="reach", code="Người nhận tin", notices=notices, how=subject.said, link=link)
    if subject.source_name == PLACE:
        return _calendar_line(notices, calendar, at, base_url)
    if subject.dossier is None:
        return _source_line(subject, notices, calendar, at, base_url)
    dossier = subject.dossier
    section, days, how = _timing(dossier, subject.occasions, calendar, at)
    promise = calendar.local(dossier.promise_at) if dossier.promise_at is not None else None
    return Line(
        section=section,
        code=dossier.code,
        notices=notices,
        procedure=shorten(dossier.procedure_name or dossier.procedure_code, _PROCEDURE_LENGTH),
        agency=subject.agency_name,
        promised=day_text(promise.date()) if promise is not None else "",
        days=days,
        how=how,
        letter=_letter(dossier, subject, section),
        note=_note(subject),
        link=f"{base_url.rstrip('/')}/hoso/{quote(dossier.code, safe='')}",
        order=dossier.promise_at.isoformat() if dossier.promise_at is not None else "",
    )


def _note(subject: Subject) -> str:
    said = [text for occasion, text in _NOTES.items() if occasion in subject.occasions]
    if subject.held:
        said.append(f"trong thời gian hoãn đã giữ lại {subject.held} lần báo")
    return "; ".join(said)


def worst_first(line: Line) -> tuple[int, int, str, str]:
    """Sorts lines so that what hurts most is read first."""
    days = line.days if line.days is not None else 0
    return SECTIONS.index(line.section), -days if line.section == "late" else days, line.order, line.code


def day_text(on: date) -> str:
    """23/11/2026"""
    return f"{on.day:02d}/{on.month:02d}/{on.year:04d}"


def moment_text(at: datetime) -> str:
    """08:00 ngày 23/11/2026, of a local instant."""
    return f"{at.hour:02d}:{at.minute:02d} ngày {day_text(at.date())}"


def shorten(text: str, length: int) -> str:
    """Cut at a word, with an ellipsis."""
    text = " ".join(text.split())
    if len(text) <= length:
        return text
    return text[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;.-–") + "…"


def counts_of(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many lines stand in each section that has any, the worst first."""
    sections = [line["section"] for line in lines]
    return {section: sections.count(section) for section in SECTIONS if section in sections}


def _timing(
    dossier: Dossier, occasions: frozenset[str], calendar: WorkingCalendar, at: datetime
) -> tuple[str, int | None, str]:
    """(section, working days, words) of a dossier at `at`."""
    if dossier.promise_at is None and "intake_late" in occasions:
        return "intake", None, "chưa tiếp nhận"
    if dossier.promise_at is None or occasions == {"mismatch"}:
        return "mismatch" if "mismatch" in occasions else "due_soon", None, ""
    promise, today = calendar.local(dossier.promise_at), calendar.local_date(at)
    hour = f" {promise.hour:02d}:{promise.minute:02d}" if dossier.precision == "instant" else ""
    if dossier.late_from_at is not None and dossier.late_from_at <= at:
        days = _days_between(calendar, promise.date(), today)
        if days is None:
            return "late", None, f"quá hạn từ{hour} ngày {day_text(promise.date())}"
        return "late", days, f"quá hạn {days:02d} ngày làm việc" if days else "quá hạn chưa tròn 01 ngày làm việc"
    if promise.date() <= today:
        return "due_today", 0, f"đến hạn{hour} hôm nay"
    days = _days_between(calendar, today, promise.date())
    return "due_soon", days, f"còn {days:02d} ngày làm việc" if days is not None else "sắp đến hạn"


def _days_between(calendar: WorkingCalendar, after: date, until: date) -> int | None:
    try:
        return calendar.working_days_between(after, until)
    except CalendarExhausted:  # an alert without the count is better than none
        return None


def _letter(dossier: Dossier, subject: Subject, section: str) -> str:
    """What remains to be done about the apology (ND118 Điều 19 khoản 6): by the day before the promise."""
    if subject.letter_state in _ANSWERED:
        return ""
    if section == "late" and (subject.letter_state is not None or "no_letter" in subject.occasions):
        return "chưa gửi thư xin lỗi"
    if subject.letter_state is not None and dossier.letter_by_on is not None:
        unsure = " (tạm tính)" if dossier.letter_provisional else ""  # hangs on a day not officially announced
        return f"nếu không kịp: gửi thư xin lỗi chậm nhất {day_text(dossier.letter_by_on)}{unsure}"
    return ""


def _calendar_line(notices: tuple[int, ...], calendar: WorkingCalendar, at: datetime, base_url: str) -> Line:
    return Line(
        section="calendar",
        code="Lịch làm việc",
        notices=notices,
        how=calendar_runs_out(calendar, at) or f"đã công bố đến hết {say_day(calendar.announced_until)}",
        note="hạn rơi vào sau ngày đó chỉ là tạm tính; khi có văn bản, bổ sung vào tệp lịch rồi áp dụng",
        link=f"{base_url.rstrip('/')}/nguon",
    )


def _source_line(
    subject: Subject, notices: tuple[int, ...], calendar: WorkingCalendar, at: datetime, base_url: str
) -> Line:
    since = subject.source.last_good_at if subject.source is not None else None
    how = f"không đọc được từ {moment_text(calendar.local(since))}" if since is not None else "chưa đọc được lần nào"
    return Line(
        section="source",
        code=subject.source_name,
        notices=notices,
        how=how,
        note="hồ sơ của nguồn này tạm thời chưa được cảnh báo",
        link=f"{base_url.rstrip('/')}/nguon",
    )
