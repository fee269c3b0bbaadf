"""A narrowed session: other agencies' rows do not exist in it, however they are asked for. On both databases."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, func, select, text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session, aliased

from monitor.reports.census import site_counts
from monitor.store.scope import (
    EVERYTHING,
    MANY,
    WHOLE,
    Reach,
    Scope,
    ScopeBypassed,
    is_decided,
    narrow,
    reach_of,
    tables_in,
)
from monitor.store.tables import (
    ApplicantRow,
    Base,
    CrossingRow,
    Dossier,
    Figure,
    Letter,
    Message,
    MessageNotice,
    Notice,
    Observation,
    SourceDossier,
)
from monitor.store.writing import table_of
from tests.web import desk

OWN = Reach(frozenset({"H19.32", "H19.32.1"}))
CLERK = Scope(OWN, OWN)
OFFICE = Scope(EVERYTHING, Reach())


@pytest.fixture
def store(engine: Engine) -> Engine:
    desk.fill(engine)
    return engine


def _codes(rows: Any) -> set[str]:
    return {code.rsplit("-", 2)[0] for code in rows}


@pytest.mark.parametrize(
    "model",
    sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda model: model.__tablename__),
    ids=lambda model: model.__tablename__,
)
def test_somebody_decided_to_whom_each_table_belongs(model: type[Any]) -> None:
    """A new table: give it dossier_id, letter_id or agency_code, or name it in OPEN or CLOSED of monitor/store/scope.py."""
    assert is_decided(model)


def test_a_clerk_s_session_holds_the_own_agency_s_rows_and_no_others(store: Engine) -> None:
    with Session(store) as session:
        narrow(session, CLERK)
        assert _codes(session.scalars(select(Dossier.code))) == {"H19.32", "H19.32.1"}
        other = aliased(Dossier)
        assert _codes(session.scalars(select(other.code))) == {"H19.32", "H19.32.1"}
        assert session.get(Dossier, desk.ID["H19.31-260209-0007"]) is None
        assert session.get(Letter, 1) is None
        assert session.scalar(select(func.count()).select_from(Letter)) == 2
        assert session.scalar(select(func.count(ApplicantRow.view_id))) == 3
        assert session.scalar(select(func.count(CrossingRow.id))) == 3
        assert session.scalar(select(func.count(Observation.id))) == 3
        assert session.scalar(select(func.count(Notice.id))) == 0
        joined = (
            select(Dossier.code)
            .join(SourceDossier, SourceDossier.dossier_id == Dossier.id)
            .join(ApplicantRow, ApplicantRow.view_id == SourceDossier.id)
        )
        assert len(session.scalars(joined).all()) == 3
        inside = select(Letter.id).where(Letter.dossier_id.in_(select(Dossier.id)))
        assert len(session.scalars(inside).all()) == 2
        many = select(Dossier.code).union_all(select(other.code))
        assert _codes(session.scalars(many)) == {"H19.32", "H19.32.1"}


def test_what_does_not_exist_cannot_be_changed(store: Engine) -> None:
    with Session(store) as session, session.begin():
        narrow(session, CLERK)
        session.execute(update(Letter).values(suspended_for="tried"), execution_options={"synchronize_session": False})
        session.execute(
            delete(CrossingRow).where(CrossingRow.dossier_id == 1), execution_options={"synchronize_session": False}
        )
    with Session(store) as session:
        touched = session.scalars(select(Letter.agency_code).where(Letter.suspended_for == "tried")).all()
        assert sorted(touched) == ["H19.32", "H19.32.1"]
        assert session.scalar(select(func.count()).where(CrossingRow.dossier_id == 1)) == 1


def test_the_office_sees_every_dossier_and_no_citizen(store: Engine) -> None:
    with Session(store) as session:
        narrow(session, OFFICE)
        assert session.scalar(select(func.count(Dossier.id))) == len(desk.CASES)
        assert session.scalars(select(ApplicantRow)).all() == []


def test_a_code_that_holds_what_parts_codes_is_not_two_codes(store: Engine) -> None:
    """PostgreSQL is given a reach as one text, by both layers."""
    mistyped = Reach(frozenset({"\x1f".join(sorted(OWN.codes))}))
    with Session(store) as session:
        narrow(session, Scope(mistyped, mistyped))
        assert session.scalars(select(Dossier.code)).all() == []
    assert mistyped.setting() == ""


def test_nobody_s_session_holds_nothing(store: Engine) -> None:
    with Session(store) as session:
        narrow(session, Scope())
        for model in (Dossier, Letter, ApplicantRow, SourceDossier, Observation, Notice):
            assert session.scalar(select(func.count()).select_from(model)) == 0, model


@pytest.mark.parametrize(
    "statement",
    [
        text("SELECT code FROM dossier"),
        select(table_of(Dossier).c.code),
        table_of(Letter).update().values(suspended_for="x"),
        table_of(Letter).delete(),
        select(select(func.count()).select_from(table_of(Letter)).scalar_subquery()),  # it has no FROM of its own
    ],
    ids=["text", "core select", "core update", "core delete", "core sub-query"],
)
def test_what_could_not_carry_the_criteria_is_refused(store: Engine, statement: Any) -> None:
    with Session(store) as session:
        narrow(session, OFFICE)
        with pytest.raises(ScopeBypassed):
            session.execute(statement)


def test_only_a_statement_on_figures_alone_may_add_up_what_is_not_seen(store: Engine) -> None:
    """What `monitor.reports.figures` takes away again; a join with anything else is cut as ever."""
    alone = select(func.count()).select_from(Figure).where(Figure.source == "made up")
    joined = alone.join(Dossier, Dossier.procedure_code == Figure.procedure_code)
    with Session(store) as session, session.begin():
        session.add(Figure(cube="agency", span="", agency_code="H19.31", procedure_code="", field_code="", source="made up",
                           late=1))  # fmt: skip
    with Session(store) as session:
        narrow(session, CLERK)
        assert session.scalar(alone, execution_options=WHOLE) == 1
        assert session.scalar(alone) == 0
        assert session.scalar(joined, execution_options=WHOLE) == 0
        assert session.scalar(select(func.count(Dossier.id)), execution_options=WHOLE) == 3
        assert reach_of(session) == OWN


_OTHER = aliased(Letter)
_INNER = select(Dossier.id, Dossier.agency_code).where(Dossier.stage == "late").subquery()
_NAMED = select(Letter.dossier_id).where(Letter.state == "owed").cte("owed")


@pytest.mark.parametrize(
    "statement",
    [
        select(Dossier),
        select(Dossier.code),
        select(func.count()).select_from(Letter),
        select(func.max(Letter.id)),
        select(_OTHER.id),
        select(Dossier.code, _OTHER.state).outerjoin(_OTHER, _OTHER.dossier_id == Dossier.id),
        select(_INNER.c.id),
        select(_INNER.c.id).join(Letter, Letter.dossier_id == _INNER.c.id),
        select(_NAMED.c.dossier_id),
        select(CrossingRow.id).where(CrossingRow.dossier_id.in_(select(Letter.dossier_id))),
        select(CrossingRow.id).where(select(Notice.id).where(Notice.dossier_id == CrossingRow.dossier_id).exists()),
        select(CrossingRow.id).order_by(
            select(Letter.letter_by_on).where(Letter.dossier_id == CrossingRow.dossier_id).scalar_subquery()
        ),
        select(Dossier.code).union_all(select(Letter.state), select(_OTHER.state)),
        select(select(func.count(Notice.id)).scalar_subquery(), Dossier.id),
        update(Letter).where(Letter.dossier_id.in_(select(Dossier.id))).values(state="x"),
        delete(CrossingRow).where(CrossingRow.dossier_id == select(func.min(Dossier.id)).scalar_subquery()),
    ],
    ids=lambda statement: " ".join(str(statement).split())[:60],
)
def test_no_table_of_a_statement_is_overlooked(statement: Any) -> None:
    """Held against the SQL that comes out: whatever stands after FROM, JOIN or UPDATE there must have been seen."""
    sql = str(statement.compile(dialect=sqlite.dialect()))
    tables = {table.name for table in Base.metadata.sorted_tables}
    written = set(re.findall(r"(?:FROM|JOIN|UPDATE|,) ([a-z_]+)(?= |$|,|\n)", sql)) & tables
    assert written
    assert tables_in(statement) >= written


def test_a_reach_of_most_of_a_province_shows_the_same_and_seeks_by_no_agency(store: Engine) -> None:
    """A province's leader has as many agencies as the tree: gathering them one by one would read every dossier."""
    many = Reach(frozenset({*OWN.codes, *(f"H19.X{number}" for number in range(100))}))
    with store.begin() as connection:
        connection.execute(update(table_of(Dossier)).values(next_change_at=desk.NOW))
    asked: list[tuple[str, Any]] = []
    event.listen(store, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    moved = select(Dossier.code).where(Dossier.next_change_at <= desk.NOW)
    found: list[tuple[set[str], set[str], int]] = []
    for reach in (OWN, many):
        with Session(store) as session:
            narrow(session, Scope(reach, reach))
            other = aliased(Dossier)
            letters = session.scalar(select(func.count()).select_from(Letter)) or 0
            found.append((set(session.scalars(moved)), _codes(session.scalars(select(other.code))), letters))
    assert found[0] == found[1]
    assert found[1][0]
    assert found[1][1] == {"H19.32", "H19.32.1"}
    if store.dialect.name == "sqlite":
        statement, values = [one for one in asked if "next_change_at <=" in one[0]][-1]
        with store.connect() as connection:
            plan = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values).all()
        assert "ix_dossier_agency_code" not in str(plan)


