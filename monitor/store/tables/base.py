"""What every table shares."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, Date, Index, LargeBinary, MetaData, text
from sqlalchemy.orm import DeclarativeBase

from monitor.store.types import Instant


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        date: Date,
        dict[str, Any]: JSON,
        bytes: LargeBinary,
    }


def open_index(name: str, ended: str, *columns: str) -> Index:
    """An index of the rows that are not over: where the instant `ended` is null. What is over is most of a table, and
    costs it nothing."""
    return partial_index(name, f"{ended} IS NULL", *columns)


def partial_index(name: str, rows: str, *columns: str) -> Index:
    """An index of some rows, alike on both databases; a statement uses it where it says the same condition."""
    of_sqlite = text(rows.replace("IS TRUE", "IS 1"))  # as SQLAlchemy writes it there, or the index is not seen
    return Index(name, *columns, sqlite_where=of_sqlite, postgresql_where=text(rows))
