"""The store keeps its promises on both databases: durable settings, one instant type, one schema."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, Integer, MetaData, Table, create_engine, event, inspect, select, text
from sqlalchemy.exc import StatementError
from sqlalchemy.orm import Session

from monitor.store import database, migrate
from monitor.store.tables import Base, Figure
from monitor.store.tables.figures import MEASURES, column_of
from monitor.store.types import Instant
from tests.counts import proof_examples

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=7)), timezone(timedelta(hours=-3, minutes=-30))])
INSTANTS = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=ZONES)

PROBE = MetaData()
MOMENTS = Table("moments", PROBE, Column("id", Integer, primary_key=True), Column("at", Instant()))


@given(values=st.lists(INSTANTS, min_size=1, max_size=8))
@settings(
    max_examples=proof_examples(40, 5000), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_instants_come_back_equal_and_sort_alike(engine: Engine, values: list[datetime]) -> None:
    PROBE.drop_all(engine)
    PROBE.create_all(engine)
    with engine.begin() as connection:
        connection.execute(MOMENTS.insert(), [{"id": n, "at": v} for n, v in enumerate(values)])
        back = list(connection.execute(select(MOMENTS.c.at).order_by(MOMENTS.c.at)).scalars())
    assert back == sorted(values)
    assert all(v.tzinfo is UTC for v in back)


def test_a_naive_instant_is_refused(engine: Engine) -> None:
    PROBE.create_all(engine)
    with engine.begin() as connection, pytest.raises(StatementError, match="without a time zone"):
        connection.execute(MOMENTS.insert(), [{"id": 1, "at": datetime(2026, 11, 23, 8, 0)}])


def test_sqlite_is_opened_for_power_cuts(sqlite_url: str) -> None:
    engine = database.open_engine(sqlite_url)
    with engine.connect() as connection:
        got = {
            n: connection.execute(text(f"PRAGMA {n}")).scalar_one()
            for n in ("journal_mode", "synchronous", "foreign_keys")
        }
    engine.dispose()
    assert got == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_store_that_will_not_take_the_settings_is_refused(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(database.PRAGMAS, "page_size", 12345)  # SQLite keeps its own
    with pytest.raises(database.StoreUnsafe, match="page_size"):
        database.open_engine(sqlite_url)


def test_two_writers_wait_for_each_other_instead_of_reading_a_stale_snapshot(sqlite_url: str) -> None:
    engine = database.open_engine(sqlite_url)
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
    engine.dispose()
    assert seen[0] == "BEGIN IMMEDIATE"


def test_migrations_make_exactly_the_tables_of_the_program(engine: Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert difference == []
    assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())


def test_figures_of_a_row_for_each_measure_become_columns(engine: Engine) -> None:
    """Every number of an older store is there again, and ten days together are their days."""
    where = {"cube": "both", "agency_code": "H19", "procedure_code": "1.0", "field_code": "F", "source": "motcua"}
    kept = [("", "late", 3), ("2026-03", "late", 3), ("2026-03-09", "late", 1), ("2026-03-10", "late", 4),
            ("2026-03-19", "late", -2), ("2026-03-19", "finding:letter_late", 7), ("2026-03-19", "letter_late", 8),
            ("2026-03-20", "paused", 0)]  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE figure"))
        connection.execute(
            text(
                "CREATE TABLE figure (cube VARCHAR(10), span VARCHAR(10), agency_code VARCHAR(80), "
                "procedure_code VARCHAR(80), field_code VARCHAR(80), source VARCHAR(64), measure VARCHAR(60), "
                "change INTEGER NOT NULL, CONSTRAINT pk_figure PRIMARY KEY "
                "(cube, span, agency_code, procedure_code, field_code, source, measure))"
            )
        )
        rows = [where | {"span": span, "measure": measure, "change": change} for span, measure, change in kept]
        connection.execute(
            text(
                "INSERT INTO figure VALUES "
                "(:cube, :span, :agency_code, :procedure_code, :field_code, :source, :measure, :change)"
            ),
            rows,
        )
        connection.execute(text("UPDATE alembic_version SET version_num = '0018'"))
    migrate.upgrade(engine)
    with Session(engine) as session:
        found = {
            (row.span, measure): number
            for row in session.scalars(select(Figure).filter_by(**where))
            for measure in MEASURES
            if (number := getattr(row, column_of(measure)))
        }
    old = {(span, measure): change for span, measure, change in kept if change}
    tens = {"2026-03-0": {"late": 1}, "2026-03-1": {"late": 2, "finding:letter_late": 7, "letter_late": 8}}
    assert found == old | {(span, measure): n for span, some in tens.items() for measure, n in some.items()}


def test_a_store_from_a_newer_program_is_refused(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.SchemaTooNew, match="9999"):
        migrate.upgrade(engine)


def test_an_old_store_says_what_to_run() -> None:
    engine = create_engine("sqlite://")
    with pytest.raises(migrate.SchemaTooOld, match="dunghen db upgrade"):
        migrate.check(engine)
    engine.dispose()


def test_letters_from_before_the_seals_are_sealed_by_the_upgrade(sqlite_url: str) -> None:
    """An installation that is brought up to date does not find all its letters altered."""
    from monitor.letters.verify import verify
    from tests.letters.test_draft import put

    engine = database.open_engine(sqlite_url)
    sessions = database.session_factory(engine)
    with sessions.begin() as session:
        put(session, 1)
    with sessions() as session:
        assert [fault.problem for fault in verify(session)] == ["not in the log"]
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate.command, "upgrade", lambda *_: None)  # the tables are there already
        migrate.upgrade(engine)
    with sessions() as session:
        assert verify(session) == []
    engine.dispose()
