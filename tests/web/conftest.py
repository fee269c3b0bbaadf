"""The pages behind a real uvicorn on loopback, over a real SQLite file."""

import contextlib
import io
import logging
import threading
from collections.abc import Generator, Iterator
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from sqlalchemy import Engine

from monitor import logs
from monitor.engine import Engine as Scheduler
from monitor.store import database
from monitor.web.app import make_app
from monitor.web.listening import listen
from tests.web import desk


@contextlib.contextmanager
def served(program: Any, scheduler: Scheduler | None = None) -> Iterator[str]:
    """The address of a running server, stopped at the end."""
    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(make_app(program, scheduler), log_config=None, lifespan="off", proxy_headers=False)
    server = _Quiet(config)
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield "http://127.0.0.1:{1}".format(*listening.getsockname())
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
        assert not thread.is_alive()


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Engine]:
    opened = database.open_engine(sqlite_url)
    yield opened
    opened.dispose()


@pytest.fixture
def program(store: Engine) -> Any:
    desk.fill(store)
    return desk.program(store)


@pytest.fixture
def site(program: Any) -> Iterator[httpx.Client]:
    with served(program) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield desk.sign_in(program, client, "everyone")


@contextlib.contextmanager
def visiting(program: Any, scheduler: Scheduler | None = None, name: str = "everyone") -> Iterator[httpx.Client]:
    """A signed-in client of a running server."""
    with served(program, scheduler) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield desk.sign_in(program, client, name)


@pytest.fixture(autouse=True)
def log_text() -> Iterator[io.StringIO]:
    """Everything logged while pages are served, through the real set-up."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.set_up(json=True, stream=stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
