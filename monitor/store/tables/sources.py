"""Sources, their readings, and what they said: only ever appended. `observation` holds PERSONAL DATA."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base
from monitor.store.tables.base import open_index as _open
from monitor.store.types import Id


class Source(Base):
    """A configured source and its health. Its cursor moves in the transaction that stores the rows."""

    __tablename__ = "source"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    role: Mapped[str] = mapped_column(String(16))
    cursor_at: Mapped[datetime | None]  # nothing before this was missed; never past the start of the run
    resume_token: Mapped[str] = mapped_column(Text, default="")  # where a sweep that was cut off goes on
    resume_reach: Mapped[str] = mapped_column(String(16), default="")
    resume_began_at: Mapped[datetime | None]
    resume_since_at: Mapped[datetime | None]
    last_try_at: Mapped[datetime | None]
    last_good_at: Mapped[datetime | None]  # end of the last reading that was believed
    last_full_at: Mapped[datetime | None]
    last_result: Mapped[str] = mapped_column(
        String(32), default=""
    )  # ok | unavailable | refused | unexpected | quarantined
    last_said: Mapped[str] = mapped_column(Text, default="")  # a line for people; no personal data, no secret
    evidence_at: Mapped[datetime | None]  # every view not marked as unseen was repeated by a reading begun then
    row_keys: Mapped[str] = mapped_column(Text, default="", server_default="")  # what every row held so far, JSON list
    accepted_rows: Mapped[int | None]  # a full reading this small was accepted by a person
    failures: Mapped[int] = mapped_column(Integer, default=0)  # in a row
    dossiers: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # views of it, counted at intake
    retry_not_before_at: Mapped[datetime | None]


class Pull(Base):
    """One reading of a source: what was seen, what was new, what was set aside."""

    __tablename__ = "pull"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("source.name"))
    reach: Mapped[str] = mapped_column(String(16))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(String(32), default="running")
    said: Mapped[str] = mapped_column(Text, default="")
    pages: Mapped[int] = mapped_column(Integer, default=0)
    rows_seen: Mapped[int] = mapped_column(Integer, default=0)
    rows_changed: Mapped[int] = mapped_column(Integer, default=0)
    rows_set_aside: Mapped[int] = mapped_column(Integer, default=0)
    rows_drifted: Mapped[int] = mapped_column(Integer, default=0, server_default="0")  # found by a full sweep only
    # the last reading of a source, and its last full one, among years of them
    __table_args__ = (
        Index("ix_pull_source_id", "source", "id"),
        Index("ix_pull_source_reach_result_id", "source", "reach", "result", "id"),
    )


class Observation(Base):
    """What a source said of a dossier and when we first heard it. Append-only. PERSONAL DATA."""

    __tablename__ = "observation"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("source.name"))
    key: Mapped[str] = mapped_column(String(200))
    heard_at: Mapped[datetime]
    not_before_at: Mapped[datetime | None]  # when the previous state was last confirmed: it changed after that
    record_hash: Mapped[str] = mapped_column(String(40))
    record: Mapped[bytes]  # canonical record, JSON, compressed
    raw: Mapped[bytes]  # the source's own bytes, compressed
    pull_id: Mapped[int | None] = mapped_column(ForeignKey("pull.id"))
    __table_args__ = (Index("ix_observation_source_key_heard_at", "source", "key", "heard_at"),)


class BadRecordRow(Base):
    """A row set aside: what is wrong with it, seen how often. The raw bytes are in no log. (`raw` may hold
    personal data, so it is kept as an observation with an empty record and only pointed to from here.)"""

    __tablename__ = "bad_record"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("source.name"))
    key: Mapped[str] = mapped_column(String(200))
    field: Mapped[str] = mapped_column(String(64))
    problem: Mapped[str] = mapped_column(Text)
    fault_hash: Mapped[str] = mapped_column(String(40))  # what makes two bad rows the same
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    times_seen: Mapped[int] = mapped_column(Integer, default=1)
    cleared_at: Mapped[datetime | None]
    observation_id: Mapped[int | None] = mapped_column(ForeignKey("observation.id"))
    __table_args__ = (
        UniqueConstraint("source", "key", "field", "fault_hash"),
        _open("ix_bad_record_open", "cleared_at", "last_seen_at", "id"),
        _open("ix_bad_record_open_source", "cleared_at", "source", "last_seen_at", "id"),
    )


class Quarantine(Base):
    """A reading that was not believed, and why: one open row for each (source, gate). Its evidence is kept as an
    observation with an empty record (it may hold personal data)."""

    __tablename__ = "quarantine"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("source.name"), index=True)
    pull_id: Mapped[int] = mapped_column(ForeignKey("pull.id"))
    gate: Mapped[str] = mapped_column(String(32))
    said: Mapped[str] = mapped_column(Text)
    found_at: Mapped[datetime]
    times_seen: Mapped[int] = mapped_column(Integer, default=1)
    last_seen_at: Mapped[datetime]
    observation_id: Mapped[int | None] = mapped_column(ForeignKey("observation.id"))
    settled_at: Mapped[datetime | None]  # a reading passed again, or a person accepted what it said
    settled_by: Mapped[str] = mapped_column(String(120), default="")
