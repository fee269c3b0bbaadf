"""Tables in files against connectors.md §11: real files, as offices export and mistreat them."""

import csv
import os
import tomllib
import unicodedata
from abc import abstractmethod
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from connectors.base import (
    AccessRefused,
    Capability,
    Connector,
    Reach,
    SourceUnavailable,
    Sweep,
    UnexpectedAnswer,
)
from connectors.spreadsheet.connector import build
from connectors.spreadsheet.settings import SpreadsheetSettings
from monitor.clock import FixedClock
from monitor.domain.dossier import Status
from tests.conformance.harness import NOW, Seen, codes, seen
from tests.conformance.records import RecordConformance

FULL = Sweep(Reach.FULL, NOW)
COLUMNS = {
    "code": "Số hồ sơ",
    "received_at": "Ngày nhận",
    "promised_at": "Ngày hẹn trả",
    "finished_at": "Ngày có kết quả",
    "applicant_name": "Chủ hồ sơ",
}
HEAD = "STT;Số hồ sơ;Chủ hồ sơ;Ngày nhận;Ngày hẹn trả;Ngày có kết quả\r\n"


def line(number: int, promised: str = "10/11/2025", finished: str = "", name: str = "Nguyễn Văn Mẫu") -> str:
    return f"{number};H99.14-251103-{number:04d};{name};03/11/2025 08:15;{promised};{finished}\r\n"


def table(tmp_path: Path, text: str | bytes, **extra: Any) -> Connector:
    path = tmp_path / "ho-so.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8-sig"))
    keys: dict[str, Any] = {
        "name": "bang", "kind": "spreadsheet", "role": "one_stop", "path": path, "columns": COLUMNS,
    }  # fmt: skip
    return build(SpreadsheetSettings(**{**keys, **extra}), FixedClock(NOW))


def read(tmp_path: Path, text: str | bytes, **extra: Any) -> Seen:
    return seen(table(tmp_path, text, **extra).sweep(FULL))


WIRE = {
    "code": "Số hồ sơ",
    "promised_at": "Ngày hẹn trả",
    "received_at": "Ngày nhận",
    "status": "Trạng thái",
    "name": "Chủ hồ sơ",
}


class TableConformance(RecordConformance):
    """The suite of all kinds, over a table that a subclass writes in its own kind of file."""

    wire: ClassVar[dict[str, str]] = WIRE
    folder: Path

    @pytest.fixture(autouse=True)
    def _in_a_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @abstractmethod
    def write(self, path: Path, rows: list[list[str]]) -> None:
        """A file with these rows of text, the heading first."""

    def row(self, number: int, **facts: Any) -> dict[str, Any]:
        plain = {
            "Số hồ sơ": f"H99.14-251103-{number:04d}",
            "Chủ hồ sơ": "Nguyễn Văn Mẫu",
            "Ngày nhận": "03/11/2025 08:15:00",
            "Ngày hẹn trả": "10/11/2025 08:15:00",
            "Trạng thái": "đang xử lý",
        }
        return {**plain, **facts}

    def read_rows(self, rows: list[Any], **extra: Any) -> Seen:
        names = list(dict.fromkeys([*self.row(1), *(name for row in rows for name in row)]))
        cells = [["" if row.get(name) is None else str(row[name]) for name in names] for row in rows]
        path = self.folder / "ho-so.bin"
        self.write(path, [names, *cells])
        columns = {"applicant_name" if name == "name" else name: heading for name, heading in WIRE.items()}
        keys: dict[str, Any] = {
            "name": "bang", "kind": "spreadsheet", "role": "one_stop", "path": path, "columns": columns,
        }  # fmt: skip
        return seen(build(SpreadsheetSettings(**{**keys, **extra}), FixedClock(NOW)).sweep(FULL))


class TestTextTable(TableConformance):
    def write(self, path: Path, rows: list[list[str]]) -> None:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file, delimiter=";").writerows(rows)


