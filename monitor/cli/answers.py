"""`dunghen alerts ack | snooze | answers`: an official's answer to the alerts about a dossier."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.alerts import alerts_app
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.moments import day
from monitor.words import Words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from monitor.alerts.acknowledge import Taken
    from monitor.wiring import Program

CodeArgument = Annotated[str, typer.Argument(help="Code of the dossier.", metavar="CODE")]
PersonOption = Annotated[str, typer.Option("--by", help="Code of the person in the people file.", metavar="PERSON")]
ReasonOption = Annotated[str, typer.Option("--reason", help="A word why; nothing of the applicant's person.")]


@alerts_app.command("ack")
def ack(
    code: CodeArgument,
    by: PersonOption,
    reason: ReasonOption,
    on: Annotated[
        str | None, typer.Option("--by-day", help="The day by which it will be done: 2026-11-27.", metavar="DAY")
    ] = None,
    solved: Annotated[bool, typer.Option("--solved", help="It is solved already; the source is behind.")] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a dossier on, with the day by which it will be done. Not done by then: the next rung is told."""
    from monitor.alerts import acknowledge as answers

    desk = Desk(config, lang, as_json)
    if (on is None) is not solved:
        said = Words("Ghi --by-day NGÀY, hoặc --solved.", "Give --by-day DAY, or --solved.")
        raise desk.stopped(Exit.REFUSED, said)

    def taken(session: "Session", program: "Program", dossier_id: int) -> "Taken":
        common: dict[str, Any] = {
            "reason": reason,
            "now": program.clock.now(),
            "rules": program.answer_rules,
            "where_from": "cli",
        }
        if on is None:
            return answers.already_solved(session, dossier_id, by, **common)
        return answers.acknowledge(session, dossier_id, by, promised_on=day(on), **common)

    _take(desk, code, taken)


@alerts_app.command("snooze")
def snooze(
    code: CodeArgument,
    by: PersonOption,
    reason: ReasonOption,
    until: Annotated[
        str | None,
        typer.Option("--until", help="To the end of this day; without it as long as the post may.", metavar="DAY"),
    ] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put the alerts about a dossier off. What was held back is told when that ends."""
    from monitor.alerts import acknowledge as answers

    desk = Desk(config, lang, as_json)

    def taken(session: "Session", program: "Program", dossier_id: int) -> "Taken":
        return answers.snooze(
            session,
            dossier_id,
            by,
            reason=reason,
            until_on=day(until) if until else None,
            now=program.clock.now(),
            rules=program.answer_rules,
            where_from="cli",
        )

    _take(desk, code, taken)


def _take(desk: Desk, code: str, answer: "Callable[[Session, Program, int], Taken]") -> None:
    """One answer in one transaction, for each dossier of this code. A refusal ends with REFUSED and its words."""
    from sqlalchemy import select

    from monitor.alerts.acknowledge import AnswerNotTaken
    from monitor.store.tables import Dossier

    with desk.program() as program:
        try:
            with program.sessions.begin() as session:
                found = session.scalars(select(Dossier.id).where(Dossier.code == code).order_by(Dossier.id)).all()
                if not found:
                    said = Words("Không có hồ sơ {code}.", "There is no dossier {code}.")
                    raise desk.stopped(Exit.NOT_FOUND, said.fill(code=code))
                done = [answer(session, program, dossier_id) for dossier_id in found]
        except AnswerNotTaken as refused:
            raise desk.stopped(Exit.REFUSED, refused.words) from None
    if desk.as_json:
        desk.print_json(
            [{"id": one.id, "kind": one.kind, "until": one.until_on, "withdrawn": one.withdrawn} for one in done]
        )
        return
    for one in done:
        said = Words("Đã ghi, có hiệu lực đến hết {day}.", "Recorded; it holds to the end of {day}.")
        desk.line(desk.say(said.fill(day=f"{one.until_on:%d/%m/%Y}")))
