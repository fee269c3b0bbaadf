"""Stories of one dossier from what was said to what is owed, on both databases.

The source is a script of pages: what a system says is the story's material, its wire is tested elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import Applicant, BadRecord, Capability, DossierRecord, Page, Probe, Sweep
from monitor.calendars import load_calendar
from monitor.clock import FixedClock
from monitor.domain.dossier import Precision, Status
from monitor.domain.escalation import Occasion, RungRule, parse_rung_time
from monitor.domain.stage import Warning
from monitor.intake import Intake
from monitor.judge import JudgedBackwards, Rules, judge_due
from monitor.people import Directory
from monitor.procedures import load_terms
from monitor.pull import PullCount, SourceRules, pull_source
from monitor.settings import CalendarSettings
from monitor.store.tables import Dossier, FindingRow, Letter, Notice, Source
from monitor.views import SourceRole

VN = ZoneInfo("Asia/Ho_Chi_Minh")
CALENDAR = load_calendar(CalendarSettings(), "Asia/Ho_Chi_Minh", Path())
NOBODY = Directory()
ROLES = {"one": SourceRole("one_stop", Precision.DATE), "portal": SourceRole("portal", Precision.DATE)}
INTAKE = Intake(NOBODY, load_terms(None), CALENDAR, ROLES)
LADDER = [
    RungRule("pre", Occasion.DUE, parse_rung_time("-3wd 08:00"), ("officer",)),
    RungRule("late", Occasion.LATE, parse_rung_time("+1wd 08:00"), ("head",)),
    RungRule("no_letter", Occasion.NO_LETTER, parse_rung_time("+2wd 08:00"), ("boss",)),
    RungRule("mismatch", Occasion.MISMATCH, parse_rung_time("0"), ("head",)),
]
RULES = Rules(CALENDAR, Warning(), LADDER, NOBODY)
Sessions = sessionmaker[Session]


def at(day: int, hour: int = 9) -> datetime:
    """An hour of a day in November 2026, in Việt Nam."""
    return datetime(2026, 11, day, hour, tzinfo=VN)


# received Mon 2/11, promised Thu 12/11: letter by Wed 11/11, late from Fri 13/11
RUNNING = DossierRecord(
    key="k1",
    code="H19.1-261102-0001",
    status=Status.PROCESSING,
    status_raw="processing",
    agency_code="H19.1",
    received_at=at(2),
    promised_at=at(12, 17),
)
READY = replace(RUNNING, status=Status.READY, finished_at=at(13))
BROKEN = BadRecord("k1", "promised_at", "ngày không có trên lịch", b"{}")


class Script:
    """A source that says what the story has it say."""

    def __init__(self, pages: Sequence[Page], capabilities: frozenset[Capability]) -> None:
        self.capabilities = capabilities
        self._pages = pages

    def sweep(self, plan: Sweep) -> Iterator[Page]:
        yield from self._pages

    def lookup(self, codes: Sequence[str]) -> Iterator[Page]:
        return iter(())

    def probe(self) -> Probe:
        return Probe("")


WHOLE = frozenset({Capability.LIST, Capability.TOTALS, Capability.STATUS_FILTER})


def hear(
    sessions: Sessions,
    now: datetime,
    *records: DossierRecord,
    bad: Sequence[BadRecord] = (),
    source: str = "one",
    judged: bool = True,
) -> PullCount:
    """A full reading that brings these rows, then a judging."""
    page = Page(tuple(records), tuple(b"{}" for _ in records), tuple(bad))
    rules = SourceRules(source, "script", ROLES[source].role)
    script = Script([page], WHOLE)
    count = pull_source(sessions, rules, script, INTAKE, FixedClock(now), full=True, even_if_waiting=True)
    if judged:
        judge_due(sessions, RULES, now)
    return count


def rows(sessions: Sessions, *columns: Any) -> list[tuple[Any, ...]]:
    with sessions() as session:
        return sorted(tuple(row) for row in session.execute(select(*columns)))


def letters(sessions: Sessions) -> list[tuple[Any, ...]]:
    return rows(sessions, Letter.promise_number, Letter.state, Letter.suspended_for)


def stage(sessions: Sessions) -> str:
    ((found,),) = rows(sessions, Dossier.stage)
    return str(found)


def open_findings(sessions: Sessions) -> set[str]:
    with sessions() as session:
        return set(session.scalars(select(FindingRow.kind).where(FindingRow.closed_at.is_(None)))) - {
            "unknown_agency",
            "calendar_runs_out",
        }


def notices(sessions: Sessions) -> dict[str, str]:
    return dict(rows(sessions, Notice.rung, Notice.state))


def test_an_extension_ends_the_duty_of_the_promise_it_replaces(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    assert letters(sessions) == [(1, "owed", "")]
    extended = replace(RUNNING, extended_at=at(20, 17))
    hear(sessions, at(11, 10), extended)
    assert letters(sessions) == [(1, "not_needed", "")]
    assert notices(sessions)["pre"] == "cancelled"
    hear(sessions, at(13, 10), replace(extended, status=Status.READY, finished_at=at(13)))
    assert (stage(sessions), letters(sessions)) == ("finished_early", [(1, "not_needed", "")])


def test_a_row_that_became_unreadable_is_no_ground_for_a_letter(sessions: Sessions) -> None:
    hear(sessions, at(10), RUNNING)
    hear(sessions, at(11), bad=[BROKEN])
    hear(sessions, at(13), bad=[BROKEN])
    assert letters(sessions) == [(1, "owed", "unreadable_at_source")]
    assert open_findings(sessions) == {"unreadable_at_source"}
    hear(sessions, at(13, 11), RUNNING)
    assert (letters(sessions), open_findings(sessions)) == ([(1, "owed", "")], {"letter_late"})


def test_an_unreadable_row_is_not_absent(sessions: Sessions) -> None:
    hear(sessions, at(9), RUNNING)
    for hour in (9, 10, 11, 12):
        hear(sessions, at(10, hour), bad=[BROKEN])
    assert "missing_at_source" not in open_findings(sessions)


def test_missing_holds_the_letter_back_at_once_and_lets_it_go_when_the_dossier_is_back(sessions: Sessions) -> None:
    other = replace(RUNNING, key="k2", code="H19.1-261102-0002")
    hear(sessions, at(11), RUNNING, other)
    for hour in (10, 11, 12):
        hear(sessions, at(11, hour), other)
    assert letters(sessions) == [(1, "owed", ""), (1, "owed", "missing_at_source")]
    hear(sessions, at(11, 14), replace(RUNNING, officer="người khác"), other)  # back, and changed
    assert letters(sessions) == [(1, "owed", ""), (1, "owed", "")]
    assert open_findings(sessions) == set()


@pytest.mark.parametrize("blip", [Status.UNKNOWN, Status.SUPPLEMENT])
def test_one_odd_poll_does_not_silence_a_rung_for_good(sessions: Sessions, blip: Status) -> None:
    hear(sessions, at(13), RUNNING)
    assert notices(sessions) == {"pre": "folded", "late": "owed"}
    hear(sessions, at(13, 10), replace(RUNNING, status=blip))
    assert notices(sessions)["late"] == "cancelled"
    hear(sessions, at(13, 11), RUNNING)
    assert (stage(sessions), notices(sessions)["late"]) == ("late", "owed")


def test_a_signed_letter_leaves_late_to_be_heard(sessions: Sessions) -> None:
    hear(sessions, at(12), RUNNING)
    with sessions.begin() as session:
        session.execute(update(Letter).values(state="signed"))
    judge_due(sessions, RULES, at(17))
    assert notices(sessions)["late"] == "owed"
    assert "no_letter" not in notices(sessions)


def test_late_without_letter_stays_found(sessions: Sessions) -> None:
    hear(sessions, at(12), RUNNING)
    late = replace(READY, finished_at=at(16))
    hear(sessions, at(16, 10), late)
    assert open_findings(sessions) == {"late_without_letter"}
    hear(sessions, at(16, 12), replace(late, status=Status.RETURNED, returned_at=at(16, 11)))
    assert (stage(sessions), open_findings(sessions)) == ("finished_late", {"late_without_letter"})


def test_a_mismatch_is_told_and_holds_the_letter(sessions: Sessions) -> None:
    hear(sessions, at(13), RUNNING)
    returned = replace(RUNNING, key="p1", status=Status.RETURNED)
    hear(sessions, at(13, 10), returned, source="portal")
    assert letters(sessions) == [(1, "owed", "state_mismatch")]
    assert notices(sessions)["mismatch"] == "owed"
    assert len(rows(sessions, Dossier.id)) == 1


def test_an_ending_of_unknown_instant_cancels_what_was_owed(sessions: Sessions) -> None:
    hear(sessions, at(12), RUNNING, judged=False)
    judge_due(sessions, RULES, at(13))
    hear(sessions, at(13, 12), replace(RUNNING, status=Status.READY))
    assert stage(sessions) == "uncertain"
    assert set(notices(sessions).values()) <= {"cancelled", "folded"}


def test_an_ending_behind_unreadable_rows_is_uncertain_never_late(sessions: Sessions) -> None:
    """Last read on 10/11, unreadable on the 11th to 16th, ready without a date on the 17th: promised was the 12th."""
    hear(sessions, at(10), RUNNING)
    for day in (11, 12, 13, 16):
        hear(sessions, at(day), bad=[BROKEN])
    hear(sessions, at(17), replace(RUNNING, status=Status.READY))
    assert stage(sessions) == "uncertain"


def test_a_guest_view_after_a_resumed_sweep_is_still_not_believed(sessions: Sessions) -> None:
    many = [replace(RUNNING, key=f"k{n}", code=f"H19.1-261102-{n:04d}") for n in range(40)]
    hear(sessions, at(9), *many)
    with sessions.begin() as session:
        source = session.get_one(Source, "one")
        source.resume_token, source.resume_reach, source.resume_began_at = "page 2", "full", at(9, 10)
    hear(sessions, at(9, 10), *many[:2])
    assert hear(sessions, at(9, 11), many[0]).result == "quarantined"


def test_two_rows_of_one_system_that_contradict_each_other_hold_the_letter(sessions: Sessions) -> None:
    hear(sessions, at(13), replace(RUNNING, key="p1", alternates=("O-1", "O-2")), source="portal", judged=False)
    hear(
        sessions,
        at(13, 10),
        replace(RUNNING, key="o1", code="O-1", status=Status.RETURNED, finished_at=at(12)),
        replace(RUNNING, key="o2", code="O-2"),
    )
    assert "state_mismatch" in open_findings(sessions)
    assert all(suspended for _, _, suspended in letters(sessions))


def test_a_fault_while_storing_is_a_result_and_names_nobody(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from monitor import intake

    person = Applicant(name="Nguyễn Văn Bịa Đặt", phone="0900000001, " * 8)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError(f"row of {person.name}")

    monkeypatch.setattr(intake, "record_links", broken)
    count = hear(sessions, at(9), replace(RUNNING, applicant=person))
    assert count.result == "unexpected"
    assert "RuntimeError" in count.said
    assert person.name not in count.said


def test_long_contacts_are_kept_whole(sessions: Sessions) -> None:
    person = Applicant(name="Nguyễn Văn Bịa Đặt", phone="0900000001, " * 30, email="a@vidu.test; " * 40)
    assert hear(sessions, at(9), replace(RUNNING, applicant=person)).result == "ok"


def test_time_is_never_judged_backwards(sessions: Sessions) -> None:
    hear(sessions, at(12), RUNNING)
    with pytest.raises(JudgedBackwards):
        judge_due(sessions, RULES, at(11))
    assert judge_due(sessions, RULES, at(11), dry_run=True).judged == 0
