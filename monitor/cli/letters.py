"""`dunghen letters`: the duty to apologise and the letters that meet it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.letter_duties import DUTY_COMMANDS
from monitor.cli.letter_life import LETTER_COMMANDS
from monitor.cli.letter_paper import PAPER_COMMANDS
from monitor.cli.terms import letter_words
from monitor.cli.working import quiet_logs
from monitor.words import Words

letters_app = typer.Typer(
    help="Letters of apology: list, draft, show, write files, record their life.", no_args_is_help=True
)

WhichArgument = Annotated[
    list[str] | None, typer.Argument(help="Codes of dossiers or numbers of letters; all without any.", metavar="CODE")
]


@letters_app.command("list")
def list_(
    agency: Annotated[
        str | None, typer.Option("--agency", help="Only this agency and those below it.", metavar="CODE")
    ] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the letters that somebody still has to do something about."""
    from monitor.reports.late import letters_needed
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    with desk.program() as program, database.reading(program.engine) as session:
        now = program.clock.now()
        rows = letters_needed(session, now=now, agency=agency, directory=program.directory)
    if desk.as_json:
        desk.print_json({"at": now.astimezone(desk.zone), "letters": [asdict(row) for row in rows]})
        return
    desk.show(
        Words("Văn bản xin lỗi", "Letters"),
        [
            Words("Số", "Number"),
            Words("Mã hồ sơ", "Dossier"),
            Words("Cơ quan", "Agency"),
            Words("Tình trạng", "State"),
            Words("Chậm nhất", "By"),
            Words("Ghi chú", "Note"),
        ],
        [
            (
                row.letter_id,
                row.code,
                row.agency_name or row.agency_code,
                desk.say(letter_words(row.state)),
                desk.counted_day(row.letter_by_on, row.letter_provisional),
                _note(desk, row),
            )
            for row in rows
        ],
    )


def _note(desk: Desk, row: Any) -> str:
    if row.suspended_for:
        return desk.say(Words("tạm treo: {why}", "suspended: {why}").fill(why=row.suspended_for))
    if row.is_overtaken:
        return desk.say(Words("hồ sơ đang xét lại", "being judged again"))
    return desk.say(Words("đã qua hạn gửi", "past its last lawful day")) if row.is_late else ""


@letters_app.command("draft")
def draft(
    files: Annotated[bool, typer.Option("--files/--no-files", help="Write the PDF and DOCX files too.")] = True,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Word the letters that are owed, on fresh evidence only, and write their files."""
    desk = Desk(config, lang, as_json)
    quiet_logs()
    with desk.program() as program, desk.progress(Words("Đang soạn", "Drafting")):
        made = program.write_letters(files=files)
    if desk.as_json:
        desk.print_json({"drafts": made.drafts, "files": [_files_json(one) for one in made.files]})
        return
    rows = [(name, number) for name, number in asdict(made.drafts).items()]
    desk.show(Words("Đã soạn", "Drafted"), [Words("Mục", "What"), Words("Số", "Number")], rows)
    _show_files(desk, made.files)


@letters_app.command("show")
def show(
    which: Annotated[str, typer.Argument(help="Code of the dossier, or number of the letter.", metavar="CODE")],
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the words of one letter. Holds personal data: for the person who works on it."""
    from monitor.letters.content import Content
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    with desk.program() as program, database.reading(program.engine) as session:
        letter = find_letters(desk, session, [which])[-1]
    if not letter.content:
        said = Words(
            "Văn bản {id} chưa được soạn. Chạy: dunghen letters draft",
            "Letter {id} is not drafted. Run: dunghen letters draft",
        )
        raise desk.stopped(Exit.NOT_FOUND, said.fill(id=letter.id))
    content = Content.from_dict(letter.content)
    if desk.as_json:
        desk.print_json({"letter_id": letter.id, "state": letter.state, "content": letter.content})
        return
    for part in (content.parent, content.issuer, content.title, content.addressee, content.body, content.signer):
        for line in part:
            desk.line(line)
        desk.line("")
    if content.signer_name:
        desk.line(content.signer_name)


@letters_app.command("render")
def render(
    which: WhichArgument = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the files, instead of the configured one.", metavar="DIR")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="pdf or docx; both without it.", metavar="KIND")
    ] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the files of drafted letters again."""
    from monitor.letters.files import write_files
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    quiet_logs()
    for name in kind or ():
        if name not in ("pdf", "docx"):
            raise desk.stopped(Exit.REFUSED, Words("--kind là pdf hoặc docx.", "--kind is pdf or docx."))
    with (
        desk.program() as program,
        database.reading(program.engine) as session,
        desk.progress(Words("Đang ghi tệp", "Writing")) as advance,
    ):
        only = [letter.id for letter in find_letters(desk, session, which)] if which else None
        kinds: Any = tuple(kind or ("pdf", "docx"))
        files = write_files(session, out or program.letters_folder, kinds=kinds, only=only, progress=advance)
    if desk.as_json:
        desk.print_json({"files": [_files_json(one) for one in files]})
        return
    _show_files(desk, files)


for _name, _command in (*LETTER_COMMANDS, *PAPER_COMMANDS, *DUTY_COMMANDS):
    letters_app.command(_name)(_command)


def find_letters(desk: Desk, session: Any, which: list[str]) -> list[Any]:
    """The letters with these numbers or of these dossiers, oldest promise first. Stops with NOT_FOUND."""
    from sqlalchemy import or_, select

    from monitor.store.tables import Dossier, Letter

    found: list[Any] = []
    numbers = [int(name) for name in which if name.isdigit() and len(name) <= 18]  # longer is a code, not a number
    query = (
        select(Letter, Dossier.code)
        .join(Dossier, Dossier.id == Letter.dossier_id)
        .where(or_(Dossier.code.in_(which), Letter.id.in_(numbers)))
        .order_by(Letter.dossier_id, Letter.promise_number)
    )
    answered = set()
    for letter, code in session.execute(query):
        found.append(letter)
        answered |= {code, str(letter.id)}
    missing = [name for name in which if name not in answered]
    if missing:
        said = Words("Không có văn bản nào cho {names}.", "There is no letter for {names}.")
        raise desk.stopped(Exit.NOT_FOUND, said.fill(names=", ".join(missing)))
    return found


def _files_json(files: Any) -> dict[str, object]:
    return {
        "letter_id": files.letter_id,
        "code": files.dossier_code,
        "agency_code": files.agency_code,
        "paths": {kind: str(path) for kind, path in files.paths.items()},
        "written": files.written,
        "problem": files.problem,
    }


def _show_files(desk: Desk, files: list[Any]) -> None:
    if not files:
        return
    rows = [(one.dossier_code, "\n".join(str(path) for path in one.paths.values()), one.problem) for one in files]
    desk.show(
        Words("Tệp văn bản", "Files"),
        [Words("Mã hồ sơ", "Dossier"), Words("Tệp", "File"), Words("Lỗi", "Problem")],
        rows,
    )
