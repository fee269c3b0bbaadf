"""Stored words as people read them: the legal term in Vietnamese, and a shape so that colour is never the only sign."""

from typing import NamedTuple


class Word(NamedTuple):
    """`text` is shown; `tone` names colour and shape in the stylesheet."""

    text: str
    tone: str


STAGES = {
    "late": Word("Quá hạn", "late"),
    "due_today": Word("Đến hạn hôm nay", "today"),
    "letter_due": Word("Đến hạn gửi thư xin lỗi", "letter"),
    "due_soon": Word("Sắp đến hạn", "soon"),
    "in_time": Word("Trong hạn", "calm"),
    "being_judged_again": Word("Đang xét lại", "unsure"),
    "source_silent": Word("Nguồn im lặng", "silent"),
    "uncertain": Word("Không xác định được", "unsure"),
    "unknown": Word("Dữ liệu chưa rõ", "unsure"),
    "no_promise": Word("Không có ngày hẹn trả", "unsure"),
    "paused": Word("Tạm dừng", "calm"),
    "not_started": Word("Chưa tiếp nhận", "calm"),
    "finished_early": Word("Trả trước hạn", "done"),
    "finished_on_time": Word("Trả đúng hạn", "done"),
    "finished_late": Word("Trả quá hạn", "donelate"),
}

# the two answers about lateness; None: the polls left it open, or there is nothing to hold it against
LATE = {True: "quá hạn", False: "không quá hạn", None: "chưa xác định được"}

RESULTS = {
    "ok": "đọc được",
    "unavailable": "không kết nối được",
    "refused": "bị từ chối truy cập",
    "unexpected": "trả lời khác thường",
    "quarantined": "không tin được, đã cách ly",
    "running": "đang đọc",
    "": "chưa đọc lần nào",
}

ROLES = {"one_stop": "Một cửa điện tử", "portal": "Cổng dịch vụ công"}

SUSPENDED = {
    "state_mismatch": "hai hệ thống nói khác nhau",
    "missing_at_source": "hồ sơ vắng mặt ở nguồn",
    "unreadable_at_source": "không đọc được bản ghi mới nhất ở nguồn",
    "source_silent": "nguồn im lặng",
    "stale_source": "nguồn im lặng",
}

LETTERS = {
    "owed": "chưa soạn",
    "drafted": "đã soạn, chờ ghi lý do",
    "decided": "đã ghi lý do, chờ duyệt",
    "approved": "đã duyệt, chờ ký",
    "signed": "đã ký, chờ vào sổ",
    "registered": "đã vào sổ, chờ báo Một cửa",
    "counter_told": "đã báo Một cửa, chờ đổi ngày",
    "date_changed": "đã đổi ngày, chờ báo người dân",
    "applicant_told": "đã báo người dân",
    "void": "đã hủy",
    "missed": "trả quá hạn mà không có thư",
    "closed": "đã xong",
    "not_needed": "không cần nữa",
}

FINDINGS = {
    "state_mismatch": "Hai hệ thống nói khác nhau",
    "unknown_status": "Trạng thái chưa biết",
    "no_promised_date": "Đã tiếp nhận mà không có ngày hẹn trả",
    "absurd_dates": "Ngày tháng vô lý",
    "unknown_agency": "Mã cơ quan chưa có trong danh bạ",
    "late_without_letter": "Quá hạn mà chưa có thư xin lỗi",
    "missing_at_source": "Vắng mặt ở nguồn qua nhiều lần đọc đủ",
    "unreadable_at_source": "Không đọc được bản ghi mới nhất ở nguồn",
    "source_silent": "Nguồn im lặng",
    "reach_gap": "Có vai trò không báo được cho ai trong 7 ngày tới",
    "calendar_ends": "Ngày hẹn vượt quá lịch đã nạp",
    "calendar_runs_out": "Lịch nghỉ chính thức sắp hết",
    "intake_late": "Quá 8 giờ làm việc chưa trả lời tiếp nhận",
    "supplement_late": "Yêu cầu bổ sung sau 3 ngày làm việc",
    "supplement_repeated": "Yêu cầu bổ sung nhiều lần",
    "supplement_unanswered": "Quá 15 ngày chưa bổ sung",
    "date_mismatch_with_count": "Ngày hẹn khác hạn tự tính",
    "letter_late": "Chưa có thư xin lỗi khi đã hết ngày cuối",
    "late_after_extension": "Quá cả ngày hẹn mới",
    "second_extension": "Ngày hẹn bị đổi lần thứ hai",
    "date_changed_without_letter": "Đổi ngày hẹn mà không có thư xin lỗi",
    "extension_not_entered": "Ngày hẹn mới chưa được nhập vào hệ thống",
}

STATUSES = {
    "submitted": "mới nộp",
    "refused": "không tiếp nhận",
    "processing": "đang xử lý",
    "supplement": "chờ bổ sung",
    "payment": "chờ nghĩa vụ tài chính",
    "suspended": "tạm dừng",
    "ready": "đã có kết quả",
    "returned": "đã trả kết quả",
    "withdrawn": "đã rút",
    "unresolved": "không giải quyết được",
    "unknown": "trạng thái lạ",
}

NOTICES = {
    "owed": "chờ báo",
    "folded": "gộp vào bậc cao hơn",
    "planned": "đã lên tin",
    "told": "đã báo",
    "cancelled": "đã hủy",
    "unreachable": "không có địa chỉ nhận",
}

MESSAGES = {
    "pending": "chờ gửi",
    "sending": "đang gửi",
    "sent": "đã gửi",
    "unknown": "không rõ đã tới chưa",
    "failed": "gửi không được",
    "cancelled": "đã hủy",
}

POSTS = {
    "officer": "cán bộ thụ lý",
    "section_head": "trưởng bộ phận",
    "agency_head": "thủ trưởng cơ quan",
    "one_stop_head": "phụ trách Bộ phận Một cửa",
    "chairman": "Chủ tịch Ủy ban nhân dân",
    "director": "Giám đốc sở",
    "provincial_centre": "Trung tâm Phục vụ hành chính công",
    "provincial_office": "Văn phòng Ủy ban nhân dân tỉnh",
    "admin": "quản trị hệ thống",
}

ACCOUNT_ROLES = {
    "clerk": "cán bộ Một cửa",
    "officer": "người thụ lý",
    "registrar": "văn thư",
    "leader": "lãnh đạo",
    "office": "Văn phòng Ủy ban nhân dân",
    "sysadmin": "quản trị hệ thống",
}

JOBS = {
    "backup": "Sao lưu",
    "reach": "Tìm người không ai báo được",
    "judge": "Rà soát hạn",
    "letters": "Soạn thư",
    "send": "Gửi cảnh báo",
    "judging": "Lần rà soát gần nhất",
}


def stage(name: str) -> Word:
    """A stage nobody told us about is unsure, never calm."""
    return STAGES.get(name) or Word(name or "Chưa rà soát", "unsure")


def job(name: str) -> str:
    """`pull:motcua` is the reading of the source "motcua"."""
    kind, _, subject = name.partition(":")
    return f"Đọc nguồn {subject}" if kind == "pull" else JOBS.get(name, name)
