"""Paper from the command line: `dunghen letters print | labels | notice | preview | seal | signatures`."""

import getpass
import socket
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.working import quiet_logs
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.letters.cups import Queue
    from monitor.letters.pades import Seen
    from monitor.letters.printing import Press, Printed
    from monitor.wiring import Program


WhichArgument = Annotated[
    list[str] | None, typer.Argument(help="Codes of dossiers or numbers of letters; all without any.", metavar="CODE")
]
AgencyOption = Annotated[
    str | None, typer.Option("--agency", help="Only this agency and those below it.", metavar="CODE")
]
TodayOption = Annotated[bool, typer.Option("--today", help="Only letters approved, signed or registered today.")]


def print_(
    which: WhichArgument = None,
    agency: AgencyOption = None,
    today: TodayOption = False,
    again: Annotated[bool, typer.Option("--again", help="Also those that were printed already.")] = False,
    drafts: Annotated[bool, typer.Option("--drafts", help="Also those whose words are not approved yet.")] = False,
    printer: Annotated[
        str | None,
        typer.Option("--printer", help="A CUPS printer, instead of the agency's own or of files.", metavar="NAME"),
    ] = None,
    server: Annotated[
        str | None, typer.Option("--server", help="The print server, instead of the configured one.", metavar="URL")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write files into this folder, whatever printers there are.", metavar="DIR"),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", help="Who prints; this machine's user without it.", metavar="NAME")
    ] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print letters in stacks of at most 100 with their list, each on its agency's printer or to files; record it."""
    from monitor.letters.cups import Queue
    from monitor.letters.printing import Wanted, print_letters, printers

    desk = Desk(config, lang, as_json)
    quiet_logs()
    with desk.program() as program, desk.progress(Words("Đang in", "Printing")) as advance:
        folder = out or program.letters_folder / "in"
        letters = program.settings.letters
        to = Queue(server or letters.print_server, printer) if printer else folder
        press = _press(program, to, by)
        if printer is None and out is None:
            served = letters.model_copy(update={"print_server": server}) if server else letters
            press = replace(press, queue_of=printers(served, press.now.date()))
        wanted = Wanted(*_chosen(desk, program, which, agency), today, again, drafts)
        printed = print_letters(program.sessions, wanted, press, advance)
    _show(desk, printed)
    if printed.trouble is not None:
        raise desk.stopped(Exit.PEER, printed.trouble)


def _show(desk: Desk, printed: "Printed") -> None:
    if desk.as_json:
        stacks = [
            {
                "agency": stack.agency_code,
                "letters": list(stack.letter_ids),
                "file": str(stack.file) if stack.file else None,
                "printer": stack.printer or None,
                "job": stack.job,
                "waiting": stack.waiting,
            }
            for stack in printed.stacks
        ]
        left_out = [{"code": code, "why": desk.say(why)} for code, why in printed.left_out]
        desk.print_json({"stacks": stacks, "left_out": left_out, "discard": printed.discard})
        return
    desk.show(
        Words("Đã in", "Printed"),
        [Words("Cơ quan", "Agency"), Words("Số phiếu", "Letters"), Words("Ở đâu", "Where")],
        [(s.agency_code, len(s.letter_ids), s.file or f"{s.printer} #{s.job}") for s in printed.stacks],
    )
    for stack in printed.stacks:
        if stack.waiting:
            said = Words(
                "Lệnh in {job} còn chờ ở máy in {printer}.", "Job {job} still waits in the queue of {printer}."
            )
            desk.note(said.fill(job=stack.job, printer=stack.printer), style="yellow")
    for code, why in printed.left_out:
        desk.note(Words(f"{code}: {why.vi}", f"{code}: {why.en}"), style="red")
    for code in printed.discard:
        said = Words(
            "Bỏ tờ phiếu của hồ sơ {code}: phiếu đã đổi trong lúc in.",
            "Throw away the sheet of {code}: the letter changed while it was printed.",
        )
        desk.note(said.fill(code=code), style="red")


