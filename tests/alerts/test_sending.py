"""The outbox's life: order, leases, what each class of outcome leads to, and what is dropped at the last moment."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.addresses import lift, parked
from monitor.alerts.outgoing import Outcome, Outgoing, Result
from monitor.alerts.sending import LEASE, SendCount, release_leases, send_pending
from monitor.clock import FixedClock
from monitor.store.tables import Attempt, Message, MessageNotice, Notice
from tests.alerts.world import NOW, add_dossiers, owe, plan

Sessions = sessionmaker[Session]
SENT = Outcome(Result.SENT, receipt="r1")
NOT_SENT = Outcome(Result.NOT_SENT, detail="refused connection")
DOWN = Outcome(Result.NOT_SENT, detail="no route", channel_down=True)
UNKNOWN = Outcome(Result.UNKNOWN, detail="read timeout")
REFUSED = Outcome(Result.REFUSED, detail="blocked")


@dataclass
class Scripted:
    """A channel that answers as written; when the script is over, everything is sent."""

    name: str = "telegram"
    script: list[Outcome] = field(default_factory=list)
    got: list[Outgoing] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def send(self, message: Outgoing) -> Outcome:
        self.got.append(message)
        self.meanwhile()
        return self.script.pop(0) if self.script else SENT

    def check(self) -> str:
        return self.name

    def close(self) -> None:
        return


def prepare(sessions: Sessions, *people: tuple[str, str], shadow: bool = False) -> list[int]:
    """A planned message for each (agency, rung)."""
    notices = []
    for number, (agency, rung) in enumerate(people):
        (dossier_id,) = add_dossiers(sessions, {"code": f"c{number}", "agency_code": agency})
        role = "chairman" if rung == "very-late" else "agency_head"
        notices.append(owe(sessions, dossier_id, rung, role, agency_code=agency))
    plan(sessions, shadow=shadow)
    return notices


def send(sessions: Sessions, *channels: Scripted, at: datetime = NOW) -> SendCount:
    return send_pending(sessions, {channel.name: channel for channel in channels}, clock=FixedClock(at))


def message(sessions: Sessions, channel: str = "telegram") -> Message:
    with sessions() as session:
        return session.scalars(select(Message).where(Message.channel == channel)).one()


def notice_states(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(Notice.state).order_by(Notice.id)))


def outcomes(sessions: Sessions) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(Attempt.outcome).order_by(Attempt.id)))


def test_sent_once_recorded_and_told(sessions: Sessions) -> None:
    prepare(sessions, ("H19.1", "late"))
    channel = Scripted()
    assert send(sessions, channel) == SendCount(sent=1)
    assert send(sessions, channel) == SendCount()
    found = message(sessions)
    assert (found.state, found.receipt, found.attempts, found.lease_token) == ("sent", "r1", 1, "")
    assert (notice_states(sessions), outcomes(sessions)) == (["told"], ["sent"])


def test_urgent_goes_first(sessions: Sessions) -> None:
    prepare(sessions, ("H19.1", "soon"), ("H19.1", "very-late"))
    channel = Scripted()
    send(sessions, channel)
    assert [outgoing.address for outgoing in channel.got] == ["400", "101"]


@pytest.mark.parametrize(
    ("outcome", "state", "repeat", "meaning"),
    [
        (NOT_SENT, "pending", False, "surely not sent: tried again, no possible repeat"),
        (UNKNOWN, "unknown", True, "it may have arrived: tried again, and says so"),
    ],
)
def test_tried_again_later(sessions: Sessions, outcome: Outcome, state: str, repeat: bool, meaning: str) -> None:
    prepare(sessions, ("H19.2", "late"))
    channel = Scripted("email", [outcome])
    send(sessions, channel)
    found = message(sessions, "email")
    assert (found.state, found.maybe_repeat, found.last_error) == (state, repeat, outcome.detail), meaning
    assert send(sessions, channel, at=NOW + timedelta(seconds=14)) == SendCount(), "not before its time"
    assert send(sessions, channel, at=NOW + timedelta(seconds=15)).sent == 1
    assert [outgoing.maybe_repeat for outgoing in channel.got] == [False, repeat]
    assert notice_states(sessions) == ["told"]


def test_waits_grow_to_a_quarter_of_an_hour_and_never_end(sessions: Sessions) -> None:
    prepare(sessions, ("H19.2", "late"))
    channel, at, waits = Scripted("email", [NOT_SENT] * 12), NOW, []
    for _ in range(12):
        send(sessions, channel, at=at)
        next_at = message(sessions, "email").not_before_at
        waits.append((next_at - at).total_seconds())
        at = next_at
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900, 900]
    assert send(sessions, channel, at=at).sent == 1


def test_refused_for_good_goes_to_the_next_channel_at_once(sessions: Sessions) -> None:
    prepare(sessions, ("H19.1", "late"))
    telegram, email = Scripted(script=[REFUSED]), Scripted("email")
    assert send(sessions, telegram, email) == SendCount(refused=1, rerouted=1)
    assert "chuyển sang kênh email" in message(sessions).last_error
    assert notice_states(sessions) == ["planned"]
    assert send(sessions, telegram, email).sent == 1
    assert (email.got[0].address, notice_states(sessions)) == ("head1@xa1.example.vn", ["told"])
    with sessions() as session:
        assert len(set(session.scalars(select(MessageNotice.message_id)))) == 2


def test_refused_everywhere_is_unreachable_with_the_reason(sessions: Sessions) -> None:
    prepare(sessions, ("H19.2", "late"))
    assert send(sessions, Scripted("email", [REFUSED])).refused == 1
    assert message(sessions, "email").state == "failed"
    with sessions() as session:
        notice, above = session.scalars(select(Notice).order_by(Notice.id))
        assert (notice.state, notice.reason) == ("unreachable", "không gửi được: blocked")
        assert (above.role, above.state, above.reason) == ("chairman", "owed", "báo thay cho agency_head: blocked")


def test_what_waits_on_a_channel_that_was_switched_off_goes_another_way(sessions: Sessions) -> None:
    """The settings lost Telegram while a message waited for it: its person hears by mail; without any channel it waits."""
    prepare(sessions, ("H19.1", "late"))
    assert send(sessions) == SendCount()
    assert message(sessions).state == "pending"
    email = Scripted("email")
    assert send(sessions, email) == SendCount(rerouted=1, sent=1)
    assert "kênh telegram đã tắt; chuyển sang kênh email" in message(sessions).last_error
    assert notice_states(sessions) == ["told"]


def test_a_channel_that_stays_down_is_left_for_another_after_eight_minutes(sessions: Sessions) -> None:
    prepare(sessions, ("H19.1", "late"), ("H19.1", "very-late"))
    telegram, email = Scripted(script=[DOWN] * 99), Scripted("email")
    assert send(sessions, telegram, email) == SendCount(not_sent=1)
    assert len(telegram.got) == 1, "the second message doesn't try a channel known to be down"
    count = send(sessions, telegram, email, at=NOW + timedelta(minutes=8))
    assert count.rerouted == 2
    assert send(sessions, telegram, email, at=NOW + timedelta(minutes=8)).sent == 2
    assert notice_states(sessions) == ["told", "told"]


def test_a_flood_wait_holds_the_whole_channel_also_after_a_restart(sessions: Sessions) -> None:
    """OnCall PR 5178: 429 on the first of many."""
    prepare(sessions, ("H19.1", "late"), ("H19.1", "very-late"))
    wait = Outcome(Result.FLOOD, detail="flood", retry_after_s=100)
    telegram = Scripted(script=[wait])
    send(sessions, telegram)
    assert send(sessions, telegram, at=NOW + timedelta(seconds=99)) == SendCount()
    assert len(telegram.got) == 1
    assert send(sessions, telegram, at=NOW + timedelta(seconds=100)).sent == 2


def test_a_very_long_flood_wait_sends_by_the_other_channel(sessions: Sessions) -> None:
    """remnawave #227: waits of 13,000 s were seen."""
    prepare(sessions, ("H19.1", "late"), ("H19.1", "very-late"))
    telegram, email = Scripted(script=[Outcome(Result.FLOOD, retry_after_s=13_000)]), Scripted("email")
    assert send(sessions, telegram, email).rerouted == 2
    assert send(sessions, telegram, email, at=NOW + timedelta(seconds=1)).sent == 2


