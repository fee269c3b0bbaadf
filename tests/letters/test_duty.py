"""The duty to apologise, from what a system says to what is owed: one per promise, one extension, every breach by name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from connectors.base import DossierRecord
from monitor.domain.dossier import Status
from monitor.judge import judge_due
from monitor.letters import life
from monitor.letters.confirm import confirm, open_by_hand
from monitor.letters.content import Content
from monitor.letters.draft import draft_letters
from monitor.letters.office import Office
from monitor.letters.register import Entry
from monitor.letters.steps import By, Done, StepRefused, history
from monitor.letters.verify import verify
from monitor.letters.worklist import Task, counter_due, letters_due
from monitor.people import Directory
from monitor.proposing import proposals
from monitor.settings import Letters
from monitor.store.tables import Dossier, Letter, Notice
from tests.test_judging_stories import CALENDAR, RULES, RUNNING, Sessions, at, hear, letters, open_findings, rows, stage

OFFICE = Office(CALENDAR, Letters())
NEW = date(2026, 11, 20)  # the promise is Thu 12/11, 17:00; a letter is due by Wed 11/11


def dec(day: int, hour: int = 9) -> datetime:
    return at(1, hour).replace(month=12, day=day)


def draft(sessions: Sessions, now: datetime) -> None:
    with sessions.begin() as session:
        draft_letters(session, now=now, calendar=CALENDAR, directory=Directory(), settings=Letters())


def words(sessions: Sessions) -> str:
    with sessions() as session:
        content = session.scalars(select(Letter.content).order_by(Letter.id.desc())).first()
        assert content is not None
        return " ".join(Content.from_dict(content).body)


def step(sessions: Sessions, take: Callable[[Session], Done]) -> Done:
    with sessions.begin() as session:
        return take(session)


def name_of(sessions: Sessions, take: Callable[[Session], Done]) -> str:
    with pytest.raises(StepRefused) as refused, sessions.begin() as session:
        take(session)
    return refused.value.name


def by(now: datetime) -> By:
    return By("Trần Thị Thử", now, "web", "10.0.0.7")


def issue(sessions: Sessions, now: datetime, new: date | None = NEW, letter: int = 1, office: Office = OFFICE) -> None:
    """From the draft to the counter's hands."""
    draft(sessions, now)
    who = by(now)
    step(sessions, lambda s: life.decide(s, letter, office, who, reason="Cần xác minh.", new_date=new))
    step(sessions, lambda s: life.approve(s, letter, office, who))
    step(sessions, lambda s: life.sign(s, letter, office, who, name="Lê Văn Nháp", capacity="head"))
    entry = Entry(letter, "PXL", CALENDAR.local_date(now))
    step(sessions, lambda s: life.register(s, letter, office, who, entry))
    step(sessions, lambda s: life.tell_counter(s, letter, who, proof="Sổ chuyển giao"))


def seen(sessions: Sessions, now: datetime) -> int:
    with sessions.begin() as session:
        return life.see_dates(session, OFFICE, now)


def notices(sessions: Sessions) -> set[tuple[str, str]]:
    return {(rung, role) for rung, role in rows(sessions, Notice.rung, Notice.role)}


