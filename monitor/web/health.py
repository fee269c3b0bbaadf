"""For machines that watch this one: `/healthz`, `/readyz`, `/metrics`. No personal data, no agency, no code.

These count over everything, so they read the store un-narrowed; what they show is numbers.
"""

from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Query
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from monitor.access.rights import Right
from monitor.engine import Engine
from monitor.reports.census import open_findings, urgent_counts
from monitor.reports.jobs import JobRow, job_rows
from monitor.reports.outbox import outbox_figures
from monitor.reports.sources import SourceRow, source_health
from monitor.store.database import reading
from monitor.web.needs import WebNeeds
from monitor.web.visit import LOOPBACK, Visit, VisitDep, anyone, needs

HEALTH_WAIT_S = 20.0
_AT_ONCE = 4  # callers of /healthz that may wait at the same time; the others queue
_SLOWEST_JUDGING_S = 300  # a cycle older than this, or than five intervals, is no longer keeping up


def router(program: WebNeeds, scheduler: Engine | None) -> APIRouter:
    """Routes of health and figures for monitoring."""
    routes = APIRouter(include_in_schema=False)
    limiter: list[anyio.CapacityLimiter] = []

    @routes.get("/healthz")
    @anyone
    async def healthz(visit: VisitDep, wait: Annotated[float, Query(ge=0.1, le=60)] = HEALTH_WAIT_S) -> JSONResponse:
        """200 once a judging cycle that began after this call has ended well; 503 if none did in `wait` seconds."""
        if scheduler is None:
            return JSONResponse({"ok": False, "said": "no scheduler in this process"}, 503)
        if not limiter:
            limiter.append(anyio.CapacityLimiter(_AT_ONCE))
        judged = await anyio.to_thread.run_sync(
            partial(scheduler.wait_for_run, "judge", wait), limiter=limiter[0], abandon_on_cancel=True
        )
        answer: dict[str, Any] = {"ok": judged, "now": program.clock.now().isoformat()}
        if _may_know_more(visit):
            jobs = scheduler.health()
            answer["failing"] = sorted(name for name, job in jobs.items() if job.failures)
            answer["missed"] = {name: job.missed for name, job in jobs.items() if job.missed}
        return JSONResponse(answer, 200 if judged else 503)

    @routes.get("/readyz")
    @anyone
    def readyz(visit: VisitDep) -> JSONResponse:
        """200 while the store answers and judging keeps up; never waits."""
        try:
            with reading(program.engine) as session:
                jobs = job_rows(session, {} if scheduler is None else scheduler.health(), now=visit.now)
                oldest = outbox_figures(session, now=visit.now).oldest_s
        except SQLAlchemyError:
            return JSONResponse({"ok": False, "store": False}, 503)
        age = next((job.age_s for job in jobs if job.name == "judge"), None)
        keeps_up = age is not None and age <= max(_SLOWEST_JUDGING_S, 5 * program.settings.daemon.judge_every)
        answer: dict[str, Any] = {"ok": keeps_up, "store": True, "judging": keeps_up}
        if _may_know_more(visit):
            answer |= {"judged_s_ago": age, "outbox_oldest_s": oldest}
        return JSONResponse(answer, 200 if keeps_up else 503)

    @routes.get("/metrics")
    @needs(Right.SEE_METRICS)
    def metrics(visit: VisitDep) -> Response:
        """Prometheus' text format, counted anew at each call. Prometheus brings a token (`dunghen accounts token`)."""
        with reading(program.engine) as session:
            return Response(_figures(session, program, scheduler, visit), media_type=CONTENT_TYPE_LATEST)

    return routes


def _may_know_more(visit: Visit) -> bool:
    """Names of sources and jobs are for this machine and for who may see them."""
    return visit.address in LOOPBACK or visit.may(Right.SEE_METRICS)


def _figures(session: Session, program: WebNeeds, scheduler: Engine | None, visit: Visit) -> bytes:
    now = visit.now
    registry = CollectorRegistry()
    sources = source_health(session, program.settings.sources, now=now)
    _of_sources(registry, sources, visit)
    _of_jobs(registry, job_rows(session, {} if scheduler is None else scheduler.health(), now=now))
    stale = {source.name for source in sources if source.stale}
    found = urgent_counts(session, now=now, stages=None, stale_sources=stale)
    _gauge(registry, "dossiers", "Dossiers by stage, as it may be shown now", "stage", found.by_stage)
    _gauge(registry, "letters", "Open letters by state, the suspended ones left out", "state", found.letters_by_state)
    _one(registry, "letters_suspended", "Letters held back by a doubt", found.letters_suspended)
    _one(
        registry, "letters_after_last_day", "Unsigned letters past their last lawful day", found.letters_after_last_day
    )
    _gauge(registry, "findings", "Open findings by kind", "kind", open_findings(session))
    outbox = outbox_figures(session, now=now)
    _gauge(registry, "outbox_messages", "Messages by state", "state", outbox.by_state)
    _gauge(registry, "outbox_attempts", "Tries to send by outcome", "outcome", outbox.attempts_by_outcome)
    _one(registry, "outbox_oldest_seconds", "Age of the oldest message that might have gone", outbox.oldest_s)
    _one(registry, "outbox_maybe_repeats", "Messages that may have arrived twice", outbox.maybe_repeats)
    return generate_latest(registry)


def _of_sources(registry: CollectorRegistry, sources: list[SourceRow], visit: Visit) -> None:
    ages = {source.name: source.age_s for source in sources if source.age_s is not None}
    _gauge(registry, "source_age_seconds", "Age of the last believed reading; absent = never", "source", ages)
    rest = (
        ("source_stale", "1 while nothing may be concluded from it", lambda one: int(one.stale)),
        ("source_failures", "Failed readings in a row", lambda one: one.failures),
        ("source_set_aside", "Rows set aside and not yet mended", lambda one: one.set_aside),
        ("source_dossiers", "Dossiers known from it", lambda one: one.dossiers),
        ("source_circuit_open", "1 while it is left alone after failures", lambda one: int(_rests(one, visit))),
    )
    for name, said, value in rest:
        _gauge(registry, name, said, "source", {source.name: value(source) for source in sources})


def _rests(source: SourceRow, visit: Visit) -> bool:
    return source.retry_not_before_at is not None and source.retry_not_before_at > visit.now


def _of_jobs(registry: CollectorRegistry, jobs: list[JobRow]) -> None:
    ages = {job.name: job.age_s for job in jobs if job.age_s is not None}
    _gauge(registry, "job_age_seconds", "Since the last good run; absent = never", "job", ages)
    _gauge(registry, "job_failures", "Failed runs in a row", "job", {job.name: job.failures for job in jobs})
    _gauge(registry, "job_missed", "Runs missed since the start", "job", {job.name: job.missed for job in jobs})


def _gauge(registry: CollectorRegistry, name: str, said: str, label: str, values: Any) -> None:
    gauge = Gauge(f"dunghen_{name}", said, [label], registry=registry)
    for key, value in sorted(values.items()):
        gauge.labels(key).set(value)


def _one(registry: CollectorRegistry, name: str, said: str, value: int) -> None:
    Gauge(f"dunghen_{name}", said, registry=registry).set(value)
