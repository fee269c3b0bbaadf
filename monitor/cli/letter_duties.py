"""Who must do what by when, mails, and the register: `dunghen letters due | open | mail-counter | sms | numbers …`."""

import socket
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.letter_life import ByOption, Which, WhyOption, take
from monitor.cli.moments import day
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.letters.worklist import Due

TASKS = {
    "confirm": Words("xác nhận", "confirm"),
    "word": Words("chờ phần mềm soạn", "being drafted"),
    "decide": Words("ghi lý do, ngày hẹn mới", "reason and date"),
    "approve": Words("duyệt", "approve"),
    "sign": Words("ký", "sign"),
    "register": Words("vào sổ", "register"),
    "tell_counter": Words("báo Một cửa", "tell the counter"),
    "change_date": Words("đổi ngày hẹn trên hệ thống", "change the date"),
    "tell_applicant": Words("báo người dân", "tell the applicant"),
    "reissue": Words("đã hủy, phải làm lại", "voided: re-issue"),
}


def due(
    agency: Annotated[
        str | None, typer.Option("--agency", help="Only this agency and those below it.", metavar="CODE")
    ] = None,
    counter: Annotated[bool, typer.Option("--counter", help="The counter's work instead of the agency's.")] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what waits to be done for each letter, by the hour it must be out."""
    from monitor.letters.worklist import counter_due, letters_due
    from monitor.reports.census import subtree
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    with desk.program() as program, database.reading(program.engine) as session:
        now = program.clock.now()
        agencies = subtree(agency, program.directory) if agency else None
        listed = counter_due if counter else letters_due
        office = program.letter_office(session, now)
        rows = listed(session, office, program.calendar, now, agencies=agencies)
    if desk.as_json:
        desk.print_json({"at": now.astimezone(desk.zone), "letters": [asdict(row) for row in rows]})
        return
    desk.show(
        Words("Việc với phiếu xin lỗi", "Letters to see to"),
        [
            Words("Số", "Number"),
            Words("Mã hồ sơ", "Dossier"),
            Words("Cơ quan", "Agency"),
            Words("Việc", "Task"),
            Words("Trước", "By"),
            Words("Đề xuất hẹn lại", "Proposed date"),
            Words("Ghi chú", "Note"),
        ],
        [
            (
                row.letter_id,
                row.code,
                row.agency_name or row.agency_code,
                desk.say(TASKS[row.task]),
                desk.local(row.by) if row.by is not None else "",
                f"{row.proposal.on:%d/%m/%Y}" if row.proposal is not None else "",
                _note(desk, row),
            )
            for row in rows
        ],
    )


def _note(desk: Desk, row: "Due") -> str:
    from monitor.letters.steps import HELD_VI

    if row.held_for:
        why = HELD_VI.get(row.held_for, row.held_for)
        return desk.say(Words(f"tạm treo: {why}", f"suspended: {row.held_for}"))
    if row.is_over:
        return desk.say(Words("đã quá giờ", "over"))
    return desk.say(Words("không hẹn lại nữa", "no new date")) if row.promise_number > 1 else ""


def open_(
    which: Annotated[str, typer.Argument(help="Code of the dossier.", metavar="CODE")],
    by: ByOption,
    why: WhyOption,
    promised: Annotated[
        str | None,
        typer.Option("--promised", help="The date on the slip, where no source gives one.", metavar="DATE"),
    ] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open the letter of a dossier that owes none by itself: expected to be late, or in doubt."""
    from sqlalchemy import select

    from monitor.letters.confirm import open_by_hand
    from monitor.letters.steps import By, StepRefused
    from monitor.store.tables import Dossier

    desk = Desk(config, lang, as_json)
    with desk.program() as program:
        try:
            with program.sessions.begin() as session:
                dossier_id = session.scalars(select(Dossier.id).where(Dossier.code == which).limit(1)).one_or_none()
                if dossier_id is None:
                    said = Words("Không có hồ sơ {code}.", "There is no dossier {code}.").fill(code=which)
                    raise desk.stopped(Exit.NOT_FOUND, said)
                now = program.clock.now()
                who = By(by, now, "cli", socket.gethostname())
                office = program.letter_office(session, now)
                slip = day(promised) if promised else None
                done = open_by_hand(session, dossier_id, office, who, why=why, promised_on=slip)
        except StepRefused as refused:
            raise desk.stopped(Exit.REFUSED, refused.words) from None
    if desk.as_json:
        desk.print_json({"letter_id": done.letter_id, "step": done.step})
        return
    desk.line(desk.say(Words("Đã mở phiếu {id}.", "Letter {id} is open.").fill(id=done.letter_id)))


def mail_counter(
    which: Which, by: ByOption, config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False
) -> None:
    """Mail the written notice to the one-stop unit; the step is taken when the mail server has it."""
    from monitor.letters import telling

    take(Desk(config, lang, as_json), which, by, telling.mail_counter)


def mail_applicant(
    which: Which, by: ByOption, config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False
) -> None:
    """Mail the apology to the applicant; the letter is closed when the mail server has it."""
    from monitor.letters import telling

    take(Desk(config, lang, as_json), which, by, telling.mail_applicant)


def sms(which: Which, config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Print a text to copy into the office's own SMS. Names nobody; nothing is sent or recorded."""
    from monitor.cli.letters import find_letters
    from monitor.letters.messages import sms_text
    from monitor.letters.steps import StepRefused
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    with desk.program() as program, database.reading(program.engine) as session:
        office = program.letter_office(session, program.clock.now())
        try:
            text = sms_text(session, find_letters(desk, session, [which])[-1].id, office)
        except StepRefused as refused:
            raise desk.stopped(Exit.REFUSED, refused.words) from None
    if desk.as_json:
        desk.print_json({"text": text})
        return
    desk.line(text)


def numbers(config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Report the register: numbers missing in a book, and numbers that bear an earlier day than the one before."""
    from monitor.letters.register import disorders, gaps
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    with desk.program() as program, database.reading(program.engine) as session:
        missing, wrong = gaps(session), disorders(session)
    if desk.as_json:
        desk.print_json({"gaps": [asdict(gap) for gap in missing], "disorders": [asdict(one) for one in wrong]})
        return
    rows: list[tuple[Any, ...]] = []
    for gap in missing:
        lacking = Words("thiếu số {numbers}", "lacks {numbers}").fill(numbers=", ".join(map(str, gap.missing)))
        rows.append((gap.agency_code, gap.book, gap.year, desk.say(lacking)))
    for one in wrong:
        said = Words(
            "số {number} ghi ngày {on}, trước ngày của số {before} ({before_on})",
            "number {number} bears {on}, before the day of number {before} ({before_on})",
        ).fill(
            number=one.number, on=f"{one.dated_on:%d/%m/%Y}", before=one.before, before_on=f"{one.before_on:%d/%m/%Y}"
        )
        rows.append((one.agency_code, one.book, one.year, desk.say(said)))
    if not rows:
        desk.line(desk.say(Words("Sổ không thiếu số, không có ngày ngược.", "No number is missing or out of order.")))
        return
    desk.show(
        Words("Sổ đăng ký phiếu", "Register"),
        [Words("Cơ quan", "Agency"), Words("Sổ", "Book"), Words("Năm", "Year"), Words("Điều cần xem", "To look at")],
        rows,
    )


DUTY_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("due", due),
    ("open", open_),
    ("mail-counter", mail_counter),
    ("mail-applicant", mail_applicant),
    ("sms", sms),
    ("numbers", numbers),
)
