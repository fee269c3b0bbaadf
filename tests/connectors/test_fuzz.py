"""Whatever a source sends: no unhandled error, no record judged on guessed data, no good row lost beside a bad one.

Each test is one wire format or parser, with 200 examples in `make test` and 100,000 in `make proof`: seeds of
hypothesis, and around each of them the variants of `tests/mutants.py`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.archive import check_archive
from connectors.base import Answer, DossierRecord, SourceError
from connectors.canonical import canonical_json, record_from_json
from connectors.dvcqg.connector import build as build_dvcqg
from connectors.dvcqg.mapping import WIRE_FIELDS, DvcqgMapping
from connectors.dvcqg.settings import DvcqgSettings
from connectors.dvcqg.wire import rows_of
from connectors.igate.mapping import IgateMapping
from connectors.igate.settings import IgateSettings
from connectors.igate.wire import read_page
from connectors.kit.fields import read_rows
from connectors.kit.json import read_json
from connectors.kit.table import TableMapping
from connectors.kit.text import clean, normal_code, status_key
from connectors.opencps.mapping import OpencpsMapping
from connectors.opencps.settings import OpencpsSettings
from connectors.opencps.wire import read_list
from connectors.rest.connector import RestConnector
from connectors.rest.settings import RestSettings
from connectors.rest.wire import read_part
from connectors.spreadsheet.connector import build as build_spreadsheet
from connectors.spreadsheet.foreign import parsed
from connectors.spreadsheet.reader import SheetRefused, printed_rows
from connectors.spreadsheet.settings import SpreadsheetSettings
from connectors.spreadsheet.workbook import lines_of
from connectors.sql.wire import plain
from connectors.td.mapping import KEY_FIELDS as TD_KEYS
from connectors.td.mapping import TdMapping
from connectors.td.settings import TdSettings
from connectors.td.wire import read_page as read_td_page
from monitor.clock import FixedClock
from tests.apart import each_apart
from tests.conformance import test_foreign_books as foreign
from tests.conformance import test_workbook as workbook
from tests.conformance.harness import NOW, seen
from tests.conformance.test_rest import COLUMNS as REST_COLUMNS
from tests.conformance.test_spreadsheet import COLUMNS, FULL, HEAD, line
from tests.conformance.test_sql import made as sql_settings
from tests.connectors.quick_book import QuickBook, with_members
from tests.connectors.told import nothing_guessed
from tests.mutants import CHANCE, SEEDS, data, rows_like, swapped_words, text, texts_like, value, variants
from tests.peers import database as sql
from tests.peers import dvcqg, igate, opencps, rest, td

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800")
JSON = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner), max_leaves=6
)
OPENCPS = OpencpsMapping(
    OpencpsSettings(name="a", kind="opencps", role="one_stop", url="http://x", group_id=1, username="u", password="p")
)
DVCQG_SETTINGS = DvcqgSettings(
    name="a", kind="dvcqg", role="portal", url="http://x", username="u", password="p", unit_code="H99"
)
DVCQG = DvcqgMapping(DVCQG_SETTINGS)


IGATE = IgateMapping(
    IgateSettings(name="a", kind="igate", role="one_stop", url="http://x", token_url="http://x/t", client_id="c")
)


TD = TdMapping(TdSettings(name="a", kind="td", role="one_stop", url="http://x", tenant="t", username="u", password="p"))


REST = RestSettings(
    name="a", kind="rest", role="one_stop", url="http://x", path="/", rows="rows", paging="none", columns=REST_COLUMNS
)


SPREADSHEET = SpreadsheetSettings(name="b", kind="spreadsheet", role="one_stop", path=Path("a.xls"), columns=COLUMNS)
TABLE = TableMapping(SPREADSHEET, "Asia/Ho_Chi_Minh")
SQL = TableMapping(sql_settings("sqlite://"), "Asia/Ho_Chi_Minh")


def spoilt(row: dict[str, Any]) -> st.SearchStrategy[Any]:
    """A row with some of its values replaced by anything, or anything at all instead of a row."""
    keys = st.dictionaries(st.sampled_from(sorted(row)), JSON, min_size=1, max_size=4)
    return keys.map(lambda changes: {**row, **changes}) | JSON


def stays_itself(record: DossierRecord) -> bool:
    """A record that was made can be stored and read again, whatever it was made of."""
    return record_from_json(canonical_json(record)) == record


DAY_FIRST = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")
Stated = Mapping[str, tuple[Sequence[str], Sequence[str]]]  # what rules look at: its names on the wire, its formats


def beside(
    wild: Sequence[Any],
    good: dict[str, Any],
    at: int,
    to_record: Callable[[Mapping[str, Any]], DossierRecord | None],
    key_fields: Sequence[str],
    stated: Stated,
) -> None:
    """The good row among the wild ones stays as it is alone, and of the others is believed what they state or nothing."""
    place, alone = at % (len(wild) + 1), to_record(good)
    records, raws, bad = read_rows([*wild[:place], good, *wild[place:]], to_record, key_fields)
    assert alone is not None
    held = {record.key: record for record in records}
    assert alone.key in held
    assert held[alone.key] == alone or any(str(good[name]) in repr(row) for name in key_fields for row in wild)
    assert len(records) == len(raws)
    assert len(bad) <= len(wild)
    assert len(records) + len(bad) <= len(wild) + 1
    assert all(stays_itself(record) for record in records)
    for field, (names, formats) in stated.items():
        nothing_guessed(records, raws, field, names, formats)


@SEEDS
@given(st.lists(spoilt(opencps.row(2)), max_size=4), CHANCE)
def test_opencps_rows(seed: list[Any], chance: int) -> None:
    stated = {"promised_at": (["dueDate"], DAY_FIRST), "received_at": (["receiveDate"], DAY_FIRST)}
    for wild in variants(seed, chance, rows_like(opencps.row(2))):
        beside(wild, opencps.row(1), chance, OPENCPS.record, ("dossierId",), stated)


DVCQG_ROW = {**dvcqg.row(2), **{names[0]: "" for names in WIRE_FIELDS.values()}, "DanhSachHoSoBoSung": []}


@SEEDS
@given(st.lists(spoilt(DVCQG_ROW), max_size=4), CHANCE)
def test_dvcqg_rows(seed: list[Any], chance: int) -> None:
    formats = DVCQG_SETTINGS.date_formats
    stated = {name: (WIRE_FIELDS[name], formats) for name in ("promised_at", "received_at", "returned_at")}
    like = {**dvcqg.row(2), "DanhSachHoSoBoSung": [{"NgayHenTraMoi": "2025-11-20T08:00:00", "NoiDung": "x"}]}
    for wild in variants(seed, chance, rows_like(like)):
        beside(wild, dvcqg.row(1), chance, DVCQG.record, DVCQG.key_fields, stated)


@SEEDS
@given(st.lists(spoilt(igate.row(2)), max_size=4), CHANCE)
def test_igate_rows(seed: list[Any], chance: int) -> None:
    for wild in variants(seed, chance, rows_like(igate.row(2))):
        beside(wild, igate.row(1), chance, IGATE.record, ("id",), {"received_at": (["acceptedDate"], ["iso"])})
        assert list(read_page(wild).rows) == wild


@SEEDS
@given(st.dictionaries(st.sampled_from(["content", "totalElements", "last"]), JSON), CHANCE)
def test_any_igate_page_is_rows_or_a_named_error(seed: dict[str, Any], chance: int) -> None:
    for page in variants(seed or {"content": [], "totalElements": 7, "last": True}, chance, value):
        with suppress(SourceError):
            assert isinstance(list(read_page(page).rows), list)


@SEEDS
@given(st.lists(spoilt({**td.row(2), "kenhThucHien": "1"}), max_size=4), CHANCE)
def test_td_rows(seed: list[Any], chance: int) -> None:
    month_first = ("%m/%d/%Y %H:%M:%S", "iso")
    stated = {"promised_at": (["ngayHenTra"], month_first), "received_at": (["ngayTiepNhan"], month_first)}
    for wild in variants(seed, chance, rows_like(td.row(2))):
        beside(wild, td.row(1), chance, TD.record, TD_KEYS, stated)
        assert list(read_td_page({"data": wild}).rows) == wild


@SEEDS
@given(st.dictionaries(st.sampled_from(["data", "totalCount", "hasNextPage"]), JSON) | JSON, CHANCE)
def test_any_td_page_is_rows_or_a_named_error(seed: Any, chance: int) -> None:
    for answer in variants(seed or {"data": [{}], "totalCount": 1, "hasNextPage": False}, chance, value):
        with suppress(SourceError):
            page = read_td_page(answer)
            assert isinstance(page.rows, list)
            assert page.total is None or page.rows


@SEEDS
@given(st.lists(spoilt(rest.row(2)), max_size=4), JSON, CHANCE)
def test_rest_rows(seed: list[Any], total: Any, chance: int) -> None:
    """Whatever a described API sends, in its rows and around them."""
    for wild in variants(seed, chance, rows_like(rest.row(2))):
        body = json.dumps({"rows": [*wild, rest.row(1)], "total": total}).encode()
        result = seen(RestConnector(REST, Scripted(body)).sweep(FULL))
        assert "904001" in {record.key for record in result.records}
        assert len(result.bad) <= len(wild)
        assert all(stays_itself(record) for record in result.records)
        for page in result.pages:
            nothing_guessed(page.records, page.raws, "promised_at", ["hen"], REST.date_formats)
            nothing_guessed(page.records, page.raws, "received_at", ["nhan"], REST.date_formats)


@SEEDS
@given(JSON | st.dictionaries(st.sampled_from(["rows", "total"]), JSON), CHANCE)
def test_any_described_answer_is_rows_or_a_named_error(seed: Any, chance: int) -> None:
    for answer in variants(seed or {"rows": [], "total": 0}, chance, value):
        with suppress(SourceError):
            assert isinstance(read_part(answer, REST).rows, list)


WORDS = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b":",
    b",",
    b"\\u0000",
    b"\\ud800",
    b"1e999",
    b"NaN",
    b"null",
    b"true",
    b"<html>",
    b"\xef\xbb\xbf",
)


@SEEDS
@given(
    st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([200, 203, 403, 500]),
    CHANCE,
)
def test_any_answer_is_rows_or_a_named_error(seed: bytes, status: int, chance: int) -> None:
    whole = json.dumps({"total": 2, "data": [opencps.row(1), {"a": [1.5, None, True]}]}).encode()
    for number, body in enumerate(variants(seed if chance % 2 else whole, chance, data(WORDS))):
        answer = Answer(status if number % 8 == 0 else 200, {}, body)
        for read in (read_list, read_json):
            with suppress(SourceError):
                read(answer)


def an_object(tried: dict[str, Any], draw: Random) -> dict[str, Any]:
    changed = value(tried, draw)
    return changed if isinstance(changed, dict) else tried


@SEEDS
@given(st.dictionaries(st.sampled_from(["data", "result", "error_code", "message", "MaHoSo"]), JSON), CHANCE)
def test_any_envelope_is_rows_or_a_named_error(seed: dict[str, Any], chance: int) -> None:
    """An object: whoever asks has made sure of that."""
    like = {"result": [dvcqg.row(1)], "data": {"data": "[]"}, "error_code": "0", "MaHoSo": "H99.14-251103-0001"}
    for envelope in variants(seed if chance % 2 else like, chance, an_object):
        with suppress(SourceError):
            assert isinstance(list(rows_of(envelope, ("result", "data"))), list)


class Scripted:
    """A transport without network: the sign-in works, the answer is the one given."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def request(self, method: str, url: str, **rest: Any) -> Answer:
        return Answer(200, {}, b'{"error_code":0,"session":"s"}' if url.endswith("login") else self._body)


