"""Morning lists and weekly sums: once a period, to whoever holds the post, with what changed since the last one."""

import email
import email.policy
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.charts import Bar, late_by_agency
from monitor.alerts.current import Office
from monitor.alerts.digests import DigestRule, parse_moment, period_of, plan_digests
from monitor.alerts.email import build
from monitor.alerts.outgoing import Outgoing
from monitor.alerts.sending import send_pending
from monitor.alerts.tags import split_html
from monitor.alerts.telegram import compose
from monitor.clock import FixedClock
from monitor.store.tables import Dossier, Message
from tests.alerts.test_acknowledge import Told
from tests.alerts.test_planning import messages
from tests.alerts.world import BASE_URL, CALENDAR, DIRECTORY, NOW, ZONE, add_dossiers, owe, plan

Sessions = sessionmaker[Session]
MORNING = DigestRule("morning", time(7, 30), ("agency_head",))
WEEKLY = DigestRule("weekly", time(7, 30), ("chairman",))
OFFICE = Office(CALENDAR, DIRECTORY, BASE_URL)
LATE, SOON = {"stage": "late"}, {"stage": "due_soon", "late_by": -2}


def lists(sessions: Sessions, now: datetime = NOW, *rules: DigestRule, **changes: Any) -> int:
    arguments: dict[str, Any] = {"channels": ("telegram", "email"), "shadow": False, "stale_sources": ()}
    with sessions.begin() as session:
        return plan_digests(session, now=now, office=OFFICE, rules=rules or (MORNING,), **(arguments | changes))


def outgoing(message: Message, at: datetime = NOW) -> Outgoing:
    return Outgoing(key=message.key, address="a@xa.example.vn", view=message.payload, at=at)


@pytest.mark.parametrize(
    ("rule", "now", "period", "meaning"),
    [
        (MORNING, "2026-11-23 07:29", "", "too early"),
        (MORNING, "2026-11-23 07:30", "2026-11-23", "Monday morning"),
        (MORNING, "2026-11-23 16:00", "2026-11-23", "the machine was off until four: still today's"),
        (MORNING, "2026-11-28 08:00", "", "no list on a Saturday"),
        (WEEKLY, "2026-11-23 07:00", "", "too early"),
        (WEEKLY, "2026-11-24 09:00", "2026-W48", "made up on Tuesday"),
        (WEEKLY, "2026-11-29 09:00", "2026-W48", "and until the week is over"),
        (DigestRule("weekly", time(7, 30), ("x",), 4), "2026-11-26 09:00", "", "a list of Fridays"),
        (DigestRule("weekly", time(7, 30), ("x",), 5), "2026-11-28 09:00", "", "a Saturday would fall into next week"),
    ],
)
def test_when_a_list_is_made(rule: DigestRule, now: str, period: str, meaning: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=ZONE)
    assert period_of(rule, at, CALENDAR) == period, meaning


@pytest.mark.parametrize(("text", "expected"), [("07:30", (None, time(7, 30))), ("fri 16:05", (4, time(16, 5)))])
def test_moments_are_read_as_written(text: str, expected: object) -> None:
    assert parse_moment(text) == expected


def test_a_moment_that_is_none() -> None:
    with pytest.raises(ValueError, match="write"):
        parse_moment("monday")


def test_each_leader_gets_the_dossiers_of_their_own_agencies_once(sqlite_sessions: Sessions) -> None:
    add_dossiers(
        sqlite_sessions,
        {"code": "a", **LATE},
        {"code": "b", **SOON},
        {"code": "c", "agency_code": "H19.2", **LATE},
        {"code": "in time", "stage": "in_time"},
        {"code": "done", "stage": "finished_late"},
    )
    assert (lists(sqlite_sessions), lists(sqlite_sessions, NOW + timedelta(hours=1))) == (2, 0)
    codes = {m.person: [line["code"] for line in m.payload["lines"]] for m in messages(sqlite_sessions)}
    assert codes == {"head1": ["a", "b"], "head2": ["c"]}


def test_a_list_says_what_changed_since_the_last_one(sqlite_sessions: Sessions) -> None:
    ids = add_dossiers(sqlite_sessions, {"code": "a", **LATE}, {"code": "b", **SOON})
    lists(sqlite_sessions)
    tuesday = NOW + timedelta(days=1)
    with sqlite_sessions.begin() as session:
        session.execute(update(Dossier).where(Dossier.id == ids[0]).values(stage="finished_late"))
        late = {"stage": "late", "late_from_at": tuesday - timedelta(hours=8), "promise_at": NOW.replace(hour=0)}
        session.execute(update(Dossier).where(Dossier.id == ids[1]).values(**late))
    add_dossiers(sqlite_sessions, {"code": "c", **SOON}, {"code": "d", **SOON})
    lists(sqlite_sessions, tuesday)
    first, second = (message.payload["head"]["changes"] for message in messages(sqlite_sessions))
    assert first == ""
    assert second == "So với ngày 23/11/2026: thêm 2 hồ sơ, bớt 1, chuyển sang quá hạn 1."


