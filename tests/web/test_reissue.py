"""A letter taken back on a page can be made anew on a page: by who gives its reason, while its dossier is late."""

from typing import Any

import httpx
from sqlalchemy.orm import Session

from monitor.letters import life
from monitor.letters.steps import By
from monitor.store.tables import Letter
from tests.web import desk
from tests.web.conftest import served
from tests.web.journeys import HEAD, bring, letter_of

CODE = "H19.31-260209-0007"


def test_an_officer_finds_the_voided_letter_and_begins_it_anew(program: Any) -> None:
    letter_id = letter_of(CODE)
    bring(program, letter_id, "registered")
    with program.sessions.begin() as session:
        life.void(session, letter_id, By(HEAD, program.clock.now()), why="Ghi nhầm số")
    with served(program) as address, httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(program, client, "officer")
        assert f'aria-label="Làm lại thư của hồ sơ {CODE}"' in client.get("/giai-quyet").text
        page = client.get(f"/thu/{letter_id}").text
        assert "Đã hủy, phải làm lại" in page
        assert "hồ sơ vẫn phải có thư xin lỗi" in page
        data = {"form_token": desk.form_token(client)}
        assert client.post(f"/thu/{letter_id}/lam-lai", data=data).status_code == 303
        assert "Ghi lý do và ngày hẹn mới" in client.get(f"/thu/{letter_id}").text
    with Session(program.engine) as session:
        assert session.get_one(Letter, letter_id).state == "drafted"