def test_reads_a_table_with_a_title_above_it(tmp_path: Path) -> None:
    text = "BẢNG THEO DÕI HỒ SƠ\r\n\r\nTừ ngày 1/11/2025\r\n" + HEAD + line(1) + line(2, finished="07/11/2025 16:00")
    one, two = read(tmp_path, text).records
    assert (one.code, one.status, one.applicant.name) == (codes([1])[0], Status.PROCESSING, "Nguyễn Văn Mẫu")
    assert one.received_at == datetime(2025, 11, 3, 1, 15, tzinfo=UTC)
    assert (one.promised_at, one.promised_date_only) == (datetime(2025, 11, 9, 17, tzinfo=UTC), True)
    assert (two.status, two.finished_at) == (Status.READY, datetime(2025, 11, 7, 9, tzinfo=UTC))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_08_with_and_without_bom(tmp_path: Path, encoding: str) -> None:
    assert read(tmp_path, (HEAD + line(1)).encode(encoding), encoding="utf-8-sig").codes == codes([1])


def test_08_cp1258_of_old_programs(tmp_path: Path) -> None:
    """cp1258 writes letter and tone apart; the record has them composed."""
    decomposed = "Lê Thị Hoa\u0300"
    text = "Ma;Ho ten\r\nA-1;" + decomposed + "\r\n"
    columns = {"code": "Ma", "applicant_name": "Ho ten"}
    raw = text.replace("ị", "i\u0323").encode("cp1258")
    record = read(tmp_path, raw, encoding="cp1258", columns=columns).only
    assert record.applicant.name == "Lê Thị Hoà"


def test_08_another_charset_than_declared_sets_rows_aside_not_the_file(tmp_path: Path) -> None:
    columns = {"code": "Ma", "applicant_name": "Ten"}
    raw = b"Ma;Ten\r\nA-1;Tr\xe2n\r\nB\xe2-2;An\r\nC-3;An\r\n"
    result = read(tmp_path, raw, columns=columns)
    assert result.codes == ["A-1", "C-3"]
    assert result.records[0].applicant.name == "Tr\ufffdn"
    assert [(bad.field, bad.problem) for bad in result.bad] == [("Ma", "không phải UTF-8")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    assert read(tmp_path, (HEAD + line(1) + line(2)).replace(";", delimiter)).codes == codes([1, 2])


def test_quoted_cells_may_hold_delimiters_and_line_breaks(tmp_path: Path) -> None:
    name = '"CÔNG TY ""VÍ DỤ""; CHI NHÁNH\r\nTHỨ HAI"'
    assert read(tmp_path, HEAD + line(1, name=name) + line(2)).records[0].applicant.name == (
        'CÔNG TY "VÍ DỤ"; CHI NHÁNH THỨ HAI'
    )


@pytest.mark.parametrize("name", ['"Nguyễn Văn', 'Nguyễn "Bảy', 'Ngu"yễn'])
def test_a_quote_that_never_closes_costs_one_row(tmp_path: Path, name: str) -> None:
    text = HEAD + line(1) + line(2, name=name) + "".join(line(number) for number in range(3, 200))
    result = read(tmp_path, text)
    assert result.codes == codes([1, *range(3, 200)])
    assert [bad.field for bad in result.bad] == ["dòng 3"]


def test_two_quotes_that_slipped_cost_two_rows(tmp_path: Path) -> None:
    text = HEAD + line(1, name='"A') + line(2) + line(3, name='B"') + line(4)
    result = read(tmp_path, text)
    assert result.codes == codes([2, 4])
    assert len(result.bad) == 2
    neighbours = read(tmp_path, HEAD + line(1, name='"A') + line(2, name='B"') + line(3))
    assert neighbours.codes == codes([3])


@pytest.mark.parametrize("row", ["2;H99\r\n", "2;H99;a;b;c;d;e;f\r\n", "\x00\r\n"])
def test_53_rows_that_do_not_fit_the_heading(tmp_path: Path, row: str) -> None:
    result = read(tmp_path, HEAD + line(1) + row + line(3))
    assert result.codes == codes([1, 3])
    assert len(result.bad) == 1
    assert result.bad[0].raw == row.encode()


def test_empty_rows_and_an_empty_last_cell_do_not_matter(tmp_path: Path) -> None:
    text = HEAD + line(1).replace("\r\n", ";\r\n") + "\r\n;;;;;\r\n" + line(2) + "\r\n\r\n"
    result = read(tmp_path, text)
    assert (result.codes, result.bad) == (codes([1, 2]), [])


@pytest.mark.parametrize("broken", ["31/02/2025", "10/11/2025 abc", "11.10.2025", "mai", "10/11/2205"])
def test_25_31_a_promise_that_cannot_be_read(tmp_path: Path, broken: str) -> None:
    result = read(tmp_path, HEAD + line(1) + line(2, promised=broken) + line(3))
    assert result.codes == codes([1, 3])
    assert [(bad.key, bad.field) for bad in result.bad] == [(codes([2])[0], "Ngày hẹn trả")]
    assert broken not in result.bad[0].problem


def test_26_both_readings_of_a_date_are_no_setting() -> None:
    keys = {"name": "a", "kind": "spreadsheet", "role": "one_stop", "path": "a.csv", "columns": {"code": "A"}}
    with pytest.raises(ValidationError, match="both ways"):
        SpreadsheetSettings(**keys, date_formats=("%d/%m/%Y", "%m/%d/%Y"))  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="both ways"):
        SpreadsheetSettings(**keys, field_dates={"promised_at": ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M")})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": {"code": "A", "ngay": "B"}},
        {"columns": {"received_at": "A"}},
        {"date_formats": ("%d/%m",)},
        {"date_formats": ()},
        {"encoding": "utf-99"},
        {"field_dates": {"code": ("iso",)}},
        {"status_map": {"x": "late"}},
        {"delimiter": ";;"},
    ],
)
def test_settings_that_mean_nothing_are_mistakes(wrong: dict[str, Any]) -> None:
    keys = {"name": "a", "kind": "spreadsheet", "role": "one_stop", "path": "a.csv", "columns": {"code": "A"}}
    with pytest.raises(ValidationError):
        SpreadsheetSettings(**{**keys, **wrong})