def test_answers_lost_again_and_again_end_with_a_reason(sessions: Sessions) -> None:
    prepare(sessions, ("H19.2", "late"))
    channel, at = Scripted("email", [UNKNOWN] * 99), NOW
    for _ in range(8):
        send(sessions, channel, at=at)
        at += timedelta(hours=1)
    assert len(channel.got) == 4
    assert (message(sessions, "email").state, notice_states(sessions)) == ("failed", ["unreachable", "owed"])


@pytest.mark.parametrize("closed", [1, 2])
def test_what_closes_before_sending_is_not_sent(sessions: Sessions, closed: int) -> None:
    """R8: read again at the moment of sending."""
    notices = prepare(sessions, ("H19.1", "late"), ("H19.1", "soon"))
    with sessions.begin() as session:
        session.execute(update(Notice).where(Notice.id.in_(notices[:closed])).values(state="cancelled"))
    channel = Scripted()
    count = send(sessions, channel)
    if closed == 2:
        assert (count, channel.got) == (SendCount(cancelled=1), [])
        assert (message(sessions).state, message(sessions).last_error) == (
            "cancelled",
            "đã được giải quyết trước khi gửi",
        )
    else:
        assert [line["code"] for line in channel.got[0].view["lines"]] == ["c1"]
        assert notice_states(sessions) == ["cancelled", "told"]


