"""An office that the bot serves: the small province of the alert tests, on a real store, with a clock that stands."""

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.acknowledge import AnswerRules
from monitor.alerts.buttons import Signer
from monitor.bot.desk import Desk
from monitor.bot.heard import Back
from monitor.clock import FixedClock
from monitor.domain.calendar import WorkingCalendar
from monitor.people import Directory
from monitor.settings import Channels, Settings, Site, Telegram
from tests.alerts.world import BASE_URL, CALENDAR, DIRECTORY, NOW
from tests.peers.bot_api import TOKEN


@dataclass
class BotOffice:
    """What the desk needs of the program."""

    engine: Engine
    sessions: sessionmaker[Session]
    clock: FixedClock
    settings: Settings
    calendar: WorkingCalendar = CALENDAR
    directory: Directory = DIRECTORY
    number: int = 0

    @property
    def answer_rules(self) -> AnswerRules:
        return AnswerRules(self.calendar, self.directory)

    @property
    def signer(self) -> Signer:
        return Signer(TOKEN)

    @property
    def desk(self) -> Desk:
        return Desk(self, self.signer)

    def says(self, text: str, user: int = 101, **more: Any) -> list[Back]:
        """Somebody writes to the bot in private (or in the chat of `more`)."""
        self.number += 1
        chat = {"id": user, "type": "private", **more}
        sender = {"id": user, "first_name": "Cán bộ", "last_name": "<Một>", "username": "canbo1"}
        return self.desk.handle({"update_id": self.number, "message": {"chat": chat, "from": sender, "text": text}})

    def presses(self, data: str, user: int = 101, message: int = 5, **more: Any) -> list[Back]:
        """Somebody presses the button with this data."""
        self.number += 1
        chat = {"id": user, "type": "private", **more}
        query = {"id": "q1", "from": {"id": user, "first_name": "x"}, "data": data}
        return self.desk.handle(
            {"update_id": self.number, "callback_query": {**query, "message": {"message_id": message, "chat": chat}}}
        )


@pytest.fixture
def store_url(sqlite_url: str) -> str:
    """The bot's own tables are tried on both stores by tests/bot/test_listening.py; the rest by one is enough."""
    return sqlite_url


@pytest.fixture
def office(engine: Engine, sessions: sessionmaker[Session]) -> BotOffice:
    telegram = Telegram(enabled=True, token=SecretStr(TOKEN))
    return make_office(engine, sessions, telegram)


def make_office(engine: Engine, sessions: sessionmaker[Session], telegram: Telegram) -> BotOffice:
    settings = Settings(site=Site(name="Thử", base_url=BASE_URL), channels=Channels(telegram=telegram))
    return BotOffice(engine, sessions, FixedClock(NOW), settings)
