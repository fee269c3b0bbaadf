"""What a leader sees: a day on the phone, from what a Bot API really took, and a mail from what a mail server really took.

`python -m tests.alerts.picture FOLDER` writes chat.html and mail.html; a browser makes pictures of them.
"""

import re
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.email import EmailChannel
from monitor.alerts.sending import send_pending
from monitor.clock import FixedClock
from monitor.sandbox.bot import BotApi
from monitor.settings import Email
from monitor.store import database
from monitor.store.migrate import upgrade
from monitor.store.tables import Letter
from tests.alerts.world import NOW, ZONE, add_dossiers, owe, plan
from tests.bot.test_listening import Site, running
from tests.peers.smtp import mail_server

_PAGE = """<!DOCTYPE html><html lang="vi"><meta charset="utf-8"><style>
body{{margin:0;font:15px/1.35 Roboto,"Noto Sans","DejaVu Sans","Noto Color Emoji",sans-serif;display:flex;gap:14px;background:#fff}}
.p{{background:#cfe0c8;width:390px;padding-bottom:10px}}
header{{background:#517da2;color:#fff;padding:10px 14px;font-weight:600}}
.m{{background:#fff;border-radius:12px;margin:10px 36px 2px 8px;padding:8px 10px;white-space:pre-wrap;overflow-wrap:anywhere}}
.m a{{color:#2a6fb0;text-decoration:none}} .t{{color:#8a9;font-size:12px;text-align:right}}
.q{{border-left:3px solid #517da2;padding:0 0 0 8px;margin-bottom:4px;color:#517da2;font-size:13px}}
.k{{display:flex;gap:4px;margin:3px 36px 0 8px}} .k span{{flex:1;background:#7d9a6e;color:#fff;border-radius:8px;padding:8px 4px;
text-align:center;font-weight:600}}
</style>{}</html>"""
DOSSIERS = (
    {"code": "H19.1-261105-0021", "stage": "late", "late_by": 7},
    {"code": "H19.1-261110-0007", "stage": "late", "late_by": 3},
    {"code": "H19.1-261112-0003", "stage": "due_today", "late_by": 0},
    {"code": "H19.1-261113-0011", "stage": "due_soon", "late_by": -2, "letter_by_on": (NOW + timedelta(days=1)).date()},
)
RUNGS_OF = ("late", "late", "soon", "soon")


@dataclass
class Phone:
    """The chat of one leader, as it reads at some moment."""

    site: Site
    told_at: dict[int, str] = field(default_factory=dict)

    @property
    def api(self) -> BotApi:
        return self.site.api

    def send(self) -> None:
        self.site.send()
        for one in self.api.delivered:
            self.told_at.setdefault(one.message_id, f"{self.site.office.clock.now().astimezone(ZONE):%H:%M}")

    def press(self, message_id: int, label: str) -> None:
        """Presses the button on which `label` stands, and waits for what it changes."""
        _, labels, data = self.shown(message_id)
        flat = [one for row in labels for one in row]
        edits = len(self.api.edited)
        self.api.press("101", message_id, next(d for shown, d in zip(flat, data, strict=True) if label in shown))
        assert self.api.wait_until(lambda: len(self.api.edited) > edits)

    def shown(self, message_id: int) -> tuple[str, tuple[tuple[str, ...], ...], tuple[str, ...]]:
        """(the message as it reads now, the labels of its buttons, their data)."""
        first = next(one for one in self.api.delivered if one.message_id == message_id)
        edits = [one for one in self.api.edited if one.message_id == message_id]
        text = next((one.text for one in reversed(edits) if one.text is not None), first.text)
        last = edits[-1] if edits else first
        return text, last.labels, last.buttons

    def drawn(self, title: str) -> str:
        parts = [f"<header>{title}</header>"]
        for one in self.api.delivered:
            text, labels, _ = self.shown(one.message_id)
            first = self.shown(one.reply_to)[0].splitlines()[0] if one.reply_to else ""
            quoted = f'<div class="q">{re.sub("<[^>]*>", "", first)[:60]} …</div>' if first else ""
            parts.append(f'<div class="m">{quoted}{text}<div class="t">{self.told_at[one.message_id]}</div></div>')
            parts += [f'<div class="k">{"".join(f"<span>{label}</span>" for label in row)}</div>' for row in labels]
        return f'<div class="p">{"".join(parts)}</div>'


