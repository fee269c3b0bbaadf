"""What the reports count, kept up with every judgement, so that a figure of any day costs no scan. No personal data."""

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from monitor.domain.course import Measure
from monitor.domain.findings import FindingKind
from monitor.store.tables.base import Base
from monitor.store.types import Id

FINDING = "finding:"  # before its kind: how an open finding counts
MEASURES = (*(one.value for one in Measure), *(FINDING + kind.value for kind in FindingKind))


class Standing(Base):
    """A dossier counts under `measure` from `since_on` until the day before `until_on` (null: still). Derived.

    `number` is the promise for letters, 0 for everything else. A finding counts as "finding:" and its kind.
    """

    __tablename__ = "standing"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    dossier_id: Mapped[int] = mapped_column(ForeignKey("dossier.id"))
    measure: Mapped[str] = mapped_column(String(60))
    number: Mapped[int] = mapped_column(Integer, default=0)
    since_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    agency_code: Mapped[str] = mapped_column(String(80), default="")
    procedure_code: Mapped[str] = mapped_column(String(80), default="")
    field_code: Mapped[str] = mapped_column(String(80), default="")
    source: Mapped[str] = mapped_column(String(64), default="")  # whose word was in force
    channel: Mapped[str] = mapped_column(String(16), default="")
    __table_args__ = (
        UniqueConstraint("dossier_id", "measure", "number", "since_on"),
        Index("ix_standing_measure_agency_code_since_on", "measure", "agency_code", "since_on"),
        Index("ix_standing_measure_since_on", "measure", "since_on"),
        Index("ix_standing_procedure_code_measure_since_on", "procedure_code", "measure", "since_on"),
        Index("ix_standing_field_code_measure_since_on", "field_code", "measure", "since_on"),
        Index("ix_standing_since_on", "since_on"),
    )


class Figure(Base):
    """By how much each measure changed within a span: a year "2026", a month "2026-03", ten days "2026-03-0" (the 1st
    to the 9th; those from the 10th "2026-03-1"), a day "2026-03-05", or "" for all days, which is what counts now.
    Derived.

    The figure of a day is what counts now less the changes of the days and tens left in its month, the months left in
    its year and the years after: a few rows a group, however long the history, and for today one. `cube` says what is
    told apart: "agency" (and source), "procedure" (over all agencies), "both". A measure is a column (`column_of`): a
    row for each was ten times the rows to add up.
    """

    __tablename__ = "figure"
    # in SQLite the rows lie in the order of the key: else each is sought once more by its number
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - SQLAlchemy's own way
    cube: Mapped[str] = mapped_column(String(10), primary_key=True)
    span: Mapped[str] = mapped_column(String(10), primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(80), primary_key=True)
    procedure_code: Mapped[str] = mapped_column(String(80), primary_key=True)
    field_code: Mapped[str] = mapped_column(String(80), primary_key=True)
    source: Mapped[str] = mapped_column(String(64), primary_key=True)


def column_of(measure: str) -> str:
    """The column of `figure` that holds a measure: a finding's colon is none for a name."""
    return measure.replace(":", "_")


for _measure in MEASURES:
    setattr(Figure, column_of(_measure), mapped_column(Integer, default=0, server_default="0", nullable=False))


class FigureMark(Base):
    """Up to which row of an append-only table the figures have counted."""

    __tablename__ = "figure_mark"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(Id)


class Pace(Base):
    """How many dossiers took so many working days: the history that new return dates are proposed from. Derived.

    `kind` "taken": from reception to the result, by procedure and agency, and again with the agency "" for all of them;
    "late": from the broken promise to the result, of all procedures (both codes ""). `year` is that of the result.
    No dossier and no person can be told from it, so everybody's proposals rest on all of it.
    """

    __tablename__ = "pace"
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    procedure_code: Mapped[str] = mapped_column(String(80), primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(80), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    days: Mapped[int] = mapped_column(Integer, primary_key=True)
    number: Mapped[int] = mapped_column(Integer)
