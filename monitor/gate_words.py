"""What each gate means and what a person does about it, in both languages."""

from dataclasses import dataclass

from connectors.base import Gate
from monitor.words import Words


@dataclass(frozen=True, slots=True)
class GateWords:
    """`meaning`: what was seen. `todo`: the next step of the person who keeps the source."""

    meaning: Words
    todo: Words


GATES: dict[Gate, GateWords] = {
    Gate.COUNT_DROP: GateWords(
        Words("ít hồ sơ hơn hẳn lần trước", "far fewer dossiers than last time"),
        Words(
            "xem lại quyền của tài khoản tại nguồn; nếu đúng là chỉ còn chừng ấy: dunghen sources accept {name}",
            "look at the account's rights at the source; if there really are so few: dunghen sources accept {name}",
        ),
    ),
    Gate.DATES_EQUAL: GateWords(
        Words("mọi hồ sơ có cùng một ngày", "one date for all dossiers"),
        Words(
            "hỏi đơn vị giữ nguồn vì sao ngày bị ghi đè hàng loạt; số liệu chỉ được nhận khi đã sửa",
            "ask the source's keeper why the dates were overwritten; nothing is taken in before that is mended",
        ),
    ),
    Gate.DATES_SWAPPED: GateWords(
        Words("ngày và tháng có vẻ bị đảo", "day and month seem to be swapped"),
        Words(
            "so một hồ sơ có ngày lớn hơn 12 với màn hình của nguồn rồi sửa date_formats, field_dates",
            "compare a dossier with a day over 12 with the source's own screen, then mend date_formats, field_dates",
        ),
    ),
    Gate.SCHEMA_CHANGED: GateWords(
        Words("các dòng mất trường vẫn luôn có", "rows lost a field they always had"),
        Words(
            "nguồn vừa nâng cấp? Sửa cấu hình theo trường mới; nếu trường ấy không cần: dunghen sources accept {name}",
            "was the source upgraded? Name the new field; if the old one is not needed: dunghen sources accept {name}",
        ),
    ),
    Gate.SIGN_IN_PAGE: GateWords(
        Words("nguồn trả trang cho người xem thay cho dữ liệu", "a page for people came instead of data"),
        Words(
            "phiên đăng nhập, tường lửa hoặc cổng SSO chặn lời gọi: mở địa chỉ từ máy này, báo đơn vị giữ nguồn",
            "a sign-in, a firewall or an SSO stands before the API: open its address here, tell its keeper",
        ),
    ),
    Gate.NOT_DATA: GateWords(
        Words("câu trả lời không phải dữ liệu như đã biết", "the answer is not the data that was agreed on"),
        Words(
            "xem bằng chứng đã lưu, so với trang docs/connectors của loại nguồn, báo đơn vị giữ nguồn",
            "look at the kept evidence and at the kind's page in docs/connectors, tell the source's keeper",
        ),
    ),
    Gate.GUEST_VIEW: GateWords(
        Words("nguồn chỉ cho thấy góc nhìn của khách", "only what a guest may see was shown"),
        Words(
            "tài khoản hoặc mật khẩu không còn hiệu lực: đổi bí mật rồi chạy dunghen pull {name}",
            "the account or password is no longer good: change the secret, then run dunghen pull {name}",
        ),
    ),
    Gate.FILTER_IGNORED: GateWords(
        Words("nguồn bỏ qua điều kiện lọc", "the source ignored what was asked for"),
        Words(
            "so định dạng ngày và tên tham số với nguồn; không điều gì của lần đọc này được tin",
            "compare date format and parameter names with the source; nothing of this reading is believed",
        ),
    ),
    Gate.PAGES_REPEAT: GateWords(
        Words("nguồn trả mãi một trang, hoặc không có trang cuối", "the same page came for ever, or no page was last"),
        Words(
            "xem kiểu phân trang (paging, page_size) và báo đơn vị giữ nguồn",
            "look at the way of paging (paging, page_size) and tell the source's keeper",
        ),
    ),
    Gate.TOTAL_LIES: GateWords(
        Words("nguồn nói có nhiều hồ sơ hơn số nó trả", "the source claims more dossiers than it shows"),
        Words(
            "chỉ mục của nguồn lệch dữ liệu: đề nghị đơn vị giữ nguồn đánh chỉ mục lại; lần đọc sau sẽ thử tiếp",
            "the source's index lags its data: ask its keeper to index anew; the next reading tries again",
        ),
    ),
}

__all__ = ["GATES", "GateWords"]
