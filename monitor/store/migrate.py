"""Brings a store's schema up to this program's, and says when it is newer than the program."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from monitor.store.seals import seal_unsealed

_SEALS_FROM = "0006"  # letters written before have no seal in the log: they get one, as they are, and the log says so
_FOLDER = Path(__file__).resolve().parent / "migrations"


class SchemaTooNew(Exception):
    """The store was written by a newer program: refuse, never guess."""


class SchemaTooOld(Exception):
    """The store needs `dunghen db upgrade` first."""


def upgrade(engine: Engine) -> str:
    """Runs the missing migrations in one transaction; returns the revision reached. Raises `SchemaTooNew`."""
    with engine.begin() as connection:
        _refuse_newer(connection)
        before = _current(connection)
        if before == _script().get_current_head():
            return before
        command.upgrade(_config(connection), "head")
        if before and before < _SEALS_FROM:
            with Session(connection) as session:
                seal_unsealed(session, datetime.now(UTC))
                session.commit()
        return _current(connection)


def check(engine: Engine) -> None:
    """Raises `SchemaTooOld` or `SchemaTooNew` unless the store's schema is this program's."""
    with engine.connect() as connection:
        _refuse_newer(connection)
        if _current(connection) != _script().get_current_head():
            raise SchemaTooOld("the store's schema is older than the program: run `dunghen db upgrade`")


@cache
def _script() -> ScriptDirectory:
    """The program's migrations. Each is a file to load, and none changes while the program runs."""
    return ScriptDirectory(str(_FOLDER))


def _current(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


def _refuse_newer(connection: Connection) -> None:
    current = _current(connection)
    known = {revision.revision for revision in _script().walk_revisions()}
    if current and current not in known:
        raise SchemaTooNew(
            f"the store has schema {current}, which this program does not know: install the newer program"
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    return config
