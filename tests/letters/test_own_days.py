"""A commune whose days are not the province's: its letters go by its own calendar, from the new date to the counter."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.calendars import load_calendar
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.dossier import Status
from monitor.judge import judge_due
from monitor.letters import life
from monitor.letters.messages import counter_mail
from monitor.letters.office import Office
from monitor.letters.steps import Done
from monitor.letters.worklist import counter_due, letters_due
from monitor.settings import CalendarSettings, Letters
from monitor.store.tables import Dossier
from tests.letters.test_duty import by, draft, issue, name_of, step
from tests.test_judging_stories import RULES, RUNNING, VN, Sessions, at, hear, open_findings

STORM = """
[[agency]]
code = "H19.1"
[[agency.day]]
on = 2026-11-12
work = false
name = "Bão"
[[agency.day]]
on = 2026-11-20
work = false
name = "Khắc phục sau bão"
"""
OF = {"procedure_code": "1.004222"}


@pytest.fixture
def days(tmp_path: Path) -> WorkingCalendar:
    (tmp_path / "own.toml").write_text(STORM, "utf-8")
    return load_calendar(CalendarSettings(file=Path("own.toml")), VN.key, tmp_path)


def test_the_new_date_is_a_working_day_of_the_agency_that_sets_it(sessions: Sessions, days: WorkingCalendar) -> None:
    office = Office(days, Letters())
    hear(sessions, at(11), RUNNING, replace(RUNNING, key="k2", code="H19.2-261102-0001", agency_code="H19.2"))
    draft(sessions, at(11))
    storm = date(2026, 11, 20)

    def take(letter: int) -> Callable[[Session], Done]:
        return lambda s: life.decide(s, letter, office, by(at(11)), reason="Cần xác minh.", new_date=storm)

    assert name_of(sessions, take(1)) == "new_date"
    step(sessions, take(2))  # the next commune works on that day


def test_a_date_beyond_the_calendar_is_refused_and_breaks_nothing(sessions: Sessions, days: WorkingCalendar) -> None:
    hear(sessions, at(11), RUNNING)
    draft(sessions, at(11))
    take = lambda s: life.decide(  # noqa: E731
        s, 1, Office(days, Letters()), by(at(11)), reason="Cần xác minh.", new_date=date(2226, 11, 20)
    )
    assert name_of(sessions, take) == "new_date"


def test_a_date_that_became_a_day_off_is_not_approved(sessions: Sessions, days: WorkingCalendar) -> None:
    """Decided by yesterday's calendar; the storm's days were put into it since."""
    hear(sessions, at(11), RUNNING)
    draft(sessions, at(11))
    site = Office(load_calendar(CalendarSettings(), VN.key, Path()), Letters())
    new = date(2026, 11, 20)
    step(sessions, lambda s: life.decide(s, 1, site, by(at(11)), reason="Cần xác minh.", new_date=new))
    office = Office(days, Letters())
    assert name_of(sessions, lambda s: life.approve(s, 1, office, by(at(11)))) == "words_outdated"


def test_the_counters_one_working_day_is_one_of_its_agency(sessions: Sessions, days: WorkingCalendar) -> None:
    """Told on Wednesday, Thursday the commune is shut: Friday is its day, and Saturday begins the breach."""
    office, rules = Office(days, Letters()), replace(RULES, calendar=days)
    hear(sessions, at(11), RUNNING)
    issue(sessions, at(11), new=date(2026, 11, 23), office=office)
    judge_due(sessions, rules, at(13))
    with sessions() as session:
        (due,) = counter_due(session, office, days, at(13))
        assert (due.by, due.is_over) == (at(13, 17), False)
        assert life.slow_counters(session, office, at(13)) == []
        assert "13/11/2026" in counter_mail(session, 1, office, date(2026, 11, 11), "https://x.example.vn").text
    assert "extension_not_entered" not in open_findings(sessions)
    judge_due(sessions, rules, at(14, 0))
    assert "extension_not_entered" in open_findings(sessions)
    with sessions() as session:
        assert life.slow_counters(session, office, at(16)) == [1]


def test_the_date_proposed_is_counted_in_the_agencys_own_days(sessions: Sessions, days: WorkingCalendar) -> None:
    """As in test_duty, five working days more: with Thursday shut that is the 19th, not the 18th."""
    others = [
        replace(
            RUNNING, key=f"d{n}", code=f"H19.1-261019-{n:04d}", status=Status.READY, finished_at=at(4),
            received_at=at(2).replace(month=10, day=19), promised_at=at(6, 17), **OF,
        )
        for n in range(10)
    ]  # fmt: skip
    hear(sessions, at(11), replace(RUNNING, **OF), *others)
    with sessions() as session:
        (due,) = letters_due(session, Office(days, Letters()), days, at(11))
        assert due.proposal is not None
        assert due.proposal.on == date(2026, 11, 19)


def test_what_a_dossier_took_is_counted_in_the_agencys_own_days(sessions: Sessions, days: WorkingCalendar) -> None:
    hear(sessions, at(16), replace(RUNNING, status=Status.READY, finished_at=at(13)), judged=False)
    judge_due(sessions, replace(RULES, calendar=days), at(16))
    with sessions() as session:
        assert session.execute(select(Dossier.taken_days, Dossier.late_days)).one() == (8, 1)
