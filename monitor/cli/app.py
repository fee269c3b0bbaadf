"""The command `dunghen`. Every command is a function of `monitor.cli`; this module names them and ends the process."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from monitor import __version__
from monitor.cli import alert_channels as _alert_channels  # noqa: F401 - adds its commands to the alerts'
from monitor.cli import answers as _answers  # noqa: F401 - adds its commands to the alerts'
from monitor.cli import desk as desk_module
from monitor.cli import ladders as _ladders  # noqa: F401 - adds its commands to the alerts'
from monitor.cli import months as _months  # noqa: F401 - adds its command to the calendar's
from monitor.cli import people_exchange as _people_exchange  # noqa: F401 - adds its commands to the people's
from monitor.cli import recalendar as _recalendar  # noqa: F401 - adds its commands to the calendar's and the procedures'
from monitor.cli.accounts import accounts_app
from monitor.cli.alerts import alerts_app
from monitor.cli.counting import calendar_app, due
from monitor.cli.desk import Desk
from monitor.cli.exits import Exit, Stop
from monitor.cli.help_vi import in_language
from monitor.cli.letter_life import verify
from monitor.cli.letters import letters_app
from monitor.cli.limits import procedures_app
from monitor.cli.looking import explain, late
from monitor.cli.people import people_app
from monitor.cli.sources import sources_app
from monitor.cli.start import check, demo, init
from monitor.cli.store import db_app
from monitor.cli.working import judge, pull, run
from monitor.mistakes import SettingsRefused
from monitor.words import Words, language_of


class _Guarded(TyperGroup):
    """Turns what ends a command into its exit code and one line, never a trace with somebody's data in it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except Stop as stop:
            if stop.said:
                Desk().err.print(stop.said, style="red" if stop.code is not Exit.OK else "", markup=False)
            raise typer.Exit(stop.code) from None
        except SettingsRefused as refused:
            for mistake in refused.mistakes:
                Desk().err.print(mistake.line(Desk().language), style="red", markup=False)
            raise typer.Exit(Exit.REFUSED) from None
        except KeyboardInterrupt:
            raise typer.Exit(Exit.INTERRUPTED) from None
        except BrokenPipeError:
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the reader left; nothing more to say to it
            raise typer.Exit(Exit.OK) from None
        except Exception as error:
            # typer's own (usage mistakes, exits) know how to show themselves; a driver's text may quote a row
            if os.environ.get("DUNGHEN_DEBUG") == "1" or type(error).__module__.startswith("typer"):
                raise
            Desk().note(_UNEXPECTED.fill(name=type(error).__name__), style="red")
            raise typer.Exit(Exit.WRONG) from None


_UNEXPECTED = Words(
    "Lỗi ngoài dự kiến ({name}). Chạy lại với DUNGHEN_DEBUG=1 để xem chi tiết (có thể chứa dữ liệu cá nhân).",
    "Something unexpected ({name}). Run again with DUNGHEN_DEBUG=1 for the details (they may hold personal data).",
)

app = typer.Typer(
    cls=_Guarded,
    help="Watches administrative dossiers and tells who must act before they are late.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"dunghen {__version__}")
        raise typer.Exit


@app.callback()
def common(
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="The configuration file.", metavar="FILE")
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", help="Language of the messages: vi or en.", metavar="LANG")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    desk_module.before.config, desk_module.before.lang = config, lang


for command in (init, check, demo, run, pull, judge, late, explain, due, verify):
    app.command()(command)
for name, group in (
    ("calendar", calendar_app),
    ("procedures", procedures_app),
    ("letters", letters_app),
    ("alerts", alerts_app),
    ("people", people_app),
    ("accounts", accounts_app),
    ("db", db_app),
    ("sources", sources_app),
):
    app.add_typer(group, name=name)


def main() -> None:
    """The entry point of the distribution."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")  # a machine without a locale still reads Vietnamese
    command = typer.main.get_command(app)
    in_language(command, language_of(_said_before(sys.argv)))
    command(prog_name="dunghen")


def _said_before(words: list[str]) -> str | None:
    """`--lang` is needed before the command line is parsed, because the help itself has a language."""
    for i, word in enumerate(words):
        if word == "--lang" and i + 1 < len(words):
            return words[i + 1]
        if word.startswith("--lang="):
            return word.removeprefix("--lang=")
    return None
