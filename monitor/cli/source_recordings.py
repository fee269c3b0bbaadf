"""`dunghen sources record` and `replay`: a little of what a source answers, kept without persons, and read again."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.cli.source_arguments import NameArgument, configured
from monitor.words import Words

if TYPE_CHECKING:
    from monitor.recordings import Told


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


RECORDING_COMMANDS: tuple[tuple[str, Callable[..., None]], ...] = (("record", record), ("replay", replay))