def test_messages_are_counted_from_the_own_notices_as_they_would_be_asked_one_by_one(store: Engine) -> None:
    """One message of two own notices, one of an own and a foreign, one of a foreign, one of none, as the desk's own."""
    own, foreign, at = "H19.32", "H19.31", desk.NOW
    told = {1: (own, own), 2: (own, foreign), 3: (foreign,), 4: ()}
    with Session(store) as session, session.begin():
        for number, agencies in told.items():
            state = "sent" if number < 3 else "failed"
            message = Message(person="p", channel="email", address="a@example.invalid", payload={}, state=state,
                              made_at=at, not_before_at=at, key=f"told{number}")  # fmt: skip
            session.add(message)
            for place, code in enumerate(agencies):
                notice = Notice(rung="r", role="chairman", agency_code=code, rung_at=at, owed_at=at,
                                key=f"n{number}.{place}")  # fmt: skip
                session.add(notice)
                session.flush()
                session.add(MessageNotice(message_id=message.id, notice_id=notice.id))
    many = Scope(Reach(OWN.codes | {f"X{n}" for n in range(MANY)}), OWN)
    for scope, expected in ((CLERK, {"sent": 2}), (many, {"sent": 2}), (OFFICE, {"sent": 3, "failed": 2})):
        with Session(store) as session:
            assert site_counts(narrow(session, scope)).messages == expected
