"""The sources: how old their word is, what they last said, what was set aside. No personal data, no secret."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from connectors.kit.settings import SourceSettings
from monitor.store.tables import BadRecordRow, Pull, Source, SourceDossier


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


def source_health(session: Session, sources: Sequence[SourceSettings], *, now: datetime) -> list[SourceRow]:
    """Every configured source in the order of the file, also one that was never read."""
    names = [source.name for source in sources]
    known = {row.name: row for row in session.scalars(select(Source).where(Source.name.in_(names)))}
    last_ids = select(func.max(Pull.id)).where(Pull.source.in_(names)).group_by(Pull.source)
    pulls = {row.source: row for row in session.scalars(select(Pull).where(Pull.id.in_(last_ids)))}
    views = _counted(session, select(SourceDossier.source, func.count(SourceDossier.id)).group_by(SourceDossier.source))
    aside = _counted(
        session,
        select(BadRecordRow.source, func.count(BadRecordRow.id))
        .where(BadRecordRow.cleared_at.is_(None))
        .group_by(BadRecordRow.source),
    )
    return [_row(source, known.get(source.name), pulls.get(source.name), views, aside, now) for source in sources]


def stale_sources(session: Session, sources: Sequence[SourceSettings], *, now: datetime) -> set[str]:
    """Names of the sources whose last believed reading is older than they may be, or that were never read, or that
    the configuration no longer names: nobody reads those, so nothing may be concluded from what they once said."""
    good = {row[0]: row[1] for row in session.execute(select(Source.name, Source.last_good_at))}
    stale = {source.name for source in sources if _is_stale(good.get(source.name), source.stale_after, now)}
    return stale | (set(good) - {source.name for source in sources})


def set_aside(session: Session, *, source: str | None = None, limit: int | None = 200) -> list[SetAsideRow]:
    """Rows set aside and not yet mended, the last seen first."""
    query = select(
        BadRecordRow.source,
        BadRecordRow.key,
        BadRecordRow.field,
        BadRecordRow.problem,
        BadRecordRow.times_seen,
        BadRecordRow.first_seen_at,
        BadRecordRow.last_seen_at,
    ).where(BadRecordRow.cleared_at.is_(None))
    if source is not None:
        query = query.where(BadRecordRow.source == source)
    query = query.order_by(BadRecordRow.last_seen_at.desc(), BadRecordRow.id).limit(limit)
    return [SetAsideRow(*row) for row in session.execute(query)]


def _row(
    source: SourceSettings,
    known: Source | None,
    pull: Pull | None,
    views: Mapping[str, int],
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
        retry_not_before_at=known.retry_not_before_at if known else None,
        dossiers=views.get(source.name, 0),
        rows_seen=pull.rows_seen if pull else 0,
        rows_changed=pull.rows_changed if pull else 0,
        set_aside=aside.get(source.name, 0),
    )


def _is_stale(good_at: datetime | None, stale_after_s: int, now: datetime) -> bool:
    return good_at is None or now - good_at > timedelta(seconds=stale_after_s)


def _counted(session: Session, query: Select[*tuple[Any, ...]]) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(query)}
