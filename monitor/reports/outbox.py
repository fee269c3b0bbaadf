"""The outbox as its keeper sees it: what waits, since when, what went wrong. Texts and citizens stay out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.store.tables import Attempt, Message

WAITING = ("pending", "sending", "unknown")
TROUBLED = (*WAITING, "failed")


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One message. `address` is an official's; `last_error` the channel's own word."""

    message_id: int
    person: str
    channel: str
    address: str
    severity: str
    state: str
    made_at: datetime
    not_before_at: datetime
    attempts: int
    maybe_repeat: bool
    last_error: str


@dataclass(frozen=True, slots=True)
class OutboxFigures:
    """`oldest_s`: seconds since the oldest waiting message was allowed to go; 0 where none waits."""

    by_state: dict[str, int]
    attempts_by_outcome: dict[str, int]
    oldest_s: int
    maybe_repeats: int


def outbox_rows(
    session: Session, *, states: Sequence[str] = TROUBLED, limit: int = 100, offset: int = 0
) -> list[OutboxRow]:
    """Messages in these states, the oldest first."""
    query = (
        select(
            Message.id,
            Message.person,
            Message.channel,
            Message.address,
            Message.severity,
            Message.state,
            Message.made_at,
            Message.not_before_at,
            Message.attempts,
            Message.maybe_repeat,
            Message.last_error,
        )
        .where(Message.state.in_(states))
        .order_by(Message.not_before_at, Message.id)
    )
    return [OutboxRow(*row) for row in session.execute(query.limit(limit).offset(offset))]


def outbox_figures(session: Session, *, now: datetime) -> OutboxFigures:
    """Four grouped queries, whatever the number of messages."""
    states = session.execute(select(Message.state, func.count()).group_by(Message.state)).all()
    outcomes = session.execute(select(Attempt.outcome, func.count()).group_by(Attempt.outcome)).all()
    oldest = session.scalar(
        select(func.min(Message.not_before_at)).where(Message.state.in_(WAITING), Message.not_before_at <= now)
    )
    repeats = session.scalar(select(func.count()).where(Message.maybe_repeat.is_(True))) or 0
    return OutboxFigures(
        by_state={row[0]: row[1] for row in states},
        attempts_by_outcome={row[0] or "open": row[1] for row in outcomes},
        oldest_s=0 if oldest is None else max(0, int((now - oldest).total_seconds())),
        maybe_repeats=repeats,
    )
