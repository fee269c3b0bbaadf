"""Sessions of browsers: a random secret in a cookie, its hash here. They end by themselves, idle or not."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from monitor.store.tables import Account, WebSession

_SEEN_EVERY = timedelta(minutes=1)  # so often "seen" is written: a page read is not a page written
_AGENT_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session lasts: without being used, and at most."""

    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that is good at this moment, and its account."""

    hash: str
    account: Account
    awaits_code: bool
    is_seen_long_ago: bool


def new_secret() -> str:
    """256 random bits, as text for a cookie."""
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> str:
    """What is stored of a random secret. It is long and random, so a fast hash does."""
    return hashlib.sha256(secret.encode()).hexdigest()


def form_token_of(secret: str) -> str:
    """What a form must send back, bound to the cookie's secret and not leading back to it."""
    return hashlib.sha256(b"form:" + secret.encode()).hexdigest()


def start(
    session: Session, account: Account, *, now: datetime, lifetimes: Lifetimes, awaits_code: bool, agent: str = ""
) -> str:
    """Opens a session under a new secret and returns it. Whatever the browser held before is worth nothing."""
    secret = new_secret()
    session.add(
        WebSession(
            hash=hash_of(secret),
            account_id=account.id,
            made_at=now,
            seen_at=now,
            ends_at=now + lifetimes.absolute,
            awaits_code=awaits_code,
            agent=agent[:_AGENT_LENGTH],
        )
    )
    return secret


def find(session: Session, secret: str, *, now: datetime, lifetimes: Lifetimes) -> OpenSession | None:
    """The open session behind a cookie. None where it ended, sat idle, or its account was locked."""
    row = session.execute(
        select(WebSession, Account)
        .join(Account, Account.id == WebSession.account_id)
        .where(WebSession.hash == hash_of(secret))
    ).one_or_none()
    if row is None:
        return None
    held, account = row
    if account.locked_at is not None or now >= held.ends_at or now >= held.seen_at + lifetimes.idle:
        return None
    return OpenSession(held.hash, account, held.awaits_code, now - held.seen_at >= _SEEN_EVERY)


def touch(session: Session, hash_: str, now: datetime) -> None:
    """Notes that the session is in use."""
    held = session.get(WebSession, hash_)
    if held is not None and held.seen_at < now:
        held.seen_at = now


def end(session: Session, hash_: str) -> None:
    """Signs one browser out."""
    session.execute(delete(WebSession).where(WebSession.hash == hash_))


def end_all(session: Session, account_id: int, but: str = "") -> int:
    """Signs an account out everywhere (`but` one, by its hash). Returns how many sessions ended."""
    ended = session.scalars(
        delete(WebSession).where(WebSession.account_id == account_id, WebSession.hash != but).returning(WebSession.hash)
    )
    return len(ended.all())


def sweep(session: Session, *, now: datetime, lifetimes: Lifetimes) -> None:
    """Forgets the sessions that ended."""
    session.execute(
        delete(WebSession).where((WebSession.ends_at <= now) | (WebSession.seen_at <= now - lifetimes.idle))
    )
