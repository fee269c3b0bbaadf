"""How instants, days and spans are written on a page, by the site's own clock and working calendar."""

from datetime import date, datetime

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.reports.late import LateRow


class Show:
    """Vietnamese forms for templates. All instants that go in are aware."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self._calendar = calendar

    def day(self, at: datetime | date | None) -> str:
        """`22/11/2026`."""
        if at is None:
            return "–"
        on = self._calendar.local_date(at) if isinstance(at, datetime) else at
        return f"{on:%d/%m}/{on.year:04d}"

    def counted_day(self, on: date | None, provisional: bool) -> str:
        """A day that follows from the calendar; says so where it hangs on one not officially announced."""
        return self.day(on) + (" (tạm tính)" if provisional and on is not None else "")

    def instant(self, at: datetime | None) -> str:
        """`08:05 22/11/2026`."""
        return "–" if at is None else f"{self._calendar.local(at):%H:%M} {self.day(at)}"

    def iso(self, at: datetime | date | None) -> str:
        """For `<time datetime>`."""
        if at is None:
            return ""
        return (self._calendar.local(at) if isinstance(at, datetime) else at).isoformat()

    def promise(self, row: LateRow) -> str:
        """The promised day, with its hour where the source is held to the hour."""
        if row.promise_at is not None and row.precision == "instant":
            return self.instant(row.promise_at)
        return self.day(row.promise_at)

    def left(self, row: LateRow, now: datetime) -> str:
        """How far a dossier is from its promise, in working days, in words."""
        if row.promise_at is None:
            return "–"
        promised, today = self._calendar.local_date(row.promise_at), self._calendar.local_date(now)
        if row.late_from_at is not None and now >= row.late_from_at:
            return self._late(promised, today)
        if promised < today:  # paused, or dates that cannot be: nobody may say whether it was kept
            return "đã qua ngày hẹn, chưa kết luận"
        if promised == today:
            return "trong hôm nay"
        days = self._working_days(today, promised)
        return f"còn {(promised - today).days} ngày" if days is None else f"còn {days} ngày làm việc"

    def _late(self, promised: date, today: date) -> str:
        days = self._working_days(promised, today)
        if days is None:
            return f"trễ {(today - promised).days} ngày"
        return f"trễ {days} ngày làm việc" if days > 0 else "trễ dưới 1 ngày làm việc"

    def _working_days(self, after: date, until: date) -> int | None:
        try:
            return self._calendar.working_days_between(after, until)
        except CalendarExhausted:
            return None


def span(seconds: float | None) -> str:
    """`12 phút`: the largest unit that says it, rounded down; a dash where nothing is known."""
    if seconds is None:
        return "–"
    for size, unit in ((86_400, "ngày"), (3_600, "giờ"), (60, "phút")):
        if seconds >= size:
            return f"{number(int(seconds // size))} {unit}"
    return "dưới 1 phút"


def number(value: int) -> str:
    """`12.345`: the Vietnamese thousands mark."""
    return f"{value:,}".replace(",", ".")
