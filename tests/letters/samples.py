"""Letters to test with. All people are invented."""

import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pypdf

from monitor.letters.content import Content
from monitor.letters.forms import Forms
from monitor.letters.wording import Facts, Head, compose

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
FORMS = Forms()


def local(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant in November 2026, on the office's clock."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def facts(**changed: Any) -> Facts:
    known: dict[str, Any] = {
        "dossier_code": "H19.126-251103-0042",
        "promise_number": 1,
        "procedure": "Đăng ký biến động quyền sử dụng đất trong trường hợp chuyển nhượng",
        "agency": "Ủy ban nhân dân phường Chơn Thành",
        "applicant": "NGUYỄN THỊ HỒNG HẠNH",
        "applicant_kind": "citizen",
        "received_at": local(3, 9, 15),
        "promised_at": local(24, 16, 30),
        "promised_date_only": False,
        "is_overdue": False,
        "is_late": False,
    }
    return Facts(**(known | changed))


HEAD = Head(
    parent=(), issuer=("ỦY BAN NHÂN DÂN", "PHƯỜNG CHƠN THÀNH"), place="Chơn Thành", symbol="PXL", signer=("CHỦ TỊCH",)
)


def letter(form: str = "pxl_2025", head: Head = HEAD, **changed: Any) -> Content:
    told = facts(**changed)
    return compose(FORMS.choose(form, NOW.date(), extension=told.promise_number == 1), head, told, NOW, 2026)


def printed(data: bytes) -> list[str]:
    """The text of each page."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def squeezed(text: str) -> str:
    """Without any space: where lines break is the layout's business."""
    return "".join(text.split())


def filled(word: str, length: int) -> str:
    """Ordinary words up to `length` characters."""
    return (f"{word} " * (length // len(word) + 1))[:length].strip()
