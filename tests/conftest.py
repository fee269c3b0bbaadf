"""Fixtures that more than one room uses: a real store of both kinds, and skips that are loud.

PostgreSQL comes by pip and is never skipped. What needs a system package or the external data says which command
brings it; with DUNGHEN_REQUIRE_ALL=1 (set by .ci/run) such a skip is a failure.
"""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session, sessionmaker

from monitor.access import passwords
from monitor.store import database
from monitor.store.migrate import upgrade
from tests import postgresql
from tests.alike import sharing
from tests.counts import PROOF
from tests.cups import CUPSD, Cups, running

# `make test` tries the same examples every time, so that a change is judged by itself; `make proof` draws new ones.
hypothesis.settings.register_profile("same_every_time", derandomize=True)
if not PROOF:
    hypothesis.settings.load_profile("same_every_time")

database.create_engine = sharing(create_engine)

# The real algorithm with cheap settings: a demo alone makes six accounts. `test_the_settings_of_the_hash` holds the others.
SHIPPED_HASHER = passwords._hasher
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

SHARED_DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
REQUIRE_ALL = os.environ.get("DUNGHEN_REQUIRE_ALL") == "1"


gc.disable()  # until all is loaded


def pytest_collection_finish() -> None:
    """What is loaded stays: not to be looked through for garbage thousands of times, a fifth of all the tests' work."""
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


def pytest_unconfigure() -> None:
    """What is left ends with the process: pytest would look through all of it, twice."""
    gc.freeze()


def need(present: bool, what: str, command: str) -> None:
    """Skip (or, under DUNGHEN_REQUIRE_ALL, fail) unless `present`; the line names the command that brings it."""
    if present:
        return
    line = f"{what} is missing: {command}"
    if REQUIRE_ALL:
        pytest.fail(line)
    pytest.skip(line)


_CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium a module: what a test opens in it, it closes. Not for the whole session, since the driver keeps an
    event loop running in this thread, in which no other test could run its own."""
    found = shutil.which("chromium") or ""
    need(bool(found), "Chromium", "apt-get install chromium")
    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=found, args=_CHROMIUM_FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def pdftoppm() -> str:
    found = shutil.which("pdftoppm") or ""
    need(bool(found), "pdftoppm", "apt-get install poppler-utils")
    return found


@pytest.fixture
def cups() -> Iterator[Cups]:
    """A real print server of this test's own. Its folder is not pytest's: another pytest that starts meanwhile would
    close that to the user the server runs as."""
    need(bool(CUPSD), "CUPS", "apt-get install --no-install-recommends cups")
    with (
        tempfile.TemporaryDirectory(prefix="dh-cups-", ignore_cleanup_errors=True) as folder,
        running(Path(folder)) as server,
    ):
        yield server


@pytest.fixture
def shared_data() -> Path:
    """The external data folder; absent on machines that were not given it, also in CI."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the external data is missing: put it at {SHARED_DATA.name}/ beside the checkout (../shared/data)")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres(testrun_uid: str) -> Iterator[postgresql.Server]:
    with postgresql.running(testrun_uid[:12]) as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy from."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    engine = database.open_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    path = tmp_path / "store.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres: postgresql.Server, request: pytest.FixtureRequest) -> Iterator[str]:
    with postgres.database(f"t{abs(hash(request.node.nodeid)) % 10**12}") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """An empty migrated store, once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    opened = database.open_engine(store_url)
    yield opened
    opened.dispose()


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    return database.session_factory(engine)
