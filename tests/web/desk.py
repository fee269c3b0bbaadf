"""A small invented province in a real store, as the pages meet it: every stage, letters, a silent source, a bad row.

Citizens exist only where they may: in `applicant`, in the raw evidence and in the words of letters.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session, sessionmaker
from starlette.routing import BaseRoute

from connectors.base import Applicant, DossierRecord
from connectors.canonical import canonical_json, record_hash
from monitor import figures
from monitor.access import accounts
from monitor.access import sessions as web_sessions
from monitor.access.rights import Role
from monitor.alerts.acknowledge import AnswerRules
from monitor.calendars import load_calendar
from monitor.clock import FixedClock, SystemClock
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.course import class_of, letter_measure
from monitor.domain.dossier import Status
from monitor.domain.stage import Stage, Warning
from monitor.folding import folded, folded_back, plain_code
from monitor.letters.draft import draft_letters
from monitor.letters.office import Office
from monitor.letters.printing import printers
from monitor.letters.sheets import Sheets
from monitor.owing import Rules
from monitor.people import Agency, Directory, Person, Post
from monitor.procedures import NO_CATALOGUE
from monitor.settings import CalendarSettings, Letters, Settings
from monitor.store.packing import packed
from monitor.store.tables import (
    ApplicantRow,
    BadRecordRow,
    CrossingRow,
    Dossier,
    FindingRow,
    Job,
    Letter,
    Message,
    Notice,
    Observation,
    ProcedureSeen,
    Pull,
    Source,
    SourceDossier,
)
from monitor.web.app import make_app
from monitor.web.visit import all_routes

# Thursday 5 March 2026, 08:15 in Viet Nam
NOW = datetime(2026, 3, 5, 1, 15, tzinfo=UTC)
TODAY = date(2026, 3, 5)
PERSON = {"name": "Trần Thị Hư Cấu", "phone": "0900123456", "id_number": "001099012345", "address": "12 đường Bịa Đặt"}
AGENCIES = (
    Agency("H19", "Ủy ban nhân dân thành phố Bình Minh", None, "province"),
    Agency("H19.01", "Sở Xây dựng", "H19", "department"),
    Agency("H19.02", "Sở Nông nghiệp và Môi trường", "H19", "department"),
    Agency("H19.31", "Ủy ban nhân dân phường Tân Lộc", "H19", "commune"),
    Agency("H19.32", "Ủy ban nhân dân xã Suối Mơ", "H19", "commune"),
    Agency("H19.32.1", "Trạm Y tế xã Suối Mơ", "H19.32", "centre"),
    Agency("H19.33", "Ủy ban nhân dân xã Hòa Sơn", "H19", "commune"),
)
PEOPLE = (Person("nv01", "Lê Văn Giả"), Person("ct32", "Phạm Thị Bịa"), Person("ct19", "Hoàng Văn Ví"))
POSTS = (
    Post("nv01", "officer", "H19.31"),
    Post("ct32", "chairman", "H19.32"),
    Post("ct19", "chairman", "H19"),
)
# Which person an account is, where it is one of the people file.
PERSON_OF = {"officer": "nv01", "leader": "ct32", "chairman": "ct19", "everyone": "ct19"}
PASSWORD = "bon-con-trau-an-co-ngoai-dong"
_PROCEDURES = (
    "Cấp giấy phép xây dựng mới đối với công trình nhà ở riêng lẻ",
    "Đăng ký khai sinh",
    "Đăng ký biến động quyền sử dụng đất do chuyển nhượng, thừa kế, tặng cho",
    "Cấp Giấy chứng nhận đăng ký hộ kinh doanh",
    "Chuyển mục đích sử dụng đất phải được phép của cơ quan nhà nước có thẩm quyền",
    "Cấp Giấy xác nhận tình trạng hôn nhân",
    "Trợ giúp xã hội hằng tháng",
)


# Who may sign in: name -> roles. `everyone` holds every role over everything, for tests that are not about rights.
ACCOUNTS: dict[str, tuple[tuple[Role, str], ...]] = {
    "clerk": ((Role.CLERK, "H19.31"),),
    "clerk2": ((Role.CLERK, "H19.32"),),
    "officer": ((Role.OFFICER, "H19.31"),),
    "registrar": ((Role.REGISTRAR, "H19.31"),),
    "leader": ((Role.LEADER, "H19.32"),),
    "chairman": ((Role.LEADER, "H19"),),
    "office": ((Role.OFFICE, "*"),),
    "sysadmin": ((Role.SYSADMIN, "*"),),
    "everyone": tuple((role, "*") for role in Role),
}


@dataclass(frozen=True)
class Case:
    """One dossier: its stage and its promise, in working-day-free days from today."""

    code: str
    stage: str
    promised_in_days: int
    agency: str
    letter: str = ""  # "" | owed | drafted
    suspended: str = ""
    source: str = "motcua"
    letter_is_late: bool = False
    next_change_in_s: int | None = None


CASES = (
    Case("H19.31-260209-0007", "late", -9, "H19.31", "drafted", letter_is_late=True),
    Case("H19.01-260120-0113", "late", -6, "H19.01", "drafted", letter_is_late=True),
    Case("H19.32-260224-0021", "late", -2, "H19.32", "drafted"),
    Case("H19.33-260225-0004", "late", -1, "H19.33", "owed"),
    Case("H19.02-260211-0042", "late", -1, "H19.02", "owed", suspended="state_mismatch"),
    Case("H19.31-260226-0015", "due_today", 0, "H19.31", "drafted"),
    Case("H19.32.1-260227-0002", "due_today", 0, "H19.32.1", "drafted"),
    Case("H19.01-260202-0090", "letter_due", 1, "H19.01", "drafted"),
    Case("H19.33-260227-0011", "letter_due", 1, "H19.33", "owed"),
    Case("H19.32-260226-0030", "due_soon", 4, "H19.32"),
    Case("H19.31-260303-0001", "in_time", 20, "H19.31"),
    Case("H19.02-260213-0008", "in_time", 1, "H19.02", next_change_in_s=-30),  # time has overtaken its stage
    Case("H19.33-260128-0033", "finished_late", -12, "H19.33"),
    Case("H19.33-260129-0035", "finished_on_time", -3, "H19.33"),
    Case("H19.01-260218-0055", "unknown", 5, "H19.01"),
    Case("H19.02-260218-0056", "no_promise", 5, "H19.02"),
    Case("G22.99-260220-0001", "late", -3, "H19.02", source="cong"),  # known only from a silent source
    Case("G22.99-260220-0002", "in_time", 9, "H19.02", source="cong"),
)
ID = {case.code: number for number, case in enumerate(CASES, 1)}


@cache
def calendar() -> WorkingCalendar:
    return load_calendar(CalendarSettings(), "Asia/Ho_Chi_Minh", Path())


def settings(**changes: Any) -> Settings:
    http = {"username": "u", "password": "p", "every": 300, "stale_after": 3600}
    return Settings.model_validate(
        {
            "site": {"name": "Thành phố Bình Minh"},
            "sources": [
                {"name": "motcua", "kind": "opencps", "role": "one_stop", "url": "http://x", "group_id": 1, **http},
                {"name": "cong", "kind": "dvcqg", "role": "portal", "url": "http://y", "unit_code": "H19", **http},
            ],
            "web": {"port": 0},
            **changes,
        }
    )


_NAMES = {agency.code: agency.name for agency in AGENCIES}


_ROUTES: list[BaseRoute] = []


def routes(program: Any) -> list[BaseRoute]:
    """Every route there is. They are the same for every program, so one application a process is asked."""
    if not _ROUTES:
        _ROUTES.extend(all_routes(make_app(program).routes))
    return _ROUTES


def program(engine: Engine, **changes: Any) -> Any:
    """What the pages and the daemon are given, around a real store."""
    return SimpleNamespace(
        settings=settings(**changes),
        engine=engine,
        sessions=sessionmaker(engine, expire_on_commit=False),
        clock=FixedClock(NOW),
        calendar=calendar(),
        directory=Directory(AGENCIES, PEOPLE, POSTS),
        terms=NO_CATALOGUE,
        rules=Rules(calendar(), Warning(), (), Directory(AGENCIES)),
        answer_rules=AnswerRules(calendar(), Directory(AGENCIES, PEOPLE, POSTS)),
        print_here=Sheets(sessionmaker(engine, expire_on_commit=False), FixedClock(NOW), calendar(), _NAMES.get).here,
        letter_office=lambda session, now: Office(calendar(), Letters(), stale={"cong"}),
    )


def printed_out(program: Any) -> Any:
    """The `print_out` of a program, by its settings as they are and the machine's clock: a printer takes its time."""
    queues = printers(program.settings.letters, NOW.date())
    sheets = Sheets(program.sessions, SystemClock(), calendar(), _NAMES.get)
    return lambda ids, by: sheets.out(ids, by, queues)


