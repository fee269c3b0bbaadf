"""Each role's main task, done in a real browser from sign-in on, and held against what the store says afterwards."""

import io
import re
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Browser
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.access import accounts
from monitor.store.tables import Acknowledgement, Letter, LetterStep, Message, MessageNotice, Notice
from tests.cups import PRINTER, Cups
from tests.web import desk
from tests.web.conftest import served
from tests.web.journeys import NEW_DATE, REASON, Clicks, bring, context, letter_of

pytestmark = pytest.mark.browser
OF_CLERK = ("H19.31-260209-0007", "H19.31-260226-0015")


def _account(program: Any, name: str) -> None:
    with program.sessions.begin() as session:
        account = accounts.add(
            session, name=name, roles=desk.ACCOUNTS[name], now=desk.NOW, by="test", password=desk.PASSWORD,
            person=desk.PERSON_OF.get(name, ""), must_change=False,
        )  # fmt: skip
        session.flush()
        assert account.id


def _letter(program: Any, code: str) -> Letter:
    with Session(program.engine) as session:
        return session.get_one(Letter, letter_of(code))


def _steps(program: Any, code: str) -> list[str]:
    with Session(program.engine) as session:
        query = select(LetterStep.step).where(LetterStep.letter_id == letter_of(code)).order_by(LetterStep.id)
        return list(session.scalars(query))


def test_a_new_clerk_prints_the_first_letters_with_two_clicks_and_without_javascript(
    program: Any, browser: Browser
) -> None:
    """From the door to the printed sheets: sign in, print all. A browser's own print dialogue comes on top."""
    _account(program, "clerk")
    for code in OF_CLERK:
        bring(program, letter_of(code), "approved")
    with served(program) as address:
        visitor = context(browser, program, address, "", script=False)
        page = visitor.new_page()
        hand = Clicks(page)
        page.goto(address)
        page.fill("input[name=name]", "clerk")
        page.fill("input[name=password]", desk.PASSWORD)
        hand("main button[type=submit]")
        assert page.locator("h1").inner_text() == "Việc hôm nay ở Bộ phận Một cửa"
        with visitor.expect_page() as opened:
            hand("text=In tất cả 2 thư")
        assert hand.number <= 5
        assert hand.number == 2
        opened.value.wait_for_load_state()
        assert [_steps(program, code)[-1] for code in OF_CLERK] == ["printed", "printed"]
        visitor.close()


def test_the_printed_file_holds_the_letters_and_their_list(program: Any) -> None:
    import httpx

    for code in OF_CLERK:
        bring(program, letter_of(code), "approved")
    with served(program) as address, httpx.Client(base_url=address, timeout=30) as client:
        desk.sign_in(program, client, "clerk")
        answer = client.post("/mot-cua/in", data={"form_token": desk.form_token(client), "agency": "H19.31"})
        again = client.post("/mot-cua/in", data={"form_token": desk.form_token(client), "agency": "H19.31"})
    assert answer.headers["content-type"] == "application/pdf"
    assert re.fullmatch(r'inline; filename="thu-xin-loi-[0-9-]+\.pdf"', answer.headers["content-disposition"])
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    assert all(text.count(code) >= 2 for code in OF_CLERK)  # on the list and on the letter
    assert "Không còn thư nào chờ in" in again.text


def test_the_stack_goes_straight_to_the_agencys_printer(program: Any, cups: Cups) -> None:
    import httpx

    for code in OF_CLERK:
        bring(program, letter_of(code), "approved")
    own = {"print_server": cups.server, "agencies": [{"agency": "H19.31", "printer": PRINTER}]}
    program.settings = desk.settings(letters=own)
    program.print_out = desk.printed_out(program)
    with served(program) as address, httpx.Client(base_url=address, timeout=60) as client:
        desk.sign_in(program, client, "clerk")
        assert f"Gửi tới máy in {PRINTER}" in client.get("/mot-cua").text
        form = {"form_token": desk.form_token(client), "agency": "H19.31", "to": "printer"}
        answer = client.post("/mot-cua/in", data=form)
        assert f"Đã gửi 2 thư kèm danh sách tới máy in {PRINTER}" in answer.text
        (job,) = cups.device.printed(1)
        text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(job)).pages)
        assert all(text.count(code) >= 2 for code in OF_CLERK)
        assert "Không còn thư nào chờ in" in client.post("/mot-cua/in", data=form).text
        assert [_steps(program, code)[-1] for code in OF_CLERK] == ["printed", "printed"]


