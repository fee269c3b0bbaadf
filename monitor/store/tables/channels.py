"""What is known of the ways out: chats proven to be a person's, addresses that take nothing, buttons already pressed.

Chat ids and official mailboxes only; nothing of an applicant.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base
from monitor.store.types import Id


class Link(Base):
    """A chat proven to be an official's: a one-time code asked for, brought by the chat, then confirmed by a person.

    Of the code only its hash is kept. A row is never changed back: an ended link is followed by a new one.
    """

    __tablename__ = "link"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person: Mapped[str] = mapped_column(String(80), index=True)
    channel: Mapped[str] = mapped_column(String(32))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(String(64), default="", index=True)  # the chat that brought the code
    shown_name: Mapped[str] = mapped_column(String(200), default="")  # as the chat calls itself, for who confirms
    claimed_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str] = mapped_column(String(120), default="")
    ended_at: Mapped[datetime | None]
    ended_for: Mapped[str] = mapped_column(Text, default="")


class ParkedAddress(Base):
    """An address that takes nothing any more, since when and why. `lifted_at` ends it."""

    __tablename__ = "parked_address"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(254))
    reason: Mapped[str] = mapped_column(Text)
    parked_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str] = mapped_column(String(120), default="")
    __table_args__ = (Index("ix_parked_address_channel_address", "channel", "address"),)


class MovedAddress(Base):
    """A group that became a supergroup has another id: followed until the people file is corrected."""

    __tablename__ = "moved_address"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    old: Mapped[str] = mapped_column(String(254))
    new: Mapped[str] = mapped_column(String(254))
    moved_at: Mapped[datetime]
    __table_args__ = (Index("uq_moved_address_channel_old", "channel", "old", unique=True),)


class BotUpdate(Base):
    """An update of the Bot API that was answered: one that is handed over again is not answered twice."""

    __tablename__ = "bot_update"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)  # update_id
    heard_at: Mapped[datetime]


class Pressed(Base):
    """A button that did its work: inserting is the claim, so the second press does nothing."""

    __tablename__ = "pressed"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    button: Mapped[str] = mapped_column(String(64), unique=True)
    person: Mapped[str] = mapped_column(String(80))
    pressed_at: Mapped[datetime]


class Feed(Base):
    """A calendar of due dates that a person's program fetches by a secret address. Of the secret only the hash."""

    __tablename__ = "feed"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person: Mapped[str] = mapped_column(String(80), index=True)
    role: Mapped[str] = mapped_column(String(48))
    agency_code: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    made_by: Mapped[str] = mapped_column(String(120))
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
