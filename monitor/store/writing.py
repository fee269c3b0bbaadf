"""Bulk writes that mean the same on SQLite and PostgreSQL."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table, bindparam, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session

_T = TypeVar("_T")

# SQLite of Debian 12 takes 32,766 parameters a statement: this is well below, and still few statements.
IN_BATCH = 500


def in_batches(items: Sequence[_T], size: int = IN_BATCH) -> Iterator[Sequence[_T]]:
    """Slices of at most `size`, for IN lists."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def table_of(model: type[DeclarativeBase]) -> Table:
    """The Core table of a mapped class."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def insert_many(session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """One executemany; nothing for no rows."""
    if rows:
        session.execute(insert(table_of(model)), list(rows))


def insert_returning_ids(
    session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]
) -> list[int]:
    """Inserts and returns the new ids in the order of `rows`."""
    if not rows:
        return []
    table = table_of(model)
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(session.execute(statement, list(rows)).scalars())


def insert_new(session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts the rows whose unique key is not there yet; the others are left as they are."""
    if not rows:
        return
    table = table_of(model)
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(make(table).on_conflict_do_nothing(), list(rows))


def update_many(
    session: Session, model: type[DeclarativeBase], rows: Sequence[Mapping[str, Any]], *, key: str = "id"
) -> None:
    """One executemany of updates by `key`; every row must name the same columns."""
    if not rows:
        return
    table = table_of(model)
    columns = [name for name in rows[0] if name != key]
    statement = (
        table.update()
        .where(table.c[key] == bindparam(f"_{key}"))
        .values({name: bindparam(f"_{name}") for name in columns})
    )
    session.connection().execute(statement, [{f"_{name}": row[name] for name in (key, *columns)} for row in rows])


def grouped(pairs: Iterable[tuple[int, _T]]) -> dict[int, list[_T]]:
    """Pairs (id, item) as id -> items, in the order they came."""
    groups: dict[int, list[_T]] = {}
    for id_, item in pairs:
        groups.setdefault(id_, []).append(item)
    return groups
