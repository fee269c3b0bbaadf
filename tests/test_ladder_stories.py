"""Stories of the ladder: frozen policies, answers kept and broken, missed steps, repeats. From judging to what is owed.

SQLite alone: the statements are the same as in tests/test_judging_stories.py, which runs on both stores.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.acknowledge import AnswerRules, acknowledge, already_solved, snooze
from monitor.calendars import load_calendar
from monitor.domain.escalation import Occasion, RungRule, parse_rung_time
from monitor.domain.stage import Warning
from monitor.judge import Rules, judge_due
from monitor.people import Agency, Directory, Person, Post
from monitor.policies import adopt, migrate
from monitor.settings import CalendarSettings
from monitor.store.tables import Acknowledgement, Dossier, FindingRow, Ladder, Notice, Policy
from tests.alerts.world import ZONE

CALENDAR = load_calendar(CalendarSettings(), "Asia/Ho_Chi_Minh", Path())
DIRECTORY = Directory(
    [Agency("H19", "UBND thành phố"), Agency("H19.1", "UBND xã Một", parent="H19")],
    [Person("cb", "Cán bộ", telegram="1"), Person("tt", "Thủ trưởng", telegram="2"), Person("ct", "C", telegram="3")],
    [Post("cb", "officer", "H19.1"), Post("tt", "agency_head", "H19.1"), Post("ct", "chairman", "H19")],
)


def rung(name: str, when: str, occasion: Occasion, role: str, **more: Any) -> RungRule:
    return RungRule(name, occasion, parse_rung_time(when), (role,), **more)


LADDER = (
    rung("soon", "-3wd 08:00", Occasion.DUE, "officer"),
    rung("today", "0 14:00", Occasion.DUE, "agency_head"),
    rung("late", "+1wd 08:00", Occasion.LATE, "chairman"),
    rung("intake", "0", Occasion.INTAKE_LATE, "officer"),
    rung("intake-head", "+1wd 08:00", Occasion.INTAKE_LATE, "agency_head"),
)
RULES = Rules(CALENDAR, Warning(), LADDER, DIRECTORY)
Sessions = sessionmaker[Session]


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    return sqlite_url


def at(day: int, hour: int = 9, minute: int = 0) -> datetime:
    """An hour of a day in November 2026, in Việt Nam. 12/11 is a Thursday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


def running(sessions: Sessions, **changes: Any) -> int:
    """Received Mon 2/11, promised Thu 12/11: "soon" Mon 9/11 08:00, "today" Thu 14:00, "late" Fri 13/11 08:00."""
    values: dict[str, Any] = {
        "code": "H19.1-261102-0001",
        "agency_code": "H19.1",
        "status": "processing",
        "speaking_source": "one",
        "precision": "date",
        "received_at": at(2),
        "promised_at": at(12, 17),
        "facts_at": at(2),
        "confirmed_at": at(2),
        "next_change_at": at(2),
    }
    with sessions.begin() as session:
        dossier = Dossier(**(values | changes))
        session.add(dossier)
        session.flush()
        return dossier.id


def judge(sessions: Sessions, *moments: datetime, rules: Rules = RULES) -> None:
    for now in moments:
        judge_due(sessions, rules, now)


def say(sessions: Sessions, dossier_id: int, now: datetime, **facts: Any) -> None:
    """The source said something new; it is judged at once."""
    with sessions.begin() as session:
        session.execute(update(Dossier).where(Dossier.id == dossier_id).values(next_change_at=now, **facts))
    judge(sessions, now)


def notices(sessions: Sessions) -> list[tuple[str, str, str]]:
    """(rung, role, state) in the order they were owed."""
    with sessions() as session:
        return [(n.rung, n.role, n.state) for n in session.scalars(select(Notice).order_by(Notice.id))]


