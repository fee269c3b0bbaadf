"""Addresses: those that take nothing any more are parked, groups that moved are followed, chats proven are used.

Every function works in the caller's transaction.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from monitor.store.tables import Link, MovedAddress, ParkedAddress
from monitor.store.writing import insert_new, rows_of, table_of

Way = tuple[str, str]  # (channel, address)
_P, _L = table_of(ParkedAddress).c, table_of(Link).c
_PARKED = select(_P.channel, _P.address, _P.reason).where(_P.lifted_at.is_(None)).order_by(_P.id)
_LINKED = (
    select(_L.person, _L.address)
    .where(_L.confirmed_at.is_not(None), _L.ended_at.is_(None))
    .order_by(_L.confirmed_at, _L.id)
)


def park(session: Session, channel: str, address: str, reason: str, now: datetime) -> bool:
    """No message goes to this address until somebody lifts it. False where it was parked already."""
    here = and_(ParkedAddress.channel == channel, ParkedAddress.address == address, ParkedAddress.lifted_at.is_(None))
    if session.scalars(select(ParkedAddress.id).where(here).limit(1)).one_or_none() is not None:
        return False
    session.add(ParkedAddress(channel=channel, address=address, reason=reason[:500], parked_at=now))
    session.flush()
    return True


def lift(session: Session, channel: str, address: str, by: str, now: datetime) -> int:
    """Lets messages go to this address again. Returns how many entries were ended."""
    here = and_(ParkedAddress.channel == channel, ParkedAddress.address == address, ParkedAddress.lifted_at.is_(None))
    ids = list(session.scalars(select(ParkedAddress.id).where(here)))
    session.execute(update(ParkedAddress).where(ParkedAddress.id.in_(ids)).values(lifted_at=now, lifted_by=by))
    return len(ids)


def parked(session: Session) -> dict[Way, str]:
    """Every address that takes nothing now, with the reason."""
    session.flush()  # one may be parked in this very transaction
    return {(channel, address): reason for channel, address, reason in rows_of(session, _PARKED)}


def linked(session: Session) -> dict[str, str]:
    """The confirmed chat of each person, by the person's code; the newest counts."""
    session.flush()
    return {row.person: row.address for row in rows_of(session, _LINKED)}


def moved(session: Session, channel: str, address: str) -> str:
    """Where this address is now: itself, or where its group moved."""
    seen = {address}
    while True:
        asked = select(MovedAddress.new).where(MovedAddress.channel == channel, MovedAddress.old == address)
        new = session.scalars(asked).one_or_none()
        if new is None or new in seen:
            return address
        address = new
        seen.add(new)


def remember_move(session: Session, channel: str, old: str, new: str, now: datetime) -> None:
    """A group has a new id."""
    if old != new:
        insert_new(session, MovedAddress, [{"channel": channel, "old": old, "new": new, "moved_at": now}])


def usable(ways: Collection[Way], closed: Collection[Way]) -> list[Way]:
    """The ways that are not parked, in their order."""
    return [way for way in ways if way not in closed]
