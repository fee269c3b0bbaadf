"""Lets a request in or not: finds who it comes from, and holds that against what the route demands."""

import secrets
from datetime import timedelta
from urllib.parse import quote, urlsplit

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from monitor.access import accounts, sessions, tokens
from monitor.access.rights import Right, Viewer
from monitor.access.sessions import Lifetimes
from monitor.store import database
from monitor.web.needs import WebNeeds
from monitor.web.visit import Demand, Visit, demand_of
from monitor.web.wording import chosen

ADMIN = "/quan-tri"
SIGN_IN = "/dang-nhap"
SSO = "/dang-nhap/sso"
CODE = "/dang-nhap/ma"
ACCOUNT = "/tai-khoan"
NEW_PASSWORD = "/tai-khoan/mat-khau"  # noqa: S105 - an address
_NOBODY = Viewer(0, "")


class MustSignIn(Exception):
    """A page was asked for by a stranger: the browser is sent to sign in first, and comes back after."""


class MustDoFirst(Exception):
    """Signed in, but something is owed first: a code or a new password, at `where`."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


class Gate:
    """A dependency of the whole application (see `monitor.web.visit`)."""

    def __init__(self, program: WebNeeds) -> None:
        self._program = program
        web = program.settings.web
        self.lifetimes = Lifetimes(timedelta(seconds=web.session_idle), timedelta(seconds=web.session_longest))
        self._root = urlsplit(program.settings.site.base_url).path.rstrip("/")
        self.is_tls = urlsplit(program.settings.site.base_url).scheme == "https"
        # "__Host-" makes the browser itself refuse a cookie that another name or an open line planted
        self.cookie = "__Host-dunghen" if self.is_tls else "dunghen"

    def __call__(self, request: Request) -> None:
        demand = demand_of(request.scope.get("endpoint")) or Demand()  # undeclared: never less than an account
        visit = self._visit(request)
        visit.language = chosen(request.cookies)
        visit.here = asked_for(request, self._root)
        request.scope.setdefault("state", {})["visit"] = visit
        if demand.stranger:
            return
        if visit.is_stranger:
            raise HTTPException(401) if _is_program(request) else MustSignIn()
        if visit.owes and not demand.before_all:
            raise MustDoFirst(CODE if visit.owes == "code" else NEW_PASSWORD)
        if demand.right is not None and not visit.may(demand.right):
            if request.url.path.removesuffix("/") == "" and visit.may(Right.ADMINISTER):
                raise MustDoFirst(ADMIN)  # the first page is about dossiers; theirs is about the machine
            raise HTTPException(403)

    def _visit(self, request: Request) -> Visit:
        program = self._program
        now = program.clock.now()
        address = request.client.host if request.client is not None else ""
        bearer = request.headers.get("authorization", "")
        if bearer:
            viewer = self._program_viewer(bearer)
            return Visit(program, viewer or _NOBODY, now, is_stranger=viewer is None, address=address)
        secret = request.cookies.get(self.cookie, "")
        with database.reading(program.engine) as session:
            found = sessions.find(session, secret, now=now, lifetimes=self.lifetimes) if secret else None
            if found is None:
                return Visit(program, _NOBODY, now, secret=secret, is_stranger=True, address=address)
            viewer = accounts.viewer_of(session, found.account, program.directory)
            owes = "code" if found.awaits_code else "password" if found.account.must_change else ""
        if found.is_seen_long_ago:
            with program.sessions.begin() as session:
                sessions.touch(session, found.hash, now)
        return Visit(program, viewer, now, secret=secret, session_hash=found.hash, owes=owes, address=address)

    def _program_viewer(self, header: str) -> Viewer | None:
        kind, _, secret = header.partition(" ")
        if kind.lower() != "bearer":
            return None
        program, now = self._program, self._program.clock.now()
        with database.reading(program.engine) as session:
            found = tokens.find(session, secret.strip(), now, program.directory)
        if found is None:
            return None
        if found.is_used_long_ago:
            with program.sessions.begin() as session:
                tokens.touch(session, found.token_id, now)
        return found.viewer

    def give_cookie(self, response: Response, secret: str) -> None:
        """Ends with the browser: a shared counter's PC forgets it when it is closed."""
        response.set_cookie(self.cookie, secret, path="/", secure=self.is_tls, httponly=True, samesite="lax")

    def take_cookie(self, response: Response) -> None:
        """Makes the browser forget."""
        response.delete_cookie(self.cookie, path="/", secure=self.is_tls, httponly=True, samesite="lax")

    def stranger_secret(self, visit: Visit) -> str:
        """What binds a sign-in form to the browser that asked for it. It opens no session and never will."""
        return visit.secret or secrets.token_urlsafe(32)


def _is_program(request: Request) -> bool:
    """Nobody whom a sign-in page would help."""
    return "authorization" in request.headers or request.url.path.startswith(("/api/", "/metrics"))


def to_sign_in(request: Request, root: str) -> Response:
    """Sends a stranger to the sign-in page; what was asked for is remembered only if it can be asked for again."""
    back = asked_for(request, root)
    target = root + SIGN_IN + (f"?ve={quote(back, safe='')}" if back not in ("", "/") else "")
    return RedirectResponse(target, 303)


def asked_for(request: Request, root: str) -> str:
    """Path and query of a page below `root`, if it can be asked for again; else the first page."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    return (request.url.path.removeprefix(root) or "/") + (f"?{request.url.query}" if request.url.query else "")


def safe_target(back: str) -> str:
    """A path of our own, or the first page: never another site (open redirect)."""
    if (
        not back.startswith("/")
        or back.startswith(("//", "/\\"))
        or any(ord(char) < 33 or char == "\\" for char in back)
    ):
        return "/"
    parts = urlsplit(back)
    return back if not parts.scheme and not parts.netloc else "/"
