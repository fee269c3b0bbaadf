"""What becomes of a message after a try: sent, tried again later, sent another way, or given up with a reason.

Every function works in the caller's transaction.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.orm import Session

from monitor.alerts.addresses import park, parked, remember_move
from monitor.alerts.outgoing import WAITING, Outcome, Result
from monitor.alerts.passed_up import passed_up_key
from monitor.alerts.recipients import ROLE_UP
from monitor.store.tables import Attempt, Message, MessageNotice, Notice
from monitor.store.writing import in_batches, insert_new, update_many

_FIRST_WAIT_S = 15.0
_LONGEST_WAIT_S = 900.0
_PATIENCE = timedelta(minutes=8)  # a channel that failed this long is left for the person's next one
_LOST_ANSWERS_BEFORE_GIVING_UP = 4
_LAST_PATIENCE = timedelta(minutes=30)  # with no other channel: the role above hears of it too, and the tries go on
_SHORTEST_SILENCE_S = 1.0
_KEY_LENGTH = 200
_AT_ONCE = 500
_COPIED = (
    *("dossier_id", "source", "promise_number", "rung", "agency_code", "severity", "occasion", "channels", "repeat"),
    "rung_at",
)
FIRST_QUESTION = timedelta(minutes=1)  # whether it arrived, of a gateway that says so
_SILENCE_TOO_LONG_S = 900.0  # a peer that asks for more is left for the next channel at once


def settle(session: Session, message: Message, outcome: Outcome, now: datetime, channels: Collection[str]) -> int:
    """Applies an outcome to a message whose attempt is recorded. Returns how many messages went to another channel."""
    message.lease_token, message.lease_until_at = "", None
    message.last_error = outcome.detail[:500]
    if outcome.new_address:
        remember_move(session, message.channel, message.address, outcome.new_address, now)
        message.address = outcome.new_address
    if outcome.result is Result.SENT:
        message.state, message.sent_at, message.receipt = "sent", now, outcome.receipt[:200]
        if outcome.confirm_within_s is not None:
            message.confirm_by_at = now + timedelta(seconds=outcome.confirm_within_s)
            message.not_before_at = now + FIRST_QUESTION
        _mark_told(session, message.id, now)
        return 0
    if outcome.parts_sent > int(message.payload.get("parts_sent", 0)):
        message.payload = {**message.payload, "parts_sent": outcome.parts_sent}
    if outcome.result is Result.FLOOD:
        return _wait_for_silence(session, message, outcome, now, channels)
    unknown = outcome.result is Result.UNKNOWN
    message.maybe_repeat = message.maybe_repeat or unknown
    message.state = "unknown" if unknown else "pending"
    message.not_before_at = now + timedelta(seconds=_wait_s(_tries(session, message.id)))
    session.flush()
    if outcome.dead_address:
        park(session, message.channel, message.address, outcome.detail, now)
    give_up = outcome.result is Result.REFUSED or (unknown and _lost_answers(session, message.id))
    if give_up:
        return _another_way(session, message, now, channels)
    waited = now - message.made_at
    rerouted = reroute(session, [message], now, channels) if waited >= _PATIENCE else 0
    if not rerouted and waited >= _LAST_PATIENCE:
        pass_up(session, message, now)
    return rerouted


def give_up(session: Session, message: Message, reason: str, now: datetime, channels: Collection[str]) -> int:
    """For what turns out undeliverable after it was taken (a bounce, a gateway's word): another channel of the person,
    else the next who answers. Its notices count as not told. Returns how many messages went to another channel."""
    message.state, message.last_error, message.confirm_by_at = "pending", reason[:500], None
    told_elsewhere = _told_by_others(message.id)
    session.execute(
        update(Notice)
        .where(Notice.id.in_(_notices_of(message.id)), Notice.id.not_in(told_elsewhere), Notice.state == "told")
        .values(state="planned", closed_at=None)
    )
    session.flush()
    return _another_way(session, message, now, channels)


def leave_channels(session: Session, now: datetime, channels: Collection[str]) -> int:
    """What waits on a channel that is no longer switched on goes another way, some at a time. With no channel at all it
    waits: somebody is changing the settings. Returns how many messages went to another channel."""
    if not channels:
        return 0
    left = and_(Message.state.in_(WAITING), Message.channel.not_in(channels))
    rerouted = 0
    for message in session.scalars(select(Message).where(left).order_by(Message.id).limit(_AT_ONCE)).all():
        message.last_error = f"kênh {message.channel} đã tắt"
        rerouted += _another_way(session, message, now, channels)
    return rerouted


def _another_way(session: Session, message: Message, now: datetime, channels: Collection[str]) -> int:
    """Next channel, then the next who answers for the matter; then it is unreachable and says why."""
    rerouted = reroute(session, [message], now, channels)
    if not rerouted:
        message.state = "failed"
        session.flush()
        pass_up(session, message, now)
        _mark_unreachable(session, message, now)
    return rerouted


def pass_up(session: Session, message: Message, now: datetime) -> int:
    """Owes the message's notices, which nobody heard yet, to the role above as well. Returns how many (each once)."""
    unheard = and_(Notice.id.in_(_notices_of(message.id)), Notice.state == "planned")
    unheard = and_(unheard, Notice.id.not_in(_told_by_others(message.id)))
    rows = []
    for notice in session.scalars(select(Notice).where(unheard).order_by(Notice.id)):
        role = ROLE_UP.get(notice.role)
        if role is None or len(key := passed_up_key(notice, role)) > _KEY_LENGTH:
            continue
        copied = {name: getattr(notice, name) for name in _COPIED}
        reason = f"báo thay cho {notice.role}: {message.last_error}"[:500]
        rows.append({**copied, "role": role, "key": key, "owed_at": now, "state": "owed", "reason": reason})
    insert_new(session, Notice, rows)
    for some in in_batches(rows):
        keys = [row["key"] for row in some]
        asked = select(Notice.key).where(Notice.key.in_(keys), Notice.state == "cancelled")
        over = set(session.scalars(asked))  # with a matter that stood still or was answered, and runs again
        update_many(session, Notice, [{**row, "closed_at": None} for row in some if row["key"] in over], key="key")
    return len(rows)


def reroute_overdue(session: Session, ids: Collection[int], now: datetime, channels: Collection[str]) -> int:
    """Of messages whose channel is down: those that waited too long go to their person's next channel."""
    overdue = and_(Message.id.in_(ids), Message.state.in_(WAITING), Message.made_at <= now - _PATIENCE)
    return reroute(session, session.scalars(select(Message).where(overdue)).all(), now, channels)


def reroute(session: Session, messages: Sequence[Message], now: datetime, channels: Collection[str]) -> int:
    """Gives each message that has one its person's next enabled channel: a new message with the same notices.

    The old one is "failed", its reason kept. Returns how many had another way.
    """
    rows: dict[int, dict[str, Any]] = {}
    closed = parked(session)
    for message in messages:
        ways = [way for way in message.payload["others"] if way[0] in channels and tuple(way) not in closed]
        if ways:
            rows[message.id] = _onward(message, ways, now)
    if not rows:
        return 0
    ids = session.scalars(insert(Message).returning(Message.id, sort_by_parameter_order=True), list(rows.values()))
    new_id = dict(zip(rows, ids, strict=True))
    asked = select(MessageNotice.message_id, MessageNotice.notice_id).where(
        MessageNotice.message_id.in_(rows), MessageNotice.withdrawn_at.is_(None)
    )
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


def _tries(session: Session, message_id: int) -> int:
    """Tries that count for the growing pause: a flood wait is no failure of the message."""
    asked = select(func.count()).where(Attempt.message_id == message_id, Attempt.outcome != Result.FLOOD.value)
    return session.scalars(asked).one()


def _wait_for_silence(
    session: Session, message: Message, outcome: Outcome, now: datetime, channels: Collection[str]
) -> int:
    """The peer asked for silence: nothing there until then, also after a restart. Far too long: by another channel."""
    silence_s = max(outcome.retry_after_s or 0.0, _SHORTEST_SILENCE_S)
    until = now + timedelta(seconds=silence_s)
    message.state = "unknown" if message.maybe_repeat else "pending"
    message.not_before_at = until
    session.flush()
    waits = and_(Message.channel == message.channel, Message.state.in_(WAITING))
    if outcome.one_address:
        waits = and_(waits, Message.address == message.address)
    session.execute(update(Message).where(waits, Message.not_before_at < until).values(not_before_at=until))
    if silence_s <= _SILENCE_TOO_LONG_S:
        return 0
    rerouted, after = 0, 0
    while held := session.scalars(
        select(Message).where(waits, Message.id > after).order_by(Message.id).limit(500)
    ).all():
        after = held[-1].id
        rerouted += reroute(session, held, now, channels)
    return rerouted


def _notices_of(message_id: int) -> Any:
    return select(MessageNotice.notice_id).where(
        MessageNotice.message_id == message_id, MessageNotice.withdrawn_at.is_(None)
    )


def _mark_told(session: Session, message_id: int, now: datetime) -> None:
    session.execute(
        update(Notice)
        .where(Notice.id.in_(_notices_of(message_id)), Notice.state.in_(("planned", "unreachable")))
        .values(state="told", closed_at=now)
    )


def _told_by_others(message_id: int) -> Any:
    """Notices that another message has told or may still tell."""
    return (
        select(MessageNotice.notice_id)
        .join(Message, Message.id == MessageNotice.message_id)
        .where(Message.id != message_id, Message.state.in_((*WAITING, "sending", "sent")))
        .where(MessageNotice.withdrawn_at.is_(None))
    )


def _mark_unreachable(session: Session, message: Message, now: datetime) -> None:
    """Those of its notices that no other message has told or may still tell."""
    session.execute(
        update(Notice)
        .where(
            Notice.id.in_(_notices_of(message.id)),
            Notice.id.not_in(_told_by_others(message.id)),
            Notice.state == "planned",
        )
        .values(state="unreachable", reason=f"không gửi được: {message.last_error}", closed_at=now)
    )
