"""The gate: nothing without saying who may, nothing for strangers, nothing changed by a foreign page."""

from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from monitor.store import audit
from monitor.store.tables import Audit
from monitor.web.visit import UndeclaredRoute, all_routes, anyone, check_declared, demand_of
from tests.web import desk
from tests.web.conftest import served, visiting


def test_a_route_that_does_not_say_who_may_have_it_cannot_be_served() -> None:
    routes = APIRouter()

    @routes.get("/noi")
    @anyone
    def said() -> None: ...

    @routes.get("/quen")
    def forgotten() -> None: ...

    with pytest.raises(UndeclaredRoute, match="/quen"):
        check_declared(routes.routes)


def test_what_strangers_may_have_is_a_short_list(program: Any) -> None:
    from monitor.web.app import make_app

    open_ = {
        getattr(route, "path", "")
        for route in all_routes(make_app(program).routes)
        if (demand := demand_of(getattr(route, "endpoint", None))) is not None and demand.stranger
    }
    assert open_ == {
        "/dang-nhap",
        "/dunghen.css",
        "/healthz",
        "/readyz",
        "/verify",
        "/dang-nhap/sso",
        "/dang-nhap/sso/ve",
        "/ngon-ngu/{language}",
    }


def test_a_stranger_is_sent_to_the_door_and_back_afterwards(program: Any) -> None:
    with served(program) as address, httpx.Client(base_url=address, timeout=20) as client:
        answer = client.get("/?stage=late")
        assert (answer.status_code, answer.headers["location"]) == (303, "/dang-nhap?ve=%2F%3Fstage%3Dlate")
        assert client.get("/api/v1/late").status_code == 401
        assert "Quá hạn" not in client.get("/dang-nhap").text


def test_a_form_without_its_token_changes_nothing(program: Any) -> None:
    with visiting(program, name="clerk") as client:
        for sent in ({}, {"form_token": ""}, {"form_token": "0" * 64}):
            assert client.post("/dang-xuat", data=sent).status_code == 403
        right = {"form_token": desk.form_token(client)}
        assert client.post("/dang-xuat", data=right, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert client.get("/tim").status_code == 200, "still signed in"
        assert client.post("/dang-xuat", data=right).status_code == 303
        assert client.get("/").status_code == 303, "signed out"


def test_a_clerk_sees_the_own_agency_and_below_and_nothing_else(program: Any) -> None:
    """Own and child exist; sister and parent do not, and look like what never was."""
    with visiting(program, name="clerk2") as client:
        page = client.get("/?stage=").text
        assert "H19.32-260224-0021" in page
        assert "H19.32.1-260227-0002" in page, "the health station below"
        assert "H19.31-" not in page
        foreign = client.get("/hoso/H19.31-260209-0007")
        never = client.get("/hoso/H19.31-000000-0000")
        assert (foreign.status_code, foreign.text) == (never.status_code, never.text) == (404, never.text)
        assert client.get("/letters/3.pdf").status_code == 200
        assert client.get("/letters/1.pdf").status_code == client.get("/letters/999.pdf").status_code == 404


def test_every_look_at_a_citizen_s_data_is_in_the_log_before_it_is_shown(program: Any, store: Engine) -> None:
    """Who, which letter, when; refused looks are no looks; what cannot be noted is not shown."""
    with visiting(program, name="clerk2") as client:
        assert client.get("/letters/3.docx").status_code == 200
        assert client.get("/letters/1.docx").status_code == 404
        with Session(store) as session:
            rows = session.scalars(select(Audit).where(Audit.action == "viewed_letter")).all()
            assert [(row.actor, row.subject, row.detail) for row in rows] == [
                ("clerk2", "letter:3", {"kind": "docx"}),
            ]
            assert audit.verify(session) == []
        with Session(store) as session, session.begin():
            session.connection().exec_driver_sql("DROP TABLE audit")
        client.headers["connection"] = "close"
        answer = client.get("/letters/3.docx")
    assert answer.status_code == 500
    assert answer.content[:2] != b"PK"


@pytest.mark.parametrize("path", ["/thu", "/nguon", "/tai-khoan"])
def test_no_page_reads_more_when_somebody_reloads_it(program: Any, store: Engine, path: str) -> None:
    """Identity costs two statements a page, and a page that is only read writes nothing."""
    asked: list[str] = []
    event.listen(store, "before_cursor_execute", lambda *args: asked.append(args[2]))
    with visiting(program, name="clerk") as client:
        client.get(path)
        asked.clear()
        assert client.get(path).status_code == 200
    assert sum("web_session" in one and one.startswith("SELECT") for one in asked) <= (2 if path == "/tai-khoan" else 1)
    assert sum("account_role" in one for one in asked) <= (2 if path == "/tai-khoan" else 1)
    assert not [one for one in asked if one.startswith(("INSERT", "UPDATE", "DELETE"))]
