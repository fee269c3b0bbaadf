"""The one-stop speaks as OpenCPS does (connectors.md §1), habits included."""

from datetime import datetime
from typing import Any

import pytest
import requests

from monitor.sandbox import one_stop
from monitor.sandbox.servers import Sandbox


class Office:
    """Asks the list as an account of the site."""

    def __init__(self, sandbox: Sandbox, http: requests.Session) -> None:
        self.sandbox, self.http = sandbox, http
        self.password = sandbox.province.tokens["one_stop"]
        self.group = str(one_stop.GROUP_ID)

    def get(self, path: str = "/dossiers", **params: str) -> requests.Response:
        return self.http.get(
            self.sandbox.one_stop_url + one_stop.PATH + path,
            params=params,
            headers={"groupId": self.group},
            auth=(one_stop.USERNAME, self.password),
            allow_redirects=False,
            timeout=5,
        )

    def rows(self, **params: str) -> list[Any]:
        rows: list[Any] = self.get(**params).json()["data"]
        return rows


@pytest.fixture
def office(sandbox: Sandbox, http: requests.Session) -> Office:
    return Office(sandbox, http)


def test_pages_join_without_gap_or_double(office: Office) -> None:
    whole = office.rows()
    pages = [row for start in range(0, 900, 100) for row in office.rows(start=str(start), end=str(start + 100))]
    assert pages == whole
    assert len(whole) == sum(one.in_one_stop for one in office.sandbox.province.dossiers)


def test_no_end_means_everything(office: Office) -> None:
    assert len(office.rows(start="5")) == len(office.rows(end="0")) == len(office.rows())


def test_the_count_and_the_list_come_from_two_indexes(office: Office) -> None:
    answer = office.get().json()
    assert answer["total"] == len(answer["data"]) + office.sandbox.one_stop.lag


def test_a_past_page_is_empty_and_says_so_with_200(office: Office) -> None:
    answer = office.get(start="100000", end="100100")
    assert answer.status_code == 200
    assert answer.json()["data"] == []


@pytest.mark.parametrize("spoil", ["password", "group"])
def test_a_stranger_is_a_guest_who_sees_nothing_and_no_error(office: Office, spoil: str) -> None:
    if spoil == "password":
        office.password = "sai"
    else:
        office.group = "1"
    answer = office.get(start="0", end="10")
    assert (answer.status_code, answer.json()) == (200, {"total": 0, "data": []})


def test_the_single_dossier_is_refused_to_a_stranger_with_203(office: Office) -> None:
    office.password = "sai"
    answer = office.get("/dossiers/400001")
    assert answer.status_code == 203
    assert answer.json()["code"] == 203


def test_a_dossier_is_found_by_number_and_by_reference(office: Office) -> None:
    one = next(d for d in office.sandbox.province.dossiers if d.in_one_stop and not d.broken_at)
    assert office.get(f"/dossiers/{one.number}").json() == office.get(f"/dossiers/{one.uid}").json()
    missing = office.get("/dossiers/1")
    assert (missing.status_code, missing.json()["code"]) == (403, 403)


def test_the_status_filter_takes_several(office: Office) -> None:
    rows = [row for row in office.rows(status="waiting,pausing") if isinstance(row, dict)]
    assert {row["dossierStatus"] for row in rows} == {"waiting", "pausing"}


def test_days_filter_inclusively_and_a_foreign_date_lifts_the_filter(office: Office) -> None:
    day = office.rows(fromReceiveDate="16/11/2026", toReceiveDate="16/11/2026")
    assert day
    assert all(row["receiveDate"].startswith("16/11/2026") for row in day if isinstance(row, dict))
    assert len(office.rows(fromReceiveDate="2026-11-16", toReceiveDate="2026-11-16")) == len(office.rows())


def test_a_search_by_code_brings_neighbours(office: Office) -> None:
    one = next(d for d in office.sandbox.province.dossiers if d.in_one_stop and d.stage == "finished_early")
    token = one.code.split("-")[1]
    assert len(office.rows(dossierNo=token)) >= 1
    assert one.code in {row["dossierNo"] for row in office.rows(dossierNo=one.code) if isinstance(row, dict)}


def test_names_shout_and_missing_dates_are_empty_texts(office: Office) -> None:
    rows = [row for row in office.rows() if isinstance(row, dict)]
    assert all(row["applicantName"] == row["applicantName"].upper() for row in rows)
    assert {type(row["dueDate"]) for row in rows} == {str}
    assert any(row["dueDate"] == "" for row in rows)


