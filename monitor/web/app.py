"""The pages and the JSON API. They only read, through the same functions as the command line; no rule lives here."""

from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from monitor import __version__, logs
from monitor.engine import Engine
from monitor.web import api, files, pages
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.security import Guard

log = logs.get("web")


def make_app(program: WebNeeds, scheduler: Engine | None = None) -> FastAPI:
    """The whole web part. Without a `scheduler` (pages alone) `/healthz` answers 503: nobody judges."""
    settings = program.settings
    app = FastAPI(
        title="Đúng Hẹn", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json"
    )
    shown = Pages(settings, program.calendar)
    app.include_router(pages.router(program, scheduler, shown))
    app.include_router(files.router(program))
    app.include_router(api.router(program, scheduler))
    app.add_middleware(Guard, hosts=[urlsplit(settings.site.base_url).hostname or ""])
    _answer_errors(app, shown, program)
    return app


def _answer_errors(app: FastAPI, shown: Pages, program: WebNeeds) -> None:
    @app.exception_handler(HTTPException)
    async def refused(request: Request, wrong: HTTPException) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": wrong.detail}, wrong.status_code)
        said = wrong.detail if wrong.status_code == 422 else ""  # our own words; the others are the framework's
        return HTMLResponse(shown.error(wrong.status_code, program.clock.now(), said), wrong.status_code)

    @app.exception_handler(RequestValidationError)
    async def unclear(request: Request, wrong: RequestValidationError) -> Response:
        if request.url.path.startswith("/api/"):
            # which parameter and what is wrong with it, without the value: an address may be shared
            said = [{"loc": list(error["loc"]), "msg": error["msg"]} for error in wrong.errors()]
            return JSONResponse({"detail": said}, 422)
        return HTMLResponse(shown.error(400, program.clock.now()), 400)

    @app.exception_handler(Exception)
    async def failed(request: Request, wrong: Exception) -> Response:
        # the class and the place are in the log; the visitor gets neither trace nor message
        log.error("page_failed", method=request.method, exc_info=wrong)
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": "internal error"}, 500)
        return HTMLResponse(shown.error(500, program.clock.now()), 500)


__all__ = ["WebNeeds", "make_app"]
