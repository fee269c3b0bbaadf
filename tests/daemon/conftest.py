"""What the daemon's parts log in these tests goes through the real set-up into memory."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from monitor import logs


class LogLines:
    """The events so far, each a dictionary."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def all(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]

    def named(self, event: str) -> list[dict[str, Any]]:
        return [line for line in self.all() if line["event"] == event]

    @property
    def text(self) -> str:
        return self._stream.getvalue()


@pytest.fixture(autouse=True)
def log_lines() -> Iterator[LogLines]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.set_up(json=True, stream=stream)
    yield LogLines(stream)
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
