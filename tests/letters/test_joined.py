"""Letters of a dossier that two systems show: found to be one after a letter went out, or to be two after all; and a
letter taken back after its date was in the system. One appointment for a dossier, whoever wrote it down where."""

from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlalchemy import select

from connectors.base import DossierRecord
from monitor.domain.dossier import Status
from monitor.identity import link_by_hand, part_by_hand, view_named
from monitor.judge import judge_due
from monitor.letters import life
from monitor.letters.verify import verify
from monitor.letters.worklist import Task, letters_due
from monitor.projection import project
from monitor.store.tables import Dossier, Letter
from tests.letters.test_duty import NEW, OFFICE, OVERWRITTEN, by, draft, issue, name_of, seen, step, words
from tests.test_judging_stories import CALENDAR, INTAKE, RULES, RUNNING, Sessions, at, hear, open_findings, rows

PORTAL = replace(RUNNING, key="p1", code="G22.1-261102-0001")  # the same dossier, as the portal numbers it
PROVEN = replace(PORTAL, alternates=(RUNNING.code,))


def standing(sessions: Sessions) -> set[tuple[str, int, str]]:
    """(dossier, promise, state) of every letter of a dossier that some system still shows."""
    with sessions() as session:
        query = select(Dossier.code, Letter.promise_number, Letter.state).join(Letter, Letter.dossier_id == Dossier.id)
        return {(code, number, state) for code, number, state in session.execute(query) if code}


def is_sound(sessions: Sessions) -> None:
    with sessions() as session:
        assert verify(session) == []
        assert len(session.scalars(select(Letter.promise_number).where(Letter.promise_number < 0)).all()) == 0


def link(sessions: Sessions, now: datetime, one: str, other: str) -> None:
    with sessions.begin() as session:
        first, second = view_named(session, one), view_named(session, other)
        project(session, link_by_hand(session, first, second, "Đã đối chiếu", now), INTAKE, now)
    judge_due(sessions, RULES, now)


def part(sessions: Sessions, now: datetime, name: str) -> None:
    with sessions.begin() as session:
        view = view_named(session, name)
        before = view.dossier_id
        project(session, {before, part_by_hand(session, view, "Nối nhầm", now)}, INTAKE, now)
    judge_due(sessions, RULES, now)


def late_twice(sessions: Sessions, portal: DossierRecord = PORTAL) -> None:
    """Late in both systems, which nothing ties together yet: two dossiers, two duties. The portal's is letter 2."""
    hear(sessions, at(13), RUNNING)
    hear(sessions, at(13), portal, source="portal")
    assert {(number, state) for _, number, state in standing(sessions)} == {(1, "owed")}
    assert len(standing(sessions)) == 2


def test_a_letter_issued_from_one_view_is_the_letter_of_the_joined_dossier(sessions: Sessions) -> None:
    late_twice(sessions)
    issue(sessions, at(13), letter=2)
    hear(sessions, at(16), PROVEN, source="portal")
    hear(sessions, at(16, 10), RUNNING)
    draft(sessions, at(16, 10))
    assert standing(sessions) == {(RUNNING.code, 1, "counter_told")}, "no second letter, and the draft is voided"
    with sessions() as session:
        assert [due.letter_id for due in letters_due(session, OFFICE, CALENDAR, at(16, 10))] == []
    is_sound(sessions)
    hear(sessions, at(17), replace(RUNNING, promised_at=at(20, 17)))
    assert seen(sessions, at(17, 10)) == 1, "the counter's date is looked for in the joined dossier"
    judge_due(sessions, RULES, at(17, 11))
    hear(sessions, at(18), replace(PROVEN, promised_at=at(20, 17)), source="portal")
    hear(sessions, at(23), replace(RUNNING, promised_at=at(20, 17), officer="khác"))
    assert standing(sessions) == {(RUNNING.code, 1, "date_changed"), (RUNNING.code, 2, "owed")}
    draft(sessions, at(23))
    (again,) = (row[0] for row in rows(sessions, Letter.id, Letter.promise_number) if row[1] == 2)
    second = lambda s: life.decide(s, again, OFFICE, by(at(23)), reason="Vẫn chờ.", new_date=date(2026, 12, 7))  # noqa: E731
    assert name_of(sessions, second) == "new_date", "the one extension is used up"


def test_the_new_date_in_force_comes_along(sessions: Sessions) -> None:
    late_twice(sessions)
    issue(sessions, at(13), letter=2)
    step(sessions, lambda s: life.change_date(s, 2, OFFICE, by(at(13, 10)), proof="Ảnh màn hình"))
    link(sessions, at(13, 11), f"portal:{PORTAL.code}", f"one:{RUNNING.code}")
    found = rows(sessions, Dossier.code, Dossier.promise_number, Dossier.extended_by_letter_on)
    assert (RUNNING.code, 2, NEW) in found
    assert standing(sessions) == {(RUNNING.code, 1, "date_changed")}
    is_sound(sessions)


def test_two_letters_that_both_went_out_both_stay_on_record(sessions: Sessions) -> None:
    late_twice(sessions)
    issue(sessions, at(13), letter=1)
    issue(sessions, at(13), letter=2)
    link(sessions, at(13, 11), f"portal:{PORTAL.code}", f"one:{RUNNING.code}")
    assert standing(sessions) == {(RUNNING.code, 1, "counter_told")}
    assert rows(sessions, Letter.id, Letter.state) == [(1, "counter_told"), (2, "counter_told")]
    is_sound(sessions)


