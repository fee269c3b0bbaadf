"""Keeps the reports' figures up with every judgement and every step of a letter, in the same transaction.

Each dossier's course (`monitor.domain.course`) stands in `standing`; what a batch changes in it is added up and laid on
`figure` in one statement. Cost follows change: a dossier whose class does not change writes nothing here.
"""

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from monitor.domain.calendar import WorkingCalendar
from monitor.domain.course import (
    CLASSES,
    LETTERS,
    Measure,
    Step,
    continued,
    holds_from,
    letter_measure,
    limit_of,
    received_measure,
    told,
)
from monitor.domain.dossier import Facts
from monitor.domain.stage import Judgement
from monitor.pace import count_results, result_of, take_back
from monitor.store.tables import Dossier, Figure, FigureMark, FindingRow, Letter, LetterStep, Standing
from monitor.store.tables.figures import FINDING, column_of
from monitor.store.writing import add_up, in_batches, insert_many, one_of, rows_of, table_of, update_many

CUBES = ("agency", "procedure", "both")
_CLASSES = frozenset(measure.value for measure in CLASSES)
_LETTERS = frozenset(measure.value for measure in LETTERS)
_STEPS = "letter_step"
_EARLIEST = date(1900, 1, 1)  # an absurd date counts from here: it is said by a finding, and no figure looks further
_LATEST = date(2205, 12, 31)  # as far as a mistyped date was ever seen to go
_ONE_DAY = timedelta(days=1)
NOW = ""  # the span of all days
# What is asked for every batch, built once: building a statement costs more than a few rows' reading.
_STANDING, _LETTER, _FINDING = (table_of(one) for one in (Standing, Letter, FindingRow))
_HELD = select(_STANDING).where(one_of(_STANDING.c.dossier_id)).order_by(_STANDING.c.since_on)
_DELETED = delete(_STANDING).where(one_of(_STANDING.c.id))
_PRESENT_LETTERS = select(
    *(_LETTER.c[name] for name in ("dossier_id", "promise_number", "state", "is_late", "owed_at"))
).where(one_of(_LETTER.c.dossier_id))  # fmt: skip
_MARK, _STEP = table_of(FigureMark), table_of(LetterStep)
_COUNTED = select(func.max(_MARK.c.value)).where(_MARK.c.name == bindparam("mark")).scalar_subquery()
_TAKEN = (
    select(_STEP.c.id, _LETTER.c.dossier_id, _STEP.c.at)
    .join(_LETTER, _LETTER.c.id == _STEP.c.letter_id)
    .where(_STEP.c.id > func.coalesce(_COUNTED, 0))
    .order_by(_STEP.c.id)
)
_OPEN_FINDINGS = (
    select(_FINDING.c.dossier_id, _FINDING.c.kind, _FINDING.c.found_at)
    .where(one_of(_FINDING.c.dossier_id), _FINDING.c.closed_at.is_(None))
    .order_by(_FINDING.c.found_at.desc())
)
_WAITING = Measure.WAITING.value


class Group(NamedTuple):
    """What figures are told apart by."""

    agency_code: str
    procedure_code: str
    field_code: str
    source: str
    channel: str


class Row(NamedTuple):
    """One row of `standing` as a value."""

    dossier_id: int
    measure: str
    number: int
    since_on: date
    until_on: date | None
    group: Group


class Judged(NamedTuple):
    """One dossier of a batch: its row as it was before the judgement, and what was concluded."""

    row: Any
    facts: Facts
    judgement: Judgement
    took: Mapping[str, int | None]  # `taken_days` and `late_days` as they are now


def count_judged(session: Session, judged: Sequence[Judged], calendar: WorkingCalendar, now: datetime) -> None:
    """Brings the figures up with a batch just judged: classes, letters and findings of these dossiers."""
    ids = [item.row.id for item in judged]
    held = _held(session, ids)
    groups = {item.row.id: _group(item.row) for item in judged}
    today = calendar.local_date(now)
    wanted: list[Row] = []
    for item in judged:
        wanted += _classes(item, held.get(item.row.id, []), groups[item.row.id], calendar)
    count_results(
        session,
        filter(None, (result_of(item.row, item.row._mapping) for item in judged)),
        filter(None, (result_of(item.row, item.took) for item in judged)),
    )
    wanted += _letters(session, ids, held, groups, calendar, today)
    wanted += _findings(session, ids, held, groups, calendar, today)
    _replace(session, held.rows(), wanted, held.ids)


