"""The transport itself: where it goes, what it carries, how long it waits (a conformance suite covers the answers)."""

import gzip
import zlib
from contextlib import suppress
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from urllib3.exceptions import InsecureRequestWarning

from connectors.base import SourceUnavailable, UnexpectedAnswer
from connectors.kit.http import RequestsTransport
from connectors.kit.inflate import BodyBroken, BodyTooLarge, read_limited
from connectors.kit.retry import LONGEST_RETRY_AFTER_S, LONGEST_WAIT_S, backoff_s, retry_after_s
from connectors.kit.settings import HttpSourceSettings
from monitor.clock import FixedClock
from tests.conformance.harness import NOW
from tests.counts import proof_examples
from tests.mutants import CHANCE, SEEDS, data, variants
from tests.peers.scripted import CERTIFICATE, Reply, json_reply, serving


def transport(url: str, **extra: Any) -> RequestsTransport:
    keys: dict[str, Any] = {"name": "x", "kind": "opencps", "role": "one_stop", "url": url, "tries": 3}
    timeout = extra.pop("timeout", 5)
    made = HttpSourceSettings(**{**keys, **extra}).model_copy(update={"timeout": timeout})
    return RequestsTransport(made, FixedClock(NOW), draw=lambda: 1.0)


def test_a_call_that_writes_is_sent_once() -> None:
    with serving(lambda asked: Reply(status=500)) as server, transport(server.url) as it:
        with pytest.raises(SourceUnavailable):
            it.request("POST", f"{server.url}/x", json={})
        assert len(server.asked) == 1
        with pytest.raises(SourceUnavailable):
            it.request("POST", f"{server.url}/x", json={}, repeatable=True)
        assert len(server.asked) == 4


def test_a_retry_sends_the_same_again() -> None:
    replies = [json_reply({}), Reply(status=503), Reply(status=503)]
    with serving(lambda asked: replies.pop()) as server, transport(server.url) as it:
        it.request("POST", f"{server.url}/x?a=1", params={"b": "é"}, json={"c": 1}, headers={"d": "e"}, repeatable=True)
        first, second, third = server.asked
        assert first.json() == second.json() == third.json() == {"c": 1}
        assert first.query == third.query == {"a": "1", "b": "é"}
        assert third.headers["d"] == "e"


def test_nothing_of_the_machines_user_travels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login alice password geheim")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(lambda asked: json_reply({})) as server, transport(server.url) as it:
        it.request("GET", server.url)
        assert "authorization" not in server.asked[0].headers


def test_cookies_are_not_kept() -> None:
    with serving(lambda asked: Reply(headers={"Set-Cookie": "JSESSIONID=guest; Path=/"})) as server:
        with transport(server.url) as it:
            it.request("GET", server.url)
            it.request("GET", server.url)
        assert "cookie" not in server.asked[1].headers


