"""The explanation as a page to print and as JSON; and the words that say how far a date can be trusted."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, delete, update
from sqlalchemy.orm import sessionmaker

from monitor.domain.dossier import Status
from monitor.domain.limits import parse_limit
from monitor.store.tables import Dossier, Observation
from tests.domain.calendars import at
from tests.test_explain import CODE, PERSON, RECORD, Office, said
from tests.web import desk
from tests.web.conftest import served, visiting

NOW = at("2026-11-23 09:00")


@pytest.fixture
def told(store: Engine) -> Any:
    """A supplement, then an extension; what serves it at that moment."""
    office = Office(sessionmaker(store, expire_on_commit=False), parse_limit("7 ngày làm việc"))
    office.hears("2026-11-02 09:00", RECORD)
    office.hears("2026-11-04 09:00", said(status=Status.SUPPLEMENT))
    office.hears("2026-11-06 09:00", RECORD)
    office.hears("2026-11-12 09:00", said(extended_at=at("2026-11-25 17:00")))
    program = desk.program(store)
    program.clock.set(NOW)
    program.terms, program.calendar = office.terms, desk.calendar()
    return program


def lines_of(html: str) -> list[str]:
    found = re.findall(r"<li[^>]*>\s*<span>(.*?)</span>", html[html.index("<main") :], re.DOTALL)
    return [unescape(line) for line in found]


def test_the_page_and_the_json_say_the_same_lines(told: Any) -> None:
    with visiting(told) as site:
        html = site.get(f"/giai-thich/{CODE}").text
        answer = site.get(f"/api/v1/explain/{CODE}").json()
    shown = lines_of(html)
    assert shown == [line["text_vi"].strip() for line in answer["lines"]]
    assert "Thứ Hai 09/11/2026: tính 1 ngày làm việc (cộng dồn 5/7)." not in shown, "spans are runs of days"
    assert "Từ thứ Hai 09/11/2026 đến thứ Tư 11/11/2026: tính 3 ngày làm việc (cộng dồn 7/7)." in shown
    assert any(line.startswith("Nếu tính lại từ đầu sau khi nhận đủ hồ sơ") for line in shown)
    assert any(line.startswith("Nếu trừ thời gian tạm dừng") for line in shown)
    assert "So với ngày hẹn trả đầu tiên: quá hạn." in shown
    assert "So với ngày hẹn lại: không quá hạn." in shown
    grounds = {line["document"] for line in answer["lines"]} - {""}
    assert {unescape(ground) for ground in re.findall(r'class="aside">([^<]+)<', html)} == grounds
    assert "Nghị định 118/2025/NĐ-CP Điều 19 khoản 6" in grounds
    assert not [value for value in (PERSON.name, PERSON.phone, PERSON.id_number) if value in html]
    assert f'href="/giai-thich/{CODE}"' in _page(told)


def _page(program: Any) -> str:
    with visiting(program) as site:
        return site.get(f"/hoso/{CODE}").text


def test_who_may_not_see_the_dossier_gets_no_explanation_either(told: Any) -> None:
    for name, status in (("clerk2", 200), ("clerk", 404), ("sysadmin", 403)):
        with visiting(told, name=name) as site:
            for path in (f"/giai-thich/{CODE}", f"/api/v1/explain/{CODE}"):
                assert site.get(path).status_code == status, (name, path)
    with visiting(told) as site:
        assert site.get("/giai-thich/khong-co").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1024])
def test_it_fits_the_screen_and_prints_without_what_is_for_the_screen(told: Any, browser: Browser, width: int) -> None:
    with served(told) as address:
        context = browser.new_context(java_script_enabled=True, viewport={"width": width, "height": 900})
        context.add_cookies([desk.browser_cookie(told, address, "everyone")])
        page = context.new_page()
        page.goto(f"{address}/giai-thich/{CODE}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.emulate_media(media="print")
        assert not page.locator("header nav").is_visible()
        assert page.locator(".lines li").first.is_visible()
        context.close()


# --- how far a date can be trusted, wherever it is shown

LATE = "H19.31-260209-0007"


@pytest.fixture
def unsure(program: Any, store: Engine) -> Any:
    """A letter's day and a count that hang on days not announced; a date that was moved; a letter overtaken by time."""
    with store.begin() as connection:
        of_late = Dossier.code == LATE
        values = {"letter_provisional": True, "due_provisional": True, "late_vs_promise": False, "late_vs_original": True,
                  "original_promised_at": desk.NOW - timedelta(days=20)}  # fmt: skip
        connection.execute(update(Dossier).where(of_late).values(**values))
        overtaken = Dossier.code == "H19.01-260120-0113"
        connection.execute(update(Dossier).where(overtaken).values(next_change_at=desk.NOW))
    return program


def test_a_date_that_hangs_on_unannounced_days_says_so_everywhere(unsure: Any) -> None:
    with visiting(unsure) as site:
        dossier, letters = site.get(f"/hoso/{LATE}").text, site.get("/thu").text
        rows = {row["code"]: row for row in site.get("/api/v1/late").json()["rows"]}
    assert re.findall(r"<dd>(\d\d/\d\d/\d{4} \(tạm tính\))</dd>", dossier), "our count, and the letter's day"
    assert dossier.count("(tạm tính)") == 2
    assert letters.count("(tạm tính)") == 1
    assert (rows[LATE]["letter_provisional"], rows[LATE]["due_provisional"]) == (True, True)


def test_late_against_the_first_date_and_against_the_one_in_force_are_both_shown(unsure: Any) -> None:
    with visiting(unsure) as site:
        dossier = re.sub(r"<[^>]+>", " ", site.get(f"/hoso/{LATE}").text)
        answer = site.get("/api/v1/late").json()
    assert re.search(r"So với ngày hẹn đầu tiên\s+quá hạn", dossier)
    assert re.search(r"So với ngày hẹn đang có hiệu lực\s+không quá hạn", dossier)
    (row,) = (row for row in answer["rows"] if row["code"] == LATE)
    assert (row["late_vs_promise"], row["late_vs_original"]) == (False, True)
    counts = answer["counts"]
    assert (counts["late_vs_promise"], counts["late_vs_original"], counts["late_vs_original_only"]) == (0, 1, 1)


def test_a_letter_of_a_dossier_that_time_has_overtaken_is_not_offered(unsure: Any) -> None:
    """What stands there was judged for a moment that is past: a reader says so instead of handing out the paper."""
    with visiting(unsure) as site:
        html = site.get("/thu").text
    (row,) = (row for row in html.split("<tr>") if "H19.01-260120-0113" in row)
    assert "Đang xét lại" in row
    assert ".pdf" not in row


def test_pages_of_nothing_have_no_explanation(site: httpx.Client, store: Engine) -> None:
    """A dossier whose rows were never readable has evidence of nothing."""
    path = "/giai-thich/H19.33-260128-0033"
    assert site.get(path).status_code == 200
    with store.begin() as connection:
        connection.execute(delete(Observation).where(Observation.key == f"k{desk.ID['H19.33-260128-0033']}"))
    assert site.get(path).status_code == 404
