"""`dunghen init`, `dunghen check`, `dunghen demo`: the first hour with the program."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from monitor import DEFAULTS
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit, Stop
from monitor.words import Words

STARTER = ("dunghen.toml", "calendar.toml", "procedures.toml", "people.toml")


def init(
    folder: Annotated[Path, typer.Argument(help="Where to put the files; made if it is not there.")] = Path(),
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a commented configuration file and its companions."""
    desk = Desk(lang=lang, as_json=as_json)
    there = [name for name in STARTER if (folder / name).exists()]
    if there and not force:
        raise desk.stopped(
            Exit.REFUSED,
            Words(
                "Đã có {names} trong {folder}; dùng --force để ghi đè.",
                "{names} already in {folder}; --force overwrites.",
            ).fill(names=", ".join(there), folder=folder),
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in STARTER:
            shutil.copyfile(DEFAULTS / name, folder / name)
    except OSError as error:
        raise Stop(Exit.REFUSED, f"{folder}: {error.strerror}") from None
    if desk.as_json:
        desk.print_json({"folder": folder.resolve(), "files": list(STARTER)})
        return
    desk.line(desk.say(Words("Đã ghi vào {folder}:", "Written to {folder}:").fill(folder=folder.resolve())))
    for name in STARTER:
        desk.line(f"  {name}")
    desk.line(
        desk.say(
            Words(
                "Tiếp theo: mở dunghen.toml, khai báo nguồn dữ liệu, rồi chạy: dunghen check",
                "Next: open dunghen.toml, name your sources, then run: dunghen check",
            )
        )
    )


def check(
    offline: Annotated[bool, typer.Option("--offline", help="Only the files; ask no source and no channel.")] = False,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the configuration, then try each source and each channel without side effects."""
    from monitor.cli.checking import checks

    desk = Desk(config, lang, as_json)
    settings = desk.settings
    with desk.progress(Words("Đang kiểm tra", "Checking")) as advance:
        found = []
        for n, one in enumerate(checks(desk, settings, offline=offline), start=1):
            found.append(one)
            advance(n)
    if desk.as_json:
        desk.print_json({"config": settings.folder, "checks": [one.as_json(desk.language) for one in found]})
    else:
        desk.show(
            Words("Kiểm tra", "Check"),
            [Words("Phần", "Part"), Words("Kết quả", "Result"), Words("Chi tiết", "Detail")],
            [(one.part, desk.say(one.result.words), desk.say(one.said)) for one in found],
        )
    worst = max((one.exit for one in found), default=Exit.OK)
    if worst is not Exit.OK:
        raise Stop(worst)


def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo keeps its files.")] = Path("demo"),
    live: Annotated[bool, typer.Option("--live", help="Stay up, with the sandbox's clock sped up.")] = False,
    size: Annotated[int | None, typer.Option("--size", help="How many dossiers to invent.", min=50)] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Which invented province.")] = None,
    lang: LangOption = None,
) -> None:
    """Run the whole job in front of you, against a sandbox with invented people."""
    desk = Desk(lang=lang)
    try:
        from monitor.sandbox.demo import run_demo
    except ModuleNotFoundError as missing:
        said = Words(
            'Thiếu {name}. Cài thêm: pip install "dunghen[demo]"', 'Missing {name}. Run: pip install "dunghen[demo]"'
        )
        raise desk.stopped(Exit.REFUSED, said.fill(name=missing.name)) from None
    from monitor.sandbox.demo import SEED

    code = run_demo(folder, live=live, size=size, seed=SEED if seed is None else seed, lang=desk.language)
    if code:
        raise Stop(Exit(code))  # it said why
