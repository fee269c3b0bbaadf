"""A small real program for the daemon under test: a real store, jobs that do what the test asks for.

Its orders: `fail` names a job that raises, `hang` one that never returns, `telegram` the address of a Bot API, `webhook`
the secret with which that brings updates, `seconds` how long sending takes.
"""

import os
import sys
import threading
import warnings
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine, update

from monitor import daemon, logs
from monitor.clock import SystemClock
from monitor.people import Directory
from monitor.store import database
from monitor.store.tables import Message
from tests.forks import into
from tests.web import desk

SECRET = "7012345678:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


class Small(SimpleNamespace):
    """What the daemon asks of a program."""

    orders: dict[str, Any]
    engine: Engine
    stopping: threading.Event

    def _do(self, job: str) -> None:
        if self.orders.get("fail") == job:
            raise RuntimeError(f"INSERT INTO applicant VALUES ('{desk.PERSON['name']}')")
        if self.orders.get("hang") == job:
            threading.Event().wait(120)

    def pull(self, names: Sequence[str] | None = None) -> None:
        self._do(f"pull:{(names or ['?'])[0]}")

    def judge(self) -> None:
        self._do("judge")

    def write_letters(self) -> None:
        self._do("letters")

    def plan_and_send(self) -> None:
        """Sends one message, which takes until `seconds` have passed; then it is recorded as sent."""
        self._do("send")
        if "seconds" in self.orders and not self.stopping.is_set():
            print("SENDING", flush=True)
            threading.Event().wait(self.orders["seconds"])
            with self.sessions.begin() as session:
                session.execute(update(Message).values(receipt="finished in flight"))

    def back_up(self) -> None:
        pass

    def let_go_of_raw(self) -> None:
        pass

    def release_leases(self) -> None:
        with self.sessions.begin() as session:
            session.execute(update(Message).values(lease_token=""))

    def request_stop(self) -> None:
        self.stopping.set()


def forked(folder: Path, orders: dict[str, Any], told: dict[str, str], log: Path, printing: Connection) -> None:
    """The daemon with these variables in its environment, its log in a file, what it prints in a pipe."""
    warnings.simplefilter("error")
    os.environ.update(told)
    into(printing, log)
    sys.exit(main(folder, orders))


def main(folder: Path, orders: dict[str, Any]) -> int:
    logs.set_up()
    engine = database.open_engine(f"sqlite:///{folder}/store.db")
    telegram: dict[str, Any] = {"enabled": False}
    if "telegram" in orders:
        telegram = {"enabled": True, "token": SECRET, "api_url": orders["telegram"]}
    if "webhook" in orders:
        telegram["webhook_secret"] = orders["webhook"]
    settings = desk.settings(
        site={"name": "Thử", "data_dir": str(folder)},
        channels={"telegram": telegram},
        web={"host": orders.get("host", "127.0.0.1"), "port": 0},
    )
    program = Small(
        orders=orders,
        engine=engine,
        sessions=database.session_factory(engine),
        settings=settings,
        clock=SystemClock(),
        calendar=desk.calendar(),
        directory=Directory(desk.AGENCIES),
        stopping=threading.Event(),
    )
    try:
        return daemon.run(program)
    finally:
        engine.dispose()
