"""A look at a whole reading before it is believed: dates whose day and month were swapped betray themselves."""

from collections.abc import Iterable
from datetime import timedelta

from connectors.base import DossierRecord, Gate, UnexpectedAnswer

_DAY, _NOTHING = timedelta(days=1), timedelta(0)
_FEWEST = 20
_TOO_MANY = 0.3


class DateWatch:
    """Counts dossiers promised before they were received. A few are typing errors; many are a wrong date format."""

    def __init__(self) -> None:
        self._both = 0
        self._backwards = 0

    def look_at(self, records: Iterable[DossierRecord]) -> None:
        """Raises `UnexpectedAnswer` as soon as the share is not believable (connectors.md §11 case 26)."""
        for record in records:
            if record.received_at is not None and record.promised_at is not None:
                self._both += 1
                end = record.promised_at + (_DAY if record.promised_date_only else _NOTHING)
                self._backwards += end < record.received_at
        if self._both >= _FEWEST and self._backwards > self._both * _TOO_MANY:
            raise UnexpectedAnswer(
                f"{self._backwards} trên {self._both} hồ sơ có ngày hẹn trước ngày nhận: "
                "định dạng ngày khai báo có thể đảo ngày và tháng",
                gate=Gate.DATES_SWAPPED,
            )
