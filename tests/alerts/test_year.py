"""A province lived through on a virtual clock: what the product told equals a slow model that shares no code with it.

A slice around Tết in `make test`; the year of 20,000 dossiers, 113 agencies and 400 people in `make proof`.
"""

import shutil
import time
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.store import database
from monitor.store.tables import Dossier, Notice
from tests.alerts.year import driver, slow
from tests.alerts.year.province import LAST, ZONE, Year, crowded, make
from tests.counts import PROOF

Sessions = sessionmaker[Session]
SLICE = date(2026, 2, 27)  # Tết: 14 to 22 February


@pytest.fixture(scope="module")
def year() -> Year:
    return make(7, 20_000, 113) if PROOF else make(7, 60, 4, last=SLICE, backlog=12)


UNTIL = datetime.combine(LAST if PROOF else SLICE, datetime.min.time(), ZONE) + timedelta(hours=23)


def test_what_was_told_equals_the_slow_model(sqlite_sessions: Sessions, year: Year) -> None:
    """R1: each crossing gets its rungs, to whoever holds the post or stands in that day, in their hours, and once."""
    began = time.process_time()
    done = driver.run(sqlite_sessions, year, UNTIL)
    took = time.process_time() - began
    expected = slow.tell(year, UNTIL)
    assert done.told - expected == set(), "told and should not have been"
    assert expected - done.told == set(), "should have been told"
    often = Counter(one[1:] for one in done.told)
    extended = {life.code for life in year.lives if any(fact.changes.get("extended_at") for fact in life.facts)}
    assert all(times == 1 or (times == 2 and code in extended) for (_, code, *_), times in often.items()), (
        "nobody heard the same of one promise twice"
    )
    assert len(done.told) > (20_000 if PROOF else 60)
    leaders = driver.spread(done.messages)["leaders"]
    print(f"{done.ticks} instants, {took:.0f} s of processor time, {done.lines} lines, messages a day: {leaders}")
    assert leaders["median"] <= 2
    assert leaders["p99"] <= 10
    there = driver.of_agency(done.messages, crowded(113 if PROOF else 4))
    print(f"at the agency with the many: median {there[len(there) // 2]}, most {there[-1]} of {len(there)} days")
    assert there[-1] <= 10, "three hundred late dossiers are one message, not three hundred"


def test_the_slow_model_would_see_a_fault(sqlite_sessions: Sessions, year: Year) -> None:
    """Seeded: leave and substitution forgotten."""
    small = make(8, 40, 3, last=date(2026, 2, 6), backlog=0)
    forgetful = replace_people(small)
    until = datetime(2026, 2, 6, 23, tzinfo=ZONE)
    assert driver.run(sqlite_sessions, forgetful, until, digests=()).told != slow.tell(small, until)


def replace_people(year: Year) -> Year:
    return replace(year, leaves=[], substitutions=[])


STOPS = {
    "5 minutes": (datetime(2026, 1, 20, 7, 58, tzinfo=ZONE), timedelta(minutes=5)),
    "26 hours": (datetime(2026, 1, 20, 7, 0, tzinfo=ZONE), timedelta(hours=26)),
    "nine days of Tết": (datetime(2026, 2, 14, 0, 0, tzinfo=ZONE), timedelta(days=9)),
}


def test_after_a_stop_the_same_rungs_are_on_record_and_there_is_no_storm(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> None:
    """R5: the rungs of a run without the stop, some folded; each leader hears a few times when it is over."""
    small = make(9, 30, 3, last=date(2026, 2, 25), backlog=8)
    until = datetime(2026, 2, 25, 23, tzinfo=ZONE)
    stores = {name: fresh(tmp_path_factory, sqlite_template) for name in ("", *STOPS)}
    driver.run(stores[""], small, until, digests=())
    whole = rungs_on_record(stores[""])
    for name, (begins, length) in STOPS.items():
        done = driver.run(stores[name], small, until, digests=(), stopped=[(begins, begins + length)])
        seen = rungs_on_record(stores[name])
        settled = {life.code for life in small.lives if any(begins <= f.at < begins + length for f in life.facts[1:])}
        assert {code for code, _, _ in whole - seen} <= settled, f"{name}: missed only what was settled meanwhile"
        assert seen <= whole, name
        first_day = (begins + length).date()
        assert max((n for (_, on), n in done.messages.items() if on == first_day), default=0) <= 4, f"{name}: no storm"


def fresh(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Sessions:
    path = tmp_path_factory.mktemp("year") / "store.db"
    shutil.copy(template, path)
    return database.session_factory(database.open_engine(f"sqlite:///{path}"))


def rungs_on_record(sessions: Sessions) -> set[tuple[str, int, str]]:
    """Every rung that came, told or folded."""
    asked = select(Dossier.code, Notice.promise_number, Notice.rung).join(Dossier, Dossier.id == Notice.dossier_id)
    with sessions() as session:
        return {
            (code, number, rung) for code, number, rung in session.execute(asked.where(Notice.state != "cancelled"))
        }
