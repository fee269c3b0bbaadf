"""The resolving agency's list: letters due today, then tomorrow, then whatever still lacks its reason."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse

from monitor.access.rights import Right
from monitor.domain.calendar import CalendarExhausted
from monitor.domain.letter import LetterState
from monitor.engine import Engine
from monitor.letters.worklist import Due, Task, letters_due
from monitor.web.heads import agency_names, troubles
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import Visit, VisitDep, needs

AT_MOST = 100  # letters on the page, the officer's own first: nobody works through more at one look
_MINE = (Task.DECIDE, Task.WORD, Task.REISSUE)
_MY_STATES = (LetterState.OWED, LetterState.DRAFTED, LetterState.VOID)


@dataclass(frozen=True, slots=True)
class Desk:
    """An officer's letters. Each is in one list only: the first that fits."""

    today: Sequence[Due]  # late ones first
    tomorrow: Sequence[Due]
    later: Sequence[Due]
    held: Sequence[Due]
    on_their_way: Sequence[Due]  # with the reason given: somebody else's turn
    is_cut: bool = False  # there are more than these


def desk_of(session: Session, visit: Visit) -> Desk:
    """The list of a viewer, to whom the session is narrowed, in a fixed number of queries."""
    program, now = visit.program, visit.now
    office = program.letter_office(session, now)
    every = letters_due(session, office, program.calendar, now, limit=AT_MOST + 1, first=_MY_STATES)
    found = every[:AT_MOST]
    today = program.calendar.local_date(now)
    try:
        tomorrow = program.calendar.add_working_days(today, 1)
    except CalendarExhausted:
        tomorrow = today
    mine = [due for due in found if due.task in _MINE]
    return Desk(
        today=[d for d in mine if d.is_over or d.letter_by_on is None or d.letter_by_on <= today],
        tomorrow=[
            d for d in mine if not d.is_over and d.letter_by_on is not None and today < d.letter_by_on <= tomorrow
        ],
        later=[d for d in mine if not d.is_over and d.letter_by_on is not None and d.letter_by_on > tomorrow],
        held=[due for due in found if due.task is Task.CONFIRM],
        on_their_way=[due for due in found if due.task not in (*_MINE, Task.CONFIRM)],
        is_cut=len(every) > AT_MOST,
    )


def router(program: WebNeeds, scheduler: Engine | None, shown: Pages) -> APIRouter:
    """Routes of the resolving agency."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @routes.get("/giai-quyet")
    @needs(Right.GIVE_REASON)
    def work(visit: VisitDep) -> str:
        with visit.reading() as session:
            return shown.page(
                "officer.html",
                visit=visit,
                now=visit.now,
                here="officer",
                desk=desk_of(session, visit),
                at_most=AT_MOST,
                agency_names=agency_names(program.directory),
                **troubles(session, scheduler, visit),
            )

    return routes
