"""One running sandbox for the tests of its servers, and a client that keeps its connection."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import requests

from monitor.sandbox.province import make_province
from monitor.sandbox.servers import Sandbox

MONDAY = datetime.fromisoformat("2026-11-23T09:00:00+07:00")


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with Sandbox(make_province(3, MONDAY, 800)) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Iterator[Sandbox]:
    """The running sandbox, put back afterwards as it was."""
    yield running
    running.faults.clear()
    running.faults.met.clear()
    running.world.shuffle = 0
    running.set_now(MONDAY)
    running.bot.delivered.clear()
    running.mail.mails.clear()


@pytest.fixture
def http() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session
