"""The Office's table: a period by agency, level, procedure or field, and the dossiers behind each of its figures."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from monitor.domain.course import CLASSES, UNRESOLVED, Measure
from monitor.people import Directory
from monitor.reports.census import FINISHED_STAGES, Shown
from monitor.reports.figures import (
    DOSSIERS_AND_LETTERS,
    FINDINGS,
    NOTHING,
    SILENT,
    Figures,
    Key,
    Period,
    periods_by,
    total,
)
from monitor.store.tables import Dossier, ProcedureSeen, Standing
from monitor.store.writing import in_batches

_ONE_DAY = timedelta(days=1)
_RECEIVED = (Measure.RECEIVED_ONLINE.value, Measure.RECEIVED_OTHERWISE.value)
_PENDING = tuple(measure.value for measure in UNRESOLVED)
_ACCEPTED = tuple(measure.value for measure in CLASSES if measure is not Measure.WAITING)


class By(StrEnum):
    """By what the table is told apart."""

    AGENCY = "agency"
    LEVEL = "level"
    PROCEDURE = "procedure"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a table is asked for: the end of which day, since the beginning of which, by what, below which agency."""

    until: date
    since: date
    by: By = By.AGENCY
    root: str = ""
    today: date = date.max
    silent: Collection[str] = ()  # sources that are silent now: they count for today only


@dataclass(frozen=True, slots=True)
class TableRow:
    """One line. `key` names it in an address; `opens` says whether something stands below it."""

    key: str
    name: str
    period: Period
    opens: bool = False

    @property
    def resolved_in_time(self) -> int:
        return self.period.during(Measure.FINISHED_EARLY, Measure.FINISHED_ON_TIME)

    @property
    def rate(self) -> float | None:
        """Resolved in time in the period, of all resolved whose time is known; None where there are none."""
        known = self.period.during(Measure.FINISHED_EARLY, Measure.FINISHED_ON_TIME, Measure.FINISHED_LATE)
        return self.resolved_in_time / known if known > 0 else None


@dataclass(frozen=True, slots=True)
class Table:
    """The rows and their sum; `sum` is counted from the same rows, so it cannot differ from them."""

    asked: Asked
    rows: Sequence[TableRow]
    sum: TableRow


@dataclass(frozen=True, slots=True)
class Behind:
    """A dossier behind a figure: what it counted as on that day, and what it is now."""

    dossier_id: int
    code: str
    procedure_name: str
    agency_code: str
    measure: str
    since_on: date
    until_on: date | None
    shown: str  # its stage now, or a word of `Shown` where it cannot be relied on
    promise_at: Any
    place: int  # of the row, for the next page


def table(
    session: Session, asked: Asked, directory: Directory, mine: Collection[str] | None, *, with_findings: bool = False
) -> Table:
    """The table in six queries at most. `mine` are the agencies that may be counted (None: all); `with_findings`: of
    each row too, not of the sum alone."""
    codes = below(asked.root, directory, mine)
    silent = asked.silent if asked.until >= asked.today else ()
    by = "agency" if asked.by is By.LEVEL else asked.by.value
    days = (asked.since, asked.until)
    findings = periods_by(session, "all", *days, agencies=codes, measures=FINDINGS).get(("", ""), NOTHING)
    open_kinds = [kind for kind in FINDINGS if findings.before[kind] or findings.after[kind]]
    measures = (*DOSSIERS_AND_LETTERS, *open_kinds) if with_findings else DOSSIERS_AND_LETTERS
    periods = periods_by(session, by, *days, agencies=codes, silent_sources=silent, measures=measures)
    counted = [*periods.values(), *(() if with_findings else (findings,))]
    everything = TableRow("", "Tổng cộng", _summed(counted))
    if asked.by is By.AGENCY:
        rows = _by_agency(periods, directory, asked.root, mine)
    elif asked.by is By.LEVEL:
        rows = _by_level(periods, directory)
    elif asked.by is By.FIELD:
        rows = _grouped((key[1] or "", period) for key, period in periods.items())
    else:
        rows = _by_procedure(session, periods)
    return Table(asked, [row for row in rows if row.period.after or row.period.before], everything)


