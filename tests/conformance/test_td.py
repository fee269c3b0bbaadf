"""TD.DichVuCongApi against connectors.md §11: the shared suite, and what only this system does."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from connectors.base import AccessRefused, Connector, Page, Reach, SourceUnavailable, Sweep, UnexpectedAnswer
from connectors.kit.http import RequestsTransport
from connectors.td.connector import build
from connectors.td.settings import TdSettings
from monitor.clock import Clock
from monitor.domain.dossier import Status
from tests.conformance.harness import NOW, Seen, codes, seen
from tests.conformance.suite import Conformance
from tests.peers import td
from tests.peers.scripted import Asked, Reply, Script, json_reply
from tests.peers.td import PASSWORD, QUOTA, SECURITY, TOKEN_PATH, TdPeer, enveloped

FULL = Sweep(Reach.FULL, NOW, NOW - timedelta(hours=1))
CHANGES = Sweep(Reach.CHANGES, NOW, NOW - timedelta(hours=1))
DAY_FIRST = ("iso", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y")  # the suite writes its dates so
MONTH_FIRST = ("%m/%d/%Y %H:%M:%S", "iso")


class TestTd(Conformance):
    secrets = (PASSWORD, SECURITY, "token-1", "Bearer")
    wire: ClassVar[dict[str, str]] = {
        "code": "maHoSo",
        "promised_at": "ngayHenTra",
        "received_at": "ngayTiepNhan",
        "status": "trangThaiHoSoId",
        "name": "chuHoSo",
    }

    def settings(self, url: str, **extra: Any) -> TdSettings:
        keys: dict[str, Any] = {
            "name": "td", "kind": "td", "role": "one_stop", "url": url, "tenant": td.TENANT, "username": td.USER,
            "password": PASSWORD, "security_code": SECURITY, "page_size": 50, "text_date_formats": DAY_FIRST,
        }  # fmt: skip
        return TdSettings(**{**keys, **extra})

    def build(self, settings: Any, transport: RequestsTransport, clock: Clock) -> Connector:
        return build(settings, transport, clock)

    def peer(self, rows: list[Any]) -> Script:
        return TdPeer(rows)

    def row(self, number: int, **facts: Any) -> dict[str, Any]:
        day_first = {"ngayTiepNhan": "03/11/2025 08:15:00", "ngayHenTra": "10/11/2025 08:15:00"}
        return td.row(number, **{**day_first, **facts})

    def read(self, connector: Connector) -> Iterator[Page]:
        return connector.sweep(FULL)

    def is_data(self, asked: Asked) -> bool:
        return asked.path != TOKEN_PATH

    def envelope(self, rows_json: str) -> str:
        return f'{{"succeeded": true, "data": {{"data": {rows_json}, "hasNextPage": false}}}}'

    # --- month first

    def read_as_sent(self, rows: list[Any], **extra: Any) -> Seen:
        """With the settings that a real site has."""
        return self.read_rows(rows, text_date_formats=MONTH_FIRST, **extra)

    def test_25_two_formats_in_one_object(self) -> None:
        row = td.row(1, trangThaiHoSoId="10", ngayKetThucXuLy="2025-11-07T16:00:00", ngayTra="2025-11-08T09:00:00")
        record = self.read_as_sent([row]).only
        assert record.received_at == datetime(2025, 11, 3, 1, 15, tzinfo=UTC)
        assert record.promised_at == datetime(2025, 11, 10, 1, 15, tzinfo=UTC)
        assert record.finished_at == datetime(2025, 11, 7, 9, tzinfo=UTC)
        assert record.returned_at == datetime(2025, 11, 8, 2, tzinfo=UTC)
        assert record.source_updated_at == datetime(2025, 11, 3, 1, 15, 0, 123456, tzinfo=UTC)

    def test_26_a_site_that_writes_the_day_first_is_found_out(self) -> None:
        """Received on the 5th, promised for the 12th: month first, May to December; the other way round, backwards."""
        facts = {"ngayTiepNhan": "12/05/2025 08:15:00", "ngayHenTra": "05/06/2025 08:15:00"}
        rows = [td.row(number, **facts) for number in range(1, 40)]
        with pytest.raises(UnexpectedAnswer, match="đảo ngày và tháng"):
            self.read_as_sent(rows)

    def test_26_both_orders_for_one_field_are_refused_as_a_setting(self) -> None:
        with pytest.raises(ValidationError, match="both ways"):
            self.settings("http://x", text_date_formats=("%m/%d/%Y", "%d/%m/%Y"))

    # --- failures with 200

    def test_04_failure_with_200(self) -> None:
        failed = json_reply({"succeeded": False, "failed": True, "message": "Có lỗi xảy ra", "data": None})
        self.fails(UnexpectedAnswer, self.saying(failed), "succeeded")

    def test_11_quota_of_the_day_waits_for_tomorrow(self) -> None:
        """09:00 in Hà Nội: fifteen hours and five minutes to go."""
        peer = TdPeer([self.row(number) for number in range(1, 40)], quota=2)
        with self.under(peer, page_size=10) as it:
            pages = it.connector.sweep(FULL)
            assert [len(next(pages).records), len(next(pages).records)] == [10, 10]
            with pytest.raises(SourceUnavailable, match="trong ngày") as caught:
                next(pages)
        assert caught.value.retry_after_s == (15 * 60 + 5) * 60
        assert QUOTA not in caught.value.said

    def test_11_quota_while_signing_in(self) -> None:
        refused = json_reply({"succeeded": False, "message": QUOTA})
        self.fails(SourceUnavailable, lambda asked: refused, "trong ngày")

    def test_03_sign_in_refused_with_200(self) -> None:
        refused = json_reply({"succeeded": False, "message": "Sai mật khẩu"})
        self.fails(AccessRefused, lambda asked: refused, "đăng nhập bị từ chối")

    def test_09_no_right_said_with_200_is_refused_after_one_new_token(self) -> None:
        replies = json_reply({"succeeded": False, "message": "Người dùng không có quyền", "data": None})
        self.fails(AccessRefused, self.saying(replies))

    @pytest.mark.parametrize("tenant", ["", "h98"])
    def test_03_another_tenant_is_refused(self, tenant: str) -> None:
        with self.under(TdPeer([self.row(1)]), tenant=tenant) as it, pytest.raises(AccessRefused):
            seen(it.connector.sweep(FULL))

    def test_03_no_rows_at_all_is_refused(self) -> None:
        with self.under(TdPeer([])) as it, pytest.raises(AccessRefused, match="không cho thấy"):
            seen(it.connector.sweep(FULL))
        with self.under(TdPeer([]), expect_rows=0) as it:
            assert not seen(it.connector.sweep(FULL)).records

    # --- token

    def test_09_a_token_that_ends_between_two_pages(self) -> None:
        peer = TdPeer([self.row(number) for number in range(1, 100)], lives=2)
        with self.under(peer, page_size=10) as it:
            assert seen(it.connector.sweep(FULL)).codes == codes(range(1, 100))
        assert peer.sign_ins == 5

    def test_09_a_token_that_never_holds_is_no_loop(self) -> None:
        with self.under(TdPeer([self.row(1)], lives=0)) as it:
            with pytest.raises(AccessRefused, match="401"):
                seen(it.connector.sweep(FULL))
            assert len(it.server.asked) == 2

    # --- pages

    @pytest.mark.parametrize("count", [10, 19, 20, 21])
    def test_20_null_past_the_end_is_an_end(self, count: int) -> None:
        """Without `hasNextPage` only the null page tells; nothing is lost, nothing is believed deleted."""
        behaves = TdPeer([self.row(number) for number in range(1, count + 1)])

        def script(asked: Asked) -> Reply:
            reply = behaves(asked)
            value = json.loads(reply.body)
            if isinstance(value.get("data"), dict):
                del value["data"]["hasNextPage"]
            return json_reply(value, reply.status)

        with self.under(script, page_size=10) as it:
            assert seen(it.connector.sweep(FULL)).codes == codes(range(1, count + 1))

    def test_20_null_in_the_middle_is_not_the_end(self) -> None:
        """The first page said forty: a null page after ten is no end, whatever total it states."""
        first = json_reply(enveloped([self.row(number) for number in range(1, 11)], 40, size=10, more=True))
        rest = json_reply(enveloped(None, 0, 2, 10))
        self.fails(UnexpectedAnswer, self.saying(first, rest), "40 hồ sơ nhưng chỉ trả 10", page_size=10)

    def test_20_the_same_page_for_ever(self) -> None:
        same = json_reply(enveloped([self.row(number) for number in range(1, 11)], 99, size=10, more=True))
        with self.under(self.saying(same), page_size=10) as it, pytest.raises(UnexpectedAnswer, match="mãi"):
            seen(it.connector.sweep(FULL))

    @pytest.mark.parametrize("plan", [FULL, CHANGES])
    def test_a_crash_on_any_page_goes_on_at_that_page(self, plan: Sweep) -> None:
        with self.under(TdPeer([self.row(number) for number in range(1, 45)]), page_size=10) as it:
            pages = list(it.connector.sweep(plan))
            assert (len(pages), pages[-1].resume, pages[0].total) == (5, "", 44)
            for stop, page in enumerate(pages[:-1]):
                again = list(it.connector.sweep(Sweep(plan.reach, NOW, plan.since, page.resume)))
                assert again == pages[stop + 1 :]

    @pytest.mark.parametrize("token", ["{", "7", "null", '{"page": "x"}', '{"page": -3}', '{"listing": "open"}'])
    def test_a_token_of_something_else_begins_anew(self, token: str) -> None:
        with self.under(TdPeer([self.row(1)])) as it:
            assert seen(it.connector.sweep(Sweep(Reach.FULL, NOW, None, token))).codes == codes([1])

    # --- lookup

    def test_22_lookup_by_code(self) -> None:
        with self.under(TdPeer([self.row(number) for number in range(1, 90)])) as it:
            assert seen(it.connector.lookup(codes([3, 70, 500]))).codes == codes([3, 70])

    def test_21_a_filter_that_is_ignored_costs_one_reading_of_the_list(self) -> None:
        peer = TdPeer([self.row(number) for number in range(1, 200)], filters=False)
        with self.under(peer) as it:
            assert seen(it.connector.lookup(codes([3, 150, 180, 500]))).codes == codes([3, 150, 180])
        assert peer.searches == 2 + 4, "one by luck, one that showed the slip, then the four pages of the list"

    # --- meaning

    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("1", Status.SUBMITTED),
            (2, Status.PROCESSING),
            ("3", Status.REFUSED),
            ("4", Status.PROCESSING),
            ("5", Status.SUPPLEMENT),
            ("6", Status.PAYMENT),
            ("7", Status.WITHDRAWN),
            ("8", Status.SUSPENDED),
            ("9", Status.READY),
            ("10", Status.RETURNED),
            ("0", Status.UNKNOWN),
            (None, Status.UNKNOWN),
        ],
    )
    def test_40_states(self, code: object, status: Status) -> None:
        assert self.read_rows([self.row(1, trangThaiHoSoId=code)]).only.status is status

    def test_36_an_end_left_over_from_before_a_reopening_does_not_count(self) -> None:
        row = self.row(1, trangThaiHoSoId="4", ngayKetThucXuLy="2025-11-07T16:00:00", ngayTra="2025-11-07T16:00:00")
        record = self.read_rows([row]).only
        assert (record.finished_at, record.returned_at) == (None, None)

    def test_44_the_other_code_is_an_alternate(self) -> None:
        assert self.read_rows([self.row(1, maHoSoKhac="h99-251103-0001")]).only.alternates == ("H99-251103-0001",)

    def test_45_a_deleted_dossier_is_none_of_ours(self) -> None:
        rows = [self.row(1, deletedOn="2025-11-05T10:00:00"), self.row(2, deletedOn="0001-01-01T00:00:00")]
        assert self.read_rows(rows).codes == codes([2])

    def test_40_the_channel_is_named_by_the_site(self) -> None:
        row = self.row(1, kenhThucHien="2")
        assert self.read_rows([row]).only.channel == ""
        assert self.read_rows([row], channel_map={"2": "online"}).only.channel == "online"
