"""`dunghen sources`: how each source stands, why one is not believed, and what a person may say about it."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from connectors.base import Capability, Gate
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.cli.terms import result_words
from monitor.gate_words import GATES
from monitor.settings import AnySource
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.preview import Preview
    from monitor.recordings import Told
    from monitor.reports.sources import SourceRow

sources_app = typer.Typer(
    help="Show each source: how old its word is, what it last said, what was set aside.",
    invoke_without_command=True,
    no_args_is_help=False,
)
NameArgument = Annotated[str, typer.Argument(help="Name of the source.", metavar="SOURCE")]
ByOption = Annotated[str, typer.Option("--by", help="Who does this: name or code of the official.", metavar="NAME")]
WhyOption = Annotated[str, typer.Option("--why", help="In a few words, for the log.", metavar="WORDS")]
ViewArgument = Annotated[
    str, typer.Argument(help="A dossier at a source: its name, a colon, the code or key there.", metavar="SOURCE:CODE")
]


@sources_app.callback()
def sources(
    context: typer.Context,
    bad: Annotated[bool, typer.Option("--bad", help="Also list the rows that were set aside.")] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show each source: how old its word is, what it last said, what was set aside."""
    if context.invoked_subcommand is None:
        _list(Desk(config, lang, as_json), bad)


@sources_app.command("show")
def show(name: NameArgument, config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False) -> None:
    """Show one source: its last readings, why they were not believed, and what to do about it."""
    from monitor.reports.sources import last_pulls, open_gates, source_health
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    source = configured(desk, name)
    with desk.program() as program, database.reading(program.engine) as session:
        now = program.clock.now()
        (row,) = source_health(session, [source], now=now)
        gates, pulls = open_gates(session, name), last_pulls(session, name)
        can = sorted(program.connector(source).capabilities)
    told = [
        asdict(gate)
        | {
            "meaning": desk.say(GATES[Gate(gate.gate)].meaning),
            "todo": desk.say(GATES[Gate(gate.gate)].todo.fill(name=name)),
        }
        for gate in gates
    ]
    if desk.as_json:
        desk.print_json(
            {"at": now.astimezone(desk.zone), "source": row, "capabilities": can, "gates": told, "pulls": pulls}
        )
        return
    facts = [
        (Words("Kết quả cuối", "Last result"), desk.say(result_words(row.result))),
        (Words("Nguồn nói", "Said"), row.said),
        (Words("Tuổi tin", "Age"), _age(desk, row.age_s) + (desk.say(_SILENT) if row.stale else "")),
        (Words("Đọc toàn bộ lần cuối", "Last full sweep"), desk.local(row.last_full_at)),
        (
            Words("Lỗi liên tiếp", "Failures in a row"),
            f"{row.failures}{desk.say(_BREAKER) if row.breaker_open else ''}",
        ),
        (Words("Đọc lại không sớm hơn", "Not read before"), desk.local(row.retry_not_before_at)),
        (Words("Hồ sơ đã biết", "Dossiers known"), row.dossiers),
        (Words("Không còn thấy", "No longer shown"), row.unseen),
        (Words("Mất dấu", "Said to be missing"), row.missing),
        (Words("Chỉ đợt đọc toàn bộ mới thấy", "Seen by the full sweep only"), row.drifted),
        (Words("Để riêng", "Set aside"), row.set_aside),
        (Words("Khả năng", "Capabilities"), ", ".join(can)),
    ]
    desk.show(
        Words("Nguồn {name}", "Source {name}").fill(name=name),
        [Words("Mục", "What"), Words("", "")],
        [(desk.say(what), value) for what, value in facts],
    )
    if told:
        desk.show(
            Words("Chưa tin vì", "Not believed because"),
            [Words("Điều thấy", "Seen"), Words("Nguồn nói", "Said"), Words("Lần cuối", "Last"),
             Words("Số lần", "Times"), Words("Bằng chứng", "Evidence"), Words("Việc phải làm", "What to do")],
            [
                (g["meaning"], g["said"], desk.local(g["last_seen_at"]), g["times_seen"], g["evidence_id"], g["todo"])
                for g in told
            ],
        )  # fmt: skip
    desk.show(
        Words("Các lần đọc gần nhất", "Last readings"),
        [Words("Lúc", "At"), Words("Phạm vi", "Reach"), Words("Kết quả", "Result"), Words("Trang", "Pages"),
         Words("Hồ sơ", "Dossiers"), Words("Thay đổi", "Changed"), Words("Để riêng", "Set aside"),
         Words("Sót", "Drift")],
        [
            (desk.local(p.began_at), p.reach, desk.say(result_words(p.result)), p.pages, p.rows_seen, p.rows_changed,
             p.rows_set_aside, p.rows_drifted)
            for p in pulls
        ],
    )  # fmt: skip


