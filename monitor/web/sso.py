"""The door's other side: sign in through the province's identity provider (see `monitor.access.sso`)."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor import logs
from monitor.access.sessions import hash_of
from monitor.access.sso import Sso, SsoFailed, account_of
from monitor.store import audit
from monitor.web.gate import CODE, SSO, Gate, safe_target
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.signing_in import open_session, where_next
from monitor.web.visit import VisitDep, anyone
from monitor.words import Words

log = logs.get("web")

_BACK = f"{SSO}/ve"
_SAID = Words(
    "Không đăng nhập được qua hệ thống đăng nhập một lần, hoặc chưa có tài khoản ở đây. Đề nghị liên hệ quản trị.",
    "Single sign-on did not work, or there is no account for you here. Please ask the administrator.",
)


def router(program: WebNeeds, gate: Gate, shown: Pages) -> APIRouter:
    """Routes of single sign-on; without a provider in the configuration there is nothing behind them."""
    routes = APIRouter(include_in_schema=False)
    provider = program.settings.web.oidc
    sso = None if provider is None else Sso(provider, program.settings.site.base_url.rstrip("/") + _BACK)
    root = shown.root

    @routes.get(SSO)
    @anyone
    def begin(visit: VisitDep, ve: Annotated[str, Query(max_length=2000)] = "/") -> Response:
        if sso is None:
            raise HTTPException(404)
        secret = gate.stranger_secret(visit)
        try:
            answer: Response = RedirectResponse(sso.begin(hash_of(secret), safe_target(ve), visit.now), 303)
        except SsoFailed as failed:
            log.error("sso_failed", reason=str(failed))
            return HTMLResponse(shown.page("sso_failed.html", visit=visit, now=visit.now, said=visit.say(_SAID)), 502)
        gate.give_cookie(answer, secret)
        return answer

    @routes.get(_BACK)
    @anyone
    def end(
        visit: VisitDep,
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4000)] = "",
    ) -> Response:
        if sso is None:
            raise HTTPException(404)
        try:
            proven, back = sso.end(hash_of(visit.secret), state, code, visit.now)
        except SsoFailed as failed:
            log.warning("sso_failed", reason=str(failed))
            return HTMLResponse(shown.page("sso_failed.html", visit=visit, now=visit.now, said=visit.say(_SAID)), 401)
        with program.sessions.begin() as session:
            account = account_of(session, proven)
            if account is None:
                audit.append(session, at=visit.now, actor="", action="sso_refused", subject="door", detail={})
                secret = where = ""
            else:
                is_whole = account.totp_on_at is None
                secret = open_session(session, account, visit, gate, request, is_whole=is_whole)
                where = where_next(session, account, back) if is_whole else f"{CODE}?ve={quote(back, safe='')}"
        if not secret:
            return HTMLResponse(shown.page("sso_failed.html", visit=visit, now=visit.now, said=visit.say(_SAID)), 403)
        answer = RedirectResponse(root + where, 303)
        gate.give_cookie(answer, secret)
        return answer

    return routes
