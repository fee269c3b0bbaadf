"""Cost follows change: a pass in which nothing came reads no large table through, however much lies in it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.confirming import confirm
from monitor.alerts.current import Office
from monitor.alerts.handover import plan_handovers
from monitor.alerts.keeping_up import keep_up
from monitor.alerts.sending import send_pending
from monitor.clock import FixedClock
from monitor.domain.stage import Warning
from monitor.judge import judge_due
from monitor.owing import Rules
from monitor.people import Directory, Substitution
from monitor.store import database
from tests.alerts.world import BASE_URL, CALENDAR, DIRECTORY, NOW, plan

Sessions = sessionmaker[Session]
GIVEN = Substitution("head1", "head2", NOW.date(), NOW.date(), "12/QĐ-UBND")
PEOPLE = Directory(DIRECTORY.agencies(), DIRECTORY.people(), DIRECTORY.posts(), (), [GIVEN])
OFFICE = Office(CALENDAR, PEOPLE, BASE_URL)
LARGE = ("dossier", "crossing", "notice", "message", "message_notice", "attempt", "letter", "standing", "figure")
_WHOLE = re.compile(rf"SCAN ({'|'.join(LARGE)})\b|SEARCH ({'|'.join(LARGE)}) USING INTEGER PRIMARY KEY \(rowid>\?\)")


class Editing:
    """A channel whose messages are kept up and confirmed, with nothing to say."""

    name = "telegram"

    def send(self, message: Any) -> Any: ...
    def edit(self, message: Any, receipt: str) -> Any: ...
    def delivery(self, key: str, receipt: str, at: Any) -> None: ...
    def check(self) -> str:
        return ""

    def close(self) -> None: ...


def tell_of_authorisations(sessions: Sessions) -> None:
    with sessions.begin() as session:
        plan_handovers(session, now=NOW, office=OFFICE, channels=["telegram"], shadow=False, stale_sources=())


PASSES: dict[str, Callable[[Sessions], object]] = {
    "judging": lambda sessions: judge_due(sessions, Rules(CALENDAR, Warning(), (), Directory()), NOW),
    "planning": plan,
    "authorisations": tell_of_authorisations,
    "sending": lambda sessions: send_pending(sessions, {"telegram": Editing()}, clock=FixedClock(NOW)),
    "confirming": lambda sessions: confirm(sessions, {"telegram": Editing()}, FixedClock(NOW)),
    "keeping up": lambda sessions: keep_up(sessions, {"telegram": Editing()}, OFFICE, FixedClock(NOW)),
}


def walked_through(engine: Engine, run: Callable[[Sessions], object]) -> list[str]:
    """The statements of a run for which SQLite reads a large table from end to end."""
    asked: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda c, cursor, sql, values, *_: asked.append((sql, values)))
    run(database.session_factory(engine))
    found = []
    with engine.connect() as connection:
        for sql, values in [one for one in asked if one[0].startswith(("SELECT", "UPDATE", "DELETE", "WITH"))]:
            plan_of = connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, values).all()
            if any(_WHOLE.match(step[3]) and "COVERING" not in step[3] for step in plan_of):
                found.append(f"{sql}: {[step[3] for step in plan_of]}")
    assert asked
    return found


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_with_nothing_to_do_reads_no_table_through(sqlite_url: str, name: str) -> None:
    engine = database.open_engine(sqlite_url)
    assert walked_through(engine, PASSES[name]) == []
    engine.dispose()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM dossier WHERE next_change_at <= '2026' AND id > 0 ORDER BY id LIMIT 9",
        "SELECT * FROM message WHERE last_error = 'x'",
    ],
)
def test_it_would_see_one(sqlite_url: str, sql: str) -> None:
    """Seeded: an order that no index answers, a column without one."""

    def ask(sessions: Sessions) -> None:
        with sessions() as session:
            session.execute(text(sql))

    engine = database.open_engine(sqlite_url)
    assert len(walked_through(engine, ask)) == 1
    engine.dispose()
