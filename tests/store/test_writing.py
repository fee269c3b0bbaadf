"""Bulk writing and asking mean what the plain ways mean, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from monitor.store.tables import Dossier, ProcedureSeen, Source
from monitor.store.writing import among, insert_many, insert_returning_ids, one_of, rows_of, table_of

AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
CODES = ("1.001", "Đ.2", "it's", 'a"b', "a\\b", "\U0001f600", "%_", "")
FACTS = {"status": "processing", "speaking_source": "one", "precision": "date", "facts_at": AT, "confirmed_at": AT}


def test_asking_for_many_at_once_finds_exactly_those(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        insert_many(session, ProcedureSeen, [{"code": code} for code in CODES])
        code = ProcedureSeen.__table__.c.code
        for wanted in ((), CODES[:1], CODES[1::2], CODES, ("no such", *CODES), ("1.0", "đ.2")):
            found = set(session.scalars(select(code).where(among(session, code, wanted))))
            assert found == set(wanted) & set(CODES)


def test_asking_by_number_finds_exactly_those(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        rows = [{"code": f"H-{n}", **FACTS} for n in range(5)]
        ids = insert_returning_ids(session, Dossier, rows)
        id_ = Dossier.__table__.c.id
        asked = select(Dossier.code).where(among(session, id_, [ids[1], ids[4], 10**15])).order_by(id_)
        assert session.scalars(asked).all() == ["H-1", "H-4"]


def test_a_text_that_json_cuts_short_is_not_taken_for_another(engine: Engine) -> None:
    """SQLite's JSON ends a text at a zero byte; a list with one is asked the long way."""
    if engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL keeps no such text at all")
    with Session(engine) as session:
        insert_many(session, ProcedureSeen, [{"code": "a"}, {"code": "a\0b"}])
        code = ProcedureSeen.__table__.c.code
        assert session.scalars(select(code).where(among(session, code, ["a\0b"]))).all() == ["a\0b"]


def test_bulk_writing_refuses_an_instant_without_a_zone(sessions: sessionmaker[Session]) -> None:
    row = {"name": "s", "kind": "k", "role": "portal", "cursor_at": AT.replace(tzinfo=None)}
    with sessions() as session, pytest.raises(ValueError, match="time zone"):
        insert_many(session, Source, [row])


def test_one_of_many_ids_is_found_by_the_index(sessions: sessionmaker[Session]) -> None:
    """A statement whose condition is compared with 1 reads the whole table; nothing but time would show it."""
    table = table_of(Dossier)
    statement = select(table.c.code).where(one_of(table.c.id))
    with sessions() as session:
        assert rows_of(session, statement, ids=[1, 2]) == []
        if session.get_bind().dialect.name == "postgresql":
            return  # plans by the number of rows, and here are none
        text = str(statement.compile(session.get_bind()))
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("[1, 2]",)).all()
    assert "SEARCH dossier USING INTEGER PRIMARY KEY" in plan[0][3]
