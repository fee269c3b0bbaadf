"""Bulk writes that mean the same on SQLite and PostgreSQL."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    Select,
    Table,
    Text,
    Update,
    any_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import TypeDecorator, TypeEngine

from monitor.store.copying import copy_texts
from monitor.store.types import Instant

_T = TypeVar("_T")

# SQLite of Debian 12 takes 32,766 parameters a statement: this is well below, and still few statements.
IN_BATCH = 500
AT_ONCE = 5000  # values that `among` takes as one
_SEPARATOR = "\x1f"  # in no code of any source: they are cleaned of control characters; looked at all the same


# Any number, as long as it is this program's own: the name of the one writer's place.
_WRITER = 0x4475_6E67


def one_writer(session: Session) -> None:
    """Waits until no other transaction that asked for it is deciding; held until this one ends.

    SQLite has one writer by nature. On PostgreSQL two sources read at the same moment would each store a view of the
    same dossier without seeing the other's, and a judgement could overwrite the mark of a change it never saw.
    Peers are never waited for while it is held: pages are fetched and messages sent outside of it.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_WRITER)))


def in_batches(items: Sequence[_T], size: int = IN_BATCH) -> Iterator[Sequence[_T]]:
    """Slices of at most `size`, for IN lists."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def among(session: Session, column: ColumnElement[Any], values: Sequence[str] | Sequence[int]) -> ColumnElement[bool]:
    """`column IN (values)` with the values as one parameter: a list of bind parameters costs more to compile than the
    rows cost to find, and has a limit. For texts and whole numbers; keep to a few thousand at once."""
    if session.get_bind().dialect.name == "postgresql":
        together = _SEPARATOR.join(map(str, values))
        if "" in values or together.count(_SEPARATOR) >= max(len(values), 1):
            return column == any_(literal(list(values), ARRAY(column.type)))
        # as one text: the driver writes an array value by value, at the price of finding the rows
        return column == any_(cast(func.string_to_array(together, _SEPARATOR), ARRAY(column.type)))
    if any(isinstance(value, str) and "\0" in value for value in values):
        return column.in_(values)  # SQLite's JSON ends a text there
    each = func.json_each(json.dumps(list(values))).table_valued("value")
    return column.in_(select(each.c.value))


def table_of(model: type[DeclarativeBase]) -> Table:
    """The Core table of a mapped class."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


Columns = Mapping[str, Sequence[Any]]  # of some rows, each column with as many values


def columns_of(rows: Sequence[Mapping[str, Any]]) -> Columns:
    """Rows that all name the same columns, a column at a time."""
    return {name: list(map(itemgetter(name), rows)) for name in (rows[0] if rows else ())}


def rows_of_columns(columns: Columns) -> list[dict[str, Any]]:
    """The other way round."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def insert_many(session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """`insert_columns` of rows that all name the same columns."""
    insert_columns(session, model, columns_of(rows))


def insert_columns(session: Session, model: type[DeclarativeBase], columns: Columns) -> None:
    """All rows by the driver's own bulk path (executemany on SQLite, COPY on PostgreSQL); nothing for no rows. Columns
    that are left out take the model's constant default, else the database's.

    Values go through the same column types as everywhere else; only the statement's compilation and its parameters'
    dictionaries, which cost more than the writing itself, are left out.
    """
    number = len(next(iter(columns.values()), ()))
    if not number:
        return
    session.flush()  # as every statement of a session would
    connection, table = session.connection(), table_of(model)
    if connection.dialect.name == "postgresql" and _is_kept_by_rows(connection, table.name):
        connection.execute(insert(table), rows_of_columns(columns))
        return
    alike, apart = _written(table, columns, connection.dialect)
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql(_insert_sql(table.name, (*alike, *apart)), _tuples(alike, apart, number))
        return
    names = ", ".join(f'"{name}"' for name in (*alike, *apart))
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        texts = copy_texts(list(alike.values()), list(apart.values()), number)
        if texts is not None:
            for text in texts:
                copy.write(text)
            return
        for row in _tuples(alike, apart, number):
            copy.write_row(row)


def _tuples(alike: Mapping[str, Any], apart: Mapping[str, list[Any]], number: int) -> list[tuple[Any, ...]]:
    return list(zip(*(repeat(value, number) for value in alike.values()), *apart.values(), strict=True))


def _written(table: Table, columns: Columns, dialect: Dialect) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The values as the driver takes them: of the columns that are alike in all rows, which cost nothing a row then,
    and of the others. What is null everywhere is not written."""
    alike: dict[str, Any] = {}
    apart: dict[str, list[Any]] = {}
    for way in _ways(table, dialect):
        values = columns.get(way.name)
        if values is None:
            if way.default is not None:
                (alike[way.name],) = way.default
        elif not _are_alike(values):
            apart[way.name] = way.of_all(values)
        elif values[0] is not None or not way.is_null_unsaid:
            (alike[way.name],) = way.of_all(values[:1])
    return alike, apart


