"""Tokens of programs that ask the API: made by the administrator, for some rights of one account, until a day."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.access import accounts
from monitor.access.rights import Right, Tree, Viewer
from monitor.access.sessions import hash_of, new_secret
from monitor.store.tables import Account, ApiToken

PREFIX = "dh_"  # so that a scanner of leaked secrets knows one
_USED_EVERY = timedelta(minutes=5)


def make(
    session: Session,
    account: Account,
    *,
    label: str,
    rights: Collection[Right],
    ends_at: datetime,
    now: datetime,
    by: str,
) -> str:
    """Makes a token and returns it: the only time it can be seen."""
    secret = PREFIX + new_secret()
    named = " ".join(sorted(rights))
    session.add(
        ApiToken(hash=hash_of(secret), account_id=account.id, label=label, rights=named, made_at=now, ends_at=ends_at)
    )
    accounts.note(session, account, "token_made", by=by, now=now, label=label, rights=named.split())
    return secret


@dataclass(frozen=True, slots=True)
class Shown:
    """A token that is good at this moment: its row, whom it speaks for, and whether its use must be noted again."""

    token_id: int
    viewer: Viewer
    is_used_long_ago: bool


def find(session: Session, secret: str, now: datetime, tree: Tree) -> Shown | None:
    """Whom a token speaks for, narrowed to its own rights. None where it ended or its account is locked."""
    row = session.execute(
        select(ApiToken, Account)
        .join(Account, Account.id == ApiToken.account_id)
        .where(ApiToken.hash == hash_of(secret))
    ).one_or_none()
    if row is None:
        return None
    token, account = row
    if token.revoked_at is not None or now >= token.ends_at or account.locked_at is not None:
        return None
    known = {str(right): right for right in Right}
    given = frozenset(known[name] for name in token.rights.split() if name in known)
    viewer = replace(accounts.viewer_of(session, account, tree), rights=given)
    return Shown(token.id, viewer, token.used_at is None or now - token.used_at >= _USED_EVERY)


def touch(session: Session, token_id: int, now: datetime) -> None:
    """Notes that the token is in use."""
    token = session.get(ApiToken, token_id)
    if token is not None:
        token.used_at = now


def revoke(session: Session, account: Account, label: str, *, now: datetime, by: str) -> int:
    """Ends every token of the account with this label. Returns how many."""
    found = session.scalars(
        select(ApiToken).where(
            ApiToken.account_id == account.id, ApiToken.label == label, ApiToken.revoked_at.is_(None)
        )
    ).all()
    for token in found:
        token.revoked_at = now
    if found:
        accounts.note(session, account, "token_revoked", by=by, now=now, label=label)
    return len(found)