def test_a_printer_that_takes_nothing_is_said_and_nothing_counts_as_printed(program: Any, cups: Cups) -> None:
    import httpx

    bring(program, letter_of(OF_CLERK[0]), "approved")
    own = {"print_server": cups.server, "agencies": [{"agency": "H19.31", "printer": "khong-co"}]}
    program.settings = desk.settings(letters=own)
    program.print_out = desk.printed_out(program)
    with served(program) as address, httpx.Client(base_url=address, timeout=60) as client:
        desk.sign_in(program, client, "clerk")
        form = {"form_token": desk.form_token(client), "agency": "H19.31", "to": "printer"}
        answer = client.post("/mot-cua/in", data=form)
    assert (answer.status_code, "khong-co" in answer.text) == (409, True)
    assert "printed" not in _steps(program, OF_CLERK[0])


def test_a_clerk_records_the_date_and_the_handing_over_by_keyboard_alone(program: Any, browser: Browser) -> None:
    code = OF_CLERK[1]
    bring(program, letter_of(code), "counter_told")
    with served(program) as address:
        visitor = context(browser, program, address, "clerk", script=False)
        page = visitor.new_page()
        page.goto(address + "/mot-cua")
        page.focus("#doi-ngay button[type=submit]")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "Đã ghi 1 thư." in page.inner_text("main")
        assert _letter(program, code).state == "date_changed"
        page.focus("#in button[type=submit]")
        with visitor.expect_page():
            page.keyboard.press("Enter")
        page.goto(address + "/mot-cua")
        page.focus("#bao-dan input[name=proof]")
        page.keyboard.press("End")
        page.keyboard.type(" lúc 9 giờ")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert "Đã ghi 1 thư." in page.inner_text("main")
        visitor.close()
    assert _letter(program, code).state == "closed"
    with Session(program.engine) as session:
        step = session.scalars(select(LetterStep).where(LetterStep.step == "applicant_told")).one()
    assert (step.actor, step.detail["channel"], step.detail["proof"]) == (
        "clerk",
        "printed",
        "Người nộp ký nhận tại quầy lúc 9 giờ",
    )


def test_the_registry_s_number_is_entered_by_who_is_entitled(program: Any, browser: Browser) -> None:
    code = OF_CLERK[1]
    bring(program, letter_of(code), "signed")
    with served(program) as address:
        for name, sees in (("clerk", 0), ("registrar", 1)):
            visitor = context(browser, program, address, name, script=False)
            page = visitor.new_page()
            page.goto(address + "/mot-cua")
            assert page.locator("#vao-so form").count() == sees
            if sees:
                page.fill("#vao-so input[name=number]", "27")
                page.click("#vao-so button")
                assert page.url.endswith("/mot-cua")
            visitor.close()
    assert _letter(program, code).state == "registered"


def test_an_officer_gives_the_reason_and_a_day_from_the_calendar(program: Any, browser: Browser) -> None:
    """Today's letters first; a day off cannot be chosen; an empty reason is refused in words."""
    code = OF_CLERK[1]
    with served(program) as address:
        visitor = context(browser, program, address, "officer", script=False)
        page = visitor.new_page()
        page.goto(address)
        assert page.locator("h1").inner_text() == "Thư xin lỗi cần ghi lý do"
        assert page.locator("#hom-nay .code").all_inner_texts() == list(OF_CLERK)
        page.click(f"#hom-nay li:has-text('{code}') .button")
        assert page.locator("input[name=new_date][value='2026-03-14']").count() == 0, "a Saturday"
        assert "Ngày nghỉ: 27/04/2026 " in page.inner_text(".calendar"), "named for who cannot hover over a day"
        page.fill("textarea", "   ")
        page.check(f"input[name=new_date][value='{NEW_DATE.isoformat()}']", force=True)
        page.click("button.big")
        assert page.locator("[role=alert]").count() == 1
        page.fill("textarea", REASON)
        page.check(f"input[name=new_date][value='{NEW_DATE.isoformat()}']", force=True)
        page.click("button.big")
        assert "Chờ duyệt" in page.inner_text(".standing")
        visitor.close()
    letter = _letter(program, code)
    assert (letter.state, letter.new_date_on) == ("decided", NEW_DATE)


