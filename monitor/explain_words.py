"""What an explanation calls things, in Vietnamese. Tests hold it to the enums."""

from monitor.domain.dossier import Status
from monitor.domain.findings import FindingKind
from monitor.domain.proposal import SHARE, Basis, Proposal
from monitor.domain.saying import say_day
from monitor.domain.stage import Reason, Stage

STATUS_VI = {
    Status.SUBMITTED: "mới nộp, chờ tiếp nhận",
    Status.REFUSED: "không được tiếp nhận",
    Status.PROCESSING: "đang xử lý",
    Status.SUPPLEMENT: "chờ bổ sung hồ sơ",
    Status.PAYMENT: "chờ thực hiện nghĩa vụ tài chính",
    Status.SUSPENDED: "tạm dừng xử lý",
    Status.READY: "đã có kết quả",
    Status.RETURNED: "đã trả kết quả",
    Status.WITHDRAWN: "công dân rút hồ sơ",
    Status.UNRESOLVED: "không giải quyết, trả lại hồ sơ",
    Status.UNKNOWN: "trạng thái lạ, chưa khai báo",
}

STAGE_VI = {
    Stage.NOT_STARTED: "chưa tiếp nhận",
    Stage.IN_TIME: "trong hạn",
    Stage.DUE_SOON: "sắp đến hạn",
    Stage.LETTER_DUE: "đến hạn gửi văn bản xin lỗi",
    Stage.DUE_TODAY: "đến hạn hôm nay",
    Stage.LATE: "quá hạn chưa giải quyết",
    Stage.FINISHED_EARLY: "giải quyết trước hạn",
    Stage.FINISHED_ON_TIME: "giải quyết đúng hạn",
    Stage.FINISHED_LATE: "giải quyết quá hạn",
    Stage.PAUSED: "tạm dừng",
    Stage.NO_PROMISE: "không có ngày hẹn trả",
    Stage.UNCERTAIN: "không xác định được",
    Stage.UNKNOWN: "không đánh giá được",
}

REASON_VI = {
    Reason.BEFORE_PROMISE: "chưa đến ngày hẹn trả",
    Reason.WARNING_WINDOW: "đã vào khoảng cảnh báo trước ngày hẹn trả",
    Reason.LAST_DAY_FOR_LETTER: "ngày làm việc cuối cùng để gửi văn bản xin lỗi",
    Reason.PROMISE_DAY: "đúng ngày hẹn trả",
    Reason.AFTER_PROMISE: "đã qua ngày hẹn trả",
    Reason.NOT_ACCEPTED: "hồ sơ chưa được tiếp nhận",
    Reason.PAUSED_BY_SOURCE: "hệ thống nguồn báo đang tạm dừng",
    Reason.FINISHED_BEFORE_PROMISE_DAY: "có kết quả trước ngày hẹn trả",
    Reason.FINISHED_WITHIN_PROMISE: "có kết quả trong ngày hẹn trả",
    Reason.FINISHED_AFTER_PROMISE: "có kết quả sau ngày hẹn trả",
    Reason.FINISH_AROUND_PROMISE: "không biết có kết quả trước hay sau hạn: chỉ thấy giữa hai lần đọc",
    Reason.PAUSE_AROUND_PROMISE: "không biết tạm dừng hay tiếp tục trước hay sau hạn: chỉ thấy giữa hai lần đọc",
    Reason.NO_PROMISED_DATE: "nguồn không cho ngày hẹn trả",
    Reason.UNKNOWN_STATUS: "mã trạng thái của nguồn chưa được khai báo",
    Reason.NO_RECEIPT: "không có thời điểm tiếp nhận",
    Reason.RECEIVED_IN_FUTURE: "thời điểm tiếp nhận nằm ở tương lai",
    Reason.PROMISE_BEFORE_RECEIPT: "ngày hẹn trả trước ngày tiếp nhận",
    Reason.PROMISE_TOO_FAR: "ngày hẹn trả xa bất thường",
    Reason.FINISH_BEFORE_RECEIPT: "có kết quả trước khi tiếp nhận",
}

# The fields of a record that are told: dates only, nothing of any person.
FIELD_VI = {
    "submitted_at": "nộp",
    "received_at": "tiếp nhận",
    "promised_at": "hẹn trả",
    "extended_at": "hẹn lại",
    "finished_at": "có kết quả",
    "returned_at": "trả kết quả",
}

