"""The pages behind a real uvicorn on loopback, over a real SQLite file."""

import contextlib
import io
import logging
import shutil
import sqlite3
import threading
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from fastapi._compat.v2 import ModelField
from httpx._config import create_ssl_context
from sqlalchemy import Engine

from monitor import logs
from monitor.engine import Engine as Scheduler
from monitor.store import database
from monitor.web.app import make_app
from monitor.web.listening import listen
from tests.alike import validating_alike
from tests.web import desk

# Every client would read the machine's certificates anew, twenty milliseconds of a processor; none here speaks TLS.
httpx._transports.default.create_ssl_context = cache(create_ssl_context)  # type: ignore[attr-defined]
ModelField.__post_init__ = validating_alike(ModelField.__post_init__)


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


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """The desk's province in a file to copy from: drafting its letters anew for every test is what would take long."""
    path = tmp_path_factory.mktemp("desk") / "filled.db"
    shutil.copy(sqlite_template, path)
    engine = database.open_engine(f"sqlite:///{path}")
    desk.fill(engine)
    engine.dispose()
    return path


@pytest.fixture
def program(store: Engine, filled: Path, tmp_path: Path) -> Any:
    """The desk's province and everything the pages ask for, in a folder of the test's own."""
    with contextlib.closing(sqlite3.connect(filled)) as source, contextlib.closing(store.raw_connection()) as target:
        source.backup(target.driver_connection)  # type: ignore[arg-type]
    made = desk.program(store)
    site = made.settings.site.model_copy(update={"data_dir": tmp_path / "data"})
    made.settings = made.settings.model_copy(update={"site": site})
    return made


@pytest.fixture
def site(program: Any) -> Iterator[httpx.Client]:
    with served(program) as address, httpx.Client(base_url=address, timeout=20) as client:
        yield desk.sign_in(program, client, "everyone")


@pytest.fixture(scope="session")
def standing(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server that stands as long as the tests run, and the open session of `everyone` there: only to look at."""
    path = tmp_path_factory.mktemp("standing") / "store.db"
    shutil.copy(filled, path)
    opened = database.open_engine(f"sqlite:///{path}")
    made = desk.program(opened)
    with served(made) as address:
        yield address, desk.session_of(made, "everyone")
    opened.dispose()


@pytest.fixture
def looking(standing: tuple[str, str]) -> Iterator[httpx.Client]:
    """Like `site`, for tests that change nothing and ask nothing of the store: they share one server."""
    address, secret = standing
    with httpx.Client(base_url=address, timeout=20, cookies={"dunghen": secret}) as client:
        yield client


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
