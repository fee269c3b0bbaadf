"""`/api/v1`: what the pages show, for programs, under the same rules: same rights, same narrowing, no citizen.

A program brings `Authorization: Bearer dh_…` (`dunghen accounts token`); a signed-in browser may read too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from monitor.access.rights import Right
from monitor.reports.census import Counts, counts, names_of
from monitor.reports.dossier import Event, LetterSteps, dossier_pages
from monitor.reports.late import LateRow, LetterRow, late_dossiers, letters_needed
from monitor.reports.sources import SourceRow, source_health, stale_sources
from monitor.web.needs import WebNeeds
from monitor.web.visit import VisitDep, needs, signed_in

WRONG: dict[int | str, dict[str, Any]] = {  # any route may answer these
    401: {"description": "No token, or one that ended"},
    403: {"description": "The right is not held"},
    404: {"description": "Does not exist, or not for this viewer"},
}
Agency = Annotated[str | None, Query(max_length=80, description="Code of an agency; its subtree is included")]
Limit = Annotated[int, Query(ge=1, le=1000)]


class Me(BaseModel):
    """Whom the token speaks for. `agencies` is "*" or the codes in reach."""

    account: str
    rights: list[str]
    agencies: str | list[str]


class LateAnswer(BaseModel):
    """`rows` are worst first; `number` is how many there are without limit and offset."""

    now: datetime
    number: int
    stale_sources: list[str]
    counts: Counts
    rows: list[LateRow]


class DossierAnswer(BaseModel):
    """One dossier with everything that happened to it; codes may be used by two agencies."""

    row: LateRow
    letters: Sequence[LetterSteps]
    events: Sequence[Event]
    findings: list[str]


class LettersAnswer(BaseModel):
    now: datetime
    rows: list[LetterRow]


class SourcesAnswer(BaseModel):
    now: datetime
    rows: list[SourceRow]


def router(program: WebNeeds) -> APIRouter:
    """Routes for programs."""
    routes = APIRouter(prefix="/api/v1")

    @routes.get("/me")
    @signed_in
    def me(visit: VisitDep) -> Me:
        viewer = visit.viewer
        reach = viewer.scope.agencies
        return Me(
            account=viewer.name,
            rights=sorted(str(right) for right in Right if viewer.may(right)),
            agencies="*" if reach.everything else sorted(reach.codes),
        )

    @routes.get("/late")
    @needs(Right.SEE_DOSSIERS)
    def late(
        visit: VisitDep,
        agency: Agency = None,
        stage: Annotated[list[str] | None, Query(max_length=20)] = None,
        limit: Limit = 200,
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
            found = counts(session, **chosen)
            listed = found.listed(names_of(stage))
            return LateAnswer(
                now=now,
                number=sum(listed.values()),
                stale_sources=sorted(stale),
                counts=found,
                rows=late_dossiers(session, stages=stage, limit=limit, offset=offset, counted=listed, **chosen),
            )

    @routes.get("/dossiers/{code:path}")
    @needs(Right.SEE_DOSSIERS)
    def dossier(visit: VisitDep, code: Annotated[str, Path(max_length=120)]) -> list[DossierAnswer]:
        with visit.reading() as session:
            stale = stale_sources(session, program.settings.sources, now=visit.now)
            found = dossier_pages(session, code, now=visit.now, stale_sources=stale)
        if not found:
            raise HTTPException(404)
        return [
            DossierAnswer(
                row=one.row,
                letters=one.letters,
                events=one.events,
                findings=[finding.kind for finding in one.findings],
            )
            for one in found
        ]

    @routes.get("/letters")
    @needs(Right.SEE_DOSSIERS)
    def letters(visit: VisitDep, agency: Agency = None, limit: Limit = 200) -> LettersAnswer:
        with visit.reading() as session:
            rows = letters_needed(
                session, now=visit.now, agency=agency or None, directory=program.directory, limit=limit
            )
            return LettersAnswer(now=visit.now, rows=rows)

    @routes.get("/sources")
    @needs(Right.SEE_SOURCES)
    def sources(visit: VisitDep) -> SourcesAnswer:
        with visit.reading() as session:
            return SourcesAnswer(now=visit.now, rows=source_health(session, program.settings.sources, now=visit.now))

    @routes.get("/openapi.json", include_in_schema=False)
    @signed_in
    def schema(request: Request) -> JSONResponse:
        found: dict[str, Any] = request.app.openapi()
        found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        found["security"] = [{"token": []}]
        return JSONResponse(found)

    return routes
