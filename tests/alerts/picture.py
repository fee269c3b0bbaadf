"""What a leader sees: Telegram messages as a phone shows them, and a mail in a browser, written as pages to look at.

`python -m tests.alerts.picture FOLDER` writes chat.html and mail.html; a browser makes pictures of them.
"""

import re
import sys
from pathlib import Path

from monitor.alerts.buttons import Keyboard, Signer, first_keyboard
from monitor.alerts.email import build
from monitor.alerts.outgoing import Outgoing
from monitor.alerts.telegram import compose
from tests.alerts.world import BASE_URL, NOW, line, view

_PAGE = """<!DOCTYPE html><html lang="vi"><meta charset="utf-8"><style>
body{{margin:0;background:#cfe0c8;font:15px/1.35 Roboto,"Noto Sans","Noto Color Emoji",sans-serif;width:390px}}
header{{background:#517da2;color:#fff;padding:10px 14px;font-weight:600}}
.m{{background:#fff;border-radius:12px;margin:10px 44px 2px 8px;padding:8px 10px;white-space:pre-wrap;overflow-wrap:anywhere}}
.m a{{color:#2a6fb0;text-decoration:none}} .t{{color:#8a9;font-size:12px;text-align:right}}
.q{{border-left:3px solid #517da2;padding:0 0 0 8px;margin-bottom:4px;color:#517da2;font-size:13px}}
.k{{display:flex;gap:4px;margin:3px 44px 0 8px}} .k span{{flex:1;background:#7d9a6eaa;color:#fff;border-radius:8px;padding:8px 4px;
text-align:center;font-weight:600}}
</style><header>Đúng Hẹn · bot</header>{}</html>"""


def bubble(text: str, keyboard: Keyboard, at: str, reply: str = "") -> str:
    """One message as it stands in a chat."""
    quoted = f'<div class="q">{reply}</div>' if reply else ""
    rows = "".join(
        '<div class="k">' + "".join(f"<span>{label}</span>" for label, _ in row) + "</div>" for row in keyboard
    )
    return f'<div class="m">{quoted}{text}<div class="t">{at}</div></div>{rows}'


def link(code: str) -> str:
    return f"{BASE_URL}/hoso/{code}"


FIRST = [
    line(
        code="H19.32-261105-0021",
        how="quá hạn 05 ngày làm việc",
        promised="16/11/2026",
        link=link("H19.32-261105-0021"),
        dossier_id=1,
    ),
    line(
        code="H19.32-261110-0007",
        how="quá hạn 01 ngày làm việc",
        promised="20/11/2026",
        letter="",
        link=link("H19.32-261110-0007"),
        dossier_id=2,
    ),
    line(
        section="due_today",
        code="H19.32-261112-0003",
        how="đến hạn 16:00 hôm nay",
        promised="23/11/2026",
        letter="",
        link=link("H19.32-261112-0003"),
        dossier_id=3,
    ),
    line(
        section="due_soon",
        code="H19.32-261113-0011",
        how="còn 02 ngày làm việc",
        promised="25/11/2026",
        letter="nếu không kịp: gửi thư xin lỗi chậm nhất 24/11/2026",
        link=link("H19.32-261113-0011"),
        dossier_id=4,
    ),
]


def chat() -> str:
    """A morning of a commune's chairman: the list, one matter alone, the same again, the first one kept up."""
    signer = Signer("1:x")
    alone = [FIRST[0]]
    done = [{**FIRST[0], "section": "done", "how": "đã có kết quả ngày 24/11/2026", "letter": "", "note": ""}]
    taken = [{**FIRST[1], "note": "đã có người nhận, hẹn xong 25/11/2026", "answered": "taken"}]
    parts = []
    for lines, times, at, extra, reply in (
        (FIRST, 1, "08:00", {}, ""),
        (alone, 2, "14:00", {}, "🔴 2 quá hạn · 🟠 1 đến hạn hôm nay …"),
        (taken + done, 1, "08:00", {"updated": "09:30 ngày 24/11/2026"}, ""),
    ):
        message = Outgoing("k", "101", {**view(lines), **extra}, NOW, times=times, id=1)
        texts, _ = compose(message, "codes")
        parts.append(bubble(texts[0], first_keyboard(signer, 1, lines, "101"), at, reply))
    return _PAGE.format("".join(parts))


def mail() -> str:
    """The mail's HTML part with its headers above it, as a reader shows them."""
    built = build(Outgoing("k", "a@xa.example.vn", view(FIRST), NOW), "Đúng Hẹn <canhbao@tp.example.vn>")
    part = built.get_body(("html",))
    assert part is not None
    return re.sub(r"(<body[^>]*>)", rf"\1<p style='padding:8px 16px;margin:0;background:#eee'><b>{built['Subject']}</b><br>"
                  f"Đúng Hẹn · đến: a@xa.example.vn</p>", str(part.get_content()), count=1)  # fmt: skip


def write(folder: Path) -> None:
    """chat.html and mail.html in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chat.html").write_text(chat(), "utf-8")
    (folder / "mail.html").write_text(mail(), "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
