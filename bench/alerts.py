"""10,000 owed notices planned, grouped and handed to a channel on loopback, against the plain way to do it.

Run: python -m bench.alerts [NOTICES]. The baseline, in the same run on the same kind of store: one message for each
notice, each stored, claimed and recorded in transactions of its own, as alerting systems without grouping do. It gets a
tenth of the notices, being slow, and so does our second run, which it is compared with: notices a second, and the wait
from the crossing (the instant at which the notices are owed) to the message that tells it (p50, p99).
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.outgoing import Outcome, Outgoing, Result
from monitor.alerts.planning import plan_messages
from monitor.alerts.sending import send_pending
from monitor.clock import FixedClock
from monitor.people import Agency, Directory, Person, Post
from monitor.store import database
from monitor.store.migrate import upgrade
from monitor.store.tables import Dossier, Message, MessageNotice, Notice
from tests.alerts.world import BASE_URL, CALENDAR, NOW, RUNGS

AGENCIES = 113
_BASELINE_SHARE = 10

Sessions = sessionmaker[Session]


class Loopback:
    """Takes everything and notes when each notice was told."""

    name = "telegram"

    def __init__(self) -> None:
        self.taken_s: list[float] = []

    def send(self, message: Outgoing) -> Outcome:
        now = time.perf_counter()
        self.taken_s += [now] * len(message.view["lines"])
        return Outcome(Result.SENT, receipt=message.key)

    def check(self) -> str:
        return self.name

    def close(self) -> None:
        return


def main(notices: int = 10_000) -> None:
    """Prints both ways and their ratios."""
    whole = _timed(notices, _grouped)
    some = max(notices // _BASELINE_SHARE, 1)
    ours, plain = _timed(some, _grouped), _timed(some, _one_by_one)
    print(f"{notices} notices -> {whole['messages']:.0f} messages: {_said(whole)}")
    print(f"{some} notices -> {ours['messages']:.0f} messages: {_said(ours)}")
    print(f"{some} notices -> {plain['messages']:.0f} messages, one by one: {_said(plain)}")
    print(
        f"ratio: {ours['rate'] / plain['rate']:.1f} times the rate, p50 in 1/{plain['p50'] / ours['p50']:.1f}, "
        f"p99 in 1/{plain['p99'] / ours['p99']:.1f} of the time"
    )


def _said(figures: dict[str, float]) -> str:
    return f"{figures['rate']:.0f} notices/s, told after p50 {figures['p50']:.2f} s, p99 {figures['p99']:.2f} s"


def _timed(notices: int, tell: Callable[[Sessions, Directory, Loopback], None]) -> dict[str, float]:
    codes = [f"H19.{n}" for n in range(AGENCIES)]
    people = Directory(
        [Agency(code, f"UBND xã {code}") for code in codes],
        [Person(code, code, telegram=str(n + 1)) for n, code in enumerate(codes)],
        [Post(code, "agency_head", code) for code in codes],
    )
    with tempfile.TemporaryDirectory() as folder:
        engine = database.open_engine(f"sqlite:///{Path(folder) / 'bench.db'}")
        upgrade(engine)
        sessions = database.session_factory(engine)
        _fill(sessions, codes, notices)
        channel = Loopback()
        began = time.perf_counter()
        tell(sessions, people, channel)
        took = time.perf_counter() - began
        with sessions() as session:
            messages = len(session.scalars(select(Message.id)).all())
        engine.dispose()
    waits = sorted(at - began for at in channel.taken_s)
    assert len(waits) == notices, "every notice is told"
    return {
        "rate": notices / took,
        "p50": statistics.median(waits),
        "p99": waits[int(len(waits) * 0.99)],
        "messages": messages,
    }


def _grouped(sessions: Sessions, people: Directory, channel: Loopback) -> None:
    """As the product does."""
    with sessions.begin() as session:
        plan_messages(
            session,
            now=NOW,
            calendar=CALENDAR,
            directory=people,
            rungs=RUNGS,
            base_url=BASE_URL,
            channels=("telegram",),
            shadow=False,
            stale_sources=(),
        )
    send_pending(sessions, {"telegram": channel}, clock=FixedClock(NOW))


def _one_by_one(sessions: Sessions, people: Directory, channel: Loopback) -> None:
    """The plain way: no grouping, a transaction for storing, one for claiming, one for recording each message."""
    with sessions() as session:
        asked = select(Notice.id, Notice.key, Notice.role, Notice.agency_code, Dossier.code)
        owed = session.execute(asked.join(Dossier, Dossier.id == Notice.dossier_id).order_by(Notice.id)).all()
    for row in owed:
        (person,) = people.who(row.role, row.agency_code, NOW.date())
        payload = {"lines": [{"code": row.code}]}
        with sessions.begin() as session:
            message = Message(
                key=row.key, person=person.code, channel="telegram", address=str(person.telegram), payload=payload,
                state="pending", made_at=NOW, not_before_at=NOW,
            )  # fmt: skip
            session.add(message)
            session.flush()
            session.execute(insert(MessageNotice), [{"message_id": message.id, "notice_id": row.id}])
            message_id = message.id
        with sessions.begin() as session:
            claimed = session.get_one(Message, message_id)
            claimed.state, claimed.attempts = "sending", 1
        channel.send(Outgoing(key=row.key, address="", view=payload, at=NOW))
        with sessions.begin() as session:
            session.get_one(Message, message_id).state = "sent"
            session.get_one(Notice, row.id).state = "told"


def _fill(sessions: Sessions, codes: list[str], notices: int) -> None:
    promise = NOW - timedelta(days=3)
    fixed = {"status": "processing", "speaking_source": "motcua", "precision": "date", "stage": "late"}
    moments = {"promise_at": promise, "late_from_at": promise, "facts_at": NOW, "confirmed_at": NOW}
    dossiers = [
        {
            "id": n,
            "code": f"{codes[n % AGENCIES]}-261101-{n:05d}",
            "agency_code": codes[n % AGENCIES],
            **fixed,
            **moments,
        }
        for n in range(1, notices + 1)
    ]
    owed = [
        {"dossier_id": n, "rung": "late", "role": "agency_head", "agency_code": codes[n % AGENCIES], "severity": "high"}
        | {"occasion": "late", "rung_at": NOW, "owed_at": NOW, "state": "owed", "key": f"{n}:1:late:agency_head"}
        for n in range(1, notices + 1)
    ]
    with sessions.begin() as session:
        session.execute(insert(Dossier), dossiers)
        session.execute(insert(Notice), owed)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