def session_of(program: Any, name: str) -> str:
    """The secret of a new session of an account, as the door would have given it; makes the account if need be."""
    now = program.clock.now()
    with program.sessions.begin() as session:
        account = accounts.find(session, name) or accounts.add(
            session, name=name, roles=ACCOUNTS[name], now=now, by="test", person=PERSON_OF.get(name, "")
        )
        return web_sessions.start(session, account, now=now, lifetimes=web_sessions.Lifetimes(), awaits_code=False)


def sign_in(program: Any, client: httpx.Client, name: str) -> httpx.Client:
    """Gives the client the open session of an account."""
    client.cookies.set("dunghen", session_of(program, name))
    return client


def browser_cookie(program: Any, address: str, name: str) -> Any:
    """The same for a browser: what its context is given."""
    return {"name": "dunghen", "value": session_of(program, name), "url": address}


def form_token(client: httpx.Client) -> str:
    """What a form of this client's pages would send along."""
    return web_sessions.form_token_of(client.cookies["dunghen"])


def promise_of(case: Case) -> datetime:
    """17:00 local of the promised day."""
    return calendar().at_time(TODAY + timedelta(days=case.promised_in_days), time(17))


def fill(engine: Engine, cases: tuple[Case, ...] = CASES) -> None:
    """Puts the province into the store and drafts the letters that `cases` say are drafted."""
    with Session(engine) as session, session.begin():
        session.execute(insert(Source), _sources(cases))
        session.execute(insert(Pull), [{"source": "motcua", "reach": "changes", "began_at": NOW, "rows_seen": 412}])
        session.execute(insert(Dossier), [_dossier(number, case) for number, case in enumerate(cases, 1)])
        session.execute(insert(SourceDossier), [_view(number, case) for number, case in enumerate(cases, 1)])
        session.execute(insert(ApplicantRow), [_applicant(n, case) for n, case in enumerate(cases, 1)])
        session.execute(insert(ProcedureSeen), _procedures(cases))
        session.execute(insert(Observation), [_observation(case) for case in cases])
        session.execute(insert(CrossingRow), [_crossing(n, case) for n, case in enumerate(cases, 1)])
        letters = [_letter(n, case) for n, case in enumerate(cases, 1) if case.letter]
        if letters:
            session.execute(insert(Letter), letters)
        session.flush()
        wanted = [n for n, case in enumerate(cases, 1) if case.letter == "drafted"]
        draft_letters(
            session, now=NOW, calendar=calendar(), directory=Directory(AGENCIES), settings=Letters(), only=wanted
        )
        figures._replace(session, [], list(_standings(cases)))
        _rest(session)


