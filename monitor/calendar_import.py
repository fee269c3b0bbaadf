"""Reads days off from .ics and .csv files and writes them as rows of a site's calendar file. Applies nothing.

The reader is strict: what is not a whole-day event, repeats by a rule or misses a date is refused with its line, since
a day that is silently left out moves deadlines.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from monitor.calendar_file import UNVERIFIED, parse_blocks

_ONE_DAY = timedelta(days=1)
_COLUMNS = ("date", "name", "kind", "hours", "document")
_KINDS = {"off": False, "nghỉ": False, "nghi": False, "work": True, "làm bù": True, "lam bu": True}
_TEXT = re.compile(r"\\([\\;,nN])")
_MOST = 1_000_000  # bytes: a calendar of days is small


class ImportRefused(ValueError):
    """A file cannot be read as days. The text names every line and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ImportedDay:
    """A row to be: the first and the last day, whether it is worked, its hours if they are stated."""

    on: date
    until: date
    name: str
    works: bool = False
    hours: tuple[str, ...] = ()
    document: str = UNVERIFIED


def read_days(path: Path) -> list[ImportedDay]:
    """The days in an .ics or .csv file, by date. Raises `ImportRefused`, or `OSError` where it cannot be opened."""
    if path.stat().st_size > _MOST:
        raise ImportRefused(f"{path.name}: larger than a calendar of days can be")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise ImportRefused(f"{path.name}: not UTF-8 text") from wrong
    readers = {".ics": from_ics, ".csv": from_csv}
    if path.suffix.lower() not in readers:
        raise ImportRefused(f"{path.name}: .ics or .csv is read")
    return sorted(readers[path.suffix.lower()](text), key=lambda day: day.on)


def from_ics(text: str) -> list[ImportedDay]:
    """Whole-day events as days off (RFC 5545: DTEND is the day after the last; without it one day)."""
    days: list[ImportedDay] = []
    event: dict[str, tuple[str, str]] | None = None
    inside = 0
    mistakes: list[str] = []
    for number, name, parameters, value in _properties(text):
        if name == "BEGIN" and value.upper() == "VEVENT":
            if event is not None:
                raise ImportRefused(f"line {number}: an event begins inside another")
            event, inside = {}, 0
        elif name == "END" and value.upper() == "VEVENT":
            if event is None:
                raise ImportRefused(f"line {number}: an event ends that did not begin")
            try:
                days.append(_event(event))
            except ValueError as wrong:
                mistakes.append(f"the event that ends on line {number}: {wrong}")
            event = None
        elif event is not None and name in ("BEGIN", "END"):
            inside += 1 if name == "BEGIN" else -1  # an alarm within the event has properties of its own
        elif event is not None and not inside:
            if name in event and name in ("DTSTART", "DTEND", "SUMMARY"):
                mistakes.append(f"line {number}: {name} a second time")
            event[name] = (parameters, value)
    if event is not None:
        mistakes.append("the last event does not end: the file is cut off")
    return _checked(days, mistakes)


def _properties(text: str) -> Iterator[tuple[int, str, str, str]]:
    """(line, NAME, parameters, value) of each content line, unfolded."""
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] = (lines[-1][0], lines[-1][1] + line[1:])
        elif line.strip():
            lines.append((number, line))
    for number, line in lines:
        head, colon, value = line.partition(":")
        if not colon:
            raise ImportRefused(f"line {number}: not a line of iCalendar")
        name, _, parameters = head.partition(";")
        yield number, name.strip().upper(), parameters.upper(), value.strip()


