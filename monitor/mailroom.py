"""The outbox's channel for mails about one letter: made, addressed and sent at the moment of sending, kept nowhere.

Letters know the words, alerts know the mail server; neither knows the other, so this stands above both.
"""

from collections.abc import Callable
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.email import MAIL, checked_bytes, deliver, header_text, is_address, message_id, sender_header
from monitor.alerts.email import check as check_server
from monitor.alerts.outgoing import Outcome, Outgoing, Result
from monitor.letters.fonts import GlyphMissing
from monitor.letters.messages import Mail, applicant_mail, counter_mail
from monitor.letters.office import Office
from monitor.letters.steps import StepRefused
from monitor.letters.telling import APPLICANT, CHANNEL, Parcel, masked, parcel
from monitor.settings import Email


class LetterMail:
    """Sends the counter's notices and the applicants' apologies over the office's own mail server. `office` is asked
    for each mail: a calendar taken up since the start counts at once."""

    name = CHANNEL

    def __init__(
        self, settings: Email, sessions: sessionmaker[Session], office: Callable[[], Office], base_url: str
    ) -> None:
        self._settings, self._sessions, self._office, self._base_url = settings, sessions, office, base_url

    def send(self, message: Outgoing) -> Outcome:
        """Looks the letter and its addressee up, and hands the mail to the server. Of an applicant's address the
        receipt keeps a mask."""
        try:
            with self._sessions() as session:
                wanted = parcel(session, message.view, message.address)
                if not wanted.waits:
                    return Outcome(Result.REFUSED, detail="phiếu không còn chờ thư này")
                if not is_address(wanted.address):
                    return Outcome(Result.REFUSED, detail="không có địa chỉ thư dùng được")
                words = self._words(session, wanted, message)
        except StepRefused as refused:
            return Outcome(Result.REFUSED, detail=refused.words.vi)
        except GlyphMissing as missing:
            return Outcome(Result.REFUSED, detail=missing.words.vi)
        try:
            mail = build(message, words, wanted.address, self._settings.sender)
            data = checked_bytes(mail)
        except ValueError as error:
            return Outcome(Result.REFUSED, detail=f"không lập được thư: {type(error).__name__}")
        receipt = str(mail["Message-ID"])
        if wanted.to == APPLICANT:
            receipt = f"{receipt} {masked(wanted.address)}"
        return deliver(self._settings, wanted.address, data, receipt)

    def _words(self, session: Session, wanted: Parcel, message: Outgoing) -> Mail:
        office = self._office()
        if wanted.to == APPLICANT:
            return applicant_mail(session, wanted.letter_id, office)
        return counter_mail(session, wanted.letter_id, office, office.today(message.at), self._base_url)

    def check(self) -> str:
        """As of the e-mail channel. Raises `ChannelUnavailable`."""
        return check_server(self._settings)

    def close(self) -> None:
        """Nothing is kept open."""


def build(message: Outgoing, words: Mail, address: str, sender: str) -> EmailMessage:
    """The mail; its Message-ID depends on the outbox key only, so that mail systems recognise a repeat."""
    mail = EmailMessage(policy=MAIL)
    mail["From"] = sender_header(sender)
    mail["To"] = address
    mail["Subject"] = header_text(words.subject)
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = message_id(message.key, parseaddr(sender)[1].partition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(words.text + "\n", cte="quoted-printable")
    for name, paper in words.papers:
        mail.add_attachment(paper, maintype="application", subtype="pdf", filename=name)
    return mail