def test_the_last_list_says_that_nothing_is_left_and_then_there_is_silence(sqlite_sessions: Sessions) -> None:
    add_dossiers(sqlite_sessions, {"code": "a", **LATE})
    lists(sqlite_sessions)
    with sqlite_sessions.begin() as session:
        session.execute(update(Dossier).values(stage="finished_late"))
    made = [lists(sqlite_sessions, NOW + timedelta(days=n)) for n in (1, 2, 3)]
    assert made == [1, 0, 0]
    told = Told()
    send_pending(sqlite_sessions, {"telegram": told}, clock=FixedClock(NOW + timedelta(days=3)))
    assert sorted(told.lines) == [("101", []), ("101", ["a"])], "an empty list is sent: it is good news"
    (text,), _ = compose(outgoing(messages(sqlite_sessions)[-1]), "codes")
    assert "Không còn hồ sơ nào" in text
    assert "bớt 1" in text


def test_a_first_occurrence_never_waits_behind_a_list(sqlite_sessions: Sessions) -> None:
    (dossier_id,) = add_dossiers(sqlite_sessions, {"code": "a", **LATE})
    lists(sqlite_sessions)
    owe(sqlite_sessions, dossier_id, "late", "agency_head")
    assert plan(sqlite_sessions).messages == 1


def test_a_silent_source_stands_on_no_list_and_shadow_sends_none(sqlite_sessions: Sessions) -> None:
    add_dossiers(sqlite_sessions, {"code": "a", **LATE})
    assert lists(sqlite_sessions, stale_sources={"motcua"}) == 0
    add_dossiers(sqlite_sessions, {"code": "b", "speaking_source": "khac", **LATE})
    assert lists(sqlite_sessions, NOW + timedelta(days=1), stale_sources={"motcua"}, shadow=True) == 1
    (message,) = messages(sqlite_sessions)
    assert (message.state, [line["code"] for line in message.payload["lines"]]) == ("cancelled", ["b"])


def test_the_weekly_sum_tells_agencies_with_a_picture_and_every_dossier_in_a_file(sqlite_sessions: Sessions) -> None:
    add_dossiers(sqlite_sessions, *({"code": f"m{n:02}", **LATE} for n in range(40)))
    add_dossiers(sqlite_sessions, {"code": "x", "agency_code": "H19.2", **LATE}, {"code": "y", **SOON})
    assert lists(sqlite_sessions, NOW, WEEKLY) == 1
    assert lists(sqlite_sessions, NOW + timedelta(days=7), WEEKLY) == 1
    message = messages(sqlite_sessions)[-1]
    assert [(row["agency"], row["late"], row["before"]) for row in message.payload["head"]["table"]] == [
        ("UBND xã Một", 41, 40),  # the one that was due soon is late by now
        ("UBND xã Hai", 1, 1),
    ]
    (text,), file = compose(outgoing(message), "codes")
    assert split_html(text) == [text]
    assert "UBND xã Một: <b>41</b> quá hạn" in text
    assert "m07" not in text
    assert file is not None
    assert len(file.data.decode("utf-8").splitlines()) == 43, "a heading and every dossier"
    mail = email.message_from_bytes(build(outgoing(message), "a@b.example.vn").as_bytes(), policy=email.policy.default)
    kinds = {part.get_content_type() for part in mail.walk()}  # type: ignore[union-attr]
    assert {"image/png", "text/csv", "text/html", "text/plain"} <= kinds
    html = next(part for part in mail.walk() if part.get_content_type() == "text/html").get_content()
    picture = next(part for part in mail.walk() if part.get_content_type() == "image/png")
    assert 'src="cid:chart"' in html
    assert picture["Content-ID"] == "<chart>"
    assert picture.get_content()[:4] == b"\x89PNG"


def test_the_same_figures_make_the_same_picture() -> None:
    bars = [Bar("Ủy ban nhân dân phường Trảng Dài", 41, 30), Bar("Sở Y tế", 0, 2)]
    assert late_by_agency("Quá hạn", bars) == late_by_agency("Quá hạn", bars)
    assert late_by_agency("Quá hạn", bars) != late_by_agency("Quá hạn", [Bar("Sở Y tế", 1)])
