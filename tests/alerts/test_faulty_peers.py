"""R10 with R2: whatever the peers answer, everyone hears of everything, and doubles are no more than lost answers."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.outgoing import Channel
from monitor.alerts.sending import send_pending
from monitor.clock import FixedClock
from monitor.store import database
from monitor.store.tables import Message, Notice
from tests.alerts import crash
from tests.alerts.audit import audit
from tests.alerts.world import NOW, PEOPLE, plan
from tests.counts import proof_examples
from tests.peers.bot_api import TOKEN, BotApi, bot_api, refused
from tests.peers.smtp import MailServer, mail_server

_BLOCKED, _BROKEN = refused(403, "Forbidden: bot was blocked by the user"), refused(500, "Internal Server Error")
_TELEGRAM: list[Any] = ["ok", "ok", "502", "cut_before", "cut_after", "garbage", _BLOCKED, _BROKEN]
_FLOOD = refused(429, "Too Many Requests", retry_after=13_000)
_TELEGRAM += [refused(429, "Too Many Requests", retry_after=3), _FLOOD]
_MAIL = [("mail", "451 later"), ("rcpt", "450 greylisted"), ("data", "451 later"), ("data", "cut_after")]


class World:
    """Real peers, a real SQLite file, channels."""

    def __init__(self, url: str, bot: BotApi, mail: MailServer) -> None:
        self.url, self.bot, self.mail = url, bot, mail
        self.channels: dict[str, Channel] = crash.make_channels(bot, mail)
        self.engine = database.open_engine(url)
        self.sessions: sessionmaker[Session] = database.session_factory(self.engine)


@pytest.fixture
def world(sqlite_url: str) -> Iterator[World]:
    with bot_api() as bot, mail_server() as mail:
        made = World(sqlite_url, bot, mail)
        yield made
        for channel in made.channels.values():
            channel.close()
        made.engine.dispose()


@settings(
    max_examples=proof_examples(12, 2_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.sampled_from(_TELEGRAM), max_size=8), st.lists(st.sampled_from(_MAIL), max_size=3))
# Nobody holds the two posts above the chairman: while he cannot be reached, the administrator stands in for both. He may
# have blocked the bot too; and he hears once, not as the one, as the other and as himself.
@example([_BLOCKED, "502", "ok", _BLOCKED], [("mail", "451 later")] * 3)
@example(
    [
        _FLOOD,
        "cut_before",
        "cut_after",
        "502",
        "garbage",
        refused(429, "Too Many Requests", retry_after=3),
        _FLOOD,
        "502",
    ],
    [("data", "cut_after"), ("mail", "451 later"), ("data", "451 later")],
)
@example([_BLOCKED, "502", "ok", _BROKEN, _BROKEN, _BROKEN], [("data", "451 later"), ("mail", "451 later"), _MAIL[1]])
def test_everyone_hears_of_everything(world: World, telegram: list[Any], mail: list[tuple[str, str]]) -> None:
    bot, server = world.bot, world.mail
    crash._fresh(world.url)
    bot.taken.clear()
    server.taken.clear()
    bot.lost_answers = server.lost_answers = 0
    bot.script.clear()
    bot.script.extend(telegram)
    server.script.clear()
    server.script.extend(mail)
    clock = FixedClock(NOW)
    quiet = 0
    for _ in range(160):  # eight floods, one after the other, last 29 hours
        planned = plan(world.sessions, clock.now())  # also what was passed to the role above
        send_pending(world.sessions, world.channels, clock=clock, people=PEOPLE)
        clock.sleep(900)
        with world.sessions() as session:
            waits = session.scalar(select(func.count()).where(Message.state.not_in(("sent", "failed", "cancelled"))))
        quiet = 0 if planned.messages or waits else quiet + 1
        if quiet == 2:
            break
    assert audit(world.sessions, bot, server) == []
    with world.sessions() as session:
        messages = list(session.scalars(select(Message)))
        notices = session.execute(select(Notice.state, Notice.role).order_by(Notice.id)).all()
    assert [notice.state for notice in notices[:4]] == ["told"] * 4, "what was owed"
    above = {"provincial_centre", "provincial_office", "admin"}
    assert {notice.role for notice in notices[4:] if notice.state != "told"} <= above
    heard = [(taken.chat, taken.text) for taken in bot.taken]
    heard += [(to, str(part.get_content())) for to, m in server.taken if (part := m.get_body(("plain",))) is not None]
    homes = {"101": "one", "head1@xa1.example.vn": "one", "400": "two", "chair@tp.example.vn": "two"}
    by_person: dict[str, list[str]] = {}
    for address, said in heard:
        by_person.setdefault(homes.get(address, "three"), []).append(said)
    for person, codes in {"one": ("tre-1", "tre-2"), "two": ("tre-2",), "three": ("tre-3",)}.items():
        assert all(any(code in said for said in by_person.get(person, [])) for code in codes), person
    news = [
        (who, tuple(c for c in ("tre-1", "tre-2", "tre-3") if c in said))
        for who in by_person
        for said in by_person[who]
    ]
    doubles = sum(copies - 1 for copies in Counter(news).values())
    assert doubles <= bot.lost_answers + server.lost_answers
    assert all(message.state in ("sent", "failed") for message in messages)


def test_neither_token_nor_password_reaches_the_store(world: World, tmp_path: Path) -> None:
    crash._fresh(world.url)
    world.bot.script.extend([refused(401, "Unauthorized"), "502", "cut_before", refused(403, f"Forbidden {TOKEN}")])
    clock = FixedClock(NOW)
    plan(world.sessions)
    for _ in range(10):
        send_pending(world.sessions, world.channels, clock=clock)
        clock.sleep(300)
    with world.engine.connect() as connection:
        rows = [
            str(row)
            for table in ("message", "attempt", "notice")
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    assert any("Unauthorized" in row or "InvalidToken" in row for row in rows)
    assert TOKEN not in "".join(rows)
    assert TOKEN.split(":")[1] not in "".join(rows)
