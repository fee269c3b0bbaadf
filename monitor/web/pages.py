"""The pages people read: what is late, what needs a letter, one dossier, the sources. Server-made, no script."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.access.rights import Right, Role
from monitor.domain.letter import OPEN
from monitor.engine import Engine
from monitor.gate_words import GATES
from monitor.reports.census import letter_counts, names_of, site_counts, urgent_counts
from monitor.reports.jobs import job_rows
from monitor.reports.late import late_dossiers, letters_needed
from monitor.reports.sources import open_gates, set_aside
from monitor.store.tables import Dossier
from monitor.web.heads import Choice, agency_choices, agency_names, live, troubles
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import Visit, VisitDep, needs
from monitor.web.wording import Vocabulary

_PAGE = 100  # rows of a long list on one page
_LETTERS_ON_FIRST = 5
_SET_ASIDE = 100  # rows on the page of sources; the administrator's has them all, page by page
_OWN_PAGES = {
    Role.CLERK: "/mot-cua",
    Role.REGISTRAR: "/mot-cua",
    Role.OFFICER: "/giai-quyet",
    Role.LEADER: "/lanh-dao",
    Role.OFFICE: "/van-phong",
}

# Tiles in the order of urgency: (stages it opens, its name in `words.TILES`, tone).
_TILES = (
    (("late",), "late", "late"),
    (("due_today",), "due_today", "today"),
    (("letter_due",), "letter_due", "letter"),
    (("due_soon",), "due_soon", "soon"),
    (("being_judged_again", "uncertain", "unknown", "no_promise"), "unsure", "unsure"),
    (("source_silent",), "source_silent", "silent"),
    (("finished_late",), "finished_late", "donelate"),
)


_ON_TILES = tuple(stage for stages, _, _ in _TILES for stage in stages)


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that opens its dossiers."""

    number: int
    heading: str
    tone: str
    href: str
    is_chosen: bool


def router(program: WebNeeds, scheduler: Engine | None, shown: Pages) -> APIRouter:
    """Routes of the pages."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/")
    @needs(Right.SEE_DOSSIERS)
    def today(
        request: Request,
        visit: VisitDep,
        agency: Annotated[str, Query(max_length=80)] = "",
        stage: Annotated[list[str] | None, Query(max_length=20)] = None,
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> Response:
        own = own_page(visit)
        if own and not request.query_params:
            return RedirectResponse(shown.root + own, 303)
        now = visit.now
        stages = [name for name in stage or () if name]
        with visit.reading() as session:
            head = troubles(session, scheduler, visit)
            stale = {source.name for source in head["silent"]}
            chosen: dict[str, Any] = {
                "now": now, "agency": agency or None, "directory": program.directory, "stale_sources": stale,
            }  # fmt: skip
            names = names_of(stages or None)
            found = urgent_counts(session, stages={*_ON_TILES, *names}, **chosen)
            listed = found.listed(names)
            number = sum(listed.values())
            rows = late_dossiers(
                session, stages=names, limit=_PAGE, offset=(page - 1) * _PAGE, counted=listed, **chosen
            )
            del chosen["stale_sources"]
            html = shown.page(
                "today.html",
                visit=visit,
                now=now,
                here="today",
                counts=found,
                is_empty=not found.total and session.scalar(select(Dossier.id).limit(1)) is None,
                tiles=_tiles(shown.words(visit), found.by_stage, stages, agency),
                rows=rows,
                number=number,
                letters=letters_needed(session, limit=_LETTERS_ON_FIRST, **chosen),
                agencies=agency_choices(visit, agency),
                stages=_stages(shown.words(visit), stages),
                agency=agency,
                agency_names=agency_names(program.directory),
                pager=_pager(page, number, lambda to: f"/?{_query(agency, stages)}&page={to}#danh-sach"),
                **head,
            )
        return HTMLResponse(html)

    @routes.get("/thu")
    @needs(Right.SEE_DOSSIERS)
    def letters(
        visit: VisitDep,
        agency: Annotated[str, Query(max_length=80)] = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> str:
        now = visit.now
        with visit.reading() as session:
            chosen: dict[str, Any] = {"agency": agency or None, "directory": program.directory}
            found = letter_counts(session, **chosen)
            number = sum(found.letters_by_state.get(state, 0) for state in OPEN) + found.letters_suspended
            return shown.page(
                "letters.html",
                visit=visit,
                now=now,
                here="letters",
                counts=found,
                number=number,
                letters=letters_needed(session, now=now, limit=_PAGE, offset=(page - 1) * _PAGE, **chosen),
                pager=_pager(page, number, lambda to: f"/thu?{urlencode({'agency': agency, 'page': to})}"),
                agencies=agency_choices(visit, agency),
                agency_names=agency_names(program.directory),
                **troubles(session, scheduler, visit),
            )

    @routes.get("/nguon")
    @needs(Right.SEE_SOURCES)
    def sources_page(visit: VisitDep) -> str:
        now = visit.now
        with visit.reading() as session:
            jobs = job_rows(session, live(scheduler), now=now)
            return shown.page(
                "sources.html",
                visit=visit,
                now=now,
                here="sources",
                counts=site_counts(session),
                gates=open_gates(session, *(source.name for source in program.settings.sources)),
                gate_words=GATES,
                aside=set_aside(session, limit=_SET_ASIDE),
                jobs=jobs,
                **troubles(session, scheduler, visit, jobs),
            )

    return routes


def own_page(visit: Visit) -> str:
    """Where who has one task goes first; "" for who has several, or none of these."""
    roles = visit.viewer.roles
    return _OWN_PAGES.get(next(iter(roles)), "") if len(roles) == 1 else ""


def _tiles(words: Vocabulary, by_stage: Mapping[str, int], chosen: Sequence[str], agency: str) -> list[Tile]:
    return [
        Tile(
            number=sum(by_stage.get(stage, 0) for stage in stages),
            heading=words.TILES[name],
            tone=tone,
            href="/?" + _query(agency, stages) + "#danh-sach",
            is_chosen=set(stages) == set(chosen),
        )
        for stages, name, tone in _TILES
    ]


def _stages(words: Vocabulary, chosen: Sequence[str]) -> list[Choice]:
    return [Choice(name, word.text, list(chosen) == [name]) for name, word in words.STAGES.items()]


def _pager(page: int, number: int, address: Callable[[int], str]) -> dict[str, Any]:
    pages = max(1, -(-number // _PAGE))

    def href(to: int) -> str | None:
        return address(to) if 1 <= to <= pages and to != page else None

    return {"page": page, "pages": pages, "before": href(page - 1), "after": href(page + 1)}


def _query(agency: str, stages: Sequence[str]) -> str:
    return urlencode([("agency", agency), *(("stage", stage) for stage in stages)])