def answer(sessions: Sessions, how: Any, dossier_id: int, person: str, now: datetime, **more: Any) -> int:
    rules = AnswerRules(CALENDAR, DIRECTORY)
    with sessions.begin() as session:
        done = how(session, dossier_id, person, reason="chờ phối hợp", now=now, rules=rules, where_from="cli", **more)
        return int(done.id)


def ends(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(Acknowledgement.ended_as).order_by(Acknowledgement.id)))


def next_look(sessions: Sessions, dossier_id: int) -> datetime | None:
    with sessions() as session:
        return session.get_one(Dossier, dossier_id).next_change_at


# --- frozen ladders (R9)


def changed(*rungs: RungRule) -> Rules:
    return replace(RULES, rungs=rungs)


def test_an_edited_ladder_is_for_those_that_have_not_begun(sessions: Sessions) -> None:
    """R9: a ladder that began goes on by the policy it began with; another dossier begins with the new one."""
    begun = running(sessions)
    judge(sessions, at(9, 8))
    edited = changed(
        rung("soon", "-3wd 08:00", Occasion.DUE, "officer"), rung("new", "0 09:00", Occasion.DUE, "chairman")
    )
    fresh = running(sessions, code="fresh", received_at=at(10), promised_at=at(12, 17), next_change_at=at(10))
    judge(sessions, at(10), at(12, 9), at(12, 14), rules=edited)
    with sessions() as session:
        told = {(n.dossier_id, n.rung) for n in session.scalars(select(Notice).where(Notice.state != "folded"))}
        policies = {one.dossier_id: one.policy_id for one in session.scalars(select(Ladder))}
        assert session.query(Policy).count() == 2
    assert {name for dossier_id, name in told if dossier_id == begun} == {"soon", "today"}
    assert {name for dossier_id, name in told if dossier_id == fresh} == {"soon", "new"}
    assert policies[begun] != policies[fresh]


def test_a_rung_deleted_mid_ladder_still_comes(sessions: Sessions) -> None:
    """GoAlert's deleted step."""
    running(sessions)
    judge(sessions, at(9, 8))
    judge(sessions, at(12, 14), at(13, 8), rules=changed(LADDER[0]))
    assert notices(sessions) == [
        ("soon", "officer", "owed"),
        ("today", "agency_head", "owed"),
        ("late", "chairman", "owed"),
    ]


def test_a_rung_added_before_the_ladder_began_is_not_missed(sessions: Sessions) -> None:
    """The next look was timed by the old rungs: an edit looks again."""
    dossier_id = running(sessions)
    judge(sessions, at(2))
    assert next_look(sessions, dossier_id) == at(9, 0)
    earlier = rung("early", "-5wd 08:00", Occasion.DUE, "officer")
    judge(sessions, at(4), rules=changed(earlier, *LADDER))
    assert next_look(sessions, dossier_id) == at(5, 8)
    judge(sessions, at(5, 8), rules=changed(earlier, *LADDER))
    assert notices(sessions) == [("early", "officer", "owed")]


def test_a_ladder_is_migrated_by_an_express_wish_only(sessions: Sessions) -> None:
    dossier_id = running(sessions)
    judge(sessions, at(9, 8))
    edited = changed(rung("new", "0 09:00", Occasion.DUE, "chairman"))
    with sessions.begin() as session:
        version = adopt(session, edited.rungs, at(10))
        assert migrate(session, version, [dossier_id], at(10)) == 1
        assert migrate(session, version, [dossier_id], at(10)) == 0
    judge(sessions, at(10), at(12, 9), at(12, 14), rules=edited)
    assert [name for name, _, _ in notices(sessions)] == ["soon", "new"]


# --- answers


