"""The mapi family against connectors.md §11: the shared suite, and what only this family does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, ClassVar

import pytest

from connectors.base import (
    AccessRefused,
    Capability,
    Connector,
    Page,
    Reach,
    SourceUnavailable,
    Supplement,
    Sweep,
    UnexpectedAnswer,
)
from connectors.canonical import canonical_json, record_from_json
from connectors.dvcqg.connector import build
from connectors.dvcqg.settings import DvcqgSettings
from connectors.kit.http import RequestsTransport
from monitor.clock import Clock
from monitor.domain.dossier import Status
from tests.conformance.harness import NOW, codes, seen
from tests.conformance.suite import Conformance
from tests.peers.dvcqg import EXPIRED, FORWARD, PASSWORD, UNIT, USERNAME, DvcqgPeer, row
from tests.peers.scripted import Asked, Reply, Script, json_reply

ALL = codes(range(1, 60))
LISTS = {"list_verb": "DanhSachHoSo", "list_back_days": 30, "list_window_days": 10}
FULL = Sweep(Reach.FULL, NOW)


class Mapi(Conformance):
    """What reading by code and reading by list have in common."""

    secrets = (PASSWORD, USERNAME, "phiên-1")
    wire: ClassVar[dict[str, str]] = {
        "code": "MaHoSo",
        "promised_at": "NgayHenTra",
        "received_at": "NgayTiepNhan",
        "status": "MaTrangThai",
        "name": "HoTenNguoiNop",
    }
    extra: ClassVar[dict[str, Any]] = {}

    def settings(self, url: str, **extra: Any) -> DvcqgSettings:
        keys: dict[str, Any] = {
            "name": "cong", "kind": "dvcqg", "role": "portal", "url": url + FORWARD, "username": USERNAME,
            "password": PASSWORD, "unit_code": UNIT, **self.extra,
        }  # fmt: skip
        return DvcqgSettings(**{**keys, **extra})

    def build(self, settings: Any, transport: RequestsTransport, clock: Clock) -> Connector:
        return build(settings, transport, clock)

    def peer(self, rows: list[Any]) -> Script:
        return DvcqgPeer(rows)

    def row(self, number: int, **facts: Any) -> dict[str, Any]:
        return row(number, **facts)

    def fact(self, **facts: Any) -> dict[str, Any]:
        """A status is stated as a code here; the text beside it is left out."""
        return super().fact(**facts) | ({"TrangThaiHoSo": ""} if "status" in facts else {})

    def is_data(self, asked: Asked) -> bool:
        return asked.path.endswith("/g")

    def envelope(self, rows_json: str) -> str:
        return f'{{"error_code": "0", "data": {rows_json}}}'


class TestByList(Mapi):
    """A deployment that lists dossiers by day of reception."""

    extra: ClassVar[dict[str, Any]] = LISTS

    def read(self, connector: Connector) -> Iterator[Page]:
        return connector.sweep(FULL)

    def test_24_windows_cover_every_day_once(self) -> None:
        rows = [self.row(day, NgayTiepNhan=f"{day:02d}/11/2025 08:00:00", NgayHenTra="") for day in range(1, 21)]
        with self.under(self.peer(rows)) as it:
            assert sorted(seen(it.connector.sweep(FULL)).codes) == codes(range(1, 21))
            asked = [a.json() for a in it.server.asked if self.is_data(a)]
            spans = [(body["ngayNhan1"], body["ngayNhan2"]) for body in asked]
            assert spans[0][0] == "2025-10-21"
            assert spans[-1][1] == "2025-11-20"
            assert all(since <= until for since, until in spans)
            assert [until < since for (_, until), (since, _) in pairwise(spans)] == [True] * 3

    def test_21_rows_outside_the_window_are_left_out(self) -> None:
        rows = [self.row(1), self.row(2, NgayTiepNhan="01/01/2020 08:00:00")]
        reply = json_reply({"error_code": "0", "data": rows})
        with self.under(self.saying(reply)) as it:
            assert set(seen(it.connector.sweep(FULL)).codes) == set(codes([1]))

    def test_items_that_only_name_dossiers_are_looked_up(self) -> None:
        """The list of one ministry has other keys and no status (§3.1): nothing is judged from it."""
        peer = DvcqgPeer([self.row(number) for number in range(1, 4)])

        def script(asked: Asked) -> Reply:
            if self.is_data(asked) and asked.json()["service"] == "DanhSachHoSo":
                names = [{"maHoSo": code, "ngayNhanHoSo": "03/11/2025 08:15:00"} for code in codes(range(1, 4))]
                return peer.answer(names) if asked.json()["ngayNhan1"] == "2025-10-31" else peer.answer([])
            return peer(asked)

        with self.under(script) as it:
            result = seen(it.connector.sweep(FULL))
        assert sorted(result.codes) == codes(range(1, 4))
        assert {record.status for record in result.records} == {Status.PROCESSING}

    def test_a_crash_goes_on_at_its_window(self) -> None:
        rows = [self.row(day, NgayTiepNhan=f"{day:02d}/11/2025 08:00:00", NgayHenTra="") for day in range(1, 21)]
        with self.under(self.peer(rows)) as it:
            pages = list(it.connector.sweep(FULL))
            assert pages[-1].resume == ""
            for stop, page in enumerate(pages[:-1]):
                rest = list(it.connector.sweep(Sweep(Reach.FULL, NOW, None, page.resume)))
                assert rest == pages[stop + 1 :]

    def test_changes_begin_at_since(self) -> None:
        with self.under(self.peer([])) as it:
            list(it.connector.sweep(Sweep(Reach.CHANGES, NOW, NOW - timedelta(days=1))))
            asked = [a.json() for a in it.server.asked if self.is_data(a)]
            assert [(body["ngayNhan1"], body["ngayNhan2"]) for body in asked] == [("2025-11-19", "2025-11-20")]

    def test_capabilities_follow_the_settings(self) -> None:
        with self.under(self.peer([])) as it:
            assert Capability.LIST in it.connector.capabilities
        with self.under(self.peer([]), list_verb="") as it:
            assert Capability.LIST not in it.connector.capabilities


class TestByCode(Mapi):
    """A deployment that only answers for one dossier at a time."""

    def read(self, connector: Connector) -> Iterator[Page]:
        return connector.lookup(ALL)

    # --- spellings

    @pytest.mark.parametrize("success", [0, "0", "00", 0.0, None])
    @pytest.mark.parametrize("root", ["result", "data"])
    def test_05_47_success_in_its_spellings_under_both_roots(self, success: object, root: str) -> None:
        with self.under(DvcqgPeer([self.row(1)], root, success)) as it:
            assert seen(it.connector.lookup(ALL[:1])).codes == codes([1])

    def test_05_success_codes_are_a_setting(self) -> None:
        with self.under(DvcqgPeer([self.row(1)], "data", 1), success_codes=("1",)) as it:
            assert seen(it.connector.lookup(ALL[:1])).codes == codes([1])
        with self.under(DvcqgPeer([self.row(1)], "data", 1)) as it, pytest.raises(AccessRefused, match="error_code 1"):
            seen(it.connector.lookup(ALL[:1]))

    def test_46_47_list_object_nested_text_and_flat(self) -> None:
        one = self.row(1)
        shapes: list[Any] = [
            {"error_code": 0, "result": [one]},
            {"error_code": 0, "result": one},
            {"error_code": 0, "result": {"data": [one]}},
            {"data": {"data": [one]}},
            {"error_code": "0", "data": f'[{{"MaHoSo": "{ALL[0]}", "MaTrangThai": "4"}}]'},
            [one],
            one,
        ]
        for shape in shapes:
            with self.under(self.saying(json_reply(shape))) as it:
                assert seen(it.connector.lookup(ALL[:1])).codes == codes([1]), shape

    @pytest.mark.parametrize(
        "answer",
        [
            {"error_code": 0, "message": "", "result": []},
            {"error_code": "0", "data": None},
            {"error_code": "0", "data": ""},
            {"error_code": "-1", "message": "masohoso not found"},
            {"error_code": "-1", "message": "Không tìm thấy hồ sơ"},
        ],
    )
    def test_a_code_the_source_does_not_know_is_absent(self, answer: object) -> None:
        with self.under(self.saying(json_reply(answer))) as it:
            result = seen(it.connector.lookup(ALL[:3]))
        assert (result.records, result.bad) == ([], [])

    def test_04_failure_with_200_is_never_an_empty_list(self) -> None:
        failed = json_reply({"error_code": "-1", "message": f"Object reference: {PASSWORD}"})
        self.fails(UnexpectedAnswer, self.saying(failed), "error_code -1")

    def test_04_a_failure_of_one_dossier_sets_only_it_aside(self) -> None:
        peer = DvcqgPeer([self.row(number) for number in range(1, 6)])

        def script(asked: Asked) -> Reply:
            if self.is_data(asked) and asked.json()["mahoso"] == ALL[2]:
                return json_reply({"error_code": "-1", "message": "Lỗi hệ thống"})
            return peer(asked)

        with self.under(script) as it:
            result = seen(it.connector.lookup(ALL[:5]))
        assert result.codes == codes([1, 2, 4, 5])
        assert [(bad.key, bad.field) for bad in result.bad] == [(ALL[2], "error_code")]

    def test_11_daily_quota_with_200(self) -> None:
        full = json_reply({"error_code": "-1", "message": "Số lượt truy cập API đã đạt giới hạn 1000 lần/ngày!"})
        error = self.fails(SourceUnavailable, self.saying(full), "hết số lượt")
        assert isinstance(error, SourceUnavailable)
        assert error.retry_after_s == 3600

    # --- session

    def test_09_a_session_that_ends_between_two_calls(self) -> None:
        peer = DvcqgPeer([self.row(number) for number in range(1, 20)], lives=5)
        with self.under(peer) as it:
            assert seen(it.connector.lookup(ALL[:19])).codes == codes(range(1, 20))
        assert peer.sign_ins == 4

    def test_09_a_session_that_never_holds_is_no_loop(self) -> None:
        with self.under(self.saying(json_reply(EXPIRED))) as it:
            with pytest.raises(AccessRefused):
                seen(it.connector.lookup(ALL))
            assert len(it.server.asked) == 2, "one sign-in, one call: a fresh session is not fetched again"

    def test_09_a_session_that_does_not_exist_is_no_missing_dossier(self) -> None:
        gone = json_reply({"error_code": "-1", "message": "Phiên làm việc không tồn tại"})
        self.fails(AccessRefused, self.saying(gone), "phiên làm việc")

    @pytest.mark.parametrize("status", [401, 403])
    def test_09_refusal_by_status_also_signs_in_once_more(self, status: int) -> None:
        peer = DvcqgPeer([self.row(1), self.row(2)])
        answers = [False, True]

        def script(asked: Asked) -> Reply:
            if self.is_data(asked) and asked.json()["mahoso"] == ALL[1] and answers.pop():
                return Reply(status=status)
            return peer(asked)

        with self.under(script) as it:
            assert seen(it.connector.lookup(ALL[:2])).codes == codes([1, 2])
        assert peer.sign_ins == 2

    def test_09_the_session_is_renewed_before_it_ends(self) -> None:
        peer = DvcqgPeer([self.row(1)])
        with self.under(peer) as it:
            for minutes, sign_ins in ((0, 1), (8, 1), (9, 2), (17, 2), (18, 3)):
                it.clock.set(NOW + timedelta(minutes=minutes))
                seen(it.connector.lookup(ALL[:1]))
                assert peer.sign_ins == sign_ins

    def test_a_wrong_password_is_tried_once(self) -> None:
        with self.under(self.peer([self.row(1)]), password="wrong") as it:
            with pytest.raises(AccessRefused, match="đăng nhập bị từ chối"):
                seen(it.connector.lookup(ALL))
            assert len(it.server.asked) == 1, "accounts get locked by more"

    def test_sign_in_without_session_or_with_html(self) -> None:
        for reply in (json_reply({"error_code": 0}), json_reply({"error_code": 0, "session": ""}), Reply(b"<html>")):
            self.fails(UnexpectedAnswer, lambda asked, reply=reply: reply)  # type: ignore[misc]

    # --- the adapter

    def test_13_dstcode_in_query_or_header_and_provider_encoded(self) -> None:
        dst = "VN:GOV:000.00.00.G22:vpcpdvcprovider"
        provider = "https://kho.example.vn/bndp/v1?a=b&c=d"
        with self.under(self.peer([self.row(1)]), dstcode=dst, provider_url=provider) as it:
            seen(it.connector.lookup(ALL[:1]))
            assert all(asked.query == {"dstcode": dst, "providerurl": provider} for asked in it.server.asked)
        with self.under(self.peer([self.row(1)]), dstcode=dst, dstcode_in="header") as it:
            seen(it.connector.lookup(ALL[:1]))
            assert all(asked.headers["dstcode"] == dst and not asked.query for asked in it.server.asked)

    def test_10_the_session_travels_in_the_body_only(self) -> None:
        with self.under(self.peer([self.row(1)])) as it:
            seen(it.connector.lookup(ALL[:1]))
            call = it.server.asked[-1]
            assert call.json() == {"session": "phiên-1", "madonvi": UNIT, "service": "TraCuuHoSo", "mahoso": ALL[0]}
            assert "phiên" not in str(call.query) + str(call.headers)

    def test_unit_key_and_verbs_are_settings(self) -> None:
        keys = {"unit_key": "donViXuLy", "lookup_key": "maHoSo", "lookup_verb": "TimHoSo"}
        with self.under(self.saying(self.good(1)), **keys) as it:
            seen(it.connector.lookup(ALL[:1]))
            body = it.server.asked[-1].json()
        assert (body["donViXuLy"], body["maHoSo"], body["service"]) == (UNIT, ALL[0], "TimHoSo")

    # --- meaning

    def test_22_another_dossier_than_the_one_asked_for(self) -> None:
        with self.under(self.saying(self.good(7))) as it:
            assert seen(it.connector.lookup(ALL[:1])).records == []

    def test_41_status_as_code_or_as_text_under_one_name(self) -> None:
        code = self.row(1, TrangThaiHoSo="5")
        text = self.row(2, TrangThaiHoSo="  Yêu cầu bổ sung  giấy tờ. ")
        both = self.row(3, MaTrangThai=10, TrangThaiHoSo="Đang xử lý")
        del code["MaTrangThai"], text["MaTrangThai"]
        found = self.read_rows([code, text, both]).by_code()
        assert [found[name].status for name in codes([1, 2, 3])] == [
            Status.SUPPLEMENT, Status.SUPPLEMENT, Status.RETURNED,
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("1", Status.SUBMITTED), ("2", Status.PROCESSING), ("3", Status.REFUSED), ("4", Status.PROCESSING),
            ("5", Status.SUPPLEMENT), ("6", Status.PAYMENT), ("7", Status.WITHDRAWN), ("8", Status.SUSPENDED),
            ("9", Status.READY), ("10", Status.RETURNED), ("0", Status.UNKNOWN),
        ],
    )  # fmt: skip
    def test_40_the_ten_codes_and_one_more(self, code: str, status: Status) -> None:
        assert self.read_rows([self.fact(status=code)]).only.status is status

    def test_39_a_site_that_masks_its_pauses_can_say_that_9_proves_nothing(self) -> None:
        assert self.read_rows([self.fact(status="9")], status_map={"9": "unknown"}).only.status is Status.UNKNOWN

    def test_33_the_new_promise_of_a_supplement(self) -> None:
        asked = {"NgayHenTraTruoc": "2025-11-10T08:15:00", "NgayHenTraMoi": "2025-11-14T08:15:00", "HoSoBoSungId": 1}
        record = self.read_rows([self.row(1, DanhSachHoSoBoSung=[asked, {"NgayHenTraMoi": None}, "?"])]).only
        assert record.extended_at == datetime(2025, 11, 14, 1, 15, tzinfo=UTC)
        assert self.read_rows([self.row(1, DanhSachHoSoBoSung="string")]).only.extended_at is None

    def test_34_the_history_of_supplements(self) -> None:
        """Hypothesis: the shape is a vendor's class (connectors.md §2.5); no portal was seen to fill it."""
        told = [
            {"HoSoBoSungId": 2, "NgayBoSung": "2025-11-12T09:00:00", "NgayTiepNhanBoSung": None},
            {"HoSoBoSungId": 1, "NgayBoSung": "20251106100000", "NgayTiepNhanBoSung": "2025-11-07T15:30:00"},
            {"NgayBoSung": "2025-11-01", "NgayTiepNhanBoSung": None},  # a day is no instant
            {"NgayBoSung": "2025-11-02T08:00:00", "NgayTiepNhanBoSung": "hôm qua"},
            {"NgayBoSung": "mai"}, "?", None,
        ]  # fmt: skip
        record = self.read_rows([self.row(1, DanhSachHoSoBoSung=told)]).only
        assert record.supplements == (
            Supplement(datetime(2025, 11, 6, 3, tzinfo=UTC), datetime(2025, 11, 7, 8, 30, tzinfo=UTC)),
            Supplement(datetime(2025, 11, 12, 2, tzinfo=UTC)),
        )
        assert record_from_json(canonical_json(record)) == record
        assert self.read_rows([self.row(1, DanhSachHoSoBoSung=[])]).only.supplements == ()

    @pytest.mark.parametrize("text", ["20251110081500", "10/11/2025 08:15:00", "10/11/2025 08:15"])
    def test_25_formats_of_the_family(self, text: str) -> None:
        assert self.read_rows([self.fact(promised_at=text)]).only.promised_at == datetime(
            2025, 11, 10, 1, 15, tzinfo=UTC
        )

    def test_25_a_field_may_have_its_own_formats(self) -> None:
        record = self.read_rows(
            [self.fact(promised_at="2025-11-10T08:15:00")], field_dates={"promised_at": ("iso",)}
        ).only
        assert record.promised_at == datetime(2025, 11, 10, 1, 15, tzinfo=UTC)
        assert record.received_at is not None

    def test_44_the_receipt_is_an_alternate(self) -> None:
        with self.under(self.peer([self.row(1, MaHoSo="QG-77", SoBienNhan=ALL[0])])) as it:
            record = seen(it.connector.lookup(ALL[:1])).only
        assert (record.key, record.alternates) == ("QG-77", (ALL[0],))

    def test_49_keys_are_matched_exactly_and_can_be_named(self) -> None:
        renamed = {"SOHS": ALL[0], "TT": "4", "HEN": "10/11/2025"}
        fields = {"code": ("SOHS",), "status_code": ("TT",), "promised_at": ("HEN",)}
        with self.under(self.saying(json_reply({"error_code": 0, "data": [renamed]})), fields=fields) as it:
            record = seen(it.connector.lookup(ALL[:1])).only
        assert record.status is Status.PROCESSING
        assert record.promised_date_only
