"""Our words as people read them: stages, results, states. docs/glossary.md ties the same words to the law."""

from monitor.domain.dossier import Status
from monitor.domain.stage import Stage
from monitor.words import Words

STAGES: dict[str, Words] = {
    Stage.NOT_STARTED: Words("Chưa tiếp nhận", "Not accepted yet"),
    Stage.IN_TIME: Words("Trong hạn", "In time"),
    Stage.DUE_SOON: Words("Sắp đến hạn", "Due soon"),
    Stage.LETTER_DUE: Words("Hạn cuối gửi văn bản xin lỗi", "Last day for the letter"),
    Stage.DUE_TODAY: Words("Đến hạn hôm nay", "Due today"),
    Stage.LATE: Words("Quá hạn chưa giải quyết", "Late"),
    Stage.FINISHED_EARLY: Words("Giải quyết trước hạn", "Finished early"),
    Stage.FINISHED_ON_TIME: Words("Giải quyết đúng hạn", "Finished on time"),
    Stage.FINISHED_LATE: Words("Giải quyết quá hạn", "Finished late"),
    Stage.PAUSED: Words("Tạm dừng", "Paused"),
    Stage.NO_PROMISE: Words("Không có ngày hẹn trả", "No promised date"),
    Stage.UNCERTAIN: Words("Chưa xác định được", "Uncertain"),
    Stage.UNKNOWN: Words("Trạng thái lạ hoặc dữ liệu vô lý", "Unknown"),
    "being_judged_again": Words("Đang xét lại", "Being judged again"),
    "source_silent": Words("Nguồn im lặng", "Source silent"),
}
STATUSES: dict[str, Words] = {
    Status.SUBMITTED: Words("Mới nộp, chờ tiếp nhận", "Submitted"),
    Status.REFUSED: Words("Không được tiếp nhận", "Refused"),
    Status.PROCESSING: Words("Đang xử lý", "Processing"),
    Status.SUPPLEMENT: Words("Chờ bổ sung", "Waiting for a supplement"),
    Status.PAYMENT: Words("Chờ thực hiện nghĩa vụ tài chính", "Waiting for a payment"),
    Status.SUSPENDED: Words("Tạm dừng", "Suspended"),
    Status.READY: Words("Đã có kết quả", "Result ready"),
    Status.RETURNED: Words("Đã trả kết quả", "Result returned"),
    Status.WITHDRAWN: Words("Công dân rút hồ sơ", "Withdrawn"),
    Status.UNRESOLVED: Words("Không giải quyết được, trả lại", "Unresolved, given back"),
    Status.UNKNOWN: Words("Trạng thái lạ", "Unknown"),
}
RESULTS: dict[str, Words] = {
    "ok": Words("được", "ok"),
    "": Words("chưa đọc", "never read"),
    "running": Words("đang đọc", "reading"),
    "waiting": Words("chờ thử lại", "waiting to try again"),
    "unavailable": Words("không liên lạc được", "unavailable"),
    "refused": Words("bị từ chối", "refused"),
    "unexpected": Words("trả lời lạ", "unexpected answer"),
    "quarantined": Words("không tin", "not believed"),
}
LETTER_STATES: dict[str, Words] = {
    "owed": Words("phải có", "owed"),
    "drafted": Words("đã soạn", "drafted"),
    "closed": Words("đã xong", "closed"),
    "missed": Words("không có thư", "missed"),
    "not_needed": Words("không cần", "not needed"),
}
NOTICE_STATES: dict[str, Words] = {
    "owed": Words("phải gửi", "owed"),
    "folded": Words("gộp vào bậc sau", "folded"),
    "planned": Words("đã lên tin", "planned"),
    "told": Words("đã báo", "told"),
    "cancelled": Words("đã hủy", "cancelled"),
    "unreachable": Words("không báo được ai", "unreachable"),
}


def stage_words(stage: str) -> Words:
    return STAGES.get(stage, Words(stage, stage))


def result_words(result: str) -> Words:
    return RESULTS.get(result, Words(result, result))


def letter_words(state: str) -> Words:
    return LETTER_STATES.get(state, Words(state, state))


def notice_words(state: str) -> Words:
    return NOTICE_STATES.get(state, Words(state, state))
