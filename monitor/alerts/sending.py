"""Sends what the outbox holds: at least once, and twice only where the first try's fate is unknown.

For each message: one short transaction claims it (lease, token, attempt row, and a last look at its notices), then it
is sent outside any transaction, then a second transaction records the outcome, guarded by the token, so that a
process that slept past its lease can't overwrite what another did since. Killed between the two, the message is found
in state "sending" at the next start and tried again, marked as a possible repeat. Claiming one message at a time keeps
that to one for each crash.
"""

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import CursorResult, and_, case, func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.addresses import moved
from monitor.alerts.current import fingerprint
from monitor.alerts.keeping_up import Editing
from monitor.alerts.outcomes import leave_channels, reroute_overdue, settle
from monitor.alerts.outgoing import WAITING, Channel, Outcome, Outgoing, Result
from monitor.alerts.rereading import Finder, People, read_again
from monitor.clock import Clock
from monitor.store.tables import Attempt, Message, MessageNotice, Notice

_LEADERS = 200  # a message of more dossiers than that is never called a repeat
LEASE = timedelta(minutes=10)  # more than twice the longest try of any channel

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SendCount:
    """What one round did, in messages. `maybe_repeats` of those sent may have arrived before."""

    sent: int = 0
    not_sent: int = 0
    flood: int = 0
    unknown: int = 0
    refused: int = 0
    cancelled: int = 0
    maybe_repeats: int = 0
    rerouted: int = 0


@dataclass(frozen=True, slots=True)
class _Claim:
    """A message that is ours until the lease ends; nothing `outgoing` = all it told of was settled meanwhile."""

    id: int
    token: str
    attempt: int
    outgoing: Outgoing | None


def send_pending(
    sessions: sessionmaker[Session],
    channels: Mapping[str, Channel],
    *,
    clock: Clock,
    people: People | None = None,
    limit: int = 500,
    stopping: Callable[[], bool] = lambda: False,
) -> SendCount:
    """Tries up to `limit` messages whose time has come, urgent ones first. Never raises for what a peer does.

    With `people` each goes only to who still holds the post. A channel that is down or asks for silence is left alone
    for the rest of the round. Once `stopping` says so nothing more is claimed.
    """
    counts: dict[str, int] = {}
    enabled = tuple(channels)
    finder = Finder(people, enabled) if people is not None else None
    with sessions.begin() as session:
        _add(counts, "rerouted", leave_channels(session, clock.now(), enabled))
        due = _due(session, clock.now(), enabled, limit)
    down: set[str] = set()
    skipped: list[int] = []
    for message_id, channel in due:
        if stopping():
            break
        if channel in down:
            skipped.append(message_id)
            continue
        claim = _claim(sessions, message_id, finder, clock.now())
        if claim is None:
            continue
        if claim.outgoing is None:
            _add(counts, "cancelled")
            continue
        outcome = _send(channels[channel], claim.outgoing)
        if outcome.channel_down or (outcome.result is Result.FLOOD and not outcome.one_address):
            down.add(channel)
        if finder is not None and outcome.dead_address:
            finder.forget()
        _add(counts, outcome.result.value)
        if outcome.result is Result.SENT and claim.outgoing.maybe_repeat:
            _add(counts, "maybe_repeats")
        shown = fingerprint(claim.outgoing.view["lines"]) if isinstance(channels[channel], Editing) else ""
        _add(counts, "rerouted", _record(sessions, claim, outcome, clock.now(), enabled, shown))
    for start in range(0, len(skipped), 500):
        with sessions.begin() as session:
            overdue = reroute_overdue(session, skipped[start : start + 500], clock.now(), enabled)
        _add(counts, "rerouted", overdue)
    return SendCount(**counts)


def release_leases(session: Session, now: datetime) -> int:
    """For the start of the only process: what a dead one left in "sending" may have arrived. Returns how many.

    The caller commits.
    """
    return _release(session, now, Message.state == "sending")


def _release(session: Session, now: datetime, which: Any) -> int:
    ids = list(session.scalars(select(Message.id).where(which)))
    for start in range(0, len(ids), 500):
        batch = ids[start : start + 500]
        session.execute(
            update(Attempt)
            .where(Attempt.message_id.in_(batch), Attempt.ended_at.is_(None))
            .values(ended_at=now, outcome=Result.UNKNOWN.value, detail="tiến trình dừng khi đang gửi")
        )
        session.execute(
            update(Message)
            .where(Message.id.in_(batch))
            .values(
                state="unknown",
                maybe_repeat=True,
                lease_token="",
                lease_until_at=None,
                not_before_at=now,
                last_error="tiến trình dừng khi đang gửi",
            )
        )
    return len(ids)


