"""One view of one database: read in pages by key, in transactions that cannot write, with nobody's data in an error."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnClause, Connection, Engine, create_engine, event, func, select
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool

from connectors.base import AccessRefused, SourceError, SourceUnavailable, UnexpectedAnswer
from connectors.kit.text import is_clean_unicode
from connectors.sql.settings import SqlSettings

_REFUSED_STATES = frozenset({"28000", "28P01", "42501"})
_LATER_STATES = ("08", "53", "57", "58")  # connection, resources, operator, system: the database's own bad moment
_SHAPE_STATES = frozenset({"42P01", "42703", "3D000", "3F000", "42883", "42804"})
_REFUSED = re.compile(
    r"password|authenticat|access denied|login failed|permission denied|not authorized|ORA-010(17|31)|mật khẩu"
    r"|role \".{1,64}\" (does not exist|is not permitted)",
    re.IGNORECASE,
)
_SHAPE = re.compile(
    r"no such (table|column)|does not exist|doesn't exist|unknown column|invalid (object|column) name|ORA-009(42|04)",
    re.IGNORECASE,
)
_READ_ONLY = {  # what makes a session unable to write, dialect by dialect
    "sqlite": ("PRAGMA query_only = ON",),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY",),
}
Key = str | int


class SqlView:
    """The view. A connection is opened for a page and closed after it: nothing is held between two readings."""

    def __init__(self, settings: SqlSettings) -> None:
        self._settings = settings
        schema, _, name = settings.view.rpartition(".")
        names = {*settings.columns.values(), *((settings.since_column,) if settings.since_column else ())}
        self._columns: dict[str, ColumnClause[Any]] = {name: sql_column(name) for name in sorted(names)}
        self._view = sql_table(name, *self._columns.values(), schema=schema or None)
        self._key = self._columns[settings.columns.get("key", settings.columns["code"])]
        self._code = self._columns[settings.columns["code"]]
        self._engine: Engine | None = None

    @property
    def key_name(self) -> str:
        return str(self._key.name)

    def count(self) -> int:
        """How many rows the view has."""
        with self._reading() as connection:
            return int(connection.scalar(select(func.count()).select_from(self._view)) or 0)

    def page(self, after: Key | None, since: object | None, limit: int) -> Sequence[Mapping[str, Any]]:
        """Up to `limit` rows from key `after` on (inclusive: a doubled key must not hide its second row)."""
        wanted = select(*self._columns.values()).where(self._key.is_not(None)).order_by(self._key).limit(limit)
        if after is not None:
            wanted = wanted.where(self._key >= after)
        if since is not None:
            wanted = wanted.where(self._columns[self._settings.since_column] >= since)
        return self._rows(wanted)

    def without_key(self, limit: int) -> Sequence[Mapping[str, Any]]:
        """Rows that paging by key can never show."""
        return self._rows(select(*self._columns.values()).where(self._key.is_(None)).limit(limit))

    def of_codes(self, codes: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        """Rows whose code is one of these, as the view writes it."""
        return self._rows(select(*self._columns.values()).where(self._code.in_(list(codes))))

    def _rows(self, statement: Any) -> list[Mapping[str, Any]]:
        with self._reading() as connection:
            return [
                {name: plain(value) for name, value in row.items()}
                for row in connection.execute(statement).mappings().all()
            ]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A transaction that is rolled back, on a connection that was told not to write."""
        engine = self._engine = self._engine or open_reader(self._settings)
        try:
            with engine.connect() as connection, connection.begin() as transaction:
                yield connection
                transaction.rollback()
        except SQLAlchemyError as error:
            raise said(error, self._settings.view) from None
        except (UnicodeError, OSError, OverflowError):
            raise SourceUnavailable(f"không đọc được {self._settings.view}") from None


def open_reader(settings: SqlSettings) -> Engine:
    """An engine on which every connection refuses to write, in the source's own zone. Raises the `SourceError` tree."""
    try:
        url = make_url(settings.url.get_secret_value())
        backend = url.get_backend_name()
        options: dict[str, Any] = {}
        if backend == "postgresql":
            options = {"connect_timeout": settings.connect_timeout}
        elif backend in ("mysql", "mariadb"):
            options = {"connect_timeout": settings.connect_timeout, "read_timeout": settings.timeout}
        elif backend == "sqlite":
            options = {"timeout": settings.connect_timeout}
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=options)
    except (ArgumentError, NoSuchModuleError, ValueError):
        raise UnexpectedAnswer("địa chỉ cơ sở dữ liệu (url) không đọc được") from None
    except ImportError as missing:
        driver = missing.name or "trình điều khiển"
        raise UnexpectedAnswer(f"thiếu thư viện {driver} để đọc loại cơ sở dữ liệu này: pip install {driver}") from None
    statements = [*_READ_ONLY.get(backend, ())]
    if backend == "postgresql":
        statements += [
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            f"SET statement_timeout = {settings.timeout * 1000}",
            f"SET TIME ZONE '{settings.timezone}'",  # an instant of the column comes as this source's wall clock
        ]

    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        try:
            for statement in statements:
                cursor.execute(statement)
        finally:
            cursor.close()
        connection.commit()

    event.listen(engine, "connect", prepare)
    return engine


def said(error: SQLAlchemyError, view: str) -> SourceError:
    """What a database's error means for us. Its own text is never passed on: it may quote a row or an address."""
    original = getattr(error, "orig", None)
    state = str(getattr(original, "sqlstate", "") or "")
    text = str(original)[:2000]
    if state in _REFUSED_STATES or _REFUSED.search(text):
        return AccessRefused(f"cơ sở dữ liệu không cho tài khoản này đọc {view}")
    if state in _SHAPE_STATES or _SHAPE.search(text):
        return UnexpectedAnswer(f"không có {view}, hoặc thiếu một cột đã khai báo của nó")
    unreachable = isinstance(error, OperationalError | InterfaceError) or state.startswith(_LATER_STATES)
    if unreachable or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return SourceUnavailable(f"cơ sở dữ liệu của {view} không trả lời ({state or type(error).__name__})")
    return UnexpectedAnswer(f"cơ sở dữ liệu báo lỗi khi đọc {view} ({state or type(error).__name__})")


def plain(value: object) -> object:
    """A database's value as JSON has it: instants as ISO text, exact numbers as whole ones or text."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00"
    if isinstance(value, Decimal):
        return int(value) if value.is_finite() and value == value.to_integral_value() else str(value)
    if isinstance(value, UUID | time | timedelta):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "surrogateescape")
    return value


def key_of(value: object) -> Key | None:
    """A key that can be compared and remembered; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return value if isinstance(value, str) and value and is_clean_unicode(value) else None
