"""Our words as people read them: stages, results, states. docs/glossary.md ties the same words to the law."""

from monitor.domain.saying import capital
from monitor.domain.stage import Stage
from monitor.explain_words import STAGE_VI
from monitor.words import Words

_STAGES_EN = {
    Stage.NOT_STARTED: "Not accepted yet",
    Stage.IN_TIME: "In time",
    Stage.DUE_SOON: "Due soon",
    Stage.LETTER_DUE: "Last day for the letter",
    Stage.DUE_TODAY: "Due today",
    Stage.LATE: "Late",
    Stage.FINISHED_EARLY: "Finished early",
    Stage.FINISHED_ON_TIME: "Finished on time",
    Stage.FINISHED_LATE: "Finished late",
    Stage.PAUSED: "Paused",
    Stage.NO_PROMISE: "No promised date",
    Stage.UNCERTAIN: "Uncertain",
    Stage.UNKNOWN: "Unknown",
}
STAGES: dict[str, Words] = {stage.value: Words(capital(STAGE_VI[stage]), _STAGES_EN[stage]) for stage in Stage} | {
    "being_judged_again": Words("Đang xét lại", "Being judged again"),
    "source_silent": Words("Nguồn im lặng", "Source silent"),
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
    "decided": Words("đã ghi lý do, chờ duyệt", "reason set"),
    "approved": Words("đã duyệt, chờ ký", "approved"),
    "signed": Words("đã ký, chờ vào sổ", "signed"),
    "registered": Words("đã vào sổ, chờ báo Một cửa", "registered"),
    "counter_told": Words("đã báo Một cửa", "counter told"),
    "date_changed": Words("đã đổi ngày, chờ báo người dân", "date changed"),
    "applicant_told": Words("đã báo người dân", "applicant told"),
    "closed": Words("đã xong", "closed"),
    "void": Words("đã hủy", "void"),
    "missed": Words("không có thư", "missed"),
    "not_needed": Words("không cần", "not needed"),
}
NOTICE_STATES: dict[str, Words] = {
    "owed": Words("phải gửi", "owed"),
    "ahead": Words("chưa đến", "ahead"),
    "held": Words("đang giữ, đã có người trả lời", "held back, somebody answered"),
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
