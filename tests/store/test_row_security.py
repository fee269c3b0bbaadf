"""The second layer on PostgreSQL: even a statement without criteria shows a narrowed transaction nothing foreign.

Superusers pass every policy, so these tests work as the ordinary role that an installation uses.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from monitor.store import database, scope
from monitor.store.scope import EVERYTHING, Reach, Scope, narrow
from monitor.store.tables import ApplicantRow, Dossier
from tests.web import desk
from tests.web.conftest import visiting

OWN = Reach(frozenset({"H19.32", "H19.32.1"}))
TABLES = ("dossier", "letter", "source_dossier", "crossing", "applicant", "observation", "notice", "finding")


@pytest.fixture
def ordinary(postgres_url: str) -> Iterator[Engine]:
    """The store through a role that is no superuser but owns every table: FORCE makes its policies hold for owners."""
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(
            text(
                "DO $$ BEGIN CREATE ROLE dh_app NOSUPERUSER NOBYPASSRLS; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            )
        )
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        for table in tables:
            connection.execute(text(f'ALTER TABLE "{table}" OWNER TO dh_app'))
        connection.execute(text("GRANT ALL ON SCHEMA public TO dh_app"))
        connection.execute(text("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO dh_app"))
    admin.dispose()
    opened = database.open_engine(postgres_url)

    def as_ordinary(connection: Any, _record: Any) -> None:
        connection.autocommit = True
        connection.execute("SET ROLE dh_app")
        connection.autocommit = False

    event.listen(opened, "connect", as_ordinary)
    opened.dispose()  # the connection that checked the settings was the superuser's
    desk.fill(opened)
    yield opened
    opened.dispose()


def _seen(session: Session) -> dict[str, int]:
    """Rows by table, asked for in plain SQL on the connection itself: no criterion of ours is in it."""
    connection = session.connection()
    return {table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() for table in TABLES}


def test_the_daemon_works_on_everything(ordinary: Engine) -> None:
    with Session(ordinary) as session:
        seen = _seen(session)
    assert seen["dossier"] == seen["applicant"] == seen["observation"] == len(desk.CASES)
    assert seen["letter"] == 9


def test_a_narrowed_transaction_sees_its_agencies_whatever_is_asked(ordinary: Engine) -> None:
    with Session(ordinary) as session:
        narrow(session, Scope(OWN, OWN))
        seen = _seen(session)
    assert seen == {
        "dossier": 3,
        "letter": 2,
        "source_dossier": 3,
        "crossing": 3,
        "applicant": 3,
        "observation": 3,
        "notice": 0,
        "finding": 0,
    }


def test_the_office_s_transaction_holds_no_citizen(ordinary: Engine) -> None:
    with Session(ordinary) as session:
        narrow(session, Scope(EVERYTHING, Reach()))
        seen = _seen(session)
    assert (seen["dossier"], seen["applicant"]) == (len(desk.CASES), 0)


def test_the_narrowing_ends_with_its_transaction(ordinary: Engine) -> None:
    """A pooled connection must not carry one viewer's agencies, or its blindness, to the next."""
    with Session(ordinary) as session:
        narrow(session, Scope())
        assert _seen(session)["dossier"] == 0
    for _ in range(3):
        with Session(ordinary) as session:
            assert _seen(session)["dossier"] == len(desk.CASES)


def test_who_says_nothing_sees_nothing(ordinary: Engine, postgres_url: str) -> None:
    """Another program on the same role, or psql: no setting, no rows."""
    bare = create_engine(postgres_url)
    with bare.connect() as connection:
        connection.exec_driver_sql("SET ROLE dh_app")
        assert connection.exec_driver_sql("SELECT count(*) FROM dossier").scalar_one() == 0
    bare.dispose()


def test_a_row_cannot_be_given_to_another_agency(ordinary: Engine) -> None:
    with Session(ordinary) as session:
        narrow(session, Scope(OWN, OWN))
        mine = session.query(Dossier).first()
        assert mine is not None
        mine.agency_code = "H19.31"
        with pytest.raises(ProgrammingError, match="row-level security"):
            session.flush()


def test_both_layers_agree(ordinary: Engine) -> None:
    with Session(ordinary) as session:
        narrow(session, Scope(OWN, OWN))
        assert session.query(ApplicantRow).count() == _seen(session)["applicant"] == 3


def test_a_page_that_lost_its_criteria_still_shows_nothing_foreign(
    ordinary: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first layer taken away: the pages work on an ordinary role, and the policies alone keep the agencies apart."""
    monkeypatch.setattr(scope, "_options", lambda *_: ())
    with visiting(desk.program(ordinary), name="clerk2") as client:
        listed = client.get("/thu").text
        assert client.get("/letters/3.docx").status_code == 200
        assert client.get("/letters/1.docx").status_code == 404
        assert client.get("/api/v1/dossiers/H19.31-260209-0007").status_code == 404
    assert "H19.32-260224-0021" in listed
    assert "H19.31-" not in listed
    with visiting(desk.program(ordinary), name="sysadmin") as client:
        page = client.get("/quan-tri").text
    assert "bỏ qua lớp chặn" not in page, "the role obeys the policies"