def _applicant(number: int, case: Case) -> dict[str, Any]:
    found_by = {"folded": folded(PERSON["name"]), "folded_back": folded_back(PERSON["name"])}
    return {"view_id": number, **PERSON, "agency_code": case.agency, **found_by}


def _procedures(cases: tuple[Case, ...]) -> list[dict[str, Any]]:
    seen = [(f"1.00{n:04d}", _PROCEDURES[n % len(_PROCEDURES)]) for n in range(1, len(cases) + 1)]
    return [{"code": code, "name": name, "folded": folded(f"{code} {name}")} for code, name in seen]


def _standings(cases: tuple[Case, ...]) -> Iterator[figures.Row]:
    """What judging would have counted: each dossier since yesterday, each letter since it was owed."""
    since = TODAY - timedelta(days=1)
    for number, case in enumerate(cases, 1):
        group = figures.Group(case.agency, f"1.00{number:04d}", "", case.source, "")
        yield figures.Row(number, class_of(Stage(case.stage)).value, 0, since, None, group)
        measure = letter_measure("drafted", case.letter_is_late) if case.letter else None
        if measure is not None:
            yield figures.Row(number, measure.value, 1, since, None, group)


def _sources(cases: tuple[Case, ...]) -> list[dict[str, Any]]:
    known = {name: sum(case.source == name for case in cases) for name in ("motcua", "cong")}
    common = {"failures": 0, "last_said": "", "last_try_at": NOW - timedelta(minutes=4), "last_full_at": None}
    return [
        {
            "name": "motcua",
            "kind": "opencps",
            "role": "one_stop",
            "dossiers": known["motcua"],
            **common,
            "last_good_at": NOW - timedelta(minutes=4),
            "last_result": "ok",
            "last_said": "412 hồ sơ, 9 thay đổi",
        },
        {
            "name": "cong",
            "kind": "dvcqg",
            "role": "portal",
            "dossiers": known["cong"],
            **common,
            "last_good_at": NOW - timedelta(hours=3),
            "last_result": "unexpected",
            "last_said": "trả về trang HTML thay cho JSON",
            "failures": 12,
        },
    ]