def test_what_was_linked_by_mistake_takes_its_letter_back(sessions: Sessions) -> None:
    late_twice(sessions)
    issue(sessions, at(13), letter=2)
    step(sessions, lambda s: life.change_date(s, 2, OFFICE, by(at(13, 10)), proof="Ảnh màn hình"))
    link(sessions, at(13, 11), f"portal:{PORTAL.code}", f"one:{RUNNING.code}")
    part(sessions, at(13, 12), f"portal:{PORTAL.code}")
    assert standing(sessions) == {(PORTAL.code, 1, "date_changed"), (RUNNING.code, 1, "owed")}
    assert set(rows(sessions, Dossier.code, Dossier.extended_by_letter_on)) >= {
        (PORTAL.code, NEW),
        (RUNNING.code, None),
    }
    is_sound(sessions)


def test_a_letter_of_the_rest_stays_with_the_rest(sessions: Sessions) -> None:
    hear(sessions, at(13), RUNNING)
    hear(sessions, at(13), replace(PORTAL, code=RUNNING.code), source="portal")
    issue(sessions, at(13))
    part(sessions, at(13, 12), "portal:p1")
    states = sorted(state for _, _, state in standing(sessions))
    assert states == ["counter_told", "owed"], "another dossier by a person's word owes its own"
    is_sound(sessions)


def test_a_letter_voided_before_its_dossier_was_joined_is_not_made_anew(sessions: Sessions) -> None:
    late_twice(sessions)
    issue(sessions, at(13), letter=2)
    step(sessions, lambda s: life.void(s, 2, by(at(13, 10)), why="Ghi nhầm số"))
    link(sessions, at(13, 11), f"portal:{PORTAL.code}", f"one:{RUNNING.code}")
    assert name_of(sessions, lambda s: life.reissue(s, 2, by(at(13, 12)))) == "not_to_reissue"
    assert standing(sessions) == {(RUNNING.code, 1, "drafted")}, "nobody has a letter: the joined dossier owes it"


SHOWN = [
    (OVERWRITTEN, "the system wrote the new date over the one on the slip"),
    (replace(RUNNING, extended_at=at(20, 17)), "the system has a field of its own for it"),
]


@pytest.mark.parametrize(("record", "why"), SHOWN, ids=["overwritten", "own field"])
def test_a_letter_made_anew_names_the_date_on_the_slip(sessions: Sessions, record: DossierRecord, why: str) -> None:
    """Taken back after the counter had changed the date: that date has no ground any more (Điều 19 khoản 6)."""
    hear(sessions, at(11), RUNNING)
    issue(sessions, at(11))
    hear(sessions, at(12), record)
    assert seen(sessions, at(12, 10)) == 1
    judge_due(sessions, RULES, at(12, 11))
    step(sessions, lambda s: life.void(s, 1, by(at(12, 12)), why="Ghi nhầm số"))
    judge_due(sessions, RULES, at(12, 13))
    assert rows(sessions, Dossier.promise_number, Dossier.stage) == [(1, "due_today")], why
    assert "date_changed_without_letter" in open_findings(sessions), "the system still shows it"
    with sessions() as session:
        (due,) = letters_due(session, OFFICE, CALENDAR, at(12, 13))
        assert (due.task, due.promised_at) == (Task.REISSUE, at(12, 17))
    step(sessions, lambda s: life.reissue(s, 1, by(at(12, 14))))
    hear(sessions, at(12, 15), replace(record, officer="khác"))
    draft(sessions, at(12, 15))
    with sessions() as session:
        content = session.get_one(Letter, 1).content
        assert content is not None
        assert content["values"]["ngay_han_cu"] == "ngày 12 tháng 11 năm 2026"
    assert "ngày 12 tháng 11 năm 2026" in words(sessions)

    new = date(2026, 11, 25)
    step(sessions, lambda s: life.decide(s, 1, OFFICE, by(at(12, 16)), reason="Cần xác minh.", new_date=new))
    step(sessions, lambda s: life.approve(s, 1, OFFICE, by(at(12, 16))))
    who = by(at(12, 16))
    step(sessions, lambda s: life.sign(s, 1, OFFICE, who, name="Lê Văn Nháp", capacity="head"))
    entry = life.Entry(2, "PXL", CALENDAR.local_date(at(12)))
    step(sessions, lambda s: life.register(s, 1, OFFICE, who, entry))
    step(sessions, lambda s: life.tell_counter(s, 1, who, proof="Sổ chuyển giao"))
    shown = {"promised_at": at(25, 17)} if record is OVERWRITTEN else {"extended_at": at(25, 17)}
    hear(sessions, at(13), replace(record, **shown))
    assert seen(sessions, at(13, 10)) == 1
    judge_due(sessions, RULES, at(13, 11))
    assert rows(sessions, Dossier.promise_number, Dossier.taken_back_on) == [(2, None)]
    assert "date_changed_without_letter" not in open_findings(sessions)
    hear(sessions, at(16), replace(record, **shown, status=Status.READY, finished_at=at(16)))
    is_sound(sessions)
