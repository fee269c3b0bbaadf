"""From owed notices to the outbox: who hears what, grouped so that a leader gets one message at a moment.

Runs in the caller's transaction: the messages and the notices' new state are stored together or not at all. Outside
office hours only urgent notices are planned; the others stay owed, so that all of a night makes one message at the
opening, to whoever holds the post then, without what was settled meanwhile.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import CursorResult, and_, func, insert, select, update
from sqlalchemy.orm import Session

from monitor.alerts.addresses import linked, parked
from monitor.alerts.lines import Line, Subject, line_for, moment_text, worst_first
from monitor.alerts.recipients import CHANNELS, Reach, Recipient, Resolver
from monitor.alerts.subjects import dossiers_by_id, subjects_of
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.domain.stage import FINISHED_STAGES
from monitor.people import Directory
from monitor.settings import Rung
from monitor.store.tables import Dossier, Message, MessageNotice, Notice
from monitor.store.writing import in_batches

_BATCH = 500
T = TypeVar("T")
URGENT = "urgent"
_SEVERITIES = ("normal", "high", URGENT)


@dataclass(frozen=True, slots=True)
class PlanCount:
    """What one pass did, in notices (`messages` aside).

    `waiting`: for office hours; `held`: their source is stale; `stood_in`: told a role further up; `reopened`: nobody
    could hear them before and now somebody can.
    """

    messages: int = 0
    planned: int = 0
    waiting: int = 0
    held: int = 0
    stood_in: int = 0
    unreachable: int = 0
    shadowed: int = 0
    reopened: int = 0


@dataclass(slots=True)
class _Bundle:
    """What one person will read on one channel: notices by subject."""

    recipient: Recipient
    by_subject: dict[tuple[int | None, str], list[Notice]] = field(default_factory=lambda: defaultdict(list))


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
) -> PlanCount:
    """Writes one message for each person, channel and urgency from the notices that are owed.

    Notices of dossiers whose speaking source is stale stay owed. A notice nobody can hear becomes "unreachable" with
    the reason. With `shadow` everything is planned and nothing will be sent: messages and notices end as cancelled,
    reason "shadow". `channels` are those enabled. The caller commits.
    """
    by_rung = {(rung_name(rung), role): rung for rung in rungs for role in rung.tell}
    resolver = Resolver(directory, channels, calendar.local_date(now), parked(session), linked(session))
    reopened = _reopen(session, by_rung, resolver)
    due, waiting = _due(session, open_now=_is_open(calendar, now))
    dossiers = dossiers_by_id(session, {notice.dossier_id for notice in due if notice.dossier_id is not None})
    stale = frozenset(stale_sources)
    told = [notice for notice in due if not _is_held(notice, dossiers, stale, now)]
    bundles, unreachable, stood_in = _bundled(told, by_rung, resolver)
    subjects = subjects_of(session, told, dossiers, directory)
    messages = [_message(bundle, subjects, calendar, now, base_url, shadow) for bundle in bundles]
    _store(session, messages)
    _close(session, told, unreachable, stood_in, shadow, now)
    planned = len(told) - len(unreachable)
    return PlanCount(
        messages=len(messages),
        planned=0 if shadow else planned,
        waiting=waiting,
        held=len(due) - len(told),
        stood_in=len(stood_in),
        unreachable=len(unreachable),
        shadowed=planned if shadow else 0,
        reopened=reopened,
    )


def rung_name(rung: Rung) -> str:
    """The name notices carry: the rung's own, else what it is for and when."""
    return rung.name or f"{rung.when} {rung.at}".strip()


def _due(session: Session, *, open_now: bool) -> tuple[list[Notice], int]:
    """(the owed notices that may be told now, how many wait). Locked: no judging cancels one amid planning."""
    owed = Notice.state == "owed"
    tellable = owed if open_now else and_(owed, Notice.severity == URGENT)
    due = list(session.scalars(select(Notice).where(tellable).order_by(Notice.id).with_for_update()))
    waiting = 0 if open_now else session.scalars(select(func.count()).where(owed, Notice.severity != URGENT)).one()
    return due, waiting


