"""`dunghen due`, `dunghen calendar`: what the working calendar says, without any store."""

from datetime import date
from typing import Annotated

import typer

from monitor.calendar_file import CalendarFileError
from monitor.calendars import load_calendar
from monitor.cli import moments
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.domain.calendar import Block, CalendarExhausted, WorkingCalendar
from monitor.domain.deadline import Deadline, count_due
from monitor.domain.limits import CountingRules, LimitUnclear, TimeLimit, parse_limit
from monitor.words import Words

calendar_app = typer.Typer(help="The working calendar: office hours, days off, make-up days.", no_args_is_help=True)


def calendar_of(desk: Desk, agency: str = "") -> WorkingCalendar:
    """The calendar of the configuration, or of the starter where there is none; with an agency's own rows."""
    settings = desk.settings_or_starter
    try:
        if not agency:
            return load_calendar(settings.calendar, settings.site.timezone, settings.folder)
        from monitor.people import PeopleFileError, load_directory

        try:
            directory = load_directory(settings.people.file)
        except PeopleFileError as error:
            raise Stop(Exit.REFUSED, str(error)) from None
        if directory.agency(agency) is None:
            said = Words("Không có cơ quan {code} trong people.toml.", "There is no agency {code} in the people file.")
            raise desk.stopped(Exit.NOT_FOUND, said.fill(code=agency))
        return load_calendar(settings.calendar, settings.site.timezone, settings.folder, directory.chain).of(agency)
    except CalendarFileError as error:
        raise Stop(Exit.REFUSED, str(error)) from None


def due(
    received: Annotated[str, typer.Option("--received", help="When the dossier was received.", metavar="INSTANT")],
    limit: Annotated[
        str | None, typer.Option("--limit", help='The time limit as the procedure states it: "5 ngày làm việc".')
    ] = None,
    procedure: Annotated[
        str | None, typer.Option("--procedure", help="Take limit and counting rules of this procedure code.")
    ] = None,
    channel: Annotated[str, typer.Option("--channel", help="With --procedure: counter, online or post.")] = "",
    first_day_counted: Annotated[
        bool, typer.Option("--first-day-counted", help="The day of reception is the first day.")
    ] = False,
    cut_off: Annotated[
        str | None, typer.Option("--cut-off", help="Received after this time counts as the next working day.")
    ] = None,
    same_day_until: Annotated[
        str | None, typer.Option("--same-day-until", help="Received by this time is due the same day.")
    ] = None,
    agency: Annotated[str, typer.Option("--agency", help="By the calendar of this agency.", metavar="CODE")] = "",
    day_is_hours: Annotated[
        bool, typer.Option("--day-is-hours", help="A working day is eight working hours from the minute of reception.")
    ] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count when a result is due, and how. JSON when asked for or when read by a program."""
    desk = Desk(config, lang, as_json or not _is_terminal())
    calendar = calendar_of(desk, agency)
    if procedure is None:
        rules = CountingRules(
            first_day_counted=first_day_counted,
            cut_off=moments.clock_time(cut_off) if cut_off else None,
            same_day_until=moments.clock_time(same_day_until) if same_day_until else None,
            day_is_hours=day_is_hours,
        )
        term = _limit(desk, limit), rules
    else:
        term = _term(desk, procedure, channel)
    try:
        deadline = count_due(moments.instant(received, calendar.zone), *term, calendar)
    except CalendarExhausted as error:
        raise Stop(Exit.REFUSED, str(error)) from None
    _show(desk, deadline, calendar)


def _is_terminal() -> bool:
    return Desk().out.is_terminal


def _limit(desk: Desk, text: str | None) -> TimeLimit:
    if text is None:
        raise desk.stopped(Exit.REFUSED, Words("Thiếu --limit hoặc --procedure.", "Give --limit or --procedure."))
    try:
        return parse_limit(text)
    except LimitUnclear as error:
        raise Stop(Exit.REFUSED, str(error)) from None


def _term(desk: Desk, procedure: str, channel: str) -> tuple[TimeLimit, CountingRules]:
    from monitor.procedures import ProcedureFileError, load_terms

    try:
        term = load_terms(desk.settings_or_starter.procedures.file).find(procedure, channel)
    except ProcedureFileError as error:
        raise Stop(Exit.REFUSED, str(error)) from None
    if term is None:
        raise desk.stopped(
            Exit.NOT_FOUND, Words("Không có thủ tục {code}.", "There is no procedure {code}.").fill(code=procedure)
        )
    if term.limit is None:
        raise Stop(Exit.REFUSED, term.problem)
    return term.limit, term.rules


def _show(desk: Desk, deadline: Deadline, calendar: WorkingCalendar) -> None:
    due_at = calendar.local(deadline.due_at)
    if desk.as_json:
        desk.print_json(
            {
                "due_at": due_at,
                "due_on": deadline.due_on,
                "letter_by": deadline.letter_by,
                "provisional": deadline.provisional,
                "steps": [
                    {"text": step.text_vi, "on": step.on, "rule": step.rule, "document": step.document}
                    for step in deadline.steps
                ],
            }
        )
        return
    desk.show(
        Words("Cách tính", "How it was counted"),
        [Words("Ngày", "Day"), Words("Bước", "Step"), Words("Căn cứ", "Ground")],
        [(day_text(step.on), step.text_vi, step.document) for step in deadline.steps],
    )


def weekday_words(on: date) -> Words:
    return _WEEKDAYS[on.weekday()]


_WEEKDAYS = (
    Words("Thứ Hai", "Mon"),
    Words("Thứ Ba", "Tue"),
    Words("Thứ Tư", "Wed"),
    Words("Thứ Năm", "Thu"),
    Words("Thứ Sáu", "Fri"),
    Words("Thứ Bảy", "Sat"),
    Words("Chủ nhật", "Sun"),
)


def day_text(on: date | None) -> str:
    return "" if on is None else f"{on:%d/%m/%Y}"


def block_text(block: Block) -> str:
    def clock(seconds: int) -> str:
        return f"{seconds // 3600:02}:{seconds // 60 % 60:02}"

    return f"{clock(block.start_s)}-{clock(block.end_s)}"
