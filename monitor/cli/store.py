"""`dunghen db`: the store's schema, its copies, and putting a copy back."""

import os
from pathlib import Path
from typing import Annotated

import typer

from monitor.backups import NotWhole, assert_whole, back_up, copy_sqlite, sqlite_file
from monitor.cli.desk import ConfigOption, Desk, JsonOption, LangOption
from monitor.cli.exits import Exit
from monitor.words import Words

db_app = typer.Typer(help="The store: upgrade, backup, restore.", no_args_is_help=True)

_USE_PG_TOOLS = Words(
    "Cơ sở dữ liệu PostgreSQL: dùng pg_dump -Fc và pg_restore (xem docs/sysadmin.md).",
    "This store is PostgreSQL: use pg_dump -Fc and pg_restore (see docs/sysadmin.md).",
)


@db_app.command("upgrade")
def upgrade(
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring the store's schema up to this program's."""
    from monitor.cli.opening import is_unused, saying_why
    from monitor.store import database, migrate

    desk = Desk(config, lang, as_json)
    with saying_why(desk):
        is_unused(desk.settings.database.url)  # makes the folder
        engine = database.open_engine(desk.settings.database.url)
        try:
            revision = migrate.upgrade(engine)
        finally:
            engine.dispose()
    if desk.as_json:
        desk.print_json({"revision": revision})
        return
    desk.line(desk.say(Words("Lược đồ: {revision}", "Schema: {revision}").fill(revision=revision)))


@db_app.command("backup")
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="The copy; without it one in data_dir/backups.", metavar="FILE")
    ] = None,
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the store to a file, whole, while the daemon goes on."""
    desk = Desk(config, lang, as_json)
    source = _sqlite_file(desk)
    if not source.is_file():
        raise desk.stopped(Exit.NOT_FOUND, Words(f"Chưa có {source}.", f"There is no {source} yet."))
    stamp = desk.clock.now().astimezone(desk.zone)
    target = file or desk.settings.site.data_dir / "backups" / f"dunghen-{stamp:%Y%m%d-%H%M%S}.db"
    if target.exists():
        raise desk.stopped(Exit.REFUSED, Words(f"Đã có {target}.", f"{target} is there already."))
    try:
        back_up(source, target)
    except NotWhole:
        raise desk.stopped(Exit.STORE, _not_whole(target)) from None
    if desk.as_json:
        desk.print_json({"file": target.resolve(), "bytes": target.stat().st_size})
        return
    desk.line(str(target.resolve()))


@db_app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="A copy made by `dunghen db backup`.", metavar="FILE")],
    config: ConfigOption = None,
    lang: LangOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a copy in the store's place. What was there stays beside it. Not while the daemon runs."""
    from monitor.cli.opening import saying_why
    from monitor.one_instance import AlreadyRunning, OneInstance
    from monitor.store import database

    desk = Desk(config, lang, as_json)
    target = _sqlite_file(desk)
    if not file.is_file():
        raise desk.stopped(Exit.NOT_FOUND, Words(f"Không có tệp {file}.", f"There is no file {file}."))
    _assert_whole(desk, file)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".restoring")
    with saying_why(desk):
        engine = database.open_engine(f"sqlite:///{target}")
        try:
            with OneInstance(desk.settings.site.data_dir, engine):
                engine.dispose()
                copy_sqlite(file, part)
                kept = _set_aside(desk, target)
                os.replace(part, target)
        except AlreadyRunning:
            said = Words("Hãy dừng dunghen run trước.", "Stop the daemon first.")
            raise desk.stopped(Exit.REFUSED, said) from None
        finally:
            engine.dispose()
            part.unlink(missing_ok=True)
    if desk.as_json:
        desk.print_json({"restored": target, "kept": kept})
        return
    said = Words("Đã khôi phục. Dữ liệu trước đó: {kept}", "Restored. What was there before: {kept}")
    desk.line(desk.say(said.fill(kept=kept)))


def _sqlite_file(desk: Desk) -> Path:
    from monitor.cli.opening import refuse_as_root

    refuse_as_root(desk)
    found = sqlite_file(desk.settings.database.url)
    if found is None:
        raise desk.stopped(Exit.REFUSED, _USE_PG_TOOLS)
    return found


def _assert_whole(desk: Desk, file: Path) -> None:
    try:
        assert_whole(file)
    except NotWhole:
        raise desk.stopped(Exit.STORE, _not_whole(file)) from None


def _not_whole(file: Path) -> Words:
    return Words(f"{file} không phải bản sao lành lặn của Đúng Hẹn.", f"{file} is not a sound copy of a store.")


def _set_aside(desk: Desk, target: Path) -> Path:
    """Moves the present store out of the way, with what SQLite keeps beside it."""
    stamp = f"{desk.clock.now().astimezone(desk.zone):%Y%m%d-%H%M%S}"
    kept = target.with_name(f"{target.name}.before-restore-{stamp}")
    for suffix in ("", "-wal", "-shm"):
        beside = target.with_name(target.name + suffix)
        if beside.exists():
            os.replace(beside, kept.with_name(kept.name + suffix))
    return kept
