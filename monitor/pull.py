"""Reads one source and stores what it said. Judges nothing.

A page is one transaction: observations, views, projected dossiers and the resume token move together, so a crash
on page k goes on at k. The cursor moves only after the whole sweep was believed, and never past its beginning.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import (
    AccessRefused,
    Capability,
    Connector,
    Page,
    Reach,
    SourceError,
    SourceUnavailable,
    Sweep,
    UnexpectedAnswer,
)
from monitor.clock import Clock
from monitor.domain.dossier import FINISHED
from monitor.intake import Intake, PageCount, joined, store_page
from monitor.set_aside import wake
from monitor.store.findings import Sync, sync_findings
from monitor.store.tables import Dossier, FindingRow, Pull, Source, SourceDossier
from monitor.store.writing import in_batches, one_writer

log = structlog.get_logger()

_BACKOFF_S = (60, 120, 300, 600, 1800)
_RESUME_WITHIN = timedelta(hours=6)
_ROWS_A_TRANSACTION = 500


@dataclass(frozen=True, slots=True)
class SourceRules:
    """How one source is read. Durations are seconds."""

    name: str
    kind: str
    role: str
    overlap_s: int = 900
    full_every_s: int = 86_400
    expect_drop_below: float = 0.5
    missing_after: int = 3
    lookups_per_pull: int = 5000


@dataclass(frozen=True, slots=True)
class PullCount:
    """What one reading brought. `result`: ok | waiting | unavailable | refused | unexpected | quarantined."""

    source: str
    result: str
    said: str
    reach: str = ""
    pages: int = 0
    seen: int = 0
    changed: int = 0
    set_aside: int = 0


def pull_source(
    sessions: sessionmaker[Session],
    rules: SourceRules,
    connector: Connector,
    intake: Intake,
    clock: Clock,
    *,
    full: bool = False,
    even_if_waiting: bool = False,
) -> PullCount:
    """Reads `connector` once. Every trouble with the source becomes a result and a line in `source`, no exception."""
    began = clock.now()
    with sessions.begin() as session:
        run = _begin(session, rules, began, full=full, even_if_waiting=even_if_waiting)
    if run is None:
        return PullCount(rules.name, "waiting", "tries again later")
    reading = _Reading(sessions, rules, connector, intake, clock, run)
    try:
        reading.sweep()
        reading.look_up()
    except SourceError as error:
        return reading.failed(error)
    except Exception as error:
        # a fault of ours: said where people look, and the other sources go on; its text may hold a row, its kind not
        log.error("source_reading_broke", source=rules.name, error=type(error).__name__, exc_info=True)
        return reading.failed(UnexpectedAnswer(f"lỗi chương trình khi lưu: {type(error).__name__}; xem nhật ký"))
    return reading.finished()


@dataclass(frozen=True, slots=True)
class _Run:
    pull_id: int
    began_at: datetime  # of the sweep, which may have begun before a crash
    plan: Sweep
    confirmed_at: datetime | None  # when the views we hold were last confirmed as a whole
    resumed: bool
    last_full_rows: int


def _begin(session: Session, rules: SourceRules, now: datetime, *, full: bool, even_if_waiting: bool) -> _Run | None:
    source = session.get(Source, rules.name)
    if source is None:
        source = Source(
            name=rules.name,
            kind=rules.kind,
            role=rules.role,
            resume_token="",
            resume_reach="",
            last_result="",
            last_said="",
        )
        source.failures = 0
        session.add(source)
    elif source.retry_not_before_at and source.retry_not_before_at > now and not even_if_waiting:
        return None
    source.kind, source.role, source.last_try_at = rules.kind, rules.role, now
    due_full = source.last_full_at is None or now - source.last_full_at >= timedelta(seconds=rules.full_every_s)
    reach = Reach.FULL if full or due_full else Reach.CHANGES
    fresh = source.resume_began_at is not None and now - source.resume_began_at <= _RESUME_WITHIN
    resumed = bool(source.resume_token) and source.resume_reach == reach.value and fresh
    if not resumed:
        source.resume_token, source.resume_reach, source.resume_began_at = "", reach.value, now
        source.resume_since_at = source.cursor_at - timedelta(seconds=rules.overlap_s) if source.cursor_at else None
    began = source.resume_began_at or now
    last_full = select(Pull.rows_seen).where(
        Pull.source == rules.name, Pull.reach == Reach.FULL.value, Pull.result == "ok"
    )
    previous_rows = session.scalar(last_full.order_by(Pull.id.desc()).limit(1)) or 0
    # a resumed sweep counts only its rest, which is no measure for the next one
    pull = Pull(source=rules.name, reach="rest" if resumed else reach.value, began_at=now, result="running")
    session.add(pull)
    session.flush()
    plan = Sweep(reach, began, source.resume_since_at, source.resume_token if resumed else "")
    return _Run(pull.id, began, plan, source.cursor_at, resumed, previous_rows)


class _Reading:
    """One reading under way: pages in, counts out."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        rules: SourceRules,
        connector: Connector,
        intake: Intake,
        clock: Clock,
        run: _Run,
    ) -> None:
        self._sessions, self._rules, self._connector = sessions, rules, connector
        self._intake, self._clock, self._run = intake, clock, run
        self._seen: set[str] = set()
        # only a listing that shows every open dossier each time says of the unchanged that they are unchanged
        shows_all = Capability.STATUS_FILTER in connector.capabilities
        self._confirmed_at = run.confirmed_at if shows_all else None
        self._pages = 0
        self._count = PageCount()

    def sweep(self) -> None:
        """Every page of the listing, one transaction each."""
        if Capability.LIST not in self._connector.capabilities:
            return
        self._store_all(self._connector.sweep(self._run.plan), keep_place=True)

    def look_up(self) -> None:
        """Asks by code for the open dossiers that no page showed, nearest promise first (a list by reception date
        never shows later changes of older dossiers: connectors.md §11 case 24)."""
        if Capability.LOOKUP not in self._connector.capabilities:
            return
        with self._sessions() as session:
            codes = _open_codes(session, self._rules.name, self._clock.now(), self._rules.lookups_per_pull)
        wanted = [code for code, key in codes if key is None or key not in self._seen]
        if self._seen and Capability.STATUS_FILTER in self._connector.capabilities:
            # the listing shows every open dossier of this source: only its own views that vanished are asked for
            wanted = [code for code, key in codes if key is not None and key not in self._seen]
        if wanted:
            self._store_all(self._connector.lookup(wanted), keep_place=False)

    def _store_all(self, pages: Iterator[Page], *, keep_place: bool) -> None:
        """Small pages share a transaction: a portal that lists by the day would cost a disk flush a day otherwise.
        What was read before a trouble is stored before the trouble is passed on."""
        waiting: list[Page] = []
        try:
            for page in pages:
                waiting.append(page)
                if sum(len(p.records) + len(p.bad) for p in waiting) >= _ROWS_A_TRANSACTION:
                    full, waiting = waiting, []
                    self._store(joined(full), len(full), resume=page.resume if keep_place else None)
        finally:
            if waiting:
                self._store(joined(waiting), len(waiting), resume=waiting[-1].resume if keep_place else None)

    def _store(self, page: Page, pages: int, *, resume: str | None) -> None:
        now = self._clock.now()
        with self._sessions.begin() as session:
            one_writer(session)
            count = store_page(
                session, self._rules.name, page, self._intake, now, self._confirmed_at, self._run.pull_id
            )
            self._pages += pages
            self._count += count
            values: dict[str, Any] = {} if resume is None else {"resume_token": resume}
            if values:
                session.execute(update(Source).where(Source.name == self._rules.name).values(values))
            session.execute(update(Pull).where(Pull.id == self._run.pull_id).values(self._figures()))
        self._seen.update(record.key for record in page.records)
        self._seen.update(bad.key for bad in page.bad)

    def _figures(self) -> dict[str, int]:
        return {
            "pages": self._pages,
            "rows_seen": self._count.seen,
            "rows_changed": self._count.changed,
            "rows_set_aside": self._count.set_aside,
        }

    def failed(self, error: SourceError) -> PullCount:
        """Records the trouble. The cursor stays, so nothing is missed; a sweep that was cut off goes on later."""
        now = self._clock.now()
        result = _result_of(error)
        with self._sessions.begin() as session:
            source = session.get_one(Source, self._rules.name)
            source.failures += 1
            source.last_result, source.last_said = result, error.said
            wait = _BACKOFF_S[min(source.failures, len(_BACKOFF_S)) - 1]
            if isinstance(error, SourceUnavailable) and error.retry_after_s is not None:
                wait = max(wait, int(error.retry_after_s))
            source.retry_not_before_at = now + timedelta(seconds=wait)
            if not isinstance(error, SourceUnavailable):
                source.resume_token = ""  # what stands behind this page is not to be trusted: begin anew
            self._close(session, now, result, error.said)
        log.warning("source_unreadable", source=self._rules.name, result=result, said=error.said)
        return self._answer(result, error.said)

    def finished(self) -> PullCount:
        """Believes the reading, or sets it aside as a whole when far too little came."""
        now = self._clock.now()
        full = self._run.plan.reach is Reach.FULL and not self._run.resumed
        dropped = full and self._count.seen < self._rules.expect_drop_below * self._run.last_full_rows
        with self._sessions.begin() as session:
            source = session.get_one(Source, self._rules.name)
            source.resume_token = ""
            if dropped:
                said = (
                    f"only {self._count.seen} dossiers where {self._run.last_full_rows} were seen last time: "
                    "not believed; check the account's rights at the source"
                )
                source.failures += 1
                source.last_result, source.last_said = "quarantined", said
                self._close(session, now, "quarantined", said)
                return self._answer("quarantined", said)
            source.failures, source.retry_not_before_at = 0, None
            source.cursor_at = self._run.began_at
            source.last_good_at, source.last_result, source.last_said = now, "ok", ""
            if self._run.plan.reach is Reach.FULL:
                source.last_full_at = now
            one_writer(session)
            if full and Capability.TOTALS in self._connector.capabilities:  # only a listing that claims to be whole
                _count_missing(session, self._rules, self._seen, now)
            self._close(session, now, "ok", "")
        log.info("source_read", source=self._rules.name, reach=self._run.plan.reach.value, **self._figures())
        return self._answer("ok", "")

    def _close(self, session: Session, now: datetime, result: str, said: str) -> None:
        values = {"ended_at": now, "result": result, "said": said, **self._figures()}
        session.execute(update(Pull).where(Pull.id == self._run.pull_id).values(values))

    def _answer(self, result: str, said: str) -> PullCount:
        return PullCount(
            self._rules.name,
            result,
            said,
            self._run.plan.reach.value,
            self._pages,
            self._count.seen,
            self._count.changed,
            self._count.set_aside,
        )


