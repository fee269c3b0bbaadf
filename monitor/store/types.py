"""Column types with one behaviour on SQLite and PostgreSQL."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, String, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

from monitor.domain.dossier import Pause, Status
from monitor.store.instants import utc_texts_of_one_length

_TEXT_LENGTH = 27

# A row id that SQLite will number by itself.
Id = BigInteger().with_variant(Integer, "sqlite")

# Text for looking up by its beginning: compared byte by byte on both databases, so that an index serves a range.
Plain = String(200, collation="C").with_variant(String(200), "sqlite")


class Instant(TypeDecorator[datetime]):
    """A moment in UTC: `timestamptz` on PostgreSQL, fixed-width text on SQLite (which has no zones).

    Same order and round trip on both, to the microsecond. Raises `ValueError` for a naive value.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(_TEXT_LENGTH))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        return None if value is None else self.bind_all([value], dialect)[0]

    def bind_all(self, values: Iterable[datetime | None], dialect: Dialect) -> list[Any]:
        """Each as the driver takes it: a bulk write has tens of thousands of them."""
        utc = [value if value is None or value.tzinfo is UTC else _utc(value) for value in values]
        if dialect.name != "sqlite":
            return utc  # as the driver takes them
        texts = iter(utc_texts_of_one_length([value for value in utc if value is not None]))
        return [None if value is None else next(texts) for value in utc]

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        assert isinstance(value, datetime)
        return value.astimezone(UTC)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant without a time zone does not exist: give it one before storing it")
    return value.astimezone(UTC)


class Pauses(TypeDecorator[tuple[Pause, ...]]):
    """A ledger of pauses as JSON text, a list a pause: kind, began after and by, ended after and by; "" for none."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Pause, ...] | None, dialect: Dialect) -> str:
        if not value:
            return ""
        return json.dumps(
            [[p.kind.value, *(at and at.astimezone(UTC).isoformat() for at in _bounds(p))] for p in value]
        )

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Pause, ...]:
        if not value:
            return ()
        return tuple(
            Pause(Status(kind), *(at and datetime.fromisoformat(at) for at in bounds))
            for kind, *bounds in json.loads(value)
        )


def _bounds(pause: Pause) -> tuple[datetime | None, ...]:
    return pause.began_after, pause.began_by, pause.ended_after, pause.ended_by
