"""`dunghen sources import`: what a table made by hand would change, shown before it does."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connectors.base import Capability
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.cli.source_arguments import NameArgument, configured
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.preview import Preview


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
    from monitor.adapters import make_connector, source_rules
    from monitor.preview import ByHand, preview
    from monitor.pull import pull_source
    from monitor.store import audit, database

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


IMPORT_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (("import", import_),)
