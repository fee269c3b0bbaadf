"""`dunghen people`: who answers for what, as the people file has it."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import moments
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.people import Agency, Directory, PeopleFileError, Person, load_directory
from monitor.words import Words

if TYPE_CHECKING:  # the store's library is slow to load, and `dunghen due` needs none
    from sqlalchemy.orm import Session

people_app = typer.Typer(help="Agencies, people and posts.", no_args_is_help=True)


def _directory(desk: Desk) -> Directory:
    try:
        return load_directory(desk.settings.people.file)
    except PeopleFileError as error:
        raise Stop(Exit.REFUSED, str(error)) from None


@people_app.command("list")
def list_(
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """List agencies as a tree, and people with the channels that reach them."""
    desk = Desk(config, lang, as_json)
    directory = _directory(desk)
    if desk.as_json:
        people = [_person_json(person) for person in directory.people()]
        desk.print_json({"agencies": directory.agencies(), "people": people})
        return
    depth = {agency.code: sum(1 for _ in directory.up(agency.code)) - 1 for agency in directory.agencies()}
    desk.show(
        Words("Cơ quan", "Agencies"),
        [Words("Mã", "Code"), Words("Tên", "Name"), Words("Loại", "Kind"), Words("Mã ở nguồn", "Codes at sources")],
        [
            (a.code, "  " * depth[a.code] + a.name, a.kind, _alternates(a))
            for a in sorted(directory.agencies(), key=lambda a: [up.code for up in directory.up(a.code)][::-1])
        ],
    )
    desk.show(
        Words("Con người", "People"),
        [Words("Mã", "Code"), Words("Tên", "Name"), Words("Kênh", "Channels")],
        [(p.code, p.name, ", ".join(_channels(p)) or desk.say(Words("không có", "none"))) for p in directory.people()],
    )


@people_app.command("who")
def who(
    role: Annotated[str, typer.Argument(help="The role, as in `tell`: agency_head.", metavar="ROLE")],
    agency: Annotated[str, typer.Argument(help="Code of the agency.", metavar="AGENCY")],
    on: Annotated[str | None, typer.Option("--on", help="On this day: 2026-11-23.", metavar="DAY")] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say who holds a role at an agency on a day, there or at the nearest agency above."""
    desk = Desk(config, lang, as_json)
    directory = _directory(desk)
    if directory.agency(agency) is None:
        raise desk.stopped(
            Exit.NOT_FOUND, Words("Không có cơ quan {code}.", "There is no agency {code}.").fill(code=agency)
        )
    day = moments.day(on) if on else desk.clock.now().astimezone(desk.zone).date()
    found = directory.who(role, agency, day)
    if desk.as_json:
        desk.print_json({"role": role, "agency": agency, "on": day, "people": [_person_json(p) for p in found]})
    for person in found if not desk.as_json else ():
        desk.line(f"{person.name} ({person.code}): {', '.join(_channels(person)) or '-'}")
    if not found:
        said = Words("Không ai giữ vai trò {role} ở {agency} ngày {day}.", "Nobody is {role} at {agency} on {day}.")
        raise desk.stopped(Exit.NOT_FOUND, said.fill(role=role, agency=agency, day=f"{day:%d/%m/%Y}"))


@people_app.command("link")
def link(
    person: Annotated[str, typer.Argument(help="Code of the person in the people file.", metavar="PERSON")],
    confirm: Annotated[bool, typer.Option("--confirm", help="Confirm the chat that brought the code.")] = False,
    end: Annotated[bool, typer.Option("--end", help="End the person's link.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who does this: name or code of the official.")] = "admin",
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tie a person to a Telegram chat: print a one-time code, and confirm the chat that brought it to the bot."""
    desk = Desk(config, lang, as_json)
    if _directory(desk).person(person) is None:
        raise desk.stopped(Exit.NOT_FOUND, Words("Không có người {code}.", "There is no {code}.").fill(code=person))
    with desk.program() as program, program.sessions.begin() as session:
        said = _linked(session, person, by, program.clock.now(), confirm=confirm, end=end)
    if said is None:
        words = Words("Chưa có tài khoản nào mang mã đến để xác nhận.", "No chat has brought a code yet.")
        raise desk.stopped(Exit.NOT_FOUND, words)
    if desk.as_json:
        desk.print_json({"person": person, **said})
    elif "code" in said:
        words = Words(
            "Gửi cho bot trong 10 phút:  /start {code}", "To be sent to the bot within 10 minutes:  /start {code}"
        )
        desk.line(desk.say(words.fill(code=said["code"])))
    elif "confirmed" in said:
        desk.line(desk.say(Words("Đã gắn với tài khoản “{name}”.", "Linked to “{name}”.").fill(name=said["confirmed"])))
    else:
        desk.line(desk.say(Words("Đã gỡ.", "Ended.")))


@people_app.command("feed")
def feed(
    person: Annotated[str, typer.Argument(help="Code of the person in the people file.", metavar="PERSON")],
    role: Annotated[str, typer.Option("--role", help="The role of the post.")] = "",
    agency: Annotated[str, typer.Option("--agency", help="The agency of the post.")] = "",
    end: Annotated[bool, typer.Option("--end", help="End every calendar of this person.")] = False,
    by: Annotated[str, typer.Option("--by", help="Who does this: name or code of the official.")] = "admin",
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the secret address of a calendar of due dates for a post, to be subscribed to on a phone."""
    from monitor.alerts.feeds import end_feeds, make_feed

    desk = Desk(config, lang, as_json)
    today = desk.clock.now().astimezone(desk.zone).date()
    held = [post for post in _directory(desk).posts_of(person, today) if role in ("", post.role)]
    held = [post for post in held if agency in ("", post.agency)]
    if not end and not held:
        said = Words("{code} không giữ chức vụ này hôm nay.", "{code} does not hold that post today.")
        raise desk.stopped(Exit.NOT_FOUND, said.fill(code=person))
    with desk.program() as program, program.sessions.begin() as session:
        now = program.clock.now()
        if end:
            ended = end_feeds(session, person, by, now)
            desk.line(desk.say(Words("Đã ngừng {n} lịch.", "{n} calendars ended.").fill(n=ended)))
            return
        secret = make_feed(session, person, held[0].role, held[0].agency, by, now)
        address = f"{program.settings.site.base_url.rstrip('/')}/ical/{secret}.ics"
    if desk.as_json:
        desk.print_json({"person": person, "role": held[0].role, "agency": held[0].agency, "address": address})
    else:
        desk.line(address)


def _linked(
    session: "Session", person: str, by: str, now: datetime, *, confirm: bool, end: bool
) -> dict[str, object] | None:
    """What was done, for people and programs; None where there is nothing to confirm."""
    from monitor.alerts import linking

    if end:
        return {"ended": linking.end(session, person, by, "ended by hand", now)}
    if not confirm:
        return {"code": linking.make_code(session, person, by, now)}
    waiting = [claim for claim in linking.claims(session, now) if claim.person == person]
    if not waiting or linking.confirm(session, waiting[-1].id, by, now) is None:
        return None
    return {"confirmed": waiting[-1].shown_name}


def _channels(person: Person) -> list[str]:
    return person.channels()


def _person_json(person: Person) -> dict[str, object]:
    return {"code": person.code, "name": person.name, "channels": _channels(person)}


def _alternates(agency: Agency) -> str:
    return "; ".join(f"{source}: {', '.join(codes)}" for source, codes in agency.alternates.items())
