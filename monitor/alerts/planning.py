"""From owed notices to the outbox: who hears what, grouped so that a leader gets one message at a moment.

Runs in the caller's transaction: the messages and the notices' new state are stored together or not at all. Outside
office hours only urgent notices are planned; the others stay owed, so that all of a night makes one message at the
opening, to whoever holds the post then, without what was settled meanwhile.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, and_, func, or_, select, update
from sqlalchemy.orm import Session

from monitor.alerts.addresses import linked, parked
from monitor.alerts.lines import Line, Subject, line_for, moment_text, worst_first
from monitor.alerts.passed_up import Waiting, join, waiting_about
from monitor.alerts.recipients import CHANNELS, Reach, Recipient, Resolver
from monitor.alerts.subjects import dossiers_by_id, subjects_of
from monitor.alerts.windows import Windows
from monitor.domain.calendar import WorkingCalendar
from monitor.domain.stage import FINISHED_STAGES
from monitor.people import Directory
from monitor.settings import Rung
from monitor.store.tables import Dossier, Message, MessageNotice, Notice
from monitor.store.writing import in_batches, insert_many, insert_returning_ids, one_of, rows_of, table_of, update_many

_CAP_WINDOW = timedelta(hours=1)
URGENT = "urgent"
_SEVERITIES = ("normal", "high", URGENT)
# What every pass asks, built once: building a statement costs more than a few rows' reading.
_N, _M, _MN, _D = (table_of(one).c for one in (Notice, Message, MessageNotice, Dossier))
_IS_URGENT = _N.severity == URGENT
_POSTS = (
    select(_N.role, _N.agency_code, _IS_URGENT, func.count())
    .where(_N.state == "owed")
    .group_by(_N.role, _N.agency_code, _IS_URGENT)
)
_TELLABLE = select(Notice).where(Notice.state == "owed").order_by(Notice.id).with_for_update()
_HEARD = (
    select(_MN.notice_id, _M.person)
    .join(table_of(Message), _M.id == _MN.message_id)
    .where(one_of(_MN.notice_id), _MN.withdrawn_at.is_(None))
)
_IN_A_MESSAGE = select(_MN.notice_id).where(_MN.notice_id == _N.id, _MN.withdrawn_at.is_(None)).exists()
_IS_RUNNING = (
    select(_D.id).where(_D.id == _N.dossier_id, _D.stage.not_in([str(stage) for stage in FINISHED_STAGES])).exists()
)
_NEVER_HEARD = and_(_N.state == "unreachable", ~_IN_A_MESSAGE, _IS_RUNNING)
_LOST = select(_N.role, _N.agency_code, _N.rung, _N.channels).where(_NEVER_HEARD).distinct()


@dataclass(frozen=True, slots=True)
class PlanCount:
    """What one pass did, in notices (`messages` aside).

    `waiting`: for office hours; `capped`: for somebody who had many within the hour; `held`: their source is stale;
    `stood_in`: told a role further up; `reopened`: nobody could hear them before and now somebody can.
    """

    messages: int = 0
    planned: int = 0
    waiting: int = 0
    capped: int = 0
    held: int = 0
    stood_in: int = 0
    unreachable: int = 0
    shadowed: int = 0
    reopened: int = 0


@dataclass(slots=True)
class _Bundle:
    """What one person will read on one channel: notices by subject."""

    recipient: Recipient
    instead_of: set[str] = field(default_factory=set)  # officials in whose place some of it is told
    by_subject: dict[tuple[int | None, str], list[Notice]] = field(default_factory=lambda: defaultdict(list))

    def notices(self) -> list[Notice]:
        return [notice for some in self.by_subject.values() for notice in some]


def plan_messages(
    session: Session,
    *,
    now: datetime,
    calendar: WorkingCalendar,
    directory: Directory,
    rungs: Sequence[Rung],
    base_url: str,
    channels: Collection[str],
    shadow: bool,
    stale_sources: Collection[str],
    most_an_hour: int = 0,
    not_read_again: Callable[[Collection[int]], Collection[int]] = lambda ids: (),
) -> PlanCount:
    """Writes one message for each person and channel from the notices that are owed.

    Notices of dossiers whose speaking source is stale stay owed, as do those of dossiers that `not_read_again` picks:
    their own evidence is too old. A notice nobody can hear becomes "unreachable" with
    the reason. With `shadow` everything is planned and nothing will be sent: messages and notices end as cancelled,
    reason "shadow". `channels` are those enabled. Who had `most_an_hour` messages in the last hour (0: no such cap)
    gets the next ones together, an hour after the first of them was owed at the latest. The caller commits.
    """
    by_rung = rungs_by_role(rungs)
    lost = _lost(session)
    windows = Windows(calendar, directory, calendar.local_date(now))
    due, waiting = _due(session, windows, now)
    if not due and not lost:  # most passes: nothing came since the last one
        return PlanCount(waiting=waiting)
    resolver = Resolver(directory, channels, calendar.local_date(now), parked(session), linked(session))
    reopened = _reopen(session, lost, by_rung, resolver)
    if reopened:
        due, waiting = _due(session, windows, now)
    dossiers = dossiers_by_id(session, {notice.dossier_id for notice in due if notice.dossier_id is not None})
    stale = frozenset(stale_sources)
    unread = frozenset(not_read_again(sorted(dossiers)))
    told = [n for n in due if n.dossier_id not in unread and not _is_held(n, dossiers, stale, now)]
    heard = _heard_already(session, told)
    waiting_already = waiting_about(session, told)
    bundles, joining, unreachable, stood_in = _bundled(told, by_rung, resolver, heard, waiting_already)
    join(session, joining)
    bundles, capped = _under_the_cap(session, bundles, most_an_hour, now)
    capped_notices = {notice.id for bundle in capped for notice in bundle.notices()}
    subjects = subjects_of(session, told, dossiers, directory)
    messages = [_message(bundle, subjects, calendar, now, base_url, shadow) for bundle in bundles]
    _store(session, messages)
    _close(session, [n for n in told if n.id not in capped_notices], unreachable, stood_in, shadow, now)
    planned = len(told) - len(unreachable) - len(capped_notices)
    return PlanCount(
        messages=len(messages),
        planned=0 if shadow else planned,
        waiting=waiting,
        capped=len(capped_notices),
        held=len(due) - len(told),
        stood_in=len(stood_in),
        unreachable=len(unreachable),
        shadowed=planned if shadow else 0,
        reopened=reopened,
    )


def rungs_by_role(rungs: Sequence[Rung]) -> Mapping[tuple[str, str], Rung]:
    """Each rung of the configuration by the name that notices carry and a role it tells."""
    return {(rung_name(rung), role): rung for rung in rungs for role in rung.tell}


def rung_name(rung: Rung) -> str:
    """The name notices carry: the rung's own, else what it is for and when."""
    return rung.name or f"{rung.when} {rung.at}".strip()


