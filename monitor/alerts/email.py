"""Email as a channel: one recipient per SMTP transaction, every failure put in its class by the phase it fell in.

Only between the first byte of the message and the answer after the final dot is the outcome unknown (RFC 1047); before,
it surely was not sent. Headers can't be injected: texts are cleaned, and the finished bytes are parsed again and must
show exactly the headers that were put in (Python before 3.11.10 lets "=?…?=" smuggle line breaks: CVE-2024-6923).
"""

import hashlib
import re
import smtplib
import ssl
from dataclasses import replace
from email.header import Header
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Any

from monitor.alerts.outgoing import ChannelUnavailable, Outcome, Outgoing, Result
from monitor.alerts.wording import chart, clean_text, cleaned_view, render, whole_list
from monitor.settings import Email

_LINES_SHOWN = 40
_REFERENCES = 10  # RFC 5322 sets no number, old mail programs do
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,187}[A-Za-z0-9])?")
_SUBJECT_LENGTH = 200
_HEADER_WIDTH = 76


class _Policy(EmailPolicy):
    """RFC 5322 with CRLF, and every subject whole: Python before 3.12.5 loses the space where it parts a long one with
    accents (gh-92081); the older encoder, which does not, words it."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as it goes over the wire."""
        if name.startswith(("Content-", "MIME-")):  # the same of every mail
            return _folded(name, value)
        if name != "Subject" or value.isascii():
            return super().fold_binary(name, value)
        worded = Header(value, "utf-8", _HEADER_WIDTH, name).encode(linesep="\r\n")
        return f"{name}: {worded}\r\n".encode("ascii")


@lru_cache(maxsize=64)
def _folded(name: str, value: str) -> bytes:
    return EmailPolicy.fold_binary(MAIL, name, value)


class HeadersKnown(HeaderRegistry):
    """What a header's text means, found once: of one mail the library asks for the same ones thirty times."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = lru_cache(maxsize=64)(super().__call__)

    def __call__(self, name: str, value: Any) -> Any:
        return self._kept(name, value)


MAIL = _Policy(linesep="\r\n", header_factory=HeadersKnown())


class HeaderInjection(ValueError):
    """The finished message has other headers than it was given. Nothing was sent."""


class EmailChannel:
    """Sends to one mailbox at a time over a connection of its own."""

    name = "email"

    def __init__(self, settings: Email) -> None:
        self._settings = settings

    def send(self, message: Outgoing) -> Outcome:
        """Hands the message to the mail server."""
        try:
            mail = build(message, self._settings.sender)
            data = checked_bytes(mail)
        except ValueError as error:
            return Outcome(Result.REFUSED, detail=f"không lập được thư: {type(error).__name__}")
        return deliver(self._settings, message.address, data, str(mail["Message-ID"]))

    def check(self) -> str:
        """Connects, secures and logs in without sending; returns the server. Raises `ChannelUnavailable`."""
        return check(self._settings)

    def close(self) -> None:
        """Nothing is kept open."""


def deliver(settings: Email, recipient: str, data: bytes, receipt: str) -> Outcome:
    """One finished mail to one mailbox; `receipt` is what a taken one is remembered by."""
    return _Transaction(settings).run(parseaddr(settings.sender)[1], recipient, data, receipt)


def check(settings: Email) -> str:
    """Connects, secures and logs in without sending; returns the server. Raises `ChannelUnavailable`."""
    try:
        connect(settings).close()
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelUnavailable(_described(error)) from None
    return f"{settings.host}:{settings.port}"


def is_address(text: str) -> bool:
    """Whether it is one plain mailbox."""
    return _ADDRESS.fullmatch(text) is not None


def sender_header(sender: str) -> str:
    """What stands in From. Raises `ValueError` for an address that is none."""
    name, address = parseaddr(clean_text(sender))
    if not is_address(address):
        raise ValueError("not a mail address")
    return f'"{header_text(name).translate(_QUOTES)}" <{address}>' if name else address


def build(message: Outgoing, sender: str) -> EmailMessage:
    """The mail with a text and an HTML part, and the whole list as a file where they don't show all of it.

    Its Message-ID depends on the message's key only, so that mail systems recognise a repeat. No encoded part can hold
    "=_", so none can hold what stands between the parts. Raises `ValueError` for an address that is none.
    """
    if not is_address(message.address):
        raise ValueError("not a mail address")
    message = replace(message, view=cleaned_view(message.view))
    mail = EmailMessage(policy=MAIL)
    mail["From"] = sender_header(sender)
    mail["To"] = message.address
    mail["Subject"] = header_text(render("subject.txt.j2", message, 0))[:_SUBJECT_LENGTH]
    mail["Date"] = format_datetime(message.at)
    domain = parseaddr(clean_text(sender))[1].partition("@")[2]
    mail["Message-ID"] = message_id(message.key, domain)
    roots = [message_root(line["code"], domain) for line in message.view["lines"][:_REFERENCES]]
    if roots:  # readers put all about one dossier under one another
        mail["References"] = " ".join(dict.fromkeys(roots))
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers, please
    mail.set_content(render("email.txt.j2", message, _LINES_SHOWN) + "\n", cte="quoted-printable")
    mail.make_alternative(boundary="=_1")
    mail.add_alternative(render("email.html.j2", message, _LINES_SHOWN) + "\n", subtype="html", cte="quoted-printable")
    picture = chart(message)
    if picture is not None:
        html = mail.get_payload()[1]  # type: ignore[index]
        html.make_related(boundary="=_2")  # type: ignore[union-attr]
        html.add_related(picture.data, "image", "png", cid="<chart>", filename=picture.name)  # type: ignore[union-attr]
    attachment = whole_list(message, _LINES_SHOWN)
    if attachment is not None:
        mail.make_mixed(boundary="=_3")
        mail.add_attachment(attachment.data, maintype="text", subtype="csv", filename=attachment.name)
    return mail


_QUOTES = str.maketrans({'"': "'", "\\": "/"})


def header_text(text: str) -> str:
    """Text that can be nothing but text in a header: no control characters, no encoded words of its own."""
    return clean_text(text).replace("=?", "= ?").replace("?=", "? =")


def message_id(key: str, domain: str) -> str:
    """The same for the same message, however often it is sent."""
    digest = hashlib.blake2b(key.encode(errors="replace"), digest_size=16).hexdigest()
    return f"<{digest}@{domain}>"


def message_root(code: str, domain: str) -> str:
    """What every mail about one dossier refers to: no mail of that name exists, but the thread does."""
    return message_id(f"dossier:{code}", domain)


def checked_bytes(mail: EmailMessage) -> bytes:
    """The mail as it goes over the wire. Raises `HeaderInjection` if its headers aren't those that were put in."""
    data = mail.as_bytes()
    head, blank, _ = data.partition(b"\r\n\r\n")  # a blank line of any other kind ends it earlier, and is seen
    seen = BytesHeaderParser(policy=MAIL).parsebytes(head + blank).keys()
    if [name.lower() for name in seen] != [name.lower() for name, _ in mail.items()]:
        raise HeaderInjection("headers differ after serialising")
    return data