def test_closed_while_an_earlier_message_is_on_its_way(sessions: Sessions) -> None:
    """GoAlert's re-read, OnCall #4654: between "due" and "send"."""
    notices = prepare(sessions, ("H19.1", "very-late"), ("H19.1", "late"))

    def close() -> None:
        with sessions.begin() as session:
            session.execute(update(Notice).where(Notice.id == notices[1]).values(state="cancelled"))

    channel = Scripted(meanwhile=close)
    assert send(sessions, channel) == SendCount(sent=1, cancelled=1)


def test_a_dead_process_leaves_a_possible_repeat(sessions: Sessions) -> None:
    prepare(sessions, ("H19.2", "late"))

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    with pytest.raises(Killed):
        send(sessions, Scripted("email", meanwhile=die))
    assert message(sessions, "email").state == "sending"
    channel = Scripted("email")
    assert send(sessions, channel) == SendCount(), "somebody may still be sending it"
    with sessions.begin() as session:
        assert release_leases(session, NOW) == 1
    assert send(sessions, channel) == SendCount(sent=1, maybe_repeats=1)
    assert channel.got[0].maybe_repeat
    assert outcomes(sessions) == ["unknown", "sent"]


def test_a_process_that_slept_past_its_lease_cannot_overwrite(sessions: Sessions) -> None:
    """R12, fencing: another took over; the sleeper's answer doesn't count."""
    prepare(sessions, ("H19.2", "late"))
    other = Scripted("email")

    def overtake() -> None:
        send(sessions, other, at=NOW + LEASE + timedelta(seconds=1))

    sleeper = Scripted("email", [REFUSED], meanwhile=overtake)
    send(sessions, sleeper)
    assert (len(other.got), other.got[0].maybe_repeat) == (1, True)
    assert (message(sessions, "email").state, notice_states(sessions)) == ("sent", ["told"])


def test_a_fault_of_ours_stops_neither_the_round_nor_the_message(sessions: Sessions) -> None:
    prepare(sessions, ("H19.1", "very-late"), ("H19.1", "late"))
    faults: list[Any] = [RuntimeError("secret")]

    def fail_once() -> None:
        if faults:
            raise faults.pop()

    channel = Scripted(meanwhile=fail_once)
    assert send(sessions, channel) == SendCount(sent=1, unknown=1)
    assert send(sessions, channel, at=NOW + timedelta(minutes=1)).sent == 1
    assert "secret" not in str(outcomes(sessions))


def test_parts_that_arrived_are_not_sent_again(sessions: Sessions) -> None:
    prepare(sessions, ("H19.1", "late"))
    channel = Scripted(script=[Outcome(Result.NOT_SENT, parts_sent=1)])
    send(sessions, channel)
    send(sessions, channel, at=NOW + timedelta(minutes=1))
    assert [outgoing.parts_sent for outgoing in channel.got] == [0, 1]


