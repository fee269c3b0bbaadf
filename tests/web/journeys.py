"""Letters brought as far as a journey begins, by the same use cases as everybody's; and what a browser needs."""

from datetime import date, timedelta
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from monitor.letters import life
from monitor.letters.register import Entry
from monitor.letters.steps import By
from tests.web import desk

OFFICER, HEAD = "Lê Văn Giả", "Phạm Thị Bịa"
REASON = "Phải lấy ý kiến cơ quan phối hợp, đến nay chưa có văn bản trả lời"
NEW_DATE = date(2026, 3, 12)


class Clicks:
    """A visitor's hand: every click is counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.number = page, 0

    def __call__(self, what: str) -> None:
        self.number += 1
        self.page.click(what)


def letter_of(code: str) -> int:
    """The id of a dossier's letter in the desk's province."""
    return desk.ID[code]


def bring(program: Any, letter_id: int, to: str) -> None:
    """Takes the steps up to `to`: decided, approved, signed, registered, counter_told."""
    now = program.clock.now() - timedelta(minutes=20)
    with program.sessions.begin() as session:
        office = program.letter_office(session, now)
        steps = {
            "decided": lambda: life.decide(
                session, letter_id, office, By(OFFICER, now), reason=f"{REASON} ({letter_id})", new_date=NEW_DATE
            ),
            "approved": lambda: life.approve(session, letter_id, office, By(HEAD, now)),
            "signed": lambda: life.sign(session, letter_id, office, By(HEAD, now), name=HEAD, capacity="head"),
            "registered": lambda: life.register(
                session, letter_id, office, By("van-thu", now), Entry(letter_id, "PXL", desk.TODAY)
            ),
            "counter_told": lambda: life.tell_counter(session, letter_id, By("mot-cua", now), proof="bản giấy"),
        }
        for name, take in steps.items():
            take()
            if name == to:
                return


def context(
    browser: Browser, program: Any, address: str, name: str, width: int = 1024, *, script: bool = True
) -> BrowserContext:
    """A browser of somebody who is signed in."""
    opened = browser.new_context(
        viewport={"width": width, "height": 768}, locale="vi-VN", java_script_enabled=script, accept_downloads=True
    )
    if name:
        opened.add_cookies([desk.browser_cookie(program, address, name)])
    return opened
