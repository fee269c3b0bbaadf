"""`dunghen alerts simulate | migrate`: what a ladder would do, and letting ladders that began go on by a new one."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import moments
from monitor.cli.alerts import alerts_app
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.working import quiet_logs
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.wiring import Program

_SHOWN = 200


@alerts_app.command("simulate")
def simulate(
    start: Annotated[str, typer.Option("--from", help="From this moment: 2026-11-01.", metavar="INSTANT")],
    until: Annotated[str, typer.Option("--to", help="Up to this moment: 2026-12-01.", metavar="INSTANT")],
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Live through a stretch of time on a copy and show what would go out. Sends nothing."""
    from monitor.cli.scratch import on_scratch
    from monitor.replay import hear_again
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    quiet_logs()
    begins, ends = moments.instant(start, desk.zone), moments.instant(until, desk.zone)
    if ends <= begins:
        raise desk.stopped(Exit.REFUSED, Words("--to phải sau --from.", "--to must come after --from."))
    with (
        desk.program() as program,
        on_scratch(desk, program, begins, begins) as view,
        database.reading(program.engine) as source,
    ):
        scratch = view.program
        heard = hear_again(source, scratch.sessions, scratch.intake, begins, ends)
        told = _live(desk, scratch, heard, begins, ends)
    if desk.as_json:
        desk.print_json({"from": begins, "to": ends, "messages": told})
        return
    desk.show(
        Words("Sẽ báo", "Would be told"),
        [
            Words("Lúc", "When"),
            Words("Người", "Person"),
            Words("Kênh", "Channel"),
            Words("Số hồ sơ", "Dossiers"),
            Words("Nặng nhất", "Worst"),
        ],
        [
            (desk.local(one["at"]), one["person"], one["channel"], len(one["codes"]), one["worst"])
            for one in told[:_SHOWN]
        ],
    )
    days: dict[tuple[str, Any], int] = {}
    for one in told:
        day = (one["person"], one["at"].astimezone(desk.zone).date())
        days[day] = days.get(day, 0) + 1
    said = Words(
        "{n} tin cho {people} người; nhiều nhất {most} tin một người một ngày.",
        "{n} messages for {people} people; at most {most} for one person on a day.",
    )
    desk.line(
        desk.say(
            said.fill(n=len(told), people=len({one["person"] for one in told}), most=max(days.values(), default=0))
        )
    )


def _live(desk: Desk, scratch: "Program", heard: Any, begins: datetime, ends: datetime) -> list[dict[str, Any]]:
    """The messages made in the time, in order. What was owed before it counts as told."""
    from sqlalchemy import select, update

    from monitor.adapters import digest_rule
    from monitor.alerts.current import Office
    from monitor.alerts.simulation import Setting, run_through
    from monitor.cli.alerts import _enabled
    from monitor.store.tables import Message, Notice

    channels = _enabled(scratch)
    if not channels:
        said = Words("Chưa bật kênh nào: giả định cả hai.", "No channel is on: both are assumed.")
        desk.note(said, style="yellow")
        channels = ["telegram", "email"]
    with scratch.sessions.begin() as session:
        session.execute(update(Message).where(Message.state == "pending").values(state="cancelled"))
        session.execute(update(Notice).where(Notice.state.in_(("owed", "planned"))).values(state="told"))
    settings = scratch.settings
    office = Office(scratch.calendar, scratch.directory, settings.site.base_url)
    digests = [digest_rule(one) for one in settings.digests]
    setting = Setting(scratch.rules, office, channels, digests, settings.alerts.most_an_hour)
    with desk.progress(Words("Đang mô phỏng", "Simulating")):
        run_through(scratch.sessions, setting, heard, begins, ends)
    with scratch.sessions() as session:
        made = session.scalars(select(Message).where(Message.made_at >= begins).order_by(Message.made_at, Message.id))
        return [
            {
                "at": message.made_at.astimezone(desk.zone),
                "person": message.person,
                "channel": message.channel,
                "severity": message.severity,
                "list": (message.payload.get("head") or {}).get("title", ""),
                "codes": [line["code"] for line in message.payload["lines"]],
                "worst": next((f"{line['code']}: {line['how']}" for line in message.payload["lines"]), ""),
            }
            for message in made
        ]


@alerts_app.command("migrate")
def migrate(
    by: Annotated[str, typer.Option("--by", help="Who does this: name or code of the official.", metavar="NAME")],
    agency: Annotated[
        str | None, typer.Option("--agency", help="Only this agency and those below it.", metavar="CODE")
    ] = None,
    code: Annotated[str | None, typer.Option("--dossier", help="Only this dossier.", metavar="CODE")] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let ladders that began go on by the rungs of today. Without this an edit is for new ladders only."""
    from sqlalchemy import select

    from monitor import policies
    from monitor.domain.escalation import with_forced
    from monitor.store import audit
    from monitor.store.tables import Dossier, Ladder

    desk = Desk(config, lang, as_json)
    with desk.program() as program, program.sessions.begin() as session:
        now = program.clock.now()
        audit.lock(session)
        asked = select(Ladder.dossier_id, Dossier.code, Dossier.agency_code).join(
            Dossier, Dossier.id == Ladder.dossier_id
        )
        chosen = {
            row.dossier_id
            for row in session.execute(asked)
            if (code is None or row.code == code)
            and (agency is None or agency in program.directory.chain(row.agency_code))
        }
        version = policies.adopt(session, with_forced(program.rules.rungs), now)
        moved = policies.migrate(session, version, chosen, now)
        if moved:
            detail = {"policy": version.id, "ladders": moved, "agency": agency or "", "dossier": code or ""}
            audit.append(session, at=now, actor=by, action="ladder.migrate", subject="policy", detail=detail)
    if desk.as_json:
        desk.print_json({"moved": moved})
        return
    desk.line(desk.say(Words("Đã chuyển {n} bậc thang.", "{n} ladders moved.").fill(n=moved)))