def connect(settings: Email) -> smtplib.SMTP:
    """A connection that is secured and logged in as configured. Raises `OSError` or `smtplib.SMTPException`."""
    smtp: smtplib.SMTP
    if settings.security == "tls":
        smtp = smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout, context=trust())
    else:
        smtp = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
    try:
        smtp.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            smtp.starttls(context=trust())
            smtp.ehlo_or_helo_if_needed()  # what was said before the encryption doesn't count
        if settings.username is not None and settings.password is not None:
            smtp.login(settings.username, settings.password.get_secret_value())
    except BaseException:
        smtp.close()
        raise
    return smtp


def trust() -> ssl.SSLContext:
    """What mail servers are verified by: the machine's certificates, read anew each time, so that a new one of the
    province's holds without a restart. That costs as much as the rest of a short mail, so ask only where there is
    something to verify."""
    return ssl.create_default_context()


class _Refusal(Exception):
    """The server answered with an error code."""

    def __init__(self, command: str, code: int) -> None:
        super().__init__(f"{command}: {code}")
        self.code = code


class _Transaction:
    """One mail to one mailbox. `_writing` is true while the outcome can't be known."""

    def __init__(self, settings: Email) -> None:
        self._settings = settings
        self._writing = False

    def run(self, sender: str, recipient: str, data: bytes, receipt: str) -> Outcome:
        try:
            smtp = connect(self._settings)
        except (OSError, smtplib.SMTPException) as error:  # also a wrong password: ours to mend, all mail waits
            return Outcome(Result.NOT_SENT, detail=_described(error), channel_down=True)
        try:
            return self._converse(smtp, sender, recipient, data, receipt)
        except _Refusal as refusal:
            return Outcome(Result.NOT_SENT if refusal.code < 500 else Result.REFUSED, detail=str(refusal))
        except (OSError, smtplib.SMTPException) as error:
            result = Result.UNKNOWN if self._writing else Result.NOT_SENT
            return Outcome(result, detail=_described(error), channel_down=not self._writing)
        finally:
            smtp.close()

    def _converse(self, smtp: smtplib.SMTP, sender: str, recipient: str, data: bytes, receipt: str) -> Outcome:
        code, _ = smtp.mail(sender)
        if (
            code >= 400 or code < 0
        ):  # our own sender is not welcome: that is the configuration's fault, whatever the code
            return Outcome(Result.NOT_SENT, detail=f"MAIL FROM: {code}", channel_down=True)
        self._expect("RCPT TO", smtp.rcpt(recipient)[0])
        code, _ = smtp.docmd("DATA")
        self._expect("DATA", code)
        self._writing = True
        smtp.send(_dot_stuffed(data))
        code, _ = smtp.getreply()
        if code < 0:  # no answer that can be read
            return Outcome(Result.UNKNOWN, detail="final dot: no code")
        self._writing = False
        self._expect("final dot", code)
        return Outcome(Result.SENT, receipt=receipt)

    @staticmethod
    def _expect(command: str, code: int) -> None:
        if code >= 400 or code < 0:
            raise _Refusal(command, code)


def _dot_stuffed(data: bytes) -> bytes:
    body = re.sub(rb"(?m)^\.", b"..", re.sub(rb"\r\n|\r|\n", b"\r\n", data))
    return body + (b"" if body.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _described(error: Exception) -> str:
    """What went wrong without the server's words, which may repeat addresses."""
    code = getattr(error, "smtp_code", None) or getattr(error, "errno", None)
    return f"{type(error).__name__}{f' ({code})' if code else ''}"
