"""What every command needs: language, output, settings, the program. One object, made from the common options."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from monitor import DEFAULTS, settings_file
from monitor.cli.exits import Exit, Stop
from monitor.clock import Clock, SystemClock
from monitor.mistakes import SettingsRefused
from monitor.settings import Settings
from monitor.words import Language, Words, language_of

if TYPE_CHECKING:
    from monitor.wiring import Program

ConfigOption = Annotated[Path | None, typer.Option("--config", "-c", help="The configuration file.", metavar="FILE")]
LangOption = Annotated[str | None, typer.Option("--lang", help="Language of the messages: vi or en.", metavar="LANG")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
AtOption = Annotated[
    str | None, typer.Option("--at", help="The moment to judge: 2026-11-23 or 2026-11-23T08:00.", metavar="INSTANT")
]
KnownAtOption = Annotated[
    str | None,
    typer.Option(
        "--known-at", help="Hide what was first heard after this moment (default: as --at).", metavar="INSTANT"
    ),
]

Advance = Callable[..., None]  # (done, total=None)
clock: Clock = SystemClock()  # the command line runs on the machine's clock; a test puts another one here


@dataclass
class Desk:
    """The place a command works at."""

    config: Path | None = None
    lang: str | None = None
    as_json: bool = False

    @cached_property
    def language(self) -> Language:
        return language_of(self.lang or before.lang)

    @cached_property
    def out(self) -> Console:
        return _console(sys.stdout)

    @cached_property
    def err(self) -> Console:
        return _console(sys.stderr)

    @cached_property
    def settings(self) -> Settings:
        """The configuration. Stops with REFUSED after listing every mistake."""
        return self.read(self.config or before.config)

    @cached_property
    def settings_or_starter(self) -> Settings:
        """The configuration, or the starter file that came with the program where there is none."""
        named = self.config or before.config
        try:
            settings_file.find(named, os.environ)
        except SettingsRefused:
            if named is None and not os.environ.get(settings_file.VARIABLE):
                self.note(
                    Words(
                        "Không có tệp cấu hình: tính theo lịch của tệp mẫu.",
                        "No configuration file: counting with the starter's calendar.",
                    )
                )
                named = DEFAULTS / settings_file.FILE_NAME
        return self.read(named)

    def read(self, path: Path | None) -> Settings:
        try:
            loaded = settings_file.read(path)
        except SettingsRefused as refused:
            self.refuse(refused)
        for warning in loaded.warnings:
            self.err.print(warning.line(self.language), style="yellow", markup=False)
        return loaded.settings

    def refuse(self, refused: SettingsRefused) -> NoReturn:
        """Every mistake, then the end."""
        if self.as_json:
            self.print_json({"mistakes": [mistake.as_json(self.language) for mistake in refused.mistakes]})
        for mistake in refused.mistakes:
            self.err.print(mistake.line(self.language), style="red", markup=False)
        raise Stop(Exit.REFUSED)

    @property
    def clock(self) -> Clock:
        return clock

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.settings.site.timezone)

    def local(self, at: datetime | None) -> str:
        """An instant as people here read it: `09:15 20/11/2026`."""
        return "" if at is None else f"{at.astimezone(self.zone):%H:%M %d/%m/%Y}"

    def counted_day(self, on: date | None, provisional: bool) -> str:
        """A day that follows from the calendar, with a word where it hangs on one not officially announced."""
        unsure = self.say(Words(" (tạm tính)", " (provisional)")) if provisional else ""
        return "" if on is None else f"{on:%d/%m/%Y}{unsure}"

    @contextmanager
    def program(self) -> Iterator["Program"]:
        """The wired program, closed afterwards."""
        from monitor.cli.opening import opened

        with opened(self) as program:
            yield program

    def say(self, words: Words) -> str:
        return words.say(self.language)

    def note(self, words: Words, style: str = "") -> None:
        """A remark for the person; never mixed into output that a program may read."""
        self.err.print(self.say(words), style=style, markup=False)

    def stopped(self, code: Exit, words: Words) -> Stop:
        """What to raise to end the command here."""
        return Stop(code, self.say(words))

    def print_json(self, value: object) -> None:
        self.out.file.write(json.dumps(value, default=_plain, ensure_ascii=False, indent=2) + "\n")

    def show(self, title: Words, columns: Sequence[Words], rows: Iterable[Sequence[object]]) -> None:
        """A table. Cells are shown as they are: no markup is read from data."""
        table = Table(title=self.say(title), title_justify="left", header_style="bold")
        for column in columns:
            table.add_column(self.say(column), overflow="fold")
        for row in rows:
            table.add_row(*(_cell(value) for value in row))
        self.out.print(table)

    def line(self, text: str, style: str = "") -> None:
        self.out.print(text, style=style, markup=False, highlight=False)

    @contextmanager
    def progress(self, words: Words, total: int | None = None) -> Iterator[Advance]:
        """A bar on a terminal, silence elsewhere and under --json."""
        if self.as_json or not self.err.is_terminal:
            yield lambda _done, _total=None: None
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task(self.say(words), total=total)
            yield lambda done, of=None: bar.update(task, completed=done, total=of if of is not None else total)


@dataclass
class BeforeTheCommand:
    """Options written before the command's name: `dunghen --config x late`. Set anew at each call of the program."""

    config: Path | None = None
    lang: str | None = None


before = BeforeTheCommand()


def _console(file: Any) -> Console:
    return Console(file=file, width=None if file.isatty() else 160, soft_wrap=False)


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _plain(value: object) -> object:
    """What JSON has no form for: instants with their zone, days, enums, dataclasses."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case Enum():
            return value.value
        case Path():
            return str(value)
        case set() | frozenset():
            return sorted(value)
        case Mapping():
            return dict(value)
        case _:
            pass
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"no JSON form for {type(value).__name__}")
