"""The pages as a visitor's browser gets them, over HTTP from a running server."""

import io
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pypdf
import pytest
from sqlalchemy import Engine, event, update
from sqlalchemy.orm import Session

from monitor.domain.findings import FindingKind
from monitor.domain.stage import Stage
from monitor.letters.content import Content
from monitor.quarantine import quarantine, settle
from monitor.reports.census import Shown
from monitor.store.tables import Dossier, Job, Letter, Pull, SourceDossier
from monitor.web import words
from monitor.web.files import file_name
from monitor.web.show import Show
from monitor.web.wording import Wording
from tests.web import desk
from tests.web.conftest import served, visiting

PAGES = ("/", "/?stage=late", "/?agency=H19.32", "/thu", "/nguon", "/hoso/H19.31-260209-0007", "/khong-co")


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def _tiles(html: str) -> dict[str, int]:
    found = re.findall(r"</span>([^<]+)</span>\s*<strong>([\d.]+)</strong>", html)
    return {name: int(value.replace(".", "")) for name, value in found}


def test_the_first_page_says_what_is_late_and_what_needs_a_letter(looking: httpx.Client) -> None:
    html = looking.get("/").text
    assert _tiles(html) == {
        "Quá hạn": 5,
        "Đến hạn hôm nay": 2,
        "Hạn gửi thư hôm nay": 2,
        "Sắp đến hạn": 1,
        "Chưa kết luận": 3,
        "Nguồn im lặng": 2,
        "Đã trả quá hạn": 1,
        "Thư xin lỗi cần gửi": 8,
    }
    listed = re.findall(r'class="code" href="/hoso/([^"]+)"', html[html.index('id="danh-sach"') :])
    assert listed[0] == "H19.31-260209-0007"
    assert len(listed) == 11
    assert "trễ 7 ngày làm việc" in html
    assert "Tính đến" in html
    assert "08:15 05/03/2026" in html


def test_what_cannot_be_relied_on_is_never_shown_as_in_time(looking: httpx.Client) -> None:
    """Overtaken by time: being judged again. From a silent source: said so. Neither is listed under "Trong hạn"."""
    assert "H19.02-260213-0008" in looking.get("/").text
    page = _text(looking.get("/hoso/H19.02-260213-0008").text)
    assert "Đang xét lại" in page
    silent = _text(looking.get("/hoso/G22.99-260220-0002").text)
    assert "Nguồn im lặng" in silent
    in_time = looking.get("/", params={"stage": "in_time"}).text
    listed = in_time[in_time.index('id="danh-sach"') :]
    assert "H19.31-260303-0001" in listed
    assert "H19.02-260213-0008" not in listed
    assert "<span" in listed  # the silent one is there, marked
    assert re.search(r"G22\.99-260220-0002.*?Nguồn im lặng", listed, re.DOTALL)


def test_a_stale_source_is_said_in_words_on_every_page(looking: httpx.Client) -> None:
    for path in PAGES[:-1]:
        assert "Nguồn “cong” im lặng 3 giờ" in looking.get(path).text, path


def test_filters_narrow_by_agency_with_its_subtree_and_by_stage(looking: httpx.Client) -> None:
    html = looking.get("/", params={"agency": "H19.32", "stage": ""}).text
    assert _tiles(html)["Quá hạn"] == 1
    assert '<option value="H19.32" selected>' in html
    assert "2 hồ sơ" in html
    both = looking.get("/", params={"agency": "H19.32", "stage": "due_today"}).text
    listed = re.findall(r'class="code" href="/hoso/([^"]+)"', both[both.index('id="danh-sach"') :])
    assert listed == ["H19.32.1-260227-0002"]