def _event(event: dict[str, tuple[str, str]]) -> ImportedDay:
    for rule in ("RRULE", "RDATE", "EXDATE", "DURATION"):
        if rule in event:
            raise ValueError(f"{rule} is not read; write each day out")
    if "DTSTART" not in event:
        raise ValueError("no DTSTART")
    on = _ics_day("DTSTART", *event["DTSTART"])
    end = _ics_day("DTEND", *event["DTEND"]) if "DTEND" in event else on + _ONE_DAY
    if end <= on:
        raise ValueError(f"DTEND {end} is not after DTSTART {on}")
    name = _TEXT.sub(lambda found: " " if found[1] in "nN" else found[1], event.get("SUMMARY", ("", ""))[1])
    return ImportedDay(on, end - _ONE_DAY, name)


def _ics_day(name: str, parameters: str, value: str) -> date:
    if not re.fullmatch(r"[0-9]{8}", value):
        raise ValueError(f"{name} {value}: only whole days are read (VALUE=DATE, such as 20261124)")
    if parameters and parameters != "VALUE=DATE":
        raise ValueError(f"{name};{parameters}: only whole days are read (VALUE=DATE)")
    return date(int(value[:4]), int(value[4:6]), int(value[6:]))


def from_csv(text: str) -> list[ImportedDay]:
    """Rows of date,name,kind,hours,document: kind is off or work, hours as `07:30-11:30 13:00-17:00`."""
    rows = csv.DictReader(io.StringIO(text), strict=True)
    head = tuple(name.strip().lower() for name in rows.fieldnames or ())
    if head[:3] != _COLUMNS[:3] or not set(head) <= set(_COLUMNS) or len(set(head)) < len(head):
        raise ImportRefused(f"the first line must be {','.join(_COLUMNS)}")
    rows.fieldnames = list(head)
    days: list[ImportedDay] = []
    mistakes: list[str] = []
    try:
        for row in rows:
            try:
                days.append(_csv_day(row))
            except ValueError as wrong:
                mistakes.append(f"line {rows.line_num}: {wrong}")
    except csv.Error as wrong:
        mistakes.append(f"line {rows.line_num}: {wrong}")
    return _checked(days, mistakes)


def _csv_day(row: dict[str, str]) -> ImportedDay:
    if None in row or None in row.values():
        raise ValueError("not as many cells as the first line has")
    cells = {name: value.strip() for name, value in row.items()}
    kind = cells["kind"].lower()
    if kind not in _KINDS:
        raise ValueError(f'kind "{cells["kind"]}": write off (nghỉ) or work (làm bù)')
    on = date.fromisoformat(cells["date"])
    hours = tuple(cells.get("hours", "").replace(";", " ").split())
    parse_blocks(hours)
    if _KINDS[kind] and on.weekday() > 4 and not hours:
        raise ValueError(f"{on} is a weekend day that is worked: give its hours")
    return ImportedDay(on, on, cells["name"], _KINDS[kind], hours, cells.get("document", "") or UNVERIFIED)


def _checked(days: Sequence[ImportedDay], mistakes: Sequence[str]) -> list[ImportedDay]:
    found = list(mistakes)
    by_date = sorted(days, key=lambda day: day.on)
    for earlier, later in pairwise(by_date):
        if later.on <= earlier.until:
            found.append(f"{later.on} comes twice; keep one")
    if not days and not found:
        found.append("no day in this file")
    if found:
        raise ImportRefused("\n".join(found))
    return list(days)


def as_toml(days: Sequence[ImportedDay]) -> str:
    """Rows for a site's calendar file, ready to be read by a person and previewed."""
    return "\n".join(_row(day) for day in days)


def _row(day: ImportedDay) -> str:
    lines = ["[[day]]", f"on = {day.on}"]
    if day.until != day.on:
        lines.append(f"until = {day.until}")
    lines.append(f"work = {'true' if day.works else 'false'}")
    if day.hours:
        lines.append(f"hours = [{', '.join(_quoted(block) for block in day.hours)}]")
    lines += [f"name = {_quoted(day.name)}", f"document = {_quoted(day.document)}", ""]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A TOML basic string: JSON's escapes are a part of TOML's; DEL is the one TOML wants and JSON does not."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
