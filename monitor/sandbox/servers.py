"""The sandbox: every peer of the monitor as a server on loopback, telling one invented province's story."""

from datetime import datetime
from types import TracebackType
from typing import Self

from monitor.sandbox.bot import BotApi
from monitor.sandbox.faults import Faults
from monitor.sandbox.mail import MailServer
from monitor.sandbox.one_stop import OneStop
from monitor.sandbox.portal import Portal
from monitor.sandbox.province import make_province
from monitor.sandbox.state import World
from monitor.sandbox.values import Province


class Sandbox:
    """Starts and stops the servers together; `with Sandbox(province) as sandbox: …`.

    `faults` is the switchboard; `vary()` changes what is cosmetic in every later answer; `set_now` moves the
    sandbox's clock, and what the systems say follows.
    """

    def __init__(
        self, province: Province | None = None, *, now: datetime | None = None, seed: int = 1, size: int = 400
    ):
        if province is None:
            assert now is not None, "a province or an instant is needed"
            province = make_province(seed, now, size)
        self.province = province
        self.world = World(province, now or province.at)
        self.faults = Faults()
        self.one_stop = OneStop(self.world, self.faults, province.tokens["one_stop"])
        self.portal = Portal(self.world, self.faults, province.tokens["portal"])
        self.bot = BotApi(self.faults, province.tokens["bot"])
        self.mail = MailServer(self.faults, province.tokens["mail"])

    @property
    def one_stop_url(self) -> str:
        return self.one_stop.url

    @property
    def portal_url(self) -> str:
        return self.portal.url

    @property
    def bot_url(self) -> str:
        return self.bot.url

    @property
    def smtp_port(self) -> int:
        return self.mail.port

    def start(self) -> None:
        for server in (self.one_stop, self.portal, self.bot, self.mail):
            server.start()

    def stop(self) -> None:
        for server in (self.bot, self.portal, self.one_stop, self.mail):
            server.stop()

    def set_now(self, at: datetime) -> None:
        """Moves the sandbox's clock to an aware instant."""
        self.world.set_now(at)

    def vary(self) -> None:
        """From now on: other key order, other order among equals, other `dossierOverdue`, `visited` … – same facts."""
        self.world.shuffle += 1

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