def _dossier(number: int, case: Case) -> dict[str, Any]:
    promise = None if case.stage == "no_promise" else promise_of(case)
    late_from = None if promise is None else calendar().midnight(calendar().local_date(promise) + timedelta(days=1))
    finished = case.stage.startswith("finished")
    ended = NOW - timedelta(days=4) if finished else None
    return {
        "id": number,
        "code": case.code,
        "code_plain": plain_code(case.code),
        "code_back": plain_code(case.code)[::-1],
        "procedure_code": f"1.00{number:04d}",
        "procedure_name": _PROCEDURES[number % len(_PROCEDURES)],
        "agency_code": case.agency,
        "agency_name": next(agency.name for agency in AGENCIES if agency.code == case.agency),
        "status": "returned" if finished else "processing",
        "speaking_source": case.source,
        "precision": "date",
        "received_at": NOW - timedelta(days=25, minutes=number * 7),
        "promised_at": promise,
        "original_promised_at": promise,
        "finished_at": ended,
        "due_on": None if promise is None else calendar().local_date(promise),
        "facts_at": NOW - timedelta(days=3),
        "confirmed_at": NOW - timedelta(minutes=4),
        "stage": case.stage,
        "stage_reason": "after_promise" if case.stage == "late" else "",
        "promise_at": promise,
        "late_from_at": late_from,
        "letter_by_on": None if promise is None else TODAY + timedelta(days=case.promised_in_days - 1),
        "judged_at": NOW,
        "next_change_at": None if case.next_change_in_s is None else NOW + timedelta(seconds=case.next_change_in_s),
    }


def _view(number: int, case: Case) -> dict[str, Any]:
    return {
        "id": number,
        "source": case.source,
        "key": f"k{number}",
        "dossier_id": number,
        "code": case.code,
        "record_hash": f"{number:040x}",
        "status": "processing",
        "status_raw": "processing",
        "received_at": NOW - timedelta(days=25, minutes=number * 7),
        "promised_at": promise_of(case),
        "first_heard_at": NOW - timedelta(days=24),
        "changed_at": NOW - timedelta(days=3),
        "confirmed_at": NOW - timedelta(minutes=4),
    }


def _observation(case: Case) -> dict[str, Any]:
    return evidence(ID.get(case.code, 0), case, PERSON["name"])


def evidence(number: int, case: Case, applicant: str) -> dict[str, Any]:
    """What the source said of a case: a real record, its person included."""
    record = DossierRecord(
        key=f"k{number}",
        code=case.code,
        status=Status.PROCESSING,
        status_raw="processing",
        agency_code=case.agency,
        received_at=NOW - timedelta(days=25, minutes=number * 7),
        promised_at=promise_of(case),
        applicant=Applicant(applicant, "citizen", PERSON["id_number"], PERSON["address"], PERSON["phone"], ""),
    )
    return {
        "source": case.source,
        "key": f"k{number}",
        "heard_at": NOW - timedelta(days=3),
        "record_hash": record_hash(record),
        "record": packed(canonical_json(record)),
        "raw": packed(str(PERSON).encode()),
    }


def _crossing(number: int, case: Case) -> dict[str, Any]:
    at = NOW - timedelta(hours=8, minutes=15)
    return {
        "dossier_id": number,
        "promise_number": 1,
        "stage": case.stage,
        "at": at,
        "found_at": at + timedelta(seconds=40),
    }


def _letter(number: int, case: Case) -> dict[str, Any]:
    return {
        "id": number,
        "dossier_id": number,
        "promise_number": 1,
        "agency_code": case.agency,
        "state": "owed",
        "owed_at": NOW - timedelta(days=1, hours=8),
        "letter_by_on": TODAY + timedelta(days=case.promised_in_days - 1),
        "is_late": case.letter_is_late,
        "suspended_for": case.suspended,
    }


def _rest(session: Session) -> None:
    late = ID["H19.31-260209-0007"]
    mismatch = ID["H19.02-260211-0042"]
    session.add(
        Notice(
            dossier_id=late,
            rung="qua-han",
            role="agency_head",
            agency_code="H19.31",
            rung_at=NOW - timedelta(hours=1),
            owed_at=NOW,
            state="told",
            key=f"{late}:1:qua-han:agency_head",
        )
    )
    session.add(
        FindingRow(
            dossier_id=mismatch,
            kind="state_mismatch",
            detail="một cửa: đang xử lý; cổng: đã có kết quả",
            found_at=NOW - timedelta(hours=2),
        )
    )
    session.add(
        BadRecordRow(
            source="motcua",
            key="881203",
            field="dueDate",
            problem="không phải ngày: 31/02/2026",
            fault_hash="0" * 40,
            first_seen_at=NOW - timedelta(days=2),
            last_seen_at=NOW - timedelta(minutes=4),
            times_seen=14,
        )
    )
    session.add(Job(name="judge", last_began_at=NOW, last_ended_at=NOW, last_ok_at=NOW, last_error="", failures=0))
    session.add(
        Message(
            key="m1",
            person="nv01",
            channel="email",
            address="to.mot@example.invalid",
            payload={},
            state="sent",
            made_at=NOW,
            not_before_at=NOW,
        )
    )
