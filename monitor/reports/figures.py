"""The province's figures at the end of any day, and what moved between two, from the figures kept while judging.

A question reads a few dozen rows a group, however many dossiers and years there are. Roll-ups over the tree of agencies
are sums; no personal data.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, literal, literal_column, or_, select, true
from sqlalchemy.orm import Session

from monitor.domain.course import LETTERS, RESOLVED, UNRESOLVED, Measure
from monitor.figures import NOW, spans_after, spans_between
from monitor.store.scope import WHOLE, held_against_each, reach_of
from monitor.store.tables import Figure
from monitor.store.tables.figures import FINDING, MEASURES, column_of
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


NOTHING = Period(Figures(), Figures())
FINDINGS = tuple(measure for measure in MEASURES if measure.startswith(FINDING))
DOSSIERS_AND_LETTERS = tuple(measure for measure in MEASURES if measure not in FINDINGS)
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
    measures: Sequence[str] = MEASURES,
) -> dict[Key, Period]:
    """What moved from the beginning of `since` to the end of `until`, by "agency", "procedure", "field" or, under the
    key ("", ""), in "all". `agencies` narrow (None: all there are); `procedure` narrows figures by agency to one
    procedure; `measures` are those wanted. At the end of `until` classes of silent sources count as `SILENT`: for
    today's figures only."""
    spans = _Spans.of(since, until, _last_day(session))
    key: tuple[Any, Any] = (literal("") if by == "all" else Figure.agency_code, literal(""))
    if by in ("agency", "all"):
        parts = [_Part("both" if procedure else "agency", agencies)]
    else:
        key = (Figure.procedure_code, Figure.field_code) if by == "procedure" else (literal(""), Figure.field_code)
        parts = [_Part("procedure")] if agencies is None else _parts(session, agencies, spans)
    weights = spans.weights()
    pending = [place for place, measure in enumerate(measures) if measure in _PENDING]
    ends: dict[Key, list[int]] = {}
    begins: dict[Key, list[int]] = {}
    for part in parts:
        statement = _summed(key, weights.values(), part, silent_sources, measures)
        if procedure:
            statement = statement.where(Figure.procedure_code == procedure)
        ways = [(at_start * part.sign, at_end * part.sign) for at_start, at_end in weights]
        for first, second, is_silent, way, *sums in session.execute(statement, execution_options=part.how):
            place, (at_start, at_end) = (first, second), ways[way]
            sums.append(0)  # of the silent ones
            _add(begins, place, sums, at_start)
            if is_silent:
                sums[-1] = sum([sums[at] for at in pending])
                for at in pending:
                    sums[at] = 0
            _add(ends, place, sums, at_end)
    names = (*measures, SILENT)
    # what stood at the beginning alone is in `begins` alone, where no row says that nothing of it counts now
    found = {place: Period(*(_some(names, some.get(place, ())) for some in (begins, ends))) for place in begins | ends}
    return {place: period for place, period in found.items() if period.before or period.after}


def _add(to: dict[Key, list[int]], place: Key, sums: Sequence[int], times: int) -> None:
    if times == 0:
        return
    held = to.get(place)
    if held is None:
        to[place] = [number * times for number in sums]
    else:
        to[place] = [one + number * times for one, number in zip(held, sums, strict=True)]


class _Spans(NamedTuple):
    """What stood at the beginning of a period is `NOW` less `since`; at its end it is the same and `within`, or `NOW`
    less `later`: whichever takes fewer spans, for a month is either its days or itself."""

    since: Sequence[str]  # from its beginning on to the end of time
    within: Sequence[str]
    later: Sequence[str] | None  # from its end on; None: its end is its beginning and `within`

    @classmethod
    def of(cls, since: date, until: date, last_day: str) -> "_Spans":
        """The fewest; nothing is kept of the days after `last_day`."""
        before, later = (spans_after(on, last_day) for on in (since - _ONE_DAY, until))
        within = [span for span in spans_between(since, until) if span <= last_day]
        ways = (cls([*within, *later], within, None), cls(before, within, None), cls(before, (), later))
        return min(ways, key=lambda way: len(way.every))

    @property
    def every(self) -> list[str]:
        return sorted({NOW, *self.since, *self.within, *(self.later or ())})

    def weights(self) -> dict[tuple[int, int], list[str]]:
        """The spans by how often each counts towards what stood at the beginning and towards what stood at the end."""
        found: dict[tuple[int, int], list[str]] = {}
        for span in self.every:
            at_start = 1 if span == NOW else -(span in self.since)
            if self.later is None:
                at_end = at_start + (span in self.within)
            else:
                at_end = 1 if span == NOW else -(span in self.later)
            found.setdefault((at_start, at_end), []).append(span)
        return found


