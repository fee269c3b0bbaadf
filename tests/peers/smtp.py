"""A real SMTP server on loopback (aiosmtpd) whose next answers are written down beforehand."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


@dataclass
class MailServer:
    """`script` holds what happens to the next mails at "mail", "rcpt" or "data": an answer, or "cut_after" (data)."""

    port: int = 0
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    script: deque[tuple[str, str]] = field(default_factory=deque)
    lost_answers: int = 0
    calls: int = 0

    def _next(self, phase: str) -> str:
        return self.script.popleft()[1] if self.script and self.script[0][0] == phase else ""

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        self.calls += 1
        answer = self._next("mail")
        if not answer:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer or "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        answer = self._next("rcpt")
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self._next("data")
        if answer and answer != "cut_after":
            return answer
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.raw.append(envelope.content)
        self.taken.extend((recipient, message) for recipient in envelope.rcpt_tos)
        if answer == "cut_after":
            self.lost_answers += 1
            server.transport.abort()
        return "250 OK"


class _AnyPort(Controller):
    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(password: str | None = None, **options: Any) -> Iterator[MailServer]:
    """A running server; with `password` it wants a login as "dunghen"."""
    peer = MailServer()

    def sign_in(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"dunghen", str(password).encode()), handled=False)

    if password is not None:
        options |= {"authenticator": sign_in, "auth_require_tls": False}
    controller = _AnyPort(peer, hostname="127.0.0.1", port=0, ready_timeout=10, **options)
    controller.start()
    peer.port = controller.port
    try:
        yield peer
    finally:
        controller.stop()
