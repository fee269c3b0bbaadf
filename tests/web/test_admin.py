"""The administrator's pages and what machines ask: everything about the machine, nothing about a citizen."""

import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from monitor.access import accounts, tokens
from monitor.access.rights import Right
from monitor.engine import JobState
from monitor.store.tables import Attempt, BadRecordRow, Job, Message
from monitor.web.admin import HIDDEN, as_loaded
from tests.web import desk
from tests.web.conftest import served, visiting

PAGES = ("/quan-tri", "/quan-tri/de-rieng", "/quan-tri/hop-thu", "/quan-tri/con-nguoi", "/quan-tri/cai-dat")


def _token(program: Any, name: str, *rights: Right) -> dict[str, str]:
    """The header of a program that speaks for this account."""
    desk.session_of(program, name)
    now = program.clock.now()
    with program.sessions.begin() as session:
        account = accounts.find(session, name)
        assert account is not None
        ends = now.replace(year=now.year + 1)
        secret = tokens.make(session, account, label="t", rights=rights, ends_at=ends, now=now, by="test")
    return {"authorization": f"Bearer {secret}"}


def _waiting(store: Engine) -> None:
    with Session(store) as session, session.begin():
        session.add(
            Message(
                key="m2",
                person="nv02",
                channel="telegram",
                address="7001",
                payload={},
                state="unknown",
                made_at=desk.NOW,
                not_before_at=desk.NOW.replace(hour=0),
                attempts=2,
                maybe_repeat=True,
                last_error="502 Bad Gateway",
            )
        )
        session.flush()
        session.add(Attempt(message_id=2, number=1, began_at=desk.NOW, outcome="unknown"))


def test_the_administrator_begins_at_the_machine_s_health(program: Any) -> None:
    with visiting(program, name="sysadmin") as client:
        assert client.get("/").headers["location"] == "/quan-tri"
        page = client.get("/quan-tri").text
    assert "Rà soát hạn" in page
    assert "trả về trang HTML thay cho JSON" in page
    assert "Không ai đọc nguồn" in page, "no scheduler in this process: said, not hidden"


_TROUBLES = (
    ("", "–", ""),
    ("2026-03-04T18:00:00Z missed: still_running, 300 s", "Lỡ lượt: lượt trước chưa xong", "01:00 05/03/2026"),
    ("2026-03-05T00:00:00Z missed: was_down, 5400 s", "Lỡ lượt: tiến trình nền đã dừng", "07:00 05/03/2026"),
    ("2026-03-05T00:30:00Z OperationalError (writing.py:12)", "OperationalError (writing.py:12)", "07:30 05/03/2026"),
    ("kept by another version", "kept by another version", ""),  # nothing of it is lost
)


@pytest.mark.parametrize(("kept", "said", "at"), _TROUBLES)
def test_a_job_s_last_trouble_is_said_in_words_and_by_the_site_s_clock(
    program: Any, store: Engine, kept: str, said: str, at: str
) -> None:
    with Session(store) as session, session.begin():
        session.execute(update(Job).values(name="evidence", last_error=kept))
    with visiting(program, name="sysadmin") as client:
        page = client.get("/quan-tri").text
    row = page.partition("Dọn bằng chứng hết hạn lưu")[2].partition("</tr>")[0]
    trouble = unescape(row.partition("Trục trặc gần nhất")[2])
    assert said in trouble
    assert at in trouble
    assert "missed:" not in page


def test_what_was_set_aside_and_what_waits_is_listed(program: Any, store: Engine) -> None:
    _waiting(store)
    with visiting(program, name="sysadmin") as client:
        assert "31/02/2026" in client.get("/quan-tri/de-rieng", params={"source": "motcua"}).text
        assert "31/02/2026" not in client.get("/quan-tri/de-rieng", params={"source": "cong"}).text
        outbox = client.get("/quan-tri/hop-thu").text
        assert "502 Bad Gateway" in outbox
        assert "1 giờ" in outbox, "how long the oldest waits"
        assert "to.mot@example.invalid" not in outbox, "what was sent is done"
        assert "to.mot@example.invalid" in client.get("/quan-tri/hop-thu", params={"state": "sent"}).text


