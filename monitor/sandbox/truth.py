"""What the monitor must find, worked out again by the slowest means: one dossier, one person, one day at a time.

It follows the words of the law and of the ladder, not the monitor's code: nothing of `monitor.domain` is used.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time

from monitor.sandbox import calendar as days
from monitor.sandbox.province import stage_of_promise
from monitor.sandbox.state import FINISHED, status_at
from monitor.sandbox.values import Agency, Dossier, Official, Post, Province

LETTER_STAGES = frozenset({"letter_due", "due_today", "late"})
RUNNING_STAGES = frozenset({"in_time", "due_soon"}) | LETTER_STAGES
_PAUSES = frozenset({"waiting", "pausing", "lock", "lock_overdue"})

# The demo's ladder: name, working days from the promise ("letter": from the letter's last day), hour, who is told.
LADDER: tuple[tuple[str, int | str, time, tuple[str, ...]], ...] = (
    ("soon", -3, time(8), ("officer",)),
    ("letter", "letter", time(8), ("agency_head", "one_stop_head")),
    ("today", 0, time(14), ("officer", "agency_head")),
    ("late", 1, time(8), ("agency_head", "chairman")),
    ("late3", 3, time(8), ("provincial_centre", "provincial_office")),
)
# Whatever the ladder says: the one extension is missed too (ND118 Điều 19 khoản 6).
_LATE_AGAIN = ("chairman", "provincial_office")
THE_CALENDAR = "Lịch làm việc"  # stands where messages name a dossier: the Office hears 60 days before it ends
_LATE_RUNGS = frozenset({"late", "late3"})
# Who stands in where nobody in a role can be reached (ND118 Điều 8, 9, 38).
_NEXT_ROLE = {
    "officer": "section_head",
    "section_head": "agency_head",
    "one_stop_head": "agency_head",
    "agency_head": "chairman",
    "chairman": "provincial_centre",
    "provincial_centre": "provincial_office",
    "provincial_office": "admin",
}


@dataclass(slots=True)
class Truth:
    """Codes by stage, letters owed, rows set aside, and who hears of what on a first reading at `at`."""

    at: datetime
    by_stage: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    letters: set[tuple[str, int]] = field(default_factory=set)  # (code, which promise)
    letters_blocked: set[tuple[str, int]] = field(default_factory=set)  # the two systems disagree: a person looks first
    set_aside: dict[str, int] = field(default_factory=lambda: defaultdict(int))  # by source: "one_stop" | "portal"
    told: set[tuple[str, str]] = field(default_factory=set)  # (person's code, dossier's code)
    rungs: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # rung -> codes
    unreachable: set[tuple[str, str]] = field(default_factory=set)  # (role, code) that nobody can hear


def work_out(province: Province, now: datetime | None = None) -> Truth:
    """The truth at `now` (default: the instant the province was made for), for a monitor that reads it all at once."""
    at = days.local(now or province.at)
    truth = Truth(at)
    people = _People(province, at.date())
    if (days.DECREED_UNTIL - at.date()).days <= 60:
        root = next(agency.code for agency in province.agencies if not agency.parent)
        truth.told.update((person, THE_CALENDAR) for person in people.reached("provincial_office", root))
    for one in province.dossiers:
        if one.broken_at:
            truth.set_aside[one.broken_at] += 1
            continue
        stage = stage_of(one, at)
        if not stage:
            continue
        truth.counts[stage] += 1
        if stage != "not_started":  # it has no code yet
            truth.by_stage[stage].add(one.code)
        if stage in LETTER_STAGES:
            owed = truth.letters_blocked if contradicted(one) else truth.letters
            owed.add((one.code, 2 if one.extended_at else 1))
        if stage in RUNNING_STAGES:
            _tell(truth, people, province.agencies[one.agency], one, at)
    return truth


def stage_of(one: Dossier, at: datetime) -> str:
    """The stage at `at`, from what the speaking system says of it; "" where no system shows it yet."""
    status = status_at(one, at)
    if not status or (not one.in_one_stop and one.portal == "absent"):
        return ""
    if status in ("new", "receiving"):
        return "not_started"
    if one.quirk == "unknown_status" and status == "processing":
        return "unknown"
    if status not in FINISHED and status in _PAUSES:
        return "paused"
    promise = one.promise_at
    if promise is None:
        return "no_promise"
    if status not in FINISHED:
        return stage_of_promise(days.local(promise).date(), at.date())
    return _finished(one, days.local(promise).date(), at)


def contradicted(one: Dossier) -> bool:
    """Whether the portal says something else of a running dossier than the one-stop (state, or promised date)."""
    return one.in_one_stop and one.disagrees and one.portal != "absent"


def _finished(one: Dossier, promised_on: date, at: datetime) -> str:
    if one.quirk == "no_release_date":  # some time between reception and now
        return "uncertain" if at.date() > promised_on else "finished_on_time"
    assert one.released_at is not None
    ended_on = days.local(one.released_at).date()
    if ended_on < promised_on:
        return "finished_early"
    return "finished_on_time" if ended_on == promised_on else "finished_late"


def _tell(truth: Truth, people: "_People", agency: Agency, one: Dossier, at: datetime) -> None:
    """A first reading finds several rungs passed at once: only the latest is told."""
    assert one.promise_at is not None
    assert one.received_at is not None
    promised_on, received_on = days.local(one.promise_at).date(), days.local(one.received_at).date()
    is_late = promised_on < at.date()
    latest: tuple[datetime, str, tuple[str, ...]] | None = None
    for name, distance, hour, roles in LADDER:
        day = _rung_day(distance, promised_on, received_on)
        if day is None:
            continue
        come = datetime.combine(day, hour, days.VN)
        if come <= at and (latest is None or come > latest[0]):
            latest = come, name, roles
    if is_late and one.extended_at:
        _tell_roles(truth, people, agency, one, "late_again", _LATE_AGAIN)
    if latest is None or (latest[1] in _LATE_RUNGS and not is_late):
        return
    _tell_roles(truth, people, agency, one, latest[1], latest[2])


def _tell_roles(
    truth: Truth, people: "_People", agency: Agency, one: Dossier, rung: str, roles: tuple[str, ...]
) -> None:
    truth.rungs[rung].add(one.code)
    for role in roles:
        heard = people.reached(role, agency.code)
        truth.told.update((person, one.code) for person in heard)
        if not heard:
            truth.unreachable.add((role, one.code))


def _rung_day(distance: int | str, promised_on: date, received_on: date) -> date | None:
    if isinstance(distance, str):
        day = days.last_day_for_letter(promised_on)
        return day if day >= received_on else None  # received after its last lawful day: there never was one
    return days.walk(promised_on, distance) if distance else promised_on


class _People:
    """Who can be reached for a role: at the agency itself, else at the one above it; else the next role."""

    def __init__(self, province: Province, today: date) -> None:
        self._officials: dict[str, Official] = {person.code: person for person in province.officials}
        self._parents = {agency.code: agency.parent for agency in province.agencies}
        self._posts = [post for post in province.posts if _is_held(post, today)]
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}

    def reached(self, role: str, agency: str) -> tuple[str, ...]:
        """Codes of those told: every holder of the role who has any address."""
        if (role, agency) not in self._known:
            self._known[role, agency] = tuple(self._reached(role, agency))
        return self._known[role, agency]

    def _reached(self, role: str, agency: str) -> Iterable[str]:
        asked: str | None = role
        while asked is not None:
            holders = self._holders(asked, agency)
            with_address = [code for code in holders if self._officials[code].telegram or self._officials[code].email]
            if with_address:
                return with_address
            asked = _NEXT_ROLE.get(asked)
        return ()

    def _holders(self, role: str, agency: str) -> list[str]:
        place = agency
        while place:
            held = [post.person for post in self._posts if (post.role, post.agency) == (role, place)]
            if held:
                return held
            place = self._parents.get(place, "")
        return []


def _is_held(post: Post, today: date) -> bool:
    return (post.since or today) <= today <= (post.until or today)


def expected_channel(person: Official) -> str:
    """Telegram first, mail where there is no chat."""
    return "telegram" if person.telegram else "email" if person.email else ""


__all__ = ["LADDER", "Truth", "contradicted", "expected_channel", "stage_of", "work_out"]
