"""No citizen and no token ever reaches a log, whoever writes it."""

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from monitor import logs
from monitor.store import migrate
from monitor.store.database import open_engine

TOKEN = "7012345678:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.set_up(json=True, stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def _lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_field_nobody_allowed_is_dropped_and_named(out: io.StringIO) -> None:
    logs.get("pull").info("page_stored", source="motcua", rows=12, applicant="Trần Thị Hư Cấu", phone=900123456)
    (line,) = _lines(out)
    assert (line["event"], line["source"], line["rows"], line["logger"]) == ("page_stored", "motcua", 12, "pull")
    assert line["dropped_fields"] == ["applicant", "phone"]
    assert "Hư Cấu" not in out.getvalue()
    assert "900123456" not in out.getvalue()


def test_an_exception_is_told_by_class_and_place_without_its_message(out: io.StringIO) -> None:
    """A database driver's message quotes the row it failed on."""
    try:
        raise ValueError("INSERT INTO applicant VALUES ('Trần Thị Hư Cấu')")
    except ValueError:
        logs.get("judge").exception("judging_failed")
        logging.getLogger("foreign").exception("it broke")
    ours, foreign = _lines(out)
    assert ours["error"] == foreign["error"] == "ValueError"
    assert "test_logs.py" in ours["trace"]
    assert "Hư Cấu" not in out.getvalue()


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (f"POST https://api.telegram.org/bot{TOKEN}/getMe", "https://api.telegram.org/bot<token>/getMe"),
        (f"token is {TOKEN}", "<token>"),
        ("Authorization: Basic dXNlcjpwYXNz", "Basic <secret>"),
        ("url?password=hunter2&x=1", "password=<secret>&x=1"),
        ("postgresql://u:hunter2@localhost/db", "postgresql://<secret>@localhost/db"),
        ("gọi 0900 123 456 nhé", "gọi <number> nhé"),
        ("gọi +84900123456", "<number>"),
        ("CCCD 001099012345", "CCCD <number>"),
        ("thư a.b@example.vn", "<mail>"),
    ],
)
def test_what_libraries_say_is_searched_for_secrets_and_persons(out: io.StringIO, said: str, kept: str) -> None:
    logging.getLogger("library").warning("%s", said)
    structlog.get_logger().warning("peer_said", reason=said)
    for line in out.getvalue().splitlines():
        assert kept in line
        for secret in ("hunter2", TOKEN, "dXNlcjpwYXNz", "123456", "001099012345", "a.b@"):
            assert secret not in line


def test_codes_of_dossiers_and_dates_stay_readable(out: io.StringIO) -> None:
    logs.get("judge").info(
        "dossier_judged", code="000.00.12.H19-250101-0001", reason="H19.12.25-240101-0001 2026-03-05"
    )
    (line,) = _lines(out)
    assert line["code"] == "000.00.12.H19-250101-0001"
    assert line["reason"] == "H19.12.25-240101-0001 2026-03-05"


def test_libraries_that_write_tokens_at_info_are_quiet(out: io.StringIO) -> None:
    for name in (
        "httpx",
        "httpcore.connection",
        "telegram.ext.Updater",
        "urllib3.connectionpool",
        "apscheduler.executors",
    ):
        logging.getLogger(name).info("HTTP Request: POST https://x/bot%s/getMe", TOKEN)
    assert out.getvalue() == ""


def test_of_the_store_s_schema_only_what_changed_is_said(out: io.StringIO, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/store.db")
    for _ in range(2):  # the second start finds nothing to do
        migrate.upgrade(engine)
    engine.dispose()
    said = [str(line["event"]) for line in _lines(out)]
    assert said[0] == "Running upgrade  -> 0001, The first schema"
    assert [event for event in said if not event.startswith("Running upgrade")] == []
    assert len(said) == len(set(said))


def test_json_under_a_service_and_words_on_a_terminal() -> None:
    for stream, is_json in ((io.StringIO(), True), (_Terminal(), False)):
        logs.set_up(stream=stream)
        logs.get("x").info("thing_done")
        assert stream.getvalue().startswith("{") is is_json
    logging.getLogger().handlers.clear()
    structlog.reset_defaults()


@given(digits=st.from_regex(r"\A0[35789][0-9]{8}\Z"), before=st.sampled_from(["", " ", "sdt:", "("]))
def test_no_mobile_number_survives(digits: str, before: str) -> None:
    assert digits not in logs.redact(f"{before}{digits}, xin")


def test_our_events_are_static_names_in_the_past_tense() -> None:
    """`log.info("job_failed", job=…)`: a name to search for, never a sentence with values in it."""
    ours = ("daemon", "engine", "polling", "web/app")
    names = [
        name
        for module in ours
        for name in re.findall(
            r"\blog\.(?:info|warning|error|exception)\(\s*(f?\"[^\"]*\")",
            (Path(logs.__file__).parent / f"{module}.py").read_text("utf-8"),
        )
    ]
    assert len(names) > 10
    assert [name for name in names if not re.fullmatch(r'"[a-z]+(_[a-z]+)+"', name)] == []
