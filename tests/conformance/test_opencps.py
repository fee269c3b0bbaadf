"""OpenCPS against connectors.md §11: the shared suite, and what only this system does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from connectors.base import AccessRefused, Connector, Page, Reach, SourceUnavailable, Sweep, UnexpectedAnswer
from connectors.kit.http import RequestsTransport
from connectors.opencps.connector import build
from connectors.opencps.settings import OpencpsSettings
from monitor.clock import Clock
from monitor.domain.dossier import Status
from tests.conformance.harness import NOW, codes, seen
from tests.conformance.suite import Conformance
from tests.peers.opencps import ANY_FAILURE, GROUP_ID, NOT_SIGNED_IN, PASSWORD, USERNAME, OpencpsPeer, row
from tests.peers.scripted import Asked, Reply, Script, json_reply

FULL = Sweep(Reach.FULL, NOW)
CHANGES = Sweep(Reach.CHANGES, NOW, NOW - timedelta(hours=1))


class TestOpencps(Conformance):
    secrets = (PASSWORD, USERNAME, "Basic")
    wire: ClassVar[dict[str, str]] = {
        "code": "dossierNo",
        "promised_at": "dueDate",
        "received_at": "receiveDate",
        "status": "dossierStatus",
        "name": "applicantName",
    }

    def settings(self, url: str, **extra: Any) -> OpencpsSettings:
        keys: dict[str, Any] = {
            "name": "motcua", "kind": "opencps", "role": "one_stop", "url": url, "group_id": GROUP_ID,
            "username": USERNAME, "password": PASSWORD, "page_size": 50,
        }  # fmt: skip
        return OpencpsSettings(**{**keys, **extra})

    def build(self, settings: Any, transport: RequestsTransport, clock: Clock) -> Connector:
        return build(settings, transport, clock)

    def peer(self, rows: list[Any]) -> Script:
        return OpencpsPeer(rows)

    def row(self, number: int, **facts: Any) -> dict[str, Any]:
        return row(number, **facts)

    def read(self, connector: Connector) -> Iterator[Page]:
        return connector.sweep(FULL)

    def is_data(self, asked: Asked) -> bool:
        return True

    def envelope(self, rows_json: str) -> str:
        return f'{{"total": 1, "data": {rows_json}}}'

    # --- saying no

    @pytest.mark.parametrize("status", [200, 203, 401])
    def test_01_not_signed_in_is_never_an_empty_list(self, status: int) -> None:
        self.fails(AccessRefused, self.saying(json_reply(NOT_SIGNED_IN, status)), "không được chấp nhận")

    def test_02_403_is_asked_again_once(self) -> None:
        with self.under(self.saying(json_reply(ANY_FAILURE, 403), self.good(1))) as it:
            assert seen(self.read(it.connector)).codes == codes([1])

    @pytest.mark.parametrize("status", [200, 403])
    def test_02_403_that_stays_is_an_outage(self, status: int) -> None:
        error = self.fails(SourceUnavailable, self.saying(json_reply(ANY_FAILURE, status)), "403")
        assert "NullPointer" not in error.said

    @pytest.mark.parametrize("reach", [FULL, CHANGES])
    def test_03_guest_with_no_rows_is_refused(self, reach: Sweep) -> None:
        """A revoked password looks like an empty table: an alarm, not a fact."""
        peer = OpencpsPeer([self.row(number) for number in range(1, 30)])
        peer.password = "another"
        with self.under(peer) as it, pytest.raises(AccessRefused, match="khách"):
            seen(it.connector.sweep(reach))

    def test_03_guest_with_a_few_rows_is_refused_where_we_know_better(self) -> None:
        peer = OpencpsPeer([self.row(number) for number in range(1, 30)], guest_rows=3)
        peer.password = "another"
        with self.under(peer, expect_rows=20) as it, pytest.raises(AccessRefused, match="cần ít nhất 20"):
            seen(it.connector.sweep(FULL))

    def test_03_wrong_group_is_told_apart_from_an_empty_site(self) -> None:
        with self.under(self.peer([self.row(1)]), group_id=1) as it, pytest.raises(AccessRefused, match="group_id"):
            seen(it.connector.sweep(FULL))

    def test_03_guest_also_on_lookup(self) -> None:
        peer = OpencpsPeer([self.row(1)])
        peer.password = "another"
        with self.under(peer) as it, pytest.raises(AccessRefused, match="khách"):
            seen(it.connector.lookup(codes([1])))

    def test_09_session_lost_between_two_pages(self) -> None:
        peer = OpencpsPeer([self.row(number) for number in range(1, 100)])

        def script(asked: Asked) -> Reply:
            if int(asked.query["start"]) > 0:
                peer.password = "another"
            return peer(asked)

        with self.under(script, page_size=20) as it, pytest.raises(AccessRefused, match="khách"):
            seen(it.connector.sweep(FULL))

    # --- paging

    def test_15_never_asks_without_an_end(self) -> None:
        with self.under(self.peer([self.row(number) for number in range(1, 120)])) as it:
            seen(it.connector.sweep(FULL))
            seen(it.connector.sweep(CHANGES))
            assert all(int(asked.query["end"]) > int(asked.query["start"]) for asked in it.server.asked)
            assert not any("sort" in asked.query for asked in it.server.asked), "18: a sort is a sort of texts"

    def test_15_a_server_that_ignores_the_page_and_gives_all(self) -> None:
        rows = [self.row(number) for number in range(1, 120)]
        whole = json_reply({"total": len(rows), "data": rows})
        with self.under(self.saying(whole)) as it:
            assert seen(it.connector.sweep(FULL)).codes == codes(range(1, 120))

    @pytest.mark.parametrize("count", [1, 49, 50, 51, 99, 100, 101, 143])
    def test_16_every_row_once_whatever_the_page_breaks(self, count: int) -> None:
        result = self.read_rows([self.row(number) for number in range(1, count + 1)])
        assert result.codes == codes(range(1, count + 1))

    @pytest.mark.parametrize("lie", [-100, -1, 3])
    def test_16_a_total_that_lies_a_little_or_low(self, lie: int) -> None:
        peer = OpencpsPeer([self.row(number) for number in range(1, 121)])
        peer.total_lie = lie
        with self.under(peer) as it:
            assert len(seen(it.connector.sweep(FULL)).records) == 120

    def test_16_clearly_fewer_rows_than_the_total(self) -> None:
        peer = OpencpsPeer([self.row(number) for number in range(1, 121)])
        peer.total_lie = 50
        with self.under(peer) as it, pytest.raises(UnexpectedAnswer, match="170 hồ sơ nhưng chỉ trả 120"):
            seen(it.connector.sweep(FULL))

    def test_16_total_without_data(self) -> None:
        self.fails(UnexpectedAnswer, self.saying(json_reply({"total": 300})), "300")

    @pytest.mark.parametrize(
        "body", ["[1]", '{"total": "x", "data": []}', '{"total": true}', '{"total": -1}', '{"total": 1, "data": "x"}']
    )
    def test_16_an_envelope_that_changed(self, body: str) -> None:
        self.fails(UnexpectedAnswer, self.saying(Reply(body.encode())))

    def test_16_a_server_that_caps_its_pages(self) -> None:
        rows = [self.row(number) for number in range(1, 91)]

        def script(asked: Asked) -> Reply:
            start, end = int(asked.query["start"]), int(asked.query["end"])
            return json_reply({"total": 90, "data": rows[start : min(end, start + 20)]})

        with self.under(script) as it:
            assert seen(it.connector.sweep(FULL)).codes == codes(range(1, 91))

    def test_17_a_row_deleted_between_two_pages_loses_nobody(self) -> None:
        rows = [self.row(number) for number in range(1, 100)]
        peer = OpencpsPeer(rows)

        def script(asked: Asked) -> Reply:
            if asked.query["start"] not in ("0",) and len(rows) == 99:
                del rows[:3]
            return peer(asked)

        with self.under(script, page_size=20) as it:
            assert set(seen(it.connector.sweep(FULL)).codes) == set(codes(range(1, 100)))

    def test_17_more_rows_deleted_than_pages_overlap(self) -> None:
        rows = [self.row(number) for number in range(1, 100)]
        peer = OpencpsPeer(rows)

        def script(asked: Asked) -> Reply:
            if asked.query["start"] != "0" and len(rows) == 99:
                del rows[:12]
            return peer(asked)

        with self.under(script, page_size=20) as it:
            assert set(seen(it.connector.sweep(FULL)).codes) == set(codes(range(1, 100)))

    def test_17_rows_inserted_between_two_pages_double_nothing_new(self) -> None:
        rows = [self.row(number) for number in range(1, 100)]
        peer = OpencpsPeer(rows)

        def script(asked: Asked) -> Reply:
            if asked.query["start"] != "0" and len(rows) == 99:
                rows[:0] = [self.row(200 + number) for number in range(3)]
            return peer(asked)

        with self.under(script, page_size=20) as it:
            assert set(seen(it.connector.sweep(FULL)).codes) >= set(codes(range(1, 100)))

    def test_20_the_same_page_for_ever(self) -> None:
        page = [self.row(number) for number in range(1, 51)]
        reply = json_reply({"total": 5000, "data": page})
        with self.under(self.saying(reply)) as it:
            with pytest.raises(UnexpectedAnswer, match="cùng một trang"):
                seen(it.connector.sweep(FULL))
            assert len(it.server.asked) < 20

    def test_20_a_list_without_end(self) -> None:
        def script(asked: Asked) -> Reply:
            start, end = int(asked.query["start"]), int(asked.query["end"])
            return json_reply({"total": 10, "data": [self.row(number) for number in range(start, end)]})

        with self.under(script, max_pages=10) as it, pytest.raises(UnexpectedAnswer, match="quá 10 trang"):
            seen(it.connector.sweep(FULL))

    def test_21_a_filter_that_is_ignored(self) -> None:
        old = {"dossierStatus": "done", "finishDate": "01/10/2024 08:00:00", "receiveDate": "01/09/2024 08:00:00"}
        rows = [self.row(number, **old) for number in range(1, 101)]

        def script(asked: Asked) -> Reply:
            start, end = int(asked.query["start"]), int(asked.query["end"])
            return json_reply({"total": len(rows), "data": rows[start:end]})

        with self.under(script) as it, pytest.raises(UnexpectedAnswer, match="bỏ qua bộ lọc"):
            seen(it.connector.sweep(CHANGES))

    def test_21_rows_outside_the_window_are_left_out(self) -> None:
        inside = self.row(1, dossierStatus="done", finishDate="20/11/2025 08:00:00")
        outside = self.row(2, dossierStatus="done", finishDate="01/10/2024 08:00:00")
        reply = json_reply({"total": 2, "data": [inside, outside]})
        with self.under(self.saying(reply)) as it:
            assert set(seen(it.connector.sweep(CHANGES)).codes) == set(codes([1]))

    def test_22_lookup_takes_equal_codes_only(self) -> None:
        with self.under(self.peer([self.row(number) for number in range(1, 60)])) as it:
            result = seen(it.connector.lookup(["h99.14–251103-0007 ", *codes([31])]))
            assert sorted(result.codes) == codes([7, 31])

    def test_22_lookup_of_a_code_nobody_has(self) -> None:
        with self.under(self.peer([self.row(1)])) as it:
            assert seen(it.connector.lookup(["H99.14-251103-9999"])).records == []

    def test_23_a_deleted_dossier_is_absent_not_closed(self) -> None:
        result = self.read_rows([self.row(1), self.row(2, originality=-1)])
        assert result.codes == codes([1])
        assert not result.bad

    def test_24_changes_are_open_ones_and_what_began_or_ended(self) -> None:
        day = "20/11/2025 08:00:00"
        rows = [
            self.row(1, receiveDate="02/01/2024 08:00:00"),  # open for long: its status may change any day
            self.row(2, dossierStatus="done", finishDate=day),
            self.row(3, dossierStatus="releasing", releaseDate=day),
            self.row(4, dossierStatus="denied", receiveDate=day),
            self.row(5, dossierStatus="done", receiveDate="02/01/2024 08:00:00", finishDate="03/01/2024 08:00:00"),
            self.row(6, dossierStatus="new", dossierNo="", receiveDate=""),
        ]
        with self.under(self.peer(rows)) as it:
            assert set(seen(it.connector.sweep(CHANGES)).codes) == {*codes([1, 2, 3, 4]), ""}

    # --- resuming

    @pytest.mark.parametrize("reach", [FULL, CHANGES])
    def test_a_crash_on_any_page_goes_on_at_that_page(self, reach: Sweep) -> None:
        states = ("processing", "done", "releasing", "waiting")
        day = "20/11/2025 08:00:00"
        rows = [
            self.row(
                number, dossierStatus=states[number % 4], finishDate=day, releaseDate=day, receiveDate=day, dueDate=""
            )
            for number in range(1, 36)
        ]
        with self.under(self.peer(rows), page_size=20) as it:
            pages = list(it.connector.sweep(reach))
            assert pages[-1].resume == ""
            for stop in range(len(pages) - 1):
                plan = Sweep(reach.reach, NOW, reach.since, pages[stop].resume)
                before = {record.key for page in pages[: stop + 1] for record in page.records}
                after = {record.key for page in it.connector.sweep(plan) for record in page.records}
                assert before | after == {record.key for page in pages for record in page.records}
            last = Sweep(reach.reach, NOW, reach.since, pages[-2].resume)
            assert len(list(it.connector.sweep(last))) < len(pages)

    @pytest.mark.parametrize("token", ["x", "{}", "[]", '{"listing":"nowhere","start":0,"since":"","until":""}'])
    def test_a_token_of_another_version_begins_anew(self, token: str) -> None:
        with self.under(self.peer([self.row(number) for number in range(1, 30)])) as it:
            assert len(seen(it.connector.sweep(Sweep(Reach.FULL, NOW, None, token))).records) == 29

    # --- meaning

    def test_35_extension_only_when_later(self) -> None:
        later = self.read_rows([self.row(1, extendDate="14/11/2025 08:15:00")]).only
        assert later.extended_at == datetime(2025, 11, 14, 1, 15, tzinfo=UTC)
        early = self.read_rows([self.row(1, extendDate="06/11/2025 08:15:00")]).only
        assert early.extended_at is None, "released early, no new promise"
        assert self.read_rows([self.row(1, dueDate="", extendDate="14/11/2025 08:15:00")]).only.extended_at is None

    def test_36_reopened_dossier_has_no_finish(self) -> None:
        done = self.read_rows([self.row(1, dossierStatus="done", releaseDate="09/11/2025 08:00:00")]).only
        assert done.finished_at is not None
        assert self.read_rows([self.row(1, releaseDate="", finishDate="")]).only.finished_at is None

    @pytest.mark.parametrize("lock", ["PAUSE", "PAUSE_OVERDUE"])
    def test_38_a_lock_pauses_what_runs_and_reopens_nothing(self, lock: str) -> None:
        rows = [
            self.row(1, lockState=lock),
            self.row(2, lockState=lock, dossierStatus="releasing", releaseDate="09/11/2025 08:00:00"),
            self.row(3, lockState=lock, dossierStatus="waiting"),
            self.row(4, lockState="LOCK"),
            self.row(5, lockState=lock, dossierStatus="khác"),
        ]
        found = self.read_rows(rows).by_code()
        assert [found[code].status for code in codes(range(1, 6))] == [
            Status.SUSPENDED, Status.READY, Status.SUPPLEMENT, Status.PROCESSING, Status.UNKNOWN,
        ]  # fmt: skip

    def test_44_other_ids_are_alternates(self) -> None:
        record = self.read_rows([self.row(1, referenceUid="h99.14-251104-0012", systemId=5)]).only
        assert record.alternates == ("H99.14-251104-0012",)
        assert record.key == f"{GROUP_ID}:904001"

    def test_45_two_dossiers_with_one_code_are_both_kept(self) -> None:
        rows = [self.row(1), {**self.row(2), "dossierNo": self.row(1)["dossierNo"]}]
        assert len(self.read_rows(rows).records) == 2

    def test_not_received_yet_has_no_code(self) -> None:
        record = self.read_rows([self.row(1, dossierNo="", dossierStatus="new", receiveDate="", dueDate="")]).only
        assert (record.code, record.status, record.received_at) == ("", Status.SUBMITTED, None)

    @pytest.mark.parametrize("wrong", ["", None, 0, -4, "abc", 1.5, [], ["x"], {"a": 1}, True, "9" * 30])
    def test_a_row_without_id_is_set_aside(self, wrong: object) -> None:
        result = self.read_rows([self.row(1), self.row(2, dossierId=wrong)])
        assert result.codes == codes([1])
        assert [bad.field for bad in result.bad] == ["dossierId"]

    def test_cosmetic_changes_are_no_change(self) -> None:
        plain = self.read_rows([self.row(1)]).only
        vain = dict(reversed(self.row(1, dossierOverdue="Còn 2 ngày", timeOverdueText="x", visited=True).items()))
        assert self.read_rows([vain]).only == plain

    def test_address_is_put_together(self) -> None:
        row = self.row(1, address="Tổ 1", wardName="Phường Mẫu", districtName="", cityName="Tỉnh Mẫu")
        assert self.read_rows([row]).only.applicant.address == "Tổ 1, Phường Mẫu, Tỉnh Mẫu"