def test_while_an_answer_holds_rungs_are_held_back_and_a_kept_promise_ends_it(sessions: Sessions) -> None:
    dossier_id = running(sessions)
    judge(sessions, at(9, 8))
    answer(sessions, acknowledge, dossier_id, "cb", at(9, 10), promised_on=date(2026, 11, 13))
    judge(sessions, at(12, 14), at(13, 8))
    assert notices(sessions) == [
        ("soon", "officer", "cancelled"),
        ("today", "agency_head", "held"),
        ("late", "chairman", "held"),
    ]
    say(sessions, dossier_id, at(13, 15), status="returned", finished_at=at(13, 15))
    assert ends(sessions) == ["kept"]
    assert [state for _, _, state in notices(sessions)] == ["cancelled"] * 3, "on record why nobody heard"


def test_a_broken_promise_reopens_one_rung_higher(sessions: Sessions) -> None:
    """The officer was told and promised Tuesday; Tuesday passes: the head of the agency hears, before it is late."""
    dossier_id = running(sessions)
    judge(sessions, at(9, 8))
    answer(sessions, acknowledge, dossier_id, "cb", at(9, 10), promised_on=date(2026, 11, 10))
    assert next_look(sessions, dossier_id) is not None
    judge(sessions, at(10, 23), at(11, 0))
    assert ends(sessions) == ["broken"]
    assert notices(sessions)[1:] == [("today", "agency_head", "owed")]
    with sessions() as session:
        assert session.scalars(select(Notice.occasion).order_by(Notice.id.desc())).first() == "promise_broken"
    judge(sessions, at(12, 14))
    assert len(notices(sessions)) == 2, "told early, it is not told again at its hour"


def test_what_was_held_is_told_with_the_rung_above(sessions: Sessions) -> None:
    dossier_id = running(sessions)
    judge(sessions, at(9, 8))
    answer(sessions, acknowledge, dossier_id, "cb", at(9, 10), promised_on=date(2026, 11, 12))
    judge(sessions, at(12, 14), at(13, 0))
    assert notices(sessions)[1:] == [("today", "agency_head", "owed"), ("late", "chairman", "owed")]


def test_at_the_top_the_top_hears_again(sessions: Sessions) -> None:
    dossier_id = running(sessions)
    judge(sessions, at(9, 8), at(12, 14), at(13, 8))
    answer(sessions, acknowledge, dossier_id, "ct", at(13, 9), promised_on=date(2026, 11, 16))
    judge(sessions, at(17, 0))
    assert notices(sessions)[-1] == ("late", "chairman", "owed")
    assert len(notices(sessions)) == 4


def test_of_two_answers_the_first_broken_one_counts_and_the_other_goes_on_holding(sessions: Sessions) -> None:
    """Joint handling: each promise is checked by itself."""
    dossier_id = running(sessions)
    judge(sessions, at(9, 8))
    answer(sessions, acknowledge, dossier_id, "cb", at(9, 10), promised_on=date(2026, 11, 10))
    answer(sessions, acknowledge, dossier_id, "tt", at(9, 11), promised_on=date(2026, 11, 16))
    judge(sessions, at(11, 0))
    assert (ends(sessions), notices(sessions)[1:]) == (["broken", ""], [("today", "agency_head", "owed")])
    judge(sessions, at(13, 8))
    assert notices(sessions)[-1] == ("late", "chairman", "held")


def test_the_end_of_a_put_off_says_what_was_held(sessions: Sessions) -> None:
    """The head puts it off; two rungs come meanwhile: the highest is told, and the head learns what was held."""
    dossier_id = running(sessions)
    judge(sessions, at(9, 8))
    answer(sessions, snooze, dossier_id, "tt", at(11, 10), until_on=date(2026, 11, 13))
    judge(sessions, at(12, 14), at(13, 8), at(14, 0))
    assert ends(sessions) == ["over"]
    assert notices(sessions)[1:] == [
        ("today", "agency_head", "folded"),
        ("late", "chairman", "owed"),
        ("het-hoan", "agency_head", "owed"),
    ]
    with sessions() as session:
        assert session.scalars(select(Notice.reason).where(Notice.rung == "het-hoan")).all() == ["held:2"]