@SEEDS
@given(JSON | st.fixed_dictionaries({"error_code": LEAF, "message": LEAF, "data": JSON}), CHANCE)
def test_dvcqg_answers(seed: Any, chance: int) -> None:
    like = {"error_code": 0, "message": "", "data": [{**dvcqg.row(1), "MaHoSo": "A"}]}
    for answer in variants(seed if chance % 2 else like, chance, value):
        connector = build_dvcqg(DVCQG_SETTINGS, Scripted(json.dumps(answer).encode()), FixedClock(NOW))
        with suppress(SourceError):
            assert set(seen(connector.lookup(["A", "B"])).codes) <= {"A", "B"}


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


@SEEDS
@given(st.text() | st.just("\ud800\x00"), CHANCE)
def test_text_settles_at_once(seed: str, chance: int) -> None:
    for said in variants(seed, chance, text):
        for normal in (clean, normal_code, status_key):
            once = normal(said)
            assert normal(once) == once
            once.encode()
            assert "\x00" not in once


@pytest.mark.parametrize(
    "code", ["h56.14–240823—0001", " H56.14-240823-0001\u00a0", "H56.14 -240823- 0001", "H56.14‑240823‑0001"]
)
def test_codes_compare_whatever_was_pasted(code: str) -> None:
    assert normal_code(code).removesuffix("0001") == "H56.14-240823-"
