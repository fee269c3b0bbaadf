"""Workbooks against connectors.md §11: real .xlsx files, as offices keep them and as nobody should open them."""

import warnings
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from connectors.base import Connector, Sweep, UnexpectedAnswer
from connectors.spreadsheet.connector import build
from connectors.spreadsheet.settings import SpreadsheetSettings
from monitor.clock import FixedClock
from monitor.domain.dossier import Status
from tests.conformance.harness import NOW, Seen, codes, seen
from tests.conformance.test_spreadsheet import COLUMNS, FULL

HEAD = ("STT", "Số hồ sơ", "Chủ hồ sơ", "Ngày nhận", "Ngày hẹn trả", "Ngày có kết quả")
RECEIVED, PROMISED = datetime(2025, 11, 3, 8, 15), datetime(2025, 11, 10)
Cells = tuple[Any, ...]


def row(number: int, promised: object = PROMISED, finished: object = None, received: object = RECEIVED) -> Cells:
    return (number, f"H99.14-251103-{number:04d}", "Nguyễn Văn Mẫu", received, promised, finished)


def book(rows: Iterable[Cells]) -> Workbook:
    made = Workbook()
    for cells in rows:
        made.active.append(cells)
    return made


def table(tmp_path: Path, rows: Workbook | Iterable[Cells], **extra: Any) -> Connector:
    path = tmp_path / "ho-so.xlsx"
    (rows if isinstance(rows, Workbook) else book(rows)).save(path)
    return over(path, **extra)


def over(path: Path, **extra: Any) -> Connector:
    keys: dict[str, Any] = {
        "name": "bang", "kind": "spreadsheet", "role": "one_stop", "path": path, "columns": COLUMNS,
    }  # fmt: skip
    return build(SpreadsheetSettings(**{**keys, **extra}), FixedClock(NOW))


def read(tmp_path: Path, rows: Workbook | Iterable[Cells], **extra: Any) -> Seen:
    return seen(table(tmp_path, rows, **extra).sweep(FULL))


def refused(path: Path, says: str, **extra: Any) -> None:
    with pytest.raises(UnexpectedAnswer, match=says):
        seen(over(path, **extra).sweep(FULL))


def rezipped(path: Path, changes: dict[str, bytes]) -> None:
    """The same workbook with some members replaced or added."""
    with ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    with ZipFile(path, "w", ZIP_DEFLATED) as new:
        for name, data in {**members, **changes}.items():
            new.writestr(name, data)


# --- tables as offices keep them


