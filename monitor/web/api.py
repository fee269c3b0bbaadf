"""`/api/v1` and `/healthz`: the same figures as the pages, for machines. No personal data."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from monitor.access.rights import Right
from monitor.engine import Engine
from monitor.reports.late import Counts, LateRow, counts, late_dossiers, late_number
from monitor.reports.sources import stale_sources
from monitor.web.needs import WebNeeds
from monitor.web.visit import VisitDep, anyone, needs, signed_in

HEALTH_WAIT_S = 20.0
_AT_ONCE = 4  # callers of /healthz that may wait at the same time; the others queue


class LateAnswer(BaseModel):
    """`rows` are worst first; `number` is how many there are without limit and offset."""

    now: datetime
    number: int
    stale_sources: list[str]
    counts: Counts
    rows: list[LateRow]


def router(program: WebNeeds, scheduler: Engine | None) -> APIRouter:
    """Routes for machines."""
    routes = APIRouter()
    limiter: list[anyio.CapacityLimiter] = []

    @routes.get("/api/v1/late")
    @needs(Right.SEE_DOSSIERS)
    def late(
        visit: VisitDep,
        agency: Annotated[str | None, Query(max_length=80)] = None,
        stage: Annotated[list[str] | None, Query(max_length=20)] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    ) -> LateAnswer:
        now = visit.now
        with visit.reading() as session:
            stale = stale_sources(session, program.settings.sources, now=now)
            chosen: dict[str, Any] = {
                "now": now,
                "agency": agency or None,
                "directory": program.directory,
                "stale_sources": stale,
            }
            return LateAnswer(
                now=now,
                number=late_number(session, stages=stage, **chosen),
                stale_sources=sorted(stale),
                counts=counts(session, **chosen),
                rows=late_dossiers(session, stages=stage, limit=limit, offset=offset, **chosen),
            )

    @routes.get("/api/v1/openapi.json", include_in_schema=False)
    @signed_in
    def schema(request: Request) -> JSONResponse:
        found: dict[str, Any] = request.app.openapi()
        return JSONResponse(found)

    @routes.get("/healthz", include_in_schema=False)
    @anyone
    async def healthz(wait: Annotated[float, Query(ge=0.1, le=60)] = HEALTH_WAIT_S) -> JSONResponse:
        """200 once a judging cycle that began after this call has ended well; 503 if none did in `wait` seconds."""
        if scheduler is None:
            return JSONResponse({"ok": False, "said": "no scheduler in this process"}, 503)
        if not limiter:
            limiter.append(anyio.CapacityLimiter(_AT_ONCE))
        judged = await anyio.to_thread.run_sync(
            partial(scheduler.wait_for_run, "judge", wait), limiter=limiter[0], abandon_on_cancel=True
        )
        jobs = scheduler.health()
        return JSONResponse(
            {
                "ok": judged,
                "now": program.clock.now().isoformat(),
                "failing": sorted(name for name, job in jobs.items() if job.failures),
                "missed": {name: job.missed for name, job in jobs.items() if job.missed},
            },
            200 if judged else 503,
        )

    return routes
