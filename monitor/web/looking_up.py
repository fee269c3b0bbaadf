"""Search by code, procedure and, for those entitled, applicant. By POST: what is looked for stands in no address."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from monitor.access.rights import Right
from monitor.reports.looking_up import SHORTEST, by_applicant, by_code, by_procedure, of_procedure
from monitor.web.heads import agency_names
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import VisitDep, needs

_AT_MOST = 50
_OF_PROCEDURE = 100


def router(program: WebNeeds, shown: Pages) -> APIRouter:
    """Routes of searching."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/tim")
    @needs(Right.SEE_DOSSIERS)
    def ask(visit: VisitDep) -> str:
        return shown.page("search.html", visit=visit, now=visit.now, here="search", text="", found=None)

    @routes.post("/tim")
    @needs(Right.SEE_DOSSIERS)
    def search(visit: VisitDep, q: Annotated[str, Form(max_length=200)] = "") -> str:
        text = q.strip()
        persons = visit.viewer.reach(Right.SEE_PERSONS)
        names = bool(persons.everything or persons.codes)
        with visit.reading() as session:
            dossiers = by_code(session, text, now=visit.now, limit=_AT_MOST) if " " not in text else []
            procedures = by_procedure(session, text, limit=_AT_MOST)
            everywhere = None if persons.everything else sorted(persons.codes)
            applicants = (
                by_applicant(session, text, now=visit.now, agencies=everywhere, limit=_AT_MOST) if names else []
            )
        if applicants:
            visit.saw("applicants", "search", shown=len(applicants))
        return shown.page(
            "search.html",
            visit=visit,
            now=visit.now,
            here="search",
            text=text,
            names=names,
            too_short=len(text) < SHORTEST,
            most=_AT_MOST,
            found={"dossiers": dossiers, "procedures": procedures, "applicants": applicants},
            agency_names=agency_names(program.directory),
        )

    @routes.get("/thu-tuc/{procedure:path}")
    @needs(Right.SEE_DOSSIERS)
    def of_one(visit: VisitDep, procedure: str) -> str:
        with visit.reading() as session:
            name, found = of_procedure(session, procedure[:80], now=visit.now, limit=_OF_PROCEDURE)
        if not name and not found:
            raise HTTPException(404)
        return shown.page(
            "procedure.html",
            visit=visit,
            now=visit.now,
            here="search",
            code=procedure,
            name=name,
            found=found,
            most=_OF_PROCEDURE,
            agency_names=agency_names(program.directory),
        )

    return routes
