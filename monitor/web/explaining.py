"""Why a dossier has the dates and the stage it has: the lines of `monitor.explain` as a page to print, and as JSON."""

from typing import Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from monitor.access.rights import Right
from monitor.domain.stage import parse_warning
from monitor.explain import DossierNotFound, Explanation, explain_dossier
from monitor.web.lines_english import in_english
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import Visit, VisitDep, needs


def router(program: WebNeeds, shown: Pages) -> APIRouter:
    """The page and its JSON. No line names a citizen."""
    routes = APIRouter()
    warning = parse_warning(program.settings.warning.due_soon)

    def explained(visit: Visit, code: str) -> Explanation:
        with visit.reading() as session:
            try:
                return explain_dossier(
                    session, code, calendar=program.calendar, terms=program.terms, now=visit.now, warning=warning
                )
            except DossierNotFound:
                raise HTTPException(404) from None

    @routes.get("/giai-thich/{code:path}", include_in_schema=False, response_class=HTMLResponse)
    @needs(Right.SEE_DOSSIERS)
    def page(visit: VisitDep, code: str) -> str:
        sections = explained(visit, code).sections()
        return shown.page("explain.html", visit=visit, now=visit.now, here="", code=code, sections=sections)

    @routes.get("/api/v1/explain/{code:path}")
    @needs(Right.SEE_DOSSIERS)
    def as_json(visit: VisitDep, code: str) -> dict[str, Any]:
        """Every line in both languages, with its rule, its day or instant and its document."""
        answer = explained(visit, code).json()
        for line in answer["lines"]:
            line["text_en"] = in_english(line["text_vi"].strip())
        return answer

    return routes
