"""Loads the working calendar: the country's holidays, the shipped corrections, the site's own file.

Later rows override earlier ones: the `holidays` library, then `config/calendars/<country>.toml`, then the file
named in `[calendar] file`. Weekday hours come from the settings.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from monitor import DEFAULTS
from monitor.domain.calendar import Block, CalendarDay, WorkingCalendar
from monitor.settings import CalendarSettings

FIRST_YEAR = 2008
LAST_YEAR = 2038
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FROM_LIBRARY = "thư viện holidays"  # by formula; without its version, which would change every calendar's name
UNVERIFIED = "unverified"  # the decision behind a row is not known
_ROW_KEYS = {"on", "until", "work", "hours", "like", "name", "document", "provisional"}
_FILE_KEYS = {"announced_until", "day"}
_EXAMPLE = 'on = 2026-01-02, work = false, name = "…", document = "số văn bản"'


class CalendarFileError(Exception):
    """A calendar cannot be loaded. The text names file, row and what to write instead."""


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """The rows of one calendar file, checked. `announced_until`: days off are officially known up to this day."""

    rows: tuple[CalendarDay, ...]
    announced_until: date | None


Week = tuple[tuple[Block, ...], ...]


def load_calendar(settings: CalendarSettings, zone: str, folder: Path) -> WorkingCalendar:
    """The calendar of a site. Relative paths start at `folder`. Raises `CalendarFileError`."""
    try:
        zone_info = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as wrong:
        raise CalendarFileError(
            f'[site] timezone = "{zone}": no such zone; write one like "Asia/Ho_Chi_Minh"'
        ) from wrong
    week = _week(settings.hours)
    days = {row.on: row for row in country_days(settings.country, week)}
    announced_until: date | None = None
    for path in _files(settings, folder):
        file = read_calendar_file(path, week)
        days.update((row.on, row) for row in file.rows)
        announced_until = file.announced_until or announced_until
    return WorkingCalendar(
        zone_info, date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31), week, days, announced_until=announced_until
    )


def _files(settings: CalendarSettings, folder: Path) -> list[Path]:
    shipped = DEFAULTS / "calendars" / f"{settings.country.lower()}.toml"
    files = [shipped] if shipped.is_file() else []
    if settings.file is not None:
        files.append(folder / settings.file)
    return files


def country_days(country: str, week: Week) -> list[CalendarDay]:
    """Days off and make-up days of a country by the `holidays` library. Raises `CalendarFileError`."""
    import holidays

    years = range(FIRST_YEAR, LAST_YEAR + 1)
    language = "vi" if country == "VN" else None
    try:
        found = holidays.country_holidays(country, years=years, language=language)
    except NotImplementedError as wrong:
        raise CalendarFileError(
            f'[calendar] country = "{country}": not known; write an ISO code such as "VN"'
        ) from wrong
    usual = next((blocks for blocks in week if blocks), ())
    rows = [CalendarDay(on, (), name, FROM_LIBRARY, is_working=False) for on, name in found.items()]
    rows += [
        CalendarDay(on, week[on.weekday()] or usual, "Ngày làm bù", FROM_LIBRARY)
        for on in found.weekend_workdays
        if usual and FIRST_YEAR <= on.year <= LAST_YEAR
    ]
    return rows


def read_calendar_file(path: Path, week: Week) -> CalendarFile:
    """The rows of a calendar file. Raises `CalendarFileError` with every mistake at once."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise CalendarFileError(f"{path}: cannot be read ({type(wrong).__name__}); check [calendar] file") from wrong
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise CalendarFileError(f"{path}: not TOML: {wrong}") from wrong
    return _check_table(table, str(path), week)


def _check_table(table: Mapping[str, Any], where: str, week: Week) -> CalendarFile:
    mistakes = [f"{where}: unknown key {key!r}; write [[day]] rows" for key in table if key not in _FILE_KEYS]
    announced_until = table.get("announced_until")
    if announced_until is not None and not _is_day(announced_until):
        mistakes.append(f"{where}: announced_until must be a day, such as 2026-12-31")
        announced_until = None
    rows: list[CalendarDay] = []
    entries = table.get("day", [])
    if not isinstance(entries, list):
        mistakes.append(f"{where}: write [[day]] with two brackets, one table a row")
        entries = []
    seen: dict[date, int] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            made = _row(entry, week)
        except ValueError as wrong:
            mistakes.append(f"{where}: [[day]] row {number}: {wrong}")
            continue
        for day in made:
            if day.on in seen:
                mistakes.append(f"{where}: [[day]] row {number}: {day.on} is already in row {seen[day.on]}; keep one")
            seen[day.on] = number
        rows += made
    if mistakes:
        raise CalendarFileError("\n".join(mistakes))
    return CalendarFile(tuple(rows), announced_until)


