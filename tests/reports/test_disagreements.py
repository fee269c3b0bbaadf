"""Where the slip's date is not the one we count: how far, how often, and by which other count it comes about."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from monitor.domain.calendar import CalendarDay, WorkingCalendar
from monitor.domain.deadline import count_due
from monitor.domain.limits import CountingRules, parse_limit
from monitor.procedures import Term, Terms
from monitor.reports.disagreements import disagreements
from monitor.store.tables import Dossier
from tests.domain.calendars import HOURS, ZONE, at

WEEK = [HOURS] * 5 + [()] * 2
HOLIDAY = CalendarDay(date(2026, 10, 7), (), "Nghỉ bão", "QĐ 1", is_working=False)
CALENDAR = WorkingCalendar(ZONE, date(2026, 1, 1), date(2027, 6, 30), WEEK, [HOLIDAY])
FIVE = Term("T1", "", "", parse_limit("5 ngày làm việc"), CountingRules())
AFTER_THREE = Term("T2", "", "", parse_limit("5 ngày làm việc"), CountingRules(cut_off=at("2026-10-01 15:00").time()))
TWO_MONTHS = Term("T3", "", "", parse_limit("2 tháng"), CountingRules())
TERMS = Terms((FIVE, AFTER_THREE, TWO_MONTHS))
MONDAY = at("2026-10-05 08:00")  # five working days over the 7th off: Tuesday 13


def dossier(code: str, slip: str, *, received: datetime = MONDAY, procedure: str = "T1", **more: Any) -> Dossier:
    term = TERMS.find(procedure, "")
    limit = term.limit if term else None
    due_on = count_due(received, limit, term.rules, CALENDAR).due_on if term and limit else date(2026, 10, 13)
    known: dict[str, Any] = {
        "agency_code": "H19.1", "agency_name": "UBND xã Mẫu", "speaking_source": "bang", "precision": "date",
        "status": "processing", "facts_at": received, "confirmed_at": received, "due_on": due_on,
    }  # fmt: skip
    return Dossier(code=code, received_at=received, promised_at=at(slip), procedure_code=procedure, **(known | more))


@pytest.mark.parametrize(
    ("made", "by_days", "why"),
    [
        (dossier("a", "2026-10-12 17:00"), {-1: 1}, "holidays_ignored"),
        (dossier("a", "2026-10-12 17:00", received=at("2026-10-08 08:00"), due_on=date(2026, 10, 15)), {-3: 1},
         "unexplained"),
        (dossier("a", "2026-10-14 17:00", received=at("2026-10-08 08:00")), {-1: 1}, "first_day"),
        (dossier("a", "2026-10-13 17:00", received=at("2026-10-08 08:00")), {-2: 1}, "calendar_days"),
        (dossier("a", "2026-10-15 17:00", received=at("2026-10-08 16:00"), procedure="T2"), {-1: 1},
         "cut_off_ignored"),
        (dossier("a", "2026-12-09 17:00", received=at("2026-10-08 08:00"), procedure="T3"), {1: 1}, "month_as_31_days"),
        (dossier("a", "2026-10-20 17:00"), {5: 1}, "unexplained"),
        (dossier("a", "2026-10-17 17:00", due_on=date(2026, 10, 18)), {-1: 1}, "unexplained"),  # no working day between
        (dossier("a", "2031-10-13 17:00"), {1826: 1}, "unexplained"),  # beyond the calendar
        (dossier("a", "2026-10-14 17:00", procedure="none"), {1: 1}, "unexplained"),
    ],
)  # fmt: skip
def test_a_difference_is_told_with_the_count_that_gives_it(
    sessions: sessionmaker[Session], made: Dossier, by_days: dict[int, int], why: str
) -> None:
    """One working day more is worked out by every way of counting that systems are known to use."""
    copy = {c.name: getattr(made, c.name) for c in Dossier.__table__.columns if c.name != "id"}
    with sessions.begin() as session:
        session.add(Dossier(**{name: value for name, value in copy.items() if value is not None}))
    with sessions() as session:
        (found,) = disagreements(session, calendar=CALENDAR, terms=TERMS)
    assert (found.by_days, list(found.by_reason)) == (by_days, [why])


def test_groups_are_agency_and_procedure_the_worst_first(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.add_all(
            [
                dossier("a", "2026-10-13 17:00"),  # agrees: compared, not listed
                dossier("b", "2026-10-12 17:00"),
                dossier("c", "2026-10-12 17:00", procedure="T2"),
                dossier("d", "2026-10-15 17:00", procedure="T2"),
                dossier("e", "2026-10-13 17:00", agency_code="H19.2"),
                dossier("f", "2026-10-12 17:00", status="ready"),  # finished: nothing to correct any more
                dossier("g", "2026-10-20 17:00", original_promised_at=at("2026-10-13 17:00")),  # moved after a pause
            ]
        )
    with sessions() as session:
        found = disagreements(session, calendar=CALENDAR, terms=TERMS)
        far = disagreements(session, calendar=CALENDAR, terms=TERMS, any_difference=2)
    assert [(one.procedure_code, one.compared, one.differing, one.example) for one in found] == [
        ("T2", 2, 2, "c"),
        ("T1", 3, 1, "b"),
    ]
    assert found[0].by_days == {-1: 1, 2: 1}
    assert found[0].by_reason == {"holidays_ignored": 1, "unexplained": 1}
    assert [(one.procedure_code, one.by_days) for one in far] == [("T2", {2: 1})]