def count_steps(session: Session, calendar: WorkingCalendar) -> None:
    """Brings the figures up with the steps taken in letters since the last count, each on the day it was taken."""
    taken = rows_of(session, _TAKEN, mark=_STEPS)
    if not taken:  # most passes
        return
    mark = session.get(FigureMark, _STEPS)
    if mark is None:
        mark = FigureMark(name=_STEPS, value=0)
        session.add(mark)
    mark.value = taken[-1].id
    last = {row.dossier_id: calendar.local_date(row.at) for row in taken}
    for on in sorted(set(last.values())):
        ids = sorted(dossier_id for dossier_id, day in last.items() if day == on)
        held = _held(session, ids, _LETTERS)
        wanted = _letters(session, ids, held, _groups(session, ids), calendar, on)
        _replace(session, held.rows(), wanted, held.ids)


def forget(session: Session, dossier_ids: Collection[int]) -> None:
    """Takes dossiers out of every figure: they turned out to be another view of dossiers that are counted."""
    take_back(session, dossier_ids)
    held = _held(session, sorted(dossier_ids))
    _replace(session, held.rows(), [], held.ids)


def _groups(session: Session, ids: Sequence[int]) -> dict[int, Group]:
    table = table_of(Dossier)
    found: dict[int, Group] = {}
    for batch in in_batches(ids):
        for row in session.execute(select(table).where(table.c.id.in_(batch))):
            found[row.id] = _group(row)
    return found


def _group(row: Any) -> Group:
    return Group(row.agency_code, row.procedure_code, row.field_code, row.speaking_source, row.channel)


class _Held(dict[int, list[Row]]):
    """What stands for each dossier, and the ids of those rows by key."""

    ids: dict[tuple[int, str, int, date], int]

    def rows(self) -> list[Row]:
        return [row for rows in self.values() for row in rows]


def _held(session: Session, ids: Sequence[int], measures: Collection[str] | None = None) -> _Held:
    found = _Held()
    found.ids = {}
    statement = _HELD if measures is None else _HELD.where(_STANDING.c.measure.in_(sorted(measures)))
    for batch in in_batches(ids):
        for row in rows_of(session, statement, ids=batch):
            group = Group(row.agency_code, row.procedure_code, row.field_code, row.source, row.channel)
            kept = Row(row.dossier_id, row.measure, row.number, row.since_on, row.until_on, group)
            found.setdefault(row.dossier_id, []).append(kept)
            found.ids[_key(kept)] = row.id
    return found


def _classes(item: Judged, held: Sequence[Row], group: Group, calendar: WorkingCalendar) -> list[Row]:
    """The course anew. A day keeps the agency it was counted under: a transfer holds from the day it was heard."""
    row, facts, judgement, _ = item
    before = [kept for kept in held if kept.measure in _CLASSES]
    own = told(facts, judgement, limit_of(facts, judgement, calendar), calendar)
    judged_on = calendar.local_date(row.judged_at) if row.judged_at else None
    is_new = row.judged_at is None or row.facts_at >= row.judged_at
    start = holds_from(judgement, calendar.local_date(row.facts_at), judged_on, is_new, calendar)
    late_on = calendar.local_date(row.late_from_at) if row.late_from_at else None
    previous = [Step(kept.since_on, Measure(kept.measure)) for kept in before]
    steps = list(continued(previous, own, start, late_on))
    former = [(kept.since_on, kept.group) for kept in before]
    return list(_rows(row.id, _cut(steps, former, group, start), former, group, start))


def _cut(steps: list[Step], former: Sequence[tuple[date, Group]], group: Group, start: date) -> list[Step]:
    """A step of its own on the day on which the dossier moved to another group."""
    moved = former and former[-1][1] != group and steps[0].on < start
    if not moved or any(step.on == start for step in steps):
        return steps
    in_force = [step for step in steps if step.on < start]
    return [*in_force, Step(start, in_force[-1].measure), *steps[len(in_force) :]]


