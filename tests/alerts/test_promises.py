"""R10 and R2 over the wire: floods, dead lines and silent peers; and every case of the field study has its test."""

import re
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts import telegram
from monitor.alerts.outgoing import Channel, Result
from monitor.alerts.sending import send_pending
from monitor.alerts.telegram import TelegramChannel
from monitor.clock import FixedClock
from monitor.people import Directory, Person, Post
from monitor.settings import Telegram
from monitor.store.tables import Attempt, Message
from tests.alerts.audit import audit
from tests.alerts.test_telegram import outgoing
from tests.alerts.world import DIRECTORY, NOW, add_dossiers, owe, plan
from tests.peers.bot_api import TOKEN, BotApi, bot_api, refused

ROOT = Path(__file__).resolve().parent.parent.parent
LEADERS = 200


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def bot() -> Iterator[BotApi]:
    with bot_api() as peer:
        yield peer


@pytest.fixture
def channels(bot: BotApi) -> Iterator[dict[str, Channel]]:
    channel = TelegramChannel(Telegram(enabled=True, token=SecretStr(TOKEN), api_url=bot.url))
    yield {"telegram": channel}
    channel.close()


def crowd(sessions: sessionmaker[Session]) -> None:
    """One message owed to each of 200 leaders; every tenth is urgent."""
    people = [Person(f"p{n}", f"Người {n}", telegram=str(1000 + n)) for n in range(LEADERS)]
    posts = [Post(person.code, f"role_{n}", "H19.1") for n, person in enumerate(people)]
    directory = Directory(DIRECTORY.agencies(), people, posts)
    (dossier_id,) = add_dossiers(sessions, {"code": "tre-1"})
    for n in range(LEADERS):
        severity = "urgent" if n % 10 == 0 else "normal"
        owe(sessions, dossier_id, f"late-{n}", f"role_{n}", severity=severity)
    plan(sessions, directory=directory)


def test_a_long_flood_wait_on_the_first_of_200_loses_none_and_asks_no_more_than_it_must(
    sessions: sessionmaker[Session], bot: BotApi, channels: dict[str, Channel]
) -> None:
    """R10; OnCall PR 5178, remnawave #227: 429 with 13,000 s on the first of 200."""
    crowd(sessions)
    clock = FixedClock(NOW)
    bot.script.append(refused(429, "Too Many Requests: retry after 13000", retry_after=13_000))
    calls = []
    while clock.now() <= NOW + timedelta(hours=4):
        before = bot.calls
        send_pending(sessions, channels, clock=clock)
        calls.append(bot.calls - before)
        clock.sleep(600)
    assert calls[0] == 1, "the flood wait ends the round at once"
    assert set(calls[1:21]) == {0}, "nothing is asked while the peer wants silence"
    assert audit(sessions, bot) == []
    assert Counter(taken.chat for taken in bot.taken) == Counter({str(1000 + n): 1 for n in range(LEADERS)})
    urgent = [int(taken.chat) % 10 == 0 for taken in bot.taken]
    assert urgent == sorted(urgent, reverse=True), "by priority"
    with sessions() as session:
        assert session.scalar(select(func.count()).select_from(Attempt).where(Attempt.outcome == "flood")) == 1
        assert set(session.scalars(select(Message.state))) == {"sent"}


@contextmanager
def silent_peer() -> Iterator[str]:
    """Takes connections and requests and never says a word: a half-open line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()
        held: list[socket.socket] = []

        def accept() -> None:
            while not over.is_set():
                try:
                    held.append(listener.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        for connection in held:
            connection.close()


def test_a_line_that_is_half_open_is_given_up_and_counts_as_perhaps_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telegram, "_ANSWER_S", 0.2)
    with silent_peer() as url:
        channel = TelegramChannel(Telegram(enabled=True, token=SecretStr(TOKEN), api_url=url))
        outcome = channel.send(outgoing())
        channel.close()
    assert (outcome.result, outcome.channel_down) == (Result.UNKNOWN, False)


REFUSED_FOR_GOOD = [
    (403, "Forbidden: bot was blocked by the user", "người nhận đã chặn bot", True),
    (403, "Forbidden: user is deactivated", "tài khoản Telegram của người nhận không còn", True),
    (403, "Forbidden: bot was kicked from the supergroup chat", "bot đã bị đưa ra khỏi nhóm", True),
    (403, "Forbidden: bot is not a member of the channel chat", "bot không còn là thành viên của nhóm", True),
    (403, "Forbidden: bot can't initiate conversation with a user", "người nhận chưa bấm Bắt đầu (Start) với bot", True),
    (400, "Bad Request: chat not found", "không có cuộc trò chuyện này", True),
    (400, "Bad Request: not enough rights to send text messages to the chat", "bot không có quyền viết trong nhóm này", False),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "bot không có quyền viết trong nhóm này", False),
]  # fmt: skip


@pytest.mark.parametrize(("status", "said", "named", "dead"), REFUSED_FOR_GOOD)
def test_each_refusal_for_good_is_handled_by_name(
    bot: BotApi, channels: dict[str, Channel], status: int, said: str, named: str, dead: bool
) -> None:
    bot.script.append(refused(status, said))
    outcome = channels["telegram"].send(outgoing())
    assert (outcome.result, outcome.detail, outcome.dead_address) == (Result.REFUSED, named, dead)


@pytest.mark.parametrize("said", ["Bad Request: message thread not found", "Bad Request: TOPIC_CLOSED"])
def test_a_topic_that_is_gone_is_left_for_the_group_itself(
    bot: BotApi, channels: dict[str, Channel], said: str
) -> None:
    bot.script.append(refused(400, said))
    outcome = channels["telegram"].send(outgoing_to("-100123/45"))
    assert outcome.result is Result.SENT
    assert [(taken.chat, taken.topic) for taken in bot.taken] == [("-100123", "")]


def test_a_topic_is_written_to(bot: BotApi, channels: dict[str, Channel]) -> None:
    channels["telegram"].send(outgoing_to("-100123/45"))
    assert [(taken.chat, taken.topic) for taken in bot.taken] == [("-100123", "45")]


def outgoing_to(address: str) -> telegram.Outgoing:
    from dataclasses import replace

    return replace(outgoing(), address=address)


def test_every_case_of_the_field_study_names_a_test_that_is_there() -> None:
    """The table in docs/alerts.md."""
    rows = re.findall(
        r"^\| [^|]+ \| [^|]+ \| `(tests/[\w/]+\.py)` (?:`(\w+)`)",
        (ROOT / "docs" / "alerts.md").read_text("utf-8"),
        re.M,
    )
    assert len(rows) >= 35, "the cases of the study that concern alerts"
    missing = [name for file, name in rows if f"def {name}(" not in (ROOT / file).read_text("utf-8")]
    assert missing == []
