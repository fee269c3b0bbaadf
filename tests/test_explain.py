"""The explanation of a dossier, from pages really stored and really judged: every line from evidence, no person in it."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import Applicant, DossierRecord, Page
from monitor.domain.dossier import Precision, Status
from monitor.domain.limits import CountingRules, TimeLimit, parse_limit
from monitor.domain.stage import Reason, Stage, Warning
from monitor.explain import DossierNotFound, Explanation, explain_dossier
from monitor.explain_words import FINDING_VI, REASON_VI, STAGE_VI, STATUS_VI
from monitor.intake import Intake, store_page
from monitor.judge import Rules, judge_due
from monitor.people import Directory
from monitor.procedures import Term, Terms
from monitor.store.tables import Pull, Source
from monitor.views import SourceRole
from tests.domain.calendars import at, november

CALENDAR = november()
CODE = "H19.32-261102-0007"
PERSON = Applicant("Nguyễn Thị Thử", "citizen", "075123456789", "12 đường Thử Nghiệm", "0912345678", "thu@example.org")
RECORD = DossierRecord(
    key="7",
    code=CODE,
    status=Status.PROCESSING,
    status_raw="processing",
    procedure_code="1.004222",
    procedure_name="Đăng ký thường trú",
    agency_code="H19.32",
    agency_name="UBND xã Thử",
    channel="online",
    received_at=at("2026-11-02 08:00"),
    promised_at=at("2026-11-11 17:00"),
    officer="Trần Văn Cán Bộ",
    applicant=PERSON,
)


def said(**changes: object) -> DossierRecord:
    from dataclasses import replace

    return replace(RECORD, **changes)  # type: ignore[arg-type]


class Office:
    """A store into which a story is told."""

    def __init__(self, sessions: sessionmaker[Session], limit: TimeLimit | None) -> None:
        self.sessions = sessions
        term = Term(
            "1.004222",
            "online",
            "",
            limit,
            CountingRules(),
            "Đăng ký thường trú",
            problem="" if limit else "không có đơn vị",
        )
        self.terms = Terms((term,))
        roles = {
            "motcua": SourceRole("one_stop", Precision.DATE),
            "cong": SourceRole("portal", Precision.DATE),
        }
        self.directory = Directory([], [], [])
        self.intake = Intake(self.directory, self.terms, CALENDAR, roles)
        with sessions.begin() as session:
            for name, role in roles.items():
                session.add(Source(name=name, kind="opencps", role=role.role, failures=0))

    def hears(self, when: str, record: DossierRecord, source: str = "motcua") -> None:
        now = at(when)
        with self.sessions.begin() as session:
            pull = Pull(source=source, reach="changes", began_at=now)
            session.add(pull)
            session.flush()
            store_page(session, source, Page((record,), (b"{}",)), self.intake, now, None, pull.id)
        judge_due(self.sessions, Rules(CALENDAR, Warning(), (), self.directory), now)

    def explain(self, now: str, known_at: str | None = None) -> Explanation:
        known: datetime | None = at(known_at) if known_at else None
        with self.sessions() as session:
            return explain_dossier(session, CODE, calendar=CALENDAR, terms=self.terms, now=at(now), known_at=known)


@pytest.fixture
def office(sessions: sessionmaker[Session]) -> Office:
    return Office(sessions, parse_limit("7 ngày làm việc"))


@pytest.fixture
def story(office: Office) -> Office:
    """Heard on 2/11, supplement asked on 4/11, back on 6/11, extended on 12/11; the portal says another day."""
    office.hears("2026-11-02 09:00", RECORD)
    office.hears("2026-11-04 09:00", said(status=Status.SUPPLEMENT))
    office.hears("2026-11-06 09:00", RECORD)
    office.hears("2026-11-06 10:00", said(promised_at=at("2026-11-10 17:00")), "cong")
    office.hears("2026-11-12 09:00", said(extended_at=at("2026-11-25 17:00")))
    return office


def texts(explanation: Explanation, section: str) -> list[str]:
    return [line.text_vi for line in explanation.lines if line.section == section]


def test_a_story_is_told_line_by_line(story: Office) -> None:
    told = story.explain("2026-11-23 09:00")
    heard = texts(told, "heard")
    assert heard[0] == (
        "09:00 thứ Hai 02/11/2026: motcua báo lần đầu: đang xử lý; tiếp nhận 08:00 thứ Hai 02/11/2026; "
        "hẹn trả 17:00 thứ Tư 11/11/2026."
    )
    assert heard[1] == (
        "09:00 thứ Tư 04/11/2026: motcua báo thay đổi: chờ bổ sung hồ sơ. Thay đổi xảy ra sau 09:00 thứ Hai 02/11/2026."
    )
    assert "cong báo lần đầu" in heard[3]
    assert "hẹn lại 17:00 thứ Tư 25/11/2026" in heard[4]
    assert texts(told, "pause")[0].startswith(
        "Chờ bổ sung hồ sơ: bắt đầu sau 09:00 thứ Hai 02/11/2026, trước 09:00 thứ Tư"
    )
    compare = texts(told, "compare")
    assert compare[0] == "Đánh giá theo ngày hẹn lại: thứ Tư 25/11/2026."
    assert compare[1] == "Ngày hẹn trả đầu tiên: thứ Tư 11/11/2026."
    stage = texts(told, "stage")
    assert stage[0] == (
        "Lúc 09:00 thứ Hai 23/11/2026: đến hạn gửi văn bản xin lỗi (ngày làm việc cuối cùng để gửi văn bản xin lỗi)."
    )
    assert "Quá hạn tính từ 00:00 thứ Năm 26/11/2026 nếu chưa có kết quả." in stage
    assert "Văn bản xin lỗi phải gửi chậm nhất thứ Hai 23/11/2026." in stage
    assert "So với ngày hẹn trả đầu tiên: quá hạn." in stage
    assert any("tạm dừng (hệ thống nguồn báo đang tạm dừng)" in text for text in texts(told, "crossing"))


def test_both_readings_of_a_supplement_are_shown_with_their_grounds(story: Office) -> None:
    lines = {line.rule: line for line in story.explain("2026-11-23 09:00").lines if line.section == "pause"}
    assert "tính lại từ đầu" in lines["restart"].text_vi
    assert "NĐ" in lines["restart"].document or "Nghị định 118/2025" in lines["restart"].document
    assert "trừ thời gian tạm dừng" in lines["subtract"].text_vi
    assert "766" in lines["subtract"].document
    assert "trong khoảng" in lines["restart"].text_vi, "the polls left open when the papers came back"


def test_the_count_ends_in_the_due_date_and_is_set_beside_the_promise(office: Office) -> None:
    office.hears("2026-11-02 09:00", said(promised_at=at("2026-11-12 17:00"), promised_date_only=True))
    told = office.explain("2026-11-05 09:00")
    count = [line for line in told.lines if line.section == "count"]
    assert count[0].rule == "start"
    assert count[-2].text_vi == "Hạn trả kết quả: 17:00 thứ Tư 11/11/2026."
    assert all(line.document for line in count if line.rule != "weekend")
    assert texts(told, "compare")[-1] == (
        "Hạn tự tính là thứ Tư 11/11/2026: ngày hẹn trả muộn hơn 1 ngày làm việc; không dùng để kết luận quá hạn."
    )
    assert "hẹn trả thứ Năm 12/11/2026." in texts(told, "heard")[0], "a promise by the day is said by the day"


@pytest.mark.parametrize(
    ("promised", "last"),
    [
        ("2026-11-11 17:00", "Hạn tự tính trùng ngày hẹn trả: thứ Tư 11/11/2026."),
        (
            "2026-11-10 17:00",
            "Hạn tự tính là thứ Tư 11/11/2026: ngày hẹn trả sớm hơn 1 ngày làm việc; không dùng để kết luận quá hạn.",
        ),
        (None, "Nguồn không cho ngày hẹn trả."),
    ],
)
def test_our_count_beside_the_promise(office: Office, promised: str | None, last: str) -> None:
    office.hears("2026-11-02 09:00", said(promised_at=at(promised) if promised else None))
    assert texts(office.explain("2026-11-05 09:00"), "compare")[-1] == last


@pytest.mark.parametrize(
    ("changes", "rule", "stage"),
    [
        ({"received_at": None, "status": Status.SUBMITTED}, "no_receipt", "chưa tiếp nhận"),
        ({"procedure_code": "9.999999"}, "no_term", "trong hạn"),
        ({"procedure_code": ""}, "no_term", "trong hạn"),
        ({"received_at": at("2025-12-30 08:00")}, "calendar_ends", ""),
        ({"promised_at": at("2028-01-05 08:00")}, "start", "Không đánh giá được"),
    ],
)
def test_what_cannot_be_counted_or_judged_says_why(
    office: Office, changes: dict[str, object], rule: str, stage: str
) -> None:
    office.hears("2026-11-02 09:00", said(**changes))
    told = office.explain("2026-11-03 09:00")
    assert next(line.rule for line in told.lines if line.section == "count") == rule
    assert stage in texts(told, "stage")[0]


def test_an_unknown_limit_says_its_problem(sessions: sessionmaker[Session]) -> None:
    office = Office(sessions, None)
    office.hears("2026-11-02 09:00", RECORD)
    assert texts(office.explain("2026-11-03 09:00"), "count") == ["Không tự tính: không có đơn vị."]


def test_a_standing_pause_has_no_due_date(office: Office) -> None:
    office.hears("2026-11-02 09:00", RECORD)
    office.hears("2026-11-04 09:00", said(status=Status.SUPPLEMENT))
    told = texts(office.explain("2026-11-05 09:00"), "pause")
    assert told[0].endswith("đến nay chưa kết thúc.")
    assert told[1] == "Đang tạm dừng: chưa có hạn."


def test_a_same_day_promise_has_no_lawful_day_for_a_letter(office: Office) -> None:
    office.hears("2026-11-02 09:00", said(promised_at=at("2026-11-02 17:00")))
    lines = [line for line in office.explain("2026-11-02 10:00").lines if line.rule == "no_lawful_day"]
    assert lines
    assert lines[-1].section == "stage"


def test_an_open_disagreement_is_told_in_vietnamese(story: Office) -> None:
    found = texts(story.explain("2026-11-06 11:00"), "finding")
    assert len([text for text in found if "các hệ thống báo khác nhau" in text]) == 1


def test_two_axes_of_time(story: Office) -> None:
    """`now` moves the judgement, `known_at` hides what was first heard later: no hindsight."""
    knew_then = story.explain("2026-11-12 00:00", known_at="2026-11-05 00:00")
    assert len(texts(knew_then, "heard")) == 2
    assert "tạm dừng" in texts(knew_then, "stage")[0]
    later = story.explain("2026-11-12 00:00")
    assert len(texts(later, "heard")) == 4
    assert "quá hạn chưa giải quyết" in texts(later, "stage")[0], "the extension was heard only at 09:00 of that day"
    assert (later.now, later.known_at) == (at("2026-11-12 00:00"), at("2026-11-12 00:00"))


def test_an_unknown_code_or_one_not_yet_heard_of(story: Office) -> None:
    with pytest.raises(DossierNotFound):
        story.explain("2026-11-01 00:00")
    with story.sessions() as session, pytest.raises(DossierNotFound):
        explain_dossier(session, "H19-000000-0000", calendar=CALENDAR, terms=story.terms, now=at("2026-11-23 09:00"))


def test_what_changes_only_the_person_is_not_told(office: Office) -> None:
    office.hears("2026-11-02 09:00", RECORD)
    office.hears("2026-11-03 09:00", said(applicant=Applicant("Người Khác")))
    assert len(texts(office.explain("2026-11-04 09:00"), "heard")) == 1


def test_a_date_taken_back_is_told(office: Office) -> None:
    office.hears("2026-11-02 09:00", said(extended_at=at("2026-11-20 17:00")))
    office.hears("2026-11-03 09:00", RECORD)
    assert "hẹn lại bị xóa" in texts(office.explain("2026-11-04 09:00"), "heard")[1]


def test_no_person_is_in_the_text_nor_in_the_json(story: Office) -> None:
    told = story.explain("2026-11-23 09:00")
    everything = told.text() + json.dumps(told.json(), ensure_ascii=False)
    for private in (PERSON.name, PERSON.id_number, PERSON.address, PERSON.phone, PERSON.email, RECORD.officer):
        assert private not in everything


def test_the_printed_form_and_the_json_say_the_same(story: Office) -> None:
    told = story.explain("2026-11-23 09:00")
    printed, plain = told.text(), told.json()
    assert printed.startswith("HỒ SƠ\n  - Mã hồ sơ: H19.32-261102-0007.\n")
    for heading in (
        "CÁC HỆ THỐNG ĐÃ BÁO GÌ",
        "CÁCH TÍNH HẠN",
        "TẠM DỪNG",
        "SO VỚI NGÀY HẸN TRẢ",
        "ĐÁNH GIÁ",
        "CÁC MỐC ĐÃ QUA",
    ):
        assert f"\n\n{heading}" in printed
    assert [line["text_vi"] for line in plain["lines"]] == [line.text_vi for line in told.lines]
    assert all(line["text_vi"] in printed for line in plain["lines"])
    assert json.loads(json.dumps(plain))["now"] == "2026-11-23T09:00:00+07:00"


def test_every_state_stage_and_reason_has_its_vietnamese() -> None:
    from monitor.domain.findings import FindingKind

    assert set(STATUS_VI) == set(Status)
    assert set(STAGE_VI) == set(Stage)
    assert set(REASON_VI) == set(Reason)
    assert set(FINDING_VI) == set(FindingKind)


def test_the_same_promise_read_a_second_later_is_one_line(office: Office) -> None:
    office.hears("2026-11-02 09:00", RECORD)
    office.hears("2026-11-02 09:05", said(source_updated_at=at("2026-11-02 09:04") + timedelta(seconds=1)))
    assert len(texts(office.explain("2026-11-02 10:00"), "heard")) == 1
