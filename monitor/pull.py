"""Reads one source and stores what it said. Judges nothing.

A page is one transaction: observations, views, projected dossiers and the resume token move together, so a crash
on page k goes on at k. The cursor moves only after the whole sweep was believed, and never past its beginning.
"""

import gc
import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
    Gate,
    Page,
    Reach,
    SourceError,
    SourceUnavailable,
    UnexpectedAnswer,
)
from monitor.absence import note_absences
from monitor.clock import Clock
from monitor.domain.dossier import FINISHED
from monitor.gates import Watch
from monitor.intake import Intake, PageCount, joined, store_page
from monitor.quarantine import quarantine, settle
from monitor.seen import Seen
from monitor.store.tables import Dossier, Pull, Source, SourceDossier
from monitor.store.writing import one_writer
from monitor.turns import BREAKER_AFTER, Run, SourceRules, begin

log = structlog.get_logger()

BACKOFF_S = (60, 120, 300, 600, 1800)
_MOST_JITTER = 0.25  # of a pause, so that many sources of one peer don't come back in step
_draw = random.SystemRandom().random
ROWS_A_TRANSACTION = 5000  # half a second of writing; a page of an index is then written once for many rows


@dataclass(frozen=True, slots=True)
class PullCount:
    """What one reading brought. `result`: ok | waiting | unavailable | refused | unexpected | quarantined.

    `drifted`: rows a full sweep found changed although the readings since their change should have shown them.
    """

    source: str
    result: str
    said: str
    reach: str = ""
    pages: int = 0
    seen: int = 0
    changed: int = 0
    set_aside: int = 0
    drifted: int = 0


def pull_source(
    sessions: sessionmaker[Session],
    rules: SourceRules,
    connector: Connector,
    intake: Intake,
    clock: Clock,
    *,
    full: bool = False,
    by_hand: bool = False,
    even_if_waiting: bool = False,
    draw: Callable[[], float] = _draw,
) -> PullCount:
    """Reads `connector` once. Every trouble with the source becomes a result and a line in `source`, no exception.

    After `BREAKER_AFTER` failures in a row the connector is probed first, so that a peer that is down is asked one
    small thing and not the whole listing. `by_hand`: a table that somebody brought, which says nothing about what it
    does not have. `draw` gives the jitter of pauses, from 0 to 1.
    """
    began = clock.now()
    with sessions.begin() as session:
        run = begin(session, rules, intake, began, full=full, by_hand=by_hand, even_if_waiting=even_if_waiting)
    if run is None:
        return PullCount(rules.name, "waiting", "tries again later")
    with Seen() as seen:
        reading = _Reading(sessions, rules, connector, intake, clock, run, seen, draw)
        try:
            if run.is_probed_first:
                connector.probe()
            reading.sweep()
            reading.look_up()
        except SourceError as error:
            return reading.failed(error)
        except Exception as error:
            # a fault of ours: said where people look, and the other sources go on; its text may hold a row, its
            # kind not
            log.error("source_reading_broke", source=rules.name, error=type(error).__name__, exc_info=True)
            return reading.failed(UnexpectedAnswer(f"lỗi chương trình khi lưu: {type(error).__name__}; xem nhật ký"))
        return reading.finished()


