"""Opens the wired program for a command, and says in plain words why it cannot be opened."""

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import inspect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from monitor.calendar_file import CalendarFileError
from monitor.cli import desk as desk_module
from monitor.cli.exits import Exit, Stop
from monitor.clock import Clock
from monitor.people import PeopleFileError
from monitor.procedures import ProcedureFileError
from monitor.settings import Settings
from monitor.store import database, migrate
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.cli.desk import Desk
    from monitor.wiring import Program

_TOO_OLD = Words(
    "Cơ sở dữ liệu cũ hơn chương trình. Chạy: dunghen db upgrade",
    "The store is older than the program. Run: dunghen db upgrade",
)
_TOO_NEW = Words(
    "Cơ sở dữ liệu do bản chương trình mới hơn ghi. Hãy cài bản mới; không gì được sửa.",
    "The store was written by a newer program. Install that one; nothing was touched.",
)


_NOT_AS_ROOT = Words(
    "{path} thuộc người dùng {owner}: tệp do root tạo ra thì tiến trình nền không ghi được nữa. "
    "Chạy: runuser -u {owner} -- dunghen …",
    "{path} belongs to the user {owner}: the daemon could not write files that root makes. "
    "Run: runuser -u {owner} -- dunghen …",
)


@contextmanager
def opened(desk: "Desk", clock: Clock | None = None, settings: Settings | None = None) -> Iterator["Program"]:
    """The program of this configuration. A store that was never used is made; an old one is never migrated here."""
    from monitor.wiring import Program

    wanted = settings or desk.settings
    with saying_why(desk):
        fresh = is_unused(wanted.database.url)
        program = Program(wanted, clock or desk_module.clock, upgrade=fresh)
    try:
        with saying_why(desk):
            yield program
    finally:
        program.close()


@contextmanager
def saying_why(desk: "Desk") -> Iterator[None]:
    """Turns what the store and the files can raise into an exit code and a line."""
    refuse_as_root(desk)
    try:
        yield
    except (CalendarFileError, PeopleFileError, ProcedureFileError) as error:
        raise Stop(Exit.REFUSED, str(error)) from None
    except migrate.SchemaTooOld:
        raise desk.stopped(Exit.STORE, _TOO_OLD) from None
    except migrate.SchemaTooNew:
        raise desk.stopped(Exit.STORE, _TOO_NEW) from None
    except database.StoreUnsafe as error:
        raise Stop(Exit.STORE, str(error)) from None
    except DatabaseError as error:
        if type(error) not in (DatabaseError, OperationalError):
            raise  # a refused row: PostgreSQL's own words would quote it
        # the driver's own reason, without SQLAlchemy's statement and parameters
        said = Words("Không dùng được cơ sở dữ liệu: {why}", "The store cannot be used: {why}")
        raise desk.stopped(Exit.STORE, said.fill(why=str(error.orig).splitlines()[0])) from None


def refuse_as_root(desk: "Desk") -> None:
    """Root may do anything, and would leave files behind that the service's own user cannot write: the store's own
    (`-wal`, `-shm`), copies, letters. Stops with STORE where the data belongs to somebody else, or is not there yet and
    its place does."""
    if os.geteuid() != 0:
        return
    site, url = desk.settings.site, make_url(desk.settings.database.url)
    held = [site.data_dir, *([Path(url.database)] if url.get_backend_name() == "sqlite" and url.database else [])]
    for path in (next(path for path in (wanted, *wanted.parents) if path.exists()) for wanted in held):
        if (owner := path.stat().st_uid) != 0:
            raise desk.stopped(Exit.STORE, _NOT_AS_ROOT.fill(path=path, owner=_user(owner)))


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"#{number}"


def is_unused(url: str) -> bool:
    """Whether this store holds nothing at all yet. Makes the folder of an SQLite file."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        path = Path(parsed.database)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Stop(Exit.STORE, f"{path.parent}: {error.strerror}") from None
        return not path.exists() or path.stat().st_size == 0
    engine = database.open_engine(url)
    try:
        return not inspect(engine).get_table_names()
    finally:
        engine.dispose()
