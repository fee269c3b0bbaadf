"""A day at one commune of the demo's province: each role's main task in a real browser, from the door on, no script.

The whole province (20,000 dossiers) takes minutes to read, judge and word, so this is part of `make proof`; `make test`
does the same tasks on a small province (tests/web/test_roles.py). DUNGHEN_PICTURES=folder keeps a picture of each page
at three widths: those in docs/pictures were made so. DUNGHEN_DEMO=folder takes a demo that was run before.
"""

import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page
from rich.console import Console
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.clock import FixedClock
from monitor.letters.life import see_dates
from monitor.sandbox.demo import AT, run_demo
from monitor.sandbox.door import PASSWORD
from monitor.settings_file import load
from monitor.store.tables import Acknowledgement, Audit, Dossier, Letter, LetterStep
from monitor.wiring import Program
from tests.counts import PROOF
from tests.web.conftest import served
from tests.web.journeys import Clicks

pytestmark = [
    pytest.mark.browser,
    pytest.mark.proof,
    pytest.mark.skipif(not PROOF, reason="the whole demo province: make proof"),
]
SIZE = 20_000
WIDTHS = ((390, 844), (1024, 768), (1440, 900))
FEW = 3  # letters that go the whole way


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """The store that `dunghen demo` leaves behind, forty minutes later."""
    given = os.environ.get("DUNGHEN_DEMO", "")
    folder = Path(given) if given else tmp_path_factory.mktemp("demo") / "demo"
    if not given:
        screen = io.StringIO()
        assert run_demo(folder, size=SIZE, console=Console(file=screen, width=160)) == 0, screen.getvalue()[-3000:]
    with Program(load(folder / "dunghen.toml"), FixedClock(AT + timedelta(minutes=40))) as program:
        yield program


