"""Keeps the reports' figures up with every judgement and every step of a letter, in the same transaction.

Each dossier's course (`monitor.domain.course`) stands in `standing`; what a batch changes in it is added up and laid on
`figure` in one statement. Cost follows change: a dossier whose class does not change writes nothing here.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
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
from monitor.store.writing import in_batches, insert_many, table_of, update_many

FINDING = "finding:"
CUBES = ("agency", "procedure", "both")
_CLASSES = frozenset(measure.value for measure in CLASSES)
_LETTERS = frozenset(measure.value for measure in LETTERS)
_STEPS = "letter_step"
_EARLIEST = date(1900, 1, 1)  # an absurd date counts from here: it is said by a finding, and no figure looks further
_LATEST = date(2205, 12, 31)  # as far as a mistyped date was ever seen to go
_ONE_DAY = timedelta(days=1)
NOW = ""  # the span of all days
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
    _replace(session, [row for rows in held.values() for row in rows], wanted)


def count_steps(session: Session, calendar: WorkingCalendar) -> None:
    """Brings the figures up with the steps taken in letters since the last count, each on the day it was taken."""
    mark = session.get(FigureMark, _STEPS)
    if mark is None:
        mark = FigureMark(name=_STEPS, value=0)
        session.add(mark)
    taken = session.execute(
        select(LetterStep.id, Letter.dossier_id, LetterStep.at)
        .join(Letter, Letter.id == LetterStep.letter_id)
        .where(LetterStep.id > mark.value)
        .order_by(LetterStep.id)
    ).all()
    if not taken:
        return
    mark.value = taken[-1].id
    last = {row.dossier_id: calendar.local_date(row.at) for row in taken}
    for on in sorted(set(last.values())):
        ids = sorted(dossier_id for dossier_id, day in last.items() if day == on)
        held = _held(session, ids, _LETTERS)
        wanted = _letters(session, ids, held, _groups(session, ids), calendar, on)
        _replace(session, [row for rows in held.values() for row in rows], wanted)


def forget(session: Session, dossier_ids: Collection[int]) -> None:
    """Takes dossiers out of every figure: they turned out to be another view of dossiers that are counted."""
    take_back(session, dossier_ids)
    held = _held(session, sorted(dossier_ids))
    _replace(session, [row for rows in held.values() for row in rows], [])


def _groups(session: Session, ids: Sequence[int]) -> dict[int, Group]:
    table = table_of(Dossier)
    found: dict[int, Group] = {}
    for batch in in_batches(ids):
        for row in session.execute(select(table).where(table.c.id.in_(batch))):
            found[row.id] = _group(row)
    return found


def _group(row: Any) -> Group:
    return Group(row.agency_code, row.procedure_code, row.field_code, row.speaking_source, row.channel)


def _held(session: Session, ids: Sequence[int], measures: Collection[str] | None = None) -> dict[int, list[Row]]:
    table = table_of(Standing)
    found: dict[int, list[Row]] = {}
    for batch in in_batches(ids):
        statement = select(table).where(table.c.dossier_id.in_(batch)).order_by(table.c.since_on)
        if measures is not None:
            statement = statement.where(table.c.measure.in_(sorted(measures)))
        for row in session.execute(statement):
            group = Group(row.agency_code, row.procedure_code, row.field_code, row.source, row.channel)
            kept = Row(row.dossier_id, row.measure, row.number, row.since_on, row.until_on, group)
            found.setdefault(row.dossier_id, []).append(kept)
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
    letter = table_of(Letter)
    columns = (letter.c.dossier_id, letter.c.promise_number, letter.c.state, letter.c.is_late, letter.c.owed_at)
    present: dict[tuple[int, int], tuple[str, date]] = {}
    for batch in in_batches(ids):
        for row in session.execute(select(*columns).where(letter.c.dossier_id.in_(batch))):
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
        statement = (
            select(FindingRow.dossier_id, FindingRow.kind, FindingRow.found_at)
            .where(FindingRow.dossier_id.in_(batch), FindingRow.closed_at.is_(None))
            .order_by(FindingRow.found_at.desc())
        )
        for dossier_id, kind, found_at in session.execute(statement):
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


def _replace(session: Session, before: Sequence[Row], after: Sequence[Row]) -> None:
    """Writes the difference, in `standing` and in `figure`."""
    old = {_key(row): row for row in before}
    new = {_key(row): row for row in after}
    gone = [row for key, row in old.items() if key not in new]
    begun = [row for key, row in new.items() if key not in old]
    changed = [row for key, row in new.items() if key in old and old[key] != row]
    if not (gone or begun or changed):
        return
    _delete(session, gone)
    insert_many(session, Standing, [_columns(row) for row in begun])
    _update(session, changed)
    change: Counter[tuple[str, ...]] = Counter()
    for row in [*begun, *changed]:
        for place, by in _changes(row):
            change[place] += by
    for row in [*gone, *(old[_key(row)] for row in changed)]:
        for place, by in _changes(row):
            change[place] -= by
    _lay(session, change)


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


def _delete(session: Session, rows: Sequence[Row]) -> None:
    table = table_of(Standing)
    for batch in in_batches(_ids(session, rows)):
        session.execute(delete(table).where(table.c.id.in_(batch)))


def _update(session: Session, rows: Sequence[Row]) -> None:
    changed = [{"id": id_, **_columns(row)} for id_, row in zip(_ids(session, rows), rows, strict=True)]
    update_many(session, Standing, changed)


def _ids(session: Session, rows: Sequence[Row]) -> list[int]:
    """The ids of these rows, in their order."""
    table = table_of(Standing)
    found: dict[tuple[int, str, int, date], int] = {}
    columns = (table.c.id, table.c.dossier_id, table.c.measure, table.c.number, table.c.since_on)
    for batch in in_batches(sorted({row.dossier_id for row in rows})):
        for id_, *key in session.execute(select(*columns).where(table.c.dossier_id.in_(batch))):
            found[(key[0], key[1], key[2], key[3])] = id_
    return [found[_key(row)] for row in rows]


def _changes(row: Row) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every place in `figure` that this row adds to, and by how much."""
    measures = [row.measure]
    if row.measure in _CLASSES and row.measure != _WAITING:
        measures.append(received_measure(row.group.channel).value)
    days = [(row.since_on, 1)] if row.until_on is None else [(row.since_on, 1), (row.until_on, -1)]
    group = row.group
    for on, by in days:
        day = min(max(on, _EARLIEST), _LATEST).isoformat()
        for span in (NOW, day[:4], day[:7], day):
            for measure in measures:
                yield ("agency", span, group.agency_code, "", "", group.source, measure), by
                yield ("procedure", span, "", group.procedure_code, group.field_code, group.source, measure), by
                yield (
                    ("both", span, group.agency_code, group.procedure_code, group.field_code, group.source, measure),
                    by,
                )