class _Reading:
    """One reading under way: pages in, counts out."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        rules: SourceRules,
        connector: Connector,
        intake: Intake,
        clock: Clock,
        run: Run,
        seen: Seen,
        draw: Callable[[], float],
    ) -> None:
        self._sessions, self._rules, self._connector = sessions, rules, connector
        self._intake, self._clock, self._run = intake, clock, run
        self._seen, self._draw = seen, draw
        # only a listing that shows every open dossier each time says of the unchanged that they are unchanged
        shows_all = Capability.STATUS_FILTER in connector.capabilities
        self._confirmed_at = run.confirmed_at if shows_all else None
        self._watch = Watch(run.row_keys, intake.calendar.zone)
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
        shown = self._seen.among([key for _, key in codes if key is not None])
        wanted = [code for code, key in codes if key is None or key not in shown]
        if self._seen and Capability.STATUS_FILTER in self._connector.capabilities:
            # the listing shows every open dossier of this source: only its own views that vanished are asked for
            wanted = [code for code, key in codes if key is not None and key not in shown]
        if wanted:
            self._store_all(self._connector.lookup(wanted), keep_place=False)

    def _store_all(self, pages: Iterator[Page], *, keep_place: bool) -> None:
        """Small pages share a transaction: a portal that lists by the day would cost a disk flush a day otherwise.
        What was read before a trouble is stored before the trouble is passed on."""
        waiting: list[Page] = []
        try:
            for page in pages:
                waiting.append(page)
                if sum(len(p.records) + len(p.bad) for p in waiting) >= ROWS_A_TRANSACTION:
                    full, waiting = waiting, []
                    self._store(joined(full), len(full), resume=page.resume if keep_place else None)
        finally:
            if waiting:
                self._store(joined(waiting), len(waiting), resume=waiting[-1].resume if keep_place else None)

    def _store(self, page: Page, pages: int, *, resume: str | None) -> None:
        if resume is not None:  # rows of a listing; single dossiers asked for by code prove nothing about the whole
            self._watch.look_at(page)
        now = self._clock.now()
        with _without_collecting(), self._sessions.begin() as session:
            one_writer(session)
            count = store_page(
                session,
                self._rules.name,
                page,
                self._intake,
                now,
                self._confirmed_at,
                self._run.pull_id,
                drift_before=self._run.drift_before,
            )
            self._pages += pages
            self._count += count
            values: dict[str, Any] = {} if resume is None else {"resume_token": resume}
            if values:
                session.execute(update(Source).where(Source.name == self._rules.name).values(values))
            session.execute(update(Pull).where(Pull.id == self._run.pull_id).values(self._figures()))
        self._seen.add(record.key for record in page.records)
        self._seen.add((bad.key for bad in page.bad), unreadable=True)

    def _figures(self) -> dict[str, int]:
        return {
            "pages": self._pages,
            "rows_seen": self._count.seen,
            "rows_changed": self._count.changed,
            "rows_set_aside": self._count.set_aside,
            "rows_drifted": self._count.drifted,
        }

    def failed(self, error: SourceError) -> PullCount:
        """Records the trouble. The cursor stays, so nothing is missed; a sweep that was cut off goes on later."""
        now = self._clock.now()
        result = _result_of(error)
        gate = error.gate or (Gate.NOT_DATA if isinstance(error, UnexpectedAnswer) else "")
        with self._sessions.begin() as session:
            source = session.get_one(Source, self._rules.name)
            source.failures += 1
            source.last_result, source.last_said = result, error.said
            wait = BACKOFF_S[min(source.failures, len(BACKOFF_S)) - 1]
            wait += int(wait * _MOST_JITTER * self._draw())
            if isinstance(error, SourceUnavailable) and error.retry_after_s is not None:
                wait = max(wait, int(error.retry_after_s))
            source.retry_not_before_at = now + timedelta(seconds=wait)
            if not isinstance(error, SourceUnavailable):
                source.resume_token = ""  # what stands behind this page is not to be trusted: begin anew
            if gate:
                quarantine(session, self._rules.name, self._run.pull_id, gate, error.said, error.evidence, now)
            self._close(session, now, result, error.said)
        log.warning("source_unreadable", source=self._rules.name, result=result, said=error.said)
        return self._answer(result, error.said)

    def finished(self) -> PullCount:
        """Believes the reading, or sets it aside as a whole when far too little came."""
        now = self._clock.now()
        whole = self._run.plan.reach is Reach.FULL and not self._run.resumed
        if whole and self._count.seen < self._rules.expect_drop_below * self._run.last_full_rows:
            return self._dropped(now)
        can = self._connector.capabilities
        with self._sessions.begin() as session:
            one_writer(session)
            source = session.get_one(Source, self._rules.name)
            source.resume_token = ""
            source.failures, source.retry_not_before_at = 0, None
            source.cursor_at = self._run.began_at
            source.last_good_at, source.last_result, source.last_said = now, "ok", ""
            if self._run.plan.reach is Reach.FULL:
                source.last_full_at = now
            if whole:
                source.accepted_rows = None
            source.row_keys = json.dumps(self._watch.row_keys())
            # a reading that was cut off does not remember what its first part showed: it confirms nobody
            if not self._run.resumed:
                if whole or can & {Capability.STATUS_FILTER, Capability.LOOKUP}:
                    note_absences(
                        session,
                        self._rules.name,
                        self._seen,
                        now,
                        last_evidence_at=self._run.confirmed_at,
                        # only a listing that claims to be whole says of a dossier that it is missing
                        missing_after=self._rules.missing_after if whole and Capability.TOTALS in can else None,
                    )
                if whole or can - {Capability.LIST}:  # a list alone says nothing of those it leaves out
                    source.evidence_at = self._run.began_at
            settle(session, self._rules.name, now, by="")
            self._close(session, now, "ok", "")
        log.info("source_read", source=self._rules.name, reach=self._run.plan.reach.value, **self._figures())
        return self._answer("ok", "")

    def _dropped(self, now: datetime) -> PullCount:
        said = (
            f"chỉ {self._count.seen} hồ sơ, lần trước có {self._run.last_full_rows}: chưa tin; "
            "kiểm tra quyền của tài khoản tại nguồn"
        )
        with self._sessions.begin() as session:
            source = session.get_one(Source, self._rules.name)
            source.resume_token = ""
            source.failures += 1
            source.last_result, source.last_said = "quarantined", said
            quarantine(session, self._rules.name, self._run.pull_id, Gate.COUNT_DROP, said, b"", now)
            self._close(session, now, "quarantined", said)
        return self._answer("quarantined", said)

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
            self._count.drifted,
        )


@contextmanager
def _without_collecting() -> Iterator[None]:
    """A page's rows make tens of thousands of objects that all live until it is stored and hold no cycle: looking
    through them for garbage again and again costs a tenth of the whole. Readings may overlap."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _result_of(error: SourceError) -> str:
    if error.gate in (Gate.DATES_EQUAL, Gate.DATES_SWAPPED, Gate.SCHEMA_CHANGED, Gate.COUNT_DROP):
        return "quarantined"
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


__all__ = ["BREAKER_AFTER", "Intake", "PullCount", "SourceRules", "pull_source"]
