"""Which ladder a dossier climbs, what officials answered, what lists they were given. No data of applicants."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base
from monitor.store.types import Id


class Policy(Base):
    """One version of the ladder as it stood in the configuration: kept so that a ladder that began goes on by it."""

    __tablename__ = "policy"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    rungs: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    adopted_at: Mapped[datetime]  # when it was last taken up: the newest is the one new ladders begin with


class Ladder(Base):
    """The policy that a dossier's ladder began with. Later edits do not touch it, unless migrated by a command."""

    __tablename__ = "ladder"
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    promise_number: Mapped[int] = mapped_column(Integer, primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policy.id"), index=True)
    started_at: Mapped[datetime]


class Acknowledgement(Base):
    """An official's answer to the alerts about one (dossier, promise): taken on, put off, or solved already.

    While it holds, rungs that come are held back; `ended_as` says what became of it. `reason` is the official's words
    and is shown behind sign-in only.
    """

    __tablename__ = "acknowledgement"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossier.id"))
    promise_number: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(16))  # see AnswerKind
    person: Mapped[str] = mapped_column(String(80))
    role: Mapped[str] = mapped_column(String(48))  # the post by which the person answered
    agency_code: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str] = mapped_column(Text)
    promised_on: Mapped[date | None]  # the day by which it will be done
    until_at: Mapped[datetime]  # from this instant it holds no more
    made_at: Mapped[datetime]
    where_from: Mapped[str] = mapped_column(String(16))  # telegram | web | cli
    ended_at: Mapped[datetime | None]
    ended_as: Mapped[str] = mapped_column(String(16), default="")  # see AnswerEnd
    __table_args__ = (Index("ix_acknowledgement_dossier_id_ended_at", "dossier_id", "ended_at"),)


class Digest(Base):
    """A list that a person was given: what stood on it, so that the next one can say what changed."""

    __tablename__ = "digest"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)  # kind, day, person
    kind: Mapped[str] = mapped_column(String(16))
    person: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime]
    standing: Mapped[dict[str, Any]]  # dossier code -> section it stood in
    __table_args__ = (Index("ix_digest_person_kind_made_at", "person", "kind", "made_at"),)