def test_reads_a_workbook_with_a_title_above_it(tmp_path: Path) -> None:
    title: list[Cells] = [("BẢNG THEO DÕI HỒ SƠ",), (), ("Từ ngày", date(2025, 11, 1))]
    one, two = read(tmp_path, [*title, HEAD, row(1), (), row(2, finished=datetime(2025, 11, 7, 16))]).records
    assert (one.code, one.status, one.applicant.name) == (codes([1])[0], Status.PROCESSING, "Nguyễn Văn Mẫu")
    assert one.received_at == datetime(2025, 11, 3, 1, 15, tzinfo=UTC)
    assert (one.promised_at, one.promised_date_only) == (datetime(2025, 11, 9, 17, tzinfo=UTC), True)
    assert (two.status, two.finished_at) == (Status.READY, datetime(2025, 11, 7, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    "promised",
    [date(2025, 11, 10), 45971, 45971.0, "10/11/2025", "2025-11-10", " 10/11/2025 ", "10/11/2025 00:00"],
    ids=repr,
)
def test_25_every_way_a_table_says_the_tenth_of_november(tmp_path: Path, promised: object) -> None:
    """Real dates, dates whose cell lost its format (serial numbers), and dates typed as text."""
    record = read(tmp_path, [HEAD, row(1, promised)]).only
    assert (record.promised_at, record.promised_date_only) == (datetime(2025, 11, 9, 17, tzinfo=UTC), True)


def test_25_a_serial_keeps_its_hour_to_the_second(tmp_path: Path) -> None:
    record = read(tmp_path, [HEAD, row(1, received=45964 + (8 * 3600 + 15 * 60) / 86400)]).only
    assert record.received_at == datetime(2025, 11, 3, 1, 15, tzinfo=UTC)


def test_25_days_of_an_old_mac_begin_in_1904(tmp_path: Path) -> None:
    made = book([HEAD])
    made.epoch = CALENDAR_MAC_1904
    made.active.append(row(1))
    made.active.append(row(2, promised=45971 - 1462))
    one, two = read(tmp_path, made).records
    assert one.promised_at == two.promised_at == datetime(2025, 11, 9, 17, tzinfo=UTC)


def test_26_a_real_date_needs_no_declared_format(tmp_path: Path) -> None:
    """Texts are month first here; cells that Excel knows as dates cannot be misread."""
    rows = [HEAD, row(1), row(2, promised="11/10/2025")]
    one, two = read(tmp_path, rows, date_formats=("%m/%d/%Y",)).records
    assert one.promised_at == two.promised_at


@pytest.mark.parametrize("broken", ["31/02/2025", "tuần sau", "#VALUE!", True, 3_000_000, -5, "10/11/2205"], ids=repr)
def test_31_a_promise_that_cannot_be_read_sets_its_row_aside(tmp_path: Path, broken: object) -> None:
    result = read(tmp_path, [HEAD, row(1), row(2, broken), row(3)])
    assert result.codes == codes([1, 3])
    assert [bad.field for bad in result.bad] == ["Ngày hẹn trả"]


@pytest.mark.parametrize("nothing", [None, "", 0, "0", "null"])
def test_27_no_promise_is_a_fact(tmp_path: Path, nothing: object) -> None:
    assert read(tmp_path, [HEAD, row(1, nothing)]).only.promised_at is None


def test_48_a_code_that_Excel_took_for_a_number(tmp_path: Path) -> None:
    rows: list[Cells] = [("Mã",), (251103,), (251104.0,), (123456789012345,)]
    assert read(tmp_path, rows, columns={"code": "Mã"}).codes == ["251103", "251104", "123456789012345"]


def test_53_an_error_in_the_place_of_a_code(tmp_path: Path) -> None:
    result = read(tmp_path, [HEAD, row(1), (2, "#REF!", "x", RECEIVED, PROMISED), row(3)])
    assert result.codes == codes([1, 3])
    assert [(bad.field, bad.problem) for bad in result.bad] == [("dòng 3", "ô báo lỗi của Excel")]


def test_53_a_total_below_the_table_is_no_dossier(tmp_path: Path) -> None:
    result = read(tmp_path, [HEAD, row(1), ("Tổng cộng: 1",)])
    assert result.codes == codes([1])
    assert len(result.bad) == 1


# --- headings


def test_a_heading_of_two_rows_with_merged_cells(tmp_path: Path) -> None:
    """The dates stand under "Thời hạn"; the other columns are merged downwards. The heading comes again on page two."""
    upper = ("STT", "Số hồ sơ", "Chủ hồ sơ", "Thời hạn", None, None)
    lower = (None, None, None, "Ngày nhận", "hẹn trả", "Ngày có kết quả")
    made = book([upper, lower, row(1), upper, lower, row(2)])
    for merged in ("A1:A2", "B1:B2", "C1:C2", "D1:F1"):
        made.active.merge_cells(merged)
    result = read(tmp_path, made, columns={**COLUMNS, "promised_at": "Thời hạn hẹn trả"})
    assert (result.codes, result.bad) == (codes([1, 2]), [])
    assert result.records[1].promised_at == datetime(2025, 11, 9, 17, tzinfo=UTC)


def test_a_heading_repeated_on_every_page(tmp_path: Path) -> None:
    result = read(tmp_path, [HEAD, row(1), HEAD, row(2)])
    assert (result.codes, result.bad) == (codes([1, 2]), [])


def test_a_heading_that_stands_twice_is_named(tmp_path: Path) -> None:
    table(tmp_path, [(*HEAD, "số  hồ SƠ"), row(1)])
    refused(tmp_path / "ho-so.xlsx", "nhiều lần: Số hồ sơ")


def test_a_heading_that_is_missing_is_named(tmp_path: Path) -> None:
    table(tmp_path, [HEAD[:4], row(1)])
    refused(tmp_path / "ho-so.xlsx", "không tìm thấy cột: Ngày có kết quả, Ngày hẹn trả$")


def test_the_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    made = book([("Hướng dẫn",)])
    for cells in (HEAD, row(7)):
        (made["Hồ sơ"] if "Hồ sơ" in made.sheetnames else made.create_sheet("Hồ sơ")).append(cells)
    assert read(tmp_path, made, sheet="Hồ sơ").codes == codes([7])
    refused(tmp_path / "ho-so.xlsx", "không tìm thấy cột")
    refused(tmp_path / "ho-so.xlsx", "không có trang tính Tháng 11", sheet="Tháng 11")


# --- the connector's promises


def test_pages_resume_and_lookup_are_those_of_a_text_table(tmp_path: Path) -> None:
    connector = table(tmp_path, [HEAD, *(row(number) for number in range(1, 26))], page_rows=10)
    pages = list(connector.sweep(FULL))
    assert [len(page.records) for page in pages] == [10, 10, 5]
    rest = seen(connector.sweep(Sweep(FULL.reach, NOW, None, pages[0].resume)))
    assert rest.codes == codes(range(11, 26))
    assert seen(connector.lookup(codes([3, 24]))).codes == codes([3, 24])
    assert "20" in connector.probe().said


def test_the_name_of_the_file_does_not_matter(tmp_path: Path) -> None:
    table(tmp_path, [HEAD, row(1)])
    renamed = (tmp_path / "ho-so.xlsx").rename(tmp_path / "ho-so.csv")
    assert seen(over(renamed).sweep(FULL)).codes == codes([1])


def test_a_claimed_size_is_not_believed(tmp_path: Path) -> None:
    """Some exporters write <dimension ref="A1"/> whatever the sheet holds."""
    table(tmp_path, [HEAD, row(1)])
    path = tmp_path / "ho-so.xlsx"
    with ZipFile(path) as made:
        sheet = made.read("xl/worksheets/sheet1.xml")
    assert b'ref="A1:F2"' in sheet
    rezipped(path, {"xl/worksheets/sheet1.xml": sheet.replace(b'ref="A1:F2"', b'ref="A1"')})
    assert seen(over(path).sweep(FULL)).codes == codes([1])


# --- files that must not be opened


def test_a_bomb_is_refused_by_its_directory(tmp_path: Path) -> None:
    table(tmp_path, [HEAD, row(1)])
    path = tmp_path / "ho-so.xlsx"
    rezipped(path, {"xl/sharedStrings.xml": b"<sst>" + b" " * 20_000_000 + b"</sst>"})
    assert path.stat().st_size < 100_000
    refused(path, "bom nén")
    refused(path, "khi giải nén lớn hơn 1000000", max_bytes=1_000_000)


def test_many_small_members_add_up(tmp_path: Path) -> None:
    table(tmp_path, [HEAD, row(1)])
    path = tmp_path / "ho-so.xlsx"
    rezipped(path, {f"xl/media/{number}.bin": b"\0" * 9_000_000 for number in range(3)})
    refused(path, "lớn hơn 20000000", max_bytes=20_000_000)
    rezipped(path, {f"xl/media/{number}.bin": b"" for number in range(2100)})
    refused(path, "quá nhiều thành phần")


@pytest.mark.parametrize(
    "prolog",
    [
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>',
        b"<!-- a --><!DOCTYPE a>",
        b"<!--" + b" " * 70_000 + b"--><!DOCTYPE a>",
        b"\xff\xfe<\x00?\x00",
    ],
    ids=["entity", "comment", "far", "utf16"],
)
@pytest.mark.parametrize("member", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "_rels/.rels"])
def test_a_document_type_is_refused_before_any_parser_sees_it(tmp_path: Path, member: str, prolog: bytes) -> None:
    table(tmp_path, [HEAD, row(1)])
    path = tmp_path / "ho-so.xlsx"
    with ZipFile(path) as made:
        rest = made.read(member)
    rezipped(path, {member: prolog + rest[rest.find(b"?>") + 2 if rest.startswith(b"<?") else 0 :]})
    refused(path, "khai báo XML")


