"""Old Excel files and OpenDocument sheets against connectors.md §11: real files, as offices keep them."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from connectors.base import UnexpectedAnswer
from connectors.spreadsheet.reader import BROKEN, SheetRefused, printed_rows
from monitor.domain.dossier import Status
from tests.conformance.harness import Seen, codes, seen
from tests.conformance.test_spreadsheet import FULL, TableConformance
from tests.conformance.test_workbook import HEAD, PROMISED, Cells, book, over, refused, row

DAY = xlwt.easyxf(num_format_str="dd/mm/yyyy hh:mm")


def xls(path: Path, rows: Iterable[Cells], sheet: str = "Hồ sơ") -> Path:
    book = xlwt.Workbook()
    made = book.add_sheet(sheet)
    for r, cells in enumerate(rows):
        for c, cell in enumerate(cells):
            if isinstance(cell, datetime):
                made.write(r, c, cell, DAY)
            elif cell is not None:
                made.write(r, c, cell)
    book.save(str(path))
    return path


def ods(path: Path, rows: Iterable[Cells], sheet: str = "Hồ sơ") -> Path:
    book = OpenDocumentSpreadsheet()
    made = Table(name=sheet)
    for cells in rows:
        line = TableRow()
        for cell in cells:
            line.addElement(_ods_cell(cell))
        made.addElement(line)
    book.spreadsheet.addElement(made)
    book.save(str(path))
    return path


def _ods_cell(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return TableCell(valuetype="date", datevalue=cell.isoformat())
    if isinstance(cell, int | float):
        return TableCell(valuetype="float", value=cell)
    made = TableCell(valuetype="string") if cell is not None else TableCell()
    if cell is not None:
        made.addElement(P(text=cell))
    return made


@pytest.fixture(params=[xls, ods], ids=["xls", "ods"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Seen]:
    """Writes a file of the kind and reads it all. Its name says nothing: what it is, its bytes say."""

    def read_rows(rows: Iterable[Cells], **extra: Any) -> Seen:
        return seen(over(request.param(tmp_path / "ho-so.dat", rows), **extra).sweep(FULL))

    return read_rows


def test_reads_a_table_with_a_title_above_it(read: Callable[..., Seen]) -> None:
    finished = datetime(2025, 11, 7, 16)
    one, two = read([("BẢNG THEO DÕI HỒ SƠ",), (None,), HEAD, row(1), row(2, finished=finished)]).records
    assert (one.code, one.status, one.applicant.name) == (codes([1])[0], Status.PROCESSING, "Nguyễn Văn Mẫu")
    assert one.received_at == datetime(2025, 11, 3, 1, 15, tzinfo=UTC)
    assert (one.promised_at, one.promised_date_only) == (datetime(2025, 11, 9, 17, tzinfo=UTC), True)
    assert (two.status, two.finished_at) == (Status.READY, datetime(2025, 11, 7, 9, tzinfo=UTC))


@pytest.mark.parametrize("promised", [PROMISED, 45971, "10/11/2025", "2025-11-10"])
def test_25_every_way_a_table_says_the_tenth_of_november(read: Callable[..., Seen], promised: object) -> None:
    assert read([HEAD, row(1, promised)]).only.promised_at == datetime(2025, 11, 9, 17, tzinfo=UTC)


def test_31_a_promise_that_cannot_be_read_sets_its_row_aside(read: Callable[..., Seen]) -> None:
    result = read([HEAD, row(1), row(2, "tuần sau"), row(3)])
    assert result.codes == codes([1, 3])
    assert [bad.field for bad in result.bad] == ["Ngày hẹn trả"]


def test_a_heading_repeated_on_every_page_and_a_code_that_is_a_number(read: Callable[..., Seen]) -> None:
    numbered = (1, 17, *row(1)[2:])
    assert read([HEAD, numbered, HEAD, row(2)]).codes == ["17", *codes([2])]


def test_a_heading_or_a_sheet_that_is_missing_is_named(read: Callable[..., Seen]) -> None:
    with pytest.raises(UnexpectedAnswer, match="Ngày hẹn trả"):
        read([HEAD[:4], row(1)[:4]])
    with pytest.raises(UnexpectedAnswer, match="trang tính Khác"):
        read([HEAD, row(1)], sheet="Khác")


def test_many_rows_and_a_reading_that_is_given_up(tmp_path: Path) -> None:
    path = xls(tmp_path / "a.xls", [HEAD, *(row(number) for number in range(1, 1500))])
    pages = over(path, page_rows=100).sweep(FULL)
    assert len(next(pages).records) == 100
    pages.close()  # the other process is not left behind
    assert len(seen(over(path).sweep(FULL)).records) == 1499


def test_a_heading_of_two_rows_with_merged_cells(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("A")
    sheet.write_merge(0, 0, 3, 4, "Thời hạn")
    for c, heading in enumerate(["STT", "Số hồ sơ", "Chủ hồ sơ", "Ngày nhận", "Ngày hẹn trả", "Ngày có kết quả"]):
        sheet.write(0 if c < 3 else 1, c, heading)
    for c, cell in enumerate(row(1)):
        if cell is not None:
            sheet.write(2, c, cell, DAY if isinstance(cell, datetime) else xlwt.Style.default_style)
    path = tmp_path / "a.xls"
    book.save(str(path))
    assert seen(over(path).sweep(FULL)).codes == codes([1])


# --- as nobody should open them


def test_a_cell_at_the_end_of_the_world_is_refused(tmp_path: Path) -> None:
    far = [HEAD, row(1)]
    path = xls(tmp_path / "a.xls", far)
    book = xlwt.Workbook()
    for number in range(40):  # each sheet is one dense block of sixteen million cells
        sheet = book.add_sheet(f"S{number}")
        sheet.write(0, 0, "x")
        sheet.write(65_535, 255, "x")
    book.save(str(path))
    refused(path, "bị hỏng|quá nhiều ô")


def test_rows_repeated_without_end_are_refused(tmp_path: Path) -> None:
    path = ods(tmp_path / "a.ods", [HEAD, row(1)])
    with ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    content = members["content.xml"].decode()
    bomb = (
        '<table:table-row table:number-rows-repeated="1000000"><table:table-cell table:number-columns-repeated="16000"'
        ' office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row></table:table>'
    )
    members["content.xml"] = content.replace("</table:table>", bomb).encode()
    with ZipFile(path, "w", ZIP_DEFLATED) as new:
        for name, data in members.items():
            new.writestr(name, data)
    refused(path, "bị hỏng|quá nhiều ô")


def test_an_archive_bomb_and_a_document_type_are_refused_before_anything_opens_them(tmp_path: Path) -> None:
    path = ods(tmp_path / "a.ods", [HEAD, row(1)])
    with ZipFile(path, "a", ZIP_DEFLATED) as archive:
        archive.writestr("Pictures/x.xml", b"<a>" + b" " * 30_000_000)
    refused(path, "nén quá chặt|lớn hơn")
    path = ods(tmp_path / "b.ods", [HEAD, row(1)])
    with ZipFile(path, "a", ZIP_DEFLATED) as archive:
        archive.writestr("meta2.xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>')
    refused(path, "khai báo XML")


@pytest.mark.parametrize("size", [4, 100, 1000, 4000])
def test_a_file_that_breaks_off(tmp_path: Path, size: int) -> None:
    whole = xls(tmp_path / "a.xls", [HEAD, row(1)]).read_bytes()
    path = tmp_path / "b.xls"
    path.write_bytes(whole[:size])
    refused(path, "bị hỏng")


def test_the_reader_says_by_its_exit_code_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(SheetRefused) as caught:
        list(printed_rows(str(tmp_path / "none.xls"), ""))
    assert caught.value.code == BROKEN


def test_a_reader_that_waits_for_itself_for_ever_is_ended() -> None:
    """Found by the fuzzers: the library panicked, and had no memory left to say so."""
    script = (
        "import threading; from connectors.spreadsheet import reader; reader._STALLED_S = 0.05; "
        "reader.printed_rows = lambda *_: iter(threading.Event().wait, None); reader.main('a.xls')"
    )
    ended = subprocess.run([sys.executable, "-c", script], check=False, timeout=60)
    assert ended.returncode == -signal.SIGALRM


# --- the suite of all kinds


class TestOldWorkbook(TableConformance):
    def write(self, path: Path, rows: list[list[str]]) -> None:
        xls(path, map(tuple, rows))


class TestOpenDocument(TableConformance):
    def write(self, path: Path, rows: list[list[str]]) -> None:
        ods(path, map(tuple, rows))


class TestWorkbook(TableConformance):
    def write(self, path: Path, rows: list[list[str]]) -> None:
        book(map(tuple, rows)).save(path)


# --- files that LibreOffice wrote

LIBREOFFICE = Path(__file__).parent.parent / "samples" / "libreoffice"


def as_libreoffice_wrote_it(path: Path) -> None:
    result = seen(over(path).sweep(FULL))
    assert result.codes == codes([1, 2])
    assert result.records[0].promised_at == datetime(2025, 11, 9, 17, tzinfo=UTC)
    assert (result.records[1].status, result.records[1].finished_at) == (
        Status.READY,
        datetime(2025, 11, 7, 9, tzinfo=UTC),
    )
    assert [bad.field for bad in result.bad] == ["Ngày hẹn trả"]


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_a_file_that_libreoffice_wrote(kind: str) -> None:
    as_libreoffice_wrote_it(LIBREOFFICE / f"ho-so.{kind}")


def test_a_file_that_libreoffice_writes_now(tmp_path: Path) -> None:
    soffice = shutil.which("soffice")
    if soffice is None or shutil.which("localc") is None:  # Writer alone writes no workbook
        pytest.skip("LibreOffice is missing: apt-get install --no-install-recommends libreoffice-calc")
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [soffice, "--headless", profile, "--infilter=CSV:44,34,76,1", "--convert-to", "xlsx", "--outdir"]
    subprocess.run(
        [*command, str(tmp_path), str(LIBREOFFICE / "ho-so.csv")], check=True, timeout=120, capture_output=True
    )
    as_libreoffice_wrote_it(tmp_path / "ho-so.xlsx")