def test_a_leader_approves_and_takes_a_matter_on_with_one_tap_each(program: Any, browser: Browser) -> None:
    bring(program, letter_of("H19.32-260224-0021"), "decided")
    with served(program) as address:
        visitor = context(browser, program, address, "leader", 390, script=False)
        page = visitor.new_page()
        page.goto(address)
        assert page.locator("h1").inner_text() == "Quá hạn và sắp quá hạn"
        page.click("#duyet button")
        assert "Đã ghi nhận." in page.inner_text("main")
        page.locator("#ho-so form button").first.click()
        assert "Đã ghi nhận." in page.inner_text("main")
        assert "Phạm Thị Bịa đã nhận xử lý, hẹn xong" in page.inner_text("#ho-so")
        visitor.close()
    assert _letter(program, "H19.32-260224-0021").state == "approved"
    with Session(program.engine) as session:
        answer = session.scalars(select(Acknowledgement)).one()
    assert (answer.person, answer.kind, answer.where_from) == ("ct32", "taken", "web")


def test_a_leader_reads_what_they_were_told_about_and_when(program: Any) -> None:
    """Each message by what it said, the worst first; a dossier opens from there."""
    import httpx

    lines = [{"section": "late", "code": f"H19.32-26020{n}-0001"} for n in range(7)]
    lines += [{"section": "source", "code": "cong"}]
    at = {"rung_at": desk.NOW, "owed_at": desk.NOW}
    with program.sessions.begin() as session:
        notice = Notice(rung="qua-han", role="chairman", agency_code="H19.32", state="told", key="n7", **at)
        message = Message(
            key="m7", person="ct32", channel="email", address="x@example.invalid", payload={"lines": lines},
            state="sent", made_at=desk.NOW, sent_at=desk.NOW, not_before_at=desk.NOW,
        )  # fmt: skip
        session.add_all((notice, message))
        session.flush()
        session.add(MessageNotice(message_id=message.id, notice_id=notice.id))
    with served(program) as address, httpx.Client(base_url=address, timeout=20) as client:
        desk.sign_in(program, client, "leader")
        html = client.get("/lanh-dao").text
    told = html[html.index('id="da-bao"') :]
    assert 'href="/hoso/H19.32-260204-0001"' in told
    assert "H19.32-260205-0001" not in told, "five, then how many more"
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", told))
    assert re.search(
        r"08:15 05/03/2026 ?Quá hạn: H19.*, và 2 nữa\. Nguồn mất kết nối: cong\. ?thư điện tử · đã gửi", text
    )


def test_the_office_goes_from_a_figure_to_its_dossiers_to_the_evidence(program: Any, browser: Browser) -> None:
    with served(program) as address:
        visitor = context(browser, program, address, "office", 1440, script=False)
        page = visitor.new_page()
        page.goto(address)
        assert page.locator("h1").inner_text() == "Tình hình giải quyết thủ tục hành chính"
        page.click("tr:has-text('xã Suối Mơ') td a:text-is('1') >> nth=-1")
        assert page.locator("h1").inner_text() in ("Đang giải quyết, quá hạn", "Thiếu thư xin lỗi")
        page.click(".dossiers .code >> nth=0")
        assert page.locator("h1").inner_text().startswith("Hồ sơ H19.32")
        page.goto(address + "/van-phong?ngay=2026-03-03")
        assert "Số liệu hết ngày 03/03/2026" in page.inner_text("main")
        assert "Chưa có hồ sơ nào được tính đến ngày này." in page.inner_text("main")
        picture = page.locator("img.chart")
        assert picture.evaluate("one => one.naturalWidth") > 0, "the chart is shown under the page's policy"
        visitor.close()


def test_a_clerk_finds_without_accents_and_no_name_is_in_the_address(program: Any, browser: Browser) -> None:
    asked = ("h19.31-260209-0007", "260209-0007", "khai sinh", "tran thi hu cau", "Hư Cấu")
    with served(program) as address:
        visitor = context(browser, program, address, "clerk", script=False)
        page = visitor.new_page()
        page.goto(address + "/tim")
        for text in asked:
            page.fill("input[name=q]", text)
            with page.expect_navigation():
                page.keyboard.press("Enter")
            assert page.url == address + "/tim"
            found = page.locator("main .rows li").all_inner_texts()
            assert found, text
            assert all("H19.31" in one or "khai sinh" in one for one in found), "the own agency's only"
        visitor.close()