@pytest.mark.parametrize(
    "url", ["http://localhost:1/x", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://[", "//x", ""]
)
def test_only_the_configured_peer_is_asked(url: str) -> None:
    with serving(lambda asked: json_reply({})) as server, transport(server.url) as it:
        with pytest.raises(UnexpectedAnswer):
            it.request("GET", url)
        assert not server.asked


def test_another_port_of_the_same_host_is_another_peer() -> None:
    with serving(lambda asked: json_reply({})) as one, serving(lambda asked: json_reply({})) as two:
        with transport(one.url) as it, pytest.raises(UnexpectedAnswer, match="máy khác"):
            it.request("GET", two.url)
        with transport(one.url, allow_hosts=("127.0.0.1",)) as it:
            assert it.request("GET", two.url).status == 200


@pytest.mark.parametrize(
    "location",
    ["http://evil.example/?token=x", "//evil.example/", "http://[", "file:///etc/passwd", "javascript:1", "ftp://x"],
)
def test_redirects_that_lead_elsewhere(location: str) -> None:
    with (
        serving(lambda asked: Reply(status=302, headers={"Location": location})) as server,
        transport(server.url) as it,
    ):
        with pytest.raises(UnexpectedAnswer) as caught:
            it.request("GET", f"{server.url}/a", params={"secret": "s3cr3t"})
        assert len(server.asked) == 1
    assert "s3cr3t" not in str(caught.value)
    assert "token" not in str(caught.value)


def test_a_post_is_not_turned_into_a_get() -> None:
    with (
        serving(lambda asked: Reply(status=302, headers={"Location": "/login"})) as server,
        transport(server.url) as it,
    ):
        with pytest.raises(UnexpectedAnswer, match="POST"):
            it.request("POST", f"{server.url}/a", json={"password": "p"}, repeatable=True)
        assert len(server.asked) == 1


def test_a_redirect_within_the_host_keeps_the_query_it_names() -> None:
    def script(asked: Any) -> Reply:
        return json_reply({}) if asked.path == "/b" else Reply(status=301, headers={"Location": "/b?page=2"})

    with serving(script) as server, transport(server.url) as it:
        assert it.request("GET", f"{server.url}/a", params={"page": "1"}, basic=("u", "p")).status == 200
        assert server.asked[1].query == {"page": "2"}
        assert "authorization" in server.asked[1].headers


def test_a_peer_that_sends_a_byte_at_a_time_is_given_up() -> None:
    """The limit is real time, whatever the program's clock says; here a stopwatch that is soon over it."""
    keys: dict[str, Any] = {"name": "x", "kind": "k", "role": "one_stop", "tries": 1, "longest_answer": 300}
    with serving(lambda asked: json_reply({"x": 1})) as server:
        made = HttpSourceSettings(**keys, url=server.url)
        for elapsed, enough in ((299.0, True), (301.0, False)):
            with RequestsTransport(made, FixedClock(NOW), watch=lambda elapsed=elapsed: lambda: elapsed) as it:  # type: ignore[misc]
                if enough:
                    assert it.request("GET", server.url).status == 200
                else:
                    with pytest.raises(SourceUnavailable, match="quá lâu"):
                        it.request("GET", server.url)


def test_a_try_again_begins_at_the_first_address() -> None:
    replies = [json_reply({}), Reply(status=302, headers={"Location": "/b"}), Reply(status=500)]
    replies.append(Reply(status=302, headers={"Location": "/b"}))
    with serving(lambda asked: replies.pop()) as server, transport(server.url) as it:
        assert it.request("GET", f"{server.url}/a", params={"page": "3"}).status == 200
        assert [(asked.path, dict(asked.query)) for asked in server.asked] == [
            ("/a", {"page": "3"}), ("/b", {}), ("/a", {"page": "3"}), ("/b", {}),
        ]  # fmt: skip


def test_vietnamese_credentials_travel_as_utf8() -> None:
    with serving(lambda asked: json_reply({})) as server, transport(server.url) as it:
        it.request("GET", server.url, basic=("giám", "sát"))
        assert server.asked[0].headers["authorization"] == "Basic Z2nDoW06c8OhdA=="


def test_no_query_and_no_secret_in_any_message() -> None:
    for reply in (
        Reply(status=500),
        Reply(silent=True),
        Reply(b"abc", cut=1),
        Reply(status=302, headers={"Location": "x:"}),
    ):
        with serving(lambda asked, reply=reply: reply) as server:  # type: ignore[misc]
            it = transport(server.url, tries=1, timeout=0.05)
            with it, pytest.raises((SourceUnavailable, UnexpectedAnswer)) as caught:
                it.request("GET", f"{server.url}/p", params={"APIKey": "k3y"}, basic=("us3r", "p4ss"))
        error = caught.value
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None
        assert not any(secret in str(error) for secret in ("k3y", "us3r", "p4ss", "APIKey", "?"))


def test_14_tls_is_checked_unless_a_source_says_otherwise(capfd: pytest.CaptureFixture[str]) -> None:
    with serving(lambda asked: json_reply({}), tls=True) as server:
        with transport(server.url, tries=1) as it, pytest.raises(SourceUnavailable, match="chứng thư TLS"):
            it.request("GET", server.url)
        with transport(server.url, verify_tls=str(CERTIFICATE)) as it:
            assert it.request("GET", server.url).status == 200
        with transport(server.url, verify_tls=False) as it, pytest.warns(InsecureRequestWarning):
            assert it.request("GET", server.url).status == 200
        with transport(server.url, verify_tls="/no/such/ca.pem", tries=1) as it, pytest.raises(SourceUnavailable):
            it.request("GET", server.url)


def test_14_https_is_not_left_for_http() -> None:
    with serving(lambda asked: json_reply({})) as plain:
        down = Reply(status=307, headers={"Location": plain.url})
        with serving(lambda asked: down, tls=True) as server:
            hosts = (plain.url.removeprefix("http://"),)
            it = transport(server.url, verify_tls=str(CERTIFICATE), allow_hosts=hosts)
            with it, pytest.raises(UnexpectedAnswer, match="https sang http"):
                it.request("GET", server.url)
        assert not plain.asked


# --- waiting


def test_retry_after_in_both_forms() -> None:
    later = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
    assert retry_after_s({"retry-after": "90"}, NOW) == 90
    assert retry_after_s({"retry-after": later}, NOW) == 90
    assert retry_after_s({"retry-after": format_datetime(NOW - timedelta(days=1), usegmt=True)}, NOW) == 0
    assert retry_after_s({"retry-after": "9" * 30}, NOW) == LONGEST_RETRY_AFTER_S
    for nonsense in ("", "soon", "-5", "1.5", "٣"):
        assert retry_after_s({"retry-after": nonsense}, NOW) is None


@settings(max_examples=proof_examples(200, 100_000), deadline=None)
@given(st.text(max_size=40))
def test_no_header_breaks_retry_after(text: str) -> None:
    wait = retry_after_s({"retry-after": text}, NOW)
    assert wait is None or 0 <= wait <= LONGEST_RETRY_AFTER_S


@settings(max_examples=200)
@given(st.integers(1, 60), st.floats(0, 1, exclude_max=True))
def test_backoff_is_jittered_and_bounded(attempt: int, draw: float) -> None:
    assert 0 <= backoff_s(attempt, lambda: draw) <= LONGEST_WAIT_S
    assert backoff_s(attempt, lambda: 0.0) == 0


# --- bodies


@SEEDS
@given(st.binary(max_size=300), st.sampled_from(["", "identity", "gzip", "deflate", "br", "zstd", "compress"]), CHANCE)
def test_no_bytes_break_the_unpacker(seed: bytes, encoding: str, chance: int) -> None:
    whole = {"gzip": gzip.compress(seed), "deflate": zlib.compress(seed)}.get(encoding, seed)
    for body in variants(whole if chance % 2 else seed, chance, data()):
        pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
        with suppress(BodyTooLarge, BodyBroken):
            assert len(read_limited(pieces, encoding, 100)) <= 100
