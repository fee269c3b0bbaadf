"""`dunghen people`: who answers for what, as the people file has it."""

from typing import Annotated

import typer

from monitor.cli import moments
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.people import Agency, Directory, PeopleFileError, Person, load_directory
from monitor.words import Words

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


def _channels(person: Person) -> list[str]:
    return [channel for channel in ("telegram", "email") if person.address(channel)]


def _person_json(person: Person) -> dict[str, object]:
    return {"code": person.code, "name": person.name, "channels": _channels(person)}


def _alternates(agency: Agency) -> str:
    return "; ".join(f"{source}: {', '.join(codes)}" for source, codes in agency.alternates.items())
