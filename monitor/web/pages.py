"""The pages people read: what is late, what needs a letter, one dossier, the sources. Server-made, no script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse

from monitor.access.rights import Right
from monitor.engine import Engine
from monitor.people import Directory
from monitor.reports.dossier import dossier_pages
from monitor.reports.jobs import JobRow, job_rows
from monitor.reports.late import counts, late_dossiers, late_number, letters_needed
from monitor.reports.sources import SourceRow, set_aside, source_health
from monitor.web import words
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import VisitDep, needs

_PAGE = 100  # rows of the long list on one page
_LETTERS_ON_FIRST = 5
_LETTERS_AT_MOST = 1000

# Tiles in the order of urgency: (stages it opens, heading, tone).
_TILES = (
    (("late",), "Quá hạn", "late"),
    (("due_today",), "Đến hạn hôm nay", "today"),
    (("letter_due",), "Hạn gửi thư hôm nay", "letter"),
    (("due_soon",), "Sắp đến hạn", "soon"),
    (("being_judged_again", "uncertain", "unknown", "no_promise"), "Chưa kết luận", "unsure"),
    (("source_silent",), "Nguồn im lặng", "silent"),
    (("finished_late",), "Đã trả quá hạn", "donelate"),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that opens its dossiers."""

    number: int
    heading: str
    tone: str
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a drop-down list; `depth` is how far below the root an agency stands."""

    value: str
    text: str
    is_chosen: bool
    depth: int = 0


def router(program: WebNeeds, scheduler: Engine | None, shown: Pages) -> APIRouter:
    """Routes of the pages."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/")
    @needs(Right.SEE_DOSSIERS)
    def today(
        visit: VisitDep,
        agency: Annotated[str, Query(max_length=80)] = "",
        stage: Annotated[list[str] | None, Query(max_length=20)] = None,
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> str:
        now = visit.now
        stages = [name for name in stage or () if name]
        with visit.reading() as session:
            sources = source_health(session, program.settings.sources, now=now)
            chosen: dict[str, Any] = {"now": now, "agency": agency or None, "directory": program.directory}
            stale = {source.name for source in sources if source.stale}
            found = counts(session, stale_sources=stale, **chosen)
            number = late_number(session, stages=stages or None, stale_sources=stale, **chosen)
            return shown.page(
                "today.html",
                visit=visit,
                now=now,
                here="today",
                counts=found,
                tiles=_tiles(found.by_stage, stages, agency),
                rows=late_dossiers(
                    session,
                    stages=stages or None,
                    stale_sources=stale,
                    limit=_PAGE,
                    offset=(page - 1) * _PAGE,
                    **chosen,
                ),
                number=number,
                letters=letters_needed(session, limit=_LETTERS_ON_FIRST, **chosen),
                agencies=_agencies(program.directory, agency),
                stages=_stages(stages),
                agency=agency,
                agency_names=_names(program.directory),
                pager=_pager(page, number, agency, stages),
                **_troubles(session, scheduler, sources, now),
            )

    @routes.get("/thu")
    @needs(Right.SEE_DOSSIERS)
    def letters(visit: VisitDep, agency: Annotated[str, Query(max_length=80)] = "") -> str:
        now = visit.now
        with visit.reading() as session:
            chosen: dict[str, Any] = {"now": now, "agency": agency or None, "directory": program.directory}
            sources = source_health(session, program.settings.sources, now=now)
            return shown.page(
                "letters.html",
                visit=visit,
                now=now,
                here="letters",
                counts=counts(session, **chosen),
                letters=letters_needed(session, limit=_LETTERS_AT_MOST, **chosen),
                agencies=_agencies(program.directory, agency),
                agency_names=_names(program.directory),
                **_troubles(session, scheduler, sources, now),
            )

    @routes.get("/hoso/{code:path}")
    @needs(Right.SEE_DOSSIERS)
    def dossier(visit: VisitDep, code: str) -> str:
        now = visit.now
        with visit.reading() as session:
            sources = source_health(session, program.settings.sources, now=now)
            stale = {source.name for source in sources if source.stale}
            found = dossier_pages(session, code, now=now, stale_sources=stale)
            if not found:
                raise HTTPException(404)
            return shown.page(
                "dossier.html",
                visit=visit,
                now=now,
                here="",
                code=code,
                found=found,
                stale=stale,
                agency_names=_names(program.directory),
                **_troubles(session, scheduler, sources, now),
            )

    @routes.get("/nguon")
    @needs(Right.SEE_SOURCES)
    def sources_page(visit: VisitDep) -> str:
        now = visit.now
        with visit.reading() as session:
            sources = source_health(session, program.settings.sources, now=now)
            return shown.page(
                "sources.html",
                visit=visit,
                now=now,
                here="sources",
                counts=counts(session, now=now),
                aside=set_aside(session),
                jobs=job_rows(session, _live(scheduler), now=now),
                **_troubles(session, scheduler, sources, now),
            )

    return routes


def _troubles(
    session: Session, scheduler: Engine | None, sources: Sequence[SourceRow], now: datetime
) -> dict[str, Any]:
    """What every page says at its head: silent sources and jobs that fail."""
    failing: list[JobRow] = [job for job in job_rows(session, _live(scheduler), now=now) if job.is_failing]
    return {"sources": sources, "silent": [source for source in sources if source.stale], "failing": failing}


def _live(scheduler: Engine | None) -> Mapping[str, Any]:
    return {} if scheduler is None else scheduler.health()


def _tiles(by_stage: Mapping[str, int], chosen: Sequence[str], agency: str) -> list[Tile]:
    return [
        Tile(
            number=sum(by_stage.get(stage, 0) for stage in stages),
            heading=heading,
            tone=tone,
            href="/?" + _query(agency, stages) + "#danh-sach",
            is_chosen=set(stages) == set(chosen),
        )
        for stages, heading, tone in _TILES
    ]


def _stages(chosen: Sequence[str]) -> list[Choice]:
    return [Choice(name, word.text, list(chosen) == [name]) for name, word in words.STAGES.items()]


def _agencies(directory: Directory, chosen: str) -> list[Choice]:
    """The tree, each agency under its parent, as a list with depths."""
    children: dict[str | None, list[Any]] = {}
    everyone = {agency.code: agency for agency in directory.agencies()}
    for agency in everyone.values():
        children.setdefault(agency.parent if agency.parent in everyone else None, []).append(agency)
    found: list[Choice] = []
    left = [(agency, 0) for agency in _by_name(children.get(None, ()))]
    while left:
        agency, depth = left.pop()
        found.append(Choice(agency.code, agency.name, agency.code == chosen, depth))
        left += [(child, depth + 1) for child in _by_name(children.pop(agency.code, ()))]
    return found


def _by_name(agencies: Sequence[Any]) -> list[Any]:
    # last first: the caller takes from the end
    return sorted(agencies, key=lambda agency: agency.name, reverse=True)


def _names(directory: Directory) -> dict[str, str]:
    return {agency.code: agency.name for agency in directory.agencies()}


def _pager(page: int, number: int, agency: str, stages: Sequence[str]) -> dict[str, Any]:
    pages = max(1, -(-number // _PAGE))

    def href(to: int) -> str | None:
        return f"/?{_query(agency, stages)}&page={to}#danh-sach" if 1 <= to <= pages and to != page else None

    return {"page": page, "pages": pages, "before": href(page - 1), "after": href(page + 1)}


def _query(agency: str, stages: Sequence[str]) -> str:
    return urlencode([("agency", agency), *(("stage", stage) for stage in stages)])
