"""A letter taken back on a page can be made anew on a page: by who gives its reason, while its dossier is late."""

from typing import Any

import httpx
from sqlalchemy.orm import Session

from monitor.letters import life
from monitor.letters.steps import By
from monitor.store.tables import Letter
from tests.web import desk
from tests.web.conftest import served
from tests.web.journeys import HEAD, NEW_DATE, bring, letter_of

CODE = "H19.31-260209-0007"


def test_a_leader_takes_a_signed_letter_back_with_a_word_why(program: Any) -> None:
    """On the letter's own page; an officer sees no such thing there."""
    letter_id = letter_of(CODE)
    bring(program, letter_id, "registered")
    with served(program) as address, httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(program, client, "chairman")
        assert f'action="/thu/{letter_id}/huy"' in client.get(f"/thu/{letter_id}").text
        data = {"form_token": desk.form_token(client), "why": " "}
        refused = client.post(f"/thu/{letter_id}/huy", data=data)
        assert (refused.status_code, '<details class="step" open>' in refused.text) == (409, True)
        assert client.post(f"/thu/{letter_id}/huy", data=data | {"why": "Ghi nhầm số"}).status_code == 303
        assert f'action="/thu/{letter_id}/huy"' not in client.get(f"/thu/{letter_id}").text
    with Session(program.engine) as session:
        assert session.get_one(Letter, letter_id).state == "void"
    with served(program) as address, httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(program, client, "officer")
        assert "/huy" not in client.get(f"/thu/{letter_id}").text


def test_an_officer_gives_the_reason_again_until_the_letter_is_signed(program: Any) -> None:
    letter_id = letter_of(CODE)
    bring(program, letter_id, "approved")
    with served(program) as address, httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(program, client, "officer")
        assert f"/thu/{letter_id}?sua=ly-do" in client.get(f"/thu/{letter_id}").text
        assert 'name="reason"' in client.get(f"/thu/{letter_id}", params={"sua": "ly-do"}).text
        data = {"form_token": desk.form_token(client), "reason": "", "new_date": NEW_DATE.isoformat()}
        refused = client.post(f"/thu/{letter_id}/ly-do", data=data)
        assert (refused.status_code, 'name="reason"' in refused.text) == (409, True), "the form stays open"
        said = data | {"reason": "Chờ kết quả đo đạc lại ngoài thực địa"}
        assert client.post(f"/thu/{letter_id}/ly-do", data=said).status_code == 303
    with Session(program.engine) as session:
        assert session.get_one(Letter, letter_id).state == "decided", "to be approved anew"


def test_who_signs_for_the_head_is_said_at_approval_and_offered_at_signing(program: Any) -> None:
    letter_id = letter_of(CODE)
    bring(program, letter_id, "decided")
    with served(program) as address, httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(program, client, "chairman")
        assert 'name="title"' in client.get(f"/thu/{letter_id}").text
        data = {"form_token": desk.form_token(client), "capacity": "KT.", "name": "Phạm Thị Bịa"}
        refused = client.post(f"/thu/{letter_id}/duyet", data=data)
        assert (refused.status_code, "Chưa ghi chức vụ người ký thay." in refused.text) == (409, True)
        assert client.post(f"/thu/{letter_id}/duyet", data=data | {"title": "PHÓ CHỦ TỊCH"}).status_code == 303
        page = client.get(f"/thu/{letter_id}").text
        assert '<option value="KT." selected>' in page
        assert 'value="Phạm Thị Bịa"' in page
        as_head = client.post(f"/thu/{letter_id}/ky", data=data | {"capacity": "head"})
        assert (as_head.status_code, "duyệt lại với đúng người ký" in as_head.text) == (409, True)
        assert client.post(f"/thu/{letter_id}/ky", data=data).status_code == 303
    with Session(program.engine) as session:
        content = session.get_one(Letter, letter_id).content
        assert content is not None
        assert [line.split()[0] for line in content["signer"]] == ["KT.", "PHÓ"]


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
