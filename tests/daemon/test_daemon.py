"""The real daemon as a process: how it starts, what it tells the service manager, how it ends."""

import json
import multiprocessing
import os
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy.orm import Session

from monitor.clock import SystemClock
from monitor.daemon import is_loopback
from monitor.sandbox.bot import BotApi
from monitor.sandbox.faults import Faults
from monitor.store import database
from monitor.store.tables import Job, Message
from monitor.web.webhook import SECRET_HEADER
from tests.daemon import small
from tests.daemon.small import SECRET
from tests.forks import FORKS
from tests.peers.deaf import nobody_listening
from tests.web import desk

WAIT_S = 60.0
WEBHOOK_SECRET = "kenh-goi-nguoc-" + "0" * 28
SPAWNS = multiprocessing.get_context("spawn")  # the first test's daemon starts from nothing, the others as forks


class Running:
    """A daemon process, the datagrams it sent to its manager, and its log."""

    def __init__(self, folder: Path, orders: dict[str, Any], watchdog_s: float | None, fresh: bool) -> None:
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(f"{folder}/notify-{id(self)}")
        self.said: list[str] = []
        self._log = folder / f"log-{id(self)}"
        told = {"NOTIFY_SOCKET": f"{folder}/notify-{id(self)}"}
        if watchdog_s is not None:
            told["WATCHDOG_USEC"] = str(int(watchdog_s * 1e6))
        self.printed, printing = FORKS.Pipe(duplex=False)
        begin = SPAWNS.Process if fresh else FORKS.Process
        self.process = begin(target=small.forked, args=(folder, orders, told, self._log, printing))
        self.process.start()
        printing.close()

    def wait_for(self, word: str) -> str:
        """The first datagram with this word, within WAIT_S."""
        until = time.monotonic() + WAIT_S
        while not (found := [said for said in self.said if word in said]):
            self._manager.settimeout(max(0.01, until - time.monotonic()))
            try:
                self.said.append(self._manager.recv(4096).decode())
            except TimeoutError:
                pytest.fail(f"the daemon never said {word}; it said {self.said}; its log:\n{self.log}")
        return found[0]

    @property
    def address(self) -> str:
        found = re.search(r"http://\S+", self.wait_for("READY=1"))
        assert found
        return found[0]

    def ends(self, within_s: float = WAIT_S) -> int:
        self.process.join(within_s)
        assert self.process.exitcode is not None, "it still runs"
        return self.process.exitcode

    def signal(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def close(self) -> None:
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.process.close()
        self.printed.close()
        self._manager.close()


Start = Callable[..., Running]


@pytest.fixture
def start(tmp_path: Path, sqlite_url: str) -> Iterator[Start]:
    engine = database.open_engine(sqlite_url)
    desk.fill(engine)
    engine.dispose()
    running: list[Running] = []

    def begin(watchdog_s: float | None = None, *, fresh: bool = False, **orders: Any) -> Running:
        running.append(Running(tmp_path, orders, watchdog_s, fresh))
        return running[-1]

    yield begin
    for one in running:
        one.close()


def _stored(url: str, table: type[Any]) -> list[Any]:
    engine = database.open_engine(url)
    try:
        with Session(engine) as session:
            return list(session.query(table).all())
    finally:
        engine.dispose()


def _page(daemon: Running, url: str, path: str) -> str:
    """What somebody signed in reads there."""
    engine = database.open_engine(url)
    try:
        program = SimpleNamespace(sessions=database.session_factory(engine), clock=SystemClock())
        with httpx.Client(base_url=daemon.address, timeout=WAIT_S) as client:
            return desk.sign_in(program, client, "everyone").get(path).text
    finally:
        engine.dispose()


def test_it_is_ready_judges_shows_and_stops_clean(start: Start, sqlite_url: str) -> None:
    """READY, then the watchdog fed by a judging cycle, pages and health while it runs, exit 0 within 10 s."""
    daemon = start(fresh=True)
    address = daemon.address
    assert "WATCHDOG" not in daemon.said[0]
    daemon.wait_for("WATCHDOG=1")
    assert "Hồ sơ cần xử lý" in _page(daemon, sqlite_url, "/")
    health = httpx.get(f"{address}/healthz", timeout=WAIT_S)
    assert health.status_code == 200
    assert health.json()["failing"] == []
    began = time.monotonic()
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0
    assert time.monotonic() - began < 10
    daemon.wait_for("STOPPING=1")
    assert [event["event"] for event in daemon.events("daemon_stopped")] == ["daemon_stopped"]
    assert {job.name for job in _stored(sqlite_url, Job)} >= {"judge", "letters", "send", "pull:motcua", "pull:cong"}


def test_the_send_in_flight_is_finished_and_recorded(start: Start, sqlite_url: str) -> None:
    daemon = start(seconds=2)
    daemon.wait_for("READY=1")
    with open(daemon.printed.fileno(), "rb", closefd=False) as printed:
        assert printed.readline() == b"SENDING\n"
    daemon.signal(signal.SIGTERM)
    assert daemon.ends(10) == 0
    assert [message.receipt for message in _stored(sqlite_url, Message)] == ["finished in flight"]
    assert daemon.events("jobs_abandoned") == []


def test_a_hanging_source_delays_neither_judging_nor_the_end(start: Start) -> None:
    daemon = start(hang="pull:motcua")
    daemon.wait_for("WATCHDOG=1")
    began = time.monotonic()
    daemon.signal(signal.SIGTERM)
    assert daemon.ends(15) == 0
    assert time.monotonic() - began < 10
    assert daemon.events("jobs_abandoned")[0]["jobs"] == ["pull:motcua"]


def test_a_second_signal_ends_it_at_once(start: Start) -> None:
    daemon = start(hang="pull:motcua")
    daemon.wait_for("WATCHDOG=1")
    daemon.signal(signal.SIGTERM)
    daemon.wait_for("STOPPING=1")
    began = time.monotonic()
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 128 + signal.SIGTERM
    assert time.monotonic() - began < 3


def test_a_failing_judge_starves_the_watchdog_and_is_seen(start: Start, sqlite_url: str) -> None:
    """Nothing but a finished cycle feeds it. The failure is on the pages, in /healthz and in the log, without its row."""
    daemon = start(fail="judge", watchdog_s=3)
    address = daemon.address
    health = httpx.get(f"{address}/healthz", params={"wait": 2}, timeout=WAIT_S)
    assert health.status_code == 503
    assert health.json()["failing"] == ["judge"]
    page = _page(daemon, sqlite_url, "/")
    assert "Việc “Rà soát hạn” đang lỗi" in page
    assert "RuntimeError" in _page(daemon, sqlite_url, "/nguon")
    daemon.signal(signal.SIGTERM)
    assert daemon.ends() == 0
    daemon.wait_for("STOPPING=1")
    assert not [said for said in daemon.said if "WATCHDOG" in said]
    failed = daemon.events("job_failed")
    assert (failed[0]["job"], failed[0]["error"], failed[0]["level"]) == ("judge", "RuntimeError", "error")
    assert desk.PERSON["name"] not in daemon.log + page


def test_telegram_down_at_start_stops_nothing_and_no_token_is_logged(start: Start) -> None:
    with nobody_listening() as port:
        daemon = start(telegram=f"http://127.0.0.1:{port}")
        daemon.wait_for("WATCHDOG=1")
        assert httpx.get(f"{daemon.address}/dang-nhap", timeout=WAIT_S).status_code == 200
        until = time.monotonic() + WAIT_S
        while not daemon.events("telegram_unreachable") and time.monotonic() < until:
            httpx.get(f"{daemon.address}/healthz", timeout=WAIT_S)
        assert daemon.events("telegram_unreachable")[0]["level"] == "error"
        daemon.signal(signal.SIGTERM)
        assert daemon.ends(15) == 0
        assert SECRET not in daemon.log
        assert SECRET.partition(":")[2] not in daemon.log


def test_the_bot_api_brings_updates_and_nobody_else_can(start: Start) -> None:
    """Webhook mode live: the daemon tells the API where and with which secret, believes only that, and answers."""
    api = BotApi(Faults(), SECRET)
    api.start()
    try:
        daemon = start(telegram=api.url, webhook=WEBHOOK_SECRET)
        address = daemon.address
        assert api.wait_until(lambda: bool(api.webhook), WAIT_S)
        assert api.webhook["url"].endswith("/bot")
        assert api.webhook["secret_token"] == WEBHOOK_SECRET
        for number, (secret, status) in enumerate(((None, 404), ("x" * 43, 404), (WEBHOOK_SECRET, 200)), start=1):
            said = {"message_id": number, "date": 1, "text": "/trogiup", "chat": {"id": 70 + number, "type": "private"}}
            update = {"update_id": number, "message": said | {"from": {"id": 70 + number, "first_name": "x"}}}
            headers = {SECRET_HEADER: secret} if secret else {}
            answer = httpx.post(f"{address}/bot", json=update, headers=headers, timeout=WAIT_S)
            assert answer.status_code == status, secret
        assert api.wait_until(lambda: bool(api.delivered), WAIT_S)
        assert [one.chat for one in api.delivered] == ["73"], "only the one that came with the secret was heard"
        daemon.signal(signal.SIGTERM)
        assert daemon.ends(15) == 0
    finally:
        api.stop()
    assert WEBHOOK_SECRET not in daemon.log
    assert SECRET not in daemon.log


def test_two_daemons_on_one_store_are_refused(start: Start) -> None:
    first = start()
    first.wait_for("READY=1")
    second = start()
    assert second.ends() == 5
    assert second.events("daemon_refused")[0]["reason"] == "already_running"
    first.process.kill()
    assert first.ends() == -signal.SIGKILL
    third = start()  # the lock went with its holder, though that had no time to let it go
    third.wait_for("READY=1")
    third.signal(signal.SIGTERM)
    assert third.ends() == 0


def test_passwords_never_cross_the_network_in_the_clear(start: Start) -> None:
    daemon = start(host="0.0.0.0")
    assert daemon.ends() == 2
    assert daemon.events("web_host_refused")[0]["host"] == "0.0.0.0"


@pytest.mark.parametrize(
    ("host", "stays"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.0.2.1", False),
        ("dunghen.example.vn", False),
        ("localhost.example.vn", False),
    ],
)
def test_only_this_machine_s_own_addresses_are_loopback(host: str, stays: bool) -> None:
    assert is_loopback(host) is stays
