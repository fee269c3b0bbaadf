"""Who may sign in to the pages: officials' accounts, their roles, their sessions and tokens. No citizen is in here."""

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base
from monitor.store.types import Id


class Account(Base):
    """A person who may sign in. `person` is a code of the people file; an account is locked, never deleted."""

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)  # as typed at sign-in, folded to lower case
    person: Mapped[str] = mapped_column(String(80), default="")
    password_hash: Mapped[str] = mapped_column(String(200), default="")  # argon2id; "" = signs in through SSO only
    password_set_at: Mapped[datetime | None]
    must_change: Mapped[bool] = mapped_column(Boolean, default=False)  # the password was set by the administrator
    failures: Mapped[int] = mapped_column(Integer, default=0)  # wrong passwords or codes in a row
    retry_not_before_at: Mapped[datetime | None]  # nothing is even checked before this
    locked_at: Mapped[datetime | None]
    totp_sealed: Mapped[str] = mapped_column(Text, default="")  # the second factor's secret, encrypted
    totp_on_at: Mapped[datetime | None]  # null: none, or enrolment not finished
    totp_last_step: Mapped[int] = mapped_column(BigInteger, default=0)  # a code is taken once
    sso_name: Mapped[str] = mapped_column(String(200), default="", index=True)  # what the province's SSO calls them
    sso_subject: Mapped[str | None] = mapped_column(String(400), unique=True)  # issuer and subject, once they came
    made_at: Mapped[datetime]
    signed_in_at: Mapped[datetime | None]


class AccountRole(Base):
    """A role at an agency and everything below it; the agency "*" is all of them, the unknown ones too."""

    __tablename__ = "account_role"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(80), primary_key=True)


class WebSession(Base):
    """A browser that signed in. Only the hash of its secret is kept, so this table lets nobody in."""

    __tablename__ = "web_session"
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    made_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]  # whatever happens
    awaits_code: Mapped[bool] = mapped_column(Boolean, default=False)  # the password was right, the code is missing
    agent: Mapped[str] = mapped_column(String(120), default="")  # the browser's own name, for its owner to recognise


class ApiToken(Base):
    """A program that may ask the API in an account's name, for some of its rights. Only the hash is kept."""

    __tablename__ = "api_token"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    label: Mapped[str] = mapped_column(String(80))
    rights: Mapped[str] = mapped_column(String(400))  # names of rights, blank between
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
