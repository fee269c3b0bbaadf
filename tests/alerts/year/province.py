"""A year of an invented province as plain data: who is where when, which days are off, what happens to each dossier.

It holds no rule: the product and the slow model each make of it what they will. Every name is a code.
"""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)
BLOCKS = ((time(7, 30), time(11, 30)), (time(13, 0), time(17, 0)))
# law.md §5.2; Saturdays and Sundays are off by themselves
DAYS_OFF = frozenset(
    date.fromordinal(n)
    for first, last in (
        ("2026-01-01", "2026-01-02"),
        ("2026-02-14", "2026-02-22"),
        ("2026-04-27", "2026-04-27"),
        ("2026-04-30", "2026-05-01"),
        ("2026-08-31", "2026-09-02"),
        ("2026-11-24", "2026-11-24"),
    )
    for n in range(date.fromisoformat(first).toordinal(), date.fromisoformat(last).toordinal() + 1)
)
MADE_UP = frozenset({date(2026, 1, 10), date(2026, 8, 22)})

# name, occasion, from the promise in working days or "letter", hour, roles, severity, repeat every, times
LADDER = (
    ("soon", "due", -3, time(8), ("officer",), "normal", 0, 0),
    ("letter", "due", "letter", time(8), ("officer", "agency_head"), "high", 0, 0),
    ("today", "due", 0, time(14), ("agency_head",), "high", 0, 0),
    ("late", "late", 1, time(8), ("agency_head", "one_stop_head"), "high", 2, 2),
    ("no-letter", "no_letter", 2, time(8), ("agency_head",), "high", 0, 0),
    ("late-3", "late", 3, time(8), ("chairman",), "urgent", 0, 0),
    ("late-10", "late", 10, time(8), ("provincial_office",), "normal", 0, 0),
)


@dataclass(frozen=True, slots=True)
class Fact:
    """What the source says from `at` on."""

    at: datetime
    changes: dict[str, Any]


@dataclass(slots=True)
class Life:
    """One dossier: its agency, and everything the source will ever say of it, in order."""

    code: str
    agency: str
    facts: list[Fact] = field(default_factory=list)


@dataclass(slots=True)
class Year:
    """The whole province."""

    agencies: list[tuple[str, str | None]]  # code, parent
    people: list[str]
    posts: list[tuple[str, str, str, date, date]]  # person, role, agency, first day, last day
    leaves: list[tuple[str, date, date]]
    substitutions: list[tuple[str, str, date, date]]  # giver, substitute
    lives: list[Life]


def works(on: date) -> bool:
    return on in MADE_UP or (on.weekday() < 5 and on not in DAYS_OFF)


def make(seed: int, dossiers: int, agencies: int, first: date = FIRST, last: date = LAST, backlog: int = 300) -> Year:
    """`dossiers` over the days from `first` to `last` at `agencies` below the province; 3 % end late. One agency has
    `backlog` dossiers more that all become late in the same days."""
    rng = random.Random(seed)
    days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
    open_days = [on for on in days if works(on)]
    below = [f"H19.{n}" for n in range(1, agencies)]
    tree: list[tuple[str, str | None]] = [("H19", None), *((code, "H19") for code in below)]
    people, posts, leaves, given = _people(rng, below, first, last, open_days)
    lives = [_life(rng, f"D{n:05}", rng.choice(below), open_days) for n in range(dossiers)]
    middle = len(open_days) // 3
    for n in range(backlog):
        lives.append(_stuck(rng, f"B{n:04}", crowded(agencies), open_days, middle))
    return Year(tree, people, posts, leaves, given, lives)


def crowded(agencies: int) -> str:
    """The agency at which many become late in the same days."""
    return f"H19.{4 % (agencies - 1) + 1}"


