"""Whatever a source sends: no unhandled error, no record judged on guessed data, no good row lost beside a bad one.

Each test is one wire format or parser, with 200 examples in `make test` and 100,000 in `make proof`: seeds of
hypothesis, and around each of them the variants of `tests/mutants.py`.
"""

import json
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Answer, SourceError
from connectors.dvcqg.connector import build as build_dvcqg
from connectors.dvcqg.mapping import WIRE_FIELDS, DvcqgMapping
from connectors.dvcqg.settings import DvcqgSettings
from connectors.dvcqg.wire import rows_of
from connectors.igate.mapping import IgateMapping
from connectors.igate.settings import IgateSettings
from connectors.igate.wire import read_page
from connectors.kit.json import read_json
from connectors.kit.text import clean, normal_code, status_key
from connectors.opencps.mapping import OpencpsMapping
from connectors.opencps.settings import OpencpsSettings
from connectors.opencps.wire import read_list
from connectors.rest.connector import RestConnector
from connectors.rest.settings import RestSettings
from connectors.rest.wire import read_part
from connectors.td.mapping import KEY_FIELDS as TD_KEYS
from connectors.td.mapping import TdMapping
from connectors.td.settings import TdSettings
from connectors.td.wire import read_page as read_td_page
from monitor.clock import FixedClock
from tests.conformance.harness import NOW, seen
from tests.conformance.test_rest import COLUMNS as REST_COLUMNS
from tests.conformance.test_spreadsheet import FULL
from tests.connectors.told import nothing_guessed
from tests.connectors.wild import DAY_FIRST, JSON, LEAF, beside, spoilt, stays_itself
from tests.mutants import CHANCE, SEEDS, data, rows_like, text, value, variants
from tests.peers import dvcqg, igate, opencps, rest, td

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