@sources_app.command("accept")
def accept(
    name: NameArgument, by: ByOption, config: ConfigOption = None, lang: LangOption = None, as_json: JsonOption = False
) -> None:
    """Take what a source says now as its new normal: so few dossiers, or rows without a field they used to have."""
    from monitor.quarantine import accept as accept_reading
    from monitor.reports.sources import last_pulls
    from monitor.store import audit

    desk = Desk(config, lang, as_json)
    configured(desk, name)
    with desk.program() as program, program.sessions.begin() as session:
        now = program.clock.now()
        seen = next((pull.rows_seen for pull in last_pulls(session, name) if pull.result == "quarantined"), 0)
        opened = accept_reading(session, name, seen, now, by=by)
        if opened:
            audit.append(
                session, at=now, actor=by, action="source.accept", subject=name, detail={"gates": opened, "rows": seen}
            )
    if not opened:
        raise desk.stopped(
            Exit.REFUSED,
            Words(
                "Nguồn {name} không có điều gì chấp nhận được; xem: dunghen sources show {name}",
                "There is nothing to accept at {name}; see: dunghen sources show {name}",
            ).fill(name=name),
        )
    if desk.as_json:
        desk.print_json({"source": name, "accepted": opened})
        return
    desk.line(desk.say(Words("Đã chấp nhận: {gates}", "Accepted: {gates}").fill(gates=", ".join(opened))))


