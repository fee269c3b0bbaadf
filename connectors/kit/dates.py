"""Dates as sources write them. A format is declared per source and field; nothing is guessed.

Formats: `"iso"` (date or instant, `T` or space, 0–9 fraction digits, `Z`, `+07:00` or `+0700`), `"epoch_ms"`,
`"epoch_s"`, and patterns of `%d %m %Y %H %M %S`. A text must match from its first to its last character.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

FIRST_YEAR = 1990
LAST_YEAR = 2100
_NO_DATE = frozenset({"", "0", "null", "none", "nil", "undefined", "-", "n/a"})
_ZERO_STARTS = ("0001-01-01", "01/01/0001", "1/1/0001", "0000-00-00", "00/00/0000")
_MARKS = {"d": "day", "m": "month", "Y": "year", "H": "hour", "M": "minute", "S": "second"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What systems store for "nothing": the first day of .NET, of Unix, of SQL Server and of spreadsheets. A zone may
# have moved them by a day.
_ZERO_DAYS = frozenset(
    {date(1, 1, 1), date(1970, 1, 1), date(1969, 12, 31), date(1900, 1, 1), date(1899, 12, 30), date(1899, 12, 31)}
)


class DateUnreadable(ValueError):
    """Says what is wrong with a date, without its text."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An aware instant. `date_only`: the source gave a day (or that day's 00:00), `at` is its local start."""

    at: datetime
    date_only: bool


@dataclass(frozen=True, slots=True)
class _Written:
    """What the text says: a wall clock, its own zone if it has one, and whether it had an hour."""

    wall: datetime
    zone: tzinfo | None
    has_time: bool


_Read = Callable[[str], _Written | None]


class DateReader:
    """Reads the dates of one field: the formats tried in order, and the zone of an instant that has none."""

    def __init__(self, formats: Sequence[str], zone: tzinfo) -> None:
        check_formats(formats)
        self._readers = [_reader(name) for name in formats]
        self._zone = zone

    def read(self, value: object) -> Moment | None:
        """The moment, or None for every way of saying "no date" (connectors.md §11 case 27).

        Raises `DateUnreadable`.
        """
        text = _as_text(value)
        if text.lower() in _NO_DATE or text.startswith(_ZERO_STARTS):
            return None
        for reader in self._readers:
            written = reader(text)
            if written is not None:
                return self._moment(written)
        raise DateUnreadable("ngày không đúng định dạng đã khai báo")

    def local_date(self, at: datetime) -> date:
        """The day an instant falls on, in this source's zone."""
        return at.astimezone(self._zone).date()

    def _moment(self, written: _Written) -> Moment | None:
        if written.wall.date() in _ZERO_DAYS:
            return None
        if not FIRST_YEAR <= written.wall.year <= LAST_YEAR:
            raise DateUnreadable(f"năm ngoài khoảng {FIRST_YEAR}–{LAST_YEAR}")
        at = written.wall.replace(tzinfo=written.zone or self._zone)
        local = at.astimezone(self._zone)
        return Moment(at.astimezone(UTC), not written.has_time or local.time() == time(0))


def instant_text(at: datetime, how: str, zone: tzinfo) -> str:
    """An aware instant as a source wants it written (one of the formats above), in its own zone."""
    if how in ("epoch_s", "epoch_ms"):
        return str(int(at.timestamp()) * (1000 if how == "epoch_ms" else 1))
    local = at.astimezone(zone).replace(microsecond=0)
    return local.isoformat() if how == "iso" else local.strftime(how)


def swapped(formats: Sequence[str]) -> bool:
    """Whether a list holds both day-first and month-first patterns with the same separators."""
    return any(f.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m") in formats for f in formats if "%d" in f)


def check_formats(formats: Sequence[str]) -> None:
    """Raises `ValueError` for a name that is no format, and for a list in which a date could be read both ways."""
    if not formats:
        raise ValueError("no date format")
    if swapped(formats):
        raise ValueError("day/month and month/day together: a date could be read both ways")
    for name in formats:
        _reader(name)


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DateUnreadable("không phải ngày")
    if isinstance(value, float):
        if not value.is_integer():
            raise DateUnreadable("không phải ngày")
        value = int(value)
    return str(value).strip()


def _reader(name: str) -> _Read:
    if name == "iso":
        return _iso
    if name == "epoch_ms":
        return lambda text: _epoch(text, 1000)
    if name == "epoch_s":
        return lambda text: _epoch(text, 1)
    return _pattern(name)


_ISO = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[T ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"\s?(?P<zone>Z|z|[+-][0-9]{2}:?[0-9]{2}|[+-][0-9]{2})?)?"
)


def _iso(text: str) -> _Written | None:
    found = _ISO.fullmatch(text)
    if found is None:
        return None
    return _written(found.groupdict())


def _pattern(pattern: str) -> _Read:
    regex, seen = "", set[str]()
    for part in re.split(r"(%.)", pattern):
        if not part.startswith("%"):
            regex += re.escape(part)
            continue
        name = _MARKS.get(part[1:])
        if name is None or name in seen:
            raise ValueError(f"unknown or repeated mark in the date format {pattern!r}")
        seen.add(name)
        regex += f"(?P<{name}>[0-9]{{{4 if name == 'year' else 2}}})"
    if not {"day", "month", "year"} <= seen:
        raise ValueError(f"the date format {pattern!r} lacks day, month or year")
    compiled = re.compile(_one_digit_where_separated(regex, pattern))

    def read(text: str) -> _Written | None:
        found = compiled.fullmatch(text)
        return None if found is None else _written(found.groupdict())

    return read


def _one_digit_where_separated(regex: str, pattern: str) -> str:
    """People write 1/2/2025; machines that write no separators always write two digits."""
    glued = re.search(r"%.%.", pattern) is not None
    return regex if glued else regex.replace("[0-9]{2}", "[0-9]{1,2}")


def _written(parts: dict[str, str | None]) -> _Written:
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    micro = int((parts.get("fraction") or "0")[:6].ljust(6, "0"))
    year, month, day = (int(parts[name] or 0) for name in ("year", "month", "day"))
    whole_day = hour == 24 and minute == second == micro == 0
    try:
        wall = datetime(year, month, day, 0 if whole_day else hour, minute, second, micro)  # noqa: DTZ001 - the zone comes next
        wall += timedelta(days=whole_day)
        zone = _zone(parts.get("zone"))
    except (ValueError, OverflowError):
        raise DateUnreadable("ngày không có trên lịch") from None
    return _Written(wall, zone, parts.get("hour") is not None)


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in "Zz":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)


def _epoch(text: str, per_second: int) -> _Written | None:
    if re.fullmatch(r"-?[0-9]{1,16}", text) is None:
        return None
    try:
        wall = _EPOCH + timedelta(seconds=int(text) / per_second)
    except OverflowError:
        raise DateUnreadable("ngày không có trên lịch") from None
    return _Written(wall.replace(tzinfo=None), UTC, True)
