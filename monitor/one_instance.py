"""One daemon for one set of data: two would send everything twice. Held by the kernel, so a crash frees it."""

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from sqlalchemy import Engine, text

# any fixed number: the advisory lock of this program in its database
_ADVISORY_KEY = 0x64756E6768656E  # "dunghen"


class AlreadyRunning(Exception):
    """Another daemon holds the same data."""


class OneInstance:
    """Context manager: `flock` on a file of the data folder and, on PostgreSQL, an advisory lock as well, so that
    two machines with one database exclude each other too. Raises `AlreadyRunning`."""

    def __init__(self, data_dir: Path, engine: Engine) -> None:
        self._path = data_dir / "dunghen.lock"
        self._engine = engine
        self._held = ExitStack()

    def __enter__(self) -> "OneInstance":
        with ExitStack() as held:
            self._lock_file(held)
            if self._engine.dialect.name == "postgresql":
                self._lock_database(held)
            self._held = held.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._held.close()

    def _lock_file(self, held: ExitStack) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        held.callback(os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(f"another daemon runs on {self._path.parent}") from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())

    def _lock_database(self, held: ExitStack) -> None:
        # of the session, not of a transaction: an open transaction for months would keep the database from cleaning up
        connection = held.enter_context(self._engine.connect().execution_options(isolation_level="AUTOCOMMIT"))
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_KEY}).scalar_one()
        if not taken:
            raise AlreadyRunning("another daemon runs on this database")
