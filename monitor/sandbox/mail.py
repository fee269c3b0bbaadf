"""A real SMTP server on loopback that keeps what it is given."""

import asyncio
import logging
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from monitor.sandbox.faults import Fault, Faults

USERNAME = "dunghen"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that was accepted."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def text(self) -> str:
        """Subject and every readable part, as the reader sees it."""
        parts = [str(self.message["subject"] or "")]
        for part in self.message.walk():
            if part.get_content_maintype() == "text":
                parts.append(str(part.get_content()))
        return "\n".join(parts)

    def attachments(self) -> list[tuple[str, bytes]]:
        """(file name, bytes) of each file that came along."""
        found = []
        for part in self.message.iter_attachments():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            found.append((part.get_filename() or "", content))
        return found


class _AnyPort(Controller):
    """Learns the port that the system chose before it is asked whether it answers there."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class MailServer:
    """`mails` holds what arrived. Faults: `too_many` answers 451 (later), `error_500` 550 (never), `cut` hangs up
    after accepting."""

    name = "mail"

    def __init__(self, faults: Faults, password: str) -> None:
        self.faults = faults
        self.mails: list[Mail] = []
        self._password = password
        self._controller: Controller | None = None
        self.port = 0

    def start(self) -> None:
        # it tells of every command, and of its own deprecations at every sign-in
        logging.getLogger("mail.log").setLevel(logging.ERROR)

        def sign_in(server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
            good = isinstance(given, LoginPassword) and (given.login, given.password) == (
                USERNAME.encode(),
                self._password.encode(),
            )
            return AuthResult(success=good, handled=False)

        self._controller = _AnyPort(
            self,
            hostname="127.0.0.1",
            port=0,
            authenticator=sign_in,
            auth_require_tls=False,
            enable_SMTPUTF8=True,
            ready_timeout=10,
        )
        self._controller.start()
        self.port = self._controller.port

    def stop(self) -> None:
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Called by aiosmtpd with a whole mail."""
        fault = self.faults.take(self.name, Fault.TOO_MANY, Fault.ERROR_500, Fault.CUT)
        if fault is Fault.TOO_MANY:
            return "451 4.7.1 Try again later"
        if fault is Fault.ERROR_500:
            return "550 5.1.1 No such mailbox"
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append(Mail(envelope.mail_from, tuple(envelope.rcpt_tos), message))
        if fault is Fault.CUT:
            server.transport.abort()
        return "250 OK"
