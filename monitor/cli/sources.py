"""`dunghen sources`: how each source stands, why one is not believed, and what a person may say about it."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from connectors.base import Gate
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.source_arguments import ByOption, NameArgument, configured
from monitor.cli.source_import import IMPORT_COMMANDS
from monitor.cli.source_links import LINK_COMMANDS
from monitor.cli.source_recordings import RECORDING_COMMANDS
from monitor.cli.terms import result_words
from monitor.gate_words import GATES
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.reports.sources import SourceRow

sources_app = typer.Typer(
    help="Show each source: how old its word is, what it last said, what was set aside.",
    invoke_without_command=True,
    no_args_is_help=False,
)


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


for _name, _command in (*RECORDING_COMMANDS, *IMPORT_COMMANDS, *LINK_COMMANDS):
    sources_app.command(_name)(_command)


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
