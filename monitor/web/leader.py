"""A leader's minute: what is late in my agencies, who holds it; approve a letter or take a matter on with one tap."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.access.rights import Right
from monitor.alerts.acknowledge import AnswerNotTaken, acknowledge
from monitor.domain.calendar import CalendarExhausted
from monitor.engine import Engine
from monitor.reports.census import census
from monitor.reports.figures import trend
from monitor.reports.late import late_dossiers
from monitor.reports.leader import ASKS, held, to_approve, told
from monitor.store.tables import Dossier
from monitor.web import charts
from monitor.web.heads import agency_choices, agency_names, own_agencies, troubles
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import StoredId, Visit, VisitDep, needs
from monitor.words import Words

_ROWS = 40
_LETTERS = 30
_MESSAGES = 15
_TREND_DAYS = 30
_PROMISES = (1, 2, 3, 5)  # working days ahead, offered to tap
_ABOUT_DOSSIERS = frozenset({"late", "due_today", "due_soon", "intake", "mismatch", "done"})  # of a message's sections
REASON = "Đã giao xử lý ngay"


def router(program: WebNeeds, scheduler: Engine | None, shown: Pages) -> APIRouter:
    """Routes of the leaders."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def page(visit: Visit, agency: str = "", wrong: str = "", done: str = "") -> str:
        with visit.reading() as session:
            head = troubles(session, scheduler, visit)
            return shown.page(
                "leader.html",
                visit=visit,
                now=visit.now,
                here="leader",
                agency=agency,
                agencies=agency_choices(visit, agency),
                agency_names=agency_names(program.directory),
                people={person.code: person.name for person in program.directory.people()},
                promises=promises(visit),
                about_dossiers=_ABOUT_DOSSIERS,
                reason=REASON,
                wrong=wrong,
                done=done,
                **_asked(session, visit, agency, {source.name for source in head["silent"]}),
                **head,
            )

    @routes.get("/lanh-dao")
    @needs(Right.ACKNOWLEDGE)
    def minute(visit: VisitDep, agency: str = "", xong: str = "") -> str:
        return page(visit, agency[:80], done=shown.wording(visit).say("Đã ghi nhận.") if xong else "")

    @routes.get("/lanh-dao/xu-huong.svg")
    @needs(Right.ACKNOWLEDGE)
    def picture(visit: VisitDep, agency: str = "") -> Response:
        with visit.reading() as session:
            course = _course(session, visit, agency[:80])
        say = shown.wording(visit).say
        return charts.line(
            say("Hồ sơ quá hạn cuối mỗi ngày"),
            [day for day, _ in course],
            [(say("Quá hạn chưa giải quyết"), "#a61b1b", [counts["late"] for _, counts in course])],
        )

    @routes.post("/lanh-dao/nhan/{dossier_id}")
    @needs(Right.ACKNOWLEDGE)
    def take_on(
        visit: VisitDep,
        dossier_id: StoredId,
        promised_on: Annotated[str, Form(max_length=10)] = "",
        reason: Annotated[str, Form(max_length=400)] = REASON,
    ) -> Response:
        try:
            with visit.writing() as session:
                dossier = session.get(Dossier, dossier_id)
                if dossier is None:
                    raise HTTPException(404)
                visit.demand(Right.ACKNOWLEDGE, dossier.agency_code)
                acknowledge(
                    session,
                    dossier_id,
                    visit.viewer.person,
                    reason=reason,
                    promised_on=_day(promised_on),
                    now=visit.now,
                    rules=program.answer_rules,
                    where_from="web",
                )
        except AnswerNotTaken as refused:
            return HTMLResponse(page(visit, wrong=visit.say(refused.words)), 409)
        return RedirectResponse(f"{shown.root}/lanh-dao?xong=1", 303)

    return routes


def _asked(session: Session, visit: Visit, agency: str, stale: set[str]) -> dict[str, Any]:
    """Numbers, list, letters and messages, in a fixed number of queries."""
    chosen: dict[str, Any] = {
        "now": visit.now,
        "agency": agency or None,
        "directory": visit.program.directory,
        "stale_sources": stale,
    }
    counts = census(session, names=(*ASKS, "being_judged_again", "source_silent"), **chosen)
    rows = late_dossiers(session, stages=ASKS, limit=_ROWS, counted=counts.listed(ASKS), **chosen)
    return {
        "counts": counts,
        "rows": held(session, rows),
        "number": sum(counts.by_stage.get(stage, 0) for stage in ASKS),
        "letters": to_approve(session, limit=_LETTERS),
        "messages": told(session, visit.viewer.person, limit=_MESSAGES) if visit.viewer.person else [],
        "course": _course(session, visit, agency),
    }


def _course(session: Session, visit: Visit, agency: str) -> list[tuple[date, dict[str, int]]]:
    today = visit.program.calendar.local_date(visit.now)
    mine = own_agencies(visit)
    if agency:
        below = {
            one.code
            for one in visit.program.directory.agencies()
            if any(up.code == agency for up in visit.program.directory.up(one.code))
        }
        mine = sorted({agency, *below} & set(mine)) if mine is not None else sorted({agency, *below})
    return trend(session, today, _TREND_DAYS, agencies=mine, measures=["late"])


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise AnswerNotTaken("day", Words("Ngày hẹn chưa đúng.", "That is no day.")) from None


def promises(visit: Visit) -> list[date]:
    """The days a leader may promise with one tap: working days, never a day off."""
    return list(_working_days(visit))


def _working_days(visit: Visit) -> Iterator[date]:
    calendar = visit.program.calendar
    today = calendar.local_date(visit.now)
    for ahead in _PROMISES:
        try:
            yield calendar.add_working_days(today, ahead)
        except CalendarExhausted:
            yield today + timedelta(days=ahead)


__all__ = ["promises", "router"]