class Day:
    """Visits to a running server, each with its own browser, pictures kept if somebody wants them."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser, self._address = browser, address
        self._pictures = os.environ.get("DUNGHEN_PICTURES", "")

    def at(self, path: str) -> str:
        """A page's whole address."""
        return self._address + path

    @contextmanager
    def visit(self, name: str, width: int = 1024) -> Iterator[tuple[Page, Clicks]]:
        """Somebody at the door with name and password; the click on "sign in" is the first that counts."""
        visitor: BrowserContext = self._browser.new_context(
            viewport={"width": width, "height": 768}, locale="vi-VN", java_script_enabled=False
        )
        page = visitor.new_page()
        page.goto(self._address)
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", PASSWORD)
        hand = Clicks(page)
        hand("main button[type=submit]")
        yield page, hand
        visitor.close()

    def at_the_door(self, name: str) -> None:
        """The page of who has not signed in."""
        stranger = self._browser.new_context(locale="vi-VN", java_script_enabled=False)
        page = stranger.new_page()
        page.goto(self._address)
        self.picture(page, name)
        stranger.close()

    def picture(self, page: Page, name: str) -> None:
        """Nothing is wider than the screen at any width; side by side as one small picture, if pictures are wanted."""
        shots = []
        before = page.viewport_size
        for width, height in WIDTHS:
            page.set_viewport_size({"width": width, "height": height})
            assert page.locator("html").evaluate("one => one.scrollWidth") <= width, (name, width)
            if self._pictures:
                shots.append(Image.open(io.BytesIO(page.screenshot())).convert("RGB"))
        if before is not None:
            page.set_viewport_size(before)
        if shots:
            gap = 24
            wide = sum(shot.width for shot in shots) + gap * (len(shots) - 1)
            sheet = Image.new("RGB", (wide, max(shot.height for shot in shots)), "#c4ccd4")
            at = 0
            for shot in shots:
                sheet.paste(shot, (at, 0))
                at += shot.width + gap
            small = sheet.resize((wide // 2, sheet.height // 2), Image.Resampling.LANCZOS)
            folder = Path(self._pictures)
            folder.mkdir(parents=True, exist_ok=True)
            small.quantize(255, Image.Quantize.MAXCOVERAGE).save(folder / f"{name}.png", optimize=True)


@pytest.fixture(scope="module")
def day(province: Program, browser: Browser) -> Iterator[Day]:
    with served(province) as address:
        yield Day(browser, address)


def _states(program: Program, codes: list[str]) -> set[str]:
    with Session(program.engine) as session:
        query = select(Letter.state).join(Dossier, Dossier.id == Letter.dossier_id).where(Dossier.code.in_(codes))
        return set(session.scalars(query))


def test_a_day_at_a_commune_of_the_demo_province(province: Program, day: Day) -> None:
    """Reason, approval, print, signature, number, counter; each by who may, each seen in the store. The date is not
    recorded as changed while the one-stop system, read meanwhile, shows the old one."""
    day.at_the_door("dang-nhap")
    with day.visit("thuly") as (page, _):
        page.goto(day.at("/tim"))
        page.fill("input[name=q]", "dang ky")
        page.click("main button[type=submit]")
        day.picture(page, "tim")
        page.goto(day.at("/giai-quyet"))
        assert page.locator("h1").inner_text() == "Thư xin lỗi cần ghi lý do"
        codes = page.locator("main .rows li:has(.button) .code").all_inner_texts()[:FEW]
        assert codes, "the commune with most to do has letters"
        day.picture(page, "thu-ly")
        for code in codes:
            page.goto(day.at("/giai-quyet"))
            page.click(f"li:has-text('{code}') .button")
            if code == codes[0]:
                day.picture(page, "ly-do")
            page.locator("input[name=preset]").first.check()
            if (
                page.locator("input[name=new_date]").count()
                and not page.locator("input[name=new_date]:checked").count()
            ):
                page.locator("input[name=new_date]").nth(4).check(force=True)
            page.click("button.big")
            assert "Chờ duyệt" in page.inner_text(".standing"), code
    assert _states(province, codes) == {"decided"}

    with day.visit("lanhdao", 390) as (page, hand):
        assert page.locator("h1").inner_text() == "Quá hạn và sắp quá hạn"
        assert page.locator("#da-bao .events li").count() > 0, "what I was told, and when"
        day.picture(page, "lanh-dao")
        before = hand.number
        for code in codes:
            hand(f"#duyet li:has-text('{code}') button")
        assert hand.number - before == len(codes), "one tap each"
        page.locator("#ho-so form button").first.click()
        assert "đã nhận xử lý, hẹn xong" in page.inner_text("#ho-so")
    assert _states(province, codes) == {"approved"}

    with day.visit("motcua") as (page, hand):
        began = time.monotonic()
        day.picture(page, "mot-cua")
        with page.context.expect_page() as opened:
            hand(f"text=In tất cả {len(codes)} thư")
        opened.value.wait_for_load_state()
        assert hand.number == 2, "sign in, print all"
        print(f"first letters in hand {time.monotonic() - began:.1f} s after sign-in, {len(codes)} of them")
    with Session(province.engine) as session:
        assert session.scalar(select(func.count()).where(LetterStep.step == "printed")) == len(codes)

    with day.visit("lanhdao") as (page, _):
        for code in codes:
            page.goto(day.at(f"/thu/{_letter_id(province, code)}"))
            page.fill("input[name=name]", "Người ký của bản trình diễn")
            page.click("button.big")
    with day.visit("vanthu") as (page, _):
        day.picture(page, "van-thu")
        for number, code in enumerate(codes, 1):
            row = page.locator(f"#vao-so li:has-text('{code}')")
            row.locator("input[name=number]").fill(str(number))
            row.locator("button").click()
    assert _states(province, codes) == {"registered"}

    with day.visit("motcua") as (page, _):
        _take_all(page, "bao-mot-cua")
        assert f"Đã ghi {len(codes)} thư." in page.inner_text("main")
        assert _states(province, codes) == {"counter_told"}
        day.picture(page, "doi-ngay")
        _take_all(page, "doi-ngay")  # nobody changed it in the one-stop system, whose word is the newer one
        assert f"{len(codes)} thư chưa ghi được" in page.inner_text("main")
        assert "mot-cua" in page.inner_text(".notice"), "says which system still shows the old date"
        assert _states(province, codes) == {"counter_told"}

    _enter_new_dates(province, codes)
    with day.visit("motcua") as (page, _):
        day.picture(page, "giao-thu")
        _take_all(page, "bao-dan")
        assert f"Đã ghi {len(codes)} thư." in page.inner_text("main")
    assert _states(province, codes) == {"closed"}, "handed over: the letter's way ends here"
    with Session(province.engine) as session:
        assert session.scalar(select(func.count()).select_from(Acknowledgement)) == 1


def test_the_office_of_the_demo_province_goes_from_a_figure_to_the_evidence(province: Program, day: Day) -> None:
    with day.visit("vanphong", 1440) as (page, _):
        assert page.locator("h1").inner_text() == "Tình hình giải quyết thủ tục hành chính"
        day.picture(page, "so-lieu")
        late = page.locator(".tiles .late strong").first.inner_text()
        with Session(province.engine) as session:
            stored = session.scalar(select(func.count()).where(Dossier.stage == "late"))
        assert int(late.replace(".", "")) == stored, "the tile is the store's own number"
        page.locator(".tiles .late a").first.click()
        assert page.locator("h1").inner_text() == "Đang giải quyết, quá hạn"
        page.locator(".dossiers .code").first.click()
        assert "Từng nguồn đã báo gì, nghe lần đầu khi nào" in page.inner_text("main")
        day.picture(page, "ho-so")


def test_the_administrator_of_the_demo_province_sees_the_machine_and_no_citizen(province: Program, day: Day) -> None:
    with day.visit("quantri") as (page, _):
        assert page.locator("h1").inner_text() == "Sức khỏe hệ thống"
        day.picture(page, "quan-tri")
        page.click("text=Bản ghi để riêng")
        assert page.locator("tbody tr").count() > 0, "what could not be read"
        day.picture(page, "de-rieng")
        page.click("text=Hộp thư đi")
        day.picture(page, "hop-thu")
        page.click("text=Con người và tài khoản")
        page.click("text=Cài đặt")
        assert "••••••" in page.inner_text("main")
        day.picture(page, "cai-dat")
    with Session(province.engine) as session:
        looked = session.scalar(
            select(func.count()).where(Audit.action.startswith("viewed_"), Audit.actor == "quantri")
        )
    assert looked == 0


def _enter_new_dates(program: Program, codes: list[str]) -> None:
    """The counter enters the new dates in the one-stop system; the next reading brings them, and the program sees them
    (how a reading does: tests/e2e/test_a_letters_life.py)."""
    now = program.clock.now()
    with Session(program.engine) as session, session.begin():
        office = program.letter_office(session, now)
        letters = session.execute(
            select(Letter.new_date_on, Dossier)
            .join(Dossier, Dossier.id == Letter.dossier_id)
            .where(Dossier.code.in_(codes))
        ).all()
        for new_date, dossier in letters:
            dossier.extended_at = program.calendar.last_open(new_date)
        session.flush()
        assert see_dates(session, office, now) == len(codes)


def _take_all(page: Page, step: str) -> None:
    page.locator(f"#{step} a:has-text('Chọn tất cả')").click()
    page.click(f"#{step} button[type=submit]")


def _letter_id(program: Program, code: str) -> int:
    with Session(program.engine) as session:
        query = select(Letter.id).join(Dossier, Dossier.id == Letter.dossier_id).where(Dossier.code == code)
        return session.scalars(query).one()
