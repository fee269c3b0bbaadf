"""`dunghen alerts`: what must be told, to whom, when; and telling it."""

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import moments
from monitor.cli.desk import AtOption, ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.cli.scratch import looking
from monitor.cli.terms import notice_words
from monitor.cli.working import quiet_logs
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.wiring import Program

alerts_app = typer.Typer(help="Alerts to officials: what waits, what is planned, send.", no_args_is_help=True)


@alerts_app.command("pending")
def pending(
    limit: Annotated[int, typer.Option("--limit", help="At most so many rows.", min=1)] = 200,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is owed and not yet told: notices, and messages on their way."""
    from sqlalchemy import func, select

    from monitor.store import database
    from monitor.store.tables import Dossier, Message, Notice

    desk = Desk(config, lang, as_json)
    with desk.program() as program, database.reading(program.engine) as session:
        now = program.clock.now()
        owed = session.execute(
            select(Notice, Dossier.code)
            .outerjoin(Dossier, Dossier.id == Notice.dossier_id)
            .where(Notice.state.in_(("owed", "planned")))
            .order_by(Notice.rung_at, Notice.id)
            .limit(limit)
        ).all()
        on_way = session.scalars(
            select(Message)
            .where(Message.state.in_(("pending", "sending", "unknown")))
            .order_by(Message.id)
            .limit(limit)
        ).all()
        by_state = select(Message.state, func.count()).group_by(Message.state)
        totals = {row[0]: row[1] for row in session.execute(by_state)}
    if desk.as_json:
        desk.print_json(
            {
                "at": now.astimezone(desk.zone),
                "notices": [_notice_json(notice, code) for notice, code in owed],
                "messages": [_message_json(message) for message in on_way],
                "messages_by_state": totals,
            }
        )
        return
    desk.show(
        Words("Thông báo chưa báo", "Notices not told yet"),
        [
            Words("Hồ sơ / nguồn", "Dossier / source"),
            Words("Bậc", "Rung"),
            Words("Vai trò", "Role"),
            Words("Cơ quan", "Agency"),
            Words("Đến lúc", "Came"),
            Words("Tình trạng", "State"),
        ],
        [
            (code or n.source, n.rung, n.role, n.agency_code, desk.local(n.rung_at), desk.say(notice_words(n.state)))
            for n, code in owed
        ],
    )
    desk.show(
        Words("Tin đang đi", "Messages on their way"),
        [
            Words("Người", "Person"),
            Words("Kênh", "Channel"),
            Words("Tình trạng", "State"),
            Words("Lần thử", "Tries"),
            Words("Không gửi trước", "Not before"),
            Words("Lỗi", "Error"),
        ],
        [(m.person, m.channel, m.state, m.attempts, desk.local(m.not_before_at), m.last_error) for m in on_way],
    )


def _notice_json(notice: Any, code: str | None) -> dict[str, object]:
    return {
        "id": notice.id,
        "dossier": code,
        "source": notice.source,
        "rung": notice.rung,
        "role": notice.role,
        "agency_code": notice.agency_code,
        "severity": notice.severity,
        "rung_at": notice.rung_at,
        "state": notice.state,
    }


def _message_json(message: Any) -> dict[str, object]:
    return {
        "id": message.id,
        "person": message.person,
        "channel": message.channel,
        "severity": message.severity,
        "state": message.state,
        "attempts": message.attempts,
        "not_before_at": message.not_before_at,
        "last_error": message.last_error,
    }


@alerts_app.command("plan")
def plan(
    code: Annotated[str, typer.Argument(help="Code of the dossier.", metavar="CODE")],
    at: AtOption = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the whole ladder of one dossier: when each rung comes, and who would be told. Sends nothing."""
    desk = Desk(config, lang, as_json)
    moment = moments.instant(at, desk.zone) if at else None
    with looking(desk, moment, None) as view:
        rows = _ladder(desk, view.program, code, view.now)
    if desk.as_json:
        desk.print_json({"code": code, "at": view.now.astimezone(desk.zone), "rungs": rows})
        return
    desk.show(
        Words("Bậc thang cảnh báo của {code}", "Ladder of {code}").fill(code=code),
        [
            Words("Đến lúc", "Comes"),
            Words("Báo lúc", "Told at"),
            Words("Bậc", "Rung"),
            Words("Vai trò", "Role"),
            Words("Báo cho", "Tells"),
            Words("Tình trạng", "State"),
        ],
        [
            (
                desk.local(row["at"]),
                desk.local(row["told_at"]),
                row["rung"],
                row["role"],
                ", ".join(f"{who['name']} ({who['channel']})" for who in row["tells"]) or row["reason"],
                desk.say(notice_words(row["state"])) if row["state"] else "",
            )
            for row in rows
        ],
    )


def _ladder(desk: Desk, program: "Program", code: str, now: datetime) -> list[dict[str, Any]]:
    """Every rung that hangs on a promise of the dossiers with this code, in the order of their coming."""
    from sqlalchemy import select

    from monitor.alerts.forecast import plan_for
    from monitor.store import database
    from monitor.store.tables import Dossier

    with database.reading(program.engine) as session:
        if session.scalar(select(Dossier.id).where(Dossier.code == code).limit(1)) is None:
            said = Words("Không có hồ sơ {code}.", "There is no dossier {code}.")
            raise desk.stopped(Exit.NOT_FOUND, said.fill(code=code))
        steps = plan_for(
            session,
            code,
            now=now,
            calendar=program.calendar,
            directory=program.directory,
            rungs=program.settings.escalation,
            channels=_enabled(program),
        )
    return [
        {
            "at": step.at.astimezone(desk.zone),
            "told_at": step.told_at.astimezone(desk.zone),
            "rung": step.rung,
            "role": step.role,
            "severity": step.severity,
            "tells": [_told(program, person, channel) for person, channel in step.people],
            "reason": step.reason,
            "state": step.state,
        }
        for step in steps
    ]


def _enabled(program: "Program") -> list[str]:
    return list(program.settings.channels.enabled())


def _told(program: "Program", code: str, channel: str) -> dict[str, str]:
    person = program.directory.person(code)
    return {"person": code, "name": person.name if person else "", "channel": channel}


@alerts_app.command("send")
def send(
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan what is owed and send what may go now. Not while the daemon runs: it does this by itself."""
    from monitor.one_instance import AlreadyRunning, OneInstance

    desk = Desk(config, lang, as_json)
    quiet_logs()
    with desk.program() as program, desk.progress(Words("Đang gửi", "Sending")):
        try:
            with OneInstance(program.settings.site.data_dir, program.engine):
                program.release_leases()
                done = program.plan_and_send()
        except AlreadyRunning:
            said = Words("Tiến trình dunghen run đang chạy và tự gửi.", "The daemon is running and sends by itself.")
            raise desk.stopped(Exit.REFUSED, said) from None
    if desk.as_json:
        desk.print_json({"plan": done.plan, "sent": done.sent})
    else:
        rows = [*asdict(done.plan).items(), *asdict(done.sent).items()]
        desk.show(Words("Đã gửi", "Sent"), [Words("Mục", "What"), Words("Số", "Number")], rows)
    if done.sent.not_sent or done.sent.unknown or done.sent.refused:
        raise Stop(Exit.PEER)
