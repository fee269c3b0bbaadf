"""Tells the store's history again into another store, up to an instant: what was known then.

Facts are append-only, so the past can be told; nothing is ever written to the store it is read from.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import Page
from connectors.canonical import record_from_json
from monitor.intake import Intake, store_page
from monitor.store.packing import unpacked
from monitor.store.tables import Dossier, Observation, Pull, Source
from monitor.store.writing import insert_many, table_of

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_AT_ONCE = 1000  # observations read and stored together; a page never spans two pulls


@dataclass(frozen=True, slots=True)
class Told:
    """How much was told again."""

    observations: int
    last_heard_at: datetime | None


def tell_again(source: Session, target: sessionmaker[Session], intake: Intake, known_at: datetime) -> Told:
    """Stores in `target` (empty) everything `source` had heard by `known_at`, in the order it was heard.

    Sources get the health they had then. One transaction a batch; the target is scratch.
    """
    with target.begin() as session:
        _copy_sources(source, session, known_at)
    told, last = 0, None
    for key, rows in _batches(source, known_at):
        _store(target, intake, key, rows)
        told, last = told + len(rows), key[1]
    with target.begin() as session:
        # judged anew from any moment on, also one before the facts were heard (`at` before `known_at`)
        session.execute(update(Dossier).values(next_change_at=_LONG_AGO))
    return Told(told, last)


def hear_again(
    source: Session, target: sessionmaker[Session], intake: Intake, after: datetime, until: datetime
) -> Iterator[tuple[datetime, Callable[[], None]]]:
    """What `source` heard in (after, until], in order: when, and what stores it in `target` then.

    For a history that is lived through again from a moment that `tell_again` told up to.
    """
    with target.begin() as session:
        pulls = source.execute(select(table_of(Pull)).where(Pull.began_at > after, Pull.began_at <= until)).mappings()
        insert_many(session, Pull, [dict(row) for row in pulls])
    for key, rows in _batches(source, until, after):
        yield key[1], partial(_store, target, intake, key, rows)


def _store(target: sessionmaker[Session], intake: Intake, key: "_Key", rows: Sequence[Any]) -> None:
    name, heard_at, not_before = key
    page = Page(
        records=tuple(record_from_json(unpacked(row.record)) for row in rows),
        raws=tuple(unpacked(row.raw) if row.raw else b"" for row in rows),
    )
    with target.begin() as session:
        store_page(session, name, page, intake, heard_at, not_before, rows[0].pull_id)


_Key = tuple[str, datetime, datetime | None]


def _batches(source: Session, known_at: datetime, after: datetime = _LONG_AGO) -> Iterator[tuple[_Key, Sequence[Any]]]:
    """Observations heard together and last confirmed together, oldest first. Rows set aside hold no record."""
    table = table_of(Observation)
    statement = (
        select(table)
        .where(table.c.heard_at > after, table.c.heard_at <= known_at, func.length(table.c.record) > 0)
        .order_by(table.c.heard_at, table.c.id)
        .execution_options(yield_per=_AT_ONCE)
    )
    for chunk in source.execute(statement).partitions(_AT_ONCE):
        for key, rows in groupby(chunk, key=lambda row: (row.source, row.heard_at, row.not_before_at)):
            yield key, list(rows)


def _copy_sources(source: Session, target: Session, known_at: datetime) -> None:
    pulls = source.execute(select(table_of(Pull)).where(Pull.began_at <= known_at).order_by(Pull.id)).mappings().all()
    ended = [row for row in pulls if row["ended_at"] is not None and row["ended_at"] <= known_at]
    last = {row["source"]: row for row in ended}
    good = {row["source"]: row["ended_at"] for row in ended if row["result"] == "ok"}
    for row in source.scalars(select(Source)):
        said = last.get(row.name)
        target.add(
            Source(
                name=row.name,
                kind=row.kind,
                role=row.role,
                resume_token="",
                resume_reach="",
                last_try_at=said["began_at"] if said else None,
                last_good_at=good.get(row.name),
                last_result=said["result"] if said else "",
                last_said=said["said"] if said else "",
                failures=0,
            )
        )
    target.flush()
    insert_many(target, Pull, [dict(row) for row in pulls])
