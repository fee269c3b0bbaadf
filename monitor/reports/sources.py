"""The sources: how old their word is, what they last said, what was set aside. No personal data, no secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from connectors.kit.settings import SourceSettings
from monitor.domain.findings import FindingKind
from monitor.pull import BREAKER_AFTER
from monitor.store.tables import BadRecordRow, FindingRow, Pull, Quarantine, Source, SourceDossier


@dataclass(frozen=True, slots=True)
class SourceState:
    """What every page says of a configured source: the fields of `SourceRow` that take two queries."""

    name: str
    kind: str
    role: str
    stale: bool
    age_s: int | None
    last_good_at: datetime | None
    result: str
    said: str
    failures: int
    dossiers: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One configured source. `age_s` is seconds since the last reading that was believed; None = never read."""

    name: str
    kind: str
    role: str
    stale: bool
    age_s: int | None
    stale_after_s: int
    last_try_at: datetime | None
    last_good_at: datetime | None
    last_full_at: datetime | None
    result: str  # ok | unavailable | refused | unexpected | quarantined | "" when never tried
    said: str
    failures: int
    retry_not_before_at: datetime | None
    dossiers: int  # how many we know from it
    rows_seen: int  # of its last reading
    rows_changed: int
    set_aside: int  # rows set aside and not yet mended
    gates: tuple[str, ...] = ()  # open: why its last readings were not believed
    breaker_open: bool = False  # it failed so often in a row that it is probed before it is read
    unseen: int = 0  # dossiers the last readings did not show any more
    missing: int = 0  # of those, said to be missing
    drifted: int | None = None  # rows only the last full sweep found changed; None: there was none yet


@dataclass(frozen=True, slots=True)
class SetAsideRow:
    """A row that could not be read: which, where it is wrong and how often it came."""

    source: str
    key: str
    field: str
    problem: str
    times_seen: int
    first_seen_at: datetime
    last_seen_at: datetime
    place: int  # of the row, for the next page


def source_states(session: Session, sources: Sequence[SourceSettings], *, now: datetime) -> list[SourceState]:
    """Every configured source in the order of the file, also one that was never read."""
    known, aside = _known(session, sources), _aside(session)
    found = [_row(source, known.get(source.name), None, aside, now) for source in sources]
    return [SourceState(*(getattr(row, one.name) for one in fields(SourceState))) for row in found]


def source_health(session: Session, sources: Sequence[SourceSettings], *, now: datetime) -> list[SourceRow]:
    """Every configured source in the order of the file, also one that was never read."""
    names = [source.name for source in sources]
    known = _known(session, sources)
    pulls = {row.source: row for row in session.scalars(select(Pull).where(Pull.id.in_(_last_ids(names))))}
    aside = _aside(session)
    gates = _gates(session, names)
    unseen = _counted(
        session,
        select(SourceDossier.source, func.count(SourceDossier.id))
        .where(SourceDossier.unseen_since_at.is_not(None))
        .group_by(SourceDossier.source),
    )
    missing = _counted(
        session,
        select(FindingRow.detail, func.count(FindingRow.id))
        .where(FindingRow.kind == FindingKind.MISSING_AT_SOURCE.value, FindingRow.closed_at.is_(None))
        .group_by(FindingRow.detail),
    )
    drift = _drift(session, names)
    return [
        replace(
            _row(source, known.get(source.name), pulls.get(source.name), aside, now),
            gates=gates.get(source.name, ()),
            unseen=unseen.get(source.name, 0),
            missing=missing.get(source.name, 0),
            drifted=drift.get(source.name),
        )
        for source in sources
    ]


def _known(session: Session, sources: Sequence[SourceSettings]) -> dict[str, Source]:
    names = [source.name for source in sources]
    return {row.name: row for row in session.scalars(select(Source).where(Source.name.in_(names)))}


def _aside(session: Session) -> dict[str, int]:
    open_rows = select(BadRecordRow.source, func.count(BadRecordRow.id)).where(BadRecordRow.cleared_at.is_(None))
    return _counted(session, open_rows.group_by(BadRecordRow.source))


