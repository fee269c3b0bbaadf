"""Reads a calendar file: days off, make-up days, half days, what an agency has of its own. Every mistake at once."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from monitor.domain.calendar import Block, CalendarDay

FIRST_YEAR = 2008
LAST_YEAR = 2038
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNVERIFIED = "unverified"  # the decision behind a row is not known
_ROW_KEYS = {"on", "until", "work", "hours", "like", "name", "document", "provisional"}
_FILE_KEYS = {"announced_until", "day", "agency"}
_AGENCY_KEYS = {"code", "hours", "reception", "day"}
_EXAMPLE = 'on = 2026-01-02, work = false, name = "…", document = "số văn bản"'


class CalendarFileError(Exception):
    """A calendar cannot be loaded. The text names file, row and what to write instead."""


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """The rows of one calendar file, checked. `announced_until`: days off are officially known up to this day."""

    rows: tuple[CalendarDay, ...]
    announced_until: date | None
    agencies: Mapping[str, "AgencyDays"] = field(default_factory=dict)


Week = tuple[tuple[Block, ...], ...]


@dataclass(frozen=True, slots=True)
class AgencyDays:
    """What an agency has of its own. `hours` replace the site's on the weekdays they name; `reception` is when it is
    open to receive on days that do not count; `days` are [[day]] tables, read once its week is known."""

    hours: Mapping[str, tuple[Block, ...]]
    reception: Mapping[str, tuple[Block, ...]]
    days: tuple[Mapping[str, Any], ...]


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
    rows = _rows(table.get("day", []), where, week, mistakes)
    agencies = _agencies(table.get("agency", []), where, week, mistakes)
    if mistakes:
        raise CalendarFileError("\n".join(mistakes))
    return CalendarFile(tuple(rows), announced_until, agencies)


def _rows(entries: object, where: str, week: Week, mistakes: list[str]) -> list[CalendarDay]:
    """[[day]] tables as days; what is wrong with them goes to `mistakes`."""
    if not isinstance(entries, list):
        mistakes.append(f"{where}: write [[day]] with two brackets, one table a row")
        return []
    rows: list[CalendarDay] = []
    seen: dict[date, int] = {}
    for number, entry in enumerate(entries, start=1):
        try:
            made = row_of(entry, week)
        except ValueError as wrong:
            mistakes.append(f"{where}: [[day]] row {number}: {wrong}")
            continue
        for day in made:
            if day.on in seen:
                mistakes.append(f"{where}: [[day]] row {number}: {day.on} is already in row {seen[day.on]}; keep one")
            seen[day.on] = number
        rows += made
    return rows


def _agencies(entries: object, where: str, week: Week, mistakes: list[str]) -> dict[str, AgencyDays]:
    """[[agency]] tables by code; what is wrong with them goes to `mistakes`."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        mistakes.append(f'{where}: write [[agency]] with two brackets, code = "…" under it')
        return {}
    found: dict[str, AgencyDays] = {}
    for number, entry in enumerate(entries, start=1):
        code = entry.get("code")
        place = f"{where}: [[agency]] {code or f'row {number}'}"
        mistakes += [
            f"{place}: unknown key {key!r}; known: {', '.join(sorted(_AGENCY_KEYS))}"
            for key in sorted(set(entry) - _AGENCY_KEYS)
        ]
        if not isinstance(code, str) or not code or code in found:
            mistakes.append(f'{place}: give each agency one code of its own: code = "H19.101"')
            continue
        hours = _weekday_hours(entry.get("hours", {}), f"{place}: hours", mistakes)
        reception = _weekday_hours(entry.get("reception", {}), f"{place}: reception", mistakes)
        own_week = tuple(hours.get(day, blocks) for day, blocks in zip(WEEKDAYS, week, strict=True))
        both = [day for day, blocks in zip(WEEKDAYS, own_week, strict=True) if blocks and day in reception]
        if both:
            mistakes.append(f"{place}: {', '.join(both)}: has hours that count; reception is for days that do not")
        _rows(entry.get("day", []), place, own_week, mistakes)
        found[code] = AgencyDays(hours, reception, tuple(entry.get("day", ())))
    return found


def _weekday_hours(table: object, where: str, mistakes: list[str]) -> dict[str, tuple[Block, ...]]:
    """`{ sat = ["07:30-11:30"] }` as blocks by weekday."""
    if not isinstance(table, dict) or not all(isinstance(texts, list) for texts in table.values()):
        mistakes.append(f'{where}: write {{ sat = ["07:30-11:30"] }}')
        return {}
    found: dict[str, tuple[Block, ...]] = {}
    for day, texts in table.items():
        if day not in WEEKDAYS:
            mistakes.append(f"{where}: no weekday {day!r}; write one of {', '.join(WEEKDAYS)}")
            continue
        try:
            found[day] = parse_blocks(texts)
        except ValueError as wrong:
            mistakes.append(f"{where}: {day}: {wrong}")
    return found


def row_of(entry: object, week: Week) -> list[CalendarDay]:
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
