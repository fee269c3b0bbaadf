"""The life of a letter from the command line: `dunghen letters reason | approve | sign | …`, and `dunghen verify`."""

import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.moments import day
from monitor.words import Words

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from monitor.letters.office import Office
    from monitor.letters.steps import By, Done

Which = Annotated[str, typer.Argument(help="Code of the dossier, or number of the letter.", metavar="CODE")]
ByOption = Annotated[str, typer.Option("--by", help="Who does this: name or code of the official.", metavar="NAME")]
ProofOption = Annotated[
    str, typer.Option("--proof", help="What proves it; nothing of the applicant's person.", metavar="TEXT")
]
WhyOption = Annotated[str, typer.Option("--why", help="A word why; nothing of the applicant's person.", metavar="TEXT")]
CapacityHelp = "In what capacity: head, KT., TL. or TUQ."

FLAGS = {
    "copied_reason": Words(
        "Chú ý: lý do này đã ghi ở nhiều phiếu khác.", "Mind: this reason stands in many other letters."
    ),
    "issued_late": Words(
        "Chú ý: phiếu ký sau ngày cuối được gửi; vi phạm đã được ghi.",
        "Mind: signed after the last lawful day; the breach is on record.",
    ),
}


def take(desk: Desk, which: str, by: str, step: Callable[["Session", int, "Office", "By"], "Done"]) -> None:
    """One step in one transaction, on the newest letter of the dossier. A refusal ends with REFUSED and its words."""
    from monitor.cli.letters import find_letters
    from monitor.letters.steps import STEPS_VI, By, StepRefused

    with desk.program() as program:
        try:
            with program.sessions.begin() as session:
                letter_id = find_letters(desk, session, [which])[-1].id
                now = program.clock.now()
                office = program.letter_office(session, now)
                done = step(session, letter_id, office, By(by, now, "cli", socket.gethostname()))
        except StepRefused as refused:
            raise desk.stopped(Exit.REFUSED, refused.words) from None
    if desk.as_json:
        desk.print_json({"letter_id": done.letter_id, "step": done.step, "flags": list(done.flags)})
        return
    vi = STEPS_VI.get(done.step, done.step)
    desk.line(
        desk.say(Words(f"Đã ghi: văn bản {done.letter_id} {vi}.", f"Recorded: letter {done.letter_id}, {done.step}."))
    )
    for flag in done.flags:
        desk.note(FLAGS[flag], style="yellow")


