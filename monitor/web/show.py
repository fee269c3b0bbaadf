"""How instants, days and spans are written on a page, by the site's own clock and working calendar."""

from datetime import date, datetime

from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.reports.figures_table import rate_text
from monitor.reports.late import LateRow
from monitor.reports.office import TableRow
from monitor.web.wording import Wording


class Show:
    """Forms for templates in one language; days are written as in Viet Nam in both. Instants that go in are aware."""

    def __init__(self, calendar: WorkingCalendar, wording: Wording) -> None:
        self._calendar = calendar
        self._say = wording.say
        self._is_english = wording.language == "en"

    def day(self, at: datetime | date | None) -> str:
        """`22/11/2026`."""
        if at is None:
            return "–"
        on = self._calendar.local_date(at) if isinstance(at, datetime) else at
        return f"{on:%d/%m}/{on.year:04d}"

    def counted_day(self, on: date | None, provisional: bool) -> str:
        """A day that follows from the calendar; says so where it hangs on one not officially announced."""
        return self.day(on) + (f" ({self._say('tạm tính')})" if provisional and on is not None else "")

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
            return self._say("đã qua ngày hẹn, chưa kết luận")
        if promised == today:
            return self._say("trong hôm nay")
        days = self._working_days(today, promised)
        if days is None:
            return self._say("còn %(days)s ngày") % {"days": (promised - today).days}
        return self._say("còn %(days)s ngày làm việc") % {"days": days}

    def _late(self, promised: date, today: date) -> str:
        days = self._working_days(promised, today)
        if days is None:
            return self._say("trễ %(days)s ngày") % {"days": (today - promised).days}
        if days > 0:
            return self._say("trễ %(days)s ngày làm việc") % {"days": days}
        return self._say("trễ dưới 1 ngày làm việc")

    def _working_days(self, after: date, until: date) -> int | None:
        try:
            return self._calendar.working_days_between(after, until)
        except CalendarExhausted:
            return None

    def span(self, seconds: float | None) -> str:
        """`12 phút`: the largest unit that says it, rounded down; a dash where nothing is known."""
        if seconds is None:
            return "–"
        units = ((86_400, self._say("%(n)s ngày")), (3_600, self._say("%(n)s giờ")), (60, self._say("%(n)s phút")))
        for size, unit in units:
            if seconds >= size:
                return unit % {"n": self.number(int(seconds // size))}
        return self._say("dưới 1 phút")

    def number(self, value: int) -> str:
        """`12.345`, in English `12,345`."""
        return f"{value:,}" if self._is_english else f"{value:,}".replace(",", ".")

    def rate(self, row: TableRow) -> str:
        """`97,5 %`, in English `97.5 %` (see `rate_text`)."""
        return rate_text(row).replace(",", ".") if self._is_english else rate_text(row)
