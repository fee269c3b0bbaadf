"""The duty to apologise, its letter, its steps. `letter` holds PERSONAL DATA."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Boolean, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base, open_index
from monitor.store.types import Id

_OPEN_COLUMNS = ("state", "is_late", "suspended_for", "letter_by_on", "owed_at")


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
    confirmed_for: Mapped[str] = mapped_column(String(48), default="")  # the doubt that a person has set aside
    slip_promised_at: Mapped[datetime | None]  # the slip's date, told by a person where no source gives one
    new_date_on: Mapped[date | None]  # the one new appointment, as decided
    drafted_at: Mapped[datetime | None]
    counter_told_at: Mapped[datetime | None]  # from here the one-stop unit has one working day
    closed_at: Mapped[datetime | None]
    form: Mapped[str] = mapped_column(String(48), default="")
    template_version: Mapped[str] = mapped_column(String(40), default="")
    content: Mapped[dict[str, Any] | None]  # every word on the paper; the files are derived from it
    content_hash: Mapped[str] = mapped_column(String(64), default="")
    # the words of earlier papers that were taken back, oldest first
    voided: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    __table_args__ = (
        UniqueConstraint("dossier_id", "promise_number"),
        # what is open, with all that lists and counts of it ask: most letters are closed
        open_index("ix_letter_open", "closed_at", "agency_code", *_OPEN_COLUMNS),
        Index("ix_letter_state_agency_code", "state", "agency_code", "letter_by_on"),
    )


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