def _due(session: Session, now: datetime, channels: Collection[str], limit: int) -> Sequence[tuple[int, str]]:
    """(id, channel) of what may be tried now: urgent first; then everyone's first message before anyone's second, so
    that nobody waits behind another's hundred; fresh ones before those that failed already."""
    ready = and_(Message.state.in_(WAITING), Message.not_before_at <= now, Message.channel.in_(channels))
    rank = case((Message.severity == "urgent", 0), (Message.severity == "high", 1), else_=2)
    _release(session, now, and_(Message.state == "sending", Message.lease_until_at < now))
    order = (Message.attempts, Message.not_before_at, Message.id)
    turn = func.row_number().over(partition_by=(Message.person, rank), order_by=order)
    rows = session.execute(select(Message.id, Message.channel).where(ready).order_by(rank, turn, *order).limit(limit))
    return [(message_id, channel) for message_id, channel in rows]


def _claim(sessions: sessionmaker[Session], message_id: int, finder: Finder | None, now: datetime) -> _Claim | None:
    token = secrets.token_hex(16)
    with sessions.begin() as session:
        taken = session.execute(
            update(Message)
            .where(Message.id == message_id, Message.state.in_(WAITING), Message.not_before_at <= now)
            .values(
                state="sending",
                lease_token=token,
                lease_until_at=now + LEASE,
                attempts=Message.attempts + 1,
            )
        )
        if cast("CursorResult[Any]", taken).rowcount != 1:
            return None
        message = session.get_one(Message, message_id)
        left = read_again(session, message, finder, now)
        if left.over:
            message.state, message.lease_token, message.lease_until_at = "cancelled", "", None
            message.last_error = left.over
            return _Claim(message_id, token, 0, None)
        session.execute(insert(Attempt).values(message_id=message_id, number=message.attempts, began_at=now))
        times, reply_to = _told_before(session, message, left.view["lines"])
        outgoing = Outgoing(
            key=message.key,
            address=moved(session, message.channel, message.address),
            view=left.view,
            at=now,
            maybe_repeat=message.maybe_repeat,
            parts_sent=int(message.payload.get("parts_sent", 0)),
            id=message_id,
            times=times,
            reply_to=reply_to,
        )
        return _Claim(message_id, token, message.attempts, outgoing)


def _told_before(session: Session, message: Message, lines: Sequence[Mapping[str, Any]]) -> tuple[int, str]:
    """(how often the person will have been told of what leads this message, the first message there about it).

    What leads is the worst line; a message that tells of anything for the first time is no repeat.
    """
    dossiers = {line["dossier_id"] for line in lines if line["dossier_id"] is not None}
    if not dossiers or len(dossiers) < len(lines):
        return 1, ""
    asked = (
        select(Notice.dossier_id, Message.id, Message.channel, Message.address, Message.receipt)
        .join(MessageNotice, MessageNotice.message_id == Message.id)
        .join(Notice, Notice.id == MessageNotice.notice_id)
        .where(Notice.dossier_id.in_(list(dossiers)[:_LEADERS]), Message.person == message.person)
        .where(Message.state == "sent", Message.id != message.id)
        .order_by(Message.id)
        .distinct()
    )
    rows = session.execute(asked).all()
    leader = [row for row in rows if row.dossier_id == lines[0]["dossier_id"]]
    here = (row.receipt for row in leader if (row.channel, row.address) == (message.channel, message.address))
    is_repeat = len(dossiers) <= _LEADERS and dossiers == {row.dossier_id for row in rows}
    return len(leader) + 1 if is_repeat else 1, next(here, "")


def _send(channel: Channel, outgoing: Outgoing) -> Outcome:
    try:
        return channel.send(outgoing)
    except Exception as error:  # a fault of ours: it must not stop the other messages, nor be taken for delivered
        log.error("alert_channel_failed", channel=channel.name, message=outgoing.key, error=type(error).__name__)
        return Outcome(Result.UNKNOWN, detail=f"lỗi chương trình: {type(error).__name__}")


def _record(
    sessions: sessionmaker[Session],
    claim: _Claim,
    outcome: Outcome,
    now: datetime,
    channels: Collection[str],
    shown: str = "",
) -> int:
    """Writes the outcome down. Returns how many messages go on by another channel because of it."""
    with sessions.begin() as session:
        session.execute(
            update(Attempt)
            .where(Attempt.message_id == claim.id, Attempt.number == claim.attempt, Attempt.ended_at.is_(None))
            .values(ended_at=now, outcome=outcome.result.value, detail=outcome.detail[:500])
        )
        ours = and_(Message.id == claim.id, Message.lease_token == claim.token, Message.state == "sending")
        message = session.scalars(select(Message).where(ours).with_for_update()).one_or_none()
        if message is None:  # the lease ran out and another took over: its word counts
            log.warning("alert_lease_lost", message=claim.id)
            return 0
        if outcome.result is Result.SENT and shown:
            message.shown, message.shown_at = shown, now
        return settle(session, message, outcome, now, channels)


def _add(counts: dict[str, int], name: str, by: int = 1) -> None:
    counts[name] = counts.get(name, 0) + by
