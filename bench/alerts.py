"""10,000 owed notices planned, grouped and handed to a channel on loopback: rates on this machine.

Run: python -m bench.alerts [NOTICES]. Prints notices planned a second, messages sent a second (SQLite, durable), and
the wait from planning to delivery (p50, p99).
"""

import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert

from monitor.alerts.outgoing import Outcome, Outgoing, Result
from monitor.alerts.planning import plan_messages
from monitor.alerts.sending import send_pending
from monitor.clock import FixedClock
from monitor.people import Agency, Directory, Person, Post
from monitor.store import database
from monitor.store.migrate import upgrade
from monitor.store.tables import Dossier, Notice
from tests.alerts.world import BASE_URL, CALENDAR, NOW, RUNGS

AGENCIES = 113


class Loopback:
    """Takes everything and notes when."""

    name = "telegram"

    def __init__(self) -> None:
        self.taken_s: list[float] = []

    def send(self, message: Outgoing) -> Outcome:
        self.taken_s.append(time.perf_counter())
        return Outcome(Result.SENT, receipt=message.key)

    def check(self) -> str:
        return self.name

    def close(self) -> None:
        return


def main(notices: int = 10_000) -> None:
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
        began = time.perf_counter()
        with sessions.begin() as session:
            count = plan_messages(
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
        planned = time.perf_counter()
        channel = Loopback()
        sent = send_pending(sessions, {"telegram": channel}, clock=FixedClock(NOW))
        ended = time.perf_counter()
        engine.dispose()
    waits = sorted(at - began for at in channel.taken_s)
    print(f"{count.planned} notices -> {count.messages} messages planned in {planned - began:.2f} s")
    print(f"{sent.sent} messages sent in {ended - planned:.2f} s ({sent.sent / (ended - planned):.0f}/s)")
    print(f"from owed to sent: p50 {waits[len(waits) // 2]:.2f} s, p99 {waits[int(len(waits) * 0.99)]:.2f} s")


def _fill(sessions: object, codes: list[str], notices: int) -> None:
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
    with sessions.begin() as session:  # type: ignore[attr-defined]
        session.execute(insert(Dossier), dossiers)
        session.execute(insert(Notice), owed)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
