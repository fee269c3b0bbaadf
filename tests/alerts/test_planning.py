"""From owed notices to the outbox: who hears it, in how many messages, and what is said."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.people import Directory
from monitor.store.tables import Letter, Message, MessageNotice, Notice, Source
from tests.alerts.world import BASE_URL, NOW, add_dossiers, owe, plan

Sessions = sessionmaker[Session]


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    """Planning's few statements run on both stores in test_crash.py and test_sending.py; here SQLite will do."""
    return sqlite_url


def messages(sessions: Sessions) -> list[Message]:
    with sessions() as session:
        return list(session.scalars(select(Message).order_by(Message.id)))


def states(sessions: Sessions) -> dict[int, str]:
    with sessions() as session:
        return {notice.id: notice.state for notice in session.scalars(select(Notice))}


def test_one_message_for_a_person_with_every_dossier_in_it_the_worst_first(sessions: Sessions) -> None:
    ids = add_dossiers(
        sessions,
        {"code": "soon", "late_by": -2},
        {"code": "late-1", "late_by": 3},
        {"code": "late-9", "late_by": 11},
        {"code": "today", "late_by": 0},
    )
    for dossier_id, rung in zip(ids, ("soon", "late", "late", "soon"), strict=True):
        owe(sessions, dossier_id, rung, "agency_head")
    count = plan(sessions)
    (message,) = messages(sessions)
    assert (count.messages, count.planned) == (1, 4)
    assert (message.person, message.channel, message.address) == ("head1", "telegram", "101")
    assert [line["code"] for line in message.payload["lines"]] == ["late-9", "late-1", "today", "soon"]
    assert message.severity == "high", "the highest of its notices"
    assert set(states(sessions).values()) == {"planned"}


def test_each_notice_is_tied_to_its_message(sessions: Sessions) -> None:
    """No per-dossier line is lost in a group (GoAlert #1598)."""
    ids = add_dossiers(sessions, *({"code": f"c{n}"} for n in range(7)))
    notices = {owe(sessions, dossier_id, "late", "agency_head") for dossier_id in ids}
    plan(sessions)
    with sessions() as session:
        assert set(session.scalars(select(MessageNotice.notice_id))) == notices


