"""Feeds of ministries, read as configuration only (connectors.md §3.1, §3.2), and the cases of §11 that belong to no one
kind. Every peer is a real server on loopback."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connectors.base import Reach, Sweep
from connectors.canonical import record_hash
from connectors.dvcqg.connector import build as build_dvcqg
from connectors.dvcqg.settings import DvcqgSettings
from connectors.kit.dates import DateReader
from connectors.kit.person import email, phone
from connectors.rest.connector import build as build_rest
from connectors.rest.settings import RestSettings
from monitor.domain.dossier import Status
from monitor.domain.findings import View, disagreement, finish_doubt
from tests.conformance import test_dvcqg, test_opencps, test_td
from tests.conformance.harness import NOW, seen, under
from tests.peers import td
from tests.peers.opencps import OpencpsPeer, row
from tests.peers.scripted import Asked, Reply, json_reply

VN = ZoneInfo("Asia/Ho_Chi_Minh")
FULL = Sweep(Reach.FULL, NOW)
CHANGES = Sweep(Reach.CHANGES, NOW, NOW - timedelta(hours=1))

# --- §3.1: a mapi list of three days that only names dossiers, camelCase there and PascalCase in the detail

GPLX = {
    "list_verb": "DanhSachHoSo", "list_window_days": 3, "list_back_days": 9, "unit_key": "donViXuLy",
    "login_path": "/tcdbdvcdata/mapi/login", "call_path": "/tcdbdvcdata/mapi/g",
}  # fmt: skip


@pytest.mark.parametrize("code", [0, "0", "00"])
def test_19_gplx_rolling_windows_whose_items_only_name_their_dossiers(code: object) -> None:
    asked_for: list[tuple[str, str]] = []

    def script(asked: Asked) -> Reply:
        body = asked.json()
        if asked.path.endswith("login"):
            return json_reply({"error_code": code, "result": "", "session": "s"})
        assert (body["session"], body["donViXuLy"]) == ("s", "H99"), "the session travels in the body"
        if body["service"] == "DanhSachHoSo":
            asked_for.append((body["ngayNhan1"], body["ngayNhan2"]))
            on = "2025-11-18"
            item = {"maHoSo": "G17-251118-0001", "hoTen": "Lê Thị Thử", "ngayNhanHoSo": on, "ngayHenTraGplx": ""}
            return json_reply(
                {"error_code": code, "data": [item] if body["ngayNhan1"] <= on <= body["ngayNhan2"] else []}
            )
        detail = {
            "MaHoSo": body["mahoso"], "MaTrangThai": 4, "TrangThaiHoSo": "Đang xử lý",
            "NgayTiepNhan": "18/11/2025 09:00:00", "NgayHenTra": "25/11/2025 17:00:00",
        }  # fmt: skip
        return json_reply({"error_code": code, "data": [detail]})

    def make(url: str) -> DvcqgSettings:
        keys: dict[str, Any] = {"name": "gplx", "kind": "dvcqg", "role": "portal", "url": url, "username": "u",
                                "password": "p", "unit_code": "H99", **GPLX,
                                "field_dates": {"received_at": ("%d/%m/%Y %H:%M:%S", "%Y-%m-%d")}}  # fmt: skip
        return DvcqgSettings(**keys)

    with under(make, build_dvcqg, script) as it:
        record = seen(it.connector.sweep(FULL)).only
    assert (record.code, record.status, record.promised_at) == (
        "G17-251118-0001", Status.PROCESSING, datetime(2025, 11, 25, 10, tzinfo=UTC)
    )  # fmt: skip
    days = [datetime.fromisoformat(since) for since, _ in asked_for]
    assert {b - a for a, b in pairwise(days)} == {timedelta(days=3)}


# --- §3.2: everything in one answer (Start = End = -1), the key sent three times, no session

BGTVT: dict[str, Any] = {
    "name": "bgtvt", "kind": "rest", "role": "portal", "path": "/apiGTVT/danhsachhoso", "paging": "none",
    "rows": "data", "total": "total", "auth": "bearer", "token": "khoa-bi-mat",
    "params": {"Start": "-1", "End": "-1", "GovAgencyCode": "H99"}, "secret_params": ("APIKey",), "secret_headers": ("ApiKey",),
    "headers": {"MaDonVi": "H99"},
    "window_days": 30, "window_from_param": "ReceiveFromDate", "window_to_param": "ReceiveToDate", "window_format": "%d/%m/%Y",
    "columns": {
        "code": "MaHoSo", "status": "TrangThaiHoSo", "procedure_code": "MaTTHC", "procedure_name": "TenTTHC",
        "agency_code": "MaDonViXuLy", "channel": "KenhThucHien", "received_at": "NgayTiepNhan", "promised_at": "NgayHenTra",
        "finished_at": "NgayKetThucXuLy", "returned_at": "NgayTra", "applicant_name": "ChuHoSo",
        "applicant_phone": "SoDienThoai", "applicant_email": "EmaiNguoiNop",
    },
    "status_map": {"4": "processing", "9": "ready", "10": "returned"},
    "channel_map": {"0": "counter", "1": "online"},
}  # fmt: skip


def test_19_bgtvt_everything_at_once_with_the_key_in_three_places() -> None:
    item = {
        "MaHoSo": "000.00.00.G99-251103-0021", "MaTTHC": "1.000002", "TenTTHC": "Đổi giấy phép mẫu", "KenhThucHien": "1",
        "MaDonViXuLy": "000.14.00.H99", "ChuHoSo": "Lê Thị Thử", "SoDienThoai": "090.000.0002",
        "NgayTiepNhan": "03/11/2025 09:00:00", "NgayHenTra": "07/11/2025 09:00:00", "NgayKetThucXuLy": "", "NgayTra": "",
        "TrangThaiHoSo": "4", "EmaiNguoiNop": "",
    }  # fmt: skip
    with under(
        lambda url: RestSettings(url=url, **BGTVT), build_rest, lambda asked: json_reply({"total": 1, "data": [item]})
    ) as it:
        record = seen(it.connector.sweep(FULL)).only
        (asked,) = it.server.asked
    assert (asked.query["Start"], asked.query["End"], asked.query["APIKey"]) == ("-1", "-1", "khoa-bi-mat")
    assert (asked.query["ReceiveFromDate"], asked.query["ReceiveToDate"]) == ("21/10/2025", "20/11/2025")
    assert (asked.headers["authorization"], asked.headers["apikey"]) == ("Bearer khoa-bi-mat", "khoa-bi-mat")
    assert asked.headers["madonvi"] == "H99"
    assert (record.channel, record.applicant.phone) == ("online", "0900000002")
    assert record.promised_at == datetime(2025, 11, 7, 2, tzinfo=UTC)


# --- cases of no one kind


def test_18_never_pages_by_a_text_of_a_date() -> None:
    suite = test_opencps.TestOpencps()
    for plan in (FULL, CHANGES):
        with suite.under(OpencpsPeer([row(number) for number in range(1, 30)]), page_size=10) as it:
            seen(it.connector.sweep(plan))
            assert it.server.asked
            assert not [asked for asked in it.server.asked if {"sort", "order"} & asked.query.keys()]


@pytest.mark.parametrize(
    ("formats", "text"),
    [(("epoch_ms",), 1762737300000), (("epoch_s",), "1762737300"), (("%Y%m%d%H%M%S",), "20251110081500")],
)
def test_25_formats_are_declared_for_each_source_and_field(formats: tuple[str, ...], text: object) -> None:
    moment = DateReader(formats, VN).read(text)
    assert moment is not None
    assert moment.at == datetime(2025, 11, 10, 1, 15, tzinfo=UTC)


def test_28_a_source_in_utc_without_a_mark_says_so_in_its_settings() -> None:
    suite = test_opencps.TestOpencps()
    assert suite.read_rows([row(1)], timezone="UTC").only.promised_at == datetime(2025, 11, 10, 8, 15, tzinfo=UTC)


OURS = View("motcua", "one_stop", Status.PROCESSING, datetime(2025, 11, 10, 10, tzinfo=UTC))
EXTENDED = replace(OURS, extended_at=datetime(2025, 11, 20, 10, tzinfo=UTC))


def test_34_a_system_that_still_shows_the_date_from_before_an_extension_lags_and_contradicts_nothing() -> None:
    portal = View("cong", "portal", Status.PROCESSING, OURS.promised_at)
    assert disagreement(EXTENDED, portal, VN) == ""
    moved = replace(portal, promised_at=datetime(2025, 12, 1, 10, tzinfo=UTC))
    assert "promised date" in disagreement(EXTENDED, moved, VN), "another date still is a contradiction"


@pytest.mark.parametrize(
    ("finished", "date_only", "doubt"),
    [
        (OURS.promised_at, False, "equals the promise"),
        (OURS.promised_at, True, ""),  # a promise of a day is no second anybody copied
        (datetime(2025, 11, 6, 17, tzinfo=UTC), False, "midnight"),
        (datetime(2025, 11, 6, 17, 0, 1, tzinfo=UTC), False, ""),
        (None, False, ""),
    ],
)
def test_37_a_finish_that_looks_made_up_is_flagged(finished: datetime | None, date_only: bool, doubt: str) -> None:
    said = finish_doubt(finished, OURS.promised_at, date_only, VN)
    assert doubt in said
    assert bool(said) is bool(doubt)


def test_43_what_a_system_counts_itself_is_no_evidence() -> None:
    suite = test_opencps.TestOpencps()
    plain = suite.read_rows([row(1)]).only
    counted = suite.read_rows(
        [row(1, dossierOverdue="Quá 99 ngày", timeOverdueText="Sớm hạn", ontimePercentage=100)]
    ).only
    assert record_hash(counted) == record_hash(plain)
    with suite.under(OpencpsPeer([row(1)])) as it:
        seen(it.connector.sweep(FULL))
        assert not [asked.path for asked in it.server.asked if "statistic" in asked.path or "counting" in asked.path]


@pytest.mark.parametrize(
    "text", ["0912345678", "091.234.5678", "091 234 5678", "+84912345678", "84912345678", "0084 912 345 678", "912345678",
             "(091) 234-5678"]
)  # fmt: skip
def test_51_a_telephone_number_in_every_spelling(text: str) -> None:
    assert phone(text) == "0912345678"


@pytest.mark.parametrize("text", ["", "không có", "0234.3822.111 máy lẻ 12", "113", "+1 202 555 0100"])
def test_51_what_is_no_vietnamese_number_stays_as_it_is(text: str) -> None:
    assert phone(text) == text


def test_51_an_offices_own_address_is_no_citizens() -> None:
    assert email("motcua.xamau@mau.gov.vn") == ""
    assert email("nguoidan@gmail.com") == "nguoidan@gmail.com"
    suite = test_dvcqg.TestByCode()
    record = suite.read_rows([suite.row(1, SoDienThoai="+84 900.000.001", Email="motcua@mau.gov.vn")]).only
    assert (record.applicant.phone, record.applicant.email) == ("0900000001", "")


def test_52_joined_lists_of_ids_and_notes_in_html_reach_nobody() -> None:
    suite = test_td.TestTd()
    plain = suite.read_rows([td.row(1)]).only
    facts = {"nguoiDangXuLy": "8f1c##77aa", "ghiChu": "<b>Nguyễn Văn Mẫu</b>", "trichYeu": "<p>x</p>"}
    noted = suite.read_rows([td.row(1, **facts)]).only
    assert record_hash(noted) == record_hash(plain)
    assert noted.officer == "", "an id is no name"
