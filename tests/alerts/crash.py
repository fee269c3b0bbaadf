"""Kills the real send path (plan, claim, send, record) with SIGKILL at its n-th step and starts it again.

A step is one side of a SQL statement, a commit, or a socket call. The path runs in a forked process, the peers (Bot
API, SMTP) in this one, so that what they took before the kill stays known. Nothing in the product knows of it.
"""

import os
import signal
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr
from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.email import EmailChannel
from monitor.alerts.outgoing import Channel
from monitor.alerts.sending import release_leases, send_pending
from monitor.alerts.telegram import TelegramChannel
from monitor.clock import FixedClock
from monitor.settings import Email, Telegram
from monitor.store import database
from monitor.store.tables import Base, Message, MessageNotice, Notice
from tests.alerts.audit import audit
from tests.alerts.world import DIRECTORY, NOW, PEOPLE, add_dossiers, owe, plan
from tests.peers.bot_api import TOKEN, BotApi
from tests.peers.smtp import MailServer

Run = Callable[[sessionmaker[Session], dict[str, Channel], FixedClock], None]
_SOCKET_CALLS = ("connect", "send", "sendall", "recv", "recv_into")


@dataclass
class Crashes:
    """What a series of kills showed. `doubled` counts messages a peer got more than once."""

    points: int = 0
    doubled: int = 0
    violations: list[str] = field(default_factory=list)


def whole_path(sessions: sessionmaker[Session], channels: dict[str, Channel], clock: FixedClock) -> None:
    """A start of the program, as far as alerts go."""
    with sessions.begin() as session:
        release_leases(session, clock.now())
    plan(sessions, clock.now(), channels=tuple(channels))
    send_pending(sessions, channels, clock=clock, people=PEOPLE)


def make_channels(bot: BotApi, mail: MailServer) -> dict[str, Channel]:
    telegram = Telegram(enabled=True, token=SecretStr(TOKEN), api_url=bot.url)
    email = Email(
        enabled=True, host="127.0.0.1", port=mail.port, security="none", sender="canhbao@tp.example.vn", timeout=5
    )
    return {"telegram": TelegramChannel(telegram), "email": EmailChannel(email)}


def kill_at(url: str, bot: BotApi, mail: MailServer, point: int, path: Run = whole_path) -> bool:
    """Runs the path from an empty store, killed at step `point`; False when it ended before that step."""
    _fresh(url)
    bot.taken.clear()
    mail.taken.clear()
    child = os.fork()
    if child == 0:
        try:
            engine = database.open_engine(url)
            channels = make_channels(bot, mail)
            _arm(engine, point)
            path(database.session_factory(engine), channels, FixedClock(NOW))
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL), "the path failed by itself"
    return os.WIFSIGNALED(status)


def recover(sessions: sessionmaker[Session], channels: dict[str, Channel]) -> list[Message]:
    """Starts again without kills until nothing moves. Returns every message."""
    clock = FixedClock(NOW)
    messages: list[Message] = []
    for _ in range(12):
        clock.sleep(60)
        whole_path(sessions, channels, clock)
        with sessions() as session:
            messages = list(session.scalars(select(Message)))
        if all(message.state in ("sent", "failed", "cancelled") for message in messages):
            break
    return messages


def violations(
    sessions: sessionmaker[Session], bot: BotApi, mail: MailServer, messages: list[Message], crashes: int
) -> tuple[list[str], int]:
    """(what was lost or wrongly doubled, how many messages a peer got twice)."""
    with sessions() as session:
        notices = {notice.id: notice for notice in session.scalars(select(Notice))}
        tied = set(session.scalars(select(MessageNotice.notice_id)))
    wrong = audit(sessions, bot, mail)
    wrong += [f"notice {n.key} is {n.state}" for n in notices.values() if n.state != "told" or n.id not in tied]
    heard = [(taken.chat, taken.text) for taken in bot.taken]
    heard += [(to, part.get_content()) for to, mail_ in mail.taken if (part := mail_.get_body(("plain",))) is not None]
    for address, codes in _expected().items():
        got = [text for to, text in heard if to == address]
        wrong += [f"{address} never heard of {code}" for code in codes if not any(code in text for text in got)]
    copies = Counter(to for to, _ in heard)  # each of the three people has exactly one message
    doubled = {address: number - 1 for address, number in copies.items() if number > 1}
    marked = {message.address for message in messages if message.maybe_repeat}
    wrong += [f"{address} got an unmarked double" for address in doubled if address not in marked]
    if sum(doubled.values()) > crashes:
        wrong.append(f"{sum(doubled.values())} doubles after {crashes} crash(es)")
    return wrong, sum(doubled.values())


def series(
    url: str,
    bot: BotApi,
    mail: MailServer,
    *,
    first: int,
    stride: int,
    path: Run = whole_path,
    stop_at_violation: bool = False,
    only_once: bool = False,
) -> Crashes:
    """Kills at steps first, first + stride … until the path ends unkilled."""
    found = Crashes()
    engine, channels = database.open_engine(url), make_channels(bot, mail)
    sessions = database.session_factory(engine)
    point = first
    while kill_at(url, bot, mail, point, path):
        found.points += 1
        messages = recover(sessions, channels)
        engine.dispose()  # nothing open that a forked process could inherit
        wrong, doubled = violations(sessions, bot, mail, messages, crashes=1)
        engine.dispose()
        found.doubled += doubled
        found.violations += [f"killed at step {point}: {line}" for line in wrong]
        if only_once or (found.violations and stop_at_violation):
            break
        point += stride
    for channel in channels.values():
        channel.close()
    engine.dispose()
    return found


def _expected() -> dict[str, tuple[str, ...]]:
    return {"101": ("tre-1", "tre-2"), "400": ("tre-2",), "head2@xa2.example.vn": ("tre-3",)}


def _fresh(url: str) -> None:
    """An emptied store with three dossiers owed to three people: two by Telegram (one urgent), one by mail."""
    engine = database.open_engine(url)
    with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            connection.execute(table.delete())
    sessions = database.session_factory(engine)
    one, two, three = add_dossiers(sessions, *({"code": f"tre-{n}"} for n in (1, 2, 3)))
    owe(sessions, one, "late", "agency_head")
    owe(sessions, two, "late", "agency_head")
    owe(sessions, two, "very-late", "chairman")
    owe(sessions, three, "late", "agency_head", agency_code="H19.2")
    engine.dispose()
    assert DIRECTORY.agency("H19.2") is not None


def _arm(engine: Any, point: int) -> None:
    """From now on the `point`-th step of this process is its last."""
    left = point

    def step(*_: Any, **__: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, step)
    for name in _SOCKET_CALLS:
        setattr(socket.socket, name, _stepping(getattr(socket.socket, name), step))


def _stepping(call: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        step()
        result = call(*args, **kwargs)
        step()
        return result

    return wrapped
