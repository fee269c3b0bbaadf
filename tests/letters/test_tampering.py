"""One byte changed in any column of a letter, its steps, its numbers or the log is found. On both databases."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.letters.verify import verify
from monitor.store.tables import Audit, Dossier, Letter, LetterNumber, LetterStep
from monitor.store.writing import table_of
from tests.letters.test_draft import draft, put
from tests.letters.test_life import WAY, decide, go

TABLES = (Letter, LetterStep, LetterNumber, Audit)


@pytest.fixture
def lived(sessions: sessionmaker[Session]) -> sessionmaker[Session]:
    """A closed letter (1), one decided (2), one only drafted (3); dossier 4 owes nothing."""
    with sessions.begin() as session:
        for number in (1, 2, 3, 4):
            put(session, number, letter={"letter_by_on": date(2026, 11, 23)})
        session.flush()
        session.execute(delete(Letter).where(Letter.id == 4))
    draft(sessions)
    go(sessions, *WAY, lambda s: decide(s, 2))
    return sessions


def changed(value: Any) -> Any:
    """The value with the least changed that its column can hold."""
    match value:
        case None:
            return None
        case bool():
            return not value
        case int():
            return value + 1
        case datetime():
            return value + timedelta(microseconds=1)
        case date():
            return value + timedelta(days=1)
        case str():
            return chr(ord(value[0]) ^ 1) + value[1:] if value else "x"
        case dict():
            return deep(value)
    raise AssertionError(f"no change is known for {type(value)}")


def deep(value: dict[str, Any]) -> dict[str, Any]:
    """One byte of the first text or number inside."""
    for name, inner in value.items():
        if isinstance(inner, str | int | bool) and name != "worded_at":
            return value | {name: changed(inner)}
    name, inner = next(iter(value.items()))
    return value | {name: deep(inner)}


def cells(session: Session) -> Iterator[tuple[Any, int, str, Any]]:
    """Every cell of the four tables."""
    for model in TABLES:
        for row in session.execute(select(table_of(model)).order_by(table_of(model).c.id)).mappings().all():
            for column, value in row.items():
                yield model, row["id"], column, value


_POINTS = {"dossier_id": 4, "letter_id": 3, "id": 90}  # to a row that is there, to a number that is free
_FILLED = {  # what an empty cell of this column may be given
    "confirmed_for": "paused", "suspended_for": "paused", "slip_promised_at": datetime.fromisoformat("2026-11-24T17:00:00+07:00"),
    "new_date_on": date(2026, 12, 2), "counter_told_at": datetime.fromisoformat("2026-11-24T17:00:00+07:00"),
    "voided": [{}], "closed_at": datetime.fromisoformat("2026-11-24T17:00:00+07:00"),
}  # fmt: skip


def test_a_change_in_any_cell_is_found(lived: sessionmaker[Session]) -> None:
    with lived() as session:
        assert verify(session) == []
        everything = list(cells(session))
    assert {(model, column) for model, _, column, _ in everything} == {
        (model, column.name) for model in TABLES for column in table_of(model).columns
    }
    unseen = []
    for model, row_id, column, value in everything:
        table = table_of(model)
        new = _FILLED.get(column) if value is None or value == "" else changed(value)
        if column in _POINTS:
            new = _POINTS[column]
        if new is None or (column == "id" and model is Letter and row_id < 3):
            continue  # rows of other tables point at it: the database itself refuses
        with lived() as session:
            session.execute(update(table).where(table.c.id == row_id).values({column: new}))
            if not verify(session):
                unseen.append((model.__tablename__, row_id, column))
            session.rollback()
    assert unseen == []


@pytest.mark.parametrize("model", TABLES)
def test_a_row_that_is_gone_is_missed(lived: sessionmaker[Session], model: Any) -> None:
    table = table_of(model)
    with lived() as session:
        ids = session.scalars(select(table.c.id).order_by(table.c.id)).all()
    for row_id in [3] if model is Letter else ids:
        with lived() as session:
            session.execute(delete(table).where(table.c.id == row_id))
            assert verify(session), (model, row_id)
            session.rollback()


def test_a_letter_that_no_log_knows_is_found(lived: sessionmaker[Session]) -> None:
    with lived.begin() as session:
        dossier = session.get_one(Dossier, 4)
        session.add(Letter(id=4, dossier_id=dossier.id, promise_number=1, owed_at=dossier.facts_at))
    with lived() as session:
        assert [(fault.table, fault.problem) for fault in verify(session)] == [("letter", "not in the log")]