def test_the_letter_is_behind_its_link_and_its_name_names_nobody(looking: httpx.Client) -> None:
    link = re.findall(r'href="(/letters/\d+\.pdf)"', looking.get("/thu").text)[0]
    answer = looking.get(link)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="H19.31-260209-0007-1.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    pages = pypdf.PdfReader(io.BytesIO(answer.content)).pages
    assert desk.PERSON["name"] in pages[0].extract_text()
    word = looking.get(link.replace(".pdf", ".docx"))
    assert word.headers["content-disposition"] == 'attachment; filename="H19.31-260209-0007-1.docx"'
    assert word.content[:2] == b"PK"


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("/letters/999.pdf", 404, "no such letter"),
        ("/letters/4.pdf", 409, "owed, not drafted"),
        ("/letters/5.pdf", 409, "suspended: two systems disagree"),
        ("/letters/1.exe", 400, "a kind we don't make"),
        ("/letters/x.pdf", 400, "not a number"),
        ("/letters/..%2f..%2fetc%2fpasswd.pdf", 404, "a path is not a number"),
        ("/hoso/khong-co", 404, "no such dossier"),
        ("/?page=0", 400, "pages begin at 1"),
        ("/../../etc/passwd", 404, "no such page"),
    ],
)
def test_what_is_not_there_gets_a_page_that_says_so(looking: httpx.Client, path: str, status: int, why: str) -> None:
    answer = looking.get(path)
    assert answer.status_code == status, why
    assert "Về trang đầu" in answer.text
    assert "Traceback" not in answer.text


def test_a_suspended_letter_is_not_handed_out_even_if_it_was_drafted(site: httpx.Client, store: Engine) -> None:
    assert site.get("/letters/3.pdf").status_code == 200
    with Session(store) as session, session.begin():
        session.execute(update(Letter).where(Letter.id == 3).values(suspended_for="state_mismatch"))
    assert site.get("/letters/3.pdf").status_code == 409


def test_no_page_names_a_citizen_to_the_office(program: Any) -> None:
    """It proves and ranks: codes and dates do, names do not."""
    dossiers = [f"/hoso/{case.code}" for case in desk.CASES]
    more = (
        "/lanh-dao",
        "/van-phong",
        "/van-phong/ho-so?measure=late",
        "/thu/1",
        "/api/v1/late",
        "/api/v1/openapi.json",
    )
    with visiting(program, name="office") as client:
        for path in (*PAGES, *dossiers, *more):
            answer = client.get(path)
            for value in desk.PERSON.values():
                assert value not in unescape(answer.text), path
                assert value not in str(answer.headers), path


def test_every_answer_carries_the_guards(looking: httpx.Client) -> None:
    for path in (*PAGES, "/dunghen.css", "/letters/1.pdf", "/letters/999.pdf", "/api/v1/late", "/healthz"):
        headers = looking.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "frame-ancestors 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["referrer-policy"] == "same-origin", path
        assert headers["cache-control"] == ("max-age=3600" if path.endswith(".css") else "no-store"), path
        assert "server" not in {name.lower() for name in headers if "uvicorn" not in headers[name]}, path


def test_pages_hold_no_script_and_no_inline_style(looking: httpx.Client) -> None:
    for path in PAGES:
        html = looking.get(path).text
        assert "<script" not in html, path
        assert " style=" not in html, path
        assert not re.search(r"\son\w+=", html), path


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "localhost.evil.example:80"])
def test_a_foreign_host_is_refused(looking: httpx.Client, host: str) -> None:
    """DNS rebinding: another site's name that points at this machine must not read the pages."""
    answer = looking.get("/", headers={"host": host})
    assert answer.status_code == 400
    assert "Quá hạn" not in answer.text