def _rows(
    dossier_id: int, steps: Sequence[Step], former: Sequence[tuple[date, Group]], group: Group, start: date
) -> Iterator[Row]:
    for place, step in enumerate(steps):
        until = steps[place + 1].on if place + 1 < len(steps) else None
        earlier = [kept for since, kept in former if since <= step.on] if step.on < start else []
        yield Row(dossier_id, step.measure.value, 0, step.on, until, earlier[-1] if earlier else group)


def _letters(
    session: Session,
    ids: Sequence[int],
    held: Mapping[int, Sequence[Row]],
    groups: Mapping[int, Group],
    calendar: WorkingCalendar,
    today: date,
) -> list[Row]:
    """Where each letter counts: what it was until yesterday, what it is from today on."""
    present: dict[tuple[int, int], tuple[str, date]] = {}
    for batch in in_batches(ids):
        for row in rows_of(session, _PRESENT_LETTERS, ids=batch):
            measure = letter_measure(row.state, row.is_late)
            if measure is not None:
                began = calendar.local_date(row.owed_at)
                present[(row.dossier_id, row.promise_number)] = (measure.value, began)
    return list(_sided(_of(held, _LETTERS), present, groups, today))


def _findings(
    session: Session,
    ids: Sequence[int],
    held: Mapping[int, Sequence[Row]],
    groups: Mapping[int, Group],
    calendar: WorkingCalendar,
    today: date,
) -> list[Row]:
    """Open findings, each kind once a dossier however often its detail changed."""
    present: dict[tuple[int, str], tuple[str, date]] = {}
    for batch in in_batches(ids):
        for dossier_id, kind, found_at in rows_of(session, _OPEN_FINDINGS, ids=batch):
            assert dossier_id is not None
            present[(dossier_id, FINDING + kind)] = (FINDING + kind, calendar.local_date(found_at))
    before: dict[tuple[int, str], list[Row]] = {}
    for rows in held.values():
        for row in rows:
            if row.measure.startswith(FINDING):
                before.setdefault((row.dossier_id, row.measure), []).append(row)
    return list(_sided(before, present, groups, today))


def _of(held: Mapping[int, Sequence[Row]], measures: Collection[str]) -> dict[tuple[int, int], list[Row]]:
    found: dict[tuple[int, int], list[Row]] = {}
    for rows in held.values():
        for row in rows:
            if row.measure in measures:
                found.setdefault((row.dossier_id, row.number), []).append(row)
    return found


def _sided(
    before: Mapping[Any, Sequence[Row]],
    present: Mapping[Any, tuple[str, date]],
    groups: Mapping[int, Group],
    today: date,
) -> Iterator[Row]:
    """What stands beside the classes: the past is kept, the last open row is ended when it no longer holds, and
    what holds anew begins (on its own day when nothing was counted before, else today)."""
    for key in sorted({*before, *present}):
        rows = [row for row in before.get(key, ()) if row.since_on < today or row.until_on is None]
        last = rows[-1] if rows and rows[-1].until_on is None else None
        wanted = present.get(key)
        if last is not None and wanted is not None and (last.measure, last.group) == (wanted[0], groups[key[0]]):
            yield from rows
            continue
        for row in rows:
            if row.until_on is not None:
                yield row
            elif row.since_on < today:
                yield row._replace(until_on=today)
        if wanted is not None:
            dossier_id = key[0]
            number = key[1] if isinstance(key[1], int) else 0
            since = today if rows else min(wanted[1], today)
            yield Row(dossier_id, wanted[0], number, since, None, groups[dossier_id])


# place in `figure` -> by how much each of its columns changed
_Change = defaultdict[tuple[str | int, ...], Counter[str]]


