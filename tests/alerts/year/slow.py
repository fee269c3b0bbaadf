"""A second opinion on a year of alerts: slow, and without a line of the product's code.

For each dossier it walks from fact to fact and asks which rungs come while that fact holds, whether each is heard before
the next fact, and by whom. Days and people are found by looking at every one of them.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.alerts.year.province import BLOCKS, LADDER, ZONE, Life, Year, works

Told = tuple[datetime, str, str, str, int]  # when, person, dossier, rung, repeat
_UP = {
    "officer": "section_head",
    "section_head": "agency_head",
    "one_stop_head": "agency_head",
    "agency_head": "chairman",
    "chairman": "provincial_centre",
    "provincial_centre": "provincial_office",
    "provincial_office": "admin",
}
_DAY = timedelta(days=1)
_FAR = datetime(2099, 1, 1, tzinfo=ZONE)


def tell(year: Year, until: datetime) -> set[Told]:
    """Everything that is told before `until`."""
    told: set[Told] = set()
    for life in year.lives:
        told.update(one for one in _of(life, year, until))
    return told


def _of(life: Life, year: Year, until: datetime) -> Iterator[Told]:
    facts: dict[str, Any] = {}
    noted: dict[int, set[tuple[str, int]]] = {1: set(), 2: set()}
    pending: list[tuple[datetime, int, tuple[Any, ...], int]] = []
    for i, fact in enumerate(life.facts):
        facts = {**facts, **fact.changes}
        ends = life.facts[i + 1].at if i + 1 < len(life.facts) else _FAR
        ends = min(ends, until)
        if fact.at >= until:
            return
        running = facts["status"] == "processing"
        extended = facts.get("extended_at")
        number = 2 if extended is not None else 1
        if not running or any(number != other for _, other, _, _ in pending):
            for _, other, rung, repeat in pending:
                if not running:
                    noted[other].discard((rung[0], repeat))  # it may come again when it runs again
            pending = []
        if running:
            promised = (extended or facts["promised_at"]).date()
            received = facts["received_at"].date()
            pending += _come(noted[number], number, promised, received, fact.at, ends)
        rest = []
        for owed_at, other, rung, repeat in pending:
            heard = owed_at if rung[5] == "urgent" else _open_at(owed_at)
            if heard >= ends:
                rest.append((owed_at, other, rung, repeat))
                continue
            for person in _people(year, rung[4], life.agency, heard.date()):
                yield heard, person, life.code, rung[0], repeat
        pending = rest


def _come(
    noted: set[tuple[str, int]], number: int, promised: date, received: date, begins: datetime, ends: datetime
) -> list[tuple[datetime, int, tuple[Any, ...], int]]:
    """Rungs that are owed while one fact holds, noting each that came."""
    is_late_at = datetime.combine(promised + _DAY, time(0), ZONE)
    comings: list[tuple[datetime, datetime, tuple[Any, ...], int]] = []  # owed, first coming, rung, repeat
    for rung in LADDER:
        first = _first(rung, promised, received)
        if first is None:
            continue
        for repeat in range(rung[7] + 1):
            at = datetime.combine(_add(first.date(), repeat * rung[6]), first.time(), ZONE)
            if at < ends and (rung[0], repeat) not in noted:
                if rung[1] != "due" and max(at, begins) < is_late_at:
                    raise AssertionError("a late rung before it is late")
                comings.append((max(at, begins), first, rung, repeat))
    if number == 2 and is_late_at < ends and ("late_again", 0) not in noted:
        forced = ("late_again", "late_again", 0, time(0), ("chairman", "provincial_office"), "urgent", 0, 0)
        noted.add(("late_again", 0))
        owed = [(max(is_late_at, begins), number, forced, 0)]
    else:
        owed = []
    for moment in sorted({one[0] for one in comings}):
        now = [one for one in comings if one[0] == moment]
        top = max(one[1] for one in now)
        for _, first, rung, repeat in now:
            noted.add((rung[0], repeat))
            last = max(one[3] for one in now if one[2][0] == rung[0])
            if first == top and repeat == last:
                owed.append((moment, number, rung, repeat))
    return owed


def _first(rung: tuple[Any, ...], promised: date, received: date) -> datetime | None:
    if rung[2] == "letter":
        on = promised - _DAY
        while not works(on):
            on -= _DAY
        return datetime.combine(on, rung[3], ZONE) if on >= received else None
    return datetime.combine(_add(promised, rung[2]) if rung[2] else promised, rung[3], ZONE)


def _add(on: date, n: int) -> date:
    while n > 0:
        on += _DAY
        n -= works(on)
    while n < 0:
        on -= _DAY
        n += works(on)
    return on


def _open_at(at: datetime) -> datetime:
    """`at` if the office is open then, else when it opens next."""
    on = at.date()
    while True:
        if works(on):
            for opens, closes in BLOCKS:
                if at < datetime.combine(on, closes, ZONE):
                    return max(at, datetime.combine(on, opens, ZONE))
        on += _DAY


def _people(year: Year, roles: tuple[str, ...], agency: str, on: date) -> set[str]:
    found: set[str] = set()
    for role in roles:
        asked: str | None = role
        while asked is not None:
            heard = _holders(year, asked, agency, on)
            if heard:
                found |= heard
                break
            asked = _UP.get(asked)
    return found


def _holders(year: Year, role: str, agency: str, on: date) -> set[str]:
    parents = dict(year.agencies)
    place: str | None = agency
    while place is not None:
        held = [p for p, r, a, begins, ends in year.posts if (r, a) == (role, place) and begins <= on <= ends]
        if held:
            heard: set[str] = set()
            for person in held:
                stand_ins = {s for g, s, begins, ends in year.substitutions if g == person and begins <= on <= ends}
                away = any(p == person and begins <= on <= ends for p, begins, ends in year.leaves)
                heard |= stand_ins
                if stand_ins or not away:
                    heard.add(person)
            return heard
        place = parents[place]
    return set()