def _result_of(error: SourceError) -> str:
    if isinstance(error, SourceUnavailable):
        return "unavailable"
    return "refused" if isinstance(error, AccessRefused) else "unexpected"


def _open_codes(session: Session, source: str, now: datetime, limit: int) -> Sequence[tuple[str, str | None]]:
    """(code, this source's key if it has a view) of every open dossier: the next to fall due first, then the latest
    that fell due, so that an old backlog never crowds out tomorrow's deadlines."""
    ended = [status.value for status in FINISHED]
    mine = (
        select(SourceDossier.dossier_id, func.min(SourceDossier.key).label("key"))
        .where(SourceDossier.source == source)
        .group_by(SourceDossier.dossier_id)
        .subquery()
    )
    statement = (
        select(Dossier.code, mine.c.key)
        .outerjoin(mine, mine.c.dossier_id == Dossier.id)
        .where(Dossier.status.not_in(ended), Dossier.code != "")
        .order_by(
            case((Dossier.promised_at >= now, Dossier.promised_at)).is_(None),  # what is still to fall due comes first
            case((Dossier.promised_at >= now, Dossier.promised_at)),
            Dossier.promised_at.desc(),
            Dossier.id,
        )
        .limit(limit)
    )
    return [(code, key) for code, key in session.execute(statement)]


