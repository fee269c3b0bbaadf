"""`alerts plan CODE` and the daily reach check: what will happen, said before it does."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.addresses import park
from monitor.alerts.forecast import Gap, Step, plan_for, reach_gaps
from monitor.alerts.linking import Claim, bring_code, confirm, make_code
from monitor.people import Agency, Directory, Person, Post
from monitor.settings import Rung
from monitor.store.tables import Message
from tests.alerts.world import CALENDAR, DIRECTORY, NOW, RUNGS, add_dossiers, owe, plan

Sessions = sessionmaker[Session]


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    return sqlite_url


def forecast(sessions: Sessions, code: str = "c", **changes: Any) -> list[Step]:
    arguments: dict[str, Any] = {"calendar": CALENDAR, "directory": DIRECTORY, "rungs": RUNGS}
    with sessions() as session:
        return plan_for(session, code, now=NOW, channels=("telegram", "email"), **{**arguments, **changes})


def gaps(sessions: Sessions, **changes: Any) -> list[Gap]:
    arguments: dict[str, Any] = {"calendar": CALENDAR, "directory": DIRECTORY, "rungs": RUNGS}
    with sessions() as session:
        return reach_gaps(session, now=NOW, channels=("telegram", "email"), **{**arguments, **changes})


def at(day: int, hour: int) -> datetime:
    return datetime.combine(date(2026, 11, day), time(hour), NOW.tzinfo)


def test_what_was_told_and_what_lies_ahead(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {"code": "c", "late_by": -1, "letter_by_on": date(2026, 11, 23)})
    owe(sessions, dossier_id, "soon", "agency_head")
    plan(sessions)
    found = [(step.rung, step.role, step.state, step.people, step.at) for step in forecast(sessions)]
    assert found == [
        ("soon", "agency_head", "planned", (("head1", "telegram"),), NOW),
        ("by-mail", "agency_head", "ahead", (("head1", "email"),), at(24, 8)),
        ("late", "agency_head", "ahead", (("head1", "telegram"),), at(25, 8)),
        ("late", "one_stop_head", "ahead", (("head1", "telegram"),), at(25, 8)),
        ("very-late", "chairman", "ahead", (("chair", "telegram"),), at(27, 8)),
    ]


@pytest.mark.parametrize(
    ("severity", "told", "meaning"),
    [("normal", at(25, 7) + timedelta(minutes=30), "waits for the opening"), ("urgent", at(25, 5), "doesn't wait")],
)
def test_delivery_is_foretold_too(sessions: Sessions, severity: Any, told: datetime, meaning: str) -> None:
    add_dossiers(sessions, {"code": "c", "late_by": -1})
    (step,) = forecast(sessions, rungs=[Rung(at="+1wd 05:00", tell=("chairman",), severity=severity)])
    assert (step.at, step.told_at) == (at(25, 5), told), meaning


def test_the_person_is_the_one_of_that_day(sessions: Sessions) -> None:
    add_dossiers(sessions, {"code": "c", "late_by": -1})
    changing = Directory(
        [Agency("H19.1", "UBND xã Một")],
        [Person("old", "A", telegram="1"), Person("new", "B", telegram="2")],
        [
            Post("old", "agency_head", "H19.1", held_to=date(2026, 11, 24)),
            Post("new", "agency_head", "H19.1", held_from=date(2026, 11, 25)),
        ],
    )
    rungs = [Rung(at="0 08:00", tell=("agency_head",)), Rung(at="+1wd 08:00", tell=("agency_head",))]
    people = [step.people for step in forecast(sessions, directory=changing, rungs=rungs)]
    assert people == [(("old", "telegram"),), (("new", "telegram"),)]


@pytest.mark.parametrize("row", [{"stage": "finished_on_time"}, {"promise_at": None, "late_from_at": None}])
def test_nothing_lies_ahead_of_a_closed_or_unpromised_dossier(sessions: Sessions, row: dict[str, Any]) -> None:
    add_dossiers(sessions, {"code": "c", **row})
    assert forecast(sessions) == []


def test_an_unknown_code_has_no_plan(sessions: Sessions) -> None:
    assert forecast(sessions, "nobody") == []


def test_gaps_are_named_with_their_stand_in(sessions: Sessions) -> None:
    add_dossiers(
        sessions, {"agency_code": "H19.2", "stage": "in_time"}, {"agency_code": "H19.1", "stage": "finished_late"}
    )
    found = {(gap.agency, gap.role, gap.rung): (gap.on, gap.stood_in) for gap in gaps(sessions)}
    assert found == {
        ("H19.2", "officer", "soon"): (NOW.date(), "agency_head"),  # an officer without any address
        ("H19.2", "one_stop_head", "late"): (NOW.date(), "agency_head"),  # nobody holds the post
    }


def test_a_post_that_ends_this_week_is_found_today(sessions: Sessions) -> None:
    add_dossiers(sessions, {"agency_code": "A", "stage": "late"})
    ending = Directory(
        [Agency("A", "A")],
        [Person("p", "P", email="p@a.example.vn")],
        [Post("p", "chairman", "A", held_to=date(2026, 11, 26))],
    )
    rungs = [Rung(name="r", at="0", tell=("chairman",))]
    (gap,) = gaps(sessions, directory=ending, rungs=rungs)
    assert (gap.on, gap.stood_in) == (date(2026, 11, 27), "")
    assert "không có ai giữ vai trò chairman" in gap.reason
    assert gaps(sessions, directory=ending, rungs=rungs, days=4) == []


def test_an_address_that_was_refused_last_time_reaches_nobody(sessions: Sessions) -> None:
    add_dossiers(sessions, {"stage": "late"})
    rungs = [Rung(name="r", at="0", tell=("admin",), when="source_silent")]
    assert gaps(sessions, rungs=rungs) == []
    row = {
        "person": "admin",
        "channel": "telegram",
        "address": "500",
        "payload": {},
        "made_at": NOW,
        "not_before_at": NOW,
    }
    with sessions.begin() as session:
        session.add(Message(key="k1", state="failed", **row))
    assert [gap.role for gap in gaps(sessions, rungs=rungs)] == ["admin"]
    with sessions.begin() as session:
        session.add(Message(key="k2", state="sent", **row))
    assert gaps(sessions, rungs=rungs) == [], "it works again"


def test_a_linked_chat_closes_a_gap_and_a_parked_address_opens_one(sessions: Sessions) -> None:
    """The reach check finds people as planning does."""
    add_dossiers(sessions, {"agency_code": "H19.2"})
    rungs = (Rung(name="late", at="+1wd 08:00", when="late", tell=("officer",)),)

    def stood_in() -> list[str]:
        return [gap.stood_in for gap in gaps(sessions, rungs=rungs)]

    assert stood_in() == ["agency_head"], "the officer has no address in the people file"
    with sessions.begin() as session:
        code = make_code(session, "mute", "admin", NOW)
        brought = bring_code(session, code, "900", "x", NOW)
        assert isinstance(brought, Claim)
        confirm(session, brought.id, "admin", NOW)
    assert stood_in() == []
    with sessions.begin() as session:
        park(session, "telegram", "900", "người nhận đã chặn bot", NOW)
    assert stood_in() == ["agency_head"]
