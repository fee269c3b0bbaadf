"""Days from .ics and .csv: read whole or refused with the line, and what comes out is a calendar file."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.calendar_file import parse_blocks, read_calendar_file
from monitor.calendar_import import ImportedDay, ImportRefused, as_toml, from_csv, from_ics, read_days
from tests.cli.office import Office, open_office
from tests.domain.calendars import HOURS

WEEK = (HOURS,) * 5 + ((),) * 2
ICS = """BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20270204
DTEND;VALUE=DATE:20270211
SUMMARY:Nghỉ Tết\\, Đinh Mùi: bảy
  ngày
BEGIN:VALARM
SUMMARY:Báo thức
TRIGGER:-PT1H
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20261124
SUMMARY:Ngày Văn hóa
END:VEVENT
END:VCALENDAR
"""


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VEVENT", *lines, "END:VEVENT"])


def test_whole_day_events_are_days_off_to_the_day_before_their_end() -> None:
    assert from_ics(ICS) == [
        ImportedDay(date(2027, 2, 4), date(2027, 2, 10), "Nghỉ Tết, Đinh Mùi: bảy ngày"),
        ImportedDay(date(2026, 11, 24), date(2026, 11, 24), "Ngày Văn hóa"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (event("DTSTART:20261124T080000Z"), "only whole days"),
        (event("DTSTART;TZID=Asia/Ho_Chi_Minh:20261124"), "only whole days"),
        (event("DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261124"), "not after"),
        (event("DTSTART;VALUE=DATE:20261124", "RRULE:FREQ=YEARLY"), "RRULE"),
        (event("DTSTART;VALUE=DATE:20261124", "DTSTART;VALUE=DATE:20261125"), "a second time"),
        (event("DTSTART;VALUE=DATE:20261131"), "day is out of range"),
        (event("SUMMARY:không có ngày"), "no DTSTART"),
        ("BEGIN:VEVENT\nDTSTART;VALUE=DATE:20261124\n", "cut off"),
        ("BEGIN:VEVENT\nBEGIN:VEVENT\n", "inside another"),
        ("END:VEVENT\n", "did not begin"),
        ("<html>\n", "not a line of iCalendar"),
        ("", "no day"),
        (event("DTSTART:20261124") + "\n" + event("DTSTART:20261124"), "comes twice"),
    ],
)
def test_an_event_that_is_no_whole_day_is_refused(text: str, says: str) -> None:
    with pytest.raises(ImportRefused, match=says):
        from_ics(text)


def test_rows_of_csv_are_days_off_and_days_worked() -> None:
    text = (
        "Date,Name,Kind,Hours,Document\n2026-08-22,Làm bù,work,07:30-11:30 13:00-17:00,TB 9441\n2026-08-31,Nghỉ,off,,\n"
    )
    worked, off = from_csv(text)
    assert worked == ImportedDay(
        date(2026, 8, 22), date(2026, 8, 22), "Làm bù", True, ("07:30-11:30", "13:00-17:00"), "TB 9441"
    )
    assert (off.works, off.document) == (False, "unverified")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ngày,tên\n", "first line must be date,name,kind"),
        ("date,name,kind,date\n", "first line"),
        ("date,name,kind\n24/11/2026,x,off\n", "line 2"),
        ("date,name,kind\n2026-11-24,x,maybe\n", 'kind "maybe"'),
        ("date,name,kind\n2026-11-24,x\n", "cells"),
        ("date,name,kind\n2026-11-24,x,off,y\n", "cells"),
        ("date,name,kind,hours\n2026-11-24,x,work,8h\n", "block of hours"),
        ("date,name,kind\n2026-11-28,x,work\n", "weekend"),
        ("date,name,kind\n2026-11-24,x,off\n2026-11-24,y,off\n", "twice"),
        ('date,name,kind\n2026-11-24,"x,off\n', "line"),
        ("date,name,kind\n", "no day"),
    ],
)
def test_a_row_that_is_no_day_is_refused(text: str, says: str) -> None:
    with pytest.raises(ImportRefused, match=says):
        from_csv(text)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.txt", b"x", ".ics or .csv"),
        ("a.csv", b"\xff\xfe", "not UTF-8"),
        ("a.csv", b"x" * 1_000_001, "larger"),
    ],
)
def test_a_file_that_is_no_calendar_is_refused(tmp_path: Path, name: str, data: bytes, says: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImportRefused, match=says):
        read_days(tmp_path / name)


@given(name=st.text(), document=st.text(min_size=1), start=st.dates(date(2010, 1, 1), date(2037, 12, 1)))
def test_what_is_written_is_what_the_calendar_reads(
    name: str, document: str, start: date, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever stands in a name: quotes, brackets, control characters."""
    name, document = (text.encode("utf-8", "ignore").decode() for text in (name, document))
    file = tmp_path_factory.mktemp("import") / "rows.toml"
    blocks = ("07:30-11:30",)
    worked = ImportedDay(start, start, name, True, blocks, document or "x")
    file.write_text(as_toml([worked]), "utf-8", newline="")
    (row,) = read_calendar_file(file, WEEK).rows
    assert (row.on, row.name, row.document, row.is_working) == (start, name, document or "x", True)
    assert row.blocks == parse_blocks(blocks)


def test_the_command_prints_rows_and_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    office: Office = open_office(tmp_path, monkeypatch)
    (tmp_path / "lich.ics").write_text(ICS, "utf-8")
    before = (tmp_path / "calendar.toml").read_bytes()
    said = office("calendar", "import", str(tmp_path / "lich.ics"))
    assert said.out.startswith("[[day]]\non = 2026-11-24\nwork = false\n")
    assert [day["on"] for day in office("calendar", "import", str(tmp_path / "lich.ics"), "--json").json()["days"]] == [
        "2026-11-24",
        "2027-02-04",
    ]
    assert office("calendar", "import", str(tmp_path / "lich.ics"), "--out", str(tmp_path / "new.toml")).code == 0
    assert len(read_calendar_file(tmp_path / "new.toml", WEEK).rows) == 8
    again = office("calendar", "import", str(tmp_path / "lich.ics"), "--out", str(tmp_path / "new.toml"))
    assert (again.code, "exists" in again.err) == (2, True)
    assert office("calendar", "import", str(tmp_path / "none.ics")).code == 4
    assert (tmp_path / "calendar.toml").read_bytes() == before
