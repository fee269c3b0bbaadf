"""The counter's day: letters to print, dates to change in the system, letters to hand over, numbers to enter."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from monitor.access.rights import Right
from monitor.engine import Engine
from monitor.letters import life
from monitor.letters.paper import MOST_IN_ONE_FILE
from monitor.letters.printing import FROZEN, Printed, printers
from monitor.letters.steps import PRINTED, By
from monitor.letters.worklist import Due, Task, counter_due, letters_due
from monitor.store.tables import Letter, LetterStep
from monitor.store.writing import in_batches
from monitor.web.files import PDF_POLICY
from monitor.web.heads import agency_names, troubles
from monitor.web.letter_steps import Filled, Several, take_several
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import StoredId, Visit, VisitDep, needs
from monitor.words import Words

_AT_MOST = 300  # rows of one list
_BULK = {"doi-ngay": Right.HAND_OVER, "bao-dan": Right.HAND_OVER, "bao-mot-cua": Right.HAND_OVER}
# What is proposed as the proof of a step; it becomes part of the record, so it is Vietnamese on every page.
_PROOFS = {
    "doi-ngay": "Đã đổi trên hệ thống một cửa",
    "bao-dan": "Người nộp ký nhận tại quầy",
    "bao-mot-cua": "Nhận bản giấy từ cơ quan giải quyết",
}
_NOTHING_TO_PRINT = Words("Không còn thư nào chờ in.", "No letter waits to be printed any more.")
_NONE_PRINTED = Words("Không thư nào in được.", "None of the letters could be printed.")
_NONE_CHOSEN = Words("Chưa chọn thư nào.", "No letter is chosen.")


@dataclass(frozen=True, slots=True)
class Day:
    """A counter's work, each letter once, in the list of what is to be done next."""

    to_print: Sequence[Due]
    to_change: Sequence[Due]
    to_hand_over: Sequence[Due]
    to_take: Sequence[Due]
    to_register: Sequence[Due]
    elsewhere: Sequence[Due]  # with the resolving agency: coming, nothing to do here yet

    @property
    def number(self) -> int:
        lists = (self.to_print, self.to_change, self.to_hand_over, self.to_take, self.to_register)
        return len({due.letter_id for some in lists for due in some})


def day_of(session: Session, visit: Visit) -> Day:
    """Today's work of a viewer, in a fixed number of queries."""
    program, now = visit.program, visit.now
    office = program.letter_office(session, now)
    agencies = _reach(visit)
    chosen: dict[str, Any] = {"agencies": agencies, "limit": _AT_MOST}
    at_counter = counter_due(session, office, program.calendar, now, **chosen)
    before = letters_due(session, office, program.calendar, now, proposes=False, **chosen)
    everything = [*at_counter, *before]
    printed = _printed(session, [due.letter_id for due in everything if due.state in FROZEN])
    return Day(
        to_print=[d for d in everything if d.state in FROZEN and d.letter_id not in printed and not d.held_for],
        to_change=[d for d in at_counter if d.task is Task.CHANGE_DATE],
        to_hand_over=[d for d in at_counter if d.task is Task.TELL_APPLICANT and d.letter_id in printed],
        to_take=[d for d in before if d.task is Task.TELL_COUNTER],
        to_register=[d for d in before if d.task is Task.REGISTER],
        elsewhere=[d for d in before if d.task not in (Task.TELL_COUNTER, Task.REGISTER)],
    )


