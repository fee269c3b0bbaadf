"""A clerk's first minute in a real browser, without JavaScript, at three widths."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.web import desk
from tests.web.conftest import served

pytestmark = pytest.mark.browser


def test_a_clerk_finds_the_letter_of_the_worst_dossier(program: Any, browser: Browser, tmp_path: Path) -> None:
    """Filter by agency, open the dossier, see its story, reach the letter: no script, nothing wider than the screen."""
    with served(program) as address:
        context = browser.new_context(java_script_enabled=False, viewport={"width": 1024, "height": 768})
        context.add_cookies([desk.browser_cookie(program, address, "clerk")])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(address + "/?stage=")
        assert page.locator("#danh-sach tbody tr").count() == 2, "only their own agency's"
        page.select_option("select[name=agency]", "H19.31")
        page.click("text=Lọc")
        assert page.locator("#danh-sach tbody tr").count() == 2
        page.locator("#danh-sach a.code").first.click()
        assert page.locator("h1").inner_text() == "Hồ sơ H19.31-260209-0007"
        assert page.locator(".standing").inner_text().startswith("Quá hạn")
        with page.expect_download() as word:
            page.locator("a[href$='.docx']").first.click()
        assert word.value.suggested_filename == "H19.31-260209-0007-1.docx"
        letter = context.request.get(address + str(page.locator("a[href$='.pdf']").first.get_attribute("href")))
        assert letter.body().startswith(b"%PDF")
        assert complaints == []  # a blocked style or script would be told here
        context.close()


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_nothing_is_wider_than_the_screen(program: Any, browser: Browser, width: int) -> None:
    with served(program) as address:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the door"
        page.context.add_cookies([desk.browser_cookie(program, address, "everyone")])
        for path in ("/", "/thu", "/nguon", "/hoso/H19.02-260211-0042"):
            page.goto(address + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert (
                page.evaluate("getComputedStyle(document.querySelector('.top')).backgroundColor") == "rgb(13, 59, 94)"
            )
        page.close()
