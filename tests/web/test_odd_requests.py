"""Pages asked for what no page of ours asks: an answer in words, never a failure; and dates nobody can stand behind."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from monitor.reports.late import LateRow, rows_of
from monitor.web.show import Show
from monitor.web.wording import Wording
from tests.web import desk
from tests.web.conftest import visiting

BEYOND = str(10**30)  # no database has an id so great
LATE = "H19.31-260209-0007"


@pytest.fixture
def filled(engine: Engine) -> Any:
    desk.fill(engine)
    return desk.program(engine)


def test_ids_and_letters_that_no_store_takes_are_refused_in_words(filled: Any) -> None:
    """On both databases: SQLite's driver takes no greater number, PostgreSQL's no NUL."""
    with visiting(filled) as site:
        sent = {"form_token": desk.form_token(site)}
        for path in (f"/thu/{BEYOND}", f"/letters/{BEYOND}.pdf"):
            assert site.get(path).status_code == 400, path
        for path in (f"/thu/{BEYOND}/duyet", f"/lanh-dao/nhan/{BEYOND}"):
            assert site.post(path, data=sent).status_code == 400, path
        assert site.post("/mot-cua/bao-dan", data={**sent, "letter": BEYOND}).status_code == 400
        assert site.get(f"/van-phong/ho-so?measure=late&sau=2026-01-01_{BEYOND}").status_code in (200, 400)
        assert site.get("/van-phong/ho-so?measure=late&sau=2026-01-01_9999999999999999999").status_code == 200
        for path in ("/hoso/%00", "/giai-thich/%00", "/thu-tuc/%00", "/?agency=%00", "/api/v1/late?agency=%00"):
            assert site.get(path).status_code in (200, 400, 404, 422), path
        assert site.post("/tim", data={**sent, "q": "\x00\x00\x00\x00"}).status_code in (200, 400)
        site.cookies.clear()
        site.get("/dang-nhap")
        door = {"form_token": desk.form_token(site), "name": "a\x00b", "password": "x"}
        assert site.post("/dang-nhap", data=door).status_code < 500


@pytest.mark.parametrize(("name", "may"), [("office", False), ("clerk", True)])
def test_a_letter_is_offered_to_whom_it_opens_for(filled: Any, name: str, may: bool) -> None:
    """The Office proves by dates and words; a button that answers "no right" proves nothing."""
    with visiting(filled, name=name) as site:
        dossier = site.get(f"/hoso/{LATE}").text
        for html in (dossier, site.get("/?stage=late").text, site.get("/thu").text):
            assert ("/letters/" in html) is may
    assert "Từng nguồn đã báo gì, nghe lần đầu khi nào" in dossier
    assert "motcua báo lần đầu: đang xử lý" in dossier, "what it said, not only that it spoke"
    assert "Quá hạn tính từ" in dossier
    assert "Nghị định 118/2025/NĐ-CP Điều 19 khoản 6" in dossier
    assert [value for value in desk.PERSON.values() if value in dossier] == [] or may


def test_a_promise_that_passed_unjudged_is_not_called_today(store: Engine) -> None:
    """Paused, or dates that cannot be: there is no instant from which it is late, and the promise is past."""
    desk.fill(store)
    with Session(store) as session:
        row: LateRow = rows_of(session, [desk.ID[LATE]], now=desk.NOW)[0]
    show = Show(desk.calendar(), Wording("vi"))
    assert show.left(row, desk.NOW) == "trễ 7 ngày làm việc"
    assert show.left(replace(row, late_from_at=None), desk.NOW) == "đã qua ngày hẹn, chưa kết luận"
    assert show.left(replace(row, late_from_at=None, promise_at=desk.NOW), desk.NOW) == "trong hôm nay"
