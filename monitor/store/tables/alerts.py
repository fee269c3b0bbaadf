"""What roles are owed to hear, and the outbox. No personal data of applicants."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base, partial_index
from monitor.store.types import Id


class Notice(Base):
    """What a role is owed to hear: agency, role and rung, never a person (people are resolved at sending)."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dossier_id: Mapped[int | None] = mapped_column(ForeignKey("dossier.id"), index=True)
    source: Mapped[str] = mapped_column(String(64), default="")  # for notices about a source instead of a dossier
    promise_number: Mapped[int] = mapped_column(Integer, default=1)
    rung: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(48))
    agency_code: Mapped[str] = mapped_column(String(80), default="", index=True)
    severity: Mapped[str] = mapped_column(String(16), default="normal")
    occasion: Mapped[str] = mapped_column(String(80), default="")  # see Occasion
    channels: Mapped[str] = mapped_column(String(200), default="")  # of the frozen rung, "," between; "" = every one
    repeat: Mapped[int] = mapped_column(Integer, default=0)  # 0 the first time, then 1, 2 …: "nhắc lần k"
    rung_at: Mapped[datetime]  # when the rung truly came
    owed_at: Mapped[datetime]  # when judging found it
    state: Mapped[str] = mapped_column(
        String(16), default="owed", index=True
    )  # owed | held | folded | planned | told | cancelled | unreachable
    reason: Mapped[str] = mapped_column(Text, default="")
    closed_at: Mapped[datetime | None]
    # dossier_id is null for a source notice and null never equals null, so the key is spelled out
    key: Mapped[str] = mapped_column(String(200), unique=True)


class Message(Base):
    """The outbox: one text for one recipient on one channel, for one or many notices. No personal data."""

    __tablename__ = "message"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    person: Mapped[str] = mapped_column(String(80))
    channel: Mapped[str] = mapped_column(String(32))
    address: Mapped[str] = mapped_column(String(254))  # of the official: chat id or official mailbox
    payload: Mapped[dict[str, Any]]
    severity: Mapped[str] = mapped_column(String(16), default="normal")
    state: Mapped[str] = mapped_column(
        String(16), default="pending"
    )  # pending | sending | sent | unknown | failed | cancelled
    made_at: Mapped[datetime]
    not_before_at: Mapped[datetime]  # the next try; once sent and still to be confirmed, the next question
    lease_until_at: Mapped[datetime | None]
    lease_token: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    maybe_repeat: Mapped[bool] = mapped_column(Boolean, default=False)  # an earlier try may have arrived
    sent_at: Mapped[datetime | None]
    # taken by a gateway that says later whether it arrived (see monitor/alerts/confirming.py)
    confirm_by_at: Mapped[datetime | None] = mapped_column(index=True)
    delivered_at: Mapped[datetime | None]
    receipt: Mapped[str] = mapped_column(String(200), default="")
    last_error: Mapped[str] = mapped_column(Text, default="")
    # a sent message that can still be edited: what its lines said last (see monitor/alerts/keeping_up.py)
    shown: Mapped[str] = mapped_column(String(32), default="", server_default="", index=True)
    shown_at: Mapped[datetime | None]
    __table_args__ = (
        Index("ix_message_state_not_before_at", "state", "not_before_at"),
        Index("ix_message_person_made_at", "person", "made_at"),  # what somebody was told, the newest first
        partial_index("ix_message_maybe_repeat", "maybe_repeat IS TRUE", "id"),
    )


class MessageNotice(Base):
    """Which notices a message tells: the line per dossier is never lost in a group."""

    __tablename__ = "message_notice"
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), primary_key=True, index=True)
    withdrawn_at: Mapped[datetime | None]  # taken back before it was sent: this message no longer tells it


class Attempt(Base):
    """One try to send one message. Append-only."""

    __tablename__ = "attempt"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    # sent | not_sent | flood | unknown | refused
    outcome: Mapped[str] = mapped_column(String(16), default="", index=True)
    detail: Mapped[str] = mapped_column(Text, default="")