def test_late_before_and_after_a_put_off_is_told_once(sessions: Sessions) -> None:
    """Uptime Kuma #7148."""
    dossier_id = running(sessions)
    judge(sessions, at(9, 8), at(12, 14), at(13, 8))
    before = notices(sessions)
    with sessions.begin() as session:
        session.execute(update(Notice).values(state="told"))
    answer(sessions, snooze, dossier_id, "tt", at(13, 9), until_on=date(2026, 11, 16))
    judge(sessions, at(17, 0), at(18, 9))
    assert notices(sessions) == [(name, role, "told") for name, role, _ in before]


def test_solved_but_the_source_is_behind(sessions: Sessions) -> None:
    """Believed for two working days; the stage stays what the source says; then the rung above asks."""
    dossier_id = running(sessions)
    judge(sessions, at(9, 8))
    answer(sessions, already_solved, dossier_id, "cb", at(9, 10))
    judge(sessions, at(11, 9))
    with sessions() as session:
        assert session.get_one(Dossier, dossier_id).stage == "letter_due"
    judge(sessions, at(12, 0))
    assert (ends(sessions), notices(sessions)[-1]) == (["broken"], ("today", "agency_head", "owed"))


@pytest.mark.parametrize(
    ("facts", "moment", "end", "meaning"),
    [
        ({"status": "returned", "finished_at": at(10, 9)}, at(10, 10), "kept", "done in time"),
        ({"extended_at": at(20, 17)}, at(10, 10), "moot", "another promise is in force"),
        ({"status": "supplement", "paused_since_at": at(10)}, at(10, 10), "", "it stands still: the answer waits"),
        ({"status": "supplement", "paused_since_at": at(10)}, at(14, 0), "moot", "and stands still when its day comes"),
    ],
)
def test_how_answers_end(sessions: Sessions, facts: dict[str, Any], moment: datetime, end: str, meaning: str) -> None:
    dossier_id = running(sessions)
    judge(sessions, at(9, 8))
    answer(sessions, acknowledge, dossier_id, "cb", at(9, 10), promised_on=date(2026, 11, 13))
    say(sessions, dossier_id, at(10, 10), **facts)
    judge(sessions, moment)
    assert ends(sessions) == [end], meaning


def test_done_after_the_promised_day_while_nobody_looked_is_a_broken_promise(sessions: Sessions) -> None:
    dossier_id = running(sessions)
    judge(sessions, at(9, 8))
    answer(sessions, acknowledge, dossier_id, "cb", at(9, 10), promised_on=date(2026, 11, 10))
    say(sessions, dossier_id, at(12, 10), status="returned", finished_at=at(12, 9))
    assert ends(sessions) == ["broken"]
    assert [n for n in notices(sessions) if n[2] == "owed"] == [], "nothing is left to do"


# --- missed steps


def submitted(sessions: Sessions, **changes: Any) -> int:
    """Submitted Mon 2/11 09:00, to be accepted within 8 working hours: by Tue 3/11 09:00."""
    fresh: dict[str, Any] = {"status": "submitted", "submitted_at": at(2), "received_at": None, "promised_at": None}
    return running(sessions, **(fresh | changes))


def test_intake_over_8_hours_climbs_a_ladder_of_its_own(sessions: Sessions) -> None:
    dossier_id = submitted(sessions)
    judge(sessions, at(2), at(3, 9))
    assert notices(sessions) == []
    judge(sessions, at(3, 9, 1))
    assert notices(sessions) == [("intake", "officer", "owed")]
    assert next_look(sessions, dossier_id) == at(4, 8)
    judge(sessions, at(4, 8))
    assert notices(sessions)[-1] == ("intake-head", "agency_head", "owed")
    say(sessions, dossier_id, at(4, 9), status="processing", received_at=at(4, 9), promised_at=at(20, 17))
    assert [state for _, _, state in notices(sessions)] == ["cancelled"] * 2, "accepted before anybody was told"