def reason(
    which: Which,
    by: ByOption,
    reason: Annotated[str, typer.Option("--reason", help="Why the result is late, as the letter says it.")],
    new_date: Annotated[
        str | None, typer.Option("--new-date", help="The new return date: 2026-12-01.", metavar="DATE")
    ] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set the reason and the new date of a drafted letter."""
    from monitor.letters import life

    chosen = day(new_date) if new_date else None
    take(
        Desk(config, lang, as_json),
        which,
        by,
        lambda s, i, office, who: life.decide(s, i, office, who, reason=reason, new_date=chosen),
    )


def approve(
    which: Which,
    by: ByOption,
    capacity: Annotated[str | None, typer.Option("--capacity", help=CapacityHelp, metavar="WORD")] = None,
    title: Annotated[str, typer.Option("--title", help="The signer's own title, as printed.")] = "",
    signer: Annotated[str, typer.Option("--signer", help="The signer's name, as printed.")] = "",
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Approve the words of a letter: they stay as they are from here on."""
    from monitor.letters import life
    from monitor.letters.signing import HEAD, Signer

    wanted = Signer(capacity or HEAD, title, signer) if capacity or title or signer else None
    take(
        Desk(config, lang, as_json),
        which,
        by,
        lambda s, i, office, who: life.approve(s, i, office, who, signer=wanted),
    )


def sign(
    which: Which,
    by: ByOption,
    signer: Annotated[str | None, typer.Option("--signer", help="Who signed; whoever does this, without it.")] = None,
    capacity: Annotated[str, typer.Option("--capacity", help=CapacityHelp, metavar="WORD")] = "head",
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that a person signed the letter."""
    from monitor.letters import life

    take(
        Desk(config, lang, as_json),
        which,
        by,
        lambda s, i, office, who: life.sign(s, i, office, who, name=signer or by, capacity=capacity),
    )


def register(
    which: Which,
    by: ByOption,
    date: Annotated[str, typer.Option("--date", help="The day the letter bears: 2026-11-23.", metavar="DATE")],
    number: Annotated[
        int | None, typer.Option("--number", help='The number in the register; none where numbering = "internal".')
    ] = None,
    symbol: Annotated[str, typer.Option("--symbol", help="The symbol after the number.")] = "PXL",
    book: Annotated[str, typer.Option("--book", help="The book it is registered in.")] = "PXL",
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record the number, symbol and date that the registry gave the letter."""
    from monitor.letters import life
    from monitor.letters.register import Entry

    entry = Entry(number, symbol, day(date), book)
    take(Desk(config, lang, as_json), which, by, lambda s, i, office, who: life.register(s, i, office, who, entry))


def told_counter(
    which: Which,
    by: ByOption,
    proof: ProofOption,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that the one-stop unit has the written notice."""
    from monitor.letters import life

    take(Desk(config, lang, as_json), which, by, lambda s, i, _, who: life.tell_counter(s, i, who, proof=proof))


def date_changed(
    which: Which,
    by: ByOption,
    proof: ProofOption,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record the counter clerk's word that the date is changed, where the system cannot show it."""
    from monitor.letters import life

    take(
        Desk(config, lang, as_json),
        which,
        by,
        lambda s, i, office, who: life.change_date(s, i, office, who, proof=proof),
    )


def told_applicant(
    which: Which,
    by: ByOption,
    proof: ProofOption,
    channel: Annotated[
        str, typer.Option("--channel", help="How: email, sms, phone, printed, social or post.", metavar="WORD")
    ],
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record that the applicant was told, which closes the letter."""
    from monitor.letters import life

    take(
        Desk(config, lang, as_json),
        which,
        by,
        lambda s, i, _, who: life.tell_applicant(s, i, who, channel=channel, proof=proof),
    )


def void(
    which: Which,
    by: ByOption,
    why: WhyOption,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a signed letter back before it reaches the applicant; its number stays used."""
    from monitor.letters import life

    take(Desk(config, lang, as_json), which, by, lambda s, i, _, who: life.void(s, i, who, why=why))


def reissue(
    which: Which, by: ByOption, config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False
) -> None:
    """Begin a voided letter anew, as a draft."""
    from monitor.letters import life

    take(Desk(config, lang, as_json), which, by, lambda s, i, _, who: life.reissue(s, i, who))


def confirm_(
    which: Which,
    by: ByOption,
    why: WhyOption,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Confirm that a letter held back by a doubt may go."""
    from monitor.letters.confirm import confirm

    take(Desk(config, lang, as_json), which, by, lambda s, i, office, who: confirm(s, i, office, who, why=why))


def steps(which: Which, config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Show every step of a dossier's letters: who, when, what."""
    from monitor.cli.letters import find_letters
    from monitor.letters.steps import history
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    with desk.program() as program, database.reading(program.engine) as session:
        taken = [step for letter in find_letters(desk, session, [which]) for step in history(session, letter.id)]
    if desk.as_json:
        rows = [
            {"letter_id": s.letter_id, "step": s.step, "at": s.at.astimezone(desk.zone), "by": s.actor, **s.detail}
            for s in taken
        ]
        desk.print_json({"steps": rows})
        return
    desk.show(
        Words("Các bước", "Steps"),
        [
            Words("Số", "Number"),
            Words("Bước", "Step"),
            Words("Lúc", "At"),
            Words("Người làm", "By"),
            Words("Chi tiết", "Detail"),
        ],
        [(s.letter_id, s.step, desk.local(s.at), s.actor, _detail(s.detail)) for s in taken],
    )


def _detail(detail: dict[str, Any]) -> str:
    return ", ".join(f"{k}={v}" for k, v in detail.items() if k != "content_hash" and v not in ("", []))


def verify(config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Check that nothing in the log, the letters and their register was altered. Keep the printed head elsewhere."""
    from monitor.letters.life import slow_counters
    from monitor.letters.register import gaps
    from monitor.letters.verify import verify as faults_in
    from monitor.store import audit, database

    desk = Desk(config, lang, as_json)
    with desk.program() as program, database.reading(program.engine) as session:
        faults = faults_in(session)
        head, missing = audit.head(session), gaps(session)
        now = program.clock.now()
        slow = slow_counters(session, program.letter_office(session, now), now)
    if desk.as_json:
        desk.print_json(
            {
                "rows": head.rows,
                "head": head.hash,
                "faults": [{"table": f.table, "row": f.row, "problem": f.problem} for f in faults],
                "gaps": [
                    {"agency": g.agency_code, "book": g.book, "year": g.year, "missing": list(g.missing)}
                    for g in missing
                ],
                "slow_counters": slow,
            }
        )
    else:
        for fault in faults:
            desk.line(f"{fault.table} {fault.row}: {fault.problem}", style="red")
        for gap in missing:
            said = Words("Sổ {book} năm {year} ({agency}) thiếu số: {numbers}",
                         "Book {book} of {year} ({agency}) lacks: {numbers}")  # fmt: skip
            numbers = ", ".join(map(str, gap.missing))
            desk.note(said.fill(book=gap.book, year=gap.year, agency=gap.agency_code, numbers=numbers))
        for letter_id in slow:
            desk.note(
                Words(
                    "Văn bản {id}: quá 1 ngày làm việc mà Một cửa chưa đổi ngày hẹn.",
                    "Letter {id}: more than 1 working day and the counter has not changed the date.",
                ).fill(id=letter_id)
            )
        desk.line(desk.say(Words("Nhật ký: {n} dòng, {h}", "Log: {n} rows, {h}").fill(n=head.rows, h=head.hash or "–")))
    if faults:
        said = Words("Có {n} chỗ bị sửa hoặc mất.", "{n} places were altered or are missing.")
        raise desk.stopped(Exit.WRONG, said.fill(n=len(faults)))


LETTER_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (
    ("reason", reason),
    ("approve", approve),
    ("sign", sign),
    ("register", register),
    ("told-counter", told_counter),
    ("date-changed", date_changed),
    ("told-applicant", told_applicant),
    ("void", void),
    ("reissue", reissue),
    ("confirm", confirm_),
    ("steps", steps),
)
