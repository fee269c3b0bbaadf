"""`dunghen calendar preview | apply | import`, `dunghen procedures preview | apply`: another calendar, or other
time limits, and what they do to the dossiers that are open."""

import getpass
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.calendar_file import CalendarFileError
from monitor.calendars import load_calendar
from monitor.cli.counting import calendar_app
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.cli.limits import procedures_app, terms_in
from monitor.cli.terms import stage_words
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.recalendar import Basis, Survey

    NewBasis = Callable[[Basis], Basis]

FileArgument = Annotated[Path, typer.Argument(help="The new calendar file.", metavar="FILE")]
LimitsArgument = Annotated[Path, typer.Argument(help="The new file of time limits.", metavar="FILE")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, kept in the log: the decision behind it.")]
_SHOWN = 200


@calendar_app.command("preview")
def preview(
    file: FileArgument,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a new calendar file would move: counted dates, letter days, what becomes late. Writes nothing."""
    desk = Desk(config, lang, as_json)
    _preview(desk, _with_calendar(desk, file), Words("Lịch mới sẽ làm thay đổi", "What the new calendar would move"))


@calendar_app.command("apply")
def apply_(
    file: FileArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do what `preview` says and put the file in the place of the configured one. Not while the daemon runs."""
    from monitor.recalendar import CALENDAR_APPLIED

    desk = Desk(config, lang, as_json)
    new = _with_calendar(desk, file)
    named = desk.settings.calendar.file
    if named is None:
        said = Words("Hãy ghi [calendar] file trong tệp cấu hình trước.", "Name [calendar] file in the settings first.")
        raise desk.stopped(Exit.REFUSED, said)
    move = _Move(CALENDAR_APPLIED, new, file, desk.settings.folder / named, reason)
    _apply(desk, move, Words("Lịch mới đã làm thay đổi", "What the new calendar moved"))


@procedures_app.command("preview")
def preview_limits(
    file: LimitsArgument,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a new file of time limits would move among open dossiers. Writes nothing."""
    desk = Desk(config, lang, as_json)
    _preview(desk, _with_limits(desk, file), Words("Thời hạn mới sẽ làm thay đổi", "What the new limits would move"))


@procedures_app.command("apply")
def apply_limits(
    file: LimitsArgument,
    reason: ReasonOption,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Do what `preview` says and put the file in the place of the configured one. Not while the daemon runs."""
    from monitor.recalendar import LIMITS_APPLIED

    desk = Desk(config, lang, as_json)
    new = _with_limits(desk, file)
    named = desk.settings.procedures.file
    if named is None or named.suffix.lower() != file.suffix.lower():
        said = Words(
            "Hãy ghi [procedures] file trong tệp cấu hình, cùng loại tệp với tệp mới.",
            "Name [procedures] file in the settings, of the same kind as the new one.",
        )
        raise desk.stopped(Exit.REFUSED, said)
    move = _Move(LIMITS_APPLIED, new, file, desk.settings.folder / named, reason)
    _apply(desk, move, Words("Thời hạn mới đã làm thay đổi", "What the new limits moved"))


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


@dataclass(frozen=True, slots=True)
class _Move:
    """Another basis, the file it comes from and the one it replaces."""

    action: str
    new: "NewBasis"
    file: Path
    target: Path
    reason: str


def _preview(desk: Desk, new: "NewBasis", title: Words) -> None:
    from monitor.recalendar import Basis, survey
    from monitor.store import database

    with desk.program() as program, database.reading(program.engine) as session:
        old = Basis(program.calendar, program.terms)
        found = survey(session, old, new(old), program.rules.warning, program.clock.now())
    _show(desk, found, title)


def _apply(desk: Desk, move: _Move, title: Words) -> None:
    from monitor.one_instance import AlreadyRunning, OneInstance
    from monitor.recalendar import Basis, NothingToSay, apply

    with desk.program() as program:
        old = Basis(program.calendar, program.terms)
        try:
            with OneInstance(program.settings.site.data_dir, program.engine):
                found = apply(
                    program.sessions,
                    old,
                    move.new(old),
                    program.rules.warning,
                    program.clock.now(),
                    action=move.action,
                    file=move.file,
                    target=move.target,
                    reason=move.reason,
                    actor=_who(),
                )
        except AlreadyRunning:
            raise desk.stopped(Exit.REFUSED, Words("Hãy dừng dunghen run trước.", "Stop the daemon first.")) from None
        except NothingToSay:
            raise desk.stopped(Exit.REFUSED, Words("Hãy ghi lý do.", "Give a reason.")) from None
    _show(desk, found, title)


def _with_calendar(desk: Desk, file: Path) -> "NewBasis":
    """The basis with the calendar of this file."""
    from monitor.people import load_directory

    settings = desk.settings
    wanted = settings.calendar.model_copy(update={"file": file.resolve()})
    try:
        up = load_directory(settings.people.file).chain
        calendar = load_calendar(wanted, settings.site.timezone, settings.folder, up)
    except CalendarFileError as error:
        raise Stop(Exit.REFUSED, str(error)) from None
    return lambda old: replace(old, calendar=calendar)


def _with_limits(desk: Desk, file: Path) -> "NewBasis":
    """The basis with the limits of this file."""
    terms = terms_in(file)
    return lambda old: replace(old, terms=terms)


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