def router(program: WebNeeds, scheduler: Engine | None, shown: Pages) -> APIRouter:
    """Routes of the counter."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def page(
        visit: Visit,
        several: Several | None = None,
        trouble: str = "",
        printed: Printed | None = None,
        ticked: str = "",
    ) -> str:
        queue_of = printers(program.settings.letters, program.calendar.local_date(visit.now))
        with visit.reading() as session:
            return shown.page(
                "clerk.html",
                visit=visit,
                now=visit.now,
                here="clerk",
                day=day_of(session, visit),
                several=several,
                trouble=trouble,
                printed=printed,
                queue_of=queue_of,
                ticked=ticked,
                most=MOST_IN_ONE_FILE,
                channels=life.CHANNELS,
                proofs=_PROOFS,
                agency_names=agency_names(program.directory),
                **troubles(session, scheduler, visit),
            )

    @routes.get("/mot-cua")
    @needs(Right.SEE_PERSONS)
    def work(visit: VisitDep, chon: Annotated[str, Query(max_length=20)] = "") -> str:
        """`chon`: the list whose every letter is ticked already, so that one need not tick fifty without a script."""
        return page(visit, ticked=chon)

    @routes.post("/mot-cua/in")
    @needs(Right.SEE_PERSONS)
    def print_all(
        visit: VisitDep,
        agency: Annotated[str, Form(max_length=80)] = "",
        to: Annotated[str, Form(max_length=10)] = "",
    ) -> Response:
        with visit.reading() as session:
            wanted = [due for due in day_of(session, visit).to_print if not agency or due.agency_code == agency]
        first = [due.letter_id for due in wanted if due.agency_code == wanted[0].agency_code][:MOST_IN_ONE_FILE]
        if not first:
            return HTMLResponse(page(visit, trouble=visit.say(_NOTHING_TO_PRINT)))
        visit.demand(Right.SEE_PERSONS, wanted[0].agency_code)
        visit.saw("letters", f"agency:{wanted[0].agency_code}", letters=len(first))
        by = By(visit.viewer.actor, visit.now, "web", visit.address)
        if to == "printer":
            printed = program.print_out(first, by)
            trouble = _trouble(visit, printed) if printed.trouble is not None or not printed.stacks else ""
            return HTMLResponse(page(visit, trouble=trouble, printed=printed), 409 if trouble else 200)
        data, printed = program.print_here(first, by)
        if data is None:
            return HTMLResponse(page(visit, trouble=_trouble(visit, printed)), 409)
        headers = {
            "Content-Disposition": f'inline; filename="thu-xin-loi-{visit.now:%Y%m%d-%H%M%S}.pdf"',
            "Content-Security-Policy": PDF_POLICY,
        }
        return Response(data, media_type="application/pdf", headers=headers)

    @routes.post("/mot-cua/{step}")
    @needs(Right.HAND_OVER)
    def several(
        visit: VisitDep,
        step: str,
        letter: Annotated[list[StoredId] | None, Form()] = None,
        proof: Annotated[str, Form(max_length=400)] = "",
        channel: Annotated[str, Form(max_length=20)] = "",
    ) -> Response:
        if step not in _BULK:
            raise HTTPException(404)
        if not letter:
            return HTMLResponse(page(visit, trouble=visit.say(_NONE_CHOSEN)), 409)
        filled = Filled(proof=proof, channel=channel)
        return HTMLResponse(page(visit, take_several(visit, letter[:_AT_MOST], step, filled)))

    return routes


def _trouble(visit: Visit, printed: Printed) -> str:
    """Why nothing, or not everything, was printed."""
    left = "; ".join(f"{code}: {visit.say(why)}" for code, why in printed.left_out)
    return f"{visit.say(printed.trouble or _NONE_PRINTED)} {left}".strip()


def _reach(visit: Visit) -> list[str] | None:
    reach = visit.viewer.reach(Right.SEE_PERSONS)
    return None if reach.everything else sorted(reach.codes)


def _printed(session: Session, letter_ids: Collection[int]) -> set[int]:
    """Those of these letters whose present words are on paper."""
    found: set[int] = set()
    for batch in in_batches(sorted(letter_ids)):
        same = LetterStep.detail["content_hash"].as_string() == Letter.content_hash
        steps = (
            select(LetterStep.letter_id)
            .join(Letter, Letter.id == LetterStep.letter_id)
            .where(LetterStep.letter_id.in_(batch), LetterStep.step == PRINTED, same)
        )
        found.update(session.scalars(steps))
    return found
