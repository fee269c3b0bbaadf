"""Ten seconds: what, where, how late, what to do, and doing it there; from what the Bot API and the mail server took."""

import re
from collections.abc import Iterator

import pytest

from tests.alerts import picture
from tests.bot.test_listening import Site, running


@pytest.fixture
def site(sqlite_url: str) -> Iterator[Site]:
    yield from running(sqlite_url)


def read(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html))


def test_a_leaders_day_on_the_phone(site: Site) -> None:
    morning, answering, next_day = (read(look) for look in picture.day_of_a_leader(site))
    for said in (
        "🔴 2 quá hạn · 🟠 1 đến hạn hôm nay · 🟡 1 sắp đến hạn UBND xã Một, 08:00 ngày 23/11/2026",
        "giải quyết ngay, trả kết quả; ký, gửi thư xin lỗi còn thiếu",
        "H19.1-261105-0021 , quá hạn 05 ngày làm việc (hẹn 16/11/2026) ⚠️ chưa gửi thư xin lỗi",
        "Trả lời từng hồ sơ (4)",
    ):
        assert said in morning
    assert "nhắc lần 2" in answering
    assert "Đang xử lý Chờ cơ quan phối hợp" in answering, "answered where it is read"
    assert "đã có người nhận, hẹn xong 24/11/2026" in next_day
    done = next_day[next_day.index("ĐÃ CÓ KẾT QUẢ") :]
    assert "H19.1-261113-0011" in done
    assert "nếu không kịp" not in done, "nothing is advised about what is done"


def test_a_mail_says_what_to_do_and_leads_there(sqlite_url: str) -> None:
    html = picture.mail(sqlite_url)
    assert "2 quá hạn, 1 đến hạn hôm nay, 1 sắp đến hạn - UBND xã Hai" in html
    assert "Xử lý hồ sơ gấp nhất: H19.1-261105-0021</a>" in html
    assert html.count("/hoso/H19.1-261105-0021") == 2, "its code, and the button"
