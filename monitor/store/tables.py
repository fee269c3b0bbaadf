"""The tables. What a source said is only ever appended; what we make of it may be derived again.

Personal data lives in three tables only: `observation`, `applicant` and `letter` (a test searches the others).
"""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from monitor.store.types import Id, Instant


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Instant,
        date: Date,
        dict[str, Any]: JSON,
        bytes: LargeBinary,
    }


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
    failures: Mapped[int] = mapped_column(Integer, default=0)  # in a row
    retry_not_before_at: Mapped[datetime | None]


class Pull(Base):
    """One reading of a source: what was seen, what was new, what was set aside."""

    __tablename__ = "pull"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("source.name"), index=True)
    reach: Mapped[str] = mapped_column(String(16))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    result: Mapped[str] = mapped_column(String(32), default="running")
    said: Mapped[str] = mapped_column(Text, default="")
    pages: Mapped[int] = mapped_column(Integer, default=0)
    rows_seen: Mapped[int] = mapped_column(Integer, default=0)
    rows_changed: Mapped[int] = mapped_column(Integer, default=0)
    rows_set_aside: Mapped[int] = mapped_column(Integer, default=0)


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
    __table_args__ = (UniqueConstraint("source", "key", "field", "fault_hash"),)


class Dossier(Base):
    """A dossier: the group of views that are proven to be the same one, as projected from them. Derived."""

    __tablename__ = "dossier"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(120), index=True)
    procedure_code: Mapped[str] = mapped_column(String(80), default="")
    procedure_name: Mapped[str] = mapped_column(Text, default="")
    field_code: Mapped[str] = mapped_column(String(80), default="")
    agency_code: Mapped[str] = mapped_column(String(80), default="", index=True)  # canonical, of the resolving agency
    agency_name: Mapped[str] = mapped_column(Text, default="")
    channel: Mapped[str] = mapped_column(String(16), default="")
    status: Mapped[str] = mapped_column(String(16))
    speaking_source: Mapped[str] = mapped_column(String(64))  # whose word is in force
    precision: Mapped[str] = mapped_column(String(8))
    submitted_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    promised_at: Mapped[datetime | None]
    original_promised_at: Mapped[datetime | None]  # the first one we ever heard
    extended_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    finished_after_at: Mapped[datetime | None]
    finished_by_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    paused_since_at: Mapped[datetime | None]
    payment_pauses: Mapped[bool] = mapped_column(Boolean, default=False)  # the procedure lets waiting for payment pause
    due_at: Mapped[datetime | None]  # our own count, where the procedure's term is known
    due_on: Mapped[date | None]
    calendar_version: Mapped[str] = mapped_column(String(40), default="")
    facts_at: Mapped[datetime]  # when the facts last changed
    confirmed_at: Mapped[datetime]  # when a source last repeated them: the age of the evidence
    # --- derived by judging
    stage: Mapped[str] = mapped_column(String(24), default="")
    stage_reason: Mapped[str] = mapped_column(String(48), default="")
    stage_since_at: Mapped[datetime | None]
    promise_number: Mapped[int] = mapped_column(Integer, default=1)
    promise_at: Mapped[datetime | None]  # the promise in force
    late_from_at: Mapped[datetime | None]
    letter_by_on: Mapped[date | None]
    judged_at: Mapped[datetime | None]
    next_change_at: Mapped[datetime | None] = mapped_column(
        index=True
    )  # judge again at this instant; null = never by itself
    __table_args__ = (Index("ix_dossier_stage_agency_code", "stage", "agency_code"),)


class SourceDossier(Base):
    """One system's current view of one dossier: its last record without the person. Derived from observations."""

    __tablename__ = "source_dossier"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("source.name"))
    key: Mapped[str] = mapped_column(String(200))
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossier.id"), index=True)
    code: Mapped[str] = mapped_column(String(120), index=True)
    record_hash: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(16))
    status_raw: Mapped[str] = mapped_column(Text, default="")
    procedure_code: Mapped[str] = mapped_column(String(80), default="")
    procedure_name: Mapped[str] = mapped_column(Text, default="")
    field_code: Mapped[str] = mapped_column(String(80), default="")
    agency_code: Mapped[str] = mapped_column(String(80), default="")  # as the source writes it
    agency_name: Mapped[str] = mapped_column(Text, default="")
    channel: Mapped[str] = mapped_column(String(16), default="")
    submitted_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    promised_at: Mapped[datetime | None]
    promised_date_only: Mapped[bool] = mapped_column(Boolean, default=False)
    original_promised_at: Mapped[datetime | None]
    extended_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    finished_after_at: Mapped[datetime | None]
    finished_by_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    paused_since_at: Mapped[datetime | None]
    officer: Mapped[str] = mapped_column(Text, default="")
    first_heard_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    missing_sweeps: Mapped[int] = mapped_column(Integer, default=0)  # full sweeps in a row that did not show it
    __table_args__ = (UniqueConstraint("source", "key"),)


class Alias(Base):
    """A proven link between two views, and its undoing. Append-only; never by name and date."""

    __tablename__ = "alias"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    view_id: Mapped[int] = mapped_column(ForeignKey("source_dossier.id"), index=True)
    other_view_id: Mapped[int] = mapped_column(ForeignKey("source_dossier.id"), index=True)
    rule: Mapped[str] = mapped_column(String(32))  # same_code_and_unit | declared_id | by_hand
    evidence: Mapped[str] = mapped_column(String(200), default="")
    linked_at: Mapped[datetime]
    undone: Mapped[bool] = mapped_column(Boolean, default=False)


