"""One letter and what waits to be done about it, step by step: each step is a form, each is taken by its use case."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Form, Query
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from monitor.access.rights import Right
from monitor.domain.calendar import CalendarExhausted, WorkingCalendar
from monitor.letters import life
from monitor.letters.confirm import confirm
from monitor.letters.office import Office
from monitor.letters.register import Entry
from monitor.letters.signing import CAPACITIES, Signer, printed_capacity
from monitor.letters.steps import By, Done, StepRefused, history
from monitor.letters.worklist import Due, Task, one_due
from monitor.store.tables import Dossier, Letter
from monitor.web.gate import safe_target
from monitor.web.heads import agency_names
from monitor.web.needs import WebNeeds
from monitor.web.render import Pages
from monitor.web.visit import StoredId, Visit, VisitDep, needs

_WEEKS = 8  # of the calendar in which the new date is chosen
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Filled:
    """What a step's form holds; every field is empty where the step has none."""

    reason: str = ""
    new_date: str = ""
    proof: str = ""
    channel: str = ""
    number: str = ""
    symbol: str = ""
    dated_on: str = ""
    book: str = "PXL"
    name: str = ""
    capacity: str = ""
    title: str = ""
    why: str = ""


_Take = Callable[[Session, int, Office, By, Filled], Done]


class Step(NamedTuple):
    """A step: the right it needs, and the use case that takes it."""

    right: Right
    take: _Take


def _signer(filled: Filled) -> Signer | None:
    """Who will sign and as what; None leaves it to the agency's own settings."""
    told = Signer(filled.capacity, filled.title, filled.name)
    return told if told != Signer("") else None


def _register(session: Session, letter_id: int, office: Office, by: By, filled: Filled) -> Done:
    number = int(filled.number) if filled.number.isascii() and filled.number.isdigit() else 0
    dated_on = _day(filled.dated_on) or office.today(by.at)
    entry = Entry(number, filled.symbol.strip(), dated_on, filled.book.strip() or "PXL")
    return life.register(session, letter_id, office, by, entry)


