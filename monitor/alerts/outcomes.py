"""What becomes of a message after a try: sent, tried again later, sent another way, or given up with a reason.

Every function works in the caller's transaction.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.orm import Session

from monitor.alerts.outgoing import Outcome, Result
from monitor.store.tables import Attempt, Message, MessageNotice, Notice

WAITING = ("pending", "unknown")
_FIRST_WAIT_S = 15.0
_LONGEST_WAIT_S = 900.0
_PATIENCE = timedelta(minutes=8)  # a channel that failed this long is left for the person's next one
_LOST_ANSWERS_BEFORE_GIVING_UP = 4
_SILENCE_TOO_LONG_S = 900.0  # a peer that asks for more is left for the next channel at once


def settle(session: Session, message: Message, outcome: Outcome, now: datetime, channels: Collection[str]) -> int:
    """Applies an outcome to a message whose attempt is recorded. Returns how many messages went to another channel."""
    message.lease_token, message.lease_until_at = "", None
    message.last_error = outcome.detail[:500]
    message.address = outcome.new_address or message.address
    if outcome.result is Result.SENT:
        message.state, message.sent_at, message.receipt = "sent", now, outcome.receipt[:200]
        _mark_told(session, message.id, now)
        return 0
    if outcome.parts_sent > int(message.payload.get("parts_sent", 0)):
        message.payload = {**message.payload, "parts_sent": outcome.parts_sent}
    unknown = outcome.result is Result.UNKNOWN
    message.maybe_repeat = message.maybe_repeat or unknown
    message.state = "unknown" if unknown else "pending"
    silence_s = outcome.retry_after_s or 0.0
    message.not_before_at = now + timedelta(seconds=max(_wait_s(message.attempts), silence_s))
    session.flush()
    rerouted = _hold_channel(session, message.channel, silence_s, now, channels) if silence_s else 0
    give_up = outcome.result is Result.REFUSED or (unknown and _lost_answers(session, message.id))
    if message.state in WAITING and (give_up or now - message.made_at >= _PATIENCE):
        rerouted += reroute(session, [message], now, channels)
    if message.state in WAITING and give_up:
        message.state = "failed"
        session.flush()
        _mark_unreachable(session, message, now)
    return rerouted


def reroute_overdue(session: Session, ids: Collection[int], now: datetime, channels: Collection[str]) -> int:
    """Of messages whose channel is down: those that waited too long go to their person's next channel."""
    overdue = and_(Message.id.in_(ids), Message.state.in_(WAITING), Message.made_at <= now - _PATIENCE)
    return reroute(session, session.scalars(select(Message).where(overdue)).all(), now, channels)


def reroute(session: Session, messages: Sequence[Message], now: datetime, channels: Collection[str]) -> int:
    """Gives each message that has one its person's next enabled channel: a new message with the same notices.

    The old one is "failed", its reason kept. Returns how many had another way.
    """
    rows: dict[int, dict[str, Any]] = {}
    for message in messages:
        ways = [way for way in message.payload["others"] if way[0] in channels]
        if ways:
            rows[message.id] = _onward(message, ways, now)
    if not rows:
        return 0
    ids = session.scalars(insert(Message).returning(Message.id, sort_by_parameter_order=True), list(rows.values()))
    new_id = dict(zip(rows, ids, strict=True))
    asked = select(MessageNotice.message_id, MessageNotice.notice_id).where(MessageNotice.message_id.in_(rows))
    links = [{"message_id": new_id[old], "notice_id": notice} for old, notice in session.execute(asked)]
    session.execute(insert(MessageNotice), links)
    for message in messages:
        if message.id in rows:
            message.state = "failed"
            message.last_error = f"{message.last_error}; chuyển sang kênh {rows[message.id]['channel']}".lstrip("; ")
    session.flush()
    return len(rows)


def _onward(message: Message, ways: Sequence[Sequence[str]], now: datetime) -> dict[str, Any]:
    (channel, address), *rest = ways
    return {
        # each message goes on once, to one channel: derived from its own key, the new one is unique too
        "key": f"{message.key}:{channel}",
        "person": message.person,
        "channel": channel,
        "address": address,
        "payload": {**message.payload, "others": [list(way) for way in rest], "parts_sent": 0},
        "severity": message.severity,
        "state": "pending",
        "made_at": now,
        "not_before_at": now,
        "maybe_repeat": message.maybe_repeat,
    }


def _wait_s(attempts: int) -> float:
    return float(min(_FIRST_WAIT_S * 2 ** min(max(attempts - 1, 0), 10), _LONGEST_WAIT_S))


def _lost_answers(session: Session, message_id: int) -> bool:
    """Whether so many answers were lost that another try is more likely a nuisance than news."""
    asked = select(func.count()).where(Attempt.message_id == message_id, Attempt.outcome == Result.UNKNOWN.value)
    return session.scalars(asked).one() >= _LOST_ANSWERS_BEFORE_GIVING_UP


def _hold_channel(session: Session, channel: str, silence_s: float, now: datetime, channels: Collection[str]) -> int:
    """The peer asked for silence: nothing on this channel until then, also after a restart."""
    until = now + timedelta(seconds=silence_s)
    waits = and_(Message.channel == channel, Message.state.in_(WAITING))
    session.execute(update(Message).where(waits, Message.not_before_at < until).values(not_before_at=until))
    if silence_s <= _SILENCE_TOO_LONG_S:
        return 0
    return reroute(session, session.scalars(select(Message).where(waits).limit(500)).all(), now, channels)


def _notices_of(message_id: int) -> Any:
    return select(MessageNotice.notice_id).where(MessageNotice.message_id == message_id)


def _mark_told(session: Session, message_id: int, now: datetime) -> None:
    session.execute(
        update(Notice)
        .where(Notice.id.in_(_notices_of(message_id)), Notice.state.in_(("planned", "unreachable")))
        .values(state="told", closed_at=now)
    )


def _mark_unreachable(session: Session, message: Message, now: datetime) -> None:
    """Those of its notices that no other message has told or may still tell."""
    alive = (
        select(MessageNotice.notice_id)
        .join(Message, Message.id == MessageNotice.message_id)
        .where(Message.id != message.id, Message.state.in_((*WAITING, "sending", "sent")))
    )
    session.execute(
        update(Notice)
        .where(Notice.id.in_(_notices_of(message.id)), Notice.id.not_in(alive), Notice.state == "planned")
        .values(state="unreachable", reason=f"không gửi được: {message.last_error}", closed_at=now)
    )
