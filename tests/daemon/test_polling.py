"""The bot's ear against a real server on loopback that speaks the Bot API."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from pydantic import SecretStr

from monitor.alerts.buttons import Signer
from monitor.bot.desk import Desk
from monitor.bot.words import HELP
from monitor.polling import Polling
from monitor.settings import Telegram
from monitor.store import database
from tests.bot.conftest import make_office
from tests.daemon.conftest import LogLines
from tests.daemon.small import SECRET

WAIT_S = 30.0
CHAT = 4242


class _Api(BaseHTTPRequestHandler):
    texts: ClassVar[list[str]] = []  # to be said to the bot
    answers: ClassVar["list[dict[str, Any]]"] = []
    answered: ClassVar[threading.Semaphore]
    token_is_good: ClassVar[bool] = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        method = self.path.rpartition("/")[2]
        status, result = 200, self._result(method, body)
        if not self.token_is_good:
            status, result = 401, None
        said = {"ok": status == 200, "result": result, "error_code": status, "description": "Unauthorized"}
        data = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(BrokenPipeError):  # the daemon stops while it polls
            self.wfile.write(data)

    def _result(self, method: str, body: str) -> Any:
        if method == "getMe":
            return {"id": 1, "is_bot": True, "first_name": "Đúng Hẹn", "username": "dunghen_bot"}
        if method == "getUpdates":
            updates = [self._update(n, text) for n, text in enumerate(self.texts, 1)]
            self.texts.clear()
            return updates
        if method == "sendMessage":
            self.answers.append({"body": body})
            self.answered.release()
            return {"message_id": 9, "date": 1, "chat": {"id": CHAT, "type": "private"}}
        return True

    def _update(self, number: int, text: str) -> dict[str, Any]:
        message = {
            "message_id": number,
            "date": 1,
            "chat": {"id": CHAT, "type": "private"},
            "from": {"id": CHAT, "is_bot": False, "first_name": "X"},
            "text": text,
            "entities": [{"type": "bot_command", "offset": 0, "length": len(text)}],
        }
        return {"update_id": number, "message": message}

    def log_message(self, *_args: object) -> None:
        """Quiet."""


@pytest.fixture
def held() -> Iterator[ThreadingHTTPServer]:
    """A server that has its port and does not listen yet: nobody else is given it, and every connection is refused."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Api, bind_and_activate=False)
    server.server_bind()
    yield server
    server.server_close()


@contextlib.contextmanager
def _listening(server: ThreadingHTTPServer) -> Iterator[type[_Api]]:
    server.server_activate()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield _Api
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _fresh() -> None:
    _Api.texts, _Api.answers, _Api.answered, _Api.token_is_good = [], [], threading.Semaphore(0), True


@pytest.fixture
def api(held: ThreadingHTTPServer) -> Iterator[type[_Api]]:
    with _listening(held) as server:
        yield server


@pytest.fixture
def polling(held: ThreadingHTTPServer, sqlite_url: str) -> Iterator[Polling]:
    settings = Telegram(enabled=True, token=SecretStr(SECRET), api_url=f"http://127.0.0.1:{held.server_port}")
    engine = database.open_engine(sqlite_url)
    office = make_office(engine, database.session_factory(engine), settings)
    yield Polling(settings, Desk(office, Signer(SECRET)), first_wait_s=0.05)
    engine.dispose()


async def _until(polling: Polling, done: Any) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(polling.run(stop))
    try:
        await asyncio.wait_for(asyncio.to_thread(done), WAIT_S)
    finally:
        stop.set()
        await asyncio.wait_for(task, WAIT_S)


def test_start_tells_the_chat_id_and_trogiup_what_it_is_for(api: type[_Api], polling: Polling) -> None:
    api.texts += ["/start", "/trogiup"]
    asyncio.run(_until(polling, lambda: all(api.answered.acquire(timeout=WAIT_S) for _ in range(2))))
    assert len(api.answers) == 2
    texts = sorted(parse_qs(answer["body"])["text"][0] for answer in api.answers)
    assert any(f"Mã trò chuyện của anh/chị: <code>{CHAT}</code>" in text for text in texts)
    assert HELP in texts


def test_an_api_that_is_down_is_asked_again_until_it_is_there(
    polling: Polling, held: ThreadingHTTPServer, log_lines: LogLines
) -> None:
    """Down at start, up later: somebody who wrote meanwhile gets an answer."""

    async def story() -> None:
        with contextlib.ExitStack() as later:

            def comes_up() -> None:
                _wait(lambda: bool(log_lines.named("telegram_unreachable")))
                later.enter_context(_listening(held)).texts.append("/start")
                assert _Api.answered.acquire(timeout=WAIT_S)

            await _until(polling, comes_up)

    asyncio.run(story())
    assert log_lines.named("telegram_unreachable")[0]["level"] == "error"
    assert log_lines.named("telegram_polling_started")
    assert SECRET not in log_lines.text


def _wait(done: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(WAIT_S * 100)):
        if done():
            return
        pause.wait(0.01)
    pytest.fail("it never happened")


def test_a_refused_token_is_an_error_and_no_end(api: type[_Api], polling: Polling, log_lines: LogLines) -> None:
    api.token_is_good = False

    asyncio.run(_until(polling, lambda: _wait(lambda: bool(log_lines.named("telegram_token_refused")))))
    assert log_lines.named("telegram_token_refused")[0]["level"] == "error"
    assert SECRET not in log_lines.text
