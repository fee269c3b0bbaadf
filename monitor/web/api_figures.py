"""`/api/v1/figures`: the Office's figures for programs, as of any day, and the dossiers behind each; as on its page."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from monitor.access.rights import Right
from monitor.reports import office
from monitor.reports.office import Asked, By, TableRow
from monitor.reports.sources import stale_sources
from monitor.web.heads import own_agencies
from monitor.web.needs import WebNeeds
from monitor.web.office import Chosen, asked_of, is_measure, place_of
from monitor.web.visit import Visit, VisitDep, needs

Until = Annotated[date | None, Query(description="The end of which day; without it, or later than today: now")]
Since = Annotated[date | None, Query(description="First day of the period; without it the first of that month")]
Agency = Annotated[str, Query(max_length=80, description="Code of an agency; everything below it is included")]


class FiguresRow(BaseModel):
    """One line: received anew + carried over = resolved + pending. `at_end` holds each measure at the end of the last
    day, `during` by how much it grew in the period; `rate` is the share resolved in time, null where none is known."""

    key: str
    name: str
    carried_over: int
    received: int
    resolved: int
    pending: int
    rate: float | None
    at_end: dict[str, int]
    during: dict[str, int]


class FiguresAnswer(BaseModel):
    until: date
    since: date
    by: By
    agency: str
    silent_sources: list[str] = Field(description="For today: what they last said counts as silent, never as in time")
    rows: list[FiguresRow]
    sum: FiguresRow


class BehindRow(BaseModel):
    """One dossier behind a figure: what it counted as, and what it is now. No citizen."""

    code: str
    procedure_name: str
    agency_code: str
    measure: str
    since_on: date
    until_on: date | None
    shown: str


class BehindAnswer(BaseModel):
    """The newest first; `next` continues the list as `after`, null at its end."""

    rows: list[BehindRow]
    next: str | None


def router(program: WebNeeds) -> APIRouter:
    """Routes of figures for programs."""
    routes = APIRouter(prefix="/api/v1/figures")

    def question(visit: Visit, until: date | None, since: date | None, by: By, agency: str, stale: set[str]) -> Asked:
        last, first = (day.isoformat() if day is not None else "" for day in (until, since))
        return asked_of(visit, Chosen(last, first, by, agency, ""), stale)

    @routes.get("")
    @needs(Right.SEE_FIGURES)
    def figures(
        visit: VisitDep, until: Until = None, since: Since = None, by: By = By.AGENCY, agency: Agency = ""
    ) -> FiguresAnswer:
        with visit.reading() as session:
            stale = stale_sources(session, program.settings.sources, now=visit.now)
            asked = question(visit, until, since, by, agency, stale)
            found = office.table(session, asked, program.directory, own_agencies(visit), with_findings=True)
        return FiguresAnswer(
            until=asked.until,
            since=asked.since,
            by=by,
            agency=agency,
            silent_sources=sorted(stale) if asked.until >= asked.today else [],
            rows=[_row(row) for row in found.rows],
            sum=_row(found.sum),
        )

    @routes.get("/dossiers")
    @needs(Right.SEE_FIGURES)
    def dossiers(
        visit: VisitDep,
        measure: Annotated[str, Query(max_length=60)],
        until: Until = None,
        since: Since = None,
        agency: Agency = "",
        procedure: Annotated[str, Query(max_length=80)] = "",
        field: Annotated[str, Query(max_length=80)] = "",
        in_period: Annotated[
            bool, Query(description="What began to count in the period, not what stood at its end")
        ] = False,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        after: Annotated[str, Query(max_length=40, description="`next` of the answer before")] = "",
    ) -> BehindAnswer:
        if not is_measure(measure):
            raise HTTPException(404)
        with visit.reading() as session:
            stale = stale_sources(session, program.settings.sources, now=visit.now)
            asked = question(visit, until, since, By.AGENCY, agency, stale)
            found = office.behind(
                session,
                asked,
                measure,
                now=visit.now,
                agencies=office.below(asked.root, program.directory, own_agencies(visit)),
                procedure=procedure,
                field=field,
                in_period=in_period,
                limit=limit + 1,
                before=place_of(after),
            )
        last = found[limit - 1] if len(found) > limit else None
        return BehindAnswer(
            rows=[
                BehindRow(
                    code=row.code,
                    procedure_name=row.procedure_name,
                    agency_code=row.agency_code,
                    measure=row.measure,
                    since_on=row.since_on,
                    until_on=row.until_on,
                    shown=row.shown,
                )
                for row in found[:limit]
            ],
            next=f"{last.since_on}_{last.place}" if last is not None else None,
        )

    return routes


def _row(row: TableRow) -> FiguresRow:
    period = row.period
    measures = sorted({*period.before.of, *period.after.of})
    return FiguresRow(
        key=row.key,
        name=row.name,
        carried_over=period.carried_over,
        received=period.received,
        resolved=period.resolved,
        pending=period.after.pending,
        rate=row.rate,
        at_end={measure: number for measure in measures if (number := period.after[measure])},
        during={measure: number for measure in measures if (number := period.during(measure))},
    )