class DeclaredId(Base):
    """Another id that a source itself states for its dossier (referenceUid, SoBienNhan …)."""

    __tablename__ = "declared_id"
    view_id: Mapped[int] = mapped_column(ForeignKey("source_dossier.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(120), primary_key=True, index=True)


class ApplicantRow(Base):
    """The person or organisation of a view. PERSONAL DATA: read by letters and authorised pages only."""

    __tablename__ = "applicant"
    view_id: Mapped[int] = mapped_column(ForeignKey("source_dossier.id"), primary_key=True)
    name: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str] = mapped_column(String(16), default="")
    id_number: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str] = mapped_column(Text, default="")
    phone: Mapped[str] = mapped_column(Text, default="")
    email: Mapped[str] = mapped_column(Text, default="")


class CrossingRow(Base):
    """A dossier entered a stage. Append-only; `at` is when it truly happened, `found_at` when we saw it."""

    __tablename__ = "crossing"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossier.id"))
    promise_number: Mapped[int] = mapped_column(Integer)
    stage: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(String(48), default="")
    at: Mapped[datetime]
    found_at: Mapped[datetime]
    __table_args__ = (UniqueConstraint("dossier_id", "promise_number", "stage", "at"),)


class FindingRow(Base):
    """Something a person should look at. One open row for each (subject, kind); closed when it no longer holds."""

    __tablename__ = "finding"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dossier_id: Mapped[int | None] = mapped_column(ForeignKey("dossier.id"), index=True)
    source: Mapped[str | None] = mapped_column(ForeignKey("source.name"))
    kind: Mapped[str] = mapped_column(String(48), index=True)
    detail: Mapped[str] = mapped_column(Text, default="")  # no personal data
    found_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str] = mapped_column(String(120), default="")  # a person looked and says the letter may go
    __table_args__ = (Index("ix_finding_open", "kind", "dossier_id", "closed_at"),)


class Letter(Base):
    """The duty to apologise for one (dossier, promise), and the letter that meets it. PERSONAL DATA in `content`."""

    __tablename__ = "letter"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossier.id"))
    promise_number: Mapped[int] = mapped_column(Integer)
    agency_code: Mapped[str] = mapped_column(String(80), default="", index=True)
    state: Mapped[str] = mapped_column(String(16), default="owed")  # see LetterState
    owed_at: Mapped[datetime]  # when the duty arose (start of the letter day)
    letter_by_on: Mapped[date | None]  # last lawful day; null = the term leaves none
    is_late: Mapped[bool] = mapped_column(Boolean, default=False)  # the duty was found after its last lawful day
    suspended_for: Mapped[str] = mapped_column(
        String(48), default=""
    )  # stale source, mismatch …: no letter until cleared
    drafted_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    form: Mapped[str] = mapped_column(String(48), default="")
    template_version: Mapped[str] = mapped_column(String(40), default="")
    content: Mapped[dict[str, Any] | None]  # every word on the paper; the files are derived from it
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    __table_args__ = (UniqueConstraint("dossier_id", "promise_number"),)


class LetterStep(Base):
    """One step in a letter's life: who, when, what of. Append-only; each has its row in `audit`. No personal data of
    the applicant: `detail` holds numbers, dates, hashes and the names of officials."""

    __tablename__ = "letter_step"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), index=True)
    step: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    detail: Mapped[dict[str, Any]]


class LetterNumber(Base):
    """A number that văn thư gave to a letter: once in an agency's book and year, and never again, void or not."""

    __tablename__ = "letter_number"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(80))
    book: Mapped[str] = mapped_column(String(80))
    year: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    symbol: Mapped[str] = mapped_column(String(80))
    dated_on: Mapped[date]
    letter_id: Mapped[int] = mapped_column(ForeignKey("letter.id"), index=True)
    __table_args__ = (UniqueConstraint("agency_code", "book", "year", "number"),)


class Notice(Base):
    """What a role is owed to hear: agency, role and rung, never a person (people are resolved at sending)."""

    __tablename__ = "notice"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dossier_id: Mapped[int | None] = mapped_column(ForeignKey("dossier.id"), index=True)
    source: Mapped[str] = mapped_column(String(64), default="")  # for notices about a source instead of a dossier
    promise_number: Mapped[int] = mapped_column(Integer, default=1)
    rung: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(48))
    agency_code: Mapped[str] = mapped_column(String(80), default="")
    severity: Mapped[str] = mapped_column(String(16), default="normal")
    occasion: Mapped[str] = mapped_column(String(80), default="")  # makes a source notice unique: the instant it began
    rung_at: Mapped[datetime]  # when the rung truly came
    owed_at: Mapped[datetime]  # when judging found it
    state: Mapped[str] = mapped_column(
        String(16), default="owed", index=True
    )  # owed | folded | planned | told | cancelled | unreachable
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
    not_before_at: Mapped[datetime]
    lease_until_at: Mapped[datetime | None]
    lease_token: Mapped[str] = mapped_column(String(40), default="")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    maybe_repeat: Mapped[bool] = mapped_column(Boolean, default=False)  # an earlier try may have arrived
    sent_at: Mapped[datetime | None]
    receipt: Mapped[str] = mapped_column(String(200), default="")
    last_error: Mapped[str] = mapped_column(Text, default="")
    __table_args__ = (Index("ix_message_state_not_before_at", "state", "not_before_at"),)


class MessageNotice(Base):
    """Which notices a message tells: the line per dossier is never lost in a group."""

    __tablename__ = "message_notice"
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id"), primary_key=True, index=True)


class Attempt(Base):
    """One try to send one message. Append-only."""

    __tablename__ = "attempt"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(16), default="")  # sent | not_sent | unknown | refused
    detail: Mapped[str] = mapped_column(Text, default="")


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
