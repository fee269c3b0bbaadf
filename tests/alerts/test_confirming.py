"""A gateway that took an SMS is asked whether it arrived: what failed, or is not confirmed in time, goes another way."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.confirming import confirm
from monitor.alerts.outgoing import Channel, Outcome, Outgoing, Result
from monitor.alerts.sending import send_pending
from monitor.alerts.sms import SmsChannel
from monitor.clock import FixedClock
from monitor.people import Directory, Person, Post
from monitor.settings import Sms
from monitor.store.tables import Message, Notice
from tests.alerts.world import DIRECTORY, NOW, add_dossiers, owe, plan
from tests.peers.scripted import Reply, ScriptedServer, json_reply, serving

Sessions = sessionmaker[Session]
Says = Callable[[int], Reply]  # the answer to the n-th question, the first being 1
PEOPLE = Directory(
    DIRECTORY.agencies(),
    [Person("head", "Người Một", email="head@xa.example.vn", others={"sms": "84901234567"})],
    [Post("head", "agency_head", "H19.1")],
)


class Mail:
    """Takes everything."""

    name = "email"

    def __init__(self) -> None:
        self.taken: list[Outgoing] = []

    def send(self, message: Outgoing) -> Outcome:
        self.taken.append(message)
        return Outcome(Result.SENT, receipt="m")

    def check(self) -> str:
        return "here"

    def close(self) -> None: ...


class Story:
    """One SMS handed to a gateway, then time passing minute by minute."""

    def __init__(self, sessions: Sessions, gateway: ScriptedServer, **settings: Any) -> None:
        chosen: dict[str, Any] = {
            "url": f"{gateway.url}/send",
            "fields": {"Phone": "{to}", "Content": "{text}"},
            "key": SecretStr("k1"),
            "answer_field": "CodeResult",
            "sent_values": ("100",),
            "receipt_field": "SMSID",
            "status_url": f"{gateway.url}/status",
            "status_fields": {"RefId": "{receipt}", "ApiKey": "{key}"},
            "status_field": "data.status",
            "delivered_values": ("1",),
            "failed_values": ("-1",),
        }
        self.sessions, self.clock, self.mail = sessions, FixedClock(NOW), Mail()
        self.gateway = gateway
        self.channels: dict[str, Channel] = {
            "sms": SmsChannel(Sms(enabled=True, **(chosen | settings))),
            "email": self.mail,
        }
        (dossier_id,) = add_dossiers(sessions, {"code": "tre-1"})
        owe(sessions, dossier_id, "late", "agency_head", channels="sms,email")
        plan(sessions, directory=PEOPLE, channels=("sms", "email"))
        self.round()

    def round(self) -> None:
        confirm(self.sessions, self.channels, self.clock)
        send_pending(self.sessions, self.channels, clock=self.clock)

    def wait(self, minutes: int) -> None:
        for _ in range(minutes):
            self.clock.sleep(60)
            self.round()

    def messages(self) -> list[Message]:
        with self.sessions() as session:
            return list(session.scalars(select(Message).order_by(Message.id)))

    def notice(self) -> str:
        with self.sessions() as session:
            return session.scalars(select(Notice.state).where(Notice.role == "agency_head")).one()

    def questions(self) -> int:
        return sum(asked.path.startswith("/status") for asked in self.gateway.asked)


def says(*codes: Any) -> Says:
    """These values of `data.status`, the last one for ever."""
    return lambda n: json_reply({"data": {"status": codes[min(n, len(codes)) - 1]}})


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Iterator[Callable[[Sessions, Says], Story]]:
    with serving(lambda _: Reply()) as gateway:

        def begin(sessions: Sessions, answer: Says, **settings: Any) -> Story:
            asked = 0

            def script(request: Any) -> Reply:
                nonlocal asked
                if request.path.startswith("/send"):
                    return json_reply({"CodeResult": "100", "SMSID": "s-1"})
                asked += 1
                return answer(asked)

            gateway.script = script
            return Story(sessions, gateway, **settings)

        yield begin


@pytest.mark.parametrize(
    ("answer", "minutes", "questions", "state", "mailed", "may_repeat", "meaning"),
    [
        (says("1"), 20, 1, "sent", 0, False, "delivered: never asked again"),
        (says("0", "0", "1"), 20, 3, "sent", 0, False, "delivered at the third question"),
        (says("-1"), 1, 1, "failed", 1, False, "surely not delivered: the next channel at once, no repeat"),
        (says("0"), 14, 14, "sent", 0, False, "still on its way: patience"),
        (says("0"), 15, 15, "failed", 1, True, "not confirmed in time: by mail, which says it may be a repeat"),
        (lambda _: Reply(b"<html>"), 15, 15, "failed", 1, True, "an answer nobody can read confirms nothing"),
        (lambda _: Reply(b"", 500), 15, 15, "failed", 1, True, "a gateway that can't be asked confirms nothing"),
    ],
)
def test_what_becomes_of_an_sms_that_was_taken(
    sqlite_sessions: Sessions, tell: Any, answer: Says, minutes: int, questions: int, state: str, mailed: int,
    may_repeat: bool, meaning: str,
) -> None:  # fmt: skip
    story = tell(sqlite_sessions, answer)
    assert (story.messages()[0].state, story.notice(), story.questions()) == ("sent", "told", 0), "taken counts as told"
    story.wait(minutes)
    assert story.questions() == questions, meaning
    assert story.messages()[0].state == state, meaning
    assert [message.maybe_repeat for message in story.mail.taken] == [may_repeat] * mailed, meaning
    assert story.notice() == "told", "by one or the other"
    assert (story.messages()[0].delivered_at is not None) == (state == "sent" and minutes == 20)


def test_the_question_names_the_gateways_own_reference_and_no_number(sessions: Sessions, tell: Any) -> None:
    story = tell(sessions, says("1"))
    story.wait(1)
    asked = story.gateway.asked[-1]
    assert (asked.method, asked.path, asked.query) == ("GET", "/status", {"RefId": "s-1", "ApiKey": "k1"})
    assert story.messages()[0].delivered_at == NOW + timedelta(minutes=1)


def test_with_no_other_way_the_role_above_hears_of_it(sqlite_sessions: Sessions, tell: Any) -> None:
    story = tell(sqlite_sessions, says("-1"))
    story.channels.pop("email")
    story.wait(1)
    assert story.notice() == "unreachable", "what surely did not arrive is not called told"
    with sqlite_sessions() as session:
        above = session.execute(select(Notice.role, Notice.state).where(Notice.key.like("%^%"))).all()
    assert above == [("chairman", "owed")]


def test_a_channel_that_was_switched_off_confirms_nothing_and_loses_nothing(
    sqlite_sessions: Sessions, tell: Any
) -> None:
    story = tell(sqlite_sessions, says("1"))
    story.channels.pop("sms")
    story.wait(15)
    assert (story.questions(), len(story.mail.taken)) == (0, 1)


def test_a_gateway_that_is_down_is_asked_once_a_round_however_many_wait(sqlite_sessions: Sessions, tell: Any) -> None:
    story = tell(sqlite_sessions, lambda _: Reply(b"", 500))
    with sqlite_sessions.begin() as session:
        first = session.scalars(select(Message)).one()
        copied = {c.name: getattr(first, c.name) for c in Message.__table__.c if c.name not in ("id", "key")}
        session.add_all(Message(key=f"more-{n}", **copied) for n in range(20))
    story.wait(1)
    assert story.questions() == 1


def test_a_gateway_without_a_status_address_is_believed(sqlite_sessions: Sessions, tell: Any) -> None:
    story = tell(sqlite_sessions, says("-1"), status_url="")
    story.wait(20)
    assert (story.questions(), story.messages()[0].state) == (0, "sent")
