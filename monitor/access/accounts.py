"""Accounts: made and mended by the administrator, checked at the door. Every change has its row in the audit log."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from monitor.access import passwords, sessions
from monitor.access.rights import Grant, Role, Tree, Viewer, grants_of
from monitor.store import audit
from monitor.store.tables import Account, AccountRole
from monitor.store.writing import grouped
from monitor.words import Words

# Wrong tries in a row that cost nothing; each one more doubles the wait, up to the longest.
_FREE_TRIES = 5
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=15)

BAD_NAME = Words("Tên đăng nhập dài 1 đến 80 ký tự, không có dấu cách.", "A name has 1 to 80 characters and no blanks.")
TAKEN = Words("Đã có tài khoản mang tên này.", "There is an account of this name already.")


class AccountRefused(Exception):
    """An account cannot be made or changed like this; `said` tells the person why."""

    def __init__(self, said: Words) -> None:
        super().__init__(said.en)
        self.said = said


class Outcome(StrEnum):
    """How a try to sign in ended. Only `OK` lets in; all the others look the same from outside."""

    OK = "ok"
    WRONG = "wrong"  # no such account, or not its password
    WAIT = "wait"  # too many wrong tries: not even checked
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Tried:
    """The end of a try; `account` only where it let in."""

    outcome: Outcome
    account: Account | None = None


def add(
    session: Session,
    *,
    name: str,
    roles: Iterable[tuple[Role, str]],
    now: datetime,
    by: str,
    password: str = "",
    person: str = "",
    sso_name: str = "",
    must_change: bool = True,
) -> Account:
    """Makes an account. Without a password it signs in through SSO only. Raises `AccountRefused`."""
    folded = folded_name(name)
    if not folded or len(folded) > 80 or any(char.isspace() for char in folded):
        raise AccountRefused(BAD_NAME)
    if find(session, folded) is not None:
        raise AccountRefused(TAKEN)
    account = Account(
        name=folded, person=person, sso_name=sso_name.strip().casefold(), made_at=now, failures=0, totp_sealed=""
    )
    session.add(account)
    session.flush()
    _set_roles(session, account, roles)
    if password:
        _set_password(account, password, now, must_change=must_change)
    note(session, account, "account_added", by=by, now=now, roles=_said(session, account))
    return account


def find(session: Session, name: str) -> Account | None:
    """The account with this name, however it is written."""
    return session.scalar(select(Account).where(Account.name == folded_name(name)))


def set_roles(session: Session, account: Account, roles: Iterable[tuple[Role, str]], *, now: datetime, by: str) -> None:
    """Replaces an account's roles. They count from the next request on."""
    _set_roles(session, account, roles)
    note(session, account, "account_roles", by=by, now=now, roles=_said(session, account))


def set_password(
    session: Session,
    account: Account,
    password: str,
    *,
    now: datetime,
    by: str,
    must_change: bool = False,
    but: str = "",
) -> None:
    """A new password ends every session of the account (`but` one) and whatever kept it waiting.

    Raises `AccountRefused` where the password breaks the rules.
    """
    _set_password(account, password, now, must_change=must_change)
    account.failures, account.retry_not_before_at = 0, None
    sessions.end_all(session, account.id, but=but)
    note(session, account, "account_password", by=by, now=now)


def lock(session: Session, account: Account, *, now: datetime, by: str) -> None:
    """Shuts the account and signs it out everywhere, at once."""
    account.locked_at = account.locked_at or now
    sessions.end_all(session, account.id)
    note(session, account, "account_locked", by=by, now=now)


def unlock(session: Session, account: Account, *, now: datetime, by: str) -> None:
    """Opens a locked account again."""
    account.locked_at, account.failures, account.retry_not_before_at = None, 0, None
    note(session, account, "account_unlocked", by=by, now=now)


def forget_second_factor(session: Session, account: Account, *, now: datetime, by: str) -> None:
    """The next sign-in takes the password alone, until the person enrols again."""
    account.totp_sealed, account.totp_on_at = "", None
    note(session, account, "second_factor_forgotten", by=by, now=now)


def check_password(session: Session, name: str, password: str, now: datetime) -> Tried:
    """One try at the door. Counts it, makes the next one wait after too many, and keeps the hash up to date."""
    account = find(session, name)
    if account is not None and account.retry_not_before_at is not None and now < account.retry_not_before_at:
        return Tried(Outcome.WAIT)
    right = passwords.matches(account.password_hash if account is not None else "", password)
    if account is None:
        return Tried(Outcome.WRONG)
    if not right:
        count_failure(account, now)
        return Tried(Outcome.WRONG)
    if account.locked_at is not None:
        return Tried(Outcome.LOCKED)
    if passwords.is_outdated(account.password_hash):
        account.password_hash = passwords.hashed(password)
    return Tried(Outcome.OK, account)


def count_failure(account: Account, now: datetime) -> None:
    """A wrong password or code. From the sixth in a row on the account waits: 30 s, 1 min, 2 min … 15 min."""
    account.failures += 1
    over = account.failures - _FREE_TRIES
    if over > 0:
        account.retry_not_before_at = now + min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(over - 1, 10))


def forgive(account: Account, now: datetime) -> None:
    """The whole sign-in succeeded."""
    account.failures, account.retry_not_before_at, account.signed_in_at = 0, None, now


def roles_of(session: Session, account_id: int) -> list[tuple[str, str]]:
    """(role, agency) pairs, in order."""
    rows = session.execute(
        select(AccountRole.role, AccountRole.agency_code)
        .where(AccountRole.account_id == account_id)
        .order_by(AccountRole.role, AccountRole.agency_code)
    )
    return [(role, agency) for role, agency in rows]


def all_roles(session: Session) -> dict[int, list[tuple[str, str]]]:
    """(role, agency) pairs of every account, by its id."""
    rows = session.execute(select(AccountRole).order_by(AccountRole.role, AccountRole.agency_code)).scalars()
    return grouped((row.account_id, (row.role, row.agency_code)) for row in rows)


def viewer_of(session: Session, account: Account, tree: Tree) -> Viewer:
    """Who this account is at this moment: its roles and the tree are read anew."""
    grants: tuple[Grant, ...] = grants_of(roles_of(session, account.id), tree)
    return Viewer(account.id, account.name, account.person, grants)


def note(session: Session, account: Account, action: str, *, by: str, now: datetime, **detail: object) -> None:
    """A row in the audit log about this account."""
    audit.append(session, at=now, actor=by, action=action, subject=f"account:{account.name}", detail=detail)


def folded_name(name: str) -> str:
    """A name as it is compared."""
    return name.strip().casefold()


def _set_roles(session: Session, account: Account, roles: Iterable[tuple[Role, str]]) -> None:
    session.execute(delete(AccountRole).where(AccountRole.account_id == account.id))
    session.add_all(
        AccountRole(account_id=account.id, role=str(role), agency_code=agency) for role, agency in sorted(set(roles))
    )
    session.flush()


def _set_password(account: Account, password: str, now: datetime, *, must_change: bool) -> None:
    trouble = passwords.trouble_with(password, account.name)
    if trouble is not None:
        raise AccountRefused(trouble)
    account.password_hash, account.password_set_at, account.must_change = passwords.hashed(password), now, must_change


def _said(session: Session, account: Account) -> list[str]:
    return [f"{role}@{agency}" for role, agency in roles_of(session, account.id)]
