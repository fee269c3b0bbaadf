"""The province's figures at the end of any day, and what moved between two, from the figures kept while judging.

A question reads a few dozen rows a group, however many dossiers and years there are. Roll-ups over the tree of agencies
are sums; no personal data.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, true
from sqlalchemy.orm import Session

from monitor.domain.course import LETTERS, RESOLVED, UNRESOLVED, Measure
from monitor.figures import FINDING, NOW, spans_after
from monitor.store.tables import Figure
from monitor.store.writing import in_batches

_ONE_DAY = timedelta(days=1)
_PENDING = {measure.value for measure in UNRESOLVED}
SILENT = "silent"  # in time or late by the last word of a source that fell silent since: never shown as in time


@dataclass(frozen=True, slots=True)
class Figures:
    """What stood at the end of a day. `of` holds every measure; a dossier is in exactly one of the classes."""

    of: Mapping[str, int] = field(default_factory=dict)

    def __getitem__(self, measure: str) -> int:
        return self.of.get(measure, 0)

    @property
    def received(self) -> int:
        """Everything ever received."""
        return self[Measure.RECEIVED_ONLINE] + self[Measure.RECEIVED_OTHERWISE]

    @property
    def resolved(self) -> int:
        return sum(self[measure] for measure in RESOLVED)

    @property
    def pending(self) -> int:
        """Received and not resolved, whatever holds it up, those of silent sources too."""
        return sum(self[measure] for measure in UNRESOLVED) + self[SILENT]

    @property
    def letters_owed(self) -> int:
        return sum(self[measure] for measure in LETTERS)

    @property
    def findings(self) -> dict[str, int]:
        """Open findings by kind."""
        found = {name.removeprefix(FINDING): n for name, n in self.of.items() if name.startswith(FINDING) and n}
        return dict(sorted(found.items()))

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(Counter(self.of) + Counter(other.of))

    def __bool__(self) -> bool:
        return any(self.of.values())


@dataclass(frozen=True, slots=True)
class Period:
    """What moved from the beginning of one day to the end of another (law.md §6.3, Biểu số II.06a).

    Received anew + carried over = resolved + pending, for every agency and for their sum.
    """

    before: Figures  # at the end of the day before
    after: Figures

    def during(self, *measures: str) -> int:
        """By how much these grew."""
        return sum(self.after[measure] - self.before[measure] for measure in measures)

    @property
    def carried_over(self) -> int:
        return self.before.pending

    @property
    def received(self) -> int:
        return self.after.received - self.before.received

    @property
    def resolved(self) -> int:
        return self.after.resolved - self.before.resolved


# what counts now, less what changed since
_AT_END = func.sum(case((Figure.span == NOW, Figure.change), else_=-Figure.change))
Key = tuple[str, str]  # (agency, "") or (procedure, field)


def figures_by(
    session: Session,
    by: str,
    on: date,
    *,
    agencies: Collection[str] | None = None,
    procedure: str = "",
    silent_sources: Collection[str] = (),
) -> dict[Key, Figures]:
    """Figures at the end of `on`, by "agency" or by "procedure". `agencies` narrows (None: all); `procedure` narrows
    figures by agency to one procedure. Classes of silent sources count as `SILENT`: for today's figures only."""
    if by == "agency":
        cube, key = ("both" if procedure else "agency"), (Figure.agency_code, Figure.agency_code)
    else:
        cube, key = ("procedure" if agencies is None else "both"), (Figure.procedure_code, Figure.field_code)
    statement = (
        select(*key, Figure.source, Figure.measure, _AT_END)
        .where(Figure.cube == cube, Figure.span.in_([NOW, *spans_after(on)]), _among(Figure.agency_code, agencies))
        .group_by(*key, Figure.source, Figure.measure)
    )
    if procedure:
        statement = statement.where(Figure.procedure_code == procedure)
    found: dict[Key, Counter[str]] = {}
    for first, second, source, measure, number in session.execute(statement):
        counted = found.setdefault((first, "" if by == "agency" else second), Counter())
        silent = source in silent_sources and measure in _PENDING
        counted[SILENT if silent else measure] += int(number)
    return {key: figures for key, counts in found.items() if (figures := Figures(+counts))}


def standing_now(
    session: Session, measures: Collection[str], agencies: Collection[str] | None = None
) -> dict[tuple[str, str], int]:
    """How many stand under each of these measures by (measure, source), by the last judgement of each dossier."""
    statement = (
        select(Figure.measure, Figure.source, func.sum(Figure.change))
        .where(
            Figure.cube == "agency",
            Figure.span == NOW,
            Figure.measure.in_(sorted(measures)),
            _among(Figure.agency_code, agencies),
        )
        .group_by(Figure.measure, Figure.source)
    )
    return {(measure, source): int(number) for measure, source, number in session.execute(statement)}


def total(figures: Iterable[Figures]) -> Figures:
    """The sum."""
    counts: Counter[str] = Counter()
    for one in figures:
        counts.update(one.of)
    return Figures(counts)


def rolled_up(found: Mapping[Key, Figures], children: Mapping[str, Sequence[str]], root: str) -> Figures:
    """An agency with everything below it."""
    figures = found.get((root, ""), Figures())
    for child in children.get(root, ()):
        figures += rolled_up(found, children, child)
    return figures


def trend(
    session: Session, until: date, days: int, *, agencies: Collection[str] | None = None, measures: Sequence[str]
) -> list[tuple[date, dict[str, int]]]:
    """These measures at the end of each of the last `days` days, the oldest first, in two queries."""
    first = until - timedelta(days=days - 1)
    base = _sums(session, [NOW, *spans_after(first - _ONE_DAY)], agencies, measures)
    every_day = [first + timedelta(days=n) for n in range(days)]
    statement = (
        select(Figure.span, Figure.measure, func.sum(Figure.change))
        .where(
            Figure.cube == "agency",
            Figure.span.in_([day.isoformat() for day in every_day]),
            Figure.measure.in_(list(measures)),
            _among(Figure.agency_code, agencies),
        )
        .group_by(Figure.span, Figure.measure)
    )
    change = {(span, measure): int(number) for span, measure, number in session.execute(statement)}
    course: list[tuple[date, dict[str, int]]] = []
    for day in every_day:
        base = {measure: base.get(measure, 0) + change.get((day.isoformat(), measure), 0) for measure in measures}
        course.append((day, base))
    return course


def _sums(
    session: Session, spans: Sequence[str], agencies: Collection[str] | None, measures: Sequence[str]
) -> dict[str, int]:
    statement = (
        select(Figure.measure, _AT_END)
        .where(
            Figure.cube == "agency",
            Figure.span.in_(spans),
            Figure.measure.in_(list(measures)),
            _among(Figure.agency_code, agencies),
        )
        .group_by(Figure.measure)
    )
    return {measure: int(number) for measure, number in session.execute(statement)}


def _among(column: Any, agencies: Collection[str] | None) -> ColumnElement[bool]:
    if agencies is None:
        return true()
    # a province's tree can be longer than a statement may have parameters
    return or_(*(column.in_(batch) for batch in in_batches(sorted(agencies)))) if agencies else column.in_(())