def _last_day(session: Session) -> str:
    """The last day of which anything is kept, "" where nothing is. The end of time is two centuries ahead: to look into
    each empty span for each agency took longer than all that there is."""
    # in the order of texts the day comes after the tens, the month and the year that hold it; what moves within an
    # agency is only in the finest figures
    last = session.scalar(select(func.max(Figure.span)).where(Figure.cube == "both"), execution_options=WHOLE)
    return last or ""


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


def _summed(
    key: tuple[Any, Any],
    ways: Collection[Sequence[str]],
    part: _Part,
    silent_sources: Collection[str],
    measures: Sequence[str],
) -> Select[Any]:
    """(key, key, is of a silent source, place of the spans among `ways`, the sum of each measure)."""
    way = case(*((Figure.span.in_(spans), literal_column(str(place))) for place, spans in enumerate(ways)))
    is_silent = Figure.source.in_(sorted(silent_sources)) if silent_sources else literal(value=False)
    told_apart = [*key, is_silent] if silent_sources else list(key)
    every = [span for spans in ways for span in spans]
    return (
        select(*key, is_silent, way, *(_SUMS[measure] for measure in measures))
        .where(Figure.cube == part.cube, Figure.span.in_(every), _among(part.cube, part.agencies))
        .group_by(*told_apart, way)
    )


def _sum_of(measure: str) -> ColumnElement[int]:
    column: ColumnElement[int] = getattr(Figure, column_of(measure))
    return func.sum(column)


_SUMS = {measure: _sum_of(measure) for measure in MEASURES}


def _some(measures: Sequence[str], numbers: Sequence[int]) -> Figures:
    return Figures({measure: number for measure, number in zip(measures, numbers, strict=False) if number > 0})


def standing_now(
    session: Session, measures: Collection[str], agencies: Collection[str] | None = None
) -> dict[tuple[str, str], int]:
    """How many stand under each of these measures by (measure, source), by the last judgement of each dossier."""
    wanted = sorted(measures)
    statement = (
        select(Figure.source, *(_SUMS[measure] for measure in wanted))
        .where(Figure.cube == "agency", Figure.span == NOW, _among("agency", agencies))
        .group_by(Figure.source)
    )
    return {
        (measure, source): int(number)
        for source, *numbers in session.execute(statement)
        for measure, number in zip(wanted, numbers, strict=True)
    }


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
    """These measures at the end of each of the last `days` days, the oldest first, in two queries: from the last day
    backwards."""
    every_day = {(until - timedelta(days=n)).isoformat(): until - timedelta(days=n) for n in range(days)}
    later = spans_after(until, _last_day(session))
    changes = _changes(session, [NOW, *later, *every_day], agencies, measures)
    at_end = dict.fromkeys(measures, 0) | changes.get(NOW, {})
    for span in later:
        at_end = _less(at_end, changes.get(span, {}))
    course: list[tuple[date, dict[str, int]]] = []
    for span, day in every_day.items():
        course.append((day, at_end))
        at_end = _less(at_end, changes.get(span, {}))
    return course[::-1]


def _less(numbers: Mapping[str, int], change: Mapping[str, int]) -> dict[str, int]:
    return {measure: number - change.get(measure, 0) for measure, number in numbers.items()}


def _changes(
    session: Session, spans: Sequence[str], agencies: Collection[str] | None, measures: Sequence[str]
) -> dict[str, dict[str, int]]:
    """By how much each of these measures changed, by span."""
    statement = (
        select(Figure.span, *(_SUMS[measure] for measure in measures))
        .where(Figure.cube == "agency", Figure.span.in_(spans), _among("agency", agencies))
        .group_by(Figure.span)
    )
    return {span: dict(zip(measures, map(int, numbers), strict=True)) for span, *numbers in session.execute(statement)}


def _among(cube: str, agencies: Collection[str] | None) -> ColumnElement[bool]:
    if agencies is None:
        return true()
    # of pairs with procedures there are so many that even many agencies are sought one by one
    column = held_against_each(Figure.agency_code, len(agencies)) if cube == "agency" else Figure.agency_code
    # a province's tree can be longer than a statement may have parameters
    return or_(*(column.in_(batch) for batch in in_batches(sorted(agencies)))) if agencies else column.in_(())