@sources_app.command("record")
def record(
    name: NameArgument,
    folder: Annotated[Path, typer.Argument(help="A new folder for the recording.", metavar="FOLDER")],
    pages: Annotated[int, typer.Option("--pages", help="At most so many pages of the list.", min=1)] = 3,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record a little of what a source answers, persons and secrets replaced, to be looked into elsewhere."""
    from connectors.kit.http import RequestsTransport
    from connectors.kit.settings import HttpSourceSettings
    from monitor.recordings import record as record_source

    desk = Desk(config, lang, as_json)
    source = configured(desk, name)
    if not isinstance(source, HttpSourceSettings):
        said = Words(
            "Nguồn này không đọc qua mạng: hãy giữ bản sao của tệp hoặc của khung nhìn.",
            "This source is not read over a network: keep a copy of its file or its view.",
        )
        raise desk.stopped(Exit.REFUSED, said)
    if folder.exists() and any(folder.iterdir()):
        said = Words("Thư mục {folder} không trống.", "The folder {folder} is not empty.")
        raise desk.stopped(Exit.REFUSED, said.fill(folder=folder))
    with RequestsTransport(source, desk.clock) as transport:
        told = record_source(source, transport, desk.clock, folder, pages=pages)
    _show_told(desk, name, told, folder)


@sources_app.command("replay")
def replay(
    folder: Annotated[Path, typer.Argument(help="A folder that `sources record` made.", metavar="FOLDER")],
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a recording again, offline: what its source would bring, and what is wrong with it."""
    from pydantic import ValidationError

    from connectors.kit.recording import NotARecording
    from monitor.recordings import NotRecordable
    from monitor.recordings import replay as replay_folder

    desk = Desk(None, lang, as_json)
    try:
        source, told = replay_folder(folder)
    except (NotARecording, NotRecordable, ValidationError) as error:
        name = str(error).splitlines()[0]
        said = Words("Không phải bản ghi đọc được: {name}", "No recording that can be read: {name}")
        raise desk.stopped(Exit.REFUSED, said.fill(name=name)) from None
    _show_told(desk, source.name, told, folder)


def _show_told(desk: Desk, name: str, told: "Told", folder: Path) -> None:
    if desk.as_json:
        figures = {"pages": told.pages, "records": told.records, "statuses": dict(told.statuses)}
        rest = {"unknown": dict(told.unknown), "set_aside": told.bad, "trouble": told.trouble, "gate": told.gate}
        desk.print_json({"source": name, "folder": folder, **figures, **rest, "ends": told.ends})
    else:
        rows: list[tuple[Words, object]] = [
            (Words("Trang", "Pages"), told.pages),
            (Words("Hồ sơ", "Dossiers"), told.records),
            (Words("Trạng thái", "States"), ", ".join(f"{s}: {n}" for s, n in sorted(told.statuses.items()))),
            (Words("Mã trạng thái lạ", "Unknown states"), ", ".join(sorted(told.unknown))),
            (Words("Để riêng", "Set aside"), "; ".join(f"{field}: {problem}" for _, field, problem in told.bad)),
            (Words("Trục trặc", "Trouble"), told.trouble),
            (Words("Bản ghi hết ở đây", "The recording ends here"), "✓" if told.ends else ""),
        ]
        desk.show(
            Words("Bản ghi {folder}", "Recording {folder}").fill(folder=folder),
            [Words("Mục", "What"), Words("", "")],
            [(desk.say(what), value) for what, value in rows],
        )
    if told.trouble:
        raise Stop(Exit.PEER)


@sources_app.command("import")
def import_(
    name: NameArgument,
    file: Annotated[Path, typer.Argument(help="A table made by hand or exported: .csv, .xlsx, .xls, .ods.")],
    apply: Annotated[
        str, typer.Option("--apply", help="Apply it: the mark that the preview printed.", metavar="MARK")
    ] = "",
    by: Annotated[str, typer.Option("--by", help="Who does this: name or code of the official.", metavar="NAME")] = "",
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a table would change at a spreadsheet source; with --apply and the mark shown, change it."""
    from connectors.base import SourceError
    from monitor.preview import ByHand, preview
    from monitor.pull import pull_source
    from monitor.store import audit, database
    from monitor.wiring import make_connector, source_rules

    desk = Desk(config, lang, as_json)
    source = configured(desk, name)
    if Capability.FILE not in make_connector(source, desk.clock).capabilities:
        said = Words("Chỉ nhập tệp vào nguồn đọc từ tệp.", "Only a source that reads a file takes one.")
        raise desk.stopped(Exit.REFUSED, said)
    if apply and not by:
        raise desk.stopped(Exit.REFUSED, Words("Thiếu --by: ai nhập tệp này?", "Who does this? --by is missing."))
    with desk.program() as program:
        now = program.clock.now()
        connector = make_connector(source.model_copy(update={"path": file.resolve()}), program.clock)
        try:
            with database.reading(program.engine) as session:
                found = preview(session, name, connector, now)
        except SourceError as error:
            raise desk.stopped(Exit.PEER, Words(error.said, error.said)) from None
        if apply and apply != found.digest:
            said = Words(
                "Tệp hoặc dữ liệu đã khác lúc xem: hãy xem lại rồi dùng dấu {mark}.",
                "The file or the store differs from what was looked at: look again, then use the mark {mark}.",
            )
            raise desk.stopped(Exit.REFUSED, said.fill(mark=found.digest))
        if apply:
            count = pull_source(
                program.sessions, source_rules(source), ByHand(connector), program.intake, program.clock,
                by_hand=True, even_if_waiting=True,
            )  # fmt: skip
            if count.result != "ok":
                raise desk.stopped(Exit.PEER, Words(count.said, count.said))
            with program.sessions.begin() as session:
                detail = {"mark": apply, "new": len(found.new), "changed": found.changed, "set_aside": len(found.bad)}
                audit.append(session, at=now, actor=by, action="source.import", subject=name, detail=detail)
    _show_preview(desk, name, found, applied=bool(apply))


def _show_preview(desk: Desk, name: str, found: "Preview", *, applied: bool) -> None:
    set_aside = [{"key": bad.key, "field": bad.field, "problem": bad.problem} for bad in found.bad]
    if desk.as_json:
        desk.print_json(
            {"source": name, "applied": applied, "mark": found.digest, "new": found.new, "changes": found.changes,
             "changed": found.changed, "same": found.same, "absent": found.absent, "set_aside": set_aside}
        )  # fmt: skip
        return
    rows = [(code, desk.say(Words("hồ sơ mới", "new dossier")), "", "") for code in found.new[:_MOST_SHOWN]]
    rows += [(c.code, c.field, _moment(desk, c.before), _moment(desk, c.after)) for c in found.changes[:_MOST_SHOWN]]
    desk.show(
        Words("Thay đổi", "Changes"),
        [Words("Mã hồ sơ", "Dossier"), Words("Mục", "What"), Words("Đang có", "Before"), Words("Sẽ là", "After")],
        rows,
    )
    if set_aside:
        desk.show(
            Words("Dòng để riêng", "Rows set aside"),
            [Words("Khóa", "Key"), Words("Trường", "Field"), Words("Vì sao", "Problem")],
            [(one["key"], one["field"], one["problem"]) for one in set_aside[:_MOST_SHOWN]],
        )
    counts = Words(
        "mới {new}, đổi {changed}, giữ nguyên {same}, để riêng {bad}; tệp thiếu {absent} hồ sơ đang mở (để yên)",
        "new {new}, changed {changed}, same {same}, set aside {bad}, {absent} open ones not in it (left as they are)",
    )
    desk.line(
        desk.say(
            counts.fill(
                new=len(found.new), changed=found.changed, same=found.same, bad=len(found.bad), absent=len(found.absent)
            )
        )
    )
    if applied:
        desk.line(desk.say(Words("Đã nhập.", "Applied.")))
    else:
        desk.line(
            desk.say(
                Words(
                    "Chưa ghi gì. Để nhập: --apply {mark} --by …", "Nothing written. To apply: --apply {mark} --by …"
                ).fill(mark=found.digest)
            )
        )


_MOST_SHOWN = 200


def _moment(desk: Desk, text: str) -> str:
    try:
        return desk.local(datetime.fromisoformat(text))
    except ValueError:
        return text


@sources_app.command("link")
def link(
    one: ViewArgument, other: ViewArgument, by: ByOption, why: WhyOption, config: ConfigOption = None,
    lang: LangOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say that two systems show the same dossier: the first joins the second, whose duties stand."""
    from monitor.identity import NotLinked, link_by_hand, view_named
    from monitor.intake import project
    from monitor.store import audit

    desk = Desk(config, lang, as_json)
    with desk.program() as program, program.sessions.begin() as session:
        now = program.clock.now()
        first, second = (_view(desk, session, name, view_named) for name in (one, other))
        try:
            touched = link_by_hand(session, first, second, why, now)
        except NotLinked:
            raise desk.stopped(
                Exit.REFUSED, Words("Hai hồ sơ này đã là một.", "These are one dossier already.")
            ) from None
        project(session, touched, program.intake, now)
        audit.append(
            session, at=now, actor=by, action="dossier.link", subject=str(second.dossier_id),
            detail={"one": one, "other": other, "why": why},
        )  # fmt: skip
    _said(desk, {"linked": [one, other]}, Words("Đã nối. Chạy tiếp: dunghen judge", "Linked. Next: dunghen judge"))


@sources_app.command("unlink")
def unlink(
    view: ViewArgument, by: ByOption, why: WhyOption, config: ConfigOption = None, lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Say that a system shows another dossier than the rest of its group; both are judged again."""
    from monitor.identity import NotLinked, part_by_hand, view_named
    from monitor.intake import project
    from monitor.store import audit

    desk = Desk(config, lang, as_json)
    with desk.program() as program, program.sessions.begin() as session:
        now = program.clock.now()
        found = _view(desk, session, view, view_named)
        before = found.dossier_id
        try:
            own = part_by_hand(session, found, why, now)
        except NotLinked:
            raise desk.stopped(
                Exit.REFUSED, Words("Hồ sơ này chỉ có ở một nguồn.", "Only one source shows this dossier.")
            ) from None
        project(session, {before, own}, program.intake, now)
        audit.append(
            session, at=now, actor=by, action="dossier.unlink", subject=str(before), detail={"view": view, "why": why}
        )
    _said(desk, {"unlinked": view}, Words("Đã tách. Chạy tiếp: dunghen judge", "Parted. Next: dunghen judge"))


def configured(desk: Desk, name: str) -> AnySource:
    """The source of that name in the configuration. Stops with NOT_FOUND."""
    for source in desk.settings.sources:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in desk.settings.sources) or "-"
    said = Words("Không có nguồn {name}. Các nguồn: {known}", "There is no source {name}. Sources: {known}")
    raise desk.stopped(Exit.NOT_FOUND, said.fill(name=name, known=known))


def _view(desk: Desk, session: Any, name: str, find: Any) -> Any:
    from monitor.identity import NoSuchView

    try:
        return find(session, name)
    except NoSuchView:
        said = Words(
            "Không có (hoặc có nhiều) hồ sơ {name}; viết: nguồn:mã", "No dossier {name}, or several; write source:code"
        )
        raise desk.stopped(Exit.NOT_FOUND, said.fill(name=name)) from None


def _said(desk: Desk, value: dict[str, object], words: Words) -> None:
    if desk.as_json:
        desk.print_json(value)
    else:
        desk.line(desk.say(words))


_SILENT = Words(" (im lặng)", " (silent)")
_BREAKER = Words(" (tạm ngắt: hỏi thử một lời gọi trước khi đọc)", " (breaker open: one small call before a reading)")


def _list(desk: Desk, bad: bool) -> None:
    from monitor.reports.sources import set_aside, source_health
    from monitor.store import database

    with desk.program() as program, database.reading(program.engine) as session:
        now = program.clock.now()
        rows = source_health(session, program.settings.sources, now=now)
        aside = set_aside(session) if bad else []
    if desk.as_json:
        answer: dict[str, object] = {"at": now.astimezone(desk.zone), "sources": rows}
        desk.print_json(answer | ({"set_aside": aside} if bad else {}))
        return
    desk.show(
        Words("Nguồn dữ liệu", "Sources"),
        [
            Words("Nguồn", "Source"),
            Words("Loại", "Kind"),
            Words("Tuổi tin", "Age"),
            Words("Lần cuối", "Last result"),
            Words("Hồ sơ", "Dossiers"),
            Words("Để riêng", "Set aside"),
            Words("Nguồn nói", "Said"),
        ],
        [
            (
                row.name,
                f"{row.kind} ({row.role})",
                _age(desk, row.age_s) + (desk.say(Words(" (im lặng)", " (silent)")) if row.stale else ""),
                desk.say(result_words(row.result)),
                row.dossiers,
                row.set_aside,
                row.said or desk.say(_more(row)),
            )
            for row in rows
        ],
    )
    if bad:
        desk.show(
            Words("Dòng để riêng", "Rows set aside"),
            [
                Words("Nguồn", "Source"),
                Words("Khóa", "Key"),
                Words("Trường", "Field"),
                Words("Vì sao", "Problem"),
                Words("Số lần", "Times"),
                Words("Lần cuối", "Last seen"),
            ],
            [(a.source, a.key, a.field, a.problem, a.times_seen, desk.local(a.last_seen_at)) for a in aside],
        )


def _more(row: "SourceRow") -> Words:
    """What else should be looked at where the last reading was good."""
    parts = [
        (row.missing, Words("mất dấu: {n}", "missing: {n}")),
        (row.drifted, Words("đợt đọc toàn bộ bắt được: {n}", "found by the full sweep only: {n}")),
    ]
    said = [words.fill(n=number) for number, words in parts if number]
    return Words("; ".join(w.vi for w in said), "; ".join(w.en for w in said))


def _age(desk: Desk, seconds: int | None) -> str:
    """`3 giờ 5 phút`; a source that was never read has no age."""
    if seconds is None:
        return desk.say(Words("chưa đọc", "never read"))
    days, rest = divmod(seconds, 86_400)
    hours, minutes = rest // 3600, rest // 60 % 60
    parts = [(days, Words("ngày", "d")), (hours, Words("giờ", "h")), (minutes, Words("phút", "min"))]
    shown = [f"{n} {desk.say(unit)}" for n, unit in parts if n][:2]
    return " ".join(shown) or desk.say(Words("dưới 1 phút", "under 1 min"))
