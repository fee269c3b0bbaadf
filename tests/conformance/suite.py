"""The conformance suite: what every connector over HTTP must survive (connectors.md §11).

A kind inherits `Conformance` and says how its peer speaks. Numbers in the names are the cases of §11.
"""

import gzip
import json
import zlib
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from email.utils import format_datetime
from typing import Any, ClassVar

import pytest

from connectors.base import (
    AccessRefused,
    Connector,
    Page,
    SourceError,
    SourceUnavailable,
    UnexpectedAnswer,
)
from connectors.kit.http import RequestsTransport
from connectors.kit.settings import HttpSourceSettings
from monitor.clock import Clock
from tests.conformance.harness import NOW, Seen, Under, codes, seen, under
from tests.conformance.records import RecordConformance
from tests.peers.deaf import nobody_listening
from tests.peers.scripted import Asked, Reply, Script, json_reply, serving

LOGIN_PAGE = "<!DOCTYPE html><html><title>Đăng nhập</title><input type=password></html>"
PERSON = "NGUYỄN VĂN BÍ MẬT"


class Conformance(RecordConformance):
    """Inherit it, fill in the abstract part, and every test below runs against the kind."""

    secrets: ClassVar[tuple[str, ...]]

    @abstractmethod
    def settings(self, url: str, **extra: Any) -> HttpSourceSettings: ...

    @abstractmethod
    def build(self, settings: Any, transport: RequestsTransport, clock: Clock) -> Connector: ...

    @abstractmethod
    def peer(self, rows: list[Any]) -> Script:
        """A peer that behaves and has these rows."""

    @abstractmethod
    def read(self, connector: Connector) -> Iterator[Page]:
        """Everything, in this kind's main way of reading."""

    @abstractmethod
    def is_data(self, asked: Asked) -> bool:
        """Whether a request asks for dossiers (else it signs in)."""

    @abstractmethod
    def envelope(self, rows_json: str) -> str:
        """An answer with these rows, given as JSON text."""

    # --- helpers

    def under(self, script: Script, **extra: Any) -> AbstractContextManager[Under]:
        changes = {name: extra.pop(name) for name in ("timeout", "max_bytes", "longest_answer") if name in extra}

        def make(url: str) -> HttpSourceSettings:
            return self.settings(url, **extra).model_copy(update=changes)

        return under(make, self.build, script)

    def read_rows(self, rows: list[Any], **extra: Any) -> Seen:
        with self.under(self.peer(rows), **extra) as it:
            return seen(self.read(it.connector))

    def saying(self, *replies: Reply) -> Script:
        """Answers data calls with these, one after the other, the last one for ever; signs in as usual."""
        behaves, waiting = self.peer([]), list(replies)

        def script(asked: Asked) -> Reply:
            if not self.is_data(asked):
                return behaves(asked)
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]

        return script

    def good(self, *numbers: int) -> Reply:
        rows = json.dumps([self.row(number) for number in numbers])
        return Reply(self.envelope(rows).encode(), headers={"Content-Type": "application/json"})

    def fails(self, kind: type[SourceError], script: Script, says: str = "", **extra: Any) -> SourceError:
        """The reading ends in this error, which says so and tells nothing it must not."""
        with self.under(script, **extra) as it, pytest.raises(kind) as caught:
            seen(self.read(it.connector))
        assert type(caught.value) is kind or issubclass(type(caught.value), kind)
        assert says in caught.value.said
        for secret in (*self.secrets, PERSON, "?"):
            assert secret not in caught.value.said
            assert secret not in str(caught.value)
        return caught.value

    # --- 11.1 transport

    def test_reads_a_peer_that_behaves(self) -> None:
        result = self.read_rows([self.row(number) for number in range(1, 8)])
        assert sorted(result.codes) == codes(range(1, 8))
        assert not result.bad

    def test_06_html_with_200_is_named(self) -> None:
        self.fails(UnexpectedAnswer, self.saying(Reply(b"<html><b>WAF</b></html>")), "HTML")

    def test_06_sign_in_page_with_200_is_named(self) -> None:
        self.fails(UnexpectedAnswer, self.saying(Reply(LOGIN_PAGE.encode())), "đăng nhập")

    def test_06_redirect_to_another_host_is_not_followed(self) -> None:
        with serving(lambda asked: self.good(1)) as foreign:
            away = Reply(status=307, headers={"Location": f"{foreign.url}/sso?return=1"})
            error = self.fails(UnexpectedAnswer, self.saying(away), "127.0.0.1")
            assert not foreign.asked, "not a byte went there"
            assert "return=1" not in error.said

    def test_06_redirect_to_a_listed_host_is_followed(self) -> None:
        with serving(lambda asked: self.good(1)) as other:
            away = Reply(status=307, headers={"Location": f"{other.url}/moved"})
            with self.under(self.saying(away), allow_hosts=(other.url.removeprefix("http://"),)) as it:
                assert codes([1])[0] in seen(self.read(it.connector)).codes

    def test_06_redirect_in_a_circle_ends(self) -> None:
        behaves = self.peer([])

        def script(asked: Asked) -> Reply:
            return Reply(status=307, headers={"Location": asked.path}) if self.is_data(asked) else behaves(asked)

        self.fails(UnexpectedAnswer, script, "chuyển hướng quá 3 lần")

    @pytest.mark.parametrize("body", ["OK", "Đồng bộ thành công", "", "   ", "null", '"x"', "7", "{}"])
    def test_07_no_envelope_is_never_an_empty_list(self, body: str) -> None:
        self.fails(UnexpectedAnswer, self.saying(Reply(body.encode())))

    def test_08_bom_and_wrong_labels_are_read_as_utf8(self) -> None:
        body = b"\xef\xbb\xbf" + self.good(1).body
        reply = Reply(body, headers={"Content-Type": "text/plain; charset=iso-8859-1"})
        with self.under(self.saying(reply)) as it:
            assert "Mẫu".upper() in next(iter(seen(self.read(it.connector)).records)).applicant.name.upper()

    def test_08_another_charset_spoils_names_not_the_judgement(self) -> None:
        rows = json.dumps([self.fact(name="TRÀN VÃN É")], ensure_ascii=False)
        with self.under(self.saying(Reply(self.envelope(rows).encode("latin-1", "replace")))) as it:
            record = seen(self.read(it.connector)).records[0]
        assert record.code == codes([1])[0]
        assert record.promised_at is not None
        assert not any("\ud800" <= letter <= "\udfff" for letter in record.applicant.name)

    def test_10_no_secret_in_any_error(self) -> None:
        for reply in (Reply(status=418), Reply(b"{"), Reply(f'{{"x": "{PERSON}'.encode()), Reply(PERSON.encode())):
            self.fails(UnexpectedAnswer, self.saying(reply))

    def test_11_too_many_requests_in_seconds(self) -> None:
        error = self.fails(SourceUnavailable, self.saying(Reply(status=429, headers={"Retry-After": "900"})), "429")
        assert isinstance(error, SourceUnavailable)
        assert error.retry_after_s == 900

    def test_11_too_many_requests_until_a_date(self) -> None:
        until = format_datetime(NOW + timedelta(minutes=20), usegmt=True)
        error = self.fails(SourceUnavailable, self.saying(Reply(status=503, headers={"Retry-After": until})), "503")
        assert isinstance(error, SourceUnavailable)
        assert error.retry_after_s == 1200

    def test_11_a_short_wait_is_kept_and_then_goes_on(self) -> None:
        replies = (Reply(status=429, headers={"Retry-After": "7"}), self.good(1))
        with self.under(self.saying(*replies)) as it:
            assert codes([1])[0] in seen(self.read(it.connector)).codes
            assert it.clock.now() >= NOW + timedelta(seconds=7)

    @pytest.mark.parametrize("status", [500, 502, 504])
    def test_12_server_errors_are_tried_again_and_then_reported(self, status: int) -> None:
        with self.under(self.saying(Reply(b"<html>oops</html>", status)), tries=3) as it:
            with pytest.raises(SourceUnavailable, match=str(status)):
                seen(self.read(it.connector))
            assert len([asked for asked in it.server.asked if self.is_data(asked)]) == 3
            assert it.clock.now() == NOW + timedelta(seconds=0.5 + 1.0), "waits grow; nobody slept"

    def test_12_one_bad_moment_costs_nothing(self) -> None:
        with self.under(self.saying(Reply(status=500), Reply(b"x" * 50, cut=10), self.good(1))) as it:
            assert codes([1])[0] in seen(self.read(it.connector)).codes

    def test_12_no_answer_in_time(self) -> None:
        self.fails(SourceUnavailable, self.saying(Reply(silent=True)), "hết thời gian", timeout=0.05, tries=1)

    def test_12_connection_that_breaks_midway(self) -> None:
        half = self.good(1)
        self.fails(SourceUnavailable, self.saying(Reply(half.body, cut=20)), "ngắt", tries=1)

    def test_12_nobody_listens(self) -> None:
        with nobody_listening() as port:
            settings = self.settings(f"http://127.0.0.1:{port}", tries=1)
            with under(lambda _: settings, self.build, self.peer([])) as it, pytest.raises(SourceUnavailable) as caught:
                seen(self.read(it.connector))
        assert "từ chối kết nối" in caught.value.said, caught.value.said

    def test_12_json_that_breaks_off(self) -> None:
        body = self.good(1).body
        self.fails(UnexpectedAnswer, self.saying(Reply(body[: len(body) // 2])), "JSON")

    def test_answer_larger_than_allowed(self) -> None:
        self.fails(UnexpectedAnswer, self.saying(Reply(b'{"x":"' + b"a" * 100_000)), "lớn hơn", max_bytes=50_000)

    def test_packed_bomb_is_stopped_while_unpacking(self) -> None:
        bomb = gzip.compress(b"[" + b" " * 30_000_000 + b"]")
        reply = Reply(bomb, headers={"Content-Encoding": "gzip"})
        self.fails(UnexpectedAnswer, self.saying(reply), "lớn hơn", max_bytes=1_000_000)

    def test_packed_answers_are_read(self) -> None:
        body = self.good(1).body
        for packed, name in ((gzip.compress(body), "gzip"), (zlib.compress(body), "deflate")):
            with self.under(self.saying(Reply(packed, headers={"Content-Encoding": name}))) as it:
                assert codes([1])[0] in seen(self.read(it.connector)).codes

    def test_packed_answer_that_is_broken(self) -> None:
        packed = gzip.compress(self.good(1).body)[:-12]
        self.fails(UnexpectedAnswer, self.saying(Reply(packed, headers={"Content-Encoding": "gzip"})), "hỏng")

    # --- 11.3, 11.5: what JSON can say besides

    def test_42_control_characters_are_no_text(self) -> None:
        assert self.read_rows([self.fact(name="Nguyễn\u0000 Văn Mẫu\u200b")]).only.applicant.name == "Nguyễn Văn Mẫu"

    @pytest.mark.parametrize("nothing", [None, 0])
    def test_27_32_nothing_without_quotes(self, nothing: object) -> None:
        assert self.read_rows([self.fact(promised_at=nothing)]).only.promised_at is None

    @pytest.mark.parametrize("broken", [True, [], {"a": 1}, 1e30])
    def test_25_a_promise_of_another_type_sets_its_row_aside(self, broken: object) -> None:
        result = self.read_rows([self.row(1), self.row(2, **{self.wire["promised_at"]: broken}), self.row(3)])
        assert sorted(result.codes) == codes([1, 3])
        assert [bad.field for bad in result.bad] == [self.wire["promised_at"]]

    @pytest.mark.parametrize("row", ["#REF!", 7, None, [], ["x"], True])
    def test_53_a_row_that_is_no_object_costs_only_itself(self, row: object) -> None:
        result = self.read_rows([self.row(1), row, self.row(2)])
        assert sorted(result.codes) == codes([1, 2])
        assert {bad.problem for bad in result.bad} == {"không phải đối tượng JSON"}

    def test_53_wrong_types_of_descriptions_are_ignored(self) -> None:
        assert self.read_rows([self.fact(name={"vi": "x"})]).only.applicant.name == ""

    def test_doubled_keys_cost_only_their_row(self) -> None:
        one, two = json.dumps(self.row(1)), json.dumps(self.row(2))
        doubled = two[:-1] + f', "{self.wire["promised_at"]}": "12/12/2025 08:00:00"}}'
        with self.under(self.saying(Reply(self.envelope(f"[{one},{doubled}]").encode()))) as it:
            result = seen(self.read(it.connector))
        assert codes([1])[0] in result.codes
        assert codes([2])[0] not in result.codes
        assert {bad.problem for bad in result.bad} == {"một khoá xuất hiện hai lần"}

    @pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "9" * 5000])
    def test_numbers_that_are_none_cost_only_their_row(self, number: str) -> None:
        one = json.dumps(self.row(1))
        spoilt = json.dumps(self.row(2, **{self.wire["promised_at"]: "@"})).replace('"@"', number)
        with self.under(self.saying(Reply(self.envelope(f"[{one},{spoilt}]").encode()))) as it:
            result = seen(self.read(it.connector))
        assert codes([1])[0] in result.codes
        assert {bad.field for bad in result.bad} == {self.wire["promised_at"]}

    def test_nesting_without_end_is_refused(self) -> None:
        self.fails(UnexpectedAnswer, self.saying(Reply(b"[" * 100_000 + b"]" * 100_000)))
        deep = "[" * 200 + "]" * 200
        self.fails(UnexpectedAnswer, self.saying(Reply(self.envelope(f'[{{"x": {deep}}}]').encode())), "sâu")

    def test_reading_twice_gives_the_same_records(self) -> None:
        with self.under(self.peer([self.row(number) for number in range(1, 5)])) as it:
            first, second = seen(self.read(it.connector)), seen(self.read(it.connector))
        assert first.records == second.records

    def test_probe_changes_nothing_and_says_something(self) -> None:
        with self.under(self.peer([self.row(1)])) as it:
            assert it.connector.probe().said
            assert all(asked.method in ("GET", "POST") for asked in it.server.asked)

    def test_wrong_password_is_refused(self) -> None:
        with self.under(self.peer([self.row(1)]), password="sai") as it, pytest.raises(AccessRefused) as caught:
            seen(self.read(it.connector))
        assert "sai" not in caught.value.said


__all__ = ["Conformance", "json_reply"]
