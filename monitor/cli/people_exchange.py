"""`dunghen people template | import | reach`: the people file going in and out, and whom nobody could reach."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.cli.people import people_app
from monitor.people import Directory, PeopleFileError, load_directory
from monitor.words import Words

_KINDS = {
    "added": Words("thêm", "added"),
    "removed": Words("bỏ", "removed"),
    "changed": Words("đổi", "changed"),
}


@people_app.command("template")
def template(
    file: Annotated[Path, typer.Argument(help="The workbook to write.", metavar="FILE")] = Path("con-nguoi.xlsx"),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a workbook to fill in: agencies, people, posts, leaves, substitutions."""
    from monitor.people_exchange import write_template

    desk = Desk(None, lang, as_json)
    if file.exists() and not force:
        said = Words("{file} đã có; thêm --force để ghi đè.", "{file} is there; --force overwrites it.")
        raise desk.stopped(Exit.REFUSED, said.fill(file=file))
    write_template(file)
    if desk.as_json:
        desk.print_json({"file": file})
        return
    desk.line(desk.say(Words("Đã ghi {file}.", "Wrote {file}.").fill(file=file)))


@people_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The workbook or TOML file to take in.", metavar="FILE")],
    apply: Annotated[bool, typer.Option("--apply", help="Write it; without this only show what would change.")] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check a file of people, show what it changes, and with --apply put it in place. The old file stays beside it."""
    from monitor.people_exchange import as_toml, changes

    desk = Desk(config, lang, as_json)
    place = desk.settings.people.file
    if place is None:
        said = Words("Chưa ghi people.file trong cấu hình.", "The configuration has no people.file.")
        raise desk.stopped(Exit.REFUSED, said)
    coming = _read(file)
    found = changes(_read(place) if place.exists() else Directory(), coming)
    if apply and found:
        stamp = f"{desk.clock.now().astimezone(desk.zone):%Y%m%d-%H%M%S}"
        if place.exists():
            shutil.copy2(place, place.with_name(f"{place.name}.{stamp}"))
        _put(place, file, as_toml(coming))
    if desk.as_json:
        desk.print_json({"applied": apply and bool(found), "changes": found})
        return
    desk.show(
        Words("Thay đổi", "Changes"),
        [Words("Bảng", "Table"), Words("Việc", "What"), Words("Mục", "Entry")],
        [(one.table, desk.say(_KINDS[one.kind]), one.entry) for one in found],
    )
    if not found:
        desk.note(Words("Không có gì thay đổi.", "Nothing changes."))
    elif apply:
        desk.note(Words("Đã ghi. Tiến trình tự nhận tệp mới.", "Written. The daemon takes it up by itself."))
    else:
        desk.note(Words("Chưa ghi: thêm --apply.", "Not written: add --apply."))


@people_app.command("reach")
def reach(
    days: Annotated[int, typer.Option("--days", help="How many days ahead.", min=1, max=60)] = 7,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find rungs of the next days that would reach nobody, or only somebody further up. Ends with 4 when nobody."""
    from monitor.alerts.forecast import reach_gaps
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    with desk.program() as program, database.reading(program.engine) as session:
        gaps = reach_gaps(
            session,
            now=program.clock.now(),
            calendar=program.calendar,
            directory=program.directory,
            rungs=program.settings.escalation,
            channels=tuple(program.channels),
            days=days,
        )
    if desk.as_json:
        desk.print_json(gaps)
    elif gaps:
        desk.show(
            Words("Vai trò không báo được", "Roles that cannot be told"),
            [
                Words("Từ ngày", "From"),
                Words("Cơ quan", "Agency"),
                Words("Vai trò", "Role"),
                Words("Bậc", "Rung"),
                Words("Báo thay", "Told instead"),
                Words("Lý do", "Why"),
            ],
            [(f"{gap.on:%d/%m/%Y}", gap.agency, gap.role, gap.rung, gap.stood_in, gap.reason) for gap in gaps],
        )
    else:
        desk.line(desk.say(Words("Mọi bậc đều có người nhận.", "Every rung has somebody who hears it.")))
    if any(not gap.stood_in for gap in gaps):
        raise Stop(Exit.NOT_FOUND)


def _read(file: Path) -> Directory:
    try:
        return load_directory(file)
    except PeopleFileError as error:
        raise Stop(Exit.REFUSED, str(error)) from None


def _put(place: Path, file: Path, toml: str) -> None:
    """In one step, so that a daemon that looks meanwhile sees the old file or the new one."""
    fresh = place.with_name(f".{place.name}.new")
    if place.suffix.lower() == ".xlsx" and file.suffix.lower() == ".xlsx":
        shutil.copyfile(file, fresh)
    elif place.suffix.lower() == ".xlsx":
        raise Stop(Exit.REFUSED, f"{place}: tệp đích là .xlsx, hãy đưa vào một tệp .xlsx / give a workbook")
    else:
        fresh.write_text(toml, "utf-8")
    fresh.chmod(0o640)
    fresh.replace(place)
