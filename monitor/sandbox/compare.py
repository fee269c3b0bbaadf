"""Holds what the monitor found against the truth: numbers, and the very codes behind each number."""

import csv
import html
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.sandbox.servers import Sandbox
from monitor.sandbox.truth import THE_CALENDAR, Truth
from monitor.store.tables import BadRecordRow, Dossier, Letter, Message
from monitor.words import Words

_LINK = re.compile(r"/hoso/([^\s\"'<>]+)")

FIGURES: tuple[tuple[str, Words], ...] = (
    ("late", Words("Đang quá hạn", "Late now")),
    ("finished_late", Words("Đã giải quyết quá hạn", "Finished late")),
    ("due_soon", Words("Sắp đến hạn", "Due soon")),
    ("letter_due", Words("Hạn cuối gửi thư xin lỗi", "Last day for the letter")),
    ("due_today", Words("Đến hạn hôm nay", "Due today")),
    ("in_time", Words("Trong hạn", "In time")),
    ("paused", Words("Tạm dừng", "Paused")),
    ("finished_early", Words("Trả trước hạn", "Finished early")),
    ("finished_on_time", Words("Trả đúng hạn", "Finished on time")),
    ("no_promise", Words("Không có ngày hẹn", "No promised date")),
    ("uncertain", Words("Không xác định được", "Uncertain")),
    ("unknown", Words("Trạng thái lạ", "Unknown state")),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One figure: what the truth says, what was found, and how many single members differ."""

    name: Words
    expected: int
    found: int
    missing: frozenset[object] = frozenset()
    extra: frozenset[object] = frozenset()

    @property
    def agrees(self) -> bool:
        return self.expected == self.found and not self.missing and not self.extra

    def differences(self, most: int = 5) -> str:
        """A few of the members that differ (codes, never a citizen's data)."""
        parts = [f"-{one}" for one in sorted(map(str, self.missing))[:most]]
        return " ".join(parts + [f"+{one}" for one in sorted(map(str, self.extra))[:most]])


def compare(session: Session, sandbox: Sandbox, truth: Truth) -> list[Check]:
    """Every figure of the demo. Reads the store and what arrived at the sandbox's own bot and mailboxes."""
    stages: dict[str, list[str]] = {}
    for code, stage in session.execute(select(Dossier.code, Dossier.stage)):
        stages.setdefault(stage, []).append(code)
    checks = [_of_sets(words, truth.by_stage[stage], stages.get(stage, ())) for stage, words in FIGURES]
    waiting = len(stages.get("not_started", ()))  # these have no code yet
    checks.append(Check(Words("Chưa tiếp nhận", "Not accepted yet"), truth.counts["not_started"], waiting))
    checks += _letters(session, truth)
    aside = session.scalar(select(func.count()).select_from(BadRecordRow).where(BadRecordRow.cleared_at.is_(None)))
    checks.append(Check(Words("Bản ghi để riêng", "Records set aside"), sum(truth.set_aside.values()), aside or 0))
    checks.append(_of_sets(Words("Cảnh báo (người × hồ sơ)", "Alerts (person × dossier)"), truth.told, told(sandbox)))
    return checks + _deliveries(session, sandbox)


def told(sandbox: Sandbox) -> set[tuple[str, str]]:
    """(person, dossier code) read out of the messages and lists that really arrived."""
    by_chat = {person.telegram: person.code for person in sandbox.province.officials if person.telegram}
    by_mail = {person.email: person.code for person in sandbox.province.officials if person.email}
    found: set[tuple[str, str]] = set()
    for one in sandbox.bot.delivered:
        codes = _codes(one.file.decode("utf-8-sig")) if one.file else _links(html.unescape(one.text))
        found.update((by_chat[one.chat], code) for code in codes)
    for mail in sandbox.mail.mails:
        codes = _links(mail.text)
        for name, data in mail.attachments():
            if name.endswith(".csv"):
                codes |= _codes(data.decode("utf-8-sig"))
        found.update((by_mail[address], code) for address in mail.recipients for code in codes)
    return found


def _letters(session: Session, truth: Truth) -> list[Check]:
    rows = session.execute(
        select(Dossier.code, Letter.promise_number, Letter.suspended_for, Letter.state)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(Letter.state.in_(("owed", "drafted")))
    ).all()
    free = [(row.code, row.promise_number) for row in rows if not row.suspended_for]
    held = [(row.code, row.promise_number) for row in rows if row.suspended_for]
    drafted = sum(row.state == "drafted" for row in rows)
    return [
        _of_sets(Words("Thư xin lỗi phải gửi", "Letters owed"), truth.letters, free),
        _of_sets(
            Words("Thư chờ đối chiếu hai hệ thống", "Letters held: systems disagree"), truth.letters_blocked, held
        ),
        Check(Words("Thư đã soạn", "Letters drafted"), len(truth.letters), drafted),
    ]


def _deliveries(session: Session, sandbox: Sandbox) -> list[Check]:
    """Every message arrived, and twice only where an answer was lost on the way."""
    rows = session.execute(select(Message.state, Message.maybe_repeat, Message.address, Message.channel)).all()
    sent = [row for row in rows if row.state == "sent"]
    undone = [row for row in rows if row.state not in ("sent", "cancelled")]
    chats = {one.chat for one in sandbox.bot.delivered}
    mailboxes = {address for mail in sandbox.mail.mails for address in mail.recipients}
    addresses = {(row.channel, row.address) for row in sent}
    arrived = {("telegram", chat) for chat in chats} | {("email", mailbox) for mailbox in mailboxes}
    return [
        _of_sets(Words("Người nhận được tin", "Recipients reached"), addresses, arrived),
        Check(Words("Tin còn kẹt", "Messages stuck"), 0, len(undone)),
    ]


def _of_sets(name: Words, expected: Iterable[object], found: Iterable[object]) -> Check:
    """Compares members; a member found twice shows in the number."""
    listed = list(found)
    wanted, there = frozenset(expected), frozenset(listed)
    return Check(name, len(wanted), len(listed), wanted - there, there - wanted)


def _links(text: str) -> set[str]:
    of_the_calendar = {THE_CALENDAR} if THE_CALENDAR in text else set()  # it has no page of a dossier behind it
    return set(_LINK.findall(text)) | of_the_calendar


def _codes(table: str) -> set[str]:
    rows = list(csv.reader(io.StringIO(table)))
    return {row[0] for row in rows[1:] if row}