def _replace(
    session: Session,
    before: Sequence[Row],
    after: Sequence[Row],
    ids: Mapping[tuple[int, str, int, date], int] = MappingProxyType({}),
) -> None:
    """Writes the difference, in `standing` and in `figure`. `ids`: those of the rows that stood before, by key."""
    old = {_key(row): row for row in before}
    new = {_key(row): row for row in after}
    gone = [row for key, row in old.items() if key not in new]
    begun = [row for key, row in new.items() if key not in old]
    changed = [row for key, row in new.items() if key in old and old[key] != row]
    if not (gone or begun or changed):
        return
    for batch in in_batches([ids[_key(row)] for row in gone]):
        session.connection().execute(_DELETED, {"ids": batch})
    insert_many(session, Standing, [_columns(row) for row in begun])
    rest = [{"id": ids[_key(row)], "until_on": row.until_on, **row.group._asdict()} for row in changed]
    update_many(session, Standing, rest)
    change: _Change = defaultdict(Counter)
    for row in begun:
        _count(change, row, _days(row), 1)
    for row in gone:
        _count(change, row, _days(row), -1)
    for row in changed:
        was = old[_key(row)]
        kept = {row.since_on} if was.group == row.group else set()  # most often only its end is another
        _count(change, row, [day for day in _days(row) if day[0] not in kept], 1)
        _count(change, was, [day for day in _days(was) if day[0] not in kept], -1)
    add_up(session, Figure, _PLACE, change)


def _key(row: Row) -> tuple[int, str, int, date]:
    return (row.dossier_id, row.measure, row.number, row.since_on)


def _columns(row: Row) -> dict[str, Any]:
    return {
        "dossier_id": row.dossier_id,
        "measure": row.measure,
        "number": row.number,
        "since_on": row.since_on,
        "until_on": row.until_on,
        **row.group._asdict(),
    }


def _days(row: Row) -> list[tuple[date, int]]:
    """The days on which this row changes a figure, and by how much."""
    return [(row.since_on, 1)] if row.until_on is None else [(row.since_on, 1), (row.until_on, -1)]


def _count(change: _Change, row: Row, days: Iterable[tuple[date, int]], times: int) -> None:
    """Counts a row's days in every place in `figure` that they stand in."""
    columns = [column_of(row.measure)]
    if row.measure in _CLASSES and row.measure != _WAITING:
        columns.append(received_measure(row.group.channel).value)
    agency, procedure, field, source, _ = row.group
    for on, by in days:
        day = min(max(on, _EARLIEST), _LATEST).isoformat()
        for span in (NOW, day[:4], day[:7], day[:9], day):
            for place in (
                ("agency", span, agency, "", "", source),
                ("procedure", span, "", procedure, field, source),
                ("both", span, agency, procedure, field, source),
            ):
                counts = change[place]
                for column in columns:
                    counts[column] += by * times


_PLACE = ("cube", "span", "agency_code", "procedure_code", "field_code", "source")


def spans_after(on: date, last_day: str) -> list[str]:
    """The spans whose changes, taken from those of `NOW`, leave the figure at the end of `on`, if nothing changed after
    `last_day` ("2026-03-05"; "" where nothing ever did)."""
    if not last_day:
        return []
    spans = spans_between(on + _ONE_DAY, date(int(last_day[:4]), 12, 31))
    return [span for span in spans if span <= last_day]  # as texts: one that holds the day comes before it


def spans_between(first: date, last: date) -> list[str]:
    """Years, months, tens of days and days that make up these days, both included; none where there are none."""
    spans: list[str] = []
    day = first
    while day <= last:
        span, end = next((span, end) for span, end in _beginning_on(day) if end <= last)
        spans.append(span)
        day = end + _ONE_DAY
    return spans


def _beginning_on(day: date) -> Iterator[tuple[str, date]]:
    """The spans that begin on a day with their last days, the longest first."""
    text = day.isoformat()
    month_end = day.replace(day=monthrange(day.year, day.month)[1])
    if (day.month, day.day) == (1, 1):
        yield text[:4], day.replace(month=12, day=31)
    if day.day == 1:
        yield text[:7], month_end
    if day.day in (1, 10, 20, 30):
        yield text[:9], day.replace(day=min(day.day // 10 * 10 + 9, month_end.day))
    yield text, day


__all__ = ["CUBES", "NOW", "Group", "Judged", "count_judged", "count_steps", "forget", "spans_after"]
