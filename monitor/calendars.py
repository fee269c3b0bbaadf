"""Loads the working calendar: the country's holidays, the shipped corrections, the site's own file, an agency's rows.

Later rows override earlier ones: the `holidays` library, then `config/calendars/<country>.toml`, then the file
named in `[calendar] file`, then what that file says of an agency, its parents' rows first. Weekday hours come from the
settings; an agency may have its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor import DEFAULTS
from monitor.calendar_file import (
    FIRST_YEAR,
    LAST_YEAR,
    WEEKDAYS,
    AgencyDays,
    CalendarFileError,
    Week,
    parse_blocks,
    read_calendar_file,
    row_of,
)
from monitor.domain.calendar import Block, CalendarDay, WorkingCalendar
from monitor.settings import CalendarSettings

FROM_LIBRARY = "thư viện holidays"  # by formula; without its version, which would change every calendar's name

Up = Callable[[str], Sequence[str]]  # an agency's code and those above it, nearest first


def itself(code: str) -> Sequence[str]:
    """Where no tree of agencies is known: an agency inherits from nobody."""
    return (code,)


def load_calendar(settings: CalendarSettings, zone: str, folder: Path, up: Up = itself) -> WorkingCalendar:
    """The calendar of a site, which knows those of its agencies (`WorkingCalendar.of`). Relative paths start at
    `folder`. Raises `CalendarFileError`."""
    try:
        zone_info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as wrong:
        raise CalendarFileError(
            f'[site] timezone = "{zone}": no such zone; write one like "Asia/Ho_Chi_Minh"'
        ) from wrong
    base = _Base(zone_info, settings.country, tuple(_files(settings, folder)), _week(settings.hours))
    site = base.calendar(base.week)
    agencies: dict[str, AgencyDays] = {}
    for path in base.files:
        agencies |= read_calendar_file(path, base.week).agencies
    if not agencies:
        return site

    def chain(code: str) -> tuple[str, ...]:
        return tuple(above for above in reversed(up(code)) if above in agencies)

    for code in agencies:
        base.own_days([agencies[one] for one in chain(code) or (code,)], code)  # mistakes are told now, not some day

    @cache
    def made(codes: tuple[str, ...]) -> WorkingCalendar:
        return base.of_agency([agencies[code] for code in codes], codes[-1]) if codes else site

    @cache
    def find(code: str) -> WorkingCalendar:
        return made(chain(code))

    return site.with_agencies(find)


def agencies_named(settings: CalendarSettings, folder: Path) -> list[str]:
    """The codes of agencies that have rows of their own. Raises `CalendarFileError`."""
    week = _week(settings.hours)
    return [code for path in _files(settings, folder) for code in read_calendar_file(path, week).agencies]


class _Base:
    """What the site's calendar and its agencies' are all made from."""

    def __init__(self, zone: ZoneInfo, country: str, files: tuple[Path, ...], week: Week) -> None:
        self._zone, self._country, self.files, self.week = zone, country, files, week
        self._common: dict[Week, tuple[dict[date, CalendarDay], date | None]] = {}

    def of_agency(self, own: Sequence[AgencyDays], code: str) -> WorkingCalendar:
        """With rows of an agency over the site's, the outermost first."""
        reception: dict[str, tuple[Block, ...]] = {}
        for one in own:
            reception |= one.reception
        week, rows = self.own_days(own, code)
        return self.calendar(week, rows, tuple(reception.get(day, ()) for day in WEEKDAYS))

    def own_days(self, own: Sequence[AgencyDays], code: str) -> tuple[Week, list[CalendarDay]]:
        """(the agency's week, its own rows). Raises `CalendarFileError`."""
        hours: dict[str, tuple[Block, ...]] = {}
        for one in own:
            hours |= one.hours
        week = tuple(hours.get(day, blocks) for day, blocks in zip(WEEKDAYS, self.week, strict=True))
        try:
            return week, [row for one in own for entry in one.days for row in row_of(entry, week)]
        except ValueError as wrong:
            raise CalendarFileError(f"[[agency]] {code}: {wrong}") from wrong

    def calendar(self, week: Week, own: Iterable[CalendarDay] = (), reception: Week = ((),) * 7) -> WorkingCalendar:
        if week not in self._common:
            self._common[week] = self._read(week)
        common, announced_until = self._common[week]
        days = common | {row.on: row for row in own}
        first, last = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
        return WorkingCalendar(self._zone, first, last, week, days, announced_until, reception)

    def _read(self, week: Week) -> tuple[dict[date, CalendarDay], date | None]:
        """(the days of country and site, until when they are announced), with make-up days by the hours of `week`."""
        days = {row.on: row for row in country_days(self._country, week)}
        announced_until: date | None = None
        for path in self.files:
            file = read_calendar_file(path, week)
            days.update((row.on, row) for row in file.rows)
            announced_until = file.announced_until or announced_until
        return days, announced_until


def _files(settings: CalendarSettings, folder: Path) -> list[Path]:
    shipped = DEFAULTS / "calendars" / f"{settings.country.lower()}.toml"
    files = [shipped] if shipped.is_file() else []
    if settings.file is not None:
        files.append(folder / settings.file)
    return files


def country_days(country: str, week: Week) -> list[CalendarDay]:
    """Days off and make-up days of a country by the `holidays` library. Raises `CalendarFileError`."""
    off, worked = _by_formula(country)
    usual = next((blocks for blocks in week if blocks), ())
    rows = [CalendarDay(on, (), name, FROM_LIBRARY, is_working=False) for on, name in off]
    rows += [CalendarDay(on, week[on.weekday()] or usual, "Ngày làm bù", FROM_LIBRARY) for on in worked if usual]
    return rows


@cache
def _by_formula(country: str) -> tuple[tuple[tuple[date, str], ...], tuple[date, ...]]:
    """(days off with their names, weekend days that are worked) of all loaded years."""
    import holidays

    years = range(FIRST_YEAR, LAST_YEAR + 1)
    language = "vi" if country == "VN" else None
    try:
        found = holidays.country_holidays(country, years=years, language=language)
    except NotImplementedError as wrong:
        raise CalendarFileError(
            f'[calendar] country = "{country}": not known; write an ISO code such as "VN"'
        ) from wrong
    worked = tuple(on for on in found.weekend_workdays if FIRST_YEAR <= on.year <= LAST_YEAR)
    return tuple(found.items()), worked


def _week(hours: Mapping[Any, Iterable[str]]) -> Week:
    try:
        week = tuple(parse_blocks(hours.get(day, ())) for day in WEEKDAYS)
    except ValueError as wrong:
        raise CalendarFileError(f"[calendar] hours: {wrong}") from wrong
    if not any(week):
        raise CalendarFileError('[calendar] hours: no day has any; write mon = ["07:30-11:30", "13:00-17:00"], …')
    return week