def _row(entry: object, week: Week) -> list[CalendarDay]:
    """One [[day]] row as days. Raises `ValueError` with what to write."""
    if not isinstance(entry, dict):
        raise ValueError(f"must be a table: {_EXAMPLE}")
    unknown = sorted(set(entry) - _ROW_KEYS)
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; known: {', '.join(sorted(_ROW_KEYS))}")
    on, until, works = entry.get("on"), entry.get("until", entry.get("on")), entry.get("work")
    if not _is_day(on) or not _is_day(until):
        raise ValueError(f"on (and until) must be days without quotes: {_EXAMPLE}")
    assert isinstance(on, date)
    assert isinstance(until, date)
    if not isinstance(works, bool):
        raise ValueError(f"{on}: write work = true or work = false")
    if not on <= until <= on + timedelta(days=366):
        raise ValueError(f"{on}: until = {until} must not be before on, nor a year after it")
    name, document = entry.get("name", ""), entry.get("document", UNVERIFIED)
    provisional = entry.get("provisional", False)
    if not isinstance(name, str) or not isinstance(document, str) or not isinstance(provisional, bool):
        raise ValueError(f"{on}: name and document are texts, provisional is true or false")
    if on.year < FIRST_YEAR or until.year > LAST_YEAR:
        raise ValueError(f"{on} lies outside the years that are loaded, {FIRST_YEAR} to {LAST_YEAR}")
    days = [on + timedelta(days=n) for n in range((until - on).days + 1)]
    made = []
    for day in days:
        blocks = _hours(entry, day, works, week)
        # worked instead of a weekday on which this office rests anyway: nothing to make up for
        made.append(CalendarDay(day, blocks, name, document or UNVERIFIED, provisional, works and bool(blocks)))
    return made


def _hours(entry: Mapping[str, Any], on: date, works: bool, week: Week) -> tuple[Block, ...]:
    """The row's own hours; else those of the day it is worked instead of (`like`); else its weekday's."""
    if "hours" in entry:
        if not isinstance(entry["hours"], list):
            raise ValueError(f'{on}: hours is a list, such as ["07:30-11:30", "13:00-17:00"]')
        blocks = parse_blocks(entry["hours"])
        if works and not blocks:
            raise ValueError(f"{on}: a working day needs hours; leave the key out for the usual ones")
        return blocks
    if not works:
        return ()
    like = entry.get("like")
    if like is not None and not _is_day(like):
        raise ValueError(f"{on}: like must be the day it is worked instead of, such as 2026-01-02")
    blocks = week[(like or on).weekday()]
    if not blocks and like is None:
        raise ValueError(f'{on}: give hours = ["07:30-11:30", …] or like = the day it is worked instead of')
    return blocks


def _week(hours: Mapping[Any, Iterable[str]]) -> Week:
    try:
        week = tuple(parse_blocks(hours.get(day, ())) for day in WEEKDAYS)
    except ValueError as wrong:
        raise CalendarFileError(f"[calendar] hours: {wrong}") from wrong
    if not any(week):
        raise CalendarFileError('[calendar] hours: no day has any; write mon = ["07:30-11:30", "13:00-17:00"], …')
    return week


def parse_blocks(texts: Iterable[object]) -> tuple[Block, ...]:
    """`["07:30-11:30", "13:00-17:00"]` as blocks, in order. Raises `ValueError` with what to write."""
    blocks = []
    for text in texts:
        try:
            start, end = str(text).replace("–", "-").split("-")
            blocks.append(Block(_seconds(start), _seconds(end)))
        except ValueError as wrong:
            raise ValueError(f'"{text}" is not a block of hours; write "07:30-11:30"') from wrong
    for earlier, later in pairwise(blocks):
        if later.start_s < earlier.end_s:
            raise ValueError("the blocks of a day must follow one another without overlap")
    return tuple(blocks)


def _seconds(text: str) -> int:
    """`07:30` or `07:30:15` as seconds after midnight; `24:00` is the end of the day."""
    parts = [int(part) for part in text.strip().split(":")]
    hour, minute, second = (*parts, 0) if len(parts) == 2 else parts
    if not (0 <= minute < 60 and 0 <= second < 60 and hour >= 0):
        raise ValueError(text)
    return hour * 3600 + minute * 60 + second


def _is_day(value: object) -> bool:
    return type(value) is date
