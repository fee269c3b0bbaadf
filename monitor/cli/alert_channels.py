"""`dunghen alerts test` and `parked`: whether a channel reaches a person, and which addresses take nothing any more."""

from typing import Annotated

import typer

from monitor.cli.alerts import alerts_app
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.cli.working import quiet_logs
from monitor.words import Words


@alerts_app.command("test")
def try_(
    channel: Annotated[str, typer.Argument(help="Name of the channel: telegram, email, sms …", metavar="CHANNEL")],
    person: Annotated[str, typer.Argument(help="Code of the person in the people file.", metavar="PERSON")],
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a person a message that says it is a test, on one channel, and show what became of it."""
    from monitor.alerts.current import Office
    from monitor.alerts.outgoing import Result
    from monitor.alerts.trying import try_channel
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    quiet_logs()
    with desk.program() as program:
        who = program.directory.person(person)
        if who is None:
            raise desk.stopped(Exit.NOT_FOUND, Words("Không có người {code}.", "There is no {code}.").fill(code=person))
        if channel not in program.channels:
            said = Words("Kênh {name} không có hoặc chưa bật. Đang bật: {on}.", "No channel {name}, or off. On: {on}.")
            on = ", ".join(program.settings.channels.enabled()) or "-"
            raise desk.stopped(Exit.NOT_FOUND, said.fill(name=channel, on=on))
        office = Office(program.calendar, program.directory, program.settings.site.base_url)
        with database.reading(program.engine) as session:
            tried = try_channel(session, program.channels, channel, who, office, program.clock.now())
    if tried is None:
        said = Words("{code} không có địa chỉ trên kênh {name}.", "{code} has no address on {name}.")
        raise desk.stopped(Exit.NOT_FOUND, said.fill(code=person, name=channel))
    outcome = tried.outcome
    if desk.as_json:
        desk.print_json({"result": outcome.result, "detail": outcome.detail, "parked_for": tried.parked_for})
    else:
        desk.line(desk.say(_WORDS[outcome.result.value]) + (f" ({outcome.detail})" if outcome.detail else ""))
        if tried.parked_for:
            said = Words(
                "Địa chỉ này đang tạm ngừng nhận cảnh báo: {why}.", "Alerts to this address are parked: {why}."
            )
            desk.note(said.fill(why=tried.parked_for), "yellow")
    if outcome.result is not Result.SENT:
        raise Stop(Exit.PEER)


_WORDS = {
    "sent": Words("Đã gửi.", "Sent."),
    "not_sent": Words("Chưa gửi được.", "Not sent."),
    "flood": Words("Kênh yêu cầu chờ.", "The channel asks for silence."),
    "unknown": Words("Không rõ đã đến hay chưa.", "It may or may not have arrived."),
    "refused": Words("Bị từ chối.", "Refused."),
}


@alerts_app.command("parked")
def parked_(
    lift: Annotated[str | None, typer.Option("--lift", help="Let this address have alerts again.")] = None,
    by: Annotated[str, typer.Option("--by", help="Who does this: name or code of the official.")] = "admin",
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the addresses that take no alerts any more, with the reason; or let one have them again."""
    from monitor.alerts.addresses import lift as lift_address
    from monitor.alerts.addresses import parked

    desk = Desk(config, lang, as_json)
    with desk.program() as program, program.sessions.begin() as session:
        shut = parked(session)
        here = [way for way in shut if way[1] == lift]
        for channel, address in here:
            lift_address(session, channel, address, by, program.clock.now())
        shut = parked(session)
    if lift is not None and not here:
        raise desk.stopped(Exit.NOT_FOUND, Words("Không có địa chỉ này.", "There is no such address."))
    rows = [{"channel": channel, "address": address, "reason": why} for (channel, address), why in shut.items()]
    if desk.as_json:
        desk.print_json(rows)
        return
    columns = [Words("Kênh", "Channel"), Words("Địa chỉ", "Address"), Words("Lý do", "Reason")]
    desk.show(Words("Địa chỉ tạm ngừng", "Parked addresses"), columns, [tuple(row.values()) for row in rows])