def ranked(table: Table, by: str) -> list[TableRow]:
    """The rows from best to worst by the share resolved in time, or from most to fewest late or missing letters."""
    if by == "late":
        return sorted(table.rows, key=lambda row: (-row.period.after[Measure.LATE], row.name))
    if by == "letters":
        return sorted(table.rows, key=lambda row: (-row.period.after[Measure.LETTER_MISSING], row.name))
    known = [row for row in table.rows if row.rate is not None]
    unknown = [row for row in table.rows if row.rate is None]
    return sorted(known, key=lambda row: (-(row.rate or 0), row.name)) + unknown


def below(root: str, directory: Directory, mine: Collection[str] | None) -> list[str] | None:
    """The codes of an agency and all below it, as far as they may be counted; None: all there are."""
    if not root:
        return None if mine is None else sorted(mine)
    found = {root} | {one.code for one in directory.agencies() if any(up.code == root for up in directory.up(one.code))}
    return sorted(found if mine is None else found & set(mine))


def behind(
    session: Session,
    asked: Asked,
    measure: str,
    *,
    now: datetime,
    agencies: Collection[str] | None,
    procedure: str = "",
    field: str = "",
    in_period: bool = False,
    limit: int,
    before: tuple[date, int] | None = None,
) -> list[Behind]:
    """The dossiers behind a figure, the newest first; `before` (day, place) continues a list. `in_period`: what began
    to count within the period, else what counted at the end of its last day."""
    columns = (
        Dossier.id, Dossier.code, Dossier.procedure_name, Standing.agency_code, Standing.measure, Standing.since_on,
        Standing.until_on, Dossier.stage, Dossier.next_change_at, Dossier.speaking_source, Dossier.promise_at,
        Standing.id.label("place"),
    )  # fmt: skip
    query = (
        select(*columns)
        .join(Dossier, Dossier.id == Standing.dossier_id)
        .where(
            Standing.since_on <= asked.until,
            or_(Standing.until_on.is_(None), Standing.until_on > asked.until),
            *_of_measure(measure, asked),
        )
        .order_by(Standing.since_on.desc(), Standing.id.desc())
        .limit(limit)
    )
    if in_period:
        query = query.where(Standing.since_on >= asked.since)
    if agencies is not None:
        query = query.where(or_(*(Standing.agency_code.in_(part) for part in in_batches(sorted(agencies)))))
    if procedure:
        query = query.where(Standing.procedure_code == procedure)
    if field:
        query = query.where(Standing.field_code == field)
    if before is not None:
        day, place = before
        query = query.where(or_(Standing.since_on < day, and_(Standing.since_on == day, Standing.id < place)))
    return [
        Behind(
            row.id, row.code, row.procedure_name, row.agency_code, row.measure, row.since_on, row.until_on,
            _shown(row, asked.silent, now), row.promise_at, row.place,
        )
        for row in session.execute(query)
    ]  # fmt: skip


def _shown(row: Any, silent: Collection[str], now: datetime) -> str:
    if row.stage == "" or (row.next_change_at is not None and row.next_change_at <= now):
        return Shown.BEING_JUDGED_AGAIN
    if row.speaking_source in silent and row.stage not in FINISHED_STAGES:
        return Shown.SOURCE_SILENT
    return str(row.stage)


def _of_measure(measure: str, asked: Asked) -> list[ColumnElement[bool]]:
    """A figure that several standings make up is opened as all of them."""
    if measure in ("received", *_RECEIVED):
        first = aliased(Standing)
        earlier = exists().where(
            first.dossier_id == Standing.dossier_id,
            first.measure.in_(_ACCEPTED),
            first.since_on < asked.since,
        )
        # as an expression: SQLite would gather all of these measures by their index, and sort them, for one page
        accepted = func.coalesce(Standing.measure, "").in_(_ACCEPTED)
        conditions: list[ColumnElement[bool]] = [accepted, ~earlier]
        if measure == Measure.RECEIVED_ONLINE:
            conditions.append(Standing.channel == "online")
        elif measure == Measure.RECEIVED_OTHERWISE:
            conditions.append(Standing.channel != "online")
        return conditions
    if measure == SILENT:
        return [Standing.measure.in_(_PENDING), Standing.source.in_(sorted(asked.silent))]
    conditions = [Standing.measure == measure]
    if measure in _PENDING and asked.silent and asked.until >= asked.today:
        conditions.append(Standing.source.not_in(sorted(asked.silent)))  # they count as silent, and are opened so
    return conditions


