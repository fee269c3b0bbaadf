"""The province's figures at the end of any day, and what moved between two, from the figures kept while judging.

A question reads a few dozen rows a group, however many dossiers and years there are. Roll-ups over the tree of agencies
are sums; no personal data.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select, true
from sqlalchemy.orm import Session

from monitor.domain.course import LETTERS, RESOLVED, UNRESOLVED, Measure
from monitor.figures import FINDING, NOW, spans_after, spans_between
from monitor.store.scope import WHOLE, held_against_each, reach_of
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

    def sum_of(self, measures: Iterable[str]) -> int:
        """These together."""
        of = self.of
        return sum([of[measure] for measure in measures if measure in of])

    @property
    def received(self) -> int:
        """Everything ever received."""
        return self.sum_of((Measure.RECEIVED_ONLINE, Measure.RECEIVED_OTHERWISE))

    @property
    def resolved(self) -> int:
        return self.sum_of(RESOLVED)

    @property
    def pending(self) -> int:
        """Received and not resolved, whatever holds it up, those of silent sources too."""
        return self.sum_of(UNRESOLVED) + self[SILENT]

    @property
    def letters_owed(self) -> int:
        return self.sum_of(LETTERS)

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
        after, before = self.after.of, self.before.of
        return sum([after.get(measure, 0) - before.get(measure, 0) for measure in measures])

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
_FEW = 8  # agencies: from here on it is asked whether those left out are fewer
Key = tuple[str, str]  # (agency, ""), (procedure, field) or ("", field)


def figures_by(
    session: Session,
    by: str,
    on: date,
    *,
    agencies: Collection[str] | None = None,
    procedure: str = "",
    silent_sources: Collection[str] = (),
) -> dict[Key, Figures]:
    """Figures at the end of `on`: the later end of `periods_by`."""
    found = periods_by(
        session, by, on + _ONE_DAY, on, agencies=agencies, procedure=procedure, silent_sources=silent_sources
    )
    return {key: period.after for key, period in found.items() if period.after}


def periods_by(
    session: Session,
    by: str,
    since: date,
    until: date,
    *,
    agencies: Collection[str] | None = None,
    procedure: str = "",
    silent_sources: Collection[str] = (),
) -> dict[Key, Period]:
    """What moved from the beginning of `since` to the end of `until`, by "agency", "procedure" or "field". `agencies`
    narrow (None: all); `procedure` narrows figures by agency to one procedure. At the end of `until` classes of silent
    sources count as `SILENT`: for today's figures only."""
    spans = _Spans.of(since, until, _last_year(session))
    key: tuple[Any, Any] = (Figure.agency_code, literal(""))
    if by == "agency":
        parts = [_Part("both" if procedure else "agency", agencies)]
    else:
        key = (Figure.procedure_code, Figure.field_code) if by == "procedure" else (literal(""), Figure.field_code)
        parts = [_Part("procedure")] if agencies is None else _parts(session, agencies, spans)
    after: dict[Key, dict[str, int]] = {}
    before: dict[Key, dict[str, int]] = {}
    for part in parts:
        statement = _summed(key, spans, part, silent_sources)
        if procedure:
            statement = statement.where(Figure.procedure_code == procedure)
        place: Key | None = None
        ends: dict[str, int] = {}
        begins: dict[str, int] = {}
        for first, second, is_silent, measure, at_start, at_end in session.execute(
            statement, execution_options=part.how
        ):
            if place != (first, second):  # mostly it is the row before's: they come group by group
                place = (first, second)
                ends, begins = after.setdefault(place, {}), before.setdefault(place, {})
            name = SILENT if is_silent and measure in _PENDING else measure
            ends[name] = ends.get(name, 0) + part.sign * int(at_end)
            begins[measure] = begins.get(measure, 0) + part.sign * int(at_start)
    found = {key: Period(_some(before[key]), _some(ends)) for key, ends in after.items()}
    return {key: period for key, period in found.items() if period.before or period.after}


class _Spans(NamedTuple):
    """What stood at the beginning of a period is `NOW` less `since`; at its end it is the same and `within`, or `NOW`
    less `later`: whichever takes fewer spans, for a month is either its days or itself."""

    since: Sequence[str]  # from its beginning on to the end of time
    within: Sequence[str]
    later: Sequence[str] | None  # from its end on; None: its end is its beginning and `within`

    @classmethod
    def of(cls, since: date, until: date, last_year: str) -> "_Spans":
        """The fewest; nothing is kept of the years after `last_year`."""
        before, later = (_up_to(last_year, spans_after(on)) for on in (since - _ONE_DAY, until))
        within = _up_to(last_year, spans_between(since, until))
        ways = (cls([*within, *later], within, None), cls(before, within, None), cls(before, (), later))
        return min(ways, key=lambda way: len(way.every))

    @property
    def every(self) -> list[str]:
        return sorted({NOW, *self.since, *self.within, *(self.later or ())})


def _up_to(year: str, spans: Iterable[str]) -> list[str]:
    return [span for span in spans if span[:4] <= year]


