"""An auditor of sends: what the peers took against what the outbox says. It shares no code with planning or sending.

It reads the tables and the peers' own record, and asks of every notice and every message whether it may stand so.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.store.tables import Attempt, Dossier, Message, MessageNotice, Notice
from tests.peers.bot_api import BotApi
from tests.peers.smtp import MailServer

REPEAT = "có thể trùng"
_MOVING = {"owed", "planned", "held"}
_WITH_A_CAUSE = {"cancelled", "folded", "unreachable"}


@dataclass
class _Books:
    """The outbox as the auditor reads it."""

    messages: list[Message]
    notices: list[Notice]
    codes: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))  # message -> what it still tells
    tells: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))  # notice -> messages that tell it
    lost: Counter[int] = field(default_factory=Counter)  # message -> tries whose end nobody knows
    tried: set[int] = field(default_factory=set)


def audit(sessions: sessionmaker[Session], bot: BotApi, mail: MailServer | None = None) -> list[str]:
    """Everything that is wrong, in words; [] where every owed line was told, once, or is cancelled with its cause."""
    books = _read(sessions)
    heard = _heard(bot, mail)
    return [*_of_notices(books), *_of_messages(books, heard), *_of_addresses(books, heard)]


def _heard(bot: BotApi, mail: MailServer | None) -> dict[str, list[str]]:
    heard: dict[str, list[str]] = defaultdict(list)
    for taken in bot.taken:
        heard[taken.chat].append(taken.text + taken.file.decode("utf-8", "replace"))
    for to, letter in mail.taken if mail is not None else ():
        parts = [str(part.get_content()) for part in letter.walk() if part.get_content_maintype() == "text"]
        heard[to].append("\n".join(parts))
    return dict(heard)


def _of_notices(books: _Books) -> list[str]:
    state = {message.id: message.state for message in books.messages}
    wrong = [f"notice {n.key} rests as {n.state}" for n in books.notices if n.state in _MOVING]
    wrong += [
        f"notice {n.key} is {n.state} without a cause"
        for n in books.notices
        if n.state in _WITH_A_CAUSE and not n.reason
    ]
    for notice in books.notices:
        by = [state[message] for message in books.tells[notice.id]]
        if notice.state == "told" and "sent" not in by:
            wrong.append(f"notice {notice.key} counts as told by messages that are {sorted(by)}")
    return wrong


def _of_messages(books: _Books, heard: dict[str, list[str]]) -> list[str]:
    wrong = []
    for message in books.messages:
        whole = [
            text for text in heard.get(message.address, ()) if all(code in text for code in books.codes[message.id])
        ]
        if message.state == "sent" and not whole:
            wrong.append(f"message {message.key} counts as sent and never came")
        if message.state in ("failed", "cancelled") and not message.last_error:
            wrong.append(f"message {message.key} is {message.state} without a cause")
        if message.state in ("pending", "sending", "unknown"):
            wrong.append(f"message {message.key} rests as {message.state}")
        if books.lost[message.id] and not message.maybe_repeat:
            wrong.append(f"message {message.key} lost an answer and does not say that it may be a repeat")
    return wrong


def _of_addresses(books: _Books, heard: dict[str, list[str]]) -> list[str]:
    """Nobody hears a line oftener than it was sent and its answers were lost; every copy that may be one says so."""
    wrong = []
    for address, texts in heard.items():
        ours = [message for message in books.messages if message.address == address and message.id in books.tried]
        for code in set().union(*(books.codes[message.id] for message in ours)):
            about = [message for message in ours if code in books.codes[message.id]]
            copies = [text for text in texts if code in text]
            sent = sum(message.state == "sent" for message in about)
            lost = sum(books.lost[message.id] for message in about)
            if len(copies) > sent + lost:
                wrong.append(f"{address} heard {len(copies)} times of {code}: sent {sent}, answers lost {lost}")
            if sum(REPEAT not in text for text in copies) > len(about):
                wrong.append(f"{address} heard of {code} again and it did not say so")
        if not ours:
            wrong.append(f"{address} heard of something that no message was for")
    return wrong


def _read(sessions: sessionmaker[Session]) -> _Books:
    with sessions() as session:
        books = _Books(list(session.scalars(select(Message))), list(session.scalars(select(Notice))))
        told = (
            select(MessageNotice.message_id, MessageNotice.notice_id, Dossier.code)
            .join(Notice, Notice.id == MessageNotice.notice_id)
            .outerjoin(Dossier, Dossier.id == Notice.dossier_id)
            .where(MessageNotice.withdrawn_at.is_(None))
        )
        for message, notice, code in session.execute(told):
            books.tells[notice].add(message)
            books.codes[message].update([code] if code else [])
        for message, outcome in session.execute(select(Attempt.message_id, Attempt.outcome)):
            books.tried.add(message)
            books.lost[message] += outcome == "unknown"
    return books
