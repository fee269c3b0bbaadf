"""What the commands about sources share: how a source and a dossier at one are named, and who says so."""

from typing import Annotated

import typer

from monitor.cli.desk import Desk
from monitor.cli.exits import Exit
from monitor.settings import AnySource
from monitor.words import Words

NameArgument = Annotated[str, typer.Argument(help="Name of the source.", metavar="SOURCE")]
ByOption = Annotated[str, typer.Option("--by", help="Who does this: name or code of the official.", metavar="NAME")]
WhyOption = Annotated[str, typer.Option("--why", help="In a few words, for the log.", metavar="WORDS")]
ViewArgument = Annotated[
    str, typer.Argument(help="A dossier at a source: its name, a colon, the code or key there.", metavar="SOURCE:CODE")
]


def configured(desk: Desk, name: str) -> AnySource:
    """The source of that name in the configuration. Stops with NOT_FOUND."""
    for source in desk.settings.sources:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in desk.settings.sources) or "-"
    said = Words("Không có nguồn {name}. Các nguồn: {known}", "There is no source {name}. Sources: {known}")
    raise desk.stopped(Exit.NOT_FOUND, said.fill(name=name, known=known))


def answer(desk: Desk, value: dict[str, object], words: Words) -> None:
    """Prints the words, or the value as JSON."""
    if desk.as_json:
        desk.print_json(value)
    else:
        desk.line(desk.say(words))