def test_the_rows_set_aside_are_all_reached_page_by_page(program: Any, store: Engine) -> None:
    """Most were last seen by the same reading: the pages neither skip nor repeat one."""
    with Session(store) as session, session.begin():
        session.add_all(
            BadRecordRow(
                source="motcua", key=f"K{n:03d}", field="dueDate", problem="không phải ngày", fault_hash="0" * 40,
                first_seen_at=desk.NOW, last_seen_at=desk.NOW - timedelta(minutes=n // 90), times_seen=1,
            )
            for n in range(230)
        )  # fmt: skip
    seen: list[str] = []
    with visiting(program, name="sysadmin") as client:
        url: str | None = "/quan-tri/de-rieng?source=motcua"
        while url:
            html = client.get(url).text
            assert '<span class="number">231</span>' in html
            seen += re.findall(r'data-label="Khóa" class="code">(K\d+)<', html)
            after = re.search(r'href="([^"]+)" rel="next"', html)
            url = unescape(after[1]) if after else None
        for odd in ("x", "2026-01-01_1", "0001-01-01T00:00:00+14:00_1", "2026-03-05T00:00:00Z_99999999999999999999"):
            assert client.get("/quan-tri/de-rieng", params={"sau": odd}).status_code == 200, odd
    assert sorted(seen) == [f"K{n:03d}" for n in range(230)]


def test_settings_are_shown_as_loaded_without_their_secrets(program: Any) -> None:
    with visiting(program, name="sysadmin") as client:
        page = client.get("/quan-tri/cai-dat").text
    assert "sources[0].password" in page
    assert HIDDEN in page
    assert "web.session_idle" in page, "defaults too"
    telegram = {"enabled": False, "proxy": "http://nga:geheim@proxy.example.vn:3128"}
    database = {"url": "postgresql+psycopg://dh:geheim@h/d"}
    found = dict(as_loaded(desk.settings(database=database, channels={"telegram": telegram})))
    assert found["database.url"] == f"postgresql+psycopg://dh:{HIDDEN}@h/d"
    assert found["channels.telegram.proxy"] == f"http://nga:{HIDDEN}@proxy.example.vn:3128"
    assert "geheim" not in str(found)
    assert found["sources[0].password"] == HIDDEN


def test_only_administrators_have_these_pages_and_no_citizen_is_in_them(program: Any) -> None:
    with served(program) as address:
        for name in ("clerk", "officer", "chairman", "office", "sysadmin"):
            with httpx.Client(base_url=address, timeout=20) as client:
                desk.sign_in(program, client, name)
                answers = {path: client.get(path) for path in PAGES}
            expected = 200 if name == "sysadmin" else 403
            assert {path: answer.status_code for path, answer in answers.items()} == dict.fromkeys(PAGES, expected)
            for path, answer in answers.items():
                assert not [value for value in desk.PERSON.values() if value in answer.text], (name, path)


def test_metrics_are_for_a_token_that_may_and_hold_numbers_only(program: Any, store: Engine) -> None:
    _waiting(store)
    with served(program) as address, httpx.Client(base_url=address, timeout=20) as client:
        assert client.get("/metrics").status_code == 401, "a stranger"
        assert client.get("/metrics", headers={"authorization": "Bearer dh_nothing"}).status_code == 401
        assert client.get("/", headers={"authorization": "Bearer dh_nothing"}).status_code == 401
        told = client.get("/metrics", headers=_token(program, "sysadmin", Right.SEE_METRICS))
        assert client.get("/quan-tri", headers=_token(program, "sysadmin", Right.SEE_METRICS)).status_code == 403
    lines = told.text.splitlines()
    for expected in (
        'dunghen_source_age_seconds{source="motcua"} 240.0',
        'dunghen_source_stale{source="cong"} 1.0',
        'dunghen_source_failures{source="cong"} 12.0',
        'dunghen_source_set_aside{source="motcua"} 1.0',
        'dunghen_dossiers{stage="late"} 5.0',
        'dunghen_letters{state="drafted"} 6.0',
        'dunghen_outbox_messages{state="unknown"} 1.0',
        'dunghen_outbox_attempts{outcome="unknown"} 1.0',
        "dunghen_outbox_oldest_seconds 3600.0",
        "dunghen_outbox_maybe_repeats 1.0",
        'dunghen_source_circuit_open{source="motcua"} 0.0',
    ):
        assert expected in lines
    assert "H19" not in told.text
    assert not [value for value in desk.PERSON.values() if value in told.text]


class _Scheduler:
    """Answers as the real one does after a good, or no, cycle."""

    def __init__(self, judges: bool) -> None:
        self._judges = judges

    def every(self, *_: object) -> None: ...

    def nudge(self, *_: object) -> None: ...

    def wait_for_run(self, _name: str, _timeout_s: float) -> bool:
        return self._judges

    def health(self) -> dict[str, JobState]:
        at = desk.NOW if self._judges else desk.NOW.replace(year=2025)
        return {"judge": JobState("judge", 60, last_ok_at=at, failures=0 if self._judges else 3)}


@pytest.mark.parametrize(("judges", "status"), [(True, 200), (False, 503)])
def test_health_waits_for_a_cycle_and_readiness_does_not(program: Any, judges: bool, status: int) -> None:
    with served(program, _Scheduler(judges)) as address:  # type: ignore[arg-type]
        assert httpx.get(f"{address}/healthz", timeout=20).status_code == status
        ready = httpx.get(f"{address}/readyz", timeout=20)
    assert ready.status_code == status
    assert ready.json()["judging"] is judges


def test_a_broken_store_is_not_ready(program: Any, store: Engine) -> None:
    with Session(store) as session, session.begin():
        session.connection().exec_driver_sql("DROP TABLE job")
    with served(SimpleNamespace(**vars(program))) as address:
        assert httpx.get(f"{address}/readyz", timeout=20).json() == {"ok": False, "store": False}


def test_a_token_asks_the_api_within_its_rights_and_agencies(program: Any) -> None:
    with served(program) as address, httpx.Client(base_url=address, timeout=20) as client:
        clerk = _token(program, "clerk2", Right.SEE_DOSSIERS)
        assert client.get("/api/v1/me", headers=clerk).json() == {
            "account": "clerk2",
            "rights": ["see_dossiers"],
            "agencies": ["H19.32", "H19.32.1"],
        }
        rows = client.get("/api/v1/late", headers=clerk).json()["rows"]
        assert {row["agency_code"] for row in rows} == {"H19.32", "H19.32.1"}
        assert client.get("/api/v1/dossiers/H19.32-260224-0021", headers=clerk).json()[0]["row"]["stage"] == "late"
        assert client.get("/api/v1/dossiers/H19.31-260209-0007", headers=clerk).status_code == 404
        assert client.get("/api/v1/sources", headers=clerk).status_code == 403
        assert client.get("/api/v1/late").status_code == 401
        assert client.get("/letters/3.pdf", headers=clerk).status_code == 403, "the account may, this token may not"
        assert "bearer" in client.get("/api/v1/openapi.json", headers=clerk).text