def _people(rng: random.Random, below: list[str], first: date, last: date, open_days: list[date]) -> Any:
    people: list[str] = []
    posts: list[tuple[str, str, str, date, date]] = []
    given: list[tuple[str, str, date, date]] = []

    def person(name: str) -> str:
        people.append(name)
        return name

    for role in ("chairman", "provincial_office", "admin"):
        posts.append((person(f"p-{role}"), role, "H19", first, last))
    deputies: dict[str, str] = {}
    for code in below:
        deputies[code] = person(f"d-{code}") if rng.random() < 0.5 else ""
        for role in ("officer", "agency_head", "one_stop_head"):
            if role == "officer" and rng.random() < 0.1:
                continue  # nobody holds it: the role above hears
            holder = person(f"{role}-{code}")
            if rng.random() < 0.15:  # the post changes hands within the year
                change = rng.choice(open_days)
                posts.append((holder, role, code, first, change))
                posts.append((person(f"{role}2-{code}"), role, code, change + timedelta(days=1), last))
            else:
                posts.append((holder, role, code, first, last))
    leaves: list[tuple[str, date, date]] = []
    for name in people:
        if name.startswith("d-"):
            continue
        for _ in range(2):
            begins = rng.choice(open_days)
            ends = begins + timedelta(days=rng.randint(0, 7))
            leaves.append((name, begins, ends))
            deputy = deputies.get(name.partition("-")[2], "")
            if deputy and rng.random() < 0.6:
                given.append((name, deputy, begins, ends))
    return people, posts, leaves, given


def _life(rng: random.Random, code: str, agency: str, open_days: list[date]) -> Life:
    i = rng.randrange(len(open_days))
    term = rng.choice((3, 5, 5, 7, 10, 15, 20))
    received = _hour(rng, open_days[i])
    promised = _later(open_days[i], term)
    facts = [Fact(received, {"status": "processing", "received_at": received, "promised_at": _end(promised)})]
    at_day = open_days[i]
    if rng.random() < 0.06:  # a supplement is asked for; afterwards the source writes a later date
        away = rng.randint(1, 6)
        asked = _later(at_day, rng.randint(1, max(1, term - 1)))
        paused = _hour(rng, asked)
        back_day = _later(asked, away)
        back = _hour(rng, back_day)
        promised = _later(promised, away)
        facts.append(Fact(paused, {"status": "supplement", "paused_since_at": paused}))
        facts.append(Fact(back, {"status": "processing", "paused_since_at": None, "promised_at": _end(promised)}))
        at_day = back_day
    late = rng.random() < 0.03
    if late and rng.random() < 0.3:  # one extension, told in time
        on = max(at_day, _later(promised, -1))
        promised = _later(promised, rng.randint(2, 8))
        told = _after(_hour(rng, on), facts[-1].at)
        facts.append(Fact(told, {"extended_at": _end(promised)}))
        late = rng.random() < 0.3
    done = _later(promised, rng.randint(1, 15)) if late else _later(promised, -rng.randint(0, term))
    finished = _after(_hour(rng, max(done, at_day)), facts[-1].at)
    facts.append(Fact(finished, {"status": "returned", "finished_at": finished}))
    return Life(code, agency, [fact for fact in facts if fact.at.date() <= open_days[-1]])


def _stuck(rng: random.Random, code: str, agency: str, open_days: list[date], i: int) -> Life:
    on = open_days[min(i + rng.randrange(3), len(open_days) - 1)]
    received = _hour(rng, on)
    promised = _later(on, 5)
    finished = _hour(rng, _later(promised, rng.randint(12, 30)))
    facts = [
        Fact(received, {"status": "processing", "received_at": received, "promised_at": _end(promised)}),
        Fact(finished, {"status": "returned", "finished_at": finished}),
    ]
    return Life(code, agency, [fact for fact in facts if fact.at.date() <= open_days[-1]])


def _hour(rng: random.Random, on: date) -> datetime:
    """An hour at which the counter is open: the source is read every hour."""
    return datetime.combine(on, time(rng.choice((8, 9, 10, 11, 13, 14, 15, 16))), ZONE)


def _after(at: datetime, before: datetime) -> datetime:
    return at if at > before else before + timedelta(hours=1)


def _end(on: date) -> datetime:
    return datetime.combine(on, time(17), ZONE)


def _later(on: date, n: int) -> date:
    """`n` open days later (earlier), one day at a time."""
    step = timedelta(days=1 if n > 0 else -1)
    while n:
        on += step
        n -= (1 if step.days > 0 else -1) if works(on) else 0
    return on
