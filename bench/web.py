"""What the pages cost with many dossiers stored: `python -m bench.web [dossiers] [sqlite|postgresql|both] [times]`.

Every list, search and figure page and every list of the API is asked for over loopback from a real server, as a clerk
and an officer of one commune, its leader, the province's leader, the Office, the administrator: the median and the 95th
of a hundred answers, the processor's time of one (the asking client, the server and the database together, so that
it can be told on a busy machine what an idle one would take), and how many queries one answer takes, on SQLite and on
PostgreSQL (there under row-level security; SQLite without statistics, for the program makes none). The store is made
once and kept in the folder DUNGHEN_BENCH (else dunghen-bench among the temporary files). The baseline of the same run
is what the Office's table would cost without the figures kept while judging: grouping the dossiers by agency and stage.
Figures are of this machine. DUNGHEN_SLOW=1 also prints the slowest statements of each page that takes too much.
"""

import gc
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.orm import Session

from bench.province import kept
from bench.province.made import AGENCIES, NOW, PEOPLE, POSTS
from monitor.access.rights import Role
from monitor.letters.office import Office
from monitor.people import Directory
from monitor.settings import Letters
from monitor.store.tables import Dossier, Letter, Source
from tests.web import desk
from tests.web.conftest import served

AIM_MS = 100
ROLES: dict[str, tuple[tuple[Role, str], ...]] = {
    "clerk": ((Role.CLERK, "H19.01"),),
    "officer": ((Role.OFFICER, "H19.01"),),
    "officer_all": ((Role.OFFICER, "H19"),),
    "head": ((Role.LEADER, "H19.01"),),
    "chairman": ((Role.LEADER, "H19"),),
    "office": ((Role.OFFICE, "*"),),
    "sysadmin": ((Role.SYSADMIN, "*"),),
}
PAST = "ngay=2025-09-17&tu=2025-09-01"
# (who, address, what is posted)
PAGES: list[tuple[str, str, dict[str, str] | None]] = [
    ("clerk", "/?stage=", None),
    ("clerk", "/?stage=finished_early&page=20", None),
    ("chairman", "/?stage=", None),
    ("office", "/?stage=", None),
    ("office", "/?stage=source_silent", None),
    ("office", "/?stage=late&page=20", None),
    ("office", "/?stage=in_time&page=20", None),
    ("office", "/?stage=finished_early&page=500", None),
    ("clerk", "/mot-cua", None),
    ("officer", "/giai-quyet", None),
    ("officer_all", "/giai-quyet", None),
    ("head", "/lanh-dao", None),
    ("chairman", "/lanh-dao", None),
    ("chairman", "/lanh-dao/xu-huong.svg", None),
    ("clerk", "/thu", None),
    ("chairman", "/thu", None),
    ("officer_all", "/thu/{letter}", None),
    ("clerk", "/nguon", None),
    ("office", "/nguon", None),
    ("head", "/van-phong", None),
    ("office", "/van-phong", None),
    ("office", f"/van-phong?{PAST}", None),
    ("office", "/van-phong?theo=level", None),
    ("office", "/van-phong?theo=procedure", None),
    ("chairman", "/van-phong?theo=procedure", None),
    ("office", f"/van-phong?theo=procedure&{PAST}", None),
    ("office", "/van-phong?theo=procedure&agency=H19", None),
    ("office", "/van-phong?theo=field", None),
    ("office", "/van-phong?theo=field&agency=H19.01", None),
    ("office", "/van-phong?xep=late", None),
    ("office", "/van-phong/xu-huong.svg", None),
    ("head", "/van-phong/ho-so?measure=late", None),
    ("office", "/van-phong/ho-so?measure=late", None),
    ("chairman", "/van-phong/ho-so?measure=late", None),
    ("office", f"/van-phong/ho-so?measure=late&{PAST}", None),
    ("chairman", f"/van-phong/ho-so?measure=in_time&{PAST}", None),
    ("office", f"/van-phong/ho-so?measure=in_time&{PAST}&thu_tuc=1.000280", None),
    ("office", f"/van-phong/ho-so?measure=received_online&{PAST}", None),
    ("office", "/van-phong/ho-so?measure=finished_early&trong_ky=1", None),
    ("office", "/van-phong/ho-so?measure=finished_early&linh_vuc=F19&sau=2025-06-01_900000", None),
    ("office", "/van-phong/ho-so?measure=finding:missing_at_source", None),
    ("office", "/van-phong/ho-so?measure=letter_missing&trong_ky=1", None),
    ("clerk", "/thu-tuc/1.000000", None),
    ("chairman", "/thu-tuc/1.000000", None),
    ("office", "/thu-tuc/1.000280", None),
    ("clerk", "/tim", {"q": "0000123"}),
    ("office", "/tim", {"q": "H19"}),
    ("clerk", "/tim", {"q": "H19"}),
    ("clerk", "/tim", {"q": "23"}),
    ("clerk", "/tim", {"q": "ho tich 12"}),
    ("clerk", "/tim", {"q": "nguyen van"}),
    ("clerk", "/tim", {"q": "Hương Em"}),
    ("chairman", "/tim", {"q": "Hương Em"}),
    ("chairman", "/tim", {"q": "nguyen"}),
    ("chairman", "/tim", {"q": "khong co ai"}),
    ("office", "/hoso/{code}", None),
    ("chairman", "/hoso/{code}", None),
    ("sysadmin", "/quan-tri", None),
    ("sysadmin", "/quan-tri/de-rieng", None),
    ("sysadmin", "/quan-tri/hop-thu", None),
    ("sysadmin", "/quan-tri/hop-thu?state=sent&page=300", None),
    ("sysadmin", "/quan-tri/con-nguoi", None),
    ("sysadmin", "/metrics", None),
    ("sysadmin", "/readyz", None),
    ("clerk", "/api/v1/late", None),
    ("office", "/api/v1/late", None),
    ("office", "/api/v1/late?stage=in_time&offset=20000", None),
    ("clerk", "/api/v1/letters", None),
    ("office", "/api/v1/letters", None),
    ("office", "/api/v1/sources", None),
    ("office", "/api/v1/figures", None),
    ("office", "/api/v1/figures?by=procedure&until=2025-09-17", None),
    ("office", "/api/v1/figures/dossiers?measure=late", None),
    ("office", "/api/v1/dossiers/{code}", None),
]


