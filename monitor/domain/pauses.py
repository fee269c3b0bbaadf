"""The ledger of pauses: from what polls saw, to time that does not count, to a due date by each reading of the law.

A poll sees states, not events. A pause began somewhere in (last seen running, first seen paused] and ended
somewhere in (last seen paused, first seen running]; a due date that depends on where is given as its two bounds.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.deadline import Deadline, count_due
from monitor.domain.dossier import PAUSED, Pause, Status
from monitor.domain.limits import CountingRules, TimeLimit
from monitor.domain.spans import Span, merged

SUPPLEMENT_REQUEST_DAYS = 3  # working days from reception (NĐ 118/2025 Điều 19 khoản 5)
SUPPLEMENT_CLOSING_DAYS = 15  # days after which an unanswered request closes the dossier (the same)
_PAUSING = PAUSED | {Status.PAYMENT}
INTAKE_HOURS = 8  # working hours to accept an online dossier (NĐ 118/2025 Điều 17 khoản 2 điểm c)


class Mode(StrEnum):
    """What a supplement does to the term."""

    RESTART = "restart"  # the law: "tính lại từ đầu" after full papers (NĐ 118/2025 Điều 19 khoản 5)
    SUBTRACT = "subtract"  # QĐ 766/QĐ-TTg: the time is taken off


@dataclass(frozen=True, slots=True)
class Seen:
    """A state heard at `at`; the one before it was last confirmed at `before` (None: it was the first heard)."""

    status: Status
    at: datetime
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class PauseLog:
    """The ledger while it is written, one state after another: what a view keeps of its own history.

    While an unknown state is reported (`is_blind`), `sure_until` is when one we understand was last confirmed.
    """

    pauses: tuple[Pause, ...] = ()
    is_blind: bool = False
    sure_until: datetime | None = None

    def heard(self, seen: Seen) -> "PauseLog":
        """With one more state. One kind following another is two pauses; the same kind heard again is one. An unknown
        state begins and ends nothing, but what happened behind it may have happened any time since it came up."""
        before = self.sure_until if self.is_blind else seen.before
        if seen.status is Status.UNKNOWN:
            return PauseLog(self.pauses, is_blind=True, sure_until=before)
        pauses = self.pauses
        standing = pauses[-1] if pauses and pauses[-1].is_open else None
        if standing is not None and seen.status is not standing.kind:
            pauses = (*pauses[:-1], replace(standing, ended_after=before, ended_by=seen.at))
        if seen.status in _PAUSING and (standing is None or seen.status is not standing.kind):
            pauses = (*pauses, Pause(seen.status, before, seen.at))
        return PauseLog(pauses)


def as_told(
    pauses: Sequence[Pause], stated: Iterable[tuple[datetime, datetime | None]], status: Status, heard_at: datetime
) -> tuple[Pause, ...]:
    """The ledger with the supplements that the source itself dates: (asked for, complete; None: still waited for),
    heard at `heard_at` with the state `status`. A dated one takes the place of what polls saw of it, at its exact
    bounds; one that contradicts what they saw is not believed, and without any the ledger stays as it is."""
    stated = tuple(stated)
    if not stated:
        return tuple(pauses)
    seen = [pause for pause in pauses if not _is_dated(pause)]  # what an earlier telling dated, this one tells anew
    supplements = [pause for pause in seen if pause.kind is Status.SUPPLEMENT]
    told: list[Pause] = []
    for asked, answered in sorted(stated, key=lambda one: one[0]):
        pause = Pause(Status.SUPPLEMENT, asked, asked, answered, answered)
        is_possible = asked <= heard_at if answered is None else asked <= answered <= heard_at
        is_waited_for = answered is not None or status is Status.SUPPLEMENT
        fits = all(_covers(pause, other) or _is_apart(pause, other) for other in supplements)
        if is_possible and is_waited_for and fits and not any(other.is_open for other in told):
            told.append(pause)
    rest = [p for p in seen if p.kind is not Status.SUPPLEMENT or not any(_covers(t, p) for t in told)]
    return tuple(sorted([*rest, *told], key=lambda pause: (pause.is_open, pause.began_by)))


def _is_dated(pause: Pause) -> bool:
    """Polls leave a bound between two readings, or none before the first."""
    return pause.kind is Status.SUPPLEMENT and pause.began_after == pause.began_by


def _covers(told: Pause, seen: Pause) -> bool:
    """Whether what is told began and ended within the bounds that were seen."""
    if told.is_open != seen.is_open or not _is_within(told.began_by, seen.began_after, seen.began_by):
        return False
    if told.ended_by is None or seen.ended_by is None:
        return True
    return _is_within(told.ended_by, seen.ended_after or seen.began_by, seen.ended_by)


def _is_within(at: datetime, after: datetime | None, by: datetime) -> bool:
    return (after is None or after <= at) and at <= by


def _is_apart(told: Pause, seen: Pause) -> bool:
    """Whether nothing that was certainly seen lies within what is told."""
    seen_until = None if seen.is_open else (seen.ended_after or seen.began_by)
    is_before = told.ended_by is not None and told.ended_by <= seen.began_by
    return is_before or (seen_until is not None and seen_until <= told.began_by)


def pauses_seen(history: Iterable[Seen], *, payment_pauses: bool = False) -> tuple[Pause, ...]:
    """The pauses in a history of states, oldest first. A financial duty pauses only where the procedure says so."""
    log = PauseLog()
    for seen in history:
        log = log.heard(seen)
    return tuple(pause for pause in log.pauses if payment_pauses or pause.kind is not Status.PAYMENT)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The due date by one reading of the law. The two differ where polls left open when a pause began or ended."""

    mode: Mode
    earliest: Deadline
    latest: Deadline

    @property
    def is_certain(self) -> bool:
        return self.earliest.due_at == self.latest.due_at


