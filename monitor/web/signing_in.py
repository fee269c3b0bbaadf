"""The door: sign in with name and password, sign out, set a new password.

What a stranger learns from a failed try is the same whatever was wrong, and takes as long.
"""

import threading
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor import logs
from monitor.access import accounts, sessions
from monitor.access.accounts import AccountRefused, Outcome
from monitor.store import audit
from monitor.store.tables import Account
from monitor.web.gate import ACCOUNT, CODE, NEW_PASSWORD, SIGN_IN, Gate, safe_target
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import LOOPBACK, Visit, VisitDep, anyone, half_signed_in, signed_in
from monitor.words import Words

log = logs.get("web")

_WRONG = Words(
    "Tên đăng nhập hoặc mật khẩu không đúng, hoặc tài khoản đang bị khóa.",
    "The name or the password is wrong, or the account is locked.",
)
WAIT = Words(
    "Có quá nhiều lần thử. Đề nghị đợi ít phút rồi thử lại.",
    "There were too many tries. Please wait a few minutes and try again.",
)
_NOT_SAME = Words("Hai lần gõ mật khẩu mới không giống nhau.", "The two new passwords are not the same.")
_OLD_WRONG = Words("Mật khẩu đang dùng không đúng.", "The present password is wrong.")


class Tries:
    """Wrong tries by address, in memory: so many in a while and the address waits. Bounded, whoever knocks.

    This machine's own address never waits: behind a proxy that the configuration does not name everybody has it, and
    one guesser would shut out the province. Accounts wait all the same.
    """

    _most, _within, _addresses = 20, timedelta(minutes=10), 10_000

    def __init__(self) -> None:
        self._tries: OrderedDict[str, deque[datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def must_wait(self, address: str, now: datetime) -> bool:
        if address in LOOPBACK:
            return False
        with self._lock:
            tries = self._tries.get(address)
            while tries and now - tries[0] > self._within:
                tries.popleft()
            return tries is not None and len(tries) >= self._most

    def failed(self, address: str, now: datetime) -> None:
        with self._lock:
            tries = self._tries.setdefault(address, deque(maxlen=self._most))
            tries.append(now)
            self._tries.move_to_end(address)
            while len(self._tries) > self._addresses:
                self._tries.popitem(last=False)


def router(program: WebNeeds, gate: Gate, shown: Pages) -> APIRouter:
    """Routes of the door."""
    routes = APIRouter(include_in_schema=False)
    tries = Tries()
    root = shown.root

    def door(visit: Visit, said: str = "", name: str = "", back: str = "/", status: int = 200) -> Response:
        secret = gate.stranger_secret(visit)
        visit.secret = secret
        html = shown.page("sign_in.html", visit=visit, now=visit.now, said=said, name=name, back=safe_target(back))
        answer = HTMLResponse(html, status)
        gate.give_cookie(answer, secret)
        return answer

    @routes.get(SIGN_IN)
    @anyone
    def sign_in_page(visit: VisitDep, ve: str = "/") -> Response:
        if not visit.is_stranger and not visit.owes:
            return RedirectResponse(root + safe_target(ve), 303)
        return door(visit, back=ve)

    @routes.post(SIGN_IN)
    @anyone
    def sign_in(
        visit: VisitDep,
        request: Request,
        name: Annotated[str, Form(max_length=200)] = "",
        password: Annotated[str, Form(max_length=1000)] = "",
        ve: Annotated[str, Form(max_length=2000)] = "/",
    ) -> Response:
        if tries.must_wait(visit.address, visit.now):
            return door(visit, visit.say(WAIT), name, ve, 429)
        with program.sessions.begin() as session:
            tried = accounts.check_password(session, name, password, visit.now)
            if tried.outcome is not Outcome.OK or tried.account is None:
                tries.failed(visit.address, visit.now)
                log.warning("sign_in_refused", reason=str(tried.outcome))
                audit.append(
                    session,
                    at=visit.now,
                    actor="",
                    action="sign_in_refused",
                    subject="door",
                    detail={"why": str(tried.outcome)},
                )
                secret = where = ""
            else:
                is_whole = tried.account.totp_on_at is None
                secret = open_session(session, tried.account, visit, gate, request, is_whole=is_whole)
                where = (
                    where_next(session, tried.account, ve)
                    if is_whole
                    else f"{CODE}?ve={quote(safe_target(ve), safe='')}"
                )
        if not secret:
            return door(visit, visit.say(WAIT if tried.outcome is Outcome.WAIT else _WRONG), name, ve, 401)
        answer = RedirectResponse(root + where, 303)
        gate.give_cookie(answer, secret)
        return answer

    @routes.post("/dang-xuat")
    @half_signed_in
    def sign_out(visit: VisitDep) -> Response:
        with program.sessions.begin() as session:
            sessions.end(session, visit.session_hash)
            visit.did(session, "signed_out", f"account:{visit.viewer.name}")
        answer = RedirectResponse(root + SIGN_IN, 303)
        gate.take_cookie(answer)
        return answer

    @routes.get(NEW_PASSWORD)
    @half_signed_in
    def password_page(visit: VisitDep) -> Response:
        if visit.owes == "code":
            return RedirectResponse(root + CODE, 303)
        return HTMLResponse(shown.page("new_password.html", visit=visit, now=visit.now, said=""))

    @routes.post(NEW_PASSWORD)
    @half_signed_in
    def new_password(
        visit: VisitDep,
        old: Annotated[str, Form(max_length=1000)] = "",
        new: Annotated[str, Form(max_length=1000)] = "",
        again: Annotated[str, Form(max_length=1000)] = "",
    ) -> Response:
        if visit.owes == "code":
            return RedirectResponse(root + CODE, 303)
        said = visit.say(_NOT_SAME) if new != again else ""
        if not said:
            with program.sessions.begin() as session:
                said = _change_password(session, visit, old, new)
        if said:
            return HTMLResponse(shown.page("new_password.html", visit=visit, now=visit.now, said=said), 422)
        return RedirectResponse(root + "/", 303)

    @routes.post("/dang-xuat/tat-ca")
    @signed_in
    def sign_out_everywhere(visit: VisitDep) -> Response:
        with program.sessions.begin() as session:
            sessions.end_all(session, visit.viewer.account_id)
            visit.did(session, "signed_out_everywhere", f"account:{visit.viewer.name}")
        answer = RedirectResponse(root + SIGN_IN, 303)
        gate.take_cookie(answer)
        return answer

    return routes


def open_session(
    session: Session, account: Account, visit: Visit, gate: Gate, request: Request, *, is_whole: bool
) -> str:
    """A new session under a new secret, whatever the browser held (session fixation). Returns the secret.

    `is_whole`: no code is owed any more.
    """
    if is_whole:
        accounts.forgive(account, visit.now)
    if visit.session_hash:
        sessions.end(session, visit.session_hash)
    sessions.sweep(session, now=visit.now, lifetimes=gate.lifetimes)
    secret = sessions.start(
        session,
        account,
        now=visit.now,
        lifetimes=gate.lifetimes,
        awaits_code=not is_whole,
        agent=request.headers.get("user-agent", ""),
    )
    action = "signed_in" if is_whole else "password_right"
    accounts.note(session, account, action, by=account.person or account.name, now=visit.now)
    return secret


def where_next(session: Session, account: Account, back: str) -> str:
    """Where a browser goes once it is signed in."""
    if account.must_change:
        return NEW_PASSWORD
    return safe_target(back) if accounts.roles_of(session, account.id) else ACCOUNT


def _change_password(session: Session, visit: Visit, old: str, new: str) -> str:
    """What is wrong, in words; "" once it is changed."""
    account = session.get_one(Account, visit.viewer.account_id)
    tried = accounts.check_password(session, account.name, old, visit.now)
    if tried.outcome is not Outcome.OK:
        return visit.say(WAIT if tried.outcome is Outcome.WAIT else _OLD_WRONG)
    try:
        accounts.set_password(session, account, new, now=visit.now, by=visit.viewer.actor, but=visit.session_hash)
    except AccountRefused as refused:
        return visit.say(refused.said)
    return ""