def _reopen(session: Session, by_rung: Mapping[tuple[str, str], Rung], resolver: Resolver) -> int:
    """Owes again what nobody could hear, where somebody can by now (a post was filled, an address or channel added)."""
    never_planned = Notice.id.not_in(select(MessageNotice.notice_id))
    lost = and_(Notice.state == "unreachable", never_planned)
    running = select(Dossier.id).where(Dossier.stage.not_in([str(stage) for stage in FINISHED_STAGES]))
    found = 0
    for role, agency, rung_of_notice in session.execute(
        select(Notice.role, Notice.agency_code, Notice.rung).where(lost).distinct()
    ).all():
        if not _reach(role, agency, rung_of_notice, by_rung, resolver).recipients:
            continue
        these = and_(lost, Notice.role == role, Notice.agency_code == agency, Notice.rung == rung_of_notice)
        # rare: only after the people file or the channels changed
        again = session.execute(
            update(Notice).where(these, Notice.dossier_id.in_(running)).values(state="owed", reason="", closed_at=None)
        )
        found += cast("CursorResult[Any]", again).rowcount
    return found


def _reach(
    role: str, agency: str, rung_of_notice: str, by_rung: Mapping[tuple[str, str], Rung], resolver: Resolver
) -> Reach:
    rung = by_rung.get((rung_of_notice, role))
    return resolver.reach(role, agency, rung.channels if rung is not None else CHANNELS)


def _is_open(calendar: WorkingCalendar, now: datetime) -> bool:
    try:
        return calendar.next_open(now) <= now
    except CalendarExhausted:  # better told at night than never
        return True


def _is_held(notice: Notice, dossiers: Mapping[int, Dossier], stale: frozenset[str], now: datetime) -> bool:
    """Its source is silent, or it waits to be judged again: by then the matter may be settled."""
    dossier = dossiers.get(notice.dossier_id) if notice.dossier_id is not None else None
    if dossier is None:
        return False
    overtaken = dossier.next_change_at is not None and dossier.next_change_at <= now
    return overtaken or dossier.speaking_source in stale


def _bundled(
    notices: Iterable[Notice], by_rung: Mapping[tuple[str, str], Rung], resolver: Resolver
) -> tuple[list[_Bundle], dict[int, str], dict[int, str]]:
    """(bundles, why nobody hears it by notice id, which role stands in by notice id)."""
    bundles: dict[tuple[str, str, bool], _Bundle] = {}
    unreachable: dict[int, str] = {}
    stood_in: dict[int, str] = {}
    for notice in notices:
        reach = _reach(notice.role, notice.agency_code, notice.rung, by_rung, resolver)
        if not reach.recipients:
            unreachable[notice.id] = reach.reason
        elif reach.stood_in:
            stood_in[notice.id] = f"báo thay cho {notice.role}: {reach.stood_in}"
        for recipient in reach.recipients:
            key = (recipient.person, recipient.channel, notice.severity == URGENT)
            bundle = bundles.setdefault(key, _Bundle(recipient))
            bundle.by_subject[(notice.dossier_id, notice.source)].append(notice)
    return list(bundles.values()), unreachable, stood_in


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
    notices = [notice for some in bundle.by_subject.values() for notice in some]
    recipient = bundle.recipient
    row = {
        "key": message_key(recipient, (notice.key for notice in notices)),
        "person": recipient.person,
        "channel": recipient.channel,
        "address": recipient.address,
        "severity": max((notice.severity for notice in notices), key=_SEVERITIES.index),
        "payload": {
            "at": now.isoformat(),
            "at_text": moment_text(calendar.local(now)),
            "lines": [line.as_json() for line in lines],
            "others": [list(way) for way in recipient.others],
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
        rows = [row for row, _ in batch]
        ids = session.scalars(insert(Message).returning(Message.id, sort_by_parameter_order=True), rows).all()
        told = zip(ids, (notice_ids for _, notice_ids in batch), strict=True)
        links = [{"message_id": m, "notice_id": n} for m, notice_ids in told for n in notice_ids]
        session.execute(insert(MessageNotice), links)


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
    if changes:
        session.execute(update(Notice), changes)