def test_32_no_promise_is_legal(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + line(1, promised="")).only.promised_at is None


def test_40_states_in_words_and_by_map(tmp_path: Path) -> None:
    columns = {"code": "Ma", "status": "Tinh trang"}
    text = "Ma,Tinh trang\nA,Đang xử lý\nB,Đã trả kết quả.\nC,đóng\nD,gì đó\nE,\n"
    found = read(tmp_path, text, columns=columns, status_map={"Đóng": "returned"}).records
    assert [record.status for record in found] == [
        Status.PROCESSING, Status.RETURNED, Status.RETURNED, Status.UNKNOWN, Status.UNKNOWN,
    ]  # fmt: skip


def test_45_the_second_row_of_a_code_is_set_aside(tmp_path: Path) -> None:
    result = read(tmp_path, HEAD + line(1) + line(1, finished="07/11/2025"))
    assert result.only.status is Status.PROCESSING
    assert "đã có" in result.bad[0].problem


def test_a_missing_or_doubled_heading_stops_the_reading(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedAnswer, match="Ngày hẹn trả"):
        read(tmp_path, HEAD.replace("Ngày hẹn trả", "Hẹn") + line(1))
    with pytest.raises(UnexpectedAnswer, match="nhiều lần: Ngày nhận"):
        read(tmp_path, HEAD.replace("STT", "Ngày nhận") + line(1))
    with pytest.raises(UnexpectedAnswer, match="Số hồ sơ"):
        read(tmp_path, "")


def test_headings_compare_without_case_and_spacing(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD.upper().replace("NGÀY HẸN", "  NGÀY   HẸN") + line(1)).codes == codes([1])


@pytest.mark.parametrize(
    ("head", "kind"), [(b"PK\x03\x04", "xlsx"), (b"\xd0\xcf\x11\xe0", "hỏng"), (b"%PDF-1.7", "PDF")]
)
def test_06_another_kind_of_file_is_named(tmp_path: Path, head: bytes, kind: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=kind):
        read(tmp_path, head + b"\x00" * 100)


def test_a_file_that_is_not_there_comes_later(tmp_path: Path) -> None:
    connector = table(tmp_path, HEAD)
    (tmp_path / "ho-so.csv").unlink()
    with pytest.raises(SourceUnavailable, match=r"ho-so\.csv"):
        seen(connector.sweep(FULL))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_we_may_not_read(tmp_path: Path) -> None:
    connector = table(tmp_path, HEAD)
    (tmp_path / "ho-so.csv").chmod(0)
    with pytest.raises(AccessRefused):
        seen(connector.sweep(FULL))


