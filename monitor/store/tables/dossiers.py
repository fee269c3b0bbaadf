"""Dossiers, the views they are projected from, and what judging made of them. `applicant` holds PERSONAL DATA."""

from datetime import date, datetime

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from monitor.domain.dossier import Pause
from monitor.store.tables.base import Base, open_index, partial_index
from monitor.store.types import Id, Pauses, Plain

# Of a dossier that is not over, as its index says it: a statement that uses the index says just this.
RUNNING = "stage NOT LIKE 'finished%'"


class Dossier(Base):
    """A dossier: the group of views that are proven to be the same one, as projected from them. Derived."""

    __tablename__ = "dossier"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(120), index=True)
    procedure_code: Mapped[str] = mapped_column(String(80), default="")
    procedure_name: Mapped[str] = mapped_column(Text, default="")
    field_code: Mapped[str] = mapped_column(String(80), default="")
    agency_code: Mapped[str] = mapped_column(String(80), default="")  # canonical, of the resolving agency
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
    due_provisional: Mapped[bool] = mapped_column(Boolean, default=False)  # it hangs on a day not officially announced
    pauses: Mapped[tuple[Pause, ...]] = mapped_column(Pauses, default=())  # as the speaking source showed them
    calendar_version: Mapped[str] = mapped_column(String(40), default="")
    term_version: Mapped[str] = mapped_column(String(16), default="")  # of the limit and rules our own count goes by
    facts_at: Mapped[datetime]  # when the facts last changed
    confirmed_at: Mapped[datetime]  # when a source last repeated them: the age of the evidence
    # --- what people did: not derived, not touched by projecting
    extended_by_letter_on: Mapped[date | None]  # the new date of its letter, once it is in the system
    taken_back_on: Mapped[date | None]  # the new date of a letter taken back: what a source shows of it binds nobody
    # --- derived by judging
    stage: Mapped[str] = mapped_column(String(24), default="")
    stage_reason: Mapped[str] = mapped_column(String(48), default="")
    stage_since_at: Mapped[datetime | None]
    promise_number: Mapped[int] = mapped_column(Integer, default=1)
    promise_at: Mapped[datetime | None]  # the promise in force
    late_from_at: Mapped[datetime | None]
    letter_by_on: Mapped[date | None]
    letter_provisional: Mapped[bool] = mapped_column(Boolean, default=False)  # the same of the letter's day
    late_vs_promise: Mapped[bool | None]  # against the promise in force; null = not known, or no promise
    late_vs_original: Mapped[bool | None]  # against the first one, whatever came after
    taken_days: Mapped[int | None] = mapped_column(Integer)  # working days from reception to the stated result
    late_days: Mapped[int | None] = mapped_column(Integer)  # from the promise to it, where it was late
    judged_at: Mapped[datetime | None]
    next_change_at: Mapped[datetime | None] = mapped_column(
        index=True
    )  # judge again at this instant; null = never by itself
    # --- for looking up by the beginning or the end of a code, whatever its case
    code_plain: Mapped[str] = mapped_column(Plain, default="", index=True)
    code_back: Mapped[str] = mapped_column(Plain, default="", index=True)
    __table_args__ = (
        Index("ix_dossier_stage_agency_code", "stage", "agency_code", "late_from_at", "speaking_source"),
        # a list in its order, and all that says whether a dossier is on it: a later page is reached in the index alone
        Index(
            "ix_dossier_stage_late_from_at",
            *("stage", "late_from_at", "id", "next_change_at", "speaking_source", "agency_code"),
        ),
        # what is being judged again, of one agency
        partial_index("ix_dossier_again", "next_change_at IS NOT NULL", "agency_code", "next_change_at"),
        # looking up by a code within one agency
        Index("ix_dossier_agency_code_code_plain", "agency_code", "code_plain"),
        Index("ix_dossier_agency_code_code_back", "agency_code", "code_back"),
        # what runs, by whose word: a source that fell silent asks for all of its own
        partial_index("ix_dossier_running", RUNNING, "speaking_source", "late_from_at", "agency_code"),
        # what broke a promise, for the counts of it: a few in a hundred
        partial_index(
            "ix_dossier_broken",
            "late_vs_promise IS TRUE OR late_vs_original IS TRUE",
            *("agency_code", "speaking_source", "stage", "late_vs_promise", "late_vs_original", "next_change_at"),
        ),
        Index("ix_dossier_procedure_code_stage", "procedure_code", "stage", "agency_code"),
    )


class ProcedureSeen(Base):
    """Every procedure that some dossier ever had, by the name first heard; `folded` is that name without accents."""

    __tablename__ = "procedure_seen"
    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    name: Mapped[str] = mapped_column(Text, default="")
    field_code: Mapped[str] = mapped_column(String(80), default="")
    folded: Mapped[str] = mapped_column(Text, default="")


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
    pauses: Mapped[tuple[Pause, ...]] = mapped_column(Pauses, default=())
    sure_until_at: Mapped[datetime | None]  # while an unknown state is reported: when a known one was last confirmed
    officer: Mapped[str] = mapped_column(Text, default="")
    first_heard_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    confirmed_at: Mapped[datetime]
    missing_sweeps: Mapped[int] = mapped_column(Integer, default=0)  # full sweeps in a row that did not show it
    unseen_since_at: Mapped[datetime | None]  # readings since then repeated the others, not this one
    __table_args__ = (
        UniqueConstraint("source", "key"),
        partial_index("ix_source_dossier_unseen", "unseen_since_at IS NOT NULL", "source"),
    )


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
    # --- for looking up a name without accents, from its beginning or from the given name back
    agency_code: Mapped[str] = mapped_column(String(80), default="")
    folded: Mapped[str] = mapped_column(Plain, default="")
    folded_back: Mapped[str] = mapped_column(Plain, default="")
    __table_args__ = (
        Index("ix_applicant_agency_code_folded", "agency_code", "folded"),
        Index("ix_applicant_agency_code_folded_back", "agency_code", "folded_back"),
    )


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
    __table_args__ = (
        Index("ix_finding_open", "kind", "dossier_id", "closed_at"),
        open_index("ix_finding_open_kind", "closed_at", "kind"),
    )
