"""`dunghen calendar preview | apply | import`: another calendar, and what it does to the dossiers that are open."""

import getpass
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.calendars import CalendarFileError, load_calendar
from monitor.cli.counting import calendar_app
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.cli.terms import stage_words
from monitor.domain.calendar import WorkingCalendar
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.recalendar import Survey

FileArgument = Annotated[Path, typer.Argument(help="The new calendar file.", metavar="FILE")]
_SHOWN = 200


@calendar_app.command("preview")
def preview(
    file: FileArgument,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a new calendar file would move: counted dates, letter days, what becomes late. Writes nothing."""
    from monitor.recalendar import survey
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    new = _calendar_in(desk, file)
    with desk.program() as program, database.reading(program.engine) as session:
        found = survey(session, program.calendar, new, program.terms, program.rules.warning, program.clock.now())
    _show(desk, found, Words("Lịch mới sẽ làm thay đổi", "What the new calendar would move"))


@calendar_app.command("apply")
def apply_(
    file: FileArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why, kept in the log: the decision behind it.")],
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do what `preview` says and put the file in the place of the configured one. Not while the daemon runs."""
    from monitor.one_instance import AlreadyRunning, OneInstance
    from monitor.recalendar import NothingToSay, apply

    desk = Desk(config, lang, as_json)
    new = _calendar_in(desk, file)
    named = desk.settings.calendar.file
    if named is None:
        said = Words("Hãy ghi [calendar] file trong tệp cấu hình trước.", "Name [calendar] file in the settings first.")
        raise desk.stopped(Exit.REFUSED, said)
    with desk.program() as program:
        try:
            with OneInstance(program.settings.site.data_dir, program.engine):
                found = apply(
                    program.sessions,
                    program.calendar,
                    new,
                    program.terms,
                    program.rules.warning,
                    program.clock.now(),
                    file=file,
                    target=program.settings.folder / named,
                    reason=reason,
                    actor=_who(),
                )
        except AlreadyRunning:
            raise desk.stopped(Exit.REFUSED, Words("Hãy dừng dunghen run trước.", "Stop the daemon first.")) from None
        except NothingToSay:
            raise desk.stopped(Exit.REFUSED, Words("Hãy ghi lý do.", "Give a reason.")) from None
    _show(desk, found, Words("Lịch mới đã làm thay đổi", "What the new calendar moved"))


@calendar_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An .ics or .csv file of days.", metavar="FILE")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the rows to this new file instead of printing them.")
    ] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Turn days off from .ics or .csv into rows for the calendar file. Applies nothing: read them, then `preview`."""
    from monitor.calendar_import import ImportRefused, as_toml, read_days

    desk = Desk(config, lang, as_json)
    try:
        days = read_days(file)
        if out is not None:
            with out.open("x", encoding="utf-8") as new:
                new.write(as_toml(days))
    except ImportRefused as error:
        raise Stop(Exit.REFUSED, str(error)) from None
    except FileNotFoundError as error:
        raise desk.stopped(
            Exit.NOT_FOUND, Words(f"Không có tệp {error.filename}.", f"There is no file {error.filename}.")
        ) from None
    except OSError as error:
        raise Stop(Exit.REFUSED, f"{error.filename}: {error.strerror}") from None
    if desk.as_json:
        desk.print_json({"days": days, "written": out})
    elif out is None:
        desk.out.file.write(as_toml(days))


def _calendar_in(desk: Desk, file: Path) -> WorkingCalendar:
    settings = desk.settings
    wanted = settings.calendar.model_copy(update={"file": file.resolve()})
    try:
        return load_calendar(wanted, settings.site.timezone, settings.folder)
    except CalendarFileError as error:
        raise Stop(Exit.REFUSED, str(error)) from None


def _who() -> str:
    """The account that typed the command."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):
        return "cli"


_NUMBERS = {
    "open": Words("Hồ sơ đang mở", "Open dossiers"),
    "due_moves": Words("Đổi hạn tự tính", "Counted date moves"),
    "letter_day_moves": Words("Đổi ngày cuối gửi văn bản xin lỗi", "Letter day moves"),
    "become_late": Words("Trở thành quá hạn", "Become late"),
    "stop_being_late": Words("Không còn quá hạn", "Stop being late"),
    "run_over_count": Words("Quá hạn tự tính", "Run over our own count"),
    "stop_running_over": Words("Không còn quá hạn tự tính", "No longer over our own count"),
    "letters_on_old_day": Words("Văn bản đã soạn theo ngày cũ", "Letters worded for the old day"),
}


def _show(desk: Desk, found: "Survey", title: Words) -> None:
    numbers = found.numbers()
    if desk.as_json:
        desk.print_json(
            {
                "at": found.at.astimezone(desk.zone),
                "from": found.old_version,
                "to": found.new_version,
                "numbers": numbers,
                "changes": [asdict(change) for change in found.changes],
                "letters_on_old_day": [change.code for change in found.letters_on_old_day],
            }
        )
        return
    rows = [(desk.say(_NUMBERS[name]), number) for name, number in numbers.items()]
    desk.show(title, [Words("Mục", "What"), Words("Số", "Number")], rows)
    if not found.changes:
        return
    desk.show(
        Words("Từng hồ sơ", "Each dossier"),
        [
            Words("Mã hồ sơ", "Dossier"),
            Words("Hạn tự tính", "Counted date"),
            Words("Ngày cuối gửi xin lỗi", "Letter by"),
            Words("Giai đoạn", "Stage"),
            Words("Văn bản", "Letter"),
        ],
        [
            (
                change.code,
                _move(change.due_before, change.due_after),
                _move(change.letter_before, change.letter_after),
                _move(*(desk.say(stage_words(name)) for name in (change.stage_before, change.stage_after))),
                change.letter_state if change.moves_letter else "",
            )
            for change in found.changes[:_SHOWN]
        ],
    )
    if len(found.changes) > _SHOWN:
        desk.note(Words(f"Chỉ {_SHOWN} dòng đầu; đủ bằng --json.", f"Only the first {_SHOWN} rows; all with --json."))


def _move(before: object, after: object) -> str:
    return _said(before) if before == after else f"{_said(before)} → {_said(after)}"


def _said(value: object) -> str:
    return "–" if value is None else f"{value:%d/%m/%Y}" if hasattr(value, "strftime") else str(value)