def _are_alike(values: Sequence[Any]) -> bool:
    first = values[0]
    return bool(first == values[-1]) and values.count(first) == len(values)


class _Way(NamedTuple):
    """How the values of a column go into a database."""

    name: str
    of_all: Callable[[Sequence[Any]], list[Any]]
    default: tuple[Any] | None
    is_null_unsaid: bool  # a row that does not name it has null there


@lru_cache(maxsize=256)
def _ways(table: Table, dialect: Dialect) -> list[_Way]:
    return [_way(column, dialect) for column in table.columns]


def _way(column: Column[Any], dialect: Dialect) -> _Way:
    default: tuple[Any] | None = None
    convert = column.type.dialect_impl(dialect).bind_processor(dialect)
    if isinstance(column.type, LargeBinary):
        convert = None  # both drivers take bytes as they are
    if isinstance(column.default, ScalarElementColumnDefault):
        value = column.default.arg
        default = (value if convert is None else convert(value),)
    of_all: Callable[[Sequence[Any]], list[Any]] = list
    if isinstance(column.type, Instant):
        of_all = partial(Instant().bind_all, dialect=dialect)
    elif convert is not None:
        of_all = partial(_converted, convert)
    return _Way(column.name, of_all, default, bool(column.nullable) and column.server_default is None)


def _converted(convert: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    return list(map(convert, values))


def insert_returning_ids(
    session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Inserts and returns the new ids in the order of `rows`."""
    return insert_columns_returning_ids(session, model, columns_of(rows)) if rows else []


def insert_columns_returning_ids(session: Session, model: type[DeclarativeBase], columns: Columns) -> list[int]:
    """Inserts and returns the new ids in the order of the rows. The ids are taken first and written with the rows: an
    ordered RETURNING would cost a statement a row on SQLite."""
    number = len(next(iter(columns.values()), ()))
    ids = _new_ids(session, table_of(model), number)
    insert_columns(session, model, {"id": ids, **columns})
    return ids


def _new_ids(session: Session, table: Table, number: int) -> list[int]:
    """Ids nobody else will take: from the sequence on PostgreSQL, after the highest on SQLite, whose transactions
    hold the one write lock from their beginning."""
    if not number:
        return []
    if session.get_bind().dialect.name == "postgresql":
        # looked up once: as a plain argument its name would be resolved anew for every row
        sequence = select(cast(func.pg_get_serial_sequence(table.name, "id"), postgresql.REGCLASS)).scalar_subquery()
        each = select(func.nextval(sequence).label("id")).select_from(func.generate_series(1, number)).subquery()
        return list(session.execute(select(func.array_agg(each.c.id))).scalar_one())
    highest = session.scalar(select(func.max(table.c.id))) or 0
    return list(range(highest + 1, highest + number + 1))


def insert_new(session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows whose unique key is not there yet; the others are left as they are."""
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_insert_if_new(table_of(model)), list(rows))
        return
    session.flush()
    table = table_of(model)
    alike, apart = _written(table, columns_of(rows), session.get_bind().dialect)
    statement = _insert_sql(table.name, (*alike, *apart), "ON CONFLICT DO NOTHING")
    session.connection().exec_driver_sql(statement, _tuples(alike, apart, len(rows)))


@lru_cache
def _insert_if_new(table: Table) -> postgresql.Insert:
    return postgresql.insert(table).on_conflict_do_nothing()


def add_up(
    session: Session,
    model: type[DeclarativeBase],
    key: Sequence[str],
    totals: Mapping[tuple[str | int, ...], Mapping[str, int]],
) -> None:
    """Adds to the columns of the row of each key, or begins it with that. A key is texts and whole numbers, by the
    columns `key`. Always in the same order, so that two writers cannot wait for each other in a ring."""
    changed = [(place, by) for place, by in sorted(totals.items()) if any(by.values())]
    if not changed:
        return
    session.flush()
    connection, table = session.connection(), table_of(model).name
    columns = sorted({column for _, by in changed for column, number in by.items() if number})
    rows = [(*place, *(by.get(column, 0) for column in columns)) for place, by in changed]
    quoted = ", ".join(f'"{name}"' for name in key)
    added = ", ".join(f'"{column}" = "{table}"."{column}" + excluded."{column}"' for column in columns)
    then = f"ON CONFLICT ({quoted}) DO UPDATE SET {added}"
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    connection.exec_driver_sql(_insert_sql(table, (*key, *columns), then, mark), rows)


def _insert_sql(table: str, names: Sequence[str], then: str = "", mark: str = "?") -> str:
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join([mark] * len(names))
    return f'INSERT INTO "{table}" ({columns}) VALUES ({marks}) {then}'.rstrip()  # noqa: S608


def update_many(
    session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]], *, key: str = "id"
) -> None:
    """One executemany of updates by `key`; every row must name the same columns."""
    if not rows:
        return
    columns = tuple(name for name in rows[0] if name != key)
    connection, table = session.connection(), table_of(model)
    if connection.dialect.name == "postgresql":
        values = [{f"_{name}": row[name] for name in (key, *columns)} for row in rows]
        connection.execute(_update_by(table, key, columns), values)
        return
    ways = {way.name: way for way in _ways(table, connection.dialect)}
    put = [ways[name].of_all(list(map(itemgetter(name), rows))) for name in (*columns, key)]
    changes = ", ".join(f'"{name}" = ?' for name in columns)
    statement = f'UPDATE "{table.name}" SET {changes} WHERE "{key}" = ?'  # noqa: S608
    connection.exec_driver_sql(statement, list(zip(*put, strict=True)))