def test_two_roles_of_one_person_make_one_line(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    told = [owe(sessions, dossier_id, "late", role) for role in ("agency_head", "one_stop_head")]
    plan(sessions)
    (message,) = messages(sessions)
    (line,) = message.payload["lines"]
    assert line["notices"] == told


def test_two_reasons_on_one_day_are_both_told(sessions: Sessions) -> None:
    """Zammad #4348: the second reason was swallowed."""
    (dossier_id,) = add_dossiers(sessions, {})
    owe(sessions, dossier_id, "late", "agency_head")
    owe(sessions, dossier_id, "mismatch", "agency_head")
    plan(sessions)
    (line,) = messages(sessions)[0].payload["lines"]
    assert "quá hạn" in line["how"]
    assert "hai hệ thống ghi khác nhau" in line["note"]


def test_two_people_on_one_rung_are_two_messages_of_one_notice(sessions: Sessions) -> None:
    """GoAlert #912."""
    from monitor.people import Agency, Person, Post

    two = Directory(
        [Agency("H19.1", "UBND xã Một")],
        [Person("a", "A", telegram="1"), Person("b", "B", email="b@xa.example.vn")],
        [Post("a", "agency_head", "H19.1"), Post("b", "agency_head", "H19.1")],
    )
    (dossier_id,) = add_dossiers(sessions, {})
    owe(sessions, dossier_id, "late", "agency_head")
    assert plan(sessions, directory=two).messages == 2
    assert [(m.person, m.channel) for m in messages(sessions)] == [("a", "telegram"), ("b", "email")]


def test_planning_again_makes_nothing_new(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    owe(sessions, dossier_id, "late", "agency_head")
    assert plan(sessions).messages == 1
    assert plan(sessions).messages == 0
    assert len(messages(sessions)) == 1


@pytest.mark.parametrize(
    ("late_by", "precision", "expected", "days", "meaning"),
    [
        (3, "date", "quá hạn 01 ngày làm việc", 1, "promised on Friday, today is Monday: one working day"),
        (7, "date", "quá hạn 05 ngày làm việc", 5, "a week"),
        (2, "date", "quá hạn 01 ngày làm việc", 1, "promised on a Saturday"),
        (0, "date", "đến hạn hôm nay", 0, "the whole day is still in time"),
        (-1, "date", "còn 01 ngày làm việc", 1, "tomorrow"),
        (-5, "date", "còn 04 ngày làm việc", 4, "Saturday: four working days are left"),
        (0, "instant", "đến hạn 00:00 hôm nay", 0, "an hour was promised"),
    ],
)
def test_how_late(sessions: Sessions, late_by: int, precision: str, expected: str, days: int, meaning: str) -> None:
    (dossier_id,) = add_dossiers(sessions, {"late_by": late_by, "precision": precision})
    owe(sessions, dossier_id, "soon", "agency_head")
    plan(sessions)
    (line,) = messages(sessions)[0].payload["lines"]
    assert (line["how"], line["days"]) == (expected, days), meaning


@pytest.mark.parametrize(
    ("state", "late_by", "expected", "meaning"),
    [
        ("owed", 3, "chưa gửi thư xin lỗi", "late, and the duty is open"),
        ("drafted", 3, "chưa gửi thư xin lỗi", "a draft is no letter"),
        ("closed", 3, "", "done"),
        ("drafted", -1, "nếu không kịp: gửi thư xin lỗi chậm nhất 22/11/2026", "still in time to write"),
    ],
)
def test_the_letter(sessions: Sessions, state: str, late_by: int, expected: str, meaning: str) -> None:
    (dossier_id,) = add_dossiers(sessions, {"late_by": late_by, "letter_by_on": (NOW - timedelta(days=1)).date()})
    with sessions.begin() as session:
        session.add(Letter(dossier_id=dossier_id, promise_number=1, state=state, owed_at=NOW))
    owe(sessions, dossier_id, "soon", "agency_head")
    plan(sessions)
    assert messages(sessions)[0].payload["lines"][0]["letter"] == expected, meaning


@pytest.mark.parametrize(
    ("now", "rung", "planned", "meaning"),
    [
        (NOW.replace(hour=3), "late", 0, "at night it waits"),
        (NOW.replace(hour=12), "late", 0, "over lunch too"),
        (NOW.replace(hour=7, minute=30), "late", 1, "the opening instant is open"),
        (NOW + timedelta(days=5), "late", 0, "on Saturday it waits"),
        (NOW.replace(hour=3), "very-late", 1, "urgent breaks the window"),
        (datetime(2031, 1, 6, 3, 0, tzinfo=NOW.tzinfo), "late", 1, "beyond the calendar: told rather than never"),
    ],
)
def test_delivery_waits_for_office_hours(
    sessions: Sessions, now: datetime, rung: str, planned: int, meaning: str
) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    owe(sessions, dossier_id, rung, "agency_head" if rung == "late" else "chairman")
    count = plan(sessions, now)
    assert (count.planned, count.waiting) == (planned, 1 - planned), meaning


def test_a_night_makes_one_message_at_the_opening(sessions: Sessions) -> None:
    for hour in range(17, 24):
        (dossier_id,) = add_dossiers(sessions, {"code": f"c{hour}"})
        owe(sessions, dossier_id, "late", "agency_head")
        plan(sessions, NOW.replace(hour=hour))
    assert messages(sessions) == []
    assert plan(sessions, NOW + timedelta(days=1)).messages == 1
    assert len(messages(sessions)[0].payload["lines"]) == 7


def test_a_stale_source_holds_its_dossiers_and_tells_of_itself(sessions: Sessions) -> None:
    """R4: no late alert from stale data; one alert for the source instead."""
    with sessions.begin() as session:
        session.add(Source(name="motcua", kind="opencps", role="one_stop", last_good_at=NOW - timedelta(hours=5)))
    (dossier_id,) = add_dossiers(sessions, {})
    held = owe(sessions, dossier_id, "late", "agency_head")
    told = owe(sessions, None, "silent", "admin", source="motcua")
    count = plan(sessions, stale_sources={"motcua"})
    assert (count.held, count.planned) == (1, 1)
    assert states(sessions) == {held: "owed", told: "planned"}
    (line,) = messages(sessions)[0].payload["lines"]
    assert (line["section"], line["code"], line["how"]) == (
        "source",
        "motcua",
        "không đọc được từ 03:00 ngày 23/11/2026",
    )
    assert plan(sessions).planned == 1, "once the source speaks again"


@pytest.mark.parametrize(
    ("role", "agency", "channels", "expected", "state", "reason"),
    [
        ("agency_head", "H19.2", ("telegram", "email"), [("head2", "email")], "planned", ""),
        ("officer", "H19.1", ("telegram", "email"), [("head1", "telegram")], "planned", "agency_head"),
        ("officer", "H19.2", ("telegram", "email"), [("head2", "email")], "planned", "agency_head"),
        ("agency_head", "H19.2", ("telegram",), [("chair", "telegram")], "planned", "chairman"),
        ("chairman", "", ("telegram",), [("chair", "telegram")], "planned", ""),
        ("agency_head", "H77", ("email",), [("chair", "email")], "planned", "chairman"),
        ("agency_head", "H19.1", (), [], "unreachable", "không có kênh nào được bật"),
    ],
)
def test_who_hears_it(
    sessions: Sessions, role: str, agency: str, channels: tuple[str, ...], expected: Any, state: str, reason: str
) -> None:
    (dossier_id,) = add_dossiers(sessions, {"agency_code": agency})
    notice = owe(sessions, dossier_id, "any", role, agency_code=agency)
    plan(sessions, channels=channels)
    assert [(m.person, m.channel) for m in messages(sessions)] == expected
    with sessions() as session:
        found = session.get_one(Notice, notice)
        assert found.state == state
        assert reason in found.reason


def test_a_rung_for_one_channel_only(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    owe(sessions, dossier_id, "by-mail", "agency_head")
    plan(sessions)
    (message,) = messages(sessions)
    assert (message.channel, message.address, message.payload["others"]) == ("email", "head1@xa1.example.vn", [])


def test_the_next_channel_is_kept_at_hand(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    owe(sessions, dossier_id, "late", "agency_head")
    plan(sessions)
    assert messages(sessions)[0].payload["others"] == [["email", "head1@xa1.example.vn"]]


def test_shadow_plans_all_and_leaves_nothing_to_send(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    notice = owe(sessions, dossier_id, "late", "agency_head")
    count = plan(sessions, shadow=True)
    (message,) = messages(sessions)
    assert (count.messages, count.shadowed, message.state, message.last_error) == (1, 1, "cancelled", "shadow")
    assert states(sessions)[notice] == "cancelled"


def test_only_code_procedure_agency_dates_and_a_link_are_stored(sessions: Sessions) -> None:
    """law.md §8: marked values of every other field must not reach the outbox."""
    marked = {name: f"DAU-{name}" for name in ("field_code", "channel", "procedure_code", "stage", "stage_reason")}
    (dossier_id,) = add_dossiers(sessions, {"code": "H19.1/26 01?x", **marked})
    owe(sessions, dossier_id, "late", "agency_head", reason="DAU-reason")
    plan(sessions)
    (message,) = messages(sessions)
    assert "DAU-" not in str(message.payload)
    (line,) = message.payload["lines"]
    assert line["link"] == f"{BASE_URL}/hoso/H19.1%2F26%2001%3Fx"


def test_a_large_backlog_is_one_message_for_each_leader(sessions: Sessions) -> None:
    """Uptime Kuma #4101: a restart with thousands of late dossiers must not storm."""
    ids = add_dossiers(sessions, *({"code": f"c{n}"} for n in range(60)))
    for dossier_id in ids:
        owe(sessions, dossier_id, "late", "agency_head")
        owe(sessions, dossier_id, "very-late", "chairman")
    count = plan(sessions)
    assert (count.messages, count.planned) == (2, 120)


def test_what_nobody_could_hear_is_told_once_somebody_can(sessions: Sessions) -> None:
    """An empty post or a missing people file on the first day must not swallow the news for good."""
    running, finished = add_dossiers(sessions, {"code": "runs"}, {"code": "done", "stage": "finished_late"})
    notices = [owe(sessions, dossier_id, "late", "agency_head") for dossier_id in (running, finished)]
    assert plan(sessions, directory=Directory()).unreachable == 2
    assert plan(sessions, directory=Directory()).reopened == 0
    count = plan(sessions)
    assert (count.reopened, count.planned) == (1, 1)
    assert states(sessions) == {notices[0]: "planned", notices[1]: "unreachable"}
    assert plan(sessions).reopened == 0


def test_the_end_of_a_put_off_says_how_much_was_held(sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sessions, {})
    owe(sessions, dossier_id, "late", "agency_head", occasion="put_off_over", reason="over:1")
    owe(sessions, dossier_id, "het-hoan", "agency_head", occasion="put_off_over", reason="held:2")
    plan(sessions)
    (line,) = messages(sessions)[0].payload["lines"]
    assert line["note"] == "hết hạn hoãn nhắc; trong thời gian hoãn đã giữ lại 2 lần báo"
