"""A button's press survives `kill -9` at any statement: brought again it is answered, and it acts once."""

import os
import signal

from sqlalchemy import delete, func, select

from monitor.alerts.buttons import Act, Button
from monitor.store import database
from monitor.store.tables import Acknowledgement, Audit, BotUpdate, Pressed
from tests.alerts import crash
from tests.alerts.world import add_dossiers
from tests.bot.conftest import BotOffice
from tests.counts import PROOF


def test_a_press_killed_at_any_step_and_brought_again_acts_exactly_once(office: BotOffice) -> None:
    (dossier_id,) = add_dossiers(office.sessions, {"code": "tre-1", "stage": "late"})
    data = office.signer.data(Button(Act.TAKEN, 0, dossier_id, "0-261124"), "101")
    point, step = (1, 1) if PROOF else (2, 5)
    while _killed(office, data, point):
        office.number = 0  # the Bot API had no answer: it brings the same update again
        office.presses(data)
        with office.sessions.begin() as session:
            acts = session.scalar(select(func.count()).select_from(Acknowledgement))
            logged = session.scalar(select(func.count()).select_from(Audit).where(Audit.action == "alert.taken"))
            assert (acts, logged) == (1, 1), f"killed at step {point}"
            for table in (Acknowledgement, Audit, BotUpdate, Pressed):
                session.execute(delete(table))
        point += step
    assert point > (30 if PROOF else 20), "the press has more steps than that: were they counted?"


def _killed(office: BotOffice, data: str, point: int) -> bool:
    """Handles the press in a process that is killed at its `point`-th step; False when it ended before that."""
    office.number = 0
    office.engine.dispose()
    child = os.fork()
    if child == 0:
        try:
            engine = database.open_engine(str(office.engine.url))
            crash._arm(engine, point)
            office.engine, office.sessions = engine, database.session_factory(engine)
            office.presses(data)
            os._exit(0)
        except BaseException:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in (0, -signal.SIGKILL), "the press failed by itself"
    return os.WIFSIGNALED(status)
