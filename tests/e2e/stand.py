"""A whole monitor on a whole sandbox: real servers on loopback, a real store, one clock."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from monitor.clock import FixedClock
from monitor.sandbox.bot import Delivered
from monitor.sandbox.configure import write_config
from monitor.sandbox.mail import Mail
from monitor.sandbox.servers import Sandbox
from monitor.sandbox.truth import THE_CALENDAR
from monitor.settings_file import load
from monitor.store.tables import Dossier, Letter, Message, Notice
from monitor.wiring import Program

MONDAY = datetime.fromisoformat("2026-11-23T09:00:00+07:00")  # Tue 24/11 is a day off: due Wed = letter today


@contextmanager
def stand(
    folder: Path, *, size: int = 200, seed: int = 7, now: datetime = MONDAY, url: str = ""
) -> Iterator[tuple[Sandbox, Program, FixedClock]]:
    """A started sandbox and a program configured for it by the file an office would write."""
    clock = FixedClock(now)
    with Sandbox(now=now, seed=seed, size=size) as sandbox:
        settings = load(write_config(folder, sandbox))
        if url:
            settings = settings.model_copy(update={"database": settings.database.model_copy(update={"url": url})})
        with Program(settings, clock, upgrade=True) as program:
            yield sandbox, program, clock


def whole_job(program: Program, clock: FixedClock, *, full: bool = True, rounds: int = 20) -> None:
    """Read, judge, write, tell, until nothing is left to send."""
    program.release_leases()
    program.pull(full=full, even_if_waiting=True)
    program.judge()
    program.write_letters()
    for _ in range(rounds):
        program.plan_and_send()
        with program.sessions() as session:
            waiting = session.scalar(
                select(Message.id).where(Message.state.in_(("pending", "sending", "unknown"))).limit(1)
            )
        if waiting is None:
            return
        clock.sleep(300)


def letters_of(session: Session) -> set[tuple[str, int, str, str]]:
    """(code, promise, state, hash of the content) of every letter."""
    rows = session.execute(
        select(Dossier.code, Letter.promise_number, Letter.state, Letter.content_hash).join(
            Letter, Letter.dossier_id == Dossier.id
        )
    )
    return {(row[0], row[1], row[2], row[3]) for row in rows}


def notices_of(session: Session) -> set[tuple[str, str, str, str]]:
    """(code, rung, role, state) of every notice about a dossier."""
    rows = session.execute(
        select(Dossier.code, Notice.rung, Notice.role, Notice.state).join(Notice, Notice.dossier_id == Dossier.id)
    )
    return {(row[0], row[1], row[2], row[3]) for row in rows}


CODE = re.compile(THE_CALENDAR + r"|[HG]\d{2}(?:\.\d{1,3})*-\d{6}-\d{4,}|\d{3}\.\d{2}\.\d{2}\.[HG]\d{2}-\d{6}-\d{4,}")


def heard(sandbox: Sandbox) -> set[tuple[str, str]]:
    """(person, dossier) of everything that reached a leader, read out of what was really delivered."""
    by_chat = {o.telegram: o.code for o in sandbox.province.officials if o.telegram}
    by_mail = {o.email: o.code for o in sandbox.province.officials if o.email}
    pairs = {(by_chat[m.chat], code) for m in sandbox.bot.delivered for code in CODE.findall(_words(m))}
    for mail in sandbox.mail.mails:
        pairs |= {(by_mail[to], code) for to in mail.recipients for code in CODE.findall(mail_text(mail))}
    return pairs


def told(sandbox: Sandbox) -> int:
    """Messages that reached somebody."""
    return len(sandbox.bot.delivered) + len(sandbox.mail.mails)


def texts(sandbox: Sandbox) -> str:
    """Every word that reached a leader."""
    return "\n".join([*map(_words, sandbox.bot.delivered), *map(mail_text, sandbox.mail.mails)])


def mail_text(mail: Mail) -> str:
    """Subject and readable parts, attachments too."""
    return mail.text


def _words(message: Delivered) -> str:
    return f"{message.text}\n{message.file_name}\n{message.file.decode(errors='replace')}\n{message.buttons}"


def table(session: Session, statement: Select[Any]) -> dict[Any, Any]:
    """A two-column answer as a dict."""
    return {row[0]: row[1] for row in session.execute(statement)}
