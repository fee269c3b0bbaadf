"""Other rules over what is stored: an agency's own days, and limits that change what stops the clock; on both databases."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from monitor.clock import FixedClock
from monitor.domain.calendar import CalendarDay, WorkingCalendar
from monitor.domain.dossier import Status
from monitor.domain.limits import CountingRules, LimitUnit, TimeLimit
from monitor.domain.stage import Warning
from monitor.intake import Intake
from monitor.judge import Rules, judge_due
from monitor.procedures import Term, Terms
from monitor.pull import SourceRules, pull_source
from monitor.recalendar import Basis, recount, survey
from monitor.store.tables import Dossier
from tests.test_judging_stories import CALENDAR, LADDER, NOBODY, ROLES, RUNNING, WHOLE, Page, Script, Sessions, at, rows

FIVE = TimeLimit(Fraction(5), LimitUnit.WORKING_DAYS)
RECORD = replace(RUNNING, procedure_code="T1")


def limits(**rules: bool) -> Terms:
    return Terms((Term("T1", "", "", FIVE, CountingRules(**rules)),))


def heard(sessions: Sessions, calendar: WorkingCalendar, record: object = RECORD) -> None:
    """Read and judged on Tuesday 10 November."""
    script = Script([Page((record,), (b"{}",), ())], WHOLE)  # type: ignore[arg-type]
    intake = Intake(NOBODY, limits(), calendar, ROLES)
    pull_source(sessions, SourceRules("one", "script", "one_stop"), script, intake, FixedClock(at(10)), full=True)
    judge_due(sessions, Rules(calendar, Warning(), LADDER, NOBODY), at(10))


def site() -> WorkingCalendar:
    """Weeks without any day off."""
    return WorkingCalendar(CALENDAR.zone, date(2026, 1, 1), date(2026, 12, 31), CALENDAR.week)


def storm() -> WorkingCalendar:
    """The shipped calendar, and that of a commune that had a storm on Wednesday 4 and has one on Wednesday 11 November."""
    days = [CalendarDay(date(2026, 11, on), (), "Bão", "QĐ 3/QĐ-UBND", is_working=False) for on in (4, 11)]
    own = WorkingCalendar(CALENDAR.zone, date(2026, 1, 1), date(2026, 12, 31), CALENDAR.week, days)
    base = site()
    return base.with_agencies(lambda code: own if code == "H19.1" else base)


def test_an_agencys_own_days_move_its_count_and_its_letters_day(sessions: Sessions) -> None:
    """Received Mon 2/11, five working days, promised Thu 12/11: over two days of storm."""
    heard(sessions, storm())
    ours = storm().of("H19.1").version
    assert rows(sessions, Dossier.due_on, Dossier.letter_by_on, Dossier.calendar_version) == [
        (date(2026, 11, 10), date(2026, 11, 10), ours)
    ]
    with sessions() as session:
        old, new = (Basis(calendar, limits()) for calendar in (storm(), CALENDAR))
        (change,) = survey(session, old, new, Warning(), at(10)).changes
    assert (change.due_before, change.due_after) == (date(2026, 11, 10), date(2026, 11, 9))
    assert (change.letter_before, change.letter_after) == (date(2026, 11, 10), date(2026, 11, 11))


def test_days_an_agency_was_given_by_hand_are_counted_though_the_sites_own_stay_the_same(sessions: Sessions) -> None:
    """The file gained [[agency]] rows past `apply`: the site's calendar is what it was, the commune's is not."""
    stormy = storm()
    heard(sessions, site())
    assert rows(sessions, Dossier.due_on, Dossier.letter_by_on) == [(date(2026, 11, 9), date(2026, 11, 11))]
    assert recount(sessions, Basis(site(), limits()), at(10)) == 0
    assert recount(sessions, Basis(stormy, limits()), at(10)) == 1
    judge_due(sessions, Rules(stormy, Warning(), LADDER, NOBODY), at(10))
    assert rows(sessions, Dossier.due_on, Dossier.letter_by_on) == [(date(2026, 11, 10), date(2026, 11, 10))]
    assert recount(sessions, Basis(stormy, limits()), at(10)) == 0


def test_limits_under_which_payment_stops_the_clock_make_a_late_one_wait(sessions: Sessions) -> None:
    """Waiting for payment, promised for Thursday the 12th: late on Friday; not where payment stops the clock."""
    heard(sessions, CALENDAR, replace(RECORD, status=Status.PAYMENT))
    with sessions() as session:
        old, new = Basis(CALENDAR, limits()), Basis(CALENDAR, limits(payment_pauses=True))
        found = survey(session, old, new, Warning(), at(13))
        back = survey(session, new, old, Warning(), at(13))
    (change,) = found.changes
    assert (change.stage_before, change.stage_after) == ("late", "paused")
    assert found.numbers()["stop_being_late"] == 1
    assert [row["payment_pauses"] for row in found.projected] == [True]
    assert back.changes == (), "the store says that payment does not stop it"


def test_a_limit_edited_past_apply_moves_what_was_counted_by_it_and_nothing_else(sessions: Sessions) -> None:
    """Received Mon 2/11, five working days; the file says seven since, and that payment stops the clock."""
    heard(sessions, CALENDAR)
    seven = Term("T1", "", "", replace(FIVE, amount=Fraction(7)), CountingRules(payment_pauses=True))
    others = Term("T2", "", "", FIVE, CountingRules())
    assert recount(sessions, Basis(CALENDAR, Terms((*limits().terms, others))), at(10)) == 0, "another procedure's row"
    edited = Basis(CALENDAR, Terms((seven, others)))
    assert recount(sessions, edited, at(10)) == 1
    assert rows(sessions, Dossier.due_on, Dossier.payment_pauses) == [(date(2026, 11, 11), True)]
    assert recount(sessions, edited, at(10)) == 0, "once"
    assert recount(sessions, Basis(CALENDAR, Terms((others,))), at(10)) == 1, "a procedure taken out of the file"
    assert rows(sessions, Dossier.due_on, Dossier.payment_pauses) == [(None, False)]