def test_a_moved_promise_retimes_the_duty_and_rewords_its_draft(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    draft(sessions, at(11))
    hear(sessions, at(11, 10), replace(RUNNING, promised_at=at(13, 17)))
    assert letters(sessions) == [(1, "not_needed", "")], "its letter day is tomorrow"
    hear(sessions, at(12), replace(RUNNING, promised_at=at(13, 17), officer="khác"))
    draft(sessions, at(12))
    assert letters(sessions) == [(1, "drafted", "")], "the same duty again, not a second one"
    assert "ngày 13 tháng 11 năm 2026" in words(sessions)
    assert "ngày 12 tháng 11 năm 2026" not in words(sessions)


def test_words_decided_for_a_promise_that_moved_are_not_signed(sessions: Sessions) -> None:
    hear(sessions, at(13), RUNNING)
    draft(sessions, at(13))
    step(sessions, lambda s: life.decide(s, 1, OFFICE, by(at(13)), reason="Cần xác minh.", new_date=NEW))
    hear(sessions, at(13, 10), replace(RUNNING, promised_at=at(10, 17)))
    assert name_of(sessions, lambda s: life.approve(s, 1, OFFICE, by(at(13, 11)))) == "words_outdated"
    step(sessions, lambda s: life.decide(s, 1, OFFICE, by(at(13, 11)), reason="Cần xác minh.", new_date=NEW))
    step(sessions, lambda s: life.approve(s, 1, OFFICE, by(at(13, 11))))
    assert "ngày 10 tháng 11 năm 2026" in words(sessions)


def test_a_pause_holds_the_letter_and_its_end_takes_it_up(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    hear(sessions, at(11, 10), replace(RUNNING, status=Status.SUPPLEMENT))
    assert letters(sessions) == [(1, "owed", "paused")]
    hear(sessions, at(11, 11), RUNNING)
    assert letters(sessions) == [(1, "owed", "")]


def test_late_without_letter_is_drafted_as_late_and_stays_a_breach(sessions: Sessions) -> None:
    hear(sessions, at(16), RUNNING)
    assert (letters(sessions), open_findings(sessions)) == ([(1, "owed", "")], {"letter_late"})
    issue(sessions, at(16), new=date(2026, 11, 23))
    judge_due(sessions, RULES, at(16, 10))
    with sessions() as session:
        letter = session.get_one(Letter, 1)
        assert letter.is_late
        assert letter.content is not None
        assert Content.from_dict(letter.content).is_late
    assert "letter_late" in open_findings(sessions), "issuing it late does not unmake the breach"
    hear(sessions, at(17), replace(RUNNING, status=Status.READY, finished_at=at(17)))
    assert open_findings(sessions) == {"letter_late"}, "late, but not without a letter"


OVERWRITTEN = replace(RUNNING, promised_at=at(20, 17))


def test_a_new_date_written_over_the_old_one_is_the_one_extension(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    issue(sessions, at(11))
    assert seen(sessions, at(11, 10)) == 0
    hear(sessions, at(12), OVERWRITTEN)
    assert seen(sessions, at(12, 10)) == 1
    judge_due(sessions, RULES, at(12, 11))
    assert rows(sessions, Dossier.promise_number, Dossier.stage) == [(2, "due_soon")] or stage(sessions) == "in_time"
    hear(sessions, at(23), OVERWRITTEN)
    judge_due(sessions, RULES, at(23, 10))
    assert {"late_after_extension", "letter_late"} <= open_findings(sessions)
    assert {("late_again", "chairman"), ("late_again", "provincial_office")} <= notices(sessions)
    assert letters(sessions) == [(1, "date_changed", ""), (2, "owed", "")]
    draft(sessions, at(23, 10))
    who = by(at(23, 10))
    assert (
        name_of(sessions, lambda s: life.decide(s, 2, OFFICE, who, reason="Vẫn chờ.", new_date=date(2026, 12, 7)))
        == "new_date"
    ), "an apology without a new appointment, never a second extension"
    issue(sessions, at(23, 11), new=None, letter=2)
    with sessions() as session:
        assert verify(session) == []


def test_where_the_system_keeps_the_old_date_the_clerks_word_counts(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    issue(sessions, at(11))
    shows = replace(OFFICE, show_dates={"one"})
    take = lambda s: life.change_date(s, 1, shows, by(at(12)), proof="Ảnh màn hình")  # noqa: E731
    assert name_of(sessions, take) == "source_will_show"
    step(sessions, lambda s: life.change_date(s, 1, OFFICE, by(at(12)), proof="Ảnh màn hình"))
    hear(sessions, at(13), RUNNING)
    assert (stage(sessions), open_findings(sessions)) == ("in_time", set()), "judged by the one new date"
    hear(sessions, at(23), RUNNING)
    assert rows(sessions, Dossier.stage, Dossier.promise_number) == [("late", 2)]


def test_a_counter_that_lets_its_day_pass_is_found_when_it_has(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    issue(sessions, at(11))
    judge_due(sessions, RULES, at(11, 10))
    judge_due(sessions, RULES, at(12, 23))
    assert "extension_not_entered" not in open_findings(sessions)
    judge_due(sessions, RULES, at(13, 0))
    assert "extension_not_entered" in open_findings(sessions)
    with sessions() as session:
        (due,) = counter_due(session, OFFICE, CALENDAR, at(13))
        assert (due.task, due.by, due.is_over) == (Task.CHANGE_DATE, at(12, 17), True)
    hear(sessions, at(13, 9), replace(RUNNING, extended_at=at(20, 17)))
    assert seen(sessions, at(13, 10)) == 1
    judge_due(sessions, RULES, at(13, 11))
    assert open_findings(sessions) == set()


def test_a_date_changed_without_a_letter_and_a_second_extension_are_found(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    hear(sessions, at(12), replace(RUNNING, extended_at=at(20, 17)))
    assert open_findings(sessions) == {"date_changed_without_letter"}


def test_a_date_moved_again_after_the_extension_is_found(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    issue(sessions, at(11))
    hear(sessions, at(12), OVERWRITTEN)
    seen(sessions, at(12, 10))
    hear(sessions, at(13), replace(RUNNING, promised_at=at(27, 17)))
    assert open_findings(sessions) == {"second_extension"}
    assert rows(sessions, Dossier.promise_number) == [(2,)], "it is no first promise again"


def test_a_letter_taken_back_is_on_the_worklist_again_until_it_is_made_anew(sessions: Sessions) -> None:
    """Voided with the dossier still late: the citizen is owed one all the same."""
    hear(sessions, at(13), RUNNING)
    issue(sessions, at(13))

    def tasks(now: datetime) -> list[tuple[Task, bool]]:
        judge_due(sessions, RULES, now)
        with sessions() as session:
            return [(due.task, due.is_over) for due in letters_due(session, OFFICE, CALENDAR, now)]

    assert tasks(at(13, 10)) == []
    step(sessions, lambda s: life.void(s, 1, by(at(13, 10)), why="Ghi nhầm số"))
    assert tasks(at(13, 11)) == [(Task.REISSUE, True)]
    step(sessions, lambda s: life.reissue(s, 1, by(at(13, 11))))
    assert tasks(at(13, 12)) == [(Task.DECIDE, True)]
    hear(sessions, at(13, 14), replace(RUNNING, status=Status.READY, finished_at=at(13, 14)))
    assert tasks(at(13, 15)) == []


def test_taking_a_timely_letter_back_does_not_hide_that_none_stands_after_the_last_day(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    issue(sessions, at(11))
    step(sessions, lambda s: life.void(s, 1, by(at(11, 10)), why="Ghi nhầm số"))
    judge_due(sessions, RULES, at(11, 11))
    assert "letter_late" not in open_findings(sessions), "its last day is today"
    judge_due(sessions, RULES, at(12, 1))
    assert "letter_late" in open_findings(sessions)
    step(sessions, lambda s: life.reissue(s, 1, by(at(12))))
    judge_due(sessions, RULES, at(12, 10))
    assert "letter_late" in open_findings(sessions), "making it anew does not unmake the breach"
    with sessions() as session:
        assert session.get_one(Letter, 1).is_late


DOUBTFUL: list[tuple[str, DossierRecord]] = [
    ("paused", replace(RUNNING, status=Status.SUPPLEMENT)),
    ("unknown", replace(RUNNING, status=Status.UNKNOWN)),
    ("no_promise", replace(RUNNING, promised_at=None)),
    ("in_time", RUNNING),
]


@pytest.mark.parametrize(("expected", "record"), DOUBTFUL, ids=[name for name, _ in DOUBTFUL])
def test_a_person_opens_what_no_rule_opens_with_a_word_why(
    sessions: Sessions, expected: str, record: DossierRecord
) -> None:
    hear(sessions, at(4), record)
    assert (stage(sessions), letters(sessions)) == (expected, [])
    who, slip = by(at(4)), date(2026, 11, 12) if expected == "no_promise" else None
    opened = lambda s, why="Biết chắc sẽ trễ": open_by_hand(  # noqa: E731
        s, 1, OFFICE, who, why=why, promised_on=slip
    )
    assert name_of(sessions, lambda s: opened(s, "  ")) == "no_why"
    if slip is not None:
        assert name_of(sessions, lambda s: open_by_hand(s, 1, OFFICE, who, why="Đã xem")) == "no_promise"
    step(sessions, opened)
    hear(sessions, at(5), replace(record, officer="khác"))
    draft(sessions, at(5))
    assert letters(sessions) == [(1, "drafted", "")], "judging does not take back what a person confirmed"
    assert "ngày 12 tháng 11 năm 2026" in words(sessions)
    assert name_of(sessions, opened) == "letter_exists"
    step(sessions, lambda s: life.decide(s, 1, OFFICE, by(at(5)), reason="Cần xác minh.", new_date=NEW))
    with sessions() as session:
        first = history(session, 1)[0]
        assert (first.step, first.detail["stage"], first.detail["host"]) == ("opened", expected, "10.0.0.7")
        assert verify(session) == []


def test_a_finished_dossier_opens_no_letter(sessions: Sessions) -> None:
    hear(sessions, at(4), replace(RUNNING, status=Status.READY, finished_at=at(3)))
    assert name_of(sessions, lambda s: open_by_hand(s, 1, OFFICE, by(at(4)), why="Thử")) == "not_open"


def test_a_silent_source_holds_every_step_until_a_person_confirms(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    draft(sessions, at(11))
    silent = replace(OFFICE, stale={"one"})
    take = lambda s: life.decide(s, 1, silent, by(at(11)), reason="Cần xác minh.", new_date=NEW)  # noqa: E731
    assert name_of(sessions, take) == "suspended"
    with sessions() as session:
        (due,) = letters_due(session, silent, CALENDAR, at(11))
        assert (due.task, due.held_for) == (Task.CONFIRM, "stale_source")
    step(sessions, lambda s: confirm(s, 1, silent, by(at(11)), why="Đã xem trực tiếp trên một cửa"))
    step(sessions, take)


def test_a_paused_dossier_confirmed_by_a_person_goes_on(sessions: Sessions) -> None:
    hear(sessions, at(11), RUNNING)
    draft(sessions, at(11))
    paused = replace(RUNNING, status=Status.SUSPENDED)
    hear(sessions, at(11, 10), paused)
    step(sessions, lambda s: confirm(s, 1, OFFICE, by(at(11, 11)), why="Tạm dừng ghi nhầm"))
    hear(sessions, at(11, 12), replace(paused, officer="khác"))
    assert letters(sessions) == [(1, "drafted", "")]


def test_the_worklist_says_by_which_hour_and_which_date(sessions: Sessions) -> None:
    """Ten others of the procedure took 12 working days; this one is 7 old: 5 more are proposed."""
    of = {"procedure_code": "1.004222", "agency_code": "H19.1"}
    others = [
        replace(
            RUNNING, key=f"d{n}", code=f"H19.1-261019-{n:04d}", status=Status.READY, received_at=at(2).replace(month=10, day=19),
            promised_at=at(6, 17), finished_at=at(4), **of,
        )
        for n in range(10)
    ]  # fmt: skip
    hear(sessions, at(11), replace(RUNNING, **of), replace(RUNNING, key="late", code="H19.1-261102-0009",
                                                           promised_at=at(6, 17), **of), *others)  # fmt: skip
    with sessions() as session:
        late, due = letters_due(session, OFFICE, CALENDAR, at(11), agencies=["H19.1"])
        assert (late.is_over, late.by, late.code) == (True, at(5, 17), "H19.1-261102-0009")
        assert (due.is_over, due.by, due.task) == (False, at(11, 17), Task.WORD)
        assert due.proposal is not None
        assert (due.proposal.on, due.proposal.needs, due.proposal.dossiers) == (date(2026, 11, 18), 5, 10)
        assert letters_due(session, OFFICE, CALENDAR, at(11), agencies=["H19.2"]) == []
        dossiers = session.scalars(select(Dossier)).all()
        assert proposals(session, dossiers, CALENDAR, at(11))[dossiers[0].id] == due.proposal