def test_a_moved_chat_is_followed_from_then_on(sessions: Sessions) -> None:
    """Healthchecks #132: the group became a supergroup between two sends."""
    prepare(sessions, ("H19.1", "late"))
    send(sessions, Scripted(script=[Outcome(Result.SENT, new_address="-1009")]))
    assert message(sessions).address == "-1009"
    owe(sessions, *add_dossiers(sessions, {"code": "next"}), "late", "agency_head")
    plan(sessions)
    channel = Scripted()
    send(sessions, channel)
    assert [outgoing.address for outgoing in channel.got] == ["-1009"]


def test_everyone_hears_first_before_anyone_hears_twice(sessions: Sessions) -> None:
    """Fairness: a leader with thirty messages waiting holds up nobody else's first one."""
    for number in range(3):
        owe(sessions, *add_dossiers(sessions, {"code": f"a{number}"}), "late", "agency_head")
        plan(sessions)
    owe(sessions, *add_dossiers(sessions, {"code": "b"}), "late", "chairman")
    plan(sessions)
    channel = Scripted()
    send(sessions, channel)
    assert [outgoing.address for outgoing in channel.got] == ["101", "400", "101", "101"]


def test_a_flood_wait_takes_nothing_of_the_patience(sessions: Sessions) -> None:
    """Its own class: after ten of them the next failure still waits 15 s, not 15 min."""
    prepare(sessions, ("H19.2", "late"))
    flood = Outcome(Result.FLOOD, detail="flood", retry_after_s=2)
    channel, at = Scripted("email", [flood] * 10 + [NOT_SENT]), NOW
    for _ in range(11):
        send(sessions, channel, at=at)
        waits = message(sessions, "email").not_before_at - at
        at = message(sessions, "email").not_before_at
    assert waits == timedelta(seconds=15)
    assert outcomes(sessions).count("flood") == 10


def test_a_flood_wait_of_one_group_holds_that_group_only(sessions: Sessions) -> None:
    prepare(sessions, ("H19.1", "late"), ("H19.1", "very-late"))
    telegram = Scripted(script=[Outcome(Result.FLOOD, retry_after_s=100, one_address=True)])
    assert send(sessions, telegram) == SendCount(flood=1, sent=1)


def test_an_address_that_is_dead_is_parked_and_not_planned_for_again(sessions: Sessions) -> None:
    prepare(sessions, ("H19.1", "late"))
    telegram, email = Scripted(script=[Outcome(Result.REFUSED, detail="bị chặn", dead_address=True)]), Scripted("email")
    send(sessions, telegram, email)
    send(sessions, telegram, email)
    owe(sessions, *add_dossiers(sessions, {"code": "next"}), "late", "agency_head")
    plan(sessions)
    send(sessions, telegram, email)
    assert (len(telegram.got), [outgoing.address for outgoing in email.got]) == (1, ["head1@xa1.example.vn"] * 2)
    with sessions.begin() as session:
        assert parked(session) == {("telegram", "101"): "bị chặn"}
        assert lift(session, "telegram", "101", "admin", NOW) == 1
        assert parked(session) == {}


def test_not_confirmed_in_half_an_hour_with_no_other_way_the_role_above_hears_it_too(sessions: Sessions) -> None:
    prepare(sessions, ("H19.2", "late"))
    email = Scripted("email", [NOT_SENT] * 2)
    send(sessions, email)
    assert notice_states(sessions) == ["planned"]
    send(sessions, email, at=NOW + timedelta(minutes=31))
    assert notice_states(sessions) == ["planned", "owed"], "owed to the chairman as well, once"
    plan(sessions, NOW + timedelta(minutes=31))
    telegram = Scripted()
    send(sessions, email, telegram, at=NOW + timedelta(hours=2))
    assert ([outgoing.address for outgoing in telegram.got], notice_states(sessions)) == (["400"], ["told", "told"])


def test_shadow_sends_nothing(sessions: Sessions) -> None:
    prepare(sessions, ("H19.1", "late"), shadow=True)
    channel = Scripted()
    assert (send(sessions, channel), channel.got) == (SendCount(), [])