def test_a_file_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedAnswer, match="lớn hơn"):
        read(tmp_path, HEAD + line(1), max_bytes=50)
    with pytest.raises(UnexpectedAnswer, match="dài quá"):
        read(tmp_path, HEAD + "x" * 1_000_001)


def test_a_file_replaced_while_it_is_read_is_read_again_later(tmp_path: Path) -> None:
    connector = table(tmp_path, HEAD + "".join(line(number) for number in range(1, 10)), page_rows=3)
    pages = connector.sweep(FULL)
    next(pages)
    (tmp_path / "ho-so.csv").write_text(HEAD + line(1), "utf-8")
    with pytest.raises(SourceUnavailable, match="thay đổi"):
        list(pages)


def test_a_crash_goes_on_where_it_stood_in_the_same_file(tmp_path: Path) -> None:
    text = HEAD + "".join(line(number) for number in range(1, 11)) + line(2)
    connector = table(tmp_path, text, page_rows=3)
    pages = list(connector.sweep(FULL))
    for stop, page in enumerate(pages):
        assert list(connector.sweep(Sweep(Reach.FULL, NOW, None, page.resume))) == pages[stop + 1 :]
    replaced = table(tmp_path, text + line(11), page_rows=3)
    assert len(seen(replaced.sweep(Sweep(Reach.FULL, NOW, None, pages[1].resume))).records) == 11


def test_lookup_and_probe(tmp_path: Path) -> None:
    connector = table(tmp_path, HEAD + "".join(line(number) for number in range(1, 40)))
    assert seen(connector.lookup(["h99.14–251103-0007", "X"])).codes == codes([7])
    assert connector.probe().rows_seen == 20
    assert connector.capabilities == {Capability.LIST, Capability.LOOKUP, Capability.FINISH_INSTANT, Capability.FILE}


def test_extension_only_when_later(tmp_path: Path) -> None:
    columns = {"code": "Ma", "promised_at": "Hen", "extended_at": "Hen lai"}
    text = "Ma,Hen,Hen lai\nA,10/11/2025,14/11/2025\nB,10/11/2025,09/11/2025\nC,,14/11/2025\n"
    extended = [record.extended_at for record in read(tmp_path, text, columns=columns).records]
    assert extended == [datetime(2025, 11, 13, 17, tzinfo=UTC), None, None]


def test_two_formats_of_date_in_one_row(tmp_path: Path) -> None:
    columns = {"code": "Ma", "received_at": "Nhan", "promised_at": "Hen"}
    text = "Ma,Nhan,Hen\nA,11/03/2025,2025-11-10T08:15:00+0700\n"
    record = read(tmp_path, text, columns=columns, field_dates={"received_at": ["%m/%d/%Y"]}).only
    assert record.received_at == datetime(2025, 11, 2, 17, tzinfo=UTC)
    assert record.promised_at == datetime(2025, 11, 10, 1, 15, tzinfo=UTC)


@pytest.mark.shared_data
def test_732_real_dossiers(shared_data: Path) -> None:
    settings = SpreadsheetSettings(
        name="permits",
        kind="spreadsheet",
        role="one_stop",
        timezone="Europe/Amsterdam",
        path=shared_data / "permits-2010-2012" / "dossiers.csv",
        columns={
            "code": "code",
            "channel": "channel",
            "received_at": "received_at",
            "promised_at": "deadline_at",
            "finished_at": "ended_at",
            "agency_code": "department",
            "officer": "responsible",
        },
    )
    result = seen(build(settings, FixedClock(NOW)).sweep(FULL))
    assert (len(result.records), len(result.bad)) == (732, 0)
    late = [r for r in result.records if r.finished_at and r.promised_at and r.finished_at > r.promised_at]
    assert len(late) == 183


# --- columns nobody named yet, folders, encodings