def _count_missing(session: Session, rules: SourceRules, seen: set[str], now: datetime) -> None:
    """Absent is not finished: a view that several full sweeps did not show is said to be missing, aloud."""
    views = session.execute(
        select(SourceDossier.id, SourceDossier.key, SourceDossier.dossier_id, SourceDossier.missing_sweeps).where(
            SourceDossier.source == rules.name
        )
    ).all()
    absent = [view for view in views if view.key not in seen]
    back = [view for view in views if view.key in seen and view.missing_sweeps]
    said_missing = set(
        session.scalars(
            select(FindingRow.dossier_id).where(
                FindingRow.kind == "missing_at_source", FindingRow.detail == rules.name, FindingRow.closed_at.is_(None)
            )
        )
    )
    for batch in in_batches([view.id for view in absent]):
        session.execute(
            update(SourceDossier)
            .where(SourceDossier.id.in_(batch))
            .values(missing_sweeps=SourceDossier.missing_sweeps + 1)
        )
    for batch in in_batches([view.id for view in back]):
        session.execute(update(SourceDossier).where(SourceDossier.id.in_(batch)).values(missing_sweeps=0))
    missing = {v.dossier_id: rules.name for v in absent if v.missing_sweeps + 1 >= rules.missing_after}
    changed = set(missing) ^ {dossier_id for dossier_id in said_missing if dossier_id is not None}
    sync_findings(session, Sync("missing_at_source", missing, [*missing, *changed]), now)
    wake(session, changed, now)  # a letter may have to wait now, or may go again


__all__ = ["Intake", "PullCount", "SourceRules", "pull_source"]
