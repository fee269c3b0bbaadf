"""`dunghen run`, `dunghen pull`, `dunghen judge`: the passes of the daemon, by hand."""

import logging
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import moments
from monitor.cli.desk import AtOption, ConfigOption, Desk, JsonOption, KnownAtOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.cli.scratch import is_past, on_scratch
from monitor.cli.terms import result_words, stage_words
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.judge import JudgeCount


def run(config: ConfigOption = None, lang: LangOption = None) -> None:
    """Run the daemon: read, judge, write letters, tell, show, until told to stop."""
    from monitor import daemon, logs

    desk = Desk(config, lang)
    logs.set_up()
    with desk.program() as program:
        code = daemon.run(program)
    if code:
        raise Stop(Exit(code))


def pull(
    sources: Annotated[
        list[str] | None, typer.Argument(help="Names of sources; all without any.", metavar="SOURCE")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything, not only what may have changed.")] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read the sources now and store what they say."""
    desk = Desk(config, lang, as_json)
    quiet_logs()
    known = [source.name for source in desk.settings.sources]
    names = list(sources or known)
    unknown = [name for name in names if name not in known]
    if unknown:
        said = Words("Không có nguồn {name}. Các nguồn: {known}", "There is no source {name}. Sources: {known}")
        raise desk.stopped(Exit.NOT_FOUND, said.fill(name=", ".join(unknown), known=", ".join(known) or "-"))
    counts = []
    with desk.program() as program, desk.progress(Words("Đang đọc", "Reading"), total=len(names)) as advance:
        for n, name in enumerate(names, start=1):
            counts += program.pull([name], full=full, even_if_waiting=True)
            advance(n)
    if desk.as_json:
        desk.print_json({"pulls": counts})
    else:
        desk.show(
            Words("Đã đọc", "Read"),
            [
                Words("Nguồn", "Source"),
                Words("Kết quả", "Result"),
                Words("Hồ sơ", "Dossiers"),
                Words("Thay đổi", "Changed"),
                Words("Để riêng", "Set aside"),
                Words("Nguồn nói", "Said"),
            ],
            [(c.source, desk.say(result_words(c.result)), c.seen, c.changed, c.set_aside, c.said) for c in counts],
        )
    if any(count.result != "ok" for count in counts):
        raise Stop(Exit.PEER)


def judge(
    at: AtOption = None,
    known_at: KnownAtOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")] = False,
    scratch: Annotated[bool, typer.Option("--scratch", help="Judge a throw-away copy of the store.")] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge what is due. Before the last real judging this is a dry run: history is never written backwards."""
    desk = Desk(config, lang, as_json)
    quiet_logs()
    with desk.program() as program:
        now = program.clock.now()
        moment = moments.instant(at, desk.zone) if at else now
        known = moments.instant(known_at, desk.zone) if known_at else moment
        # a judgement of another time than now is an opinion, not history: it goes to a copy that is thrown away
        elsewhere = scratch or known_at is not None or moment > now or is_past(program, moment)
        if elsewhere:
            with on_scratch(desk, program, moment, known) as view:
                count = view.judged
            if not (scratch or dry_run):
                desk.note(_ON_A_COPY, style="yellow")
        else:
            with desk.progress(Words("Đang xét", "Judging")):
                count = program.judge(moment if at else None, dry_run=dry_run)
    assert count is not None
    _show_count(desk, count, moment, written=not (elsewhere or dry_run))


_ON_A_COPY = Words(
    "Thời điểm này không phải hiện tại: chỉ tính thử trên bản sao, không ghi gì.",
    "This is not the present moment: tried on a copy, nothing was written.",
)


def _show_count(desk: Desk, count: "JudgeCount", at: datetime, *, written: bool) -> None:
    figures = {one.name: getattr(count, one.name) for one in fields(count)}  # asdict cannot copy a Counter
    if desk.as_json:
        desk.print_json({"at": at.astimezone(desk.zone), "written": written} | figures)
        return
    title = Words("Đã xét đến {at}", "Judged up to {at}") if written else Words("Tính thử đến {at}", "Tried for {at}")
    rows = [
        (desk.say(Words("Hồ sơ đã xét", "Dossiers judged")), count.judged),
        (desk.say(Words("Đổi giai đoạn", "Changes of stage")), count.crossings),
        (desk.say(Words("Văn bản xin lỗi phải có", "Letters newly owed")), count.letters_owed),
        (desk.say(Words("Thông báo phải gửi", "Notices newly owed")), count.notices_owed),
        *((desk.say(stage_words(stage)), number) for stage, number in sorted(count.stages.items())),
    ]
    desk.show(title.fill(at=desk.local(at)), [Words("Mục", "What"), Words("Số", "Number")], rows)


def quiet_logs() -> None:
    """By hand the table is the answer; only warnings of the log come beside it."""
    from monitor import logs

    logs.set_up(level=logging.WARNING)
