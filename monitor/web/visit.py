"""Who is asking, and what a route demands of them. Deny by default: a route that does not say cannot be served.

How to write a route (a page, a form, a file, the API alike):

    @routes.get("/thu")
    @needs(Right.SEE_DOSSIERS)                 # or @signed_in, or @anyone for what even a stranger may have
    def letters(visit: VisitDep) -> str:
        with visit.reading() as session:       # narrowed to the agencies of the viewer: nothing else exists in it
            rows = letters_needed(session, now=visit.now)
        return shown.page("letters.html", visit=visit, now=visit.now, rows=rows)

    @routes.post("/thu/{letter_id}/duyet")     # what changes something is a POST, and its form carries the token
    @needs(Right.APPROVE)
    def approve(visit: VisitDep, letter_id: int) -> Response:
        with visit.writing() as session:       # one transaction; commits at the end
            letter = session.get(Letter, letter_id)
            if letter is None:
                raise HTTPException(404)       # unknown and foreign look the same
            visit.demand(Right.APPROVE, letter.agency_code)
            ...                                # the use case; `visit.viewer.actor` is who does it

The decorator stands below the route's. In templates every form that posts holds `{{ form_token(visit) }}`, every
address of ours begins with `{{ root }}` (a proxy may serve us below a path), and `visit.may(right, agency_code)` says
what to offer. A page that shows a citizen calls `visit.saw(...)` before it answers; acts are written to the log by
their use case, or with `visit.did(...)` in its transaction.

The gate below is a dependency of the whole application: it runs before a route's own parameters are looked at.
"""

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import Field
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from monitor.access import sessions
from monitor.access.rights import Right, Viewer
from monitor.store import audit, database
from monitor.store.scope import narrow
from monitor.web.needs import WebNeeds
from monitor.words import Language, Words

_Route = TypeVar("_Route", bound=Callable[..., Any])
_MARK = "__demand__"
FORM_FIELD = "form_token"
FORM_HEADER = "x-form-token"
LOOPBACK = frozenset({"127.0.0.1", "::1"})  # as a client's address is written
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class UndeclaredRoute(Exception):
    """A route says nothing about who may have it: the application refuses to start."""


# The id of a stored row in an address or a form: a greater number is in no database, and no driver takes it.
StoredId = Annotated[int, Field(ge=1, le=2**63 - 1)]


@dataclass(frozen=True, slots=True)
class Demand:
    """What a route demands. `right` None: being signed in is enough. `before_all`: also for who still has to set
    a new password or enter a code."""

    stranger: bool = False
    right: Right | None = None
    before_all: bool = False


def needs(right: Right) -> Callable[[_Route], _Route]:
    """Only viewers who hold this right somewhere; the route itself asks `visit.demand` for the agency at hand."""
    return _marking(Demand(right=right))


def signed_in(route: _Route) -> _Route:
    """Anybody with an account."""
    return _marking(Demand())(route)


def half_signed_in(route: _Route) -> _Route:
    """Also who has shown a password and owes a code or a new password."""
    return _marking(Demand(before_all=True))(route)


def anyone(route: _Route) -> _Route:
    """Strangers too. Nothing here may come from the store's dossiers."""
    return _marking(Demand(stranger=True))(route)


def _marking(demand: Demand) -> Callable[[_Route], _Route]:
    def mark(route: _Route) -> _Route:
        setattr(route, _MARK, demand)
        return route

    return mark


def demand_of(endpoint: Any) -> Demand | None:
    """What was declared for this function."""
    found = getattr(endpoint, _MARK, None)
    return found if isinstance(found, Demand) else None


def all_routes(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    """Every route that can answer, included routers opened."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        below = getattr(inner if inner is not None else route, "routes", None)
        if below:
            yield from all_routes(below)
        else:
            yield route


def check_declared(routes: list[BaseRoute]) -> None:
    """Raises `UndeclaredRoute` naming every route that declares nothing."""
    silent = [
        str(getattr(route, "path", route))
        for route in all_routes(routes)
        if demand_of(getattr(route, "endpoint", None)) is None
    ]
    if silent:
        raise UndeclaredRoute(f"say who may have it (monitor/web/visit.py): {', '.join(sorted(silent))}")


@dataclass
class Visit:
    """One request: who asks, when, and the store as it exists for them."""

    program: WebNeeds
    viewer: Viewer
    now: datetime
    secret: str = ""  # of the cookie; "" for a program with a token
    session_hash: str = ""
    owes: str = ""  # "" | "code" | "password": what still stands between them and the pages
    is_stranger: bool = False
    address: str = ""
    language: Language = "vi"
    here: str = "/"  # where a change of language brings them back to: what was asked for, if it can be asked for again
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def form_token(self) -> str:
        return sessions.form_token_of(self.secret) if self.secret else ""

    def say(self, words: Words) -> str:
        """The words in the language of this visit's pages."""
        return words.say(self.language)

    def may(self, right: Right, agency_code: str | None = None) -> bool:
        """See `Viewer.may`."""
        return self.viewer.may(right, agency_code)

    def demand(self, right: Right, agency_code: str) -> None:
        """Raises 404 where the agency is not the viewer's at all, 403 where it is and the right is not."""
        if not self.viewer.scope.agencies.holds(agency_code):
            raise HTTPException(404)
        if not self.viewer.may(right, agency_code):
            raise HTTPException(403)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only looks, narrowed to the viewer."""
        with database.reading(self.program.engine) as session:
            yield narrow(session, self.viewer.scope)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction, narrowed to the viewer; committed at the end, rolled back by an error."""
        with self.program.sessions.begin() as session:
            yield narrow(session, self.viewer.scope)

    def did(self, session: Session, action: str, subject: str, **detail: object) -> None:
        """A row in the audit log, in the caller's transaction. Nothing of a citizen's person goes into it."""
        audit.append(session, at=self.now, actor=self.viewer.actor, action=action, subject=subject, detail=detail)

    def saw(self, what: str, subject: str, **detail: object) -> None:
        """Notes that personal data was shown, before it is: what cannot be noted is not shown."""
        with self.program.sessions.begin() as session:
            self.did(session, f"viewed_{what}", subject, **detail)


def visit_of(request: Request) -> Visit:
    """The visit that the gate let in."""
    found = request.scope["state"]["visit"]
    assert isinstance(found, Visit)
    return found


VisitDep = Annotated[Visit, Depends(visit_of)]


async def check_form(request: Request) -> None:
    """Cross-site request forgery: what changes something carries the token of its own session, from our own pages."""
    visit = visit_of(request)
    if request.method in SAFE or (not visit.is_stranger and not visit.secret):
        return  # a program's token is no cookie: a foreign page cannot make a browser send it
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403)
    sent = request.headers.get(FORM_HEADER, "")
    if not sent and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        value = (await request.form()).get(FORM_FIELD, "")
        sent = value if isinstance(value, str) else ""
    if not visit.form_token or not hmac.compare_digest(sent.encode(), visit.form_token.encode()):
        raise HTTPException(403)
