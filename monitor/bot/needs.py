"""What the bot needs of the wired program."""

from typing import Protocol

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.acknowledge import AnswerRules
from monitor.clock import Clock
from monitor.domain.calendar import WorkingCalendar
from monitor.people import Directory
from monitor.settings import Settings


class BotNeeds(Protocol):
    """Read-only attributes, so that any object that has them will do."""

    @property
    def settings(self) -> Settings: ...

    @property
    def engine(self) -> Engine: ...

    @property
    def sessions(self) -> sessionmaker[Session]: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def calendar(self) -> WorkingCalendar: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def answer_rules(self) -> AnswerRules: ...
