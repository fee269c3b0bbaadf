"""Findings that come with time: found when their instant comes, by judging alone, and closed when they hold no more."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.stage import Warning
from monitor.judge import Rules, judge_due
from monitor.people import load_directory
from monitor.store.tables import Dossier, FindingRow
from tests.domain.calendars import HOURS, ZONE, at

CALENDAR = WorkingCalendar(
    ZONE, date(2026, 1, 1), date(2027, 12, 31), [HOURS] * 5 + [()] * 2, announced_until=date(2026, 12, 31)
)
RULES = Rules(CALENDAR, Warning(), (), load_directory(None))
THURSDAY = at("2026-10-01 10:00")


def store(sessions: sessionmaker[Session], **facts: Any) -> int:
    """One dossier as projected, waiting to be judged."""
    known = {"code": "H19-1", "speaking_source": "cong", "precision": "date", "facts_at": THURSDAY}
    with sessions.begin() as session:
        dossier = Dossier(**known, confirmed_at=THURSDAY, next_change_at=THURSDAY, **facts)
        session.add(dossier)
        session.flush()
        return dossier.id


def told(sessions: sessionmaker[Session]) -> dict[str, str]:
    """Open findings but the unknown agency, by kind."""
    with sessions() as session:
        open_ones = select(FindingRow.kind, FindingRow.detail).where(FindingRow.closed_at.is_(None))
        found = {row.kind: row.detail for row in session.execute(open_ones)}
    return {kind: detail for kind, detail in found.items() if kind != "unknown_agency"}


def wakes(sessions: sessionmaker[Session]) -> datetime | None:
    with sessions() as session:
        return session.scalar(select(Dossier.next_change_at))


def test_an_intake_that_is_not_answered_is_found_on_the_microsecond(sessions: sessionmaker[Session]) -> None:
    store(sessions, status="submitted", submitted_at=THURSDAY)
    judge_due(sessions, RULES, THURSDAY)
    over = at("2026-10-02 10:00") + timedelta(microseconds=1)
    assert (told(sessions), wakes(sessions)) == ({}, over)
    assert judge_due(sessions, RULES, over - timedelta(microseconds=1)).judged == 0
    assert judge_due(sessions, RULES, over).judged == 1
    assert told(sessions) == {"intake_late": "phải trả lời tiếp nhận trước 10:00 thứ Sáu 02/10/2026"}
    assert wakes(sessions) is None
    with sessions.begin() as session:
        accepted = {"status": "processing", "received_at": over, "promised_at": at("2026-10-30 17:00")}
        session.execute(update(Dossier).values(**accepted, next_change_at=over))
    judge_due(sessions, RULES, over)
    assert told(sessions) == {}, "accepted: the duty is done, and the finding closed"


def test_a_supplement_nobody_answers_is_found_after_fifteen_days(sessions: sessionmaker[Session]) -> None:
    store(
        sessions,
        status="supplement",
        received_at=THURSDAY,
        promised_at=at("2026-10-08 17:00"),
        paused_since_at=at("2026-10-07 09:00"),
        due_on=date(2026, 10, 6),
    )
    judge_due(sessions, RULES, at("2026-10-07 09:00"))
    assert told(sessions) == {
        "supplement_late": (
            "thấy yêu cầu lần đầu thứ Tư 07/10/2026, hạn yêu cầu thứ Ba 06/10/2026; "
            "chưa chắc chắn: không biết yêu cầu từ ngày nào"
        ),
        "date_mismatch_with_count": (
            "hẹn trả thứ Năm 08/10/2026, tự tính thứ Ba 06/10/2026: hẹn muộn hơn 2 ngày làm việc"
        ),
    }
    assert wakes(sessions) == at("2026-10-23 00:00")
    judge_due(sessions, RULES, at("2026-10-23 00:00"))
    assert set(told(sessions)) == {"supplement_late", "supplement_unanswered", "date_mismatch_with_count"}


def test_a_site_says_which_difference_it_bears(sessions: sessionmaker[Session]) -> None:
    store(sessions, status="processing", received_at=THURSDAY, promised_at=at("2026-10-08 17:00"),
          due_on=date(2026, 10, 6))  # fmt: skip
    judge_due(sessions, Rules(CALENDAR, Warning(), (), RULES.directory, count_tolerance=2), THURSDAY)
    assert told(sessions) == {}


def test_dates_beyond_the_calendar_stop_nobody(sessions: sessionmaker[Session]) -> None:
    store(sessions, status="submitted", submitted_at=at("2031-10-01 10:00"))
    assert judge_due(sessions, RULES, THURSDAY).judged == 1
    assert (told(sessions), wakes(sessions)) == ({}, None)


def test_the_end_of_the_calendar_is_said_once_and_taken_back(sessions: sessionmaker[Session]) -> None:
    judge_due(sessions, RULES, at("2026-10-31 23:59"))
    assert told(sessions) == {}
    for _ in range(2):
        judge_due(sessions, RULES, at("2026-11-01 00:00"))
    assert told(sessions) == {"calendar_runs_out": "lịch nghỉ mới được công bố đến hết thứ Năm 31/12/2026"}
    with sessions() as session:
        assert len(session.scalars(select(FindingRow)).all()) == 1
    more = WorkingCalendar(ZONE, CALENDAR.first, CALENDAR.last, [HOURS] * 5 + [()] * 2)
    judge_due(sessions, Rules(more, Warning(), (), RULES.directory), at("2026-11-02 00:00"))
    assert told(sessions) == {}
