"""Mails that came back, from a real IMAP mailbox: whom they did not reach, and what becomes of the alert."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.addresses import parked
from monitor.alerts.bounces import BounceMailbox, bounces_in, take_back
from monitor.alerts.outgoing import ChannelUnavailable, Outcome, Result
from monitor.settings import Bounces
from monitor.store.tables import Message, Notice
from tests.alerts.test_sending import Scripted, notice_states, prepare, send
from tests.alerts.world import NOW, plan
from tests.counts import proof_examples
from tests.peers.imap import PASSWORD, ImapServer, imap_server

Sessions = sessionmaker[Session]
ID = "<abc@tp.example.vn>"


def report(
    address: str, message_id: str = ID, status: str = "5.1.1", action: str = "failed", quoted: bool = True
) -> bytes:
    """As postfix writes it (RFC 3464), shortened."""
    kind = "message/rfc822" if quoted else "text/rfc822-headers"
    return f"""From: MAILER-DAEMON@mail.example.vn
To: canhbao@tp.example.vn
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="x"

--x
Content-Type: text/plain

I'm sorry to have to inform you ...
--x
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.vn
Arrival-Date: Mon, 23 Nov 2026 08:00:02 +0700

Final-Recipient: rfc822; {address}
Original-Recipient: rfc822;{address}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--x
Content-Type: {kind}

Message-ID: {message_id}
Subject: 1 =?utf-8?b?cXXDoSBo4bqhbg==?=

--x--
""".replace("\n", "\r\n").encode()


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    with imap_server() as server:
        yield server


def mailbox(imap: ImapServer, **more: Any) -> BounceMailbox:
    chosen: dict[str, Any] = {"host": "127.0.0.1", "port": imap.port, "security": "none", "username": "dunghen"}
    return BounceMailbox(Bounces(**{**chosen, "password": SecretStr(PASSWORD), **more}))


def test_reports_are_read_once_and_other_mail_is_left_unread(imap: ImapServer) -> None:
    imap.put(b"Subject: hello\r\n\r\nto a person")
    imap.put(report("head2@xa2.example.vn"))
    box = mailbox(imap)
    assert [bounce.address for found in box.read() for bounce in found] == ["head2@xa2.example.vn"]
    assert [mail.seen for mail in imap.mails] == [False, True]
    fetched = sum(command.startswith("UID FETCH") for command in imap.commands)
    assert list(box.read()) == []
    assert sum(command.startswith("UID FETCH") for command in imap.commands) == fetched, "nothing is fetched again"
    imap.put(report("head1@xa1.example.vn"))
    assert len(list(box.read())) == 1
    imap.uid_validity = 8  # the folder was made anew: numbers mean nothing any more
    imap.mails.clear()
    imap.put(report("chair@tp.example.vn"))
    assert len(list(box.read())) == 1


def test_a_report_that_was_not_dealt_with_is_read_again(imap: ImapServer) -> None:
    imap.put(report("head2@xa2.example.vn"))
    reading = mailbox(imap).read()
    next(reading)
    reading.close()  # the store failed
    assert [mail.seen for mail in imap.mails] == [False]
    assert len(list(mailbox(imap).read())) == 1


def test_check_and_a_mailbox_that_cannot_be_read(imap: ImapServer) -> None:
    assert mailbox(imap).check() == f"127.0.0.1:{imap.port} INBOX"
    for wrong in ({"password": SecretStr("no")}, {"folder": "Khac"}, {"port": 1}):
        with pytest.raises(ChannelUnavailable) as caught:
            list(mailbox(imap, **wrong).read())
        assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("mail", "dead"),
    [
        (report("a@b.vn"), [True]),
        (report("a@b.vn", quoted=False), [True]),
        (report("a@b.vn", status="5.2.2"), [False]),
        (report("a@b.vn", status="4.4.7"), [False]),
        (report("a@b.vn", action="delayed", status="4.4.1"), []),
        (report("a@b.vn", action="delivered", status="2.0.0"), []),
        (report("a@b.vn", status="nonsense"), []),
        (report("a@b.vn", message_id=""), []),
        (b"Subject: out of office\r\n\r\nback on Monday", []),
        (b"", []),
    ],
)
def test_what_a_report_says(mail: bytes, dead: list[bool]) -> None:
    assert [bounce.is_dead for bounce in bounces_in(mail)] == dead


def bounced(
    sessions: Sessions, imap: ImapServer, mail: bytes, channels: tuple[str, ...] = ("telegram", "email")
) -> int:
    imap.put(mail)
    ours = 0
    for found in mailbox(imap).read():
        with sessions.begin() as session:
            ours += take_back(session, found, NOW + timedelta(minutes=5), channels)
    return ours


def sent_mail(sessions: Sessions) -> Scripted:
    """head2 was told by mail; the server took it."""
    prepare(sessions, ("H19.2", "late"))
    channel = Scripted("email", [Outcome(Result.SENT, receipt=ID)])
    send(sessions, channel)
    assert notice_states(sessions) == ["told"]
    return channel


def test_a_mail_that_came_back_parks_the_address_and_the_role_above_is_told(
    sessions: Sessions, imap: ImapServer
) -> None:
    sent_mail(sessions)
    assert bounced(sessions, imap, report("head2@xa2.example.vn")) == 1
    with sessions() as session:
        assert parked(session) == {("email", "head2@xa2.example.vn"): "thư bị trả lại (5.1.1)"}
        message = session.scalars(select(Message)).one()
        notice, above = session.scalars(select(Notice).order_by(Notice.id))
    assert (message.state, notice.state, above.role, above.state) == ("failed", "unreachable", "chairman", "owed")
    plan(sessions, NOW + timedelta(minutes=6))
    telegram = Scripted()
    send(sessions, telegram, at=NOW + timedelta(minutes=6))
    assert [outgoing.address for outgoing in telegram.got] == ["400"]


def test_a_full_mailbox_is_not_parked_but_the_alert_goes_another_way(sessions: Sessions, imap: ImapServer) -> None:
    sent_mail(sessions)
    bounced(sessions, imap, report("head2@xa2.example.vn", status="5.2.2"))
    with sessions() as session:
        assert parked(session) == {}
    assert notice_states(sessions) == ["unreachable", "owed"]


@pytest.mark.parametrize(
    "mail",
    [
        report("head2@xa2.example.vn", message_id="<guessed@tp.example.vn>"),
        report("chair@tp.example.vn"),
        report("HEAD2@xa2.example.vn.evil.example"),
    ],
)
def test_a_forged_report_shuts_nobody_out(sessions: Sessions, imap: ImapServer, mail: bytes) -> None:
    """Not our Message-ID, or not the address that mail went to."""
    sent_mail(sessions)
    assert bounced(sessions, imap, mail) == 0
    with sessions() as session:
        assert parked(session) == {}
    assert notice_states(sessions) == ["told"]


def test_the_same_report_twice_changes_nothing_more(sessions: Sessions, imap: ImapServer) -> None:
    sent_mail(sessions)
    for _ in range(2):
        bounced(sessions, imap, report("head2@xa2.example.vn"))
    assert notice_states(sessions) == ["unreachable", "owed"]


@settings(max_examples=proof_examples(100, 20_000), deadline=None)
@given(st.binary(max_size=400), st.integers(0, 900))
def test_no_mail_breaks_the_reader(junk: bytes, at: int) -> None:
    whole = report("a@b.vn")
    for mail in (junk, whole[:at], whole[:at] + junk + whole[at:]):
        for bounce in bounces_in(mail):
            assert bounce.message_id
            assert bounce.address