@dataclass(frozen=True, slots=True)
class Ledger:
    """Both readings of a dossier's pauses; both None while one stands, for then no due date exists."""

    pauses: tuple[Pause, ...]
    restart: Reckoning | None
    subtract: Reckoning | None

    @property
    def is_standing(self) -> bool:
        return any(pause.is_open for pause in self.pauses)


def reckon(
    received_at: datetime,
    limit: TimeLimit,
    rules: CountingRules,
    calendar: WorkingCalendar,
    pauses: Sequence[Pause],
) -> Ledger:
    """The due date with these pauses, by both modes. Always from the facts: nothing is added up along the way, so a
    changed limit, a reopening or a repeated supplement cannot count a pause twice. Raises `CalendarExhausted`."""
    pauses = tuple(pauses)
    if any(pause.is_open for pause in pauses):
        return Ledger(pauses, None, None)

    def due(from_at: datetime, spans: Iterable[Span | None]) -> Deadline:
        return count_due(from_at, limit, rules, calendar, merged(s for s in spans if s is not None))

    subtract = Reckoning(
        Mode.SUBTRACT,
        due(received_at, (pause.shortest() for pause in pauses)),
        due(received_at, (pause.longest() for pause in pauses)),
    )
    supplements = [pause for pause in pauses if pause.kind is Status.SUPPLEMENT]
    if not supplements:
        return Ledger(pauses, replace(subtract, mode=Mode.RESTART), subtract)
    last = max(supplements, key=lambda pause: pause.ended_by or pause.began_by)
    others = [pause for pause in pauses if pause.kind is not Status.SUPPLEMENT]
    least, most = last.shortest(), last.longest()
    assert least is not None
    assert most is not None
    restart = Reckoning(
        Mode.RESTART,
        due(least.end, (pause.shortest() for pause in others)),
        due(most.end, (pause.longest() for pause in others)),
    )
    return Ledger(pauses, restart, subtract)


def intake_by(submitted_at: datetime, calendar: WorkingCalendar) -> datetime:
    """Until when an online dossier must be accepted or answered: 8 working hours after it came in."""
    return calendar.add_open_time(submitted_at, timedelta(hours=INTAKE_HOURS))


def supplement_request_by(received_at: datetime, calendar: WorkingCalendar) -> date:
    """The last day on which a supplement may be asked for: 3 working days after reception."""
    return calendar.add_working_days(calendar.local_date(received_at), SUPPLEMENT_REQUEST_DAYS)


def supplement_closes_on(requested_at: datetime, calendar: WorkingCalendar) -> date:
    """The last day for the applicant's answer: 15 days after the request, rolled off a day of rest (BLDS 148)."""
    return calendar.on_or_after(calendar.local_date(requested_at) + timedelta(days=SUPPLEMENT_CLOSING_DAYS))
