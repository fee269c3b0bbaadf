"""Keeps messages that were sent in step with what became of the matter: the one on the leader's phone is edited.

Only messages whose dossiers were judged or answered since they were last written are looked at. An edit that is lost
is done again: it says the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session, sessionmaker

from monitor.alerts.addresses import moved, park
from monitor.alerts.current import Office, fingerprint, lines_now
from monitor.alerts.lines import moment_text
from monitor.alerts.outgoing import Channel, Outcome, Outgoing, Result
from monitor.clock import Clock
from monitor.store.tables import Acknowledgement, Dossier, Message, MessageNotice, Notice

FOLLOWED = timedelta(days=30)  # nobody scrolls back further
_AT_ONCE = 30  # a pass leaves the peer's patience to new messages
_OVER = ""


@runtime_checkable
class Editing(Protocol):
    """A channel whose messages can be changed after they were sent."""

    def edit(self, message: Outgoing, receipt: str) -> Outcome: ...


@dataclass(frozen=True, slots=True)
class _Shown:
    id: int
    channel: str
    address: str
    receipt: str
    shown: str
    outgoing: Outgoing


def keep_up(
    sessions: sessionmaker[Session],
    channels: Mapping[str, Channel],
    office: Office,
    clock: Clock,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> int:
    """Edits up to `_AT_ONCE` sent messages that no longer say how things stand. Returns how many were edited."""
    editing = {name: channel for name, channel in channels.items() if isinstance(channel, Editing)}
    edited = 0
    for message in _overtaken(sessions, editing, office, clock.now()):
        if stopping():
            break
        outcome = editing[message.channel].edit(message.outgoing, message.receipt)
        _record(sessions, message, outcome, clock.now())
        if outcome.result is Result.SENT:
            edited += 1
        elif outcome.channel_down or outcome.result is Result.FLOOD:
            break  # later: what stands there is only older, not wrong
    return edited


def now_shown(session: Session, message: Message, office: Office, now: datetime) -> dict[str, Any]:
    """The payload of a sent message as it stands now."""
    ids = session.scalars(select(MessageNotice.notice_id).where(MessageNotice.message_id == message.id)).all()
    updated = moment_text(office.calendar.local(now))
    return {**message.payload, "lines": lines_now(session, ids, office, now), "updated": updated}


def _overtaken(
    sessions: sessionmaker[Session], editing: Mapping[str, object], office: Office, now: datetime
) -> list[_Shown]:
    changed = or_(
        Dossier.judged_at > Message.shown_at,
        select(Acknowledgement.id)
        .where(
            Acknowledgement.dossier_id == Dossier.id,
            or_(Acknowledgement.made_at > Message.shown_at, Acknowledgement.ended_at > Message.shown_at),
        )
        .correlate(Dossier, Message)  # this very message, not any that was ever shown
        .exists(),
    )
    tells_of_one = (
        select(MessageNotice.message_id)
        .join(Notice, Notice.id == MessageNotice.notice_id)
        .join(Dossier, Dossier.id == Notice.dossier_id)
        .where(MessageNotice.message_id == Message.id, changed)
        .exists()
    )
    asked = (
        select(Message)
        .where(Message.shown > _OVER, Message.channel.in_(editing), tells_of_one)
        .order_by(Message.shown_at, Message.id)
        .limit(_AT_ONCE)
    )
    found: list[_Shown] = []
    with sessions.begin() as session:
        ended = and_(Message.shown > _OVER, Message.sent_at < now - FOLLOWED)
        session.execute(update(Message).where(ended).values(shown=_OVER))
        for message in session.scalars(asked).all():
            view = now_shown(session, message, office, now)
            if fingerprint(view["lines"]) == message.shown:
                message.shown_at = now  # judged again, and all is as it was
                continue
            address = moved(session, message.channel, message.address)
            outgoing = Outgoing(message.key, address, view, now, id=message.id)
            found.append(_Shown(message.id, message.channel, address, message.receipt, message.shown, outgoing))
    return found


def _record(sessions: sessionmaker[Session], message: _Shown, outcome: Outcome, now: datetime) -> None:
    lines = message.outgoing.view["lines"]
    done = all(line["section"] == "done" for line in lines)
    with sessions.begin() as session:
        if outcome.dead_address:
            park(session, message.channel, message.address, outcome.detail, now)
        if outcome.result is Result.SENT:
            values: dict[str, Any] = {"shown": _OVER if done else fingerprint(lines), "shown_at": now}
            if outcome.receipt and outcome.receipt not in message.receipt.split(","):
                values["receipt"] = outcome.receipt  # it could not be edited and was told anew: that one is kept up now
        elif outcome.result is Result.REFUSED:
            values = {"shown": _OVER}
        else:
            return
        session.execute(update(Message).where(Message.id == message.id).values(values))
