"""A recording holds nobody and no secret, and told again offline it is the same source."""

import json
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Applicant, DossierRecord
from connectors.kit.http import RequestsTransport
from connectors.kit.recording import ABOUT, NotARecording, ReplayTransport
from connectors.kit.scrub import Scrubber
from connectors.kit.settings import HttpSourceSettings, SourceSettings
from monitor.clock import FixedClock
from monitor.recordings import NotRecordable, record, replay
from monitor.source_kinds import build_connector
from tests.conformance import test_dvcqg, test_igate, test_opencps, test_rest, test_td
from tests.conformance.harness import NOW, Seen, codes, seen
from tests.conformance.suite import PERSON, Conformance
from tests.counts import proof_examples
from tests.peers.scripted import serving

KINDS: dict[str, type[Conformance]] = {
    "opencps": test_opencps.TestOpencps,
    "dvcqg": test_dvcqg.TestByList,
    "igate": test_igate.TestIgate,
    "td": test_td.TestTd,
    "rest": test_rest.TestRest,
}
SAMPLES = Path(__file__).parent.parent / "samples"


def without_persons(record: DossierRecord) -> DossierRecord:
    return replace(record, applicant=Applicant(), officer="")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a recording opens no socket")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def made(kind: str, folder: Path, numbers: range = range(1, 9)) -> tuple[HttpSourceSettings, Seen]:
    """A recording of the kind's peer, whose people are all called PERSON; and what a plain reading brings."""
    suite = KINDS[kind]()
    rows = [suite.row(n, **{suite.wire["name"]: PERSON}) for n in numbers]
    clock = FixedClock(NOW)
    with serving(suite.peer(rows)) as server:
        source = suite.settings(server.url, page_size=5)
        with RequestsTransport(source, clock) as transport:
            told = record(source, transport, clock, folder, pages=100)
            assert (told.trouble, told.ends) == ("", False)
            plain = seen(suite.read(suite.build(source, transport, clock)))
    return source, plain


@pytest.mark.parametrize("kind", KINDS)
def test_a_recording_holds_nobody_and_no_secret(tmp_path: Path, kind: str) -> None:
    source, _ = made(kind, tmp_path)
    text = "\n".join(path.read_text("utf-8") for path in sorted(tmp_path.iterdir()))
    assert codes([1])[0] in text, "codes, dates and states are kept: they are what is looked into"
    named = [word for word in KINDS[kind].secrets if word not in ("Basic", "Bearer")]  # ways to sign in, not what opens
    for secret in (*named, PERSON, PERSON.title(), "Đỗ Thị Mẫu", "001099000001", "0900000001"):
        assert secret not in text, secret
    assert "127.0.0.1" not in text
    for name, value in source.model_dump(mode="json").items():
        if value and not str(value).strip("*"):
            assert getattr(source, name).get_secret_value() not in text


@pytest.mark.parametrize("kind", KINDS)
def test_told_again_offline_it_is_the_same_source(tmp_path: Path, kind: str, offline: None) -> None:
    with pytest.MonkeyPatch.context() as online:
        online.setattr(socket.socket, "connect", _CONNECT)
        source, plain = made(kind, tmp_path)
    again, told = replay(tmp_path)
    assert (again.kind, again.name) == (source.kind, source.name)
    assert (told.trouble, told.ends, told.bad) == ("", False, [])
    assert set(told.codes) == set(plain.codes)
    connector = build_connector(again, FixedClock(NOW), lambda _: ReplayTransport(tmp_path)).connector
    records = seen(KINDS[kind]().read(connector)).records
    assert list(map(without_persons, records)) == list(map(without_persons, plain.records))


_CONNECT = socket.socket.connect


@pytest.mark.parametrize("kind", KINDS)
def test_the_samples_that_came_with_the_program_are_still_read(kind: str, offline: None) -> None:
    _, told = replay(SAMPLES / kind)
    assert (told.trouble, told.bad) == ("", [])
    assert set(told.codes) == set(codes(range(1, 9)))
    assert not told.unknown


def test_a_recording_that_was_cut_short_ends_and_says_so(tmp_path: Path) -> None:
    made("td", tmp_path)
    for path in sorted(tmp_path.glob("0*.json"))[2:]:
        path.unlink()
    _, told = replay(tmp_path)
    assert told.ends
    assert told.records == 5


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 99, "source": {}, "recorded_at": "x"}'])
def test_a_folder_that_is_no_recording_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / ABOUT).write_text(text)
    with pytest.raises(NotARecording, match=ABOUT):
        replay(tmp_path)


def test_a_file_is_its_own_recording(tmp_path: Path) -> None:
    keys: dict[str, Any] = {"name": "a", "kind": "spreadsheet", "role": "portal"}
    with pytest.raises(NotRecordable):
        record(SourceSettings(**keys), ReplayTransport(tmp_path), FixedClock(NOW), tmp_path, pages=1)


@settings(max_examples=proof_examples(100, 10_000), deadline=None)
@given(st.text("abcdefghĐẩỗ ", min_size=6, max_size=30), st.sampled_from(["hoTen", "ghiChu", "x", "noiDung", "Fax"]))
def test_whatever_key_a_name_stands_under_it_is_replaced(name: str, key: str) -> None:
    body = json.dumps({"data": [{key: name, "inner": {"y": [name]}, "text": json.dumps({"z": name})}]}).encode()
    scrubbed = json.loads(Scrubber().body(body))["data"][0]
    assert scrubbed[key] != name or not name.strip()
    assert name not in json.dumps(scrubbed, ensure_ascii=False) or not name.strip()
    assert scrubbed[key] == scrubbed["inner"]["y"][0], "the same name gets the same stand-in"


@settings(max_examples=proof_examples(100, 10_000), deadline=None)
@given(st.binary(max_size=200))
def test_no_body_breaks_the_scrubber(body: bytes) -> None:
    Scrubber().body(body).decode()
