"""One's own account: the code after the password, the second factor, where one is signed in."""

from typing import Annotated

import segno
from fastapi import APIRouter, Form, Request
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.access import accounts, second_factor, sessions
from monitor.access.accounts import Outcome
from monitor.access.second_factor import Sealer
from monitor.store.tables import Account, WebSession
from monitor.web.gate import ACCOUNT, CODE, Gate, safe_target
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.signing_in import WAIT, open_session, where_next
from monitor.web.visit import Visit, VisitDep, half_signed_in, signed_in
from monitor.words import Words

_WRONG_CODE = Words(
    "Mã không đúng hoặc đã dùng rồi. Đề nghị đợi mã kế tiếp.",
    "The code is wrong or has been used. Please wait for the next one.",
)
_WRONG_PASSWORD = Words("Mật khẩu không đúng.", "The password is wrong.")
_ON = f"{ACCOUNT}/hai-buoc"


def router(program: WebNeeds, gate: Gate, shown: Pages) -> APIRouter:
    """Routes of one's own account."""
    routes = APIRouter(include_in_schema=False)
    sealer = Sealer(program.settings.site.data_dir)
    root = shown.root

    def code_page(visit: Visit, said: str, back: str, status: int = 200) -> Response:
        html = shown.page("code.html", visit=visit, now=visit.now, said=said, back=safe_target(back))
        return HTMLResponse(html, status)

    @routes.get(CODE)
    @half_signed_in
    def code_form(visit: VisitDep, ve: str = "/") -> Response:
        if visit.owes != "code":
            return RedirectResponse(root + safe_target(ve), 303)
        return code_page(visit, "", ve)

    @routes.post(CODE)
    @half_signed_in
    def code(
        visit: VisitDep,
        request: Request,
        code: Annotated[str, Form(max_length=20)] = "",
        ve: Annotated[str, Form(max_length=2000)] = "/",
    ) -> Response:
        if visit.owes != "code":
            return RedirectResponse(root + safe_target(ve), 303)
        with program.sessions.begin() as session:
            account = session.get_one(Account, visit.viewer.account_id)
            said = _trouble_with(account, code, sealer, visit)
            if said:
                accounts.note(session, account, "code_refused", by=visit.viewer.actor, now=visit.now)
                secret = where = ""
            else:
                secret = open_session(session, account, visit, gate, request, is_whole=True)
                where = where_next(session, account, ve)
        if said:
            return code_page(visit, said, ve, 401)
        answer = RedirectResponse(root + where, 303)
        gate.give_cookie(answer, secret)
        return answer

    @routes.get(ACCOUNT)
    @signed_in
    def account_page(visit: VisitDep) -> Response:
        with program.sessions() as session:
            return _account_page(session, visit)

    @routes.post(_ON)
    @signed_in
    def begin(visit: VisitDep, password: Annotated[str, Form(max_length=1000)] = "") -> Response:
        """A new secret, or none any more: both need the password, so that an unwatched screen is not enough."""
        with program.sessions.begin() as session:
            account = session.get_one(Account, visit.viewer.account_id)
            said = _not_the_owner(session, account, password, visit)
            if not said and account.totp_on_at is not None:
                accounts.forget_second_factor(session, account, now=visit.now, by=visit.viewer.actor)
            elif not said:
                second_factor.begin(account, sealer)
            session.flush()
            return _account_page(session, visit, said, 401 if said else 200)

    @routes.post(f"{_ON}/xac-nhan")
    @signed_in
    def confirm(visit: VisitDep, code: Annotated[str, Form(max_length=20)] = "") -> Response:
        with program.sessions.begin() as session:
            account = session.get_one(Account, visit.viewer.account_id)
            said = _trouble_with(account, code, sealer, visit)
            if not said:
                account.totp_on_at = visit.now
                sessions.end_all(session, account.id, but=visit.session_hash)
                accounts.note(session, account, "second_factor_on", by=visit.viewer.actor, now=visit.now)
            session.flush()
            return _account_page(session, visit, said, 401 if said else 200)

    @routes.post(f"{ACCOUNT}/dang-xuat-noi-khac")
    @signed_in
    def elsewhere(visit: VisitDep) -> Response:
        with program.sessions.begin() as session:
            ended = sessions.end_all(session, visit.viewer.account_id, but=visit.session_hash)
            visit.did(session, "signed_out_elsewhere", f"account:{visit.viewer.name}", sessions=ended)
        return RedirectResponse(root + ACCOUNT, 303)

    def _account_page(session: Session, visit: Visit, said: str = "", status: int = 200) -> Response:
        account = session.get_one(Account, visit.viewer.account_id)
        secret = second_factor.pending_secret(account, sealer)
        picture = "" if secret is None else _qr(second_factor.address_of(account, secret))
        html = shown.page(
            "account.html",
            visit=visit,
            now=visit.now,
            here="account",
            said=said,
            account=account,
            secret=secret,
            picture=picture,
            sessions=_open_sessions(session, account, visit, gate),
            roles=accounts.roles_of(session, account.id),
        )
        return HTMLResponse(html, status)

    return routes


def _trouble_with(account: Account, code: str, sealer: Sealer, visit: Visit) -> str:
    """What is wrong with a code, in words; "" where it is right. Counts a wrong one like a wrong password."""
    if account.retry_not_before_at is not None and visit.now < account.retry_not_before_at:
        return visit.say(WAIT)
    if second_factor.is_right(account, code, sealer, visit.now):
        return ""
    accounts.count_failure(account, visit.now)
    return visit.say(_WRONG_CODE)


def _not_the_owner(session: Session, account: Account, password: str, visit: Visit) -> str:
    if not account.password_hash:
        return ""  # signs in through the province's SSO: there is no password to ask for
    outcome = accounts.check_password(session, account.name, password, visit.now).outcome
    if outcome is Outcome.OK:
        return ""
    return visit.say(WAIT if outcome is Outcome.WAIT else _WRONG_PASSWORD)


def _open_sessions(session: Session, account: Account, visit: Visit, gate: Gate) -> list[WebSession]:
    return list(
        session.scalars(
            select(WebSession)
            .where(
                WebSession.account_id == account.id,
                WebSession.ends_at > visit.now,
                WebSession.seen_at > visit.now - gate.lifetimes.idle,
            )
            .order_by(WebSession.seen_at.desc())
            .limit(50)
        )
    )


def _qr(text: str) -> str:
    """A picture as a data address: the page brings it along, nothing is fetched."""
    return str(segno.make(text, error="m").svg_data_uri(scale=5, border=3))
