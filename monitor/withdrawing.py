"""Taking back what is owed and not yet sent: notices, their lines in messages, and messages left without a line.

In the caller's transaction, so that closing a matter and taking back its alerts are one step; sending reads it again
at the moment of claiming.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from monitor.store.tables import Message, MessageNotice, Notice
from monitor.store.writing import in_batches

_WAITING = ("pending", "unknown")
_OPEN = ("owed", "held", "planned")


def withdraw(session: Session, notice_ids: Collection[int], reason: str, now: datetime) -> int:
    """Cancels these notices where they are open, and their lines in messages that were not sent. Returns how many
    messages nothing is left of."""
    emptied = 0
    for batch in in_batches(sorted(notice_ids)):
        session.execute(
            update(Notice)
            .where(Notice.id.in_(batch), Notice.state.in_(_OPEN))
            .values(state="cancelled", reason=reason, closed_at=now)
        )
        emptied += _take_lines(session, MessageNotice.notice_id.in_(batch), reason, now)
    return emptied


def withdraw_where(session: Session, which: Any, reason: str, now: datetime) -> int:
    """The same for every notice of a condition on `Notice`, those told to some and still on their way to others too."""
    touched = select(Notice.id).where(which, Notice.state.in_((*_OPEN, "told")))
    return withdraw(session, list(session.scalars(touched)), reason, now)


def _take_lines(session: Session, which: Any, reason: str, now: datetime) -> int:
    lines = (
        select(MessageNotice.message_id, MessageNotice.notice_id)
        .join(Message, Message.id == MessageNotice.message_id)
        .where(which, MessageNotice.withdrawn_at.is_(None), Message.state.in_(_WAITING))
    )
    found = session.execute(lines).all()
    emptied = 0
    for message_ids in in_batches(sorted({message_id for message_id, _ in found})):
        notice_ids = sorted({notice_id for message_id, notice_id in found if message_id in set(message_ids)})
        session.execute(
            update(MessageNotice)
            .where(MessageNotice.message_id.in_(message_ids), MessageNotice.notice_id.in_(notice_ids))
            .values(withdrawn_at=now)
        )
        live = select(MessageNotice.message_id).where(
            and_(MessageNotice.message_id.in_(message_ids), MessageNotice.withdrawn_at.is_(None))
        )
        empty = set(message_ids) - set(session.scalars(live))
        session.execute(
            update(Message)
            .where(Message.id.in_(sorted(empty)), Message.state.in_(_WAITING))
            .values(state="cancelled", last_error=reason)
        )
        emptied += len(empty)
    return emptied
