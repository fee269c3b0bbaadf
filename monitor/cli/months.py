"""`dunghen calendar show`: months with their hours, days off, make-up days and the documents behind them."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer

from monitor.cli import moments
from monitor.cli.counting import block_text, calendar_app, calendar_of, day_text, weekday_words
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.domain.calendar import CalendarDay, CalendarExhausted, WorkingCalendar
from monitor.words import Words

_MONTHS = 24  # shown at once, at most


@calendar_app.command("show")
def show(
    first: Annotated[str, typer.Argument(help="A month (2026-11) or a year (2027).", metavar="MONTH")],
    last: Annotated[str, typer.Argument(help="The last month, where several are meant.", metavar="LAST")] = "",
    agency: Annotated[str, typer.Option("--agency", help="The calendar of this agency.", metavar="CODE")] = "",
    only_unusual: Annotated[
        bool, typer.Option("--unusual", help="Only days off, make-up days and others that differ from their weekday.")
    ] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show months: office hours, days off, make-up days and the documents behind them."""
    desk = Desk(config, lang, as_json)
    calendar = calendar_of(desk, agency)
    months = [(month, _days(calendar, *month)) for month in _asked(desk, first, last)]
    if desk.as_json:
        shown = [_as_json(calendar, month, days, only_unusual) for month, days in months]
        desk.print_json(shown[0] if len(shown) == 1 else {"version": calendar.version, "months": shown})
        return
    for month, days in months:
        _show_month(desk, month, days, only_unusual)


def _asked(desk: Desk, first: str, last: str) -> list[tuple[int, int]]:
    """The months meant, in order."""
    if first.isdigit() and len(first) == 4 and not last:
        return [(int(first), number) for number in range(1, 13)]
    year, number = moments.month(first)
    until_year, until = moments.month(last) if last else (year, number)
    count = (until_year - year) * 12 + until - number + 1
    if not 1 <= count <= _MONTHS:
        said = Words(f"Hãy chọn từ 1 đến {_MONTHS} tháng liền nhau.", f"Ask for 1 to {_MONTHS} months in order.")
        raise desk.stopped(Exit.REFUSED, said)
    return [(year + (number - 1 + n) // 12, (number - 1 + n) % 12 + 1) for n in range(count)]


def _days(calendar: WorkingCalendar, year: int, number: int) -> list[CalendarDay]:
    try:
        return [calendar.day(date(year, number, n)) for n in range(1, monthrange(year, number)[1] + 1)]
    except CalendarExhausted as error:
        raise Stop(Exit.REFUSED, str(error)) from None


def _is_unusual(day: CalendarDay) -> bool:
    return bool(day.name) or day.is_working != (day.on.weekday() < 5) or (bool(day.blocks) and not day.is_working)


def _as_json(
    calendar: WorkingCalendar, month: tuple[int, int], days: Sequence[CalendarDay], only_unusual: bool
) -> dict[str, object]:
    return {
        "month": f"{month[0]}-{month[1]:02}",
        "version": calendar.version,
        "working_days": sum(day.is_working for day in days),
        "days": [
            {
                "on": day.on,
                "is_working": day.is_working,
                "hours": [block_text(block) for block in day.blocks],
                "name": day.name,
                "document": day.document,
                "provisional": day.provisional,
            }
            for day in days
            if _is_unusual(day) or not only_unusual
        ],
    }


def _show_month(desk: Desk, month: tuple[int, int], days: Sequence[CalendarDay], only_unusual: bool) -> None:
    rows = [
        (
            desk.say(weekday_words(day.on)),
            day_text(day.on),
            _hours(desk, day),
            day.name + (desk.say(Words(" (tạm tính)", " (provisional)")) if day.provisional else ""),
            day.document if day.name else "",
        )
        for day in days
        if _is_unusual(day) or not only_unusual
    ]
    year, number = month
    working = sum(day.is_working for day in days)
    desk.show(
        Words(f"Tháng {number}/{year}: {working} ngày làm việc", f"{year}-{number:02}: {working} working days"),
        [
            Words("Thứ", "Weekday"),
            Words("Ngày", "Day"),
            Words("Giờ", "Hours"),
            Words("Tên", "Name"),
            Words("Căn cứ", "Ground"),
        ],
        rows,
    )


def _hours(desk: Desk, day: CalendarDay) -> str:
    """When it is open; a day that is open without counting says so."""
    if not day.blocks:
        return desk.say(Words("nghỉ", "off"))
    hours = ", ".join(block_text(block) for block in day.blocks)
    return hours if day.is_working else hours + desk.say(Words(" (chỉ tiếp nhận, không tính)", " (reception only)"))