def test_an_answer_holds_the_missed_step_it_was_given_for(sessions: Sessions) -> None:
    dossier_id = submitted(sessions)
    judge(sessions, at(3, 9, 1))
    answer(sessions, acknowledge, dossier_id, "cb", at(3, 10), promised_on=date(2026, 11, 4))
    judge(sessions, at(4, 8))
    assert notices(sessions)[-1] == ("intake-head", "agency_head", "held")
    judge(sessions, at(5, 0))
    assert ends(sessions) == ["broken"]
    assert ("intake-head", "agency_head", "owed") in notices(sessions)


def find_mismatch(sessions: Sessions, dossier_id: int, now: datetime, detail: str) -> None:
    """What intake does when two systems contradict each other."""
    with sessions.begin() as session:
        session.execute(update(FindingRow).where(FindingRow.kind == "state_mismatch").values(closed_at=now))
        if detail:
            session.add(FindingRow(dossier_id=dossier_id, kind="state_mismatch", detail=detail, found_at=now))
        session.execute(update(Dossier).values(next_change_at=now))
    judge(sessions, now, rules=changed(*LADDER, rung("differ", "0", Occasion.MISMATCH, "agency_head")))


def test_a_second_different_reason_is_told_and_what_was_settled_is_not(sessions: Sessions) -> None:
    """Zammad #4348: the second reason of a day was swallowed."""
    dossier_id = running(sessions)
    find_mismatch(sessions, dossier_id, at(4, 9), "status")
    find_mismatch(sessions, dossier_id, at(4, 10), "status")
    assert [n[2] for n in notices(sessions)] == ["cancelled", "owed"]
    answer(sessions, acknowledge, dossier_id, "tt", at(4, 11), promised_on=date(2026, 11, 10))
    find_mismatch(sessions, dossier_id, at(4, 15), "promised date")
    assert notices(sessions)[-1] == ("differ", "agency_head", "owed"), "found after the answer: another matter"
    find_mismatch(sessions, dossier_id, at(4, 16), "")
    assert [n[2] for n in notices(sessions)] == ["cancelled"] * 3


# --- repeats


def test_a_rung_is_repeated_until_somebody_answers(sessions: Sessions) -> None:
    dossier_id = running(sessions)
    again = changed(rung("late", "+1wd 08:00", Occasion.LATE, "chairman", repeat_days=1, repeat_times=5))
    judge(sessions, at(13, 8), at(16, 8), rules=again)
    answer(sessions, acknowledge, dossier_id, "ct", at(16, 9), promised_on=date(2026, 11, 18))
    judge(sessions, at(17, 8), rules=again)
    with sessions() as session:
        rows = [(n.repeat, n.state) for n in session.scalars(select(Notice).order_by(Notice.id))]
    assert rows == [(0, "cancelled"), (1, "cancelled"), (2, "held")]


# --- downtime


SPANS = (timedelta(minutes=5), timedelta(hours=26), timedelta(days=9))


@pytest.mark.parametrize("stop", SPANS, ids=str)
def test_after_a_stop_the_same_rungs_are_on_record_and_one_is_told(sessions: Sessions, stop: timedelta) -> None:
    """R5, froide's 24 hours: whatever was missed is folded into the highest rung that came meanwhile."""
    running(sessions)
    judge(sessions, at(9, 7, 59))
    judge(sessions, at(9, 7, 59) + stop)
    told = [name for name, _, state in notices(sessions) if state == "owed"]
    folded = [name for name, _, state in notices(sessions) if state == "folded"]
    expected: dict[timedelta, Sequence[str]] = {SPANS[0]: [], SPANS[1]: [], SPANS[2]: ["soon", "today"]}
    assert len(told) == 1
    assert folded == expected[stop]
    judge(sessions, at(19, 9))
    assert sorted({name for name, _, _ in notices(sessions)}) == ["late", "soon", "today"]
