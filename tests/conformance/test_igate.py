"""VNPT iGate against connectors.md §11: the shared suite, and what only this system does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from connectors.base import AccessRefused, Connector, Page, Reach, Sweep, UnexpectedAnswer
from connectors.igate.connector import build
from connectors.igate.settings import IgateSettings
from connectors.kit.http import RequestsTransport
from monitor.clock import Clock
from monitor.domain.dossier import Status
from tests.conformance.harness import NOW, codes, seen
from tests.conformance.suite import Conformance
from tests.peers.igate import CLIENT, SECRET, TOKEN_PATH, IgatePeer, row
from tests.peers.scripted import Asked, Reply, Script, json_reply, serving

FULL = Sweep(Reach.FULL, NOW, NOW - timedelta(hours=1))
CHANGES = Sweep(Reach.CHANGES, NOW, NOW - timedelta(hours=1))


class TestIgate(Conformance):
    secrets = (SECRET, CLIENT, "token-1", "Bearer")
    formats = ("iso", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y")  # the suite writes dates of several families
    wire: ClassVar[dict[str, str]] = {
        "code": "code",
        "promised_at": "appointmentDate",
        "received_at": "acceptedDate",
        "status": "state",
        "name": "person",
    }

    def settings(self, url: str, **extra: Any) -> IgateSettings:
        if "password" in extra:
            extra["client_secret"] = extra.pop("password")
        keys: dict[str, Any] = {
            "name": "igate", "kind": "igate", "role": "one_stop", "url": url, "token_url": url + TOKEN_PATH,
            "client_id": CLIENT, "client_secret": SECRET, "page_size": 50, "date_formats": self.formats,
        }  # fmt: skip
        return IgateSettings(**{**keys, **extra})

    def build(self, settings: Any, transport: RequestsTransport, clock: Clock) -> Connector:
        return build(settings, transport, clock)

    def peer(self, rows: list[Any]) -> Script:
        return IgatePeer(rows)

    def row(self, number: int, **facts: Any) -> dict[str, Any]:
        return row(number, **facts)

    def read(self, connector: Connector) -> Iterator[Page]:
        return connector.sweep(FULL)

    def is_data(self, asked: Asked) -> bool:
        return asked.path != TOKEN_PATH

    def envelope(self, rows_json: str) -> str:
        return f'{{"content": {rows_json}, "last": true}}'

    # --- token

    def test_09_a_token_that_ends_between_two_pages(self) -> None:
        peer = IgatePeer([self.row(number) for number in range(1, 100)], lives=2)
        with self.under(peer, page_size=10) as it:
            assert seen(it.connector.sweep(FULL)).codes == codes(range(1, 100))
        assert peer.sign_ins == 5

    def test_09_a_token_that_never_holds_is_no_loop(self) -> None:
        with self.under(IgatePeer([self.row(1)], lives=0)) as it:
            with pytest.raises(AccessRefused, match="401"):
                seen(it.connector.sweep(FULL))
            assert len(it.server.asked) == 2

    def test_09_the_token_is_renewed_before_it_ends(self) -> None:
        peer = IgatePeer([self.row(1)])
        with self.under(peer) as it:
            for seconds, sign_ins in ((0, 1), (239, 1), (240, 2)):
                it.clock.set(NOW + timedelta(seconds=seconds))
                seen(it.connector.lookup(codes([1])))
                assert peer.sign_ins == sign_ins

    @pytest.mark.parametrize("answer", [{}, [], {"access_token": ""}, {"access_token": "a\nb"}, {"access_token": 7}])
    def test_sign_in_without_a_token(self, answer: object) -> None:
        with self.under(lambda asked: json_reply(answer)) as it, pytest.raises(UnexpectedAnswer):
            seen(it.connector.sweep(FULL))

    def test_the_token_may_live_on_another_host_and_only_there(self) -> None:
        gateway = IgatePeer([self.row(1)])
        with serving(gateway) as sso, self.under(gateway, token_url=sso.url + TOKEN_PATH) as it:
            assert seen(it.connector.sweep(FULL)).codes == codes([1])
            assert all(asked.path == TOKEN_PATH for asked in sso.asked)

    def test_a_password_grant_needs_a_user(self) -> None:
        with pytest.raises(ValidationError, match="username"):
            self.settings("http://x", grant="password")

    # --- paging

    @pytest.mark.parametrize("totals", [True, False])
    @pytest.mark.parametrize("count", [1, 49, 50, 51, 100, 143])
    def test_19_pages_and_slices(self, totals: bool, count: int) -> None:
        with self.under(IgatePeer([self.row(number) for number in range(1, count + 1)], totals=totals)) as it:
            assert seen(it.connector.sweep(FULL)).codes == codes(range(1, count + 1))

    def test_46_a_bare_list_is_a_page_too(self) -> None:
        with self.under(self.saying(json_reply([self.row(1)]))) as it:
            assert seen(it.connector.sweep(FULL)).codes == codes([1])

    def test_20_the_same_page_for_ever(self) -> None:
        page = json_reply({"content": [self.row(number) for number in range(1, 51)], "last": False})
        with self.under(self.saying(page)) as it, pytest.raises(UnexpectedAnswer, match="cùng một trang"):
            seen(it.connector.sweep(FULL))

    def test_16_clearly_fewer_rows_than_the_total(self) -> None:
        page = json_reply({"content": [self.row(1)], "last": True, "totalElements": 900})
        with self.under(self.saying(page)) as it, pytest.raises(UnexpectedAnswer, match="900"):
            seen(it.connector.sweep(FULL))

    def test_03_no_rows_at_all_is_refused(self) -> None:
        with self.under(self.peer([])) as it, pytest.raises(AccessRefused, match="không cho thấy"):
            seen(it.connector.sweep(FULL))

    def test_24_changes_are_open_ones_and_the_last_changed(self) -> None:
        new, old = "2025-11-20T08:30:00.000+0700", "2025-11-01T08:00:00.000+0700"
        rows = [self.row(number, state=4, updatedDate=new) for number in range(1, 4)]
        rows += [self.row(number, state=4, updatedDate=old) for number in range(4, 100)]
        rows += [self.row(200, state=2, updatedDate=old)]
        with self.under(self.peer(rows), page_size=10) as it:
            found = seen(it.connector.sweep(CHANGES)).codes
            assert set(codes([1, 2, 3, 200])) <= set(found)
            assert len(it.server.asked) == 4, "a token, the open ones, and two pages: the second is all old"

    @pytest.mark.parametrize("reach", [FULL, CHANGES])
    def test_a_crash_on_any_page_goes_on_at_that_page(self, reach: Sweep) -> None:
        rows = [self.row(number, updatedDate="2025-11-20T08:30:00.000+0700") for number in range(1, 45)]
        with self.under(self.peer(rows), page_size=10) as it:
            pages = list(it.connector.sweep(reach))
            assert pages[-1].resume == ""
            for stop, page in enumerate(pages[:-1]):
                again = list(it.connector.sweep(Sweep(reach.reach, NOW, reach.since, page.resume)))
                assert again == pages[stop + 1 :]

    # --- meaning

    def test_30_offset_without_colon(self) -> None:
        assert self.read_rows([self.row(1)]).only.promised_at == datetime(2025, 11, 10, 1, 15, tzinfo=UTC)

    @pytest.mark.parametrize("flag", [1, True, "true", "1"])
    def test_32_no_date_can_be_promised(self, flag: object) -> None:
        assert self.read_rows([self.row(1, undefindedCompleteTime=flag)]).only.promised_at is None

    @pytest.mark.parametrize(
        ("state", "status"),
        [
            ({"id": 2, "name": "?"}, Status.PROCESSING),
            ({"id": 77, "name": " Đang  xử lý."}, Status.PROCESSING),
            (
                {"id": 5, "name": [{"languageId": 46, "name": "Done"}, {"languageId": 228, "name": "Có kết quả"}]},
                Status.READY,
            ),
            ({"id": 5, "name": "giai đoạn sau"}, Status.UNKNOWN),
            ({}, Status.UNKNOWN),
            (None, Status.UNKNOWN),
            ("x", Status.UNKNOWN),
        ],
    )
    def test_40_42_by_id_then_by_name(self, state: object, status: Status) -> None:
        assert self.read_rows([self.row(1, dossierStatus=state)]).only.status is status

    @pytest.mark.parametrize(
        "shape", [[{"languageId": 228, "name": "Xác nhận mẫu"}], {"languageId": 228, "name": "Xác nhận mẫu"}]
    )
    @pytest.mark.parametrize("tasks", [[{"assignee": {"fullname": "Đỗ"}}], {"assignee": {"fullname": "Đỗ"}}])
    def test_46_object_or_list_for_the_same_key(self, shape: object, tasks: object) -> None:
        record = self.read_rows([self.row(1, procedure={"code": "1", "translate": shape}, currentTask=tasks)]).only
        assert (record.procedure_name, record.officer) == ("Xác nhận mẫu", "Đỗ")
        assert self.read_rows([self.row(1, procedure=None, currentTask=None)]).only.procedure_name == ""

    def test_44_nation_code_is_an_alternate(self) -> None:
        assert self.read_rows([self.row(1, nationCode="G22-1")]).only.alternates == ("G22-1",)

    def test_22_lookup_takes_equal_codes_only(self) -> None:
        with self.under(self.saying(Reply(self.good(1, 2).body))) as it:
            assert seen(it.connector.lookup(codes([2]))).codes == codes([2])
