"""The portal speaks as the DVCQG `mapi` family does (connectors.md §2)."""

from datetime import datetime
from typing import Any

import pytest
import requests

from monitor.sandbox import portal
from monitor.sandbox.servers import Sandbox


class Adapter:
    """Calls through the adapter path, with or without a session."""

    def __init__(self, sandbox: Sandbox, http: requests.Session) -> None:
        self.sandbox, self.http, self.session = sandbox, http, ""

    def post(self, path: str, body: object, dstcode: str = portal.DSTCODE) -> requests.Response:
        return self.http.post(f"{self.sandbox.portal_url}{path}", params={"dstcode": dstcode}, json=body, timeout=5)

    def login(self, password: str | None = None) -> Any:
        given = self.sandbox.province.tokens["portal"] if password is None else password
        answer = self.post("/mapi/login", {"username": portal.USERNAME, "password": given}).json()
        self.session = answer.get("session", "")
        return answer

    def call(self, service: str, **more: str) -> Any:
        body = {"session": self.session, "madonvi": portal.UNIT_CODE, "service": service, **more}
        return self.post("/mapi/g", body).json()


@pytest.fixture
def adapter(sandbox: Sandbox, http: requests.Session) -> Adapter:
    made = Adapter(sandbox, http)
    made.login()
    return made


def test_the_adapter_asks_for_a_destination(adapter: Adapter) -> None:
    assert adapter.post("/mapi/login", {}, dstcode="VN:GOV:nobody").status_code == 404
    headers = {"dstcode": portal.DSTCODE}  # another deployment: in the header (§2.1)
    answer = adapter.http.post(f"{adapter.sandbox.portal_url}/mapi/login", json={}, headers=headers, timeout=5)
    assert answer.json()["error_code"] == "-1"


def test_a_wrong_password_is_a_200_with_an_error_code(adapter: Adapter) -> None:
    assert adapter.login("sai")["error_code"] == "-1"
    assert adapter.call("TraCuuHoSo", mahoso="x")["error_code"] == "-1"


def test_one_dossier_is_found_by_its_national_and_its_own_code(adapter: Adapter) -> None:
    made = adapter.sandbox.province.dossiers
    one = next(d for d in made if d.from_national and d.portal == "same" and d.stage == "finished_early")
    by_uid, by_code = adapter.call("TraCuuHoSo", mahoso=one.uid), adapter.call("TraCuuHoSo", mahoso=one.code)
    assert by_uid == by_code
    assert by_uid["data"][0]["MaHoSo"] == one.uid
    assert by_uid["data"][0]["SoBienNhan"] == one.code


def test_a_code_nobody_knows_has_no_rows(adapter: Adapter) -> None:
    assert adapter.call("TraCuuHoSo", mahoso="H19.99-260101-0001")["data"] == []


def test_the_list_covers_whole_days_and_wants_its_own_date_form(adapter: Adapter) -> None:
    rows = adapter.call("DanhSachHoSo", ngayNhan1="2026-11-16", ngayNhan2="2026-11-17")["data"]
    days = {row["NgayTiepNhan"][:10] or row["NgayNop"][:10] for row in rows if isinstance(row, dict)}
    assert days == {"16/11/2026", "17/11/2026"}
    assert adapter.call("DanhSachHoSo", ngayNhan1="16/11/2026", ngayNhan2="17/11/2026")["error_code"] == "-1"


def test_a_deployment_without_the_list_says_so(adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter.sandbox.portal, "list_verb", "")
    assert adapter.call("DanhSachHoSo", ngayNhan1="2026-11-16", ngayNhan2="2026-11-17")["error_code"] == "-1"


def test_a_forgotten_session_is_refused_until_the_next_login(adapter: Adapter) -> None:
    adapter.sandbox.faults.put("portal", "old_session", times=1)
    assert adapter.call("TraCuuHoSo", mahoso="x")["error_code"] == "-1"
    assert adapter.call("TraCuuHoSo", mahoso="x")["error_code"] == "-1", "the old one stays forgotten"
    adapter.login()
    assert adapter.call("TraCuuHoSo", mahoso="x")["error_code"] == "0"


@pytest.mark.parametrize(
    ("how", "code", "why"),
    [
        ("masked", "9", "the one-stop's pause is pushed as finished (§2.7)"),
        ("done", "9", "says finished while the office still works"),
        ("running", "4", "a push that was lost: finished at the one-stop"),
    ],
)
def test_disagreements_are_on_the_wire(adapter: Adapter, how: str, code: str, why: str) -> None:
    made = adapter.sandbox.province.dossiers
    one = next(d for d in made if d.portal == how and not d.broken_at)
    national = portal.national_code(one)
    assert adapter.call("TraCuuHoSo", mahoso=national)["data"][0]["MaTrangThai"] == code, why


def test_another_promise_and_no_extension_at_the_portal(adapter: Adapter) -> None:
    made = adapter.sandbox.province.dossiers
    moved = next(d for d in made if d.portal_promised_at and d.portal == "same")
    assert moved.portal_promised_at is not None
    row = adapter.call("TraCuuHoSo", mahoso=portal.national_code(moved))["data"][0]
    assert row["NgayHenTra"] == f"{moved.portal_promised_at:%d/%m/%Y %H:%M:%S}"
    extended = next(d for d in made if d.extended_at and d.portal == "same" and d.portal_promised_at is None)
    assert extended.promised_at is not None
    row = adapter.call("TraCuuHoSo", mahoso=portal.national_code(extended))["data"][0]
    assert row["NgayHenTra"] == f"{extended.promised_at:%d/%m/%Y %H:%M:%S}", "keeps the first date (§11 case 34)"


def test_a_dossier_appears_when_its_time_has_come(adapter: Adapter) -> None:
    one = next(d for d in adapter.sandbox.province.dossiers if d.portal == "same" and not d.broken_at)
    adapter.sandbox.set_now(datetime.fromisoformat("2025-06-01T09:00:00+07:00"))
    assert adapter.call("TraCuuHoSo", mahoso=portal.national_code(one))["data"] == []