def _due(session: Session, windows: Windows, now: datetime) -> tuple[list[Notice], int]:
    """(the owed notices that may be told now, how many wait). Locked: no judging cancels one amid planning."""
    waiting = 0
    at_work: dict[str, list[str]] = defaultdict(list)
    posts = rows_of(session, _POSTS)
    if not posts:  # most passes
        return [], 0
    for role, agency, urgent, number in posts:
        if urgent:
            continue
        if windows.is_open(role, agency, now):
            at_work[role].append(agency)
        else:
            waiting += number
    if not waiting:  # one plain question where everybody is at work
        return list(session.scalars(_TELLABLE)), 0
    there = [and_(Notice.role == role, Notice.agency_code.in_(codes)) for role, codes in at_work.items()]
    return list(session.scalars(_TELLABLE.where(or_(Notice.severity == URGENT, *there)))), waiting


def _lost(session: Session) -> Sequence[Any]:
    """What nobody could hear and is not settled, by (role, agency_code, rung, channels)."""
    return rows_of(session, _LOST)


def _reopen(session: Session, lost: Sequence[Any], by_rung: Mapping[tuple[str, str], Rung], resolver: Resolver) -> int:
    """Owes again what nobody could hear, where somebody can by now (a post was filled, an address or channel added)."""
    found = 0
    for one in lost:
        if not reach_of(one, by_rung, resolver).recipients:
            continue
        these = and_(_NEVER_HEARD, *(_N[name] == value for name, value in one._mapping.items()))
        # rare: only after the people file or the channels changed
        again = session.execute(update(table_of(Notice)).where(these).values(state="owed", reason="", closed_at=None))
        found += cast("CursorResult[Any]", again).rowcount
    return found


