"""Asks gateways whether what they took has arrived; what is not confirmed in time goes another way.

A gateway's "accepted" only says that it will try. Where it declares an address at which it tells the end of it, a
message stays to be confirmed: sent, its notices told, and asked about until it arrived, failed, or its time is over.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.outcomes import give_up
from monitor.alerts.outgoing import Channel, Delivery
from monitor.clock import Clock
from monitor.store.tables import Message

_EVERY = timedelta(minutes=1)
_EVER = datetime(1970, 1, 1, tzinfo=UTC)  # a range, which an index finds; "is not null" would read every message
_AT_ONCE = 50  # a pass leaves the gateway's patience to new messages
_FAILED = "cổng tin nhắn báo không đến được máy"
_NOT_IN_TIME = "quá thời hạn mà chưa được xác nhận đã đến máy"


@runtime_checkable
class Confirming(Protocol):
    """A channel that can be asked what became of a message it took."""

    def delivery(self, key: str, receipt: str, at: datetime) -> Delivery | None:
        """What it says; None where it could not be asked."""


@dataclass(frozen=True, slots=True)
class _Asked:
    id: int
    channel: str
    key: str
    receipt: str


def confirm(
    sessions: sessionmaker[Session],
    channels: Mapping[str, Channel],
    clock: Clock,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Asks about up to `_AT_ONCE` messages whose turn it is. Returns how many go another way because of it.

    A channel that was switched off can't be asked: its messages wait for their time to be over.
    """
    asking = {name: channel for name, channel in channels.items() if isinstance(channel, Confirming)}
    rerouted = 0
    silent: set[str] = set()
    for asked in _due(sessions, clock.now()):
        if stopping():
            break
        known: Delivery | None = Delivery.OPEN
        if asked.channel in asking and asked.channel not in silent:
            known = asking[asked.channel].delivery(asked.key, asked.receipt, clock.now())
            if known is None:
                silent.add(asked.channel)  # the next one would wait for nothing as well
        rerouted += _record(sessions, asked.id, known or Delivery.OPEN, clock.now(), tuple(channels))
    return rerouted


def _due(sessions: sessionmaker[Session], now: datetime) -> list[_Asked]:
    asked = (
        select(Message.id, Message.channel, Message.key, Message.receipt)
        .where(Message.confirm_by_at > _EVER, Message.not_before_at <= now)
        .order_by(Message.confirm_by_at, Message.id)
        .limit(_AT_ONCE)
    )
    with sessions() as session:
        return [_Asked(*row) for row in session.execute(asked)]


def _record(
    sessions: sessionmaker[Session], message_id: int, known: Delivery, now: datetime, channels: Collection[str]
) -> int:
    with sessions.begin() as session:
        still = (Message.id == message_id, Message.state == "sent", Message.confirm_by_at.is_not(None))
        message = session.scalars(select(Message).where(*still).with_for_update()).one_or_none()
        if message is None or message.confirm_by_at is None:
            return 0
        if known is Delivery.DELIVERED:
            message.confirm_by_at, message.delivered_at = None, now
            return 0
        if known is Delivery.FAILED:
            return give_up(session, message, _FAILED, now, channels)
        if now < message.confirm_by_at:
            message.not_before_at = min(now + _EVERY, message.confirm_by_at)
            return 0
        message.maybe_repeat = True  # it may still have arrived: the next channel's message says so
        return give_up(session, message, _NOT_IN_TIME, now, channels)
