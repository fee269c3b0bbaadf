"""One dossier's page: everything that was said, decided and done about it, in the order in which it happened."""

from datetime import datetime

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from monitor.access.rights import Right
from monitor.engine import Engine
from monitor.explain import DossierNotFound, Line, explain_dossier
from monitor.reports.dossier import applicants, dossier_pages
from monitor.web.heads import agency_names, troubles
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import VisitDep, needs

_EXPLAINED = ("count", "pause", "compare", "stage")


def router(program: WebNeeds, scheduler: Engine | None, shown: Pages) -> APIRouter:
    """The route of a dossier."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/hoso/{code:path}")
    @needs(Right.SEE_DOSSIERS)
    def dossier(visit: VisitDep, code: str) -> str:
        with visit.reading() as session:
            head = troubles(session, scheduler, visit)
            stale = {source.name for source in head["silent"]}
            found = dossier_pages(session, code, now=visit.now, stale_sources=stale)
            if not found:
                raise HTTPException(404)
            people = applicants(session, [page.dossier.id for page in found])
            lines = explained(session, program, code, visit.now)
            if people:
                visit.saw("dossier", f"dossier:{found[0].dossier.id}")
            return shown.page(
                "dossier.html",
                visit=visit,
                now=visit.now,
                here="",
                code=code,
                found=found,
                people=people,
                heard=[line for line in lines if line.section == "heard"],
                explained=[line for line in lines if line.section in _EXPLAINED],
                stale=stale,
                agency_names=agency_names(program.directory),
                person_names={person.code: person.name for person in program.directory.people()},
                **head,
            )

    return routes


def explained(session: Session, program: WebNeeds, code: str, now: datetime) -> tuple[Line, ...]:
    """What was heard and how the dates were counted, for whom the evidence itself exists; nothing for others."""
    try:
        said = explain_dossier(
            session, code, calendar=program.calendar, terms=program.terms, now=now, warning=program.rules.warning
        )
    except DossierNotFound:
        return ()
    return said.lines
