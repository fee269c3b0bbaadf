"""Whatever a source sends: no unhandled error, and no good row lost beside a bad one."""

import json
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
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
from tests.conformance import test_foreign_books as foreign
from tests.conformance import test_workbook as workbook
from tests.conformance.harness import NOW, seen
from tests.conformance.test_rest import COLUMNS as REST_COLUMNS
from tests.conformance.test_spreadsheet import COLUMNS, FULL, HEAD, line
from tests.conformance.test_sql import made as sql_settings
from tests.counts import proof_examples
from tests.peers import database as sql
from tests.peers import dvcqg, igate, opencps, rest, td

MANY = settings(
    max_examples=proof_examples(200, 100_000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
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


@MANY
@given(st.lists(spoilt(opencps.row(2)), max_size=4), st.integers(0, 4))
def test_opencps_rows(wild: list[Any], at: int) -> None:
    good = opencps.row(1)
    records, raws, bad = read_rows([*wild[:at], good, *wild[at:]], OPENCPS.record, ("dossierId",))
    assert "35166:904001" in {record.key for record in records}
    assert len(records) == len(raws) <= len(wild) + 1
    assert len(bad) <= len(wild)
    assert all(stays_itself(record) for record in records)


@MANY
@given(
    st.lists(spoilt({**dvcqg.row(2), **{n[0]: "" for n in WIRE_FIELDS.values()}, "DanhSachHoSoBoSung": []}), max_size=4)
)
def test_dvcqg_rows(wild: list[Any]) -> None:
    good = dvcqg.row(1)
    records, raws, bad = read_rows([*wild, good], DVCQG.record, DVCQG.key_fields)
    assert good["MaHoSo"] in {record.key for record in records}
    assert len(records) == len(raws)
    assert len(bad) <= len(wild)
    assert all(stays_itself(record) for record in records)


@MANY
@given(st.lists(spoilt(igate.row(2)), max_size=4))
def test_igate_rows(wild: list[Any]) -> None:
    good = igate.row(1)
    records, raws, bad = read_rows([*wild, good], IGATE.record, ("id",))
    assert good["id"] in {record.key for record in records}
    assert len(records) == len(raws)
    assert len(bad) <= len(wild)
    assert all(stays_itself(record) for record in records)
    assert list(read_page(wild).rows) == wild


@MANY
@given(st.dictionaries(st.sampled_from(["content", "totalElements", "last"]), JSON))
def test_any_igate_page_is_rows_or_a_named_error(envelope: dict[str, Any]) -> None:
    with suppress(SourceError):
        assert isinstance(list(read_page(envelope).rows), list)


@MANY
@given(st.lists(spoilt({**td.row(2), "kenhThucHien": "1"}), max_size=4))
def test_td_rows(wild: list[Any]) -> None:
    good = td.row(1)
    records, raws, bad = read_rows([*wild, good], TD.record, TD_KEYS)
    assert good["id"] in {record.key for record in records}
    assert len(records) == len(raws)
    assert len(bad) <= len(wild)
    assert all(stays_itself(record) for record in records)
    assert list(read_td_page({"data": wild}).rows) == wild


@MANY
@given(st.dictionaries(st.sampled_from(["data", "totalCount", "hasNextPage"]), JSON) | JSON)
def test_any_td_page_is_rows_or_a_named_error(data: Any) -> None:
    with suppress(SourceError):
        page = read_td_page(data)
        assert isinstance(page.rows, list)
        assert page.total is None or page.rows


@MANY
@given(st.lists(spoilt(rest.row(2)), max_size=4), JSON)
def test_rest_rows(wild: list[Any], total: Any) -> None:
    """Whatever a described API sends, in its rows and around them."""
    body = json.dumps({"rows": [*wild, rest.row(1)], "total": total}).encode()
    result = seen(RestConnector(REST, Scripted(body)).sweep(FULL))
    assert "904001" in {record.key for record in result.records}
    assert len(result.bad) <= len(wild)
    assert all(stays_itself(record) for record in result.records)


@MANY
@given(JSON | st.dictionaries(st.sampled_from(["rows", "total"]), JSON))
def test_any_described_answer_is_rows_or_a_named_error(value: Any) -> None:
    with suppress(SourceError):
        assert isinstance(read_part(value, REST).rows, list)


@MANY
@given(
    st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()), st.sampled_from([200, 203, 403, 500])
)
def test_any_answer_is_rows_or_a_named_error(body: bytes, status: int) -> None:
    answer = Answer(status, {}, body)
    for read in (read_list, read_json):
        with suppress(SourceError):
            read(answer)


@MANY
@given(st.dictionaries(st.sampled_from(["data", "result", "error_code", "message", "MaHoSo"]), JSON))
def test_any_envelope_is_rows_or_a_named_error(envelope: dict[str, Any]) -> None:
    with suppress(SourceError):
        assert isinstance(list(rows_of(envelope, ("result", "data"))), list)


class Scripted:
    """A transport without network: the sign-in works, the answer is the one given."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def request(self, method: str, url: str, **rest: Any) -> Answer:
        return Answer(200, {}, b'{"error_code":0,"session":"s"}' if url.endswith("login") else self._body)


@MANY
@given(JSON | st.fixed_dictionaries({"error_code": LEAF, "message": LEAF, "data": JSON}))
def test_dvcqg_answers(value: Any) -> None:
    connector = build_dvcqg(DVCQG_SETTINGS, Scripted(json.dumps(value).encode()), FixedClock(NOW))
    with suppress(SourceError):
        assert set(seen(connector.lookup(["A", "B"])).codes) <= {"A", "B"}


@MANY
@given(st.lists(st.text(max_size=40) | st.sampled_from(['"', ";", '";"', "\r", line(3)]), max_size=6))
def test_spreadsheet_lines(tmp_path: Path, wild: list[str]) -> None:
    """Lines without a quote can hurt nobody else; with quotes, at most what the quotes enclose is set aside."""
    path = tmp_path / "a.csv"
    calm = [text.replace('"', "") for text in wild]
    keys: dict[str, Any] = {"name": "b", "kind": "spreadsheet", "role": "one_stop", "path": path, "columns": COLUMNS}
    connector = build_spreadsheet(SpreadsheetSettings(**keys), FixedClock(NOW))
    for lines in (calm, wild):
        text = HEAD + line(1) + "\r\n".join(lines) + "\r\n" + line(2)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        result = seen(connector.sweep(FULL))
        assert "H99.14-251103-0001" in result.codes
        assert all(stays_itself(record) for record in result.records)
        if lines is calm:
            assert "H99.14-251103-0002" in result.codes


@MANY
@given(st.binary(max_size=300))
def test_spreadsheet_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    keys: dict[str, Any] = {
        "name": "b",
        "kind": "spreadsheet",
        "role": "one_stop",
        "path": path,
        "columns": {"code": "A"},
    }
    for encoding in ("utf-8-sig", "cp1258", "utf-16"):
        connector = build_spreadsheet(SpreadsheetSettings(**keys, encoding=encoding), FixedClock(NOW))
        with suppress(SourceError):
            seen(connector.sweep(FULL))


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


@MANY
@given(st.lists(st.lists(CELL, max_size=7).map(tuple), max_size=4))
def test_workbook_rows(tmp_path: Path, wild: list[workbook.Cells]) -> None:
    """Whatever stands in the cells of a row hurts no other row."""
    result = workbook.read(tmp_path, [workbook.HEAD, workbook.row(1), *wild, workbook.row(2)])
    assert {"H99.14-251103-0001", "H99.14-251103-0002"} <= set(result.codes)
    assert all(stays_itself(record) for record in result.records)


@MANY
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=5), st.booleans())
def test_workbook_bytes(tmp_path: Path, flips: list[tuple[int, int]], inside: bool) -> None:
    """A workbook with a few bytes changed, in the zip or in its sheet: rows or a named error."""
    workbook.table(tmp_path, [workbook.HEAD, workbook.row(1)])
    path, sheet = tmp_path / "ho-so.xlsx", "xl/worksheets/sheet1.xml"
    with ZipFile(path) as made:
        data = bytearray(made.read(sheet) if inside else path.read_bytes())
    for place, value in flips:
        data[place % len(data)] = value
    if inside:
        workbook.rezipped(path, {sheet: bytes(data)})
    else:
        path.write_bytes(data)
    with suppress(SourceError):
        assert all(stays_itself(record) for record in seen(workbook.over(path).sweep(FULL)).records)


@MANY
@given(st.binary(max_size=300), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=5))
def test_old_workbook_bytes(tmp_path: Path, data: bytes, flips: list[tuple[int, int]]) -> None:
    """An .xls with bytes changed, or anything at all called one: rows or a code that says why not."""
    path = tmp_path / "a.xls"
    if not (tmp_path / "good.xls").exists():
        foreign.xls(tmp_path / "good.xls", [workbook.HEAD, workbook.row(1)])
    good = bytearray((tmp_path / "good.xls").read_bytes())
    for place, value in flips:
        good[place % len(good)] = value
    for content in (data, bytes(good)):
        path.write_bytes(content)
        with suppress(SheetRefused):
            assert all(isinstance(parsed(line)[0], int) for line in printed_rows(str(path), ""))


ODS_CUTS = st.sampled_from(
    [
        (b"<table:table-cell", b"<table:table-cell table:number-columns-repeated='3'"),
        (b"float", b"percentage"),
        (b"office:value=", b"office:date-value="),
        (b"</table:table-row>", b""),
        (b'"string"', b'"time"'),
        (b"<text:p>", b"<text:p><text:s text:c='4'/>"),
        (b"</table:table-cell>", b"<text:p>\xff</text:p></table:table-cell>"),
    ]
)


@MANY
@given(
    st.binary(max_size=300),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=5),
    st.lists(ODS_CUTS, max_size=2),
    st.booleans(),
)
def test_open_document_bytes(
    tmp_path: Path, data: bytes, flips: list[tuple[int, int]], cuts: list[tuple[bytes, bytes]], inside: bool
) -> None:
    """An .ods with bytes changed in the zip or in its content, its tags bent, or anything at all called one: rows that
    keep what they say, or a named refusal of the archive or of what is in it."""
    path, good, content = tmp_path / "a.ods", tmp_path / "good.ods", "content.xml"
    if not good.exists():
        foreign.ods(good, [workbook.HEAD, workbook.row(1), workbook.row(2)])
    path.write_bytes(good.read_bytes())
    with ZipFile(path) as made:
        spoilt = bytearray(made.read(content) if inside else path.read_bytes())
    if inside:
        for old, new in cuts:
            spoilt = bytearray(bytes(spoilt).replace(old, new, 1))
    for place, value in flips:
        spoilt[place % len(spoilt)] = value
    if inside:
        workbook.rezipped(path, {content: bytes(spoilt)})
    else:
        path.write_bytes(spoilt)
    _open_document_is_read_or_refused(path)
    path.write_bytes(data)
    _open_document_is_read_or_refused(path)


def _open_document_is_read_or_refused(path: Path) -> None:
    with suppress(SourceError, SheetRefused), path.open("rb") as file:
        check_archive(file, path.name, 50_000_000, open_document=True)
        rows = map(parsed, printed_rows(str(path), ""))
        lines = list(lines_of(iter(rows), SPREADSHEET, datetime(1899, 12, 30)))
        records, _, _ = read_rows([line.cells for line in lines], TABLE.record, TABLE.key_fields)
        assert all(stays_itself(record) for record in records)


@MANY
@given(st.lists(st.lists(CELL, max_size=7).map(tuple), max_size=4))
def test_foreign_rows(wild: list[workbook.Cells]) -> None:
    """Whatever cells the other process prints hurt no other row."""
    table = [workbook.HEAD, workbook.row(1), *wild, workbook.row(2)]
    rows = ((number, [None if cell == "" else cell for cell in cells]) for number, cells in enumerate(table, 1))
    lines = list(lines_of(iter(rows), SPREADSHEET, datetime(1899, 12, 30)))
    codes = {line.cells.get("Số hồ sơ") for line in lines}
    assert {"H99.14-251103-0001", "H99.14-251103-0002"} <= codes


SQL_VALUE = JSON | st.datetimes() | st.dates() | st.decimals() | st.uuids() | st.binary(max_size=8) | st.times()


@MANY
@given(st.lists(st.dictionaries(st.sampled_from(sorted(sql.row(1))), SQL_VALUE, min_size=1), max_size=4))
def test_sql_rows(wild: list[dict[str, Any]]) -> None:
    """Whatever types a view's columns have."""
    rows = [{name: plain(value) for name, value in {**sql.row(n), **changes}.items()} for n, changes in enumerate(wild)]
    records, raws, bad = read_rows([*rows, sql.row(99)], SQL.record, SQL.key_fields)
    assert sql.row(99)["ma"] in {record.code for record in records}
    assert len(records) == len(raws)
    assert len(bad) <= len(wild)
    assert all(stays_itself(record) for record in records)


@MANY
@given(st.text() | st.just("\ud800\x00"))
def test_text_settles_at_once(text: str) -> None:
    for normal in (clean, normal_code, status_key):
        once = normal(text)
        assert normal(once) == once
        once.encode()
        assert "\x00" not in once


@pytest.mark.parametrize(
    "code", ["h56.14–240823—0001", " H56.14-240823-0001\u00a0", "H56.14 -240823- 0001", "H56.14‑240823‑0001"]
)
def test_codes_compare_whatever_was_pasted(code: str) -> None:
    assert normal_code(code).removesuffix("0001") == "H56.14-240823-"