STEPS: dict[str, Step] = {
    "xac-nhan": Step(Right.GIVE_REASON, lambda s, i, o, by, f: confirm(s, i, o, by, why=f.why)),
    "ly-do": Step(
        Right.GIVE_REASON,
        lambda s, i, o, by, f: life.decide(s, i, o, by, reason=f.reason, new_date=_day(f.new_date)),
    ),
    "duyet": Step(Right.APPROVE, lambda s, i, o, by, f: life.approve(s, i, o, by, signer=_signer(f))),
    "ky": Step(Right.APPROVE, lambda s, i, o, by, f: life.sign(s, i, o, by, name=f.name, capacity=f.capacity)),
    "vao-so": Step(Right.REGISTER, _register),
    "bao-mot-cua": Step(Right.HAND_OVER, lambda s, i, o, by, f: life.tell_counter(s, i, by, proof=f.proof)),
    "doi-ngay": Step(Right.HAND_OVER, lambda s, i, o, by, f: life.change_date(s, i, o, by, proof=f.proof)),
    "bao-dan": Step(
        Right.HAND_OVER, lambda s, i, o, by, f: life.tell_applicant(s, i, by, channel=f.channel, proof=f.proof)
    ),
    "huy": Step(Right.APPROVE, lambda s, i, o, by, f: life.void(s, i, by, why=f.why)),
    "lam-lai": Step(Right.GIVE_REASON, lambda s, i, o, by, f: life.reissue(s, i, by)),
}
NEXT = {
    Task.CONFIRM: "xac-nhan",
    Task.DECIDE: "ly-do",
    Task.APPROVE: "duyet",
    Task.SIGN: "ky",
    Task.REGISTER: "vao-so",
    Task.TELL_COUNTER: "bao-mot-cua",
    Task.CHANGE_DATE: "doi-ngay",
    Task.TELL_APPLICANT: "bao-dan",
    Task.REISSUE: "lam-lai",
}


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of the calendar of new dates. `said` names a day off; what is no choice is shown all the same."""

    on: date
    is_choice: bool
    said: str
    is_proposed: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Several:
    """What came of one step taken for several letters: how many, and why the others not."""

    done: int = 0
    refused: tuple[tuple[str, str], ...] = field(default=())  # (dossier code, in words)


def router(program: WebNeeds, shown: Pages) -> APIRouter:
    """Routes of one letter."""
    routes = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def page(visit: Visit, letter_id: int, filled: Filled, wrong: str = "", asked: str = "") -> str:
        """`asked` is the step that the reader wants instead of the next one: to word the reason anew, to void."""
        with visit.reading() as session:
            letter = session.get(Letter, letter_id)
            if letter is None:
                raise HTTPException(404)
            visit.demand(Right.SEE_DOSSIERS, letter.agency_code)
            office = program.letter_office(session, visit.now)
            due = one_due(session, office, program.calendar, visit.now, letter_id)
            own = program.calendar.of(letter.agency_code)
            step = NEXT.get(due.task, "") if due is not None else ""
            others = _others(visit, letter, step)
            if asked == "ly-do" and asked in others:
                step = asked
            may = bool(step) and visit.may(STEPS[step].right, letter.agency_code)
            chosen = _day(filled.new_date)
            if chosen is None and due is not None and due.proposal is not None:
                chosen = due.proposal.on
            return shown.page(
                "letter.html",
                visit=visit,
                now=visit.now,
                here="letters",
                letter=letter,
                dossier=session.get_one(Dossier, letter.dossier_id),
                due=due,
                step=step if may else "",
                waits_for=step,
                others=others - {step},
                asked=asked,
                filled=filled,
                wrong=wrong,
                reason=reason_of(letter),
                presets=presets(program, due),
                days_off=days_off,
                months=new_dates(own, visit.now.astimezone(program.calendar.zone).date(), due, chosen),
                capacities=CAPACITIES,
                signer=str((letter.content or {}).get("signer_name", "")),
                capacity=filled.capacity or printed_capacity((letter.content or {}).get("signer", ())),
                channels=life.CHANNELS,
                steps=history(session, letter_id),
                agency_names=agency_names(program.directory),
            )

    @routes.get("/thu/{letter_id}")
    @needs(Right.SEE_DOSSIERS)
    def letter_page(visit: VisitDep, letter_id: StoredId, sua: Annotated[str, Query(max_length=10)] = "") -> str:
        return page(visit, letter_id, Filled(), asked=sua)

    @routes.post("/thu/{letter_id}/{step}")
    @needs(Right.SEE_DOSSIERS)
    def take(
        visit: VisitDep,
        letter_id: StoredId,
        step: str,
        reason: Annotated[str, Form(max_length=2000)] = "",
        preset: Annotated[str, Form(max_length=2000)] = "",
        new_date: Annotated[str, Form(max_length=10)] = "",
        proof: Annotated[str, Form(max_length=400)] = "",
        channel: Annotated[str, Form(max_length=20)] = "",
        number: Annotated[str, Form(max_length=9)] = "",
        symbol: Annotated[str, Form(max_length=80)] = "",
        dated_on: Annotated[str, Form(max_length=10)] = "",
        book: Annotated[str, Form(max_length=80)] = "PXL",
        name: Annotated[str, Form(max_length=120)] = "",
        capacity: Annotated[str, Form(max_length=20)] = "",
        title: Annotated[str, Form(max_length=120)] = "",
        why: Annotated[str, Form(max_length=400)] = "",
        ve: Annotated[str, Form(max_length=200)] = "",
    ) -> Response:
        if step not in STEPS:
            raise HTTPException(404)
        said = reason.strip() or preset
        filled = Filled(said, new_date, proof, channel, number, symbol, dated_on, book, name, capacity, title, why)
        try:
            take_step(visit, letter_id, step, filled)
        except StepRefused as refused:
            return HTMLResponse(page(visit, letter_id, filled, visit.say(refused.words), step), 409)
        return RedirectResponse(shown.root + safe_target(ve or f"/thu/{letter_id}"), 303)

    return routes


def _others(visit: Visit, letter: Letter, step: str) -> set[str]:
    """The steps besides the next one that this reader may take: another reason before the signature, taking back."""
    possible = {"ly-do": life.DECIDABLE, "huy": life.VOIDABLE}
    return {
        name
        for name, states in possible.items()
        if name != step and letter.state in states and visit.may(STEPS[name].right, letter.agency_code)
    }


def reason_of(letter: Letter) -> str:
    """The reason on the paper; "" while only its dots stand there."""
    said = str((letter.content or {}).get("values", {}).get("ly_do", ""))
    return said if said.strip(" .…") else ""


def take_step(visit: Visit, letter_id: int, step: str, filled: Filled) -> Done:
    """One step of one letter, in one transaction. Raises `StepRefused`, and 404 or 403 as `Visit.demand` does."""
    with visit.writing() as session:
        letter = session.get(Letter, letter_id)
        if letter is None:
            raise HTTPException(404)
        visit.demand(STEPS[step].right, letter.agency_code)
        office = visit.program.letter_office(session, visit.now)
        by = By(visit.viewer.actor, visit.now, "web", visit.address)
        return STEPS[step].take(session, letter_id, office, by, filled)


def take_several(visit: Visit, letter_ids: list[int], step: str, filled: Filled) -> Several:
    """The same for each of these letters, each in a transaction of its own: one that is refused stops no other.

    Raises 404 or 403 before anything is done if one of them is not the viewer's to take.
    """
    done, refused = 0, list[tuple[str, str]]()
    wanted = list(dict.fromkeys(letter_ids))
    with visit.reading() as session:
        query = select(Letter.id, Letter.agency_code, Dossier.code).join(Dossier, Dossier.id == Letter.dossier_id)
        found = {row.id: row for row in session.execute(query.where(Letter.id.in_(wanted)))}
    for letter_id in wanted:
        if letter_id not in found:
            raise HTTPException(404)
        visit.demand(STEPS[step].right, found[letter_id].agency_code)
    for letter_id in wanted:
        try:
            take_step(visit, letter_id, step, filled)
            done += 1
        except StepRefused as why:
            refused.append((found[letter_id].code, visit.say(why.words)))
    return Several(done, tuple(refused))


def presets(program: WebNeeds, due: Due | None) -> list[str]:
    """The reasons the office prepared for this procedure, then those for all; the officer may write another."""
    if due is None:
        return []
    prepared = program.settings.letters.reasons
    mine = [entry.text for entry in prepared if entry.procedure == due.procedure_code]
    return mine + [entry.text for entry in prepared if entry.procedure == "*"]


def new_dates(
    calendar: WorkingCalendar, today: date, due: Due | None, chosen: date | None
) -> list[tuple[date, list[list[DayCell | None]]]]:
    """Months of weeks (Monday first) from today on: which day may be the new date, and why another may not."""
    if due is None or due.task is not Task.DECIDE or due.promise_number > 1:
        return []
    promised = calendar.local_date(due.promised_at) if due.promised_at else today
    first = max(today, promised) + _ONE_DAY
    proposed = due.proposal.on if due.proposal is not None else None
    months: list[tuple[date, list[list[DayCell | None]]]] = []
    on = today
    while on < first + _WEEKS * 7 * _ONE_DAY:
        try:
            day = calendar.day(on)
            working = calendar.is_working_day(on)
        except CalendarExhausted:
            break
        cell = DayCell(on, working and on >= first, "" if working else day.name, on == proposed, on == chosen)
        if not months or months[-1][0].month != on.month:
            months.append((on, []))
        weeks = months[-1][1]
        if not weeks or on.weekday() == 0:
            weeks.append([None] * 7)
        weeks[-1][on.weekday()] = cell
        on += _ONE_DAY
    return months


def days_off(months: list[tuple[date, list[list[DayCell | None]]]]) -> list[DayCell]:
    """The days off that have a name and are no weekend: who cannot hover over a day reads them below the calendar."""
    cells = (cell for _, weeks in months for week in weeks for cell in week if cell is not None)
    return [cell for cell in cells if cell.said and cell.on.weekday() < 5]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        return None
