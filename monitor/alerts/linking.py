"""Ties a chat to a person: a one-time code that the person brings to the bot, and a confirmation by somebody signed in.

The code has 128 bits, holds for ten minutes, and works once. The chat's claim is worth nothing until it is confirmed
by whoever sees the name under which the chat wrote. Every function works in the caller's transaction.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from monitor.alerts.addresses import lift
from monitor.people import Directory
from monitor.store import audit
from monitor.store.tables import Link

CODE_HOLDS = timedelta(minutes=10)
CLAIM_HOLDS = timedelta(days=1)  # a claim nobody confirms
_CODE_BYTES = 16


class Refused(StrEnum):
    """Why a code does nothing."""

    UNKNOWN = "unknown"
    USED = "used"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Claim:
    """A chat that brought a person's code and waits to be confirmed."""

    id: int
    person: str
    shown_name: str
    claimed_at: datetime


def make_code(session: Session, person: str, by: str, now: datetime) -> str:
    """A code for this person to bring to the bot; it is shown once and kept as a hash only."""
    code = secrets.token_urlsafe(_CODE_BYTES)
    session.add(
        Link(
            person=person,
            channel="telegram",
            code_hash=_hash(code),
            made_by=by,
            made_at=now,
            expires_at=now + CODE_HOLDS,
        )
    )
    audit.append(session, at=now, actor=by, action="link.code", subject=f"person:{person}", detail={})
    return code


def bring_code(session: Session, code: str, address: str, shown_name: str, now: datetime) -> Claim | Refused:
    """A private chat brings a code. Afterwards the code is used, whoever brought it."""
    link = session.scalars(select(Link).where(Link.code_hash == _hash(code)).with_for_update()).one_or_none()
    if link is None:
        return Refused.UNKNOWN
    if link.claimed_at is not None or link.ended_at is not None:
        return Refused.USED
    if now >= link.expires_at:
        return Refused.EXPIRED
    link.address, link.shown_name, link.claimed_at = address, shown_name[:200], now
    session.flush()
    return Claim(link.id, link.person, link.shown_name, now)


def claims(session: Session, now: datetime) -> list[Claim]:
    """Chats that wait to be confirmed, oldest first."""
    waiting = select(Link).where(
        Link.claimed_at > now - CLAIM_HOLDS, Link.confirmed_at.is_(None), Link.ended_at.is_(None)
    )
    found = session.scalars(waiting.order_by(Link.id))
    return [Claim(link.id, link.person, link.shown_name, link.claimed_at) for link in found if link.claimed_at]


def confirm(session: Session, claim_id: int, by: str, now: datetime) -> str | None:
    """The chat is the person's from now on, instead of any other. Returns the person; None for no such claim."""
    link = session.scalars(select(Link).where(Link.id == claim_id).with_for_update()).one_or_none()
    if link is None or link.claimed_at is None or link.confirmed_at is not None or link.ended_at is not None:
        return None
    if link.claimed_at <= now - CLAIM_HOLDS:
        return None
    end(session, link.person, by, "linked anew", now)
    link.confirmed_at, link.confirmed_by, link.ended_at, link.ended_for = now, by, None, ""
    lift(session, link.channel, link.address, by, now)
    session.flush()
    audit.append(session, at=now, actor=by, action="link.confirmed", subject=f"person:{link.person}", detail={})
    return link.person


def end(session: Session, person: str, by: str, why: str, now: datetime) -> int:
    """No chat and no code is this person's any more. Returns how many were ended."""
    open_ = select(Link.id).where(Link.person == person, Link.ended_at.is_(None))
    ids = list(session.scalars(open_))
    session.execute(update(Link).where(Link.id.in_(ids)).values(ended_at=now, ended_for=why))
    if ids:
        audit.append(session, at=now, actor=by, action="link.ended", subject=f"person:{person}", detail={"why": why})
    return len(ids)


def person_of(session: Session, directory: Directory, user: str) -> str | None:
    """Whose private chat this is: by a confirmed link, else by the chat id in the people file. None for a stranger,
    and for a link whose person the people file no longer has."""
    asked = select(Link.person).where(Link.address == user, Link.confirmed_at.is_not(None), Link.ended_at.is_(None))
    people: Sequence[str] = session.scalars(asked.order_by(Link.id.desc()).limit(1)).all()
    if not people:
        people = [person.code for person in directory.people() if person.telegram == user]
    return next((code for code in people if directory.person(code) is not None), None)


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