class Seen(NamedTuple):
    """What one page cost."""

    median: float
    p95: float
    cpu: float  # of one answer on the average
    queries: int


class Watch:
    """The statements of an engine: how many, and which took longest."""

    def __init__(self, engine: Engine) -> None:
        self._began = 0.0
        self._engine = engine
        self.statements: list[tuple[float, str, Any]] = []
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)

    def _before(self, *_: Any) -> None:
        self._began = time.perf_counter()

    def _after(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self.statements.append(((time.perf_counter() - self._began) * 1000, statement, parameters))

    def cpu_ms(self) -> float:
        """Of this process and of the database's own processes that serve it."""
        spent = time.process_time() * 1000
        if self._engine.dialect.name == "postgresql":
            with self._engine.connect() as connection:
                own = connection.exec_driver_sql("SELECT pid FROM pg_stat_activity WHERE usename = current_user").all()
            for (pid,) in own:
                user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
                spent += (int(user) + int(system)) * 1000 / os.sysconf("SC_CLK_TCK")
        return spent

    def selects(self) -> int:
        return sum(statement.lstrip()[:6].upper() == "SELECT" for _, statement, _ in self.statements)


def measure(engine: Engine, name: str, times: int, only: str) -> None:
    """Asks for every page and prints what it cost."""
    program = desk.program(engine)
    program.directory = Directory(AGENCIES, PEOPLE, POSTS)
    program.letter_office = lambda session, now: Office(program.calendar, Letters())
    desk.ACCOUNTS.update(ROLES)
    desk.PERSON_OF.update({"head": POSTS[48].person, "chairman": POSTS[0].person})
    watch = Watch(engine)
    with Session(engine) as session, session.begin():
        # one source fell silent: the dearer case, for its dossiers are shown so whatever their stage
        session.execute(update(Source).where(Source.name == "cong").values(last_good_at=NOW - timedelta(hours=3)))
        code = session.scalar(select(Dossier.code).where(Dossier.stage == "late").limit(1)) or ""
        letter = session.scalar(select(Letter.id).where(Letter.state == "drafted").limit(1))
    print(f"{'page':88} {'median':>8} {'p95':>8} {'cpu':>8} {'queries':>8}   ({name})", flush=True)
    worst, over = 0.0, 0
    with served(program) as address, ExitStack() as open_until_end:
        gc.collect()
        gc.freeze()  # as the daemon does when it has started
        clients: dict[str, httpx.Client] = {}
        for role, path, form in PAGES:
            title = f"{role}: {path}" + (f" “{form['q']}”" if form else "")
            if only not in title:
                continue
            if role not in clients:
                client = open_until_end.enter_context(httpx.Client(base_url=address, timeout=60))
                clients[role] = desk.sign_in(program, client, role)
            seen, statements = _asked(clients[role], path.format(code=code, letter=letter), form, times, watch)
            worst = max(worst, seen.p95)
            over += seen.p95 > AIM_MS
            mark = " *" if min(seen.p95, seen.cpu * 2) > AIM_MS or seen.cpu > AIM_MS / 2 else ""
            print(
                f"{title:88} {seen.median:6.1f}ms {seen.p95:6.1f}ms {seen.cpu:6.1f}ms {seen.queries:8}{mark}",
                flush=True,
            )
            if mark:
                _explain(engine, statements)
    base = _baseline(engine)
    print(f"{'baseline: dossiers grouped by agency, stage':88} {base:6.1f}ms")
    busy = f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
    print(f"slowest p95 {worst:.0f} ms; over {AIM_MS} ms: {over} of {len(PAGES)} pages; {busy}\n")


def _asked(
    client: httpx.Client, path: str, form: dict[str, str] | None, times: int, watch: Watch
) -> tuple[Seen, list[tuple[float, str, Any]]]:
    data = None if form is None else {**form, "form_token": desk.form_token(client)}
    ask: Callable[[], httpx.Response] = (
        (lambda: client.get(path)) if data is None else lambda: client.post(path, data=data)
    )
    for _ in range(3):  # warm, as a page people use is
        answer = ask()
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text[:200]}")
    watch.statements.clear()
    ask()
    statements, queries = list(watch.statements), watch.selects()
    spent = []
    gc.collect()
    cpu = watch.cpu_ms()
    for _ in range(times):
        began = time.perf_counter()
        ask()
        spent.append((time.perf_counter() - began) * 1000)
        if sum(spent) > 20_000:
            break  # far too slow: the picture is clear
    return Seen(statistics.median(spent), _p95(spent), (watch.cpu_ms() - cpu) / len(spent), queries), statements