def test_quirks_are_really_there(office: Office) -> None:
    """connectors.md §11: 35 (released early), 38 (locked while processing), an unknown code, no number yet."""
    rows = [row for row in office.rows() if isinstance(row, dict)]
    assert any(row["extendDate"] and row["extendDate"] == row["releaseDate"] for row in rows)
    assert any(row["lockState"].startswith("PAUSE") and row["dossierStatus"] == "processing" for row in rows)
    assert any(row["dossierStatus"] == one_stop.UNKNOWN_CODE for row in rows)
    assert any(row["dossierNo"] == "" and row["dossierStatus"] in ("new", "receiving") for row in rows)
    assert any(isinstance(row, str) for row in office.rows()), "a row that is no object at all"


def test_varying_changes_the_bytes_and_no_fact(office: Office) -> None:
    cosmetic = {"dossierOverdue", "timeOverdueText", "visited", "dossierSubStatus"}

    def facts() -> dict[Any, Any]:
        return {
            row["dossierId"]: {key: value for key, value in row.items() if key not in cosmetic}
            for row in office.rows()
            if isinstance(row, dict) and "dossierId" in row
        }

    before, bytes_before = facts(), office.get().content
    office.sandbox.vary()
    assert office.get().content != bytes_before
    assert facts() == before
    order = [list(row) for row in office.rows() if isinstance(row, dict)]
    assert len(set(map(tuple, order))) > 1, "the keys come in another order"


def test_the_story_goes_on_as_the_clock_runs(office: Office) -> None:
    one = next(d for d in office.sandbox.province.dossiers if d.stage == "in_time" and d.in_one_stop)
    assert office.get(f"/dossiers/{one.number}").json()["releaseDate"] == ""
    office.sandbox.set_now(datetime.fromisoformat("2026-12-25T17:00:00+07:00"))
    later = office.get(f"/dossiers/{one.number}").json()
    assert later["dossierStatus"] == "done"
    assert later["releaseDate"]


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        ("html", (200, "text/html;charset=UTF-8", b"<!DOCTYPE")),
        ("error_500", (500, "text/plain", b"Internal")),
        ("redirect", (302, "application/json;charset=UTF-8", b"")),
        ("too_many", (429, "text/plain", b"Too Many")),
        ("null", (200, "application/json;charset=UTF-8", b"null")),
    ],
)
def test_each_fault_happens_once_and_then_no_more(office: Office, fault: str, seen: tuple[int, str, bytes]) -> None:
    office.sandbox.faults.put("one_stop", fault, times=1)
    answer = office.get(start="0", end="1")
    assert (answer.status_code, answer.headers["Content-Type"]) == seen[:2]
    assert answer.content.startswith(seen[2])
    assert office.get(start="0", end="1").json()["data"]
    assert office.sandbox.faults.met == [("one_stop", fault)]


@pytest.mark.parametrize("fault", ["cut", "half_body"])
def test_a_broken_connection_is_no_answer(office: Office, fault: str) -> None:
    office.sandbox.faults.put("one_stop", fault, times=1)
    with pytest.raises(requests.RequestException):
        office.get(start="0", end="50")
    assert office.get(start="0", end="1").status_code == 200


def test_an_answer_that_never_comes_ends_with_the_sandbox(sandbox: Sandbox, http: requests.Session) -> None:
    sandbox.faults.put("one_stop", "timeout", times=1)
    with pytest.raises(requests.Timeout):
        http.get(f"{sandbox.one_stop_url}{one_stop.PATH}/dossiers", timeout=0.2)


def test_faults_of_rows_spoil_rows_only(office: Office) -> None:
    faults = office.sandbox.faults
    faults.put("one_stop", "unknown_status")
    faults.put("one_stop", "no_promise")
    rows = [row for row in office.rows(start="0", end="20") if isinstance(row, dict)]
    assert {row["dossierStatus"] for row in rows} == {one_stop.UNKNOWN_CODE}
    assert {row["dueDate"] for row in rows} == {""}
    faults.clear()
    faults.put("one_stop", "half_record", times=1)
    first, second = office.rows(start="0", end="2")
    assert len(first) < 6 < len(second)


def test_a_wrong_password_can_be_thrown_at_the_switchboard(office: Office) -> None:
    office.sandbox.faults.put("one_stop", "wrong_password")
    assert office.get(start="0", end="10").json() == {"total": 0, "data": []}
