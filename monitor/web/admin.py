"""The administrator's pages: health, quarantine, outbox, people and links, settings as loaded. No citizen.

They are about the machine, so they read the store un-narrowed; dossiers are only counted.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, SecretStr
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from monitor.access import accounts
from monitor.access.rights import Right
from monitor.engine import Engine
from monitor.reports.jobs import job_rows
from monitor.reports.outbox import TROUBLED, outbox_figures, outbox_rows
from monitor.reports.sources import SetAsideRow, set_aside, set_aside_number, source_health
from monitor.settings import Settings
from monitor.store.audit import head
from monitor.store.database import reading
from monitor.store.scope import policies_hold
from monitor.store.tables import Account, Link, ParkedAddress
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import VisitDep, needs

_PAGE = 100
HIDDEN = "••••••"
_PASSWORD = re.compile(r"(://[^\s/:@]*:)[^\s/]+@")


def router(program: WebNeeds, scheduler: Engine | None, shown: Pages) -> APIRouter:
    """Routes of the administrator."""
    routes = APIRouter(prefix="/quan-tri", include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("")
    @needs(Right.ADMINISTER)
    def health(visit: VisitDep) -> str:
        live: Mapping[str, Any] = {} if scheduler is None else scheduler.health()
        with reading(program.engine) as session:
            return shown.page(
                "admin_health.html",
                visit=visit,
                now=visit.now,
                here="health",
                sources=source_health(session, program.settings.sources, now=visit.now),
                jobs=job_rows(session, live, now=visit.now),
                runs=scheduler is not None,
                log=head(session),
                store=program.engine.dialect.name,
                policies=policies_hold(session),
            )

    @routes.get("/de-rieng")
    @needs(Right.ADMINISTER)
    def quarantine(
        visit: VisitDep,
        source: Annotated[str, Query(max_length=64)] = "",
        sau: Annotated[str, Query(max_length=60)] = "",
    ) -> str:
        with reading(program.engine) as session:
            rows = set_aside(session, source=source or None, limit=_PAGE + 1, before=_place(sau))
            return shown.page(
                "admin_quarantine.html",
                visit=visit,
                now=visit.now,
                here="quarantine",
                names=[one.name for one in program.settings.sources],
                source=source,
                aside=rows[:_PAGE],
                number=set_aside_number(session, source or None),
                after=_continued(rows[_PAGE - 1]) if len(rows) > _PAGE else "",
                is_first=not sau,
            )

    @routes.get("/hop-thu")
    @needs(Right.ADMINISTER)
    def outbox(
        visit: VisitDep,
        state: Annotated[str, Query(max_length=16)] = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> str:
        with reading(program.engine) as session:
            return shown.page(
                "admin_outbox.html",
                visit=visit,
                now=visit.now,
                here="outbox",
                state=state,
                page=page,
                figures=outbox_figures(session, now=visit.now),
                rows=outbox_rows(
                    session, states=(state,) if state else TROUBLED, limit=_PAGE + 1, offset=(page - 1) * _PAGE
                ),
                per_page=_PAGE,
            )

    @routes.get("/con-nguoi")
    @needs(Right.ADMINISTER)
    def people(visit: VisitDep) -> str:
        with reading(program.engine) as session:
            return shown.page(
                "admin_people.html",
                visit=visit,
                now=visit.now,
                here="people",
                agencies=program.directory.agencies(),
                people=program.directory.people(),
                links=_links(session),
                parked=session.scalars(select(ParkedAddress).where(ParkedAddress.lifted_at.is_(None))).all(),
                accounts=_accounts(session),
            )

    @routes.get("/cai-dat")
    @needs(Right.ADMINISTER)
    def settings(visit: VisitDep) -> str:
        return shown.page(
            "admin_settings.html",
            visit=visit,
            now=visit.now,
            here="settings",
            folder=program.settings.folder,
            rows=list(as_loaded(program.settings)),
        )

    return routes


def _continued(last: SetAsideRow) -> str:
    """Where the next page of rows set aside begins, for its address."""
    return f"{last.last_seen_at.isoformat()}_{last.place}"


def _place(text: str) -> tuple[datetime, int] | None:
    at, _, place = text.rpartition("_")
    try:
        last_seen_at = datetime.fromisoformat(at)
    except ValueError:
        return None
    is_id = place.isascii() and place.isdigit() and len(place) < 19
    is_instant = last_seen_at.tzinfo is not None and 1900 < last_seen_at.year < 2300  # else beyond what a zone can move
    return (last_seen_at, int(place)) if is_id and is_instant else None


def as_loaded(settings: Settings) -> Iterator[tuple[str, str]]:
    """Every setting as (key, value), defaults included. What is secret is only said to be there."""
    for key, value in _flat("", settings):
        if isinstance(value, SecretStr):
            yield key, HIDDEN
        else:
            # a proxy's or the database's address may hold a password too
            yield key, "" if value is None else _PASSWORD.sub(rf"\1{HIDDEN}@", str(value))


def _flat(at: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _flat(f"{at}.{name}" if at else name, getattr(value, name))
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(f"{at}.{name}", inner)
    elif isinstance(value, (list, tuple)) and any(isinstance(one, (BaseModel, Mapping, SecretStr)) for one in value):
        for number, inner in enumerate(value):
            yield from _flat(f"{at}[{number}]", inner)
    elif isinstance(value, (list, tuple)):
        yield at, ", ".join(str(one) for one in value)
    else:
        yield at, value


def _links(session: Session) -> list[Link]:
    """Chats proven to be somebody's, and those that wait to be confirmed."""
    return list(session.scalars(select(Link).where(Link.ended_at.is_(None)).order_by(Link.person, Link.id).limit(1000)))


def _accounts(session: Session) -> list[dict[str, Any]]:
    """Every account with its roles, in two queries."""
    roles = accounts.all_roles(session)
    found = session.scalars(select(Account).order_by(func.lower(Account.name))).all()
    return [{"account": one, "roles": roles.get(one.id, [])} for one in found]