def day_of_a_leader(site: Site) -> list[str]:
    """Three looks at the phone of a commune's head: the morning, while answering, and the day after."""
    phone, looks = Phone(site), []
    first, *_, soon = _owed(site, phone)
    looks.append(phone.drawn("08:00 · tin đầu ngày"))

    def answer() -> None:
        site.office.clock.sleep(6 * 3600)
        site.owe("very-late", first)
        phone.send()
        message = site.api.delivered[-1].message_id
        phone.press(message, "Nhận xử lý")
        looks.append(phone.drawn("14:00 · nhắc lại, đang trả lời"))
        phone.press(message, "Đang xử lý")
        phone.press(message, "24/11")

    site.listening(answer)
    site.office.clock.sleep(19 * 3600)
    site.become(soon, stage="finished_on_time", finished_at=site.office.clock.now())
    site.keep_up()
    looks.append(phone.drawn("09:00 hôm sau · tin cũ tự cập nhật"))
    return looks


def _owed(site: Site, phone: Phone) -> list[int]:
    ids = add_dossiers(site.office.sessions, *(dict(row) for row in DOSSIERS))
    _letters(site.office.sessions, ids)
    for dossier_id, rung in zip(ids, RUNGS_OF, strict=True):
        site.owe(rung, dossier_id)
    phone.send()
    return ids


def _letters(sessions: sessionmaker[Session], ids: list[int]) -> None:
    """The first one's was never sent, the last one's is still owed."""
    states = zip(ids, ("missed", "counter_told", "counter_told", "owed"), strict=True)
    with sessions.begin() as session:
        session.add_all(Letter(dossier_id=i, promise_number=1, state=state, owed_at=NOW) for i, state in states)


def chat(url: str) -> str:
    """The three looks side by side."""
    parts: list[str] = []
    for site in running(url):
        parts = day_of_a_leader(site)
    return _PAGE.format("".join(parts))


def mail(url: str) -> str:
    """The mail's HTML part as the server took it, with its subject above it, as a reader shows them."""
    engine = database.open_engine(url)
    sessions = database.session_factory(engine)
    ids = add_dossiers(sessions, *({**row, "agency_code": "H19.2"} for row in DOSSIERS))
    _letters(sessions, ids)
    for dossier_id, rung in zip(ids, RUNGS_OF, strict=True):
        owe(sessions, dossier_id, rung, "agency_head", agency_code="H19.2")
    plan(sessions)
    with mail_server() as server:
        settings = Email(enabled=True, host="127.0.0.1", port=server.port, security="none", sender="Đúng Hẹn <a@b.vn>")
        channel = EmailChannel(settings)
        send_pending(sessions, {"email": channel}, clock=FixedClock(NOW))
        channel.close()
        ((address, taken),) = server.taken
    engine.dispose()
    part = taken.get_body(("html",))
    assert part is not None
    head = f"<p style='padding:8px 16px;margin:0;background:#eee'><b>{taken['Subject']}</b><br>Đúng Hẹn · đến: {address}</p>"
    return re.sub(r"(<body[^>]*>)", lambda found: found[1] + head, str(part.get_content()), count=1)


def write(folder: Path) -> None:
    """chat.html and mail.html in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    makers: dict[str, Callable[[str], str]] = {"chat": chat, "mail": mail}
    for name, make in makers.items():
        with tempfile.TemporaryDirectory() as scratch:
            url = f"sqlite:///{scratch}/store.db"
            engine = database.open_engine(url)
            upgrade(engine)
            engine.dispose()
            (folder / f"{name}.html").write_text(make(url), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
