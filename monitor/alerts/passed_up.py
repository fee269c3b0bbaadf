"""A matter that was passed up, to somebody who has a message about it waiting: it joins that message.

Where posts are vacant one official stands in for several. While a channel is down the same news would otherwise be
passed from post to post and reach that official once for each.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.alerts.outgoing import WAITING
from monitor.store.tables import Message, MessageNotice, Notice
from monitor.store.writing import in_batches, insert_new

UP = "^"  # between a notice's key and the role it was passed up to


class Waiting(NamedTuple):
    """A message that still has to go, and which of its notices the news was passed up from."""

    message_id: int
    notice_id: int


def passed_up_key(notice: Notice, role: str) -> str:
    """The key of what is owed to `role` because whom `notice` is for cannot be reached."""
    return f"{notice.key}{UP}{role}"


def waiting_about(session: Session, notices: Iterable[Notice]) -> Mapping[tuple[int, str], Waiting]:
    """By (notice, person): the message that waits to tell this person of what the notice was passed up from."""
    below = {notice.id: _keys_below(notice) for notice in notices if UP in notice.key}
    found: dict[str, list[tuple[str, Waiting]]] = {}
    for batch in in_batches(sorted({key for keys in below.values() for key in keys})):
        asked = (
            select(Notice.key, Notice.id, Message.id, Message.person)
            .join(MessageNotice, MessageNotice.notice_id == Notice.id)
            .join(Message, Message.id == MessageNotice.message_id)
            .where(Notice.key.in_(batch), MessageNotice.withdrawn_at.is_(None), Message.state.in_(WAITING))
            .with_for_update(of=Message)  # not one that is being sent
        )
        for key, notice_id, message_id, person in session.execute(asked):
            found.setdefault(key, []).append((person, Waiting(message_id, notice_id)))
    return {
        (notice_id, person): waiting
        for notice_id, keys in below.items()
        for key in keys
        for person, waiting in found.get(key, ())
    }


def join(session: Session, joining: Sequence[tuple[int, Waiting]]) -> None:
    """Each notice becomes one more that its waiting message tells, in the line that is there already."""
    if not joining:
        return
    insert_new(session, MessageNotice, [{"message_id": at.message_id, "notice_id": n} for n, at in joining])
    ids = {at.message_id for _, at in joining}
    for message in session.scalars(select(Message).where(Message.id.in_(ids))):
        here = [(n, at.notice_id) for n, at in joining if at.message_id == message.id]
        # one that was taken from it meanwhile, for somebody who held the post for a while, comes back
        again = (MessageNotice.message_id == message.id, MessageNotice.notice_id.in_([n for n, _ in here]))
        session.execute(update(MessageNotice).where(*again).values(withdrawn_at=None))
        lines = [{**line, "notices": _with(line["notices"], here)} for line in message.payload["lines"]]
        message.payload = {**message.payload, "lines": lines}


def _keys_below(notice: Notice) -> list[str]:
    parts = notice.key.split(UP)
    return [UP.join(parts[:number]) for number in range(1, len(parts))]


def _with(told: Collection[int], joining: Iterable[tuple[int, int]]) -> list[int]:
    return [*told, *(notice for notice, below in joining if below in told and notice not in told)]
