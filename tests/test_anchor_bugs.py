"""What others got wrong with time, a test a bug (field-study.md, "Anchors' bugs"): over a store, on both databases."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.calendars import load_calendar
from monitor.clock import FixedClock
from monitor.domain.calendar import CalendarDay, WorkingCalendar
from monitor.domain.dossier import Status
from monitor.domain.limits import CountingRules
from monitor.domain.stage import Warning
from monitor.intake import Intake
from monitor.judge import JudgedBackwards, Rules, judge_due
from monitor.procedures import Term, Terms
from monitor.pull import SourceRules, pull_source
from monitor.recalendar import Basis, recount
from monitor.settings import CalendarSettings
from monitor.store import audit
from monitor.store.tables import CrossingRow, Dossier, FindingRow, Notice
from tests.test_judging_stories import (
    CALENDAR,
    LADDER,
    NOBODY,
    ROLES,
    RULES,
    RUNNING,
    WHOLE,
    Page,
    Script,
    Sessions,
    at,
    hear,
    rows,
    stage,
)
from tests.test_recounting import FIVE


def crossings(sessions: Sessions) -> list[tuple[object, ...]]:
    return rows(sessions, CrossingRow.at, CrossingRow.stage)


def test_froide_a_daily_run_that_was_skipped_loses_nothing(sessions: Sessions) -> None:
    """Judged on the 3rd and then not for two weeks: every stage between is recorded with its true instant, and each rung
    is owed or folded; nothing looks back a day only."""
    hear(sessions, at(3), RUNNING)
    hear(sessions, at(17), RUNNING)
    assert crossings(sessions) == [
        (at(2), "in_time"),
        (at(9, 0), "due_soon"),
        (at(11, 0), "letter_due"),
        (at(12, 0), "due_today"),
        (at(13, 0), "late"),
    ]
    assert set(rows(sessions, Notice.rung, Notice.state)) == {
        ("pre", "folded"),
        ("late", "folded"),
        ("no_letter", "owed"),
    }


def test_uptime_kuma_7148_late_before_and_after_a_silence_is_told_once(sessions: Sessions) -> None:
    hear(sessions, at(3), RUNNING)
    hear(sessions, at(14), RUNNING)
    told = rows(sessions, Notice.key, Notice.state)
    for day in (20, 27):  # a week of silence each
        hear(sessions, at(day), RUNNING)
    late = [row for row in crossings(sessions) if row[1] == "late"]
    assert late == [(at(13, 0), "late")]
    new = {key for key, _ in rows(sessions, Notice.key, Notice.state)} - {key for key, _ in told}
    assert all("no_letter" in str(key) for key in new), "only the rung that had not come yet"


def test_alaveteli_7292_a_holiday_added_while_dossiers_are_open_moves_them(sessions: Sessions) -> None:
    """The file was edited by hand, past `apply`: the next process counts anew, wakes what is open, and says so."""
    terms = Terms((Term("T1", "", "", FIVE, CountingRules()),))
    script = Script([Page((replace(RUNNING, procedure_code="T1"),), (b"{}",), ())], WHOLE)
    intake = Intake(NOBODY, terms, CALENDAR, ROLES)
    pull_source(sessions, SourceRules("one", "script", "one_stop"), script, intake, FixedClock(at(3)), full=True)
    judge_due(sessions, RULES, at(3))
    assert rows(sessions, Dossier.due_on, Dossier.letter_by_on) == [(date(2026, 11, 9), date(2026, 11, 11))]
    storm = [CalendarDay(date(2026, 11, day), (), "Bão", "QĐ 3/QĐ-UBND", is_working=False) for day in (5, 11)]
    edited = WorkingCalendar(CALENDAR.zone, date(2026, 1, 1), date(2026, 12, 31), CALENDAR.week, storm)
    assert recount(sessions, Basis(edited, terms), at(4)) == 1
    assert recount(sessions, Basis(edited, terms), at(4)) == 0, "once"
    judge_due(sessions, Rules(edited, Warning(), LADDER, NOBODY), at(4))
    assert rows(sessions, Dossier.due_on, Dossier.letter_by_on) == [(date(2026, 11, 10), date(2026, 11, 10))]
    with sessions() as session:
        assert [row.action for row in audit.rows(session)][-1:] == ["recounted"]


def test_alaveteli_no_calendar_of_yesterday_stays_in_the_process(tmp_path: Path) -> None:
    """Each load reads the files: no class variable keeps the days off for the life of the process."""
    file = tmp_path / "calendar.toml"
    settings = CalendarSettings(file=file)
    for works, text in ((True, ""), (False, '[[day]]\non = 2026-11-26\nwork = false\nname = "Bão"\n'), (True, "")):
        file.write_text(text, "utf-8")
        assert load_calendar(settings, "Asia/Ho_Chi_Minh", file.parent).is_working_day(date(2026, 11, 26)) is works


def test_frappe_1598_a_dossier_without_a_promise_is_shown_and_never_late(sessions: Sessions) -> None:
    hear(sessions, at(3), replace(RUNNING, promised_at=None))
    hear(sessions, at(30), replace(RUNNING, promised_at=None))
    assert stage(sessions) == "no_promise"
    assert rows(sessions, Dossier.late_vs_promise, Dossier.late_vs_original) == [(None, None)]


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(days=-1)])
def test_judging_never_runs_backwards_when_the_clock_is_set_back(sessions: Sessions, jump: timedelta) -> None:
    """R14: the history of a moment that was judged is not written again for an earlier one."""
    hear(sessions, at(13, 9), RUNNING)
    before = crossings(sessions)
    with pytest.raises(JudgedBackwards):
        judge_due(sessions, RULES, at(13, 9) + jump)
    assert crossings(sessions) == before


def test_a_supplement_that_is_answered_again_and_again_keeps_every_pause(sessions: Sessions) -> None:
    """OpenCPS #1254, over the store: four requests, four pauses, a finding that says four."""
    parked = replace(RUNNING, status=Status.SUPPLEMENT)
    for day in range(3, 11):
        hear(sessions, at(day), parked if day % 2 else RUNNING)
    ((pauses,),) = rows(sessions, Dossier.pauses)
    assert [pause.kind for pause in pauses] == [Status.SUPPLEMENT] * 4
    with sessions() as session:
        details = list(session.scalars(select(FindingRow.detail).where(FindingRow.kind == "supplement_repeated")))
    assert sorted(detail[:24] for detail in details)[-1] == "đã yêu cầu bổ sung 4 lần"
