"""Bulk writes that mean the same on SQLite and PostgreSQL."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
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

from monitor.store.copying import copy_text
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


def insert_many(session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """All rows by the driver's own bulk path (executemany on SQLite, COPY on PostgreSQL); nothing for no rows. Every
    row must name the same columns; what they leave out takes the model's constant default, else the database's.

    Values go through the same column types as everywhere else; only the statement's compilation and its parameters'
    dictionaries, which cost more than the writing itself, are left out.
    """
    if not rows:
        return
    session.flush()  # as every statement of a session would
    connection, table = session.connection(), table_of(model)
    if connection.dialect.name == "postgresql" and _is_kept_by_rows(connection, table.name):
        connection.execute(insert(table), list(rows))
        return
    names, values = _columns(table, rows, connection.dialect)
    if connection.dialect.name != "postgresql":
        connection.exec_driver_sql(_insert_sql(table.name, names), list(zip(*values, strict=True)))
        return
    columns = ", ".join(f'"{name}"' for name in names)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
        text = copy_text(values)
        if text is not None:
            copy.write(text)
            return
        for row in zip(*values, strict=True):
            copy.write_row(row)


def _columns(
    table: Table, rows: Sequence[Mapping[str, Any]], dialect: Dialect, only: Sequence[str] = ()
) -> tuple[list[str], list[list[Any]]]:
    """The columns to write, and the values of each as the driver takes them; `only` these columns, in their order, of
    an update (then no default is put in)."""
    names, columns = [], []
    for name, is_instant, convert, default in _ways(table, dialect, tuple(only)):
        if name in rows[0]:
            values = _converted(list(map(itemgetter(name), rows)), is_instant, convert, dialect)
        elif default is not None:
            values = list(default) * len(rows)
        else:
            continue
        names.append(name)
        columns.append(values)
    return names, columns


_Way = tuple[str, bool, Callable[[Any], Any] | None, tuple[Any] | None]


@lru_cache(maxsize=256)
def _ways(table: Table, dialect: Dialect, only: tuple[str, ...]) -> list[_Way]:
    """Of each column: its name, whether it holds instants, its type's own way into this database, its default."""
    found: list[_Way] = []
    for column in [table.c[name] for name in only] or table.columns:
        convert = column.type.dialect_impl(dialect).bind_processor(dialect)
        if isinstance(column.type, LargeBinary):
            convert = None  # both drivers take bytes as they are
        default: tuple[Any] | None = None
        if isinstance(column.default, ScalarElementColumnDefault):
            value = column.default.arg
            default = (value if convert is None else convert(value),)
        found.append((column.name, isinstance(column.type, Instant), convert, default))
    return found


def _converted(
    values: list[Any], is_instant: bool, convert: Callable[[Any], Any] | None, dialect: Dialect
) -> list[Any]:
    """Each value as the driver takes it, one that all rows share only once: nearly always nothing, or the moment of
    this reading."""
    if not is_instant and convert is None:
        return values
    one_for_all = values.count(values[0]) == len(values)
    distinct = values[:1] if one_for_all else values
    if is_instant:
        distinct = Instant().bind_all(distinct, dialect)
    elif convert is not None:
        distinct = list(map(convert, distinct))
    return distinct * len(values) if one_for_all else distinct


def insert_returning_ids(session: Session, model: type[DeclarativeBase], rows: Sequence[dict[str, Any]]) -> list[int]:
    """Inserts and returns the new ids in the order of `rows`, which take them up as "id". The ids are taken first and
    written with the rows: an ordered RETURNING would cost a statement a row on SQLite."""
    if not rows:
        return []
    ids = _new_ids(session, table_of(model), len(rows))
    for row, new_id in zip(rows, ids, strict=True):
        row["id"] = new_id
    insert_many(session, model, rows)
    return ids


def _new_ids(session: Session, table: Table, number: int) -> list[int]:
    """Ids nobody else will take: from the sequence on PostgreSQL, after the highest on SQLite, whose transactions
    hold the one write lock from their beginning."""
    if session.get_bind().dialect.name == "postgresql":
        sequence = func.pg_get_serial_sequence(table.name, "id")
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
    names, values = _columns(table_of(model), rows, session.get_bind().dialect)
    tuples = list(zip(*values, strict=True))
    session.connection().exec_driver_sql(_insert_sql(table_of(model).name, names, "ON CONFLICT DO NOTHING"), tuples)


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
    names, put = _columns(table, rows, connection.dialect, (*columns, key))
    tuples = list(zip(*put, strict=True))
    changes = ", ".join(f'"{name}" = ?' for name in names[:-1])
    connection.exec_driver_sql(f'UPDATE "{table.name}" SET {changes} WHERE "{key}" = ?', tuples)  # noqa: S608


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
