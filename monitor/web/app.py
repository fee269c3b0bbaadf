"""The pages and the JSON API, through the same functions as the command line; no rule of the law lives here.

Who may have what: `monitor.web.visit`.
"""

from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from monitor import __version__, logs
from monitor.engine import Engine
from monitor.web import (
    account,
    admin,
    api,
    api_figures,
    explaining,
    files,
    health,
    language,
    pages,
    roles,
    signing_in,
    sso,
    verify,
)
from monitor.web.gate import Gate, MustDoFirst, MustSignIn, to_sign_in
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.security import Guard
from monitor.web.visit import Visit, check_declared, check_form
from monitor.web.wording import chosen

log = logs.get("web")


def make_app(program: WebNeeds, scheduler: Engine | None = None) -> FastAPI:
    """The whole web part. Without a `scheduler` (pages alone) `/healthz` answers 503: nobody judges.

    Raises `UndeclaredRoute` if a route does not say who may have it.
    """
    settings = program.settings
    gate = Gate(program)
    app = FastAPI(
        title="Đúng Hẹn",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,  # `api` shows it, to those who may ask
        dependencies=[Depends(gate), Depends(check_form)],
        responses=api.WRONG,
    )
    shown = Pages(settings, program.calendar)
    app.include_router(signing_in.router(program, gate, shown))
    app.include_router(language.router(gate, shown))
    app.include_router(account.router(program, gate, shown))
    app.include_router(sso.router(program, gate, shown))
    app.include_router(pages.router(program, scheduler, shown))
    app.include_router(explaining.router(program, shown))
    app.include_router(files.router())
    app.include_router(verify.router(program, shown))
    for routes in roles.routers(program, scheduler, shown):
        app.include_router(routes)
    app.include_router(admin.router(program, scheduler, shown))
    app.include_router(api.router(program))
    app.include_router(api_figures.router(program))
    app.include_router(health.router(program, scheduler))
    check_declared(app.routes)
    app.add_middleware(
        Guard, hosts=[urlsplit(settings.site.base_url).hostname or ""], root=shown.root, is_tls=gate.is_tls
    )
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.web.trusted_proxies))
    _answer_errors(app, shown, program)
    return app


def _answer_errors(app: FastAPI, shown: Pages, program: WebNeeds) -> None:
    def page_of(request: Request, status: int, said: str = "") -> Response:
        visit = request.scope.get("state", {}).get("visit")
        if not isinstance(visit, Visit):  # no route has this address: nobody asked yet who it is
            return HTMLResponse(
                shown.error(status, program.clock.now(), said, language=chosen(request.cookies)), status
            )
        return HTMLResponse(shown.error(status, visit.now, said, visit), status)

    @app.exception_handler(MustSignIn)
    async def stranger(request: Request, wrong: MustSignIn) -> Response:
        return to_sign_in(request, shown.root)

    @app.exception_handler(MustDoFirst)
    async def owing(request: Request, wrong: MustDoFirst) -> Response:
        return RedirectResponse(shown.root + wrong.where, 303)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, wrong: HTTPException) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": wrong.detail}, wrong.status_code)
        said = wrong.detail if wrong.status_code == 422 else ""  # our own words; the others are the framework's
        return page_of(request, wrong.status_code, said)

    @app.exception_handler(RequestValidationError)
    async def unclear(request: Request, wrong: RequestValidationError) -> Response:
        if request.url.path.startswith("/api/"):
            # which parameter and what is wrong with it, without the value: an address may be shared
            said = [{"loc": list(error["loc"]), "msg": error["msg"]} for error in wrong.errors()]
            return JSONResponse({"detail": said}, 422)
        return page_of(request, 400)

    @app.exception_handler(DataError)
    async def unfit(request: Request, wrong: DataError) -> Response:
        # a character no text in PostgreSQL may hold (NUL), a number beyond its column: what was asked is at fault
        log.error("page_refused_by_store", method=request.method, exc_info=wrong)
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": "not a value the store can hold"}, 422)
        return page_of(request, 400)

    @app.exception_handler(Exception)
    async def failed(request: Request, wrong: Exception) -> Response:
        # the class and the place are in the log; the visitor gets neither trace nor message
        log.error("page_failed", method=request.method, exc_info=wrong)
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": "internal error"}, 500)
        return page_of(request, 500)


__all__ = ["WebNeeds", "make_app"]
