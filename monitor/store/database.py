"""Opens the store. SQLite's durable settings are set on every connection and read back once at start."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session, sessionmaker

# house.md: NORMAL lost acknowledged commits in 555 of 916 simulated power cuts, FULL in none of 1,156.
# 32 MB of pages a connection: with SQLite's own 2 MB a large write spills half-filled pages of its indexes to the disk.
PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30000, "cache_size": -32768}


class StoreUnsafe(Exception):
    """The database would lose acknowledged commits with its present settings."""


def open_engine(url: str) -> Engine:
    """An engine whose transactions begin immediately (SQLite) and whose commits survive a power cut.

    Raises `StoreUnsafe` when the database does not take the settings.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        # one writer at a time is SQLite's nature: wait for it, never read a stale snapshot then write
        engine = create_engine(
            parsed,
            connect_args={"isolation_level": None, "check_same_thread": False},
            hide_parameters=True,  # an error's text must not carry the person whose row it was
        )
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin_immediate)
    else:
        engine = create_engine(parsed, pool_pre_ping=True, isolation_level="READ COMMITTED", hide_parameters=True)
        event.listen(engine, "connect", _see_everything)
    _assert_durable(engine)
    return engine


def session_factory(engine: Engine) -> sessionmaker[Session]:
    """Sessions for use cases. Rows stay readable after commit: a use case never re-reads by accident."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that only looks: on SQLite it takes no write lock, so readers never wait for the writer."""
    with engine.connect().execution_options(dunghen_reading=True) as connection, Session(connection) as session:
        yield session


def _set_pragmas(connection: Any, _record: Any) -> None:
    for name, value in PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")


def _see_everything(connection: Any, _record: Any) -> None:
    """Row-level security shows nothing to who says nothing. The daemon works on all agencies; a page narrows its own
    transaction (`monitor.store.scope`)."""
    connection.autocommit = True  # or the setting would end with the first rolled-back transaction
    connection.execute("SELECT set_config('app.agencies', '*', false), set_config('app.persons', '*', false)")
    # our questions take milliseconds: to start a process that helps with one takes as long
    connection.execute("SET max_parallel_workers_per_gather = 0")
    connection.autocommit = False


def _begin_immediate(connection: Any) -> None:
    reading_only = connection.get_execution_options().get("dunghen_reading", False)
    connection.exec_driver_sql("BEGIN" if reading_only else "BEGIN IMMEDIATE")


def _assert_durable(engine: Engine) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            wanted = {k: v for k, v in PRAGMAS.items() if not (k == "journal_mode" and _in_memory(engine))}
            for name, value in wanted.items():
                got = connection.execute(text(f"PRAGMA {name}")).scalar_one()
                if str(got).lower() != str(value):
                    raise StoreUnsafe(f"SQLite keeps {name}={got}, needs {value}: is the file on a network disk?")
        else:
            for name in ("fsync", "synchronous_commit"):
                if connection.execute(text(f"SHOW {name}")).scalar_one() == "off":
                    raise StoreUnsafe(f"PostgreSQL runs with {name}=off: commits would not survive a power cut")


def _in_memory(engine: Engine) -> bool:
    return engine.url.database in (None, "", ":memory:")