def reach_of(notice: Any, by_rung: Mapping[tuple[str, str], Rung], resolver: Resolver) -> Reach:
    """Who hears it, on the channels it was owed with; one that names none goes by the rung of today."""
    if notice.channels:
        channels: Sequence[str] = notice.channels.split(",")
    else:
        rung = by_rung.get((notice.rung, notice.role))
        channels = rung.channels if rung is not None else CHANNELS
    return resolver.reach(notice.role, notice.agency_code, channels)


def _heard_already(session: Session, notices: Sequence[Notice]) -> set[tuple[int, str]]:
    """(notice, person) that have a message: of a notice for several people, some may have been capped before."""
    heard: set[tuple[int, str]] = set()
    for batch in in_batches([notice.id for notice in notices]):
        heard.update((notice_id, person) for notice_id, person in rows_of(session, _HEARD, ids=batch))
    return heard


def _under_the_cap(
    session: Session, bundles: list[_Bundle], most_an_hour: int, now: datetime
) -> tuple[list[_Bundle], list[_Bundle]]:
    """(bundles that go now, those whose person had many messages within the hour and that wait for each other).

    Urgent news never waits, and no other waits for more than an hour.
    """
    if not most_an_hour or not bundles:
        return bundles, []
    people = sorted({bundle.recipient.person for bundle in bundles})
    recent: dict[str, int] = {}
    for batch in in_batches(people):
        asked = select(Message.person, func.count()).where(
            Message.person.in_(batch), Message.made_at > now - _CAP_WINDOW, Message.state != "cancelled"
        )
        recent.update((person, count) for person, count in session.execute(asked.group_by(Message.person)))
    go: list[_Bundle] = []
    wait: list[_Bundle] = []
    for bundle in bundles:
        some = bundle.notices()
        must = any(notice.severity == URGENT or notice.owed_at <= now - _CAP_WINDOW for notice in some)
        (go if must or recent.get(bundle.recipient.person, 0) < most_an_hour else wait).append(bundle)
    return go, wait


def _is_held(notice: Notice, dossiers: Mapping[int, Dossier], stale: frozenset[str], now: datetime) -> bool:
    """Its source is silent, or it waits to be judged again: by then the matter may be settled."""
    dossier = dossiers.get(notice.dossier_id) if notice.dossier_id is not None else None
    if dossier is None:
        return False
    overtaken = dossier.next_change_at is not None and dossier.next_change_at <= now
    return overtaken or dossier.speaking_source in stale


