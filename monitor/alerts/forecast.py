"""What will be told, to whom and when: printed before it happens, so that gaps are found before they matter."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.alerts.acknowledge import open_answers
from monitor.alerts.addresses import linked, parked
from monitor.alerts.planning import URGENT, rung_name
from monitor.alerts.recipients import CHANNELS, Reach, Resolver
from monitor.alerts.windows import Windows
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.escalation import ON_THE_PROMISE, Occasion, RungRule, parse_rung_time, rung_at, with_forced
from monitor.domain.stage import FINISHED_STAGES
from monitor.people import Directory
from monitor.policies import load
from monitor.settings import Rung
from monitor.store.tables import Dossier, Ladder, Message, MessageNotice, Notice

Resolving = Callable[[date], Resolver]


@dataclass(frozen=True, slots=True)
class Step:
    """One rung for one role. `at` is when the rung comes, `told_at` the earliest moment somebody hears of it (aware,
    calendar's zone). `state` is the notice's, or "ahead" where it is still to come,
    "held" where an official's answer will hold it back. `people` as (code, channel)."""

    at: datetime
    told_at: datetime
    rung: str
    occasion: str
    role: str
    severity: str
    state: str
    people: tuple[tuple[str, str], ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """From `on` nobody in `role` at `agency` can be told by `rung`. `stood_in`: who hears it instead, "" = nobody."""

    on: date
    agency: str
    role: str
    rung: str
    reason: str
    stood_in: str = ""


def plan_for(
    session: Session,
    code: str,
    *,
    now: datetime,
    calendar: WorkingCalendar,
    directory: Directory,
    rungs: Sequence[Rung],
    channels: Collection[str],
) -> list[Step]:
    """Who has heard and will hear of the dossiers with this code, in order of time; [] for an unknown code.

    What lies ahead is what comes if nothing changes: the dossier stays open, the promise and the posts stay as known.
    """
    steps: list[Step] = []
    dossiers = session.scalars(select(Dossier).where(Dossier.code == code)).all()
    today = with_forced([rung_rule(rung) for rung in rungs])
    frozen = _frozen(session, [dossier.id for dossier in dossiers])
    past = _past(session, [dossier.id for dossier in dossiers])
    resolving = _resolving(session, directory, channels)
    for dossier in dossiers:
        recorded = [(notice, people) for notice, people in past if notice.dossier_id == dossier.id]
        steps += [_recorded_step(notice, people, calendar, directory, resolving, now) for notice, people in recorded]
        known = {
            (notice.rung, notice.role) for notice, _ in recorded if notice.promise_number == dossier.promise_number
        }
        ladder = frozen.get((dossier.id, dossier.promise_number), today)
        held_until = max((a.until_at for a in open_answers(session, dossier.id)), default=now)
        steps += _ahead(dossier, known, now, held_until, calendar, directory, ladder, resolving)
    return sorted(steps, key=lambda step: (step.at, step.rung, step.role))


def reach_gaps(
    session: Session,
    *,
    now: datetime,
    calendar: WorkingCalendar,
    directory: Directory,
    rungs: Sequence[Rung],
    channels: Collection[str],
    days: int = 7,
) -> list[Gap]:
    """Each rung that would find nobody (or only a stand-in) within `days`, at agencies that have running dossiers.

    The first day of a gap is told once. An address whose last message was refused counts as none.
    """
    running = select(Dossier.agency_code).where(Dossier.stage.not_in([str(stage) for stage in FINISHED_STAGES]))
    agencies = sorted(set(session.scalars(running.distinct())))
    resolving = _resolving(session, directory, channels)
    found: dict[tuple[str, str, str], Gap] = {}
    today = calendar.local_date(now)
    for on in (today + timedelta(days=n) for n in range(days)):
        resolver = resolving(on)
        for agency, role, rung in _asked(agencies, rungs, directory):
            key = (agency, role, rung_name(rung))
            reach = resolver.reach(role, agency, rung.channels)
            if key not in found and (reach.stood_in or not reach.recipients):
                found[key] = Gap(on, *key, reason=reach.reason, stood_in=reach.stood_in)
    return sorted(found.values(), key=lambda gap: (gap.on, bool(gap.stood_in), gap.agency, gap.role, gap.rung))


def _asked(agencies: Iterable[str], rungs: Sequence[Rung], directory: Directory) -> Iterator[tuple[str, str, Rung]]:
    for rung in rungs:
        if rung.when == "source_silent":
            yield from (("", role, rung) for role in rung.tell)
            continue
        for agency in agencies:
            up = {known.code for known in directory.up(agency)} or {agency}
            if not rung.agencies or not up.isdisjoint(rung.agencies):
                yield from ((agency, role, rung) for role in rung.tell)


def _resolving(session: Session, directory: Directory, channels: Collection[str]) -> Resolving:
    """Finds people on a day as planning does: over linked chats, and not over addresses that take nothing."""
    closed = _refused_addresses(session) | parked(session).keys()
    chats = linked(session)
    return lambda on: Resolver(directory, channels, on, closed, chats)


def _refused_addresses(session: Session) -> frozenset[tuple[str, str]]:
    """(channel, address) whose latest finished message failed."""
    asked = (
        select(Message.channel, Message.address, Message.state)
        .where(Message.state.in_(("sent", "failed")))
        .order_by(Message.id)
    )
    latest = {(channel, address): state for channel, address, state in session.execute(asked)}
    return frozenset(way for way, state in latest.items() if state == "failed")


def _past(session: Session, dossier_ids: Collection[int]) -> list[tuple[Notice, tuple[tuple[str, str], ...]]]:
    """Every notice of these dossiers with the people it was addressed to."""
    notices = session.scalars(select(Notice).where(Notice.dossier_id.in_(dossier_ids)).order_by(Notice.id)).all()
    asked = (
        select(MessageNotice.notice_id, Message.person, Message.channel)
        .join(Message, Message.id == MessageNotice.message_id)
        .where(MessageNotice.notice_id.in_([notice.id for notice in notices]))
        .order_by(Message.id)
    )
    people: dict[int, list[tuple[str, str]]] = {}
    for notice_id, person, channel in session.execute(asked):
        people.setdefault(notice_id, []).append((person, channel))
    return [(notice, tuple(people.get(notice.id, ()))) for notice in notices]


def _recorded_step(
    notice: Notice,
    people: tuple[tuple[str, str], ...],
    calendar: WorkingCalendar,
    directory: Directory,
    resolving: Resolving,
    now: datetime,
) -> Step:
    told_at = notice.closed_at if notice.state == "told" and notice.closed_at is not None else notice.owed_at
    window = Windows(calendar, directory, calendar.local_date(told_at)).calendar_of(notice.role, notice.agency_code)
    delivery, reason = _delivery(calendar.local(told_at), notice.severity, window), notice.reason
    if notice.state == "owed":  # nobody was chosen yet: whoever would be, if it were planned now
        resolver = resolving(calendar.local_date(max(delivery, now)))
        wanted = notice.channels.split(",") if notice.channels else CHANNELS
        reach = resolver.reach(notice.role, notice.agency_code, wanted)
        people, reason = _people(reach), reason or _why(reach)
    return Step(
        at=calendar.local(notice.rung_at),
        told_at=delivery,
        rung=notice.rung,
        occasion=notice.occasion,
        role=notice.role,
        severity=notice.severity,
        state=notice.state,
        people=people,
        reason=reason,
    )


def _people(reach: Reach) -> tuple[tuple[str, str], ...]:
    return tuple((recipient.person, recipient.channel) for recipient in reach.recipients)


def _why(reach: Reach) -> str:
    return reach.reason or (f"báo thay: {reach.stood_in}" if reach.stood_in else "")


def _frozen(session: Session, dossier_ids: Collection[int]) -> dict[tuple[int, int], tuple[RungRule, ...]]:
    """The ladders that began, by (dossier, promise)."""
    asked = select(Ladder.dossier_id, Ladder.promise_number, Ladder.policy_id).where(Ladder.dossier_id.in_(dossier_ids))
    begun = {(dossier_id, number): policy for dossier_id, number, policy in session.execute(asked)}
    versions = load(session, set(begun.values()))
    return {key: versions[policy] for key, policy in begun.items()}


def _ahead(
    dossier: Dossier,
    known: Collection[tuple[str, str]],
    now: datetime,
    held_until: datetime,
    calendar: WorkingCalendar,
    directory: Directory,
    rungs: Sequence[RungRule],
    resolving: Resolving,
) -> Iterator[Step]:
    if dossier.promise_at is None or dossier.late_from_at is None or dossier.stage in FINISHED_STAGES:
        return
    promise_on = calendar.local_date(dossier.promise_at)
    up = [agency.code for agency in directory.up(dossier.agency_code)] or [dossier.agency_code]
    for rung in rungs:
        if rung.occasion not in ON_THE_PROMISE or not rung.covers(up, dossier.field_code):
            continue
        own = calendar.of(dossier.agency_code)
        at = rung_at(rung.when, promise_on, dossier.letter_by_on, dossier.late_from_at, own)
        if at is None or at <= now:
            continue
        windows = Windows(calendar, directory, calendar.local_date(at))
        for role in rung.roles:
            if (rung.name, role) not in known:
                told_at = _delivery(at, rung.severity, windows.calendar_of(role, dossier.agency_code))
                resolver = resolving(calendar.local_date(told_at))
                reach = resolver.reach(role, dossier.agency_code, rung.channels or CHANNELS)
                yield _step_ahead(rung, role, at, told_at, reach, held=at < held_until)


def _step_ahead(rung: RungRule, role: str, at: datetime, told_at: datetime, reach: Reach, *, held: bool) -> Step:
    state = "held" if held else "ahead"
    return Step(at, told_at, rung.name, rung.occasion.value, role, rung.severity, state, _people(reach), _why(reach))


def rung_rule(rung: Rung) -> RungRule:
    """A rung of the configuration as the rules see it."""
    return RungRule(
        rung_name(rung),
        Occasion(rung.when),
        parse_rung_time(rung.at),
        rung.tell,
        frozenset(rung.agencies),
        frozenset(rung.fields),
        rung.severity,
        rung.channels,
        rung.repeat_days,
        rung.repeat_times,
    )


def _delivery(at: datetime, severity: str, calendar: WorkingCalendar) -> datetime:
    if severity == URGENT:
        return at
    try:
        return calendar.next_open(at)
    except CalendarExhausted:
        return at