def _by_agency(
    periods: Mapping[Key, Period], directory: Directory, root: str, mine: Collection[str] | None
) -> list[TableRow]:
    agencies = {one.code: one for one in directory.agencies() if mine is None or one.code in set(mine)}
    children: dict[str, list[str]] = {}
    for one in agencies.values():
        parent = one.parent if one.parent in agencies else ""
        children.setdefault(parent or "", []).append(one.code)
    tops = children.get(root, [])
    if not root and len(tops) == 1 and children.get(tops[0]):
        root, tops = tops[0], children[tops[0]]  # the province itself: its agencies are what is compared
    rows = [
        TableRow(code, agencies[code].name, _rolled(periods, children, code), bool(children.get(code)))
        for code in sorted(tops, key=lambda code: agencies[code].name)
    ]
    own = periods.get((root, "")) if root else None
    if own is not None:
        name = agencies[root].name if root in agencies else root
        rows.insert(0, TableRow(root, f"{name} (trực tiếp giải quyết)", own))
    known = set(agencies)
    if not root or root in children.get("", []):
        strangers = [period for (code, _), period in periods.items() if code not in known]
        if strangers:
            rows.append(TableRow("?", "Cơ quan chưa có trong danh bạ", _summed(strangers)))
    return rows


def _rolled(periods: Mapping[Key, Period], children: Mapping[str, Sequence[str]], code: str) -> Period:
    found = [periods.get((code, ""), Period(Figures(), Figures()))]
    found += [_rolled(periods, children, child) for child in children.get(code, ())]
    return _summed(found)


LEVELS = {
    "province": "Cấp tỉnh",
    "department": "Sở, ngành",
    "commune": "Xã, phường, đặc khu",
    "centre": "Đơn vị trực thuộc",
    "": "Chưa phân loại",
}


def _by_level(periods: Mapping[Key, Period], directory: Directory) -> list[TableRow]:
    kinds = {one.code: one.kind for one in directory.agencies()}
    rows = _grouped((kinds.get(code, ""), period) for (code, _), period in periods.items())
    return [TableRow(row.key, LEVELS.get(row.key, row.key), row.period) for row in rows]


def _by_procedure(session: Session, periods: Mapping[Key, Period]) -> list[TableRow]:
    names = {row.code: row.name for row in session.execute(select(ProcedureSeen.code, ProcedureSeen.name))}
    found: dict[str, list[Period]] = {}
    for (code, _), period in periods.items():
        found.setdefault(code, []).append(period)
    rows = [TableRow(code, names.get(code) or code or "Chưa rõ thủ tục", _summed(some)) for code, some in found.items()]
    return sorted(rows, key=lambda row: (-row.period.after.pending, row.name))


def _grouped(pairs: Iterable[tuple[str, Period]]) -> list[TableRow]:
    found: dict[str, list[Period]] = {}
    for key, period in pairs:
        found.setdefault(key, []).append(period)
    return [TableRow(key, key or "Chưa rõ", _summed(some)) for key, some in sorted(found.items())]


def _summed(periods: Iterable[Period]) -> Period:
    some = list(periods)
    if len(some) == 1:
        return some[0]
    return Period(total(one.before for one in some), total(one.after for one in some))


def findings_of(figures: Figures) -> list[tuple[str, int]]:
    """Open findings by kind, most first."""
    return Counter(figures.findings).most_common()


__all__ = ["LEVELS", "Asked", "Behind", "By", "Table", "TableRow", "behind", "below", "findings_of", "ranked", "table"]