def _bundled(
    notices: Iterable[Notice],
    by_rung: Mapping[tuple[str, str], Rung],
    resolver: Resolver,
    heard: Collection[tuple[int, str]],
    waiting: Mapping[tuple[int, str], Waiting],
) -> tuple[list[_Bundle], list[tuple[int, Waiting]], dict[int, str], dict[int, str]]:
    """(bundles, notice ids that join a waiting message, why nobody hears it by notice id, which role stands in by
    notice id)."""
    bundles: dict[tuple[str, str], _Bundle] = {}
    joining: list[tuple[int, Waiting]] = []
    unreachable: dict[int, str] = {}
    stood_in: dict[int, str] = {}
    for notice in notices:
        reach = reach_of(notice, by_rung, resolver)
        if not reach.recipients:
            unreachable[notice.id] = reach.reason
        elif reach.stood_in:
            stood_in[notice.id] = f"báo thay cho {notice.role}: {reach.stood_in}"
        for recipient in reach.recipients:
            if (notice.id, recipient.person) in heard:
                continue
            if (notice.id, recipient.person) in waiting:
                joining.append((notice.id, waiting[notice.id, recipient.person]))
                continue
            bundle = bundles.setdefault((recipient.person, recipient.channel), _Bundle(recipient))
            bundle.instead_of.update(recipient.instead_of[-1:])
            bundle.by_subject[(notice.dossier_id, notice.source)].append(notice)
    return list(bundles.values()), joining, unreachable, stood_in


def _message(
    bundle: _Bundle,
    subjects: Mapping[tuple[int | None, str], Subject],
    calendar: WorkingCalendar,
    now: datetime,
    base_url: str,
    shadow: bool,
) -> tuple[dict[str, Any], list[int]]:
    """(the message's row, the ids of the notices it tells)."""
    lines: list[Line] = []
    for key, notices in bundle.by_subject.items():
        occasions = frozenset(notice.occasion for notice in notices)
        subject = subjects[key].seen_as(occasions)
        lines.append(line_for(subject, tuple(notice.id for notice in notices), calendar, now, base_url))
    lines.sort(key=worst_first)
    notices = bundle.notices()
    recipient = bundle.recipient
    row = {
        # owed again after a pause is news again
        "key": message_key(recipient, (f"{notice.key}@{notice.owed_at.timestamp()}" for notice in notices)),
        "person": recipient.person,
        "channel": recipient.channel,
        "address": recipient.address,
        "severity": max((notice.severity for notice in notices), key=_SEVERITIES.index),
        "payload": {
            "at": now.isoformat(),
            "at_text": moment_text(calendar.local(now)),
            "lines": [line.as_json() for line in lines],
            "others": [list(way) for way in recipient.others],
            "instead_of": sorted(bundle.instead_of),
        },
        "state": "cancelled" if shadow else "pending",
        "last_error": "shadow" if shadow else "",
        "made_at": now,
        "not_before_at": now,
    }
    return row, [notice.id for notice in notices]


def message_key(recipient: Recipient, notice_keys: Iterable[str]) -> str:
    """Says the same for the same news to the same person: planning twice can't double, and mail can be recognised."""
    news = hashlib.blake2b("\n".join(sorted(notice_keys)).encode(), digest_size=12).hexdigest()
    return f"{recipient.person}:{recipient.channel}:{news}"


def _store(session: Session, messages: Sequence[tuple[dict[str, Any], list[int]]]) -> None:
    for batch in in_batches(messages):
        ids = insert_returning_ids(session, Message, [row for row, _ in batch])
        told = zip(ids, (notice_ids for _, notice_ids in batch), strict=True)
        links = [{"message_id": m, "notice_id": n} for m, notice_ids in told for n in notice_ids]
        insert_many(session, MessageNotice, links)


def _close(
    session: Session,
    notices: Sequence[Notice],
    unreachable: Mapping[int, str],
    stood_in: Mapping[int, str],
    shadow: bool,
    now: datetime,
) -> None:
    changes: list[dict[str, Any]] = []
    for notice in notices:
        state, reason = ("cancelled", "shadow") if shadow else ("planned", stood_in.get(notice.id, ""))
        if notice.id in unreachable:
            state, reason = "unreachable", unreachable[notice.id]
        closed_at = None if state == "planned" else now
        changes.append({"id": notice.id, "state": state, "reason": reason, "closed_at": closed_at})
    update_many(session, Notice, changes)
