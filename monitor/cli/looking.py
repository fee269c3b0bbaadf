"""`dunghen late`, `dunghen explain`, `dunghen sources`: what is known, shown. Nothing here writes."""

from dataclasses import asdict
from typing import Annotated

import typer

from monitor.cli import moments
from monitor.cli.desk import AtOption, ConfigOption, Desk, JsonOption, KnownAtOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.scratch import looking
from monitor.cli.terms import STAGES, letter_words, stage_words
from monitor.mistakes import nearest
from monitor.words import Words


def late(
    at: AtOption = None,
    known_at: KnownAtOption = None,
    agency: Annotated[
        str | None, typer.Option("--agency", help="Only this agency and those below it.", metavar="CODE")
    ] = None,
    stage: Annotated[
        list[str] | None, typer.Option("--stage", help="Only this stage; may be repeated.", metavar="STAGE")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="At most so many rows.", min=1)] = 200,
    disagreements: Annotated[
        bool,
        typer.Option("--disagreements", help="Instead: where promised dates differ from our own count, and why."),
    ] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is late and what will be, worst first."""
    if disagreements:
        _show_disagreements(Desk(config, lang, as_json), limit)
        return
    from monitor.reports.census import counts
    from monitor.reports.late import late_dossiers
    from monitor.reports.sources import stale_sources
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    _check_stages(desk, stage)
    moment = moments.instant(at, desk.zone) if at else None
    known = moments.instant(known_at, desk.zone) if known_at else None
    with looking(desk, moment, known) as view, database.reading(view.program.engine) as session:
        program = view.program
        if agency is not None and program.directory.agency(agency) is None:
            said = Words("Không có cơ quan {code} trong people.toml.", "There is no agency {code} in the people file.")
            raise desk.stopped(Exit.NOT_FOUND, said.fill(code=agency))
        stale = stale_sources(session, program.settings.sources, now=min(view.now, desk.clock.now()))
        figures = counts(session, now=view.now, stale_sources=stale)
        rows = late_dossiers(
            session,
            now=view.now,
            agency=agency,
            stages=stage or None,
            limit=limit,
            directory=program.directory,
            stale_sources=stale,
        )
    if desk.as_json:
        dossiers = [asdict(row) | {"late_seconds": row.late_seconds(view.now)} for row in rows]
        desk.print_json({"at": view.now.astimezone(desk.zone), "counts": asdict(figures), "dossiers": dossiers})
        return
    desk.show(
        Words("Hồ sơ cần xử lý lúc {at}", "Dossiers at {at}").fill(at=desk.local(view.now)),
        [
            Words("Mã hồ sơ", "Dossier"),
            Words("Giai đoạn", "Stage"),
            Words("Hẹn trả", "Promised"),
            Words("Cơ quan", "Agency"),
            Words("Thủ tục", "Procedure"),
            Words("Gửi xin lỗi chậm nhất", "Letter by"),
            Words("Văn bản", "Letter"),
        ],
        [
            (
                row.code,
                desk.say(stage_words(row.shown)),
                desk.local(row.promise_at),
                row.agency_name or row.agency_code,
                row.procedure_name or row.procedure_code,
                desk.counted_day(row.letter_by_on, row.letter_provisional),
                desk.say(letter_words(row.letter_state)) if row.letter_state else "",
            )
            for row in rows
        ],
    )
    by_stage = ", ".join(f"{desk.say(stage_words(name))}: {n}" for name, n in sorted(figures.by_stage.items()))
    desk.line(f"{figures.total}: {by_stage}" if by_stage else desk.say(_NOTHING_READ))
    both = Words(
        "Quá ngày hẹn đang có hiệu lực: {now}; quá ngày hẹn đầu tiên: {first} (riêng do đã hẹn lại: {only})",
        "Past the promise in force: {now}; past the first one: {first} (only the first: {only})",
    )
    desk.line(
        desk.say(
            both.fill(now=figures.late_vs_promise, first=figures.late_vs_original, only=figures.late_vs_original_only)
        )
    )
    if len(rows) == limit:
        desk.note(Words(f"Chỉ {limit} dòng đầu; thêm bằng --limit.", f"Only the first {limit} rows; --limit for more."))


def _show_disagreements(desk: Desk, limit: int) -> None:
    from monitor.reports.disagreements import disagreements
    from monitor.store import database

    with desk.program() as program, database.reading(program.engine) as session:
        found = disagreements(session, calendar=program.calendar, terms=program.terms)[:limit]
    if desk.as_json:
        desk.print_json({"disagreements": found})
        return
    desk.show(
        Words("Ngày hẹn trả khác hạn tự tính", "Promised dates that differ from our count"),
        [
            Words("Cơ quan", "Agency"),
            Words("Thủ tục", "Procedure"),
            Words("Đã so", "Compared"),
            Words("Khác", "Differ"),
            Words("Lệch (ngày làm việc: số hồ sơ)", "By (working days: dossiers)"),
            Words("Vì sao", "Why"),
            Words("Ví dụ", "Example"),
        ],
        [
            (
                one.agency_name or one.agency_code,
                one.procedure_name or one.procedure_code,
                one.compared,
                one.differing,
                ", ".join(f"{days:+}: {n}" for days, n in one.by_days.items()),
                ", ".join(f"{desk.say(_REASONS[why])}: {n}" for why, n in one.by_reason.items()),
                one.example,
            )
            for one in found
        ],
    )


_REASONS = {
    "holidays_ignored": Words("không trừ ngày lễ, không tính ngày làm bù", "holidays and make-up days ignored"),
    "first_day": Words("tính khác ngày tiếp nhận", "the day of reception counted otherwise"),
    "cut_off_ignored": Words("không xét giờ chốt nhận", "the cut-off ignored"),
    "calendar_days": Words("tính ngày liên tục", "calendar days counted"),
    "month_as_30_days": Words("tính tháng là 30 ngày", "a month counted as 30 days"),
    "month_as_31_days": Words("tính tháng là 31 ngày", "a month counted as 31 days"),
    "unexplained": Words("chưa rõ", "not explained"),
}

_NOTHING_READ = Words("Chưa có hồ sơ nào. Hãy chạy: dunghen pull", "No dossier yet. Run: dunghen pull")


def _check_stages(desk: Desk, stages: list[str] | None) -> None:
    for name in stages or ():
        if name not in STAGES:
            meant = nearest(name, STAGES)
            raise desk.stopped(
                Exit.REFUSED,
                Words(
                    'Không có giai đoạn "{name}". Hãy dùng: {known}', 'There is no stage "{name}". Use: {known}'
                ).fill(name=name, known=meant or ", ".join(STAGES)),
            )


def explain(
    code: Annotated[str, typer.Argument(help="Code of the dossier.", metavar="CODE")],
    at: AtOption = None,
    known_at: KnownAtOption = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain one dossier: what was said, how the dates were counted, why this stage."""
    from monitor.explain import explain_dossier
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    moment = moments.instant(at, desk.zone) if at else None
    known = moments.instant(known_at, desk.zone) if known_at else None
    with desk.program() as program, database.reading(program.engine) as session:
        try:
            explanation = explain_dossier(
                session,
                code,
                calendar=program.calendar,
                terms=program.terms,
                now=moment or program.clock.now(),
                known_at=known,
                warning=program.rules.warning,
            )
        except LookupError:
            raise desk.stopped(
                Exit.NOT_FOUND, Words("Không có hồ sơ {code}.", "There is no dossier {code}.").fill(code=code)
            ) from None
    if desk.as_json:
        desk.print_json(explanation.json())
        return
    desk.line(explanation.text().rstrip())
