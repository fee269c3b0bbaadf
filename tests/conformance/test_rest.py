"""APIs described in the settings against connectors.md §11: the shared suite, every way of paging, and odd answers."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from connectors.base import AccessRefused, Capability, Connector, Page, Reach, Sweep, UnexpectedAnswer
from connectors.kit.http import RequestsTransport
from connectors.rest.connector import build
from connectors.rest.settings import RestSettings
from monitor.clock import Clock
from monitor.domain.dossier import Status
from tests.conformance.harness import NOW, codes, seen
from tests.conformance.suite import Conformance
from tests.peers.rest import PASSWORD, TOKEN, USER, RestPeer, row
from tests.peers.scripted import Asked, Reply, Script, json_reply

FULL = Sweep(Reach.FULL, NOW, NOW - timedelta(hours=1))
CHANGES = Sweep(Reach.CHANGES, NOW, NOW - timedelta(hours=1))
COLUMNS = {
    "key": "uid",
    "code": "so_ho_so",
    "status": "trang_thai",
    "received_at": "nhan",
    "promised_at": "hen",
    "finished_at": "xong",
    "source_updated_at": "sua",
    "applicant_name": "chu_ho_so.ho_ten",
    "officer": "buoc.0.can_bo",
}


class TestRest(Conformance):
    secrets = (PASSWORD, TOKEN, "Basic")
    wire: ClassVar[dict[str, str]] = {
        "code": "so_ho_so",
        "promised_at": "hen",
        "received_at": "nhan",
        "status": "trang_thai",
        "name": "person",
    }

    def settings(self, url: str, **extra: Any) -> RestSettings:
        keys: dict[str, Any] = {
            "name": "rest", "kind": "rest", "role": "one_stop", "url": url, "path": "/api/ho-so", "paging": "offset",
            "auth": "basic", "username": USER, "password": PASSWORD, "rows": "data.items", "total": "data.total",
            "more": "data.more", "success": "status", "size_param": "limit", "page_size": 50, "columns": COLUMNS,
        }  # fmt: skip
        return RestSettings(**{**keys, **extra})

    def build(self, settings: Any, transport: RequestsTransport, clock: Clock) -> Connector:
        return build(settings, transport, clock)

    def peer(self, rows: list[Any]) -> Script:
        return RestPeer(rows)

    def row(self, number: int, **facts: Any) -> dict[str, Any]:
        return row(number, **facts)

    def read(self, connector: Connector) -> Iterator[Page]:
        return connector.sweep(FULL)

    def is_data(self, asked: Asked) -> bool:
        return True

    def envelope(self, rows_json: str) -> str:
        return f'{{"status": "ok", "data": {{"items": {rows_json}, "more": false}}}}'

    # --- asking

    @pytest.mark.parametrize(
        "how",
        [
            {"auth": "bearer", "token": TOKEN},
            {"auth": "header", "token": TOKEN},
            {"method": "POST", "params": {"tinh": "H99"}},
        ],
    )
    def test_credentials_and_method(self, how: dict[str, Any]) -> None:
        assert self.read_rows([self.row(1)], **how).codes == codes([1])

    def test_03_no_rows_at_all_is_refused(self) -> None:
        self.fails(AccessRefused, self.peer([]), "không cho thấy")
        assert not self.read_rows([], expect_rows=0).records

    @pytest.mark.parametrize("said", ["error", 7, None, False, ["ok"]])
    def test_04_failure_with_200(self, said: object) -> None:
        answer = json_reply({"status": said, "data": {"items": [self.row(1)], "more": False}})
        self.fails(UnexpectedAnswer, self.saying(answer), "'status'")

    @pytest.mark.parametrize("said", ["00", 0, "0", "Success", True, 200])
    def test_05_success_in_any_of_its_spellings(self, said: object) -> None:
        answer = json_reply({"status": said, "data": {"items": [self.row(1)], "more": False}})
        with self.under(self.saying(answer)) as it:
            assert seen(it.connector.sweep(FULL)).codes == codes([1])

    # --- pages

    @pytest.mark.parametrize("tells", ["total", "more", "nothing"])
    @pytest.mark.parametrize("paging", ["offset", "page", "cursor"])
    def test_19_every_way_of_paging_reads_all(self, paging: str, tells: str) -> None:
        for count in (1, 9, 10, 11, 35):
            peer = RestPeer([self.row(number) for number in range(1, count + 1)], paging, tells=tells)
            with self.under(peer, paging=paging, page_size=10, next_cursor="data.next") as it:
                assert seen(it.connector.sweep(FULL)).codes == codes(range(1, count + 1))

    @pytest.mark.parametrize("tells", ["total", "more", "nothing"])
    @pytest.mark.parametrize("paging", ["offset", "page", "cursor"])
    def test_19_a_server_that_gives_fewer_rows_than_asked_for(self, paging: str, tells: str) -> None:
        """A short page is no end."""
        peer = RestPeer([self.row(number) for number in range(1, 36)], paging, at_most=8, tells=tells)
        with self.under(peer, paging=paging, page_size=100, next_cursor="data.next") as it:
            assert seen(it.connector.sweep(FULL)).codes == codes(range(1, 36))

    def test_19_one_answer_without_pages(self) -> None:
        bare = json_reply([self.row(1), self.row(2)])
        with self.under(self.saying(bare), paging="none", rows="", success="", total="", more="") as it:
            assert seen(it.connector.sweep(FULL)).codes == codes([1, 2])
            assert len(it.server.asked) == 1

    @pytest.mark.parametrize("paging", ["offset", "page", "cursor"])
    @pytest.mark.parametrize("plan", [FULL, CHANGES])
    def test_a_crash_on_any_page_goes_on_at_that_page(self, plan: Sweep, paging: str) -> None:
        peer = RestPeer([self.row(number) for number in range(1, 45)], paging)
        with self.under(peer, paging=paging, page_size=10, next_cursor="data.next") as it:
            pages = list(it.connector.sweep(plan))
            assert (len(pages), pages[-1].resume) == (5, "")
            for stop, page in enumerate(pages[:-1]):
                again = list(it.connector.sweep(Sweep(plan.reach, NOW, plan.since, page.resume)))
                assert again == pages[stop + 1 :]

    @pytest.mark.parametrize("paging", ["offset", "page", "cursor"])
    def test_20_the_same_page_for_ever(self, paging: str) -> None:
        data = {"items": [self.row(number) for number in range(1, 11)], "next": "c10", "total": 99}
        same = json_reply({"status": "ok", "data": data})
        self.fails(UnexpectedAnswer, self.saying(same), "mãi", paging=paging, page_size=10, next_cursor="data.next")

    def test_20_pages_without_end(self) -> None:
        peer = RestPeer([self.row(number) for number in range(1, 100)])
        with self.under(peer, page_size=1, max_pages=7) as it, pytest.raises(UnexpectedAnswer, match="quá 7 trang"):
            seen(it.connector.sweep(FULL))

    def test_16_a_total_that_lies(self) -> None:
        def script(asked: Asked) -> Reply:
            rows = [self.row(number) for number in range(1, 11)] if asked.query["offset"] == "0" else []
            return json_reply({"status": "ok", "data": {"items": rows, "total": 400 if rows else 0}})

        self.fails(UnexpectedAnswer, script, "400 hồ sơ nhưng chỉ trả 10")

    # --- lookup and changes

    def test_capabilities_are_those_described(self) -> None:
        with self.under(self.peer([])) as it:
            can = it.connector.capabilities
        assert can == {Capability.LIST, Capability.TOTALS, Capability.FINISH_INSTANT}

    def test_22_lookup_takes_equal_codes_only(self) -> None:
        with self.under(self.peer([self.row(number) for number in range(1, 9)]), code_param="code") as it:
            assert Capability.LOOKUP in it.connector.capabilities
            assert seen(it.connector.lookup(codes([3, 5, 77]))).codes == codes([3, 5])
        with self.under(self.saying(self.good(1, 2)), code_param="code") as it:
            assert seen(it.connector.lookup(codes([2]))).codes == codes([2])

    def test_changes_ask_for_what_changed(self) -> None:
        rows = [self.row(1), self.row(2, sua="2025-11-20T08:30:00+07:00")]
        with self.under(self.peer(rows), since_param="since") as it:
            assert seen(it.connector.sweep(CHANGES)).codes == codes([2])
            assert it.server.asked[0].query["since"] == "2025-11-20T08:00:00+07:00"
            assert seen(it.connector.sweep(FULL)).codes == codes([1, 2])

    def test_nothing_changed_is_no_refusal(self) -> None:
        with self.under(self.peer([self.row(1)]), since_param="since") as it:
            assert not seen(it.connector.sweep(CHANGES)).records

    @pytest.mark.parametrize(
        ("how", "text"),
        [("%d/%m/%Y %H:%M:%S", "20/11/2025 08:00:00"), ("epoch_s", "1763600400"), ("epoch_ms", "1763600400000")],
    )
    def test_the_instant_is_written_as_the_source_wants_it(self, how: str, text: str) -> None:
        with self.under(self.saying(self.good(1)), since_param="since", since_format=how) as it:
            seen(it.connector.sweep(CHANGES))
            assert it.server.asked[0].query["since"] == text

    # --- rows

    def test_values_are_taken_from_their_places(self) -> None:
        facts = {"xong": "07/11/2025", "trang_thai": "Đã có kết quả"}
        record = self.read_rows([self.row(1, **facts)], field_dates={"finished_at": ("%d/%m/%Y",)}).only
        assert (record.key, record.applicant.name, record.officer) == ("904001", "NGUYỄN VĂN MẪU", "Đỗ Thị Mẫu")
        assert (record.status, record.finished_at) == (Status.READY, datetime(2025, 11, 6, 17, tzinfo=UTC))

    @pytest.mark.parametrize("broken", [[], [7], {}, "x", None])
    def test_46_a_place_that_is_not_there_is_empty(self, broken: object) -> None:
        assert self.read_rows([self.row(1, buoc=broken, chu_ho_so=broken)]).only.officer == ""

    def test_a_row_set_aside_is_known_by_its_key_wherever_that_stands(self) -> None:
        row = {**self.row(1, hen="tuần sau"), "ids": [{"own": 77}]}
        (bad,) = self.read_rows([row], columns={**COLUMNS, "key": "ids.0.own"}).bad
        assert (bad.key, bad.field) == ("77", "hen")

    # --- settings

    @pytest.mark.parametrize(
        "keys",
        [
            {"paging": "cursor", "next_cursor": ""},
            {"auth": "basic", "username": ""},
            {"auth": "bearer", "token": ""},
            {"since_format": "%q"},
            {"columns": {"codex": "a"}},
            {"columns": {"status": "a"}},
        ],
    )
    def test_keys_that_do_not_fit_together(self, keys: dict[str, Any]) -> None:
        with pytest.raises(ValidationError):
            self.settings("http://x", **keys)
