"""The Office's evidence: the province's figures as of any day, down to the dossiers behind each, and as files."""

from datetime import date
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from monitor.access.rights import Right
from monitor.domain.course import Measure
from monitor.engine import Engine
from monitor.reports import figures_table, office
from monitor.reports.figures import SILENT, trend
from monitor.reports.office import Asked, By
from monitor.reports.sources import stale_sources
from monitor.web import charts
from monitor.web.figure_cells import FigureCells
from monitor.web.heads import agency_choices, agency_names, own_agencies, troubles
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import Visit, VisitDep, needs
from monitor.web.words import FINDINGS

_PAGE = 100
_TREND_DAYS = 60
_EARLIEST = date(2000, 1, 1)
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
_MEASURES = {column.measure for column in figures_table.COLUMNS if column.measure} | {SILENT, "received"}


class Chosen(NamedTuple):
    """What the address asks for."""

    ngay: str
    tu: str
    theo: By
    agency: str
    xep: Literal["", "rate", "late", "letters"]


def chosen_of(
    ngay: Annotated[str, Query(max_length=10)] = "",
    tu: Annotated[str, Query(max_length=10)] = "",
    theo: By = By.AGENCY,
    agency: Annotated[str, Query(max_length=80)] = "",
    xep: Literal["", "rate", "late", "letters"] = "",
) -> Chosen:
    """From the address."""
    return Chosen(ngay, tu, theo, agency, xep)


ChosenDep = Annotated[Chosen, Depends(chosen_of)]