def test_a_cell_at_the_end_of_the_world_costs_little(tmp_path: Path) -> None:
    """A row number without end, and the last column: neither is filled up to."""
    table(tmp_path, [HEAD, row(1)])
    path = tmp_path / "ho-so.xlsx"
    with ZipFile(path) as made:
        sheet = made.read("xl/worksheets/sheet1.xml")
    for far in (b"XFD2", b"A999999999"):
        number = far.lstrip(b"XFDA")
        row_xml = b'<row r="' + number + b'"><c r="' + far + b'"><v>1</v></c></row></sheetData>'
        rezipped(path, {"xl/worksheets/sheet1.xml": sheet.replace(b"</sheetData>", row_xml)})
        assert seen(over(path).sweep(FULL)).codes == codes([1])


@pytest.mark.parametrize("size", [4, 30, 2000, 5000])
def test_a_file_that_breaks_off(tmp_path: Path, size: int) -> None:
    table(tmp_path, [HEAD, *(row(number) for number in range(1, 100))])
    path = tmp_path / "ho-so.xlsx"
    path.write_bytes(path.read_bytes()[:size])
    refused(path, "xlsx")


def test_another_kind_of_zip_is_no_workbook(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with ZipFile(path, "w") as made:
        made.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    refused(path, "không phải tệp .xlsx")


def test_warnings_of_the_library_are_not_ours(tmp_path: Path) -> None:
    """A number far beyond the calendar in a cell formatted as a date: the library warns, we set the row aside."""
    made = book([HEAD, row(1), row(2)])
    made.active["E3"] = 9_999_999
    made.active["E3"].number_format = "dd/mm/yyyy"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = read(tmp_path, made)
    assert (result.codes, len(result.bad)) == (codes([1]), 1)