def test_the_site_s_own_name_is_a_host(store: Engine) -> None:
    program = desk.program(store, site={"name": "X", "base_url": "https://dunghen.example.vn"})
    with served(program) as address:
        answer = httpx.get(address, headers={"host": "dunghen.example.vn"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/dang-nhap")


def test_what_sources_say_is_shown_as_text(site: httpx.Client, store: Engine) -> None:
    """HTML, header breaks and path steps in a dossier's own words stay words."""
    evil = 'a/../b"><script>alert(1)</script>'
    with Session(store) as session, session.begin():
        session.execute(
            update(Dossier).where(Dossier.id == 1).values(code=evil, procedure_name="<img src=x onerror=1>")
        )
        session.execute(update(SourceDossier).where(SourceDossier.id == 1).values(status_raw="<b>x</b>"))
    html = site.get("/").text
    assert "<script" not in html
    assert "<img" not in html
    link = re.findall(r'href="(/hoso/a[^"]+)"', html)[0]
    page = site.get(link)
    assert page.status_code == 200
    assert "&lt;script&gt;" in page.text
    assert "<b>x</b>" not in page.text


def test_a_letter_that_cannot_be_printed_says_so(site: httpx.Client, store: Engine, log_text: io.StringIO) -> None:
    """A character no font has: a page that names it and its field, a line in the log, no half letter."""
    with Session(store) as session, session.begin():
        content = dict(session.get_one(Letter, 1).content or {})
        session.execute(update(Letter).where(Letter.id == 1).values(content={**content, "dossier_code": "H19\x07"}))
    answer = site.get("/letters/1.pdf")
    assert answer.status_code == 422
    assert "U+0007" in answer.text, "which character"
    assert "chân trang" in answer.text, "in which field"
    assert '"event": "letter_not_made"' in log_text.getvalue()


@pytest.mark.parametrize("code", ['a/../b"\r\nX-Evil: 1', "../../etc/passwd", "Nguyễn", "", '";x="'])
def test_a_file_name_is_made_of_harmless_characters(store: Engine, code: str) -> None:
    desk.fill(store)
    with Session(store) as session:
        stored = session.get_one(Letter, 1).content or {}
    name = file_name(Content.from_dict({**stored, "dossier_code": code}))
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", name)
    assert ".." not in name


def test_the_sources_page_shows_what_was_set_aside_and_what_the_jobs_did(site: httpx.Client, store: Engine) -> None:
    with Session(store) as session, session.begin():
        session.execute(
            update(Job)
            .where(Job.name == "judge")
            .values(failures=3, last_error="2026-03-05T01:14:00Z OperationalError (judge.py:80 judge_due)")
        )
    page = _text(site.get("/nguon").text)
    assert "không phải ngày: 31/02/2026" in page
    assert "trả về trang HTML thay cho JSON" in page
    assert "Đang lỗi, 3 lần liền" in page
    assert "OperationalError" in page
    assert "Việc “Rà soát hạn” đang lỗi" in _text(site.get("/").text)


def test_the_sources_page_says_which_reading_is_not_believed_why_and_what_to_do(
    site: httpx.Client, store: Engine
) -> None:
    assert "Lần đọc chưa được tin" not in _text(site.get("/nguon").text)
    with Session(store) as session, session.begin():
        pull = Pull(source="motcua", reach="full", began_at=desk.NOW, result="quarantined")
        session.add(pull)
        session.flush()
        for gate, said in (("count_drop", "chỉ 3 hồ sơ, lần trước có 60"), ("sign_in_page", "HTML thay cho dữ liệu")):
            quarantine(
                session, "motcua", pull.id, gate, said, b"<html>Nguyen Van Mau" * (gate != "count_drop"), desk.NOW
            )
        settle(session, "cong", desk.NOW, by="")
    page = _text(site.get("/nguon").text)
    assert "Lần đọc chưa được tin 2" in page
    assert "chỉ 3 hồ sơ, lần trước có 60" in page
    assert "nếu đúng là chỉ còn chừng ấy: dunghen sources accept motcua" in page
    assert "chỉ có số đếm" in page
    assert "đã lưu, số" in page
    assert "Nguyen Van Mau" not in page, "the evidence may hold a person: it is counted here, never shown"
    site.cookies.set("language", "en")
    assert "if there really are so few: dunghen sources accept motcua" in _text(site.get("/nguon").text)
    with Session(store) as session, session.begin():
        settle(session, "motcua", desk.NOW, by="")
    assert "dunghen sources accept" not in _text(site.get("/nguon").text)


def test_an_empty_store_says_so_and_nothing_is_green(store: Engine) -> None:
    with visiting(desk.program(store)) as client:
        page = _text(client.get("/").text)
    assert "Chưa đọc được hồ sơ nào" in page
    assert "Nguồn “motcua” im lặng" in page
    assert "Còn mới" not in page


def test_the_list_is_paged(store: Engine) -> None:
    many = tuple(replace(desk.CASES[2], code=f"H19.32-260224-{5000 + n}", letter="") for n in range(250))
    desk.fill(store, (*desk.CASES, *many))
    with visiting(desk.program(store)) as client:
        seen: list[str] = []
        url: str | None = "/?agency=&stage=late"
        while url:
            html = client.get(url).text
            seen += re.findall(r'class="code" href="/hoso/([^"]+)"', html[html.index('id="danh-sach"') :])
            after = re.search(r'href="([^"]+)" rel="next"', html)
            url = unescape(after[1]) if after else None
    assert len(seen) == len(set(seen)) == 256
    assert "256 hồ sơ" in html


def test_queries_per_page_do_not_grow_with_the_dossiers(program: Any, store: Engine) -> None:
    asked: list[str] = []
    event.listen(store, "before_cursor_execute", lambda *args: asked.append(args[2]))

    def queries(client: httpx.Client, path: str) -> int:
        asked.clear()
        assert client.get(path).status_code == 200
        return sum(statement.startswith("SELECT") for statement in asked)

    with visiting(program) as client:
        few = {path: queries(client, path) for path in ("/", "/thu", "/nguon")}
        more = [{"code": f"H19.33-260101-{n:04d}", "stage": "late", "agency_code": "H19.33"} for n in range(300)]
        with Session(store) as session, session.begin():
            session.add_all(
                Dossier(
                    **row,
                    status="processing",
                    speaking_source="motcua",
                    precision="date",
                    facts_at=desk.NOW,
                    confirmed_at=desk.NOW,
                )
                for row in more
            )
        assert all(queries(client, path) <= asked_of_few for path, asked_of_few in few.items())


def test_the_api_gives_the_same_figures(looking: httpx.Client) -> None:
    answer = looking.get("/api/v1/late", params={"stage": ["late"], "limit": 2}).json()
    assert answer["number"] == 6
    assert answer["stale_sources"] == ["cong"]
    assert [row["code"] for row in answer["rows"]] == ["H19.31-260209-0007", "H19.01-260120-0113"]
    assert answer["counts"]["by_stage"]["late"] == 5
    assert looking.get("/api/v1/late", params={"limit": 0}).status_code == 422
    assert looking.get("/api/v1/khong-co").json() == {"detail": "Not Found"}


def test_a_broken_store_gives_an_error_page_without_a_trace(program: Any, store: Engine, log_text: io.StringIO) -> None:
    with Session(store) as session, session.begin():
        session.connection().exec_driver_sql("DROP TABLE message")
        session.connection().exec_driver_sql("DROP TABLE job")
    with visiting(program) as client:
        client.headers["connection"] = "close"  # the server drops the line after an error
        answer = client.get("/")
        api = client.get("/api/v1/late")
    assert (answer.status_code, api.status_code) == (500, 500)
    assert "sqlite" not in answer.text.lower()
    assert api.json() == {"detail": "internal error"}
    assert '"error": "OperationalError"' in log_text.getvalue()
    assert "SELECT" not in log_text.getvalue()


def test_a_level_s_figure_opens_the_dossiers_of_its_agencies(looking: httpx.Client) -> None:
    """Communes' late dossiers: as many behind the figure as it says, and of communes only."""
    html = looking.get("/van-phong?theo=level").text
    row = html[html.index("Xã, phường, đặc khu") :].partition("</tr>")[0]
    link, number = re.findall(r'href="([^"]*measure=late&[^"]*)">(\d+)<', row)[0]
    behind = looking.get(unescape(link)).text
    codes = re.findall(r'class="code" href="/hoso/([^"]+)"', behind)
    assert len(codes) == int(number) > 0
    assert {code.partition("-")[0] for code in codes} <= {"H19.31", "H19.32", "H19.33"}


def test_without_a_scheduler_nobody_judges_and_health_says_so(looking: httpx.Client) -> None:
    assert looking.get("/healthz").status_code == 503


def test_every_stage_and_finding_has_its_word() -> None:
    assert set(words.STAGES) == {*Stage, *Shown}
    assert {str(kind) for kind in FindingKind} <= set(words.FINDINGS)
    assert Wording("vi").words.stage("nonsense").tone == "unsure"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (59, "dưới 1 phút"),
        (60, "1 phút"),
        (3_599, "59 phút"),
        (3_600, "1 giờ"),
        (86_400 * 1500, "1.500 ngày"),
    ],
)
def test_spans_are_rounded_down(seconds: float | None, said: str) -> None:
    assert Show(desk.calendar(), Wording("vi")).span(seconds) == said


def test_numbers_and_instants_are_written_the_vietnamese_way() -> None:
    show = Show(desk.calendar(), Wording("vi"))
    assert show.number(1_234_567) == "1.234.567"
    assert show.instant(desk.NOW) == "08:15 05/03/2026"
    assert show.day(desk.NOW + timedelta(hours=16)) == "06/03/2026"
    assert show.day(None) == show.instant(None) == "–"
