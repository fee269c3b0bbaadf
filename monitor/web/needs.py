"""What the pages need of the wired program."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from sqlalchemy import Engine as StoreEngine
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.acknowledge import AnswerRules
from monitor.clock import Clock
from monitor.domain.calendar import WorkingCalendar
from monitor.letters.office import Office
from monitor.letters.printing import Printed
from monitor.letters.steps import By
from monitor.owing import Rules
from monitor.people import Directory
from monitor.procedures import Terms
from monitor.settings import Settings


class WebNeeds(Protocol):
    """Read-only attributes, so that any object that has them will do."""

    @property
    def settings(self) -> Settings: ...

    @property
    def engine(self) -> StoreEngine: ...

    @property
    def sessions(self) -> sessionmaker[Session]: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def calendar(self) -> WorkingCalendar: ...

    @property
    def directory(self) -> Directory: ...

    @property
    def terms(self) -> Terms: ...

    @property
    def rules(self) -> Rules: ...

    @property
    def answer_rules(self) -> AnswerRules: ...

    def letter_office(self, session: Session, now: datetime) -> Office: ...

    def print_here(self, letter_ids: Collection[int], by: By) -> tuple[bytes | None, Printed]: ...

    def print_out(self, letter_ids: Collection[int], by: By) -> Printed: ...