@lru_cache
def _update_by(table: Table, key: str, columns: tuple[str, ...]) -> Update:
    """Built once: building it costs more than a few rows' writing."""
    values: dict[str, Any] = {name: bindparam(f"_{name}") for name in columns}
    return table.update().where(table.c[key] == bindparam(f"_{key}")).values(values)


class _Ids(TypeDecorator[Sequence[int]]):
    """Row ids as one parameter: JSON text on SQLite, an array on PostgreSQL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(ARRAY(BigInteger()) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Sequence[int] | None, dialect: Dialect) -> Any:
        ids = list(value or ())
        return ids if dialect.name == "postgresql" else json.dumps(ids)


class _OneOf(FunctionElement[bool]):
    name = "one_of"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """As it is: SQLAlchemy would compare a function's truth with 1, past which SQLite sees no index."""
        return self


@compiles(_OneOf)
def _is_any(element: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, ids = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} = ANY ({ids})"


@compiles(_OneOf, "sqlite")
def _is_in(element: _OneOf, compiler: SQLCompiler, **more: Any) -> str:
    column, ids = (compiler.process(clause, **more) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({ids}))"  # noqa: S608


def one_of(column: Any) -> ColumnElement[bool]:
    """Whether `column` is one of the row ids that are given as `ids` when the statement is run: for statements built
    once, whose text stays the same however many there are. Keep to a few thousand at once."""
    return _OneOf(column, bindparam("ids", type_=_Ids()))


def rows_of(session: Session, statement: Select[Any], **values: Any) -> Sequence[Any]:
    """The rows of a statement over tables, not over mapped classes: past the session's own way, which costs as much as
    a few rows' reading. Nothing is flushed before."""
    return session.connection().execute(statement, values).all()


def grouped(pairs: Iterable[tuple[int, _T]]) -> dict[int, list[_T]]:
    """Pairs (id, item) as id -> items, in the order they came."""
    groups: dict[int, list[_T]] = {}
    for id_, item in pairs:
        groups.setdefault(id_, []).append(item)
    return groups


def _is_kept_by_rows(connection: Connection, table: str) -> bool:
    """Whether row-level security holds for this role and table: COPY is refused there. Asked once a connection."""
    known: dict[str, bool] = connection.info.setdefault("dunghen_row_security", {})
    if table not in known:
        found = connection.exec_driver_sql("SELECT row_security_active(%s)", (table,)).scalar_one()
        known[table] = bool(found)
    return known[table]
