"""Can everybody use the pages? axe-core looks at each of them; what it finds serious fails. And the print view."""

from pathlib import Path
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Browser

from monitor.web.wording import COOKIE
from tests.conftest import need
from tests.web import desk
from tests.web.conftest import served
from tests.web.journeys import bring, letter_of

pytestmark = pytest.mark.browser
AXE = Path(__file__).resolve().parents[2] / ".ci" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "/mot-cua",
    "/giai-quyet",
    "/lanh-dao",
    "/van-phong",
    "/van-phong?theo=procedure&xep=rate",
    "/van-phong/ho-so?measure=late",
    "/?stage=",
    "/thu",
    "/thu/6",
    "/thu/1",
    "/tim",
    "/thu-tuc/1.000001",
    "/nguon",
    "/hoso/H19.31-260209-0007",
    "/khong-co",
    "/van-phong?theo=level",
    "/giai-thich/H19.31-260209-0007",
    "/tai-khoan",
    "/tai-khoan/mat-khau",
    "/quan-tri",
    "/quan-tri/de-rieng",
    "/quan-tri/hop-thu",
    "/quan-tri/con-nguoi",
    "/quan-tri/cai-dat",
    "/verify?ma=a&doi_chieu=b",
)
TAGS = "{resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"  # WCAG 2.2 AA and more
SERIOUS = "r => r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
SAID = "v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(' | ')"


def _work(program: Any) -> None:
    """Something in every list."""
    bring(program, letter_of("H19.31-260209-0007"), "registered")
    bring(program, letter_of("H19.01-260120-0113"), "signed")
    bring(program, letter_of("H19.32-260224-0021"), "counter_told")
    bring(program, letter_of("H19.32.1-260227-0002"), "decided")


@pytest.mark.parametrize(("width", "language"), [(390, "vi"), (1024, "en")])
def test_axe_finds_nothing_serious_on_any_page(program: Any, browser: Browser, width: int, language: str) -> None:
    """At both widths, and in both languages: a page that says it is English may hold no unmarked Vietnamese control."""
    need(AXE.is_file(), "axe-core", "npm install --prefix .ci/axe axe-core@4.11.0")
    _work(program)
    code = AXE.read_text("utf-8")
    found: list[str] = []
    with served(program) as address:
        context = browser.new_context(viewport={"width": width, "height": 768}, bypass_csp=True)
        context.add_cookies([{"name": COOKIE, "value": language, "url": address}])
        page = context.new_page()
        for path in ("/dang-nhap", *PAGES):
            if path == PAGES[0]:
                context.add_cookies([desk.browser_cookie(program, address, "everyone")])
            page.goto(address + path)
            page.evaluate(code)
            serious = page.evaluate(f"axe.run({TAGS}).then({SERIOUS}).then(all => all.map({SAID}))")
            found += [f"{path}: {one}" for one in serious]
        context.close()
    assert found == []


def test_the_print_view_leaves_out_what_is_for_the_screen(program: Any, browser: Browser, tmp_path: Path) -> None:
    """No menu, no form, no button on paper; the codes, dates and words of the page are there."""
    with served(program) as address:
        context = browser.new_context(viewport={"width": 1024, "height": 768})
        context.add_cookies([desk.browser_cookie(program, address, "everyone")])
        for path, words in (("/hoso/H19.31-260209-0007", "Diễn biến"), ("/mot-cua", "Việc hôm nay")):
            page = context.new_page()
            page.goto(address + path)
            file = tmp_path / "page.pdf"
            page.pdf(path=str(file), format="A4")
            text = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(file).pages)
            # Where a letter with its marks comes from another font, a gap is read around it.
            seen = "".join(text.split())
            assert "".join(words.split()) in seen
            assert "Đăngxuất" not in seen
            assert "Ghilà" not in seen
            page.emulate_media(media="print")
            assert page.locator("nav:visible, button:visible").count() == 0
        context.close()
