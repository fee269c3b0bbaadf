"""Mails that came back: read from a mailbox, told apart from other mail, and taken for what they say.

Only a report that quotes the Message-ID of a mail we sent, to the very address we sent it to, is believed: anybody can
write to a mailbox. A dead address is parked; the alert goes by another channel, or to the role above.
"""

import contextlib
import imaplib
import re
import ssl
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import Message as Mail
from email.parser import BytesParser

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.alerts.addresses import park
from monitor.alerts.email import trust
from monitor.alerts.outcomes import give_up
from monitor.alerts.outgoing import ChannelUnavailable
from monitor.settings import Bounces
from monitor.store.tables import Message

_MOST_BYTES = 200_000  # of one mail: a report stands at its beginning
_AT_ONCE = 200
_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_FULL = ("2", "2")  # x.2.2: the mailbox is full, which ends by itself
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Bounce:
    """One recipient whom one mail did not reach. `is_dead`: no later mail will either."""

    message_id: str
    address: str
    status: str
    is_dead: bool


class BounceMailbox:
    """Looks into the mailbox where reports arrive. What is no report is left unread, for people."""

    def __init__(self, settings: Bounces) -> None:
        self._settings = settings
        self._looked_at: tuple[bytes, int] = (b"", 0)  # (the folder's life, the highest number seen in it)

    def read(self) -> Iterator[list[Bounce]]:
        """The reports that are new, mail by mail; each is marked as read once it was dealt with.

        Raises `ChannelUnavailable`.
        """
        try:
            with contextlib.closing(_Connection(self._settings)) as box:
                yield from self._new(box)
        except (imaplib.IMAP4.error, OSError, ssl.SSLError) as error:
            raise ChannelUnavailable(f"hộp thư báo lỗi: {type(error).__name__}") from None

    def check(self) -> str:
        """Signs in and opens the folder. Raises `ChannelUnavailable`."""
        try:
            with contextlib.closing(_Connection(self._settings)):
                return f"{self._settings.host}:{self._settings.port} {self._settings.folder}"
        except (imaplib.IMAP4.error, OSError, ssl.SSLError) as error:
            raise ChannelUnavailable(f"hộp thư báo lỗi: {type(error).__name__}") from None

    def _new(self, box: "_Connection") -> Iterator[list[Bounce]]:
        life, highest = self._looked_at
        after = highest if life == box.life else 0
        for number in box.unseen(after)[:_AT_ONCE]:
            found = bounces_in(box.mail(number))
            if found:
                yield found
                box.mark_read(number)
            self._looked_at = (box.life, number)


class _Connection:
    """A signed-in IMAP session on the configured folder."""

    def __init__(self, settings: Bounces) -> None:
        if settings.security == "tls":
            self._imap: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                settings.host, settings.port, ssl_context=trust(), timeout=_TIMEOUT_S
            )
        else:
            self._imap = imaplib.IMAP4(settings.host, settings.port, timeout=_TIMEOUT_S)
        try:
            if settings.security == "starttls":
                self._imap.starttls(trust())
            password = settings.password.get_secret_value() if settings.password is not None else ""
            self._imap.login(settings.username, password)
            answer, _ = self._imap.select(f'"{settings.folder}"')
            if answer != "OK":
                raise imaplib.IMAP4.error("no such folder")
            self.life: bytes = self._imap.response("UIDVALIDITY")[1][0] or b""
        except BaseException:
            self.close()
            raise

    def unseen(self, after: int) -> list[int]:
        _, data = self._imap.uid("SEARCH", "UNSEEN", "UID", f"{after + 1}:*")
        found = sorted(int(word) for word in (data[0] or b"").split())
        return [number for number in found if number > after]  # "n:*" always names the last one too

    def mail(self, number: int) -> bytes:
        _, data = self._imap.uid("FETCH", str(number), f"(BODY.PEEK[]<0.{_MOST_BYTES}>)")
        return next((bytes(part[1]) for part in data if isinstance(part, tuple)), b"")

    def mark_read(self, number: int) -> None:
        self._imap.uid("STORE", str(number), "+FLAGS", r"(\Seen)")

    def close(self) -> None:
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            self._imap.logout()


def bounces_in(data: bytes) -> list[Bounce]:
    """Whom a delivery report (RFC 3464) says a mail of ours did not reach; [] for anything else, and for delays."""
    mail = BytesParser(policy=policy.compat32).parsebytes(data)
    if mail.get_content_type() != "multipart/report":
        return []
    message_id = ""
    blocks: list[Mail] = []
    for part in mail.walk():
        kind = part.get_content_type()
        payload = part.get_payload()
        if kind == "message/delivery-status" and isinstance(payload, list):
            blocks += [block for block in payload if isinstance(block, Mail)]
        elif kind == "message/rfc822" and isinstance(payload, list) and payload and isinstance(payload[0], Mail):
            message_id = message_id or str(payload[0].get("Message-ID", ""))
        elif kind == "text/rfc822-headers" and isinstance(payload, str):
            quoted = BytesParser(policy=policy.compat32).parsebytes(payload.encode("utf-8", "replace"))
            message_id = message_id or str(quoted.get("Message-ID", ""))
    found = (_bounce(block, message_id.strip()) for block in blocks)
    return [bounce for bounce in found if bounce is not None and message_id]


def _bounce(block: Mail, message_id: str) -> Bounce | None:
    action = str(block.get("Action", "")).strip().casefold()
    kind, _, address = str(block.get("Final-Recipient", block.get("Original-Recipient", ""))).partition(";")
    match = _STATUS.search(str(block.get("Status", "")))
    if action != "failed" or kind.strip().casefold() != "rfc822" or match is None or not address.strip():
        return None
    is_dead = match[1] == "5" and match.groups()[1:] != _FULL
    return Bounce(message_id, address.strip().strip("<>"), match[0], is_dead)


def take_back(session: Session, bounces: Sequence[Bounce], now: datetime, channels: Collection[str]) -> int:
    """Acts on reports of mails that we sent. Returns how many were ours. Works in the caller's transaction."""
    ours = 0
    for bounce in bounces:  # a report has one, seldom two
        sent = select(Message).where(
            Message.channel == "email", Message.receipt == bounce.message_id, Message.state.in_(("sent", "failed"))
        )
        message = session.scalars(sent.with_for_update()).one_or_none()
        if message is None or message.address.casefold() != bounce.address.casefold():
            continue
        ours += 1
        reason = f"thư bị trả lại ({bounce.status})"
        if bounce.is_dead:
            park(session, "email", message.address, reason, now)
        if message.state == "sent":
            give_up(session, message, reason, now, channels)
    return ours