def _last_year(session: Session) -> str:
    """The last year of which anything is kept. The end of time is two centuries ahead: to look into each empty year
    for each agency took longer than all that there is."""
    last = session.scalar(select(func.max(Figure.span)).where(Figure.cube == "agency"), execution_options=WHOLE)
    return (last or "")[:4]


class _Part(NamedTuple):
    """Rows of `figure` that are added up, or taken away again."""

    cube: str
    agencies: Collection[str] | None = None
    sign: int = 1
    how: Mapping[str, bool] = {}


def _parts(session: Session, agencies: Collection[str], spans: _Spans) -> list[_Part]:
    """How the figures by procedure of these agencies are cheapest: a province's root or a large branch would add up
    every pair of agency and procedure, where all agencies together less the few left out come to the same.

    An agency without a row of its own in any of these spans counts nothing on either day: it may be left out."""
    reach = reach_of(session)
    own = {code for code in agencies if reach.holds(code)}
    if len(own) < _FEW:
        return [_Part("both", own)]
    present = select(Figure.agency_code).distinct().where(Figure.cube == "agency", Figure.span.in_(spans.every))
    everybody = set(session.scalars(present, execution_options=WHOLE))
    left_out = everybody - own
    if len(left_out) >= len(everybody & own):
        return [_Part("both", own)]
    parts = [_Part("procedure", None, 1, WHOLE)]
    return [*parts, _Part("both", left_out, -1, WHOLE)] if left_out else parts


def _summed(key: tuple[Any, Any], spans: _Spans, part: _Part, silent_sources: Collection[str]) -> Select[Any]:
    """(key, key, is of a silent source, measure, before the period, at its end)."""
    now = (Figure.span == NOW, Figure.change)
    at_start = case(now, (Figure.span.in_(spans.since), -Figure.change), else_=0)
    at_end: ColumnElement[Any]
    if spans.later is not None:
        at_end = case(now, (Figure.span.in_(spans.later), -Figure.change), else_=0)
    else:
        at_end = at_start + case((Figure.span.in_(spans.within), Figure.change), else_=0)
    is_silent = Figure.source.in_(sorted(silent_sources)) if silent_sources else literal(value=False)
    told_apart = [*key, is_silent] if silent_sources else list(key)
    return (
        select(*key, is_silent, Figure.measure, func.sum(at_start), func.sum(at_end))
        .where(Figure.cube == part.cube, Figure.span.in_(spans.every), _among(part.cube, part.agencies))
        .group_by(*told_apart, Figure.measure)
    )


def _some(counts: Mapping[str, int]) -> Figures:
    return Figures({measure: number for measure, number in counts.items() if number > 0})


def standing_now(
    session: Session, measures: Collection[str], agencies: Collection[str] | None = None
) -> dict[tuple[str, str], int]:
    """How many stand under each of these measures by (measure, source), by the last judgement of each dossier."""
    statement = (
        select(Figure.measure, Figure.source, func.sum(Figure.change))
        .where(
            Figure.cube == "agency",
            Figure.span == NOW,
            _counts_as(measures),
            _among("agency", agencies),
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
    """These measures at the end of each of the last `days` days, the oldest first, in three queries: from the last day
    backwards."""
    every_day = [until - timedelta(days=n) for n in range(days)]
    at_end = _sums(session, [NOW, *_up_to(_last_year(session), spans_after(until))], agencies, measures)
    statement = (
        select(Figure.span, Figure.measure, func.sum(Figure.change))
        .where(
            Figure.cube == "agency",
            Figure.span.in_([day.isoformat() for day in every_day]),
            _counts_as(measures),
            _among("agency", agencies),
        )
        .group_by(Figure.span, Figure.measure)
    )
    change = {(span, measure): int(number) for span, measure, number in session.execute(statement)}
    course: list[tuple[date, dict[str, int]]] = []
    for day in every_day:
        course.append((day, {measure: at_end.get(measure, 0) for measure in measures}))
        at_end = {measure: at_end.get(measure, 0) - change.get((day.isoformat(), measure), 0) for measure in measures}
    return course[::-1]


def _sums(
    session: Session, spans: Sequence[str], agencies: Collection[str] | None, measures: Sequence[str]
) -> dict[str, int]:
    statement = (
        select(Figure.measure, _AT_END)
        .where(
            Figure.cube == "agency",
            Figure.span.in_(spans),
            _counts_as(measures),
            _among("agency", agencies),
        )
        .group_by(Figure.measure)
    )
    return {measure: int(number) for measure, number in session.execute(statement)}


def _counts_as(measures: Iterable[str]) -> ColumnElement[bool]:
    # as an expression: PostgreSQL 18 takes the measure, the last column of the key, for a way into the index, finds it
    # dear to skip all procedures for it, and reads the whole table instead
    return func.coalesce(Figure.measure, "").in_(sorted(measures))


def _among(cube: str, agencies: Collection[str] | None) -> ColumnElement[bool]:
    if agencies is None:
        return true()
    # of pairs with procedures there are so many that even many agencies are sought one by one
    column = held_against_each(Figure.agency_code, len(agencies)) if cube == "agency" else Figure.agency_code
    # a province's tree can be longer than a statement may have parameters
    return or_(*(column.in_(batch) for batch in in_batches(sorted(agencies)))) if agencies else column.in_(())
