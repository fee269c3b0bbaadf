"""What the daemon and its people did. No personal data of applicants."""

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base
from monitor.store.types import Id


class Job(Base):
    """What the daemon's jobs last did, so that a missed or failed one is seen after a restart too."""

    __tablename__ = "job"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    last_began_at: Mapped[datetime | None]
    last_ended_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(Text, default="")
    failures: Mapped[int] = mapped_column(Integer, default=0)


class Audit(Base):
    """Who did what, when: append-only, each row chained to the one before by its hash."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)