FINDING_VI = {
    FindingKind.STATE_MISMATCH: "các hệ thống báo khác nhau, chưa gửi văn bản xin lỗi cho đến khi có người xác nhận",
    FindingKind.UNKNOWN_STATUS: "mã trạng thái chưa được khai báo",
    FindingKind.NO_PROMISED_DATE: "đã tiếp nhận nhưng không có ngày hẹn trả",
    FindingKind.ABSURD_DATES: "ngày tháng vô lý",
    FindingKind.UNKNOWN_AGENCY: "mã cơ quan không có trong danh bạ, không biết báo cho ai",
    FindingKind.LATE_WITHOUT_LETTER: "quá hạn mà chưa có văn bản xin lỗi",
    FindingKind.LETTER_LATE: "quá ngày cuối phải gửi văn bản xin lỗi mà chưa gửi",
    FindingKind.LATE_AFTER_EXTENSION: "đã gia hạn một lần mà vẫn quá hạn",
    FindingKind.SECOND_EXTENSION: "ngày hẹn trả bị đổi thêm sau lần gia hạn duy nhất",
    FindingKind.DATE_CHANGED_WITHOUT_LETTER: "ngày hẹn trả bị đổi mà chưa có văn bản xin lỗi",
    FindingKind.EXTENSION_NOT_ENTERED: "Bộ phận Một cửa chưa đổi ngày hẹn trên hệ thống sau 1 ngày làm việc",
    FindingKind.MISSING_AT_SOURCE: "nhiều lần đọc đầy đủ không còn thấy hồ sơ ở nguồn",
    FindingKind.FINISH_NOT_TRUSTED: "ngày có kết quả ở nguồn đáng ngờ (trùng hẹn đến từng giây, hoặc đúng nửa đêm)",
    FindingKind.UNREADABLE_AT_SOURCE: "không đọc được bản ghi mới nhất ở nguồn, chưa gửi văn bản xin lỗi",
    FindingKind.SOURCE_SILENT: "nguồn không trả lời",
    FindingKind.REACH_GAP: "có vai trò không báo được cho ai trong 7 ngày tới",
    FindingKind.CALENDAR_ENDS: "ngày hẹn trả vượt quá lịch làm việc đã nạp",
    FindingKind.CALENDAR_RUNS_OUT: "lịch nghỉ chính thức sắp hết, cần bổ sung",
    FindingKind.INTAKE_LATE: "quá 8 giờ làm việc chưa trả lời tiếp nhận hồ sơ nộp trực tuyến",
    FindingKind.SUPPLEMENT_LATE: "yêu cầu bổ sung sau 3 ngày làm việc kể từ khi tiếp nhận",
    FindingKind.SUPPLEMENT_REPEATED: "yêu cầu bổ sung hơn một lần",
    FindingKind.SUPPLEMENT_UNANSWERED: "quá 15 ngày chưa bổ sung, hồ sơ chưa được đóng",
    FindingKind.DATE_MISMATCH_WITH_COUNT: "ngày hẹn trả khác hạn tự tính theo thủ tục",
}

BASIS_VI = {
    Basis.SAME_AGENCY: "cùng thủ tục tại cơ quan này",
    Basis.ALL_AGENCIES: "cùng thủ tục ở mọi cơ quan",
    Basis.LATE_ONES: "của mọi thủ tục",
}


def say_proposal(proposal: Proposal) -> str:
    """Why this date is proposed, in one line for the officer who decides."""
    if proposal.basis is Basis.LATE_ONES:
        return (
            f"Đề xuất hẹn lại {say_day(proposal.on)} (cán bộ quyết định): quá ít hồ sơ cùng thủ tục từng lâu như vậy; "
            f"{SHARE.numerator}/{SHARE.denominator} trong {proposal.dossiers} hồ sơ {BASIS_VI[proposal.basis]} từng "
            f"trễ hơn {proposal.elapsed} ngày làm việc có kết quả sau không quá {proposal.needs} ngày làm việc nữa."
        )
    return (
        f"Đề xuất hẹn lại {say_day(proposal.on)} (cán bộ quyết định): hồ sơ đã qua {proposal.elapsed} ngày làm việc; "
        f"{SHARE.numerator}/{SHARE.denominator} trong {proposal.dossiers} hồ sơ {BASIS_VI[proposal.basis]} còn dang dở "
        f"ở mốc đó có kết quả sau không quá {proposal.needs} ngày làm việc nữa."
    )
