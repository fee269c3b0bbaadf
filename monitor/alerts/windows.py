"""When a person may be told what is not urgent: in the working hours of the agency whose post they hear it at."""

from datetime import date, datetime

from monitor.alerts.recipients import role_and_up
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.people import Directory


class Windows:
    """The working hours of posts, each (role, agency) looked up only once.

    Where nobody up the tree holds the role, those of the next role up; where nobody holds any, the site's.
    """

    def __init__(self, calendar: WorkingCalendar, directory: Directory, on: date) -> None:
        self._site, self._directory, self._on = calendar, directory, on
        self._known: dict[tuple[str, str], WorkingCalendar] = {}

    def calendar_of(self, role: str, agency_code: str) -> WorkingCalendar:
        """The calendar of the agency of the post that answers to `role` for this agency."""
        key = (role, agency_code)
        if key not in self._known:
            seats = (self._directory.seat(asked, agency_code, self._on) for asked in role_and_up(role))
            seat = next(filter(None, seats), "")
            self._known[key] = self._site.of(seat) if seat else self._site
        return self._known[key]

    def is_open(self, role: str, agency_code: str, now: datetime) -> bool:
        """Whether that post is at work at `now`."""
        try:
            return self.calendar_of(role, agency_code).next_open(now) <= now
        except CalendarExhausted:  # better told at night than never
            return True