def _p95(spent: list[float]) -> float:
    return statistics.quantiles(spent, n=20)[18] if len(spent) > 1 else spent[0]


def _explain(engine: Engine, statements: list[tuple[float, str, Any]]) -> None:
    """The two slowest statements with their plans."""
    if not os.environ.get("DUNGHEN_SLOW"):
        return
    for took, statement, parameters in sorted(statements, key=lambda one: -one[0])[:2]:
        if took < 15:
            continue
        print(f"    {took:.0f} ms: {' '.join(statement.split())[:1500]}")
        how = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN (ANALYZE, BUFFERS)"
        with engine.connect() as connection:
            for row in connection.exec_driver_sql(f"{how} {statement}", parameters).all():
                print(f"      {row[-1]}")


def _baseline(engine: Engine) -> float:
    spent = []
    with Session(engine) as session:
        for _ in range(3):
            began = time.perf_counter()
            by = (Dossier.agency_code, Dossier.stage)
            session.execute(select(*by, func.count()).group_by(*by)).all()
            spent.append((time.perf_counter() - began) * 1000)
    return statistics.median(spent)


def stores(which: str) -> Iterator[tuple[str, str]]:
    """Kinds of store with their names."""
    for kind, name in (("sqlite", "SQLite"), ("postgresql", "PostgreSQL")):
        if which in (kind, "both"):
            yield kind, name


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    which = sys.argv[2] if len(sys.argv) > 2 else "both"
    times = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    only = sys.argv[4] if len(sys.argv) > 4 else ""
    folder = Path(os.environ.get("DUNGHEN_BENCH") or Path(tempfile.gettempdir()) / "dunghen-bench")
    for kind, name in stores(which):
        with kept.store(kind, number, folder) as engine:
            measure(engine, f"{name}, {number:,} dossiers", times, only)


if __name__ == "__main__":
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    main()
