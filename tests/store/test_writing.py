"""Bulk writing and asking mean what the plain ways mean, on both databases."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, delete, insert, select
from sqlalchemy.orm import Session, sessionmaker

from monitor.store.tables import Dossier, ProcedureSeen, Source
from monitor.store.writing import (
    among,
    columns_of,
    insert_many,
    insert_returning_ids,
    one_of,
    rows_of,
    rows_of_columns,
    table_of,
)

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


_TRICKY = ("", "plain", "a\tb", "a\nb\r", "\\N", "\\", "\\t", "Đặng Thị Hà", 'it\'s "so"')
_NONE, _NOW, _LATER = None, AT, AT.replace(microsecond=1)
ROWS = {
    "each has its own": [
        {"name": f"s{n}", "kind": text[:32], "role": "portal", "last_said": text, "cursor_at": at, "accepted_rows": n}
        for n, (text, at) in enumerate(zip(_TRICKY, (_NONE, _NOW, _LATER) * 3, strict=True))
    ],
    "the ends are alike": [
        {"name": f"s{n}", "kind": "k", "role": role, "last_said": said, "cursor_at": at, "accepted_rows": None}
        for n, (role, said, at) in enumerate([("a", "\t", AT), ("b", "", None), ("a", "\t", AT)])
    ],
    "all but the name": [
        {"name": name, "kind": "\\N", "role": "a\tb", "last_said": "", "cursor_at": AT, "accepted_rows": None}
        for name in ("one", "two")
    ],
    "more than are written at once": [
        {"name": f"s{n:03d}", "kind": "k", "role": "r", "last_said": "", "cursor_at": None, "accepted_rows": n % 7 or None}
        for n in range(601)
    ],
    "one row": [
        {"name": "\\", "kind": "k", "role": "r", "last_said": "\n", "cursor_at": None, "accepted_rows": 7},
    ],
}  # fmt: skip


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_bulk_writing_writes_what_plain_writing_does(
    sessions: sessionmaker[Session], rows: list[dict[str, object]]
) -> None:
    """Left out, and null, and alike in all rows: each goes a way of its own into the statement."""
    table = table_of(Source)
    with sessions.begin() as session:
        session.execute(insert(table), rows)
        plain = session.execute(select(table).order_by(table.c.name)).all()
        session.execute(delete(table))
        insert_many(session, Source, rows)
        assert session.execute(select(table).order_by(table.c.name)).all() == plain


def test_rows_and_their_columns_say_the_same() -> None:
    rows = ROWS["each has its own"]
    assert rows_of_columns(columns_of(rows)) == rows
    assert rows_of_columns(columns_of([])) == []


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