def router(program: WebNeeds, scheduler: Engine | None, shown: Pages) -> APIRouter:
    """Routes of the Office."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/van-phong")
    @needs(Right.SEE_FIGURES)
    def overview(visit: VisitDep, chosen: ChosenDep, trang: Annotated[int, Query(ge=1, le=100_000)] = 1) -> str:
        with visit.reading() as session:
            head = troubles(session, scheduler, visit)
            asked = asked_of(visit, chosen, {source.name for source in head["silent"]})
            found = office.table(session, asked, program.directory, own_agencies(visit))
            rows = office.ranked(found, chosen.xep) if chosen.xep else found.rows
            last = max(1, -(-len(rows) // _PAGE))
            trang = min(trang, last)
            return shown.page(
                "office.html",
                visit=visit,
                now=visit.now,
                here="office",
                chosen=chosen,
                asked=asked,
                table=found,
                rows=rows[(trang - 1) * _PAGE : trang * _PAGE],
                first=(trang - 1) * _PAGE,
                page=trang,
                pages=last,
                columns=figures_table.COLUMNS,
                groups=figures_table.groups(),
                by_words=figures_table.BY_WORDS,
                findings=office.findings_of(found.sum.period.after),
                agencies=agency_choices(visit, chosen.agency),
                agency_names=agency_names(program.directory),
                link=_link(shown.root, chosen, asked),
                figures=FigureCells(
                    f"{shown.root}/van-phong/ho-so", _query(chosen, asked), chosen.theo, shown.show(visit).number
                ),
                query=urlencode(_query(chosen, asked)),
                **head,
            )

    @routes.get("/van-phong/tong-hop.{kind}")
    @needs(Right.EXPORT)
    def file(visit: VisitDep, chosen: ChosenDep, kind: Literal["xlsx", "pdf"]) -> Response:
        with visit.reading() as session:
            asked = asked_of(visit, chosen, stale_sources(session, program.settings.sources, now=visit.now))
            found = office.table(session, asked, program.directory, own_agencies(visit))
        said = f"Lập lúc {program.calendar.local(visit.now):%H:%M %d/%m/%Y}, người lập: {visit.viewer.name}."
        with visit.writing() as session:
            visit.did(session, "figures_exported", f"agency:{chosen.agency or '*'}", kind=kind, until=str(asked.until))
        if kind == "xlsx":
            from monitor.reports.workbook import xlsx  # slow to load; the pages shall not wait for it

            data = xlsx(found, program.settings.site.name, said)
        else:
            from monitor.reports.sheet import pdf

            data = pdf(found, program.settings.site.name, said)
        name = f"tong-hop-{asked.since:%Y%m%d}-{asked.until:%Y%m%d}.{kind}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(data, media_type=_TYPES[kind], headers=headers)

    @routes.get("/van-phong/xu-huong.svg")
    @needs(Right.SEE_FIGURES)
    def picture(visit: VisitDep, chosen: ChosenDep) -> Response:
        with visit.reading() as session:
            asked = asked_of(visit, chosen, ())
            codes = office.below(asked.root, program.directory, own_agencies(visit))
            wanted = [Measure.LATE.value, Measure.LETTER_MISSING.value]
            course = trend(session, asked.until, _TREND_DAYS, agencies=codes, measures=wanted)
        say = shown.wording(visit).say
        return charts.line(
            say("Cuối mỗi ngày, 60 ngày gần nhất"),
            [day for day, _ in course],
            [
                (say("Quá hạn chưa giải quyết"), "#a61b1b", [counts["late"] for _, counts in course]),
                (say("Thiếu thư xin lỗi"), "#0b5394", [counts["letter_missing"] for _, counts in course]),
            ],
        )

    @routes.get("/van-phong/ho-so")
    @needs(Right.SEE_FIGURES)
    def dossiers(
        visit: VisitDep,
        chosen: ChosenDep,
        measure: Annotated[str, Query(max_length=60)],
        thu_tuc: Annotated[str, Query(max_length=80)] = "",
        linh_vuc: Annotated[str, Query(max_length=80)] = "",
        cap: Annotated[str, Query(max_length=40)] = "",  # a kind of agency: province, department, commune, centre
        trong_ky: bool = False,
        rieng: bool = False,  # the agency's own alone, without what stands below it
        sau: Annotated[str, Query(max_length=40)] = "",
    ) -> str:
        if not is_measure(measure):
            raise HTTPException(404)
        with visit.reading() as session:
            head = troubles(session, scheduler, visit)
            asked = asked_of(visit, chosen, {source.name for source in head["silent"]})
            found = office.behind(
                session,
                asked,
                measure,
                now=visit.now,
                agencies=_agencies(visit, asked, is_own=rieng, kind=cap),
                procedure=thu_tuc,
                field=linh_vuc,
                in_period=trong_ky,
                limit=_PAGE + 1,
                before=place_of(sau),
            )
            after = found[_PAGE - 1] if len(found) > _PAGE else None
            query = {
                "measure": measure,
                "thu_tuc": thu_tuc,
                "linh_vuc": linh_vuc,
                "cap": cap,
                "trong_ky": int(trong_ky),
                "rieng": int(rieng),
            }
            more = {**_query(chosen, asked), **query}
            return shown.page(
                "behind.html",
                visit=visit,
                now=visit.now,
                here="office",
                asked=asked,
                chosen=chosen,
                measure=measure,
                in_period=trong_ky,
                is_own=rieng,
                title=shown.words(visit).measure(measure),
                rows=found[:_PAGE],
                agency_names=agency_names(program.directory),
                back=f"{shown.root}/van-phong?{urlencode(_query(chosen, asked))}",
                after=f"?{urlencode({**more, 'sau': f'{after.since_on}_{after.place}'})}" if after else "",
                **head,
            )

    return routes


def is_measure(name: str) -> bool:
    """Whether there is such a figure to look behind."""
    return name in _MEASURES or name.removeprefix("finding:") in FINDINGS


def asked_of(visit: Visit, chosen: Chosen, silent: Any) -> Asked:
    """The question, made whole: today, and since the first of its month, where the address says nothing."""
    today = visit.program.calendar.local_date(visit.now)
    until = min(_day(chosen.ngay) or today, today)
    since = min(_day(chosen.tu) or until.replace(day=1), until)
    if chosen.agency and not visit.viewer.scope.agencies.holds(chosen.agency):
        raise HTTPException(404)
    return Asked(until, since, chosen.theo, chosen.agency, today, frozenset(silent))


def _query(chosen: Chosen, asked: Asked) -> dict[str, str]:
    given = {"ngay": asked.until.isoformat(), "tu": asked.since.isoformat(), "theo": chosen.theo.value}
    return given | {"agency": chosen.agency, "xep": chosen.xep}


def _link(root: str, chosen: Chosen, asked: Asked) -> Any:
    """The same table with something else chosen."""
    return lambda **other: f"{root}/van-phong?{urlencode(_query(chosen, asked) | other)}"


def _agencies(visit: Visit, asked: Asked, *, is_own: bool, kind: str) -> list[str] | None:
    """The agencies whose dossiers stand behind a figure; None: all there are."""
    if is_own and asked.root:
        return [asked.root]
    directory = visit.program.directory
    found = office.below(asked.root, directory, own_agencies(visit))
    if not kind:
        return found
    return [one.code for one in directory.agencies() if one.kind == kind and (found is None or one.code in found)]


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return max(found, _EARLIEST)


def place_of(text: str) -> tuple[date, int] | None:
    """Where a list goes on, from its address."""
    day, _, place = text.partition("_")
    on = _day(day)
    is_id = place.isascii() and place.isdigit() and len(place) < 19
    return (on, int(place)) if on is not None and is_id else None