@pytest.mark.parametrize(
    ("head", "columns"),
    [
        (
            "STT;Mã hồ sơ;Chủ hồ sơ;Ngày tiếp nhận;Ngày hẹn trả;Ngày trả kết quả;Trạng thái",
            {
                "code": "Mã hồ sơ",
                "received_at": "Ngày tiếp nhận",
                "promised_at": "Ngày hẹn trả",
                "returned_at": "Ngày trả kết quả",
                "status": "Trạng thái",
                "applicant_name": "Chủ hồ sơ",
            },
        ),
        ("SỐ HỒ SƠ;HỌ TÊN;NGÀY NHẬN;HẸN TRẢ", {"code": "SỐ HỒ SƠ", "received_at": "NGÀY NHẬN", "promised_at": "HẸN TRẢ", "applicant_name": "HỌ TÊN"}),
        ("a;b;c", {}),
    ],
)  # fmt: skip
def test_columns_are_guessed_for_a_person_to_confirm_and_nothing_is_read_before(
    tmp_path: Path, head: str, columns: dict[str, str]
) -> None:
    cells = (
        "1;H99.14-251103-0001;x;03/11/2025;10/11/2025;;đang xử lý"
        if head.startswith("STT")
        else "1;x;03/11/2025;10/11/2025"
    )
    text = f"BẢNG THEO DÕI\r\n\r\n{head}\r\n{cells}\r\n"
    connector = table(tmp_path, text, columns={})
    with pytest.raises(UnexpectedAnswer, match="dunghen check"):
        seen(connector.sweep(FULL))
    if not columns:
        with pytest.raises(UnexpectedAnswer, match="không đoán được"):
            connector.probe()
        return
    said = connector.probe().details["columns"]
    written = tomllib.loads(said)["columns"]
    assert written == columns
    assert read(tmp_path, text, columns=written).codes == (codes([1]) if head.startswith("STT") else ["1"])


def test_a_heading_that_is_missing_is_answered_with_what_the_file_has(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedAnswer, match="có thể là: columns = "):
        table(tmp_path, "Mã hồ sơ;Ngày nhận;Hẹn trả\r\nA;03/11/2025;\r\n").probe()


def cp1258(text: str) -> bytes:
    """As an old Windows program writes Vietnamese: the letter with its hat, then the tone by itself."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    out = ""
    for letter in unicodedata.normalize("NFC", text):
        marks = unicodedata.normalize("NFD", letter)
        hat = unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in tones))
        out += hat + "".join(mark for mark in marks if mark in tones)
    return out.encode("cp1258")


def test_08_an_encoding_that_is_not_the_declared_one_is_guessed_too(tmp_path: Path) -> None:
    text = "Mã hồ sơ;Ngày nhận;Hẹn trả;Chủ hồ sơ\r\nA-1;03/11/2025;10/11/2025;Lê Thị Hoà\r\n"
    raw = cp1258(text)
    details = table(tmp_path, raw, columns={}).probe().details
    assert details["encoding"] == "cp1258"
    columns = tomllib.loads(details["columns"])["columns"]
    record = read(tmp_path, raw, columns=columns, encoding=details["encoding"]).only
    assert (record.code, record.applicant.name) == ("A-1", "Lê Thị Hoà")


def test_08_a_mark_of_utf_16_is_believed(tmp_path: Path) -> None:
    assert read(tmp_path, (HEAD + line(1)).encode("utf-16")).codes == codes([1])


def test_a_folder_is_read_by_its_newest_whole_table(tmp_path: Path) -> None:
    folder = tmp_path / "tha-vao"
    folder.mkdir()
    connector = table(tmp_path, HEAD, path=folder)
    with pytest.raises(SourceUnavailable, match="chưa có tệp"):
        seen(connector.sweep(FULL))
    old = NOW.timestamp() - 3600
    for n, name in enumerate(["tuần 1.csv", "tuần 2.csv", ".ẩn.csv", "~$khóa.xlsx", "ghi-chú.docx", "rỗng.csv"]):
        (folder / name).write_text("" if name == "rỗng.csv" else HEAD + line(n + 1), "utf-8")
        os.utime(folder / name, (old + n, old + n))
    assert seen(connector.sweep(FULL)).codes == codes([2])
    (folder / "tuần 3.csv").write_text(HEAD + line(7), "utf-8")
    os.utime(folder / "tuần 3.csv", (NOW.timestamp() - 1,) * 2)
    with pytest.raises(SourceUnavailable, match="đang được chép"):
        seen(connector.sweep(FULL))
