"""What the reports count, kept up with every judgement, so that a figure of any day costs no scan. No personal data."""

from datetime import date

from sqlalchemy import Date, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base
from monitor.store.types import Id


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
    )


class Figure(Base):
    """By how much a measure changed within a span: a year "2026", a month "2026-03" or a day "2026-03-05". Derived.

    The figure of a day is the sum over the years before its year, the months before its month and the days up to it: a
    few dozen rows a group, however long the history. `cube` says what is told apart: "agency" (and source),
    "procedure" (over all agencies), "both".
    """

    __tablename__ = "figure"
    cube: Mapped[str] = mapped_column(String(10), primary_key=True)
    span: Mapped[str] = mapped_column(String(10), primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(80), primary_key=True)
    procedure_code: Mapped[str] = mapped_column(String(80), primary_key=True)
    field_code: Mapped[str] = mapped_column(String(80), primary_key=True)
    source: Mapped[str] = mapped_column(String(64), primary_key=True)
    measure: Mapped[str] = mapped_column(String(60), primary_key=True)
    change: Mapped[int] = mapped_column(Integer)


class FigureMark(Base):
    """Up to which row of an append-only table the figures have counted."""

    __tablename__ = "figure_mark"
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(Id)