_PLACE = ("cube", "span", "agency_code", "procedure_code", "field_code", "source", "measure")


def _lay(session: Session, change: Mapping[tuple[str, ...], int]) -> None:
    """Adds to the figures; always in the same order, so that two writers cannot wait for each other in a ring."""
    table = table_of(Figure)
    rows = [dict(zip(_PLACE, place, strict=True)) | {"change": by} for place, by in sorted(change.items()) if by]
    if not rows:
        return
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(table)
    added = table.c.change + statement.excluded.change
    session.execute(statement.on_conflict_do_update(index_elements=list(_PLACE), set_={"change": added}), rows)


def spans_after(on: date) -> list[str]:
    """The spans whose changes, taken from those of `NOW`, leave the figure at the end of `on`."""
    return spans_between(on + _ONE_DAY, _LATEST)


def spans_between(first: date, last: date) -> list[str]:
    """Years, months and days that make up these days, both included; none where there are none."""
    spans: list[str] = []
    day = first
    while day <= last:
        year_end, month_end = date(day.year, 12, 31), _month_end(day)
        if (day.month, day.day) == (1, 1) and year_end <= last:
            spans.append(f"{day.year:04d}")
            day = year_end + _ONE_DAY
        elif day.day == 1 and month_end <= last:
            spans.append(day.isoformat()[:7])
            day = month_end + _ONE_DAY
        else:
            spans.append(day.isoformat())
            day += _ONE_DAY
    return spans


def _month_end(day: date) -> date:
    return date(day.year, day.month, monthrange(day.year, day.month)[1])


__all__ = ["CUBES", "FINDING", "NOW", "Group", "Judged", "count_judged", "count_steps", "forget", "spans_after"]
