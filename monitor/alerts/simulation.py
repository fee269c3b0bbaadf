"""A stretch of time run through on a virtual clock: what would be told, to whom and when. Nothing is sent.

The clock goes from one instant at which anything can happen to the next: something heard, a stored next look, an
opening while something waits, the hour of a list. It works on a store that is thrown away; what is planned counts as
told at once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.current import Office
from monitor.alerts.digests import DigestRule, plan_digests
from monitor.alerts.handover import plan_handovers
from monitor.alerts.planning import plan_messages
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.judge import Rules, judge_due
from monitor.store.tables import Dossier, Message, Notice
from monitor.store.writing import rows_of, table_of

Heard = tuple[datetime, Callable[[], None]]  # when, and what stores it
_MINUTE = timedelta(minutes=1)
_D, _M, _N = (table_of(one) for one in (Dossier, Message, Notice))
_NEXT_LOOK = select(func.min(_D.c.next_change_at)).where(_D.c.next_change_at > bindparam("now"))
_SENT = update(_M).where(_M.c.state == "pending").values(state="sent", sent_at=bindparam("now"))
_TOLD = update(_N).where(_N.c.state == "planned").values(state="told", closed_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class Setting:
    """How the province is run."""

    rules: Rules
    office: Office
    channels: Sequence[str]
    digests: Sequence[DigestRule] = ()
    most_an_hour: int = 0
    stopped: Sequence[tuple[datetime, datetime]] = field(default_factory=tuple)  # the daemon does nothing in these


def run_through(
    sessions: sessionmaker[Session], setting: Setting, heard: Iterable[Heard], start: datetime, until: datetime
) -> int:
    """Lives from `start` to `until`; `heard` comes in the order of time. Returns at how many instants it acted.

    The messages stand in the store afterwards, made at the instant at which they would have gone out.
    """
    rules = replace(setting.rules, keeps_figures=False)
    coming = iter(heard)
    following = next(coming, None)
    lists = _hours_of_lists(setting, start, until)
    now, acted = start, 0
    while now < until:
        while following is not None and following[0] <= now:
            following[1]()
            following = next(coming, None)
        judge_due(sessions, rules, now)
        hour_of_lists = bool(lists) and lists[-1] <= now
        waiting, next_look = _plan(sessions, setting, now, setting.digests if hour_of_lists else ())
        acted += 1
        while lists and lists[-1] <= now:
            lists.pop()
        nexts = [until, next_look]
        nexts += [following[0]] if following is not None else []
        nexts += [_next_open(setting.office.calendar, now, until)] if waiting else []
        nexts += lists[-1:]
        now = _running(min(at for at in nexts if at is not None), setting)
    return acted


def count_as_told(session: Session, now: datetime) -> None:
    """What was planned is told; for the start of a simulation also what was owed before it."""
    connection = session.connection()
    connection.execute(_SENT, {"now": now})
    connection.execute(_TOLD, {"now": now})


def _plan(
    sessions: sessionmaker[Session], setting: Setting, now: datetime, digests: Sequence[DigestRule]
) -> tuple[int, datetime | None]:
    """Plans what may be told now; returns how many notices wait for an opening or for the hour's cap, and when a
    dossier is to be looked at next."""
    office = setting.office
    with sessions.begin() as session:
        listed = 0
        if digests:
            listed = plan_digests(
                session,
                now=now,
                office=office,
                rules=digests,
                channels=setting.channels,
                shadow=False,
                stale_sources=(),
            )
        count = plan_messages(
            session,
            now=now,
            calendar=office.calendar,
            directory=office.directory,
            rungs=(),
            base_url=office.base_url,
            channels=setting.channels,
            shadow=False,
            stale_sources=(),
            most_an_hour=setting.most_an_hour,
        )
        listed += plan_handovers(
            session, now=now, office=office, channels=setting.channels, shadow=False, stale_sources=()
        )
        if count.messages or listed:
            count_as_told(session, now)
        next_look = rows_of(session, _NEXT_LOOK, now=now)[0][0]
    return count.waiting + count.capped, next_look


def _next_open(calendar: WorkingCalendar, now: datetime, until: datetime) -> datetime:
    """The next opening; within office hours, where only the hour's cap makes something wait, some minutes later."""
    try:
        at = calendar.next_open(now + _MINUTE)
    except CalendarExhausted:
        return until
    return at if at > now + _MINUTE else now + 10 * _MINUTE


def _hours_of_lists(setting: Setting, start: datetime, until: datetime) -> list[datetime]:
    """The hours at which lists may come and authorisations begin, latest first."""
    calendar = setting.office.calendar
    days = [calendar.local_date(start) + timedelta(days=n) for n in range((until - start).days + 1)]
    hours = {calendar.at_time(on, rule.at) for on in days for rule in setting.digests}
    begins = {one.given_from for one in setting.office.directory.substitutions()}
    begins &= set(days)
    hours |= {_next_open(calendar, calendar.at_time(on, time.min), until) for on in begins}
    return sorted((at for at in hours if start < at < until), reverse=True)


def _running(at: datetime, setting: Setting) -> datetime:
    """`at`, or when the daemon is up again."""
    for begins, ends in setting.stopped:
        if begins <= at < ends:
            return ends
    return at
