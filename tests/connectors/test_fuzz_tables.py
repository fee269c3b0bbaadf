"""The same of tables, in files and in databases: whatever is in them, however they are bent (`test_fuzz.py`)."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZipFile

from hypothesis import given
from hypothesis import strategies as st

from connectors.archive import check_archive
from connectors.base import SourceError
from connectors.kit.fields import read_rows
from connectors.kit.table import TableMapping
from connectors.spreadsheet.connector import build as build_spreadsheet
from connectors.spreadsheet.foreign import parsed
from connectors.spreadsheet.reader import SheetRefused, printed_rows
from connectors.spreadsheet.settings import SpreadsheetSettings
from connectors.spreadsheet.workbook import lines_of
from connectors.sql.wire import plain
from monitor.clock import FixedClock
from tests.apart import each_apart
from tests.conformance import test_foreign_books as foreign
from tests.conformance import test_workbook as workbook
from tests.conformance.harness import NOW, seen
from tests.conformance.test_spreadsheet import COLUMNS, FULL, HEAD, line
from tests.conformance.test_sql import made as sql_settings
from tests.connectors.quick_book import QuickBook, with_members
from tests.connectors.wild import DAY_FIRST, JSON, beside, stays_itself
from tests.mutants import CHANCE, SEEDS, data, rows_like, swapped_words, texts_like, value, variants
from tests.peers import database as sql

SPREADSHEET = SpreadsheetSettings(name="b", kind="spreadsheet", role="one_stop", path=Path("a.xls"), columns=COLUMNS)
TABLE = TableMapping(SPREADSHEET, "Asia/Ho_Chi_Minh")
SQL = TableMapping(sql_settings("sqlite://"), "Asia/Ho_Chi_Minh")


@SEEDS
@given(st.lists(st.text(max_size=40) | st.sampled_from(['"', ";", '";"', "\r", line(3)]), max_size=6), CHANCE)
def test_spreadsheet_lines(tmp_path: Path, seed: list[str], chance: int) -> None:
    """Lines without a quote can hurt nobody else; with quotes, at most what the quotes enclose is set aside."""
    path = tmp_path / "a.csv"
    connector = build_spreadsheet(SPREADSHEET.model_copy(update={"path": path}), FixedClock(NOW))
    for number, wild in enumerate(variants(seed, chance, texts_like((line(3).strip(), '"', ";;", '";"')))):
        is_calm = number % 2 == 0
        lines = [said.replace('"', "") for said in wild] if is_calm else wild
        told = HEAD + line(1) + "\r\n".join(lines) + "\r\n" + line(2)
        path.write_bytes(told.encode("utf-8", "surrogatepass"))
        result = seen(connector.sweep(FULL))
        assert "H99.14-251103-0001" in result.codes
        assert all(stays_itself(record) for record in result.records)
        if is_calm:
            assert "H99.14-251103-0002" in result.codes


@SEEDS
@given(st.binary(max_size=300), CHANCE)
def test_spreadsheet_bytes(tmp_path: Path, seed: bytes, chance: int) -> None:
    path = tmp_path / "a.csv"
    keys: dict[str, Any] = {"name": "b", "kind": "spreadsheet", "role": "one_stop", "path": path}
    table, encoding = HEAD + line(1) + line(2), ("utf-8-sig", "cp1258", "utf-16")[chance % 3]
    is_table = chance % 2 == 0
    columns = COLUMNS if is_table else {"code": "A"}
    connector = build_spreadsheet(SpreadsheetSettings(**keys, columns=columns, encoding=encoding), FixedClock(NOW))
    whole = table.encode("utf-16" if encoding == "utf-16" else "utf-8") if is_table else b"A\r\n" + seed
    for content in variants(whole, chance, data((b";", b'"', b"\r", b"\n", b"\x00", b"\xff\xfe", b"PK\x03\x04"))):
        path.write_bytes(content)
        with suppress(SourceError):
            assert all(stays_itself(record) for record in seen(connector.sweep(FULL)).records)


CELL = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20).filter(
        lambda text: not text.startswith("=")
    )
    | st.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 31))
    | st.sampled_from(["#REF!", *workbook.HEAD])
)


def cells_like(like: Sequence[Any]) -> Callable[[list[list[Any]], Random], list[list[Any]]]:
    """A change to the rows of a sheet: what a cell cannot hold becomes text."""

    def change(rows: list[list[Any]], draw: Random) -> list[list[Any]]:
        if len(rows) < 4 and draw.random() < (0.3 if rows else 1):
            rows = [*rows, list(like)]
        at = draw.randrange(len(rows))
        cells = value(rows[at], draw)
        changed = [_cell(cell) for cell in cells] if isinstance(cells, list) else [_cell(cells)]
        return [*rows[:at], changed, *rows[at + 1 :]]

    return change


def _cell(cell: Any) -> Any:
    if cell is None or isinstance(cell, bool | int | datetime) or (isinstance(cell, float) and abs(cell) < 1e300):
        return cell
    kept = "".join(letter for letter in str(cell) if letter.isprintable() and not "\ud800" <= letter <= "\udfff")
    return kept.lstrip("=")


ROWS = st.lists(st.lists(CELL, max_size=7), max_size=4)


@SEEDS
@given(ROWS, CHANCE)
def test_workbook_rows(tmp_path: Path, seed: list[list[Any]], chance: int) -> None:
    """Whatever stands in the cells of a row hurts no other row."""
    quick, connector = QuickBook.beside(tmp_path), workbook.over(tmp_path / "ho-so.xlsx")
    for number, wild in enumerate(variants(seed, chance, cells_like(workbook.row(3)))):
        rows = [workbook.HEAD, workbook.row(1), *map(tuple, wild), workbook.row(2)]
        if number == 0:
            workbook.table(tmp_path, rows)
        else:
            quick.save(tmp_path / "ho-so.xlsx", rows)
        result = seen(connector.sweep(FULL))
        assert {"H99.14-251103-0001", "H99.14-251103-0002"} <= set(result.codes)
        assert all(stays_itself(record) for record in result.records)


FLIPS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=5)
CELL_WORDS = (
    b"<c>",
    b"</c>",
    b"<v>",
    b"</row>",
    b't="s"',
    b't="e"',
    b't="d"',
    b"1e999",
    b"-1",
    b"&x;",
    b"<![CDATA[",
    b'r="XFD1"',
)


def flipped(content: bytes, flips: Sequence[tuple[int, int]]) -> bytes:
    spoilt = bytearray(content)
    for place, byte in flips:
        spoilt[place % len(spoilt)] = byte
    return bytes(spoilt)


@SEEDS
@given(FLIPS, st.booleans(), CHANCE)
def test_workbook_bytes(tmp_path: Path, flips: list[tuple[int, int]], inside: bool, chance: int) -> None:
    """A workbook with a few bytes changed, in the zip or in its sheet: rows or a named error."""
    path, member = tmp_path / "ho-so.xlsx", "xl/worksheets/sheet1.xml"
    good, connector = QuickBook.beside(tmp_path), workbook.over(path)
    whole = good.members[member] if inside else good.whole
    for content in variants(flipped(whole, flips), chance, data(CELL_WORDS if inside else ())):
        path.write_bytes(with_members(good.members | {member: content}) if inside else content)
        with suppress(SourceError):
            assert all(stays_itself(record) for record in seen(connector.sweep(FULL)).records)


@SEEDS
@given(st.binary(max_size=300), FLIPS, CHANCE)
def test_old_workbook_bytes(tmp_path: Path, junk: bytes, flips: list[tuple[int, int]], chance: int) -> None:
    """An .xls with bytes changed, or anything at all called one: rows or a code that says why not."""
    path, good = tmp_path / "a.xls", tmp_path / "good.xls"
    if not good.exists():
        foreign.xls(good, [workbook.HEAD, workbook.row(1)])
    whole = junk if chance % 10 == 0 else flipped(good.read_bytes(), flips)

    def read_or_refused(content: bytes) -> None:
        path.write_bytes(content)
        with suppress(SheetRefused):
            assert all(isinstance(parsed(line)[0], int) for line in printed_rows(str(path), ""))

    each_apart(read_or_refused, list(variants(whole, chance, data())))


ODS_CUTS = (
    (b"<table:table-cell", b"<table:table-cell table:number-columns-repeated='3'"),
    (b"float", b"percentage"),
    (b"office:value=", b"office:date-value="),
    (b"</table:table-row>", b""),
    (b'"string"', b'"time"'),
    (b"<text:p>", b"<text:p><text:s text:c='4'/>"),
    (b"</table:table-cell>", b"<text:p>\xff</text:p></table:table-cell>"),
)


@SEEDS
@given(st.binary(max_size=300), FLIPS, st.booleans(), CHANCE)
def test_open_document_bytes(
    tmp_path: Path, junk: bytes, flips: list[tuple[int, int]], inside: bool, chance: int
) -> None:
    """An .ods with bytes changed in the zip or in its content, its tags bent, or anything at all called one: rows that
    keep what they say, or a named refusal of the archive or of what is in it."""
    path, good, member = tmp_path / "a.ods", tmp_path / "good.ods", "content.xml"
    if not good.exists():
        foreign.ods(good, [workbook.HEAD, workbook.row(1), workbook.row(2)])
    with ZipFile(good) as made:
        members = {name: made.read(name) for name in made.namelist()}
    whole = members[member] if inside else junk if chance % 20 == 0 else good.read_bytes()
    change = swapped_words(ODS_CUTS) if inside else data()

    def read_or_refused(content: bytes) -> None:
        path.write_bytes(with_members(members | {member: content}) if inside else content)
        _open_document_is_read_or_refused(path)

    each_apart(read_or_refused, list(variants(flipped(whole, flips) if whole else whole, chance, change)))


def _open_document_is_read_or_refused(path: Path) -> None:
    with suppress(SourceError, SheetRefused), path.open("rb") as file:
        check_archive(file, path.name, 50_000_000, open_document=True)
        rows = map(parsed, printed_rows(str(path), ""))
        lines = list(lines_of(iter(rows), SPREADSHEET, datetime(1899, 12, 30)))
        records, _, _ = read_rows([line.cells for line in lines], TABLE.record, TABLE.key_fields)
        assert all(stays_itself(record) for record in records)


@SEEDS
@given(ROWS, CHANCE)
def test_foreign_rows(seed: list[list[Any]], chance: int) -> None:
    """Whatever cells the other process prints hurt no other row."""
    for wild in variants(seed, chance, cells_like(workbook.row(3))):
        table = [workbook.HEAD, workbook.row(1), *wild, workbook.row(2)]
        rows = ((number, [None if cell == "" else cell for cell in cells]) for number, cells in enumerate(table, 1))
        lines = list(lines_of(iter(rows), SPREADSHEET, datetime(1899, 12, 30)))
        codes = {line.cells.get("Số hồ sơ") for line in lines}
        assert {"H99.14-251103-0001", "H99.14-251103-0002"} <= codes


SQL_VALUE = JSON | st.datetimes() | st.dates() | st.decimals() | st.uuids() | st.binary(max_size=8) | st.times()


@SEEDS
@given(st.lists(st.dictionaries(st.sampled_from(sorted(sql.row(1))), SQL_VALUE, min_size=1), max_size=4), CHANCE)
def test_sql_rows(seed: list[dict[str, Any]], chance: int) -> None:
    """Whatever types a view's columns have."""
    typed = [{**sql.row(number), **changes} for number, changes in enumerate(seed, 2)]
    stated = {"promised_at": (["hen"], ("iso", *DAY_FIRST)), "received_at": (["nhan"], ("iso", *DAY_FIRST))}
    for wild in variants(typed, chance, rows_like(sql.row(2))):
        rows = [{name: plain(held) for name, held in row.items()} if isinstance(row, dict) else row for row in wild]
        beside(rows, sql.row(99), chance, SQL.record, SQL.key_fields, stated)
