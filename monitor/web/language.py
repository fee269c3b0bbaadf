"""The switch between the two languages of the pages, kept in a cookie: Vietnamese unless somebody chose otherwise."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from monitor.web.gate import Gate, safe_target
from monitor.web.render import Pages
from monitor.web.visit import VisitDep, anyone
from monitor.web.wording import COOKIE, LANGUAGES

_A_YEAR_S = 365 * 86_400


def router(gate: Gate, shown: Pages) -> APIRouter:
    """One route. A GET, so that it works on every page, a stranger's and an error's too: it changes nothing but how
    the answers to this browser are worded."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/ngon-ngu/{language}")
    @anyone
    def choose(visit: VisitDep, language: str, ve: Annotated[str, Query(max_length=2000)] = "/") -> Response:
        if language not in LANGUAGES:
            raise HTTPException(404)
        answer = RedirectResponse(shown.root + safe_target(ve), 303)
        answer.set_cookie(
            COOKIE, language, max_age=_A_YEAR_S, path="/", secure=gate.is_tls, httponly=True, samesite="lax"
        )
        return answer

    return routes
