"""Stored words as people read them: the legal term in Vietnamese, and a shape so that colour is never the only sign.

Their English stands in `templates/web/english`; `monitor.web.wording` gives them in the language of a page.
"""

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
    "finish_not_trusted": "Ngày có kết quả đáng ngờ: trùng hẹn đến từng giây, hoặc đúng nửa đêm",
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

MEASURES = {
    "waiting": Word("Chờ tiếp nhận", "calm"),
    "in_time": Word("Đang giải quyết, trong hạn", "calm"),
    "late": Word("Đang giải quyết, quá hạn", "late"),
    "paused": Word("Tạm dừng", "calm"),
    "finished_early": Word("Đã giải quyết trước hạn", "done"),
    "finished_on_time": Word("Đã giải quyết đúng hạn", "done"),
    "finished_late": Word("Đã giải quyết quá hạn", "donelate"),
    "uncertain": Word("Không xác định được", "unsure"),
    "unknown": Word("Chưa rõ", "unsure"),
    "silent": Word("Nguồn im lặng", "silent"),
    "received": Word("Đã tiếp nhận", "calm"),
    "received_online": Word("Tiếp nhận trực tuyến", "calm"),
    "received_otherwise": Word("Tiếp nhận trực tiếp, qua bưu chính", "calm"),
    "letter_open": Word("Thư xin lỗi còn hạn gửi", "letter"),
    "letter_missing": Word("Thiếu thư xin lỗi", "late"),
    "letter_on_time": Word("Thư xin lỗi đã ký đúng hạn", "done"),
    "letter_late": Word("Thư xin lỗi ký muộn", "donelate"),
}

TASKS = {
    "confirm": "Chờ kiểm tra, xác nhận",
    "word": "Đang soạn lời",
    "decide": "Chờ ghi lý do",
    "approve": "Chờ duyệt",
    "sign": "Chờ ký",
    "register": "Chờ vào sổ",
    "tell_counter": "Chờ chuyển Một cửa",
    "change_date": "Chờ đổi ngày hẹn",
    "tell_applicant": "Chờ giao cho người dân",
    "reissue": "Đã hủy, phải làm lại",
}

# What each step in a letter's life is called: as a thing to do, and as a thing done.
STEPS_TO_DO = {
    "xac-nhan": "Xác nhận đã kiểm tra",
    "ly-do": "Ghi lý do và ngày hẹn mới",
    "duyet": "Duyệt thư",
    "ky": "Ghi nhận đã ký",
    "vao-so": "Vào sổ văn thư",
    "bao-mot-cua": "Chuyển Bộ phận Một cửa",
    "doi-ngay": "Ghi nhận đã đổi ngày hẹn",
    "bao-dan": "Ghi nhận đã giao cho người dân",
    "huy": "Hủy thư",
    "lam-lai": "Làm lại thư",
}
STEPS_DONE = {
    "owed": "phát sinh nghĩa vụ gửi",
    "drafted": "đã soạn",
    "redrafted": "soạn lại",
    "retold": "chỉnh lời theo dữ liệu mới",
    "confirmed": "đã kiểm tra, xác nhận",
    "decided": "ghi lý do và ngày hẹn mới",
    "approved": "duyệt",
    "signed": "ký",
    "registered": "vào sổ văn thư",
    "counter_told": "chuyển Bộ phận Một cửa",
    "date_changed": "đổi ngày hẹn trên hệ thống",
    "applicant_told": "giao cho người dân",
    "printed": "in",
    "void": "hủy",
    "reissued": "làm lại",
    "closed": "kết thúc",
}
CHANNELS = {
    "printed": "Giao bản giấy tại quầy",
    "post": "Gửi bưu chính",
    "email": "Thư điện tử",
    "sms": "Tin nhắn SMS",
    "phone": "Điện thoại",
    "social": "Mạng xã hội được duyệt",
}
ANSWERS = {"taken": "đã nhận xử lý", "put_off": "hoãn nhắc", "solved": "báo đã xong, chờ nguồn cập nhật"}
ANSWER_ENDS = {
    "kept": "đã giữ lời hẹn",
    "broken": "không giữ được lời hẹn",
    "over": "hết hạn hoãn",
    "replaced": "thay bằng trả lời mới",
    "moot": "không còn cần",
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
    "evidence": "Dọn bằng chứng hết hạn lưu",
    "reach": "Tìm người không ai báo được",
    "judge": "Rà soát hạn",
    "letters": "Soạn thư",
    "send": "Gửi cảnh báo",
    "judging": "Lần rà soát gần nhất",
}
# Why a run of a job did not begin when it was due.
MISSED = {
    "still_running": "lượt trước chưa xong",
    "machine_was_busy": "máy bận",
    "too_late": "bắt đầu quá muộn",
    "was_down": "tiến trình nền đã dừng",
}
WAYS = {"telegram": "Telegram", "email": "thư điện tử"}
CAPACITIES = {"head": "Người đứng đầu"}
WEEKDAYS = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")
# Why a message names a dossier, a source or a post; the worst first, as `monitor.alerts.lines.SECTIONS`.
TOLD = {
    "late": "quá hạn",
    "due_today": "đến hạn hôm nay",
    "due_soon": "sắp đến hạn",
    "intake": "quá giờ tiếp nhận",
    "mismatch": "lệch số liệu",
    "source": "nguồn mất kết nối",
    "calendar": "lịch nghỉ sắp hết",
    "reach": "vai trò thiếu người nhận tin",
    "done": "đã có kết quả",
}
TILES = {
    "late": "Quá hạn",
    "due_today": "Đến hạn hôm nay",
    "letter_due": "Hạn gửi thư hôm nay",
    "due_soon": "Sắp đến hạn",
    "unsure": "Chưa kết luận",
    "source_silent": "Nguồn im lặng",
    "finished_late": "Đã trả quá hạn",
}
