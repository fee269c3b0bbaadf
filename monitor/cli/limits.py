"""`dunghen procedures show`: what became of each row of the file of time limits."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.procedures import Terms

procedures_app = typer.Typer(help="The time limits of procedures.", no_args_is_help=True)


def terms_in(file: Path | None) -> "Terms":
    """The limits of a file, however it is written."""
    from monitor.procedures import ProcedureFileError, load_terms

    try:
        return load_terms(file)
    except ProcedureFileError as error:
        raise Stop(Exit.REFUSED, str(error)) from None


@procedures_app.command("show")
def show_limits(
    code: Annotated[str, typer.Argument(help="Only this procedure.", metavar="CODE")] = "",
    file: Annotated[
        Path | None, typer.Option("--file", help="Another file than the configured one.", metavar="FILE")
    ] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what became of each row of the file of time limits: counts by reason, or the rows of one procedure."""
    desk = Desk(config, lang, as_json)
    terms = terms_in(file or desk.settings_or_starter.procedures.file)
    if code:
        _show_procedure(desk, terms, code)
        return
    counts = dict(sorted(terms.counts().items(), key=lambda pair: -pair[1]))
    if desk.as_json:
        desk.print_json(
            {"file": terms.source, "version": terms.version, "rows": sum(counts.values()), "counts": counts}
        )
        return
    desk.show(
        Words(f"{sum(counts.values())} dòng của {terms.source}", f"{sum(counts.values())} rows of {terms.source}"),
        [Words("Thành", "Became"), Words("Số dòng", "Rows")],
        [(desk.say(_BECAME.get(reason, Words(reason, reason))), number) for reason, number in counts.items()],
    )


def _show_procedure(desk: Desk, terms: "Terms", code: str) -> None:
    found = [term for term in terms.terms if term.procedure_code == code]
    aside = [row for row in terms.set_aside if row.procedure_code == code]
    if not found and not aside:
        said = Words("Không có thủ tục {code}.", "There is no procedure {code}.")
        raise desk.stopped(Exit.NOT_FOUND, said.fill(code=code))
    names = ("row", "channel", "case", "limit", "problem")
    rows: list[dict[str, object]] = [
        dict(zip(names, (t.row, t.channel, t.case, t.limit.text_vi if t.limit else "", t.problem), strict=True))
        for t in found
    ]
    rows += [
        {"row": a.row, "channel": "", "case": "", "limit": "", "problem": f"{a.reason}: {a.problem}"} for a in aside
    ]
    if desk.as_json:
        desk.print_json({"procedure": code, "rows": rows})
        return
    columns = [Words("Dòng", "Row"), Words("Kênh", "Channel"), Words("Trường hợp", "Case"), Words("Thời hạn", "Limit"),
               Words("Vì sao không tính", "Why not counted")]  # fmt: skip
    desk.show(Words(f"Thủ tục {code}", f"Procedure {code}"), columns, [tuple(row.values()) for row in rows])


_BECAME = {
    "term": Words("thời hạn tính được", "a limit that can be counted"),
    "no_time": Words("không ghi thời hạn", "no time stated"),
    "no_unit": Words("có số, không có đơn vị", "a number without a unit"),
    "unknown_unit": Words("đơn vị lạ", "an unknown unit"),
    "unreadable": Words("không đọc được", "not readable"),
    "zero": Words("thời hạn bằng 0", "a limit of zero"),
    "part_of_month": Words("số tháng lẻ", "part of a month"),
    "no_code": Words("không có mã thủ tục", "no procedure code"),
    "repeated": Words("trùng dòng trước", "repeats an earlier row"),
}
