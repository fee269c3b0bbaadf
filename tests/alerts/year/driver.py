"""Runs the product through a year on a virtual clock: facts come, it judges, plans and hands over. No time is waited.

It is `monitor.alerts.simulation`, as `dunghen alerts simulate` uses it, fed with the facts of the invented year. What is
planned counts as told at once: how it goes out is proven elsewhere.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.current import Office
from monitor.alerts.digests import DigestRule
from monitor.alerts.simulation import Setting, run_through
from monitor.domain.calendar import Block, CalendarDay, WorkingCalendar
from monitor.domain.escalation import Occasion, RungRule, RungTime
from monitor.domain.stage import Warning
from monitor.owing import Rules
from monitor.people import Agency, Directory, Leave, Person, Post, Substitution
from monitor.store.tables import Dossier, Message, MessageNotice, Notice
from monitor.store.writing import insert_many, update_many
from tests.alerts.year.province import BLOCKS, DAYS_OFF, LADDER, MADE_UP, ZONE, Year
from tests.alerts.year.slow import Told

DIGESTS = (
    DigestRule("morning", time(7, 30), ("agency_head",)),
    DigestRule("weekly", time(7, 30), ("chairman",)),
)


@dataclass(slots=True)
class Run:
    """What a year came to."""

    told: set[Told] = field(default_factory=set)
    messages: Counter[tuple[str, date]] = field(default_factory=Counter)  # (person, day)
    lines: int = 0
    ticks: int = 0


def calendar() -> WorkingCalendar:
    blocks = tuple(Block(_seconds(opens), _seconds(closes)) for opens, closes in BLOCKS)
    off = [CalendarDay(on, (), is_working=False) for on in DAYS_OFF]
    worked = [CalendarDay(on, blocks) for on in MADE_UP]
    return WorkingCalendar(ZONE, date(2025, 12, 1), date(2027, 12, 31), [blocks] * 5 + [()] * 2, off + worked)


def rungs() -> tuple[RungRule, ...]:
    return tuple(
        RungRule(
            name,
            Occasion(occasion),
            RungTime(at == "letter", 0 if at == "letter" else int(at), hour),
            roles,
            severity=severity,
            repeat_days=every,
            repeat_times=times,
        )
        for name, occasion, at, hour, roles, severity, every, times in LADDER
    )


def directory(year: Year) -> Directory:
    return Directory(
        [Agency(code, code, parent=parent) for code, parent in year.agencies],
        [Person(name, name, telegram=str(n)) for n, name in enumerate(year.people, start=1)],
        [Post(*post) for post in year.posts],
        [Leave(*leave) for leave in year.leaves],
        [Substitution(giver, other, first, last, "1/QĐ") for giver, other, first, last in year.substitutions],
    )


def run(
    sessions: sessionmaker[Session],
    year: Year,
    until: datetime,
    digests: Sequence[DigestRule] = DIGESTS,
    stopped: Sequence[tuple[datetime, datetime]] = (),
) -> Run:
    """From the day of the first fact to `until`, by the product's own simulation."""
    people = directory(year)
    office = Office(calendar(), people, "https://dunghen.example.vn")
    rules = Rules(office.calendar, Warning(), rungs(), people)
    facts = sorted((fact.at, n, i) for n, life in enumerate(year.lives) for i, fact in enumerate(life.facts))
    start = facts[0][0].replace(hour=0, minute=0)

    def heard() -> Iterator[tuple[datetime, Callable[[], None]]]:
        for at, some in groupby(facts, key=lambda fact: fact[0]):
            yield at, partial(_hear, sessions, year, [(n, i) for _, n, i in some], at)

    setting = Setting(rules, office, ("telegram",), digests, stopped=stopped)
    done = Run()
    done.ticks = run_through(sessions, setting, heard(), start, until)
    _read(sessions, done)
    return done


def _hear(sessions: sessionmaker[Session], year: Year, coming: Sequence[tuple[int, int]], now: datetime) -> None:
    """Facts as intake projects them: a new dossier, or what changed, to be judged at once."""
    fresh: list[dict[str, Any]] = []
    changed: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    with sessions.begin() as session:
        for n, i in coming:
            life = year.lives[n]
            changes = life.facts[i].changes
            if i == 0:
                fresh.append(
                    {
                        "code": life.code,
                        "agency_code": life.agency,
                        "speaking_source": "one",
                        "precision": "date",
                        "original_promised_at": changes["promised_at"],
                        "facts_at": now,
                        "confirmed_at": now,
                        "next_change_at": now,
                        **changes,
                    }
                )
            else:
                row = {"code": life.code, "next_change_at": now, "facts_at": now, **changes}
                changed[tuple(row)].append(row)
        insert_many(session, Dossier, fresh)
        for rows in changed.values():
            update_many(session, Dossier, rows, key="code")


def _read(sessions: sessionmaker[Session], done: Run) -> None:
    with sessions() as session:
        for person, made_at in session.execute(select(Message.person, Message.made_at)):
            done.messages[person, made_at.astimezone(ZONE).date()] += 1
        asked = (
            select(Message.made_at, Message.person, Dossier.code, Notice.rung, Notice.repeat)
            .join(MessageNotice, MessageNotice.message_id == Message.id)
            .join(Notice, Notice.id == MessageNotice.notice_id)
            .join(Dossier, Dossier.id == Notice.dossier_id)
        )
        for made_at, person, code, rung, repeat in session.execute(asked):
            done.told.add((made_at.astimezone(ZONE), person, code, rung, repeat))
            done.lines += 1


def spread(messages: Counter[tuple[str, date]]) -> dict[str, dict[str, int]]:
    """How many messages a leader has on a day with any: median, p99 and the most, by role."""
    by_role: dict[str, list[int]] = defaultdict(list)
    for (person, _), count in messages.items():
        role = person.partition("-")[0].rstrip("2")
        by_role["leaders" if role in ("agency_head", "one_stop_head", "p") else "others"].append(count)
    return {
        role: {
            "days": len(counts),
            "median": sorted(counts)[len(counts) // 2],
            "p99": sorted(counts)[int(len(counts) * 0.99)],
            "most": max(counts),
        }
        for role, counts in by_role.items()
    }


def of_agency(messages: Counter[tuple[str, date]], code: str) -> list[int]:
    """How many messages each person of one agency has on a day with any, fewest first."""
    return sorted(count for (person, _), count in messages.items() if person.endswith(f"-{code}"))


def _seconds(at: time) -> int:
    return at.hour * 3600 + at.minute * 60
