"""Looks at a reading before it is stored: one date for all, rows that lost what every row had. Pure but for its own
counts; what the connectors notice themselves (a sign-in page, a guest's view, an ignored filter) comes as an error."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from connectors.base import Gate, Page, UnexpectedAnswer

_FEWEST = 50  # dossiers before one date for all is more than chance
_DAYS_APART = 5  # days of reception over which one promise is no coincidence
_SAMPLE = 50  # rows of a page whose keys are looked at
_FEWEST_ROWS = 20
_MOST_KEYS = 400


class Watch:
    """Looks at the pages of one listing. `known_keys`: what every row held in the readings before, none at first."""

    def __init__(self, known_keys: Sequence[str], zone: ZoneInfo) -> None:
        self._known = frozenset(known_keys)
        self._zone = zone
        self._rows = 0
        self._promises: set[datetime] = set()
        self._receptions: set[datetime] = set()
        self._days: set[object] = set()
        self._dated = 0
        self._key_rows = 0
        self._keys: Counter[str] = Counter()

    def look_at(self, page: Page) -> None:
        """Raises `UnexpectedAnswer` with its gate and the rows it was seen in."""
        self._look_at_dates(page)
        self._look_at_keys(page)

    def row_keys(self) -> list[str]:
        """What every row looked at held, for the next reading; nothing where too few were seen."""
        if self._key_rows < _FEWEST_ROWS:
            return sorted(self._known)
        return sorted(key for key, times in self._keys.items() if times == self._key_rows)[:_MOST_KEYS]

    def _look_at_dates(self, page: Page) -> None:
        if len(self._promises) > 1 and len(self._receptions) > 1:
            return
        for record in page.records:
            if record.promised_at is not None and record.received_at is not None:
                self._dated += 1
                self._promises.add(record.promised_at)
                self._receptions.add(record.received_at)
                self._days.add(record.received_at.astimezone(self._zone).date())
        if self._dated < _FEWEST:
            return
        one_promise = len(self._promises) == 1 and len(self._days) >= _DAYS_APART
        same_second = len(self._receptions) == 1 and not _is_midnight(next(iter(self._receptions)), self._zone)
        if one_promise or same_second:
            what = "ngày hẹn trả" if one_promise else "thời điểm tiếp nhận"
            raise UnexpectedAnswer(
                f"cả {self._dated} hồ sơ đều có cùng một {what}: giá trị mặc định, không phải dữ liệu thật",
                gate=Gate.DATES_EQUAL,
                evidence=_sample(page),
            )

    def _look_at_keys(self, page: Page) -> None:
        here: Counter[str] = Counter()
        rows = 0
        for raw in page.raws[:_SAMPLE]:
            keys = _keys_of(raw)
            if keys is None:
                return  # a table in a file: its heading is looked for on every reading
            rows += 1
            here.update(keys)
        self._key_rows += rows
        self._keys.update(here)
        lost = sorted(key for key in self._known if not here[key])
        if rows >= _FEWEST_ROWS and lost:
            named = ", ".join(lost[:5])
            raise UnexpectedAnswer(
                f"cấu trúc dữ liệu đã đổi: không dòng nào còn trường {named}",
                gate=Gate.SCHEMA_CHANGED,
                evidence=_sample(page),
            )


def _keys_of(raw: bytes) -> frozenset[str] | None:
    try:
        row = json.loads(raw)
    except ValueError:
        return None
    return frozenset(row) if isinstance(row, dict) else None


def _is_midnight(at: datetime, zone: ZoneInfo) -> bool:
    local = at.astimezone(zone)
    return (local.hour, local.minute, local.second) == (0, 0, 0)


def _sample(page: Page) -> bytes:
    return b"\n".join(page.raws[:3])


__all__ = ["Watch"]