def _gates(session: Session, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    rows = select(Quarantine.source, Quarantine.gate).where(
        Quarantine.settled_at.is_(None), Quarantine.source.in_(names)
    )
    for source, gate in session.execute(rows.order_by(Quarantine.id)):
        found[source] = (*found.get(source, ()), gate)
    return found


def _drift(session: Session, names: Sequence[str]) -> dict[str, int]:
    """What the newest full sweep of each source found that the readings before it should have shown."""
    last = _last_ids(names, Pull.reach == "full", Pull.result == "ok")
    return _counted(session, select(Pull.source, Pull.rows_drifted).where(Pull.id.in_(last)))


def _last_ids(names: Sequence[str], *which: ColumnElement[bool]) -> Select[tuple[int]]:
    """The newest such reading of each source, sought source by source: there are years of readings."""
    newest = select(Pull.id).where(Pull.source == Source.name, *which).order_by(Pull.id.desc()).limit(1)
    return select(newest.correlate(Source).scalar_subquery()).where(Source.name.in_(names))


@dataclass(frozen=True, slots=True)
class GateRow:
    """A reading that was not believed. `evidence_id` is the observation that keeps what came instead."""

    source: str
    gate: str
    said: str
    found_at: datetime
    last_seen_at: datetime
    times_seen: int
    evidence_id: int | None


@dataclass(frozen=True, slots=True)
class PullRow:
    """One reading."""

    began_at: datetime
    reach: str
    result: str
    said: str
    pages: int
    rows_seen: int
    rows_changed: int
    rows_set_aside: int
    rows_drifted: int


def open_gates(session: Session, *sources: str) -> list[GateRow]:
    """Why the readings of these sources are not believed now, the newest first."""
    query = select(
        Quarantine.source,
        Quarantine.gate,
        Quarantine.said,
        Quarantine.found_at,
        Quarantine.last_seen_at,
        Quarantine.times_seen,
        Quarantine.observation_id,
    ).where(Quarantine.source.in_(sources), Quarantine.settled_at.is_(None))
    return [GateRow(*row) for row in session.execute(query.order_by(Quarantine.last_seen_at.desc(), Quarantine.id))]


def last_pulls(session: Session, source: str, limit: int = 10) -> list[PullRow]:
    """The last readings, the newest first."""
    columns = (Pull.began_at, Pull.reach, Pull.result, Pull.said, Pull.pages, Pull.rows_seen, Pull.rows_changed)
    query = select(*columns, Pull.rows_set_aside, Pull.rows_drifted).where(Pull.source == source)
    return [PullRow(*row) for row in session.execute(query.order_by(Pull.id.desc()).limit(limit))]


def stale_sources(session: Session, sources: Sequence[SourceSettings], *, now: datetime) -> set[str]:
    """Names of the sources whose last believed reading is older than they may be, or that were never read, or that
    the configuration no longer names: nobody reads those, so nothing may be concluded from what they once said."""
    good = {row[0]: row[1] for row in session.execute(select(Source.name, Source.last_good_at))}
    stale = {source.name for source in sources if _is_stale(good.get(source.name), source.stale_after, now)}
    return stale | (set(good) - {source.name for source in sources})


def held_sources(session: Session, sources: Sequence[SourceSettings], *, now: datetime) -> set[str]:
    """Names of the sources no letter may rest on: stale ones, and those whose newest reading was quarantined. What was
    believed before may be what the reading would have corrected."""
    doubted = session.scalars(select(Source.name).where(Source.last_result == "quarantined"))
    return stale_sources(session, sources, now=now) | set(doubted)


def set_aside(
    session: Session,
    *,
    source: str | None = None,
    limit: int | None = 200,
    before: tuple[datetime, int] | None = None,
) -> list[SetAsideRow]:
    """Rows set aside and not yet mended, the last seen first; `before` (last seen, place) continues a list."""
    query = select(
        BadRecordRow.source,
        BadRecordRow.key,
        BadRecordRow.field,
        BadRecordRow.problem,
        BadRecordRow.times_seen,
        BadRecordRow.first_seen_at,
        BadRecordRow.last_seen_at,
        BadRecordRow.id,
    ).where(BadRecordRow.cleared_at.is_(None))
    if source is not None:
        query = query.where(BadRecordRow.source == source)
    if before is not None:
        query = query.where(tuple_(BadRecordRow.last_seen_at, BadRecordRow.id) < before)
    query = query.order_by(BadRecordRow.last_seen_at.desc(), BadRecordRow.id.desc()).limit(limit)
    return [SetAsideRow(*row) for row in session.execute(query)]


def set_aside_number(session: Session, source: str | None = None) -> int:
    """How many rows are set aside and not yet mended."""
    query = select(func.count(BadRecordRow.id)).where(BadRecordRow.cleared_at.is_(None))
    return session.scalar(query if source is None else query.where(BadRecordRow.source == source)) or 0


def _row(
    source: SourceSettings,
    known: Source | None,
    pull: Pull | None,
    aside: Mapping[str, int],
    now: datetime,
) -> SourceRow:
    good = known.last_good_at if known else None
    return SourceRow(
        name=source.name,
        kind=source.kind,
        role=source.role,
        stale=_is_stale(good, source.stale_after, now),
        age_s=None if good is None else max(0, int((now - good).total_seconds())),
        stale_after_s=source.stale_after,
        last_try_at=known.last_try_at if known else None,
        last_good_at=good,
        last_full_at=known.last_full_at if known else None,
        result=known.last_result if known else "",
        said=known.last_said if known else "",
        failures=known.failures if known else 0,
        breaker_open=known is not None and known.failures >= BREAKER_AFTER,
        retry_not_before_at=known.retry_not_before_at if known else None,
        dossiers=known.dossiers if known else 0,
        rows_seen=pull.rows_seen if pull else 0,
        rows_changed=pull.rows_changed if pull else 0,
        set_aside=aside.get(source.name, 0),
    )


def _is_stale(good_at: datetime | None, stale_after_s: int, now: datetime) -> bool:
    return good_at is None or now - good_at > timedelta(seconds=stale_after_s)


def _counted(session: Session, query: Select[*tuple[Any, ...]]) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(query)}