def labels(
    which: WhichArgument = None,
    agency: AgencyOption = None,
    today: TodayOption = False,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write.", metavar="FILE")] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write address labels for approved letters, printed or not: 24 on a sheet of A4."""
    from monitor.letters.printing import Wanted, print_labels

    desk = Desk(config, lang, as_json)
    quiet_logs()
    with desk.program() as program:
        wanted = Wanted(*_chosen(desk, program, which, agency), today, again=True)
        press = _press(program, program.letters_folder / "in", None)
        file = out or program.letters_folder / "in" / f"nhan-{press.now:%Y%m%d-%H%M%S}.pdf"
        printed = print_labels(program.sessions, wanted, press, file)
    _show(desk, printed)


def notice(
    which: Annotated[str, typer.Argument(help="Code of the dossier, or number of the letter.", metavar="CODE")],
    out: Annotated[Path | None, typer.Option("--out", help="The file to write: .pdf or .docx.", metavar="FILE")] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the notice to the one-stop unit that goes with a letter; it names the dossier, not the person."""
    from monitor.cli.letters import find_letters
    from monitor.letters import paper, word
    from monitor.letters.content import Content
    from monitor.letters.files import file_of
    from monitor.letters.fonts import GlyphMissing
    from monitor.letters.forms import Forms
    from monitor.letters.sheet import entries
    from monitor.letters.sheet import notice as notice_of
    from monitor.store import database
    from monitor.whole_files import write_whole

    desk = Desk(config, lang, as_json)
    quiet_logs()
    with desk.program() as program, database.reading(program.engine) as session:
        letter = find_letters(desk, session, [which])[-1]
        if not letter.content:
            said = Words("Phiếu chưa có lời văn.", "The letter has no words yet.")
            raise desk.stopped(Exit.NOT_FOUND, said)
        forms = Forms(program.settings.letters.templates)
        content = notice_of(forms, Content.from_dict(letter.content), entries(session, [letter.id]).get(letter.id))
        file = out or file_of(session, letter.id, program.letters_folder, "bao-mot-cua.pdf")
        try:
            write_whole(file, word.docx(content) if file.suffix == ".docx" else paper.pdf([content]))
        except GlyphMissing as missing:
            raise desk.stopped(Exit.REFUSED, missing.words) from None
    if desk.as_json:
        desk.print_json({"letter_id": letter.id, "file": str(file)})
        return
    desk.line(str(file))


def preview(
    sample: Annotated[bool, typer.Option("--sample", help="With invented people; there is no other way yet.")] = False,
    out: Annotated[Path, typer.Option("--out", help="Folder for the files.", metavar="DIR")] = Path("xem-thu"),
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write every form with hard samples, in this office's wording and letterhead, with labels and list."""
    from monitor.letters.preview import samples
    from monitor.letters.templates import TemplateRefused
    from monitor.whole_files import write_whole

    desk = Desk(config, lang, as_json)
    if not sample:
        said = Words("Chưa có dữ liệu nào khác: thêm --sample.", "There is nothing else to show yet: add --sample.")
        raise desk.stopped(Exit.REFUSED, said)
    settings = desk.settings_or_starter.letters
    paths = []
    try:
        for name, data in samples(settings, desk.clock.now().astimezone(desk.zone)):
            write_whole(out / name, data)
            paths.append(out / name)
    except TemplateRefused as refused:
        where = f"{refused.file}:{refused.line}: "
        said = Words(f"{where}{refused.wrong.vi} {refused.fix.vi}", f"{where}{refused.wrong.en} {refused.fix.en}")
        raise desk.stopped(Exit.REFUSED, said) from None
    if desk.as_json:
        desk.print_json({"files": [str(path) for path in paths]})
        return
    for path in paths:
        desk.line(str(path))


def _chosen(
    desk: Desk, program: "Program", which: list[str] | None, agency: str | None
) -> tuple[list[int] | None, list[str] | None]:
    """The letters that were named, and the agencies with all below them; None is no limit."""
    from monitor.cli.letters import find_letters
    from monitor.reports.census import subtree
    from monitor.store import database

    only = None
    if which:
        with database.reading(program.engine) as session:
            only = [letter.id for letter in find_letters(desk, session, which)]
    return only, subtree(agency, program.directory) if agency else None


def _press(program: "Program", to: "Path | Queue", by: str | None) -> "Press":
    from monitor.letters.printing import Press
    from monitor.letters.steps import By

    def name(code: str) -> str:
        found = program.directory.agency(code)
        return found.name if found is not None else ""

    return Press(
        to,
        By(by or getpass.getuser(), program.clock.now(), "cli", socket.gethostname()),
        program.clock,
        program.calendar,
        name,
    )


def seal(
    which: Annotated[str, typer.Argument(help="Code of the dossier, or number of the letter.", metavar="CODE")],
    by: Annotated[str, typer.Option("--by", help="Who does this: name or code of the official.", metavar="NAME")],
    role: Annotated[
        str, typer.Option("--role", help="Whose key: head (the signer) or agency (the seal).", metavar="WORD")
    ] = "agency",
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a registered letter electronically as PDF (PAdES) with a configured key, and show what a check says."""
    from monitor.cli.letters import find_letters
    from monitor.letters.fonts import GlyphMissing
    from monitor.letters.pades import SealTrouble
    from monitor.letters.sealing import seal as seal_letter
    from monitor.letters.steps import By, StepRefused
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    quiet_logs()
    with desk.program() as program:
        with database.reading(program.engine) as session:
            letter_id = find_letters(desk, session, [which])[-1].id
        done = By(by, program.clock.now(), "cli", socket.gethostname())
        settings = program.settings.letters
        try:
            sealed = seal_letter(program.sessions, letter_id, settings, done, role=role, folder=program.letters_folder)
        except StepRefused as refused:
            raise desk.stopped(Exit.REFUSED, refused.words) from None
        except (SealTrouble, GlyphMissing) as trouble:
            raise desk.stopped(Exit.PEER, trouble.words) from None
        except ModuleNotFoundError:
            raise desk.stopped(Exit.REFUSED, _NO_SIGN) from None
    _show_signatures(desk, sealed.file, sealed.seen)


def signatures(
    file: Annotated[Path, typer.Argument(help="A signed PDF.", metavar="FILE")],
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the signatures of a PDF: whole, valid, trusted."""
    from monitor.letters.pades import SealTrouble, validate

    desk = Desk(config, lang, as_json)
    try:
        seen = validate(file.read_bytes(), desk.settings.letters.trust)
    except OSError as error:
        raise desk.stopped(Exit.NOT_FOUND, Words(f"{file}: {error.strerror}", f"{file}: {error.strerror}")) from None
    except SealTrouble as trouble:
        raise desk.stopped(Exit.WRONG, trouble.words) from None
    except ModuleNotFoundError:
        raise desk.stopped(Exit.REFUSED, _NO_SIGN) from None
    _show_signatures(desk, file, seen)
    if not seen or not all(one.good for one in seen) or not seen[-1].whole:
        said = Words("Tệp không có đủ chữ ký hợp lệ, được tin cậy.", "The file lacks valid and trusted signatures.")
        raise desk.stopped(Exit.WRONG, said)


_NO_SIGN = Words("Chưa cài phần ký số: pip install 'dunghen[sign]'", "Not installed: pip install 'dunghen[sign]'")
_YES_NO = {True: Words("được", "yes"), False: Words("KHÔNG", "NO")}


def _show_signatures(desk: Desk, file: Path, seen: "Sequence[Seen]") -> None:
    if desk.as_json:
        desk.print_json({"file": str(file), "signatures": [asdict(one) for one in seen]})
        return
    desk.show(
        Words(f"Chữ ký trong {file}", f"Signatures in {file}"),
        [
            Words("Chỗ ký", "Field"),
            Words("Chứng thư", "Certificate"),
            Words("Nguyên vẹn", "Intact"),
            Words("Tin cậy", "Trusted"),
            Words("Bao trọn tệp", "Covers all"),
        ],
        [(s.field, s.signer, *(desk.say(_YES_NO[yes]) for yes in (s.intact, s.trusted, s.whole))) for s in seen],
    )


PAPER_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("print", print_),
    ("labels", labels),
    ("notice", notice),
    ("preview", preview),
    ("seal", seal),
    ("signatures", signatures),
)
